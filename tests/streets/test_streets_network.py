"""The network itself: contraction, lengths, edits, reversal, checks; and real places."""

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from real_data import data_path
from streets.streets_oracles import graph_network, snaps_at
from streets.streets_strategies import real_network, real_ways
from streets.streets_town import OPEN, TICK_S, read_town, town, with_detour

from halfcircle.access.streets import (
    ROAD_CLASSES,
    CarProfile,
    WalkProfile,
    build_network,
    street_links,
    street_times_s,
)
from halfcircle.access.streets._chains import chains
from halfcircle.errors import StreetError

PLAIN = CarProfile(road_factor=1.0, motorway_factor=1.0, junction_s=0.0)


def test_chain_becomes_one_link_with_its_geometry(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0.5), 3: (2, 0), 4: (3, 0), 5: (3, 1), 6: (4, 0)}
    ways = {1: ([1, 2, 3], OPEN), 2: ([4, 3], OPEN), 3: ([4, 5], OPEN), 4: ([4, 6], OPEN)}
    t = town(tmp_path, "walk", nodes, ways)
    links = t.network.links
    assert (t.network.n_nodes, t.network.n_edges, len(links)) == (4, 6, 3)
    longest = int(np.argmax(links.length_m))
    assert links.length_m[longest] == pytest.approx(t.metres(1, 2, 3, 4), rel=1e-6)
    assert np.diff(links.ptr)[longest] == 4
    line = links.geometry([longest])[0]
    assert {line.coords[0], line.coords[-1]} == {t.position[1], t.position[4]}
    assert repr(t.network) == (
        f"<StreetNetwork walk: 4 nodes, 6 edges, 3 links, {links.length_m.sum() / 1000:.0f} km, "
        "100.0% of links in the main part>"
    )
    assert "WalkProfile(kmh=4.5" in t.network.profile


def test_links_end_where_something_changes(tmp_path):
    nodes = {i: (i, 0) for i in range(1, 8)}
    tags = [
        OPEN,
        {**OPEN, "maxspeed": "30"},  # speed
        {"highway": "tertiary", "maxspeed": "30"},  # class
        {"highway": "tertiary", "maxspeed": "30", "bridge": "yes"},  # snapping
        {"highway": "tertiary", "maxspeed": "30", "oneway": "yes"},  # direction
        {"highway": "tertiary", "maxspeed": "30", "oneway": "-1"},
    ]
    ways = {i + 1: ([i + 1, i + 2], tags[i]) for i in range(6)}
    ways[7] = ([7, 1], {**OPEN, "oneway": "yes"})
    assert len(town(tmp_path, "car", nodes, ways).network.links) == 7
    # On foot only class and snapping count.
    assert len(town(tmp_path, "walk", nodes, ways).network.links) == 4


def test_ring_without_junction_is_a_link(tmp_path):
    nodes = {1: (0, 0), 2: (1, 0), 3: (1, 1)}
    t = town(tmp_path, "walk", nodes, {1: ([1, 2, 3, 1], OPEN)})
    assert (t.network.n_nodes, len(t.network.links)) == (1, 1)
    short, long = t.metres(1, 2), t.metres(1, 3)
    assert t.seconds(1, 2) == pytest.approx(short * 3.6 / 4.5, abs=0.1)
    assert t.seconds(3, 1) == pytest.approx(long * 3.6 / 4.5, abs=0.1)


@st.composite
def multigraphs(draw):
    n = draw(st.integers(1, 8))
    m = draw(st.integers(1, 14))
    ends = st.lists(st.integers(0, n - 1), min_size=m, max_size=m)
    u, v = np.array(draw(ends)), np.array(draw(ends))
    loose = u != v
    return n, u[loose], v[loose], draw(st.lists(st.booleans(), min_size=n, max_size=n))


@settings(deadline=None, max_examples=100)
@given(multigraphs())
def test_chains_cover_each_segment_once_and_stop_at_kept_nodes(case):
    n, u, v, wish = case
    ends = np.concatenate([u, v])
    order = np.argsort(ends, kind="stable")
    ptr = np.concatenate([[0], np.cumsum(np.bincount(ends, minlength=n))])
    keep = (np.diff(ptr) != 2) | np.array(wish)
    for node in np.flatnonzero(~keep):
        first, second = order[ptr[node] : ptr[node + 1]] % len(u)
        keep[node] |= first == second
    adjacent = (order % max(len(u), 1)).astype(np.int32)
    chain_ptr, chain, turned, kept = chains(
        ptr.astype(np.int64), adjacent, u.astype(np.int32), v.astype(np.int32), keep
    )
    assert sorted(chain.tolist()) == list(range(len(u)))
    for a, b in pairwise(chain_ptr):
        walk = [
            (v[s], u[s]) if back else (u[s], v[s])
            for s, back in zip(chain[a:b], turned[a:b], strict=True)
        ]
        assert all(x[1] == y[0] for x, y in pairwise(walk))
        assert kept[walk[0][0]]
        assert kept[walk[-1][1]]
        assert not any(kept[x[1]] for x in walk[:-1])


def test_weights_are_whole_ticks_and_arrays_read_only(tmp_path):
    network = town(tmp_path, "car", *with_detour(OPEN)).network
    assert network.edge_s.dtype == np.float32
    assert np.array_equal(network.edge_s * 256, np.round(network.edge_s * 256))
    with pytest.raises(ValueError, match="read-only"):
        network.edge_s[0] = 1
    with pytest.raises(ValueError, match="read-only"):
        network.links.lon[0] = 1


def test_new_seconds_without_rebuilding(tmp_path):
    t = town(tmp_path, "car", *with_detour(OPEN), profile=PLAIN)
    before = t.seconds(1, 4)
    twice = t.network.with_edge_seconds(t.network.edge_s * 2)
    assert t.seconds(1, 4, network=twice) == pytest.approx(2 * before, abs=2 * TICK_S)
    assert t.seconds(1, 4) == before
    assert twice.digest != t.network.digest
    assert twice.links is t.network.links
    snaps = t.network.snap(*np.array([t.position[1], t.position[3]]).T)
    assert street_times_s(twice, snaps, snaps, limit_s=9000).max() > 0  # snaps serve both


@pytest.mark.parametrize("bad", [-1.0, np.nan, np.inf, 1e9])
def test_new_seconds_are_checked(tmp_path, bad):
    network = town(tmp_path, "car", *with_detour(OPEN)).network
    seconds = network.edge_s.astype(float)
    seconds[2] = bad
    with pytest.raises(StreetError, match="missing, negative or above"):
        network.with_edge_seconds(seconds)
    with pytest.raises(StreetError, match=r"have shape \(3,\)"):
        network.with_edge_seconds([1, 2, 3])


def test_class_factors(tmp_path):
    tags = {"highway": "primary", "maxspeed": "50"}
    t = town(tmp_path, "car", *with_detour(tags), profile=PLAIN)
    peak = t.network.with_class_factors({"primary": 1.5})
    assert t.seconds(2, 3, network=peak) == pytest.approx(1.5 * t.seconds(2, 3), abs=2 * TICK_S)
    assert t.seconds(1, 2, network=peak) == t.seconds(1, 2)
    with pytest.raises(StreetError, match=r"'primry' - did you mean 'primary'"):
        t.network.with_class_factors({"primry": 2})


def test_class_factors_reach_copies_of_an_edge(tmp_path):
    members = [("w", 1, "from"), ("w", 2, "via"), ("w", 3, "to")]
    tags = {"type": "restriction", "restriction": "no_u_turn"}
    t = town(tmp_path, "car", *with_detour(OPEN), [(members, tags)], profile=PLAIN)
    assert t.network.edge_copy.any()
    peak = t.network.with_class_factors({"residential": 2})
    assert np.array_equal(peak.edge_s, 2 * t.network.edge_s)


def test_reversed_twice_is_the_network(tmp_path):
    network = town(tmp_path, "car", *with_detour({**OPEN, "oneway": "yes"})).network
    back = network.reversed().reversed()
    for name in ("edge_ptr", "edge_head", "edge_s", "edge_link", "edge_forward"):
        assert np.array_equal(getattr(back, name), getattr(network, name)), name


def test_inconsistent_arrays_are_refused():
    network = graph_network(3, [0, 1, 2], [1, 2, 0], [1.0, 2.0, 3.0])
    changes = {
        "edge_head names nodes": {"edge_head": np.array([1, 2, 7])},
        "arrays do not fit together": {"edge_link": np.array([0])},
        "edge_tail does not follow": {"edge_tail": np.array([0, 2, 1])},
        "edge_link names links": {"edge_link": np.array([0, 1, 9])},
        "not whole multiples": {"edge_s": np.array([0.1, 1, 1])},
        "unknown mode": {"mode": "train"},
    }
    for what, change in changes.items():
        with pytest.raises(StreetError, match=what):
            replace(network, **change)
    with pytest.raises(StreetError, match="street links: arrays do not fit"):
        replace(network.links, lon=np.zeros(1))
    with pytest.raises(StreetError, match="link_idx names links"):
        snaps_at(network, [5], [0.0], [0.0])


def test_road_classes_and_ways_per_edge(tmp_path):
    nodes, ways = with_detour({"highway": "steps"})
    network = town(tmp_path, "walk", nodes, ways, profile=WalkProfile()).network
    steps = network.edge_class == ROAD_CLASSES.index("steps")
    assert steps.sum() == 2
    assert set(network.edge_way_id[steps]) == {2}
    assert network.edge_length_m[steps][0] == pytest.approx(702, abs=1)


def test_order_of_ways_does_not_matter(tmp_path):
    nodes, ways = with_detour(OPEN)
    a = build_network(read_town(tmp_path, nodes, ways), "car")
    renamed = {100 - k: (refs[::-1], tags) for k, (refs, tags) in ways.items()}
    b = build_network(read_town(tmp_path, nodes, renamed), "car")
    assert np.array_equal(a.node_id, b.node_id)
    points = np.array([[6.003, 51.001], [6.017, 51.0], [6.01, 51.03], [6.0, 50.999]]).T
    times = [street_times_s(n, *[n.snap(*points)] * 2, limit_s=9000) for n in (a, b)]
    assert times[0] == pytest.approx(times[1], abs=3 * TICK_S)


@pytest.mark.real_data
def test_porto_alegre_cells_have_streets():
    cells = pd.read_csv(data_path("porto_alegre/poa_hexgrid.csv"))
    walk = real_network("porto_alegre", "walk")
    snaps = walk.snap(cells["lon"], cells["lat"])
    assert len(snaps) == 1227
    assert snaps.is_snapped.sum() >= 1210
    assert np.median(snaps.snap_m) < 30
    assert walk.links.main.mean() > 0.98
    times = street_times_s(walk, snaps, snaps, limit_s=3600)
    i, j = np.nonzero(np.isfinite(times) & (times > 600))
    # No faster than as the crow flies; a detour of a third is usual in towns.
    metric = np.column_stack(walk.links.to_metric.transform(cells["lon"], cells["lat"]))
    crow_s = np.hypot(*(metric[i] - metric[j]).T) * 3.6 / 4.5
    assert (times[i, j] > 0.995 * crow_s).all()
    assert 1.1 < np.median(times[i, j] / crow_s) < 1.6
    links = street_links(walk, snaps, snaps, limit_s=900)
    assert np.array_equal(np.diff(links.ptr), (times <= 900).sum(axis=1))


@pytest.mark.real_data
def test_liechtenstein_has_roads_across_its_borders():
    network = build_network(
        real_ways("liechtenstein"),
        "car",
        profile=CarProfile(country="LI"),
    )
    # Schaan (LI) and Buchs (CH) across the Rhine; Schaanwald (LI) and on towards Feldkirch (AT).
    lon = [9.5088, 9.4850, 9.5620, 9.5689]
    lat = [47.1650, 47.1665, 47.2140, 47.2172]
    snaps = network.snap(lon, lat)
    assert snaps.is_snapped.all()
    times = street_times_s(network, snaps, snaps, limit_s=3600)
    assert np.isfinite(times).all()
    assert 120 < times[0, 1] < 900
    assert 20 < times[2, 3] < 600
