"""OSM extracts (PBF) to tagged ways, in one pass of pyosmium per file.

Node positions and filters stay in C++; Python sees only ways that can carry somebody, the nodes
that can stop somebody, and turn restrictions.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import osmium

from halfcircle._checks import Faults
from halfcircle._files import sha256_of
from halfcircle.access.streets.cache import cached, content_key
from halfcircle.access.streets.ways import Restriction, StreetWays
from halfcircle.errors import StreetError

__all__ = ["read_osm"]

# Tags that rules look at; everything else (names, surfaces, sources) would only split tag sets.
_MODE_KEYS = ("access", "vehicle", "motor_vehicle", "motorcar", "bicycle", "foot")
WAY_KEYS = frozenset(
    (
        *_MODE_KEYS,
        *(f"{key}:forward" for key in _MODE_KEYS),
        *(f"{key}:backward" for key in _MODE_KEYS),
        *("highway", "route", "service", "junction", "motorroad", "area", "conveying"),
        *("tunnel", "bridge", "sidewalk", "duration", "ramp", "ramp:bicycle"),
        *("oneway", "oneway:bicycle", "oneway:foot", "oneway:vehicle"),
        *("oneway:motor_vehicle", "oneway:motorcar"),
        *("cycleway", "cycleway:left", "cycleway:right", "cycleway:both"),
        *("cycleway:left:oneway", "cycleway:right:oneway"),
        *("maxspeed", "maxspeed:forward", "maxspeed:backward", "maxspeed:type"),
        *("source:maxspeed", "zone:maxspeed", "zone:traffic"),
    )
)
NODE_KEYS = frozenset(
    (
        *_MODE_KEYS,
        "barrier",
        "highway",
        "crossing",
        "locked",
        "bollard",
        "traffic_signals:direction",
    )
)
_RESTRICTION_KEYS = ("restriction:motorcar", "restriction:motor_vehicle", "restriction")
_CONDITIONAL = {"access:conditional", "maxspeed:conditional", "oneway:conditional"}
_SUFFIXES = (".pbf", ".osm")


def read_osm(
    paths: str | os.PathLike[str] | Sequence[str | os.PathLike[str]],
    *,
    cache_dir: str | os.PathLike[str] | None = None,
) -> StreetWays:
    """Read streets from OSM extracts; overlapping extracts are merged by id.

    Parameters
    ----------
    paths : path or sequence of paths
        ``.osm.pbf`` files (plain ``.osm`` XML too). Where two hold the same way or node, the newer
        version counts.
    cache_dir : path, optional
        Folder of the disk cache; None reads the extracts every time.

    Returns
    -------
    StreetWays
        `notices` lists ways cut at nodes that the extracts do not hold, malformed and conditional
        restrictions, and what else was dropped.

    Raises
    ------
    StreetError
        A file is missing, empty, cut off or not OSM, or no file holds a street.
    """
    given = [paths] if isinstance(paths, str | os.PathLike) else list(paths)
    files = [Path(path) for path in given]
    faults = Faults()
    if not files:
        raise StreetError("streets: no OSM extract was given")
    for path in files:
        if not path.is_file():
            faults.add(str(path), "there is no such file")
        elif path.suffix.lower() not in _SUFFIXES:
            faults.add(str(path), "not an OSM extract by its name", remedy="give an .osm.pbf file")
        elif path.stat().st_size == 0:
            faults.add(str(path), "the file is empty", remedy="download it again")
    faults.raise_errors(StreetError)
    digest = content_key(sorted({sha256_of(path) for path in files}))
    return cached(
        cache_dir,
        name="ways",
        key=digest,
        build=lambda: _Reader(digest).read(files),
        to_arrays=StreetWays.to_arrays,
        from_arrays=StreetWays.from_arrays,
    )


class _Reader:
    """Collects the objects of all extracts, then turns them into arrays."""

    def __init__(self, digest: str) -> None:
        self.digest = digest
        self.faults = Faults()
        self.tag_sets: dict[tuple[tuple[str, str], ...], int] = {}
        self.ways: dict[int, tuple[int, int, list[int]]] = {}  # id -> version, tags, nodes
        self.marks: dict[int, tuple[int, int]] = {}  # node id -> version, tags
        self.relations: dict[int, tuple[int, Restriction | None]] = {}
        self.node_ids: list[npt.NDArray[np.int64]] = []
        self.node_xy: list[npt.NDArray[np.float64]] = []
        self.conditional: dict[str, int] = {}
        self.short: set[int] = set()
        self.malformed: set[int] = set()

    def read(self, files: Iterable[Path]) -> StreetWays:
        for path in files:
            try:
                self.read_file(path)
            except (RuntimeError, OSError, ValueError) as error:
                raise StreetError(
                    f"{path}: this is not a whole OSM extract ({_one_line(error)}) - "
                    "download it again"
                ) from error
        if not self.ways:
            names = ", ".join(str(path) for path in files)
            raise StreetError(f"{names}: there is no street in it (no way with a highway tag)")
        return self.finish()

    def intern(self, tags: Iterable[Any], keys: frozenset[str]) -> int:
        kept = tuple(sorted([(key, value) for key, value in tags if key in keys]))
        return self.tag_sets.setdefault(kept, len(self.tag_sets))

    def read_file(self, path: Path) -> None:
        osm: Any = osmium.osm
        filters: Any = osmium.filter  # chained calls that its type stubs do not know
        objects: Iterable[Any] = (
            osmium.FileProcessor(str(path), osm.NODE | osm.WAY | osm.RELATION)
            .with_locations("flex_mem")
            .with_filter(filters.KeyFilter("barrier", "highway").enable_for(osm.NODE))
            .with_filter(filters.KeyFilter("highway", "route").enable_for(osm.WAY))
            .with_filter(filters.TagFilter(("type", "restriction")).enable_for(osm.RELATION))
        )
        linestring = osmium.geom.WKBFactory().create_linestring
        every_node = osmium.geom.use_nodes.ALL
        refs: list[int] = []
        coordinates: list[str] = []
        for item in objects:
            if item.is_way():
                nodes = [node.ref for node in item.nodes]
                if not self.take_way(item, nodes):
                    continue
                try:
                    # WKB in hexadecimal: byte order, type, count (9 bytes), then x, y as float64.
                    coordinates.append(linestring(item, every_node)[18:])
                except (osmium.InvalidLocationError, RuntimeError):
                    nodes = self.some_locations(item, coordinates)
                refs.extend(nodes)
            elif item.is_node():
                self.take_node(item)
            else:
                self.take_relation(item)
        self.node_ids.append(np.array(refs, dtype=np.int64))
        xy = np.frombuffer(bytes.fromhex("".join(coordinates)), dtype="<f8").reshape(-1, 2)
        self.node_xy.append(xy.astype(np.float64))

    @staticmethod
    def some_locations(way: Any, coordinates: list[str]) -> list[int]:
        known = [node for node in way.nodes if node.location.valid()]
        xy = [(node.location.lon, node.location.lat) for node in known]
        coordinates.append(np.array(xy, dtype="<f8").tobytes().hex())
        return [node.ref for node in known]

    def take_way(self, way: Any, nodes: list[int]) -> bool:
        tags = dict(way.tags)
        if "highway" not in tags and tags.get("route") != "ferry":
            return False
        way_id, version = way.id, way.version
        if len(nodes) < 2:
            self.short.add(way_id)
            return False
        for key in _CONDITIONAL & tags.keys():
            self.conditional[key] = self.conditional.get(key, 0) + 1
        known = self.ways.get(way_id)
        if known is None or version > known[0]:
            self.ways[way_id] = (version, self.intern(tags.items(), WAY_KEYS), nodes)
        return True

    def take_node(self, node: Any) -> None:
        tags = node.tags
        if "barrier" not in tags and tags.get("highway") not in ("traffic_signals", "crossing"):
            return
        if "barrier" not in tags and "traffic_signals" not in (
            tags.get("highway"),
            tags.get("crossing"),
        ):
            return
        known = self.marks.get(node.id)
        if known is None or node.version > known[0]:
            self.marks[node.id] = (node.version, self.intern(tags, NODE_KEYS))

    def take_relation(self, relation: Any) -> None:
        known = self.relations.get(relation.id)
        if known is None or relation.version > known[0]:
            self.relations[relation.id] = (relation.version, self.restriction(relation))

    def restriction(self, relation: Any) -> Restriction | None:
        tags = relation.tags
        value = next((tags[key] for key in _RESTRICTION_KEYS if key in tags), None)
        if value is None:
            if "restriction:conditional" in tags:
                key = "restriction:conditional"
                self.conditional[key] = self.conditional.get(key, 0) + 1
            return None  # for lorries, buses, ... only
        kind = value.split("_", 1)[0]
        members: dict[tuple[str, str], list[int]] = {}
        for member in relation.members:
            members.setdefault((member.role, member.type), []).append(member.ref)
        from_way = members.get(("from", "w"), [])
        to_way = members.get(("to", "w"), [])
        via_node = members.get(("via", "n"), [])
        via_way = members.get(("via", "w"), [])
        single = len(from_way) == 1 or kind == "no"
        fits = kind in ("no", "only") and bool(from_way) and bool(to_way) and single
        if not fits or len(via_node) + bool(via_way) != 1:
            self.malformed.add(relation.id)
            return None
        exempt = tuple(v.strip() for v in tags.get("except", "").split(";") if v.strip())
        return Restriction(
            int(relation.id),
            kind,
            tuple(from_way),
            via_node[0] if via_node else 0,
            tuple(via_way),
            tuple(to_way),
            exempt,
        )

    def finish(self) -> StreetWays:
        all_ids = np.concatenate(self.node_ids)
        node_id, first = np.unique(all_ids, return_index=True)
        xy = np.concatenate(self.node_xy)[first]
        if len(node_id) == 0:
            raise StreetError(
                "streets: the extracts hold the ways but none of their nodes - nodes must come "
                "before ways and ids must be positive (osmium sort, osmium renumber)"
            )
        way_id, way_ptr, way_tags, way_node = self.cut_ways(node_id)
        marked = np.array(sorted(self.marks), dtype=np.int64)
        at = np.searchsorted(node_id, marked)
        here = (at < len(node_id)) & (node_id[np.minimum(at, len(node_id) - 1)] == marked)
        self.report()
        return StreetWays(
            way_id=way_id,
            way_ptr=way_ptr,
            way_node=way_node,
            way_tags=way_tags,
            node_id=node_id,
            node_lon=xy[:, 0],
            node_lat=xy[:, 1],
            marked_node=at[here].astype(np.int32),
            marked_tags=np.array([self.marks[i][1] for i in marked[here].tolist()], dtype=np.int32),
            tag_sets=tuple(dict(tags) for tags in self.tag_sets),
            restrictions=tuple(
                restriction
                for _, (_, restriction) in sorted(self.relations.items())
                if restriction is not None
            ),
            digest=self.digest,
            notices=tuple(self.faults.items),
        )

    def cut_ways(
        self, node_id: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any], npt.NDArray[Any]]:
        """Ways as arrays, cut at nodes that no extract holds."""
        ids = np.array(sorted(self.ways), dtype=np.int64)
        rows = [self.ways[i] for i in ids.tolist()]
        refs = np.concatenate([np.array(row[2], dtype=np.int64) for row in rows])
        way = np.repeat(np.arange(len(rows)), [len(row[2]) for row in rows])
        at = np.minimum(np.searchsorted(node_id, refs), len(node_id) - 1)
        known = node_id[at] == refs
        # A new piece starts at each new way and after each gap.
        starts = np.ones(len(refs), dtype=bool)
        starts[1:] = (way[1:] != way[:-1]) | ~known[:-1]
        piece = np.cumsum(starts) - 1
        size = np.bincount(piece, weights=known).astype(np.int64)
        keep = known & (size[piece] >= 2)
        cut = np.unique(way[~known])
        if len(cut):
            self.faults.warn(
                "streets",
                "ways that run out of the extracts were cut at the last node that is there",
                values=ids[cut],
                remedy="use extracts with complete ways where the study area ends here",
            )
        piece, way = piece[keep], way[keep]
        first = np.flatnonzero(np.diff(piece, prepend=-1))
        tags = np.array([row[1] for row in rows], dtype=np.int32)
        return ids[way[first]], np.append(first, len(piece)), tags[way[first]], at[keep]

    def report(self) -> None:
        if self.short:
            self.faults.warn("streets", "ways with fewer than two nodes", values=sorted(self.short))
        if self.malformed:
            self.faults.warn(
                "streets",
                "turn restrictions without a proper from, via or to were dropped",
                values=sorted(self.malformed),
            )
        for key, count in sorted(self.conditional.items()):
            self.faults.add(
                "streets",
                f"{key} is not evaluated: the rule without condition holds all day",
                count=count,
                severity="notice",
            )


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:160]
