"""Scenarios of a study: each computed on the inputs and draws of the baseline.

Only what the edits of a scenario can touch is computed again: modes that they cannot touch, and
origins that a changed timetable cannot touch, keep the results of the baseline. The result is that
of a full run, to the byte.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.errors import Fault
from halfcircle.study.blocks.store import BlockStore
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.build import Modes, build_modes, limit_s
from halfcircle.study.modes.links import vehicle_limits
from halfcircle.study.progress import Progress
from halfcircle.study.reach.compute import ReachTables, compute_reach
from halfcircle.study.scenarios.affected import touched_origins
from halfcircle.study.scenarios.apply import Variant, apply_edits, dated
from halfcircle.study.scenarios.hubs import same_times
from halfcircle.study.scenarios.joined import Joiner
from halfcircle.study.settings.config import ReachConfig, Study
from halfcircle.study.settings.edits import Edit, ScenarioConfig
from halfcircle.study.settings.mode_names import (
    STREET_MODES,
    TRANSIT_MODES,
    access_way,
    bikes_at_the_end,
    chain_needs,
)

__all__ = [
    "Baseline",
    "Computed",
    "compute_applied",
    "compute_variant",
    "relocated_from",
    "touched_modes",
    "variant_modes",
]


@dataclass(frozen=True, eq=False)
class Baseline:
    """What scenarios are compared with, and computed from."""

    study: Study
    inputs: Inputs
    modes: Modes
    tables: ReachTables


@dataclass(frozen=True, eq=False)
class Computed:
    """A scenario, computed.

    Parameters
    ----------
    variant : Variant
    modes : Modes
        Travel times of every mode, those of the baseline where nothing changed.
    reach, unreached : DataFrame
    border, sectors : DataFrame, optional
        With the columns of the baseline's tables, and the name of the scenario.
    computed : dict of str to int
        Origins that were computed, by mode.
    notices : tuple of Fault
    draws : DataFrame, optional
        Reach of every draw of headway services.
    winning_mode : DataFrame, optional
        Shares of the modes of best-of sets.
    residents_factor, jobs_factor : array of float64, shape (n_zones,), optional
        People and jobs relative to the baseline, where they have moved.
    """

    variant: Variant
    modes: Modes
    reach: pd.DataFrame
    unreached: pd.DataFrame
    border: pd.DataFrame | None
    sectors: pd.DataFrame | None
    computed: dict[str, int] = field(default_factory=dict)
    notices: tuple[Fault, ...] = ()
    draws: pd.DataFrame | None = None
    winning_mode: pd.DataFrame | None = None
    residents_factor: npt.NDArray[np.float64] | None = None
    jobs_factor: npt.NDArray[np.float64] | None = None

    @property
    def name(self) -> str:
        """Name of the scenario."""
        return self.variant.name


def touched_modes(base: Baseline, variant: Variant) -> tuple[set[str], set[str]]:
    """Modes whose travel times an applied scenario can change, and whose results.

    Parameters
    ----------
    base : Baseline
    variant : Variant

    Returns
    -------
    rebuilt : set of str
        Other travel times.
    counted : set of str
        Other opportunities, bands or border: the same times, counted again.
    """
    one, other = base.study.reach, variant.study.reach
    if one is None or other is None:
        return set(), set()
    modes = set(one.modes)
    chains = modes & set(TRANSIT_MODES)
    routed = modes & {*STREET_MODES, *TRANSIT_MODES}
    rebuilt: set[str] = set()
    if variant.inputs.ways is not base.inputs.ways:
        rebuilt |= routed
    if variant.inputs.congestion:
        rebuilt |= {mode for mode in routed if "car" in _needs(mode)}
    if any(a is not b for a, b in zip(base.inputs.feeds, variant.inputs.feeds, strict=True)):
        rebuilt |= chains
    if dated(base.study, base.modes.service_date).transit != variant.study.transit:
        rebuilt |= chains
    if not same_times(variant.inputs.parking, base.inputs.parking):
        rebuilt |= {mode for mode in chains if access_way(mode) == "car"}
    if variant.study.shared_bikes != base.study.shared_bikes or not same_times(
        variant.inputs.rental, base.inputs.rental
    ):
        rebuilt |= {mode for mode in chains if bikes_at_the_end(mode)}
    rebuilt |= _by_behaviour(one, other) & modes
    rebuilt |= {name for name, members in one.best_of.items() if rebuilt & set(members)}
    counted: set[str] = set()
    if variant.inputs.opportunities is not base.inputs.opportunities and any(
        a is not b
        for a, b in zip(base.inputs.opportunities, variant.inputs.opportunities, strict=True)
    ):
        counted |= modes
    if variant.study.border != base.study.border:
        counted |= set(variant.study.border.modes if variant.study.border else ())
    if one.decay != other.decay:
        counted |= modes
    return rebuilt, counted - rebuilt


def _needs(mode: str) -> frozenset[str]:
    """Street modes whose speeds and limits a routed mode depends on."""
    return chain_needs(mode) if mode in TRANSIT_MODES else frozenset({mode})


def _by_behaviour(one: ReachConfig, other: ReachConfig) -> set[str]:
    if limit_s(one) != limit_s(other) or one.time_factor != other.time_factor:
        return set(one.modes)
    chains = set(TRANSIT_MODES)
    speeds = {way for way in one.speeds_kmh if one.speeds_kmh[way] != other.speeds_kmh[way]}
    if "walk" in speeds:
        return {*STREET_MODES, *TRANSIT_MODES}  # every way to the street is walked
    if "bike" in speeds:
        speeds.add("shared")
    rebuilt = {mode for mode in (*STREET_MODES, *TRANSIT_MODES) if speeds & _needs(mode)}
    limits = {
        way for way in one.access_max_min if one.access_max_min[way] != other.access_max_min[way]
    }
    rebuilt |= {mode for mode in chains if limits & chain_needs(mode)}
    if one.max_rides != other.max_rides:
        rebuilt |= chains
    return rebuilt


def compute_variant(
    base: Baseline,
    config: ScenarioConfig,
    edits: tuple[Edit, ...],
    store: BlockStore,
    *,
    part: str,
    workers: int,
    progress: Progress,
) -> Computed:
    """Compute a scenario, as far as its edits can touch the results.

    Parameters
    ----------
    base : Baseline
    config : ScenarioConfig
    edits : tuple of Edit
        All of the scenario, or some of them.
    store : BlockStore
    part : str
        Tells its blocks from those of others.
    workers : int
    progress : Progress

    Returns
    -------
    Computed

    Raises
    ------
    ScenarioError
        Everything that is wrong with the edits, at once.
    """
    variant = apply_edits(
        base.study, base.inputs, config.name, edits, service_date=base.modes.service_date
    )
    return compute_applied(base, variant, store, part=part, workers=workers, progress=progress)


def compute_applied(
    base: Baseline,
    variant: Variant,
    store: BlockStore,
    *,
    part: str,
    workers: int,
    progress: Progress,
) -> Computed:
    """Compute a scenario whose edits are made; see `compute_variant`."""
    rebuilt, counted = touched_modes(base, variant)
    modes, built = variant_modes(base, variant, rebuilt, workers=workers, progress=progress)
    order = () if base.study.reach is None else base.study.reach.modes
    origins = _origins(base, variant, modes, rebuilt, counted)
    todo = Modes(service_date=modes.service_date)
    for mode in order:
        if mode in rebuilt | counted and len(origins.get(mode, (0,))):
            todo.sources[mode], todo.reasons[mode] = modes.sources[mode], modes.reasons[mode]
    tables = compute_reach(
        variant.study, variant.inputs, todo, store, progress=progress, part=part, origins=origins
    )
    joiner = Joiner(variant.name, base.inputs.zones.zone_id, tuple(todo.sources), origins)
    was, reach = base.tables, base.study.reach
    at_border = () if base.study.border is None else base.study.border.modes
    return Computed(
        variant,
        modes,
        joiner.table(was.reach, tables.reach),
        joiner.reasons(was.unreached, tables.unreached),
        joiner.table_if(was.border, tables.border, only=at_border),
        joiner.table_if(was.sectors, tables.sectors, only=at_border),
        {mode: len(origins.get(mode, base.inputs.zones.zone_id)) for mode in todo.sources},
        (*variant.notices, *built.notices, *tables.notices),
        joiner.table_if(was.draws, tables.draws),
        joiner.table_if(
            was.winning_mode,
            tables.winning_mode,
            only=() if reach is None else reach.best_of,
            mode_column="set",
        ),
    )


def variant_modes(
    base: Baseline,
    variant: Variant,
    rebuilt: Collection[str],
    *,
    workers: int,
    progress: Progress,
) -> tuple[Modes, Modes]:
    """Travel times of an applied scenario, those of the baseline where nothing changed.

    Parameters
    ----------
    base : Baseline
        Its tables are not looked at.
    variant : Variant
    rebuilt : collection of str
        Modes with other travel times, from `touched_modes`.
    workers : int
    progress : Progress

    Returns
    -------
    Modes
        Of all modes.
    Modes
        Those that were built.
    """
    reuse = Modes(
        sources=base.modes.sources,
        reasons=base.modes.reasons,
        streets=_streets_to_keep(base, variant),
        timetables=_timetables_to_keep(base, variant),
        service_date=base.modes.service_date,
    )
    built = build_modes(
        variant.study, variant.inputs, workers=workers, progress=progress, only=rebuilt,
        reuse=reuse,
    )  # fmt: skip
    modes = Modes(notices=built.notices, service_date=base.modes.service_date)
    modes.streets.update({**base.modes.streets, **built.streets})
    modes.timetables.update(built.timetables or base.modes.timetables)
    modes.parking = built.parking or base.modes.parking
    order = () if base.study.reach is None else base.study.reach.modes
    for mode in order:
        found = built if mode in rebuilt else base.modes
        modes.sources[mode], modes.reasons[mode] = found.sources[mode], found.reasons[mode]
    return modes, built


def relocated_from(one: Computed) -> Baseline:
    """A computed scenario as that from which a further one is computed."""
    tables = ReachTables(
        one.reach,
        one.unreached,
        one.border,
        one.sectors,
        (),
        draws=one.draws,
        winning_mode=one.winning_mode,
    )
    return Baseline(one.variant.study, one.variant.inputs, one.modes, tables)


def _streets_to_keep(base: Baseline, variant: Variant) -> dict[str, Any]:
    """Street times that need not be built again."""
    one, other = base.study.reach, variant.study.reach
    if one is None or other is None or variant.inputs.ways is not base.inputs.ways:
        return {}
    if limit_s(one) != limit_s(other) or one.speeds_kmh["walk"] != other.speeds_kmh["walk"]:
        return {}
    kept = dict(base.modes.streets)
    for mode in ("bike", "ebike"):
        if one.speeds_kmh[mode] != other.speeds_kmh[mode]:
            kept.pop(mode, None)
    if variant.inputs.congestion:
        kept.pop("car", None)
    return kept


def _timetables_to_keep(base: Baseline, variant: Variant) -> dict[int, Any]:
    """Timetables with footpaths that need not be compiled again."""
    one, other = base.study.reach, variant.study.reach
    if one is None or other is None or variant.inputs.ways is not base.inputs.ways:
        return {}
    if limit_s(one) != limit_s(other) or one.speeds_kmh["walk"] != other.speeds_kmh["walk"]:
        return {}
    if dated(base.study, base.modes.service_date).transit != variant.study.transit:
        return {}
    if any(a is not b for a, b in zip(base.inputs.feeds, variant.inputs.feeds, strict=True)):
        return {}
    if vehicle_limits(base.study).class_of != vehicle_limits(variant.study).class_of:
        return {}
    return base.modes.timetables


def _origins(
    base: Baseline, variant: Variant, modes: Modes, rebuilt: set[str], counted: set[str]
) -> dict[str, npt.NDArray[np.int64]]:
    """By mode, the origins that must be computed; modes of which all must are left out.

    Fewer than all only where nothing changed but the timetable, and places to park or to rent.
    """
    only_feeds = (
        not counted
        and variant.inputs.ways is base.inputs.ways
        and variant.study.reach == base.study.reach
        and variant.study.border == base.study.border
        and variant.study.transit == dated(base.study, base.modes.service_date).transit
        and all(
            a is b
            for a, b in zip(base.inputs.opportunities, variant.inputs.opportunities, strict=True)
        )
    )
    if not only_feeds or base.study.reach is None:
        return {}
    found: dict[str, npt.NDArray[np.int64]] = {}
    for mode in rebuilt & set(TRANSIT_MODES):
        touched = touched_origins(
            base.modes.sources[mode],
            modes.sources[mode],
            base.modes.timetables,
            modes.timetables,
            limit_s=limit_s(base.study.reach),
        )
        if touched is not None:
            found[mode] = np.union1d(touched, _other_reasons(base, modes, mode))
    for name, members in base.study.reach.best_of.items():
        other = rebuilt & set(members)
        if name in rebuilt and other <= found.keys():
            found[name] = np.unique(np.concatenate([found[mode] for mode in other]))
    return found


def _other_reasons(base: Baseline, modes: Modes, mode: str) -> npt.NDArray[np.int64]:
    return np.flatnonzero(base.modes.reasons[mode] != modes.reasons[mode])


def without_scenarios(study: Study) -> Study:
    """The study without its scenarios."""
    return replace(study, scenarios=())
