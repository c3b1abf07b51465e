"""GeoPackage: read back by GDAL, columns titled, styles that QGIS finds."""

from __future__ import annotations

import dataclasses
import shutil
import sqlite3
import subprocess
import xml.etree.ElementTree as ET
from contextlib import closing

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely

from halfcircle import Places, Zones
from halfcircle.errors import OutputError
from halfcircle.outputs import (
    LayerKey,
    Texts,
    build_delta_layers,
    build_layers,
    build_loss_layers,
    write_geopackage,
    write_regions,
)


def write(result, path, language="en"):
    texts = Texts(language)
    return write_geopackage(
        result, build_layers(result), build_loss_layers(result), path, texts=texts
    )


def rows(path, query):
    with closing(sqlite3.connect(path)) as database:
        return database.execute(query).fetchall()


def test_zones_come_back_as_they_were(make_run, tmp_path):
    result = make_run(5, border=True)
    path = write(result, tmp_path / "study.gpkg")
    assert [str(row[0]) for row in pyogrio.list_layers(path)][:2] == ["zones", "border"]
    back = gpd.read_file(path, layer="zones", engine="pyogrio")
    assert list(back["zone_id"]) == list(result.zones.zone_id)
    assert list(back["name"][:4]) == list(result.zones.label[:4])
    assert back.crs == result.zones.crs
    assert shapely.equals(back.geometry.array, result.zones.geometry).all()
    layers = build_layers(result)
    for key, values in zip(layers.keys, layers.values, strict=True):
        name = f"{key.opportunity}_{key.mode}_p{key.percentile}_{key.band_min:g}min"
        np.testing.assert_array_equal(back[name], values)
    assert np.isnan(back["jobs_transit_p50_45min"][5])
    assert "loss_jobs_car_45min" in back


def test_columns_have_titles(make_run, tmp_path):
    path = write(make_run(4), tmp_path / "study.gpkg", "nl")
    titles = dict(rows(path, "SELECT column_name, title FROM gpkg_data_columns"))
    assert titles["jobs_transit_p50_45min"] == "Banen, openbaar vervoer, 45 min (mediaan)"


def test_one_style_is_the_default(make_run, tmp_path):
    path = write(make_run(4, border=True), tmp_path / "study.gpkg")
    query = "SELECT f_table_name, styleName FROM layer_styles WHERE useAsDefault"
    assert set(rows(path, query)) == {
        ("zones", "jobs_transit_p50_45min"),
        ("border", "border"),
    }
    registered = rows(path, "SELECT table_name, data_type FROM gpkg_contents ORDER BY 1")
    assert ("layer_styles", "attributes") in registered
    columns = {row[1] for row in rows(path, "PRAGMA table_info(layer_styles)")}
    assert {"f_table_name", "f_geometry_column", "styleQML", "useAsDefault"} <= columns


def test_styles_put_every_zone_into_one_rule(make_run, tmp_path):
    result = make_run(6, border=True)
    path = write(result, tmp_path / "study.gpkg")
    query = "SELECT styleName, styleQML FROM layer_styles WHERE f_table_name = 'zones'"
    styles = rows(path, query)
    assert len(styles) == 60
    for _, qml in styles:
        tree = ET.fromstring(qml)
        symbols = {symbol.get("name") for symbol in tree.iter("symbol")}
        rules = list(tree.iter("rule"))
        assert rules
        counted = 0
        for rule in rules:
            assert rule.get("symbol") in symbols
            assert rule.get("label")
            # The filters are SQL: the file itself says which zones they take.
            where = rule.get("filter")
            counted += rows(path, f"SELECT count(*) FROM zones WHERE {where}")[0][0]
        assert counted == len(result.zones)
    missing = ET.fromstring(styles[0][1]).find(".//symbol[@name='0']/layer")
    assert missing is not None
    assert missing.get("class") == "LinePatternFill"


def test_same_results_give_the_same_bytes(make_run, tmp_path):
    first = write(make_run(5, border=True), tmp_path / "a.gpkg")
    second = write(make_run(5, border=True), tmp_path / "b.gpkg")
    assert first.read_bytes() == second.read_bytes()
    # Written over an earlier file, too.
    assert write(make_run(5, border=True), second).read_bytes() == first.read_bytes()


def test_border_is_the_edge_between_countries(make_run, tmp_path):
    result = make_run(8)
    path = write(result, tmp_path / "study.gpkg")
    line = gpd.read_file(path, layer="border", engine="pyogrio").geometry[0]
    country = result.zones.places.country
    areas = [
        shapely.union_all(result.zones.geometry[country == side]) for side in ("BE", "DE", "NL")
    ]
    expected = sum(
        shapely.intersection(a, b).length for k, a in enumerate(areas) for b in areas[k + 1 :]
    )
    assert line.length == pytest.approx(expected, rel=1e-6)


def test_a_river_between_countries_has_the_border_in_its_middle(make_run, tmp_path):
    result = make_run(8, border_line=None)
    x, y = np.meshgrid(np.arange(8) * 1_000.0, np.arange(8) * 1_000.0)
    # 300 m of water between the fourth and the fifth column.
    west = (4_010_000 + x + np.where(x > 3_500, 300, 0)).ravel()
    south = (3_100_000 + y).ravel()
    cells = shapely.box(west, south, west + 1_000, south + 1_000)
    side = np.where(x.ravel() > 3_500, "DE", "NL").astype(object)
    places = result.zones.places
    places = Places(places.place_id, places.lon, places.lat, side)
    river = make_run(8, zones=Zones(places, result.zones.crs, cells))
    line = gpd.read_file(write(river, tmp_path / "a.gpkg"), layer="border").geometry[0]
    x, y = shapely.get_coordinates(line).T
    np.testing.assert_allclose(x, 4_014_150, atol=5)
    assert np.ptp(y) > 7_500


def test_a_given_border_is_drawn_as_given(make_run, tmp_path):
    line = shapely.LineString([(4_010_000, 3_100_000), (4_020_000, 3_090_000)])
    path = write(make_run(4, border_line=line), tmp_path / "study.gpkg")
    assert gpd.read_file(path, layer="border", engine="pyogrio").geometry[0].equals(line)


def test_points_without_border(make_run, tmp_path):
    path = write(make_run(4, points=True), tmp_path / "study.gpkg")
    info = pyogrio.read_info(path, layer="zones")
    assert info["geometry_type"] == "Point"
    assert "border" not in [str(row[0]) for row in pyogrio.list_layers(path)]
    qml = rows(path, "SELECT styleQML FROM layer_styles LIMIT 1")[0][0]
    assert "SimpleMarker" in qml
    assert "SimpleFill" not in qml


def test_regions(make_run, tmp_path):
    result = make_run(4)
    assert write_regions(result, tmp_path / "regions.gpkg") is None
    areas = gpd.GeoDataFrame(
        {"region_id": ["r1"], "name": ["Jülich"]},
        geometry=[shapely.union_all(result.zones.geometry)],
        crs=result.zones.crs,
    )
    result = dataclasses.replace(result, regions={"communities": areas, "lma": areas})
    path = write_regions(result, tmp_path / "regions.gpkg")
    assert path is not None
    assert {str(row[0]) for row in pyogrio.list_layers(path)} == {"communities", "lma"}


def test_a_place_that_cannot_be_written_is_said(make_run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write(make_run(4), tmp_path / "file" / "study.gpkg")


def test_gdal_finds_no_fault(make_run, tmp_path):
    if shutil.which("ogrinfo") is None:
        pytest.skip("ogrinfo is not installed")
    path = write(make_run(4), tmp_path / "study.gpkg")
    done = subprocess.run(
        ["ogrinfo", "-so", str(path), "zones"], capture_output=True, text=True, check=True
    )
    assert "Feature Count: 16" in done.stdout
    assert "ERROR" not in done.stderr


def test_differences_are_columns_with_styles(make_run, tmp_path):
    result = make_run(6, variants=True)
    deltas = build_delta_layers(result)
    path = write_geopackage(
        result,
        build_layers(result),
        build_loss_layers(result),
        tmp_path / "a.gpkg",
        texts=Texts(),
        deltas=deltas,
    )
    name = "delta_jobs_transit_45min_fast_line"
    key = LayerKey("jobs", "transit", 45.0, None, scenario="Fast line", quantity="delta")
    np.testing.assert_allclose(gpd.read_file(path, layer="zones")[name], deltas.get(key))
    qml = rows(path, f"SELECT styleQML FROM layer_styles WHERE styleName = '{name}'")[0][0]
    rules = [rule.get("filter") for rule in ET.fromstring(qml).iter("rule")]
    assert len(rules) > 4
    # Every zone, with a value or without, is in exactly one class.
    counts = [rows(path, f"SELECT count(*) FROM zones WHERE {rule}")[0][0] for rule in rules]
    assert sum(counts) == 36
    either = " OR ".join(f"({rule})" for rule in rules)
    assert rows(path, f"SELECT count(*) FROM zones WHERE {either}")[0][0] == 36
