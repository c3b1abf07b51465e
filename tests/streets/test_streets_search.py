"""Searches against oracles, and what must hold for every network."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra
from streets.streets_oracles import ends, graph_network, snaps_at, straight, times_s
from streets.streets_strategies import (
    AREAS,
    networks,
    places,
    random_network,
    random_places,
    real_network,
    ticks,
)
from streets.streets_town import LINE, OPEN, town

from halfcircle.access.streets import (
    MODES,
    Links,
    street_links,
    street_times_s,
)
from halfcircle.errors import StreetError

INF = np.float32(np.inf)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_kernels_equal_their_plain_twin(data):
    network = data.draw(networks())
    origins, destinations = data.draw(places(network)), data.draw(places(network))
    limit_s = data.draw(st.sampled_from([5.0, 60.0, 900.0, 7.9999, 65_536.0]))
    expected = times_s(network, origins, destinations, limit_s=limit_s)
    got = street_times_s(network, origins, destinations, limit_s=limit_s)
    assert np.array_equal(got, expected)
    links = street_links(network, origins, destinations, limit_s=limit_s)
    assert np.array_equal(dense(links, expected.shape), expected)
    back = street_times_s(network.reversed(), destinations, origins, limit_s=limit_s)
    assert np.array_equal(back.T, expected)
    flipped = links.transposed()
    assert np.array_equal(dense(flipped, expected.T.shape), expected.T)


def dense(links, shape):
    out = np.full(shape, INF)
    out[links.from_idx, links.to_idx] = links.seconds
    return out


def scipy_times_s(network, origins, destinations):
    """Oracle: scipy from edge heads to edge tails, plus the pieces at both ends."""
    weights = csr_array(
        (network.edge_s.astype(np.float64), network.edge_head, network.edge_ptr),
        shape=(network.n_nodes, network.n_nodes),
    )
    # scipy adds up parallel edges and drops weights of 0: keep the best, shift zeros by nothing.
    rows = np.repeat(np.arange(network.n_nodes), np.diff(network.edge_ptr))
    best = {}
    for a, b, s in zip(
        rows.tolist(), network.edge_head.tolist(), weights.data.tolist(), strict=True
    ):
        best[a, b] = min(s, best.get((a, b), np.inf))
    keys = np.array(list(best), dtype=np.int64)
    values = np.maximum(np.array(list(best.values())), 1e-12)
    graph = csr_array((values, (keys[:, 0], keys[:, 1])), shape=weights.shape)
    starts = np.unique(network.edge_head)
    between = dijkstra(graph, indices=starts)
    row = np.full(network.n_nodes, -1)
    row[starts] = np.arange(len(starts))
    out = np.full((len(origins), len(destinations)), np.inf)
    to = [ends(network, destinations, j, leaving=False) for j in range(len(destinations))]
    for i in range(len(origins)):
        for node, s in ends(network, origins, i, leaving=True):
            if row[node] < 0:
                continue
            for j, reached in enumerate(to):
                for target, last in reached:
                    out[i, j] = min(out[i, j], s + between[row[node], target] + last)
        for j in np.flatnonzero(destinations.link_idx == origins.link_idx[i]):
            out[i, j] = min(out[i, j], straight(network, origins, i, destinations, j))
    return out


def test_random_graphs_equal_scipy():
    rng = np.random.default_rng(1)
    for _ in range(3):
        network = random_network(rng)
        origins, destinations = random_places(rng, network, 40), random_places(rng, network, 41)
        got = street_times_s(network, origins, destinations, limit_s=60_000)
        expected = scipy_times_s(network, origins, destinations)
        assert np.array_equal(np.isinf(got), np.isinf(expected))
        assert got == pytest.approx(expected, abs=1e-6)


def test_workers_and_blocks_do_not_matter():
    rng = np.random.default_rng(2)
    network = random_network(rng)
    origins, destinations = random_places(rng, network, 301), random_places(rng, network, 77)
    whole = street_times_s(network, origins, destinations, limit_s=600, workers=1)
    links = street_links(network, origins, destinations, limit_s=600, workers=1)
    for workers in (2, 3, 7):
        got = street_times_s(network, origins, destinations, limit_s=600, workers=workers)
        assert np.array_equal(got, whole)
        again = street_links(network, origins, destinations, limit_s=600, workers=workers)
        assert np.array_equal(again.ptr, links.ptr)
        assert np.array_equal(again.to_idx, links.to_idx)
        assert np.array_equal(again.seconds, links.seconds)
    part = street_times_s(network, origins.take(range(100, 150)), destinations, limit_s=600)
    assert np.array_equal(part, whole[100:150])


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_raising_a_weight_never_shortens(data):
    network = data.draw(networks(least_s=1.0))  # an edge of no length is a case of its own
    snaps = data.draw(places(network))
    edge = data.draw(st.integers(0, network.n_edges - 1))
    more = network.edge_s.astype(np.float64)
    more[edge] += data.draw(st.floats(0, 500))
    slower = network.with_edge_seconds(more)
    # From end to end of links: a place inside a link that got slower moves with it.
    ends = snaps_at(network, snaps.link_idx, np.round(snaps.fraction), snaps.snap_s)
    before = street_times_s(network, ends, ends, limit_s=60_000)
    after = street_times_s(slower, ends, ends, limit_s=60_000)
    assert (after >= before).all()


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_relabelling_nodes_changes_nothing(data):
    network = data.draw(networks())
    snaps = data.draw(places(network))
    names = np.array(data.draw(st.permutations(range(network.n_nodes))))
    tail, head = names[network.edge_tail], names[network.edge_head]
    other = graph_network(network.n_nodes, tail, head, network.edge_s)
    # Links follow the order of the tails: find each edge again.
    place_of = np.empty(network.n_edges, dtype=np.int64)
    place_of[np.lexsort((head, tail))] = np.arange(network.n_edges)
    moved = snaps_at(
        other,
        np.where(snaps.link_idx >= 0, place_of[snaps.link_idx], -1),
        snaps.fraction,
        snaps.snap_s,
    )
    a = street_times_s(network, snaps, snaps, limit_s=60_000)
    assert np.array_equal(a, street_times_s(other, moved, moved, limit_s=60_000))


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_triangle_inequality(data):
    network = data.draw(networks())
    snaps = data.draw(places(network))
    on_street = snaps_at(network, snaps.link_idx, snaps.fraction, np.zeros(len(snaps)))
    t = street_times_s(network, on_street, on_street, limit_s=65_536).astype(np.float64)
    for k in range(len(t)):
        assert (t <= t[:, [k]] + t[[k], :]).all()


def test_limit_is_inclusive_and_cuts_only_the_far():
    rng = np.random.default_rng(3)
    network = random_network(rng)
    snaps = random_places(rng, network, 60)
    all_times = street_times_s(network, snaps, snaps, limit_s=60_000)
    at = float(np.sort(all_times[np.isfinite(all_times)])[1000])
    near = street_times_s(network, snaps, snaps, limit_s=at)
    assert np.array_equal(near, np.where(all_times <= at, all_times, INF))
    assert (near == at).any()


def test_links_say_what_they_are(tmp_path):
    t = town(tmp_path, "walk", LINE, {1: ([1, 2, 3, 4], OPEN)})
    snaps = t.network.snap([6.001, 6.002, 6.029], [51.0] * 3)
    links = street_links(t.network, snaps, snaps, limit_s=300)
    assert repr(links) == "<Links: 5 from 3 origins to 3 destinations>"
    assert len(links) == 5
    assert links.from_idx.tolist() == [0, 0, 1, 1, 2]
    assert links.to_idx.tolist() == [0, 1, 0, 1, 2]
    assert links.seconds[[0, 3, 4]].tolist() == [0, 0, 0]


def test_options_are_checked(tmp_path):
    t = town(tmp_path, "walk", LINE, {1: ([1, 2, 3, 4], OPEN)})
    snaps = t.network.snap([6.005], [51.0])
    for limit_s in (0, -5, 70_000, float("nan"), float("inf")):
        with pytest.raises(StreetError, match="limit_s"):
            street_times_s(t.network, snaps, snaps, limit_s=limit_s)
    with pytest.raises(StreetError, match="workers: 0 is not a number of threads"):
        street_links(t.network, snaps, snaps, limit_s=60, workers=0)
    with pytest.raises(StreetError, match="links: arrays do not fit together"):
        Links(np.array([0, 2]), np.array([1]), np.array([1.0]), 3)


@pytest.mark.real_data
@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("mode", MODES)
def test_real_streets_equal_scipy(area, mode):
    network = real_network(area, mode)
    rng = np.random.default_rng(4)
    target = np.flatnonzero(network.links.main & network.links.snap)
    n = 25
    snaps = snaps_at(network, rng.choice(target, n), rng.random(n), ticks(rng.random(n) * 300))
    got = street_times_s(network, snaps, snaps, limit_s=65_536)
    tail = np.repeat(np.arange(network.n_nodes), np.diff(network.edge_ptr))
    order = np.lexsort((network.edge_s, network.edge_head, tail))
    pair = tail[order] * network.n_nodes + network.edge_head[order]
    first = order[np.unique(pair, return_index=True)[1]]
    shape = (network.n_nodes, network.n_nodes)
    weights = np.maximum(network.edge_s[first].astype(np.float64), 1e-9)  # 0 means no edge there
    graph = csr_array((weights, (tail[first], network.edge_head[first])), shape=shape)
    leave = [ends(network, snaps, i, leaving=True) for i in range(n)]
    nodes = sorted({node for pairs in leave for node, _ in pairs})
    between = dict(zip(nodes, dijkstra(graph, indices=nodes), strict=True))
    for i in range(n):
        for j in range(n):
            expected = min(
                s + between[node][target] + last
                for node, s in leave[i]
                for target, last in ends(network, snaps, j, leaving=False)
            )
            if snaps.link_idx[i] == snaps.link_idx[j]:
                expected = min(expected, straight(network, snaps, i, snaps, j))
            expected = 0.0 if i == j else expected
            assert got[i, j] == pytest.approx(expected, abs=1e-3)
    assert np.isfinite(got).all()
    if mode == "walk" and area != "aachen":  # Aachen has escalators and one-way footways
        assert np.array_equal(got, got.T)
