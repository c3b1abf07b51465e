"""Isochrones of a study: times from its places, and along streets the areas between zones."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

from halfcircle._checks import Faults
from halfcircle.access.street_times import StreetTimes
from halfcircle.access.streets import street_times_s
from halfcircle.errors import Fault, StudyError
from halfcircle.outputs import PlaceReach
from halfcircle.places import Zones
from halfcircle.study.inputs.maps import zone_of_place
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.build import Modes
from halfcircle.study.settings.config import Study
from halfcircle.study.settings.maps_file import IsochronesConfig

__all__ = ["Reached", "compute_isochrones", "street_areas"]

# Cells along the longer side of an isochrone, where the study gives no size.
CELLS_ACROSS = 160
LEAST_CELL_M = 50.0
MOST_ACROSS = 600
WALK_KMH = 4.5
# How far a band can lead at most.
FASTEST_KMH = {"walk": 7.0, "bike": 35.0, "car": 140.0}


@dataclass(frozen=True, eq=False)
class Reached:
    """Reach of the places of ``[isochrones]``, and what was noticed."""

    places: tuple[PlaceReach, ...] = ()
    notices: tuple[Fault, ...] = ()


def compute_isochrones(study: Study, inputs: Inputs, modes: Modes) -> Reached:
    """Travel times from every place by every mode of ``[isochrones]``.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    modes : Modes
        Of the baseline.

    Returns
    -------
    Reached
        Places that a mode does not reach at all are left out, with a notice that says why.
    """
    config = study.isochrones
    if config is None:
        return Reached()
    found: list[PlaceReach] = []
    notices = Faults()
    zones = inputs.zones
    for place in config.places:
        zone_idx = zone_of_place(zones, place, Faults())
        label = str(zones.label[zone_idx])
        point = place if isinstance(place, tuple) else None
        name = label if point is None else f"{point[0]:g}, {point[1]:g} ({label})"
        if point is not None and config.kind == "zones":
            notices.add(
                "[isochrones] places",
                f"times are those of the zone that the place lies in, {label}",
                values=[f"{point[0]:g}, {point[1]:g}"],
                remedy='kind = "street" starts at the place itself',
                severity="notice",
            )
        for mode in config.modes:
            source = modes.sources[mode]
            percentile = min(source.percentiles, key=lambda p: abs(p - 50))
            rows = source.times_s(np.array([zone_idx], dtype=np.int64))
            times_s = np.asarray(rows[0, source.percentiles.index(percentile)], dtype=np.float64)
            areas = None
            if isinstance(source, StreetTimes) and config.kind == "street":
                areas = street_areas(source, zones, config, zone_idx, point)
            nothing = not (times_s <= 60.0 * config.bands_min[-1]).any()
            if nothing and (areas is None or areas[-1].is_empty):
                reason = str(modes.reasons[mode][zone_idx]) or "nothing within the longest band"
                notices.warn(f"[isochrones] {mode}", f"no isochrone: {reason}", values=[label])
                continue
            found.append(
                PlaceReach(
                    name, zone_idx, mode, percentile, config.bands_min, times_s, areas,
                    config.opportunity,
                )
            )  # fmt: skip
    return Reached(tuple(found), notices.warnings)


def street_areas(
    source: StreetTimes,
    zones: Zones,
    config: IsochronesConfig,
    zone_idx: int,
    point: tuple[float, float] | None,
) -> tuple[Any, ...]:
    """Areas within each band as cells near streets, in the CRS of the zones.

    A cell belongs to a band if its middle can be reached within it, the way between the street and
    the middle on foot, and at most one and a half cells long.

    Parameters
    ----------
    source : StreetTimes
    zones : Zones
    config : IsochronesConfig
    zone_idx : int
    point : (float, float), optional
        Longitude and latitude to start at; the point of the zone where left out.

    Returns
    -------
    tuple of shapely MultiPolygon
        Per band; each holds the one before.
    """
    network = source.network
    to_metres = Transformer.from_crs(4326, zones.crs, always_xy=True)
    lon, lat = point or (zones.places.lon[zone_idx], zones.places.lat[zone_idx])
    x, y = to_metres.transform(lon, lat)
    lines = network.links.geometry()
    farthest_m = FASTEST_KMH[network.mode] / 3.6 * 60.0 * config.bands_min[-1]
    lines = shapely.transform(
        lines, lambda xy: np.column_stack(to_metres.transform(xy[:, 0], xy[:, 1]))
    )
    lines = lines[shapely.dwithin(lines, shapely.Point(x, y), farthest_m)]
    if not len(lines):
        return tuple(shapely.MultiPolygon() for _ in config.bands_min)
    west, south, east, north = shapely.total_bounds(lines)
    across_m = min(max(east - west, north - south), 2.0 * farthest_m)
    cell_m = config.cell_m or max(LEAST_CELL_M, across_m / CELLS_ACROSS)
    if across_m > MOST_ACROSS * cell_m:
        raise StudyError(
            f"[isochrones] cell_m: an area {across_m / 1000:.0f} km across has too many cells of "
            f"{cell_m:g} m - make them {np.ceil(across_m / MOST_ACROSS):.0f} m or larger"
        )
    middle_x, middle_y = _middles((x, y), lines, cell_m)
    from_metres = Transformer.from_crs(zones.crs, 4326, always_xy=True)
    ends_lon, ends_lat = from_metres.transform(middle_x, middle_y)
    start = network.snap(
        np.array([lon]), np.array([lat]), max_snap_m=max(1_000.0, cell_m), walk_kmh=WALK_KMH
    )
    ends = network.snap(ends_lon, ends_lat, max_snap_m=1.5 * cell_m, walk_kmh=WALK_KMH)
    times_s = street_times_s(
        network, start, ends, limit_s=60.0 * config.bands_min[-1], workers=source.workers
    )[0]
    return tuple(
        _cells(middle_x, middle_y, times_s <= 60.0 * band, cell_m) for band in config.bands_min
    )


def _middles(
    centre: tuple[float, float], lines: npt.NDArray[np.object_], cell_m: float
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Middles of the cells that streets run through or past; one cell's middle is the centre."""
    points = shapely.get_coordinates(shapely.segmentize(lines, cell_m))
    cells = np.unique(np.floor((points - centre) / cell_m + 0.5).astype(np.int64), axis=0)
    shift = np.array([(i, j) for i in (-1, 0, 1) for j in (-1, 0, 1)])
    wanted = np.unique((cells[:, None, :] + shift).reshape(-1, 2), axis=0)
    middle = wanted * cell_m + centre
    return middle[:, 0], middle[:, 1]


def _cells(
    x: npt.NDArray[np.float64],
    y: npt.NDArray[np.float64],
    chosen: npt.NDArray[np.bool_],
    cell_m: float,
) -> Any:
    half = cell_m / 2.0
    x, y = x[chosen], y[chosen]
    area = shapely.coverage_union_all(shapely.box(x - half, y - half, x + half, y + half))
    parts = [part for part in shapely.get_parts(area) if part.geom_type == "Polygon"]
    return shapely.MultiPolygon(parts)
