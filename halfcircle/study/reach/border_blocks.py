"""Border loss of blocks as tables, and of all blocks as arrays again.

Finished blocks are kept as tables, so that a killed run goes on where it was. What is worked out
over all zones later needs more than ``border.parquet`` holds; it travels in further columns of the
same table, which are left out of what is written.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.decay import Decay
from halfcircle.places import Zones
from halfcircle.regions.border_result import BorderLoss, BorderMeasures
from halfcircle.regions.border_rules import BorderRules

__all__ = ["HARD_CLOSED", "block_table", "loss_of_tables", "variant_column"]

Floats = npt.NDArray[np.float64]

HARD_CLOSED = "_hard_closed"
# Sums of opportunities times unit vectors: towards where they lie.
VECTORS = (
    "reach_domestic_east", "reach_domestic_north", "reach_open_east", "reach_open_north",
)  # fmt: skip
MIRROR_LINE = "reach_mirror_line"
KEYS = ("opportunity", "group")


def variant_column(name: str) -> str:
    """Column of the effective reach under another set of rules."""
    return f"reach_effective {name}"


def block_table(loss: BorderLoss) -> pd.DataFrame:
    """``border.parquet`` of a block, with columns for variants of the rules and for directions.

    Rows of "hard closed" have no values in the further columns.
    """
    frame = loss.table()
    n_rows = loss.domestic.size
    more: dict[str, Floats] = {
        variant_column(rules.name): loss.effective[:, v].ravel()
        for v, rules in enumerate(loss.rule_sets)
        if v > 0
    }
    if loss.vectors is not None:
        for i, name in enumerate(VECTORS):
            more[name] = loss.vectors[..., i].ravel()
    if loss.mirror_line is not None:
        more[MIRROR_LINE] = loss.mirror_line.ravel()
    for name, values in more.items():
        column = np.full(len(frame), np.nan)
        column[:n_rows] = values
        frame[name] = column
    return frame


def loss_of_tables(
    border: pd.DataFrame,
    sectors: pd.DataFrame | None,
    zones: Zones,
    *,
    decay: Decay | None = None,
    variants: Sequence[BorderRules] = (),
) -> BorderLoss:
    """Border loss of all zones by one mode in one scenario, from the tables of its blocks.

    Parameters
    ----------
    border : DataFrame
        From `block_table`, rows in any order; of one scenario and mode, without or only with rows
        that are hard closed.
    sectors : DataFrame, optional
        The same of ``sectors.parquet``.
    zones : Zones
    decay : Decay, optional
        Of the rows without a band.
    variants : sequence of BorderRules
        Whose columns to take.

    Returns
    -------
    BorderLoss
        Of the zones that have rows, in their order.
    """
    columns = list(dict.fromkeys(zip(border["opportunity"], border["group"], strict=True)))
    bands = np.sort(border["band_min"].dropna().unique())
    decays = () if decay is None or not border["band_min"].isna().any() else (decay,)
    measures = BorderMeasures(tuple(60.0 * bands), decays)
    rows = _order(border, zones, columns, bands)
    shape = (-1, len(measures), len(columns))
    table = border.iloc[rows]

    def values(name: str) -> Floats:
        return table[name].to_numpy(np.float64).reshape(shape)

    names = [variant_column(rules.name) for rules in variants]
    effective = [values(name) for name in ("reach_effective", *names)]
    domestic = values("reach_domestic")
    first = table["zone_id"].iloc[:: len(measures) * len(columns)]
    found = pd.Index(zones.zone_id).get_indexer(pd.Index(first))
    by_sector: list[Floats] = []
    vectors = None
    if sectors is not None and VECTORS[0] in border:
        order = _order(sectors, zones, columns, bands, sector=True)
        around = (*domestic.shape, 17)
        by_sector = [
            sectors[name].to_numpy(np.float64)[order].reshape(around)
            for name in ("reach_domestic", "reach_open")
        ]
        vectors = np.stack([values(name) for name in VECTORS], axis=-1)
    return BorderLoss(
        origins=zones.places.take(found),
        destinations_in=(),
        mode=str(table["mode"].iloc[0]),
        columns=tuple((str(name), str(group)) for name, group in columns),
        measures=measures,
        rule_sets=(BorderRules(name="study"), *variants),
        domestic=domestic.copy(),
        open_reach=values("reach_open").copy(),
        effective=np.stack(effective, axis=1),
        hard_closed=None,
        nearest_s=np.empty((len(domestic), 0)),
        mirror_line=values(MIRROR_LINE).copy() if MIRROR_LINE in table else None,
        skills=values("reach_skills").copy() if "reach_skills" in table else None,
        sector_domestic=by_sector[0] if by_sector else None,
        sector_open=by_sector[1] if by_sector else None,
        vectors=vectors,
    )


def _order(
    table: pd.DataFrame,
    zones: Zones,
    columns: list[tuple[str, str]],
    bands: Floats,
    *,
    sector: bool = False,
) -> npt.NDArray[np.int64]:
    """Order of rows: zone, measure, opportunity and group, sector."""
    zone = pd.Index(zones.zone_id).get_indexer(pd.Index(table["zone_id"]))
    band = np.nan_to_num(table["band_min"].to_numpy(np.float64), nan=np.inf)
    pairs = pd.MultiIndex.from_tuples(columns)
    column = pairs.get_indexer(pd.MultiIndex.from_frame(table[list(KEYS)]))
    keys = [column, np.searchsorted(bands, band), zone]
    if sector:
        keys.insert(0, table["sector"].to_numpy(np.int64))
    return np.lexsort(keys)
