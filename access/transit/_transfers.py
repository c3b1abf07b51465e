"""Kernel: which changes from event to trip are worth making (Witt 2015, reduction).

For each trip, from its last stop to its first, `label` holds the earliest arrival by vehicle at
every stop for a passenger who stays on, or changes once at this stop or a later one. A change is
kept only if it makes one of these earlier. What follows an arrival depends on its stop and time
alone, so that any journey has one over kept changes that is no later and has no more rides.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs

from typing import Any, NamedTuple

from numba import njit

UNREACHED = 2**30


class ReductionScratch(NamedTuple):
    label: Any  # int32 (n_stops + 1,), UNREACHED; below every time at n_stops
    settled: Any  # the same
    touched: Any  # int32 (n_stops,)
    position_count: Any  # int32 (longest pattern,)


class ReducedTransfers(NamedTuple):
    count: Any  # int32, changes of each event of the trips trip_start .. trip_end - 1
    to_trip: Any  # int32 (capacity,)
    to_position: Any  # uint16 (capacity,)


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
def reduced_transfers(timetable, horizon_s, trip_start, trip_end, scratch, out):
    """Changes of trips from `trip_start` on; returns the first trip that did not fit, and how many.

    Changes of an event lie side by side, events in their order.
    """
    label, settled = scratch.label, scratch.settled
    touched, position_count = scratch.touched, scratch.position_count
    count, to_trip, to_position = out.count, out.to_trip, out.to_position
    capacity = to_trip.shape[0]
    n_kept = 0
    first_event = timetable.trip_event[trip_start]
    for trip in range(trip_start, trip_end):
        pattern = timetable.trip_pattern[trip]
        length = timetable.pattern_ptr[pattern + 1] - timetable.pattern_ptr[pattern]
        event = timetable.trip_event[trip]
        start = n_kept
        n_touched = 0
        fits = True
        for i in range(length - 1, 0, -1):
            position_count[i] = 0
            stop = timetable.event_stop[event + i]
            if stop < 0:
                stop = -1 - stop
            arrival = timetable.arrival_s[event + i]
            # nobody gets off here, or nobody can be on board, or it is too late
            if label[stop] < 0 or arrival < 0 or arrival > horizon_s:
                continue
            if arrival < label[stop]:
                if label[stop] == UNREACHED:
                    touched[n_touched] = stop
                    n_touched += 1
                label[stop] = arrival
                settled[stop] = arrival
            first_kept = n_kept
            for link in range(timetable.transfer_ptr[stop] - 1, timetable.transfer_ptr[stop + 1]):
                # the change at the stop itself goes first, then the walks
                if link < timetable.transfer_ptr[stop]:
                    if timetable.change_s[stop] < 0:
                        continue
                    at = stop
                    ready_s = arrival + timetable.change_s[stop]
                else:
                    at = timetable.transfer_stop[link]
                    ready_s = arrival + timetable.transfer_s[link]
                for line in range(timetable.line_ptr[at], timetable.line_ptr[at + 1]):
                    p = timetable.line_pattern[line]
                    j = timetable.line_position[line]
                    n = timetable.pattern_trip[p + 1] - timetable.pattern_trip[p]
                    row = timetable.pattern_event[p] + j * n
                    found = first_trip(timetable.board_s, row, row + n, ready_s)
                    if found == row + n or timetable.board_s[found] > horizon_s:
                        continue
                    other = timetable.pattern_trip[p] + (found - row)
                    if p == pattern and other >= trip and j >= i:
                        continue  # staying on is no worse
                    other_event = timetable.trip_event[other]
                    other_end = (
                        other_event + timetable.pattern_ptr[p + 1] - timetable.pattern_ptr[p]
                    )
                    keep = False
                    for e in range(other_event + j + 1, other_end):
                        arrival_there = timetable.arrival_s[e]
                        if arrival_there > horizon_s:
                            break
                        there = timetable.event_stop[e]
                        if there < 0:
                            there = -1 - there
                        if arrival_there < label[there]:
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
                if not fits:
                    break
            if not fits:
                break
            # What was an improvement when it was found need not be one in the end. From the last
            # to the first, keep what a label rests on that nothing kept so far accounts for.
            for x in range(n_kept - 1, first_kept - 1, -1):
                p = timetable.trip_pattern[to_trip[x]]
                other_event = timetable.trip_event[to_trip[x]]
                other_end = other_event + timetable.pattern_ptr[p + 1] - timetable.pattern_ptr[p]
                keep = False
                for e in range(other_event + to_position[x] + 1, other_end):
                    arrival_there = timetable.arrival_s[e]
                    if arrival_there > horizon_s:
                        break
                    there = timetable.event_stop[e]
                    if there < 0:
                        there = -1 - there
                    if arrival_there < settled[there] and (keep or arrival_there == label[there]):
                        keep = True
                        settled[there] = arrival_there
                if not keep:
                    to_trip[x] = -1
            last = n_kept
            n_kept = first_kept
            for x in range(first_kept, last):
                if to_trip[x] >= 0:
                    to_trip[n_kept] = to_trip[x]
                    to_position[n_kept] = to_position[x]
                    n_kept += 1
            position_count[i] = n_kept - first_kept
        for x in range(n_touched):
            label[touched[x]] = UNREACHED
            settled[touched[x]] = UNREACHED
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
