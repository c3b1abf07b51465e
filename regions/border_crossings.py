"""Where streets cross a border: found, listed, and closed for the hard-closed variant.

A crossing is a link of the street network (a piece of street between junctions) whose two ends lie
in different countries. Closing a border means closing its crossings in both directions; travel
times on what is left are those of the "hard closed" domestic reach.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Transformer
from shapely.geometry.base import BaseGeometry

from halfcircle.access.streets import ROAD_CLASSES, StreetNetwork
from halfcircle.errors import StreetError, StudyError

__all__ = ["BorderCrossings", "close_crossings", "find_crossings"]

Floats = npt.NDArray[np.float64]

# As long as a street network admits: beyond every travel-time limit.
CLOSED_S = 2.0**20


@dataclass(frozen=True, eq=False)
class BorderCrossings:
    """Links that lead from one country to another.

    Parameters
    ----------
    mode : str
        Mode of the network that they were found in.
    link_idx : array of int64, shape (n,)
        Links of the network, ascending.
    country_a, country_b : array of str, shape (n,)
        Countries at the beginning and at the end of the geometry.
    lon, lat : array of float64, shape (n,), degrees (WGS 84)
        Where the border is crossed.
    way_id : array of int64, shape (n,)
        OSM way.
    road_class : array of str, shape (n,)
    both_ways : array of bool, shape (n,)
        Whether the link is open in both directions.
    """

    mode: str
    link_idx: npt.NDArray[np.int64]
    country_a: npt.NDArray[np.object_]
    country_b: npt.NDArray[np.object_]
    lon: Floats
    lat: Floats
    way_id: npt.NDArray[np.int64]
    road_class: npt.NDArray[np.object_]
    both_ways: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.link_idx)

    def __repr__(self) -> str:
        counts = pd.Series(self.pairs).value_counts().sort_index()
        parts = ", ".join(f"{pair} {count}" for pair, count in counts.items())
        return f"<BorderCrossings by {self.mode}: {len(self)}" + (f": {parts}>" if parts else ">")

    @property
    def pairs(self) -> list[str]:
        """``"CH-LI"`` per crossing, codes in alphabetical order."""
        return ["-".join(sorted(p)) for p in zip(self.country_a, self.country_b, strict=True)]

    def table(self) -> pd.DataFrame:
        """mode, border, lon, lat, road_class, both_ways, way_id; a row per crossing."""
        return pd.DataFrame(
            {
                "mode": self.mode,
                "border": self.pairs,
                "lon": self.lon,
                "lat": self.lat,
                "road_class": self.road_class,
                "both_ways": self.both_ways,
                "way_id": self.way_id,
            }
        )


def find_crossings(
    network: StreetNetwork, land: Mapping[str, BaseGeometry], crs: CRS
) -> BorderCrossings:
    """Links whose ends lie in different countries.

    Ends on no land at all (bridges, ferries, gaps between polygons) take the nearest country.

    Parameters
    ----------
    network : StreetNetwork
    land : mapping of ISO code to shapely geometry
        In `crs`.
    crs : pyproj.CRS

    Raises
    ------
    StudyError
        No land is given.
    """
    if not land:
        raise StudyError("border crossings: no land areas are given")
    to_globe = Transformer.from_crs(crs, CRS.from_epsg(4326), always_xy=True)

    def project(xy: Floats) -> Floats:
        return np.column_stack(to_globe.transform(xy[:, 0], xy[:, 1]))

    codes = sorted(land)
    shapes = [shapely.make_valid(shapely.transform(land[code], project)) for code in codes]
    links = network.links
    first, last = links.ptr[:-1], links.ptr[1:] - 1
    start = _country(links.lon[first], links.lat[first], shapes)
    end = _country(links.lon[last], links.lat[last], shapes)
    idx = np.flatnonzero(start != end)
    lines = links.geometry(idx) if len(idx) else np.empty(0, dtype=object)
    spots = [_where(line, shapes[start[i]]) for i, line in zip(idx, lines, strict=True)]
    names, classes = np.array(codes, dtype=object), np.array(ROAD_CLASSES, dtype=object)
    return BorderCrossings(
        mode=network.mode,
        link_idx=idx,
        country_a=names[start[idx]],
        country_b=names[end[idx]],
        lon=np.array([x for x, _ in spots], dtype=np.float64),
        lat=np.array([y for _, y in spots], dtype=np.float64),
        way_id=links.way_id[idx],
        road_class=classes[links.road_class[idx]],
        both_ways=np.asarray((network.link_edges[idx] >= 0).all(axis=1)),
    )


def close_crossings(
    network: StreetNetwork,
    crossings: BorderCrossings,
    *,
    borders: Collection[str] | None = None,
) -> StreetNetwork:
    """The same network with crossings closed; snaps of one serve the other.

    Places keep the street to which they are snapped: one that walks over the border to the
    nearest street is not stopped by this.

    Parameters
    ----------
    network : StreetNetwork
        The one that the crossings were found in.
    crossings : BorderCrossings
    borders : collection of str, optional
        Only these borders, as in `BorderCrossings.pairs` (``"CH-LI"``); all where left out.

    Raises
    ------
    StreetError
        The crossings are of another network.
    StudyError
        A border is named that has no crossing.
    """
    wanted = np.ones(len(crossings), dtype=np.bool_)
    if borders is not None:
        pairs = np.array(crossings.pairs, dtype=object)
        unknown = sorted(set(borders) - set(pairs))
        if unknown:
            raise StudyError(
                f"border {unknown[0]!r} has no crossing by {crossings.mode}; "
                f"there are {sorted(set(pairs))}"
            )
        wanted = np.isin(pairs, list(borders))
    idx = crossings.link_idx[wanted]
    links = network.links
    foreign = crossings.mode != network.mode or bool((crossings.link_idx >= len(links)).any())
    if foreign or not np.array_equal(links.way_id[crossings.link_idx], crossings.way_id):
        raise StreetError("border crossings were found in another network than the one to close")
    shut = np.zeros(len(links) + 1, dtype=np.bool_)
    shut[idx] = True
    # Connectors have link -1: the extra entry at the end, which stays open.
    seconds = np.where(shut[network.edge_link], CLOSED_S, network.edge_s)
    return network.with_edge_seconds(seconds)


def _country(lon: Floats, lat: Floats, shapes: list[BaseGeometry]) -> npt.NDArray[np.int64]:
    """Index of the country of each position; the nearest one for positions on no land."""
    out = np.full(len(lon), -1, dtype=np.int64)
    for i, shape in enumerate(shapes):
        shapely.prepare(shape)
        free = np.flatnonzero(out < 0)
        out[free[shapely.contains_xy(shape, lon[free], lat[free])]] = i
    nowhere = np.flatnonzero(out < 0)
    if len(nowhere):
        points = np.asarray(shapely.points(lon[nowhere], lat[nowhere]))
        out[nowhere] = shapely.STRtree(shapes).nearest(points)
    return out


def _where(line: BaseGeometry, home: BaseGeometry) -> tuple[float, float]:
    """First point at which a line leaves a country; its middle where they do not meet."""
    met = shapely.get_coordinates(line.intersection(home.boundary))
    if not len(met):
        middle = line.interpolate(0.5, normalized=True)
        return float(middle.x), float(middle.y)
    along = [line.project(shapely.Point(x, y)) for x, y in met]
    x, y = met[int(np.argmin(along))]
    return float(x), float(y)
