"""Commuting flows of a scenario: who lives and works where stays, who works for whom follows times.

The change is that of a model, put on the observed pattern (Daly, Fox & Patruni 2012, pivot-point
modelling): with M the doubly constrained gravity model on the margins of the observed flows T, the
new flow of a pair is T M'/M where people commute now, and M' - M more where nobody does yet; then
all flows are balanced to the margins again. The weight of a pair in M is the sum over modes of the
commuter decay of PBL at its travel time, made steeper or flatter, near and far, as fits the
observed flows best (Poisson maximum likelihood): the curve is the country's, how steep it is here
its commuters say.
Trips inside zones are left out of the fit, and weighed so that the model has as many of them as
were counted. Across a border, and where a count is not known, no new flow is made up.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
from scipy import sparse

from halfcircle._checks import frozen_array
from halfcircle.access.decay import decay_by_name, pbl_curve
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import Fault, FlowError
from halfcircle.regions import Flows, GravityModel, balance, fit_gravity
from halfcircle.study.modes.build import Modes

__all__ = [
    "Commuting",
    "Pivot",
    "build_pivot",
    "commuter_modes",
    "commuting_weight",
    "fit_commuting",
    "inside_pairs",
    "scenario_flows",
]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]
MOST_ZONES_FITTED = 1_500
LEAST_PAIRS = 20
GROUPS = 20
STEEPEST = 50.0
LEAST_WEIGHT = 1e-9
OWN_STEPS = 30
OWN_TOLERANCE = 1e-5


@dataclass(frozen=True, eq=False)
class Commuting:
    """How commuting falls with the weight of a pair, and how sure that is.

    With x = 1 + ln(top / W), a pair of weight W counts for ``x^-near exp(-far (x - 1))``: the power
    of the weight falls from near + far for the closest pairs to `far` for those far apart. near 0
    and far 1 are the curve as published.

    Parameters
    ----------
    parameters : array of float64, shape (2,)
        near and far; neither is negative.
    covariance : array of float64, shape (2, 2)
        Quasi-Poisson, and that of a jackknife over groups of zones, which knows that parts of a
        country differ; 0 where nothing was fitted.
    top : float
        The largest weight that there can be.
    cpc : float
        Common part of commuters of the fit; NaN where nothing was fitted.
    """

    parameters: Floats = field(default_factory=lambda: np.array([0.0, 1.0]))
    covariance: Floats = field(default_factory=lambda: np.zeros((2, 2)))
    top: float = 1.0
    cpc: float = float("nan")

    def __post_init__(self) -> None:
        object.__setattr__(self, "parameters", frozen_array(self.parameters, np.float64))
        object.__setattr__(self, "covariance", frozen_array(self.covariance, np.float64))

    @property
    def is_fitted(self) -> bool:
        """Whether the flows of the study say how steep it is."""
        return bool(np.isfinite(self.cpc))

    def weigh(self, weight: Floats, parameters: Floats | None = None) -> Floats:
        """What pairs of these weights count for, in the shape of `weight`."""
        near, far = self.parameters if parameters is None else parameters
        x = np.maximum(1.0 + np.log(self.top / np.where(weight > 0, weight, self.top)), 1.0)
        return np.where(weight > 0, np.exp(-near * np.log(x) - far * (x - 1.0)), 0.0)

    def draw(self, rng: np.random.Generator) -> Floats:
        """Parameters from their uncertainty."""
        values = rng.multivariate_normal(self.parameters, self.covariance, method="eigh")
        return np.maximum(values, 0.0)


def commuting_weight(modes: Modes, only: str | None = None) -> Floats:
    """Weight of commuting between all zones, shape (n, n): decays at travel times, over modes.

    Parameters
    ----------
    modes : Modes
    only : str, optional
        One mode; all for which there is a curve of commuters when left out.

    Raises
    ------
    FlowError
        No mode of the study has a curve.
    """
    chosen = commuter_modes(modes, only)
    if not chosen:
        raise FlowError("scenario flows: no mode of the study has a commuter curve")
    total: Floats | None = None
    for mode in chosen:
        weight = decay_by_name("pbl", mode)(_seconds_apart(modes.sources[mode]))
        total = weight if total is None else total + weight
    assert total is not None  # noqa: S101 - for the type checker
    return total


def commuter_modes(modes: Modes, only: str | None = None) -> list[str]:
    """Modes for which there is a curve of commuters."""
    return [m for m in modes.sources if (only is None or m == only) and pbl_curve(m) is not None]


def _seconds_apart(source: TravelTimeSource) -> Floats:
    median = source.percentiles.index(50) if 50 in source.percentiles else 0
    parts = [source.times_s(block)[:, median] for block in origin_blocks(len(source.origins), 256)]
    return np.concatenate(parts).astype(np.float64)


def fit_commuting(
    flows: Flows,
    weight: Floats,
    *,
    n_modes: int,
    side: npt.NDArray[np.object_] | None = None,
) -> Commuting:
    """Fit how commuting falls with the weight, between zones of one country.

    Parameters
    ----------
    flows : Flows
        Observed; groups are added up.
    weight : array of float64, shape (n, n)
        Of `commuting_weight`, in the baseline.
    n_modes : int
        Modes that the weight adds up.
    side : array of str, shape (n,), optional
        Country of each zone.

    Returns
    -------
    Commuting
        The published curve as it is where there are too few pairs, or too many zones.
    """
    observed = flows.matrix().toarray()
    n = len(observed)
    known = inside_pairs(flows, side) & ~np.eye(n, dtype=bool) & (weight > 0)
    # A country without any counted commuter was not counted.
    counted = np.where(known, observed, 0.0)
    taking_part = (counted.sum(axis=0) > 0) | (counted.sum(axis=1) > 0)
    known &= taking_part[:, np.newaxis] & taking_part[np.newaxis, :]
    plain = Commuting(top=float(n_modes))
    if n > MOST_ZONES_FITTED or (known & (observed > 0)).sum() < LEAST_PAIRS:
        return plain
    cost = np.maximum(1.0 + np.log(n_modes / np.where(known, weight, n_modes)), 1.0)

    def fitted(mask: Bools) -> GravityModel:
        return fit_gravity(np.where(mask, observed, 0.0), cost, "power-exponential", known=mask)

    group = np.cumsum(taking_part) % GROUPS
    try:
        # Searches may step to where numbers end; what comes out is checked below.
        with np.errstate(all="ignore"):
            model = fitted(known)
            left_out = []
            for g in range(GROUPS):
                keep = group != g
                mask = known & keep[:, np.newaxis] & keep[np.newaxis, :]
                if (mask & (observed > 0)).any():
                    left_out.append(fitted(mask).parameters)
    except FlowError:
        return plain
    spread = np.array(left_out) - np.mean(left_out, axis=0)
    m = len(left_out)
    covariance = model.covariance + (m - 1) / m * spread.T @ spread
    fine = np.isfinite(covariance).all() and np.isfinite(model.statistics.cpc)
    if not fine or (model.parameters < 0).any() or model.parameters.max() > STEEPEST:
        return plain
    return Commuting(model.parameters, covariance, float(n_modes), model.statistics.cpc)


def inside_pairs(flows: Flows, side: npt.NDArray[np.object_] | None) -> Bools:
    """Pairs whose count is known and that lie on one side of the border, shape (n, n)."""
    known = ~flows.unknown_pairs().toarray()
    if side is not None:
        known &= side[:, np.newaxis] == side[np.newaxis, :]
    return np.asarray(known, dtype=np.bool_)


def scenario_flows(
    flows: Flows,
    before: Floats,
    after: Floats,
    *,
    side: npt.NDArray[np.object_] | None = None,
    commuting: Commuting | None = None,
    residents_factor: Floats | None = None,
    jobs_factor: Floats | None = None,
) -> Flows:
    """Flows of a scenario: the margins of the observed flows, on other travel times.

    Parameters
    ----------
    flows : Flows
        Observed; groups are added up.
    before, after : array of float64, shape (n, n)
        Of `commuting_weight`.
    side : array of str, shape (n,), optional
        Country of each zone: across, only flows that exist change.
    commuting : Commuting, optional
        The weights as they are when left out.
    residents_factor, jobs_factor : array of float64, shape (n,), optional
        Where people and jobs have moved: their number relative to before. The total stays.

    Returns
    -------
    Flows
        The very same where nothing changes.

    Raises
    ------
    FlowError
        As of `balance`.
    """
    moved = residents_factor is not None or jobs_factor is not None
    if np.array_equal(before, after) and not moved:
        return flows
    observed = flows.matrix().toarray()
    margins = _margins(observed, residents_factor, jobs_factor) if moved else None
    if commuting is not None:
        before, after = commuting.weigh(before), commuting.weigh(after)
    pivot = build_pivot(observed, before, inside=inside_pairs(flows, side))
    matrix = pivot.moved(after, margins)
    what = "flows of the scenario are modelled: observed margins, travel times of the scenario"
    return flows.with_matrix(
        sparse.csr_array(matrix), notice=Fault("scenario flows", what, severity="notice")
    )


def _margins(
    observed: Floats, residents: Floats | None, jobs: Floats | None
) -> tuple[Floats, Floats]:
    rows, columns = observed.sum(axis=1), observed.sum(axis=0)
    total = rows.sum()
    rows = rows if residents is None else rows * residents
    columns = columns if jobs is None else columns * jobs
    return rows * (total / rows.sum()), columns * (total / columns.sum())


@dataclass(frozen=True, eq=False)
class Pivot:
    """Observed flows, and the model of them from which a change of weights is told.

    Parameters
    ----------
    observed, modelled : array of float64, shape (n, n)
    fresh : array of bool, shape (n, n)
        Pairs without a flow for which one may be made up.
    own : float
        Factor on weights inside zones.
    """

    observed: Floats
    modelled: Floats
    fresh: Bools
    own: float

    def moved(self, after: Floats, margins: tuple[Floats, Floats] | None = None) -> Floats:
        """Flows that follow a change of weights; see the head of this file.

        Parameters
        ----------
        after : array of float64, shape (n, n)
            What pairs count for now.
        margins : pair of array of float64, shape (n,), optional
            Row and column sums of the result; those observed when left out.

        Returns
        -------
        array of float64, shape (n, n)

        Raises
        ------
        FlowError
            As of `balance`.
        """
        rows, columns = self.observed.sum(axis=1), self.observed.sum(axis=0)
        new = balance(_seed(self.observed, after, self.fresh, self.own), rows, columns).matrix
        with np.errstate(divide="ignore", invalid="ignore"):
            ratio = np.where(self.modelled > 0, new / self.modelled, 1.0)
        made_up = np.maximum(new - self.modelled, 0.0)
        seed = np.where(self.fresh, made_up, self.observed * ratio)
        return balance(seed, *((rows, columns) if margins is None else margins)).matrix


def build_pivot(observed: Floats, before: Floats, *, inside: Bools | None = None) -> Pivot:
    """Model observed flows.

    Parameters
    ----------
    observed : array of float64, shape (n, n)
    before : array of float64, shape (n, n)
        What pairs count for.
    inside : array of bool, shape (n, n), optional
        Pairs for which a flow may be made up; all when left out.

    Raises
    ------
    FlowError
        As of `balance`.
    """
    fresh = observed == 0
    if inside is not None:
        fresh &= inside
    own = _own_weight(_seed(observed, before, fresh, 1.0), observed)
    seed = _seed(observed, before, fresh, own)
    modelled = balance(seed, observed.sum(axis=1), observed.sum(axis=0)).matrix
    return Pivot(observed, modelled, fresh, own)


def _seed(observed: Floats, weight: Floats, fresh: Bools, own: float) -> Floats:
    rows, columns = observed.sum(axis=1), observed.sum(axis=0)
    there = observed > 0
    seed = np.maximum(weight, np.where(there, LEAST_WEIGHT, 0.0))
    seed *= np.where(there | fresh, rows[:, np.newaxis] * columns[np.newaxis, :], 0.0)
    diagonal = np.arange(len(seed))
    seed[diagonal, diagonal] *= own
    return np.asarray(seed, dtype=np.float64)


def _own_weight(seed: Floats, observed: Floats) -> float:
    """Factor on weights inside zones with which as many stay there as were counted."""
    rows, columns = observed.sum(axis=1), observed.sum(axis=0)
    wanted = float(np.trace(observed))
    diagonal = np.arange(len(seed))
    if wanted <= 0 or wanted >= rows.sum() or not (seed[diagonal, diagonal] > 0).any():
        return 1.0

    def short(step: float) -> float:
        weighed = seed.copy()
        weighed[diagonal, diagonal] *= np.exp(step)
        staying = float(np.trace(balance(weighed, rows, columns, tolerance=1e-6).matrix))
        return float(np.log(staying / wanted))

    # Secant on logarithms: the more weight they have, the more stay.
    last, missing = 0.0, short(0.0)
    step = -missing
    for _ in range(OWN_STEPS):
        if abs(missing) < OWN_TOLERANCE:
            return float(np.exp(last))
        now = short(step)
        slope = (now - missing) / (step - last) if step != last else 1.0
        last, missing = step, now
        step = float(np.clip(step - now / (slope if slope > 0.01 else 1.0), -12.0, 12.0))
    return float(np.exp(last))
