"""Faults of questions and links, the rule of percentiles, the public list."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from transit.transit_towns import links_of, timetable_of, trip

import halfcircle.access.transit as room
from halfcircle.access.transit import (
    MAX_LIMIT_S,
    StopLinks,
    TransitQuery,
    TransitSearch,
    build_transit_search,
    percentile_index,
)
from halfcircle.errors import InputError


def small_search(**options: object) -> TransitSearch:
    town = timetable_of([trip((0, 100), (1, 160))], 2)
    links = links_of([[(0, 0)], [(1, 0)]])
    return build_transit_search(town, links, links, TransitQuery(start_s=0, end_s=600), **options)


def test_public_list() -> None:
    assert all(hasattr(room, name) for name in room.__all__)
    assert sorted(room.__all__) == sorted(set(room.__all__))


@settings(deadline=None)
@given(
    n=st.integers(1, 500),
    percentiles=st.lists(st.integers(0, 100), min_size=1, max_size=5),
)
def test_percentile_is_a_time_that_occurs_and_needs_no_interpolation(
    n: int, percentiles: list[int]
) -> None:
    index = percentile_index(percentiles, n)
    for p, i in zip(percentiles, index.tolist(), strict=True):
        assert 0 <= i < n
        # at least p % of the departures are no longer, and at most p % are shorter
        assert (i + 1) * 100 > p * n or i == n - 1
        assert i * 100 <= p * n


def test_median_of_two_hours_by_the_minute() -> None:
    assert percentile_index([5, 25, 50, 75, 95], 120).tolist() == [6, 30, 60, 90, 114]
    assert percentile_index([0, 50, 99, 100], 1).tolist() == [0, 0, 0, 0]


def test_departures() -> None:
    query = TransitQuery(start_s=10, end_s=130, step_s=60)
    assert query.departures_s.tolist() == [10, 70]
    assert query.n_departures == 2
    assert TransitQuery(start_s=10, end_s=131, step_s=60).n_departures == 3


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"end_s": 0}, "the departure window has no length"),
        ({"step_s": 0}, "step_s is not between 1 and"),
        ({"end_s": 10**6, "step_s": 1}, "more than 65,535 departures"),
        ({"max_rides": 0}, "max_rides is not between 1 and 32: '0'"),
        ({"limit_s": MAX_LIMIT_S + 1}, "limit_s is not between 1 and 32,767: '32768'"),
        ({"board_slack_s": -1}, "board_slack_s is not between 0 and"),
        ({"percentiles": ()}, "there is no percentile"),
        ({"percentiles": (50, 101)}, "percentiles outside 0 to 100: '50', '101'"),
        ({"percentiles": (50, 25)}, "percentiles do not rise"),
    ],
)
def test_faults_of_a_query(options: dict[str, object], message: str) -> None:
    with pytest.raises(InputError, match=message):
        TransitQuery(**({"start_s": 0, "end_s": 600} | options))


def test_all_faults_of_a_query_at_once() -> None:
    with pytest.raises(InputError) as caught:
        TransitQuery(start_s=5, end_s=5, max_rides=0, percentiles=())
    assert len(caught.value.faults) == 3


@pytest.mark.parametrize(
    ("ptr", "stop_idx", "seconds", "message"),
    [
        ([1, 2], [0, 0], [1, 1], "ptr does not start at 0 and rise"),
        ([0, 2, 1], [0], [1], "ptr does not start at 0 and rise"),
        ([0, 2], [0], [1], r"\(1,\) stops and \(1,\) times, expected \(2,\) of each"),
        ([0, 1], [0], [np.nan], "seconds that are negative or not finite"),
        ([0, 1], [0], [-1.5], "seconds that are negative or not finite: '-1.0'"),
        ([0, 1], [-3], [1], "stops below 0: '-3'"),
    ],
)
def test_faults_of_links(
    ptr: list[int], stop_idx: list[int], seconds: list[float], message: str
) -> None:
    with pytest.raises(InputError, match=message):
        StopLinks(np.array(ptr), np.array(stop_idx), np.array(seconds))


def test_links_round_up_and_are_read_only() -> None:
    links = links_of([[(0, 1.01), (1, 2.0)], []])
    assert links.seconds.tolist() == [2, 2]
    assert repr(links) == "<StopLinks: 2 places, 1 linked, 2 links>"
    with pytest.raises(ValueError, match="read-only"):
        links.seconds[0] = 5


def test_faults_of_a_search() -> None:
    town = timetable_of([trip((0, 100), (1, 160))], 2)
    query = TransitQuery(start_s=0, end_s=600)
    with pytest.raises(InputError) as caught:
        build_transit_search(
            town,
            links_of([[(7, 0)]]),
            links_of([[(8, 0)]]),
            query,
            engine="csa",
            workers=0,
        )
    text = str(caught.value)
    assert "access links: stops that the timetable does not have: '7'" in text
    assert "egress links: stops that the timetable does not have: '8'" in text
    assert "engine: not known: 'csa' - give 'trip-based' or 'range-raptor'" in text
    assert "workers: below 1" in text


def test_faults_of_opportunities() -> None:
    search = small_search()
    with pytest.raises(InputError, match=r"weights have shape \(1, 3\), expected \(weights, 2\)"):
        search.opportunities_within([0], [[1.0, 2.0, 3.0]], [600])
    with pytest.raises(InputError, match="weights that are not known"):
        search.opportunities_within([0], [[1.0, np.nan]], [600])
    with pytest.raises(InputError, match="cutoffs outside 0 to the limit of the search, 7200 s"):
        search.mean_over_departures([0], [[1.0, 1.0]], [7_201])
    with pytest.raises(InputError, match=r"there are no origins \[2\]"):
        search.times_s([0, 2])


def test_faults_of_direct_times() -> None:
    search = small_search(direct_s=np.full((2, 3), 10, dtype=np.float32))
    with pytest.raises(InputError, match=r"shape \(1, 3\), expected \(1, 2\)"):
        search.times_s([0])
    search = small_search(direct_s=lambda origin_idx: np.full((len(origin_idx), 2), np.nan))
    with pytest.raises(InputError, match="negative or NaN"):
        search.times_s([0])


def test_direct_times_are_asked_for_the_block() -> None:
    direct = np.array([[np.inf, 5.0], [7.0, np.inf]], dtype=np.float32)
    search = small_search(direct_s=lambda origin_idx: direct[origin_idx])
    assert search.times_s([1])[0, 0].tolist() == [7, np.inf]
