"""All scenarios side by side: one table per opportunity, a row per scenario, a column per band."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from halfcircle.outputs.deltas import Change, ScenarioLayers, change_of
from halfcircle.outputs.headlines import people_word
from halfcircle.outputs.layers import FIRST_MEASURE, LayerKey
from halfcircle.outputs.statistics import Weights
from halfcircle.outputs.texts import Texts, capital

__all__ = ["scenario_overview", "signed", "strongest"]


def signed(value: float, texts: Texts) -> str:
    """Difference with its sign: ``+120``, ``−3``, ``0``."""
    sign = "+" if value > 0 else "\u2212" if value < 0 else ""
    return sign + texts.count(abs(value))


def scenario_overview(
    layers: ScenarioLayers, weights: Weights, texts: Texts
) -> list[dict[str, Any]]:
    """Mean reach of the baseline and mean change by each scenario.

    Parameters
    ----------
    layers : ScenarioLayers
    weights : Weights
    texts : Texts

    Returns
    -------
    list of dict
        A table per opportunity and measure, the first one open, the others folded; in each, by
        means of travel, the mean over people in the baseline and the mean change of each scenario.
        Means of travel that no scenario changes are left out; empty where nothing changes.
    """
    tables: list[dict[str, Any]] = []
    for opportunity, measure in dict.fromkeys(
        (k.opportunity, k.measure) for k in layers.delta.keys
    ):
        keys = [
            k for k in layers.delta.keys if (k.opportunity, k.measure) == (opportunity, measure)
        ]
        bands = sorted({k.band_min for k in keys}, key=lambda band: (band is None, band or 0.0))
        rows = [
            {"mode": capital(texts.mode(mode)), "figures": figures}
            for mode in dict.fromkeys(k.mode for k in keys)
            if (figures := _figures(layers, keys, mode, bands, weights, texts))
        ]
        if rows:
            tables.append(
                {
                    "caption": _caption(opportunity, measure, weights, texts),
                    "heads": [_head(band, texts) for band in bands],
                    "rows": rows,
                    "by_group": False,
                    "folded": bool(tables),
                }
            )
    return tables


def _figures(
    layers: ScenarioLayers,
    keys: Sequence[LayerKey],
    mode: str,
    bands: Sequence[float | None],
    weights: Weights,
    texts: Texts,
) -> list[dict[str, Any]]:
    """Rows of one means of travel; none where nothing changes by it."""
    mine = [key for key in keys if key.mode == mode]
    changes = {(key.scenario, key.band_min): change_of(layers, key, weights) for key in mine}
    if not any(_moves(change) for change in changes.values()):
        return []
    missing = texts("report.missing_mark")

    def cells(scenario: str, *, before: bool = False) -> list[str]:
        found = [changes.get((scenario, band)) for band in bands]
        return [
            missing
            if one is None
            else texts.count(one.mean_before)
            if before
            else signed(one.mean, texts)
            for one in found
        ]

    names = list(dict.fromkeys(key.scenario for key in mine))
    base = {"name": texts("scenario.row_baseline"), "cells": cells(names[0], before=True)}
    return [base, *({"name": name, "cells": cells(name)} for name in names)]


def _moves(change: Change | None) -> bool:
    return change is not None and (change.gaining > 0 or change.losing > 0)


def _caption(opportunity: str, measure: str, weights: Weights, texts: Texts) -> str:
    caption = texts(
        "scenario.overview_caption",
        opportunity=capital(texts.opportunity(opportunity)),
        people=people_word(weights, texts),
    )
    return caption if measure == FIRST_MEASURE else f"{caption}, {texts.measure(measure)}"


def _head(band: float | None, texts: Texts) -> str:
    if band is None:
        return texts("report.no_limit_column")
    return texts("report.minutes_column", n=texts.minutes(band))


def strongest(layers: ScenarioLayers, weights: Weights, texts: Texts) -> str:
    """One sentence on the scenario with the largest mean change; empty where nothing changes.

    Parameters
    ----------
    layers : ScenarioLayers
    weights : Weights
    texts : Texts

    Returns
    -------
    str
        For the layer that the report shows first; scenarios are compared on the same layer.
    """
    firsts = [key for name in layers.scenarios if (key := layers.main(name)) is not None]
    if not firsts:
        return ""
    same = [replace(firsts[0], scenario=name) for name in layers.scenarios]
    found = [(key, change_of(layers, key, weights)) for key in same]
    known = [(key, change) for key, change in found if change is not None]
    if not known:
        return ""
    key, change = max(known, key=lambda pair: abs(pair[1].mean))
    if change.mean == 0 or key.band_min is None or not np.isfinite(change.mean):
        return ""
    return texts(
        "scenario.strongest_one" if len(known) == 1 else "scenario.strongest",
        n=texts.number(len(layers.scenarios)),
        name=key.scenario,
        delta=signed(change.mean, texts),
        opportunity=texts.opportunity(key.opportunity),
        mode=texts.mode_by(key.mode),
        band=texts.minutes(key.band_min),
        gain=texts.share(change.gaining / change.people),
        lose=texts.share(change.losing / change.people),
        people=people_word(weights, texts),
    )
