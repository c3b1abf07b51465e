"""Measures beside reach in a report: what each says, its values for the whole area, and a map."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from markupsafe import Markup

from halfcircle.access.measure_table import SITE_MEASURES
from halfcircle.outputs.charts import Series, line_chart
from halfcircle.outputs.choropleth import Sheet, draw_map
from halfcircle.outputs.classes import MISSING_COLOUR, ZERO_COLOUR, reach_classes
from halfcircle.outputs.headlines import people_word
from halfcircle.outputs.layers import FIRST_SCENARIO, Layers, main_key
from halfcircle.outputs.legend import class_labels, layer_title
from halfcircle.outputs.measure_layers import (
    JOINT,
    build_measure_layers,
    measure_units,
    without_negative,
)
from halfcircle.outputs.measure_words import MeasureWords, measure_words
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights
from halfcircle.outputs.texts import Texts, capital

__all__ = ["measure_section"]

N_ROWS = 16
SPREAD = ("mean", "low", "high")
# Of more measures than these the table shows means only.
MOST_SPREAD = 2
N_MAPS = 8
# Of kinds that tell several things: what their map shows.
MAPPED = {
    "nearest": "minutes_to_1",
    "spatial-availability": "spatial_availability_per_person",
    "reverse-reach": "reverse_reach",
    "transport-performance": "transport_performance",
    "amenity-norm": "minutes_to_nearest",
    "dual-earner": "dual_joint",
    "mode-gap": "mode_ratio",
    "borrowed-size": "borrowed_share",
}
LEAST_KNOWN = 1 / 3
N_STEPS = 12
N_PAIRS = 20
# Sums of the same numbers in another order differ in their last digits: nothing changes by that.
ROUNDING = 1e-9
TENTH = "income_tenth_"
# What these are about is told by figures of their own; means over zones would only confuse.
KINDS_TOLD_APART = ("amenity-norm", "closures", "city-pairs")
TOLD_APART = ("transport_poverty", "people_poor")
# Said once for the whole table, in its first column.
LAYER = ["scenario", "opportunity", "mode", "group", "band_min"]


def measure_section(
    result: RunResult, sheet: Sheet, weights: Weights, texts: Texts
) -> dict[str, Any] | None:
    """What the report shows of the measures; None if the run has none.

    Parameters
    ----------
    result : RunResult
    sheet : Sheet
    weights : Weights
    texts : Texts

    Returns
    -------
    dict or None
        Texts of the section, and a part per measure in the order of the study file.
    """
    table = result.area_measures
    if table is None or not len(table):
        return None
    words = measure_words(texts)
    layers = without_negative(build_measure_layers(result))
    parts: list[dict[str, Any]] = []
    for number, name in enumerate(dict.fromkeys(table["name"].astype(str))):
        rows = table[table["name"].astype(str) == name]
        kind = str(rows["kind"].iloc[0])
        told = rows["measure"].isin(TOLD_APART) | (kind in KINDS_TOLD_APART)
        rows = rows[~told | ~rows["index"].isin(SPREAD)]
        if len(set(rows["measure"])) > MOST_SPREAD:
            rows = rows[~rows["index"].isin(SPREAD[1:])]
        shown = None
        if sum(bool(part["map"]) for part in parts) < N_MAPS:
            shown = _map(result, layers, (name, kind), sheet, f"measure{number}", texts)
        parts.append(
            {
                "title": words.title(name),
                "kind": words.title(kind) if name != kind else "",
                "definition": words.definition(kind),
                "source": words.source(kind),
                "table": _table(rows, name, weights, words),
                "map": shown,
                "tenths": _tenths(rows, f"tenths{number}", words),
                "closures": _closures(result, name, words),
                "pairs": _pairs(result, name, words),
                "left_out": _left_out(rows, words),
            }
        )
    return {"title": words("section"), "intro": words("intro"), "parts": parts,
            "tenths_title": words("tenths_title")}  # fmt: skip


def _usual(rows: pd.DataFrame) -> pd.DataFrame:
    """The median where there are several percentiles, undivided counts where there are groups."""
    percentiles = set(rows["percentile"].dropna())
    if len(percentiles) > 1:
        middle = min(percentiles, key=lambda one: (abs(one - 50), one))
        rows = rows[rows["percentile"].isna() | (rows["percentile"] == middle)]
    whole = rows.groupby(["opportunity", "mode"])["group"].transform(lambda g: (g == "all").any())
    return rows[~whole | (rows["group"] == "all")]


def _table(
    rows: pd.DataFrame, name: str, weights: Weights, words: MeasureWords
) -> dict[str, Any] | None:
    """One row per layer, one column per figure."""
    rows = _usual(rows[~rows["index"].astype(str).str.startswith(TENTH)])
    if not len(rows):
        return None
    measures = list(dict.fromkeys(rows["measure"].astype(str)))
    figures = list(
        rows[["measure", "index", "unit"]].drop_duplicates().itertuples(index=False, name=None)
    )
    # A column per figure whatever its unit: those of schools and of jobs differ.
    columns = list(dict.fromkeys((measure, index) for measure, index, _ in figures))
    units = {
        column: list(dict.fromkeys(u for m, i, u in figures if (m, i) == column))
        for column in columns
    }
    of_people = all(index in SPREAD for _, index in columns)
    means_only = all(index == "mean" for _, index in columns)
    shown = []
    # Scenarios stand below the baseline of the same layer, not behind all of it.
    layers = [
        found
        for _, part in rows.groupby(LAYER[1:], sort=False, dropna=False)
        for found in part.groupby(LAYER, sort=False, dropna=False)
    ]
    for key, part in layers[:N_ROWS]:
        cells = {
            (str(row["measure"]), str(row["index"])): words.value(
                float(row["value"]), str(row["unit"])
            )
            + _delta(row, words)
            for row in part.to_dict("records")
        }
        missing = words.texts("report.missing_mark")
        label = _layer_label(key, rows, words)
        shown.append({"name": label, "cells": [cells.get(column, missing) for column in columns]})
    title = words.title(name)
    people = people_word(weights, words.texts)
    more = len(layers) - len(shown)
    caption = words("caption", name=title)
    if of_people:
        of_sites = set(measures) <= set(SITE_MEASURES)
        caption = words("caption_sites" if of_sites else "caption_people", name=title,
                        people=people)  # fmt: skip
    return {
        "caption": caption,
        "head": words("column_layer"),
        "heads": [
            _head(measure, index, units[measure, index], len(measures), means_only, words)
            for measure, index in columns
        ],
        "rows": shown,
        "more": words("more", n=words.texts.number(more)) if more else "",
        "note": words("scenario_note") if len(set(rows["scenario"])) > 1 else "",
    }


def _head(
    measure: str,
    index: str,
    units: Sequence[str],
    n_measures: int,
    means_only: bool,
    words: MeasureWords,
) -> str:
    parts = []
    if means_only or n_measures > 1:
        parts.append(words.measure(measure))
    if not means_only:
        parts.append(words.index(index))
    text = capital(", ".join(parts))
    if units[0] in ("index", "share"):
        return text
    return words("column_index", index=text, unit=" / ".join(words.unit(unit) for unit in units))


def _delta(row: dict[Any, Any], words: MeasureWords) -> str:
    delta = float(row["delta"])
    if row["scenario"] == FIRST_SCENARIO or np.isnan(delta):
        return ""
    if abs(delta) <= ROUNDING * max(abs(float(row["value"])), 1.0):
        delta = 0.0
    return f" ({words.difference(delta, str(row['unit']))})"


def _layer_label(key: tuple[Any, ...], rows: pd.DataFrame, words: MeasureWords) -> str:
    """What tells a row from the others; the mode where nothing does."""
    scenario, opportunity, mode, group, band = key
    texts = words.texts
    parts = []
    if len(set(rows["opportunity"])) > 1:
        parts.append(_joined(str(opportunity), texts.opportunity))
    if len(set(rows["mode"])) > 1:
        parts.append(_joined(str(mode), texts.mode))
    if group != "all":
        parts.append(str(group))
    if len(set(rows["band_min"])) > 1 and not pd.isna(band):
        parts.append(texts("legend.minutes", n=texts.minutes(float(band))))
    if len(set(rows["scenario"])) > 1:
        known = scenario == FIRST_SCENARIO
        parts.append(words("baseline") if known else str(scenario))
    parts = parts or [_joined(str(mode), texts.mode)]
    # Names of scenarios and groups stay as they are.
    named = parts[0] in (scenario, group)
    return ", ".join(parts if named else [capital(parts[0]), *parts[1:]])


def _joined(name: str, word: Callable[[str], str]) -> str:
    """Words of several modes or opportunities in one: ``car & transit``."""
    for joint in (" / ", " & ", ", "):
        if joint in name:
            return joint.join(word(part) for part in name.split(joint))
    return word(name)


def _map(
    result: RunResult,
    layers: Layers,
    what: tuple[str, str],
    sheet: Sheet,
    identifier: str,
    texts: Texts,
) -> dict[str, Any] | None:
    """The main layer of a measure, drawn with classes of its own; None if few zones have any."""
    name, kind = what
    code = MAPPED.get(kind, "")
    mine = [
        i
        for i, key in enumerate(layers.keys)
        if key.measure.partition(JOINT)[0] == name
        and key.measure.partition(JOINT)[2] in ("", code)
        and key.scenario == FIRST_SCENARIO
        and np.isfinite(layers.values[i]).mean() > LEAST_KNOWN
        and np.nanmax(layers.values[i]) > 0
    ]
    own = layers.take(mine)
    key = main_key(own)
    values = None if key is None else own.get(key)
    if key is None or values is None:
        return None
    classes = reach_classes(values)
    labels = class_labels(classes, texts)
    title = layer_title(key, texts)
    low, mid, high = (texts.count(float(q)) for q in np.nanquantile(values, (0, 0.5, 1)))
    unit = measure_units(result).get((key.opportunity, key.measure), "")
    first = [
        {"colour": MISSING_COLOUR, "label": labels[0], "hatched": True},
        {"colour": ZERO_COLOUR, "label": labels[1], "hatched": False},
    ]
    return {
        "title": title,
        "picture": draw_map(
            sheet,
            values,
            classes,
            identifier=identifier,
            title=title,
            about=measure_words(texts)("map_alt", title=title, low=low, mid=mid, high=high),
            kilometres=f"{texts.count(sheet.scale[1])} km",
        ),
        "unit": measure_words(texts).unit(unit) if unit else "",
        "has_border": sheet.border is not None,
        "legend": [
            *first,
            *(
                {"colour": colour, "label": label, "hatched": False}
                for colour, label in zip(classes.colours, labels[2:], strict=True)
            ),
        ],
    }


def _tenths(rows: pd.DataFrame, identifier: str, words: MeasureWords) -> Markup | None:
    """Mean by tenth of income, a line per mode of the main layer; None without income."""
    rows = _usual(rows[rows["index"].astype(str).str.startswith(TENTH)])
    rows = rows[rows["scenario"] == FIRST_SCENARIO]
    if not len(rows):
        return None
    for column in ("opportunity", "measure"):
        rows = rows[rows[column] == rows[column].iloc[0]]
    bands = rows["band_min"].dropna().unique()
    if len(bands):
        nearest = min(bands, key=lambda band: (abs(band - 45.0), band))
        rows = rows[rows["band_min"] == nearest]
    series, told = [], []
    for style, (mode, part) in enumerate(rows.groupby("mode", sort=False)):
        part = part.sort_values("index")
        y: npt.NDArray[np.float64] = part["value"].to_numpy(np.float64)
        named = words.texts.mode(str(mode))
        series.append(Series(named, np.arange(1.0, len(y) + 1.0), y, style))
        low, high = (words.texts.count(float(end)) for end in (y[0], y[-1]))
        told.append(words("tenths_alt", mode=capital(named), low=low, high=high))
    return line_chart(
        series,
        identifier=identifier,
        title=words("tenths_title"),
        about=" ".join(told),
        x_title=words("tenths_axis"),
        x_label=words.texts.number,
        y_label=words.texts.count,
        x_ticks=[1.0, *np.arange(2.0, 11.0)],
        marks=True,
    )


def _closures(result: RunResult, name: str, words: MeasureWords) -> dict[str, Any] | None:
    """The steps of a cascade in the baseline."""
    about = result.area_measures
    if about is None or str(about.loc[about["name"] == name, "kind"].iloc[0]) != "closures":
        return None
    texts = words.texts
    steps = pd.DataFrame() if result.closures is None else result.closures
    if len(steps):
        steps = steps[(steps["name"] == name) & (steps["scenario"] == FIRST_SCENARIO)]
    label = dict(zip(result.zones.zone_id, result.zones.label, strict=True))
    several = len(steps) > 0 and len(set(steps["mode"])) > 1
    rows = []
    for row in steps.head(N_STEPS).to_dict("records"):
        place = str(label[row["zone_id"]])
        cells = [texts.count(float(row["roll"])), texts.count(float(row["moved"]))]
        cells.append(words.value(float(row["extra_min"]), "min"))
        shown = f"{place} ({texts.mode(str(row['mode']))})" if several else place
        rows.append({"step": texts.number(row["step"]), "place": shown, "cells": cells})
    return {
        "caption": words("closures_caption"),
        "none": words("closures_none"),
        "rows": rows,
        "heads": [words(f"column_{one}") for one in ("step", "place", "roll", "moved", "extra")],
        "more": words("more", n=texts.number(len(steps) - len(rows))).replace(
            "area_measures.csv", "closures.csv"
        )
        if len(steps) > len(rows)
        else "",
    }


def _pairs(result: RunResult, name: str, words: MeasureWords) -> dict[str, Any] | None:
    """Times there and back per pair of cities and mode, in the baseline."""
    table = result.city_pairs
    if table is None:
        return None
    rows = table[(table["name"] == name) & (table["scenario"] == FIRST_SCENARIO)]
    if not len(rows):
        return None
    percentiles = sorted(set(rows["percentile"]), key=lambda one: (abs(one - 50), one))
    rows = rows[rows["percentile"] == percentiles[0]]
    texts = words.texts
    label = dict(zip(result.zones.zone_id, result.zones.label, strict=True))
    modes = list(dict.fromkeys(rows["mode"].astype(str)))
    by = rows.set_index(["origin_id", "destination_id", "mode"])
    ends = list(dict.fromkeys(zip(rows["origin_id"], rows["destination_id"], strict=True)))
    seen: list[tuple[str, str]] = []
    for pair in ends:
        if pair[::-1] not in seen:
            seen.append(pair)
    shown = []
    for one, other in seen[:N_PAIRS]:
        cells = []
        for mode in modes:
            there, back = by.loc[(one, other, mode)], by.loc[(other, one, mode)]
            there_min, back_min = (
                words.texts("report.missing_mark")
                if pd.isna(way["travel_time_min"])
                else texts.number(float(way["travel_time_min"]))
                for way in (there, back)
            )
            cells.append({"text": f"{there_min} ({back_min})", "bold": there["within_both"] == 1})
        shown.append({"name": f"{label[one]} – {label[other]}", "cells": cells})
    more = len(seen) - len(shown)
    limit = texts.minutes(float(rows["limit_min"].iloc[0]))
    return {
        "caption": words("pairs_caption", n=limit),
        "head": words("column_pair"),
        "heads": [capital(texts.mode(mode)) for mode in modes],
        "rows": shown,
        "more": words("more", n=texts.number(more)).replace("area_measures", "city_pairs")
        if more
        else "",
    }


def _left_out(rows: pd.DataFrame, words: MeasureWords) -> str:
    """What took no part; the most of all rows, since each counts the same people again."""
    most = float(rows["left_out"].max())
    return words("left_out", n=words.texts.count(most)) if most > 0 else ""
