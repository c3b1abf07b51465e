"""A finished run, read back from its folder: what the explorer shows without computing anything."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS

from halfcircle import _tables
from halfcircle._checks import Faults, id_array
from halfcircle._version import __version__
from halfcircle.errors import Fault, OutputError, StudyError
from halfcircle.outputs import (
    Layers,
    RunResult,
    Settings,
    Source,
    build_delta_layers,
    build_layers,
    build_loss_layers,
)
from halfcircle.outputs.measure_layers import build_measure_layers, joined_layers
from halfcircle.places import Opportunities, Places, Zones

__all__ = ["FinishedRun", "read_run"]

READ = ("reach", "unreached", "border", "sectors", "scenarios", "measures")
N_SECTORS = 17


@dataclass(frozen=True, eq=False)
class FinishedRun:
    """What a run has left behind.

    Parameters
    ----------
    folder : Path
    result : RunResult
        With the tables that the explorer shows. Opportunities of zones are not among them: in
        their place stands what is near each zone, which only decides what is named on the map.
    layers, losses, deltas, measures : Layers
        Of the result.
    """

    folder: Path
    result: RunResult
    layers: Layers
    losses: Layers
    deltas: Layers
    measures: Layers

    @cached_property
    def parts(self) -> dict[str, Layers]:
        """Layers of the border table by column; the same order in each."""
        columns = ("reach_open", "reach_domestic", "reach_effective", "loss")
        return {name: build_loss_layers(self.result, column=name) for name in columns}

    @cached_property
    def sector_rows(self) -> dict[str, npt.NDArray[np.int64]]:
        """Rows of the table of sectors, by zone."""
        table = self.result.sectors
        if table is None:
            return {}
        found = table.groupby(table["zone_id"].astype(str), sort=False).indices
        return {str(zone): np.asarray(rows) for zone, rows in found.items()}

    def zone(self, zone_idx: int) -> dict[str, Any]:
        """Everything that is known of a zone, as plain values for JSON."""
        zones = self.result.zones
        zone_id = str(zones.zone_id[zone_idx])
        country = zones.places.country
        counted = joined_layers(self.layers, self.measures)
        border = []
        for i, key in enumerate(self.losses.keys):
            values = {name: _plain(part.values[i, zone_idx]) for name, part in self.parts.items()}
            border.append(_dims(key) | values)
        return {
            "id": zone_id,
            "name": str(zones.label[zone_idx]),
            "country": "" if country is None else str(country[zone_idx]),
            "reach": [
                _dims(key) | {"value": _plain(value)}
                for key, value in zip(counted.keys, counted.values[:, zone_idx], strict=True)
            ],
            "border": border,
            "roses": self._roses(zone_id),
            "reasons": self._reasons(zone_id),
        }

    def _roses(self, zone_id: str) -> list[dict[str, Any]]:
        table, rows = self.result.sectors, self.sector_rows.get(zone_id)
        if table is None or rows is None:
            return []
        columns = ["scenario", "mode", "opportunity", "group", "measure", "band_min"]
        found = []
        for key, part in table.iloc[rows].groupby(columns, sort=False, dropna=False):
            values = np.zeros(2 * N_SECTORS)
            sector = part["sector"].to_numpy(np.int64)
            values[sector] = np.nan_to_num(part["reach_open"].to_numpy(np.float64))
            values[N_SECTORS + sector] = np.nan_to_num(part["reach_domestic"].to_numpy(np.float64))
            named = dict(zip(columns, key, strict=True))
            band: Any = named.pop("band_min")
            plain: dict[str, Any] = {name: str(value) for name, value in named.items()}
            plain["band"] = None if pd.isna(band) else float(band)
            found.append(plain | {"values": values.tolist()})
        return found

    def _reasons(self, zone_id: str) -> list[dict[str, str]]:
        table = self.result.unreached
        if table is None:
            return []
        rows = table[table["zone_id"].astype(str) == zone_id]
        return [
            {"scenario": str(row.get("scenario", "baseline")), "mode": str(row["mode"]),
             "reason": str(row["reason"])}
            for row in rows.to_dict("records")
        ]  # fmt: skip


def _dims(key: Any) -> dict[str, Any]:
    names = ("scenario", "mode", "opportunity", "group", "measure", "percentile")
    return {name: getattr(key, name) for name in names} | {"band": key.band_min}


def _plain(value: float) -> float | None:
    return None if np.isnan(value) else float(value)


def read_run(folder: Path) -> FinishedRun:
    """Read a finished run from its output folder.

    Parameters
    ----------
    folder : Path
        With ``manifest.json``, ``study.gpkg`` and ``reach.parquet``.

    Returns
    -------
    FinishedRun

    Raises
    ------
    StudyError
        The folder holds no finished run, or its files are not whole.
    """
    manifest = _manifest(folder)
    zones = _zones(folder / "study.gpkg")
    tables: dict[str, Any] = {}
    for name in READ:
        path = folder / f"{name}.parquet"
        if path.is_file():
            tables[name] = _tables.read_table(path, where=path.name, kind=StudyError)
    if "reach" not in tables:
        raise _no_run(folder, "reach.parquet is missing")
    known = {str(entry["name"]): entry for entry in manifest.get("opportunities", [])}
    names = list(dict.fromkeys([*known, *map(str, tables["reach"]["opportunity"].unique())]))
    opportunities = tuple(
        Opportunities(
            name,
            *_sizes(tables["reach"], name, zones, known.get(name, {})),
            unit=known.get(name, {}).get("unit"),
            year=known.get(name, {}).get("year"),
        )
        for name in names
    )
    settings = manifest.get("settings", {})
    try:
        result = RunResult(
            name=str(manifest["study"]["name"]),
            zones=zones,
            opportunities=opportunities,
            settings=Settings(
                modes=tuple(settings.get("modes", ())),
                bands_min=tuple(settings.get("bands_min", ())),
                percentiles=tuple(settings.get("percentiles", (50,))),
            ),
            sources=_sources(manifest.get("inputs", [])),
            study_hash=str(manifest["study"].get("hash", "")),
            **tables,
        )
    except OutputError as error:
        by = manifest.get("halfcircle", "?")
        raise StudyError(
            f"{folder}: was written by version {by}, this is {__version__}, and they do not fit "
            f"({error}) - run the study again"
        ) from None
    return FinishedRun(
        folder,
        result,
        build_layers(result),
        build_loss_layers(result),
        build_delta_layers(result),
        build_measure_layers(result),
    )


def _sizes(
    reach: pd.DataFrame, opportunity: str, zones: Zones, entry: dict[str, Any]
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]]:
    """What is within the shortest band of the first mode, the same for each group; the groups."""
    groups = tuple(str(group) for group in entry.get("groups", ())) or ("all",)
    rows = reach[
        (reach["opportunity"].astype(str) == opportunity)
        & (reach["scenario"].astype(str) == "baseline")
        & (reach["group"].astype(str) == "all")
        & (reach["measure"].astype(str) == "cumulative")
    ]
    if not len(rows):
        return np.full((len(groups), len(zones)), np.nan), groups
    rows = rows[(rows["mode"] == rows["mode"].iloc[0])]
    rows = rows[rows["band_min"] == rows["band_min"].min()].drop_duplicates("zone_id")
    values = rows.set_index(rows["zone_id"].astype(str))["value"].reindex(zones.zone_id)
    return np.tile(values.to_numpy(np.float64, na_value=np.nan), (len(groups), 1)), groups


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        what = "manifest.json is missing" if folder.is_dir() else "is no folder"
        raise _no_run(folder, what)
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
        manifest["study"]["name"]
    except (OSError, ValueError, KeyError, TypeError):
        raise _no_run(folder, "manifest.json is not that of a run") from None
    return dict(manifest)


def _no_run(folder: Path, what: str) -> StudyError:
    return StudyError(
        faults=[
            Fault(
                str(folder),
                f"holds no finished run: {what}",
                remedy="halfcircle run STUDY.toml writes one",
            )
        ]
    )


def _zones(path: Path) -> Zones:
    if not path.is_file():
        raise _no_run(path.parent, f"{path.name} is missing")
    frame = _tables.read_table(path, where=path.name, kind=StudyError)
    faults = Faults()
    columns = {"id": "zone_id", "name": "name"}
    _tables.require_columns(frame, columns, where=path.name, path=path, faults=faults)
    faults.raise_errors(StudyError)
    areas = _tables.as_geo(frame)
    shapes = np.asarray(areas.geometry.array, dtype=object)
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6))
    middle = shapely.centroid(shapes)
    inside = ~polygonal | shapely.contains(shapes, middle)
    middle = np.where(inside, middle, shapely.point_on_surface(shapes))
    crs = CRS.from_user_input(areas.crs)
    degrees = areas.set_geometry(middle, crs=crs).to_crs(4326).geometry
    country = _ids(frame, "country") if "country" in frame else None
    places = Places(_ids(frame, "zone_id"), degrees.x.to_numpy(), degrees.y.to_numpy(), country)
    return Zones(places, crs, shapes if polygonal.any() else None, _ids(frame, "name"))


def _ids(frame: pd.DataFrame, column: str) -> npt.NDArray[np.object_]:
    return id_array(_tables.texts(frame, column))


def _sources(entries: Sequence[dict[str, Any]]) -> tuple[Source, ...]:
    def text(entry: dict[str, Any], name: str) -> str:
        return str(entry.get(name) or "")

    return tuple(
        Source(
            role=text(entry, "role"),
            name=text(entry, "name"),
            licence=text(entry, "licence"),
            text=text(entry, "text"),
        )
        for entry in entries
        if entry.get("role") and entry.get("name")
    )
