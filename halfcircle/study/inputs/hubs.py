"""Reading parking places and rental places."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle import _tables
from halfcircle._checks import Faults, duplicated, id_array
from halfcircle.access.hubs import Hubs
from halfcircle.access.streets.parking import read_park_and_ride
from halfcircle.errors import StudyError
from halfcircle.study.settings.config import ParkAndRideConfig, SharedBikesConfig

__all__ = ["parking_places", "rental_places"]


def parking_places(config: ParkAndRideConfig, osm: Sequence[Path]) -> Hubs:
    """Places of ``[park_and_ride]``: of its table, or those tagged in the extracts.

    Raises
    ------
    StudyError, StreetError
        Everything that is wrong with the table, at once; or there is no place.
    """
    where = "[park_and_ride]"
    if config.path is not None:
        keys = {"id": config.id, "name": config.name, "capacity": config.capacity}
        return _read(config.path, where, keys, ("parking_min", config.parking_min))
    found = read_park_and_ride(osm)
    faults = Faults()
    if not len(found.osm_id):
        faults.add(
            f"{where} osm",
            "no parking place of the extracts is tagged park_ride",
            remedy="give path, a table with lon and lat",
        )
    faults.raise_errors(StudyError)
    minutes = config.parking_min if isinstance(config.parking_min, float) else 0.0
    return Hubs(
        found.osm_id,
        np.where(found.name == "", found.osm_id, found.name),
        found.lon,
        found.lat,
        found.capacity,
        np.full(len(found.lon), 60.0 * minutes),
    )


def rental_places(config: SharedBikesConfig) -> Hubs:
    """Places of ``[shared_bikes]``.

    Raises
    ------
    StudyError
        Everything that is wrong with the table, at once.
    """
    keys = {"id": config.id, "name": config.name, "capacity": config.capacity}
    return _read(config.path, "[shared_bikes]", keys, ("rental_min", config.rental_min))


def _read(
    path: Path, where: str, keys: dict[str, str | None], handling: tuple[str, float | str]
) -> Hubs:
    frame = _tables.read_table(path, where=f"{where} path", kind=StudyError)
    faults = Faults()
    _tables.note_layers(frame, where=where, path=path, faults=faults)
    if not len(frame):
        faults.add(where, f"{path.name} holds no places")
        faults.raise_errors(StudyError)
    key, minutes = handling
    wanted = {label: column for label, column in keys.items() if column is not None}
    if isinstance(minutes, str):
        wanted[key] = minutes
    _tables.require_columns(frame, wanted, where=where, path=path, faults=faults)
    lon, lat = _positions(frame, path, where, faults)
    faults.raise_errors(StudyError)

    def column(label: str) -> str | None:
        """Column of the file; the one called as the key where none is named."""
        return keys[label] or (label if label in frame.columns else None)

    n = len(frame)
    id_column, name_column, capacity = column("id"), column("name"), column("capacity")
    ids = [str(i + 1) for i in range(n)] if id_column is None else _tables.texts(frame, id_column)
    names = ids if name_column is None else _tables.texts(frame, name_column)
    places = np.full(n, np.nan)
    if capacity is not None:
        places = _tables.numbers(frame, capacity, where=f"{where} capacity", faults=faults)
        _not_negative(frame, places, f"{where} capacity", "vehicles", faults, missing=True)
    if isinstance(minutes, str):
        handling_min = _tables.numbers(frame, minutes, where=f"{where} {key}", faults=faults)
        _not_negative(frame, handling_min, f"{where} {key}", "minutes", faults, missing=False)
    else:
        handling_min = np.full(n, minutes)
    blank = [_tables.position_label(frame, i) for i, value in enumerate(ids) if not value]
    if blank:
        faults.add(f"{where} id", "places without an identifier", values=blank)
    twice = duplicated(id_array(i for i in ids if i))
    if twice:
        faults.add(f"{where} id", "identifiers occur more than once", values=twice)
    faults.raise_errors(StudyError)
    shown = [name or own for name, own in zip(names, ids, strict=True)]
    return Hubs(id_array(ids), id_array(shown), lon, lat, places, 60.0 * handling_min)


def _not_negative(
    frame: pd.DataFrame,
    values: npt.NDArray[np.float64],
    where: str,
    unit: str,
    faults: Faults,
    *,
    missing: bool,
) -> None:
    wrong = (values < 0.0) | np.isinf(values) | (np.isnan(values) & (not missing))
    if wrong.any():
        rows = np.flatnonzero(wrong)
        what = f"are no numbers of {unit}, 0 or more"
        shown = [f"{values[i]:g} ({_tables.position_label(frame, i)})" for i in rows[:5].tolist()]
        faults.add(where, what, values=shown, count=len(rows))


def _positions(
    frame: pd.DataFrame, path: Path, where: str, faults: Faults
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Longitude and latitude: of the columns, or of the geometry (of areas a point inside)."""
    empty = np.empty(0)
    if _tables.is_geo(frame):
        geo = _tables.as_geo(frame)
        if geo.crs is None:
            faults.add(where, f"{path.name} does not state its CRS")
            return empty, empty
        shapes = geo.geometry
        if (shapes.is_empty | shapes.isna()).any():
            faults.add(where, f"{path.name} holds places without geometry")
            return empty, empty
        points = shapes.representative_point().to_crs(4326)
        return np.asarray(points.x, dtype=np.float64), np.asarray(points.y, dtype=np.float64)
    columns = _tables.lonlat_columns(frame)
    if columns is None:
        faults.add(
            where,
            f"{path.name} has neither geometry nor columns lon and lat",
            remedy="use a vector file, or add the columns lon and lat (WGS 84, degrees)",
        )
        return empty, empty
    lon = _tables.numbers(frame, columns[0], where=where, faults=faults)
    lat = _tables.numbers(frame, columns[1], where=where, faults=faults)
    wrong = ~((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0))
    if wrong.any():
        shown = [_tables.position_label(frame, i) for i in np.flatnonzero(wrong).tolist()]
        faults.add(where, "positions that are missing or not degrees", values=shown)
    return lon, lat
