"""transfers.txt as rules between stops, stations, routes and trips."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from halfcircle._checks import Faults
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.stations import NetworkStops

__all__ = ["TransferRule", "read_transfer_rules"]

FORBIDDEN = -1
NO_TIME = -2
MOST_PLATFORMS = 300
"""Stops of one station: more is an error, and every pair of them would be a transfer."""


@dataclass(frozen=True)
class TransferRule:
    """One row of transfers.txt on how long a change takes (types 0 to 3).

    Parameters
    ----------
    from_stops, to_stops : tuple of int
        Stops of the network; a station stands for all its stops.
    from_rides, to_rides : tuple of (str, str)
        (route_id, trip_id) that the rule is limited to; blanks for any.
    seconds : int
        -1 where the change is forbidden, -2 where the feed leaves the time open.
    rank : tuple of int
        The rule with the highest rank decides: trips before routes before any, stops before
        stations; forbidden, then the longer time, where all that is equal.
    feed_idx : int
    """

    from_stops: tuple[int, ...]
    to_stops: tuple[int, ...]
    from_ride: tuple[str, str]
    to_ride: tuple[str, str]
    seconds: int
    rank: tuple[int, ...]
    feed_idx: int

    @property
    def is_general(self) -> bool:
        """Whether the rule holds for all routes and trips."""
        return not (any(self.from_ride) or any(self.to_ride))


def read_transfer_rules(
    feeds: Sequence[Feed], stops: NetworkStops, faults: Faults
) -> list[TransferRule]:
    """Rules of all feeds, without in-seat transfers (types 4 and 5)."""
    rules: list[TransferRule] = []
    for number, feed in enumerate(feeds):
        if "transfers" not in feed:
            continue
        table = feed["transfers"]
        members = _members(feed, stops.index[number].tolist())
        kinds = table.whole("transfer_type", blank=0).tolist()
        minimum = table.whole("min_transfer_time", blank=-1).tolist()
        columns = {
            name: table.texts(name)
            for name in (
                "from_stop_id",
                "to_stop_id",
                "from_route_id",
                "to_route_id",
                "from_trip_id",
                "to_trip_id",
            )
        }
        no_stop: list[int] = []
        no_time: list[int] = []
        too_many: list[int] = []
        for i, kind in enumerate(kinds):
            if kind >= 4:
                continue
            from_id, to_id = columns["from_stop_id"][i], columns["to_stop_id"][i]
            if not from_id or not to_id:
                no_stop.append(table.line(i))
                continue
            from_stops, from_is_stop = members.get(from_id, ((), 0))
            to_stops, to_is_stop = members.get(to_id, ((), 0))
            if not from_stops or not to_stops:
                continue  # nothing calls there
            if len(from_stops) * len(to_stops) > MOST_PLATFORMS**2:
                too_many.append(table.line(i))
                continue
            seconds = minimum[i] if minimum[i] >= 0 else NO_TIME
            if kind == 3:
                seconds = FORBIDDEN
            elif kind == 1:
                seconds = max(minimum[i], 0)
            elif kind == 2 and minimum[i] < 0:
                no_time.append(table.line(i))
            from_ride = (columns["from_route_id"][i], columns["from_trip_id"][i])
            to_ride = (columns["to_route_id"][i], columns["to_trip_id"][i])
            trips = bool(from_ride[1]) + bool(to_ride[1])
            routes = bool(from_ride[0]) + bool(to_ride[0])
            rank = (trips, routes, from_is_stop + to_is_stop)
            if rank[:2] == (0, 0) and seconds == NO_TIME:
                continue  # says no more than that one may change here
            rules.append(
                TransferRule(from_stops, to_stops, from_ride, to_ride, seconds, rank, number)
            )
        if no_stop:
            faults.warn(
                f"transfers.txt:{no_stop[0]}",
                f"feed {feed.feed_id}: rows without both stops are ignored",
                count=len(no_stop),
            )
        if too_many:
            faults.warn(
                f"transfers.txt:{too_many[0]}",
                f"feed {feed.feed_id}: rows between stations of more than {MOST_PLATFORMS} stops "
                "are ignored",
                count=len(too_many),
                remedy="check parent_station",
            )
        if no_time:
            faults.warn(
                f"transfers.txt:{no_time[0]}",
                f"feed {feed.feed_id}: transfer_type 2 without min_transfer_time; "
                "the usual time is taken",
                count=len(no_time),
            )
    return rules


def _members(feed: Feed, index: list[int]) -> dict[str, tuple[tuple[int, ...], int]]:
    """Stops of the network by stop_id, and whether the id is a stop (1) or a station (0)."""
    table = feed["stops"]
    ids = table.texts("stop_id").tolist()
    parents = table.texts("parent_station").tolist()
    children: dict[str, list[int]] = {}
    for row, parent in enumerate(parents):
        if parent and index[row] >= 0:
            children.setdefault(parent, []).append(index[row])
    found: dict[str, tuple[tuple[int, ...], int]] = {}
    for row, stop_id in enumerate(ids):
        own = [index[row]] if index[row] >= 0 else []
        below = children.get(stop_id, [])
        if own or below:
            found[stop_id] = (tuple(sorted(own + below)), 0 if below else 1)
    return found
