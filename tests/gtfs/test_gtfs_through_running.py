"""Trips that one vehicle makes without anybody having to leave it."""

import datetime as dt

from gtfs_search import NEVER, earliest_arrivals, rides_of, stop_number
from small_feed import small_feed

from halfcircle.gtfs import MergeRules, build_timetable


def compiled(feeds, **options):
    return build_timetable(
        feeds, date=dt.date(2024, 5, 14), time_zone="Europe/Amsterdam", **options
    )


THROUGH = {
    "trips": """
        route_id,service_id,trip_id,block_id
        R1,WD,t1,{block}
        R2,WD,u1,{block}
    """,
    "stop_times": """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,A,1
        t1,08:10:00,08:10:00,B,2
        u1,08:10:00,08:10:00,B,1
        u1,08:30:00,08:30:00,{end},2
    """,
}


def through_feed(tmp_path, *, block="", end="D", **tables):
    usual = {name: text.format(block=block, end=end) for name, text in THROUGH.items()}
    return small_feed(tmp_path, **{**usual, **tables})


IN_SEAT = "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id\n{row}"


def test_block_is_one_trip(tmp_path):
    timetable = compiled([through_feed(tmp_path, block="7")])
    assert rides_of(timetable) == {
        "x:t1 + x:u1": [
            ("x:A", 28800, 28800),
            ("x:B", 29400, 29400),
            ("x:D", 30600, 30600),
        ]
    }
    (merged,) = timetable.merged
    assert (merged.kind, merged.reason) == ("through", "block_id")


def test_without_block_one_has_to_change(tmp_path):
    timetable = compiled([through_feed(tmp_path)])
    arrivals = earliest_arrivals(timetable, stop_number(timetable, "x:A"), 8 * 3600)
    assert arrivals[stop_number(timetable, "x:D")] == NEVER
    assert not timetable.merged


def test_in_seat_transfer_is_one_trip(tmp_path):
    feed = through_feed(tmp_path, transfers=IN_SEAT.format(row=",,4,,t1,u1"))
    assert list(rides_of(compiled([feed]))) == ["x:t1 + x:u1"]


def test_type_5_parts_a_block(tmp_path):
    feed = through_feed(tmp_path, block="7", transfers=IN_SEAT.format(row=",,5,,t1,u1"))
    assert sorted(rides_of(compiled([feed]))) == ["x:t1", "x:u1"]


def test_vehicle_that_turns_back_is_not_joined(tmp_path):
    assert sorted(rides_of(compiled([through_feed(tmp_path, block="7", end="A")]))) == [
        "x:t1",
        "x:u1",
    ]


def test_through_running_can_be_switched_off(tmp_path):
    timetable = compiled(
        [through_feed(tmp_path, block="7")], merge=MergeRules(through_running=False)
    )
    assert sorted(rides_of(timetable)) == ["x:t1", "x:u1"]


def test_train_that_splits_takes_part_in_both_halves(tmp_path):
    feed = small_feed(
        tmp_path,
        trips="route_id,service_id,trip_id\nT1,WD,t1\nT1,WD,u1\nT1,WD,u2",
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,08:00:00,08:00:00,A,1
            t1,08:10:00,08:10:00,B,2
            u1,08:12:00,08:12:00,B,1
            u1,08:30:00,08:30:00,C,2
            u2,08:14:00,08:14:00,B,1
            u2,08:34:00,08:34:00,D,2
        """,
        transfers=IN_SEAT.format(row=",,4,,t1,u1\n,,4,,t1,u2"),
    )
    assert sorted(rides_of(compiled([feed]))) == ["x:t1 + x:u1", "x:t1 + x:u2"]


def numbered(tmp_path, *, number, others=0):
    """A train cut at B without a block, and other trains of the day with the same number."""
    heads = [f"T1,WD,t1,{number}", f"T1,WD,u1,{number}"]
    more = [f"T1,WD,o{i},{number}" for i in range(others)]
    times = [
        f"o{i},{12 + i}:00:00,{12 + i}:00:00,A,1\no{i},{12 + i}:10:00,{12 + i}:10:00,B,2"
        for i in range(others)
    ]
    return small_feed(
        tmp_path,
        trips="\n".join(["route_id,service_id,trip_id,trip_short_name", *heads, *more]),
        stop_times="\n".join(
            [THROUGH["stop_times"].format(end="D").strip().replace("    ", ""), *times]
        ),
    )


def test_equal_train_number_and_time_are_a_proof(tmp_path):
    timetable = compiled([numbered(tmp_path, number="IC 2105")])
    assert list(rides_of(timetable)) == ["x:t1 + x:u1"]
    assert timetable.merged[0].reason == "number 2105"


def test_number_of_a_line_is_none(tmp_path):
    timetable = compiled([numbered(tmp_path, number="RE 1", others=3)])
    assert sorted(rides_of(timetable)) == ["x:o0", "x:t1", "x:u1"]


def test_chain_of_three(tmp_path):
    feed = small_feed(
        tmp_path,
        trips="route_id,service_id,trip_id,block_id\nR1,WD,t1,7\nR1,WD,t2,7\nR1,WD,t3,7",
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,08:00:00,08:00:00,A,1
            t1,08:10:00,08:10:00,B,2
            t2,08:12:00,08:12:00,B,1
            t2,08:20:00,08:20:00,C,2
            t3,08:25:00,08:25:00,C,1
            t3,08:40:00,08:40:00,E,2
        """,
    )
    (calls,) = rides_of(compiled([feed])).values()
    assert calls[1] == ("x:B", 8 * 3600 + 600, 8 * 3600 + 720)
    assert [stop for stop, _, _ in calls] == ["x:A", "x:B", "x:C", "x:E"]


def test_layover_has_an_end(tmp_path):
    feed = through_feed(tmp_path, block="7")
    times = feed.frame("stop_times")
    later = times["trip_id"] == "u1"
    for column in ("arrival_time", "departure_time"):
        times.loc[later, column] = times.loc[later, column].str.replace("08:", "09:")
    feed = feed.with_frames({"stop_times": times})
    assert sorted(rides_of(compiled([feed]))) == ["x:t1", "x:u1"]
    patient = compiled([feed], merge=MergeRules(max_layover_s=3600))
    assert list(rides_of(patient)) == ["x:t1 + x:u1"]


def test_window_without_trips_says_so(tmp_path):
    timetable = compiled([through_feed(tmp_path)], window=("01:00", "02:00"))
    assert timetable.n_trips == 0
    assert timetable.n_patterns == 0
    (notice,) = timetable.notices
    assert "but no trip from 01:00 to 180 min after 02:00" in notice.what
