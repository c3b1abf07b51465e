"""Measures beside reach: computed for the baseline and every scenario, compared, put together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.measure_table import SITE_MEASURES
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import Fault
from halfcircle.study.blocks.store import BlockStore
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.measures.area import TABLE_KINDS, differences, mean_rows
from halfcircle.study.measures.inputs import MeasureColumns, counts_by_name, whole_of
from halfcircle.study.measures.job import LAYER, Job, Tables
from halfcircle.study.measures.kinds import BY_ORIGIN, DECIDING, SWEEPS
from halfcircle.study.measures.times import (
    PartTimes,
    TimesShelf,
    drawn,
    mean_of_draws,
    over_draws,
)
from halfcircle.study.modes.build import Modes, limit_s
from halfcircle.study.progress import Progress
from halfcircle.study.reach.compute import BLOCK_CELLS
from halfcircle.study.scenarios.scenario import Computed
from halfcircle.study.settings.config import MeasureConfig, ReachConfig, Study
from halfcircle.study.settings.measures_file import PEOPLE

__all__ = ["MeasureTables", "compute_measures"]

BASELINE = "baseline"
# Keys that name counts, and modes beside `modes`.
COUNTS = ("opportunities", "second_opportunities", "people", "by")
MODES = ("second_mode", "onward_mode")
KEY = tuple(name for name in LAYER if name != "scenario")


@dataclass(frozen=True, eq=False)
class MeasureTables:
    """What the measures of a study give.

    Parameters
    ----------
    measures : DataFrame, optional
        Values of zones: `MEASURE_COLUMNS`, destination_id, name and delta.
    area_measures : DataFrame, optional
        Values of the whole area: `AREA_COLUMNS`, name and delta.
    city_pairs, closures : DataFrame, optional
        None where no measure gives them.
    notices : tuple of Fault
    """

    measures: pd.DataFrame | None = None
    area_measures: pd.DataFrame | None = None
    city_pairs: pd.DataFrame | None = None
    closures: pd.DataFrame | None = None
    notices: tuple[Fault, ...] = ()

    def by_name(self) -> dict[str, pd.DataFrame | None]:
        """The tables, under the names of `RunResult`."""
        names = ("measures", "area_measures", "city_pairs", "closures")
        return {name: getattr(self, name) for name in names}


@dataclass(frozen=True, eq=False)
class _State:
    """Baseline or a scenario, with what it was computed from."""

    name: str
    part: str
    reach_config: ReachConfig
    inputs: Inputs
    modes: Modes
    reach: pd.DataFrame


def compute_measures(
    study: Study,
    inputs: Inputs,
    columns: MeasureColumns,
    modes: Modes,
    reach: pd.DataFrame,
    scenarios: Sequence[Computed],
    store: BlockStore,
    *,
    progress: Progress,
) -> MeasureTables:
    """Compute all measures of a study.

    Travel times are those of the run: they are kept where they fit, else computed again in every
    sweep, a block of origins at a time. Scenarios take over what they cannot touch.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    columns : MeasureColumns
    modes : Modes
    reach : DataFrame
        Of the baseline.
    scenarios : sequence of Computed
    store : BlockStore
        Blocks that are finished are read from it, others are computed and written to it.
    progress : Progress

    Returns
    -------
    MeasureTables
    """
    if study.reach is None or not study.measures:
        return MeasureTables()
    states = [_State(BASELINE, "", study.reach, inputs, modes, reach)]
    for number, one in enumerate(scenarios, start=1):
        config = one.variant.study.reach or study.reach
        part = f"s{number:02d}-"
        states.append(_State(one.name, part, config, one.variant.inputs, one.modes, one.reach))
    work = _Work(study, columns, states, store, progress)
    with progress.stage("measures"):
        return work.tables()


class _Work:
    """All measures of all scenarios; what was found so far, for those that build on it."""

    def __init__(
        self,
        study: Study,
        columns: MeasureColumns,
        states: Sequence[_State],
        store: BlockStore,
        progress: Progress,
    ) -> None:
        self.study, self.columns, self.states = study, columns, states
        self.store, self.progress = store, progress
        self.shelf = TimesShelf()
        self.found: dict[tuple[str, str, str], Tables] = {}
        self.notices: dict[Fault, None] = {}

    def tables(self) -> MeasureTables:
        rows: dict[str, list[pd.DataFrame]] = {}
        for state in self.states:
            for mode in state.modes.sources:
                for config in self.study.measures:
                    if config.kind in SWEEPS and mode in config.values["modes"]:
                        self.found[state.name, config.name, mode] = self.sweep(state, config, mode)
            for config in self.study.measures:
                for name, table in self.of_state(state, config).items():
                    told = table.assign(scenario=state.name, name=config.name, kind=config.kind)
                    rows.setdefault(name, []).append(told)
        joined = {name: pd.concat(parts, ignore_index=True) for name, parts in rows.items()}
        measures, area = joined.get("measures"), joined.get("area")
        if measures is not None:
            if "destination_id" not in measures:
                measures["destination_id"] = None
            measures = differences(measures, ("zone_id", "name", *KEY), BASELINE)
        if area is not None:
            area = differences(area, ("name", "index", *KEY), BASELINE)
        return MeasureTables(
            measures, area, joined.get("city_pairs"), joined.get("closures"), tuple(self.notices)
        )

    def job(
        self, state: _State, config: MeasureConfig, source_of: Callable[[str], TravelTimeSource]
    ) -> Job:
        missing = {
            mode: np.isin(reasons, ("not_snapped", "island"))
            for mode, reasons in state.modes.reasons.items()
        }
        return Job(
            config,
            state.reach_config,
            state.inputs.zones,
            counts_by_name(state.inputs),
            self.columns,
            source_of,
            missing,
            limit_s(state.reach_config),
        )

    def of_state(self, state: _State, config: MeasureConfig) -> Tables:
        """Tables of one measure in one scenario, over all modes, with means."""
        if config.kind in TABLE_KINDS:
            found = self.from_table(state, config)
        else:
            parts: dict[str, list[pd.DataFrame]] = {}
            for mode in config.values["modes"]:
                for name, table in self.found[state.name, config.name, mode].items():
                    parts.setdefault(name, []).append(table)
            found = {name: pd.concat(each, ignore_index=True) for name, each in parts.items()}
        if "measures" in found:
            self.found[state.name, config.name, ""] = found
            means = mean_rows(found["measures"], self.people(state, config))
            own = found.get("area")
            found = {
                **found,
                "area": means if own is None else pd.concat([own, means], ignore_index=True),
            }
        return found

    def from_table(self, state: _State, config: MeasureConfig) -> Tables:
        table = state.reach
        of = config.values.get("of")
        if of is not None:
            values = self.zone_values(state, of)
            table = state.reach.iloc[:0] if values is None else values
        job = self.job(state, config, lambda mode: state.modes.sources[mode])
        found, notices = TABLE_KINDS[config.kind](job, table)
        self.notices.update(dict.fromkeys(notices))
        return found

    def zone_values(self, state: _State, name: str) -> pd.DataFrame | None:
        """Values of zones of another measure, which may stand below this one in the file."""
        if (state.name, name, "") not in self.found:
            self.of_state(state, next(one for one in self.study.measures if one.name == name))
        found = self.found.get((state.name, name, ""))
        return None if found is None else found.get("measures")

    def people(self, state: _State, config: MeasureConfig) -> pd.Series | None:
        """Whom means are over: those that the measure names, else the population."""
        counts = counts_by_name(state.inputs)
        name = config.values.get("people") or config.values.get("at_risk")
        if not isinstance(name, str) or not name:
            name = next((one for one in PEOPLE if one in counts), None)
        if name is None:
            return None
        return pd.Series(whole_of(counts[name]).values[0], index=state.inputs.zones.zone_id)

    def sweep(self, state: _State, config: MeasureConfig, mode: str) -> Tables:
        """One measure by one mode: taken over from the baseline, or computed."""
        base = self.states[0]
        if state is not base and _same(base, state, config, mode):
            return self.found[base.name, config.name, mode]
        number = self.study.measures.index(config) + 1
        part = f"{state.part}m{number:02d}-{mode.replace('+', '-')}"
        draws = drawn(state.modes.sources[mode])
        if config.kind in DECIDING:
            draws = (mean_of_draws(draws),)
        source = self.shelf(draws[0])
        if config.kind in BY_ORIGIN:
            n_cells = len(source.destinations) * len(source.percentiles)
            blocks = list(
                origin_blocks(len(source.origins), int(np.clip(BLOCK_CELLS // n_cells, 16, 1024)))
            )
        else:
            blocks = [np.arange(len(source.origins), dtype=np.int64)]
        parts: dict[str, list[pd.DataFrame]] = {}
        label = f"{config.name} by {mode}"
        for block in self.progress.loop(blocks, total=len(blocks), label=label):
            build = partial(self.block, state, config, draws, block)
            name = f"{part}-{block[0]:08d}"
            for table, frame in self.store.tables(name, build).items():
                parts.setdefault(table, []).append(frame)
        found = {table: pd.concat(frames, ignore_index=True) for table, frames in parts.items()}
        if not found:
            what = f"PBL fitted no curve for {mode}: there is no {config.name!r} by it"
            self.notices[Fault(config.where, what, severity="notice")] = None
        if "measures" in found:
            found["measures"] = _finished(found["measures"], state, config, mode)
        return found

    def block(
        self,
        state: _State,
        config: MeasureConfig,
        draws: Sequence[TravelTimeSource],
        block: npt.NDArray[np.int64],
    ) -> Tables:
        """Tables of a block of origins: means over draws."""
        parts = []
        for k, draw in enumerate(draws):

            def source_of(mode: str, k: int = k) -> TravelTimeSource:
                other = drawn(state.modes.sources[mode])
                return self.shelf(other[k % len(other)])

            source = self.shelf(draw)
            if config.kind in BY_ORIGIN:
                source = PartTimes(source, block)
            parts.append(SWEEPS[config.kind](self.job(state, config, source_of), source))
        return over_draws(parts)


def _same(base: _State, state: _State, config: MeasureConfig, mode: str) -> bool:
    """Whether a scenario cannot touch a measure by one mode."""
    values = config.values
    modes = {mode, *(values[key] for key in MODES if values.get(key))}
    names: set[str] = set()
    for key in COUNTS:
        value = values.get(key)
        names |= {value} if isinstance(value, str) else set(value or ())
    one, other = counts_by_name(base.inputs), counts_by_name(state.inputs)
    return (
        all(base.modes.sources[m] is state.modes.sources[m] for m in modes)
        and all(one[name] is other[name] for name in names if name)
        and base.reach_config.decay == state.reach_config.decay
        and base.reach_config.time_factor == state.reach_config.time_factor
    )


def _finished(table: pd.DataFrame, state: _State, config: MeasureConfig, mode: str) -> pd.DataFrame:
    """Values of zones that are not connected blanked; bands under their own names."""
    modes = {mode, *(config.values[key] for key in MODES if config.values.get(key))}
    zone_id = state.inputs.zones.zone_id
    unknown: set[str] = set()
    for one in modes:
        unknown |= set(zone_id[np.isin(state.modes.reasons[one], ("not_snapped", "island"))])
    if unknown:
        rows = table["zone_id"].isin(unknown) & ~table["measure"].isin(SITE_MEASURES)
        table.loc[rows, "value"] = np.nan
    factor = state.reach_config.time_factor
    names = config.values.get("bands_min")
    if factor != 1.0 and names:
        own = np.array(names)
        band = table["band_min"].to_numpy(np.float64)
        nearest = np.abs(band[:, np.newaxis] - own * factor).argmin(axis=1)
        table["band_min"] = np.where(np.isnan(band), np.nan, own[nearest])
    return table
