"""Municipalities change: which new ones an old one went to, and with which share."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from halfcircle.errors import SourceError
from halfcircle.places import WGS84

__all__ = ["match_vintages"]

LAEA = CRS.from_epsg(3035)


def match_vintages(
    old: Any,
    new: Any,
    *,
    id_column: str = "zone_id",
    lon: npt.ArrayLike | None = None,
    lat: npt.ArrayLike | None = None,
    weight: npt.ArrayLike | None = None,
    least_share: float = 0.02,
) -> pd.DataFrame:
    """Crosswalk of codes between two vintages of boundaries, by overlay.

    Parameters
    ----------
    old, new : GeoDataFrame
        Zones with `id_column`.
    id_column : str
    lon, lat : array of float64, shape (n,), degrees, optional
        People or jobs to weigh parts by; parts weigh by their area where left out, or where an old
        zone holds none of them.
    weight : array of float64, shape (n,), optional
        Of each point; 1 where left out.
    least_share : float
        Smaller parts are slivers between outlines that were drawn differently: left out, the rest
        is scaled to 1.

    Returns
    -------
    DataFrame
        ``old_id``, ``new_id``, ``share``: only zones that changed, sorted; shares of an old zone
        sum to 1. A zone that keeps its code and its ground is not listed.

    Raises
    ------
    SourceError
        Identifiers repeat, or an old zone lies on no new one.
    """
    first, second = (frame.to_crs(LAEA) for frame in (old, new))
    old_id = np.array([str(value) for value in first[id_column]], dtype=object)
    new_id = np.array([str(value) for value in second[id_column]], dtype=object)
    for label, ids in (("old", old_id), ("new", new_id)):
        if len(set(ids)) != len(ids):
            raise SourceError(f"crosswalk: {label} zones share an identifier - dissolve them first")
    shapes = [
        shapely.make_valid(np.asarray(frame.geometry.array, dtype=object))
        for frame in (first, second)
    ]
    a, b = shapely.STRtree(shapes[1]).query(shapes[0], predicate="intersects")
    size = shapely.area(shapely.intersection(shapes[0][a], shapes[1][b]))
    if lon is not None and lat is not None:
        size = _weighed(shapes, a, b, size, lon, lat, weight)
    total = np.bincount(a, weights=size, minlength=len(old_id))
    share = size / np.where(total[a] > 0, total[a], 1.0)
    kept = share >= least_share
    a, b, share = a[kept], b[kept], share[kept]
    lost = np.setdiff1d(np.arange(len(old_id)), a)
    if len(lost):
        shown = ", ".join(old_id[lost[:5]])
        raise SourceError(f"crosswalk: old zones that lie on no new one: {shown}")
    share = share / np.bincount(a, weights=share, minlength=len(old_id))[a]
    alone = np.bincount(a, minlength=len(old_id))[a] == 1
    changed = ~(alone & (old_id[a] == new_id[b]))
    result: pd.DataFrame = pd.DataFrame(
        {"old_id": old_id[a], "new_id": new_id[b], "share": np.where(alone, 1.0, share)}
    )[changed]
    in_order: pd.DataFrame = result.sort_values(
        ["old_id", "new_id"], kind="stable", ignore_index=True
    )
    return in_order


def _weighed(
    shapes: list[npt.NDArray[np.object_]],
    a: npt.NDArray[np.int64],
    b: npt.NDArray[np.int64],
    size: npt.NDArray[np.float64],
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    weight: npt.ArrayLike | None,
) -> npt.NDArray[np.float64]:
    """Weights of the parts instead of their areas, where an old zone holds any."""
    x, y = Transformer.from_crs(WGS84, LAEA, always_xy=True).transform(
        np.asarray(lon, np.float64), np.asarray(lat, np.float64)
    )
    heavy = np.ones(len(x)) if weight is None else np.asarray(weight, dtype=np.float64)
    if heavy.shape != x.shape or not (np.isfinite(heavy) & (heavy >= 0)).all():
        raise SourceError("crosswalk: weights must be finite, not negative, one per point")
    points = shapely.points(x, y)
    owner = []
    for zones in shapes:
        point, zone = shapely.STRtree(zones).query(points, predicate="intersects")
        found = np.full(len(x), np.iinfo(np.int64).max)
        np.minimum.at(found, point, zone)
        owner.append(found)
    part = {pair: i for i, pair in enumerate(zip(a.tolist(), b.tolist(), strict=True))}
    weighed = np.zeros(len(size))
    for pair, value in zip(zip(*(o.tolist() for o in owner), strict=True), heavy, strict=True):
        if pair in part:
            weighed[part[pair]] += value
    has = np.bincount(a, weights=weighed, minlength=int(a.max(initial=0)) + 1)[a] > 0
    return np.where(has, weighed, size)
