"""Tagged ways: what an OSM extract says, before anything is decided about a mode."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.errors import Fault, StreetError

__all__ = ["Restriction", "StreetWays"]


class Restriction(NamedTuple):
    """A turn restriction relation, members by OSM id.

    ``via_way`` is empty when the turn goes via one node; otherwise ``via_node`` is 0 and the via
    ways stand in the order of the relation. ``kind`` is ``"no"`` or ``"only"``; ``exempt`` lists
    the vehicles that it does not hold for (``except=psv;bicycle``).
    """

    relation_id: int
    kind: str
    from_way: tuple[int, ...]
    via_node: int
    via_way: tuple[int, ...]
    to_way: tuple[int, ...]
    exempt: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class StreetWays:
    """Ways, nodes, barriers and turn restrictions of one or more OSM extracts.

    Equal tag sets are kept once: rules are then applied per tag set, not per way.

    Parameters
    ----------
    way_id : array of int64, shape (n_ways,)
        OSM ids, ascending. A way of which the extracts hold several parts occurs once per part.
    way_ptr : array of int64, shape (n_ways + 1,)
        ``way_node[way_ptr[i]:way_ptr[i + 1]]`` are the nodes of way i, in order.
    way_node : array of int32
        Node indices.
    way_tags : array of int32, shape (n_ways,)
        Index into `tag_sets`.
    node_id : array of int64, shape (n_nodes,)
        OSM ids, ascending.
    node_lon, node_lat : array of float64, shape (n_nodes,), degrees (WGS 84)
    marked_node : array of int32, shape (n_marked,)
        Nodes that carry a tag of interest (barriers, traffic signals).
    marked_tags : array of int32, shape (n_marked,)
        Index into `tag_sets`.
    tag_sets : tuple of mapping
        Distinct sets of the tags that matter for routing.
    restrictions : tuple of Restriction
    digest : str
        Hash of the inputs; part of the key of everything that is built from these ways.
    notices : tuple of Fault
        What was dropped or cut while reading.

    Raises
    ------
    StreetError
        Arrays do not fit together.
    """

    way_id: npt.NDArray[np.int64]
    way_ptr: npt.NDArray[np.int64]
    way_node: npt.NDArray[np.int32]
    way_tags: npt.NDArray[np.int32]
    node_id: npt.NDArray[np.int64]
    node_lon: npt.NDArray[np.float64]
    node_lat: npt.NDArray[np.float64]
    marked_node: npt.NDArray[np.int32]
    marked_tags: npt.NDArray[np.int32]
    tag_sets: tuple[Mapping[str, str], ...]
    restrictions: tuple[Restriction, ...] = ()
    digest: str = ""
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        for name, dtype in _ARRAYS.items():
            object.__setattr__(self, name, frozen_array(getattr(self, name), dtype))
        n_ways, n_nodes, n_sets = len(self.way_id), len(self.node_id), len(self.tag_sets)
        faults = Faults()
        rules = {
            "way_ptr does not delimit way_node": (
                self.way_ptr.shape == (n_ways + 1,)
                and self.way_ptr[0] == 0
                and self.way_ptr[-1] == len(self.way_node)
                and bool((np.diff(self.way_ptr) >= 2).all())
            ),
            "way_node names nodes that are not there": _within(self.way_node, n_nodes),
            "tag sets do not fit": _within(self.way_tags, n_sets)
            and _within(self.marked_tags, n_sets)
            and self.way_tags.shape == (n_ways,),
            "node arrays differ in length": self.node_lon.shape
            == self.node_lat.shape
            == (n_nodes,),
            "node_id is not ascending": bool((np.diff(self.node_id) > 0).all()),
            "positions outside the globe": bool(
                (np.abs(self.node_lon) <= 180).all() and (np.abs(self.node_lat) <= 90).all()
            ),
            "marked nodes do not fit": _within(self.marked_node, n_nodes)
            and self.marked_node.shape == self.marked_tags.shape,
        }
        for what, holds in rules.items():
            if not holds:
                faults.add("street ways", what)
        faults.raise_errors(StreetError)

    def __repr__(self) -> str:
        text = f"<StreetWays: {len(self.way_id):,} ways, {len(self.node_id):,} nodes"
        text += f", {len(self.tag_sets):,} tag sets, {len(self.restrictions):,} turn restrictions"
        return text + (f", {len(self.notices)} notices>" if self.notices else ">")

    def to_arrays(self) -> dict[str, npt.NDArray[Any]]:
        """Plain arrays, for the disk cache."""
        arrays: dict[str, npt.NDArray[Any]] = {name: getattr(self, name) for name in _ARRAYS}
        text = {
            "tag_sets": [dict(tags) for tags in self.tag_sets],
            "restrictions": [tuple(restriction) for restriction in self.restrictions],
            "digest": self.digest,
            "notices": notices_to_json(self.notices),
        }
        arrays["text"] = np.array(json.dumps(text))
        return arrays

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, npt.NDArray[Any]]) -> StreetWays:
        """The reverse of `to_arrays`."""
        text = json.loads(str(arrays["text"]))
        restrictions = tuple(
            Restriction(
                int(r[0]), str(r[1]), tuple(r[2]), int(r[3]), tuple(r[4]), tuple(r[5]), tuple(r[6])
            )
            for r in text["restrictions"]
        )
        return cls(
            **{name: arrays[name] for name in _ARRAYS},
            tag_sets=tuple(text["tag_sets"]),
            restrictions=restrictions,
            digest=str(text["digest"]),
            notices=notices_from_json(text["notices"]),
        )


def notices_to_json(notices: tuple[Fault, ...]) -> list[list[Any]]:
    """Fault notices as plain lists."""
    return [[f.where, f.what, list(f.values), f.remedy, f.count, f.severity] for f in notices]


def notices_from_json(rows: list[list[Any]]) -> tuple[Fault, ...]:
    """The reverse of `notices_to_json`."""
    return tuple(Fault(r[0], r[1], tuple(r[2]), r[3], r[4], r[5]) for r in rows)


def _within(index: npt.NDArray[Any], n: int) -> bool:
    return len(index) == 0 or bool(index.min() >= 0 and index.max() < n)


_ARRAYS: dict[str, npt.DTypeLike] = {
    "way_id": np.int64,
    "way_ptr": np.int64,
    "way_node": np.int32,
    "way_tags": np.int32,
    "node_id": np.int64,
    "node_lon": np.float64,
    "node_lat": np.float64,
    "marked_node": np.int32,
    "marked_tags": np.int32,
}
