"""Arriving by a time: the reversed timetable (METHODS section 5: 5)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from transit.transit_oracle import lanes_of
from transit.transit_strategies import Case, cases
from transit.transit_towns import links_of, timetable_of, trip

from halfcircle.access.transit import (
    UNREACHED_LANE,
    TransitQuery,
    build_arrive_by_search,
    reverse_timetable,
)

SOME = settings(deadline=None, max_examples=80, suppress_health_check=list(HealthCheck))


@SOME
@given(case=cases())
def test_reversing_twice_changes_nothing(case: Case) -> None:
    timetable = case.timetable()
    twice = reverse_timetable(reverse_timetable(timetable))
    for label in (
        "pattern_stop",
        "pattern_board",
        "pattern_alight",
        "trip_ptr",
        "arrival_s",
        "departure_s",
        "trip_id",
        "transfer_ptr",
        "transfer_stop",
        "transfer_s",
    ):
        np.testing.assert_array_equal(getattr(twice, label), getattr(timetable, label), label)


@pytest.mark.parametrize("engine", ["trip-based", "range-raptor"])
@SOME
@given(case=cases())
def test_latest_departure_that_arrives_in_time(engine: str, case: Case) -> None:
    query = replace(case.query, limit_s=min(case.query.limit_s, 40))
    search = build_arrive_by_search(
        case.timetable(),
        case.access,
        case.egress,
        query,
        direct_s=np.ascontiguousarray(case.direct_s.T),
        engine=engine,
    )
    found = search.lanes_s(np.arange(len(case.egress))).astype(float)[:, :, ::-1]
    found[found == UNREACHED_LANE] = np.inf
    # forward, from every second from which one could be in time
    every_second = replace(
        query, start_s=query.start_s - query.limit_s, end_s=query.end_s, step_s=1
    )
    forward = lanes_of(case.timetable(), case.access, case.egress, every_second, case.direct_s)
    arrival_s = every_second.departures_s + forward
    for k, by_s in enumerate(query.departures_s.tolist()):
        longest = by_s - every_second.departures_s
        in_time = (arrival_s <= by_s) & (longest <= query.limit_s) & (longest >= 0)
        expected = np.where(in_time, longest, np.inf).min(axis=2)
        np.testing.assert_array_equal(found[:, :, k].T, expected)


def test_being_there_at_half_past() -> None:
    # rides of 300 s arrive every 600 s at 300, 900, ...; the walks take 60 and 30 s
    town = timetable_of([trip((0, 600 * i), (1, 600 * i + 300)) for i in range(6)], 2)
    query = TransitQuery(start_s=1_800, end_s=1_801, board_slack_s=20, limit_s=3_600)
    search = build_arrive_by_search(town, links_of([[(0, 60)]]), links_of([[(1, 30)]]), query)
    # the trip that leaves at 1,200 is there at 1,500 + 30; one has to leave at 1,200 - 60 - 20
    assert search.times_s([0]).tolist() == [[[1_800 - 1_120]]]
