"""What every table of a run holds, as data: columns, types, units, meaning.

The Parquet schemas, the data dictionary, ``datapackage.json`` and the checks of `RunResult` are all
read from here, so that they cannot tell different stories.
"""

from __future__ import annotations

from halfcircle.outputs._columns import (
    BAND,
    GROUP,
    MEASURE,
    MODE,
    OPPORTUNITY,
    SCENARIO,
    ZONE_ID,
    Column,
    Table,
    count,
)
from halfcircle.outputs.border_columns import BORDER_TABLES, SKILLS
from halfcircle.outputs.measure_columns import MEASURE_TABLES

__all__ = ["TABLES", "TRAVEL_TIMES", "Column", "Table"]

TRAVEL_TIMES = Table(
    "travel_times",
    "travel times of all pairs within the longest one, block by block of origins",
    (
        Column("origin", "text", "", "zone where trips start", key=True),
        Column("destination", "text", "", "zone where trips end", key=True),
        Column(
            "percentile",
            "integer",
            "percent of departures",
            "percentile of travel time over the departure window",
            key=True,
        ),
        Column("seconds", "number", "seconds", "travel time from door to door"),
    ),
)

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
                    "percentile of travel time over the departure window, a low one well-timed; "
                    "for the measure 'departures' of what is reached, a low one badly timed; empty "
                    "where the measure is a mean over departures",
                    key=True,
                    required=False,
                ),
                MEASURE,
                count("value", "opportunities reached"),
            ),
        ),
        Table(
            "unreached",
            "zones that are not connected, and why",
            (
                ZONE_ID,
                SCENARIO,
                MODE,
                Column("reason", "text", "", "why there is no result", key=True),
            ),
        ),
        Table(
            "winning_mode",
            "which mode of a set is the fastest way to what is reached",
            (
                ZONE_ID,
                SCENARIO,
                Column("set", "text", "", "name of the set of modes, from best_of", key=True),
                OPPORTUNITY,
                GROUP,
                BAND,
                Column(
                    "percentile",
                    "integer",
                    "percent of departures",
                    "percentile of travel time over the departure window",
                    key=True,
                ),
                Column("mode", "text", "", "a mode of the set", key=True),
                Column(
                    "value",
                    "number",
                    "share, 0 to 1",
                    "share of the opportunities in reach that this mode reaches the fastest; of "
                    "equal times the first mode of the set counts; empty where nothing is in reach",
                    required=False,
                ),
                Column(
                    "most",
                    "integer",
                    "0 or 1",
                    "1 for the mode with the largest share, of equal ones the first of the set",
                ),
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
                count("reach_domestic", "opportunities reached in the zone's own country"),
                count("reach_open", "opportunities reached if the border did not count"),
                count("reach_effective", "opportunities reached with the border penalties"),
                Column(
                    "loss",
                    "number",
                    "share, 0 to 1",
                    "1 - reach_domestic / reach_open; empty where nothing is in reach",
                    required=False,
                ),
                *SKILLS,
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
                count("reach_domestic", "opportunities reached in the zone's own country"),
                count("reach_open", "opportunities reached if the border did not count"),
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
                count("baseline", "opportunities reached in the baseline"),
                count("variant", "opportunities reached in the scenario"),
                count("delta", "variant - baseline"),
                count(
                    "delta_sd",
                    "standard deviation of delta over paired draws of headway services; empty "
                    "where nothing is drawn",
                ),
            ),
        ),
        *BORDER_TABLES,
        *MEASURE_TABLES,
    )
}
