"""Charts of a report, drawn as SVG: lines with their names beside them, no boxes, no clutter."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from halfcircle.outputs._svg import nice_ticks, picture, tag, text

__all__ = ["LINE_COLOURS", "Series", "line_chart", "line_style"]

# Colours that colour-blind people tell apart (after Okabe and Ito), darkened for white paper.
LINE_COLOURS = ("#0b5c94", "#b34700", "#00704f", "#8a3c78", "#1d1d1d", "#7a6200")
DASHES = (None, "7 3", "2 3", "9 3 2 3", "4 2", "1 2")

WIDTH, HEIGHT = 460.0, 290.0
LEFT, TOP, BOTTOM = 58.0, 14.0, 44.0
# Of bold words at the end of lines; measured on the fonts named in the drawing, with room.
LETTER = 7.6


@dataclass(frozen=True, eq=False)
class Series:
    """One line of a chart.

    Parameters
    ----------
    name : str
    x, y : array of float64, shape (n,)
        NaN in `y` interrupts the line.
    style : int
        Position in the tables of colours and dashes.
    """

    name: str
    x: npt.NDArray[np.float64]
    y: npt.NDArray[np.float64]
    style: int


def line_style(series: int) -> tuple[str, str | None]:
    """Colour and dash pattern of the n-th series."""
    return LINE_COLOURS[series % len(LINE_COLOURS)], DASHES[series % len(DASHES)]


def line_chart(
    series: Sequence[Series],
    *,
    identifier: str,
    title: str,
    about: str,
    x_title: str,
    x_label: Callable[[float], str],
    y_label: Callable[[float], str],
    x_ticks: Sequence[float] | None = None,
    marks: bool = False,
    names_above: bool = False,
) -> Markup:
    """Draw lines over a common horizontal axis, both axes from zero.

    Parameters
    ----------
    series : sequence of Series
    identifier : str
        Of the drawing within its page.
    title, about : str
        For those who do not see it.
    x_title : str
    x_label, y_label : callable
        Number -> text.
    x_ticks : sequence of float, optional
        Round numbers where left out.
    marks : bool
        Whether to mark the points of the lines.
    names_above : bool
        Put the names of the lines above the chart instead of at their ends, for lines that end
        together.

    Returns
    -------
    Markup
        An ``svg`` element.
    """
    largest_x = max((float(np.nanmax(s.x)) for s in series if len(s.x)), default=1.0)
    largest_y = max((float(np.nanmax(s.y)) for s in series if np.isfinite(s.y).any()), default=1.0)
    keys, rows = _names_above(series) if names_above else ([], 0)
    top = TOP + 20.0 * rows
    longest = 0 if names_above else max((len(one.name) for one in series), default=0)
    right = 26.0 + LETTER * longest
    across = list(x_ticks) if x_ticks else nice_ticks(largest_x)
    up = nice_ticks(largest_y)
    x_end = max(across[-1], largest_x) or 1.0

    def at_x(value: float) -> float:
        return LEFT + value / x_end * (WIDTH - LEFT - right)

    def at_y(value: float) -> float:
        return HEIGHT - BOTTOM - value / up[-1] * (HEIGHT - top - BOTTOM)

    parts: list[Markup] = keys
    for tick in up:
        y = at_y(tick)
        colour = "#6b7780" if tick == 0 else "#d9dee2"
        parts.append(
            tag("path", {"d": f"M{LEFT} {y:.1f}H{WIDTH - right}", "stroke": colour, "fill": "none"})
        )
        parts.append(text(LEFT - 6, y + 4, y_label(tick), {"text-anchor": "end"}))
    for tick in across:
        place = {"text-anchor": "middle"}
        parts.append(text(at_x(tick), HEIGHT - BOTTOM + 18, x_label(tick), place))
        parts.append(
            tag(
                "path",
                {
                    "d": f"M{at_x(tick):.1f} {HEIGHT - BOTTOM:.1f}v4",
                    "stroke": "#6b7780",
                    "fill": "none",
                },
            )
        )
    middle = (LEFT + WIDTH - right) / 2
    parts.append(text(middle, HEIGHT - 6, x_title, {"text-anchor": "middle", "fill": "#4b5760"}))
    ends: list[tuple[float, float, Series]] = []
    for one in series:
        colour, dash = line_style(one.style)
        known = np.isfinite(one.y)
        points = [(at_x(x), at_y(y)) for x, y in zip(one.x[known], one.y[known], strict=True)]
        if not points:
            continue
        route = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(
            tag(
                "path",
                {
                    "d": route,
                    "fill": "none",
                    "stroke": colour,
                    "stroke-width": 2.2,
                    "stroke-linejoin": "round",
                    "stroke-dasharray": dash,
                },
            )
        )
        if marks:
            parts += [
                tag("circle", {"cx": round(x, 1), "cy": round(y, 1), "r": 3, "fill": colour})
                for x, y in points
            ]
        ends.append((*points[-1], one))
    if not names_above:
        parts += _end_labels(ends, WIDTH - right + 16)
    return picture(WIDTH, HEIGHT, parts, identifier=identifier, title=title, about=about)


def _end_labels(ends: list[tuple[float, float, Series]], column: float) -> list[Markup]:
    """Names at the right, moved apart where lines end together, tied to them by a thin stroke."""
    gap = 16.0
    ends = sorted(ends, key=lambda end: (end[1], -end[0]))
    heights = [y for _, y, _ in ends]
    for i in range(1, len(heights)):
        heights[i] = max(heights[i], heights[i - 1] + gap)
    lowest = HEIGHT - BOTTOM
    for i in reversed(range(len(heights))):
        limit = lowest if i == len(heights) - 1 else heights[i + 1] - gap
        heights[i] = min(heights[i], limit)
    labels = []
    for (x, y, one), height in zip(ends, heights, strict=True):
        colour, _ = line_style(one.style)
        labels.append(
            tag(
                "path",
                {
                    "d": f"M{x + 4:.1f} {y:.1f}L{column - 3:.1f} {height:.1f}",
                    "stroke": colour,
                    "stroke-width": 0.8,
                    "fill": "none",
                    "opacity": 0.6,
                },
            )
        )
        labels.append(text(column, height + 4, one.name, {"fill": colour, "font-weight": 600}))
    return labels


def _names_above(series: Sequence[Series]) -> tuple[list[Markup], int]:
    """Samples of the lines with their names, in rows; and how many rows."""
    parts = []
    x, row = LEFT, 0
    for one in series:
        colour, dash = line_style(one.style)
        width = 36.0 + LETTER * len(one.name) + 12.0
        if x + width > WIDTH and x > LEFT:
            x, row = LEFT, row + 1
        y = 10.0 + 20.0 * row
        sample = {"d": f"M{x:.0f} {y:.0f}h28", "stroke": colour, "stroke-width": 2.4}
        parts.append(tag("path", sample | {"stroke-dasharray": dash, "fill": "none"}))
        parts.append(text(x + 34, y + 4.5, one.name, {"fill": colour, "font-weight": 600}))
        x += width
    return parts, row + 1
