"""The commands that get data: ``halfcircle new`` and ``halfcircle fetch``."""

from __future__ import annotations

import argparse
import sys
import threading
from pathlib import Path
from typing import Any

from halfcircle.study.progress import Progress

__all__ = ["add_fetch_commands", "fetch", "new"]

MIB = 1 << 20


def new(options: argparse.Namespace, progress: Progress) -> None:
    """Write a study for a place; ask on a terminal, take flags elsewhere."""
    from halfcircle.sources import new_study

    ask = None
    if sys.stdin is not None and sys.stdin.isatty() and not options.quiet:

        def ask(question: str, default: str) -> str:
            return input(f"{question} [{default}] ").strip() or default

    path = new_study(
        options.place,
        out=None if options.out is None else Path(options.out),
        radius_km=options.radius_km,
        modes=options.modes,
        date=options.date,
        opportunities=tuple(options.opportunities),
        streets=options.streets,
        feeds=options.feeds,
        year=options.year,
        grid_m=options.grid_m,
        overwrite=options.overwrite,
        offline=options.offline,
        ask=ask,
        tell=progress.line,
    )
    progress.line(f"written: {path}")
    progress.line(f"next: halfcircle fetch {path}")


def fetch(options: argparse.Namespace, progress: Progress) -> None:
    """Download what a study names, and lock it."""
    from halfcircle.sources import Policy, fetch_study

    lock = fetch_study(
        Path(options.study),
        offline=options.offline,
        update=options.update,
        policy=None if options.max_gb is None else Policy(max_bytes=int(options.max_gb * 1e9)),
        on_progress=_Downloads(progress).step,
        on_file=lambda path, method: progress.line(f"{path}: {method}"),
    )
    progress.line(f"locked: {len(lock.files)} files of {len(lock.downloads)} downloads")
    progress.line(f"next: halfcircle run {options.study}")


class _Downloads:
    """A line per download and per tenth of it; told from several threads."""

    def __init__(self, progress: Progress) -> None:
        self.progress = progress
        self.told: dict[str, int] = {}
        self.guard = threading.Lock()

    def step(self, step: Any) -> None:
        """Tell how far a download is, if it has moved on by a tenth."""
        tenth = 0 if not step.total else int(10 * step.done / step.total)
        with self.guard:
            if self.told.get(step.url) == tenth and not step.note:
                return
            self.told[step.url] = tenth
        size = "" if step.total is None else f" of {step.total / MIB:,.1f}"
        note = f" ({step.note})" if step.note else ""
        self.progress.line(f"{step.url}: {step.done / MIB:,.1f}{size} MiB{note}")


def add_fetch_commands(new: argparse.ArgumentParser, fetch: argparse.ArgumentParser) -> None:
    """Add the options of both commands."""
    new.add_argument("place", metavar="PLACE", help='"Enschede, NL", or "lon,lat"')
    new.add_argument("--radius-km", type=float, metavar="KM", help="how far around")
    new.add_argument("--modes", nargs="+", metavar="MODE", help="walk bike car transit ...")
    new.add_argument("--date", metavar="DATE", help="service day, or busiest-weekday")
    new.add_argument(
        "--opportunities",
        nargs="+",
        metavar="NAME",
        default=["population", "workers"],
        help="population, workers, jobs (default: population workers)",
    )
    new.add_argument("--streets", choices=("geofabrik", "overpass"), default="geofabrik")
    new.add_argument("--feeds", choices=("national", "catalogue", "none"), default="national")
    new.add_argument("--year", type=int, default=2021, help="vintage (default: %(default)s)")
    new.add_argument("--grid-m", type=float, metavar="M", help="cells in place of municipalities")
    new.add_argument("--out", metavar="DIR", help="folder of the study")
    new.add_argument("--overwrite", action="store_true", help="replace a study that is there")
    new.add_argument("--offline", action="store_true", help="never touch the network")
    fetch.add_argument("study", metavar="STUDY.toml", help="study file")
    fetch.add_argument("--offline", action="store_true", help="never touch the network")
    fetch.add_argument("--update", action="store_true", help="take newer data, renew the lock")
    fetch.add_argument("--max-gb", type=float, metavar="GB", help="refuse larger downloads")
