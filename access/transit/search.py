"""Travel times by public transport from all origins, for every departure of a window."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.access.transit._engines import Engine, RangeRaptor, TripBased, Workspace, window_of
from halfcircle.access.transit._lanes import (
    Egress,
    destination_lanes,
    opportunity_sums,
    percentile_times,
)
from halfcircle.access.transit._trip_based import Trips
from halfcircle.access.transit.changes import build_changes
from halfcircle.access.transit.clipped import ClippedTimetable, clip_timetable
from halfcircle.access.transit.percentiles import percentile_index
from halfcircle.access.transit.query import StopLinks, TransitQuery
from halfcircle.errors import InputError
from halfcircle.gtfs.timetable import Timetable

__all__ = ["UNREACHED_LANE", "DirectTimes", "EngineName", "TransitSearch", "build_transit_search"]

DirectTimes = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]
"""Times without a ride of a block of origins: float32 (n_block, n_destinations), inf for none."""

EngineName = Literal["trip-based", "range-raptor"]

UNREACHED_LANE = 65_535
"""What a lane holds where the destination is not reached."""

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False, kw_only=True)
class TransitSearch:
    """A prepared search; made by `build_transit_search`.

    A journey leaves the origin at one of the departures of the window. It walks all the way, or
    it walks along an access link, is ready to get on `board_slack_s` later, and takes rides. Two
    rides are joined by a change at one stop or by one transfer of the timetable, never by a chain
    of walks. After the last ride it walks along an egress link. Its travel time runs from the
    departure, waiting at home included, to the arrival, in whole seconds. Of all journeys with at
    most `max_rides` rides the one that arrives first counts, if it takes at most `limit_s`.

    Results depend neither on `workers` nor on how origins are cut into blocks.

    Parameters
    ----------
    query : TransitQuery
    access : StopLinks
        From origins to stops; `board_slack_s` is not included.
    egress : StopLinks
        To destinations from stops; seconds at most `limit_s`.
    engine : Engine
    direct_s : callable, optional
        Times without a ride.
    workers : int
        Threads.
    """

    query: TransitQuery
    access: StopLinks
    egress: StopLinks
    engine: Engine
    direct_s: DirectTimes | None = None
    workers: int = 1

    @property
    def percentiles(self) -> tuple[int, ...]:
        """Percentiles of travel time over the departure window."""
        return self.query.percentiles

    @property
    def n_origins(self) -> int:
        """Number of origins."""
        return len(self.access)

    @property
    def n_destinations(self) -> int:
        """Number of destinations."""
        return len(self.egress)

    def times_s(self, origin_idx: npt.ArrayLike) -> Float32:
        """Percentiles of travel time of a block of origins.

        Parameters
        ----------
        origin_idx : array of int, shape (n_block,)

        Returns
        -------
        array of float32, shape (n_block, n_percentiles, n_destinations), seconds
            Infinite where not reached; which departure a percentile is, says `percentile_index`.
        """
        index = percentile_index(self.percentiles, self.query.n_departures)
        origins = self._origins(origin_idx)
        out = np.empty((len(origins), len(index), self.n_destinations), dtype=np.float32)

        def read(found: _Found, at: int) -> None:
            percentile_times(
                found.at_stops,
                found.egress,
                found.direct_s,
                found.window,
                found.row,
                index,
                out[at],
            )

        self._for_each(origins, read)
        return out

    def lanes_s(self, origin_idx: npt.ArrayLike) -> npt.NDArray[np.uint16]:
        """Travel time of every departure, for a block of origins.

        Parameters
        ----------
        origin_idx : array of int, shape (n_block,)

        Returns
        -------
        array of uint16, shape (n_block, n_destinations, n_departures), seconds
            `UNREACHED_LANE` where not reached.
        """
        origins = self._origins(origin_idx)
        shape = (len(origins), self.n_destinations, self.query.n_departures)
        out = np.empty(shape, dtype=np.uint16)

        def read(found: _Found, at: int) -> None:
            destination_lanes(
                found.at_stops, found.egress, found.direct_s, found.window, found.row, out[at]
            )

        self._for_each(origins, read)
        return out

    def opportunities_within(
        self, origin_idx: npt.ArrayLike, weights: npt.ArrayLike, cutoffs_s: npt.ArrayLike
    ) -> Float64:
        """Opportunities within a percentile of travel time, for a block of origins.

        A destination counts if that percentile of its travel time is at most the cutoff: what
        `times_s` gives, but decided by counting departures and without holding the times.

        Parameters
        ----------
        origin_idx : array of int, shape (n_block,)
        weights : array of float64, shape (n_weights, n_destinations)
            Opportunities at the destinations; without NaN.
        cutoffs_s : array of int, shape (n_cutoffs,), seconds
            At most `limit_s`.

        Returns
        -------
        array of float64, shape (n_block, n_percentiles, n_cutoffs, n_weights)

        Raises
        ------
        InputError
            A weight is NaN, a cutoff is beyond the limit, or shapes do not fit.
        """
        return self._opportunities(origin_idx, weights, cutoffs_s)[0]

    def mean_over_departures(
        self, origin_idx: npt.ArrayLike, weights: npt.ArrayLike, cutoffs_s: npt.ArrayLike
    ) -> Float64:
        """Opportunities within reach, averaged over the departures, for a block of origins.

        The other definition: each departure has its own reach, and the mean over the window is
        taken of reach, not of travel time. Parameters and faults as for `opportunities_within`.

        Returns
        -------
        array of float64, shape (n_block, n_cutoffs, n_weights)
        """
        return self._opportunities(origin_idx, weights, cutoffs_s)[1]

    def _opportunities(
        self, origin_idx: npt.ArrayLike, weights: npt.ArrayLike, cutoffs_s: npt.ArrayLike
    ) -> tuple[Float64, Float64]:
        weight = np.atleast_2d(np.asarray(weights, dtype=np.float64))
        cutoff = np.atleast_1d(np.asarray(cutoffs_s))
        self._check_opportunities(weight, cutoff)
        weight = np.ascontiguousarray(weight.T)
        cutoff = cutoff.astype(np.uint16)
        n_lanes = self.query.n_departures
        index = percentile_index(self.percentiles, n_lanes)
        n_met = np.searchsorted(index, np.arange(n_lanes + 1), side="left").astype(np.int64)
        origins = self._origins(origin_idx)
        n_origins, n_weights = len(origins), weight.shape[1]
        sums = np.empty((n_origins, len(index), len(cutoff), n_weights))
        mean = np.empty((n_origins, len(cutoff), n_weights))

        def read(found: _Found, at: int) -> None:
            opportunity_sums(
                found.at_stops,
                found.egress,
                found.direct_s,
                found.window,
                found.row,
                n_met,
                cutoff,
                weight,
                sums[at],
                mean[at],
            )

        self._for_each(origins, read)
        return sums, mean

    def _check_opportunities(self, weight: Float64, cutoff: npt.NDArray[Any]) -> None:
        faults = Faults()
        where = "opportunities within reach"
        if weight.ndim != 2 or weight.shape[1] != self.n_destinations:
            faults.add(
                where,
                f"weights have shape {weight.shape}, expected (weights, {self.n_destinations})",
            )
        elif np.isnan(weight).any():
            faults.add(
                where,
                "weights that are not known (NaN)",
                count=int(np.isnan(weight).sum()),
                remedy="set them to zero and say how many there are",
            )
        wrong = ~((cutoff >= 0) & (cutoff <= self.query.limit_s))
        if wrong.any():
            faults.add(
                where,
                f"cutoffs outside 0 to the limit of the search, {self.query.limit_s} s",
                values=cutoff[wrong],
            )
        faults.raise_errors(InputError)

    def _origins(self, origin_idx: npt.ArrayLike) -> Int64:
        origins = np.atleast_1d(np.asarray(origin_idx, dtype=np.int64))
        wrong = ~((origins >= 0) & (origins < self.n_origins))
        if wrong.any():
            raise InputError(f"there are no origins {origins[wrong][:5].tolist()}")
        return origins

    def _for_each(self, origins: Int64, read: Callable[[_Found, int], None]) -> None:
        """Search from each origin and let `read` take what it needs, several at a time."""
        direct = self._direct_lanes(origins)
        spare: queue.SimpleQueue[_Found] = queue.SimpleQueue()
        n_workers = max(1, min(self.workers, len(origins)))
        for _ in range(n_workers):
            spare.put(_Found(self))

        def run(part: npt.NDArray[np.int64]) -> None:
            found = spare.get()
            for at in part.tolist():
                start, end = self.access.ptr[origins[at]], self.access.ptr[origins[at] + 1]
                ready_s = self.access.seconds[start:end] + np.int32(self.query.board_slack_s)
                found.workspace.search(self.access.stop_idx[start:end], ready_s)
                found.direct_s = direct[at]
                read(found, at)
            spare.put(found)

        # a few parts per thread, so that one with long origins does not keep the others waiting
        parts = np.array_split(np.arange(len(origins)), min(len(origins), 8 * n_workers) or 1)
        if n_workers == 1:
            for part in parts:
                run(part)
        else:
            with ThreadPoolExecutor(n_workers) as pool:
                list(pool.map(run, parts))

    def _direct_lanes(self, origins: Int64) -> npt.NDArray[np.uint16]:
        shape = (len(origins), self.n_destinations)
        lanes = np.full(shape, UNREACHED_LANE, dtype=np.uint16)
        if self.direct_s is not None:
            direct = np.asarray(self.direct_s(origins))
            if direct.shape != shape or not (direct >= 0).all():
                raise InputError(
                    f"times without a ride have shape {direct.shape}, expected {shape}, "
                    "or are negative or NaN"
                )
            near = direct <= self.query.limit_s
            lanes[near] = np.ceil(direct[near])
        return lanes


class _Found:
    """One thread's workspace, and what the kernels that read lanes take besides it."""

    def __init__(self, search: TransitSearch) -> None:
        egress = search.egress
        self.workspace: Workspace = search.engine.workspace()
        self.at_stops = self.workspace.at_stops
        self.egress = Egress(egress.ptr, egress.stop_idx, egress.seconds.astype(np.uint16))
        self.direct_s = np.empty(0, dtype=np.uint16)
        self.window = window_of(search.query)
        self.row = np.empty(self.at_stops.lanes.shape[1], dtype=np.uint16)


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
        kept = frozen_array(direct_s, np.float32)

        def times(origin_idx: Int64) -> Float32:
            return kept[origin_idx]

    return TransitSearch(
        query=query, access=access, egress=egress, engine=chosen, direct_s=times, workers=workers
    )


def _trip_based(
    clipped: ClippedTimetable, access: StopLinks, query: TransitQuery, workers: int
) -> TripBased:
    span_s = (query.n_departures - 1) * query.step_s
    changes = build_changes(clipped, span_s + query.limit_s, workers=workers)
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
