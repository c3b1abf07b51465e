"""An opportunity that comes as a total with its parts is counted once, wherever it is counted."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from halfcircle.outputs.headlines import _total
from halfcircle.outputs.layers import LayerKey
from halfcircle.outputs.map_data import zone_sizes
from halfcircle.outputs.statistics import weights_of
from halfcircle.places import Opportunities
from halfcircle.study import run_study, study_result

STUDY = """
[study]
name = "x"
[zones]
path = "z.gpkg"
country = "country"
[[opportunities]]
name = "jobs"
path = "z.gpkg"
column = "jobs"
columns = { low = "low", high = "high" }
[[opportunities]]
name = "population"
path = "z.gpkg"
column = "people"
columns = { young = "young", old = "old" }
[reach]
modes = ["crow_fly"]
bands_min = [30]
[border]
[border.realised]
workers = "population"
jobs = "jobs"
[isochrones]
places = ["a"]
[[scenarios]]
name = "new"
[[scenarios.edits]]
type = "add_opportunities"
opportunity = "jobs"
zones = ["b"]
amount = 100
[[scenarios]]
name = "taken"
[[scenarios.edits]]
type = "move_opportunities"
opportunity = "jobs"
from = ["a"]
to = ["b"]
amount = 10
[[scenarios]]
name = "schooled"
[[scenarios.edits]]
type = "scale_opportunities"
opportunity = "jobs"
group = "low"
zones = ["a"]
factor = 0.5
"""
JOBS = {"a": 40.0, "b": 160.0}


@pytest.fixture
def study(tmp_path: Path) -> Path:
    shapes = [shapely.box(x, 3_100_000, x + 1000, 3_101_000) for x in (4_020_000, 4_021_000)]
    zones = {
        "zone_id": ["a", "b"],
        "country": ["NL", "DE"],
        "jobs": [40, 160],
        "low": [30, 90],
        "high": [10, 70],
        "people": [100, 300],
        "young": [60, 100],
        "old": [40, 200],
    }
    gpd.GeoDataFrame(zones, geometry=shapes, crs="EPSG:3035").to_file(tmp_path / "z.gpkg")
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    return tmp_path / "study.toml"


def test_total_of_groups() -> None:
    both = Opportunities("jobs", np.array([[3.0, 9.0], [1.0, np.nan]]), ("low", "high"))
    np.testing.assert_array_equal(both.total, [4.0, np.nan])
    told = Opportunities("jobs", np.array([[1.0, 2.0], [5.0, np.nan]]), ("low", "all"))
    np.testing.assert_array_equal(told.total, [5.0, np.nan])


def test_results_count_once(study: Path) -> None:
    result = study_result(study)
    assert weights_of(result).values.tolist() == [100.0, 300.0]
    assert zone_sizes(result).tolist() == [100.0, 300.0]
    assert _total(result, LayerKey("jobs", "crow_fly", 30.0, 50)) == 200.0
    (circle,) = result.isochrones
    assert circle.within(result.zones, result.opportunities) == (200.0,)
    assert circle.within(result.zones, result.opportunities, domestic=True) == (40.0,)
    potential = result.border_potential
    assert potential is not None
    rows = potential.drop_duplicates("from_country").set_index("from_country")
    assert rows["workers"].to_dict() == {"NL": 100.0, "DE": 300.0}
    assert rows["jobs_open"].max() <= 200.0
    assert rows["jobs_closed"].max() <= 160.0


@pytest.mark.parametrize(("name", "delta"), [("new", 100.0), ("taken", 0.0), ("schooled", -15.0)])
def test_scenarios_count_once(study: Path, name: str, delta: float) -> None:
    result = study_result(study)
    table = result.scenarios
    assert table is not None
    rows = table[(table["scenario"] == name) & (table["opportunity"] == "jobs")]
    assert rows["baseline"].tolist() == [200.0, 200.0]
    assert rows["delta"].tolist() == [delta, delta]


def test_edits_keep_total_and_parts_together(study: Path) -> None:
    run_study(study)
    reach = pd.read_parquet(study.parent / "out" / "reach.parquet")
    jobs = reach[(reach["opportunity"] == "jobs") & (reach["zone_id"] == "a")]
    found = jobs.pivot_table(index="scenario", columns="group", values="value")
    np.testing.assert_allclose(found["all"], found["low"] + found["high"])
    assert found.loc["new", "low"] == pytest.approx(120 + 100 * 120 / 200)
    # Ten of the forty jobs in a move; nothing is lost on the way.
    assert found.loc["taken"].to_dict() == pytest.approx({"all": 200, "low": 120, "high": 80})
    assert found.loc["schooled"].to_dict() == pytest.approx({"all": 185, "low": 105, "high": 80})
