"""The fine print of a report: sources, settings, what was dropped, definitions, limits."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from halfcircle.outputs.headlines import people_word
from halfcircle.outputs.layers import FIRST_SCENARIO
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights
from halfcircle.outputs.texts import Texts, capital

__all__ = ["definitions", "facts", "limits", "notices", "settings", "sources", "unreached"]


def facts(result: RunResult, texts: Texts) -> list[str]:
    """What stands below the title: number of zones, day, departures."""
    found = [texts("report.facts_zones", n=texts.number(len(result.zones)))]
    country = result.zones.places.country
    sides = sorted(set(country) - {""}) if country is not None else []
    if sides:
        found[0] += f" ({', '.join(sides)})"
    given = result.settings
    if given.date:
        found.append(texts("report.facts_date", date=given.date))
    if given.window is not None:
        start, end = given.window
        found.append(texts("report.facts_window", start=start, end=end))
    return found


def definitions(result: RunResult, weights: Weights, texts: Texts) -> list[tuple[str, str]]:
    """Terms and their meaning, as far as the run uses them."""
    keys = ["reach", "band"]
    if result.settings.window is not None:
        keys += ["percentile", "window"]
    if (result.reach["measure"] == "departures").any():
        keys.insert(3, "departures")
    keys += ["zone", "none"]
    if result.border is not None:
        keys.append("loss")
    found = [(texts(f"definition.{key}_term"), texts(f"definition.{key}")) for key in keys]
    which = "mean_zones" if weights.name is None else "mean_weighted"
    mean = texts(f"definition.{which}", people=people_word(weights, texts))
    found.insert(2, (texts("definition.mean_term"), mean))
    return found


def sources(result: RunResult, texts: Texts) -> list[dict[str, str]]:
    """Rows of the table of sources."""
    unknown = texts("report.not_stated")
    rows = [
        {
            "role": capital(texts.role(source.role)) if source.role else unknown,
            "name": source.name,
            "text": source.text,
            "vintage": source.vintage or (str(source.year) if source.year else unknown),
            "licence": source.licence or unknown,
            "path": source.path,
            "sha256": source.sha256,
        }
        for source in result.sources
    ]
    # Opportunities whose source is told in words only.
    named = {source.role for source in result.sources}
    rows += [
        {
            "role": capital(texts.opportunity(opportunity.name)),
            "name": opportunity.source,
            "text": opportunity.unit,
            "vintage": str(opportunity.year) if opportunity.year else unknown,
            "licence": unknown,
            "path": "",
            "sha256": "",
        }
        for opportunity in result.opportunities
        if opportunity.source and opportunity.name not in named
    ]
    return rows


def settings(result: RunResult, weights: Weights, texts: Texts) -> list[tuple[str, str]]:
    """Rows of the table of settings."""
    given = result.settings
    rows: list[tuple[str, str]] = []

    def row(key: str, value: str) -> None:
        if value:
            rows.append((texts(f"setting.{key}"), value))

    def per_mode(values: Mapping[str, float], unit: str) -> str:
        amounts = {mode: texts(f"setting.{unit}", n=texts.minutes(v)) for mode, v in values.items()}
        return ", ".join(f"{texts.mode(mode)} {amount}" for mode, amount in amounts.items())

    row("zones", texts.number(len(result.zones)))
    row("crs", result.zones.crs.to_string())
    row("modes", ", ".join(texts.mode(mode) for mode in given.modes))
    bands = ", ".join(texts.minutes(band) for band in given.bands_min)
    row("bands_min", texts("setting.minutes", n=bands) if bands else "")
    row("date", given.date)
    row("window", f"{given.window[0]} – {given.window[1]}" if given.window else "")
    row("time_zone", given.time_zone)
    if given.step_s == "continuous":
        row("step_s", texts("setting.continuous"))
    elif given.step_s is not None:
        row("step_s", texts("setting.seconds", n=str(given.step_s)))
    if given.window is not None:
        row("percentiles", ", ".join(str(p) for p in given.percentiles))
    row("max_rides", "" if given.max_rides is None else str(given.max_rides))
    row("speeds_kmh", per_mode(given.speeds_kmh, "kmh"))
    row("access_max_min", per_mode(given.access_max_min, "minutes"))
    row("engine", given.engine)
    no_weight = texts("setting.weight_none")
    row("weight", no_weight if weights.name is None else people_word(weights, texts))
    rows += [(texts.setting(key), value) for key, value in given.further.items()]
    return rows


def notices(result: RunResult, texts: Texts) -> list[dict[str, str]]:
    """Rows of the table of what was dropped or noticed, gravest first."""
    order = {"error": 0, "warning": 1, "notice": 2}
    ranked = sorted(result.all_notices, key=lambda notice: order[notice.severity])
    return [
        {
            "severity": texts(f"report.severity_{notice.severity}"),
            "where": notice.where,
            "what": notice.what,
            "count": texts.number(notice.count),
            "examples": ", ".join(notice.values[:5]),
            "remedy": notice.remedy,
        }
        for notice in ranked
    ]


def unreached(result: RunResult, texts: Texts) -> dict[str, Any] | None:
    """Zones without a connection in the baseline, reasons by modes; None if there are none."""
    table = result.unreached
    if table is not None:
        table = table[table["scenario"] == FIRST_SCENARIO]
    if table is None or not len(table):
        return None
    counts = table.groupby(["reason", "mode"], observed=True).size()
    present = {str(mode) for mode in table["mode"]}
    modes = [mode for mode in result.settings.modes if mode in present]
    modes += sorted(present - set(modes))
    rows = [
        {
            "reason": capital(texts.reason(reason)),
            "cells": [texts.number(int(counts.get((reason, mode), 0))) for mode in modes],
        }
        for reason in sorted({str(reason) for reason in table["reason"]})
    ]
    return {"modes": [texts.mode(mode) for mode in modes], "rows": rows}


def limits(result: RunResult, texts: Texts) -> list[str]:
    """What the numbers do not say, as far as it concerns this run."""
    modes = set(result.settings.modes)
    keys = []
    if any("transit" in mode for mode in modes):
        keys.append("timetable")
    if any("car" in mode for mode in modes):
        keys.append("car")
    keys += ["points", "edge", "choice", "vintage", "small"]
    return [texts(f"limit.{key}") for key in keys]
