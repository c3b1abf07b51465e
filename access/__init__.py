"""Reach: travel times by any mode, and the opportunities that they bring within reach.

::

    StreetNetwork ─┐
    Timetable ─────┼─> TravelTimeSource (blocks of origins) ─> reach_table
    brought times ─┘

Streets are in `halfcircle.access.streets`, the search over timetables in
`halfcircle.access.transit`.
"""

from halfcircle.access.brought_times import BroughtTimes, OmxTimes, read_times
from halfcircle.access.crow_fly import CrowFly
from halfcircle.access.decay import decay_by_name
from halfcircle.access.linking import (
    StraightWays,
    StreetWaysToStops,
    access_links,
    add_footpaths,
    egress_links,
)
from halfcircle.access.measures import reach_table
from halfcircle.access.own_zone import own_zone_m
from halfcircle.access.street_times import StreetTimes, build_street_times
from halfcircle.access.transit_times import TransitTimes
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks, travel_time_table

__all__ = [
    "BroughtTimes",
    "CrowFly",
    "OmxTimes",
    "StraightWays",
    "StreetTimes",
    "StreetWaysToStops",
    "TransitTimes",
    "TravelTimeSource",
    "access_links",
    "add_footpaths",
    "build_street_times",
    "decay_by_name",
    "egress_links",
    "origin_blocks",
    "own_zone_m",
    "reach_table",
    "read_times",
    "travel_time_table",
]
