"""Kernel: people within cutoffs of each destination, added up over blocks of origins."""

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def add_people_within(
    times_s: npt.NDArray[np.float32],
    cutoffs_s: npt.NDArray[np.float32],
    people: npt.NDArray[np.float64],
    site_idx: npt.NDArray[np.int64],
    out: npt.NDArray[np.float64],
) -> None:
    """Add ``people[i, q]`` to ``out[s, p, c, q]`` at the first cutoff that ``times_s[i, p, site]``
    meets.

    times_s (n, n_p, n_d), cutoffs_s (n_c,) ascending, people (n, n_q), site_idx (n_s,),
    out (n_s, n_p, n_c, n_q): counts per band between cutoffs; running sums over c give the reach.
    """
    n, n_p, _ = times_s.shape
    n_c = len(cutoffs_s)
    n_q = people.shape[1]
    last = cutoffs_s[n_c - 1]
    for i in range(n):
        for p in range(n_p):
            for s in range(len(site_idx)):
                t = times_s[i, p, site_idx[s]]
                if t <= last:
                    c = 0
                    while t > cutoffs_s[c]:
                        c += 1
                    for q in range(n_q):
                        out[s, p, c, q] += people[i, q]
