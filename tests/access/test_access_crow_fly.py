"""Straight lines: geodesics against an independent library, own-zone times, limits."""

import numpy as np
import pytest
import shapely
from pyproj import CRS, Geod

from halfcircle.access.crow_fly import (
    CrowFly,
    geodesic_azimuths_deg,
    geodesic_distances_m,
    zone_areas_m2,
)
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import TravelTimeError
from halfcircle.places import Places, Zones


def random_places(n, seed, *, lon=(-180.0, 180.0), lat=(-88.0, 88.0)):
    rng = np.random.default_rng(seed)
    return Places([str(i) for i in range(n)], rng.uniform(*lon, n), rng.uniform(*lat, n))


def pyproj_inverse(a, b):
    shape = (len(a), len(b))
    lon_1, lon_2 = np.meshgrid(a.lon, b.lon, indexing="ij")
    lat_1, lat_2 = np.meshgrid(a.lat, b.lat, indexing="ij")
    azimuth, _, distance = Geod(ellps="WGS84").inv(
        lon_1.ravel(), lat_1.ravel(), lon_2.ravel(), lat_2.ravel()
    )
    return distance.reshape(shape), (azimuth % 360.0).reshape(shape)


def test_distances_and_azimuths_agree_with_pyproj():
    a, b = random_places(150, 1), random_places(140, 2)
    distance, azimuth = pyproj_inverse(a, b)
    near = distance < 15_000_000.0
    assert near.mean() > 0.5
    np.testing.assert_allclose(geodesic_distances_m(a, b)[near], distance[near], atol=0.001)
    turn = (geodesic_azimuths_deg(a, b) - azimuth + 180.0) % 360.0 - 180.0
    assert np.abs(turn[near]).max() < 1e-4


def test_antipodes_do_not_hang_and_are_half_the_globe_away():
    a = Places(["a"], [0.0], [0.0])
    b = Places(["b", "c"], [179.9, 180.0], [0.1, 0.0])
    assert geodesic_distances_m(a, b) == pytest.approx(20_000_000.0, rel=0.01)


def test_across_the_date_line():
    a, b = Places(["a"], [179.9], [10.0]), Places(["b"], [-179.9], [10.0])
    expected, azimuth = pyproj_inverse(a, b)
    assert geodesic_distances_m(a, b) == pytest.approx(expected, abs=0.001)
    assert geodesic_azimuths_deg(a, b) == pytest.approx(azimuth, abs=1e-3)


def test_no_distance_has_no_direction():
    a = Places(["a"], [6.0], [51.0])
    assert geodesic_distances_m(a, a)[0, 0] == 0.0
    assert np.isnan(geodesic_azimuths_deg(a, a)[0, 0])


def test_unwanted_pairs_stay_blank():
    a = random_places(3, 3)
    wanted = np.eye(3, k=1, dtype=bool)
    azimuth = geodesic_azimuths_deg(a, a, wanted=wanted)
    np.testing.assert_array_equal(np.isfinite(azimuth), wanted)


def test_times_are_detour_times_distance_over_speed():
    a = random_places(20, 4, lon=(5, 7), lat=(50, 52))
    source = CrowFly(a, a, kmh=72.0, detour=1.5)
    assert isinstance(source, TravelTimeSource)
    times = source.times_s(np.array([3, 0]))
    assert times.shape == (2, 1, 20)
    assert times.dtype == np.float32
    distance, _ = pyproj_inverse(a, a)
    expected = np.maximum(distance[[3, 0]] * 1.5 / 20.0, 60.0)
    np.testing.assert_allclose(times[:, 0], expected, rtol=1e-5)
    assert source.mode == "crow_fly"
    assert source.percentiles == (50,)


def test_beyond_the_limit_is_not_reached_and_nothing_else_changes():
    a = random_places(60, 5, lon=(3, 9), lat=(48, 54))
    idx = np.arange(60)
    free = CrowFly(a, a).times_s(idx)
    cut = CrowFly(a, a, max_s=5400.0).times_s(idx)
    np.testing.assert_array_equal(np.isfinite(cut), free <= 5400.0)
    np.testing.assert_array_equal(cut[np.isfinite(cut)], free[np.isfinite(cut)])
    assert np.isinf(cut).any()


def test_time_within_a_zone_is_that_of_a_disk_and_never_nothing():
    a = Places(["big", "small", "unknown"], [6.0, 6.5, 7.0], [51.0, 51.0, 51.0])
    area = np.array([np.pi * 10_000.0**2, 1.0, np.nan])
    times = CrowFly(a, a, kmh=36.0, detour=1.0, min_s=90.0, area_m2=area).times_s(np.arange(3))
    # Mean distance between two random points of a disk: 0.9054 radii, at 10 m/s.
    assert times[0, 0, 0] == pytest.approx(905.4, abs=0.1)
    assert times[1, 0, 1] == 90.0
    assert times[2, 0, 2] == 90.0
    assert (times > 0.0).all()


def test_mean_distance_within_a_disk():
    rng = np.random.default_rng(6)
    radius = np.sqrt(rng.uniform(size=(2, 200_000)))
    angle = rng.uniform(0, 2 * np.pi, (2, 200_000))
    gap = np.hypot(*np.diff(radius * np.array([np.cos(angle), np.sin(angle)]), axis=1)[:, 0])
    assert gap.mean() == pytest.approx(128.0 / (45.0 * np.pi), rel=0.005)


def test_own_zone_is_found_by_identifier_not_by_position():
    a = Places(["x", "y"], [6.0, 6.2], [51.0, 51.0])
    origins = a.take([1])
    area = np.array([4e8, 1e8])
    times = CrowFly(origins, a, area_m2=area).times_s(np.array([0]))
    both = CrowFly(a, a, area_m2=area).times_s(np.array([1]))
    np.testing.assert_array_equal(times, both)


def test_areas_on_the_ellipsoid():
    crs = CRS.from_epsg(32632)
    square = shapely.box(500_000, 5_650_000, 510_000, 5_660_000)
    zones = Zones(Places(["a"], [9.07], [51.04]), crs, np.array([square], dtype=object))
    # Scale 0.9996 on the central meridian: the true square is a little larger.
    assert zone_areas_m2(zones)[0] == pytest.approx(1e8 / 0.9996**2, rel=1e-4)
    assert np.isnan(zone_areas_m2(Zones(zones.places, crs))[0])


def test_faults_come_together():
    a = random_places(2, 7)
    with pytest.raises(TravelTimeError) as caught:
        CrowFly(a, a, kmh=0.0, detour=0.9, min_s=0.0, max_s=-1.0, area_m2=np.ones(3))
    assert len(caught.value.faults) == 5
    with pytest.raises(TravelTimeError, match="areas that are not positive"):
        CrowFly(a, a, area_m2=np.array([1.0, -1.0]))
