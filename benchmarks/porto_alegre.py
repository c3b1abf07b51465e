"""The whole Porto Alegre study, graph building included: time per stage, per origin, memory.

    python benchmarks/porto_alegre.py [--data ../shared/data/porto_alegre] [--workers 2]

Streets and timetables are read from the files, not from the cache. The baseline of the search over
timetables is the range-RAPTOR engine on the same inputs in the same run.
"""

import argparse
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "study"))
from porto_alegre import write_study

from halfcircle.access.measures import Weights, cumulative_block
from halfcircle.access.transit import build_transit_search
from halfcircle.study import Progress, read_inputs, read_study, run_study
from halfcircle.study.modes.build import build_modes

N_ORIGINS = 1227


def peak_mib() -> float:
    """Most memory that the process has held, MiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def study_times(study: Path, out: Path, workers: int) -> float:
    """Run the study once and print its stages."""
    progress = Progress(quiet=True)
    start = time.perf_counter()
    run_study(study, out=out, workers=workers, resume=False, progress=progress)
    seconds = time.perf_counter() - start
    for stage, stage_s in progress.timings_s.items():
        each = f"{1000 * stage_s / N_ORIGINS:8.2f} ms per origin" if "reach by" in stage else ""
        print(f"  {stage:<28}{stage_s:8.2f} s {each}")
    print(f"  {'whole study':<28}{seconds:8.2f} s, peak memory {peak_mib():,.0f} MiB")
    return seconds


def engine_ratio(study_path: Path, workers: int) -> None:
    """Time the search over timetables against the baseline engine, alternating, medians."""
    study, progress = read_study(study_path), Progress(quiet=True)
    inputs = read_inputs(study, progress)
    modes = build_modes(study, inputs, workers=workers, progress=progress, only=["transit"])
    fast = modes.sources["transit"]
    timetable = modes.timetables[0][0]
    slow = build_transit_search(
        timetable, fast.search.access, fast.search.egress, fast.search.query,
        direct_s=fast.search.direct_s, engine="range-raptor", workers=workers,
    )  # fmt: skip
    weights = Weights(inputs.opportunities).matrix
    cutoffs_s = np.array([15, 30, 45, 60, 90], dtype=np.float32) * 60
    origins = np.random.default_rng(0).choice(N_ORIGINS, 200, replace=False)
    taken: dict[str, list[float]] = {"trip-based": [], "range-raptor": []}
    sums = {}
    for _ in range(4):
        for name in taken:
            start = time.perf_counter()
            if name == "trip-based":
                sums[name] = cumulative_block(fast, origins, weights, cutoffs_s)
            else:
                sums[name] = slow.opportunities_within(origins, weights.T, cutoffs_s)
            taken[name].append(1000 * (time.perf_counter() - start) / len(origins))
    median = {name: float(np.median(ms[1:])) for name, ms in taken.items()}
    same = bool(np.array_equal(sums["trip-based"], sums["range-raptor"]))
    print(f"search over the timetable, {workers} threads, 200 origins, medians of 3:")
    for name, ms in median.items():
        print(f"  {name:<28}{ms:8.2f} ms per origin")
    print(f"  ratio {median['range-raptor'] / median['trip-based']:.1f}, results equal: {same}")


def main() -> None:
    """Run the study twice (the first compiles kernels), then compare the engines."""
    parser = argparse.ArgumentParser(description=__doc__)
    default = Path(__file__).resolve().parents[2] / "shared" / "data" / "porto_alegre"
    parser.add_argument("--data", type=Path, default=default)
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if not options.data.is_dir():
        sys.exit(f"no data in {options.data}: give the folder of the sample with --data")
    with tempfile.TemporaryDirectory() as folder:
        study = write_study(Path(folder), options.data.resolve())
        for run in ("first run", "second run"):
            os.environ["HALFCIRCLE_CACHE"] = str(Path(folder) / f"cache {run}")
            print(f"{run}, {options.workers} threads:")
            study_times(study, Path(folder) / "out", options.workers)
        engine_ratio(study, options.workers)


if __name__ == "__main__":
    main()
