"""What the tables of a run hold, beside them: a data dictionary and ``datapackage.json``.

Both are written from one list of tables and their columns, so that they cannot tell different
stories.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from halfcircle._files import write_text
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.outputs._assets import asset
from halfcircle.outputs._columns import Column, Table
from halfcircle.outputs.columns import TABLES, TRAVEL_TIMES
from halfcircle.outputs.isochrone_table import ISOCHRONES
from halfcircle.outputs.layers import Layers
from halfcircle.outputs.result import RunResult, Source
from halfcircle.outputs.sheet_columns import SHEETS
from halfcircle.outputs.sheets import SEPARATORS, CsvStyle, table_spec, write_sheet
from halfcircle.outputs.tables import wide_table

__all__ = [
    "SHEET_TABLES",
    "matrix_files",
    "run_tables",
    "write_data_dictionary",
    "write_data_package",
    "write_json",
]

MEDIA_TYPES = {
    "csv": "text/csv",
    "parquet": "application/vnd.apache.parquet",
    "gpkg": "application/geopackage+sqlite3",
    "geojson": "application/geo+json",
}
FRICTIONLESS = {"text": "string", "number": "number", "integer": "integer", "boolean": "boolean"}
# Tables that are small enough for spreadsheets, and written as CSV as well.
SHEET_TABLES = ("area_measures", "city_pairs", "closures")
PROFILE = "https://datapackage.org/profiles/2.0/datapackage.json"
LICENCE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")


def run_tables(result: RunResult, layers: Layers, *, claims: bool = False) -> dict[str, Table]:
    """Every table that a run leaves, by its path below the output folder.

    Parameters
    ----------
    result : RunResult
    layers : Layers
        Columns of ``zones.csv``.
    claims : bool
        Whether there is a ``claims.csv``.

    Returns
    -------
    dict of str to Table
        ``reach.parquet``, ..., then ``zones.csv``, ``indicators.csv`` and the other CSV files.
    """
    found = {
        f"{name}.parquet": TABLES[name].present(table.columns)
        for name, table in result.tables.items()
    }
    found["zones.csv"] = wide_table(layers)
    found["indicators.csv"] = SHEETS["indicators"]
    if claims:
        found["claims.csv"] = SHEETS["claims"]
    if result.border_summary is not None:
        found["border_summary.csv"] = found["border_summary.parquet"]
    for name in SHEET_TABLES:
        if name in result.tables:
            found[f"{name}.csv"] = found[f"{name}.parquet"]
    if result.isochrones:
        found["isochrones.gpkg"] = found["isochrones.geojson"] = ISOCHRONES
    found |= dict.fromkeys(matrix_files(result), TRAVEL_TIMES)
    for path, table in result.further.items():
        name = path.rpartition("/")[2]
        found[f"{path}.csv"] = table_spec(name, table, SHEETS.get(name))
    found["data_dictionary.csv"] = SHEETS["data_dictionary"]
    return found


def matrix_files(result: RunResult) -> dict[str, TravelTimeSource]:
    """Matrices of travel times that are asked for, by path below the output folder."""
    return {
        f"travel_times/{mode.replace('+', '-')}.parquet": source
        for mode, source in result.matrices.items()
    }


def write_data_dictionary(
    tables: Mapping[str, Table], path: Path, *, language: str = "en", style: CsvStyle = "point"
) -> Path:
    """Write what each table holds and each of its columns means, as CSV.

    Parameters
    ----------
    tables : mapping of str to Table
        As of `run_tables`.
    path : Path
    language : {"en", "nl", "de"}
        Of units and descriptions; those of columns that a study names stay as they are.
    style : {"point", "comma"}

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    units, meanings, held = (
        _translated(part, language) for part in ("units", "descriptions", "tables")
    )
    rows = [
        (
            file,
            column.name,
            column.kind,
            units.get(column.unit, column.unit),
            *("yes" if flag else "no" for flag in (column.key, not column.required)),
            meanings.get(column.description, column.description),
            held.get(table.description, table.description),
        )
        for file, table in tables.items()
        for column in table.columns
    ]
    return write_sheet(path, SHEETS["data_dictionary"].column_names, rows, style=style)


def _translated(part: str, language: str) -> dict[str, str]:
    """English -> words in another language, of units, of columns or of tables."""
    if language == "en":
        return {}
    tree = tomllib.loads(asset("texts", "columns.toml"))[part]
    at = ("nl", "de").index(language)
    return {english: words[at] for english, words in tree.items()}


def write_data_package(
    result: RunResult, tables: Mapping[str, Table], path: Path, *, style: CsvStyle = "point"
) -> Path:
    """Write ``datapackage.json``: a Data Package (version 2.0) of the tables of a run.

    Parameters
    ----------
    result : RunResult
    tables : mapping of str to Table
        As of `run_tables`.
    path : Path
    style : {"point", "comma"}
        Of the CSV files.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    names = _names(tables)
    package: dict[str, Any] = {
        "$schema": PROFILE,
        "name": "halfcircle-run",
        "title": result.name,
        "description": "Results of a run of halfcircle; how it was computed is in manifest.json.",
        "sources": _sources(result.sources),
        "licenses": _licences(result.sources),
        "resources": [_resource(names[file], file, table, style) for file, table in tables.items()],
    }
    return write_json(path, {key: value for key, value in package.items() if value != []})


def write_json(path: Path, tree: Mapping[str, Any]) -> Path:
    """Write a tree as JSON that people can read, atomically.

    Parameters
    ----------
    path : Path
    tree : mapping

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    return write_text(path, json.dumps(tree, indent=2, ensure_ascii=False) + "\n")


def _names(tables: Mapping[str, Table]) -> dict[str, str]:
    """Names of resources: of the file without its suffix; with it where both kinds are there."""
    stems = [file.rpartition(".")[0] for file in tables]
    return {
        file: re.sub(r"[^a-z0-9._/-]+", "-", (stem if stems.count(stem) == 1 else file).lower())
        for file, stem in zip(tables, stems, strict=True)
    }


def _resource(name: str, file: str, table: Table, style: CsvStyle) -> dict[str, Any]:
    kind = file.rpartition(".")[2]
    is_csv = kind == "csv"
    delimiter, decimal = SEPARATORS[style]
    schema: dict[str, Any] = {
        "fields": [_field(column, decimal if is_csv else ".") for column in table.columns]
    }
    if is_csv:
        schema["missingValues"] = [""]
    keys = [column for column in table.columns if column.key]
    # Parts of a primary key are never empty; measures without a limit have no band.
    if keys and all(column.required for column in keys) and table.name != "membership":
        schema["primaryKey"] = [column.name for column in keys]
    found: dict[str, Any] = {
        "name": name,
        "type": "table",
        "path": file,
        "format": kind,
        "mediatype": MEDIA_TYPES[kind],
        "description": table.description or name,
        "schema": schema,
    }
    if is_csv:
        found["encoding"] = "utf-8"
        found["dialect"] = {"delimiter": delimiter, "lineTerminator": "\r\n"}
    return found


def _field(column: Column, decimal: str) -> dict[str, Any]:
    field: dict[str, Any] = {"name": column.name, "type": FRICTIONLESS[column.kind]}
    if column.description:
        field["description"] = column.description
    if column.unit:
        field["unit"] = column.unit
    if column.kind == "number" and decimal != ".":
        field["decimalChar"] = decimal
    if column.required:
        field["constraints"] = {"required": True}
    return field


def _sources(sources: tuple[Source, ...]) -> list[dict[str, str]]:
    found = []
    for source in sources:
        entry = {"title": source.name or source.role}
        # Paths of a package lead into it: where a file stood elsewhere, only its name is told.
        safe = source.path and not source.path.startswith(("/", "../")) and ":" not in source.path
        if safe and "/../" not in source.path:
            entry["path"] = source.path
        if source.vintage or source.year:
            entry["version"] = source.vintage or str(source.year)
        if entry not in found:
            found.append(entry)
    return found


def _licences(sources: tuple[Source, ...]) -> list[dict[str, str]]:
    """Licences of the inputs, each once: results carry them on."""
    titles = dict.fromkeys(source.licence for source in sources if source.licence)
    found = []
    for title in titles:
        name = title.replace(" ", "-")
        if LICENCE_NAME.fullmatch(name):
            found.append({"name": name, "title": title})
        else:
            found.append({"name": "other", "title": title})
    return found
