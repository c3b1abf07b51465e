"""What is asked of a timetable: the window, the limits, and the walks to and from stops."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.access.transit.percentiles import PercentileRule, percentile_index
from halfcircle.errors import InputError

__all__ = ["MAX_LIMIT_S", "StopLinks", "TransitQuery"]

MAX_LIMIT_S = 32_767
"""Longest travel time that lanes of 16 bits hold with room for a walk of the same length."""

MAX_DEPARTURES = 65_535
"""Most sampled departures of a window: they are counted in 16 bits."""

MAX_WINDOW_S = 172_800
"""Longest continuous window."""


@dataclass(frozen=True, kw_only=True)
class TransitQuery:
    """A departure window and the limits of a journey.

    Parameters
    ----------
    start_s, end_s : int, seconds after ``Timetable.origin_utc_s``
        Departures from the origin run from `start_s` up to, and without, `end_s`.
    step_s : int or None, seconds
        Between two departures. None for a continuous window: every second is a departure, and
        results are those of a step of one second, without sampling (`is_continuous`).
    max_rides : int
        Most rides of a journey; transfers are one fewer.
    limit_s : int, seconds
        Longest travel time, at most 32,767 (9 h 6 min); what takes longer is not reached.
    board_slack_s : int, seconds
        Least time between reaching the first stop and getting on there.
    percentiles : tuple of int
        Percentiles of travel time over the departures, rising; see `percentile_index`.
    percentile_rule : {"floor", "r5"}
        Of `percentile_index`.

    Raises
    ------
    InputError
        Any of these is out of its bounds.
    """

    start_s: int
    end_s: int
    step_s: int | None = 60
    max_rides: int = 4
    limit_s: int = 7_200
    board_slack_s: int = 60
    percentiles: tuple[int, ...] = (50,)
    percentile_rule: PercentileRule = "floor"

    def __post_init__(self) -> None:
        object.__setattr__(self, "percentiles", tuple(int(p) for p in self.percentiles))
        faults = Faults()
        where = "transit query"
        if not self.start_s < self.end_s:
            faults.add(
                where,
                "the departure window has no length",
                values=[f"{self.start_s} s to {self.end_s} s"],
                remedy="let it end after it starts",
            )
        elif self.is_continuous:
            if self.end_s - self.start_s > MAX_WINDOW_S:
                faults.add(
                    where,
                    f"a continuous window is longer than {MAX_WINDOW_S:,} s",
                    values=[self.end_s - self.start_s],
                )
        elif self.spacing_s > 0 and self.n_departures > MAX_DEPARTURES:
            faults.add(
                where,
                f"more than {MAX_DEPARTURES:,} departures",
                values=[self.n_departures],
                remedy="take a longer step, or None for a continuous window",
            )
        bounds = (
            ("step_s", self.spacing_s, 1, 86_400),
            ("max_rides", self.max_rides, 1, 32),
            ("limit_s", self.limit_s, 1, MAX_LIMIT_S),
            ("board_slack_s", self.board_slack_s, 0, MAX_LIMIT_S),
        )
        for label, value, low, high in bounds:
            if not low <= value <= high:
                faults.add(where, f"{label} is not between {low} and {high:,}", values=[value])
        if not self.percentiles:
            faults.add(where, "there is no percentile", remedy="give 50 for the median")
        elif not all(0 <= p <= 100 for p in self.percentiles):
            faults.add(where, "percentiles outside 0 to 100", values=self.percentiles)
        elif list(self.percentiles) != sorted(set(self.percentiles)):
            faults.add(where, "percentiles do not rise", values=self.percentiles)
        faults.raise_errors(InputError)

    @property
    def is_continuous(self) -> bool:
        """Whether departures are not sampled."""
        return self.step_s is None

    @property
    def spacing_s(self) -> int:
        """Seconds from one departure to the next: 1 in a continuous window."""
        return 1 if self.step_s is None else self.step_s

    @property
    def n_departures(self) -> int:
        """Number of departures in the window."""
        return -((self.start_s - self.end_s) // self.spacing_s)

    @property
    def departures_s(self) -> npt.NDArray[np.int64]:
        """Departures, shape (n_departures,), seconds after ``Timetable.origin_utc_s``."""
        return np.arange(self.start_s, self.end_s, self.spacing_s, dtype=np.int64)

    @property
    def positions(self) -> npt.NDArray[np.int64]:
        """Position of each percentile in the sorted travel times, shape (n_percentiles,)."""
        return percentile_index(self.percentiles, self.n_departures, rule=self.percentile_rule)

    @property
    def horizon_s(self) -> int:
        """Latest arrival that counts, seconds after `start_s`."""
        return (self.n_departures - 1) * self.spacing_s + self.limit_s


@dataclass(frozen=True, eq=False)
class StopLinks:
    """Ways between places and stops, without a ride: on foot, by bicycle or by car.

    The same structure serves both ends: from origins to the stops where people get on, and to
    destinations from the stops where they got off.

    Parameters
    ----------
    ptr : array of int64, shape (n_places + 1,)
        Links of place i are ``ptr[i]:ptr[i + 1]``.
    stop_idx : array of int32, shape (n_links,)
    seconds : array of int32, shape (n_links,), seconds
        Travel time along the link; fractions are rounded up to whole seconds.

    Raises
    ------
    InputError
        Lengths do not fit, or seconds are negative or not finite.
    """

    ptr: npt.NDArray[np.int64]
    stop_idx: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        faults = Faults()
        where = "stop links"
        ptr = frozen_array(self.ptr, np.int64)
        stop_idx = frozen_array(self.stop_idx, np.int32)
        seconds = np.ceil(np.asarray(self.seconds, dtype=np.float64))
        if ptr.ndim != 1 or len(ptr) < 1 or ptr[0] != 0 or (np.diff(ptr) < 0).any():
            faults.add(where, "ptr does not start at 0 and rise")
        elif stop_idx.shape != (ptr[-1],) or seconds.shape != (ptr[-1],):
            faults.add(
                where,
                f"{stop_idx.shape} stops and {seconds.shape} times, expected ({ptr[-1]},) of each",
            )
        wrong = ~((seconds >= 0) & (seconds < 2**31))
        if wrong.any():
            faults.add(where, "seconds that are negative or not finite", values=seconds[wrong])
        if len(stop_idx) and stop_idx.min() < 0:
            faults.add(where, "stops below 0", values=stop_idx[stop_idx < 0])
        faults.raise_errors(InputError)
        object.__setattr__(self, "ptr", ptr)
        object.__setattr__(self, "stop_idx", stop_idx)
        object.__setattr__(self, "seconds", frozen_array(seconds, np.int32))

    def __len__(self) -> int:
        return len(self.ptr) - 1

    def __repr__(self) -> str:
        linked = int((np.diff(self.ptr) > 0).sum())
        return f"<StopLinks: {len(self):,} places, {linked:,} linked, {len(self.stop_idx):,} links>"
