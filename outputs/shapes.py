"""Shapes of zones for drawing: areas, grid cells or points; simplified without gaps; borders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import QhullError, Voronoi

from halfcircle.outputs.result import RunResult
from halfcircle.places import Zones

__all__ = ["Shapes", "border_line", "simplify", "united", "zone_shapes"]

# A gap between two countries up to this many zones wide is a river, not a third country.
GAP_WIDTHS = 1.5


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
    """National border: as given, else drawn between zones of different countries.

    Parameters
    ----------
    result : RunResult
    shapes : Shapes, optional
        Draw between these instead of the zones, e.g. simplified ones.

    Returns
    -------
    shapely geometry or None
        Lines in the CRS of the zones: the edges that zones share, and the middle of gaps such as
        a river. Gaps between scattered zones (less than half of the region covered) are no
        rivers, so there no line is made up. None if there is one country only, or nothing between
        the countries is close.
    """
    if result.border_line is not None:
        return result.border_line
    country = result.zones.places.country
    shapes = zone_shapes(result.zones) if shapes is None else shapes
    if country is None or not shapes.areas or len(set(country) - {""}) < 2:
        return None
    side = np.unique(country, return_inverse=True)[1]
    parts = [_shared_edges(shapes.geometry, side)]
    hull = shapely.convex_hull(shapely.geometrycollections(shapes.geometry))
    if shapely.area(shapes.geometry).sum() >= 0.5 * float(shapely.area(hull)):
        parts.append(_middle_of_gaps(shapes.geometry, side, parts[0]))
    found = [part for part in parts if part is not None]
    return shapely.line_merge(shapely.union_all(found)) if found else None


def _shared_edges(geometry: npt.NDArray[np.object_], side: npt.NDArray[np.int64]) -> Any:
    """Edges that zones of two sides have in common, or None."""
    coordinates, owner = shapely.get_coordinates(shapely.boundary(geometry), return_index=True)
    # Rings of one zone follow each other in `coordinates`: a pair across two rings is no edge,
    # but it is not shared by another zone either, so it drops out by itself.
    pair = owner[:-1] == owner[1:]
    start, end = coordinates[:-1][pair], coordinates[1:][pair]
    zone_idx = owner[:-1][pair]
    flip = (start[:, 0] > end[:, 0]) | ((start[:, 0] == end[:, 0]) & (start[:, 1] > end[:, 1]))
    edges = np.where(flip[:, None], np.hstack([end, start]), np.hstack([start, end]))
    # To the centimetre: neighbours written by different programs differ by float noise.
    rounded, edge_idx = np.unique(np.round(edges, 2), axis=0, return_inverse=True)
    lowest = np.full(len(rounded), len(geometry), dtype=np.int64)
    highest = np.full(len(rounded), -1, dtype=np.int64)
    np.minimum.at(lowest, edge_idx.ravel(), side[zone_idx])
    np.maximum.at(highest, edge_idx.ravel(), side[zone_idx])
    shared = rounded[lowest != highest]
    if not len(shared):
        return None
    lines = np.asarray(shapely.linestrings(shared.reshape(-1, 2, 2)))
    return shapely.line_merge(shapely.MultiLineString(list(lines)))


def _middle_of_gaps(
    geometry: npt.NDArray[np.object_], side: npt.NDArray[np.int64], shared: Any
) -> Any:
    """Line halfway between the sides where a narrow gap parts them, or None.

    The edges of the Voronoi cells of points along the outlines of the sides, where the cells on
    either side belong to different sides.
    """
    width_m = float(np.sqrt(np.median(shapely.area(geometry)))) * GAP_WIDTHS
    west, south, east, north = shapely.total_bounds(geometry)
    step_m = max(width_m / 8.0, max(east - west, north - south) / 600.0)
    points, sides = [], []
    for one in np.unique(side):
        outline = shapely.boundary(united(geometry[side == one]))
        if shared is not None:
            outline = shapely.difference(outline, shapely.buffer(shared, step_m))
        xy = shapely.get_coordinates(shapely.segmentize(outline, step_m))
        points.append(xy)
        sides.append(np.full(len(xy), one))
    xy, first = np.unique(np.round(np.concatenate(points), 2), axis=0, return_index=True)
    of_side = np.concatenate(sides)[first]
    if len(np.unique(of_side)) < 2 or len(xy) < 4:
        return None
    try:
        cells = Voronoi(xy)
    except QhullError:
        return None
    a, b = cells.ridge_points.T
    ends = np.array(cells.ridge_vertices)
    near = np.hypot(*(xy[a] - xy[b]).T) <= width_m
    kept = (of_side[a] != of_side[b]) & near & (ends >= 0).all(axis=1)
    lines = cells.vertices[ends[kept]]
    middle = (xy[a[kept]] + xy[b[kept]]) / 2
    # Cells at the rim are open to the outside: their edges run far out.
    close = (np.hypot(*(lines - middle[:, None]).transpose(2, 0, 1)) <= width_m).all(axis=1)
    if not close.any():
        return None
    line = shapely.line_merge(shapely.union_all(shapely.linestrings(lines[close])))
    parts = shapely.get_parts(shapely.simplify(line, step_m / 2))
    # Where a shared border ends, the outlines that part there lie close, too: no river.
    long = parts[shapely.length(parts) > 2.0 * width_m]
    return shapely.multilinestrings(long) if len(long) else None


def united(geometry: npt.NDArray[np.object_]) -> Any:
    """Union of zones; quick where they fit together without overlaps."""
    try:
        return shapely.coverage_union_all(geometry)
    except shapely.errors.GEOSException:
        # Zones that overlap are no coverage; slower, but they can be united all the same.
        return shapely.union_all(shapely.make_valid(geometry))
