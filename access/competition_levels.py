"""Competition between levels of education: who takes work below their level crowds others out."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access._sharing import Sweep, blank_unknown, per_competitor
from halfcircle.access.measure_table import check_sides, measure_table, paired_demand
from halfcircle.access.measures import Decay, Weights
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import OpportunityError, StudyError
from halfcircle.places import Opportunities

__all__ = ["competition_by_level", "spill_down"]

Floats = npt.NDArray[np.float64]


def spill_down(n_levels: int, share: float) -> Floats:
    """Who competes for what when people also take work below their level.

    Parameters
    ----------
    n_levels : int
        From the lowest level to the highest.
    share : float
        Weight with which people of a level compete one level down; squared for two levels. 0
        keeps levels apart, 1 lets the highest compete everywhere with full weight.

    Returns
    -------
    array of float64, shape (n_levels, n_levels)
        ``[e, l]``: weight with which people of level e compete for opportunities of level l;
        ``share ** (e - l)`` down to l, 0 upwards.

    Raises
    ------
    StudyError
        `share` is not between 0 and 1.
    """
    if not 0.0 <= share <= 1.0:
        raise StudyError(f"spill-down: share must be between 0 and 1, not {share!r}")
    down = np.subtract.outer(np.arange(n_levels), np.arange(n_levels))
    return np.where(down >= 0, np.power(share, np.maximum(down, 0).astype(np.float64)), 0.0)


def competition_by_level(
    source: TravelTimeSource,
    opportunities: Opportunities,
    demand: Opportunities,
    *,
    decay: Decay | Sequence[Decay],
    competes: Floats,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Opportunities per competitor by level, with spill-down from higher levels.

    ``D_jl = sum_e s_el sum_k P_ke f_e(t_kj)`` competes for the opportunities of level l, and a
    person of level e gets ``A_ie = sum_l s_el sum_j f_e(t_ij) O_jl / D_jl``: Shen's measure (1998,
    doi:10.1068/b250345) with levels that are substitutes in one direction. Times P and summed over
    origins and levels it gives the opportunities that anybody reaches.

    Parameters
    ----------
    source : TravelTimeSource
    opportunities, demand : Opportunities
        The same groups on both sides, from the lowest level to the highest.
    decay : callable, or one per level
        People with more education accept longer trips.
    competes : array of float64, shape (n_levels, n_levels)
        ``s_el`` from `spill_down`, or any non-negative weights.
    scenario, missing, block_size
        As in `floating_catchment`.

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; measure ``competition_by_level``, group the level of the person, in
        opportunities per person.

    Raises
    ------
    OpportunityError
        Counts do not fit the places, or the two sides have other groups.
    StudyError
        `competes` or the number of decays does not fit the levels.
    """
    check_sides(source, at_destinations=[opportunities], at_origins=[demand])
    n_levels = len(demand.groups)
    if opportunities.groups != demand.groups:
        raise OpportunityError(
            f"opportunities {opportunities.name!r}: groups {opportunities.groups} are not those of "
            f"{demand.name!r}, {demand.groups}"
        )
    decays = list(decay) if isinstance(decay, Sequence) else [decay] * n_levels
    s = np.asarray(competes, dtype=np.float64)
    faults = Faults()
    where = "competition by level"
    if len(decays) != n_levels:
        faults.add(where, f"{len(decays)} decays were given for {n_levels} levels")
    if s.shape != (n_levels, n_levels) or not ((s >= 0.0) & np.isfinite(s)).all():
        faults.add(where, f"competes must be {n_levels} x {n_levels} numbers of at least 0")
    faults.raise_errors(StudyError)

    people, labels = paired_demand([opportunities], demand)
    supply = Weights([opportunities]).matrix
    sweeps = [Sweep(source, each, block_size) for each in decays]
    met = np.zeros((len(source.percentiles), len(source.destinations), n_levels))
    for e in range(n_levels):
        met += sweeps[e].competitors(people[:, e : e + 1]) * s[e]
    ratio, undefined = per_competitor(supply, met)
    values = np.empty((len(source.origins), len(source.percentiles), n_levels))
    for e in range(n_levels):
        open_to = undefined & (s[e] > 0.0)
        values[:, :, e : e + 1] = sweeps[e].shared(
            (ratio @ s[e])[:, :, np.newaxis], open_to.any(axis=2, keepdims=True)
        )
    each = demand.unit or demand.name
    return measure_table(
        source,
        source.origins.place_id,
        labels.with_unit(f"{{}} per {each}"),
        blank_unknown(values, missing),
        measure="competition_by_level",
        scenario=scenario,
    )
