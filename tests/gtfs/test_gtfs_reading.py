"""Reading: every shape a feed may come in, and everything it may try."""

import json

import pytest
from small_feed import STOP_TIMES, TABLES, lines, small_feed, write_tables, zipped

from halfcircle.errors import FeedError, OutputError
from halfcircle.gtfs import check_feeds, feed_report, read_feed, write_feed


def test_zip_folder_and_nested_folder_are_the_same_feed(tmp_path):
    feeds = [
        read_feed(write_tables(tmp_path / "folder", {})),
        read_feed(zipped(tmp_path / "flat.zip", TABLES)),
        read_feed(zipped(tmp_path / "nested.zip", TABLES, prefix="gtfs/current/")),
        read_feed(write_tables(tmp_path / "outer" / "inner", {}).parent),
    ]
    for feed in feeds:
        assert {name: len(table) for name, table in feed.tables.items()} == {
            "agency": 1,
            "stops": 5,
            "routes": 3,
            "calendar": 1,
            "trips": 1,
            "stop_times": 3,
        }
    assert [bool(feed.faults) for feed in feeds] == [False, False, True, True]


@pytest.mark.parametrize(
    "encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1"]
)
def test_encodings(tmp_path, encoding):
    folder = write_tables(tmp_path / "x", {})
    stops = lines(TABLES["stops"]).replace(
        "Aldorp", "Älmhult Stœmmen" if encoding != "latin-1" else "Älmhult"
    )
    (folder / "stops.txt").write_bytes(stops.encode(encoding))
    feed = read_feed(folder)
    assert feed["stops"].texts("stop_name")[0].startswith("Älmhult")
    told = [fault.what for fault in feed.faults]
    assert bool(told) == (encoding not in ("utf-8", "utf-8-sig"))


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n", "\n\n"])
def test_line_ends_and_blank_lines(tmp_path, end):
    folder = write_tables(tmp_path / "x", {})
    text = lines(STOP_TIMES).replace("\n", end)
    (folder / "stop_times.txt").write_bytes(text.encode())
    assert len(read_feed(folder)["stop_times"]) == 3


def test_blanks_quotes_commas_and_line_breaks(tmp_path):
    folder = write_tables(tmp_path / "x", {})
    (folder / "stops.txt").write_text(
        ' stop_id ,stop_name, stop_lat,stop_lon\n"A ","Say ""hi"", A\nsecond line", 0 ,5\n'
        "   \n,,,\nB\t,Bedorp,0,5.01\n\nC  ,Cedorp,0,5.02\n",
        encoding="utf-8",
    )
    feed = read_feed(folder)
    assert feed["stops"].texts("stop_id").tolist() == ["A", "B", "C"]
    assert feed["stops"].texts("stop_name")[0] == 'Say "hi", A\nsecond line'
    assert [feed["stops"].line(row) for row in range(3)] == [2, 6, 8]
    assert len(feed["stop_times"]) == 3
    assert any("blanks around stop_id are removed" in fault.what for fault in feed.faults)


def test_a_quote_that_is_never_closed_swallows_nothing(tmp_path):
    folder = write_tables(tmp_path / "x", {})
    text = lines(TABLES["stops"]).replace("Bedorp", '"Bedorp')
    (folder / "stops.txt").write_text(text, encoding="utf-8")
    feed = read_feed(folder)
    assert len(feed["stops"]) == 5
    assert any("quote is opened" in fault.what for fault in feed.faults)


def test_columns_extra_missing_twice_and_oddly_spelt(tmp_path):
    feed = small_feed(
        tmp_path,
        stops="""
            Stop_ID,stop_name,STOP_LAT,stop_lon,colour,stop_name,
            A,Aldorp,0,5,red,again,
            B,Bedorp,0,5.01,blue,again,
            C,Cedorp,0,5.02,,again,
        """,
    )
    assert feed["stops"].texts("stop_name").tolist() == ["Aldorp", "Bedorp", "Cedorp"]
    assert feed["stops"].texts("colour").tolist() == ["red", "blue", ""]
    assert {fault.what for fault in feed.faults} == {
        "a column occurs twice; the first is used",
        "column names in unusual spelling",
    }


def test_all_errors_come_at_once(tmp_path):
    folder = write_tables(
        tmp_path / "x", {"trips": None, "calendar": None, "agency": "agency_id\nX"}
    )
    with pytest.raises(FeedError) as caught:
        read_feed(folder)
    assert [(fault.where, fault.what) for fault in caught.value.faults] == [
        ("trips.txt", "is missing"),
        ("calendar.txt", "neither calendar.txt nor calendar_dates.txt is there"),
        ("agency.txt:1", "column 'agency_timezone' is missing"),
    ]


def test_mistyped_column_is_named(tmp_path):
    with pytest.raises(FeedError, match="column 'stop_id' is missing - did you mean 'stopid'"):
        small_feed(tmp_path, stops="stopid,stop_name,stop_lat,stop_lon\nA,Aldorp,0,5")


def test_nothing_usable_is_an_error_that_says_why(tmp_path):
    with pytest.raises(
        FeedError,
        match=r"stop_times.txt: holds no usable row; 3 were dropped.*\(stop_times.txt:2\)",
    ):
        small_feed(tmp_path, trips="route_id,service_id,trip_id\nR1,WD,t9")


BAD_ROWS = [
    ("stops", "Z,Zetdorp,abc,5", "stop has no coordinates"),
    ("stops", "Z,Zetdorp,95,5", "stop has no coordinates"),
    ("stops", ",Zetdorp,0,5", "stop_id is blank"),
    ("stops", "A,Aldorp,0,5", "stop_id occurs before"),
    ("routes", "R9,X,9,2000", "route_type is not one of the values of the reference"),
    ("routes", "R9,X,9,", "route_type is not one of the values of the reference"),
    ("trips", "R9,WD,t9", "route_id is not in routes.txt"),
    ("trips", "R1,SU,t9", "service_id is not in calendar.txt or calendar_dates.txt"),
    ("trips", "R1,WD,t1", "trip_id occurs before"),
    ("stop_times", "t9,08:30:00,08:30:00,D,4", "trip_id is not in trips.txt"),
    ("stop_times", "t1,08:30:00,08:30:00,Q,4", "stop_id is not in stops.txt"),
    ("stop_times", "t1,08:30:00,08:30:00,D,4.5", "stop_sequence is not a whole number from 0"),
    ("stop_times", "t1,08:30:00,08:30:00,D,3", "trip_id + stop_sequence occurs before"),
]


@pytest.mark.parametrize(("table", "row", "reason"), BAD_ROWS)
def test_bad_row_is_dropped_counted_and_named(tmp_path, table, row, reason):
    feed = small_feed(tmp_path, **{table: TABLES[table] + row})
    (dropped,) = feed.dropped
    n_lines = len(lines(TABLES[table]).splitlines())
    assert (dropped.file, dropped.reason) == (f"{table}.txt", reason)
    assert (dropped.count, dropped.lines) == (1, (n_lines + 1,))
    assert len(feed[table]) == n_lines - 1
    page = feed_report([feed]).to_text()
    assert f"Dropped   {table}.txt: 1 rows, {reason}: line {n_lines + 1}" in page


IGNORED = [
    ("stop_times", "timepoint", "7"),
    ("stop_times", "pickup_type", "x"),
    ("stop_times", "shape_dist_traveled", "-1"),
    ("stop_times", "arrival_time", "8 o'clock"),
    ("stops", "parent_station", "Q"),
    ("stops", "location_type", "9"),
]


@pytest.mark.parametrize(("table", "column", "value"), IGNORED)
def test_wrong_optional_value_is_ignored_and_named(tmp_path, table, column, value):
    feed = small_feed(tmp_path)
    frame = feed.frame(table)
    frame[column] = frame.get(column, "")
    frame.loc[1, column] = value
    write_feed(feed, tmp_path / "again")
    frame.to_csv(tmp_path / "again" / f"{table}.txt", index=False)
    again = read_feed(tmp_path / "again")
    assert len(again[table]) == len(frame)
    assert again[table].texts(column)[1] == ""
    (fault,) = again.faults
    assert fault.where == f"{table}.txt:3"
    assert value in fault.values


def test_fewer_than_two_calls_are_named(tmp_path):
    feed = small_feed(tmp_path, trips=TABLES["trips"] + "R1,WD,t2")
    assert [fault.where for fault in feed.faults] == ["trips.txt:3"]


def test_flex_unknown_and_fare_files_are_named(tmp_path):
    path = zipped(
        tmp_path / "x.zip",
        {**TABLES, "fare_attributes": "fare_id,price,currency_type\np,1.25,EUR"},
        **{"booking_rules.txt": "a", "locations.geojson": "{}", "notes.pdf": "x"},
    )
    report = feed_report([read_feed(path)])
    page = report.to_text()
    assert "fares are kept and do not influence travel times: fare_attributes.txt" in page
    assert "GTFS-Flex files are not used" in page
    assert "files that are not used: 'notes.pdf'" in page
    assert json.loads(report.to_json())["feeds"][0]["unused_files"] == [
        "booking_rules.txt",
        "locations.geojson",
        "notes.pdf",
    ]
    assert report.verdict == "clean"


def test_page_cannot_steer_a_terminal(tmp_path):
    feed = small_feed(
        tmp_path,
        agency="agency_id,agency_name,agency_url,agency_timezone\nX,\x1b[2Jgone,u,Europe/Amsterdam",
    )
    assert "\x1b" not in feed_report([feed]).to_text()


# --- blocks ----------------------------------------------------------------------------------


@pytest.mark.parametrize("block_bytes", [40, 97, 150, 1000])
def test_small_blocks_read_the_same_rows_and_lines(tmp_path, monkeypatch, block_bytes):
    monkeypatch.setattr("halfcircle.gtfs._blocks.BLOCK_BYTES", block_bytes)
    body = "".join(
        f't1,08:{i:02d}:00,08:{i:02d}:00,{"ABC"[i % 3]},{i},"head, {i}"\n'
        + ("\n" if i % 7 == 3 else "")
        for i in range(50)
    )
    folder = write_tables(tmp_path / "x", {})
    (folder / "stop_times.txt").write_text(
        "trip_id,arrival_time,departure_time,stop_id,stop_sequence,stop_headsign\n" + body,
        encoding="utf-8",
    )
    table = read_feed(folder)["stop_times"]
    assert table.whole("stop_sequence", blank=-1).tolist() == list(range(50))
    expected = [n for n, line in enumerate(("header\n" + body).splitlines(), start=1) if line][1:]
    assert [table.line(row) for row in range(50)] == expected


# --- writing ---------------------------------------------------------------------------------


def test_written_feed_is_the_same_byte_for_byte(tmp_path):
    feed = small_feed(tmp_path)
    one = write_feed(feed, tmp_path / "one.zip").read_bytes()
    two = write_feed(read_feed(tmp_path / "one.zip"), tmp_path / "two.zip").read_bytes()
    assert one == two
    assert check_feeds([tmp_path / "two.zip"]).verdict == "clean"
    assert not list(tmp_path.glob("*.part"))


def test_write_into_a_file_that_is_no_folder(tmp_path):
    (tmp_path / "x").write_text("in the way")
    with pytest.raises(OutputError, match=r"agency\.txt: cannot be written"):
        write_feed(small_feed(tmp_path, feed_id="y"), tmp_path / "x")


def test_frames_go_in_and_out(tmp_path):
    feed = small_feed(tmp_path)
    trips = feed.frame("trips")
    more = trips.assign(trip_id="t2")
    times = feed.frame("stop_times").assign(trip_id="t2")
    import pandas as pd

    longer = feed.with_frames(
        {
            "trips": pd.concat([trips, more]),
            "stop_times": pd.concat([feed.frame("stop_times"), times]),
        }
    )
    assert len(longer["stop_times"]) == 6
    assert longer.stop_times.n_calls.tolist() == [3, 3]
    assert len(feed["stop_times"]) == 3
    assert feed.frame("pathways").empty


def test_stops_without_coordinates_get_those_of_their_station(tmp_path):
    feed = small_feed(
        tmp_path,
        stops="""
            stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station
            S,Aldorp,0,5,1,
            A,Aldorp 1,,,0,S
            N,,,,4,A
            B,Bedorp,0,5.01,,
            C,Cedorp,0,5.02,,
        """,
    )
    assert feed.lon.tolist() == [5, 5, 5, 5.01, 5.02]
    (fault,) = feed.faults
    assert fault.values == ("A",)


TWO_AGENCIES = """
    agency_id,agency_name,agency_url,agency_timezone
    X,Here,u,Europe/Amsterdam
    Y,There,u,{zone}
"""


@pytest.mark.parametrize(("zone", "n_routes"), [("Europe/Amsterdam", 3), ("Europe/Lisbon", 2)])
def test_route_without_agency_needs_one_clock(tmp_path, zone, n_routes):
    """With two zones nobody knows when its trips run: the route is dropped, not guessed."""
    feed = small_feed(
        tmp_path,
        agency=TWO_AGENCIES.format(zone=zone),
        routes="route_id,agency_id,route_short_name,route_type\nR1,X,1,3\nR2,,2,3\nR3,Y,3,3",
    )
    assert len(feed["routes"]) == n_routes
    assert len(feed.dropped) == 3 - n_routes
    assert len(feed.faults) == n_routes - 2


def test_block_that_arrow_refuses_is_read_row_by_row(tmp_path):
    """Short and long rows in one table: padded, cut, and named by line."""
    folder = write_tables(tmp_path / "x", {})
    (folder / "stops.txt").write_text(
        "stop_id,stop_name,stop_lat,stop_lon,stop_desc\n"
        "A,Aldorp,0,5\nB,Bedorp,0,5.01,,extra\nC,Cedorp,0,5.02,\n",
        encoding="utf-8",
    )
    feed = read_feed(folder)
    assert len(feed["stops"]) == 3
    found = {fault.what.split(" than")[0]: fault.values for fault in feed.faults}
    assert found == {"rows with fewer cells": ("line 2",), "rows with more cells": ("line 3",)}


def test_continuous_stops_requests_and_stations_are_noted(tmp_path):
    feed = small_feed(
        tmp_path,
        stops=TABLES["stops"].replace("stop_lon", "stop_lon,location_type") + "S,Station,0,5.05,1",
        stop_times="""
            trip_id,arrival_time,departure_time,stop_id,stop_sequence,pickup_type,continuous_pickup
            t1,08:00:00,08:00:00,A,1,2,0
            t1,,,B,2,0,1
            t1,08:20:00,08:20:00,S,3,0,1
        """,
    )
    (summary,) = feed_report([feed]).feeds
    assert summary.notes == (
        "1 stop times on request are taken as regular",
        "stop_times.txt: continuous_pickup is ignored; vehicles stop at stops only",
        "1 stop times name a station or entrance; taken as a stop",
        "1 of 3 stop times are interpolated (straight lines)",
    )
