"""Stop times of a feed as sorted numbers; wrong times repaired, untimed ones interpolated."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.gtfs.checks import Dropped, drop_note, parse_time_s
from halfcircle.gtfs.table import Table

__all__ = ["UNTIMED", "StopTimes", "build_stop_times", "interpolated"]

UNTIMED = int(np.iinfo(np.int32).min)
"""In place of a time that the feed does not give."""
_HALF_DAY_S = 12 * 3600
_DAY_S = 24 * 3600
EARTH_RADIUS_M = 6_371_008.8
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True, eq=False)
class StopTimes:
    """Calls of all trips of a feed, trip by trip in the order of trips.txt.

    Parameters
    ----------
    ptr : array of int64, shape (n_trips + 1,)
        Calls of trip t are ``ptr[t]:ptr[t + 1]``.
    stop_row : array of int32, shape (n_calls,)
        Row of stops.txt.
    arrival_s, departure_s : array of int32, shape (n_calls,), seconds after noon minus 12 h
        ``UNTIMED`` where the feed gives no time; below 0 only where stops show another clock.
    pickup, drop_off : array of int8, shape (n_calls,)
        pickup_type and drop_off_type.
    distance : array of float64, shape (n_calls,), or None
        shape_dist_traveled in the feed's unit; NaN where there is none.
    """

    ptr: npt.NDArray[np.int64]
    stop_row: Int32
    arrival_s: Int32
    departure_s: Int32
    pickup: npt.NDArray[np.int8]
    drop_off: npt.NDArray[np.int8]
    distance: npt.NDArray[np.float64] | None

    def __post_init__(self) -> None:
        for label, dtype in (
            ("ptr", np.int64),
            ("stop_row", np.int32),
            ("arrival_s", np.int32),
            ("departure_s", np.int32),
            ("pickup", np.int8),
            ("drop_off", np.int8),
        ):
            object.__setattr__(self, label, frozen_array(getattr(self, label), dtype))

    @property
    def n_calls(self) -> npt.NDArray[np.int64]:
        """Number of calls per trip, shape (n_trips,)."""
        return np.diff(self.ptr)


def build_stop_times(
    tables: Mapping[str, Table],
    faults: Faults,
    *,
    call_shift_s: npt.NDArray[np.int32] | None = None,
) -> tuple[StopTimes, tuple[Dropped, ...]]:
    """Sort the stop times of checked tables and repair what can be repaired.

    A time more than 12 h before the one before it is taken as past midnight; any other time that
    runs backwards is ignored and interpolated. Calls before the first and after the last time of
    a trip are left out, since nothing says when they are.

    Parameters
    ----------
    tables : mapping of str to Table
    faults : Faults
    call_shift_s : array of int32, shape (rows of stop_times.txt,), seconds, optional
        Added to the times of each row, to bring them to one clock.
    """
    table = tables["stop_times"]
    trip_row = _row_of(table, "trip_id", tables["trips"])
    sequence = table.whole("stop_sequence", blank=0)
    key = trip_row * 2**32 + sequence
    order: npt.NDArray[np.int64] | None = None
    if not bool(np.all(key[1:] > key[:-1])):
        order = np.argsort(key, kind="stable")
    del key, sequence

    def sort(values: npt.NDArray[np.generic]) -> npt.NDArray[np.generic]:
        return values if order is None else values[order]

    arrival = sort(table.column("arrival_time").map(_clock, np.int32)).astype(np.int32)
    departure = sort(table.column("departure_time").map(_clock, np.int32)).astype(np.int32)
    if call_shift_s is not None:
        shift = sort(call_shift_s).astype(np.int32)
        arrival = np.where(arrival == UNTIMED, arrival, arrival + shift)
        departure = np.where(departure == UNTIMED, departure, departure + shift)
    trip = sort(trip_row)
    stop = sort(_row_of(table, "stop_id", tables["stops"]).astype(np.int32))
    pickup = sort(table.column("pickup_type").map(lambda text: int(text or 0), np.int8))
    drop_off = sort(table.column("drop_off_type").map(lambda text: int(text or 0), np.int8))
    distance: npt.NDArray[np.generic] | None = None
    if any(table.column("shape_dist_traveled").values):
        distance = sort(table.numbers("shape_dist_traveled", blank=np.nan))

    only_departure = (arrival == UNTIMED) & (departure != UNTIMED)
    arrival[only_departure] = departure[only_departure]
    only_arrival = (departure == UNTIMED) & (arrival != UNTIMED)
    departure[only_arrival] = arrival[only_arrival]
    n_trips = len(tables["trips"])
    _repair(trip, arrival, departure, table, order, faults)
    keep, dropped = _ends(trip, arrival, table, order)
    ptr = np.zeros(n_trips + 1, dtype=np.int64)
    if keep is not None:
        trip, stop, arrival, departure = trip[keep], stop[keep], arrival[keep], departure[keep]
        pickup, drop_off = pickup[keep], drop_off[keep]
        distance = None if distance is None else distance[keep]
    np.cumsum(np.bincount(trip.astype(np.int64), minlength=n_trips), out=ptr[1:])
    return (
        StopTimes(
            ptr,
            stop.astype(np.int32),
            arrival,
            departure,
            pickup.astype(np.int8),
            drop_off.astype(np.int8),
            None if distance is None else distance.astype(np.float64),
        ),
        dropped,
    )


def _clock(text: str) -> int:
    return parse_time_s(text) if text else UNTIMED


def _row_of(table: Table, column: str, target: Table) -> npt.NDArray[np.int64]:
    """Row of `target` that each row of `table` refers to."""
    row = {value: i for i, value in enumerate(target.texts(column))}
    return table.column(column).map(lambda value: row.get(value, -1), np.int64)


def _backwards(
    trip: npt.NDArray[np.generic], arrival: Int32, departure: Int32
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Calls with a time (all), and which of these lie before what came before."""
    timed = np.flatnonzero(arrival != UNTIMED)
    bad = departure[timed] < arrival[timed]
    same = trip[timed[1:]] == trip[timed[:-1]]
    bad[1:] |= same & (arrival[timed[1:]] < departure[timed[:-1]])
    return timed, np.flatnonzero(bad)


def _repair(
    trip: npt.NDArray[np.generic],
    arrival: Int32,
    departure: Int32,
    table: Table,
    order: npt.NDArray[np.int64] | None,
    faults: Faults,
) -> None:
    """Make times run forwards, in place; only trips with a backward time are looked at."""
    timed, bad = _backwards(trip, arrival, departure)
    if not len(bad):
        return
    timed_trip = trip[timed]
    wrapped: list[int] = []
    ignored: list[int] = []
    for this in np.unique(timed_trip[bad]):
        start, stop = np.searchsorted(timed_trip, [this, this + 1])
        add = 0
        before = UNTIMED
        for call in timed[start:stop].tolist():
            at, to = int(arrival[call]) + add, int(departure[call]) + add
            if before - at > _HALF_DAY_S:
                add += _DAY_S
                at, to = at + _DAY_S, to + _DAY_S
                wrapped.append(call)
            if at - to > _HALF_DAY_S:
                add += _DAY_S
                to += _DAY_S
                wrapped.append(call)
            if at < before:
                ignored.append(call)
                at = to = UNTIMED
            else:
                if to < at:
                    ignored.append(call)
                    to = at
                before = to
            arrival[call], departure[call] = at, to

    def note(calls: list[int], what: str) -> None:
        if calls:
            index = np.array(calls, dtype=np.int64)
            rows = index if order is None else order[index]
            found = drop_note(table, np.sort(rows), what, "trip_id")
            faults.warn(found.where, what, values=found.values, count=found.count)

    note(wrapped, "a time falls back by more than 12 h and is taken as past midnight, trip")
    note(ignored, "a time lies before the one before it; it is ignored and interpolated, trip")


def _ends(
    trip: npt.NDArray[np.generic],
    arrival: Int32,
    table: Table,
    order: npt.NDArray[np.int64] | None,
) -> tuple[npt.NDArray[np.bool_] | None, tuple[Dropped, ...]]:
    """Calls to keep: those between the first and the last timed call of their trip."""
    n = len(trip)
    if not n or bool((arrival != UNTIMED).all()):
        return None, ()
    index = np.arange(n)
    timed = arrival != UNTIMED
    before = np.maximum.accumulate(np.where(timed, index, -1))
    after = np.minimum.accumulate(np.where(timed, index, n)[::-1])[::-1]
    keep = (before >= 0) & (after < n)
    keep &= trip[np.maximum(before, 0)] == trip
    keep &= trip[np.minimum(after, n - 1)] == trip
    if keep.all():
        return None, ()
    lost = np.flatnonzero(~keep)
    rows = np.sort(lost if order is None else order[lost])
    reason = "no time at the start or end of the trip"
    return keep, (drop_note(table, rows, reason, "trip_id"),)


def interpolated(
    arrival_s: Int32,
    departure_s: Int32,
    *,
    distance: npt.NDArray[np.float64] | None,
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> tuple[Int32, Int32]:
    """Times of untimed calls, between the timed ones around them.

    Time is shared out along shape_dist_traveled where it is given and never falls between the two
    timed calls, else along straight lines between stops. The first and the last call of each
    trip are timed, so that nothing is shared out across trips.

    Parameters
    ----------
    arrival_s, departure_s : array of int32, shape (n_calls,), seconds, or ``UNTIMED``
    distance : array of float64, shape (n_calls,), or None
    lon, lat : array of float64, shape (n_calls,), degrees
        Coordinates of the stop of each call.
    """
    timed = arrival_s != UNTIMED
    if timed.all():
        return arrival_s, departure_s
    n = len(arrival_s)
    index = np.arange(n)
    before = np.maximum.accumulate(np.where(timed, index, 0))
    after = np.minimum.accumulate(np.where(timed, index, n - 1)[::-1])[::-1]
    step = np.zeros(n)
    step[1:] = straight_m(lon[:-1], lat[:-1], lon[1:], lat[1:])
    along = np.cumsum(np.nan_to_num(step))
    gap = np.flatnonzero(~timed)
    low, high = before[gap], after[gap]
    done = along[gap] - along[low]
    whole = along[high] - along[low]
    if distance is not None:
        falls = np.zeros(n, dtype=np.int64)
        falls[1:] = ~(distance[1:] >= distance[:-1])  # also where either is missing
        n_falls = np.cumsum(falls)
        usable = (n_falls[high] == n_falls[low]) & (distance[high] > distance[low])
        done = np.where(usable, distance[gap] - distance[low], done)
        whole = np.where(usable, distance[high] - distance[low], whole)
    share = np.where(
        whole > 0, done / np.where(whole > 0, whole, 1), (gap - low) / np.maximum(high - low, 1)
    )
    start = departure_s[low].astype(np.float64)
    at = np.rint(start + share * (arrival_s[high] - start)).astype(np.int32)
    arrival, departure = arrival_s.copy(), departure_s.copy()
    arrival[gap] = at
    departure[gap] = at
    return arrival, departure


def straight_m(
    lon_a: npt.NDArray[np.float64],
    lat_a: npt.NDArray[np.float64],
    lon_b: npt.NDArray[np.float64],
    lat_b: npt.NDArray[np.float64],
) -> npt.NDArray[np.float64]:
    """Great-circle distance in metres (haversine, mean earth radius)."""
    half_lat = np.radians(lat_b - lat_a) / 2
    half_lon = np.radians(lon_b - lon_a) / 2
    root = (
        np.sin(half_lat) ** 2
        + np.cos(np.radians(lat_a)) * np.cos(np.radians(lat_b)) * np.sin(half_lon) ** 2
    )
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(root, 0, 1))))
