"""Attaching places to streets: the nearest point on an edge that leads somewhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely

from halfcircle._checks import Faults, frozen_array
from halfcircle.access.streets.links import StreetLinks
from halfcircle.access.streets.segments import GEOD, KMH_MS, quantised_s
from halfcircle.errors import StreetError

__all__ = ["SNAP_REASONS", "Snaps", "snap_places"]

SNAP_REASONS: tuple[str, ...] = ("", "not_snapped")
"""Why a place has no street; the empty string where it has one."""

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Snaps:
    """Places on streets.

    A snap is a position on a link, so it holds for every network with the same links: other travel
    times (`with_edge_seconds`), the reversed network.

    Parameters
    ----------
    lon, lat : array of float64, shape (n,), degrees (WGS 84)
        The places themselves.
    link_idx : array of int32, shape (n,)
        Link to which the place attaches; -1 where none is within reach.
    fraction : array of float64, shape (n,)
        Position along the link, 0 to 1.
    snap_m : array of float32, shape (n,), metres
        Straight distance to that position; to the nearest street where it is too far.
        Infinite when there is no street at all.
    snap_s : array of float32, shape (n,), seconds
        That distance at walking speed; part of every travel time from and to the place.
    island_m : array of float32, shape (n,), metres
        Distance to the nearest street that does not belong to the main part, where that is nearer
        than the main part; infinite elsewhere. A large gap says: the place lies on an island.
    n_links : int
        Number of links of the network that it belongs to; a guard against mixing networks.
    """

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    link_idx: npt.NDArray[np.int32]
    fraction: npt.NDArray[np.float64]
    snap_m: npt.NDArray[np.float32]
    snap_s: npt.NDArray[np.float32]
    island_m: npt.NDArray[np.float32]
    n_links: int

    def __post_init__(self) -> None:
        for name, dtype in _ARRAYS.items():
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype))
        if any(getattr(self, name).shape != self.lon.shape for name in _ARRAYS):
            raise StreetError("snaps: arrays differ in length")
        if len(self) and not -1 <= self.link_idx.min() <= self.link_idx.max() < self.n_links:
            raise StreetError("snaps: link_idx names links that are not there")

    def __len__(self) -> int:
        return len(self.lon)

    def __repr__(self) -> str:
        snapped = self.snap_m[self.is_snapped]
        text = f"<Snaps: {len(snapped):,} of {len(self):,} places on a street"
        if len(snapped):
            text += f", median {np.median(snapped):,.0f} m, at most {snapped.max():,.0f} m away"
        return text + ">"

    @property
    def is_snapped(self) -> npt.NDArray[np.bool_]:
        """Whether each place has a street, shape (n,)."""
        return self.link_idx >= 0

    @property
    def reason(self) -> npt.NDArray[np.object_]:
        """Why a place has no street (`SNAP_REASONS`), shape (n,)."""
        names = np.array(SNAP_REASONS, dtype=object)
        return names[(~self.is_snapped).astype(np.int64)]

    @property
    def on_island(self) -> npt.NDArray[np.bool_]:
        """Whether a disconnected street is at least 50 m nearer than the main part, shape (n,)."""
        return np.isfinite(self.island_m) & (self.snap_m - self.island_m > _ISLAND_GAP_M)

    def take(self, place_idx: npt.ArrayLike) -> Snaps:
        """Select the places at these positions, in that order."""
        idx = np.asarray(place_idx)
        return Snaps(**{name: getattr(self, name)[idx] for name in _ARRAYS}, n_links=self.n_links)


_ISLAND_GAP_M = 50.0


def snap_places(
    links: StreetLinks,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    *,
    max_snap_m: float = 500.0,
    walk_kmh: float = 4.5,
) -> Snaps:
    """Attach places to the nearest point on an edge of the largest connected part.

    Parameters
    ----------
    links : StreetLinks
        Of a network.
    lon, lat : array of float, shape (n,), degrees (WGS 84)
    max_snap_m : float, metres
        Farther places are not snapped.
    walk_kmh : float
        Speed between place and street, also for bicycles and cars.

    Returns
    -------
    Snaps

    Raises
    ------
    StreetError
        Positions are missing or outside the globe, or an option is out of range.
    """
    x, y = np.atleast_1d(np.asarray(lon, np.float64)), np.atleast_1d(np.asarray(lat, np.float64))
    faults = Faults()
    if x.shape != y.shape or x.ndim != 1:
        faults.add("places", f"lon has shape {x.shape} and lat {y.shape}")
    elif not (wrong := (np.abs(x) <= 180) & (np.abs(y) <= 90)).all():
        faults.add(
            "places",
            "positions that are missing or outside the globe",
            values=np.flatnonzero(~wrong),
        )
    if not (0 <= max_snap_m < 1e6):
        faults.add("max_snap_m", "out of range", values=[max_snap_m])
    if not (0 < walk_kmh < 100):
        faults.add("walk_kmh", "out of range", values=[walk_kmh])
    faults.raise_errors(StreetError)
    points = shapely.points(*links.to_metric.transform(x, y))
    idx, lines, tree = links.snap_index
    link_idx = np.full(len(x), -1, dtype=np.int32)
    fraction, snap_m = np.zeros(len(x)), np.full(len(x), np.inf)
    island_m = np.full(len(x), np.inf)
    if len(idx) and len(x):
        place, found = tree.query_nearest(points, all_matches=False)
        line = lines[found]
        share = shapely.line_locate_point(line, points[place], normalized=True)
        on_line = shapely.line_interpolate_point(line, share, normalized=True)
        foot = links.to_metric.transform(
            shapely.get_x(on_line), shapely.get_y(on_line), direction="INVERSE"
        )
        snap_m[place] = GEOD.inv(x[place], y[place], *foot)[2]
        fraction[place] = np.nan_to_num(share)
        near = snap_m[place] <= max_snap_m
        link_idx[place[near]] = idx[found[near]]
    if len(links.island_tree.geometries) and len(x):
        reach = float(min(np.nanmax(np.where(np.isfinite(snap_m), snap_m, 0)), 1e6)) + 1
        (place, _), metres = links.island_tree.query_nearest(
            points, max_distance=reach, all_matches=False, return_distance=True
        )
        nearer = metres < snap_m[place]
        island_m[place[nearer]] = metres[nearer]
    return Snaps(
        lon=x,
        lat=y,
        link_idx=link_idx,
        fraction=fraction,
        snap_m=snap_m.astype(np.float32),
        snap_s=_snap_s(snap_m, walk_kmh),
        island_m=island_m.astype(np.float32),
        n_links=len(links),
    )


def _snap_s(snap_m: npt.NDArray[np.float64], walk_kmh: float) -> npt.NDArray[np.float32]:
    return quantised_s(snap_m * KMH_MS / walk_kmh)


_ARRAYS: dict[str, npt.DTypeLike] = {
    "lon": np.float64,
    "lat": np.float64,
    "link_idx": np.int32,
    "fraction": np.float64,
    "snap_m": np.float32,
    "snap_s": np.float32,
    "island_m": np.float32,
}
