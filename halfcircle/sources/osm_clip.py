"""Clipping OpenStreetMap extracts: ways that touch a box, whole, with their nodes.

Filters and positions stay in C++; what is kept is remembered as arrays. (The id filters of pyosmium
would take two bits for every node of the planet, over a gigabyte.)
"""

from __future__ import annotations

from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import osmium
import osmium.filter

from halfcircle.errors import SourceError

__all__ = ["CONTENTS", "clip_osm"]

# Keys of ways that are kept, by content.
CONTENTS = {
    "streets": ("highway", "route"),
    "buildings": ("building", "landuse"),
}
# Relations that are kept: turn restrictions of streets, outlines in several parts of buildings.
RELATIONS = {"streets": "restriction", "buildings": "multipolygon"}
# Nodes keep their tags where these say that they can stop somebody.
NODE_KEYS = (
    *("barrier", "highway", "crossing", "access", "locked", "bollard", "railway", "entrance"),
    *("vehicle", "motor_vehicle", "motorcar", "bicycle", "foot"),
)
STAMP = "2000-01-01T00:00:00Z"


def clip_osm(
    source: Path,
    target: Path,
    bounds: tuple[float, float, float, float],
    *,
    content: str = "streets",
) -> int:
    """Write the ways of a content that have a node in a box, with all their nodes.

    Turn restrictions (for streets) and multipolygons (for buildings) that have a kept way come
    along, multipolygons with all their ways. The answer is sorted as extracts are.

    Parameters
    ----------
    source : Path
        ``.osm.pbf`` or ``.osm``.
    target : Path
        ``.osm.pbf``.
    bounds : tuple of float, degrees
        West, south, east, north.
    content : {"streets", "buildings"}

    Returns
    -------
    int
        Ways kept.

    Raises
    ------
    SourceError
        The extract cannot be read.
    """
    try:
        kept = _choose(source, bounds, content)
        _write(source, target, kept, content)
    except (RuntimeError, OSError, ValueError) as error:
        raise SourceError(
            f"{source.name}: cannot be read as an OpenStreetMap extract ({error})"
        ) from None
    return len(kept.ways)


@dataclass
class _Kept:
    """Ids of what is kept, and the positions of the nodes of kept ways (with repetitions)."""

    ways: set[int] = field(default_factory=set)
    relations: set[int] = field(default_factory=set)
    node_id: array[int] = field(default_factory=lambda: array("q"))
    lon: array[float] = field(default_factory=lambda: array("d"))
    lat: array[float] = field(default_factory=lambda: array("d"))

    def take(self, way: Any) -> None:
        self.ways.add(way.id)
        for node in way.nodes:
            if node.location.valid():
                self.node_id.append(node.ref)
                self.lon.append(node.location.lon)
                self.lat.append(node.location.lat)


def _choose(source: Path, bounds: tuple[float, float, float, float], content: str) -> _Kept:
    kept = _Kept()
    members = _relations(source, content)
    in_relations = {way for ways in members.values() for way in ways}
    streets = content == "streets"
    for way in _ways(source, None if in_relations and not streets else CONTENTS[content]):
        wanted = way.id in in_relations or any(key in way.tags for key in CONTENTS[content])
        if wanted and _touches(way, bounds):
            kept.take(way)
    for relation, ways in members.items():
        if not kept.ways.isdisjoint(ways):
            kept.relations.add(relation)
    if not streets:
        missing = {way for r in kept.relations for way in members[r]} - kept.ways
        if missing:
            for way in _ways(source, None):
                if way.id in missing:
                    kept.take(way)
    return kept


def _ways(source: Path, keys: tuple[str, ...] | None) -> Iterator[Any]:
    """Ways with positions of their nodes; only those with one of the keys."""
    reader: Any = osmium.FileProcessor(str(source)).with_locations()
    reader.with_filter(osmium.filter.EntityFilter(osmium.osm.WAY))
    if keys is not None:
        reader.with_filter(osmium.filter.KeyFilter(*keys))
    yield from reader


def _relations(source: Path, content: str) -> dict[int, list[int]]:
    """Relations that may be kept, and their ways."""
    reader: Any = osmium.FileProcessor(str(source), osmium.osm.RELATION)
    reader.with_filter(osmium.filter.KeyFilter("type"))
    found = {}
    for relation in reader:
        kind = relation.tags.get("type", "").split(":")[0]
        if kind != RELATIONS[content]:
            continue
        if content == "streets" or any(key in relation.tags for key in CONTENTS[content]):
            found[relation.id] = [m.ref for m in relation.members if m.type == "w"]
    return found


def _touches(way: Any, bounds: tuple[float, float, float, float]) -> bool:
    west, south, east, north = bounds
    for node in way.nodes:
        location = node.location
        if location.valid() and west <= location.lon <= east and south <= location.lat <= north:
            return True
    return False


def _write(source: Path, target: Path, kept: _Kept, content: str) -> None:
    node_id, first = np.unique(np.frombuffer(kept.node_id, np.int64), return_index=True)
    lon, lat = (np.frombuffer(values, np.float64)[first] for values in (kept.lon, kept.lat))
    header = osmium.io.Header()
    header.set("generator", "halfcircle")
    header.set("osmosis_replication_timestamp", STAMP)
    target.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(target), header=header) as writer:
        _write_nodes(source, writer, node_id, lon, lat)
        ways: Any = osmium.FileProcessor(str(source), osmium.osm.WAY)
        if content == "streets":
            ways.with_filter(osmium.filter.KeyFilter(*CONTENTS[content]))
        for way in ways:
            if way.id in kept.ways:
                writer.add(way)
        for relation in osmium.FileProcessor(str(source), osmium.osm.RELATION):
            if relation.id in kept.relations:
                writer.add(relation)


def _write_nodes(
    source: Path,
    writer: Any,
    node_id: npt.NDArray[np.int64],
    lon: npt.NDArray[np.float64],
    lat: npt.NDArray[np.float64],
) -> None:
    """Write nodes by their ids; those that can stop somebody with their tags."""
    tagged: Any = osmium.FileProcessor(str(source), osmium.osm.NODE)
    tagged.with_filter(osmium.filter.KeyFilter(*NODE_KEYS))
    tags = {}
    for node in tagged:
        at = int(np.searchsorted(node_id, node.id))
        if at < len(node_id) and node_id[at] == node.id:
            tags[at] = dict(node.tags)
    for i, (node, x, y) in enumerate(
        zip(node_id.tolist(), lon.tolist(), lat.tolist(), strict=True)
    ):
        writer.add_node(osmium.osm.mutable.Node(id=node, location=(x, y), tags=tags.get(i, {})))
