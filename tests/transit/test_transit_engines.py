"""Both engines against brute force on random timetables."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from transit.transit_oracle import lanes_of, percentiles_of
from transit.transit_strategies import Case, cases

from halfcircle.access.transit import (
    UNREACHED_LANE,
    TransitSearch,
    build_transit_search,
    percentile_index,
)

ENGINES = ("trip-based", "range-raptor")
MANY = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.data_too_large])


def search_of(case: Case, engine: str, **options: object) -> TransitSearch:
    return build_transit_search(
        case.timetable(),
        case.access,
        case.egress,
        case.query,
        direct_s=case.direct_s,
        engine=engine,
        **options,
    )


@pytest.mark.parametrize("engine", ENGINES)
@MANY
@given(case=cases())
def test_every_lane_equals_brute_force(engine: str, case: Case) -> None:
    expected = lanes_of(case.timetable(), case.access, case.egress, case.query, case.direct_s)
    lanes = search_of(case, engine).lanes_s(np.arange(len(case.access)))
    found = np.where(lanes == UNREACHED_LANE, np.inf, lanes)
    np.testing.assert_array_equal(found, expected)


@pytest.mark.parametrize("engine", ENGINES)
@MANY
@given(case=cases())
def test_times_and_sums_follow_from_lanes(engine: str, case: Case) -> None:
    search = search_of(case, engine)
    origins = np.arange(len(case.access))
    lanes = search.lanes_s(origins)
    exact = np.where(lanes == UNREACHED_LANE, np.inf, lanes)
    times = search.times_s(origins)
    assert times.dtype == np.float32
    np.testing.assert_array_equal(times, percentiles_of(exact, case.query.percentiles))
    cutoffs = np.array([0, 10, case.query.limit_s // 2, case.query.limit_s])
    cutoffs = cutoffs[cutoffs <= case.query.limit_s]
    weights = np.array([2.0 ** np.arange(len(case.egress)), np.ones(len(case.egress))])
    within = times[:, :, None, :] <= cutoffs[:, None]
    np.testing.assert_array_equal(
        search.opportunities_within(origins, weights, cutoffs), within @ weights.T
    )
    shares = (exact[:, None] <= cutoffs[:, None, None]).mean(axis=3)
    np.testing.assert_allclose(
        search.mean_over_departures(origins, weights, cutoffs), shares @ weights.T, rtol=1e-12
    )
    # each departure has its own reach; its percentiles run from little to much
    reached = exact[:, None] <= cutoffs[:, None, None]
    reach = np.sort(np.einsum("ocdn,wd->ocwn", reached, weights), axis=3)
    index = percentile_index(case.query.percentiles, case.query.n_departures)
    mean, percentiles = search.over_departures(origins, weights, cutoffs)
    np.testing.assert_array_equal(percentiles, np.moveaxis(reach[..., index], 3, 1))
    np.testing.assert_array_equal(
        percentiles, search.percentiles_over_departures(origins, weights, cutoffs)
    )
    np.testing.assert_array_equal(mean, search.mean_over_departures(origins, weights, cutoffs))
