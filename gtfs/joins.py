"""Make one ride of several: shared by through-running and by trains that two feeds carry."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from halfcircle.gtfs.calendar import service_days
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.rides import Rides, concatenated

__all__ = ["join_calls", "ride_numbers", "with_joined"]

_NUMBER = re.compile(r"\d{1,6}")
_MOST_PARTS = 4
Int64 = npt.NDArray[np.int64]


def ride_numbers(feeds: Sequence[Feed], rides: Rides, date: dt.date) -> npt.NDArray[np.object_]:
    """Train number of each ride, from trip_short_name or a route name like ``"ICE 18"``.

    Blank where there is none. A number that more than four trips of a day carry is that of a
    line and tells nothing about trains.
    """
    found = np.full(len(rides), "", dtype=object)
    for feed_idx, feed in enumerate(feeds):
        trips = feed["trips"]
        routes = feed["routes"]
        of_route = {
            route: _number(long) or (_number(short) if " " in short else "")
            for route, short, long in zip(
                routes.texts("route_id"),
                routes.texts("route_short_name"),
                routes.texts("route_long_name"),
                strict=True,
            )
        }
        own = trips.column("trip_short_name").map(_number, object)
        by_route = trips.column("route_id").map(of_route.__getitem__, object)
        number = np.where(own != "", own, by_route)
        today = service_days(feed).active_trips(date) & (number != "")
        names, count = np.unique(number[today].astype(str), return_counts=True)
        lines = set(names[count > _MOST_PARTS].tolist())
        number = np.array(["" if text in lines else text for text in number], dtype=object)
        mine = rides.feed_idx == feed_idx
        found[mine] = number[rides.trip_row[mine]]
    return found


def _number(text: str) -> str:
    """The only number in a text, without leading zeros."""
    numbers = _NUMBER.findall(text)
    return str(numbers[0]).lstrip("0") if len(numbers) == 1 else ""


def join_calls(rides: Rides, parts: Sequence[tuple[int, int, int]]) -> Rides:
    """One ride made of calls of several, one after the other.

    Parameters
    ----------
    rides : Rides
    parts : sequence of (ride, first call, last call + 1)
        Calls counted within the ride. Where one part ends at the stop at which the next begins,
        the two calls become one: arrival of the one, departure of the other.
    """
    stop: list[int] = []
    arrival: list[int] = []
    departure: list[int] = []
    board: list[bool] = []
    alight: list[bool] = []
    for ride, low, high in parts:
        start = int(rides.ptr[ride])
        for call in range(start + low, start + high):
            own_stop = int(rides.stop_idx[call])
            at, to = int(rides.arrival_s[call]), int(rides.departure_s[call])
            if stop and call == start + low:
                if own_stop == stop[-1]:
                    departure[-1] = max(to, arrival[-1])
                    board[-1] = bool(rides.board[call])
                    continue
                # Another platform, or another copy of the stop: off here, on there.
                departure[-1] = arrival[-1]
                board[-1] = False
                stop.append(own_stop)
                arrival.append(max(to, departure[-1]))
                departure.append(max(to, arrival[-1]))
                board.append(bool(rides.board[call]))
                alight.append(False)
                continue
            stop.append(own_stop)
            arrival.append(at)
            departure.append(to)
            board.append(bool(rides.board[call]))
            alight.append(bool(rides.alight[call]))
    first = parts[0][0]
    return Rides(
        ptr=np.array([0, len(stop)], dtype=np.int64),
        stop_idx=np.array(stop, dtype=np.int32),
        arrival_s=np.array(arrival, dtype=np.int32),
        departure_s=np.array(departure, dtype=np.int32),
        board=np.array(board, dtype=bool),
        alight=np.array(alight, dtype=bool),
        trip_id=np.array(
            [" + ".join(dict.fromkeys(str(rides.trip_id[ride]) for ride, _, _ in parts))],
            dtype=object,
        ),
        trip_row=rides.trip_row[[first]],
        day=rides.day[[first]],
        feed_idx=rides.feed_idx[[first]],
        route_type=rides.route_type[[first]],
    )


def with_joined(rides: Rides, gone: set[int], joined: Sequence[Rides]) -> Rides:
    """Rides without those that are gone, and with those that were joined."""
    if not gone and not joined:
        return rides
    keep = np.ones(len(rides), dtype=bool)
    keep[sorted(gone)] = False
    return concatenated([rides.take(keep), *joined])
