"""The geography of the twin towns, as data: an invented border region on a metric lattice.

Lindeveen (NL) and Eschenfurth (DE) lie 13 km apart on either side of the river Hale, which is the
national border. Nothing here exists: the frame is laid over the Dutch-German border area so that
countries, time zones and speeds are plausible, and no more.

**Frame.** All positions are metres east and north of `Geometry.centre_lon, centre_lat` in an
azimuthal equidistant projection on WGS 84. Within the 15 km that the region reaches, a length in
the frame differs from the geodesic by less than one millionth; OSM keeps 1e-7 degree (1 cm).

**Streets.** Country lanes follow the whole kilometres (x or y a multiple of `lane_m`); towns and
villages add streets every `block_m` in the squares around them. No lane crosses the river but the
road bridge at y = 0 and the spurs of the ferry at y = `ferry_y_m`. Each side of the river is
convex along rows and columns, so the way between two points of one side has the length

    |x1 - x2| + |y1 - y2|                                   (Manhattan)

with one exception: two points inside the same kilometre strip (both strictly between the lanes
y = n and y = n + 1 km) without streets all the way between them have to come out to one of the two
lanes, which makes the y part ``min(|y1 - s| + |y2 - s|)`` over the two lanes s; likewise for x. A
way to the other side adds the way to the bridgehead, the bridge and the way from the other
bridgehead (`Geometry.bridgeheads_m`), or the same with the ferry.

**Zones.** Squares of 500 m in towns and villages, centred on a street corner; squares of 1 km in
the country, centred on a crossing of lanes. Only where river or lake bite into a square is its
centroid elsewhere: such `waterside` zones have no jobs and no schools, so no sum depends on them.
Ways between the other zones are whole multiples of 500 m; at 4.8 and 14.4 km/h none takes a whole
number of quarters of an hour, so that no zone lies on the edge of a band.

**Timetable.** Every line runs all day at one headway, with the same hop times: a departure is
``first_s + n * headway_s`` plus the running time from the first stop (see `timetables.Line`).
Stops lie on street corners. Trains leave on whole minutes and buses 20 or 40 seconds later: who
leaves a zone on a whole minute is never at a stop in the very second of a departure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import shapely
from pyproj import Transformer

__all__ = [
    "GEOMETRY",
    "LAKE",
    "LAKE_SHORE_KM",
    "OUTLINE_KM",
    "PLACES",
    "Geometry",
    "Place",
    "lattice",
    "place_at",
    "river_x_m",
    "side_of",
    "to_lonlat",
    "waterside",
]

Point = tuple[int, int]


@dataclass(frozen=True)
class Geometry:
    """The numbers from which tests predict times: metres, seconds and km/h.

    Attributes
    ----------
    block_m, lane_m : int
        Distance between parallel streets in built-up places, and between country lanes.
    town_zone_m : int
        Side of a zone in towns and villages; `lane_m` in the country.
    bridgeheads_m, ferry_heads_m : pair of points
        Lattice points west and east of the river that the road bridge and the ferry road join.
    ferry_crossing_m, ferry_s : int
        Length on the water and its duration tag; the rest of the ferry road is ordinary lane.
    """

    centre_lon: float = 6.92
    centre_lat: float = 52.08
    block_m: int = 250
    lane_m: int = 1000
    town_zone_m: int = 500
    river_width_m: int = 180
    # streets
    walk_kmh: float = 4.8
    bike_kmh: float = 14.4
    motorway_kmh: int = 100
    link_kmh: int = 60
    primary_nl_kmh: int = 80
    primary_de_kmh: int = 100
    main_street_kmh: int = 50
    residential_kmh: int = 30
    lane_nl_kmh: int = 60
    lane_de_kmh: int = 70
    motorway_y_m: int = 3500
    carriageway_m: int = 15
    interchanges_x_m: tuple[int, ...] = (-9500, -6500, -1500)
    bridgeheads_m: tuple[Point, Point] = ((-1000, 0), (1000, 0))
    ferry_heads_m: tuple[Point, Point] = ((-2000, -4000), (0, -4000))
    ferry_landings_m: tuple[Point, Point] = ((-1250, -4000), (-750, -4000))
    ferry_s: int = 240
    no_left_turn_at_m: Point = (-6000, 0)  # from eastbound to northbound
    bollard_at_m: Point = (-5500, 1125)
    # rail and bus
    train_kmh: int = 60
    bus_kmh: int = 20
    country_bus_kmh: int = 30
    stations_x_m: tuple[int, ...] = (-11_000, -6_000, -3_000, 2_000, 6_000, 11_000)
    station_y_m: int = -1000

    @property
    def bridge_m(self) -> int:
        """Length of the road between the bridgeheads."""
        return self.bridgeheads_m[1][0] - self.bridgeheads_m[0][0]

    @property
    def ferry_crossing_m(self) -> int:
        """Length of the ferry on the water."""
        return self.ferry_landings_m[1][0] - self.ferry_landings_m[0][0]


@dataclass(frozen=True)
class Place:
    """A town or village.

    Attributes
    ----------
    code, name, country : str
    zones_m, streets_m : tuple of int
        West, south, east, north of the built-up zones and of the street grid, which reaches out to
        the next lanes.
    population, jobs : int
        Totals over its zones.
    high_percent : int
        Share of jobs for the higher educated in the middle of the place.
    is_town : bool
    open_km : tuple of points
        Squares (km) inside the bounds that are not built up: their zones are country.
    """

    code: str
    name: str
    country: str
    zones_m: tuple[int, int, int, int]
    population: int
    jobs: int
    high_percent: int
    is_town: bool = False
    open_km: tuple[Point, ...] = ()

    @property
    def streets_m(self) -> tuple[int, int, int, int]:
        """Street grid: the zones and half a kilometre around, up to the next lanes."""
        west, south, east, north = self.zones_m
        return west - 500, south - 500, east + 500, north + 500

    @property
    def centre_m(self) -> tuple[float, float]:
        """Middle of the built-up zones."""
        west, south, east, north = self.zones_m
        return (west + east) / 2, (south + north) / 2


def _village(
    code: str, name: str, country: str, at_km: Point, population: int, jobs: int, high: int
) -> Place:
    x, y = at_km[0] * 1000, at_km[1] * 1000
    bounds = (x - 500, y - 500, x + 500, y + 500)
    return Place(code, name, country, bounds, population, jobs, high)


GEOMETRY = Geometry()

PLACES: tuple[Place, ...] = (
    Place(
        *("LIN", "Lindeveen", "NL", (-8500, -1500, -4500, 2500), 30_000, 15_000, 42),
        is_town=True,
        open_km=((-8, -1), (-8, 2), (-5, 2)),
    ),
    _village("RUI", "Ruimelo", "NL", (-11, -1), 2_400, 640, 26),
    _village("COE", "Coëvelde", "NL", (-3, -1), 3_200, 800, 30),
    _village("SJV", "Sint-Jansveld", "NL", (-3, 4), 2_000, 480, 24),
    _village("HEI", "Heiënbroek", "NL", (-5, -4), 1_600, 320, 22),
    Place(
        *("ESC", "Eschenfurth", "DE", (4500, -2500, 8500, 1500), 36_000, 18_000, 46),
        is_town=True,
        open_km=((5, -2), (8, -2), (5, 1)),
    ),
    _village("JUL", "Jülichsfeld", "DE", (2, -1), 2_800, 720, 28),
    _village("GRE", "Groß Eschlage", "DE", (4, 4), 2_200, 560, 25),
    _village("MUH", "Mühlenrade", "DE", (9, -4), 1_800, 400, 22),
    _village("DUS", "Düsterlohe", "DE", (11, -1), 2_600, 680, 27),
)

# Westernmost and easternmost square of each row, in km: convex along rows and columns.
OUTLINE_KM: dict[int, tuple[int, int]] = {
    5: (-9, 9),
    4: (-10, 11),
    3: (-11, 12),
    2: (-12, 12),
    1: (-12, 13),
    0: (-13, 13),
    -1: (-13, 13),
    -2: (-13, 12),
    -3: (-12, 12),
    -4: (-11, 11),
    -5: (-10, 10),
}

# Squares under the lake, and the square on its shore that takes over what is left of them.
LAKE_SHORE_KM: dict[Point, Point | None] = {
    (-11, -4): (-11, -3),
    (-10, -4): (-10, -3),
    (-9, -4): (-9, -3),
    (-10, -5): None,
    (-9, -5): (-8, -5),
}

RIVERBANK_KM = 0.35  # a lane crossing keeps this distance from the middle of the river


def _lake() -> shapely.Polygon:
    angle = np.linspace(0.0, 2.0 * math.pi, 72, endpoint=False)
    bulge = 1.0 + 0.07 * np.sin(3.0 * angle + 0.6)
    x = -10_090.0 + 1_500.0 * bulge * np.cos(angle)
    y = -4_700.0 + 950.0 * bulge * np.sin(angle)
    return shapely.Polygon(np.column_stack([x, y]))


LAKE = _lake()


def river_x_m(y_m: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Middle of the river Hale, which is the border, at northing `y_m`.

    It never runs backwards (its x grows with y), which keeps both sides convex along rows and
    columns.
    """
    y_km = np.asarray(y_m, dtype=np.float64) / 1000.0
    return 1000.0 * (0.28 * y_km + 0.25 * np.sin(0.9 * y_km))


def side_of(x_m: float, y_m: float) -> str:
    """``"NL"`` west of the middle of the river, ``"DE"`` east of it."""
    return "NL" if x_m < float(river_x_m(y_m)) else "DE"


def lattice(country: str) -> frozenset[Point]:
    """Crossings of country lanes on one side of the river, in km: also the squares of the map."""
    points = set()
    for y_km, (west, east) in OUTLINE_KM.items():
        middle_km = float(river_x_m(1000 * y_km)) / 1000.0
        for x_km in range(west, east + 1):
            if (x_km, y_km) in LAKE_SHORE_KM or abs(x_km - middle_km) < RIVERBANK_KM:
                continue
            if (x_km < middle_km) == (country == "NL"):
                points.add((x_km, y_km))
    return frozenset(points)


def waterside(country: str) -> frozenset[Point]:
    """Squares (km) of one side whose shape follows river or lake: nobody works there."""
    points = lattice(country)
    rows: dict[int, list[int]] = {}
    for x_km, y_km in points:
        rows.setdefault(y_km, []).append(x_km)
    banks = {(max(xs) if country == "NL" else min(xs), y) for y, xs in rows.items()}
    shore = {to for to in LAKE_SHORE_KM.values() if to is not None and country == "NL"}
    return frozenset(banks | shore)


def place_at(x_m: float, y_m: float) -> Place | None:
    """Town or village whose built-up zones hold the point, or None in the country."""
    for place in PLACES:
        west, south, east, north = place.zones_m
        square = (math.floor(x_m / 1000 + 0.5), math.floor(y_m / 1000 + 0.5))
        if west < x_m < east and south < y_m < north and square not in place.open_km:
            return place
    return None


def to_lonlat(
    x_m: npt.ArrayLike, y_m: npt.ArrayLike
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Degrees (WGS 84) of positions in the frame, shape as given."""
    frame = (
        f"+proj=aeqd +lat_0={GEOMETRY.centre_lat} +lon_0={GEOMETRY.centre_lon} "
        "+datum=WGS84 +units=m +no_defs"
    )
    transform = Transformer.from_crs(frame, "EPSG:4326", always_xy=True).transform
    lon, lat = transform(np.asarray(x_m, dtype=np.float64), np.asarray(y_m, dtype=np.float64))
    return np.asarray(lon), np.asarray(lat)
