"""Regions: which places form one area of daily work, from flows and from travel times."""

from halfcircle.regions.crosswalk import Crosswalk, read_crosswalk
from halfcircle.regions.flows import Flows, build_flows
from halfcircle.regions.frames import membership_table, regions_geodataframe
from halfcircle.regions.indicators import (
    inter_region_flows,
    internal_share,
    region_cohesion,
    region_indicators,
)
from halfcircle.regions.labour_market_areas import (
    LabourMarketAreaParameters,
    LabourMarketAreas,
    build_labour_market_areas,
    validity,
)
from halfcircle.regions.methods import METHODS, delineate
from halfcircle.regions.plausibility import Plausibility, flow_plausibility
from halfcircle.regions.read_flows import flows_from_table, read_flow_matrix, read_flows
from halfcircle.regions.zoning import Regions, build_regions, regions_from_labels

__all__ = [
    "METHODS",
    "Crosswalk",
    "Flows",
    "LabourMarketAreaParameters",
    "LabourMarketAreas",
    "Plausibility",
    "Regions",
    "build_flows",
    "build_labour_market_areas",
    "build_regions",
    "delineate",
    "flow_plausibility",
    "flows_from_table",
    "inter_region_flows",
    "internal_share",
    "membership_table",
    "read_crosswalk",
    "read_flow_matrix",
    "read_flows",
    "region_cohesion",
    "region_indicators",
    "regions_from_labels",
    "regions_geodataframe",
    "validity",
]
