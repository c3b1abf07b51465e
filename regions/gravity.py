"""Flows where none were counted: doubly constrained gravity models and the radiation model."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.errors import FlowError
from halfcircle.places import Zones
from halfcircle.regions.balancing import Balanced, balance, sinkhorn
from halfcircle.regions.gravity_fit import FitStatistics, fit_statistics

__all__ = [
    "Family",
    "GravityModel",
    "fit_gravity",
    "radiation",
    "straight_line_km",
]

Floats = npt.NDArray[np.float64]
Family = Literal["exponential", "power", "power-exponential", "log-logistic"]
PARAMETERS: dict[str, tuple[str, ...]] = {
    "exponential": ("beta",),
    "power": ("alpha",),
    "power-exponential": ("alpha", "beta"),
    "log-logistic": ("scale", "shape"),
}
WHERE = "gravity"


@dataclass(frozen=True, eq=False)
class GravityModel:
    """A fitted distance decay with its uncertainty.

    Parameters
    ----------
    family : str
        ``exponential`` exp(-beta c), ``power`` c^-alpha, ``power-exponential`` c^-alpha exp(-beta
        c), ``log-logistic`` 1 / (1 + (c / scale)^shape).
    parameters : array of float64, shape (k,)
    covariance : array of float64, shape (k, k)
        Of the parameters, with the dispersion of the flows; for draws.
    statistics : FitStatistics
    """

    family: Family
    parameters: Floats
    covariance: Floats
    statistics: FitStatistics

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", frozen_array(self.parameters, np.float64))
        object.__setattr__(self, "covariance", frozen_array(self.covariance, np.float64))

    def __repr__(self) -> str:
        named = zip(PARAMETERS[self.family], self.parameters, strict=True)
        text = ", ".join(f"{name} {value:.4g}" for name, value in named)
        return f"<GravityModel: {self.family}, {text}, CPC {self.statistics.cpc:.3f}>"

    def decay(self, cost: npt.ArrayLike) -> Floats:
        """Weight of a trip of that cost, in the shape of `cost`; 0 where it is infinite."""
        return decay_weight(self.family, self.parameters, np.asarray(cost, np.float64))

    def predict(
        self,
        cost: npt.ArrayLike,
        residents: npt.ArrayLike,
        jobs: npt.ArrayLike,
        *,
        factor: npt.ArrayLike | None = None,
    ) -> Balanced:
        """Flows that meet all residents and all jobs.

        Parameters
        ----------
        cost : array of float, shape (n, n)
            In the unit of the fit; infinite where nobody can travel.
        residents, jobs : array of float, shape (n,), persons
            With the same total.
        factor : array of float, shape (n, n), optional
            Multiplies the weight of a pair: what a border leaves of it.

        Raises
        ------
        FlowError
            As of `balance`.
        """
        weight = self.decay(cost)
        if factor is not None:
            weight = weight * np.asarray(factor, np.float64)
        mass = np.asarray(residents, np.float64)[:, None] * np.asarray(jobs, np.float64)[None, :]
        return balance(weight * mass, residents, jobs)

    def draw(self, rng: np.random.Generator) -> GravityModel:
        """One model from the uncertainty of the parameters, which stay on their side of zero."""
        for _ in range(100):
            values = rng.multivariate_normal(self.parameters, self.covariance, method="eigh")
            if self.family == "power-exponential" or (values > 0).all():
                return GravityModel(self.family, values, self.covariance, self.statistics)
        return self


def decay_weight(family: str, parameters: Floats, cost: Floats) -> Floats:
    """Weight of each cost; the cost is positive."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        if family == "exponential":
            weight = np.exp(-parameters[0] * cost)
        elif family == "power":
            weight = cost ** -parameters[0]
        elif family == "power-exponential":
            weight = np.exp(-parameters[0] * np.log(cost) - parameters[1] * cost)
        else:
            weight = 1.0 / (1.0 + (cost / parameters[0]) ** parameters[1])
    return np.asarray(np.where(np.isfinite(cost), weight, 0.0), np.float64)


def fit_gravity(
    matrix: npt.ArrayLike,
    cost: npt.ArrayLike,
    family: Family = "power-exponential",
    *,
    known: npt.ArrayLike | None = None,
) -> GravityModel:
    """Doubly constrained gravity model by Poisson maximum likelihood.

    T_ij = A_i O_i B_j W_j f(c_ij) with the row and column sums of the known flows; the parameters
    of f maximise the likelihood of independent Poisson counts (Flowerdew & Aitkin 1982,
    doi:10.1111/j.1467-9787.1982.tb00744.x).

    Parameters
    ----------
    matrix : array of float, shape (n, n), persons
        Observed flows.
    cost : array of float, shape (n, n)
        Positive: minutes door to door or kilometres, also inside a zone; infinite where nobody
        can travel.
    family : {"exponential", "power", "power-exponential", "log-logistic"}
    known : array of bool, shape (n, n), optional
        Pairs whose flow is known, zeros included; all when left out. Pairs across a border that
        nobody counted are not.

    Returns
    -------
    GravityModel

    Raises
    ------
    FlowError
        Shapes differ, a cost is not positive, flows are negative, or there are none.
    """
    flow, c = np.asarray(matrix, np.float64), np.asarray(cost, np.float64)
    mask = np.ones(flow.shape, np.bool_) if known is None else np.asarray(known, np.bool_)
    faults = Faults()
    if family not in get_args(Family):
        faults.add(f"{WHERE} family", f"is none of {', '.join(PARAMETERS)}", values=[family])
    if flow.ndim != 2 or flow.shape[0] != flow.shape[1]:
        faults.add(WHERE, f"matrix has shape {flow.shape}: it must be square")
    elif c.shape != flow.shape or mask.shape != flow.shape:
        faults.add(WHERE, f"cost has shape {c.shape}, known {mask.shape}, flows {flow.shape}")
    else:
        if (bad := ~(c > 0) & mask).any():
            faults.add(
                f"{WHERE} cost",
                "costs that are zero, negative or missing",
                values=c[bad][:5],
                count=int(bad.sum()),
                remedy="also trips inside a zone take time: see straight_line_km",
            )
        if (flow < 0).any() or not np.isfinite(flow).all():
            faults.add(WHERE, "flows are negative or not finite")
        elif flow[mask].sum() <= 0:
            faults.add(WHERE, "there are no known flows")
    faults.raise_errors(FlowError)
    flow = np.where(mask & np.isfinite(c), flow, 0.0)
    rows, columns = flow.sum(axis=1), flow.sum(axis=0)
    rows, columns, hit = flow.sum(axis=1), flow.sum(axis=0), flow > 0
    total = float(flow.sum())
    scale = float((flow * np.where(hit, c, 0.0)).sum() / total)  # mean cost: the unit of the search
    start = columns.copy()

    def modelled(theta: Floats) -> Floats:
        nonlocal start
        weight = np.where(mask, decay_weight(family, _natural(family, theta, scale), c), 0.0)
        a, b, _, _ = sinkhorn(
            weight, rows, columns, start=start, tolerance=1e-7, max_iterations=1000
        )
        if np.isfinite(a).all() and np.isfinite(b).all():
            start = b
        return np.asarray(a[:, None] * weight * b[None, :], np.float64)

    def loss_and_slope(theta: Floats) -> tuple[float, Floats]:
        model = modelled(theta)
        value = model[hit]
        if not ((value > 0) & np.isfinite(value)).all():
            return 1e12, np.zeros(len(theta))
        loss = -float((flow[hit] * np.log(value / flow[hit])).sum()) / total
        # The margins are met, so the balancing factors do not enter the slope (envelope theorem).
        return loss, np.array([((model - flow) * s).sum() for s in slopes(theta)]) / total

    finite = np.where(mask & np.isfinite(c), c, 1.0)

    def slopes(theta: Floats) -> list[Floats]:
        return _log_slopes(family, theta, finite, scale)

    first = {
        "exponential": [0.0],
        "power": [np.log(2.0)],
        "power-exponential": [1.0, 0.5],
        "log-logistic": [0.0, np.log(2.5)],
    }[family]
    # here, so that who fits nothing does not wait for the import
    from scipy import optimize

    found = optimize.minimize(
        loss_and_slope, np.array(first), jac=True, method="BFGS", options={"gtol": 1e-6}
    )
    theta = np.asarray(found.x, np.float64)
    model = modelled(theta)
    free = int(mask[rows > 0][:, columns > 0].sum()) - int((rows > 0).sum())
    free = max(free - int((columns > 0).sum()) + 1 - len(theta), 1)
    statistics = fit_statistics(flow, model, c, known=mask)
    covariance = _covariance(lambda x: loss_and_slope(x)[1] * total, theta)
    covariance = covariance * max(statistics.deviance / free, 1.0)
    natural = _natural(family, theta, scale)
    slope = np.array([1.0, 1.0 / scale]) if family == "power-exponential" else natural
    return GravityModel(family, natural, covariance * np.outer(slope, slope), statistics)


def _natural(family: str, theta: Floats, scale: float) -> Floats:
    # Parameters that must be positive are searched for on a log scale, all without a unit.
    if family == "power-exponential":
        return np.array([theta[0], theta[1] / scale])
    value = np.exp(np.clip(theta, -30.0, 30.0))
    if family == "exponential":
        return np.asarray(value / scale, np.float64)
    return np.array([value[0] * scale, value[1]]) if family == "log-logistic" else value


def _log_slopes(family: str, theta: Floats, cost: Floats, scale: float) -> list[Floats]:
    # Derivative of the log of the weight by each searched parameter.
    p = _natural(family, theta, scale)
    if family == "exponential":
        return [-p[0] * cost]
    if family == "power":
        return [-p[0] * np.log(cost)]
    if family == "power-exponential":
        return [-np.log(cost), -cost / scale]
    ratio = np.log(cost / p[0])
    share = 1.0 / (1.0 + np.exp(-np.clip(p[1] * ratio, -700.0, 700.0)))
    return [p[1] * share, -p[1] * ratio * share]


def _covariance(slope: Callable[[Floats], Floats], theta: Floats) -> Floats:
    # Inverse of the curvature of the log-likelihood, from differences of its slope.
    k = len(theta)
    curvature = np.empty((k, k))
    for i in range(k):
        step = np.zeros(k)
        step[i] = max(abs(theta[i]) * 1e-3, 1e-4)
        curvature[i] = (slope(theta + step) - slope(theta - step)) / (2.0 * step[i])
    try:
        inverse = np.linalg.inv((curvature + curvature.T) / 2.0)
    except np.linalg.LinAlgError:
        return np.zeros((k, k))
    values, vectors = np.linalg.eigh(inverse)
    return np.asarray((vectors * np.maximum(values, 0.0)) @ vectors.T, np.float64)


def radiation(residents: npt.ArrayLike, jobs: npt.ArrayLike, cost: npt.ArrayLike) -> Floats:
    """Radiation model (Simini et al. 2012, doi:10.1038/nature10856), for a finite system.

    People take the nearest job that is better than all nearer ones: no parameter, rows meet the
    residents, columns do not meet the jobs. A baseline, not a forecast.

    Parameters
    ----------
    residents, jobs : array of float, shape (n,)
    cost : array of float, shape (n, n)
        Only its order matters; a zone is nearest to itself.

    Returns
    -------
    array of float64, shape (n, n), persons
        Trips inside a zone included: jobs at home compete as the first ones met.
    """
    o, w, c = (np.asarray(x, np.float64) for x in (residents, jobs, cost))
    n = len(o)
    out = np.zeros((n, n))
    total = w.sum()
    for i in range(n):
        order = np.argsort(np.where(np.arange(n) == i, -1.0, c[i]), kind="stable")
        ahead = np.concatenate(([0.0], np.cumsum(w[order])))
        reference = o[i] if o[i] > 0 else 1.0
        # Probability that no job up to here is better than the one a resident starts from.
        stay = reference / (reference + ahead)
        probability = (stay[:-1] - stay[1:]) / (1.0 - reference / (reference + total))
        out[i, order] = o[i] * probability
    return out


def straight_line_km(zones: Zones, *, detour: float = 1.0) -> Floats:
    """Distances between zones, kilometres, shape (n, n); inside a zone as of a disk of its area.

    The mean distance between two points of a disk is 128 / (45 pi) of its radius. Zones that are
    points get half the distance to the nearest other zone.
    """
    import shapely

    xy_m = zones.places.xy_m(zones.crs)
    distance = np.hypot(*(xy_m[:, None, :] - xy_m[None, :, :]).transpose(2, 0, 1)) / 1000.0
    if zones.geometry is not None:
        radius_km = np.sqrt(np.asarray(shapely.area(zones.geometry)) / np.pi) / 1000.0
        own = 128.0 / (45.0 * np.pi) * radius_km
    else:
        apart = np.where(np.eye(len(xy_m), dtype=np.bool_), np.inf, distance)
        own = np.where(np.isfinite(apart.min(axis=1)), apart.min(axis=1) / 2.0, 1.0)
    np.fill_diagonal(distance, own)
    return np.asarray(distance * detour, np.float64)
