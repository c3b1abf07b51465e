"""What every table of a run holds, as data: columns, types, units, meaning.

The Parquet schemas, the data dictionary, ``datapackage.json`` and the checks of `RunResult` are all
read from here, so that they cannot tell different stories.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["TABLES", "Column", "Table"]

Kind = Literal["text", "number", "integer"]


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Parameters
    ----------
    name : str
    kind : {"text", "number", "integer"}
    unit : str
        Empty for text.
    description : str
        One clause.
    key : bool
        Part of what identifies a row; a key column may still be empty where it says so.
    required : bool
        Whether a value must be present in every row.
    """

    name: str
    kind: Kind
    unit: str
    description: str
    key: bool = False
    required: bool = True


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


def _count(name: str, description: str) -> Column:
    return Column(name, "number", "unit of the opportunity", description, required=False)


TABLES: dict[str, Table] = {
    table.name: table
    for table in (
        Table(
            "reach",
            "what is reached from each zone; empty value = not known, with a reason in 'unreached'",
            (
                ZONE_ID,
                SCENARIO,
                MODE,
                OPPORTUNITY,
                GROUP,
                BAND,
                Column(
                    "percentile",
                    "integer",
                    "percent of departures",
                    "percentile of travel time over the departure window; empty where the measure "
                    "is a mean over departures",
                    key=True,
                    required=False,
                ),
                MEASURE,
                _count("value", "opportunities reached"),
            ),
        ),
        Table(
            "unreached",
            "zones without a result, and why",
            (
                ZONE_ID,
                MODE,
                Column("reason", "text", "", "why there is no result", key=True),
            ),
        ),
        Table(
            "border",
            "what the national border takes away from each zone",
            (
                ZONE_ID,
                SCENARIO,
                MODE,
                OPPORTUNITY,
                GROUP,
                BAND,
                MEASURE,
                _count("reach_domestic", "opportunities reached in the zone's own country"),
                _count("reach_open", "opportunities reached if the border did not count"),
                _count("reach_effective", "opportunities reached with the border penalties"),
                Column(
                    "loss",
                    "number",
                    "share, 0 to 1",
                    "1 - reach_domestic / reach_open; empty where nothing is in reach",
                    required=False,
                ),
            ),
        ),
        Table(
            "sectors",
            "the half circle: reach by compass direction",
            (
                ZONE_ID,
                SCENARIO,
                MODE,
                OPPORTUNITY,
                GROUP,
                BAND,
                MEASURE,
                Column(
                    "sector",
                    "integer",
                    "sixteenths of a circle",
                    "0 = north, clockwise to 15; 16 = inside the zone itself",
                    key=True,
                ),
                _count("reach_domestic", "opportunities reached in the zone's own country"),
                _count("reach_open", "opportunities reached if the border did not count"),
            ),
        ),
        Table(
            "membership",
            "which region each zone belongs to; empty region_id = not assigned",
            (
                ZONE_ID,
                SCENARIO,
                Column("method", "text", "", "how regions were drawn", key=True),
                GROUP,
                Column("region_id", "text", "", "identifier of the region", required=False),
                Column("region_name", "text", "", "name of the region", required=False),
                Column("share", "number", "share, 0 to 1", "degree of membership", required=False),
            ),
        ),
        Table(
            "scenarios",
            "baseline and variant side by side",
            (
                ZONE_ID,
                SCENARIO,
                MODE,
                OPPORTUNITY,
                BAND,
                _count("baseline", "opportunities reached in the baseline"),
                _count("variant", "opportunities reached in the scenario"),
                _count("delta", "variant - baseline"),
            ),
        ),
    )
}
