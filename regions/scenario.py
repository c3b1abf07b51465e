"""Regions in a scenario: the same people and jobs, other travel times."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FlowError
from halfcircle.regions.balancing import balance
from halfcircle.regions.flows import Flows
from halfcircle.regions.gravity import GravityModel
from halfcircle.regions.stability import Stability

__all__ = ["merge_probabilities", "redistribute_flows"]


def redistribute_flows(
    flows: Flows,
    model: GravityModel,
    cost_before: npt.ArrayLike,
    cost_after: npt.ArrayLike,
    *,
    group: str | None = None,
) -> Flows:
    """Flows with other travel times: every pair changes by what the decay says, margins stay.

    Pivots on what was observed: a pair keeps what the model does not explain and is multiplied by
    the change of its weight; a pair without a flow gets what the model adds to it. Then all is
    balanced to the same residents and jobs. Homes and jobs do not move: a first answer, not a
    forecast.

    Parameters
    ----------
    flows : Flows
    model : GravityModel
        Fitted on `cost_before`.
    cost_before, cost_after : array of float, shape (n, n)
        In the unit of the model, also inside zones.
    group : str, optional
        All groups together when left out.

    Returns
    -------
    Flows
        With one group; the same flows, bit for bit, if no cost changes.

    Raises
    ------
    FlowError
        Costs have the wrong shape, are not positive, or a pair with a flow cannot travel before.
    """
    observed = flows.matrix(group).toarray()
    before, after = np.asarray(cost_before, np.float64), np.asarray(cost_after, np.float64)
    faults = Faults()
    for name, cost in (("cost_before", before), ("cost_after", after)):
        if cost.shape != observed.shape:
            faults.add("scenario flows", f"{name} has shape {cost.shape}, not {observed.shape}")
        elif not (cost > 0).all():
            faults.add("scenario flows", f"{name} holds costs that are not positive")
    if not faults.errors:
        old = model.decay(before)
        stuck = (observed > 0) & (old <= 0)
        if stuck.any():
            i, j = np.nonzero(stuck)
            pairs = [f"{flows.zone_id[a]} to {flows.zone_id[b]}" for a, b in zip(i, j, strict=True)]
            faults.add("scenario flows", "people travel where nobody can", values=pairs)
    faults.raise_errors(FlowError)
    residents, jobs = observed.sum(axis=1), observed.sum(axis=0)
    new = model.decay(after)
    change = np.divide(new, old, out=np.ones_like(new), where=old > 0)
    seed = observed * change
    if (before != after).any():
        was = model.predict(before, residents, jobs).matrix
        becomes = model.predict(after, residents, jobs).matrix
        seed = seed + np.where(observed == 0, np.maximum(becomes - was, 0.0), 0.0)
    matrix = balance(seed, residents, jobs).matrix
    return flows.with_matrix(
        sparse.csr_array(matrix),
        notice=Fault(
            "scenario flows",
            "modelled: observed commuters, redistributed by the change of travel times",
            severity="notice",
        ),
    )


def merge_probabilities(
    before: Stability, after: Stability, zone_idx: npt.ArrayLike
) -> pd.DataFrame:
    """Whether a scenario brings places into one system.

    Draw both with the same seed: identical scenarios then differ by exactly 0.

    Parameters
    ----------
    before, after : Stability
        Of the same zones.
    zone_idx : array of int, shape (k,)
        Places to look at, for instance the centres along a new line.

    Returns
    -------
    DataFrame
        zone_id, other_zone_id, before, after, delta: one row per pair.

    Raises
    ------
    FlowError
        The zones differ.
    """
    ids = before.regions.zone_id
    if len(ids) != len(after.regions.zone_id) or (ids != after.regions.zone_id).any():
        raise FlowError("merge probabilities: before and after are not of the same zones")
    idx = np.asarray(zone_idx, np.int64)
    was, becomes = (s.co_membership(idx)[:, idx] for s in (before, after))
    i, j = np.triu_indices(len(idx), 1)
    return pd.DataFrame(
        {
            "zone_id": ids[idx[i]],
            "other_zone_id": ids[idx[j]],
            "before": was[i, j],
            "after": becomes[i, j],
            "delta": becomes[i, j] - was[i, j],
        }
    )
