"""Streets: OSM extracts to a routable graph per mode, places on it, times between them.

>>> ways = read_osm("region.osm.pbf")                       # doctest: +SKIP
>>> walk = build_network(ways, "walk")                      # doctest: +SKIP
>>> places = walk.snap(lon, lat)                            # doctest: +SKIP
>>> street_times_s(walk, places, places, limit_s=3600)      # doctest: +SKIP
"""

from halfcircle.access.streets.build import build_network
from halfcircle.access.streets.cache import content_key
from halfcircle.access.streets.hierarchy import StreetHierarchy, build_hierarchy
from halfcircle.access.streets.links import StreetLinks
from halfcircle.access.streets.network import StreetNetwork
from halfcircle.access.streets.osm import read_osm
from halfcircle.access.streets.osmnx_bridge import (
    network_from_osmnx,
    network_from_place,
    network_to_osmnx,
)
from halfcircle.access.streets.profiles import (
    MODES,
    BikeProfile,
    CarProfile,
    Mode,
    StreetProfile,
    WalkProfile,
)
from halfcircle.access.streets.search import MAX_LIMIT_S, Links, street_links, street_times_s
from halfcircle.access.streets.snapping import SNAP_REASONS, Snaps
from halfcircle.access.streets.speed_factors import SpeedFactor, with_speed_factors
from halfcircle.access.streets.speeds import CountryLookup, country_lookup
from halfcircle.access.streets.tags import ROAD_CLASSES
from halfcircle.access.streets.ways import Restriction, StreetWays

__all__ = [
    "MAX_LIMIT_S",
    "MODES",
    "ROAD_CLASSES",
    "SNAP_REASONS",
    "BikeProfile",
    "CarProfile",
    "CountryLookup",
    "Links",
    "Mode",
    "Restriction",
    "Snaps",
    "SpeedFactor",
    "StreetHierarchy",
    "StreetLinks",
    "StreetNetwork",
    "StreetProfile",
    "StreetWays",
    "WalkProfile",
    "build_hierarchy",
    "build_network",
    "content_key",
    "country_lookup",
    "network_from_osmnx",
    "network_from_place",
    "network_to_osmnx",
    "read_osm",
    "street_links",
    "street_times_s",
    "with_speed_factors",
]
