"""Which departure of a window a percentile of travel time is read from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = ["PercentileRule", "percentile_index"]

PercentileRule = Literal["floor", "r5"]


def percentile_index(
    percentiles: Sequence[int], n_departures: int, *, rule: PercentileRule = "floor"
) -> npt.NDArray[np.int64]:
    """Position of each percentile in the sorted travel times of all departures.

    The p-th percentile of n travel times, sorted from short to long, is the one at position
    ``min(floor(p * n / 100), n - 1)``, counted from 0: no interpolation, so that it is a travel
    time that really occurs. A departure that does not reach the destination counts as infinitely
    long. Hence the destination is within `c` at percentile p exactly if more than
    ``percentile_index`` departures need at most `c`: travel times and counts of opportunities
    follow the same rule. The median of 120 departures is the 61st shortest.

    Parameters
    ----------
    percentiles : sequence of int
        0 to 100.
    n_departures : int
        At least 1.
    rule : {"floor", "r5"}
        ``"r5"``: position ``ceil(p * n / 100) - 1``, as the engine R5 does (``TravelTimeReducer``
        of version 7): where p * n / 100 is whole, one earlier.

    Returns
    -------
    array of int64, shape (n_percentiles,)

    Examples
    --------
    >>> percentile_index([0, 25, 50, 100], 120).tolist()
    [0, 30, 60, 119]
    >>> percentile_index([0, 25, 50, 100], 120, rule="r5").tolist()
    [0, 29, 59, 119]
    """
    hundredfold = np.asarray(percentiles, dtype=np.int64) * n_departures
    position = -(-hundredfold // 100) - 1 if rule == "r5" else hundredfold // 100
    return np.clip(position, 0, n_departures - 1)
