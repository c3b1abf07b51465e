"""How sure it is that two places are in one daily urban system, and how far they are from it.

Chances come from paired draws: each draws the counted flows anew around their counts, and the
steepness of commuting from its uncertainty, and draws the regions of the baseline and of every
scenario from the same draw. Identical scenarios so have identical chances. They tell how much
hangs on chance in the counts and on the steepness, not whether the model is right.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle.errors import FlowError
from halfcircle.regions import (
    Flows,
    LabourMarketAreaParameters,
    Regions,
    build_labour_market_areas,
    draw_flows,
    validity,
)
from halfcircle.study.scenarios.flows import Commuting, Pivot, build_pivot

__all__ = ["DIAL", "chance_table", "dial_table", "draw_labels", "region_validity"]

Floats = npt.NDArray[np.float64]
Labels = npt.NDArray[np.int32]
DIAL = (
    (0.40, 0.50), (0.45, 0.55), (0.50, 0.60), (0.55, 0.65), (0.60, 0.70), (0.6667, 0.75),
    (0.70, 0.80), (0.75, 0.85), (0.80, 0.90),
)  # fmt: skip


def draw_labels(
    flows: Flows,
    weights: Mapping[str, Floats],
    parameters: LabourMarketAreaParameters,
    commuting: Commuting,
    *,
    inside: npt.NDArray[np.bool_],
    factors: Mapping[str, tuple[Floats, Floats]] | None = None,
    n_draws: int,
    seed: int = 1,
    workers: int = 1,
) -> dict[str, Labels]:
    """Regions of the baseline and of scenarios over paired draws.

    Parameters
    ----------
    flows : Flows
        Observed.
    weights : mapping of str to array of float64, shape (n, n)
        Weights of commuting per scenario; the first is that of the baseline.
    parameters : LabourMarketAreaParameters
    commuting : Commuting
    inside : array of bool, shape (n, n)
        Pairs for which a flow may be made up.
    factors : mapping of str to pair of array of float64, shape (n,), optional
        Factors on residents and jobs of scenarios in which people or jobs have moved.
    n_draws, seed : int
    workers : int
        Threads; the draws do not depend on it.

    Returns
    -------
    dict of str to array of int32, shape (n_draws, n)
        -1 where a zone is in no region.
    """
    matrix = flows.matrix()
    (base, before), *others = weights.items()
    moved_people = factors or {}

    def one(child: np.random.SeedSequence) -> dict[str, npt.NDArray[np.int64]]:
        rng = np.random.default_rng(child)
        steepness = commuting.draw(rng)
        drawn = draw_flows(matrix, rng)
        label = {base: build_labour_market_areas(drawn, parameters).label}
        observed = drawn.toarray()
        pivot: Pivot | None = None
        for name, after in others:
            if after is before and name not in moved_people:
                label[name] = label[base]
                continue
            who = moved_people.get(name)
            target = None if who is None else _scaled(observed, *who)
            try:
                if pivot is None:
                    counts_for = commuting.weigh(before, steepness)
                    pivot = build_pivot(observed, counts_for, inside=inside)
                moved = pivot.moved(commuting.weigh(after, steepness), target)
            except FlowError:
                # A place that nobody was drawn for: the flows stay as they were drawn.
                moved = observed
            label[name] = build_labour_market_areas(sparse.csr_array(moved), parameters).label
        return label

    with ThreadPoolExecutor(workers) as pool:
        found = list(pool.map(one, np.random.SeedSequence(seed).spawn(n_draws)))
    return {name: np.array([draw[name] for draw in found], np.int32) for name in weights}


def _scaled(observed: Floats, residents: Floats, jobs: Floats) -> tuple[Floats, Floats]:
    rows, columns = observed.sum(axis=1) * residents, observed.sum(axis=0) * jobs
    total = observed.sum()
    return rows * (total / rows.sum()), columns * (total / columns.sum())


def region_validity(
    regions: Regions, flows: Flows, parameters: LabourMarketAreaParameters
) -> Floats:
    """Validity of every region: 1 or more stands alone, less is taken apart and given to others.

    Returns
    -------
    array of float64, shape (n_regions,)
    """
    label, matrix = regions.label, flows.matrix().tocoo()
    n = len(regions.region_id)
    inside = label >= 0
    residents = np.bincount(label[inside], flows.residents()[inside], n)
    jobs = np.bincount(label[inside], flows.jobs()[inside], n)
    row, column = label[matrix.coords[0]], label[matrix.coords[1]]
    own = (row == column) & (row >= 0)
    internal = np.bincount(row[own], matrix.data[own], n)
    return validity(internal, residents, jobs, parameters)


def dial_table(
    found: Sequence[tuple[str, Flows]], given: Mapping[str, Any], *, workers: int = 1
) -> tuple[pd.DataFrame, dict[str, list[npt.NDArray[np.int64]]]]:
    """Number of systems against the self-containment that is asked for, per scenario.

    Parameters
    ----------
    found : sequence of (str, Flows)
        Name and flows, the baseline first.
    given : mapping
        Other parameters of the delineation.

    Returns
    -------
    DataFrame
        scenario, min_containment, target_containment, systems.
    dict of str to list of array of int64, shape (n,)
        Regions of each scenario at each position of the dial.
    """
    rest = {k: v for k, v in given.items() if k not in ("min_containment", "target_containment")}
    cases = [(name, flows, pair) for name, flows in found for pair in DIAL]

    def label(case: tuple[str, Flows, tuple[float, float]]) -> npt.NDArray[np.int64]:
        _, flows, (low, high) = case
        parameters = LabourMarketAreaParameters(
            min_containment=low, target_containment=high, **rest
        )
        return build_labour_market_areas(flows.matrix(), parameters).label

    with ThreadPoolExecutor(workers) as pool:
        labels = list(pool.map(label, cases))
    rows = []
    by_name: dict[str, list[npt.NDArray[np.int64]]] = {}
    for (name, _, (low, high)), drawn in zip(cases, labels, strict=True):
        by_name.setdefault(name, []).append(drawn)
        rows.append(
            {
                "scenario": name,
                "min_containment": low,
                "target_containment": high,
                "systems": len(np.unique(drawn[drawn >= 0])),
            }
        )
    return pd.DataFrame(rows), by_name


def chance_table(
    found: Sequence[tuple[str, Regions, Flows]],
    drawn: Mapping[str, Labels],
    dials: Mapping[str, Sequence[npt.NDArray[np.int64]]],
    pairs: Sequence[tuple[int, int]],
    parameters: LabourMarketAreaParameters,
) -> pd.DataFrame:
    """Whether pairs of places are in one system, how sure that is, and how far they are from it.

    Returns
    -------
    DataFrame
        zone_id, other_zone_id, scenario; together (in the regions as drawn); probability
        and draws; validity and other_validity of the regions that hold the two (below 1 a region
        cannot stand alone); together_from, the lowest self-containment asked for (on the dial) at
        which they are in one system, missing where at none.
    """
    rows = []
    for name, regions, flows in found:
        labels = drawn[name]
        scores = region_validity(regions, flows, parameters)
        label = regions.label
        for a, b in pairs:
            together = (labels[:, a] == labels[:, b]) & (labels[:, a] >= 0)
            at = [low for (low, _), dial in zip(DIAL, dials[name], strict=True)
                  if dial[a] == dial[b] and dial[a] >= 0]  # fmt: skip
            rows.append(
                {
                    "zone_id": regions.zone_id[a],
                    "other_zone_id": regions.zone_id[b],
                    "scenario": name,
                    "together": bool(label[a] == label[b] and label[a] >= 0),
                    "probability": float(together.mean()),
                    "draws": len(labels),
                    "validity": float(scores[label[a]]) if label[a] >= 0 else np.nan,
                    "other_validity": float(scores[label[b]]) if label[b] >= 0 else np.nan,
                    "together_from": min(at, default=np.nan),
                }
            )
    return pd.DataFrame(rows)
