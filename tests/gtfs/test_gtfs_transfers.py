"""Transfers: rules of the feed, stations, pathways, virtual stops, through-running."""

import datetime as dt

import pandas as pd
import pytest
from gtfs_search import NEVER, earliest_arrivals, rides_of, stop_number
from small_feed import small_feed

from halfcircle.errors import FeedError
from halfcircle.gtfs import TransferRules, build_timetable

TUESDAY = dt.date(2024, 5, 14)
# Two lines meet at B: t1 arrives there at 08:10, the others leave for D at 08:10:30, :12, :20.
LINES = {
    "trips": """
        route_id,service_id,trip_id
        R1,WD,t1
        R2,WD,u1
        R2,WD,u2
        R2,WD,u3
    """,
    "stop_times": """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,A,1
        t1,08:10:00,08:10:00,B,2
        u1,08:10:30,08:10:30,B,1
        u1,08:30:30,08:30:30,D,2
        u2,08:12:00,08:12:00,B,1
        u2,08:32:00,08:32:00,D,2
        u3,08:20:00,08:20:00,B,1
        u3,08:40:00,08:40:00,D,2
    """,
}


def arrival_at(timetable, stop_id, *, start="x:A", at_s=8 * 3600):
    arrivals = earliest_arrivals(timetable, stop_number(timetable, start), at_s)
    found = [
        arrival
        for name, arrival in zip(timetable.stops.stop_id, arrivals, strict=True)
        if name.split("@")[0] == stop_id
    ]
    return min(found)


def ways_from(timetable, stop_idx):
    """Transfers from a stop: seconds by stop."""
    span = slice(timetable.transfer_ptr[stop_idx], timetable.transfer_ptr[stop_idx + 1])
    return dict(
        zip(
            timetable.transfer_stop[span].tolist(),
            timetable.transfer_s[span].tolist(),
            strict=True,
        )
    )


def compiled(feeds, **options):
    return build_timetable(feeds, date=TUESDAY, time_zone="Europe/Amsterdam", **options)


@pytest.mark.parametrize(
    ("rules", "clock"),
    [
        (TransferRules(board_slack_s=0), "08:30:30"),
        (TransferRules(), "08:32:00"),
        (TransferRules(board_slack_s=120), "08:32:00"),
        (TransferRules(transfer_penalty_s=61), "08:40:00"),
    ],
)
def test_slack_and_penalty_decide_which_trip_is_caught(tmp_path, rules, clock):
    timetable = compiled([small_feed(tmp_path, **LINES)], transfers=rules)
    hours, minutes, seconds = (int(part) for part in clock.split(":"))
    assert arrival_at(timetable, "x:D") == hours * 3600 + minutes * 60 + seconds


@pytest.mark.parametrize(
    ("row", "clock"),
    [
        ("B,B,0,", 8 * 3600 + 32 * 60),  # recommended, no time: the usual slack
        ("B,B,1,", 8 * 3600 + 30 * 60 + 30),  # the second vehicle waits
        ("B,B,2,30", 8 * 3600 + 30 * 60 + 30),  # taken as it is, without the board slack
        ("B,B,2,300", 8 * 3600 + 40 * 60),
        ("B,B,3,", NEVER),
    ],
)
def test_transfer_types(tmp_path, row, clock):
    feed = small_feed(
        tmp_path,
        transfers=f"from_stop_id,to_stop_id,transfer_type,min_transfer_time\n{row}",
        **LINES,
    )
    assert arrival_at(compiled([feed]), "x:D") == clock


def test_penalty_is_added_to_a_given_time_too(tmp_path):
    feed = small_feed(
        tmp_path,
        transfers="from_stop_id,to_stop_id,transfer_type,min_transfer_time\nB,B,2,30",
        **LINES,
    )
    timetable = compiled([feed], transfers=TransferRules(transfer_penalty_s=40))
    assert timetable.change_s[stop_number(timetable, "x:B")] == 70


def test_forbidden_pair_is_fixed_against_footpaths(tmp_path):
    feed = small_feed(
        tmp_path,
        transfers="from_stop_id,to_stop_id,transfer_type,min_transfer_time\nB,C,3,\nB,D,2,400",
        **{**LINES, "stop_times": LINES["stop_times"] + "u3,08:50:00,08:50:00,C,3\n"},
    )
    timetable = compiled([feed])
    b, c, d = (stop_number(timetable, f"x:{name}") for name in "BCD")
    walked = timetable.with_footpaths([b, b, c], [c, d, b], [100, 100, 100])
    assert ways_from(walked, b) == {d: 400}
    assert walked.transfer_stop[walked.transfer_ptr[c]] == b


STATION = """
    stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
    A,Aldorp,0,5.00,,
    S,Bedorp,0,5.01,1,
    B1,Bedorp 1,0,5.01,0,S
    B2,Bedorp 2,0,5.011,0,S
    D,Dedorp,0,5.03,,
"""
STATION_TIMES = """
    trip_id,arrival_time,departure_time,stop_id,stop_sequence
    t1,08:00:00,08:00:00,A,1
    t1,08:10:00,08:10:00,B1,2
    u1,08:12:00,08:12:00,B2,1
    u1,08:30:30,08:30:30,D,2
    u2,08:14:00,08:14:00,B2,1
    u2,08:34:00,08:34:00,D,2
    u3,08:20:00,08:20:00,B2,1
    u3,08:40:00,08:40:00,D,2
"""


def station_feed(tmp_path, **tables):
    return small_feed(
        tmp_path,
        **{
            "stops": STATION,
            "trips": LINES["trips"],
            "stop_times": STATION_TIMES,
            **tables,
        },
    )


def test_platforms_of_a_station_are_walked_with_detour_and_slack(tmp_path):
    """111.2 m x 1.3 / 1.25 m/s + 60 s = 175.6 s: 08:12 is missed, 08:14 is caught."""
    timetable = compiled([station_feed(tmp_path)])
    b1 = stop_number(timetable, "x:B1")
    assert timetable.transfer_s[timetable.transfer_ptr[b1]] == 176
    assert arrival_at(timetable, "x:D") == 8 * 3600 + 34 * 60
    station = timetable.stops.station_idx
    assert station[b1] == station[stop_number(timetable, "x:B2")]
    assert station[b1] != station[stop_number(timetable, "x:A")]


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [
        ("S,S,2,90", 90),  # the station stands for all pairs of its platforms
        ("S,S,2,90\nB1,B2,2,30", 30),  # platforms go before the station
        ("B1,S,2,45", 45),
        ("S,S,3,\nB1,B2,2,30", 30),
        ("S,B2,2,30\nB1,S,2,45", 45),  # of equal rank the longer
    ],
)
def test_rules_for_stations_hold_for_their_platforms(tmp_path, rows, seconds):
    feed = station_feed(
        tmp_path, transfers=f"from_stop_id,to_stop_id,transfer_type,min_transfer_time\n{rows}"
    )
    timetable = compiled([feed])
    b1 = stop_number(timetable, "x:B1")
    assert timetable.transfer_s[timetable.transfer_ptr[b1]] == seconds


def pathway_feed(tmp_path, rows, **tables):
    return station_feed(
        tmp_path,
        stops=STATION
        + "M,Mezzanine,0,5.0105,3,S,\n    X,Exit,0,5.0102,2,S\n    B3,Bedorp 3,0,5.0115,0,S",
        stop_times=STATION_TIMES + "u3,08:50:00,08:50:00,B3,3\n",
        pathways=(
            "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional,"
            f"length,traversal_time,stair_count\n{rows}"
        ),
        **tables,
    )


@pytest.mark.parametrize(
    ("rows", "seconds"),
    [
        ("p,B1,B2,1,1,,25,", 25 + 60),
        ("p,B1,B2,1,1,50,,", 40 + 60),  # 50 m at 1.25 m/s
        ("p,B1,M,2,1,,,20\nq,M,B2,5,1,,35,", 12 + 35 + 60),  # 20 steps and a lift
        ("p,B1,M,6,0,,,\nq,M,B2,7,0,,,", 5 + 5 + 60),  # gates
        ("p,B1,M,1,1,,100,\nq,M,B2,1,1,,100,\nr,B1,B2,1,1,,90,", 90 + 60),
    ],
)
def test_pathways_replace_straight_walking(tmp_path, rows, seconds):
    timetable = compiled([pathway_feed(tmp_path, rows)])
    b1, b2 = stop_number(timetable, "x:B1"), stop_number(timetable, "x:B2")
    assert ways_from(timetable, b1)[b2] == seconds
    assert (b1, b2) in {tuple(pair) for pair in timetable.fixed_pairs.tolist()}


def test_one_way_pathway_leads_nowhere_backwards(tmp_path):
    timetable = compiled([pathway_feed(tmp_path, "p,B1,B2,4,0,,25,")])
    b1, b2 = stop_number(timetable, "x:B1"), stop_number(timetable, "x:B2")
    assert b1 not in ways_from(timetable, b2)
    # Nor may streets make up for it: the feed has said how the station is built.
    assert (b2, b1) in {tuple(pair) for pair in timetable.fixed_pairs.tolist()}


def test_levels_count_where_nothing_else_is_given(tmp_path):
    feed = pathway_feed(tmp_path, "p,B1,B2,5,1,,,")
    frame = feed.frame("stops")
    frame["level_id"] = frame["stop_id"].map({"B1": "up", "B2": "down"}).fillna("")
    levels = pd.DataFrame({"level_id": ["up", "down"], "level_index": ["1", "-2"]})
    timetable = compiled([feed.with_frames({"stops": frame, "levels": levels})])
    b1 = stop_number(timetable, "x:B1")
    # 30 s for the lift to come, 10 s for each of three levels, and the slack.
    assert 120 in timetable.transfer_s[timetable.transfer_ptr[b1] :].tolist()


SPECIAL = """
    from_stop_id,to_stop_id,transfer_type,min_transfer_time,{columns}
    {rows}
"""


@pytest.mark.parametrize(
    ("columns", "rows", "clock"),
    [
        # u1 waits for t1; nobody else gains.
        ("from_trip_id,to_trip_id", "B,B,1,,t1,u1", 8 * 3600 + 30 * 60 + 30),
        # The connection t1 -> u2 is forbidden; u1 is missed anyway.
        ("from_trip_id,to_trip_id", "B,B,3,,t1,u2", 8 * 3600 + 40 * 60),
        ("from_route_id,to_route_id", "B,B,2,10,R1,R2", 8 * 3600 + 30 * 60 + 30),
        ("from_route_id,to_route_id", "B,B,2,10,R2,R2", 8 * 3600 + 32 * 60),
        ("from_route_id,to_trip_id", "B,B,3,,R1,u2", 8 * 3600 + 40 * 60),
        ("to_route_id", "B,B,2,10,R2", 8 * 3600 + 30 * 60 + 30),
        ("from_route_id", "B,B,3,,R1", NEVER),
        # Trips go before routes.
        (
            "from_route_id,to_route_id,from_trip_id,to_trip_id",
            "B,B,3,,R1,R2,,\n    B,B,2,0,,,t1,u1",
            8 * 3600 + 30 * 60 + 30,
        ),
    ],
)
def test_rules_for_routes_and_trips(tmp_path, columns, rows, clock):
    feed = small_feed(tmp_path, transfers=SPECIAL.format(columns=columns, rows=rows), **LINES)
    assert arrival_at(compiled([feed]), "x:D") == clock


def test_virtual_stops_lie_where_the_stop_is_and_are_safe_from_footpaths(tmp_path):
    feed = small_feed(
        tmp_path,
        transfers=SPECIAL.format(columns="from_trip_id,to_trip_id", rows="B,B,3,,t1,u2"),
        **LINES,
    )
    timetable = compiled([feed])
    names = timetable.stops.stop_id.tolist()
    assert sorted(name for name in names if name.startswith("x:B")) == ["x:B", "x:B@1", "x:B@2"]
    copies = [names.index(name) for name in ("x:B", "x:B@1", "x:B@2")]
    assert len({timetable.stops.lon[i] for i in copies}) == 1
    every = [(a, b) for a in copies for b in copies if a != b]
    walked = timetable.with_footpaths(*zip(*every, strict=True), [0] * len(every))
    assert walked.transfer_s.tolist() == timetable.transfer_s.tolist()
    assert arrival_at(walked, "x:D") == 8 * 3600 + 40 * 60


def test_rows_that_name_unknown_trips_are_dropped_not_widened(tmp_path):
    feed = small_feed(
        tmp_path,
        transfers=SPECIAL.format(columns="from_trip_id,to_trip_id", rows="B,B,3,,t1,ghost"),
        **LINES,
    )
    (dropped,) = feed.dropped
    assert dropped.reason == "to_trip_id is not in trips.txt"
    assert arrival_at(compiled([feed]), "x:D") == 8 * 3600 + 32 * 60


def test_pickup_and_drop_off(tmp_path):
    feed = small_feed(
        tmp_path,
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,drop_off_type
            t1,08:00:00,08:00:00,A,1,0,1
            t1,08:10:00,08:11:00,B,2,1,0
            t1,08:20:00,08:20:00,C,3,0,2
            t1,08:30:00,08:30:00,D,4,0,1
        """,
    )
    timetable = compiled([feed])
    assert arrival_at(timetable, "x:B") == 8 * 3600 + 600
    assert arrival_at(timetable, "x:C") == 8 * 3600 + 1200
    assert arrival_at(timetable, "x:D") == NEVER
    assert arrival_at(timetable, "x:C", start="x:B", at_s=8 * 3600) == NEVER


def test_modes_filter_with_extended_route_types(tmp_path):
    feed = small_feed(
        tmp_path,
        routes="""
            route_id,agency_id,route_short_name,route_type
            R1,X,1,704
            R2,X,2,109
        """,
        **LINES,
    )
    assert sorted(rides_of(compiled([feed], modes=["bus"]))) == ["x:t1"]
    assert sorted(rides_of(compiled([feed], modes=["rail"]))) == ["x:u1", "x:u2", "x:u3"]
    with pytest.raises(FeedError, match="'railway' is not known - did you mean 'rail'"):
        compiled([feed], modes=["railway"])


def test_wrong_rules_are_refused():
    with pytest.raises(FeedError, match="negative"):
        TransferRules(board_slack_s=-1)
    with pytest.raises(FeedError, match="detour at least 1"):
        TransferRules(detour=0.5)
