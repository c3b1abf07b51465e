"""Where the open data of Europe lives. A mirror can stand in for each: ``[fetch.hosts]``."""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields

from halfcircle._checks import Faults, nearest
from halfcircle.errors import SourceError

__all__ = ["Hosts", "hosts_from"]


@dataclass(frozen=True)
class Hosts:
    """Base addresses, without a slash at the end."""

    nominatim: str = "https://nominatim.openstreetmap.org"
    geofabrik: str = "https://download.geofabrik.de"
    overpass: str = "https://overpass-api.de/api"
    mobility_database: str = "https://files.mobilitydatabase.org"
    gisco: str = "https://gisco-services.ec.europa.eu"
    pdok: str = "https://api.pdok.nl"
    cbs_odata: str = "https://datasets.cbs.nl/odata/v1/CBS"
    cbs_files: str = "https://download.cbs.nl"
    ghsl: str = "https://jeodpp.jrc.ec.europa.eu/ftp/jrc-opendata/GHSL"
    zensus: str = "https://www.destatis.de/static/DE/zensus/gitterdaten"
    statbel: str = "https://statbel.fgov.be/sites/default/files/files/opendata"
    ovapi: str = "https://gtfs.ovapi.nl"
    gtfs_de: str = "https://download.gtfs.de"
    irail: str = "https://gtfs.irail.be"
    tec: str = "https://opendata.tec-wl.be"

    def others(self) -> dict[str, str]:
        """Those that are not the publisher's own."""
        own = asdict(Hosts())
        return {name: url for name, url in asdict(self).items() if url != own[name]}


def hosts_from(values: object, *, where: str, faults: Faults) -> Hosts:
    """Hosts from a table of a study file; faults are added to `faults`."""
    if values is None:
        return Hosts()
    known = {field.name for field in fields(Hosts)}
    if not isinstance(values, dict):
        faults.add(where, "must be a table of addresses")
        return Hosts()
    good = {}
    for name, url in values.items():
        if name not in known:
            faults.add(where, "is not known", values=[name], remedy=nearest(str(name), known))
        elif not isinstance(url, str) or not url.startswith(("http://", "https://")):
            faults.add(f"{where} {name}", "must be an address that starts with https://",
                       values=[url])  # fmt: skip
        else:
            good[name] = url.rstrip("/")
    return Hosts(**good)


def checked(hosts: Hosts) -> Hosts:
    """The same hosts without slashes at the end; raises where one is no address."""
    faults = Faults()
    result = hosts_from(asdict(hosts), where="hosts", faults=faults)
    faults.raise_errors(SourceError)
    return result
