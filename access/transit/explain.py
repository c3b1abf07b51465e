"""One journey in full: what a number in a table stands for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np

from halfcircle.access.transit.search import TransitSearch
from halfcircle.errors import InputError
from halfcircle.gtfs.timetable import Timetable

__all__ = ["Journey", "Leg", "explain_journey"]

LegKind = Literal["direct", "access", "ride", "transfer", "egress"]


@dataclass(frozen=True)
class Leg:
    """A part of a journey.

    Parameters
    ----------
    kind : {"direct", "access", "ride", "transfer", "egress"}
        A transfer leads from one stop to another and includes the slack of the timetable; a
        change at the same stop is no leg.
    from_stop_idx, to_stop_idx : int or None
        None at the origin and the destination.
    start_s, end_s : int, seconds after ``Timetable.origin_utc_s``
    trip_idx : int or None
        Trip of a ride.
    """

    kind: LegKind
    from_stop_idx: int | None
    to_stop_idx: int | None
    start_s: int
    end_s: int
    trip_idx: int | None = None


@dataclass(frozen=True)
class Journey:
    """The journey behind a travel time: earliest arrival, then fewest rides.

    Parameters
    ----------
    origin_idx, destination_idx : int
    departure_s, arrival_s : int, seconds after ``Timetable.origin_utc_s``
    legs : tuple of Leg
        In the order of travel; time between two legs is waiting, that before the first ride
        includes the slack for boarding.
    """

    origin_idx: int
    destination_idx: int
    departure_s: int
    arrival_s: int
    legs: tuple[Leg, ...]

    @property
    def travel_time_s(self) -> int:
        """From the departure at the origin to the arrival, seconds."""
        return self.arrival_s - self.departure_s

    @property
    def n_rides(self) -> int:
        """Number of rides."""
        return sum(leg.kind == "ride" for leg in self.legs)

    def components_s(self) -> dict[str, int]:
        """Seconds by kind of leg, and ``"wait"``; they add up to the travel time."""
        parts = dict.fromkeys(("direct", "access", "ride", "transfer", "egress"), 0)
        for leg in self.legs:
            parts[leg.kind] += leg.end_s - leg.start_s
        parts["wait"] = self.travel_time_s - sum(parts.values())
        return parts

    def text(self, timetable: Timetable, *, told: Callable[[Leg], str] | None = None) -> str:
        """The legs, a line each, with clock times of the timetable's service day.

        Parameters
        ----------
        timetable : Timetable
        told : callable, optional
            What else to say of a leg, for instance how an access leg is travelled.
        """
        stops = timetable.stops

        def place(stop: int | None, end: str) -> str:
            return end if stop is None else f"{stops.name[stop]} ({stops.stop_id[stop]})"

        lines = []
        for leg in self.legs:
            line = f"{_clock(leg.start_s)} {place(leg.from_stop_idx, 'origin')} - "
            line += f"{_clock(leg.end_s)} {place(leg.to_stop_idx, 'destination')}: {leg.kind}"
            if leg.trip_idx is not None:
                route = timetable.trip_route_idx[leg.trip_idx]
                line += f", {timetable.route_name[route]}, trip {timetable.trip_id[leg.trip_idx]}"
            lines.append(line + (told(leg) if told is not None else ""))
        return "\n".join(lines)


def _clock(at_s: int) -> str:
    return f"{at_s // 3600:02d}:{at_s // 60 % 60:02d}:{at_s % 60:02d}"


class _Ride(NamedTuple):
    """How a stop was reached: times in seconds after the first departure of the window."""

    arrival_s: int
    trip: int
    board_position: int
    alight_position: int
    board_stop: int


class _Ready(NamedTuple):
    """From when on one can get on at a stop, and from where one came."""

    ready_s: int
    from_stop: int


def explain_journey(
    search: TransitSearch, origin_idx: int, destination_idx: int, departure_s: int
) -> Journey | None:
    """Find the journey behind the travel time of one departure.

    Parameters
    ----------
    search : TransitSearch
        From `build_transit_search`; one that arrives by given times runs backwards, and so would
        its legs.
    origin_idx, destination_idx : int
    departure_s : int, seconds after ``Timetable.origin_utc_s``
        Any second from the first to the last departure of the window.

    Returns
    -------
    Journey or None
        None where the destination is not reached within the limit. Of journeys that arrive at
        the same time it is the one with the fewest rides, then the one with the shortest egress.

    Raises
    ------
    InputError
        The departure is outside the window, or there is no such origin or destination.
    """
    query = search.query
    first, last = int(query.departures_s[0]), int(query.departures_s[-1])
    if not first <= departure_s <= last:
        raise InputError(f"explain: departure {departure_s} s is not within {first} to {last} s")
    if not (0 <= origin_idx < search.n_origins and 0 <= destination_idx < search.n_destinations):
        raise InputError(f"explain: no origin {origin_idx} or no destination {destination_idx}")
    rounds = _Rounds(search, origin_idx, departure_s - first)
    # arrival, rides, egress, stop: the least of these tuples is the journey
    choices: list[tuple[int, int, int, int]] = []
    if search.direct_s is not None:
        direct = float(search.direct_s(np.array([origin_idx]))[0, destination_idx])
        if direct <= query.limit_s:
            choices.append((rounds.departure_s + int(np.ceil(direct)), 0, 0, -1))
    at = slice(search.egress.ptr[destination_idx], search.egress.ptr[destination_idx + 1])
    for stop, walk_s in zip(
        search.egress.stop_idx[at].tolist(), search.egress.seconds[at].tolist(), strict=True
    ):
        for k, rides in enumerate(rounds.rides):
            if stop in rides:
                choices.append((rides[stop].arrival_s + walk_s, k + 1, walk_s, stop))
    if not choices:
        return None
    arrival_s, n_rides, walk_s, stop = min(choices)
    if arrival_s - rounds.departure_s > query.limit_s:
        return None
    if n_rides == 0:
        legs = [Leg("direct", None, None, departure_s, arrival_s + first)]
    else:
        legs = rounds.legs_to(stop, n_rides)
        legs.append(Leg("egress", stop, None, arrival_s + first - walk_s, arrival_s + first))
    return Journey(origin_idx, destination_idx, departure_s, arrival_s + first, tuple(legs))


class _Rounds:
    """Rounds of RAPTOR for one departure, with the way each stop was reached."""

    def __init__(self, search: TransitSearch, origin_idx: int, departure_s: int) -> None:
        self.clipped, self.query = search.engine.clipped, search.query
        self.departure_s = departure_s
        at = slice(search.access.ptr[origin_idx], search.access.ptr[origin_idx + 1])
        self.access_s: dict[int, int] = {}
        for stop, walk_s in zip(
            search.access.stop_idx[at].tolist(), search.access.seconds[at].tolist(), strict=True
        ):
            self.access_s[stop] = min(walk_s, self.access_s.get(stop, walk_s))
        slack_s = departure_s + self.query.board_slack_s
        now = {stop: _Ready(slack_s + s, -1) for stop, s in self.access_s.items()}
        self.best: dict[int, int] = {}
        self.soonest = {stop: ready.ready_s for stop, ready in now.items()}
        self.ready: list[dict[int, _Ready]] = []
        self.rides: list[dict[int, _Ride]] = []
        for _ in range(self.query.max_rides):
            self.ready.append(now)
            self.rides.append(self._ride(now))
            now = self._change(self.rides[-1])

    def legs_to(self, stop: int, n_rides: int) -> list[Leg]:
        """Legs from the origin to getting off at a stop, found from the end."""
        start_s = self.query.start_s
        legs: list[Leg] = []
        for k in range(n_rides - 1, -1, -1):
            ride = self.rides[k][stop]
            board_s = start_s + self._departure(ride.trip, ride.board_position)
            end_s = start_s + ride.arrival_s
            trip_idx = int(self.clipped.trip_idx[ride.trip])
            legs.append(Leg("ride", ride.board_stop, stop, board_s, end_s, trip_idx))
            ready = self.ready[k][ride.board_stop]
            if k == 0:
                left_s = start_s + self.departure_s
                walked_s = left_s + self.access_s[ride.board_stop]
                legs.append(Leg("access", None, ride.board_stop, left_s, walked_s))
            else:
                stop = ready.from_stop
                if stop != ride.board_stop:
                    got_off_s = start_s + self.rides[k - 1][stop].arrival_s
                    ready_s = start_s + ready.ready_s
                    legs.append(Leg("transfer", stop, ride.board_stop, got_off_s, ready_s))
        return legs[::-1]

    def _departure(self, trip: int, position: int) -> int:
        c = self.clipped
        p = int(c.trip_pattern[trip])
        first, end = int(c.pattern_trip[p]), int(c.pattern_trip[p + 1])
        return int(c.board_s[c.pattern_event[p] + position * (end - first) + trip - first])

    def _ride(self, ready: dict[int, _Ready]) -> dict[int, _Ride]:
        """Stops that one more ride reaches earlier than fewer rides do."""
        c = self.clipped
        start: dict[int, int] = {}
        for stop in ready:
            for line in range(c.line_ptr[stop], c.line_ptr[stop + 1]):
                p, i = int(c.line_pattern[line]), int(c.line_position[line])
                start[p] = min(i, start.get(p, i))
        found: dict[int, _Ride] = {}
        for p, first_position in sorted(start.items()):
            self._ride_pattern(p, first_position, ready, found)
        return found

    def _ride_pattern(
        self, p: int, first_position: int, ready: dict[int, _Ready], found: dict[int, _Ride]
    ) -> None:
        c = self.clipped
        at, length = int(c.pattern_ptr[p]), int(c.pattern_ptr[p + 1] - c.pattern_ptr[p])
        n = int(c.pattern_trip[p + 1] - c.pattern_trip[p])
        event = int(c.pattern_event[p])
        trip, board_position, board_stop = n, -1, -1
        for i in range(first_position, length):
            stop = int(c.position_stop[at + i])
            if trip < n and c.position_alight[at + i]:
                arrival_s = int(c.arrival_s[event + trip * length + i])
                within = arrival_s <= self.departure_s + self.query.limit_s
                if within and (stop not in self.best or arrival_s < self.best[stop]):
                    self.best[stop] = arrival_s
                    one = int(c.pattern_trip[p]) + trip
                    found[stop] = _Ride(arrival_s, one, board_position, i, board_stop)
            if c.position_line[at + i] and stop in ready:
                row = c.board_s[event + i * n : event + (i + 1) * n]
                earliest = int(np.searchsorted(row, ready[stop].ready_s))
                if earliest < trip:
                    trip, board_position, board_stop = earliest, i, stop

    def _change(self, rides: dict[int, _Ride]) -> dict[int, _Ready]:
        """Stops where one is ready to get on sooner than after fewer rides."""
        c = self.clipped
        after: dict[int, _Ready] = {}
        for stop, ride in rides.items():
            ways = []
            if c.change_s[stop] >= 0:
                ways.append((stop, int(c.change_s[stop])))
            at = slice(c.transfer_ptr[stop], c.transfer_ptr[stop + 1])
            ways += zip(c.transfer_stop[at].tolist(), c.transfer_s[at].tolist(), strict=True)
            for to, seconds in ways:
                ready_s = ride.arrival_s + seconds
                if to not in self.soonest or ready_s < self.soonest[to]:
                    self.soonest[to] = ready_s
                    after[to] = _Ready(ready_s, stop)
        return after
