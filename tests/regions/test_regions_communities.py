"""Communities: the Leiden kernels against plain twins and networkx; consensus; seeds."""

from __future__ import annotations

import networkx as nx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from halfcircle.errors import FlowError
from halfcircle.regions import CommunityParameters, build_communities, build_flows, delineate
from halfcircle.regions import _communities as kernel
from halfcircle.regions.communities import _graph, modularity


def blocks(rng, sizes, inside=30.0, outside=1.0):
    part = np.repeat(np.arange(len(sizes)), sizes)
    mean = np.where(part[:, None] == part, inside, outside)
    return rng.poisson(mean * rng.gamma(2.0, 0.5, mean.shape)).astype(float), part


def plain_moves(f, resolution, order, label):
    """Queue of nodes; each goes where modularity, summed afresh, is highest."""
    label = label.copy()
    n, total = len(f), f.sum()
    out, into = f.sum(1), f.sum(0)
    queue, moves = list(order), 0
    while queue:
        i = queue.pop(0)
        others = np.arange(n) != i

        def gain(c, i=i, others=others):
            mates = others & (label == c)
            null = out[i] * into[mates].sum() + into[i] * out[mates].sum()
            return f[i, mates].sum() + f[mates, i].sum() - resolution * null / total

        here = label[i]
        best, value = here, gain(here)
        near = [j for j in range(n) if others[j] and f[i, j] + f[j, i] > 0]
        for c in dict.fromkeys(label[j] for j in near):
            if gain(c) > value + 1e-12 * total:
                best, value = c, gain(c)
        if value < -1e-12 * total and (others & (label == here)).any():
            best = next(c for c in range(n) if not (label == c).any())
        if best != here:
            label[i] = best
            moves += 1
            queue += [j for j in near if label[j] != best and j not in queue]
    return label, moves


def canonical(label):
    return [sorted(np.flatnonzero(label == k).tolist()) for k in dict.fromkeys(label.tolist())]


@pytest.mark.parametrize("seed", range(8))
@pytest.mark.parametrize("resolution", [0.7, 1.0, 2.0])
def test_moving_nodes_equals_its_plain_twin(seed, resolution):
    rng = np.random.default_rng(seed)
    f, _ = blocks(rng, [5, 4, 6], inside=6.0)
    order = rng.permutation(len(f))
    label = np.arange(len(f))
    moves = kernel.move_nodes(_graph(sparse.csr_array(f)), resolution, order, label)
    expected, n = plain_moves(f, resolution, order, np.arange(len(f)))
    assert canonical(label) == canonical(expected)
    assert moves == n


def plain_refine(f, resolution, randomness, order, draw, community):
    n, total = len(f), f.sum()
    sym, out, into = f + f.T, f.sum(1), f.sum(0)
    label = np.arange(n)

    def well_connected(nodes):
        rest = [j for j in range(n) if community[j] == community[nodes[0]] and j not in nodes]
        null = out[nodes].sum() * into[rest].sum() + into[nodes].sum() * out[rest].sum()
        return sym[np.ix_(nodes, rest)].sum() >= resolution * null / total

    for t, i in enumerate(order):
        if (label == label[i]).sum() > 1 or not well_connected([i]):
            continue
        near = [j for j in range(n) if j != i and sym[i, j] > 0 and community[j] == community[i]]
        options, chances = [], []
        for c in dict.fromkeys(label[j] for j in near):
            part = np.flatnonzero(label == c).tolist()
            if not well_connected(part):
                continue
            null = out[i] * into[part].sum() + into[i] * out[part].sum()
            gain = sym[i, part].sum() - resolution * null / total
            if gain >= 0:
                options.append(c)
                chances.append(np.exp(gain / (out[i] + into[i]) / randomness))
        # The kernel meets parts in the order of its list of neighbours, which is ascending.
        edges = np.cumsum([1.0, *chances])
        spot = np.searchsorted(edges, draw[t] * edges[-1], side="right")
        if spot > 0:
            label[i] = options[min(spot, len(options)) - 1]
    return label


@pytest.mark.parametrize("seed", range(10))
def test_refining_equals_its_plain_twin(seed):
    rng = np.random.default_rng(100 + seed)
    f, part = blocks(rng, [5, 6], inside=4.0, outside=2.0)
    f[np.diag_indices(11)] = 0
    order = rng.permutation(11)
    draw = np.empty(11)
    uniform = rng.random(11)
    draw[order] = uniform
    label = np.empty(11, np.int64)
    kernel.refine(_graph(sparse.csr_array(f)), 1.0, 0.3, order, draw, part, label)
    assert canonical(label) == canonical(plain_refine(f, 1.0, 0.3, order, uniform, part))
    assert all(len(set(part[label == k])) == 1 for k in set(label.tolist()))


def test_planted_communities_are_found_again():
    f, part = blocks(np.random.default_rng(1), [12, 20, 9, 15])
    found = build_communities(sparse.csr_array(f))
    assert canonical(found.label) == canonical(part)
    assert found.agreement.min() == 1.0
    assert found.notices == ()


def test_modularity_is_that_of_networkx_and_not_lower_than_louvain():
    rng = np.random.default_rng(4)
    f, _ = blocks(rng, [8, 9, 10, 7], inside=5.0, outside=2.0)
    graph = nx.from_numpy_array(f, create_using=nx.DiGraph)
    found = build_communities(sparse.csr_array(f))
    groups = [set(np.flatnonzero(found.label == k).tolist()) for k in set(found.label.tolist())]
    assert found.modularity == pytest.approx(nx.community.modularity(graph, groups))
    louvain = nx.community.louvain_communities(graph, seed=3)
    assert found.modularity >= nx.community.modularity(graph, louvain) - 0.003
    assert found.run_modularity.max() >= nx.community.modularity(graph, louvain) - 1e-9


def test_self_flows_count():
    f = np.array([[50.0, 1, 0], [1, 50, 1], [0, 1, 50]])
    assert build_communities(sparse.csr_array(f)).label.tolist() == [0, 1, 2]
    np.fill_diagonal(f, 0)
    assert build_communities(sparse.csr_array(f)).label.tolist() == [0, 0, 0]


def test_zones_without_flows_and_seeds():
    f, _ = blocks(np.random.default_rng(2), [6, 7], inside=3.0, outside=1.5)
    f[3], f[:, 3] = 0, 0
    flows = build_flows([f"z{i:02d}" for i in range(13)], *np.nonzero(f), f[np.nonzero(f)])
    one = delineate(flows, "communities", parameters={"seed": 7})
    two = delineate(flows, "communities", parameters={"seed": 7})
    assert (one.label == two.label).all()
    assert one.label[3] == -1
    assert one.log[0].startswith("directed modularity")


def test_parameters():
    with pytest.raises(FlowError, match="resolution: must be a positive") as caught:
        CommunityParameters(resolution=0, runs=0, agreement=2, seed=-1)
    assert {"runs", "agreement", "seed"} <= {f.where.split(".")[-1] for f in caught.value.faults}


@settings(deadline=None, max_examples=30)
@given(arrays(np.int64, (8, 8), elements=st.integers(0, 9)), st.sampled_from([0.5, 1.0, 3.0]))
def test_never_worse_than_everybody_alone(f, resolution):
    matrix = sparse.csr_array(f.astype(float))
    p = CommunityParameters(resolution=resolution, runs=5)
    found = build_communities(matrix, p)
    if matrix.sum() == 0:
        assert (found.label == -1).all()
        return
    alone = modularity(matrix, np.arange(8), resolution=resolution)
    assert (found.run_modularity >= alone - 1e-12).all()
