"""Why the circle is half: causes, real commuters beside the potential, wages, and who counted."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from halfcircle.outputs.half_circle_charts import HOME, LOST, Bar, bar_chart
from halfcircle.outputs.half_circle_words import Words, rows_of, within
from halfcircle.outputs.layers import LayerKey
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights

__all__ = ["causes_part", "potential_part", "skills_part", "sources_part", "wages_part"]

N_AREAS = 12
PER_HOUR = ("connections_per_hour_domestic", "connections_per_hour_crossing")


def causes_part(
    result: RunResult, key: LayerKey, weights: Weights, words: Words
) -> list[dict[str, Any]]:
    """Bars of causes, and pairs of places beside them, by mode."""
    table = result.border_causes
    if table is None or not len(table):
        return []
    people = pd.Series(weights.values, index=result.zones.zone_id)
    found = []
    for n, mode in enumerate(dict.fromkeys(table["mode"].astype(str))):
        own = replace(key, mode=mode)
        rows = rows_of(table, own)
        weight = people.reindex(rows["zone_id"]).to_numpy() if len(rows) else np.zeros(0)
        some = rows[np.isfinite(rows["lost"].to_numpy(np.float64)) & (weight > 0)]
        if not len(some):
            continue
        weight = people.reindex(some["zone_id"]).to_numpy()
        lost = (some["lost"] * weight).groupby(some["cause"], sort=False).sum()
        first = some["cause"] == some["cause"].iloc[0]
        ideal = float((some["reach_ideal"] * weight)[first].sum())
        if ideal <= 0:
            continue
        what = ", ".join(
            (
                words.texts.opportunity(key.opportunity),
                words.texts.mode(mode),
                within(key, words),
            )
        )
        names = sorted(lost.index, key=lambda cause: cause != "transport")
        bars = [
            Bar(
                words.cause(str(cause)), lost[cause] / ideal, words.share(lost[cause] / ideal), LOST
            )
            for cause in names
        ]
        whole = float(lost.sum()) / ideal
        bars.append(Bar(words("cause_all"), whole, words.share(whole), HOME))
        title = words("causes_bars", what=what)
        found.append(
            {
                "title": title,
                "picture": bar_chart(
                    bars,
                    identifier=f"causes{n}",
                    title=title,
                    about="; ".join(f"{bar.label}: {bar.shown}" for bar in bars),
                ),
                "pairs": _pairs(result, mode, words),
            }
        )
    return found


def _pairs(result: RunResult, mode: str, words: Words) -> dict[str, Any] | None:
    table = result.border_pairs
    if table is None:
        return None
    rows = table[table["mode"] == mode]
    # All sizes together where classes were thin, else the middle class.
    keys = ["from_country", "to_country", "distance_from_km", "distance_to_km"]
    served = PER_HOUR[0] in rows and bool(rows[PER_HOUR[0]].notna().any())
    shown = []
    for _, part in rows.groupby(keys, sort=True):
        part = part.sort_values("size_class")
        row = part.iloc[(len(part) - 1) // 2]
        if not np.isfinite(row["minutes_domestic"]):
            continue
        span = [words.count(float(row[name])) for name in keys[2:]]
        shown.append(
            {
                "name": f"{row['from_country']} – {row['to_country']}",
                "cells": [
                    words("kilometres", a=span[0], b=span[1]),
                    _minutes(row["minutes_domestic"], words),
                    _minutes(row["minutes_crossing"], words),
                    words.share(row["ratio"] - 1.0),
                    *([_per_hour(row, words)] if served else []),
                ],
            }
        )
    if not shown:
        return None
    heads = ["column_distance", "column_home", "column_cross", "column_ratio"]
    heads += ["column_per_hour"] if served else []
    return {
        "caption": words("pairs_caption", mode=words.texts.mode(mode)),
        "heads": [words(head) for head in heads],
        "rows": shown,
    }


def _per_hour(row: Any, words: Words) -> str:
    """Connections an hour at home and across."""
    missing = words.texts("report.missing_mark")
    told = [words.texts.number(row[n]) if np.isfinite(row[n]) else missing for n in PER_HOUR]
    return " / ".join(told)


def _minutes(value: float, words: Words) -> str:
    if not np.isfinite(value):
        return words.texts("report.missing_mark")
    return words("minutes", n=words.texts.number(value))


def potential_part(result: RunResult, words: Words) -> dict[str, Any] | None:
    """Real commuters beside the potential, with the rate of PBL/CBS as a line."""
    table = result.border_potential
    if table is None or not len(table):
        return None
    bars, rows = [], []
    for row in table.to_dict("records"):
        direction = _direction_name(row)
        rate = float(row["rate_choice"])
        counted = row["numerator"]
        known = isinstance(counted, str) and np.isfinite(rate)
        how = words("gross" if counted == "gross" else "net") if known else words("no_data")
        bars.append(
            Bar(
                f"{direction}, {how}",
                rate,
                words.share(rate),
                HOME if counted == "gross" else "#7ea3c4",
            )
        )
        rows.append(
            {
                "name": direction,
                "cells": [
                    words.count(row["potential_choice"]),
                    words.count(row["potential_balanced"]),
                    words.count(row["realised"]),
                    words.share(rate),
                    how,
                    f"{row['year']:.0f}" if np.isfinite(row["year"]) else "",
                ],
            }
        )
    first = table.iloc[0]
    reference = words("potential_reference", share=words.share(float(first["reference_rate"])))
    by_flows = first["willingness"] == "domestic flows"
    sources = "; ".join(str(name) for name in dict.fromkeys(table["source"].dropna()) if name)
    counted_by = " " + words("potential_source", source=sources) if sources else ""
    heads = (
        "column_potential", "column_balanced", "column_realised", "column_rate",
        "column_numerator", "column_year",
    )  # fmt: skip
    return {
        "title": words("potential_bars"),
        "picture": bar_chart(
            bars,
            identifier="potential",
            title=words("potential_bars"),
            about="; ".join([*(f"{bar.label}: {bar.shown}" for bar in bars), reference]),
            reference=(float(first["reference_rate"]), reference),
        ),
        "caption": words("potential_caption", what=words.texts.mode(str(first["mode"]))),
        "heads": [words(head) for head in heads],
        "rows": rows,
        "note": words(
            "potential_note",
            zone=words.count(float(first["border_zone_km"])),
            cap=words.count(float(first["cap_km"])),
            willingness=words("willingness_flows" if by_flows else "willingness_pbl"),
        )
        + counted_by,
    }


def _direction_name(row: dict[Any, Any]) -> str:
    ends = []
    for side in ("from", "to"):
        region = str(row[f"{side}_region"] or "")
        ends.append(region or str(row[f"{side}_country"]))
    return " → ".join(ends)


def skills_part(result: RunResult, key: LayerKey, words: Words) -> dict[str, Any] | None:
    """What is left of jobs abroad where they count as far as they match, by country and region."""
    table = result.border_summary
    if table is None or "reach_skills" not in table:
        return None
    some = table[np.isfinite(table["reach_skills"].to_numpy(np.float64))]
    if not len(some):
        return None
    first = some.iloc[0]
    own = replace(key, opportunity=str(first["opportunity"]), group=str(first["group"]))
    rows = rows_of(some, own)
    shown = []
    for kind in ("country", "region", "all"):
        part = rows[rows["area"] == kind]
        if kind == "region":
            part = part.sort_values("loss_skills", ascending=False, kind="stable").head(N_AREAS)
        for row in part.to_dict("records"):
            abroad = row["reach_effective"] - row["reach_domestic"]
            fits = (row["reach_skills"] - row["reach_domestic"]) / abroad if abroad > 0 else np.nan
            shown.append(
                {
                    "name": words.area(str(row["region"]), kind),
                    "cells": [
                        words.share(row["loss_effective"]),
                        words.share(fits),
                        words.share(row["loss_skills"]),
                    ],
                    "total": kind == "all",
                }
            )
    if not shown:
        return None
    counted = [words.texts.opportunity(own.opportunity)]
    counted += [own.group] if own.group != "all" else []
    what = ", ".join((*counted, words.texts.mode(own.mode), within(own, words)))
    heads = ("column_penalties", "column_fits", "column_skills")
    return {
        "caption": words("skills_caption", what=what),
        "heads": [words(head) for head in heads],
        "rows": shown,
    }


def wages_part(result: RunResult, key: LayerKey, words: Words) -> dict[str, Any] | None:
    """Wages by country, labelled as what they are."""
    table = result.border_wages
    if table is None or not len(table):
        return None
    chosen = table[(table["mode"] == key.mode) & (table["scenario"] == key.scenario)]
    chosen = chosen[chosen["group"] == chosen["group"].iloc[0]] if len(chosen) else chosen
    rows = [
        {
            "name": words.area(str(row["region"]), str(row["area"])),
            "cells": [
                words.share(row["effect_mean"]),
                f"{words.share(row['effect_p5'])} – {words.share(row['effect_p95'])}",
            ],
            "total": row["area"] == "all",
        }
        for kind in ("country", "all")
        for row in chosen[chosen["area"] == kind].to_dict("records")
    ]
    if not rows:
        return None
    return {"caption": words("wages_caption", mode=words.texts.mode(key.mode)), "rows": rows}


def sources_part(result: RunResult, words: Words) -> list[dict[str, Any]]:
    """Concept, unit and year by opportunity and country."""
    table = result.border_sources
    if table is None:
        return []
    texts = words.texts
    return [
        {
            "what": texts.opportunity(str(row["opportunity"])),
            "country": str(row["country"]),
            "concept": str(row["concept"])
            + (f" ({words('estimated')})" if row["estimated"] == "yes" else ""),
            "unit": str(row["unit"]),
            "year": f"{row['year']:.0f}" if pd.notna(row["year"]) else texts("report.not_stated"),
            "source": str(row["source"]),
        }
        for row in table.to_dict("records")
    ]
