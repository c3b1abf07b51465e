"""Cells of statistical grids as points with counts, for adapters that all write the same table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from pyproj import CRS, Transformer

from halfcircle.places import WGS84
from halfcircle.sources.files import write_table
from halfcircle.sources.job import Job

__all__ = ["cells_inside", "require_columns", "write_cells"]


def require_columns(job: Job, frame: pd.DataFrame, wanted: tuple[str, ...]) -> None:
    """Raise where a table lacks columns; the message tells those that it has."""
    missing = [column for column in wanted if column not in frame.columns]
    if missing:
        raise job.fault(
            f"the table has no column {', '.join(missing)}",
            f"it has {', '.join(map(str, frame.columns[:20]))}",
        )


def cells_inside(
    job: Job,
    cell: npt.ArrayLike,
    xy_m: tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]],
    crs: CRS,
    counts: Mapping[str, pd.Series[Any]],
) -> pd.DataFrame:
    """Cells of the area: identifier, position in degrees, counts.

    Parameters
    ----------
    job : Job
    cell : array of str, shape (n,)
    xy_m : pair of arrays of float64, shape (n,)
        Middles of the cells in `crs`; NaN where unknown.
    crs : CRS
    counts : mapping of str to Series, shape (n,)
        Texts or numbers; negative values and signs for secrecy are missing.
    """
    x, y = xy_m
    known = np.isfinite(x) & np.isfinite(y)
    inside = np.zeros(len(x), dtype=bool)
    if known.any():
        inside[known] = job.area.holds(x[known], y[known], crs)
    lon, lat = Transformer.from_crs(crs, WGS84, always_xy=True).transform(x[inside], y[inside])
    values: dict[str, Any] = {
        "cell": np.asarray(cell, dtype=object)[inside],
        "lon": np.round(lon, 6),
        "lat": np.round(lat, 6),
    }
    for name, column in counts.items():
        here = column[inside]
        if here.dtype == object or isinstance(here.dtype, pd.StringDtype):
            here = here.astype(str).str.strip().str.replace(",", ".", regex=False)
        numbers = pd.to_numeric(here, errors="coerce").astype(np.float64)
        values[name] = numbers.where(numbers >= 0).to_numpy()
    return pd.DataFrame(values)


def write_cells(job: Job, pieces: list[pd.DataFrame], names: tuple[str, ...]) -> tuple[str, ...]:
    """Write cells that have all their counts; tell how many have not.

    Returns
    -------
    tuple of str
        Notes for the lock and the report.
    """
    frame = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame()
    if len(frame) == 0:
        raise job.fault("no cell lies in the area", "check lon, lat and radius_km under [fetch]")
    frame = frame.sort_values("cell", kind="stable", ignore_index=True)
    notes = []
    for name in names:
        secret = int(frame[name].isna().sum())
        if secret:
            notes.append(
                f"{name} is missing (secret or unknown) in {secret:,} of {len(frame):,} cells, "
                "which are left out"
            )
    write_table(frame.dropna(subset=list(names)), job.target)
    return tuple(notes)
