"""Archives that are damaged, too large, or try to reach outside."""

import datetime as dt
import io
import zipfile

import pytest
from small_feed import STOP_TIMES, TABLES, lines, small_feed, write_tables, zipped

from halfcircle.errors import FeedError
from halfcircle.gtfs import Limits, build_timetable, read_feed


def test_missing_file(tmp_path):
    with pytest.raises(FeedError, match="no such file or folder"):
        read_feed(tmp_path / "nowhere.zip")


def test_not_a_zip(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(b"<html>moved</html>")
    with pytest.raises(FeedError, match="is not a zip file that can be read"):
        read_feed(path)


def test_zip_that_is_cut_off(tmp_path):
    path = zipped(tmp_path / "x.zip", TABLES)
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(FeedError):
        read_feed(path)


def test_zip_with_damaged_member(tmp_path):
    path = zipped(tmp_path / "x.zip", {**TABLES, "stop_times": STOP_TIMES + "t1,,,B,9\n" * 500})
    data = bytearray(path.read_bytes())
    at = data.index(b"stop_times.txt") + 60
    data[at : at + 20] = bytes(20)
    path.write_bytes(bytes(data))
    with pytest.raises(FeedError, match="cannot be unpacked"):
        read_feed(path)


def test_names_that_point_outside_are_ignored_and_nothing_is_written(tmp_path):
    inside = tmp_path / "in"
    inside.mkdir()
    path = zipped(
        inside / "x.zip", TABLES, **{"../evil.txt": "x", "/abs.txt": "x", "C:\\x.txt": "x"}
    )
    before = sorted(p for p in tmp_path.rglob("*"))
    feed = read_feed(path)
    (fault,) = [fault for fault in feed.faults if "outside the archive" in fault.what]
    assert fault.count == 3
    assert sorted(p for p in tmp_path.rglob("*")) == before


def test_links_out_of_a_folder_are_not_followed(tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("service_id,date,exception_type\nWD,20240514,2\n", encoding="utf-8")
    folder = write_tables(tmp_path / "x", {})
    (folder / "calendar_dates.txt").symlink_to(secret)
    feed = read_feed(folder)
    assert "calendar_dates" not in feed
    assert any("point outside the folder" in fault.what for fault in feed.faults)


def bomb(size):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in TABLES.items():
            archive.writestr(f"{name}.txt", lines(text))
        archive.writestr("shapes.txt", b"shape_id\n" + b"a" * size)
    return buffer.getvalue()


def test_bomb_is_refused_by_its_ratio(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(bomb(3 * 2**20))
    with pytest.raises(FeedError, match="more than 300 times its packed size"):
        read_feed(path, limits=Limits(ratio_from_bytes=2**20))


def test_size_rows_columns_and_members_are_bounded(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(bomb(3 * 2**20))
    with pytest.raises(FeedError, match="unpacks to more than 1,048,576 bytes"):
        read_feed(path, limits=Limits(total_bytes=2**20))
    flat = zipped(tmp_path / "flat.zip", TABLES)
    with pytest.raises(FeedError, match=r"stops\.txt: more than 4 rows"):
        read_feed(flat, limits=Limits(rows=4))
    with pytest.raises(FeedError, match=r"agency\.txt:1: more than 3 columns"):
        read_feed(flat, limits=Limits(columns=3))
    with pytest.raises(FeedError, match="holds more than 5 files"):
        read_feed(flat, limits=Limits(members=5))
    with pytest.raises(FeedError, match="holds more than 5 files"):
        read_feed(write_tables(tmp_path / "folder", {}), limits=Limits(members=5))


def test_zip_in_a_zip_says_what_to_do(tmp_path):
    inner = zipped(tmp_path / "inner.zip", TABLES)
    with zipfile.ZipFile(tmp_path / "outer.zip", "w") as archive:
        archive.write(inner, "inner.zip")
    with pytest.raises(FeedError, match="unpack the inner zip file"):
        read_feed(tmp_path / "outer.zip")


def test_feed_id_has_no_colon(tmp_path):
    with pytest.raises(FeedError, match="must be a word without a colon"):
        read_feed(write_tables(tmp_path / "x", {}), feed_id="a:b")


def test_zip_with_one_name_twice(tmp_path):
    path = tmp_path / "x.zip"
    with pytest.warns(UserWarning, match="Duplicate name"):
        zipped(path, TABLES, **{"agency.txt": "agency_id\n"})
    feed = read_feed(path)
    assert feed["agency"].texts("agency_name").tolist() == ["Example"]
    assert any("occurs twice" in fault.what for fault in feed.faults)


def test_encrypted_member_is_refused(tmp_path):
    path = zipped(tmp_path / "x.zip", TABLES)
    data = bytearray(path.read_bytes())
    for signature, offset in ((b"PK\x01\x02", 8), (b"PK\x03\x04", 6)):
        at = data.find(signature)
        while at >= 0:
            data[at + offset] |= 1
            at = data.find(signature, at + 1)
    path.write_bytes(bytes(data))
    with pytest.raises(FeedError, match="is protected by a password"):
        read_feed(path)


def test_station_of_thousands_of_stops_is_not_multiplied_out(tmp_path):
    """Every pair of 2,000 platforms would be four million transfers."""
    n = 2_000
    stops = "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\nS,Hub,0,5,1,\n"
    stops += "\n".join(f"p{i},Hub,0,5,0,S" for i in range(n))
    times = "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    times += "\n".join(f"t1,08:{i // 60:02d}:{i % 60:02d},,p{i},{i}" for i in range(n))
    feed = small_feed(
        tmp_path,
        stops=stops,
        stop_times=times,
        transfers="from_stop_id,to_stop_id,transfer_type,min_transfer_time\nS,S,2,120",
    )
    timetable = build_timetable([feed], date=dt.date(2024, 5, 14), time_zone="Europe/Amsterdam")
    assert len(timetable.transfer_stop) == 0
    assert {notice.where for notice in timetable.notices} == {"transfers.txt:2", "stations"}
