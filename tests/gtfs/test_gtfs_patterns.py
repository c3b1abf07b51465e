"""Patterns: same stops, same rights, same mode, no overtaking; few of them."""

import datetime as dt

import pytest
from gtfs_search import rides_of
from small_feed import small_feed

from halfcircle.gtfs import build_timetable

TUESDAY = dt.date(2024, 5, 14)
HEAD = "trip_id,arrival_time,departure_time,stop_id,stop_sequence"


def built(tmp_path, rows, *, routes="R1 R1 R1"):
    names = [f"t{i + 1}" for i in range(len(routes.split()))]
    trips = [f"{route},WD,{name}" for route, name in zip(routes.split(), names, strict=True)]
    feed = small_feed(
        tmp_path,
        trips="\n".join(["route_id,service_id,trip_id", *trips]),
        stop_times="\n".join([HEAD, *rows]),
    )
    return build_timetable([feed], date=TUESDAY, time_zone="Europe/Amsterdam")


def run(name, start, end, stops="AC"):
    return [
        f"{name},08:{start:02d}:00,08:{start:02d}:00,{stops[0]},1",
        f"{name},08:{end:02d}:00,08:{end:02d}:00,{stops[1]},2",
    ]


def test_trips_in_line_are_one_pattern(tmp_path):
    timetable = built(tmp_path, [*run("t2", 10, 20), *run("t1", 0, 10), *run("t3", 20, 30)])
    assert timetable.n_patterns == 1
    assert timetable.trip_id.tolist() == ["x:t1", "x:t2", "x:t3"]


def test_overtaking_splits_and_as_little_as_possible(tmp_path):
    """t2 overtakes t1; t3 follows both, and joins the pattern of the first."""
    timetable = built(tmp_path, [*run("t1", 0, 30), *run("t2", 10, 20), *run("t3", 20, 40)])
    assert timetable.n_patterns == 2
    assert timetable.trip_id.tolist() == ["x:t1", "x:t3", "x:t2"]


def test_overtaking_in_between_splits_too(tmp_path):
    rows = [
        "t1,08:00:00,08:00:00,A,1",
        "t1,08:10:00,08:30:00,B,2",
        "t1,08:40:00,08:40:00,C,3",
        "t2,08:05:00,08:05:00,A,1",
        "t2,08:15:00,08:16:00,B,2",
        "t2,08:45:00,08:45:00,C,3",
    ]
    assert built(tmp_path, rows, routes="R1 R1").n_patterns == 2


def test_equal_trips_stay_together_by_id(tmp_path):
    timetable = built(tmp_path, [*run("t3", 0, 10), *run("t1", 0, 10), *run("t2", 0, 10)])
    assert timetable.n_patterns == 1
    assert timetable.trip_id.tolist() == ["x:t1", "x:t2", "x:t3"]


@pytest.mark.parametrize(("routes", "n"), [("R1 R2 R1", 1), ("R1 T1 R1", 2)])
def test_routes_share_patterns_and_modes_do_not(tmp_path, routes, n):
    timetable = built(
        tmp_path, [*run("t1", 0, 10), *run("t2", 10, 20), *run("t3", 20, 30)], routes=routes
    )
    assert timetable.n_patterns == n
    of_trip = dict(
        zip(timetable.trip_id, timetable.route_id[timetable.trip_route_idx], strict=True)
    )
    assert of_trip["x:t2"] == "x:" + routes.split()[1]


def test_a_loop_keeps_both_calls(tmp_path):
    rows = [
        "t1,08:00:00,08:00:00,A,1",
        "t1,08:10:00,08:10:00,B,2",
        "t1,08:20:00,08:20:00,A,3",
    ]
    (calls,) = rides_of(built(tmp_path, rows, routes="R1")).values()
    assert [stop for stop, _, _ in calls] == ["x:A", "x:B", "x:A"]
