"""Travel all the way without a ride, as searches over timetables ask for it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.access.transit import DirectTimes
from halfcircle.access.travel_times import TravelTimeSource

__all__ = ["DirectOf", "LeastDirect"]

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True, eq=False)
class DirectOf:
    """The times of a source without departures; an object, so that other processes can have it.

    Parameters
    ----------
    source : TravelTimeSource
        Its first percentile counts.
    """

    source: TravelTimeSource

    def __call__(self, origin_idx: Int64) -> Float32:
        """Times of a block of origins, shape (n_block, n_destinations), seconds."""
        return np.ascontiguousarray(self.source.times_s(origin_idx)[:, 0])


@dataclass(frozen=True, eq=False)
class LeastDirect:
    """Whichever of two ways is shorter."""

    one: DirectTimes
    other: DirectTimes

    def __call__(self, origin_idx: Int64) -> Float32:
        """Times of a block of origins, shape (n_block, n_destinations), seconds."""
        return np.minimum(self.one(origin_idx), self.other(origin_idx))
