"""A continuous window: nothing is sampled, and one-second sampling gives the same."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from transit.transit_oracle import lanes_of, percentiles_of
from transit.transit_strategies import Case, cases
from transit.transit_towns import links_of, timetable_of, trip

from halfcircle.access.transit import (
    UNREACHED_LANE,
    TransitQuery,
    TransitSearch,
    build_arrive_by_search,
    build_transit_search,
    explain_journey,
)
from halfcircle.errors import InputError

MANY = settings(deadline=None, max_examples=100, suppress_health_check=list(HealthCheck))


def searches(case: Case) -> tuple[TransitSearch, TransitSearch]:
    """A continuous window, and the same by the second."""
    continuous, sampled = (
        build_transit_search(
            case.timetable(),
            case.access,
            case.egress,
            replace(case.query, step_s=step_s),
            direct_s=case.direct_s,
        )
        for step_s in (None, 1)
    )
    return continuous, sampled


@MANY
@given(case=cases())
def test_equals_brute_force_of_every_second(case: Case) -> None:
    every_second = replace(case.query, step_s=1)
    expected = lanes_of(case.timetable(), case.access, case.egress, every_second, case.direct_s)
    continuous, _ = searches(case)
    origins = np.arange(len(case.access))
    lanes = continuous.lanes_s(origins)
    np.testing.assert_array_equal(np.where(lanes == UNREACHED_LANE, np.inf, lanes), expected)
    np.testing.assert_array_equal(
        continuous.times_s(origins), percentiles_of(expected, case.query.percentiles)
    )


@MANY
@given(case=cases())
def test_every_result_equals_lanes_of_one_second(case: Case) -> None:
    continuous, sampled = searches(case)
    origins = np.arange(len(case.access))
    n = len(case.egress)
    weights = np.array([0.1 + np.arange(n), np.sqrt(1.0 + np.arange(n))])
    cutoffs = np.unique(np.linspace(0, case.query.limit_s, 7).astype(int))
    np.testing.assert_array_equal(continuous.lanes_s(origins), sampled.lanes_s(origins))
    np.testing.assert_array_equal(continuous.times_s(origins), sampled.times_s(origins))
    for name in ("opportunities_within", "mean_over_departures", "percentiles_over_departures"):
        np.testing.assert_array_equal(
            getattr(continuous, name)(origins, weights, cutoffs),
            getattr(sampled, name)(origins, weights, cutoffs),
            name,
        )


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_arriving_by_equals_lanes_of_one_second(case: Case) -> None:
    found = [
        build_arrive_by_search(
            case.timetable(),
            case.access,
            case.egress,
            replace(case.query, step_s=step_s),
            direct_s=np.ascontiguousarray(case.direct_s.T),
        ).lanes_s(np.arange(len(case.egress)))
        for step_s in (None, 1)
    ]
    np.testing.assert_array_equal(found[0], found[1])


def hourly() -> TransitSearch:
    """Rides of 600 s leave at 0, 3600 and 7200; walks of 60 s, no slack; a walk of 3,000 s."""
    town = timetable_of([trip((0, t), (1, t + 600)) for t in (0, 3_600, 7_200)], 2)
    links = links_of([[(0, 60)]]), links_of([[(1, 0)]])
    query = TransitQuery(
        start_s=0, end_s=3_600, step_s=None, board_slack_s=0, percentiles=(0, 25, 50, 100)
    )
    return build_transit_search(town, *links, query, direct_s=np.array([[3_000]], np.float32))


def test_an_hourly_train_in_closed_form() -> None:
    search = hourly()
    # leaving at t waits for 3,600 up to t = 3,540 and for 7,200 after: 4,200 - t or 7,800 - t, at
    # most 3,000: 2,340 seconds (1,201 to 3,540) take 660 to 2,999 s, all others 3,000 s
    assert search.times_s([0])[0, :, 0].tolist() == [660, 660 + 900, 660 + 1_800, 3_000]
    for cutoff_s, n in ((659, 0), (660, 1), (1_000, 341), (2_999, 2_340), (3_000, 3_600)):
        mean = search.mean_over_departures([0], [[1.0]], [cutoff_s])
        assert mean[0, 0, 0] == n / 3_600
    lanes = search.lanes_s([0])[0, 0].astype(int)
    assert lanes[[0, 1_200, 1_201, 3_540, 3_541]].tolist() == [3_000, 3_000, 2_999, 660, 3_000]


def test_a_departure_is_explained() -> None:
    search = hourly()
    journey = explain_journey(search, 0, 0, 3_539)
    assert journey is not None
    assert journey.travel_time_s == 661
    assert [leg.kind for leg in journey.legs] == ["access", "ride", "egress"]


def test_the_baseline_has_no_continuous_window() -> None:
    town = timetable_of([trip((0, 100), (1, 160))], 2)
    links = links_of([[(0, 0)], [(1, 0)]])
    query = TransitQuery(start_s=0, end_s=600, step_s=None)
    with pytest.raises(InputError, match="it samples departures and has no continuous window"):
        build_transit_search(town, links, links, query, engine="range-raptor")


def test_a_continuous_window_of_days_is_refused() -> None:
    assert TransitQuery(start_s=0, end_s=86_400, step_s=None).n_departures == 86_400
    with pytest.raises(InputError, match="a continuous window is longer than 172,800 s: '172801'"):
        TransitQuery(start_s=0, end_s=172_801, step_s=None)
