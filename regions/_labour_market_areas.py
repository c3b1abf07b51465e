"""Labour market areas: the loop of Coombes & Bond over arrays.

All flows are whole numbers stored as float64 (the caller scales fractional ones), so sums and
differences are exact, in any order, and what is kept up to date incrementally equals what would
be summed afresh. Nothing is re-aggregated: moving one unit touches its own flows, its old and its
new cluster, and two leaves of the tree that knows the least self-contained cluster.
"""

from __future__ import annotations

from typing import NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt
from numba import njit

CONTENT, BY_ID, R_PACKAGE = 0, 1, 2
RESERVE = -1

Floats: TypeAlias = npt.NDArray[np.float64]
Ints: TypeAlias = npt.NDArray[np.int64]


class FlowArrays(NamedTuple):
    """Flows by origin and by destination; flows of units to themselves stand apart."""

    out_start: Ints  # (n + 1,) first flow of each origin
    out_unit: Ints  # (m,) destination
    out_count: Floats  # (m,)
    in_start: Ints  # (n + 1,) first flow of each destination
    in_unit: Ints  # (m,) origin
    in_count: Floats  # (m,)
    own: Floats  # (n,) flow to itself
    residents: Floats  # (n,) row sums
    jobs: Floats  # (n,) column sums


class Limits(NamedTuple):
    """When a cluster is valid."""

    min_size: float
    target_size: float
    min_containment: float
    target_containment: float


class Clusters(NamedTuple):
    """Internal flow and margins of each cluster, (n,) each."""

    own: Floats
    residents: Floats
    jobs: Floats


class Links(NamedTuple):
    """Scratch: flows of one unit to and from each cluster, and which clusters those are."""

    to: Floats
    fro: Floats
    touched: Ints


@njit(cache=True, nogil=True)
def validity(own: float, residents: float, jobs: float, limits: Limits) -> float:
    """Validity of one cluster; at least 1 is valid."""
    containment = min(own / residents, own / jobs)
    if containment == 1.0:
        return 1.0
    shortage = (limits.target_size - residents) / (limits.target_size - limits.min_size)
    shortage = max(shortage, 0.0)
    return (
        (limits.target_containment / limits.min_containment)
        * min(containment / limits.target_containment, 1.0)
        * (1.0 - (1.0 - limits.min_containment / limits.target_containment) * shortage)
    )


@njit(cache=True, nogil=True)
def _before(a: int, b: int, score: Floats, clusters: Clusters, by_content: bool) -> bool:
    # Whether cluster a comes before cluster b in the queue of the least self-contained.
    if score[a] != score[b]:
        return bool(score[a] < score[b])
    if by_content and score[a] != np.inf:
        if clusters.residents[a] != clusters.residents[b]:
            return bool(clusters.residents[a] < clusters.residents[b])
        if clusters.jobs[a] != clusters.jobs[b]:
            return bool(clusters.jobs[a] < clusters.jobs[b])
        if clusters.own[a] != clusters.own[b]:
            return bool(clusters.own[a] < clusters.own[b])
    return a < b


@njit(cache=True, nogil=True)
def _decide(tree: Ints, node: int, score: Floats, clusters: Clusters, by_content: bool) -> None:
    # One match of the tournament: the least self-contained of two halves moves up.
    left, right = tree[2 * node], tree[2 * node + 1]
    if right < 0 or (left >= 0 and _before(left, right, score, clusters, by_content)):
        tree[node] = left
    else:
        tree[node] = right


@njit(cache=True, nogil=True)
def _replay(tree: Ints, leaf: int, score: Floats, clusters: Clusters, by_content: bool) -> None:
    # After a change of one cluster, decide again the matches on its way to the root.
    node = (len(tree) // 2 + leaf) // 2
    while node >= 1:
        _decide(tree, node, score, clusters, by_content)
        node //= 2


@njit(cache=True, nogil=True)
def _gather(c: int, flows: FlowArrays, label: Ints, links: Links) -> int:
    # Flows of unit c with each cluster; returns how many clusters it has any with.
    n = 0
    for e in range(flows.out_start[c], flows.out_start[c + 1]):
        b = label[flows.out_unit[e]]
        if b >= 0:
            if links.to[b] == 0.0:
                links.touched[n] = b
                n += 1
            links.to[b] += flows.out_count[e]
    for e in range(flows.in_start[c], flows.in_start[c + 1]):
        b = label[flows.in_unit[e]]
        if b >= 0:
            if links.to[b] == 0.0 and links.fro[b] == 0.0:
                links.touched[n] = b
                n += 1
            links.fro[b] += flows.in_count[e]
    return n


@njit(cache=True, nogil=True)
def _forget(links: Links, n_touched: int) -> None:
    for t in range(n_touched):
        links.to[links.touched[t]] = 0.0
        links.fro[links.touched[t]] = 0.0


@njit(cache=True, nogil=True)
def _strongest(
    c: int,
    k: int,
    flows: FlowArrays,
    links: Links,
    n_touched: int,
    clusters: Clusters,
    by_content: bool,
) -> int:
    # Cluster other than k with which unit c has the strongest link; -1 if it has none.
    best = -1
    best_link = -1.0
    for t in range(n_touched):
        b = links.touched[t]
        if b == k:
            continue
        # Products of shares, not shares of products: scaling all flows changes no bit.
        link = (links.to[b] / flows.residents[c]) * (links.to[b] / clusters.jobs[b]) + (
            links.fro[b] / clusters.residents[b]
        ) * (links.fro[b] / flows.jobs[c])
        if link != best_link:
            better = link > best_link
        elif by_content and clusters.residents[b] != clusters.residents[best]:
            better = clusters.residents[b] > clusters.residents[best]
        elif by_content and clusters.jobs[b] != clusters.jobs[best]:
            better = clusters.jobs[b] > clusters.jobs[best]
        elif by_content and clusters.own[b] != clusters.own[best]:
            better = clusters.own[b] > clusters.own[best]
        else:
            better = b < best
        if better:
            best = b
            best_link = link
    return best


@njit(cache=True, nogil=True)
def _most_open_member(
    k: int,
    first: Ints,
    following: Ints,
    inflow_inside: Floats,
    flows: FlowArrays,
    by_content: bool,
) -> int:
    # The member with the most flow from outside the cluster and to anywhere but itself.
    best = -1
    best_value = -1.0
    c = first[k]
    while c >= 0:
        value = flows.jobs[c] - inflow_inside[c] + flows.residents[c] - flows.own[c]
        if value != best_value:
            better = value > best_value
        elif by_content and flows.residents[c] != flows.residents[best]:
            better = flows.residents[c] > flows.residents[best]
        elif by_content and flows.jobs[c] != flows.jobs[best]:
            better = flows.jobs[c] > flows.jobs[best]
        elif by_content and flows.own[c] != flows.own[best]:
            better = flows.own[c] > flows.own[best]
        else:
            better = c < best
        if better:
            best = c
            best_value = value
        c = following[c]
    return best


@njit(cache=True, nogil=True)
def _fragments(
    k: int, first: Ints, following: Ints, flows: FlowArrays, label: Ints, limits: Limits
) -> tuple[float, float]:
    # Least and greatest validity over (residents and jobs of a member) x (flow inside k): how the
    # reference implementation scores a cluster that has just lost a unit.
    least, greatest = np.inf, -np.inf
    c = first[k]
    while c >= 0:
        r, w = flows.residents[c], flows.jobs[c]
        a = first[k]
        while a >= 0:
            if flows.own[a] > 0.0:
                v = validity(flows.own[a], r, w, limits)
                least, greatest = min(least, v), max(greatest, v)
            for e in range(flows.out_start[a], flows.out_start[a + 1]):
                if label[flows.out_unit[e]] == k:
                    v = validity(flows.out_count[e], r, w, limits)
                    least, greatest = min(least, v), max(greatest, v)
            a = following[a]
        c = following[c]
    return least, greatest


@njit(cache=True, nogil=True)
def grow_clusters(
    flows: FlowArrays, limits: Limits, mode: int, max_steps: int, label: Ints, clusters: Clusters
) -> int:
    """Dissolve the least self-contained cluster, unit by unit, until all are valid.

    mode is CONTENT, BY_ID or R_PACKAGE. After max_steps every further unit goes to the reserve,
    which ends the loop. Fills label (n,) with the cluster of each unit, RESERVE for the reserve
    list, and clusters. Returns the number of steps. O(n log n + steps x (flows of a unit +
    members of a cluster)).
    """
    n = len(flows.own)
    by_content = mode == CONTENT
    valid = np.empty(n)  # validity of each cluster, infinite when it is empty
    first = np.arange(n)  # members of a cluster, as a doubly linked list
    following = np.full(n, -1)
    previous = np.full(n, -1)
    inflow_inside = flows.own.copy()  # inflow of each unit from its own cluster
    for c in range(n):
        label[c] = c
        clusters.own[c] = flows.own[c]
        clusters.residents[c] = flows.residents[c]
        clusters.jobs[c] = flows.jobs[c]
        valid[c] = validity(flows.own[c], flows.residents[c], flows.jobs[c], limits)
    score = valid.copy()  # what the queue goes by; differs from valid in R_PACKAGE only
    half = 1
    while half < n:
        half *= 2
    tree = np.full(2 * half, -1)
    tree[half : half + n] = first
    for node in range(half - 1, 0, -1):
        _decide(tree, node, score, clusters, by_content)

    links = Links(np.zeros(n), np.zeros(n), np.empty(n, dtype=np.int64))
    fragment = -1
    fragment_greatest = -np.inf
    steps = 0
    while n > 0:
        k = tree[1]
        if score[k] >= 1.0:  # also when no cluster is left
            break
        steps += 1
        c = _most_open_member(k, first, following, inflow_inside, flows, by_content)
        n_touched = _gather(c, flows, label, links)
        b = -1
        after = 0.0
        if steps <= max_steps:
            b = _strongest(c, k, flows, links, n_touched, clusters, by_content)
        if b >= 0:
            after = validity(
                clusters.own[b] + flows.own[c] + links.to[b] + links.fro[b],
                clusters.residents[b] + flows.residents[c],
                clusters.jobs[b] + flows.jobs[c],
                limits,
            )
            now = fragment_greatest if b == fragment else valid[b]
            if after < now:
                b = -1

        # Take c out of k.
        clusters.own[k] -= flows.own[c] + links.to[k] + links.fro[k]
        clusters.residents[k] -= flows.residents[c]
        clusters.jobs[k] -= flows.jobs[c]
        if previous[c] >= 0:
            following[previous[c]] = following[c]
        else:
            first[k] = following[c]
        if following[c] >= 0:
            previous[following[c]] = previous[c]
        previous[c] = -1
        following[c] = -1
        valid[k] = np.inf
        if first[k] >= 0:
            valid[k] = validity(clusters.own[k], clusters.residents[k], clusters.jobs[k], limits)

        # And put it into b, or on the reserve list.
        label[c] = b if b >= 0 else RESERVE
        inflow_inside[c] = 0.0
        if b >= 0:
            clusters.own[b] += flows.own[c] + links.to[b] + links.fro[b]
            clusters.residents[b] += flows.residents[c]
            clusters.jobs[b] += flows.jobs[c]
            valid[b] = after
            inflow_inside[c] = flows.own[c] + links.fro[b]
            following[c] = first[b]
            previous[first[b]] = c
            first[b] = c
        for e in range(flows.out_start[c], flows.out_start[c + 1]):
            u = flows.out_unit[e]
            if label[u] == k:
                inflow_inside[u] -= flows.out_count[e]
            elif b >= 0 and label[u] == b:
                inflow_inside[u] += flows.out_count[e]
        _forget(links, n_touched)

        # Tell the queue.
        whole_again = fragment
        fragment = -1
        score[k] = valid[k]
        if b >= 0:
            score[b] = valid[b]
        if mode == R_PACKAGE:
            if whole_again >= 0:
                score[whole_again] = valid[whole_again]
                _replay(tree, whole_again, score, clusters, by_content)
            if first[k] >= 0 and following[first[k]] >= 0:
                least, greatest = _fragments(k, first, following, flows, label, limits)
                if least < np.inf:
                    fragment = k
                    fragment_greatest = greatest
                    score[k] = least
        _replay(tree, k, score, clusters, by_content)
        if b >= 0:
            _replay(tree, b, score, clusters, by_content)
    return steps


@njit(cache=True, nogil=True)
def place_reserve(
    flows: FlowArrays, order: Ints, by_content: bool, label: Ints, clusters: Clusters
) -> int:
    """Give units of the reserve list to the cluster of their strongest link, in this order.

    Passes are repeated until one places nothing. Returns the number of units left over.
    """
    n = len(flows.own)
    links = Links(np.zeros(n), np.zeros(n), np.empty(n, dtype=np.int64))
    left = len(order)
    waiting = order.copy()
    while left > 0:
        still = 0
        for i in range(left):
            c = waiting[i]
            n_touched = _gather(c, flows, label, links)
            b = _strongest(c, -1, flows, links, n_touched, clusters, by_content)
            if b >= 0:
                label[c] = b
                clusters.own[b] += flows.own[c] + links.to[b] + links.fro[b]
                clusters.residents[b] += flows.residents[c]
                clusters.jobs[b] += flows.jobs[c]
            else:
                waiting[still] = c
                still += 1
            _forget(links, n_touched)
        if still == left:
            break
        left = still
    return left
