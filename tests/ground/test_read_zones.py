"""Zones from files as users have them, and one clear message for what is wrong."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import shapely
from pyproj import Geod

from halfcircle.errors import ZoneError
from halfcircle.grid import build_grid, grid_within
from halfcircle.read_zones import choose_crs, metric_crs, read_zones


def squares(crs: str = "EPSG:3035", **columns: object) -> gpd.GeoDataFrame:
    """Three squares of 1 km side by side near Maastricht."""
    x0, y0 = 4_020_000, 3_090_000
    shapes = [shapely.box(x0 + 1000 * i, y0, x0 + 1000 * (i + 1), y0 + 1000) for i in range(3)]
    data = {"zone_id": ["a", "b", "c"], "country": ["NL", "NL", "DE"], **columns}
    return gpd.GeoDataFrame(data, geometry=shapes, crs="EPSG:3035").to_crs(crs)


def write(frame: gpd.GeoDataFrame, path: Path) -> Path:
    frame.to_file(path)
    return path


@pytest.mark.parametrize("suffix", ["gpkg", "geojson", "shp"])
@pytest.mark.parametrize("crs", ["EPSG:3035", "EPSG:4326", "EPSG:28992"])
def test_any_vector_file_in_any_crs_gives_the_same_zones(
    tmp_path: Path, suffix: str, crs: str
) -> None:
    frame = squares("EPSG:4326" if suffix == "geojson" else crs)
    zones = read_zones(write(frame, tmp_path / f"z.{suffix}"), id="zone_id", country="country")
    assert list(zones.zone_id) == ["a", "b", "c"]
    assert list(zones.places.country) == ["NL", "NL", "DE"]
    assert zones.crs.to_epsg() == 3035
    xy = zones.places.xy_m(zones.crs)
    np.testing.assert_allclose(xy[:, 0], [4_020_500, 4_021_500, 4_022_500], atol=0.2)
    np.testing.assert_allclose(xy[:, 1], 3_090_500, atol=0.2)
    np.testing.assert_allclose(shapely.area(zones.geometry), 1e6, rtol=1e-4)


def test_geoparquet(tmp_path: Path) -> None:
    squares().to_parquet(tmp_path / "z.parquet")
    assert len(read_zones(tmp_path / "z.parquet", id="zone_id")) == 3


def test_table_with_positions_keeps_leading_zeros_and_names(tmp_path: Path) -> None:
    text = (
        "﻿code;naam;Longitude;latitude\n0363;'s-Hertogenbosch;5,30;51,69\n0014;Jülich;6.36;50.92\n"
    )
    (tmp_path / "z.csv").write_text(text, encoding="utf-8")
    zones = read_zones(tmp_path / "z.csv", id="code", name="naam")
    assert list(zones.zone_id) == ["0363", "0014"]
    assert list(zones.label) == ["'s-Hertogenbosch", "Jülich"]
    np.testing.assert_allclose(zones.places.lon, [5.30, 6.36])
    assert zones.geometry is None


def test_a_crescent_is_represented_by_a_point_inside_it(tmp_path: Path) -> None:
    ring = shapely.Point(4_020_000, 3_090_000).buffer(1000)
    crescent = ring.difference(shapely.Point(4_020_300, 3_090_000).buffer(900))
    frame = gpd.GeoDataFrame({"zone_id": ["x"]}, geometry=[crescent], crs="EPSG:3035")
    zones = read_zones(write(frame, tmp_path / "z.gpkg"), id="zone_id")
    point = shapely.points(zones.places.xy_m(zones.crs))[0]
    assert not crescent.contains(crescent.centroid)
    assert crescent.contains(point)


def test_broken_areas_are_repaired_and_reported(tmp_path: Path) -> None:
    bow_tie = shapely.Polygon([(0, 0), (1000, 1000), (1000, 0), (0, 1000)])
    frame = squares()
    frame.loc[0, "geometry"] = shapely.transform(bow_tie, lambda xy: np.add(xy, [4e6, 3e6]))
    zones = read_zones(write(frame, tmp_path / "z.gpkg"), id="zone_id")
    assert shapely.is_valid(zones.geometry).all()
    assert [fault.what for fault in zones.notices] == ["areas that cross themselves were repaired"]


def test_all_faults_at_once(tmp_path: Path) -> None:
    frame = squares(zone_id=["a", "a", None], country=["NL", "", "Germany"])
    path = write(frame, tmp_path / "z.gpkg")
    with pytest.raises(ZoneError) as caught:
        read_zones(path, id="zone_id", country="country", crs="EPSG:4326")
    text = str(caught.value)
    assert "'zone_id' is empty: 'row 3'" in text
    assert "'zone_id' is not unique: 'a'" in text
    assert "zones without a country: 'a'" in text
    assert "no ISO country codes: 'Germany'" in text
    assert "[study] crs: is measured in degree, areas and distances need metres" in text


def test_unknown_column_names_the_nearest(tmp_path: Path) -> None:
    path = write(squares(), tmp_path / "z.gpkg")
    with pytest.raises(ZoneError, match=r"zone_idd.*did you mean 'zone_id'\?"):
        read_zones(path, id="zone_idd")


def test_missing_empty_and_broken_files(tmp_path: Path) -> None:
    with pytest.raises(ZoneError, match="file not found"):
        read_zones(tmp_path / "none.gpkg", id="zone_id")
    (tmp_path / "broken.gpkg").write_bytes(b"SQLite format 3\x00 and then nothing")
    with pytest.raises(ZoneError, match="cannot be read"):
        read_zones(tmp_path / "broken.gpkg", id="zone_id")
    (tmp_path / "empty.csv").write_text("")
    with pytest.raises(ZoneError, match="the file is empty"):
        read_zones(tmp_path / "empty.csv", id="zone_id")
    (tmp_path / "header.csv").write_text("zone_id,lon,lat\n")
    with pytest.raises(ZoneError, match="holds no zones"):
        read_zones(tmp_path / "header.csv", id="zone_id")


def test_metres_declared_as_degrees(tmp_path: Path) -> None:
    frame = squares().set_crs("EPSG:4326", allow_override=True)
    path = write(frame, tmp_path / "z.gpkg")
    with pytest.raises(ZoneError, match=r"says it is in degrees .* its coordinates are not"):
        read_zones(path, id="zone_id")


def test_positions_that_are_metres_name_their_lines(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("zone_id,lon,lat\n1,5.7,50.8\n2,176000,318000\n")
    with pytest.raises(ZoneError, match=r"not degrees: '176000, 318000 \(line 3\)'"):
        read_zones(tmp_path / "z.csv", id="zone_id")


def test_words_for_numbers_name_their_lines(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text("zone_id,lon,lat\n1,east,50.8\n")
    with pytest.raises(ZoneError, match=r"no numbers: 'east \(line 2\)'"):
        read_zones(tmp_path / "z.csv", id="zone_id")


def test_a_file_without_crs_needs_one(tmp_path: Path) -> None:
    frame = squares("EPSG:4326")
    shp = tmp_path / "z.shp"
    frame.to_file(shp)
    shp.with_suffix(".prj").unlink()
    with pytest.raises(ZoneError, match="does not state its CRS"):
        read_zones(shp, id="zone_id")
    assert len(read_zones(shp, id="zone_id", file_crs="EPSG:4326")) == 3


def test_metric_crs_accepts_metres_only() -> None:
    assert metric_crs("EPSG:28992").to_epsg() == 28992
    with pytest.raises(ZoneError, match="is no CRS: 'EPSG:99'"):
        metric_crs("EPSG:99")
    with pytest.raises(ZoneError, match="need metres"):
        metric_crs("EPSG:2263")  # feet


def test_crs_is_chosen_by_position() -> None:
    assert choose_crs(np.array([5.7]), np.array([50.8])).to_epsg() == 3035
    assert choose_crs(np.array([-51.2]), np.array([-30.0])).to_epsg() == 32722


def test_grid_cells_tile_the_area_and_know_their_country() -> None:
    west, east = shapely.box(0, 0, 1000, 2000), shapely.box(1000, 0, 2000, 2000)
    zones = build_grid(
        np.array([west, east]),
        cell_m=500,
        crs=metric_crs("EPSG:3035"),
        country=np.array(["NL", "DE"], dtype=object),
    )
    assert len(zones) == 16
    assert zones.grid is not None
    assert (zones.grid.n_rows, zones.grid.n_columns) == (4, 4)
    assert shapely.area(zones.geometry).sum() == 4e6
    # Rows run from the north, so the first cell is the north-western one.
    assert zones.zone_id[0] == "N1500E0"
    assert [list(zones.places.country).count(c) for c in ("NL", "DE")] == [8, 8]
    row, column = np.divmod(zones.grid.cell_idx, 4)
    centres = shapely.get_coordinates(shapely.centroid(zones.geometry))
    np.testing.assert_array_equal(centres[:, 0], column * 500 + 250)
    np.testing.assert_array_equal(centres[:, 1], 2000 - row * 500 - 250)


def test_grid_within_a_file(tmp_path: Path) -> None:
    path = write(squares("EPSG:4326"), tmp_path / "area.gpkg")
    zones = grid_within(path, cell_m=250, country="country", crs="EPSG:3035")
    assert len(zones) == pytest.approx(48, abs=4)  # edges bend a little between the two CRS
    here = zones.places
    _, _, gap_m = Geod(ellps="WGS84").inv(here.lon[0], here.lat[0], here.lon[1], here.lat[1])
    assert gap_m == pytest.approx(250, rel=0.01)


@pytest.mark.parametrize(
    ("cell_m", "text"),
    [(0, "positive"), (-5, "positive"), (1e-3, "cells, at most"), (1e6, "no cell centre")],
)
def test_grid_faults(cell_m: float, text: str) -> None:
    area = np.array([shapely.box(0, 0, 10_000, 10_000)])
    with pytest.raises(ZoneError, match=text):
        build_grid(area, cell_m=cell_m, crs=metric_crs("EPSG:3035"))
