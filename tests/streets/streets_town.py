"""Tiny OSM extracts made by hand, and times between their nodes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import osmium
from pyproj import Geod

from halfcircle.access.streets import StreetNetwork, StreetWays, build_network, read_osm
from halfcircle.access.streets.search import street_times_s

Tags = Mapping[str, str]
GEOD = Geod(ellps="WGS84")
STEP = 0.01  # degrees between neighbouring nodes of the towns below: about 1,100 m
TICK_S = 1 / 256


def write_town(
    path: Path,
    nodes: Mapping[int, tuple[float, float] | tuple[float, float, Tags]],
    ways: Mapping[int, tuple[Sequence[int], Tags]],
    relations: Sequence[tuple[Sequence[tuple[str, int, str]], Tags]] = (),
    *,
    version: int = 1,
) -> Path:
    """Write an extract; nodes in steps of `STEP` degrees east and north of (6, 51)."""
    mutable = osmium.osm.mutable
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        for node_id, spec in sorted(nodes.items()):
            tags = spec[2] if len(spec) == 3 else {}
            writer.add_node(
                mutable.Node(id=node_id, location=lonlat(spec), tags=dict(tags), version=version)
            )
        for way_id, (refs, tags) in sorted(ways.items()):
            writer.add_way(
                mutable.Way(id=way_id, nodes=list(refs), tags=dict(tags), version=version)
            )
        for i, (members, tags) in enumerate(relations):
            writer.add_relation(
                mutable.Relation(id=i + 1, members=list(members), tags=dict(tags), version=version)
            )
    return path


def lonlat(spec: Sequence[Any]) -> tuple[float, float]:
    return (round(6 + STEP * spec[0], 7), round(51 + STEP * spec[1], 7))


class Town:
    """A network with the names of its nodes."""

    def __init__(self, network: StreetNetwork, nodes: Mapping[int, Any]) -> None:
        self.network = network
        self.position = {node: lonlat(spec) for node, spec in nodes.items()}

    def metres(self, *path: int) -> float:
        """Geodesic length along nodes."""
        lon, lat = zip(*(self.position[node] for node in path), strict=True)
        return float(GEOD.line_length(lon, lat))

    def seconds(self, a: int, b: int, *, network: StreetNetwork | None = None) -> float:
        """Travel time between two nodes, with no distance between place and street."""
        net = network or self.network
        lon, lat = np.array([self.position[a], self.position[b]]).T
        snaps = net.snap(lon, lat, max_snap_m=1.0)
        times = street_times_s(net, snaps.take([0]), snaps.take([1]), limit_s=60_000, workers=1)
        return float(times[0, 0])


LINE: dict[int, tuple[float, float]] = {1: (0, 0), 2: (1, 0), 3: (2, 0), 4: (3, 0)}
FRAME: dict[int, tuple[float, float]] = {10: (0, 3), 11: (3, 3), 20: (1, -1), 21: (2, -1)}


def read_town(
    tmp_path: Path, nodes: Mapping[int, Any], ways: Mapping[int, Any], relations: Any = ()
) -> StreetWays:
    return read_osm(write_town(tmp_path / "town.osm.pbf", nodes, ways, relations))


def town(
    tmp_path: Path,
    mode: Any,
    nodes: Mapping[int, Any],
    ways: Mapping[int, Any],
    relations: Any = (),
    **options: Any,
) -> Town:
    ways_read = read_town(tmp_path, nodes, ways, relations)
    return Town(build_network(ways_read, mode, **options), nodes)


def with_detour(tags: Tags, *, frame: Tags | None = None, node_2: Tags | None = None) -> Any:
    """Nodes 1 - 2 - 3 - 4 in a line with these tags on 2 - 3, and a way round by 10 and 11.

    Stubs make junctions of 2 and 3. Everything but 2 - 3 is an open street, so a closed 2 - 3
    costs the detour and no place is cut off.
    """
    nodes: dict[int, Any] = dict(LINE | FRAME)
    if node_2 is not None:
        nodes[5] = (1.5, 0, node_2)
    middle = [2, 5, 3] if node_2 is not None else [2, 3]
    street = dict(frame or OPEN)
    ways = {
        1: ([1, 2], street),
        2: (middle, tags),
        3: ([3, 4], street),
        4: ([1, 10, 11, 4], street),
        5: ([2, 20], street),
        6: ([3, 21], street),
    }
    return nodes, ways


OPEN: Tags = {"highway": "residential", "maxspeed": "50"}
