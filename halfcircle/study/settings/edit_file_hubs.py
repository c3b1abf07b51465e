"""Edits of parking places and shared bicycles, as an edit file writes them."""

from __future__ import annotations

from collections.abc import Callable

from halfcircle.study.settings.hub_edits import ChangedHub, HubEdit, NewHub
from halfcircle.study.settings.toml_table import Table

__all__ = ["HUBS"]

SPACES = 1e6


def _park_and_ride(table: Table, label: str, where: str) -> HubEdit:
    edit = HubEdit(
        label=label,
        where=where,
        kind="park_and_ride",
        add=_added(table, "parking_min"),
        remove=table.texts("remove"),
        change=_changes(table, "parking_min"),
        minutes=table.number("parking_min", low=0.0, high=60.0),
    )
    _something(table, edit, "add, remove, change or parking_min")
    return edit


def _shared_bikes(table: Table, label: str, where: str) -> HubEdit:
    edit = HubEdit(
        label=label,
        where=where,
        kind="shared_bikes",
        add=_added(table, "rental_min"),
        remove=table.texts("remove"),
        change=_changes(table, "rental_min"),
        minutes=table.number("rental_min", low=0.0, high=60.0),
        kmh=table.number("kmh", above=0.0, high=60.0),
        max_min=table.number("max_min", above=0.0, high=120.0),
    )
    _something(table, edit, "add, remove, change, rental_min, kmh or max_min")
    return edit


def _something(table: Table, edit: HubEdit, keys: str) -> None:
    given = (edit.minutes, edit.kmh, edit.max_min)
    if not (edit.add or edit.remove or edit.change or any(v is not None for v in given)):
        table.fault("type", f"give {keys}")


def _added(table: Table, minutes: str) -> tuple[NewHub, ...]:
    found = []
    for row in table.tables("add"):
        name = row.text("name", required=True) or ""
        lon = row.number("lon", required=True, low=-180.0, high=180.0)
        lat = row.number("lat", required=True, low=-90.0, high=90.0)
        capacity = row.number("capacity", low=0.0, high=SPACES)
        own_min = row.number(minutes, low=0.0, high=60.0)
        hub_id = row.text("id") or name
        row.finish()
        if lon is not None and lat is not None:
            found.append(NewHub(hub_id, name, lon, lat, capacity, own_min))
    return tuple(found)


def _changes(table: Table, minutes: str) -> tuple[ChangedHub, ...]:
    found = []
    for row in table.tables("change"):
        place = row.text("place", required=True) or ""
        capacity = row.number("capacity", low=0.0, high=SPACES)
        own_min = row.number(minutes, low=0.0, high=60.0)
        row.finish()
        if capacity is None and own_min is None:
            row.fault("place", f"give capacity or {minutes}", place or None)
        found.append(ChangedHub(place, capacity, own_min))
    return tuple(found)


HUBS: dict[str, Callable[[Table, str, str], HubEdit]] = {
    "park_and_ride": _park_and_ride,
    "shared_bikes": _shared_bikes,
}
