"""Travel times in whatever form they come, a block of origins at a time."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt

from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import TravelTimeError

Block: TypeAlias = npt.NDArray[np.int64]
#: A source of the access room, a matrix of seconds, or a function of a block of origins.
Times: TypeAlias = "TravelTimeSource | npt.NDArray[Any] | Callable[[Block], npt.NDArray[Any]]"
BLOCK = 512


def block_times_s(times: Times, origin_idx: Block, n: int) -> npt.NDArray[np.float64]:
    """Seconds from these origins to all n zones, shape (n_block, n); infinite if not reached.

    Of several percentiles the median is taken, or the first where there is no median.
    """
    if isinstance(times, np.ndarray):
        block = times[origin_idx]
    elif isinstance(times, TravelTimeSource):
        percentiles = times.percentiles
        block = times.times_s(origin_idx)[:, percentiles.index(50) if 50 in percentiles else 0]
    else:
        block = times(origin_idx)
    block = np.asarray(block, dtype=np.float64)
    if block.ndim == 3:
        block = block[:, 0]
    if block.shape != (len(origin_idx), n):
        expected = f"({len(origin_idx)}, {n})"
        raise TravelTimeError(f"travel times: a block has shape {block.shape}, expected {expected}")
    if np.isnan(block).any() or (block < 0).any():
        raise TravelTimeError("travel times: negative or missing; use infinity for not reached")
    return block


def matrix_s(times: Times, n: int) -> npt.NDArray[np.float32]:
    """All travel times between n zones, seconds, shape (n, n)."""
    out = np.empty((n, n), np.float32)
    for start in range(0, n, BLOCK):
        idx = np.arange(start, min(start + BLOCK, n), dtype=np.int64)
        out[idx] = block_times_s(times, idx, n)
    return out
