"""Labour market areas: the least self-contained cluster is dissolved until all are valid.

The method of Coombes & Bond (2008), as described by Franconi, Ichim, D'Alò and Cruciani (2016),
Istat and OECD (2020, doi:10.1787/07970966-en, chapter 4). A cluster of zones is valid if its
self-containment and its size are large enough together: small ones must contain more.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.errors import Fault, FlowError
from halfcircle.regions import _labour_market_areas as kernel
from halfcircle.regions.exact import canonical_order, exact_counts
from halfcircle.regions.flows import FlowMatrix

__all__ = [
    "LabourMarketAreaParameters",
    "LabourMarketAreas",
    "build_labour_market_areas",
    "validity",
]

Mode = Literal["paper", "paper-id-ties", "r-package"]
_MODES = {"paper": kernel.CONTENT, "paper-id-ties": kernel.BY_ID, "r-package": kernel.R_PACKAGE}
WHERE = "[regions] parameters"
STEPS_PER_UNIT = 200


@dataclass(frozen=True, kw_only=True)
class LabourMarketAreaParameters:
    """When a cluster is valid.

    Parameters
    ----------
    min_size, target_size : float
        Employed residents: nothing smaller than the minimum is valid, from the target on the
        minimum containment is enough.
    min_containment, target_containment : float
        Self-containment (the smaller of the supply and the demand side) that is enough at the
        target size and at the minimum size.
    mode : {"paper", "paper-id-ties", "r-package"}
        ``"paper"`` decides ties by content, so that neither identifiers nor the order of rows
        matter. ``"paper-id-ties"`` decides them by the order of identifiers. ``"r-package"``
        gives the partitions of the reference implementation, which scores a cluster that has just
        lost a unit on fragments.

    Raises
    ------
    FlowError
        All thresholds that are out of range, at once.
    """

    min_size: float = 3500.0
    target_size: float = 25000.0
    min_containment: float = 0.6667
    target_containment: float = 0.75
    mode: Mode = "paper"

    def __post_init__(self) -> None:
        faults = Faults()
        numbers = {
            "min_size": self.min_size,
            "target_size": self.target_size,
            "min_containment": self.min_containment,
            "target_containment": self.target_containment,
        }
        for name, value in numbers.items():
            if isinstance(value, bool) or not isinstance(value, (int, float)):
                faults.add(f"{WHERE}.{name}", "must be a number", values=[value])
            elif not (np.isfinite(value) and value > 0):
                faults.add(f"{WHERE}.{name}", "must be a positive number", values=[value])
            elif "containment" in name and value > 1:
                faults.add(
                    f"{WHERE}.{name}",
                    "must lie between 0 and 1",
                    values=[value],
                    remedy="write 0.75 for 75 %",
                )
        if not faults.errors:
            for low, high in (
                ("min_size", "target_size"),
                ("min_containment", "target_containment"),
            ):
                if numbers[low] > numbers[high] or (
                    low == "min_size" and numbers[low] == numbers[high]
                ):
                    faults.add(
                        f"{WHERE}.{low}",
                        f"must be smaller than {high}",
                        values=[f"{numbers[low]:g} and {numbers[high]:g}"],
                    )
        if self.mode not in get_args(Mode):
            known = ", ".join(get_args(Mode))
            faults.add(f"{WHERE}.mode", f"is none of {known}", values=[self.mode])
        faults.raise_errors(FlowError)


@dataclass(frozen=True, eq=False)
class LabourMarketAreas:
    """What the algorithm leaves: a partition, and who got into it how.

    Parameters
    ----------
    label : array of int64, shape (n,)
        Area of each zone, 0 .. n_areas - 1; -1 for the zero list and for the not assigned.
    zero_list : array of bool, shape (n,)
        Zones without residents, without jobs or with nothing but a flow to themselves.
    reserve : array of bool, shape (n,)
        Zones that no area wanted and that were given to their strongest link without a test.
    n_steps : int
        Steps of the loop.
    ended_early : bool
        The loop was cut off after very many steps, and all further units went to the reserve.
    """

    label: npt.NDArray[np.int64]
    zero_list: npt.NDArray[np.bool_]
    reserve: npt.NDArray[np.bool_]
    n_steps: int
    ended_early: bool
    valid_before_reserve: bool = field(default=True)

    def __post_init__(self) -> None:
        object.__setattr__(self, "label", frozen_array(self.label, np.int64))
        object.__setattr__(self, "zero_list", frozen_array(self.zero_list, np.bool_))
        object.__setattr__(self, "reserve", frozen_array(self.reserve, np.bool_))

    @property
    def n_areas(self) -> int:
        """Number of areas."""
        return int(self.label.max(initial=-1)) + 1

    @property
    def not_assigned(self) -> npt.NDArray[np.bool_]:
        """Zones of the reserve that have a flow with no area, shape (n,)."""
        return (self.label < 0) & ~self.zero_list

    @property
    def reserve_share(self) -> float:
        """Reserve zones as a share of all zones that take part."""
        n = int((~self.zero_list).sum())
        return float(self.reserve.sum()) / n if n else 0.0

    def notices(self, zone_id: npt.NDArray[np.object_]) -> tuple[Fault, ...]:
        """What the report must say about this run."""
        faults = Faults()
        if self.zero_list.any():
            faults.warn(
                "labour market areas",
                "zones without residents, jobs or flows to others take no part",
                values=zone_id[self.zero_list],
            )
        if self.not_assigned.any():
            faults.warn(
                "labour market areas",
                "zones that are linked to no area are not assigned",
                values=zone_id[self.not_assigned],
            )
        if self.reserve_share > 0.25:
            faults.warn(
                "labour market areas",
                f"{self.reserve_share:.0%} of the zones came through the reserve list",
                remedy="dense flows flood the reserve: read the stability before the borders",
            )
        if self.ended_early:
            faults.warn("labour market areas", f"the loop was ended after {self.n_steps:,} steps")
        return faults.warnings


def validity(
    internal: npt.ArrayLike,
    residents: npt.ArrayLike,
    jobs: npt.ArrayLike,
    parameters: LabourMarketAreaParameters,
) -> npt.NDArray[np.float64]:
    """Validity of areas; an area is valid from 1 on.

    The required self-containment falls hyperbolically from the target at the minimum size to the
    minimum at the target size. An area from which nobody leaves and into which nobody comes is
    valid whatever its size.

    Parameters
    ----------
    internal, residents, jobs : array of float64, shape (n,), persons
        Flow inside, row sum and column sum of each area.
    parameters : LabourMarketAreaParameters

    Returns
    -------
    array of float64, shape (n,)
        NaN where an area has no residents or no jobs.
    """
    inside, r, w = (np.asarray(a, dtype=np.float64) for a in (internal, residents, jobs))
    p = parameters
    with np.errstate(divide="ignore", invalid="ignore"):
        containment = np.minimum(inside / r, inside / w)
        shortage = np.maximum(0.0, (p.target_size - r) / (p.target_size - p.min_size))
    value = (
        p.target_containment
        / p.min_containment
        * np.minimum(containment / p.target_containment, 1.0)
        * (1.0 - (1.0 - p.min_containment / p.target_containment) * shortage)
    )
    return np.asarray(np.where(containment == 1.0, 1.0, value), dtype=np.float64)


def build_labour_market_areas(
    matrix: FlowMatrix, parameters: LabourMarketAreaParameters | None = None
) -> LabourMarketAreas:
    """Delineate labour market areas from one flow matrix.

    Parameters
    ----------
    matrix : csr_array of float64, shape (n, n), persons
        Rows are homes. Zones are in ascending order of identifiers for the modes that decide ties
        by order.
    parameters : LabourMarketAreaParameters, optional
        The thresholds of the United Kingdom when left out.

    Returns
    -------
    LabourMarketAreas
        Areas are numbered by their first zone.
    """
    p = parameters or LabourMarketAreaParameters()
    n_all = matrix.shape[0]
    counts, scale = exact_counts(matrix)
    taking_part = _without_zero_list(counts)
    active = np.flatnonzero(taking_part)
    if p.mode == "paper":
        active = active[canonical_order(counts[active][:, active])]
    flows = _flow_arrays(counts[active][:, active])
    n = len(active)
    label = np.empty(n, np.int64)
    clusters = kernel.Clusters(np.empty(n), np.empty(n), np.empty(n))
    limits = kernel.Limits(
        float(p.min_size * scale),
        float(p.target_size * scale),
        float(p.min_containment),
        float(p.target_containment),
    )
    max_steps = STEPS_PER_UNIT * n + 10_000
    steps = kernel.grow_clusters(flows, limits, _MODES[p.mode], max_steps, label, clusters)
    waiting = np.flatnonzero(label == kernel.RESERVE)
    alive = np.unique(label[label >= 0])
    valid = all(
        kernel.validity(clusters.own[k], clusters.residents[k], clusters.jobs[k], limits) >= 1.0
        for k in alive
    )
    reserve = np.zeros(n_all, np.bool_)
    reserve[active[waiting]] = True
    if p.mode == "paper":
        by_size = np.lexsort((flows.own[waiting], flows.jobs[waiting], -flows.residents[waiting]))
        waiting = waiting[by_size]
    else:
        waiting = waiting[::-1].copy()
    kernel.place_reserve(flows, waiting, p.mode == "paper", label, clusters)
    whole = np.full(n_all, -1, np.int64)
    whole[active] = label
    return LabourMarketAreas(
        renumbered(whole),
        ~taking_part,
        reserve,
        int(steps),
        ended_early=steps > max_steps,
        valid_before_reserve=valid,
    )


def renumbered(label: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Labels 0, 1, ... in the order in which they first occur; negative ones become -1."""
    out = np.full(len(label), -1, np.int64)
    inside = label >= 0
    _, first, inverse = np.unique(label[inside], return_index=True, return_inverse=True)
    rank = np.empty(len(first), np.int64)
    rank[np.argsort(first, kind="stable")] = np.arange(len(first))
    out[inside] = rank[inverse]
    return out


def _without_zero_list(counts: Any) -> npt.NDArray[np.bool_]:
    # Dropping one zone can leave another without flows: repeat until nothing changes.
    keep = np.ones(counts.shape[0], np.bool_)
    own = np.asarray(counts.diagonal())
    while True:
        weight = keep.astype(np.float64)
        residents = counts @ weight
        jobs = counts.T @ weight
        only_own = (residents == own) & (jobs == own)
        drop = keep & ((residents == 0) | (jobs == 0) | only_own)
        if not drop.any():
            return keep
        keep &= ~drop


def _flow_arrays(counts: Any) -> kernel.FlowArrays:
    own = np.asarray(counts.diagonal(), dtype=np.float64)
    coo = counts.tocoo()
    other = coo.row != coo.col
    row, col, value = coo.row[other], coo.col[other], coo.data[other]
    n = counts.shape[0]
    by_row, by_col = np.lexsort((col, row)), np.lexsort((row, col))

    def starts(idx: npt.NDArray[Any]) -> npt.NDArray[np.int64]:
        return np.concatenate(([0], np.cumsum(np.bincount(idx, minlength=n)))).astype(np.int64)

    return kernel.FlowArrays(
        starts(row),
        col[by_row].astype(np.int64),
        value[by_row].astype(np.float64),
        starts(col),
        row[by_col].astype(np.int64),
        value[by_col].astype(np.float64),
        own,
        np.asarray(counts.sum(axis=1), dtype=np.float64),
        np.asarray(counts.sum(axis=0), dtype=np.float64),
    )
