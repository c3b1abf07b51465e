"""Service dates: which trips run, which date is chosen, what is said when none runs."""

import datetime as dt

import pytest
from small_feed import small_feed

from halfcircle._checks import Faults
from halfcircle.errors import FeedError
from halfcircle.gtfs import build_timetable, choose_date, service_days, service_report

TUESDAY = dt.date(2024, 5, 14)


def test_dates_only(tmp_path):
    feed = small_feed(
        tmp_path,
        calendar=None,
        calendar_dates="service_id,date,exception_type\nWD,20240514,1\nWD,20240516,1",
    )
    days = service_days(feed)
    assert (days.first, days.last) == (TUESDAY, dt.date(2024, 5, 16))
    assert days.trips_per_day.tolist() == [1, 0, 1]


def test_week_of_zeros_with_added_dates(tmp_path):
    """What SNCB does: the calendar only names the period."""
    feed = small_feed(
        tmp_path,
        calendar="""
            service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
            WD,0,0,0,0,0,0,0,20240101,20241231
        """,
        calendar_dates="service_id,date,exception_type\nWD,20240514,1",
    )
    days = service_days(feed)
    assert days.first == days.last == TUESDAY
    assert days.n_trips(TUESDAY) == 1


def test_removed_and_added_dates(tmp_path):
    feed = small_feed(
        tmp_path,
        calendar_dates="service_id,date,exception_type\nWD,20240514,2\nWD,20240518,1",
    )
    days = service_days(feed)
    assert days.n_trips(TUESDAY) == 0
    assert days.n_trips(dt.date(2024, 5, 18)) == 1
    assert days.n_trips(dt.date(2024, 5, 19)) == 0
    assert days.n_trips(dt.date(2023, 12, 29)) == 0


def test_calendar_that_ends_before_it_begins_runs_never(tmp_path):
    feed = small_feed(
        tmp_path,
        calendar="""
            service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
            WD,1,1,1,1,1,1,1,20241231,20240101
        """,
    )
    with pytest.raises(FeedError, match=r"no feed has service.*\n.*has no service on any date"):
        choose_date([feed], TUESDAY, Faults())


def test_date_without_service_in_all_feeds_is_an_error_with_the_nearest_good_date(tmp_path):
    feed = small_feed(tmp_path)
    with pytest.raises(FeedError, match="nearest good date: Monday 2024-01-01"):
        build_timetable([feed], date=dt.date(2023, 12, 18), time_zone="Europe/Amsterdam")
    # A Saturday: the calendar has no Saturdays, so the nearest day with service is named.
    with pytest.raises(FeedError, match="nearest good date: Friday 2024-05-17"):
        build_timetable([feed], date="2024-05-18", time_zone="Europe/Amsterdam")


def test_date_without_service_in_one_feed_is_a_warning(tmp_path):
    runs = small_feed(tmp_path, feed_id="runs")
    idle = small_feed(
        tmp_path,
        feed_id="idle",
        calendar_dates="service_id,date,exception_type\nWD,20240514,2",
    )
    timetable = build_timetable([runs, idle], date=TUESDAY, time_zone="Europe/Amsterdam")
    (notice,) = timetable.notices
    assert notice.where == "feed idle"
    assert "nearest good date: Tuesday 2024-05-07" in notice.remedy
    assert timetable.n_trips == 1


def test_busiest_weekday_is_one_on_which_all_feeds_run(tmp_path):
    """Feed a is busier on Wednesdays, but b runs on Tuesdays only."""
    a = small_feed(
        tmp_path,
        feed_id="a",
        calendar=None,
        calendar_dates="""
            service_id,date,exception_type
            WD,20240514,1
            WD,20240515,1
            W2,20240515,1
            WD,20240518,1
            W2,20240518,1
        """,
        trips="route_id,service_id,trip_id\nR1,WD,t1\nR1,W2,t2",
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t1,08:00:00,08:00:00,A,1
            t1,08:10:00,08:10:00,B,2
            t2,08:30:00,08:30:00,A,1
            t2,08:40:00,08:40:00,B,2
        """,
    )
    b = small_feed(
        tmp_path,
        feed_id="b",
        calendar=None,
        calendar_dates="service_id,date,exception_type\nWD,20240514,1\nWD,20240521,1",
    )
    choice = choose_date([a, b], "busiest-weekday", Faults())
    assert choice.date == TUESDAY
    assert "2 of 2 feeds run" in choice.reason
    assert choose_date([a], "busiest-weekday", Faults()).date == dt.date(2024, 5, 15)


def test_busiest_weekday_without_a_common_date_says_which_feed_is_idle(tmp_path):
    a = small_feed(tmp_path, feed_id="a")
    b = small_feed(
        tmp_path,
        feed_id="b",
        calendar=None,
        calendar_dates="service_id,date,exception_type\nWD,20300101,1",
    )
    faults = Faults()
    choose_date([a, b], "busiest-weekday", faults)
    assert faults.items[0].values in (("a",), ("b",))


def test_wrong_date_text():
    with pytest.raises(FeedError, match="'next tuesday' is not a date"):
        choose_date([], "next tuesday", Faults())


def test_service_report_counts_trips_and_stops(tmp_path):
    report = service_report(small_feed(tmp_path))
    assert report.on(TUESDAY) == (1, 3)
    assert report.on(dt.date(2024, 5, 18)) == (0, 0)
    assert report.on(dt.date(2030, 1, 1)) == (0, 0)
    assert report.weekday_trips == (1, 1, 1, 1, 1, 0, 0)
    assert report.busiest == dt.date(2024, 1, 1)
    assert report.last == dt.date(2024, 12, 31)
    assert report.idle_days == 104


def test_calendar_of_two_centuries_still_has_service_on_every_date(tmp_path):
    feed = small_feed(
        tmp_path,
        calendar="""
            service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
            WD,1,1,1,1,1,1,1,19000101,20991231
        """,
    )
    days = service_days(feed)
    assert len(days) <= 3660
    assert days.n_trips(TUESDAY) == 1
    assert days.active_trips(TUESDAY).tolist() == [True]
    assert not days.active_trips(dt.date(2100, 1, 1)).any()
    timetable = build_timetable([feed], date=TUESDAY, time_zone="Europe/Amsterdam")
    assert timetable.n_trips == 1
    assert not timetable.notices


@pytest.mark.parametrize("date", [dt.date(1, 1, 1), dt.date(9999, 12, 31)])
def test_dates_at_the_end_of_time_are_refused(tmp_path, date):
    with pytest.raises(FeedError, match="not in the years 1900 to 2199"):
        choose_date([small_feed(tmp_path)], date, Faults())


def test_calendar_dates_at_the_end_of_time_are_dropped(tmp_path):
    feed = small_feed(
        tmp_path, calendar_dates="service_id,date,exception_type\nWD,00010101,1\nWD,99991231,1"
    )
    (dropped,) = feed.dropped
    assert dropped.values == ("00010101", "99991231")


def test_busiest_weekday_of_feeds_that_run_on_sundays_only(tmp_path):
    feed = small_feed(
        tmp_path,
        calendar=None,
        calendar_dates="service_id,date,exception_type\nWD,20240519,1",
    )
    with pytest.raises(FeedError, match="no feed runs on a Monday to Friday"):
        choose_date([feed], "busiest-weekday", Faults())


def test_few_trips_on_the_date_are_a_warning(tmp_path):
    """One of three trips runs on a Tuesday on which three usually do."""
    feed = small_feed(
        tmp_path,
        calendar="""
            service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
            WD,1,1,1,1,1,0,0,20240101,20241231
            W2,1,1,1,1,1,0,0,20240101,20241231
        """,
        calendar_dates="service_id,date,exception_type\nW2,20240514,2",
        trips="route_id,service_id,trip_id\nR1,WD,t1\nR1,W2,t2\nR1,W2,t3",
        stop_times="\n".join(
            ["trip_id,arrival_time,departure_time,stop_id,stop_sequence"]
            + [
                f"t{i},08:{i}0:00,08:{i}0:00,{stop},{k}"
                for i in (1, 2, 3)
                for k, stop in enumerate("AB")
            ]
        ),
    )
    faults = Faults()
    choose_date([feed], TUESDAY, faults)
    assert str(faults.items[0]) == (
        "feed x: only 1 trips run on Tuesday 2024-05-14 - 3 run on Tuesday 2024-05-07"
    )
