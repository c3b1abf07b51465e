"""Spatial availability: opportunities handed out to where people live, each of them once."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access._sharing import Sweep, blank_unknown, per_competitor, sides_of
from halfcircle.access.measure_table import Labels, labels_of, measure_table
from halfcircle.access.measures import Decay
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import StudyError
from halfcircle.places import Opportunities

__all__ = ["spatial_availability"]


def spatial_availability(
    source: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    demand: Opportunities,
    *,
    decay: Decay,
    alpha: float = 1.0,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Opportunities handed out to origins: ``V_i = sum_j O_j P_i^a f_ij / sum_k P_k^a f_kj``.

    Singly constrained: ``sum_i V_i`` is the number of opportunities that anybody reaches, and with
    ``alpha = 1`` ``V_i / P_i`` is `floating_catchment` (Soukhov, Paez, Higgins & Mohamed 2023,
    doi:10.1371/journal.pone.0278468).

    Parameters are those of `floating_catchment`, and

    alpha : float
        Below 1 small places get more than their share of people, above 1 less.

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; measures ``spatial_availability`` (opportunities; NaN where the demand
        of the origin is not known) and ``spatial_availability_per_person`` (NaN where nobody
        lives).

    Raises
    ------
    OpportunityError
        Counts do not fit the places or groups do not match.
    StudyError
        `alpha` is not a positive number.
    """
    if not (np.isfinite(alpha) and alpha > 0.0):
        raise StudyError(f"spatial availability: alpha must be a positive number, not {alpha!r}")
    sides = sides_of(source, opportunities, demand)
    pull = sides.demand**alpha
    sweep = Sweep(source, decay, block_size)
    ratio, _ = per_competitor(sides.supply, sweep.competitors(pull))
    each = sweep.shared(ratio, np.zeros(ratio.shape, dtype=np.bool_))
    available = each * pull[:, np.newaxis, :]
    groups = len(demand.groups)
    unknown = np.isnan(demand.values).T
    wanted = [0 if groups == 1 else demand.groups.index(g) for g in sides.labels.group]
    available = np.where(unknown[:, np.newaxis, wanted], np.nan, available)
    available = blank_unknown(available, missing)
    people = np.where(sides.demand > 0.0, sides.demand, np.nan)[:, np.newaxis, :]
    unshared = labels_of(opportunities)
    labels = Labels(unshared.opportunity, unshared.group, unshared.unit, sides.labels.left_out)
    from_id = source.origins.place_id
    name = "spatial_availability"
    frames = [
        measure_table(source, from_id, labels, available, measure=name, scenario=scenario),
        measure_table(
            source,
            from_id,
            sides.labels,
            available / people,
            measure=f"{name}_per_person",
            scenario=scenario,
        ),
    ]
    return pd.concat(frames, ignore_index=True)
