"""Results for people who work in Python: tables with shapes, pictures, a run at a glance."""

from __future__ import annotations

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Literal

import geopandas as gpd
import numpy as np
from markupsafe import Markup

from halfcircle._checks import Faults, nearest
from halfcircle._files import write_text
from halfcircle._html import html_table
from halfcircle.errors import OutputError
from halfcircle.outputs._svg import picture, tag, text
from halfcircle.outputs.choropleth import WIDTH, build_sheet, draw_map
from halfcircle.outputs.classes import (
    MISSING_HATCH,
    ZERO_COLOUR,
    Classes,
    delta_classes,
    loss_classes,
    reach_classes,
)
from halfcircle.outputs.deltas import build_delta_layers
from halfcircle.outputs.layers import (
    Layers,
    build_layers,
    build_loss_layers,
    column_name,
    column_names,
    main_key,
)
from halfcircle.outputs.legend import class_labels, delta_labels, layer_title
from halfcircle.outputs.measure_layers import build_measure_layers
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.shapes import zone_shapes
from halfcircle.outputs.texts import Texts

__all__ = ["Choice", "Picture", "plot_result", "result_frame", "result_html"]

TITLE_HEIGHT = 64.0
ROW_HEIGHT = 40.0
LEGEND_COLUMNS = 3


@dataclass(frozen=True)
class Choice:
    """Which layers are meant; None stands for all.

    Parameters
    ----------
    mode, opportunity : str, optional
    band_min : float, optional, minutes
    percentile : int, optional
    group, measure, scenario : str, optional
    quantity : {"reach", "loss", "delta", "measure"}
        Opportunities reached, share lost at the border, difference from the baseline, or a
        measure beside reach.
    """

    mode: str | None = None
    opportunity: str | None = None
    band_min: float | None = None
    percentile: int | None = None
    group: str | None = None
    measure: str | None = None
    scenario: str | None = None
    quantity: Literal["reach", "loss", "delta", "measure"] = "reach"


@dataclass(frozen=True)
class Picture:
    """A drawing that notebooks show and that can be saved.

    Parameters
    ----------
    svg : Markup
        An ``svg`` element.
    title : str
    """

    svg: Markup
    title: str

    def __repr__(self) -> str:
        return f"<Picture {self.title!r}>"

    def _repr_svg_(self) -> str:
        return str(self.svg)

    def _repr_html_(self) -> str:
        return f'<div style="max-width:44rem">{self.svg}</div>'

    def save(self, path: Path | str) -> Path:
        """Write the drawing as an SVG file.

        Raises
        ------
        OutputError
            The path does not end in ``.svg``, or cannot be written.
        """
        path = Path(path)
        if path.suffix.lower() != ".svg":
            raise OutputError(f"{path}: pictures are saved as .svg")
        return write_text(path, str(self.svg) + "\n")


def result_frame(result: RunResult, choice: Choice) -> Any:
    """Zones with their shapes and the chosen layers as columns.

    Parameters
    ----------
    result : RunResult
    choice : Choice

    Returns
    -------
    GeoDataFrame
        One row per zone, in their order: zone_id, name and country as far as known, a column per
        layer (named as in ``study.gpkg``, NaN where there is no value), geometry.

    Raises
    ------
    OutputError
        There is no such layer.
    """
    layers = _chosen(result, choice)
    shapes = zone_shapes(result.zones)
    frame = result.zones.to_geodataframe().set_geometry(shapes.geometry, crs=result.zones.crs)
    fixed = [str(name) for name in frame.columns if name != "geometry"]
    names = column_names(layers.keys, taken=(*fixed, "geometry"))
    values = dict(zip(names, layers.values, strict=True))
    columns = {name: frame[name].to_numpy() for name in fixed} | values
    return gpd.GeoDataFrame(columns, geometry=shapes.geometry, crs=result.zones.crs)


def _layers(result: RunResult, quantity: str) -> Layers:
    builders = {
        "reach": build_layers,
        "loss": build_loss_layers,
        "delta": build_delta_layers,
        "measure": build_measure_layers,
    }
    if quantity not in builders:
        raise OutputError(f"quantity {quantity!r} is not known - {nearest(quantity, builders)}")
    return builders[quantity](result)


def _chosen(result: RunResult, choice: Choice) -> Layers:
    layers = _layers(result, choice.quantity)
    if not len(layers):
        raise OutputError(f"the run has no {choice.quantity} to show")
    faults = Faults()
    kept = list(range(len(layers)))
    for item in fields(Choice):
        wanted = getattr(choice, item.name)
        if wanted is None or item.name == "quantity":
            continue
        known = list(dict.fromkeys(getattr(key, item.name) for key in layers.keys))
        if wanted not in known:
            told = ", ".join("none" if one is None else f"{one}" for one in known)
            faults.add(item.name, f"the run has {told}", values=[wanted])
        kept = [i for i in kept if getattr(layers.keys[i], item.name) == wanted]
    if faults.errors:
        raise OutputError("there is no such result:", faults=faults.errors)
    if not kept:
        raise OutputError("the run has each of these, but not together", faults=())
    return layers.take(kept)


def plot_result(result: RunResult, choice: Choice, *, texts: Texts) -> Picture:
    """Map of one layer with title and legend.

    Parameters
    ----------
    result : RunResult
    choice : Choice
        Of several layers the one that the report would show first is drawn.
    texts : Texts

    Returns
    -------
    Picture

    Raises
    ------
    OutputError
        There is no such layer.
    """
    layers = _chosen(result, choice)
    key = main_key(layers)
    values = None if key is None else layers.get(key)
    if key is None or values is None:
        raise OutputError("there is no such result")
    if key.quantity == "loss":
        classes = loss_classes()
        labels = class_labels(classes, texts, share=True)
    elif key.quantity == "delta" or (values < 0).any():
        classes = delta_classes(values)
        labels = delta_labels(classes, texts)
    else:
        classes = reach_classes(values, method=result.looks.classes)
        labels = class_labels(classes, texts)
    sheet = build_sheet(result)
    title = layer_title(key, texts)
    identifier = f"plot-{column_name(key)}"
    drawn = draw_map(
        sheet,
        values,
        classes,
        identifier=f"{identifier}-map",
        title=title,
        about=title,
        kilometres=f"{texts.count(sheet.scale[1])} km",
    )
    map_height = round(sheet.height + 36)
    place = f'<svg x="0" y="{TITLE_HEIGHT:g}" width="{WIDTH:g}" height="{map_height}" '
    # All text in it is escaped already: it is only given a place.
    nested = Markup(str(drawn).replace("<svg ", place, 1))  # noqa: S704
    top = TITLE_HEIGHT + map_height + 16
    legend, height = _legend(classes, labels, identifier, top)
    # Long titles in smaller letters, so that none is cut off.
    size = round(min(32.0, 1.5 * WIDTH / len(title)), 1)
    heading = text(10, 42, title, {"font-size": size, "font-weight": 600})
    svg = picture(
        WIDTH,
        top + height,
        [heading, nested, *legend],
        identifier=identifier,
        title=title,
        about=title,
    )
    return Picture(svg, title)


def _legend(
    classes: Classes, labels: tuple[str, ...], identifier: str, top: float
) -> tuple[list[Markup], float]:
    fills = [f"url(#{identifier}-map-hatch)", ZERO_COLOUR, *classes.colours]
    parts = []
    n_rows = -(-len(fills) // LEGEND_COLUMNS)
    for i, (fill, label) in enumerate(zip(fills, labels, strict=True)):
        column, row = divmod(i, n_rows)
        x, y = 10 + column * WIDTH / LEGEND_COLUMNS, top + row * ROW_HEIGHT
        stroke = MISSING_HATCH if i == 0 else "#8b969e"
        box = {"x": round(x, 1), "y": round(y, 1), "width": 44, "height": 26, "fill": fill}
        parts.append(tag("rect", box | {"stroke": stroke, "stroke-width": 1.5}))
        parts.append(text(x + 56, y + 22, label, {"font-size": 26}))
    return parts, n_rows * ROW_HEIGHT + 8


def result_html(result: RunResult) -> str:
    """What a run is, as a small table of HTML.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    str
    """
    texts = Texts()
    given = result.settings
    country = result.zones.places.country
    sides = "" if country is None else ", ".join(sorted(set(country) - {""}))
    zones = f"{len(result.zones):,}" + (f" ({sides})" if sides else "")
    opportunities = [
        f"{one.name}: {float(np.nansum(one.total)):,.0f} {one.unit}".strip()
        + (f" ({one.year})" if one.year else "")
        for one in result.opportunities
    ]
    bands = ", ".join(texts.minutes(band) for band in given.bands_min)
    when = " ".join((given.date, "–".join(given.window) if given.window else "")).strip()
    rows = [
        ("zones", zones),
        ("opportunities", "; ".join(opportunities)),
        ("modes", ", ".join(given.modes)),
        ("bands", f"{bands} min" if bands else ""),
        ("departures", when),
        ("tables", ", ".join(f"{name} ({len(t):,})" for name, t in result.tables.items())),
        ("regions", ", ".join(result.regions)),
        ("noticed", f"{len(result.all_notices):,}" if result.all_notices else ""),
        ("see", ".plot(), .to_geodataframe(), .to_xarray(), .reach, .settings, .sources"),
    ]
    return html_table(result.name, rows)
