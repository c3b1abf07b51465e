"""Hard closed and the land of countries, in the twin towns with other borders through them."""

import json
import shutil
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from halfcircle.demo import write_demo
from halfcircle.demo.layout import to_lonlat
from halfcircle.errors import HalfcircleError
from halfcircle.study import run_study

STUDY = """
[study]
name = "closed"
[zones]
path = "zones.gpkg"
country = "country"
population = "population"
[[opportunities]]
name = "jobs"
path = "zones.gpkg"
column = "jobs"
[streets]
osm = ["region.osm.pbf"]
[reach]
modes = ["bike"]
bands_min = [15, 240]
[border]
"""
WALL_M = (-4500, -3500)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(tmp_path_factory.mktemp("demo")).parent


def walled(demo: Path, folder: Path) -> gpd.GeoDataFrame:
    """Zones with a foreign strip from north to south through the Dutch side, west of Coevelde."""
    for name in ("region.osm.pbf", "zones.gpkg"):
        shutil.copy(demo / name, folder / name)
    zones = gpd.read_file(folder / "zones.gpkg")
    west, east = (to_lonlat(x, 0)[0] for x in WALL_M)
    lon = zones.geometry.representative_point().to_crs(4326).x
    zones.loc[(lon > west) & (lon < east), "country"] = "BE"
    zones["lon"] = lon
    zones.to_file(folder / "zones.gpkg")
    return zones


def run(folder: Path, border: str) -> Path:
    (folder / "study.toml").write_text(STUDY + border)
    run_study(folder / "study.toml", workers=1)
    return folder / "out"


def test_closed_crossings_also_stop_ways_through_the_other_country(
    demo: Path, tmp_path: Path
) -> None:
    """Within four hours by bicycle is all there is: what is left is one's own side."""
    zones = walled(demo, tmp_path)
    out = run(tmp_path, "hard_closed = true\n")
    border = pd.read_parquet(out / "border.parquet").set_index("zone_id")
    border = border[border["band_min"] == 240]
    whole = border[border["measure"] == "cumulative"]
    closed = border[border["measure"] == "cumulative_hard_closed"]
    jobs = zones.set_index("zone_id")["jobs"]
    country = zones.set_index("zone_id")["country"]
    west = (zones.set_index("zone_id")["lon"] < to_lonlat(WALL_M[0], 0)[0]).to_numpy()
    dutch = (country == "NL").to_numpy()
    total = jobs[dutch].sum()
    assert (whole.loc[country.index[dutch], "reach_domestic"] == total).all()
    for side in (dutch & west, dutch & ~west):
        here = country.index[side]
        found = closed.loc[here, "reach_domestic"]
        np.testing.assert_array_equal(found, np.full(len(here), jobs[side].sum()))
        expected = 1 - jobs[side].sum() / jobs.sum()
        np.testing.assert_allclose(closed.loc[here, "loss"], expected)
    np.testing.assert_array_equal(closed["reach_open"], whole["reach_open"])
    summary = pd.read_parquet(out / "border_summary.parquet")
    shut = summary[summary["measure"] == "cumulative_hard_closed"]
    assert set(shut["region"]) == {"all", "NL", "DE", "BE"}
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    [notice] = [n for n in manifest["notices"] if n["where"] == "[border] hard_closed"]
    assert any(value.startswith("BE-NL: ") for value in notice["values"])
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "Lost, crossings closed" in report


def test_land_from_a_file_tells_sea_from_border(demo: Path, tmp_path: Path) -> None:
    for name in ("region.osm.pbf", "zones.gpkg"):
        shutil.copy(demo / name, tmp_path / name)
    zones = gpd.read_file(tmp_path / "zones.gpkg")
    # Land goes on in the west and ends with the last zone elsewhere.
    home = shapely.union_all(zones.loc[zones["country"] == "NL", "geometry"].to_numpy())
    west, south, _, north = home.bounds
    beyond = shapely.box(west - 60_000, south - 60_000, west + 5_000, north + 60_000)
    abroad = shapely.union_all(zones.loc[zones["country"] == "DE", "geometry"].to_numpy())
    land = gpd.GeoDataFrame(
        {"iso": ["NL", "DE"]},
        geometry=[home.union(beyond.difference(abroad)), abroad],
        crs=zones.crs,
    )
    land.to_crs(4326).to_file(tmp_path / "land.gpkg")
    out = run(tmp_path, 'land = "land.gpkg"\nland_country = "iso"\nhard_closed = true\n')
    table = pd.read_parquet(out / "border_land.parquet").set_index("zone_id")
    lon = zones.set_index("zone_id").geometry.representative_point().to_crs(4326).x
    first, last = lon.idxmin(), lon.idxmax()
    assert table.loc[first, "own_of_land"] > 0.8
    assert table.loc[last, "own_of_land"] < 0.5
    assert (table["land_of_disk"] < 1).all()
    assert "Water around" in (out / "report.html").read_text(encoding="utf-8")


def test_zones_on_the_wrong_side_of_the_land_file(demo: Path, tmp_path: Path) -> None:
    for name in ("region.osm.pbf", "zones.gpkg"):
        shutil.copy(demo / name, tmp_path / name)
    zones = gpd.read_file(tmp_path / "zones.gpkg")
    zones["iso"] = zones["country"].map({"NL": "DE", "DE": "NL"})
    zones.dissolve("iso").reset_index()[["iso", "geometry"]].to_file(tmp_path / "land.gpkg")
    with pytest.raises(HalfcircleError, match="lie in another country than they say"):
        run(tmp_path, 'land = "land.gpkg"\nland_country = "iso"\n')


def test_points_have_no_land(tmp_path: Path, demo: Path) -> None:
    shutil.copy(demo / "region.osm.pbf", tmp_path)
    lon, lat = to_lonlat([-6000, 6000], [0, 0])
    rows = [f"{i},{x},{y},{c},5" for i, x, y, c in zip("ab", lon, lat, ("NL", "DE"), strict=True)]
    (tmp_path / "zones.csv").write_text("zone_id,lon,lat,country,jobs\n" + "\n".join(rows) + "\n")
    text = STUDY.replace("zones.gpkg", "zones.csv").replace('population = "population"\n', "")
    (tmp_path / "study.toml").write_text(text + "hard_closed = true\n")
    with pytest.raises(HalfcircleError, match="zones are points: where the border runs"):
        run_study(tmp_path / "study.toml")
