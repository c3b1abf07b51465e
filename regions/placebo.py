"""Placebo borders: hide flows that were counted, predict them, and see what that is worth."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle._checks import Faults, frozen_array
from halfcircle.errors import FlowError
from halfcircle.places import Zones
from halfcircle.regions.compare import agreement
from halfcircle.regions.cross_border import hybrid_flows
from halfcircle.regions.flows import Flows
from halfcircle.regions.gravity import Family, fit_gravity
from halfcircle.regions.labour_market_areas import (
    LabourMarketAreaParameters,
    build_labour_market_areas,
)

__all__ = ["Cut", "placebo_borders", "straight_cuts"]


@dataclass(frozen=True, eq=False)
class Cut:
    """A line through a country that is treated as if it were a border.

    Parameters
    ----------
    name : str
    side : array of bool, shape (n,)
        On which side of the line each zone is.
    distance_m : array of float64, shape (n,), metres
        How far each zone is from the line.
    """

    name: str
    side: npt.NDArray[np.bool_]
    distance_m: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "side", frozen_array(self.side, np.bool_))
        object.__setattr__(self, "distance_m", frozen_array(self.distance_m, np.float64))


def straight_cuts(
    zones: Zones, weight: npt.NDArray[np.float64], *, n_cuts: int = 5
) -> tuple[Cut, ...]:
    """Straight lines in evenly spread directions, each with half of the weight on either side.

    Parameters
    ----------
    zones : Zones
    weight : array of float64, shape (n,)
        Residents.
    n_cuts : int

    Returns
    -------
    tuple of Cut
        The first runs from south to north, the others follow clockwise.
    """
    xy_m = zones.places.xy_m(zones.crs)
    cuts = []
    for k in range(n_cuts):
        bearing = np.pi * k / n_cuts
        across = xy_m @ np.array([np.cos(bearing), -np.sin(bearing)])
        order = np.argsort(across, kind="stable")
        middle = np.searchsorted(np.cumsum(weight[order]), weight.sum() / 2.0)
        line = (across[order[middle]] + across[order[min(middle + 1, len(order) - 1)]]) / 2.0
        cuts.append(Cut(f"{np.degrees(bearing):.0f}°", across > line, np.abs(across - line)))
    return tuple(cuts)


def placebo_borders(
    flows: Flows,
    cuts: Iterable[Cut],
    cost: npt.ArrayLike,
    *,
    family: Family = "power-exponential",
    parameters: LabourMarketAreaParameters | None = None,
    near_m: float = 25_000.0,
) -> pd.DataFrame:
    """Validate the hybrid: hide the flows across a line, predict them, delineate again.

    An optimistic test: the true residents and jobs of every zone are given, and there is no real
    border. Read the two scopes together.

    Parameters
    ----------
    flows : Flows
    cuts : iterable of Cut
    cost : array of float, shape (n, n)
    family : str
        As of `fit_gravity`; fitted on the pairs that are not hidden.
    parameters : LabourMarketAreaParameters, optional
    near_m : float, metres
        What is near the line.

    Returns
    -------
    DataFrame
        cut, hidden (persons), predicted (persons), error (relative), n_near, and the adjusted Rand
        index with the regions of the full flows: ari_hybrid, ari_closed, ari_gravity over all
        zones, and the same with ``_near`` over zones near the line.

    Raises
    ------
    FlowError
        A cut does not fit the zones or hides nothing.
    """
    p = parameters or LabourMarketAreaParameters()
    matrix = flows.matrix().toarray()
    c = np.asarray(cost, np.float64)
    residents, jobs = matrix.sum(axis=1), matrix.sum(axis=0)

    def labels(m: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
        return build_labour_market_areas(sparse.csr_array(m), p).label

    truth = labels(matrix)
    rows, faults = [], Faults()
    for cut in cuts:
        if cut.side.shape != residents.shape:
            faults.add(f"cut {cut.name!r}", f"{len(cut.side)} sides for {len(flows)} zones")
            continue
        known = cut.side[:, None] == cut.side[None, :]
        hidden = float(matrix[~known].sum())
        if hidden == 0:
            faults.add(f"cut {cut.name!r}", "hides no flow")
            continue
        seen = np.where(known, matrix, 0.0)
        model = fit_gravity(seen, c, family, known=known)
        gravity = model.predict(c, residents, jobs).matrix
        hybrid = hybrid_flows(seen, gravity, known, residents, jobs)
        predicted = float(hybrid[~known].sum())
        near = cut.distance_m <= near_m
        row = {
            "cut": cut.name,
            "hidden": hidden,
            "predicted": predicted,
            "error": predicted / hidden - 1.0,
            "n_near": int(near.sum()),
        }
        for name, guess in (("hybrid", hybrid), ("closed", seen), ("gravity", gravity)):
            found = labels(guess)
            row[f"ari_{name}"] = agreement(found, truth).ari
            row[f"ari_{name}_near"] = agreement(found[near], truth[near]).ari
        rows.append(row)
    faults.raise_errors(FlowError)
    return pd.DataFrame(rows)
