"""Rows appended to tables of a feed, and how identifiers and times are written in them."""

from __future__ import annotations

import re
import unicodedata

import numpy as np
import pandas as pd

from halfcircle._checks import id_array
from halfcircle.gtfs.table import Column, Table

__all__ = ["appended", "clock_text", "slug"]


def slug(text: str) -> str:
    """Identifier of a name: lower case letters, digits and hyphens."""
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(char for char in plain if not unicodedata.combining(char)).lower()
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-") or "x"


def clock_text(seconds: int) -> str:
    """``"25:04:00"``."""
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


def appended(table: Table, frame: pd.DataFrame) -> Table:
    """A table with the rows of a data frame of text after its own."""
    columns: dict[str, Column] = {}
    for name in dict.fromkeys([*table.columns, *frame.columns]):
        old = table.column(name)
        new = (
            Column.of("" if v is None or v != v else v for v in frame[name])
            if name in frame
            else Column.constant("", len(frame))
        )
        number = {value: i for i, value in enumerate(old.values)}
        codes = [number.setdefault(value, len(number)) for value in new.values]
        joined = np.concatenate([old.codes, np.array(codes, dtype=np.int32)[new.codes]])
        columns[str(name)] = Column(joined.astype(np.int32), id_array(number))
    return Table(table.name, columns, len(table) + len(frame))
