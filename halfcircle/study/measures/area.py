"""Measures of tables that are there: means, equity, mode gap, rank correlation, differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access import (
    ZonePeople,
    equity_table,
    income_classes,
    mode_gap,
    poverty_summary,
    rank_correlation,
    transport_poverty,
)
from halfcircle.access.measure_table import MEASURE_COLUMNS, SITE_MEASURES
from halfcircle.errors import Fault
from halfcircle.outputs.statistics import weighted_quantile
from halfcircle.study.measures.inputs import whole_of
from halfcircle.study.measures.job import AREA_COLUMNS, LAYER, Job, Tables, area_rows

__all__ = ["TABLE_KINDS", "differences", "mean_rows"]

OF_REACH = ("cumulative", "decay")
RATIOS = {"gini", "palma", "theil", "theil_between", "theil_within", "concentration",
          "concentration_erreygers"}  # fmt: skip
N_CLASSES = 10
SPREAD = ("mean", "low", "high")


def mean_rows(measures: pd.DataFrame, people: pd.Series | None) -> pd.DataFrame:
    """Mean of every measure of zones, and what its worst and best tenth have.

    Over people, or over sites for what is told of sites.

    Parameters
    ----------
    measures : DataFrame
        `MEASURE_COLUMNS`.
    people : Series, optional
        Persons by zone; each zone counts once where left out.

    Returns
    -------
    DataFrame
        `AREA_COLUMNS`, index ``mean``, ``low`` (a tenth has this or less) and ``high`` (a tenth
        has this or more); left_out counts people (or zones) without a value.
    """
    rows: list[tuple[object, ...]] = []
    for key, part in measures.groupby([*LAYER, "unit"], dropna=False, sort=False):
        *layer, unit = key
        weight = np.ones(len(part))
        if people is not None and layer[-1] not in SITE_MEASURES:
            weight = part["zone_id"].map(people).fillna(0.0).to_numpy(np.float64)
        value = part["value"].to_numpy(np.float64)
        known = ~np.isnan(value)
        total = float(weight[known].sum())
        left_out = float(weight.sum()) - total
        for index, figure in _spread(value[known], weight[known]).items():
            rows.append((*layer, index, figure, unit, total, left_out))
    return pd.DataFrame(rows, columns=list(AREA_COLUMNS))


def _spread(value: npt.NDArray[np.float64], weight: npt.NDArray[np.float64]) -> dict[str, float]:
    counted = weight > 0.0
    value, weight = value[counted], weight[counted]
    if not len(value):
        return dict.fromkeys(SPREAD, float("nan"))
    ends = [weighted_quantile(value, weight, share) for share in (0.1, 0.9)]
    return dict(zip(SPREAD, (float(np.average(value, weights=weight)), *ends), strict=True))


def chosen_rows(job: Job, table: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table of zones that a measure asks for; all where it leaves a key out."""
    keep = np.ones(len(table), dtype=np.bool_)
    for key, column in (("modes", "mode"), ("opportunities", "opportunity")):
        if job[key]:
            keep &= table[column].isin(job[key]).to_numpy()
    if job["bands_min"]:
        band = table["band_min"]
        keep &= (band.isna() | band.isin(job["bands_min"])).to_numpy()
    if job["of"] is None:
        keep &= table["measure"].isin(OF_REACH).to_numpy()
    return table[keep]


def equity(job: Job, table: pd.DataFrame) -> tuple[Tables, list[Fault]]:
    """Inequality indices, and mean reach by tenth of income."""
    rows = chosen_rows(job, table)
    keys = [name for name in LAYER if name != "scenario"]
    negative = rows.groupby(keys, dropna=False)["value"].transform("min") < 0.0
    notices = []
    if negative.any():
        what = "has negative values, of which inequality is not defined: left out"
        values = list(dict.fromkeys(rows.loc[negative, "measure"]))
        notices.append(Fault(job.config.where, what, tuple(map(str, values)), severity="notice"))
        rows = rows[~negative]
    if not len(rows):
        return {}, [*notices, _nothing(job)]
    columns = job.columns
    people = ZonePeople(
        job.zones.zone_id,
        whole_of(job.people).values[0],
        income=columns.numbers[job["income"]] if job["income"] else None,
        region=columns.names[job["region"]] if job["region"] else None,
    )
    found = equity_table(rows, people, poverty_share=job["poverty_share"])
    unit = _units(job, rows)
    found["unit"] = [
        "index" if index in RATIOS else unit[name, measure] if index == "mean" else "share"
        for index, name, measure in zip(
            found["index"], found["opportunity"], found["measure"], strict=True
        )
    ]
    parts = [found.rename(columns={"people_left_out": "left_out"})]
    if job["income"]:
        classes = income_classes(rows, people, n_classes=N_CLASSES)
        names = [f"income_tenth_{k:02d}" for k in classes["income_class"]]
        units = [unit[key] for key in _about(classes)]
        parts.append(classes.assign(index=names, unit=units, left_out=0.0))
    return {"area": pd.concat(parts, ignore_index=True)[list(AREA_COLUMNS)]}, notices


def gap(job: Job, table: pd.DataFrame) -> tuple[Tables, list[Fault]]:
    """Reach by two modes side by side; transport poverty of people at risk."""
    rows = table[
        table["opportunity"].isin(job["opportunities"])
        & (table["band_min"].isna() | table["band_min"].isin(job["bands_min"]))
        & table["measure"].isin(OF_REACH)
    ]
    known = sorted(set(rows["percentile"]))
    percentile = 50 if 50 in known else min(known, default=None)
    found = mode_gap(rows, slow=job["slow"], fast=job["fast"], percentile=percentile)
    found["mode"] = f"{job['slow']} / {job['fast']}"
    missing = {name: int(np.isnan(c.values).sum()) for name, c in job.counts.items()}
    found["left_out"] = found["opportunity"].map(missing)
    found["percentile"] = found["percentile"].fillna(percentile).astype(np.int64)
    reached, unit = found["measure"], _units(job, rows)
    parts = {"mode_gap": ("gap", "index"), "mode_ratio": ("ratio", "share")}
    areas: list[pd.DataFrame] = []
    if job["at_risk"]:
        at_risk = whole_of(job.counts[job["at_risk"]]).values[0]
        poverty = transport_poverty(
            found,
            dict(zip(job.zones.zone_id, at_risk, strict=True)),
            line_share=job["line_share"],
            ratio_below=job["ratio_below"],
        )
        found["poor"] = poverty["poor"].astype("Float64").astype(np.float64)
        found["people_poor"] = poverty["people_poor"].astype(np.float64)
        parts["transport_poverty"] = ("poor", "share")
        parts["people_poor"] = ("people_poor", "persons")
        wide = poverty_summary(poverty).assign(mode=found["mode"].iloc[0])
        wide["measure"] = _told("transport_poverty", wide["measure"])
        wide["left_out"] = wide["people_left_out"]
        names = {"share_poor": "share", "people_poor": "persons", "shortfall": "share"}
        areas.append(area_rows(wide, names, people="people_at_risk"))
    difference = found.assign(
        measure=_told("mode_difference", reached),
        value=found["difference"],
        unit=[unit[key] for key in _about(found)],
    )
    frames = [
        found.assign(measure=_told(measure, reached), value=found[column], unit=name)
        for measure, (column, name) in parts.items()
    ]
    zones = pd.concat([*frames, difference], ignore_index=True)[list(MEASURE_COLUMNS)]
    tables = {"measures": zones}
    if areas:
        tables["area"] = pd.concat(areas, ignore_index=True)
    return tables, []


def correlation(job: Job, table: pd.DataFrame) -> tuple[Tables, list[Fault]]:
    """Rank correlation of a measure with a column of the zones."""
    rows = chosen_rows(job, table)
    if not len(rows):
        return {}, [_nothing(job)]
    column = job.columns.numbers[job["column"]]
    found = rank_correlation(rows, dict(zip(job.zones.zone_id, column, strict=True)))
    wide = found.assign(left_out=found["zones_left_out"], people=np.nan)
    units = {"spearman": "index", "zones": "zones"}
    return {"area": area_rows(wide, units, people="people")}, []


def _told(measure: str, reached: pd.Series) -> npt.NDArray[np.object_]:
    """Name of a measure, with that of reach behind where it is not the usual one."""
    usual = reached == OF_REACH[0]
    return np.where(usual, measure, measure + "_" + reached.astype(str)).astype(object)


def _about(table: pd.DataFrame) -> Iterator[tuple[str, str]]:
    return zip(table["opportunity"].astype(str), table["measure"].astype(str), strict=True)


def _units(job: Job, rows: pd.DataFrame) -> dict[tuple[str, str], str]:
    """Unit by opportunity and measure: that of the rows, else that of what was counted."""
    if "unit" in rows:
        return dict(zip(_about(rows), rows["unit"].astype(str), strict=True))
    return {key: job.counts[key[0]].unit or key[0] for key in _about(rows)}


def _nothing(job: Job) -> Fault:
    return Fault(job.config.where, "there are no values of what it asks for", severity="notice")


TABLE_KINDS = {"mode-gap": gap, "equity": equity, "rank-correlation": correlation}


def differences(table: pd.DataFrame, key: Sequence[str], baseline: str) -> pd.DataFrame:
    """Difference of every row of a scenario from the same row of the baseline.

    Parameters
    ----------
    table : DataFrame
        With ``scenario``, `key` and ``value``.
    key : sequence of str
        What identifies a row within a scenario.
    baseline : str
        Name of the baseline.

    Returns
    -------
    DataFrame
        With the column ``delta``: NaN in the baseline and where either is not known.
    """
    base = table.loc[table["scenario"] == baseline, [*key, "value"]]
    joined = table[[*key]].merge(
        base.rename(columns={"value": "_base"}), on=list(key), how="left", validate="many_to_one"
    )
    delta = table["value"].to_numpy(np.float64) - joined["_base"].to_numpy(np.float64)
    return table.assign(delta=np.where(table["scenario"] == baseline, np.nan, delta))
