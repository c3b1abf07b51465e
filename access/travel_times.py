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

from halfcircle._html import html_table
from halfcircle.places import Places

__all__ = ["ShownSource", "TravelTimeSource", "origin_blocks", "travel_time_table"]


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


class ShownSource:
    """What sources of travel times say of themselves, in a line and in notebooks."""

    def __repr__(self: TravelTimeSource) -> str:
        told = ", ".join(f"{name} {value}".strip() for name, value in _facts(self))
        return f"<{type(self).__name__} by {self.mode}: {told}>"

    def _repr_html_(self: TravelTimeSource) -> str:
        rows = [(name or "origins x destinations", value) for name, value in _facts(self)]
        rows.append(("see", ".times_s(origin_idx): (block, percentiles, destinations), seconds"))
        return html_table(f"{type(self).__name__}: {self.mode}", rows)


def _facts(source: TravelTimeSource) -> list[tuple[str, str]]:
    """Size, percentiles where there are others than the median, and the longest time."""
    facts = [("", f"{len(source.origins):,} x {len(source.destinations):,}")]
    if source.percentiles != (50,):
        facts.append(("percentiles", " ".join(str(p) for p in source.percentiles)))
    limit_s = getattr(source, "limit_s", np.inf)
    if np.isfinite(limit_s):
        facts.append(("up to", f"{limit_s / 60:g} min"))
    return facts


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
