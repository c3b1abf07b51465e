"""Opportunities from tables, points and rasters; counts are kept, missing stays missing."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pytest
import rasterio
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS
from rasterio.transform import from_origin

from halfcircle.errors import OpportunityError
from halfcircle.places import Opportunities, Places, Zones
from halfcircle.read_opportunities import read_opportunities

X0, Y0 = 4_020_000.0, 3_090_000.0
LAEA = CRS.from_epsg(3035)


def row_of_zones(n: int = 4, side_m: float = 1000.0) -> Zones:
    """`n` squares from west to east."""
    shapes = np.array(
        [shapely.box(X0 + side_m * i, Y0, X0 + side_m * (i + 1), Y0 + side_m) for i in range(n)]
    )
    centres = gpd.GeoSeries(shapely.centroid(shapes), crs=LAEA).to_crs(4326)
    places = Places([f"z{i}" for i in range(n)], centres.x.to_numpy(), centres.y.to_numpy())
    return Zones(places, LAEA, geometry=shapes)


def write_raster(
    path: Path,
    values: np.ndarray,
    cell_m: float,
    *,
    crs: object = LAEA,
    nodata: float | None = None,
    north: float = Y0 + 1000.0,
    west: float = X0,
) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=values.shape[0], width=values.shape[1], count=1,
        dtype="float64", crs=crs, transform=from_origin(west, north, cell_m, cell_m), nodata=nodata,
    ) as raster:  # fmt: skip
        raster.write(values.astype(np.float64), 1)
    return path


def test_table_is_joined_by_id_in_any_order(tmp_path: Path) -> None:
    (tmp_path / "o.csv").write_text("zone_id,low,high\nz2,3,30\nz0,1,10\nz1,,20\nother,9,9\n")
    found = read_opportunities(
        tmp_path / "o.csv", zones=row_of_zones(), name="jobs", zone_id_column="zone_id",
        columns={"low": "low", "high": "high"}, year=2021, unit="fte", source="made up",
    )  # fmt: skip
    assert found.groups == ("low", "high")
    np.testing.assert_array_equal(found.values, [[1, np.nan, 3, np.nan], [10, 20, 30, np.nan]])
    assert (found.year, found.unit, found.source) == (2021, "fte", "made up")
    told = [str(fault) for fault in found.notices]
    assert any("not in the study" in text and "'other'" in text for text in told)
    assert any("without data" in text and "'z1', 'z3'" in text for text in told)


def test_points_are_counted_where_they_lie(tmp_path: Path) -> None:
    xy = [(X0 + 100, Y0 + 100), (X0 + 900, Y0 + 500), (X0 + 2500, Y0 + 500), (X0, Y0 - 5000)]
    gpd.GeoDataFrame({"beds": [1.0, 2.0, 4.0, 8.0]}, geometry=shapely.points(xy), crs=LAEA).to_file(
        tmp_path / "p.gpkg"
    )
    counted = read_opportunities(tmp_path / "p.gpkg", zones=row_of_zones(), name="clinics")
    np.testing.assert_array_equal(counted.values, [[2, 0, 1, 0]])
    summed = read_opportunities(
        tmp_path / "p.gpkg", zones=row_of_zones(), name="beds", column="beds"
    )
    np.testing.assert_array_equal(summed.values, [[3, 0, 4, 0]])
    assert "points outside every zone; left out (8 of 15)" in str(summed.notices[0])


def test_a_point_on_a_common_edge_counts_once(tmp_path: Path) -> None:
    on_edge = shapely.points([(X0 + 1000, Y0 + 500)])
    gpd.GeoDataFrame(geometry=on_edge, crs=LAEA).to_file(tmp_path / "p.gpkg")
    found = read_opportunities(tmp_path / "p.gpkg", zones=row_of_zones(), name="schools")
    np.testing.assert_array_equal(found.values, [[1, 0, 0, 0]])


def test_points_go_to_the_nearest_of_zones_without_area(tmp_path: Path) -> None:
    areas = row_of_zones()
    zones = Zones(areas.places, LAEA)
    xy = [(X0 + 650, Y0 + 500), (X0 + 1350, Y0 + 500), (X0 + 60_000, Y0)]
    gpd.GeoDataFrame(geometry=shapely.points(xy), crs=LAEA).to_file(tmp_path / "p.gpkg")
    found = read_opportunities(tmp_path / "p.gpkg", zones=zones, name="schools")
    np.testing.assert_array_equal(found.values, [[1, 1, 0, 0]])


def test_raster_cells_are_summed_per_zone(tmp_path: Path) -> None:
    values = np.arange(40.0).reshape(10, 4)
    values = np.repeat(values, 10, axis=1)  # 100 m cells, 10 x 40
    path = write_raster(tmp_path / "r.tif", values, 100.0)
    found = read_opportunities(path, zones=row_of_zones(), name="population")
    expected = [values[:, 10 * i : 10 * (i + 1)].sum() for i in range(4)]
    np.testing.assert_allclose(found.values[0], expected, rtol=1e-12)


@settings(deadline=None, max_examples=15)
@given(cell_m=st.sampled_from([50.0, 125.0, 250.0, 500.0, 1000.0, 2000.0]), seed=st.integers(0, 99))
def test_totals_are_kept_whatever_the_cell_size(
    tmp_path_factory: pytest.TempPathFactory, cell_m: float, seed: int
) -> None:
    rows, columns = round(2000 / cell_m) or 1, round(4000 / cell_m)
    values = np.random.default_rng(seed).integers(0, 50, (rows, columns)).astype(float)
    path = write_raster(tmp_path_factory.mktemp("r") / "r.tif", values, cell_m, north=Y0 + 2000)
    two_rows = np.concatenate(
        [
            row_of_zones().geometry,
            shapely.transform(row_of_zones().geometry, lambda c: np.add(c, [0, 1000])),
        ]
    )
    zones = row_of_zones(8)
    zones = Zones(zones.places, LAEA, geometry=two_rows)
    found = read_opportunities(path, zones=zones, name="population")
    assert np.nansum(found.values) == pytest.approx(values.sum(), rel=1e-9)


def test_raster_in_degrees_keeps_its_counts(tmp_path: Path) -> None:
    zones = row_of_zones()
    west, south, east, north = gpd.GeoSeries(zones.geometry, crs=LAEA).to_crs(4326).total_bounds
    size = 0.0005
    shape = (int((north - south) / size) + 6, int((east - west) / size) + 6)
    values = np.ones(shape)
    path = write_raster(tmp_path / "r.tif", values, size, crs="EPSG:4326", west=west - 2 * size,
                        north=north + 2 * size)  # fmt: skip
    found = read_opportunities(path, zones=zones, name="population")
    from pyproj import Geod

    lat = (south + north) / 2
    cell_m2 = abs(
        Geod(ellps="WGS84").polygon_area_perimeter(
            [west, west + size, west + size, west], [lat, lat, lat + size, lat + size]
        )[0]
    )
    np.testing.assert_allclose(found.values[0], 1e6 / cell_m2, rtol=0.03)


def test_raster_nodata_is_missing_not_zero(tmp_path: Path) -> None:
    values = np.ones((10, 40))
    values[:, 10:20] = -200.0  # a whole zone
    values[:, 20:25] = -200.0  # half a zone
    path = write_raster(tmp_path / "r.tif", values, 100.0, nodata=-200.0)
    found = read_opportunities(path, zones=row_of_zones(), name="population")
    np.testing.assert_allclose(found.values[0], [100, np.nan, 50, 100])
    assert "zones without data" in str(found.notices[0])


def test_undeclared_nodata_is_a_fault_with_its_remedy(tmp_path: Path) -> None:
    values = np.ones((10, 40))
    values[0, 0] = -9999.0
    path = write_raster(tmp_path / "r.tif", values, 100.0)
    with pytest.raises(OpportunityError, match=r"negative counts: '-9999.0' - .* nodata = -9999"):
        read_opportunities(path, zones=row_of_zones(), name="population")
    found = read_opportunities(path, zones=row_of_zones(), name="population", nodata=-9999)
    np.testing.assert_allclose(found.values[0], [99, 100, 100, 100])


def test_raster_faults(tmp_path: Path) -> None:
    zones = row_of_zones()
    away = write_raster(tmp_path / "away.tif", np.ones((4, 4)), 100.0, north=Y0 + 9e5)
    with pytest.raises(OpportunityError, match="does not cover the zones"):
        read_opportunities(away, zones=zones, name="p")
    bare = write_raster(tmp_path / "bare.tif", np.ones((10, 40)), 100.0, crs=None)
    with pytest.raises(OpportunityError, match="does not state its CRS"):
        read_opportunities(bare, zones=zones, name="p")
    (tmp_path / "no.tif").write_bytes(b"II*\x00 no raster")
    with pytest.raises(OpportunityError, match="cannot be read as a raster"):
        read_opportunities(tmp_path / "no.tif", zones=zones, name="p")
    with pytest.raises(OpportunityError, match="file not found"):
        read_opportunities(tmp_path / "none.tif", zones=zones, name="p")
    with pytest.raises(OpportunityError, match="these are points"):
        read_opportunities(bare, zones=Zones(zones.places, LAEA), name="p")
    good = write_raster(tmp_path / "good.tif", np.ones((10, 40)), 100.0)
    with pytest.raises(OpportunityError, match="has 1 bands: '2'"):
        read_opportunities(good, zones=zones, name="p", band=2)


def test_table_faults(tmp_path: Path) -> None:
    zones = row_of_zones()
    path = tmp_path / "o.csv"
    path.write_text("zone_id,jobs\nz0,many\nz0,-4\n")
    with pytest.raises(OpportunityError, match=r"no numbers: 'many \(line 2\)'"):
        read_opportunities(path, zones=zones, name="jobs", column="jobs", zone_id_column="zone_id")
    path.write_text("zone_id,jobs\nz0,4\nz0,5\n")
    with pytest.raises(OpportunityError, match="names zones more than once: 'z0'"):
        read_opportunities(path, zones=zones, name="jobs", column="jobs", zone_id_column="zone_id")
    path.write_text("zone_id,jobs\nz0,-4\n")
    with pytest.raises(OpportunityError, match="negative or infinite"):
        read_opportunities(path, zones=zones, name="jobs", column="jobs", zone_id_column="zone_id")
    path.write_text("zone_id,jobs\nq,4\n")
    with pytest.raises(OpportunityError, match="no zone has a value"):
        read_opportunities(path, zones=zones, name="jobs", column="jobs", zone_id_column="zone_id")
    with pytest.raises(OpportunityError, match=r"jbos.*did you mean 'jobs'\?"):
        read_opportunities(path, zones=zones, name="jobs", column="jbos", zone_id_column="zone_id")
    with pytest.raises(OpportunityError, match="no column with counts"):
        read_opportunities(path, zones=zones, name="jobs", zone_id_column="zone_id")
    with pytest.raises(OpportunityError, match="no zone identifiers, no geometry"):
        read_opportunities(path, zones=zones, name="jobs", column="jobs")


def test_opportunities_check_themselves() -> None:
    with pytest.raises(OpportunityError, match="negative or infinite"):
        Opportunities("jobs", np.array([[1.0, -1.0]]))
    with pytest.raises(OpportunityError, match="groups occur more than once"):
        Opportunities("jobs", np.ones((2, 3)), groups=("low", "low"))
    with pytest.raises(OpportunityError, match="expected"):
        Opportunities("jobs", np.ones(3))
    jobs = Opportunities("jobs", np.array([[1.0, np.nan]]))
    assert repr(jobs) == "<Opportunities 'jobs': all 1 in 2 zones, 1 zones without data>"
