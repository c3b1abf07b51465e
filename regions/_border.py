"""Kernels: reach on either side of a border, per measure, and per compass sector.

Shapes: n origins of a block, J destinations, K columns of opportunities (kind x group), B bands in
ascending order, D decay tables, M = B + D measures, V sets of rules, S sides (countries).
Sides are indices; -1 means "on no side" and is left out.
"""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

CORE = 16


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
def border_reach(
    times_s: npt.NDArray[np.float32],  # (n, J), inf = not reached
    origin_side: Ints,  # (n,)
    destination_side: Ints,  # (J,)
    weights: Floats,  # (J, K)
    bands_s: Floats,  # (B,)
    tables: Floats,  # (D, T)
    step_s: float,
    penalty_s: Floats,  # (V, S, S), inf = closed
    factor: Floats,  # (V, K, S, S)
    match: Floats,  # (n, K), weight of foreign opportunities for residents of the origin
    use_match: npt.NDArray[np.bool_],  # (V,)
    domestic: Floats,  # (n, M, K) out, zeros on entry, as all below but nearest_s
    reach: Floats,  # (n, M, K) out: without a border
    effective: Floats,  # (n, V, M, K) out
    nearest_s: Floats,  # (n, S) out: nearest destination per side, inf on entry
) -> None:
    n, n_destinations = times_s.shape
    n_columns = weights.shape[1]
    n_bands, n_tables = len(bands_s), len(tables)
    n_sets = len(penalty_s)
    for i in range(n):
        own = origin_side[i]
        if own < 0:
            continue
        for j in range(n_destinations):
            side = destination_side[j]
            time_s = float(times_s[i, j])
            if side < 0 or not time_s < np.inf:
                continue
            nearest_s[i, side] = min(nearest_s[i, side], time_s)
            band = 0
            while band < n_bands and time_s > bands_s[band]:
                band += 1
            # Foreign opportunities go to `reach` and domestic ones are added at the end, so that
            # the open reach is never below the domestic one through rounding.
            out = domestic if side == own else reach
            if band < n_bands:
                for k in range(n_columns):
                    out[i, band, k] += weights[j, k]
            for d in range(n_tables):
                w = _weight(tables[d], step_s, time_s)
                if w > 0.0:
                    for k in range(n_columns):
                        out[i, n_bands + d, k] += w * weights[j, k]
            if side == own:
                continue
            for v in range(n_sets):
                charged_s = time_s + penalty_s[v, own, side]
                if not charged_s < np.inf:
                    continue
                band = 0
                while band < n_bands and charged_s > bands_s[band]:
                    band += 1
                if band < n_bands:
                    for k in range(n_columns):
                        value = weights[j, k] * factor[v, k, own, side]
                        if use_match[v]:
                            value *= match[i, k]
                        effective[i, v, band, k] += value
                for d in range(n_tables):
                    w = _weight(tables[d], step_s, charged_s)
                    if w > 0.0:
                        for k in range(n_columns):
                            value = w * weights[j, k] * factor[v, k, own, side]
                            if use_match[v]:
                                value *= match[i, k]
                            effective[i, v, n_bands + d, k] += value
        for k in range(n_columns):
            for b in range(1, n_bands):
                domestic[i, b, k] += domestic[i, b - 1, k]
                reach[i, b, k] += reach[i, b - 1, k]
                for v in range(n_sets):
                    effective[i, v, b, k] += effective[i, v, b - 1, k]
            for m in range(n_bands + n_tables):
                reach[i, m, k] += domestic[i, m, k]
                for v in range(n_sets):
                    effective[i, v, m, k] += domestic[i, m, k]


@njit(cache=True, nogil=True)
def sector_reach(
    times_s: npt.NDArray[np.float32],  # (n, J)
    azimuth_deg: npt.NDArray[np.float32],  # (n, J), nan = core
    origin_side: Ints,  # (n,)
    destination_side: Ints,  # (J,)
    weights: Floats,  # (J, K)
    bands_s: Floats,  # (B,)
    tables: Floats,  # (D, T)
    step_s: float,
    domestic: Floats,  # (n, M, K, 17) out, zeros on entry
    reach: Floats,  # (n, M, K, 17) out
    vectors: Floats,  # (n, M, K, 4) out: domestic east, north; open east, north
) -> None:
    n, n_destinations = times_s.shape
    n_columns = weights.shape[1]
    n_bands, n_tables = len(bands_s), len(tables)
    for i in range(n):
        own = origin_side[i]
        if own < 0:
            continue
        for j in range(n_destinations):
            side = destination_side[j]
            time_s = float(times_s[i, j])
            if side < 0 or not time_s < np.inf:
                continue
            degrees = np.float64(azimuth_deg[i, j])
            sector = CORE
            east = north = 0.0
            if degrees == degrees:
                sector = math.floor((degrees + 11.25) / 22.5) % 16
                east = math.sin(math.radians(degrees))
                north = math.cos(math.radians(degrees))
            home = side == own
            first = 0
            while first < n_bands and time_s > bands_s[first]:
                first += 1
            for m in range(first, n_bands + n_tables):
                w = 1.0
                if m >= n_bands:
                    w = _weight(tables[m - n_bands], step_s, time_s)
                    if w <= 0.0:
                        continue
                for k in range(n_columns):
                    value = w * weights[j, k]
                    if home:
                        domestic[i, m, k, sector] += value
                        vectors[i, m, k, 0] += value * east
                        vectors[i, m, k, 1] += value * north
                    else:
                        reach[i, m, k, sector] += value
                        vectors[i, m, k, 2] += value * east
                        vectors[i, m, k, 3] += value * north
        for m in range(n_bands + n_tables):
            for k in range(n_columns):
                for s in range(CORE + 1):
                    reach[i, m, k, s] += domestic[i, m, k, s]
                vectors[i, m, k, 2] += vectors[i, m, k, 0]
                vectors[i, m, k, 3] += vectors[i, m, k, 1]
