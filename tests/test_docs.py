"""README and docs: what they show runs as written, what they link to is there."""

import doctest
import re
import tomllib
from pathlib import Path

import pytest

from halfcircle.study.cli import main
from halfcircle.study.settings.measures_keys import KINDS
from halfcircle.study.settings.study_file import read_study

ROOT = Path(__file__).resolve().parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])


def blocks(page: Path, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def test_the_python_of_the_readme_gives_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = "\n".join(blocks(ROOT / "README.md", "python"))
    example = doctest.DocTestParser().get_doctest(shown, {}, "README.md", None, 0)
    assert len(example.examples) >= 5
    runner = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    runner.run(example)
    assert runner.failures == 0


def test_the_study_of_the_readme_is_one(tmp_path: Path) -> None:
    (toml,) = blocks(ROOT / "README.md", "toml")
    (tmp_path / "study.toml").write_text(toml, encoding="utf-8")
    assert read_study(tmp_path / "study.toml").name == tomllib.loads(toml)["study"]["name"]


def test_the_commands_of_the_readme_exist(capsys: pytest.CaptureFixture[str]) -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    shown = set(re.findall(r"halfcircle (demo|run|check|compare|new|fetch|explore)\b", text))
    assert shown >= {"demo", "run", "check"}
    for command in shown:
        assert main([command, "--help"]) == 0
    assert "Example" in capsys.readouterr().out


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#\s]+)", text):
        if not target.startswith(("http://", "https://", "mailto:")):
            assert (page.parent / target).exists(), f"{page.name} links to {target}"


def test_every_key_of_the_study_file_is_documented() -> None:
    page = (ROOT / "docs" / "study-file.md").read_text(encoding="utf-8")
    files = sorted((ROOT / "halfcircle" / "study").glob("study_file*.py"))
    source = "\n".join(file.read_text(encoding="utf-8") for file in files)
    read = (
        r"\.(?:text|number_or|number|integer|numbers|texts|number_map|text_map|flag|path|raw)\(\s*"
    )
    keys = set(re.findall(read + r'"(\w+)"', source))
    keys |= {key for kind in KINDS.values() for key in kind} | set(KINDS)
    documented = set(re.findall(r"`([\w-]+)`", page)) | set(re.findall(r"\b(\w+) = ", page))
    assert keys - documented == set()


def test_the_measures_of_the_docs_are_ones_that_a_study_may_ask_for(tmp_path: Path) -> None:
    text = "\n".join(blocks(ROOT / "docs" / "measures.md", "toml"))
    names = ("jobs", "workers", "schools", "creches", "pupils", "no_car", "population")
    study = tmp_path / "study.toml"
    study.write_text(
        '[study]\nname = "docs"\n[zones]\npath = "z.gpkg"\n'
        + "".join(f'[[opportunities]]\nname = "{n}"\npath = "z.gpkg"\n' for n in names)
        + '[streets]\nplace = "Maastricht"\n'
        + '[transit]\nfeeds = [{ id = "f", path = "f.zip" }]\ndate = 2026-05-12\n'
        + 'window = ["07:00", "09:00"]\ntime_zone = "Europe/Amsterdam"\n'
        + '[reach]\nmodes = ["bike", "car", "transit"]\n'
        + text,
        encoding="utf-8",
    )
    shown = read_study(study).measures
    variants = {"three-step-catchment", "balanced-catchment"}
    assert {config.kind for config in shown} == set(KINDS) - variants
    keys = {key for entry in tomllib.loads(text)["measures"] for key in entry}
    assert {key for kind in KINDS.values() for key in kind} <= keys
