"""Edit files: ``[[edits]]`` in TOML, every key checked, all faults at once.

The types and their keys are described in ``docs/scenarios.md``.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

from halfcircle._checks import Faults, nearest
from halfcircle.access.streets import ROAD_CLASSES
from halfcircle.access.streets.edits import AddLink, CloseLink, Congestion, SetSpeed
from halfcircle.errors import Fault, ScenarioError
from halfcircle.regions.border_rules import PRESETS
from halfcircle.study.settings.edit_file_hubs import HUBS
from halfcircle.study.settings.edit_file_transit import TRANSIT
from halfcircle.study.settings.edit_file_values import box, points, seconds, zone_choice
from halfcircle.study.settings.edits import (
    AddOpportunities,
    Behaviour,
    BorderChange,
    Change,
    CloseFacilities,
    Edit,
    MoveOpportunities,
    ScaleOpportunities,
)
from halfcircle.study.settings.penalties import PenaltyConfig
from halfcircle.study.settings.toml_table import Lines, Table

__all__ = ["EDIT_TYPES", "edits_of_tables", "read_edits"]

STREET_MODES = ("walk", "bike", "car")
NOT_THERE = {
    "bike_share": "is called shared_bikes",
}


def read_edits(path: Path) -> tuple[Edit, ...]:
    """Read and check an edit file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    tuple of Edit
        In the order of the file.

    Raises
    ------
    ScenarioError
        Everything that is wrong with the file, at once, each with line, key and what is allowed.
    """
    faults = Faults()
    edits = edits_of_file(path, faults)
    faults.raise_errors(ScenarioError)
    return edits


def edits_of_file(path: Path, faults: Faults) -> tuple[Edit, ...]:
    """Edits of a file; what is wrong goes to `faults`."""
    if not path.is_file():
        faults.add(str(path), "file not found")
        return ()
    try:
        text = path.read_text(encoding="utf-8-sig")
        values = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        faults.items.append(Fault(path.name, f"is no valid TOML ({error})"))
        return ()
    top = Table(
        values, "", folder=path.resolve().parent, faults=faults, lines=Lines(text, path.name)
    )
    tables = top.tables("edits")
    if not tables:
        top.fault("edits", "there is no [[edits]]")
    top.finish()
    return edits_of_tables(tables)


def edits_of_tables(tables: Sequence[Table]) -> tuple[Edit, ...]:
    """Edits of tables that were found in a file; what is wrong goes to their faults."""
    edits: list[Edit] = []
    for number, table in enumerate(tables, start=1):
        edit = _edit(table, number)
        if edit is None:
            continue
        if edit.name in {known.name for known in edits}:
            table.fault("name", "another edit has this name", edit.name)
        edits.append(edit)
    return tuple(edits)


def _edit(table: Table, number: int) -> Edit | None:
    kind = table.raw("type", required=True)
    if not isinstance(kind, str) or kind not in EDIT_TYPES:
        if isinstance(kind, str) and kind in NOT_THERE:
            table.fault("type", NOT_THERE[kind])
        elif kind is not None:
            table.fault("type", "is no type of edit", kind, nearest(str(kind), EDIT_TYPES))
        return None
    label = table.text("name") or f"{kind} {number}"
    date = table.raw("date")
    if date is not None and not isinstance(date, dt.date | str):
        table.fault("date", "must be a date such as 2024-05-14", date)
    source, note = table.text("source", "") or "", table.text("note", "") or ""
    n_before = len(table.faults.errors)
    change = EDIT_TYPES[kind](table, label, table.where(""))
    table.finish()
    if len(table.faults.errors) > n_before:
        return None
    return Edit(change, kind, "" if date is None else str(date), source, note)


def _add_link(table: Table, label: str, where: str) -> AddLink:
    ferry = table.flag("ferry", False)
    classes = tuple(c for c in ROAD_CLASSES if c not in ("ferry", "connector", "elevator"))
    highway = table.text("highway", choices=classes)
    tags: dict[str, str] = {}
    minutes = table.number("minutes", above=0.0, high=600.0)
    if ferry:
        tags["route"] = "ferry"
        if highway is not None:
            table.fault("highway", "a ferry has none")
        if minutes is not None:
            whole = round(60 * minutes)
            tags["duration"] = f"PT{whole // 3600}H{whole // 60 % 60}M{whole % 60}S"
    else:
        tags["highway"] = highway or "tertiary"
        if minutes is not None:
            table.fault("minutes", "is for ferries; give max_kmh")
    kmh = table.number("max_kmh", above=0.0, high=250.0)
    if kmh is not None:
        tags["maxspeed"] = f"{kmh:g}"
    if table.flag("oneway", False):
        tags["oneway"] = "yes"
    if table.flag("bridge", False):
        tags["bridge"] = "yes"
    modes = table.texts("modes")
    for mode in modes:
        if mode not in STREET_MODES:
            table.fault("modes", "is not known", mode, nearest(mode, STREET_MODES))
    names = {"walk": "foot", "bike": "bicycle", "car": "motor_vehicle"}
    if modes:
        tags |= {tag: "yes" if mode in modes else "no" for mode, tag in names.items()}
    elif ferry:
        tags |= dict.fromkeys(names.values(), "yes")
    return AddLink(
        label=label,
        where=where,
        points=points(table, "points", least=2, required=True),
        tags=tags,
        attach_m=table.number("attach_m", 250.0, above=0.0, high=5000.0) or 250.0,
    )


def _way_ids(table: Table) -> tuple[int, ...]:
    value = table.raw("ways")
    if value is None:
        return ()
    if not isinstance(value, list) or not all(type(v) is int for v in value):
        table.fault("ways", "must be a list of OSM way numbers", value)
        return ()
    return tuple(value)


def _close_link(table: Table, label: str, where: str) -> CloseLink:
    ways, near = _way_ids(table), points(table, "near", least=1, required=False)
    if not ways and not near:
        table.fault("ways", "give ways (OSM numbers) or near = [[lon, lat]]")
    return CloseLink(
        label=label, where=where, ways=ways, near=near, modes=table.texts("modes", STREET_MODES)
    )


def _set_speed(table: Table, label: str, where: str) -> SetSpeed:
    ways, near = _way_ids(table), points(table, "near", least=1, required=False)
    classes = table.texts("road_classes")
    if not ways and not near and not classes:
        table.fault("ways", "give ways, near = [[lon, lat]], or road_classes")
    return SetSpeed(
        label=label,
        where=where,
        kmh=table.number("kmh", 50.0, required=True, above=0.0, high=250.0) or 50.0,
        ways=ways,
        near=near,
        road_classes=classes,
        area=box(table, "area"),
    )


def _congestion(table: Table, label: str, where: str) -> Congestion:
    factors = table.number_map("factors", {}, keys=ROAD_CLASSES, above=0.0, high=20.0)
    if not factors:
        table.fault("factors", "is required", remedy="factors = { motorway = 1.3, primary = 1.2 }")
    return Congestion(label=label, where=where, factors=factors, area=box(table, "area"))


def _border(table: Table, label: str, where: str) -> BorderChange:
    rows = []
    for row in table.tables("penalties"):
        minutes = row.number("minutes", 0.0, low=0.0)
        factor = row.number("factor", 1.0, low=0.0, high=1.0)
        rows.append(
            PenaltyConfig(
                row.text("from", required=True) or "",
                row.text("to", required=True) or "",
                minutes or 0.0,
                1.0 if factor is None else factor,
            )
        )
        row.finish()
    preset = table.text("preset", choices=PRESETS)
    factor = table.number("minutes_factor", low=0.0, high=100.0)
    if not rows and preset is None and factor is None:
        table.fault("penalties", "give penalties, preset or minutes_factor")
    return BorderChange(
        label=label,
        where=where,
        preset=preset,
        penalties=tuple(rows),
        minutes_factor=1.0 if factor is None else factor,
    )


def _move(table: Table, label: str, where: str) -> MoveOpportunities:
    if table.has("amount") == table.has("share"):
        table.fault("amount", "give either amount or share")
    return MoveOpportunities(
        label=label,
        where=where,
        opportunity=table.text("opportunity", required=True) or "",
        origin=zone_choice(table, "from", required=True),
        destination=zone_choice(table, "to", required=True),
        amount=table.number("amount", above=0.0),
        share=table.number("share", above=0.0, high=1.0),
        group=table.text("group"),
    )


def _add_opportunities(table: Table, label: str, where: str) -> AddOpportunities:
    return AddOpportunities(
        label=label,
        where=where,
        opportunity=table.text("opportunity", required=True) or "",
        places=zone_choice(table, "zones", required=True),
        amount=table.number("amount", 1.0, required=True, above=0.0) or 1.0,
        group=table.text("group"),
    )


def _scale(table: Table, label: str, where: str) -> ScaleOpportunities:
    factor = table.number("factor", 1.0, required=True, low=0.0, high=1000.0)
    return ScaleOpportunities(
        label=label,
        where=where,
        opportunity=table.text("opportunity", required=True) or "",
        factor=1.0 if factor is None else factor,
        places=zone_choice(table, "zones", required=False),
        group=table.text("group"),
    )


def _close_facilities(table: Table, label: str, where: str) -> CloseFacilities:
    return CloseFacilities(
        label=label,
        where=where,
        opportunity=table.text("opportunity", required=True) or "",
        places=zone_choice(table, "zones", required=True),
        merge_into=zone_choice(table, "merge_into", required=False),
    )


def _telework(table: Table, label: str, where: str) -> Behaviour:
    of = table.number("of_days", 5.0, above=0.0, high=7.0) or 5.0
    days = table.number("days", 1.0, required=True, above=0.0, high=6.9) or 1.0
    if days >= of:
        table.fault("days", f"must be fewer than the {of:g} days of a week's work", days)
        days = 0.0
    return Behaviour(label=label, where=where, time_factor=of / (of - days))


def _behaviour(table: Table, label: str, where: str) -> Behaviour:
    factor = table.number("time_factor", 1.0, above=0.0, high=5.0)
    rides = table.integer("max_rides", 0, low=1, high=16)
    return Behaviour(
        label=label,
        where=where,
        time_factor=factor or 1.0,
        speeds_kmh=table.number_map(
            "speeds_kmh", {}, keys=("walk", "bike", "ebike"), above=0.0, high=60.0
        ),
        access_max_min=table.number_map(
            "access_max_min", {}, keys=("walk", "bike", "ebike", "car"), above=0.0, high=120.0
        ),
        decay=table.text("decay"),
        max_rides=rides or None,
        board_slack_s=seconds(table, "board_slack_min", low=0.0, high=60.0),
        transfer_max_min=table.number("transfer_max_min", low=0.0, high=60.0),
    )


EDIT_TYPES: dict[str, Callable[[Table, str, str], Change]] = {
    **TRANSIT,
    **HUBS,
    "add_link": _add_link,
    "close_link": _close_link,
    "set_speed": _set_speed,
    "congestion": _congestion,
    "border": _border,
    "move_opportunities": _move,
    "add_opportunities": _add_opportunities,
    "scale_opportunities": _scale,
    "close_facilities": _close_facilities,
    "telework": _telework,
    "behaviour": _behaviour,
}
"""Reader per type of edit."""
