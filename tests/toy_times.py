"""Travel times and counts given as arrays: sources small enough to check by hand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.places import Opportunities, Places

INF = float("inf")


@dataclass(frozen=True, eq=False)
class ToyTimes:
    """Travel times from an array (n_origins, n_percentiles, n_destinations), seconds."""

    seconds: npt.NDArray[np.float32]
    origins: Places
    destinations: Places
    mode: str = "toy"
    percentiles: tuple[int, ...] = (50,)

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return self.seconds[origin_idx]


def places(n: int, prefix: str) -> Places:
    """Places on a line of latitude, ``prefix0``, ``prefix1``, ..."""
    return Places([f"{prefix}{i}" for i in range(n)], np.linspace(5, 6, n), np.full(n, 51.0))


def toy(minutes: npt.ArrayLike, mode: str = "toy") -> ToyTimes:
    """Source of a matrix (origins, destinations) or cube (origins, percentiles, destinations)."""
    array = np.asarray(minutes, dtype=np.float32) * 60
    cube = array if array.ndim == 3 else array[:, np.newaxis, :]
    n, n_p, n_d = cube.shape
    percentiles = (50,) if n_p == 1 else tuple(range(10, 10 + n_p))
    return ToyTimes(cube, places(n, "o"), places(n_d, "d"), mode, percentiles)


def square(minutes: npt.ArrayLike, mode: str = "toy") -> ToyTimes:
    """Source between the same places at both ends."""
    array = np.asarray(minutes, dtype=np.float32)[:, np.newaxis, :] * 60
    both = places(len(array), "z")
    return ToyTimes(array, both, both, mode)


def counts(
    name: str, *values: Sequence[float], groups: tuple[str, ...] = ("all",)
) -> Opportunities:
    """Counts of a name, one sequence per group."""
    return Opportunities(name, np.array(values, dtype=np.float64), groups)


def cube(table: pd.DataFrame, measure: str | None = None) -> npt.NDArray[np.float64]:
    """Values of a measure as an array, in the order of the table."""
    rows = table if measure is None else table[table["measure"] == measure]
    return rows["value"].to_numpy()
