"""What is in feeds and what is wrong with them, as data, as a page to read, and as JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from halfcircle.errors import Fault, FeedError
from halfcircle.gtfs.checks import Dropped
from halfcircle.gtfs.feed import Feed, read_feed
from halfcircle.gtfs.limits import Limits
from halfcircle.gtfs.route_types import mode_of, trip_route_type
from halfcircle.gtfs.schema import FILES
from halfcircle.gtfs.service import WEEKDAYS, ServiceReport, service_report
from halfcircle.gtfs.stop_times import UNTIMED

__all__ = ["FailedFeed", "FeedReport", "FeedSummary", "check_feeds", "feed_report"]

_NOT_ROUTED = tuple(name for name in FILES if name.startswith("fare_"))


@dataclass(frozen=True)
class FeedSummary:
    """One feed in numbers.

    Parameters
    ----------
    feed_id, source : str
    rows : tuple of (str, int)
        Usable rows per file.
    agencies : tuple of str
    time_zones : tuple of str
    modes : tuple of (str, int)
        Trips per mode.
    bounds : tuple of float or None
        West, south, east, north of the stops at which vehicles call, degrees.
    service : ServiceReport
    notes : tuple of str
        What is read and kept but has no influence on travel times.
    faults : tuple of Fault
    dropped : tuple of Dropped
    unused_files : tuple of str
    """

    feed_id: str
    source: str
    rows: tuple[tuple[str, int], ...]
    agencies: tuple[str, ...]
    time_zones: tuple[str, ...]
    modes: tuple[tuple[str, int], ...]
    bounds: tuple[float, float, float, float] | None
    service: ServiceReport
    notes: tuple[str, ...]
    faults: tuple[Fault, ...]
    dropped: tuple[Dropped, ...]
    unused_files: tuple[str, ...]

    @property
    def verdict(self) -> str:
        """``"clean"`` when nothing was dropped or warned of, else ``"warning"``."""
        warned = any(fault.severity == "warning" for fault in self.faults)
        return "warning" if warned or self.dropped else "clean"


@dataclass(frozen=True)
class FailedFeed:
    """A feed that cannot be used, and all reasons."""

    source: str
    faults: tuple[Fault, ...]
    verdict: str = "error"


@dataclass(frozen=True)
class FeedReport:
    """Several feeds in numbers, and those that cannot be used."""

    feeds: tuple[FeedSummary, ...]
    failed: tuple[FailedFeed, ...] = ()

    @property
    def verdict(self) -> str:
        """``"clean"``, ``"warning"`` or ``"error"``: the worst of the feeds."""
        found = {item.verdict for item in self.feeds} | {item.verdict for item in self.failed}
        return next((word for word in ("error", "warning") if word in found), "clean")

    def to_text(self) -> str:
        """The report as a page of plain text."""
        pages = [_page(summary) for summary in self.feeds]
        for failed in self.failed:
            title = f"Feed {failed.source}: cannot be used"
            pages.append(
                _clean([title, "=" * len(title), *(f"Error     {f}" for f in failed.faults)])
            )
        return "\n\n".join(pages) + "\n"

    def to_json(self) -> str:
        """The report as JSON with sorted keys."""
        return json.dumps(
            {
                "verdict": self.verdict,
                "feeds": [_plain(summary) for summary in self.feeds],
                "failed": [asdict(failed) for failed in self.failed],
            },
            indent=2,
            sort_keys=True,
            ensure_ascii=False,
        )


def feed_report(feeds: Sequence[Feed]) -> FeedReport:
    """Sum up feeds: rows, service, and every fault and dropped row."""
    return FeedReport(tuple(_summary(feed) for feed in feeds))


def check_feeds(
    paths: Sequence[str | PathLike[str]], *, limits: Limits | None = None
) -> FeedReport:
    """Read feeds and report on all of them, also on those that cannot be used."""
    feeds: list[Feed] = []
    failed: list[FailedFeed] = []
    for path in paths:
        try:
            feeds.append(read_feed(path, limits=limits))
        except FeedError as error:
            faults = error.faults or (Fault(Path(path).name, str(error)),)
            failed.append(FailedFeed(Path(path).name, faults))
    return replace(feed_report(feeds), failed=tuple(failed))


def _summary(feed: Feed) -> FeedSummary:
    kinds, counts = np.unique(
        trip_route_type(feed)[feed.stop_times.n_calls >= 2], return_counts=True
    )
    used = np.unique(feed.stop_times.stop_row)
    bounds = None
    if len(used):
        lon, lat = feed.lon[used], feed.lat[used]
        bounds = (float(lon.min()), float(lat.min()), float(lon.max()), float(lat.max()))
    return FeedSummary(
        feed_id=feed.feed_id,
        source=feed.source,
        rows=tuple((name, len(table)) for name, table in feed.tables.items()),
        agencies=tuple(sorted(set(feed["agency"].texts("agency_name")) - {""})),
        time_zones=tuple(sorted(set(feed["agency"].texts("agency_timezone")))),
        modes=tuple(
            (mode_of(kind), count)
            for kind, count in zip(kinds.tolist(), counts.tolist(), strict=True)
        ),
        bounds=bounds,
        service=service_report(feed),
        notes=_notes(feed),
        faults=feed.faults,
        dropped=feed.dropped,
        unused_files=feed.unused_files,
    )


def _notes(feed: Feed) -> tuple[str, ...]:
    notes: list[str] = []
    fares = [f"{name}.txt" for name in _NOT_ROUTED if name in feed]
    if fares:
        notes.append(f"fares are kept and do not influence travel times: {', '.join(fares)}")
    stop_times = feed["stop_times"]
    on_request = int(((feed.stop_times.pickup >= 2) | (feed.stop_times.drop_off >= 2)).sum())
    if on_request:
        notes.append(f"{on_request:,} stop times on request are taken as regular")
    for name in ("continuous_pickup", "continuous_drop_off"):
        for table in ("routes", "stop_times"):
            column = feed[table].columns.get(name)
            if column is not None and {*column.values} - {"", "1"}:
                notes.append(f"{table}.txt: {name} is ignored; vehicles stop at stops only")
    kind = feed["stops"].whole("location_type", blank=0)
    elsewhere = int((kind[feed.stop_times.stop_row] > 0).sum())
    if elsewhere:
        notes.append(f"{elsewhere:,} stop times name a station or entrance; taken as a stop")
    untimed = int((feed.stop_times.arrival_s == UNTIMED).sum())
    if untimed:
        along = "shape_dist_traveled" if feed.stop_times.distance is not None else "straight lines"
        notes.append(f"{untimed:,} of {len(stop_times):,} stop times are interpolated ({along})")
    if "frequencies" in feed and len(feed["frequencies"]):
        notes.append(f"{len(feed['frequencies']):,} rows of headways are expanded to departures")
    return tuple(notes)


def _page(item: FeedSummary) -> str:
    service = item.service
    title = f"Feed {item.feed_id} ({item.source}): {item.verdict}"
    lines = [title, "=" * len(title)]
    lines.append("Rows      " + ", ".join(f"{name} {count:,}" for name, count in item.rows))
    if item.agencies:
        others = f" and {len(item.agencies) - 5} more" if len(item.agencies) > 5 else ""
        lines.append("Agencies  " + "; ".join(item.agencies[:5]) + others)
    lines.append("Zones     " + ", ".join(item.time_zones))
    lines.append("Trips     " + ", ".join(f"{mode} {count:,}" for mode, count in item.modes))
    if item.bounds is not None:
        west, south, east, north = item.bounds
        lines.append(f"Area      {west:.3f} to {east:.3f} E, {south:.3f} to {north:.3f} N")
    busiest = service.busiest
    if busiest is None:
        lines.append("Service   none on any date")
    else:
        trips, stops = service.on(busiest)
        lines.append(
            f"Service   {service.first} to {service.last}, {service.idle_days} days without; "
            f"busiest {busiest:%A} {busiest}: {trips:,} trips, {stops:,} stops served"
        )
        lines.append(
            "Week      "
            + ", ".join(
                f"{day[:3]} {count:,.0f}"
                for day, count in zip(WEEKDAYS, service.weekday_trips, strict=True)
            )
            + " trips (median of days with service)"
        )
    lines += [f"Note      {note}" for note in item.notes]
    for severity, label in (("warning", "Warning"), ("notice", "Notice")):
        lines += [f"{label:9} {fault}" for fault in item.faults if fault.severity == severity]
    for dropped in item.dropped:
        shown = ", ".join(
            f"line {line} ({value!r})" if value else f"line {line}"
            for line, value in zip(dropped.lines, dropped.values, strict=True)
        )
        more = dropped.count - len(dropped.lines)
        lines.append(
            f"Dropped   {dropped.file}: {dropped.count:,} rows, {dropped.reason}: {shown}"
            + (f", {more:,} more" if more > 0 else "")
        )
    return _clean(lines)


def _clean(lines: list[str]) -> str:
    """Lines of text; a feed may hold anything, and nothing of it may steer a terminal."""
    return "\n".join("".join(c if c.isprintable() else "?" for c in line) for line in lines)


def _plain(item: FeedSummary) -> dict[str, Any]:
    service = item.service
    return {
        "feed_id": item.feed_id,
        "source": item.source,
        "verdict": item.verdict,
        "rows": dict(item.rows),
        "agencies": list(item.agencies),
        "time_zones": list(item.time_zones),
        "trips_by_mode": dict(item.modes),
        "bounds": None if item.bounds is None else list(item.bounds),
        "service": {
            "first": service.first.isoformat(),
            "last": service.last.isoformat(),
            "busiest": None if service.busiest is None else service.busiest.isoformat(),
            "idle_days": service.idle_days,
            "weekday_trips": dict(zip(WEEKDAYS, service.weekday_trips, strict=True)),
            "trips": service.trips.tolist(),
            "stops": service.stops.tolist(),
        },
        "notes": list(item.notes),
        "faults": [asdict(fault) for fault in item.faults],
        "dropped": [asdict(dropped) for dropped in item.dropped],
        "unused_files": list(item.unused_files),
    }
