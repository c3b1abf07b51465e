"""A continuous window in a whole city: what sampling every second gives, for 100 origins."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from real_data import data_path
from transit.transit_porto_alegre import END_S, START_S, PortoAlegre, read_porto_alegre

from halfcircle.access.transit import TransitQuery, TransitSearch, build_transit_search

pytestmark = pytest.mark.real_data

QUERY = TransitQuery(
    start_s=START_S, end_s=END_S, step_s=None, max_rides=3, percentiles=(5, 50, 95)
)


@pytest.fixture(scope="module")
def city() -> PortoAlegre:
    return read_porto_alegre(data_path("porto_alegre/poa_eptc.zip").parent)


def search_of(city: PortoAlegre, query: TransitQuery) -> TransitSearch:
    return build_transit_search(
        city.timetable, city.access, city.egress, query, direct_s=city.direct_s, workers=2
    )


@pytest.fixture(scope="module")
def continuous(city: PortoAlegre) -> TransitSearch:
    return search_of(city, QUERY)


def test_100_origins_equal_one_second_sampling(
    city: PortoAlegre, continuous: TransitSearch
) -> None:
    origins = np.random.default_rng(5).choice(continuous.n_origins, 100, replace=False)
    by_the_second = search_of(city, replace(QUERY, step_s=1))
    times = continuous.times_s(origins)
    np.testing.assert_array_equal(times, by_the_second.times_s(origins))
    assert np.isfinite(times[:, 1]).mean() > 0.5
    cutoffs = [900, 1_800, 2_700, 3_600]
    for name in ("opportunities_within", "mean_over_departures", "percentiles_over_departures"):
        few = origins[::10]
        np.testing.assert_array_equal(
            getattr(continuous, name)(few, [city.jobs], cutoffs),
            getattr(by_the_second, name)(few, [city.jobs], cutoffs),
            name,
        )
    np.testing.assert_array_equal(
        continuous.lanes_s(origins[:3]), by_the_second.lanes_s(origins[:3])
    )


def test_sampled_minutes_are_seconds_of_it(city: PortoAlegre, continuous: TransitSearch) -> None:
    origins = np.arange(3, continuous.n_origins, 250)
    minutes = search_of(city, replace(QUERY, step_s=60))
    np.testing.assert_array_equal(continuous.lanes_s(origins)[:, :, ::60], minutes.lanes_s(origins))
