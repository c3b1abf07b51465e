"""Isochrones of a run as one table of areas: full circle and half circle of every place."""

from __future__ import annotations

from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from halfcircle.outputs._columns import BAND, MODE, Column, Table, count
from halfcircle.outputs.isochrones import catchment_shapes, isochrones
from halfcircle.outputs.place_reach import PlaceReach
from halfcircle.outputs.shapes import united
from halfcircle.places import Opportunities, Zones

__all__ = ["ISOCHRONES", "isochrone_frame"]

ISOCHRONES = Table(
    "isochrones",
    "areas within travel times of the places of [isochrones]; polygons in isochrones.gpkg (CRS of "
    "the zones) and isochrones.geojson (longitude, latitude)",
    (
        Column("place", "text", "", "name of the place in the middle", key=True),
        Column("zone_id", "text", "", "zone that the place lies in", key=True),
        MODE,
        Column(
            "percentile",
            "integer",
            "percent of departures",
            "percentile of travel time over the departure window",
            key=True,
        ),
        Column(
            "circle",
            "text",
            "",
            "full: as if the border did not count; half: only what lies in the own country",
            key=True,
        ),
        BAND,
        Column("kind", "text", "", "zones: union of zones; street: cells along streets"),
        Column("n_zones", "integer", "zones", "zones whose middle is within the band"),
        Column("area_km2", "number", "square kilometres", "size of the area"),
        Column("opportunity", "text", "", "what is counted in reach", required=False),
        count("reach", "opportunities within the band"),
    ),
)


def isochrone_frame(
    reached: tuple[PlaceReach, ...], zones: Zones, opportunities: tuple[Opportunities, ...]
) -> Any:
    """Areas of all places as one table, the columns of `ISOCHRONES` and the geometry.

    Parameters
    ----------
    reached : tuple of PlaceReach
    zones : Zones
    opportunities : tuple of Opportunities

    Returns
    -------
    GeoDataFrame
        Multipolygons in the CRS of the zones, empty where nothing is within a band.
    """
    frames = []
    for one in reached:
        home = one.home(zones)
        circles = [("full", np.ones(len(zones), dtype=bool))]
        circles += [] if home is None else [("half", home)]
        counted = one.counted(opportunities)
        for circle, inside in circles:
            times_s = np.where(inside, one.times_s, np.inf)
            frame = isochrones(zones, times_s, one.bands_min)
            if one.areas is not None:
                shapes = [_half(area, zones, inside) for area in one.areas]
                frame = frame.set_geometry(gpd.GeoSeries(shapes, crs=zones.crs))
                frame["area_km2"] = shapely.area(frame.geometry.array) / 1e6
            frame["place"] = one.name
            frame["zone_id"] = str(zones.zone_id[one.zone_idx])
            frame["mode"], frame["percentile"] = one.mode, one.percentile
            frame["circle"], frame["kind"] = circle, one.kind
            frame["opportunity"] = None if counted is None else counted.name
            frame["reach"] = one.within(zones, opportunities, domestic=circle == "half")
            frames.append(frame)
    columns = [*ISOCHRONES.column_names, "geometry"]
    whole = pd.concat(frames, ignore_index=True)[columns]
    return gpd.GeoDataFrame(whole, geometry="geometry", crs=zones.crs)


def _half(area: Any, zones: Zones, inside: npt.NDArray[np.bool_]) -> Any:
    """What of an area lies in these zones, or nearest to them where zones are points."""
    if inside.all():
        return area
    cut = shapely.intersection(area, united(catchment_shapes(zones)[inside]))
    parts = [part for part in shapely.get_parts(cut) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)
