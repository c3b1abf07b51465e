"""How far headlines hang on what is not known exactly: travel times, counts abroad."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import numpy.typing as npt

from halfcircle.outputs.layers import LayerKey, Layers

__all__ = ["TENTH", "loss_with_abroad", "stretched"]

# Timetables are kept with 5-15 % delay and road speeds are known no better: a tenth either way.
TENTH = 0.10


def stretched(layers: Layers, key: LayerKey, factor: float) -> npt.NDArray[np.float64] | None:
    """Reach of a layer if every journey took `factor` times as long.

    What is within T minutes then is what is within ``T / factor`` minutes now; between the bands
    of the run that is read from a straight line.

    Parameters
    ----------
    layers : Layers
    key : LayerKey
        With a band.
    factor : float

    Returns
    -------
    array of float64, shape (n_zones,), or None
        None where the run has no bands on both sides of it.
    """
    if key.band_min is None:
        return None
    at_min = key.band_min / factor
    bands = sorted(
        other.band_min
        for other in layers.keys
        if other.band_min is not None and replace(other, band_min=key.band_min) == key
    )
    below = [band for band in bands if band <= at_min]
    above = [band for band in bands if band >= at_min]
    if not below or not above:
        return None
    low, high = (layers.get(replace(key, band_min=band)) for band in (below[-1], above[0]))
    if low is None or high is None or above[0] == below[-1]:
        return low
    share = (at_min - below[-1]) / (above[0] - below[-1])
    return np.asarray(low + share * (high - low))


def loss_with_abroad(domestic: float, opened: float, factor: float) -> float:
    """Border loss if there were `factor` times as many opportunities abroad as were counted.

    Parameters
    ----------
    domestic, opened : float
        Mean reach in the own country, and as if the border did not count.
    factor : float

    Returns
    -------
    float
        Share from 0 to 1; NaN where nothing is in reach.
    """
    whole = domestic + factor * (opened - domestic)
    return 1.0 - domestic / whole if whole > 0 else float("nan")
