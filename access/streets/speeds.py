"""Speed limits: tags, legal defaults per country, assumed speeds per class of road."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from halfcircle.errors import StreetError

__all__ = [
    "LEGAL_KMH",
    "CountryLookup",
    "LegalLimits",
    "country_lookup",
    "limit_kmh",
    "parse_maxspeed",
]

CountryLookup: TypeAlias = Callable[
    [npt.NDArray[np.float64], npt.NDArray[np.float64]], npt.NDArray[np.object_]
]
"""From longitudes and latitudes to ISO country codes ('' where unknown)."""


class LegalLimits(NamedTuple):
    """Limits in km/h where no sign says otherwise."""

    motorway: float
    trunk: float
    rural: float
    urban: float
    living_street: float


# Statutory limits for passenger cars as of 2024, from the traffic codes as listed in the OSM wiki
# ("Default speed limits"). NL motorways: 100 by day (06-19 h). DE motorways: advisory 130.
# DE, AT living streets: walking pace.
LEGAL_KMH: Mapping[str, LegalLimits] = {
    "": LegalLimits(120, 90, 80, 50, 10),
    "NL": LegalLimits(100, 100, 80, 50, 15),
    "BE": LegalLimits(120, 90, 70, 50, 20),
    "BE-VLG": LegalLimits(120, 90, 70, 50, 20),
    "BE-WAL": LegalLimits(120, 90, 90, 50, 20),
    "BE-BRU": LegalLimits(120, 90, 70, 30, 20),
    "DE": LegalLimits(130, 100, 100, 50, 7),
    "LU": LegalLimits(130, 90, 90, 50, 20),
    "FR": LegalLimits(130, 110, 80, 50, 20),
    "AT": LegalLimits(130, 100, 100, 50, 7),
    "CH": LegalLimits(120, 100, 80, 50, 20),
    "LI": LegalLimits(120, 80, 80, 50, 20),
}

# Assumed limits of roads without any speed tag, where the law alone does not tell town from
# country: between the urban and the rural limit, falling with the class.
CLASS_KMH: Mapping[str, float] = {
    "motorway_link": 70,
    "trunk_link": 60,
    "primary": 65,
    "primary_link": 50,
    "secondary": 60,
    "secondary_link": 50,
    "tertiary": 50,
    "tertiary_link": 40,
    "unclassified": 40,
    "residential": 30,
    "road": 30,
    "service": 15,
    "track": 10,
    "pedestrian": 7,
    "ferry": 12,
}
_WALK_KMH = 7.0  # "walk": walking pace of a car
_NO_LIMIT = float("inf")
_MILE_KM = 1.609344
_KNOT_KM = 1.852
_NUMBER = re.compile(r"(\d{1,3}(?:\.\d{1,3})?)\s*(km/h|kmh|kph|mph|knots)?")
_ZONE = re.compile(r"([A-Z]{2}(?:-[A-Z]{3})?):(.+)", re.IGNORECASE)
_ZONE_FIELD = {
    "motorway": "motorway",
    "trunk": "trunk",
    "expressway": "trunk",
    "express": "trunk",
    "rural": "rural",
    "nsl_single": "rural",
    "urban": "urban",
    "living_street": "living_street",
    "bicycle_road": "urban",
}


def legal_limits(country: str) -> LegalLimits:
    """Row of `LEGAL_KMH`; a region without one takes its country's, then the default."""
    code = country.upper()
    return LEGAL_KMH.get(code) or LEGAL_KMH.get(code[:2]) or LEGAL_KMH[""]


def parse_maxspeed(value: str, *, country: str = "") -> float | None:
    """Limit in km/h of a maxspeed value; infinite for ``"none"``, None when it says nothing.

    Understands numbers with km/h, mph and knots, ``walk``, ``none``, zones (``NL:urban``,
    ``DE:zone30``, ``DE:zone:30``) and lists (the lowest counts). Zones of another country than
    `country` are taken at their word.

    Examples
    --------
    >>> parse_maxspeed("30 mph")
    48.28032
    >>> parse_maxspeed("NL:urban")
    50.0
    """
    speeds = [_parse_one(part.strip(), country) for part in re.split(r"[;|,]", value)]
    known = [speed for speed in speeds if speed is not None]
    return min(known) if known else None


def _parse_one(value: str, country: str) -> float | None:
    word = value.lower()
    if word in ("none", "unlimited"):
        return _NO_LIMIT
    if word in ("walk", "walking", "walking_pace"):
        return _WALK_KMH
    number = _NUMBER.fullmatch(word)
    if number:
        kmh = float(number[1]) * {"mph": _MILE_KM, "knots": _KNOT_KM}.get(number[2], 1.0)
        return kmh if kmh > 0 else None
    zone = _ZONE.fullmatch(value)
    limits = legal_limits(zone[1] if zone else country)
    rest = (zone[2] if zone else value).strip().lower()
    digits = re.fullmatch(r"zone:?(\d{1,3})|(\d{1,3})", rest)
    if digits:
        return float(digits[1] or digits[2]) or None
    field = _ZONE_FIELD.get(rest)
    if rest == "walk":
        return _WALK_KMH
    return float(getattr(limits, field)) if field else None


def limit_kmh(
    tags: Mapping[str, str], *, road_class: str, country: str = "", direction: str = "forward"
) -> float:
    """Speed limit of a road in one direction, km/h; infinite where there is none.

    The tag of the direction goes before the general one, then zone tags, then the legal default of
    the class in the country, then an assumed speed of the class (`CLASS_KMH`).
    """
    keys = (
        f"maxspeed:{direction}",
        "maxspeed",
        "maxspeed:type",
        "source:maxspeed",
        "zone:maxspeed",
        "zone:traffic",
    )
    for key in keys:
        if key in tags:
            speed = parse_maxspeed(tags[key], country=country)
            if speed is not None:
                # A zone says what the law allows; it makes no alley faster than its class.
                zone = not tags[key][:1].isdigit()
                assumed = CLASS_KMH.get(road_class) if road_class in _SLOW else None
                return min(speed, assumed) if zone and assumed else speed
    limits = legal_limits(country)
    if road_class in ("motorway", "trunk", "living_street"):
        return float(getattr(limits, road_class))
    return float(CLASS_KMH.get(road_class, CLASS_KMH["road"]))


_SLOW = frozenset({"service", "track", "pedestrian"})


def country_lookup(codes: Iterable[str], areas: Iterable[Any]) -> CountryLookup:
    """Lookup of the country of a position, from polygons.

    Parameters
    ----------
    codes : iterable of str
        ISO 3166-1 code (or region, ``BE-WAL``) of each area.
    areas : iterable of shapely polygons, degrees (WGS 84)

    Raises
    ------
    StreetError
        Codes and areas differ in number, or an area is no polygon.
    """
    names = np.array([str(code).upper() for code in codes], dtype=object)
    shapes = np.array(list(areas), dtype=object)
    if len(names) != len(shapes):
        raise StreetError(f"country areas: {len(names)} codes for {len(shapes)} areas")
    if not np.isin(shapely.get_type_id(shapes), (3, 6)).all():
        raise StreetError("country areas: every area must be a polygon")
    tree = shapely.STRtree(shapes)

    def lookup(
        lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
    ) -> npt.NDArray[np.object_]:
        found = np.full(len(lon), "", dtype=object)
        point, area = tree.query(shapely.points(lon, lat), predicate="intersects")
        # On a shared border the first area counts.
        found[point[::-1]] = names[area[::-1]]
        return found

    return lookup
