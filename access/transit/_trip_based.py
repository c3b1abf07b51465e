"""Kernel: trip-based profile search (Witt 2015, doi:10.1007/978-3-662-48350-3_85).

Departures run from the last to the first. ``boarded[k, t]`` is the earliest position at which trip
t has been reached with at most k + 1 rides, by this departure or a later one: it never has to be
reset inside the window, so that every event is looked at once per number of rides.

What is found at stops is kept in one of two forms: as lanes, one per departure of the window
(`AtStops` of the file that reads them), or as points, the journeys that are worth making: each
leaves later or arrives earlier than any other to its stop.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs

from typing import Any, NamedTuple

import numpy as np
from numba import njit

UNREACHED = 2**30


class Trips(NamedTuple):
    end: Any  # int32 (n_trips,): one past the last trip of the pattern
    last_position: Any  # uint16 (n_trips,)
    event: Any  # int64 (n_trips,): first event
    call: Any  # int32 (n_events + 1, 3): arrival, stop, first change; side by side in the cache


class Points(NamedTuple):
    first: Any  # int64 (n_stops,): where the points of a stop begin
    count: Any  # int32 (n_stops,): so many hold anything, from the last departure to the first
    event_arrival: Any  # int32 (n_points, 2): number of the departure event, arrival
    departure_s: Any  # int32 (most events,): departure events, falling
    n_events: Any  # int32 (1,)


class TripScratch(NamedTuple):
    arrived: Any  # int32 (n_stops + 1, n_rides): by vehicle with at most k + 1 rides
    boarded: Any  # uint16 (n_rides, n_trips)
    start_head: Any  # int32 (n_lanes,)
    start_next: Any  # int32 (most starts,)
    start_trip: Any  # int32 (most starts,)
    start_position: Any  # uint16 (most starts,)
    queue: Any  # int32 (2, n_events, 2): first and last event to look at


@njit(cache=True, nogil=True)
def first_trip(board_s, start, end, ready_s):
    """Index of the first departure not before `ready_s`, in ``board_s[start:end]``, else `end`."""
    while start < end:
        middle = (start + end) // 2
        if board_s[middle] < ready_s:
            start = middle + 1
        else:
            end = middle
    return start


@njit(cache=True, nogil=True)
def board(boarded, k, trip, position, trip_end):
    """Note that a trip is reached at a position with k + 1 rides; returns where it was before."""
    before = boarded[k, trip]
    for kk in range(k, boarded.shape[0]):
        if boarded[kk, trip] <= position:
            break
        # whoever catches this trip can wait for any later one of its pattern
        for later in range(trip, trip_end):
            if boarded[kk, later] <= position:
                break
            boarded[kk, later] = position
    return before


@njit(cache=True, nogil=True)
def add_point(points, stop, departure, arrival):
    """Note a journey; one that leaves at the same second and arrives later gives way to it."""
    event = points.n_events[0] - 1
    if event < 0 or points.departure_s[event] != departure:
        event += 1
        points.departure_s[event] = departure
        points.n_events[0] = event + 1
    at = points.first[stop] + points.count[stop]
    if points.count[stop] > 0 and points.event_arrival[at - 1, 0] == event:
        at -= 1
    else:
        points.count[stop] += 1
    points.event_arrival[at, 0] = event
    points.event_arrival[at, 1] = arrival


@njit(cache=True, nogil=True)
def trip_based(
    timetable, trips, changes, access_stop, access_s, window, scratch, reached, lanes, points
):
    """Travel time to each stop by vehicle, per departure, where it is better than waiting.

    `timetable` is a ClippedTimetable, `changes` a Changes. Results are `points` if it has room for
    any, else `reached` uint8 (n_stops,) and `lanes` uint16 (n_stops, at least n_lanes); lanes of
    stops that are not reached are left as they were.
    """
    n_lanes, step_s, limit_s = window.n_lanes, window.step_s, window.limit_s
    arrived, boarded = scratch.arrived, scratch.boarded
    start_head, start_next = scratch.start_head, scratch.start_next
    start_trip, start_position = scratch.start_trip, scratch.start_position
    queue, call = scratch.queue, trips.call
    position_bits = changes.position_bits
    position_mask = (1 << position_bits) - 1
    n_rides = boarded.shape[0]
    n_stops = arrived.shape[0] - 1
    as_points = points.first.shape[0] > 0
    unset = np.uint16(65535 - limit_s)
    arrived[:] = UNREACHED
    arrived[n_stops] = -UNREACHED  # where nobody gets off
    reached[:] = 0
    points.count[:] = 0
    points.n_events[0] = 0
    for k in range(n_rides):
        boarded[k] = trips.last_position
    # for each trip that can be caught from the origin, the last departure that still catches it
    start_head[:] = -1
    n_starts = 0
    for x in range(access_stop.shape[0]):
        stop = access_stop[x]
        for line in range(timetable.line_ptr[stop], timetable.line_ptr[stop + 1]):
            p = timetable.line_pattern[line]
            n = timetable.pattern_trip[p + 1] - timetable.pattern_trip[p]
            row = timetable.pattern_event[p] + np.int64(timetable.line_position[line]) * n
            lane_before = -1
            for at in range(first_trip(timetable.board_s, row, row + n, access_s[x]), row + n):
                lane = min((timetable.board_s[at] - access_s[x]) // step_s, n_lanes - 1)
                if lane > lane_before:
                    start_trip[n_starts] = timetable.pattern_trip[p] + (at - row)
                    start_position[n_starts] = timetable.line_position[line]
                    start_next[n_starts] = start_head[lane]
                    start_head[lane] = n_starts
                    n_starts += 1
                    lane_before = lane
                if lane == n_lanes - 1:
                    break
    for lane in range(n_lanes - 1, -1, -1):
        departure = lane * step_s
        bound = departure + limit_s
        n_queue = 0
        start = start_head[lane]
        while start >= 0:
            trip = start_trip[start]
            position = start_position[start]
            if boarded[0, trip] > position:
                before = board(boarded, 0, trip, position, trips.end[trip])
                queue[0, n_queue, 0] = trips.event[trip] + position + 1
                queue[0, n_queue, 1] = trips.event[trip] + before
                n_queue += 1
            start = start_next[start]
        for k in range(n_rides):
            if n_queue == 0:
                break
            now = k & 1
            n_next = 0
            for q in range(n_queue):
                for event in range(queue[now, q, 0], queue[now, q, 1] + 1):
                    arrival = call[event, 0]
                    if arrival > bound:
                        break
                    stop = call[event, 1]
                    calls_again = stop < 0
                    if calls_again:
                        stop = -1 - stop
                    if arrival < arrived[stop, k]:
                        kk = k
                        while kk < n_rides and arrival < arrived[stop, kk]:
                            arrived[stop, kk] = arrival
                            kk += 1
                        if kk == n_rides:
                            if as_points:
                                add_point(points, stop, departure, arrival)
                            else:
                                if not reached[stop]:
                                    reached[stop] = 1
                                    lanes[stop, :] = unset
                                lanes[stop, lane] = arrival - departure
                    elif not calls_again:
                        # Whoever was here before has made, or can make later on the way, changes
                        # that are as good. Not so if this very trip was here before: its changes
                        # may have been left to this second call.
                        continue
                    if k + 1 == n_rides:
                        continue
                    for change in range(call[event, 2], call[event + 1, 2]):
                        code = np.int64(changes.code[change])
                        trip = code >> position_bits
                        position = code & position_mask
                        if boarded[k + 1, trip] > position:
                            before = board(boarded, k + 1, trip, position, trips.end[trip])
                            queue[1 - now, n_next, 0] = trips.event[trip] + position + 1
                            queue[1 - now, n_next, 1] = trips.event[trip] + before
                            n_next += 1
            n_queue = n_next
