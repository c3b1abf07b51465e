"""Real feeds: the counts that the data's README states, and what merging must find."""

import datetime as dt

import numpy as np
import pytest
from real_data import data_path

from halfcircle.gtfs import build_timetable, read_feed, service_days, timetable_window_s

pytestmark = pytest.mark.real_data

TUESDAY = dt.date(2019, 11, 12)


def test_porto_alegre_has_interpolated_times_between_first_and_last():
    feeds = [
        read_feed(data_path("porto_alegre/poa_eptc.zip"), feed_id="eptc"),
        read_feed(data_path("porto_alegre/poa_trensurb.zip"), feed_id="trensurb"),
    ]
    timetable = build_timetable(
        feeds,
        date=dt.date(2019, 5, 13),
        window=("14:00", "16:00"),
        time_zone="America/Sao_Paulo",
    )
    window = timetable_window_s(dt.date(2019, 5, 13), ("14:00", "16:00"), "America/Sao_Paulo")
    assert timetable.origin_utc_s == window.origin_utc_s == 1557716400  # 2019-05-13 03:00 UTC
    assert (window.start_s, window.end_s) == (14 * 3600, 16 * 3600)
    length = np.diff(timetable.pattern_ptr)
    for pattern in range(timetable.n_patterns):
        n_trips = timetable.trip_ptr[pattern + 1] - timetable.trip_ptr[pattern]
        first = timetable.event_ptr[pattern]
        events = slice(first, first + n_trips * length[pattern])
        arrival = timetable.arrival_s[events].reshape(n_trips, -1)
        departure = timetable.departure_s[events].reshape(n_trips, -1)
        assert (arrival <= departure).all()
        assert (departure[:, :-1] <= arrival[:, 1:]).all()
        assert (np.diff(arrival, axis=0) >= 0).all()
        assert (np.diff(departure, axis=0) >= 0).all()


def test_sncb_has_4388_trips_on_the_tuesday():
    feed = read_feed(data_path("border_triangle/gtfs/sncb-2019-10-13.zip"), feed_id="sncb")
    assert len(feed["stops"]) == 2_636
    assert len(feed["trips"]) == 17_776
    assert len(feed["stop_times"]) == 265_371
    assert service_days(feed).n_trips(TUESDAY) == 4_388
