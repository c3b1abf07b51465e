"""A run, straight down: read, prepare, compute block by block, write."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd

from halfcircle._version import __version__
from halfcircle.errors import OutputError
from halfcircle.outputs import RunResult, Settings, write_outputs
from halfcircle.outputs.manifest import write_manifest
from halfcircle.outputs.sheets import CsvStyle
from halfcircle.study.blocks.store import BlockStore, Here, Runner, run_key
from halfcircle.study.border.compute import compute_border
from halfcircle.study.inputs.border import read_border_inputs
from halfcircle.study.inputs.border_skills import study_skills
from halfcircle.study.inputs.maps import check_map_inputs
from halfcircle.study.inputs.people import people_of
from halfcircle.study.inputs.read import Inputs, read_inputs
from halfcircle.study.inputs.zone_columns import read_areas
from halfcircle.study.isochrones import compute_isochrones
from halfcircle.study.measures.compute import compute_measures
from halfcircle.study.measures.inputs import read_measure_columns
from halfcircle.study.modes.build import Modes, build_modes
from halfcircle.study.modes.chain_settings import chain_settings, used
from halfcircle.study.modes.engine import check_engine, engine_name
from halfcircle.study.modes.parking_table import parking_table
from halfcircle.study.progress import Progress
from halfcircle.study.reach.border_rules import check_border_rules
from halfcircle.study.reach.compute import compute_reach
from halfcircle.study.regions.compute import compute_regions
from halfcircle.study.scenarios.run import Scenarios, check_scenarios, compute_scenarios
from halfcircle.study.settings.config import Study
from halfcircle.study.settings.study_file import read_study

__all__ = ["Computed", "compute_study", "run_study", "study_key", "study_result"]

R5_RULES = "r5: 60 s slack, transfers up to 1 km, position ceil(p n / 100) - 1, whole minutes"
UNLISTED = ("manifest.json", "timings.json")


@dataclass(frozen=True, eq=False)
class Computed:
    """What a run has computed, before anything of it is written.

    Parameters
    ----------
    result : RunResult
    store : BlockStore
        Finished blocks, to be closed once the results are written.
    scenarios : Scenarios
        What they leave behind beside the tables.
    """

    result: RunResult
    store: BlockStore
    scenarios: Scenarios

    def write(
        self,
        folder: Path,
        *,
        language: str = "en",
        csv: CsvStyle = "point",
        claims: bool = False,
    ) -> list[Path]:
        """Write everything into `folder`; returns the files."""
        written = write_outputs(self.result, folder, language=language, csv=csv, claims=claims)
        further = self.scenarios.write(folder)
        if further:
            written = [*further, *written]
            write_manifest(
                self.result,
                folder / "manifest.json",
                outputs=[path for path in written if path.name not in UNLISTED],
            )
        return written


def study_result(
    path: Path,
    *,
    workers: int | None = None,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> RunResult:
    """Run a study and keep the results in memory: for notebooks and scripts.

    Parameters and faults are those of `run_study`; nothing is written.
    """
    with TemporaryDirectory() as folder:
        progress = progress or Progress(quiet=True)
        study = read_study(path)
        with _runner(scheduler, progress) as runner:
            return compute_study(
                study, Path(folder), workers=workers, runner=runner, progress=progress
            ).result


def run_study(
    path: Path,
    *,
    out: Path | None = None,
    workers: int | None = None,
    resume: bool = True,
    scheduler: str | None = None,
    progress: Progress | None = None,
) -> list[Path]:
    """Run a study and write everything that it leaves behind.

    Parameters
    ----------
    path : Path
        Study file.
    out : Path, optional
        Output folder; as in the study file when left out.
    workers : int, optional
        Threads; all processors when left out. Results do not depend on it.
    resume : bool
        Go on where an earlier run of the same study and inputs was stopped.
    scheduler : str, optional
        Address of a Dask scheduler, whose workers compute the blocks of origins.
    progress : Progress, optional
        Where to report; silent when left out.

    Returns
    -------
    list of Path
        Files written.

    Raises
    ------
    InputError
        Everything that is wrong with the study or its inputs, at once.
    OutputError
        The output folder cannot be written.
    ClusterError, MissingExtraError
        The cluster cannot be used.
    """
    progress = progress or Progress(quiet=True)
    study = read_study(path)
    folder = out if out is not None else study.out
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file, expected a folder for the results")
    with _runner(scheduler, progress) as runner:
        computed = compute_study(
            study, folder, workers=workers, resume=resume, runner=runner, progress=progress
        )
    with progress.stage("results written"):
        written = computed.write(
            folder, language=study.language, csv=study.csv, claims=study.claims
        )
    computed.store.close()
    return written


def study_key(study: Study, inputs: Inputs) -> str:
    """Key of a study: a hash of its file, its inputs and the program that computes it."""
    hashes = [(s.role, s.path, s.sha256) for s in inputs.sources]
    return run_key([__version__, study.sha256, hashes, engine_name(study)])


def _runner(scheduler: str | None, progress: Progress) -> AbstractContextManager[Runner]:
    """What computes blocks; Dask takes a while to import, so only who wants it waits for it."""
    if scheduler is None:
        return nullcontext(Here())
    from halfcircle.study.blocks.cluster import connected

    return connected(scheduler, progress)


def compute_study(
    study: Study,
    folder: Path,
    *,
    workers: int | None = None,
    resume: bool = True,
    runner: Runner | None = None,
    progress: Progress,
) -> Computed:
    """Read, prepare and compute; see `run_study`."""
    workers = workers or os.cpu_count() or 1
    inputs = read_inputs(study, progress)
    border_inputs = read_border_inputs(study, inputs.zones)
    measure_columns = read_measure_columns(study, inputs)
    areas = read_areas(study, inputs.zones)
    looks = check_map_inputs(study, inputs.zones)
    engine_notices = check_engine(study, inputs).warnings
    engine = engine_name(study)
    key = study_key(study, inputs)
    check_border_rules(study, inputs)
    inputs = replace(inputs, skills=study_skills(study, inputs, border_inputs))
    with progress.stage("edits checked"):
        check_scenarios(study, inputs)
    store = BlockStore(folder, key, resume=resume, runner=runner)
    modes = build_modes(study, inputs, workers=workers, progress=progress)
    tables = compute_reach(study, inputs, modes, store, progress=progress)
    scenarios = compute_scenarios(
        study, inputs, modes, tables, store, workers=workers, progress=progress
    )
    reached = compute_isochrones(study, inputs, modes)
    with progress.stage("daily urban systems"):
        regions = compute_regions(study, inputs, modes, workers=workers)
    border = None if tables.border is None else _stacked(tables.border, scenarios.border)
    sectors = None if tables.sectors is None else _stacked(tables.sectors, scenarios.sectors)
    about_border = compute_border(
        study, inputs, border_inputs, modes, border, sectors, store, progress=progress
    )
    measures = compute_measures(
        study,
        inputs,
        measure_columns,
        modes,
        tables.reach,
        scenarios.computed,
        store,
        progress=progress,
    )
    opportunities = inputs.opportunities
    if inputs.population is not None:
        opportunities = (*opportunities, inputs.population)

    further = {**regions.further, **scenarios.tables}
    if inputs.parking is not None:
        people = people_of(inputs.zones, inputs.opportunities, inputs.population)
        parking = parking_table(inputs.parking, modes, people, "baseline")
        if parking is not None:
            further["park_and_ride"] = _stacked(parking, scenarios.parking)
    if modes.joined:
        columns = ["kind", "first", "second", "reason"]
        further["joined"] = pd.DataFrame(modes.joined, columns=columns)
    result = RunResult(
        name=study.name,
        zones=inputs.zones,
        opportunities=opportunities,
        reach=_stacked(tables.reach, scenarios.reach),
        unreached=_stacked(tables.unreached, scenarios.unreached),
        border=border,
        sectors=sectors,
        winning_mode=(
            None
            if tables.winning_mode is None
            else _stacked(tables.winning_mode, scenarios.winning_mode)
        ),
        scenarios=scenarios.differences,
        membership=(
            None
            if regions.membership is None
            else _stacked(regions.membership, scenarios.membership)
        ),
        regions={**regions.layers, **scenarios.regions},
        further=further,
        settings=_settings(study, modes, engine),
        weight=None if inputs.population is None else inputs.population.name,
        isochrones=reached.places,
        matrices={mode: modes.sources[mode] for mode in study.outputs.travel_times},
        looks=looks,
        sources=(*inputs.sources, *scenarios.sources),
        notices=(
            *study.notices,
            *inputs.notices,
            *engine_notices,
            *modes.notices,
            *tables.notices,
            *(() if inputs.skills is None else inputs.skills.notices),
            *reached.notices,
            *regions.notices,
            *scenarios.notices,
            *about_border.notices,
            *measures.notices,
        ),
        timings_s=dict(progress.timings_s),
        study_hash=key,
        **about_border.by_name(),
        **measures.by_name(),
        areas=areas,
    )
    return Computed(result, store, scenarios)


def _stacked(baseline: pd.DataFrame, variants: Sequence[pd.DataFrame]) -> pd.DataFrame:
    return pd.concat([baseline, *variants], ignore_index=True) if variants else baseline


def _settings(study: Study, modes: Modes, engine: str) -> Settings:
    reach, transit = study.reach, study.transit
    further = {} if reach is None else chain_settings(study, reach)
    if reach is not None and reach.decay is not None:
        further["decay"] = reach.decay
    if transit is not None and transit.rules == "r5":
        further["rules"] = R5_RULES
    if reach is not None and "crow_fly" in reach.modes:
        further["crow_fly"] = f"{reach.crow_fly_kmh:g} km/h, detour {reach.crow_fly_detour:g}"
    window = None
    if transit is not None:
        start, end = (f"{s // 3600:02d}:{s % 3600 // 60:02d}" for s in transit.window_s)
        window = (start, end)
    return Settings(
        modes=() if reach is None else reach.modes,
        bands_min=() if reach is None else reach.bands_min,
        percentiles=() if reach is None else reach.percentiles,
        date=modes.service_date,
        window=window,
        time_zone="" if transit is None else transit.time_zone,
        step_s=None if transit is None else transit.step_s or "continuous",
        max_rides=None if transit is None or reach is None else reach.max_rides,
        speeds_kmh={} if reach is None else used(reach.speeds_kmh, reach.modes),
        access_max_min={} if reach is None else used(reach.access_max_min, reach.modes),
        engine=engine,
        further=further,
    )
