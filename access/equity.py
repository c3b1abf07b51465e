"""How fairly reach is spread over people: inequality, poverty, and reach by income.

Everything is weighted by population: a zone counts as many times as people live in it. Zones
whose reach, population or income is not known take no part; `equity_table` says how many people
that leaves out. A measure that is not defined (nobody, no reach at all) is NaN.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.errors import InputError

__all__ = [
    "Theil",
    "concentration_index",
    "fgt",
    "gini",
    "lorenz_curve",
    "palma",
    "rank_shares",
    "theil_t",
]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class _People:
    """Known zones only: values (n,), population (n,) above 0, and an optional ranking (n,)."""

    values: Floats
    population: Floats
    rank_by: Floats


def _people(
    measure: str,
    values: npt.ArrayLike,
    population: npt.ArrayLike,
    rank_by: npt.ArrayLike | None = None,
) -> _People:
    v = np.asarray(values, dtype=np.float64)
    w = np.asarray(population, dtype=np.float64)
    r = np.zeros(v.shape) if rank_by is None else np.asarray(rank_by, dtype=np.float64)
    faults = Faults()
    if v.ndim != 1 or w.shape != v.shape or r.shape != v.shape:
        faults.add(measure, f"values {v.shape}, population {w.shape} and ranking {r.shape} differ")
    else:
        for label, array in (("values", v), ("population", w)):
            wrong = (array < 0.0) | np.isinf(array)
            if wrong.any():
                faults.add(measure, f"{label} are negative or infinite", values=array[wrong])
    faults.raise_errors(InputError)
    known = (w > 0.0) & ~np.isnan(v) & ~np.isnan(r)
    return _People(v[known], w[known], r[known])


def lorenz_curve(
    values: npt.ArrayLike, population: npt.ArrayLike, *, rank_by: npt.ArrayLike | None = None
) -> tuple[Floats, Floats]:
    """Share of all reach that the first share of people has.

    Parameters
    ----------
    values : array of float, shape (n,)
        Reach; NaN where not known.
    population : array of float, shape (n,), persons
    rank_by : array of float, shape (n,), optional
        What people are ordered by, ascending: the reach itself (Lorenz curve) where left out, or
        income (concentration curve).

    Returns
    -------
    people, reach : arrays of float64, shape (m + 1,), shares from 0 to 1
        One point per distinct rank: zones of the same rank share a straight line.

    Raises
    ------
    InputError
        Shapes differ or numbers are negative.
    """
    people = _people("Lorenz curve", values, population, values if rank_by is None else rank_by)
    _, at = np.unique(people.rank_by, return_inverse=True)
    w = np.bincount(at, weights=people.population)
    held = np.bincount(at, weights=people.population * people.values)
    if len(w) == 0 or held.sum() <= 0.0:
        return np.array([0.0, 1.0]), np.array([np.nan, np.nan])
    start = np.zeros(1)
    return (
        np.concatenate([start, np.cumsum(w) / w.sum()]),
        np.concatenate([start, np.cumsum(held) / held.sum()]),
    )


def gini(values: npt.ArrayLike, population: npt.ArrayLike) -> float:
    """Population-weighted Gini coefficient: 0 all the same, towards 1 all with a few.

    ``G = sum_i sum_j w_i w_j |x_i - x_j| / (2 (sum w)^2 mean)``, worked out as one minus twice the
    area under the Lorenz curve (Delbosc & Currie 2011, doi:10.1016/j.jtrangeo.2011.02.008).

    Parameters
    ----------
    values : array of float, shape (n,)
    population : array of float, shape (n,), persons

    Raises
    ------
    InputError
        Shapes differ or numbers are negative.
    """
    people, reach = lorenz_curve(values, population)
    area = np.sum(np.diff(people) * (reach[1:] + reach[:-1]) / 2.0)
    return float(1.0 - 2.0 * area)


def concentration_index(
    values: npt.ArrayLike,
    population: npt.ArrayLike,
    income: npt.ArrayLike,
    *,
    kind: Literal["standard", "erreygers"] = "standard",
    bounds: tuple[float, float] | None = None,
) -> float:
    """How reach goes with income: below 0 the poor have more, above 0 the rich.

    Standard: ``C = 2 cov_w(x, r) / mean``, r the fractional rank by income (Wagstaff, Paci & van
    Doorslaer 1991, doi:10.1016/0277-9536(91)90212-U). Erreygers' correction for a bounded measure:
    ``E = 4 mean / (b - a) * C`` (2009, doi:10.1016/j.jhealeco.2008.02.003). People with the same
    income share their mean rank.

    Parameters
    ----------
    values : array of float, shape (n,)
    population : array of float, shape (n,), persons
    income : array of float, shape (n,)
        Per head; NaN where not known.
    kind : {"standard", "erreygers"}
    bounds : (float, float), optional
        Least and most possible value a, b for ``"erreygers"``; the least and most found where left
        out, so that results of two samples then do not compare.

    Raises
    ------
    InputError
        Shapes differ, numbers are negative, the kind is not known, or values lie outside `bounds`.
    """
    if kind not in {"standard", "erreygers"}:
        raise InputError(f"concentration index: kind must be standard or erreygers, not {kind!r}")
    people, reach = lorenz_curve(values, population, rank_by=income)
    area = np.sum(np.diff(people) * (reach[1:] + reach[:-1]) / 2.0)
    standard = float(1.0 - 2.0 * area)
    if kind == "standard" or np.isnan(standard):
        return standard
    known = _people("concentration index", values, population, income)
    low, high = bounds or (float(known.values.min()), float(known.values.max()))
    if known.values.min() < low or known.values.max() > high:
        raise InputError(f"concentration index: values lie outside the bounds {low!r} to {high!r}")
    if high <= low:
        return float("nan")
    mean = float(np.average(known.values, weights=known.population))
    return 4.0 * mean / (high - low) * standard


def rank_shares(
    population: npt.ArrayLike, rank_by: npt.ArrayLike, *, low: float, high: float
) -> Floats:
    """Part of each zone's people between two shares of the ranking, e.g. the poorest 40 %.

    A zone on the edge is cut: exactly ``high - low`` of all people are in. Zones of the same rank
    are cut alike, so that the order of rows does not matter.

    Parameters
    ----------
    population, rank_by : arrays of float, shape (n,)
    low, high : float
        Shares of the population, 0 to 1.

    Returns
    -------
    array of float64, shape (n,), persons
        NaN where population or rank is not known.

    Raises
    ------
    InputError
        The shares are not ``0 <= low < high <= 1``, shapes differ or numbers are negative.
    """
    if not 0.0 <= low < high <= 1.0:
        raise InputError(f"shares must be 0 <= low < high <= 1, not {low!r} and {high!r}")
    w = np.asarray(population, dtype=np.float64)
    r = np.asarray(rank_by, dtype=np.float64)
    known = _people("ranking", np.zeros(w.shape), w, r)
    out = np.where(np.isnan(w) | np.isnan(r), np.nan, 0.0)
    if len(known.population) == 0:
        return out
    ranks, at = np.unique(known.rank_by, return_inverse=True)
    in_rank = np.bincount(at, weights=known.population)
    ends = np.cumsum(in_rank)
    total = ends[-1]
    taken = np.clip(
        np.minimum(ends, high * total) - np.maximum(ends - in_rank, low * total), 0, None
    )
    inside = (w > 0.0) & ~np.isnan(out)
    position = np.searchsorted(ranks, r[inside])
    out[inside] = w[inside] * (taken / in_rank)[position]
    return out


def palma(
    values: npt.ArrayLike,
    population: npt.ArrayLike,
    income: npt.ArrayLike,
    *,
    top: float = 0.1,
    bottom: float = 0.4,
) -> float:
    """Mean reach of the richest tenth over that of the poorest 40 %: 1 is even.

    Palma's ratio of income shares (2011, doi:10.1111/j.1467-7660.2011.01646.x) with means in place
    of shares, as is usual for accessibility. Zones on the edge of a class are cut (`rank_shares`).

    Parameters
    ----------
    values : array of float, shape (n,)
    population : array of float, shape (n,), persons
    income : array of float, shape (n,)
        Per head.
    top, bottom : float
        Shares of the population.

    Raises
    ------
    InputError
        Shapes differ, numbers are negative or shares are outside 0 to 1.
    """
    v = np.asarray(values, dtype=np.float64)
    _people("Palma ratio", v, population, income)
    w = np.where(np.isnan(v), 0.0, np.asarray(population, dtype=np.float64))
    rich = _mean(v, rank_shares(w, income, low=1.0 - top, high=1.0))
    poor = _mean(v, rank_shares(w, income, low=0.0, high=bottom))
    return rich / poor if poor > 0.0 else float("nan")


def _mean(values: Floats, weights: Floats) -> float:
    """Weighted mean over what is known; NaN without weight."""
    known = ~np.isnan(values) & ~np.isnan(weights)
    total = weights[known].sum()
    return float(values[known] @ weights[known] / total) if total > 0.0 else float("nan")


class Theil(NamedTuple):
    """Theil's T and its two parts, which add up to it."""

    total: float
    between: float
    within: float


def theil_t(
    values: npt.ArrayLike,
    population: npt.ArrayLike,
    groups: Sequence[object] | None = None,
) -> Theil:
    """Theil's T, and how much of it lies between groups (regions, incomes) and within them.

    ``T = sum_i (w_i / W) (x_i / mean) ln(x_i / mean)``, 0 for zones that reach nothing; ``between``
    is the same over group means, ``within`` the sum of each group's T times its share of all reach
    (Theil 1967, *Economics and Information Theory*; Shorrocks 1980, doi:10.2307/1913126).

    Parameters
    ----------
    values : array of float, shape (n,)
    population : array of float, shape (n,), persons
    groups : sequence, length n, optional
        Group of each zone; where left out, all is within.

    Raises
    ------
    InputError
        Lengths differ or numbers are negative.
    """
    v = np.asarray(values, dtype=np.float64)
    names = [""] * v.size if groups is None else [str(each) for each in groups]
    if len(names) != v.size:
        raise InputError(f"Theil T: {len(names):,} groups for {v.size:,} values")
    at = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)[1]
    people = _people("Theil T", v, population, at)
    mean = _mean(people.values, people.population)
    if not mean > 0.0:
        return Theil(float("nan"), float("nan"), float("nan"))
    share = people.population / people.population.sum()
    total = float(share @ _x_log_x(people.values / mean))
    n = int(at.max()) + 1
    group = people.rank_by.astype(np.int64)
    in_group = np.bincount(group, weights=share, minlength=n)
    held = np.bincount(group, weights=share * people.values, minlength=n)
    some = in_group > 0.0
    means = np.divide(held, in_group, out=np.zeros(n), where=some)
    between = float(in_group @ _x_log_x(means / mean))
    own = np.divide(people.values, means[group], out=np.zeros(len(group)), where=means[group] > 0)
    within = float(share * (means[group] / mean) @ _x_log_x(own))
    return Theil(total, between, within)


def _x_log_x(x: Floats) -> Floats:
    return np.where(x > 0.0, x * np.log(np.where(x > 0.0, x, 1.0)), 0.0)


def fgt(
    values: npt.ArrayLike, population: npt.ArrayLike, *, line: float, alpha: float = 0.0
) -> float:
    """Accessibility poverty: ``sum w_i ((z - x_i) / z)^alpha [x_i < z] / sum w_i``.

    The share of people below the line (alpha 0), the mean shortfall (1), or the shortfall with
    more weight on the worst off (2): Foster, Greer & Thorbecke 1984, doi:10.2307/1913475.

    Parameters
    ----------
    values : array of float, shape (n,)
    population : array of float, shape (n,), persons
    line : float
        Reach z below which somebody counts as poor in access.
    alpha : float
        At least 0.

    Raises
    ------
    InputError
        The line is not positive, alpha is negative, shapes differ or numbers are negative.
    """
    if not (np.isfinite(line) and line > 0.0 and alpha >= 0.0):
        raise InputError(f"FGT: needs a line above 0 and alpha >= 0, not {line!r} and {alpha!r}")
    people = _people("FGT", values, population)
    if len(people.values) == 0:
        return float("nan")
    below = people.values < line
    gap = np.where(below, (line - people.values) / line, 0.0)
    return _mean(np.where(below, gap**alpha, 0.0), people.population)
