"""Plain twins of the street kernels."""

from __future__ import annotations

import heapq

import numpy as np
import numpy.typing as npt

from halfcircle.access.streets import ROAD_CLASSES, Snaps, StreetLinks, StreetNetwork
from halfcircle.access.streets.network import edge_pointer


def graph_network(
    n_nodes: int, tail: npt.ArrayLike, head: npt.ArrayLike, edge_s: npt.ArrayLike
) -> StreetNetwork:
    """A network from bare edges; link i is edge i (order of the tails), one way each."""
    tail, head = np.asarray(tail, np.int64), np.asarray(head, np.int64)
    order = np.lexsort((head, tail))
    tail, head = tail[order], head[order]
    n = len(tail)
    angle = np.arange(n_nodes) / max(n_nodes, 1) * 2 * np.pi
    lon, lat = 6 + 0.1 * np.cos(angle), 51 + 0.1 * np.sin(angle)
    links = StreetLinks(
        ptr=np.arange(n + 1) * 2,
        lon=np.column_stack([lon[tail], lon[head]]).ravel(),
        lat=np.column_stack([lat[tail], lat[head]]).ravel(),
        length_m=np.ones(n, np.float32),
        way_id=np.arange(n),
        road_class=np.full(n, ROAD_CLASSES.index("residential")),
        snap=np.ones(n, bool),
        main=np.ones(n, bool),
    )
    return StreetNetwork(
        mode="car",
        node_id=np.arange(n_nodes),
        node_lon=lon,
        node_lat=lat,
        edge_ptr=edge_pointer(tail, n_nodes),
        edge_head=head,
        edge_tail=tail,
        edge_s=np.asarray(edge_s, np.float32)[order],
        edge_link=np.arange(n),
        edge_forward=np.ones(n, bool),
        edge_copy=np.zeros(n, bool),
        links=links,
    )


def snaps_at(
    network: StreetNetwork, link_idx: npt.ArrayLike, fraction: npt.ArrayLike, snap_s: npt.ArrayLike
) -> Snaps:
    """Snaps with given offsets; equal coordinates only where everything is equal."""
    link = np.asarray(link_idx, np.int32)
    n = len(link)
    far = np.full(n, np.inf, np.float32)
    return Snaps(
        lon=np.asarray(fraction, np.float64),
        lat=(link + 1) * 1e-3,
        link_idx=link,
        fraction=np.asarray(fraction, np.float64),
        snap_m=np.asarray(snap_s, np.float32),
        snap_s=np.asarray(snap_s, np.float32),
        island_m=far,
        n_links=len(network.links),
    )


def dijkstra(network: StreetNetwork, starts: dict[int, float]) -> list[float]:
    """Heap Dijkstra in plain Python from several nodes with offsets."""
    best = [float("inf")] * network.n_nodes
    heap = []
    for node, seconds in starts.items():
        best[node] = min(best[node], seconds)
        heapq.heappush(heap, (seconds, node))
    while heap:
        seconds, node = heapq.heappop(heap)
        if seconds > best[node]:
            continue
        for e in range(network.edge_ptr[node], network.edge_ptr[node + 1]):
            through = seconds + float(network.edge_s[e])
            head = int(network.edge_head[e])
            if through < best[head]:
                best[head] = through
                heapq.heappush(heap, (through, head))
    return best


def times_s(
    network: StreetNetwork, origins: Snaps, destinations: Snaps, *, limit_s: float
) -> npt.NDArray[np.float32]:
    """Twin of `street_times_s`, place by place."""
    out = np.full((len(origins), len(destinations)), np.inf, dtype=np.float32)
    for i in range(len(origins)):
        if origins.link_idx[i] < 0:
            continue
        starts: dict[int, float] = {}
        for node, seconds in ends(network, origins, i, leaving=True):
            starts[node] = min(starts.get(node, np.inf), seconds)
        best = dijkstra(network, starts)
        for j in range(len(destinations)):
            if destinations.link_idx[j] < 0:
                continue
            value = min(
                (best[node] + s for node, s in ends(network, destinations, j, leaving=False)),
                default=np.inf,
            )
            if origins.link_idx[i] == destinations.link_idx[j]:
                value = min(value, straight(network, origins, i, destinations, j))
            same = (origins.lon[i], origins.lat[i]) == (destinations.lon[j], destinations.lat[j])
            value = 0.0 if same else value
            out[i, j] = value if value <= limit_s else np.inf
    return out


def split(network: StreetNetwork, snaps: Snaps, i: int, side: int) -> tuple[int, float, float]:
    """Edge of a snap along (0) or against (1) its link, seconds behind and ahead of the place."""
    edge = int(network.link_edges[snaps.link_idx[i], side])
    if edge < 0:
        return -1, 0.0, 0.0
    ticks = int(network.edge_ticks[edge])
    behind = round(ticks * float(snaps.fraction[i]))
    if side == 1:
        behind = ticks - behind
    return edge, behind / 256, (ticks - behind) / 256


def ends(network: StreetNetwork, snaps: Snaps, i: int, *, leaving: bool) -> list[tuple[int, float]]:
    """Nodes through which a place is left or reached, with the walk to the street."""
    found = []
    walk = float(snaps.snap_s[i])
    for side in (0, 1):
        edge, behind, ahead = split(network, snaps, i, side)
        if edge < 0:
            continue
        tail, head = int(network.edge_tail[edge]), int(network.edge_head[edge])
        found.append((head, ahead + walk) if leaving else (tail, behind + walk))
        if leaving and behind == 0 < ahead:
            found.append((tail, walk))
        if not leaving and ahead == 0 < behind:
            found.append((head, walk))
    return found


def straight(network: StreetNetwork, a: Snaps, i: int, b: Snaps, j: int) -> float:
    """Seconds along the shared link, or infinite when the place lies behind."""
    best = np.inf
    for side in (0, 1):
        edge, from_start, _ = split(network, a, i, side)
        _, to, _ = split(network, b, j, side)
        if edge >= 0 and to >= from_start:
            best = min(best, to - from_start)
    return float(best + float(a.snap_s[i]) + float(b.snap_s[j]))
