"""Reach: travel times by any mode, and the opportunities that they bring within reach.

::

    StreetNetwork ─┐
    Timetable ─────┼─> TravelTimeSource (blocks of origins) ─> reach_table
    brought times ─┘

Streets are in `halfcircle.access.streets`, the search over timetables in
`halfcircle.access.transit`.
"""

from halfcircle.access.availability import spatial_availability
from halfcircle.access.best_of import BestOf
from halfcircle.access.borrowed import borrowed_size
from halfcircle.access.brought_times import BroughtTimes, OmxTimes, read_times
from halfcircle.access.chains import chain_reach, dual_earner_reach
from halfcircle.access.closures import Cascade, closure_cascade
from halfcircle.access.competition import (
    balanced_catchment,
    floating_catchment,
    three_step_catchment,
)
from halfcircle.access.competition_levels import competition_by_level, spill_down
from halfcircle.access.crow_fly import CrowFly
from halfcircle.access.decay import decay_by_name
from halfcircle.access.equity import (
    Theil,
    concentration_index,
    fgt,
    gini,
    lorenz_curve,
    palma,
    rank_shares,
    theil_t,
)
from halfcircle.access.fairness import ZonePeople, equity_table, income_classes
from halfcircle.access.hubs import Hubs, through_hubs
from halfcircle.access.interval import interval_reach
from halfcircle.access.linked_ways import LinkedWays, Way, fastest_links
from halfcircle.access.linking import (
    Pairs,
    StraightWays,
    StreetWaysToStops,
    access_links,
    add_footpaths,
    egress_links,
)
from halfcircle.access.measures import reach_table
from halfcircle.access.mode_gaps import mode_gap, poverty_summary, transport_poverty
from halfcircle.access.nearest import nearest_table
from halfcircle.access.norms import amenity_norms, catchments
from halfcircle.access.own_zone import own_zone_m
from halfcircle.access.performance import rail_performance, transport_performance
from halfcircle.access.reverse_reach import reverse_reach_table
from halfcircle.access.scoreboard import city_pairs, city_scoreboard
from halfcircle.access.street_times import StreetTimes, build_street_times
from halfcircle.access.transit_times import TransitTimes
from halfcircle.access.travel_time_file import write_travel_times
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks, travel_time_table
from halfcircle.access.validation import rank_correlation
from halfcircle.access.vehicle_stops import VehicleStops, split_stops
from halfcircle.access.zonal_decay import ZonalDecay

__all__ = [
    "BestOf",
    "BroughtTimes",
    "Cascade",
    "CrowFly",
    "Hubs",
    "LinkedWays",
    "OmxTimes",
    "Pairs",
    "StraightWays",
    "StreetTimes",
    "StreetWaysToStops",
    "Theil",
    "TransitTimes",
    "TravelTimeSource",
    "VehicleStops",
    "Way",
    "ZonalDecay",
    "ZonePeople",
    "access_links",
    "add_footpaths",
    "amenity_norms",
    "balanced_catchment",
    "borrowed_size",
    "build_street_times",
    "catchments",
    "chain_reach",
    "city_pairs",
    "city_scoreboard",
    "closure_cascade",
    "competition_by_level",
    "concentration_index",
    "decay_by_name",
    "dual_earner_reach",
    "egress_links",
    "equity_table",
    "fastest_links",
    "fgt",
    "floating_catchment",
    "gini",
    "income_classes",
    "interval_reach",
    "lorenz_curve",
    "mode_gap",
    "nearest_table",
    "origin_blocks",
    "own_zone_m",
    "palma",
    "poverty_summary",
    "rail_performance",
    "rank_correlation",
    "rank_shares",
    "reach_table",
    "read_times",
    "reverse_reach_table",
    "spatial_availability",
    "spill_down",
    "split_stops",
    "theil_t",
    "three_step_catchment",
    "through_hubs",
    "transport_performance",
    "transport_poverty",
    "travel_time_table",
    "write_travel_times",
]
