"""What ways to stops by car and bicycle cost on the Porto Alegre sample, per origin.

    python benchmarks/combined_modes.py [--data ../shared/data/porto_alegre] [--workers 1]

Parking places are put at the stations of the railway. The baseline is the walk to all stops within
20 minutes, in the same run; driving to every stop is there to show why nobody is asked to.
"""

import argparse
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "study"))
from porto_alegre import write_study

from halfcircle.access.hubs import through_hubs
from halfcircle.gtfs.route_types import RAIL
from halfcircle.study import Progress, read_inputs, read_study
from halfcircle.study.modes.streets import Building, StreetModes
from halfcircle.study.modes.transit import TransitModes

LIMIT_S = 1200.0
WALK_S = 300.0


def median_s(run: Callable[[], object], times: int) -> float:
    """Median time of several runs, seconds."""
    taken = []
    for _ in range(times):
        start = time.perf_counter()
        run()
        taken.append(time.perf_counter() - start)
    return float(np.median(taken))


def main() -> None:
    """Print a line per way."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path, default=Path("../shared/data/porto_alegre"))
    parser.add_argument("--workers", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        study = read_study(write_study(Path(folder), options.data.resolve()))
        quiet = Progress(quiet=True)
        inputs = read_inputs(study, quiet)
    assert study.reach is not None
    assert study.transit is not None
    building = Building(study, study.reach, inputs, options.workers, quiet)
    streets = StreetModes(building, {})
    walk, bike, car = (streets.ways(mode) for mode in ("walk", "bike", "car"))
    timetable = TransitModes(building, streets, {}).compiled(study.transit, 0)[0]
    stops = timetable.stops
    length = np.diff(timetable.pattern_ptr)
    by_rail = np.repeat(timetable.pattern_route_type == RAIL, length)
    rail = np.unique(timetable.pattern_stop[by_rail])
    places = inputs.zones.places
    zones = (places.lon, places.lat)
    every, stations = (stops.lon, stops.lat), (stops.lon[rail], stops.lat[rail])
    handling_s = np.full(len(rail), 180.0)

    def pairs(ways, start, end, limit_s: float = LIMIT_S):
        return ways.pairs(start, end, limit_s=limit_s, workers=options.workers)

    def park_and_ride():
        drive = pairs(car, zones, stations)
        return through_hubs(drive, pairs(walk, stations, every, WALK_S), handling_s).pairs

    rows = {
        "walk to all stops (baseline)": (lambda: pairs(walk, zones, every), 5),
        "bicycle to all stops": (lambda: pairs(bike, zones, every), 3),
        f"park and ride, {len(rail)} places": (park_and_ride, 5),
        f"kiss and ride, {len(rail)} stations": (lambda: pairs(car, zones, stations), 5),
        "car to all stops": (lambda: pairs(car, zones, every), 2),
    }
    n = len(places)
    print(f"{n:,} origins, {len(stops):,} stops, 20 minutes, {options.workers} thread(s)")
    base_s = 0.0
    for label, (run, times) in rows.items():
        n_links = len(run().from_idx)
        taken_s = median_s(run, times)
        base_s = base_s or taken_s
        print(f"  {label:<32}{1000 * taken_s / n:8.3f} ms per origin, {n_links / n:8.1f} links, "
              f"{taken_s / base_s:6.2f} times the baseline")  # fmt: skip


if __name__ == "__main__":
    main()
