"""Preparing a search: the timetable clipped to the window, and its changes worked out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.access.transit._engines import Engine, RangeRaptor, TripBased
from halfcircle.access.transit._trip_based import Trips
from halfcircle.access.transit.changes import build_changes
from halfcircle.access.transit.clipped import ClippedTimetable, clip_timetable
from halfcircle.access.transit.query import StopLinks, TransitQuery
from halfcircle.access.transit.search import DirectTimes, TransitSearch
from halfcircle.errors import InputError
from halfcircle.gtfs.timetable import Timetable

__all__ = ["EngineName", "build_transit_search"]

EngineName = Literal["trip-based", "range-raptor"]

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]


def build_transit_search(
    timetable: Timetable,
    access: StopLinks,
    egress: StopLinks,
    query: TransitQuery,
    *,
    direct_s: DirectTimes | npt.NDArray[np.float32] | None = None,
    engine: EngineName = "trip-based",
    workers: int = 1,
) -> TransitSearch:
    """Prepare a search: clip the timetable to the window and work out the changes.

    Parameters
    ----------
    timetable : Timetable
    access : StopLinks
        From each origin to the stops where people get on.
    egress : StopLinks
        To each destination from the stops where people got off.
    query : TransitQuery
    direct_s : callable, or array of float32, shape (n_origins, n_destinations), optional
        Times without a ride, infinite for none; a callable gets the origins of a block.
    engine : {"trip-based", "range-raptor"}
        Two ways to the same result; the second is the slower baseline that needs no preparation.
    workers : int
        Threads, for preparing and searching.

    Raises
    ------
    InputError
        Links name stops that the timetable does not have, or the engine is not known.
    """
    faults = Faults()
    for label, links in (("access", access), ("egress", egress)):
        beyond = links.stop_idx[links.stop_idx >= len(timetable.stops)]
        if len(beyond):
            faults.add(f"{label} links", "stops that the timetable does not have", values=beyond)
    if engine not in ("trip-based", "range-raptor"):
        faults.add(
            "engine", "not known", values=[engine], remedy="give 'trip-based' or 'range-raptor'"
        )
    if engine == "range-raptor" and query.is_continuous:
        faults.add(
            "engine 'range-raptor'",
            "it samples departures and has no continuous window",
            remedy="give step_s, or take 'trip-based'",
        )
    if workers < 1:
        faults.add("workers", "below 1", values=[workers])
    faults.raise_errors(InputError)
    access, egress = _within(access, query.limit_s), _within(egress, query.limit_s)
    clipped = clip_timetable(timetable, query)
    chosen: Engine
    if engine == "range-raptor":
        chosen = RangeRaptor(clipped, query)
    else:
        chosen = _trip_based(clipped, access, query, workers)
    times: DirectTimes | None = direct_s if direct_s is None or callable(direct_s) else None
    if isinstance(direct_s, np.ndarray):
        times = _RowsOf(frozen_array(direct_s, np.float32))
    return TransitSearch(
        query=query, access=access, egress=egress, engine=chosen, direct_s=times, workers=workers
    )


@dataclass(frozen=True, eq=False)
class _RowsOf:
    """Times that are at hand for all origins; an object, so that other processes can have it."""

    times_s: Float32

    def __call__(self, origin_idx: Int64) -> Float32:
        rows: Float32 = self.times_s[origin_idx]
        return rows


def _trip_based(
    clipped: ClippedTimetable, access: StopLinks, query: TransitQuery, workers: int
) -> TripBased:
    changes = build_changes(clipped, query.horizon_s, workers=workers)
    longest = int(np.diff(clipped.pattern_ptr).max(initial=0))
    if changes.ptr[-1] >= 2**31 or longest > 2**16:
        raise InputError(
            f"{changes.ptr[-1]:,} changes between trips, or {longest:,} calls of one trip, are "
            "more than the trip-based search can number - use engine 'range-raptor'"
        )
    call = np.empty((len(changes.ptr), 3), dtype=np.int32)
    call[:-1, 0], call[:-1, 1], call[:, 2] = clipped.arrival_s, clipped.event_stop, changes.ptr
    call[-1, :2] = 0
    call.flags.writeable = False
    trips = np.diff(clipped.pattern_trip)
    length = np.diff(clipped.pattern_ptr)
    # a trip is started from at most once per line of an access stop
    trips_at_line = trips[clipped.line_pattern]
    trips_before = np.concatenate([[0], np.cumsum(trips_at_line, dtype=np.int64)])
    trips_at_stop = np.diff(trips_before[clipped.line_ptr])
    starts = np.concatenate([[0], np.cumsum(trips_at_stop[access.stop_idx])])[access.ptr]
    return TripBased(
        clipped,
        query,
        changes,
        Trips(
            end=frozen_array(clipped.pattern_trip[1:][clipped.trip_pattern], np.int32),
            last_position=frozen_array(length[clipped.trip_pattern] - 1, np.uint16),
            event=clipped.trip_event,
            call=call,
        ),
        int(np.diff(starts).max(initial=0)),
    )


def _within(links: StopLinks, limit_s: int) -> StopLinks:
    """Links that are not longer than any journey may be."""
    keep = links.seconds <= limit_s
    if keep.all():
        return links
    kept_before = np.concatenate([[0], np.cumsum(keep)])
    return StopLinks(kept_before[links.ptr], links.stop_idx[keep], links.seconds[keep])
