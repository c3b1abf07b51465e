"""Amenity norms: who lives beyond a reasonable time from the nearest school, and who goes where.

A norm is a time for a kind of amenity or a level of school (primary 10 minutes by bike, ...). No
such time is laid down by law: it is a parameter, and results belong with runs for other values.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access._catchments import add_to_nearest
from halfcircle.access.measure_table import check_sides, labels_of, measure_table, paired_demand
from halfcircle.access.measures import Weights
from halfcircle.access.nearest import nearest_block
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import StudyError
from halfcircle.places import Opportunities

__all__ = ["NORM_COLUMNS", "amenity_norms", "catchments"]

NORM_COLUMNS = (
    *("scenario", "mode", "percentile", "opportunity", "group", "norm_min", "people"),
    *("beyond", "unreached", "share_beyond", "mean_min", "left_out"),
)


def amenity_norms(
    source: TravelTimeSource,
    amenities: Opportunities,
    people: Opportunities,
    *,
    norm_min: float | Mapping[str, float],
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Share of people whose nearest amenity takes longer than a norm, by level.

    ``share_beyond = sum_i P_i [min_j t_ij > norm] / sum_i P_i``; times by zone are in
    `nearest_table`. People who reach none are beyond every norm, and counted apart as well.

    Parameters
    ----------
    source : TravelTimeSource
    amenities : Opportunities
        Groups are levels (primary, secondary, ...).
    people : Opportunities
        Pupils, patients, ... at the origins; undivided, or by the same groups.
    norm_min : float, minutes, or mapping of group to minutes
    scenario : str
    missing : array of bool, shape (n_origins,), optional
        Origins that are not known to be connected: their people take no part.
    block_size : int

    Returns
    -------
    DataFrame
        `NORM_COLUMNS`, a row per level and percentile: people, beyond and unreached in persons;
        share_beyond between 0 and 1 (NaN without people); mean_min, minutes, over people who reach
        one; left_out, the number of missing counts on both sides.

    Raises
    ------
    OpportunityError
        Counts do not fit the places or groups do not match.
    StudyError
        A norm is missing or not positive.
    """
    check_sides(source, at_destinations=[amenities], at_origins=[people])
    demand, labels = paired_demand([amenities], people)
    norms = _norms(amenities, norm_min)
    if missing is not None:
        demand[missing] = 0.0
    supply = Weights([amenities]).matrix
    n_p, n_q = len(source.percentiles), supply.shape[1]
    beyond = np.zeros((n_p, n_q))
    unreached = np.zeros((n_p, n_q))
    person_min = np.zeros((n_p, n_q))
    for block in origin_blocks(len(source.origins), block_size):
        minutes = nearest_block(source, block, supply, (TINY,))[0][:, :, 0, :] / 60.0
        here = demand[block][:, np.newaxis, :]
        none = np.isnan(minutes)
        beyond += np.where(none | (minutes > norms), here, 0.0).sum(axis=0)
        unreached += np.where(none, here, 0.0).sum(axis=0)
        person_min += np.where(none, 0.0, here * np.nan_to_num(minutes)).sum(axis=0)
    total = np.broadcast_to(demand.sum(axis=0), (n_p, n_q))
    share = np.full((n_p, n_q), np.nan)
    np.divide(beyond, total, out=share, where=total > 0.0)
    mean = np.full((n_p, n_q), np.nan)
    np.divide(person_min, total - unreached, out=mean, where=total - unreached > 0.0)
    p, q = (axis.ravel() for axis in np.indices((n_p, n_q)))
    table = pd.DataFrame(
        {
            "scenario": scenario,
            "mode": source.mode,
            "percentile": np.asarray(source.percentiles, dtype=np.int64)[p],
            "opportunity": amenities.name,
            "group": np.array(labels.group, dtype=object)[q],
            "norm_min": norms[q],
            "people": total.ravel(),
            "beyond": beyond.ravel(),
            "unreached": unreached.ravel(),
            "share_beyond": share.ravel(),
            "mean_min": mean.ravel(),
            "left_out": np.array(labels.left_out, dtype=np.int64)[q],
        }
    )
    return table[list(NORM_COLUMNS)]


# Any positive count makes a place an amenity, also a part-time one of half a unit.
TINY = 1e-12


def _norms(
    amenities: Opportunities, norm_min: float | Mapping[str, float]
) -> npt.NDArray[np.float64]:
    faults = Faults()
    if isinstance(norm_min, Mapping):
        lacking = [group for group in amenities.groups if group not in norm_min]
        if lacking:
            faults.add(f"norm of {amenities.name!r}", "is missing for groups", values=lacking)
        given = [float(norm_min.get(group, 1.0)) for group in amenities.groups]
    else:
        given = [float(norm_min)] * len(amenities.groups)
    wrong = [each for each in given if not 0.0 < each < np.inf]
    if wrong:
        faults.add(f"norm of {amenities.name!r}", "must be positive minutes", values=wrong)
    faults.raise_errors(StudyError)
    return np.array(given)


def catchments(
    source: TravelTimeSource,
    amenities: Opportunities,
    people: Opportunities,
    *,
    scenario: str = "baseline",
    block_size: int = 256,
) -> pd.DataFrame:
    """People for whom a site is the nearest, and how many that makes per amenity.

    Where several sites are equally near, people are divided over them by the number of amenities.

    Parameters
    ----------
    source : TravelTimeSource
    amenities : Opportunities
        Groups are levels; a count of 2 stands for two schools at one place.
    people : Opportunities
        At the origins; undivided, or by the same groups.
    scenario : str
    block_size : int

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS` and ``unserved``; zone_id is the site, measures ``catchment`` (people)
        and ``roll`` (people per amenity: compare with a minimum roll); NaN where there is no
        amenity. unserved is the number of people (all origins) who reach none of that group.

    Raises
    ------
    OpportunityError
        Counts do not fit the places or groups do not match.
    """
    check_sides(source, at_destinations=[amenities], at_origins=[people])
    demand, paired = paired_demand([amenities], people)
    supply = np.array(Weights([amenities]).matrix)
    n_p, n_q = len(source.percentiles), supply.shape[1]
    size = np.zeros((n_p, len(source.destinations), n_q))
    unserved = np.zeros((n_p, n_q))
    for block in origin_blocks(len(source.origins), block_size):
        times_s = np.ascontiguousarray(source.times_s(block))
        add_to_nearest(times_s, supply, demand[block], size, unserved)
    size = np.where(supply > 0.0, size, np.nan)
    roll = np.divide(size, supply, out=np.full(size.shape, np.nan), where=supply > 0.0)
    who, what = people.unit or people.name, labels_of([amenities]).unit[0]
    frames = [
        measure_table(
            source,
            source.destinations.place_id,
            paired.with_unit(unit),
            values.transpose(1, 0, 2),
            measure=measure,
            scenario=scenario,
        )
        for measure, values, unit in (
            ("catchment", size, who),
            ("roll", roll, f"{who} per {what}"),
        )
    ]
    table = pd.concat(frames, ignore_index=True)
    left = np.broadcast_to(unserved, (len(source.destinations), n_p, n_q)).ravel()
    table["unserved"] = np.tile(left, 2)
    return table
