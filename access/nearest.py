"""Cost to the closest: how long it takes to reach one, three or a hundred opportunities.

``C_i(k) = min { T : sum_j O_j [t_ij <= T] >= k }``, the time to the nearest for ``k = 1`` (Ingram
1971, doi:10.1080/09595237100185131, calls it relative accessibility). Unlike reach within a band it
has no threshold to choose.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access._nearest import times_to_counts
from halfcircle.access.measure_table import check_sides, labels_of, measure_table
from halfcircle.access.measures import Weights
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import StudyError
from halfcircle.places import Opportunities

__all__ = ["nearest_block", "nearest_table"]


def nearest_block(
    source: TravelTimeSource,
    origin_idx: npt.NDArray[np.int64],
    supply: npt.NDArray[np.float64],
    counts: Sequence[float],
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.int64]]:
    """Times to so many opportunities, for a block of origins.

    Parameters
    ----------
    source : TravelTimeSource
    origin_idx : array of int64, shape (n_block,)
    supply : array of float64, shape (n_destinations, n_labels)
    counts : sequence of float, positive, ascending

    Returns
    -------
    times_s : array of float64, shape (n_block, n_percentiles, n_counts, n_labels), seconds
        NaN where that many are never reached.
    destination_idx : array of int64, same shape
        The destination that completes the count, -1 where there is none.

    Raises
    ------
    StudyError
        Counts are not positive and ascending.
    """
    wanted = np.array(counts, dtype=np.float64)
    if wanted.size == 0 or not ((wanted > 0.0).all() and (np.diff(wanted) > 0.0).all()):
        raise StudyError(f"nearest: counts must be positive and ascending, not {list(counts)!r}")
    times_s = np.ascontiguousarray(source.times_s(origin_idx))
    shape = (len(origin_idx), times_s.shape[1], len(wanted), supply.shape[1])
    out_s = np.empty(shape)
    out_idx = np.empty(shape, dtype=np.int64)
    times_to_counts(times_s, np.ascontiguousarray(supply), wanted, out_s, out_idx)
    return out_s, out_idx


def nearest_table(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    *,
    counts: Sequence[float] = (1,),
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Minutes to the k-th nearest opportunity, for every origin.

    Parameters
    ----------
    source : TravelTimeSource
    opportunities : sequence of Opportunities
        A place with three of them counts three times; one whose count is missing is passed by and
        counted in `left_out`: it might have been the nearest.
    counts : sequence of float, ascending
        k: 1 for the nearest, 3 for a choice of three, 1000 for the first thousand jobs.
    scenario : str
    missing : array of bool, shape (n_origins,), optional
        Origins that are not known to be connected.
    block_size : int

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS` and ``destination_id``; measure ``minutes_to_<k>``, unit ``min``; value
        NaN and destination_id missing where that many are never reached.

    Raises
    ------
    OpportunityError
        Counts of opportunities do not fit the destinations.
    StudyError
        `counts` are not positive and ascending.
    """
    check_sides(source, at_destinations=opportunities)
    supply = Weights(opportunities).matrix
    shape = (len(source.origins), len(source.percentiles), len(counts), supply.shape[1])
    minutes = np.empty(shape)
    found = np.empty(shape, dtype=np.int64)
    for block in origin_blocks(len(source.origins), block_size):
        times_s, found[block] = nearest_block(source, block, supply, counts)
        minutes[block] = times_s / 60.0
    if missing is not None:
        minutes[missing] = np.nan
        found[missing] = -1
    labels = labels_of(opportunities).with_unit("min")
    to_id = source.destinations.place_id
    frames = []
    for k, count in enumerate(counts):
        frame = measure_table(
            source,
            source.origins.place_id,
            labels,
            minutes[:, :, k, :],
            measure=f"minutes_to_{count:g}",
            scenario=scenario,
        )
        idx = found[:, :, k, :].ravel()
        frame["destination_id"] = [to_id[j] if j >= 0 else None for j in idx]
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)
