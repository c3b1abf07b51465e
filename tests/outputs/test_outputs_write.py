"""All outputs together: what is written, named in the manifest, and the same twice."""

from __future__ import annotations

import hashlib
import json

import pytest

from halfcircle import outputs
from halfcircle.errors import OutputError
from halfcircle.outputs import write_outputs


def test_everything_is_written_and_listed(make_run, tmp_path):
    written = write_outputs(make_run(5, border=True, grid=True), tmp_path)
    names = {path.relative_to(tmp_path).as_posix() for path in written}
    assert {
        "reach.parquet",
        "unreached.parquet",
        "border.parquet",
        "sectors.parquet",
        "zones.csv",
        "indicators.csv",
        "data_dictionary.csv",
        "datapackage.json",
        "study.gpkg",
        "rasters/jobs_transit_p50_45min.tif",
        "maps/reach.html",
        "report.html",
        "manifest.json",
        "timings.json",
    } <= names
    # Nothing else is left lying about.
    assert {p for p in tmp_path.rglob("*") if p.is_file()} == set(written)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    listed = {entry["path"]: entry for entry in manifest["outputs"]}
    assert set(listed) == names - {"manifest.json", "timings.json"}
    for name, entry in listed.items():
        content = (tmp_path / name).read_bytes()
        assert entry["bytes"] == len(content)
        assert entry["sha256"] == hashlib.sha256(content).hexdigest()


def test_manifest_tells_what_and_from_what(make_run, tmp_path):
    write_outputs(make_run(4), tmp_path)
    manifest = json.loads((tmp_path / "manifest.json").read_text(encoding="utf-8"))
    assert manifest["study"] == {"name": "Three countries & <towns>", "hash": "0123456789abcdef"}
    assert manifest["zones"]["count"] == 16
    assert manifest["libraries"]["numpy"]
    assert manifest["inputs"][1]["sha256"] == "cd" * 32
    assert manifest["opportunities"][0]["zones_without_data"] == 1
    assert manifest["unreached"] == {"transit": {"no_service": 1}}
    assert manifest["notices"][0]["count"] == 7
    assert manifest["settings"]["speeds_kmh"] == {"bike": 14.0, "walk": 4.5}
    timings = json.loads((tmp_path / "timings.json").read_text(encoding="utf-8"))
    assert timings == {"seconds": {"streets": 1.25, "transit": 3.5}}


def test_two_runs_leave_the_same_bytes(make_run, tmp_path):
    first = write_outputs(make_run(4, border=True), tmp_path / "a", language="nl")
    second = write_outputs(
        make_run(4, border=True, timings_s={"streets": 99.0}), tmp_path / "b", language="nl"
    )
    for a, b in zip(first, second, strict=True):
        same = a.read_bytes() == b.read_bytes()
        assert same is (a.name != "timings.json"), a.name


def test_public_names_are_there():
    assert outputs.__all__ == sorted(outputs.__all__, key=lambda name: (not name.isupper(), name))
    assert all(hasattr(outputs, name) for name in outputs.__all__)


def test_unknown_language_is_said(make_run, tmp_path):
    with pytest.raises(OutputError, match="language 'fr' is not known; known: en, nl, de"):
        write_outputs(make_run(3), tmp_path, language="fr")


def test_folder_that_cannot_be_made_is_said(make_run, tmp_path):
    (tmp_path / "out").write_text("in the way")
    with pytest.raises(OutputError, match="out: cannot be written"):
        write_outputs(make_run(3), tmp_path / "out")
