"""Street network of one mode: a directed graph in CSR form, with the geometry of its links."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array, nearest
from halfcircle.access.streets.cache import content_key
from halfcircle.access.streets.links import StreetLinks
from halfcircle.access.streets.profiles import MODES, Mode
from halfcircle.access.streets.segments import TICKS_PER_S, quantised_s
from halfcircle.access.streets.snapping import Snaps, snap_places
from halfcircle.access.streets.tags import ROAD_CLASSES
from halfcircle.errors import Fault, StreetError

__all__ = ["StreetNetwork"]

LONGEST_EDGE_S = 2.0**20
"""So that sums of ticks stay inside int32."""

CONNECTOR = ROAD_CLASSES.index("connector")


@dataclass(frozen=True, eq=False)
class StreetNetwork:
    """Directed street graph of one mode.

    Weights are float32 seconds in whole multiples of 1/256 s, so that sums are exact up to
    65,536 s (18 h) and every algorithm, order and number of threads gives bit-identical times.

    Parameters
    ----------
    mode : {"walk", "bike", "car"}
    node_id : array of int64, shape (n_nodes,)
        OSM node; several nodes share one id where a closed barrier or a turn restriction splits it.
    node_lon, node_lat : array of float64, shape (n_nodes,), degrees (WGS 84)
    edge_ptr : array of int64, shape (n_nodes + 1,)
        ``edge_head[edge_ptr[i]:edge_ptr[i + 1]]`` are the heads of edges that leave node i.
    edge_head, edge_tail : array of int32, shape (n_edges,)
        Node indices.
    edge_s : array of float32, shape (n_edges,), seconds
        Travel time, with the delay at the head.
    edge_link : array of int32, shape (n_edges,)
        Index into `links`; -1 for connectors inside a split node.
    edge_forward : array of bool, shape (n_edges,)
        Whether the edge runs along the geometry of its link.
    edge_copy : array of bool, shape (n_edges,)
        Second copies of an edge, that remember a turn restriction via a way.
    links : StreetLinks
    profile : str
        The assumptions, as text for reports.
    digest : str
        Hash of inputs and parameters.
    notices : tuple of Fault
        What was dropped on the way here.

    Raises
    ------
    StreetError
        Arrays do not fit together, a weight is negative or not a multiple of 1/256 s.
    """

    mode: Mode
    node_id: npt.NDArray[np.int64]
    node_lon: npt.NDArray[np.float64]
    node_lat: npt.NDArray[np.float64]
    edge_ptr: npt.NDArray[np.int64]
    edge_head: npt.NDArray[np.int32]
    edge_tail: npt.NDArray[np.int32]
    edge_s: npt.NDArray[np.float32]
    edge_link: npt.NDArray[np.int32]
    edge_forward: npt.NDArray[np.bool_]
    edge_copy: npt.NDArray[np.bool_]
    links: StreetLinks = field(repr=False)
    profile: str = ""
    digest: str = ""
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        for name, dtype in NETWORK_ARRAYS.items():
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype))
        faults = Faults()
        where = f"street network ({self.mode})"
        if self.mode not in MODES:
            faults.add(where, "unknown mode", values=[self.mode], remedy=nearest(self.mode, MODES))
        n, m = self.n_nodes, self.n_edges
        columns = (self.edge_tail, self.edge_s, self.edge_link, self.edge_forward, self.edge_copy)
        fits = self.node_lon.shape == self.node_lat.shape == (n,)
        fits = fits and all(column.shape == (m,) for column in columns)
        fits = fits and self.edge_ptr.shape == (n + 1,)
        if not fits or (self.edge_ptr[0], self.edge_ptr[-1]) != (0, m):
            faults.add(where, "arrays do not fit together")
        elif m:
            tails = np.repeat(np.arange(n), np.diff(self.edge_ptr))
            if not np.array_equal(tails, self.edge_tail):
                faults.add(where, "edge_tail does not follow edge_ptr")
            if self.edge_head.min() < 0 or self.edge_head.max() >= n:
                faults.add(where, "edge_head names nodes that are not there")
            if self.edge_link.min() < -1 or self.edge_link.max() >= len(self.links):
                faults.add(where, "edge_link names links that are not there")
            faults.extend(_weight_faults(where, self.edge_s))
            if not np.array_equal(quantised_s(self.edge_s), self.edge_s):
                faults.add(where, "edge seconds are not whole multiples of 1/256 s")
        faults.raise_errors(StreetError)

    def __repr__(self) -> str:
        km = float(self.links.length_m.sum(dtype=np.float64)) / 1000
        share = float(self.links.main.mean()) if len(self.links) else 0.0
        return (
            f"<StreetNetwork {self.mode}: {self.n_nodes:,} nodes, {self.n_edges:,} edges, "
            f"{len(self.links):,} links, {km:,.0f} km, {share:.1%} of links in the main part>"
        )

    @property
    def n_nodes(self) -> int:
        """Number of nodes."""
        return len(self.node_id)

    @property
    def n_edges(self) -> int:
        """Number of directed edges."""
        return len(self.edge_head)

    @cached_property
    def edge_ticks(self) -> npt.NDArray[np.int32]:
        """`edge_s` in units of 1/256 s, shape (n_edges,): what searches add up."""
        return frozen_array(np.rint(self.edge_s.astype(np.float64) * TICKS_PER_S), np.int32)

    @cached_property
    def link_edges(self) -> npt.NDArray[np.int32]:
        """Edge along and against each link, shape (n_links, 2); -1 where closed."""
        edges = np.full((len(self.links), 2), -1, dtype=np.int32)
        real = np.flatnonzero((self.edge_link >= 0) & ~self.edge_copy)
        edges[self.edge_link[real], np.where(self.edge_forward[real], 0, 1)] = real
        return frozen_array(edges, np.int32)

    @cached_property
    def edge_class(self) -> npt.NDArray[np.uint8]:
        """Index into `ROAD_CLASSES` per edge, shape (n_edges,)."""
        classes = np.full(self.n_edges, CONNECTOR, dtype=np.uint8)
        on_link = self.edge_link >= 0
        classes[on_link] = self.links.road_class[self.edge_link[on_link]]
        return frozen_array(classes, np.uint8)

    @property
    def edge_length_m(self) -> npt.NDArray[np.float32]:
        """Length per edge, shape (n_edges,), metres; 0 for connectors."""
        if not len(self.links):
            return np.zeros(self.n_edges, np.float32)
        on_link = self.edge_link >= 0
        return np.where(on_link, self.links.length_m[self.edge_link], np.float32(0))

    @property
    def edge_way_id(self) -> npt.NDArray[np.int64]:
        """OSM way per edge, shape (n_edges,); 0 for connectors."""
        if not len(self.links):
            return np.zeros(self.n_edges, np.int64)
        return np.where(self.edge_link >= 0, self.links.way_id[self.edge_link], 0)

    def reversed(self) -> StreetNetwork:
        """The same network with every edge turned round: times *to* a place become times from it.

        Snaps of one serve the other. O(edges).
        """
        order = np.argsort(self.edge_head, kind="stable")
        return replace(
            self,
            edge_ptr=edge_pointer(self.edge_head, self.n_nodes),
            edge_head=self.edge_tail[order],
            edge_tail=self.edge_head[order],
            edge_s=self.edge_s[order],
            edge_link=self.edge_link[order],
            edge_forward=~self.edge_forward[order],
            edge_copy=self.edge_copy[order],
            digest=content_key([self.digest, "reversed"]),
        )

    def with_edge_seconds(self, edge_s: npt.ArrayLike) -> StreetNetwork:
        """The same streets with other travel times, for scenarios; nothing is rebuilt.

        Parameters
        ----------
        edge_s : array of float, shape (n_edges,), seconds
            Rounded to 1/256 s. Connectors must stay at 0; copies (`edge_copy`) must get the time
            of the edge that they copy.

        Raises
        ------
        StreetError
            Shape differs, or a time is negative, missing or infinite (above 12 days).
        """
        seconds = np.asarray(edge_s, dtype=np.float64)
        if seconds.shape != (self.n_edges,):
            raise StreetError(
                f"street network: edge seconds have shape {seconds.shape}, "
                f"expected ({self.n_edges},)"
            )
        if faults := _weight_faults("street network", seconds):
            raise StreetError(faults=faults)
        weights = quantised_s(seconds)
        return replace(self, edge_s=weights, digest=content_key([self.digest, weights]))

    def with_class_factors(self, factors: Mapping[str, float]) -> StreetNetwork:
        """The same streets with travel times multiplied per road class, such as in the peak.

        Parameters
        ----------
        factors : mapping of str to float
            Factor per name of `ROAD_CLASSES`; classes that are not named keep their times.

        Raises
        ------
        StreetError
            A class is not known.
        """
        by_class = np.ones(len(ROAD_CLASSES))
        faults = Faults()
        for name, factor in factors.items():
            if name not in ROAD_CLASSES:
                remedy = nearest(name, ROAD_CLASSES)
                faults.add("class factors", "unknown road class", values=[name], remedy=remedy)
            else:
                by_class[ROAD_CLASSES.index(name)] = factor
        faults.raise_errors(StreetError)
        return self.with_edge_seconds(self.edge_s * by_class[self.edge_class])

    def snap(
        self,
        lon: npt.ArrayLike,
        lat: npt.ArrayLike,
        *,
        max_snap_m: float = 500.0,
        walk_kmh: float = 4.5,
    ) -> Snaps:
        """Attach places to the nearest point on an edge; see `snap_places`."""
        return snap_places(self.links, lon, lat, max_snap_m=max_snap_m, walk_kmh=walk_kmh)


def edge_pointer(tail: npt.NDArray[Any], n_nodes: int) -> npt.NDArray[np.int64]:
    """CSR pointer of edges in the order of their tails."""
    ptr = np.zeros(n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(tail, minlength=n_nodes), out=ptr[1:])
    return ptr


def _weight_faults(where: str, edge_s: npt.NDArray[Any]) -> list[Fault]:
    bad = ~((edge_s >= 0) & (edge_s <= LONGEST_EDGE_S))
    if not bad.any():
        return []
    values = tuple(str(value) for value in edge_s[bad][:5])
    what = f"edge seconds that are missing, negative or above {LONGEST_EDGE_S:,.0f}"
    return [Fault(where, what, values, count=int(bad.sum()))]


NETWORK_ARRAYS: dict[str, npt.DTypeLike] = {
    "node_id": np.int64,
    "node_lon": np.float64,
    "node_lat": np.float64,
    "edge_ptr": np.int64,
    "edge_head": np.int32,
    "edge_tail": np.int32,
    "edge_s": np.float32,
    "edge_link": np.int32,
    "edge_forward": np.bool_,
    "edge_copy": np.bool_,
}

Cache = str | os.PathLike[str] | None
