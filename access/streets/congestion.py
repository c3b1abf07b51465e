"""Congestion of a scenario: other times on a network that is built already."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from halfcircle._checks import Faults
from halfcircle.access.streets.edits import Congestion, inside
from halfcircle.access.streets.network import StreetNetwork
from halfcircle.access.streets.speed_factors import edge_middles
from halfcircle.access.streets.tags import ROAD_CLASSES
from halfcircle.errors import ScenarioError

__all__ = ["apply_congestion"]


def apply_congestion(network: StreetNetwork, congestion: Sequence[Congestion]) -> StreetNetwork:
    """Multiply the times of a car network.

    Raises
    ------
    ScenarioError
        A factor touches no road of the network: the edit changes nothing.
    """
    faults = Faults()
    edge_s = network.edge_s.astype(np.float64)
    for edit in congestion:
        by_class = np.ones(len(ROAD_CLASSES))
        for name, factor in edit.factors.items():
            by_class[ROAD_CLASSES.index(name)] = factor
        factor_of = by_class[network.edge_class]
        if edit.area is not None:
            factor_of = np.where(inside(*edge_middles(network), edit.area), factor_of, 1.0)
        if (factor_of == 1.0).all():
            faults.add(edit.where, "the edit changes nothing: no such road", values=[edit.label])
        edge_s *= factor_of
    faults.raise_errors(ScenarioError)
    return network.with_edge_seconds(edge_s) if congestion else network
