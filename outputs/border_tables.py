"""The border summary for spreadsheets."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import pandas as pd

from halfcircle._files import write_text
from halfcircle.outputs.columns import TABLES
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.tables import safe_cell

__all__ = ["write_border_summary"]


def write_border_summary(result: RunResult, path: Path) -> Path | None:
    """Write ``border_summary.csv``: a row per area and layer, as in the Parquet table.

    UTF-8 with a byte order mark, comma between fields, point in numbers; an empty cell is a value
    that is not known.

    Parameters
    ----------
    result : RunResult
    path : Path

    Returns
    -------
    Path or None
        None if the run has no border.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    table = result.border_summary
    if table is None:
        return None
    spec = TABLES["border_summary"].present(table.columns)
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(spec.column_names)
    for row in table[list(spec.column_names)].itertuples(index=False, name=None):
        writer.writerow([_cell(value) for value in row])
    return write_text(path, text.getvalue(), encoding="utf-8-sig")


def _cell(value: Any) -> str:
    if isinstance(value, str):
        return safe_cell(value)
    return "" if pd.isna(value) else f"{value:.10g}"
