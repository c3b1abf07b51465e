"""Which timetables serve an area: national feeds that are known, else the Mobility Database."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from halfcircle.errors import SourceError
from halfcircle.sources.client import Download
from halfcircle.sources.hosts import Hosts
from halfcircle.sources.request import Request

__all__ = ["Feed", "catalogue_feeds", "catalogue_request", "national_feeds"]

COLUMNS = (
    *("id", "data_type", "location.country_code", "provider", "name", "status"),
    *("urls.direct_download", "urls.latest", "urls.license"),
)
BOX = tuple(
    f"location.bounding_box.{side}"
    for side in (
        "minimum_longitude", "minimum_latitude", "maximum_longitude", "maximum_latitude"
    )
)  # fmt: skip
LIVE = ("", "active", "future")


@dataclass(frozen=True)
class Feed:
    """A timetable that a study may use.

    Parameters
    ----------
    id : str
        Short name, letters and digits.
    name : str
        Of its publisher.
    url : str
    licence : str
    headers : tuple of (str, str)
    key : str
        Environment variable that must hold an access key; empty where none is needed.
    key_from : str
        Where to get the key.
    """

    id: str
    name: str
    url: str
    licence: str
    headers: tuple[tuple[str, str], ...] = ()
    key: str = ""
    key_from: str = ""


def _nl(hosts: Hosts) -> tuple[Feed, ...]:
    return (Feed("nl", "OVapi, all of the Netherlands", f"{hosts.ovapi}/nl/gtfs-nl.zip", "CC0"),)


def _de(hosts: Hosts) -> tuple[Feed, ...]:
    return (
        Feed("de", "gtfs.de from DELFI, all of Germany",
             f"{hosts.gtfs_de}/germany/free/latest.zip", "CC BY 4.0, DELFI e.V. / gtfs.de"),
    )  # fmt: skip


def _be(hosts: Hosts) -> tuple[Feed, ...]:
    return (
        Feed("sncb", "NMBS/SNCB", f"{hosts.irail}/nmbs/gtfs/latest.zip",
             "NMBS/SNCB open data licence"),
        Feed("tec", "TEC", f"{hosts.tec}/Current%20GTFS/TEC-GTFS.zip", "CC BY 4.0, TEC"),
        Feed("delijn", "De Lijn", "https://api.delijn.be/gtfs/static/v3/gtfs_transit.zip",
             "De Lijn open data licence",
             (("Ocp-Apim-Subscription-Key", "${HALFCIRCLE_DELIJN_KEY}"),),
             "HALFCIRCLE_DELIJN_KEY", "https://data.delijn.be"),
    )  # fmt: skip


NATIONAL: dict[str, Callable[[Hosts], tuple[Feed, ...]]] = {"NL": _nl, "DE": _de, "BE": _be}


def national_feeds(country: str, hosts: Hosts) -> tuple[Feed, ...]:
    """Feeds that are known to cover a whole country; none where the catalogue must be asked."""
    known = NATIONAL.get(country)
    return () if known is None else known(hosts)


def catalogue_request(hosts: Hosts) -> Request:
    """Request for the catalogue, a CSV of all feeds."""
    return Request(f"{hosts.mobility_database}/feeds_v2.csv", "csv", max_bytes=2**28)


def catalogue_feeds(
    download: Download,
    bounds: tuple[float, float, float, float],
    countries: Sequence[str],
) -> list[Feed]:
    """Feeds of the catalogue whose box touches an area, of these countries.

    Deprecated, redirected and realtime feeds are left out; of feeds with one address the first
    counts. The publisher's address is taken, the catalogue's copy where there is none.

    Raises
    ------
    SourceError
        The catalogue is not built as expected.
    """
    try:
        rows = pd.read_csv(download.path, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    except (pd.errors.ParserError, UnicodeDecodeError, ValueError) as error:
        raise SourceError(f"catalogue of the Mobility Database: is no table ({error})") from None
    missing = [column for column in (*COLUMNS, *BOX) if column not in rows.columns]
    if missing:
        raise SourceError(
            f"catalogue of the Mobility Database: has no column {', '.join(missing)} - name feeds "
            "by their address instead"
        )
    box = rows[list(BOX)].apply(pd.to_numeric, errors="coerce")
    west, south, east, north = bounds
    touches = (
        (box[BOX[0]] <= east) & (box[BOX[2]] >= west)
        & (box[BOX[1]] <= north) & (box[BOX[3]] >= south)
    )  # fmt: skip
    good = (
        touches
        & (rows["data_type"] == "gtfs")
        & rows["status"].isin(LIVE)
        & rows["location.country_code"].isin(list(countries))
    )
    if "redirect.id" in rows.columns:
        good &= rows["redirect.id"] == ""
    feeds: dict[str, Feed] = {}
    for row in rows[good].to_dict("records"):
        feed = _feed(row)
        if feed is not None:
            feeds.setdefault(feed.url, feed)
    return sorted(feeds.values(), key=lambda feed: feed.id)


def _feed(row: dict[Any, Any]) -> Feed | None:
    feed_id = re.sub(r"[^a-z0-9]+", "-", str(row["id"]).lower()).strip("-")
    url = str(row["urls.direct_download"] or row["urls.latest"]).strip()
    if not feed_id or not url.startswith(("http://", "https://")):
        return None
    name = " ".join(part for part in (row["provider"], row["name"]) if part)
    licence = str(row["urls.license"]) or "not stated"
    kind = str(row.get("urls.authentication_type", "")).strip()
    if kind in ("", "0", "0.0"):
        return Feed(feed_id, name, url, licence)
    key = f"HALFCIRCLE_{feed_id.upper().replace('-', '_')}_KEY"
    parameter = str(row.get("urls.api_key_parameter_name", "")).strip() or "api_key"
    info = str(row.get("urls.authentication_info", ""))
    if kind.startswith("1"):
        joined = f"{url}{'&' if '?' in url else '?'}{parameter}=${{{key}}}"
        return Feed(feed_id, name, joined, licence, (), key, info)
    return Feed(feed_id, name, url, licence, ((parameter, f"${{{key}}}"),), key, info)
