"""Kernel: the times at which so many opportunities are reached."""

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def times_to_counts(
    times_s: npt.NDArray[np.float32],
    supply: npt.NDArray[np.float64],
    counts: npt.NDArray[np.float64],
    out_s: npt.NDArray[np.float64],
    out_idx: npt.NDArray[np.int64],
) -> None:
    """Time at which the running sum of ``supply[:, q]`` in order of time reaches each count.

    times_s (n, n_p, n_d), supply (n_d, n_q), counts (n_k,) ascending, out_s and out_idx
    (n, n_p, n_k, n_q): NaN and -1 where never. Of destinations at the same time the first in order
    is named. O(n n_p n_d log n_d): one sort per origin and percentile serves all columns.
    """
    n, n_p, n_d = times_s.shape
    n_k = len(counts)
    n_q = supply.shape[1]
    for i in range(n):
        for p in range(n_p):
            order = np.argsort(times_s[i, p], kind="mergesort")
            for q in range(n_q):
                for k in range(n_k):
                    out_s[i, p, k, q] = np.nan
                    out_idx[i, p, k, q] = -1
                k = 0
                held = 0.0
                for at in range(n_d):
                    j = order[at]
                    t = times_s[i, p, j]
                    if not np.isfinite(t) or k == n_k:
                        break
                    held += supply[j, q]
                    while k < n_k and supply[j, q] > 0.0 and held >= counts[k]:
                        out_s[i, p, k, q] = t
                        out_idx[i, p, k, q] = j
                        k += 1
