"""Counts of municipalities spread over where people work: totals kept to the unit.

Dasymetric mapping: J.K. Wright 1936, Geographical Review 26(1), doi:10.2307/209467; with
buildings as ancillary data. Counts are whole, so shares are rounded by largest remainders
(Hamilton's method), which keeps every total exactly.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from halfcircle._checks import Faults
from halfcircle.errors import SourceError
from halfcircle.places import WGS84

__all__ = ["Spread", "share_out", "spread_counts"]

LAEA = CRS.from_epsg(3035)


@dataclass(frozen=True, eq=False)
class Spread:
    """Counts on cells.

    Parameters
    ----------
    cells : DataFrame
        One row per zone and cell with a count: ``cell``, ``zone_id``, ``lon``, ``lat``, ``value``.
    evenly : tuple of str
        Zones without anything to spread by: their counts were spread evenly over their area.
    unknown : tuple of str
        Zones without a count: missing, not zero.
    """

    cells: pd.DataFrame
    evenly: tuple[str, ...]
    unknown: tuple[str, ...]


def share_out(total: int, weights: npt.ArrayLike) -> npt.NDArray[np.int64]:
    """Whole numbers in proportion to weights that sum to `total` exactly (largest remainders).

    Parameters
    ----------
    total : int
        Not negative.
    weights : array of float64, shape (n,)
        Not negative, with a positive sum. Equal remainders go to the first.

    Returns
    -------
    array of int64, shape (n,)

    Raises
    ------
    SourceError
        A total or weights that cannot be shared.
    """
    weight = np.asarray(weights, dtype=np.float64)
    if total < 0 or weight.ndim != 1 or not np.isfinite(weight).all() or (weight < 0).any():
        raise SourceError("counts and weights to share out must be finite and not negative")
    counts = np.zeros(len(weight), dtype=np.int64)
    some = np.flatnonzero(weight > 0)  # what weighs nothing gets nothing
    if len(some) == 0:
        raise SourceError("nothing to share out by: all weights are zero")
    share = weight[some] / weight.max()  # sums of huge or tiny weights stay finite
    exact = total * (share / share.sum())
    part = np.floor(exact + 1e-9).astype(np.int64)
    rest = total - int(part.sum())
    order = np.lexsort((np.arange(len(some)), -(exact - part)))
    while rest > 0:
        part[order[:rest]] += 1
        rest -= min(rest, len(some))
    while rest < 0:
        fall = order[::-1]
        take = fall[part[fall] > 0][:-rest]
        part[take] -= 1
        rest += len(take)
    counts[some] = part
    return counts


def spread_counts(
    areas: Any,
    counts: Mapping[str, int],
    *,
    lon: npt.ArrayLike,
    lat: npt.ArrayLike,
    weight: npt.ArrayLike,
    cell_m: float = 500.0,
    id_column: str = "zone_id",
) -> Spread:
    """Spread whole counts of zones over cells, in proportion to what lies there.

    Parameters
    ----------
    areas : GeoDataFrame
        Zones with `id_column`.
    counts : mapping of str to int
        Zone -> count; zones that are not in it are unknown.
    lon, lat : array of float64, shape (n,), degrees
        Things to spread by: buildings, people, ...
    weight : array of float64, shape (n,)
        How much of a count each attracts, relative to others of its zone.
    cell_m : float, metres
        Side of the cells, in EPSG:3035.
    id_column : str

    Returns
    -------
    Spread
        The values of each zone sum to its count, to the unit. A cell is represented by the heaviest
        thing in it, so that its point lies inside the zone.

    Raises
    ------
    SourceError
        Counts of zones without area, negative counts, or weights that are no numbers.
    """
    faults = Faults()
    where = "spread"
    frame = areas.to_crs(LAEA)
    zone_id = [str(value) for value in frame[id_column]]
    lost = sorted(set(counts) - set(zone_id))
    if lost:
        faults.add(where, "counts of zones that have no area", values=lost)
    negative = sorted(zone for zone, count in counts.items() if count < 0)
    if negative:
        faults.add(where, "counts below zero", values=negative)
    heavy = np.asarray(weight, dtype=np.float64)
    if not (np.isfinite(heavy) & (heavy >= 0)).all():
        faults.add(where, "weights must be finite and not negative")
    if not cell_m > 0:
        faults.add(where, "cells must have a side above 0", values=[cell_m])
    faults.raise_errors(SourceError)

    to_plane = Transformer.from_crs(WGS84, LAEA, always_xy=True)
    x, y = to_plane.transform(np.asarray(lon, np.float64), np.asarray(lat, np.float64))
    shapes = np.asarray(frame.geometry.array, dtype=object)
    owner = _owners(shapes, x, y)
    pieces: list[pd.DataFrame] = []
    evenly: list[str] = []
    for i, zone in enumerate(zone_id):
        if counts.get(zone, 0) == 0:
            continue
        own = np.flatnonzero((owner == i) & (heavy > 0))
        if len(own):
            zone_x, zone_y, zone_weight = x[own], y[own], heavy[own]
        else:
            zone_x, zone_y, zone_weight = _even_points(shapes[i], cell_m)
            evenly.append(zone)
        pieces.append(_cells(zone, counts[zone], zone_x, zone_y, zone_weight, cell_m))
    columns = ["cell", "zone_id", "lon", "lat", "value"]
    cells = pd.concat(pieces, ignore_index=True) if pieces else pd.DataFrame(columns=columns)
    cells = cells.sort_values(["zone_id", "cell"], kind="stable", ignore_index=True)
    unknown = tuple(zone for zone in zone_id if zone not in counts)
    return Spread(cells[columns], tuple(evenly), unknown)


def _owners(
    shapes: npt.NDArray[np.object_],
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
) -> npt.NDArray[np.int64]:
    """Zone that each point lies in, -1 outside; the first on a common edge."""
    point, zone = shapely.STRtree(shapes).query(shapely.points(x, y), predicate="intersects")
    found = np.full(len(x), np.iinfo(np.int64).max)
    np.minimum.at(found, point, zone)
    return np.where(found == np.iinfo(np.int64).max, -1, found)


def _even_points(
    shape: Any, cell_m: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Middles of the cells in a zone, or one point of a zone that holds none."""
    west, south, east, north = shapely.bounds(shape)
    columns = np.arange(np.floor(west / cell_m), np.ceil(east / cell_m)) * cell_m + cell_m / 2
    rows = np.arange(np.floor(south / cell_m), np.ceil(north / cell_m)) * cell_m + cell_m / 2
    x, y = (axis.ravel() for axis in np.meshgrid(columns, rows))
    inside = shapely.contains_xy(shape, x, y)
    if not inside.any():
        point = shapely.point_on_surface(shape)
        return np.array([shapely.get_x(point)]), np.array([shapely.get_y(point)]), np.ones(1)
    return x[inside], y[inside], np.ones(int(inside.sum()))


def _cells(
    zone: str,
    total: int,
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    weight: npt.NDArray[np.float64],
    cell_m: float,
) -> pd.DataFrame:
    column = np.floor(x / cell_m).astype(np.int64)
    row = np.floor(y / cell_m).astype(np.int64)
    # The heaviest of a cell first; the westernmost and southernmost of equals.
    order = np.lexsort((y, x, -weight, column, row))
    pairs = np.column_stack([row, column])[order]
    _, first, group = np.unique(pairs, axis=0, return_index=True, return_inverse=True)
    sums = np.bincount(group.ravel(), weights=weight[order])
    value = share_out(total, sums)
    chosen = order[first]
    lon, lat = Transformer.from_crs(LAEA, WGS84, always_xy=True).transform(x[chosen], y[chosen])
    side = f"{cell_m:g}"
    frame = pd.DataFrame(
        {
            "cell": [
                f"CRS3035RES{side}mN{int(r * cell_m)}E{int(c * cell_m)}"
                for r, c in zip(row[chosen], column[chosen], strict=True)
            ],
            "zone_id": zone,
            "lon": np.round(lon, 6),
            "lat": np.round(lat, 6),
            "value": value,
        }
    )
    return frame[frame["value"] > 0]
