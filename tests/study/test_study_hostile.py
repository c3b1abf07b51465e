"""Study files and commands as they should not be: a message and no traceback."""

from __future__ import annotations

from pathlib import Path

import pytest

from halfcircle.demo import write_demo
from halfcircle.errors import StudyError
from halfcircle.study.check import check_study
from halfcircle.study.cli import main
from halfcircle.study.settings.study_file import read_study

STUDY = """
[study]
name = "x"
[zones]
path = "zones.csv"
[[opportunities]]
name = "jobs"
path = "{path}"
nodata = {nodata}
"""


@pytest.mark.parametrize(
    ("path", "nodata", "message"),
    [
        ("~nobody-of-that-name/x.csv", "0", "path: there is no such user's folder"),
        ("a\\u0000b", "0", "path: is no name of a file"),
        ("x.csv", "1" + "0" * 400, "nodata: is too large a number"),
    ],
)
def test_values_that_python_stumbles_over(
    tmp_path: Path, path: str, nodata: str, message: str
) -> None:
    file = tmp_path / "study.toml"
    file.write_text(STUDY.format(path=path, nodata=nodata))
    with pytest.raises(StudyError, match=message):
        read_study(file)


def test_a_name_that_is_too_long_is_a_message(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["run", "x" * 300]) == 1
    assert "cannot read or write" in capsys.readouterr().err


def test_an_output_folder_that_is_a_file_is_no_wrong_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "out").write_text("")
    assert main(["demo", "--quiet", "--out", str(tmp_path / "out")]) == 1
    assert "halfcircle: cannot write\n" in capsys.readouterr().err


def test_a_date_without_service_is_to_be_repaired(tmp_path: Path) -> None:
    study = write_demo(tmp_path)
    study.write_text(study.read_text("utf-8").replace("= 2026-05-12", "= 1999-05-12"), "utf-8")
    text, good = check_study(study)
    assert not good
    assert "2 to repair" in text
    assert "no trip runs on Wednesday 1999-05-12" in text
