"""Measures of zones as layers, for wide tables, GeoPackages, maps and the report."""

from __future__ import annotations

import numpy as np
import pandas as pd

from halfcircle.outputs.layers import LayerKey, Layers, cut_layers
from halfcircle.outputs.result import RunResult

__all__ = ["QUANTITY", "build_measure_layers", "joined_layers", "measure_units", "without_negative"]

QUANTITY = "measure"
COLUMNS = ["scenario", "name", "opportunity", "group", "measure", "mode", "percentile", "band_min"]
JOINT = ": "


def build_measure_layers(result: RunResult) -> Layers:
    """Cut the measures of a run into layers; empty if it has none.

    Parameters
    ----------
    result : RunResult

    Returns
    -------
    Layers
        In units of the measure (`measure_units`). The part `measure` of a key is the name that the
        study gives, and behind a colon what of it is meant, where it has several.
    """
    table = labelled(result)
    if table is None:
        return Layers((), np.empty((0, len(result.zones))))
    columns = [column for column in COLUMNS if column != "name"]
    return cut_layers(result, table, columns, value="value", quantity=QUANTITY)


def labelled(result: RunResult) -> pd.DataFrame | None:
    """Measures of zones with the column ``measure`` as keys of layers have it."""
    table = result.measures
    if table is None or not len(table):
        return None
    pairs = table[["name", "measure"]].astype(str).drop_duplicates()
    several = set(pairs.loc[pairs["name"].duplicated(), "name"])
    label = {
        (name, measure): f"{name}{JOINT}{measure}" if name in several else name
        for name, measure in pairs.itertuples(index=False, name=None)
    }
    keys = zip(table["name"].astype(str), table["measure"].astype(str), strict=True)
    return table.assign(measure=[label[key] for key in keys])


def measure_units(result: RunResult) -> dict[tuple[str, str], str]:
    """Unit by opportunity and measure of a layer."""
    table = labelled(result)
    if table is None:
        return {}
    rows = table[["opportunity", "measure", "unit"]].astype(str).drop_duplicates()
    return {(row[0], row[1]): row[2] for row in rows.itertuples(index=False, name=None)}


def joined_layers(*parts: Layers) -> Layers:
    """Layers one after the other."""
    keys: tuple[LayerKey, ...] = tuple(key for part in parts for key in part.keys)
    return Layers(keys, np.concatenate([part.values for part in parts]))


def without_negative(layers: Layers) -> Layers:
    """Layers that classes from zero upwards can show."""
    low = [bool(np.nanmin(row, initial=0.0) < 0.0) for row in layers.values]
    return layers.take([i for i, negative in enumerate(low) if not negative])
