"""Maps for paper: a small drawing per means of travel, zones of one class drawn as one shape."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from markupsafe import Markup

from halfcircle.outputs._svg import path_of, picture, tag, text
from halfcircle.outputs.classes import MISSING_COLOUR, MISSING_HATCH, ZERO_COLOUR, Classes
from halfcircle.outputs.looks import BOUNDARY_COLOUR, BOUNDARY_DASHES, MapLooks
from halfcircle.outputs.map_data import boundary_names, label_places
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.shapes import Shapes, border_line, simplify, united, zone_shapes

__all__ = ["Sheet", "build_sheet", "draw_areas", "draw_map"]

WIDTH = 1000.0
MAX_VERTICES = 40_000
# Own boundaries lose what is smaller than this, drawing units.
OUTLINE_DETAIL = 0.6
# Of a name on the map, drawing units.
LETTER = 17.5


@dataclass(frozen=True, eq=False)
class Sheet:
    """Shapes of a run in the units of a drawing; drawn on many times.

    Parameters
    ----------
    shapes : Shapes
        x to the right, y downwards, 0 to 1000 across.
    height : float
    border : shapely geometry or None
    labels : tuple of (float, float, str, str)
        x, y, words, kind.
    scale : tuple of (float, float)
        Length of the scale bar in drawing units, and in kilometres.
    units_per_m : float
    corner_m : tuple of (float, float)
        Of the CRS of the zones: what is drawn at 0, 0.
    looks : MapLooks
        Of the run.
    outlines : tuple of shapely geometry
        Own boundaries, in units of the drawing.
    """

    shapes: Shapes
    height: float
    border: Any
    labels: tuple[tuple[float, float, str, str], ...]
    scale: tuple[float, float]
    units_per_m: float
    corner_m: tuple[float, float]
    looks: MapLooks
    outlines: tuple[Any, ...] = ()

    def place(self, xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """Metres in the CRS of the zones -> units of the drawing, shape (n, 2)."""
        west, north = self.corner_m
        return np.column_stack([xy[:, 0] - west, north - xy[:, 1]]) * self.units_per_m


def build_sheet(result: RunResult) -> Sheet:
    """Prepare the shapes of a run for drawing.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    Sheet
    """
    shapes = simplify(zone_shapes(result.zones), max_vertices=MAX_VERTICES)
    west, south, east, north = shapes.bounds
    room = 0.02 * max(east - west, north - south, 1.0)
    west, south, east, north = west - room, south - room, east + room, north + room
    factor = WIDTH / max(east - west, (north - south) / 1.25)
    left_m = (WIDTH / factor - (east - west)) / 2
    empty = Sheet(
        shapes,
        (north - south) * factor,
        None,
        (),
        _scale_bar(factor),
        factor,
        (west - left_m, north),
        result.looks,
    )
    line = border_line(result, shapes)
    metres = result.zones.places.xy_m(result.zones.crs)
    labels = []
    for zone_idx, words, kind in label_places(result, shapes, n_labels=7):
        x, y = empty.place(metres[zone_idx : zone_idx + 1])[0]
        labels.append((float(x), float(y), words, kind))
    for words, x_m, y_m in boundary_names(result, shapes):
        x, y = empty.place(np.array([[x_m, y_m]]))[0]
        labels.append((float(x), float(y), words, "area"))
    frame = shapely.box(0.0, 0.0, WIDTH, empty.height)
    outlines = (
        shapely.intersection(
            shapely.simplify(shapely.transform(one.geometry, empty.place), OUTLINE_DETAIL), frame
        )
        for one in result.looks.boundaries
    )
    return replace(
        empty,
        shapes=Shapes(shapely.transform(shapes.geometry, empty.place), shapes.areas),
        border=None if line is None else shapely.transform(line, empty.place),
        labels=tuple(labels),
        outlines=tuple(outlines),
    )


def _scale_bar(units_per_m: float) -> tuple[float, float]:
    """Longest of 1, 2, 5, 10, ... kilometres that takes at most a fifth of the width."""
    km = 0.1
    for candidate in (m * 10.0**e for e in range(-1, 4) for m in (1.0, 2.0, 5.0)):
        if candidate * 1000 * units_per_m <= WIDTH / 5:
            km = candidate
    return km * 1000 * units_per_m, km


def draw_map(
    sheet: Sheet,
    values: npt.NDArray[np.float64],
    classes: Classes,
    *,
    identifier: str,
    title: str,
    about: str,
    kilometres: str,
    mark_idx: int | None = None,
) -> Markup:
    """Draw one layer.

    Parameters
    ----------
    sheet : Sheet
    values : array of float64, shape (n_zones,)
    classes : Classes
    identifier : str
        Of the drawing within its page.
    title, about : str
        For those who do not see it.
    kilometres : str
        Words of the scale bar.
    mark_idx : int, optional
        Zone to mark with a ring at its middle.

    Returns
    -------
    Markup
        An ``svg`` element.
    """
    class_idx = classes.class_idx(values)
    hatch = f"{identifier}-hatch"
    parts: list[Markup] = [_hatch_pattern(hatch)]
    for one in sorted(set(class_idx.tolist())):
        fill = f"url(#{hatch})" if one == -2 else classes.colour(one)
        parts.append(_drawn(sheet.shapes, class_idx == one, fill))
    parts += _border(sheet)
    parts += [_label(x, y, words, kind) for x, y, words, kind in sheet.labels]
    if mark_idx is not None:
        middle = shapely.point_on_surface(sheet.shapes.geometry[mark_idx])
        place = {"cx": round(middle.x), "cy": round(middle.y), "fill": "none"}
        parts.append(tag("circle", place | {"r": 15, "stroke": "#ffffff", "stroke-width": 9}))
        parts.append(tag("circle", place | {"r": 15, "stroke": "#1d1d1d", "stroke-width": 5}))
    parts += _ruler(sheet, kilometres)
    return _finished(sheet, parts, identifier=identifier, title=title, about=about)


def draw_areas(
    sheet: Sheet,
    areas: Sequence[tuple[Any, str]],
    named: Sequence[tuple[Any, str]],
    *,
    identifier: str,
    title: str,
    about: str,
    kilometres: str,
) -> Markup:
    """Draw areas of one colour each over the zones, which are hatched where nothing covers them.

    Parameters
    ----------
    sheet : Sheet
    areas : sequence of (shapely geometry, str)
        Geometry in the CRS of the zones, and colour.
    named : sequence of (shapely geometry, str)
        What to write inside an area.
    identifier : str
        Of the drawing within its page.
    title, about : str
        For those who do not see it.
    kilometres : str
        Words of the scale bar.

    Returns
    -------
    Markup
        An ``svg`` element.
    """
    hatch = f"{identifier}-hatch"
    every = np.ones(len(sheet.shapes.geometry), dtype=bool)
    parts = [_hatch_pattern(hatch), _drawn(sheet.shapes, every, f"url(#{hatch})")]
    for area, colour in areas:
        looks = {"fill": colour, "fill-rule": "evenodd", "stroke": "#5a6670", "stroke-width": 2}
        placed = shapely.transform(area, sheet.place)
        parts.append(tag("path", {"d": _rings(placed)} | looks))
    parts += _border(sheet)
    taken: list[tuple[float, float, str]] = []
    for area, words in named:
        point = shapely.get_coordinates(
            shapely.transform(shapely.point_on_surface(area), sheet.place)
        )
        if not len(point):
            continue
        x, y = float(point[0, 0]), float(point[0, 1])
        apart = (
            abs(x - a) >= LETTER * (len(words) + len(other)) / 2 or abs(y - b) >= 34
            for a, b, other in taken
        )
        if all(apart):
            taken.append((x, y, words))
            parts.append(_label(x, y, words, "place"))
    parts += _ruler(sheet, kilometres)
    return _finished(sheet, parts, identifier=identifier, title=title, about=about)


def _border(sheet: Sheet) -> list[Markup]:
    """Own boundaries, and over them the national border; each dark on white."""
    parts: list[Markup] = []
    for i, outline in enumerate(sheet.outlines):
        route = _route(outline)
        if not route:
            continue
        base = {"d": route, "fill": "none", "stroke-linejoin": "round"}
        parts.append(tag("path", base | {"stroke": "#ffffff", "stroke-width": 5, "opacity": 0.7}))
        dashes = BOUNDARY_DASHES[i % len(BOUNDARY_DASHES)] or None
        looks = {"stroke": BOUNDARY_COLOUR, "stroke-width": 2.5, "stroke-dasharray": dashes}
        parts.append(tag("path", base | looks))
    if sheet.border is not None:
        base = {"d": _route(sheet.border), "fill": "none", "stroke-linejoin": "round"}
        parts.append(tag("path", base | {"stroke": "#ffffff", "stroke-width": 9}))
        dash = {"stroke": "#1d1d1d", "stroke-width": 4, "stroke-dasharray": "18 7 4 7"}
        parts.append(tag("path", base | dash))
    return parts


def _route(lines: Any) -> str:
    return "".join(
        path_of(np.round(shapely.get_coordinates(part)).astype(np.int64), closed=False)
        for part in shapely.get_parts(lines)
        if part.geom_type in ("LineString", "LinearRing")
    )


def _ruler(sheet: Sheet, kilometres: str) -> list[Markup]:
    length, _ = sheet.scale
    y = sheet.height + 26
    ruler = {"d": f"M10 {y - 10:.0f}v10h{length:.0f}v-10", "fill": "none", "stroke": "#4b5760"}
    words = text(length + 22, y, kilometres, {"font-size": 30, "fill": "#4b5760"})
    return [tag("path", ruler | {"stroke-width": 3}), words]


def _finished(
    sheet: Sheet, parts: Sequence[Markup], *, identifier: str, title: str, about: str
) -> Markup:
    height = round(sheet.height + 36)
    return picture(WIDTH, height, parts, identifier=identifier, title=title, about=about)


def _rings(area: Any) -> str:
    """Path of all rings of an area, whole units."""
    return "".join(
        path_of(np.round(shapely.get_coordinates(ring)).astype(np.int64))
        for polygon in shapely.get_parts(area)
        if polygon.geom_type == "Polygon"
        for ring in (polygon.exterior, *polygon.interiors)
    )


def _drawn(shapes: Shapes, chosen: npt.NDArray[np.bool_], fill: str) -> Markup:
    if not shapes.areas:
        radius = round(float(np.clip(420.0 / np.sqrt(len(chosen)), 5.0, 16.0)), 1)
        points = shapely.get_coordinates(shapes.geometry[chosen])
        dots = [
            tag("circle", {"cx": round(float(x)), "cy": round(float(y)), "r": radius})
            for x, y in points
        ]
        return tag("g", {"fill": fill, "stroke": "#5a5a5a", "stroke-width": 1.5}, *dots)
    # A thin stroke in the same colour closes the hairlines between neighbouring classes.
    # Zones with nothing are nearly white; a grey edge sets them off from the paper.
    stroke: dict[str, object] = {"stroke": fill, "stroke-width": 1}
    if fill == ZERO_COLOUR:
        stroke = {"stroke": "#bfc6cb", "stroke-width": 2}
    elif not fill.startswith("#"):
        stroke = {"stroke": MISSING_HATCH, "stroke-width": 1}
    return tag(
        "path",
        {"d": _rings(united(shapes.geometry[chosen])), "fill": fill, "fill-rule": "evenodd"}
        | stroke,
    )


def _hatch_pattern(identifier: str) -> Markup:
    return tag(
        "defs",
        {},
        tag(
            "pattern",
            {
                "id": identifier,
                "width": 12,
                "height": 12,
                "patternUnits": "userSpaceOnUse",
                "patternTransform": "rotate(45)",
            },
            tag("rect", {"width": 12, "height": 12, "fill": MISSING_COLOUR}),
            tag("rect", {"width": 3, "height": 12, "fill": MISSING_HATCH}),
        ),
    )


def _label(x: float, y: float, words: str, kind: str) -> Markup:
    looks: dict[str, object] = {
        "text-anchor": "middle",
        "paint-order": "stroke",
        "stroke": "#ffffff",
        "stroke-width": 6,
        "stroke-linejoin": "round",
    }
    if kind == "country":
        looks |= {"font-size": 44, "fill": "#3c3c3c", "letter-spacing": 14, "font-weight": 300}
    else:
        looks |= {"font-size": 30, "fill": "#111111", "font-weight": 600}
        if kind == "area":
            looks |= {"font-size": 26, "fill": BOUNDARY_COLOUR, "font-style": "italic"}
        # Names at the edge are moved in, so that none is cut off, in wide fonts neither.
        half = min((1.25 * len(words) + 1) * LETTER / 2, WIDTH / 2)
        x = min(max(x, half), WIDTH - half)
    return text(x, y + 10, words, looks)
