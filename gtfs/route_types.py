"""Route types: the extended list mapped to the basic one, and names for filters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType

import numpy as np
import numpy.typing as npt

from halfcircle._checks import nearest
from halfcircle.errors import FeedError
from halfcircle.gtfs.feed import Feed

__all__ = ["MODES", "RAIL", "basic_route_type", "mode_of", "route_types_of", "trip_route_type"]

RAIL = 2

MODES: Mapping[str, int] = MappingProxyType(
    {
        "tram": 0,
        "metro": 1,
        "rail": 2,
        "bus": 3,
        "ferry": 4,
        "cable tram": 5,
        "aerial lift": 6,
        "funicular": 7,
        "trolleybus": 11,
        "monorail": 12,
        "air": 1100,
        "taxi": 1500,
        "other": 1700,
    }
)
"""Names of the basic route types; air, taxi and other have none and keep their extended number."""

# First and last number of the extended list (Hierarchical Vehicle Types) -> basic type.
_EXTENDED = (
    (100, 199, 2),
    (200, 299, 3),  # coach
    (300, 399, 2),  # suburban railway
    (400, 404, 1),  # urban railway
    (405, 405, 12),
    (406, 699, 1),  # metro, underground
    (700, 799, 3),
    (800, 899, 11),
    (900, 999, 0),
    (1000, 1099, 4),
    (1100, 1199, 1100),
    (1200, 1299, 4),
    (1300, 1399, 6),
    (1400, 1499, 7),
    (1500, 1599, 1500),
    (1600, 1799, 1700),
)


def basic_route_type(route_type: int) -> int:
    """Basic route type of a basic or extended one; 1700 (other) where there is none."""
    if route_type < 100:
        return route_type if route_type in MODES.values() else 1700
    return next((basic for low, high, basic in _EXTENDED if low <= route_type <= high), 1700)


def mode_of(route_type: int) -> str:
    """Name of a basic route type."""
    return next((name for name, number in MODES.items() if number == route_type), "other")


def route_types_of(modes: Iterable[str]) -> frozenset[int]:
    """Basic route types of mode names.

    Raises
    ------
    FeedError
        A name is not known.
    """
    names = list(modes)
    unknown = [name for name in names if name not in MODES]
    if unknown:
        raise FeedError(f"route types: {unknown[0]!r} is not known - {nearest(unknown[0], MODES)}")
    return frozenset(MODES[name] for name in names)


def trip_route_type(feed: Feed) -> npt.NDArray[np.int32]:
    """Basic route type of each trip, shape (n_trips,)."""
    routes = feed["routes"]
    kinds = routes.whole("route_type", blank=1700)
    of_route = {
        route: basic_route_type(int(kind))
        for route, kind in zip(routes.texts("route_id"), kinds, strict=True)
    }
    return feed["trips"].column("route_id").map(lambda route: of_route.get(route, 1700), np.int32)
