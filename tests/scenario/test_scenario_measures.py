"""Measures of a scenario: those of a run in which its edits are the inputs, draws included."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from edit_towns import CITY
from pandas.testing import assert_frame_equal

from halfcircle.gtfs import write_feed
from halfcircle.outputs import RunResult
from halfcircle.study import Progress, compute_study, read_study
from halfcircle.study.inputs.read import read_inputs
from halfcircle.study.scenarios.apply import apply_edits

STUDY = """
[study]
name = "Grid city"
[zones]
path = "zones.csv"
population = "population"
[[opportunities]]
name = "jobs"
path = "zones.csv"
columns = { low = "low", high = "high" }
[[opportunities]]
name = "schools"
path = "zones.csv"
column = "schools"
[streets]
osm = ["city.osm.pbf"]
[transit]
feeds = [ { id = "grid", path = "grid.zip" } ]
date = 2026-05-12
window = ["07:00", "07:20"]
time_zone = "Europe/Amsterdam"
frequency_draws = 2
[reach]
modes = ["bike", "transit"]
bands_min = [5, 10]
limit_min = 30
access_max_min = { walk = 8 }
"""
MEASURES = "".join(
    f'[[measures]]\nkind = "{kind}"\n{keys}\n'
    for kind, keys in {
        "nearest": 'opportunities = "schools"\ncounts = [1, 2]',
        "interval": 'opportunities = "jobs"\ninterval_min = [5, 15]',
        "floating-catchment": 'opportunities = "jobs"\nband_min = 10',
        "reverse-reach": "",
        "transport-performance": "within_min = 10\nradius_km = 1",
        "amenity-norm": 'opportunities = "schools"\nnorm_min = 3',
        "closures": 'opportunities = "schools"\nmin_roll = 700',
        "city-pairs": 'cities = ["c0r1", "c5r1", "c5r3"]\nlimit_min = 10',
        "chain": 'by = "schools"\nopportunities = "jobs"\nbands_min = [10, 20]',
        "dual-earner": 'opportunities = "jobs"\ngroup = "high"\nsecond_mode = "bike"',
        "mode-gap": 'fast = "bike"\nopportunities = "jobs"\nat_risk = "population"',
        "borrowed-size": 'opportunities = "jobs"\nband_min = 10\nkmh = 12',
        "equity": 'opportunities = "jobs"\nof = "floating-catchment"',
    }.items()
)
EDIT = (
    '[[scenarios]]\nname = "v"\nedits = [ { type = "set_headway", line = "1", every_min = 19 } ]\n'
)


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("grid")
    CITY.write_osm(folder / "city.osm.pbf")
    CITY.write_gtfs(folder / "grid.zip")
    lon, lat = CITY.lonlat(CITY.corners)
    n = len(CITY.corners)
    pd.DataFrame(
        {
            "zone_id": [f"c{c}r{r}" for c, r in CITY.corners],
            "lon": lon,
            "lat": lat,
            "population": np.arange(1, n + 1) * 10,
            "low": np.arange(n) + 1,
            "high": (np.arange(n) * 7) % 11,
            "schools": (np.arange(n) % 5 == 0).astype(int),
        }
    ).to_csv(folder / "zones.csv", index=False)
    return folder


def compute(town: Path, name: str, text: str, workers: int = 1) -> RunResult:
    path = town / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    progress = Progress(quiet=True)
    study = read_study(path)
    return compute_study(study, town / name, workers=workers, progress=progress).result


def rows(result: RunResult, name: str, scenario: str) -> pd.DataFrame:
    table = result.tables[name]
    part = table[table["scenario"] == scenario].drop(columns=["scenario", "delta"], errors="ignore")
    keys = [c for c in part.columns if c not in ("value", "left_out")]
    return part.sort_values(keys, kind="stable").reset_index(drop=True)


def test_a_scenario_has_the_measures_of_a_run_with_its_timetable(town: Path) -> None:
    result = compute(town, "scenario", STUDY + MEASURES + EDIT)
    study = read_study(town / "scenario.toml")
    inputs = read_inputs(study, Progress(quiet=True))
    variant = apply_edits(study, inputs, "v", study.scenarios[0].edits)
    write_feed(variant.inputs.feeds[0], town / "often.zip")
    full = compute(town, "full", (STUDY + MEASURES).replace("grid.zip", "often.zip"), workers=3)
    for name in ("measures", "area_measures", "city_pairs", "closures"):
        one, other = rows(result, name, "v"), rows(full, name, "baseline")
        assert len(one) > 0
        assert_frame_equal(one, other, check_exact=True)
    table = result.measures
    assert table is not None
    changes = table[table["scenario"] == "v"]
    by_bike = changes[changes["mode"] == "bike"]
    assert (by_bike["delta"].fillna(0.0) == 0.0).all()
    by_transit = changes[changes["mode"] == "transit"]
    assert (by_transit["delta"].fillna(0.0) != 0.0).any()


def test_values_are_means_over_the_draws(town: Path) -> None:
    text = STUDY + EDIT + '[[measures]]\nkind = "reverse-reach"\nmodes = "transit"\n'
    text += 'decay = "pbl"\n'
    both = compute(town, "both", text).measures
    first = compute(town, "first", text.replace("draws = 2", "draws = 1")).measures
    assert both is not None
    assert first is not None
    twice = both[both["scenario"] == "v"].merge(
        first[first["scenario"] == "v"], on=["zone_id", "band_min", "measure"]
    )
    # A mean of two that differs from the first tells that there was another one.
    assert (twice["value_x"] != twice["value_y"]).any()
