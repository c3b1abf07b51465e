"""Shapes of zones for drawing: areas, grid cells or points; simplified without gaps; borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from halfcircle.outputs.result import RunResult
from halfcircle.places import Zones

__all__ = ["Shapes", "border_line", "simplify", "zone_shapes"]


@dataclass(frozen=True, eq=False)
class Shapes:
    """Geometry of zones in their metric CRS.

    Parameters
    ----------
    geometry : array of shapely geometries, shape (n_zones,)
    areas : bool
        False if all are points.
    """

    geometry: npt.NDArray[np.object_]
    areas: bool

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        """West, south, east, north, in metres."""
        west, south, east, north = shapely.total_bounds(self.geometry)
        return float(west), float(south), float(east), float(north)


def zone_shapes(zones: Zones) -> Shapes:
    """Shapes to draw: areas where known, cells of a grid, else the representative points."""
    if zones.geometry is not None:
        polygonal = np.isin(shapely.get_type_id(zones.geometry), (3, 6))
        return Shapes(zones.geometry, bool(polygonal.any()))
    grid = zones.grid
    if grid is not None:
        row, column = np.divmod(grid.cell_idx, grid.n_columns)
        west = grid.west_m + column * grid.cell_m
        north = grid.north_m - row * grid.cell_m
        cells = shapely.box(west, north - grid.cell_m, west + grid.cell_m, north)
        return Shapes(np.asarray(cells), areas=True)
    return Shapes(np.asarray(shapely.points(zones.places.xy_m(zones.crs))), areas=False)


def simplify(shapes: Shapes, *, max_vertices: int) -> Shapes:
    """Draw areas with fewer vertices, neighbours still sharing their edges.

    Parameters
    ----------
    shapes : Shapes
    max_vertices : int
        Aim; zones are never dropped for it.

    Returns
    -------
    Shapes
        The same if it has few enough vertices already.
    """
    if not shapes.areas:
        return shapes
    west, south, east, north = shapes.bounds
    tolerance_m = max(east - west, north - south) / 8000.0
    geometry = shapes.geometry
    for _ in range(8):
        if shapely.get_num_coordinates(geometry).sum() <= max_vertices or tolerance_m <= 0:
            break
        simpler = _simplified(shapes.geometry, tolerance_m)
        # A zone that would vanish keeps its shape.
        gone = shapely.is_empty(simpler) | shapely.is_missing(simpler)
        geometry = np.where(gone, shapes.geometry, simpler)
        tolerance_m *= 2.0
    return Shapes(geometry, areas=True)


def _simplified(geometry: npt.NDArray[np.object_], tolerance_m: float) -> npt.NDArray[np.object_]:
    if hasattr(shapely, "coverage_simplify"):
        try:
            return np.asarray(shapely.coverage_simplify(geometry, tolerance_m))
        except (shapely.errors.GEOSException, shapely.errors.UnsupportedGEOSVersionError):
            pass
    return np.asarray(shapely.simplify(geometry, tolerance_m))


def border_line(result: RunResult, shapes: Shapes | None = None) -> Any:
    """National border: as given, else the edges that zones of two countries share.

    Parameters
    ----------
    result : RunResult
    shapes : Shapes, optional
        Take shared edges from these instead of from the zones, e.g. simplified ones.

    Returns
    -------
    shapely geometry or None
        Lines in the CRS of the zones; None if there is one country only, or no shared edge.
    """
    if result.border_line is not None:
        return result.border_line
    country = result.zones.places.country
    shapes = zone_shapes(result.zones) if shapes is None else shapes
    if country is None or not shapes.areas or len(set(country) - {""}) < 2:
        return None
    coordinates, owner = shapely.get_coordinates(
        shapely.boundary(shapes.geometry), return_index=True
    )
    # Rings of one zone follow each other in `coordinates`: a pair across two rings is no edge,
    # but it is not shared by another zone either, so it drops out by itself.
    pair = owner[:-1] == owner[1:]
    start, end = coordinates[:-1][pair], coordinates[1:][pair]
    zone_idx = owner[:-1][pair]
    flip = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    edges = np.where(flip[:, None], np.hstack([end, start]), np.hstack([start, end]))
    # To the centimetre: neighbours written by different programs differ by float noise.
    _, edge_idx, n_owners = np.unique(
        np.round(edges, 2), axis=0, return_inverse=True, return_counts=True
    )
    side = np.unique(country, return_inverse=True)[1][zone_idx]
    lowest = np.full(len(n_owners), len(side), dtype=np.int64)
    highest = np.full(len(n_owners), -1, dtype=np.int64)
    np.minimum.at(lowest, edge_idx.ravel(), side)
    np.maximum.at(highest, edge_idx.ravel(), side)
    crossing = (lowest != highest)[edge_idx.ravel()]
    if not crossing.any():
        return None
    shared = np.unique(np.round(edges[crossing], 2), axis=0)
    lines = np.asarray(shapely.linestrings(shared.reshape(-1, 2, 2)))
    return shapely.line_merge(shapely.MultiLineString(list(lines)))
