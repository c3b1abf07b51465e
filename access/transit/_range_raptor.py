"""Kernel of the baseline: range-RAPTOR (Delling, Pajor and Werneck 2015) driven by departures.

Departures run from the last to the first and labels are kept: arriving no later than a departure
that leaves later is always possible. A pattern is looked at again only where its next trip from
an access stop has changed, or where a stop can be left earlier than before.

Labels: ``arrived[k, s]`` by vehicle with at most k + 1 rides; ``ready[k, s]`` to get on after at
most k rides. Walks lead from `arrived` to `ready` only, so that none is chained. An improvement
holds for all higher k.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs

from typing import Any, NamedTuple

import numpy as np
from numba import njit

UNREACHED = 2**30


class RaptorScratch(NamedTuple):
    arrived: Any  # int32 (n_rides, n_stops)
    ready: Any  # int32 (n_rides, n_stops)
    queued_position: Any  # int32 (n_patterns,), UNREACHED where not queued
    queue: Any  # int32 (n_patterns,)
    stops_now: Any  # int32 (n_stops,)
    stops_next: Any  # int32 (n_stops,)
    is_marked: Any  # uint8 (n_stops,), zeros


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
def range_raptor(timetable, access_stop, access_s, window, scratch, reached, lanes):
    """Travel time to each stop by vehicle, per departure, where it is better than waiting.

    `timetable` is a ClippedTimetable; `reached` uint8 (n_stops,) and `lanes` uint16 (n_stops, at
    least n_lanes) are results, lanes of stops that are not reached are left as they were.
    """
    n_lanes, step_s, limit_s = window.n_lanes, window.step_s, window.limit_s
    arrived, ready = scratch.arrived, scratch.ready
    queued_position, queue = scratch.queued_position, scratch.queue
    stops_now, stops_next, is_marked = scratch.stops_now, scratch.stops_next, scratch.is_marked
    n_rides = arrived.shape[0]
    unset = np.uint16(65535 - limit_s)
    arrived[:] = UNREACHED
    ready[:] = UNREACHED
    reached[:] = 0
    for lane in range(n_lanes - 1, -1, -1):
        departure = lane * step_s
        bound = departure + limit_s
        n_queue = 0
        for x in range(access_stop.shape[0]):
            stop = access_stop[x]
            ready_s = departure + access_s[x]
            ready[0, stop] = min(ready[0, stop], ready_s)
            for line in range(timetable.line_ptr[stop], timetable.line_ptr[stop + 1]):
                p = timetable.line_pattern[line]
                i = timetable.line_position[line]
                n = timetable.pattern_trip[p + 1] - timetable.pattern_trip[p]
                row = timetable.pattern_event[p] + i * n
                trip = first_trip(timetable.board_s, row, row + n, ready_s)
                # nothing new where the departure one step later could catch the same trip
                if trip == row + n or (
                    lane < n_lanes - 1 and timetable.board_s[trip] >= ready_s + step_s
                ):
                    continue
                if queued_position[p] == UNREACHED:
                    queue[n_queue] = p
                    n_queue += 1
                queued_position[p] = min(queued_position[p], i)
        for k in range(n_rides):
            n_now = 0
            for q in range(n_queue):
                p = queue[q]
                first = timetable.pattern_ptr[p]
                length = timetable.pattern_ptr[p + 1] - first
                n = timetable.pattern_trip[p + 1] - timetable.pattern_trip[p]
                trip = n  # none yet
                for i in range(queued_position[p], length):
                    stop = timetable.position_stop[first + i]
                    if trip < n and timetable.position_alight[first + i]:
                        arrival = timetable.arrival_s[
                            timetable.pattern_event[p] + trip * length + i
                        ]
                        if arrival <= bound and arrival < arrived[k, stop]:
                            kk = k
                            while kk < n_rides and arrival < arrived[kk, stop]:
                                arrived[kk, stop] = arrival
                                kk += 1
                            if kk == n_rides:
                                if not reached[stop]:
                                    reached[stop] = 1
                                    lanes[stop, :] = unset
                                lanes[stop, lane] = arrival - departure
                            if not is_marked[stop]:
                                is_marked[stop] = 1
                                stops_now[n_now] = stop
                                n_now += 1
                    if timetable.position_line[first + i] and ready[k, stop] < UNREACHED:
                        row = timetable.pattern_event[p] + i * n
                        if trip == n or ready[k, stop] <= timetable.board_s[row + trip]:
                            found = first_trip(timetable.board_s, row, row + trip, ready[k, stop])
                            trip = found - row
                queued_position[p] = UNREACHED
            for x in range(n_now):
                is_marked[stops_now[x]] = 0
            if k + 1 == n_rides:
                break
            n_next = 0
            for x in range(n_now):
                stop = stops_now[x]
                end = timetable.transfer_ptr[stop + 1]
                # the change at the stop itself goes first, then the walks
                for link in range(timetable.transfer_ptr[stop] - 1, end):
                    if link < timetable.transfer_ptr[stop]:
                        if timetable.change_s[stop] < 0:
                            continue
                        to = stop
                        ready_s = arrived[k, stop] + timetable.change_s[stop]
                    else:
                        to = timetable.transfer_stop[link]
                        ready_s = arrived[k, stop] + timetable.transfer_s[link]
                    if ready_s < ready[k + 1, to]:
                        kk = k + 1
                        while kk < n_rides and ready_s < ready[kk, to]:
                            ready[kk, to] = ready_s
                            kk += 1
                        if not is_marked[to]:
                            is_marked[to] = 1
                            stops_next[n_next] = to
                            n_next += 1
            n_queue = 0
            for x in range(n_next):
                stop = stops_next[x]
                is_marked[stop] = 0
                for line in range(timetable.line_ptr[stop], timetable.line_ptr[stop + 1]):
                    p = timetable.line_pattern[line]
                    if queued_position[p] == UNREACHED:
                        queue[n_queue] = p
                        n_queue += 1
                    queued_position[p] = min(queued_position[p], timetable.line_position[line])
