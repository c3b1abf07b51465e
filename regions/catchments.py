"""Catchments of centres by travel time: the amenity view of a city region, without any flows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FlowError
from halfcircle.regions._times import Times, block_times_s

__all__ = ["CatchmentParameters", "Catchments", "build_catchments"]

WHERE = "[regions] parameters"


@dataclass(frozen=True, kw_only=True)
class CatchmentParameters:
    """Which zones are centres, and how far their catchments go.

    Parameters
    ----------
    min_mass : float
        Jobs (or another mass) from which on a zone is a centre.
    spacing_min : float, minutes
        A zone this near to a larger centre is no centre of its own.
    max_min : float, minutes
        A catchment ends here.
    rule : {"nearest", "attraction"}
        Whether a zone goes to the centre that it reaches first, or to the one that attracts it
        most: mass x exp(-decay x minutes), divided by the sum over all centres (Huff 1963,
        doi:10.2307/3144521).
    decay_per_min : float, per minute
        For ``"attraction"``.

    Raises
    ------
    FlowError
        All parameters that are out of range, at once.
    """

    min_mass: float = 25_000.0
    spacing_min: float = 15.0
    max_min: float = 60.0
    rule: Literal["nearest", "attraction"] = "nearest"
    decay_per_min: float = 0.05

    def __post_init__(self) -> None:
        faults = Faults()
        for name in ("min_mass", "spacing_min", "max_min", "decay_per_min"):
            value = getattr(self, name)
            if not (isinstance(value, (int, float)) and np.isfinite(value) and value >= 0):
                faults.add(f"{WHERE}.{name}", "must be a number, at least 0", values=[value])
        if self.rule not in ("nearest", "attraction"):
            faults.add(f"{WHERE}.rule", "is neither nearest nor attraction", values=[self.rule])
        faults.raise_errors(FlowError)


@dataclass(frozen=True, eq=False)
class Catchments:
    """Centres and who belongs to them.

    Parameters
    ----------
    centre_idx : array of int64, shape (k,)
        Zones that are centres, largest first.
    share : array of float64, shape (n, k)
        Membership: 0 or 1 for the nearest centre, shares of attraction else; rows sum to 1, or to
        0 for zones that reach no centre in time.
    label : array of int64, shape (n,)
        Centre of the largest share; -1 for none.
    log : tuple of str
        Zones that are large enough but too near to a larger centre.
    notices : tuple of Fault
    """

    centre_idx: npt.NDArray[np.int64]
    share: npt.NDArray[np.float64]
    label: npt.NDArray[np.int64]
    log: tuple[str, ...]
    notices: tuple[Fault, ...]


def build_catchments(
    mass: npt.NDArray[np.float64],
    times: Times,
    parameters: CatchmentParameters | None = None,
    *,
    names: npt.NDArray[np.object_] | None = None,
) -> Catchments:
    """Catchments of centres by travel time.

    Travel times run from the centre to the zone; with a timetable these differ from the way back.

    Parameters
    ----------
    mass : array of float64, shape (n,)
        Jobs, shops, care places: what makes a zone a centre.
    times : travel time source, array (n, n) or function of a block of origins, seconds
    parameters : CatchmentParameters, optional
    names : array of str, shape (n,), optional
        For the log.

    Returns
    -------
    Catchments
    """
    p = parameters or CatchmentParameters()
    n = len(mass)
    label_of = np.array([str(i) for i in range(n)], dtype=object) if names is None else names
    large = np.flatnonzero(np.nan_to_num(mass) >= max(p.min_mass, 1e-12))
    large = large[np.lexsort((large, -mass[large]))].astype(np.int64)
    faults, log = Faults(), []
    centre: list[int] = []
    rows: list[npt.NDArray[np.float64]] = []
    for i in large:
        row = block_times_s(times, np.array([i], np.int64), n)[0]
        row[i] = 0.0
        near = [c for c, t in zip(centre, rows, strict=True) if t[i] < p.spacing_min * 60.0]
        if near:
            log.append(f"{label_of[i]}: no centre of its own, near {label_of[near[0]]}")
            continue
        centre.append(int(i))
        rows.append(row)
    if not centre:
        faults.warn("catchments", f"no zone has {p.min_mass:,.0f}, so there are no centres")
        empty = np.zeros((n, 0))
        return Catchments(
            np.empty(0, np.int64), empty, np.full(n, -1, np.int64), tuple(log), faults.warnings
        )
    t = np.array(rows)
    reached = t <= p.max_min * 60.0
    if p.rule == "nearest":
        pull = np.where(reached, -t, -np.inf)
    else:
        heavy = mass[np.array(centre)][:, None]
        pull = np.where(reached, np.log(heavy) - p.decay_per_min * t / 60.0, -np.inf)
    # Ties go to the larger centre, which comes first. A centre belongs to itself.
    best = pull.argmax(axis=0)
    best[np.array(centre)] = np.arange(len(centre))
    label = np.where(reached.any(axis=0), best, -1)
    share = np.zeros((n, len(centre)))
    inside = label >= 0
    if p.rule == "nearest":
        share[np.flatnonzero(inside), label[inside]] = 1.0
    else:
        weight = np.exp(pull - np.where(inside, pull.max(axis=0), 0.0)) * reached
        share[inside] = (weight[:, inside] / weight[:, inside].sum(axis=0)).T
        share[np.array(centre)] = np.eye(len(centre))
    if (~inside).any():
        faults.warn(
            "catchments",
            f"zones that reach no centre in {p.max_min:g} minutes",
            values=label_of[~inside],
        )
    return Catchments(np.array(centre, np.int64), share, label, tuple(log), faults.warnings)
