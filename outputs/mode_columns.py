"""The mode that is the fastest, as one column per set of modes and band: for GeoPackages."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.outputs.charts import LINE_COLOURS
from halfcircle.outputs.layers import FIRST_SCENARIO, slug
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.texts import Texts, capital

__all__ = ["WinningColumn", "headline_shares", "winning_columns"]


@dataclass(frozen=True, eq=False)
class WinningColumn:
    """One column.

    Parameters
    ----------
    name, title : str
    values : array of object, shape (n_zones,)
        Name of the mode with the largest share; None where nothing is known or in reach.
    modes : tuple of str
        Of the set, in its order.
    labels, colours : tuple of str
        Of the modes, in a legend.
    """

    name: str
    title: str
    values: npt.NDArray[np.object_]
    modes: tuple[str, ...]
    labels: tuple[str, ...]
    colours: tuple[str, ...]


def headline_shares(result: RunResult) -> pd.DataFrame:
    """Rows of ``winning_mode`` that reports and maps show.

    Those of the baseline, the first opportunity and group, and the percentile nearest the median.
    """
    table = result.winning_mode
    if table is None or not len(table):
        return pd.DataFrame()
    table = table[table["scenario"] == FIRST_SCENARIO]
    table = table[table["opportunity"] == result.opportunities[0].name]
    table = table[table["group"] == table["group"].iloc[0]]
    percentile = min(set(table["percentile"]), key=lambda p: (abs(p - 50), p))
    shown: pd.DataFrame = table[table["percentile"] == percentile]
    return shown


def winning_columns(result: RunResult, texts: Texts) -> list[WinningColumn]:
    """Columns of all sets and bands; none where the run has no sets.

    Parameters
    ----------
    result : RunResult
    texts : Texts
        Language of titles and legends.
    """
    table = headline_shares(result)
    found = []
    for name in dict.fromkeys(table["set"]) if len(table) else ():
        rows = table[table["set"] == name]
        modes = tuple(str(mode) for mode in dict.fromkeys(rows["mode"]))
        most = rows[rows["most"] == 1]
        for band in sorted(set(rows["band_min"])):
            own = most[most["band_min"] == band].set_index("zone_id")["mode"]
            values = own.reindex(result.zones.zone_id).to_numpy(dtype=object, copy=True)
            values[pd.isna(values)] = None
            found.append(
                WinningColumn(
                    name=f"fastest_{slug(str(name))}_{band:g}min".replace(".", "_"),
                    title=texts(
                        "combined.fastest_title",
                        set=capital(texts.mode(str(name))),
                        opportunity=texts.opportunity(result.opportunities[0].name),
                        minutes=texts("setting.minutes", n=texts.minutes(band)),
                    ),
                    values=values,
                    modes=modes,
                    labels=tuple(capital(texts.mode(mode)) for mode in modes),
                    colours=tuple(LINE_COLOURS[i % len(LINE_COLOURS)] for i in range(len(modes))),
                )
            )
    return found
