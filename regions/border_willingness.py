"""How willing people are to commute far, as their flows at home show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.errors import FlowError

__all__ = ["Willingness", "fit_willingness", "ratio"]

Floats = npt.NDArray[np.float64]

ROUNDS = 2000
TOLERANCE = 1e-9


def ratio(part: Floats, whole: Floats) -> Floats:
    """Part over whole, 0 where there is no whole."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0.0)


@dataclass(frozen=True, eq=False)
class Willingness:
    """Willingness to commute, as a step per class of cost; 1 in the most willing class.

    Parameters
    ----------
    edges : array of float64, shape (n_classes + 1,)
        Ascending; seconds or metres, as the cost it was fitted on.
    weight : array of float64, shape (n_classes,)
    share_explained : float
        Common part of commuters: share of the fitted flow that is where the observed flow is.
    n_pairs : array of int64, shape (n_classes,)
        Domestic pairs in each class.
    """

    edges: Floats
    weight: Floats
    share_explained: float
    n_pairs: npt.NDArray[np.int64]

    def __call__(self, cost: npt.ArrayLike) -> Floats:
        """Weights at these costs; 0 beyond the last edge and before the first."""
        values = np.asarray(cost, dtype=np.float64)
        position = np.searchsorted(self.edges, values, side="right") - 1
        # The last class includes its upper edge.
        position = np.where(values == self.edges[-1], len(self.weight) - 1, position)
        inside = (position >= 0) & (position < len(self.weight))
        safe = np.clip(position, 0, len(self.weight) - 1)
        return np.where(inside, self.weight[safe], 0.0)


def fit_willingness(cost: npt.ArrayLike, flows: npt.ArrayLike, edges: npt.ArrayLike) -> Willingness:
    """Willingness by class of cost that domestic flows show.

    Maximum likelihood of a Poisson model ``T_ij = a_i b_j f(class of c_ij)``: fitted flows have
    the observed row sums, column sums and class sums, found by iterative proportional fitting.
    Pairs with no flow count as such; where a statistic hides small flows, f is too low at a
    distance.

    Parameters
    ----------
    cost : array of float, shape (n, n)
        Time or distance between the zones of one country; infinite pairs are left out.
    flows : array of float, shape (n, n)
        Commuters; NaN where impossible or not published, which is left out.
    edges : array of float, shape (n_classes + 1,)
        Ascending edges of the cost classes.

    Raises
    ------
    FlowError
        Shapes do not fit, flows are negative, edges do not ascend, or no flow lies within them.
    """
    c, t = np.asarray(cost, dtype=np.float64), np.asarray(flows, dtype=np.float64)
    e = np.array(edges, dtype=np.float64)
    if c.ndim != 2 or c.shape != t.shape:
        raise FlowError(f"willingness: cost has shape {c.shape}, flows {t.shape}")
    if (t < 0.0).any():
        raise FlowError("willingness: flows are negative")
    if e.ndim != 1 or len(e) < 2 or not (np.diff(e) > 0.0).all():
        raise FlowError("willingness: edges of cost classes must ascend")
    group = np.searchsorted(e, c, side="right") - 1
    used = (group >= 0) & (group < len(e) - 1) & np.isfinite(t)
    observed = np.where(used, t, 0.0)
    total = observed.sum()
    if total == 0.0:
        raise FlowError("willingness: no flow lies within the cost classes")
    n_classes = len(e) - 1
    safe = np.clip(group, 0, n_classes - 1)
    by_class = np.bincount(safe[used], observed[used], n_classes).astype(np.float64)
    rows, columns = observed.sum(axis=1), observed.sum(axis=0)
    f = np.ones(n_classes)
    a, b = np.ones(len(c)), np.ones(c.shape[1])
    for _ in range(ROUNDS):
        before = f.copy()
        base = np.where(used, f[safe], 0.0)
        a = ratio(rows, base @ b)
        b = ratio(columns, a @ base)
        fitted = np.bincount(safe[used], (a[:, None] * base * b[None, :])[used], n_classes).astype(
            np.float64
        )
        f = f * ratio(by_class, fitted)
        f /= f.max()
        if np.abs(f - before).max() < TOLERANCE:
            break
    model = a[:, None] * np.where(used, f[safe], 0.0) * b[None, :]
    model *= total / model.sum()
    e.flags.writeable = f.flags.writeable = False
    return Willingness(
        edges=e,
        weight=f,
        share_explained=float(np.minimum(model, observed).sum() / total),
        n_pairs=np.bincount(safe[used], minlength=n_classes),
    )
