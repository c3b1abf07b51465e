"""The part of a timetable that one departure window can use, laid out for the kernels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from halfcircle.access.transit.query import TransitQuery
from halfcircle.gtfs.timetable import Timetable

__all__ = ["ClippedTimetable", "clip_timetable"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


class ClippedTimetable(NamedTuple):
    """Trips that run between the first departure and the last departure plus the limit.

    Times are int32 seconds after the first departure of the window. A *line* is a position of a
    pattern where people may get on. Where they may not get off, `event_stop` is a stop that does
    not exist, ``n_stops``: kernels give it a label that nothing improves.

    Parameters
    ----------
    pattern_ptr : array of int32, shape (n_patterns + 1,)
        Positions of a pattern.
    pattern_trip : array of int32, shape (n_patterns + 1,)
        Trips of a pattern.
    pattern_event : array of int64, shape (n_patterns + 1,)
        Events of a pattern: trip by trip in `arrival_s`, position by position in `board_s`.
    position_stop : array of int32, shape (n_positions,)
    position_alight : array of bool, shape (n_positions,)
    position_line : array of bool, shape (n_positions,)
        Whether people may get on and ride further.
    arrival_s : array of int32, shape (n_events,), seconds
    board_s : array of int32, shape (n_events,), seconds
        Departures, all trips of one position side by side: for binary searches.
    event_stop : array of int32, shape (n_events,)
        Stop where people may get off, else `n_stops`; ``-1 - stop`` where the trip has called at
        the stop before.
    trip_event : array of int64, shape (n_trips,)
        First event of a trip.
    trip_pattern : array of int32, shape (n_trips,)
    line_ptr : array of int64, shape (n_stops + 1,)
        Lines at a stop.
    line_pattern, line_position : array of int32, shape (n_lines,)
        Pattern, and position counted from the pattern's first.
    change_s : array of int32, shape (n_stops,), seconds
    transfer_ptr : array of int64, shape (n_stops + 1,)
    transfer_stop : array of int32, shape (n_transfers,)
    transfer_s : array of int32, shape (n_transfers,), seconds
    trip_idx : array of int32, shape (n_trips,)
        Number of each trip in the timetable that was clipped.
    """

    pattern_ptr: Int32
    pattern_trip: Int32
    pattern_event: Int64
    position_stop: Int32
    position_alight: npt.NDArray[np.bool_]
    position_line: npt.NDArray[np.bool_]
    arrival_s: Int32
    board_s: Int32
    event_stop: Int32
    trip_event: Int64
    trip_pattern: Int32
    line_ptr: Int64
    line_pattern: Int32
    line_position: Int32
    change_s: Int32
    transfer_ptr: Int64
    transfer_stop: Int32
    transfer_s: Int32
    trip_idx: Int32

    @property
    def n_stops(self) -> int:
        """Number of stops."""
        return len(self.change_s)

    @property
    def n_trips(self) -> int:
        """Number of trips."""
        return len(self.trip_pattern)


def clip_timetable(timetable: Timetable, query: TransitQuery) -> ClippedTimetable:
    """Keep the trips that a window can use and lay them out for the kernels."""
    n_stops = len(timetable.stops)
    last_s = int(query.departures_s[-1]) + query.limit_s
    parts: list[_PatternPart] = []
    for p in range(timetable.n_patterns):
        part = _clip_pattern(timetable, p, query.start_s, last_s)
        if part is not None:
            parts.append(part)
    length = np.array([len(part.stop) for part in parts], dtype=np.int64)
    n_trips = np.array([len(part.trip_idx) for part in parts], dtype=np.int64)
    pattern_event = _ptr(length * n_trips)
    first_trip = _ptr(n_trips)[:-1]
    trip_pattern = np.repeat(np.arange(len(parts)), n_trips)
    within = np.arange(len(trip_pattern)) - first_trip[trip_pattern]
    trip_event = pattern_event[trip_pattern] + within * length[trip_pattern]
    position_stop = _joined([part.stop for part in parts])
    position_line = _joined([part.line for part in parts]).astype(np.bool_)
    position_pattern = np.repeat(np.arange(len(parts)), length)
    position = np.arange(len(position_stop)) - _ptr(length)[:-1][position_pattern]
    line = np.flatnonzero(position_line)
    line = line[np.argsort(position_stop[line], kind="stable")]
    clipped = ClippedTimetable(
        pattern_ptr=_ptr(length).astype(np.int32),
        pattern_trip=_ptr(n_trips).astype(np.int32),
        pattern_event=pattern_event,
        position_stop=position_stop,
        position_alight=_joined([part.alight for part in parts]).astype(np.bool_),
        position_line=position_line,
        arrival_s=_joined([part.arrival.ravel() for part in parts]) - np.int32(query.start_s),
        board_s=_joined([part.departure.T.ravel() for part in parts]) - np.int32(query.start_s),
        event_stop=_joined(
            [np.tile(part.event_stop(n_stops), len(part.trip_idx)) for part in parts]
        ),
        trip_event=trip_event,
        trip_pattern=trip_pattern.astype(np.int32),
        line_ptr=_ptr(np.bincount(position_stop[line], minlength=n_stops)),
        line_pattern=position_pattern[line].astype(np.int32),
        line_position=position[line].astype(np.int32),
        change_s=timetable.change_s,
        transfer_ptr=timetable.transfer_ptr,
        transfer_stop=timetable.transfer_stop,
        transfer_s=timetable.transfer_s,
        trip_idx=_joined([part.trip_idx for part in parts]),
    )
    for array in clipped:
        array.flags.writeable = False
    return clipped


class _PatternPart(NamedTuple):
    """What is kept of one pattern; times have the shape (trips, positions)."""

    stop: Int32
    line: npt.NDArray[np.bool_]
    alight: npt.NDArray[np.bool_]
    arrival: Int32
    departure: Int32
    trip_idx: Int32

    def event_stop(self, n_stops: int) -> Int32:
        seen: set[int] = set()
        stops = np.full(len(self.stop), n_stops, dtype=np.int32)
        for i, stop in enumerate(self.stop.tolist()):
            if self.alight[i]:
                stops[i] = -1 - stop if stop in seen else stop
                seen.add(stop)
        return stops


def _clip_pattern(timetable: Timetable, p: int, start_s: int, last_s: int) -> _PatternPart | None:
    at = slice(int(timetable.pattern_ptr[p]), int(timetable.pattern_ptr[p + 1]))
    stop = timetable.pattern_stop[at]
    first_trip, end_trip = int(timetable.trip_ptr[p]), int(timetable.trip_ptr[p + 1])
    if len(stop) < 2 or first_trip == end_trip:
        return None
    event = int(timetable.event_ptr[p])
    size = (end_trip - first_trip) * len(stop)
    arrival = timetable.arrival_s[event : event + size].reshape(-1, len(stop))
    departure = timetable.departure_s[event : event + size].reshape(-1, len(stop))
    # none overtakes another: what is kept is one run of trips
    low = int(np.searchsorted(arrival[:, -1], start_s))
    high = int(np.searchsorted(departure[:, 0], last_s, side="right"))
    if low >= high:
        return None
    line = timetable.pattern_board[at].copy()
    line[-1] = False
    alight = timetable.pattern_alight[at].copy()
    alight[0] = False
    trip_idx = np.arange(first_trip + low, first_trip + high, dtype=np.int32)
    return _PatternPart(stop, line, alight, arrival[low:high], departure[low:high], trip_idx)


def _ptr(counts: npt.NDArray[Any]) -> Int64:
    ptr = np.zeros(len(counts) + 1, dtype=np.int64)
    np.cumsum(counts, out=ptr[1:])
    return ptr


def _joined(parts: Sequence[npt.NDArray[Any]]) -> Int32:
    """Concatenate, also if there is nothing."""
    return np.concatenate([np.empty(0, dtype=np.int32), *parts]).astype(np.int32, copy=False)
