"""Small towns whose travel times can be worked out by hand."""

from __future__ import annotations

import numpy as np
import pytest
from transit.transit_towns import Trip, links_of, timetable_of, trip

from halfcircle.access.transit import (
    StopLinks,
    TransitQuery,
    TransitSearch,
    build_transit_search,
)
from halfcircle.gtfs.timetable import Timetable

FAR = np.inf
BOTH = pytest.mark.parametrize("engine", ["trip-based", "range-raptor"])


def at_stops(*stops: int) -> StopLinks:
    """One place right at each of these stops."""
    return links_of([[(stop, 0)] for stop in stops])


def search(
    timetable: Timetable,
    engine: str,
    *,
    access: StopLinks,
    egress: StopLinks,
    departures: tuple[int, int, int] = (0, 1, 1),
    **limits: int,
) -> TransitSearch:
    start_s, end_s, step_s = departures
    limits = {"board_slack_s": 0, "max_rides": 3, "limit_s": 1_000} | limits
    query = TransitQuery(
        start_s=start_s, end_s=end_s, step_s=step_s, percentiles=(0, 50, 100), **limits
    )
    return build_transit_search(timetable, access, egress, query, engine=engine)


def time_of(found: TransitSearch) -> float:
    """The only travel time, of the only departure."""
    times = found.times_s([0])
    assert times.shape == (1, 3, 1)
    assert times[0, 0, 0] == times[0, 2, 0]
    return float(times[0, 0, 0])


@BOTH
def test_walk_wait_ride_walk(engine: str) -> None:
    town = timetable_of([trip((0, 100), (1, 160))], 2)
    found = search(town, engine, access=links_of([[(0, 30.2)]]), egress=links_of([[(1, 20.5)]]))
    # waiting at home counts; the last walk of 20.5 s takes 21 whole seconds
    assert time_of(found) == 160 + 21


@BOTH
@pytest.mark.parametrize(("slack", "expected"), [(69, 160), (70, 260)])
def test_board_slack_decides_which_trip_is_caught(engine: str, slack: int, expected: int) -> None:
    town = timetable_of([trip((0, 100), (1, 160)), trip((0, 200), (1, 260))], 2)
    # 30.2 s of walking are 31 whole seconds: with a slack of 69 s one is ready at 100
    access = links_of([[(0, 30.2)]])
    found = search(town, engine, access=access, egress=at_stops(1), board_slack_s=slack)
    assert time_of(found) == expected


@BOTH
@pytest.mark.parametrize(("change", "expected"), [(0, 80), (10, 80), (11, 180), (-1, FAR)])
def test_change_at_a_stop(engine: str, change: int, expected: float) -> None:
    trips = [trip((0, 10), (1, 50)), trip((1, 60), (2, 80)), trip((1, 160), (2, 180))]
    town = timetable_of(trips, 3, change_s=[0, change, 0])
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(2))) == expected


@BOTH
@pytest.mark.parametrize(("rides", "expected"), [(1, FAR), (2, 300), (3, 90)])
def test_most_rides(engine: str, rides: int, expected: float) -> None:
    trips = [
        trip((0, 10), (1, 20)),
        trip((1, 30), (2, 40)),
        trip((2, 50), (3, 90)),
        trip((1, 200), (3, 300)),
    ]
    town = timetable_of(trips, 4)
    found = search(town, engine, access=at_stops(0), egress=at_stops(3), max_rides=rides)
    assert time_of(found) == expected


@BOTH
def test_walks_are_never_chained(engine: str) -> None:
    trips = [trip((0, 10), (1, 20)), trip((3, 100), (4, 110))]
    chain = [(1, 2, 5), (2, 3, 5)]
    town = timetable_of(trips, 5, transfers=chain)
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(4))) == FAR
    town = timetable_of(trips, 5, transfers=[*chain, (1, 3, 80)])
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(4))) == 110


@BOTH
def test_transfer_does_not_lead_to_a_destination(engine: str) -> None:
    town = timetable_of([trip((0, 10), (1, 20))], 3, transfers=[(1, 2, 5)])
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(2))) == FAR


@BOTH
def test_where_nobody_gets_on_or_off(engine: str) -> None:
    on = trip((0, 10), (1, 20), (2, 30), no_board=[0])
    town = timetable_of([on], 3)
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(2))) == FAR
    assert time_of(search(town, engine, access=at_stops(1), egress=at_stops(2))) == 30
    off = trip((0, 10), (1, 20), (2, 30), no_alight=[1])
    town = timetable_of([off], 3)
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(1))) == FAR
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(2))) == 30


@BOTH
def test_change_at_the_second_call_of_a_loop(engine: str) -> None:
    # The trip calls at stop 1 twice. Changing at the second call is as good as at the first, so
    # that only one of them is kept: it must be made although stop 1 was reached before.
    trips = [trip((0, 0), (1, 10), (2, 15), (1, 20)), trip((1, 30), (3, 40))]
    town = timetable_of(trips, 4)
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(3))) == 40
    # with a trip that leaves between the calls, only the first will do
    town = timetable_of([trips[0], trip((1, 12), (3, 40))], 4)
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(3))) == 40


@BOTH
def test_boarding_at_the_second_call_of_a_loop(engine: str) -> None:
    town = timetable_of([trip((0, 0), (1, 10), (0, 20), (2, 30))], 3)
    found = search(town, engine, access=at_stops(0), egress=at_stops(2), departures=(5, 6, 1))
    assert time_of(found) == 25


@BOTH
def test_overtaking_trips_are_taken_in_the_order_of_arrival(engine: str) -> None:
    slow, fast = trip((0, 10), (1, 100)), trip((0, 20), (1, 60))
    town = timetable_of([slow, fast], 2)
    assert town.n_patterns == 2
    assert time_of(search(town, engine, access=at_stops(0), egress=at_stops(1))) == 60


@BOTH
def test_limit_is_included(engine: str) -> None:
    town = timetable_of([trip((0, 10), (1, 50))], 2)
    access, egress = at_stops(0), links_of([[(1, 10)]])
    assert time_of(search(town, engine, access=access, egress=egress, limit_s=60)) == 60
    assert time_of(search(town, engine, access=access, egress=egress, limit_s=59)) == FAR


@BOTH
def test_four_hours_and_the_longest_limit(engine: str) -> None:
    town = timetable_of([trip((0, 10), (1, 14_399), (2, 32_000))], 3)
    egress = links_of([[(1, 1)], [(2, 767)], [(2, 768)]])
    found = search(town, engine, access=at_stops(0), egress=egress, limit_s=32_767)
    assert found.times_s([0])[0, 1].tolist() == [14_400, 32_767, FAR]


@BOTH
def test_lanes_and_percentiles_of_a_regular_line(engine: str) -> None:
    # every 10 minutes, riding 5: the departures 0, 1, ... 29 wait (-t mod 10) minutes
    trips = [trip((0, 600 * i), (1, 600 * i + 300)) for i in range(5)]
    found = search(
        timetable_of(trips, 2),
        engine,
        access=at_stops(0),
        egress=at_stops(1),
        departures=(0, 1_800, 60),
    )
    waits = [(-t % 10) * 60 for t in range(30)]
    assert found.lanes_s([0])[0, 0].tolist() == [wait + 300 for wait in waits]
    # sorted: three of each minute 0 .. 9; position 15 of 30 is the first of minute 5
    assert found.times_s([0])[0, :, 0].tolist() == [300, 600, 840]
    within = found.opportunities_within([0], [[7.0]], [300, 599, 600, 840])
    assert within[0, :, :, 0].tolist() == [[7, 7, 7, 7], [0, 0, 7, 7], [0, 0, 0, 7]]
    mean = found.mean_over_departures([0], [[7.0]], [300, 599, 600, 840])
    np.testing.assert_allclose(mean[0, :, 0], 7 * np.array([3, 15, 18, 30]) / 30)


@BOTH
def test_half_of_the_departures_reach_nothing(engine: str) -> None:
    # the only trip leaves at 600: the departures 0 .. 10 of 20 catch it
    town = timetable_of([trip((0, 600), (1, 700))], 2)
    found = search(town, engine, access=at_stops(0), egress=at_stops(1), departures=(0, 1_200, 60))
    assert found.times_s([0])[0, :, 0].tolist() == [100, 700, FAR]
    lanes = found.lanes_s([0])[0, 0]
    assert lanes[:11].tolist() == list(range(700, 99, -60))
    assert (lanes[11:] == 65_535).all()


@BOTH
def test_walking_all_the_way_when_that_is_faster(engine: str) -> None:
    town = timetable_of([trip((0, 600), (1, 700))], 2)
    query = TransitQuery(start_s=0, end_s=660, board_slack_s=0, percentiles=(0, 50, 100))
    found = build_transit_search(
        town,
        at_stops(0),
        at_stops(1),
        query,
        engine=engine,
        direct_s=np.array([[299.5]], dtype=np.float32),
    )
    assert found.times_s([0])[0, :, 0].tolist() == [100, 300, 300]


@BOTH
def test_nothing_runs(engine: str) -> None:
    nothing = timetable_of([], 2)
    found = search(nothing, engine, access=at_stops(0), egress=at_stops(1))
    assert time_of(found) == FAR
    later = timetable_of([Trip(((0, 5_000, 5_000), (1, 6_000, 6_000)))], 2)
    assert time_of(search(later, engine, access=at_stops(0), egress=at_stops(1))) == FAR


@BOTH
def test_places_without_stops(engine: str) -> None:
    town = timetable_of([trip((0, 10), (1, 20))], 2)
    found = search(town, engine, access=links_of([[], [(0, 0)]]), egress=links_of([[], [(1, 0)]]))
    assert found.times_s([0, 1])[:, 0].tolist() == [[FAR, FAR], [FAR, 20]]
    assert found.times_s([]).shape == (0, 3, 2)
