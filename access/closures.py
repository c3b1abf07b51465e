"""Closure cascade: which schools fall below a minimum roll, one closing after the other.

Each closing sends its pupils to the next nearest, which may lift that one over the minimum: the
order matters, and so it is fixed and told. A thought experiment, not a forecast: parents choose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access.measure_table import check_sides
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import OpportunityError, StudyError
from halfcircle.places import Opportunities

__all__ = ["Cascade", "closure_cascade"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Cascade:
    """What closed, in order, and what is left.

    Parameters
    ----------
    steps : DataFrame
        step, zone_id, roll (people per amenity when it closed), moved (people who had to go
        elsewhere), extra_min (their mean extra minutes; NaN where nobody moved).
    sites : DataFrame
        zone_id, before and after (amenities), roll_before and roll_after (NaN where closed),
        kept (below the minimum and open, because people would be left without).
    mean_min_before, mean_min_after : float, minutes
        Mean over people who reach a site.
    unserved : float
        People who reach no site, before as after.
    left_out : int
        Missing counts.
    """

    steps: pd.DataFrame
    sites: pd.DataFrame
    mean_min_before: float
    mean_min_after: float
    unserved: float
    left_out: int


def closure_cascade(
    source: TravelTimeSource,
    amenities: Opportunities,
    people: Opportunities,
    *,
    min_roll: float,
    max_min: float = np.inf,
    protected: Sequence[str] = (),
    percentile: int | None = None,
) -> Cascade:
    """Close the smallest site below a minimum roll, move its people, and again until none is left.

    People go to the nearest open site (equally near ones share them). Of sites with the same roll
    the one goes first whose people have the least extra time, then the first identifier. A site
    stays open if without it somebody would reach none, or would get beyond `max_min` who is not
    now. Memory holds origins x sites.

    Parameters
    ----------
    source : TravelTimeSource
    amenities, people : Opportunities
        One group each: a level at a time.
    min_roll : float
        People per amenity below which one closes.
    max_min : float, minutes
        Nobody is sent further.
    protected : sequence of str
        Sites that never close (the last school of an island).
    percentile : int, optional
        Which travel time; may be left out where there is one.

    Raises
    ------
    OpportunityError
        Counts do not fit the places, or there are several groups.
    StudyError
        A parameter is out of range, a protected site is none, or the percentile is not known.
    """
    check_sides(source, at_destinations=[amenities], at_origins=[people])
    for counts in (amenities, people):
        if len(counts.groups) != 1:
            raise OpportunityError(
                f"closures: {counts.name!r} has {len(counts.groups)} groups; give one level"
            )
    p = _percentile_idx(source, percentile)
    count = np.nan_to_num(amenities.values[0], nan=0.0)
    site_idx = np.flatnonzero(count > 0.0)
    site_id = source.destinations.place_id[site_idx]
    faults = Faults()
    if not 0.0 < min_roll < np.inf or not max_min > 0.0:
        faults.add("closures", "min_roll and max_min must be positive", values=[min_roll, max_min])
    strange = [each for each in protected if each not in set(site_id)]
    if strange:
        faults.add("closures", "protected places that have no amenity", values=strange)
    faults.raise_errors(StudyError)

    demand = np.nan_to_num(people.values[0], nan=0.0)
    times_min = np.empty((len(source.origins), len(site_idx)))
    for block in origin_blocks(len(source.origins), 256):
        times_min[block] = source.times_s(block)[:, p, :][:, site_idx] / 60.0
    lived_in = demand > 0.0
    times_min, demand = times_min[lived_in], demand[lived_in]

    supply = count[site_idx].astype(np.float64)
    before = supply.copy()
    fixed = np.isin(site_id.astype(str), [str(each) for each in protected])
    kept = np.zeros(len(supply), dtype=np.bool_)
    roll_before, now_min = _rolls(times_min, supply, demand)
    mean_before = _mean(now_min, demand)
    steps: list[tuple[object, ...]] = []
    roll = roll_before
    while True:
        small = np.flatnonzero((supply > 0.0) & ~fixed & ~kept & (roll < min_roll))
        if len(small) == 0:
            break
        least = small[roll[small] == roll[small].min()]
        trials = [(_without(times_min, supply, demand, int(s), max_min), int(s)) for s in least]
        allowed = [(t.extra_min, str(site_id[s]), s, t) for t, s in trials if t.allowed]
        if not allowed:
            kept[least] = True
            continue
        _, _, closing, trial = min(allowed, key=lambda each: each[:2])
        mean_extra = trial.extra_min / trial.moved if trial.moved > 0.0 else float("nan")
        steps.append(
            (len(steps) + 1, site_id[closing], float(roll[closing]), trial.moved, mean_extra)
        )
        supply[closing] = max(supply[closing] - 1.0, 0.0)
        roll, now_min = _rolls(times_min, supply, demand)
    return Cascade(
        steps=pd.DataFrame(steps, columns=["step", "zone_id", "roll", "moved", "extra_min"]),
        sites=pd.DataFrame(
            {
                "zone_id": site_id,
                "before": before,
                "after": supply,
                "roll_before": roll_before,
                "roll_after": roll,
                "kept": kept & (roll < min_roll),
            }
        ),
        mean_min_before=mean_before,
        mean_min_after=_mean(now_min, demand),
        unserved=float(demand[~np.isfinite(now_min)].sum()),
        left_out=int(np.isnan(amenities.values).sum() + np.isnan(people.values).sum()),
    )


@dataclass(frozen=True)
class _Trial:
    """What closing one amenity would do: total extra person-minutes and people moved."""

    allowed: bool
    extra_min: float
    moved: float


def _without(
    times_min: Floats, supply: Floats, demand: Floats, site: int, max_min: float
) -> _Trial:
    fewer = supply.copy()
    fewer[site] = max(fewer[site] - 1.0, 0.0)
    now = np.where(supply > 0.0, times_min, np.inf).min(axis=1, initial=np.inf)
    then = np.where(fewer > 0.0, times_min, np.inf).min(axis=1, initial=np.inf)
    served = np.isfinite(now)
    stranded = served & (np.isinf(then) | ((then > max_min) & (now <= max_min)))
    if stranded.any():
        return _Trial(allowed=False, extra_min=np.inf, moved=0.0)
    moves = _shares(times_min, supply)[:, site]
    if fewer[site] > 0.0:
        moves = moves * (1.0 / supply[site])
    extra = np.where(served, then, 0.0) - np.where(served, now, 0.0)
    return _Trial(
        allowed=True, extra_min=float(demand @ (moves * extra)), moved=float(demand @ moves)
    )


def _shares(times_min: Floats, supply: Floats) -> Floats:
    """Part of the people of each origin that goes to each site; rows add up to 1, or 0."""
    times = np.where(supply > 0.0, times_min, np.inf)
    least = times.min(axis=1, initial=np.inf, keepdims=True)
    pull = np.where((times == least) & np.isfinite(least), supply, 0.0)
    total = pull.sum(axis=1, keepdims=True)
    return np.asarray(np.divide(pull, total, out=np.zeros_like(pull), where=total > 0.0))


def _rolls(times_min: Floats, supply: Floats, demand: Floats) -> tuple[Floats, Floats]:
    """People per amenity at each site, NaN where closed; and minutes to the nearest per origin."""
    size = demand @ _shares(times_min, supply)
    roll = np.divide(size, supply, out=np.full(len(supply), np.nan), where=supply > 0.0)
    least = np.where(supply > 0.0, times_min, np.inf).min(axis=1, initial=np.inf)
    return roll, least


def _mean(minutes: Floats, demand: Floats) -> float:
    served = np.isfinite(minutes)
    total = demand[served].sum()
    return float(minutes[served] @ demand[served] / total) if total > 0.0 else float("nan")


def _percentile_idx(source: TravelTimeSource, percentile: int | None) -> int:
    known = tuple(source.percentiles)
    if percentile is None and len(known) == 1:
        return 0
    if percentile not in known:
        raise StudyError(f"closures: percentile {percentile!r} is not one of {known}")
    return known.index(percentile)
