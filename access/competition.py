"""Reach that is shared with others: opportunities per person who can also reach them.

::

    sweep 1 over blocks   D_j = sum_k P_k f(t_kj)        who competes for a place
    sweep 2 over blocks   A_i = sum_j (O_j / D_j) f(t_ij)  what is left for one person

Every measure makes two sweeps over the travel times, so that memory stays bounded by a block.
An opportunity that nobody competes for has no ratio: origins that reach one get NaN, not a guess.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access._sharing import (
    Sides,
    Sweep,
    blank_unknown,
    per_competitor,
    sides_of,
    standardised,
)
from halfcircle.access.measure_table import measure_table
from halfcircle.access.measures import Decay
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.places import Opportunities

__all__ = ["balanced_catchment", "floating_catchment", "three_step_catchment"]

Floats = npt.NDArray[np.float64]


def floating_catchment(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    demand: Opportunities,
    *,
    decay: Decay,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Opportunities per competing person: ``A_i = sum_j O_j f_ij / sum_k P_k f_kj``.

    With a smooth decay this is Shen's job accessibility (1998, doi:10.1068/b250345), with a
    `StepDecay` the two-step floating catchment area (Luo & Wang 2003, doi:10.1068/b29120), with a
    `ZonalDecay` its enhanced form (Luo & Qi 2009, doi:10.1016/j.healthplace.2009.06.002). Times
    P and summed over origins it gives the opportunities that anybody reaches, no more and no less.

    Parameters
    ----------
    source : TravelTimeSource
    opportunities : sequence of Opportunities
        Counts at the destinations.
    demand : Opportunities
        People who compete, at the origins; undivided, or by the groups of the opportunities.
        People abroad compete too: a source over both sides of a border counts them.
    decay : callable
        Seconds -> weight in 0..1, 0 at infinity.
    scenario : str
    missing : array of bool, shape (n_origins,), optional
        Origins that are not known to be connected: NaN.
    block_size : int
        Origins at a time.

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; measure ``floating_catchment``, in opportunities per person. 0 where
        nothing is reached, NaN where something is reached that nobody competes for.

    Raises
    ------
    OpportunityError
        Counts do not fit the places or groups do not match.
    """
    sides, sweep = sides_of(source, opportunities, demand), Sweep(source, decay, block_size)
    values = sweep.shared(*per_competitor(sides.supply, sweep.competitors(sides.demand)))
    return _told("floating_catchment", source, sides, values, scenario, missing)


def three_step_catchment(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    demand: Opportunities,
    *,
    decay: Decay,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Floating catchment in which a site counts less where there are others to choose from.

    ``G_ij = f_ij / sum_k f_ik`` over the sites k that offer anything, then
    ``A_i = sum_j G_ij f_ij O_j / sum_k P_k G_kj f_kj`` (three-step floating catchment area: Wan,
    Zou & Sternberg 2012, doi:10.1080/13658816.2011.624987).

    Parameters, Returns and Raises are those of `floating_catchment`; measure
    ``three_step_catchment``.
    """
    sides, sweep = sides_of(source, opportunities, demand), Sweep(source, decay, block_size)
    offers = (sides.supply > 0.0).astype(np.float64)

    def chosen(factor: Floats, q: int) -> Floats:
        selection = standardised(factor, (factor @ offers[:, q])[:, :, np.newaxis])
        return factor * selection

    met = sweep.competitors(sides.demand, chosen)
    values = sweep.shared(*per_competitor(sides.supply, met), chosen)
    return _told("three_step_catchment", source, sides, values, scenario, missing)


def balanced_catchment(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    demand: Opportunities,
    *,
    decay: Decay,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Floating catchment that counts each person and each level of service once.

    ``D_j = sum_i P_i f_ij / sum_k f_ik`` and ``A_i = sum_j O_j / D_j * f_ij / sum_k f_kj``:
    the balanced floating catchment area (Paez, Higgins & Vivona 2019,
    doi:10.1371/journal.pone.0218773). Rows are standardised over the sites that offer anything,
    columns over the origins where people live: empty cells of a grid take no part, and origins
    without people get NaN. Then ``sum_j D_j`` is the population that reaches anything.

    Parameters, Returns and Raises are those of `floating_catchment`; measure
    ``balanced_catchment``.
    """
    sides, sweep = sides_of(source, opportunities, demand), Sweep(source, decay, block_size)
    offers = (sides.supply > 0.0).astype(np.float64)
    lived_in = (sides.demand > 0.0).astype(np.float64)

    def by_origin(factor: Floats, q: int) -> Floats:
        own = factor * offers[:, q]
        return standardised(own, own.sum(axis=2, keepdims=True))

    ratio, undefined = per_competitor(sides.supply, sweep.competitors(sides.demand, by_origin))
    # Dividing the ratio by the column total once is the same as dividing every weight by it.
    values = sweep.shared(standardised(ratio, sweep.competitors(lived_in)), undefined)
    values = np.where((lived_in > 0.0)[:, np.newaxis, :], values, np.nan)
    return _told("balanced_catchment", source, sides, values, scenario, missing)


def _told(
    measure: str,
    source: TravelTimeSource,
    sides: Sides,
    values: Floats,
    scenario: str,
    missing: npt.NDArray[np.bool_] | None,
) -> pd.DataFrame:
    return measure_table(
        source,
        source.origins.place_id,
        sides.labels,
        blank_unknown(values, missing),
        measure=measure,
        scenario=scenario,
    )
