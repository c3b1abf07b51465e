"""Straight lines as travel times: for quick looks and analytic tests, always named as such.

`CrowFly` is a `TravelTimeSource` without any network: geodesic distance times a detour factor at
one speed. It knows no rivers, no missing bridges and no timetables; results carry the mode name
``crow_fly`` so that nobody takes them for routed ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from halfcircle._checks import Faults, frozen_array
from halfcircle.access._crow_fly import azimuths, distances
from halfcircle.access.travel_times import ShownSource
from halfcircle.errors import TravelTimeError
from halfcircle.places import Places, Zones

__all__ = ["CrowFly", "geodesic_azimuths_deg", "geodesic_distances_m", "zone_areas_m2"]

Floats = npt.NDArray[np.float64]


def geodesic_distances_m(origins: Places, destinations: Places, *, max_m: float = np.inf) -> Floats:
    """Distances on the WGS 84 ellipsoid (Vincenty 1975, 10.1179/sre.1975.23.176.88).

    Parameters
    ----------
    origins, destinations : Places
    max_m : float, metres
        Pairs beyond are not worked out and come back infinite.

    Returns
    -------
    array of float64, shape (n_origins, n_destinations), metres
    """
    out_m = np.empty((len(origins), len(destinations)))
    distances(origins.lon, origins.lat, destinations.lon, destinations.lat, float(max_m), out_m)
    return out_m


def geodesic_azimuths_deg(
    origins: Places, destinations: Places, *, wanted: npt.NDArray[np.bool_] | None = None
) -> npt.NDArray[np.float32]:
    """True directions, clockwise from north, in which geodesics leave the origins.

    Parameters
    ----------
    origins, destinations : Places
    wanted : array of bool, shape (n_origins, n_destinations), optional
        Pairs to work out; all where left out.

    Returns
    -------
    array of float32, shape (n_origins, n_destinations), degrees in [0, 360]
        NaN for pairs that are not wanted and where there is no distance.
    """
    shape = (len(origins), len(destinations))
    mask = np.ones(shape, dtype=np.bool_) if wanted is None else np.array(wanted, dtype=np.bool_)
    out_degrees = np.empty(shape, dtype=np.float32)
    azimuths(origins.lon, origins.lat, destinations.lon, destinations.lat, mask, out_degrees)
    return out_degrees


def zone_areas_m2(zones: Zones) -> Floats:
    """Areas of zones on the ellipsoid, shape (n,), square metres; NaN for zones that are points."""
    areas = np.full(len(zones), np.nan)
    if zones.geometry is None:
        return areas
    geod = Geod(ellps="WGS84")
    frame = zones.to_geodataframe().to_crs(4326)
    for i, geometry in enumerate(frame.geometry):
        if geometry is not None and not geometry.is_empty and geometry.area > 0.0:
            areas[i] = abs(geod.geometry_area_perimeter(geometry)[0])
    return areas


@dataclass(frozen=True, eq=False)
class CrowFly(ShownSource):
    """Travel times over straight lines.

    ``t = detour * distance / speed``. Within a zone the mean distance between two random points
    of a disk of the same area stands in for the distance, ``128 / (45 pi) * sqrt(area / pi)``,
    which is ``0.905 * radius`` (Santalo 1976); where the area is not known `min_s` does. No pair,
    within a zone or between zones, takes less than `min_s`: door-to-door time is never 0.

    Parameters
    ----------
    origins, destinations : Places
    kmh : float, kilometres an hour
    detour : float
        Length of the way over length of the line; at least 1.
    min_s : float, seconds
        Least time of any pair.
    max_s : float, seconds
        Pairs that take longer count as not reached.
    area_m2 : array of float64, shape (n_destinations,), square metres, optional
        Areas of the destinations (see `zone_areas_m2`); NaN where not known.

    Raises
    ------
    TravelTimeError
        A parameter is out of its range or the shape of `area_m2` does not fit.
    """

    origins: Places
    destinations: Places
    kmh: float = 60.0
    detour: float = 1.3
    min_s: float = 60.0
    max_s: float = np.inf
    area_m2: Floats | None = None

    def __post_init__(self) -> None:
        faults = Faults()
        where = "[reach] crow_fly"
        if not (np.isfinite(self.kmh) and self.kmh > 0.0):
            faults.add(where, "kmh must be a positive number", values=[self.kmh])
        if not (np.isfinite(self.detour) and self.detour >= 1.0):
            faults.add(where, "detour must be a number of at least 1", values=[self.detour])
        if not (np.isfinite(self.min_s) and self.min_s > 0.0):
            faults.add(where, "min_s must be a positive number", values=[self.min_s])
        if not self.max_s > 0.0:
            faults.add(where, "max_s must be positive", values=[self.max_s])
        if self.area_m2 is not None:
            object.__setattr__(self, "area_m2", frozen_array(self.area_m2, np.float64))
            if self.area_m2.shape != (len(self.destinations),):
                faults.add(
                    where,
                    f"area_m2 has shape {self.area_m2.shape}, expected ({len(self.destinations)},)",
                )
            elif (self.area_m2 <= 0.0).any():
                bad = self.area_m2[self.area_m2 <= 0.0]
                faults.add(where, "areas that are not positive", values=bad)
        faults.raise_errors(TravelTimeError)

    def __repr__(self) -> str:
        return (
            f"<CrowFly: {len(self.origins):,} x {len(self.destinations):,}, "
            f"{self.kmh:g} km/h, detour {self.detour:g}>"
        )

    @property
    def mode(self) -> str:
        """``"crow_fly"``."""
        return "crow_fly"

    @property
    def percentiles(self) -> tuple[int, ...]:
        """``(50,)``: there is no departure window."""
        return (50,)

    @property
    def s_per_m(self) -> float:
        """Seconds per metre of straight line."""
        return self.detour * 3.6 / self.kmh

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of a block of origins.

        Parameters
        ----------
        origin_idx : array of int64, shape (n_block,)

        Returns
        -------
        array of float32, shape (n_block, 1, n_destinations), seconds
            Infinite beyond `max_s`.
        """
        block = self.origins.take(origin_idx)
        reach_m = self.max_s / self.s_per_m
        distance_m = geodesic_distances_m(block, self.destinations, max_m=reach_m)
        if self.area_m2 is not None:
            within_m = 128.0 / (45.0 * np.pi) * np.sqrt(self.area_m2 / np.pi)
            same = block.place_id[:, None] == self.destinations.place_id[None, :]
            row, column = np.nonzero(same & np.isfinite(within_m)[None, :])
            distance_m[row, column] = within_m[column]
        times = np.maximum(distance_m * self.s_per_m, self.min_s)
        times[times > self.max_s] = np.inf
        return np.ascontiguousarray(times[:, None, :], dtype=np.float32)
