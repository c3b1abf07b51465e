"""The command line as users meet it: exit codes, messages, help."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import halfcircle
from halfcircle.study.cli import main


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--version"]) == 0
    assert capsys.readouterr().out == f"halfcircle {halfcircle.__version__}\n"


@pytest.mark.parametrize("command", [[], ["run"], ["check"], ["demo"]])
def test_help_of_every_command_has_an_example(
    command: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main([*command, "--help"]) == 0
    text = capsys.readouterr().out
    assert "halfcircle demo" in text if not command else "Example: halfcircle" in text


@pytest.mark.parametrize(
    "arguments", [["fly"], ["run"], ["run", "a.toml", "--workers", "0"], ["demo", "atlantis"], []]
)
def test_wrong_usage_ends_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(arguments) == 2
    captured = capsys.readouterr()
    assert "usage: halfcircle" in captured.err + captured.out


def test_wrong_input_ends_with_1_and_one_message(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    study = tmp_path / "study.toml"
    study.write_text('[study]\nname = "x"\n[zones]\npath = "z.gpkg"\nidd = "a"\n')
    assert main(["run", str(study)]) == 1
    error = capsys.readouterr().err
    assert "study.toml:5 [zones] idd: is no key of this table - did you mean 'id'?" in error
    assert "Traceback" not in error


def test_demo_and_check(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "d"
    assert main(["demo", "--out", str(folder), "--quiet"]) == 0
    assert capsys.readouterr().err == ""
    assert (folder / "out" / "report.html").exists()
    assert main(["check", str(folder / "study.toml")]) == 0
    assert "study.toml: can run" in capsys.readouterr().out


def test_check_tells_all_faults(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["demo", "--out", str(tmp_path), "--quiet"])
    (tmp_path / "zones.gpkg").unlink()
    (tmp_path / "region.osm.pbf").write_bytes(b"")
    assert main(["check", str(tmp_path / "study.toml")]) == 1
    text = capsys.readouterr().out
    assert "file not found" in text
    assert "zones.gpkg" in text
    assert "region.osm.pbf: the file is empty" in text


def test_check_of_feeds_as_text_and_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    main(["demo", "--out", str(tmp_path), "--quiet"])
    feed = str(tmp_path / "halelijn.gtfs.zip")
    capsys.readouterr()
    assert main(["check", feed]) == 0
    assert "halelijn" in capsys.readouterr().out
    assert main(["check", feed, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)
    broken = tmp_path / "broken.zip"
    broken.write_bytes(b"PK no zip")
    assert main(["check", str(broken)]) == 1
    assert "broken" in capsys.readouterr().out


def test_list_of_demos(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["demo", "--list"]) == 0
    assert capsys.readouterr().out.startswith("twin-towns: ")


def test_ctrl_c_says_how_to_go_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("halfcircle.study.run.run_study", interrupted)
    assert main(["run", str(tmp_path / "x.toml")]) == 130
    assert "run it again to go on" in capsys.readouterr().err


def test_as_a_module_off_a_terminal_without_colours_or_bars(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "halfcircle", "demo", "--out", str(tmp_path / "d")]
    done = subprocess.run(command, capture_output=True, text=True, env=os.environ, check=False)
    assert done.returncode == 0, done.stderr
    assert "reach by transit: " in done.stderr
    assert "\r" not in done.stderr
    assert "\x1b" not in done.stderr


def test_check_knows_the_penalties(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    main(["demo", "--out", str(tmp_path), "--quiet"])
    study = tmp_path / "study.toml"
    text = study.read_text(encoding="utf-8")
    study.write_text(text.replace('from = "NL", to = "DE"', 'from = "NL", to = "FR"', 1), "utf-8")
    capsys.readouterr()
    assert main(["check", str(study)]) == 1
    assert "no zone is in country 'FR'" in capsys.readouterr().out
