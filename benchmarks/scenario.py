"""How long a scenario takes beside its baseline: a new line in the railways of Belgium.

    python benchmarks/scenario.py                         # 6,000 places
    python benchmarks/scenario.py --places 1000 --limit 45

Needs ../shared/data/border_triangle/gtfs/sncb-2019-10-13.zip. Places are spread around the
stations; ways to stations are straight lines. Prints seconds of the baseline and of each scenario,
and their ratio. Measured with 20,000 places and 60 minutes on 2 busy cores: baseline 117 s,
Hasselt - Maastricht 9.6 s (8 %), Arlon - Luxembourg 2.4 s (2 %), Ostend - Bruges 10 s (9 %). With
6,000 places and ten other jobs on the 2 cores: 40 s, 12 s (30 %), 4.0 s (10 %), 8.2 s (20 %). That
the results are those of a full run is tested, not measured here.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd

from halfcircle.gtfs import read_feed
from halfcircle.study import Progress, compute_study, read_study

FEED = Path(__file__).resolve().parents[1].parent / (
    "shared/data/border_triangle/gtfs/sncb-2019-10-13.zip"
)
STUDY = """
[study]
name = "Belgium by train"
[zones]
path = "places.csv"
[[opportunities]]
name = "jobs"
path = "places.csv"
column = "jobs"
[transit]
feeds = [ {{ id = "sncb", path = "{feed}" }} ]
date = 2019-11-12
window = ["07:00", "09:00"]
time_zone = "Europe/Brussels"
[reach]
modes = ["transit"]
bands_min = [30, {limit}]
access_max_min = {{ walk = 25 }}
"""
SCENARIOS = {
    "Spartacus line Hasselt - Maastricht": """
type = "add_line"
stops = ["Hasselt", "Maastricht"]
total_min = 36
mode = "tram"
every_min = 30
""",
    "Arlon - Luxembourg every twenty minutes": """
type = "add_line"
stops = ["Arlon", "Luxembourg"]
total_min = 15
every_min = 20
""",
    "Ostend - Bruges every ten minutes": """
type = "add_line"
stops = ["Ostende", "Bruges"]
total_min = 13
every_min = 10
""",
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--places", type=int, default=6000)
    parser.add_argument("--limit", type=int, default=60, help="last band, minutes")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    if not FEED.is_file():
        print(f"{FEED}: not there")
        return 1
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _places(folder / "places.csv", options.places)
        text = STUDY.format(feed=FEED, limit=options.limit)
        for title, edit in SCENARIOS.items():
            text += f'[[scenarios]]\nname = "{title}"\n[[scenarios.edits]]\n{edit}'
        (folder / "study.toml").write_text(text, encoding="utf-8")
        progress = Progress(quiet=True)
        study = read_study(folder / "study.toml")
        computed = compute_study(study, folder / "out", workers=options.workers, progress=progress)
        times = dict(progress.timings_s)
        parts = ("compiled", "footpaths", "linked", "prepared", "reach by transit")
        warm = Progress(quiet=True)
        alone = replace(study, scenarios=())
        compute_study(alone, folder / "again", workers=options.workers, progress=warm, resume=False)
        baseline = sum(s for stage, s in warm.timings_s.items() if any(p in stage for p in parts))
        print(f"{options.places:,} places, {options.limit} min; baseline {baseline:.1f} s")
        for title in SCENARIOS:
            seconds = times[f"scenario {title}"]
            print(f"  {title}: {seconds:.1f} s, {seconds / baseline:.0%} of the baseline")
        computed.store.close()
    return 0


def _places(path: Path, n: int) -> None:
    """Places around stations, more of them where more trains call."""
    feed = read_feed(FEED, feed_id="sncb")
    calls = np.bincount(feed.stop_times.stop_row, minlength=len(feed["stops"])).astype(float)
    rng = np.random.default_rng(1)
    stop = rng.choice(len(calls), n, p=np.sqrt(calls) / np.sqrt(calls).sum())
    pd.DataFrame(
        {
            "zone_id": [f"p{i}" for i in range(n)],
            "lon": feed.lon[stop] + rng.normal(0, 0.012, n),
            "lat": feed.lat[stop] + rng.normal(0, 0.008, n),
            "jobs": rng.integers(1, 1000, n),
        }
    ).to_csv(path, index=False)


if __name__ == "__main__":
    sys.exit(main())
