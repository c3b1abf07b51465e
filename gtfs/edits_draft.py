"""Feeds as they are being edited: trips by id, calls in seconds, and the way back to tables.

A draft holds only what differs from its feed; the feed itself is never changed. `FeedDraft.feed`
gives back the same feed where nothing was changed.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.gtfs.calendar import service_days
from halfcircle.gtfs.checks import parse_time_s
from halfcircle.gtfs.edits_rows import appended, clock_text
from halfcircle.gtfs.feed import Feed, feed_from_tables
from halfcircle.gtfs.route_types import basic_route_type, trip_route_type
from halfcircle.gtfs.stop_times import interpolated
from halfcircle.gtfs.table import Table

__all__ = ["Call", "Calls", "FeedDraft", "StopRow"]


class Call(NamedTuple):
    """A stop of a trip; seconds on the clock of its service day."""

    stop_id: str
    arrival_s: int
    departure_s: int
    pickup: int = 0
    drop_off: int = 0


Calls = tuple[Call, ...]


class StopRow(NamedTuple):
    """What is known of a stop; `station` is its parent, or itself."""

    name: str
    station: str
    lon: float
    lat: float


@dataclass
class FeedDraft:
    """One feed with its changes.

    Parameters
    ----------
    source : Feed
        As it was read.
    """

    source: Feed
    removed: set[str] = field(default_factory=set)
    changed: dict[str, Calls] = field(default_factory=dict)
    added_trips: dict[str, dict[str, str]] = field(default_factory=dict)
    new_rows: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    frequencies: dict[str, list[tuple[int, int, int, int]]] = field(default_factory=dict)
    closed_pairs: set[tuple[str, str]] = field(default_factory=set)

    # What is there ----------------------------------------------------------------------------

    @cached_property
    def row_of(self) -> dict[str, int]:
        """Row of trips.txt of each trip of the source."""
        return {str(t): i for i, t in enumerate(self.source["trips"].texts("trip_id"))}

    @cached_property
    def stops(self) -> dict[str, StopRow]:
        """Stops by id, with new ones."""
        table = self.source["stops"]
        rows = zip(
            table.texts("stop_id"),
            table.texts("stop_name"),
            table.texts("parent_station"),
            self.source.lon.tolist(),
            self.source.lat.tolist(),
            strict=True,
        )
        return {str(i): StopRow(str(n), str(p or i), lon, lat) for i, n, p, lon, lat in rows}

    @cached_property
    def stop_row(self) -> dict[str, int]:
        """Row of stops.txt of each stop of the source."""
        return {str(stop): i for i, stop in enumerate(self.source["stops"].texts("stop_id"))}

    @cached_property
    def members(self) -> dict[str, set[str]]:
        """Stops of each station, itself included."""
        found: dict[str, set[str]] = {}
        for stop_id, row in self.stops.items():
            found.setdefault(row.station, set()).add(stop_id)
            if row.station != stop_id and row.station in self.stops:
                found[row.station].add(row.station)
        return found

    @cached_property
    def routes(self) -> dict[str, tuple[str, str, int]]:
        """Short name, long name and basic type of each route, with new ones."""
        table = self.source["routes"]
        kinds = table.whole("route_type", blank=1700)
        return {
            str(route): (str(short), str(long), basic_route_type(int(kind)))
            for route, short, long, kind in zip(
                table.texts("route_id"),
                table.texts("route_short_name"),
                table.texts("route_long_name"),
                kinds,
                strict=True,
            )
        }

    @cached_property
    def _trips_of_route(self) -> dict[str, list[str]]:
        trips = self.source["trips"]
        ids, column = trips.texts("trip_id"), trips.column("route_id")
        order = np.argsort(column.codes, kind="stable")
        bounds = np.searchsorted(column.codes[order], np.arange(len(column.values) + 1))
        return {
            str(route): ids[order[bounds[i] : bounds[i + 1]]].tolist()
            for i, route in enumerate(column.values)
        }

    @cached_property
    def _headway_rows(self) -> dict[str, list[tuple[int, int, int, int]]]:
        if "frequencies" not in self.source:
            return {}
        table = self.source["frequencies"]
        found: dict[str, list[tuple[int, int, int, int]]] = {}
        for trip, start, end, every, exact in zip(
            table.texts("trip_id"),
            table.column("start_time").map(parse_time_s, np.int64).tolist(),
            table.column("end_time").map(parse_time_s, np.int64).tolist(),
            table.whole("headway_secs", blank=0).tolist(),
            table.whole("exact_times", blank=0).tolist(),
            strict=True,
        ):
            found.setdefault(str(trip), []).append((start, end, every, exact))
        return found

    @cached_property
    def calls_by_type(self) -> dict[int, npt.NDArray[np.int64]]:
        """Number of calls per row of stops.txt of the source, by basic route type."""
        times = self.source.stop_times
        kind = np.repeat(trip_route_type(self.source), times.n_calls)
        n = len(self.source["stops"])
        return {
            int(k): np.bincount(times.stop_row[kind == k], minlength=n) for k in np.unique(kind)
        }

    @property
    def span(self) -> tuple[dt.date, dt.date]:
        """First and last day of the feed."""
        days = service_days(self.source)
        return days.first, days.last

    def trips_of(self, route_ids: Iterable[str]) -> list[str]:
        """Trips of routes that still run, sorted by id."""
        wanted = set(route_ids)
        found = [
            trip
            for route in sorted(wanted)
            for trip in self._trips_of_route.get(route, ())
            if trip not in self.removed
        ]
        found += [t for t, row in self.added_trips.items() if row["route_id"] in wanted]
        return sorted(found)

    def trip_ids(self) -> list[str]:
        """All trips that still run."""
        return [t for t in self.row_of if t not in self.removed] + list(self.added_trips)

    def has_trip(self, trip_id: str) -> bool:
        """Whether a trip still runs."""
        return (
            trip_id in self.row_of and trip_id not in self.removed
        ) or trip_id in self.added_trips

    def trip(self, trip_id: str, column: str) -> str:
        """One value of trips.txt."""
        if trip_id in self.added_trips:
            return self.added_trips[trip_id].get(column, "")
        found = self.source["trips"].columns.get(column)
        return "" if found is None else str(found.values[found.codes[self.row_of[trip_id]]])

    def calls(self, trip_id: str) -> Calls:
        """Calls of a trip as they are now, all with times."""
        if trip_id in self.changed:
            return self.changed[trip_id]
        times, row = self.source.stop_times, self.row_of[trip_id]
        part = slice(int(times.ptr[row]), int(times.ptr[row + 1]))
        stop_row = times.stop_row[part]
        arrival, departure = interpolated(
            times.arrival_s[part],
            times.departure_s[part],
            distance=None if times.distance is None else times.distance[part],
            lon=self.source.lon[stop_row],
            lat=self.source.lat[stop_row],
        )
        ids = self._stop_ids[stop_row]
        return tuple(
            Call(str(stop), int(a), int(d), int(p), int(o))
            for stop, a, d, p, o in zip(
                ids, arrival, departure, times.pickup[part], times.drop_off[part], strict=True
            )
        )

    @cached_property
    def _stop_ids(self) -> npt.NDArray[np.object_]:
        return self.source["stops"].texts("stop_id")

    def headways(self, trip_id: str) -> list[tuple[int, int, int, int]]:
        """Rows of frequencies.txt of a trip: start, end, every (seconds), exact_times."""
        if trip_id in self.frequencies:
            return self.frequencies[trip_id]
        return self._headway_rows.get(trip_id, [])

    def trips_calling(self, stop_ids: set[str]) -> list[str]:
        """Trips that still run and call at any of these stops."""
        rows = np.flatnonzero(np.isin(self._stop_ids, list(stop_ids)))
        times = self.source.stop_times
        hits = np.flatnonzero(np.isin(times.stop_row, rows))
        trip_rows = np.unique(np.searchsorted(times.ptr, hits, side="right") - 1)
        ids = self.source["trips"].texts("trip_id")[trip_rows].tolist()
        found = [t for t in ids if t not in self.removed and t not in self.changed]
        found += [
            t
            for t, calls in self.changed.items()
            if t not in self.removed and any(call.stop_id in stop_ids for call in calls)
        ]
        return sorted(found)

    def position(self, stop_id: str) -> tuple[float, float]:
        """Longitude and latitude of a stop."""
        row = self.stops[stop_id]
        return row.lon, row.lat

    # Changes ----------------------------------------------------------------------------------

    @property
    def is_changed(self) -> bool:
        """Whether anything differs from the source."""
        return bool(
            self.removed
            or self.changed
            or self.added_trips
            or any(self.new_rows.values())
            or self.frequencies
            or self.closed_pairs
        )

    def set_calls(self, trip_id: str, calls: Calls) -> bool:
        """Replace the calls of a trip, moving its headways along; False when nothing changes."""
        old = self.calls(trip_id)
        if calls == old:
            return False
        shift = calls[0].departure_s - old[0].departure_s
        rows = self.headways(trip_id)
        if rows and shift:
            self.frequencies[trip_id] = [(a + shift, b + shift, e, x) for a, b, e, x in rows]
        self.changed[trip_id] = calls
        return True

    def remove_trip(self, trip_id: str) -> None:
        """Take a trip out."""
        if trip_id in self.added_trips:
            del self.added_trips[trip_id]
        else:
            self.removed.add(trip_id)
        self.changed.pop(trip_id, None)
        self.frequencies.pop(trip_id, None)

    def add_trip(self, trip_id: str, row: dict[str, str], calls: Calls) -> None:
        """Put a trip in; `row` holds the other columns of trips.txt."""
        self.added_trips[trip_id] = {"trip_id": trip_id, **row}
        self.changed[trip_id] = calls

    def add_row(self, table: str, row: dict[str, str]) -> None:
        """Append a row to a small table."""
        self.new_rows.setdefault(table, []).append(row)

    def add_stop(self, stop_id: str, name: str, lon: float, lat: float) -> None:
        """Put a stop in."""
        self.add_row(
            "stops",
            {
                "stop_id": stop_id,
                "stop_name": name,
                "stop_lat": f"{lat:.7f}",
                "stop_lon": f"{lon:.7f}",
                "location_type": "0",
            },
        )
        self.stops[stop_id] = StopRow(name, stop_id, lon, lat)
        self.members.setdefault(stop_id, set()).add(stop_id)

    # Back to tables ---------------------------------------------------------------------------

    def feed(self) -> Feed:
        """The edited feed, checked again; the source itself where nothing was changed.

        Raises
        ------
        FeedError
            What is left is no feed.
        """
        if not self.is_changed:
            return self.source
        tables = dict(self.source.tables)
        for name, rows in self.new_rows.items():
            if rows:
                tables[name] = appended(self._table(name), pd.DataFrame(rows))
        trips = self.source["trips"]
        gone = np.isin(trips.texts("trip_id"), list(self.removed))
        kept = trips.take(~gone) if gone.any() else trips
        if self.added_trips:
            kept = appended(kept, pd.DataFrame(list(self.added_trips.values())))
        tables["trips"] = kept
        tables["stop_times"] = self._stop_times()
        if self.frequencies or (self.removed and "frequencies" in tables):
            tables["frequencies"] = self._frequencies()
        if self.closed_pairs and "transfers" in tables:
            tables["transfers"] = self._without_pairs(tables["transfers"])
        for name in ("transfers", "frequencies"):
            if name in tables and self.removed:
                tables[name] = self._without_removed(tables[name])
            if name in tables and not len(tables[name]) and name not in self.source:
                del tables[name]
        return feed_from_tables(
            tables, feed_id=self.source.feed_id, source=self.source.source, clock=self.source.clock
        )

    def _table(self, name: str) -> Table:
        if name in self.source:
            return self.source[name]
        return Table.from_frame(name, self.source.frame(name))

    def _stop_times(self) -> Table:
        table = self.source["stop_times"]
        column = table.column("trip_id")
        out = [t for t in (*self.removed, *self.changed) if t in self.row_of]
        dropped = np.isin(column.values, out)[column.codes] if out else np.zeros(len(table), bool)
        kept = table.take(~dropped) if dropped.any() else table
        rows = [
            (trip, call.stop_id, i, call)
            for trip, calls in self.changed.items()
            for i, call in enumerate(calls, start=1)
        ]
        if not rows:
            return kept
        frame = pd.DataFrame(
            {
                "trip_id": [r[0] for r in rows],
                "arrival_time": [clock_text(r[3].arrival_s) for r in rows],
                "departure_time": [clock_text(r[3].departure_s) for r in rows],
                "stop_id": [r[1] for r in rows],
                "stop_sequence": [str(r[2]) for r in rows],
            }
        )
        for name in ("pickup", "drop_off"):
            kinds = [getattr(r[3], name) for r in rows]
            if any(kinds) or f"{name}_type" in table:
                frame[f"{name}_type"] = [str(kind) for kind in kinds]
        return appended(kept, frame)

    def _frequencies(self) -> Table:
        rows = {**self._headway_rows, **self.frequencies}
        columns = ("trip_id", "start_time", "end_time", "headway_secs", "exact_times")
        values = [
            (trip, clock_text(a), clock_text(b), str(every), str(exact))
            for trip in rows
            for a, b, every, exact in rows[trip]
            if trip not in self.removed
        ]
        return Table.from_frame("frequencies", pd.DataFrame(values, columns=list(columns)))

    def _without_pairs(self, table: Table) -> Table:
        """transfers.txt without the general rows between stops for which an edit has a row."""
        n_own = len(table) - len(self.new_rows.get("transfers", ()))
        pairs = zip(table.texts("from_stop_id"), table.texts("to_stop_id"), strict=True)
        decided = np.array([pair in self.closed_pairs for pair in pairs], dtype=bool)
        special = table.whole("transfer_type", blank=0) >= 4
        for name in ("from_trip_id", "to_trip_id", "from_route_id", "to_route_id"):
            special |= table.column(name).map(bool, np.bool_)
        return table.take(~decided | special | (np.arange(len(table)) >= n_own))

    def _without_removed(self, table: Table) -> Table:
        names = [n for n in ("trip_id", "from_trip_id", "to_trip_id") if n in table]
        gone = np.zeros(len(table), dtype=bool)
        for name in names:
            gone |= np.isin(table.texts(name), list(self.removed))
        return table.take(~gone) if gone.any() else table
