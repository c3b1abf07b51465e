"""Isochrones: the area within a travel time of a place, as polygons."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import numpy.typing as npt
import shapely
from scipy.spatial import cKDTree

from halfcircle._checks import Faults
from halfcircle._files import replacing
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import OutputError
from halfcircle.outputs.geopackage import finish_file, write_layer
from halfcircle.outputs.shapes import united, zone_shapes
from halfcircle.places import Zones

__all__ = ["catchment_shapes", "isochrones", "place_isochrones", "write_isochrones"]

# Of points: a cell goes no further than so many times the usual distance to the nearest point.
REACH_OF_POINT = 1.5
LONELY_POINT_M = 1_000.0


def catchment_shapes(
    zones: Zones, *, max_distance_m: float | None = None
) -> npt.NDArray[np.object_]:
    """Area that stands for each zone: its own, its grid cell, or what lies nearest to its point.

    Parameters
    ----------
    zones : Zones
    max_distance_m : float, optional, metres
        For zones that are points: their Voronoi cells are cut at this distance. Left out: one and
        a half times the median distance to the nearest other point.

    Returns
    -------
    array of shapely geometries, shape (n_zones,)
        In the CRS of the zones. Points at one place share one cell.

    Raises
    ------
    OutputError
        The distance is not positive.
    """
    if max_distance_m is not None and not max_distance_m > 0:
        raise OutputError(f"max_distance_m must be positive, not {max_distance_m!r}")
    shapes = zone_shapes(zones)
    if shapes.areas:
        return shapes.geometry
    xy = zones.places.xy_m(zones.crs)
    distinct = np.unique(xy, axis=0)
    if max_distance_m is None:
        max_distance_m = LONELY_POINT_M
        if len(distinct) > 1:
            nearest_m = np.asarray(cKDTree(distinct).query(distinct, k=[2])[0])
            max_distance_m = REACH_OF_POINT * float(np.median(nearest_m))
    points = np.asarray(shapely.points(xy))
    discs = np.asarray(shapely.buffer(points, max_distance_m))
    if len(distinct) < 2:
        return discs
    cells = shapely.get_parts(
        shapely.voronoi_polygons(
            shapely.multipoints(distinct), extend_to=shapely.box(*shapely.total_bounds(discs))
        )
    )
    at, cell_idx = shapely.STRtree(cells).query(points, predicate="intersects")
    # A point on an edge (float noise) touches two cells: the first one is as good.
    of_point = np.zeros(len(points), dtype=np.int64)
    of_point[at[::-1]] = cell_idx[::-1]
    return np.asarray(shapely.intersection(discs, cells[of_point]))


def isochrones(
    zones: Zones,
    times_s: npt.ArrayLike,
    bands_min: Sequence[float],
    *,
    origins: Sequence[str] | None = None,
    max_distance_m: float | None = None,
) -> Any:
    """Areas within bands of travel time, as unions of zones.

    A zone belongs to a band if the travel time to its representative point does not exceed it: an
    isochrone is as fine as the zones are. For smoother ones, use a grid.

    Parameters
    ----------
    zones : Zones
        Destinations.
    times_s : array of float, shape (n_zones,) or (n_origins, n_zones), seconds
        Infinite where a zone is not reached.
    bands_min : sequence of float, minutes
    origins : sequence of str, optional
        Identifier per row of `times_s`; positions where left out.
    max_distance_m : float, optional, metres
        For zones that are points, see `catchment_shapes`.

    Returns
    -------
    GeoDataFrame
        origin_id, band_min (minutes), n_zones, area_km2, geometry (multipolygon in the CRS of the
        zones, empty where nothing is within the band); per origin the bands rise, and each holds
        the one before.

    Raises
    ------
    OutputError
        Shapes do not fit, times are negative or not a number, bands are not positive.
    """
    times = np.atleast_2d(np.asarray(times_s, dtype=np.float64))
    bands = sorted({float(band) for band in bands_min})
    faults = Faults()
    if times.ndim != 2 or times.shape[1] != len(zones):
        faults.add("times_s", f"has shape {np.shape(times_s)}, expected one per zone: {len(zones)}")
    wrong = ~(times >= 0.0)
    if wrong.any():
        faults.add("times_s", "is negative or not a number", count=int(wrong.sum()))
    if not bands or not all(np.isfinite(band) and band > 0 for band in bands):
        faults.add("bands_min", "must be positive minutes, at least one", values=list(bands_min))
    if origins is not None and len(origins) != len(times):
        faults.add("origins", f"{len(origins)} names for {len(times)} rows of travel times")
    if faults.errors:
        raise OutputError("isochrones cannot be drawn:", faults=faults.errors)
    shapes = catchment_shapes(zones, max_distance_m=max_distance_m)
    rows = []
    for i, row_s in enumerate(times):
        for band in bands:
            inside = row_s <= 60.0 * band
            area = united(shapes[inside]) if inside.any() else shapely.MultiPolygon()
            rows.append(
                {
                    "origin_id": str(i) if origins is None else str(origins[i]),
                    "band_min": band,
                    "n_zones": int(inside.sum()),
                    "area_km2": float(shapely.area(area)) / 1e6,
                    "geometry": _multipolygon(area),
                }
            )
    return gpd.GeoDataFrame(rows, geometry="geometry", crs=zones.crs)


def _multipolygon(area: Any) -> Any:
    parts = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)


def place_isochrones(
    source: TravelTimeSource,
    zone_idx: npt.ArrayLike,
    bands_min: Sequence[float],
    zones: Zones,
    *,
    percentile: int | None = None,
    max_distance_m: float | None = None,
) -> Any:
    """Isochrones around one zone or several, by one means of travel.

    Parameters
    ----------
    source : TravelTimeSource
        From and to the zones.
    zone_idx : int or array of int, shape (n_origins,)
        Positions of the places in the middle.
    bands_min : sequence of float, minutes
    zones : Zones
    percentile : int, optional
        Of travel time over the departure window; the one nearest to 50 where left out.
    max_distance_m : float, optional, metres
        For zones that are points, see `catchment_shapes`.

    Returns
    -------
    GeoDataFrame
        As of `isochrones`, with the columns mode and percentile before the geometry.

    Raises
    ------
    OutputError
        There is no such zone or percentile, or as of `isochrones`.
    """
    idx = np.atleast_1d(np.asarray(zone_idx, dtype=np.int64))
    known = source.percentiles
    faults = Faults()
    outside = (idx < 0) | (idx >= len(source.origins))
    if outside.any():
        faults.add(
            "zone_idx",
            f"positions go from 0 to {len(source.origins) - 1}",
            values=idx[outside].tolist(),
        )
    if percentile is not None and percentile not in known:
        faults.add("percentile", f"the source has {list(known)}", values=[percentile])
    if faults.errors:
        raise OutputError("isochrones cannot be drawn:", faults=faults.errors)
    chosen = min(known, key=lambda p: abs(p - 50)) if percentile is None else percentile
    times_s = source.times_s(idx)[:, known.index(chosen), :]
    frame = isochrones(
        zones,
        times_s,
        bands_min,
        origins=[str(place) for place in source.origins.place_id[idx]],
        max_distance_m=max_distance_m,
    )
    frame.insert(1, "mode", source.mode)
    frame.insert(2, "percentile", chosen)
    return frame


def write_isochrones(frame: Any, path: Path) -> Path:
    """Write isochrones as GeoPackage or GeoJSON, by the ending of the path.

    Parameters
    ----------
    frame : GeoDataFrame
        Of `isochrones` or `place_isochrones`.
    path : Path
        ``.gpkg`` (in the CRS of the zones, layer ``isochrones``), or ``.geojson`` or ``.json``
        (longitude and latitude in degrees, RFC 7946).

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        Another ending, nothing within any band, or the file cannot be written.
    """
    path = Path(path)
    kind = path.suffix.lower()
    if kind in (".geojson", ".json"):
        with replacing(path) as temporary:
            # Six decimals: a tenth of a metre.
            frame.to_crs(4326).to_file(
                temporary,
                driver="GeoJSON",
                engine="pyogrio",
                RFC7946="YES",
                COORDINATE_PRECISION="6",
                WRITE_NAME="NO",
            )
        return path
    if kind != ".gpkg":
        raise OutputError(f"{path}: isochrones are written as .gpkg or .geojson, not {kind!r}")
    with replacing(path) as temporary:
        write_layer(frame, temporary, "isochrones", path)
        finish_file(temporary)
    return path
