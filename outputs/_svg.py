"""Drawings as text: every attribute and every word is escaped here and nowhere else."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import numpy.typing as npt
from markupsafe import Markup, escape

FONT = "system-ui, 'Segoe UI', Roboto, 'Liberation Sans', Arial, sans-serif"


def tag(name: str, attributes: Mapping[str, object], *inner: str) -> Markup:
    """One element; `inner` is escaped unless it is markup already."""
    given = "".join(
        f' {key}="{escape(f"{value:.5g}" if isinstance(value, float) else str(value))}"'
        for key, value in attributes.items()
        if value is not None
    )
    if not inner:
        return Markup(f"<{name}{given}/>")  # noqa: S704 - all parts are escaped above
    content = "".join(escape(part) for part in inner)
    return Markup(f"<{name}{given}>{content}</{name}>")  # noqa: S704


def text(x: float, y: float, words: str, attributes: Mapping[str, object] | None = None) -> Markup:
    """Words at a place."""
    return tag("text", {"x": round(x, 1), "y": round(y, 1)} | dict(attributes or {}), words)


def picture(
    width: float, height: float, parts: Iterable[str], *, identifier: str, title: str, about: str
) -> Markup:
    """A drawing with a title and a description for those who do not see it."""
    head = [
        tag("title", {"id": f"{identifier}-t"}, title),
        tag("desc", {"id": f"{identifier}-d"}, about),
    ]
    return tag(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "viewBox": f"0 0 {width:g} {height:g}",
            "role": "img",
            "aria-labelledby": f"{identifier}-t {identifier}-d",
            "font-family": FONT,
            "font-size": 13,
            "fill": "#1f2933",
        },
        *head,
        *parts,
    )


def path_of(points: npt.NDArray[np.int64], *, closed: bool = True) -> str:
    """Path through whole-numbered points, relative steps; empty if fewer than two differ."""
    steps = np.diff(points, axis=0)
    steps = steps[np.any(steps != 0, axis=1)]
    if not len(steps):
        return ""
    x, y = points[0]
    moves = " ".join(f"{dx} {dy}" for dx, dy in steps).replace(" -", "-")
    return f"M{x} {y}l{moves}" + ("z" if closed else "")


def nice_ticks(largest: float, n: int = 4) -> list[float]:
    """Round numbers from 0 to at least `largest`, about `n` steps."""
    if largest <= 0:
        return [0.0, 1.0]
    rough = largest / n
    size = 10.0 ** np.floor(np.log10(rough))
    step = next(size * m for m in (1, 2, 2.5, 5, 10) if size * m >= rough * (1 - 1e-9))
    return [float(step * i) for i in range(int(np.ceil(largest / step - 1e-9)) + 1)]
