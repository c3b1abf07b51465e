"""The half circle told in full: an example, who loses, in which direction, why, and what not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.outputs.half_circle_causes import (
    causes_part,
    potential_part,
    skills_part,
    sources_part,
    wages_part,
)
from halfcircle.outputs.half_circle_charts import circle_drawing
from halfcircle.outputs.half_circle_words import Words, rows_of, within, words_of
from halfcircle.outputs.headlines import people_word
from halfcircle.outputs.layers import LayerKey, Layers, main_key
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights
from halfcircle.outputs.texts import Texts
from halfcircle.regions.half_circle_texts import explanation

__all__ = ["border_key", "half_circle_parts"]

Floats = npt.NDArray[np.float64]

HEADLINE_MODES = ("car", "transit")
HARD_CLOSED = "_hard_closed"
N_AREAS = 20


def border_key(losses: Layers) -> LayerKey | None:
    """Layer that tells of the border first: by car where there is one, else public transport.

    Figures in the literature are by car. Opportunity and band are those of `main_key`.
    """
    key = main_key(losses)
    if key is None:
        return None
    for mode in HEADLINE_MODES:
        if replace(key, mode=mode) in losses.keys:
            return replace(key, mode=mode)
    return key


def half_circle_parts(
    result: RunResult, key: LayerKey, weights: Weights, texts: Texts
) -> dict[str, Any]:
    """Everything that the report tells about the half circle beside maps and roses.

    Parameters
    ----------
    result : RunResult
    key : LayerKey
        Which loss to tell of.
    weights : Weights
    texts : Texts

    Returns
    -------
    dict
        Parts that the run has no tables for are None.
    """
    words = words_of(texts)
    what = ", ".join((texts.opportunity(key.opportunity), texts.mode(key.mode), within(key, words)))
    return {
        "plain": explanation(texts.language),
        "words": words,
        "pair": _pair(result, key, weights, words),
        "spread": _spread(result, key, weights, words, what),
        "recover": _recover(result, key, words, what),
        "direction": _direction(result, key, weights, words, what),
        "causes": causes_part(result, key, weights, words),
        "skills": skills_part(result, key, words),
        "potential": potential_part(result, words),
        "wages": wages_part(result, key, words),
        "sources": sources_part(result, words),
        "limits": [
            words("limit_headline", what=what),
            *([words("limit_penalty")] if _has_penalties(result) else []),
            *([words("limit_mirror")] if result.half_circle is not None else []),
            *([] if result.border_land is not None else [words("limit_land")]),
        ],
    }


def _has_penalties(result: RunResult) -> bool:
    border = result.border
    if border is None:
        return False
    return bool((border["reach_effective"] < border["reach_open"] * (1 - 1e-9)).any())


def _pair(
    result: RunResult, key: LayerKey, weights: Weights, words: Words
) -> dict[str, Any] | None:
    """Full and half circle of the place with the largest loss in the larger half of places."""
    rows = rows_of(result.sectors, key)
    losses = rows_of(result.border, key)
    if not len(rows) or not len(losses):
        return None
    loss = losses.set_index("zone_id")["loss"].reindex(result.zones.zone_id).to_numpy(np.float64)
    peopled = weights.values > 0
    large = peopled & (weights.values >= np.median(weights.values[peopled]))
    score = np.where(large & np.isfinite(loss), loss, -1.0)
    # Of equals the one with most people: the better known example.
    best = np.flatnonzero(score == score.max())
    i = int(best[np.argmax(weights.values[best])])
    if not score[i] > 0.0:
        return None
    mine = rows[rows["zone_id"] == result.zones.zone_id[i]]
    sector = mine["sector"].to_numpy(np.int64)
    domestic, opened = np.zeros(17), np.zeros(17)
    domestic[sector] = np.nan_to_num(mine["reach_domestic"].to_numpy(np.float64))
    opened[sector] = np.nan_to_num(mine["reach_open"].to_numpy(np.float64))
    texts = words.texts
    name = str(result.zones.label[i])
    fields = {
        "name": name,
        "opportunity": texts.opportunity(key.opportunity),
        "mode": texts.mode_by(key.mode),
        "band": within(key, words),
        "open": texts.count(float(opened.sum())),
        "domestic": texts.count(float(domestic.sum())),
        "loss": texts.share(float(loss[i])),
    }
    directions = texts("border.directions").split()
    drawings = [
        {
            "title": words(f"pair_{kind}"),
            "picture": circle_drawing(
                domestic,
                opened,
                half=kind == "half",
                directions=directions,
                identifier=f"pair-{kind}",
                title=f"{words(f'pair_{kind}')}: {name}",
                about=words(f"pair_alt_{kind}", **fields),
            ),
        }
        for kind in ("full", "half")
    ]
    return {"about": words("pair_about", **fields), "drawings": drawings}


def _spread(
    result: RunResult, key: LayerKey, weights: Weights, words: Words, what: str
) -> dict[str, Any] | None:
    rows = rows_of(result.border_summary, key)
    if not len(rows):
        return None
    closed = rows_of(result.border_summary, replace(key, measure=key.measure + HARD_CLOSED))
    shut = {(row["area"], row["region"]): float(row["loss"]) for row in closed.to_dict("records")}
    shares = (
        "loss", "loss_foreign_fewer", "loss_foreign_more", "share_above_25", "share_above_50",
        "loss_p10", "loss_p50", "loss_p90",
    )  # fmt: skip
    heads = (
        "column_loss", "column_fewer", "column_more", "column_25", "column_50", "column_p10",
        "column_p50", "column_p90",
    )  # fmt: skip
    kinds = [rows[rows["area"] == kind] for kind in ("country", "region", "all")]
    regions = kinds[1].sort_values("loss", ascending=False, kind="stable")
    shown = [*kinds[0].to_dict("records"), *regions.head(N_AREAS).to_dict("records")]
    table = []
    for row in [*shown, *kinds[2].to_dict("records")]:
        cells = [words.share(row[name]) for name in shares]
        if shut:
            cells.insert(1, words.share(shut.get((row["area"], row["region"]), float("nan"))))
        cells.append(words.texts.number(row["n_undefined"]))
        table.append(
            {
                "name": words.area(str(row["region"]), str(row["area"])),
                "cells": cells,
                "total": row["area"] == "all",
            }
        )
    columns = [words(head) for head in heads]
    if shut:
        columns.insert(1, words("column_closed"))
    more = len(regions) - N_AREAS
    people = people_word(weights, words.texts)
    notes = [words("spread_note", people=people)]
    notes += [words("spread_closed")] if shut else []
    notes += [words("spread_more", n=words.texts.number(more))] if more > 0 else []
    return {
        "caption": words("spread_caption", what=what),
        "heads": [*columns, words("column_undefined")],
        "rows": table,
        "note": " ".join(notes),
    }


def _recover(result: RunResult, key: LayerKey, words: Words, what: str) -> dict[str, Any] | None:
    """Loss by penalty (rows) and factor (columns), and what is won back without a factor."""
    rows = rows_of(result.border_sensitivity, key)
    if not len(rows):
        return None
    rows = rows[rows["area"] == "all"]
    lost = {
        (float(row["penalty_min"]), float(row["factor"])): float(row["loss_effective"])
        for row in rows.to_dict("records")
    }
    penalties = sorted({penalty for penalty, _ in lost})
    factors = sorted({factor for _, factor in lost}, reverse=True)
    full = rows[rows["factor"] == factors[0]]
    back = dict(zip(full["penalty_min"], full["recoverable"], strict=True))
    heads = [
        words("column_taken")
        if factor == 1.0
        else f"{words('column_taken')}, × {words.texts.number(factor, 1)}"
        for factor in factors
    ]
    return {
        "caption": words("recover_caption", what=what),
        "heads": [*heads, words("column_recovered")],
        "rows": [
            {
                "name": words("variant", minutes=words.texts.minutes(penalty)),
                "cells": [
                    *(words.share(lost[penalty, factor]) for factor in factors),
                    words.share(float(back[penalty])),
                ],
            }
            for penalty in penalties
        ],
    }


def _direction(
    result: RunResult, key: LayerKey, weights: Weights, words: Words, what: str
) -> dict[str, Any] | None:
    rows = rows_of(result.half_circle, key)
    country = result.zones.places.country
    if not len(rows) or country is None:
        return None
    by_zone = rows.set_index("zone_id").reindex(result.zones.zone_id)
    columns = {
        "column_completeness": by_zone["completeness"].to_numpy(np.float64),
        "column_half_gone": by_zone["half_gone"].to_numpy(np.float64),
        "column_one_sided": by_zone["asymmetry_domestic"].to_numpy(np.float64),
        "column_one_sided_open": by_zone["asymmetry_open"].to_numpy(np.float64),
        "column_mirror": by_zone["loss_mirror"].to_numpy(np.float64),
    }
    with_line = "loss_mirror_line" in by_zone and bool(by_zone["loss_mirror_line"].notna().any())
    if with_line:
        columns["column_mirror_line"] = by_zone["loss_mirror_line"].to_numpy(np.float64)
    columns |= _bracket(by_zone["abroad"], "")
    if with_line:
        columns |= _bracket(by_zone["abroad_line"], "_line")
    land = result.border_land
    if land is not None:
        ground = land.set_index("zone_id").reindex(result.zones.zone_id)
        columns["column_own_land"] = ground["own_of_land"].to_numpy(np.float64)
        columns["column_water"] = 1.0 - ground["land_of_disk"].to_numpy(np.float64)
    plain = ("column_one_sided", "column_one_sided_open")
    table = []
    for name in (*sorted(set(country) - {""}), ""):
        here = np.ones(len(country), dtype=bool) if name == "" else country == name
        cells = []
        for head, values in columns.items():
            mean = _mean(values, np.where(here, weights.values, 0.0))
            cells.append(
                words.share(mean)
                if head not in plain
                else words.texts.number(mean, 2)
                if np.isfinite(mean)
                else words.share(mean)
            )
        table.append({"name": name or words("all"), "cells": cells, "total": name == ""})
    return {
        "caption": words("direction_caption", what=what),
        "heads": [words(head) for head in columns],
        "rows": table,
        "with_land": land is not None,
        "note": words("direction_note", people=people_word(weights, words.texts))
        + (" " + words("direction_note_line") if with_line else ""),
    }


def _bracket(abroad: pd.Series, mirror: str) -> dict[str, Floats]:
    """For whom abroad is richer, or poorer, than home mirrored; by heading."""
    words = abroad.to_numpy(object)
    known = np.array([isinstance(word, str) and word != "" for word in words], dtype=bool)
    return {
        f"column_{word}{mirror}": np.where(known, (words == word).astype(np.float64), np.nan)
        for word in ("richer", "poorer")
    }


def _mean(values: Floats, weight: Floats) -> float:
    known = np.isfinite(values) & (weight > 0)
    return float(np.average(values[known], weights=weight[known])) if known.any() else float("nan")
