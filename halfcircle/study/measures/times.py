"""Travel times for measures: kept where they fit, a block at a time, and over draws of headways."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.transit_times import HeadwayDraws
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.gtfs import headway_spread
from halfcircle.places import Places

__all__ = ["KeptTimes", "PartTimes", "TimesShelf", "drawn", "mean_of_draws", "over_draws"]

Floats = npt.NDArray[np.float32]
# All times that are kept together; 240 MB.
MAX_CELLS = 60_000_000
BLOCK = 256


class KeptTimes:
    """Travel times of a source that are computed once, when they are first asked for.

    Several measures sweep over the same times; those of blocks that are on disk are never asked.

    Parameters
    ----------
    whole : TravelTimeSource
    """

    def __init__(self, whole: TravelTimeSource) -> None:
        self.whole = whole
        shape = (len(whole.origins), len(whole.percentiles), len(whole.destinations))
        self.seconds = np.empty(shape, dtype=np.float32)
        self.known = np.zeros(shape[0], dtype=np.bool_)

    @property
    def mode(self) -> str:
        """That of the source."""
        return self.whole.mode

    @property
    def percentiles(self) -> tuple[int, ...]:
        """Those of the source."""
        return tuple(self.whole.percentiles)

    @property
    def origins(self) -> Places:
        """Those of the source."""
        return self.whole.origins

    @property
    def destinations(self) -> Places:
        """Those of the source."""
        return self.whole.destinations

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> Floats:
        """Travel times of a block; see `TravelTimeSource.times_s`."""
        unknown = np.unique(origin_idx[~self.known[origin_idx]])
        for start in range(0, len(unknown), BLOCK):
            part = unknown[start : start + BLOCK]
            self.seconds[part] = self.whole.times_s(part)
            self.known[part] = True
        return self.seconds[origin_idx]


@dataclass(frozen=True, eq=False)
class PartTimes:
    """Some origins of a source as a source of its own.

    Parameters
    ----------
    whole : TravelTimeSource
    origin_idx : array of int64, shape (n,)
    """

    whole: TravelTimeSource
    origin_idx: npt.NDArray[np.int64]

    @property
    def mode(self) -> str:
        """That of the whole."""
        return self.whole.mode

    @property
    def percentiles(self) -> tuple[int, ...]:
        """Those of the whole."""
        return self.whole.percentiles

    @property
    def origins(self) -> Places:
        """The origins of this part."""
        return self.whole.origins.take(self.origin_idx)

    @property
    def destinations(self) -> Places:
        """All destinations."""
        return self.whole.destinations

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> Floats:
        """Travel times of origins, numbered within the part."""
        return self.whole.times_s(self.origin_idx[origin_idx])


@dataclass(frozen=True, eq=False)
class _MeanTimes:
    """Mean travel time over draws; not reached where one draw does not reach."""

    draws: tuple[TravelTimeSource, ...]

    @property
    def mode(self) -> str:
        return self.draws[0].mode

    @property
    def percentiles(self) -> tuple[int, ...]:
        return self.draws[0].percentiles

    @property
    def origins(self) -> Places:
        return self.draws[0].origins

    @property
    def destinations(self) -> Places:
        return self.draws[0].destinations

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> Floats:
        total = np.zeros(1, dtype=np.float64)
        for draw in self.draws:
            total = total + draw.times_s(origin_idx)
        return (total / len(self.draws)).astype(np.float32)


def drawn(source: TravelTimeSource) -> tuple[TravelTimeSource, ...]:
    """The draws of a source with headway services; the source itself where it has none."""
    return source.draws if isinstance(source, HeadwayDraws) else (source,)


def mean_of_draws(draws: Sequence[TravelTimeSource]) -> TravelTimeSource:
    """One source of mean travel times: for measures that decide and cannot be averaged."""
    return draws[0] if len(draws) == 1 else _MeanTimes(tuple(draws))


def over_draws(parts: Sequence[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Means over draws of the column ``value`` of every table."""
    if len(parts) == 1:
        return parts[0]
    joined = {}
    for name, first in parts[0].items():
        mean = first.copy()
        if "value" in mean:
            values = [part[name]["value"].to_numpy(np.float64) for part in parts]
            mean["value"] = headway_spread(values).mean
        joined[name] = mean
    return joined


class TimesShelf:
    """Travel times that are kept for the next measure, as far as they fit into memory.

    Sources that do not fit are handed back as they are, and compute again in every sweep.

    Parameters
    ----------
    max_cells : int
        Travel times in all.
    """

    def __init__(self, max_cells: int = MAX_CELLS) -> None:
        self.max_cells = max_cells
        # Sources are held with their times, so that no other one can come to have their number.
        self.kept: dict[int, KeptTimes] = {}

    def __call__(self, source: TravelTimeSource) -> TravelTimeSource:
        """The same travel times, kept where they fit."""
        found = self.kept.get(id(source))
        if found is not None:
            return found
        n_cells = len(source.origins) * len(source.percentiles) * len(source.destinations)
        if n_cells > self.max_cells:
            return source
        while sum(one.seconds.size for one in self.kept.values()) + n_cells > self.max_cells:
            self.kept.pop(next(iter(self.kept)))  # what was kept first
        self.kept[id(source)] = KeptTimes(source)
        return self.kept[id(source)]
