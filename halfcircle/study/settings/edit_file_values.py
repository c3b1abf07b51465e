"""Values that several types of edit share: stations, periods, zones, boxes."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from halfcircle.gtfs.edits_types import ClockFace, Headway, Station
from halfcircle.study.settings.edits import ZoneChoice
from halfcircle.study.settings.toml_table import Table

__all__ = ["box", "periods", "points", "seconds", "span_s", "station", "stations", "zone_choice"]

DAY = ("05:00", "24:00")


def station(table: Table, key: str, *, required: bool = True) -> Station | None:
    """A station: ``"Groningen"``, ``"feed:stop_id"`` or ``{ name, lon, lat }``."""
    value = table.raw(key, required=required)
    return None if value is None else _station(table, key, value)


def stations(
    table: Table, key: str, *, least: int, most: int | None = None, required: bool = True
) -> tuple[Station, ...]:
    """A list of stations."""
    value = table.raw(key, required=required)
    if value is None:
        return ()
    if not isinstance(value, list) or len(value) < least or (most and len(value) > most):
        count = f"{least}" if most == least else f"{least} or more"
        table.fault(key, f"must be a list of {count} stations", value)
        return ()
    found = [_station(table, key, item) for item in value]
    return tuple(s for s in found if s is not None)


def _station(table: Table, key: str, value: Any) -> Station | None:
    if isinstance(value, str) and value.strip():
        return Station(value.strip())
    if isinstance(value, dict) and set(value) == {"name", "lon", "lat"}:
        name, lon, lat = value["name"], value["lon"], value["lat"]
        numbers = all(isinstance(v, int | float) and not isinstance(v, bool) for v in (lon, lat))
        if isinstance(name, str) and name.strip() and numbers:
            if abs(lon) <= 180 and abs(lat) <= 90:
                return Station(name.strip(), float(lon), float(lat))
            table.fault(key, "is not in degrees of longitude and latitude", value)
            return None
    table.fault(key, "must be a name, or { name = …, lon = …, lat = … } for a new station", value)
    return None


def seconds(
    table: Table, key: str, default: float | None = None, *, required: bool = False, **bounds: float
) -> int | None:
    """Minutes of the file as whole seconds."""
    value = table.number(key, default, required=required, **bounds)
    return None if value is None else round(60.0 * value)


def span_s(
    table: Table, start: str = "from", end: str = "to", *, required: bool = False
) -> tuple[int, int] | None:
    """Two times of the day; None where both are absent and not required."""
    low, high = table.raw(start, required=required), table.raw(end, required=required)
    if low is None and high is None:
        return None
    low_s, high_s = (
        table.clock_s(start, low if low is not None else DAY[0]),
        table.clock_s(end, high if high is not None else DAY[1]),
    )
    if low_s is None or high_s is None:
        return None
    if high_s <= low_s:
        table.fault(end, "is not after the beginning of the period", f"{low} - {high}")
        return None
    return low_s, high_s


def periods(
    table: Table, *, required: bool = True
) -> tuple[tuple[Headway, ...], tuple[ClockFace, ...]]:
    """Departures: ``every_min``, ``per_hour``, ``headways``, or ``minutes`` of the clock."""
    span = span_s(table) or (5 * 3600, 24 * 3600)
    kinds = ("every_min", "per_hour", "headways", "minutes")
    given = [kind for kind in kinds if table.has(kind)]
    table.asked.update(("every_min", "per_hour", "headways", "minutes", "back_minutes"))
    if len(given) != 1:
        if required or given:
            what = "give the departures once: every_min, per_hour, headways or minutes"
            table.fault(given[0] if given else "every_min", what)
        return (), ()
    if table.has("headways"):
        rows = []
        for row in table.tables("headways"):
            part = span_s(row, required=True)
            every = seconds(row, "every_min", required=True, above=0.0, high=1440.0)
            row.finish()
            if part is not None and every is not None:
                rows.append(Headway(*part, max(1, every)))
        rows.sort(key=lambda h: h.from_s)
        for one, other in pairwise(rows):
            if other.from_s < one.to_s:
                table.fault("headways", "periods overlap")
        return tuple(rows), ()
    if table.has("minutes"):
        minutes = table.numbers("minutes", (), low=0.0, high=59.99)
        back = table.numbers("back_minutes", (), low=0.0, high=59.99)
        return (), (ClockFace(minutes, *span, back),) if minutes else ()
    if table.has("every_min"):
        every = seconds(table, "every_min", above=0.0, high=1440.0)
    else:
        per_hour = table.number("per_hour", above=0.0, high=120.0)
        every = None if per_hour is None else round(3600.0 / per_hour)
    return ((Headway(*span, max(1, every)),) if every is not None else ()), ()


def zone_choice(table: Table, key: str, *, required: bool) -> ZoneChoice:
    """Zones: a list of ids or names, or ``{ near_stations = [...], within_m = 1000 }``."""
    value = table.values.get(key)
    if isinstance(value, dict):
        inner = table.table(key)
        choice = ZoneChoice(
            stations=inner.texts("near_stations"),
            within_m=inner.number("within_m", 1000.0, above=0.0) or 1000.0,
        )
        inner.finish()
        if not choice.stations:
            table.fault(key, "must be a list of zones, or { near_stations = [...] }")
        return choice
    if value is None and required:
        table.raw(key, required=True)
        return ZoneChoice()
    return ZoneChoice(zones=table.texts(key))


def points(
    table: Table, key: str, *, least: int, required: bool
) -> tuple[tuple[float, float], ...]:
    """Positions ``[[lon, lat], ...]``."""
    value = table.raw(key, required=required)
    if value is None:
        return ()
    fine = isinstance(value, list) and len(value) >= least
    fine = fine and all(isinstance(p, list) and len(p) == 2 for p in value)
    if not fine or not all(
        isinstance(v, int | float) and not isinstance(v, bool) for p in value for v in p
    ):
        table.fault(key, f"must be {least} or more positions [lon, lat]", value)
        return ()
    return tuple((float(x), float(y)) for x, y in value)


def box(table: Table, key: str) -> tuple[float, float, float, float] | None:
    """``[west, south, east, north]`` in degrees."""
    value = table.raw(key)
    if value is None:
        return None
    if (
        not isinstance(value, list)
        or len(value) != 4
        or not all(isinstance(v, int | float) and not isinstance(v, bool) for v in value)
        or not (value[0] < value[2] and value[1] < value[3])
    ):
        table.fault(key, "must be [west, south, east, north] in degrees", value)
        return None
    west, south, east, north = (float(v) for v in value)
    return west, south, east, north
