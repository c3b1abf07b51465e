"""Compile feeds into one timetable."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.errors import FeedError
from halfcircle.gtfs.calendar import choose_date, service_days
from halfcircle.gtfs.duplicates import merge_duplicates
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.patterns import build_patterns
from halfcircle.gtfs.rides import Rides, concatenated, feed_rides, ragged, renumbered
from halfcircle.gtfs.route_types import route_types_of
from halfcircle.gtfs.rules import MergeRules, TransferRules
from halfcircle.gtfs.stations import build_stops, match_stations
from halfcircle.gtfs.through_running import join_through_running
from halfcircle.gtfs.times import timetable_window_s
from halfcircle.gtfs.timetable import Merged, Stops, Timetable
from halfcircle.gtfs.transfers import TransferTable, build_transfers

__all__ = ["build_timetable"]

_NO_MERGING = MergeRules()
_USUAL_TRANSFERS = TransferRules()


def build_timetable(
    feeds: Sequence[Feed],
    *,
    date: dt.date | str,
    window: tuple[str, str] = ("07:00", "09:00"),
    time_zone: str,
    max_trip_time_s: int = 10_800,
    transfers: TransferRules = _USUAL_TRANSFERS,
    merge: MergeRules = _NO_MERGING,
    modes: Iterable[str] | None = None,
    frequency_draw: int = 0,
) -> Timetable:
    """Compile the trips that matter for a departure window into one timetable.

    Parameters
    ----------
    feeds : sequence of Feed
        With different ids.
    date : datetime.date or str
        Service date of the window, as ISO text too, or ``"busiest-weekday"``.
    window : pair of str
        Local time of `time_zone`; hours may pass 24.
    time_zone : str
        IANA name.
    max_trip_time_s : int, seconds
        Only trips with a call between the start of the window and its end plus this are kept.
    transfers : TransferRules
    merge : MergeRules
    modes : iterable of str, optional
        Names of :data:`halfcircle.gtfs.MODES` that are kept; all by default.
    frequency_draw : int
        Which draw of the phases of headway services; 0 is the same in every scenario.

    Returns
    -------
    Timetable
        The same for any order of rows in the files.

    Raises
    ------
    FeedError
        No feed has service on the date, a wrong window or zone, or two feeds with one id.
    """
    faults = Faults()
    if not feeds:
        raise FeedError("no feed is given")
    ids = [feed.feed_id for feed in feeds]
    if len(set(ids)) < len(ids):
        raise FeedError(f"feeds: two feeds have one id - ids are {', '.join(ids)}")
    if max_trip_time_s <= 0:
        raise FeedError(f"max_trip_time_s: {max_trip_time_s} is not above 0")
    kept_types = None if modes is None else route_types_of(modes)
    choice = choose_date(feeds, date, faults)
    span = timetable_window_s(choice.date, window, time_zone)
    if choice.reason != "given":
        faults.add("date", choice.reason, severity="notice")
    stops = build_stops(feeds)
    parts: list[Rides] = []
    for number, feed in enumerate(feeds):
        rides = feed_rides(
            feed,
            feed_idx=number,
            date=choice.date,
            origin_utc_s=span.origin_utc_s,
            low_s=span.start_s,
            high_s=span.end_s + max_trip_time_s,
            keep_route_type=None if kept_types is None else kept_types.__contains__,
            frequency_draw=frequency_draw,
            faults=faults,
        )
        if not len(rides) and service_days(feed).n_trips(choice.date):
            faults.warn(
                f"feed {feed.feed_id}",
                f"has service on {choice.date}, but no trip from {window[0]} "
                f"to {max_trip_time_s // 60} min after {window[1]}",
            )
        parts.append(renumbered(rides, stops.index[number]))
    rides = concatenated(parts)
    rides = rides.take(np.lexsort((rides.day, rides.trip_id.astype(str))))
    station_idx, matches = match_stations(
        stops,
        feeds,
        near_m=merge.near_m,
        same_name_m=merge.same_name_m,
        table=merge.stations,
        faults=faults,
    )
    table = build_transfers(
        feeds, stops, station_idx, rides, rules=transfers, merge=merge, faults=faults
    )
    base = table.base
    rides, merged = _merged(feeds, table, station_idx[base], choice.date, merge, faults)
    table = replace(table, rides=rides)
    return _assemble(
        feeds,
        Stops(
            stop_id=stops.stop_id[base] + table.suffix,
            name=stops.name[base],
            lon=stops.lon[base],
            lat=stops.lat[base],
            feed_idx=stops.feed_idx[base],
            station_idx=station_idx[base],
        ),
        table,
        origin_utc_s=span.origin_utc_s,
        time_zone=time_zone,
        merged=(
            *(
                Merged("station", m.first, m.second, f"{m.reason}, {m.distance_m:.0f} m")
                for m in matches
            ),
            *merged,
        ),
        faults=faults,
    )


def _merged(
    feeds: Sequence[Feed],
    table: TransferTable,
    station_idx: npt.NDArray[np.int32],
    date: dt.date,
    merge: MergeRules,
    faults: Faults,
) -> tuple[Rides, tuple[Merged, ...]]:
    """Rides with duplicates dropped and through-running joined."""
    rides = table.rides
    found: list[Merged] = []
    if merge.duplicates:
        rides, some = merge_duplicates(
            feeds, rides, station_idx=station_idx, date=date, merge=merge, faults=faults
        )
        found += some
    if merge.through_running:
        rides, some = join_through_running(
            feeds, rides, station_idx=station_idx, date=date, merge=merge, faults=faults
        )
        found += some
    return rides, tuple(found)


def _assemble(
    feeds: Sequence[Feed],
    stops: Stops,
    table: TransferTable,
    *,
    origin_utc_s: int,
    time_zone: str,
    merged: tuple[Merged, ...],
    faults: Faults,
) -> Timetable:
    rides = table.rides
    patterns = build_patterns(rides)
    head = patterns.ride[patterns.ptr[:-1]]
    position, pattern_ptr = ragged(rides.ptr, head)
    event, event_ptr = ragged(rides.ptr, patterns.ride)
    route_id, route_name, of_ride = _routes(feeds, rides)
    return Timetable(
        stops=stops,
        origin_utc_s=origin_utc_s,
        time_zone=time_zone,
        pattern_ptr=pattern_ptr.astype(np.int32),
        pattern_stop=rides.stop_idx[position],
        pattern_board=rides.board[position],
        pattern_alight=rides.alight[position],
        pattern_route_type=rides.route_type[head],
        trip_ptr=patterns.ptr.astype(np.int32),
        event_ptr=event_ptr[patterns.ptr],
        arrival_s=rides.arrival_s[event],
        departure_s=rides.departure_s[event],
        trip_id=rides.trip_id[patterns.ride],
        trip_route_idx=of_ride[patterns.ride],
        route_id=route_id,
        route_name=route_name,
        change_s=table.change_s,
        transfer_ptr=table.ptr,
        transfer_stop=table.to_stop,
        transfer_s=table.seconds,
        fixed_pairs=table.fixed_pairs,
        notices=tuple(faults.items),
        merged=merged,
    )


def _routes(
    feeds: Sequence[Feed], rides: Rides
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_], npt.NDArray[np.int32]]:
    """Ids and names of all routes, by feed and id, and the route of each ride."""
    ids: list[str] = []
    names: list[str] = []
    of_trip: list[npt.NDArray[np.int32]] = []
    for feed in feeds:
        table = feed["routes"]
        order = np.argsort(table.texts("route_id").astype(str), kind="stable")
        route_ids = table.texts("route_id")[order]
        short, long = table.texts("route_short_name")[order], table.texts("route_long_name")[order]
        number = {route: i + len(ids) for i, route in enumerate(route_ids)}
        ids += [f"{feed.feed_id}:{route}" for route in route_ids]
        names += [
            " ".join(dict.fromkeys(filter(None, words))) or route
            for *words, route in zip(short, long, route_ids, strict=True)
        ]
        of_trip.append(feed["trips"].column("route_id").map(number.__getitem__, np.int32))
    of_ride = np.empty(len(rides), dtype=np.int32)
    for feed_idx, per_trip in enumerate(of_trip):
        own = rides.feed_idx == feed_idx
        of_ride[own] = per_trip[rides.trip_row[own]]
    return np.array(ids, dtype=object), np.array(names, dtype=object), of_ride
