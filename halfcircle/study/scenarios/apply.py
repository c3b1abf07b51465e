"""A scenario applied: study and inputs with its edits, all faults of the edits at once."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import TypeVar, get_args

from halfcircle._checks import Faults, nearest
from halfcircle.access.decay import decay_by_name, pbl_curve
from halfcircle.access.streets.edits import StreetEdit, edit_ways
from halfcircle.errors import Fault, InputError, ScenarioError
from halfcircle.gtfs.edits import edit_feeds
from halfcircle.gtfs.edits_types import TransitEdit
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.scenarios.hubs import apply_hub_edit
from halfcircle.study.scenarios.land_use import apply_land_use
from halfcircle.study.settings.config import BorderConfig, ReachConfig, Study
from halfcircle.study.settings.edits import Behaviour, BorderChange, Edit, LandUseEdit
from halfcircle.study.settings.hub_edits import HubEdit

__all__ = ["Variant", "apply_edits", "dated"]

T = TypeVar("T")


def dated(study: Study, service_date: str) -> Study:
    """The study on the date that the baseline's timetable was found for."""
    if not service_date or study.transit is None:
        return study
    date = dt.date.fromisoformat(service_date)
    return replace(study, transit=replace(study.transit, date=date))


@dataclass(frozen=True, eq=False)
class Variant:
    """Study and inputs of a scenario.

    Parameters
    ----------
    name : str
    study : Study
    inputs : Inputs
    notices : tuple of Fault
    """

    name: str
    study: Study
    inputs: Inputs
    notices: tuple[Fault, ...] = ()


def apply_edits(
    study: Study, inputs: Inputs, name: str, edits: Sequence[Edit], *, service_date: str = ""
) -> Variant:
    """Apply edits to a copy of a study and its inputs.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    name : str
        Of the scenario.
    edits : sequence of Edit
        In their order; kinds that do not touch each other may stand in any.
    service_date : str
        Date of the baseline's timetable, ISO: that of every scenario.

    Returns
    -------
    Variant

    Raises
    ------
    ScenarioError
        Everything that is wrong with the edits, at once.
    """
    faults = Faults()
    transit = [e.change for e in edits if isinstance(e.change, get_args(TransitEdit))]
    streets = [e.change for e in edits if isinstance(e.change, get_args(StreetEdit))]
    study = dated(study, service_date)
    if transit and not inputs.feeds:
        faults.add(f"scenario {name!r}", "edits a timetable, but the study has no [transit]")
    elif transit:
        try:
            edited = edit_feeds(inputs.feeds, transit)
            inputs = replace(inputs, feeds=edited.feeds)
            faults.extend(edited.notices)
        except ScenarioError as error:
            faults.extend(error.faults)
    if streets and inputs.ways is None:
        faults.add(f"scenario {name!r}", "edits streets, but the study has no [streets] with osm")
    elif streets and inputs.ways is not None:
        try:
            edited_ways = edit_ways(inputs.ways, streets)
            inputs = replace(inputs, ways=edited_ways.ways, congestion=edited_ways.congestion)
            faults.extend(edited_ways.notices)
        except ScenarioError as error:
            faults.extend(error.faults)
    border, reach, transit_config = study.border, study.reach, study.transit
    settled: dict[object, str] = {}

    def claim(where: str, label: str, key: object) -> None:
        by = settled.setdefault(key, label)
        if by != label:
            faults.add(where, f"is in conflict with edit {by!r}: both settle {key}")

    for edit in edits:
        change = edit.change
        if isinstance(change, BorderChange):
            if border is None:
                faults.add(change.where, "edits the border, but the study has no [border]")
                continue
            if change.preset is not None:
                claim(change.where, change.label, "the preset of the border")
            for rule in change.penalties:
                pair = f"the penalty from {rule.origin} to {rule.destination}"
                claim(change.where, change.label, pair)
            after = _border(border, change, inputs, faults)
            _changed(border, after, change, faults)
            border = after
        elif isinstance(change, Behaviour):
            if reach is None:
                faults.add(change.where, "edits behaviour, but the study has no [reach]")
                continue
            for key in _settings(change):
                claim(change.where, change.label, key)
            now = _reach(reach, change, faults)
            after_transit = transit_config
            if after_transit is not None:
                after_transit = replace(
                    after_transit,
                    board_slack_s=_or(change.board_slack_s, after_transit.board_slack_s),
                    transfer_max_min=_or(change.transfer_max_min, after_transit.transfer_max_min),
                )
            _changed((reach, transit_config), (now, after_transit), change, faults)
            reach, transit_config = now, after_transit
        elif isinstance(change, HubEdit):
            study, inputs = apply_hub_edit(study, inputs, change, claim, faults)
        elif isinstance(change, get_args(LandUseEdit)):
            inputs = apply_land_use(inputs, change, faults)
    faults.raise_errors(ScenarioError, f"scenario {name!r}:")
    study = replace(study, border=border, reach=reach, transit=transit_config)
    return Variant(name, study, inputs, faults.warnings)


def _or(value: T | None, default: T) -> T:
    return default if value is None else value


def _changed(
    before: object, after: object, change: Behaviour | BorderChange, faults: Faults
) -> None:
    if before == after and not faults.errors:
        faults.add(change.where, "the edit changes nothing", values=[change.label])


def _border(
    border: BorderConfig, change: BorderChange, inputs: Inputs, faults: Faults
) -> BorderConfig:
    country = inputs.zones.places.country
    known = sorted(set(country)) if country is not None else []
    for rule in change.penalties:
        for side in (rule.origin, rule.destination):
            if side not in known:
                faults.add(f"{change.where} penalties", "no zone is in this country",
                           values=[side], remedy=nearest(side, known))  # fmt: skip
    kept = border.penalties
    if change.preset is not None:
        kept, border = (), replace(border, preset=change.preset)
    stated = {(rule.origin, rule.destination) for rule in change.penalties}
    kept = tuple(
        replace(rule, minutes=rule.minutes * change.minutes_factor)
        for rule in kept
        if (rule.origin, rule.destination) not in stated
    )
    return replace(border, penalties=(*kept, *change.penalties))


def _settings(change: Behaviour) -> list[str]:
    keys = [f"the speed of {mode}" for mode in change.speeds_kmh]
    keys += [f"the longest way by {mode}" for mode in change.access_max_min]
    for name in ("decay", "max_rides", "board_slack_s", "transfer_max_min"):
        if getattr(change, name) is not None:
            keys.append(name)
    return keys


def _reach(reach: ReachConfig, change: Behaviour, faults: Faults) -> ReachConfig:
    if change.decay is not None:
        for mode in reach.modes:
            if change.decay == "pbl" and pbl_curve(mode) is None:
                continue  # such modes have no decay, as in the baseline
            try:
                decay_by_name(change.decay, mode)
            except InputError as error:
                faults.add(f"{change.where} decay", str(error))
                break
    return replace(
        reach,
        time_factor=reach.time_factor * change.time_factor,
        speeds_kmh={**reach.speeds_kmh, **change.speeds_kmh},
        access_max_min={**reach.access_max_min, **change.access_max_min},
        decay=change.decay or reach.decay,
        max_rides=change.max_rides or reach.max_rides,
    )
