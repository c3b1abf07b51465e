"""Kernels from stops to destinations: lanes of travel times, and what is read from them.

A lane is the uint16 travel time of one departure. At stops, a lane holds a value only where
waiting for a later departure is worse; ``65535 - limit`` stands for none, so that adding a walk
of at most the limit never overflows 16 bits and never comes out below the limit.
"""

import numpy as np
from numba import njit


@njit(cache=True, nogil=True)
def fill_row(lanes, reached, egress_stop, egress_s, start, end, direct_s, step_s, limit_s, row):
    """Travel times to one destination for all departures into `row`; False if never reached."""
    n_lanes = row.shape[0]
    any_stop = False
    for e in range(start, end):
        stop = egress_stop[e]
        if reached[stop]:
            walk = egress_s[e]
            at_stop = lanes[stop]
            if not any_stop:
                any_stop = True
                for i in range(n_lanes):
                    row[i] = np.uint16(at_stop[i] + walk)
            else:
                # one add and one minimum per 16-bit lane, no branch
                for i in range(n_lanes):
                    row[i] = min(np.uint16(at_stop[i] + walk), row[i])
    if not any_stop:
        if direct_s > limit_s:
            return False
        row[:] = direct_s
        return True
    best = 65535
    any_lane = False
    for i in range(n_lanes - 1, -1, -1):
        best = min(min(best + step_s, np.int64(row[i])), np.int64(direct_s))
        if best <= limit_s:
            row[i] = best
            any_lane = True
        else:
            row[i] = 65535
    return any_lane


@njit(cache=True, nogil=True)
def count_within(row, cutoff_s):
    """Departures that need at most `cutoff_s`."""
    count = np.uint16(0)
    for i in range(row.shape[0]):
        count = np.uint16(count + np.uint16(row[i] <= cutoff_s))
    return count


@njit(cache=True, nogil=True)
def destination_lanes(
    lanes, reached, egress_ptr, egress_stop, egress_s, direct_s, step_s, limit_s, out
):
    """All lanes: `out` uint16 (n_destinations, n_lanes)."""
    for j in range(out.shape[0]):
        start, end = egress_ptr[j], egress_ptr[j + 1]
        row = out[j]
        if not fill_row(
            lanes, reached, egress_stop, egress_s, start, end, direct_s[j], step_s, limit_s, row
        ):
            row[:] = 65535


@njit(cache=True, nogil=True)
def percentile_times(
    lanes, reached, egress_ptr, egress_stop, egress_s, direct_s, step_s, limit_s, index, row, out
):
    """Sorted travel times at `index`: `out` float32 (n_percentiles, n_destinations)."""
    for j in range(out.shape[1]):
        start, end = egress_ptr[j], egress_ptr[j + 1]
        out[:, j] = np.inf
        if not fill_row(
            lanes, reached, egress_stop, egress_s, start, end, direct_s[j], step_s, limit_s, row
        ):
            continue
        low = 65535
        for i in range(row.shape[0]):
            low = min(low, np.int64(row[i]))
        for p in range(index.shape[0]):
            # the least value that more than index[p] lanes do not exceed; `low` only rises
            high = limit_s + 1
            while low < high:
                middle = (low + high) // 2
                if count_within(row, np.uint16(middle)) > index[p]:
                    high = middle
                else:
                    low = middle + 1
            if low > limit_s:
                break
            out[p, j] = low


@njit(cache=True, nogil=True)
def opportunity_sums(
    lanes,
    reached,
    egress_ptr,
    egress_stop,
    egress_s,
    direct_s,
    step_s,
    limit_s,
    n_met,  # int64 (n_lanes + 1,): percentiles that are met by a number of lanes
    cutoff_s,  # uint16 (n_cutoffs,)
    weight,  # float64 (n_destinations, n_weights)
    row,
    at_percentile,  # out: float64 (n_percentiles, n_cutoffs, n_weights)
    mean,  # out: float64 (n_cutoffs, n_weights)
):
    """Sums of `weight` within each cutoff: at percentiles of travel time, and mean of lanes."""
    at_percentile[:] = 0.0
    mean[:] = 0.0
    for j in range(weight.shape[0]):
        start, end = egress_ptr[j], egress_ptr[j + 1]
        if not fill_row(
            lanes, reached, egress_stop, egress_s, start, end, direct_s[j], step_s, limit_s, row
        ):
            continue
        for c in range(cutoff_s.shape[0]):
            count = np.int64(count_within(row, cutoff_s[c]))
            met = n_met[count]
            for w in range(weight.shape[1]):
                mean[c, w] += weight[j, w] * count
                if met > 0:
                    at_percentile[met - 1, c, w] += weight[j, w]
    # so far at the highest percentile that is met; it meets all lower ones as well
    for p in range(at_percentile.shape[0] - 2, -1, -1):
        at_percentile[p] += at_percentile[p + 1]
    mean /= row.shape[0]
