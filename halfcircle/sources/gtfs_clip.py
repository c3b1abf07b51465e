"""Cutting a feed down: trips that serve at least two stops in an area, with all their stops."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pandas as pd

from halfcircle.errors import SourceError
from halfcircle.sources.archive import member_names, open_member
from halfcircle.sources.area import Area

__all__ = ["clip_feed"]

CHUNK_ROWS = 500_000
MOST_BYTES = 24 * 2**30
NEEDED = ("stops.txt", "stop_times.txt", "trips.txt")
EPOCH = (1980, 1, 1, 0, 0, 0)
WHOLE = ("agency.txt", "feed_info.txt", "calendar.txt", "calendar_dates.txt", "levels.txt")


def clip_feed(source: Path, target: Path, area: Area, *, where: str) -> tuple[int, int]:
    """Write the part of a feed that serves an area.

    A trip that has two stops in the area is kept whole, so that times are still interpolated as
    its operator meant them. Everything is text: nothing but rows is left out.

    Parameters
    ----------
    source, target : Path
        Zip files.
    area : Area
    where : str
        For messages.

    Returns
    -------
    n_trips, n_stops : int

    Raises
    ------
    SourceError
        Tables or columns are missing, or cannot be read.
    """
    members = {name.rsplit("/", 1)[-1].lower(): name for name in member_names(source, where=where)}
    missing = [name for name in NEEDED if name not in members]
    if missing:
        raise SourceError(f"{where}: the feed has no {', '.join(missing)} - is it GTFS?")
    feed = _Feed(source, members, where)
    stops = pd.concat(list(feed.chunks("stops.txt")), ignore_index=True)
    feed.require("stops.txt", stops, ("stop_id",))
    near = _stops_in(stops, area)
    calls: dict[str, int] = {}
    for chunk in feed.chunks("stop_times.txt"):
        feed.require("stop_times.txt", chunk, ("trip_id", "stop_id"))
        here = _ids(chunk, "trip_id")[_ids(chunk, "stop_id").isin(near)]
        for trip, count in here.value_counts(sort=False).items():
            calls[str(trip)] = calls.get(str(trip), 0) + int(count)
    trips = {trip for trip, count in calls.items() if count >= 2}

    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as written:
        used = {"route_id": set[str](), "shape_id": set[str](), "stop_id": set[str]()}

        def of_trips(chunk: pd.DataFrame) -> pd.DataFrame:
            chunk = chunk[_ids(chunk, "trip_id").isin(trips)]
            for column in used.keys() & set(chunk.columns):
                used[column].update(_ids(chunk, column))
            return chunk

        def keep(name: str, ids: set[str], *columns: str) -> None:
            def chosen(chunk: pd.DataFrame) -> pd.DataFrame:
                good = np.ones(len(chunk), dtype=bool)
                for column in columns:
                    good &= _ids(chunk, column).isin(ids).to_numpy()
                return chunk[good]

            feed.copy(written, name, chosen, columns)

        feed.copy(written, "trips.txt", of_trips, ("trip_id", "route_id"))
        feed.copy(written, "stop_times.txt", of_trips, ("trip_id", "stop_id"))
        stop_ids = _with_parents(stops, used["stop_id"])
        keep("stops.txt", stop_ids, "stop_id")
        keep("routes.txt", used["route_id"], "route_id")
        keep("shapes.txt", used["shape_id"], "shape_id")
        keep("frequencies.txt", trips, "trip_id")
        # Transfers between routes or trips may leave their stops empty.
        keep("transfers.txt", stop_ids | {""}, "from_stop_id", "to_stop_id")
        keep("pathways.txt", stop_ids, "from_stop_id", "to_stop_id")
        for name in WHOLE:
            feed.copy(written, name, lambda chunk: chunk, ())
    return len(trips), len(used["stop_id"])


class _Feed:
    """Tables of a feed, as text, in chunks."""

    def __init__(self, source: Path, members: dict[str, str], where: str) -> None:
        self.source = source
        self.members = members
        self.where = where

    def chunks(self, name: str) -> Iterator[pd.DataFrame]:
        with open_member(
            self.source, self.members[name], where=self.where, most_bytes=MOST_BYTES
        ) as raw:
            try:
                reader = pd.read_csv(
                    raw, dtype=str, keep_default_na=False, na_filter=False, encoding="utf-8-sig",
                    encoding_errors="replace", chunksize=CHUNK_ROWS, skipinitialspace=True,
                    on_bad_lines="skip", low_memory=False,
                )  # fmt: skip
                for chunk in reader:
                    chunk.columns = chunk.columns.str.strip()
                    yield chunk
            except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
                raise SourceError(f"{self.where} {name}: is no table ({error})") from None

    def require(self, name: str, chunk: pd.DataFrame, columns: tuple[str, ...]) -> None:
        missing = [column for column in columns if column not in chunk.columns]
        if missing:
            raise SourceError(f"{self.where} {name}: has no column {', '.join(missing)}")

    def copy(
        self,
        written: zipfile.ZipFile,
        name: str,
        choose: Callable[[pd.DataFrame], pd.DataFrame],
        columns: tuple[str, ...],
    ) -> None:
        """Copy the chosen rows of a table, if the feed has it, with a fixed time stamp."""
        if name not in self.members:
            return
        info = zipfile.ZipInfo(name, EPOCH)
        info.compress_type = zipfile.ZIP_DEFLATED
        with (
            written.open(info, "w", force_zip64=True) as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="") as text,
        ):
            for i, chunk in enumerate(self.chunks(name)):
                self.require(name, chunk, columns)
                choose(chunk).to_csv(
                    text, index=False, header=i == 0, lineterminator="\n",
                    quoting=csv.QUOTE_MINIMAL,
                )  # fmt: skip


def _ids(chunk: pd.DataFrame, column: str) -> pd.Series[str]:
    """Identifiers without the blanks that some feeds pad them with."""
    return chunk[column].str.strip()


def _stops_in(stops: pd.DataFrame, area: Area) -> set[str]:
    positions = [
        pd.to_numeric(stops[name].str.strip(), errors="coerce").to_numpy(np.float64)
        if name in stops.columns
        else np.full(len(stops), np.nan)
        for name in ("stop_lon", "stop_lat")
    ]
    lon, lat = positions
    known = (np.abs(lat) <= 85.0) & (np.abs(lon) <= 180.0)
    inside = np.zeros(len(stops), dtype=bool)
    if known.any():
        inside[known] = area.holds(lon[known], lat[known])
    return set(_ids(stops, "stop_id")[inside])


def _with_parents(stops: pd.DataFrame, used: set[str]) -> set[str]:
    """Stops, the stations they belong to, and the entrances and nodes of those stations."""
    if "parent_station" not in stops.columns:
        return used
    parents, ids = _ids(stops, "parent_station"), _ids(stops, "stop_id")
    stations = set(parents[ids.isin(used)]) - {""}
    return used | stations | set(ids[parents.isin(stations)])
