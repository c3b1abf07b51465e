"""What wider reach may mean for wages: indicative, gross, and with its uncertainty.

``d ln w = elasticity * ln(A_variant / A_base)`` with the same decay and jobs as mass (METHODS
2.7). This is a rule of thumb from studies of density, not a forecast: it holds land use and
migration fixed, counts nothing that is lost elsewhere, and must not be added to users' time gains
in a cost-benefit analysis, which hold a part of it already.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.errors import StudyError
from halfcircle.regions.border_result import BorderLoss

__all__ = ["LABEL", "Elasticity", "agglomeration_indication", "border_agglomeration"]

Floats = npt.NDArray[np.float64]

LABEL = "indicative, gross"


@dataclass(frozen=True)
class Elasticity:
    """Triangular distribution of the elasticity of wages to reach.

    Parameters
    ----------
    low, mode, high : float
    n_draws : int
    seed : int
        The same seed gives the same draws, for every zone, region and scenario.
    source : str
    """

    low: float = 0.015
    mode: float = 0.027
    high: float = 0.039
    n_draws: int = 2000
    seed: int = 1990
    source: str = field(
        default="Donovan et al. 2024: 6,684 estimates, range .015-.039; the mode is its midpoint"
    )

    def __post_init__(self) -> None:
        faults = Faults()
        if not 0.0 <= self.low <= self.mode <= self.high < 1.0 or self.low == self.high:
            faults.add(
                "elasticity",
                "needs 0 <= low <= mode <= high < 1 and low < high",
                values=[self.low, self.mode, self.high],
            )
        if self.n_draws < 100:
            faults.add("elasticity", "needs at least 100 draws", values=[self.n_draws])
        faults.raise_errors(StudyError)


def agglomeration_indication(
    base: npt.ArrayLike,
    variant: npt.ArrayLike,
    regions: Sequence[str],
    population: npt.ArrayLike,
    *,
    elasticity: Elasticity | None = None,
) -> pd.DataFrame:
    """Wage indication per region, by joint draws over elasticity and alternatives.

    Parameters
    ----------
    base, variant : array of float, shape (n_zones, n_alternatives)
        Reach before and after, under each combination of decay, penalty and factor; each draw
        takes one of them, with equal chances, for all zones and for both.
    regions : sequence of str, length n_zones
    population : array of float, shape (n_zones,)
        Weights; workers where known.
    elasticity : Elasticity, optional

    Returns
    -------
    DataFrame
        region, label ("indicative, gross"), n_zones, n_undefined (no reach before or after),
        effect_mean, effect_p5, effect_p50, effect_p95 (d ln w; 0.01 is about one per cent).

    Raises
    ------
    StudyError
        Shapes do not fit, or reach or population is negative.
    """
    rules = Elasticity() if elasticity is None else elasticity
    before, after = (np.asarray(x, dtype=np.float64) for x in (base, variant))
    people = np.asarray(population, dtype=np.float64)
    region = np.array([str(r) for r in regions], dtype=object)
    if before.ndim != 2 or before.shape != after.shape or before.shape[1] == 0:
        raise StudyError(f"agglomeration: reach has shapes {before.shape} and {after.shape}")
    if people.shape != (len(before),) or region.shape != (len(before),):
        raise StudyError(f"agglomeration: {len(region)} regions for {len(before)} zones")
    if (before < 0.0).any() or (after < 0.0).any() or (people < 0.0).any():
        raise StudyError("agglomeration: reach and population must be 0 or more")
    rng = np.random.default_rng(rules.seed)
    eps = rng.triangular(rules.low, rules.mode, rules.high, rules.n_draws)
    chosen = rng.integers(0, before.shape[1], rules.n_draws)
    known = (
        np.isfinite(before).all(axis=1)
        & np.isfinite(after).all(axis=1)
        & (before > 0.0).all(axis=1)
        & (after > 0.0).all(axis=1)
        & np.isfinite(people)
    )
    growth = np.zeros_like(before)
    growth[known] = np.log(after[known] / before[known])
    rows = []
    for name in sorted(set(region) - {""}):
        here = (region == name) & known
        weight = people[here]
        row: dict[str, object] = {
            "region": name,
            "label": LABEL,
            "n_zones": int((region == name).sum()),
            "n_undefined": int(((region == name) & ~known).sum()),
        }
        effect = np.full(rules.n_draws, np.nan)
        if weight.sum() > 0.0:
            effect = eps * ((weight @ growth[here]) / weight.sum())[chosen]
        row["effect_mean"] = float(effect.mean())
        for p in (5, 50, 95):
            row[f"effect_p{p}"] = float(np.quantile(effect, p / 100.0))
        rows.append(row)
    return pd.DataFrame(rows)


def border_agglomeration(
    loss: BorderLoss,
    regions: Sequence[str],
    population: npt.ArrayLike,
    *,
    opportunity: str = "jobs",
    group: str = "all",
    elasticity: Elasticity | None = None,
) -> pd.DataFrame:
    """Wage indication of taking the border away, over the variants and decays of a border loss.

    Parameters
    ----------
    loss : BorderLoss
        With ``variants=sensitivity_rules()`` and one decay or more; alternatives are all pairs of
        a variant and a decay.
    regions, population, elasticity
        As in `agglomeration_indication`.
    opportunity, group : str
        Which column is the mass.

    Raises
    ------
    StudyError
        The loss has no variants or no decay.
    """
    if len(loss.rule_sets) < 2 or not loss.measures.decays:
        raise StudyError(
            "agglomeration needs a border loss with a decay and with variants of the rules: "
            "variants=sensitivity_rules()"
        )
    k, first = loss.column(opportunity, group), len(loss.measures.bands_s)
    base = loss.effective[:, 1:, first:, k]
    variant = np.broadcast_to(loss.open_reach[:, np.newaxis, first:, k], base.shape)
    n = len(loss)
    return agglomeration_indication(
        base.reshape(n, -1), variant.reshape(n, -1), regions, population, elasticity=elasticity
    )
