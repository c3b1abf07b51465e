"""The mirror in the line of the border: half planes in closed form, kernel, fitted lines."""

import math

import numpy as np
import pytest
import shapely
from border_world import FixedTimes, around, disk_world, places
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pyproj import CRS

from halfcircle.access.crow_fly import CrowFly, geodesic_distances_m
from halfcircle.access.decay import GaussianDecay
from halfcircle.errors import StudyError, ZoneError
from halfcircle.places import Opportunities, Places
from halfcircle.regions._mirror import mirrored_reach
from halfcircle.regions.border import (
    BorderLines,
    BorderMeasures,
    border_lines,
    border_loss,
    border_points,
)
from halfcircle.regions.half_circle import half_circle
from halfcircle.regions.half_circle_line import paces_at_home

RADIUS_M = 40_000.0
BOTH = BorderMeasures(bands_s=(1800.0, 2400.0), decays=(GaussianDecay(700.0),))
WGS84 = CRS.from_epsg(4326)


def east_of(offset_m, n=1, azimuth_deg=90.0):
    """A line across which abroad lies, at this distance."""
    turn = math.radians(azimuth_deg)
    normal = np.tile([math.sin(turn), math.cos(turn)], (n, 1))
    return BorderLines(normal, np.full(n, float(offset_m)), np.zeros(n))


def seen(origin, cells, lines, *, values=None):
    count = np.ones((1, len(cells))) if values is None else values
    source = CrowFly(origin, cells, kmh=60.0, detour=1.0, min_s=1.0)
    jobs = (Opportunities("jobs", count),)
    return border_loss(source, jobs, measures=BOTH, sectors=True, lines=lines)


@pytest.mark.parametrize("share", [0.0, 0.1, 0.4, 0.8])
@pytest.mark.parametrize("turn", [0.0, 30.0])
def test_uniform_half_plane_mirrored_is_the_open_reach(share, turn):
    """At any distance from the border, and whichever way it runs; bands and decay."""
    border_m = share * RADIUS_M
    origin, disk = disk_world(
        cells_per_radius=40, radius_m=RADIUS_M, border_m=border_m, rotate_deg=turn
    )
    loss = seen(origin, disk, east_of(border_m, azimuth_deg=90.0 + turn))
    np.testing.assert_allclose(loss.mirror_line, loss.open_reach, rtol=0.01)
    circle = half_circle(loss)
    np.testing.assert_allclose(circle.mirror_line_loss, loss.loss, atol=0.01)


def test_a_coast_is_not_taken_for_a_border():
    """Sea 10 km to the west, border 20 km to the east: folding at the border is right.

    Turning directions round finds the narrow west, or the east up to the border.
    """
    origin, disk = disk_world(cells_per_radius=40, radius_m=RADIUS_M, border_m=20_000.0)
    coast = 6.0 - 10_000.0 / (111_320.0 * math.cos(math.radians(51.0)))
    land = (disk.lon > coast).astype(float)[None]
    loss = seen(origin, disk, east_of(20_000.0), values=land)
    circle = half_circle(loss)
    np.testing.assert_allclose(circle.mirror_line, loss.open_reach, rtol=0.01)
    assert (np.abs(circle.mirror / loss.open_reach - 1.0) > 0.05).all()


def test_error_shrinks_with_the_grid():
    errors = []
    for cells in (10, 80):
        origin, disk = disk_world(
            cells_per_radius=cells, radius_m=RADIUS_M, border_m=0.25 * RADIUS_M
        )
        loss = seen(origin, disk, east_of(0.25 * RADIUS_M))
        errors.append(np.abs(loss.mirror_line / loss.open_reach - 1.0).max())
    assert errors[1] < 0.004
    assert errors[1] < errors[0]


@pytest.mark.parametrize(("abroad", "word"), [(2.0, "richer"), (0.5, "poorer")])
def test_bracket_beside_home_in_the_line(abroad, word):
    origin, disk = disk_world(cells_per_radius=40, radius_m=RADIUS_M, border_m=10_000.0)
    count = np.where(disk.country == "B", abroad, 1.0)[None]
    loss = seen(origin, disk, east_of(10_000.0), values=count)
    circle = half_circle(loss)
    assert (circle.abroad_line == word).all()
    table = circle.table()
    assert table["abroad_line"].eq(word).all()
    np.testing.assert_allclose(table["reach_mirror_line"], loss.mirror_line.ravel())


def test_far_from_the_border_nothing_is_added():
    origin, disk = disk_world(cells_per_radius=20, radius_m=RADIUS_M, border_m=RADIUS_M)
    loss = seen(origin, disk, east_of(3 * RADIUS_M))
    np.testing.assert_array_equal(loss.mirror_line, loss.domestic)


def test_without_a_land_border_there_is_no_mirror():
    origin, disk = disk_world(cells_per_radius=10, radius_m=RADIUS_M)
    nowhere = BorderLines(np.full((1, 2), np.nan), np.full(1, np.nan), np.full(1, np.nan))
    loss = seen(origin, disk, nowhere)
    assert np.isnan(loss.mirror_line).all()
    assert (half_circle(loss).abroad_line == "").all()
    plain = border_loss(
        CrowFly(origin, disk, kmh=60.0, detour=1.0),
        (Opportunities("jobs", np.ones((1, len(disk)))),),
        measures=BOTH, sectors=True,
    )  # fmt: skip
    assert np.isnan(half_circle(plain).table()["reach_mirror_line"]).all()


def test_by_hand():
    """Home: the own zone and one 4 km west; the border 3 km east; a minute per kilometre."""
    lon, lat = around([0.0, 270.0, 90.0], [0.0, 4000.0, 8000.0])
    spots = places("AAB", lon=lon, lat=lat)
    metres = geodesic_distances_m(spots, spots)
    seconds = 0.06 * metres + np.diag([120.0] * 3)
    loss = border_loss(
        FixedTimes(spots, spots, seconds),
        (Opportunities("jobs", np.array([[1.0, 2.0, 4.0]])),),
        measures=BorderMeasures(bands_s=(200.0, 359.0, 361.0, 601.0)),
        sectors=True,
        lines=east_of(3000.0, n=3),
        origin_idx=np.array([0]),
    )
    # Own image 6 km east: 360 s; the image of the other 10 km east: 600 s.
    np.testing.assert_allclose(loss.domestic[0, :, 0], [1, 3, 3, 3])
    np.testing.assert_allclose(loss.mirror_line[0, :, 0], [1, 3, 4, 6])


def test_images_are_as_slow_as_journeys_of_their_length():
    """Twice the pace beyond 10 km: an image there counts by that pace."""
    lon, lat = around([0.0, 270.0, 270.0], [0.0, 5000.0, 15_000.0])
    spots = Places(["o", "near", "far"], lon, lat, ["A", "A", "A"])
    other = places("B", lon=[7.5], lat=[51.0], prefix="b")
    cells = Places(
        [*spots.place_id, *other.place_id],
        np.append(lon, other.lon),
        np.append(lat, other.lat),
        ["A", "A", "A", "B"],
    )
    metres = geodesic_distances_m(cells, cells)
    seconds = metres * np.where(metres < 10_000.0, 0.06, 0.12)
    loss = border_loss(
        FixedTimes(cells, cells, seconds),
        (Opportunities("jobs", np.array([[0.0, 1.0, 2.0, 0.0]])),),
        measures=BorderMeasures(bands_s=(1799.0, 1801.0, 1900.0)),
        lines=east_of(5000.0, n=4),
        sectors=True,
        origin_idx=np.array([0]),
    )
    # Image of the near place at 15 km, of the far one at 25 km: 1,800 and 3,000 s.
    np.testing.assert_allclose(loss.mirror_line[0, :, 0] - loss.domestic[0, :, 0], [0, 1, 1])


def test_median_paces():
    metres = np.array([[500.0, 1000.0, 1500.0, 5000.0, np.inf, 9000.0]])
    times = np.array([[50.0, 200.0, 150.0, 1000.0, 5.0, np.inf]], dtype=np.float32)
    home = np.array([[True, True, True, True, True, True]])
    pace = paces_at_home(times, metres, home)[0]
    # Classes of 2 km: three pairs, none (the nearest counts), one, none, one that is not reached.
    np.testing.assert_allclose(pace, [0.1, 0.1, 0.2, 0.2, np.inf])


# The kernel --------------------------------------------------------------------------------------


def plain_mirror(distance, azimuth, side, to_side, weights, normal, offset, paces, step, least,
                 bands, tables):  # fmt: skip
    """Twin of `mirrored_reach`, with vectors instead of loops over measures."""
    n, k = len(distance), weights.shape[1]
    out = np.zeros((n, len(bands) + len(tables), k))
    for i in range(n):
        if np.isnan(normal[i]).any():
            continue
        centres = (np.arange(paces.shape[1]) + 0.5) * step
        for j in np.flatnonzero((to_side == side[i]) & np.isfinite(distance[i])):
            turn = np.radians(float(azimuth[i, j]))
            at = np.zeros(2)
            if np.isfinite(turn):
                at = distance[i, j] * np.array([np.sin(turn), np.cos(turn)])
            ahead = offset[i] - at @ normal[i]
            if ahead < 0:
                continue
            far = np.linalg.norm(at + 2 * ahead * normal[i])
            time = max(far * np.interp(far, centres, paces[i]), least[i])
            for m, band in enumerate(bands):
                out[i, m] += weights[j] * (time <= band)
            for d, table in enumerate(tables):
                value = np.interp(time, np.arange(len(table)), table, right=0.0)
                out[i, len(bands) + d] += weights[j] * value
    return out


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 2**32 - 1))
@example(1333)
@example(3201)
def test_kernel_against_its_plain_twin(seed):
    rng = np.random.default_rng(seed)
    n, m, k = 3, 12, 2
    distance = rng.uniform(0, 30e3, (n, m))
    distance[rng.random((n, m)) < 0.2] = np.inf
    azimuth = rng.uniform(0, 360, (n, m)).astype(np.float32)
    azimuth[rng.random((n, m)) < 0.1] = np.nan
    side, to_side = rng.integers(0, 2, n), rng.integers(-1, 2, m)
    weights = rng.integers(0, 9, (m, k)).astype(float)
    turn = rng.uniform(0, 2 * np.pi, n)
    normal = np.column_stack([np.sin(turn), np.cos(turn)])
    normal[rng.random(n) < 0.2] = np.nan
    offset, least = rng.uniform(0, 20e3, n), rng.uniform(0, 300, n)
    paces = rng.uniform(0.03, 0.2, (n, 6))
    bands, tables = np.array([900.0, 2400.0]), np.sort(rng.random((1, 4000)))[:, ::-1].copy()
    out = np.zeros((n, 3, k))
    mirrored_reach(
        distance, azimuth, side, to_side, weights, normal, offset, paces, 4000.0, least, bands,
        tables, 1.0, out,
    )  # fmt: skip
    expected = plain_mirror(
        distance, azimuth, side, to_side, weights, normal, offset, paces, 4000.0, least, bands,
        tables,
    )  # fmt: skip
    np.testing.assert_allclose(out, expected, rtol=1e-6, atol=1e-9)


# Lines -------------------------------------------------------------------------------------------


def strip(west, east, south=50.0, north=52.0):
    return shapely.box(west, south, east, north)


def test_border_points_are_where_countries_meet():
    """West coast and edges are no border; a river of 300 m is one."""
    land = {"A": strip(5.0, 6.0), "B": strip(6.004, 7.0), "C": strip(8.0, 9.0)}
    points = border_points(land, WGS84)
    assert len(points["C"]) == 0
    for code in "AB":
        assert len(points[code]) > 300  # 222 km, a point every 500 m at least
        assert np.ptp(points[code][:, 1]) > 200e3


@pytest.mark.parametrize("code", ["A", "B"])
def test_line_at_a_straight_border(code):
    land = {"A": strip(5.0, 6.0), "B": strip(6.0, 7.0)}
    lon = 6.0 - 0.2 if code == "A" else 6.0 + 0.2
    place = Places(["p"], [lon], [51.0], [code])
    lines = border_lines(place, border_points(land, WGS84))
    expected = geodesic_distances_m(place, Places(["b"], [6.0], [51.0]))[0, 0]
    assert lines.offset_m[0] == pytest.approx(expected, rel=0.01)
    np.testing.assert_allclose(lines.normal[0], [1 if code == "A" else -1, 0], atol=0.01)
    assert lines.fit_m[0] < 200


def test_line_of_a_place_in_a_bulge_points_outwards():
    """A tongue of land beyond the straight border: the line lies behind, so it is put at the place.

    Abroad is still ahead.
    """
    tongue = shapely.box(6.0, 50.99, 6.05, 51.01)
    home = shapely.union(strip(5.0, 6.0), tongue)
    land = {"A": home, "B": shapely.difference(strip(6.0, 7.0), tongue)}
    place = Places(["p"], [6.045], [51.0], ["A"])
    lines = border_lines(place, border_points(land, WGS84))
    assert lines.offset_m[0] == 0.0
    assert lines.normal[0, 0] > 0.9
    assert lines.fit_m[0] > 200


def test_only_the_border_near_a_place_counts():
    """A border with a corner: each place sees its own leg."""
    home = shapely.box(5.0, 50.0, 6.0, 51.0)
    land = {"A": home, "B": shapely.difference(shapely.box(5.0, 50.0, 7.0, 52.0), home)}
    spots = Places(["east", "north"], [5.95, 5.4], [50.4, 50.95], ["A", "A"])
    lines = border_lines(spots, border_points(land, WGS84))
    np.testing.assert_allclose(lines.normal, [[1, 0], [0, 1]], atol=0.02)


def test_a_country_without_a_land_border_has_no_line():
    land = {"A": strip(5.0, 5.5), "B": strip(6.0, 7.0)}
    spots = Places(["a", "b"], [5.2, 6.5], [51.0, 51.0], ["A", "B"])
    assert np.isnan(border_lines(spots, border_points(land, WGS84)).normal).all()


def test_faults():
    with pytest.raises(StudyError, match="do not fit"):
        BorderLines(np.zeros((2, 2)), np.zeros(1), np.zeros(2))
    with pytest.raises(ZoneError, match="no country"):
        border_lines(Places(["a"], [5.0], [51.0]), {})
