"""Kernel of the baseline: range-RAPTOR (Delling, Pajor and Werneck 2015) driven by departures.

Departures run from the last to the first and labels are kept: arriving no later than a departure
that leaves later is always possible. A pattern is looked at again only where its next trip from
an access stop has changed, or where a stop can be left earlier than before.

Labels: ``arrived[k, s]`` by vehicle with at most k + 1 rides; ``ready[k, s]`` to get on after at
most k rides. Walks lead from `arrived` to `ready` only, so that none is chained. An improvement
holds for all higher k.
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
def range_raptor(
    pattern_ptr,
    pattern_trip,
    pattern_event,
    position_stop,
    position_alight,
    position_line,
    arrival_s,
    board_s,
    line_ptr,
    line_pattern,
    line_position,
    change_s,
    transfer_ptr,
    transfer_stop,
    transfer_s,
    access_stop,
    access_s,
    n_lanes,
    step_s,
    limit_s,
    arrived,  # out, scratch: int32 (n_rides, n_stops)
    ready,  # scratch: int32 (n_rides, n_stops)
    queued_position,  # scratch: int32 (n_patterns,), UNREACHED where not queued
    queue,  # scratch: int32 (n_patterns,)
    stops_now,  # scratch: int32 (n_stops,)
    stops_next,  # scratch: int32 (n_stops,)
    is_marked,  # scratch: uint8 (n_stops,), zeros
    reached,  # out: uint8 (n_stops,)
    lanes,  # out: uint16 (n_stops, n_lanes); rows of reached stops only
):
    """Travel time to each stop by vehicle, per departure, where it is better than waiting."""
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
            for line in range(line_ptr[stop], line_ptr[stop + 1]):
                p = line_pattern[line]
                i = line_position[line]
                n = pattern_trip[p + 1] - pattern_trip[p]
                row = pattern_event[p] + i * n
                trip = first_trip(board_s, row, row + n, ready_s)
                # nothing new where the departure one step later could catch the same trip
                if trip == row + n or (lane < n_lanes - 1 and board_s[trip] >= ready_s + step_s):
                    continue
                if queued_position[p] == UNREACHED:
                    queue[n_queue] = p
                    n_queue += 1
                queued_position[p] = min(queued_position[p], i)
        for k in range(n_rides):
            n_now = 0
            for q in range(n_queue):
                p = queue[q]
                first = pattern_ptr[p]
                length = pattern_ptr[p + 1] - first
                n = pattern_trip[p + 1] - pattern_trip[p]
                trip = n  # none yet
                for i in range(queued_position[p], length):
                    stop = position_stop[first + i]
                    if trip < n and position_alight[first + i]:
                        arrival = arrival_s[pattern_event[p] + trip * length + i]
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
                    if position_line[first + i] and ready[k, stop] < UNREACHED:
                        row = pattern_event[p] + i * n
                        if trip == n or ready[k, stop] <= board_s[row + trip]:
                            found = first_trip(board_s, row, row + trip, ready[k, stop])
                            trip = found - row
                queued_position[p] = UNREACHED
            for x in range(n_now):
                is_marked[stops_now[x]] = 0
            if k + 1 == n_rides:
                break
            n_next = 0
            for x in range(n_now):
                stop = stops_now[x]
                end = transfer_ptr[stop + 1]
                # the change at the stop itself goes first, then the walks
                for link in range(transfer_ptr[stop] - 1, end):
                    if link < transfer_ptr[stop]:
                        if change_s[stop] < 0:
                            continue
                        to = stop
                        ready_s = arrived[k, stop] + change_s[stop]
                    else:
                        to = transfer_stop[link]
                        ready_s = arrived[k, stop] + transfer_s[link]
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
                for line in range(line_ptr[stop], line_ptr[stop + 1]):
                    p = line_pattern[line]
                    if queued_position[p] == UNREACHED:
                        queue[n_queue] = p
                        n_queue += 1
                    queued_position[p] = min(queued_position[p], line_position[line])
