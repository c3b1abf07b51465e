"""Drawings of the half circle: the paired circles, and bars with a reference line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from halfcircle.outputs._svg import nice_ticks, picture, tag, text
from halfcircle.outputs.classes import LOSS_RAMP

__all__ = ["Bar", "bar_chart", "circle_drawing"]

Floats = npt.NDArray[np.float64]

SIZE = 300.0
CORE = 16
HOME, OPEN, LOST = "#255f8e", LOSS_RAMP[1], "#ae3f2c"
WIDTH, ROW, LABEL = 560.0, 30.0, 215.0
LETTER = 6.7


@dataclass(frozen=True)
class Bar:
    """One bar of a chart; `value` NaN draws none, and `shown` tells why."""

    label: str
    value: float
    shown: str
    colour: str = HOME


def circle_drawing(
    domestic: Floats,
    opened: Floats,
    *,
    half: bool,
    directions: Sequence[str],
    identifier: str,
    title: str,
    about: str,
) -> Markup:
    """Draw reach around a place as a full circle, or as the half that is left of it.

    Areas are proportional to reach. The full circle shows what lies at home and abroad; the half
    shows what lies at home, and as an outline what is lost.

    Parameters
    ----------
    domestic, opened : array of float64, shape (17,)
        Reach by sector, then inside the zone.
    half : bool
    directions : sequence of str, length 16
    identifier, title, about : str

    Returns
    -------
    Markup
        An ``svg`` element.
    """
    middle, longest = SIZE / 2, SIZE / 2 - 34
    # The core is a disc, a sector one sixteenth of one: 16 times the area at one radius.
    top = max(float(opened[:CORE].max()), float(opened[CORE]) / CORE, 1e-12)

    def radius(amount: float) -> float:
        return longest * float(np.sqrt(max(amount, 0.0) / top))

    parts = [
        tag(
            "circle",
            {"cx": middle, "cy": middle, "r": longest, "fill": "none", "stroke": "#d9dee2"},
        )
    ]
    for sector in range(CORE):
        whole, home = radius(float(opened[sector])), radius(float(domestic[sector]))
        if whole <= 0:
            continue
        if half:
            if whole > home:
                parts.append(_wedge(middle, whole, sector, "none", LOST, dashed=True))
            if home > 0:
                parts.append(_wedge(middle, home, sector, HOME, "#ffffff"))
        else:
            parts.append(_wedge(middle, whole, sector, OPEN, "#ffffff"))
            if home > 0:
                parts.append(_wedge(middle, home, sector, HOME, "#ffffff"))
    core = radius(float(domestic[CORE]) / CORE)
    if core > 0:
        disc = {"cx": middle, "cy": middle, "r": round(core, 1), "fill": "#123a5c"}
        parts.append(tag("circle", {**disc, "stroke": "#ffffff"}))
    for sector in range(0, CORE, 4):
        angle = np.radians(sector * 22.5)
        x, y = middle + (longest + 16) * np.sin(angle), middle - (longest + 16) * np.cos(angle)
        looks = {"text-anchor": "middle", "fill": "#4b5760", "font-weight": "600"}
        parts.append(text(float(x), float(y) + 4.5, directions[sector], looks))
    return picture(SIZE, SIZE, parts, identifier=identifier, title=title, about=about)


def _wedge(
    middle: float, r: float, sector: int, fill: str, stroke: str, *, dashed: bool = False
) -> Markup:
    first, last = np.radians((sector - 0.5) * 22.5), np.radians((sector + 0.5) * 22.5)
    x1, y1 = middle + r * np.sin(first), middle - r * np.cos(first)
    x2, y2 = middle + r * np.sin(last), middle - r * np.cos(last)
    route = f"M{middle:.0f} {middle:.0f}L{x1:.1f} {y1:.1f}A{r:.1f} {r:.1f} 0 0 1 {x2:.1f} {y2:.1f}z"
    looks: dict[str, object] = {"d": route, "fill": fill, "stroke": stroke}
    looks |= {"stroke-width": 1.2, "stroke-dasharray": "3 2"} if dashed else {"stroke-width": 0.8}
    return tag("path", looks)


def bar_chart(
    bars: Sequence[Bar],
    *,
    identifier: str,
    title: str,
    about: str,
    reference: tuple[float, str] | None = None,
) -> Markup:
    """Draw horizontal bars from zero, to either side, each with its label and its figure.

    Parameters
    ----------
    bars : sequence of Bar
    identifier, title, about : str
    reference : (float, str), optional
        Where to draw a line across all bars, and what to call it.

    Returns
    -------
    Markup
        An ``svg`` element.
    """
    values = [bar.value for bar in bars if np.isfinite(bar.value)]
    marks = [*values, *([] if reference is None else [reference[0]]), 0.0]
    high, low = nice_ticks(max(marks))[-1] if max(marks) > 0 else 0.0, min(marks)
    if high == low:
        high = 1.0
    # Room for the figures behind the longest bars, on both sides.
    room = 12.0 + LETTER * max((len(bar.shown) for bar in bars), default=0)
    start = LABEL + (room if low < 0 else 0.0)
    top = 26.0 if reference is not None else 6.0
    height = top + ROW * len(bars) + 8.0

    def at(value: float) -> float:
        return start + (value - low) / (high - low) * (WIDTH - start - room)

    zero = at(0.0)
    parts: list[Markup] = []
    line = {"stroke": "#6b7780", "fill": "none"}
    parts.append(tag("path", {"d": f"M{zero:.1f} {top:.0f}V{height - 4:.0f}", **line}))
    if reference is not None:
        x = at(reference[0])
        dashes = {"stroke": "#1d1d1d", "stroke-width": 1.6, "stroke-dasharray": "6 4"}
        parts.append(tag("path", {"d": f"M{x:.1f} {top - 6:.0f}V{height - 4:.0f}", **dashes}))
        side = "start" if x < WIDTH - LETTER * len(reference[1]) else "end"
        parts.append(text(x, top - 11, reference[1], {"text-anchor": side, "fill": "#4b5760"}))
    for i, bar in enumerate(bars):
        y = top + ROW * i
        parts.append(text(LABEL - 10, y + 18, bar.label, {"text-anchor": "end"}))
        end = zero if not np.isfinite(bar.value) else at(bar.value)
        if end != zero:
            box = {"x": round(min(zero, end), 1), "y": y + 5, "width": round(abs(end - zero), 1)}
            parts.append(tag("rect", {**box, "height": ROW - 10, "fill": bar.colour}))
        # A white rim keeps figures legible where the line of reference runs through them.
        looks = {"text-anchor": "end" if end < zero else "start", "font-weight": "600"}
        looks |= {"stroke": "#ffffff", "stroke-width": "4", "paint-order": "stroke"}
        parts.append(text(end + (-6 if end < zero else 6), y + 18, bar.shown, looks))
    return picture(WIDTH, height, parts, identifier=identifier, title=title, about=about)
