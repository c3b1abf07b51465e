"""Tables of a report: reach by means of travel and band, by group, by moment of departure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from halfcircle.outputs.layers import FIRST_MEASURE, FIRST_SCENARIO, LayerKey, Layers
from halfcircle.outputs.legend import percentile_label
from halfcircle.outputs.statistics import Spread, Weights, spread
from halfcircle.outputs.texts import Texts, capital

__all__ = ["band_tables", "departure_table"]

FIGURES = ("mean", "median", "maximum")


def band_tables(layers: Layers, weights: Weights, texts: Texts) -> list[dict[str, Any]]:
    """Tables of reach by means of travel and band.

    Parameters
    ----------
    layers : Layers
    weights : Weights
    texts : Texts

    Returns
    -------
    list of dict
        Per opportunity and measure: one with mean, median and highest of all groups together, and
        one with the mean of each group where there are groups. Of the baseline only: scenarios
        have a table of differences, see `scenario_overview`. Those of the first opportunity are
        open, the others folded.
    """
    tables: list[dict[str, Any]] = []
    scenarios = {key.scenario for key in layers.keys}
    if FIRST_SCENARIO in scenarios:
        scenarios = {FIRST_SCENARIO}
    shown = [key for key in layers.keys if key.scenario in scenarios]
    for subject in dict.fromkeys((k.scenario, k.opportunity, k.measure) for k in shown):
        keys = [k for k in shown if (k.scenario, k.opportunity, k.measure) == subject]
        groups = list(dict.fromkeys(key.group for key in keys))
        whole = "all" if "all" in groups else groups[0] if len(groups) == 1 else None
        if whole is not None:
            chosen = [key for key in keys if key.group == whole]
            tables.append(_table(layers, chosen, weights, texts, by_group=False))
        if len(groups) > 1:
            chosen = [key for key in keys if key.group != "all"]
            tables.append(_table(layers, chosen, weights, texts, by_group=True))
    first = shown[0] if shown else None
    for table in tables:
        table["folded"] = first is not None and table["about"] != (first.opportunity, first.measure)
    return tables


def _table(
    layers: Layers, keys: list[LayerKey], weights: Weights, texts: Texts, *, by_group: bool
) -> dict[str, Any]:
    bands = sorted({key.band_min for key in keys}, key=lambda band: (band is None, band or 0.0))
    rows = []
    for mode in dict.fromkeys(key.mode for key in keys):
        of_mode = [key for key in keys if key.mode == mode]
        middle = _middle(key.percentile for key in of_mode)
        of_mode = [key for key in of_mode if key.percentile == middle]
        label = capital(texts.mode(mode))
        if middle not in (None, 50):
            label += f" ({percentile_label(middle, texts)})"
        figures = []
        if by_group:
            for group in dict.fromkeys(key.group for key in of_mode):
                by_band = _spreads(layers, [k for k in of_mode if k.group == group], weights)
                figures.append({"name": group, "cells": _cells(by_band, bands, "mean", texts)})
        else:
            by_band = _spreads(layers, of_mode, weights)
            figures = [
                {
                    "name": capital(texts(f"report.{figure}")),
                    "cells": _cells(by_band, bands, figure, texts),
                }
                for figure in FIGURES
            ]
        rows.append({"mode": label, "figures": figures})
    return {
        "about": (keys[0].opportunity, keys[0].measure),
        "caption": _caption(keys[0], texts, by_group=by_group),
        "by_group": by_group,
        "heads": [_band_head(band, texts) for band in bands],
        "rows": rows,
    }


def _spreads(
    layers: Layers, keys: list[LayerKey], weights: Weights
) -> dict[float | None, Spread | None]:
    return {k.band_min: spread(layers.values[layers.keys.index(k)], weights) for k in keys}


def _cells(
    by_band: dict[float | None, Spread | None],
    bands: list[float | None],
    figure: str,
    texts: Texts,
) -> list[str]:
    found = [by_band.get(band) for band in bands]
    missing = texts("report.missing_mark")
    return [missing if one is None else texts.count(getattr(one, figure)) for one in found]


def _caption(key: LayerKey, texts: Texts, *, by_group: bool) -> str:
    name = capital(texts.opportunity(key.opportunity))
    parts = [texts("report.bands_caption", opportunity=name)]
    if by_group:
        parts.append(texts("report.bands_by_group"))
    elif key.group != "all":
        parts.append(key.group)
    if key.measure != FIRST_MEASURE:
        parts.append(texts.measure(key.measure))
    if key.scenario != FIRST_SCENARIO:
        parts.append(key.scenario)
    return ", ".join(parts)


def _band_head(band: float | None, texts: Texts) -> str:
    if band is None:
        return texts("report.no_limit_column")
    return texts("report.minutes_column", n=texts.minutes(band))


def _middle(percentiles: Iterable[int | None]) -> int | None:
    known = [percentile for percentile in percentiles if percentile is not None]
    return min(known, key=lambda percentile: abs(percentile - 50)) if known else None


def departure_table(
    layers: Layers, key: LayerKey, weights: Weights, texts: Texts
) -> dict[str, Any] | None:
    """Mean reach of one means of travel by percentile and band.

    Parameters
    ----------
    layers : Layers
    key : LayerKey
        Of any percentile and band.
    weights : Weights
    texts : Texts

    Returns
    -------
    dict or None
        None if there is one percentile only.
    """
    same = [
        k
        for k in layers.keys
        if replace(k, band_min=key.band_min, percentile=50) == replace(key, percentile=50)
    ]
    percentiles = sorted({k.percentile for k in same if k.percentile is not None})
    if len(percentiles) < 2:
        return None
    bands = sorted({k.band_min for k in same if k.band_min is not None})
    rows = []
    for percentile in percentiles:
        cells = []
        for band in bands:
            values = layers.get(replace(key, band_min=band, percentile=percentile))
            figures = None if values is None else spread(values, weights)
            cells.append(
                texts("report.missing_mark") if figures is None else texts.count(figures.mean)
            )
        rows.append({"name": capital(percentile_label(percentile, texts)), "cells": cells})
    heads = [_band_head(band, texts) for band in bands]
    return {"heads": heads, "rows": rows}
