"""A town in the desert: streets on a grid, a few lines, and every travel time by hand.

Use it where a test needs a whole network whose answers are known beforehand::

    city = GridCity(n_columns=6, n_rows=4, lines=(Line("1", ((0, 1), (2, 1), (5, 1)), hop_s=120),))
    city.write_osm(tmp_path / "city.osm.pbf")
    city.write_gtfs(tmp_path / "city.zip")
    places = city.places([(0, 0), (5, 3)])          # ids "c0r0", "c5r3", on street corners
    city.walk_s((0, 0), (5, 3))                     # 8 blocks, in seconds
    city.car_s((0, 0), (5, 3), factor=0.85, junction_s=2.0)
    city.transit_s((0, 0), (5, 3), 7 * 3600)        # best of walking and one ride
    values = powers_of_two(len(places))             # 1, 2, 4, ...: a sum names who was reached
    reached(5.0)                                    # (0, 2)

Corners are (column, row), counted from the south-west. All streets are two-way. With the default
block of 250.4 m and 4.5 km/h a block takes 200.32 s on foot, and no walk of fewer than 25 blocks
comes near a whole second: rounding up to seconds is then the same for the formula and for a network
whose corners are rounded to 1e-7 degree.

Limits of the formulas: `transit_s` takes one ride of one line; `car_s` with a delay is exact from
and to corners where streets cross, not the four outermost ones.
"""

from __future__ import annotations

import csv
import io
import math
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations
from pathlib import Path

import numpy as np
import osmium
from pyproj import Transformer

from halfcircle.places import Places

Corner = tuple[int, int]
DAY_S = 86_400


@dataclass(frozen=True)
class Line:
    """A line that runs at one headway; `corners` are its stops, in order.

    `hop_s` is one time for all hops or one per hop. Trips leave the first stop at ``first_s``,
    ``first_s + headway_s``, ... up to ``last_s``; with `both_ways` also the last stop, back.
    """

    route_id: str
    corners: tuple[Corner, ...]
    hop_s: int | tuple[int, ...] = 120
    dwell_s: int = 0
    headway_s: int = 600
    first_s: int = 6 * 3600
    last_s: int = 22 * 3600
    route_type: int = 3
    both_ways: bool = False

    @property
    def hops_s(self) -> tuple[int, ...]:
        """Running times between stops."""
        n = len(self.corners) - 1
        return (self.hop_s,) * n if isinstance(self.hop_s, int) else self.hop_s

    def runs(self) -> list[tuple[str, tuple[Corner, ...], list[tuple[int, int]]]]:
        """Each direction: name, stops, and (arrival, departure) after leaving the first."""
        directions = [("there", self.corners, self.hops_s)]
        if self.both_ways:
            directions.append(("back", self.corners[::-1], self.hops_s[::-1]))
        runs = []
        for name, stops, hops in directions:
            times, clock = [(0, 0)], 0
            for number, hop in enumerate(hops, start=1):
                arrival = clock + hop
                clock = arrival + (self.dwell_s if number < len(hops) else 0)
                times.append((arrival, clock))
            runs.append((name, stops, times))
        return runs

    def next_start_s(self, not_before_s: float) -> float:
        """First departure from the first stop at or after a moment; infinite after the last."""
        number = max(0, math.ceil((not_before_s - self.first_s) / self.headway_s))
        start = self.first_s + number * self.headway_s
        return start if start <= self.last_s else math.inf


@dataclass(frozen=True)
class GridCity:
    """A grid of `n_columns` x `n_rows` corners, `block_m` apart."""

    n_columns: int = 6
    n_rows: int = 4
    block_m: float = 250.4
    walk_kmh: float = 4.5
    bike_kmh: float = 15.0
    car_kmh: int = 50
    lines: tuple[Line, ...] = ()
    centre_lon: float = 6.0
    centre_lat: float = 51.0
    time_zone: str = "Europe/Amsterdam"
    year: int = 2026

    # Where things are -----------------------------------------------------------------------

    @property
    def corners(self) -> list[Corner]:
        """All corners, row by row."""
        return [(c, r) for r in range(self.n_rows) for c in range(self.n_columns)]

    def lonlat(self, corners: Sequence[Corner]) -> tuple[np.ndarray, np.ndarray]:
        """Degrees of corners; lengths are true on WGS 84 to better than 1e-6."""
        frame = f"+proj=aeqd +lat_0={self.centre_lat} +lon_0={self.centre_lon} +datum=WGS84"
        transform = Transformer.from_crs(frame, "EPSG:4326", always_xy=True).transform
        at = np.array(corners, dtype=float).reshape(-1, 2)
        middle = np.array([self.n_columns - 1, self.n_rows - 1]) / 2.0
        lon, lat = transform(*((at - middle) * self.block_m).T)
        # as an OSM file keeps them
        return np.round(lon, 7), np.round(lat, 7)

    def places(
        self, corners: Sequence[Corner] | None = None, *, country: Sequence[str] | None = None
    ) -> Places:
        """Places on corners (all where left out), ids ``"c<column>r<row>"``."""
        corners = self.corners if corners is None else corners
        lon, lat = self.lonlat(corners)
        ids = np.array([f"c{c}r{r}" for c, r in corners], dtype=object)
        sides = None if country is None else np.array(country, dtype=object)
        return Places(ids, lon, lat, sides)

    # Times by hand --------------------------------------------------------------------------

    def blocks(self, a: Corner, b: Corner) -> int:
        """Blocks between two corners."""
        return abs(a[0] - b[0]) + abs(a[1] - b[1])

    def walk_s(self, a: Corner, b: Corner) -> float:
        """Walking, seconds."""
        return self.blocks(a, b) * self.block_m * 3.6 / self.walk_kmh

    def bike_s(self, a: Corner, b: Corner) -> float:
        """Cycling, seconds."""
        return self.blocks(a, b) * self.block_m * 3.6 / self.bike_kmh

    def car_s(self, a: Corner, b: Corner, *, factor: float = 1.0, junction_s: float = 0.0) -> float:
        """Driving at `factor` times the limit, with a delay on arriving at each crossing.

        The four outermost corners join two streets only and are no crossings: a way through one of
        them, where there is one, saves its delay.
        """
        outer = {(c, r) for c in (0, self.n_columns - 1) for r in (0, self.n_rows - 1)}
        bends = {(a[0], b[1]), (b[0], a[1])} - {a, b}
        saved = (b in outer and a != b) + bool(bends & outer)
        driving_s = self.blocks(a, b) * self.block_m * 3.6 / (self.car_kmh * factor)
        return driving_s + junction_s * (self.blocks(a, b) - saved)

    def transit_s(
        self,
        a: Corner,
        b: Corner,
        departure_s: int,
        *,
        board_slack_s: int = 60,
        walk_max_s: float = math.inf,
        walk_all_the_way: bool = True,
    ) -> float:
        """Leaving at `departure_s`: walk, wait, one ride, walk; or walk all the way if faster.

        Walks to and from stops take whole seconds, rounded up, and at most `walk_max_s`; infinite
        where there is no way.
        """
        best = math.ceil(self.walk_s(a, b)) if walk_all_the_way else math.inf
        for line in self.lines:
            for _, stops, times in line.runs():
                for i, j in combinations(range(len(stops)), 2):
                    access_s = math.ceil(self.walk_s(a, stops[i]))
                    egress_s = math.ceil(self.walk_s(stops[j], b))
                    if max(access_s, egress_s) > walk_max_s:
                        continue
                    ready_s = departure_s + access_s + board_slack_s
                    start_s = line.next_start_s(ready_s - times[i][1])
                    best = min(best, start_s + times[j][0] + egress_s - departure_s)
        return best

    def transit_times_s(
        self, a: Corner, b: Corner, departures_s: Iterable[int], **options: float
    ) -> np.ndarray:
        """`transit_s` for every departure of a window, shape (n_departures,)."""
        return np.array([self.transit_s(a, b, int(t), **options) for t in departures_s])

    # Files ----------------------------------------------------------------------------------

    def write_osm(self, path: Path) -> Path:
        """Streets as PBF: one residential way per row and column."""
        lon, lat = self.lonlat(self.corners)
        tags = {"highway": "residential", "maxspeed": str(self.car_kmh)}
        rows = [[(c, r) for c in range(self.n_columns)] for r in range(self.n_rows)]
        columns = [[(c, r) for r in range(self.n_rows)] for c in range(self.n_columns)]
        node_id = {corner: number for number, corner in enumerate(self.corners, start=1)}
        mutable = osmium.osm.mutable
        with osmium.SimpleWriter(str(path), overwrite=True) as writer:
            for number, corner in enumerate(self.corners):
                at = (float(lon[number]), float(lat[number]))
                writer.add_node(mutable.Node(id=node_id[corner], location=at, version=1))
            for number, street in enumerate(rows + columns, start=1):
                refs = [node_id[corner] for corner in street]
                writer.add_way(mutable.Way(id=number, nodes=refs, tags=tags, version=1))
        return path

    def write_gtfs(self, path: Path) -> Path:
        """Lines as a GTFS zip that runs every day of `year`; stops ``"S<column>-<row>"``."""
        corners = sorted({corner for line in self.lines for corner in line.corners})
        lon, lat = self.lonlat(corners)
        trips: list[list[object]] = []
        times: list[list[object]] = []
        for line in self.lines:
            for name, stops, offsets in line.runs():
                for start in range(line.first_s, line.last_s + 1, line.headway_s):
                    trip = f"{line.route_id}-{name}-{start}"
                    trips.append([line.route_id, "daily", trip])
                    for i, (arrive, leave) in enumerate(offsets):
                        stop = stop_id(stops[i])
                        row = [trip, _clock(start + arrive), _clock(start + leave), stop, i]
                        times.append(row)
        week = "monday,tuesday,wednesday,thursday,friday,saturday,sunday"
        tables: dict[str, tuple[str, list[list[object]]]] = {
            "agency": (
                "agency_id,agency_name,agency_url,agency_timezone",
                [["grid", "Grid city", "https://example.org", self.time_zone]],
            ),
            "stops": (
                "stop_id,stop_name,stop_lat,stop_lon",
                [
                    [stop_id(corner), f"Corner {corner[0]}-{corner[1]}", f"{y:.7f}", f"{x:.7f}"]
                    for corner, x, y in zip(corners, lon, lat, strict=True)
                ],
            ),
            "routes": (
                "route_id,agency_id,route_short_name,route_type",
                [[n.route_id, "grid", n.route_id, n.route_type] for n in self.lines],
            ),
            "calendar": (
                f"service_id,{week},start_date,end_date",
                [["daily", *[1] * 7, f"{self.year}0101", f"{self.year}1231"]],
            ),
            "trips": ("route_id,service_id,trip_id", trips),
            "stop_times": ("trip_id,arrival_time,departure_time,stop_id,stop_sequence", times),
        }
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, (header, table) in tables.items():
                text = io.StringIO()
                csv.writer(text).writerows([header.split(","), *table])
                archive.writestr(f"{name}.txt", text.getvalue())
        return path


def stop_id(corner: Corner) -> str:
    """Stop of a corner in the feed."""
    return f"S{corner[0]}-{corner[1]}"


def powers_of_two(n: int) -> np.ndarray:
    """Opportunities 1, 2, 4, ... shape (n,): any sum of them says which were in it; n <= 52."""
    if n > 52:
        raise ValueError(f"{n} powers of two do not add up exactly in float64")
    return 2.0 ** np.arange(n)


def reached(total: float) -> tuple[int, ...]:
    """Which opportunities of `powers_of_two` a sum is made of."""
    number = int(total)
    if number != total or number < 0:
        raise ValueError(f"{total!r} is no sum of powers of two")
    return tuple(i for i in range(number.bit_length()) if number >> i & 1)


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
