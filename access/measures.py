"""Reach: opportunities within travel-time bands, or weighted by a decay of travel time.

Cumulative opportunities (Wachs & Kumagai 1973, doi:10.1016/0038-0121(73)90041-4):
``A_i(T) = sum_j O_j [t_ij <= T]``. Over a departure window ``t_ij`` is a percentile of the travel
times of all departures (Conway, Byrd & van der Linden 2017, doi:10.3141/2653-06): the measure
``cumulative``. The other way around, each departure has its own reach, and the window has the mean
of it and percentiles of it, from little to much: the measures ``mean`` and ``departures``, which
need a `DepartureSource`. Potential accessibility (Hansen 1959, doi:10.1080/01944365908978307):
``A_i = sum_j O_j f(t_ij)``: the measure ``decay``.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access._cumulative import sum_within
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.places import Opportunities

__all__ = [
    "REACH_COLUMNS",
    "DepartureSource",
    "FusedSource",
    "Weights",
    "cumulative_block",
    "decay_block",
    "departures_block_table",
    "reach_block_table",
    "reach_table",
]

Decay = Callable[[npt.NDArray[np.float32]], npt.NDArray[np.floating]]
REACH_COLUMNS = (
    "zone_id",
    "scenario",
    "mode",
    "opportunity",
    "group",
    "band_min",
    "percentile",
    "measure",
    "value",
)


@runtime_checkable
class FusedSource(Protocol):
    """A source that sums opportunities itself, without forming travel times first."""

    def opportunities_within(
        self,
        origin_idx: npt.NDArray[np.int64],
        weights: npt.NDArray[np.float64],
        cutoffs_s: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float64]:
        """Sums of shape (n_block, n_percentiles, n_cutoffs, n_weights); see `cumulative_block`."""


@runtime_checkable
class DepartureSource(Protocol):
    """A source whose departures have a reach each."""

    def over_departures(
        self,
        origin_idx: npt.NDArray[np.int64],
        weights: npt.NDArray[np.float64],
        cutoffs_s: npt.NDArray[np.float32],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Mean (n_block, n_cutoffs, n_weights) and percentiles (n_block, n_percentiles, ...)."""


class Weights:
    """Opportunities of all kinds and groups as one matrix, missing counts left out of sums.

    Parameters
    ----------
    opportunities : sequence of Opportunities
        All over the same destinations.

    Attributes
    ----------
    labels : tuple of (opportunity, group)
        One per column.
    matrix : array of float64, shape (n_destinations, n_labels)
        0 where a count is missing: a sum over what is known.
    """

    def __init__(self, opportunities: Sequence[Opportunities]) -> None:
        self.labels = tuple((o.name, group) for o in opportunities for group in o.groups)
        stacked = np.concatenate([o.values for o in opportunities]).T
        self.matrix = np.ascontiguousarray(np.nan_to_num(stacked, nan=0.0))
        self.matrix.flags.writeable = False


def cumulative_block(
    source: TravelTimeSource,
    origin_idx: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    cutoffs_s: npt.NDArray[np.float32],
) -> npt.NDArray[np.float64]:
    """Opportunities within cutoffs for a block of origins; a time equal to a cutoff counts.

    Parameters
    ----------
    source : TravelTimeSource
        A `FusedSource` is asked for the sums directly.
    origin_idx : array of int64, shape (n_block,)
    weights : array of float64, shape (n_destinations, n_weights)
    cutoffs_s : array of float32, shape (n_cutoffs,), seconds, ascending

    Returns
    -------
    array of float64, shape (n_block, n_percentiles, n_cutoffs, n_weights)
    """
    if isinstance(source, FusedSource):
        return source.opportunities_within(origin_idx, weights, cutoffs_s)
    times_s = source.times_s(origin_idx)
    shape = (len(origin_idx), times_s.shape[1], len(cutoffs_s), weights.shape[1])
    out = np.empty(shape, dtype=np.float64)
    sum_within(times_s, cutoffs_s, weights, out)
    return out


def decay_block(
    source: TravelTimeSource,
    origin_idx: npt.NDArray[np.int64],
    weights: npt.NDArray[np.float64],
    decay: Decay,
) -> npt.NDArray[np.float64]:
    """Opportunities weighted by a decay of travel time, for a block of origins.

    Parameters
    ----------
    source : TravelTimeSource
    origin_idx : array of int64, shape (n_block,)
    weights : array of float64, shape (n_destinations, n_weights)
    decay : callable
        Seconds -> weight in 0..1, 0 at infinity.

    Returns
    -------
    array of float64, shape (n_block, n_percentiles, n_weights)
    """
    factor = np.asarray(decay(source.times_s(origin_idx)), dtype=np.float64)
    return factor @ weights


def reach_block_table(
    source: TravelTimeSource,
    origin_idx: npt.NDArray[np.int64],
    weights: Weights,
    *,
    bands_min: Sequence[float],
    decay: Decay | None = None,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Reach of a block of origins as a tidy table.

    Parameters
    ----------
    source : TravelTimeSource
    origin_idx : array of int64, shape (n_block,)
    weights : Weights
    bands_min : sequence of float, minutes
    decay : callable, optional
        Adds rows of the measure ``decay`` (band_min missing).
    scenario : str
    missing : array of bool, shape (n_origins,), optional
        Origins whose reach is not known (not connected to the network): their values are missing,
        not 0.

    Returns
    -------
    DataFrame
        Columns `REACH_COLUMNS`; value in units of the opportunity.
    """
    cutoffs_s = np.array(sorted(bands_min), dtype=np.float32) * np.float32(60.0)
    sums = cumulative_block(source, origin_idx, weights.matrix, cutoffs_s)
    bands: list[float] = sorted(float(b) for b in bands_min)
    frames = [_tidy(source, origin_idx, weights, sums, bands, "cumulative", scenario)]
    if decay is not None:
        decayed = decay_block(source, origin_idx, weights.matrix, decay)[:, :, np.newaxis, :]
        frames.append(_tidy(source, origin_idx, weights, decayed, [np.nan], "decay", scenario))
    return _known(pd.concat(frames, ignore_index=True), source, origin_idx, missing)


def departures_block_table(
    source: TravelTimeSource,
    origin_idx: npt.NDArray[np.int64],
    weights: Weights,
    *,
    bands_min: Sequence[float],
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
) -> pd.DataFrame:
    """Reach of each departure, over the departures of the window, as a tidy table.

    Parameters are those of `reach_block_table`.

    Returns
    -------
    DataFrame
        Columns `REACH_COLUMNS`: the measure ``mean`` without a percentile, and ``departures`` with
        percentiles of reach: percentile 5 is exceeded by 95 % of the departures, where percentile
        5 of ``cumulative`` stands for a well-timed one. Empty if the source has no departures.
    """
    bands: list[float] = sorted(float(b) for b in bands_min)
    if not isinstance(source, DepartureSource):
        nothing = np.empty((0, 1, len(bands), len(weights.labels)))
        return _tidy(source, origin_idx[:0], weights, nothing, bands, "mean", scenario)
    cutoffs_s = np.array(bands, dtype=np.float32) * np.float32(60.0)
    mean, percentiles = source.over_departures(origin_idx, weights.matrix, cutoffs_s)
    means = _tidy(source, origin_idx, weights, mean[:, np.newaxis], bands, "mean", scenario)
    rows = _tidy(source, origin_idx, weights, percentiles, bands, "departures", scenario)
    table = pd.concat([means.assign(percentile=np.nan), rows], ignore_index=True)
    return _known(table, source, origin_idx, missing)


def _known(
    table: pd.DataFrame,
    source: TravelTimeSource,
    origin_idx: npt.NDArray[np.int64],
    missing: npt.NDArray[np.bool_] | None,
) -> pd.DataFrame:
    if missing is not None and missing[origin_idx].any():
        unknown = set(source.origins.place_id[origin_idx[missing[origin_idx]]])
        table.loc[table["zone_id"].isin(unknown), "value"] = np.nan
    return table


def _tidy(
    source: TravelTimeSource,
    origin_idx: npt.NDArray[np.int64],
    weights: Weights,
    values: npt.NDArray[np.float64],
    bands: Sequence[float],
    measure: str,
    scenario: str,
) -> pd.DataFrame:
    n, n_p, n_b, n_q = values.shape
    i, p, b, q = (axis.ravel() for axis in np.indices((n, n_p, n_b, n_q)))
    name = np.array([label[0] for label in weights.labels], dtype=object)
    group = np.array([label[1] for label in weights.labels], dtype=object)
    return pd.DataFrame(
        {
            "zone_id": source.origins.place_id[origin_idx[i]],
            "scenario": scenario,
            "mode": source.mode,
            "opportunity": name[q],
            "group": group[q],
            "band_min": np.asarray(bands, dtype=np.float64)[b],
            "percentile": np.asarray(source.percentiles, dtype=np.int64)[p],
            "measure": measure,
            "value": values.ravel(),
        }
    )


def reach_table(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    *,
    bands_min: Sequence[float],
    decay: Decay | None = None,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Reach of all origins as a tidy table, computed in blocks.

    Parameters are those of `reach_block_table`; memory is bounded by `block_size` origins times
    destinations.

    Returns
    -------
    DataFrame
        Columns `REACH_COLUMNS`.
    """
    weights = Weights(opportunities)
    return pd.concat(
        [
            reach_block_table(
                source,
                block,
                weights,
                bands_min=bands_min,
                decay=decay,
                scenario=scenario,
                missing=missing,
            )
            for block in origin_blocks(len(source.origins), block_size)
        ],
        ignore_index=True,
    )
