"""Metamorphic invariants of the search (METHODS section 5: 1, 2, 3, 4, 7, 8, 9)."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from transit.transit_oracle import pairs
from transit.transit_strategies import Case, cases
from transit.transit_towns import Trip, links_of, timetable_of

from halfcircle.access.transit import StopLinks, build_transit_search

SOME = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def lanes_of(case: Case, trips: list[Trip] | None = None, **options: object) -> np.ndarray:
    search = build_transit_search(
        case.timetable(trips),
        case.access,
        case.egress,
        case.query,
        direct_s=case.direct_s,
        **options,
    )
    return search.lanes_s(np.arange(len(case.access)))


@SOME
@given(case=cases(), data=st.data())
def test_a_trip_more_is_never_worse_at_any_departure(case: Case, data: st.DataObject) -> None:
    left_out = data.draw(st.integers(0, len(case.trips) - 1))
    fewer = case.trips[:left_out] + case.trips[left_out + 1 :]
    assert (lanes_of(case) <= lanes_of(case, fewer)).all()


@SOME
@given(case=cases(), stop=st.integers(0, 6))
def test_closing_a_stop_is_never_better(case: Case, stop: int) -> None:
    closed = [
        replace(
            one,
            no_board=one.no_board | {i for i, call in enumerate(one.calls) if call[0] == stop},
            no_alight=one.no_alight | {i for i, call in enumerate(one.calls) if call[0] == stop},
        )
        for one in case.trips
    ]
    assert (lanes_of(case) <= lanes_of(case, closed)).all()


@SOME
@given(case=cases(), delay=st.integers(1, 5))
def test_longer_hops_are_never_better(case: Case, delay: int) -> None:
    # every hop takes `delay` longer, from the same first departure
    slower = [
        replace(
            one,
            calls=tuple(
                (stop, arrival + delay * i, departure + delay * i)
                for i, (stop, arrival, departure) in enumerate(one.calls)
            ),
            no_board=one.no_board | frozenset(range(1, len(one.calls))),
        )
        for one in case.trips
    ]
    # boarding on the way could profit from a delay, so it is forbidden in both
    prompt = [
        replace(one, no_board=one.no_board | frozenset(range(1, len(one.calls))))
        for one in case.trips
    ]
    one_ride = replace(case, query=replace(case.query, max_rides=1))
    assert (lanes_of(one_ride, prompt) <= lanes_of(one_ride, slower)).all()


@SOME
@given(case=cases(), data=st.data())
def test_names_and_order_do_not_matter(case: Case, data: st.DataObject) -> None:
    number = np.array(data.draw(st.permutations(range(case.n_stops))))
    renamed = [
        replace(one, calls=tuple((int(number[s]), a, d) for s, a, d in one.calls))
        for one in reversed(case.trips)
    ]
    change_s = np.empty(case.n_stops, dtype=int)
    change_s[number] = case.change_s
    timetable = timetable_of(
        renamed,
        case.n_stops,
        transfers=[(int(number[a]), int(number[b]), s) for a, b, s in case.transfers],
        change_s=change_s.tolist(),
    )

    def relabelled(links: StopLinks, order: list[int]) -> StopLinks:
        places = pairs(links)
        return links_of([[(int(number[s]), t) for s, t in reversed(places[i])] for i in order])

    to = data.draw(st.permutations(range(len(case.egress))))
    search = build_transit_search(
        timetable,
        relabelled(case.access, list(range(len(case.access)))),
        relabelled(case.egress, to),
        case.query,
        direct_s=case.direct_s[:, to],
    )
    lanes = search.lanes_s(np.arange(len(case.access)))
    np.testing.assert_array_equal(lanes, lanes_of(case)[:, to])


@SOME
@given(case=cases())
def test_a_later_departure_never_arrives_earlier(case: Case) -> None:
    lanes = lanes_of(case).astype(int)
    waited = lanes[:, :, 1:] + case.query.step_s
    reached = lanes[:, :, 1:] < 65_535
    beyond = waited > case.query.limit_s
    assert (lanes[:, :, :-1] <= waited)[reached & ~beyond].all()


@SOME
@given(case=cases())
def test_triangle_at_matching_clock_times(case: Case) -> None:
    # to a stop, then on from there: never better than at once, if rides are not limited
    at_stops = links_of([[(s, 0)] for s in range(case.n_stops)])
    query = replace(
        case.query, step_s=1, end_s=case.query.start_s + 40, max_rides=12, board_slack_s=0
    )
    timetable = timetable_of(case.trips, case.n_stops, change_s=0)
    search = build_transit_search(timetable, at_stops, at_stops, query)
    lanes = search.lanes_s(np.arange(case.n_stops)).astype(int)
    for k in range(0, 40, 9):
        for via in range(case.n_stops):
            first = lanes[:, via, k]
            for i in np.flatnonzero((first < 65_535) & (k + first < 40)):
                both = first[i] + lanes[via, :, k + first[i]]
                # back at the start there is no ride to take
                may = (both <= query.limit_s) & (np.arange(case.n_stops) != i)
                assert (lanes[i, :, k] <= both)[may].all()


@SOME
@given(case=cases())
def test_wider_bands_and_sums_of_opportunities(case: Case) -> None:
    search = build_transit_search(
        case.timetable(), case.access, case.egress, case.query, direct_s=case.direct_s
    )
    origins = np.arange(len(case.access))
    n = len(case.egress)
    one, two = 3.0 * np.arange(n), 2.0 ** np.arange(n)
    cutoffs = np.unique(np.linspace(0, case.query.limit_s, 7).astype(int))
    within = search.opportunities_within(origins, [one, two, one + two], cutoffs)
    assert (np.diff(within, axis=2) >= 0).all()
    assert (np.diff(within, axis=1) <= 0).all()
    np.testing.assert_array_equal(within[..., 0] + within[..., 1], within[..., 2])


@pytest.mark.parametrize("engine", ["trip-based", "range-raptor", "continuous"])
@settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))
@given(case=cases(), data=st.data())
def test_threads_and_order_do_not_matter(engine: str, case: Case, data: st.DataObject) -> None:
    if engine == "continuous":
        engine, case = "trip-based", replace(case, query=replace(case.query, step_s=None))
    origins = data.draw(
        st.lists(st.integers(0, len(case.access) - 1), min_size=1, max_size=9), label="origins"
    )
    alone = lanes_of(case, engine=engine)[origins]
    for workers in (1, 2, 4):
        search = build_transit_search(
            case.timetable(),
            case.access,
            case.egress,
            case.query,
            direct_s=case.direct_s,
            engine=engine,
            workers=workers,
        )
        np.testing.assert_array_equal(search.lanes_s(origins), alone)
        times = search.times_s(origins)
        for at, origin in enumerate(origins):
            np.testing.assert_array_equal(search.times_s([origin])[0], times[at])
