"""The lines of the twin towns, written as two GTFS feeds: one per country.

Every line keeps one headway from its first to its last departure, both ways, so that the next
departure from any stop is a matter of counting (`Line.departures_s`). The feed of the Dutch side
uses calendar.txt with exceptions, frequencies.txt with exact times, a parent station and
transfers.txt; the German one uses calendar_dates.txt alone. Stops that a bus passes without a
published time are left empty, as in real feeds.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from halfcircle.demo.layout import GEOMETRY, Geometry, Point, place_at, to_lonlat

__all__ = ["FEEDS", "LINES", "Feed", "Line", "stop_id", "write_feed"]

YEAR = 2026
_RAIL, _BUS = 2, 3
HOUR_S = 3600


@dataclass(frozen=True)
class Line:
    """One line, run in both directions.

    Attributes
    ----------
    feed : str
        Key of `FEEDS`.
    route_id, name : str
    route_type : int
        GTFS: 2 rail, 3 bus.
    stops_m : tuple of points
        Stops in the frame, in the direction "there".
    hops_s : tuple of int, shape (n_stops - 1,)
        Running times between stops, the same both ways.
    dwell_s : int
        Stop time at intermediate stops.
    headway_s : int
        On working days; twice as long at weekends.
    first_s : tuple of int
        First departure from the first stop there, and from the last stop back, seconds of the day.
    last_s : int
        No departure from a terminus is later.
    timed : tuple of int
        Positions with published times; all where empty.
    by_frequency : bool
        Written to frequencies.txt (exact times) instead of trip by trip.
    """

    feed: str
    route_id: str
    name: str
    route_type: int
    stops_m: tuple[Point, ...]
    hops_s: tuple[int, ...]
    dwell_s: int
    headway_s: int
    first_s: tuple[int, int]
    last_s: int = 24 * HOUR_S
    timed: tuple[int, ...] = ()
    by_frequency: bool = False

    def stops(self, back: bool) -> tuple[Point, ...]:
        """Stops in the order of a direction."""
        return self.stops_m[::-1] if back else self.stops_m

    def offsets_s(self, back: bool) -> list[tuple[int, int]]:
        """Arrival and departure at each stop, seconds after the departure from the first."""
        hops = self.hops_s[::-1] if back else self.hops_s
        times, clock = [(0, 0)], 0
        for number, hop in enumerate(hops, start=1):
            clock += hop
            leave = clock + (self.dwell_s if number < len(hops) else 0)
            times.append((clock, leave))
            clock = leave
        return times

    def starts_s(self, back: bool, *, weekend: bool = False) -> range:
        """Departures from the first stop of a direction, seconds of the day."""
        headway = self.headway_s * (2 if weekend else 1)
        return range(self.first_s[back], self.last_s + 1, headway)

    def departures_s(self, at_m: Point, back: bool) -> list[int]:
        """Departures from a stop on a working day, seconds of the day."""
        position = self.stops(back).index(at_m)
        return [start + self.offsets_s(back)[position][1] for start in self.starts_s(back)]

    def ride_s(self, from_m: Point, to_m: Point) -> int:
        """Time from leaving one stop to arriving at another."""
        back = self.stops_m.index(from_m) > self.stops_m.index(to_m)
        stops, offsets = self.stops(back), self.offsets_s(back)
        return offsets[stops.index(to_m)][0] - offsets[stops.index(from_m)][1]


@dataclass(frozen=True)
class Feed:
    """What a feed says about its agency, and how it says when trips run."""

    agency_id: str
    agency_name: str
    time_zone: str
    language: str
    prefix: str
    calendar: bool
    holidays: tuple[dt.date, ...]


FEEDS: dict[str, Feed] = {
    "nl": Feed(
        *("HL", "Halelijn", "Europe/Amsterdam", "nl", "nl"),
        calendar=True,
        holidays=(dt.date(YEAR, 4, 27), dt.date(YEAR, 5, 14), dt.date(YEAR, 5, 25)),
    ),
    "de": Feed(
        *("VHE", "Verkehrsverbund Hale-Esche", "Europe/Berlin", "de", "de"),
        calendar=False,
        holidays=(dt.date(YEAR, 5, 1), dt.date(YEAR, 5, 14), dt.date(YEAR, 5, 25)),
    ),
}


def _hops_s(stops: Sequence[Point], kmh: int) -> tuple[int, ...]:
    """Running times along the streets at `kmh`, whole seconds."""
    return tuple(
        round((abs(x2 - x1) + abs(y2 - y1)) * 3.6 / kmh) for (x1, y1), (x2, y2) in pairwise(stops)
    )


def _lines(g: Geometry) -> tuple[Line, ...]:
    rail = tuple((x, g.station_y_m) for x in g.stations_x_m)
    station, hbf = rail[1], rail[4]
    early = 5 * HOUR_S
    bus = early + 1800

    def row(x_m: range) -> tuple[Point, ...]:
        return tuple((x, g.station_y_m) for x in x_m)

    def column(x_m: int, y_m: range) -> tuple[Point, ...]:
        return tuple((x_m, y) for y in y_m)

    def town(feed: str, number: str, stops: tuple[Point, ...], headway_s: int) -> Line:
        hops, first = _hops_s(stops, g.bus_kmh), (bus + 20, bus + 260)
        ends = f"{number}: {'stadsbus' if feed == 'nl' else 'Stadtbus'}"
        return Line(
            *(feed, number, ends, _BUS, stops, hops, 0, headway_s, first),
            by_frequency=number == "2",
        )

    def country(feed: str, number: str, stops: tuple[Point, ...], timed: tuple[int, ...]) -> Line:
        hops, first = _hops_s(stops, g.country_bus_kmh), (bus + 940, bus + 1540)
        name = f"{number}: {'buurtbus' if feed == 'nl' else 'Regionalbus'}"
        return Line(feed, number, name, _BUS, stops, hops, 0, HOUR_S, first, timed=timed)

    to_heienbroek = (station, (-6000, -3000), (-6000, -4000), (-5000, -4000))
    to_coevelde = (*to_heienbroek, (-3000, -4000), (-3000, -2000), rail[2])
    to_sint_jansveld = (station, (-6000, 1000), (-6000, 3000), (-3000, 3000), (-3000, 4000))
    to_eschlage = (hbf, (6000, 1000), (6000, 3000), (4000, 3000), (4000, 4000))
    return (
        Line(
            *("nl", "RE5", "RE 5 Ruimelo – Düsterlohe", _RAIL, rail),
            *(_hops_s(rail, g.train_kmh), 60, 1800, (early, early + 240)),
        ),
        town("nl", "1", row(range(-8500, -4499, 500)), 900),
        town("nl", "2", column(-6000, range(-1500, 2501, 500)), 900),
        country("nl", "31", to_coevelde, (0, 3, 6)),
        country("nl", "32", to_sint_jansveld, (0, 2, 4)),
        town("de", "61", row(range(4500, 8501, 500)), 1200),
        town("de", "62", column(6000, range(-2500, 1501, 500)), 1200),
        country("de", "63", to_eschlage, (0, 1, 2, 3, 4)),
        Line(
            *("de", "RB62", "RB 62 Eschenfurth – Mühlenrade", _RAIL, (hbf, (9000, -4000))),
            *((270,), 0, HOUR_S, (early + 1200, early + 1800)),
        ),
    )


LINES = _lines(GEOMETRY)


def stop_id(line: Line, at_m: Point) -> str:
    """Identifier of a stop: trains and buses stop at different stops of one place."""
    kind = "t" if line.route_type == _RAIL else "b"
    return f"{FEEDS[line.feed].prefix}:{kind}:{at_m[0]}:{at_m[1]}"


def _stop_name(line: Line, at_m: Point) -> str:
    x, y = at_m
    place = place_at(x + 1, y + 1)
    nl = line.feed == "nl"
    if place is None:
        return f"{'Veldweg' if nl else 'Feldweg'} {abs(x) // 1000}-{abs(y) // 1000}"
    if line.route_type == _RAIL:
        ending = (" Hbf" if place.country == "DE" else " Centraal") if place.is_town else ""
        return place.name + ending
    if y == GEOMETRY.station_y_m and x in GEOMETRY.stations_x_m:
        return f"{place.name}, {'Station' if nl else 'Bahnhof'}"
    street = abs(x) // 250 + abs(y) // 250
    return f"{place.name}, {'Laan' if nl else 'Ring'} {street}"


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def _table(header: str, rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(header.split(","))
    writer.writerows(rows)
    return text.getvalue()


def _stops(lines: Sequence[Line]) -> tuple[str, str]:
    """stops.txt and transfers.txt; the station of Lindeveen has a parent and a walk inside."""
    station = (GEOMETRY.stations_x_m[1], GEOMETRY.station_y_m)
    found: dict[str, tuple[str, Point, bool]] = {}
    for line in lines:
        for at in line.stops_m:
            child = line.feed == "nl" and at == station
            found.setdefault(stop_id(line, at), (_stop_name(line, at), at, child))
    rows: list[list[object]] = []
    if lines[0].feed == "nl":
        found = {"nl:station": ("Lindeveen Centraal", station, False), **found}
    for identifier, (name, at, child) in found.items():
        lon, lat = to_lonlat(*at)
        location_type = 1 if identifier == "nl:station" else 0
        parent = "nl:station" if child else ""
        rows.append([identifier, name, f"{lat:.7f}", f"{lon:.7f}", location_type, parent])
    inside = [identifier for identifier, (_, _, child) in found.items() if child]
    pairs = [[a, b, 2, 120] for a in inside for b in inside if a != b]
    transfers = _table("from_stop_id,to_stop_id,transfer_type,min_transfer_time", pairs)
    return _table("stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station", rows), (
        transfers if pairs else ""
    )


def _trips(
    lines: Sequence[Line],
) -> tuple[list[list[object]], list[list[object]], list[list[object]]]:
    """Rows of trips.txt, stop_times.txt and frequencies.txt."""
    trips: list[list[object]] = []
    times: list[list[object]] = []
    frequencies: list[list[object]] = []
    for line in lines:
        for service, weekend in (("work", False), ("rest", True)):
            for back in (False, True):
                stops, offsets = line.stops(back), line.offsets_s(back)
                starts = line.starts_s(back, weekend=weekend)
                last = len(stops) - 1
                timed = {last - i if back else i for i in line.timed} or set(range(last + 1))
                for number, start in enumerate(starts[:1] if line.by_frequency else starts):
                    trip = f"{line.route_id}-{service}-{'back' if back else 'there'}-{number:03d}"
                    head = _stop_name(line, stops[-1])
                    trips.append([line.route_id, service, trip, head, int(back)])
                    for i, (arrive, leave) in enumerate(offsets):
                        shown = i in timed
                        arrival = _clock(start + arrive) if shown else ""
                        departure = _clock(start + leave) if shown else ""
                        row = [trip, arrival, departure, stop_id(line, stops[i]), i + 1, int(shown)]
                        times.append(row)
                    if line.by_frequency:
                        end = _clock(starts[-1] + starts.step)
                        frequencies.append([trip, _clock(start), end, starts.step, 1])
    return trips, times, frequencies


def _calendars(feed: Feed) -> dict[str, str]:
    """calendar.txt with exceptions, or calendar_dates.txt alone."""
    day, days = dt.date(YEAR, 1, 1), []
    while day.year == YEAR:
        days.append(day)
        day += dt.timedelta(days=1)
    dates_header = "service_id,date,exception_type"
    if feed.calendar:
        week = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
        span = [f"{days[0]:%Y%m%d}", f"{days[-1]:%Y%m%d}"]
        rows = [["work", 1, 1, 1, 1, 1, 0, 0, *span], ["rest", 0, 0, 0, 0, 0, 1, 1, *span]]
        exceptions = [
            [service, f"{holiday:%Y%m%d}", kind]
            for holiday in feed.holidays
            for service, kind in (("work", 2), ("rest", 1))
        ]
        return {
            "calendar.txt": _table(f"service_id,{week},start_date,end_date", rows),
            "calendar_dates.txt": _table(dates_header, exceptions),
        }
    resting = [d.weekday() >= 5 or d in feed.holidays for d in days]
    dates = [
        ["rest" if rest else "work", f"{d:%Y%m%d}", 1]
        for d, rest in zip(days, resting, strict=True)
    ]
    return {"calendar_dates.txt": _table(dates_header, dates)}


def write_feed(path: Path, feed_key: str) -> None:
    """Write one feed as a GTFS zip, the same bytes every time.

    Parameters
    ----------
    path : Path
        ``.zip`` file; replaced if it is there.
    feed_key : str
        Key of `FEEDS`.
    """
    feed = FEEDS[feed_key]
    lines = [line for line in LINES if line.feed == feed_key]
    stops, transfers = _stops(lines)
    trips, times, frequencies = _trips(lines)
    files = {
        "agency.txt": _table(
            "agency_id,agency_name,agency_url,agency_timezone,agency_lang",
            [
                [
                    feed.agency_id,
                    feed.agency_name,
                    "https://example.org/",
                    feed.time_zone,
                    feed.language,
                ]
            ],
        ),
        "stops.txt": stops,
        "routes.txt": _table(
            "route_id,agency_id,route_short_name,route_long_name,route_type",
            [[n.route_id, feed.agency_id, n.route_id, n.name, n.route_type] for n in lines],
        ),
        "trips.txt": _table("route_id,service_id,trip_id,trip_headsign,direction_id", trips),
        "stop_times.txt": _table(
            "trip_id,arrival_time,departure_time,stop_id,stop_sequence,timepoint", times
        ),
        **_calendars(feed),
        "feed_info.txt": _table(
            "feed_publisher_name,feed_publisher_url,feed_lang,feed_start_date,feed_end_date",
            [
                [
                    "halfcircle demo",
                    "https://example.org/",
                    feed.language,
                    f"{YEAR}0101",
                    f"{YEAR}1231",
                ]
            ],
        ),
    }
    if transfers:
        files["transfers.txt"] = transfers
    if frequencies:
        files["frequencies.txt"] = _table(
            "trip_id,start_time,end_time,headway_secs,exact_times", frequencies
        )
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            # A fixed date and system: the archive must not tell when or where it was written.
            entry = zipfile.ZipInfo(name, date_time=(YEAR, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = 3
            archive.writestr(entry, text.encode("utf-8"))
