"""What the interactive map holds: shapes in hundred-thousandths of a degree, values per layer.

The values are the bulk. They are kept as whole numbers and packed together, so that a map of ten
thousand zones stays under five megabytes; what does not fit is left to the tables, and said.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from scipy.spatial import cKDTree

from halfcircle.outputs.layers import Layers
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.shapes import Shapes, border_line, simplify, zone_shapes

__all__ = [
    "SCALE",
    "boundary_names",
    "filled_share",
    "fitting",
    "fitting_layers",
    "label_places",
    "pack",
    "point_spacing_m",
    "reasons_by_zone",
    "shape_data",
    "stored_values",
]

SCALE = 100_000
MAX_VERTICES = 160_000
N_LABELS = 12
# Room of a letter and of a line, as shares of the longer side of a map.
LETTER_SHARE = 0.0185
LINE_SHARE = 0.055


def shape_data(result: RunResult) -> dict[str, Any]:
    """Shapes, border and labels of a run, as lists of whole numbers.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    dict
        ``zones``: per zone polygons of rings, or a point; ``border``: lines; ``labels``:
        (x, y, text, kind). Coordinates are longitude, latitude times `SCALE`; within a ring or a
        line each point is given as the difference from the one before.
    """
    shapes = simplify(zone_shapes(result.zones), max_vertices=MAX_VERTICES)
    to_degrees = Transformer.from_crs(result.zones.crs, CRS.from_epsg(4326), always_xy=True)
    if shapes.areas:
        zones: list[Any] = [
            [[_deltas(ring, to_degrees) for ring in _rings(part)] for part in _polygons(shape)]
            for shape in shapes.geometry
        ]
    else:
        xy = np.column_stack([result.zones.places.lon, result.zones.places.lat])
        zones = np.round(xy * SCALE).astype(np.int64).tolist()
    line = border_line(result, shapes)
    border = []
    if line is not None:
        west, south, east, north = shapes.bounds
        line = shapely.simplify(line, max(east - west, north - south) / 8000.0)
        border = [
            _deltas(part, to_degrees, closed=False)
            for part in shapely.get_parts(line)
            if part.geom_type in ("LineString", "LinearRing")
        ]
    places = label_places(result, shapes, n_labels=N_LABELS)
    return {
        "scale": SCALE,
        "zones": zones,
        "border": border,
        "labels": _labels(result, places),
        "outlines": _outlines(result, shapes, to_degrees),
    }


def _outlines(result: RunResult, shapes: Shapes, to_degrees: Transformer) -> list[dict[str, Any]]:
    """Own boundaries: label, lines, and names for the first ones that find room."""
    west, south, east, north = shapes.bounds
    detail_m = max(east - west, north - south) / 6000.0
    found = []
    free = boundary_names(result, shapes)
    for boundary in result.looks.boundaries:
        lines = shapely.simplify(boundary.geometry, detail_m)
        own = [one for one in free if one in boundary.names]
        lon, lat = to_degrees.transform([x for _, x, _ in own], [y for _, _, y in own])
        found.append(
            {
                "label": boundary.label,
                "lines": [
                    _deltas(part, to_degrees, closed=False) for part in shapely.get_parts(lines)
                ],
                "names": [
                    [round(a * SCALE), round(b * SCALE), words]
                    for (words, _, _), a, b in zip(own, lon, lat, strict=True)
                ],
            }
        )
    return found


def boundary_names(result: RunResult, shapes: Shapes) -> list[tuple[str, float, float]]:
    """Names of areas of own boundaries that do not touch each other; they go before all others.

    Parameters
    ----------
    result : RunResult
    shapes : Shapes

    Returns
    -------
    list of (str, float, float)
        Words, x, y in the CRS of the zones.
    """
    west, south, east, north = shapes.bounds
    size_m = max(east - west, north - south)
    chosen: list[tuple[str, float, float]] = []
    for boundary in result.looks.boundaries:
        for words, x, y in boundary.names:
            free = all(
                abs(x - a) >= LETTER_SHARE * size_m * (len(words) + len(other)) / 2
                or abs(y - b) >= LINE_SHARE * size_m
                for other, a, b in chosen
            )
            if free:
                chosen.append((words, x, y))
    return chosen


def _polygons(shape: Any) -> list[Any]:
    return [part for part in shapely.get_parts(shape) if part.geom_type == "Polygon"]


def _rings(polygon: Any) -> list[Any]:
    return [polygon.exterior, *polygon.interiors]


def _deltas(line: Any, to_degrees: Transformer, *, closed: bool = True) -> list[int]:
    xy = shapely.get_coordinates(line)
    if closed:
        xy = xy[:-1]
    degrees = np.column_stack(to_degrees.transform(xy[:, 0], xy[:, 1]))
    whole = np.round(degrees * SCALE).astype(np.int64)
    steps = np.diff(whole, axis=0, prepend=0)
    steps = steps[np.any(steps != 0, axis=1)]
    return [int(step) for step in steps.ravel()]


def _labels(result: RunResult, places: Sequence[tuple[int, str, str]]) -> list[list[Any]]:
    lon, lat = result.zones.places.lon, result.zones.places.lat
    return [
        [round(lon[i] * SCALE), round(lat[i] * SCALE), words, kind] for i, words, kind in places
    ]


def label_places(result: RunResult, shapes: Shapes, *, n_labels: int) -> list[tuple[int, str, str]]:
    """Choose what to write on a map: countries, then the largest zones, apart from each other.

    Parameters
    ----------
    result : RunResult
    shapes : Shapes
    n_labels : int
        At most this many.

    Returns
    -------
    list of (int, str, str)
        Zone position, words, and "country" or "place".
    """
    zones = result.zones
    xy = zones.places.xy_m(zones.crs)
    west, south, east, north = shapes.bounds
    size_m = max(east - west, north - south)
    chosen: list[tuple[int, str, str]] = []
    reserved = boundary_names(result, shapes)

    def letters(words: str, kind: str) -> int:
        # Names of countries are set large and wide.
        return 3 * len(words) if kind == "country" else len(words)

    def apart(i: int, n_letters: int, other: int, n_others: int) -> bool:
        aside, above = np.abs(xy[i] - xy[other])
        width_m = LETTER_SHARE * size_m * (n_letters + n_others) / 2
        return bool(aside >= width_m or above >= LINE_SHARE * size_m)

    def place(i: int, words: str, kind: str) -> None:
        n_letters = letters(words, kind)
        free = all(
            abs(xy[i][0] - x) >= LETTER_SHARE * size_m * (n_letters + len(text)) / 2
            or abs(xy[i][1] - y) >= LINE_SHARE * size_m
            for text, x, y in reserved
        )
        if free and all(
            apart(i, n_letters, other, letters(text, of)) for other, text, of in chosen
        ):
            chosen.append((i, words, kind))

    named = zones.name is not None and not np.array_equal(zones.name, zones.zone_id)
    if named and zones.name is not None:
        largest = np.argsort(-zone_sizes(result), kind="stable")
        for i in largest[: 20 * n_labels]:
            if len(chosen) >= n_labels:
                break
            place(int(i), str(zones.name[i]), "place")
    country = zones.places.country
    if country is not None and len(set(country) - {""}) > 1:
        for side in sorted(set(country) - {""}):
            own = np.flatnonzero(country == side)
            middle = np.median(xy[own], axis=0)
            # The first spot near the middle that is free.
            for i in own[np.argsort(np.hypot(*(xy[own] - middle).T), kind="stable")]:
                before = len(chosen)
                place(int(i), side, "country")
                if len(chosen) > before:
                    break
    return chosen


def zone_sizes(result: RunResult) -> npt.NDArray[np.float64]:
    """How much there is in each zone: people if known, else the first opportunity; 0 if unknown."""
    name = result.weight_name
    for opportunity in result.opportunities:
        if name is None or opportunity.name == name:
            return np.nan_to_num(opportunity.total)
    return np.zeros(len(result.zones))


def stored_values(values: npt.NDArray[np.float64]) -> tuple[list[int | None], int]:
    """Values as whole numbers and what to divide them by.

    Parameters
    ----------
    values : array of float64, shape (n_zones,)
        NaN where missing.

    Returns
    -------
    list of int or None
    int
        1 if all are whole or large; else 100, 10,000 or more, so that small values keep their
        digits.
    """
    known = values[~np.isnan(values)]
    scale = 1
    if len(known) and not np.all(known == np.round(known)):
        largest = np.abs(known).max()
        scale = 1 if largest >= 10_000 else 100 if largest >= 1 else 10_000
        if 0 < largest < 0.01:
            scale = int(10 ** (4 - np.floor(np.log10(largest))))
    whole = np.round(np.nan_to_num(values) * scale).astype(np.int64).tolist()
    missing = np.isnan(values)
    return [None if gone else value for gone, value in zip(missing, whole, strict=True)], scale


def fitting_layers(layers: Layers, max_bytes: int) -> npt.NDArray[np.int64]:
    """Positions of the layers that fit into a map, main ones first, returned in reading order.

    Parameters
    ----------
    layers : Layers
    max_bytes : int
        Packed size that values may take.

    Returns
    -------
    array of int64
    """
    main = layers.main_first()
    n = fitting(layers.values[main], max_bytes)
    return np.sort(main[:n])


def fitting(
    rows: Sequence[npt.NDArray[np.float64]] | npt.NDArray[np.float64], max_bytes: int
) -> int:
    """How many of these rows of values fit, at least one where there are any."""
    used = 0
    for n, row in enumerate(rows):
        text = json.dumps(stored_values(row)[0], separators=(",", ":"))
        used += len(zlib.compress(text.encode(), 6)) * 4 // 3
        if used > max_bytes and n:
            return n
    return len(rows)


def reasons_by_zone(result: RunResult) -> dict[str, dict[str, dict[int, str]]]:
    """Why there is no value: scenario -> mode -> zone position -> reason."""
    found: dict[str, dict[str, dict[int, str]]] = {}
    table = result.unreached
    if table is not None:
        zone_idx = {zone_id: i for i, zone_id in enumerate(result.zones.zone_id)}
        columns = ("zone_id", "scenario", "mode", "reason")
        rows: Sequence[Any] = list(zip(*(table[name] for name in columns), strict=True))
        for zone_id, scenario, mode, reason in rows:
            by_mode = found.setdefault(str(scenario), {})
            by_mode.setdefault(str(mode), {})[zone_idx[zone_id]] = str(reason)
    return found


def point_spacing_m(result: RunResult) -> float:
    """Usual distance from a zone to its nearest neighbour, metres: how large dots may be."""
    xy = np.unique(result.zones.places.xy_m(result.zones.crs), axis=0)
    if len(xy) < 2:
        return 1_000.0
    nearest_m = np.asarray(cKDTree(xy).query(xy, k=[2])[0])
    return round(float(np.median(nearest_m)), 1)


def filled_share(result: RunResult) -> float:
    """How much of the rectangle around all zones the zones fill, at most 1."""
    shapes = zone_shapes(result.zones)
    west, south, east, north = shapes.bounds
    box_m2 = max(east - west, 1.0) * max(north - south, 1.0)
    if shapes.areas:
        zones_m2 = float(np.sum(shapely.area(shapes.geometry)))
    else:
        zones_m2 = len(result.zones) * point_spacing_m(result) ** 2
    return round(min(zones_m2 / box_m2, 1.0), 3)


def pack(data: Any) -> str:
    """JSON, deflated, as base64 text."""
    text = json.dumps(data, separators=(",", ":"), ensure_ascii=False)
    return base64.b64encode(zlib.compress(text.encode("utf-8"), 9)).decode("ascii")
