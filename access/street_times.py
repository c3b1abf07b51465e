"""Travel times on foot, by bicycle and by car."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from halfcircle._checks import frozen_array
from halfcircle.access.streets import (
    Snaps,
    StreetHierarchy,
    StreetNetwork,
    build_hierarchy,
    street_times_s,
)
from halfcircle.access.travel_times import ShownSource
from halfcircle.places import Places

__all__ = ["StreetTimes", "build_street_times"]

PLACES_FOR_HIERARCHY = 1000
"""From so many places on, ordering the whole network pays; walks see too little of it."""


@dataclass(frozen=True, eq=False, repr=False)
class StreetTimes(ShownSource):
    """Travel times over a street network; a `TravelTimeSource`.

    Parameters
    ----------
    network : StreetNetwork
    places : Places
        Origins and destinations.
    snaps : Snaps
        Where they join the network; the way there and back is charged at walking speed.
    limit_s : float, seconds
        What takes longer is not reached.
    own_s : array of float32, shape (n,), seconds
        Least time of a trip inside a zone.
    workers : int
        Threads; results do not depend on it.
    hierarchy : StreetHierarchy, optional
        Of `network`: the same times, sooner.
    mode : str
    """

    network: StreetNetwork
    places: Places
    snaps: Snaps
    limit_s: float
    own_s: npt.NDArray[np.float32]
    workers: int = 1
    hierarchy: StreetHierarchy | None = None
    mode: str = ""
    percentiles: tuple[int, ...] = (50,)

    def __post_init__(self) -> None:
        object.__setattr__(self, "own_s", frozen_array(self.own_s, np.float32))
        if not self.mode:
            object.__setattr__(self, "mode", self.network.mode)

    @property
    def origins(self) -> Places:
        """Where trips start."""
        return self.places

    @property
    def destinations(self) -> Places:
        """Where trips end."""
        return self.places

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of a block: (n_block, 1, n_destinations), seconds, inf beyond the limit."""
        return self.direct_s(origin_idx)[:, np.newaxis, :]

    def direct_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """The same without the axis of percentiles: (n_block, n_destinations), seconds."""
        times_s = street_times_s(
            self.network,
            self.snaps.take(origin_idx),
            self.snaps,
            limit_s=self.limit_s,
            workers=self.workers,
            hierarchy=self.hierarchy,
        )
        rows = np.arange(len(origin_idx))
        own_s = np.maximum(times_s[rows, origin_idx], self.own_s[origin_idx])
        own_s[own_s > self.limit_s] = np.inf
        times_s[rows, origin_idx] = own_s
        return times_s


def build_street_times(
    network: StreetNetwork,
    places: Places,
    *,
    limit_s: float,
    own_m: npt.NDArray[np.float64],
    kmh: float,
    walk_kmh: float,
    detour: float = 1.3,
    max_snap_m: float = 1000.0,
    workers: int = 1,
    cache_dir: Path | None = None,
    mode: str = "",
) -> StreetTimes:
    """Snap places to a network and prepare travel times over it.

    Parameters
    ----------
    network : StreetNetwork
    places : Places
    limit_s : float, seconds
    own_m : array of float64, shape (n,), metres
        Mean straight distance of a trip inside a zone, see `own_zone_m`.
    kmh : float
        Speed inside a zone.
    walk_kmh : float
        Speed at which the way to the network is walked.
    detour : float
        Way over straight distance inside a zone.
    max_snap_m : float, metres
        Places farther from the network are not connected.
    workers : int
    cache_dir : Path, optional
        Folder of the disk cache, for the hierarchy.
    mode : str
        Name of the mode; that of the network when left out.

    Returns
    -------
    StreetTimes
    """
    snaps = network.snap(places.lon, places.lat, max_snap_m=max_snap_m, walk_kmh=walk_kmh)
    own_s = own_m * detour / (kmh / 3.6)
    hierarchy = None
    if network.mode != "walk" and len(places) >= PLACES_FOR_HIERARCHY:
        hierarchy = build_hierarchy(network, cache_dir=cache_dir)
    return StreetTimes(
        network, places, snaps, float(limit_s), own_s.astype(np.float32), workers, hierarchy, mode
    )
