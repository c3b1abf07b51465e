"""The half circle told in full: an example, who loses, in which direction, why, and what not."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.outputs._files import asset
from halfcircle.outputs.half_circle_charts import HOME, LOST, Bar, bar_chart, circle_drawing
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
WATER = 0.005


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


@dataclass(frozen=True)
class _Words:
    """Texts of this part of the report, beside those of the whole."""

    texts: Texts
    entries: dict[str, str]

    def __call__(self, key: str, **fields: str) -> str:
        return self.entries[key].format(**fields)

    def share(self, value: float) -> str:
        """Share as a percentage; a dash where there is none."""
        if not np.isfinite(value):
            return self.texts("report.missing_mark")
        return self.texts.share(float(value))

    def count(self, value: float) -> str:
        """Number; a dash where there is none."""
        if not np.isfinite(value):
            return self.texts("report.missing_mark")
        return self.texts.count(float(value))

    def cause(self, name: str) -> str:
        """What people call a cause; unknown names as they are."""
        return self.entries.get(f"cause_{name}", name)

    def area(self, name: str, kind: str) -> str:
        """What people call an area."""
        return self("all") if kind == "all" else name


def _words(texts: Texts) -> _Words:
    return _Words(texts, tomllib.loads(asset("texts", "half_circle.toml"))[texts.language])


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
    words = _words(texts)
    what = ", ".join(
        (texts.opportunity(key.opportunity), texts.mode(key.mode), _within(key, words))
    )
    return {
        "plain": explanation(texts.language),
        "words": words,
        "pair": _pair(result, key, weights, words),
        "spread": _spread(result, key, weights, words, what),
        "recover": _recover(result, key, words, what),
        "direction": _direction(result, key, weights, words, what),
        "causes": _causes(result, key, weights, words),
        "potential": _potential(result, words),
        "wages": _wages(result, key, words),
        "sources": _sources(result, words),
        "limits": [
            words("limit_headline", what=what),
            *([words("limit_penalty")] if _has_penalties(result) else []),
            *([words("limit_mirror")] if result.half_circle is not None else []),
            *([] if result.border_land is not None else [words("limit_land")]),
        ],
    }


def _within(key: LayerKey, words: _Words) -> str:
    if key.band_min is None:
        return words("no_limit")
    return words("within", band=words.texts.minutes(key.band_min))


def _rows(table: pd.DataFrame | None, key: LayerKey) -> pd.DataFrame:
    """Rows of one layer; none where there is no table."""
    if table is None or not len(table):
        return pd.DataFrame()
    chosen = np.ones(len(table), dtype=bool)
    for name in ("scenario", "mode", "opportunity", "group", "measure"):
        if name in table:
            chosen &= (table[name].astype(str) == str(getattr(key, name))).to_numpy()
    if "band_min" in table:
        band = table["band_min"]
        same = band.isna() if key.band_min is None else band == key.band_min
        chosen &= same.to_numpy()
    return table[chosen]


def _has_penalties(result: RunResult) -> bool:
    border = result.border
    if border is None:
        return False
    return bool((border["reach_effective"] < border["reach_open"] * (1 - 1e-9)).any())


def _pair(
    result: RunResult, key: LayerKey, weights: Weights, words: _Words
) -> dict[str, Any] | None:
    """Full and half circle of the place with the largest loss in the larger half of places."""
    rows = _rows(result.sectors, key)
    losses = _rows(result.border, key)
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
        "band": _within(key, words),
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
    result: RunResult, key: LayerKey, weights: Weights, words: _Words, what: str
) -> dict[str, Any] | None:
    rows = _rows(result.border_summary, key)
    if not len(rows):
        return None
    closed = _rows(result.border_summary, replace(key, measure=key.measure + HARD_CLOSED))
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


def _recover(result: RunResult, key: LayerKey, words: _Words, what: str) -> dict[str, Any] | None:
    rows = _rows(result.border_sensitivity, key)
    if not len(rows):
        return None
    rows = rows[rows["area"] == "all"].sort_values(
        ["penalty_min", "factor"], ascending=[True, False]
    )
    return {
        "caption": words("recover_caption", what=what),
        "rows": [
            {
                "name": words("variant", minutes=words.texts.minutes(row["penalty_min"]))
                + (f" × {words.texts.number(row['factor'], 1)}" if row["factor"] < 1 else ""),
                "cells": [words.share(row["loss_effective"]), words.share(row["recoverable"])],
            }
            for row in rows.to_dict("records")
        ],
    }


def _direction(
    result: RunResult, key: LayerKey, weights: Weights, words: _Words, what: str
) -> dict[str, Any] | None:
    rows = _rows(result.half_circle, key)
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
    abroad = by_zone["abroad"].to_numpy(object)
    known = np.array([isinstance(word, str) and word != "" for word in abroad], dtype=bool)
    for word in ("richer", "poorer"):
        columns[f"column_{word}"] = np.where(known, (abroad == word).astype(np.float64), np.nan)
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
        "note": words("direction_note", people=people_word(weights, words.texts)),
    }


def _mean(values: Floats, weight: Floats) -> float:
    known = np.isfinite(values) & (weight > 0)
    return float(np.average(values[known], weights=weight[known])) if known.any() else float("nan")


def _causes(
    result: RunResult, key: LayerKey, weights: Weights, words: _Words
) -> list[dict[str, Any]]:
    """Bars of causes, and pairs of places beside them, by mode."""
    table = result.border_causes
    if table is None or not len(table):
        return []
    people = pd.Series(weights.values, index=result.zones.zone_id)
    found = []
    for n, mode in enumerate(dict.fromkeys(table["mode"].astype(str))):
        own = replace(key, mode=mode)
        rows = _rows(table, own)
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
                _within(key, words),
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


def _pairs(result: RunResult, mode: str, words: _Words) -> dict[str, Any] | None:
    table = result.border_pairs
    if table is None:
        return None
    rows = table[table["mode"] == mode]
    # All sizes together where classes were thin, else the middle class.
    keys = ["from_country", "to_country", "distance_from_km", "distance_to_km"]
    shown = []
    for (a, b, start, end), part in rows.groupby(keys, sort=True):
        part = part.sort_values("size_class")
        row = part.iloc[(len(part) - 1) // 2]
        shown.append(
            {
                "name": f"{a} – {b}",
                "cells": [
                    words("kilometres", a=words.count(start), b=words.count(end)),
                    _minutes(row["minutes_domestic"], words),
                    _minutes(row["minutes_crossing"], words),
                    words.share(row["ratio"] - 1.0),
                ],
            }
        )
    if not shown:
        return None
    heads = ("column_distance", "column_home", "column_cross", "column_ratio")
    return {
        "caption": words("pairs_caption", mode=words.texts.mode(mode)),
        "heads": [words(head) for head in heads],
        "rows": shown,
    }


def _minutes(value: float, words: _Words) -> str:
    if not np.isfinite(value):
        return words.texts("report.missing_mark")
    return words("minutes", n=words.texts.number(value))


def _potential(result: RunResult, words: _Words) -> dict[str, Any] | None:
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
        ),
    }


def _direction_name(row: dict[Any, Any]) -> str:
    ends = []
    for side in ("from", "to"):
        region = str(row[f"{side}_region"] or "")
        ends.append(region or str(row[f"{side}_country"]))
    return " → ".join(ends)


def _wages(result: RunResult, key: LayerKey, words: _Words) -> dict[str, Any] | None:
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


def _sources(result: RunResult, words: _Words) -> list[dict[str, Any]]:
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
