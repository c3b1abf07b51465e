"""Travel times by public transport for every departure of a window, from all origins at once."""

from halfcircle.access.transit.build import EngineName, build_transit_search
from halfcircle.access.transit.explain import Journey, Leg, explain_journey
from halfcircle.access.transit.percentiles import percentile_index
from halfcircle.access.transit.query import MAX_LIMIT_S, StopLinks, TransitQuery
from halfcircle.access.transit.reverse import build_arrive_by_search, reverse_timetable
from halfcircle.access.transit.search import (
    UNREACHED_LANE,
    DirectTimes,
    TransitSearch,
)

__all__ = [
    "MAX_LIMIT_S",
    "UNREACHED_LANE",
    "DirectTimes",
    "EngineName",
    "Journey",
    "Leg",
    "StopLinks",
    "TransitQuery",
    "TransitSearch",
    "build_arrive_by_search",
    "build_transit_search",
    "explain_journey",
    "percentile_index",
    "reverse_timetable",
]
