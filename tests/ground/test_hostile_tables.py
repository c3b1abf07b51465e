"""Tables and zones as they should not be: one clear fault each, and no value silently wrong."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
from shapely.geometry import Point, Polygon, box

from halfcircle.errors import OpportunityError, ZoneError
from halfcircle.places import Zones
from halfcircle.read_opportunities import read_opportunities
from halfcircle.read_zones import choose_crs, read_zones

SQUARES = [box(5.0, 52.0, 5.1, 52.1), box(5.1, 52.0, 5.2, 52.1)]


def zones_of(tmp_path: Path, ids: str = "a b") -> Zones:
    path = tmp_path / "zones.csv"
    rows = "".join(f"{zone},{5 + i / 10},52\n" for i, zone in enumerate(ids.split()))
    path.write_text("zone_id,lon,lat\n" + rows)
    return read_zones(path, id="zone_id")


def jobs(tmp_path: Path, text: str, ids: str = "a b") -> list[float]:
    path = tmp_path / "jobs.csv"
    path.write_text(text)
    found = read_opportunities(
        path, zones=zones_of(tmp_path, ids), name="jobs", column="jobs", id="zone_id"
    )
    return found.values[0].tolist()


def areas(tmp_path: Path, shapes: list[object], crs: str = "EPSG:4326") -> Path:
    path = tmp_path / "zones.gpkg"
    ids = [f"z{i}" for i in range(len(shapes))]
    gpd.GeoDataFrame({"zone_id": ids}, geometry=shapes, crs=crs).to_file(path)
    return path


def test_decimal_commas_between_commas_do_not_lose_half_of_a_number(tmp_path: Path) -> None:
    with pytest.raises(OpportunityError, match="more cells than the header has columns, line 2"):
        jobs(tmp_path, "zone_id,jobs\na,1,5\nb,2\n")


def test_empty_cells_behind_the_last_column_do_no_harm(tmp_path: Path) -> None:
    assert jobs(tmp_path, "zone_id;jobs\na;1,5;;\nb;2;;\n") == [1.5, 2.0]


def test_points_for_thousands_are_not_read_as_decimals(tmp_path: Path) -> None:
    with pytest.raises(OpportunityError, match=r"decimals with a comma: '1\.234 \(line 2\)'"):
        jobs(tmp_path, "zone_id;area;jobs\na;3,5;1.234\nb;4;12\n")


def test_points_that_may_part_thousands_are_told(tmp_path: Path) -> None:
    path = tmp_path / "jobs.csv"
    path.write_text("zone_id;jobs\na;1.234\nb;12\n")
    found = read_opportunities(
        path, zones=zones_of(tmp_path), name="jobs", column="jobs", id="zone_id"
    )
    assert ["decimal points, not as thousands" in fault.what for fault in found.notices] == [True]


def test_a_column_that_is_there_twice_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(OpportunityError, match="several columns called: 'jobs'"):
        jobs(tmp_path, "zone_id,jobs,jobs\na,1,2\nb,1,2\n")


def test_text_that_is_none_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(OpportunityError, match="no text in UTF-8"):
        jobs(tmp_path, "zone_id\0,jobs\0\n")


def test_identifiers_that_a_spreadsheet_made_decimal_fit(tmp_path: Path) -> None:
    assert jobs(tmp_path, "zone_id,jobs\n363.0,1\n364.0,2\n", "363 364") == [1.0, 2.0]


@pytest.mark.parametrize("count", ["-1", "inf"])
def test_impossible_counts_name_their_zone(tmp_path: Path, count: str) -> None:
    with pytest.raises(OpportunityError, match="negative or infinite, zones: 'b'"):
        jobs(tmp_path, f"zone_id,jobs\na,1\nb,{count}\n")


def test_zones_without_extent_are_a_fault(tmp_path: Path) -> None:
    flat = Polygon([(5, 52), (5.1, 52), (5, 52)])
    with pytest.raises(ZoneError, match="areas without extent: 'row 2'"):
        read_zones(areas(tmp_path, [SQUARES[0], flat]), id="zone_id")


def test_degrees_in_a_file_that_says_metres_are_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ZoneError, match="EPSG:28992, its coordinates are degrees"):
        read_zones(areas(tmp_path, list(SQUARES), "EPSG:28992"), id="zone_id")


def test_file_crs_that_is_none_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "zones.parquet"
    gpd.GeoDataFrame({"zone_id": ["a"]}, geometry=[SQUARES[0]]).to_parquet(path)
    with pytest.raises(ZoneError, match="file_crs: is no CRS: 'EPSG:28a'"):
        read_zones(path, id="zone_id", file_crs="EPSG:28a")


def test_crs_of_another_part_of_the_world_is_told(tmp_path: Path) -> None:
    zones = read_zones(areas(tmp_path, list(SQUARES)), id="zone_id", crs="EPSG:32760")
    assert ["areas and distances elsewhere are off" in f.what for f in zones.notices] == [True]
    assert not read_zones(areas(tmp_path, list(SQUARES)), id="zone_id", crs="EPSG:28992").notices


def test_further_layers_are_told_and_not_read(tmp_path: Path) -> None:
    path = areas(tmp_path, list(SQUARES))
    gpd.GeoDataFrame(geometry=[Point(1, 1)], crs=4326).to_file(path, layer="other")
    zones = read_zones(path, id="zone_id")
    assert len(zones) == 2
    assert ["several layers" in fault.what for fault in zones.notices] == [True]


def test_zones_on_both_sides_of_the_date_line_are_neighbours() -> None:
    crs = choose_crs(np.array([179.0, -179.0]), np.array([51.0, 51.0]))
    assert crs.to_epsg() in (32601, 32660)
