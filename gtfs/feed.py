"""A GTFS feed as it was read: clean tables, and everything that was wrong with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from types import MappingProxyType

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FeedError
from halfcircle.gtfs._archive import open_archive
from halfcircle.gtfs._csv import read_table
from halfcircle.gtfs.checks import Dropped, check_tables
from halfcircle.gtfs.limits import Limits
from halfcircle.gtfs.schema import FILES
from halfcircle.gtfs.stop_times import StopTimes, build_stop_times
from halfcircle.gtfs.table import Table
from halfcircle.gtfs.zones import Clock, stop_clock_s, stop_zones, trip_zones

__all__ = ["Feed", "feed_from_tables", "read_feed"]


@dataclass(frozen=True, eq=False)
class Feed:
    """One feed: tables without unusable rows, and what was found while reading.

    Parameters
    ----------
    feed_id : str
        Name within a study; part of every stop and trip id of the timetable.
    tables : mapping of str to Table
        ``"stops"``, ``"trips"``, ...: text as in the files.
    stop_times : StopTimes
        The stop times as sorted numbers.
    source : str
        Name of the file or folder.
    faults : tuple of Fault
        Warnings and notices; errors were raised.
    dropped : tuple of Dropped
        Rows that are not used.
    unused_files : tuple of str
    clock : {"agency", "stop"}
        Whose clock the stop times show in the files; `stop_times` is always on the agency's.
    """

    feed_id: str
    tables: Mapping[str, Table]
    stop_times: StopTimes
    source: str = ""
    faults: tuple[Fault, ...] = ()
    dropped: tuple[Dropped, ...] = ()
    unused_files: tuple[str, ...] = ()
    clock: Clock = "agency"
    _cache: dict[str, object] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "tables", MappingProxyType(dict(self.tables)))

    def __repr__(self) -> str:
        counts = ", ".join(
            f"{len(self.tables[name]):,} {name}"
            for name in ("stops", "routes", "trips", "stop_times")
        )
        return f"<Feed {self.feed_id}: {counts}>"

    def __getitem__(self, name: str) -> Table:
        return self.tables[name]

    def __contains__(self, name: str) -> bool:
        return name in self.tables

    def frame(self, name: str) -> pd.DataFrame:
        """One table as a data frame of text; empty when the feed has no such file."""
        if name not in self.tables:
            return pd.DataFrame({item.name: [] for item in FILES[name].fields}, dtype=object)
        return self.tables[name].frame()

    def with_frames(self, frames: Mapping[str, pd.DataFrame]) -> Feed:
        """Feed with some tables replaced, checked again."""
        tables = dict(self.tables)
        for name, frame in frames.items():
            tables[name] = Table.from_frame(name, frame)
        return feed_from_tables(tables, feed_id=self.feed_id, source=self.source, clock=self.clock)

    def renamed(self, feed_id: str) -> Feed:
        """Same feed under another id."""
        return replace(self, feed_id=feed_id, _cache={})

    @cached_property
    def lon(self) -> npt.NDArray[np.float64]:
        """Longitude per row of stops.txt, shape (n_stops,), degrees."""
        return self._coordinates[0]

    @cached_property
    def lat(self) -> npt.NDArray[np.float64]:
        """Latitude per row of stops.txt, shape (n_stops,), degrees."""
        return self._coordinates[1]

    @cached_property
    def _coordinates(self) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        stops = self.tables["stops"]
        return stops.numbers("stop_lon", blank=np.nan), stops.numbers("stop_lat", blank=np.nan)

    @cached_property
    def trip_time_zone(self) -> npt.NDArray[np.object_]:
        """IANA zone of each trip's times, shape (n_trips,): that of its route's agency."""
        return trip_zones(self.tables)

    @cached_property
    def stop_time_zone(self) -> npt.NDArray[np.object_]:
        """stop_timezone of each stop or its station, shape (n_stops,); blank where not given."""
        return stop_zones(self.tables)


def read_feed(
    path: str | PathLike[str],
    *,
    feed_id: str = "",
    clock: Clock = "agency",
    limits: Limits | None = None,
) -> Feed:
    """Read a GTFS feed from a zip file or a folder; its tables may lie in a folder inside.

    Parameters
    ----------
    path : path-like
    feed_id : str
        Name of the feed; by default the file name without its ending.
    clock : {"agency", "stop"}
        Whose clock the stop times show. The reference says the agency's, also at stops in another
        zone; feeds that print the local time of each stop are read with ``"stop"``.
    limits : Limits, optional
        How much the feed may hold.

    Raises
    ------
    FeedError
        The feed cannot be used; all reasons at once. Rows that cannot be used are dropped and
        listed in `Feed.dropped` instead.
    """
    path = Path(path)
    bounds = Limits() if limits is None else limits
    faults = Faults()
    tables: dict[str, Table] = {}
    try:
        with open_archive(path, limits=bounds) as archive:
            faults.extend(archive.faults.items)
            for name in FILES:
                if name in archive.members:
                    with archive.open(name) as stream:
                        table = read_table(name, stream, limits=bounds, faults=faults)
                    if table is not None:
                        tables[name] = table
            unused = tuple(sorted(archive.unused))
    except FeedError as error:
        raise FeedError(f"feed {path.name}:", faults=error.faults) from error
    return feed_from_tables(
        tables,
        feed_id=feed_id or path.stem,
        source=path.name,
        faults=tuple(faults.items),
        unused_files=unused,
        clock=clock,
    )


def feed_from_tables(
    tables: Mapping[str, Table],
    *,
    feed_id: str,
    source: str = "",
    faults: tuple[Fault, ...] = (),
    unused_files: tuple[str, ...] = (),
    clock: Clock = "agency",
) -> Feed:
    """Check tables and make a feed of them.

    Raises
    ------
    FeedError
        All reasons why they are no feed.
    """
    found = Faults()
    # A file that only may be there and is empty does not stop a run.
    found.extend(
        replace(fault, severity="warning")
        if fault.severity == "error" and not _is_needed(fault.where)
        else fault
        for fault in faults
    )
    if not feed_id or ":" in feed_id:
        found.add("feed id", "must be a word without a colon", values=[feed_id])
    checked, dropped = check_tables(dict(tables), found)
    found.raise_errors(FeedError, f"feed {source or feed_id}:")
    shift = stop_clock_s(checked) if clock == "stop" else None
    stop_times, ends = build_stop_times(checked, found, call_shift_s=shift)
    dropped = (*dropped, *ends)
    short = np.flatnonzero(stop_times.n_calls < 2)
    if len(short):
        trips = checked["trips"]
        found.warn(
            f"trips.txt:{trips.line(int(short[0]))}",
            "trips with fewer than two stop times carry nobody",
            values=trips.texts("trip_id")[short[:5]],
            count=len(short),
        )
    return Feed(
        feed_id,
        checked,
        stop_times,
        source=source,
        faults=found.warnings,
        dropped=dropped,
        unused_files=unused_files,
        clock=clock,
    )


def _is_needed(where: str) -> bool:
    return where.split(".txt")[0] in ("agency", "stops", "routes", "trips", "stop_times")
