"""Arriving by a time: the same search over a timetable that runs backwards."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from halfcircle.access.transit.build import EngineName, build_transit_search
from halfcircle.access.transit.query import StopLinks, TransitQuery
from halfcircle.access.transit.search import DirectTimes, TransitSearch
from halfcircle.gtfs.timetable import Timetable

__all__ = ["build_arrive_by_search", "reverse_timetable"]


def reverse_timetable(timetable: Timetable) -> Timetable:
    """Timetable in which everything runs backwards: what left at t arrives at -t.

    Getting on becomes getting off, transfers lead the other way, and the last trip of a pattern
    becomes its first. Reversing twice gives the timetable back.
    """
    position = _backwards(timetable.pattern_ptr)
    trip = _backwards(timetable.trip_ptr)
    event = _backwards(timetable.event_ptr)
    n = len(timetable.stops)
    start = np.repeat(np.arange(n), np.diff(timetable.transfer_ptr))
    order = np.lexsort((start, timetable.transfer_stop))
    ptr = np.searchsorted(timetable.transfer_stop[order], np.arange(n + 1))
    return replace(
        timetable,
        pattern_stop=timetable.pattern_stop[position],
        pattern_board=timetable.pattern_alight[position],
        pattern_alight=timetable.pattern_board[position],
        arrival_s=-timetable.departure_s[event],
        departure_s=-timetable.arrival_s[event],
        trip_id=timetable.trip_id[trip],
        trip_route_idx=timetable.trip_route_idx[trip],
        transfer_ptr=ptr.astype(np.int64),
        transfer_stop=start[order].astype(np.int32),
        transfer_s=timetable.transfer_s[order],
        fixed_pairs=timetable.fixed_pairs[:, ::-1],
    )


def build_arrive_by_search(
    timetable: Timetable,
    access: StopLinks,
    egress: StopLinks,
    query: TransitQuery,
    *,
    direct_s: DirectTimes | npt.NDArray[np.float32] | None = None,
    engine: EngineName = "trip-based",
    workers: int = 1,
) -> TransitSearch:
    """Prepare a search for journeys that are at the destination by given times.

    The travel time runs from leaving the origin, as late as possible, to the time by which one
    has to be there, waiting at the destination included.

    Parameters
    ----------
    timetable : Timetable
        As it runs; it is reversed here, and has to hold the trips up to `limit_s` before the
        window.
    access, egress : StopLinks
        From origins to stops and from stops to destinations, as for `build_transit_search`.
    query : TransitQuery
        The window is that of arrivals.
    direct_s : callable, or array of float32, shape (n_destinations, n_origins), optional
        Times without a ride from each origin to each destination, a row per destination.
    engine : {"trip-based", "range-raptor"}
    workers : int
        Threads.

    Returns
    -------
    TransitSearch
        It runs backwards: its origins are the destinations given here, and its destinations the
        origins. ``times_s(destination_idx)`` has the shape (n_block, n_percentiles, n_origins);
        lanes go from the last arrival of the window to the first.
    """
    arrivals = query.departures_s
    back = replace(query, start_s=-int(arrivals[-1]), end_s=1 - int(arrivals[0]), board_slack_s=0)
    # the slack before the first ride is part of the way home, seen backwards
    home = StopLinks(access.ptr, access.stop_idx, access.seconds + query.board_slack_s)
    return build_transit_search(
        reverse_timetable(timetable),
        egress,
        home,
        back,
        direct_s=direct_s,
        engine=engine,
        workers=workers,
    )


def _backwards(ptr: npt.NDArray[np.integer]) -> npt.NDArray[np.int64]:
    """Index that turns each group ``ptr[i]:ptr[i + 1]`` around in its place."""
    bounds = ptr.astype(np.int64)
    total = bounds[:-1] + bounds[1:] - 1
    return np.repeat(total, np.diff(bounds)) - np.arange(bounds[-1])
