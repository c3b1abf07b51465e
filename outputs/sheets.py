"""CSV files that spreadsheets open right: one way to write them, with a point or a comma."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd

from halfcircle._files import write_text
from halfcircle.errors import OutputError
from halfcircle.outputs._columns import Column, Table

__all__ = ["CSV_STYLES", "CsvStyle", "safe_cell", "table_spec", "write_frame", "write_sheet"]

CsvStyle = Literal["point", "comma"]
CSV_STYLES: tuple[CsvStyle, ...] = ("point", "comma")
# Between fields, and in numbers: Dutch and German spreadsheets expect the second pair.
SEPARATORS = {"point": (",", "."), "comma": (";", ",")}
# A cell that begins with one of these is run as a formula by spreadsheet programs.
FORMULA_START = ("=", "+", "-", "@", "\t", "\r")


def safe_cell(text: str) -> str:
    """Text for a cell of a spreadsheet: what would be run as a formula gets an apostrophe."""
    return "'" + text if text.startswith(FORMULA_START) else text


def write_sheet(
    path: Path,
    head: Sequence[str],
    rows: Iterable[Sequence[object]],
    *,
    style: CsvStyle = "point",
) -> Path:
    """Write rows as CSV: UTF-8 with a byte order mark, lines ending in CR LF.

    Parameters
    ----------
    path : Path
    head : sequence of str
    rows : iterable of sequences
        Numbers are written with at most ten digits, missing ones (None, NaN) as empty cells, True
        and False as ``true`` and ``false``. Text that a spreadsheet would run as a formula starts
        with an apostrophe.
    style : {"point", "comma"}
        Comma between fields and point in numbers; or semicolon and decimal comma.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The style is not known, or the file cannot be written.
    """
    if style not in SEPARATORS:
        raise OutputError(f"csv style {style!r} is not known; known: {', '.join(CSV_STYLES)}")
    delimiter, decimal = SEPARATORS[style]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=delimiter, lineterminator="\r\n")
    writer.writerow([safe_cell(name) for name in head])
    for row in rows:
        writer.writerow([_cell(value, decimal) for value in row])
    return write_text(path, text.getvalue(), encoding="utf-8-sig")


def _cell(value: Any, decimal: str) -> str:
    if isinstance(value, str):
        return safe_cell(value)
    if value is None or value is pd.NA or value != value:
        return ""
    if isinstance(value, (bool, np.bool_)):
        return "true" if value else "false"
    if isinstance(value, (float, np.floating)):
        return f"{value:.10g}".replace(".", decimal)
    return safe_cell(str(value)) if not isinstance(value, (int, np.integer)) else str(value)


def write_frame(path: Path, table: pd.DataFrame, *, style: CsvStyle = "point") -> Path:
    """Write a data frame as `write_sheet` does, its columns in order, without its index.

    Parameters
    ----------
    path : Path
    table : DataFrame
    style : {"point", "comma"}

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    head = [str(name) for name in table.columns]
    return write_sheet(path, head, table.itertuples(index=False, name=None), style=style)


def table_spec(name: str, table: pd.DataFrame, known: Table | None) -> Table:
    """What a data frame holds: as described for `known`, other columns by what is in them.

    Parameters
    ----------
    name : str
    table : DataFrame
    known : Table, optional

    Returns
    -------
    Table
        With the columns of `table`, in its order.
    """
    described = {} if known is None else {column.name: column for column in known.columns}
    columns = tuple(
        described.get(str(column)) or _guessed(str(column), table[column])
        for column in table.columns
    )
    return Table(name, "" if known is None else known.description, columns)


def _guessed(name: str, values: pd.Series) -> Column:
    if pd.api.types.is_bool_dtype(values):
        return Column(name, "boolean", "", "", required=False)
    if pd.api.types.is_numeric_dtype(values):
        # Columns of opportunities are named after them.
        return Column(name, "number", "unit of the opportunity", name, required=False)
    return Column(name, "text", "", "", required=False)
