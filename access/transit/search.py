"""Travel times by public transport from all origins, for every departure of a window."""

from __future__ import annotations

import queue
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.access.transit._engines import Engine
from halfcircle.access.transit._readers import Reader, build_reader
from halfcircle.access.transit.query import StopLinks, TransitQuery
from halfcircle.errors import InputError

__all__ = ["UNREACHED_LANE", "DirectTimes", "TransitSearch"]

DirectTimes = Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]
"""Times without a ride of a block of origins: float32 (n_block, n_destinations), inf for none."""

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
        index = self.query.positions
        origins = self._origins(origin_idx)
        out = np.empty((len(origins), len(index), self.n_destinations), dtype=np.float32)

        self._for_each(origins, lambda reader, at: reader.percentiles(index, out[at]))
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
        self._for_each(origins, lambda reader, at: reader.lanes(out[at]))
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

    def percentiles_over_departures(
        self, origin_idx: npt.ArrayLike, weights: npt.ArrayLike, cutoffs_s: npt.ArrayLike
    ) -> Float64:
        """Percentiles over the departures of opportunities within reach, for a block of origins.

        Each departure has its own reach; these are sorted from little to much and read at the same
        positions as travel times (`percentile_index`). So a low percentile stands for a bad moment
        to leave, where a low percentile of travel time stands for a good one. Percentile 50 is the
        median over departures. Parameters and faults as for `opportunities_within`.

        Returns
        -------
        array of float64, shape (n_block, n_percentiles, n_cutoffs, n_weights)
        """
        return self.over_departures(origin_idx, weights, cutoffs_s)[1]

    def over_departures(
        self, origin_idx: npt.ArrayLike, weights: npt.ArrayLike, cutoffs_s: npt.ArrayLike
    ) -> tuple[Float64, Float64]:
        """Both `mean_over_departures` and `percentiles_over_departures`, from one search."""
        weight, cutoff = self._checked_opportunities(weights, cutoffs_s)
        n_departures = self.query.n_departures
        index = self.query.positions
        origins = self._origins(origin_idx)
        n_cutoffs, n_weights = len(cutoff), weight.shape[1]
        mean = np.empty((len(origins), n_cutoffs, n_weights))
        percentiles = np.empty((len(origins), len(index), n_cutoffs, n_weights))

        def read(reader: Reader, at: int) -> None:
            reader.sums(index, cutoff, weight, np.empty_like(percentiles[at]), mean[at])
            reach = np.empty((n_cutoffs, n_weights, n_departures))
            reader.departure_sums(cutoff, weight, reach)
            reach.partition(index, axis=2)
            percentiles[at] = np.moveaxis(reach[:, :, index], 2, 0)

        self._for_each(origins, read)
        return mean, percentiles

    def _opportunities(
        self, origin_idx: npt.ArrayLike, weights: npt.ArrayLike, cutoffs_s: npt.ArrayLike
    ) -> tuple[Float64, Float64]:
        weight, cutoff = self._checked_opportunities(weights, cutoffs_s)
        index = self.query.positions
        origins = self._origins(origin_idx)
        n_origins, n_weights = len(origins), weight.shape[1]
        sums = np.empty((n_origins, len(index), len(cutoff), n_weights))
        mean = np.empty((n_origins, len(cutoff), n_weights))
        self._for_each(
            origins, lambda reader, at: reader.sums(index, cutoff, weight, sums[at], mean[at])
        )
        return sums, mean

    def _checked_opportunities(
        self, weights: npt.ArrayLike, cutoffs_s: npt.ArrayLike
    ) -> tuple[Float64, npt.NDArray[np.uint16]]:
        """Weights with a row per destination, and cutoffs of 16 bits."""
        weight = np.atleast_2d(np.asarray(weights, dtype=np.float64))
        cutoff = np.atleast_1d(np.asarray(cutoffs_s))
        self._check_opportunities(weight, cutoff)
        return np.ascontiguousarray(weight.T), cutoff.astype(np.uint16)

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

    def _for_each(self, origins: Int64, read: Callable[[Reader, int], None]) -> None:
        """Search from each origin and let `read` take what it needs, several at a time."""
        direct = self._direct_lanes(origins)
        spare: queue.SimpleQueue[Reader] = queue.SimpleQueue()
        n_workers = max(1, min(self.workers, len(origins)))
        for _ in range(n_workers):
            spare.put(build_reader(self.engine.workspace(), self.egress, self.query))

        def run(part: npt.NDArray[np.int64]) -> None:
            reader = spare.get()
            for at in part.tolist():
                start, end = self.access.ptr[origins[at]], self.access.ptr[origins[at] + 1]
                ready_s = self.access.seconds[start:end] + np.int32(self.query.board_slack_s)
                reader.workspace.search(self.access.stop_idx[start:end], ready_s)
                reader.direct_s = direct[at]
                read(reader, at)
            spare.put(reader)

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
