"""Real feeds: the counts that the data's README states, and what merging must find."""

import datetime as dt

import numpy as np
import pytest
from gtfs_search import NEVER, earliest_arrivals, rides_of, stop_number
from real_data import data_path

from halfcircle.errors import FeedError
from halfcircle.gtfs import MergeRules, build_timetable, read_feed, service_days, timetable_window_s

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


@pytest.fixture(scope="module")
def triangle():
    folder = "border_triangle/gtfs"
    return [
        read_feed(data_path(f"{folder}/sncb-2019-10-13.zip"), feed_id="sncb"),
        read_feed(data_path(f"{folder}/dbfv_2019.zip"), feed_id="db"),
        read_feed(data_path(f"{folder}/aachen_bus_reconstructed.zip"), feed_id="aachen"),
    ]


@pytest.fixture(scope="module")
def whole_day(triangle):
    return build_timetable(
        triangle,
        date=TUESDAY,
        window=("00:00", "23:59"),
        time_zone="Europe/Amsterdam",
        max_trip_time_s=3600,
    )


def calls_at(timetable, name, feed_idx, *, own_day=True):
    """Calls of one feed at stops of a name, of trips of the study's service day."""
    wanted = {
        i
        for i, (text, feed) in enumerate(
            zip(timetable.stops.name, timetable.stops.feed_idx, strict=True)
        )
        if text.startswith(name) and feed == feed_idx
    }
    count = 0
    for p in range(timetable.n_patterns):
        span = slice(timetable.pattern_ptr[p], timetable.pattern_ptr[p + 1])
        hits = sum(stop in wanted for stop in timetable.pattern_stop[span].tolist())
        trips = timetable.trip_id[timetable.trip_ptr[p] : timetable.trip_ptr[p + 1]]
        count += hits * sum("@2019" not in trip for trip in trips)
    return count


def test_the_merged_day_has_the_known_calls(whole_day):
    """Calls of the day as the data's README counts them, after joining trips.

    Eijsden's 54 calls of cut trips are 36 of whole trains: 18 northbound trains end and begin
    there in the feed, and a joined train calls once.
    """
    assert calls_at(whole_day, "Aachen Hbf", 0) == 30
    assert calls_at(whole_day, "Maastricht (NL)", 0) == 36
    assert calls_at(whole_day, "Eijsden", 0) == 36


def test_unmerged_the_day_has_every_call_of_the_feed(triangle):
    timetable = build_timetable(
        triangle[:1],
        date=TUESDAY,
        window=("00:00", "23:59"),
        time_zone="Europe/Amsterdam",
        max_trip_time_s=6 * 3600,
        merge=MergeRules(through_running=False),
    )
    own = sum("@2019" not in trip for trip in timetable.trip_id)
    assert own == 4_388
    assert calls_at(timetable, "Aachen Hbf", 0) == 30
    assert calls_at(timetable, "Maastricht (NL)", 0) == 36
    assert calls_at(timetable, "Eijsden", 0) == 54


def test_aachen_liege_is_seven_trains_of_23_minutes(whole_day):
    direct = []
    for trip, calls in rides_of(whole_day).items():
        names = {stop: (arrival, departure) for stop, arrival, departure in calls}
        if "@2019" not in trip and {"db:8000001", "db:8800012"} <= names.keys():
            minutes = (names["db:8800012"][0] - names["db:8000001"][1]) / 60
            if minutes > 0:
                direct.append((trip.split(":")[0], minutes))
    assert direct == [("db", 23.0)] * 7
    assert not [item for item in whole_day.merged if item.kind == "duplicate"]


def test_stations_of_the_three_feeds_are_found(whole_day):
    station = dict(zip(whole_day.stops.stop_id, whole_day.stops.station_idx.tolist(), strict=True))
    assert station["sncb:8015345"] == station["db:8000001"] == station["aachen:000000100701"]
    assert station["sncb:8841004"] == station["db:8800012"]
    assert station["sncb:8200100"] == station["db:8200100"]
    assert station["sncb:8846201"] != station["sncb:8849064"]


def test_maastricht_to_liege_is_found_although_its_trains_are_cut(triangle, whole_day):
    start = stop_number(whole_day, "sncb:8400424")
    end = stop_number(whole_day, "sncb:8841004")
    at = 7 * 3600 + 30 * 60
    # 07:49 from Maastricht, 08:00 at Vise-Frontiere, 08:21 in Liege-Guillemins: one ride.
    assert earliest_arrivals(whole_day, start, at, max_rides=1)[end] == 8 * 3600 + 21 * 60
    cut = build_timetable(
        triangle,
        date=TUESDAY,
        time_zone="Europe/Amsterdam",
        merge=MergeRules(through_running=False),
    )
    start, end = stop_number(cut, "sncb:8400424"), stop_number(cut, "sncb:8841004")
    assert earliest_arrivals(cut, start, at, max_rides=1)[end] == NEVER


def test_what_was_joined_is_listed(whole_day):
    through = [item for item in whole_day.merged if item.kind == "through"]
    at_the_border = [
        item for item in through if ":8400424:8849064:" in item.first and "@2019" not in item.first
    ]
    assert len(at_the_border) == 18
    assert all(":8849064:" in item.second for item in at_the_border)
    assert {item.reason for item in through} == {"block_id"}


def test_feed_without_stop_times_says_so():
    with pytest.raises(FeedError, match=r"stop_times\.txt: is missing"):
        read_feed(data_path("border_triangle/gtfs/avv_2022_without_stop_times.zip"))


def test_stop_at_the_end_of_the_world_is_named():
    feed = read_feed(data_path("north_nl/gtfs/amsterdam_rail_metro_ferry_2026.zip"))
    (fault,) = feed.faults
    assert fault.what == "stops at latitude 0, longitude 0"
    assert fault.values == ("stoparea:589649",)


def test_pathways_of_a_real_station(tmp_path):
    """Taverners Hill, Sydney: platform 1 to 2 by a 30 m walkway, and two stairs to the street.

    The feed has no trips; one is added. Its boarding areas hang on the platforms, and the way
    between the platforms ends at such areas: 30 m at 1.25 m/s, and the slack.
    """
    folder = data_path("gtfs_errors/au-sydney-entrances")
    for name in ("agency", "stops", "pathways", "levels"):
        text = (folder / f"{name}.txt").read_text(encoding="utf-8-sig")
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    more = {
        "calendar_dates": "service_id,date,exception_type\nS,20191112,1",
        "routes": "route_id,agency_id,route_short_name,route_type\nL1,SydneyLightRail,L1,900",
        "trips": "route_id,service_id,trip_id\nL1,S,a\nL1,S,b",
        "stop_times": (
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
            "a,08:00:00,08:00:00,LR_TavHill_P1,1\na,08:05:00,08:05:00,LR_TavHill_P2,2\n"
            "b,08:00:00,08:00:00,LR_TavHill_P2,1\nb,08:05:00,08:05:00,LR_TavHill_P1,2\n"
        ),
    }
    for name, text in more.items():
        (tmp_path / f"{name}.txt").write_text(text, encoding="utf-8")
    timetable = build_timetable(
        [read_feed(tmp_path, feed_id="x")], date=TUESDAY, time_zone="Australia/Sydney"
    )
    assert timetable.pattern_route_type.tolist() == [0, 0]
    assert timetable.transfer_s.tolist() == [60 + 24, 60 + 24]


def test_every_stop_time_of_the_day_is_in_the_timetable_to_the_second(triangle):
    """Against the text of the files, with pandas: 4,388 trips of SNCB."""
    feed = triangle[0]
    timetable = build_timetable(
        [feed],
        date=TUESDAY,
        window=("00:00", "23:59"),
        time_zone="Europe/London",
        max_trip_time_s=6 * 3600,
        merge=MergeRules(through_running=False),
    )
    times = feed.frame("stop_times")
    running = set(feed["trips"].texts("trip_id")[service_days(feed).active_trips(TUESDAY)])
    times = times[times["trip_id"].isin(running)]
    times = times.assign(order=times["stop_sequence"].astype(int))
    times = times.sort_values(["trip_id", "order"], kind="stable")

    def london_s(column):
        parts = times[column].str.split(":", expand=True).astype(int)
        # Noon minus 12 h of Brussels is one hour before that of London.
        return parts[0] * 3600 + parts[1] * 60 + parts[2] - 3600

    times = times.assign(at=london_s("arrival_time"), to=london_s("departure_time"))
    expected = {
        f"sncb:{trip}": list(zip("sncb:" + group["stop_id"], group["at"], group["to"], strict=True))
        for trip, group in times.groupby("trip_id")
    }
    found = {trip: calls for trip, calls in rides_of(timetable).items() if "@2019" not in trip}
    assert len(expected) == 4_388
    # Three trips of the first hour of Brussels end before midnight in London.
    assert found == {trip: calls for trip, calls in expected.items() if calls[-1][1] >= 0}
    assert len(found) == 4_385
