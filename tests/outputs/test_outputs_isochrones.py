"""Isochrones: a zone is inside exactly if its travel time is within the band."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from halfcircle import Places, Zones
from halfcircle.access import CrowFly
from halfcircle.errors import OutputError
from halfcircle.outputs import (
    Texts,
    circle_pair,
    isochrones,
    place_isochrones,
    write_isochrones,
)
from halfcircle.outputs.isochrones import catchment_shapes


def times_from(zones, zone_idx, kmh=30.0):
    xy = zones.places.xy_m(zones.crs)
    return np.hypot(*(xy - xy[zone_idx]).T) / (kmh / 3.6)


@pytest.mark.parametrize("kind", [{}, {"points": True}, {"grid": True}])
def test_a_zone_is_inside_if_its_time_is(make_run, kind):
    zones = make_run(8, **kind).zones
    times_s = times_from(zones, 27)
    times_s[3] = np.inf
    frame = isochrones(zones, times_s, (30, 10, 20))
    assert frame["band_min"].tolist() == [10.0, 20.0, 30.0]
    assert frame.crs == zones.crs
    points = shapely.points(zones.places.xy_m(zones.crs))
    for row in frame.itertuples():
        inside = times_s <= 60 * row.band_min
        assert row.n_zones == inside.sum()
        np.testing.assert_array_equal(shapely.contains(row.geometry, points), inside)
        assert row.area_km2 == pytest.approx(row.geometry.area / 1e6)
    small, large = frame.geometry.iloc[0], frame.geometry.iloc[2]
    assert small.difference(large).area == pytest.approx(0.0, abs=1e-3)


def test_areas_of_areas_add_up(make_run):
    zones = make_run(5).zones
    frame = isochrones(zones, np.zeros(25), (1,))
    assert frame["area_km2"].iloc[0] == pytest.approx(shapely.area(zones.geometry).sum() / 1e6)


@settings(deadline=None, max_examples=25)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=1, max_size=12))
def test_cells_of_points_hold_what_is_nearest(spots):
    xy = np.array(spots, dtype=float)
    lon, lat = 6.0 + xy[:, 0] / 1000, 50.0 + xy[:, 1] / 1000
    places = Places([f"p{i}" for i in range(len(xy))], lon, lat)
    zones = Zones(places, CRS.from_epsg(3035))
    cells = catchment_shapes(zones, max_distance_m=500.0)
    at = zones.places.xy_m(zones.crs)
    for i, cell in enumerate(cells):
        assert cell.intersects(shapely.Point(at[i]).buffer(0.01))
        middle = shapely.get_coordinates(shapely.point_on_surface(cell))[0]
        distance = np.hypot(*(at - middle).T)
        assert distance[i] <= distance.min() + 0.01
        assert shapely.hausdorff_distance(cell, shapely.Point(at[i])) <= 500.01


def test_a_lonely_point_has_a_disc():
    zones = Zones(Places(["a"], [6.0], [50.0]), CRS.from_epsg(3035))
    assert catchment_shapes(zones)[0].area == pytest.approx(np.pi * 1000**2, rel=0.02)


def test_places_by_a_source(make_run):
    zones = make_run(6).zones
    source = CrowFly(zones.places, zones.places, kmh=20.0)
    frame = place_isochrones(source, [0, 14], (15, 30), zones)
    assert list(frame.columns[:4]) == ["origin_id", "mode", "percentile", "band_min"]
    assert frame["origin_id"].tolist() == ["Z00000", "Z00000", "Z00014", "Z00014"]
    expected = (source.times_s(np.array([14]))[0, 0] <= 1800).sum()
    assert frame["n_zones"].iloc[3] == expected
    with pytest.raises(OutputError, match=r"(?s)positions go from 0 to 35.*the source has \[50\]"):
        place_isochrones(source, 36, (15,), zones, percentile=75)


@pytest.mark.parametrize("name", ["a.gpkg", "a.geojson"])
def test_files_are_read_again(make_run, tmp_path, name):
    zones = make_run(6, hostile=True).zones
    frame = isochrones(zones, times_from(zones, 8), (10, 20), origins=["'s-Hertogenbosch & <b>"])
    path = write_isochrones(frame, tmp_path / name)
    found = gpd.read_file(path)
    assert found["origin_id"].tolist() == ["'s-Hertogenbosch & <b>"] * 2
    assert found["band_min"].tolist() == [10.0, 20.0]
    back = found.to_crs(zones.crs).geometry
    assert (back.symmetric_difference(frame.geometry).area < 0.001 * frame.geometry.area).all()
    before = path.read_bytes()
    assert write_isochrones(frame, path).read_bytes() == before
    if name.endswith("geojson"):
        data = json.loads(before)
        assert "crs" not in data
        ring = data["features"][0]["geometry"]["coordinates"][0][0]
        assert shapely.LinearRing(ring).is_ccw
        assert 0 < ring[0][0] < 20


def test_faults_come_together(make_run):
    zones = make_run(3).zones
    with pytest.raises(OutputError, match=r"(?s)negative or not a number.*positive minutes.*2 nam"):
        isochrones(zones, [-1.0] + [np.nan] * 8, (0,), origins=["a", "b"])
    with pytest.raises(OutputError, match="expected one per zone: 9"):
        isochrones(zones, [1.0, 2.0], (10,))
    with pytest.raises(OutputError, match=r"not '\.shp'"):
        write_isochrones(isochrones(zones, np.zeros(9), (1,)), "a.shp")
    with pytest.raises(OutputError, match="must be positive"):
        catchment_shapes(zones, max_distance_m=0.0)


def test_full_and_half_circle(make_run):
    result = make_run(10, border=True)
    times_s = times_from(result.zones, 44)
    pair = circle_pair(result, 44, times_s, (15, 30), texts=Texts())
    jobs = np.nan_to_num(result.opportunities[0].values[0])
    country = result.zones.places.country
    within = times_s <= 1800
    home = country == country[44]
    assert pair.reach_open[1] == jobs[within].sum()
    assert pair.reach_domestic[1] == jobs[within & home].sum()
    assert pair.loss[1] == pytest.approx(1 - jobs[within & home].sum() / jobs[within].sum())
    assert f"Map of {within.sum()} zones within reach" in pair.open
    assert f"Map of {(within & home).sum()} zones within reach" in pair.domestic
    assert "url(#circle-domestic-hatch)" in pair.domestic
    assert pair._repr_html_().count("<svg") == 2
    with pytest.raises(OutputError, match="no opportunity is called 'cows'"):
        circle_pair(result, 44, times_s, (15,), texts=Texts(), opportunity="cows")
    with pytest.raises(OutputError, match="one to six"):
        circle_pair(result, 44, times_s, range(1, 9), texts=Texts())
