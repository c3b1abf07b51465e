"""Kernels: two commutes from one home, and trips by way of a stop."""

import numpy as np
import numpy.typing as npt
from numba import njit


@njit(cache=True, nogil=True)
def pairs_within_total(
    first_s: npt.NDArray[np.float32],
    first_jobs: npt.NDArray[np.float64],
    second_s: npt.NDArray[np.float32],
    second_jobs: npt.NDArray[np.float64],
    each_s: float,
    total_s: float,
    out: npt.NDArray[np.float64],
) -> None:
    """Jobs of the one, of the other, and pairs of jobs whose times also add up to a total.

    first_s (n, n_p, n_a), first_jobs (n_a,), second_s (n, n_p, n_b), second_jobs (n_b,),
    out (n, n_p, 3). Both sides in order of time: as the first gets longer, the second that still
    fits gets shorter, one pass each. O(n n_p (n_a log n_a + n_b log n_b)).
    """
    n, n_p, n_a = first_s.shape
    n_b = second_s.shape[2]
    for i in range(n):
        for p in range(n_p):
            by_first = np.argsort(first_s[i, p], kind="mergesort")
            by_second = np.argsort(second_s[i, p], kind="mergesort")
            held = 0.0
            last = 0
            while last < n_b and second_s[i, p, by_second[last]] <= each_s:
                held += second_jobs[by_second[last]]
                last += 1
            out[i, p, 1] = held
            # held_upto[b]: jobs of the second among the b nearest.
            held_upto = np.zeros(last + 1)
            for b in range(last):
                held_upto[b + 1] = held_upto[b] + second_jobs[by_second[b]]
            jobs = 0.0
            pairs = 0.0
            fits = last
            for a in range(n_a):
                t = np.float64(first_s[i, p, by_first[a]])
                if t > each_s:
                    break
                while fits > 0 and t + np.float64(second_s[i, p, by_second[fits - 1]]) > total_s:
                    fits -= 1
                jobs += first_jobs[by_first[a]]
                pairs += first_jobs[by_first[a]] * held_upto[fits]
            out[i, p, 0] = jobs
            out[i, p, 2] = pairs


@njit(cache=True, nogil=True)
def least_by_stop(
    to_stop_s: npt.NDArray[np.float32],
    from_stop_s: npt.NDArray[np.float32],
    stop_s: float,
    limit_s: float,
    out_s: npt.NDArray[np.float32],
) -> None:
    """Least time over all stops: to the stop, the stay there, and on; infinite beyond a limit.

    to_stop_s (n, n_p, n_s), from_stop_s (n_s, n_p, n_d), out_s (n, n_p, n_d).
    """
    n, n_p, n_s = to_stop_s.shape
    n_d = from_stop_s.shape[2]
    for i in range(n):
        for p in range(n_p):
            for j in range(n_d):
                out_s[i, p, j] = np.inf
            for s in range(n_s):
                start = to_stop_s[i, p, s] + stop_s
                if start <= limit_s:
                    for j in range(n_d):
                        t = start + from_stop_s[s, p, j]
                        if t <= limit_s and t < out_s[i, p, j]:
                            out_s[i, p, j] = t
