"""Text keys as numbers, so that tables of millions of rows are sorted and checked quickly."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd


def row_codes(table: pd.DataFrame, columns: Iterable[str]) -> npt.NDArray[np.int64]:
    """One number per row, equal where all `columns` are equal; missing counts as a value."""
    combined = np.zeros(len(table), dtype=np.int64)
    for name in columns:
        codes, uniques = pd.factorize(table[name], use_na_sentinel=True)
        combined = combined * (len(uniques) + 1) + (codes.astype(np.int64) + 1)
        # Renumbered each time, so that the product never outgrows 64 bits.
        combined = np.unique(combined, return_inverse=True)[1].astype(np.int64)
    return combined


def rank(values: pd.Series, order: Sequence[object] = ()) -> npt.NDArray[np.int64]:
    """Position of each value in `order`, then of the others by value; missing values last."""
    codes, uniques = pd.factorize(values, use_na_sentinel=True)
    place = {value: i for i, value in enumerate(order)}
    others = sorted(set(uniques) - set(place), key=_number_then_text)
    for value in others:
        place[value] = len(place)
    ranks = np.array([place[value] for value in uniques] + [len(place)], dtype=np.int64)
    return ranks[codes]


def _number_then_text(value: object) -> tuple[bool, float, str]:
    if isinstance(value, (int, float, np.number)):
        return (False, float(value), "")
    return (True, 0.0, str(value))
