"""When a feed runs: trips and stops served per date, and the profile of a week."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array

from halfcircle._checks import frozen_array
from halfcircle.gtfs.calendar import service_days
from halfcircle.gtfs.feed import Feed

__all__ = ["ServiceReport", "service_report"]

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


@dataclass(frozen=True, eq=False)
class ServiceReport:
    """Service of one feed by date.

    Parameters
    ----------
    feed_id : str
    first : datetime.date
        Date of the first element of the arrays.
    trips, stops : array of int64, shape (n_days,)
        Trips that run, and stops at which they call.
    weekday_trips : tuple of float, length 7
        Median of trips over the Mondays with service, ..., the Sundays with service; 0 where
        there are none.
    """

    feed_id: str
    first: dt.date
    trips: npt.NDArray[np.int64]
    stops: npt.NDArray[np.int64]
    weekday_trips: tuple[float, ...]

    def __post_init__(self) -> None:
        for label in ("trips", "stops"):
            object.__setattr__(self, label, frozen_array(getattr(self, label), np.int64))

    @property
    def last(self) -> dt.date:
        """Last date with service."""
        return self.first + dt.timedelta(days=max(len(self.trips) - 1, 0))

    @property
    def idle_days(self) -> int:
        """Days between the first and the last on which nothing runs."""
        return int((self.trips == 0).sum())

    @property
    def busiest(self) -> dt.date | None:
        """Date with most trips, the first of several; None without service."""
        if not self.trips.any():
            return None
        return self.first + dt.timedelta(days=int(np.argmax(self.trips)))

    def on(self, date: dt.date) -> tuple[int, int]:
        """Trips and stops served on a date."""
        day = (date - self.first).days
        if not 0 <= day < len(self.trips):
            return 0, 0
        return int(self.trips[day]), int(self.stops[day])


def service_report(feed: Feed) -> ServiceReport:
    """Count trips and served stops of every date of a feed."""
    days = service_days(feed)
    times = feed.stop_times
    service = np.repeat(np.where(times.n_calls >= 2, days.trip_service, -1), times.n_calls)
    known = service >= 0
    n_stops = len(feed["stops"])
    key = np.unique(service[known] * max(n_stops, 1) + times.stop_row[known])
    calls_at = coo_array(
        (np.ones(len(key), dtype=np.int64), (key // max(n_stops, 1), key % max(n_stops, 1))),
        shape=(days.calendar.n_services + 1, max(n_stops, 1)),
    ).tocsr()
    stops = np.zeros(len(days), dtype=np.int64)
    seen: dict[bytes, int] = {}  # most weeks are like others
    for day in range(len(days)):
        runs = days.calendar.running(days.date(day)) & (days.weight > 0)
        pattern = np.packbits(runs).tobytes()
        if pattern not in seen:
            seen[pattern] = len(np.unique(calls_at[np.flatnonzero(runs)].indices))
        stops[day] = seen[pattern]
    weekday = (days.first.weekday() + np.arange(len(days))) % 7
    profile: list[float] = []
    for number in range(7):
        some = days.trips_per_day[(weekday == number) & (days.trips_per_day > 0)]
        profile.append(float(np.median(some)) if len(some) else 0.0)
    return ServiceReport(feed.feed_id, days.first, days.trips_per_day, stops, tuple(profile))
