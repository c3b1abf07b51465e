"""What maps need beside results: own boundaries, and the places that isochrones are around."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer
from pyproj.exceptions import CRSError

from halfcircle import _tables
from halfcircle._checks import Faults, nearest
from halfcircle.errors import InputError, StudyError
from halfcircle.outputs import Boundary, MapLooks
from halfcircle.outputs.shapes import zone_shapes
from halfcircle.places import Zones
from halfcircle.study.settings.config import Study
from halfcircle.study.settings.maps_file import BoundaryConfig

__all__ = ["check_map_inputs", "read_looks", "zone_of_place"]

WHERE = "[outputs] boundaries"
# Of the size of the study area: how far a boundary is drawn beyond it.
ROOM = 0.05
# How far from any zone a place may lie that is given by longitude and latitude.
NEAR_M = 2_000.0


def check_map_inputs(study: Study, zones: Zones) -> MapLooks:
    """Read boundaries and look up places, before anything is computed.

    Raises
    ------
    StudyError
        All that is wrong with either, at once.
    """
    faults = Faults()
    looks = MapLooks()
    try:
        looks = read_looks(study, zones)
    except InputError as error:
        faults.extend(error.faults)
    if study.isochrones is not None:
        for place in study.isochrones.places:
            zone_of_place(zones, place, faults)
    faults.raise_errors(StudyError)
    return looks


def read_looks(study: Study, zones: Zones) -> MapLooks:
    """How maps of a study look, boundaries read and brought into the CRS of the zones.

    Raises
    ------
    StudyError
        All that is wrong with any of the files.
    """
    faults = Faults()
    found = [_boundary(config, zones, faults) for config in study.outputs.boundaries]
    faults.raise_errors(StudyError)
    return MapLooks(study.outputs.classes, tuple(one for one in found if one is not None))


def _boundary(config: BoundaryConfig, zones: Zones, faults: Faults) -> Boundary | None:
    where, path = f"{WHERE} {config.label}", config.path
    try:
        frame = _tables.read_table(path, where=where, kind=StudyError)
    except InputError as error:
        faults.extend(error.faults)
        return None
    if not _tables.is_geo(frame):
        faults.add(where, f"{path.name} holds no lines or areas")
        return None
    if config.name_column is not None:
        wanted = {"name_column": config.name_column}
        if not _tables.require_columns(frame, wanted, where=where, path=path, faults=faults):
            return None
    areas = _tables.as_geo(frame)
    if config.file_crs is not None and areas.crs is None:
        try:
            areas = areas.set_crs(config.file_crs)
        except CRSError:
            faults.add(where, "file_crs is no CRS", values=[config.file_crs])
            return None
    if areas.crs is None:
        faults.add(where, f"{path.name} states no CRS", remedy='add file_crs = "EPSG:..."')
        return None
    shapes = np.asarray(areas.to_crs(zones.crs).geometry.array, dtype=object)
    used = ~(shapely.is_missing(shapes) | shapely.is_empty(shapes))
    used &= np.isin(shapely.get_type_id(shapes), (1, 2, 3, 5, 6))
    shapes = shapely.make_valid(shapes[used])
    view = _view(zones)
    near = shapely.intersects(shapes, view)
    if not near.any():
        faults.add(where, f"{path.name} has no line or area where the zones are",
                   remedy="check its CRS")  # fmt: skip
        return None
    names: list[tuple[str, float, float]] = []
    if config.name_column is not None:
        words = np.array(_tables.texts(frame, config.name_column), dtype=object)[used]
        seen = shapely.intersection(shapes[near], view)
        for word, shape in zip(words[near], seen, strict=True):
            point = shapely.point_on_surface(shape)
            if word and not point.is_empty:
                names.append((str(word), float(point.x), float(point.y)))
    lines = shapely.intersection(_outline(shapes[near]), view)
    parts = shapely.get_parts(lines)
    parts = parts[np.isin(shapely.get_type_id(parts), (1, 2))]
    if not len(parts):
        faults.add(where, f"no outline of {path.name} crosses the area of the zones")
        return None
    merged = shapely.line_merge(shapely.multilinestrings(parts))
    return Boundary(config.label, merged, tuple(names))


def _view(zones: Zones) -> Any:
    west, south, east, north = zone_shapes(zones).bounds
    room = ROOM * max(east - west, north - south, 1_000.0)
    return shapely.box(west - room, south - room, east + room, north + room)


def _outline(shapes: npt.NDArray[np.object_]) -> Any:
    """Lines as they are, edges of areas once even where two areas share them."""
    polygonal = np.isin(shapely.get_type_id(shapes), (3, 6))
    return shapely.union_all(np.where(polygonal, shapely.boundary(shapes), shapes))


def zone_of_place(zones: Zones, place: str | tuple[float, float], faults: Faults) -> int:
    """Position of the zone that a place of ``[isochrones]`` names or lies in; -1 with a fault."""
    where = "[isochrones] places"
    if isinstance(place, tuple):
        return _zone_at(zones, place, where, faults)
    labels = [str(label) for label in zones.label]
    ids = [str(zone_id) for zone_id in zones.zone_id]
    for known in (ids, labels, [label.casefold() for label in labels]):
        wanted = place if known is ids or known is labels else place.casefold()
        hits = [i for i, word in enumerate(known) if word == wanted]
        if len(hits) == 1:
            return hits[0]
        if hits:
            faults.add(where, f"{place!r} is the name of {len(hits)} zones: which one?",
                       values=[ids[i] for i in hits], remedy="give its id")  # fmt: skip
            return -1
    faults.add(where, "no zone has this name or id", values=[place],
               remedy=nearest(place, {*labels, *ids}))  # fmt: skip
    return -1


def _zone_at(zones: Zones, place: tuple[float, float], where: str, faults: Faults) -> int:
    to_metres = Transformer.from_crs(4326, zones.crs, always_xy=True)
    point = shapely.Point(to_metres.transform(*place))
    shapes = zone_shapes(zones)
    away_m = shapely.distance(shapes.geometry, point)
    # On an edge, and for points, the nearest middle decides.
    middle_m = shapely.distance(shapely.points(zones.places.xy_m(zones.crs)), point)
    best = int(np.lexsort((middle_m, away_m))[0])
    spacing_m = 0.0
    if not shapes.areas and len(zones) > 1:
        west, south, east, north = shapes.bounds
        spacing_m = float(np.sqrt((east - west) * (north - south) / len(zones)))
    if not away_m[best] <= max(NEAR_M, spacing_m):
        faults.add(
            where,
            f"lies outside the zones: the nearest one is {zones.label[best]}, "
            f"{away_m[best] / 1000:.0f} km away",
            values=[f"{place[0]:g}, {place[1]:g}"],
            remedy="longitude comes first",
        )
        return -1
    return best
