"""Scenarios against the baseline: who gains, who loses, how many, where."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from halfcircle.outputs.layers import FIRST_MEASURE, LayerKey, Layers, cut_layers, main_key
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights

__all__ = ["Change", "ScenarioLayers", "build_delta_layers", "build_scenario_layers", "change_of"]

NOTICEABLE = 0.10
# Sums of the same numbers in another order differ in their last digits: nobody gains by that.
ROUNDING = 1e-9
MEASURE_WITHOUT_BAND = "decay"
COLUMNS = ("baseline", "variant", "delta")

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ScenarioLayers:
    """Baseline, variant and difference of every scenario, layer by layer in one order.

    Parameters
    ----------
    baseline, variant, delta : Layers
        The same keys; differences that are rounding only are exactly 0.
    """

    baseline: Layers
    variant: Layers
    delta: Layers

    @property
    def scenarios(self) -> tuple[str, ...]:
        """Names, in the order of the layers."""
        return tuple(dict.fromkeys(key.scenario for key in self.delta.keys))

    def main(self, scenario: str) -> LayerKey | None:
        """Layer to show first of a scenario: as for reach, among those in which anything changes.

        Parameters
        ----------
        scenario : str

        Returns
        -------
        LayerKey or None
            None if there is no such scenario.
        """
        mine = [i for i, key in enumerate(self.delta.keys) if key.scenario == scenario]
        changed = [i for i in mine if np.any(np.nan_to_num(self.delta.values[i]) != 0)]
        return main_key(self.delta.take(changed or mine))


@dataclass(frozen=True)
class Change:
    """What a scenario does to those who live somewhere.

    Parameters
    ----------
    people : float
        All those counted: in zones whose difference is known.
    mean_before, mean_after : float
        Means over people.
    gaining, gaining_much, losing, losing_much, unchanged : float
        People; much is more than a tenth of what was within reach before (anything, where that
        was nothing). Those who gain or lose much are among those who gain or lose.
    """

    people: float
    mean_before: float
    mean_after: float
    gaining: float
    gaining_much: float
    losing: float
    losing_much: float
    unchanged: float

    @property
    def mean(self) -> float:
        """Mean difference over people."""
        return self.mean_after - self.mean_before


def build_scenario_layers(result: RunResult) -> ScenarioLayers:
    """Cut the scenarios of a run into layers; empty if it has none.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    ScenarioLayers
        A difference is NaN where baseline or variant is not known.
    """
    table = result.scenarios
    if table is None or not len(table):
        empty = Layers((), np.empty((0, len(result.zones))))
        return ScenarioLayers(empty, empty, empty)
    measure = np.where(table["band_min"].isna(), MEASURE_WITHOUT_BAND, FIRST_MEASURE)
    table = table.assign(group="all", measure=measure)
    columns = ["scenario", "opportunity", "group", "measure", "mode", "band_min"]
    parts = {
        name: cut_layers(result, table, columns, value=name, quantity="delta") for name in COLUMNS
    }
    delta = np.array(parts["delta"].values)
    before = np.abs(parts["baseline"].values)
    with np.errstate(invalid="ignore"):
        delta[np.abs(delta) <= ROUNDING * np.maximum(before, 1.0)] = 0.0
    return ScenarioLayers(parts["baseline"], parts["variant"], Layers(parts["delta"].keys, delta))


def build_delta_layers(result: RunResult) -> Layers:
    """Differences of scenarios from the baseline as layers; empty if there are no scenarios.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    Layers
    """
    return build_scenario_layers(result).delta


def change_of(
    layers: ScenarioLayers,
    key: LayerKey,
    weights: Weights,
    *,
    inside: npt.NDArray[np.bool_] | None = None,
) -> Change | None:
    """What one layer does to people; None if nobody's difference is known.

    Parameters
    ----------
    layers : ScenarioLayers
    key : LayerKey
    weights : Weights
    inside : array of bool, shape (n_zones,), optional
        Count these zones only.

    Returns
    -------
    Change or None
    """
    before, after, delta = (
        part.get(key) for part in (layers.baseline, layers.variant, layers.delta)
    )
    if before is None or after is None or delta is None:
        return None
    counted = ~np.isnan(delta) & (weights.values > 0)
    if inside is not None:
        counted &= inside
    if not counted.any():
        return None
    weight, base, change = weights.values[counted], before[counted], delta[counted]
    much = np.abs(change) > NOTICEABLE * base

    def sum_of(some: npt.NDArray[np.bool_]) -> float:
        return float(weight[some].sum())

    return Change(
        people=float(weight.sum()),
        mean_before=float(np.average(base, weights=weight)),
        # From the cleaned differences, so that identical scenarios differ by exactly 0.
        mean_after=float(np.average(base, weights=weight))
        + float(np.average(change, weights=weight)),
        gaining=sum_of(change > 0),
        gaining_much=sum_of((change > 0) & much),
        losing=sum_of(change < 0),
        losing_much=sum_of((change < 0) & much),
        unchanged=sum_of(change == 0),
    )


def extreme_zones(delta: Floats, n: int) -> tuple[Sequence[int], Sequence[int]]:
    """Zones that gain most and zones that lose most.

    Parameters
    ----------
    delta : array of float64, shape (n_zones,)
        NaN where not known.
    n : int
        At most so many of each.

    Returns
    -------
    tuple of two sequences of int
        Positions; those that gain, largest gain first, and those that lose, largest loss first.
    """
    known = np.where(np.isnan(delta), 0.0, delta)
    order = np.argsort(-known, kind="stable")
    gaining = [int(i) for i in order[:n] if known[i] > 0]
    order = np.argsort(known, kind="stable")
    losing = [int(i) for i in order[:n] if known[i] < 0]
    return gaining, losing


def same_but_mode(layers: Layers, key: LayerKey) -> list[LayerKey]:
    """Layers like this one, of every mode."""
    return [other for other in layers.keys if replace(other, mode=key.mode) == key]
