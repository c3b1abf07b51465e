"""The Lelylijn study: its tables, its files, and what is published about it."""

import csv
import time
import zipfile
from itertools import pairwise
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from real_data import data_path

from halfcircle.demo import write_demo
from halfcircle.demo.lelylijn import CIRCLE_M, EDIT_FILES, TO_STOP_M, place_of, town_frame
from halfcircle.demo.lelylijn_facts import (
    GERMAN_JOBS_PER_INHABITANT,
    commuting,
    read_table,
    road_rows,
    schematic_lines,
    stop_positions,
    targets,
    towns,
)
from halfcircle.demo.lelylijn_results import (
    Ride,
    corridors,
    fastest_s,
    published_times,
    read_rides,
)
from halfcircle.demo.lelylijn_timetable import FEED_FILE, stop_id
from halfcircle.errors import FeedError
from halfcircle.gtfs import check_feeds
from halfcircle.study import run_study

PAGE = Path(__file__).resolve().parents[2] / "docs" / "lelylijn.md"
TOWNS = towns()
LINES = {line.line_id: line for line in schematic_lines()}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_demo(tmp_path_factory.mktemp("lelylijn"), "lelylijn").parent


# Tables ---------------------------------------------------------------------------------------


def test_tables_name_only_what_is_there():
    stops = set(stop_positions())
    assert len({town.zone_id for town in TOWNS}) == len({town.name for town in TOWNS}) == 118
    assert len({stop_id(stop) for stop in stops}) == len(stops)
    assert {town.stop for town in TOWNS} <= stops
    served = {hop.stop for line in LINES.values() for hop in line.hops}
    assert served == stops
    places = {town.stop for town in TOWNS}
    pairs = [tuple(sorted(row[:2])) for row in road_rows()]
    assert {end for pair in pairs for end in pair} == places
    assert len(set(pairs)) == len(pairs)
    codes = {town.zone_id for town in TOWNS}
    assert {code for row in commuting() for code in row[:2]} <= codes
    named = {stop for target in targets() for stop in (target.from_stop, target.to_stop)}
    assert named <= stops


def test_stops_of_towns_are_where_the_towns_are():
    positions = stop_positions()
    assert all(positions[town.stop] == (town.lon, town.lat) for town in TOWNS)


def test_german_districts_count_in_full():
    german = read_table("german_places")
    districts = {row["district"]: int(row["district_population"]) for row in german}
    people = {}
    for town in TOWNS:
        if town.country == "DE":
            people[town.region] = people.get(town.region, 0) + town.population
    assert people == districts
    abroad = [town for town in TOWNS if town.country == "DE"]
    share = sum(t.jobs for t in abroad) / sum(t.population for t in abroad)
    assert share == pytest.approx(GERMAN_JOBS_PER_INHABITANT, abs=0.001)


def test_commuters_fit_jobs_and_workers():
    """Nobody works or hires twice; the gap is who crosses the edge of the study."""
    table = pd.DataFrame(commuting(), columns=["origin", "destination", "workers"])
    dutch = pd.DataFrame(read_table("municipalities")).set_index("zone_id")
    incoming = table.groupby("destination").workers.sum()
    outgoing = table.groupby("origin").workers.sum()
    assert set(dutch.index) == set(incoming.index) == set(outgoing.index)
    assert (incoming <= dutch.jobs.astype(int).reindex(incoming.index)).all()
    assert (outgoing <= dutch.workers.astype(int).reindex(outgoing.index)).all()
    north = dutch.index[dutch.region.isin(["Groningen", "Fryslân", "Drenthe"])]
    whole = dutch.jobs.astype(int)[north].sum()
    assert 0.97 < incoming[north].sum() / whole <= 1.0
    assert (table.workers % 100 == 0).all()
    assert (table.workers > 0).all()


@pytest.mark.real_data
def test_tables_restate_their_sources():
    """Jobs of untouched municipalities, and measured running times, as in the data sets."""
    path = data_path("border_triangle/flows/cbs_commuting_municipal_2014.csv")
    jobs = pd.read_csv(path).groupby("work").jobs.sum()
    restated = {town.name: town.jobs for town in TOWNS if town.country == "NL"}
    same = ["Amsterdam", "Assen", "Emmen", "Zwolle", "Smallingerland", "Urk"]
    assert {name: restated[name] for name in same} == {name: int(jobs[name]) for name in same}
    merged = ["Groningen (gemeente)", "Haren", "Ten Boer"]
    assert restated["Groningen"] == jobs[merged].sum()
    links = data_path("north_nl/rail/nl_rail_links.csv")
    with links.open(encoding="utf-8") as file:
        measured = {
            (r["from_name"], r["to_name"]): float(r["mean_run_s"]) / 60
            for r in csv.DictReader(file)
        }
    checked = 0
    for line in LINES.values():
        for one, other in pairwise(line.hops):
            if (one.stop, other.stop) in measured:
                assert other.measured_min == pytest.approx(
                    measured[one.stop, other.stop], abs=0.051
                )
                checked += 1
    assert checked > 40


# Timetable ------------------------------------------------------------------------------------


def test_clock_face_is_symmetric():
    """Minute of departure there and of arrival back add up to the hour, at every stop."""
    for line in LINES.values():
        there, back = line.offsets_min(), line.offsets_min(back=True)
        assert there[-1][0] == back[-1][0]
        forth = {((m + departure) % 60) for m in line.starts_min() for _, departure in there[:1]}
        home = {((m + back[-1][0]) % 60) for m in line.starts_min(back=True)}
        assert {-m % 60 for m in forth} == home, line.line_id


def test_running_times_follow_the_measured_ones():
    """Stopping trains within 3 minutes or 10 %; fast trains are faster than the mean of all."""
    found = {c.line_id: c for c in corridors()}
    assert len(found) > 25
    direct = {"st-utrecht-breukelen", "ic-amsterdam-utrecht", "ex-groningen-leeuwarden"}
    for line_id, corridor in found.items():
        if line_id.startswith("ic-") or line_id in direct:
            assert -0.2 < corridor.difference_min / corridor.measured_min < 0.2, corridor
        else:
            assert abs(corridor.difference_min) <= max(3, 0.1 * corridor.measured_min), corridor
    assert found["ic-noord-zuid"].difference_min < 0


def test_connections_at_zwolle_are_kept():
    """Trains of both northern cities meet at Zwolle, so that every half hour leads everywhere."""
    at_zwolle = {}
    for line_id in ("ic-noord-zuid", "ic-fries-utrecht", "ic-noord-utrecht", "ic-fries-zuid"):
        line = LINES[line_id]
        at = [hop.stop for hop in line.hops].index("Zwolle")
        arrival, departure = line.offsets_min()[at]
        at_zwolle[line_id] = ((line.minutes[0] + arrival) % 60, (line.minutes[0] + departure) % 60)
    assert at_zwolle["ic-noord-zuid"] == at_zwolle["ic-fries-utrecht"] == (42, 45)
    assert at_zwolle["ic-noord-utrecht"] == at_zwolle["ic-fries-zuid"] == (12, 15)


def test_feed_is_valid_and_says_what_it_is(folder):
    report = check_feeds([folder / FEED_FILE])
    assert not report.failed
    with zipfile.ZipFile(folder / FEED_FILE) as archive:
        for name in ("agency.txt", "feed_info.txt", "routes.txt"):
            assert "not official" in archive.read(name).decode("utf-8"), name
    assert "not official" in (folder / "study.toml").read_text(encoding="utf-8")


# Files ----------------------------------------------------------------------------------------


def test_same_bytes_every_time(folder, tmp_path):
    time.sleep(1.1)  # clocks in files count whole seconds
    again = write_demo(tmp_path / "again", "lelylijn").parent
    names = sorted(path.name for path in again.iterdir())
    assert set(EDIT_FILES) | {"study.toml", "zones.gpkg", "roads.osm.pbf", "flows.csv"} <= {*names}
    for name in names:
        assert (folder / name).read_bytes() == (again / name).read_bytes(), name


def test_zones_hold_the_tables(folder):
    zones = gpd.read_file(folder / "zones.gpkg").set_index("zone_id")
    assert zones.jobs.to_dict() == {town.zone_id: town.jobs for town in TOWNS}
    assert zones.population.to_dict() == {town.zone_id: town.population for town in TOWNS}
    assert set(zones.country) == {"NL", "DE"}


def test_circles_lie_around_the_places_and_touch_no_other():
    frame = town_frame()
    places = gpd.GeoSeries.from_xy(
        *np.array([place_of(town) for town in TOWNS]).T, crs="EPSG:4326"
    ).to_crs(frame.crs)
    assert (frame.geometry.centroid.distance(places) < 1e-3).all()
    touching = gpd.sjoin(frame, frame, predicate="intersects")
    assert (touching.zone_id_left == touching.zone_id_right).all()
    assert np.sqrt(frame.area / np.pi).max() <= CIRCLE_M
    stops = gpd.GeoSeries.from_xy(
        [t.lon for t in TOWNS], [t.lat for t in TOWNS], crs="EPSG:4326"
    ).to_crs("EPSG:28992")
    away = stops.distance(places.to_crs("EPSG:28992"))
    assert away.to_numpy() == pytest.approx(TO_STOP_M, rel=0.01)


# The second search ----------------------------------------------------------------------------


def test_fastest_of_three_trains():
    rides = [
        Ride(25200, 26400, "A", "B", "slow"),
        Ride(26400, 28800, "B", "C", "slow"),
        Ride(26460, 27000, "B", "C", "missed"),  # one minute to change is too little
        Ride(26520, 27600, "B", "C", "caught"),
    ]
    assert fastest_s(rides, "A", "C") == 2400
    assert fastest_s(rides, "A", "C", change_s=60) == 1800
    assert fastest_s(rides, "C", "A") is None


def test_faults_of_timetables(tmp_path):
    with pytest.raises(FeedError, match="cannot be read as a timetable"):
        read_rides(tmp_path / "absent.zip")
    (tmp_path / "text.zip").write_text("no archive")
    with pytest.raises(FeedError, match="cannot be read as a timetable"):
        read_rides(tmp_path / "text.zip")


# The whole run --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    study = write_demo(tmp_path_factory.mktemp("lelylijn-run"), "lelylijn")
    run_study(study, workers=1)
    return study.parent


def test_published_times_are_met(run):
    found = published_times(run)
    built_to = [time for time in found if time.target.tolerance_min is not None]
    assert len(built_to) == 8
    assert all(time.met for time in built_to), [t for t in built_to if not t.met]
    others = {time.target.published_min: time for time in found if time.met is None}
    assert set(others) == {75, 85, 60}
    # The study builds the fastest of the published answers: it must not be slower than the rest.
    assert all(time.difference_min < 0 for time in others.values())


def test_engine_and_second_search_agree(run):
    """Door to door is the fastest train, eight minutes at both ends, boarding and waiting."""
    pairs = pd.read_csv(run / "out" / "scenarios" / "lelylijn-2" / "city_pairs.csv")
    row = pairs[
        (pairs["from"] == "Groningen") & (pairs["to"] == "Amsterdam") & (pairs["mode"] == "transit")
    ].iloc[0]
    walks = 2 * 8 + 1
    for column, train_min in (("minutes_baseline", 120), ("minutes_variant", 68)):
        waiting = row[column] - train_min - walks
        assert 0 <= waiting <= 31, column
    assert row.difference == pytest.approx(-52, abs=8)


def test_winners_losers_and_nobody(run):
    deltas = pd.read_parquet(run / "out" / "scenarios.parquet")
    names = {town.zone_id: town.name for town in TOWNS}
    jobs = deltas[(deltas["mode"] == "transit") & (deltas.opportunity == "jobs")]

    def delta(scenario, band_min):
        part = jobs[(jobs.scenario == scenario) & (jobs.band_min == band_min)]
        return part.assign(name=part.zone_id.map(names)).set_index("name").delta

    for scenario in ("lelylijn-2", "lelylijn-4"):
        for band_min in (45, 60, 90):
            assert (delta(scenario, band_min).dropna() >= 0).all(), "an added line takes nothing"
        assert delta(scenario, 60)["Smallingerland"] > 50_000
    assert (delta("lelylijn-4", 90).dropna() >= delta("lelylijn-2", 90).dropna()).all()
    diverted = delta("lelylijn-diverted", 90)
    assert diverted.min() < 0 < diverted.max()
    assert (delta("open-border", 90).dropna() == 0).all()
    by_car = deltas[(deltas["mode"] == "car")]
    assert (by_car.delta.dropna() == 0).all()


def test_too_far_for_the_randstad(run):
    """The claim of the 2020 study: Groningen does not join the daily urban system of Amsterdam."""
    chances = pd.read_csv(run / "out" / "scenarios" / "one_system.csv")
    codes = {town.name: town.zone_id for town in TOWNS}
    pair = chances[
        (chances.zone_id == codes["Groningen"]) & (chances.other_zone_id == codes["Amsterdam"])
    ].set_index("scenario")
    for scenario in ("baseline", "lelylijn-2", "lelylijn-4", "lelylijn-diverted"):
        assert pair.probability[scenario] == 0.0
        assert not pair.together[scenario]
        assert np.isnan(pair.together_from[scenario])


def test_daily_urban_systems_of_the_page(run):
    """Noordoostpolder joins Lelystad; the four centres of the north stay apart, by a margin."""
    chances = pd.read_csv(run / "out" / "scenarios" / "one_system.csv")
    names = {town.zone_id: town.name for town in TOWNS}
    chances.index = chances.zone_id.map(names) + " - " + chances.other_zone_id.map(names)
    for scenario, joined in (("baseline", 0), ("lelylijn-2", 1), ("lelylijn-4", 1)):
        part = chances[chances.scenario == scenario]
        assert part.together["Noordoostpolder - Lelystad"] == joined
        assert part.probability["Noordoostpolder - Lelystad"] == pytest.approx(joined, abs=0.05)
        assert part.probability["Smallingerland - Groningen"] == 0
        assert part.probability["Heerenveen - Leeuwarden"] == 0
    both = chances.loc["Smallingerland - Heerenveen"].set_index("scenario")
    assert both.probability["baseline"] == 0 < both.probability["lelylijn-2"] < 0.3
    # Apart as drawn, and nearer with the line: in validity, and on the dial.
    assert 1.0 < both.validity["lelylijn-2"] < both.validity["baseline"]
    assert both.together_from["lelylijn-2"] < both.together_from["baseline"]
    page = PAGE.read_text(encoding="utf-8")
    dial = pd.read_csv(run / "out" / "scenarios" / "systems_dial.csv")
    for scenario, label in (("baseline", "systems now"), ("lelylijn-2", "with lelylijn-2")):
        counts = dial[dial.scenario == scenario].systems.iloc[:8]
        assert f"| {label} | {' | '.join(map(str, counts))} |" in page


def test_the_page_shows_what_the_study_gives(run):
    page = PAGE.read_text(encoding="utf-8")
    for time_ in published_times(run):
        target = time_.target
        row = f"| {target.scenario} | {target.from_stop} - {target.to_stop} "
        row += f"| {target.published_min:g} | {time_.modelled_min:g} | {time_.difference_min:+g} |"
        assert row in page
    for one in corridors():
        row = f"| {one.from_stop} - {one.to_stop} | {one.schematic_min:.0f} "
        row += f"| {one.measured_min:.1f} | {one.difference_min:+.1f} "
        assert f"| {one.name} {row}" in page
    table = pd.read_csv(run / "out" / "scenarios" / "winners_and_losers.csv")
    jobs = table[
        (table["mode"] == "transit") & (table.opportunity == "jobs") & (table.part == "all")
    ]
    for scenario in ("lelylijn-2", "lelylijn-4", "lelylijn-diverted"):
        row = jobs[(jobs.scenario == scenario) & (jobs.band_min == 90)].iloc[0]
        assert f"| {scenario} | 90 | {row.mean_delta:,.0f} | {row.share_winning:.1%}"[:-1] in page


def test_the_open_border_gives_back_what_was_lost(run):
    border = pd.read_parquet(run / "out" / "border.parquet")
    wide = border[(border["mode"] == "car") & (border.band_min == 60)]
    before = wide[wide.scenario == "baseline"].set_index("zone_id")
    after = wide[wide.scenario == "open-border"].set_index("zone_id")
    assert (after.reach_effective == after.reach_open).all()
    assert (before.reach_effective < before.reach_open).any()
    weener = next(town.zone_id for town in TOWNS if town.name == "Weener")
    assert before.loss[weener] > 0.1
