"""Columns and tables as data, and the columns that many tables share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["text", "number", "integer", "boolean"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
    kind : {"text", "number", "integer", "boolean"}
    unit : str
        Empty for text.
    description : str
        One clause.
    key : bool
        Part of what identifies a row; a key column may still be empty where it says so.
    required : bool
        Whether a value must be present in every row.
    optional : bool
        Whether the whole column is there only in studies that ask for it.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    key: bool = False
    required: bool = True
    optional: bool = False


@dataclass(frozen=True)
class Table:
    """One table: its name, what a row is, and its columns in order."""

    name: str
    description: str
    columns: tuple[Column, ...]

    @property
    def column_names(self) -> tuple[str, ...]:
        """Names in order."""
        return tuple(column.name for column in self.columns)

    def present(self, names: Iterable[str]) -> Table:
        """The table without the optional columns that are not among `names`."""
        given = set(names)
        kept = tuple(c for c in self.columns if not c.optional or c.name in given)
        return replace(self, columns=kept)

    @property
    def key_names(self) -> tuple[str, ...]:
        """Names of the columns that identify a row."""
        return tuple(column.name for column in self.columns if column.key)


ZONE_ID = Column("zone_id", "text", "", "identifier of the zone in the zones file", key=True)
SCENARIO = Column("scenario", "text", "", "'baseline' or the name of a scenario", key=True)
MODE = Column(
    "mode", "text", "", "walk, bike, car, transit, a chain such as bike+transit", key=True
)
OPPORTUNITY = Column("opportunity", "text", "", "what is reached: jobs, schools, ...", key=True)
GROUP = Column("group", "text", "", "group within the opportunity; 'all' if undivided", key=True)
BAND = Column(
    "band_min",
    "number",
    "minutes",
    "travel time up to which opportunities count; empty for measures without a limit",
    key=True,
    required=False,
)
MEASURE = Column("measure", "text", "", "how opportunities are counted: cumulative, ...", key=True)


def count(name: str, description: str) -> Column:
    return Column(name, "number", "unit of the opportunity", description, required=False)
