"""The mode that is the fastest, as one column per set of modes and band: GeoPackages and maps."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.outputs.classes import CATEGORY_COLOURS
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
        Of the modes, in a legend; a mode has one colour in all sets.
    set_name : str
        Of the modes together, from ``best_of``.
    band_min : float, minutes
    percentile : int
        Of travel time.
    shares : array of float64, shape (n_modes, n_zones)
        Of what is in reach, how much each mode reaches the fastest; NaN where nothing is.
    """

    name: str
    title: str
    values: npt.NDArray[np.object_]
    modes: tuple[str, ...]
    labels: tuple[str, ...]
    colours: tuple[str, ...]
    set_name: str
    band_min: float
    percentile: int
    shares: npt.NDArray[np.float64]


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
    known = list(dict.fromkeys(table["mode"])) if len(table) else []
    for name in dict.fromkeys(table["set"]) if len(table) else ():
        rows = table[table["set"] == name]
        modes = tuple(str(mode) for mode in dict.fromkeys(rows["mode"]))
        # Of more modes than colours, each set starts anew: within one, none is used twice.
        order = known if len(known) <= len(CATEGORY_COLOURS) else modes
        colours = tuple(CATEGORY_COLOURS[order.index(m) % len(CATEGORY_COLOURS)] for m in modes)
        most = rows[rows["most"] == 1]
        for band in sorted(set(rows["band_min"])):
            own = most[most["band_min"] == band].set_index("zone_id")["mode"]
            values = own.reindex(result.zones.zone_id).to_numpy(dtype=object, copy=True)
            values[pd.isna(values)] = None
            here = rows[rows["band_min"] == band].set_index("zone_id")
            shares = np.stack(
                [
                    here.loc[here["mode"] == mode, "value"].reindex(result.zones.zone_id)
                    for mode in modes
                ]
            ).astype(np.float64)
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
                    colours=colours,
                    set_name=str(name),
                    band_min=float(band),
                    percentile=int(rows["percentile"].iloc[0]),
                    shares=shares,
                )
            )
    return found
