"""Kernels from stops to destinations for a continuous window: nothing is sampled.

At a stop, `Points` hold the journeys worth making. A destination takes the best of its stops: a
staircase of journeys, each of which leaves later and arrives later than the one before. Between
two departures one waits for the next, so that the travel time falls by a second per second: a
*step* is such an interval, given by its shortest time and its length in seconds. A step whose
shortest time is s holds one departure each for s, s + 1, ..., s + length - 1 seconds: the number
within a cutoff needs no look at single seconds. Walking all the way caps the time everywhere.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs

from typing import Any, NamedTuple

import numpy as np
from numba import njit

UNREACHED = 2**30
EVENTS_AT_A_TIME = 16


class Span(NamedTuple):
    window_s: int  # number of departures, one per second
    limit_s: int


class Steps(NamedTuple):
    earliest: Any  # scratch: int32 (most events, a multiple of EVENTS_AT_A_TIME)
    shortest_s: Any  # int32 (most events,)
    length_s: Any  # int32 (most events,)
    last_s: Any  # int32 (most events,): last departure of the step


@njit(cache=True, nogil=True)
def fill_steps(points, egress, j, steps):
    """Steps of one destination, from the last to the first; returns how many."""
    n_events = points.n_events[0]
    earliest = steps.earliest
    padded = -(-n_events // EVENTS_AT_A_TIME) * EVENTS_AT_A_TIME
    earliest[:padded] = UNREACHED
    for e in range(egress.ptr[j], egress.ptr[j + 1]):
        stop = egress.stop[e]
        walk = np.int32(egress.walk_s[e])
        first = points.first[stop]
        for x in range(first, first + points.count[stop]):
            event = points.event_arrival[x, 0]
            earliest[event] = min(earliest[event], np.int32(points.event_arrival[x, 1] + walk))
    n = 0
    best = np.int32(UNREACHED)
    for start in range(0, padded, EVENTS_AT_A_TIME):
        least = np.int32(UNREACHED)
        for event in range(start, start + EVENTS_AT_A_TIME):
            least = min(least, earliest[event])
        if least >= best:
            continue
        for event in range(start, start + EVENTS_AT_A_TIME):
            if earliest[event] >= best:
                continue
            best = earliest[event]
            departure = points.departure_s[event]
            if n > 0:
                steps.length_s[n - 1] = steps.last_s[n - 1] - departure
            steps.shortest_s[n] = best - departure
            steps.last_s[n] = departure
            n += 1
    if n > 0:
        steps.length_s[n - 1] = steps.last_s[n - 1] + 1
    return n


@njit(cache=True, nogil=True)
def seconds_within(steps, n, cutoff_s):
    """Departures by vehicle that need at most `cutoff_s`."""
    count = np.int32(0)
    for i in range(n):
        inside = np.int32(cutoff_s + np.int32(1) - steps.shortest_s[i])
        count += np.int32(max(np.int32(0), min(inside, steps.length_s[i])))
    return count


@njit(cache=True, nogil=True)
def interval_lanes(points, egress, direct_s, span, steps, out):
    """Every second: `out` uint16 (n_destinations, window_s), 65535 where not reached."""
    for j in range(out.shape[0]):
        n = fill_steps(points, egress, j, steps)
        direct = np.int64(direct_s[j])
        out[j] = direct if direct <= span.limit_s else 65535
        for i in range(n):
            for back in range(steps.length_s[i]):
                time_s = steps.shortest_s[i] + back
                if time_s <= span.limit_s and time_s < direct:
                    out[j, steps.last_s[i] - back] = time_s


@njit(cache=True, nogil=True)
def interval_percentiles(points, egress, direct_s, span, steps, index, out):
    """Sorted travel times at `index`: `out` float32 (n_percentiles, n_destinations)."""
    for j in range(out.shape[1]):
        out[:, j] = np.inf
        n = fill_steps(points, egress, j, steps)
        # walking all the way is possible at any second: no percentile is longer
        longest = min(np.int64(direct_s[j]), span.limit_s + 1)
        low = longest
        for i in range(n):
            low = min(low, np.int64(steps.shortest_s[i]))
        for p in range(index.shape[0]):
            # the least value that more than index[p] seconds do not exceed; `low` only rises
            high = longest
            while low < high:
                middle = (low + high) // 2
                if seconds_within(steps, n, np.int32(middle)) > index[p]:
                    high = middle
                else:
                    low = middle + 1
            if low > span.limit_s:
                break
            out[p, j] = low


@njit(cache=True, nogil=True)
def interval_sums(
    points,
    egress,
    direct_s,
    span,
    steps,
    index,  # int64 (n_percentiles,): position of each in the sorted times
    cutoff_s,  # uint16 (n_cutoffs,)
    weight,  # float64 (n_destinations, n_weights)
    at_percentile,  # out: float64 (n_percentiles, n_cutoffs, n_weights)
    mean,  # out: float64 (n_cutoffs, n_weights)
):
    """Sums of `weight` within each cutoff: at percentiles of travel time, and mean of seconds."""
    at_percentile[:] = 0.0
    mean[:] = 0.0
    for j in range(weight.shape[0]):
        n = fill_steps(points, egress, j, steps)
        direct = np.int64(direct_s[j])
        if n == 0 and direct > span.limit_s:
            continue
        for c in range(cutoff_s.shape[0]):
            if direct <= cutoff_s[c]:
                count = np.int64(span.window_s)
            else:
                count = np.int64(seconds_within(steps, n, np.int32(cutoff_s[c])))
            met = 0
            while met < index.shape[0] and index[met] < count:
                met += 1
            for w in range(weight.shape[1]):
                mean[c, w] += weight[j, w] * count
                if met > 0:
                    at_percentile[met - 1, c, w] += weight[j, w]
    # so far at the highest percentile that is met; it meets all lower ones as well
    for p in range(at_percentile.shape[0] - 2, -1, -1):
        at_percentile[p] += at_percentile[p + 1]
    mean /= span.window_s


@njit(cache=True, nogil=True)
def interval_departure_sums(
    points,
    egress,
    direct_s,
    steps,
    cutoff_s,  # uint16 (n_cutoffs,)
    weight,  # float64 (n_destinations, n_weights)
    out,  # float64 (n_cutoffs, n_weights, window_s)
):
    """Sums of `weight` within each cutoff, for every second by itself."""
    out[:] = 0.0
    for j in range(weight.shape[0]):
        n = fill_steps(points, egress, j, steps)
        for c in range(cutoff_s.shape[0]):
            cutoff = np.int64(cutoff_s[c])
            always = np.int64(direct_s[j]) <= cutoff
            for w in range(weight.shape[1]):
                amount = weight[j, w]
                if amount == 0.0:
                    continue
                if always:
                    out[c, w] += amount
                    continue
                for i in range(n):
                    inside = min(cutoff + 1 - steps.shortest_s[i], np.int64(steps.length_s[i]))
                    end = steps.last_s[i] + 1
                    for second in range(end - max(inside, 0), end):
                        out[c, w, second] += amount
