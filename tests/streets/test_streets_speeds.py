"""Speed limits: tags, zones, units, countries, classes."""

import numpy as np
import pytest
import shapely
from streets.streets_town import TICK_S, town, with_detour

from halfcircle.access.streets import CarProfile, country_lookup
from halfcircle.access.streets.speeds import LEGAL_KMH, limit_kmh, parse_maxspeed
from halfcircle.errors import StreetError

PLAIN = CarProfile(road_factor=1.0, motorway_factor=1.0, junction_s=0.0, cap_kmh=130.0)


@pytest.mark.parametrize(
    ("value", "kmh"),
    [
        ("50", 50),
        ("50 km/h", 50),
        ("50kph", 50),
        ("7.5", 7.5),
        ("30 mph", 48.28032),
        ("30mph", 48.28032),
        ("10 knots", 18.52),
        ("none", np.inf),
        ("walk", 7),
        ("NL:urban", 50),
        ("nl:urban", 50),
        ("DE:rural", 100),
        ("DE:motorway", 130),
        ("FR:rural", 80),
        ("BE-WAL:rural", 90),
        ("BE-BRU:urban", 30),
        ("BE-XXX:rural", 70),
        ("DE:living_street", 7),
        ("DE:zone30", 30),
        ("DE:zone:30", 30),
        ("BE:zone30", 30),
        ("CH:20", 20),
        ("XX:urban", 50),
        ("50;30", 30),
        ("50|70|70", 50),
        ("80; signals", 80),
        ("signals", None),
        ("variable", None),
        ("", None),
        ("0", None),
        ("1000", None),
        ("-30", None),
        ("NL:bogus", None),
    ],
)
def test_maxspeed(value, kmh):
    assert parse_maxspeed(value) == (None if kmh is None else pytest.approx(kmh))


@pytest.mark.parametrize(
    ("tags", "road_class", "country", "kmh"),
    [
        ({}, "motorway", "NL", 100),
        ({}, "motorway", "DE", 130),
        ({}, "motorway", "CH", 120),
        ({}, "motorway", "", 120),
        ({}, "motorway", "XX", 120),
        ({}, "trunk", "BE", 90),
        ({}, "living_street", "NL", 15),
        ({}, "primary", "NL", 65),
        ({"maxspeed": "70"}, "primary", "NL", 70),
        ({"maxspeed": "urban"}, "primary", "FR", 50),
        ({"maxspeed:type": "DE:urban"}, "secondary", "", 50),
        ({"source:maxspeed": "sign"}, "residential", "", 30),
        ({"zone:maxspeed": "DE:30"}, "tertiary", "", 30),
        ({"maxspeed": "fast", "maxspeed:type": "NL:rural"}, "tertiary", "", 80),
        ({"maxspeed:type": "NL:rural"}, "track", "", 10),
        ({"maxspeed:forward": "30", "maxspeed": "50"}, "tertiary", "", 30),
        ({"maxspeed:backward": "30", "maxspeed": "50"}, "tertiary", "", 50),
    ],
)
def test_limit(tags, road_class, country, kmh):
    assert limit_kmh(tags, road_class=road_class, country=country) == kmh


def test_legal_table_has_the_region():
    assert {"NL", "BE", "DE", "LU", "FR", "AT", "CH", "LI", ""} <= set(LEGAL_KMH)
    for code, row in LEGAL_KMH.items():
        assert row.motorway >= row.trunk >= row.urban > row.living_street, code


def test_directional_limit_and_cap(tmp_path):
    tags = {"highway": "trunk", "maxspeed:forward": "none", "maxspeed:backward": "70"}
    t = town(tmp_path, "car", *with_detour(tags), profile=PLAIN)
    metres = t.metres(2, 3)
    assert t.seconds(2, 3) == pytest.approx(metres * 3.6 / 130, abs=2 * TICK_S)
    assert t.seconds(3, 2) == pytest.approx(metres * 3.6 / 70, abs=2 * TICK_S)


def test_factors(tmp_path):
    profile = CarProfile(road_factor=0.5, motorway_factor=0.25, junction_s=0.0)
    tags = {"highway": "trunk", "maxspeed": "100"}
    t = town(tmp_path, "car", *with_detour(tags), profile=profile)
    assert t.seconds(2, 3) == pytest.approx(t.metres(2, 3) * 3.6 / 25, abs=2 * TICK_S)
    assert t.seconds(1, 2) == pytest.approx(t.metres(1, 2) * 3.6 / 25, abs=2 * TICK_S)


def test_country_by_network_and_by_polygon(tmp_path):
    tags = {"highway": "motorway", "oneway": "no"}
    nodes, ways = with_detour(tags)
    dutch = town(tmp_path, "car", nodes, ways, profile=CarProfile(country="NL", motorway_factor=1))
    metres = dutch.metres(2, 3)
    assert dutch.seconds(2, 3) == pytest.approx(metres * 3.6 / 100, abs=2 * TICK_S)
    east = country_lookup(["de"], [shapely.box(6.005, 50, 7, 52)])
    german = town(
        tmp_path,
        "car",
        nodes,
        ways,
        profile=CarProfile(country="NL", motorway_factor=1),
        country_of=east,
    )
    assert german.seconds(2, 3) == pytest.approx(metres * 3.6 / 130, abs=2 * TICK_S)


def test_country_lookup():
    lookup = country_lookup(["nl", "DE"], [shapely.box(5, 50, 6, 52), shapely.box(6, 50, 7, 52)])
    assert lookup(np.array([5.5, 6.5, 6.0, 9.0]), np.full(4, 51.0)).tolist() == [
        "NL",
        "DE",
        "NL",
        "",
    ]
    with pytest.raises(StreetError, match="1 codes for 2 areas"):
        country_lookup(["NL"], [shapely.box(0, 0, 1, 1)] * 2)
    with pytest.raises(StreetError, match="must be a polygon"):
        country_lookup(["NL"], [shapely.Point(0, 0)])
