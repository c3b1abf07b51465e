"""The two searches behind one call: scratch space of a thread, and one origin at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from halfcircle.access.transit._range_raptor import UNREACHED, range_raptor
from halfcircle.access.transit._trip_based import trip_based
from halfcircle.access.transit.changes import Changes
from halfcircle.access.transit.clipped import ClippedTimetable
from halfcircle.access.transit.query import TransitQuery

Int32 = npt.NDArray[np.int32]


class Workspace(Protocol):
    """Scratch space of one thread; what the last search found stays until the next."""

    reached: npt.NDArray[np.uint8]
    lanes: npt.NDArray[np.uint16]

    def search(self, access_stop: Int32, access_s: Int32) -> None:
        """Fill `lanes` of all stops that are `reached` from these."""


class Engine(Protocol):
    """A prepared search: what threads share."""

    def workspace(self) -> Workspace:
        """Scratch space for one more thread."""


@dataclass(frozen=True, eq=False)
class RangeRaptor:
    """The baseline."""

    clipped: ClippedTimetable
    query: TransitQuery

    def workspace(self) -> Workspace:
        return _RangeRaptorWorkspace(self.clipped, self.query)


class _RangeRaptorWorkspace:
    def __init__(self, clipped: ClippedTimetable, query: TransitQuery) -> None:
        self.clipped, self.query = clipped, query
        n_stops, n_patterns = clipped.n_stops, len(clipped.pattern_ptr) - 1
        self.arrived = np.empty((query.max_rides, n_stops), dtype=np.int32)
        self.ready = np.empty((query.max_rides, n_stops), dtype=np.int32)
        self.queued_position = np.full(n_patterns, UNREACHED, dtype=np.int32)
        self.queue = np.empty(n_patterns, dtype=np.int32)
        self.stops_now = np.empty(n_stops, dtype=np.int32)
        self.stops_next = np.empty(n_stops, dtype=np.int32)
        self.is_marked = np.zeros(n_stops, dtype=np.uint8)
        self.reached = np.zeros(n_stops, dtype=np.uint8)
        self.lanes = np.empty((n_stops, query.n_departures), dtype=np.uint16)

    def search(self, access_stop: Int32, access_s: Int32) -> None:
        clipped, query = self.clipped, self.query
        range_raptor(
            clipped.pattern_ptr,
            clipped.pattern_trip,
            clipped.pattern_event,
            clipped.position_stop,
            clipped.position_alight,
            clipped.position_line,
            clipped.arrival_s,
            clipped.board_s,
            clipped.line_ptr,
            clipped.line_pattern,
            clipped.line_position,
            clipped.change_s,
            clipped.transfer_ptr,
            clipped.transfer_stop,
            clipped.transfer_s,
            access_stop,
            access_s,
            query.n_departures,
            query.step_s,
            query.limit_s,
            self.arrived,
            self.ready,
            self.queued_position,
            self.queue,
            self.stops_now,
            self.stops_next,
            self.is_marked,
            self.reached,
            self.lanes,
        )


@dataclass(frozen=True, eq=False)
class TripBased:
    """The default: over changes worked out beforehand."""

    clipped: ClippedTimetable
    query: TransitQuery
    changes: Changes
    trip_end: Int32
    last_position: npt.NDArray[np.uint16]
    most_starts: int

    def workspace(self) -> Workspace:
        return _TripBasedWorkspace(self)


class _TripBasedWorkspace:
    def __init__(self, engine: TripBased) -> None:
        self.engine = engine
        query, clipped = engine.query, engine.clipped
        n_stops, n_events = clipped.n_stops, len(clipped.arrival_s)
        self.arrived = np.empty((n_stops + 1, query.max_rides), dtype=np.int32)
        self.boarded = np.empty((query.max_rides, clipped.n_trips), dtype=np.uint16)
        self.start_head = np.empty(query.n_departures, dtype=np.int32)
        self.start_next = np.empty(engine.most_starts, dtype=np.int32)
        self.start_trip = np.empty(engine.most_starts, dtype=np.int32)
        self.start_position = np.empty(engine.most_starts, dtype=np.uint16)
        # a trip is queued again only for an earlier position: at most once per event
        self.queue_trip = np.empty((2, n_events), dtype=np.int32)
        self.queue_first = np.empty((2, n_events), dtype=np.uint16)
        self.queue_last = np.empty((2, n_events), dtype=np.uint16)
        self.reached = np.zeros(n_stops, dtype=np.uint8)
        self.lanes = np.empty((n_stops, query.n_departures), dtype=np.uint16)

    def search(self, access_stop: Int32, access_s: Int32) -> None:
        engine = self.engine
        clipped, query, changes = engine.clipped, engine.query, engine.changes
        trip_based(
            clipped.pattern_trip,
            clipped.pattern_event,
            clipped.arrival_s,
            clipped.board_s,
            clipped.event_stop,
            clipped.trip_event,
            engine.trip_end,
            engine.last_position,
            clipped.line_ptr,
            clipped.line_pattern,
            clipped.line_position,
            changes.ptr,
            changes.trip,
            changes.position,
            access_stop,
            access_s,
            query.n_departures,
            query.step_s,
            query.limit_s,
            self.arrived,
            self.boarded,
            self.start_head,
            self.start_next,
            self.start_trip,
            self.start_position,
            self.queue_trip,
            self.queue_first,
            self.queue_last,
            self.reached,
            self.lanes,
        )
