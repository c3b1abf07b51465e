"""A whole city: both engines, brute force, threads."""

from __future__ import annotations

import numpy as np
import pytest
from real_data import data_path
from transit.transit_oracle import Oracle, pairs
from transit.transit_porto_alegre import END_S, START_S, PortoAlegre, read_porto_alegre

from halfcircle.access.transit import (
    UNREACHED_LANE,
    TransitQuery,
    TransitSearch,
    build_transit_search,
)

pytestmark = pytest.mark.real_data

QUERY = TransitQuery(
    start_s=START_S, end_s=END_S, max_rides=3, limit_s=7_200, percentiles=(5, 25, 50, 75, 95)
)


@pytest.fixture(scope="module")
def city() -> PortoAlegre:
    return read_porto_alegre(data_path("porto_alegre/poa_eptc.zip").parent)


@pytest.fixture(scope="module")
def trip_based(city: PortoAlegre) -> TransitSearch:
    return build_transit_search(
        city.timetable, city.access, city.egress, QUERY, direct_s=city.direct_s, workers=2
    )


def test_random_triples_equal_brute_force(city: PortoAlegre, trip_based: TransitSearch) -> None:
    rng = np.random.default_rng(13)
    oracle = Oracle(city.timetable)
    access, egress = pairs(city.access), pairs(city.egress)
    n_checked = n_reached = 0
    for origin in rng.choice(len(access), 50, replace=False).tolist():
        lanes = trip_based.lanes_s([origin])[0]
        for lane in rng.choice(QUERY.n_departures, 2, replace=False).tolist():
            to = rng.choice(len(egress), 20, replace=False)
            expected = oracle.lane(
                START_S + 60 * lane,
                dict(access[origin]),
                [egress[j] for j in to],
                city.direct_s[origin, to].tolist(),
                QUERY,
            )
            found = lanes[to, lane].astype(float)
            found[found == UNREACHED_LANE] = np.inf
            np.testing.assert_array_equal(found, expected)
            n_checked += len(to)
            n_reached += int(np.isfinite(expected).sum())
    assert n_checked == 2_000
    assert n_reached > 1_000


def test_engines_agree_on_every_departure(city: PortoAlegre, trip_based: TransitSearch) -> None:
    origins = np.arange(0, trip_based.n_origins, 25)
    baseline = build_transit_search(
        city.timetable,
        city.access,
        city.egress,
        QUERY,
        direct_s=city.direct_s,
        engine="range-raptor",
    )
    np.testing.assert_array_equal(baseline.lanes_s(origins), trip_based.lanes_s(origins))


def test_sums_follow_from_times_and_more_rides_never_hurt(
    city: PortoAlegre, trip_based: TransitSearch
) -> None:
    origins = np.arange(7, trip_based.n_origins, 60)
    cutoffs = np.array([900, 1_800, 2_700, 3_600])
    times = trip_based.times_s(origins)
    sums = trip_based.opportunities_within(origins, [city.jobs], cutoffs)
    within = times[:, :, None, :] <= cutoffs[:, None]
    np.testing.assert_array_equal(sums[..., 0], within @ city.jobs)
    eight = TransitQuery(start_s=START_S, end_s=END_S, max_rides=8, percentiles=QUERY.percentiles)
    more = build_transit_search(
        city.timetable, city.access, city.egress, eight, direct_s=city.direct_s
    )
    assert (more.times_s(origins) <= times).all()
