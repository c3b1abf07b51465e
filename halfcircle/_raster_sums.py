"""Sums of raster cells per zone, without resampling counts.

Counts must not be warped: zones are brought into the CRS of the raster, never the raster into
the CRS of the zones. Where cells are not much smaller than zones, each cell is cut into equal
parts first, so that small zones get their share and totals stay what they were.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from halfcircle._checks import Faults
from halfcircle.errors import OpportunityError
from halfcircle.places import Zones

PARTS_PER_ZONE = 20  # parts of a cell along the side of a typical zone
MAX_CUT = 16
ROWS_PER_WINDOW = 512


def sum_raster(
    path: Path, zones: Zones, *, where: str, band: int, nodata: float | None, faults: Faults
) -> npt.NDArray[np.float64]:
    """Sum of cells per zone, shape (1, n_zones); NaN where a zone has no cell with data."""
    import rasterio
    from rasterio.errors import RasterioError

    if zones.geometry is None:
        raise OpportunityError(f"{where}: a raster needs zones with areas, these are points")
    if not path.is_file():
        faults.add(where, "file not found", values=[path])
        faults.raise_errors(OpportunityError)
    try:
        with rasterio.open(path) as raster:
            return _sum_open(raster, zones, zones.geometry, path, where, band, nodata, faults)
    except RasterioError as error:
        reason = str(error.__cause__ or error).splitlines()[0]
        faults.add(where, f"cannot be read as a raster ({reason})", values=[path])
        faults.raise_errors(OpportunityError)
        raise AssertionError("unreachable") from error


def _sum_open(
    raster: Any,
    zones: Zones,
    areas: npt.NDArray[np.object_],
    path: Path,
    where: str,
    band: int,
    nodata: float | None,
    faults: Faults,
) -> npt.NDArray[np.float64]:
    from rasterio.features import rasterize
    from rasterio.transform import Affine
    from rasterio.windows import Window

    if raster.crs is None:
        faults.add(where, f"{path.name} does not state its CRS", remedy="write it into the file")
    if not 1 <= band <= raster.count:
        faults.add(f"{where} band", f"{path.name} has {raster.count} bands", values=[band])
    faults.raise_errors(OpportunityError)
    to_raster = Transformer.from_crs(zones.crs, CRS.from_user_input(raster.crs), always_xy=True)
    shapes = shapely.transform(
        shapely.segmentize(areas, _segment_m(areas)),
        lambda xy: np.column_stack(to_raster.transform(xy[:, 0], xy[:, 1])),
    )
    empty = nodata if nodata is not None else raster.nodatavals[band - 1]
    cut = _cut(shapes, raster.res)
    n_zones = len(zones)
    total = np.zeros(n_zones)
    cells = np.zeros(n_zones)
    negative: list[float] = []

    bounds = shapely.total_bounds(shapes)
    inverse = ~raster.transform
    corners = [_apply(inverse, x, y) for x in bounds[[0, 2]] for y in bounds[[1, 3]]]
    first_column = max(math.floor(min(c for c, _ in corners)), 0)
    last_column = min(math.ceil(max(c for c, _ in corners)), raster.width)
    first_row = max(math.floor(min(r for _, r in corners)), 0)
    last_row = min(math.ceil(max(r for _, r in corners)), raster.height)
    if first_column >= last_column or first_row >= last_row:
        faults.add(
            where,
            f"{path.name} does not cover the zones",
            values=[f"{v:g}" for v in raster.bounds],
            remedy="check the CRS that the raster states",
        )
        faults.raise_errors(OpportunityError)
    width = last_column - first_column
    for row in range(first_row, last_row, ROWS_PER_WINDOW):
        height = min(ROWS_PER_WINDOW, last_row - row)
        window = Window(first_column, row, width, height)
        values = raster.read(band, window=window).astype(np.float64)
        has_data = np.isfinite(values)
        if empty is not None:
            has_data &= values != empty
        scale, offset = raster.scales[band - 1], raster.offsets[band - 1]
        below = has_data & (values * scale + offset < 0)
        negative += np.unique(values[below]).tolist()
        values = np.where(has_data & ~below, values * scale + offset, 0.0)
        t = raster.transform
        west, north = _apply(t, first_column, row)
        transform = Affine(t.a / cut, t.b / cut, west, t.d / cut, t.e / cut, north)
        touched = np.flatnonzero(
            shapely.intersects(shapes, shapely.box(*_bounds(transform, width * cut, height * cut)))
        )
        if len(touched) == 0:
            continue
        owner = rasterize(
            ((shapes[k], int(k) + 1) for k in touched),
            out_shape=(height * cut, width * cut),
            transform=transform,
            fill=0,
            dtype=np.int32,
        )
        part = np.repeat(np.repeat(values, cut, axis=0), cut, axis=1) / cut**2
        known = np.repeat(np.repeat(has_data, cut, axis=0), cut, axis=1)
        total += np.bincount(owner.ravel(), weights=part.ravel(), minlength=n_zones + 1)[1:]
        cells += np.bincount(owner.ravel(), weights=known.ravel(), minlength=n_zones + 1)[1:]
    if negative:
        faults.add(
            where,
            f"{path.name} holds negative counts",
            values=sorted(set(negative)),
            remedy=f"if that value means 'no data', write nodata = {min(negative):g}",
        )
        faults.raise_errors(OpportunityError)
    total[cells == 0] = np.nan
    return total[np.newaxis, :]


def _segment_m(areas: npt.NDArray[np.object_]) -> float:
    """Longest straight edge that is reprojected as straight: a quarter of a typical zone."""
    return max(float(np.sqrt(np.median(shapely.area(areas)))) / 4.0, 1.0)


def _cut(shapes: npt.NDArray[np.object_], resolution: tuple[float, float]) -> int:
    """Into how many parts along each side a cell is cut."""
    side = float(np.sqrt(np.median(shapely.area(shapes))))
    return int(np.clip(math.ceil(PARTS_PER_ZONE * max(resolution) / side), 1, MAX_CUT))


def _apply(transform: Any, column: float, row: float) -> tuple[float, float]:
    # Spelt out because versions of affine differ in the operator for it.
    t = transform
    return t.a * column + t.b * row + t.c, t.d * column + t.e * row + t.f


def _bounds(transform: Any, width: int, height: int) -> tuple[float, float, float, float]:
    corners = [_apply(transform, c, r) for c in (0, width) for r in (0, height)]
    x, y = [c[0] for c in corners], [c[1] for c in corners]
    return min(x), min(y), max(x), max(y)
