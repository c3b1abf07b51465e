"""Each type of timetable edit on a town whose lines are known: predicted lines, predicted times."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from edit_towns import CITY, CROSS, TOP, at, city, feed_of, name, times_s, timetable
from grid_city import Line

from halfcircle.gtfs import Feed, read_feed, write_feed
from halfcircle.gtfs.edits import edit_feeds
from halfcircle.gtfs.edits_types import (
    AddLine,
    AddStop,
    ClockFace,
    CloseStation,
    DemandResponsive,
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

A, B, C = (Station(name(c)) for c in CROSS.corners)
D, E = (Station(name(c)) for c in TOP.corners)
NEW_CORNER = (3, 3)
NEW = Station("Nieuw", *(float(v[0]) for v in CITY.lonlat([NEW_CORNER])))
H = 3600


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return feed_of(CITY, tmp_path_factory.mktemp("town"))


def edited(feed: Feed, *edits) -> tuple[Feed, ...]:
    return edit_feeds([feed], edits).feeds


def predicted(tmp_path: Path, *lines: Line) -> np.ndarray:
    return times_s([feed_of(city(*lines), tmp_path)])


def test_the_town_itself(feed: Feed) -> None:
    times = times_s([feed])
    # Trips leave at full ten minutes and need 240 s; a minute is needed to get on.
    ride = times[at((0, 1)), at((5, 1))]
    expected = [
        int(CITY.transit_s((0, 1), (5, 1), 7 * H + 60 * m, walk_all_the_way=False))
        for m in range(60)
    ]
    assert ride.tolist() == expected
    assert expected[9] == 60 + 240
    assert expected[10] == 600 + 240


def test_retime_sets_the_running_time_both_ways(feed: Feed, tmp_path: Path) -> None:
    edit = Retime(label="faster", line="1", hops=((A, C, 180),))
    expected = predicted(tmp_path, replace(CROSS, hop_s=90), TOP)
    np.testing.assert_array_equal(times_s(edited(feed, edit)), expected)
    assert expected[at((0, 1)), at((5, 1)), 9] == 60 + 180


def test_retime_keeps_the_departures_of_a_station(feed: Feed, tmp_path: Path) -> None:
    edit = Retime(label="faster", line="1", hops=((B, C, 60),), both_ways=False, keep_at=C)
    found = edited(feed, edit)[0]
    calls = found.stop_times
    there = [t for t in range(len(found["trips"])) if calls.n_calls[t] == 3]
    first = found["stops"].texts("stop_id")[calls.stop_row[calls.ptr[there]]]
    starts = calls.departure_s[calls.ptr[there]][first == "S0-1"]
    assert set(starts % 600) == {60}


def test_retime_with_stops_in_between_shares_out(feed: Feed) -> None:
    built = timetable(edited(feed, Retime(label="x", line="1", hops=((A, C, 181),))))
    runs = {tuple(np.diff(built.arrival_s[:3]).tolist())}
    assert runs == {(90, 91)}


def test_speed_up_by_a_factor(feed: Feed, tmp_path: Path) -> None:
    edit = SpeedUp(label="x", line="1", factor=0.75)
    expected = predicted(tmp_path, replace(CROSS, hop_s=90), TOP)
    np.testing.assert_array_equal(times_s(edited(feed, edit)), expected)


def test_speed_up_of_a_part_by_minutes(feed: Feed, tmp_path: Path) -> None:
    edit = SpeedUp(label="x", line="1", less_s=30, part=(B, C))
    expected = predicted(tmp_path, replace(CROSS, hop_s=(120, 90)), TOP)
    np.testing.assert_array_equal(times_s(edited(feed, edit)), expected)


def test_a_slower_line_is_a_factor_above_one(feed: Feed, tmp_path: Path) -> None:
    expected = predicted(tmp_path, replace(CROSS, hop_s=180), TOP)
    found = times_s(edited(feed, SpeedUp(label="x", line="1", factor=1.5)))
    np.testing.assert_array_equal(found, expected)


def test_set_headway_by_the_clock(feed: Feed, tmp_path: Path) -> None:
    minutes = tuple(float(m) for m in range(0, 60, 5))
    face = ClockFace(minutes, 5 * H, 23 * H, minutes)
    edit = SetHeadway(label="spoorboekloos", line="1", clock_face=(face,))
    expected = predicted(
        tmp_path, replace(CROSS, headway_s=300, first_s=5 * H, last_s=23 * H - 1), TOP
    )
    np.testing.assert_array_equal(times_s(edited(feed, edit)), expected)


def test_set_headway_every_five_minutes_waits_at_most_five(feed: Feed) -> None:
    edit = SetHeadway(label="often", line="1", headways=(Headway(5 * H, 23 * H, 300),))
    times = times_s(edited(feed, edit))[at((0, 1)), at((5, 1))]
    assert times.max() <= 60 + 300 + 240
    assert times.min() >= 60 + 240
    # One phase: the waits of all minutes of a headway are 60 s apart.
    assert np.unique(np.diff(np.unique(times))).tolist() == [60]


def test_set_headway_leaves_other_periods_alone(feed: Feed) -> None:
    edit = SetHeadway(label="x", line="1", headways=(Headway(12 * H, 13 * H, 300),))
    found = edited(feed, edit)
    np.testing.assert_array_equal(times_s(found), times_s([feed]))
    before = [t for t in feed["trips"].texts("trip_id") if t.startswith("1-")]
    after = [t for t in found[0]["trips"].texts("trip_id") if t.startswith("1-")]
    assert len(before) - len(after) == 2 * 6


def test_extend_goes_on_and_comes_back(feed: Feed, tmp_path: Path) -> None:
    edit = Extend(label="x", line="1", at=C, stops=(E,), hops_s=(100,), dwell_s=0)
    back = Line("1b", ((5, 3), (5, 1), (2, 1), (0, 1)), (100, 120, 120), first_s=6 * H - 100)
    there = Line("1", ((0, 1), (2, 1), (5, 1), (5, 3)), (120, 120, 100))
    expected = predicted(tmp_path, there, back, TOP)
    np.testing.assert_array_equal(times_s(edited(feed, edit)), expected)
    assert expected[at((0, 1)), at((5, 3)), 9] == 60 + 340


def test_add_stop_costs_its_dwell_and_what_is_lost(feed: Feed, tmp_path: Path) -> None:
    edit = AddStop(label="x", line="2", stop=NEW, between=(D, E), dwell_s=30, lost_s=40)
    # 3 of 5 blocks before it: 180 s and 120 s, 20 s lost on either side.
    there = Line("2", ((0, 3), NEW_CORNER, (5, 3)), (200, 140), dwell_s=30, both_ways=True)
    np.testing.assert_array_equal(times_s(edited(feed, edit)), predicted(tmp_path, CROSS, there))


def test_skip_stop_wins_its_dwell(tmp_path: Path) -> None:
    slow = replace(CROSS, dwell_s=45)
    feed = feed_of(city(slow, TOP), tmp_path / "slow")
    found = times_s(edited(feed, SkipStop(label="x", line="1", stop=B, saved_s=15)))
    through = Line("1", ((0, 1), (5, 1)), 225, both_ways=True)
    np.testing.assert_array_equal(found, predicted(tmp_path / "fast", through, TOP))


def test_reroute_runs_by_other_stations(feed: Feed, tmp_path: Path) -> None:
    edit = Reroute(label="x", line="2", part=(D, E), via=(B,), hops_s=(150, 200), dwell_s=0)
    by = Line("2", ((0, 3), (2, 1), (5, 3)), (150, 200))
    back = Line("2b", ((5, 3), (2, 1), (0, 3)), (200, 150))
    np.testing.assert_array_equal(times_s(edited(feed, edit)), predicted(tmp_path, CROSS, by, back))


def test_remove_a_line_a_period_and_a_direction(feed: Feed, tmp_path: Path) -> None:
    gone = edited(feed, RemoveService(label="x", lines=("1",)))
    np.testing.assert_array_equal(times_s(gone), predicted(tmp_path / "1", TOP))
    late = edited(feed, RemoveService(label="x", lines=("1",), period_s=(0, 7 * H + 1800)))
    expected = predicted(tmp_path / "2", replace(CROSS, first_s=7 * H + 1800), TOP)
    np.testing.assert_array_equal(times_s(late), expected)
    there = edited(feed, RemoveService(label="x", lines=("1",), part=(C, A)))
    expected = predicted(tmp_path / "3", replace(CROSS, both_ways=False), TOP)
    np.testing.assert_array_equal(times_s(there), expected)


def test_remove_trips_by_id(feed: Feed) -> None:
    one = str(feed["trips"].texts("trip_id")[0])
    found = edited(feed, RemoveService(label="x", trips=(f"grid:{one}",)))[0]
    assert len(found["trips"]) == len(feed["trips"]) - 1
    assert one not in set(found["stop_times"].texts("trip_id"))


def test_close_station_on_all_lines(feed: Feed, tmp_path: Path) -> None:
    found = times_s(edited(feed, CloseStation(label="x", station=B)))
    through = Line("1", ((0, 1), (5, 1)), 240, both_ways=True)
    np.testing.assert_array_equal(found, predicted(tmp_path, through, TOP))


def test_a_station_that_closes_at_the_end_takes_lines_of_two_stops_with_it(feed: Feed) -> None:
    found = edited(feed, CloseStation(label="x", station=E))
    assert (
        timetable(found).n_trips
        == timetable(edited(feed, RemoveService(label="x", lines=("2",)))).n_trips
    )


def test_set_transfer_opens_and_closes_a_change(feed: Feed) -> None:
    opened = timetable(edited(feed, SetTransfer(label="x", stations=(C, E), seconds=120)))
    assert sorted(opened.transfer_s.tolist()) == [120, 120]
    times = times_s(edited(feed, SetTransfer(label="x", stations=(C, E), seconds=120)))
    # 7:09 from A: 7:10 to 7:14 at C, 7:16 at E, 7:20 to 7:25 at D.
    assert times[at((0, 1)), at((0, 3)), 9] == 16 * 60
    closed = timetable(edited(feed, SetTransfer(label="x", stations=(B, B), seconds=None)))
    assert (closed.change_s == -1).sum() == 1


def test_add_line_by_the_clock_with_a_new_station(feed: Feed, tmp_path: Path) -> None:
    edit = AddLine(
        label="Sneltram 7",
        stops=(A, NEW, E),
        hops_s=(200, 150),
        dwell_s=(40,),
        mode="tram",
        clock_face=(ClockFace((5.0, 35.0), 5 * H, 23 * H, (10.0, 40.0)),),
    )
    there = Line("7", ((0, 1), NEW_CORNER, (5, 3)), (200, 150), dwell_s=40, headway_s=1800,
                 first_s=5 * H + 300, last_s=23 * H)  # fmt: skip
    back = Line("7b", ((5, 3), NEW_CORNER, (0, 1)), (150, 200), dwell_s=40, headway_s=1800,
                first_s=5 * H + 600, last_s=23 * H)  # fmt: skip
    found = edited(feed, edit)
    np.testing.assert_array_equal(times_s(found), predicted(tmp_path, CROSS, TOP, there, back))
    assert "Sneltram 7" in set(found[0]["routes"].texts("route_long_name"))


def test_clock_face_directions_mirror_each_other_around_the_hour(feed: Feed) -> None:
    edit = AddLine(
        label="IC", stops=(A, E), hops_s=(7 * 60,), mode="bus",
        clock_face=(ClockFace((5.0,), 5 * H, 23 * H),),
    )  # fmt: skip
    found = edited(feed, edit)[0]
    times = found.stop_times
    ids = found["trips"].texts("trip_id")
    first = {bool("back" in t): int(times.departure_s[times.ptr[i]]) for i, t in enumerate(ids)
             if t.startswith("new-ic")}  # fmt: skip
    # 5 past there, so 12 past the arrival; back at 48, arrival at 55: both sum to 60.
    assert first[False] % H == 5 * 60
    assert first[True] % H == 48 * 60


def test_total_time_is_shared_out_and_kept(feed: Feed) -> None:
    edit = AddLine(
        label="x", stops=(A, NEW, C), total_s=500, dwell_s=(60,), mode="bus",
        headways=(Headway(5 * H, 23 * H, 600),),
    )  # fmt: skip
    built = timetable(edited(feed, edit))
    p = next(p for p in range(built.n_patterns)
             if built.trip_id[built.trip_ptr[p]].startswith("grid:new-x-there"))  # fmt: skip
    start = built.event_ptr[p]
    arrival, departure = built.arrival_s[start : start + 3], built.departure_s[start : start + 3]
    assert arrival[2] - departure[0] == 500
    assert departure[1] - arrival[1] == 60
    # 3.6 blocks before it, 2.8 after.
    assert arrival[1] - departure[0] > arrival[2] - departure[1]


def test_speed_and_acceleration_give_the_running_time(feed: Feed) -> None:
    edit = AddLine(
        label="x", stops=(A, C), kmh=36.0, acceleration_m_s2=0.5, detour=1.0, mode="bus",
        clock_face=(ClockFace((0.0,), 7 * H, 8 * H),), both_ways=False,
    )  # fmt: skip
    built = timetable(edited(feed, edit))
    p = next(p for p in range(built.n_patterns)
             if built.trip_id[built.trip_ptr[p]].startswith("grid:new-x"))  # fmt: skip
    run = built.arrival_s[built.event_ptr[p] + 1] - built.departure_s[built.event_ptr[p]]
    # 5 blocks of 250.4 m at 10 m/s, and 20 s for getting up to speed and braking.
    assert abs(int(run) - (1252 / 10 + 20)) <= 1


def test_through_running_saves_the_change(feed: Feed) -> None:
    edit = AddLine(
        label="x", stops=(C, E), hops_s=(120,), mode="bus", through=("1",), both_ways=False,
        clock_face=(ClockFace(tuple(float(m) for m in range(5, 60, 10)), 5 * H, 23 * H),),
    )  # fmt: skip
    found = edited(feed, edit)
    built = timetable(found)
    assert sum(merged.kind == "through" for merged in built.merged) >= 6
    # 7:09 from A: 7:10 to 7:14 at C, stays seated, leaves 7:15, E at 7:17.
    assert times_s(found)[at((0, 1)), at((5, 3)), 9] == 8 * 60


def test_replaces_takes_the_old_line_away(feed: Feed, tmp_path: Path) -> None:
    edit = AddLine(
        label="x", stops=(A, B, C), hops_s=(90, 90), dwell_s=(0,), mode="bus", replaces=("1",),
        clock_face=(ClockFace((0.0, 20.0, 40.0), 5 * H, 23 * H, (0.0, 20.0, 40.0)),),
    )  # fmt: skip
    new = replace(CROSS, hop_s=90, headway_s=1200, first_s=5 * H, last_s=23 * H - 1)
    np.testing.assert_array_equal(times_s(edited(feed, edit)), predicted(tmp_path, new, TOP))


def test_service_on_demand_waits_twice_its_mean_wait_at_most(feed: Feed) -> None:
    edit = DemandResponsive(
        label="belbus", places=(NEW,), hub=A, wait_s=300, from_s=5 * H, to_s=23 * H, kmh=36.0,
        detour=1.0,
    )  # fmt: skip
    times = times_s(edited(feed, edit))[at(NEW_CORNER), at((0, 1))]
    ride = times.min() - 60
    assert times.max() - times.min() <= 600
    # sqrt(13) blocks in a straight line at 10 m/s, 10 s for speeding up and braking (1 m/s2).
    assert abs(ride - (np.hypot(3, 2) * 250.4 / 10 + 10)) <= 60


def test_written_out_and_read_again_is_the_same(feed: Feed, tmp_path: Path) -> None:
    found = edited(
        feed,
        AddLine(label="IC 5", stops=(A, NEW, E), total_s=480, mode="rail",
                headways=(Headway(5 * H, 23 * H, 720),)),
        SpeedUp(label="y", line="1", factor=0.8),
        SetTransfer(label="z", stations=(C, E), seconds=150),
    )  # fmt: skip
    again = read_feed(write_feed(found[0], tmp_path / "variant.zip"), feed_id="grid")
    assert again.faults == ()
    assert again.dropped == ()
    np.testing.assert_array_equal(times_s([again]), times_s(found))


def test_edits_that_do_not_touch_each_other_commute(feed: Feed) -> None:
    edits = [
        SpeedUp(label="a", line="1", factor=0.9),
        Extend(label="b", line="2", at=E, stops=(C,), hops_s=(100,)),
        AddLine(label="c", stops=(B, NEW), hops_s=(200,), mode="bus",
                headways=(Headway(5 * H, 23 * H, 600),)),
    ]  # fmt: skip
    expected = times_s(edited(feed, *edits))
    np.testing.assert_array_equal(times_s(edited(feed, *edits[::-1])), expected)
    np.testing.assert_array_equal(times_s(edited(feed, edits[1], edits[2], edits[0])), expected)


def test_later_edits_see_what_earlier_ones_put_in(feed: Feed) -> None:
    line = AddLine(label="IC", stops=(A, NEW, E), hops_s=(200, 200), mode="bus",
                   clock_face=(ClockFace((0.0,), 5 * H, 23 * H),))  # fmt: skip
    faster = SpeedUp(label="y", line="IC", factor=0.5)
    bus = AddLine(label="bus", stops=(Station("Nieuw"), C), hops_s=(300,), mode="bus",
                  clock_face=(ClockFace((30.0,), 5 * H, 23 * H),))  # fmt: skip
    built = timetable(edited(feed, line, faster, bus))
    assert sum("nieuw" in stop for stop in built.stops.stop_id) == 1


def test_the_feed_that_was_read_is_not_changed(feed: Feed) -> None:
    before = {name: feed.frame(name).copy() for name in feed.tables}
    edited(feed, SpeedUp(label="x", line="1", factor=0.8), CloseStation(label="y", station=B))
    for table, frame in before.items():
        assert feed.frame(table).equals(frame)
    assert edit_feeds([feed], []).feeds[0] is feed


def test_a_feed_that_no_edit_touches_is_the_very_same(feed: Feed, tmp_path: Path) -> None:
    other = feed_of(city(Line("9", ((0, 0), (5, 0)))), tmp_path, "other")
    found = edit_feeds([feed, other], [SpeedUp(label="x", line="9", factor=0.5)]).feeds
    assert found[0] is feed
    assert found[1] is not other
