"""``halfcircle explore OUT``: click a place on a local page and see its reach."""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from halfcircle.errors import HalfcircleError
from halfcircle.outputs import Texts
from halfcircle.outputs.explore_page import explore_page
from halfcircle.study.explore.run import FinishedRun, read_run
from halfcircle.study.explore.server import ExploreServer, NotFoundError
from halfcircle.study.explore.times import TimesOnDemand, find_study
from halfcircle.study.inputs.maps import read_looks
from halfcircle.study.progress import Progress
from halfcircle.study.settings.config import Study
from halfcircle.study.settings.study_file import read_study

__all__ = ["explore", "open_server"]


def explore(
    folder: Path,
    *,
    study: Path | None = None,
    port: int = 0,
    browser: bool = True,
    workers: int | None = None,
    progress: Progress | None = None,
) -> None:
    """Serve a finished run on a page of this machine, until the user stops it.

    Parameters
    ----------
    folder : Path
        Output folder of a run.
    study : Path, optional
        Its study file; looked for beside the folder when left out.
    port : int
        0 for any that is free.
    browser : bool
        Whether to open the page.
    workers : int, optional
        Threads of a search.
    progress : Progress, optional

    Raises
    ------
    StudyError
        The folder holds no finished run, or the study file that was named is wrong.
    OutputError
        The port is taken.
    """
    progress = progress or Progress(quiet=True)
    with progress.stage("run read"):
        server, notes = open_server(folder, study=study, port=port, workers=workers)
    for note in notes:
        progress.line(note)
    # The address is the answer of the command.
    try:
        print(f"{server.address}  (Ctrl-C to stop)", flush=True)  # noqa: T201
        if browser:
            # A browser of the terminal would not return before the page is served.
            threading.Thread(target=webbrowser.open, args=(server.address,), daemon=True).start()
        server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        progress.line("stopped")
    finally:
        server.server_close()


def open_server(
    folder: Path, *, study: Path | None = None, port: int = 0, workers: int | None = None
) -> tuple[ExploreServer, tuple[str, ...]]:
    """Read a run and prepare its server; `serve_forever` starts it.

    Parameters
    ----------
    folder, study, port, workers
        As of `explore`.

    Returns
    -------
    ExploreServer
    tuple of str
        What the user should know: what cannot be shown, and why.
    """
    run = read_run(folder)
    notes: list[str] = []
    given = _study(run, study, notes)
    times = None
    if given is not None:
        try:
            looks = read_looks(given, run.result.zones)
            run = replace(run, result=replace(run.result, looks=looks))
        except HalfcircleError as error:
            notes.append(f"own boundaries are not shown: {error}")
        if given.reach is not None:
            times = TimesOnDemand(
                given,
                run_hash=run.result.study_hash,
                zone_id=run.result.zones.zone_id,
                workers=workers,
            )
    texts = Texts("en" if given is None else given.language)
    page = explore_page(
        run.result,
        run.layers,
        run.losses,
        texts=texts,
        deltas=run.deltas,
        measures=run.measures,
        modes=() if times is None else times.modes,
        scenarios=() if times is None else times.scenarios,
        notes=tuple(notes),
    )
    server = ExploreServer(page.encode("utf-8"), _answers(run, times), port=port)
    if times is not None:
        times.start()
    return server, tuple(notes)


def _study(run: FinishedRun, path: Path | None, notes: list[str]) -> Study | None:
    if path is not None:
        return read_study(path)
    found = find_study(run.folder, run.result.name)
    if found is None:
        notes.append(
            "the study file of this run was not found: its tables are shown, travel times cannot "
            "be computed - name it with --study"
        )
        return None
    return read_study(found)


def _answers(run: FinishedRun, times: TimesOnDemand | None) -> dict[str, Any]:
    position = {str(zone_id): i for i, zone_id in enumerate(run.result.zones.zone_id)}

    def zone_idx(asked: Mapping[str, str]) -> int:
        if asked.get("zone", "") not in position:
            raise NotFoundError("there is no such zone")
        return position[asked["zone"]]

    def zone(asked: Mapping[str, str]) -> dict[str, Any]:
        return run.zone(zone_idx(asked))

    def minutes(asked: Mapping[str, str]) -> dict[str, Any]:
        if times is None:
            raise NotFoundError("travel times need the study file of the run")
        try:
            answer = times.minutes(
                zone_idx(asked), asked.get("mode", ""), asked.get("scenario", "baseline")
            )
        except KeyError as error:
            raise NotFoundError(f"there is no such mode or scenario: {error.args[0]}") from None
        return {
            "minutes": answer.minutes,
            "percentile": answer.percentile,
            "took_s": round(answer.took_s, 4),
            "changed": times.changed,
        }

    def status(_: Mapping[str, str]) -> dict[str, Any]:
        if times is None:
            return {"state": "none", "message": "", "changed": False}
        return times.status()

    return {"/zone.json": zone, "/times.json": minutes, "/status.json": status}
