"""How pairs of places are served: connections an hour, and the fastest of them."""

from __future__ import annotations

import numpy as np
from hypothesis import HealthCheck, given, settings
from transit.transit_oracle import lanes_of
from transit.transit_strategies import Case, cases
from transit.transit_towns import links_of, timetable_of, trip

from halfcircle.access.transit import TransitQuery, build_transit_search
from halfcircle.access.transit_times import TransitTimes
from halfcircle.places import Places


def places(n: int) -> Places:
    return Places(np.array([f"p{i}" for i in range(n)], dtype=object), np.zeros(n), np.zeros(n))


@settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))
@given(case=cases())
def test_plain_twin(case: Case) -> None:
    n = min(len(case.access), len(case.egress))
    search = build_transit_search(
        case.timetable(), case.access, case.egress, case.query, direct_s=case.direct_s
    )
    source = TransitTimes(search, places(len(case.egress)))
    origins = np.arange(n)
    found = source.service(origins)
    lanes = lanes_of(case.timetable(), case.access, case.egress, case.query, case.direct_s)
    hours = (case.query.end_s - case.query.start_s) / 3600.0
    walk = None if search.direct_s is None else search.direct_s(origins)
    for i in origins:
        for j in range(len(case.egress)):
            arrivals = set()
            for departure, time in zip(case.query.departures_s, lanes[i, j], strict=True):
                if np.isfinite(time) and (walk is None or time < walk[i, j]):
                    arrivals.add(departure + time)
            assert found["connections_per_hour"][i, j] == len(arrivals) / hours
            assert found["fastest_min"][i, j] == np.min(lanes[i, j]) / 60.0


def test_a_bus_every_ten_minutes() -> None:
    buses = [trip((0, 600 * k), (1, 600 * k + 300)) for k in range(1, 13)]
    links = links_of([[(0, 0)], [(1, 0)]])
    search = build_transit_search(
        timetable_of(buses, 2), links, links, TransitQuery(start_s=0, end_s=3600, board_slack_s=0)
    )
    found = TransitTimes(search, places(2)).service(np.array([0, 1]))
    # Buses at 10, 20, ..., 60 minutes are caught from 0:00 to 0:59; none goes back.
    assert found["connections_per_hour"][0, 1] == 6.0
    assert found["connections_per_hour"][1, 0] == 0.0
    assert found["fastest_min"][0, 1] == 5.0
    assert np.isinf(found["fastest_min"][1, 0])
