"""Sweeps over the hierarchy give the same times as the bucket search, bit by bit."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streets.streets_oracles import graph_network, snaps_at, times_s
from streets.streets_strategies import (
    AREAS,
    networks,
    places,
    random_network,
    random_places,
    real_network,
    ticks,
)

from halfcircle.access.streets import (
    MODES,
    build_hierarchy,
    street_times_s,
)
from halfcircle.errors import StreetError


def both(network, origins, destinations, limit_s, hierarchy=None):
    hierarchy = hierarchy or build_hierarchy(network)
    swept = street_times_s(network, origins, destinations, limit_s=limit_s, hierarchy=hierarchy)
    return swept, street_times_s(network, origins, destinations, limit_s=limit_s)


@settings(deadline=None, max_examples=100)
@given(st.data())
def test_sweep_equals_plain_twin(data):
    network = data.draw(networks())
    origins, destinations = data.draw(places(network)), data.draw(places(network))
    limit_s = data.draw(st.sampled_from([5.0, 60.0, 900.0, 65_536.0]))
    swept, searched = both(network, origins, destinations, limit_s)
    assert np.array_equal(swept, searched)
    assert np.array_equal(swept, times_s(network, origins, destinations, limit_s=limit_s))


def test_many_lanes_and_threads():
    rng = np.random.default_rng(5)
    for n, m in ((400, 1600), (300, 330), (50, 1500)):
        network = random_network(rng, n, m)
        hierarchy = build_hierarchy(network)
        origins, destinations = random_places(rng, network, 131), random_places(rng, network, 60)
        for workers in (1, 3):
            swept = street_times_s(
                network, origins, destinations, limit_s=500, workers=workers, hierarchy=hierarchy
            )
            searched = street_times_s(network, origins, destinations, limit_s=500)
            assert np.array_equal(swept, searched)


def test_grid_of_equal_streets():
    side = 18
    node = np.arange(side * side).reshape(side, side)
    pairs = [(node[:, :-1], node[:, 1:]), (node[:-1], node[1:])]
    a = np.concatenate([x.ravel() for x, _ in pairs])
    b = np.concatenate([y.ravel() for _, y in pairs])
    network = graph_network(
        side * side, np.append(a, b), np.append(b, a), np.full(2 * len(a), 10.0)
    )
    rng = np.random.default_rng(6)
    places_ = random_places(rng, network, 40)
    swept, searched = both(network, places_, places_, 65_000)
    assert np.array_equal(swept, searched)


def test_longest_edges_are_of_no_use():
    network = graph_network(3, [0, 1, 2], [1, 2, 0], [65_536.0, 1_000_000.0, 1.0])
    snaps = snaps_at(network, [0, 1, 2], [0.5, 0.5, 0.5], [0.0, 0.0, 0.0])
    swept, searched = both(network, snaps, snaps, 65_536)
    assert np.array_equal(swept, searched)


@settings(deadline=None, max_examples=40)
@given(st.data())
def test_other_weights_in_the_same_order(data):
    network = data.draw(networks())
    snaps = data.draw(places(network))
    m = network.n_edges
    seconds = data.draw(st.lists(st.floats(0, 2000, width=32), min_size=m, max_size=m))
    other = network.with_edge_seconds(seconds)
    hierarchy = build_hierarchy(network).customised(other)
    swept, searched = both(other, snaps, snaps, 65_536, hierarchy)
    assert np.array_equal(swept, searched)


def test_reversed_network_has_its_own_hierarchy():
    rng = np.random.default_rng(7)
    network = random_network(rng)
    snaps = random_places(rng, network, 30)
    with pytest.raises(StreetError, match=r"of another network - use hierarchy.customised"):
        both(network.reversed(), snaps, snaps, 600, build_hierarchy(network))
    swept, searched = both(network.reversed(), snaps, snaps, 600)
    assert np.array_equal(swept, searched)
    assert np.array_equal(swept.T, street_times_s(network, snaps, snaps, limit_s=600))
    with pytest.raises(StreetError, match="it has 400 nodes, the network 50"):
        build_hierarchy(network).customised(random_network(rng, 50, 100))


def test_no_destination_on_a_street():
    network = random_network(np.random.default_rng(8))
    nowhere = snaps_at(network, [-1, -1], [0.0, 0.0], [0.0, 0.0])
    swept, _ = both(network, nowhere, nowhere, 600)
    assert np.isinf(swept).all()


@pytest.mark.real_data
@pytest.mark.parametrize("area", AREAS)
@pytest.mark.parametrize("mode", MODES)
def test_real_streets(area, mode, tmp_path):
    network = real_network(area, mode)
    hierarchy = build_hierarchy(network, cache_dir=tmp_path)
    assert len(hierarchy.up_to) + len(hierarchy.down_from) < 4 * network.n_edges
    rng = np.random.default_rng(9)
    target = np.flatnonzero(network.links.main & network.links.snap)
    n = 150
    snaps = snaps_at(network, rng.choice(target, n), rng.random(n), ticks(rng.random(n) * 300))
    swept, searched = both(network, snaps, snaps, 3600, hierarchy)
    assert np.array_equal(swept, searched)
    again = build_hierarchy(network, cache_dir=tmp_path)
    assert np.array_equal(again.up_ticks, hierarchy.up_ticks)
    assert np.array_equal(again.number, hierarchy.number)
    peak = network.with_class_factors({"primary": 1.4, "residential": 1.1})
    swept, searched = both(peak, snaps, snaps, 3600, hierarchy.customised(peak))
    assert np.array_equal(swept, searched)


def test_what_it_says_and_refuses():
    network = random_network(np.random.default_rng(10), 60, 200)
    hierarchy = build_hierarchy(network)
    n_arcs = len(hierarchy.up_to) + len(hierarchy.down_from)
    assert repr(hierarchy) == f"<StreetHierarchy: 60 nodes, {n_arcs:,} arcs>"
    assert sorted(hierarchy.number) == list(range(60))
    with pytest.raises(StreetError, match="street hierarchy: arrays do not fit together"):
        replace(hierarchy, up_to=hierarchy.up_to[:-1])
