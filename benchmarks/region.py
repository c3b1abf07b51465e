"""A region nine times Porto Alegre, and how time grows with stops, trips, zones and minutes.

    python benchmarks/region.py [--data ../shared/data/porto_alegre] [--growth] [--plot FILE.svg]

Three by three copies of the real timetable and hexagons lie side by side, out of walking distance
from each other; generated trains join the busiest stops of neighbouring copies, every 15 minutes
and both ways along each row and column, 20 minutes a hop. From every zone to every zone, the 120
departures of 14:00-16:00, 3 rides, at most 2 h: jobs within 4 bands at 5 percentiles.

Without --growth: all to all on --workers threads, wall and CPU time, peak memory. With --growth:
CPU milliseconds per origin of one thread (median over blocks of origins, which take turns among the
sizes), varying one thing at a time, and the plot.
"""

import argparse
import os
import resource
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "transit"))

from transit_porto_alegre import END_S, START_S, WALK_LIMIT_S, read_porto_alegre  # noqa: E402

from halfcircle.access.linking import StraightWays  # noqa: E402
from halfcircle.access.transit import (  # noqa: E402
    StopLinks,
    TransitQuery,
    TransitSearch,
    build_transit_search,
)
from halfcircle.gtfs.timetable import Stops, Timetable  # noqa: E402
from halfcircle.outputs.charts import Series, line_chart  # noqa: E402

CUTOFFS_S = [900, 1_800, 2_700, 3_600]
PERCENTILES = (5, 25, 50, 75, 95)
SIDE = 3
HOP_S, DWELL_S, HEADWAY_S, BOARD_SLACK_S = 1_200, 60, 900, 60
APART_DEGREES = 1.0
BLOCK = 128


@dataclass(frozen=True)
class Region:
    """What a search takes, with jobs, and the number of zones of one copy."""

    timetable: Timetable
    access: StopLinks
    egress: StopLinks
    own_direct_s: np.ndarray
    jobs: np.ndarray

    def direct_s(self, origin_idx: np.ndarray) -> np.ndarray:
        """Walks all the way lead to zones of the same copy only."""
        n = len(self.own_direct_s)
        out = np.full((len(origin_idx), len(self.jobs)), np.inf, dtype=np.float32)
        for row, origin in enumerate(origin_idx):
            start = origin // n * n
            out[row, start : start + n] = self.own_direct_s[origin - start]
        return out


def trains(first_stop: int, columns: int, rows: int) -> list[tuple[list[int], np.ndarray]]:
    """Stops of every rail line, and departures of its trips at the first of them."""
    grid = first_stop + np.arange(columns * rows).reshape(rows, columns)
    lines = [line.tolist() for line in (*grid, *grid.T) if len(line) > 1]
    starts = np.arange(START_S - 7_200, END_S + 7_200, HEADWAY_S)
    # lines do not all leave at the same minute
    return [
        (stops, starts + 137 * number % HEADWAY_S)
        for number, stops in enumerate([*lines, *(line[::-1] for line in lines)])
    ]


def tiled(city: object, columns: int, rows: int, *, every_trip: int = 1) -> Region:
    """Copies of the city side by side, joined by trains; optionally with fewer trips."""
    base: Timetable = thinned(city.timetable, every_trip)
    n_tiles, n_stops, n_zones = columns * rows, len(base.stops), len(city.access)
    n_bus = n_tiles * n_stops
    calls = np.bincount(base.pattern_stop, minlength=n_stops)
    centre = int(np.argmax(calls))
    row, column = np.divmod(np.arange(n_tiles), columns)
    lon = np.concatenate([base.stops.lon + APART_DEGREES * c for c in column])
    lat = np.concatenate([base.stops.lat + APART_DEGREES * r for r in row])
    centres = centre + n_stops * np.arange(n_tiles)
    rail = trains(n_bus, columns, rows)
    every = np.arange(n_tiles)
    numbers = np.array([len(stops) for stops, _ in rail], dtype=np.int64)
    trips = np.array([len(starts) for _, starts in rail], dtype=np.int64)
    arrival, departure = [], []
    for stops, starts in rail:
        hop = np.arange(len(stops)) * (HOP_S + DWELL_S)
        arrival.append((starts[:, None] + hop).ravel())
        departure.append((starts[:, None] + hop + DWELL_S).ravel())

    def joined(values: np.ndarray, step: int, more: np.ndarray | list[int]) -> np.ndarray:
        return np.concatenate([*(values + step * tile for tile in every), more])

    def ptr(values: np.ndarray, counts: np.ndarray) -> np.ndarray:
        return np.cumsum([0, *np.tile(np.diff(values), n_tiles), *counts])

    n_rail = len(rail)
    stops = Stops(
        stop_id=[f"s{i}" for i in range(n_bus + n_tiles)],
        name=[""] * (n_bus + n_tiles),
        lon=np.concatenate([lon, lon[centres]]),
        lat=np.concatenate([lat, lat[centres]]),
        feed_idx=np.zeros(n_bus + n_tiles),
        station_idx=np.arange(n_bus + n_tiles),
    )
    flags = np.ones(int(numbers.sum()), dtype=bool)
    timetable = Timetable(
        stops=stops,
        origin_utc_s=base.origin_utc_s,
        time_zone=base.time_zone,
        pattern_ptr=ptr(base.pattern_ptr, numbers),
        pattern_stop=joined(base.pattern_stop, n_stops, [s for line, _ in rail for s in line]),
        pattern_board=np.concatenate([np.tile(base.pattern_board, n_tiles), flags]),
        pattern_alight=np.concatenate([np.tile(base.pattern_alight, n_tiles), flags]),
        pattern_route_type=np.concatenate(
            [np.tile(base.pattern_route_type, n_tiles), [2] * n_rail]
        ),
        trip_ptr=ptr(base.trip_ptr, trips),
        event_ptr=ptr(base.event_ptr, numbers * trips),
        arrival_s=np.concatenate([np.tile(base.arrival_s, n_tiles), *arrival]),
        departure_s=np.concatenate([np.tile(base.departure_s, n_tiles), *departure]),
        trip_id=[f"t{i}" for i in range(n_tiles * base.n_trips + int(trips.sum()))],
        trip_route_idx=np.zeros(n_tiles * base.n_trips + int(trips.sum())),
        route_id=["r"],
        route_name=[""],
        change_s=np.concatenate([np.tile(base.change_s, n_tiles), [BOARD_SLACK_S] * n_tiles]),
        transfer_ptr=ptr(base.transfer_ptr, np.zeros(n_tiles, dtype=np.int64)),
        transfer_stop=joined(base.transfer_stop, n_stops, []),
        transfer_s=np.tile(base.transfer_s, n_tiles),
    )
    walks = StraightWays(kmh=3.6).pairs(
        (stops.lon[n_bus:], stops.lat[n_bus:]),
        (stops.lon[:n_bus], stops.lat[:n_bus]),
        limit_s=WALK_LIMIT_S,
    )
    at, near = n_bus + walks.from_idx, walks.to_idx
    seconds = np.ceil(walks.seconds).astype(int) + BOARD_SLACK_S
    timetable = timetable.with_footpaths(at, near, seconds).with_footpaths(near, at, seconds)

    def links(one: StopLinks) -> StopLinks:
        # a zone that walks to the busiest stop walks as far to the trains
        at_centre = np.flatnonzero(one.stop_idx == centre)
        zone = np.searchsorted(one.ptr, at_centre, side="right") - 1
        from_zone = np.concatenate([np.repeat(np.arange(n_zones), np.diff(one.ptr)), zone])
        to_stop = np.concatenate([one.stop_idx, np.full(len(zone), -1)])
        walk_s = np.concatenate([one.seconds, one.seconds[at_centre]])
        order = np.argsort(from_zone, kind="stable")
        count, to_stop = np.bincount(from_zone, minlength=n_zones), to_stop[order]
        tiles = [np.where(to_stop < 0, n_bus + t, to_stop + n_stops * t) for t in every]
        whole = np.cumsum([0, *np.tile(count, n_tiles)])
        return StopLinks(whole, np.concatenate(tiles), np.tile(walk_s[order], n_tiles))

    return Region(
        timetable,
        links(city.access),
        links(city.egress),
        city.direct_s,
        np.tile(city.jobs, n_tiles),
    )


def thinned(timetable: Timetable, every: int) -> Timetable:
    """Every n-th trip of each pattern."""
    if every == 1:
        return timetable
    length, trips = np.diff(timetable.pattern_ptr), np.diff(timetable.trip_ptr)
    within = np.arange(timetable.n_trips) - np.repeat(timetable.trip_ptr[:-1], trips)
    keep = within % every == 0
    kept = np.add.reduceat(keep, timetable.trip_ptr[:-1].astype(np.int64))
    events = np.repeat(keep, np.repeat(length, trips))
    return replace(
        timetable,
        trip_ptr=np.cumsum([0, *kept]),
        event_ptr=np.cumsum([0, *(kept * length)]),
        arrival_s=timetable.arrival_s[events],
        departure_s=timetable.departure_s[events],
        trip_id=timetable.trip_id[keep],
        trip_route_idx=timetable.trip_route_idx[keep],
    )


def search_of(region: Region, *, minutes: int = 120, workers: int = 1) -> TransitSearch:
    """Prepare the search."""
    query = TransitQuery(
        start_s=START_S, end_s=START_S + 60 * minutes, max_rides=3, percentiles=PERCENTILES
    )
    return build_transit_search(
        region.timetable,
        region.access,
        region.egress,
        query,
        direct_s=region.direct_s,
        workers=workers,
    )


def peak_gib() -> float:
    """Most memory that this process has held, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


def all_to_all(city: object, workers: int) -> None:
    """The whole region, every zone to every zone."""
    start, cpu = time.perf_counter(), time.process_time()
    region = tiled(city, SIDE, SIDE)
    made_s, before = time.perf_counter() - start, peak_gib()
    start, cpu = time.perf_counter(), time.process_time()
    search = search_of(region, workers=workers)
    search.opportunities_within([0], [region.jobs], CUTOFFS_S)
    prepared_s, prepared_cpu_s = time.perf_counter() - start, time.process_time() - cpu
    print(f"{region.timetable!r}")
    print(
        f"{search.n_origins:,} zones, region made in {made_s:.0f} s, load {os.getloadavg()[0]:.1f}"
    )
    print(f"changes prepared: {prepared_s:.1f} s wall, {prepared_cpu_s:.1f} s CPU")
    start, cpu = time.perf_counter(), time.process_time()
    total = 0.0
    for first in range(0, search.n_origins, BLOCK):
        block = np.arange(first, min(first + BLOCK, search.n_origins))
        total += search.opportunities_within(block, [region.jobs], CUTOFFS_S).sum()
    wall_s, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    print(
        f"all to all on {workers} threads: {wall_s:.0f} s wall, {cpu_s:.0f} s CPU "
        f"({1_000 * cpu_s / search.n_origins:.1f} ms per origin, {cpu_s / workers:.0f} s if no "
        f"other work had the cores), load {os.getloadavg()[0]:.1f}"
    )
    print(f"peak memory {peak_gib():.2f} GiB, of which {before:.2f} GiB before the search")
    some = np.random.default_rng(9).choice(search.n_origins, 64, replace=False)
    share = np.isfinite(search.times_s(some)[:, PERCENTILES.index(50)]).mean()
    print(f"check sum {total:.6e}; {share:.0%} of the pairs are within 2 h at the median")


def growth(city: object, plot: Path | None, n_origins: int) -> None:
    """CPU time per origin, one thing varied at a time."""
    whole = tiled(city, SIDE, SIDE)
    n = len(whole.jobs)
    n_stops, n_trips = len(whole.timetable.stops), whole.timetable.n_trips
    own = len(city.access)
    full = search_of(whole)
    cases: list[tuple[str, float, str, TransitSearch, np.ndarray]] = []

    def add(what: str, share: float, size: str, search: TransitSearch, jobs: np.ndarray) -> None:
        cases.append((what, share, size, search, jobs))

    def towards(search: TransitSearch, to: np.ndarray) -> TransitSearch:
        """The same search with some destinations only."""
        direct = search.direct_s
        return replace(
            search,
            egress=taken(search.egress, to),
            direct_s=lambda origin_idx: np.ascontiguousarray(direct(origin_idx)[:, to]),
        )

    home = np.arange(own)
    for columns, rows in ((1, 1), (2, 1), (2, 2), (3, 2)):
        part = tiled(city, columns, rows)
        size = f"{len(part.timetable.stops):,} stops, {part.timetable.n_trips:,} trips"
        add(
            "stops",
            len(part.timetable.stops) / n_stops,
            size,
            towards(search_of(part), home),
            part.jobs[home],
        )
    add(
        "stops", 1.0, f"{n_stops:,} stops, {n_trips:,} trips", towards(full, home), whole.jobs[home]
    )
    for every in (4, 2):
        part = tiled(city, SIDE, SIDE, every_trip=every)
        count = part.timetable.n_trips
        add("trips", count / n_trips, f"{count:,} trips", search_of(part), part.jobs)
    for every in (8, 4, 2):
        to = np.arange(0, n, every)
        add("zones", len(to) / n, f"{len(to):,} zones", towards(full, to), whole.jobs[to])
    for minutes in (15, 30, 60):
        add(
            "minutes",
            minutes / 120,
            f"{minutes} minutes",
            search_of(whole, minutes=minutes),
            whole.jobs,
        )
    sizes = {"trips": f"{n_trips:,} trips", "zones": f"{n:,} zones", "minutes": "120 minutes"}
    for what, size in sizes.items():
        add(what, 1.0, size, full, whole.jobs)
    rng = np.random.default_rng(9)
    blocks = np.array_split(rng.permutation(own)[:n_origins], 6)
    times = measure(cases, blocks)
    print("| varied | size | share of the whole | CPU ms per origin |\n|-|-|-|-|")
    for (what, share, size, _, _), spent_ms in zip(cases, times, strict=True):
        print(f"| {what} | {size} | {share:.2f} | {spent_ms:.1f} |")
    if plot is not None:
        draw(plot, [(what, share) for what, share, *_ in cases], times)


def taken(links: StopLinks, places: np.ndarray) -> StopLinks:
    """Links of some places."""
    count = np.diff(links.ptr)[places]
    ptr = np.concatenate([[0], np.cumsum(count)])
    index = np.repeat(links.ptr[places] - ptr[:-1], count) + np.arange(ptr[-1])
    return StopLinks(ptr, links.stop_idx[index], links.seconds[index])


def measure(cases: list, blocks: list[np.ndarray]) -> list[float]:
    """Median over blocks of CPU milliseconds per origin; cases take turns."""
    spent: list[list[float]] = [[] for _ in cases]
    for block in blocks:
        for kept, (_, _, _, search, jobs) in zip(spent, cases, strict=True):
            run: Callable[[], object] = lambda s=search, j=jobs, b=block: s.opportunities_within(  # noqa: E731
                b, [j], CUTOFFS_S
            )
            cpu = time.process_time()
            run()
            kept.append(1_000 * (time.process_time() - cpu) / len(block))
    return [median(kept) for kept in spent]


def draw(path: Path, points: list[tuple[str, float]], times: list[float]) -> None:
    """Lines of the table as a picture."""
    names = list(dict.fromkeys(what for what, _ in points))
    series = []
    for style, name in enumerate(names):
        found = sorted((x, y) for (what, x), y in zip(points, times, strict=True) if what == name)
        series.append(Series(name, *(np.array(axis) for axis in zip(*found, strict=True)), style))
    path.write_text(
        line_chart(
            series,
            identifier="growth",
            title="Time per origin as the region grows",
            about="CPU milliseconds per origin against the share of the whole region: stops, "
            "trips, zones and departure minutes varied one at a time.",
            x_title="share of the whole region (CPU ms per origin)",
            x_label=lambda x: f"{x:g}",
            y_label=lambda y: f"{y:g}",
            marks=True,
            names_above=True,
        )
        + "\n",
        encoding="utf-8",
    )


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/porto_alegre")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--growth", action="store_true")
    parser.add_argument("--origins", type=int, default=90, help="origins per size, for --growth")
    parser.add_argument("--plot", type=Path)
    options = parser.parse_args()
    if not options.data.exists():
        sys.exit(f"there is no data in {options.data}: give --data")
    city = read_porto_alegre(options.data)
    if options.growth:
        growth(city, options.plot, options.origins)
    else:
        all_to_all(city, options.workers)


if __name__ == "__main__":
    main()
