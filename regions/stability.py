"""How sure are the borders: the dial of thresholds, and regions of flows that were drawn again."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle._checks import Faults, frozen_array
from halfcircle.errors import FlowError
from halfcircle.regions.flows import FlowMatrix, Flows
from halfcircle.regions.indicators import internal_share, region_indicators, same_zones
from halfcircle.regions.labour_market_areas import (
    LabourMarketAreaParameters,
    build_labour_market_areas,
)
from halfcircle.regions.zoning import Regions, build_regions

__all__ = ["DAILY", "STRICT", "Stability", "bootstrap_stability", "containment_dial", "draw_flows"]

#: The thresholds of the United Kingdom: work, as a rule, in the region that one lives in.
STRICT = LabourMarketAreaParameters()
#: Half of the people: gives some 60 systems in the Netherlands, what "daily urban system" is
#: used for there.
DAILY = LabourMarketAreaParameters(min_containment=0.5, target_containment=0.6)
DIAL = ((0.45, 0.55), (0.5, 0.6), (0.55, 0.65), (0.6, 0.7), (0.6667, 0.75), (0.7, 0.8))


def containment_dial(
    flows: Flows,
    containments: Iterable[tuple[float, float]] = DIAL,
    *,
    sizes: Iterable[tuple[float, float]] = ((3500.0, 25000.0),),
    group: str | None = None,
    workers: int = 1,
) -> pd.DataFrame:
    """Number of labour market areas against the self-containment that is asked for.

    The number of systems is a choice, not a finding: this table shows what each choice gives. It
    need not fall with stricter thresholds.

    Parameters
    ----------
    flows : Flows
    containments : iterable of (minimum, target)
    sizes : iterable of (minimum, target), persons
    group : str, optional
        All groups together when left out.
    workers : int
        Threads.

    Returns
    -------
    DataFrame
        min_containment, target_containment, min_size, target_size, n_regions, internal_share,
        median_self_containment, largest_share (residents in the largest region), reserve_share,
        not_assigned.
    """
    matrix = flows.matrix(group)
    chosen = [
        LabourMarketAreaParameters(
            min_size=small, target_size=large, min_containment=low, target_containment=high
        )
        for small, large in sizes
        for low, high in containments
    ]

    def row(p: LabourMarketAreaParameters) -> dict[str, Any]:
        areas = build_labour_market_areas(matrix, p)
        regions = build_regions(flows.zone_id, areas.label, weight=flows.jobs(group))
        table = region_indicators(regions, flows, group=group)
        return {
            "min_containment": p.min_containment,
            "target_containment": p.target_containment,
            "min_size": p.min_size,
            "target_size": p.target_size,
            "n_regions": areas.n_areas,
            "internal_share": internal_share(regions, flows, group=group),
            "median_self_containment": table["self_containment"].median(),
            "largest_share": table["residents"].max() / flows.residents(group).sum(),
            "reserve_share": areas.reserve_share,
            "not_assigned": int(areas.not_assigned.sum()),
        }

    with ThreadPoolExecutor(workers) as pool:
        return pd.DataFrame(list(pool.map(row, chosen)))


@dataclass(frozen=True, eq=False)
class Stability:
    """Regions of many draws of the flows.

    Parameters
    ----------
    regions : Regions
        Of the flows themselves.
    labels : array of int32, shape (n_draws, n)
        Regions of each draw; -1 where not assigned.
    """

    regions: Regions
    labels: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "labels", frozen_array(self.labels, np.int32))

    @property
    def n_regions(self) -> npt.NDArray[np.int64]:
        """Number of regions of each draw, shape (n_draws,)."""
        return np.array([len(np.unique(row[row >= 0])) for row in self.labels], np.int64)

    @property
    def place_probability(self) -> npt.NDArray[np.float64]:
        """Share of draws in which a zone is with the centre of its region, shape (n,).

        NaN for zones that are not assigned; 1 for the centres themselves.
        """
        position = {zone: i for i, zone in enumerate(self.regions.zone_id)}
        centre = np.array([position[r] for r in self.regions.region_id], np.int64)
        label = self.regions.label
        out = np.full(len(label), np.nan)
        inside = label >= 0
        mine = centre[label[inside]]
        here = self.labels[:, inside]
        together = (here == self.labels[:, mine]) & (here >= 0)
        share = together.mean(axis=0)
        out[inside] = np.where(mine == np.flatnonzero(inside), 1.0, share)
        return out

    def co_membership(self, zone_idx: npt.ArrayLike | None = None) -> npt.NDArray[np.float64]:
        """Share of draws in which two zones are in one region.

        Parameters
        ----------
        zone_idx : array of int, shape (k,), optional
            Zones for which it is wanted; all when left out, which needs n x n numbers.

        Returns
        -------
        array of float64, shape (k, n)
            1 for a zone with itself.
        """
        n = self.labels.shape[1]
        idx = np.arange(n) if zone_idx is None else np.asarray(zone_idx, np.int64)
        out = np.zeros((len(idx), n))
        for row in self.labels:
            out += (row[idx, None] == row[None, :]) & (row[idx, None] >= 0)
        out /= len(self.labels)
        out[np.arange(len(idx)), idx] = 1.0
        return out

    def table(self) -> pd.DataFrame:
        """zone_id, region_id, region_name, probability per zone."""
        label = self.regions.label
        none = np.full(len(label), None, dtype=object)
        inside = label >= 0
        ids, names = none.copy(), none.copy()
        ids[inside] = self.regions.region_id[label[inside]]
        names[inside] = self.regions.region_name[label[inside]]
        return pd.DataFrame(
            {
                "zone_id": self.regions.zone_id,
                "region_id": ids,
                "region_name": names,
                "probability": self.place_probability,
            }
        )


def draw_flows(
    matrix: FlowMatrix, rng: np.random.Generator, *, people_per_observation: float = 1.0
) -> FlowMatrix:
    """Flows as they could have been counted: each pair is a Poisson draw around its count.

    Parameters
    ----------
    matrix : csr_array of float64, shape (n, n), persons
    rng : numpy.random.Generator
    people_per_observation : float
        How many people one observation stands for: 1 for a census, the expansion factor for a
        sample survey.
    """
    drawn = rng.poisson(matrix.data / people_per_observation) * people_per_observation
    out = sparse.csr_array(
        (drawn.astype(np.float64), matrix.indices.copy(), matrix.indptr.copy()), shape=matrix.shape
    )
    out.eliminate_zeros()
    return out


def bootstrap_stability(
    regions: Regions,
    flows: Flows,
    label_of: Callable[[FlowMatrix], npt.NDArray[np.int64]] | LabourMarketAreaParameters,
    *,
    n_draws: int = 100,
    seed: int = 1,
    people_per_observation: float = 1.0,
    workers: int = 1,
) -> Stability:
    """Delineate again and again from flows that are drawn around the counted ones.

    The same seed gives the same draws, whatever the number of workers.

    Parameters
    ----------
    regions : Regions
        Of the flows themselves; the group of its flows is drawn.
    flows : Flows
    label_of : function of a flow matrix, or LabourMarketAreaParameters
        Gives the region of each zone, shape (n,).
    n_draws, seed : int
    people_per_observation : float
        See `draw_flows`.
    workers : int
        Threads.

    Returns
    -------
    Stability

    Raises
    ------
    FlowError
        The number of draws or the people per observation is not positive.
    """
    faults = Faults()
    for name, value in (("n_draws", n_draws), ("people_per_observation", people_per_observation)):
        if not value > 0:
            faults.add(f"bootstrap {name}", "must be positive", values=[value])
    faults.raise_errors(FlowError)
    same_zones(regions, flows.zone_id)
    matrix = flows.matrix(regions.group if regions.group in flows.groups else None)
    run = label_of
    if isinstance(run, LabourMarketAreaParameters):
        chosen = run

        def run(m: FlowMatrix) -> npt.NDArray[np.int64]:
            return build_labour_market_areas(m, chosen).label

    def one(child: np.random.SeedSequence) -> npt.NDArray[np.int64]:
        rng = np.random.default_rng(child)
        return run(draw_flows(matrix, rng, people_per_observation=people_per_observation))

    with ThreadPoolExecutor(workers) as pool:
        labels = list(pool.map(one, np.random.SeedSequence(seed).spawn(n_draws)))
    return Stability(regions, np.array(labels, np.int32))
