"""Travel times behind one interface: routed, straight-line, or brought along.

Everything that needs travel times (reach, border loss, catchments, gravity models) asks a
`TravelTimeSource` for blocks of origins, so that memory is bounded by the block and not by
origins x destinations.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.places import Places

__all__ = ["TravelTimeSource", "origin_blocks", "travel_time_table"]


@runtime_checkable
class TravelTimeSource(Protocol):
    """Travel times from origins to destinations, a block of origins at a time."""

    @property
    def mode(self) -> str:
        """Name of the mode, as in tables and legends."""

    @property
    def percentiles(self) -> tuple[int, ...]:
        """Percentiles of travel time over the departure window; ``(50,)`` without a timetable."""

    @property
    def origins(self) -> Places:
        """Where trips start."""

    @property
    def destinations(self) -> Places:
        """Where trips end."""

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of a block of origins.

        Parameters
        ----------
        origin_idx : array of int64, shape (n_block,)

        Returns
        -------
        array of float32, shape (n_block, n_percentiles, n_destinations), seconds
            Infinite where the destination is not reached.
        """


def origin_blocks(n_origins: int, block_size: int) -> Iterator[npt.NDArray[np.int64]]:
    """Cut ``0 .. n_origins - 1`` into consecutive blocks of at most `block_size`."""
    for start in range(0, n_origins, block_size):
        yield np.arange(start, min(start + block_size, n_origins), dtype=np.int64)


def travel_time_table(source: TravelTimeSource, *, block_size: int = 256) -> pd.DataFrame:
    """Tidy table of all reached pairs; for small studies and checks.

    Parameters
    ----------
    source : TravelTimeSource
    block_size : int
        Origins computed at a time.

    Returns
    -------
    DataFrame
        origin_id, destination_id, mode, percentile, travel_time_min (minutes). Pairs that are not
        reached are left out.
    """
    frames = []
    from_id, to_id = source.origins.place_id, source.destinations.place_id
    for block in origin_blocks(len(source.origins), block_size):
        times_s = source.times_s(block)
        i, p, j = np.nonzero(np.isfinite(times_s))
        frames.append(
            pd.DataFrame(
                {
                    "origin_id": from_id[block[i]],
                    "destination_id": to_id[j],
                    "mode": source.mode,
                    "percentile": np.asarray(source.percentiles)[p],
                    "travel_time_min": times_s[i, p, j].astype(np.float64) / 60.0,
                }
            )
        )
    return pd.concat(frames, ignore_index=True)
