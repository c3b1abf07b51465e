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
    "CATEGORY_COLOURS",
    "CLASS_METHODS",
    "LOSS_RAMP",
    "REACH_RAMP",
    "ClassMethod",
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
# Of things that have no order, such as modes: with every common colour vision, in pairs and on
# paper each is told from all others. The hues are those of the lines in charts.
CATEGORY_COLOURS = ("#0b5c94", "#e78a37", "#32c68f", "#d898d0", "#f7eb90", "#231e17")
ZERO_COLOUR = "#f7f5f0"
MISSING_COLOUR = "#dcdcdc"
MISSING_HATCH = "#8a8a8a"
LOSS_BREAKS = (0.05, 0.1, 0.25, 0.5, 0.75, 1.0)

# Whole numbers up to here are counted in their legends: 1, 2, 3 - 5; above, bounds are just round.
COUNTABLE = 100.0
# Natural breaks are looked for among at most so many groups of neighbouring values.
MAX_GROUPS = 256

ClassMethod = Literal["quantile", "natural", "equal"]
Method = Literal["quantile", "natural", "equal", "each", "fixed", "diverging", "category"]

CLASS_METHODS: tuple[ClassMethod, ...] = ("quantile", "natural", "equal")


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
    method : {"quantile", "natural", "equal", "each", "fixed", "diverging", "category"}
        How the bounds were found; ``each``: one class per value, of which there are few; diverging
        ones are quantiles of sizes, the same below 0 as above; ``category``: values are numbers of
        things without an order, from 1.
    whole : bool
        Whether values are small whole numbers: a class that ends at 5 is followed by one that
        starts at 6.
    """

    breaks: tuple[float, ...]
    colours: tuple[str, ...]
    method: Method
    whole: bool = False

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


def class_breaks(
    values: npt.NDArray[np.float64], n_classes: int, *, method: ClassMethod = "quantile"
) -> tuple[float, ...]:
    """Upper bounds of classes, round where that moves no value into another class by much.

    Parameters
    ----------
    values : array of float64
        Zeros and NaN are left out. Whole numbers get whole bounds.
    n_classes : int
        At most this many; fewer where values repeat.
    method : {"quantile", "natural", "equal"}
        About equally many different values each (different ones: where everything is reached, many
        zones share one largest value, and it would take up class after class); as alike as
        possible within a class (Fisher 1958, doi:10.1080/01621459.1958.10501479); equally wide.

    Returns
    -------
    tuple of float
        Rising; the last one is not below the largest value. Empty if no value is positive.
    """
    positive = values[np.isfinite(values) & (values > 0)]
    if not len(positive):
        return ()
    different, counts = np.unique(positive, return_counts=True)
    least = 1.0 if _all_whole(different) else 0.0
    if method == "natural":
        return _natural_breaks(different, counts, n_classes, least)
    largest = float(different[-1])
    if method == "equal":
        width = _round_up(largest / n_classes, least)
        n = int(np.ceil(round(largest / width, 9)))
        # Once more through text: 3 x 0.1 is no 0.30000000000000004.
        return tuple(float(f"{width * i:.6g}") for i in range(1, n + 1))
    inner = np.quantile(different, np.linspace(0, 1, n_classes + 1)[1:-1])
    bounds = [_round_up(float(value), least) for value in inner] + [_round_up(largest, least)]
    return _rising(bounds)


def _rising(bounds: list[float]) -> tuple[float, ...]:
    rising: list[float] = []
    for bound in bounds:
        if not rising or bound > rising[-1]:
            rising.append(bound)
    return tuple(rising)


def _all_whole(values: npt.NDArray[np.float64]) -> bool:
    return bool(np.all(values == np.round(values)))


def _round_up(value: float, least: float = 0.0, digits: int = 2) -> float:
    """Smallest number of two significant digits (or a step of `least`) not below `value`."""
    step = max(10.0 ** (np.floor(np.log10(value)) - digits + 1), least)
    # The decimal text is what people read; float noise such as 0.30000000000000004 is cut off.
    return float(f"{np.ceil(round(value / step, 9)) * step:.{digits + 1}g}")


def _natural_breaks(
    values: npt.NDArray[np.float64], counts: npt.NDArray[np.int64], n_classes: int, least: float
) -> tuple[float, ...]:
    """Bounds with the least sum of squared deviations from the means of the classes."""
    groups = np.array_split(np.arange(len(values)), min(len(values), MAX_GROUPS))
    first = np.array([group[0] for group in groups])
    last = np.array([group[-1] for group in groups])
    zero = np.zeros(1)
    n = np.concatenate([zero, np.cumsum(counts)])
    total = np.concatenate([zero, np.cumsum(values * counts)])
    squares = np.concatenate([zero, np.cumsum(values**2 * counts)])
    start, end = first[:, None], last[None, :] + 1
    size = n[end] - n[start]
    with np.errstate(divide="ignore", invalid="ignore"):
        cost = squares[end] - squares[start] - (total[end] - total[start]) ** 2 / size
    m = len(groups)
    cost = np.where(np.arange(m)[:, None] <= np.arange(m)[None, :], np.maximum(cost, 0.0), np.inf)
    best = cost[0]
    cuts = []
    for _ in range(1, min(n_classes, m)):
        # Ways to end at j: the classes before end at i - 1, the last one holds i to j.
        ways = np.concatenate([[np.inf], best[:-1]])[:, None] + cost
        cuts.append(np.argmin(ways, axis=0))
        best = ways[cuts[-1], np.arange(m)]
    ends = [m - 1]
    for cut in reversed(cuts):
        ends.append(int(cut[ends[-1]]) - 1)
    bounds = []
    for end_idx in sorted({int(last[j]) for j in ends if j >= 0}):
        value = float(values[end_idx])
        above = float(values[end_idx + 1]) if end_idx + 1 < len(values) else np.inf
        # As few digits as keep the next value in the next class.
        rounded = (_round_up(value, least, digits) for digits in range(2, 7))
        bounds.append(next((bound for bound in rounded if bound < above), value))
    return _rising(bounds)


def reach_classes(
    values: npt.NDArray[np.float64], *, n_classes: int = 7, method: ClassMethod = "quantile"
) -> Classes:
    """Classes for opportunities reached; where there are few different values, one for each.

    Parameters
    ----------
    values : array of float64
        Of all the layers that will be shown with these classes.
    n_classes : int
        At most 7.
    method : {"quantile", "natural", "equal"}
        As of `class_breaks`.

    Returns
    -------
    Classes
    """
    flat = np.ravel(values)
    different = np.unique(flat[np.isfinite(flat) & (flat > 0)])
    whole = bool(len(different) and _all_whole(different) and different[-1] <= COUNTABLE)
    if 0 < len(different) <= n_classes and _written_apart(different):
        return Classes(
            tuple(different.tolist()), _spread(REACH_RAMP, len(different)), "each", whole
        )
    breaks = class_breaks(flat, n_classes, method=method)
    return Classes(breaks, _spread(REACH_RAMP, len(breaks)), method, whole)


def _written_apart(values: npt.NDArray[np.float64]) -> bool:
    """Whether a legend, which has three digits and two decimals, tells the values apart."""
    if _all_whole(values):
        return True
    written = {float(f"{round(value, 2):.3g}") for value in values}
    return len(written) == len(values)


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
    flat = np.abs(np.ravel(values))
    sizes = class_breaks(flat, n_classes)
    if not sizes:
        return Classes((), (), "diverging")
    known = flat[np.isfinite(flat)]
    whole = _all_whole(known) and float(known.max()) <= COUNTABLE
    n = len(sizes)
    below = tuple(-size for size in reversed(sizes[:-1]))
    fewer, more = FEWER_RAMP[4 - n :], MORE_RAMP[4 - n :]
    return Classes((*below, 0.0, *sizes), (*reversed(fewer), *more), "diverging", whole)


def _spread(ramp: tuple[str, ...], n: int) -> tuple[str, ...]:
    """Pick `n` colours of a ramp, as far apart as possible."""
    if n <= 1:
        return ramp[3 : 3 + n]
    return tuple(ramp[round(i)] for i in np.linspace(0, len(ramp) - 1, n))
