"""The journey behind a number: its travel time is that number, and every leg can be taken."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from transit.transit_strategies import Case, cases
from transit.transit_towns import links_of, timetable_of, trip

from halfcircle.access.transit import (
    UNREACHED_LANE,
    Journey,
    TransitQuery,
    build_transit_search,
    explain_journey,
)
from halfcircle.errors import InputError
from halfcircle.gtfs.timetable import Timetable


def calls_of(timetable: Timetable, trip_idx: int) -> list[tuple[int, int, int, bool, bool]]:
    """Stop, arrival, departure, board, alight at each position of a trip."""
    p = int(np.searchsorted(timetable.trip_ptr, trip_idx, side="right")) - 1
    at = slice(timetable.pattern_ptr[p], timetable.pattern_ptr[p + 1])
    n = at.stop - at.start
    event = timetable.event_ptr[p] + (trip_idx - timetable.trip_ptr[p]) * n
    return list(
        zip(
            timetable.pattern_stop[at].tolist(),
            timetable.arrival_s[event : event + n].tolist(),
            timetable.departure_s[event : event + n].tolist(),
            timetable.pattern_board[at].tolist(),
            timetable.pattern_alight[at].tolist(),
            strict=True,
        )
    )


def check_legs(journey: Journey, timetable: Timetable, query: TransitQuery) -> None:
    """Every leg starts where and after the one before ended, and rides follow their trips."""
    legs = journey.legs
    assert legs[0].start_s == journey.departure_s
    assert legs[-1].end_s == journey.arrival_s
    assert journey.n_rides <= query.max_rides
    assert sum(journey.components_s().values()) == journey.travel_time_s
    for before, leg in pairwise(legs):
        assert before.to_stop_idx == leg.from_stop_idx is not None
        slack_s = 0
        if before.kind == "access":
            slack_s = query.board_slack_s
        elif before.kind == leg.kind == "ride":
            slack_s = int(timetable.change_s[leg.from_stop_idx])
            assert slack_s >= 0
        assert leg.start_s >= before.end_s + slack_s
    for leg in legs:
        if leg.kind == "ride":
            calls = calls_of(timetable, leg.trip_idx)
            on = [i for i, c in enumerate(calls) if c[0] == leg.from_stop_idx and c[3]]
            off = [i for i, c in enumerate(calls) if c[0] == leg.to_stop_idx and c[4]]
            assert any(
                i < j and calls[i][2] == leg.start_s and calls[j][1] == leg.end_s
                for i in on
                for j in off
            )
        elif leg.kind == "transfer":
            at = slice(*timetable.transfer_ptr[leg.from_stop_idx : leg.from_stop_idx + 2])
            ways = zip(timetable.transfer_stop[at], timetable.transfer_s[at], strict=True)
            assert (leg.to_stop_idx, leg.end_s - leg.start_s) in list(ways)


@settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_every_journey_takes_the_time_of_its_lane(case: Case) -> None:
    timetable = case.timetable()
    search = build_transit_search(
        timetable, case.access, case.egress, case.query, direct_s=case.direct_s
    )
    lanes = search.lanes_s(np.arange(len(case.access)))
    for o in range(len(case.access)):
        for d in range(len(case.egress)):
            for k, departure_s in enumerate(case.query.departures_s.tolist()[:3]):
                journey = explain_journey(search, o, d, departure_s)
                if journey is None:
                    assert lanes[o, d, k] == UNREACHED_LANE
                else:
                    assert lanes[o, d, k] == journey.travel_time_s
                    check_legs(journey, timetable, case.query)


def test_a_journey_in_words() -> None:
    trips = [trip((0, 36_100), (1, 36_400)), trip((2, 36_600), (3, 37_000))]
    town = timetable_of(trips, 4, transfers=[(1, 2, 150)])
    query = TransitQuery(start_s=36_000, end_s=36_060, step_s=60, board_slack_s=30)
    search = build_transit_search(town, links_of([[(0, 45)]]), links_of([[(3, 20)]]), query)
    journey = explain_journey(search, 0, 0, 36_000)
    assert journey is not None
    assert journey.text(town).splitlines() == [
        "10:00:00 origin - 10:00:45 s0 (s0): access",
        "10:01:40 s0 (s0) - 10:06:40 s1 (s1): ride, line 0, trip t0",
        "10:06:40 s1 (s1) - 10:09:10 s2 (s2): transfer",
        "10:10:00 s2 (s2) - 10:16:40 s3 (s3): ride, line 0, trip t1",
        "10:16:40 s3 (s3) - 10:17:00 destination: egress",
    ]
    assert journey.components_s() == {
        "direct": 0,
        "access": 45,
        "ride": 700,
        "transfer": 150,
        "egress": 20,
        "wait": 105,
    }


def test_walking_all_the_way_and_nowhere() -> None:
    town = timetable_of([], 1)
    query = TransitQuery(start_s=0, end_s=120)
    direct_s = np.array([[240.5, np.inf]], dtype=np.float32)
    search = build_transit_search(
        town, links_of([[]]), links_of([[], []]), query, direct_s=direct_s
    )
    journey = explain_journey(search, 0, 0, 60)
    assert journey is not None
    assert [leg.kind for leg in journey.legs] == ["direct"]
    assert journey.travel_time_s == 241
    assert explain_journey(search, 0, 1, 60) is None
    with pytest.raises(InputError, match="departure 61 s is not within 0 to 60 s"):
        explain_journey(search, 0, 0, 61)
    with pytest.raises(InputError, match="no origin 1 or no destination 0"):
        explain_journey(search, 1, 0, 60)
