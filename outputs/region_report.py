"""Daily urban systems in a report: a map and a table for each way of drawing them."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from markupsafe import Markup

from halfcircle.outputs.choropleth import Sheet, draw_areas
from halfcircle.outputs.layers import FIRST_SCENARIO
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.texts import Texts, capital

__all__ = ["REGION_COLOURS", "region_sections"]

# Pale enough for names on top; neighbours never share one.
REGION_COLOURS = ("#cfe3f1", "#f6dcb7", "#d3e8cc", "#ecd3e4", "#f1efc0", "#d9d5ee", "#f3cfc8")
N_ROWS = 15
N_NAMES = 8
COUNTS = ("n_zones", "residents", "jobs")
SHARES = ("supply_containment", "demand_containment", "self_containment")


def region_sections(result: RunResult, sheet: Sheet, texts: Texts) -> list[dict[str, Any]]:
    """What the report shows of each layer of regions; empty if the run drew none.

    Parameters
    ----------
    result : RunResult
    sheet : Sheet
    texts : Texts

    Returns
    -------
    list of dict
    """
    return [
        _section(result, name, frame, sheet, f"region{i}", texts)
        for i, (name, frame) in enumerate(result.regions.items())
        if len(frame)
    ]


def _section(
    result: RunResult, name: str, frame: Any, sheet: Sheet, identifier: str, texts: Texts
) -> dict[str, Any]:
    size_name = next((column for column in ("residents", "jobs", "n_zones") if column in frame), "")
    size = frame[size_name].to_numpy(np.float64) if size_name else np.zeros(len(frame))
    order = np.argsort(-size, kind="stable")
    labels = _names(frame)
    shown = order[:N_ROWS]
    columns = [column for column in (*COUNTS, *SHARES) if column in frame]
    rows = [
        {"name": labels[i], "cells": [_cell(frame[c].iloc[i], c, texts) for c in columns]}
        for i in shown
    ]
    more = len(frame) - len(shown)
    largest = [labels[i] for i in order[:3]]
    about = texts("region.map_alt", n=texts.number(len(frame)), names=", ".join(largest))
    title = _title(name, frame, texts)
    variant = "scenario" in frame and str(frame["scenario"].iloc[0]) != FIRST_SCENARIO
    return {
        "title": title,
        "folded": variant,
        "count": texts(
            "region.count",
            n=texts.number(len(frame)),
            zones=texts.number(len(result.zones)),
            missing=texts.number(_n_missing(result, frame)),
        ),
        "picture": _map(frame, labels, order, sheet, identifier, title, about, texts),
        "caption": texts("region.caption" if more else "region.caption_all"),
        "heads": [texts(f"region.column_{column}") for column in columns],
        "rows": rows,
        "more": texts("region.more", n=texts.number(more)) if more else "",
    }


def _names(frame: Any) -> list[str]:
    ids = [str(value) for value in frame["region_id"]] if "region_id" in frame else []
    ids = ids or [str(i) for i in range(len(frame))]
    if "region_name" not in frame:
        return ids
    return [
        own if pd.isna(name) else str(name)
        for own, name in zip(ids, frame["region_name"], strict=True)
    ]


def _title(name: str, frame: Any, texts: Texts) -> str:
    if "method" not in frame:
        return name
    method = str(frame["method"].iloc[0])
    known = texts.group("region").get("method_" + method.replace("-", "_"), method)
    parts = [capital(known)]
    for column, usual in (("group", "all"), ("scenario", "baseline")):
        if column in frame and str(frame[column].iloc[0]) != usual:
            parts.append(str(frame[column].iloc[0]))
    return ", ".join(parts)


def _cell(value: Any, column: str, texts: Texts) -> str:
    number = float(value)
    if np.isnan(number):
        return texts("report.missing_mark")
    return texts.share(number) if column in SHARES else texts.number(number)


def _n_missing(result: RunResult, frame: Any) -> int:
    table = result.membership
    if table is None or "method" not in frame:
        return 0
    mine = np.ones(len(table), dtype=bool)
    for column in ("method", "group", "scenario"):
        if column in frame:
            mine &= (table[column].astype(str) == str(frame[column].iloc[0])).to_numpy()
    return int((table["region_id"].isna().to_numpy() & mine).sum())


def _map(
    frame: Any,
    labels: list[str],
    order: npt.NDArray[np.int64],
    sheet: Sheet,
    identifier: str,
    title: str,
    about: str,
    texts: Texts,
) -> Markup:
    geometry = np.asarray(frame.geometry.to_numpy(), dtype=object)
    geometry = shapely.simplify(geometry, 0.5 / sheet.units_per_m)
    colour_idx = colours_of_neighbours(geometry)
    areas = [(geometry[i], REGION_COLOURS[colour_idx[i]]) for i in range(len(frame))]
    named = [(geometry[i], labels[i]) for i in order[:N_NAMES]]
    return draw_areas(
        sheet,
        areas,
        named,
        identifier=identifier,
        title=title,
        about=about,
        kilometres=f"{texts.count(sheet.scale[1])} km",
    )


def colours_of_neighbours(geometry: npt.NDArray[np.object_]) -> npt.NDArray[np.int64]:
    """Colour each area so that neighbours differ, as far as there are colours.

    Parameters
    ----------
    geometry : array of shapely geometries, shape (n,)

    Returns
    -------
    array of int64, shape (n,)
        Positions in `REGION_COLOURS`.
    """
    a, b = shapely.STRtree(geometry).query(geometry, predicate="intersects")
    neighbours: dict[int, set[int]] = {i: set() for i in range(len(geometry))}
    for i, j in zip(a.tolist(), b.tolist(), strict=True):
        if i != j:
            neighbours[i].add(j)
    colour_idx = np.full(len(geometry), -1, dtype=np.int64)
    used = [0] * len(REGION_COLOURS)
    # Those with most neighbours first (Welsh & Powell 1967, doi:10.1093/comjnl/10.1.85).
    for i in sorted(neighbours, key=lambda one: (-len(neighbours[one]), one)):
        taken = {int(colour_idx[j]) for j in neighbours[i]}
        free = [c for c in range(len(REGION_COLOURS)) if c not in taken]
        # The colour that is least used so far: a few regions should not all look alike.
        choice = min(free or range(len(REGION_COLOURS)), key=lambda c: (used[c], c))
        colour_idx[i] = choice
        used[choice] += 1
    return colour_idx
