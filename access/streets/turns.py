"""Turn restrictions: nodes are split so that forbidden sequences of edges have no path.

Only the nodes with a restriction are expanded. An edge after which something is forbidden arrives
at a port of its own, which is joined to what is still allowed. Restrictions via ways use copies of
the via edges that remember where they were entered from (an Aho-Corasick automaton over edges).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.access.streets.ways import Restriction

Path = tuple[int, ...]
_LONGEST_VIA = 12
_EXEMPT = frozenset({"motorcar", "motor_vehicle", "vehicle"})


class Edges(NamedTuple):
    """Directed edges before expansion; lists, as they are read one at a time."""

    tail: list[int]
    head: list[int]
    link: list[int]
    way_first: list[int]  # OSM id of the way at the tail
    way_last: list[int]  # at the head


@dataclass
class Expansion:
    """What changes: new ends of edges, copies of edges, connectors, new nodes."""

    tail: npt.NDArray[np.int64]
    head: npt.NDArray[np.int64]
    node_base: list[int] = field(default_factory=list)  # node that each new node stands for
    copy_edge: list[int] = field(default_factory=list)
    copy_ends: list[tuple[int, int]] = field(default_factory=list)
    connectors: list[tuple[int, int]] = field(default_factory=list)


def forbidden_paths(
    restrictions: Sequence[Restriction],
    edges: Edges,
    *,
    node_of: dict[int, int],
    faults: Faults,
) -> set[Path]:
    """Forbidden sequences of edges, two or more long.

    Parameters
    ----------
    restrictions : sequence of Restriction
    edges : Edges
    node_of : dict
        Node index per OSM id.
    faults : Faults
        Gets counts of restrictions that could not be applied.
    """
    into: dict[int, list[int]] = {}
    out: dict[int, list[int]] = {}
    for e, (tail, head) in enumerate(zip(edges.tail, edges.head, strict=True)):
        out.setdefault(tail, []).append(e)
        into.setdefault(head, []).append(e)
    ending: dict[int, list[int]] = {}
    for e, way in enumerate(edges.way_last):
        ending.setdefault(way, []).append(e)
    forbidden: set[Path] = set()
    moot: list[int] = []
    ambiguous: list[int] = []
    for r in restrictions:
        if _EXEMPT & set(r.exempt):
            continue
        if r.via_way:
            paths = [
                path
                for way in r.from_way
                for e in ending.get(way, ())
                for path in _via_paths(r, e, edges, out)
            ]
        else:
            node = node_of.get(r.via_node, -1)
            paths = [(e,) for e in into.get(node, ()) if edges.way_last[e] in r.from_way]
        if r.kind == "only" and len({path[0] for path in paths}) > 1:
            # The way was not split at the junction: which side is meant cannot be known.
            ambiguous.append(r.relation_id)
            continue
        applied = False
        for path in paths:
            here = out.get(edges.head[path[-1]], [])
            to = [e for e in here if edges.way_first[e] in r.to_way]
            if not to:
                continue
            applied = True
            banned = to if r.kind == "no" else [e for e in here if e not in to]
            forbidden.update((*path, e) for e in banned)
        if not applied:
            moot.append(r.relation_id)
    if moot:
        faults.add(
            "streets",
            "turn restrictions that nothing drivable matches were left out",
            values=moot,
            severity="notice",
        )
    if ambiguous:
        faults.warn(
            "streets", "turn restrictions on a way that passes its via node", values=ambiguous
        )
    return forbidden


def _via_paths(r: Restriction, start: int, edges: Edges, out: dict[int, list[int]]) -> list[Path]:
    """Paths from edge `start` along the via ways to a node where a `to` way leaves."""
    for order in (r.via_way, r.via_way[::-1]):
        stack: list[tuple[Path, int]] = [((start,), 0)]
        while stack:
            path, used = stack.pop(0)
            for e in out.get(edges.head[path[-1]], ()):
                if edges.link[e] == edges.link[path[-1]] or len(path) > _LONGEST_VIA:
                    continue
                way = edges.way_first[e]
                if used == len(order) and way in r.to_way:
                    return [path]
                if used and way == order[used - 1] and e not in path:
                    stack.append(((*path, e), used))
                elif used < len(order) and way == order[used]:
                    stack.append(((*path, e), used + 1))
    return []


def expand(edges: Edges, forbidden: set[Path], n_nodes: int) -> Expansion:
    """Split nodes so that no walk contains a forbidden sequence, and nothing else is lost.

    Parameters
    ----------
    edges : Edges
    forbidden : set of tuple of int
        Sequences of edge indices.
    n_nodes : int
        Nodes so far; new ones are numbered from here.
    """
    result = Expansion(np.array(edges.tail, np.int64), np.array(edges.head, np.int64))
    # Determinism: sets of ints are ordered by hash, so order them.
    states = sorted({path[:k] for path in forbidden for k in range(1, len(path))})
    known = set(states)
    out: dict[int, list[int]] = {}
    expanded = {edges.head[path[-1]] for path in states}
    for e, tail in enumerate(edges.tail):
        if tail in expanded:
            out.setdefault(tail, []).append(e)

    def new_node(base: int) -> int:
        result.node_base.append(base)
        return n_nodes + len(result.node_base) - 1

    leave: dict[int, int] = {}
    for node in sorted(expanded):
        for e in out.get(node, ()):
            leave[e] = new_node(node)
            result.tail[e] = leave[e]
            result.connectors.append((node, leave[e]))
    arrive: dict[Path, int] = {}
    enter: dict[Path, int] = {}
    for path in states:
        arrive[path] = new_node(edges.head[path[-1]])
        if len(path) == 1:
            result.head[path[0]] = arrive[path]
        else:
            enter[path] = new_node(edges.tail[path[-1]])
            result.copy_edge.append(path[-1])
            result.copy_ends.append((enter[path], arrive[path]))
    for path in states:
        for e in out.get(edges.head[path[-1]], ()):
            # All endings of what was driven so far, longest first.
            after = [(*path[k:], e) for k in range(len(path))]
            if any(sequence in forbidden for sequence in after):
                continue
            remembered = next((s for s in after if s in known), None)
            target = leave[e] if remembered is None else enter[remembered]
            result.connectors.append((arrive[path], target))
    return result
