"""Street edits on a grid whose times are formulas."""

from __future__ import annotations

import numpy as np
import pytest
from grid_city import Corner, GridCity
from pyproj import Geod

from halfcircle.access.streets import (
    CarProfile,
    StreetWays,
    WalkProfile,
    build_network,
    read_osm,
    street_times_s,
)
from halfcircle.access.streets.congestion import apply_congestion
from halfcircle.access.streets.edits import (
    AddLink,
    CloseLink,
    Congestion,
    SetSpeed,
    edit_ways,
)
from halfcircle.errors import ScenarioError

CITY = GridCity()
CAR = CarProfile(junction_s=1e-6, road_factor=1.0)
GEOD = Geod(ellps="WGS84")


@pytest.fixture(scope="module")
def ways(tmp_path_factory: pytest.TempPathFactory) -> StreetWays:
    return read_osm(CITY.write_osm(tmp_path_factory.mktemp("city") / "city.osm.pbf"))


def lonlat(corner: tuple[float, float]) -> tuple[float, float]:
    lon, lat = CITY.lonlat([corner])
    return float(lon[0]), float(lat[0])


def times(
    ways: StreetWays, mode: str = "walk", congestion: tuple[Congestion, ...] = ()
) -> np.ndarray:
    profile = CAR if mode == "car" else WalkProfile(kmh=CITY.walk_kmh, ferry_boarding_s=0.0)
    network = apply_congestion(build_network(ways, mode, profile=profile), congestion)
    snaps = network.snap(*CITY.lonlat(CITY.corners))
    return street_times_s(network, snaps, snaps, limit_s=7200)


def i(corner: Corner) -> int:
    return CITY.corners.index(corner)


def edited(ways: StreetWays, *edits) -> StreetWays:
    return edit_ways(ways, edits).ways


def test_a_new_link_is_a_short_cut(ways: StreetWays) -> None:
    link = AddLink(label="x", points=(lonlat((0, 0)), lonlat((2, 2))), tags={"highway": "path"})
    found = times(edited(ways, link))
    metres = GEOD.inv(*lonlat((0, 0)), *lonlat((2, 2)))[2]
    assert found[i((0, 0)), i((2, 2))] == pytest.approx(metres * 3.6 / 4.5, abs=0.02)
    assert found[i((2, 2)), i((0, 0))] == pytest.approx(metres * 3.6 / 4.5, abs=0.02)
    # A path is no road.
    before = times(ways, "car")
    np.testing.assert_allclose(times(edited(ways, link), "car"), before, atol=0.01)
    assert ways.digest != edited(ways, link).digest


def test_a_new_link_in_the_middle_of_a_block_splits_it(ways: StreetWays) -> None:
    a, b = lonlat((0.5, 0)), lonlat((0.5, 1))
    link = AddLink(label="x", points=(a, b), tags={"highway": "footway"})
    after = edited(ways, link)
    assert len(after.way_id) == len(ways.way_id) + 1
    assert len(after.node_id) == len(ways.node_id) + 2
    network = build_network(after, "walk", profile=WalkProfile(kmh=4.5))
    snaps = network.snap(*np.array([a, b]).T)
    found = street_times_s(network, snaps, snaps, limit_s=3600)
    assert found[0, 1] == pytest.approx(250.4 * 3.6 / 4.5, abs=0.1)
    np.testing.assert_allclose(times(after), times(ways), atol=0.05)


def test_a_one_way_road_helps_one_way(ways: StreetWays) -> None:
    tags = {"highway": "primary", "maxspeed": "100", "oneway": "yes"}
    link = AddLink(label="x", points=(lonlat((0, 0)), lonlat((5, 3))), tags=tags)
    before, after = times(ways, "car"), times(edited(ways, link), "car")
    assert after[i((0, 0)), i((5, 3))] < before[i((0, 0)), i((5, 3))] / 2
    assert after[i((5, 3)), i((0, 0))] == pytest.approx(before[i((5, 3)), i((0, 0))], abs=0.01)


def test_a_ferry_takes_its_minutes(ways: StreetWays) -> None:
    tags = {"route": "ferry", "duration": "PT0H5M0S", "foot": "yes"}
    found = times(
        edited(ways, AddLink(label="x", points=(lonlat((0, 0)), lonlat((5, 3))), tags=tags))
    )
    assert found[i((0, 0)), i((5, 3))] == pytest.approx(300.0, abs=0.5)


def test_a_closed_street_sends_people_round(ways: StreetWays) -> None:
    # Way 1 is the southern street.
    found = times(edited(ways, CloseLink(label="x", ways=(1,))))
    blocks = found[i((0, 1)), i((1, 1))]
    assert blocks == pytest.approx(CITY.walk_s((0, 0), (1, 0)), abs=0.05)
    assert found[i((1, 0)), i((2, 0))] == pytest.approx(3 * blocks, abs=0.1)


def test_a_street_closed_to_cars_stays_open_to_people(ways: StreetWays) -> None:
    after = edited(ways, CloseLink(label="x", near=(lonlat((2.5, 0.02)),), modes=("car",)))
    np.testing.assert_allclose(times(after), times(ways), atol=0.01)
    one, other = times(ways, "car"), times(after, "car")
    assert other[i((1, 0)), i((2, 0))] == pytest.approx(3 * one[i((1, 0)), i((2, 0))], rel=0.01)


def test_speed_of_a_way_and_of_a_class(ways: StreetWays) -> None:
    before = times(ways, "car")
    half = times(edited(ways, SetSpeed(label="x", kmh=25.0, road_classes=("residential",))), "car")
    np.testing.assert_allclose(half, 2 * before, atol=0.05)
    one = times(edited(ways, SetSpeed(label="x", kmh=100.0, ways=(1,))), "car")
    start, end = i((1, 0)), i((4, 0))
    assert one[start, end] == pytest.approx(before[start, end] / 2, abs=0.05)
    south = lonlat((0, 0))[1]
    west, east = lonlat((0, 0))[0], lonlat((5, 0))[0]
    box = (west - 1e-4, south - 1e-4, east + 1e-4, south + 1e-4)
    area = SetSpeed(label="x", kmh=100.0, road_classes=("residential",), area=box)
    # Streets that begin or end in the area are meant: the southern one, and all columns.
    found = times(edited(ways, area), "car")
    assert found[i((0, 1)), i((1, 1))] == pytest.approx(before[i((0, 1)), i((1, 1))], abs=0.05)
    assert found[i((1, 1)), i((1, 2))] == pytest.approx(before[i((1, 1)), i((1, 2))] / 2, abs=0.05)


def test_congestion_multiplies_the_times_of_cars(ways: StreetWays) -> None:
    jam = Congestion(label="x", factors={"residential": 1.5})
    found = edit_ways(ways, [jam])
    assert found.ways is ways
    before = times(ways, "car")
    np.testing.assert_allclose(times(ways, "car", found.congestion), 1.5 * before, rtol=1e-3)
    west, south = lonlat((0, 0))
    here = Congestion(label="x", factors={"residential": 2.0},
                      area=(west - 1e-4, south - 1e-4, *lonlat((5, 0.1))))  # fmt: skip
    local = times(ways, "car", (here,))
    assert local[i((1, 0)), i((2, 0))] == pytest.approx(2 * before[i((1, 0)), i((2, 0))], abs=0.02)
    assert local[i((1, 2)), i((2, 2))] == before[i((1, 2)), i((2, 2))]


def test_edits_of_streets_commute_where_they_do_not_touch(ways: StreetWays) -> None:
    edits = [CloseLink(label="a", ways=(2,)), SetSpeed(label="b", ways=(5,), kmh=20.0)]
    np.testing.assert_array_equal(
        times(edited(ways, *edits), "car"), times(edited(ways, *edits[::-1]), "car")
    )
    assert edit_ways(ways, []).ways is ways


FAULTS = {
    "unknown way": (CloseLink(label="x", where="e:1", ways=(99,)), "e:1 ways: are not among"),
    "no street near": (CloseLink(label="x", near=((0.0, 0.0),)), "no street within 250 m"),
    "unknown mode": (CloseLink(label="x", ways=(1,), modes=("boat",)), "modes: are not known"),
    "unknown class": (SetSpeed(label="x", kmh=30, road_classes=("primery",)), "mean 'primary'"),
    "no speed": (SetSpeed(label="x", kmh=900, ways=(1,)), "is no speed of a road"),
    "the same speed": (SetSpeed(label="x", kmh=50, ways=(1,)), "the edit changes nothing: 'x'"),
    "factor one": (Congestion(label="x", factors={"primary": 1.0}), "the edit changes nothing"),
    "unknown factor": (Congestion(label="x", factors={"A7": 2.0}), "unknown road class: 'A7'"),
    "one point": (AddLink(label="x", points=((6.0, 51.0),)), "two or more positions"),
    "far away": (
        AddLink(label="x", points=((6.0, 51.0), (7.0, 51.0))), "no street within 250 m of the end"
    ),
    "off the globe": (AddLink(label="x", points=((6.0, 51.0), (6.0, 151.0))), "are not degrees"),
    "nowhere": (AddLink(label="x", points=(lonlat((1, 1)),) * 2), "join the same point"),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_faults(case: str, ways: StreetWays) -> None:
    edit, text = FAULTS[case]
    with pytest.raises(ScenarioError, match=text):
        edit_ways(ways, [edit])


def test_two_edits_of_one_street_are_in_conflict(ways: StreetWays) -> None:
    edits = [SetSpeed(label="a", ways=(1,), kmh=30.0), SetSpeed(label="b", ways=(1, 2), kmh=60.0)]
    with pytest.raises(ScenarioError, match="conflict with edit 'a': both settle the speed"):
        edit_ways(ways, edits)


def test_congestion_where_no_such_road_is(ways: StreetWays) -> None:
    network = build_network(ways, "car", profile=CAR)
    with pytest.raises(ScenarioError, match="the edit changes nothing: no such road"):
        apply_congestion(network, [Congestion(label="x", factors={"motorway": 2.0})])
