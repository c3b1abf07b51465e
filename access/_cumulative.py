"""Kernel: weights within cutoffs, for a block of travel times."""

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def sum_within(
    times_s: npt.NDArray[np.float32],
    cutoffs_s: npt.NDArray[np.float32],
    weights: npt.NDArray[np.float64],
    out: npt.NDArray[np.float64],
) -> None:
    """Sum ``weights[j, q]`` over ``times_s[i, p, j] <= cutoffs_s[c]`` into ``out[i, p, c, q]``.

    times_s (n, n_p, n_d), cutoffs_s (n_c,) ascending, weights (n_d, n_q), out (n, n_p, n_c, n_q).
    One pass over the times: each counts in the first cutoff that it meets, running sums give the
    rest. O(n n_p n_d n_q).
    """
    n, n_p, n_d = times_s.shape
    n_c = len(cutoffs_s)
    n_q = weights.shape[1]
    last = cutoffs_s[n_c - 1]
    for i in range(n):
        for p in range(n_p):
            for c in range(n_c):
                for q in range(n_q):
                    out[i, p, c, q] = 0.0
            for j in range(n_d):
                t = times_s[i, p, j]
                if t <= last:
                    c = 0
                    while t > cutoffs_s[c]:
                        c += 1
                    for q in range(n_q):
                        out[i, p, c, q] += weights[j, q]
            for c in range(1, n_c):
                for q in range(n_q):
                    out[i, p, c, q] += out[i, p, c - 1, q]
