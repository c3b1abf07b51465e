"""Clipping OpenStreetMap extracts: ways that touch a box, whole, with their nodes."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import osmium

from halfcircle.errors import SourceError

__all__ = ["CONTENTS", "clip_osm"]

# Keys of ways that are kept, by content.
CONTENTS = {
    "streets": ("highway", "route"),
    "buildings": ("building", "landuse", "amenity", "shop", "office"),
}
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
    along. Positions and filters stay in C++; the answer is sorted as extracts are.

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
        nodes, ways, relations = _choose(source, bounds, content)
        _write(source, target, nodes, ways, relations)
    except (RuntimeError, OSError, ValueError) as error:
        raise SourceError(
            f"{source.name}: cannot be read as an OpenStreetMap extract ({error})"
        ) from None
    return len(ways)


def _choose(
    source: Path, bounds: tuple[float, float, float, float], content: str
) -> tuple[set[int], set[int], set[int]]:
    """Ids of nodes, ways and relations that are kept."""
    west, south, east, north = bounds
    nodes: set[int] = set()
    ways: set[int] = set()
    relations: set[int] = set()
    kinds: Any = osmium.osm
    wanted: Any = osmium.FileProcessor(source).with_locations()
    wanted.with_filter(osmium.filter.EntityFilter(kinds.WAY | kinds.RELATION))
    wanted.with_filter(osmium.filter.KeyFilter(*CONTENTS[content], "type"))
    kept_types = ("restriction",) if content == "streets" else ("multipolygon",)
    for item in wanted:
        if item.is_way():
            if not any(key in item.tags for key in CONTENTS[content]):
                continue
            inside = any(
                n.location.valid()
                and west <= n.location.lon <= east
                and south <= n.location.lat <= north
                for n in item.nodes
            )
            if inside:
                ways.add(item.id)
                nodes.update(n.ref for n in item.nodes)
        elif item.tags.get("type", "").split(":")[0] in kept_types:
            members = list(item.members)
            if any(m.type == "w" and m.ref in ways for m in members):
                relations.add(item.id)
                nodes.update(m.ref for m in members if m.type == "n")
    return nodes, ways, relations


def _write(
    source: Path, target: Path, nodes: Iterable[int], ways: Iterable[int], relations: Iterable[int]
) -> None:
    kinds: Any = osmium.osm
    header = osmium.io.Header()
    header.set("generator", "halfcircle")
    header.set("osmosis_replication_timestamp", STAMP)
    chosen = ((kinds.NODE, nodes), (kinds.WAY, ways), (kinds.RELATION, relations))
    target.unlink(missing_ok=True)
    with osmium.SimpleWriter(str(target), header=header) as writer:
        for kind, ids in chosen:
            reader: Any = osmium.FileProcessor(source, kind)
            reader.with_filter(osmium.filter.IdFilter(ids))
            for item in reader:
                writer.add(item)
