"""Modes together in a report: which of several is the fastest, and who can use parking places."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from halfcircle.outputs.layers import FIRST_SCENARIO
from halfcircle.outputs.mode_columns import headline_shares
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights
from halfcircle.outputs.texts import Texts, capital

__all__ = ["mode_section"]

N_ROWS = 15


def mode_section(result: RunResult, weights: Weights, texts: Texts) -> dict[str, Any] | None:
    """What the report shows of sets of modes and of parking places; None if there are none.

    Parameters
    ----------
    result : RunResult
    weights : Weights
        People per zone, or one per zone.
    texts : Texts

    Returns
    -------
    dict or None
        ``sets``, a table each, and ``parking``, one table or None.
    """
    sets = [] if result.winning_mode is None else _sets(result, weights, texts)
    parking = _parking(result, texts)
    return {"sets": sets, "parking": parking} if sets or parking else None


def _sets(result: RunResult, weights: Weights, texts: Texts) -> list[dict[str, Any]]:
    table = headline_shares(result)
    if not len(table):
        return []
    opportunity = result.opportunities[0].name
    weight = pd.Series(weights.values, index=result.zones.zone_id)
    people = texts("combined.over_people" if weights.name is not None else "combined.over_zones")
    found = []
    for name in dict.fromkeys(table["set"]):
        rows = table[table["set"] == name]
        bands = sorted(set(rows["band_min"]))
        own = weight.reindex(rows["zone_id"]).to_numpy(dtype=np.float64)
        own = np.where(rows["value"].notna(), own, 0.0)
        sums = rows.assign(part=rows["value"].fillna(0.0) * own, own=own)
        sums = sums.groupby(["mode", "band_min"], sort=False)[["part", "own"]].sum()
        found.append(
            {
                "caption": texts(
                    "combined.set_caption",
                    set=capital(texts.mode(str(name))),
                    opportunity=texts.opportunity(opportunity),
                    people=people,
                ),
                "heads": [texts("setting.minutes", n=texts.minutes(band)) for band in bands],
                "rows": [
                    {
                        "name": capital(texts.mode(str(mode))),
                        "cells": [_share(sums, str(mode), band, texts) for band in bands],
                    }
                    for mode in dict.fromkeys(rows["mode"])
                ],
            }
        )
    return found


def _share(sums: pd.DataFrame, mode: str, band: float, texts: Texts) -> str:
    part, own = (float(sums.loc[(mode, band), column]) for column in ("part", "own"))  # type: ignore[arg-type]
    return texts.share(part / own) if own > 0 else texts("report.missing_mark")


def _parking(result: RunResult, texts: Texts) -> dict[str, Any] | None:
    table = result.further.get("park_and_ride")
    if table is None or not len(table):
        return None
    table = table[table["scenario"] == FIRST_SCENARIO]
    table = table.sort_values("people_fastest", ascending=False, kind="stable")
    columns = ("capacity", "parking_min", "stops", "people_in_reach", "people_fastest")
    shown = table.head(N_ROWS)
    more = len(table) - len(shown)
    return {
        "caption": texts("combined.parking_caption"),
        "heads": [texts(f"combined.column_{column}") for column in columns],
        "rows": [
            {
                "name": str(row["name"]),
                "cells": [
                    texts("report.missing_mark")
                    if np.isnan(row[column])
                    else texts.count(float(row[column]))
                    for column in columns
                ],
            }
            for _, row in shown.iterrows()
        ],
        "more": texts("combined.more", n=texts.number(more)) if more else "",
    }
