"""Results over several draws of headway services."""

from __future__ import annotations

from collections.abc import Sequence

import pandas as pd

from halfcircle.access.best_of import most_of
from halfcircle.gtfs import headway_spread

__all__ = ["COUNT", "every_draw", "over_draws"]

COUNT = "\x00zones"
"""Stands in for an opportunity: the zones themselves, counted."""


def every_draw(parts: Sequence[dict[str, pd.DataFrame]]) -> pd.DataFrame:
    """Reach of every draw, of the median (or first percentile) only."""
    percentile = parts[0]["reach"]["percentile"]
    known = set(percentile.dropna())
    chosen = 50 if 50 in known else min(known, default=50)
    kept = percentile.isna() | (percentile == chosen)
    kept = kept & (parts[0]["reach"]["opportunity"] != COUNT)
    frames = [part["reach"][kept].assign(draw=draw) for draw, part in enumerate(parts)]
    return pd.concat(frames, ignore_index=True)


def over_draws(parts: Sequence[dict[str, pd.DataFrame]]) -> dict[str, pd.DataFrame]:
    """Means over draws of headway services, and standard deviations of reach beside them.

    Loss is that of the mean reach; the standard deviation of reach is a measure of its own, named
    with ``_sd`` behind.
    """
    joined = {}
    for name, first in parts[0].items():
        mean = first.copy()
        for column in [c for c in first.columns if c == "value" or c.startswith("reach_")]:
            spread = headway_spread([part[name][column].to_numpy() for part in parts])
            mean[column] = spread.mean
            if name == "reach":
                deviation = first.assign(value=spread.sd, measure=first["measure"] + "_sd")
        if "most" in mean:
            of_modes = mean["value"].to_numpy().reshape(-1, mean["mode"].nunique())
            mean["most"] = most_of(of_modes).ravel()
        if "loss" in mean:
            open_reach = mean["reach_open"].where(mean["reach_open"] > 0)
            mean["loss"] = (1.0 - mean["reach_domestic"] / open_reach).clip(lower=0.0)
            if "reach_skills" in mean:
                mean["loss_skills"] = (1.0 - mean["reach_skills"] / open_reach).clip(lower=0.0)
        joined[name] = mean
        if name == "reach":
            of_interest = deviation["opportunity"] != COUNT
            joined[name] = pd.concat([mean, deviation[of_interest]], ignore_index=True)
    return joined
