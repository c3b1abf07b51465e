"""All scenarios of a study: computed one after the other, compared, and written."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle._files import write_text
from halfcircle.access.transit_times import HeadwayDraws, TransitTimes
from halfcircle.errors import Fault, ScenarioError
from halfcircle.gtfs import write_feed
from halfcircle.gtfs.edits_diff import timetable_changes
from halfcircle.gtfs.edits_rows import slug
from halfcircle.outputs import Source
from halfcircle.study.blocks.store import BlockStore
from halfcircle.study.inputs.people import people_of
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.build import Modes
from halfcircle.study.modes.parking_table import parking_table
from halfcircle.study.progress import Progress
from halfcircle.study.reach.compute import ReachTables
from halfcircle.study.scenarios.apply import apply_edits
from halfcircle.study.scenarios.attribution import applicable, attribution_table, mean_over_people
from halfcircle.study.scenarios.city_pairs import city_pairs, zone_of
from halfcircle.study.scenarios.draws import drawn_deltas, with_delta_sd, with_intervals
from halfcircle.study.scenarios.planner import catchment_table, gain_per_km_table
from halfcircle.study.scenarios.relocation import check_relocation, relocate
from halfcircle.study.scenarios.results import connection_table, difference_table, winners_table
from halfcircle.study.scenarios.scenario import (
    Baseline,
    Computed,
    compute_applied,
    compute_variant,
    relocated_from,
)
from halfcircle.study.scenarios.systems import compute_systems
from halfcircle.study.settings.config import Study
from halfcircle.study.settings.edits import ScenarioConfig

__all__ = ["Scenarios", "check_scenarios", "compute_scenarios"]


@dataclass(frozen=True, eq=False)
class Scenarios:
    """What the scenarios of a study add to its results.

    Parameters
    ----------
    reach, unreached, border, sectors : tuple of DataFrame
        One per scenario, with the columns of the baseline's.
    winning_mode, parking : tuple of DataFrame
        One per scenario, where there are sets of modes, and parking places.
    differences : DataFrame, optional
        ``scenarios.parquet``; None where there are no scenarios.
    membership : tuple of DataFrame
        Rows of ``membership.parquet``, one table per scenario.
    regions : dict of str to GeoDataFrame
        Layers of ``regions.gpkg``.
    tables : dict of str to DataFrame
        By path below the output folder, without suffix; written as CSV.
    files : dict of str to callable
        Path below the output folder, and what writes it.
    notices : tuple of Fault
    sources : tuple of Source
        What the edits are based on.
    computed : tuple of Computed
        The scenarios themselves, for what is worked out from their travel times.
    """

    reach: tuple[pd.DataFrame, ...] = ()
    unreached: tuple[pd.DataFrame, ...] = ()
    border: tuple[pd.DataFrame, ...] = ()
    sectors: tuple[pd.DataFrame, ...] = ()
    winning_mode: tuple[pd.DataFrame, ...] = ()
    parking: tuple[pd.DataFrame, ...] = ()
    differences: pd.DataFrame | None = None
    membership: tuple[pd.DataFrame, ...] = ()
    regions: dict[str, Any] = field(default_factory=dict)
    tables: dict[str, pd.DataFrame] = field(default_factory=dict)
    files: dict[str, Callable[[Path], object]] = field(default_factory=dict)
    notices: tuple[Fault, ...] = ()
    sources: tuple[Source, ...] = ()
    computed: tuple[Computed, ...] = ()

    def write(self, folder: Path) -> list[Path]:
        """Write the files of all scenarios; returns their paths."""
        written = []
        for name, writer in self.files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            writer(path)
            written.append(path)
        return written


def check_scenarios(study: Study, inputs: Inputs) -> tuple[Fault, ...]:
    """Find what the edits of all scenarios name, before anything is computed.

    Raises
    ------
    ScenarioError
        Everything that is wrong with the edits of any scenario, at once.
    """
    faults = Faults()
    for config in study.scenarios:
        try:
            faults.extend(apply_edits(study, inputs, config.name, config.edits).notices)
        except ScenarioError as error:
            faults.extend(error.faults)
        for pair in config.pairs:
            for text in pair:
                zone_of(inputs.zones, text, f"scenario {config.name!r} city_pairs", faults)
    check_relocation(study, inputs, faults)
    faults.raise_errors(ScenarioError)
    return faults.warnings


def compute_scenarios(
    study: Study,
    inputs: Inputs,
    modes: Modes,
    tables: ReachTables,
    store: BlockStore,
    *,
    workers: int,
    progress: Progress,
) -> Scenarios:
    """Compute all scenarios of a study.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    modes, tables
        Of the baseline.
    store : BlockStore
    workers : int
    progress : Progress

    Returns
    -------
    Scenarios

    Raises
    ------
    ScenarioError
        Everything that is wrong with the edits of a scenario, at once.
    """
    if not study.scenarios:
        return Scenarios()
    base = Baseline(study, inputs, modes, tables)
    found: list[Computed] = []
    for number, config in enumerate(study.scenarios, start=1):
        with progress.stage(f"scenario {config.name}"):
            found.append(
                compute_variant(
                    base,
                    config,
                    config.edits,
                    store,
                    part=f"s{number:02d}-",
                    workers=workers,
                    progress=progress,
                )
            )
    sheets: dict[str, pd.DataFrame] = {}
    originals = tuple(found)
    for number, (one, config) in enumerate(zip(originals, study.scenarios, strict=True), start=1):
        if config.relocation:
            with progress.stage(f"relocation of {config.name}"):
                changes = difference_table(tables.reach, one.reach, one.name)
                moves = relocate(one.variant, changes, config.relocation)
                again = compute_applied(
                    relocated_from(one), moves.variant, store, part=f"s{number:02d}-moved-",
                    workers=workers, progress=progress,
                )  # fmt: skip
            sheets[f"{folder_of(config.name)}/relocation"] = moves.table
            factors = moves.residents_factor, moves.jobs_factor
            found.append(replace(again, residents_factor=factors[0], jobs_factor=factors[1]))
    drawn = [drawn_deltas(tables.draws, one.draws, one.name) for one in found]
    differences = [
        with_delta_sd(difference_table(tables.reach, one.reach, one.name), deltas)
        for one, deltas in zip(found, drawn, strict=True)
    ]
    table = pd.concat(differences, ignore_index=True)
    files: dict[str, Callable[[Path], object]] = {}
    if len(table):
        parts = (inputs.zones.places.country, inputs.region_type)
        by = [part for part in parts if part is not None]
        people = people_of(inputs.zones, inputs.opportunities, inputs.population)
        winners = winners_table(table, inputs.zones, people, by=by)
        every = [deltas for deltas in drawn if deltas is not None]
        together = pd.concat(every, ignore_index=True) if every else None
        winners = with_intervals(winners, together, inputs.zones, people, by=by)
        sheets["scenarios/winners_and_losers"] = winners
        for one, config in zip(originals, study.scenarios, strict=True):
            own = winners[winners["scenario"] == one.name]
            further, written = _scenario_files(base, one, config, own, people)
            sheets |= further
            files |= written
    notices = [n for one in found for n in one.notices]
    with progress.stage("daily urban systems of scenarios"):
        systems = compute_systems(base, found, workers=workers)
    notices += systems.notices
    if systems.chances is not None:
        sheets["scenarios/one_system"] = systems.chances
    if systems.dial is not None:
        sheets["scenarios/systems_dial"] = systems.dial
    for number, (one, config) in enumerate(zip(originals, study.scenarios, strict=True), start=1):
        if config.attribute and config.edits:
            with progress.stage(f"attribution of {config.name}"):
                attributed = _attribution(
                    base, one, config, store, f"s{number:02d}", workers=workers, progress=progress
                )
            sheets[f"{folder_of(config.name)}/attribution"] = attributed
    return Scenarios(
        reach=tuple(one.reach for one in found),
        unreached=tuple(one.unreached for one in found),
        border=tuple(one.border for one in found if one.border is not None),
        sectors=tuple(one.sectors for one in found if one.sectors is not None),
        winning_mode=tuple(one.winning_mode for one in found if one.winning_mode is not None),
        parking=tuple(_parking(inputs, found)),
        differences=table,
        membership=systems.membership,
        regions=systems.layers,
        tables=sheets,
        files=files,
        notices=tuple(dict.fromkeys(notices)),
        sources=tuple(
            Source(
                role=f"scenario {config.name}",
                name=f"{edit.name}: {edit.source}" if edit.source else edit.name,
                vintage=edit.date,
                text=edit.note,
            )
            for config in study.scenarios
            for edit in config.edits
            if edit.source or edit.date or edit.note
        ),
        computed=originals,
    )


def _parking(inputs: Inputs, found: list[Computed]) -> list[pd.DataFrame]:
    """Use of the parking places in each scenario."""
    people = people_of(inputs.zones, inputs.opportunities, inputs.population)
    tables = [
        parking_table(one.variant.inputs.parking, one.modes, people, one.name)
        for one in found
        if one.variant.inputs.parking is not None
    ]
    return [table for table in tables if table is not None]


def _scenario_files(
    base: Baseline,
    one: Computed,
    config: ScenarioConfig,
    winners: pd.DataFrame,
    people: npt.NDArray[np.float64],
) -> tuple[dict[str, pd.DataFrame], dict[str, Callable[[Path], object]]]:
    """Tables, and files with what writes them: timetables, what changes in them, city pairs."""
    folder = folder_of(config.name)
    sheets: dict[str, pd.DataFrame] = {}
    files: dict[str, Callable[[Path], object]] = {}
    connections = connection_table(base.tables.unreached, one.unreached, base.inputs.zones)
    if len(connections):
        sheets[f"{folder}/connections"] = connections
    changed = False
    for old, new in zip(base.inputs.feeds, one.variant.inputs.feeds, strict=True):
        if new is not old:
            changed = True
            files[f"{folder}/{new.feed_id}.gtfs.zip"] = partial(write_feed, new)
    if changed and 0 in base.modes.timetables:
        before, start, end = base.modes.timetables[0]
        changes = timetable_changes(before, one.modes.timetables[0][0], (start, end))
        files[f"{folder}/timetable_changes.txt"] = partial(write_text, text=changes.text())
        sheets[f"{folder}/timetable_lines"] = changes.lines
        sheets[f"{folder}/timetable_hops"] = changes.hops
        sheets[f"{folder}/gain_per_km"] = gain_per_km_table(winners, changes)
        reach, source = one.variant.study.reach, one.modes.sources.get("transit")
        if isinstance(source, HeadwayDraws):
            source = source.draws[0]
        if reach is not None and isinstance(source, TransitTimes):
            catchments = catchment_table(
                one.modes.timetables[0][0],
                source.search.access,
                changes,
                one.variant.inputs.opportunities,
                people,
                limit_min=reach.access_max_min["walk"],
            )
            sheets[f"{folder}/catchments"] = catchments
    if config.pairs:
        pairs = city_pairs(base.inputs.zones, config.pairs, base.modes, one.modes)
        sheets[f"{folder}/city_pairs"] = pairs
    return sheets, files


def _attribution(
    base: Baseline,
    whole: Computed,
    config: ScenarioConfig,
    store: BlockStore,
    part: str,
    *,
    workers: int,
    progress: Progress,
) -> pd.DataFrame:
    """Shares of the edits of a scenario in the change of mean reach over people."""
    inputs = base.inputs
    people = people_of(inputs.zones, inputs.opportunities, inputs.population)
    n = len(config.edits)

    def works(members: tuple[int, ...]) -> bool:
        try:
            apply_edits(
                base.study, inputs, config.name, tuple(config.edits[i] for i in members),
                service_date=base.modes.service_date,
            )  # fmt: skip
        except ScenarioError:
            return False
        return True

    reaches: dict[tuple[int, ...], pd.DataFrame] = {
        (): base.tables.reach,
        tuple(range(n)): whole.reach,
    }

    def value(coalition: frozenset[int]) -> pd.Series:
        members = tuple(sorted(coalition))
        if members not in reaches:
            members = applicable(members, works)
        if members not in reaches:
            label = "-".join(str(i) for i in members)
            reaches[members] = compute_variant(
                base, config, tuple(config.edits[i] for i in members), store,
                part=f"{part}-e{label}-", workers=workers, progress=progress,
            ).reach  # fmt: skip
        table = difference_table(base.tables.reach, reaches[members], config.name)
        return mean_over_people(table, inputs.zones.zone_id, people)

    table = attribution_table([edit.name for edit in config.edits], value)
    return table.assign(scenario=config.name)[["scenario", *table.columns]]


def folder_of(name: str) -> str:
    """Folder of the files of one scenario."""
    return f"scenarios/{slug(name)}"
