"""Places that a scenario cuts off or connects, and differences that are told with their spread."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from edit_towns import CITY

from halfcircle.places import Places, Zones
from halfcircle.study import compare_runs, run_study
from halfcircle.study.scenarios.draws import drawn_deltas, with_delta_sd, with_intervals
from halfcircle.study.scenarios.results import connection_table, winners_table

STUDY = """
[study]
name = "Grid city"
[zones]
path = "zones.csv"
[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
[transit]
feeds = [ { id = "grid", path = "grid.zip" } ]
date = 2026-05-12
window = ["07:00", "07:20"]
time_zone = "Europe/Amsterdam"
frequency_draws = 3
[reach]
modes = ["transit"]
bands_min = [12, 15, 18]
access_max_min = { walk = 1 }
"""
SCENARIOS = """
[[scenarios]]
name = "closed"
edits = [ { type = "close_station", station = "Corner 2-1" } ]
[[scenarios]]
name = "opened"
[[scenarios.edits]]
type = "add_line"
stops = ["Corner 0-1", { name = "Nieuw", lon = %r, lat = %r }]
hops_min = [3]
mode = "bus"
every_min = 31
[[scenarios]]
name = "same"
edits = []
"""
OPENED = (5, 0)


def write(folder: Path, further: str) -> Path:
    CITY.write_gtfs(folder / "grid.zip")
    lon, lat = CITY.lonlat(CITY.corners)
    ids = [f"c{c}r{r}" for c, r in CITY.corners]
    zones = pd.DataFrame({"zone_id": ids, "lon": lon, "lat": lat, "jobs": range(1, len(ids) + 1)})
    zones.to_csv(folder / "zones.csv", index=False)
    path = folder / "study.toml"
    path.write_text(STUDY + further, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("connections")
    lon, lat = (float(v[0]) for v in CITY.lonlat([OPENED]))
    run_study(write(folder, SCENARIOS % (lon, lat)), out=folder / "out", workers=1)
    return folder / "out"


def test_every_scenario_has_its_own_reasons(out: Path) -> None:
    table = pd.read_parquet(out / "unreached.parquet")
    assert list(table.columns) == ["zone_id", "scenario", "mode", "reason"]
    zones = {s: set(rows["zone_id"]) for s, rows in table.groupby("scenario")}
    served = {"c0r1", "c2r1", "c5r1", "c0r3", "c5r3"}
    everywhere = {f"c{c}r{r}" for c, r in CITY.corners}
    assert zones["baseline"] == zones["same"] == everywhere - served
    assert zones["closed"] == everywhere - served | {"c2r1"}
    assert zones["opened"] == everywhere - served - {"c5r0"}


def test_connections_lost_and_gained_are_listed(out: Path) -> None:
    lost = pd.read_csv(out / "scenarios/closed/connections.csv")
    assert lost[["zone_id", "mode", "change", "reason"]].to_numpy().tolist() == [
        ["c2r1", "transit", "lost", "no_stop_in_reach"]
    ]
    gained = pd.read_csv(out / "scenarios/opened/connections.csv")
    assert gained[["zone_id", "change"]].to_numpy().tolist() == [["c5r0", "gained"]]
    assert not (out / "scenarios/same/connections.csv").exists()


def test_the_spread_of_differences_is_that_of_the_draws(out: Path) -> None:
    table = pd.read_parquet(out / "scenarios.parquet")
    assert (table.groupby("scenario")["delta_sd"].max()[["closed", "same"]] == 0.0).all()
    same = table[table["scenario"] == "same"]
    assert (same["delta"].dropna() == 0.0).all()
    assert (same["delta_sd"].dropna() == 0.0).all()
    assert (table[table["scenario"] == "opened"]["delta_sd"] > 0).any()
    winners = pd.read_csv(out / "scenarios/winners_and_losers.csv").set_index("scenario")
    assert (winners["draws"] == 3).all()
    assert (winners.loc["same", ["mean_delta_low", "mean_delta_high"]] == 0.0).all(axis=None)
    opened = winners.loc["opened"]
    assert (opened["mean_delta_low"] <= opened["mean_delta"]).all()
    assert (opened["mean_delta"] <= opened["mean_delta_high"]).all()


def test_the_comparison_of_runs_tells_who_is_cut_off(out: Path, tmp_path: Path) -> None:
    edit = (
        '[[scenarios]]\nname = "closed"\n'
        'edits = [ { type = "close_station", station = "Corner 5-1" } ]\n'
    )
    run_study(write(tmp_path, edit), out=tmp_path / "out", workers=1)
    text = compare_runs(out, tmp_path / "out").text
    assert "closed, transit, lost in B: c5r1" in text
    assert "closed, transit, gained in B: c2r1" in text


# By hand ----------------------------------------------------------------------------------------


def table_of(values: list[list[float]]) -> pd.DataFrame:
    """Reach of two zones, draw by draw."""
    rows = [
        {"zone_id": zone, "mode": "transit", "opportunity": "jobs", "band_min": 30.0,
         "group": "all", "draw": draw, "value": value}
        for draw, pair in enumerate(values)
        for zone, value in zip(("a", "b"), pair, strict=True)
    ]  # fmt: skip
    return pd.DataFrame(rows)


ZONES = Zones(Places(np.array(["a", "b"], dtype=object), np.zeros(2), np.zeros(2)), crs="EPSG:3035")


def test_mean_and_interval_by_hand() -> None:
    base = table_of([[10, 10], [20, 10], [30, 10]])
    variant = table_of([[12, 10], [24, 10], [36, 10]])
    drawn = drawn_deltas(base, variant, "v")
    assert drawn is not None
    # Differences of a: 2, 4, 6; of b: none. The spread of a's reach itself is five times as large.
    difference = pd.DataFrame(
        {
            "zone_id": ["a", "b"], "scenario": "v", "mode": "transit", "opportunity": "jobs",
            "band_min": 30.0, "baseline": [20.0, 10.0], "variant": [24.0, 10.0],
            "delta": [4.0, 0.0],
        }
    )  # fmt: skip
    table = with_delta_sd(difference, drawn)
    assert table["delta_sd"].tolist() == [2.0, 0.0]
    people = np.array([1.0, 3.0])
    winners = with_intervals(winners_table(table, ZONES, people), drawn, ZONES, people)
    row = winners.iloc[0]
    # Means over people of the draws: 0.5, 1.0, 1.5.
    assert row["mean_delta"] == 1.0
    assert row["mean_delta_sd"] == pytest.approx(0.5)
    # Student's t with 2 degrees of freedom: 4.3027.
    half = 4.302653 * 0.5 / np.sqrt(3)
    assert row["mean_delta_low"] == pytest.approx(1.0 - half, abs=1e-5)
    assert row["mean_delta_high"] == pytest.approx(1.0 + half, abs=1e-5)


def test_nothing_drawn_nothing_told() -> None:
    difference = pd.DataFrame({"zone_id": ["a"], "delta": [1.0]})
    assert with_delta_sd(difference, drawn_deltas(None, None, "v"))["delta_sd"].isna().all()


def test_reasons_that_change_are_no_connection() -> None:
    before = pd.DataFrame({"zone_id": ["a", "b"], "mode": "car", "reason": ["island", "island"]})
    after = pd.DataFrame({"zone_id": ["a"], "mode": ["car"], "reason": ["beyond_limit"]})
    found = connection_table(before, after, ZONES)
    assert found.to_numpy().tolist() == [["b", "b", "car", "gained", "island"]]
