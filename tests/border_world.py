"""Small worlds with a border whose losses are known, and a plain twin of the border kernels."""

import math
from dataclasses import dataclass

import numpy as np
from pyproj import Geod

from halfcircle.access.decay import Decay
from halfcircle.places import Places

WGS84 = Geod(ellps="WGS84")


@dataclass(frozen=True, eq=False)
class FixedTimes:
    """A `TravelTimeSource` that hands out a given matrix of seconds."""

    origins: Places
    destinations: Places
    matrix_s: np.ndarray
    mode: str = "car"
    percentiles: tuple[int, ...] = (50,)

    def times_s(self, origin_idx):
        matrix = self.matrix_s if self.matrix_s.ndim == 3 else self.matrix_s[:, None, :]
        return matrix[origin_idx].astype(np.float32)


def places(countries, *, lon=None, lat=None, prefix="z") -> Places:
    n = len(countries)
    return Places(
        [f"{prefix}{i}" for i in range(n)],
        np.arange(n) * 0.01 + 6.0 if lon is None else lon,
        np.full(n, 51.0) if lat is None else lat,
        list(countries),
    )


def around(azimuth_deg, distance_m, *, lon=6.0, lat=51.0):
    """Positions at these true azimuths and geodesic distances."""
    n = len(azimuth_deg)
    far_lon, far_lat, _ = WGS84.fwd(
        np.full(n, lon), np.full(n, lat), np.asarray(azimuth_deg), np.asarray(distance_m)
    )
    return np.asarray(far_lon), np.asarray(far_lat)


def disk_world(
    *, cells_per_radius: int, radius_m: float, border_m: float = 0.0, rotate_deg: float = 0.0
) -> tuple[Places, Places]:
    """One origin amid cells that fill a disk; the straight border lies `border_m` to its east.

    Cells are squares of the azimuthal plane around the origin, so that distances and directions
    from it are exact; the origin sits on a corner of cells. Country A is west of the border.
    """
    cell = radius_m / cells_per_radius
    axis = (np.arange(-cells_per_radius, cells_per_radius) + 0.5) * cell
    x, y = (grid.ravel() for grid in np.meshgrid(axis, axis))
    inside = np.hypot(x, y) <= radius_m
    x, y = x[inside], y[inside]
    azimuth = np.degrees(np.arctan2(x, y)) + rotate_deg
    lon, lat = around(azimuth, np.hypot(x, y))
    country = np.where(x < border_m, "A", "B")
    origin = Places(["origin"], [6.0], [51.0], ["A"])
    return origin, places(country, lon=lon, lat=lat)


def segment_loss(x: float) -> float:
    """Share of a disk beyond a chord at `x` radii from its centre."""
    return (math.acos(x) - x * math.sqrt(1.0 - x * x)) / math.pi


def plain_border(times_s, origin_side, destination_side, weights, bands_s, decays, penalty_s,
                 factor, match):  # fmt: skip
    """Twin of `_border.border_reach`, straight from the definitions, for one rule set."""
    n, n_destinations = times_s.shape
    n_columns = weights.shape[1]
    functions = [lambda t, b=b: float(t <= b) for b in bands_s]
    functions += [lambda t, d=d: float(d(np.float64(t))) for d in decays]
    domestic, reach, effective = (np.zeros((n, len(functions), n_columns)) for _ in range(3))
    for i in range(n):
        for j in range(n_destinations):
            a, b, t = origin_side[i], destination_side[j], float(times_s[i, j])
            if a < 0 or b < 0 or math.isinf(t):
                continue
            for m, f in enumerate(functions):
                for k in range(n_columns):
                    reach[i, m, k] += weights[j, k] * f(t)
                    if a == b:
                        domestic[i, m, k] += weights[j, k] * f(t)
                        effective[i, m, k] += weights[j, k] * f(t)
                    else:
                        share = factor[k, a, b] * match[i, k]
                        effective[i, m, k] += weights[j, k] * share * f(t + penalty_s[a, b])
    return domestic, reach, effective


def plain_sectors(times_s, azimuth_deg, origin_side, destination_side, weights, decay: Decay):
    """Twin of `_border.sector_reach` for one decay."""
    n, n_destinations = times_s.shape
    domestic, reach = (np.zeros((n, weights.shape[1], 17)) for _ in range(2))
    vectors = np.zeros((n, weights.shape[1], 4))
    for i in range(n):
        for j in range(n_destinations):
            if math.isinf(times_s[i, j]) or origin_side[i] < 0 or destination_side[j] < 0:
                continue
            f = float(decay(np.float64(times_s[i, j])))
            angle = float(azimuth_deg[i, j])
            sector = 16 if math.isnan(angle) else int((angle + 11.25) // 22.5) % 16
            unit = (0.0, 0.0)
            if sector < 16:
                unit = (math.sin(math.radians(angle)), math.cos(math.radians(angle)))
            for k in range(weights.shape[1]):
                value = f * weights[j, k]
                reach[i, k, sector] += value
                vectors[i, k, 2:] += np.multiply(unit, value)
                if origin_side[i] == destination_side[j]:
                    domestic[i, k, sector] += value
                    vectors[i, k, :2] += np.multiply(unit, value)
    return domestic, reach, vectors
