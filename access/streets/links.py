"""Pieces of street between junctions, with their geometry: where places may join."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from halfcircle._checks import frozen_array
from halfcircle.errors import StreetError

__all__ = ["LINK_ARRAYS", "StreetLinks"]

LINK_ARRAYS: dict[str, npt.DTypeLike] = {
    "ptr": np.int64,
    "lon": np.float64,
    "lat": np.float64,
    "length_m": np.float32,
    "way_id": np.int64,
    "road_class": np.uint8,
    "snap": np.bool_,
    "main": np.bool_,
}


@dataclass(frozen=True, eq=False)
class StreetLinks:
    """Pieces of street between junctions, with geometry; edges are their open directions.

    Parameters
    ----------
    ptr : array of int64, shape (n_links + 1,)
        ``lon[ptr[i]:ptr[i + 1]]`` are the positions of link i.
    lon, lat : array of float64, degrees (WGS 84)
    length_m : array of float32, shape (n_links,), metres
        Geodesic length on WGS 84.
    way_id : array of int64, shape (n_links,)
        OSM way at its beginning.
    road_class : array of uint8, shape (n_links,)
        Index into `ROAD_CLASSES`.
    snap : array of bool, shape (n_links,)
        Whether places may attach: no motorways, trunk roads, bridges, tunnels, ferries.
    main : array of bool, shape (n_links,)
        Whether it lies in the largest strongly connected part.
    """

    ptr: npt.NDArray[np.int64]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    length_m: npt.NDArray[np.float32]
    way_id: npt.NDArray[np.int64]
    road_class: npt.NDArray[np.uint8]
    snap: npt.NDArray[np.bool_]
    main: npt.NDArray[np.bool_]

    def __post_init__(self) -> None:
        for name, dtype in LINK_ARRAYS.items():
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype))
        n = len(self)
        columns = (self.way_id, self.road_class, self.snap, self.main)
        fits = all(column.shape == (n,) for column in columns)
        fits = fits and self.ptr.shape == (n + 1,) and self.ptr[0] == 0
        fits = fits and self.lon.shape == self.lat.shape == (self.ptr[-1],)
        if not fits or bool((np.diff(self.ptr) < 2).any()):
            raise StreetError("street links: arrays do not fit together")

    def __len__(self) -> int:
        return len(self.length_m)

    def geometry(self, link_idx: npt.ArrayLike | None = None) -> npt.NDArray[np.object_]:
        """Linestrings in WGS 84 of these links (all where left out)."""
        idx = np.arange(len(self)) if link_idx is None else np.asarray(link_idx)
        return self._lines(self.lon, self.lat, idx)

    def _lines(
        self, x: npt.NDArray[np.float64], y: npt.NDArray[np.float64], idx: npt.NDArray[Any]
    ) -> npt.NDArray[np.object_]:
        size = np.diff(self.ptr)[idx]
        offset = np.cumsum(size) - size
        at = np.repeat(self.ptr[idx] - offset, size) + np.arange(int(size.sum()))
        which = np.repeat(np.arange(len(idx)), size)
        lines: Any = shapely.linestrings(np.column_stack([x[at], y[at]]), indices=which)
        return np.asarray(lines, dtype=object)

    @cached_property
    def crs(self) -> CRS:
        """Local equal-area metric CRS, centred on the network."""
        lon, lat = (
            (float(values.min()) + float(values.max())) / 2 if len(values) else 0.0
            for values in (self.lon, self.lat)
        )
        return CRS.from_proj4(f"+proj=laea +lat_0={lat:.4f} +lon_0={lon:.4f} +datum=WGS84 +units=m")

    @cached_property
    def to_metric(self) -> Transformer:
        """From WGS 84 to `crs`."""
        return Transformer.from_crs("EPSG:4326", self.crs, always_xy=True)

    @cached_property
    def snap_index(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_], shapely.STRtree]:
        """Indices, projected lines and tree of the links where places may attach."""
        return self._index(np.flatnonzero(self.snap & self.main))

    @cached_property
    def island_tree(self) -> shapely.STRtree:
        """Tree of links where places could attach if they were connected."""
        return self._index(np.flatnonzero(self.snap & ~self.main))[2]

    def _index(
        self, idx: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.object_], shapely.STRtree]:
        x, y = self.to_metric.transform(self.lon, self.lat)
        lines = self._lines(np.asarray(x), np.asarray(y), idx)
        return idx, lines, shapely.STRtree(lines)
