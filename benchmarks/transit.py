"""Search over a timetable: the default engine, a continuous window and the baseline, in one run.

    python benchmarks/transit.py [--data ../shared/data/porto_alegre] [--repeat 3] [--rides 3 8]

Porto Alegre, 1,227 x 1,227 hexagons, Monday 2019-05-13, the 120 departures of 14:00-16:00, at most
2 h: jobs within 4 bands at 5 percentiles, for every origin. Links (straight lines x 1.3, 1 m/s, at
most 1 km) are ready; the changes of the trip-based search are prepared once and timed apart. A
continuous window counts every departure; what it saves against lanes of one second is printed for
a few origins. The engines take turns, block of origins by block, so that other load meets all
alike: medians over blocks (all of them for two threads, every third for one), ratios block by
block. CPU time is that of all threads. Memory, the first call after installation (an empty cache of
compiled code) and the start of a run are measured in processes of their own.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from statistics import median

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "transit"))

from transit_porto_alegre import END_S, START_S, PortoAlegre, read_porto_alegre  # noqa: E402

from halfcircle.access.transit import TransitQuery, TransitSearch, build_transit_search  # noqa: E402

CUTOFFS_S = [900, 1_800, 2_700, 3_600]
PERCENTILES = (5, 25, 50, 75, 95)
ENGINES = ("trip-based", "continuous", "range-raptor")
THREADS = [(2, 1), (1, 3)]  # threads, every which block
STEP_S = {"continuous": None, "by the second": 1}
N_BLOCKS = 12
START = """
import time
import numpy as np
import halfcircle.study.run
from halfcircle.access.transit import StopLinks, TransitQuery, build_transit_search
from transit_towns import links_of, timetable_of, trip
imported_s = time.process_time()
town = timetable_of([trip((0, 100), (1, 160))], 2)
links = links_of([[(0, 0)]]), links_of([[(1, 0)]])
query = TransitQuery(start_s=0, end_s=600)
build_transit_search(town, *links, query).opportunities_within([0], [[1.0]], [600])
print(imported_s, time.process_time() - imported_s)
"""


def peak_mib() -> float:
    """Most memory that this process has held, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def search_of(city: PortoAlegre, engine: str, rides: int, workers: int) -> TransitSearch:
    """Prepare one engine."""
    query = TransitQuery(
        start_s=START_S,
        end_s=END_S,
        step_s=STEP_S.get(engine, 60),
        max_rides=rides,
        limit_s=7_200,
        percentiles=PERCENTILES,
    )
    return build_transit_search(
        city.timetable,
        city.access,
        city.egress,
        query,
        direct_s=city.direct_s,
        engine="range-raptor" if engine == "range-raptor" else "trip-based",
        workers=workers,
    )


def first_call(data: Path, engine: str) -> None:
    """Time the first search of a process and its memory, as JSON: what a child process does."""
    city = read_porto_alegre(data)
    before_mib = peak_mib()
    start = time.perf_counter()
    search = search_of(city, engine, 3, 2)
    search.opportunities_within([0], [city.jobs], CUTOFFS_S)
    first_s = time.perf_counter() - start
    search.opportunities_within(np.arange(search.n_origins), [city.jobs], CUTOFFS_S)
    after_mib = peak_mib()
    print(json.dumps({"first_s": first_s, "search_mib": after_mib - before_mib, "mib": after_mib}))


def child(data: Path, engine: str, cache: str) -> dict[str, float]:
    """Run `first_call` in a process of its own."""
    command = [sys.executable, __file__, "--data", str(data), "--first", engine]
    environment = os.environ | {"NUMBA_CACHE_DIR": cache}
    done = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    return json.loads(done.stdout)


def start_up(cache: str) -> tuple[float, float]:
    """CPU seconds to import what a run computes with, and then to a first result of two stops."""
    path = os.pathsep.join([str(ROOT / "tests" / "transit"), os.environ.get("PYTHONPATH", "")])
    environment = os.environ | {"NUMBA_CACHE_DIR": cache, "PYTHONPATH": path}
    done = subprocess.run(
        [sys.executable, "-c", START], check=True, capture_output=True, text=True, env=environment
    )
    imported_s, first_s = (float(word) for word in done.stdout.split())
    return imported_s, first_s


@dataclass
class Clock:
    """Wall and CPU time of one engine, milliseconds per origin, a value per block."""

    wall: list[float] = field(default_factory=list)
    cpu: list[float] = field(default_factory=list)

    def time(self, block: np.ndarray, run: Callable[[], object]) -> object:
        """Run and note."""
        wall, cpu = time.perf_counter(), time.process_time()
        result = run()
        self.wall.append(1_000 * (time.perf_counter() - wall) / len(block))
        self.cpu.append(1_000 * (time.process_time() - cpu) / len(block))
        return result


def compare(city: PortoAlegre, rides: int, workers: int, every: int, repeat: int) -> None:
    """Time both engines in turns and print their rows."""
    searches, prepare_s = {}, {}
    for engine in ENGINES:
        start = time.perf_counter()
        searches[engine] = search_of(city, engine, rides, workers)
        prepare_s[engine] = time.perf_counter() - start
    bands = {engine: Clock() for engine in ENGINES}
    times = {engine: Clock() for engine in ENGINES}
    blocks = np.array_split(np.arange(len(city.jobs)), N_BLOCKS)[::every]
    equal = True
    for _ in range(repeat):
        for number, block in enumerate(blocks):
            sums, percentiles = [], []
            for engine, search in searches.items():
                count = partial(search.opportunities_within, block, [city.jobs], CUTOFFS_S)
                sums.append(bands[engine].time(block, count))
                if number % 3 == 0:
                    percentiles.append(times[engine].time(block, partial(search.times_s, block)))
            equal &= np.array_equal(sums[0], sums[-1])  # the first and the last engine
            equal &= not percentiles or np.array_equal(percentiles[0], percentiles[-1])
    for engine in ENGINES:
        wall, cpu = median(bands[engine].wall), median(bands[engine].cpu)
        print(
            f"{rides:>5} {workers:>7}  {engine:<13}{prepare_s[engine]:>7.2f} {wall:>8.2f} "
            f"{cpu:>8.2f} {median(times[engine].wall):>8.2f} {wall * len(city.jobs) / 1_000:>9.2f}"
        )
    for other in ENGINES[1:]:
        ratios = [
            median(np.divide(getattr(x[other], of), getattr(x[ENGINES[0]], of)))
            for x, of in ((bands, "wall"), (bands, "cpu"), (times, "wall"), (times, "cpu"))
        ]
        print(
            f"{'':<15}{other + ' / default':<25}"
            + " ".join(f"{ratio:>8.2f}" for ratio in ratios[:3])
            + f"   times by CPU {ratios[3]:.2f}"
        )
    print(f"{'':<15}baseline and default: results {'equal' if equal else 'DIFFER'}")


def by_the_second(city: PortoAlegre, rides: int) -> None:
    """A continuous window against lanes of one second, few origins."""
    names = ("trip-based", "continuous", "by the second")
    searches = {name: search_of(city, name, rides, 1) for name in names}
    clocks = {name: Clock() for name in names}
    equal = True
    for block in np.array_split(np.random.default_rng(4).permutation(len(city.jobs))[:60], 6):
        sums = {
            name: clocks[name].time(
                block, partial(search.opportunities_within, block, [city.jobs], CUTOFFS_S)
            )
            for name, search in searches.items()
        }
        equal &= np.array_equal(sums["continuous"], sums["by the second"])
    cpu = {name: median(clock.cpu) for name, clock in clocks.items()}
    print(
        f"{rides} rides, CPU ms per origin: minutes {cpu['trip-based']:.1f}, continuous "
        f"{cpu['continuous']:.1f}, lanes of one second {cpu['by the second']:.1f}; the last two "
        f"{'equal' if equal else 'DIFFER'}"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--data", type=Path, default=ROOT.parent / "shared/data/porto_alegre")
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--rides", type=int, nargs="+", default=[3, 8])
    parser.add_argument("--first", choices=ENGINES, help="what child processes are asked for")
    options = parser.parse_args()
    if not options.data.exists():
        sys.exit(f"there is no data in {options.data}: give --data")
    if options.first:
        first_call(options.data, options.first)
        return
    with tempfile.TemporaryDirectory() as cache:
        for label in ("after installation", "second run"):
            imported_s, first_s = start_up(cache)
            print(
                f"{label}: a run imported in {imported_s:.1f} s CPU, first result "
                f"{first_s:.1f} s CPU later"
            )
    with tempfile.TemporaryDirectory() as cache:
        first = child(options.data, "trip-based", cache)
        print(f"first call after installation, whole city {first['first_s']:.1f} s")
        for engine in ENGINES:
            child(options.data, engine, cache)
            m = child(options.data, engine, cache)
            print(
                f"{engine}, 3 rides, 2 threads: first call {m['first_s']:.1f} s in a new process, "
                f"search {m['search_mib']:,.0f} MiB of peak {m['mib']:,.0f} MiB"
            )
    city = read_porto_alegre(options.data)
    print("medians; ms per origin, wall time, but for CPU time of all threads and whole seconds")
    print("rides threads  engine       prepare    bands      CPU    times bands, all")
    print("                                  s       ms       ms       ms          s")
    for rides in options.rides:
        for workers, every in THREADS:
            compare(city, rides, workers, every, options.repeat)
    for rides in options.rides:
        by_the_second(city, rides)


if __name__ == "__main__":
    main()
