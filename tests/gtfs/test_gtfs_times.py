"""Absolute time: service days, clock changes, zones, midnight, wrong and missing times."""

import datetime as dt

import numpy as np
import pytest
from gtfs_search import rides_of
from hypothesis import given, settings
from hypothesis import strategies as st
from small_feed import small_feed

from halfcircle.errors import FeedError
from halfcircle.gtfs import build_timetable, read_feed, service_day_utc_s, timetable_window_s

# Worked out by hand. 2024-03-31 00:00 UTC is 1711843200 and 2024-10-27 00:00 UTC is 1729987200.
# On both days clocks change at 01:00 UTC, so noon is in the new time: 12:00 CEST is 10:00 UTC,
# and noon minus 12 h is 22:00 UTC of the day before, one hour before local midnight in spring.
ORIGINS = [
    (dt.date(2024, 3, 31), "Europe/Amsterdam", 1711843200 - 2 * 3600),
    (dt.date(2024, 3, 31), "Europe/Lisbon", 1711843200 - 1 * 3600),
    (dt.date(2024, 3, 31), "Europe/Helsinki", 1711843200 - 3 * 3600),
    (dt.date(2024, 10, 27), "Europe/Amsterdam", 1729987200 - 1 * 3600),
    (dt.date(2024, 10, 27), "Europe/Lisbon", 1729987200),
    (dt.date(2024, 10, 27), "Europe/Helsinki", 1729987200 - 2 * 3600),
    (dt.date(2024, 1, 15), "Europe/Amsterdam", 1705276800 - 1 * 3600),
    (dt.date(2024, 7, 15), "Europe/Amsterdam", 1721001600 - 2 * 3600),
]


@pytest.mark.parametrize(("date", "zone", "utc_s"), ORIGINS)
def test_service_day_begins_at_noon_minus_twelve_hours(date, zone, utc_s):
    assert service_day_utc_s(date, zone) == utc_s


# Local clock -> seconds after the origin and UTC seconds, by hand.
WINDOWS = [
    # Spring: local midnight is one hour after the origin; from 03:00 on the two clocks agree.
    (dt.date(2024, 3, 31), "Europe/Amsterdam", "00:30", 5400, 1711843200 - 1800),
    (dt.date(2024, 3, 31), "Europe/Amsterdam", "01:59", 10740, 1711843200 + 3540),
    (dt.date(2024, 3, 31), "Europe/Amsterdam", "03:00", 10800, 1711843200 + 3600),
    (dt.date(2024, 3, 31), "Europe/Amsterdam", "07:00", 25200, 1711843200 + 5 * 3600),
    # Autumn: local midnight is one hour before the origin.
    (dt.date(2024, 10, 27), "Europe/Amsterdam", "00:30", -1800, 1729987200 - 5400),
    (dt.date(2024, 10, 27), "Europe/Amsterdam", "07:00", 25200, 1729987200 + 6 * 3600),
    (dt.date(2024, 10, 27), "Europe/Lisbon", "07:00", 25200, 1729987200 + 7 * 3600),
    (dt.date(2024, 10, 27), "Europe/Helsinki", "07:00", 25200, 1729987200 + 5 * 3600),
    # The evening before: 26:30 is 02:30 of the next day, which spring skips (read as 03:30).
    (dt.date(2024, 3, 30), "Europe/Amsterdam", "25:30", 91800, 1711843200 + 1800),
    (dt.date(2024, 1, 15), "Europe/Amsterdam", "07:00", 25200, 1705276800 + 6 * 3600),
]


@pytest.mark.parametrize(("date", "zone", "clock", "after_s", "utc_s"), WINDOWS)
def test_window_is_what_clocks_on_the_wall_show(date, zone, clock, after_s, utc_s):
    window = timetable_window_s(date, (clock, "47:59"), zone)
    assert window.start_s == after_s
    assert window.origin_utc_s + window.start_s == utc_s


@pytest.mark.parametrize(
    ("window", "message"),
    [
        (("09:00", "07:00"), "does not run forwards"),
        (("07:00", "07:00"), "does not run forwards"),
        (("seven", "09:00"), "'seven' is not a time"),
        (("07:00", "48:00"), "'48:00' is not a time"),
        (("07:61", "09:00"), "'07:61' is not a time"),
    ],
)
def test_wrong_window_is_refused(window, message):
    with pytest.raises(FeedError, match=message):
        timetable_window_s(dt.date(2024, 1, 15), window, "Europe/Amsterdam")


def test_unknown_zone_is_refused():
    with pytest.raises(FeedError, match="'Europe/Maastricht' is not a known time zone"):
        timetable_window_s(dt.date(2024, 1, 15), ("07:00", "09:00"), "Europe/Maastricht")


EVERY_DAY = """
    service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
    WD,1,1,1,1,1,1,1,20240101,20241231
"""


@pytest.mark.parametrize("date", [dt.date(2024, 3, 31), dt.date(2024, 10, 27)])
def test_trip_of_yesterday_past_24_keeps_its_own_service_day(tmp_path, date):
    """Saturday's 27:30 counts from Saturday's noon, before the clocks changed."""
    feed = small_feed(
        tmp_path,
        calendar=EVERY_DAY,
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,27:30:00,27:30:00,A,1
            t1,28:00:00,28:00:00,B,2
        """,
    )
    timetable = build_timetable(
        [feed],
        date=date,
        window=("00:00", "10:00"),
        time_zone="Europe/Amsterdam",
        max_trip_time_s=3600,
    )
    (calls,) = rides_of(timetable).values()
    yesterday = service_day_utc_s(date - dt.timedelta(days=1), "Europe/Amsterdam")
    assert timetable.origin_utc_s + calls[0][1] == yesterday + 27 * 3600 + 1800


def test_trips_past_48_hours_take_part(tmp_path):
    feed = small_feed(
        tmp_path,
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,23:00:00,23:00:00,A,1
            t1,56:00:00,56:30:00,B,2
            t1,57:40:00,57:40:00,C,3
        """,
    )
    # Monday's trip is at B on Wednesday at 08:00.
    timetable = build_timetable(
        [feed], date=dt.date(2024, 5, 15), time_zone="Europe/Amsterdam", max_trip_time_s=3600
    )
    calls = [c for ride in rides_of(timetable).values() for c in ride if c[0] == "x:B"]
    assert ("x:B", 8 * 3600, 8 * 3600 + 1800) in calls


def test_two_zones_lie_on_one_axis(tmp_path):
    """A ship that leaves Lisbon's clock at 08:00 is there one hour after 08:00 in Amsterdam."""
    lisbon = small_feed(
        tmp_path,
        feed_id="pt",
        agency="""
            agency_id,agency_name,agency_url,agency_timezone
            X,Example,https://example.org,Europe/Lisbon
        """,
    )
    amsterdam = small_feed(tmp_path, feed_id="nl")
    timetable = build_timetable(
        [lisbon, amsterdam], date=dt.date(2024, 5, 14), time_zone="Europe/Amsterdam"
    )
    rides = rides_of(timetable)
    assert rides["nl:t1"][0][2] == 8 * 3600
    assert rides["pt:t1"][0][2] == 9 * 3600


def test_two_agencies_of_one_feed_keep_their_zones(tmp_path):
    feed = small_feed(
        tmp_path,
        agency="""
            agency_id,agency_name,agency_url,agency_timezone
            X,Example,https://example.org,Europe/Amsterdam
            Y,Elsewhere,https://example.org,Europe/Helsinki
        """,
        routes="""
            route_id,agency_id,route_short_name,route_type
            R1,X,1,3
            R2,Y,2,3
        """,
        trips="route_id,service_id,trip_id\nR1,WD,t1\nR2,WD,t2",
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,08:00:00,08:00:00,A,1
            t1,08:10:00,08:10:00,B,2
            t2,08:00:00,08:00:00,A,1
            t2,08:10:00,08:10:00,B,2
        """,
    )
    rides = rides_of(
        build_timetable([feed], date=dt.date(2024, 5, 14), time_zone="Europe/Amsterdam")
    )
    assert rides["x:t1"][0][2] - rides["x:t2"][0][2] == 3600


@pytest.mark.parametrize(
    ("clock", "arrival_s"), [("agency", 9 * 3600 + 1800), ("stop", 8 * 3600 + 1800)]
)
def test_stop_zone_counts_only_where_the_feed_prints_local_times(tmp_path, clock, arrival_s):
    """A train from Helsinki's clock westwards: 09:30 on the agency's clock, or on the stop's."""
    folder = tmp_path / "x"
    small_feed(
        tmp_path,
        stops="""
            stop_id,stop_name,stop_lat,stop_lon,stop_timezone
            A,Aldorp,0,5.00,
            B,Bedorp,0,5.01,Europe/Helsinki
        """,
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,08:00:00,08:00:00,A,1
            t1,09:30:00,09:30:00,B,2
        """,
    )
    feed = read_feed(folder, clock=clock)
    (calls,) = rides_of(
        build_timetable([feed], date=dt.date(2024, 5, 14), time_zone="Europe/Amsterdam")
    ).values()
    assert calls[1][1] == arrival_s


def calls_of(tmp_path, stop_times, **tables):
    feed = small_feed(tmp_path, stop_times=stop_times, **tables)
    timetable = build_timetable(
        [feed],
        date=dt.date(2024, 5, 14),
        window=("00:00", "30:00"),
        time_zone="Europe/Amsterdam",
    )
    return feed, {
        trip: [(s, a - 28800, d - 28800) for s, a, d in ride]
        for trip, ride in rides_of(timetable).items()
    }


def test_untimed_stops_share_time_along_straight_lines(tmp_path):
    """A, B, C, E: one, one and two steps; 20 minutes in four equal parts."""
    _, rides = calls_of(
        tmp_path,
        """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,A,1
        t1,,,B,2
        t1,,,C,3
        t1,08:20:00,08:20:00,E,4
        """,
    )
    assert rides["x:t1"] == [
        ("x:A", 0, 0),
        ("x:B", 300, 300),
        ("x:C", 600, 600),
        ("x:E", 1200, 1200),
    ]


def test_untimed_stops_share_time_along_shape_distances(tmp_path):
    _, rides = calls_of(
        tmp_path,
        """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled
        t1,08:00:00,08:00:00,A,1,0
        t1,,,B,2,7.5
        t1,08:20:00,08:20:00,C,3,10
        """,
    )
    assert rides["x:t1"][1] == ("x:B", 900, 900)


@pytest.mark.parametrize("middle", ["", "0", "12"])
def test_distances_that_make_no_sense_are_not_used(tmp_path, middle):
    """Missing, standing still at the start, or beyond the next stop."""
    _, rides = calls_of(
        tmp_path,
        f"""
        trip_id,arrival_time,departure_time,stop_id,stop_sequence,shape_dist_traveled
        t1,08:00:00,08:00:00,A,1,5
        t1,,,B,2,{middle}
        t1,08:20:00,08:20:00,C,3,10
        """,
    )
    assert rides["x:t1"][1] == ("x:B", 600, 600)


def test_stops_at_one_place_share_time_evenly(tmp_path):
    _, rides = calls_of(
        tmp_path,
        """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,A,1
        t1,,,A,2
        t1,08:20:00,08:20:00,A,3
        """,
    )
    assert rides["x:t1"][1] == ("x:A", 600, 600)


def test_one_of_two_times_is_enough(tmp_path):
    _, rides = calls_of(
        tmp_path,
        """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,,08:00:00,A,1
        t1,08:10:00,,B,2
        t1,08:20:00,,C,3
        """,
    )
    assert rides["x:t1"] == [("x:A", 0, 0), ("x:B", 600, 600), ("x:C", 1200, 1200)]


def test_calls_without_time_at_the_ends_are_dropped_and_listed(tmp_path):
    feed, rides = calls_of(
        tmp_path,
        """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,,,A,1
        t1,08:10:00,08:10:00,B,2
        t1,08:20:00,08:20:00,C,3
        t1,,,D,4
        """,
    )
    assert [stop for stop, _, _ in rides["x:t1"]] == ["x:B", "x:C"]
    (dropped,) = feed.dropped
    assert (dropped.file, dropped.count, dropped.lines) == ("stop_times.txt", 2, (2, 5))


def test_midnight_wrap_is_repaired(tmp_path):
    feed, rides = calls_of(
        tmp_path,
        """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,23:50:00,23:50:00,A,1
        t1,23:59:00,00:01:00,B,2
        t1,00:10:00,00:10:00,C,3
        """,
    )
    day = 24 * 3600 - 28800
    assert rides["x:t1"][1:] == [("x:B", day - 60, day + 60), ("x:C", day + 600, day + 600)]
    assert any("past midnight" in fault.what for fault in feed.faults)


def test_time_that_runs_backwards_is_interpolated(tmp_path):
    feed, rides = calls_of(
        tmp_path,
        """
        trip_id,arrival_time,departure_time,stop_id,stop_sequence
        t1,08:00:00,08:00:00,A,1
        t1,07:10:00,07:11:00,B,2
        t1,08:20:00,08:20:00,C,3
        """,
    )
    assert rides["x:t1"][1] == ("x:B", 600, 600)
    (fault,) = [fault for fault in feed.faults if "before the one before" in fault.what]
    assert fault.where == "stop_times.txt:3"


@settings(deadline=None, max_examples=60)
@given(data=st.data())
def test_interpolated_times_never_run_backwards(data):
    from halfcircle.gtfs.stop_times import UNTIMED, interpolated

    n = data.draw(st.integers(2, 12))
    steps = data.draw(st.lists(st.integers(0, 900), min_size=n, max_size=n))
    timed = data.draw(st.lists(st.booleans(), min_size=n, max_size=n))
    at = np.cumsum(steps).astype(np.int32)
    timed[0] = timed[-1] = True
    shown = np.where(timed, at, UNTIMED).astype(np.int32)
    distance = np.array(
        data.draw(st.lists(st.one_of(st.just(np.nan), st.floats(0, 50)), min_size=n, max_size=n))
    )
    lon = np.array(data.draw(st.lists(st.floats(4, 5), min_size=n, max_size=n)))
    arrival, departure = interpolated(
        shown, shown, distance=distance, lon=lon, lat=np.full(n, 52.0)
    )
    assert (np.diff(arrival) >= 0).all()
    assert (arrival == departure).all()
    assert (arrival[np.array(timed)] == at[np.array(timed)]).all()


# A stop time in the file, and the UTC second at which the vehicle is there, by hand.
STOP_TIMES_UTC = [
    # Spring: 01:30:00 is 1.5 h after 22:00 UTC of the day before, half past midnight on the wall.
    ("2024-03-31", "Europe/Amsterdam", "01:30:00", 1711843200 - 1800),
    ("2024-03-31", "Europe/Amsterdam", "08:00:00", 1711843200 + 6 * 3600),
    ("2024-03-31", "Europe/Lisbon", "08:00:00", 1711843200 + 7 * 3600),
    ("2024-03-31", "Europe/Helsinki", "08:00:00", 1711843200 + 5 * 3600),
    ("2024-03-31", "Europe/Helsinki", "25:00:00", 1711843200 + 22 * 3600),
    # Autumn: 02:30:00 is 2.5 h after 23:00 UTC; clocks show half past two for the second time.
    ("2024-10-27", "Europe/Amsterdam", "02:30:00", 1729987200 + 5400),
    ("2024-10-27", "Europe/Amsterdam", "08:00:00", 1729987200 + 7 * 3600),
    ("2024-10-27", "Europe/Lisbon", "08:00:00", 1729987200 + 8 * 3600),
    ("2024-10-27", "Europe/Helsinki", "08:00:00", 1729987200 + 6 * 3600),
]


@pytest.mark.parametrize(("date", "zone", "shown", "utc_s"), STOP_TIMES_UTC)
def test_stop_times_on_days_on_which_clocks_change(tmp_path, date, zone, shown, utc_s):
    feed = small_feed(
        tmp_path,
        agency=f"agency_id,agency_name,agency_url,agency_timezone\nX,Example,u,{zone}",
        calendar=None,
        calendar_dates=f"service_id,date,exception_type\nWD,{date.replace('-', '')},1",
        stop_times=f"""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,{shown},{shown},A,1
            t1,30:00:00,30:00:00,B,2
        """,
    )
    timetable = build_timetable(
        [feed], date=date, window=("00:00", "23:00"), time_zone="Europe/Amsterdam"
    )
    (calls,) = rides_of(timetable).values()
    assert timetable.origin_utc_s + calls[0][1] == utc_s
