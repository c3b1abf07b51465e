"""Stops told apart by vehicle: the same travel times over the same links, and exact limits."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transit.transit_strategies import Case, cases
from transit.transit_towns import links_of, timetable_of, trip

from halfcircle.access.transit import StopLinks, TransitQuery, build_transit_search
from halfcircle.access.vehicle_stops import split_stops
from halfcircle.gtfs.timetable import Timetable

BUS, RAIL, TRAM = 3, 2, 0


def with_types(timetable: Timetable, kinds: list[int]) -> Timetable:
    return replace(timetable, pattern_route_type=kinds[: timetable.n_patterns])


def mirrored(links: StopLinks, base: np.ndarray) -> StopLinks:
    """Every link of a stop also to all its copies."""
    rows = []
    for i in range(len(links)):
        part = slice(links.ptr[i], links.ptr[i + 1])
        pairs = zip(links.stop_idx[part].tolist(), links.seconds[part].tolist(), strict=True)
        rows.append([(int(c), s) for stop, s in pairs for c in np.flatnonzero(base == stop)])
    return links_of(rows)


def base_of(timetable: Timetable, n_stops: int) -> np.ndarray:
    """Real stop of every stop, by name."""
    return np.array([int(str(name)[1:]) for name in timetable.stops.name])


def test_a_stop_of_bus_and_train_becomes_two() -> None:
    trips = [trip((0, 10), (1, 50)), trip((0, 20), (2, 60)), trip((1, 90), (2, 99))]
    town = timetable_of(trips, 4, transfers=[(1, 3, 7)], change_s=[5, -1, 9, 0])
    town = with_types(town, [BUS, RAIL, RAIL])
    found = split_stops(town, {BUS: 0, RAIL: 1})
    split = found.timetable
    # 0 and 1 are called at by both; 2 by trains only; 3 by nobody
    assert split.stops.stop_id.tolist() == ["s0", "s1", "s2", "s3", "s0@rail", "s1@rail"]
    assert found.stop_class.tolist() == [0, 0, 1, -1, 1, 1]
    assert split.pattern_stop.tolist() == [0, 1, 4, 2, 5, 2]
    start = np.repeat(np.arange(6), np.diff(split.transfer_ptr))
    transfers = list(
        zip(start.tolist(), split.transfer_stop.tolist(), split.transfer_s.tolist(), strict=True)
    )
    # changing at 0 takes 5 s whatever the vehicle, at 1 it is forbidden; the walk holds for both
    assert transfers == [(0, 4, 5), (1, 3, 7), (4, 0, 5), (5, 3, 7)]
    assert split.change_s.tolist() == [5, -1, 9, 0, 5, -1]
    # no footpath of no length replaces what the feed says about a change
    again = split.with_footpaths([0, 1, 4], [4, 5, 0], [0, 0, 0])
    assert again.transfer_s.tolist() == split.transfer_s.tolist()


def test_nothing_to_tell_apart() -> None:
    town = with_types(timetable_of([trip((0, 10), (1, 50))], 3), [RAIL])
    found = split_stops(town, {BUS: 0, RAIL: 1})
    assert found.timetable is town
    assert found.stop_class.tolist() == [1, 1, -1]
    both = with_types(
        timetable_of([trip((0, 10), (1, 50)), trip((0, 12), (2, 50))], 3), [BUS, TRAM]
    )
    assert split_stops(both, {RAIL: 1}).timetable is both  # bus and tram are of one class


@given(case=cases(), kinds=st.lists(st.sampled_from([BUS, RAIL, TRAM]), min_size=40, max_size=40))
@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
def test_travel_times_stay_what_they_are(case: Case, kinds: list[int]) -> None:
    whole = with_types(case.timetable(), kinds)
    split = split_stops(whole, {BUS: 0, RAIL: 1, TRAM: 2}).timetable
    base = base_of(split, case.n_stops)
    origins = np.arange(len(case.access))
    one = build_transit_search(
        whole, case.access, case.egress, case.query, direct_s=case.direct_s
    ).lanes_s(origins)
    other = build_transit_search(
        split,
        mirrored(case.access, base),
        mirrored(case.egress, base),
        case.query,
        direct_s=case.direct_s,
    ).lanes_s(origins)
    np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(("within", "expected"), [((600, 300), 500.0), ((300, 600), 900.0)])
def test_the_limit_of_the_train_does_not_open_the_bus(
    within: tuple[int, int], expected: float
) -> None:
    """A stop 400 s away; the train takes until 900, the bus until 500."""
    trips = [trip((0, 450), (1, 500)), trip((0, 450), (2, 600), (1, 900))]
    found = split_stops(with_types(timetable_of(trips, 3), [BUS, RAIL]), {BUS: 0, RAIL: 1})
    assert found.timetable.stops.name.tolist() == ["s0", "s1", "s2", "s0", "s1"]
    limit_s = np.array(within)[found.stop_class]
    near = [(s, 400) for s in (0, 3) if limit_s[s] >= 400]
    search = build_transit_search(
        found.timetable,
        links_of([near]),
        links_of([[(1, 0), (4, 0)]]),
        TransitQuery(start_s=0, end_s=1, step_s=1, limit_s=1000, board_slack_s=0),
    )
    assert search.times_s([0])[0, 0, 0] == expected
