"""Daily urban systems of all scenarios of a study, and which places come into one system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FlowError
from halfcircle.regions import Flows, LabourMarketAreaParameters, Regions
from halfcircle.study.scenarios.chances import chance_table, dial_table, draw_labels
from halfcircle.study.scenarios.city_pairs import zone_of
from halfcircle.study.scenarios.flows import (
    Commuting,
    commuter_modes,
    commuting_weight,
    fit_commuting,
    inside_pairs,
    scenario_flows,
)
from halfcircle.study.scenarios.regions import scenario_regions
from halfcircle.study.scenarios.scenario import Baseline, Computed

__all__ = ["Systems", "compute_systems"]

MOST_ZONES = 6_000
MOST_ZONES_DRAWN = 1_500
DRAWS = 60
DEFAULT_METHOD = "labour-market-areas"
Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Systems:
    """Regions of scenarios.

    Parameters
    ----------
    membership : tuple of DataFrame
    layers : dict of str to GeoDataFrame
    chances : DataFrame, optional
        Whether places are in one system, for the ``city_pairs`` of the scenarios.
    dial : DataFrame, optional
        Number of systems against the self-containment that is asked for.
    notices : tuple of Fault
    """

    membership: tuple[pd.DataFrame, ...] = ()
    layers: dict[str, Any] = field(default_factory=dict)
    chances: pd.DataFrame | None = None
    dial: pd.DataFrame | None = None
    notices: tuple[Fault, ...] = ()


def compute_systems(base: Baseline, found: Sequence[Computed], *, workers: int) -> Systems:
    """Draw the daily urban systems of every scenario; none where the study has no ``[regions]``.

    Raises
    ------
    FlowError
        The flows are wrong.
    """
    config = base.study.regions
    given = base.inputs.regions
    if config is None or given is None or not found:
        return Systems()
    flows, zones = given.flows, base.inputs.zones
    if len(zones) > MOST_ZONES:
        what = f"not drawn for more than {MOST_ZONES:,} zones: flows are modelled pair by pair"
        return Systems(notices=(Fault("scenario regions", what, severity="notice"),))
    try:
        before = commuting_weight(base.modes, config.mode)
    except FlowError as error:
        return Systems(notices=(Fault("scenario regions", str(error), severity="notice"),))
    side = zones.places.country
    n_modes = len(commuter_modes(base.modes, config.mode))
    commuting = fit_commuting(flows, before, n_modes=n_modes, side=side)
    notices = [_told(commuting)]
    membership: list[pd.DataFrame] = []
    layers: dict[str, Any] = {}
    weights: dict[str, Floats] = {"baseline": before}
    factors: dict[str, tuple[Floats, Floats]] = {}
    times = None if config.mode is None else base.modes.sources[config.mode]
    regions, _, _ = scenario_regions(
        flows, config, "baseline", zones=zones, times=times, centres=given.centres
    )
    known: list[tuple[str, Regions, Flows]] = [("baseline", regions, flows)]
    for one in found:
        after = commuting_weight(one.modes, config.mode)
        after = before if np.array_equal(before, after) else after
        try:
            moved = scenario_flows(
                flows, before, after, side=side, commuting=commuting,
                residents_factor=one.residents_factor, jobs_factor=one.jobs_factor,
            )  # fmt: skip
        except FlowError as error:
            where = f"scenario {one.name!r} flows"
            notices.append(Fault(where, str(error).replace("\n", "; "), severity="warning"))
            continue
        times = None if config.mode is None else one.modes.sources[config.mode]
        regions, table, layer = scenario_regions(
            moved, config, one.name, zones=zones, times=times, centres=given.centres
        )
        membership.append(table)
        layers |= layer
        weights[one.name] = after
        if one.residents_factor is not None or one.jobs_factor is not None:
            still = np.ones(len(zones))
            given_factors = (one.residents_factor, one.jobs_factor)
            residents, jobs = (still if f is None else f for f in given_factors)
            factors[one.name] = (residents, jobs)
        known.append((one.name, regions, moved))
        notices += [n for n in moved.notices if n not in (*flows.notices, *notices)]
    if config.method == DEFAULT_METHOD and len(zones) > MOST_ZONES_DRAWN:
        what = f"chances and the dial are not drawn for more than {MOST_ZONES_DRAWN:,} zones"
        notices.append(Fault("scenario regions", what, severity="notice"))
    if config.method != DEFAULT_METHOD or len(zones) > MOST_ZONES_DRAWN:
        return Systems(tuple(membership), layers, notices=tuple(notices))
    stated = {k: v for k, v in config.parameters.items() if k != "contiguous"}
    parameters = LabourMarketAreaParameters(**stated)  # type: ignore[arg-type]
    dial, dials = dial_table([(name, f) for name, _, f in known], stated, workers=workers)
    pairs = dict.fromkeys(pair for s in base.study.scenarios for pair in s.pairs)
    faults = Faults()
    numbers = [
        (zone_of(zones, a, "city_pairs", faults), zone_of(zones, b, "city_pairs", faults))
        for a, b in pairs
    ]
    chances = None
    if numbers:
        drawn = draw_labels(
            flows,
            weights,
            parameters,
            commuting,
            inside=inside_pairs(flows, side),
            factors=factors,
            n_draws=DRAWS,
            workers=workers,
        )
        chances = chance_table(known, drawn, dials, numbers, parameters)
    return Systems(tuple(membership), layers, chances, dial, tuple(notices))


def _told(commuting: Commuting) -> Fault:
    if not commuting.is_fitted:
        what = (
            "too few pairs of zones to fit how steep commuting is: the curve as published is used"
        )
        return Fault("scenario flows", what, severity="notice")
    near, far = commuting.parameters
    errors = np.sqrt(np.diag(commuting.covariance))
    what = (
        f"commuting falls with the published curve to the power {near + far:.2f} near and "
        f"{far:.2f} far away (standard errors of the two parts {errors[0]:.2f} and "
        f"{errors[1]:.2f}, common part of commuters {commuting.cpc:.2f}), fitted on the flows "
        "between zones"
    )
    return Fault("scenario flows", what, severity="notice")
