"""What a study file says about chains of modes: limits, parking, rented bicycles, best-of sets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Literal

from halfcircle._checks import nearest
from halfcircle.gtfs import MODES as VEHICLES
from halfcircle.study.settings.config import (
    KISS_VEHICLES,
    KissAndRideConfig,
    ParkAndRideConfig,
    SharedBikesConfig,
    StreetsConfig,
    TransitConfig,
)
from halfcircle.study.settings.mode_names import (
    MODES,
    STREET_MODES,
    TRANSIT_MODES,
    access_way,
    bikes_at_the_end,
)
from halfcircle.study.settings.toml_table import Table

__all__ = [
    "by_vehicle",
    "check_modes",
    "read_best_of",
    "read_kiss_and_ride",
    "read_park_and_ride",
    "read_shared_bikes",
]

LONGEST_MIN = 120.0


def read_park_and_ride(top: Table) -> ParkAndRideConfig | None:
    """``[park_and_ride]``; None where there is none."""
    if not top.has("park_and_ride"):
        return None
    table = top.table("park_and_ride")
    config = ParkAndRideConfig(
        path=table.path("path"),
        osm=table.flag("osm", False),
        id=table.text("id"),
        name=table.text("name"),
        capacity=table.text("capacity"),
        parking_min=_minutes_or_column(table, "parking_min", 3.0),
        walk_max_min=table.number("walk_max_min", 5.0, above=0.0, high=60.0) or 5.0,
        source=table.text("source", "") or "",
        licence=table.text("licence", "") or "",
    )
    if table.has("path") == config.osm:
        table.fault(
            "path",
            "give either path, a table of parking places, or osm = true",
            remedy="osm takes what is tagged amenity=parking and park_ride in the extracts",
        )
    elif config.osm and isinstance(config.parking_min, str):
        table.fault("parking_min", "must be a number with osm = true", config.parking_min)
    table.finish()
    return config


def read_kiss_and_ride(top: Table) -> KissAndRideConfig:
    """``[kiss_and_ride]``, or its defaults."""
    table = top.table("kiss_and_ride")
    vehicles = table.texts("vehicles", KISS_VEHICLES)
    for vehicle in vehicles:
        if vehicle not in VEHICLES:
            table.fault("vehicles", "is not known", vehicle, nearest(vehicle, VEHICLES))
    config = KissAndRideConfig(
        vehicles=vehicles, dropoff_s=table.integer("dropoff_s", 60, low=0, high=3600)
    )
    table.finish()
    return config


def read_shared_bikes(top: Table) -> SharedBikesConfig | None:
    """``[shared_bikes]``; None where there is none."""
    if not top.has("shared_bikes"):
        return None
    table = top.table("shared_bikes")
    path = table.path("path", required=True)
    returned = table.text("return", "anywhere", choices=("anywhere", "place"))
    kind: Literal["anywhere", "place"] = "place" if returned == "place" else "anywhere"
    if kind == "anywhere" and table.has("return_min"):
        table.fault("return_min", 'is for return = "place"')
    config = SharedBikesConfig(
        path=path or top.folder,
        id=table.text("id"),
        name=table.text("name"),
        capacity=table.text("capacity"),
        rental_min=_minutes_or_column(table, "rental_min", 2.0),
        max_min=table.number("max_min", 15.0, above=0.0, high=LONGEST_MIN) or 15.0,
        walk_max_min=table.number("walk_max_min", 5.0, above=0.0, high=60.0) or 5.0,
        kmh=table.number("kmh", above=0.0, high=60.0),
        returned=kind,
        return_min=table.number_or("return_min", 1.0, low=0.0, high=60.0),
        source=table.text("source", "") or "",
        licence=table.text("licence", "") or "",
    )
    table.finish()
    return config


def _minutes_or_column(table: Table, key: str, default: float) -> float | str:
    """Minutes for all places, or the name of the column that holds them."""
    if isinstance(table.values.get(key), str):
        return table.text(key) or ""
    return table.number_or(key, default, low=0.0, high=60.0)


def by_vehicle(table: Table, key: str, ways: Sequence[str]) -> dict[str, dict[str, float]]:
    """``{ rail = { walk = 25, bike = 30 }, bus = { walk = 10 } }``."""
    rows = table.table(key)
    found = {}
    for vehicle in rows.values:
        rows.asked.add(vehicle)
        if vehicle not in VEHICLES:
            rows.fault(vehicle, "is no kind of vehicle", remedy=nearest(vehicle, VEHICLES))
            continue
        limits = rows.number_map(vehicle, {}, keys=ways, above=0.0, high=LONGEST_MIN)
        found[vehicle] = limits
    rows.finish()
    return found


def read_best_of(table: Table, modes: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """``best_of``: a list of modes, called best, or named lists; members must be asked for."""
    value = table.raw("best_of")
    if value is None:
        return {}
    named = value if isinstance(value, dict) else {"best": value}
    found: dict[str, tuple[str, ...]] = {}
    for name, members in named.items():
        if not isinstance(members, list) or not all(isinstance(m, str) for m in members):
            table.fault("best_of", "must be a list of modes, or named lists of modes", members)
            continue
        if not re.fullmatch(r"[A-Za-z][A-Za-z0-9_-]*", name):
            table.fault("best_of", "names are letters, digits, _ and -", name)
        if name in MODES or name in modes:
            table.fault("best_of", "is the name of a mode", name, "give the set another name")
        if len(members) < 2 or len(set(members)) < len(members):
            table.fault("best_of", f"{name!r} must hold two or more different modes", members)
        for mode in members:
            if mode not in modes:
                table.fault(
                    "best_of", "is not among the modes of [reach]", mode, nearest(mode, modes)
                )
        found[name] = tuple(members)
    return found


def check_modes(
    table: Table,
    modes: Sequence[str],
    *,
    brought: Sequence[str],
    streets: StreetsConfig | None,
    transit: TransitConfig | None,
    parking: ParkAndRideConfig | None,
    bikes: SharedBikesConfig | None,
) -> None:
    """Note modes that are not known, and tables that they need and that are not there."""
    for mode in modes:
        if mode not in MODES and mode not in brought:
            table.fault("modes", "is not known", mode, nearest(mode, (*MODES, *brought)))
        elif mode in STREET_MODES and streets is None:
            table.fault("modes", "needs the table [streets]", mode)
        if mode not in TRANSIT_MODES:
            continue
        if transit is None:
            table.fault("modes", "needs the table [transit]", mode)
        way = access_way(mode)
        if way in ("car", "car_passenger") and streets is None:
            table.fault("modes", "needs the table [streets]", mode)
        if way == "car" and parking is None:
            remedy = "add [park_and_ride] with path, or with osm = true"
            table.fault("modes", "needs the table [park_and_ride]", mode, remedy)
        if bikes_at_the_end(mode) and bikes is None:
            remedy = "add [shared_bikes] with path"
            table.fault("modes", "needs the table [shared_bikes]", mode, remedy)
    if parking is not None and parking.osm and (streets is None or not streets.osm):
        table.faults.add("[park_and_ride] osm", "needs [streets] with osm")
