"""Trips that run through into each other: compiled as one, so that nobody has to change.

Three proofs are accepted: a row of transfers.txt of type 4; the same block_id; the same train
number at the same place and time, which is how feeds cut trains at a border.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.joins import join_calls, ride_numbers, with_joined
from halfcircle.gtfs.rides import Rides
from halfcircle.gtfs.route_types import RAIL
from halfcircle.gtfs.rules import MergeRules
from halfcircle.gtfs.timetable import Merged

__all__ = ["join_through_running"]

IN_SEAT, RE_BOARD = 4, 5
_MAX_PATHS = 16
_MAX_PARTS = 24
Int32 = npt.NDArray[np.int32]


def join_through_running(
    feeds: Sequence[Feed],
    rides: Rides,
    *,
    station_idx: Int32,
    date: dt.date,
    merge: MergeRules,
    faults: Faults,
) -> tuple[Rides, tuple[Merged, ...]]:
    """Join rides that one vehicle makes without passengers having to leave it.

    Parameters
    ----------
    feeds : sequence of Feed
    rides : Rides
    station_idx : array of int32, shape (n_stops,)
        Station of each stop.
    date : datetime.date
        The study's date.
    merge : MergeRules
    faults : Faults

    Returns
    -------
    rides : Rides
    merged : tuple of Merged
    """
    if not len(rides):
        return rides, ()
    in_seat, forbidden = _seat_rules(feeds, faults)
    links: dict[int, dict[int, str]] = {}
    has_previous: set[int] = set()
    start = station_idx[rides.stop_idx[rides.first]]
    end = station_idx[rides.stop_idx[rides.last]]
    leaves = rides.departure_s[rides.first]
    arrives = rides.arrival_s[rides.last]

    def gap_fits(one: int, other: int) -> bool:
        wait = int(leaves[other]) - int(arrives[one])
        return 0 <= wait <= merge.max_layover_s

    def key(ride: int) -> tuple[int, int]:
        return int(rides.feed_idx[ride]), int(rides.trip_row[ride])

    def link(one: int, other: int, reason: str) -> None:
        links.setdefault(one, {}).setdefault(other, reason)
        has_previous.add(other)

    by_trip: dict[tuple[int, int], list[int]] = {}
    if in_seat:
        wanted = {trip for pair in in_seat for trip in pair}
        for ride in range(len(rides)):
            if key(ride) in wanted:
                by_trip.setdefault(key(ride), []).append(ride)
        for from_trip, to_trip in sorted(in_seat):
            for one in by_trip.get(from_trip, ()):
                fitting = [r for r in by_trip.get(to_trip, ()) if gap_fits(one, r)]
                if fitting:
                    link(one, min(fitting, key=lambda r: int(leaves[r])), "transfers.txt, type 4")
    for one, other in _block_pairs(feeds, rides, start, end, leaves, arrives):
        if (
            one not in links
            and gap_fits(one, other)
            and (key(one), key(other)) not in forbidden
            and not _turns_back(rides, one, other, station_idx)
        ):
            link(one, other, "block_id")
    for one, other, number in _number_pairs(feeds, rides, date, start, end, leaves, arrives):
        if (
            one not in links
            and other not in has_previous
            and gap_fits(one, other)
            and (key(one), key(other)) not in forbidden
            and not _turns_back(rides, one, other, station_idx)
        ):
            link(one, other, f"number {number}")
    if not links:
        return rides, ()
    gone: set[int] = set()
    joined: list[Rides] = []
    for path in _paths(links, has_previous):
        parts = [(r, 0, int(rides.ptr[r + 1] - rides.ptr[r])) for r in path]
        joined.append(join_calls(rides, parts))
        gone.update(path)
    merged = tuple(
        Merged("through", str(rides.trip_id[one]), str(rides.trip_id[other]), reason)
        for one in sorted(links, key=lambda r: str(rides.trip_id[r]))
        for other, reason in sorted(links[one].items())
    )
    return with_joined(rides, gone, joined), merged


_Trip = tuple[int, int]


def _seat_rules(
    feeds: Sequence[Feed], faults: Faults
) -> tuple[set[tuple[_Trip, _Trip]], set[tuple[_Trip, _Trip]]]:
    """Trip pairs of transfer types 4 (stay seated) and 5 (leave and board again)."""
    in_seat: set[tuple[_Trip, _Trip]] = set()
    forbidden: set[tuple[_Trip, _Trip]] = set()
    for feed_idx, feed in enumerate(feeds):
        if "transfers" not in feed:
            continue
        table = feed["transfers"]
        kinds = table.whole("transfer_type", blank=0)
        if not (kinds >= IN_SEAT).any():
            continue
        row = {trip_id: i for i, trip_id in enumerate(feed["trips"].texts("trip_id"))}
        from_trip, to_trip = table.texts("from_trip_id"), table.texts("to_trip_id")
        vague: list[int] = []
        for i in np.flatnonzero(kinds >= IN_SEAT).tolist():
            if not from_trip[i] or not to_trip[i]:
                vague.append(table.line(i))
                continue
            pair = (feed_idx, row[from_trip[i]]), (feed_idx, row[to_trip[i]])
            (in_seat if kinds[i] == IN_SEAT else forbidden).add(pair)
        if vague:
            faults.warn(
                f"transfers.txt:{vague[0]}",
                f"feed {feed.feed_id}: in-seat transfers without both trips are ignored",
                count=len(vague),
            )
    return in_seat, forbidden


def _block_pairs(
    feeds: Sequence[Feed],
    rides: Rides,
    start: Int32,
    end: Int32,
    leaves: Int32,
    arrives: Int32,
) -> Iterator[tuple[int, int]]:
    """Rides of one block and day that follow each other at one station."""
    blocks: dict[tuple[int, int, str], list[int]] = {}
    block_of = [feed["trips"].texts("block_id") for feed in feeds]
    trip_ids = [feed["trips"].texts("trip_id") for feed in feeds]
    headway = [
        set(feed["frequencies"].texts("trip_id")) if "frequencies" in feed else set()
        for feed in feeds
    ]
    for ride in range(len(rides)):
        feed, row = int(rides.feed_idx[ride]), int(rides.trip_row[ride])
        block = block_of[feed][row]
        # The departures of a headway trip are made by several vehicles.
        if block and trip_ids[feed][row] not in headway[feed]:
            blocks.setdefault((feed, int(rides.day[ride]), block), []).append(ride)
    for members in blocks.values():
        members.sort(key=lambda r: (int(leaves[r]), int(arrives[r]), str(rides.trip_id[r])))
        for i, one in enumerate(members):
            for other in members[i + 1 :]:
                if leaves[other] >= arrives[one]:
                    if end[one] == start[other]:
                        yield one, other
                    break


def _number_pairs(
    feeds: Sequence[Feed],
    rides: Rides,
    date: dt.date,
    start: Int32,
    end: Int32,
    leaves: Int32,
    arrives: Int32,
) -> Iterator[tuple[int, int, str]]:
    """Rail rides with one number of which one begins where and when the other ends."""
    numbers = ride_numbers(feeds, rides, date)
    begins: dict[tuple[str, int], list[int]] = {}
    rail = np.flatnonzero(rides.route_type == RAIL).tolist()
    for ride in rail:
        if numbers[ride]:
            begins.setdefault((numbers[ride], int(start[ride])), []).append(ride)
    for one in sorted(rail, key=lambda r: (int(arrives[r]), str(rides.trip_id[r]))):
        for other in sorted(
            begins.get((numbers[one], int(end[one])), ()),
            key=lambda r: (int(leaves[r]), str(rides.trip_id[r])),
        ):
            if other != one and leaves[other] >= arrives[one]:
                yield one, other, str(numbers[one])
                break


def _turns_back(rides: Rides, one: int, other: int, station_idx: Int32) -> bool:
    """Whether the second ride only returns to stations of the first: nobody stays seated."""
    seen = set(station_idx[rides.stop_idx[rides.calls(one)]].tolist())
    return seen.issuperset(station_idx[rides.stop_idx[rides.calls(other)]].tolist())


def _paths(links: dict[int, dict[int, str]], has_previous: set[int]) -> Iterator[list[int]]:
    """All chains of linked rides; a train that is split takes part in several."""
    for first in sorted(set(links) - has_previous):
        stack = [[first]]
        n_found = 0
        while stack and n_found < _MAX_PATHS:
            path = stack.pop()
            following = [r for r in sorted(links.get(path[-1], ())) if r not in path]
            if not following or len(path) >= _MAX_PARTS:
                n_found += 1
                yield path
            stack += [[*path, ride] for ride in reversed(following)]
