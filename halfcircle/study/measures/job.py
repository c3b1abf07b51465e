"""What an adapter of a measure has to hand: its keys, counts, and travel times of other modes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.decay import Decay, pbl_curve
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.places import Opportunities, Zones
from halfcircle.study.measures.inputs import MeasureColumns, whole_of
from halfcircle.study.measures.times import PartTimes
from halfcircle.study.reach.compute import study_decay
from halfcircle.study.reach.scaled_decay import ScaledDecay
from halfcircle.study.settings.config import MeasureConfig, ReachConfig

__all__ = ["AREA_COLUMNS", "LAYER", "Job", "Tables", "area_rows", "demand_of"]

LAYER = ("scenario", "mode", "opportunity", "group", "band_min", "percentile", "measure")
AREA_COLUMNS = (*LAYER, "index", "value", "unit", "people", "left_out")
Tables = dict[str, pd.DataFrame]


@dataclass(frozen=True, eq=False)
class Job:
    """One measure of one scenario.

    Parameters
    ----------
    config : MeasureConfig
    reach : ReachConfig
        Of the scenario.
    zones : Zones
    counts : mapping of str to Opportunities
    columns : MeasureColumns
    source_of : callable
        Mode -> travel times, for measures of two modes.
    missing : mapping of mode to array of bool, shape (n_zones,)
        Zones that are not known to be connected.
    limit_s : float, seconds
        How far travel times are looked for.
    """

    config: MeasureConfig
    reach: ReachConfig
    zones: Zones
    counts: Mapping[str, Opportunities]
    columns: MeasureColumns
    source_of: Callable[[str], TravelTimeSource]
    missing: Mapping[str, npt.NDArray[np.bool_]]
    limit_s: float

    def __getitem__(self, key: str) -> Any:
        """Value of a key of the study file."""
        return self.config.values[key]

    @property
    def reached(self) -> list[Opportunities]:
        """The opportunities."""
        return [self.counts[name] for name in self["opportunities"]]

    @property
    def amenity(self) -> Opportunities:
        """The one opportunity of kinds that take one."""
        return self.counts[self["opportunities"]]

    @property
    def people(self) -> Opportunities:
        """Who competes, is served or lives there: by group as far as there are groups."""
        return self.counts[self["people"]]

    @property
    def bands_min(self) -> tuple[float, ...]:
        """Bands, stretched where people of the scenario accept longer ways."""
        return tuple(band * self.reach.time_factor for band in self["bands_min"])

    def decay(self, mode: str) -> Decay | None:
        """Decay of a mode; None where there is no curve for it."""
        config = self["decay"]
        if config is None:
            return study_decay(self.reach, mode)
        if config.form == "pbl" and pbl_curve(mode) is None:
            return None
        decay: Decay = config.decay(mode)
        factor = self.reach.time_factor
        return decay if factor == 1.0 else ScaledDecay(decay, factor)

    def like(self, source: TravelTimeSource, mode: str) -> TravelTimeSource:
        """Another mode from the same origins."""
        other = self.source_of(mode)
        return PartTimes(other, source.origin_idx) if isinstance(source, PartTimes) else other


def demand_of(people: Opportunities, reached: Opportunities) -> Opportunities:
    """People by the groups of what they want where both have them, else all of them."""
    both = set(reached.groups) <= set(people.groups)
    return people if both and len(people.groups) > 1 else whole_of(people)


def area_rows(wide: pd.DataFrame, units: Mapping[str, str], *, people: str) -> pd.DataFrame:
    """Columns of a table as rows: one per index, with its unit.

    Parameters
    ----------
    wide : DataFrame
        With the columns of `LAYER`, ``left_out``, `people` and one column per index.
    units : mapping of str to str
        Index -> unit.
    people : str
        Column that holds how many were counted.

    Returns
    -------
    DataFrame
        `AREA_COLUMNS`.
    """
    parts: Sequence[pd.DataFrame] = [
        wide.assign(index=index, value=wide[index].astype(np.float64), unit=unit)
        for index, unit in units.items()
    ]
    table = pd.concat(parts, ignore_index=True).assign(people=lambda t: t[people])
    return table[list(AREA_COLUMNS)]
