"""GeoTIFF: right cell, right value, no data where there is none, cloud-optimised."""

from __future__ import annotations

import shutil
import subprocess
import xml.etree.ElementTree as ET

import numpy as np
import pytest
import rasterio

from halfcircle import Grid, Zones
from halfcircle.outputs import Texts, build_layers, write_rasters


def write(result, folder):
    return write_rasters(result, build_layers(result), folder, texts=Texts())


def test_zones_that_are_no_grid_have_no_rasters(make_run, tmp_path):
    assert write(make_run(4), tmp_path) == []


def test_one_file_per_layer(make_run, tmp_path):
    paths = write(make_run(4, grid=True), tmp_path)
    assert [path.suffix for path in paths] == [".tif", ".qml"] * 40
    assert tmp_path / "jobs_transit_p50_45min.tif" in paths


def test_values_are_where_the_zones_are(make_run, tmp_path):
    result = make_run(6, grid=True)
    write(result, tmp_path)
    layers = build_layers(result)
    xy = result.zones.places.xy_m(result.zones.crs)
    for key, values in zip(layers.keys, layers.values, strict=True):
        name = f"{key.opportunity}_{key.mode}_p{key.percentile}_{key.band_min:g}min.tif"
        with rasterio.open(tmp_path / name) as raster:
            assert raster.nodata == -9999
            read = np.array([cell[0] for cell in raster.sample(xy)])
            assert raster.crs == rasterio.CRS.from_epsg(3035)
        np.testing.assert_array_equal(read, np.where(np.isnan(values), -9999, values))


def test_cells_outside_the_area_are_no_data(make_run, tmp_path):
    result = make_run(4, grid=True)
    # The same zones as part of a larger grid that begins one cell to the north-west.
    cell_idx = (np.arange(16) // 4 + 1) * 6 + np.arange(16) % 4 + 1
    grid = Grid(4_007_500.0, 3_112_500.0, 2_500.0, 6, 6, cell_idx)
    zones = Zones(result.zones.places, result.zones.crs, None, result.zones.name, grid)
    moved = make_run(4, grid=True, zones=zones)
    write(moved, tmp_path)
    with rasterio.open(tmp_path / "jobs_car_p50_45min.tif") as raster:
        cells = raster.read(1, masked=True)
    assert cells.mask[0].all()
    assert cells.mask[:, 5].all()
    assert not cells.mask[1:5, 1:5].any()


def test_tags_tell_what_it_is(make_run, tmp_path):
    write(make_run(4, grid=True), tmp_path)
    with rasterio.open(tmp_path / "jobs_transit_p50_45min.tif") as raster:
        tags = raster.tags()
        assert raster.descriptions == ("Jobs, public transport, 45 min (median)",)
        assert raster.units == ("jobs",)
    assert tags["source"] == "Office & sons <jobs>"
    assert tags["band_min"] == "45"
    assert tags["year"] == "2021"


def test_files_are_cloud_optimised(make_run, tmp_path):
    path = write(make_run(4, grid=True), tmp_path)[0]
    with rasterio.open(path) as raster:
        assert raster.tags(ns="IMAGE_STRUCTURE")["LAYOUT"] == "COG"
    if shutil.which("gdalinfo") is None:
        pytest.skip("gdalinfo is not installed")
    done = subprocess.run(["gdalinfo", str(path)], capture_output=True, text=True, check=True)
    assert "LAYOUT=COG" in done.stdout


def test_styles_have_a_colour_for_every_value(make_run, tmp_path):
    paths = write(make_run(6, grid=True), tmp_path)
    for raster_path, style_path in zip(paths[::2], paths[1::2], strict=True):
        assert style_path == raster_path.with_suffix(".qml")
        items = list(ET.parse(style_path).iter("item"))
        steps = [float(item.get("value")) for item in items]
        assert steps == sorted(set(steps))
        assert steps[0] == 0
        with rasterio.open(raster_path) as raster:
            assert raster.read(1, masked=True).max() <= steps[-1]


def test_same_results_give_the_same_bytes(make_run, tmp_path):
    first = write(make_run(5, grid=True), tmp_path / "a")
    second = write(make_run(5, grid=True), tmp_path / "b")
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
