"""Communities: moving nodes between communities of a directed, weighted graph.

The quality that is maximised is modularity for directed graphs with a resolution,
Q = sum over communities of (inside / m - resolution * out * in / m^2), self-loops included. The
graph comes as one symmetric list of neighbours (flow there plus flow back) and two strengths.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


class Graph(NamedTuple):
    """Nodes and what flows between them, both directions together, self-loops apart."""

    start: Ints  # (n + 1,) first neighbour of each node
    other: Ints  # (m,) neighbour
    weight: Floats  # (m,) flow there plus flow back
    out: Floats  # (n,) all that leaves a node, self-loop included
    into: Floats  # (n,) all that arrives, self-loop included
    total: float


@njit(cache=True, nogil=True)
def move_nodes(graph: Graph, resolution: float, order: Ints, label: Ints) -> int:
    """Move nodes to the community that raises the quality most until none wants to move.

    order (n,) is the order in which nodes are looked at first; label (n,) is changed in place.
    Nodes whose neighbour moved are looked at again. Returns the number of moves.
    """
    n = len(label)
    out, into = np.zeros(n), np.zeros(n)
    size = np.zeros(n, dtype=np.int64)
    for i in range(n):
        out[label[i]] += graph.out[i]
        into[label[i]] += graph.into[i]
        size[label[i]] += 1
    empty = np.empty(n, dtype=np.int64)
    n_empty = 0
    for c in range(n):
        if size[c] == 0:
            empty[n_empty] = c
            n_empty += 1
    queue = order.copy()
    waiting = np.ones(n, dtype=np.bool_)
    head, count = 0, n
    with_weight = np.zeros(n)
    touched = np.empty(n, dtype=np.int64)
    moves = 0
    while count > 0:
        i = queue[head]
        head = (head + 1) % n
        count -= 1
        waiting[i] = False
        here = label[i]
        out[here] -= graph.out[i]
        into[here] -= graph.into[i]
        size[here] -= 1
        n_touched = 0
        for e in range(graph.start[i], graph.start[i + 1]):
            c = label[graph.other[e]]
            if with_weight[c] == 0.0:
                touched[n_touched] = c
                n_touched += 1
            with_weight[c] += graph.weight[e]
        best = here
        best_gain = (
            with_weight[here]
            - resolution * (graph.out[i] * into[here] + graph.into[i] * out[here]) / graph.total
        )
        for t in range(n_touched):
            c = touched[t]
            gain = (
                with_weight[c]
                - resolution * (graph.out[i] * into[c] + graph.into[i] * out[c]) / graph.total
            )
            if gain > best_gain + 1e-12 * graph.total:
                best = c
                best_gain = gain
        if best_gain < -1e-12 * graph.total and n_empty > 0 and size[here] > 0:
            # Alone is better than with anybody.
            n_empty -= 1
            best = empty[n_empty]
        for t in range(n_touched):
            with_weight[touched[t]] = 0.0
        out[best] += graph.out[i]
        into[best] += graph.into[i]
        size[best] += 1
        if best != here:
            if size[here] == 0:
                empty[n_empty] = here
                n_empty += 1
            label[i] = best
            moves += 1
            for e in range(graph.start[i], graph.start[i + 1]):
                j = graph.other[e]
                if label[j] != best and not waiting[j]:
                    waiting[j] = True
                    queue[(head + count) % n] = j
                    count += 1
    return moves


@njit(cache=True, nogil=True)
def refine(
    graph: Graph,
    resolution: float,
    randomness: float,
    order: Ints,
    draw: Floats,
    community: Ints,
    label: Ints,
) -> None:
    """Split communities into well connected parts (the refinement phase of the Leiden algorithm).

    Starts from single nodes; a node that is still alone and well connected to its community joins
    a well connected part of it, with a probability that grows with the gain. order (n,) and draw
    (n,), uniform in [0, 1), are the random part; label (n,) is filled.
    """
    n = len(community)
    out_all, into_all = np.zeros(n), np.zeros(n)  # of communities
    out, into, cut = np.zeros(n), np.zeros(n), np.zeros(n)  # of parts
    size = np.ones(n, dtype=np.int64)
    for i in range(n):
        label[i] = i
        out_all[community[i]] += graph.out[i]
        into_all[community[i]] += graph.into[i]
        out[i] = graph.out[i]
        into[i] = graph.into[i]
        for e in range(graph.start[i], graph.start[i + 1]):
            if community[graph.other[e]] == community[i]:
                cut[i] += graph.weight[e]
    with_weight = np.zeros(n)
    touched = np.empty(n, dtype=np.int64)
    chance = np.empty(n)
    scale = resolution / graph.total
    for t in range(n):
        i = order[t]
        k = community[i]
        if size[label[i]] != 1:
            continue
        rest_out, rest_in = out_all[k] - graph.out[i], into_all[k] - graph.into[i]
        if cut[i] < scale * (graph.out[i] * rest_in + graph.into[i] * rest_out):
            continue
        n_touched = 0
        for e in range(graph.start[i], graph.start[i + 1]):
            j = graph.other[e]
            if community[j] == k:
                c = label[j]
                if with_weight[c] == 0.0:
                    touched[n_touched] = c
                    n_touched += 1
                with_weight[c] += graph.weight[e]
        total = 1.0  # to stay alone: a gain of 0
        for s in range(n_touched):
            c = touched[s]
            chance[s] = 0.0
            expected = scale * (out[c] * (into_all[k] - into[c]) + into[c] * (out_all[k] - out[c]))
            if cut[c] >= expected:
                gain = with_weight[c] - scale * (graph.out[i] * into[c] + graph.into[i] * out[c])
                if gain >= 0.0:
                    # Relative to the strength of the node, so that randomness has no unit.
                    share = gain / (graph.out[i] + graph.into[i])
                    chance[s] = np.exp(min(share / randomness, 500.0))
                    total += chance[s]
        threshold = draw[i] * total
        chosen = -1
        running = 1.0
        if threshold >= running:
            for s in range(n_touched):
                running += chance[s]
                if chance[s] > 0.0:
                    chosen = touched[s]
                    if threshold < running:
                        break
        if chosen >= 0:
            # What the part had in common with the node is no longer cut.
            cut[chosen] += cut[i] - 2.0 * with_weight[chosen]
            out[chosen] += graph.out[i]
            into[chosen] += graph.into[i]
            size[chosen] += 1
            size[i] = 0
            label[i] = chosen
        for s in range(n_touched):
            with_weight[touched[s]] = 0.0
