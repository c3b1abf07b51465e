"""Classes and colours of maps: few, round, readable by colour-blind people and in grey print.

The ramps run from light (little) to dark (much), each step clearly darker than the one before, so
that they survive a black-and-white printer. They are this project's own tables; lightness is what
is tested.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

__all__ = [
    "LOSS_RAMP",
    "REACH_RAMP",
    "Classes",
    "class_breaks",
    "delta_classes",
    "loss_classes",
    "reach_classes",
]

REACH_RAMP = ("#f4efb8", "#c5e09f", "#8fcda4", "#4fb0a8", "#2a8aa3", "#255f8e", "#27305f")
LOSS_RAMP = ("#fbe9c6", "#f5c98d", "#ea9d5b", "#d56c3c", "#ae3f2c", "#7c1f28", "#4a1020")
# From little to much; orange and blue are told apart with every common colour vision.
FEWER_RAMP = ("#f8dfbf", "#eeb06a", "#cf7420", "#8a4208")
MORE_RAMP = ("#d3e3f1", "#95bddd", "#4487bf", "#174d84")
ZERO_COLOUR = "#f7f5f0"
MISSING_COLOUR = "#dcdcdc"
MISSING_HATCH = "#8a8a8a"
LOSS_BREAKS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)

Method = Literal["quantile", "fixed", "diverging"]


@dataclass(frozen=True)
class Classes:
    """Classes of a map legend.

    Parameters
    ----------
    breaks : tuple of float
        Upper bounds, rising; a value belongs to the first class whose bound it does not exceed.
        Zero has a class of its own, and so have missing values.
    colours : tuple of str
        One per class, ``#rrggbb``.
    method : {"quantile", "fixed", "diverging"}
        How the bounds were found; diverging ones are quantiles of sizes, the same below 0 as above.
    """

    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    method: Method

    def class_idx(self, values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        """Class of each value: -2 missing, -1 zero, else position in `breaks`."""
        idx = np.searchsorted(np.asarray(self.breaks), values, side="left")
        idx = np.minimum(idx, max(len(self.breaks) - 1, 0)).astype(np.int64)
        idx[values == 0] = -1
        idx[np.isnan(values)] = -2
        return idx

    def colour(self, class_idx: int) -> str:
        """Fill of a class as `class_idx` names it."""
        if class_idx == -2:
            return MISSING_COLOUR
        return ZERO_COLOUR if class_idx == -1 else self.colours[class_idx]


def class_breaks(values: npt.NDArray[np.float64], n_classes: int) -> tuple[float, ...]:
    """Upper bounds of classes with about equally many different values each, two digits long.

    Different ones: where everything is reached, many zones share one largest value, and it would
    take up class after class.

    Parameters
    ----------
    values : array of float64
        Zeros and NaN are left out.
    n_classes : int
        At most this many; fewer where values repeat.

    Returns
    -------
    tuple of float
        Rising; the last one is not below the largest value. Empty if no value is positive.
    """
    positive = np.unique(values[np.isfinite(values) & (values > 0)])
    if not len(positive):
        return ()
    inner = np.quantile(positive, np.linspace(0, 1, n_classes + 1)[1:-1])
    bounds = [_round_up(float(value)) for value in inner] + [_round_up(float(positive.max()))]
    rising: list[float] = []
    for bound in bounds:
        if not rising or bound > rising[-1]:
            rising.append(bound)
    return tuple(rising)


def _round_up(value: float) -> float:
    """Smallest number of two significant digits that is not below `value`."""
    step = 10.0 ** (np.floor(np.log10(value)) - 1)
    # The decimal text is what people read; float noise such as 0.30000000000000004 is cut off.
    return float(f"{np.ceil(round(value / step, 9)) * step:.3g}")


def reach_classes(values: npt.NDArray[np.float64], *, n_classes: int = 7) -> Classes:
    """Classes for opportunities reached.

    Parameters
    ----------
    values : array of float64
        Of all the layers that will be shown with these classes.
    n_classes : int
        At most 7.

    Returns
    -------
    Classes
    """
    breaks = class_breaks(np.ravel(values), n_classes)
    return Classes(breaks, _spread(REACH_RAMP, len(breaks)), "quantile")


def loss_classes() -> Classes:
    """Fixed classes for the share that a border takes away."""
    return Classes(LOSS_BREAKS, _spread(LOSS_RAMP, len(LOSS_BREAKS)), "fixed")


def delta_classes(values: npt.NDArray[np.float64], *, n_classes: int = 4) -> Classes:
    """Classes for differences: zero in the middle, equal steps for less and for more.

    Parameters
    ----------
    values : array of float64
        Of all the layers that will be shown with these classes.
    n_classes : int
        Of less and of more each, at most 4.

    Returns
    -------
    Classes
        ``2 n`` classes: the lower half for differences below 0, the largest first.
    """
    sizes = class_breaks(np.abs(np.ravel(values)), n_classes)
    if not sizes:
        return Classes((), (), "diverging")
    n = len(sizes)
    below = tuple(-size for size in reversed(sizes[:-1]))
    fewer, more = FEWER_RAMP[4 - n :], MORE_RAMP[4 - n :]
    return Classes((*below, 0.0, *sizes), (*reversed(fewer), *more), "diverging")


def _spread(ramp: tuple[str, ...], n: int) -> tuple[str, ...]:
    """Pick `n` colours of a ramp, as far apart as possible."""
    if n <= 1:
        return ramp[3 : 3 + n]
    return tuple(ramp[round(i)] for i in np.linspace(0, len(ramp) - 1, n))
