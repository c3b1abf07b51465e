"""Scoreboard of city pairs: which are within the hour, door to door, and how fast that is.

The speed is that of the straight line, kilometres over door-to-door hours: it compares pairs of
different length, and pairs across a border with pairs at home. The limit of one hour between
cities is a policy norm, not a law of travel: give others as well.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access.crow_fly import geodesic_distances_m
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import InputError, StudyError

__all__ = ["PAIR_COLUMNS", "city_pairs", "city_scoreboard"]

PAIR_COLUMNS = (
    *("origin_id", "destination_id", "mode", "percentile", "cross_border", "distance_km"),
    *("travel_time_min", "kmh", "limit_min", "within", "within_both"),
)


def city_pairs(
    source: TravelTimeSource,
    *,
    city_id: Sequence[str] | None = None,
    limit_min: float = 60.0,
    block_size: int = 64,
) -> pd.DataFrame:
    """All ordered pairs of cities with their door-to-door time, and whether it is within a limit.

    Parameters
    ----------
    source : TravelTimeSource
        Between the same places on both sides, or some that are on both; a city is one place (its
        centre or station), such as Schiphol.
    city_id : sequence of str, optional
        These places; all that are origins and destinations where left out.
    limit_min : float, minutes
        A time equal to the limit is within.
    block_size : int

    Returns
    -------
    DataFrame
        `PAIR_COLUMNS`: distance_km along the geodesic; travel_time_min and kmh NaN where not
        reached; within is False there; within_both says whether both directions are within;
        cross_border is missing where a country is not known. Pairs of a city with itself are left
        out.

    Raises
    ------
    StudyError
        A city is not on both sides, a city is named twice, there are fewer than two, or the limit
        is not positive.
    """
    to_id = source.destinations.place_id
    position = {each: j for j, each in enumerate(to_id)}
    from_position = {each: i for i, each in enumerate(source.origins.place_id)}
    wanted = (
        [each for each in from_position if each in position] if city_id is None else list(city_id)
    )
    faults = Faults()
    strange = [each for each in wanted if each not in position or each not in from_position]
    if strange:
        faults.add("city pairs", "cities that are not origin and destination", values=strange)
    if len(set(wanted)) != len(wanted):
        faults.add("city pairs", "cities are named twice")
    if len(wanted) < 2:
        faults.add("city pairs", "needs at least two cities", values=wanted)
    if not 0.0 < limit_min < np.inf:
        faults.add("city pairs", "the limit must be positive minutes", values=[limit_min])
    faults.raise_errors(StudyError)

    n, n_p = len(wanted), len(source.percentiles)
    from_idx = np.array([from_position[each] for each in wanted], dtype=np.int64)
    to_idx = np.array([position[each] for each in wanted], dtype=np.int64)
    times_min = np.empty((n, n_p, n))
    for at in origin_blocks(n, block_size):
        times_min[at] = source.times_s(from_idx[at])[:, :, to_idx] / 60.0
    cities = source.origins.take(from_idx)
    distance_km = geodesic_distances_m(cities, cities) / 1000.0
    within = times_min <= limit_min
    both = within & within.transpose(2, 1, 0)
    country = cities.country

    i, p, j = (axis.ravel() for axis in np.indices(times_min.shape))
    other = i != j
    i, p, j = i[other], p[other], j[other]
    minutes = np.where(np.isfinite(times_min), times_min, np.nan)[i, p, j]
    ids = cities.place_id
    return pd.DataFrame(
        {
            "origin_id": ids[i],
            "destination_id": ids[j],
            "mode": source.mode,
            "percentile": np.asarray(source.percentiles, dtype=np.int64)[p],
            "cross_border": _cross_border(country, i, j),
            "distance_km": distance_km[i, j],
            "travel_time_min": minutes,
            "kmh": np.divide(
                distance_km[i, j] * 60.0,
                minutes,
                out=np.full(len(minutes), np.nan),
                where=minutes > 0.0,
            ),
            "limit_min": float(limit_min),
            "within": within[i, p, j],
            "within_both": both[i, p, j],
        }
    )[list(PAIR_COLUMNS)]


def _cross_border(
    country: npt.NDArray[np.object_] | None, i: npt.NDArray[np.int64], j: npt.NDArray[np.int64]
) -> pd.Series:
    if country is None:
        return pd.Series([pd.NA] * len(i), dtype="boolean")
    crossing = pd.Series(country[i] != country[j], dtype="boolean")
    crossing[(country[i] == "") | (country[j] == "")] = pd.NA
    return crossing


def city_scoreboard(
    pairs: pd.DataFrame, *, population: Mapping[str, float] | None = None
) -> pd.DataFrame:
    """One line per city: how many cities, and people in them, are within the limit.

    Parameters
    ----------
    pairs : DataFrame
        From `city_pairs`.
    population : mapping of city to persons, optional
        Cities that are not in it count as not known: they are left out of people_within.

    Returns
    -------
    DataFrame
        city_id, mode, percentile, limit_min, cities (others), cities_within, cities_within_both,
        share_within (0 to 1), people_within (persons; NaN without populations), left_out (cities
        within whose population is not known).

    Raises
    ------
    InputError
        `pairs` lacks columns.
    """
    lacking = [name for name in PAIR_COLUMNS if name not in pairs.columns]
    if lacking:
        raise InputError(f"city scoreboard: the pairs have no column {', '.join(lacking)}")
    people = pairs["destination_id"].map(dict(population or {})).astype(np.float64)
    counted = pairs.assign(
        people=people.where(pairs["within"], 0.0).fillna(0.0),
        unknown=(people.isna() & pairs["within"]).astype(np.int64),
    )
    keys = ["origin_id", "mode", "percentile", "limit_min"]
    board = (
        counted.groupby(keys, sort=False)
        .agg(
            cities=("within", "size"),
            cities_within=("within", "sum"),
            cities_within_both=("within_both", "sum"),
            share_within=("within", "mean"),
            people_within=("people", "sum"),
            left_out=("unknown", "sum"),
        )
        .reset_index()
        .rename(columns={"origin_id": "city_id"})
    )
    if population is None:
        board["people_within"] = np.nan
        board["left_out"] = 0
    return board
