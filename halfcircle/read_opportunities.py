"""Opportunities per zone, from tables, points and rasters."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import Transformer
from scipy.spatial import cKDTree

from halfcircle import _tables
from halfcircle._checks import Faults, duplicated, id_array
from halfcircle._raster_sums import sum_raster
from halfcircle.errors import OpportunityError
from halfcircle.places import WGS84, Opportunities, Zones

__all__ = ["read_opportunities"]


def read_opportunities(
    path: Path,
    *,
    zones: Zones,
    name: str,
    column: str | None = None,
    columns: Mapping[str, str] | None = None,
    id: str | None = None,  # noqa: A002 - the key of the study file
    zone_id_column: str | None = None,
    year: int | None = None,
    unit: str | None = None,
    source: str = "",
    band: int = 1,
    nodata: float | None = None,
) -> Opportunities:
    """Counts per zone from a table keyed by zone, from points, or from a raster.

    A raster (GeoTIFF, ...) is summed over the area of each zone. A table is joined to the zones
    by `id`, else by a column called as the zones' own id column; a file with points is summed
    over the zones that the points lie in (zones that are points themselves take what is nearest
    to them, up to the usual distance between neighbouring zones). Points count 1 each where no
    column is given.

    Parameters
    ----------
    path : Path
    zones : Zones
    name : str
        Name of the opportunity.
    column : str, optional
        Column with counts (group ``"all"``).
    columns : mapping of str to str, optional
        Group name -> column.
    id : str, optional
        Column that holds the zone identifiers.
    zone_id_column : str, optional
        Name of the id column in the zones' own file.
    year, unit, source
        Vintage, what one unit is, and where it comes from; shown in the report.
    band : int
        Band of a raster, counted from 1.
    nodata : float, optional
        Value of raster cells without data, where the file does not say it.

    Returns
    -------
    Opportunities
        NaN for zones without data.

    Raises
    ------
    OpportunityError
        All that is wrong with the file, at once.
    """
    where = f"[[opportunities]] {name}"
    faults = Faults()
    groups: dict[str, str] = {}
    if column is not None:
        groups["all"] = column
    groups.update(columns or {})

    if path.suffix.lower() in _tables.RASTER_SUFFIXES:
        if groups:
            faults.add(where, "a raster has a band, not columns", values=list(groups.values()))
            faults.raise_errors(OpportunityError)
        values = sum_raster(path, zones, where=where, band=band, nodata=nodata, faults=faults)
        groups = {"all": f"band {band}"}
    else:
        frame = _tables.read_table(path, where=where, kind=OpportunityError)
        if len(frame) == 0:
            faults.add(where, f"{path.name} holds no rows")
            faults.raise_errors(OpportunityError)
        _tables.note_layers(frame, where=where, path=path, faults=faults)
        key = id or (zone_id_column if zone_id_column in frame.columns else None)
        wanted = {f"columns.{group}" if group != "all" else "column": c for group, c in
                  groups.items()}  # fmt: skip
        if id is not None:
            wanted["id"] = id
        complete = _tables.require_columns(frame, wanted, where=where, path=path, faults=faults)
        if complete and key is not None and not groups:
            known = [str(c) for c in frame.columns if c not in (key, "geometry")]
            faults.add(where, "names no column with counts", values=known, remedy="add column = …")
        faults.raise_errors(OpportunityError)
        counts = [_tables.numbers(frame, c, where=where, faults=faults) for c in groups.values()]
        faults.raise_errors(OpportunityError)
        if key is not None:
            values = _join(frame, key, np.array(counts), zones, where, faults)
        else:
            if not groups:
                groups, counts = {"all": "points"}, [np.ones(len(frame))]
            values = _sum_points(frame, np.array(counts), zones, path, where, faults)
    wrong = ((values < 0) | np.isinf(values)).any(axis=0)
    if wrong.any():
        faults.add(
            where,
            "counts that are negative or infinite, zones",
            values=zones.zone_id[wrong],
            remedy="leave a value empty where it is not known",
        )
    faults.raise_errors(OpportunityError)

    missing = np.isnan(values).any(axis=0)
    if missing.all():
        faults.add(
            where,
            "no zone has a value; zones are called for instance",
            values=zones.zone_id[:5],
            remedy="compare the zone identifiers of both files",
        )
        faults.raise_errors(OpportunityError)
    if missing.any():
        faults.warn(
            where,
            "zones without data; sums leave them out",
            values=zones.zone_id[missing],
        )
    return Opportunities(
        name,
        values,
        groups=tuple(groups),
        year=year,
        unit=unit or name,
        source=source,
        notices=faults.warnings,
    )


def _join(
    frame: pd.DataFrame,
    key: str,
    counts: npt.NDArray[np.float64],
    zones: Zones,
    where: str,
    faults: Faults,
) -> npt.NDArray[np.float64]:
    ids = id_array(_tables.texts(frame, key))
    twice = duplicated(ids)
    if twice:
        faults.add(
            f"{where} id",
            f"column {key!r} names zones more than once",
            values=twice,
            remedy="add the rows up first",
        )
    row_of = {zone: row for row, zone in enumerate(ids)}
    rows = np.array([row_of.get(zone, -1) for zone in zones.zone_id])
    known = set(zones.zone_id)
    foreign = [zone for zone in ids if zone not in known]
    if foreign:
        faults.warn(where, "rows of zones that are not in the study; left out", values=foreign)
    values = counts[:, np.maximum(rows, 0)]
    values[:, rows < 0] = np.nan
    return np.asarray(values, dtype=np.float64)


def _sum_points(
    frame: pd.DataFrame,
    counts: npt.NDArray[np.float64],
    zones: Zones,
    path: Path,
    where: str,
    faults: Faults,
) -> npt.NDArray[np.float64]:
    xy_m = _point_positions(frame, zones, path, where, faults)
    if xy_m is None:
        return np.full((len(counts), len(zones)), np.nan)
    zone_idx = zones_of_points(zones, xy_m)
    outside = zone_idx < 0
    if outside.any():
        faults.warn(
            where,
            f"points outside every zone; left out ({np.nansum(counts[0][outside]):,.0f} of "
            f"{np.nansum(counts[0]):,.0f})",
            values=[_tables.position_label(frame, i) for i in np.flatnonzero(outside)[:5]],
            count=int(outside.sum()),
        )
    unknown = np.isnan(counts).any(axis=0) & ~outside
    if unknown.any():
        faults.warn(where, "points without a count; left out", count=int(unknown.sum()))
    values = np.zeros((len(counts), len(zones)))
    for group, row in enumerate(counts):
        use = ~outside & ~np.isnan(row)
        values[group] = np.bincount(zone_idx[use], weights=row[use], minlength=len(zones))
    return values


def _point_positions(
    frame: pd.DataFrame, zones: Zones, path: Path, where: str, faults: Faults
) -> npt.NDArray[np.float64] | None:
    if _tables.is_geo(frame):
        geo = _tables.as_geo(frame)
        if geo.crs is None:
            faults.add(where, f"{path.name} does not state its CRS")
            return None
        shapes = np.asarray(geo.to_crs(zones.crs).geometry.array, dtype=object)
        if (shapely.is_missing(shapes) | shapely.is_empty(shapes)).any():
            faults.add(where, "features without geometry", remedy="delete them")
            return None
        points = shapely.point_on_surface(shapes)
        return np.column_stack([shapely.get_x(points), shapely.get_y(points)])
    columns = _tables.lonlat_columns(frame)
    if columns is None:
        faults.add(
            where,
            f"{path.name} has no zone identifiers, no geometry and no columns lon and lat",
            remedy="name the column with zone identifiers: id = …",
        )
        return None
    lon = _tables.numbers(frame, columns[0], where=where, faults=faults)
    lat = _tables.numbers(frame, columns[1], where=where, faults=faults)
    wrong = ~((np.abs(lon) <= 180) & (np.abs(lat) <= 90))
    if wrong.any():
        faults.add(
            where,
            "positions that are missing or not degrees",
            values=[_tables.position_label(frame, i) for i in np.flatnonzero(wrong)[:5]],
            count=int(wrong.sum()),
        )
        return None
    to_crs = Transformer.from_crs(WGS84, zones.crs, always_xy=True)
    return np.column_stack(to_crs.transform(lon, lat))


def zones_of_points(zones: Zones, xy_m: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """Zone that each point lies in, -1 outside; the first zone on a common edge.

    Zones without area take the points nearest to them, up to the median distance between
    neighbouring zones.

    Parameters
    ----------
    zones : Zones
    xy_m : array of float64, shape (n, 2), metres in the CRS of the zones

    Returns
    -------
    array of int64, shape (n,)
    """
    if zones.geometry is not None:
        tree = shapely.STRtree(zones.geometry)
        point, zone = tree.query(shapely.points(xy_m), predicate="intersects")
        found = np.full(len(xy_m), np.iinfo(np.int64).max)
        np.minimum.at(found, point, zone)
        return np.where(found == np.iinfo(np.int64).max, -1, found)
    centres = zones.places.xy_m(zones.crs)
    if len(centres) == 1:
        return np.zeros(len(xy_m), dtype=np.int64)
    kd = cKDTree(centres)
    to_neighbour_m, _ = kd.query(centres, k=[2])
    spacing_m = float(np.median(to_neighbour_m))
    distance_m, nearest = kd.query(xy_m)
    return np.where(np.asarray(distance_m) <= spacing_m, nearest, -1).astype(np.int64)
