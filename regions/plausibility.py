"""Is this origin-destination table what it says it is? What a careful reader checks first."""

from __future__ import annotations

from dataclasses import dataclass
from functools import reduce
from math import gcd

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.errors import Fault
from halfcircle.places import Zones
from halfcircle.regions.flows import FlowMatrix, Flows

__all__ = ["Plausibility", "flow_plausibility"]

FAR_M = 150_000.0
WHERE = "flow plausibility"


@dataclass(frozen=True, eq=False)
class Plausibility:
    """Key figures of a flow table and what is odd about them.

    Parameters
    ----------
    figures : DataFrame
        figure, value, unit.
    notices : tuple of Fault
        What is odd; the report shows them.
    """

    figures: pd.DataFrame
    notices: tuple[Fault, ...]


def flow_plausibility(
    flows: Flows, *, group: str | None = None, zones: Zones | None = None
) -> Plausibility:
    """Key figures of the flows and a notice for each that is odd.

    Looked at: zones without flows on one side, zones that nobody leaves, margins out of balance,
    a matrix that is its own mirror image (modelled or symmetrised), a rounding unit, unknown
    pairs, and, with `zones`, how far people travel.

    Parameters
    ----------
    flows : Flows
    group : str, optional
        All groups together when left out.
    zones : Zones, optional
        The same zones, in the same order; adds distances.

    Returns
    -------
    Plausibility
    """
    faults = Faults()
    matrix = flows.matrix(group)
    total = float(matrix.data.sum())
    table = flows.containment(group)
    own = float(table["internal"].sum())
    n = len(flows)
    unknown = int(flows.unknown_pairs(group).nnz)
    figures: list[tuple[str, float, str]] = [
        ("zones", n, ""),
        ("pairs with a flow", int(matrix.nnz), ""),
        ("pairs unknown", unknown, ""),
        ("density", matrix.nnz / (n * n), "share of all pairs"),
        ("total", total, flows.unit),
        ("stays in its zone", own / total if total else np.nan, "share"),
        ("smallest flow", float(matrix.data.min()) if matrix.nnz else np.nan, flows.unit),
        ("largest flow between zones", _largest_between(matrix), flows.unit),
    ]
    if total == 0:
        faults.warn(WHERE, "there are no flows")
        return Plausibility(
            pd.DataFrame(figures, columns=["figure", "value", "unit"]), faults.warnings
        )

    residents, jobs = table["residents"].to_numpy(), table["jobs"].to_numpy()
    ids = flows.zone_id
    for what, wrong in (
        ("zones where nobody lives who works", (residents == 0) & (jobs > 0)),
        ("zones where nobody works though people live there", (jobs == 0) & (residents > 0)),
        (
            "zones that all workers stay in",
            (residents > 0) & (table["supply_containment"] == 1).to_numpy(),
        ),
        (
            "zones without a flow to themselves",
            (residents > 0) & (table["internal"] == 0).to_numpy(),
        ),
    ):
        if wrong.any():
            faults.warn(WHERE, what, values=ids[wrong])
    ratio = table["job_ratio"].to_numpy()
    odd = (ratio > 10) | ((ratio < 0.1) & (residents > 0) & (jobs > 0))
    if odd.any():
        values = [f"{ids[i]}: {ratio[i]:.2f}" for i in np.flatnonzero(odd)[:5]]
        faults.warn(
            WHERE,
            "ten times more jobs than workers, or the reverse",
            values=values,
            count=int(odd.sum()),
        )
    if matrix.nnz > n and abs(matrix - matrix.T).max() <= 1e-9 * matrix.data.max():
        faults.warn(
            WHERE,
            "flows are the same in both directions: a symmetrised or modelled matrix",
            remedy="self-containment of homes and of jobs then cannot differ",
        )
    unit = _rounding_unit(matrix.data)
    figures.append(("rounding unit", unit, flows.unit))
    if unit > 1:
        faults.warn(
            WHERE,
            f"all counts are multiples of {unit:g}: smaller flows may be missing",
            remedy="pairs that are not listed are below the unit, not zero",
        )
    if unknown:
        faults.warn(WHERE, f"{unknown:,} pairs are unknown and left out of every sum")
    if flows.abroad_out is None:
        faults.warn(WHERE, "no data on residents who work outside the zones; that is not zero")
    if flows.abroad_in is None:
        faults.warn(WHERE, "no data on workers who live outside the zones; that is not zero")
    if zones is not None:
        figures += _distances(flows, matrix, zones, faults)
    return Plausibility(pd.DataFrame(figures, columns=["figure", "value", "unit"]), faults.warnings)


def _largest_between(matrix: FlowMatrix) -> float:
    coo = matrix.tocoo()
    between = coo.data[coo.row != coo.col]
    return float(between.max()) if len(between) else 0.0


def _rounding_unit(counts: npt.NDArray[np.float64]) -> float:
    if not (counts == np.rint(counts)).all():
        return 0.0
    return float(reduce(gcd, np.unique(counts).astype(np.int64).tolist()))


def _distances(
    flows: Flows, matrix: FlowMatrix, zones: Zones, faults: Faults
) -> list[tuple[str, float, str]]:
    if list(zones.zone_id) != list(flows.zone_id):
        faults.warn(WHERE, "zones and flows differ, distances are left out")
        return []
    xy_m = zones.places.xy_m(zones.crs)
    coo = matrix.tocoo()
    far_m = np.hypot(*(xy_m[coo.row] - xy_m[coo.col]).T)
    weight = coo.data
    order = np.argsort(far_m, kind="stable")
    cumulated = np.cumsum(weight[order]) / weight.sum()
    median_m = float(far_m[order][np.searchsorted(cumulated, 0.5)])
    long_share = float(weight[far_m > FAR_M].sum() / weight.sum())
    if long_share > 0.02:
        faults.warn(
            WHERE,
            f"{long_share:.1%} live more than {FAR_M / 1000:.0f} km from their work",
            remedy="registered at a head office, or weekly commuters: not daily flows",
        )
    mean_m = float((far_m * weight).sum() / weight.sum())
    return [
        ("mean distance, straight line", mean_m / 1000.0, "km"),
        ("median distance, straight line", median_m / 1000.0, "km"),
        (f"farther than {FAR_M / 1000:.0f} km", long_share, "share"),
    ]
