"""What is imported when: nobody waits for what they do not use."""

from __future__ import annotations

import subprocess
import sys

import pytest

HEAVY = ("folium", "geopandas", "numba", "osmium", "pandas", "rasterio", "requests", "scipy")
# A run draws its map at the end, and downloads nothing.
LATE = ("branca", "folium", "matplotlib", "rasterio", "requests", "scipy.ndimage", "urllib3")


def imported_after(code: str, names: tuple[str, ...]) -> list[str]:
    ask = f"import sys\n{code}\nprint('imported:', *(n for n in {names!r} if n in sys.modules))"
    done = subprocess.run([sys.executable, "-c", ask], check=True, capture_output=True, text=True)
    return done.stdout.rpartition("imported:")[2].split()


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["run", "--help"], ["run"], ["demo", "--list"]]
)
def test_help_and_wrong_usage_import_nothing_that_computes(arguments: list[str]) -> None:
    code = f"from halfcircle.study.cli import main\nmain({arguments!r})"
    assert imported_after(code, HEAVY) == []


def test_a_run_imports_late_what_it_needs_late() -> None:
    assert imported_after("import halfcircle.study.run", LATE) == []


def test_a_name_of_the_roof_is_imported_when_asked_for() -> None:
    assert imported_after("import halfcircle.study", HEAVY) == []
    assert "numba" in imported_after("from halfcircle.study import run_study", HEAVY)


def test_a_name_that_the_roof_does_not_have() -> None:
    import halfcircle.study

    with pytest.raises(AttributeError, match=r"'halfcircle\.study' has no attribute 'run_studdy'"):
        halfcircle.study.run_studdy  # noqa: B018
    assert set(halfcircle.study.__all__) <= set(dir(halfcircle.study))
