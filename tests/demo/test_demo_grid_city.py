"""The grid city keeps its word: the formulas against the streets and the timetable of the house."""

import numpy as np
import pytest
from grid_city import GridCity, Line, powers_of_two, reached
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.access.linking import StreetWaysToStops, access_links, egress_links
from halfcircle.access.streets import (
    BikeProfile,
    CarProfile,
    WalkProfile,
    build_network,
    read_osm,
    street_times_s,
)
from halfcircle.access.transit import TransitQuery, build_transit_search
from halfcircle.gtfs import build_timetable, read_feed

CITY = GridCity(
    n_columns=7,
    n_rows=5,
    lines=(
        Line("1", ((0, 1), (2, 1), (4, 1), (6, 1)), hop_s=90, dwell_s=20, headway_s=600),
        Line("2", ((5, 4), (5, 2), (5, 0)), hop_s=(70, 100), headway_s=1500, both_ways=True),
    ),
)
CAR = CarProfile(road_factor=0.8, junction_s=3.0)


@pytest.fixture(scope="module")
def ways(tmp_path_factory):
    return read_osm(CITY.write_osm(tmp_path_factory.mktemp("grid") / "city.osm.pbf"))


def times(ways, mode, profile):
    network = build_network(ways, mode, profile=profile)
    snaps = network.snap(*CITY.lonlat(CITY.corners))
    return street_times_s(network, snaps, snaps, limit_s=7200)


@pytest.mark.parametrize("mode", ["walk", "bike", "car"])
def test_streets(ways, mode):
    profile = {"walk": WalkProfile(kmh=4.5), "bike": BikeProfile(kmh=15.0), "car": CAR}[mode]
    found = times(ways, mode, profile)
    by_hand = {
        "walk": CITY.walk_s,
        "bike": CITY.bike_s,
        "car": lambda a, b: CITY.car_s(a, b, factor=0.8, junction_s=3.0),
    }[mode]
    expected = np.array([[by_hand(a, b) for b in CITY.corners] for a in CITY.corners])
    if mode == "car":
        # The outermost corners are bends of a street: a place there shares the delays at both ends
        # of its street by distance.
        outer = [CITY.corners.index((c, r)) for c in (0, 6) for r in (0, 4)]
        assert np.abs(found - expected)[outer].max() <= 2 * CAR.junction_s
        found, expected = (np.delete(np.delete(t, outer, 0), outer, 1) for t in (found, expected))
    np.testing.assert_allclose(found, expected, atol=0.06)
    if mode == "walk":
        np.testing.assert_array_equal(np.ceil(found), np.ceil(expected))


@pytest.fixture(scope="module")
def transit(ways, tmp_path_factory):
    feed = read_feed(CITY.write_gtfs(tmp_path_factory.mktemp("grid") / "city.zip"), feed_id="grid")
    timetable = build_timetable(
        [feed], date="2026-05-12", window=("07:00", "08:00"), time_zone=CITY.time_zone
    )
    network = build_network(ways, "walk", profile=WalkProfile(kmh=4.5))
    on_foot = StreetWaysToStops(network, 4.5)
    places = CITY.places()
    direct = times(ways, "walk", WalkProfile(kmh=4.5))
    return build_transit_search(
        timetable,
        access_links(places, timetable.stops, on_foot, limit_s=900),
        egress_links(places, timetable.stops, on_foot, limit_s=900),
        TransitQuery(start_s=7 * 3600, end_s=8 * 3600, max_rides=1, limit_s=7200),
        direct_s=direct,
    )


def test_transit(transit):
    """Every departure of an hour from every corner to every corner, to the second."""
    found = transit.lanes_s(np.arange(len(CITY.corners)))
    departures = range(7 * 3600, 8 * 3600, 60)
    pairs = [(i, j) for i in range(0, 35, 4) for j in range(35)]
    for i, j in pairs:
        a, b = CITY.corners[i], CITY.corners[j]
        expected = CITY.transit_times_s(a, b, departures, walk_max_s=900)
        np.testing.assert_array_equal(found[i, j], expected, err_msg=f"{a} to {b}")
    assert any((np.ptp(found[i, j]) > 0) for i, j in pairs)  # some do wait


def test_formulas_by_hand():
    city = GridCity(n_columns=4, n_rows=3, block_m=250.0, car_kmh=50)
    assert city.walk_s((0, 0), (3, 2)) == 5 * 200
    assert city.bike_s((0, 0), (3, 2)) == 5 * 60
    assert city.car_s((0, 0), (3, 2)) == 5 * 18
    # five crossings but the last, an outer corner, and one outer corner on the way
    assert city.car_s((0, 0), (3, 2), junction_s=2.0) == 5 * 18 + 2 * 3
    assert city.car_s((1, 1), (2, 1), factor=0.5, junction_s=2.0) == 36 + 2
    assert city.car_s((1, 1), (1, 1), junction_s=2.0) == 0


def test_transit_by_hand():
    line = Line("1", ((0, 0), (3, 0)), hop_s=120, headway_s=600, first_s=25_200, last_s=25_800)
    city = GridCity(n_columns=5, n_rows=1, block_m=250.0, lines=(line,))
    # Ready at 07:01:00, the bus of 07:10 arrives at 07:12, one block more on foot.
    options = {"walk_all_the_way": False}
    assert city.transit_s((0, 0), (4, 0), 25_200, **options) == 720 + 200
    # Leaving a minute before a bus is in time for it, a second later is not.
    assert city.transit_s((0, 0), (3, 0), 25_140, **options) == 60 + 120
    assert city.transit_s((0, 0), (3, 0), 25_141, **options) == 659 + 120
    assert city.transit_s((0, 0), (3, 0), 25_800, **options) == np.inf
    assert city.transit_s((0, 0), (3, 0), 25_800) == 600  # on foot
    assert city.transit_s((3, 0), (0, 0), 25_200, **options) == np.inf  # one way only
    assert city.transit_s((1, 0), (3, 0), 25_200, walk_max_s=100, **options) == np.inf


@settings(deadline=None, max_examples=30)
@given(st.sets(st.integers(0, 51)))
def test_powers_of_two_name_what_was_reached(chosen):
    values = powers_of_two(52)
    assert reached(values[sorted(chosen)].sum()) == tuple(sorted(chosen))


def test_powers_of_two_say_what_they_cannot():
    with pytest.raises(ValueError, match="53 powers"):
        powers_of_two(53)
    with pytest.raises(ValueError, match=r"2\.5 is no sum"):
        reached(2.5)
