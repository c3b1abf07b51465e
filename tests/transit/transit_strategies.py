"""Random timetables and questions for hypothesis."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from hypothesis import strategies as st
from transit.transit_towns import Trip, links_of, timetable_of

from halfcircle.access.transit import StopLinks, TransitQuery
from halfcircle.gtfs.timetable import Timetable


@dataclass(frozen=True)
class Case:
    trips: list[Trip]
    n_stops: int
    transfers: list[tuple[int, int, int]]
    change_s: list[int]
    access: StopLinks
    egress: StopLinks
    query: TransitQuery
    direct_s: np.ndarray

    def timetable(self, trips: list[Trip] | None = None) -> Timetable:
        return timetable_of(
            self.trips if trips is None else trips,
            self.n_stops,
            transfers=self.transfers,
            change_s=self.change_s,
        )


@st.composite
def trips_of(draw: st.DrawFn, n_stops: int) -> list[Trip]:
    """A few lines, each with several trips: loops, waits, overtaking, ties, bans."""
    trips = []
    for _ in range(draw(st.integers(1, 5))):
        stops = draw(st.lists(st.integers(0, n_stops - 1), min_size=2, max_size=6))
        positions = st.frozensets(st.integers(0, len(stops) - 1), max_size=2)
        no_board = draw(st.one_of(st.just(frozenset()), positions))
        no_alight = draw(st.one_of(st.just(frozenset()), positions))
        for _ in range(draw(st.integers(1, 5))):
            now = draw(st.integers(-20, 120))
            calls = []
            for stop in stops:
                arrival = now
                now += draw(st.sampled_from([0, 0, 0, 1, 5]))
                calls.append((stop, arrival, now))
                now += draw(st.integers(0, 12))
            trips.append(Trip(tuple(calls), no_board, no_alight))
    return trips


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """A timetable, links and a window on a small scale, where everything happens at once."""
    n_stops = draw(st.integers(2, 7))
    stop = st.integers(0, n_stops - 1)
    pairs = draw(st.sets(st.tuples(stop, stop), max_size=6))
    transfers = [(a, b, draw(st.integers(0, 9))) for a, b in sorted(pairs) if a != b]
    change_s = draw(st.lists(st.sampled_from([-1, 0, 0, 2, 6]), min_size=n_stops, max_size=n_stops))
    seconds = st.one_of(st.integers(0, 8), st.sampled_from([0.2, 3.7, 40.0]))
    link = st.lists(st.tuples(stop, seconds), max_size=3)
    access = links_of(draw(st.lists(link, min_size=1, max_size=3)))
    egress = links_of(draw(st.lists(link, min_size=1, max_size=4)))
    start_s = draw(st.integers(-5, 40))
    query = TransitQuery(
        start_s=start_s,
        end_s=start_s + draw(st.integers(1, 60)),
        step_s=draw(st.sampled_from([1, 3, 7])),
        max_rides=draw(st.integers(1, 5)),
        limit_s=draw(st.sampled_from([15, 40, 90, 200])),
        board_slack_s=draw(st.sampled_from([0, 2, 5])),
        percentiles=(0, 25, 50, 90, 100),
    )
    shape = (len(access), len(egress))
    direct = draw(
        st.lists(
            st.sampled_from([np.inf, np.inf, 12.0, 30.5]),
            min_size=shape[0] * shape[1],
            max_size=shape[0] * shape[1],
        )
    )
    return Case(
        draw(trips_of(n_stops)),
        n_stops,
        transfers,
        change_s,
        access,
        egress,
        query,
        np.array(direct, dtype=np.float32).reshape(shape),
    )
