"""The streets of the twin towns as tagged ways, written to a real OSM PBF.

Every street is cut from the lattice of `layout`, in pieces of one block (250 m); pieces in one line
with equal tags become one way. Beside streets the file holds what makes a map of it: river, lake,
border, railway and the names of places.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from pathlib import Path
from typing import NamedTuple

import numpy as np
import osmium

from halfcircle.demo.layout import (
    GEOMETRY,
    LAKE,
    PLACES,
    Geometry,
    Place,
    Point,
    lattice,
    river_x_m,
    to_lonlat,
)

__all__ = ["MARKED_NODES", "Way", "extra_ways", "map_ways", "street_ways", "write_streets"]

SNAPSHOT = "2026-01-01T00:00:00Z"
Tags = Mapping[str, str]


class Way(NamedTuple):
    """A way: corners in the frame (metres), and tags."""

    points: tuple[Point, ...]
    tags: Tags


MARKED_NODES: dict[Point, Tags] = {
    GEOMETRY.bollard_at_m: {"barrier": "bollard"},
    (5500, -1125): {"barrier": "lift_gate", "motor_vehicle": "private"},
    (6000, 0): {"highway": "traffic_signals"},
}


def _lane_tags(country: str, geometry: Geometry) -> Tags:
    kmh = geometry.lane_nl_kmh if country == "NL" else geometry.lane_de_kmh
    return {"highway": "unclassified", "maxspeed": str(kmh)}


def _primary_tags(country: str, geometry: Geometry) -> Tags:
    kmh = geometry.primary_nl_kmh if country == "NL" else geometry.primary_de_kmh
    ref = "N 999" if country == "NL" else "B 999"
    return {"highway": "primary", "maxspeed": str(kmh), "ref": ref, "cycleway": "track"}


def _inside(place: Place, x: float, y: float) -> bool:
    """Whether a piece with this middle lies among the streets of a place, not on their rim."""
    west, south, east, north = place.streets_m
    return west < x < east and south < y < north


def _tags(country: str, along_x: bool, x: float, y: float, geometry: Geometry) -> Tags:
    """Tags of the piece of street whose middle is (x, y)."""
    place = next((p for p in PLACES if _inside(p, x, y)), None)
    town = place if place is not None and place.is_town else None
    kmh = str(geometry.main_street_kmh)
    if along_x and y == 0:
        main = {"highway": "secondary", "maxspeed": kmh}
        return main if town else _primary_tags(country, geometry)
    if country == "NL" and not along_x and x == -1000 and 0 < y < 3000:
        return _primary_tags(country, geometry)
    if country == "NL" and along_x and y == 3000 and -1500 < x < -1000:
        return _primary_tags(country, geometry)
    if town and not along_x and x in (-6000, 6000):
        return {"highway": "secondary", "maxspeed": kmh}
    if not along_x and x in (-10_000, 3000) and -3000 < y < 3000:
        return {"highway": "cycleway", "bicycle": "designated", "foot": "yes"}
    if place is None:
        return _lane_tags(country, geometry)
    special = _town_special(place, along_x, x, y)
    if special:
        return special
    if not town and (x if not along_x else y) % geometry.lane_m == 0:
        return {"highway": "unclassified", "maxspeed": kmh}
    return {"highway": "residential", "maxspeed": str(geometry.residential_kmh)}


def _town_special(place: Place, along_x: bool, x: float, y: float) -> Tags | None:
    """Streets that differ: all on lines without zone centres, so that no way needs them."""
    _, south, _, north = place.zones_m
    if place.code == "LIN":
        if along_x and y == 500 and -7000 < x < -6000:
            return {"highway": "pedestrian", "name": "Markt"}
        if not along_x and south < y < north and x in (-7500, -6500):
            # One-way pair: drawn northwards, so the second is open against its drawing.
            return {
                "highway": "residential",
                "maxspeed": "30",
                "oneway": "yes" if x == -7500 else "-1",
                "oneway:bicycle": "no",
            }
    if place.code == "ESC" and along_x and y == -500 and 5000 < x < 8000:
        return {"highway": "living_street", "maxspeed": "DE:living_street"}
    return None


def _pieces(country: str, block: int, lane: int) -> set[tuple[bool, int, int]]:
    """Street pieces of one block: (along x, west or south end)."""
    points = lattice(country)
    per_lane = lane // block
    pieces: set[tuple[bool, int, int]] = set()
    for x_km, y_km in points:
        x, y = x_km * lane, y_km * lane
        if (x_km + 1, y_km) in points:
            pieces |= {(True, x + i * block, y) for i in range(per_lane)}
        if (x_km, y_km + 1) in points:
            pieces |= {(False, x, y + i * block) for i in range(per_lane)}
    for place in PLACES:
        if place.country != country:
            continue
        west, south, east, north = place.streets_m
        for x in range(west, east, block):
            for y in range(south, north + 1, block):
                pieces.add((True, x, y))
        for x in range(west, east + 1, block):
            for y in range(south, north, block):
                pieces.add((False, x, y))
    return pieces


def street_ways(geometry: Geometry = GEOMETRY) -> list[Way]:
    """Lanes and streets of both sides: pieces in one line with equal tags as one way."""
    block = geometry.block_m
    cuts = {geometry.no_left_turn_at_m}
    ways: list[Way] = []
    for country in ("NL", "DE"):
        # Sorted along each line, so that a run of equal pieces is consecutive.
        pieces = sorted(
            _pieces(country, block, geometry.lane_m),
            key=lambda p: (p[0], p[2] if p[0] else p[1], p[1] if p[0] else p[2]),
        )
        run: list[Point] = []
        run_key: object = None
        run_tags: Tags = {}
        for along_x, x, y in pieces:
            end = (x + block, y) if along_x else (x, y + block)
            tags = _tags(country, along_x, (x + end[0]) / 2, (y + end[1]) / 2, geometry)
            key = (along_x, tuple(tags.items()))
            if not run or key != run_key or run[-1] != (x, y) or (x, y) in cuts:
                if run:
                    ways.append(Way(_with_marks(run), run_tags))
                run, run_key, run_tags = [(x, y)], key, tags
            run.append(end)
        ways.append(Way(_with_marks(run), run_tags))
    return ways


def _with_marks(points: list[Point]) -> tuple[Point, ...]:
    """The corners of a way with barriers between two of them put in."""
    result = points[:1]
    for a, b in pairwise(points):
        for mark in MARKED_NODES:
            on_x = a[1] == b[1] == mark[1] and a[0] < mark[0] < b[0]
            on_y = a[0] == b[0] == mark[0] and a[1] < mark[1] < b[1]
            if on_x or on_y:
                result.append(mark)
        result.append(b)
    return tuple(result)


def extra_ways(geometry: Geometry = GEOMETRY) -> list[Way]:
    """Bridge, ferry, motorway and the odd ends that readers have to cope with."""
    west, east = geometry.bridgeheads_m
    bank = geometry.river_width_m
    primary = dict(_primary_tags("NL", geometry))
    ways = [
        Way((west, (-bank, 0)), primary),
        Way(((-bank, 0), (bank, 0)), {**primary, "bridge": "yes", "name": "Halebrug / Halebrücke"}),
        Way(((bank, 0), east), primary),
    ]
    ferry_west, ferry_east = geometry.ferry_heads_m
    landing_west, landing_east = geometry.ferry_landings_m
    minutes = geometry.ferry_s // 60
    ways += [
        Way((ferry_west, landing_west), _lane_tags("NL", geometry)),
        Way(
            (landing_west, landing_east),
            {
                "route": "ferry",
                "duration": f"00:{minutes:02d}",
                "foot": "yes",
                "bicycle": "yes",
                "motor_vehicle": "no",
                "name": "Fiets-voetveer Hale",
            },
        ),
        Way((landing_east, ferry_east), _lane_tags("DE", geometry)),
    ]
    y, half = geometry.motorway_y_m, geometry.carriageway_m
    motorway = {"highway": "motorway", "ref": "A 99", "maxspeed": str(geometry.motorway_kmh)}
    start = -11_500
    stops = (start, *geometry.interchanges_x_m)
    ways.append(Way(tuple((x, y - half) for x in stops), motorway))
    ways.append(Way(tuple((x, y + half) for x in reversed(stops)), motorway))
    link = {"highway": "motorway_link", "maxspeed": str(geometry.link_kmh), "oneway": "no"}
    for x in geometry.interchanges_x_m:
        ways += [Way(((x, y + side), (x, 3000)), link) for side in (-half, half)]
    ways += [
        Way(((-8000, 2000), (-7900, 2100)), {"highway": "service", "access": "private"}),
        Way(((7000, -1000), (7060, -1060)), {"highway": "steps", "incline": "up"}),
        Way(((7060, -1060), (7120, -1120)), {"highway": "footway"}),
        # On an island in the lake: no way leads there.
        Way(((-10_200, -4700), (-9900, -4600)), {"highway": "path"}),
    ]
    return ways


def map_ways(geometry: Geometry = GEOMETRY) -> list[Way]:
    """River, border, lake and railway: on the map, not in the street network."""
    y = np.arange(-5500, 5501, 250)
    middle = np.rint(river_x_m(y)).astype(int)
    half = geometry.river_width_m // 2

    def line(shift: int) -> list[Point]:
        return [(int(a) + shift, int(b)) for a, b in zip(middle, y, strict=True)]

    water = line(-half) + line(half)[::-1]
    shore = [(round(a), round(b)) for a, b in LAKE.exterior.coords]
    rail_y = geometry.station_y_m - 60
    rail = tuple((x, rail_y) for x in (-13_000, *geometry.stations_x_m, 13_000))
    border = {"boundary": "administrative", "admin_level": "2", "name": "NL – DE"}
    return [
        Way(tuple(line(0)), {**border, "waterway": "river", "river": "Hale"}),
        Way((*water, water[0]), {"natural": "water", "water": "river", "name": "Hale"}),
        Way(tuple(shore), {"natural": "water", "water": "lake", "name": "Zwanenplas"}),
        Way(rail, {"railway": "rail", "usage": "main", "name": "Lindeveen – Eschenfurth"}),
    ]


def _point_nodes(geometry: Geometry) -> list[tuple[Point, Tags]]:
    """Names on the map: places and stations."""
    nodes: list[tuple[Point, Tags]] = []
    for place in PLACES:
        kind = "town" if place.is_town else "village"
        x, y = place.centre_m
        tags = {"place": kind, "name": place.name, "population": str(place.population)}
        nodes.append(((round(x) + 20, round(y) + 20), tags))
    rail_y = geometry.station_y_m - 60
    nodes += [((x, rail_y), {"railway": "station"}) for x in geometry.stations_x_m]
    return nodes


def write_streets(path: Path, *, geometry: Geometry = GEOMETRY) -> None:
    """Write the region as OSM PBF, the same bytes every time.

    Parameters
    ----------
    path : Path
        ``.osm.pbf`` file; replaced if it is there.
    geometry : Geometry
    """
    ways = street_ways(geometry) + extra_ways(geometry) + map_ways(geometry)
    tagged: dict[Point, dict[str, str]] = {p: dict(tags) for p, tags in MARKED_NODES.items()}
    for point, tags in _point_nodes(geometry):
        tagged.setdefault(point, {}).update(tags)
    points = sorted({p for way in ways for p in way.points} | set(tagged), key=lambda p: p[::-1])
    node_id = {point: number for number, point in enumerate(points, start=1)}
    lon, lat = to_lonlat([p[0] for p in points], [p[1] for p in points])

    header = osmium.io.Header()
    header.set("generator", "halfcircle demo")
    # A fixed date: the file must not tell when it was written.
    target = osmium.io.File(str(path), "pbf,add_metadata=version+timestamp")
    with osmium.SimpleWriter(target, header=header, overwrite=True) as writer:
        for number, point in enumerate(points):
            writer.add_node(
                osmium.osm.mutable.Node(
                    id=node_id[point],
                    location=(float(lon[number]), float(lat[number])),
                    tags=tagged.get(point, {}),
                    version=1,
                    timestamp=SNAPSHOT,
                )
            )
        for number, way in enumerate(ways, start=1):
            refs = [node_id[p] for p in way.points]
            writer.add_way(
                osmium.osm.mutable.Way(
                    id=number, nodes=refs, tags=way.tags, version=1, timestamp=SNAPSHOT
                )
            )
        writer.add_relation(
            osmium.osm.mutable.Relation(
                id=1,
                members=_no_left_turn(ways, node_id, geometry),
                tags={"type": "restriction", "restriction": "no_left_turn"},
                version=1,
                timestamp=SNAPSHOT,
            )
        )


def _no_left_turn(
    ways: Iterable[Way], node_id: Mapping[Point, int], geometry: Geometry
) -> list[tuple[str, int, str]]:
    """Members of the turn restriction: from the west, via the crossing, to the north."""
    via = geometry.no_left_turn_at_m
    from_way = to_way = 0
    for number, way in enumerate(ways, start=1):
        if way.points[-1] == via and way.points[0][1] == via[1]:
            from_way = number
        if way.points[0] == via and way.points[1][0] == via[0]:
            to_way = number
    return [("w", from_way, "from"), ("n", node_id[via], "via"), ("w", to_way, "to")]
