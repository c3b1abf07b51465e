"""Half disks: losses, sectors and mirrors that are known in closed form."""

import numpy as np
import pytest
import shapely
from border_world import FixedTimes, around, disk_world, places, segment_loss
from pyproj import CRS
from scipy.integrate import quad

from halfcircle.access.crow_fly import CrowFly
from halfcircle.access.decay import GaussianDecay, decay_by_name
from halfcircle.places import Opportunities, Places
from halfcircle.regions.border import BorderMeasures, border_loss
from halfcircle.regions.border_rules import BorderRules, CrossingRule
from halfcircle.regions.half_circle import half_circle
from halfcircle.regions.half_circle_land import land_shares

RADIUS_M = 40_000.0
# 60 km/h without detour: 40 km are 2400 s.
BAND = BorderMeasures(bands_s=(2400.0,))
BOTH = BorderMeasures(bands_s=(2400.0,), decays=(GaussianDecay(700.0),))


def loss_of(origin, cells, *, measures=BAND, values=None, sectors=False):
    count = np.ones((1, len(cells))) if values is None else values
    source = CrowFly(origin, cells, kmh=60.0, detour=1.0, min_s=1.0)
    jobs = (Opportunities("jobs", count),)
    return border_loss(source, jobs, measures=measures, sectors=sectors)


def decayed_loss(distance_m: float) -> float:
    """Loss with a Gaussian of 700 s at 60 km/h, by quadrature over rings."""
    sd = 700.0 / 3.6 * 60.0

    def weight(r):
        return np.exp(-0.5 * (r / sd) ** 2)

    def abroad(r):
        return 2.0 * np.arccos(distance_m / r) * r * weight(r)

    foreign, _ = quad(abroad, max(distance_m, 1e-9), RADIUS_M, limit=200)
    everything, _ = quad(lambda r: 2.0 * np.pi * r * weight(r), 0.0, RADIUS_M, limit=200)
    return foreign / everything


@pytest.mark.parametrize("cells", [10, 40])
def test_half_of_everything_is_gone_at_the_border(cells):
    origin, disk = disk_world(cells_per_radius=cells, radius_m=RADIUS_M)
    loss = loss_of(origin, disk, measures=BOTH).loss[0, :, 0]
    np.testing.assert_allclose(loss, 0.5, rtol=1e-6)


@pytest.mark.parametrize("share", [0.1, 0.25, 0.5, 0.75])
def test_circular_segment_with_an_error_that_shrinks_with_the_grid(share):
    errors = []
    for cells in (10, 40, 160):
        origin, disk = disk_world(
            cells_per_radius=cells, radius_m=RADIUS_M, border_m=share * RADIUS_M
        )
        loss = loss_of(origin, disk, measures=BOTH).loss[0, :, 0]
        errors.append(np.abs(loss - [segment_loss(share), decayed_loss(share * RADIUS_M)]))
    band, decay = np.array(errors).T
    assert band[-1] < 1e-3
    assert decay[-1] < 1e-3
    assert band[-1] < band[0]
    assert decay[-1] < decay[0]


def test_a_border_further_away_takes_less():
    losses = []
    for border_m in np.linspace(0.0, RADIUS_M, 21):
        origin, disk = disk_world(cells_per_radius=30, radius_m=RADIUS_M, border_m=border_m)
        losses.append(loss_of(origin, disk, measures=BOTH).loss[0, :, 0])
    assert (np.diff(np.array(losses), axis=0) <= 1e-12).all()
    assert losses[-1] == pytest.approx(0.0, abs=1e-3)


@pytest.mark.parametrize("turn", [1, 5, 8, 15])
def test_a_rotated_copy_gives_rotated_sectors(turn):
    rng = np.random.default_rng(turn)
    n = 3000
    azimuth, radius = rng.uniform(0, 360, n), rng.uniform(100, RADIUS_M, n)
    country, count = rng.choice(["A", "B"], n), rng.uniform(0, 9, (1, n))
    results = []
    for degrees in (0.0, 22.5 * turn):
        lon, lat = around(azimuth + degrees, radius)
        cells = places(country, lon=lon, lat=lat)
        origin = Places(["origin"], [6.0], [51.0], ["A"])
        results.append(loss_of(origin, cells, measures=BOTH, values=count, sectors=True))
    before, after = results
    for name in ("sector_domestic", "sector_open"):
        around_0, around_1 = getattr(before, name)[..., :16], getattr(after, name)[..., :16]
        np.testing.assert_allclose(np.roll(around_0, turn, axis=-1), around_1, rtol=1e-4)
    np.testing.assert_allclose(
        half_circle(before).asymmetry_open, half_circle(after).asymmetry_open, rtol=1e-4
    )


def test_true_azimuths_not_those_of_a_map_projection():
    # At 25 degrees east the grid north of EPSG:3035 is 12 degrees off true north.
    lon, lat = around([0.0, 90.0, 180.0, 270.0], [5000.0] * 4, lon=25.0, lat=60.0)
    cells = places("AAAA", lon=lon, lat=lat)
    origin = Places(["origin"], [25.0], [60.0], ["A"])
    loss = loss_of(origin, cells, sectors=True)
    assert np.flatnonzero(loss.sector_open[0, 0, 0]).tolist() == [0, 4, 8, 12]


def test_the_own_zone_is_the_core():
    spots = places("AAB", lon=[6.0, 6.0, 6.1], lat=[51.0, 51.0, 51.0])
    source = CrowFly(spots, spots)
    jobs = (Opportunities("jobs", np.array([[1.0, 2.0, 4.0]])),)
    loss = border_loss(source, jobs, measures=BAND, sectors=True)
    # z0 and z1 lie on one spot: no distance, so no direction.
    assert loss.sector_open[0, 0, 0, 16] == 3.0
    assert loss.sector_open[0, 0, 0, 4] == 4.0
    assert loss.sector_domestic[0, 0, 0].sum() == 3.0
    # What is in the own zone stays there when abroad is like home.
    assert half_circle(loss).mirror[0, 0, 0] == 3.0


def test_the_own_zone_is_the_core_also_from_another_point_of_it():
    zones = places("AB", lon=[6.0, 6.1], lat=[51.0, 51.0])
    centre_of_people = Places(["z0"], [6.01], [51.0], ["A"])
    source = CrowFly(centre_of_people, zones)
    jobs = (Opportunities("jobs", np.array([[1.0, 2.0]])),)
    loss = border_loss(source, jobs, measures=BAND, sectors=True)
    assert loss.sector_open[0, 0, 0, 16] == 1.0


def test_half_disk_seen_by_direction():
    origin, disk = disk_world(cells_per_radius=60, radius_m=RADIUS_M)
    loss = loss_of(origin, disk, measures=BOTH, sectors=True)
    seen = half_circle(loss)
    np.testing.assert_allclose(seen.completeness, 1.0 - loss.loss, rtol=1e-9)
    # East is gone: 7 whole sectors of 16, and north and south keep half of theirs.
    assert seen.half_gone[0, 0, 0] == pytest.approx(7 / 16, abs=1 / 16 + 1e-9)
    # Uniform half disk, each job a unit vector: mean cosine over a half turn is 2 / pi.
    assert seen.asymmetry_domestic[0, 0, 0] == pytest.approx(2.0 / np.pi, abs=0.005)
    assert seen.asymmetry_open[0, 0, 0] == pytest.approx(0.0, abs=1e-4)


def test_mirror_of_a_symmetric_world_is_the_open_reach():
    # Turned so that the border runs between sectors.
    origin, disk = disk_world(cells_per_radius=40, radius_m=RADIUS_M, rotate_deg=11.25)
    loss = loss_of(origin, disk, measures=BOTH, sectors=True)
    seen = half_circle(loss)
    np.testing.assert_allclose(seen.mirror, loss.open_reach, rtol=0.01)
    np.testing.assert_allclose(seen.mirror_loss, 0.5, atol=0.01)


def test_mirror_loses_a_sixteenth_where_the_border_runs_through_sectors():
    origin, disk = disk_world(cells_per_radius=40, radius_m=RADIUS_M)
    loss = loss_of(origin, disk, measures=BOTH, sectors=True)
    np.testing.assert_allclose(half_circle(loss).mirror, loss.open_reach * 15 / 16, rtol=0.02)


@pytest.mark.parametrize(("abroad", "word"), [(2.0, "richer"), (0.5, "poorer")])
def test_bracket_richer_or_poorer_than_home(abroad, word):
    origin, disk = disk_world(cells_per_radius=40, radius_m=RADIUS_M, rotate_deg=11.25)
    count = np.where(disk.country == "B", abroad, 1.0)[None]
    seen = half_circle(loss_of(origin, disk, measures=BOTH, values=count, sectors=True))
    assert (seen.abroad == word).all()


def test_sea_on_one_side_is_no_border_loss():
    origin, disk = disk_world(cells_per_radius=40, radius_m=RADIUS_M)
    coast = disk.take(np.flatnonzero(disk.country == "A"))
    coast = Places(coast.place_id, coast.lon, coast.lat, ["A"] * len(coast))
    far = Places(["far"], [20.0], [51.0], ["B"])
    cells = Places(
        [*coast.place_id, *far.place_id],
        [*coast.lon, *far.lon],
        [*coast.lat, *far.lat],
        [*coast.country, *far.country],
    )
    loss = loss_of(origin, cells, measures=BOTH, sectors=True)
    np.testing.assert_array_equal(loss.loss, 0.0)
    assert half_circle(loss).half_gone.max() == 0.0
    # The one-sided reach still shows, as asymmetry: it is the coast, not a border.
    assert half_circle(loss).asymmetry_open[0, 0, 0] == pytest.approx(2.0 / np.pi, abs=0.01)


LAND_CRS = CRS.from_proj4("+proj=aeqd +lat_0=51 +lon_0=6 +datum=WGS84")
WEST = shapely.box(-200_000, -200_000, 0, 200_000)
EAST = shapely.box(0, -200_000, 200_000, 200_000)
ORIGIN = Places(["origin"], [6.0], [51.0], ["A"])


def test_land_shares_tell_sea_from_border():
    border = land_shares(ORIGIN, {"A": WEST, "B": EAST}, LAND_CRS, radius_m=RADIUS_M)
    coast = land_shares(ORIGIN, {"A": WEST}, LAND_CRS, radius_m=RADIUS_M)
    for each in (border, coast):
        # The polygon of a sector is a hair short of its arc, and geodesics bend.
        assert each.own_of_disk[0] == pytest.approx(0.5, abs=1e-3)
    assert border.own_of_land[0] == pytest.approx(0.5, abs=1e-3)
    assert coast.own_of_land[0] == 1.0
    np.testing.assert_allclose(border.foreign[0, 1:8], 1.0, atol=1e-6)
    np.testing.assert_allclose(border.own[0, 9:16], 1.0, atol=1e-6)
    np.testing.assert_allclose(border.own[0, [0, 8]], 0.5, atol=0.01)
    np.testing.assert_allclose(coast.water[0, 1:8], 1.0, atol=1e-6)
    assert border.table().loc[0, "sectors_border"] >= 7
    assert border.table().loc[0, "sectors_sea"] == 0
    assert coast.table().loc[0, "sectors_border"] == 0
    assert coast.table().loc[0, "sectors_sea"] >= 7


def test_land_across_many_tiles_is_counted_once():
    # 150 km: many tiles of 50 km meet each sector.
    shares = land_shares(ORIGIN, {"A": WEST, "B": EAST}, LAND_CRS, radius_m=150_000.0)
    np.testing.assert_allclose((shares.own + shares.foreign)[0], 1.0, atol=1e-6)


def test_hard_closed_counts_only_paths_at_home():
    spots = places("AAB")
    times = np.array([[60.0, 1200.0, 600.0]])
    # The quick way from z0 to z1 leads through B; at home it is longer than the band.
    closed = np.array([[60.0, 3000.0, np.inf]])
    source = FixedTimes(spots.take([0]), spots, times)
    jobs = (Opportunities("jobs", np.array([[1.0, 10.0, 100.0]])),)
    loss = border_loss(
        source, jobs, measures=BAND, hard_closed=FixedTimes(spots.take([0]), spots, closed)
    )
    assert loss.domestic.ravel().tolist() == [11.0]
    assert loss.hard_closed.ravel().tolist() == [1.0]
    table = loss.table().set_index("measure")
    assert table.loc["cumulative", "loss"] == pytest.approx(100 / 111)
    assert table.loc["cumulative_hard_closed", "loss"] == pytest.approx(110 / 111)


def test_pbl_penalty_by_hand():
    spots = places("AB")
    decay = decay_by_name("pbl", "car")
    source = FixedTimes(spots.take([0]), spots, np.array([[900.0, 900.0]]))
    jobs = (Opportunities("jobs", np.array([[100.0, 100.0]])),)
    rules = BorderRules((CrossingRule("A", "B", penalty_s=45 * 60.0, factor=0.5),))
    loss = border_loss(source, jobs, measures=BorderMeasures(decays=(decay,)), rules=rules)
    # f(15) = .850 at home; abroad f(60) = .096, halved.
    assert loss.domestic.item() == pytest.approx(85.0, abs=0.05)
    assert loss.effective.item() == pytest.approx(85.0 + 4.8, abs=0.1)
    assert loss.loss.item() == 0.5
