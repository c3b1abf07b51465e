"""Maps for paper: a small drawing per means of travel, zones of one class drawn as one shape."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from markupsafe import Markup

from halfcircle.outputs._svg import path_of, picture, tag, text
from halfcircle.outputs.classes import MISSING_COLOUR, MISSING_HATCH, ZERO_COLOUR, Classes
from halfcircle.outputs.map_data import label_places
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.shapes import Shapes, border_line, simplify, united, zone_shapes

__all__ = ["Sheet", "build_sheet", "draw_map"]

WIDTH = 1000.0
MAX_VERTICES = 40_000
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
    """

    shapes: Shapes
    height: float
    border: Any
    labels: tuple[tuple[float, float, str, str], ...]
    scale: tuple[float, float]


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
    left = (WIDTH - (east - west) * factor) / 2

    def place(xy: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.column_stack([left + (xy[:, 0] - west) * factor, (north - xy[:, 1]) * factor])

    line = border_line(result, shapes)
    metres = result.zones.places.xy_m(result.zones.crs)
    labels = []
    for zone_idx, words, kind in label_places(result, shapes, n_labels=7):
        x, y = place(metres[zone_idx : zone_idx + 1])[0]
        labels.append((float(x), float(y), words, kind))
    return Sheet(
        Shapes(shapely.transform(shapes.geometry, place), shapes.areas),
        (north - south) * factor,
        None if line is None else shapely.transform(line, place),
        tuple(labels),
        _scale_bar(factor),
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
    if sheet.border is not None:
        route = "".join(
            path_of(np.round(shapely.get_coordinates(part)).astype(np.int64), closed=False)
            for part in shapely.get_parts(sheet.border)
        )
        base = {"d": route, "fill": "none", "stroke-linejoin": "round"}
        parts.append(tag("path", base | {"stroke": "#ffffff", "stroke-width": 9}))
        dash = {"stroke": "#1d1d1d", "stroke-width": 4, "stroke-dasharray": "18 7 4 7"}
        parts.append(tag("path", base | dash))
    for x, y, words, kind in sheet.labels:
        parts.append(_label(x, y, words, kind))
    length, _ = sheet.scale
    y = sheet.height + 26
    ruler = {"d": f"M10 {y - 10:.0f}v10h{length:.0f}v-10", "fill": "none", "stroke": "#4b5760"}
    parts.append(tag("path", ruler | {"stroke-width": 3}))
    parts.append(text(length + 22, y, kilometres, {"font-size": 30, "fill": "#4b5760"}))
    return picture(
        WIDTH, round(sheet.height + 36), parts, identifier=identifier, title=title, about=about
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
    rings = []
    for polygon in shapely.get_parts(united(shapes.geometry[chosen])):
        if polygon.geom_type != "Polygon":
            continue
        rings += [
            path_of(np.round(shapely.get_coordinates(ring)).astype(np.int64))
            for ring in (polygon.exterior, *polygon.interiors)
        ]
    # A thin stroke in the same colour closes the hairlines between neighbouring classes.
    # Zones with nothing are nearly white; a grey edge sets them off from the paper.
    stroke: dict[str, object] = {"stroke": fill, "stroke-width": 1}
    if fill == ZERO_COLOUR:
        stroke = {"stroke": "#bfc6cb", "stroke-width": 2}
    elif not fill.startswith("#"):
        stroke = {"stroke": MISSING_HATCH, "stroke-width": 1}
    return tag("path", {"d": "".join(rings), "fill": fill, "fill-rule": "evenodd"} | stroke)


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
        # Names at the edge are moved in, so that none is cut off.
        half = min(len(words) * LETTER / 2, WIDTH / 2)
        x = min(max(x, half), WIDTH - half)
    return text(x, y + 10, words, looks)
