"""What the tables of measures hold; see `halfcircle.outputs.columns`."""

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
)

__all__ = ["MEASURE_TABLES"]

NAME = Column("name", "text", "", "name of the measure in the study file", key=True)
PERCENTILE = Column(
    "percentile",
    "integer",
    "percent of departures",
    "percentile of travel time over the departure window",
    key=True,
    required=False,
)
UNIT = Column("unit", "text", "", "unit of value and delta: jobs, min, share, %, index, ...")
VALUE = Column("value", "number", "see unit", "empty where undefined or not known", required=False)
DELTA = Column(
    "delta",
    "number",
    "see unit",
    "scenario - baseline; empty in the baseline and where either is not known",
    required=False,
)
FROM = Column("origin_id", "text", "", "zone where the trip starts", key=True)
TO = Column("destination_id", "text", "", "zone where it ends", key=True)


def _number(name: str, unit: str, description: str) -> Column:
    return Column(name, "number", unit, description, required=False)


def _yes(name: str, description: str) -> Column:
    return Column(name, "integer", "1 = yes, 0 = no", description, required=False)


MEASURE_TABLES = (
    Table(
        "measures",
        "measures beside reach, of each zone; of sites where the measure is one of sites",
        (
            ZONE_ID,
            SCENARIO,
            MODE,
            OPPORTUNITY,
            GROUP,
            BAND,
            PERCENTILE,
            MEASURE,
            NAME,
            VALUE,
            DELTA,
            UNIT,
            _number("left_out", "counts", "counts that were missing and are in no sum"),
            Column("destination_id", "text", "", "zone that completes the count", required=False),
        ),
    ),
    Table(
        "area_measures",
        "measures of the whole area: means, inequality, shares beyond a norm, ...",
        (
            NAME,
            Column("kind", "text", "", "kind of measure"),
            SCENARIO,
            MODE,
            OPPORTUNITY,
            GROUP,
            BAND,
            PERCENTILE,
            MEASURE,
            Column("index", "text", "", "what is worked out: mean, gini, share_beyond", key=True),
            VALUE,
            DELTA,
            UNIT,
            _number("people", "people or zones", "how many were counted"),
            _number("left_out", "people, zones or counts", "how many were not, for want of data"),
        ),
    ),
    Table(
        "city_pairs",
        "door-to-door times between cities, both ways",
        (
            NAME,
            SCENARIO,
            FROM,
            TO,
            MODE,
            PERCENTILE,
            _yes("cross_border", "whether the two are in different countries"),
            _number("distance_km", "km", "straight line"),
            _number("travel_time_min", "minutes", "empty where not reached"),
            _number("kmh", "km/h", "straight line over door-to-door time"),
            _number("limit_min", "minutes", "norm"),
            _yes("within", "whether this way takes no longer than the norm"),
            _yes("within_both", "whether both ways do"),
        ),
    ),
    Table(
        "closures",
        "amenities that close, in order, under a minimum roll",
        (
            NAME,
            SCENARIO,
            MODE,
            OPPORTUNITY,
            GROUP,
            Column("step", "integer", "", "order of closing", key=True),
            Column("zone_id", "text", "", "where one closes"),
            _number("roll", "people per amenity", "when it closed"),
            _number("moved", "people", "who have to go elsewhere"),
            _number("extra_min", "minutes", "their mean extra time; empty where nobody moved"),
        ),
    ),
)
