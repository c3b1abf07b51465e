"""Regions: which places form one area of daily work, from flows and from travel times."""

from halfcircle.regions.balancing import Balanced, balance
from halfcircle.regions.catchments import CatchmentParameters, build_catchments
from halfcircle.regions.communities import CommunityParameters, build_communities, modularity
from halfcircle.regions.compare import Agreement, ZoningComparison, agreement, compare_zonings
from halfcircle.regions.contiguity import repair_contiguity, shared_borders
from halfcircle.regions.cross_border import (
    CrossBorderSystems,
    border_factors,
    calibrate_border_factors,
    cross_border_systems,
    hybrid_flows,
)
from halfcircle.regions.crosswalk import Crosswalk, read_crosswalk
from halfcircle.regions.flows import Flows, build_flows
from halfcircle.regions.frames import membership_table, regions_geodataframe
from halfcircle.regions.functional_urban_areas import (
    FunctionalUrbanAreaParameters,
    build_functional_urban_areas,
    cities_by_size,
    cities_of_centres,
)
from halfcircle.regions.gravity import GravityModel, fit_gravity, radiation, straight_line_km
from halfcircle.regions.gravity_fit import FitStatistics, cost_distribution, fit_statistics
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
from halfcircle.regions.merging import (
    Dendrogram,
    FlowMergingParameters,
    IntramaxParameters,
    build_flow_merging,
    build_intramax,
)
from halfcircle.regions.methods import METHODS, delineate
from halfcircle.regions.overlap import (
    OverlappingParameters,
    nested_labour_market_areas,
    overlapping_membership,
)
from halfcircle.regions.placebo import Cut, placebo_borders, straight_cuts
from halfcircle.regions.plausibility import Plausibility, flow_plausibility
from halfcircle.regions.read_flows import flows_from_table, read_flow_matrix, read_flows
from halfcircle.regions.scenario import merge_probabilities, redistribute_flows
from halfcircle.regions.stability import (
    DAILY,
    STRICT,
    Stability,
    bootstrap_stability,
    containment_dial,
    draw_flows,
)
from halfcircle.regions.urban_centres import (
    CentrePopulation,
    UrbanCentres,
    build_urban_centres,
    centre_population,
)
from halfcircle.regions.zoning import Regions, build_regions, regions_from_labels

__all__ = [
    "DAILY",
    "METHODS",
    "STRICT",
    "Agreement",
    "Balanced",
    "CatchmentParameters",
    "CentrePopulation",
    "CommunityParameters",
    "CrossBorderSystems",
    "Crosswalk",
    "Cut",
    "Dendrogram",
    "FitStatistics",
    "FlowMergingParameters",
    "Flows",
    "FunctionalUrbanAreaParameters",
    "GravityModel",
    "IntramaxParameters",
    "LabourMarketAreaParameters",
    "LabourMarketAreas",
    "OverlappingParameters",
    "Plausibility",
    "Regions",
    "Stability",
    "UrbanCentres",
    "ZoningComparison",
    "agreement",
    "balance",
    "bootstrap_stability",
    "border_factors",
    "build_catchments",
    "build_communities",
    "build_flow_merging",
    "build_flows",
    "build_functional_urban_areas",
    "build_intramax",
    "build_labour_market_areas",
    "build_regions",
    "build_urban_centres",
    "calibrate_border_factors",
    "centre_population",
    "cities_by_size",
    "cities_of_centres",
    "compare_zonings",
    "containment_dial",
    "cost_distribution",
    "cross_border_systems",
    "delineate",
    "draw_flows",
    "fit_gravity",
    "fit_statistics",
    "flow_plausibility",
    "flows_from_table",
    "hybrid_flows",
    "inter_region_flows",
    "internal_share",
    "membership_table",
    "merge_probabilities",
    "modularity",
    "nested_labour_market_areas",
    "overlapping_membership",
    "placebo_borders",
    "radiation",
    "read_crosswalk",
    "read_flow_matrix",
    "read_flows",
    "redistribute_flows",
    "region_cohesion",
    "region_indicators",
    "regions_from_labels",
    "regions_geodataframe",
    "repair_contiguity",
    "shared_borders",
    "straight_cuts",
    "straight_line_km",
    "validity",
]
