"""Kernel: which changes from event to trip are worth making (Witt 2015, reduction).

For each trip, from its last stop to its first, `label` holds the earliest arrival by vehicle at
every stop for a passenger who stays on, or changes once at this stop or a later one. A change is
kept only if it makes one of these earlier. What follows an arrival depends on its stop and time
alone, so that any journey has one over kept changes that is no later and has no more rides.
"""

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
def reduced_transfers(
    pattern_ptr,
    pattern_trip,
    pattern_event,
    arrival_s,
    board_s,
    event_stop,
    trip_event,
    trip_pattern,
    line_ptr,
    line_pattern,
    line_position,
    change_s,
    transfer_ptr,
    transfer_stop,
    transfer_s,
    horizon_s,
    trip_start,
    trip_end,
    label,  # scratch: int32 (n_stops + 1,), UNREACHED; below every time at n_stops
    touched,  # scratch: int32 (n_stops,)
    position_count,  # scratch: int32 (longest pattern,)
    count,  # out: int32, changes of each event of the trips trip_start .. trip_end - 1
    to_trip,  # out: int32 (capacity,)
    to_position,  # out: uint16 (capacity,)
):
    """Changes of trips from `trip_start` on; returns the first trip that did not fit, and how many.

    Changes of an event lie side by side, events in their order.
    """
    capacity = to_trip.shape[0]
    n_kept = 0
    first_event = trip_event[trip_start]
    for trip in range(trip_start, trip_end):
        pattern = trip_pattern[trip]
        length = pattern_ptr[pattern + 1] - pattern_ptr[pattern]
        event = trip_event[trip]
        start = n_kept
        n_touched = 0
        fits = True
        for i in range(length - 1, 0, -1):
            position_count[i] = 0
            stop = event_stop[event + i]
            if stop < 0:
                stop = -1 - stop
            arrival = arrival_s[event + i]
            # nobody gets off here, or nobody can be on board, or it is too late
            if label[stop] < 0 or arrival < 0 or arrival > horizon_s:
                continue
            if arrival < label[stop]:
                if label[stop] == UNREACHED:
                    touched[n_touched] = stop
                    n_touched += 1
                label[stop] = arrival
            for link in range(transfer_ptr[stop] - 1, transfer_ptr[stop + 1]):
                # the change at the stop itself goes first, then the walks
                if link < transfer_ptr[stop]:
                    if change_s[stop] < 0:
                        continue
                    at = stop
                    ready_s = arrival + change_s[stop]
                else:
                    at = transfer_stop[link]
                    ready_s = arrival + transfer_s[link]
                for line in range(line_ptr[at], line_ptr[at + 1]):
                    p = line_pattern[line]
                    j = line_position[line]
                    n = pattern_trip[p + 1] - pattern_trip[p]
                    row = pattern_event[p] + j * n
                    found = first_trip(board_s, row, row + n, ready_s)
                    if found == row + n or board_s[found] > horizon_s:
                        continue
                    other = pattern_trip[p] + (found - row)
                    if p == pattern and other >= trip and j >= i:
                        continue  # staying on is no worse
                    other_event = trip_event[other]
                    other_end = other_event + pattern_ptr[p + 1] - pattern_ptr[p]
                    keep = False
                    for e in range(other_event + j + 1, other_end):
                        arrival_there = arrival_s[e]
                        there = event_stop[e]
                        if there < 0:
                            there = -1 - there
                        if arrival_there < label[there]:
                            if arrival_there > horizon_s:
                                break
                            if label[there] == UNREACHED:
                                touched[n_touched] = there
                                n_touched += 1
                            label[there] = arrival_there
                            keep = True
                    if keep:
                        if n_kept == capacity:
                            fits = False
                            break
                        to_trip[n_kept] = other
                        to_position[n_kept] = j
                        n_kept += 1
                        position_count[i] += 1
                if not fits:
                    break
            if not fits:
                break
        for x in range(n_touched):
            label[touched[x]] = UNREACHED
        if not fits:
            return trip, start
        # events were visited from the last to the first: turn the whole trip around
        low, high = start, n_kept - 1
        while low < high:
            to_trip[low], to_trip[high] = to_trip[high], to_trip[low]
            to_position[low], to_position[high] = to_position[high], to_position[low]
            low += 1
            high -= 1
        count[event - first_event] = 0
        for i in range(1, length):
            count[event - first_event + i] = position_count[i]
    return trip_end, n_kept
