"""Small timetables for tests, from lists of trips."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from halfcircle.access.transit import StopLinks
from halfcircle.gtfs.timetable import Stops, Timetable


@dataclass(frozen=True)
class Trip:
    """Calls as (stop, arrival, departure); positions where nobody gets on or off."""

    calls: tuple[tuple[int, int, int], ...]
    no_board: frozenset[int] = frozenset()
    no_alight: frozenset[int] = frozenset()


def trip(*calls: tuple[int, int] | tuple[int, int, int], no_board=(), no_alight=()) -> Trip:
    """A trip from (stop, time) or (stop, arrival, departure)."""
    full = tuple((call[0], call[1], call[-1]) for call in calls)
    return Trip(full, frozenset(no_board), frozenset(no_alight))


def timetable_of(
    trips: Iterable[Trip],
    n_stops: int,
    *,
    transfers: Sequence[tuple[int, int, int]] = (),
    change_s: int | Sequence[int] = 0,
) -> Timetable:
    """Group trips into patterns without overtaking and lay them out."""
    patterns: list[list[Trip]] = []
    for one in sorted(trips, key=lambda t: [call[1:] for call in t.calls]):
        for pattern in patterns:
            if _follows(pattern[-1], one):
                pattern.append(one)
                break
        else:
            patterns.append([one])
    length = [len(pattern[0].calls) for pattern in patterns]
    size = [len(pattern) for pattern in patterns]
    calls = [call for pattern in patterns for one in pattern for call in one.calls]
    transfer = sorted(transfers)
    n_trips = sum(size)
    names = [f"s{i}" for i in range(n_stops)]
    return Timetable(
        stops=Stops(
            stop_id=names,
            name=names,
            lon=np.zeros(n_stops),
            lat=np.zeros(n_stops),
            feed_idx=np.zeros(n_stops),
            station_idx=np.arange(n_stops),
        ),
        origin_utc_s=0,
        time_zone="UTC",
        pattern_ptr=np.cumsum([0, *length]),
        pattern_stop=[call[0] for pattern in patterns for call in pattern[0].calls],
        pattern_board=[i not in p[0].no_board for p in patterns for i in range(len(p[0].calls))],
        pattern_alight=[i not in p[0].no_alight for p in patterns for i in range(len(p[0].calls))],
        pattern_route_type=np.full(len(patterns), 3),
        trip_ptr=np.cumsum([0, *size]),
        event_ptr=np.cumsum([0, *(n * t for n, t in zip(length, size, strict=True))]),
        arrival_s=[call[1] for call in calls],
        departure_s=[call[2] for call in calls],
        trip_id=[f"t{i}" for i in range(n_trips)],
        trip_route_idx=np.zeros(n_trips),
        route_id=["r0"],
        route_name=["line 0"],
        change_s=np.broadcast_to(np.asarray(change_s), n_stops),
        transfer_ptr=np.searchsorted([t[0] for t in transfer], np.arange(n_stops + 1)),
        transfer_stop=[t[1] for t in transfer],
        transfer_s=[t[2] for t in transfer],
    )


def links_of(places: Sequence[Sequence[tuple[int, float]]]) -> StopLinks:
    """Links from a list of (stop, seconds) per place."""
    flat = [link for place in places for link in place]
    return StopLinks(
        ptr=np.cumsum([0, *(len(place) for place in places)]),
        stop_idx=[link[0] for link in flat],
        seconds=[link[1] for link in flat],
    )


def _follows(before: Trip, after: Trip) -> bool:
    """Whether a trip runs over the same stops as another and never before it."""
    return (
        [call[0] for call in before.calls] == [call[0] for call in after.calls]
        and before.no_board == after.no_board
        and before.no_alight == after.no_alight
        and all(
            b[1] <= a[1] and b[2] <= a[2] for b, a in zip(before.calls, after.calls, strict=True)
        )
    )
