"""The command line: ``halfcircle run``, ``check``, ``compare``, ``explore``, ``demo``, ..."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from halfcircle._version import __version__
from halfcircle.demo import DEMOS, write_demo
from halfcircle.errors import (
    ClusterError,
    EngineError,
    HalfcircleError,
    MissingExtraError,
    OutputError,
)
from halfcircle.study.cli_fetch import add_fetch_commands, fetch, new
from halfcircle.study.progress import Progress

# What a command works with is imported by that command: help and wrong usage are told at once.

__all__ = ["main"]

DONE, WRONG_INPUT, USAGE = 0, 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; returns 0 when done, 1 when the inputs are wrong, 2 on wrong usage."""
    parser = _parser()
    try:
        options = parser.parse_args(arguments)
    except SystemExit as stop:
        return int(stop.code or 0)
    if options.command is None:
        parser.print_help()
        return USAGE
    progress = Progress(quiet=options.quiet)
    try:
        commands = {
            "run": _run,
            "check": _check,
            "compare": _compare,
            "demo": _demo,
            "explain": _explain,
            "explore": _explore,
            "fetch": _fetch,
            "new": _new,
        }
        return commands[options.command](options, progress)
    except HalfcircleError as error:
        what = "the inputs are wrong"
        if isinstance(error, OutputError):
            what = "cannot write"
        elif isinstance(error, ClusterError | EngineError | MissingExtraError):
            what = "cannot run"
        print(f"halfcircle: {what}\n{error}", file=sys.stderr)  # noqa: T201
        return WRONG_INPUT
    except OSError as error:  # a name that is too long, a folder that may not be looked into, ...
        print(f"halfcircle: cannot read or write\n{error}", file=sys.stderr)  # noqa: T201
        return WRONG_INPUT
    except KeyboardInterrupt:
        print("halfcircle: stopped; run it again to go on", file=sys.stderr)  # noqa: T201
        return 130


def _run(options: argparse.Namespace, progress: Progress) -> int:
    from halfcircle.study.run import run_study

    written = run_study(
        Path(options.study),
        out=None if options.out is None else Path(options.out),
        workers=options.workers,
        resume=options.resume,
        scheduler=options.scheduler,
        progress=progress,
    )
    _tell(written, progress)
    return DONE


def _demo(options: argparse.Namespace, progress: Progress) -> int:
    if options.list:
        for name, demo in DEMOS.items():
            print(f"{name}: {demo.title}")  # noqa: T201 - the answer of the command
        return DONE
    from halfcircle.study.run import run_study

    folder = Path(options.out if options.out is not None else f"halfcircle-{options.name}")
    with progress.stage("demo data written"):
        study = write_demo(folder, options.name)
    written = run_study(study, workers=options.workers, progress=progress)
    _tell(written, progress)
    return DONE


def _compare(options: argparse.Namespace, progress: Progress) -> int:
    from halfcircle.study.compare import compare_runs

    out = None if options.out is None else Path(options.out)
    comparison = compare_runs(Path(options.out_a), Path(options.out_b), out)
    print(comparison.text, end="")  # noqa: T201 - the answer of the command
    if out is not None:
        progress.line(f"written: {out}")
    return DONE


def _explain(options: argparse.Namespace, progress: Progress) -> int:
    from halfcircle.study.explain import explain_study

    text = explain_study(
        Path(options.study),
        options.origin,
        options.destination,
        options.at,
        mode=options.mode,
        as_json=options.json,
        chart=None if options.chart is None else Path(options.chart),
        progress=progress,
    )
    print(text)  # noqa: T201 - the answer of the command
    return DONE


def _explore(options: argparse.Namespace, progress: Progress) -> int:
    from halfcircle.study.explore.page import explore

    explore(
        Path(options.out),
        study=None if options.study is None else Path(options.study),
        port=options.port,
        browser=options.browser,
        workers=options.workers,
        progress=progress,
    )
    return DONE


def _new(options: argparse.Namespace, progress: Progress) -> int:
    new(options, progress)
    return DONE


def _fetch(options: argparse.Namespace, progress: Progress) -> int:
    fetch(options, progress)
    return DONE


def _tell(written: Sequence[Path], progress: Progress) -> None:
    folder = written[0].parent if written else Path()
    for name in ("report.html", "study.gpkg", "reach.parquet"):
        path = next((path for path in written if path.name == name), None)
        if path is not None:
            folder = path.parent
            progress.line(f"written: {path}")
    progress.line(f"{len(written)} files in {folder}")


def _check(options: argparse.Namespace, progress: Progress) -> int:
    from halfcircle.gtfs import check_feeds
    from halfcircle.study.check import check_study

    studies = [Path(p) for p in options.paths if p.lower().endswith(".toml")]
    feeds = [Path(p) for p in options.paths if not p.lower().endswith(".toml")]
    fine = True
    for path in studies:
        text, good = check_study(path, progress=progress)
        print(text)  # noqa: T201 - the answer of the command
        fine &= good
    if feeds:
        report = check_feeds(feeds)
        print(report.to_json() if options.json else report.to_text().rstrip())  # noqa: T201
        fine &= not report.failed
    return DONE if fine else WRONG_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="halfcircle",
        description="Spatial accessibility, daily urban systems, and what a border takes away.",
        epilog="Start with: halfcircle demo",
    )
    parser.add_argument("--version", action="version", version=f"halfcircle {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")

    demo = _command(
        commands,
        "demo",
        "run an embedded study end to end and write its report (no downloads)",
        "halfcircle demo --out my-demo",
    )
    demo.add_argument(
        "name", nargs="?", default=next(iter(DEMOS)), choices=list(DEMOS), metavar="NAME",
        help=f"one of: {', '.join(DEMOS)} (default: %(default)s)",
    )  # fmt: skip
    demo.add_argument("--list", action="store_true", help="list the embedded studies")
    demo.add_argument("--out", metavar="DIR", help="folder to write (default: halfcircle-NAME)")
    _add_workers(demo)

    run = _command(commands, "run", "run a study", "halfcircle run study.toml --workers 2")
    run.add_argument("study", metavar="STUDY.toml", help="study file")
    run.add_argument("--out", metavar="DIR", help="output folder (default: as in the study file)")
    run.add_argument(
        "--resume",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="go on where a run of the same study and inputs was stopped (default: yes)",
    )
    _add_workers(run)
    run.add_argument(
        "--scheduler",
        metavar="ADDRESS",
        help="Dask scheduler whose workers compute the origins, tcp://host:8786 (extra dask)",
    )

    check = _command(
        commands,
        "check",
        "tell everything that is wrong with a study or with GTFS feeds",
        "halfcircle check study.toml feed.zip",
    )
    check.add_argument("paths", nargs="+", metavar="STUDY.toml|FEED", help="studies and feeds")
    check.add_argument("--json", action="store_true", help="report on feeds as JSON")

    compare = _command(
        commands,
        "compare",
        "tell what differs between two finished runs",
        "halfcircle compare out-2024 out-2025 --out difference",
    )
    compare.add_argument("out_a", metavar="OUT_A", help="output folder of the one run")
    compare.add_argument("out_b", metavar="OUT_B", help="output folder of the other")
    compare.add_argument("--out", metavar="DIR", help="folder for tables of all differences")
    explain = _command(
        commands,
        "explain",
        "tell the journey by public transport behind a travel time",
        "halfcircle explain study.toml --from LIN-43 --to ESC-39 --at 07:35",
    )
    explain.add_argument("study", metavar="STUDY.toml", help="study file")
    explain.add_argument("--from", dest="origin", required=True, metavar="ZONE", help="zone id")
    explain.add_argument("--to", dest="destination", required=True, metavar="ZONE", help="zone id")
    explain.add_argument("--at", required=True, metavar="HH:MM", help="departure, in the window")
    explain.add_argument("--mode", metavar="MODE", help="transit, bike+transit, car+transit, ...")
    explain.add_argument("--json", action="store_true", help="legs as GeoJSON")
    explain.add_argument("--chart", metavar="FILE.svg", help="travel time over all departures")
    explore_ = _command(
        commands,
        "explore",
        "open a local page: click a place, see its reach and travel times",
        "halfcircle explore my-demo/out",
    )
    explore_.add_argument("out", metavar="OUT", help="output folder of a run")
    explore_.add_argument("--study", metavar="FILE", help="its study file (default: looked for)")
    explore_.add_argument(
        "--port", type=_port, default=0, metavar="N", help="port of 127.0.0.1 (default: a free one)"
    )
    explore_.add_argument(
        "--no-browser", dest="browser", action="store_false", help="do not open the page"
    )
    _add_workers(explore_)
    add_fetch_commands(
        _command(
            commands,
            "new",
            "write a study for a place and everything within reach of it",
            'halfcircle new "Enschede, NL" --radius-km 60',
        ),
        _command(
            commands,
            "fetch",
            "download and lock the open data that a study names",
            "halfcircle fetch study.toml",
        ),
    )
    return parser


def _command(
    commands: argparse._SubParsersAction[argparse.ArgumentParser],
    name: str,
    text: str,
    example: str,
) -> argparse.ArgumentParser:
    parser = commands.add_parser(
        name, help=text, description=text[0].upper() + text[1:] + ".", epilog=f"Example: {example}"
    )
    parser.add_argument("--quiet", action="store_true", help="say nothing but errors")
    return parser


def _add_workers(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--workers",
        type=_positive,
        default=None,
        metavar="N",
        help="threads (default: all processors); results do not depend on it",
    )


def _port(text: str) -> int:
    number = int(text)
    if not 0 <= number <= 65_535:
        raise argparse.ArgumentTypeError("must be 0 to 65535")
    return number


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError("must be at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
