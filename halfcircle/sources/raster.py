"""Windows of rasters: what lies in the box around an area, several tiles side by side."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from pyproj import CRS

from halfcircle.errors import SourceError
from halfcircle.sources.area import Area

__all__ = ["clip_raster"]

MOST_CELLS = 4_000_000_000


def clip_raster(rasters: Sequence[Any], target: Path, area: Area) -> None:
    """Write the cells of several rasters of one grid that lie in the box around an area.

    Parameters
    ----------
    rasters : sequence of rasterio datasets
        With the same CRS and cells.
    target : Path
        GeoTIFF.
    area : Area

    Raises
    ------
    SourceError
        The area lies outside, or the window is absurdly large.
    """
    import rasterio
    from rasterio.merge import merge

    first = rasters[0]
    if first.crs is None:
        raise SourceError(f"{Path(first.name).name}: does not say its CRS")
    west, south, east, north = area.bounds(CRS.from_wkt(first.crs.to_wkt()))
    left = min(r.bounds.left for r in rasters)
    bottom = min(r.bounds.bottom for r in rasters)
    right = max(r.bounds.right for r in rasters)
    top = max(r.bounds.top for r in rasters)
    dx, dy = first.res
    # The box is widened to whole cells, so that no cell is resampled, and cut to what there is.
    west = max(left, left + np.floor((west - left) / dx) * dx)
    east = min(right, left + np.ceil((east - left) / dx) * dx)
    north = min(top, top - np.floor((top - north) / dy) * dy)
    south = max(bottom, top - np.ceil((top - south) / dy) * dy)
    if west >= east or south >= north:
        raise SourceError(f"{Path(first.name).name}: lies outside the area")
    if (east - west) / dx * ((north - south) / dy) > MOST_CELLS:
        raise SourceError(f"{Path(first.name).name}: has too many cells in the area")
    with contextlib.ExitStack():
        cells, transform = merge(list(rasters), bounds=(west, south, east, north))
    profile = first.profile | {
        "driver": "GTiff",
        "height": cells.shape[1],
        "width": cells.shape[2],
        "transform": transform,
        "compress": "deflate",
        "tiled": False,
    }
    for key in ("blockxsize", "blockysize", "interleave", "photometric"):
        profile.pop(key, None)
    with rasterio.open(target, "w", **profile) as written:
        written.write(cells)
