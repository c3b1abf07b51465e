"""The public list of every room: in order, all there, all documented, importable on its own."""

from __future__ import annotations

import importlib
import inspect
import subprocess
import sys

import pytest

ROOMS = (
    "halfcircle",
    "halfcircle.access",
    "halfcircle.access.streets",
    "halfcircle.access.transit",
    "halfcircle.demo",
    "halfcircle.gtfs",
    "halfcircle.outputs",
    "halfcircle.regions",
    "halfcircle.sources",
    "halfcircle.study",
)
# What a reader of the README, the docs or the tutorial relies on.
PROMISED = {
    "halfcircle": {"Fault", "Grid", "HalfcircleError", "Opportunities", "Places", "Zones"},
    "halfcircle.gtfs": {"Timetable", "build_timetable", "check_feeds", "read_feed"},
    "halfcircle.regions": {"Flows", "Regions", "build_labour_market_areas", "delineate"},
    "halfcircle.outputs": {
        *("RunResult", "TABLES", "check_claims", "circle_pair", "isochrones", "write_outputs"),
    },
    "halfcircle.study": {"read_study", "run_study", "study_result"},
    "halfcircle.demo": {"write_demo"},
}


@pytest.mark.parametrize("room", ROOMS)
def test_the_list_is_in_order_and_without_repeats(room: str) -> None:
    names = importlib.import_module(room).__all__
    assert len(names) == len(set(names))
    # As ruff sorts it: CONSTANTS, then Classes, then functions.
    kinds = [0 if n.isupper() else 1 if n.lstrip("_")[:1].isupper() else 2 for n in names]
    assert list(zip(kinds, names, strict=True)) == sorted(zip(kinds, names, strict=True))


@pytest.mark.parametrize("room", ROOMS)
def test_what_is_named_is_there_and_says_what_it_is(room: str) -> None:
    module = importlib.import_module(room)
    for name in module.__all__:
        thing = getattr(module, name)
        if inspect.isclass(thing) or inspect.isfunction(thing):
            # Words that dataclass made up from the signature are none.
            doc = thing.__doc__ or ""
            assert doc.strip(), name
            assert not doc.startswith(f"{name}("), name
            assert thing.__module__.startswith("halfcircle."), name


@pytest.mark.parametrize("room", sorted(PROMISED))
def test_what_was_promised_is_public(room: str) -> None:
    assert PROMISED[room] <= set(importlib.import_module(room).__all__)


def test_the_ground_floor_is_light() -> None:
    """Importing the package reads no maps, no timetables and no data frames of shapes."""
    code = "import halfcircle, sys; print(sorted({m.partition('.')[0] for m in sys.modules}))"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    for heavy in ("folium", "geopandas", "numba", "osmium", "rasterio", "xarray"):
        assert f"'{heavy}'" not in done.stdout
