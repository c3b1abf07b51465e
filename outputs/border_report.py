"""The half circle in a report: where the border takes reach away, from whom, in which direction."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.outputs._svg import picture, tag, text
from halfcircle.outputs.choropleth import Sheet, draw_map
from halfcircle.outputs.classes import LOSS_RAMP, MISSING_COLOUR, ZERO_COLOUR, loss_classes
from halfcircle.outputs.half_circle_report import border_key, half_circle_parts
from halfcircle.outputs.headlines import people_word
from halfcircle.outputs.isochrone_report import circle_figures
from halfcircle.outputs.layers import LayerKey, Layers, build_loss_layers
from halfcircle.outputs.legend import class_labels, layer_title
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights
from halfcircle.outputs.texts import Texts, capital
from halfcircle.outputs.uncertainty import TENTH, loss_with_abroad

__all__ = ["border_section", "rose"]

N_ROSES = 3
ROSE_SIZE = 300.0
MUCH = 0.25


def border_section(
    result: RunResult, losses: Layers, sheet: Sheet, weights: Weights, texts: Texts
) -> dict[str, Any] | None:
    """Everything that the border section of a report shows; None if the run has no border.

    Parameters
    ----------
    result : RunResult
    losses : Layers
    sheet : Sheet
    weights : Weights
    texts : Texts

    Returns
    -------
    dict or None
    """
    key = border_key(losses)
    if result.border is None or key is None:
        return None
    columns = {}
    for name in ("reach_domestic", "reach_open", "reach_effective", "loss"):
        part = build_loss_layers(result, column=name)
        columns[name] = part.values[part.keys.index(key)]
    classes = loss_classes()
    labels = class_labels(classes, texts, share=True)
    modes = [other for other in losses.keys if replace(other, mode=key.mode) == key]
    people = people_word(weights, texts)
    note = "border.table_note_zones" if weights.name is None else "border.table_note_weighted"
    quarter = "border.column_quarter_zones" if weights.name is None else "border.column_quarter"
    all_rows = _side_rows(result, columns, weights, texts)
    return {
        "headline": _headline(key, columns, weights, texts),
        "maps": [
            {
                "mode": capital(texts.mode(other.mode)),
                "picture": _map(sheet, losses, other, i, texts),
            }
            for i, other in enumerate(modes)
        ],
        "map_title": ", ".join(
            (
                texts("legend.loss_of", opportunity=texts.opportunity(key.opportunity)),
                _band(key, texts),
            )
        ),
        "legend": [
            {"colour": MISSING_COLOUR, "label": labels[0], "hatched": True},
            {"colour": ZERO_COLOUR, "label": labels[1], "hatched": False},
            *(
                {"colour": colour, "label": label, "hatched": False}
                for colour, label in zip(classes.colours, labels[2:], strict=True)
            ),
        ],
        "has_border": sheet.border is not None,
        "table": all_rows,
        "with_penalties": bool(np.isfinite(columns["reach_effective"]).any()),
        "quarter": texts(quarter),
        "table_note": texts(note, people=people),
        "table_caption": ", ".join(
            (
                texts("border.table_caption"),
                texts.opportunity(key.opportunity),
                texts.mode(key.mode),
                _band(key, texts),
            )
        ),
        "roses": _roses(result, key, columns, weights, texts),
        "circles": circle_figures(result, sheet, texts),
        "half": half_circle_parts(result, key, weights, texts),
    }


def _band(key: LayerKey, texts: Texts) -> str:
    if key.band_min is None:
        return texts("border.no_limit")
    return texts("legend.minutes", n=texts.minutes(key.band_min))


def _rows_of(table: pd.DataFrame, key: LayerKey) -> pd.DataFrame:
    chosen = (
        (table["scenario"].astype(str) == key.scenario)
        & (table["mode"].astype(str) == key.mode)
        & (table["opportunity"].astype(str) == key.opportunity)
        & (table["group"].astype(str) == key.group)
        & (table["measure"].astype(str) == key.measure)
    )
    band = table["band_min"].isna() if key.band_min is None else table["band_min"] == key.band_min
    return table[chosen & band]


def _headline(
    key: LayerKey,
    columns: dict[str, npt.NDArray[np.float64]],
    weights: Weights,
    texts: Texts,
) -> dict[str, str] | None:
    figures = _loss_figures(columns, weights.values)
    if figures is None:
        return None
    words = {
        "opportunity": texts.opportunity(key.opportunity),
        "mode": texts.mode_by(key.mode),
        "band": "" if key.band_min is None else texts.minutes(key.band_min),
    }
    sentence = "headline.loss_no_limit" if key.band_min is None else "headline.loss"
    note = texts(
        "headline.loss_note",
        people=people_word(weights, texts),
        mean=texts.share(figures["mean_loss"]),
    )
    return {
        "number": texts.share(figures["loss"]),
        "sentence": texts(sentence, **words),
        "note": note,
        "sure": texts(
            "headline.sure_abroad",
            opportunity=words["opportunity"],
            fewer=texts.share(loss_with_abroad(figures["domestic"], figures["open"], 1 - TENTH)),
            more=texts.share(loss_with_abroad(figures["domestic"], figures["open"], 1 + TENTH)),
        ),
    }


def _loss_figures(
    columns: dict[str, npt.NDArray[np.float64]], weight: npt.NDArray[np.float64]
) -> dict[str, float] | None:
    """Weighted means, the ratio of them, and the mean of losses; None if there is nothing."""
    home, whole, loss = columns["reach_domestic"], columns["reach_open"], columns["loss"]
    known = ~(np.isnan(home) | np.isnan(whole)) & (weight > 0)
    if not known.any():
        return None
    w = weight[known]
    domestic, opened = np.average(home[known], weights=w), np.average(whole[known], weights=w)
    effective = columns["reach_effective"]
    some = known & ~np.isnan(effective)
    defined = known & ~np.isnan(loss)
    has_loss = bool(defined.any())
    return {
        "domestic": float(domestic),
        "open": float(opened),
        "effective": float(np.average(effective[some], weights=weight[some]))
        if some.any()
        else float("nan"),
        "loss": float(1.0 - domestic / opened) if opened > 0 else float("nan"),
        "mean_loss": float(np.average(loss[defined], weights=weight[defined]))
        if has_loss
        else float("nan"),
        "much": float(np.average(loss[defined] > MUCH, weights=weight[defined]))
        if has_loss
        else float("nan"),
    }


def _side_rows(
    result: RunResult,
    columns: dict[str, npt.NDArray[np.float64]],
    weights: Weights,
    texts: Texts,
) -> list[dict[str, Any]]:
    country = result.zones.places.country
    sides = [] if country is None else sorted(set(country))
    groups: list[tuple[str, npt.NDArray[np.bool_]]] = [
        (side or texts("report.missing_mark"), np.asarray(country == side)) for side in sides
    ]
    groups.append((texts("border.all"), np.ones(len(result.zones), dtype=bool)))
    missing = texts("report.missing_mark")
    rows = []
    for name, chosen in groups:
        figures = _loss_figures(columns, np.where(chosen, weights.values, 0.0))
        if figures is None:
            rows.append({"name": name, "cells": [missing] * 6})
            continue
        amounts = [texts.count(figures[key]) for key in ("domestic", "open")]
        amounts.append(
            missing if np.isnan(figures["effective"]) else texts.count(figures["effective"])
        )
        shares = [
            missing if np.isnan(figures[key]) else texts.share(figures[key])
            for key in ("loss", "mean_loss", "much")
        ]
        rows.append({"name": name, "cells": amounts + shares})
    return rows


def _map(sheet: Sheet, losses: Layers, key: LayerKey, i: int, texts: Texts) -> Any:
    values = losses.values[losses.keys.index(key)]
    title = layer_title(key, texts)
    known = values[~np.isnan(values)]
    about = texts("report.map_alt_empty", title=title)
    if len(known):
        low, mid, high = (texts.share(float(q)) for q in np.quantile(known, (0, 0.5, 1)))
        about = texts("report.map_alt", title=title, low=low, mid=mid, high=high)
    return draw_map(
        sheet,
        values,
        loss_classes(),
        identifier=f"loss{i}",
        title=title,
        about=about,
        kilometres=f"{texts.count(sheet.scale[1])} km",
    )


def _roses(
    result: RunResult,
    key: LayerKey,
    columns: dict[str, npt.NDArray[np.float64]],
    weights: Weights,
    texts: Texts,
) -> list[dict[str, Any]]:
    """Roses of the zones where most people lose most."""
    if result.sectors is None or not len(result.sectors):
        return []
    table = result.sectors
    columns_of_key = ["scenario", "mode", "opportunity", "group", "band_min", "measure"]
    candidates = [key]
    for row in table[columns_of_key].drop_duplicates().to_dict("records"):
        band = row["band_min"]
        candidates.append(
            replace(
                key,
                band_min=None if band != band else float(band),
                scenario=str(row["scenario"]),
                mode=str(row["mode"]),
                opportunity=str(row["opportunity"]),
                group=str(row["group"]),
                measure=str(row["measure"]),
            )
        )
    chosen = next((one for one in candidates if len(_rows_of(table, one))), None)
    if chosen is None:
        return []
    rows = _rows_of(table, chosen)
    score = np.nan_to_num(columns["loss"]) * weights.values
    present = np.isin(result.zones.zone_id, rows["zone_id"].unique())
    order = [
        int(i) for i in np.argsort(-np.where(present, score, -1.0), kind="stable") if present[i]
    ]
    roses = []
    for n, i in enumerate(order[:N_ROSES]):
        mine = rows[rows["zone_id"] == result.zones.zone_id[i]]
        domestic, opened = np.zeros(17), np.zeros(17)
        sector = mine["sector"].to_numpy(np.int64)
        domestic[sector] = np.nan_to_num(mine["reach_domestic"].to_numpy(np.float64))
        opened[sector] = np.nan_to_num(mine["reach_open"].to_numpy(np.float64))
        name = str(result.zones.label[i])
        loss = columns["loss"][i]
        roses.append(
            {
                "name": name,
                "loss": texts.share(float(loss))
                if np.isfinite(loss)
                else texts("report.missing_mark"),
                "picture": rose(domestic, opened, name=name, identifier=f"rose{n}", texts=texts),
                "what": ", ".join(
                    [
                        texts.opportunity(chosen.opportunity),
                        texts.mode(chosen.mode),
                        _band(chosen, texts),
                    ]
                ),
            }
        )
    return roses


def rose(
    domestic: npt.NDArray[np.float64],
    opened: npt.NDArray[np.float64],
    *,
    name: str,
    identifier: str,
    texts: Texts,
) -> Any:
    """Draw reach by compass direction; areas, not radii, are proportional to reach.

    Parameters
    ----------
    domestic, opened : array of float64, shape (17,)
        Reach in the own country and without the border, 16 sectors clockwise from north, then
        what lies within the zone itself (drawn as a disc in the middle).
    name : str
        Of the zone.
    identifier : str
        Of the drawing within its page.
    texts : Texts

    Returns
    -------
    Markup
        An ``svg`` element.
    """
    middle, longest = ROSE_SIZE / 2, ROSE_SIZE / 2 - 34
    # A sector of 1/16 circle and a whole disc of the same radius differ by 16 in area.
    top = max(float(opened[:16].max()), float(opened[16]) / 16.0, 1e-12)

    def radius(amount: float) -> float:
        return longest * float(np.sqrt(amount / top))

    parts = [
        tag(
            "circle",
            {"cx": middle, "cy": middle, "r": longest * r, "fill": "none", "stroke": "#d9dee2"},
        )
        for r in (float(np.sqrt(0.5)), 1.0)
    ]
    for sector in range(16):
        for amount, colour in ((opened[sector], LOSS_RAMP[1]), (domestic[sector], "#255f8e")):
            if amount > 0:
                route = _slice(middle, radius(float(amount)), sector)
                parts.append(
                    tag(
                        "path",
                        {"d": route, "fill": colour, "stroke": "#ffffff", "stroke-width": 0.8},
                    )
                )
    for amount, colour in ((opened[16], LOSS_RAMP[1]), (domestic[16], "#123a5c")):
        if amount > 0:
            r = radius(float(amount) / 16.0)
            disc = {
                "cx": middle,
                "cy": middle,
                "r": round(r, 1),
                "fill": colour,
                "stroke": "#ffffff",
            }
            parts.append(tag("circle", disc))
    directions = texts("border.directions").split()
    for sector in range(0, 16, 2):
        angle = np.radians(sector * 22.5)
        x, y = middle + (longest + 16) * np.sin(angle), middle - (longest + 16) * np.cos(angle)
        looks = {"text-anchor": "middle", "fill": "#4b5760"}
        if sector % 4 == 0:
            looks["font-weight"] = "600"
        parts.append(text(float(x), float(y) + 4.5, directions[sector], looks))
    lost = opened[:16] - domestic[:16]
    details = ""
    if lost.max() > 0:
        details = texts("border.rose_detail", direction=directions[int(np.argmax(lost))])
    return picture(
        ROSE_SIZE,
        ROSE_SIZE,
        parts,
        identifier=identifier,
        title=texts("border.rose_title", name=name),
        about=texts("border.rose_alt", details=details),
    )


def _slice(middle: float, radius: float, sector: int) -> str:
    first, last = np.radians((sector - 0.5) * 22.5), np.radians((sector + 0.5) * 22.5)
    x1, y1 = middle + radius * np.sin(first), middle - radius * np.cos(first)
    x2, y2 = middle + radius * np.sin(last), middle - radius * np.cos(last)
    arc = f"A{radius:.1f} {radius:.1f} 0 0 1 {x2:.1f} {y2:.1f}z"
    return f"M{middle:.0f} {middle:.0f}L{x1:.1f} {y1:.1f}{arc}"
