"""Everything a run leaves behind: tables, packages, rasters, maps, a report, a manifest."""

from halfcircle.outputs.claims import check_claims, write_claims
from halfcircle.outputs.columns import TABLES
from halfcircle.outputs.deltas import (
    Change,
    ScenarioLayers,
    build_delta_layers,
    build_scenario_layers,
)
from halfcircle.outputs.geopackage import write_geopackage, write_regions
from halfcircle.outputs.indicators import Indicator, build_indicators, write_indicators
from halfcircle.outputs.isochrone_pair import CirclePair, circle_pair
from halfcircle.outputs.isochrone_table import isochrone_frame
from halfcircle.outputs.isochrones import isochrones, place_isochrones, write_isochrones
from halfcircle.outputs.layers import LayerKey, Layers, build_layers, build_loss_layers
from halfcircle.outputs.looks import Boundary, MapLooks
from halfcircle.outputs.manifest import write_manifest, write_timings
from halfcircle.outputs.maps import build_map, write_map
from halfcircle.outputs.package import run_tables, write_data_dictionary, write_data_package
from halfcircle.outputs.pair_chart import pair_chart
from halfcircle.outputs.place_reach import PlaceReach
from halfcircle.outputs.published import Claim, published_claims
from halfcircle.outputs.rasters import write_rasters
from halfcircle.outputs.report import build_report, write_report
from halfcircle.outputs.result import RunResult, Settings, Source
from halfcircle.outputs.sheets import CSV_STYLES, write_frame
from halfcircle.outputs.tables import write_table, write_tables, write_wide_csv
from halfcircle.outputs.texts import LANGUAGES, Texts
from halfcircle.outputs.views import Picture
from halfcircle.outputs.write import write_outputs

__all__ = [
    "CSV_STYLES",
    "LANGUAGES",
    "TABLES",
    "Boundary",
    "Change",
    "CirclePair",
    "Claim",
    "Indicator",
    "LayerKey",
    "Layers",
    "MapLooks",
    "Picture",
    "PlaceReach",
    "RunResult",
    "ScenarioLayers",
    "Settings",
    "Source",
    "Texts",
    "build_delta_layers",
    "build_indicators",
    "build_layers",
    "build_loss_layers",
    "build_map",
    "build_report",
    "build_scenario_layers",
    "check_claims",
    "circle_pair",
    "isochrone_frame",
    "isochrones",
    "pair_chart",
    "place_isochrones",
    "published_claims",
    "run_tables",
    "write_claims",
    "write_data_dictionary",
    "write_data_package",
    "write_frame",
    "write_geopackage",
    "write_indicators",
    "write_isochrones",
    "write_manifest",
    "write_map",
    "write_outputs",
    "write_rasters",
    "write_regions",
    "write_report",
    "write_table",
    "write_tables",
    "write_timings",
    "write_wide_csv",
]
