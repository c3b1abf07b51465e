"""Decay under another time budget: who travels on fewer days accepts longer ways."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.access.decay import Decay

__all__ = ["ScaledDecay"]


@dataclass(frozen=True)
class ScaledDecay(Decay):
    """The weight that `base` gives to a `factor` times shorter way: ``f(t / factor)``."""

    base: Decay
    factor: float

    @property
    def name(self) -> str:
        """That of the curve that is scaled: the same measure, of other people."""
        return self.base.name

    def _weight(self, times_s: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return self.base(times_s / self.factor)
