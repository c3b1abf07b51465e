"""The schematic timetables of the Lelylijn and Zeeland studies as GTFS: clock-face, unofficial."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from halfcircle.demo.lelylijn_facts import LELYLIJN, SchematicLine, schematic_lines, stop_positions

__all__ = ["FEED_FILE", "YEAR", "stop_id", "write_timetable"]

FEED_FILE = "schematic.gtfs.zip"
YEAR = 2026
FIRST_HOUR, LAST_HOUR = 5, 23
_ROUTE_TYPES = {"tram": 0, "metro": 1, "rail": 2, "bus": 3}
_PLAIN = str.maketrans({"(": "", ")": "", "'": "", "ö": "oe", " ": "-"})


def stop_id(stop: str) -> str:
    """Identifier of a stop of this name."""
    return stop.lower().translate(_PLAIN)


def write_timetable(path: Path, study: str = LELYLIJN) -> None:
    """Write the timetable, the same bytes every time.

    Parameters
    ----------
    path : Path
        ``.zip`` file; replaced if it is there.
    study : str
        Whose tables.
    """
    lines = schematic_lines(study)
    trips, times = _trips(lines)
    span = [f"{YEAR}0101", f"{YEAR}1231"]
    files = {
        "agency.txt": _table(
            "agency_id,agency_name,agency_url,agency_timezone,agency_lang",
            [["schematic", "Schematic timetable, not official", "https://example.org/",
              "Europe/Amsterdam", "en"]],
        ),
        "stops.txt": _table(
            "stop_id,stop_name,stop_lat,stop_lon",
            [[stop_id(name), name, lat, lon] for name, (lon, lat) in stop_positions(study).items()],
        ),
        "routes.txt": _table(
            "route_id,agency_id,route_short_name,route_long_name,route_type,route_desc",
            [
                [n.line_id, "schematic", n.line_id, n.name, _ROUTE_TYPES[n.mode],
                 "schematic, not official"]
                for n in lines
            ],
        ),
        "trips.txt": _table("route_id,service_id,trip_id,trip_headsign,direction_id", trips),
        "stop_times.txt": _table(
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence", times
        ),
        "calendar.txt": _table(
            "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date",
            [["daily", *[1] * 7, *span]],
        ),
        "feed_info.txt": _table(
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date,feed_version",
            [["halfcircle demo: schematic timetable, not official", "https://example.org/", "en",
              *span, "schematic-1"]],
        ),
    }  # fmt: skip
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            # A fixed date and system: the archive must not tell when or where it was written.
            entry = zipfile.ZipInfo(name, date_time=(YEAR, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, text.encode("utf-8"))


def _trips(lines: Sequence[SchematicLine]) -> tuple[list[list[object]], list[list[object]]]:
    """Rows of trips.txt and stop_times.txt."""
    trips: list[list[object]] = []
    times: list[list[object]] = []
    for line in lines:
        stops = [hop.stop for hop in line.hops]
        for back in (False, True):
            called = stops[::-1] if back else stops
            offsets = line.offsets_min(back=back)
            for hour in range(FIRST_HOUR, LAST_HOUR + 1):
                for minute in line.starts_min(back=back):
                    start = 60 * hour + minute
                    trip = f"{line.line_id}-{'back' if back else 'there'}-{start:04d}"
                    trips.append([line.line_id, "daily", trip, called[-1], int(back)])
                    times += [
                        [trip, _clock(start + arrival), _clock(start + departure), stop_id(stop), i]
                        for i, ((arrival, departure), stop) in enumerate(
                            zip(offsets, called, strict=True), start=1
                        )
                    ]
    return trips, times


def _clock(minutes: int) -> str:
    return f"{minutes // 60:02d}:{minutes % 60:02d}:00"


def _table(header: str, rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()
