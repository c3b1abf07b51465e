"""Regions as tables and layers, in the form that a run leaves behind."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from halfcircle.places import Zones
from halfcircle.regions.flows import Flows
from halfcircle.regions.indicators import region_indicators, region_outlines, same_zones
from halfcircle.regions.zoning import Regions

__all__ = ["membership_table", "regions_geodataframe"]


def membership_table(regions: Regions | Iterable[Regions]) -> pd.DataFrame:
    """Table of who belongs where, for one zoning or several below each other.

    Returns
    -------
    DataFrame
        zone_id, scenario, method, group, region_id, region_name, share: one row per zone and
        region; region_id and region_name are missing and share is 0 for zones that are not
        assigned. No (zone, scenario, method, group) is left out.
    """
    several = [regions] if isinstance(regions, Regions) else list(regions)
    frames = []
    for item in several:
        coo = item.share.tocoo()
        lost = np.flatnonzero(item.not_assigned)
        row = np.concatenate((coo.row, lost))
        order = np.argsort(row, kind="stable")
        none = np.full(len(lost), None, dtype=object)
        frames.append(
            pd.DataFrame(
                {
                    "zone_id": pd.array(item.zone_id[row[order]], dtype="string"),
                    "scenario": item.scenario,
                    "method": item.method,
                    "group": item.group,
                    "region_id": pd.array(
                        np.concatenate((item.region_id[coo.col], none))[order], dtype="string"
                    ),
                    "region_name": pd.array(
                        np.concatenate((item.region_name[coo.col], none))[order], dtype="string"
                    ),
                    "share": np.concatenate((coo.data, np.zeros(len(lost))))[order],
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def regions_geodataframe(regions: Regions, zones: Zones, *, flows: Flows | None = None) -> Any:
    """Layer of the regions for ``regions.gpkg``: one area per region with its key figures.

    Parameters
    ----------
    regions : Regions
    zones : Zones
        With areas, or points: then a region is the convex hull of its points.
    flows : Flows, optional
        Adds size, self-containment and the other indicators.

    Returns
    -------
    GeoDataFrame
        region_id, region_name, scenario, method, group, n_zones, [indicators], geometry.
    """
    import geopandas as gpd
    import shapely

    same_zones(regions, zones.zone_id)
    if zones.geometry is None:
        points: Any = shapely.points(zones.places.xy_m(zones.crs))
        columns = regions.share.tocsc()
        outline: Any = [
            shapely.convex_hull(shapely.multipoints(points[columns.indices[a:b]]))
            for a, b in zip(columns.indptr[:-1], columns.indptr[1:], strict=True)
        ]
    else:
        outline = region_outlines(regions, zones)
    table = pd.DataFrame({"region_id": regions.region_id, "region_name": regions.region_name})
    if flows is None:
        table["n_zones"] = np.asarray((regions.share > 0).sum(axis=0)).astype(np.int64)
    else:
        group = regions.group if regions.group in flows.groups else None
        table = region_indicators(regions, flows, group=group, zones=zones)
    for position, name in enumerate(("scenario", "method", "group"), start=2):
        table.insert(position, name, getattr(regions, name))
    return gpd.GeoDataFrame(table, geometry=outline, crs=zones.crs)
