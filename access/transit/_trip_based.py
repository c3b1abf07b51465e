"""Kernel: trip-based profile search (Witt 2015, doi:10.1007/978-3-662-48350-3_85).

Departures run from the last to the first. ``boarded[k, t]`` is the earliest position at which trip
t has been reached with at most k + 1 rides, by this departure or a later one: it never has to be
reset inside the window, so that every event is looked at once per number of rides.
"""

import numpy as np
from numba import njit

UNREACHED = 2**30


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
def trip_based(
    pattern_trip,
    pattern_event,
    arrival_s,
    board_s,
    event_stop,
    trip_event,
    trip_end,  # int32 (n_trips,): one past the last trip of the pattern
    last_position,  # uint16 (n_trips,)
    line_ptr,
    line_pattern,
    line_position,
    change_ptr,
    change_trip,
    change_position,
    access_stop,
    access_s,
    n_lanes,
    step_s,
    limit_s,
    arrived,  # out: int32 (n_stops + 1, n_rides), by vehicle with at most k + 1 rides
    boarded,  # scratch: uint16 (n_rides, n_trips)
    start_head,  # scratch: int32 (n_lanes,)
    start_next,  # scratch: int32 (most starts,)
    start_trip,  # scratch: int32 (most starts,)
    start_position,  # scratch: uint16 (most starts,)
    queue_trip,  # scratch: int32 (2, n_events)
    queue_first,  # scratch: uint16 (2, n_events)
    queue_last,  # scratch: uint16 (2, n_events)
    reached,  # out: uint8 (n_stops,)
    lanes,  # out: uint16 (n_stops, n_lanes); rows of reached stops only
):
    """Travel time to each stop by vehicle, per departure, where it is better than waiting."""
    n_rides = boarded.shape[0]
    n_stops = reached.shape[0]
    unset = np.uint16(65535 - limit_s)
    arrived[:] = UNREACHED
    arrived[n_stops] = -UNREACHED  # where nobody gets off
    reached[:] = 0
    for k in range(n_rides):
        boarded[k] = last_position
    # for each trip that can be caught from the origin, the last departure that still catches it
    start_head[:] = -1
    n_starts = 0
    for x in range(access_stop.shape[0]):
        stop = access_stop[x]
        for line in range(line_ptr[stop], line_ptr[stop + 1]):
            p = line_pattern[line]
            n = pattern_trip[p + 1] - pattern_trip[p]
            row = pattern_event[p] + np.int64(line_position[line]) * n
            lane_before = -1
            for at in range(first_trip(board_s, row, row + n, access_s[x]), row + n):
                lane = min((board_s[at] - access_s[x]) // step_s, n_lanes - 1)
                if lane > lane_before:
                    start_trip[n_starts] = pattern_trip[p] + (at - row)
                    start_position[n_starts] = line_position[line]
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
                queue_trip[0, n_queue] = trip
                queue_first[0, n_queue] = position
                queue_last[0, n_queue] = board(boarded, 0, trip, position, trip_end[trip])
                n_queue += 1
            start = start_next[start]
        for k in range(n_rides):
            if n_queue == 0:
                break
            now = k & 1
            n_next = 0
            for q in range(n_queue):
                first_event = trip_event[queue_trip[now, q]]
                last = first_event + queue_last[now, q]
                for event in range(first_event + queue_first[now, q] + 1, last + 1):
                    arrival = arrival_s[event]
                    if arrival > bound:
                        break
                    stop = event_stop[event]
                    calls_again = stop < 0
                    if calls_again:
                        stop = -1 - stop
                    if arrival < arrived[stop, k]:
                        kk = k
                        while kk < n_rides and arrival < arrived[stop, kk]:
                            arrived[stop, kk] = arrival
                            kk += 1
                        if kk == n_rides:
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
                    for change in range(change_ptr[event], change_ptr[event + 1]):
                        trip = change_trip[change]
                        position = change_position[change]
                        if boarded[k + 1, trip] > position:
                            queue_trip[1 - now, n_next] = trip
                            queue_first[1 - now, n_next] = position
                            queue_last[1 - now, n_next] = board(
                                boarded, k + 1, trip, position, trip_end[trip]
                            )
                            n_next += 1
            n_queue = n_next
