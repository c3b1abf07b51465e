"""Scenarios in a report: what changes, for whom, and where; gains and losses shown alike."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
from markupsafe import Markup

from halfcircle.gtfs.edits_rows import slug
from halfcircle.outputs._svg import picture, tag, text
from halfcircle.outputs.choropleth import Sheet, draw_map
from halfcircle.outputs.classes import MISSING_COLOUR, ZERO_COLOUR, Classes, delta_classes
from halfcircle.outputs.deltas import (
    Change,
    ScenarioLayers,
    change_of,
    extreme_zones,
    same_but_mode,
)
from halfcircle.outputs.headlines import people_word
from halfcircle.outputs.layers import LayerKey, Layers
from halfcircle.outputs.legend import delta_labels, layer_title
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.scenario_overview import signed
from halfcircle.outputs.scenario_parts import (
    further_sentences,
    moves_section,
    pairs_table,
    region_type_rows,
)
from halfcircle.outputs.statistics import Weights
from halfcircle.outputs.texts import Texts, capital

__all__ = ["scenario_sections"]

N_ZONES = 10
N_REGIONS = 10
MOST_BANDS = 3
# Largest losses to largest gains; the middle is those for whom nothing changes.
BAR_COLOURS = ("#8a4208", "#eeb06a", "#e4e2dc", "#95bddd", "#174d84")
BAR_KINDS = ("losing_much", "losing", "unchanged", "gaining", "gaining_much")
WIDTH, LEFT, BAR, STEP = 620.0, 150.0, 22.0, 34.0


def scenario_sections(
    result: RunResult, layers: ScenarioLayers, sheet: Sheet, weights: Weights, texts: Texts
) -> list[dict[str, Any]]:
    """What the report shows of each scenario; empty if the run has none.

    Parameters
    ----------
    result : RunResult
    layers : ScenarioLayers
    sheet : Sheet
    weights : Weights
    texts : Texts

    Returns
    -------
    list of dict
    """
    sections = []
    for i, scenario in enumerate(layers.scenarios):
        key = layers.main(scenario)
        if key is not None:
            sections.append(_section(result, layers, key, sheet, weights, texts, f"variant{i}"))
    return sections


def _section(
    result: RunResult,
    layers: ScenarioLayers,
    key: LayerKey,
    sheet: Sheet,
    weights: Weights,
    texts: Texts,
    identifier: str,
) -> dict[str, Any]:
    delta = layers.delta
    modes = same_but_mode(delta, key)
    rows = {other: delta.values[delta.keys.index(other)] for other in modes}
    moved = [other for other, values in rows.items() if np.any(np.nan_to_num(values) != 0)]
    quiet = [texts.mode(other.mode) for other in modes if other not in moved]
    if not moved:
        unknown = all(np.isnan(part).all() for part in rows.values())
        said = texts("scenario.unknown" if unknown else "scenario.nothing")
        said_too = further_sentences(result, key, texts)
        return {
            "name": key.scenario, "summary": [said, *said_too], "quiet": "", "maps": (),
            "moves": moves_section(result, _folder(key), texts),
        }  # fmt: skip
    mapped = [*moved, *_other_bands(delta, key)]
    drawn = {other: delta.values[delta.keys.index(other)] for other in mapped}
    classes = delta_classes(np.concatenate(list(drawn.values())))
    words = {"opportunity": texts.opportunity(key.opportunity), "band": _band(key, texts)}
    maps = [
        {
            "mode": f"{capital(texts.mode(other.mode))}, {_band(other, texts)}",
            "picture": _map(sheet, other, drawn[other], classes, f"{identifier}-map{i}", texts),
        }
        for i, other in enumerate(mapped)
    ]
    bands = dict.fromkeys(_band(other, texts) for other in mapped)
    return {
        "name": key.scenario,
        "summary": [
            *_summary(layers, key, weights, texts, words),
            *further_sentences(result, key, texts),
        ],
        "moves": moves_section(result, _folder(key), texts),
        "pairs": pairs_table(result, _folder(key), key, texts),
        "quiet": texts("scenario.quiet", modes=", ".join(quiet)) if quiet else "",
        "map_title": texts("scenario.map_title", **words | {"band": " · ".join(bands)}),
        "maps": maps,
        "legend": _legend(classes, texts),
        "has_border": sheet.border is not None,
        "bars": _bars(layers, moved, weights, texts, f"{identifier}-bars", words),
        "bars_title": texts("scenario.bars_title", people=capital(people_word(weights, texts))),
        "by_band": _band_table(layers, key, weights, texts)
        | {"caption": texts("scenario.by_band", **words), "by_group": False},
        "more": texts("scenario.more", name=key.scenario),
        "parts": _parts(result, layers, key, weights, texts),
        "parts_caption": texts("scenario.parts", mode=texts.mode(key.mode), **words),
        "part_heads": _part_heads(weights, texts),
        "extremes": _extremes(result, layers, key, texts),
    }


def _other_bands(delta: Layers, key: LayerKey) -> list[LayerKey]:
    """The same layer for further travel times, where anything changes: a gain may lie there."""
    if key.band_min is None:
        return []
    found = [
        other
        for other, values in zip(delta.keys, delta.values, strict=True)
        if other.band_min is not None
        and other != key
        and replace(other, band_min=key.band_min) == key
        and np.any(np.nan_to_num(values) != 0)
    ]
    return sorted(found, key=lambda other: other.band_min or 0.0)[:MOST_BANDS]


def _folder(key: LayerKey) -> str:
    return f"scenarios/{slug(key.scenario)}"


def _band(key: LayerKey, texts: Texts) -> str:
    if key.band_min is None:
        return texts("border.no_limit")
    return texts("legend.minutes", n=texts.minutes(key.band_min))


def _share(part: float, change: Change, texts: Texts) -> str:
    return texts.share(part / change.people)


def _summary(
    layers: ScenarioLayers, key: LayerKey, weights: Weights, texts: Texts, words: dict[str, str]
) -> list[str]:
    """Sentences on the main layer: mean, who gains, who loses, who keeps what they had."""
    change = change_of(layers, key, weights)
    if change is None:
        return [texts("scenario.unknown")]
    people = people_word(weights, texts)
    relative = ""
    if change.mean_before > 0:
        percent = texts.share(abs(change.mean) / change.mean_before)
        relative = f" ({'−' if change.mean < 0 else '+'}{percent})"
    mean = texts(
        "scenario.mean",
        delta=signed(change.mean, texts) + relative,
        before=texts.count(change.mean_before),
        after=texts.count(change.mean_after),
        mode=texts.mode_by(key.mode),
        people=people,
        **words,
    )
    sentences = [mean]
    for which in ("gain", "lose"):
        some, much = (
            (change.gaining, change.gaining_much)
            if which == "gain"
            else (change.losing, change.losing_much)
        )
        sentences.append(
            texts(
                f"scenario.{which}",
                n=texts.number(some),
                share=_share(some, change, texts),
                much=texts.number(much),
                people=people,
            )
        )
    share = _share(change.unchanged, change, texts)
    n = texts.number(change.unchanged)
    return [*sentences, texts("scenario.same", n=n, share=share, people=people)]


def _map(
    sheet: Sheet,
    key: LayerKey,
    values: npt.NDArray[np.float64],
    classes: Classes,
    identifier: str,
    texts: Texts,
) -> Markup:
    title = layer_title(key, texts)
    about = texts(
        "scenario.map_alt",
        title=title,
        more=texts.number(int((values > 0).sum())),
        fewer=texts.number(int((values < 0).sum())),
        same=texts.number(int((values == 0).sum())),
    )
    return draw_map(
        sheet,
        values,
        classes,
        identifier=identifier,
        title=title,
        about=about,
        kilometres=f"{texts.count(sheet.scale[1])} km",
    )


def _legend(classes: Classes, texts: Texts) -> list[dict[str, Any]]:
    """From the largest loss over nothing to the largest gain."""
    labels = delta_labels(classes, texts)
    half = len(classes.colours) // 2
    shown = list(zip(classes.colours, labels[2:], strict=True))
    shown.insert(half, (ZERO_COLOUR, labels[1]))
    rows = [{"colour": colour, "label": label, "hatched": False} for colour, label in shown]
    return [*rows, {"colour": MISSING_COLOUR, "label": labels[0], "hatched": True}]


def _bars(
    layers: ScenarioLayers,
    keys: list[LayerKey],
    weights: Weights,
    texts: Texts,
    identifier: str,
    words: dict[str, str],
) -> Markup | None:
    """Everybody as one bar per means of travel: losers left, winners right."""
    found = [(key, change_of(layers, key, weights)) for key in keys]
    rows = [(key, change) for key, change in found if change is not None]
    if not rows:
        return None
    parts: list[Markup] = []
    told = []
    y = 0.0
    for colour, kind, column in zip(BAR_COLOURS, BAR_KINDS, range(5), strict=True):
        x, row = (column % 3) * 205.0, column // 3
        box = {"x": x, "y": 2 + row * 20, "width": 14, "height": 12, "fill": colour}
        parts.append(tag("rect", box | {"stroke": "#5b6770", "stroke-width": 0.5}))
        parts.append(text(x + 20, 12 + row * 20, texts(f"scenario.bar_{kind}")))
    for i, (key, change) in enumerate(rows):
        y = 52.0 + i * STEP
        label = capital(texts.mode(key.mode))
        parts.append(text(LEFT - 8, y + 15, label, {"text-anchor": "end"}))
        amounts = {
            "losing_much": change.losing_much,
            "losing": change.losing - change.losing_much,
            "unchanged": change.unchanged,
            "gaining": change.gaining - change.gaining_much,
            "gaining_much": change.gaining_much,
        }
        x, room = LEFT, WIDTH - LEFT - 2
        for colour, kind in zip(BAR_COLOURS, BAR_KINDS, strict=True):
            share = amounts[kind] / change.people
            wide = share * room
            if wide <= 0:
                continue
            box = {"x": round(x, 1), "y": y, "width": round(wide, 1), "height": BAR, "fill": colour}
            parts.append(tag("rect", box | {"stroke": "#ffffff", "stroke-width": 0.5}))
            if wide > 44:
                light = kind in ("losing_much", "gaining_much")
                ink = {"text-anchor": "middle", "fill": "#ffffff" if light else "#1f2933"}
                parts.append(text(x + wide / 2, y + 15.5, texts.share(share), ink))
            x += wide
        told.append(
            texts(
                "scenario.bar_detail",
                mode=label,
                gain=texts.share(change.gaining / change.people),
                lose=texts.share(change.losing / change.people),
            )
        )
    title = texts("scenario.bars_alt", people=capital(people_word(weights, texts)), **words)
    return picture(WIDTH, y + STEP, parts, identifier=identifier, title=title, about=" ".join(told))


def _band_table(
    layers: ScenarioLayers, key: LayerKey, weights: Weights, texts: Texts
) -> dict[str, Any]:
    """Mean difference and shares of winners and losers, by means of travel and band."""
    keys = [
        other
        for other in layers.delta.keys
        if (other.scenario, other.opportunity, other.measure)
        == (key.scenario, key.opportunity, key.measure)
    ]
    moved = {
        other.mode
        for other in keys
        if np.any(np.nan_to_num(layers.delta.values[layers.delta.keys.index(other)]) != 0)
    }
    bands = sorted({k.band_min for k in keys}, key=lambda band: (band is None, band or 0.0))
    missing = texts("report.missing_mark")
    people = people_word(weights, texts)
    rows = []
    for mode in dict.fromkeys(k.mode for k in keys if k.mode in moved):
        by_band = {k.band_min: change_of(layers, k, weights) for k in keys if k.mode == mode}
        found = [by_band.get(band) for band in bands]
        figures = [
            {
                "name": texts("scenario.row_mean"),
                "cells": [missing if one is None else signed(one.mean, texts) for one in found],
            }
        ]
        for which in ("gaining", "losing"):
            cells = [
                missing if one is None else _share(getattr(one, which), one, texts) for one in found
            ]
            label = texts(f"scenario.row_{which}", people=people)
            figures.append({"name": label, "cells": cells})
        rows.append({"mode": capital(texts.mode(mode)), "figures": figures})
    heads = [
        texts("report.no_limit_column")
        if band is None
        else texts("report.minutes_column", n=texts.minutes(band))
        for band in bands
    ]
    return {"heads": heads, "rows": rows}


def _part_heads(weights: Weights, texts: Texts) -> list[str]:
    people = capital(people_word(weights, texts))
    heads = [people, *(texts(f"scenario.column_{name}") for name in ("before", "after", "mean"))]
    names = ("gaining", "gaining_much", "losing", "losing_much", "unchanged")
    return heads + [texts(f"scenario.column_{name}") for name in names]


def _parts(
    result: RunResult, layers: ScenarioLayers, key: LayerKey, weights: Weights, texts: Texts
) -> list[dict[str, Any]]:
    """Rows by country, by daily urban system, and for all."""
    rows = []
    for name, inside in (*_countries(result, texts), *_regions(result, weights)):
        change = change_of(layers, key, weights, inside=inside)
        rows.append({"name": name, "cells": _cells(change, texts), "total": False})
    rows += region_type_rows(result, key, texts)
    whole = change_of(layers, key, weights)
    rows.append({"name": texts("border.all"), "cells": _cells(whole, texts), "total": True})
    return rows


def _cells(change: Change | None, texts: Texts) -> list[str]:
    if change is None:
        return [texts("report.missing_mark")] * 9
    counts = (change.gaining, change.gaining_much, change.losing, change.losing_much)
    return [
        texts.number(change.people),
        texts.count(change.mean_before),
        texts.count(change.mean_after),
        signed(change.mean, texts),
        *(texts.number(count) for count in counts),
        _share(change.unchanged, change, texts),
    ]


Part = tuple[str, npt.NDArray[np.bool_]]


def _countries(result: RunResult, texts: Texts) -> list[Part]:
    country = result.zones.places.country
    sides = [] if country is None else sorted(set(country))
    if len(sides) < 2:
        return []
    missing = texts("report.missing_mark")
    return [(side or missing, np.asarray(country == side)) for side in sides]


def _regions(result: RunResult, weights: Weights) -> list[Part]:
    """The largest regions of the baseline, of the first way of drawing them."""
    table = result.membership
    if table is None:
        return []
    table = table[table["region_id"].notna() & (table["scenario"] == "baseline")]
    if not len(table):
        return []
    first = table.iloc[0]
    table = table[(table["method"] == first["method"]) & (table["group"] == first["group"])]
    position = {zone_id: i for i, zone_id in enumerate(result.zones.zone_id)}
    parts = []
    for region_id, rows in table.groupby("region_id", sort=True, observed=True):
        inside = np.zeros(len(result.zones), dtype=bool)
        inside[[position[zone_id] for zone_id in rows["zone_id"]]] = True
        name = rows["region_name"].iloc[0]
        parts.append((str(name) if isinstance(name, str) else str(region_id), inside))
    parts.sort(key=lambda part: -float(weights.values[part[1]].sum()))
    return parts[:N_REGIONS] if len(parts) > 1 else []


def _extremes(
    result: RunResult, layers: ScenarioLayers, key: LayerKey, texts: Texts
) -> list[dict[str, Any]]:
    """Two tables side by side: zones that gain most, zones that lose most."""
    before, after, delta = (
        part.values[part.keys.index(key)]
        for part in (layers.baseline, layers.variant, layers.delta)
    )
    label = result.zones.label
    tables = []
    for which, chosen in zip(("gaining", "losing"), extreme_zones(delta, N_ZONES), strict=True):
        rows = []
        for i in chosen:
            cells = [texts.count(float(before[i])), texts.count(float(after[i]))]
            rows.append({"name": str(label[i]), "cells": [*cells, signed(float(delta[i]), texts)]})
        tables.append(
            {
                "caption": texts(f"scenario.top_{which}"),
                "none": texts(f"scenario.none_{which}"),
                "rows": rows,
            }
        )
    return tables
