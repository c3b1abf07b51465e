"""Studies with ``engine = "r5"``: the same tables, the pre-flight, and what is missing.

R5 itself is not needed: a process that speaks its protocol and knows straight lines stands in.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from grid_city import GridCity, Line

from halfcircle.access.r5_install import R5Install
from halfcircle.errors import EngineError, StudyError
from halfcircle.study import Progress, compare_runs, read_study, run_study
from halfcircle.study.cli import main
from halfcircle.study.inputs.read import read_inputs
from halfcircle.study.modes.engine import check_engine

FAKE = Path(__file__).resolve().parents[1] / "fake_r5_child.py"
QUIET = Progress(quiet=True)
CONGESTION = 'type = "congestion", factors = { residential = 1.5 }'
STUDY = """
[study]
name = "Grid city"
[zones]
path = "zones.csv"
country = "country"
[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
[streets]
osm = ["city.osm.pbf"]
[transit]
feeds = [ { id = "grid", path = "grid.zip" } ]
date = 2026-05-12
window = ["07:00", "07:20"]
time_zone = "Europe/Amsterdam"
[reach]
modes = ["walk", "transit", "crow_fly"]
bands_min = [5, 10, 30]
percentiles = [25, 50]
[border]
preset = "pieters-2012"
[[scenarios]]
name = "faster"
edits = [ { type = "speed_up", line = "1", factor = 0.5 } ]
"""


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("town")
    city = GridCity(lines=(Line("1", ((0, 1), (2, 1), (5, 1)), hop_s=120, both_ways=True),))
    city.write_osm(folder / "city.osm.pbf")
    city.write_gtfs(folder / "grid.zip")
    lon, lat = city.lonlat(city.corners)
    pd.DataFrame(
        {
            "zone_id": [f"c{c}r{r}" for c, r in city.corners],
            "lon": lon,
            "lat": lat,
            "country": ["NL" if c < 3 else "DE" for c, _ in city.corners],
            "jobs": np.arange(len(city.corners)) + 1.0,
        }
    ).to_csv(folder / "zones.csv", index=False)
    (folder / "own.toml").write_text(STUDY, encoding="utf-8")
    with_r5(folder)
    return folder


def with_r5(folder: Path, *changes: tuple[str, str], name: str = "r5.toml") -> Path:
    text = STUDY.replace("[reach]\n", '[reach]\nengine = "r5"\n')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    (folder / name).write_text(text, encoding="utf-8")
    return folder / name


@pytest.fixture
def stand_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Sequence[str]:
    """A process that stands in for R5."""
    install = R5Install(tmp_path / "r5-v0-all.jar", "ab" * 32, tmp_path / "jdk", "0.0")
    command = (sys.executable, str(FAKE), "honest")
    monkeypatch.setattr("halfcircle.study.modes.engine.find_r5", lambda *_, **__: install)
    monkeypatch.setattr("halfcircle.study.modes.engine.COMMAND", command)
    return command


def test_the_same_tables_and_compare_names_the_engines(
    town: Path, stand_in, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    own, other = tmp_path / "own", tmp_path / "r5"
    run_study(town / "own.toml", out=own, workers=1)
    run_study(town / "r5.toml", out=other, workers=1)
    label = "r5 (r5-v0-all.jar, sha256 abababab, r5py 0.0)"
    manifest = json.loads((other / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["settings"]["engine"] == label
    assert manifest["settings"]["date"] == "2026-05-12"
    for name in ("reach", "border", "sectors", "scenarios", "unreached"):
        one, two = (pd.read_parquet(folder / f"{name}.parquet") for folder in (own, other))
        assert list(one.columns) == list(two.columns)
    reach = {f: pd.read_parquet(f / "reach.parquet") for f in (own, other)}
    key = ["zone_id", "scenario", "mode", "opportunity", "group", "band_min", "percentile"]
    both = reach[own].merge(reach[other], on=[*key, "measure"], how="outer", indicator=True)
    assert (both["_merge"] == "both").all()
    flown = both[both["mode"] == "crow_fly"]
    assert (flown["value_x"] == flown["value_y"]).all(), "not routed: not R5's"
    # The stand-in flies: nobody reaches less, and by foot some reach more than over streets.
    walked = both[both["mode"] == "walk"]
    assert (walked["value_y"] >= walked["value_x"]).all()
    assert (walked["value_y"] > walked["value_x"]).any()

    assert main(["compare", str(own), str(other)]) == 0
    assert f"engine: halfcircle -> {label}" in capsys.readouterr().out
    assert not compare_runs(own, other).is_same


def test_the_edits_of_a_scenario_reach_r5(town: Path, stand_in, tmp_path, monkeypatch) -> None:
    import halfcircle.study.modes.engine as engine

    written = []
    honest = engine.write_feed

    def write(feed, path):
        written.append(feed)
        return honest(feed, path)

    monkeypatch.setattr(engine, "write_feed", write)
    monkeypatch.setattr("halfcircle.study.run.write_outputs", lambda *_, **__: [])
    monkeypatch.setattr("halfcircle.study.run.write_manifest", lambda *_, **__: None)
    monkeypatch.setenv("HALFCIRCLE_CACHE", str(tmp_path / "cache"))
    run_study(town / "r5.toml", out=tmp_path / "out")
    base, variant = written
    assert base.stop_times.arrival_s.max() > variant.stop_times.arrival_s.max()
    # By content: r5py tells files apart by their names.
    kept = {path.name for path in (tmp_path / "cache" / "r5" / "inputs").iterdir()}
    assert len([name for name in kept if name.endswith(".zip")]) == 2
    assert len([name for name in kept if name.endswith(".osm.pbf")]) == 1


def test_another_engine_does_not_go_on_where_the_own_one_stopped(
    town: Path, stand_in, tmp_path: Path, monkeypatch
) -> None:
    keys = []

    def store(out, key, **_):
        keys.append(key)
        raise EngineError("enough")

    monkeypatch.setattr("halfcircle.study.run.BlockStore", store)
    for _ in range(2):
        with pytest.raises(EngineError):
            run_study(town / "r5.toml", out=tmp_path)
    install = R5Install(tmp_path / "r5-v1-all.jar", "cd" * 32, tmp_path / "jdk", "0.0")
    monkeypatch.setattr("halfcircle.study.modes.engine.find_r5", lambda *_, **__: install)
    with pytest.raises(EngineError):
        run_study(town / "r5.toml", out=tmp_path)
    assert keys[0] == keys[1] != keys[2]


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (("bands_min = [5, 10, 30]", "bands_min = [5, 150]"), "no farther than 120 minutes: '150'"),
        (("percentiles = [25, 50]", "percentiles = [1, 2, 3, 4, 5, 6]"), "R5 gives at most five"),
        (('time_zone = "', 'step_s = 30\ntime_zone = "'), "R5 departs every minute: '30'"),
        (('"07:20"]', '"25:00"]'), "no departures after midnight"),
        (('"07:20"]', '"07:20:30"]'), "R5 takes whole minutes"),
        (('time_zone = "', 'frequency_draws = 5\ntime_zone = "'), "draws headway services itself"),
        (('time_zone = "', 'board_slack_s = 30\ntime_zone = "'), "board_slack_s: is 60 in R5"),
        (('time_zone = "', 'modes = ["bus", "taxi"]\ntime_zone = "'), "choose these: 'taxi'"),
        (('"Europe/Amsterdam"', '"Europe/London"'), "R5 has one clock for all feeds"),
        (('["city.osm.pbf"]', '["city.osm.pbf", "b.osm.pbf"]'), "R5 reads one extract"),
        (('preset = "p', 'hard_closed = true\npreset = "p'), "hard_closed: needs the streets"),
        (
            ('type = "speed_up", line = "1", factor = 0.5', CONGESTION),
            "edits streets, which R5 reads from the file",
        ),
    ],
)  # fmt: skip
def test_what_r5_cannot_do_is_said_before_anything_is_computed(
    town: Path, stand_in, change: tuple[str, str], told: str
) -> None:
    (town / "b.osm.pbf").write_bytes((town / "city.osm.pbf").read_bytes())
    path = with_r5(town, change, name="cannot.toml")
    study = read_study(path)
    with pytest.raises(StudyError, match=told.replace("[", r"\[")):
        check_engine(study, read_inputs(study, QUIET))


def test_all_faults_at_once_and_what_differs_in_the_check(
    town: Path, stand_in, capsys: pytest.CaptureFixture[str]
) -> None:
    path = with_r5(
        town,
        ("bands_min = [5, 10, 30]", "bands_min = [150]"),
        ('"07:20"]', '"25:00"]'),
        name="two.toml",
    )
    assert main(["check", str(path), "--quiet"]) == 1
    told = capsys.readouterr().out
    assert "two.toml: 2 to repair" in told
    assert main(["check", str(town / "r5.toml"), "--quiet"]) == 0
    told = capsys.readouterr().out
    assert "R5 does not know transfer_max_min (it walks 1 km)" in told
    assert "not routed, and the same with every engine: 'crow_fly'" in told


def test_without_r5_a_run_ends_with_what_is_missing(
    town: Path, tmp_path: Path, monkeypatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("HALFCIRCLE_CACHE", str(tmp_path / "cache"))
    monkeypatch.delenv("HALFCIRCLE_R5_JAR", raising=False)
    assert main(["run", str(town / "r5.toml"), "--out", str(tmp_path), "--quiet"]) == 1
    told = capsys.readouterr().err
    assert "cannot run\nthe engine R5 is not complete on this machine:" in told
    assert str(tmp_path / "cache" / "r5") in told
    assert "Traceback" not in told
    assert not (tmp_path / "reach.parquet").exists()


def test_where_r5_is_can_be_said_in_the_study(town: Path) -> None:
    path = with_r5(
        town,
        ("percentiles", 'r5 = { jar = "lib/r5.jar", memory_gb = 6, timeout_min = 5 }\npercentiles'),
        name="where.toml",
    )
    reach = read_study(path).reach
    assert reach is not None
    assert (reach.r5.jar, reach.r5.memory_gb, reach.r5.timeout_min) == (town / "lib/r5.jar", 6, 5)
    with pytest.raises(StudyError, match=r"engine: is not known: 'r6' - known: halfcircle, r5"):
        read_study(with_r5(town, ('engine = "r5"', 'engine = "r6"'), name="r6.toml"))


def test_explain_is_of_the_own_engine(town: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pair = ["--from", "c0r1", "--to", "c5r1", "--at", "07:05"]
    assert main(["explain", str(town / "r5.toml"), *pair]) == 0
    told = capsys.readouterr()
    assert "explained by the own engine" in told.err
    assert "door to door" in told.out
