"""Mutated archives and tables: whatever comes in, only errors of the house come out."""

import io
import random
import zipfile

import pytest
from small_feed import TABLES, lines

from halfcircle.errors import HalfcircleError
from halfcircle.gtfs import Limits, build_timetable, feed_report, read_feed, service_days

MORE = {
    "calendar_dates": "service_id,date,exception_type\nWD,20240514,1\nWD,20240515,2",
    "frequencies": "trip_id,start_time,end_time,headway_secs\nt2,06:00:00,09:00:00,600",
    "transfers": (
        "from_stop_id,to_stop_id,transfer_type,min_transfer_time,from_trip_id,to_trip_id\n"
        "B,B,2,120,,\nA,B,3,,,\n,,4,,t1,t2\nB,C,1,,t1,t2"
    ),
    "pathways": (
        "pathway_id,from_stop_id,to_stop_id,pathway_mode,is_bidirectional,length\np,A,B,1,1,50"
    ),
    "levels": "level_id,level_index\n0,0",
    "shapes": "shape_id,shape_pt_lat,shape_pt_lon,shape_pt_sequence\ns,0,5,1",
    "trips": "route_id,service_id,trip_id,block_id,shape_id\nR1,WD,t1,b,s\nR2,WD,t2,b,",
    "stop_times": TABLES["stop_times"]
    + "t2,08:20:00,08:21:00,C,1\n    t2,,,D,2\n    t2,08:40:00,08:40:00,E,3\n",
}
GOOD = {name: lines(text).encode() for name, text in {**TABLES, **MORE}.items()}
LIMITS = Limits(total_bytes=2**24, rows=10_000, columns=60, ratio_from_bytes=2**20)
WORDS = [
    b"", b" ", b",", b'"', b'""', b"\n", b"\r", b"\r\n", b"\0", b"\xff\xfe", b"\xef\xbb\xbf",
    b"\xff", b"-1", b"0", b"1e9", b"nan", b"inf", b"99999999999999999999", b"1.5", b"24:00:00",
    b"8:60:00", b"999:59:59", b"20240230", b"20241301", b"00000000", b"A", b"t1", b"WD", b"X",
    b"Europe/Amsterdam", b"../../etc/passwd", b"Mars/Base", b"=1+1", b"4", b"5",
    "é€\u202e".encode(),
]  # fmt: skip


def mutated(rng: random.Random) -> dict[str, bytes]:
    """The good tables with one to six wounds."""
    tables = dict(GOOD)
    for _ in range(rng.randint(1, 6)):
        name = rng.choice(sorted(tables))
        data = bytearray(tables[name])
        kind = rng.randrange(8)
        at = rng.randrange(len(data) + 1)
        if kind == 0:
            data[at:at] = rng.choice(WORDS)
        elif kind == 1:
            del data[at : at + rng.randint(1, 30)]
        elif kind == 2 and data:
            data[at % len(data)] = rng.randrange(256)
        elif kind == 3:
            del tables[name]
            continue
        elif kind == 4:
            rows = bytes(data).split(b"\n")
            rng.shuffle(rows)
            data = bytearray(b"\n".join(rows))
        elif kind == 5:
            rows = bytes(data).split(b"\n")
            row = rng.choice(rows).split(b",")
            row[rng.randrange(len(row))] = rng.choice(WORDS)
            rows.insert(rng.randrange(len(rows) + 1), b",".join(row))
            data = bytearray(b"\n".join(rows))
        elif kind == 6:
            rows = bytes(data).split(b"\n")
            number = rng.randrange(len(rows))
            cells = rows[number].split(b",")
            cells[rng.randrange(len(cells))] = rng.choice(WORDS)
            rows[number] = b",".join(cells)
            data = bytearray(b"\n".join(rows))
        else:
            data = bytearray(bytes(data).decode("latin-1").encode(rng.choice(["utf-16", "utf-8"])))
        tables[name] = bytes(data)
    return tables


def packed(tables: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in tables.items():
            archive.writestr(f"{name}.txt", data)
    return buffer.getvalue()


def survive(path) -> bool:
    """Read, report and compile; True if the feed was usable."""
    try:
        feed = read_feed(path, feed_id="x", limits=LIMITS)
        feed_report([feed]).to_text()
        feed_report([feed]).to_json()
        days = service_days(feed)
        build_timetable(
            [feed],
            date=days.first,
            window=("06:00", "12:00"),
            time_zone="Europe/Amsterdam",
        )
        build_timetable([feed], date="busiest-weekday", time_zone="Europe/Amsterdam")
    except HalfcircleError as error:
        return not str(error).strip()  # an error without words would count as usable
    return True


def test_the_unharmed_feed_is_usable(tmp_path):
    path = tmp_path / "x.zip"
    path.write_bytes(packed(GOOD))
    assert survive(path)


@pytest.mark.parametrize("seed", range(12))
def test_mutated_tables(tmp_path, seed):
    rng = random.Random(seed)
    path = tmp_path / "x.zip"
    usable = 0
    for _ in range(25):
        path.write_bytes(packed(mutated(rng)))
        usable += survive(path)
    assert usable > 0  # most wounds are survived: the test reaches the compiler


@pytest.mark.parametrize("seed", range(6))
def test_mutated_archives(tmp_path, seed):
    rng = random.Random(1000 + seed)
    path = tmp_path / "x.zip"
    whole = packed(GOOD)
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(data))
            if rng.random() < 0.7:
                data[at] = rng.randrange(256)
            else:
                del data[at : at + rng.randint(1, 200)]
        path.write_bytes(bytes(data))
        survive(path)
