"""Where a place is: by name through Nominatim, or by its coordinates."""

from __future__ import annotations

import importlib.resources
import re
from collections.abc import Callable
from dataclasses import dataclass
from urllib.parse import urlencode

import numpy as np

from halfcircle.errors import SourceError
from halfcircle.sources.client import Client
from halfcircle.sources.hosts import Hosts
from halfcircle.sources.request import Request

__all__ = ["Ask", "Place", "find_place", "time_zone_at"]

Ask = Callable[[str, str], str]
LICENCE = "© OpenStreetMap contributors, ODbL 1.0"
COORDINATES = re.compile(r"\s*(-?\d+(?:\.\d+)?)\s*[,;]\s*(-?\d+(?:\.\d+)?)\s*")
ISO_6709 = re.compile(r"([+-])(\d{2})(\d{2})(\d{2})?([+-])(\d{3})(\d{2})(\d{2})?")
SHOWN = 5


@dataclass(frozen=True)
class Place:
    """A place: name, position in degrees, ISO code of its country where known."""

    name: str
    lon: float
    lat: float
    country: str = ""
    others: tuple[str, ...] = ()


def find_place(text: str, client: Client, hosts: Hosts, *, ask: Ask | None = None) -> Place:
    """Position of a place.

    Parameters
    ----------
    text : str
        Name (``"Enschede, NL"``), or latitude and longitude (``"52.22, 6.89"``).
    client : Client
    hosts : Hosts
    ask : callable, optional
        Asked which one is meant where several places have the name; the first counts otherwise,
        and `others` lists the rest.

    Raises
    ------
    SourceError
        There is no such place, or it cannot be looked up.
    """
    match = COORDINATES.fullmatch(text)
    if match:
        return Place(text.strip(), float(match[2]), float(match[1]))
    query = {"q": text, "format": "jsonv2", "limit": SHOWN, "addressdetails": 1,
             "accept-language": "en"}  # fmt: skip
    request = Request(
        f"{hosts.nominatim}/search?{urlencode(query)}", "json", max_bytes=2**20, licence=LICENCE
    )
    values = client.json(request)
    try:
        found = [
            Place(
                str(row["display_name"]),
                float(row["lon"]),
                float(row["lat"]),
                str(row.get("address", {}).get("country_code", "")).upper(),
            )
            for row in values
        ]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise SourceError(f"{hosts.nominatim}: answers unlike Nominatim ({error!r})") from None
    if not found:
        raise SourceError(
            f"{text!r}: no such place was found - add the country ('Enschede, NL'), or give "
            "latitude and longitude ('52.22, 6.89')"
        )
    chosen = 0
    if ask is not None and len(found) > 1:
        lines = [f"{i}. {place.name}" for i, place in enumerate(found, start=1)]
        answer = ask("\n".join([*lines, "Which one is meant?"]), "1")
        if not answer.isdigit() or not 1 <= int(answer) <= len(found):
            raise SourceError(f"{answer!r}: is none of 1 to {len(found)}")
        chosen = int(answer) - 1
    place = found[chosen]
    others = tuple(other.name for other in found if other is not place)
    return Place(place.name, place.lon, place.lat, place.country, others)


def time_zone_at(lon: float, lat: float, countries: tuple[str, ...] = ()) -> str:
    """Time zone of the place in the tz database that is nearest, in one of these countries.

    Parameters
    ----------
    lon, lat : float, degrees
    countries : tuple of str
        ISO codes; all where empty or unknown.
    """
    table = importlib.resources.files("tzdata").joinpath("zoneinfo", "zone.tab")
    zones = []
    for line in table.read_text("utf-8").splitlines():
        if line.startswith("#") or not line.strip():
            continue
        code, position, name = line.split("\t")[:3]
        match = ISO_6709.fullmatch(position)
        if match is None:
            continue
        signs = [1.0 if match[i] == "+" else -1.0 for i in (1, 5)]
        zone_lat = signs[0] * (int(match[2]) + int(match[3]) / 60)
        zone_lon = signs[1] * (int(match[6]) + int(match[7]) / 60)
        zones.append((code, zone_lon, zone_lat, name))
    near = [zone for zone in zones if zone[0] in countries] or zones
    shrink = np.cos(np.radians(lat))
    return min(near, key=lambda z: ((z[1] - lon) * shrink) ** 2 + (z[2] - lat) ** 2)[3]
