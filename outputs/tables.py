"""Tables: Parquet for machines, one CSV for spreadsheets, and a dictionary of what they hold.

Rows are put in one order and no time stamp is written, so that the same results give the same
bytes, however many workers computed them.
"""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from halfcircle._files import replacing, write_text
from halfcircle.outputs._codes import rank
from halfcircle.outputs.columns import TABLES, Column, Table
from halfcircle.outputs.layers import Layers, column_names
from halfcircle.outputs.result import RunResult

__all__ = [
    "safe_cell",
    "write_data_dictionary",
    "write_data_package",
    "write_table",
    "write_tables",
    "write_wide_csv",
]

ARROW = {"text": pa.string(), "number": pa.float64(), "integer": pa.int32()}
FRICTIONLESS = {"text": "string", "number": "number", "integer": "integer"}
# A cell that begins with one of these is run as a formula by spreadsheet programs.
FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


def write_tables(result: RunResult, folder: Path) -> list[Path]:
    """Write every table of a run as Parquet.

    Parameters
    ----------
    result : RunResult
    folder : Path

    Returns
    -------
    list of Path
        ``reach.parquet``, ``unreached.parquet``, ... as far as the run has them.
    """
    return [write_table(result, name, folder / f"{name}.parquet") for name in result.tables]


def write_table(result: RunResult, name: str, path: Path) -> Path:
    """Write one table as Parquet, with units and meaning in its schema.

    Parameters
    ----------
    result : RunResult
    name : str
        One of `halfcircle.outputs.TABLES`.
    path : Path

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    spec = TABLES[name].present(result.tables[name].columns)
    table = _ordered(result, result.tables[name], spec)
    arrays = [
        pa.array(_plain(table[column.name], column), type=ARROW[column.kind], from_pandas=True)
        for column in spec.columns
    ]
    with replacing(path) as temporary:
        pq.write_table(
            pa.Table.from_arrays(arrays, schema=_schema(spec)),
            temporary,
            compression="zstd",
            row_group_size=1 << 20,
        )
    return path


def _ordered(result: RunResult, table: pd.DataFrame, spec: Table) -> pd.DataFrame:
    order = {
        "zone_id": tuple(result.zones.zone_id),
        "scenario": ("baseline",),
        "mode": result.settings.modes,
        "opportunity": tuple(opportunity.name for opportunity in result.opportunities),
        "group": ("all", *(g for o in result.opportunities for g in o.groups if g != "all")),
        "measure": ("cumulative",),
    }
    # Regions of one zone in the order of their identifiers, too.
    names = spec.key_names if "region_id" not in spec.column_names else spec.column_names
    ranks = [rank(table[name], order.get(name, ())) for name in names]
    return table.iloc[np.lexsort(ranks[::-1])]


def _plain(values: pd.Series, column: Column) -> pd.Series:
    if column.kind != "text":
        return values
    # Text whatever it came as: categories, or identifiers that look like numbers.
    text = values.astype(object)
    return text.where(text.isna(), text.map(str))


def _schema(spec: Table) -> pa.Schema:
    fields = [
        pa.field(
            column.name,
            ARROW[column.kind],
            nullable=not column.required,
            metadata={"unit": column.unit, "description": column.description},
        )
        for column in spec.columns
    ]
    about = {"description": spec.description, "key": ",".join(spec.key_names)}
    return pa.schema(fields, metadata=about)


def write_wide_csv(result: RunResult, layers: Layers, path: Path) -> Path:
    """Write one row per zone and one column per layer, for spreadsheets.

    UTF-8 with a byte order mark, comma between fields, point in numbers; an empty cell is a value
    that is not known. Text that a spreadsheet would run as a formula starts with an apostrophe.

    Parameters
    ----------
    result : RunResult
    layers : Layers
    path : Path

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    zones = result.zones
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    fixed = ["zone_id", "name", "country", "lon", "lat"]
    writer.writerow(fixed + column_names(layers.keys, taken=tuple(fixed)))
    country = zones.places.country
    columns = layers.values.T
    for i in range(len(zones)):
        side = "" if country is None else country[i]
        row: list[object] = [safe_cell(text) for text in (zones.zone_id[i], zones.label[i], side)]
        row += [f"{zones.places.lon[i]:.6f}", f"{zones.places.lat[i]:.6f}"]
        row += ["" if np.isnan(value) else f"{value:.10g}" for value in columns[i]]
        writer.writerow(row)
    return write_text(path, text.getvalue(), encoding="utf-8-sig")


def safe_cell(text: str) -> str:
    """Text for a cell of a spreadsheet: what would be run as a formula gets an apostrophe."""
    return "'" + text if text.startswith(FORMULA_START) else text


def write_data_dictionary(result: RunResult, path: Path) -> Path:
    """Write what each column of each table means, as CSV.

    Parameters
    ----------
    result : RunResult
    path : Path

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(["table", "column", "type", "unit", "key", "may_be_empty", "description"])
    for name, table in result.tables.items():
        for column in TABLES[name].present(table.columns).columns:
            flags = ["yes" if flag else "no" for flag in (column.key, not column.required)]
            about = [column.name, column.kind, column.unit, *flags, column.description]
            writer.writerow([f"{name}.parquet", *about])
    return write_text(path, text.getvalue(), encoding="utf-8-sig")


def write_data_package(result: RunResult, path: Path) -> Path:
    """Write ``datapackage.json`` (Frictionless Data Package) for the tables of a run.

    Parameters
    ----------
    result : RunResult
    path : Path

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    resources = []
    for name, table in result.tables.items():
        spec = TABLES[name].present(table.columns)
        fields = [
            {
                "name": column.name,
                "type": FRICTIONLESS[column.kind],
                "description": column.description,
                "unit": column.unit,
                "constraints": {"required": column.required},
            }
            for column in spec.columns
        ]
        resources.append(
            {
                "name": name,
                "path": f"{name}.parquet",
                "format": "parquet",
                "description": spec.description,
                "schema": {"fields": fields, "primaryKey": list(spec.key_names)},
            }
        )
    package = {
        "name": "halfcircle-run",
        "title": result.name,
        "sources": [{"title": source.name, "path": source.path} for source in result.sources],
        "resources": resources,
    }
    return write_text(path, json.dumps(package, indent=2, ensure_ascii=False) + "\n")
