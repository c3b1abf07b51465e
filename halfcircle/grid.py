"""A regular grid of zones over an area."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from halfcircle import _tables
from halfcircle._checks import Faults, id_array
from halfcircle.errors import ZoneError
from halfcircle.places import WGS84, Grid, Places, Zones
from halfcircle.read_zones import choose_crs, metric_crs

__all__ = ["build_grid", "grid_within"]

WHERE = "[zones] grid_m"
MAX_CELLS = 20_000_000


def build_grid(
    area: npt.NDArray[np.object_],
    *,
    cell_m: float,
    crs: CRS,
    country: npt.NDArray[np.object_] | None = None,
) -> Zones:
    """Square cells whose centre lies in the area.

    Cell edges are multiples of `cell_m` in `crs`, so that grids of neighbouring studies and the
    European reference grid (EPSG:3035) fall together. A cell on a border belongs to the country
    that its centre is in.

    Parameters
    ----------
    area : array of polygons in `crs`, shape (n,)
    cell_m : float, metres
    crs : pyproj.CRS
        Metric.
    country : array of str, shape (n,), optional
        Country of each polygon.

    Returns
    -------
    Zones
        With `grid` set; ids such as ``"N3200000E4000000"`` (lower left corner, metres).

    Raises
    ------
    ZoneError
        The cell size is not positive, no cell centre lies in the area, or there are more than 20
        million cells.
    """
    faults = Faults()
    if not (np.isfinite(cell_m) and cell_m > 0):
        faults.add(WHERE, "must be a positive number of metres", values=[cell_m])
        faults.raise_errors(ZoneError)
    west, south, east, north = shapely.total_bounds(area)
    first_column, last_column = int(np.floor(west / cell_m)), int(np.ceil(east / cell_m))
    first_row, last_row = int(np.floor(south / cell_m)), int(np.ceil(north / cell_m))
    n_columns, n_rows = last_column - first_column, last_row - first_row
    if n_columns * n_rows > MAX_CELLS:
        faults.add(
            WHERE,
            f"gives {n_columns * n_rows:,} cells, at most {MAX_CELLS:,} are built",
            values=[cell_m],
            remedy="use larger cells or a smaller area",
        )
        faults.raise_errors(ZoneError)

    x_m = (np.arange(first_column, last_column) + 0.5) * cell_m
    y_m = (np.arange(last_row - 1, first_row - 1, -1) + 0.5) * cell_m
    owner = np.full((n_rows, n_columns), -1, dtype=np.int32)
    shapely.prepare(area)
    for k, polygon in enumerate(area):
        left, bottom, right, top = polygon.bounds
        columns = np.flatnonzero((x_m >= left) & (x_m <= right))
        rows = np.flatnonzero((y_m >= bottom) & (y_m <= top))
        if len(columns) == 0 or len(rows) == 0:
            continue
        inside = shapely.intersects_xy(
            polygon, np.tile(x_m[columns], len(rows)), np.repeat(y_m[rows], len(columns))
        ).reshape(len(rows), len(columns))
        window = owner[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
        window[inside & (window < 0)] = k
    cell_idx = np.flatnonzero(owner.ravel() >= 0)
    if len(cell_idx) == 0:
        faults.add(
            WHERE, "no cell centre lies in the area", values=[cell_m], remedy="use smaller cells"
        )
        faults.raise_errors(ZoneError)
    row, column = np.divmod(cell_idx, n_columns)
    left_m = (first_column + column) * cell_m
    bottom_m = (last_row - 1 - row) * cell_m
    to_degrees = Transformer.from_crs(crs, WGS84, always_xy=True)
    lon, lat = to_degrees.transform(x_m[column], y_m[row])
    ids = id_array(f"N{b:.10g}E{a:.10g}" for a, b in zip(left_m, bottom_m, strict=True))
    sides = None if country is None else country[owner.ravel()[cell_idx]]
    cells: Any = shapely.box(left_m, bottom_m, left_m + cell_m, bottom_m + cell_m)
    return Zones(
        Places(ids, lon, lat, sides),
        crs,
        geometry=cells,
        grid=Grid(
            first_column * cell_m, last_row * cell_m, float(cell_m), n_rows, n_columns, cell_idx
        ),
    )


def grid_within(
    path: Path, *, cell_m: float, crs: str | CRS | None = None, country: str | None = None
) -> Zones:
    """Build a grid over the polygons of a vector file.

    Parameters
    ----------
    path : Path
        Vector file with the study area; one polygon per country where `country` is given.
    cell_m : float, metres
    crs : str or CRS, optional
        Metric CRS; chosen from the position when left out.
    country : str, optional
        Column with the ISO country code.

    Raises
    ------
    ZoneError
        All that is wrong, at once.
    """
    frame = _tables.read_table(path, where="[zones] within", kind=ZoneError)
    faults = Faults()
    if not _tables.is_geo(frame) or len(frame) == 0:
        faults.add("[zones] within", f"{path.name} holds no areas")
        faults.raise_errors(ZoneError)
    geo = _tables.as_geo(frame)
    wanted = {} if country is None else {"country": country}
    _tables.require_columns(frame, wanted, where="[zones]", path=path, faults=faults)
    if geo.crs is None:
        faults.add("[zones] within", f"{path.name} does not state its CRS")
    shapes = np.asarray(geo.geometry.array, dtype=object)
    kinds = set(shapely.get_type_id(shapes).tolist())
    if not kinds <= {3, 6}:
        faults.add("[zones] within", f"{path.name} must hold polygons only")
    faults.raise_errors(ZoneError)
    if country is not None:
        sides = _tables.texts(frame, country)
        blank = [f"row {i + 1}" for i, side in enumerate(sides) if not side]
        if blank:
            faults.add("[zones] country", "areas without a country", values=blank)
            faults.raise_errors(ZoneError)
    if crs is None:
        west, south, east, north = geo.to_crs(WGS84).total_bounds
        target = choose_crs(np.array([west, east]), np.array([south, north]))
    else:
        target = metric_crs(crs)
    area = shapely.make_valid(np.asarray(geo.to_crs(target).geometry.array, dtype=object))
    return build_grid(
        area,
        cell_m=cell_m,
        crs=target,
        country=None if country is None else id_array(_tables.texts(frame, country)),
    )
