"""Contraction hierarchy: whole-region times for many origins and few changes of weights."""

from __future__ import annotations

import os
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from halfcircle._checks import frozen_array
from halfcircle.access.streets import _phast, _search
from halfcircle.access.streets._contraction import contract
from halfcircle.access.streets.cache import cached, content_key
from halfcircle.access.streets.network import StreetNetwork
from halfcircle.errors import StreetError

__all__ = ["StreetHierarchy", "build_hierarchy"]

N_SETTLE = 100
"""Nodes that a witness search looks at; fewer make more shortcuts and save nothing."""

KEPT = 0.7
"""Share of nodes that keep their order when weights change."""


@dataclass(frozen=True, eq=False)
class StreetHierarchy:
    """Nodes of a network in order of importance, with shortcuts.

    Times over it are bit-identical to those of the bucket search. It pays when many origins ask
    for far destinations; for short limits and one-off weights the bucket search is right.

    Parameters
    ----------
    number : array of int32, shape (n_nodes,)
        Number of each node, 0 for the most important.
    up_ptr, up_to, up_ticks : arrays of int64, int32, int32
        Arcs to more important nodes (CSR by number), ticks of 1/256 s.
    down_ptr, down_from, down_ticks : arrays of int64, int32, int32
        Arcs from more important nodes.
    digest : str
        Digest of the network that it was built from.
    """

    number: npt.NDArray[np.int32]
    up_ptr: npt.NDArray[np.int64] = field(repr=False)
    up_to: npt.NDArray[np.int32] = field(repr=False)
    up_ticks: npt.NDArray[np.int32] = field(repr=False)
    down_ptr: npt.NDArray[np.int64] = field(repr=False)
    down_from: npt.NDArray[np.int32] = field(repr=False)
    down_ticks: npt.NDArray[np.int32] = field(repr=False)
    digest: str = ""

    def __post_init__(self) -> None:
        for name, dtype in _ARRAYS.items():
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype))
        n = len(self.number)
        fits = self.up_ptr.shape == self.down_ptr.shape == (n + 1,)
        fits = fits and self.up_to.shape == self.up_ticks.shape == (self.up_ptr[-1],)
        fits = fits and self.down_from.shape == self.down_ticks.shape == (self.down_ptr[-1],)
        if not fits:
            raise StreetError("street hierarchy: arrays do not fit together")

    def __repr__(self) -> str:
        n_arcs = len(self.up_to) + len(self.down_from)
        return f"<StreetHierarchy: {len(self.number):,} nodes, {n_arcs:,} arcs>"

    def customised(self, network: StreetNetwork) -> StreetHierarchy:
        """Shortcuts for other weights of the same streets.

        Side streets keep their place in the order, whatever the weights; the most important 30 %
        of nodes are ordered anew, because an order that does not fit the weights makes the core
        dense. About as long as building anew, which takes 15 microseconds a node.

        Raises
        ------
        StreetError
            The network has another number of nodes.
        """
        if network.n_nodes != len(self.number):
            raise StreetError(
                f"street hierarchy: it has {len(self.number):,} nodes, "
                f"the network {network.n_nodes:,}"
            )
        order = np.argsort(-self.number, kind="stable").astype(np.int32)
        return _contracted(network, order[: int(KEPT * len(order))])


def build_hierarchy(
    network: StreetNetwork, *, cache_dir: str | os.PathLike[str] | None = None
) -> StreetHierarchy:
    """Order the nodes of a network by importance and add shortcuts.

    About 10 to 50 microseconds per node on road networks; grids of equal streets are the bad case.

    Parameters
    ----------
    network : StreetNetwork
    cache_dir : path, optional
        Folder of the disk cache.
    """
    return cached(
        cache_dir if network.digest else None,
        name="hierarchy",
        key=content_key([network.digest, "hierarchy by level", N_SETTLE]),
        build=lambda: _contracted(network, np.zeros(0, np.int32)),
        to_arrays=lambda h: {**{n: getattr(h, n) for n in _ARRAYS}, "digest": np.array(h.digest)},
        from_arrays=lambda a: StreetHierarchy(
            **{name: a[name] for name in _ARRAYS}, digest=str(a["digest"])
        ),
    )


def _contracted(network: StreetNetwork, order: npt.NDArray[np.int32]) -> StreetHierarchy:
    n = network.n_nodes
    order, level, up_ptr, up_to, up_ticks, down_ptr, down_from, down_ticks = contract(
        n,
        network.edge_tail,
        network.edge_head,
        network.edge_ticks,
        frozen_array(order, np.int32),
        N_SETTLE,
    )
    # The highest level first; within a level, where no arc leads, neighbours in the street stay
    # neighbours in memory, which halves the time of a sweep.
    by_level = np.lexsort((np.arange(n), -level))
    number, step = np.empty(n, dtype=np.int32), np.empty(n, dtype=np.int64)
    number[by_level] = np.arange(n)
    step[order] = np.arange(n)
    rows = step[by_level]
    up = _by_number(up_ptr, number[up_to], up_ticks, rows)
    down = _by_number(down_ptr, number[down_from], down_ticks, rows)
    return StreetHierarchy(number, *up, *down, digest=network.digest)


def _by_number(
    ptr: npt.NDArray[np.int64],
    other: npt.NDArray[np.int32],
    ticks: npt.NDArray[np.int32],
    rows: npt.NDArray[np.int64],
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int32], npt.NDArray[np.int32]]:
    """CSR with its rows in another order."""
    size = np.diff(ptr)[rows]
    turned = np.concatenate([[0], np.cumsum(size)])
    at = np.repeat(ptr[:-1][rows] - turned[:-1], size) + np.arange(len(other))
    return turned, other[at], ticks[at]


def hierarchy_setting(
    hierarchy: StreetHierarchy, origins: _search.Origins, destinations: _search.Destinations
) -> tuple[_phast.Up, _phast.Sweep, _search.Origins, _search.Destinations]:
    """What the sweep kernel needs: nodes by number, and the part that leads to destinations."""
    up = _phast.Up(hierarchy.up_ptr, hierarchy.up_to, hierarchy.up_ticks)
    leave = np.where(origins.node >= 0, hierarchy.number[origins.node], -1)
    arrive = np.where(destinations.node >= 0, hierarchy.number[destinations.node], -1)
    targets = np.unique(arrive[arrive >= 0])
    parts = _phast.restrict(
        hierarchy.down_ptr,
        hierarchy.down_from,
        hierarchy.down_ticks,
        frozen_array(targets, np.int32),
    )
    for part in parts:
        part.flags.writeable = False
    sweep = _phast.Sweep(*parts)
    rows = np.where(arrive >= 0, sweep.row[arrive], -1)
    return (
        up,
        sweep,
        origins._replace(node=frozen_array(leave, np.int32)),
        destinations._replace(node=frozen_array(rows, np.int32)),
    )


_ARRAYS: dict[str, npt.DTypeLike] = {
    "number": np.int32,
    "up_ptr": np.int64,
    "up_to": np.int32,
    "up_ticks": np.int32,
    "down_ptr": np.int64,
    "down_from": np.int32,
    "down_ticks": np.int32,
}
