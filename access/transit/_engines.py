"""The two searches behind one call: scratch space of a thread, and one origin at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np
import numpy.typing as npt

from halfcircle.access.transit._lanes import LANE_BLOCK, AtStops, Window
from halfcircle.access.transit._range_raptor import UNREACHED, RaptorScratch, range_raptor
from halfcircle.access.transit._trip_based import Points, Trips, TripScratch, trip_based
from halfcircle.access.transit.changes import Changes
from halfcircle.access.transit.clipped import ClippedTimetable
from halfcircle.access.transit.query import TransitQuery

Int32 = npt.NDArray[np.int32]


def window_of(query: TransitQuery) -> Window:
    """Form in which kernels take the departures."""
    return Window(query.n_departures, query.spacing_s, query.limit_s)


def _at_stops(n_stops: int, query: TransitQuery) -> AtStops:
    if query.is_continuous:
        return AtStops(np.empty((0, 0), dtype=np.uint16), np.empty(0, dtype=np.uint8))
    n_blocks = -(-query.n_departures // LANE_BLOCK)
    return AtStops(
        np.empty((n_stops, n_blocks * LANE_BLOCK), dtype=np.uint16),
        np.zeros(n_stops, dtype=np.uint8),
    )


def _points(clipped: ClippedTimetable, query: TransitQuery, most_starts: int) -> Points:
    """Room for every arrival of every trip: one point at most for each; none for lanes."""
    if not query.is_continuous:
        first, count, n_points, n_events = np.empty(0, dtype=np.int64), 0, 0, 0
    else:
        # the stop of an event; n_stops where nobody gets off, which goes to the end
        stop = np.where(clipped.event_stop < 0, -1 - clipped.event_stop, clipped.event_stop)
        arrivals = np.bincount(stop, minlength=clipped.n_stops + 1)[:-1]
        first = np.concatenate([[0], np.cumsum(arrivals)[:-1]]).astype(np.int64)
        count, n_points = clipped.n_stops, int(arrivals.sum())
        n_events = min(query.n_departures, most_starts)
    return Points(
        first=first,
        count=np.zeros(count, dtype=np.int32),
        event_arrival=np.empty((n_points, 2), dtype=np.int32),
        departure_s=np.empty(n_events, dtype=np.int32),
        n_events=np.zeros(1, dtype=np.int32),
    )


class Workspace(Protocol):
    """Scratch space of one thread; what the last search found stays until the next."""

    at_stops: AtStops
    points: Points

    def search(self, access_stop: Int32, access_s: Int32) -> None:
        """Fill `at_stops` for an origin with these links, slack included."""


class Engine(Protocol):
    """A prepared search: what threads share."""

    @property
    def clipped(self) -> ClippedTimetable:
        """What is searched."""

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
        n_stops, n_patterns = clipped.n_stops, len(clipped.pattern_ptr) - 1
        self.clipped, self.window = clipped, window_of(query)
        self.at_stops, self.points = _at_stops(n_stops, query), _points(clipped, query, 0)
        self.scratch = RaptorScratch(
            arrived=np.empty((query.max_rides, n_stops), dtype=np.int32),
            ready=np.empty((query.max_rides, n_stops), dtype=np.int32),
            queued_position=np.full(n_patterns, UNREACHED, dtype=np.int32),
            queue=np.empty(n_patterns, dtype=np.int32),
            stops_now=np.empty(n_stops, dtype=np.int32),
            stops_next=np.empty(n_stops, dtype=np.int32),
            is_marked=np.zeros(n_stops, dtype=np.uint8),
        )

    def search(self, access_stop: Int32, access_s: Int32) -> None:
        range_raptor(
            self.clipped,
            access_stop,
            access_s,
            self.window,
            self.scratch,
            self.at_stops.reached,
            self.at_stops.lanes,
        )


@dataclass(frozen=True, eq=False)
class TripBased:
    """The default: over changes worked out beforehand."""

    clipped: ClippedTimetable
    query: TransitQuery
    changes: Changes
    trips: Trips
    most_starts: int

    def workspace(self) -> Workspace:
        return _TripBasedWorkspace(self)


class _TripBasedWorkspace:
    def __init__(self, engine: TripBased) -> None:
        query, clipped, n_starts = engine.query, engine.clipped, engine.most_starts
        n_stops, n_events = clipped.n_stops, len(clipped.arrival_s)
        self.engine, self.window = engine, window_of(query)
        self.at_stops, self.points = _at_stops(n_stops, query), _points(clipped, query, n_starts)
        self.scratch = TripScratch(
            arrived=np.empty((n_stops + 1, query.max_rides), dtype=np.int32),
            boarded=np.empty((query.max_rides, clipped.n_trips), dtype=np.uint16),
            start_head=np.empty(query.n_departures, dtype=np.int32),
            start_next=np.empty(n_starts, dtype=np.int32),
            start_trip=np.empty(n_starts, dtype=np.int32),
            start_position=np.empty(n_starts, dtype=np.uint16),
            # a trip is queued again only for an earlier position: at most once per event
            queue=np.empty((2, n_events, 2), dtype=np.int32),
        )

    def search(self, access_stop: Int32, access_s: Int32) -> None:
        trip_based(
            self.engine.clipped,
            self.engine.trips,
            self.engine.changes,
            access_stop,
            access_s,
            self.window,
            self.scratch,
            self.at_stops.reached,
            self.at_stops.lanes,
            self.points,
        )
