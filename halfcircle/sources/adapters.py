"""All sources by name."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

from halfcircle.sources.any_url import ANY_URL
from halfcircle.sources.census_grid import EUROSTAT_CENSUS_GRID, ZENSUS
from halfcircle.sources.geofabrik import GEOFABRIK
from halfcircle.sources.gisco import COUNTRIES, LAU, NUTS
from halfcircle.sources.overpass import OVERPASS
from halfcircle.sources.timetables import GTFS

__all__ = ["ADAPTERS"]

ADAPTERS: Final = MappingProxyType(
    {
        adapter.name: adapter
        for adapter in (
            GEOFABRIK,
            OVERPASS,
            GTFS,
            LAU,
            NUTS,
            COUNTRIES,
            EUROSTAT_CENSUS_GRID,
            ZENSUS,
            ANY_URL,
        )
    }
)
