"""From tagged ways to the street network of one mode."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from typing import Any, cast

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from halfcircle._checks import Faults, nearest
from halfcircle.access.streets import turns
from halfcircle.access.streets.cache import cached, content_key
from halfcircle.access.streets.links import LINK_ARRAYS, StreetLinks
from halfcircle.access.streets.network import NETWORK_ARRAYS, StreetNetwork, edge_pointer
from halfcircle.access.streets.profiles import MODES, PROFILES, CarProfile, Mode, StreetProfile
from halfcircle.access.streets.segments import Links, contract, quantised_s, way_segments
from halfcircle.access.streets.speeds import CountryLookup
from halfcircle.access.streets.ways import (
    Restriction,
    StreetWays,
    notices_from_json,
    notices_to_json,
)
from halfcircle.errors import StreetError

__all__ = ["build_network"]

IntArray = npt.NDArray[np.int64]


def build_network(
    ways: StreetWays,
    mode: Mode,
    *,
    profile: StreetProfile | None = None,
    country_of: CountryLookup | None = None,
    cache_dir: str | os.PathLike[str] | None = None,
) -> StreetNetwork:
    """Build the directed graph of one mode.

    Parameters
    ----------
    ways : StreetWays
        From `read_osm`.
    mode : {"walk", "bike", "car"}
    profile : WalkProfile, BikeProfile or CarProfile, optional
        Speeds, delays and other assumptions; the defaults of the mode where left out.
    country_of : callable, optional
        Country of each way for speed limits, such as from `country_lookup`; where it gives none,
        ``profile.country`` counts.
    cache_dir : path, optional
        Folder of the disk cache.

    Returns
    -------
    StreetNetwork

    Raises
    ------
    StreetError
        The mode is unknown, the profile is of another mode, or no way is open to the mode.
    """
    if mode not in MODES:
        raise StreetError(f"streets: unknown mode {mode!r} - {nearest(str(mode), MODES)}")
    profile = PROFILES[mode]() if profile is None else profile
    if not isinstance(profile, PROFILES[mode]):
        raise StreetError(f"streets: {type(profile).__name__} is no profile of mode {mode!r}")
    parts: list[object] = [ways.digest, profile]
    if country_of is not None:
        first = ways.way_node[ways.way_ptr[:-1]]
        parts.append(np.asarray(country_of(ways.node_lon[first], ways.node_lat[first])))
    key = content_key(parts)
    return cached(
        cache_dir if ways.digest else None,
        name=f"streets-{mode}",
        key=key,
        build=lambda: _build(ways, mode, profile, country_of, key),
        to_arrays=_to_arrays,
        from_arrays=_from_arrays,
    )


def _build(
    ways: StreetWays,
    mode: Mode,
    profile: StreetProfile,
    country_of: CountryLookup | None,
    digest: str,
) -> StreetNetwork:
    faults = Faults()
    faults.extend(ways.notices)
    segments = way_segments(ways, profile, country_of=country_of, faults=faults)
    if len(segments) == 0:
        raise StreetError(f"streets: no way is open to mode {mode!r}")
    restrictions = ways.restrictions if isinstance(profile, CarProfile) else ()
    links = contract(segments, ways.way_id, keep_node=_nodes_to_keep(ways, restrictions))

    # Nodes of the graph, ordered along a curve through the plane so that neighbours in the street
    # are neighbours in memory.
    ends = np.concatenate([links.node[links.ptr[:-1]], links.node[links.ptr[1:] - 1]])
    used, end_idx = np.unique(ends, return_inverse=True)
    at = segments.node[used]
    order = np.argsort(_morton(ways.node_lon[at], ways.node_lat[at]), kind="stable")
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order))
    way_node = at[order]
    u, v = rank[end_idx].reshape(2, -1)

    along, against = np.isfinite(links.forward_s), np.isfinite(links.backward_s)
    link = np.concatenate([np.flatnonzero(along), np.flatnonzero(against)])
    forward = np.arange(len(link)) < along.sum()
    tail, head = np.where(forward, u[link], v[link]), np.where(forward, v[link], u[link])
    edge_s = quantised_s(np.where(forward, links.forward_s[link], links.backward_s[link]))
    snap = links.snap.copy()
    copies = np.zeros(len(link), dtype=bool)
    if restrictions:
        expansion = _expand(
            restrictions, ways, links, (tail, head, link, forward), way_node, faults
        )
        extra = np.array(expansion.copy_edge, dtype=np.int64)
        joints = np.array(expansion.connectors, dtype=np.int64).reshape(-1, 2)
        doubles = np.array(expansion.copy_ends, dtype=np.int64).reshape(-1, 2)
        snap[link[extra]] = False  # a place there could be reached along two copies
        n_joints = len(joints)
        tail = np.concatenate([expansion.tail, doubles[:, 0], joints[:, 0]])
        head = np.concatenate([expansion.head, doubles[:, 1], joints[:, 1]])
        edge_s = np.concatenate([edge_s, edge_s[extra], np.zeros(n_joints, np.float32)])
        forward = np.concatenate([forward, forward[extra], np.ones(n_joints, bool)])
        copies = np.concatenate([copies, np.ones(len(extra), bool), np.zeros(n_joints, bool)])
        link = np.concatenate([link, link[extra], np.full(n_joints, -1)])
        way_node = np.append(way_node, way_node[np.array(expansion.node_base, dtype=np.int64)])
    n_nodes = len(way_node)
    by_tail = np.lexsort((head, tail))
    tail, head, link = tail[by_tail], head[by_tail], link[by_tail]
    position = segments.node[links.node]
    return StreetNetwork(
        mode=mode,
        node_id=ways.node_id[way_node],
        node_lon=ways.node_lon[way_node],
        node_lat=ways.node_lat[way_node],
        edge_ptr=edge_pointer(tail, n_nodes),
        edge_head=head,
        edge_tail=tail,
        edge_s=edge_s[by_tail],
        edge_link=link,
        edge_forward=forward[by_tail],
        edge_copy=copies[by_tail],
        links=StreetLinks(
            ptr=links.ptr,
            lon=ways.node_lon[position],
            lat=ways.node_lat[position],
            length_m=links.length_m.astype(np.float32),
            way_id=links.way_first,
            road_class=links.road_class,
            snap=snap,
            main=_main_links(tail, head, link, n_nodes, len(snap)),
        ),
        profile=repr(profile),
        digest=digest,
        notices=tuple(faults.items),
    )


def _nodes_to_keep(ways: StreetWays, restrictions: tuple[Restriction, ...]) -> IntArray:
    """Nodes (indices into the ways) at which restrictions begin or end."""
    wanted = {w for r in restrictions if r.via_way for w in (*r.from_way, *r.via_way, *r.to_way)}
    rows = np.flatnonzero(np.isin(ways.way_id, np.array(sorted(wanted), dtype=np.int64)))
    ends = np.concatenate(
        [ways.way_node[ways.way_ptr[rows]], ways.way_node[ways.way_ptr[rows + 1] - 1]]
    )
    via = np.array(sorted({r.via_node for r in restrictions if not r.via_way}), dtype=np.int64)
    return np.union1d(ends, np.flatnonzero(np.isin(ways.node_id, via)))


def _expand(
    restrictions: tuple[Restriction, ...],
    ways: StreetWays,
    links: Links,
    edge: tuple[IntArray, IntArray, IntArray, npt.NDArray[np.bool_]],
    way_node: IntArray,
    faults: Faults,
) -> turns.Expansion:
    tail, head, link, forward = edge
    first = np.where(forward, links.way_first[link], links.way_last[link])
    last = np.where(forward, links.way_last[link], links.way_first[link])
    edges = turns.Edges(tail.tolist(), head.tolist(), link.tolist(), first.tolist(), last.tolist())
    node_of = dict(zip(ways.node_id[way_node].tolist(), range(len(way_node)), strict=True))
    forbidden = turns.forbidden_paths(restrictions, edges, node_of=node_of, faults=faults)
    return turns.expand(edges, forbidden, len(way_node))


def _main_links(
    tail: IntArray, head: IntArray, link: IntArray, n_nodes: int, n_links: int
) -> npt.NDArray[np.bool_]:
    """Links all of whose edges lie in the largest strongly connected part."""
    ones = np.ones(len(tail), dtype=np.int8)
    graph = csr_array((ones, (tail, head)), shape=(n_nodes, n_nodes))
    _, part = connected_components(graph, directed=True, connection="strong")
    largest = np.bincount(part).argmax()
    inside = (part[tail] == largest) & (part[head] == largest)
    main = np.ones(n_links, dtype=bool)
    main[link[(link >= 0) & ~inside]] = False
    return main


def _morton(lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64]) -> npt.NDArray[np.uint64]:
    """Position along a Z-order curve of 2 x 16 bits."""
    code = np.zeros(len(lon), dtype=np.uint64)
    for shift, values in enumerate((lon, lat)):
        low = values.min()
        span = max(float(values.max() - low), 1e-9)
        bits = ((values - low) / span * 65535).astype(np.uint64)
        for step, mask in ((8, 0x00FF00FF), (4, 0x0F0F0F0F), (2, 0x33333333), (1, 0x55555555)):
            bits = (bits | (bits << np.uint64(step))) & np.uint64(mask)
        code |= bits << np.uint64(shift)
    return code


def _to_arrays(network: StreetNetwork) -> dict[str, npt.NDArray[Any]]:
    arrays = {name: getattr(network, name) for name in NETWORK_ARRAYS}
    arrays |= {f"link_{name}": getattr(network.links, name) for name in LINK_ARRAYS}
    text = [network.mode, network.profile, network.digest, notices_to_json(network.notices)]
    arrays["text"] = np.array(json.dumps(text))
    return arrays


def _from_arrays(arrays: Mapping[str, npt.NDArray[Any]]) -> StreetNetwork:
    mode, profile, digest, notices = json.loads(str(arrays["text"]))
    return StreetNetwork(
        mode=cast(Mode, mode),
        **{name: arrays[name] for name in NETWORK_ARRAYS},
        links=StreetLinks(**{name: arrays[f"link_{name}"] for name in LINK_ARRAYS}),
        profile=str(profile),
        digest=str(digest),
        notices=notices_from_json(notices),
    )
