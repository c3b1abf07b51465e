"""Border loss of regions, of people, and how far it hangs on foreign job counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.errors import Fault, OpportunityError, StudyError
from halfcircle.regions.border_result import BorderLoss

__all__ = [
    "OpportunitySource",
    "comparability",
    "foreign_sensitivity",
    "summarise_loss",
    "weighted_quantiles",
]

Floats = npt.NDArray[np.float64]

DECILES = tuple(range(10, 100, 10))


def weighted_quantiles(values: Floats, weights: Floats, shares: Sequence[float]) -> Floats:
    """Smallest value at which the running share of weight reaches each of `shares`.

    Parameters
    ----------
    values, weights : array of float64, shape (n,)
        Entries with a NaN value or no weight are left out.
    shares : sequence of float
        In (0, 1].

    Returns
    -------
    array of float64, shape (len(shares),)
        NaN where nothing is left.
    """
    kept = np.isfinite(values) & (weights > 0.0)
    if not kept.any():
        return np.full(len(shares), np.nan)
    order = np.argsort(values[kept], kind="stable")
    running = np.cumsum(weights[kept][order])
    # A hair less, so that a share which is met exactly is not missed by rounding.
    position = np.searchsorted(running, np.asarray(shares) * running[-1] * (1.0 - 1e-12))
    return np.asarray(values[kept][order][np.minimum(position, len(running) - 1)])


def summarise_loss(
    loss: BorderLoss,
    regions: Sequence[str],
    population: npt.ArrayLike,
    *,
    scenario: str = "baseline",
) -> pd.DataFrame:
    """Border loss of regions, and how it is spread over their people.

    The headline is the ratio of sums, ``1 - sum p A_dom / sum p A_nb``: loss of the opportunities
    that all residents together reach. Beside it stands the mean of L over residents. Origins where
    L is undefined or unknown are left out of both and counted.

    Parameters
    ----------
    loss : BorderLoss
    regions : sequence of str, length n
        Region of each origin; the empty string for none.
    population : array of float, shape (n,)
        People (of working age) per origin; NaN where not known, which is left out.
    scenario : str

    Returns
    -------
    DataFrame
        region, scenario, mode, opportunity, group, band_min, measure, n_zones, n_undefined,
        population, population_undefined, reach_domestic, reach_open, reach_effective (means over
        residents), loss (ratio of sums), loss_mean, loss_effective (ratio of sums, under the
        rules), with `BorderLoss.skills` also reach_skills and loss_skills (over zones where they
        are known), share_above_25, share_above_50 (of residents), loss_p10 ... loss_p90.

    Raises
    ------
    StudyError
        Lengths do not fit, a population is negative, or no origin is in a region.
    """
    people = np.asarray(population, dtype=np.float64)
    region = np.array([str(r) for r in regions], dtype=object)
    n = len(loss)
    if people.shape != (n,) or region.shape != (n,):
        raise StudyError(
            f"border summary: {len(region)} regions and {people.shape} people for {n} origins"
        )
    if (people < 0.0).any() or np.isinf(people).any():
        raise StudyError("border summary: population is negative or infinite")
    names = sorted(set(region) - {""})
    if not names:
        raise StudyError("border summary: no origin is in a region")
    each = loss.loss
    rows: list[dict[str, object]] = []
    for name in names:
        here = region == name
        for m, measure in enumerate(loss.measures.names):
            for k, (opportunity, group) in enumerate(loss.columns):
                row: dict[str, object] = {
                    "region": name,
                    "scenario": scenario,
                    "mode": loss.mode,
                    "opportunity": opportunity,
                    "group": group,
                    "band_min": loss.measures.band_min[m],
                    "measure": measure,
                }
                row |= _one_region(
                    people[here], each[here, m, k], loss.domestic[here, m, k],
                    loss.open_reach[here, m, k], loss.effective[here, 0, m, k],
                )  # fmt: skip
                if loss.skills is not None:
                    row |= _skills(
                        people[here], loss.open_reach[here, m, k], loss.skills[here, m, k]
                    )
                rows.append(row)
    return pd.DataFrame(rows)


def _one_region(
    people: Floats, loss: Floats, domestic: Floats, reach: Floats, effective: Floats
) -> dict[str, object]:
    known = np.isfinite(loss) & np.isfinite(people)
    p, lost = people[known], loss[known]
    total = float(p.sum())
    row: dict[str, object] = {
        "n_zones": len(people),
        "n_undefined": int((~known).sum()),
        "population": total,
        "population_undefined": float(np.nansum(people[~known])),
    }
    sums = [float(p @ values[known]) for values in (domestic, reach, effective)]
    share = [value / total if total > 0.0 else np.nan for value in sums]
    row["reach_domestic"], row["reach_open"], row["reach_effective"] = share
    ok = total > 0.0 and sums[1] > 0.0
    row["loss"] = min(max(1.0 - sums[0] / sums[1], 0.0), 1.0) if ok else np.nan
    row["loss_mean"] = float(p @ lost) / total if total > 0.0 else np.nan
    row["loss_effective"] = 1.0 - sums[2] / sums[1] if ok else np.nan
    for limit in (25, 50):
        above = float(p[lost > limit / 100.0].sum())
        row[f"share_above_{limit}"] = above / total if total > 0.0 else np.nan
    quantiles = weighted_quantiles(lost, p, [d / 100.0 for d in DECILES])
    row |= {f"loss_p{d}": float(q) for d, q in zip(DECILES, quantiles, strict=True)}
    return row


def _skills(people: Floats, reach: Floats, skills: Floats) -> dict[str, object]:
    known = np.isfinite(people) & np.isfinite(reach) & np.isfinite(skills) & (reach > 0.0)
    total, whole = float(people[known].sum()), float(people[known] @ reach[known])
    matched = float(people[known] @ skills[known])
    return {
        "reach_skills": matched / total if total > 0.0 else np.nan,
        "loss_skills": 1.0 - matched / whole if whole > 0.0 else np.nan,
    }


def foreign_sensitivity(
    loss: BorderLoss, *, changes: Sequence[float] = (-0.1, 0.1), scenario: str = "baseline"
) -> pd.DataFrame:
    """Loss if foreign counts were higher or lower throughout: job concepts differ by country.

    Exact, not a new run: open reach is domestic reach plus the foreign part times (1 + change).

    Parameters
    ----------
    loss : BorderLoss
    changes : sequence of float
        -0.1 is ten per cent fewer foreign opportunities.

    Returns
    -------
    DataFrame
        The keys of ``border.parquet``, then foreign_change and loss; a block of rows per change.
    """
    if any(not (np.isfinite(c) and c >= -1.0) for c in changes):
        raise StudyError(f"foreign sensitivity: changes must be -1 or more, not {tuple(changes)}")
    keys = ["zone_id", "scenario", "mode", "opportunity", "group", "band_min", "measure"]
    frames = []
    base = loss.table(scenario=scenario).iloc[: loss.domestic.size][keys]
    foreign = loss.open_reach - loss.domestic
    for change in changes:
        frame = base.copy()
        frame["foreign_change"] = float(change)
        reach = loss.domestic + (1.0 + change) * foreign
        with np.errstate(divide="ignore", invalid="ignore"):
            frame["loss"] = np.where(reach > 0.0, 1.0 - loss.domestic / reach, np.nan).ravel()
        frames.append(frame)
    return pd.concat(frames, ignore_index=True)


@dataclass(frozen=True)
class OpportunitySource:
    """What a count of opportunities is, for one country.

    Parameters
    ----------
    country, opportunity : str
    concept : str
        What is counted, in words: "jobs of employees at the place of work".
    unit : str
        ``"jobs"``, ``"employees"``, ``"persons employed"``, ``"fte"``, ...
    year : int, optional
    source : str
    estimated : bool
        True where the count is a stand-in (population times a rate) rather than an observation.
    """

    country: str
    opportunity: str
    concept: str
    unit: str
    year: int | None
    source: str
    estimated: bool = False

    def __post_init__(self) -> None:
        empty = [
            name
            for name in ("country", "opportunity", "concept", "unit", "source")
            if not getattr(self, name).strip()
        ]
        if empty:
            raise OpportunityError(
                f"source of {self.opportunity!r} in {self.country!r}: {', '.join(empty)} "
                "must be stated, so that countries can be compared"
            )


def comparability(
    sources: Sequence[OpportunitySource], countries: Sequence[str]
) -> tuple[pd.DataFrame, tuple[Fault, ...]]:
    """Concepts, units and years side by side, and where they do not match.

    Parameters
    ----------
    sources : sequence of OpportunitySource
    countries : sequence of str
        Sides of the study.

    Returns
    -------
    table : DataFrame
        opportunity, country, concept, unit, year, source, estimated, same_unit, years_apart
        (to the other countries).
    notices : tuple of Fault
        A warning for each kind of opportunity that differs between countries, is estimated, or
        lacks a country.
    """
    faults = Faults()
    keys = [(s.opportunity, s.country) for s in sources]
    twice = sorted({key for key in keys if keys.count(key) > 1})
    if twice:
        faults.add("opportunities", "a source is stated twice", values=twice)
    faults.raise_errors(OpportunityError)
    rows = []
    for opportunity in sorted({s.opportunity for s in sources}):
        own = sorted((s for s in sources if s.opportunity == opportunity), key=lambda s: s.country)
        where = f"opportunities {opportunity!r}"
        units = {s.unit for s in own}
        years = [s.year for s in own if s.year is not None]
        apart = max(years) - min(years) if years else None
        if len(units) > 1:
            faults.warn(
                where,
                "units differ between countries: read losses with the +-10 % variant",
                values=[f"{s.country}: {s.unit}" for s in own],
            )
        if apart:
            faults.warn(
                where,
                f"years are up to {apart} apart",
                values=[f"{s.country}: {s.year}" for s in own],
            )
        if any(s.year is None for s in own):
            faults.warn(where, "no year", values=[s.country for s in own if s.year is None])
        if any(s.estimated for s in own):
            faults.warn(
                where,
                "estimated, not observed",
                values=[f"{s.country}: {s.source}" for s in own if s.estimated],
            )
        lacking = sorted(set(countries) - {s.country for s in own})
        if lacking:
            faults.warn(where, "source not stated for countries", values=lacking)
        rows += [
            {
                "opportunity": opportunity,
                "country": s.country,
                "concept": s.concept,
                "unit": s.unit,
                "year": s.year,
                "source": s.source,
                "estimated": s.estimated,
                "same_unit": len(units) == 1,
                "years_apart": apart,
            }
            for s in own
        ]
    return pd.DataFrame(rows), faults.warnings
