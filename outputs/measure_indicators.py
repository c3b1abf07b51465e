"""Indicators of the measures beside reach, of any area."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.measure_table import SITE_MEASURES
from halfcircle.outputs._indicator import Area, Indicator
from halfcircle.outputs.layers import LayerKey, Layers
from halfcircle.outputs.measure_layers import JOINT, QUANTITY, labelled, measure_units
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.statistics import Weights, spread

__all__ = ["MEASURE_INDICATORS", "area_indicators", "measure_indicators"]

MEASURE_INDICATORS: dict[str, str] = {
    "measure_mean": "mean over {people}",
    "measure_mean_of_sites": "mean over the sites of the area",
    "measure_mean_of_area": "mean over those whom the measure counts",
    "measure_low_of_area": "a tenth of those whom the measure counts have this or less",
    "measure_high_of_area": "a tenth of those whom the measure counts have this or more",
    "measure_gini": "population-weighted Gini coefficient: 0 all the same, towards 1 all with few",
    "measure_palma": "mean of the richest tenth of the people / of the poorest 40 %",
    "measure_theil": "Theil's T: 0 all the same; between regions + within regions",
    "measure_theil_between": "part of Theil's T that lies between regions",
    "measure_theil_within": "part of Theil's T that lies within regions",
    "measure_concentration": "concentration index by income: above 0 the rich have more",
    "measure_concentration_erreygers": "concentration index by income, after Erreygers",
    "measure_fgt0": "share of people below a share of the mean",
    "measure_fgt1": "mean shortfall from a share of the mean, as a share of it",
    "measure_fgt2": "mean squared shortfall from a share of the mean",
    "measure_share_beyond": "share of people whose nearest amenity takes longer than the norm",
    "measure_beyond": "people whose nearest amenity takes longer than the norm",
    "measure_unreached": "people who reach no amenity",
    "measure_mean_min": "mean travel time of those who reach one",
    "measure_closed": "amenities that close, one after the other, under the minimum roll",
    "measure_moved": "people who have to go elsewhere",
    "measure_mean_min_before": "mean travel time to the nearest before any closing",
    "measure_mean_min_after": "mean travel time to the nearest after all closings",
    "measure_unserved": "people who reach no amenity, before as after",
    "measure_share_within": "share of pairs of cities whose travel time is within the norm",
    "measure_share_within_both": "share of pairs of cities within the norm in both directions",
    "measure_mean_kmh": "mean speed between cities: straight line over door-to-door time",
    "measure_share_poor": "share of the people at risk who are in transport poverty",
    "measure_people_poor": "people at risk who are in transport poverty",
    "measure_shortfall": "mean shortfall of people at risk from the line of transport poverty",
    "measure_spearman": "rank correlation of zones with another value of theirs",
    "measure_zones": "zones that are compared",
    **{
        f"measure_income_tenth_{k:02d}": f"mean of tenth {k} of the people in order of income"
        for k in range(1, 11)
    },
}


def measure_indicators(
    result: RunResult,
    layers: Layers,
    area: Area,
    inside: npt.NDArray[np.bool_],
    weights: Weights,
) -> Iterator[Indicator]:
    """Means of all measures of zones in one area.

    Parameters
    ----------
    result : RunResult
    layers : Layers
        Of `halfcircle.outputs.measure_layers.build_measure_layers`.
    area : Area
    inside : array of bool, shape (n_zones,)
    weights : Weights
        People of the area.

    Yields
    ------
    Indicator
    """
    units, sites = measure_units(result), _sites(result)
    for key, values in zip(layers.keys, layers.values, strict=True):
        of_sites = key.measure in sites
        own = Weights(None, inside.astype(np.float64)) if of_sites else weights
        figures = spread(values, own) if own.values.any() else None
        if figures is not None:
            name = "measure_mean_of_sites" if of_sites else "measure_mean"
            unit = units[key.opportunity, key.measure]
            yield _row(result, area, name, key, figures.mean, unit)


def area_indicators(result: RunResult) -> Iterator[Indicator]:
    """Inequality, shares beyond a norm and all else that is told of the whole study area.

    Parameters
    ----------
    result : RunResult

    Yields
    ------
    Indicator
        Means are among those of `measure_indicators`, but for those over whom a measure counts.
    """
    table = result.area_measures
    if table is None:
        return
    for row in table[table["value"].notna()].to_dict("records"):
        key = LayerKey(
            opportunity=str(row["opportunity"]),
            mode=str(row["mode"]),
            band_min=None if pd.isna(row["band_min"]) else float(row["band_min"]),
            percentile=None if pd.isna(row["percentile"]) else int(row["percentile"]),
            group=str(row["group"]),
            measure=f"{row['name']}{JOINT}{row['measure']}",
            scenario=str(row["scenario"]),
            quantity=QUANTITY,
        )
        figure = str(row["index"])
        figure = f"{figure}_of_area" if figure in ("mean", "low", "high") else figure
        area = ("all", "all", result.name)
        yield _row(result, area, f"measure_{figure}", key, float(row["value"]), str(row["unit"]))


def _row(
    result: RunResult, area: Area, name: str, key: LayerKey, value: float, unit: str
) -> Indicator:
    about = {opportunity.name: opportunity for opportunity in result.opportunities}
    source = about.get(key.opportunity)
    year, of = (None, "") if source is None else (source.year, source.source)
    return Indicator(*area, name, key, key.opportunity, key.group, value, unit, year, of)


def _sites(result: RunResult) -> set[str]:
    """Measures of layers whose values are of sites."""
    table = labelled(result)
    if table is None or result.measures is None:
        return set()
    return set(table.loc[result.measures["measure"].isin(SITE_MEASURES).to_numpy(), "measure"])
