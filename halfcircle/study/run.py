"""A run, straight down: read, prepare, compute block by block, write."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._version import __version__
from halfcircle.access.decay import decay_by_name
from halfcircle.access.measures import REACH_COLUMNS, Weights, reach_block_table
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import OutputError
from halfcircle.outputs import RunResult, Settings, write_outputs
from halfcircle.places import Opportunities, Zones
from halfcircle.study.blocks import BlockStore, run_key
from halfcircle.study.config import ReachConfig, Study
from halfcircle.study.inputs import Inputs, read_inputs
from halfcircle.study.modes import Modes, build_modes
from halfcircle.study.progress import Progress
from halfcircle.study.study_file import read_study

__all__ = ["compute_study", "run_study"]

BLOCK_CELLS = 4_000_000
COUNT = "\x00zones"


def run_study(
    path: Path,
    *,
    out: Path | None = None,
    workers: int | None = None,
    resume: bool = True,
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
    """
    progress = progress or Progress(quiet=True)
    study = read_study(path)
    folder = out if out is not None else study.out
    if folder.exists() and not folder.is_dir():
        raise OutputError(f"{folder}: is a file, expected a folder for the results")
    result, store = compute_study(study, folder, workers=workers, resume=resume, progress=progress)
    with progress.stage("results written"):
        written = write_outputs(result, folder)
    store.close()
    return written


def compute_study(
    study: Study,
    folder: Path,
    *,
    workers: int | None = None,
    resume: bool = True,
    progress: Progress,
) -> tuple[RunResult, BlockStore]:
    """Read, prepare and compute; see `run_study`.

    Returns
    -------
    RunResult
    BlockStore
        Finished blocks, to be closed once the results are written.
    """
    workers = workers or os.cpu_count() or 1
    inputs = read_inputs(study, progress)
    key = run_key([__version__, study.sha256, [(s.role, s.path, s.sha256) for s in inputs.sources]])
    store = BlockStore(folder, key, resume=resume)
    modes = build_modes(study, inputs, workers=workers, progress=progress)
    reach, unreached = _reach(study, inputs, modes, store, progress)
    opportunities = inputs.opportunities
    if inputs.population is not None:
        opportunities = (*opportunities, inputs.population)
    result = RunResult(
        name=study.name,
        zones=inputs.zones,
        opportunities=opportunities,
        reach=reach,
        unreached=unreached,
        settings=_settings(study, modes),
        weight=None if inputs.population is None else inputs.population.name,
        sources=inputs.sources,
        notices=(*study.notices, *inputs.notices, *modes.notices),
        timings_s=dict(progress.timings_s),
        study_hash=key,
    )
    return result, store


def _reach(
    study: Study, inputs: Inputs, modes: Modes, store: BlockStore, progress: Progress
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Reach of all zones, and why zones reach nothing."""
    empty = pd.DataFrame(columns=list(REACH_COLUMNS))
    if study.reach is None:
        return empty, _unreached({}, inputs.zones)
    reach = study.reach
    # Beside what is asked for, the zones in reach are counted: nothing but itself means unreached.
    count = Opportunities(COUNT, np.ones((1, len(inputs.zones))))
    weights = Weights([*inputs.opportunities, count])
    tables = []
    reasons = {}
    for mode, source in modes.sources.items():
        not_connected = np.isin(modes.reasons[mode], ("not_snapped", "island"))
        with progress.stage(f"reach by {mode}"):
            table = _reach_by_mode(source, weights, reach, not_connected, store, progress)
        counted = table["opportunity"] == COUNT
        reasons[mode] = _reasons(table[counted], modes.reasons[mode], inputs.zones)
        tables.append(table[~counted])
    return pd.concat(tables, ignore_index=True), _unreached(reasons, inputs.zones)


def _reach_by_mode(
    source: TravelTimeSource,
    weights: Weights,
    reach: ReachConfig,
    not_connected: npt.NDArray[np.bool_],
    store: BlockStore,
    progress: Progress,
) -> pd.DataFrame:
    decay = None if reach.decay is None else decay_by_name(reach.decay, source.mode)
    n_cells = len(source.destinations) * len(source.percentiles)
    size = int(np.clip(BLOCK_CELLS // n_cells, 16, 1024))
    blocks = list(origin_blocks(len(source.origins), size))

    def compute(block: npt.NDArray[np.int64]) -> Callable[[], pd.DataFrame]:
        return lambda: reach_block_table(
            source,
            block,
            weights,
            bands_min=reach.bands_min,
            decay=decay,
            missing=not_connected,
        )

    name = source.mode.replace("+", "-")
    return pd.concat(
        [
            store.table(f"reach-{name}-{block[0]:08d}", compute(block))
            for block in progress.loop(blocks, total=len(blocks), label=f"reach by {source.mode}")
        ],
        ignore_index=True,
    )


def _reasons(
    counted: pd.DataFrame, known: npt.NDArray[np.object_], zones: Zones
) -> npt.NDArray[np.object_]:
    """Reasons known beforehand, and ``beyond_limit`` where only the own zone is in reach."""
    reached = counted.groupby("zone_id", sort=False)["value"].max()
    most = reached.reindex(zones.zone_id).to_numpy(dtype=np.float64)
    return np.where((known == "") & (most <= 1.0), "beyond_limit", known)


def _unreached(reasons: dict[str, npt.NDArray[np.object_]], zones: Zones) -> pd.DataFrame:
    frames = [
        pd.DataFrame({"zone_id": zones.zone_id, "mode": mode, "reason": why})
        for mode, why in reasons.items()
    ]
    columns = ["zone_id", "mode", "reason"]
    if not frames:
        return pd.DataFrame(columns=columns, dtype=object)
    table = pd.concat(frames, ignore_index=True)
    return table[table["reason"] != ""].reset_index(drop=True)


def _settings(study: Study, modes: Modes) -> Settings:
    reach, transit = study.reach, study.transit
    further = {}
    if reach is not None and reach.decay is not None:
        further["decay"] = reach.decay
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
        step_s=None if transit is None else transit.step_s,
        max_rides=None if transit is None or reach is None else reach.max_rides,
        speeds_kmh={} if reach is None else dict(reach.speeds_kmh),
        access_max_min={} if reach is None else dict(reach.access_max_min),
        engine="halfcircle",
        further=further,
    )
