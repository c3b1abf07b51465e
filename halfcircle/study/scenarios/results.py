"""Baseline and variants side by side: differences per zone, winners and losers."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.places import Zones

__all__ = [
    "connection_table",
    "difference_table",
    "of_all_groups",
    "winners_table",
]

SCENARIO_COLUMNS = (
    "zone_id",
    "scenario",
    "mode",
    "opportunity",
    "band_min",
    "baseline",
    "variant",
    "delta",
)
KEY = ["zone_id", "mode", "opportunity", "band_min"]
NOTICEABLE = 0.10
ROUNDING = 1e-9


def difference_table(baseline: pd.DataFrame, variant: pd.DataFrame, name: str) -> pd.DataFrame:
    """Reach of baseline and scenario per zone, mode, opportunity and band.

    Groups of an opportunity are added up, unless their total is given; of several percentiles the
    median counts, else the first. Rows without a band are those of the decay measure. A value that
    is not known in one of the two makes the difference unknown. Scenarios that are the same differ
    by exactly 0.

    Parameters
    ----------
    baseline, variant : DataFrame
        Tables of reach.
    name : str
        Of the scenario.

    Returns
    -------
    DataFrame
        Columns of ``scenarios.parquet``.
    """
    one, other = _summed(baseline), _summed(variant)
    both = one.merge(other, on=KEY, how="outer", suffixes=("_base", "_variant"), sort=False)
    table = pd.DataFrame(
        {
            **{key: both[key] for key in KEY[:1]},
            "scenario": name,
            **{key: both[key] for key in KEY[1:]},
            "baseline": both["value_base"],
            "variant": both["value_variant"],
            "delta": both["value_variant"] - both["value_base"],
        }
    )
    return table[list(SCENARIO_COLUMNS)]


def of_all_groups(table: pd.DataFrame) -> pd.DataFrame:
    """Rows that make up all groups together: of ``"all"`` where it is given, else of each group.

    Where an opportunity comes as a total with its parts, adding all rows would count twice.
    """
    whole = table["group"] == "all"
    return table[whole | ~table["opportunity"].isin(table.loc[whole, "opportunity"].unique())]


def _summed(reach: pd.DataFrame) -> pd.DataFrame:
    """One value per zone, mode, opportunity and band."""
    reach = of_all_groups(reach)
    known = set(reach["percentile"].dropna().unique())
    percentile = 50 if 50 in known else min(known, default=50)
    kept = reach[
        reach["measure"].isin(("cumulative", "decay"))
        & (reach["percentile"].isna() | (reach["percentile"] == percentile))
    ]
    return (
        kept.groupby(KEY, sort=False, dropna=False, observed=True)["value"]
        .agg(lambda values: values.sum(skipna=False))
        .reset_index()
        if kept.duplicated(KEY).any()
        else kept[[*KEY, "value"]].reset_index(drop=True)
    )


def connection_table(baseline: pd.DataFrame, variant: pd.DataFrame, zones: Zones) -> pd.DataFrame:
    """Places that are cut off by a scenario, and places that it connects.

    Parameters
    ----------
    baseline, variant : DataFrame
        Zones without a connection, with their reasons, as of ``unreached.parquet``.
    zones : Zones

    Returns
    -------
    DataFrame
        zone_id, name, mode, change (``lost``, ``gained``), reason (why there is no result, in the
        scenario or in the baseline); losses first.
    """
    key = ["zone_id", "mode"]
    both = baseline[[*key, "reason"]].merge(
        variant[[*key, "reason"]], on=key, how="outer", suffixes=("_base", "_variant"), sort=False
    )
    lost, gained = both["reason_base"].isna(), both["reason_variant"].isna()
    table = both[lost | gained].copy()
    table["change"] = np.where(lost[lost | gained], "lost", "gained")
    table["reason"] = table["reason_variant"].fillna(table["reason_base"])
    order = pd.Index(zones.zone_id).get_indexer(pd.Index(table["zone_id"]))
    table["name"] = zones.label[order]
    rank = np.lexsort((order, table["mode"], table["change"] == "gained"))
    columns = ["zone_id", "name", "mode", "change", "reason"]
    return table.iloc[rank][columns].reset_index(drop=True)


def winners_table(
    differences: pd.DataFrame,
    zones: Zones,
    people: npt.NDArray[np.float64],
    *,
    by: Sequence[npt.NDArray[np.object_]] = (),
) -> pd.DataFrame:
    """Who wins and who loses, in people and in what they reach.

    Parameters
    ----------
    differences : DataFrame
        Of `difference_table`, of one or more scenarios.
    zones : Zones
    people : array of float64, shape (n_zones,)
    by : sequence of array of str, each shape (n_zones,)
        Parts of the region per zone, such as its country or its type; rows of each beside ``all``.

    Returns
    -------
    DataFrame
        Per scenario, part, mode, opportunity and band: mean of baseline, variant and delta over
        people; share of people who win, lose, and win more than a tenth; mean gain of winners
        and mean loss of losers; the zones with the largest gain and loss.
    """
    order = pd.Index(zones.zone_id).get_indexer(pd.Index(differences["zone_id"]))
    table = differences.assign(_weight=people[order], _zone=order, _part="all")
    table = table[table["delta"].notna()]
    parts = [table]
    for names in by:
        part = table.assign(_part=names[table["_zone"].to_numpy()])
        parts.append(part[part["_part"] != ""])
    rows = []
    keys = ["scenario", "_part", "mode", "opportunity", "band_min"]
    for key, group in pd.concat(parts).groupby(keys, sort=False, dropna=False, observed=True):
        rows.append(
            dict(zip(("scenario", "part", "mode", "opportunity", "band_min"), key, strict=True))
            | _sums(group, zones)
        )
    return pd.DataFrame(rows)


def _sums(group: pd.DataFrame, zones: Zones) -> dict[str, object]:
    weight = group["_weight"].to_numpy(dtype=np.float64)
    delta = group["delta"].to_numpy(dtype=np.float64)
    baseline = group["baseline"].to_numpy(dtype=np.float64)
    whole = weight.sum()
    # Sums of counts that were moved differ in their last digits: nobody wins by that.
    least = ROUNDING * np.maximum(np.abs(baseline), 1.0)
    wins, loses = delta > least, delta < -least
    with np.errstate(divide="ignore", invalid="ignore"):
        much = wins & (delta > NOTICEABLE * baseline)
        much_less = loses & (-delta > NOTICEABLE * baseline)

    def mean(values: npt.NDArray[np.float64], some: npt.NDArray[np.bool_]) -> float:
        of = weight[some].sum()
        return float((values[some] * weight[some]).sum() / of) if of > 0 else float("nan")

    def share(some: npt.NDArray[np.bool_]) -> float:
        return float(weight[some].sum() / whole) if whole > 0 else float("nan")

    every = np.ones(len(delta), dtype=bool)
    label = zones.label[group["_zone"].to_numpy()]
    best, worst = int(np.argmax(delta)), int(np.argmin(delta))
    return {
        "people": float(whole),
        "mean_baseline": mean(baseline, every),
        "mean_variant": mean(group["variant"].to_numpy(dtype=np.float64), every),
        "mean_delta": mean(delta, every),
        "share_winning": share(wins),
        "share_winning_a_tenth": share(much),
        "share_losing": share(loses),
        "share_losing_a_tenth": share(much_less),
        "mean_gain_of_winners": mean(delta, wins),
        "mean_loss_of_losers": mean(delta, loses),
        "largest_gain": float(delta[best]) if wins.any() else float("nan"),
        "largest_gain_zone": str(label[best]) if wins.any() else "",
        "largest_loss": float(delta[worst]) if loses.any() else float("nan"),
        "largest_loss_zone": str(label[worst]) if loses.any() else "",
    }
