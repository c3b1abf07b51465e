"""Validation: whether reach goes with what people pay for it, in wages or in land prices."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.errors import InputError

__all__ = ["CORRELATION_COLUMNS", "rank_correlation"]

KEYS = ("scenario", "mode", "opportunity", "group", "band_min", "percentile", "measure")
CORRELATION_COLUMNS = (*KEYS, "spearman", "zones", "zones_left_out")


def rank_correlation(reach: pd.DataFrame, other: Mapping[str, float]) -> pd.DataFrame:
    """Spearman's rank correlation of a measure with another value of each zone.

    Ranks, so that neither the unit nor the shape of the relation matters; equal values share their
    mean rank (Spearman 1904, doi:10.2307/1412159). Each zone counts once. It says whether the two
    go together, not why: places with good reach are also larger.

    Parameters
    ----------
    reach : DataFrame
        Columns as of `reach_table` or any measure of this room.
    other : mapping of zone to number
        Wages, land prices, ...; NaN or absent where not known.

    Returns
    -------
    DataFrame
        Keys of the reach table; spearman, -1 to 1 (NaN where either is the same everywhere, or
        fewer than three zones are known), zones, and zones_left_out where one is not known.

    Raises
    ------
    InputError
        Columns are missing.
    """
    lacking = [name for name in ("zone_id", "value", *KEYS) if name not in reach.columns]
    if lacking:
        raise InputError(f"rank correlation: the table has no column {', '.join(lacking)}")
    against = reach["zone_id"].map(dict(other)).astype(np.float64)
    rows: list[tuple[object, ...]] = []
    for key, part in reach.assign(_other=against).groupby(list(KEYS), dropna=False, sort=False):
        known = part[part["value"].notna() & part["_other"].notna()]
        n = len(known)
        value = spearman(known["value"].to_numpy(np.float64), known["_other"].to_numpy(np.float64))
        rows.append((*key, value, n, len(part) - n))
    return pd.DataFrame(rows, columns=list(CORRELATION_COLUMNS))


def spearman(one: npt.NDArray[np.float64], other: npt.NDArray[np.float64]) -> float:
    """Correlation of ranks, both shape (n,) without NaN; NaN where it is not defined."""
    if len(one) < 3:
        return float("nan")
    a, b = (pd.Series(values).rank().to_numpy(np.float64) for values in (one, other))
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return float(a @ b / size) if size > 0.0 else float("nan")
