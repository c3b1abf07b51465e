"""Kernels: one-to-many sweeps over a contraction hierarchy, many origins at once.

PHAST (Delling, Goldberg, Nowatzyk, Werneck 2013, doi 10.1016/j.jpdc.2012.02.007), restricted to
what leads to the destinations (RPHAST). Nodes are numbered by importance, the most important is 0;
times are int32 ticks, the lanes of one node lie side by side.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

FAR = 2**30
OUT = 2**31 - 1  # not reached, as in the bucket search
LANES = 32
TILE = 64  # destinations that are turned into rows of the result at a time


class Up(NamedTuple):
    ptr: Any  # int64 (n_nodes + 1,): arcs to more important nodes
    to: Any  # int32
    ticks: Any  # int32


class Sweep(NamedTuple):
    node: Any  # int32 (n_swept,): nodes that lead to a destination, most important first
    row: Any  # int32 (n_nodes,): place in `node`, -1 where not swept
    ptr: Any  # int64 (n_swept + 1,): arcs from more important nodes
    source: Any  # int32: their rows
    ticks: Any  # int32


@njit(cache=True, nogil=True)
def restrict(down_ptr, down_from, down_ticks, targets):  # type: ignore[no-untyped-def]
    """The part of the downward graph that leads to `targets`: columns of `Sweep`."""
    n_nodes = len(down_ptr) - 1
    wanted = np.zeros(n_nodes, np.bool_)
    for t in range(len(targets)):
        wanted[targets[t]] = True
    n_swept = 0
    n_arcs = 0
    for v in range(n_nodes - 1, -1, -1):
        if wanted[v]:
            n_swept += 1
            n_arcs += down_ptr[v + 1] - down_ptr[v]
            for a in range(down_ptr[v], down_ptr[v + 1]):
                wanted[down_from[a]] = True
    node = np.empty(n_swept, np.int32)
    row = np.full(n_nodes, -1, np.int32)
    ptr = np.zeros(n_swept + 1, np.int64)
    source = np.empty(n_arcs, np.int32)
    ticks = np.empty(n_arcs, np.int32)
    i = 0
    k = 0
    for v in range(n_nodes):
        if wanted[v]:
            node[i] = v
            row[v] = i
            for a in range(down_ptr[v], down_ptr[v + 1]):
                source[k] = row[down_from[a]]
                ticks[k] = down_ticks[a]
                k += 1
            i += 1
            ptr[i] = k
    return node, row, ptr, source, ticks


@njit(cache=True, nogil=True)
def _climb(up, node_0, ticks_0, limit, dist, queue, touched):  # type: ignore[no-untyped-def]
    """Times to more important nodes; returns how many nodes are touched.

    Arcs lead to smaller numbers only, so nodes taken from the largest number down are final. The
    queue is a binary heap of negated numbers.
    """
    size = 0
    n_touched = 0
    for side in range(2):
        v = node_0[side]
        if v < 0 or ticks_0[side] > limit or ticks_0[side] >= dist[v]:
            continue
        if dist[v] == FAR:
            touched[n_touched] = v
            n_touched += 1
            i = size
            while i > 0 and queue[(i - 1) >> 1] < v:
                queue[i] = queue[(i - 1) >> 1]
                i = (i - 1) >> 1
            queue[i] = v
            size += 1
        dist[v] = ticks_0[side]
    while size > 0:
        v = queue[0]
        size -= 1
        last = queue[size]
        i = 0
        while True:
            child = 2 * i + 1
            if child >= size:
                break
            if child + 1 < size and queue[child + 1] > queue[child]:
                child += 1
            if last >= queue[child]:
                break
            queue[i] = queue[child]
            i = child
        queue[i] = last
        for a in range(up.ptr[v], up.ptr[v + 1]):
            x = up.to[a]
            d = dist[v] + up.ticks[a]
            if d > limit or d >= dist[x]:
                continue
            if dist[x] == FAR:
                touched[n_touched] = x
                n_touched += 1
                i = size
                while i > 0 and queue[(i - 1) >> 1] < x:
                    queue[i] = queue[(i - 1) >> 1]
                    i = (i - 1) >> 1
                queue[i] = x
                size += 1
            dist[x] = d
    return n_touched


@njit(cache=True, nogil=True)
def _along_link(origins, o, destinations, d):  # type: ignore[no-untyped-def]
    """As in the bucket search: compiled code is not shared between files."""
    if origins.position[o] == destinations.position[d]:
        return np.int32(0)
    best = np.int32(OUT)
    for side in range(2):
        start = origins.along[o, side]
        stop = destinations.along[d, side]
        if start >= 0 and stop >= start:
            best = min(best, stop - start + origins.snap[o] + destinations.snap[d])
    return best


@njit(cache=True, nogil=True)
def times(up, sweep, origins, destinations, limit, out):  # type: ignore[no-untyped-def]
    """Times in ticks of each origin (rows of `out`) to each destination; OUT where not reached.

    Nodes of origins are numbered by importance, nodes of destinations are rows of the sweep.
    """
    n_nodes = len(up.ptr) - 1
    n_swept = len(sweep.node)
    dist = np.full(n_nodes, FAR, np.int32)
    queue = np.empty(n_nodes + 1, np.int32)
    touched = np.empty(n_nodes, np.int32)
    lanes = np.empty((n_swept, LANES), np.int32)
    alive = np.empty(n_swept, np.bool_)  # within the limit of any origin of the batch
    tile = np.empty((TILE, LANES), np.int32)
    # The width as a variable and sums as int32: only so the inner loops become vector instructions.
    width = lanes.shape[1]
    most, never = np.int32(limit), np.int32(OUT)
    n_places = out.shape[1]
    for start in range(0, len(origins.snap), LANES):
        n_lanes = min(LANES, len(origins.snap) - start)
        alive[:] = False
        for k in range(n_lanes):
            o = start + k
            n_touched = _climb(up, origins.node[o], origins.ticks[o], limit, dist, queue, touched)
            for t in range(n_touched):
                v = touched[t]
                row = sweep.row[v]
                if row >= 0:
                    if not alive[row]:
                        lanes[row] = FAR
                        alive[row] = True
                    lanes[row, k] = dist[v]
                dist[v] = FAR
        for i in range(n_swept):
            for a in range(sweep.ptr[i], sweep.ptr[i + 1]):
                source = sweep.source[a]
                if not alive[source]:
                    continue
                if not alive[i]:
                    lanes[i] = FAR
                    alive[i] = True
                ticks = np.int32(sweep.ticks[a])
                for k in range(width):
                    lanes[i, k] = min(lanes[i, k], np.int32(lanes[source, k] + ticks))
            if alive[i]:
                nearest = np.int32(FAR)
                for k in range(width):
                    nearest = min(nearest, lanes[i, k])
                alive[i] = nearest <= most
        for first in range(0, n_places, TILE):
            n_tile = min(TILE, n_places - first)
            for d in range(n_tile):
                tile[d] = FAR
                for side in range(2):
                    row = destinations.node[first + d, side]
                    if row >= 0 and alive[row]:
                        ticks = np.int32(destinations.ticks[first + d, side])
                        for k in range(width):
                            tile[d, k] = min(tile[d, k], np.int32(lanes[row, k] + ticks))
            for k in range(n_lanes):
                for d in range(n_tile):
                    near = tile[d, k] <= most
                    out[start + k, first + d] = tile[d, k] if near else never
        for k in range(n_lanes):
            o = start + k
            for j in range(origins.link_lo[o], origins.link_hi[o]):
                d = destinations.link_place[j]
                ticks = _along_link(origins, o, destinations, d)
                if ticks <= limit:
                    out[o, d] = min(out[o, d], ticks)
