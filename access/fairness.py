"""Equity of a whole reach table: all indices per mode, band and group, and reach by income."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults, frozen_array, id_array
from halfcircle.access.equity import (
    concentration_index,
    fgt,
    gini,
    palma,
    rank_shares,
    theil_t,
)
from halfcircle.errors import InputError

__all__ = ["ZonePeople", "equity_table", "income_classes"]

KEYS = ("scenario", "mode", "opportunity", "group", "band_min", "percentile", "measure")
EQUITY_COLUMNS = (*KEYS, "index", "value", "people", "people_left_out")


@dataclass(frozen=True, eq=False)
class ZonePeople:
    """Who lives where, for questions of fairness.

    Parameters
    ----------
    zone_id : array of str, shape (n,)
        Unique.
    population : array of float64, shape (n,), persons
        NaN where not known.
    income : array of float64, shape (n,), optional
        Per head, or any other ranking of well-being; NaN where not known.
    region : array of str, shape (n,), optional
        Groups for Theil's between and within; the empty string where there is none is a group too.

    Raises
    ------
    InputError
        Lengths differ, zones repeat, or populations are negative.
    """

    zone_id: npt.NDArray[np.object_]
    population: npt.NDArray[np.float64]
    income: npt.NDArray[np.float64] | None = None
    region: npt.NDArray[np.object_] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone_id", id_array(self.zone_id))
        object.__setattr__(self, "population", frozen_array(self.population, np.float64))
        if self.income is not None:
            object.__setattr__(self, "income", frozen_array(self.income, np.float64))
        if self.region is not None:
            object.__setattr__(self, "region", id_array(self.region))
        faults = Faults()
        n = len(self.zone_id)
        for label, array in (
            ("population", self.population),
            ("income", self.income),
            ("region", self.region),
        ):
            if array is not None and array.shape != (n,):
                faults.add("people of zones", f"{label} has shape {array.shape}, expected ({n},)")
        if len(set(self.zone_id)) != n:
            faults.add("people of zones", "zones occur more than once")
        if (self.population < 0.0).any():
            wrong = self.population[self.population < 0.0]
            faults.add("people of zones", "populations are negative", values=wrong)
        faults.raise_errors(InputError)

    def frame(self) -> pd.DataFrame:
        """Table with zone_id, population, income (NaN without) and region (empty without)."""
        n = len(self.zone_id)
        return pd.DataFrame(
            {
                "zone_id": self.zone_id,
                "population": self.population,
                "income": np.full(n, np.nan) if self.income is None else self.income,
                "region": np.full(n, "", dtype=object) if self.region is None else self.region,
            }
        )


def _joined(reach: pd.DataFrame, people: ZonePeople) -> pd.DataFrame:
    lacking = [name for name in ("zone_id", "value", *KEYS) if name not in reach.columns]
    if lacking:
        raise InputError(f"equity: the table of reach has no column {', '.join(lacking)}")
    return reach.merge(people.frame(), on="zone_id", how="left", validate="many_to_one")


def equity_table(
    reach: pd.DataFrame,
    people: ZonePeople,
    *,
    poverty_share: float = 0.5,
    erreygers_bounds: tuple[float, float] | None = None,
) -> pd.DataFrame:
    """All indices for every mode, band, percentile, opportunity and group of a reach table.

    Parameters
    ----------
    reach : DataFrame
        Columns as of `reach_table` or any measure of this room.
    people : ZonePeople
        Indices that need income or regions are left out where these are not given.
    poverty_share : float
        The line of FGT as a share of the population-weighted mean reach of the same rows.
    erreygers_bounds : (float, float), optional
        See `concentration_index`.

    Returns
    -------
    DataFrame
        Keys of the reach table, index (``gini``, ``palma``, ``theil``, ``theil_between``,
        ``theil_within``, ``concentration``, ``concentration_erreygers``, ``fgt0``, ``fgt1``,
        ``fgt2``, ``mean``), value (dimensionless; ``mean`` in units of the reach), people (persons
        counted) and people_left_out (persons whose reach is not known).

    Raises
    ------
    InputError
        Columns are missing.
    """
    rows: list[tuple[object, ...]] = []
    for key, part in _joined(reach, people).groupby(list(KEYS), dropna=False, sort=False):
        x = part["value"].to_numpy(dtype=np.float64)
        w = part["population"].to_numpy(dtype=np.float64)
        income = part["income"].to_numpy(dtype=np.float64)
        known = ~np.isnan(x) & (w > 0.0)
        mean = float(np.average(x[known], weights=w[known])) if known.any() else float("nan")
        found = {"mean": mean, "gini": gini(x, w)}
        theil = theil_t(x, w, part["region"].astype(str).tolist())
        found["theil"] = theil.total
        if people.region is not None:
            found |= {"theil_between": theil.between, "theil_within": theil.within}
        if people.income is not None:
            found["palma"] = palma(x, w, income)
            found["concentration"] = concentration_index(x, w, income)
            found["concentration_erreygers"] = concentration_index(
                x, w, income, kind="erreygers", bounds=erreygers_bounds
            )
        for alpha in (0, 1, 2):
            line = poverty_share * mean
            found[f"fgt{alpha}"] = fgt(x, w, line=line, alpha=alpha) if line > 0 else float("nan")
        counted = float(w[known].sum())
        left_out = float(np.nansum(w)) - counted
        rows += [(*key, index, value, counted, left_out) for index, value in found.items()]
    return pd.DataFrame(rows, columns=list(EQUITY_COLUMNS))


def income_classes(reach: pd.DataFrame, people: ZonePeople, *, n_classes: int = 10) -> pd.DataFrame:
    """Mean reach by tenth of the population in order of income, in every group of rows.

    Zones on the edge of two classes are divided, so that every class holds the same number of
    people.

    Parameters
    ----------
    reach : DataFrame
    people : ZonePeople
        With income.
    n_classes : int
        10 for deciles, 5 for quintiles.

    Returns
    -------
    DataFrame
        Keys of the reach table, income_class (1 the poorest), people (persons), value (mean in
        units of the reach; NaN for an empty class).

    Raises
    ------
    InputError
        There is no income, or columns are missing.
    """
    if people.income is None:
        raise InputError("income classes: people of zones have no income")
    if n_classes < 1:
        raise InputError(f"income classes: n_classes must be at least 1, not {n_classes!r}")
    edges: Sequence[float] = np.linspace(0.0, 1.0, n_classes + 1).tolist()
    rows: list[tuple[object, ...]] = []
    for key, part in _joined(reach, people).groupby(list(KEYS), dropna=False, sort=False):
        known = part[part["value"].notna() & part["population"].notna() & part["income"].notna()]
        x = known["value"].to_numpy(dtype=np.float64)
        for k in range(n_classes):
            w = rank_shares(
                known["population"].to_numpy(dtype=np.float64),
                known["income"].to_numpy(dtype=np.float64),
                low=edges[k],
                high=edges[k + 1],
            )
            total = float(w.sum())
            value = float(x @ w) / total if total > 0.0 else float("nan")
            rows.append((*key, k + 1, total, value))
    return pd.DataFrame(rows, columns=[*KEYS, "income_class", "people", "value"])
