"""The area of a study: a circle around a place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer

from halfcircle.errors import SourceError
from halfcircle.places import WGS84

__all__ = ["Area"]

SEGMENTS_PER_QUARTER = 32
EARTH_KM = 6371.0


@dataclass(frozen=True)
class Area:
    """A circle on the globe.

    Parameters
    ----------
    lon, lat : float, degrees (WGS 84)
        Its centre.
    radius_km : float, kilometres

    Raises
    ------
    SourceError
        The centre is not on the globe, the radius not between 0 and 1,000 km, or the circle
        crosses the date line or a pole.
    """

    lon: float
    lat: float
    radius_km: float

    def __post_init__(self) -> None:
        if not (abs(self.lon) <= 180.0 and abs(self.lat) <= 85.0):
            raise SourceError(
                f"{self.lon:g}, {self.lat:g}: is no longitude and latitude in degrees"
            )
        if not 0.0 < self.radius_km <= 1000.0:
            raise SourceError(f"a radius of {self.radius_km:g} km: must be above 0, at most 1000")
        reach = np.degrees(self.radius_km / EARTH_KM)
        if abs(self.lat) + reach >= 90.0:
            raise SourceError("the area holds a pole, which maps of it cannot show")
        if abs(self.lon) + reach / np.cos(np.radians(abs(self.lat) + reach)) >= 180.0:
            raise SourceError(
                "the area crosses the date line, which its sources cannot be cut along"
            )

    @property
    def plane(self) -> CRS:
        """Azimuthal equidistant plane around the centre: distances from it are true, in metres."""
        return CRS.from_proj4(
            f"+proj=aeqd +lat_0={self.lat!r} +lon_0={self.lon!r} +datum=WGS84 +units=m +type=crs"
        )

    def polygon(self, crs: CRS = WGS84) -> Any:
        """The circle as a shapely polygon in `crs`."""
        circle = shapely.Point(0.0, 0.0).buffer(
            self.radius_km * 1000.0, quad_segs=SEGMENTS_PER_QUARTER
        )
        there = Transformer.from_crs(self.plane, crs, always_xy=True)
        return shapely.transform(
            circle, lambda xy: np.column_stack(there.transform(xy[:, 0], xy[:, 1]))
        )

    def bounds(self, crs: CRS = WGS84) -> tuple[float, float, float, float]:
        """West, south, east and north of the circle in `crs`."""
        west, south, east, north = shapely.bounds(self.polygon(crs)).tolist()
        return west, south, east, north

    def holds(self, x: npt.ArrayLike, y: npt.ArrayLike, crs: CRS = WGS84) -> npt.NDArray[np.bool_]:
        """Which points (in `crs`) lie in the circle, shape (n,)."""
        to_plane = Transformer.from_crs(crs, self.plane, always_xy=True)
        east, north = to_plane.transform(np.asarray(x, np.float64), np.asarray(y, np.float64))
        inside: npt.NDArray[np.bool_] = np.hypot(east, north) <= self.radius_km * 1000.0
        return inside

    def wider(self, margin_km: float) -> Area:
        """The same circle with a margin around it."""
        return Area(self.lon, self.lat, min(self.radius_km + margin_km, 1000.0))
