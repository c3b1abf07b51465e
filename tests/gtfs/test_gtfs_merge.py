"""Several feeds as one: stations, duplicate trains, trains cut at a border."""

import datetime as dt

import pytest
from gtfs_search import NEVER, earliest_arrivals, rides_of, stop_number
from small_feed import small_feed

from halfcircle.errors import FeedError
from halfcircle.gtfs import MergeRules, TransferRules, build_timetable
from halfcircle.gtfs.stations import station_name

TUESDAY = dt.date(2024, 5, 14)
# One line from A in the west over the border station C to E in the east.
WEST = {
    "stops": """
        stop_id,stop_name,stop_lat,stop_lon
        8400001,Aldorp,0,5.00
        8400002,Bedorp,0,5.01
        8400003,Cedorp (DE),0,5.02
    """,
    "trips": "route_id,service_id,trip_id,trip_short_name\nT1,WD,w,{number}",
    "stop_times": """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        w,08:00:00,08:00:00,8400001,1
        w,08:10:00,08:11:00,8400002,2
        w,08:20:00,08:20:00,8400003,3
    """,
}
EAST = {
    "stops": """
        stop_id,stop_name,stop_lat,stop_lon
        b,Bedorp,0,5.0101
        c,Cedorp Hbf,0,5.0205
        e,Eedorp,0,5.04
    """,
    "trips": "route_id,service_id,trip_id,trip_short_name\nT1,WD,e,{number}",
    "stop_times": """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        {first}
        e,08:20:00,08:23:00,c,2
        e,08:40:00,08:40:00,e,3
    """,
}


def pair(tmp_path, *, first="", number="105", other_number="105", **options):
    west = small_feed(
        tmp_path, feed_id="w", **{k: v.format(number=number) for k, v in WEST.items()}
    )
    east = small_feed(
        tmp_path,
        feed_id="e",
        **{k: v.format(number=other_number, first=first) for k, v in EAST.items()},
    )
    return build_timetable([west, east], date=TUESDAY, time_zone="Europe/Amsterdam", **options)


def kinds(timetable):
    return sorted((item.kind, item.first, item.second) for item in timetable.merged)


def arrival(timetable, start, end):
    arrivals = earliest_arrivals(timetable, stop_number(timetable, start), 8 * 3600)
    return arrivals[stop_number(timetable, end)]


def test_train_cut_at_the_border_is_one_by_number_and_time(tmp_path):
    timetable = pair(tmp_path)
    assert ("through", "w:w", "e:e") in kinds(timetable)
    assert arrival(timetable, "w:8400001", "e:e") == 8 * 3600 + 40 * 60
    (ride,) = rides_of(timetable).values()
    assert [stop for stop, _, _ in ride] == [
        "w:8400001",
        "w:8400002",
        "w:8400003",
        "e:c",
        "e:e",
    ]


def test_another_number_is_another_train(tmp_path):
    """Still a connection: the change at Cedorp takes the cross-feed minimum."""
    timetable = pair(tmp_path, other_number="9105")
    assert not [kind for kind in kinds(timetable) if kind[0] == "through"]
    assert arrival(timetable, "w:8400001", "e:e") == 8 * 3600 + 40 * 60
    late = pair(
        tmp_path,
        other_number="9105",
        transfers=TransferRules(cross_feed_transfer_s=181),
    )
    assert arrival(late, "w:8400001", "e:e") == NEVER


def test_train_with_an_overlap_is_joined_at_the_last_common_station(tmp_path):
    timetable = pair(tmp_path, first="e,08:10:00,08:11:00,b,1")
    assert ("border", "w:w", "e:e") in kinds(timetable)
    (ride,) = rides_of(timetable).values()
    assert [stop.split(":")[1] for stop, _, _ in ride][:2] == ["8400001", "8400002"]
    assert arrival(timetable, "w:8400001", "e:e") == 8 * 3600 + 40 * 60


def test_train_in_both_feeds_is_kept_once(tmp_path):
    """The eastern feed carries the whole train, with one station more."""
    east = small_feed(
        tmp_path,
        feed_id="e",
        stops=EAST["stops"] + "a,Aldorp,0,5.0001",
        trips=EAST["trips"].format(number="105"),
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            e,08:00:00,08:00:00,a,0
            e,08:10:00,08:11:00,b,1
            e,08:21:00,08:23:00,c,2
            e,08:40:00,08:40:00,e,3
        """,
    )
    west = small_feed(tmp_path, feed_id="w", **{k: v.format(number="105") for k, v in WEST.items()})
    for feeds in ([west, east], [east, west]):
        timetable = build_timetable(feeds, date=TUESDAY, time_zone="Europe/Amsterdam")
        assert list(rides_of(timetable)) == ["e:e"]
        assert ("duplicate", "e:e", "w:w") in kinds(timetable)
    both = build_timetable(
        [west, east],
        date=TUESDAY,
        time_zone="Europe/Amsterdam",
        merge=MergeRules(duplicates=False, through_running=False),
    )
    assert sorted(rides_of(both)) == ["e:e", "w:w"]


@pytest.mark.parametrize(
    ("shift", "kept"),
    [("08:04:00", ["e:e", "w:w"]), ("08:02:00", ["e:e"])],
)
def test_tolerance_decides_what_one_train_is(tmp_path, shift, kept):
    """Same stations and number, but every time `shift` minutes later."""
    minutes = int(shift[3:5])
    east = small_feed(
        tmp_path,
        feed_id="e",
        stops=EAST["stops"] + "a,Aldorp,0,5.0001",
        trips=EAST["trips"].format(number="105"),
        stop_times=f"""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            e,08:0{minutes}:00,08:0{minutes}:00,a,0
            e,08:1{minutes}:00,08:1{minutes + 1}:00,b,1
            e,08:2{minutes}:00,08:2{minutes}:00,c,2
            e,08:40:00,08:40:00,e,3
        """,
    )
    west = small_feed(tmp_path, feed_id="w", **{k: v.format(number="105") for k, v in WEST.items()})
    timetable = build_timetable([west, east], date=TUESDAY, time_zone="Europe/Amsterdam")
    assert sorted(rides_of(timetable)) == kept


def test_two_trains_minutes_apart_in_one_feed_stay_two(tmp_path):
    feed = small_feed(
        tmp_path,
        trips="route_id,service_id,trip_id\nT1,WD,t1\nT1,WD,t2",
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,08:00:00,08:00:00,A,1
            t1,08:10:00,08:11:00,B,2
            t2,08:00:00,08:00:00,A,1
            t2,08:10:00,08:11:00,B,2
        """,
    )
    timetable = build_timetable([feed], date=TUESDAY, time_zone="Europe/Amsterdam")
    assert timetable.n_trips == 2


def bus(tmp_path, feed_id, *, name="Kerkplein", lon="5.0", stop_id="1"):
    return small_feed(
        tmp_path,
        feed_id=feed_id,
        stops=f"stop_id,stop_name,stop_lat,stop_lon\n{stop_id},{name},0,{lon}\nZ{feed_id},Z{feed_id},1,{lon}",
        stop_times=f"""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,08:00:00,08:00:00,{stop_id},1
            t1,08:10:00,08:11:00,Z{feed_id},2
        """,
    )


@pytest.mark.parametrize(
    ("name", "lon", "stop_id", "is_one"),
    [
        ("Kerkplein", "5.001", "9", True),  # 111 m
        ("KERKPLEIN", "5.001", "9", True),
        ("Kerkplein (perron)", "5.001", "9", True),
        ("Kerkplain", "5.001", "9", True),
        ("Marktplatz", "5.001", "9", False),
        ("Kerkplein", "5.005", "9", False),  # 557 m: a bus stop of the next village
        ("Kerkplein 2", "5.001", "9", False),
    ],
)
def test_bus_stops_of_two_feeds(tmp_path, name, lon, stop_id, is_one):
    feeds = [bus(tmp_path, "a"), bus(tmp_path, "b", name=name, lon=lon, stop_id=stop_id)]
    timetable = build_timetable(feeds, date=TUESDAY, time_zone="Europe/Amsterdam")
    station = timetable.stops.station_idx
    one, other = stop_number(timetable, "a:1"), stop_number(timetable, f"b:{stop_id}")
    assert (station[one] == station[other]) == is_one
    assert (len(timetable.transfer_stop) == 2) == is_one


@pytest.mark.parametrize("stop_id", ["8000001", "de:05334:1008::3"])
def test_official_numbers_join_stations_of_other_names(tmp_path, stop_id):
    feeds = [
        bus(tmp_path, "a", name="Aken", stop_id=stop_id),
        bus(tmp_path, "b", name="Elsewhere", lon="5.009", stop_id=stop_id),
    ]
    timetable = build_timetable(feeds, date=TUESDAY, time_zone="Europe/Amsterdam")
    (match,) = timetable.merged
    assert match.kind == "station"
    assert match.reason.startswith("number ")
    # 1,001 m cannot be walked inside one station: the distance counts as 250 m at most.
    assert set(timetable.transfer_s.tolist()) == {60 + 260}


def test_table_of_the_user_joins_anything(tmp_path):
    feeds = [bus(tmp_path, "a"), bus(tmp_path, "b", name="Far", lon="6.0", stop_id="9")]
    timetable = build_timetable(
        feeds,
        date=TUESDAY,
        time_zone="Europe/Amsterdam",
        merge=MergeRules(stations=(("a:1", "b:9"), ("a:1", "b:nowhere"))),
    )
    assert len(timetable.transfer_stop) == 2
    (notice,) = timetable.notices
    assert notice.values == ("a:1 = b:nowhere",)


def test_feeds_need_ids_of_their_own(tmp_path):
    feed = bus(tmp_path, "a")
    with pytest.raises(FeedError, match="two feeds have one id"):
        build_timetable([feed, feed], date=TUESDAY, time_zone="Europe/Amsterdam")
    with pytest.raises(FeedError, match="no feed is given"):
        build_timetable([], date=TUESDAY, time_zone="Europe/Amsterdam")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Aachen Hbf (DE)", "Aachen Hbf"),
        ("Liège-Guillemins", "Luik Guillemins"),
        ("Bruxelles-Midi", "Brussel Zuid"),
        ("Maastricht (NL)", "Maastricht"),
        ("Köln Hbf", "Cologne"),
        ("Groningen Station", "Groningen"),
    ],
)
def test_names_that_mean_one_station(one, other):
    assert station_name(one) == station_name(other)


def test_trains_that_part_on_both_sides_stay_two_and_are_named(tmp_path):
    """Two halves of a train that run together from B to C only."""
    stops = """
        stop_id,stop_name,stop_lat,stop_lon
        {head},Head {head},0,{lon}
        b,Bedorp,0,5.01
        c,Cedorp,0,5.02
        {tail},Tail {tail},0,6.{lon}
    """
    times = """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,{head},1
        t1,08:10:00,08:11:00,b,2
        t1,08:20:00,08:21:00,c,3
        t1,08:30:00,08:30:00,{tail},4
    """
    trips = "route_id,service_id,trip_id,trip_short_name\nT1,WD,t1,105"
    feeds = [
        small_feed(
            tmp_path,
            feed_id=name,
            stops=stops.format(head=f"h{name}", tail=f"z{name}", lon=lon),
            trips=trips,
            stop_times=times.format(head=f"h{name}", tail=f"z{name}"),
        )
        for name, lon in (("a", 3), ("b", 4))
    ]
    timetable = build_timetable(feeds, date=TUESDAY, time_zone="Europe/Amsterdam")
    assert sorted(rides_of(timetable)) == ["a:t1", "b:t1"]
    (notice,) = timetable.notices
    assert notice.values == ("a:t1 and b:t1",)


@pytest.mark.parametrize(("line", "kept"), [("R1", ["a:t1"]), ("R2", ["a:t1", "b:t1"])])
def test_buses_need_the_same_line_name(tmp_path, line, kept):
    feeds = [
        small_feed(tmp_path, feed_id="a"),
        small_feed(tmp_path, feed_id="b", trips=f"route_id,service_id,trip_id\n{line},WD,t1"),
    ]
    timetable = build_timetable(feeds, date=TUESDAY, time_zone="Europe/Amsterdam")
    assert sorted(rides_of(timetable)) == kept


@pytest.mark.parametrize(("number", "kept"), [("105", 1), ("", 1), ("9105", 1)])
def test_three_stations_within_a_minute_are_one_train_without_a_number(tmp_path, number, kept):
    trips = "route_id,service_id,trip_id,trip_short_name\nT1,WD,t1,{}"
    feeds = [
        small_feed(tmp_path, feed_id="a", trips=trips.format("105")),
        small_feed(tmp_path, feed_id="b", trips=trips.format(number)),
    ]
    timetable = build_timetable(feeds, date=TUESDAY, time_zone="Europe/Amsterdam")
    assert timetable.n_trips == kept


def test_a_train_that_stops_where_the_other_does_not_is_another(tmp_path):
    """Same number and times, but only one of them calls at Bedorp, a station of both feeds."""
    fast = """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,A,1
        t1,08:20:00,08:20:00,C,3
        t2,10:00:00,10:00:00,B,1
        t2,10:20:00,10:20:00,E,2
    """
    trips = "route_id,service_id,trip_id,trip_short_name\nT1,WD,t1,105"
    feeds = [
        small_feed(tmp_path, feed_id="a", trips=trips),
        small_feed(tmp_path, feed_id="b", trips=f"{trips}\nT1,WD,t2,7", stop_times=fast),
    ]
    timetable = build_timetable(feeds, date=TUESDAY, time_zone="Europe/Amsterdam")
    assert sorted(rides_of(timetable)) == ["a:t1", "b:t1", "b:t2"]
