"""Reach averaged over an interval of time budgets, so that no single threshold decides.

The time interval cumulative measure (Tomasiello, Herszenhut, Oliveira, Braga & Pereira 2023,
doi:10.1016/j.apgeog.2023.103007): the mean or median over T of ``sum_j O_j [t_ij <= T]`` for every
minute T of an interval.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.measure_table import check_sides, labels_of, measure_table
from halfcircle.access.measures import Weights, cumulative_block
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import StudyError
from halfcircle.places import Opportunities

__all__ = ["interval_reach"]


def interval_reach(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    *,
    interval_min: tuple[float, float],
    summary: Literal["mean", "median"] = "mean",
    step_min: float = 1.0,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Mean or median of the reach within every time budget of an interval.

    Parameters
    ----------
    source : TravelTimeSource
    opportunities : sequence of Opportunities
    interval_min : (float, float), minutes
        First and last budget, both counted.
    summary : {"mean", "median"}
    step_min : float, minutes
        Between budgets.
    scenario : str
    missing : array of bool, shape (n_origins,), optional
        Origins that are not known to be connected: NaN.
    block_size : int

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; measure ``interval_mean_30_60`` (band_min its upper end), in units of
        the opportunity.

    Raises
    ------
    OpportunityError
        Counts do not fit the destinations.
    StudyError
        The interval or step is empty or negative, or the summary is not known.
    """
    first, last = interval_min
    if not (0.0 <= first < last < np.inf and 0.0 < step_min <= last - first):
        raise StudyError(
            f"interval: needs 0 <= first < last and a step within, not {interval_min!r} by "
            f"{step_min!r} minutes"
        )
    if summary not in {"mean", "median"}:
        raise StudyError(f"interval: summary must be mean or median, not {summary!r}")
    check_sides(source, at_destinations=opportunities)
    # Half a step of slack keeps the last budget in whatever the rounding of the steps.
    cutoffs_s = (np.arange(first, last + step_min / 2.0, step_min) * 60.0).astype(np.float32)
    weights = Weights(opportunities)
    n_q = len(weights.labels)
    values = np.empty((len(source.origins), len(source.percentiles), n_q))
    for block in origin_blocks(len(source.origins), block_size):
        sums = cumulative_block(source, block, weights.matrix, cutoffs_s)
        values[block] = sums.mean(axis=2) if summary == "mean" else np.median(sums, axis=2)
    if missing is not None:
        values[missing] = np.nan
    return measure_table(
        source,
        source.origins.place_id,
        labels_of(opportunities),
        values,
        measure=f"interval_{summary}_{first:g}_{last:g}",
        band_min=last,
        scenario=scenario,
    )
