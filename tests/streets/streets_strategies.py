"""Random networks and places, and the real extracts, for tests of searches."""

from __future__ import annotations

from functools import cache

import numpy as np
from hypothesis import strategies as st
from real_data import data_path
from streets.streets_oracles import graph_network, snaps_at

from halfcircle.access.streets import Mode, StreetNetwork, StreetWays, build_network, read_osm

AREAS = {
    "porto_alegre": "porto_alegre/poa_osm.pbf",
    "aachen": "border_triangle/osm/aachen.osm.pbf",
    "liechtenstein": "border_triangle/osm/liechtenstein_2021.osm.pbf",
}


@cache
def real_ways(area: str) -> StreetWays:
    """An extract, read once for all tests; skips where it is absent."""
    return read_osm(data_path(AREAS[area]))


@cache
def real_network(area: str, mode: Mode) -> StreetNetwork:
    return build_network(real_ways(area), mode)


def ticks(value):
    return np.round(value * 256) / 256


@st.composite
def networks(draw, *, max_nodes=12, least_s=0.0):
    n = draw(st.integers(1, max_nodes))
    m = draw(st.integers(1, 4 * n))
    node = st.integers(0, n - 1)
    tail = draw(st.lists(node, min_size=m, max_size=m))
    head = draw(st.lists(node, min_size=m, max_size=m))
    weight = st.one_of(st.just(0.0), st.floats(0, 60, width=32), st.floats(0, 3000, width=32))
    seconds = draw(st.lists(weight, min_size=m, max_size=m))
    return graph_network(n, tail, head, ticks(np.maximum(seconds, least_s)))


@st.composite
def places(draw, network, *, max_places=8):
    n = draw(st.integers(1, max_places))
    link = draw(st.lists(st.integers(-1, len(network.links) - 1), min_size=n, max_size=n))
    share = st.one_of(st.just(0.0), st.just(1.0), st.floats(0, 1))
    fraction = draw(st.lists(share, min_size=n, max_size=n))
    snap_s = draw(st.lists(st.floats(0, 400, width=32), min_size=n, max_size=n))
    return snaps_at(network, link, fraction, ticks(np.array(snap_s)))


def random_network(rng, n=400, m=1600):
    seconds = ticks(rng.exponential(40.0, m))
    return graph_network(n, rng.integers(0, n, m), rng.integers(0, n, m), seconds)


def random_places(rng, network, n):
    link = rng.integers(0, len(network.links), n)
    return snaps_at(network, link, rng.random(n), ticks(rng.exponential(30.0, n)))
