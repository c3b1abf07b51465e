"""Plain twin of the transit searches: one departure at a time, straight from the definition.

It looks at every trip in every round and knows neither earliest trips, nor patterns without
overtaking, nor labels kept from other departures.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import numpy as np

from halfcircle.access.transit import StopLinks, TransitQuery
from halfcircle.gtfs.timetable import Timetable

INF = math.inf


class Oracle:
    """Brute force over a timetable."""

    def __init__(self, timetable: Timetable) -> None:
        self.trips: list[list[tuple[int, int, int, bool, bool]]] = []
        for p in range(timetable.n_patterns):
            at = slice(timetable.pattern_ptr[p], timetable.pattern_ptr[p + 1])
            stops = timetable.pattern_stop[at].tolist()
            board = timetable.pattern_board[at].tolist()
            alight = timetable.pattern_alight[at].tolist()
            event = int(timetable.event_ptr[p])
            for _ in range(timetable.trip_ptr[p], timetable.trip_ptr[p + 1]):
                end = event + len(stops)
                arrival = timetable.arrival_s[event:end].tolist()
                departure = timetable.departure_s[event:end].tolist()
                calls = zip(stops, arrival, departure, board, alight, strict=True)
                self.trips.append(list(calls))
                event = end
        self.change_s = timetable.change_s.tolist()
        self.transfers: list[list[tuple[int, int]]] = []
        for s in range(len(timetable.stops)):
            at = slice(timetable.transfer_ptr[s], timetable.transfer_ptr[s + 1])
            to, seconds = timetable.transfer_stop[at], timetable.transfer_s[at]
            self.transfers.append(list(zip(to.tolist(), seconds.tolist(), strict=True)))

    def arrivals(
        self, ready: Mapping[int, float], max_rides: int, latest: float = INF
    ) -> dict[int, float]:
        """Earliest arrival by vehicle at each stop, from times at which one is ready to board."""
        first = min(ready.values(), default=INF)
        running = [t for t in self.trips if t[-1][1] >= first and t[0][2] <= latest]
        arrived: dict[int, float] = {}
        for _ in range(max_rides):
            found = dict(arrived)
            for calls in running:
                on_board = False
                for stop, arrival, departure, board, alight in calls:
                    if on_board and alight and arrival < found.get(stop, INF):
                        found[stop] = arrival
                    if board and ready.get(stop, INF) <= departure:
                        on_board = True
            arrived = found
            after: dict[int, float] = {}
            for stop, arrival in arrived.items():
                if self.change_s[stop] >= 0:
                    after[stop] = min(after.get(stop, INF), arrival + self.change_s[stop])
                for to, seconds in self.transfers[stop]:
                    after[to] = min(after.get(to, INF), arrival + seconds)
            ready = after
        return arrived

    def lane(
        self,
        departure_s: int,
        access: Mapping[int, float],
        egress: list[list[tuple[int, float]]],
        direct_s: list[float],
        query: TransitQuery,
    ) -> list[float]:
        """Travel time to every destination for one departure; inf beyond the limit."""
        ready = {s: departure_s + math.ceil(a) + query.board_slack_s for s, a in access.items()}
        arrived = self.arrivals(ready, query.max_rides, departure_s + query.limit_s)
        times = []
        for links, direct in zip(egress, direct_s, strict=True):
            best = math.ceil(direct) if direct < INF else INF
            for stop, seconds in links:
                best = min(best, arrived.get(stop, INF) + math.ceil(seconds) - departure_s)
            times.append(best if best <= query.limit_s else INF)
        return times


def lanes_of(
    timetable: Timetable,
    access: StopLinks,
    egress: StopLinks,
    query: TransitQuery,
    direct_s: np.ndarray | None = None,
) -> np.ndarray:
    """All lanes, shape (n_origins, n_destinations, n_departures), inf where not reached."""
    oracle = Oracle(timetable)
    if direct_s is None:
        direct_s = np.full((len(access), len(egress)), np.inf)
    to_places = pairs(egress)
    lanes = np.empty((len(access), len(egress), query.n_departures))
    for o, links in enumerate(pairs(access)):
        nearest: dict[int, float] = {}
        for stop, seconds in links:
            nearest[stop] = min(seconds, nearest.get(stop, INF))
        for k, departure_s in enumerate(query.departures_s.tolist()):
            lanes[o, :, k] = oracle.lane(
                departure_s, nearest, to_places, direct_s[o].tolist(), query
            )
    return lanes


def pairs(links: StopLinks) -> list[list[tuple[int, float]]]:
    """Links as (stop, seconds) per place."""
    return [
        list(
            zip(
                links.stop_idx[links.ptr[i] : links.ptr[i + 1]].tolist(),
                links.seconds[links.ptr[i] : links.ptr[i + 1]].tolist(),
                strict=True,
            )
        )
        for i in range(len(links))
    ]


def percentiles_of(lanes: np.ndarray, percentiles: tuple[int, ...]) -> np.ndarray:
    """Travel time at each percentile, by sorting: shape (n_origins, n_percentiles, n_dest)."""
    n = lanes.shape[2]
    ordered = np.sort(lanes, axis=2)
    return np.stack([ordered[:, :, min(p * n // 100, n - 1)] for p in percentiles], axis=1)
