"""Who may go where, and which way: each rule on a town with a way round."""

import pytest
from streets.streets_town import OPEN, TICK_S, read_town, town, with_detour

from halfcircle.access.streets import BikeProfile, CarProfile, WalkProfile, build_network
from halfcircle.errors import StreetError

PLAIN = {
    "walk": WalkProfile(kmh=5.0),
    "bike": BikeProfile(kmh=15.0, push_kmh=4.0),
    "car": CarProfile(road_factor=1.0, motorway_factor=1.0, junction_s=0.0, signal_s=8.0),
}
FRAME_KMH = {"walk": 5.0, "bike": 15.0, "car": 50.0}
CLOSED = None

# tags of the middle street, mode, speed from west to east, speed from east to west (None: closed)
RULES = [
    # access hierarchy
    ({"highway": "residential", "access": "no"}, "walk", CLOSED, CLOSED),
    ({"highway": "residential", "access": "no", "foot": "yes"}, "walk", 5, 5),
    ({"highway": "residential", "access": "private"}, "car", CLOSED, CLOSED),
    ({"highway": "residential", "access": "no", "bicycle": "yes"}, "bike", 15, 15),
    ({"highway": "residential", "access": "no", "bicycle": "yes"}, "car", CLOSED, CLOSED),
    ({"highway": "residential", "vehicle": "no"}, "bike", CLOSED, CLOSED),
    ({"highway": "residential", "vehicle": "no"}, "walk", 5, 5),
    ({"highway": "residential", "vehicle": "no", "motor_vehicle": "yes"}, "car", 30, 30),
    ({"highway": "residential", "motor_vehicle": "no", "motorcar": "yes"}, "car", 30, 30),
    ({"highway": "residential", "motor_vehicle": "no"}, "bike", 15, 15),
    ({"highway": "residential", "motor_vehicle": "agricultural;forestry"}, "car", CLOSED, CLOSED),
    ({"highway": "residential", "motor_vehicle": "destination"}, "car", 15, 15),
    ({"highway": "residential", "access": "no;yes"}, "car", 30, 30),
    ({"highway": "residential", "bicycle": "use_sidepath"}, "bike", CLOSED, CLOSED),
    ({"highway": "residential", "access": "unknown"}, "car", 30, 30),
    # classes
    ({"highway": "footway"}, "walk", 5, 5),
    ({"highway": "footway"}, "bike", 4, 4),
    ({"highway": "footway", "bicycle": "yes"}, "bike", 15, 15),
    ({"highway": "footway", "bicycle": "no"}, "bike", 4, 4),
    ({"highway": "footway", "foot": "no"}, "bike", CLOSED, CLOSED),
    ({"highway": "footway", "access": "yes"}, "car", CLOSED, CLOSED),
    ({"highway": "pedestrian"}, "car", CLOSED, CLOSED),
    ({"highway": "pedestrian", "motor_vehicle": "yes"}, "car", 7, 7),
    ({"highway": "cycleway"}, "bike", 15, 15),
    ({"highway": "cycleway"}, "walk", 5, 5),
    ({"highway": "cycleway", "foot": "no"}, "walk", CLOSED, CLOSED),
    ({"highway": "cycleway"}, "car", CLOSED, CLOSED),
    ({"highway": "path", "bicycle": "dismount"}, "bike", 4, 4),
    ({"highway": "track"}, "car", CLOSED, CLOSED),
    ({"highway": "track", "motor_vehicle": "yes"}, "car", 10, 10),
    ({"highway": "track"}, "bike", 15, 15),
    ({"highway": "steps"}, "walk", 2.5, 2.5),
    ({"highway": "steps"}, "bike", CLOSED, CLOSED),
    ({"highway": "steps", "ramp:bicycle": "yes"}, "bike", 2, 2),
    ({"highway": "steps", "conveying": "forward"}, "walk", 2.5, CLOSED),
    ({"highway": "motorway"}, "walk", CLOSED, CLOSED),
    ({"highway": "motorway", "access": "yes"}, "bike", CLOSED, CLOSED),
    ({"highway": "trunk"}, "bike", CLOSED, CLOSED),
    ({"highway": "trunk", "foot": "yes"}, "walk", 5, 5),
    ({"highway": "trunk", "sidewalk": "both"}, "walk", 5, 5),
    ({"highway": "primary", "motorroad": "yes"}, "walk", CLOSED, CLOSED),
    ({"highway": "primary", "motorroad": "yes"}, "bike", CLOSED, CLOSED),
    ({"highway": "construction"}, "walk", CLOSED, CLOSED),
    ({"highway": "proposed"}, "car", CLOSED, CLOSED),
    ({"highway": "service", "service": "emergency_access"}, "car", CLOSED, CLOSED),
    ({"highway": "busway"}, "car", CLOSED, CLOSED),
    # one-ways
    ({"highway": "residential", "oneway": "yes"}, "car", 30, CLOSED),
    ({"highway": "residential", "oneway": "-1"}, "car", CLOSED, 30),
    ({"highway": "residential", "oneway": "yes"}, "bike", 15, CLOSED),
    ({"highway": "residential", "oneway": "yes"}, "walk", 5, 5),
    ({"highway": "residential", "oneway": "yes", "oneway:foot": "yes"}, "walk", 5, CLOSED),
    ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, "bike", 15, 15),
    ({"highway": "residential", "oneway": "yes", "oneway:bicycle": "no"}, "car", 30, CLOSED),
    ({"highway": "residential", "oneway": "yes", "cycleway": "opposite"}, "bike", 15, 15),
    ({"highway": "residential", "oneway": "yes", "cycleway:left": "opposite_lane"}, "bike", 15, 15),
    (
        {"highway": "primary", "oneway": "yes"}
        | {"cycleway:left": "lane", "cycleway:left:oneway": "-1"},
        "bike",
        15,
        15,
    ),
    ({"highway": "residential", "oneway": "yes", "bicycle:backward": "yes"}, "bike", 15, 15),
    ({"highway": "residential", "motor_vehicle:backward": "no"}, "car", 30, CLOSED),
    ({"highway": "residential", "vehicle:forward": "no"}, "bike", CLOSED, 15),
    ({"highway": "residential", "oneway:motor_vehicle": "yes"}, "car", 30, CLOSED),
    ({"highway": "residential", "oneway": "yes", "oneway:motorcar": "no"}, "car", 30, 30),
    ({"highway": "residential", "oneway": "reversible"}, "car", CLOSED, CLOSED),
    ({"highway": "residential", "oneway": "alternating"}, "car", 30, 30),
    ({"highway": "residential", "junction": "roundabout"}, "car", 30, CLOSED),
    ({"highway": "residential", "junction": "circular"}, "bike", 15, CLOSED),
    ({"highway": "residential", "junction": "roundabout", "oneway": "no"}, "car", 30, 30),
    ({"highway": "motorway"}, "car", 120, CLOSED),
    ({"highway": "motorway", "oneway": "no"}, "car", 120, 120),
    ({"highway": "motorway_link"}, "car", 70, 70),
]


@pytest.mark.parametrize(("tags", "mode", "east_kmh", "west_kmh"), RULES)
def test_rule(tmp_path, tags, mode, east_kmh, west_kmh):
    nodes, ways = with_detour(tags)
    t = town(tmp_path, mode, nodes, ways, profile=PLAIN[mode])
    frame_kmh = FRAME_KMH[mode]
    for a, b, kmh in ((2, 3, east_kmh), (3, 2, west_kmh)):
        if kmh is CLOSED:
            round_way = (2, 1, 10, 11, 4, 3)
            expected = t.metres(*round_way) * 3.6 / frame_kmh
        else:
            expected = t.metres(2, 3) * 3.6 / kmh
        assert t.seconds(a, b) == pytest.approx(expected, abs=4 * TICK_S)


# tags of a node half-way, mode, delay in seconds (None: closed)
BARRIERS = [
    ({"barrier": "bollard"}, "car", CLOSED),
    ({"barrier": "bollard"}, "bike", 0),
    ({"barrier": "bollard"}, "walk", 0),
    ({"barrier": "bollard", "motor_vehicle": "yes"}, "car", 0),
    ({"barrier": "bollard", "access": "yes"}, "car", CLOSED),
    ({"barrier": "gate"}, "car", 10),
    ({"barrier": "gate"}, "bike", 5),
    ({"barrier": "gate"}, "walk", 0),
    ({"barrier": "gate", "access": "private"}, "car", CLOSED),
    ({"barrier": "gate", "access": "private"}, "walk", CLOSED),
    ({"barrier": "gate", "access": "private", "foot": "yes"}, "walk", 0),
    ({"barrier": "gate", "locked": "yes"}, "walk", CLOSED),
    ({"barrier": "lift_gate"}, "car", 10),
    ({"barrier": "lift_gate", "motor_vehicle": "no"}, "car", CLOSED),
    ({"barrier": "kissing_gate"}, "bike", CLOSED),
    ({"barrier": "kissing_gate"}, "walk", 0),
    ({"barrier": "cycle_barrier"}, "bike", 5),
    ({"barrier": "wall"}, "walk", CLOSED),
    ({"barrier": "border_control"}, "car", 0),
    ({"barrier": "cattle_grid"}, "car", 0),
    ({"barrier": "block"}, "car", CLOSED),
    ({"highway": "traffic_signals"}, "car", 8),
    ({"highway": "crossing", "crossing": "traffic_signals"}, "car", 8),
    ({"highway": "traffic_signals"}, "bike", 0),
    ({"highway": "crossing"}, "car", 0),
]


@pytest.mark.parametrize(("node_tags", "mode", "delay_s"), BARRIERS)
def test_node(tmp_path, node_tags, mode, delay_s):
    nodes, ways = with_detour(OPEN, node_2=node_tags)
    t = town(tmp_path, mode, nodes, ways, profile=PLAIN[mode])
    path = (2, 1, 10, 11, 4, 3) if delay_s is CLOSED else (2, 3)
    expected = t.metres(*path) * 3.6 / FRAME_KMH[mode] + (delay_s or 0)
    # Delays stand at the node: both ways pay once.
    assert t.seconds(2, 3) == pytest.approx(expected, abs=4 * TICK_S)
    assert t.seconds(3, 2) == pytest.approx(expected, abs=4 * TICK_S)
    closing = [n for n in t.network.notices if "barriers close" in n.what]
    assert bool(closing) == (delay_s is CLOSED)
    assert not closing or closing[0].values == ("5",)


def test_closed_barrier_can_be_reached_from_both_sides(tmp_path):
    nodes, ways = with_detour(OPEN, node_2={"barrier": "bollard"})
    t = town(tmp_path, "car", nodes, ways, profile=PLAIN["car"])
    to_east = t.seconds(5, 3)
    half = t.metres(2, 5) * 3.6 / 50
    assert to_east == pytest.approx(half, abs=4 * TICK_S) or to_east > 10 * half
    assert (t.network.node_id == 5).sum() == 2


def test_signal_of_one_direction(tmp_path):
    tags = {"highway": "traffic_signals", "traffic_signals:direction": "forward"}
    nodes, ways = with_detour(OPEN, node_2=tags)
    t = town(tmp_path, "car", nodes, ways, profile=PLAIN["car"])
    assert t.seconds(2, 3) - t.seconds(3, 2) == pytest.approx(8.0, abs=2 * TICK_S)


def test_junction_delay_only_where_three_roads_meet(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (1, 1), 5: (1.5, 0), 6: (1.5, 1), 7: (3, 0)}
    ways = {
        1: ([1, 2, 5, 3, 7], OPEN),
        2: ([2, 4], OPEN),  # a third road
        3: ([5, 6], {"highway": "service"}),  # a driveway
    }
    profile = CarProfile(road_factor=1.0, junction_s=7.0)
    t = town(tmp_path, "car", nodes, ways, profile=profile)
    moving = t.metres(1, 3) * 3.6 / 50
    assert t.seconds(1, 3) == pytest.approx(moving + 7.0, abs=4 * TICK_S)


FERRY = [
    ({"route": "ferry"}, "walk", None),
    ({"route": "ferry", "duration": "00:20"}, "walk", 1200),
    ({"route": "ferry", "duration": "20"}, "bike", 1200),
    ({"route": "ferry", "duration": "PT1H5M"}, "bike", 3900),
    ({"route": "ferry", "duration": "01:05:30"}, "walk", 3930),
    ({"route": "ferry", "duration": "soon"}, "walk", None),
    ({"route": "ferry", "duration": "00:20", "motor_vehicle": "yes"}, "car", 1200),
]


@pytest.mark.parametrize(("tags", "mode", "crossing_s"), FERRY)
def test_ferry(tmp_path, tags, mode, crossing_s):
    nodes = {1: (0, 0), 2: (1, 0), 3: (1.5, 0.1), 4: (2, 0), 5: (3, 0)}
    ways = {1: ([1, 2], OPEN), 2: ([2, 3], tags), 3: ([3, 4], tags), 4: ([4, 5], OPEN)}
    t = town(tmp_path, mode, nodes, ways, profile=PLAIN[mode])
    boarding_s = 600 if mode == "car" else 300
    # The tag stands on both halves of the crossing: each takes what it says; boarding counts once.
    at_sea = t.metres(2, 3, 4) * 3.6 / 12 if crossing_s is None else 2 * crossing_s
    on_land = (t.metres(1, 2) + t.metres(4, 5)) * 3.6 / FRAME_KMH[mode]
    assert t.seconds(1, 5) == pytest.approx(at_sea + boarding_s + on_land, abs=6 * TICK_S)


def test_ferry_takes_no_cars_unless_it_says_so(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (3, 0), 5: (0, 1)}
    ways = {1: ([5, 1, 2], OPEN), 2: ([2, 3], {"route": "ferry"}), 3: ([3, 4], OPEN)}
    network = town(tmp_path, "car", nodes, ways).network
    assert 3 in network.node_id
    assert network.links.main.sum() == 1


def test_mode_without_ways(tmp_path):
    ways = read_town(tmp_path, {1: (0, 0), 2: (1, 0)}, {1: ([1, 2], {"highway": "footway"})})
    with pytest.raises(StreetError, match="no way is open to mode 'car'"):
        build_network(ways, "car")


def test_wrong_mode_and_profile(tmp_path):
    ways = read_town(tmp_path, {1: (0, 0), 2: (1, 0)}, {1: ([1, 2], OPEN)})
    with pytest.raises(StreetError, match=r"unknown mode 'wlak' - did you mean 'walk'\?"):
        build_network(ways, "wlak")
    with pytest.raises(StreetError, match="WalkProfile is no profile of mode 'car'"):
        build_network(ways, "car", profile=WalkProfile())
    with pytest.raises(StreetError, match=r"WalkProfile.kmh: out of range: '-1'"):
        WalkProfile(kmh=-1)
