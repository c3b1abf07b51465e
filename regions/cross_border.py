"""Systems with the border open, as it is, and closed.

Across a border hardly anybody counts flows. Inside each country the observed pattern is kept;
across, a gravity model fitted inside says what would be without a border, times what the border
leaves of it; everybody who works and every job is then distributed once (balancing). What the
border splits is answered by the probability that two places are in one system, not by a line.
"""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle._checks import Faults
from halfcircle.errors import FlowError
from halfcircle.regions.balancing import balance
from halfcircle.regions.flows import Flows
from halfcircle.regions.gravity import GravityModel
from halfcircle.regions.labour_market_areas import (
    LabourMarketAreaParameters,
    build_labour_market_areas,
)
from halfcircle.regions.stability import Stability, draw_flows
from halfcircle.regions.zoning import Regions, build_regions

__all__ = [
    "CrossBorderSystems",
    "border_factors",
    "calibrate_border_factors",
    "cross_border_systems",
    "hybrid_flows",
]

Floats = npt.NDArray[np.float64]
Sides = npt.NDArray[np.object_]


def border_factors(side: Sides, factors: float | Mapping[tuple[str, str], float]) -> Floats:
    """What the border leaves of each pair, shape (n, n): 1 within a side, the factor across.

    Parameters
    ----------
    side : array of str, shape (n,)
        Country of each zone.
    factors : float or mapping
        One for all borders, or one per (from, to); pairs that are not listed stay 1.

    Raises
    ------
    FlowError
        Factors are negative, or name sides that there are not.
    """
    faults = Faults()
    out = np.ones((len(side), len(side)))
    given = factors if isinstance(factors, Mapping) else {}
    for (a, b), value in given.items():
        if not (np.isfinite(value) and value >= 0):
            faults.add("border factors", "must be numbers from 0 on", values=[f"{a}-{b}: {value}"])
        lost = [s for s in (a, b) if s not in set(side)]
        if lost:
            faults.add("border factors", "there are no zones on these sides", values=lost)
    if not isinstance(factors, Mapping) and not (np.isfinite(factors) and factors >= 0):
        faults.add("border factors", "must be numbers from 0 on", values=[factors])
    faults.raise_errors(FlowError)
    across = side[:, None] != side[None, :]
    if not isinstance(factors, Mapping):
        out[across] = float(factors)
        return out
    for (a, b), value in given.items():
        out[np.ix_(side == a, side == b)] = 1.0 if a == b else value
    return out


def hybrid_flows(
    observed: npt.ArrayLike,
    model: npt.ArrayLike,
    known: npt.ArrayLike,
    residents: npt.ArrayLike,
    jobs: npt.ArrayLike,
    *,
    factor: npt.ArrayLike | float = 1.0,
) -> Floats:
    """Observed flows where they are known, modelled ones elsewhere, balanced to the margins.

    Each origin keeps the pattern of its observed flows, scaled to the share of its residents that
    the model leaves to the known pairs; where nothing is observed, the model stands alone.

    Parameters
    ----------
    observed : array of float, shape (n, n), persons
        Looked at where `known`.
    model : array of float, shape (n, n), persons
        As of `GravityModel.predict`, on the margins below.
    known : array of bool, shape (n, n)
    residents, jobs : array of float, shape (n,), persons
        With the same total.
    factor : float or array of float, shape (n, n)
        Multiplies the pairs that are not known: what the border leaves of them.

    Returns
    -------
    array of float64, shape (n, n), persons
        The observed flows, bit for bit, if everything is known and fits the margins.
    """
    t = np.asarray(model, np.float64)
    mask = np.asarray(known, np.bool_)
    f: Floats = np.where(mask, np.asarray(observed, np.float64), 0.0)
    inside = np.where(mask, t, 0.0)
    across: Floats = np.asarray(np.where(mask, 0.0, t) * factor, dtype=np.float64)
    seen, wanted = f.sum(axis=1), inside.sum(axis=1)
    if not across.any() and np.allclose(seen, residents, rtol=1e-12, atol=0):
        seed = f
    else:
        scale = np.divide(wanted, seen, out=np.zeros_like(seen), where=seen > 0)
        scaled: Floats = f * scale[:, None]
        seed = np.where(seen[:, None] > 0, scaled, inside) + across
    return balance(seed, residents, jobs).matrix


def calibrate_border_factors(
    observed: Floats,
    model: Floats,
    side: Sides,
    residents: Floats,
    jobs: Floats,
    totals: Mapping[tuple[str, str], float],
    *,
    rounds: int = 60,
) -> dict[tuple[str, str], float]:
    """Factors that make the flows between countries add up to what was counted there.

    Parameters
    ----------
    observed, model : array of float64, shape (n, n), persons
    side : array of str, shape (n,)
    residents, jobs : array of float64, shape (n,), persons
    totals : mapping
        Commuters per (from, to), for instance ``{("DE", "NL"): 44_000}``; directions may differ.
    rounds : int
        Corrections of all factors.

    Returns
    -------
    dict
        Factor per (from, to).

    Raises
    ------
    FlowError
        A total cannot be met.
    """
    factors = dict.fromkeys(totals, 1.0)
    known = side[:, None] == side[None, :]
    faults = Faults()
    for _ in range(rounds):
        flows = hybrid_flows(
            observed, model, known, residents, jobs, factor=border_factors(side, factors)
        )
        worst = 0.0
        for (a, b), total in totals.items():
            found = flows[np.ix_(side == a, side == b)].sum()
            if found > 0:
                factors[a, b] *= total / found
                worst = max(worst, abs(found - total) / max(total, 1.0))
        if worst < 1e-3:
            return factors
    values = [f"{a}-{b}: {total:,.0f}" for (a, b), total in totals.items()]
    faults.add("border factors", f"totals are met to {worst:.0%} only", values=values)
    faults.raise_errors(FlowError)
    return factors


@dataclass(frozen=True, eq=False)
class CrossBorderSystems:
    """Systems under three borders, and how probable it is that they cross it.

    Parameters
    ----------
    closed, as_is, opened : Regions
        Scenario ``closed``, ``as is`` and ``open``.
    open_flows : array of float64, shape (n, n), persons
        Flows without a border.
    stability : Stability
        Draws of the open border.
    side : array of str, shape (n,)
        Country of each zone.
    """

    closed: Regions
    as_is: Regions
    opened: Regions
    open_flows: Floats
    stability: Stability
    side: Sides

    def zone_table(self) -> pd.DataFrame:
        """Per zone: probability that its open-border system holds a zone of another country.

        Returns
        -------
        DataFrame
            zone_id, country, crosses (share of draws), closed, as_is, open (names of its region).
        """
        labels = self.stability.labels
        crosses = np.zeros(labels.shape[1])
        code = np.unique(self.side.astype(str), return_inverse=True)[1]
        for row in labels:
            inside = row >= 0
            k = int(row.max(initial=-1)) + 1
            low, high = np.full(k, np.iinfo(np.int64).max), np.full(k, -1)
            np.minimum.at(low, row[inside], code[inside])
            np.maximum.at(high, row[inside], code[inside])
            crosses[inside] += (low != high)[row[inside]]
        table = pd.DataFrame(
            {
                "zone_id": self.opened.zone_id,
                "country": self.side,
                "crosses": crosses / len(labels),
            }
        )
        for name, regions in (
            ("closed", self.closed),
            ("as_is", self.as_is),
            ("open", self.opened),
        ):
            label = regions.label
            names = np.full(len(label), None, dtype=object)
            names[label >= 0] = regions.region_name[label[label >= 0]]
            table[name] = names
        return table

    def pair_table(self, *, min_probability: float = 0.05) -> pd.DataFrame:
        """Pairs of zones across a border by the probability that they share a system.

        Returns
        -------
        DataFrame
            zone_id, other_zone_id, country, other_country, co_membership; most probable first.
        """
        together = self.stability.co_membership()
        across = self.side[:, None] != self.side[None, :]
        i, j = np.nonzero(np.triu(across & (together >= min_probability)))
        order = np.argsort(-together[i, j], kind="stable")
        i, j = i[order], j[order]
        ids = self.opened.zone_id
        return pd.DataFrame(
            {
                "zone_id": ids[i],
                "other_zone_id": ids[j],
                "country": self.side[i],
                "other_country": self.side[j],
                "co_membership": together[i, j],
            }
        )


def cross_border_systems(
    flows: Flows,
    side: Sides,
    cost: npt.ArrayLike,
    model: GravityModel,
    *,
    as_is: float | Mapping[tuple[str, str], float],
    parameters: LabourMarketAreaParameters | None = None,
    zone_name: npt.NDArray[np.object_] | None = None,
    n_draws: int = 50,
    seed: int = 1,
    workers: int = 1,
) -> CrossBorderSystems:
    """Delineate with the border closed, as it is, and open.

    Parameters
    ----------
    flows : Flows
        Observed within each country; flows between countries are not looked at.
    side : array of str, shape (n,)
        Country of each zone.
    cost : array of float, shape (n, n)
        In the unit of the model.
    model : GravityModel
        Fitted on pairs within countries (``known`` of `fit_gravity`).
    as_is : float or mapping
        What the border leaves of the flows now, as of `border_factors` or
        `calibrate_border_factors`.
    parameters : LabourMarketAreaParameters, optional
    zone_name : array of str, shape (n,), optional
    n_draws, seed : int
        Of the open border: decay parameters and flows are drawn.
    workers : int
        Threads.

    Returns
    -------
    CrossBorderSystems

    Raises
    ------
    FlowError
        Sides do not fit the zones, or there is only one.
    """
    p = parameters or LabourMarketAreaParameters()
    faults = Faults()
    if len(side) != len(flows):
        faults.add("cross-border", f"{len(side)} sides for {len(flows)} zones")
    elif len(set(side)) < 2:
        faults.add("cross-border", "all zones are on one side", values=sorted(set(side)))
    faults.raise_errors(FlowError)
    c = np.asarray(cost, np.float64)
    known = side[:, None] == side[None, :]
    observed = np.where(known, flows.matrix().toarray(), 0.0)
    residents, jobs = observed.sum(axis=1), observed.sum(axis=0)
    jobs = jobs * (residents.sum() / jobs.sum())

    def flows_of(chosen: GravityModel, factor: float | Mapping[tuple[str, str], float]) -> Floats:
        modelled = chosen.predict(c, residents, jobs).matrix
        return hybrid_flows(
            observed, modelled, known, residents, jobs, factor=border_factors(side, factor)
        )

    def regions_of(matrix: Floats, scenario: str) -> Regions:
        areas = build_labour_market_areas(sparse.csr_array(matrix), p)
        return build_regions(
            flows.zone_id,
            areas.label,
            weight=jobs,
            zone_name=zone_name,
            method="labour-market-areas",
            parameters=asdict(p),
            notices=areas.notices(flows.zone_id),
        ).in_scenario(scenario)

    open_flows = flows_of(model, 1.0)
    opened = regions_of(open_flows, "open")

    def one(child: np.random.SeedSequence) -> npt.NDArray[np.int64]:
        rng = np.random.default_rng(child)
        drawn = draw_flows(sparse.csr_array(flows_of(model.draw(rng), 1.0)), rng)
        return build_labour_market_areas(drawn, p).label

    with ThreadPoolExecutor(workers) as pool:
        labels = list(pool.map(one, np.random.SeedSequence(seed).spawn(n_draws)))
    return CrossBorderSystems(
        closed=regions_of(observed, "closed"),
        as_is=regions_of(flows_of(model, as_is), "as is"),
        opened=opened,
        open_flows=open_flows,
        stability=Stability(opened, np.array(labels, np.int32)),
        side=side,
    )
