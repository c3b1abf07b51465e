"""What each feed of ../shared/data/gtfs_errors must give: error, warning or clean, and why."""

import datetime as dt

import pytest
from real_data import data_path

from halfcircle.gtfs import build_timetable, check_feeds, read_feed, service_days

pytestmark = pytest.mark.real_data

NO_ZIP = "is not a zip file that can be read"
# Name, verdict, text that the page must hold, usable rows of stop_times.txt.
TABLE = [
    ("LICENSE.transitfeed.txt", "error", NO_ZIP, None),
    ("au-sydney-entrances", "error", "stop_times.txt: is missing", None),
    ("bad_date_format", "warning", "line 2 ('2007.01.01')", 8),
    ("bad_eol.zip", "clean", "stop_times 28", 28),
    ("bad_utf8", "warning", "lines that are not UTF-8 are read as Latin-1: 'line 2'", 28),
    ("contains_null", "warning", "NUL bytes are removed: 'line 9'", 28),
    ("duplicate_schedule_id", "warning", "service_id occurs before: line 4 ('WE')", 28),
    ("duplicate_stop", "clean", "stops 10", 28),
    ("duplicate_stop_sequence", "warning", "trip_id + stop_sequence occurs before: line 4", 4),
    ("empty_file", "error", "agency.txt: is empty", None),
    ("extra_row_cells", "warning", "rows with more cells than the header", 28),
    ("filter_unusual_trips", "clean", "stop_times 78", 78),
    ("flatten_feed", "warning", "trips with fewer than two stop times carry nobody", 27),
    ("good_feed", "clean", "frequencies 11", 28),
    ("good_feed.zip", "clean", "frequencies 11", 28),
    ("invalid_agency_ids", "warning", "agency.txt:3: agency_id is blank", 28),
    ("invalid_route_agency", "warning", "routes.txt:4: agency_id is not in agency.txt", 28),
    ("missing_agency", "error", "agency.txt: is missing", None),
    ("missing_calendar", "error", "neither calendar.txt nor calendar_dates.txt", None),
    ("missing_column", "warning", "agency.txt:1: column 'agency_name' is missing", 28),
    ("missing_departure_time", "clean", "stop_times 4", 4),
    ("missing_endpoint_times", "warning", "no time at the start or end of the trip", 28),
    ("missing_routes", "error", "routes.txt: is missing", None),
    ("missing_row_cells", "clean", "rows with fewer cells than the header", 28),
    ("missing_stop_times", "error", "stop_times.txt: is missing", None),
    ("missing_stops", "error", "stops.txt: is missing", None),
    ("missing_trips", "error", "trips.txt: is missing", None),
    ("missing_weekday_column", "error", "calendar.txt:1: column 'thursday' is missing", None),
    ("negative_stop_sequence", "warning", "line 9 ('-2')", 27),
    ("one_line.kml", "error", NO_ZIP, None),
    ("one_stop.kml", "error", NO_ZIP, None),
    ("only_calendar_dates", "clean", "2007-06-04 to 2007-06-05", 28),
    ("repeated_route_name", "clean", "routes 6", 28),
    ("same_short_long_name", "clean", "routes 5", 28),
    ("undefined_stop", "warning", "stop_id is not in stops.txt: line 11 ('NADAR')", 28),
    ("unknown_file", "warning", "frecuencias.txt: is not used - did you mean frequencies.txt", 28),
    ("unknown_format.zip", "error", NO_ZIP, None),
    ("unrecognized_columns", "clean", "stop_times 28", 28),
    ("unused_stop", "clean", "stops 10", 28),
    ("upgrade_translations", "error", "routes.txt: is missing", None),
    ("utf16", "clean", "is written in UTF-16-BE", 28),
    ("utf8bom", "clean", "stop_times 28", 28),
]


def test_every_feed_of_the_folder_is_in_the_table():
    names = sorted(path.name for path in data_path("gtfs_errors").iterdir())
    assert names == sorted(row[0] for row in TABLE)


@pytest.mark.parametrize(("name", "verdict", "text", "n_rows"), TABLE, ids=[r[0] for r in TABLE])
def test_feed_gives_what_the_table_says(name, verdict, text, n_rows):
    report = check_feeds([data_path(f"gtfs_errors/{name}")])
    assert report.verdict == verdict
    assert text in report.to_text()
    if n_rows is not None:
        (summary,) = report.feeds
        assert dict(summary.rows)["stop_times"] == n_rows


@pytest.mark.parametrize("name", [row[0] for row in TABLE if row[3] is not None])
def test_nothing_is_lost_in_silence(name):
    """Rows in the files = usable rows + dropped rows, for the two large tables."""
    path = data_path(f"gtfs_errors/{name}")
    feed = read_feed(path)
    if path.is_dir():
        for table in ("stop_times", "trips"):
            raw = (path / f"{table}.txt").read_bytes()
            text = raw.decode("utf-16" if name == "utf16" else "latin-1")
            n_lines = sum(bool(line.strip()) for line in text.splitlines()) - 1
            # Calls at the ends without a time are listed, but stay in the table.
            lost = sum(
                item.count
                for item in feed.dropped
                if item.file == f"{table}.txt" and not item.reason.startswith("no time at")
            )
            assert len(feed[table]) + lost == n_lines


@pytest.mark.parametrize("name", [row[0] for row in TABLE if row[3] is not None])
def test_usable_feeds_compile(name):
    feed = read_feed(data_path(f"gtfs_errors/{name}"))
    date = next(
        service_days(feed).date(day)
        for day, count in enumerate(service_days(feed).trips_per_day)
        if count
    )
    timetable = build_timetable(
        [feed], date=date, window=("06:00", "16:00"), time_zone="America/Los_Angeles"
    )
    assert timetable.n_trips > 0


def test_headways_of_the_good_feed():
    """STBA every 30 minutes of 16 hours; CITY1 and CITY2 4 + 12 + 12 + 18 + 6 = 52 departures.

    Their periods end one second before the next begins, which costs them no departure.
    """
    feed = read_feed(data_path("gtfs_errors/good_feed"))
    timetable = build_timetable(
        [feed],
        date=dt.date(2007, 6, 5),
        window=("00:00", "23:59"),
        time_zone="America/Los_Angeles",
    )
    counts = {
        trip: sum(f":{trip}#" in name for name in timetable.trip_id)
        for trip in ("STBA", "CITY1", "CITY2")
    }
    assert counts["STBA"] == 32
    assert abs(counts["CITY1"] - 52) <= 1
    assert abs(counts["CITY2"] - 52) <= 1
