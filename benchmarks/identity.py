"""The engine against brute force, on random triples of origin, destination and departure.

    python benchmarks/identity.py [--data ../shared/data] [--triples 10000]

Porto Alegre (buses, 3 rides) and the trains of SNCB and DB (4 rides). Brute force knows the
definition only: in each round it goes through every call of every trip, for one departure. It
shares no code and no data with the engine: no patterns, no changes worked out beforehand, no
labels kept from other departures. Every triple is drawn by itself. Minutes are looked up in the
lanes of the default engine; seconds in those of the continuous window. Beside that, the whole
result for 1, 2 and 4 threads and for origins in random order.
"""

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
from numba import njit

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "transit"))

from transit_oracle import Oracle, pairs  # noqa: E402
from transit_porto_alegre import END_S, START_S, read_porto_alegre  # noqa: E402
from transit_rail import LIMIT_S, read_rail  # noqa: E402

from halfcircle.access.transit import (  # noqa: E402
    UNREACHED_LANE,
    StopLinks,
    TransitQuery,
    build_transit_search,
)
from halfcircle.gtfs.timetable import Timetable  # noqa: E402

NEVER = 2**30


@njit(cache=True)
def brute_force(calls, trip_ptr, transfers, change_s, ready, rides, latest):
    """Earliest arrival by vehicle at each stop; `ready` is when one can get on, and is changed.

    `calls`: a row per call, stop, arrival, departure, may board, may alight.
    """
    n_stops = len(ready)
    arrived = np.full(n_stops, NEVER)
    for _ in range(rides):
        for trip in range(len(trip_ptr) - 1):
            first, end = trip_ptr[trip], trip_ptr[trip + 1]
            if calls[first, 2] > latest:
                continue
            on_board = False
            for call in range(first, end):
                stop = calls[call, 0]
                if on_board and calls[call, 4] and calls[call, 1] < arrived[stop]:
                    arrived[stop] = calls[call, 1]
                if calls[call, 3] and ready[stop] <= calls[call, 2]:
                    on_board = True
        ready[:] = NEVER
        for stop in range(n_stops):
            if arrived[stop] < NEVER and change_s[stop] >= 0:
                ready[stop] = arrived[stop] + change_s[stop]
        for link in range(len(transfers)):
            start, to, seconds = transfers[link]
            if arrived[start] < NEVER:
                ready[to] = min(ready[to], arrived[start] + seconds)
    return arrived


class Brute:
    """Brute force over a timetable with links."""

    def __init__(
        self, timetable: Timetable, access: StopLinks, egress: StopLinks, direct_s: np.ndarray
    ) -> None:
        oracle = Oracle(timetable)
        self.calls = np.array([call for trip in oracle.trips for call in trip], dtype=np.int64)
        self.trip_ptr = np.cumsum([0, *(len(trip) for trip in oracle.trips)])
        self.change_s = timetable.change_s.astype(np.int64)
        self.transfers = np.array(
            [(s, to, sec) for s, links in enumerate(oracle.transfers) for to, sec in links],
            dtype=np.int64,
        ).reshape(-1, 3)
        self.access, self.egress, self.direct_s = pairs(access), pairs(egress), direct_s

    def time_s(self, origin: int, to: int, departure_s: int, query: TransitQuery) -> float:
        """Travel time of one triple, inf where not reached."""
        ready = np.full(len(self.change_s), NEVER)
        for stop, seconds in self.access[origin]:
            ready[stop] = min(ready[stop], departure_s + int(seconds) + query.board_slack_s)
        latest = departure_s + query.limit_s
        given = self.calls, self.trip_ptr, self.transfers, self.change_s
        arrived = brute_force(*given, ready, query.max_rides, latest)
        best = np.ceil(self.direct_s[origin, to])
        for stop, seconds in self.egress[to]:
            if arrived[stop] < NEVER:
                best = min(best, arrived[stop] + int(seconds) - departure_s)
        return float(best) if best <= query.limit_s else np.inf


def compare(name: str, network: object, query: TransitQuery, n: int) -> int:
    """Print the rows of one network; returns the number of differences."""
    given = network.timetable, network.access, network.egress
    brute = Brute(*given, network.direct_s)
    rng = np.random.default_rng(2026)
    origin, to = (rng.integers(0, len(network.access), n) for _ in range(2))
    total = 0
    for label, step_s in (("minutes", 60), ("continuous", None)):
        asked = replace(query, step_s=step_s)
        search = build_transit_search(*given, asked, direct_s=network.direct_s, workers=2)
        lane = rng.integers(0, asked.n_departures, n)
        found = np.empty(n)
        order = np.argsort(origin, kind="stable")
        for one in np.unique(origin):
            at = order[np.searchsorted(origin[order], [one, one + 1])[0] :]
            at = at[origin[at] == one]
            found[at] = search.lanes_s([one])[0][to[at], lane[at]]
        found[found == UNREACHED_LANE] = np.inf
        departure_s = asked.start_s + lane * asked.spacing_s
        start = time.perf_counter()
        expected = np.array(
            [
                brute.time_s(int(o), int(d), int(t), asked)
                for o, d, t in zip(origin, to, departure_s, strict=True)
            ]
        )
        spent_s = time.perf_counter() - start
        differences = int((found != expected).sum())
        total += differences
        print(
            f"{name:<14}{label:<12}{n:>8,}{int(np.isfinite(expected).sum()):>9,}"
            f"{differences:>13,}   brute force {1_000 * spent_s / n:.1f} ms a triple"
        )
        origins = np.arange(search.n_origins)
        one_thread = replace(search, workers=1).times_s(origins)
        same = [
            np.array_equal(replace(search, workers=w).times_s(origins), one_thread) for w in (2, 4)
        ]
        shuffled = rng.permutation(origins)
        same.append(np.array_equal(search.times_s(shuffled), one_thread[shuffled]))
        print(f"{'':<26}2 threads, 4 threads, origins shuffled: same as 1 thread {same}")
        total += same.count(False)
    return total


def main() -> None:
    """Print the table; exit code 1 if anything differs."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data")
    parser.add_argument("--triples", type=int, default=10_000)
    options = parser.parse_args()
    if not options.data.exists():
        sys.exit(f"there is no data in {options.data}: give --data")
    print("network       departures   triples  reached  differences")
    city = read_porto_alegre(options.data / "porto_alegre")
    query = TransitQuery(start_s=START_S, end_s=END_S, max_rides=3, percentiles=(5, 50, 95))
    total = compare("Porto Alegre", city, query, options.triples)
    rail = read_rail(options.data / "border_triangle" / "gtfs")
    query = TransitQuery(
        start_s=rail.start_s, end_s=rail.end_s, limit_s=LIMIT_S, percentiles=(5, 50, 95)
    )
    total += compare("SNCB + DB", rail, query, options.triples)
    sys.exit(1 if total else 0)


if __name__ == "__main__":
    main()
