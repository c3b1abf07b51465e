"""Kernel: geodesic distance and azimuth between all origins and destinations of a block."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt
from numba import njit

# WGS 84
SEMI_MAJOR_M = 6378137.0
FLATTENING = 1.0 / 298.257223563
SEMI_MINOR_M = SEMI_MAJOR_M * (1.0 - FLATTENING)
# A degree of latitude is never shorter than this.
MIN_M_PER_DEGREE = 110_500.0


@njit(cache=True, nogil=True)
def _reduced(lat: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Sine and cosine of the reduced latitude, shape (n, 2)."""
    out = np.empty((len(lat), 2))
    for i in range(len(lat)):
        u = math.atan((1.0 - FLATTENING) * math.tan(math.radians(lat[i])))
        out[i, 0], out[i, 1] = math.sin(u), math.cos(u)
    return out


@njit(cache=True, nogil=True)
def _inverse(
    turn: float, sin_1: float, cos_1: float, sin_2: float, cos_2: float, tolerance: float
) -> tuple[float, float]:
    """Distance (m) and azimuth (degrees, nan at no distance) by Vincenty's inverse formula.

    `turn` is the difference of longitudes in degrees; iteration stops at `tolerance` radians.
    """
    if turn == 0.0 and sin_1 == sin_2:
        return 0.0, np.nan
    turn -= 360.0 * math.floor((turn + 180.0) / 360.0)  # the short way over the date line
    difference = math.radians(turn)
    lam = difference
    sin_sigma = cos_sigma = sigma = cos2_alpha = cos_2m = sin_lam = cos_lam = 0.0
    for _ in range(40):
        sin_lam, cos_lam = math.sin(lam), math.cos(lam)
        east = cos_2 * sin_lam
        north = cos_1 * sin_2 - sin_1 * cos_2 * cos_lam
        sin_sigma = math.sqrt(east * east + north * north)
        if sin_sigma == 0.0:
            return 0.0, np.nan
        cos_sigma = sin_1 * sin_2 + cos_1 * cos_2 * cos_lam
        sigma = math.atan2(sin_sigma, cos_sigma)
        sin_alpha = cos_1 * cos_2 * sin_lam / sin_sigma
        cos2_alpha = 1.0 - sin_alpha * sin_alpha
        cos_2m = cos_sigma - 2.0 * sin_1 * sin_2 / cos2_alpha if cos2_alpha > 1e-15 else 0.0
        c = FLATTENING / 16.0 * cos2_alpha * (4.0 + FLATTENING * (4.0 - 3.0 * cos2_alpha))
        before = lam
        inner = cos_2m + c * cos_sigma * (2.0 * cos_2m * cos_2m - 1.0)
        lam = difference + (1.0 - c) * FLATTENING * sin_alpha * (sigma + c * sin_sigma * inner)
        if abs(lam) > math.pi:
            # Nearly antipodal: the series does not converge; half the globe is exact enough.
            lam = before
            break
        if abs(lam - before) < tolerance:
            break
    squared = cos2_alpha * (SEMI_MAJOR_M**2 - SEMI_MINOR_M**2) / SEMI_MINOR_M**2
    a = 1.0 + squared / 16384.0 * (
        4096.0 + squared * (-768.0 + squared * (320.0 - 175.0 * squared))
    )
    b = squared / 1024.0 * (256.0 + squared * (-128.0 + squared * (74.0 - 47.0 * squared)))
    part = cos_sigma * (2.0 * cos_2m * cos_2m - 1.0)
    part -= b / 6.0 * cos_2m * (4.0 * sin_sigma**2 - 3.0) * (4.0 * cos_2m**2 - 3.0)
    correction = b * sin_sigma * (cos_2m + b / 4.0 * part)
    distance = SEMI_MINOR_M * a * (sigma - correction)
    azimuth = math.degrees(math.atan2(cos_2 * sin_lam, cos_1 * sin_2 - sin_1 * cos_2 * cos_lam))
    if azimuth < 0.0:
        azimuth += 360.0
    return distance, azimuth


@njit(cache=True, nogil=True)
def distances(
    from_lon: npt.NDArray[np.float64],
    from_lat: npt.NDArray[np.float64],
    to_lon: npt.NDArray[np.float64],
    to_lat: npt.NDArray[np.float64],
    max_m: float,
    out_m: npt.NDArray[np.float64],
) -> None:
    """Distances in metres; infinite for pairs that are surely beyond `max_m`."""
    max_degrees = max_m / MIN_M_PER_DEGREE
    start, end = _reduced(from_lat), _reduced(to_lat)
    for i in range(len(from_lon)):
        for j in range(len(to_lon)):
            if abs(to_lat[j] - from_lat[i]) > max_degrees:
                out_m[i, j] = np.inf
            else:
                turn = to_lon[j] - from_lon[i]
                distance, _ = _inverse(turn, start[i, 0], start[i, 1], end[j, 0], end[j, 1], 1e-11)
                out_m[i, j] = distance if distance <= max_m else np.inf


@njit(cache=True, nogil=True)
def azimuths(
    from_lon: npt.NDArray[np.float64],
    from_lat: npt.NDArray[np.float64],
    to_lon: npt.NDArray[np.float64],
    to_lat: npt.NDArray[np.float64],
    wanted: npt.NDArray[np.bool_],
    out_degrees: npt.NDArray[np.float32],
) -> None:
    """Azimuth at the origin of the wanted pairs; nan for others and at no distance."""
    start, end = _reduced(from_lat), _reduced(to_lat)
    for i in range(len(from_lon)):
        for j in range(len(to_lon)):
            if wanted[i, j]:
                turn = to_lon[j] - from_lon[i]
                _, azimuth = _inverse(turn, start[i, 0], start[i, 1], end[j, 0], end[j, 1], 1e-8)
                out_degrees[i, j] = azimuth
            else:
                out_degrees[i, j] = np.nan
