"""Scenarios in a study: what is computed, what is copied, and that it equals a full run."""

from __future__ import annotations

import io
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from edit_towns import CITY
from pandas.testing import assert_frame_equal

from halfcircle.errors import ScenarioError, StudyError
from halfcircle.gtfs import write_feed
from halfcircle.outputs import RunResult
from halfcircle.study import Progress, compare_runs, compute_study, read_study, run_study
from halfcircle.study.cli import main
from halfcircle.study.inputs.read import read_inputs
from halfcircle.study.scenarios.apply import apply_edits

STUDY = """
[study]
name = "Grid city"

[zones]
path = "zones.csv"
country = "country"
region_type = "kind"
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
max_marker = 0

[reach]
modes = ["walk", "bike", "car", "transit", "bike+transit"]
bands_min = [5, 10]
decay = "pbl"
limit_min = 30
access_max_min = { walk = 8, bike = 4 }

[border]
preset = "pieters-2012"
opportunities = ["jobs"]
""".replace("max_marker = 0\n", "")
FASTER = '[[scenarios]]\nname = "v"\nedits = [ { type = "speed_up", line = "1", factor = 0.7 } ]\n'


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
            "country": ["NL" if c < 4 else "DE" for c, _ in CITY.corners],
            "kind": ["urban" if r < 2 else "" for _, r in CITY.corners],
            "population": np.arange(1, n + 1) * 10,
            "low": np.arange(n) + 1,
            "high": (np.arange(n) * 7) % 11,
            "schools": (np.arange(n) % 5 == 0).astype(int),
        }
    ).to_csv(folder / "zones.csv", index=False)
    return folder


def compute(town: Path, tmp_path: Path, text: str = STUDY, further: str = "") -> RunResult:
    path = town / f"{tmp_path.name}.toml"
    path.write_text(text + further, encoding="utf-8")
    computed = compute_study(
        read_study(path), tmp_path / "out", workers=1, progress=Progress(quiet=True)
    )
    computed.store.close()
    return computed.result


def rows(table: pd.DataFrame | None, scenario: str) -> pd.DataFrame:
    """Rows of a scenario in one order, without its name."""
    assert table is not None
    part = table[table["scenario"] == scenario].drop(columns="scenario")
    keys = [c for c in part.columns if c not in ("value", "loss") and not c.startswith("reach_")]
    return part.sort_values(keys, kind="stable").reset_index(drop=True)


def same(one: RunResult, scenario: str, full: RunResult) -> None:
    """That a scenario equals the baseline of a run in which its edits are the inputs."""
    for name in ("reach", "border", "sectors"):
        assert_frame_equal(
            rows(one.tables[name], scenario), rows(full.tables[name], "baseline"), check_exact=True
        )


def as_bytes(table: pd.DataFrame) -> bytes:
    out = io.BytesIO()
    table.to_parquet(out, index=False)
    return out.getvalue()


def test_the_empty_scenario_is_the_baseline_to_the_byte(town: Path, tmp_path: Path) -> None:
    result = compute(town, tmp_path, further='[[scenarios]]\nname = "v"\nedits = []\n')
    for name in ("reach", "border", "sectors"):
        table = result.tables[name]
        assert as_bytes(rows(table, "v")) == as_bytes(rows(table, "baseline"))
    assert result.scenarios is not None
    assert (result.scenarios["delta"].dropna() == 0.0).all()
    assert len(result.scenarios) > 0


def test_a_timetable_scenario_equals_a_run_with_its_gtfs(town: Path, tmp_path: Path) -> None:
    result = compute(town, tmp_path, further=FASTER)
    path = town / f"{tmp_path.name}.toml"
    study = read_study(path)
    inputs = read_inputs(study, Progress(quiet=True))
    variant = apply_edits(study, inputs, "v", study.scenarios[0].edits)
    write_feed(variant.inputs.feeds[0], town / "faster.zip")
    full = compute(town, tmp_path / "full", STUDY.replace("grid.zip", "faster.zip"))
    same(result, "v", full)
    reach = result.reach
    untouched = reach[~reach["mode"].str.contains("transit")]
    assert_frame_equal(rows(untouched, "v"), rows(untouched, "baseline"), check_exact=True)
    transit = result.scenarios[result.scenarios["mode"] == "transit"]
    assert (transit["delta"] >= 0).all()
    assert (transit["delta"] > 0).any()


INPUTS = {
    "faster bicycles": (
        'type = "behaviour", speeds_kmh = { bike = 18 }',
        ("[reach]", "[reach]\nspeeds_kmh = { bike = 18 }"),
    ),
    "faster walkers": (
        'type = "behaviour", speeds_kmh = { walk = 6 }',
        ("[reach]", "[reach]\nspeeds_kmh = { walk = 6 }"),
    ),
    "longer ways to stops": (
        'type = "behaviour", access_max_min = { walk = 12 }, max_rides = 1',
        ("access_max_min = { walk = 8,", "max_rides = 1\naccess_max_min = { walk = 12,"),
    ),
    "slower to board": (
        'type = "behaviour", board_slack_min = 2, transfer_max_min = 3',
        ("time_zone", "board_slack_s = 120\ntransfer_max_min = 3\ntime_zone"),
    ),
    "open border": (
        'type = "border", preset = "open"',
        ('preset = "pieters-2012"', 'preset = "open"'),
    ),
    "one penalty": (
        'type = "border", penalties = [ { from = "NL", to = "DE", minutes = 3 } ]',
        ('preset = "pieters-2012"', 'preset = "pieters-2012"\n'
         'penalties = [ { from = "NL", to = "DE", minutes = 3 } ]'),
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", INPUTS)
def test_behaviour_and_border_equal_a_study_that_says_so(
    case: str, town: Path, tmp_path: Path
) -> None:
    edit, change = INPUTS[case]
    result = compute(
        town, tmp_path, further=f'[[scenarios]]\nname = "v"\nedits = [ {{ {edit} }} ]\n'
    )
    same(result, "v", compute(town, tmp_path / "full", STUDY.replace(*change)))


def test_land_use_equals_a_study_with_other_counts(town: Path, tmp_path: Path) -> None:
    edits = """
[[scenarios]]
name = "v"
[[scenarios.edits]]
type = "move_opportunities"
opportunity = "jobs"
group = "low"
from = ["c0r0"]
to = ["c5r3"]
share = 1.0
[[scenarios.edits]]
type = "add_opportunities"
opportunity = "schools"
zones = ["c1r0", "c2r0"]
amount = 4
[[scenarios.edits]]
type = "close_facilities"
opportunity = "schools"
zones = ["c0r0"]
merge_into = ["c5r0"]
[[scenarios.edits]]
type = "scale_opportunities"
opportunity = "jobs"
group = "high"
factor = 2
"""
    result = compute(town, tmp_path, further=edits)
    zones = pd.read_csv(town / "zones.csv").set_index("zone_id")
    zones.loc["c5r3", "low"] += zones.loc["c0r0", "low"]
    zones.loc["c0r0", "low"] = 0
    zones.loc[["c1r0", "c2r0"], "schools"] += 2
    zones.loc["c5r0", "schools"] += zones.loc["c0r0", "schools"]
    zones.loc["c0r0", "schools"] = 0
    zones["high"] *= 2
    zones.to_csv(town / "edited.csv")
    text = STUDY.replace('path = "zones.csv"\ncol', 'path = "edited.csv"\ncol')
    same(result, "v", compute(town, tmp_path / "full", text))


def test_near_stations_are_the_zones_around_them(town: Path, tmp_path: Path) -> None:
    edits = """
[[scenarios]]
name = "v"
[[scenarios.edits]]
type = "add_opportunities"
opportunity = "schools"
amount = 9
zones = { near_stations = ["Corner 2-1"], within_m = 260 }
"""
    result = compute(town, tmp_path, further=edits)
    at_once = result.scenarios[
        (result.scenarios["mode"] == "walk") & (result.scenarios["band_min"] == 5)
        & (result.scenarios["opportunity"] == "schools")
    ].set_index("zone_id")["delta"]  # fmt: skip
    # Five minutes are one block: the middle zone of the five reaches all of them.
    assert at_once["c2r1"] == pytest.approx(9.0)
    assert at_once["c0r1"] == pytest.approx(9.0 / 5)


def test_telework_stretches_bands_and_decay(town: Path, tmp_path: Path) -> None:
    edit = '[[scenarios]]\nname = "v"\nedits = [ { type = "telework", days = 1 } ]\n'
    result = compute(town, tmp_path, further=edit)
    text = STUDY.replace("[5, 10]", "[6.25, 12.5]").replace("limit_min = 30", "limit_min = 37.5")
    full = compute(town, tmp_path / "full", text)
    one = rows(result.reach[result.reach["measure"] == "cumulative"], "v")
    other = rows(full.reach[full.reach["measure"] == "cumulative"], "baseline")
    assert set(one["band_min"]) == {5.0, 10.0}
    np.testing.assert_array_equal(one["value"], other["value"])
    decayed = result.scenarios[result.scenarios["band_min"].isna()]
    assert (decayed["delta"] > 0).any()
    assert (decayed["delta"] >= -1e-9).all()


def test_only_what_is_touched_is_computed(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from halfcircle.study.reach.compute import _Job

    computed: list[str] = []
    honest = _Job.tables

    def counts(self, block):
        computed.append(self.source.mode)
        return honest(self, block)

    monkeypatch.setattr(_Job, "tables", counts)
    edits = """
[[scenarios]]
name = "trains"
edits = [ { type = "speed_up", line = "1", factor = 0.7 } ]
[[scenarios]]
name = "jam"
edits = [ { type = "congestion", factors = { residential = 2.0 } } ]
[[scenarios]]
name = "bicycles"
edits = [ { type = "behaviour", speeds_kmh = { bike = 18 } } ]
"""
    compute(town, tmp_path, further=edits)
    baseline, rest = computed[:5], computed[5:]
    assert sorted(baseline) == ["bike", "bike+transit", "car", "transit", "walk"]
    assert rest == ["transit", "bike+transit", "car", "bike", "bike+transit"]


def test_attribution_adds_up(town: Path, tmp_path: Path) -> None:
    edits = """
[[scenarios]]
name = "v"
attribute = true
city_pairs = [["c0r1", "c5r1"]]
[[scenarios.edits]]
type = "speed_up"
name = "faster"
line = "1"
factor = 0.7
[[scenarios.edits]]
type = "add_line"
name = "IC"
stops = ["Corner 0-1", "Corner 5-3"]
hops_min = [3]
mode = "bus"
every_min = 5
[[scenarios.edits]]
type = "set_headway"
name = "often"
line = "IC"
every_min = 3
"""
    path = town / "attribution.toml"
    path.write_text(STUDY + edits, encoding="utf-8")
    written = run_study(path, out=tmp_path / "out", workers=1)
    names = {p.relative_to(tmp_path / "out").as_posix() for p in written}
    assert {"scenarios.parquet", "scenarios/winners_and_losers.csv", "scenarios/v/grid.gtfs.zip",
            "scenarios/v/timetable_changes.txt", "scenarios/v/city_pairs.csv"} <= names  # fmt: skip
    found = pd.read_csv(tmp_path / "out/scenarios/v/attribution.csv")
    winners = pd.read_csv(tmp_path / "out/scenarios/winners_and_losers.csv")
    keys = ["mode", "opportunity", "band_min"]
    whole = winners[winners["part"] == "all"].set_index(keys)["mean_delta"]
    for kinds in (["shapley"], ["alone", "interaction"]):
        part = found[found["kind"].isin(kinds)].groupby(keys, dropna=False)["value"].sum()
        np.testing.assert_allclose(part.reindex(whole.index), whole, atol=1e-6)
    alone = found[(found["kind"] == "alone") & (found["mode"] == "transit")]
    # The headway of the new line needs the line.
    assert (alone[alone["edit"] == "often"]["value"] == 0).all()
    assert (alone[alone["edit"] == "IC"]["value"] > 0).any()
    pairs = pd.read_csv(tmp_path / "out/scenarios/v/city_pairs.csv")
    there = pairs[(pairs["mode"] == "transit") & (pairs["from"] == "c0r1")].iloc[0]
    assert there["minutes_variant"] < there["minutes_baseline"]
    text = (tmp_path / "out/scenarios/v/timetable_changes.txt").read_text("utf-8")
    assert "Corner 0-1 - Corner 2-1: 2.0 -> 1.4 min" in text
    assert "IC  [grid:new-ic]: new" in text
    assert set(winners["part"]) == {"all", "NL", "DE", "urban"}
    parts = winners[winners["part"].isin(["NL", "DE"])]
    both = parts.assign(sum=parts["mean_delta"] * parts["people"]).groupby(keys, dropna=False)
    np.testing.assert_allclose(
        (both["sum"].sum() / both["people"].sum()).reindex(whole.index), whole, atol=1e-6
    )
    near = pd.read_csv(tmp_path / "out/scenarios/v/catchments.csv").set_index("station")
    assert {"Corner 0-1", "Corner 2-1", "Corner 5-1", "Corner 5-3"} == set(near.index)
    # Eight minutes are two blocks: the corner itself, 3 and 4 zones on the edge of the town.
    assert near.loc["Corner 5-3", "zones"] == 6
    gain = pd.read_csv(tmp_path / "out/scenarios/v/gain_per_km.csv")
    assert (gain["further_trip_km_per_hour"] > 0).all()
    np.testing.assert_allclose(
        gain["gain_per_km"] * gain["further_trip_km_per_hour"], gain["mean_delta"], atol=1e-6
    )
    comparison = compare_runs(tmp_path / "out", tmp_path / "out", tmp_path / "difference")
    assert comparison.is_same
    assert "the same" in (tmp_path / "difference/compare.txt").read_text("utf-8")


def test_commands(town: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = town / "wrong.toml"
    path.write_text(
        STUDY
        + '[[scenarios]]\nname = "v"\nedits = [ { type = "speed_up", line = "9", factor = 2 } ]\n'
        '[[scenarios]]\nname = "w"\ncity_pairs = [["c0r1", "nowhere"]]\nedits = []\n',
        encoding="utf-8",
    )
    assert main(["check", str(path)]) == 1
    said = capsys.readouterr().out
    assert "there is no line of this name: '9'" in said
    assert "no zone of this id or name: 'nowhere'" in said
    with pytest.raises(ScenarioError, match="no line of this name"):
        run_study(path, out=tmp_path / "out")
    path.write_text(STUDY + FASTER, encoding="utf-8")
    assert main(["check", str(path)]) == 0
    assert main(["compare", str(town), str(tmp_path)]) == 1
    assert "no folder of a finished run" in capsys.readouterr().err


WRONG = {
    'name = "baseline"\nedits = []': "is what the study without edits is called",
    'name = "a"\nedits = []\n[[scenarios]]\nname = "a"\nedits = []': "another scenario has this",
    'name = "a"\nedits = "no.toml"': "file not found",
    'name = "a"\nedits = []\ncity_pairs = ["a"]': "city_pairs: must be pairs of zones",
    'name = "a"\nedits = []\natribute = true': "did you mean 'attribute'",
    'edits = []': "name: is required",
}  # fmt: skip


@pytest.mark.parametrize("text", WRONG)
def test_faults_of_the_table(text: str, town: Path) -> None:
    path = town / "faults.toml"
    path.write_text(f"{STUDY}[[scenarios]]\n{text}\n", encoding="utf-8")
    with pytest.raises(StudyError, match=WRONG[text]):
        read_study(path)


APPLIED = {
    '{ type = "border", penalties = [ { from = "NL", to = "BE", minutes = 3 } ] }': "no zone is in",
    '{ type = "border", minutes_factor = 1.0 }': "the edit changes nothing",
    '{ type = "behaviour", decay = "no such curve" }': "decay",
    '{ type = "behaviour", speeds_kmh = { bike = 14 } }': "the edit changes nothing",
    '{ type = "behaviour", name = "a", max_rides = 2 }, '
    '{ type = "behaviour", name = "b", max_rides = 3 }': "conflict with edit 'a': both settle max",
    '{ type = "border", name = "a", preset = "open" }, '
    '{ type = "border", name = "b", preset = "closed" }': "both settle the preset of the border",
    '{ type = "move_opportunities", opportunity = "job", from = ["c0r0"], to = ["c1r0"], '
    'share = 1 }': "is not among .*did you mean 'jobs'",
    '{ type = "move_opportunities", opportunity = "jobs", from = ["c0r9"], to = ["c1r0"], '
    'share = 1 }': "no zone of this id or name: 'c0r9'",
    '{ type = "move_opportunities", opportunity = "jobs", from = ["c0r0"], to = ["c1r0"], '
    'amount = 1e9 }': "is more than the 1 that are there",
    '{ type = "scale_opportunities", opportunity = "jobs", group = "mid", factor = 2 }': "no group",
    '{ type = "scale_opportunities", opportunity = "jobs", factor = 1 }': "changes nothing",
    '{ type = "set_speed", ways = [99], kmh = 30 }': "not among the streets: '99'",
}  # fmt: skip


@pytest.mark.parametrize("edit", APPLIED)
def test_faults_of_what_is_edited(edit: str, town: Path) -> None:
    path = town / "faults.toml"
    path.write_text(f'{STUDY}[[scenarios]]\nname = "v"\nedits = [ {edit} ]\n', encoding="utf-8")
    study = read_study(path)
    inputs = read_inputs(study, Progress(quiet=True))
    with pytest.raises(ScenarioError, match=APPLIED[edit]):
        apply_edits(study, inputs, "v", study.scenarios[0].edits)


def test_draws_of_headways_and_threads(town: Path, tmp_path: Path) -> None:
    text = STUDY.replace("time_zone", "frequency_draws = 2\ntime_zone")
    often = (
        '[[scenarios]]\nname = "v"\n'
        'edits = [ { type = "set_headway", line = "1", every_min = 19 } ]\n'
    )
    path = town / "draws.toml"
    path.write_text(text + often, encoding="utf-8")
    study = read_study(path)
    inputs = read_inputs(study, Progress(quiet=True))
    variant = apply_edits(study, inputs, "v", study.scenarios[0].edits)
    write_feed(variant.inputs.feeds[0], town / "often.zip")
    result = compute(town, tmp_path, text, often)
    same(result, "v", compute(town, tmp_path / "full", text.replace("grid.zip", "often.zip")))
    spread = result.reach[result.reach["measure"].str.endswith("_sd")]
    assert (spread[spread["scenario"] == "v"]["value"] > 0).any()
    threads = compute_study(study, tmp_path / "t", workers=3, progress=Progress(quiet=True)).result
    assert threads.scenarios is not None
    assert as_bytes(threads.scenarios) == as_bytes(result.scenarios)
