"""Flows as exact whole numbers, and an order of zones that knows no names."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from halfcircle._checks import Faults
from halfcircle.errors import FlowError
from halfcircle.regions.flows import FlowMatrix

__all__ = ["canonical_order", "exact_counts"]

EXACT_BITS = 52  # sums of whole numbers below 2**53 are exact in float64


def exact_counts(matrix: FlowMatrix) -> tuple[Any, float]:
    """Counts as whole numbers in float64, times a power of two, so that sums are exact.

    Whole counts are left as they are (scale 1). Fractional ones are scaled so that their total is
    just below 2**52, which keeps at least nine digits for a country. No zeros are stored: the
    kernels take it that every flow they see is positive.

    Raises
    ------
    FlowError
        The matrix is not square, or a count is negative or not finite.
    """
    if matrix.shape[0] != matrix.shape[1]:
        raise FlowError(f"flows: matrix has shape {matrix.shape}: it must be square")
    counts: Any = sparse.csr_array(matrix, dtype=np.float64, copy=True)
    counts.sum_duplicates()
    bad = ~np.isfinite(counts.data) | (counts.data < 0)
    if bad.any():
        faults = Faults()
        faults.add("flows", "counts that are negative or not finite", values=counts.data[bad])
        faults.raise_errors(FlowError)
    total = float(counts.data.sum())
    scale = 1.0
    if total > 0 and not (
        bool((counts.data == np.rint(counts.data)).all()) and total < 2.0**EXACT_BITS
    ):
        scale = 2.0 ** (EXACT_BITS - 1 - int(np.ceil(np.log2(total))))
        counts.data = np.rint(counts.data * scale)
    counts.eliminate_zeros()
    return counts, scale


def canonical_order(counts: Any) -> npt.NDArray[np.int64]:
    """Order of the zones that depends on their flows only, not on how they are numbered.

    Zones are coloured by margins and own flow, then again and again by the colours and flows of
    their neighbours, until no colour splits. Zones that still share a colour cannot be told apart
    by their flows in this way and keep their given order.
    """
    n = counts.shape[0]
    if n == 0:
        return np.empty(0, np.int64)
    coo = counts.tocoo()
    # Ranks of the counts, not the counts: scaling all flows leaves the order alone.
    flow_rank = np.unique(coo.data, return_inverse=True)[1].astype(np.uint64)
    margins = np.column_stack(
        (counts.diagonal(), np.asarray(counts.sum(axis=0)), np.asarray(counts.sum(axis=1)))
    )
    colour = _rank_rows(margins[:, ::-1])
    n_colours = int(colour.max()) + 1
    while n_colours < n:
        mixed = np.zeros(n, np.uint64)
        for here, there, salt in ((coo.row, coo.col, 1), (coo.col, coo.row, 2)):
            # Sums of whole numbers that wrap around do not depend on the order of the flows.
            term = _mix(flow_rank * np.uint64(4) + np.uint64(salt)) ^ colour[there].astype(
                np.uint64
            )
            np.add.at(mixed, here, _mix(term))
        colour = _rank_rows(np.column_stack((colour.astype(np.uint64), mixed)))
        if int(colour.max()) + 1 == n_colours:
            break
        n_colours = int(colour.max()) + 1
    return np.argsort(colour, kind="stable")


def _rank_rows(rows: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
    return np.unique(rows, axis=0, return_inverse=True)[1].reshape(-1).astype(np.int64)


def _mix(x: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    # The finaliser of splitmix64 (Steele, Lea & Flood 2014, doi:10.1145/2660193.2660195).
    z = x + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return np.asarray(z ^ (z >> np.uint64(31)), dtype=np.uint64)
