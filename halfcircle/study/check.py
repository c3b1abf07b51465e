"""Pre-flight: everything that is wrong with a study, before any computation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from halfcircle._checks import Faults
from halfcircle.errors import Fault, HalfcircleError
from halfcircle.gtfs import choose_date
from halfcircle.study.inputs.border import read_border_inputs
from halfcircle.study.inputs.border_skills import study_skills
from halfcircle.study.inputs.maps import check_map_inputs
from halfcircle.study.inputs.read import read_inputs
from halfcircle.study.inputs.zone_columns import read_areas
from halfcircle.study.measures.inputs import read_measure_columns
from halfcircle.study.modes.engine import check_engine
from halfcircle.study.progress import Progress
from halfcircle.study.reach.border_rules import check_border_rules
from halfcircle.study.scenarios.run import check_scenarios
from halfcircle.study.settings.study_file import read_study

__all__ = ["check_study"]


def check_study(path: Path, *, progress: Progress | None = None) -> tuple[str, bool]:
    """Read a study and all its inputs, without computing anything.

    Parameters
    ----------
    path : Path
        Study file.
    progress : Progress, optional

    Returns
    -------
    str
        What was found, readable.
    bool
        Whether the study can run.
    """
    progress = progress or Progress(quiet=True)
    try:
        study = read_study(path)
        inputs = read_inputs(study, progress)
        further = read_border_inputs(study, inputs.zones)
        check_map_inputs(study, inputs.zones)
        check_border_rules(study, inputs)
        study_skills(study, inputs, further)
        read_measure_columns(study, inputs)
        read_areas(study, inputs.zones)
        notes = Faults()
        notes.extend(inputs.zones.notices)
        for opportunity in inputs.opportunities:
            notes.extend(opportunity.notices)
        notes.extend(inputs.notices)
        if inputs.regions is not None:
            notes.extend(inputs.regions.flows.notices)
        if study.transit is not None:
            choice = choose_date(inputs.feeds, study.transit.date, notes)
            if choice.reason != "given":
                notes.add("[transit] date", choice.reason, severity="notice")
        notes.extend(check_engine(study, inputs).items)
        notes.extend(check_scenarios(study, inputs))
    except HalfcircleError as error:
        faults = error.faults or (Fault(path.name, str(error)),)
        # What stopped the reading has to be repaired, however mild its faults are called.
        if not any(fault.severity == "error" for fault in faults):
            faults = tuple(replace(fault, severity="error") for fault in faults)
        return _page(path.name, faults), False
    lines = [_page(path.name, notes.items)]
    lines.append(f"  {inputs.zones!r}")
    lines += [f"  {opportunity!r}" for opportunity in inputs.opportunities]
    if inputs.ways is not None:
        lines.append(f"  {inputs.ways!r}")
    lines += [f"  {feed!r}" for feed in inputs.feeds]
    for label, hubs in (("park and ride", inputs.parking), ("shared bicycles", inputs.rental)):
        if hubs is not None:
            lines.append(f"  {label}: {hubs!r}")
    return "\n".join(lines), True


def _page(name: str, faults: Sequence[Fault]) -> str:
    errors = [fault for fault in faults if fault.severity == "error"]
    others = [fault for fault in faults if fault.severity != "error"]
    verdict = f"{len(errors)} to repair" if errors else "can run"
    lines = [f"{name}: {verdict}, {len(others)} to know"]
    lines += [f"  error: {fault}" for fault in errors]
    lines += [f"  {fault.severity}: {fault}" for fault in others]
    return "\n".join(lines)
