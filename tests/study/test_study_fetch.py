"""`halfcircle new`, `fetch` and `run` one after the other, against a local host."""

import json
from pathlib import Path

import pytest

from halfcircle.demo import write_demo
from halfcircle.errors import StudyError
from halfcircle.study import Progress, read_inputs, read_study
from halfcircle.study.cli import main


def test_help_names_every_source_option(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["new", "--help"]) == 0
    assert "--radius-km" in capsys.readouterr().out
    assert main(["fetch", "--help"]) == 0
    assert "--offline" in capsys.readouterr().out


def test_fetch_of_a_study_that_names_no_data(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = write_demo(tmp_path)
    code = main(["fetch", str(study)])
    captured = capsys.readouterr()
    assert code in (0, 1)
    assert "Traceback" not in captured.err


def test_a_study_that_was_not_fetched_says_so(tmp_path: Path) -> None:
    study = write_demo(tmp_path)
    text = study.read_text(encoding="utf-8")
    text += (
        '\n[fetch]\nplace = "x"\nlon = 6.8\nlat = 52.2\nradius_km = 5\n'
        '[[fetch.files]]\nfile = "data/zones.gpkg"\nsource = "url"\n'
        'url = "https://example.org/zones.gpkg"\n'
    )
    study.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="fetch"):
        read_inputs(read_study(study), Progress(quiet=True))


def test_what_the_lock_knows_is_in_the_sources(tmp_path: Path) -> None:
    from halfcircle.sources.lock import Lock, LockedFile
    from halfcircle.study.inputs.sources import study_sources

    study = read_study(write_demo(tmp_path))
    locked = LockedFile(
        "zones.gpkg", "gisco-lau", "0" * 64, 1, "CC BY 4.0", "2021", "spread over buildings",
        ("3 zones without people",), (), {},
    )  # fmt: skip
    sources = study_sources(study, Lock("study.toml", "", (), (locked,)))
    zones = next(source for source in sources if source.role == "zones")
    assert zones.licence == "CC BY 4.0"
    assert zones.vintage == "2021"
    assert zones.text == "spread over buildings; 3 zones without people"
    assert json.dumps(zones.n_bytes)
