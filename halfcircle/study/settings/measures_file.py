"""Reading ``[[measures]]``: which measures beside reach a study asks for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from halfcircle._checks import nearest
from halfcircle.study.settings.config import (
    MeasureConfig,
    OpportunityConfig,
    ReachConfig,
    ZonesConfig,
)
from halfcircle.study.settings.measures_keys import KINDS, DecayConfig, Offer
from halfcircle.study.settings.toml_table import Table

__all__ = ["read_measures", "with_longest"]

POPULATION = "population"
PEOPLE = (POPULATION, "residents", "inhabitants", "people", "persons", "workers")
# Keys that say how long a way is looked at.
TIMES = (
    *("interval_min", "bands_min", "within_min", "norm_min", "max_min", "limit_min"),
    "each_min",
)
# How far a smooth decay is followed, as for reach.
DECAY_MIN = 120.0
# Kinds that take the values of another measure, or of reach.
FROM_TABLE = ("equity", "rank-correlation")
NOT_OF_ZONES = (*FROM_TABLE, "city-pairs", "closures")


def read_measures(
    top: Table,
    zones: ZonesConfig,
    reach: ReachConfig | None,
    opportunities: Sequence[OpportunityConfig],
) -> tuple[MeasureConfig, ...]:
    """Measures of a study file; what is wrong goes to the faults of the table."""
    tables = top.tables("measures")
    if not tables:
        return ()
    if reach is None:
        tables[0].fault("", "needs the table [reach]")
        for table in tables:
            table.asked.update(table.values)
        return ()
    names = tuple(config.name for config in opportunities)
    if zones.population is not None and POPULATION not in names:
        names = (*names, POPULATION)
    people = next((name for name in PEOPLE if name in names), "")
    offer = Offer(reach, names, people, zones.path is not None)
    found = [_measure(table, offer) for table in tables]
    for table, config in zip(tables, found, strict=True):
        if config is not None:
            _check_name(table, config, [one.name for one in found if one is not None])
            _check_of(table, config, [one for one in found if one is not None])
    return tuple(config for config in found if config is not None)


def _measure(table: Table, offer: Offer) -> MeasureConfig | None:
    kind = table.text("kind", required=True, choices=tuple(KINDS))
    if kind is None:
        # Without a kind nobody knows which keys are right.
        table.asked.update(table.values)
        return None
    name = table.text("name", kind) or kind
    if ": " in name:
        # Between a name and what of it is meant, where a measure tells several things.
        table.fault("name", "must not hold a colon with a space behind", name)
    values: dict[str, Any] = {key: read(table, key, offer) for key, read in KINDS[kind].items()}
    _check(table, kind, values)
    if kind == "mode-gap":
        for key in ("slow", "fast"):
            _usual_mode(table, key, values[key], offer)
    table.finish()
    return MeasureConfig(kind, name, table.where(""), values)


def _check(table: Table, kind: str, values: dict[str, Any]) -> None:
    """What two keys say together."""
    if kind == "interval" and values["step_min"] is not None:
        first, last = values["interval_min"]
        if values["step_min"] > last - first:
            table.fault("step_min", "is longer than the interval", values["step_min"])
    if kind == "mode-gap":
        if values["slow"] == values["fast"]:
            table.fault("fast", "is the same mode as slow", values["fast"])
        rules = [key for key in ("line_share", "ratio_below") if values[key] is not None]
        for key in rules:
            if not values["at_risk"]:
                remedy = "at_risk = the opportunity that counts people without a car"
                table.fault(key, "needs at_risk: who is at risk?", remedy=remedy)
        if values["at_risk"] and not rules:
            values["line_share"] = 0.5


def _usual_mode(table: Table, key: str, mode: str, offer: Offer) -> None:
    if not table.has(key) and mode not in offer.reach.modes:
        table.fault(key, f"is required: {mode!r} is not among the modes of [reach]")


def _check_name(table: Table, config: MeasureConfig, names: list[str]) -> None:
    if names.count(config.name) > 1:
        table.fault("name", "another measure has this name", config.name, 'name = "…"')


def _check_of(table: Table, config: MeasureConfig, found: list[MeasureConfig]) -> None:
    name = config.values.get("of")
    if name is None:
        return
    known = {one.name: one for one in found if one.kind not in NOT_OF_ZONES}
    if name not in known:
        table.fault("of", "is no measure of zones in this study", name, nearest(name, known))
        return
    for key in ("modes", "opportunities", "bands_min"):
        if not table.has(key):
            # All of the other measure, which may have other ones.
            config.values[key] = ()


def with_longest(reach: ReachConfig, measures: Sequence[MeasureConfig]) -> ReachConfig:
    """Reach that looks as far as any measure asks for."""
    longest = max(reach.bands_min)
    if reach.limit_min is not None:
        longest = max(longest, reach.limit_min)
    elif reach.decay is not None:
        longest = max(longest, DECAY_MIN)
    asked = [longest]
    for config in measures:
        for key in TIMES:
            asked += _minutes(config.values.get(key))
        decay = config.values.get("decay")
        if isinstance(decay, DecayConfig):
            step = decay.parameters.get("cutoff_min") if decay.form == "step" else None
            end = step or max(decay.ends_min, default=DECAY_MIN)
            asked.append(end if reach.limit_min is None or step else min(end, longest))
    return reach if max(asked) == longest else replace(reach, limit_min=max(asked))


def _minutes(value: Any) -> list[float]:
    if isinstance(value, dict):
        return [float(one) for one in value.values()]
    if isinstance(value, tuple):
        return [float(one) for one in value]
    return [] if value is None else [float(value)]
