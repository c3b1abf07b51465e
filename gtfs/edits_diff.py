"""What changes between two timetables, as a planner reads it: lines, trains an hour, times, km."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.gtfs.stop_times import straight_m
from halfcircle.gtfs.timetable import Timetable

__all__ = ["TimetableChanges", "timetable_changes"]

Int32 = npt.NDArray[np.int32]
HOP_KEY = ["route_id", "from_stop", "to_stop"]


@dataclass(frozen=True, eq=False)
class TimetableChanges:
    """Differences between the timetables of a baseline and a scenario.

    Parameters
    ----------
    lines : DataFrame
        Per line: departures from the first stop per hour of the window, trip kilometres (straight
        lines between stops), in both; only lines that differ.
    hops : DataFrame
        Per line, stop and next stop: trips in the window and median running time, in minutes, in
        both; only hops that differ.
    window_hours : float
    """

    lines: pd.DataFrame
    hops: pd.DataFrame
    window_hours: float

    @property
    def trip_km(self) -> tuple[float, float]:
        """Trip kilometres of the lines that differ, in baseline and scenario."""
        return float(self.lines["km_baseline"].sum()), float(self.lines["km_variant"].sum())

    def text(self) -> str:
        """A page of plain text."""
        out = [
            f"Changed lines, departures within a window of {self.window_hours:g} h "
            "(both directions together; trip kilometres are straight lines between stops)",
            "",
        ]
        for row in self.lines.itertuples(index=False):
            out.append(f"{row.line}  [{row.route_id}]: {row.change}")
            out.append(
                f"    trips an hour {row.per_hour_baseline:.2f} -> {row.per_hour_variant:.2f}, "
                f"trip-km {row.km_baseline:,.0f} -> {row.km_variant:,.0f}"
            )
            part = self.hops[self.hops["route_id"] == row.route_id]
            for hop in part.itertuples(index=False):
                times = f"{_minutes(hop.minutes_baseline)} -> {_minutes(hop.minutes_variant)}"
                out.append(
                    f"    {hop.from_name} - {hop.to_name}: {times} min, "
                    f"trips {hop.trips_baseline:.0f} -> {hop.trips_variant:.0f}"
                )
        before, after = self.trip_km
        if len(self.lines):
            out += ["", f"Together: trip-km {before:,.0f} -> {after:,.0f} ({after - before:+,.0f})"]
        else:
            out.append("None.")
        return "\n".join(out) + "\n"


def timetable_changes(
    baseline: Timetable, variant: Timetable, window_s: tuple[int, int]
) -> TimetableChanges:
    """Compare two timetables line by line.

    Parameters
    ----------
    baseline, variant : Timetable
    window_s : pair of int, seconds after ``Timetable.origin_utc_s``
        Trips count whose first departure lies in it.

    Returns
    -------
    TimetableChanges
    """
    hours = (window_s[1] - window_s[0]) / 3600
    one, other = _lines(baseline, window_s, hours), _lines(variant, window_s, hours)
    lines = one.merge(other, on="route_id", how="outer", suffixes=("_baseline", "_variant"))
    lines["line"] = lines["line_variant"].fillna(lines["line_baseline"])
    hops = _hops(baseline, window_s).merge(
        _hops(variant, window_s), on=HOP_KEY, how="outer", suffixes=("_baseline", "_variant")
    )
    for name in ("from_name", "to_name"):
        hops[name] = hops[f"{name}_variant"].fillna(hops[f"{name}_baseline"])
    for name in ("trips_baseline", "trips_variant"):
        hops[name] = hops[name].fillna(0.0)
    differs = (hops["trips_baseline"] != hops["trips_variant"]) | ~(
        (hops["minutes_baseline"] == hops["minutes_variant"])
        | (hops["minutes_baseline"].isna() & hops["minutes_variant"].isna())
    )
    hops = hops[differs]
    numbers = ["per_hour_baseline", "per_hour_variant", "km_baseline", "km_variant"]
    new, gone = lines["line_baseline"].isna(), lines["line_variant"].isna()
    lines["change"] = np.where(new, "new", np.where(gone, "gone", "changed"))
    lines[numbers] = lines[numbers].fillna(0.0)
    changed = lines["route_id"].isin(set(hops["route_id"])) | new | gone
    changed |= lines["per_hour_baseline"] != lines["per_hour_variant"]
    lines = lines[changed & ((lines[numbers].sum(axis=1) > 0) | ~(new | gone))]
    hop_columns = [*HOP_KEY, "from_name", "to_name", "trips_baseline", "trips_variant"]
    return TimetableChanges(
        lines[["route_id", "line", "change", *numbers]]
        .sort_values("route_id")
        .reset_index(drop=True),
        hops[[*hop_columns, "minutes_baseline", "minutes_variant"]].reset_index(drop=True),
        hours,
    )


def _minutes(value: Any) -> str:
    return "-" if value != value else f"{value:.1f}"


def _patterns(
    table: Timetable, window_s: tuple[int, int]
) -> Iterator[
    tuple[
        npt.NDArray[np.int32], npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]
    ]
]:
    """Stops, routes of the trips in the window, and their arrivals and departures."""
    for p in range(table.n_patterns):
        part = slice(int(table.pattern_ptr[p]), int(table.pattern_ptr[p + 1]))
        trips = slice(int(table.trip_ptr[p]), int(table.trip_ptr[p + 1]))
        shape = (trips.stop - trips.start, part.stop - part.start)
        events = slice(int(table.event_ptr[p]), int(table.event_ptr[p]) + shape[0] * shape[1])
        departure = table.departure_s[events].reshape(shape)
        inside = (departure[:, 0] >= window_s[0]) & (departure[:, 0] < window_s[1])
        if inside.any():
            yield (
                table.pattern_stop[part],
                table.trip_route_idx[trips][inside].astype(np.int64),
                table.arrival_s[events].reshape(shape)[inside],
                departure[inside],
            )


def _lines(table: Timetable, window_s: tuple[int, int], hours: float) -> pd.DataFrame:
    n = len(table.route_id)
    trips, km = np.zeros(n), np.zeros(n)
    stops = table.stops
    for at, route, _, _ in _patterns(table, window_s):
        length = straight_m(
            stops.lon[at[:-1]], stops.lat[at[:-1]], stops.lon[at[1:]], stops.lat[at[1:]]
        ).sum()
        count = np.bincount(route, minlength=n)
        trips += count
        km += count * length / 1000
    runs = trips > 0
    return pd.DataFrame(
        {
            "route_id": table.route_id[runs],
            "line": table.route_name[runs],
            "per_hour": trips[runs] / hours,
            "km": km[runs],
        }
    )


def _hops(table: Timetable, window_s: tuple[int, int]) -> pd.DataFrame:
    frames = []
    stops = table.stops
    for at, route, arrival, departure in _patterns(table, window_s):
        run = (arrival[:, 1:] - departure[:, :-1]) / 60
        n_trips, n_hops = run.shape
        frames.append(
            pd.DataFrame(
                {
                    "route_id": np.repeat(table.route_id[route], n_hops),
                    "from_stop": np.tile(stops.stop_id[at[:-1]], n_trips),
                    "to_stop": np.tile(stops.stop_id[at[1:]], n_trips),
                    "from_name": np.tile(stops.name[at[:-1]], n_trips),
                    "to_name": np.tile(stops.name[at[1:]], n_trips),
                    "minutes": run.ravel(),
                }
            )
        )
    if not frames:
        columns = [*HOP_KEY, "from_name", "to_name", "minutes", "trips"]
        return pd.DataFrame(
            {c: pd.Series(dtype=object if c != "trips" else float) for c in columns}
        )
    grouped = pd.concat(frames, ignore_index=True).groupby(HOP_KEY, sort=True)
    return grouped.agg(
        from_name=("from_name", "first"),
        to_name=("to_name", "first"),
        minutes=("minutes", "median"),
        trips=("minutes", "size"),
    ).reset_index()
