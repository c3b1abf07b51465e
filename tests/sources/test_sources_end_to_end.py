"""From the name of a place to a finished run, against publishers on this machine."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest
from local_web import PATIENT, Web, serve
from open_data_host import hosts_of, publish_demo

from halfcircle.errors import OutputError, SourceError
from halfcircle.sources import check_lock, fetch_study, new_study
from halfcircle.study.run import run_study

DAY = dt.date(2026, 5, 12)
RADIUS_KM = 16.0


@pytest.fixture(scope="module")
def demo_web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    for web in serve():
        publish_demo(web, tmp_path_factory.mktemp("demo"))
        yield web


def hashes(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def make(web: Web, folder: Path, cache: Path, **options: object) -> Path:
    values = {"radius_km": RADIUS_KM, "date": DAY, "modes": ("walk", "transit")} | options
    return new_study(
        "Lindeveen, NL", out=folder, hosts=hosts_of(web), cache=cache, policy=PATIENT, **values
    )  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def fetched(demo_web: Web, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder, cache = tmp_path_factory.mktemp("study"), tmp_path_factory.mktemp("cache")
    study = make(demo_web, folder, cache)
    fetch_study(study, cache=cache, policy=PATIENT)
    return study, cache


def test_the_study_names_what_is_in_reach(fetched: tuple[Path, Path]) -> None:
    values = tomllib.loads(fetched[0].read_text("utf-8"))
    assert values["study"]["name"] == "Lindeveen, 16 km around"
    assert values["streets"]["osm"] == [
        "data/streets-europe-germany.osm.pbf",
        "data/streets-europe-netherlands.osm.pbf",
    ]
    assert [feed["id"] for feed in values["transit"]["feeds"]] == ["nl", "de"]
    assert values["transit"]["time_zone"] == "Europe/Amsterdam"
    assert values["transit"]["date"] == DAY
    assert [row["name"] for row in values["opportunities"]] == ["population", "workers"]
    files = {row["file"] for row in values["fetch"]["files"]}
    paths = {row["path"] for row in values["opportunities"]} | {values["zones"]["path"]}
    paths |= set(values["streets"]["osm"]) | {f["path"] for f in values["transit"]["feeds"]}
    assert paths == files


def test_the_lock_names_every_byte(fetched: tuple[Path, Path], demo_web: Web) -> None:
    study, _ = fetched
    lock = json.loads(study.with_suffix(".lock").read_text("utf-8"))
    assert {row["path"] for row in lock["files"]} == {
        path.relative_to(study.parent).as_posix() for path in (study.parent / "data").rglob("*")
    }
    for row in lock["files"]:
        content = (study.parent / row["path"]).read_bytes()
        assert row["sha256"] == hashlib.sha256(content).hexdigest()
        assert row["size"] == len(content)
        assert row["licence"]
        assert row["method"]
    by_url = {row["url"].removeprefix(demo_web.url): row for row in lock["downloads"]}
    feed = by_url["/ovapi/nl/gtfs-nl.zip"]
    assert feed["sha256"] == hashlib.sha256(demo_web.files["/ovapi/nl/gtfs-nl.zip"]).hexdigest()
    assert feed["retrieved"].endswith("Z")
    streets = by_url["/geofabrik/europe/germany-latest.osm.pbf"]
    assert streets["resolved"].endswith("germany-260512.osm.pbf")
    vintages = {row["path"]: row["vintage"] for row in lock["files"]}
    assert vintages["data/streets-europe-germany.osm.pbf"] == "2026-05-12"
    assert vintages["data/zones.gpkg"] == "2021"


def test_a_run_gives_what_the_towns_hold(fetched: tuple[Path, Path], tmp_path: Path) -> None:
    study, _ = fetched
    assert check_lock(study) is not None
    run_study(study, out=tmp_path / "out", workers=1)
    reach = pd.read_parquet(tmp_path / "out" / "reach.parquet")
    assert set(reach["mode"]) == {"walk", "transit"}
    assert set(reach["opportunity"]) == {"population", "workers"}
    assert set(reach["zone_id"].str[:2]) == {"NL", "DE"}
    assert reach["value"].max() > 10_000
    border = pd.read_parquet(tmp_path / "out" / "border.parquet")
    assert border["loss"].max() > 0
    assert (tmp_path / "out" / "report.html").is_file()


def test_a_second_fetch_with_the_lock_gives_the_same_bytes(
    fetched: tuple[Path, Path], demo_web: Web, tmp_path: Path
) -> None:
    study, cache = fetched
    before = hashes(study.parent)
    asked = len(demo_web.log)
    fetch_study(study, cache=cache, policy=PATIENT)
    assert hashes(study.parent) == before
    assert len(demo_web.log) == asked  # the lock's bytes are in the cache: nobody is asked

    # On another machine: only study file and lock travel.
    other = tmp_path / "other"
    other.mkdir()
    for name in ("study.toml", "study.lock"):
        shutil.copy(study.parent / name, other / name)
    fetch_study(other / "study.toml", cache=tmp_path / "cache", policy=PATIENT)
    assert hashes(other) == before


def test_offline_with_the_host_down(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for web in serve():
        publish_demo(web, tmp_path_factory.mktemp("demo"))
        study = make(web, tmp_path / "study", tmp_path / "cache")
        with pytest.raises(SourceError, match=r"first run: halfcircle fetch study.toml"):
            check_lock(study)
        with pytest.raises(SourceError, match=r"is not in the cache.*--offline"):
            fetch_study(study, cache=tmp_path / "cache", offline=True)
        assert not study.with_suffix(".lock").exists()
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
        before = hashes(study.parent)
        web.stop()
        shutil.rmtree(study.parent / "data")
        with pytest.raises(SourceError, match=r"a file that it names is missing.*data/zones.gpkg"):
            check_lock(study)
        fetch_study(study, cache=tmp_path / "cache", offline=True)
        assert hashes(study.parent) == before
        again = make(web, tmp_path / "again", tmp_path / "cache", offline=True)
        assert again.read_bytes() == study.read_bytes()


def test_a_changed_publisher_is_told_and_taken_on_demand(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    for web in serve():
        publish_demo(web, tmp_path_factory.mktemp("demo"))
        study = make(web, tmp_path / "study", tmp_path / "cache")
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
        old = study.with_suffix(".lock").read_bytes()
        web.files["/ovapi/nl/gtfs-nl.zip"] = web.files["/gtfs-de/germany/free/latest.zip"]
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
        assert study.with_suffix(".lock").read_bytes() == old
        shutil.rmtree(tmp_path / "cache")
        (study.parent / "data" / "gtfs-nl.zip").unlink()
        with pytest.raises(SourceError, match=r"gtfs-nl.zip: is not what the lock names") as caught:
            fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
        assert len(caught.value.faults) == 1
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT, update=True)
        assert study.with_suffix(".lock").read_bytes() != old
        assert check_lock(study) is not None


def test_a_file_that_was_changed_by_hand_is_told(
    fetched: tuple[Path, Path], tmp_path: Path
) -> None:
    study = shutil.copytree(fetched[0].parent, tmp_path / "study") / "study.toml"
    workers = study.parent / "data" / "workers.csv"
    workers.write_text(workers.read_text().replace("\n", "\n", 1) + "x,6,52,1\n")
    with pytest.raises(SourceError, match=r"study.lock: a file is not the one.*workers.csv"):
        check_lock(study)
    fetch_study(study, cache=fetched[1], policy=PATIENT)
    assert check_lock(study) is not None


def test_a_study_file_that_changed_since_is_told(
    fetched: tuple[Path, Path], tmp_path: Path
) -> None:
    study = shutil.copytree(fetched[0].parent, tmp_path / "study") / "study.toml"
    text = study.read_text("utf-8")
    study.write_text(text.replace("bands_min = [15, 30, 45, 60]", "bands_min = [20]"), "utf-8")
    assert check_lock(study) is not None
    study.write_text(text.replace("radius_km = 16.0", "radius_km = 15.0"), "utf-8")
    with pytest.raises(SourceError, match=r"\[fetch\] in study.toml changed since"):
        check_lock(study)


def test_a_study_is_not_overwritten(fetched: tuple[Path, Path], demo_web: Web) -> None:
    study, cache = fetched
    with pytest.raises(OutputError, match="is there already"):
        make(demo_web, study, cache)


def test_questions_are_asked_for_what_is_left_out(demo_web: Web, tmp_path: Path) -> None:
    asked = []

    def ask(question: str, default: str) -> str:
        asked.append((question, default))
        return {"Radius in km?": "12,5", "Day of the timetables?": "2026-05-12"}.get(
            question, "walk, car"
        )

    study = make(
        demo_web, tmp_path / "s", tmp_path / "cache", radius_km=None, date=None, modes=None, ask=ask
    )
    values = tomllib.loads(study.read_text("utf-8"))
    assert [default for _, default in asked] == [
        "60", "walk, bike, car, transit", "busiest-weekday",
    ]  # fmt: skip
    assert values["fetch"]["radius_km"] == 12.5
    assert values["reach"]["modes"] == ["walk", "car"]
    assert values["transit"]["date"] == DAY


def test_a_study_on_a_grid_with_jobs_spread_over_buildings(demo_web: Web, tmp_path: Path) -> None:
    jobs = [
        {"WerkregioS": "LIN-01  ", "WoonregioS": "NL01  ", "Value": 1.2},
        {"WerkregioS": "LIN-02  ", "WoonregioS": "NL01  ", "Value": 3.4},
        {"WerkregioS": "GM0153  ", "WoonregioS": "NL01  ", "Value": 9.9},
    ]
    measures = {"value": [{"Identifier": "M1", "Title": "Banen"}]}
    demo_web.files["/odata/CBS/85481NED/MeasureCodes"] = json.dumps(measures).encode()
    demo_web.files["/odata/CBS/85481NED/Observations"] = json.dumps({"value": jobs}).encode()
    study = make(
        demo_web, tmp_path / "s", tmp_path / "cache", grid_m=1000, modes=("walk",), feeds="none",
        opportunities=("population", "jobs"),
    )  # fmt: skip
    text = study.read_text("utf-8")
    assert {row["file"]: row["source"] for row in tomllib.loads(text)["fetch"]["files"]} == {
        "data/zones.gpkg": "gisco-lau",
        "data/streets-europe-germany.osm.pbf": "geofabrik",
        "data/streets-europe-netherlands.osm.pbf": "geofabrik",
        "data/population.csv": "eurostat-census-grid",
        "data/jobs-nl.csv": "cbs-odata",
        "data/buildings-europe-netherlands.osm.pbf": "geofabrik",
        "data/jobs.csv": "spread",
    }
    # The invented municipalities are no GMxxxx.
    study.write_text(text.replace('prefix = "NL_"', 'codes = ""\nprefix = "NL_"'), "utf-8")
    lock = fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    cells = pd.read_csv(study.parent / "data" / "jobs.csv")
    assert cells.groupby("zone_id")["value"].sum().to_dict() == {
        "NL_LIN-01": 1200, "NL_LIN-02": 3400,
    }  # fmt: skip
    made = lock.file_at("data/jobs.csv")
    assert made is not None
    assert "floor space of buildings" in made.method
    run_study(study, out=tmp_path / "out", workers=1)
    reach = pd.read_parquet(tmp_path / "out" / "reach.parquet")
    assert set(reach["opportunity"]) == {"population", "jobs"}
    assert list((tmp_path / "out" / "rasters").glob("*.tif"))


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"grid_m": 5}, "grid_m 5: must be from 50"),
        ({"radius_km": -1.0}, "radius of -1 km: must be above 0"),
        ({"radius_km": 40.0, "streets": "overpass"}, "40 km is too much for Overpass"),
        ({"streets": "geofabric"}, "did you mean 'geofabrik'"),
        ({"feeds": "all"}, "feeds 'all': is not known"),
        ({"modes": ("fly",)}, "mode 'fly': is not known"),
        ({"modes": ()}, "name at least one of"),
        ({"date": "tomorrow"}, "must be as 2026-05-12, or busiest-weekday"),
        ({"opportunities": ("job",)}, "did you mean 'jobs'"),
    ],
)
def test_wrong_choices_are_told(
    demo_web: Web, tmp_path: Path, options: dict[str, object], text: str
) -> None:
    with pytest.raises(SourceError, match=text):
        make(demo_web, tmp_path / "s", tmp_path / "cache", **options)
