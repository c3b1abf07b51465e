"""Decay by travel-time zones, as in the enhanced two-step floating catchment area method."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.access.decay import Decay
from halfcircle.errors import StudyError

__all__ = ["ZonalDecay"]


@dataclass(frozen=True)
class ZonalDecay(Decay):
    """A weight per travel-time zone, 0 beyond the last one.

    Parameters
    ----------
    ends_s : tuple of float, seconds
        Ascending ends of the zones, inclusive. Luo & Qi use 10, 20 and 30 minutes.
    weights : tuple of float
        One per zone, between 0 and 1, never rising; the first is 1.

    Raises
    ------
    StudyError
        Lengths differ, ends do not ascend, or weights rise or do not start with 1.
    """

    ends_s: tuple[float, ...]
    weights: tuple[float, ...]

    formula: ClassVar[str] = "weight of the zone that t falls in, 0 beyond the last"
    source: ClassVar[str] = "Luo & Qi 2009, https://doi.org/10.1016/j.healthplace.2009.06.002"

    def __post_init__(self) -> None:
        faults = Faults()
        where = "decay 'zonal'"
        if not self.ends_s or len(self.ends_s) != len(self.weights):
            faults.add(where, "needs one weight per zone", values=[self.ends_s, self.weights])
        else:
            edges = np.array((0.0, *self.ends_s))
            if not (np.isfinite(edges).all() and (np.diff(edges) > 0.0).all()):
                faults.add(where, "ends of zones must ascend from above 0", values=self.ends_s)
            falling = np.array((*self.weights, 0.0))
            if not (self.weights[0] == 1.0 and (np.diff(falling) <= 0.0).all()):
                faults.add(
                    where,
                    "weights must start with 1 and never rise or be negative",
                    values=self.weights,
                )
        faults.raise_errors(StudyError)

    @property
    def name(self) -> str:
        """``zonal_10min_20min_30min``."""
        return "zonal_" + "_".join(f"{end / 60.0:g}min" for end in self.ends_s)

    def _weight(self, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        steps = np.array((*self.weights, 0.0))
        return np.asarray(steps[np.searchsorted(np.array(self.ends_s), times_s, side="left")])
