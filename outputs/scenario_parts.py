"""What further tables add to scenarios in a report: connections, spread, moves, systems."""

from __future__ import annotations

import tomllib
from typing import Any

import numpy as np
import pandas as pd

from halfcircle.outputs._assets import asset
from halfcircle.outputs.half_circle_words import Words
from halfcircle.outputs.layers import FIRST_SCENARIO, LayerKey
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.texts import Texts, capital

__all__ = [
    "further_sentences",
    "moves_section",
    "pairs_table",
    "region_type_rows",
    "scenario_words",
    "systems_section",
]

MOST_NAMES = 12
ENDS = 5
MINUS = "\u2212"


def scenario_words(texts: Texts) -> Words:
    """Words of these parts in the language of the report."""
    return Words(texts, tomllib.loads(asset("texts", "scenario_parts.toml"))[texts.language])


def _signed(value: float, texts: Texts) -> str:
    sign = "+" if value > 0 else MINUS if value < 0 else ""
    return sign + texts.count(abs(value))


def _listed(names: list[str], words: Words) -> str:
    shown = ", ".join(names[:MOST_NAMES])
    if len(names) <= MOST_NAMES:
        return shown
    return words("and_more", names=shown, n=words.texts.number(len(names) - MOST_NAMES))


def further_sentences(result: RunResult, key: LayerKey, texts: Texts) -> list[str]:
    """Places that lose or gain their connection, and how far the mean is sure over draws.

    Parameters
    ----------
    result : RunResult
    key : LayerKey
        Layer of the scenario that is told about.
    texts : Texts

    Returns
    -------
    list of str
        Losses before gains; empty where there is nothing to tell.
    """
    words = scenario_words(texts)
    sentences = []
    table = result.unreached
    if table is not None and len(table):
        label = dict(zip(result.zones.zone_id, result.zones.label, strict=True))
        of = {
            name: set(zip(rows["mode"], rows["zone_id"], strict=True))
            for name, rows in table.groupby("scenario", observed=True)
        }
        was, now = of.get(FIRST_SCENARIO, set()), of.get(key.scenario, set())
        for kind, pairs in (("lost", now - was), ("gained", was - now)):
            for mode in sorted({mode for mode, _ in pairs}):
                names = sorted(str(label[zone]) for one, zone in pairs if one == mode)
                listed = _listed(names, words)
                sentences.append(words(kind, mode=texts.mode(mode), names=listed))
    row = _summary_row(result, key)
    if row is not None and np.isfinite(row["mean_delta_sd"]):
        n = texts.number(int(row["draws"]))
        if row["mean_delta_sd"] > 0:
            low, high = (_signed(row[f"mean_delta_{end}"], texts) for end in ("low", "high"))
            sentences.append(words("draws", n=n, low=low, high=high))
        else:
            sentences.append(words("no_spread", n=n))
    return sentences


def _summary_row(result: RunResult, key: LayerKey) -> pd.Series | None:
    rows = _summary_rows(result, key)
    rows = rows[rows["part"] == "all"] if len(rows) else rows
    return rows.iloc[0] if len(rows) == 1 else None


def _summary_rows(result: RunResult, key: LayerKey) -> pd.DataFrame:
    """Winners and losers of one layer, for all and for parts."""
    table = result.further.get("scenarios/winners_and_losers")
    if table is None or "mean_delta_sd" not in table:
        return pd.DataFrame()
    band = table["band_min"]
    return table[
        (table["scenario"] == key.scenario)
        & (table["mode"] == key.mode)
        & (table["opportunity"] == key.opportunity)
        & (band.isna() if key.band_min is None else band == key.band_min)
    ]


def region_type_rows(result: RunResult, key: LayerKey, texts: Texts) -> list[dict[str, Any]]:
    """Winners and losers by type of region, where the study says which there are.

    Returns
    -------
    list of dict
        Name and the nine figures of the other rows.
    """
    country = result.zones.places.country
    known = {"all", *(() if country is None else set(country))}
    rows = []
    for row in _summary_rows(result, key).to_dict("records"):
        if row["part"] in known:
            continue
        shares = ("winning", "winning_a_tenth", "losing", "losing_a_tenth")
        counts = [row["people"] * row[f"share_{name}"] for name in shares]
        same = 1.0 - row["share_winning"] - row["share_losing"]
        cells = [
            texts.number(row["people"]),
            texts.count(row["mean_baseline"]),
            texts.count(row["mean_variant"]),
            _signed(row["mean_delta"], texts),
            *(texts.number(count) for count in counts),
            texts.share(round(same, 6) + 0.0),
        ]
        rows.append({"name": str(row["part"]), "cells": cells, "total": False})
    return rows


def moves_section(result: RunResult, folder: str, texts: Texts) -> list[dict[str, Any]]:
    """Who would move because of a scenario: both ends, for every elasticity.

    Parameters
    ----------
    result : RunResult
    folder : str
        Of the files of the scenario, below the output folder.
    texts : Texts

    Returns
    -------
    list of dict
        One per opportunity that moves.
    """
    table = result.further.get(f"{folder}/relocation")
    if table is None:
        return []
    words = scenario_words(texts)
    sections = []
    for moves, rows in table.groupby("moves", sort=False):
        values = rows.pivot_table(
            index="zone_id", columns="elasticity", values="change", sort=False
        )
        elasticities = list(dict.fromkeys(rows["elasticity"]))
        order = values[elasticities[-1]].sort_values(kind="stable").index
        shown = [*order[::-1][:ENDS], *order[:ENDS][::-1]]
        name = dict(zip(rows["zone_id"], rows["name"], strict=True))
        lines = [
            {
                "name": str(name[zone]),
                "cells": [_signed(round(float(values.loc[zone, e])), texts) for e in elasticities],
                "total": False,
            }
            for zone in dict.fromkeys(shown)
        ]
        moving = [texts.count(round(float(values[e].clip(lower=0).sum()))) for e in elasticities]
        lines.append({"name": words("moves_all"), "cells": moving, "total": True})
        what, towards = texts.opportunity(str(moves)), texts.opportunity(rows["towards"].iloc[0])
        heads = [
            words("moves_elasticity", e=texts.number(e, 2).replace("-", MINUS))
            for e in elasticities
        ]
        sections.append(
            {
                "title": words("moves_title"),
                "intro": words("moves_intro", moves=what, towards=towards),
                "caption": words("moves_caption", moves=capital(what)),
                "heads": heads,
                "rows": lines,
                "note": words("moves_note"),
            }
        )
    return sections


def pairs_table(
    result: RunResult, folder: str, key: LayerKey, texts: Texts
) -> dict[str, Any] | None:
    """Door-to-door times between cities by the mode of a layer, with the one-hour norm.

    Returns
    -------
    dict or None
        One row per pair, in the direction in which the study names it; None without pairs.
    """
    table = result.further.get(f"{folder}/city_pairs")
    if table is None or not len(table):
        return None
    words = scenario_words(texts)
    # Each pair is there twice, there and back.
    own = table[table["mode"] == key.mode].iloc[::2]
    rows = []
    for row in own.to_dict("records"):
        before, after = row["minutes_baseline"], row["minutes_variant"]
        was, is_now = bool(row["within_an_hour_baseline"]), bool(row["within_an_hour_variant"])
        norm = ("yes" if was else "new") if is_now else ("lost" if was else "no")
        missing = texts("report.missing_mark")
        change = row["difference"]
        cells = [missing if np.isnan(v) else texts.number(round(v)) for v in (before, after)]
        cells.append(missing if np.isnan(change) else _signed(round(change), texts))
        name = f"{row['from']} – {row['to']}"
        rows.append({"name": name, "cells": [*cells, words(f"pairs_hour_{norm}")]})
    if not rows:
        return None
    return {
        "caption": words("pairs_caption", mode=texts.mode_by(key.mode)),
        "pair": words("systems_pair"),
        "heads": [words(f"pairs_{name}") for name in ("before", "after", "change", "hour")],
        "rows": rows,
    }


def systems_section(result: RunResult, texts: Texts) -> dict[str, Any] | None:
    """Whether places come into one daily urban system, how sure, and how far they are from it.

    Returns
    -------
    dict or None
        None where the run has no such table.
    """
    table = result.further.get("scenarios/one_system")
    if table is None or "validity" not in table or not len(table):
        return None
    words = scenario_words(texts)
    label = dict(zip(result.zones.zone_id, result.zones.label, strict=True))
    table = table.assign(
        pair=[
            f"{label[a]} – {label[b]}"
            for a, b in zip(table["zone_id"], table["other_zone_id"], strict=True)
        ]
    )
    scenarios = list(dict.fromkeys(table["scenario"]))
    chance = table.pivot_table(index="pair", columns="scenario", values="probability", sort=False)
    never, always = (chance == 0).all(axis=1), (chance == 1).all(axis=1)
    shown = chance[~(never | always)]
    heads = [words("systems_now") if s == FIRST_SCENARIO else s for s in scenarios]
    sentences = []
    for pair, row in shown.iterrows():
        rest = row.drop(FIRST_SCENARIO)
        other = str(rest.idxmax())
        if abs(rest[other] - row[FIRST_SCENARIO]) < 0.005:
            other = str(rest.idxmin())
        before, after = texts.share(row[FIRST_SCENARIO]), texts.share(rest[other])
        sentences.append(
            words("systems_told", name=str(pair), before=before, after=after, scenario=other)
        )
    for key, some in (("systems_quiet", never), ("systems_always", always)):
        if some.any():
            sentences.append(words(key, names=", ".join(map(str, chance.index[some]))))
    dial = result.further.get("scenarios/systems_dial")
    most = 0.8 if dial is None else float(dial["min_containment"].max())
    return {
        "title": words("systems_title"),
        "intro": words("systems_intro", n=texts.number(int(table["draws"].max()))),
        "sentences": sentences,
        "caption": words("systems_caption"),
        "pair": words("systems_pair"),
        "heads": heads,
        "rows": [
            {"name": str(pair), "cells": [texts.share(row[s]) for s in scenarios]}
            for pair, row in shown.iterrows()
        ],
        "margin": _margin(table, chance.index[~always], scenarios, most, words),
        "dial": None if dial is None else _dial(dial, words),
    }


def _margin(
    table: pd.DataFrame, pairs: pd.Index, scenarios: list[str], most: float, words: Words
) -> dict[str, Any]:
    texts = words.texts
    rows = []
    for pair in pairs:
        mine = table[table["pair"] == pair].set_index("scenario")
        figures: list[dict[str, Any]] = []
        for scenario in scenarios:
            one = mine.loc[scenario]
            scores = [
                texts("report.missing_mark") if np.isnan(v) else texts.number(v, 2)
                for v in (one["validity"], one["other_validity"])
            ]
            start = one["together_from"]
            least = words("margin_never", most=texts.share(most))
            cells = [" / ".join(scores), least if np.isnan(start) else texts.share(round(start, 2))]
            name = words("systems_now") if scenario == FIRST_SCENARIO else scenario
            # Scenarios in which nothing changes for the two are left out.
            if not figures or cells != figures[0]["cells"]:
                figures.append({"name": name, "cells": cells})
        rows.append({"name": str(pair), "figures": figures})
    return {
        "intro": words("margin_intro"),
        "caption": words("margin_caption"),
        "heads": [
            words("systems_pair"), words("margin_scenario"), words("margin_validity"),
            words("margin_from"),
        ],
        "rows": rows,
    }  # fmt: skip


def _dial(dial: pd.DataFrame, words: Words) -> dict[str, Any]:
    texts = words.texts
    counts = dial.pivot_table(
        index="scenario", columns="min_containment", values="systems", sort=False
    )
    return {
        "caption": words("dial_caption"),
        "corner": words("margin_scenario"),
        "heads": [texts.share(round(float(low), 2)) for low in counts.columns],
        "rows": [
            {
                "name": words("systems_now") if name == FIRST_SCENARIO else str(name),
                "cells": [texts.number(int(n)) for n in row],
            }
            for name, row in counts.iterrows()
        ],
    }
