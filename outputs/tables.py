"""Tables: Parquet for machines, and one wide CSV for spreadsheets.

Rows are put in one order and no time stamp is written, so that the same results give the same
bytes, however many workers computed them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from halfcircle._files import replacing
from halfcircle.outputs._codes import rank
from halfcircle.outputs._columns import ZONE_ID, Column, Table
from halfcircle.outputs.columns import TABLES
from halfcircle.outputs.layers import LayerKey, Layers, column_names
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.sheets import CsvStyle, write_sheet

__all__ = [
    "ordered",
    "wide_table",
    "write_table",
    "write_tables",
    "write_wide_csv",
]

ARROW = {
    "text": pa.string(),
    "number": pa.float64(),
    "integer": pa.int32(),
    "boolean": pa.bool_(),
}
ZONE_COLUMNS = (
    ZONE_ID,
    Column("name", "text", "", "name of the zone"),
    Column("country", "text", "", "ISO code of the side of the border", required=False),
    Column("lon", "number", "degrees, WGS 84", "longitude of the zone's point"),
    Column("lat", "number", "degrees, WGS 84", "latitude of the zone's point"),
)


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


def ordered(result: RunResult, name: str) -> pd.DataFrame:
    """One table with its columns and rows in the order in which it is written.

    Parameters
    ----------
    result : RunResult
    name : str
        One of `halfcircle.outputs.TABLES`.

    Returns
    -------
    DataFrame
    """
    table = result.tables[name]
    spec = TABLES[name].present(table.columns)
    return _ordered(result, table, spec)[list(spec.column_names)]


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


def wide_table(layers: Layers) -> Table:
    """Columns of ``zones.csv``.

    Parameters
    ----------
    layers : Layers

    Returns
    -------
    Table
    """
    names = column_names(layers.keys, taken=tuple(column.name for column in ZONE_COLUMNS))
    columns = tuple(
        Column(name, "number", "unit of the opportunity", _layer_words(key), required=False)
        for name, key in zip(names, layers.keys, strict=True)
    )
    what = "one row per zone, one column per kind of reach"
    return Table("zones", what, (*ZONE_COLUMNS, *columns))


def _layer_words(key: LayerKey) -> str:
    parts = [key.opportunity, key.group if key.group != "all" else "", key.mode]
    parts += ["" if key.band_min is None else f"{key.band_min:g} min"]
    parts += ["" if key.percentile is None else f"percentile {key.percentile}", key.measure]
    return ", ".join(part for part in (*parts, key.scenario) if part)


def write_wide_csv(
    result: RunResult, layers: Layers, path: Path, *, style: CsvStyle = "point"
) -> Path:
    """Write one row per zone and one column per layer, for spreadsheets; see `write_sheet`.

    Parameters
    ----------
    result : RunResult
    layers : Layers
    path : Path
    style : {"point", "comma"}

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    zones = result.zones
    country = zones.places.country
    sides = np.full(len(zones), "", dtype=object) if country is None else country
    places = (np.round(part, 6) for part in (zones.places.lon, zones.places.lat))
    rows = zip(zones.zone_id, zones.label, sides, *places, *layers.values, strict=True)
    return write_sheet(path, wide_table(layers).column_names, rows, style=style)
