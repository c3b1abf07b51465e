"""Ways between places and stops, and between stops: over streets, or straight without them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyproj import Geod
from scipy.spatial import cKDTree

from halfcircle.access.streets import StreetNetwork, street_links
from halfcircle.access.transit import StopLinks
from halfcircle.gtfs.timetable import Stops, Timetable
from halfcircle.places import Places

__all__ = [
    "Pairs",
    "StraightWays",
    "StreetWaysToStops",
    "access_links",
    "add_footpaths",
    "egress_links",
]

EARTH_RADIUS_M = 6_371_008.8
GEOD = Geod(ellps="WGS84")
FEWER = 4
"""Turning the network round costs as much as some searches."""


def whole_seconds(seconds: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Round up to whole seconds, as searches over timetables count.

    A hundredth of a second is let pass: lengths on the globe are not known better than that, and
    250.003 m at 1.25 m/s are to be 200 s.
    """
    return np.ceil(seconds - 0.01).astype(np.int64)


@dataclass(frozen=True, eq=False)
class Pairs:
    """Sparse times: `from_idx[k]` to `to_idx[k]` in `seconds[k]`, each pair once."""

    from_idx: npt.NDArray[np.int64]
    to_idx: npt.NDArray[np.int64]
    seconds: npt.NDArray[np.float64]

    def within(self, limit_s: npt.NDArray[np.float64]) -> Pairs:
        """Pairs that are within the limit of where they lead, shape (n_to,), seconds."""
        keep = self.seconds <= limit_s[self.to_idx]
        return Pairs(self.from_idx[keep], self.to_idx[keep], self.seconds[keep])

    def swapped(self) -> Pairs:
        """The same pairs seen from the other end."""
        return Pairs(self.to_idx, self.from_idx, self.seconds)

    def stop_links(self, n_places: int) -> StopLinks:
        """Links of each `from_idx`, stops ascending."""
        order = np.lexsort((self.to_idx, self.from_idx))
        ptr = np.zeros(n_places + 1, dtype=np.int64)
        np.cumsum(np.bincount(self.from_idx, minlength=n_places), out=ptr[1:])
        return StopLinks(
            ptr,
            self.to_idx[order].astype(np.int32),
            whole_seconds(self.seconds[order]).astype(np.int32),
        )


@dataclass(frozen=True)
class StraightWays:
    """Straight lines with a detour: for studies without streets, and named so in the report.

    Parameters
    ----------
    kmh : float
    detour : float
        Way over straight distance.
    """

    kmh: float
    detour: float = 1.3

    def pairs(
        self,
        from_lonlat: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        to_lonlat: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        *,
        limit_s: float,
        workers: int = 1,
    ) -> Pairs:
        """All pairs within `limit_s` seconds; O(n log n + pairs)."""
        speed_m_s = self.kmh / 3.6
        reach_m = limit_s * speed_m_s / self.detour
        a, b = _on_sphere(*from_lonlat), _on_sphere(*to_lonlat)
        # The ellipsoid differs from the sphere by at most 0.6 %; exact distances decide below.
        chord_m = 2.0 * EARTH_RADIUS_M * np.sin(min(reach_m * 1.01 / EARTH_RADIUS_M, np.pi) / 2.0)
        found = cKDTree(b).query_ball_point(a, chord_m, workers=workers, return_sorted=True)
        counts = np.array([len(row) for row in found], dtype=np.int64)
        i = np.repeat(np.arange(len(a)), counts)
        j = np.concatenate([np.asarray(row, dtype=np.int64) for row in found]) if len(i) else i
        _, _, distance_m = GEOD.inv(
            from_lonlat[0][i], from_lonlat[1][i], to_lonlat[0][j], to_lonlat[1][j]
        )
        seconds = np.asarray(distance_m) * self.detour / speed_m_s
        keep = seconds <= limit_s
        return Pairs(i[keep], j[keep], seconds[keep])


@dataclass(frozen=True, eq=False)
class StreetWaysToStops:
    """Ways over a street network.

    Parameters
    ----------
    network : StreetNetwork
    walk_kmh : float
        Speed between a place or stop and the network.
    max_snap_m : float, metres
    """

    network: StreetNetwork
    walk_kmh: float
    max_snap_m: float = 1000.0

    def pairs(
        self,
        from_lonlat: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        to_lonlat: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
        *,
        limit_s: float,
        workers: int = 1,
    ) -> Pairs:
        """All pairs within `limit_s` seconds over the streets; searches from the fewer ends."""
        starts = self.network.snap(*from_lonlat, max_snap_m=self.max_snap_m, walk_kmh=self.walk_kmh)
        ends = self.network.snap(*to_lonlat, max_snap_m=self.max_snap_m, walk_kmh=self.walk_kmh)
        if FEWER * len(ends) < len(starts):
            links = street_links(
                self.network.reversed(), ends, starts, limit_s=limit_s, workers=workers
            )
            return Pairs(
                links.to_idx.astype(np.int64),
                links.from_idx.astype(np.int64),
                links.seconds.astype(np.float64),
            )
        links = street_links(self.network, starts, ends, limit_s=limit_s, workers=workers)
        i = np.repeat(np.arange(len(links.ptr) - 1), np.diff(links.ptr))
        return Pairs(i, links.to_idx.astype(np.int64), links.seconds.astype(np.float64))


Ways = StraightWays | StreetWaysToStops


def access_links(
    places: Places, stops: Stops, ways: Ways, *, limit_s: float, workers: int = 1
) -> StopLinks:
    """Ways from places to the stops where people get on.

    Parameters
    ----------
    places : Places
    stops : Stops
    ways : StraightWays or StreetWaysToStops
    limit_s : float, seconds
        Longest way.
    workers : int

    Returns
    -------
    StopLinks
        One row per place.
    """
    pairs = ways.pairs(
        (places.lon, places.lat), (stops.lon, stops.lat), limit_s=limit_s, workers=workers
    )
    return pairs.stop_links(len(places))


def egress_links(
    places: Places, stops: Stops, ways: Ways, *, limit_s: float, workers: int = 1
) -> StopLinks:
    """Ways to places from the stops where people got off; parameters as for `access_links`."""
    pairs = ways.pairs(
        (stops.lon, stops.lat), (places.lon, places.lat), limit_s=limit_s, workers=workers
    )
    return pairs.swapped().stop_links(len(places))


def add_footpaths(
    timetable: Timetable,
    ways: Ways,
    *,
    limit_s: float,
    board_slack_s: int,
    workers: int = 1,
) -> Timetable:
    """Add walks between stops to the transfers of a timetable.

    Pairs that the feeds decide themselves (a time of their own, or forbidden) stay as they are.

    Parameters
    ----------
    timetable : Timetable
    ways : StraightWays or StreetWaysToStops
    limit_s : float, seconds
        Longest walk.
    board_slack_s : int, seconds
        Added to each walk: what one needs to be ready to get on.
    workers : int

    Returns
    -------
    Timetable
    """
    stops = timetable.stops
    position = (stops.lon, stops.lat)
    pairs = ways.pairs(position, position, limit_s=limit_s, workers=workers)
    seconds = whole_seconds(pairs.seconds) + board_slack_s
    return timetable.with_footpaths(pairs.from_idx, pairs.to_idx, seconds)


def _on_sphere(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]
) -> npt.NDArray[np.float64]:
    """Positions in space, shape (n, 3), metres: neighbours there are neighbours on the globe."""
    lam, phi = np.radians(lon), np.radians(lat)
    return EARTH_RADIUS_M * np.column_stack(
        [np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)]
    )
