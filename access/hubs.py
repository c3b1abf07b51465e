"""Places where one means of travel is left for another: parked cars, rented bicycles."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, duplicated, frozen_array, id_array
from halfcircle.access.linking import Pairs
from halfcircle.errors import InputError

__all__ = ["HubPairs", "Hubs", "through_hubs"]

Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]

JOINED = 5_000_000


@dataclass(frozen=True, eq=False)
class Hubs:
    """Parking places, or places where bicycles are let.

    Parameters
    ----------
    hub_id : array of str, shape (n,)
        Unique.
    name : array of str, shape (n,)
        The identifier where there is none.
    lon, lat : array of float64, shape (n,), degrees (WGS 84)
    capacity : array of float64, shape (n,), vehicles
        NaN where it is not known. It limits nothing.
    handling_s : array of float64, shape (n,), seconds
        Parking and getting out; taking a bicycle.

    Raises
    ------
    InputError
        Lengths differ, identifiers repeat, positions are no degrees, numbers are negative.
    """

    hub_id: npt.NDArray[np.object_]
    name: npt.NDArray[np.object_]
    lon: Float64
    lat: Float64
    capacity: Float64
    handling_s: Float64

    def __post_init__(self) -> None:
        for label in ("hub_id", "name"):
            object.__setattr__(self, label, id_array(getattr(self, label)))
        for label in ("lon", "lat", "capacity", "handling_s"):
            object.__setattr__(self, label, frozen_array(getattr(self, label), np.float64))
        faults = Faults()
        n = len(self.hub_id)
        for label in ("name", "lon", "lat", "capacity", "handling_s"):
            shape = getattr(self, label).shape
            if shape != (n,):
                faults.add("places", f"{label} has shape {shape}, expected ({n},)")
        faults.raise_errors(InputError)
        twice = duplicated(self.hub_id)
        if twice:
            faults.add("places", "identifiers occur more than once", values=twice)
        checks = (
            (
                "positions that are not degrees",
                (np.abs(self.lon) <= 180) & (np.abs(self.lat) <= 90),
            ),
            ("a capacity below 0", ~(self.capacity < 0.0) & ~np.isinf(self.capacity)),
            (
                "a handling time below 0 or not known",
                (self.handling_s >= 0) & (self.handling_s < 1e5),
            ),
        )
        for what, fine in checks:
            if not fine.all():
                faults.add("places", what, values=self.hub_id[~fine])
        faults.raise_errors(InputError)

    def __len__(self) -> int:
        return len(self.hub_id)

    def __repr__(self) -> str:
        known = self.capacity[~np.isnan(self.capacity)]
        return f"<Hubs: {len(self):,}, capacity of {len(known):,} known: {known.sum():,.0f}>"

    @property
    def lonlat(self) -> tuple[Float64, Float64]:
        """Positions."""
        return self.lon, self.lat

    def take(self, idx: npt.ArrayLike) -> Hubs:
        """Select the places at these positions, in that order."""
        at = np.asarray(idx)
        return Hubs(
            self.hub_id[at],
            self.name[at],
            self.lon[at],
            self.lat[at],
            self.capacity[at],
            self.handling_s[at],
        )


@dataclass(frozen=True, eq=False)
class HubPairs:
    """Sparse times by way of hubs, one entry per pair of ends, the fastest.

    Parameters
    ----------
    pairs : Pairs
        Whole way, handling included.
    hub_idx : array of int64, shape (n_pairs,)
    first_s : array of float64, shape (n_pairs,), seconds
        Before the hub.
    """

    pairs: Pairs
    hub_idx: Int64
    first_s: Float64


def through_hubs(
    to_hubs: Pairs,
    from_hubs: Pairs,
    handling_s: Float64,
    *,
    first_limit_s: Float64 | None = None,
    last_limit_s: Float64 | None = None,
    joined: int = JOINED,
) -> HubPairs:
    """Join ways to hubs with ways on from them.

    Parameters
    ----------
    to_hubs : Pairs
        From origins to hubs.
    from_hubs : Pairs
        From hubs to destinations.
    handling_s : array of float64, shape (n_hubs,), seconds
    first_limit_s : array of float64, shape (n_destinations,), seconds, optional
        Longest way to a hub on the way to each destination.
    last_limit_s : array of float64, shape (n_origins,), seconds, optional
        Longest way from a hub, coming from each origin.
    joined : int
        Ways that are looked at together, about.

    Returns
    -------
    HubPairs
        Of ways that take the same time, that by the hub with the lowest number.

    Notes
    -----
    Origins are joined a part at a time: memory is bounded by `JOINED` ways and the result.
    """
    order = np.argsort(from_hubs.from_idx, kind="stable")
    ptr = np.concatenate(
        [[0], np.cumsum(np.bincount(from_hubs.from_idx, minlength=len(handling_s)))]
    )
    by_origin = np.argsort(to_hubs.from_idx, kind="stable")
    n_ways = np.cumsum((ptr[1:] - ptr[:-1])[to_hubs.to_idx[by_origin]])
    start = to_hubs.from_idx[by_origin]
    parts, first = [], 0
    while first < len(by_origin):
        before = n_ways[first - 1] if first else 0
        last = max(int(np.searchsorted(n_ways, before + joined, side="right")), first + 1)
        # All ways of an origin are in one part: the fastest of them is looked for.
        last = int(np.searchsorted(start, start[last - 1], side="right"))
        parts.append(
            _joined(
                to_hubs, from_hubs, by_origin[first:last], order, ptr, handling_s,
                first_limit_s, last_limit_s,
            )
        )  # fmt: skip
        first = last
    if not parts:
        nothing, none = np.empty(0, dtype=np.int64), np.empty(0)
        return HubPairs(Pairs(nothing, nothing, none), nothing, none)
    return HubPairs(
        Pairs(
            np.concatenate([part.pairs.from_idx for part in parts]),
            np.concatenate([part.pairs.to_idx for part in parts]),
            np.concatenate([part.pairs.seconds for part in parts]),
        ),
        np.concatenate([part.hub_idx for part in parts]),
        np.concatenate([part.first_s for part in parts]),
    )


def _joined(
    to_hubs: Pairs,
    from_hubs: Pairs,
    chosen: Int64,
    order: Int64,
    ptr: Int64,
    handling_s: Float64,
    first_limit_s: Float64 | None,
    last_limit_s: Float64 | None,
) -> HubPairs:
    """Join these ways to hubs with all ways on from there."""
    count = (ptr[1:] - ptr[:-1])[to_hubs.to_idx[chosen]]
    within = np.arange(int(count.sum())) - np.repeat(np.cumsum(count) - count, count)
    one = np.repeat(chosen, count)
    other = order[ptr[to_hubs.to_idx[one]] + within]
    first_s, last_s = to_hubs.seconds[one], from_hubs.seconds[other]
    start, end, hub = to_hubs.from_idx[one], from_hubs.to_idx[other], to_hubs.to_idx[one]
    keep = np.ones(len(one), dtype=bool)
    if first_limit_s is not None:
        keep &= first_s <= first_limit_s[end]
    if last_limit_s is not None:
        keep &= last_s <= last_limit_s[start]
    seconds = first_s + handling_s[hub] + last_s
    rank = np.lexsort((hub, seconds, end, start))
    rank = rank[keep[rank]]
    least = np.ones(len(rank), dtype=bool)
    least[1:] = (np.diff(start[rank]) != 0) | (np.diff(end[rank]) != 0)
    best = rank[least]
    return HubPairs(Pairs(start[best], end[best], seconds[best]), hub[best], first_s[best])
