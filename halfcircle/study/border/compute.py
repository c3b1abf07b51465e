"""What is told about the border once all zones are computed: people, regions, direction, causes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.errors import Fault, InputError
from halfcircle.places import Zones
from halfcircle.regions.border import (
    border_agglomeration,
    comparability,
    half_circle,
    land_shares,
    sensitivity_rules,
    summarise_loss,
)
from halfcircle.regions.border_result import BorderLoss
from halfcircle.study.blocks.store import BlockStore
from halfcircle.study.border.causes import Causes, compute_causes
from halfcircle.study.border.potential import compute_potential
from halfcircle.study.inputs.border import BorderInputs, opportunity_sources
from halfcircle.study.inputs.people import people_of
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.build import Modes
from halfcircle.study.progress import Progress
from halfcircle.study.reach.border_blocks import HARD_CLOSED, loss_of_tables
from halfcircle.study.reach.compute import study_decay
from halfcircle.study.settings.config import Study

__all__ = ["BorderTables", "compute_border"]

Floats = npt.NDArray[np.float64]

FOREIGN_CHANGE = 0.1


@dataclass(frozen=True, eq=False)
class BorderTables:
    """Further tables about the border, each as `halfcircle.outputs.TABLES` describes it.

    Parameters
    ----------
    summary, sensitivity, direction, causes, pairs, potential, wages, land, sources : DataFrame
        None where the study does not ask for it.
    notices : tuple of Fault
    """

    summary: pd.DataFrame | None = None
    sensitivity: pd.DataFrame | None = None
    direction: pd.DataFrame | None = None
    causes: pd.DataFrame | None = None
    pairs: pd.DataFrame | None = None
    potential: pd.DataFrame | None = None
    wages: pd.DataFrame | None = None
    land: pd.DataFrame | None = None
    sources: pd.DataFrame | None = None
    notices: tuple[Fault, ...] = ()

    def by_name(self) -> dict[str, pd.DataFrame | None]:
        """Tables under the names of their files, as `RunResult` takes them."""
        return {
            "border_summary": self.summary,
            "border_sensitivity": self.sensitivity,
            "half_circle": self.direction,
            "border_causes": self.causes,
            "border_pairs": self.pairs,
            "border_potential": self.potential,
            "border_wages": self.wages,
            "border_land": self.land,
            "border_sources": self.sources,
        }


def compute_border(
    study: Study,
    inputs: Inputs,
    further: BorderInputs,
    modes: Modes,
    border: pd.DataFrame | None,
    sectors: pd.DataFrame | None,
    store: BlockStore,
    *,
    progress: Progress,
) -> BorderTables:
    """Everything about the border that takes all zones together.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    further : BorderInputs
        Land, regions and realised commuters.
    modes : Modes
        Of the baseline; searched again for causes and potential only.
    border, sectors : DataFrame, optional
        Of the baseline and all scenarios, with the columns of `block_table`.
    store : BlockStore
    progress : Progress

    Returns
    -------
    BorderTables
    """
    config, reach = study.border, study.reach
    if config is None or reach is None or border is None or not len(border):
        return BorderTables()
    zones = inputs.zones
    people = people_of(zones, inputs.opportunities, inputs.population)
    found: dict[str, list[pd.DataFrame]] = {"summary": [], "sensitivity": [], "direction": [],
                                            "wages": []}  # fmt: skip
    with progress.stage("border summed up"):
        for loss, scenario, closed in _losses(study, zones, border, sectors):
            areas = list(_areas(loss, zones, further, people))
            summary = _summary(loss, areas, scenario)
            if closed:
                found["summary"].append(summary.assign(measure=summary["measure"] + HARD_CLOSED))
                continue
            found["summary"].append(summary)
            if config.sensitivity:
                found["sensitivity"].append(_sensitivity(loss, areas, scenario))
            if loss.vectors is not None:
                found["direction"].append(half_circle(loss).table(scenario=scenario))
            if config.wages and loss.measures.decays:
                found["wages"].append(_wages(loss, areas, scenario, config.opportunities[0]))
    causes = Causes(None, None)
    if config.causes:
        causes = compute_causes(study, inputs, modes, people, store, progress=progress)
    potential: pd.DataFrame | None = None
    potential_notices: tuple[Fault, ...] = ()
    if config.realised is not None:
        with progress.stage("potential commuters"):
            potential, potential_notices = compute_potential(study, inputs, further, modes)
    land = None
    if further.land is not None:
        with progress.stage("land around zones"):
            land = land_shares(zones.places, further.land, zones.crs).table()
    sources, source_notices = _sources(study, zones)
    joined = {name: pd.concat(parts, ignore_index=True) for name, parts in found.items() if parts}
    return BorderTables(
        summary=joined.get("summary"),
        sensitivity=joined.get("sensitivity"),
        direction=joined.get("direction"),
        causes=causes.table,
        pairs=causes.pairs,
        potential=potential,
        wages=joined.get("wages"),
        land=land,
        sources=sources,
        notices=(*further.notices, *causes.notices, *potential_notices, *source_notices),
    )


def _losses(
    study: Study, zones: Zones, border: pd.DataFrame, sectors: pd.DataFrame | None
) -> Iterator[tuple[BorderLoss, str, bool]]:
    """Loss by scenario and mode, the scenario, and whether it is the hard-closed one."""
    config, reach = study.border, study.reach
    if config is None or reach is None:
        return
    variants = sensitivity_rules() if config.sensitivity or config.wages else ()
    hard = border["measure"].str.endswith(HARD_CLOSED)
    for (scenario, mode), part in border.groupby(["scenario", "mode"], sort=False, observed=True):
        decay = study_decay(reach, str(mode))
        around = None
        if sectors is not None:
            around = sectors[(sectors["scenario"] == scenario) & (sectors["mode"] == mode)]
        shut = hard[part.index]
        yield (
            loss_of_tables(part[~shut], around, zones, decay=decay, variants=variants),
            str(scenario),
            False,
        )
        if shut.any():
            yield loss_of_tables(part[shut], None, zones, decay=decay), str(scenario), True


def _areas(
    loss: BorderLoss, zones: Zones, further: BorderInputs, people: Floats
) -> Iterator[tuple[str, list[str], Floats]]:
    """Kind of area, area of each origin, people of each origin."""
    row = pd.Index(zones.zone_id).get_indexer(pd.Index(loss.origins.place_id))
    yield "all", ["all"] * len(loss), people[row]
    country = zones.places.country
    if country is not None:
        yield "country", [str(code) for code in country[row]], people[row]
    if further.region is not None:
        yield "region", [str(name) for name in further.region[row]], people[row]


def _summary(
    loss: BorderLoss, areas: Sequence[tuple[str, list[str], Floats]], scenario: str
) -> pd.DataFrame:
    frames = []
    for kind, names, people in areas:
        table = summarise_loss(loss, names, people, scenario=scenario)
        table.insert(0, "area", kind)
        frames.append(table)
    table = pd.concat(frames, ignore_index=True)
    home = table["reach_domestic"]
    foreign = table["reach_open"] - home
    # Ratios of sums again: exact, since the means share their denominator.
    for name, change in (("fewer", -FOREIGN_CHANGE), ("more", FOREIGN_CHANGE)):
        reach = home + (1.0 + change) * foreign
        table[f"loss_foreign_{name}"] = (1.0 - home / reach.where(reach > 0)).clip(lower=0.0)
    return table


def _sensitivity(
    loss: BorderLoss, areas: Sequence[tuple[str, list[str], Floats]], scenario: str
) -> pd.DataFrame:
    """Effective reach and recoverable share of areas under every set of rules."""
    known = np.isfinite(loss.loss)
    variants = loss.rule_sets[1:]
    frames = []
    for kind, names, people in areas:
        area, row = np.unique(np.array(names, dtype=object).astype(str), return_inverse=True)
        for m, measure in enumerate(loss.measures.names):
            for k, (opportunity, group) in enumerate(loss.columns):
                weight = np.where(known[:, m, k] & np.isfinite(people), people, 0.0)
                whole = np.bincount(row, weight, len(area))
                # Open reach, the rules of the study, then the variants: means over people.
                reach = np.column_stack([loss.open_reach[:, m, k], loss.effective[:, :, m, k]])
                sums = np.column_stack(
                    [
                        np.bincount(row, weight * np.where(weight > 0.0, column, 0.0), len(area))
                        for column in reach.T
                    ]
                )
                with np.errstate(divide="ignore", invalid="ignore"):
                    mean = np.where(whole[:, None] > 0.0, sums / whole[:, None], np.nan)
                    lost = mean[:, :1] - mean[:, 1:2]
                    some = lost > 1e-9 * mean[:, :1]
                    won = np.where(some, (mean[:, 2:] - mean[:, 1:2]) / lost, np.nan)
                    taken = np.where(mean[:, :1] > 0.0, 1.0 - mean[:, 2:] / mean[:, :1], np.nan)
                frames.append(
                    pd.DataFrame(
                        {
                            "area": kind,
                            "region": np.repeat(area.astype(object), len(variants)),
                            "scenario": scenario,
                            "mode": loss.mode,
                            "opportunity": opportunity,
                            "group": group,
                            "band_min": loss.measures.band_min[m],
                            "measure": measure,
                            "variant": [rules.name for rules in variants] * len(area),
                            "penalty_min": [r.rules[0].penalty_s / 60.0 for r in variants]
                            * len(area),
                            "factor": [r.rules[0].factor for r in variants] * len(area),
                            "reach_effective": mean[:, 2:].ravel(),
                            "loss_effective": taken.ravel(),
                            "recoverable": won.ravel(),
                        }
                    )
                )
    table = pd.concat(frames, ignore_index=True)
    return table[table["region"] != ""].reset_index(drop=True)


def _wages(
    loss: BorderLoss,
    areas: Sequence[tuple[str, list[str], Floats]],
    scenario: str,
    opportunity: str,
) -> pd.DataFrame:
    # The rules of the study stand first; draws are over the variants behind them.
    frames = []
    for kind, names, people in areas:
        for name, group in loss.columns:
            if name == opportunity:
                table = border_agglomeration(
                    loss, names, people, opportunity=opportunity, group=group
                )
                frames.append(
                    table.assign(
                        area=kind, scenario=scenario, mode=loss.mode, opportunity=opportunity,
                        group=group,
                    )
                )  # fmt: skip
    return pd.concat(frames, ignore_index=True)


def _sources(study: Study, zones: Zones) -> tuple[pd.DataFrame | None, tuple[Fault, ...]]:
    """What each country counted, and where that cannot be compared."""
    country = zones.places.country
    sides = [] if country is None else sorted(set(country) - {""})
    stated, silent = opportunity_sources(study, sides)
    notices: list[Fault] = []
    if silent:
        notices.append(
            Fault(
                "[[opportunities]] concept",
                "what is counted is not stated: countries may count differently",
                tuple(silent),
                'add concept = "…", or sources_by_country',
                count=len(silent),
                severity="notice",
            )
        )
    if not stated:
        return None, tuple(notices)
    try:
        table, found = comparability(stated, sides)
    except InputError as error:
        return None, (*notices, *error.faults)
    yes_no = {True: "yes", False: "no"}
    for name in ("estimated", "same_unit"):
        table[name] = table[name].map(yes_no)
    return table, (*notices, *found)
