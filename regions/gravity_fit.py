"""How well modelled flows fit the observed ones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

__all__ = ["FitStatistics", "cost_distribution", "fit_statistics"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True)
class FitStatistics:
    """Fit of a model over the pairs that are known.

    Parameters
    ----------
    cpc : float
        Common part of commuters, 2 sum min(T, F) / (sum T + sum F) (Lenormand et al. 2012,
        doi:10.1371/journal.pone.0045985); 1 is perfect.
    deviance : float
        Poisson deviance.
    deviance_explained : float
        Share of the deviance of the model without any decay that is gone.
    pearson : float
        Sum of squared Pearson residuals; divided by the degrees of freedom it is the dispersion.
    mean_cost_observed, mean_cost_model : float
        Mean trip cost, in the unit of the cost.
    cost_ks : float
        Largest gap between the two cumulative distributions of trip cost.
    own_ratio : float
        Modelled over observed flow inside zones.
    """

    cpc: float
    deviance: float
    deviance_explained: float
    pearson: float
    mean_cost_observed: float
    mean_cost_model: float
    cost_ks: float
    own_ratio: float


def fit_statistics(
    observed: npt.ArrayLike,
    model: npt.ArrayLike,
    cost: npt.ArrayLike,
    *,
    known: npt.ArrayLike | None = None,
) -> FitStatistics:
    """Fit of modelled to observed flows.

    Parameters
    ----------
    observed, model : array of float, shape (n, n), persons
    cost : array of float, shape (n, n)
    known : array of bool, shape (n, n), optional
        Pairs that are compared; all when left out.
    """
    f, t, c = (np.asarray(x, np.float64) for x in (observed, model, cost))
    mask = np.ones(f.shape, np.bool_) if known is None else np.asarray(known, np.bool_)
    mask = mask & np.isfinite(c)
    f, t = np.where(mask, f, 0.0), np.where(mask, t, 0.0)
    total = f.sum() + t.sum()
    flat = np.outer(f.sum(axis=1), f.sum(axis=0)) * mask
    flat = flat * (f.sum() / flat.sum()) if flat.sum() else flat
    deviance, without = _deviance(f, t), _deviance(f, flat)
    order = np.argsort(c[mask], kind="stable")
    part_f, part_t = np.cumsum(f[mask][order]), np.cumsum(t[mask][order])
    last = np.append(np.diff(c[mask][order]) > 0, True)
    gap = np.abs(part_f / part_f[-1] - part_t / part_t[-1])[last] if len(order) else np.zeros(1)
    finite = np.where(mask, c, 0.0)
    own_f, own_t = np.diag(f).sum(), np.diag(t).sum()
    with np.errstate(divide="ignore", invalid="ignore"):
        pearson = np.where(t > 0, (f - t) ** 2 / t, 0.0).sum()
        return FitStatistics(
            cpc=float(2.0 * np.minimum(f, t).sum() / total),
            deviance=deviance,
            deviance_explained=1.0 - deviance / without if without else float("nan"),
            pearson=float(pearson),
            mean_cost_observed=float((f * finite).sum() / f.sum()),
            mean_cost_model=float((t * finite).sum() / t.sum()),
            cost_ks=float(gap.max()),
            own_ratio=float(own_t / own_f) if own_f else float("nan"),
        )


def cost_distribution(
    observed: npt.ArrayLike, model: npt.ArrayLike, cost: npt.ArrayLike, bounds: npt.ArrayLike
) -> pd.DataFrame:
    """Share of trips by cost, observed and modelled.

    Parameters
    ----------
    observed, model, cost : array of float, shape (n, n)
    bounds : array of float, shape (k,)
        Ascending upper bounds of the classes but the last, which is open.

    Returns
    -------
    DataFrame
        from_cost, to_cost, observed, model: shares that sum to 1.
    """
    f, t, c = (np.asarray(x, np.float64).ravel() for x in (observed, model, cost))
    upper = np.asarray(bounds, np.float64)
    group = np.searchsorted(upper, c, side="left")
    k = len(upper) + 1
    return pd.DataFrame(
        {
            "from_cost": np.concatenate(([0.0], upper)),
            "to_cost": np.concatenate((upper, [np.inf])),
            "observed": np.bincount(group, f, minlength=k) / f.sum(),
            "model": np.bincount(group, t, minlength=k) / t.sum(),
        }
    )


def _deviance(f: Floats, t: Floats) -> float:
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.where(f > 0, f * np.log(f / t), 0.0)
    return float(2.0 * (part - f + t).sum())
