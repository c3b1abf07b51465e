"""Balancing: rounds of row and column factors, each in one pass over the matrix.

Loops instead of matrix products: the order of the sums, and so every bit, is the same on every
machine and for any number of threads.
"""

from __future__ import annotations

from typing import TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Floats: TypeAlias = npt.NDArray[np.float64]


@njit(cache=True, nogil=True, error_model="numpy")
def deviation(seed: Floats, rows: Floats, columns: Floats, a: Floats, b: Floats) -> float:
    """Largest relative deviation of ``a[i] * seed[i, j] * b[j]`` from the margins."""
    n, m = seed.shape
    reached = np.zeros(m)
    worst = 0.0
    for i in range(n):
        total = 0.0
        for j in range(m):
            value = a[i] * seed[i, j] * b[j]
            total += value
            reached[j] += value
        worst = max(worst, abs(total - rows[i]) / (rows[i] if rows[i] > 0.0 else 1.0))
    for j in range(m):
        wanted = columns[j] if columns[j] > 0.0 else 1.0
        worst = max(worst, abs(reached[j] - columns[j]) / wanted)
    return worst


@njit(cache=True, nogil=True, error_model="numpy")
def balance_factors(
    seed: Floats,
    rows: Floats,
    columns: Floats,
    tolerance: float,
    max_rounds: int,
    a: Floats,
    b: Floats,
) -> int:
    """Balancing factors of a seed (n, m); a (n,) is filled, b (m,) is where it starts.

    Ends when the columns deviate by at most `tolerance` after the rows were met. Returns the
    number of rounds. O(n m) per round.
    """
    n, m = seed.shape
    reached = np.empty(m)
    rounds = 0
    while rounds < max_rounds:
        rounds += 1
        reached[:] = 0.0
        for i in range(n):
            if rows[i] <= 0.0:
                a[i] = 0.0
                continue
            total = 0.0
            for j in range(m):
                total += seed[i, j] * b[j]
            a[i] = rows[i] / total
            for j in range(m):
                reached[j] += a[i] * seed[i, j]
        worst = 0.0
        for j in range(m):
            if columns[j] > 0.0:
                worst = max(worst, abs(b[j] * reached[j] - columns[j]) / columns[j])
                b[j] = columns[j] / reached[j]
            else:
                b[j] = 0.0
        if not worst > tolerance:  # also when it is no number
            break
    return rounds
