"""Layers of the interactive map that show which mode is the fastest, by set of modes and band."""

from __future__ import annotations

import numpy as np

from halfcircle.outputs.layers import FIRST_MEASURE, FIRST_SCENARIO
from halfcircle.outputs.map_layers import MapLayer, plain_minutes
from halfcircle.outputs.mode_columns import headline_shares, winning_columns
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.texts import Texts, capital

__all__ = ["mode_layers"]


def mode_layers(result: RunResult, texts: Texts) -> list[MapLayer]:
    """Layers of the mode that is the fastest way to most of what is in reach.

    Those of the baseline, the first opportunity and group, and the percentile nearest the median.
    Values are positions in the categories, from 1; a zone with nothing in reach has none.

    Parameters
    ----------
    result : RunResult
    texts : Texts

    Returns
    -------
    list of MapLayer
        One per set of modes and band; none where the run has no sets.
    """
    opportunity = result.opportunities[0].name
    found = []
    table = headline_shares(result)
    group = str(table["group"].iloc[0]) if len(table) else ""
    for column in winning_columns(result, texts):
        number = {mode: float(i) for i, mode in enumerate(column.modes, start=1)}
        values = np.array([number.get(mode, np.nan) for mode in column.values], dtype=np.float64)
        values[np.isnan(column.shares).all(axis=0)] = np.nan
        found.append(
            MapLayer(
                {
                    "quantity": "fastest",
                    "place": None,
                    "opportunity": opportunity,
                    "mode": column.set_name,
                    "band": plain_minutes(column.band_min),
                    "percentile": column.percentile,
                    "group": group,
                    "measure": FIRST_MEASURE,
                    "scenario": FIRST_SCENARIO,
                },
                values,
                column.title,
                texts(
                    "map.fastest_shares",
                    set=capital(texts.mode(column.set_name)),
                    opportunity=texts.opportunity(opportunity),
                ),
                texts("legend.unit_fastest"),
                "mode",
                f"fastest/{column.set_name}",
                categories=tuple(zip(column.labels, column.colours, strict=True)),
                shares=column.shares,
            )
        )
    return found
