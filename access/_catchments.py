"""Kernel: people to their nearest site."""

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def add_to_nearest(
    times_s: npt.NDArray[np.float32],
    supply: npt.NDArray[np.float64],
    people: npt.NDArray[np.float64],
    out: npt.NDArray[np.float64],
    out_unserved: npt.NDArray[np.float64],
) -> None:
    """Add ``people[i, q]`` to ``out[p, j, q]`` of the nearest j with supply, ties by supply.

    times_s (n, n_p, n_d), supply (n_d, n_q), people (n, n_q), out (n_p, n_d, n_q),
    out_unserved (n_p, n_q): people who reach no supply.
    """
    n, n_p, n_d = times_s.shape
    n_q = supply.shape[1]
    for i in range(n):
        for p in range(n_p):
            for q in range(n_q):
                least = np.inf
                at_least = 0.0
                for j in range(n_d):
                    if supply[j, q] > 0.0:
                        t = times_s[i, p, j]
                        if t < least:
                            least = t
                            at_least = supply[j, q]
                        elif t == least and t < np.inf:
                            at_least += supply[j, q]
                if least == np.inf:
                    out_unserved[p, q] += people[i, q]
                else:
                    for j in range(n_d):
                        if supply[j, q] > 0.0 and times_s[i, p, j] == least:
                            out[p, j, q] += people[i, q] * supply[j, q] / at_least
