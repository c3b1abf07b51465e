"""Edits of the timetable, from tables of an edit file."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable

from halfcircle.gtfs import MODES
from halfcircle.gtfs.edits_types import (
    WEEK,
    AddLine,
    AddStop,
    CloseStation,
    DemandResponsive,
    Extend,
    RemoveService,
    Reroute,
    Retime,
    SetHeadway,
    SetTransfer,
    SkipStop,
    SpeedUp,
    Station,
    TransitEdit,
)
from halfcircle.study.settings.edit_file_values import periods, seconds, span_s, station, stations
from halfcircle.study.settings.toml_table import Table

__all__ = ["TRANSIT"]

NOWHERE = Station("")


def _hops(table: Table, key: str = "hops_min", *, required: bool = False) -> tuple[int, ...]:
    """Running times in minutes, in their order, as seconds."""
    value = table.raw(key, required=required)
    if value is None:
        return ()
    if not isinstance(value, list) or not value:
        table.fault(key, "must be a list of minutes, one per hop", value)
        return ()
    for minutes in value:
        if not table.check_number(key, minutes, low=0.0, high=1440.0, above=0.0):
            return ()
    return tuple(round(60.0 * float(minutes)) for minutes in value)


def _dwells(table: Table, default: int) -> tuple[int, ...]:
    value = table.raw("dwell_s")
    if value is None:
        return (default,)
    values = value if isinstance(value, list) else [value]
    for number in values:
        if not table.check_number("dwell_s", number, low=0.0, high=7200.0, above=-1.0):
            return (default,)
    return tuple(round(float(number)) for number in values) or (default,)


def _dates(table: Table) -> tuple[dt.date, dt.date] | None:
    value = table.raw("dates")
    if value is None:
        return None
    found: list[dt.date] = []
    for item in value if isinstance(value, list) else []:
        if isinstance(item, dt.date):
            found.append(item.date() if isinstance(item, dt.datetime) else item)
            continue
        try:
            found.append(dt.date.fromisoformat(str(item)))
        except ValueError:
            break
    if len(found) != 2 or found[1] < found[0]:
        table.fault("dates", "must be the first and the last day, [2030-01-01, 2030-12-31]", value)
        return None
    return found[0], found[1]


def _add_line(table: Table, label: str, where: str) -> AddLine:
    headways, clock_face = periods(table)
    given = [key for key in ("hops_min", "total_min", "speed_kmh") if table.has(key)]
    if len(given) != 1:
        table.fault(given[0] if given else "hops_min",
                    "give running times once: hops_min, total_min or speed_kmh")  # fmt: skip
    days = table.texts("days", WEEK)
    if days == ("weekdays",):
        days = WEEK[:5]
    for day in days:
        if day not in WEEK:
            table.fault("days", "must be names of days, or 'weekdays'", day)
    line = AddLine(
        label=label,
        where=where,
        stops=stations(table, "stops", least=2),
        hops_s=_hops(table),
        total_s=seconds(table, "total_min", above=0.0, high=1440.0),
        kmh=table.number("speed_kmh", above=0.0, high=1000.0),
        acceleration_m_s2=table.number("acceleration_m_s2", 0.5, above=0.0, high=3.0) or 0.5,
        detour=table.number("detour", 1.1, low=1.0, high=5.0) or 1.1,
        dwell_s=_dwells(table, 60),
        headways=headways,
        clock_face=clock_face,
        both_ways=table.flag("both_ways", True),
        mode=table.text("mode", "rail", choices=tuple(MODES)) or "rail",
        feed=table.text("feed"),
        through=table.texts("through"),
        replaces=table.texts("replaces"),
        days=days,
        dates=_dates(table),
        circular=table.flag("circular", False),
        max_kmh=table.number("max_kmh", above=0.0, high=1000.0),
    )
    if line.through and headways:
        table.fault("through", "needs minutes of the clock: headways cannot run through")
    return line


def _retime(table: Table, label: str, where: str) -> Retime:
    hops = []
    for row in table.tables("hops"):
        start, end = station(row, "from"), station(row, "to")
        run = seconds(row, "minutes", required=True, above=0.0, high=1440.0)
        row.finish()
        if start is not None and end is not None and run is not None:
            hops.append((start, end, run))
    if not table.has("hops"):
        table.fault(
            "hops", "is required", remedy='hops = [ { from = "A", to = "B", minutes = 9 } ]'
        )
    return Retime(
        label=label,
        where=where,
        line=table.text("line", required=True) or "",
        hops=tuple(hops),
        both_ways=table.flag("both_ways", True),
        keep_at=station(table, "keep_at", required=False),
    )


def _part(table: Table, key: str = "part", *, required: bool) -> tuple[Station, Station] | None:
    ends = stations(table, key, least=2, most=2, required=required)
    return (ends[0], ends[1]) if len(ends) == 2 else None


def _speed_up(table: Table, label: str, where: str) -> SpeedUp:
    factor = table.number("factor", above=0.0, high=10.0)
    less = seconds(table, "less_min", low=-1440.0, high=1440.0)
    if table.has("factor") == table.has("less_min"):
        table.fault("factor", "give either factor (0.9 is ten percent faster) or less_min")
    return SpeedUp(
        label=label,
        where=where,
        line=table.text("line", required=True) or "",
        factor=factor,
        less_s=less,
        part=_part(table, required=False),
        both_ways=table.flag("both_ways", True),
    )


def _set_headway(table: Table, label: str, where: str) -> SetHeadway:
    headways, clock_face = periods(table)
    return SetHeadway(
        label=label,
        where=where,
        line=table.text("line", required=True) or "",
        headways=headways,
        clock_face=clock_face,
        keep=table.flag("keep", False),
    )


def _extend(table: Table, label: str, where: str) -> Extend:
    return Extend(
        label=label,
        where=where,
        line=table.text("line", required=True) or "",
        at=station(table, "at") or NOWHERE,
        stops=stations(table, "stops", least=1),
        hops_s=_hops(table, required=True),
        dwell_s=_dwells(table, 60)[0],
        both_ways=table.flag("both_ways", True),
    )


def _add_stop(table: Table, label: str, where: str) -> AddStop:
    return AddStop(
        label=label,
        where=where,
        line=table.text("line", required=True) or "",
        stop=station(table, "stop") or NOWHERE,
        between=_part(table, "between", required=True) or (NOWHERE, NOWHERE),
        dwell_s=_dwells(table, 60)[0],
        lost_s=seconds(table, "lost_min", 1.0, low=0.0, high=60.0) or 0,
    )


def _skip_stop(table: Table, label: str, where: str) -> SkipStop:
    return SkipStop(
        label=label,
        where=where,
        line=table.text("line", required=True) or "",
        stop=station(table, "stop") or NOWHERE,
        saved_s=seconds(table, "saved_min", 0.0, low=0.0, high=60.0) or 0,
    )


def _reroute(table: Table, label: str, where: str) -> Reroute:
    return Reroute(
        label=label,
        where=where,
        line=table.text("line", required=True) or "",
        part=_part(table, required=True) or (NOWHERE, NOWHERE),
        via=stations(table, "via", least=0, required=False),
        hops_s=_hops(table, required=True),
        dwell_s=_dwells(table, 60)[0],
        both_ways=table.flag("both_ways", True),
    )


def _remove(table: Table, label: str, where: str) -> RemoveService:
    lines, trips = table.texts("lines"), table.texts("trips")
    if not lines and not trips:
        table.fault("lines", "give lines or trips that no longer run")
    return RemoveService(
        label=label,
        where=where,
        lines=lines,
        trips=trips,
        part=_part(table, required=False),
        period_s=span_s(table),
    )


def _close_station(table: Table, label: str, where: str) -> CloseStation:
    return CloseStation(
        label=label,
        where=where,
        station=station(table, "station") or NOWHERE,
        saved_s=seconds(table, "saved_min", 0.0, low=0.0, high=60.0) or 0,
    )


def _set_transfer(table: Table, label: str, where: str) -> SetTransfer:
    forbidden = table.flag("forbidden", False)
    if forbidden == table.has("minutes"):
        table.fault("minutes", "give either minutes, or forbidden = true")
    return SetTransfer(
        label=label,
        where=where,
        stations=_part(table, "stations", required=True) or (NOWHERE, NOWHERE),
        seconds=None if forbidden else seconds(table, "minutes", 0.0, low=0.0, high=120.0),
    )


def _demand_responsive(table: Table, label: str, where: str) -> DemandResponsive:
    places = stations(table, "places", least=1)
    span = span_s(table) or (5 * 3600, 24 * 3600)
    return DemandResponsive(
        label=label,
        where=where,
        places=places,
        hub=station(table, "hub") or NOWHERE,
        wait_s=seconds(table, "wait_min", required=True, above=0.0, high=240.0) or 600,
        from_s=span[0],
        to_s=span[1],
        kmh=table.number("speed_kmh", 30.0, above=0.0, high=130.0) or 30.0,
        detour=table.number("detour", 1.4, low=1.0, high=5.0) or 1.4,
        feed=table.text("feed"),
    )


TRANSIT: dict[str, Callable[[Table, str, str], TransitEdit]] = {
    "add_line": _add_line,
    "retime": _retime,
    "speed_up": _speed_up,
    "set_headway": _set_headway,
    "extend": _extend,
    "add_stop": _add_stop,
    "skip_stop": _skip_stop,
    "reroute": _reroute,
    "remove": _remove,
    "close_station": _close_station,
    "set_transfer": _set_transfer,
    "demand_responsive": _demand_responsive,
}
"""Reader per type of edit."""
