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

    Returns
    -------
    HubPairs
        Of ways that take the same time, that by the hub with the lowest number.
    """
    order = np.argsort(from_hubs.from_idx, kind="stable")
    ptr = np.concatenate(
        [[0], np.cumsum(np.bincount(from_hubs.from_idx, minlength=len(handling_s)))]
    )
    count = (ptr[1:] - ptr[:-1])[to_hubs.to_idx]
    one = np.repeat(np.arange(len(count)), count)
    other = order[ptr[to_hubs.to_idx][one] + np.arange(len(one)) - (np.cumsum(count) - count)[one]]
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
    chosen = rank[least]
    pairs = Pairs(start[chosen], end[chosen], seconds[chosen])
    return HubPairs(pairs, hub[chosen], first_s[chosen])
