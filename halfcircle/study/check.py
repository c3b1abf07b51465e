"""Pre-flight: everything that is wrong with a study or a feed, before any computation."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FeedError, HalfcircleError
from halfcircle.gtfs import choose_date, feed_report, read_feed
from halfcircle.study.inputs import read_inputs
from halfcircle.study.progress import Progress
from halfcircle.study.study_file import read_study

__all__ = ["check_feeds", "check_study"]


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
        notes = Faults()
        notes.extend(inputs.zones.notices)
        for opportunity in inputs.opportunities:
            notes.extend(opportunity.notices)
        notes.extend(inputs.notices)
        if study.transit is not None:
            choice = choose_date(inputs.feeds, study.transit.date, notes)
            if choice.reason != "given":
                notes.add("[transit] date", choice.reason, severity="notice")
    except HalfcircleError as error:
        faults = error.faults or (Fault(path.name, str(error)),)
        return _page(path.name, faults), False
    lines = [_page(path.name, notes.items)]
    lines.append(f"  {inputs.zones!r}")
    lines += [f"  {opportunity!r}" for opportunity in inputs.opportunities]
    if inputs.ways is not None:
        lines.append(f"  {inputs.ways!r}")
    lines += [f"  {feed!r}" for feed in inputs.feeds]
    return "\n".join(lines), True


def _page(name: str, faults: Sequence[Fault]) -> str:
    errors = [fault for fault in faults if fault.severity == "error"]
    others = [fault for fault in faults if fault.severity != "error"]
    verdict = f"{len(errors)} to repair" if errors else "can run"
    lines = [f"{name}: {verdict}, {len(others)} to know"]
    lines += [f"  error: {fault}" for fault in errors]
    lines += [f"  {fault.severity}: {fault}" for fault in others]
    return "\n".join(lines)


def check_feeds(paths: Sequence[Path], *, as_json: bool = False) -> tuple[str, bool]:
    """Read feeds and tell what was dropped, what is odd and when they run.

    Parameters
    ----------
    paths : sequence of Path
        Zipped feeds or folders.
    as_json : bool
        JSON in place of text.

    Returns
    -------
    str
        The report.
    bool
        Whether all feeds can be used.
    """
    feeds, faults = [], []
    for path in paths:
        try:
            feeds.append(read_feed(path, feed_id=path.stem))
        except FeedError as error:
            faults.append((path, error.faults or (Fault(path.name, str(error)),)))
    report = feed_report(feeds)
    if as_json:
        document = json.loads(report.to_json())
        document["errors"] = [
            {"feed": path.name, "fault": str(fault)} for path, found in faults for fault in found
        ]
        return json.dumps(document, indent=2, ensure_ascii=False, sort_keys=True), not faults
    pages = [_page(path.name, found) for path, found in faults]
    if feeds:
        pages.append(report.to_text().rstrip())
    return "\n\n".join(pages), not faults
