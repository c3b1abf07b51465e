"""The report: one page that a council can read, print and check."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import jinja2
import numpy as np

from halfcircle import __version__
from halfcircle._files import write_text
from halfcircle.outputs._assets import asset
from halfcircle.outputs.border_report import border_section
from halfcircle.outputs.charts import Series, line_chart
from halfcircle.outputs.choropleth import Sheet, build_sheet, draw_map
from halfcircle.outputs.claims import claims_section
from halfcircle.outputs.classes import MISSING_COLOUR, ZERO_COLOUR, Classes, reach_classes
from halfcircle.outputs.deltas import build_scenario_layers
from halfcircle.outputs.headlines import headlines, people_word, person_word
from halfcircle.outputs.layers import LayerKey, Layers, main_key
from halfcircle.outputs.legend import class_labels, layer_title
from halfcircle.outputs.looks import BOUNDARY_COLOUR, BOUNDARY_DASHES
from halfcircle.outputs.measure_report import measure_section
from halfcircle.outputs.mode_report import mode_section
from halfcircle.outputs.region_report import region_sections
from halfcircle.outputs.report_facts import (
    definitions,
    facts,
    limits,
    notices,
    settings,
    sources,
    unreached,
)
from halfcircle.outputs.report_tables import band_tables, departure_table
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.scenario_overview import scenario_overview, strongest
from halfcircle.outputs.scenario_parts import systems_section
from halfcircle.outputs.scenario_report import scenario_sections
from halfcircle.outputs.spread_charts import decay_chart, dial_chart, lorenz_chart
from halfcircle.outputs.statistics import Weights, share_at_least, spread, weights_of
from halfcircle.outputs.texts import Texts, capital

__all__ = ["build_report", "write_report"]

MAX_MAPS = 8


def write_report(
    result: RunResult,
    layers: Layers,
    losses: Layers,
    path: Path,
    *,
    texts: Texts,
    map_link: str = "",
    claims: bool = False,
) -> Path:
    """Write ``report.html``.

    Parameters
    ----------
    result : RunResult
    layers, losses : Layers
        Reach and border loss.
    path : Path
    texts : Texts
    map_link : str
        Address of the interactive map, relative to `path`; no link where empty.
    claims : bool
        Whether published figures are held against the run.

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    page = build_report(result, layers, losses, texts=texts, map_link=map_link, claims=claims)
    return write_text(path, page)


def build_report(
    result: RunResult,
    layers: Layers,
    losses: Layers,
    *,
    texts: Texts,
    map_link: str = "",
    claims: bool = False,
) -> str:
    """Build the report as one self-contained HTML page.

    Parameters
    ----------
    result : RunResult
    layers, losses : Layers
        Reach and border loss.
    texts : Texts
    map_link : str
        Address of the interactive map; no link where empty.
    claims : bool
        Whether published figures are held against the run.

    Returns
    -------
    str
    """
    weights = weights_of(result)
    key = main_key(layers)
    sheet = build_sheet(result)
    variants = build_scenario_layers(result)
    page: dict[str, Any] = {
        "t": texts,
        "language": texts.language,
        "title": result.name,
        "style": asset("templates", "report.css"),
        "facts": facts(result, texts),
        "people": people_word(weights, texts),
        "weighted": weights.name is not None,
        "headlines": list(headlines(result, layers, weights, texts)),
        "map_link": map_link,
        "border": border_section(result, losses, sheet, weights, texts),
        "scenarios": scenario_sections(result, variants, sheet, weights, texts),
        "overview": scenario_overview(variants, weights, texts),
        "systems": systems_section(result, texts),
        "in_short": [one for one in (strongest(variants, weights, texts),) if one],
        "measures": measure_section(result, sheet, weights, texts),
        "combined": mode_section(result, weights, texts),
        "regions": region_sections(result, sheet, texts),
        "claims": claims_section(result, texts) if claims else None,
        "definitions": definitions(result, weights, texts),
        "sources": sources(result, texts),
        "settings": settings(result, weights, texts),
        "notices": notices(result, texts),
        "unreached": unreached(result, texts),
        "limits": limits(result, texts),
        "version": __version__,
        "study_hash": result.study_hash[:12],
        "maps": (),
        "outlines": [
            {"label": one.label, "dashes": BOUNDARY_DASHES[i % len(BOUNDARY_DASHES)]}
            for i, one in enumerate(result.looks.boundaries)
        ],
        "outline_colour": BOUNDARY_COLOUR,
        "decay": decay_chart(result, texts),
        "dial": dial_chart(result, texts),
        "tables": band_tables(layers, weights, texts),
    }
    if key is not None:
        page |= _main_part(layers, key, sheet, weights, texts)
    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(lambda name: asset("templates", name)),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("report.html.j2").render(page)


def _main_part(
    layers: Layers,
    key: LayerKey,
    sheet: Sheet,
    weights: Weights,
    texts: Texts,
) -> dict[str, Any]:
    """Maps and charts of the main opportunity."""
    name = texts.opportunity(key.opportunity)
    band = "" if key.band_min is None else texts.minutes(key.band_min)
    people = people_word(weights, texts)
    shown = _same_but_mode(layers, key)
    every = np.concatenate([values for _, values in shown])
    classes = reach_classes(every, method=sheet.looks.classes)
    maps = [
        {
            "mode": capital(texts.mode(one.mode)),
            "picture": _map(sheet, one, values, classes, f"map{i}", texts),
        }
        for i, (one, values) in enumerate(shown[:MAX_MAPS])
    ]
    words = {"opportunity": name, "band": band, "people": people}
    return {
        "maps": maps,
        "maps_intro": texts("report.maps_intro", opportunity=capital(name), band=band),
        "legend_rows": _legend(classes, texts),
        "has_border": sheet.border is not None,
        "legend_unit": name,
        "legend_method": classes.method,
        "growth_title": texts("report.growth", **words),
        "growth": _growth_chart(layers, key, weights, texts, name),
        "distribution_title": texts("report.distribution_title", **words),
        "distribution_intro": texts("report.distribution_intro", **words),
        "distribution": _distribution_chart(shown, weights, texts, words),
        "lorenz": lorenz_chart(
            shown, weights, texts, title=texts("report.lorenz_title", people=people)
        ),
        "lorenz_title": texts("report.lorenz_title", people=people),
        "lorenz_intro": texts("report.lorenz_intro", people=capital(people)),
        "departure": departure_table(layers, key, weights, texts),
        "departure_caption": texts("report.departure_caption", opportunity=name),
        "person": person_word(weights, texts),
    }


def _same_but_mode(layers: Layers, key: LayerKey) -> list[tuple[LayerKey, Any]]:
    """The main layer of every mode; modes without a timetable have one percentile only."""
    found: dict[str, LayerKey] = {}
    for other in layers.keys:
        like = replace(other, mode=key.mode, percentile=key.percentile)
        if like == key and (other.mode not in found or other.percentile == key.percentile):
            found[other.mode] = other
    return [(other, layers.values[layers.keys.index(other)]) for other in found.values()]


def _map(
    sheet: Sheet, key: LayerKey, values: Any, classes: Classes, identifier: str, texts: Texts
) -> Any:
    title = layer_title(key, texts)
    known = values[~np.isnan(values)]
    about = texts("report.map_alt_empty", title=title)
    if len(known):
        low, mid, high = (texts.count(float(q)) for q in np.quantile(known, (0, 0.5, 1)))
        about = texts("report.map_alt", title=title, low=low, mid=mid, high=high)
    kilometres = f"{texts.count(sheet.scale[1])} km"
    return draw_map(
        sheet,
        values,
        classes,
        identifier=identifier,
        title=title,
        about=about,
        kilometres=kilometres,
    )


def _legend(classes: Classes, texts: Texts) -> list[dict[str, Any]]:
    labels = class_labels(classes, texts)
    rows = [
        {"colour": colour, "label": label, "hatched": False}
        for colour, label in zip(classes.colours, labels[2:], strict=True)
    ]
    first = [
        {"colour": MISSING_COLOUR, "label": labels[0], "hatched": True},
        {"colour": ZERO_COLOUR, "label": labels[1], "hatched": False},
    ]
    return first + rows


def _growth_chart(layers: Layers, key: LayerKey, weights: Weights, texts: Texts, name: str) -> Any:
    """Mean reach by band, a line per mode; None if there are fewer than two bands."""
    series, told = [], []
    bands = sorted({k.band_min for k in layers.keys if k.band_min is not None})
    if len(bands) < 2 or key.band_min is None:
        return None
    for style, (main, _) in enumerate(_same_but_mode(layers, key)):
        x, y = [0.0], [np.nan]
        for band in bands:
            values = layers.get(replace(main, band_min=band))
            figures = None if values is None else spread(values, weights)
            x.append(band)
            y.append(np.nan if figures is None else figures.mean)
        mode = texts.mode(main.mode)
        series.append(Series(mode, np.array(x), np.array(y), style))
        if not np.isnan(y[-1]):
            told.append(f"{mode}: {texts.count(y[-1])} ({texts.minutes(bands[-1])} min)")
    title = texts("report.growth", opportunity=name)
    return line_chart(
        series,
        identifier="growth",
        title=title,
        about=texts("report.growth_alt", details="; ".join(told)),
        x_title=texts("setting.minutes", n="").strip(),
        x_label=texts.minutes,
        y_label=_short(texts),
        x_ticks=[0.0, *bands],
        marks=True,
    )


def _short(texts: Texts) -> Any:
    """Numbers of an axis: 250,000, or 1.5 M where they are long."""

    def label(value: float) -> str:
        if value >= 1_000_000:
            millions = value / 1_000_000
            digits = 0 if millions.is_integer() else 1 if (millions * 10).is_integer() else 2
            return texts.number(millions, digits) + "\u202fM"
        return texts.count(value)

    return label


def _distribution_chart(
    shown: list[tuple[LayerKey, Any]], weights: Weights, texts: Texts, words: dict[str, str]
) -> Any:
    """Share of people who reach at least so many, a line per mode."""
    series, told = [], []
    largest = max((float(np.nanmax(v)) for _, v in shown if not np.isnan(v).all()), default=0.0)
    if largest <= 0:
        return None
    at = np.linspace(0.0, largest, 161)
    for style, (one, values) in enumerate(shown):
        figures = spread(values, weights)
        if figures is None:
            continue
        share = share_at_least(values, weights, at)
        # The line ends where nobody is left.
        end = min(int(np.argmax(share <= 0)) + 1 if (share <= 0).any() else len(at), len(at))
        mode = texts.mode(one.mode)
        series.append(Series(mode, at[:end], share[:end], style))
        told.append(
            texts(
                "report.distribution_detail",
                mode=capital(mode),
                mid=texts.count(figures.median),
                high=texts.count(figures.high),
            )
        )
    return line_chart(
        series,
        identifier="spread",
        title=texts("report.distribution_title", **words),
        about=texts("report.distribution_alt", details=" ".join(told), **words),
        x_title=words["opportunity"],
        x_label=_short(texts),
        y_label=texts.share,
        names_above=True,
    )
