"""Kernels: bounded one-to-many searches with a bucket queue (Dial 1969, doi 10.1145/363269.363610).

Times are int32 ticks of 1/256 s. A bucket holds nodes whose time falls in the same 8 seconds; a
node that improves inside the current bucket is scanned again, so times are exact whatever the
width. Work is proportional to the searched part: touched nodes are listed and reset.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

FAR = 2**31 - 1
BUCKET_SHIFT = 11  # a bucket is 2,048 ticks = 8 s wide


class Graph(NamedTuple):
    edge_ptr: Any  # int64 (n_nodes + 1,)
    edge_head: Any  # int32 (n_edges,)
    edge_ticks: Any  # int32 (n_edges,)


class Origins(NamedTuple):
    node: Any  # int32 (n, 2): where they enter the graph, -1 for nowhere
    ticks: Any  # int32 (n, 2): to get there
    position: Any  # int32 (n,): equal for origins and destinations with the same coordinates
    along: Any  # int32 (n, 2): ticks from the start of the edge along / against the link, or -1
    snap: Any  # int32 (n,): ticks to the street
    link_lo: Any  # int64 (n,): destinations on the same link are
    link_hi: Any  # int64 (n,): link_place[link_lo:link_hi]


class Destinations(NamedTuple):
    node: Any  # int32 (n, 2): from where they are arrived at, -1 for nowhere
    ticks: Any  # int32 (n, 2)
    position: Any  # int32 (n,)
    along: Any  # int32 (n, 2)
    snap: Any  # int32 (n,)
    link_place: Any  # int32 (n_snapped,): destinations ordered by link


class Arrivals(NamedTuple):
    ptr: Any  # int64 (n_nodes + 1,): destinations arrived at from a node
    place: Any  # int32
    ticks: Any  # int32


@njit(cache=True, nogil=True)
def _settle(graph, node_0, ticks_0, limit, dist, touched, bucket):  # type: ignore[no-untyped-def]
    """Fill `dist` within the limit from up to two nodes; returns how many nodes are `touched`."""
    far = np.int32(FAR)
    item_node = np.empty(256, np.int32)
    item_key = np.empty(256, np.int32)
    item_next = np.empty(256, np.int32)
    n_touched = 0
    n_items = 0
    free = -1
    last = -1
    for side in range(2):
        node = node_0[side]
        ticks = ticks_0[side]
        if node < 0 or ticks > limit or ticks >= dist[node]:
            continue
        if dist[node] == far:
            touched[n_touched] = node
            n_touched += 1
        dist[node] = ticks
        b = ticks >> BUCKET_SHIFT
        item_node[n_items] = node
        item_key[n_items] = ticks
        item_next[n_items] = bucket[b]
        bucket[b] = n_items
        n_items += 1
        last = max(last, b)
    b = 0
    while b <= last:
        item = bucket[b]
        if item < 0:
            b += 1
            continue
        bucket[b] = item_next[item]
        node = item_node[item]
        base = item_key[item]
        item_next[item] = free
        free = item
        if base != dist[node]:
            continue  # the node improved since it was put here
        for e in range(graph.edge_ptr[node], graph.edge_ptr[node + 1]):
            ticks = base + graph.edge_ticks[e]
            head = graph.edge_head[e]
            if ticks > limit or ticks >= dist[head]:
                continue
            if dist[head] == far:
                touched[n_touched] = head
                n_touched += 1
            dist[head] = ticks
            if free >= 0:
                slot = free
                free = item_next[slot]
            else:
                if n_items == len(item_node):
                    item_node = np.append(item_node, np.empty(n_items, np.int32))
                    item_key = np.append(item_key, np.empty(n_items, np.int32))
                    item_next = np.append(item_next, np.empty(n_items, np.int32))
                slot = n_items
                n_items += 1
            to = ticks >> BUCKET_SHIFT
            item_node[slot] = head
            item_key[slot] = ticks
            item_next[slot] = bucket[to]
            bucket[to] = slot
            last = max(last, to)
    return n_touched


@njit(cache=True, nogil=True)
def _along_link(origins, o, destinations, d):  # type: ignore[no-untyped-def]
    """Ticks straight along the link that both are on; FAR where only a detour leads there."""
    if origins.position[o] == destinations.position[d]:
        return np.int32(0)
    best = np.int32(FAR)
    for side in range(2):
        start = origins.along[o, side]
        stop = destinations.along[d, side]
        if start >= 0 and stop >= start:
            best = min(best, stop - start + origins.snap[o] + destinations.snap[d])
    return best


@njit(cache=True, nogil=True)
def times(graph, origins, destinations, limit, out):  # type: ignore[no-untyped-def]
    """Times in ticks of each origin (rows of `out`) to each destination; FAR where not reached."""
    far = np.int32(FAR)
    n_nodes = len(graph.edge_ptr) - 1
    dist = np.full(n_nodes, far, np.int32)
    touched = np.empty(n_nodes, np.int32)
    bucket = np.full((limit >> BUCKET_SHIFT) + 1, -1, np.int32)
    for o in range(len(origins.snap)):
        n_touched = _settle(graph, origins.node[o], origins.ticks[o], limit, dist, touched, bucket)
        for d in range(out.shape[1]):
            best = far
            for side in range(2):
                node = destinations.node[d, side]
                if node >= 0 and dist[node] != far:
                    best = min(best, dist[node] + destinations.ticks[d, side])
            out[o, d] = best if best <= limit else far
        for k in range(origins.link_lo[o], origins.link_hi[o]):
            d = destinations.link_place[k]
            ticks = _along_link(origins, o, destinations, d)
            if ticks <= limit:
                out[o, d] = min(out[o, d], ticks)
        for i in range(n_touched):
            dist[touched[i]] = far


@njit(cache=True, nogil=True)
def links(graph, origins, destinations, arrivals, limit):  # type: ignore[no-untyped-def]
    """Reached destinations of each origin in ascending order: counts, indices, ticks.

    Destinations are found through the nodes from which they are arrived at, so the work does not
    depend on how many there are elsewhere.
    """
    far = np.int32(FAR)
    n_nodes = len(graph.edge_ptr) - 1
    n_places = len(destinations.snap)
    dist = np.full(n_nodes, far, np.int32)
    touched = np.empty(n_nodes, np.int32)
    bucket = np.full((limit >> BUCKET_SHIFT) + 1, -1, np.int32)
    best = np.full(n_places, far, np.int32)
    seen = np.empty(n_places, np.int32)
    counts = np.zeros(len(origins.snap), np.int64)
    to_idx = np.empty(1024, np.int32)
    to_ticks = np.empty(1024, np.int32)
    n_out = 0
    for o in range(len(origins.snap)):
        n_touched = _settle(graph, origins.node[o], origins.ticks[o], limit, dist, touched, bucket)
        n_seen = 0
        for i in range(n_touched):
            node = touched[i]
            base = dist[node]
            dist[node] = far
            for k in range(arrivals.ptr[node], arrivals.ptr[node + 1]):
                ticks = base + arrivals.ticks[k]
                d = arrivals.place[k]
                if ticks <= limit and ticks < best[d]:
                    if best[d] == far:
                        seen[n_seen] = d
                        n_seen += 1
                    best[d] = ticks
        for k in range(origins.link_lo[o], origins.link_hi[o]):
            d = destinations.link_place[k]
            ticks = _along_link(origins, o, destinations, d)
            if ticks <= limit and ticks < best[d]:
                if best[d] == far:
                    seen[n_seen] = d
                    n_seen += 1
                best[d] = ticks
        while n_out + n_seen > len(to_idx):
            to_idx = np.append(to_idx, np.empty(len(to_idx), np.int32))
            to_ticks = np.append(to_ticks, np.empty(len(to_ticks), np.int32))
        reached = np.sort(seen[:n_seen])
        for i in range(n_seen):
            d = reached[i]
            to_idx[n_out] = d
            to_ticks[n_out] = best[d]
            best[d] = far
            n_out += 1
        counts[o] = n_seen
    return counts, to_idx[:n_out].copy(), to_ticks[:n_out].copy()
