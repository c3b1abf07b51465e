"""The twin towns through the readers and searches of the house, against times worked out by hand.

Formulas use the constants of the layout only: no street graph and no timetable search.
"""

import numpy as np
import pytest

from halfcircle.access.linking import (
    StreetWaysToStops,
    access_links,
    add_footpaths,
    egress_links,
)
from halfcircle.access.own_zone import own_zone_m
from halfcircle.access.street_times import build_street_times
from halfcircle.access.streets import (
    BikeProfile,
    CarProfile,
    WalkProfile,
    build_network,
    read_osm,
    street_times_s,
)
from halfcircle.access.transit import TransitQuery, build_transit_search, percentile_index
from halfcircle.access.transit_times import TransitTimes
from halfcircle.demo import write_demo
from halfcircle.demo.layout import GEOMETRY as G
from halfcircle.demo.layout import PLACES, side_of, to_lonlat
from halfcircle.demo.timetables import LINES
from halfcircle.demo.zones import demo_zones
from halfcircle.gtfs import build_timetable, read_feed
from halfcircle.read_opportunities import read_opportunities
from halfcircle.read_zones import read_zones
from halfcircle.regions.border import BorderMeasures, border_loss
from halfcircle.regions.border_rules import BorderRules, CrossingRule

ZONES = demo_zones()
DRY = [zone for zone in ZONES if not zone.waterside]
AT = [(zone.x_m, zone.y_m) for zone in DRY]
IN = np.array([zone.country for zone in DRY])
JOBS = np.array([zone.jobs for zone in DRY], dtype=float)
BANDS_MIN = (15, 30, 45, 60)
WALK_M_S, BIKE_M_S = G.walk_kmh / 3.6, G.bike_kmh / 3.6
FACTOR, JUNCTION_S = CarProfile().road_factor, CarProfile().junction_s
SIGNAL_S = CarProfile().signal_s
BOARDING_S = WalkProfile().ferry_boarding_s


# Streets by hand ----------------------------------------------------------------------------


def streets_all_the_way(a1, a2, strip_m, along):
    """Whether places lie side by side from a1 to a2 in the strip strip_m .. strip_m + 1 km."""
    spans = []
    for place in PLACES:
        west, south, east, north = place.streets_m
        low, high, first, last = (
            (south, north, west, east) if along == "x" else (west, east, south, north)
        )
        if low <= strip_m and strip_m + 1000 <= high:
            spans.append((first, last))
    at, goal = min(a1, a2), max(a1, a2)
    for first, last in sorted(spans):
        if first <= at:
            at = max(at, last)
    return at >= goal


def part_m(u1, u2, across1, across2, along):
    """Length of one part of a way; `along` names the other axis, the one the strip runs along."""
    strip = u1 // 1000 * 1000
    same = u1 % 1000 and u2 % 1000 and u2 // 1000 * 1000 == strip
    if not same or across1 == across2 or streets_all_the_way(across1, across2, strip, along):
        return abs(u1 - u2)
    return min(abs(u1 - lane) + abs(u2 - lane) for lane in (strip, strip + 1000))


def street_m(a, b):
    """Way between two points of one side of the river, metres."""
    return part_m(a[0], b[0], a[1], b[1], "y") + part_m(a[1], b[1], a[0], b[0], "x")


def on_streets_s(a, b, m_s):
    """Walking or cycling from a to b, seconds: bridge or ferry where the river is between them."""
    if side_of(*a) == side_of(*b):
        return street_m(a, b) / m_s
    bridge, ferry = G.bridgeheads_m, G.ferry_heads_m
    if side_of(*a) == "DE":
        bridge, ferry = bridge[::-1], ferry[::-1]
    over_bridge_m = street_m(a, bridge[0]) + G.bridge_m + street_m(bridge[1], b)
    by_ferry_m = street_m(a, ferry[0]) + street_m(ferry[1], b) + 2000 - G.ferry_crossing_m
    by_ferry_s = by_ferry_m / m_s + G.ferry_s + BOARDING_S
    return min(over_bridge_m / m_s, by_ferry_s)


def all_times_s(m_s):
    return np.array([[on_streets_s(a, b, m_s) for b in AT] for a in AT])


@pytest.fixture(scope="module")
def by_hand():
    return {"walk": all_times_s(WALK_M_S), "bike": all_times_s(BIKE_M_S)}


# What the house finds -----------------------------------------------------------------------

PROFILES = {
    "walk": WalkProfile(kmh=G.walk_kmh),
    "bike": BikeProfile(kmh=G.bike_kmh),
    "car": CarProfile(country="NL"),
}
DRY_IDX = np.array([i for i, zone in enumerate(ZONES) if not zone.waterside])


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo")).parent


@pytest.fixture(scope="module")
def zones(folder):
    return read_zones(folder / "zones.gpkg", id="zone_id", country="country")


@pytest.fixture(scope="module")
def jobs(folder, zones):
    return read_opportunities(folder / "zones.gpkg", zones=zones, name="jobs", column="jobs")


@pytest.fixture(scope="module")
def networks(folder):
    ways = read_osm(folder / "region.osm.pbf")
    return {mode: build_network(ways, mode, profile=p) for mode, p in PROFILES.items()}


@pytest.fixture(scope="module")
def sources(networks, zones):
    return {
        mode: build_street_times(
            network,
            zones.places,
            limit_s=3600,
            own_m=own_zone_m(zones),
            kmh=30.0 if mode == "car" else PROFILES[mode].kmh,
            walk_kmh=G.walk_kmh,
        )
        for mode, network in networks.items()
    }


def found_s(network, points, others=None, limit_s=7200.0):
    snaps = [
        network.snap(*to_lonlat(*zip(*some, strict=True)), walk_kmh=G.walk_kmh)
        for some in (points, others or points)
    ]
    return street_times_s(network, *snaps, limit_s=limit_s)


@pytest.mark.parametrize("mode", ["walk", "bike"])
def test_walking_and_cycling_between_all_zones(networks, by_hand, mode):
    """All 107,000 pairs of zones that are not cut by water."""
    expected = by_hand[mode]
    found = found_s(networks[mode], AT, limit_s=30_000.0)
    assert np.isfinite(found).all()
    # corners are rounded to a centimetre, times of street pieces to 1/256 s
    np.testing.assert_allclose(found, expected, rtol=5e-5, atol=0.1)


def test_no_zone_lies_on_the_edge_of_a_band(by_hand):
    for times_s in by_hand.values():
        for band_min in BANDS_MIN:
            assert np.abs(times_s - 60 * band_min).min() > 5


# Driving by hand ----------------------------------------------------------------------------


def drive_s(*legs, crossings=0, signals=0):
    """Metres at a limit (km/h), and what waiting costs."""
    motion_s = sum(m * 3.6 / kmh for m, kmh in legs)
    return motion_s + crossings * JUNCTION_S + signals * SIGNAL_S


LANE_NL, LANE_DE = G.lane_nl_kmh * FACTOR, G.lane_de_kmh * FACTOR
MAIN, HOME = G.main_street_kmh * FACTOR, G.residential_kmh * FACTOR
PRIMARY_NL, PRIMARY_DE = G.primary_nl_kmh * FACTOR, G.primary_de_kmh * FACTOR
MOTORWAY, RAMP = G.motorway_kmh * CarProfile().motorway_factor, G.link_kmh * FACTOR
RAMP_EAST_M = G.motorway_y_m - 3000 - G.carriageway_m
RAMP_WEST_M = G.motorway_y_m - 3000 + G.carriageway_m

DRIVES = {
    # Four blocks of residential street, a crossing at the end of each.
    "in town": ((-7750, 250), (-7750, 1250), drive_s((1000, HOME), crossings=4)),
    # Two kilometres of lane; a delay only where lanes cross.
    "in the country": ((10_000, 2000), (12_000, 2000), drive_s((2000, LANE_DE), crossings=2)),
    # Over the bridge: crossings at both bridgeheads, then four in the streets of Juelichsfeld.
    "over the bridge": (
        *((-2000, 0), (2000, 0)),
        drive_s((3000, PRIMARY_NL), (1000, PRIMARY_DE), crossings=6),
    ),
    # Ramps and what lies between them cost no crossings.
    "by motorway, east": (
        *((-10_000, 3000), (-1000, 3000)),
        drive_s(
            *((500, LANE_NL), (2 * RAMP_EAST_M, RAMP), (8000, MOTORWAY), (500, PRIMARY_NL)),
            crossings=1,
        ),
    ),
    "by motorway, west": (
        *((-1000, 3000), (-10_000, 3000)),
        drive_s(
            *((500, LANE_NL), (2 * RAMP_WEST_M, RAMP), (8000, MOTORWAY), (500, PRIMARY_NL)),
            crossings=1,
        ),
    ),
    # No left turn from the main street: two of six blocks on side streets instead.
    "no left turn": (
        *((-6750, 0), (-6000, 750)),
        drive_s((1000, MAIN), (500, HOME), crossings=6),
    ),
    "right turn on the way back": (
        *((-6000, 750), (-6750, 0)),
        drive_s((1500, MAIN), crossings=6),
    ),
    # One-way southwards; where the Markt is closed to cars there is no crossing for them.
    "with the one-way": ((-6500, 1250), (-6500, 250), drive_s((1000, HOME), crossings=3)),
    "against the one-way": ((-6500, 250), (-6500, 1250), drive_s((1500, HOME), crossings=5)),
    # Round three sides of a block: the bollard stands in the middle of the fourth.
    "round the bollard": ((-5500, 1000), (-5500, 1250), drive_s((750, HOME), crossings=3)),
    "round the lift gate": ((5500, -1250), (5500, -1000), drive_s((750, HOME), crossings=3)),
    "through the lights": ((5750, 0), (6250, 0), drive_s((500, MAIN), crossings=1, signals=1)),
}


@pytest.mark.parametrize("name", DRIVES)
def test_driving(networks, name):
    start, end, expected = DRIVES[name]
    found = found_s(networks["car"], [start], [end])[0, 0]
    assert found == pytest.approx(expected, abs=0.15)


@pytest.mark.parametrize("name", ["against the one-way", "round the bollard", "no left turn"])
def test_bicycles_go_straight(networks, name):
    start, end, _ = DRIVES[name]
    found = found_s(networks["bike"], [start], [end])[0, 0]
    assert found == pytest.approx(street_m(start, end) / BIKE_M_S, abs=0.1)


# Public transport by hand -------------------------------------------------------------------

START_S, END_S, STEP_S, SLACK_S, WALK_MAX_S = 7 * 3600, 9 * 3600, 60, 60, 1200
DEPARTURES_S = np.arange(START_S, END_S, STEP_S)


def one_ride_s(a, destinations):
    """Times of every departure with at most one ride, shape (n_departures, n_destinations)."""
    walk_s = np.array([on_streets_s(a, b, WALK_M_S) for b in destinations])
    best = np.tile(walk_s, (len(DEPARTURES_S), 1))
    to_stop, from_stop = {}, {}
    for stop in {stop for line in LINES for stop in line.stops_m}:
        to_stop[stop] = on_streets_s(a, stop, WALK_M_S)
        out_s = np.array([on_streets_s(stop, b, WALK_M_S) for b in destinations])
        from_stop[stop] = np.where(out_s <= WALK_MAX_S, out_s, np.inf)
    for line in LINES:
        for back in (False, True):
            stops, offsets = line.stops(back), line.offsets_s(back)
            for i, stop in enumerate(stops):
                if to_stop[stop] > WALK_MAX_S:
                    continue
                leave = np.array(line.departures_s(stop, back))
                ready = DEPARTURES_S + to_stop[stop] + SLACK_S
                start = leave[np.searchsorted(leave, ready)]
                for j in range(i + 1, len(stops)):
                    arrive = start + offsets[j][0] - offsets[i][1] - DEPARTURES_S
                    best = np.minimum(best, arrive[:, None] + from_stop[stops[j]])
    return best


@pytest.fixture(scope="module")
def transit(folder, networks, zones):
    """The search of a study, with one ride or four."""
    feeds = [
        read_feed(folder / name, feed_id=feed)
        for feed, name in (("nl", "halelijn.gtfs.zip"), ("de", "hale-esche.gtfs.zip"))
    ]
    timetable = build_timetable(
        feeds, date="2026-05-12", window=("07:00", "09:00"), time_zone="Europe/Amsterdam"
    )
    on_foot = StreetWaysToStops(networks["walk"], G.walk_kmh)
    timetable = add_footpaths(timetable, on_foot, limit_s=600.0, board_slack_s=SLACK_S)
    links = [
        link(zones.places, timetable.stops, on_foot, limit_s=WALK_MAX_S)
        for link in (access_links, egress_links)
    ]
    walk = build_street_times(
        *(networks["walk"], zones.places),
        limit_s=7200,
        own_m=own_zone_m(zones),
        kmh=G.walk_kmh,
        walk_kmh=G.walk_kmh,
    )

    def search(max_rides):
        query = TransitQuery(
            start_s=START_S,
            end_s=END_S,
            step_s=STEP_S,
            max_rides=max_rides,
            limit_s=7200,
            board_slack_s=SLACK_S,
        )
        return build_transit_search(timetable, *links, query, direct_s=walk.direct_s)

    return search


def zone_at(x_m, y_m):
    return next(i for i, zone in enumerate(ZONES) if (zone.x_m, zone.y_m) == (x_m, y_m))


@pytest.mark.parametrize(
    ("start", "end", "leaves", "ride_s"),
    [
        # Lindeveen 05:06, 05:36, ...: 12 km in 12 minutes and two stops of a minute.
        ((-6250, -750), (6250, -750), 306 * 60, 840),
        # Eschenfurth back: 05:04 from the far end, 5 km and a minute later, so 05:10, 05:40, ...
        ((6250, -750), (-6250, -750), 310 * 60, 840),
        # Coevelde 05:10, 05:40, ...: 5 km and no stop on the way.
        ((-3250, -750), (2250, -750), 310 * 60, 300),
    ],
)
def test_train_over_the_border(transit, start, end, leaves, ride_s):
    """Half a kilometre to the train, half a kilometre from it, every half hour."""
    lanes = transit(4).lanes_s(zone_at(*start))[0, zone_at(*end)]
    walk_s = 500 / WALK_M_S
    ready = DEPARTURES_S + walk_s + SLACK_S
    wait_s = (leaves - ready) % 1800
    expected = walk_s + SLACK_S + wait_s + ride_s + walk_s
    np.testing.assert_allclose(lanes, expected, atol=2.5)  # each walk is rounded up
    assert np.ptp(lanes) == 29 * 60


def test_train_then_train_of_the_other_feed(transit):
    """Juelichsfeld 07:46, Eschenfurth 07:50; the branch leaves 08:20, once an hour."""
    lanes = transit(4).lanes_s(zone_at(2250, -750))[0, zone_at(8750, -3750)]
    walk_s = 500 / WALK_M_S
    arrival = 8 * 3600 + 20 * 60 + 270 + walk_s
    caught = (DEPARTURES_S + walk_s + SLACK_S > (7 * 60 + 16) * 60) & (
        DEPARTURES_S + walk_s + SLACK_S <= (7 * 60 + 46) * 60
    )
    assert caught.sum() == 30
    np.testing.assert_allclose(lanes[caught], (arrival - DEPARTURES_S)[caught], atol=2.5)


ORIGINS = ((-6250, -750), (-7750, 1250), (-3250, -750), (2250, -1250), (6250, 250), (11_250, -750))


@pytest.mark.parametrize("start", ORIGINS)
def test_one_ride_to_every_zone(transit, start):
    """Every departure minute, from a zone to all 327 that are not cut by water."""
    lanes = transit(1).lanes_s(zone_at(*start))[0].astype(float)[DRY_IDX]
    expected = one_ride_s(start, AT).T
    own = AT.index(start)
    expected[own] = lanes[own]  # inside a zone: the zone's own length, not a formula of the grid
    far = np.minimum(lanes, expected) > 7200 - 10  # what takes longer is not looked for
    assert (~far).mean() > 0.4
    np.testing.assert_allclose(lanes[~far], expected[~far], atol=2.5)


# The border by hand -------------------------------------------------------------------------

MEASURES = BorderMeasures(bands_s=tuple(60.0 * band for band in BANDS_MIN))


def sums_by_hand(times_s, country):
    """Jobs at home and everywhere within each band, shape (2, n_bands)."""
    inside = np.array([times_s <= 60 * band for band in BANDS_MIN])
    return np.array([inside @ (JOBS * (country == IN)), inside @ JOBS])


@pytest.mark.parametrize("mode", ["walk", "bike"])
def test_border_table_on_foot_and_by_bicycle(sources, jobs, by_hand, mode):
    """Domestic, open and effective reach of every zone and band, to the last job."""
    penalty_s = 46 * 60.0
    pairs = (("NL", "DE"), ("DE", "NL"))
    rules = BorderRules(tuple(CrossingRule(a, b, penalty_s) for a, b in pairs), name="study")
    loss = border_loss(sources[mode], [jobs], measures=MEASURES, rules=rules, origin_idx=DRY_IDX)
    times_s = by_hand[mode]
    for row, country in enumerate(IN):
        domestic, everywhere = sums_by_hand(times_s[row], country)
        np.testing.assert_array_equal(loss.domestic[row, :, 0], domestic)
        np.testing.assert_array_equal(loss.open_reach[row, :, 0], everywhere)
        late_s = times_s[row] + penalty_s * (country != IN)
        np.testing.assert_array_equal(
            loss.effective[row, 0, :, 0], sums_by_hand(late_s, country)[1]
        )


def test_half_a_circle_by_car(sources, jobs, zones):
    """Within an hour by car is all there is: what a border takes is the other country."""
    loss = border_loss(sources["car"], [jobs], measures=MEASURES, origin_idx=DRY_IDX)
    total = {country: float(JOBS[country == IN].sum()) for country in ("NL", "DE")}
    for country, jobs_there in total.items():
        here = country == IN
        np.testing.assert_array_equal(loss.domestic[here, -1, 0], jobs_there)
        np.testing.assert_array_equal(loss.open_reach[here, -1, 0], JOBS.sum())
    share = loss.loss[zone_row(-6250, -750), -1, 0]
    assert share == pytest.approx(total["DE"] / JOBS.sum())
    assert 0.5 < share < 0.6


def zone_row(x_m, y_m):
    return AT.index((x_m, y_m))


@pytest.mark.parametrize("start", ORIGINS)
def test_border_table_by_train_or_bus(transit, zones, jobs, start):
    """The same by public transport with one ride: medians of 120 departures, summed by hand."""
    source = TransitTimes(transit(1), zones.places)
    idx = np.array([zone_at(*start)])
    loss = border_loss(source, [jobs], measures=MEASURES, origin_idx=idx)
    times_s = np.sort(one_ride_s(start, AT), axis=0)
    [middle] = percentile_index([50], len(DEPARTURES_S))
    median_s = times_s[middle]
    edges = np.abs(median_s[:, None] - 60.0 * np.array(BANDS_MIN))
    assert edges[JOBS > 0].min() > 2.5  # rounding up walks decides nothing
    domestic, everywhere = sums_by_hand(median_s, side_of(*start))
    np.testing.assert_array_equal(loss.domestic[0, :, 0], domestic)
    np.testing.assert_array_equal(loss.open_reach[0, :, 0], everywhere)
