"""Hierarchies by merging: Intramax, and each unit into the destination of its largest flow."""

from __future__ import annotations

import heapq
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.errors import FlowError
from halfcircle.regions.flows import FlowMatrix
from halfcircle.regions.labour_market_areas import renumbered

__all__ = [
    "Dendrogram",
    "FlowMergingParameters",
    "IntramaxParameters",
    "build_flow_merging",
    "build_intramax",
]

WHERE = "[regions] parameters"


@dataclass(frozen=True, kw_only=True)
class IntramaxParameters:
    """Where the Intramax hierarchy is cut; at least one is given.

    Parameters
    ----------
    n_regions : int, optional
        Number of regions to end with.
    internal_share : float, optional
        Share of the flow that has to stay inside regions: the first level that reaches it.

    Raises
    ------
    FlowError
        Values are out of range, or none is given.
    """

    n_regions: int | None = None
    internal_share: float | None = None

    def __post_init__(self) -> None:
        faults = Faults()
        _check_count(self.n_regions, faults)
        _check_shares({"internal_share": self.internal_share}, faults)
        if self.n_regions is None and self.internal_share is None:
            faults.add(WHERE, "say where to cut: n_regions or internal_share")
        faults.raise_errors(FlowError)


@dataclass(frozen=True, kw_only=True)
class FlowMergingParameters:
    """How long units merge into the destination of their largest flow; the first that holds ends.

    Parameters
    ----------
    n_regions : int, optional
        Number of regions to end with.
    min_flow : float, optional
        Smallest flow that still merges: a share of the residents, or a count if not relative.
    average_containment, weighted_containment, least_containment : float, optional
        Share of residents who work in their region: the mean over regions, the share of all
        residents, and that of the worst region.
    relative : bool
        Whether flows are divided by the residents of the unit that they leave.
    directional : bool
        Whether flows count per direction, or both directions together.

    Raises
    ------
    FlowError
        Values are out of range, or none is given.
    """

    n_regions: int | None = None
    min_flow: float | None = None
    average_containment: float | None = None
    weighted_containment: float | None = None
    least_containment: float | None = None
    relative: bool = True
    directional: bool = True

    def __post_init__(self) -> None:
        faults = Faults()
        _check_count(self.n_regions, faults)
        shares = {
            "average_containment": self.average_containment,
            "weighted_containment": self.weighted_containment,
            "least_containment": self.least_containment,
        }
        _check_shares(shares, faults)
        if self.min_flow is not None and not self.min_flow > 0:
            faults.add(f"{WHERE}.min_flow", "must be positive", values=[self.min_flow])
        if self.n_regions is None and self.min_flow is None and set(shares.values()) == {None}:
            faults.add(WHERE, "say when to stop: n_regions, min_flow or a containment")
        faults.raise_errors(FlowError)


@dataclass(frozen=True, eq=False)
class Dendrogram:
    """Mergers in the order in which they were made.

    Parameters
    ----------
    n : int
        Number of zones.
    joined, into : array of int64, shape (m,)
        Zone that stands for the cluster that was merged, and for the one that it joined, which
        keeps standing for both.
    strength : array of float64, shape (m,)
        Value by which the merger was chosen.
    internal : array of float64, shape (m + 1,)
        Flow inside clusters, before the first merger and after each.
    """

    n: int
    joined: npt.NDArray[np.int64]
    into: npt.NDArray[np.int64]
    strength: npt.NDArray[np.float64]
    internal: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        for name in ("joined", "into"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.int64))
        for name in ("strength", "internal"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))

    def labels_after(self, n_mergers: int) -> npt.NDArray[np.int64]:
        """Cluster of each zone after so many mergers, shape (n,)."""
        root = np.arange(self.n)
        # From the last to the first: what a cluster joined is already known when it is looked up.
        for m in range(min(n_mergers, len(self.joined)) - 1, -1, -1):
            root[self.joined[m]] = root[self.into[m]]
        return renumbered(root)

    def cut(self, n_regions: int) -> npt.NDArray[np.int64]:
        """Cluster of each zone when so many clusters are left, or as few as there can be."""
        return self.labels_after(max(0, self.n - n_regions))


class _Graph:
    # Flows between clusters, merged in place; each keeps its neighbours in dictionaries.

    def __init__(self, matrix: FlowMatrix) -> None:
        self.n = int(matrix.shape[0])
        self.out: list[dict[int, float]] = [{} for _ in range(self.n)]
        self.into: list[dict[int, float]] = [{} for _ in range(self.n)]
        self.own = np.asarray(matrix.diagonal(), np.float64).copy()
        self.residents = np.asarray(matrix.sum(axis=1), np.float64).copy()
        self.jobs = np.asarray(matrix.sum(axis=0), np.float64).copy()
        coo = matrix.tocoo()
        for i, j, value in zip(coo.row.tolist(), coo.col.tolist(), coo.data.tolist(), strict=True):
            if i != j:
                self.out[i][j] = value
                self.into[j][i] = value
        self.alive = np.ones(self.n, np.bool_)

    def merge(self, i: int, j: int) -> None:
        """Put cluster i into cluster j."""
        self.own[j] += self.own[i] + self.out[i].pop(j, 0.0) + self.into[i].pop(j, 0.0)
        self.out[j].pop(i, None)
        self.into[j].pop(i, None)
        self.residents[j] += self.residents[i]
        self.jobs[j] += self.jobs[i]
        for mine, theirs, back in (
            (self.out[i], self.out[j], self.into),
            (self.into[i], self.into[j], self.out),
        ):
            for other, value in mine.items():
                theirs[other] = theirs.get(other, 0.0) + value
                del back[other][i]
                back[other][j] = back[other].get(j, 0.0) + value
            mine.clear()
        self.alive[i] = False

    def between(self, i: int, j: int) -> float:
        return self.out[i].get(j, 0.0) + self.into[i].get(j, 0.0)

    def neighbours(self, i: int) -> set[int]:
        return self.out[i].keys() | self.into[i].keys()


def build_intramax(matrix: FlowMatrix) -> Dendrogram:
    """Merge, again and again, the two clusters with the largest flow relative to their margins.

    The pair with the largest T_ij / (O_i D_j) + T_ji / (O_j D_i) is merged until no flow is left
    between clusters (Masser & Brown 1975, doi:10.1068/a070509). Ties go to the pair with the larger
    flow, then to the first zones.

    Parameters
    ----------
    matrix : csr_array of float64, shape (n, n), persons

    Returns
    -------
    Dendrogram
        The larger cluster (residents and jobs) stands for both.
    """
    graph = _Graph(matrix)
    version = [0] * graph.n
    heap: list[tuple[float, float, int, int, int, int]] = []

    def push(i: int, j: int) -> None:
        a, b = (i, j) if i < j else (j, i)
        value = 0.0
        for x, y in ((a, b), (b, a)):
            flow = graph.out[x].get(y, 0.0)
            if flow:
                value += (flow / graph.residents[x]) / graph.jobs[y]
        heap.append((-value, -graph.between(a, b), a, b, version[a], version[b]))

    for i in range(graph.n):
        for j in graph.neighbours(i):
            if i < j:
                push(i, j)
    heapq.heapify(heap)
    joined, into, strength, internal = [], [], [], [float(graph.own.sum())]
    while heap:
        negative, _, a, b, version_a, version_b = heapq.heappop(heap)
        if version[a] != version_a or version[b] != version_b:
            continue
        weight = graph.residents + graph.jobs
        i, j = (a, b) if weight[a] < weight[b] else (b, a)
        gained = graph.between(i, j)
        graph.merge(i, j)
        version[i] += 1
        version[j] += 1
        joined.append(i)
        into.append(j)
        strength.append(-negative)
        internal.append(internal[-1] + gained)
        fresh = len(heap)
        for other in graph.neighbours(j):
            push(j, other)
        added = heap[fresh:]
        del heap[fresh:]
        for item in added:
            heapq.heappush(heap, item)
    return _dendrogram(graph.n, joined, into, strength, internal)


def build_flow_merging(
    matrix: FlowMatrix, parameters: FlowMergingParameters
) -> tuple[Dendrogram, Literal["parameter", "no flow left"]]:
    """Merge, again and again, the cluster with the largest flow into the destination of that flow.

    The flow-based cluster algorithm of Meekes & Hassink (2018), doi:10.1177/1536867X1801800305.
    Ties go to the candidate that receives most from the other candidates, then to the larger
    one, then to the first.

    Parameters
    ----------
    matrix : csr_array of float64, shape (n, n), persons
    parameters : FlowMergingParameters

    Returns
    -------
    Dendrogram
        The destination stands for both: it is the core.
    {"parameter", "no flow left"}
        Why it ended.
    """
    graph, p = _Graph(matrix), parameters
    heap: list[tuple[float, int, int]] = []
    stamp = [0] * graph.n

    def size(i: int, j: int) -> float:
        flow = graph.out[i].get(j, 0.0) if p.directional else graph.between(i, j)
        return float(flow / graph.residents[i]) if p.relative and graph.residents[i] else flow

    def push(i: int) -> None:
        stamp[i] += 1
        partners = graph.out[i] if p.directional else graph.neighbours(i)
        largest = max((size(i, j) for j in partners), default=0.0)
        if largest > 0:
            heapq.heappush(heap, (-largest, i, stamp[i]))

    for i in range(graph.n):
        push(i)
    joined, into, strength, internal = [], [], [], [float(graph.own.sum())]
    reason: Literal["parameter", "no flow left"] = "no flow left"
    while heap:
        top = heap[0]
        if stamp[top[1]] != top[2] or not graph.alive[top[1]]:
            heapq.heappop(heap)
            continue
        if _enough(graph, p, -top[0]):
            reason = "parameter"
            break
        tied = []
        while heap and heap[0][0] == top[0]:
            _, i, seen = heapq.heappop(heap)
            if stamp[i] == seen and graph.alive[i]:
                tied.append(i)
        rivals = set(tied)

        def claim(i: int, rivals: set[int] = rivals) -> tuple[float, float, int]:
            received = sum(v for other, v in graph.into[i].items() if other in rivals)
            return received, float(graph.residents[i]), -i

        i = max(tied, key=claim)
        partners = graph.out[i] if p.directional else graph.neighbours(i)
        j = max(partners, key=lambda x, i=i: (size(i, x), float(graph.residents[x]), -x))
        gained, touched = graph.between(i, j), set(graph.into[i]) | {j}
        if not p.directional:
            touched |= graph.neighbours(i)
        graph.merge(i, j)
        joined.append(i)
        into.append(j)
        strength.append(-top[0])
        internal.append(internal[-1] + gained)
        for other in (touched | rivals) - {i}:
            push(other)
    return _dendrogram(graph.n, joined, into, strength, internal), reason


def _enough(graph: _Graph, p: FlowMergingParameters, largest: float) -> bool:
    if p.n_regions is not None and int(graph.alive.sum()) <= p.n_regions:
        return True
    if p.min_flow is not None and largest < p.min_flow:
        return True
    if {p.average_containment, p.weighted_containment, p.least_containment} == {None}:
        return False
    here = graph.alive & (graph.residents > 0)
    contained = graph.own[here] / graph.residents[here]
    weighted = graph.own[here].sum() / graph.residents[here].sum()
    return any(
        wanted is not None and found >= wanted
        for wanted, found in (
            (p.average_containment, contained.mean()),
            (p.weighted_containment, weighted),
            (p.least_containment, contained.min()),
        )
    )


def _dendrogram(
    n: int, joined: list[int], into: list[int], strength: list[float], internal: list[float]
) -> Dendrogram:
    return Dendrogram(
        n,
        np.array(joined, np.int64),
        np.array(into, np.int64),
        np.array(strength, np.float64),
        np.array(internal, np.float64),
    )


def _check_count(n_regions: int | None, faults: Faults) -> None:
    if n_regions is not None and (
        isinstance(n_regions, bool) or not isinstance(n_regions, int) or n_regions < 1
    ):
        faults.add(f"{WHERE}.n_regions", "must be a whole number from 1 on", values=[n_regions])


def _check_shares(shares: dict[str, float | None], faults: Faults) -> None:
    for name, value in shares.items():
        if value is not None and not (isinstance(value, (int, float)) and 0 < value <= 1):
            faults.add(f"{WHERE}.{name}", "must lie between 0 and 1", values=[value])
