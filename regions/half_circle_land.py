"""Sea is not border: how much of the land around a place is its own country's.

Without this, a harbour town at the tip of a coast scores like a town at a border: both reach little
in half of the directions. The shares here are pure geometry, so they show which sectors hold
foreign land and which hold water.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from pyproj import CRS, Geod, Transformer
from shapely.geometry.base import BaseGeometry

from halfcircle._checks import Faults
from halfcircle.errors import StudyError, ZoneError
from halfcircle.places import Places, Zones
from halfcircle.regions.half_circle import N_SECTORS

__all__ = ["LandShares", "land_of_zones", "land_shares"]

Floats = npt.NDArray[np.float64]

EQUAL_AREA = CRS.from_epsg(3035)
# Vertices on the arc of a sector: its polygon is 0.02 % short of the true area.
ARC_STEPS = 12
# Country polygons are cut into tiles of this side, so that each wedge meets few vertices.
TILE_M = 50_000.0


@dataclass(frozen=True, eq=False)
class LandShares:
    """Land within a radius of n places.

    Parameters
    ----------
    places : Places
    radius_m : float, metres
    own, foreign : array of float64, shape (n, 16)
        Land of the own country and of other countries as shares of each sector's disk area.
    """

    places: Places
    radius_m: float
    own: Floats
    foreign: Floats

    @property
    def water(self) -> Floats:
        """What is no land, shape (n, 16), as share of each sector."""
        return np.clip(1.0 - self.own - self.foreign, 0.0, 1.0)

    @property
    def own_of_land(self) -> Floats:
        """Own land over all land in the disk, shape (n,): 1 - this is the geometric border loss."""
        own, land = self.own.sum(axis=1), (self.own + self.foreign).sum(axis=1)
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(land > 0.0, own / land, np.nan)

    @property
    def own_of_disk(self) -> Floats:
        """Own land over the disk, shape (n,): counts water as lost, like a border."""
        return np.asarray(self.own.mean(axis=1))

    @property
    def land_of_disk(self) -> Floats:
        """All land over the disk, shape (n,)."""
        return np.asarray((self.own + self.foreign).mean(axis=1))

    def table(self) -> pd.DataFrame:
        """zone_id, radius_m, own_of_land, land_of_disk, own_of_disk, sectors_border, sectors_sea.

        `sectors_border` and `sectors_sea` count the sectors in which own land covers less than
        half and foreign land is the larger, or the smaller, part of the rest.
        """
        lacking = self.own < 0.5
        border = lacking & (self.foreign > self.water)
        return pd.DataFrame(
            {
                "zone_id": self.places.place_id,
                "radius_m": self.radius_m,
                "own_of_land": self.own_of_land,
                "land_of_disk": self.land_of_disk,
                "own_of_disk": self.own_of_disk,
                "sectors_border": border.sum(axis=1),
                "sectors_sea": (lacking & ~border).sum(axis=1),
            }
        )


def land_shares(
    places: Places,
    land: Mapping[str, BaseGeometry],
    crs: CRS,
    *,
    radius_m: float = 45_000.0 / 1.3,
) -> LandShares:
    """Own and foreign land around places, per compass sector.

    Sectors are drawn with true azimuths and geodesic radii; areas are those of EPSG:3035, which
    keeps areas equal across Europe.

    Parameters
    ----------
    places : Places
        With countries.
    land : mapping of ISO code to shapely geometry
        Land area of every country in the disks, also of those without zones: what is not given
        counts as water.
    crs : pyproj.CRS
        CRS of `land`.
    radius_m : float, metres
        Radius of the disk; the default is 45 minutes at 60 km/h with a detour of 1.3.

    Raises
    ------
    ZoneError
        Places have no country, or the own country has no land.
    StudyError
        The radius is not positive.
    """
    if not (np.isfinite(radius_m) and radius_m > 0.0):
        raise StudyError(f"land shares: radius_m must be a positive number, not {radius_m!r}")
    faults = Faults()
    if places.country is None:
        raise ZoneError("places: have no country: own land is not known")
    unknown = sorted(set(places.country) - set(land))
    if unknown:
        faults.add("land", "no land area is given for countries of places", values=unknown)
    faults.raise_errors(ZoneError)
    tiles, tile_country = _tiles(land, crs)
    tree = shapely.STRtree(tiles)
    own, foreign = np.zeros((len(places), N_SECTORS)), np.zeros((len(places), N_SECTORS))
    for start in range(0, len(places), 256):
        idx = np.arange(start, min(start + 256, len(places)))
        wedges = _wedges(places.take(idx), radius_m)
        flat = wedges.ravel()
        wedge_idx, tile_idx = tree.query(flat, predicate="intersects")
        pieces = shapely.area(shapely.intersection(flat[wedge_idx], tiles[tile_idx]))
        shares = pieces / shapely.area(flat)[wedge_idx]
        row, sector = idx[wedge_idx // N_SECTORS], wedge_idx % N_SECTORS
        home = tile_country[tile_idx] == places.country[row]
        np.add.at(own, (row[home], sector[home]), shares[home])
        np.add.at(foreign, (row[~home], sector[~home]), shares[~home])
    for array in (own, foreign):
        array.flags.writeable = False
    return LandShares(places, float(radius_m), own, foreign)


def land_of_zones(zones: Zones) -> dict[str, BaseGeometry]:
    """Land of each country as the union of its zones, in the CRS of the zones.

    Good for finding street crossings, and for `land_shares` well inside the study area; at its
    edge, land beyond the last zone would count as water.

    Parameters
    ----------
    zones : Zones
        With areas and countries.

    Raises
    ------
    ZoneError
        Zones are points or have no country.
    """
    country = zones.places.country
    if zones.geometry is None or country is None:
        raise ZoneError("land of zones: zones must have areas and countries")
    codes = sorted(set(country) - {""})
    return {code: shapely.union_all(zones.geometry[country == code]) for code in codes}


def _wedges(places: Places, radius_m: float) -> npt.NDArray[np.object_]:
    """Sector polygons in the equal-area CRS, shape (n, 16)."""
    geod = Geod(ellps="WGS84")
    to_area = Transformer.from_crs(CRS.from_epsg(4326), EQUAL_AREA, always_xy=True)
    n, step = len(places), 22.5 / ARC_STEPS
    azimuth = -11.25 + step * np.arange(N_SECTORS * ARC_STEPS)
    lon = np.repeat(places.lon, len(azimuth))
    lat = np.repeat(places.lat, len(azimuth))
    far_lon, far_lat, _ = geod.fwd(lon, lat, np.tile(azimuth, n), np.full(len(lon), radius_m))
    ring = np.stack(to_area.transform(far_lon, far_lat), axis=-1).reshape(n, len(azimuth), 2)
    centre = np.stack(to_area.transform(places.lon, places.lat), axis=-1)
    # Arc vertices of each sector, the first of the next sector included.
    vertex = (np.arange(N_SECTORS)[:, None] * ARC_STEPS + np.arange(ARC_STEPS + 1)) % len(azimuth)
    arcs = ring[:, vertex]
    hub = np.broadcast_to(centre[:, None, None, :], (n, N_SECTORS, 1, 2))
    corners = np.concatenate([hub, arcs, hub], axis=2)
    return np.asarray(shapely.polygons(corners))


def _tiles(
    land: Mapping[str, BaseGeometry], crs: CRS
) -> tuple[npt.NDArray[np.object_], npt.NDArray[np.object_]]:
    """Land in the equal-area CRS, cut into tiles, and the country of each."""
    to_area = Transformer.from_crs(crs, EQUAL_AREA, always_xy=True)

    def project(xy: Floats) -> Floats:
        return np.column_stack(to_area.transform(xy[:, 0], xy[:, 1]))

    pieces: list[npt.NDArray[np.object_]] = []
    country: list[str] = []
    for code in sorted(land):
        # Straight edges bend in another projection: give them vertices on the way.
        dense = shapely.segmentize(land[code], 0.05 if crs.is_geographic else 5_000.0)
        shape = shapely.make_valid(shapely.transform(dense, project))
        if shape.is_empty:
            continue
        west, south, east, north = shape.bounds
        x = np.arange(np.floor(west / TILE_M), np.floor(east / TILE_M) + 1) * TILE_M
        y = np.arange(np.floor(south / TILE_M), np.floor(north / TILE_M) + 1) * TILE_M
        left, bottom = (grid.ravel() for grid in np.meshgrid(x, y))
        boxes = shapely.box(left, bottom, left + TILE_M, bottom + TILE_M)
        shapely.prepare(shape)
        boxes = boxes[shapely.intersects(shape, boxes)]
        cut = shapely.intersection(shape, boxes)
        cut = cut[shapely.area(cut) > 0.0]
        pieces.append(cut)
        country += [code] * len(cut)
    if not pieces:
        return np.empty(0, dtype=object), np.empty(0, dtype=object)
    return np.concatenate(pieces), np.array(country, dtype=object)
