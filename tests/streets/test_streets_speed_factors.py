"""Cars at a time of day: speeds by class of road and area, by hand; the keys of the study file."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from grid_city import GridCity

from halfcircle.access.streets import (
    CarProfile,
    SpeedFactor,
    build_hierarchy,
    build_network,
    read_osm,
    street_times_s,
    with_speed_factors,
)
from halfcircle.errors import HalfcircleError, StreetError
from halfcircle.study import run_study

# 500 m at 50 km/h: 36 s a block. Three columns, so two blocks from west to east.
CITY = GridCity(n_columns=3, n_rows=3, block_m=500.0)
PLAIN = CarProfile(road_factor=1.0, junction_s=0.0)
LON, LAT = CITY.lonlat([(0, 1), (1, 1), (2, 1)])
WEST = shapely.box(LON[0] - 0.01, LAT[0] - 0.1, LON[1] + 1e-9, LAT[0] + 0.1)


@pytest.fixture(scope="module")
def network(tmp_path_factory):
    path = CITY.write_osm(tmp_path_factory.mktemp("grid") / "city.osm.pbf")
    return build_network(read_osm(path), "car", profile=PLAIN)


def row_s(network, **options):
    """From the west of the middle row to its three corners."""
    snaps = network.snap(LON, LAT)
    return street_times_s(network, snaps.take(np.array([0])), snaps, limit_s=3600, **options)[0]


def test_half_the_speed_takes_twice_as_long(network):
    slow, notices = with_speed_factors(network, [SpeedFactor({"residential": 0.5})])
    np.testing.assert_allclose(row_s(network), [0, 36, 72], atol=0.02)
    np.testing.assert_allclose(row_s(slow), [0, 72, 144], atol=0.02)
    assert notices == ()


def test_only_in_an_area(network):
    slow, _ = with_speed_factors(network, [SpeedFactor({"residential": 0.5}, WEST)])
    np.testing.assert_allclose(row_s(slow), [0, 72, 108], atol=0.02)


def test_rows_multiply(network):
    rules = [SpeedFactor({"residential": 0.5}, WEST), SpeedFactor({"residential": 0.8})]
    slow, _ = with_speed_factors(network, rules)
    np.testing.assert_allclose(row_s(slow), [0, 90, 135], atol=0.02)


def test_by_country(network):
    def country_of(lon, lat):
        return np.where(lon < LON[1], "NL", "DE").astype(object)

    slow, _ = with_speed_factors(
        network, [SpeedFactor({"residential": 0.5}, country="DE")], country_of=country_of
    )
    np.testing.assert_allclose(row_s(slow), [0, 36, 108], atol=0.02)
    with pytest.raises(StreetError, match="where countries lie"):
        with_speed_factors(network, [SpeedFactor({"residential": 0.5}, country="DE")])


def test_a_customised_order_gives_the_same_times(network):
    slow, _ = with_speed_factors(network, [SpeedFactor({"residential": 0.5}, WEST)])
    order = build_hierarchy(network).customised(slow)
    np.testing.assert_array_equal(row_s(slow, hierarchy=order), row_s(slow))


def test_nothing_asked_nothing_changed(network):
    same, notices = with_speed_factors(network, [])
    assert same is network
    assert notices == ()


def test_a_rule_without_roads_is_told(network):
    same, [notice] = with_speed_factors(network, [SpeedFactor({"motorway": 0.5}, label="peak")])
    np.testing.assert_array_equal(same.edge_s, network.edge_s)
    assert "no road" in notice.what


@pytest.mark.parametrize(
    ("factors", "message"),
    [
        ({"motorwy": 0.5}, "motorway"),
        ({"motorway": 0.0}, "above 0"),
        ({"motorway": 2.5}, "at most 2"),
        ({}, "no class"),
    ],
)
def test_faults(factors, message):
    with pytest.raises(StreetError, match=message):
        SpeedFactor(factors)


# The study file ---------------------------------------------------------------------------------

STUDY = """
[study]
name = "Grid"

[zones]
path = "zones.csv"

[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"

[streets]
osm = ["city.osm.pbf"]
TIME

[reach]
modes = ["car"]
bands_min = [1.5, 2.1, 3]

[[streets.speed_factors]]
time_of_day = "peak"
factors = { residential = 0.5 }
AREA
"""
TOWN = 'area = "towns.gpkg"\ncolumn = "name"\nvalues = ["{}"]'


def study(folder: Path, time: str, area: str = "") -> Path:
    CITY.write_osm(folder / "city.osm.pbf")
    zones = {"zone_id": ["a", "b", "c"], "lon": LON, "lat": LAT, "jobs": [1, 2, 4]}
    pd.DataFrame(zones).to_csv(folder / "zones.csv", index=False)
    towns = {"name": ["west", "nowhere"], "geometry": [WEST, shapely.box(0, 0, 1, 1)]}
    gpd.GeoDataFrame(towns, crs=4326).to_file(folder / "towns.gpkg")
    text = STUDY.replace("TIME", time).replace("AREA", area)
    (folder / "study.toml").write_text(text)
    return folder / "study.toml"


def jobs_of_a(path: Path) -> list[float]:
    run_study(path, workers=1)
    reach = pd.read_parquet(path.parent / "out" / "reach.parquet")
    rows = reach[(reach["zone_id"] == "a") & (reach["opportunity"] == "jobs")]
    return rows.sort_values("band_min")["value"].tolist()


@pytest.mark.parametrize(
    ("time", "area", "expected"),
    [
        # Blocks of 36 s at 50 km/h; residential streets go at 0.9 of it, with a second a crossing.
        ("", "", [7, 7, 7]),
        ('time_of_day = "peak"', "", [3, 3, 7]),
        ('time_of_day = "peak"', TOWN.format("west"), [3, 7, 7]),
        ('time_of_day = "peak"', TOWN.format("nowhere"), [7, 7, 7]),
    ],
)  # fmt: skip
def test_a_study_at_a_time_of_day(tmp_path, time, area, expected):
    assert jobs_of_a(study(tmp_path, time, area)) == expected


@pytest.mark.parametrize(
    ("time", "area", "message"),
    [
        ('time_of_day = "paek"', "", "peak"),
        ('time_of_day = "peak"', 'column = "name"\nvalues = ["west"]', "area"),
        ('time_of_day = "peak"', 'area = "towns.gpkg"\nvalues = ["west"]', "belong together"),
        (
            'time_of_day = "peak"',
            TOWN.format("wset"),
            "are not in towns.gpkg",
        ),
        ('time_of_day = "peak"', 'area = "towns.gpkg"\ncolumn = "nam"\nvalues = ["west"]', "name"),
        ('time_of_day = "peak"', 'area = "zones.csv"', "no areas"),
        ('time_of_day = "peak"', 'area = "nowhere.gpkg"', "nowhere.gpkg"),
        ('time_of_day = "peak"', 'country = "NL"', "where countries lie"),
    ],
)
def test_faults_of_the_study_file(tmp_path, time, area, message):
    with pytest.raises(HalfcircleError, match=message):
        run_study(study(tmp_path, time, area), workers=1)
