"""Trains across a border: random triples against brute force, by the minute and by the second."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from real_data import data_path
from transit.transit_oracle import Oracle, pairs
from transit.transit_rail import LIMIT_S, Rail, read_rail

from halfcircle.access.transit import UNREACHED_LANE, TransitQuery, build_transit_search

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def rail() -> Rail:
    return read_rail(data_path("border_triangle/gtfs/sncb-2019-10-13.zip").parent)


def test_random_triples_equal_brute_force(rail: Rail) -> None:
    query = TransitQuery(start_s=rail.start_s, end_s=rail.end_s, limit_s=LIMIT_S)
    oracle = Oracle(rail.timetable)
    access, egress = pairs(rail.access), pairs(rail.egress)
    rng = np.random.default_rng(7)
    n_checked = n_reached = 0
    for step_s in (60, None):
        asked = replace(query, step_s=step_s)
        search = build_transit_search(
            rail.timetable, rail.access, rail.egress, asked, direct_s=rail.direct_s
        )
        for origin in rng.choice(len(access), 30, replace=False).tolist():
            lane = int(rng.integers(asked.n_departures))
            to = rng.choice(len(egress), 50, replace=False)
            expected = oracle.lane(
                asked.start_s + asked.spacing_s * lane,
                dict(access[origin]),
                [egress[j] for j in to],
                rail.direct_s[origin, to].tolist(),
                asked,
            )
            found = search.lanes_s([origin])[0][to, lane].astype(float)
            found[found == UNREACHED_LANE] = np.inf
            np.testing.assert_array_equal(found, expected)
            n_checked += len(to)
            n_reached += int(np.isfinite(expected).sum())
    assert n_checked == 3_000
    assert n_reached > 500


def test_threads_and_order_do_not_matter(rail: Rail) -> None:
    query = TransitQuery(
        start_s=rail.start_s, end_s=rail.end_s, step_s=None, limit_s=LIMIT_S, percentiles=(5, 50)
    )
    search = build_transit_search(
        rail.timetable, rail.access, rail.egress, query, direct_s=rail.direct_s
    )
    order = np.random.default_rng(3).permutation(search.n_origins)[:200]
    alone = search.times_s(np.sort(order))[np.argsort(np.argsort(order))]
    for workers in (1, 2, 4):
        np.testing.assert_array_equal(replace(search, workers=workers).times_s(order), alone)
