"""Changes between trips, worked out once for a timetable and a window."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from halfcircle.access.transit._transfers import (
    UNREACHED,
    ReducedTransfers,
    ReductionScratch,
    reduced_transfers,
)
from halfcircle.access.transit.clipped import ClippedTimetable

__all__ = ["Changes", "build_changes"]

TRIPS_AT_A_TIME = 256
CHANGES_PER_EVENT = 16


class Changes(NamedTuple):
    """From where one gets off to the trips worth getting on.

    Parameters
    ----------
    ptr : array of int64, shape (n_events + 1,)
        Changes of event e, trip by trip, are ``ptr[e]:ptr[e + 1]``.
    code : array of uint32 or uint64, shape (n_changes,)
        ``trip << position_bits | position``: the trip, and where it is boarded.
    position_bits : int
    """

    ptr: npt.NDArray[np.int64]
    code: npt.NDArray[np.uint32] | npt.NDArray[np.uint64]
    position_bits: int


def build_changes(clipped: ClippedTimetable, horizon_s: int, *, workers: int = 1) -> Changes:
    """Find the changes that a search over the window needs.

    Parameters
    ----------
    clipped : ClippedTimetable
    horizon_s : int, seconds after the first departure
        Latest arrival of interest.
    workers : int
        Threads.
    """
    starts = range(0, clipped.n_trips, TRIPS_AT_A_TIME)
    with ThreadPoolExecutor(workers) as pool:
        parts = list(pool.map(lambda start: _changes_of(clipped, horizon_s, start), starts))
    ptr = np.zeros(len(clipped.arrival_s) + 1, dtype=np.int64)
    np.cumsum(
        np.concatenate([np.empty(0, np.int32), *(part[0] for part in parts)]),
        out=ptr[1:],
        dtype=np.int64,
    )
    longest = int(np.diff(clipped.pattern_ptr).max(initial=1))
    position_bits = (longest - 1).bit_length()
    wide = clipped.n_trips << position_bits > 2**32
    code = np.concatenate(
        [
            np.empty(0, dtype=np.uint64 if wide else np.uint32),
            *(_packed(trip, position, position_bits, wide=wide) for _, trip, position in parts),
        ]
    )
    ptr.flags.writeable = False
    code.flags.writeable = False
    return Changes(ptr, code, position_bits)


def _packed(
    trip: npt.NDArray[np.int32], position: npt.NDArray[np.uint16], bits: int, *, wide: bool
) -> npt.NDArray[Any]:
    code = trip.astype(np.uint64) << np.uint64(bits) | position
    return code if wide else code.astype(np.uint32)


def _changes_of(
    clipped: ClippedTimetable, horizon_s: int, start: int
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32], npt.NDArray[np.uint16]]:
    """Counts, trips and positions of the trips from `start` on, one portion."""
    end = min(start + TRIPS_AT_A_TIME, clipped.n_trips)
    event_end = np.append(clipped.trip_event, len(clipped.arrival_s))
    scratch = ReductionScratch(
        label=np.full(clipped.n_stops + 1, UNREACHED, dtype=np.int32),
        settled=np.full(clipped.n_stops + 1, UNREACHED, dtype=np.int32),
        touched=np.empty(clipped.n_stops, dtype=np.int32),
        position_count=np.empty(int(np.diff(clipped.pattern_ptr).max()), dtype=np.int32),
    )
    scratch.label[-1] = scratch.settled[-1] = -UNREACHED
    counts, trips, positions = [], [], []
    capacity = CHANGES_PER_EVENT * int(event_end[end] - event_end[start])
    while start < end:
        out = ReducedTransfers(
            count=np.zeros(int(event_end[end] - event_end[start]), dtype=np.int32),
            to_trip=np.empty(capacity, dtype=np.int32),
            to_position=np.empty(capacity, dtype=np.uint16),
        )
        done, n_kept = reduced_transfers(clipped, horizon_s, start, end, scratch, out)
        counts.append(out.count[: int(event_end[done] - event_end[start])])
        trips.append(out.to_trip[:n_kept].copy())
        positions.append(out.to_position[:n_kept].copy())
        if done == start:
            capacity *= 4
        start = done
    return np.concatenate(counts), np.concatenate(trips), np.concatenate(positions)
