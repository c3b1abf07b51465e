"""A table of text in columns: what a file of a feed looks like in memory.

Every column is kept as codes into its distinct values. A column of 20 million stop times holds
perhaps 90,000 distinct clock times, so that parsing and checking look at each value once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import frozen_array, id_array
from halfcircle.errors import FeedError

__all__ = ["Column", "Lines", "Table"]

IntArray = npt.NDArray[np.integer[Any]]


@dataclass(frozen=True, eq=False)
class Column:
    """Text values of one column.

    Parameters
    ----------
    codes : array of int32, shape (n_rows,)
        Index into `values` per row.
    values : array of str, shape (n_values,)
        Distinct texts, blanks at both ends removed; a missing value is ``""``.
    """

    codes: npt.NDArray[np.int32]
    values: npt.NDArray[np.object_]

    def __post_init__(self) -> None:
        object.__setattr__(self, "codes", frozen_array(self.codes, np.int32))
        object.__setattr__(self, "values", id_array(self.values))

    @classmethod
    def of(cls, texts: Iterable[object]) -> Column:
        """Column of the given texts, one per row."""
        items = id_array(texts)
        codes, values = pd.factorize(items)
        return cls(codes.astype(np.int32), np.asarray(values, dtype=object))

    @classmethod
    def constant(cls, text: str, n_rows: int) -> Column:
        """Column with the same text in each row."""
        return cls(np.zeros(n_rows, dtype=np.int32), id_array([text]))

    def texts(self) -> npt.NDArray[np.object_]:
        """Text per row, shape (n_rows,)."""
        return self.values[self.codes]

    def take(self, rows: npt.NDArray[Any]) -> Column:
        """Rows by index, without values that no longer occur."""
        codes = self.codes[rows]
        used = np.bincount(codes, minlength=len(self.values)) > 0
        if used.all():
            return Column(codes, self.values)
        number = np.cumsum(used, dtype=np.int32) - 1
        return Column(number[codes].astype(np.int32), self.values[used])

    def map(self, function: Callable[[str], Any], dtype: npt.DTypeLike) -> npt.NDArray[Any]:
        """`function` of each distinct value, spread over the rows."""
        return np.array([function(value) for value in self.values], dtype=dtype)[self.codes]


@dataclass(frozen=True, eq=False)
class Lines:
    """Line in the file of each row that was read.

    Parameters
    ----------
    first_row, first_line : array of int64, shape (n_blocks,)
        Row and line with which each block of the file begins.
    exact : tuple of (array of int64 or None), length n_blocks
        Line per row of blocks with blank lines or line breaks inside quotes.
    """

    first_row: tuple[int, ...] = (0,)
    first_line: tuple[int, ...] = (2,)
    exact: tuple[npt.NDArray[np.int64] | None, ...] = (None,)

    def of(self, row: int) -> int:
        """Line of a row."""
        block = int(np.searchsorted(self.first_row, row, side="right")) - 1
        lines = self.exact[block]
        within = row - self.first_row[block]
        if lines is None or within >= len(lines):
            return self.first_line[block] + within
        return int(lines[within])


@dataclass(frozen=True, eq=False)
class Table:
    """One file of a feed.

    Parameters
    ----------
    name : str
        ``"stop_times"``.
    columns : mapping of str to Column
        In the order of the file.
    n_rows : int
    source_row : array of int64 or None, shape (n_rows,)
        Row of the file that each row comes from; None while no row was dropped.
    lines : Lines
    """

    name: str
    columns: Mapping[str, Column]
    n_rows: int
    source_row: npt.NDArray[np.int64] | None = None
    lines: Lines = Lines()

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))
        wrong = [name for name, col in self.columns.items() if len(col.codes) != self.n_rows]
        if wrong:
            raise FeedError(f"{self.name}.txt: columns of unequal length: {', '.join(wrong)}")

    @classmethod
    def from_frame(cls, name: str, frame: pd.DataFrame) -> Table:
        """Table of a data frame; missing values become blanks."""
        columns = {
            str(label): Column.of(
                "" if value is None or value != value else value for value in frame[label]
            )
            for label in frame.columns
        }
        return cls(name, columns, len(frame))

    def __len__(self) -> int:
        return self.n_rows

    def __contains__(self, column: str) -> bool:
        return column in self.columns

    def __repr__(self) -> str:
        return f"<Table {self.name}: {self.n_rows:,} rows, {', '.join(self.columns)}>"

    def column(self, name: str) -> Column:
        """Column `name`; blank in every row where the file has no such column."""
        found = self.columns.get(name)
        return Column.constant("", self.n_rows) if found is None else found

    def texts(self, name: str) -> npt.NDArray[np.object_]:
        """Text of column `name` per row, shape (n_rows,)."""
        return self.column(name).texts()

    def numbers(self, name: str, *, blank: float) -> npt.NDArray[np.float64]:
        """Decimal numbers of column `name`, shape (n_rows,); `blank` where there is none."""
        return self.column(name).map(lambda text: float(text) if text else blank, np.float64)

    def whole(self, name: str, *, blank: int) -> npt.NDArray[np.int64]:
        """Whole numbers of column `name`, shape (n_rows,); `blank` where there is none."""
        return self.column(name).map(lambda text: int(float(text)) if text else blank, np.int64)

    def take(self, rows: npt.NDArray[Any]) -> Table:
        """Rows by index or mask."""
        index = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        source = index if self.source_row is None else self.source_row[index]
        columns = {name: col.take(index) for name, col in self.columns.items()}
        return replace(self, columns=columns, n_rows=len(index), source_row=source.astype(np.int64))

    def with_column(self, name: str, column: Column) -> Table:
        """Same rows with a column replaced or added."""
        return replace(self, columns={**self.columns, name: column})

    def line(self, row: int) -> int:
        """Line of the file on which a row was."""
        return self.lines.of(row if self.source_row is None else int(self.source_row[row]))

    def frame(self) -> pd.DataFrame:
        """The table as a data frame of text."""
        return pd.DataFrame({name: column.texts() for name, column in self.columns.items()})
