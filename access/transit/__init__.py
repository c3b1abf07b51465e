"""Travel times by public transport for every departure of a window, from all origins at once."""

from halfcircle.access.transit.percentiles import percentile_index
from halfcircle.access.transit.query import MAX_LIMIT_S, StopLinks, TransitQuery
from halfcircle.access.transit.search import (
    UNREACHED_LANE,
    DirectTimes,
    EngineName,
    TransitSearch,
    build_transit_search,
)

__all__ = [
    "MAX_LIMIT_S",
    "UNREACHED_LANE",
    "DirectTimes",
    "EngineName",
    "StopLinks",
    "TransitQuery",
    "TransitSearch",
    "build_transit_search",
    "percentile_index",
]
