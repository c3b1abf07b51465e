"""Daily urban systems of a scenario: flows on its travel times, and regions drawn again.

Who lives and works where stays as it is; who works for whom follows the travel times. The change is
that of a model, put on the observed pattern (Daly, Fox & Patruni 2012, pivot-point modelling): with
M the doubly constrained gravity model on the margins of the observed flows T, the new flow of a
pair is T M'/M where people commute now, and M' - M more where nobody does yet; then all flows are
balanced to the margins again. The weight of a pair is the sum over modes of the commuter decay of
PBL at its travel time. Across a border, and where a count is not known, no new flow is made up.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle.access.decay import decay_by_name, pbl_curve
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import Fault, FlowError
from halfcircle.regions import (
    CentrePopulation,
    Flows,
    LabourMarketAreaParameters,
    Regions,
    balance,
    bootstrap_stability,
    delineate,
    membership_table,
    regions_geodataframe,
)
from halfcircle.study.config import RegionsConfig
from halfcircle.study.modes import Modes

__all__ = ["co_membership", "commuting_weight", "scenario_flows", "scenario_regions"]

Floats = npt.NDArray[np.float64]
MOST_ZONES = 6_000
DRAWS = 40
DEFAULT_METHOD = "labour-market-areas"


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
    chosen = [m for m in modes.sources if (only is None or m == only) and pbl_curve(m) is not None]
    if not chosen:
        raise FlowError("scenario flows: no mode of the study has a commuter curve")
    total: Floats | None = None
    for mode in chosen:
        source = modes.sources[mode]
        weight = decay_by_name("pbl", mode)(_minutes_apart(source))
        total = weight if total is None else total + weight
    assert total is not None  # noqa: S101 - for the type checker
    return total


def _minutes_apart(source: TravelTimeSource) -> Floats:
    median = source.percentiles.index(50) if 50 in source.percentiles else 0
    parts = [source.times_s(block)[:, median] for block in origin_blocks(len(source.origins), 256)]
    return np.concatenate(parts).astype(np.float64)


def scenario_flows(
    flows: Flows,
    before: Floats,
    after: Floats,
    *,
    side: npt.NDArray[np.object_] | None = None,
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

    Returns
    -------
    Flows
        The very same where no weight changes.

    Raises
    ------
    FlowError
        As of `balance`.
    """
    if np.array_equal(before, after):
        return flows
    observed = flows.matrix().toarray()
    rows, columns = observed.sum(axis=1), observed.sum(axis=0)
    models = [_model(weight, rows, columns, observed) for weight in (before, after)]
    old, new = models
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.where(old > 0, new / old, 1.0)
    fresh = (observed == 0) & ~flows.unknown_pairs().toarray()
    if side is not None:
        fresh &= side[:, np.newaxis] == side[np.newaxis, :]
    seed = np.where(fresh, np.maximum(new - old, 0.0), observed * ratio)
    balanced = balance(seed, rows, columns).matrix
    what = "flows of the scenario are modelled: observed margins, travel times of the scenario"
    return flows.with_matrix(
        sparse.csr_array(balanced), notice=Fault("scenario flows", what, severity="notice")
    )


def _model(weight: Floats, rows: Floats, columns: Floats, observed: Floats) -> Floats:
    """Gravity model on the margins; pairs with observed flows never lose all their weight."""
    least = np.where(observed > 0, 1e-9, 0.0)
    seed = np.maximum(weight, least) * rows[:, np.newaxis] * columns[np.newaxis, :]
    return balance(seed, rows, columns).matrix


def scenario_regions(
    flows: Flows,
    config: RegionsConfig,
    name: str,
    *,
    zones: Any,
    times: Any,
    centres: CentrePopulation | None = None,
) -> tuple[Regions, pd.DataFrame, dict[str, Any]]:
    """Regions of a scenario from its flows, all groups together.

    Returns
    -------
    Regions
    DataFrame
        Rows of ``membership.parquet``.
    dict of str to GeoDataFrame
        Layer of ``regions.gpkg``.
    """
    found = delineate(
        flows,
        config.method,
        parameters=config.parameters,
        zones=zones,
        times=times,
        centres=centres,
    )
    found = replace(found, scenario=name)
    layer = regions_geodataframe(found, zones, flows=flows)
    return found, membership_table(found), {f"{found.method}-{found.group}-{name}": layer}


def co_membership(
    found: Sequence[tuple[str, Regions, Flows]],
    pairs: Sequence[tuple[int, int]],
    config: RegionsConfig,
    *,
    workers: int,
) -> pd.DataFrame:
    """Probability that two zones are in one daily urban system, per scenario.

    Flows are drawn around their counts, with the same seed in baseline and scenarios, and regions
    drawn from each draw; only for labour market areas.

    Returns
    -------
    DataFrame
        from, to, scenario, together (in the regions themselves), probability.
    """
    rows = []
    given = {k: v for k, v in config.parameters.items() if k != "contiguous"}
    for name, regions, flows in found:
        stability = bootstrap_stability(
            regions,
            flows,
            LabourMarketAreaParameters(**given),  # type: ignore[arg-type]
            n_draws=DRAWS,
            workers=workers,
        )
        label = regions.label
        for a, b in pairs:
            chance = stability.co_membership([a])[0, b]
            rows.append(
                {
                    "from": regions.zone_id[a],
                    "to": regions.zone_id[b],
                    "scenario": name,
                    "together": bool(label[a] == label[b] and label[a] >= 0),
                    "probability": float(chance),
                }
            )
    return pd.DataFrame(rows)
