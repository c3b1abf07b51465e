"""Full circle and half circle of one place: without the border, and with it closed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from halfcircle.errors import OutputError
from halfcircle.outputs.choropleth import Sheet, build_sheet, draw_map
from halfcircle.outputs.classes import MISSING_COLOUR, REACH_RAMP, ZERO_COLOUR, Classes
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.texts import Texts, capital

__all__ = ["CirclePair", "circle_pair"]

# Light enough to show names, dark enough to show the smallest band; near is dark.
NEAR_FIRST = tuple(reversed(REACH_RAMP[:6]))
# Of a zone that takes no time to reach itself: in the first class, not in the one for "none".
LEAST_MIN = 1e-6


@dataclass(frozen=True)
class CirclePair:
    """Two drawings of one place and the numbers that go with them.

    Parameters
    ----------
    open, domestic : Markup
        ``svg`` elements: everything within the bands, and what of it lies in the own country;
        there, what lies across the border is hatched.
    legend : tuple of dict
        colour, label, hatched; as the report draws legends.
    bands_min : tuple of float, minutes
    reach_open, reach_domestic : tuple of float
        Opportunities per band.
    """

    open: Markup
    domestic: Markup
    legend: tuple[dict[str, Any], ...]
    bands_min: tuple[float, ...]
    reach_open: tuple[float, ...]
    reach_domestic: tuple[float, ...]

    @property
    def loss(self) -> tuple[float, ...]:
        """Share lost per band, 0 to 1; NaN where nothing is in reach."""
        return tuple(
            1.0 - home / whole if whole > 0 else float("nan")
            for home, whole in zip(self.reach_domestic, self.reach_open, strict=True)
        )

    def _repr_html_(self) -> str:
        both = "".join(
            Markup('<div style="flex:1 1 20rem;max-width:32rem">{}</div>').format(one)
            for one in (self.open, self.domestic)
        )
        return f'<div style="display:flex;flex-wrap:wrap;gap:1rem">{both}</div>'


def circle_pair(
    result: RunResult,
    zone_idx: int,
    times_s: npt.ArrayLike,
    bands_min: Sequence[float],
    *,
    texts: Texts,
    opportunity: str | None = None,
    identifier: str = "circle",
    sheet: Sheet | None = None,
) -> CirclePair:
    """Draw what is within reach of one place without the border, and within its own country.

    Parameters
    ----------
    result : RunResult
        For zones, countries and opportunities.
    zone_idx : int
        Position of the place.
    times_s : array of float, shape (n_zones,), seconds
        From the place, as if the border did not count; infinite where not reached.
    bands_min : sequence of float, minutes
        At most six.
    texts : Texts
    opportunity : str, optional
        What to count; the first one of the run where left out.
    identifier : str
        Of the drawings within their page.
    sheet : Sheet, optional
        Of `build_sheet`, where several places are drawn.

    Returns
    -------
    CirclePair

    Raises
    ------
    OutputError
        The zones have no countries, there is no such zone or opportunity, times or bands do not
        fit.
    """
    times = np.asarray(times_s, dtype=np.float64)
    bands = tuple(sorted({float(band) for band in bands_min}))
    country = result.zones.places.country
    n_zones = len(result.zones)
    if country is None:
        raise OutputError("zones have no countries: there is no border to draw a half circle at")
    if not 0 <= zone_idx < n_zones:
        raise OutputError(f"zone_idx {zone_idx} is not one of 0 to {n_zones - 1}")
    if times.shape != (n_zones,) or not (times >= 0).all():
        raise OutputError(f"times_s must be {n_zones} seconds, none negative or not a number")
    if not 1 <= len(bands) <= len(NEAR_FIRST) or not bands[0] > 0:
        raise OutputError(f"bands_min must be one to six positive minutes, not {list(bands_min)}")
    values = _counted(result, opportunity)
    home = np.asarray(country == country[zone_idx])
    minutes = np.maximum(times / 60.0, LEAST_MIN)
    within = minutes <= bands[-1]
    shown = np.where(within, minutes, 0.0)
    classes = Classes(bands, NEAR_FIRST[: len(bands)], "fixed")
    sheet = build_sheet(result) if sheet is None else sheet
    name = str(result.zones.label[zone_idx])
    drawings = []
    for kind, layer in (("open", shown), ("domestic", np.where(within & ~home, np.nan, shown))):
        title = texts(f"circle.{kind}", name=name)
        drawings.append(
            draw_map(
                sheet,
                layer,
                classes,
                identifier=f"{identifier}-{kind}",
                title=title,
                about=texts(
                    f"circle.{kind}_alt", name=name, n=texts.number(int((layer > 0).sum()))
                ),
                kilometres=f"{texts.count(sheet.scale[1])} km",
                mark_idx=zone_idx,
            )
        )
    inside = minutes[None, :] <= np.array(bands)[:, None]
    return CirclePair(
        drawings[0],
        drawings[1],
        _legend(classes, texts),
        bands,
        tuple(float(value) for value in inside @ values),
        tuple(float(value) for value in (inside & home) @ values),
    )


def _counted(result: RunResult, name: str | None) -> npt.NDArray[np.float64]:
    for one in result.opportunities:
        if name is None or one.name == name:
            return np.nan_to_num(one.total)
    raise OutputError(f"no opportunity is called {name!r}")


def _legend(classes: Classes, texts: Texts) -> tuple[dict[str, Any], ...]:
    rows = [
        {
            "colour": colour,
            "label": texts("circle.within", n=texts.minutes(band)),
            "hatched": False,
        }
        for band, colour in zip(classes.breaks, classes.colours, strict=True)
    ]
    beyond = texts("circle.beyond", n=texts.minutes(classes.breaks[-1]))
    rows.append({"colour": ZERO_COLOUR, "label": capital(beyond), "hatched": False})
    across = {"colour": MISSING_COLOUR, "label": texts("circle.across"), "hatched": True}
    return (*rows, across)
