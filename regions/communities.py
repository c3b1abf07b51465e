"""Communities of commuters: the Leiden algorithm on flows, with a consensus of many runs.

Traag, Waltman & van Eck (2019), doi:10.1038/s41598-019-41695-z, on modularity for directed graphs
(Leicht & Newman 2008, doi:10.1103/PhysRevLett.100.118703), self-flows included (He et al. 2020,
doi:10.1371/journal.pone.0230941). One run depends on chance; many runs are brought together as
Lancichinetti & Fortunato (2012), doi:10.1038/srep00336, do. Modularity has a resolution limit: it
merges small communities of a large country, so look at several resolutions.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from halfcircle._checks import Faults, frozen_array
from halfcircle.errors import Fault, FlowError
from halfcircle.regions import _communities as kernel
from halfcircle.regions.flows import FlowMatrix
from halfcircle.regions.labour_market_areas import renumbered

__all__ = ["Communities", "CommunityParameters", "build_communities", "modularity"]

WHERE = "[regions] parameters"
MAX_CONSENSUS_ROUNDS = 20


@dataclass(frozen=True, kw_only=True)
class CommunityParameters:
    """How communities are looked for.

    Parameters
    ----------
    resolution : float
        Larger values give more and smaller communities; 1 is modularity.
    runs : int
        Number of runs that the consensus is of.
    agreement : float
        Share of runs in which two zones must be together to count in the consensus.
    randomness : float
        How freely the refinement explores.
    seed : int
        Of the random numbers; the same seed gives the same communities.

    Raises
    ------
    FlowError
        All parameters that are out of range, at once.
    """

    resolution: float = 1.0
    runs: int = 20
    agreement: float = 0.5
    randomness: float = 0.01
    seed: int = 1

    def __post_init__(self) -> None:
        faults = Faults()
        for name in ("resolution", "randomness"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and np.isfinite(value) and value > 0):
                faults.add(f"{WHERE}.{name}", "must be a positive number", values=[value])
        if not (isinstance(self.runs, int) and self.runs >= 1):
            faults.add(f"{WHERE}.runs", "must be a whole number from 1 on", values=[self.runs])
        if not (isinstance(self.agreement, (int, float)) and 0 < self.agreement <= 1):
            faults.add(f"{WHERE}.agreement", "must lie between 0 and 1", values=[self.agreement])
        if not (isinstance(self.seed, int) and self.seed >= 0):
            faults.add(f"{WHERE}.seed", "must be a whole number from 0 on", values=[self.seed])
        faults.raise_errors(FlowError)


@dataclass(frozen=True, eq=False)
class Communities:
    """Consensus of many runs.

    Parameters
    ----------
    label : array of int64, shape (n,)
        Community of each zone; -1 for zones without flows.
    agreement : array of float64, shape (n,)
        Mean share of runs in which a zone was with the zones of its community that it has flows
        with; NaN where there are none.
    modularity : float
        Of the consensus.
    run_modularity : array of float64, shape (runs,)
    notices : tuple of Fault
    """

    label: npt.NDArray[np.int64]
    agreement: npt.NDArray[np.float64]
    modularity: float
    run_modularity: npt.NDArray[np.float64]
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", frozen_array(self.label, np.int64))
        object.__setattr__(self, "agreement", frozen_array(self.agreement, np.float64))


def modularity(
    matrix: FlowMatrix, label: npt.NDArray[np.int64], *, resolution: float = 1.0
) -> float:
    """Directed modularity of a partition, self-flows included (doi:10.1103/PhysRevLett.100.118703).

    Zones with a negative label belong to no community.
    """
    coo = matrix.tocoo()
    total = float(coo.data.sum())
    if total == 0:
        return float("nan")
    inside = (label[coo.row] == label[coo.col]) & (label[coo.row] >= 0)
    member = label >= 0
    out = np.bincount(label[member], np.asarray(matrix.sum(axis=1))[member])
    into = np.bincount(label[member], np.asarray(matrix.sum(axis=0))[member])
    return float(coo.data[inside].sum() / total - resolution * (out * into).sum() / total**2)


def leiden(
    matrix: FlowMatrix, *, resolution: float, randomness: float, rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Communities of one run, shape (n,)."""
    n = matrix.shape[0]
    if matrix.sum() == 0:
        return np.arange(n)
    whole = np.arange(n)  # community of each zone
    label = np.arange(n)  # community of each node of the aggregated graph
    current = matrix
    while True:
        graph = _graph(current)
        size = current.shape[0]
        kernel.move_nodes(graph, resolution, rng.permutation(size), label)
        label = renumbered(label)
        if label.max(initial=-1) + 1 == size:
            return renumbered(label[whole])
        part = np.empty(size, np.int64)
        order, draw = rng.permutation(size), rng.random(size)
        kernel.refine(graph, resolution, randomness, order, draw, label, part)
        part = renumbered(part)
        n_parts = int(part.max()) + 1
        if n_parts == size:
            # Nothing was merged in the refinement: go on with the communities themselves.
            part, n_parts = label, int(label.max()) + 1
        first = np.zeros(n_parts, np.int64)
        first[part] = label
        member = sparse.csr_array((np.ones(size), (np.arange(size), part)), shape=(size, n_parts))
        current = (member.T @ current @ member).tocsr()
        whole = part[whole]
        label = first.copy()


def build_communities(
    matrix: FlowMatrix, parameters: CommunityParameters | None = None
) -> Communities:
    """Communities of a flow matrix: the consensus of many Leiden runs.

    Parameters
    ----------
    matrix : csr_array of float64, shape (n, n), persons
    parameters : CommunityParameters, optional

    Returns
    -------
    Communities
        Numbered by their first zone.
    """
    p = parameters or CommunityParameters()
    rng = np.random.default_rng(p.seed)
    faults = Faults()
    n = matrix.shape[0]
    silent = (np.asarray(matrix.sum(axis=1)) + np.asarray(matrix.sum(axis=0))) == 0
    runs = np.array(
        [leiden(matrix, resolution=p.resolution, randomness=p.randomness, rng=rng)
         for _ in range(p.runs)]
    )  # fmt: skip
    quality = np.array([modularity(matrix, run, resolution=p.resolution) for run in runs])
    pairs = (matrix + matrix.T).tocoo()
    between = pairs.row != pairs.col
    row, col = pairs.row[between], pairs.col[between]
    together = (runs[:, row] == runs[:, col]).mean(axis=0) if p.runs else np.empty(0)
    label, share = runs[0], together
    for _ in range(MAX_CONSENSUS_ROUNDS):
        if ((share == 0) | (share == 1)).all():
            break
        strong = share >= p.agreement
        graph = sparse.csr_array((share[strong], (row[strong], col[strong])), shape=(n, n))
        # The consensus graph is about being together or not; modularity at resolution 1 does.
        again = np.array(
            [leiden(graph, resolution=1.0, randomness=p.randomness, rng=rng)
             for _ in range(p.runs)]
        )  # fmt: skip
        share = (again[:, row] == again[:, col]).mean(axis=0)
        label = again[0]
    else:
        faults.warn("communities", f"no consensus after {MAX_CONSENSUS_ROUNDS} rounds")
    label = np.where(silent, -1, label)
    mates = label[row] == label[col]
    count = np.bincount(row[mates], minlength=n)
    with np.errstate(divide="ignore", invalid="ignore"):
        agreement = np.bincount(row[mates], together[mates], minlength=n) / count
    label = renumbered(label)
    return Communities(
        label,
        agreement,
        modularity(matrix, label, resolution=p.resolution),
        quality,
        faults.warnings,
    )


def _graph(matrix: Any) -> kernel.Graph:
    both = sparse.csr_array(matrix + matrix.T).tocoo()
    # The kernels take it that every weight they see is positive.
    between = (both.row != both.col) & (both.data > 0)
    row, col, weight = both.row[between], both.col[between], both.data[between]
    order = np.lexsort((col, row))
    start = np.concatenate(([0], np.cumsum(np.bincount(row, minlength=matrix.shape[0]))))
    return kernel.Graph(
        start.astype(np.int64),
        col[order].astype(np.int64),
        weight[order].astype(np.float64),
        np.asarray(matrix.sum(axis=1), np.float64),
        np.asarray(matrix.sum(axis=0), np.float64),
        float(matrix.sum()),
    )
