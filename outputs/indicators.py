"""Standard indicators per area: one tidy CSV with definition, unit, year and source per row."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.outputs._indicator import Area, Indicator
from halfcircle.outputs.layers import Layers, build_loss_layers
from halfcircle.outputs.measure_indicators import (
    MEASURE_INDICATORS,
    area_indicators,
    measure_indicators,
)
from halfcircle.outputs.measure_layers import build_measure_layers
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.sheet_columns import SHEETS
from halfcircle.outputs.sheets import CsvStyle, write_sheet
from halfcircle.outputs.statistics import Weights, spread, weights_of

__all__ = ["INDICATORS", "Indicator", "build_indicators", "write_indicators"]


# {people}: those whom averages are over; "zones" where nobody was counted.
INDICATORS: dict[str, str] = {
    "total": "sum over the zones of the area that have data",
    "reach_mean": "mean over {people} of the opportunities within reach",
    "reach_median": "half of the {people} reach no more than this",
    "reach_low": "the worst-placed tenth of the {people} reach this or less",
    "reach_high": "the best-placed tenth of the {people} reach this or more",
    "reach_none_share": "share of the {people} who reach nothing",
    "border_loss": "1 - mean reach in the own country / mean reach if the border did not count",
    "border_loss_mean": "mean over {people} of the zones' own losses",
    **MEASURE_INDICATORS,
}


def build_indicators(result: RunResult, layers: Layers, losses: Layers) -> list[Indicator]:
    """Indicators of the whole study area, of each country, other area and daily urban system.

    Parameters
    ----------
    result : RunResult
    layers, losses : Layers
        Reach and border loss.

    Returns
    -------
    list of Indicator
        A value that is not known has no row.
    """
    weights = weights_of(result)
    measures = build_measure_layers(result)
    rows: list[Indicator] = []
    for area, inside in _areas(result):
        own = Weights(weights.name, np.where(inside, weights.values, 0.0))
        rows += _totals(result, area, inside)
        if own.values.any():
            rows += _reach(result, layers, area, own)
            rows += _losses(result, losses, area, own)
        rows += measure_indicators(result, measures, area, inside, own)
    return [*rows, *area_indicators(result)]


def write_indicators(
    result: RunResult, layers: Layers, losses: Layers, path: Path, *, style: CsvStyle = "point"
) -> Path:
    """Write ``indicators.csv``; see `halfcircle.outputs.sheets.write_sheet`.

    Parameters
    ----------
    result : RunResult
    layers, losses : Layers
        Reach and border loss.
    path : Path
    style : {"point", "comma"}

    Returns
    -------
    Path

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    people = weights_of(result).name or "zones"
    rows = []
    for row in build_indicators(result, layers, losses):
        key = row.key
        about: list[object] = [None, None, row.opportunity, row.group, None, None, None]
        if key is not None:
            about = [key.scenario, key.mode, key.opportunity, key.group]
            about += [key.band_min, key.percentile, key.measure]
        definition = INDICATORS[row.indicator].format(people=people)
        area = (row.area_type, row.area_id, row.area_name)
        fact = (row.value, row.unit, row.year, row.source, definition)
        rows.append((*area, row.indicator, *about, *fact))
    return write_sheet(path, SHEETS["indicators"].column_names, rows, style=style)


def _areas(result: RunResult) -> Iterator[tuple[Area, npt.NDArray[np.bool_]]]:
    n = len(result.zones)
    yield ("all", "all", result.name), np.ones(n, dtype=bool)
    country = result.zones.places.country
    if country is not None:
        for side in sorted(set(country) - {""}):
            yield ("country", side, side), np.asarray(country == side)
    for name, area_of_zone in result.areas.items():
        for area in sorted(set(area_of_zone) - {""}):
            yield (name, str(area), str(area)), np.asarray(area_of_zone == area)
    table = result.membership
    if table is None:
        return
    position = {zone_id: i for i, zone_id in enumerate(result.zones.zone_id)}
    table = table.dropna(subset=["region_id"])
    by = ["scenario", "method", "group", "region_id"]
    for (scenario, method, group, region_id), part in table.groupby(by, observed=True, sort=True):
        inside = np.zeros(n, dtype=bool)
        inside[[position[zone_id] for zone_id in part["zone_id"]]] = True
        name = part["region_name"].iloc[0]
        kind = "/".join(str(word) for word in (method, group, scenario))
        label = str(region_id) if pd.isna(name) else str(name)
        yield (kind, str(region_id), label), inside


def _totals(result: RunResult, area: Area, inside: npt.NDArray[np.bool_]) -> Iterator[Indicator]:
    for opportunity in result.opportunities:
        for group, values in zip(opportunity.groups, opportunity.values, strict=True):
            if np.isnan(values[inside]).all():
                continue
            unit = opportunity.unit or opportunity.name
            yield Indicator(
                *area,
                "total",
                None,
                opportunity.name,
                group,
                float(np.nansum(values[inside])),
                unit,
                opportunity.year,
                opportunity.source,
            )


def _reach(result: RunResult, layers: Layers, area: Area, weights: Weights) -> Iterator[Indicator]:
    about = {opportunity.name: opportunity for opportunity in result.opportunities}
    for key, values in zip(layers.keys, layers.values, strict=True):
        figures = spread(values, weights)
        if figures is None:
            continue
        opportunity = about[key.opportunity]
        unit = opportunity.unit or opportunity.name
        known = ~np.isnan(values)
        none = float(np.average(values[known] == 0, weights=weights.values[known]))
        for name, value, of in (
            ("reach_mean", figures.mean, unit),
            ("reach_median", figures.median, unit),
            ("reach_low", figures.low, unit),
            ("reach_high", figures.high, unit),
            ("reach_none_share", none, "share"),
        ):
            yield Indicator(
                *area,
                name,
                key,
                key.opportunity,
                key.group,
                value,
                of,
                opportunity.year,
                opportunity.source,
            )


def _losses(result: RunResult, losses: Layers, area: Area, weights: Weights) -> Iterator[Indicator]:
    if result.border is None:
        return
    about = {opportunity.name: opportunity for opportunity in result.opportunities}
    home = build_loss_layers(result, column="reach_domestic")
    whole = build_loss_layers(result, column="reach_open")
    for i, key in enumerate(losses.keys):
        source = about.get(key.opportunity)
        year, name = (None, "") if source is None else (source.year, source.source)
        both = ~(np.isnan(home.values[i]) | np.isnan(whole.values[i])) & (weights.values > 0)
        sums = [float(part.values[i][both] @ weights.values[both]) for part in (home, whole)]
        shares = {"border_loss": 1 - sums[0] / sums[1]} if sums[1] > 0 else {}
        mean = spread(losses.values[i], weights)
        if mean is not None:
            shares["border_loss_mean"] = mean.mean
        for label, value in shares.items():
            yield Indicator(
                *area, label, key, key.opportunity, key.group, value, "share", year, name
            )
