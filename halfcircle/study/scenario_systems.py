"""Daily urban systems of all scenarios of a study, and which places come into one system."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from halfcircle._checks import Faults
from halfcircle.errors import Fault, FlowError
from halfcircle.regions import Flows, Regions
from halfcircle.study.scenario import Baseline, Computed
from halfcircle.study.scenario_city_pairs import zone_of
from halfcircle.study.scenario_regions import (
    DEFAULT_METHOD,
    MOST_ZONES,
    co_membership,
    commuting_weight,
    scenario_flows,
    scenario_regions,
)

__all__ = ["Systems", "compute_systems"]


@dataclass(frozen=True, eq=False)
class Systems:
    """Regions of scenarios.

    Parameters
    ----------
    membership : tuple of DataFrame
    layers : dict of str to GeoDataFrame
    chances : DataFrame, optional
        Probability that two places are in one system, for the ``city_pairs`` of the scenarios.
    notices : tuple of Fault
    """

    membership: tuple[pd.DataFrame, ...] = ()
    layers: dict[str, Any] = field(default_factory=dict)
    chances: pd.DataFrame | None = None
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
    notices: list[Fault] = []
    membership: list[pd.DataFrame] = []
    layers: dict[str, Any] = {}
    known: list[tuple[str, Regions, Flows]] = []
    times = None if config.mode is None else base.modes.sources[config.mode]
    regions, _, _ = scenario_regions(
        flows, config, "baseline", zones=zones, times=times, centres=given.centres
    )
    known.append(("baseline", regions, flows))
    for one in found:
        after = commuting_weight(one.modes, config.mode)
        try:
            moved = scenario_flows(flows, before, after, side=zones.places.country)
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
        known.append((one.name, regions, moved))
        notices += [n for n in moved.notices if n not in (*flows.notices, *notices)]
    pairs = dict.fromkeys(pair for s in base.study.scenarios for pair in s.pairs)
    faults = Faults()
    numbers = [
        (zone_of(zones, a, "city_pairs", faults), zone_of(zones, b, "city_pairs", faults))
        for a, b in pairs
    ]
    chances = None
    if numbers and config.method == DEFAULT_METHOD:
        chances = co_membership(known, numbers, config, workers=workers)
    return Systems(tuple(membership), layers, chances, tuple(notices))
