"""The embedded region: bytes, counts and geography as its constants say."""

import csv
import io
import sqlite3
import time
import tomllib
import zipfile
from collections import Counter

import geopandas as gpd
import numpy as np
import osmium
import pytest
import shapely
from pyproj import Geod

from halfcircle.demo import DEMOS, write_demo
from halfcircle.demo.layout import (
    GEOMETRY,
    LAKE,
    PLACES,
    lattice,
    place_at,
    river_x_m,
    side_of,
    to_lonlat,
    waterside,
)
from halfcircle.demo.timetables import FEEDS, LINES, stop_id
from halfcircle.demo.zones import RURAL_JOBS, demo_zones, share_out
from halfcircle.errors import OutputError, StudyError

GEOD = Geod(ellps="WGS84")
ZONES = demo_zones()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("demo")).parent


def rows(folder, feed, name):
    file_name = {"nl": "halelijn.gtfs.zip", "de": "hale-esche.gtfs.zip"}[feed]
    with zipfile.ZipFile(folder / file_name) as archive:
        text = archive.read(name).decode("utf-8")
    return list(csv.DictReader(io.StringIO(text)))


def clock_s(text):
    hours, minutes, seconds = (int(part) for part in text.split(":"))
    return 3600 * hours + 60 * minutes + seconds


def metres(a, b):
    lon, lat = to_lonlat([a[0], b[0]], [a[1], b[1]])
    return GEOD.inv(lon[0], lat[0], lon[1], lat[1])[2]


# Files --------------------------------------------------------------------------------------


def test_same_bytes_every_time(folder, tmp_path):
    time.sleep(1.1)  # clocks in files count whole seconds
    again = write_demo(tmp_path / "deep" / "er").parent
    names = sorted(path.name for path in folder.iterdir())
    assert sorted(path.name for path in again.iterdir()) == names
    for name in names:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name


def test_files_are_replaced(tmp_path):
    first = write_demo(tmp_path)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    (tmp_path / "zones.gpkg").write_bytes(b"old")
    assert write_demo(tmp_path) == first
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_faults(tmp_path):
    with pytest.raises(StudyError, match="did you mean 'twin-towns'"):
        write_demo(tmp_path, "twin-town")
    (tmp_path / "file").write_text("x")
    with pytest.raises(OutputError, match="cannot be written"):
        write_demo(tmp_path / "file")
    assert all(demo.title for demo in DEMOS.values())


def test_study_names_only_what_is_there(folder):
    study = tomllib.loads((folder / "study.toml").read_text(encoding="utf-8"))
    paths = [study["zones"]["path"], *study["streets"]["osm"]]
    paths += [feed["path"] for feed in study["transit"]["feeds"]]
    paths += [opportunity["path"] for opportunity in study["opportunities"]]
    assert all((folder / path).is_file() for path in paths)
    columns = set(gpd.read_file(folder / "zones.gpkg").columns)
    named = {study["zones"][key] for key in ("id", "country", "name", "population")}
    for opportunity in study["opportunities"]:
        named |= set(opportunity.get("columns", {}).values()) or {opportunity["column"]}
    assert named <= columns
    countries = {zone.country for zone in ZONES}
    assert {p[end] for p in study["border"]["penalties"] for end in ("from", "to")} == countries
    assert study["reach"]["modes"] == ["walk", "bike", "car", "transit"]
    assert study["reach"]["bands_min"] == [15, 30, 45, 60]
    speeds = {"walk": GEOMETRY.walk_kmh, "bike": GEOMETRY.bike_kmh}
    assert study["reach"]["speeds_kmh"] == speeds
    assert study["transit"]["date"].weekday() < 5
    assert all(study["transit"]["date"] not in feed.holidays for feed in FEEDS.values())


# Geography ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("a", "b"),
    [((0, 0), (250, 0)), ((-11_000, -1000), (11_000, -1000)), ((-13_000, 2000), (-13_000, 2250))],
)
def test_frame_keeps_lengths(a, b):
    intended = float(np.hypot(a[0] - b[0], a[1] - b[1]))
    assert metres(a, b) == pytest.approx(intended, rel=2e-6)


def test_border_runs_along_the_river():
    y = np.arange(-5500.0, 5501.0, 10.0)
    assert (np.diff(river_x_m(y)) > 0).all()
    assert abs(float(river_x_m(0.0))) < 1e-9
    assert side_of(-500, 0) == "NL"
    assert side_of(500, 0) == "DE"
    west, east = lattice("NL"), lattice("DE")
    assert not west & east
    assert all(1000 * x < river_x_m(1000 * y) - 300 for x, y in west)
    assert all(1000 * x > river_x_m(1000 * y) + 300 for x, y in east)


@pytest.mark.parametrize("country", ["NL", "DE"])
def test_sides_are_convex_along_rows_and_columns(country):
    """What makes every way on one side as long as its east and north parts."""
    points = lattice(country)
    for axis in (0, 1):
        lines = {}
        for point in points:
            lines.setdefault(point[1 - axis], []).append(point[axis])
        assert all(max(line) - min(line) + 1 == len(line) for line in lines.values())


def test_places_stand_clear_of_water_and_have_all_their_streets():
    for place in PLACES:
        west, south, east, north = (value // 1000 for value in place.streets_m)
        corners = {(x, y) for x in range(west, east + 1) for y in range(south, north + 1)}
        assert corners <= lattice(place.country), place.name
        assert not any(place_at(1000 * x, 1000 * y) for x, y in waterside(place.country))


def test_zones_cover_the_land_once():
    areas = np.array([zone.area for zone in ZONES], dtype=object)
    assert 200 <= len(ZONES) <= 400
    assert shapely.is_valid(areas).all()
    assert set(shapely.get_type_id(areas)) == {3}
    union = shapely.union_all(areas)
    assert shapely.area(areas).sum() == pytest.approx(union.area, rel=1e-9)
    assert union.intersection(LAKE).area < 1.0
    for zone in ZONES:
        middle = zone.area.centroid
        assert side_of(middle.x, middle.y) == zone.country
        if not zone.waterside:
            assert (middle.x, middle.y) == (zone.x_m, zone.y_m)
            assert zone.x_m % GEOMETRY.block_m == zone.y_m % GEOMETRY.block_m == 0


def test_zone_file(folder):
    frame = gpd.read_file(folder / "zones.gpkg")
    assert list(frame["zone_id"]) == [zone.zone_id for zone in ZONES]
    assert frame["zone_id"].is_unique
    assert frame["name"].is_unique
    assert {"Sint-Jansveld 1", "Jülichsfeld 1", "Coëvelde 1", "Groß Eschlage 1"} <= set(
        frame["name"]
    )
    assert set(frame["country"]) == {"NL", "DE"}
    assert frame.crs.to_epsg() == 3035
    lon, lat = to_lonlat([z.x_m for z in ZONES], [z.y_m for z in ZONES])
    centre = frame.geometry.centroid.to_crs(4326)
    _, _, off_m = GEOD.inv(centre.x, centre.y, lon, lat)
    dry = np.array([not zone.waterside for zone in ZONES])
    assert off_m[dry].max() < 0.02
    assert off_m[~dry].max() < 600
    with sqlite3.connect(folder / "zones.gpkg") as connection:
        assert connection.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    connection.close()


def test_totals():
    for place in PLACES:
        built = [z for z in ZONES if place_at(z.x_m, z.y_m) is place]
        assert sum(z.population for z in built) == place.population
        assert sum(z.jobs for z in built) == place.jobs
        assert sum(z.schools for z in built) >= 2
    country = [z for z in ZONES if place_at(z.x_m, z.y_m) is None]
    assert {z.jobs for z in country if not z.waterside} == {RURAL_JOBS}
    assert all(z.jobs == 0 and z.schools == 0 for z in ZONES if z.waterside)
    assert all(0 <= z.jobs_high <= z.jobs for z in ZONES)
    jobs = {c: sum(z.jobs for z in ZONES if z.country == c) for c in ("NL", "DE")}
    # The half circle: nearly half of all jobs lie on either side.
    assert 0.4 < jobs["NL"] / sum(jobs.values()) < 0.5


def test_share_out_keeps_totals():
    assert share_out(10, [1.0, 1.0, 1.0]) == [4, 3, 3]
    assert share_out(7, [5.0, 2.0]) == [5, 2]


# Streets ------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def osm(folder):
    nodes, ways, relations = {}, {}, {}
    for item in osmium.FileProcessor(str(folder / "region.osm.pbf")):
        if item.is_node():
            nodes[item.id] = ((item.location.lon, item.location.lat), dict(item.tags))
        elif item.is_way():
            ways[item.id] = ([node.ref for node in item.nodes], dict(item.tags))
        else:
            members = [(m.type, m.ref, m.role) for m in item.members]
            relations[item.id] = (members, dict(item.tags))
    return nodes, ways, relations


def test_streets_hold_a_bit_of_everything(osm):
    nodes, ways, relations = osm
    classes = Counter(tags.get("highway") for _, tags in ways.values())
    assert {"motorway", "motorway_link", "primary", "secondary", "unclassified", "residential",
            "living_street", "pedestrian", "cycleway", "service", "steps", "footway",
            "path"} <= set(classes)  # fmt: skip
    assert classes["motorway"] == 2
    assert classes["motorway_link"] == 2 * len(GEOMETRY.interchanges_x_m)
    speeds = {tags.get("maxspeed") for _, tags in ways.values()}
    assert {"30", "50", "60", "70", "80", "100", "DE:living_street"} <= speeds
    assert Counter(tags["barrier"] for _, tags in nodes.values() if "barrier" in tags) == {
        "bollard": 1,
        "lift_gate": 1,
    }
    assert {tags["oneway"] for _, tags in ways.values() if "oneway:bicycle" in tags} == {
        "yes",
        "-1",
    }
    ferries = [tags for _, tags in ways.values() if tags.get("route") == "ferry"]
    assert [tags["duration"] for tags in ferries] == ["00:04"]
    assert [tags["bridge"] for _, tags in ways.values() if "bridge" in tags] == ["yes"]
    [(members, tags)] = relations.values()
    assert tags == {"type": "restriction", "restriction": "no_left_turn"}
    ((_, from_way, _), (_, via, _), (_, to_way, _)) = members
    assert ways[from_way][0][-1] == via == ways[to_way][0][0]
    assert nodes[ways[from_way][0][0]][0][0] < nodes[via][0][0]  # it comes from the west
    assert nodes[ways[to_way][0][-1]][0][1] > nodes[via][0][1]  # and would go north


def test_every_way_has_its_nodes_and_the_intended_length(osm):
    nodes, ways, _ = osm
    assert all(ref in nodes for refs, _ in ways.values() for ref in refs)
    blocks = []
    for refs, tags in ways.values():
        if tags.get("highway") not in ("residential", "unclassified", "primary", "secondary"):
            continue
        xy = np.array([nodes[ref][0] for ref in refs])
        blocks += GEOD.inv(xy[:-1, 0], xy[:-1, 1], xy[1:, 0], xy[1:, 1])[2].tolist()
    lengths = np.array(blocks)
    usual = np.abs(lengths - GEOMETRY.block_m) < 1.0
    assert usual.mean() > 0.98  # the others: blocks with a barrier, bridge and ferry road
    assert np.abs(lengths[usual] / GEOMETRY.block_m - 1.0).max() < 1e-4


def test_only_bridge_and_ferry_cross_the_border(osm):
    nodes, ways, _ = osm
    river = np.arange(-8000.0, 8001.0, 50.0)
    line = shapely.LineString(np.column_stack(to_lonlat(river_x_m(river), river)))
    crossing = []
    for refs, tags in ways.values():
        path = shapely.LineString([nodes[ref][0] for ref in refs])
        if ("highway" in tags or "route" in tags or "railway" in tags) and path.crosses(line):
            crossing.append(tags.get("highway") or tags.get("route") or tags.get("railway"))
    assert sorted(crossing) == ["ferry", "primary", "rail"]


def test_zone_centres_and_stops_are_street_corners(osm):
    nodes, ways, _ = osm
    used = {ref for refs, tags in ways.values() if "highway" in tags for ref in refs}
    at = {nodes[ref][0] for ref in used}
    points = {(z.x_m, z.y_m) for z in ZONES if not z.waterside}
    points |= {stop for line in LINES for stop in line.stops_m}
    lon, lat = to_lonlat([p[0] for p in points], [p[1] for p in points])
    wanted = {(round(float(x), 7), round(float(y), 7)) for x, y in zip(lon, lat, strict=True)}
    assert wanted <= {(round(x, 7), round(y, 7)) for x, y in at}


# Timetables ---------------------------------------------------------------------------------


@pytest.mark.parametrize("feed", ["nl", "de"])
def test_feeds_are_whole(folder, feed):
    [agency] = rows(folder, feed, "agency.txt")
    assert agency["agency_timezone"] == {"nl": "Europe/Amsterdam", "de": "Europe/Berlin"}[feed]
    stops = {row["stop_id"] for row in rows(folder, feed, "stops.txt")}
    trips = {row["trip_id"]: row for row in rows(folder, feed, "trips.txt")}
    routes = {row["route_id"] for row in rows(folder, feed, "routes.txt")}
    times = rows(folder, feed, "stop_times.txt")
    assert {row["route_id"] for row in trips.values()} == routes
    assert {row["trip_id"] for row in times} == set(trips)
    assert {row["stop_id"] for row in times} <= stops
    assert {row["stop_id"] for row in times} == {
        stop_id(line, at) for line in LINES if line.feed == feed for at in line.stops_m
    }
    assert any(row["arrival_time"] >= "24:00:00" for row in times)


def test_feeds_say_when_they_run_in_different_ways(folder):
    names = {}
    for feed, file_name in (("nl", "halelijn.gtfs.zip"), ("de", "hale-esche.gtfs.zip")):
        with zipfile.ZipFile(folder / file_name) as archive:
            names[feed] = set(archive.namelist())
    assert {"calendar.txt", "calendar_dates.txt", "frequencies.txt", "transfers.txt"} <= names["nl"]
    assert "calendar_dates.txt" in names["de"]
    assert not names["de"] & {"calendar.txt", "frequencies.txt", "transfers.txt"}
    dates = rows(folder, "de", "calendar_dates.txt")
    assert len(dates) == 365
    work = {row["date"] for row in dates if row["service_id"] == "work"}
    assert "20260512" in work
    assert "20260514" not in work


def test_departures_follow_the_formula(folder):
    """Every published departure of a working day is first + n * headway + running time."""
    for line in LINES:
        if line.by_frequency:
            continue
        times = rows(folder, line.feed, "stop_times.txt")
        for back in (False, True):
            word = "back" if back else "there"
            for position, at in enumerate(line.stops(back)):
                shown = len(line.stops_m) - 1 - position if back else position
                if line.timed and shown not in line.timed:
                    continue
                found = [
                    clock_s(row["departure_time"])
                    for row in times
                    if row["trip_id"].startswith(f"{line.route_id}-work-{word}-")
                    and int(row["stop_sequence"]) == position + 1
                ]
                assert found == line.departures_s(at, back), (line.route_id, at)
                gaps = set(np.diff(found).tolist())
                assert gaps == {line.headway_s}


def test_untimed_stops_lie_in_proportion(folder):
    """A reader that interpolates by distance must find the hops of the line."""
    times = rows(folder, "nl", "stop_times.txt")
    empty = [row for row in times if not row["departure_time"]]
    assert {row["trip_id"].split("-")[0] for row in empty} == {"31", "32"}
    assert all(row["timepoint"] == "0" for row in empty)
    for line in LINES:
        xy = np.array(line.stops_m)
        leg_m = np.abs(np.diff(xy, axis=0)).sum(axis=1)
        if line.timed:
            straight_m = np.hypot(*np.diff(xy, axis=0).T)
            np.testing.assert_array_equal(straight_m, leg_m)
            np.testing.assert_array_equal(np.array(line.hops_s) * 1000, leg_m * 120)


def test_train_crosses_the_border():
    [train] = [line for line in LINES if line.route_id == "RE5"]
    sides = [side_of(*stop) for stop in train.stops_m]
    assert sides == ["NL", "NL", "NL", "DE", "DE", "DE"]
    # 12 km at 60 km/h with two stops of a minute on the way
    assert train.ride_s((-6000, -1000), (6000, -1000)) == 12 * 60 + 2 * 60
    assert train.ride_s((6000, -1000), (-6000, -1000)) == 12 * 60 + 2 * 60
