"""How long a trip inside a zone takes: never 0, or the zone's own jobs come for free."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from scipy.spatial import cKDTree

from halfcircle.access.crow_fly import zone_areas_m2
from halfcircle.places import Zones

__all__ = ["own_zone_m"]

MEAN_OF_DISK = 128.0 / (45.0 * math.pi)


def own_zone_m(zones: Zones) -> npt.NDArray[np.float64]:
    """Mean straight distance between two places in the same zone.

    That of two random points of a disk of the same area, ``128 / (45 pi) * sqrt(area / pi)``
    (Santalo 1976, *Integral Geometry*, p. 49). A zone without area counts as a disk that reaches
    half-way to its nearest neighbour; a single one of that kind has length 0.

    Parameters
    ----------
    zones : Zones

    Returns
    -------
    array of float64, shape (n_zones,), metres
    """
    radius_m = np.sqrt(zone_areas_m2(zones) / math.pi)
    unknown = np.isnan(radius_m)
    if unknown.any():
        xy_m = zones.places.xy_m(zones.crs)
        to_nearest_m = np.zeros(len(zones))
        if len(zones) > 1:
            found, _ = cKDTree(xy_m).query(xy_m, k=[2])
            to_nearest_m = np.asarray(found)[:, 0]
        radius_m[unknown] = to_nearest_m[unknown] / 2.0
    return np.asarray(MEAN_OF_DISK * radius_m)
