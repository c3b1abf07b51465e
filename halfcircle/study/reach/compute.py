"""Reach and border loss of all zones, block by block of origins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.best_of import BestOf, winning_block_table
from halfcircle.access.brought_times import OmxTimes
from halfcircle.access.decay import Decay, decay_by_name, pbl_curve
from halfcircle.access.measures import (
    REACH_COLUMNS,
    Weights,
    departures_block_table,
    reach_block_table,
)
from halfcircle.access.transit_times import HeadwayDraws
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import Fault
from halfcircle.places import Opportunities, Places, Zones
from halfcircle.regions.border import (
    BorderLines,
    BorderPlan,
    mirror_in_line,
)
from halfcircle.study.blocks.parts import parts_of
from halfcircle.study.blocks.store import BlockStore
from halfcircle.study.inputs.border_land import closed_streets, study_land, study_lines
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.build import Modes
from halfcircle.study.progress import Progress
from halfcircle.study.reach.border_blocks import block_table
from halfcircle.study.reach.border_rules import mode_plan
from halfcircle.study.reach.draws import COUNT, every_draw, over_draws
from halfcircle.study.reach.scaled_decay import ScaledDecay
from halfcircle.study.settings.config import ReachConfig, Study

__all__ = ["ReachTables", "compute_reach", "study_decay"]

BLOCK_CELLS = 4_000_000
BASELINE = "baseline"


@dataclass(frozen=True, eq=False)
class ReachTables:
    """Tables of a run, with the columns of the contract.

    Parameters
    ----------
    reach, unreached : DataFrame
    border, sectors : DataFrame or None
        None where the study has no border.
    notices : tuple of Fault
    draws : DataFrame, optional
        Reach of every draw of headway services, for differences draw by draw; only where there are
        draws and scenarios.
    winning_mode : DataFrame, optional
        Which mode is the fastest, as shares of what is reached; of best-of sets.
    """

    reach: pd.DataFrame
    unreached: pd.DataFrame
    border: pd.DataFrame | None
    sectors: pd.DataFrame | None
    notices: tuple[Fault, ...]
    draws: pd.DataFrame | None = None
    winning_mode: pd.DataFrame | None = None


@dataclass(frozen=True, eq=False)
class _HeldTimes:
    """Travel times of one block that are at hand already, as a source."""

    source: TravelTimeSource
    seconds: npt.NDArray[np.float32]

    @property
    def mode(self) -> str:
        return self.source.mode

    @property
    def percentiles(self) -> tuple[int, ...]:
        return self.source.percentiles

    @property
    def origins(self) -> Places:
        return self.source.origins

    @property
    def destinations(self) -> Places:
        return self.source.destinations

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:  # noqa: ARG002
        return self.seconds


@dataclass(frozen=True, eq=False)
class _Job:
    """What is computed for every block of one mode."""

    source: TravelTimeSource
    weights: Weights
    bands_min: tuple[float, ...]
    decay: Decay | None
    not_connected: npt.NDArray[np.bool_]
    border: BorderPlan | None
    sectors: bool
    closed: TravelTimeSource | None = None
    keep_draws: bool = False
    over_departures: bool = False
    lines: BorderLines | None = None

    @property
    def match_sets(self) -> list[bool] | None:
        """Skills count in the last set of rules only, which is the study's own again."""
        if self.border is None or self.border.skills is None:
            return None
        return [False] * (len(self.border.rule_sets) - 1) + [True]

    @property
    def here_only(self) -> bool:
        """Whether times come from files or processes of this machine."""
        return any(
            isinstance(part, OmxTimes) or getattr(part, "here_only", False) is True
            for part in parts_of(self.source)
        )

    def tables(self, block: npt.NDArray[np.int64]) -> dict[str, pd.DataFrame]:
        """Reach, and where asked border and sectors, of a block of origins."""
        source = self.source
        if isinstance(source, HeadwayDraws):
            parts = [replace(self, source=draw).tables(block) for draw in source.draws]
            found = over_draws(parts)
            return found | {"draws": every_draw(parts)} if self.keep_draws else found
        won = None
        if isinstance(source, BestOf):
            seconds, winner = source.best(block)
            won = self.won(source, block, seconds, winner)
            source = _HeldTimes(source, seconds)
        elif self.border is not None:
            # One search serves both reach and border loss.
            source = _HeldTimes(source, source.times_s(block))
        found = {
            "reach": reach_block_table(
                source,
                block,
                self.weights,
                bands_min=self.bands_min,
                decay=self.decay,
                missing=self.not_connected,
            )
        }
        if self.over_departures:
            table = departures_block_table(
                self.source,
                block,
                self.weights,
                bands_min=self.bands_min,
                missing=self.not_connected,
            )
            table = table[table["opportunity"] != COUNT]
            if len(table):  # modes without a timetable have no departures
                found["reach"] = pd.concat([found["reach"], table], ignore_index=True)
        if won is not None:
            found["winning_mode"] = won
        if self.border is None or not isinstance(source, _HeldTimes):
            return found
        median = source.percentiles.index(50) if 50 in source.percentiles else 0
        loss = self.border.block(
            block,
            np.ascontiguousarray(source.seconds[:, median]),
            closed_times_s=None if self.closed is None else self.closed.times_s(block)[:, 0],
            sectors=self.sectors,
            match_sets=self.match_sets,
        )
        if self.lines is not None:
            middle = source.seconds[:, median]
            mirrored = mirror_in_line(self.border, block, middle, loss.domestic, self.lines)
            loss = replace(loss, mirror_line=mirrored)
        if self.border.skills is not None:
            loss = loss.with_skills(self.border.skills.keys)
        found["border"] = self.known(block_table(loss))
        if self.sectors:
            found["sectors"] = self.known(loss.sectors())
        return found

    def won(
        self,
        best: BestOf,
        block: npt.NDArray[np.int64],
        seconds: npt.NDArray[np.float32],
        winner: npt.NDArray[np.int8],
    ) -> pd.DataFrame:
        """Which mode is the fastest, as shares of what is reached."""
        table = winning_block_table(
            best,
            block,
            seconds,
            winner,
            self.weights,
            bands_min=self.bands_min,
            missing=self.not_connected,
        )
        return table[table["opportunity"] != COUNT].reset_index(drop=True)

    def known(self, table: pd.DataFrame) -> pd.DataFrame:
        """Values of zones that are not connected are not known, and not 0."""
        unknown = self.source.origins.place_id[self.not_connected]
        rows = table["zone_id"].isin(set(unknown))
        columns = [c for c in table.columns if c.startswith(("reach_", "loss"))]
        table.loc[rows, columns] = np.nan
        return table


def compute_reach(
    study: Study,
    inputs: Inputs,
    modes: Modes,
    store: BlockStore,
    *,
    progress: Progress,
    part: str = "",
    origins: Mapping[str, npt.NDArray[np.int64]] | None = None,
) -> ReachTables:
    """Reach, border loss and reasons of all zones.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    modes : Modes
    store : BlockStore
        Blocks that are finished are read from it, others are computed and written to it.
    progress : Progress
    part : str
        Tells blocks of a scenario from those of the baseline.
    origins : mapping of str to array of int64, optional
        By mode: the origins to compute, ascending, one or more; all where left out.

    Returns
    -------
    ReachTables
    """
    empty = pd.DataFrame(columns=list(REACH_COLUMNS))
    if study.reach is None:
        return ReachTables(empty, _unreached({}, inputs.zones), None, None, ())
    # Beside what is asked for, the zones in reach are counted: nothing but itself means unreached.
    count = Opportunities(COUNT, np.ones((1, len(inputs.zones))))
    weights = Weights([*inputs.opportunities, count])
    tables: dict[str, list[pd.DataFrame]] = {"reach": [], "border": [], "sectors": [], "draws": []}
    tables["winning_mode"] = []
    reasons = {}
    notices: list[Fault] = []
    closing = study.border is not None and study.border.hard_closed
    land = study_land(study, inputs.zones) if closing and modes.sources else None
    lines, unknown = study_lines(study, inputs.zones) if modes.sources else (None, ())
    notices += unknown
    for mode, source in modes.sources.items():
        decay = study_decay(study.reach, mode)
        plan = mode_plan(study, inputs, source, bands_min=_stretched(study.reach), decay=decay)
        if plan is not None:
            notices += [notice for notice in plan.notices if notice not in notices]
        if decay is None and study.reach.decay is not None:
            notices.append(no_curve(mode))
        closed = None
        if land is not None and plan is not None and mode in modes.streets:
            with progress.stage(f"{mode} crossings closed"):
                closed, found_crossings = closed_streets(modes.streets[mode], land, inputs.zones)
            notices.append(found_crossings)
        job = _Job(
            source,
            weights,
            _stretched(study.reach),
            decay,
            np.isin(modes.reasons[mode], ("not_snapped", "island")),
            plan,
            study.border is not None and study.border.sectors,
            closed,
            keep_draws=bool(study.scenarios),
            over_departures="access" in study.reach.over,
            lines=lines,
        )
        with progress.stage(f"reach by {mode}"):
            wanted = None if origins is None else origins.get(mode)
            found = _all_blocks(job, store, progress, part, wanted)
            if study.reach.time_factor != 1.0:
                found = {name: _renamed(table, study.reach) for name, table in found.items()}
        counted = found["reach"]["opportunity"] == COUNT
        reasons[mode] = _reasons(found["reach"][counted], modes.reasons[mode], inputs.zones)
        found["reach"] = found["reach"][~counted]
        for name, table in found.items():
            tables[name].append(table)
    joined = {
        name: pd.concat(parts, ignore_index=True) if parts else None
        for name, parts in tables.items()
    }
    reach = joined["reach"]
    return ReachTables(
        empty if reach is None else reach,
        _unreached(reasons, inputs.zones),
        joined["border"],
        joined["sectors"],
        tuple(notices),
        joined["draws"],
        joined["winning_mode"],
    )


def _stretched(reach: ReachConfig) -> tuple[float, ...]:
    return tuple(band * reach.time_factor for band in reach.bands_min)


def _renamed(table: pd.DataFrame, reach: ReachConfig) -> pd.DataFrame:
    """Bands under the names that they had before they were stretched."""
    stretched, names = np.sort(_stretched(reach)), np.sort(reach.bands_min)
    band = table["band_min"].to_numpy(dtype=np.float64)
    nearest = np.abs(band[:, np.newaxis] - stretched).argmin(axis=1)
    return table.assign(band_min=np.where(np.isnan(band), np.nan, names[nearest]))


def _all_blocks(
    job: _Job,
    store: BlockStore,
    progress: Progress,
    part: str,
    origins: npt.NDArray[np.int64] | None,
) -> dict[str, pd.DataFrame]:
    source = job.source
    n_cells = len(source.destinations) * len(source.percentiles)
    wanted = np.arange(len(source.origins)) if origins is None else origins
    n_parts = 1 if job.here_only else store.runner.parts
    share = -(-len(wanted) // n_parts)
    size = int(np.clip(min(BLOCK_CELLS // n_cells, share), 16, 1024))
    blocks = [wanted[block] for block in origin_blocks(len(wanted), size)]
    # With its size: a cluster cuts origins into smaller blocks.
    named = {f"{part}{source.mode}-{block[0]:08d}-{len(block)}": block for block in blocks}
    named = {name.replace("+", "-"): block for name, block in named.items()}
    parts: dict[str, list[pd.DataFrame]] = {}
    found = store.all_tables(job, named, progress=progress, label=f"reach by {source.mode}")
    for tables in found:
        for table, frame in tables.items():
            parts.setdefault(table, []).append(frame)
    return {table: pd.concat(frames, ignore_index=True) for table, frames in parts.items()}


def study_decay(reach: ReachConfig, mode: str) -> Decay | None:
    """Decay of a mode; None where the study has none, or it has no curve for this mode."""
    if reach.decay is None:
        return None
    if reach.decay == "pbl" and (mode in reach.best_of or pbl_curve(mode) is None):
        return None  # a set of modes has no curve, whatever it is called
    decay = decay_by_name(reach.decay, mode)
    return decay if reach.time_factor == 1.0 else ScaledDecay(decay, reach.time_factor)


def no_curve(mode: str) -> Fault:
    """Notice that a mode has no decay."""
    return Fault(
        "[reach] decay",
        f"PBL fitted no curve for {mode}: there is no reach with decay for it",
        severity="notice",
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
        pd.DataFrame({"zone_id": zones.zone_id, "scenario": BASELINE, "mode": mode, "reason": why})
        for mode, why in reasons.items()
    ]
    if not frames:
        return pd.DataFrame(columns=["zone_id", "scenario", "mode", "reason"], dtype=object)
    table = pd.concat(frames, ignore_index=True)
    return table[table["reason"] != ""].reset_index(drop=True)
