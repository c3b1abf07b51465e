"""Rides: trips on the days on which they run, as calls on one axis of time.

A ride is one trip on one service day. Everything between feeds and timetable (frequencies,
duplicates, through-running, transfers) works on rides.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields, replace

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.gtfs.calendar import service_days
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.frequencies import expand_frequencies
from halfcircle.gtfs.route_types import trip_route_type
from halfcircle.gtfs.stop_times import interpolated
from halfcircle.gtfs.times import service_day_utc_s
from halfcircle.gtfs.zones import REFERENCE_DATE, clock_difference_s

__all__ = ["Rides", "concatenated", "feed_rides", "ragged"]

_DAY_S = 86_400
Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Rides:
    """Rides and their calls, ride by ride.

    Parameters
    ----------
    ptr : array of int64, shape (n_rides + 1,)
        Calls of ride r are ``ptr[r]:ptr[r + 1]``.
    stop_idx : array of int32, shape (n_calls,)
        Stop: row of stops.txt while rides belong to one feed, stop of the timetable later.
    arrival_s, departure_s : array of int32, shape (n_calls,), seconds after the study's origin
    board, alight : array of bool, shape (n_calls,)
    trip_id : array of str, shape (n_rides,)
        ``"feed:trip_id"``, with ``"#number"`` for rides expanded from frequencies and ``"@date"``
        for rides of another service day than the study's; unique.
    trip_row : array of int64, shape (n_rides,)
        Row of trips.txt.
    day : array of int32, shape (n_rides,)
        Service day, counted from the study's date.
    feed_idx : array of int32, shape (n_rides,)
    route_type : array of int32, shape (n_rides,)
        Basic route type.
    """

    ptr: Int64
    stop_idx: Int32
    arrival_s: Int32
    departure_s: Int32
    board: npt.NDArray[np.bool_]
    alight: npt.NDArray[np.bool_]
    trip_id: npt.NDArray[np.object_]
    trip_row: Int64
    day: Int32
    feed_idx: Int32
    route_type: Int32

    def __len__(self) -> int:
        return len(self.trip_id)

    @property
    def first(self) -> Int64:
        """First call of each ride, shape (n_rides,)."""
        return self.ptr[:-1]

    @property
    def last(self) -> Int64:
        """Last call of each ride, shape (n_rides,)."""
        return self.ptr[1:] - 1

    def calls(self, ride: int) -> slice:
        """Calls of one ride."""
        return slice(int(self.ptr[ride]), int(self.ptr[ride + 1]))

    def take(self, rides: npt.NDArray[np.generic]) -> Rides:
        """Rides by index or mask, in the given order."""
        index = np.flatnonzero(rides) if rides.dtype == np.bool_ else rides.astype(np.int64)
        call, ptr = ragged(self.ptr, index)
        return Rides(
            ptr=ptr,
            stop_idx=self.stop_idx[call],
            arrival_s=self.arrival_s[call],
            departure_s=self.departure_s[call],
            board=self.board[call],
            alight=self.alight[call],
            trip_id=self.trip_id[index],
            trip_row=self.trip_row[index],
            day=self.day[index],
            feed_idx=self.feed_idx[index],
            route_type=self.route_type[index],
        )


def ragged(ptr: Int64, rows: npt.NDArray[np.integer]) -> tuple[Int64, Int64]:
    """Elements of ragged rows, one row after the other, and the row pointer of the result."""
    counts = ptr[rows + 1] - ptr[rows]
    out = np.zeros(len(rows) + 1, dtype=np.int64)
    np.cumsum(counts, out=out[1:])
    element = np.arange(out[-1]) + np.repeat(ptr[rows] - out[:-1], counts)
    return element, out


def concatenated(parts: Sequence[Rides]) -> Rides:
    """Rides of several feeds in one."""
    joined: dict[str, npt.NDArray[np.generic]] = {
        item.name: np.concatenate([getattr(part, item.name) for part in parts])
        for item in fields(Rides)
        if item.name != "ptr"
    }
    lengths = np.concatenate([np.diff(part.ptr) for part in parts])
    ptr = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=ptr[1:])
    return Rides(ptr=ptr, **joined)  # type: ignore[arg-type]


def feed_rides(
    feed: Feed,
    *,
    feed_idx: int,
    date: dt.date,
    origin_utc_s: int,
    low_s: int,
    high_s: int,
    keep_route_type: Callable[[int], bool] | None,
    frequency_draw: int,
    faults: Faults,
) -> Rides:
    """Rides of a feed with a call between `low_s` and `high_s` after `origin_utc_s`.

    Service days before and after `date` take part as far as their trips reach into that time.
    """
    times = feed.stop_times
    usable = times.n_calls >= 2
    route_type = trip_route_type(feed)
    if keep_route_type is not None:
        kept = {number: keep_route_type(number) for number in set(route_type.tolist())}
        usable &= np.array([kept[number] for number in route_type.tolist()], dtype=bool)
    first = np.minimum(times.ptr[:-1], max(len(times.arrival_s) - 1, 0))
    last = np.maximum(times.ptr[1:] - 1, 0)
    start_s = np.where(usable, times.departure_s[first] if len(times.arrival_s) else 0, 0)
    end_s = np.where(usable, times.arrival_s[last] if len(times.arrival_s) else 0, 0)
    headways = expand_frequencies(feed, usable=usable, draw=frequency_draw, faults=faults)
    usable = usable & ~headways.is_headway
    longest = int(max(end_s.max(initial=0), headways.end_s.max(initial=0)))
    calendar = service_days(feed)
    zones = sorted(set(feed.trip_time_zone.tolist()))
    zone_idx = np.array([zones.index(name) for name in feed.trip_time_zone], dtype=np.int64)
    trips: list[Int64] = []
    shifts: list[Int64] = []
    days: list[Int64] = []
    numbers: list[Int64] = []
    # Zones differ by at most 26 hours, so two days more on either side are enough.
    for day in range(-(longest // _DAY_S) - 2 + low_s // _DAY_S, high_s // _DAY_S + 3):
        service_date = date + dt.timedelta(days=day)
        active = calendar.active_trips(service_date)
        if not active.any():
            continue
        base = np.array([service_day_utc_s(service_date, name) for name in zones], dtype=np.int64)
        base_s = base[zone_idx] - origin_utc_s
        hit = active & usable & (end_s + base_s >= low_s) & (start_s + base_s <= high_s)
        plain = np.flatnonzero(hit)
        trips.append(plain)
        shifts.append(base_s[plain])
        numbers.append(np.full(len(plain), -1))
        row = headways.trip_row
        at = base_s[row]
        hit = active[row] & (headways.end_s + at >= low_s) & (headways.start_s + at <= high_s)
        trips.append(row[hit])
        shifts.append(at[hit] + headways.start_s[hit] - start_s[row[hit]])
        numbers.append(headways.number[hit])
        days.append(np.full(len(plain) + int(hit.sum()), day))
    trip = np.concatenate(trips) if trips else np.empty(0, dtype=np.int64)
    number = np.concatenate(numbers) if trips else np.empty(0, dtype=np.int64)
    shift = np.concatenate(shifts) if trips else np.empty(0, dtype=np.int64)
    day_of = np.concatenate(days) if trips else np.empty(0, dtype=np.int64)
    call, ptr = ragged(times.ptr, trip)
    stop_row = times.stop_row[call]
    arrival, departure = interpolated(
        times.arrival_s[call],
        times.departure_s[call],
        distance=None if times.distance is None else times.distance[call],
        lon=feed.lon[stop_row],
        lat=feed.lat[stop_row],
    )
    per_call = np.repeat(shift, np.diff(ptr))
    if feed.clock == "stop":
        per_call += _clock_change_s(feed, date, np.repeat(trip, np.diff(ptr)), stop_row)
    trip_id = feed["trips"].texts("trip_id")[trip]
    suffix = {d: "" if d == 0 else f"@{date + dt.timedelta(days=d)}" for d in set(day_of.tolist())}
    names = np.array(
        [
            f"{feed.feed_id}:{name}" + (f"#{n}" if n >= 0 else "") + suffix[d]
            for name, n, d in zip(trip_id, number.tolist(), day_of.tolist(), strict=True)
        ],
        dtype=object,
    )
    return Rides(
        ptr=ptr,
        stop_idx=stop_row,
        arrival_s=(arrival + per_call).astype(np.int32),
        departure_s=(departure + per_call).astype(np.int32),
        board=times.pickup[call] != 1,
        alight=times.drop_off[call] != 1,
        trip_id=names,
        trip_row=trip,
        day=day_of.astype(np.int32),
        feed_idx=np.full(len(trip), feed_idx, dtype=np.int32),
        route_type=route_type[trip],
    )


def _clock_change_s(feed: Feed, date: dt.date, trip: Int64, stop_row: Int32) -> Int64:
    """What the difference between the zones of stop and agency is on `date` beyond the usual."""
    shown, wanted = feed.stop_time_zone[stop_row], feed.trip_time_zone[trip]
    change = np.zeros(len(trip), dtype=np.int64)
    for own, agency in set(zip(shown.tolist(), wanted.tolist(), strict=True)):
        if own and own != agency:
            now = clock_difference_s(date, own, agency)
            extra = now - clock_difference_s(REFERENCE_DATE, own, agency)
            change[(shown == own) & (wanted == agency)] = extra
    return change


def renumbered(rides: Rides, stop_of: Int32) -> Rides:
    """Rides with stop s replaced by ``stop_of[s]``."""
    return replace(rides, stop_idx=stop_of[rides.stop_idx])
