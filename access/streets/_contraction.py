"""Kernel: contraction order and shortcuts (Geisberger et al. 2012, doi 10.1287/trsc.1110.0401).

Nodes are taken out one by one; a shortcut u -> x stands in for u -> v -> x where no other path of
the rest is as short. Weights are int32 ticks; a path above the longest limit of a search is of no
use and gets no shortcut.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numba import njit

FAR = 2**30
LONGEST = 2**24  # ticks: 65,536 s


class Arcs(NamedTuple):
    tail: Any  # int32 pool of arcs
    head: Any
    ticks: Any
    next_out: Any  # linked lists per tail and per head, -1 ends
    next_in: Any
    first_out: Any  # int32 (n_nodes,)
    first_in: Any


class Local(NamedTuple):
    """Workspace of the witness search."""

    dist: Any  # int32 (n_nodes,), FAR where untouched
    touched: Any  # int32 (n_nodes,)
    heap_key: Any  # int32
    heap_node: Any  # int32


@njit(cache=True, nogil=True)
def _push(key, node, size, k, v):  # type: ignore[no-untyped-def]
    i = size
    while i > 0:
        up = (i - 1) >> 1
        if key[up] < k or (key[up] == k and node[up] <= v):
            break
        key[i] = key[up]
        node[i] = node[up]
        i = up
    key[i] = k
    node[i] = v


@njit(cache=True, nogil=True)
def _pop(key, node, size):  # type: ignore[no-untyped-def]
    """Remove the top; the last entry finds its place."""
    last = size - 1
    k = key[last]
    v = node[last]
    i = 0
    while True:
        child = 2 * i + 1
        if child >= last:
            break
        right = child + 1
        if right < last and (
            key[right] < key[child] or (key[right] == key[child] and node[right] < node[child])
        ):
            child = right
        if k < key[child] or (k == key[child] and v <= node[child]):
            break
        key[i] = key[child]
        node[i] = node[child]
        i = child
    key[i] = k
    node[i] = v


@njit(cache=True, nogil=True)
def _witness(arcs, local, gone, source, without, reach, n_settle):  # type: ignore[no-untyped-def]
    """Distances from `source` in the rest without one node; returns how many are touched."""
    dist, touched, key, node = local
    dist[source] = 0
    touched[0] = source
    n_touched = 1
    key[0] = 0
    node[0] = source
    size = 1
    settled = 0
    while size > 0 and settled < n_settle:
        k = key[0]
        v = node[0]
        _pop(key, node, size)
        size -= 1
        if k > dist[v]:
            continue
        if k > reach:
            break
        settled += 1
        a = arcs.first_out[v]
        while a >= 0:
            x = arcs.head[a]
            d = k + arcs.ticks[a]
            if not gone[x] and x != without and d < dist[x] and d <= reach and size < len(key):
                if dist[x] == FAR:
                    touched[n_touched] = x
                    n_touched += 1
                dist[x] = d
                _push(key, node, size, d, x)
                size += 1
            a = arcs.next_out[a]
    return n_touched


@njit(cache=True, nogil=True)
def _shortcuts(arcs, local, gone, v, n_settle, out):  # type: ignore[no-untyped-def]
    """Shortcuts that taking out `v` needs, written to `out` (rows tail, head, ticks)."""
    n = 0
    i = arcs.first_in[v]
    while i >= 0:
        u = arcs.tail[i]
        if not gone[u]:
            reach = -1
            o = arcs.first_out[v]
            while o >= 0:
                x = arcs.head[o]
                if not gone[x] and x != u:
                    reach = max(reach, arcs.ticks[i] + arcs.ticks[o])
                o = arcs.next_out[o]
            if reach >= 0:
                reach = min(reach, LONGEST)
                n_touched = _witness(arcs, local, gone, u, v, reach, n_settle)
                o = arcs.first_out[v]
                while o >= 0:
                    x = arcs.head[o]
                    through = arcs.ticks[i] + arcs.ticks[o]
                    if not gone[x] and x != u and through <= LONGEST and local.dist[x] > through:
                        out[n, 0] = u
                        out[n, 1] = x
                        out[n, 2] = through
                        n += 1
                    o = arcs.next_out[o]
                for t in range(n_touched):
                    local.dist[local.touched[t]] = FAR
        i = arcs.next_in[i]
    return n


@njit(cache=True, nogil=True)
def _degrees(arcs, gone, v):  # type: ignore[no-untyped-def]
    n_in = 0
    a = arcs.first_in[v]
    while a >= 0:
        n_in += not gone[arcs.tail[a]]
        a = arcs.next_in[a]
    n_out = 0
    a = arcs.first_out[v]
    while a >= 0:
        n_out += not gone[arcs.head[a]]
        a = arcs.next_out[a]
    return n_in, n_out


@njit(cache=True, nogil=True)
def _join(arcs, n_arcs, tail, head, ticks):  # type: ignore[no-untyped-def]
    """Add an arc or shorten the one that is there; returns how many arcs there are then."""
    a = arcs.first_out[tail]
    while a >= 0:
        if arcs.head[a] == head:
            arcs.ticks[a] = min(arcs.ticks[a], ticks)
            return n_arcs
        a = arcs.next_out[a]
    arcs.tail[n_arcs] = tail
    arcs.head[n_arcs] = head
    arcs.ticks[n_arcs] = ticks
    arcs.next_out[n_arcs] = arcs.first_out[tail]
    arcs.first_out[tail] = n_arcs
    arcs.next_in[n_arcs] = arcs.first_in[head]
    arcs.first_in[head] = n_arcs
    return n_arcs + 1


@njit(cache=True, nogil=True)
def _forget(arcs, gone, v):  # type: ignore[no-untyped-def]
    """Unlink arcs of `v` whose other end is gone."""
    last = -1
    a = arcs.first_out[v]
    while a >= 0:
        if gone[arcs.head[a]]:
            if last < 0:
                arcs.first_out[v] = arcs.next_out[a]
            else:
                arcs.next_out[last] = arcs.next_out[a]
        else:
            last = a
        a = arcs.next_out[a]
    last = -1
    a = arcs.first_in[v]
    while a >= 0:
        if gone[arcs.tail[a]]:
            if last < 0:
                arcs.first_in[v] = arcs.next_in[a]
            else:
                arcs.next_in[last] = arcs.next_in[a]
        else:
            last = a
        a = arcs.next_in[a]


@njit(cache=True, nogil=True)
def _more(array, size):  # type: ignore[no-untyped-def]
    grown = np.empty(size, np.int32)
    grown[: len(array)] = array
    return grown


@njit(cache=True, nogil=True)
def contract(n_nodes, edge_tail, edge_head, edge_ticks, order, n_settle):  # type: ignore[no-untyped-def]
    """Contract all nodes: those of `order` first, the rest from the least important on.

    Returns the order, the level of each node (above those of all earlier neighbours), and for each
    node in that order the arcs to and from nodes that come later:
    up_ptr, up_to, up_ticks, down_ptr, down_from, down_ticks.
    """
    capacity = 2 * len(edge_tail) + 16
    arcs = Arcs(
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.empty(capacity, np.int32),
        np.full(n_nodes, -1, np.int32),
        np.full(n_nodes, -1, np.int32),
    )
    n_arcs = 0
    for e in range(len(edge_tail)):
        if edge_tail[e] != edge_head[e] and edge_ticks[e] <= LONGEST:
            n_arcs = _join(arcs, n_arcs, edge_tail[e], edge_head[e], edge_ticks[e])
    gone = np.zeros(n_nodes, np.bool_)
    level = np.zeros(n_nodes, np.int32)
    local = Local(
        np.full(n_nodes, FAR, np.int32),
        np.empty(n_nodes, np.int32),
        np.empty(4096, np.int32),
        np.empty(4096, np.int32),
    )
    found = np.empty((64, 3), np.int32)
    n_given = len(order)
    result = np.empty(n_nodes, np.int32)
    # Queue of nodes by importance; an entry counts when its key is still the node's.
    queue_key = np.empty(n_nodes + 16, np.int32)
    queue_node = np.empty(n_nodes + 16, np.int32)
    size = 0
    up_ptr = np.zeros(n_nodes + 1, np.int64)
    down_ptr = np.zeros(n_nodes + 1, np.int64)
    up_to = np.empty(capacity, np.int32)
    up_ticks = np.empty(capacity, np.int32)
    down_from = np.empty(capacity, np.int32)
    down_ticks = np.empty(capacity, np.int32)
    n_up = 0
    n_down = 0
    for step in range(n_nodes):
        n_found = 0
        if step == n_given:
            for v in range(n_nodes):
                if gone[v]:
                    continue
                n_in, n_out = _degrees(arcs, gone, v)
                if n_in * n_out > len(found):
                    found = np.empty((2 * n_in * n_out, 3), np.int32)
                n_found = _shortcuts(arcs, local, gone, v, n_settle, found)
                _push(queue_key, queue_node, size, 2 * n_found - n_in - n_out + level[v], v)
                size += 1
        if step < n_given:
            v = order[step]
            n_in, n_out = _degrees(arcs, gone, v)
            if n_in * n_out > len(found):
                found = np.empty((2 * n_in * n_out, 3), np.int32)
            n_found = _shortcuts(arcs, local, gone, v, n_settle, found)
        else:
            while True:
                v = queue_node[0]
                _pop(queue_key, queue_node, size)
                size -= 1
                n_in, n_out = _degrees(arcs, gone, v)
                if n_in * n_out > len(found):
                    found = np.empty((2 * n_in * n_out, 3), np.int32)
                n_found = _shortcuts(arcs, local, gone, v, n_settle, found)
                key = 2 * n_found - n_in - n_out + level[v]
                if size == 0 or key <= queue_key[0]:
                    break
                _push(queue_key, queue_node, size, key, v)
                size += 1
        result[step] = v
        if n_arcs + n_found > len(arcs.tail):
            bigger = 2 * (n_arcs + n_found)
            arcs = Arcs(
                _more(arcs.tail, bigger),
                _more(arcs.head, bigger),
                _more(arcs.ticks, bigger),
                _more(arcs.next_out, bigger),
                _more(arcs.next_in, bigger),
                arcs.first_out,
                arcs.first_in,
            )
        for f in range(n_found):
            n_arcs = _join(arcs, n_arcs, found[f, 0], found[f, 1], found[f, 2])
        gone[v] = True
        while max(n_up + n_out, n_down + n_in) > len(up_to):
            bigger = 2 * len(up_to)
            up_to = _more(up_to, bigger)
            up_ticks = _more(up_ticks, bigger)
            down_from = _more(down_from, bigger)
            down_ticks = _more(down_ticks, bigger)
        a = arcs.first_out[v]
        while a >= 0:
            x = arcs.head[a]
            if not gone[x]:
                up_to[n_up] = x
                up_ticks[n_up] = arcs.ticks[a]
                n_up += 1
                level[x] = max(level[x], level[v] + 1)
                _forget(arcs, gone, x)
            a = arcs.next_out[a]
        a = arcs.first_in[v]
        while a >= 0:
            u = arcs.tail[a]
            if not gone[u]:
                down_from[n_down] = u
                down_ticks[n_down] = arcs.ticks[a]
                n_down += 1
                level[u] = max(level[u], level[v] + 1)
                _forget(arcs, gone, u)
            a = arcs.next_in[a]
        up_ptr[step + 1] = n_up
        down_ptr[step + 1] = n_down
    return (
        result,
        level,
        up_ptr,
        up_to[:n_up].copy(),
        up_ticks[:n_up].copy(),
        down_ptr,
        down_from[:n_down].copy(),
        down_ticks[:n_down].copy(),
    )
