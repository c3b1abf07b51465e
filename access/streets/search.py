"""Travel times on streets: one to many, many to many, and sparse links within a limit."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt

from halfcircle._checks import frozen_array
from halfcircle.access.streets import _phast, _search
from halfcircle.access.streets.attaching import attach
from halfcircle.access.streets.hierarchy import StreetHierarchy, hierarchy_setting
from halfcircle.access.streets.network import StreetNetwork, edge_pointer
from halfcircle.access.streets.segments import TICKS_PER_S
from halfcircle.access.streets.snapping import Snaps
from halfcircle.errors import StreetError

__all__ = ["MAX_LIMIT_S", "Links", "street_links", "street_times_s"]

MAX_LIMIT_S = 65_536.0
"""Sums of times are exact in float32 below this."""

T = TypeVar("T")
_LEAST_BLOCK = 16


@dataclass(frozen=True, eq=False)
class Links:
    """Sparse travel times: destinations within the limit of each origin.

    Parameters
    ----------
    ptr : array of int64, shape (n_origins + 1,)
        Entries ``ptr[i]:ptr[i + 1]`` belong to origin i.
    to_idx : array of int32, shape (n_links,)
        Destination, ascending within an origin.
    seconds : array of float32, shape (n_links,), seconds
    n_destinations : int
    """

    ptr: npt.NDArray[np.int64]
    to_idx: npt.NDArray[np.int32]
    seconds: npt.NDArray[np.float32]
    n_destinations: int

    def __post_init__(self) -> None:
        object.__setattr__(self, "ptr", frozen_array(self.ptr, np.int64))
        object.__setattr__(self, "to_idx", frozen_array(self.to_idx, np.int32))
        object.__setattr__(self, "seconds", frozen_array(self.seconds, np.float32))
        fits = self.to_idx.shape == self.seconds.shape == (self.ptr[-1],)
        if not fits or self.ptr[0] != 0 or bool((np.diff(self.ptr) < 0).any()):
            raise StreetError("links: arrays do not fit together")

    def __len__(self) -> int:
        return len(self.to_idx)

    def __repr__(self) -> str:
        n = len(self.ptr) - 1
        return f"<Links: {len(self):,} from {n:,} origins to {self.n_destinations:,} destinations>"

    @property
    def from_idx(self) -> npt.NDArray[np.int32]:
        """Origin of each entry, shape (n_links,)."""
        return np.repeat(np.arange(len(self.ptr) - 1, dtype=np.int32), np.diff(self.ptr))

    def transposed(self) -> Links:
        """The same entries by destination: egress from what was access."""
        order = np.argsort(self.to_idx, kind="stable")
        return Links(
            edge_pointer(self.to_idx, self.n_destinations),
            self.from_idx[order],
            self.seconds[order],
            len(self.ptr) - 1,
        )


class _Setting(NamedTuple):
    """Everything a kernel needs that is the same for all blocks."""

    graph: _search.Graph
    origins: _search.Origins
    destinations: _search.Destinations
    limit: int


def street_times_s(
    network: StreetNetwork,
    origins: Snaps,
    destinations: Snaps,
    *,
    limit_s: float,
    workers: int | None = None,
    hierarchy: StreetHierarchy | None = None,
) -> npt.NDArray[np.float32]:
    """Travel times from every origin to every destination.

    A time is: walk from the origin to its street, travel along streets, walk from the street to the
    destination. Between two places of the same position it is 0; what a trip inside one zone takes
    is for the caller to add (a zone is no point). Places on the same street piece have the time
    along it. For times *to* one place use ``network.reversed()``.

    O(origins x (searched edges + destinations)), where the searched part ends at `limit_s`; memory
    12 bytes per node and thread besides the result.

    Parameters
    ----------
    network : StreetNetwork
    origins, destinations : Snaps
        From `network.snap`.
    limit_s : float, seconds
        Longer times count as not reached; at most 65,536.
    workers : int, optional
        Threads; all processors where left out. Results do not depend on it.
    hierarchy : StreetHierarchy, optional
        From `build_hierarchy` of this network: sweeps 32 origins at a time over the part of it
        that leads to the destinations, O(that part) whatever the limit. Same times, bit by bit.

    Returns
    -------
    array of float32, shape (n_origins, n_destinations), seconds
        Infinite where not reached within the limit, or not snapped. Whole multiples of 1/256 s.

    Raises
    ------
    StreetError
        The limit or the number of workers is out of range, or places belong to another network.
    """
    setting = _setting(network, origins, destinations, limit_s)
    ticks = np.empty((len(origins), len(destinations)), dtype=np.int32)
    if hierarchy is not None:
        if hierarchy.digest != network.digest or len(hierarchy.number) != network.n_nodes:
            raise StreetError(
                "street times: the hierarchy is of another network - use hierarchy.customised"
            )
        up, sweep, leave, arrive = hierarchy_setting(
            hierarchy, setting.origins, setting.destinations
        )

        def sweep_block(rows: slice) -> None:
            _phast.times(up, sweep, _rows(leave, rows), arrive, setting.limit, ticks[rows])

        _in_threads(sweep_block, len(origins), workers)
        return _seconds(ticks)

    def run(rows: slice) -> None:
        _search.times(
            setting.graph,
            _rows(setting.origins, rows),
            setting.destinations,
            setting.limit,
            ticks[rows],
        )

    _in_threads(run, len(origins), workers)
    return _seconds(ticks)


def street_links(
    network: StreetNetwork,
    origins: Snaps,
    destinations: Snaps,
    *,
    limit_s: float,
    workers: int | None = None,
) -> Links:
    """Destinations within a limit of each origin: access, egress and transfers on foot.

    The same times as `street_times_s`, kept only where reached. O(origins x searched part):
    destinations elsewhere cost nothing.

    Parameters
    ----------
    network, origins, destinations, limit_s, workers
        As in `street_times_s`.

    Returns
    -------
    Links

    Raises
    ------
    StreetError
        As in `street_times_s`.
    """
    setting = _setting(network, origins, destinations, limit_s)
    node_of, ticks_of = setting.destinations.node, setting.destinations.ticks
    place, side = np.nonzero(node_of >= 0)
    node = node_of[place, side]
    order = np.argsort(node, kind="stable")
    arrivals = _search.Arrivals(
        frozen_array(edge_pointer(node, network.n_nodes), np.int64),
        frozen_array(place[order], np.int32),
        frozen_array(ticks_of[place, side][order], np.int32),
    )

    def run(rows: slice) -> tuple[npt.NDArray[np.int64], Any, Any]:
        found: tuple[npt.NDArray[np.int64], Any, Any] = _search.links(
            setting.graph,
            _rows(setting.origins, rows),
            setting.destinations,
            arrivals,
            setting.limit,
        )
        return found

    blocks = _in_threads(run, len(origins), workers)
    counts = np.concatenate([block[0] for block in blocks] or [np.zeros(0, np.int64)])
    to_idx = np.concatenate([block[1] for block in blocks] or [np.zeros(0, np.int32)])
    seconds = _seconds(np.concatenate([b[2] for b in blocks] or [np.zeros(0, np.int32)]))
    ptr = np.concatenate([[0], np.cumsum(counts)])
    return Links(ptr, to_idx, seconds, len(destinations))


def _setting(
    network: StreetNetwork, origins: Snaps, destinations: Snaps, limit_s: float
) -> _Setting:
    if not 0 < limit_s <= MAX_LIMIT_S:
        raise StreetError(f"limit_s: {limit_s!r} is not between 0 and {MAX_LIMIT_S:,.0f}")
    leave, arrive = attach(network, origins), attach(network, destinations)
    place = np.flatnonzero(destinations.is_snapped)
    place = place[np.argsort(destinations.link_idx[place], kind="stable")]
    by_link = destinations.link_idx[place]
    lo = np.searchsorted(by_link, origins.link_idx, side="left")
    hi = np.searchsorted(by_link, origins.link_idx, side="right")
    hi[~origins.is_snapped] = lo[~origins.is_snapped]
    position, to_position = _positions(origins, destinations)
    return _Setting(
        _search.Graph(network.edge_ptr, network.edge_head, network.edge_ticks),
        _search.Origins(
            leave.leave_node,
            leave.leave_ticks,
            position,
            leave.along_ticks,
            leave.snap_ticks,
            frozen_array(lo, np.int64),
            frozen_array(hi, np.int64),
        ),
        _search.Destinations(
            arrive.arrive_node,
            arrive.arrive_ticks,
            to_position,
            arrive.along_ticks,
            arrive.snap_ticks,
            frozen_array(place, np.int32),
        ),
        math.floor(min(limit_s, MAX_LIMIT_S) * TICKS_PER_S),
    )


def _rows(origins: _search.Origins, rows: slice) -> _search.Origins:
    return _search.Origins(*(column[rows] for column in origins))


def _seconds(ticks: npt.NDArray[np.int32]) -> npt.NDArray[np.float32]:
    seconds = ticks.astype(np.float32)
    seconds /= np.float32(TICKS_PER_S)
    seconds[ticks == _search.FAR] = np.inf
    return seconds


def _positions(
    origins: Snaps, destinations: Snaps
) -> tuple[npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """Numbers of positions, equal where coordinates are exactly the same."""
    lon = np.concatenate([origins.lon, destinations.lon])
    lat = np.concatenate([origins.lat, destinations.lat])
    _, number = np.unique(lon + 1j * lat, return_inverse=True)
    n = len(origins)
    return frozen_array(number[:n], np.int32), frozen_array(number[n:], np.int32)


def _in_threads(run: Callable[[slice], T], n: int, workers: int | None) -> list[T]:
    """Run over blocks of origins; results in order."""
    if workers is not None and workers < 1:
        raise StreetError(f"workers: {workers!r} is not a number of threads")
    n_threads = workers or os.cpu_count() or 1
    # A few blocks per thread even out uneven origins; large blocks save set-up per block.
    size = max(_LEAST_BLOCK, -(-n // (4 * n_threads)))
    blocks = [slice(start, min(start + size, n)) for start in range(0, n, size)]
    if n_threads == 1 or len(blocks) <= 1:
        return [run(block) for block in blocks]
    with ThreadPoolExecutor(n_threads) as pool:
        return list(pool.map(run, blocks))
