"""Which trips run on which date: calendar.txt, calendar_dates.txt, and what they add up to."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.errors import FeedError
from halfcircle.gtfs.checks import parse_date
from halfcircle.gtfs.feed import Feed

__all__ = ["DateChoice", "ServiceDays", "choose_date", "service_days"]

_WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_EXTREME_DAYS = 3660  # a calendar that runs for more than ten years is cut here when scanned
BUSIEST_WEEKDAY = "busiest-weekday"
GOOD_SHARE = 0.9


@dataclass(frozen=True, eq=False)
class ServiceDays:
    """Days on which the services and trips of a feed run.

    Parameters
    ----------
    first : datetime.date
        Day 0.
    runs : array of bool, shape (n_days, n_services)
    trip_service : array of int64, shape (n_trips,)
        Service of each trip, -1 where the calendar does not know it.
    trips_per_day : array of int64, shape (n_days,)
        Trips with at least two stop times.
    """

    first: dt.date
    runs: npt.NDArray[np.bool_]
    trip_service: npt.NDArray[np.int64]
    trips_per_day: npt.NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.runs)

    def date(self, day: int) -> dt.date:
        """Date of a day."""
        return self.first + dt.timedelta(days=day)

    @property
    def last(self) -> dt.date:
        """Last day."""
        return self.date(max(len(self) - 1, 0))

    def active_trips(self, date: dt.date) -> npt.NDArray[np.bool_]:
        """Trips that run on a service day, shape (n_trips,)."""
        day = (date - self.first).days
        if not 0 <= day < len(self):
            return np.zeros(len(self.trip_service), dtype=bool)
        return np.asarray(self.runs[day][self.trip_service] & (self.trip_service >= 0))

    def n_trips(self, date: dt.date) -> int:
        """Number of trips that run on a service day."""
        day = (date - self.first).days
        return int(self.trips_per_day[day]) if 0 <= day < len(self) else 0

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
    rows: list[tuple[str, list[bool], dt.date, dt.date]] = []
    if "calendar" in feed:
        table = feed["calendar"]
        week = np.stack([table.whole(day, blank=0) > 0 for day in _WEEK], axis=1)
        starts, ends = table.texts("start_date"), table.texts("end_date")
        for i, service in enumerate(table.texts("service_id")):
            start, end = parse_date(starts[i]), parse_date(ends[i])
            if start is not None and end is not None and start <= end:
                rows.append((service, week[i].tolist(), start, end))
    exceptions: list[tuple[str, dt.date, bool]] = []
    if "calendar_dates" in feed:
        table = feed["calendar_dates"]
        kinds = table.whole("exception_type", blank=2)
        dates = table.column("date").map(parse_date, object)
        exceptions = [
            (service, date, kind == 1)
            for service, date, kind in zip(
                table.texts("service_id"), dates, kinds.tolist(), strict=True
            )
        ]
    # All-zero weeks say nothing about when a feed runs; only their added dates do.
    spans = [(start, end) for _, week, start, end in rows if any(week)]
    spans += [(date, date) for _, date, added in exceptions if added]
    services = sorted({row[0] for row in rows} | {item[0] for item in exceptions})
    number = {service: i for i, service in enumerate(services)}
    trips = feed["trips"]
    trip_service = trips.column("service_id").map(lambda text: number.get(text, -1), np.int64)
    first = min((start for start, _ in spans), default=dt.date(1970, 1, 1))
    last = max((end for _, end in spans), default=first - dt.timedelta(days=1))
    n_days = min((last - first).days + 1, _EXTREME_DAYS)
    # One service more than there are, so that -1 finds a column that never runs.
    runs = np.zeros((n_days, len(services) + 1), dtype=bool)
    weekday = (first.weekday() + np.arange(n_days)) % 7
    for service, days_of_week, start, end in rows:
        low, high = max((start - first).days, 0), min((end - first).days + 1, n_days)
        runs[low:high, number[service]] |= np.array(days_of_week)[weekday[low:high]]
    for service, date, added in exceptions:
        day = (date - first).days
        if 0 <= day < n_days:
            runs[day, number[service]] = added
    carrying = trip_service[(feed.stop_times.n_calls >= 2) & (trip_service >= 0)]
    weight = np.bincount(carrying, minlength=runs.shape[1]).astype(np.int64)
    return ServiceDays(first, runs, trip_service, runs @ weight)


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
