"""Kernel: reach into the home country reflected in a line.

Shapes: n origins of a block, J destinations, K columns of opportunities, B ascending bands, D decay
tables, M = B + D measures, P points of a pace curve.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@njit(cache=True, nogil=True)
def _weight(table: Floats, step_s: float, time_s: float) -> float:
    """Value of a decay table at this time; 0 beyond its end."""
    position = time_s / step_s
    low = int(position)
    last = len(table) - 1
    if low >= last:
        return float(table[last]) if position == last else 0.0
    return float(table[low] + (position - low) * (table[low + 1] - table[low]))


@njit(cache=True, nogil=True)
def _pace(paces: Floats, step_m: float, distance_m: float) -> float:
    """Seconds per metre at a distance: between the middles of classes, level beyond the ends."""
    position = distance_m / step_m - 0.5
    if position <= 0.0:
        return float(paces[0])
    low = int(position)
    if low >= len(paces) - 1:
        return float(paces[-1])
    if not paces[low] < np.inf or not paces[low + 1] < np.inf:
        return float(paces[low + 1] if position - low >= 0.5 else paces[low])
    return float(paces[low] + (position - low) * (paces[low + 1] - paces[low]))


@njit(cache=True, nogil=True)
def mirrored_reach(
    distance_m: Floats,  # (n, J), inf = not looked at
    azimuth_deg: npt.NDArray[np.float32],  # (n, J), nan = at the origin itself
    origin_side: Ints,  # (n,)
    destination_side: Ints,  # (J,)
    weights: Floats,  # (J, K)
    normal: Floats,  # (n, 2): east and north of the unit vector across the line; nan = no line
    offset_m: Floats,  # (n,): from the origin to the line along it
    paces: Floats,  # (n, P), s/m, inf = not reached
    step_m: float,
    least_s: Floats,  # (n,): no trip is shorter
    bands_s: Floats,  # (B,)
    tables: Floats,  # (D, T)
    step_s: float,
    out: Floats,  # (n, M, K), zeros on entry
) -> None:
    n, n_destinations = distance_m.shape
    n_columns = weights.shape[1]
    n_bands, n_tables = len(bands_s), len(tables)
    for i in range(n):
        if math.isnan(normal[i, 0]):
            continue
        for j in range(n_destinations):
            if destination_side[j] != origin_side[i] or not distance_m[i, j] < np.inf:
                continue
            east = north = 0.0
            # float() of a compiled float32 stays one, and so would the angle
            degrees = np.float64(azimuth_deg[i, j])
            if degrees == degrees:
                east = distance_m[i, j] * math.sin(math.radians(degrees))
                north = distance_m[i, j] * math.cos(math.radians(degrees))
            across_m = offset_m[i] - (east * normal[i, 0] + north * normal[i, 1])
            if across_m < 0.0:  # beyond the line itself: its image would lie at home
                continue
            east += 2.0 * across_m * normal[i, 0]
            north += 2.0 * across_m * normal[i, 1]
            far_m = math.hypot(east, north)
            time_s = max(far_m * _pace(paces[i], step_m, far_m), least_s[i])
            if not time_s < np.inf:
                continue
            for m in range(n_bands + n_tables):
                if m < n_bands:
                    w = 1.0 if time_s <= bands_s[m] else 0.0
                else:
                    w = _weight(tables[m - n_bands], step_s, time_s)
                if w > 0.0:
                    for k in range(n_columns):
                        out[i, m, k] += w * weights[j, k]
