"""Balancing: fit a matrix to given row and column sums."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.errors import FlowError
from halfcircle.regions import _balancing as kernel

__all__ = ["Balanced", "balance"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Balanced:
    """A balanced matrix ``row_factor[i] * seed[i, j] * column_factor[j]``.

    Parameters
    ----------
    matrix : array of float64, shape (n, m)
    row_factor, column_factor : array of float64, shape (n,) and (m,)
    iterations : int
    error : float
        Largest relative deviation from a margin that is left.
    """

    matrix: Floats
    row_factor: Floats
    column_factor: Floats
    iterations: int
    error: float


def balance(
    seed: npt.ArrayLike,
    row_sums: npt.ArrayLike,
    column_sums: npt.ArrayLike,
    *,
    tolerance: float = 1e-7,
    max_iterations: int = 10_000,
) -> Balanced:
    """Iterative proportional fitting (Deming & Stephan 1940, doi:10.1214/aoms/1177731829).

    Parameters
    ----------
    seed : array of float, shape (n, m)
        Non-negative; zeros stay zero.
    row_sums, column_sums : array of float, shape (n,) and (m,)
        With the same total.
    tolerance : float
        Largest relative deviation from a margin at the end.
    max_iterations : int

    Returns
    -------
    Balanced

    Raises
    ------
    FlowError
        Values are negative or not finite, totals differ, a row or column that should have a sum
        has no seed, or the zeros of the seed make the margins impossible.
    """
    # Writable like all that the kernels get, which are then compiled once.
    s, rows, columns = (
        np.require(values, np.float64, ["C", "W"]) for values in (seed, row_sums, column_sums)
    )
    where, faults = "balancing", Faults()
    for label, values in (("seed", s), ("row sums", rows), ("column sums", columns)):
        bad = ~np.isfinite(values) | (values < 0)
        if bad.any():
            faults.add(where, f"{label} are negative or not finite", values=values[bad][:5])
    if s.ndim != 2 or s.shape != (len(rows), len(columns)):
        faults.add(where, f"seed has shape {s.shape}, expected ({len(rows)}, {len(columns)})")
    faults.raise_errors(FlowError)
    total = rows.sum()
    if abs(total - columns.sum()) > 1e-9 * max(total, 1.0):
        what = f"rows sum to {total:,.3f}, columns to {columns.sum():,.3f}"
        faults.add(where, what, remedy="scale one side: both count the same people")
    for label, need, have in (
        ("rows", rows, s.sum(axis=1)),
        ("columns", columns, s.sum(axis=0)),
    ):
        lost = (need > 0) & (have <= 0)
        if lost.any():
            faults.add(where, f"{label} have no seed", values=np.flatnonzero(lost))
    faults.raise_errors(FlowError)
    a, b, iterations, error = sinkhorn(
        s, rows, columns, tolerance=tolerance, max_iterations=max_iterations
    )
    if not error <= max(tolerance, 1e-6):
        faults.add(
            where,
            f"margins are met to {error:.1e} only after {iterations:,} rounds",
            remedy="the zeros of the seed make the margins impossible, or nearly",
        )
        faults.raise_errors(FlowError)
    return Balanced(a[:, None] * s * b[None, :], a, b, iterations, error)


def sinkhorn(
    seed: Floats,
    rows: Floats,
    columns: Floats,
    *,
    start: Floats | None = None,
    tolerance: float = 1e-7,
    max_iterations: int = 10_000,
) -> tuple[Floats, Floats, int, float]:
    """Balancing factors, rounds and remaining error, without checks."""
    a = np.ones(len(rows))
    b = np.ones(len(columns)) if start is None else start.copy()
    error = kernel.deviation(seed, rows, columns, a, b) if start is None else np.inf
    if error <= tolerance:
        return a, b, 0, error  # balanced already: keeps every bit
    iterations = kernel.balance_factors(seed, rows, columns, tolerance, max_iterations, a, b)
    return a, b, iterations, kernel.deviation(seed, rows, columns, a, b)
