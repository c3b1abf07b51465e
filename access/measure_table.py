"""One tidy table for every measure, and the checks that measures share.

All measures take ``(source, opportunities, ...)`` in this order, work on blocks of origins, and
give rows like those of `halfcircle.access.measures.reach_table` with two columns more: the unit of
the value, and how many counts were missing in the inputs and therefore left out of every sum.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access.measures import REACH_COLUMNS, Weights
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import OpportunityError
from halfcircle.places import Opportunities

__all__ = [
    "MEASURE_COLUMNS",
    "SITE_MEASURES",
    "Labels",
    "check_sides",
    "labels_of",
    "measure_table",
]

MEASURE_COLUMNS = (*REACH_COLUMNS, "unit", "left_out")
# Measures whose rows are of sites, not of homes: people do not weight them.
SITE_MEASURES = (
    *("reverse_reach", "reverse_decay", "catchment", "roll"),
    *("amenities_before", "amenities_after", "roll_before", "roll_after"),
)
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Labels:
    """What the last axis of an array of values stands for.

    Parameters
    ----------
    opportunity, group, unit : tuple of str
        One entry per column of values.
    left_out : tuple of int
        Missing counts per column.
    """

    opportunity: tuple[str, ...]
    group: tuple[str, ...]
    unit: tuple[str, ...]
    left_out: tuple[int, ...]

    def with_unit(self, unit: str) -> Labels:
        """The same with one unit; ``{}`` in it stands for the unit that was."""
        units = tuple(unit.replace("{}", each) for each in self.unit)
        return Labels(self.opportunity, self.group, units, self.left_out)


def labels_of(opportunities: Sequence[Opportunities]) -> Labels:
    """Labels of `Weights(opportunities)`, with units and the number of missing counts."""
    rows = [
        (o.name, group, o.unit or o.name, int(np.isnan(o.values[g]).sum()))
        for o in opportunities
        for g, group in enumerate(o.groups)
    ]
    names, groups, units, missing = zip(*rows, strict=True)
    return Labels(names, groups, units, missing)


def check_sides(
    source: TravelTimeSource,
    *,
    at_destinations: Sequence[Opportunities] = (),
    at_origins: Sequence[Opportunities] = (),
) -> None:
    """Check that counts lie on the right side of the travel times.

    Raises
    ------
    OpportunityError
        Counts are for another number of places than the source has.
    """
    faults = Faults()
    sides = (
        (at_destinations, len(source.destinations), "destinations"),
        (at_origins, len(source.origins), "origins"),
    )
    for counts, n, side in sides:
        for each in counts:
            if each.n_zones != n:
                faults.add(
                    f"opportunities {each.name!r}",
                    f"are counted in {each.n_zones:,} places, the travel times have {n:,} {side}",
                )
    faults.raise_errors(OpportunityError)


def measure_table(
    source: TravelTimeSource,
    place_id: npt.NDArray[np.object_],
    labels: Labels,
    values: Floats,
    *,
    measure: str,
    band_min: float = np.nan,
    scenario: str = "baseline",
) -> pd.DataFrame:
    """Values as tidy rows.

    Parameters
    ----------
    source : TravelTimeSource
        Names the mode and the percentiles.
    place_id : array of str, shape (n,)
    labels : Labels
    values : array of float64, shape (n, n_percentiles, n_labels)
        NaN where undefined or not known.
    measure : str
    band_min : float, minutes
    scenario : str

    Returns
    -------
    DataFrame
        Columns `MEASURE_COLUMNS`, one row per place, percentile and label.
    """
    i, p, q = (axis.ravel() for axis in np.indices(values.shape))
    table = pd.DataFrame(
        {
            "zone_id": place_id[i],
            "scenario": scenario,
            "mode": source.mode,
            "opportunity": np.array(labels.opportunity, dtype=object)[q],
            "group": np.array(labels.group, dtype=object)[q],
            "band_min": float(band_min),
            "percentile": np.asarray(source.percentiles, dtype=np.int64)[p],
            "measure": measure,
            "value": values.ravel(),
            "unit": np.array(labels.unit, dtype=object)[q],
            "left_out": np.array(labels.left_out, dtype=np.int64)[q],
        }
    )
    return table[list(MEASURE_COLUMNS)]


def paired_demand(
    opportunities: Sequence[Opportunities], demand: Opportunities
) -> tuple[Floats, Labels]:
    """Demand for each label of the opportunities, and their labels.

    One undivided demand serves all; a demand by group needs opportunities of the same groups.

    Returns
    -------
    demand : array of float64, shape (n_origins, n_labels)
        0 where missing.
    labels : Labels
        Missing counts of both sides.

    Raises
    ------
    OpportunityError
        Groups of the two sides do not match.
    """
    labels = labels_of(opportunities)
    faults = Faults()
    column: list[int] = []
    for name, group in Weights(opportunities).labels:
        if len(demand.groups) == 1:
            column.append(0)
        elif group in demand.groups:
            column.append(demand.groups.index(group))
        else:
            faults.add(
                f"opportunities {name!r}",
                f"group {group!r} has no demand in {demand.name!r}",
                values=demand.groups,
                remedy="give one undivided demand, or the same groups on both sides",
            )
    faults.raise_errors(OpportunityError)
    missing = np.isnan(demand.values).sum(axis=1)
    left_out = tuple(
        have + int(missing[k]) for have, k in zip(labels.left_out, column, strict=True)
    )
    known = np.nan_to_num(demand.values, nan=0.0)[column].T
    paired = Labels(labels.opportunity, labels.group, labels.unit, left_out)
    return np.ascontiguousarray(known), paired
