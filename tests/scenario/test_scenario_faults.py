"""Every way in which edits can be wrong, and what is said about it."""

import datetime as dt
from pathlib import Path

import pytest
from edit_towns import CITY, CROSS, TOP, feed_of, name
from grid_city import Line

from halfcircle.errors import ScenarioError
from halfcircle.gtfs import Feed
from halfcircle.gtfs.edits import edit_feeds
from halfcircle.gtfs.edits_types import (
    AddLine,
    AddStop,
    ClockFace,
    CloseStation,
    Extend,
    Headway,
    RemoveService,
    Reroute,
    Retime,
    SetHeadway,
    SetTransfer,
    SkipStop,
    SpeedUp,
    Station,
)
from halfcircle.study.settings.edit_file import EDIT_TYPES, read_edits

A, B, C = (Station(name(c)) for c in CROSS.corners)
D, E = (Station(name(c)) for c in TOP.corners)
H = 3600
OFTEN = (Headway(5 * H, 23 * H, 600),)


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return feed_of(CITY, tmp_path_factory.mktemp("town"))


def line(**values) -> AddLine:
    base = {"label": "x", "where": "e.toml:1", "stops": (A, E), "hops_s": (200,), "mode": "bus",
            "headways": OFTEN}  # fmt: skip
    return AddLine(**{**base, **values})


FAULTS = {
    "unknown station": (
        [line(stops=(A, Station("Corner 9-9")))],
        r"e.toml:1 stops: there is no station of this name: 'Corner 9-9' - did you mean 'Corner",
    ),
    "unknown line": ([SpeedUp(label="x", line="3", factor=0.5)], "no line of this name: '3'"),
    "station not on the line": (
        [SkipStop(label="x", line="2", stop=B)],
        "line '2' does not call at the station: 'Corner 2-1'",
    ),
    "new station where there is one": (
        [line(stops=(A, Station("Corner 5-3", *(float(v[0]) for v in CITY.lonlat([(4, 3)])))))],
        "there is a station of this name 250 m away already",
    ),
    "beats physics": (
        [line(hops_s=(20,))],
        r"running times that no vehicle can keep: 'Corner 0-1 - Corner 5-3: 0.3 min for 1.3 km",
    ),
    "beats physics after a retime": (
        [Retime(label="x", line="1", hops=((A, B, 10),))],
        r"edit 'x': running times that no vehicle can keep: .*'Corner 0-1 - Corner 2-1: 0.2 min",
    ),
    "beats its own speed": ([line(hops_s=(100,), max_kmh=30.0)], "at least 2.8 min"),
    "crosses itself": (
        [line(stops=(A, E, A), hops_s=(200, 200))],
        "the line crosses itself: it calls twice at: 'Corner 0-1'",
    ),
    "extended over itself": (
        [Extend(label="x", line="1", at=C, stops=(B,), hops_s=(100,))],
        "trips would call at one station twice",
    ),
    "hops do not fit": ([line(hops_s=(200, 200))], "hops_min: must be 1 running times"),
    "dwells do not fit": (
        [line(stops=(A, B, C), hops_s=(90, 90), dwell_s=(1, 2))],
        "dwell_s: must be one value, or 1",
    ),
    "no time left": (
        [line(stops=(A, B, C), hops_s=(), total_s=60, dwell_s=(60,))],
        "total_min: is not longer than the stops in between take",
    ),
    "dates outside": (
        [line(dates=(dt.date(2030, 1, 1), dt.date(2030, 2, 1)))],
        r"dates: are outside the feed grid, which runs 2026-01-01 to 2026-12-31: '2030-01-01 to",
    ),
    "unknown feed": ([line(feed="ns")], "feed: is not among the feeds of the study: 'ns' - grid"),
    "no departure": (
        [line(headways=(), clock_face=(ClockFace((59.0,), 5 * H, 5 * H + 600),))],
        "minutes: no departure lies in the periods given",
    ),
    "nothing to run through": (
        [line(headways=(), clock_face=(ClockFace((0.0,), 1 * H, 2 * H),), through=("1",))],
        "through: no trip begins or ends where and when one of '1' does",
    ),
    "same line twice": (
        [line(), line(where="e.toml:9", label="X")],
        "name: there is a line with this name already: 'X'",
    ),
    "two headways": (
        [SetHeadway(label="a", line="1", headways=OFTEN),
         SetHeadway(label="b", where="e.toml:7", line="1", headways=OFTEN)],
        "e.toml:7: is in conflict with edit 'a': both settle: 'headway grid:1'",
    ),
    "two times for a hop": (
        [Retime(label="a", line="1", hops=((A, B, 100),)),
         Retime(label="b", line="1", hops=((B, A, 110),))],
        "is in conflict with edit 'a': both settle: 'running time grid:1 Corner 0-1 Corner 2-1'",
    ),
    "two transfers": (
        [SetTransfer(label="a", stations=(C, E), seconds=60),
         SetTransfer(label="b", stations=(E, C), seconds=90)],
        "conflict with edit 'a'",
    ),
    "line taken away before": (
        [RemoveService(label="gone", lines=("1",)), SpeedUp(label="b", line="1", factor=0.9)],
        "edit 'gone' takes this line away",
    ),
    "line replaced before": (
        [line(replaces=("2",), label="new"), SpeedUp(label="b", line="2", factor=0.9)],
        "edit 'new' takes this line away",
    ),
    "station passed already": (
        [SkipStop(label="a", line="1", stop=B), SkipStop(label="b", line="1", stop=B)],
        "line '1' does not call at the station: 'Corner 2-1'",
    ),
    "nothing changes": (
        [SpeedUp(label="same", where="e.toml:3", line="1", factor=1.0)],
        "e.toml:3: the edit changes nothing: 'same'",
    ),
    "times are the same": (
        [Retime(label="same", line="1", hops=((A, B, 120),))], "the edit changes nothing: 'same'"
    ),
    "no trip between": (
        [Retime(label="x", line="1", hops=((C, A, 200),), both_ways=False),
         Reroute(label="y", line="2", part=(E, D), via=(B,), hops_s=(100, 100)),
         AddStop(label="z", line="1", stop=E, between=(A, C))],
        "between: no trip of the line calls at these two, one after the other",
    ),
    "no end of the line": (
        [Extend(label="x", line="1", at=B, stops=(E,), hops_s=(100,))],
        "at: no trip of the line begins or ends at: 'Corner 2-1'",
    ),
    "too few hops": (
        [Extend(label="x", line="1", at=C, stops=(E,), hops_s=(100, 100)),
         Reroute(label="y", line="2", part=(D, E), via=(B,), hops_s=(100,))],
        "hops_min: must be 2 running times, one per hop",
    ),
    "stops take longer": (
        [Retime(label="x", line="1", hops=((A, C, 1),))], "stops in between take longer than 1 s"
    ),
    "unknown trip": (
        [RemoveService(label="x", trips=("grid:no",))], "there is no trip with this id: 'grid:no'"
    ),
    "unknown station to close": (
        [CloseStation(label="x", station=Station("Korner 2-1"))], "did you mean 'Corner 2-1'"
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", FAULTS)
def test_what_is_wrong_is_said(case: str, feed: Feed) -> None:
    edits, text = FAULTS[case]
    with pytest.raises(ScenarioError, match=text):
        edit_feeds([feed], edits)


def test_all_faults_are_told_at_once(feed: Feed) -> None:
    cases = ("unknown station", "unknown line", "nothing changes", "beats physics")
    edits = [edit for case in cases for edit in FAULTS[case][0]]
    with pytest.raises(ScenarioError) as caught:
        edit_feeds([feed], edits)
    assert len(caught.value.faults) == 4


def test_one_name_in_two_places_asks_which(tmp_path: Path) -> None:
    from dataclasses import replace

    here = feed_of(CITY, tmp_path / "a", "a")
    there = feed_of(replace(CITY, centre_lon=7.0), tmp_path / "b", "b")
    with pytest.raises(
        ScenarioError, match=r"stations are called 'Corner 2-1': 'a:S2-1', 'b:S2-1'"
    ):
        edit_feeds([here, there], [CloseStation(label="x", station=B)])
    with pytest.raises(ScenarioError, match=r"2 lines are called '1': 'a:1', 'b:1'"):
        edit_feeds([here, there], [SpeedUp(label="x", line="1", factor=0.9)])
    found = edit_feeds([here, there], [CloseStation(label="x", station=Station("b:S2-1"))])
    assert found.feeds[0] is here
    with pytest.raises(ScenarioError, match="different feeds: GTFS has no transfers between feeds"):
        edit_feeds(
            [here, there],
            [SetTransfer(label="x", stations=(Station("a:S2-1"), Station("b:S2-1")), seconds=60)],
        )


def test_a_feed_without_any_trip_left_is_no_feed(tmp_path: Path) -> None:
    feed = feed_of(CITY.__class__(lines=(Line("1", ((0, 0), (3, 0))),)), tmp_path)
    with pytest.raises(ScenarioError, match="feed grid: is no feed any more after the edits"):
        edit_feeds([feed], [RemoveService(label="x", lines=("1",))])


# The file -----------------------------------------------------------------------------------

LINE = "type = 'add_line'\nstops = ['A', 'B']\n"
FILE_FAULTS = {
    "type = 'add_lnie'": "is no type of edit: 'add_lnie' - did you mean 'add_line'",
    "name = 'x'": "type: is required",
    "type = 'park_and_ride'": "give add, remove, change or parking_min",
    "type = 'shared_bikes'": "give add, remove, change, rental_min, kmh or max_min",
    "type = 'bike_share'": "is called shared_bikes",
    "type = 'set_headway'\nline = 'x'\nevery_min = 0": r"every_min: must be more than 0 .*: '0'",
    "type = 'set_headway'\nline = 'x'": "give the departures once",
    "type = 'set_headway'\nline = 'x'\nevery_min = 5\nminutes = [3]": "give the departures once",
    "type = 'set_headway'\nline = 'x'\nevery_min = 5\nfrom = '9:00'\nto = '08:00'": "is not after",
    "type = 'set_headway'\nline = 'x'\nheadways = [{ from = '06:00', to = '09:00', every_min = 5 },"
    " { from = '08:00', to = '10:00', every_min = 5 }]": "headways: periods overlap",
    "type = 'set_headway'\nevery_min = 5": "line: is required",
    "type = 'add_line'\nstops = ['A']\nhops_min = [1]\nevery_min = 5": "a list of 2 or more",
    "type = 'add_line'\nstops = ['A', { name = 'B' }]\nhops_min = [1]\nevery_min = 5": "for a new",
    "type = 'add_line'\nstops = ['A', { name = 'B', lon = 500, lat = 1 }]\nhops_min = [1]\n"
    "every_min = 5": "not in degrees",
    LINE + "every_min = 5": "give running times once",
    LINE + "hops_min = [0]\nevery_min = 5": "hops_min: must be more",
    LINE + "hops_min = [9]\nevery_min = 5\nmode = 'trein'": "mode",
    LINE + "hops_min = [9]\nevery_min = 5\ndays = ['zondag']": "days",
    LINE + "hops_min = [9]\nevery_min = 5\nthrough = 'x'": "through",
    LINE + "hops_min = [9]\nevery_min = 5\ndates = [2030-01-01]":
        "the first and the last day",
    LINE + "hops_min = [9]\nevery_min = 5\nstosp = 1": "is no key",
    "type = 'speed_up'\nline = 'x'\nfactor = 0": "factor: must be more than 0",
    "type = 'speed_up'\nline = 'x'": "give either factor",
    "type = 'retime'\nline = 'x'": "hops: is required",
    "type = 'remove'": "give lines or trips",
    "type = 'set_transfer'\nstations = ['A', 'B']": "either minutes, or forbidden",
    "type = 'close_link'": "give ways",
    "type = 'close_link'\nways = ['a']": "must be a list of OSM way numbers",
    "type = 'set_speed'\nkmh = 30": "give ways, near",
    "type = 'set_speed'\nkmh = 30\nroad_classes = ['primary']\narea = [1, 2]": "area: must be",
    "type = 'congestion'\nfactors = { autobahn = 2.0 }": "factors.autobahn: is not known",
    "type = 'add_link'\npoints = [[6, 52]]": "must be 2 or more positions",
    "type = 'add_link'\npoints = [[6, 52], [6.1, 52]]\nferry = true\nhighway = 'path'":
        "a ferry has",
    "type = 'add_link'\npoints = [[6, 52], [6.1, 52]]\nmodes = ['boat']": "modes: is not known",
    "type = 'border'": "give penalties, preset or minutes_factor",
    "type = 'border'\npreset = 'opne'": "did you mean 'open'",
    "type = 'move_opportunities'\nopportunity = 'jobs'\nfrom = ['a']\nto = ['b']":
        "amount or share",
    "type = 'move_opportunities'\nopportunity = 'jobs'\nfrom = { near = 3 }\nto = ['b']\nshare = 1":
        "near_stations",
    "type = 'telework'\ndays = 5": "must be fewer than the 5 days",
    "type = 'behaviour'\nmax_rides = 0": "max_rides: must be at least 1",
    "type = 'behaviour'\nspeeds_kmh = { fly = 3 }": "speeds_kmh.fly: is not known",
    "type = 'demand_responsive'\nplaces = ['a']\nhub = 'b'": "wait_min: is required",
}  # fmt: skip


@pytest.mark.parametrize("text", FILE_FAULTS)
def test_faults_of_the_file(text: str, tmp_path: Path) -> None:
    path = tmp_path / "edits.toml"
    path.write_text(f"[[edits]]\n{text}\n", encoding="utf-8")
    with pytest.raises(ScenarioError, match=FILE_FAULTS[text]) as caught:
        read_edits(path)
    assert "edits.toml:" in str(caught.value)


def test_all_faults_of_a_file_with_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "edits.toml"
    path.write_text(
        "[[edits]]\ntype = 'speed_up'\nline = 'x'\nfactor = -1\n\n[[edits]]\ntype = 'remvoe'\n"
        "[[edits]]\ntype = 'speed_up'\nname = 'a'\nline = 'x'\nfactor = 0.5\n"
        "[[edits]]\ntype = 'speed_up'\nname = 'a'\nline = 'y'\nfactor = 0.5\n",
        encoding="utf-8",
    )
    with pytest.raises(ScenarioError) as caught:
        read_edits(path)
    assert [fault.where.split(" ")[0] for fault in caught.value.faults] == [
        "edits.toml:4",
        "edits.toml:7",
        "edits.toml:15",
    ]


def test_no_file_no_toml_no_edits(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="file not found"):
        read_edits(tmp_path / "no.toml")
    for text, what in (("[[", "no valid TOML"), ("", "there is no"), ("edit = 1", "is no key")):
        path = tmp_path / "e.toml"
        path.write_text(text, encoding="utf-8")
        with pytest.raises(ScenarioError, match=what):
            read_edits(path)


def test_every_type_is_described() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "scenarios.md").read_text("utf-8")
    assert [kind for kind in EDIT_TYPES if f"`{kind}`" not in page] == []


def test_edits_inside_a_study_have_their_lines(tmp_path: Path) -> None:
    from halfcircle.errors import StudyError
    from halfcircle.study import read_study

    path = tmp_path / "study.toml"
    path.write_text(
        "[study]\nname = 'x'\n[zones]\npath = 'z.csv'\n"
        "[[scenarios]]\nname = 'a'\n[[scenarios.edits]]\ntype = 'remove'\nlines = ['1']\n"
        "[[scenarios]]\nname = 'b'\n[[scenarios.edits]]\ntype = 'remove'\nlines = ['1']\n"
        "[[scenarios.edits]]\nname = 'y'\ntype = 'speed_up'\nline = 'x'\nfactor = 0\n",
        encoding="utf-8",
    )
    with pytest.raises(StudyError, match=r"study.toml:19 \[\[scenarios\]\] factor: must be more"):
        read_study(path)
