"""Reach of households: two earners from one home, and work by way of a crèche.

Two careers and a child tie a home to more than one place:
what counts is not what either reaches, but what can be combined.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access._chains import least_by_stop, pairs_within_total
from halfcircle.access._cumulative import sum_within
from halfcircle.access.measure_table import Labels, check_sides, labels_of, measure_table
from halfcircle.access.measures import Weights
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import OpportunityError, StudyError, TravelTimeError
from halfcircle.places import Opportunities

__all__ = ["chain_reach", "dual_earner_reach"]


def dual_earner_reach(
    first: TravelTimeSource,
    second: TravelTimeSource,
    first_jobs: Opportunities,
    second_jobs: Opportunities,
    *,
    each_min: float,
    total_min: float | None = None,
    scenario: str = "baseline",
    block_size: int = 256,
) -> pd.DataFrame:
    """Jobs that two earners can hold from one home.

    ``pairs_i = sum_j sum_k O_j Q_k [t_ij <= T] [u_ik <= T] [t_ij + u_ik <= S]``; its square root is
    in jobs: without the total S it is the geometric mean of the reach of both, and 0 as soon as
    one of them has none.

    Parameters
    ----------
    first, second : TravelTimeSource
        From the same homes, with the same percentiles; of two modes, if only one has the car.
    first_jobs, second_jobs : Opportunities
        One group each: jobs of each one's level, at the destinations of their source.
    each_min : float, minutes
        T, the longest commute of either.
    total_min : float, minutes, optional
        S, the longest that both take together.
    scenario : str
    block_size : int

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; measures ``dual_first``, ``dual_second`` and ``dual_joint`` (the root of
        pairs), in units of the first's jobs; mode ``car & transit``.

    Raises
    ------
    OpportunityError
        Counts do not fit the places, or there are several groups.
    StudyError
        Times are not positive.
    TravelTimeError
        Homes or percentiles of the two sources differ.
    """
    total = 2.0 * each_min if total_min is None else total_min
    if not (0.0 < each_min < np.inf and 0.0 < total < np.inf):
        raise StudyError(
            f"dual earners: times must be positive minutes, not {each_min!r} and {total_min!r}"
        )
    check_sides(first, at_destinations=[first_jobs])
    check_sides(second, at_destinations=[second_jobs])
    _one_group(first_jobs, second_jobs)
    _alike(first, second, "dual earners")
    if list(first.origins.place_id) != list(second.origins.place_id):
        raise TravelTimeError("dual earners: the two travel times start at other homes")
    jobs = Weights([first_jobs]).matrix[:, 0].copy()
    others = Weights([second_jobs]).matrix[:, 0].copy()
    values = np.empty((len(first.origins), len(first.percentiles), 3))
    for block in origin_blocks(len(first.origins), block_size):
        part = np.empty((len(block), len(first.percentiles), 3))
        pairs_within_total(
            np.ascontiguousarray(first.times_s(block)),
            jobs,
            np.ascontiguousarray(second.times_s(block)),
            others,
            each_min * 60.0,
            total * 60.0,
            part,
        )
        values[block] = part
    values[:, :, 2] = np.sqrt(values[:, :, 2])
    own, other = labels_of([first_jobs]), labels_of([second_jobs])
    both = Labels(
        (f"{first_jobs.name} & {second_jobs.name}",),
        (f"{own.group[0]} & {other.group[0]}",),
        own.unit,
        (own.left_out[0] + other.left_out[0],),
    )
    frames = []
    for column, (measure, labels, mode) in enumerate(
        (
            ("dual_first", own, first.mode),
            ("dual_second", other, second.mode),
            ("dual_joint", both, f"{first.mode} & {second.mode}"),
        )
    ):
        frame = measure_table(
            first,
            first.origins.place_id,
            labels,
            values[:, :, column : column + 1],
            measure=measure,
            band_min=each_min,
            scenario=scenario,
        )
        frame["mode"] = mode
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


def chain_reach(
    to_stop: TravelTimeSource,
    from_stop: TravelTimeSource,
    stops: Opportunities,
    opportunities: Sequence[Opportunities],
    *,
    bands_min: Sequence[float],
    stay_min: float = 5.0,
    scenario: str = "baseline",
    block_size: int = 128,
) -> pd.DataFrame:
    """Jobs within a total time by way of a crèche: ``t_i(j) = min_k (t_ik + stay + u_kj)``.

    The best crèche for each home and job is taken; whether it has a free place is another
    question. Of travel times over a departure window the percentiles of the two legs are added,
    which is a little more than the percentile of the whole trip. Memory holds crèches x
    destinations besides a block.

    Parameters
    ----------
    to_stop : TravelTimeSource
        From homes to places with crèches.
    from_stop : TravelTimeSource
        From places, the crèches among them, to work; may be another mode, with the same
        percentiles.
    stops : Opportunities
        Crèches at the destinations of `to_stop`, one group; a positive count is one.
    opportunities : sequence of Opportunities
        At the destinations of `from_stop`.
    bands_min : sequence of float, minutes
        Total times.
    stay_min : float, minutes
        Time spent at the crèche.
    scenario : str
    block_size : int

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; measure ``chain_reach``, in units of the opportunity; left_out counts
        missing opportunities and missing stops.

    Raises
    ------
    OpportunityError
        Counts do not fit the places, or `stops` has several groups.
    StudyError
        Bands are not positive or the stay is negative.
    TravelTimeError
        A crèche is no origin of `from_stop`, or percentiles differ.
    """
    check_sides(to_stop, at_destinations=[stops])
    check_sides(from_stop, at_destinations=opportunities)
    _one_group(stops)
    _alike(to_stop, from_stop, "chains")
    bands = sorted(float(band) for band in bands_min)
    faults = Faults()
    if not bands or not bands[0] > 0.0:
        faults.add("chains", "bands must be positive minutes", values=bands)
    if not 0.0 <= stay_min < np.inf:
        faults.add("chains", "the stay must not be negative", values=[stay_min])
    faults.raise_errors(StudyError)
    at = np.flatnonzero(np.nan_to_num(stops.values[0], nan=0.0) > 0.0)
    position = {each: i for i, each in enumerate(from_stop.origins.place_id)}
    names = to_stop.destinations.place_id[at]
    faults = Faults()
    lost = [each for each in names if each not in position]
    if lost:
        faults.add("chains", f"{stops.name} that are no origins of the second leg", values=lost)
    faults.raise_errors(TravelTimeError)

    start = np.array([position[each] for each in names], dtype=np.int64)
    n_p, n_d = len(from_stop.percentiles), len(from_stop.destinations)
    onward_s = np.empty((len(start), n_p, n_d), dtype=np.float32)
    for part in origin_blocks(len(start), block_size):
        onward_s[part] = from_stop.times_s(start[part])
    cutoffs_s = np.array(bands, dtype=np.float32) * np.float32(60.0)
    weights = Weights(opportunities).matrix
    values = np.empty((len(to_stop.origins), n_p, len(bands), weights.shape[1]))
    for block in origin_blocks(len(to_stop.origins), block_size):
        times_s = np.empty((len(block), n_p, n_d), dtype=np.float32)
        first_s = np.ascontiguousarray(to_stop.times_s(block)[:, :, at])
        least_by_stop(first_s, onward_s, stay_min * 60.0, float(cutoffs_s[-1]), times_s)
        out = np.empty((len(block), n_p, len(bands), weights.shape[1]))
        sum_within(times_s, cutoffs_s, weights, out)
        values[block] = out
    labels = labels_of(opportunities)
    unknown = int(np.isnan(stops.values).sum())
    told = Labels(
        labels.opportunity,
        labels.group,
        labels.unit,
        tuple(each + unknown for each in labels.left_out),
    )
    mode = to_stop.mode if to_stop.mode == from_stop.mode else f"{to_stop.mode}, {from_stop.mode}"
    frames = [
        measure_table(
            to_stop,
            to_stop.origins.place_id,
            told,
            values[:, :, c, :],
            measure="chain_reach",
            band_min=band,
            scenario=scenario,
        )
        for c, band in enumerate(bands)
    ]
    table = pd.concat(frames, ignore_index=True)
    table["mode"] = mode
    return table


def _one_group(*counts: Opportunities) -> None:
    for each in counts:
        if len(each.groups) != 1:
            raise OpportunityError(f"chains: {each.name!r} has {len(each.groups)} groups; give one")


def _alike(one: TravelTimeSource, other: TravelTimeSource, where: str) -> None:
    if tuple(one.percentiles) != tuple(other.percentiles):
        raise TravelTimeError(
            f"{where}: percentiles of the travel times differ, {tuple(one.percentiles)} and "
            f"{tuple(other.percentiles)}"
        )
