"""Travel times from a clicked zone, computed when they are asked for."""

from __future__ import annotations

import os
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from halfcircle.errors import HalfcircleError
from halfcircle.study.inputs.read import Inputs, read_inputs
from halfcircle.study.modes.build import Modes, build_modes
from halfcircle.study.progress import Progress
from halfcircle.study.reach.compute import ReachTables
from halfcircle.study.run import study_key
from halfcircle.study.scenarios.apply import apply_edits
from halfcircle.study.scenarios.scenario import Baseline, touched_modes, variant_modes
from halfcircle.study.settings.config import Study
from halfcircle.study.settings.study_file import read_study

__all__ = ["BASELINE", "TimesOnDemand", "find_study"]

BASELINE = "baseline"


def find_study(folder: Path, name: str) -> Path | None:
    """The study file of a run: beside its folder or in it, with its name.

    Parameters
    ----------
    folder : Path
        Of the results.
    name : str
        Of the study, as the manifest tells it.

    Returns
    -------
    Path or None
        One that writes its results to `folder` before one that only has the name.
    """
    found: list[tuple[bool, Path]] = []
    for place in (folder.resolve().parent, folder.resolve()):
        for path in sorted(place.glob("*.toml")):
            try:
                study = read_study(path)
            except (HalfcircleError, OSError):
                continue  # not a study, or not one that can run
            if study.name == name:
                found.append((study.out.resolve() != folder.resolve(), path))
    return min(found)[1] if found else None


@dataclass(frozen=True)
class Answer:
    """Minutes from one zone to all."""

    minutes: list[float | None]
    percentile: int
    took_s: float


class TimesOnDemand:
    """Networks and timetables of a study, built once, per scenario when it is first asked for.

    Safe to ask from several threads; one thing is built or computed at a time.

    Parameters
    ----------
    study : Study
    run_hash : str
        Of the finished run: tells whether study and inputs are still those of it.
    zone_id : array of str
        Zones of the run; those of the study must be the same.
    workers : int, optional
    """

    def __init__(
        self, study: Study, *, run_hash: str, zone_id: Any, workers: int | None = None
    ) -> None:
        self.study = study
        self.run_hash = run_hash
        self.zone_id = zone_id
        self.workers = workers or os.cpu_count() or 1
        self.state = "waiting"
        self.message = ""
        self.changed = False
        self._lock = threading.Lock()
        self._inputs: Inputs | None = None
        self._modes: dict[str, Modes] = {}

    @property
    def modes(self) -> tuple[str, ...]:
        """Modes of the study."""
        return () if self.study.reach is None else self.study.reach.modes

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The baseline and the scenarios of the study."""
        return (BASELINE, *(config.name for config in self.study.scenarios))

    def start(self) -> threading.Thread:
        """Prepare the baseline in the background."""
        thread = threading.Thread(target=self._prepare, name="prepare", daemon=True)
        thread.start()
        return thread

    def _prepare(self) -> None:
        try:
            with self._lock:
                self._built(BASELINE)
        except HalfcircleError:
            pass  # kept in `message`

    def status(self) -> dict[str, Any]:
        """Whether times can be asked for: ``waiting``, ``preparing``, ``ready`` or ``failed``."""
        return {"state": self.state, "message": self.message, "changed": self.changed}

    def minutes(self, zone_idx: int, mode: str, scenario: str = BASELINE) -> Answer:
        """Travel times from a zone to every zone.

        Parameters
        ----------
        zone_idx : int
        mode : str
        scenario : str

        Returns
        -------
        Answer
            Minutes, None where not reached; the percentile of travel time nearest to the median.

        Raises
        ------
        HalfcircleError
            Inputs are wrong or gone.
        KeyError
            There is no such mode or scenario.
        """
        if mode not in self.modes or scenario not in self.scenarios:
            raise KeyError(mode if mode not in self.modes else scenario)
        started = time.perf_counter()
        with self._lock:
            source = self._built(scenario).sources[mode]
            times_s = source.times_s(np.array([zone_idx], dtype=np.int64))
        percentile = min(source.percentiles, key=lambda p: abs(p - 50))
        row = np.asarray(times_s[0, source.percentiles.index(percentile)], dtype=np.float64) / 60.0
        minutes = [round(float(m), 2) if np.isfinite(m) else None for m in row]
        return Answer(minutes, percentile, time.perf_counter() - started)

    def _built(self, scenario: str) -> Modes:
        if scenario in self._modes:
            return self._modes[scenario]
        before = self.state
        self.state = "preparing"
        try:
            self._modes[scenario] = self._build(scenario)
        except (HalfcircleError, OSError) as error:
            self.state = "failed" if scenario == BASELINE else before
            self.message = str(error)
            raise
        self.state = "ready"
        return self._modes[scenario]

    def _build(self, scenario: str) -> Modes:
        progress = Progress(quiet=True)
        inputs = self._inputs
        if inputs is None:
            inputs = read_inputs(self.study, progress)
            if list(inputs.zones.zone_id) != list(self.zone_id):
                raise HalfcircleError("the zones of the study are no longer those of the run")
            self.changed = study_key(self.study, inputs) != self.run_hash
            self._inputs = inputs
        if scenario == BASELINE:
            return build_modes(self.study, inputs, workers=self.workers, progress=progress)
        nothing = ReachTables(pd.DataFrame(), pd.DataFrame(), None, None, ())
        base = Baseline(self.study, inputs, self._built(BASELINE), nothing)
        config = next(one for one in self.study.scenarios if one.name == scenario)
        variant = apply_edits(
            self.study, inputs, config.name, config.edits, service_date=base.modes.service_date
        )
        rebuilt, _ = touched_modes(base, variant)
        modes, _ = variant_modes(base, variant, rebuilt, workers=self.workers, progress=progress)
        return modes
