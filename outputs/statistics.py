"""Averages and spread of reach, over people where they are known, else over zones."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.outputs.result import RunResult

__all__ = ["Spread", "Weights", "spread", "weighted_quantile", "weights_of"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Weights:
    """How much each zone counts in averages.

    Parameters
    ----------
    name : str or None
        Opportunity that counts people; None when each zone counts once.
    values : array of float64, shape (n_zones,)
        Not negative, not all zero; zero where not known.
    """

    name: str | None
    values: Floats


@dataclass(frozen=True)
class Spread:
    """Figures of one layer.

    Parameters
    ----------
    mean, median, low, high, maximum : float, unit of the layer
        Low and high are the tenths: a tenth of people reach `low` or less, a tenth `high` or more.
    n_known : int
        Zones with a value.
    """

    mean: float
    median: float
    low: float
    high: float
    maximum: float
    n_known: int


def weights_of(result: RunResult) -> Weights:
    """Weights for averages: people per zone if the run has them, else one per zone.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    Weights
    """
    name = result.weight_name
    for opportunity in result.opportunities:
        if opportunity.name == name:
            people = np.nan_to_num(opportunity.total)
            if people.sum() > 0:
                return Weights(name, people)
    return Weights(None, np.ones(len(result.zones)))


def weighted_quantile(values: Floats, weights: Floats, quantile: float) -> float:
    """Smallest value that at least this share of the weight does not exceed.

    Parameters
    ----------
    values : array of float64, shape (n,)
        No NaN.
    weights : array of float64, shape (n,)
        Not negative, not all zero.
    quantile : float
        0 to 1.

    Returns
    -------
    float
    """
    order = np.argsort(values, kind="stable")
    total = np.cumsum(weights[order])
    # A hair less than the share asked for: sums of floats end just below or above it.
    at = int(np.searchsorted(total, quantile * total[-1] * (1 - 1e-12), side="left"))
    return float(values[order[min(at, len(order) - 1)]])


def spread(values: Floats, weights: Weights) -> Spread | None:
    """Figures of one layer; None if no zone with people in it has a value.

    Parameters
    ----------
    values : array of float64, shape (n_zones,)
        NaN where there is no value; such zones are left out.
    weights : Weights

    Returns
    -------
    Spread or None
    """
    known = ~np.isnan(values)
    counted = known & (weights.values > 0)
    if not counted.any():
        return None
    v, w = values[counted], weights.values[counted]
    return Spread(
        mean=float(np.average(v, weights=w)),
        median=weighted_quantile(v, w, 0.5),
        low=weighted_quantile(v, w, 0.1),
        high=weighted_quantile(v, w, 0.9),
        maximum=float(values[known].max()),
        n_known=int(known.sum()),
    )


def share_at_least(values: Floats, weights: Weights, at: Floats) -> Floats:
    """Share of the weight whose value is at least each of these.

    Parameters
    ----------
    values : array of float64, shape (n_zones,)
    weights : Weights
    at : array of float64, shape (n,)

    Returns
    -------
    array of float64, shape (n,)
        0 to 1.
    """
    known = ~np.isnan(values)
    order = np.argsort(values[known], kind="stable")
    v, w = values[known][order], weights.values[known][order]
    below = np.concatenate([[0.0], np.cumsum(w)])
    return np.asarray(1.0 - below[np.searchsorted(v, at, side="left")] / below[-1])
