"""The same train in two feeds: kept once, or joined where each feed has a part of it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.joins import join_calls, ride_numbers, with_joined
from halfcircle.gtfs.rides import Rides
from halfcircle.gtfs.route_types import RAIL
from halfcircle.gtfs.rules import MergeRules
from halfcircle.gtfs.timetable import Merged

__all__ = ["merge_duplicates"]

_SURE_S = 60
Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class _Match:
    """Calls (counted within the rides) at which two rides are at one station at one time."""

    one: int
    other: int
    calls: tuple[tuple[int, int], ...]
    worst_s: int


def merge_duplicates(
    feeds: Sequence[Feed],
    rides: Rides,
    *,
    station_idx: Int32,
    date: dt.date,
    merge: MergeRules,
    faults: Faults,
) -> tuple[Rides, tuple[Merged, ...]]:
    """Find rides of two feeds that are one vehicle, and keep each vehicle once.

    Two rides of one route type are one vehicle if they call at two or more stations, in the same
    order, within `merge.tolerance_s` of each other, and neither calls in between at a station
    of both feeds at which the other does not. Trains must also have one number, or three such
    stations within a minute; other vehicles one line name.

    If all calls of a ride lie within the other it is dropped (the one with fewer calls; of equal
    ones that of the later feed). If one comes from before and the other goes on, they are
    joined at the last station that both serve. Rides that part on both sides stay two and are
    named in a notice.
    """
    if len(feeds) < 2 or not len(rides):
        return rides, ()
    matches = _find(feeds, rides, station_idx, date, merge)
    gone: set[int] = set()
    joined: list[Rides] = []
    merged: list[Merged] = []
    parting: list[str] = []
    for match in matches:
        if match.one in gone or match.other in gone:
            continue
        n_one = int(rides.ptr[match.one + 1] - rides.ptr[match.one])
        n_other = int(rides.ptr[match.other + 1] - rides.ptr[match.other])
        (i0, j0), (i1, j1) = match.calls[0], match.calls[-1]
        name_one, name_other = str(rides.trip_id[match.one]), str(rides.trip_id[match.other])
        reason = f"{len(match.calls)} stations within {match.worst_s} s"
        one_inside = i0 == 0 and i1 == n_one - 1
        other_inside = j0 == 0 and j1 == n_other - 1
        if one_inside and other_inside:
            one_inside = n_one < n_other
            other_inside = not one_inside
        if other_inside:
            gone.add(match.other)
            merged.append(Merged("duplicate", name_one, name_other, reason))
        elif one_inside:
            gone.add(match.one)
            merged.append(Merged("duplicate", name_other, name_one, reason))
        elif j0 == 0 and i1 == n_one - 1:
            parts = [(match.one, 0, i1 + 1), (match.other, j1, n_other)]
            joined.append(join_calls(rides, parts))
            gone |= {match.one, match.other}
            merged.append(Merged("border", name_one, name_other, reason))
        elif i0 == 0 and j1 == n_other - 1:
            parts = [(match.other, 0, j1 + 1), (match.one, i1, n_one)]
            joined.append(join_calls(rides, parts))
            gone |= {match.one, match.other}
            merged.append(Merged("border", name_other, name_one, reason))
        else:
            parting.append(f"{name_one} and {name_other}")
    if parting:
        faults.add(
            "duplicates",
            "trains of two feeds that run together and part on both sides stay two",
            values=parting,
            severity="notice",
        )
    return with_joined(rides, gone, joined), tuple(merged)


def _find(
    feeds: Sequence[Feed], rides: Rides, station_idx: Int32, date: dt.date, merge: MergeRules
) -> list[_Match]:
    """Pairs of rides that are one vehicle, the surest first."""
    station = station_idx[rides.stop_idx]
    ride_of = np.repeat(np.arange(len(rides)), np.diff(rides.ptr))
    feed_of = rides.feed_idx[ride_of]
    # Only stations at which rides of several feeds call can tell anything.
    n_stations = int(station_idx.max(initial=-1)) + 1
    low = np.full(n_stations, len(feeds))
    high = np.full(n_stations, -1)
    np.minimum.at(low, station, feed_of)
    np.maximum.at(high, station, feed_of)
    shared = (high > low)[station]
    calls = np.flatnonzero(shared)
    order = calls[np.lexsort((rides.departure_s[calls], station[calls]))]
    found: dict[tuple[int, int], int] = {}
    times = rides.departure_s
    start = 0
    for at in range(len(order)):
        call = order[at]
        while start < at and (
            station[order[start]] != station[call]
            or times[call] - times[order[start]] > merge.tolerance_s
        ):
            start += 1
        for before in order[start:at].tolist():
            a, b = int(ride_of[before]), int(ride_of[call])
            if rides.feed_idx[a] == rides.feed_idx[b] or rides.route_type[a] != rides.route_type[b]:
                continue
            pair = (a, b) if rides.feed_idx[a] < rides.feed_idx[b] else (b, a)
            found[pair] = found.get(pair, 0) + 1
    numbers = ride_numbers(feeds, rides, date)
    lines = _line_names(feeds, rides)
    matches: list[_Match] = []
    for (one, other), count in found.items():
        if count < 2:
            continue
        match = _aligned(rides, station, shared, one, other, merge.tolerance_s)
        if match is None:
            continue
        if rides.route_type[one] == RAIL:
            same = bool(numbers[one]) and numbers[one] == numbers[other]
            if not same and not (len(match.calls) >= 3 and match.worst_s <= _SURE_S):
                continue
        elif not lines[one] or lines[one] != lines[other]:
            continue
        matches.append(match)
    matches.sort(
        key=lambda m: (
            -len(m.calls),
            m.worst_s,
            str(rides.trip_id[m.one]),
            str(rides.trip_id[m.other]),
        )
    )
    return matches


def _aligned(
    rides: Rides,
    station: Int32,
    shared: npt.NDArray[np.bool_],
    one: int,
    other: int,
    tolerance_s: int,
) -> _Match | None:
    """Calls that two rides have in common, if these are the same run of stations in both."""
    a, b = rides.calls(one), rides.calls(other)
    calls_a = [i for i in range(a.stop - a.start) if shared[a.start + i]]
    calls_b = [j for j in range(b.stop - b.start) if shared[b.start + j]]
    at_a = {int(station[a.start + i]): n for n, i in enumerate(calls_a)}
    at_b = {int(station[b.start + j]): n for n, j in enumerate(calls_b)}
    both = sorted((at_a[s], at_b[s]) for s in at_a.keys() & at_b.keys())
    close: list[tuple[int, int]] = []
    worst = 0
    for n, m in both:
        i, j = a.start + calls_a[n], b.start + calls_b[m]
        # The first call has no meaningful arrival and the last no meaningful departure.
        differs = min(
            abs(int(rides.departure_s[i]) - int(rides.departure_s[j])),
            abs(int(rides.arrival_s[i]) - int(rides.arrival_s[j])),
        )
        if differs <= tolerance_s:
            close.append((n, m))
            worst = max(worst, differs)
    if len(close) < 2:
        return None
    runs_a = [n for n, _ in close]
    runs_b = [m for _, m in close]
    consecutive = range(len(close))
    if [n - runs_a[0] for n in runs_a] != list(consecutive):
        return None
    if [m - runs_b[0] for m in runs_b] != list(consecutive):
        return None
    pairs = tuple((calls_a[n], calls_b[m]) for n, m in close)
    return _Match(one, other, pairs, worst)


def _line_names(feeds: Sequence[Feed], rides: Rides) -> npt.NDArray[np.object_]:
    """Public line name of each ride, lower case."""
    found = np.full(len(rides), "", dtype=object)
    for feed_idx, feed in enumerate(feeds):
        routes = feed["routes"]
        names = {
            route: name.lower().replace(" ", "")
            for route, name in zip(
                routes.texts("route_id"), routes.texts("route_short_name"), strict=True
            )
        }
        of_trip = feed["trips"].column("route_id").map(names.__getitem__, object)
        mine = rides.feed_idx == feed_idx
        found[mine] = of_trip[rides.trip_row[mine]]
    return found
