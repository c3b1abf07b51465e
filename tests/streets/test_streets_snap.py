"""Snapping: nearest point on an edge, offsets both ways, charges, islands, what is no target."""

import numpy as np
import pytest
from streets.streets_town import GEOD, OPEN, TICK_S, lonlat, town

from halfcircle.access.streets import CarProfile, WalkProfile, street_times_s
from halfcircle.errors import StreetError

EVEN_S = 0.1
"""A street along a parallel is not straight in the projection: a few centimetres to walk."""

WALK = WalkProfile(kmh=5.0)
STREET = {1: (0, 0), 2: (2, 0), 3: (2, 2)}
TWO = {1: ([1, 2], OPEN), 2: ([2, 3], OPEN)}


def places(*steps):
    return np.array([lonlat(step) for step in steps]).T


def seconds(network, a, b, **options):
    snaps = network.snap(*places(a, b), **options)
    return float(street_times_s(network, snaps.take([0]), snaps.take([1]), limit_s=60_000)[0, 0])


def metres(a, b):
    return GEOD.inv(*lonlat(a), *lonlat(b))[2]


def test_nearest_point_and_distance(tmp_path):
    network = town(tmp_path, "walk", STREET, TWO, profile=WALK).network
    snaps = network.snap(*places((0.5, 0.1), (2.3, 1.0)), max_snap_m=1000)
    assert snaps.snap_m == pytest.approx(
        [metres((0.5, 0.1), (0.5, 0)), metres((2.3, 1), (2, 1))], abs=0.1
    )
    assert snaps.snap_s == pytest.approx(snaps.snap_m * 3.6 / 4.5, abs=TICK_S)
    assert repr(snaps) == "<Snaps: 2 of 2 places on a street, median 161 m, at most 211 m away>"


def test_time_is_walk_street_walk(tmp_path):
    network = town(tmp_path, "walk", STREET, TWO, profile=WALK).network
    a, b = (0.5, 0.1), (2.1, 1.0)
    off = metres(a, (0.5, 0)) + metres(b, (2, 1))
    on = metres((0.5, 0), (2, 0)) + metres((2, 0), (2, 1))
    expected = off * 3.6 / 4.0 + on * 3.6 / 5.0
    got = seconds(network, a, b, max_snap_m=1000, walk_kmh=4.0)
    assert got == pytest.approx(expected, abs=0.05)


def test_same_street_is_travelled_directly(tmp_path):
    network = town(tmp_path, "walk", STREET, TWO, profile=WALK).network
    a, b = (0.5, 0.02), (1.25, 0.03)
    off = metres(a, (0.5, 0)) + metres(b, (1.25, 0))
    expected = off * 3.6 / 4.5 + metres((0.5, 0), (1.25, 0)) * 3.6 / 5
    assert seconds(network, a, b) == pytest.approx(expected, abs=EVEN_S)
    assert seconds(network, b, a) == seconds(network, a, b)


def test_same_place_takes_no_time_and_a_place_opposite_does(tmp_path):
    network = town(tmp_path, "walk", STREET, TWO, profile=WALK).network
    assert seconds(network, (0.5, 0.1), (0.5, 0.1)) == 0.0
    opposite = seconds(network, (0.5, 0.1), (0.5, -0.1))
    assert opposite == pytest.approx(2 * metres((0.5, 0), (0.5, 0.1)) * 3.6 / 4.5, abs=0.05)


def test_one_way_street_is_left_and_reached_along_it(tmp_path):
    nodes = {1: (0, 0), 2: (2, 0), 3: (2, 2), 4: (0, 2), 5: (3, 0), 6: (-1, 0)}
    oneway = {**OPEN, "oneway": "yes"}
    ways = {
        1: ([1, 2], oneway),
        2: ([2, 3, 4, 1], {**OPEN, "maxspeed": "30"}),
        3: ([2, 5], OPEN),
        4: ([1, 6], OPEN),
    }
    profile = CarProfile(road_factor=1.0, junction_s=0.0)
    t = town(tmp_path, "car", nodes, ways, profile=profile)
    a, b = (0.5, 0), (1.5, 0)
    with_flow = metres(a, b) * 3.6 / 50
    assert seconds(t.network, a, b) == pytest.approx(with_flow, abs=EVEN_S)
    round_s = (metres(b, (2, 0)) + metres((0, 0), a)) * 3.6 / 50
    round_s += t.metres(2, 3, 4, 1) * 3.6 / 30
    assert seconds(t.network, b, a) == pytest.approx(round_s, abs=EVEN_S)


def test_too_far_is_not_snapped(tmp_path):
    network = town(tmp_path, "walk", STREET, TWO).network
    snaps = network.snap(*places((0.5, 0.1), (0.5, 1.5)), max_snap_m=500)
    assert snaps.reason.tolist() == ["", "not_snapped"]
    assert snaps.link_idx[1] == -1
    assert snaps.snap_m[1] == pytest.approx(metres((0.5, 1.5), (2, 1.5)), rel=1e-3)
    times = street_times_s(network, snaps, snaps, limit_s=10_000)
    assert np.isinf(times[1]).all()
    assert np.isinf(times[:, 1]).all()
    assert times[0, 0] == 0


def test_islands_are_no_targets_but_reported(tmp_path):
    nodes = STREET | {8: (0, 1), 9: (1, 1)}
    network = town(tmp_path, "walk", nodes, {**TWO, 3: ([8, 9], OPEN)}).network
    snaps = network.snap(*places((0.4, 0.98), (0.4, 0.02)), max_snap_m=5000)
    main = network.links.main
    assert main.sum() == 1  # two streets, one link; the island does not belong to it
    assert main[snaps.link_idx].all()
    assert snaps.on_island.tolist() == [True, False]
    assert snaps.island_m[0] == pytest.approx(metres((0.4, 0.98), (0.4, 1)), rel=1e-3)
    assert np.isinf(snaps.island_m[1])


@pytest.mark.parametrize(
    ("tags", "snaps_to"),
    [
        ({"highway": "residential"}, True),
        ({"highway": "motorway", "oneway": "no"}, False),
        ({"highway": "motorway_link"}, False),
        ({"highway": "trunk"}, False),
        ({"highway": "residential", "bridge": "yes"}, False),
        ({"highway": "residential", "tunnel": "yes"}, False),
        ({"highway": "residential", "tunnel": "building_passage"}, True),
        ({"highway": "residential", "bridge": "no"}, True),
    ],
)
def test_motorways_bridges_and_tunnels_are_no_targets(tmp_path, tags, snaps_to):
    nodes = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1)}
    ways = {1: ([1, 2], tags), 2: ([2, 3, 4, 1], OPEN)}
    network = town(tmp_path, "car", nodes, ways).network
    snaps = network.snap(*places((0.5, 0.1)), max_snap_m=5000)
    assert (network.links.way_id[snaps.link_idx[0]] == 1) == snaps_to
    assert (snaps.snap_m[0] < 150) == snaps_to


def test_place_on_the_end_of_a_one_way_street_is_on_the_junction(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0), 3: (1, 1), 4: (0, 1)}
    ways = {i: ([i, i % 4 + 1], {**OPEN, "oneway": "yes"}) for i in range(1, 5)}
    ways[5] = ([1, 3], OPEN)
    t = town(tmp_path, "car", nodes, ways, profile=CarProfile(road_factor=1.0, junction_s=0.0))
    for a, b, path in ((1, 3, (1, 3)), (3, 1, (3, 1)), (2, 1, (2, 3, 1)), (1, 2, (1, 2))):
        assert t.seconds(a, b) == pytest.approx(t.metres(*path) * 3.6 / 50, abs=4 * TICK_S)


def test_wrong_places_and_options(tmp_path):
    network = town(tmp_path, "walk", STREET, TWO).network
    with pytest.raises(StreetError, match=r"missing or outside the globe: '1', '2'"):
        network.snap([6.0, np.nan, 200.0], [51.0, 51.0, 51.0])
    with pytest.raises(StreetError, match=r"lon has shape \(2,\) and lat \(1,\)"):
        network.snap([6.0, 6.1], [51.0])
    with pytest.raises(StreetError) as caught:
        network.snap([6.0], [51.0], max_snap_m=-1, walk_kmh=0)
    assert len(caught.value.faults) == 2


def test_no_places(tmp_path):
    network = town(tmp_path, "walk", STREET, TWO).network
    none = network.snap([], [])
    assert len(none) == 0
    assert repr(none) == "<Snaps: 0 of 0 places on a street>"
    assert street_times_s(network, none, none, limit_s=60).shape == (0, 0)


def test_snaps_of_another_network_are_refused(tmp_path):
    network = town(tmp_path, "walk", STREET, TWO).network
    other = town(tmp_path, "walk", STREET | {4: (1, 1)}, {**TWO, 3: ([2, 4], OPEN)}).network
    snaps = network.snap(*places((0.5, 0)))
    with pytest.raises(StreetError, match="snap them to this network"):
        street_times_s(other, snaps, snaps, limit_s=60)
