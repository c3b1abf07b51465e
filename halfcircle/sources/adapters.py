"""All sources by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from halfcircle.sources.any_url import ANY_URL
from halfcircle.sources.cbs import CBS_ODATA, CBS_SQUARES
from halfcircle.sources.census_grid import EUROSTAT_CENSUS_GRID, ZENSUS
from halfcircle.sources.derived import CROSSWALK, SPREAD
from halfcircle.sources.geofabrik import GEOFABRIK
from halfcircle.sources.ghsl import GHS_POP
from halfcircle.sources.gisco import COUNTRIES, LAU, NUTS
from halfcircle.sources.overpass import OVERPASS
from halfcircle.sources.pdok import PDOK
from halfcircle.sources.statbel import STATBEL
from halfcircle.sources.timetables import GTFS

__all__ = ["ADAPTERS"]

ALL: Final = (
    *(GEOFABRIK, OVERPASS, GTFS),
    *(LAU, NUTS, COUNTRIES, PDOK),
    *(CBS_ODATA, CBS_SQUARES, EUROSTAT_CENSUS_GRID, GHS_POP, ZENSUS, STATBEL),
    *(ANY_URL, SPREAD, CROSSWALK),
)
ADAPTERS: Final = MappingProxyType({adapter.name: adapter for adapter in ALL})
