"""The mirror in the line of the border: abroad as home, reflected.

The mirror by direction (`half_circle`) turns the circle half round, wherever the border lies. Here
the border near a place is taken as a straight line and the home country is reflected in it, as in a
map folded along the border:

    A_line(i) = A_dom(i) + sum over j at home, on this side of the line, of O_j f(t(i, j'))

where j' is the image of j, and t(i, j') the time that journeys of that length take from i at home:
distance times the median pace (seconds per metre of straight line) of the domestic pairs of i in
that class of distance. Where home is uniform, the border straight and journeys equally fast all
around, A_line is the open reach, at any distance from the border.

The line is fitted by total least squares (Pearson 1901, 10.1080/14786440109462720) to the border
within `NEAR_M` of the border point that is nearest to the place. Unlike the mirror by direction it
takes no coast for a border; like it, it needs nothing from abroad but where the border runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import CRS, Transformer
from scipy.spatial import cKDTree
from shapely.geometry.base import BaseGeometry

from halfcircle._checks import frozen_array
from halfcircle.access.crow_fly import geodesic_azimuths_deg, geodesic_distances_m
from halfcircle.errors import StudyError, ZoneError
from halfcircle.places import Places
from halfcircle.regions._mirror import mirrored_reach
from halfcircle.regions.border_plan import TABLE_STEP_S, BorderPlan

__all__ = ["BorderLines", "border_lines", "border_points", "mirror_in_line", "paces_at_home"]

Floats = npt.NDArray[np.float64]

NEAR_M = 20_000.0
POINT_STEP_M = 500.0
# Land of two countries this near to each other is a land border: rivers, and boundaries that do
# not quite fit.
TOUCH_M = 1_000.0
PACE_STEP_M = 2_000.0
PLANE = CRS.from_epsg(3035)


@dataclass(frozen=True, eq=False)
class BorderLines:
    """The border near each of n places, as a line.

    Parameters
    ----------
    normal : array of float64, shape (n, 2)
        East and north of the unit vector that points across the line, away from the place; NaN
        where the country of the place has no land border.
    offset_m : array of float64, shape (n,), metres
        From the place to the line; 0 for a place beyond it, in a bulge of its country.
    fit_m : array of float64, shape (n,), metres
        Root mean square distance of the border points from the line: how straight the border is.
    """

    normal: Floats
    offset_m: Floats
    fit_m: Floats

    def __post_init__(self) -> None:
        for name in ("normal", "offset_m", "fit_m"):
            object.__setattr__(self, name, frozen_array(getattr(self, name), np.float64))
        n = len(self.normal)
        if self.normal.shape != (n, 2) or not self.offset_m.shape == self.fit_m.shape == (n,):
            raise StudyError("border lines: arrays do not fit together")

    def take(self, idx: npt.NDArray[np.int64]) -> BorderLines:
        """Lines of some of the places."""
        return BorderLines(self.normal[idx], self.offset_m[idx], self.fit_m[idx])


def border_points(
    land: Mapping[str, BaseGeometry], crs: CRS, *, touch_m: float = TOUCH_M
) -> dict[str, Floats]:
    """Points along the land border of each country.

    Parameters
    ----------
    land : mapping of ISO code to shapely geometry
        In `crs`.
    crs : pyproj.CRS
    touch_m : float, metres
        Land of another country within this distance makes it a border and no coast.

    Returns
    -------
    dict of str to array of float64, shape (n_points, 2), metres in EPSG:3035
        Every 500 m; none for a country without a land border.
    """
    project = Transformer.from_crs(crs, PLANE, always_xy=True)

    def to_plane(xy: Floats) -> Floats:
        return np.column_stack(project.transform(xy[:, 0], xy[:, 1]))

    flat = {code: shapely.transform(shape, to_plane) for code, shape in land.items()}
    found = {}
    for code, shape in flat.items():
        others = [other for c, other in flat.items() if c != code]
        if not others or shape.is_empty:
            found[code] = np.empty((0, 2))
            continue
        abroad = shapely.union_all(others)
        shapely.prepare(abroad)
        points = shapely.get_coordinates(shapely.segmentize(shapely.boundary(shape), POINT_STEP_M))
        near = shapely.dwithin(shapely.points(points), abroad, touch_m)
        # One point per cell: a crooked border weighs no more than a straight one.
        cell = np.unique(np.floor(points[near] / POINT_STEP_M), axis=0, return_index=True)[1]
        found[code] = points[near][np.sort(cell)]
    return found


def border_lines(
    places: Places, points: Mapping[str, Floats], *, near_m: float = NEAR_M
) -> BorderLines:
    """Fit the border near every place.

    Parameters
    ----------
    places : Places
        With countries.
    points : mapping of str to array of float64, shape (n_points, 2)
        From `border_points`.
    near_m : float, metres
        How much of the border counts, around the point nearest to the place.

    Raises
    ------
    ZoneError
        Places have no country.
    """
    if places.country is None:
        raise ZoneError("border lines: places have no country")
    n = len(places)
    normal, offset_m, fit_m = np.full((n, 2), np.nan), np.full(n, np.nan), np.full(n, np.nan)
    to_degrees = Transformer.from_crs(PLANE, CRS.from_epsg(4326), always_xy=True)
    xy = places.xy_m(PLANE)
    for code in sorted(set(places.country) & set(points)):
        border = points[code]
        if len(border) < 2:
            continue
        tree = cKDTree(border)
        lon, lat = to_degrees.transform(border[:, 0], border[:, 1])
        rows = np.flatnonzero(places.country == code)
        nearest = np.atleast_1d(tree.query(xy[rows])[1])
        for row, middle in zip(rows, nearest, strict=True):
            part = np.sort(tree.query_ball_point(border[middle], near_m))
            around = Places(np.arange(len(part)).astype(str).astype(object), lon[part], lat[part])
            line = _fit(places.take(np.array([row])), around)
            if line is not None:
                normal[row], offset_m[row], fit_m[row] = line
    return BorderLines(normal, offset_m, fit_m)


def _fit(place: Places, border: Places) -> tuple[Floats, float, float] | None:
    """Normal, offset and root mean square, in the azimuthal plane around the place."""
    distance = geodesic_distances_m(place, border)[0]
    azimuth = np.radians(np.nan_to_num(geodesic_azimuths_deg(place, border)[0].astype(np.float64)))
    at = distance[:, None] * np.column_stack([np.sin(azimuth), np.cos(azimuth)])
    middle = at.mean(axis=0)
    spread = (at - middle).T @ (at - middle) / len(at)
    values, vectors = np.linalg.eigh(spread)
    if not values[1] > 0.0:
        return None
    normal = vectors[:, 0]
    nearest = at[np.argmin(distance)]
    ahead = float(nearest @ normal)
    if abs(ahead) < 0.1 * float(np.hypot(*nearest)):
        ahead = float(middle @ normal)
    # The nearest piece of border lies ahead, also of a place in a bulge beyond the line.
    normal = normal if ahead >= 0.0 else -normal
    offset = max(float(middle @ normal), 0.0)
    return normal, offset, float(np.sqrt(max(values[0], 0.0)))


def paces_at_home(
    times_s: npt.NDArray[np.float32], distance_m: Floats, home: npt.NDArray[np.bool_]
) -> Floats:
    """Median pace of each origin over its domestic pairs, by class of distance.

    Parameters
    ----------
    times_s : array of float32, shape (n, m), seconds
    distance_m : array of float64, shape (n, m), metres
        Infinite for pairs that are not looked at.
    home : array of bool, shape (n, m)

    Returns
    -------
    array of float64, shape (n, n_classes), seconds per metre
        Classes of 2 km; infinite where most pairs are not reached; classes without pairs take the
        nearest class that has some.
    """
    used = home & np.isfinite(distance_m) & (distance_m > 0.0)
    longest = float(distance_m[used].max(initial=PACE_STEP_M))
    n_classes = int(longest // PACE_STEP_M) + 1
    out = np.full((len(times_s), n_classes), np.inf)
    for i, mine in enumerate(used):
        if not mine.any():
            continue
        far = distance_m[i, mine]
        which = (far // PACE_STEP_M).astype(np.int64)
        pace = times_s[i, mine] / far
        order = np.lexsort((pace, which))
        which, pace = which[order], pace[order]
        classes, first, size = np.unique(which, return_index=True, return_counts=True)
        # The upper of two middle values: a class of which half is not reached is not reached.
        median = pace[first + size // 2]
        nearest = np.abs(np.arange(n_classes)[:, None] - classes[None, :]).argmin(axis=1)
        out[i] = median[nearest]
    return out


def mirror_in_line(
    plan: BorderPlan,
    origin_idx: npt.NDArray[np.int64],
    times_s: npt.NDArray[np.float32],
    domestic: Floats,
    lines: BorderLines,
) -> Floats:
    """Reach if abroad were home reflected in the border.

    Parameters
    ----------
    plan : BorderPlan
    origin_idx : array of int64, shape (n_block,)
    times_s : array of float32, shape (n_block, n_destinations), seconds
    domestic : array of float64, shape (n_block, n_measures, n_columns)
        Domestic reach of the block, from the same times.
    lines : BorderLines
        Of all origins of the plan.

    Returns
    -------
    array of float64, shape (n_block, n_measures, n_columns)
        NaN where the country has no land border, and where domestic reach is not known.
    """
    idx = np.asarray(origin_idx, dtype=np.int64)
    block, here = plan.origins.take(idx), lines.take(idx)
    side = plan.origin_side[idx]
    home = (side[:, None] == plan.destination_side[None, :]) & (side >= 0)[:, None]
    reached = home & np.isfinite(times_s)
    distance = geodesic_distances_m(block, plan.destinations)
    # Images are farther than what they are images of: beyond the farthest that is reached, none is.
    longest = np.where(reached, distance, 0.0).max(axis=1, initial=0.0)
    near = home & (distance <= longest[:, None])
    near &= np.isfinite(here.offset_m)[:, None] & (here.offset_m <= longest)[:, None]
    distance = np.where(near, distance, np.inf)
    azimuth = geodesic_azimuths_deg(block, plan.destinations, wanted=near)
    own = block.place_id[:, None] == plan.destinations.place_id[None, :]
    own_s = np.where(own & np.isfinite(times_s), times_s, 0.0).max(axis=1, initial=0.0)
    paces = frozen_array(paces_at_home(times_s, distance, home), np.float64)
    bands_s = frozen_array(np.asarray(plan.measures.bands_s), np.float64)
    added = np.zeros_like(domestic)
    mirrored_reach(
        distance, azimuth, frozen_array(side, np.int64), plan.destination_side, plan.weights,
        here.normal, here.offset_m, paces, PACE_STEP_M, frozen_array(own_s, np.float64),
        bands_s, plan.tables, TABLE_STEP_S, added,
    )  # fmt: skip
    out = domestic + added
    out[~np.isfinite(here.offset_m)] = np.nan
    return np.asarray(out)
