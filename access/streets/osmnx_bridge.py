"""To and from OSMnx graphs; OSMnx is imported only here and only when used."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.sparse import csr_array
from scipy.sparse.csgraph import connected_components

from halfcircle.access.streets.build import build_network
from halfcircle.access.streets.cache import content_key
from halfcircle.access.streets.network import StreetNetwork
from halfcircle.access.streets.profiles import Mode, StreetProfile
from halfcircle.access.streets.tags import GIVEN_KMH, ROAD_CLASSES
from halfcircle.access.streets.ways import StreetWays
from halfcircle.errors import MissingExtraError, StreetError

__all__ = ["network_from_osmnx", "network_from_place", "network_to_osmnx"]

_NETWORK_TYPE = {"walk": "walk", "bike": "bike", "car": "drive"}
_TAGS = ("highway", "maxspeed", "junction", "service", "access", "tunnel", "bridge", "route")
_SAME_LENGTH_M = 0.05


def network_from_place(
    place: str, mode: Mode, *, profile: StreetProfile | None = None
) -> StreetNetwork:
    """Network of a named place, downloaded by OSMnx (Nominatim and Overpass).

    Parameters
    ----------
    place : str
        What Nominatim finds, such as ``"Maastricht, NL"``.
    mode : {"walk", "bike", "car"}
    profile : WalkProfile, BikeProfile or CarProfile, optional

    Raises
    ------
    MissingExtraError
        OSMnx is not installed.
    StreetError
        The place is not found, or the download fails.
    """
    try:
        import osmnx
    except ImportError as error:
        raise MissingExtraError("osmnx", extra="osmnx", purpose="streets of a place") from error
    if mode not in _NETWORK_TYPE:
        raise StreetError(f"streets: unknown mode {mode!r}")
    try:
        graph = osmnx.graph_from_place(place, network_type=_NETWORK_TYPE[mode])
    except Exception as error:
        # OSMnx lets everything through: requests, its own errors, geometry and value errors.
        reason = " ".join(str(error).split())[:200]
        raise StreetError(
            f"streets of place {place!r}: OSMnx got none ({type(error).__name__}: {reason}) - "
            "check the name and the connection, or give an OSM extract"
        ) from error
    return network_from_osmnx(graph, mode, profile=profile)


def network_from_osmnx(
    graph: Any, mode: Mode, *, profile: StreetProfile | None = None
) -> StreetNetwork:
    """Network from an OSMnx graph (simplified or not, unprojected).

    Rules and speeds are those of `build_network`; an edge attribute ``speed_kph`` is taken as the
    effective speed of cars. Two opposite edges of one street become one two-way link. OSMnx graphs
    carry no turn restrictions.

    Parameters
    ----------
    graph : networkx.MultiDiGraph
        Nodes with x and y in degrees, edges with highway, length and osmid.
    mode : {"walk", "bike", "car"}
    profile : WalkProfile, BikeProfile or CarProfile, optional

    Raises
    ------
    StreetError
        The graph is empty, projected, or lacks coordinates.
    """
    if not hasattr(graph, "edges") or not hasattr(graph, "nodes"):
        raise StreetError(f"OSMnx graph: a {type(graph).__name__} is no graph")
    crs = str(graph.graph.get("crs", "epsg:4326")).lower()
    if "4326" not in crs:
        raise StreetError(f"OSMnx graph: it is projected ({crs[:60]}) - give it in degrees")
    if not graph.number_of_edges():
        raise StreetError("OSMnx graph: there is no street in it")
    try:
        ways = _Ways(graph).finish()
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise StreetError(
            f"OSMnx graph: nodes need numbers x and y, edges need highway ({error!r})"
        ) from error
    return build_network(ways, mode, profile=profile)


class _Ways:
    """Edges of an OSMnx graph as ways; positions inside an edge become nodes of their own."""

    def __init__(self, graph: Any) -> None:
        self.graph = graph
        self.names = list(graph.nodes)
        self.index = {name: i for i, name in enumerate(self.names)}
        self.x = [float(graph.nodes[name]["x"]) for name in self.names]
        self.y = [float(graph.nodes[name]["y"]) for name in self.names]
        self.tag_sets: dict[tuple[tuple[str, str], ...], int] = {}
        self.way_id: list[int] = []
        self.way_tags: list[int] = []
        self.way_nodes: list[list[int]] = []

    def finish(self) -> StreetWays:
        unpaired: dict[tuple[Any, Any], list[tuple[int, float]]] = {}
        edges = list(self.graph.edges(data=True))
        two_way = np.zeros(len(edges), dtype=bool)
        skip = np.zeros(len(edges), dtype=bool)
        for i, (u, v, data) in enumerate(edges):
            length = float(data.get("length", 0.0))
            partners = unpaired.get((v, u), [])
            match = next(
                (p for p in partners if abs(p[1] - length) < _SAME_LENGTH_M and u != v), None
            )
            if match is None:
                unpaired.setdefault((u, v), []).append((i, length))
            else:
                partners.remove(match)
                two_way[match[0]], skip[i] = True, True
        for i, (u, v, data) in enumerate(edges):
            if not skip[i]:
                self.add(u, v, data, two_way=bool(two_way[i]))
        order = np.argsort(np.array(self.way_id), kind="stable")
        nodes = [self.way_nodes[i] for i in order.tolist()]
        arrays: dict[str, Any] = {
            "way_id": np.array(self.way_id)[order],
            "way_ptr": np.append(0, np.cumsum([len(row) for row in nodes])),
            "way_node": np.concatenate([np.array(row) for row in nodes]),
            "way_tags": np.array(self.way_tags)[order],
            "node_lon": np.array(self.x),
            "node_lat": np.array(self.y),
        }
        tag_sets = tuple(dict(tags) for tags in self.tag_sets)
        return StreetWays(
            **arrays,
            node_id=np.arange(len(self.x)),
            marked_node=np.zeros(0, np.int32),
            marked_tags=np.zeros(0, np.int32),
            tag_sets=tag_sets,
            digest=content_key([*arrays.values(), tag_sets]),
        )

    def add(self, u: Any, v: Any, data: dict[str, Any], *, two_way: bool) -> None:
        inner: list[int] = []
        geometry = data.get("geometry")
        if geometry is not None:
            for x, y in list(geometry.coords)[1:-1]:
                inner.append(len(self.x))
                self.x.append(float(x))
                self.y.append(float(y))
        tags = {key: _text(data[key]) for key in _TAGS if key in data}
        if tags.get("highway") == "ferry":
            tags["route"] = tags.pop("highway")
        # The directions of the graph count, whatever the tags would imply.
        oneway = "no" if two_way else "yes"
        tags |= {"oneway": oneway, "oneway:foot": oneway}
        if "speed_kph" in data:
            tags[GIVEN_KMH] = repr(float(data["speed_kph"]))
        key = tuple(sorted(tags.items()))
        self.way_tags.append(self.tag_sets.setdefault(key, len(self.tag_sets)))
        osmid = data.get("osmid", 0)
        self.way_id.append(int(osmid[0] if isinstance(osmid, list) else osmid))
        self.way_nodes.append([self.index[u], *inner, self.index[v]])


def _text(value: Any) -> str:
    """OSMnx keeps lists where edges of different tags were joined."""
    if isinstance(value, list | tuple | set):
        return str(min(value, key=str)) if value else ""
    return str(value)


def network_to_osmnx(network: StreetNetwork) -> Any:
    """OSMnx graph of a network.

    Nodes carry x, y and the OSM id as ``osmid``; edges osmid, highway, length (metres), geometry,
    travel_time (seconds), oneway and reversed. Nodes that turn restrictions split are joined
    again, as OSMnx graphs carry no turn restrictions; nodes split by a barrier stay split.

    Raises
    ------
    MissingExtraError
        networkx is not installed.
    """
    try:
        import networkx
    except ImportError as error:
        raise MissingExtraError("networkx", extra="osmnx", purpose="an OSMnx graph") from error
    graph = networkx.MultiDiGraph(crs="epsg:4326", created_with="halfcircle", simplified=True)
    joint = network.edge_link < 0
    joints = (np.ones(joint.sum()), (network.edge_tail[joint], network.edge_head[joint]))
    shape = (network.n_nodes, network.n_nodes)
    _, part = connected_components(csr_array(joints, shape=shape), directed=False)
    _, first = np.unique(part, return_index=True)
    for node in np.sort(first).tolist():
        osmid, x, y = network.node_id[node], network.node_lon[node], network.node_lat[node]
        graph.add_node(node, osmid=int(osmid), x=float(x), y=float(y))
    tails, heads = first[part[network.edge_tail]], first[part[network.edge_head]]
    lines = network.links.geometry()
    both = (network.link_edges >= 0).sum(axis=1) == 2
    for e in np.flatnonzero(~joint & ~network.edge_copy).tolist():
        link, forward = int(network.edge_link[e]), bool(network.edge_forward[e])
        graph.add_edge(
            int(tails[e]),
            int(heads[e]),
            osmid=int(network.links.way_id[link]),
            highway=ROAD_CLASSES[network.links.road_class[link]],
            length=float(network.links.length_m[link]),
            travel_time=float(network.edge_s[e]),
            oneway=not bool(both[link]),
            reversed=not forward,
            geometry=lines[link] if forward else lines[link].reverse(),
        )
    return graph
