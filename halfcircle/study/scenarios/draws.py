"""Spread of differences over paired draws of headway services: the same phases in both.

Services that state a headway and no departures are drawn several times (``frequency_draws``), the
same draw in baseline and scenario. What differs between draws is chance in the connections; the
spread of the differences says how much of a gain or loss may be luck.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.places import Zones
from halfcircle.study.scenarios.results import of_all_groups

__all__ = ["drawn_deltas", "with_delta_sd", "with_intervals"]

ROW = ["zone_id", "mode", "opportunity", "band_min"]
SPREAD = ("draws", "mean_delta_sd", "mean_delta_low", "mean_delta_high")
CONFIDENCE = 0.95


def drawn_deltas(
    baseline: pd.DataFrame | None, variant: pd.DataFrame | None, name: str
) -> pd.DataFrame | None:
    """Differences of reach, draw by draw.

    Parameters
    ----------
    baseline, variant : DataFrame, optional
        Reach of every draw, with its number in ``draw``; None without draws.
    name : str
        Of the scenario.

    Returns
    -------
    DataFrame or None
        scenario, zone_id, mode, opportunity, band_min, draw, delta; groups are added up.
    """
    if baseline is None or variant is None:
        return None
    one, other = (_summed(table) for table in (baseline, variant))
    both = one.merge(other, on=[*ROW, "draw"], how="outer", suffixes=("_base", "_variant"))
    both["delta"] = both["value_variant"] - both["value_base"]
    return both[[*ROW, "draw", "delta"]].assign(scenario=name)


def _summed(table: pd.DataFrame) -> pd.DataFrame:
    keys = [*ROW, "draw"]
    table = of_all_groups(table)
    if not table.duplicated(keys).any():
        return table[[*keys, "value"]]
    groups = table.groupby(keys, sort=False, dropna=False, observed=True)["value"]
    # A group that is not known makes the sum unknown.
    total = groups.sum().where(groups.count() == groups.size())
    return total.reset_index()


def with_delta_sd(differences: pd.DataFrame, drawn: pd.DataFrame | None) -> pd.DataFrame:
    """Differences with their standard deviation over draws; missing where nothing is drawn.

    Parameters
    ----------
    differences : DataFrame
        Of one scenario.
    drawn : DataFrame, optional
        Of `drawn_deltas`.
    """
    if drawn is None or not len(drawn):
        return differences.assign(delta_sd=np.nan)
    groups = drawn.groupby(ROW, sort=False, dropna=False, observed=True)["delta"]
    sd = groups.std(ddof=1).rename("delta_sd").reset_index()
    return differences.merge(sd, on=ROW, how="left", sort=False)


def with_intervals(
    winners: pd.DataFrame,
    drawn: pd.DataFrame | None,
    zones: Zones,
    people: npt.NDArray[np.float64],
    *,
    by: Sequence[npt.NDArray[np.object_]] = (),
) -> pd.DataFrame:
    """Winners and losers with the spread of the mean difference over draws.

    Parameters
    ----------
    winners : DataFrame
        Of `halfcircle.study.scenarios.results.winners_table`.
    drawn : DataFrame, optional
        Of `drawn_deltas`, all scenarios.
    zones, people, by
        As of `winners_table`.

    Returns
    -------
    DataFrame
        With ``draws``, ``mean_delta_sd``, and ``mean_delta_low`` and ``mean_delta_high``: the 95 %
        interval of the mean over draws (Student's t). Missing where nothing is drawn.
    """
    if drawn is None or not len(drawn) or not len(winners):
        return winners.assign(**dict.fromkeys(SPREAD, np.nan))
    order = pd.Index(zones.zone_id).get_indexer(pd.Index(drawn["zone_id"]))
    table = drawn.assign(_weight=people[order], part="all")
    known = table["delta"].notna().to_numpy()
    table, order = table[known], order[known]
    from scipy.special import stdtrit

    parts = [table]
    for names in by:
        part = table.assign(part=names[order])
        parts.append(part[part["part"] != ""])
    table = pd.concat(parts, ignore_index=True)
    table["_sum"] = table["delta"] * table["_weight"]
    key = ["scenario", "part", "mode", "opportunity", "band_min"]
    sums = table.groupby([*key, "draw"], sort=False, dropna=False, observed=True)
    total = sums[["_sum", "_weight"]].sum()
    means = (total["_sum"] / total["_weight"]).rename("delta").reset_index()
    groups = means.groupby(key, sort=False, dropna=False, observed=True)["delta"]
    spread = pd.DataFrame({"draws": groups.size(), "mean_delta_sd": groups.std(ddof=1)})
    found = winners.merge(spread.reset_index(), on=key, how="left", sort=False)
    n = found["draws"].to_numpy(dtype=np.float64)
    quantile = stdtrit(np.maximum(n - 1.0, 1.0), 0.5 + CONFIDENCE / 2.0)
    half = quantile * found["mean_delta_sd"] / np.sqrt(n)
    found["mean_delta_low"] = found["mean_delta"] - half
    found["mean_delta_high"] = found["mean_delta"] + half
    return found
