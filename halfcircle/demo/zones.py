"""The zones of the twin towns: neighbourhoods with people, jobs and schools.

Counts are shared out by weights that fall with the distance from the middle of a place, so that
every place keeps exactly the totals that `layout.PLACES` states.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import shapely

from halfcircle.demo.layout import (
    GEOMETRY,
    LAKE,
    LAKE_SHORE_KM,
    PLACES,
    Geometry,
    Place,
    lattice,
    place_at,
    river_x_m,
    to_lonlat,
    waterside,
)

__all__ = ["RURAL_JOBS", "RURAL_POPULATION", "DemoZone", "demo_zones", "write_zones"]

RURAL_POPULATION = 24
RURAL_JOBS = 8
WATERSIDE_POPULATION = 6
SNAPSHOT = "2026-01-01T00:00:00.000Z"
# Zones of the business parks by the motorway and on the main road (centre, in the frame).
BUSINESS_M = frozenset(
    {(x, 2250) for x in (-7250, -6750, -6250, -5750)} | {(8250, y) for y in (-750, -250, 250, 750)}
)
BUSINESS_WEIGHT = 1 / 14


@dataclass(frozen=True)
class DemoZone:
    """One zone.

    Attributes
    ----------
    zone_id, name, municipality, country : str
    x_m, y_m : float
        Centre of its square in the frame: a street corner. Its centroid too, unless `waterside`.
    area : shapely polygon in the frame
    population, jobs, jobs_high, schools : int
    """

    zone_id: str
    name: str
    municipality: str
    country: str
    x_m: float
    y_m: float
    area: shapely.Geometry
    waterside: bool
    population: int
    jobs: int
    jobs_high: int
    schools: int

    @property
    def workers(self) -> int:
        """Residents who work, wherever that is: half of them, rounded down."""
        return self.population // 2


@dataclass(frozen=True)
class _Square:
    place: Place  # built up, or the nearest one in the same country
    x_m: float
    y_m: float
    area: shapely.Geometry
    built_up: bool
    waterside: bool


def share_out(total: int, weights: Sequence[float]) -> list[int]:
    """Whole numbers in proportion to `weights` that sum to `total` (largest remainders)."""
    exact = [total * weight / sum(weights) for weight in weights]
    counts = [int(value) for value in exact]
    by_rest = sorted(range(len(exact)), key=lambda i: (counts[i] - exact[i], i))
    for i in by_rest[: total - sum(counts)]:
        counts[i] += 1
    return counts


def demo_zones(geometry: Geometry = GEOMETRY) -> list[DemoZone]:
    """All zones: by municipality, from north-west to south-east."""
    zones: list[DemoZone] = []
    squares = _squares(geometry)
    for place in PLACES:
        own = [square for square in squares if square.place is place]
        own.sort(key=lambda s: (not s.built_up, -s.y_m, s.x_m))
        built = [square for square in own if square.built_up]
        people = share_out(place.population, [_weight(s, spread=40.0) for s in built])
        jobs = share_out(place.jobs, [_weight(s, spread=4.0) for s in built])
        seen: dict[str, int] = {}
        for number, square in enumerate(own, start=1):
            name = _name(square, geometry)
            seen[name] = seen.get(name, 0) + 1
            if square.built_up:
                count, work = people[number - 1], jobs[number - 1]
                schools = int(number % 3 == 1)
            else:
                count = WATERSIDE_POPULATION if square.waterside else RURAL_POPULATION
                work, schools = 0 if square.waterside else RURAL_JOBS, 0
            zones.append(
                DemoZone(
                    zone_id=f"{place.code}-{number:02d}",
                    name=f"{name} {seen[name]}",
                    municipality=place.name,
                    country=place.country,
                    x_m=square.x_m,
                    y_m=square.y_m,
                    area=square.area,
                    waterside=square.waterside,
                    population=count,
                    jobs=work,
                    jobs_high=work * _high_percent(square) // 100,
                    schools=schools,
                )
            )
    return zones


def _squares(geometry: Geometry) -> list[_Square]:
    squares: list[_Square] = []
    for country in ("NL", "DE"):
        wet = waterside(country)
        bank = _river_bank(country, geometry)
        for x_km, y_km in sorted(lattice(country)):
            x, y = x_km * geometry.lane_m, y_km * geometry.lane_m
            place = place_at(x, y)
            if place is not None:
                quarter = geometry.town_zone_m / 2
                for dx in (-quarter, quarter):
                    for dy in (-quarter, quarter):
                        area = _box(x + dx, y + dy, geometry.town_zone_m)
                        squares.append(_Square(place, x + dx, y + dy, area, True, False))
                continue
            nearest = min(
                (p for p in PLACES if p.country == country),
                key=lambda p: abs(p.centre_m[0] - x) + abs(p.centre_m[1] - y),
            )
            area = _box(x, y, geometry.lane_m)
            if (x_km, y_km) in wet:
                area = _cut_by_water((x_km, y_km), country, bank, geometry)
            squares.append(_Square(nearest, x, y, area, False, (x_km, y_km) in wet))
    return squares


def _box(x_m: float, y_m: float, side_m: int) -> shapely.Geometry:
    half = side_m / 2
    return shapely.box(x_m - half, y_m - half, x_m + half, y_m + half)


def _river_bank(country: str, geometry: Geometry) -> shapely.Geometry:
    """Everything on one side of the river, up to its bank."""
    y = np.arange(-7000.0, 7001.0, 100.0)
    shift = geometry.river_width_m / 2 * (-1 if country == "NL" else 1)
    far = -30_000.0 if country == "NL" else 30_000.0
    line = np.column_stack([river_x_m(y) + shift, y])
    return shapely.Polygon([(far, y[0]), *line.tolist(), (far, y[-1])])


def _cut_by_water(
    at_km: tuple[int, int], country: str, bank: shapely.Geometry, geometry: Geometry
) -> shapely.Geometry:
    """A square at the water with what is left of its neighbours there."""
    x, y = at_km[0] * geometry.lane_m, at_km[1] * geometry.lane_m
    half = geometry.lane_m / 2
    parts = [_box(x, y, geometry.lane_m)]
    for gone, shore in LAKE_SHORE_KM.items():
        if shore == at_km:
            parts.append(
                _box(gone[0] * geometry.lane_m, gone[1] * geometry.lane_m, geometry.lane_m)
            )
    rows = [p[0] for p in lattice(country) if p[1] == at_km[1]]
    if at_km[0] == (max(rows) if country == "NL" else min(rows)):
        reach = 1500.0 if country == "NL" else -1500.0
        parts.append(shapely.box(min(x, x + reach), y - half, max(x, x + reach), y + half))
    area = shapely.intersection(shapely.difference(shapely.union_all(parts), LAKE), bank)
    largest: shapely.Geometry = max(shapely.get_parts(area), key=lambda part: float(part.area))
    return largest


def _weight(square: _Square, *, spread: float) -> float:
    """Share of a zone in its place; `spread` in squared blocks of 250 m."""
    x, y = square.place.centre_m
    dx, dy = (square.x_m - x) / 250.0, (square.y_m - y) / 250.0
    if not square.place.is_town:
        # Villages lean to one corner: 8 parts north-west, then 7, 6 and 5.
        return 6.5 + (0.5 if dx < 0 else -0.5) + (1.0 if dy > 0 else -1.0)
    extra = BUSINESS_WEIGHT if (square.x_m, square.y_m) in BUSINESS_M and spread < 10 else 0.0
    return 1.0 / (spread + dx * dx + dy * dy) + extra


def _high_percent(square: _Square) -> int:
    """Share of jobs for the higher educated: falls by two points per 250 m from the middle."""
    if not square.built_up:
        return 15
    x, y = square.place.centre_m
    ring = max(abs(square.x_m - x), abs(square.y_m - y)) / 250.0
    return square.place.high_percent - 2 * int(ring)


def _name(square: _Square, geometry: Geometry) -> str:
    place, x, y = square.place, square.x_m, square.y_m
    dutch = place.country == "NL"
    if square.waterside:
        return f"{'Waterkant' if dutch else 'Haleaue'} {place.name}"
    if not square.built_up:
        return f"{'Buitengebied' if dutch else 'Außenbereich'} {place.name}"
    dx, dy = x - place.centre_m[0], y - place.centre_m[1]
    if not place.is_town:
        return place.name
    if (x, y) in BUSINESS_M:
        return "Bedrijvenpark Halepoort" if dutch else "Gewerbepark Haletor"
    station = min(geometry.stations_x_m, key=lambda s: abs(s - x))
    if max(abs(dx), abs(dy)) < 600:
        return f"{place.name}-{'Binnenstad' if dutch else 'Altstadt'}"
    if abs(station - x) + abs(geometry.station_y_m - y) < 600:
        return f"{place.name}-{'Station' if dutch else 'Bahnhof'}"
    if abs(dx) > abs(dy):
        side = ("Oost" if dutch else "Ost") if dx > 0 else "West"
    else:
        side = ("Noord" if dutch else "Nord") if dy > 0 else ("Zuid" if dutch else "Süd")
    return f"{place.name}-{side}"


def zones_frame(geometry: Geometry = GEOMETRY) -> Any:
    """GeoDataFrame of the zones in EPSG:3035."""
    zones = demo_zones(geometry)
    columns: dict[str, Any] = {
        "zone_id": [z.zone_id for z in zones],
        "name": [z.name for z in zones],
        "municipality": [z.municipality for z in zones],
        "country": [z.country for z in zones],
        "population": [z.population for z in zones],
        "workers": [z.workers for z in zones],
        "jobs": [z.jobs for z in zones],
        "jobs_low": [z.jobs - z.jobs_high for z in zones],
        "jobs_high": [z.jobs_high for z in zones],
        "schools": [z.schools for z in zones],
    }
    areas = shapely.transform(
        np.array([z.area for z in zones], dtype=object),
        lambda xy: np.column_stack(to_lonlat(xy[:, 0], xy[:, 1])),
    )
    return gpd.GeoDataFrame(columns, geometry=areas, crs="EPSG:4326").to_crs("EPSG:3035")


def write_zones(path: Path, *, geometry: Geometry = GEOMETRY) -> None:
    """Write the zones as a GeoPackage, the same bytes every time.

    Parameters
    ----------
    path : Path
        ``.gpkg`` file; replaced if it is there.
    geometry : Geometry
    """
    path.unlink(missing_ok=True)
    zones_frame(geometry).to_file(path, layer="zones", driver="GPKG")
    # The format notes the time of writing: replaced by a fixed one.
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE gpkg_contents SET last_change = ?", (SNAPSHOT,))
    connection.close()
