"""The table [fetch]: everything that is wrong with it, at once; locks that are none."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import shapely
from local_web import PATIENT, Web
from open_data_host import collection

from halfcircle.errors import SourceError
from halfcircle.sources import Hosts, check_lock, fetch_study
from halfcircle.sources.plan import read_plan
from halfcircle.sources.store import default_cache

HEAD = "[fetch]\nlon = 6.9\nlat = 52.2\nradius_km = 10\n"


def study_of(folder: Path, text: str) -> Path:
    path = folder / "study.toml"
    path.write_text(text, "utf-8")
    return path


def file(**values: str) -> str:
    lines = "\n".join(f"{k} = {json.dumps(v)}" for k, v in values.items())
    return f"[[fetch.files]]\n{lines}\n"


def test_a_study_that_fetches_nothing(tmp_path: Path) -> None:
    study = study_of(tmp_path, '[study]\nname = "x"\n')
    assert read_plan(study) is None
    assert check_lock(study) is None
    with pytest.raises(SourceError, match=r"study.toml: has no table \[fetch\]"):
        fetch_study(study, cache=tmp_path / "cache")


def test_all_faults_are_told_at_once(tmp_path: Path) -> None:
    text = (
        "[fetch]\nlon = 'x'\nlat = 52.2\nradius = 10\n"
        + "[fetch.hosts]\ngeofabric = 'https://a'\ngisco = 'gisco'\n"
        + file(file="data/a.gpkg", source="gisco-la")
        + file(file="data/a.gpkg", source="gisco-lau", yeer="2021")
        + file(file="data/a.gpkg", source="gisco-lau", scale="2M")
        + file(file="data/b.csv", source="gisco-nuts")
        + file(source="url")
    )
    with pytest.raises(SourceError) as caught:
        read_plan(study_of(tmp_path, text))
    lines = str(caught.value).splitlines()
    for expected in (
        "study.toml [fetch] radius: is no key of this table - did you mean 'radius_km'?",
        "study.toml [fetch] lon: must be a number: 'x'",
        "study.toml [fetch] radius_km: must be a number",
        "study.toml [fetch.hosts]: is not known: 'geofabric' - did you mean 'geofabrik'?",
        "study.toml [fetch.hosts] gisco: must be an address that starts with https://: 'gisco'",
        "study.toml [[fetch.files]] 1 source: is not known: 'gisco-la' - did you mean 'gisco-lau'?",
        "study.toml [[fetch.files]] 2 (data/a.gpkg) yeer: is no key of gisco-lau - "
        "did you mean 'year'?",
        "study.toml [[fetch.files]] 4 (data/b.csv) file: must end in .gpkg: 'data/b.csv'",
        "study.toml [[fetch.files]] 5 (url) url: is required - address of the file",
        'study.toml [[fetch.files]] 5 (url) file: is required - file = "data/zones.gpkg"',
        "study.toml [fetch] files: two entries make the same file: 'data/a.gpkg'",
    ):
        assert expected in lines
    assert any("(data/a.gpkg) scale: is not known: '2M'" in line for line in lines)


@pytest.mark.parametrize(
    "name",
    [
        "/etc/a.csv",
        "../a.csv",
        "data/../../a.csv",
        "a.csv",
        "study.toml",
        "C:\\a.csv",
        "data\\..\\a",
    ],
)
def test_files_stay_in_the_data_folder(tmp_path: Path, name: str) -> None:
    text = HEAD + file(file=name, source="url", url="https://example.org/a.csv")
    with pytest.raises(SourceError, match=r"must lie in (the folder of the study|data/)"):
        read_plan(study_of(tmp_path, text))


def test_a_link_does_not_lead_out_of_the_study(web: Web, tmp_path: Path) -> None:
    web.files["/a.csv"] = b"x\n"
    folder = tmp_path / "study"
    folder.mkdir()
    (tmp_path / "elsewhere").mkdir()
    (folder / "data").symlink_to(tmp_path / "elsewhere")
    study = study_of(folder, HEAD + file(file="data/a.csv", source="url", url=web.at("/a.csv")))
    with pytest.raises(SourceError, match="leads out of the folder of the study by a link"):
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    assert not list((tmp_path / "elsewhere").iterdir())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("[fetch\n", "is no valid TOML"),
        ("fetch = 3\n", r"\[fetch\]: must be a table"),
        (HEAD + "files = 3\n", r"files: must be a list of tables"),
        (HEAD.replace("10", "-1"), "a radius of -1 km"),
        (HEAD + file(file="data/a.csv"), "source: is required"),
    ],
)
def test_wrong_tables(tmp_path: Path, text: str, expected: str) -> None:
    with pytest.raises(SourceError, match=expected):
        read_plan(study_of(tmp_path, text))


def test_a_study_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match=r"study.toml: file not found"):
        fetch_study(tmp_path / "study.toml", cache=tmp_path / "cache")


def test_files_that_need_each_other_are_told(tmp_path: Path) -> None:
    text = HEAD + "".join(
        file(file=f"data/{a}.csv", source="spread", counts=f"data/{b}.csv", points="data/p.csv")
        for a, b in (("a", "b"), ("b", "a"))
    )
    with pytest.raises(SourceError, match=r"need each other in a circle: data/a.csv, data/b.csv"):
        fetch_study(study_of(tmp_path, text), cache=tmp_path / "cache")


def test_a_file_of_the_study_that_is_missing_is_told(tmp_path: Path) -> None:
    text = HEAD + file(file="data/a.csv", source="spread", counts="jobs.csv", points="p.csv")
    with pytest.raises(SourceError, match=r"\(data/a.csv\): data/zones.gpkg is not there"):
        fetch_study(study_of(tmp_path, text), cache=tmp_path / "cache")


def test_one_bad_source_does_not_hide_another(web: Web, tmp_path: Path) -> None:
    web.files["/good.csv"] = b"x\n"
    text = HEAD + "".join(
        file(file=f"data/{name}.csv", source="url", url=web.at(f"/{name}.csv"))
        for name in ("bad", "good", "worse")
    )
    study = study_of(tmp_path, text)
    with pytest.raises(SourceError) as caught:
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    assert [f.where.rsplit("/", 1)[1] for f in caught.value.faults] == ["bad.csv", "worse.csv"]
    assert (tmp_path / "data" / "good.csv").is_file()
    assert sorted(p.name for p in (tmp_path / "data").iterdir()) == ["good.csv"]
    assert not (tmp_path / "study.lock").exists()
    web.files["/bad.csv"] = web.files["/worse.csv"] = b"y\n"
    asked: list[str] = []
    fetch_study(
        study,
        cache=tmp_path / "cache",
        policy=PATIENT,
        on_file=lambda name, how: asked.append(name),
    )
    assert sorted(asked) == ["data/bad.csv", "data/good.csv", "data/worse.csv"]
    assert check_lock(study) is not None


@pytest.mark.parametrize(
    "content", ["", "nonsense", "[]", "{}", '{"version": 1}', '{"version": 1, "files": 3}']
)
def test_a_lock_that_is_none_is_told(tmp_path: Path, content: str) -> None:
    study = study_of(tmp_path, HEAD)
    study.with_suffix(".lock").write_text(content)
    with pytest.raises(SourceError, match=r"study.lock: is no lock.*delete it and fetch again"):
        check_lock(study)


def test_a_lock_of_another_version_is_told(tmp_path: Path) -> None:
    study = study_of(tmp_path, HEAD)
    study.with_suffix(".lock").write_text('{"version": 2}')
    with pytest.raises(SourceError, match="is a lock of another version - fetch --update"):
        check_lock(study)


def test_an_entry_more_keeps_the_others_locked(web: Web, tmp_path: Path) -> None:
    web.files["/a.csv"] = b"a\n"
    web.files["/b.csv"] = b"b\n"
    text = HEAD + file(file="data/a.csv", source="url", url=web.at("/a.csv"))
    study = study_of(tmp_path, text)
    first = fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    web.files["/a.csv"] = b"newer\n"
    study_of(tmp_path, text + file(file="data/b.csv", source="url", url=web.at("/b.csv")))
    second = fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    assert second.files[0] == first.files[0]
    assert (tmp_path / "data" / "a.csv").read_bytes() == b"a\n"
    assert len(second.downloads) == 2


def test_a_file_brought_along_that_changes_is_seen(web: Web, tmp_path: Path) -> None:
    lau = "/gisco/distribution/v2/lau/geojson/LAU_RG_01M_2021_4326.geojson"
    web.files[lau] = collection(
        [
            (
                {"GISCO_ID": "a", "CNTR_CODE": "NL", "LAU_NAME": "a", "POP_2021": 1},
                shapely.box(6.89, 52.19, 6.91, 52.21),
            )
        ]
    )
    (tmp_path / "jobs.csv").write_text("zone_id,value\na,10\n")
    (tmp_path / "points.csv").write_text("lon,lat\n6.9,52.2\n")
    study = study_of(
        tmp_path,
        HEAD
        + f'[fetch.hosts]\ngisco = "{web.at("/gisco")}"\n'
        + file(file="data/zones.gpkg", source="gisco-lau")
        + file(file="data/cells.csv", source="spread", counts="jobs.csv", points="points.csv"),
    )
    fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    assert check_lock(study) is not None
    (tmp_path / "jobs.csv").write_text("zone_id,value\na,77\n")
    with pytest.raises(SourceError, match=r"others are made of changed since: 'jobs.csv'"):
        check_lock(study)
    fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    assert check_lock(study) is not None
    assert "77" in (tmp_path / "data" / "cells.csv").read_text()


def test_hosts_that_are_none_are_told() -> None:
    from halfcircle.sources.hosts import checked

    assert checked(Hosts(gisco="https://mirror.example/")).gisco == "https://mirror.example"
    with pytest.raises(SourceError, match="hosts gisco: must be an address"):
        checked(Hosts(gisco="mirror"))


def test_the_cache_can_be_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HALFCIRCLE_CACHE", str(tmp_path))
    assert default_cache() == tmp_path
    monkeypatch.delenv("HALFCIRCLE_CACHE")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x"))
    assert default_cache().parts[-2:] == ("halfcircle", "downloads")
