"""Functional urban areas: urban centres on drawn grids, cities and zones counted by hand."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS
from scipy import sparse

from halfcircle import Places, Zones
from halfcircle._checks import id_array
from halfcircle.errors import FlowError, ZoneError
from halfcircle.regions import (
    CentrePopulation,
    FunctionalUrbanAreaParameters,
    build_flows,
    build_functional_urban_areas,
    build_urban_centres,
    centre_population,
    cities_of_centres,
    delineate,
    shared_borders,
)
from halfcircle.regions.functional_urban_areas import fill_enclaves


def drawn(picture, dense=5000.0):
    return np.array([[dense if c == "#" else 0.0 for c in row] for row in picture.split()])


def cells(label):
    return ["".join("." if c < 0 else str(c) for c in row) for row in label]


def test_cells_that_touch_at_a_corner_are_two_centres():
    people = drawn(
        """
        ####.....
        ####.....
        ####.....
        ####.....
        ....####.
        ....####.
        ....####.
        ....####.
        """
    )
    centres = build_urban_centres(people)
    assert len(centres) == 2
    assert centres.population.tolist() == [80_000, 80_000]


def test_density_and_size_decide():
    people = drawn("######\n######", dense=1500.0)
    assert len(build_urban_centres(people)) == 0  # 18,000 people
    assert len(build_urban_centres(people, min_population=18_000)) == 1
    assert len(build_urban_centres(people - 1, min_population=1000)) == 0
    fine = np.repeat(np.repeat(people / 4, 2, axis=0), 2, axis=1)  # the same on 500 m cells
    assert len(build_urban_centres(fine, cell_m=500, min_population=18_000)) == 1


def test_gaps_are_filled_below_15_km2():
    # The people of the gap count for the size of the centre only if the gap is filled.
    people = np.full((9, 9), 3000.0)
    people[2:5, 2:7] = 1000.0  # 15 km2
    ring = 3000.0 * (81 - 15)
    assert len(build_urban_centres(people, min_population=ring + 1)) == 0
    people[2, 2] = 3000.0  # 14 km2
    centres = build_urban_centres(people, min_population=ring + 14_000)
    assert (centres.centre == 0).all()
    assert "14 cells filled" in centres.log[0]


def test_majority_rule_goes_on_until_nothing_joins():
    picture = """
        ######
        ######
        ####..
        ####..
        ####..
        """
    centres = build_urban_centres(drawn(picture))
    # The notch has five of eight neighbours in the centre, then the cell beside it has.
    assert cells(centres.centre)[2] == "00000."
    wet = np.ones((5, 6), bool)
    wet[2, 4] = False
    assert cells(build_urban_centres(drawn(picture), land=wet).centre)[2] == "0000.."


def test_grids_that_are_none():
    with pytest.raises(ZoneError, match="negative or infinite") as caught:
        build_urban_centres(-np.ones((2, 2)), cell_m=0)
    assert "cell_m" in str(caught.value)
    with pytest.raises(ZoneError, match="rows and columns"):
        build_urban_centres(np.ones(4))


def row_of_zones(widths_km, height_km=4.0):
    crs = CRS.from_epsg(3035)
    edges = 4e6 + 1000.0 * np.concatenate(([0], np.cumsum(widths_km)))
    boxes = shapely.box(edges[:-1], 3e6, edges[1:], 3e6 + 1000.0 * height_km)
    points = gpd.GeoSeries(shapely.centroid(boxes), crs=crs).to_crs(4326)
    ids = id_array("abcdefgh"[: len(widths_km)])
    return Zones(Places(ids, points.x.to_numpy(), points.y.to_numpy()), crs, geometry=boxes)


def test_people_of_zones_in_centres():
    people = drawn("####....\n####....\n####...#\n####....")
    centres = build_urban_centres(people)
    zones = row_of_zones([2, 3, 3])
    held = centre_population(centres, people, zones, west_m=4e6, north_m=3e6 + 4000)
    assert held.population.tolist() == [40_000, 40_000, 5_000]
    assert held.in_centre.toarray().ravel().tolist() == [40_000, 40_000, 0]
    city, log = cities_of_centres(held)
    assert city.tolist() == [0, 0, -1]
    assert log == ()


def test_a_centre_without_a_city_and_one_that_is_held_badly():
    held = CentrePopulation(
        ["a", "b", "c"],
        [100_000, 90_000, 200_000],
        sparse.csr_array([[60_000.0, 0], [30_000, 0], [0, 60_000]]),
        [100_000, 60_000],
        centre_name=id_array(["Old town", "New town"]),
    )
    city, log = cities_of_centres(held)
    assert city.tolist() == [0, -1, -1]
    assert log == (
        "Old town: its city holds 60% of its people, less than 75 %",
        "New town (60,000 people): no zone has 50% in it, no city",
    )
    with pytest.raises(ZoneError, match="more people in centres than in the zone: 'a'"):
        CentrePopulation(["a"], [5], sparse.csr_array([[6.0]]), [6])


# A, B cities; c sends 20 % to A and 15 % to B; d sends 10 % to A; e sends 15 % to B
COMMUTERS = np.array(
    [[900, 50, 20, 20, 10], [100, 850, 20, 20, 10], [20, 15, 65, 0, 0], [10, 0, 0, 90, 0],
     [0, 15, 0, 0, 85]], float,
)  # fmt: skip
CITY = np.array([0, 1, -1, -1, -1])


def test_zones_by_hand():
    areas = build_functional_urban_areas(sparse.csr_array(COMMUTERS), CITY)
    assert areas.label.tolist() == [0, 1, 0, -1, 1]
    assert areas.raw_zone.tolist() == [
        [False, False], [False, False], [True, True], [False, False], [False, True],
    ]  # fmt: skip
    assert any("qualifies for 2 cities" in line for line in areas.log)


def test_those_who_stay_at_home_or_go_abroad_are_in_the_denominator():
    people = COMMUTERS.sum(axis=1) + np.array([0, 0, 0, 0, 1])
    areas = build_functional_urban_areas(sparse.csr_array(COMMUTERS), CITY, employed=people)
    assert areas.label[4] == -1  # 15 of 101


def test_polycentric_cities_merge_before_zones():
    flows = COMMUTERS.copy()
    flows[1, 0], flows[1, 1] = 150, 800
    areas = build_functional_urban_areas(sparse.csr_array(flows), CITY)
    assert areas.label.tolist() == [0, 0, 0, -1, 0]
    assert areas.log[0] == "city 1 joins 0: 15.0% work there"


def test_mergers_once_or_iterated():
    # Only A and B together send 15 % of their people to C.
    flows = np.array([[700, 160, 140], [10, 810, 180], [0, 0, 1000]], float)
    flows[1] = [10, 860, 130]
    flows[0] = [640, 200, 160]
    city = np.array([0, 1, 2])
    once = build_functional_urban_areas(sparse.csr_array(flows), city)
    assert once.label.tolist() == [0, 0, 0]  # A joins B and C in one go
    flows[0] = [655, 200, 145]
    flows[1] = [0, 50, 50]
    flows[1, 2] = 14
    flows[1, 1] = 86
    once = build_functional_urban_areas(sparse.csr_array(flows), city)
    assert once.label.tolist() == [0, 0, 1]
    flows[1] = [0, 8, 2]
    flows[2] = [100, 60, 840]
    once = build_functional_urban_areas(sparse.csr_array(flows), city)
    assert len(set(once.label)) == 1
    flows[1] = [0, 990, 10]
    flows[2] = [85, 75, 840]
    once = build_functional_urban_areas(sparse.csr_array(flows), city)
    again = build_functional_urban_areas(
        sparse.csr_array(flows), city, FunctionalUrbanAreaParameters(merging="iterate")
    )
    assert once.label.tolist() == [0, 0, 1]  # C sends 8.5 % to A and 7.5 % to B,
    assert again.label.tolist() == [0, 0, 0]  # and 16 % to both


def block_of_zones(n=5):
    crs = CRS.from_epsg(3035)
    x, y = np.meshgrid(np.arange(n), np.arange(n))
    boxes = shapely.box(
        4e6 + 1e3 * x.ravel(), 3e6 + 1e3 * y.ravel(), 4e6 + 1e3 * (x.ravel() + 1),
        3e6 + 1e3 * (y.ravel() + 1),
    )  # fmt: skip
    points = gpd.GeoSeries(shapely.centroid(boxes), crs=crs).to_crs(4326)
    ids = id_array(f"z{i:02d}" for i in range(n * n))
    return Zones(Places(ids, points.x.to_numpy(), points.y.to_numpy()), crs, geometry=boxes)


def test_enclaves_are_added_and_exclaves_dropped():
    zones = block_of_zones()
    borders = shared_borders(zones)
    perimeter = shapely.length(zones.geometry)
    n = 25
    flows = np.zeros((n, n))
    np.fill_diagonal(flows, 100.0)
    city = np.full(n, -1)
    city[6] = 0
    ring = [7, 8, 11, 13, 16, 17, 18]  # around zone 12
    for i in [*ring, 24]:
        flows[i, 6], flows[i, i] = 30, 70
    areas = build_functional_urban_areas(
        sparse.csr_array(flows), city, borders=borders, perimeter_m=perimeter,
        names=zones.zone_id,
    )  # fmt: skip
    inside = np.flatnonzero(areas.label == 0)
    assert inside.tolist() == [6, 7, 8, 11, 12, 13, 16, 17, 18]
    assert areas.log == (
        "z24: exclave, not connected to its city, dropped",
        "z12: enclave, added",
    )
    # The zones around touch one area only, too, but along a small part of their outline.
    assert areas.label[0] == -1


def test_an_enclave_at_the_coast_is_told():
    zones = block_of_zones(3)
    flows = np.diag(np.full(9, 100.0))
    city = np.full(9, -1)
    city[[0, 1, 2, 3, 4, 5, 6, 8]] = 0
    areas = build_functional_urban_areas(
        sparse.csr_array(flows), city, borders=shared_borders(zones),
        perimeter_m=shapely.length(zones.geometry), names=zones.zone_id,
    )  # fmt: skip
    assert areas.label[7] == 0
    assert "along 75% of its outline" in areas.log[0]
    strict = build_functional_urban_areas(
        sparse.csr_array(flows), city, FunctionalUrbanAreaParameters(enclave_border_share=1.0),
        borders=shared_borders(zones), perimeter_m=shapely.length(zones.geometry),
    )  # fmt: skip
    assert strict.label[7] == -1


def test_through_delineate_with_and_without_centres():
    zones = row_of_zones([2, 3, 3])
    flows = build_flows(
        ["a", "b", "c"], [0, 0, 1, 1, 2, 2], [0, 1, 1, 0, 2, 0], [800, 10, 500, 5, 70, 30]
    )
    held = CentrePopulation(
        ["a", "b", "c"], [90_000, 60_000, 9_000],
        sparse.csr_array([[80_000.0, 0], [0, 55_000], [0, 0]]), [80_000, 55_000],
    )  # fmt: skip
    regions = delineate(flows, "functional-urban-areas", zones=zones, centres=held)
    assert regions.label.tolist() == [0, 1, -1]  # c lies beyond b: an exclave
    assert regions.status.tolist() == ["city", "city", "not_assigned"]
    regions = delineate(flows, "functional-urban-areas", centres=held)
    assert regions.label.tolist() == [0, 1, 0]
    by_size = delineate(
        flows, "functional-urban-areas", parameters={"min_residents": 500, "min_jobs": 500}
    )
    assert by_size.label.tolist() == [0, 1, 0]
    assert "large zones stand for cities" in str(by_size.notices[0])
    none = delineate(flows, "functional-urban-areas")
    assert len(none) == 0
    assert "there is no city" in str(none.notices[1])


def test_parameters_out_of_range():
    with pytest.raises(FlowError, match="zone_share: must lie between 0 and 1: '15'") as caught:
        FunctionalUrbanAreaParameters(zone_share=15, merging="twice", min_jobs=-1)
    assert "neither once nor iterate" in str(caught.value)
    assert "min_jobs" in str(caught.value)


@settings(deadline=None, max_examples=60)
@given(
    arrays(np.int64, (6, 6), elements=st.integers(0, 20)),
    arrays(np.int64, 6, elements=st.integers(-1, 1)),
    st.tuples(st.floats(0.05, 0.5), st.floats(0.05, 0.5)),
)
def test_a_lower_threshold_never_shrinks_the_raw_zone(f, city, shares):
    low, high = sorted(shares)
    raw = [
        build_functional_urban_areas(
            sparse.csr_array(f.astype(float)), city,
            FunctionalUrbanAreaParameters(zone_share=share),
        ).raw_zone
        for share in (low, high)
    ]  # fmt: skip
    assert (raw[0] | ~raw[1]).all()


@settings(deadline=None, max_examples=40)
@given(arrays(np.int64, 25, elements=st.integers(-1, 2)))
def test_filling_enclaves_twice_adds_nothing(label):
    zones = block_of_zones()
    borders, perimeter = shared_borders(zones), shapely.length(zones.geometry)
    fill_enclaves(label, borders, perimeter, 0.5, zones.zone_id, [])
    once = label.copy()
    log = []
    fill_enclaves(label, borders, perimeter, 0.5, zones.zone_id, log)
    assert (label == once).all()
    assert log == []
