"""Headway services: exact and loose, several periods, phases that scenarios share."""

import datetime as dt

import numpy as np
import pytest
from gtfs_search import rides_of
from hypothesis import given, settings
from hypothesis import strategies as st
from small_feed import small_feed

from halfcircle.gtfs import build_timetable, headway_spread, phase
from halfcircle.gtfs.frequencies import headway_departures

TUESDAY = dt.date(2024, 5, 14)


def departures(feed, *, draw=0, window=("00:00", "23:59"), trip="t1"):
    timetable = build_timetable(
        [feed], date=TUESDAY, window=window, time_zone="Europe/Amsterdam", frequency_draw=draw
    )
    return sorted(ride[0][2] for name, ride in rides_of(timetable).items() if f":{trip}#" in name)


def test_exact_times_are_a_plain_timetable(tmp_path):
    feed = small_feed(
        tmp_path,
        frequencies="""
            trip_id,start_time,end_time,headway_secs,exact_times
            t1,06:00:00,07:00:00,1200,1
        """,
    )
    assert departures(feed) == [21600, 22800, 24000]
    timetable = build_timetable(
        [feed], date=TUESDAY, window=("06:00", "07:00"), time_zone="Europe/Amsterdam"
    )
    # The trip's own 08:00 is only a pattern; 10 and 20 minutes to B and C remain.
    assert rides_of(timetable)["x:t1#2"] == [
        ("x:A", 22800, 22800),
        ("x:B", 23400, 23460),
        ("x:C", 24000, 24000),
    ]


def test_loose_headways_have_the_phase_of_the_trip_id(tmp_path):
    feed = small_feed(
        tmp_path,
        frequencies="""
            trip_id,start_time,end_time,headway_secs
            t1,06:00:00,07:00:00,1200
        """,
    )
    share = phase("t1")
    assert departures(feed) == [21600 + round((share + k) * 1200) for k in range(3)]
    # Stable across platforms and versions: the value is part of published results.
    assert phase("t1") == pytest.approx(0.796526, abs=1e-6)


def test_phase_does_not_depend_on_other_trips(tmp_path):
    frequencies = """
        trip_id,start_time,end_time,headway_secs
        t2,06:00:00,09:00:00,600
        t1,06:00:00,07:00:00,1200
    """
    both = small_feed(
        tmp_path,
        feed_id="both",
        trips="route_id,service_id,trip_id\nR1,WD,t0\nR1,WD,t2\nR1,WD,t1",
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence
            t2,08:00:00,08:00:00,A,1
            t2,08:10:00,08:10:00,B,2
            t1,08:00:00,08:00:00,A,1
            t1,08:10:00,08:11:00,B,2
        """,
        frequencies=frequencies,
    )
    alone = small_feed(
        tmp_path,
        feed_id="alone",
        frequencies="\n".join(frequencies.splitlines()[:2] + frequencies.splitlines()[3:]),
    )
    assert departures(both) == departures(alone)


def test_change_of_headway_leaves_no_gap_and_no_bunch(tmp_path):
    """The gap across the change lies between the two headways, whatever the phase."""
    for first in (0.0, 0.25, 0.5, 0.9):
        found = headway_departures([(0, 3600, 600), (3600, 7200, 1200)], first)
        assert len(found) == 6 + 3
        gaps = np.diff(found).tolist()
        assert gaps[:5] == [600] * 5
        # From the last 10-minute departure: what is left of its headway, and the phase of 20.
        assert gaps[5] == round((1 - first) * 600 + first * 1200)
        assert gaps[6:] == [1200] * 2


@settings(deadline=None, max_examples=80)
@given(
    headway=st.integers(30, 3600),
    start=st.integers(0, 80_000),
    count=st.integers(1, 30),
    first=st.floats(0, 0.999),
)
def test_number_of_departures_is_the_number_of_headways(headway, start, count, first):
    found = headway_departures([(start, start + count * headway, headway)], first)
    assert len(found) == count
    assert all(start <= at <= start + count * headway for at in found)


def test_overlapping_periods_hand_over_and_are_named(tmp_path):
    feed = small_feed(
        tmp_path,
        frequencies="""
            trip_id,start_time,end_time,headway_secs
            t1,06:00:00,08:00:00,1200
            t1,07:00:00,09:00:00,600
        """,
    )
    found = departures(feed)
    assert len(found) == 3 + 12
    timetable = build_timetable([feed], date=TUESDAY, time_zone="Europe/Amsterdam")
    assert any("periods of a trip overlap" in notice.what for notice in timetable.notices)


def test_overlapping_exact_periods_add_up(tmp_path):
    feed = small_feed(
        tmp_path,
        frequencies="""
            trip_id,start_time,end_time,headway_secs,exact_times
            t1,06:00:00,07:00:00,1200,1
            t1,06:30:00,07:00:00,600,1
        """,
    )
    assert departures(feed) == [21600, 22800, 23400, 24000, 24600]


@pytest.mark.parametrize(
    "row", ["t1,06:00:00,07:00:00,0", "t1,07:00:00,06:00:00,600", "t1,07:00:00,07:00:00,600"]
)
def test_rows_without_departures_are_named(tmp_path, row):
    feed = small_feed(tmp_path, frequencies=f"trip_id,start_time,end_time,headway_secs\n{row}")
    timetable = build_timetable([feed], date=TUESDAY, time_zone="Europe/Amsterdam")
    assert timetable.n_trips == 0
    assert timetable.notices[0].where == "frequencies.txt:2"
    assert "but no trip from 07:00" in timetable.notices[1].what


def test_draws_move_phases_and_fill_the_headway_evenly(tmp_path):
    feed = small_feed(
        tmp_path,
        frequencies="""
            trip_id,start_time,end_time,headway_secs
            t1,06:00:00,07:00:00,1200
        """,
    )
    firsts = [departures(feed, draw=draw)[0] - 21600 for draw in range(8)]
    assert len(set(firsts)) == 8
    # Largest gap of 8 points of the golden-ratio sequence on the circle: below 1/4.
    ring = np.sort(np.array(firsts) / 1200)
    assert np.diff(np.append(ring, ring[0] + 1)).max() < 0.25


def test_spread_over_draws_is_reported():
    spread = headway_spread([[600.0, 10.0], [660.0, 10.0], [540.0, 10.0]])
    assert spread.mean.tolist() == [600.0, 10.0]
    assert spread.sd.tolist() == [60.0, 0.0]
    assert spread.standard_error.tolist() == pytest.approx([60 / 3**0.5, 0.0])
    assert spread.n_draws == 3
