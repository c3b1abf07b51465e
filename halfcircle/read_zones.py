"""Zones from any vector file or from a table with longitude and latitude."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from pyproj.exceptions import CRSError

from halfcircle import _tables
from halfcircle._checks import Faults, duplicated, id_array
from halfcircle.errors import ZoneError
from halfcircle.places import WGS84, Places, Zones

__all__ = ["choose_crs", "metric_crs", "read_zones"]

WHERE = "[zones]"
EUROPE = (-25.0, 32.0, 45.0, 72.0)  # west, south, east, north: where EPSG:3035 is used
LARGE = 200_000


def metric_crs(name: str | CRS, *, where: str = "[study] crs") -> CRS:
    """CRS of that name, which must be projected in metres.

    Raises
    ------
    ZoneError
        The name is unknown or the CRS is not metric.
    """
    faults = Faults()
    try:
        crs = CRS.from_user_input(name)
    except CRSError:
        faults.add(where, "is no CRS", values=[name], remedy="write for instance 'EPSG:3035'")
        faults.raise_errors(ZoneError)
        raise AssertionError("unreachable") from None
    units = {axis.unit_name for axis in crs.axis_info}
    if not crs.is_projected or units != {"metre"}:
        faults.add(
            where,
            f"is measured in {' and '.join(sorted(units))}, areas and distances need metres",
            values=[name],
            remedy="use a projected CRS: EPSG:3035 for Europe, EPSG:28992, EPSG:25832, ... "
            "or leave it out",
        )
    faults.raise_errors(ZoneError)
    return crs


def choose_crs(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> CRS:
    """Metric CRS for an area: EPSG:3035 in Europe, the UTM zone of its centre elsewhere."""
    west, south, east, north = EUROPE
    if lon.min() >= west and lon.max() <= east and lat.min() >= south and lat.max() <= north:
        return CRS.from_epsg(3035)
    # The mean direction, not the mean number: 179 and -179 degrees are neighbours.
    centre = float(np.degrees(np.angle(np.exp(1j * np.radians(lon)).mean())))
    zone = int((centre + 180.0) // 6.0) % 60 + 1
    return CRS.from_epsg((32600 if np.median(lat) >= 0 else 32700) + zone)


def read_zones(
    path: Path,
    *,
    id: str,  # noqa: A002 - the key of the study file
    country: str | None = None,
    name: str | None = None,
    crs: str | CRS | None = None,
    file_crs: str | CRS | None = None,
) -> Zones:
    """Zones from a vector file (areas or points) or a table with ``lon`` and ``lat``.

    An area is represented by its centroid where that lies inside, else by a point inside it.

    Parameters
    ----------
    path : Path
        GeoPackage, GeoJSON, shapefile, GeoParquet, CSV, ...
    id : str
        Column with unique identifiers.
    country : str, optional
        Column with the ISO code of the side of the border that a zone is on.
    name : str, optional
        Column with names; ``"name"`` is used if present.
    crs : str or CRS, optional
        Metric CRS to work in; chosen from the position when left out.
    file_crs : str or CRS, optional
        CRS of a file that does not state its own.

    Returns
    -------
    Zones

    Raises
    ------
    ZoneError
        All that is wrong with the file, at once.
    """
    frame = _tables.read_table(path, where=WHERE, kind=ZoneError)
    faults = Faults()
    if len(frame) == 0:
        faults.add(WHERE, f"{path.name} holds no zones")
        faults.raise_errors(ZoneError)
    _tables.note_layers(frame, where=WHERE, path=path, faults=faults)
    wanted = {"id": id}
    if country is not None:
        wanted["country"] = country
    if name is not None:
        wanted["name"] = name
    complete = _tables.require_columns(frame, wanted, where=WHERE, path=path, faults=faults)
    if complete:
        _check_ids(frame, id, faults)
        if country is not None:
            _check_country(frame, country, id, faults)
    target = None
    if crs is not None:
        try:
            target = metric_crs(crs)
        except ZoneError as error:
            faults.extend(error.faults)

    geometry: npt.NDArray[np.object_] | None = None
    if _tables.is_geo(frame):
        lon, lat, geometry, target = _from_geometry(frame, path, file_crs, target, faults)
    else:
        lon, lat = _from_lonlat(frame, path, faults)
    faults.raise_errors(ZoneError)

    if target is not None:
        _check_area_of_use(target, lon, lat, faults)
    ids = id_array(_tables.texts(frame, id))
    places = Places(
        ids, lon, lat, None if country is None else id_array(_tables.texts(frame, country))
    )
    label = name if name is not None else ("name" if "name" in frame.columns else None)
    names = None
    if label is not None:
        found = _tables.texts(frame, label)
        names = id_array(text or zone for text, zone in zip(found, ids, strict=True))
    return Zones(
        places,
        target if target is not None else choose_crs(lon, lat),
        geometry=geometry,
        name=names,
        notices=faults.warnings,
    )


def _check_area_of_use(
    crs: CRS, lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], faults: Faults
) -> None:
    """Note zones where the CRS of the study was not made for: areas and distances are off."""
    use = crs.area_of_use
    if use is None:
        return
    # Some degrees further a projection still serves.
    slack = 3.0
    inside = (lat >= use.south - slack) & (lat <= use.north + slack)
    if use.west <= use.east:
        inside &= (lon >= use.west - slack) & (lon <= use.east + slack)
    else:
        inside &= (lon >= use.west - slack) | (lon <= use.east + slack)
    if not inside.all():
        faults.warn(
            "[study] crs",
            f"{crs.to_string()} is made for {use.name}; areas and distances elsewhere are off",
            values=[f"{lon[~inside][0]:.2f}, {lat[~inside][0]:.2f}"],
            count=int((~inside).sum()),
            remedy="choose a CRS of the region, or leave it out",
        )


def _check_ids(frame: pd.DataFrame, column: str, faults: Faults) -> None:
    ids = _tables.texts(frame, column)
    blank = [_tables.position_label(frame, i) for i, value in enumerate(ids) if not value]
    if blank:
        faults.add(f"{WHERE} id", f"column {column!r} is empty", values=blank)
    twice = duplicated(id_array(value for value in ids if value))
    if twice:
        faults.add(
            f"{WHERE} id",
            f"column {column!r} is not unique",
            values=twice,
            remedy="dissolve the parts of a zone into one feature, or choose another column",
        )


def _check_country(frame: pd.DataFrame, column: str, id_column: str, faults: Faults) -> None:
    sides = _tables.texts(frame, column)
    ids = _tables.texts(frame, id_column)
    without = [zone for zone, side in zip(ids, sides, strict=True) if not side]
    if without:
        faults.add(
            f"{WHERE} country",
            "zones without a country",
            values=without,
            remedy=f"fill column {column!r} with the ISO code of the side of the border",
        )
    odd = sorted({side for side in sides if side and not (side.isalpha() and len(side) in (2, 3))})
    if odd:
        faults.add(
            f"{WHERE} country",
            f"column {column!r} holds values that are no ISO country codes",
            values=odd,
            remedy="write two letters, such as NL, DE, BE",
        )


def _from_lonlat(
    frame: pd.DataFrame, path: Path, faults: Faults
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    columns = _tables.lonlat_columns(frame)
    empty = np.empty(0)
    if columns is None:
        faults.add(
            WHERE,
            f"{path.name} has neither geometry nor columns lon and lat",
            remedy="use a vector file, or add the columns lon and lat (WGS 84, degrees)",
        )
        return empty, empty
    lon = _tables.numbers(frame, columns[0], where=WHERE, faults=faults)
    lat = _tables.numbers(frame, columns[1], where=WHERE, faults=faults)
    outside = ~((np.abs(lon) <= 180.0) & (np.abs(lat) <= 90.0))
    if outside.any() and not faults.errors:
        faults.add(
            WHERE,
            f"columns {columns[0]!r} and {columns[1]!r} hold positions that are not degrees",
            values=[
                f"{lon[i]:g}, {lat[i]:g} ({_tables.position_label(frame, i)})"
                for i in np.flatnonzero(outside)[:5]
            ],
            count=int(outside.sum()),
            remedy="give WGS 84 longitude and latitude, or a vector file that states its CRS",
        )
    return lon, lat


def _from_geometry(
    frame: pd.DataFrame,
    path: Path,
    file_crs: str | CRS | None,
    target: CRS | None,
    faults: Faults,
) -> tuple[Any, Any, npt.NDArray[np.object_] | None, CRS | None]:
    geo = _tables.as_geo(frame)
    empty = np.empty(0)
    source = geo.crs
    if source is None:
        if file_crs is None:
            faults.add(
                WHERE,
                f"{path.name} does not state its CRS",
                remedy="add it to the file, or write file_crs = 'EPSG:...' under [zones]",
            )
            return empty, empty, None, target
        try:
            source = CRS.from_user_input(file_crs)
        except CRSError:
            faults.add(
                f"{WHERE} file_crs",
                "is no CRS",
                values=[file_crs],
                remedy="write for instance 'EPSG:28992'",
            )
            return empty, empty, None, target
    shapes = np.asarray(geo.geometry.array, dtype=object)
    missing = shapely.is_missing(shapes) | shapely.is_empty(shapes)
    if missing.any():
        faults.add(
            f"{WHERE} path",
            "features without geometry",
            values=[f"row {i + 1}" for i in np.flatnonzero(missing)[:5]],
            count=int(missing.sum()),
            remedy="delete them or draw their area",
        )
        return empty, empty, None, target
    kinds = set(shapely.get_type_id(shapes).tolist())
    if not kinds <= {0, 3, 6} or (0 in kinds and len(kinds) > 1):
        faults.add(
            f"{WHERE} path",
            "zones are areas (polygons) or points, all of one kind",
            values=sorted({shape.geom_type for shape in shapes}),
        )
        return empty, empty, None, target
    west, south, east, north = shapely.total_bounds(shapes)
    if source.is_geographic and not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        faults.add(
            f"{WHERE} path",
            f"{path.name} says it is in degrees ({source.to_string()}), its coordinates are not",
            values=[f"{west:.0f}, {south:.0f}, {east:.0f}, {north:.0f}"],
            remedy="write its true CRS into the file (probably EPSG:28992, 31370, 25832 or 3035)",
        )
        return empty, empty, None, target
    if not source.is_geographic:
        if west >= -180 and east <= 180 and south >= -90 and north <= 90:
            faults.add(
                f"{WHERE} path",
                f"{path.name} says it is in {source.to_string()}, its coordinates are degrees",
                values=[f"{west:g}, {south:g}, {east:g}, {north:g}"],
                remedy="write its true CRS into the file (probably EPSG:4326)",
            )
            return empty, empty, None, target
        to_degrees = Transformer.from_crs(source, WGS84, always_xy=True)
        corner = to_degrees.transform([west, east], [south, north])
        if not np.isfinite(corner).all():
            faults.add(
                f"{WHERE} path",
                f"coordinates do not fit the CRS that {path.name} states ({source.to_string()})",
                values=[f"{west:g}, {south:g}, {east:g}, {north:g}"],
                remedy="write its true CRS into the file",
            )
            return empty, empty, None, target
    if len(shapes) > LARGE:
        faults.warn(WHERE, f"{len(shapes):,} zones: tables and maps will be large")

    if kinds == {0}:
        degrees = geo.set_geometry(shapes, crs=source).to_crs(WGS84).geometry
        return degrees.x.to_numpy(), degrees.y.to_numpy(), None, target

    broken = ~shapely.is_valid(shapes)
    if broken.any():
        shapes = shapes.copy()
        shapes[broken] = shapely.make_valid(
            shapes[broken], method="structure", keep_collapsed=False
        )
        collapsed = shapely.is_empty(shapes)
        if collapsed.any():
            faults.add(
                f"{WHERE} path",
                "areas without extent",
                values=[f"row {i + 1}" for i in np.flatnonzero(collapsed)[:5]],
                count=int(collapsed.sum()),
                remedy="delete them or draw their area",
            )
            return empty, empty, None, target
        faults.warn(
            f"{WHERE} path",
            "areas that cross themselves were repaired",
            values=[f"row {i + 1}" for i in np.flatnonzero(broken)[:5]],
            count=int(broken.sum()),
        )
    if target is None:
        to_degrees = Transformer.from_crs(source, WGS84, always_xy=True)
        west, south, east, north = to_degrees.transform_bounds(west, south, east, north)
        target = choose_crs(np.array([west, east]), np.array([south, north]))
    areas = np.asarray(geo.set_geometry(shapes, crs=source).to_crs(target).geometry, dtype=object)
    points = shapely.centroid(areas)
    outside = ~shapely.contains(areas, points)
    points[outside] = shapely.point_on_surface(areas[outside])
    back = Transformer.from_crs(target, WGS84, always_xy=True)
    lon, lat = back.transform(shapely.get_x(points), shapely.get_y(points))
    return lon, lat, areas, target
