"""Feeds of a few lines, written out in the test that uses them."""

from __future__ import annotations

import zipfile
from collections.abc import Mapping
from pathlib import Path

from halfcircle.gtfs import Feed, read_feed

AGENCY = """
    agency_id,agency_name,agency_url,agency_timezone
    X,Example,https://example.org,Europe/Amsterdam
"""
CALENDAR = """
    service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,start_date,end_date
    WD,1,1,1,1,1,0,0,20240101,20241231
"""
# A to E on the equator, 0.01 degrees (1,112 m) apart.
STOPS = """
    stop_id,stop_name,stop_lat,stop_lon
    A,Aldorp,0,5.00
    B,Bedorp,0,5.01
    C,Cedorp,0,5.02
    D,Dedorp,0,5.03
    E,Eedorp,0,5.04
"""
ROUTES = """
    route_id,agency_id,route_short_name,route_type
    R1,X,1,3
    R2,X,2,3
    T1,X,IC,2
"""
TRIPS = """
    route_id,service_id,trip_id
    R1,WD,t1
"""
STOP_TIMES = """
    trip_id,arrival_time,departure_time,stop_id,stop_sequence
    t1,08:00:00,08:00:00,A,1
    t1,08:10:00,08:11:00,B,2
    t1,08:20:00,08:20:00,C,3
"""
TABLES = {
    "agency": AGENCY,
    "calendar": CALENDAR,
    "stops": STOPS,
    "routes": ROUTES,
    "trips": TRIPS,
    "stop_times": STOP_TIMES,
}


def lines(text: str) -> str:
    """A table as it would stand in a file: without indentation and blank lines at the ends."""
    return "\n".join(line.strip() for line in text.strip().splitlines()) + "\n"


def write_tables(folder: Path, tables: Mapping[str, str | None]) -> Path:
    """Write the usual tables with some replaced, added, or (None) left out."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {**TABLES, **tables}.items():
        if text is not None:
            (folder / f"{name}.txt").write_text(lines(text), encoding="utf-8")
    return folder


def small_feed(folder: Path, *, feed_id: str = "x", **tables: str | None) -> Feed:
    """Read a feed of the usual tables with some replaced, added, or (None) left out."""
    return read_feed(write_tables(folder / feed_id, tables), feed_id=feed_id)


def zipped(
    path: Path, tables: Mapping[str, str], *, prefix: str = "", **extra: str | bytes
) -> Path:
    """Write tables, and other members, as a zip file."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in tables.items():
            archive.writestr(f"{prefix}{name}.txt", lines(text))
        for name, data in extra.items():
            archive.writestr(name, data)
    return path
