"""Which trips run on which date: calendar.txt, calendar_dates.txt, and what they add up to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.errors import FeedError
from halfcircle.gtfs.checks import parse_date
from halfcircle.gtfs.feed import Feed

__all__ = ["Calendar", "DateChoice", "ServiceDays", "choose_date", "service_days"]

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_ENDS = ("start_date", "end_date")
_MOST_DAYS = 3_660
_MOST_CELLS = 400_000_000
Int64 = npt.NDArray[np.int64]
BUSIEST_WEEKDAY = "busiest-weekday"
GOOD_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class Calendar:
    """When the services of a feed run; exact for any date.

    Parameters
    ----------
    n_services : int
    week : array of bool, shape (n_rows, 7)
        Monday to Sunday of each row of calendar.txt.
    start, end : array of int64, shape (n_rows,)
        First and last date of the row, as proleptic Gregorian ordinals.
    service : array of int64, shape (n_rows,)
    exceptions : mapping of ordinal to (services added, services removed)
    """

    n_services: int
    week: npt.NDArray[np.bool_]
    start: Int64
    end: Int64
    service: Int64
    exceptions: Mapping[int, tuple[list[int], list[int]]]

    def running(self, date: dt.date) -> npt.NDArray[np.bool_]:
        """Services that run on a date, shape (n_services + 1,); the last one never does."""
        day = date.toordinal()
        runs = np.zeros(self.n_services + 1, dtype=bool)
        on = self.week[:, date.weekday()] & (self.start <= day) & (day <= self.end)
        runs[self.service[on]] = True
        added, removed = self.exceptions.get(day, ([], []))
        runs[added] = True
        runs[removed] = False
        return runs


@dataclass(frozen=True, eq=False)
class ServiceDays:
    """Days on which the services and trips of a feed run.

    Parameters
    ----------
    calendar : Calendar
    first : datetime.date
        Day 0.
    trip_service : array of int64, shape (n_trips,)
        Service of each trip, -1 where the calendar does not know it.
    trips_per_day : array of int64, shape (n_days,)
        Trips with at least two stop times. Calendars that run for more than ten years are cut
        for this count, around the latest start date; dates that are cut off still have service.
    weight : array of int64, shape (n_services + 1,)
        Trips with at least two stop times per service.
    """

    calendar: Calendar
    first: dt.date
    trip_service: Int64
    trips_per_day: Int64
    weight: Int64

    def __len__(self) -> int:
        return len(self.trips_per_day)

    def date(self, day: int) -> dt.date:
        """Date of a day."""
        return self.first + dt.timedelta(days=day)

    @property
    def last(self) -> dt.date:
        """Last day."""
        return self.date(max(len(self) - 1, 0))

    def active_trips(self, date: dt.date) -> npt.NDArray[np.bool_]:
        """Trips that run on a service day, shape (n_trips,)."""
        return np.asarray(self.calendar.running(date)[self.trip_service])

    def n_trips(self, date: dt.date) -> int:
        """Number of trips that run on a service day."""
        day = (date - self.first).days
        if 0 <= day < len(self):
            return int(self.trips_per_day[day])
        return int(self.weight[self.calendar.running(date)].sum())

    def nearest_good(self, date: dt.date) -> dt.date | None:
        """Date nearest to `date` with usual service, of the same weekday if there is one.

        Usual is at least 90 % of the median of trips over all such weekdays with service.
        """
        if not self.trips_per_day.any():
            return None
        days = np.arange(len(self))
        weekday = (self.first.weekday() + days) % 7
        served = self.trips_per_day > 0
        same = served & (weekday == date.weekday())
        pool = same if same.any() else served
        usual = np.median(self.trips_per_day[pool])
        good = days[pool & (self.trips_per_day >= GOOD_SHARE * usual)]
        asked = (date - self.first).days
        return self.date(int(good[np.argmin(np.abs(good - asked), axis=0)]))


@dataclass(frozen=True)
class DateChoice:
    """The service date of a study and why it was taken."""

    date: dt.date
    reason: str


def service_days(feed: Feed) -> ServiceDays:
    """Expand the calendar of a feed to days (kept with the feed after the first call)."""
    found = feed._cache.get("service_days")
    if isinstance(found, ServiceDays):
        return found
    days = _expand(feed)
    feed._cache["service_days"] = days
    return days


def _expand(feed: Feed) -> ServiceDays:
    calendar, number = _calendar(feed)
    trips = feed["trips"]
    trip_service = trips.column("service_id").map(lambda text: number.get(text, -1), np.int64)
    carrying = trip_service[(feed.stop_times.n_calls >= 2) & (trip_service >= 0)]
    weight = np.bincount(carrying, minlength=calendar.n_services + 1).astype(np.int64)
    # Weeks of zeros say nothing about when a feed runs; only their added dates do.
    some = calendar.week.any(axis=1) & (calendar.start <= calendar.end)
    added = [day for day, (services, _) in calendar.exceptions.items() if services]
    starts = [*calendar.start[some].tolist(), *added]
    ends = [*calendar.end[some].tolist(), *added]
    if not starts:
        none = np.empty(0, dtype=np.int64)
        return ServiceDays(calendar, dt.date(1970, 1, 1), trip_service, none, weight)
    first, last = min(starts), max(ends)
    most = min(_MOST_DAYS, max(_MOST_CELLS // max(calendar.n_services, 1), 370))
    if last - first >= most:
        first = max(first, max(starts) - most // 2)
        last = min(last, first + most - 1)
    counts = [
        int(weight[calendar.running(dt.date.fromordinal(day))].sum())
        for day in range(first, last + 1)
    ]
    return ServiceDays(
        calendar,
        dt.date.fromordinal(first),
        trip_service,
        np.array(counts, dtype=np.int64),
        weight,
    )


def _calendar(feed: Feed) -> tuple[Calendar, dict[str, int]]:
    """Calendar of a feed, and the number of each service."""
    names: set[str] = set()
    for table_name in ("calendar", "calendar_dates"):
        if table_name in feed:
            names |= set(feed[table_name].column("service_id").values)
    number = {service: i for i, service in enumerate(sorted(names))}
    week = np.zeros((0, 7), dtype=bool)
    start = end = service_of = np.empty(0, dtype=np.int64)
    if "calendar" in feed:
        table = feed["calendar"]
        week = np.stack([table.whole(day, blank=0) > 0 for day in _WEEK], axis=1)
        start, end = (table.column(name).map(_ordinal, np.int64) for name in _ENDS)
        service_of = table.column("service_id").map(number.__getitem__, np.int64)
    exceptions: dict[int, tuple[list[int], list[int]]] = {}
    if "calendar_dates" in feed:
        table = feed["calendar_dates"]
        for service, day, kind in zip(
            table.column("service_id").map(number.__getitem__, np.int64).tolist(),
            table.column("date").map(_ordinal, np.int64).tolist(),
            table.whole("exception_type", blank=2).tolist(),
            strict=True,
        ):
            exceptions.setdefault(day, ([], []))[0 if kind == 1 else 1].append(service)
    return Calendar(len(number), week, start, end, service_of, exceptions), number


def _ordinal(text: str) -> int:
    date = parse_date(text)
    return 0 if date is None else date.toordinal()


def choose_date(feeds: Sequence[Feed], date: dt.date | str, faults: Faults) -> DateChoice:
    """Service date of a study.

    ``"busiest-weekday"`` takes, among the Mondays to Fridays on which most feeds run, the one on
    which the feeds together come closest to their own best weekdays; the earliest on a tie.

    Raises
    ------
    FeedError
        No feed has service on the date.
    """
    days = {feed.feed_id: service_days(feed) for feed in feeds}
    if isinstance(date, str) and date == BUSIEST_WEEKDAY:
        return _busiest_weekday(days, faults)
    if isinstance(date, str):
        try:
            date = dt.date.fromisoformat(date)
        except ValueError as error:
            raise FeedError(
                f"date: {date!r} is not a date - write it as 2024-05-14, or {BUSIEST_WEEKDAY!r}"
            ) from error
    if isinstance(date, dt.datetime):
        date = date.date()
    if not 1900 <= date.year < 2200:
        raise FeedError(f"date: {date} is not in the years 1900 to 2199")
    idle = [feed_id for feed_id, calendar in days.items() if not calendar.n_trips(date)]
    notes = Faults()
    for feed_id in idle:
        calendar = days[feed_id]
        good = calendar.nearest_good(date)
        if good is None:
            notes.warn(f"feed {feed_id}", "has no service on any date")
            continue
        notes.warn(
            f"feed {feed_id}",
            f"no trip runs on {date:%A} {date}",
            remedy=f"nearest good date: {good:%A} {good} "
            f"({calendar.n_trips(good):,} trips; runs {calendar.first} to {calendar.last})",
        )
    for feed_id, calendar in days.items():
        if feed_id in idle:
            continue
        good = calendar.nearest_good(date)
        if good is not None and calendar.n_trips(date) < 0.5 * calendar.n_trips(good):
            notes.warn(
                f"feed {feed_id}",
                f"only {calendar.n_trips(date):,} trips run on {date:%A} {date}",
                remedy=f"{calendar.n_trips(good):,} run on {good:%A} {good}",
            )
    if len(idle) == len(days):
        raise FeedError(f"no feed has service on {date:%A} {date}", faults=notes.items)
    faults.extend(notes.items)
    return DateChoice(date, "given")


def _busiest_weekday(days: dict[str, ServiceDays], faults: Faults) -> DateChoice:
    served = {feed_id: item for feed_id, item in days.items() if item.trips_per_day.any()}
    for feed_id in days:
        if feed_id not in served:
            faults.warn(f"feed {feed_id}", "has no service on any date")
    if not served:
        raise FeedError("no feed has service on any date")
    best: dict[dt.date, list[float]] = {}
    for item in served.values():
        weekday = (item.first.weekday() + np.arange(len(item))) % 7
        working = (weekday < 5) & (item.trips_per_day > 0)
        if not working.any():
            continue
        top = int(item.trips_per_day[working].max())
        for day in np.flatnonzero(working).tolist():
            best.setdefault(item.date(day), []).append(int(item.trips_per_day[day]) / top)
    if not best:
        raise FeedError("no feed runs on a Monday to Friday")
    date = min(best, key=lambda d: (-len(best[d]), -round(sum(best[d]), 9), d))
    idle = [feed_id for feed_id, item in days.items() if not item.n_trips(date)]
    if idle:
        faults.warn(
            "date",
            f"no weekday has service in all feeds; without service on {date:%A} {date}",
            values=idle,
        )
    share = 100 * sum(best[date]) / len(best[date])
    return DateChoice(
        date,
        f"busiest-weekday: {date:%A} {date}, {len(best[date])} of {len(days)} feeds run, "
        f"with {share:.1f} % of the trips of their best weekdays on average",
    )
