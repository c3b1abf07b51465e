"""Reach as a matrix: one layer per combination of mode, band, ..., one column per zone.

Wide tables, GeoPackages, rasters, maps and charts all show layers; this is where they are cut from
the tidy table, ordered and named, once.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import frozen_array
from halfcircle.outputs._codes import rank, row_codes
from halfcircle.outputs.result import RunResult

__all__ = [
    "LayerKey",
    "Layers",
    "build_layers",
    "build_loss_layers",
    "column_name",
    "column_names",
    "cut_layers",
]

FIRST_SCENARIO = "baseline"
FIRST_MEASURE = "cumulative"
PREFERRED_BAND_MIN = 45.0
# Most asked for first: what a council can change, and what has to be explained.
MODE_ORDER = ("transit", "bike+transit", "car+transit", "bike", "ebike", "walk", "car")


@dataclass(frozen=True)
class LayerKey:
    """What one layer of values is about; None where a part does not apply."""

    opportunity: str
    mode: str
    band_min: float | None
    percentile: int | None
    group: str = "all"
    measure: str = FIRST_MEASURE
    scenario: str = FIRST_SCENARIO
    quantity: str = "reach"


@dataclass(frozen=True, eq=False)
class Layers:
    """Values per layer and zone.

    Parameters
    ----------
    keys : tuple of LayerKey
        In the order in which people read them.
    values : array of float64, shape (n_layers, n_zones), unit of the opportunity
        NaN where there is no value.
    """

    keys: tuple[LayerKey, ...]
    values: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", frozen_array(self.values, np.float64))

    def __len__(self) -> int:
        return len(self.keys)

    def __repr__(self) -> str:
        return f"<Layers: {len(self):,} of {self.values.shape[1]:,} zones>"

    def get(self, key: LayerKey) -> npt.NDArray[np.float64] | None:
        """Values of one layer, shape (n_zones,), or None if there is no such layer."""
        try:
            return np.asarray(self.values[self.keys.index(key)])
        except ValueError:
            return None

    def take(self, layer_idx: npt.ArrayLike) -> Layers:
        """Select the layers at these positions, in that order."""
        idx = np.asarray(layer_idx, dtype=np.int64)
        return Layers(tuple(self.keys[i] for i in idx), self.values[idx])

    def main_first(self) -> npt.NDArray[np.int64]:
        """Layer positions, most asked for first; used where not all layers can be shown.

        Returns
        -------
        array of int64, shape (n_layers,)
            Baseline, cumulative, undivided, median, first opportunity and bands near 45 minutes
            come first.
        """
        opportunities = list(dict.fromkeys(key.opportunity for key in self.keys))

        def order(i: int) -> tuple[object, ...]:
            key = self.keys[i]
            return (
                key.scenario != FIRST_SCENARIO,
                key.measure != FIRST_MEASURE,
                key.group != "all",
                abs((50 if key.percentile is None else key.percentile) - 50),
                opportunities.index(key.opportunity),
                abs((0.0 if key.band_min is None else key.band_min) - PREFERRED_BAND_MIN),
                _mode_rank(key.mode),
                i,
            )

        return np.array(sorted(range(len(self)), key=order), dtype=np.int64)


def build_layers(result: RunResult) -> Layers:
    """Cut the reach of a run into layers.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    Layers
        Ordered by scenario, opportunity, group, measure, mode, percentile, band, each in the order
        of the study.
    """
    columns = ["scenario", "opportunity", "group", "measure", "mode", "percentile", "band_min"]
    return cut_layers(result, result.reach, columns, value="value", quantity="reach")


def build_loss_layers(result: RunResult, *, column: str = "loss") -> Layers:
    """Cut the border loss of a run into layers; empty if there is no border.

    Parameters
    ----------
    result : RunResult
    column : str
        Of the border table: ``loss``, ``reach_domestic``, ``reach_open`` or ``reach_effective``.

    Returns
    -------
    Layers
        Losses are shares between 0 and 1. The order of layers is the same for every column.
    """
    if result.border is None:
        return Layers((), np.empty((0, len(result.zones))))
    columns = ["scenario", "opportunity", "group", "measure", "mode", "band_min"]
    return cut_layers(result, result.border, columns, value=column, quantity="loss")


def cut_layers(
    result: RunResult, table: pd.DataFrame, columns: list[str], *, value: str, quantity: str
) -> Layers:
    """Cut a tidy table into layers.

    Parameters
    ----------
    result : RunResult
    table : DataFrame
        With `zone_id`, `value` and `columns`.
    columns : list of str
        What tells layers apart; `scenario`, `opportunity`, `group`, `measure`, `mode` and
        `band_min`, perhaps `percentile`.
    value : str
        Column of values.
    quantity : str
        Of the keys.

    Returns
    -------
    Layers
    """
    zone_idx = pd.Index(result.zones.zone_id).get_indexer(pd.Index(table["zone_id"]))
    layer_of_row = row_codes(table, columns)
    _, first_row = np.unique(layer_of_row, return_index=True)
    firsts = table.iloc[first_row]
    known = {
        "scenario": (FIRST_SCENARIO,),
        "opportunity": tuple(opportunity.name for opportunity in result.opportunities),
        "group": ("all", *(g for o in result.opportunities for g in o.groups if g != "all")),
        "measure": (FIRST_MEASURE,),
        "mode": result.settings.modes,
    }
    ranks = [rank(firsts[name], known.get(name, ())) for name in columns]
    order = np.lexsort(ranks[::-1])
    position = np.empty(len(order), dtype=np.int64)
    position[order] = np.arange(len(order))
    values = np.full((len(order), len(result.zones)), np.nan)
    values[position[layer_of_row], zone_idx] = table[value].to_numpy(np.float64, na_value=np.nan)
    keys = []
    for row in firsts.iloc[order].to_dict("records"):
        band = row["band_min"]
        percentile = row.get("percentile")
        keys.append(
            LayerKey(
                opportunity=str(row["opportunity"]),
                mode=str(row["mode"]),
                band_min=None if pd.isna(band) else float(band),
                percentile=None if pd.isna(percentile) else int(percentile),
                group=str(row["group"]),
                measure=str(row["measure"]),
                scenario=str(row["scenario"]),
                quantity=quantity,
            )
        )
    return Layers(tuple(keys), values)


def _mode_rank(mode: str) -> int:
    return MODE_ORDER.index(mode) if mode in MODE_ORDER else len(MODE_ORDER)


def main_key(layers: Layers) -> LayerKey | None:
    """Layer that headlines and first maps show: first opportunity, band nearest 45 minutes."""
    keys = [
        key
        for key in layers.keys
        if key.measure == FIRST_MEASURE and key.scenario == layers.keys[0].scenario
    ] or list(layers.keys)
    if not keys:
        return None
    keys = [key for key in keys if key.opportunity == keys[0].opportunity]
    keys = [key for key in keys if key.group == keys[0].group]

    def order(key: LayerKey) -> tuple[float, float, float]:
        band = 0.0 if key.band_min is None else key.band_min
        percentile = 50 if key.percentile is None else key.percentile
        return _mode_rank(key.mode), abs(band - PREFERRED_BAND_MIN), abs(percentile - 50)

    return min(keys, key=order)


def column_name(key: LayerKey) -> str:
    """Name of a layer as a column or file: ``jobs_transit_p50_45min``.

    Parameters
    ----------
    key : LayerKey

    Returns
    -------
    str
        Lower case letters, digits and underscores; what is usual (baseline, undivided, cumulative)
        is left out.
    """
    parts = [key.quantity if key.quantity != "reach" else "", key.opportunity]
    parts += [key.group if key.group != "all" else "", key.mode]
    parts += [key.measure if key.measure != FIRST_MEASURE else ""]
    parts += ["" if key.percentile is None else f"p{key.percentile}"]
    parts += ["" if key.band_min is None else f"{key.band_min:g}min"]
    parts += [key.scenario if key.scenario != FIRST_SCENARIO else ""]
    return "_".join(slug(part) for part in parts if part)


def slug(text: str) -> str:
    """Reduce text to lower case ASCII letters, digits and single underscores."""
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_") or "x"


def column_names(keys: tuple[LayerKey, ...], *, taken: tuple[str, ...] = ()) -> list[str]:
    """Names of several layers, made unique by a number where two would be the same."""
    seen = {name.lower() for name in taken}
    names = []
    for key in keys:
        base = name = column_name(key)
        n = 2
        while name in seen:
            name, n = f"{base}_{n}", n + 1
        seen.add(name)
        names.append(name)
    return names
