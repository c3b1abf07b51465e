"""Kernels from stops to destinations: lanes of travel times, and what is read from them.

A lane is the uint16 travel time of one departure. At stops, a lane holds a value only where
waiting for a later departure is worse; ``65535 - limit`` stands for none, so that adding a walk
of at most the limit never overflows 16 bits and never comes out below the limit. Rows are padded to
a multiple of `LANE_BLOCK`, so that loops over them run in whole vector registers.
"""

# mypy: allow-untyped-defs, no-check-untyped-defs

from typing import Any, NamedTuple

import numpy as np
from numba import njit

LANE_BLOCK = 64


class Window(NamedTuple):
    n_lanes: int  # departures
    step_s: int
    limit_s: int


class AtStops(NamedTuple):
    lanes: Any  # uint16 (n_stops, n_lanes padded)
    reached: Any  # uint8 (n_stops,): whether its lanes hold anything


class Egress(NamedTuple):
    ptr: Any  # int64 (n_destinations + 1,)
    stop: Any  # int32 (n_links,)
    walk_s: Any  # uint16 (n_links,)


@njit(cache=True, nogil=True)
def fill_row(at_stops, egress, j, direct_s, window, row):
    """Travel times to one destination for all departures into `row`; False if never reached."""
    any_stop = False
    row[:] = 65535
    for e in range(egress.ptr[j], egress.ptr[j + 1]):
        stop = egress.stop[e]
        if at_stops.reached[stop]:
            any_stop = True
            walk = egress.walk_s[e]
            # one add and one minimum per 16-bit lane, no branch
            for i in range(row.shape[0]):
                row[i] = min(np.uint16(at_stops.lanes[stop, i] + walk), row[i])
    if not any_stop:
        if direct_s > window.limit_s:
            return False
        row[: window.n_lanes] = direct_s
        return True
    # who leaves earlier can do what a later departure does; beyond the limit is not reached
    direct = np.int32(direct_s)
    step = np.int32(window.step_s)
    limit = np.int32(window.limit_s)
    best = direct
    for i in range(window.n_lanes - 1, -1, -1):
        later = np.int32(best + step)
        now = min(np.int32(row[i]), direct)
        best = now if now < later else later
        row[i] = np.uint16(best if best <= limit else np.int32(65535))
    return True


@njit(cache=True, nogil=True)
def count_within(row, cutoff_s):
    """Departures that need at most `cutoff_s`."""
    count = np.uint16(0)
    for i in range(row.shape[0]):
        count = np.uint16(count + np.uint16(row[i] <= cutoff_s))
    return count


@njit(cache=True, nogil=True)
def destination_lanes(at_stops, egress, direct_s, window, row, out):
    """All lanes: `out` uint16 (n_destinations, n_lanes)."""
    for j in range(out.shape[0]):
        if not fill_row(at_stops, egress, j, direct_s[j], window, row):
            out[j] = 65535
        else:
            out[j] = row[: window.n_lanes]


@njit(cache=True, nogil=True)
def percentile_times(at_stops, egress, direct_s, window, row, index, out):
    """Sorted travel times at `index`: `out` float32 (n_percentiles, n_destinations)."""
    limit = np.uint16(window.limit_s)
    for j in range(out.shape[1]):
        out[:, j] = np.inf
        if not fill_row(at_stops, egress, j, direct_s[j], window, row):
            continue
        low, top = np.uint16(65535), np.uint16(0)
        for i in range(row.shape[0]):
            low = min(low, row[i])
            top = max(top, row[i] if row[i] <= limit else np.uint16(0))
        n_reached = count_within(row, top) if low <= limit else np.uint16(0)
        least = np.int64(low)
        for p in range(index.shape[0]):
            if index[p] >= n_reached:
                break
            # the least value that more than index[p] lanes do not exceed; `least` only rises
            high = np.int64(top)
            while least < high:
                middle = (least + high) // 2
                if count_within(row, np.uint16(middle)) > index[p]:
                    high = middle
                else:
                    least = middle + 1
            out[p, j] = least


@njit(cache=True, nogil=True)
def opportunity_sums(
    at_stops,
    egress,
    direct_s,
    window,
    row,  # scratch: uint16, as long as the rows of lanes
    n_met,  # int64 (n_lanes + 1,): percentiles that are met by a number of lanes
    cutoff_s,  # uint16 (n_cutoffs,)
    weight,  # float64 (n_destinations, n_weights)
    at_percentile,  # out: float64 (n_percentiles, n_cutoffs, n_weights)
    mean,  # out: float64 (n_cutoffs, n_weights)
):
    """Sums of `weight` within each cutoff: at percentiles of travel time, and mean of lanes."""
    at_percentile[:] = 0.0
    mean[:] = 0.0
    for j in range(weight.shape[0]):
        if not fill_row(at_stops, egress, j, direct_s[j], window, row):
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
    mean /= window.n_lanes


@njit(cache=True, nogil=True)
def departure_sums(
    at_stops,
    egress,
    direct_s,
    window,
    row,  # scratch: uint16, as long as the rows of lanes
    cutoff_s,  # uint16 (n_cutoffs,)
    weight,  # float64 (n_destinations, n_weights)
    out,  # float64 (n_cutoffs, n_weights, n_lanes)
):
    """Sums of `weight` within each cutoff, for every departure by itself."""
    out[:] = 0.0
    for j in range(weight.shape[0]):
        if not fill_row(at_stops, egress, j, direct_s[j], window, row):
            continue
        for c in range(cutoff_s.shape[0]):
            for w in range(weight.shape[1]):
                amount = weight[j, w]
                if amount != 0.0:
                    for lane in range(window.n_lanes):
                        out[c, w, lane] += amount if row[lane] <= cutoff_s[c] else 0.0
