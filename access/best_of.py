"""The fastest of several modes for every pair, and which one that is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access.measures import Weights
from halfcircle.access.travel_times import ShownSource, TravelTimeSource
from halfcircle.errors import TravelTimeError
from halfcircle.places import Places

__all__ = ["WINNING_COLUMNS", "BestOf", "most_of", "winning_block_table"]

WINNING_COLUMNS = (
    "zone_id",
    "scenario",
    "set",
    "opportunity",
    "group",
    "band_min",
    "percentile",
    "mode",
    "value",
    "most",
)


@dataclass(frozen=True, eq=False, repr=False)
class BestOf(ShownSource):
    """Travel times of whichever of several modes is the fastest; a `TravelTimeSource`.

    The least is taken per pair of places and per percentile: the best median is the least of the
    medians, not the median over departures of the best. A mode without a timetable takes the same
    time at every percentile.

    Parameters
    ----------
    mode : str
        Name of the set.
    sources : tuple of TravelTimeSource
        Between the same places; all percentiles the same, or none but the median.

    Raises
    ------
    TravelTimeError
        There is no source, or places or percentiles differ.
    """

    mode: str
    sources: tuple[TravelTimeSource, ...]

    def __post_init__(self) -> None:
        faults = Faults()
        where = f"best of {self.mode!r}"
        if not self.sources:
            faults.add(where, "there is no mode")
        for source in self.sources[1:]:
            if len(source.origins) != len(self.origins) or len(source.destinations) != len(
                self.destinations
            ):
                faults.add(where, "is between other places", values=[source.mode])
        several = {s.percentiles for s in self.sources if len(s.percentiles) > 1}
        if len(several) > 1:
            faults.add(where, "percentiles differ", values=sorted(several))
        faults.raise_errors(TravelTimeError)

    @property
    def percentiles(self) -> tuple[int, ...]:
        """Those of the modes with a timetable."""
        return max((s.percentiles for s in reversed(self.sources)), key=len)

    @property
    def origins(self) -> Places:
        """Where trips start."""
        return self.sources[0].origins

    @property
    def destinations(self) -> Places:
        """Where trips end."""
        return self.sources[0].destinations

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Least travel times: (n_block, n_percentiles, n_destinations), seconds."""
        return self.best(origin_idx)[0]

    def best(
        self, origin_idx: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.int8]]:
        """Least travel times and the mode that they are of.

        Parameters
        ----------
        origin_idx : array of int64, shape (n_block,)

        Returns
        -------
        array of float32, shape (n_block, n_percentiles, n_destinations), seconds
        array of int8, of the same shape
            Row of `sources`; of modes that take the same time the first. -1 where none gets there.
        """
        shape = (len(origin_idx), len(self.percentiles), len(self.destinations))
        least_s = np.full(shape, np.inf, dtype=np.float32)
        winner = np.full(shape, -1, dtype=np.int8)
        for number, source in enumerate(self.sources):
            times_s = source.times_s(origin_idx)
            faster = times_s < least_s
            winner[faster] = number
            np.minimum(least_s, times_s, out=least_s)
        return least_s, winner


def winning_block_table(
    best: BestOf,
    origin_idx: npt.NDArray[np.int64],
    times_s: npt.NDArray[np.float32],
    winner: npt.NDArray[np.int8],
    weights: Weights,
    *,
    bands_min: Sequence[float],
    missing: npt.NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Shares of what is reached for which each mode is the fastest, for a block of origins.

    Parameters
    ----------
    best : BestOf
    origin_idx : array of int64, shape (n_block,)
    times_s, winner
        From `BestOf.best`.
    weights : Weights
    bands_min : sequence of float, minutes
    missing : array of bool, shape (n_origins,), optional
        Origins of which nothing is known.

    Returns
    -------
    DataFrame
        Columns `WINNING_COLUMNS`; `value` is a share of 0 to 1, the shares of the modes of a set
        add up to 1; missing where nothing is reached. `most` is 1 for the mode with the largest
        share (of equal ones the first of the set), else 0.
    """
    bands = sorted(float(b) for b in bands_min)
    n, n_p, _ = times_s.shape
    n_modes, n_q = len(best.sources), weights.matrix.shape[1]
    sums = np.empty((n, n_p, len(bands), n_q, n_modes))
    for b, band in enumerate(bands):
        within = times_s <= np.float32(band) * np.float32(60.0)
        for m in range(n_modes):
            won = (within & (winner == m)).reshape(n * n_p, -1)
            sums[:, :, b, :, m] = (won.astype(np.float64) @ weights.matrix).reshape(n, n_p, n_q)
    total = sums.sum(axis=-1, keepdims=True)
    share = np.divide(sums, total, out=np.full_like(sums, np.nan), where=total > 0.0)
    if missing is not None:
        share[missing[origin_idx]] = np.nan
    i, p, b, q, m = (axis.ravel() for axis in np.indices(share.shape))
    label = np.array(weights.labels, dtype=object).reshape(-1, 2)
    return pd.DataFrame(
        {
            "zone_id": best.origins.place_id[origin_idx[i]],
            "scenario": "baseline",
            "set": best.mode,
            "opportunity": label[q, 0],
            "group": label[q, 1],
            "band_min": np.asarray(bands)[b],
            "percentile": np.asarray(best.percentiles, dtype=np.int64)[p],
            "mode": np.array([s.mode for s in best.sources], dtype=object)[m],
            "value": share.ravel(),
            "most": most_of(share).ravel(),
        }
    )[list(WINNING_COLUMNS)]


def most_of(share: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """1 for the largest of the last axis, the first of equal ones, else 0; 0 where unknown."""
    known = ~np.isnan(share).any(axis=-1, keepdims=True)
    place = np.nan_to_num(share, nan=0.0).argmax(axis=-1)[..., np.newaxis]
    return np.asarray((np.arange(share.shape[-1]) == place) & known, dtype=np.int64)
