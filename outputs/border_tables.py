"""The border summary for spreadsheets."""

from __future__ import annotations

from pathlib import Path

from halfcircle.outputs.columns import TABLES
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.sheets import CsvStyle, write_frame

__all__ = ["write_border_summary"]


def write_border_summary(
    result: RunResult, path: Path, *, style: CsvStyle = "point"
) -> Path | None:
    """Write ``border_summary.csv``: a row per area and layer, as in the Parquet table.

    Parameters
    ----------
    result : RunResult
    path : Path
    style : {"point", "comma"}

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
    names = TABLES["border_summary"].present(table.columns).column_names
    return write_frame(path, table[list(names)], style=style)
