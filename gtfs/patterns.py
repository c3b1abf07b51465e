"""Group rides into patterns in which none overtakes another."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.gtfs.rides import Rides, ragged

__all__ = ["Patterns", "build_patterns"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Patterns:
    """Rides by pattern.

    Parameters
    ----------
    ride : array of int64, shape (n_rides,)
        Rides, pattern by pattern, by departure within a pattern.
    ptr : array of int64, shape (n_patterns + 1,)
        Rides of pattern p are ``ride[ptr[p]:ptr[p + 1]]``.
    """

    ride: Int64
    ptr: Int64


def build_patterns(rides: Rides) -> Patterns:
    """Split rides by stops, boarding rights and route type, then greedily until none overtakes.

    Within a group rides are taken by departure, then by all their times, then by id; each joins
    the first pattern whose last ride is nowhere later than it. The result depends on the rides
    alone, not on their order.
    """
    groups: dict[bytes, list[int]] = {}
    stops = rides.stop_idx.astype(">i4")  # big-endian bytes sort like the numbers
    flags = rides.board.astype(np.uint8) * 2 + rides.alight.astype(np.uint8)
    kinds = rides.route_type.astype(">i4")
    bounds = rides.ptr.tolist()
    for ride in range(len(rides)):
        calls = slice(bounds[ride], bounds[ride + 1])
        key = stops[calls].tobytes() + flags[calls].tobytes() + kinds[ride].tobytes()
        groups.setdefault(key, []).append(ride)
    found: list[list[int]] = []
    for key in sorted(groups):
        found += _split(rides, np.array(groups[key], dtype=np.int64))
    sizes = np.array([len(item) for item in found], dtype=np.int64)
    ptr = np.zeros(len(found) + 1, dtype=np.int64)
    np.cumsum(sizes, out=ptr[1:])
    flat = np.concatenate([np.array(item, dtype=np.int64) for item in found]) if found else sizes
    return Patterns(flat, ptr)


def _split(rides: Rides, group: Int64) -> list[list[int]]:
    call, ptr = ragged(rides.ptr, group)
    length = int(ptr[1])
    times = np.empty((len(group), 2 * length), dtype=np.int32)
    times[:, 0::2] = rides.arrival_s[call].reshape(len(group), length)
    times[:, 1::2] = rides.departure_s[call].reshape(len(group), length)
    if len(group) > 1:
        # The last key decides first: departure from the first stop, all other times, the id.
        later = [times[:, i] for i in range(2 * length - 1, 1, -1)]
        ids = np.array(rides.trip_id[group], dtype=str)
        order = np.lexsort([ids, *later, times[:, 0], times[:, 1]])
        group, times = group[order], times[order]
    if bool((times[1:] >= times[:-1]).all()):
        return [group.tolist()]
    parts: list[list[int]] = []
    lasts: list[Int32] = []
    for ride, row in zip(group.tolist(), times, strict=True):
        for number, last in enumerate(lasts):
            if bool((row >= last).all()):
                parts[number].append(ride)
                lasts[number] = row
                break
        else:
            parts.append([ride])
            lasts.append(row)
    return parts
