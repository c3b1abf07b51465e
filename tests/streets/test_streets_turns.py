"""Turn restrictions: by node, by way, no and only, exceptions; and against plain search."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from streets.streets_town import OPEN, TICK_S, town

from halfcircle._checks import Faults
from halfcircle.access.streets import CarProfile, Restriction
from halfcircle.access.streets.turns import Edges, expand, forbidden_paths

PLAIN = CarProfile(road_factor=1.0, motorway_factor=1.0, junction_s=0.0)

# A crossing (2) with arms west 1, north 3, east 4, south 5, and a ring road round it, far out.
NODES = {1: (-1, 0), 2: (0, 0), 3: (0, 1), 4: (1, 0), 5: (0, -1)}
CORNERS = {6: (-1, 4), 7: (1, 4), 8: (1, -4), 9: (-1, -4), 13: (0, 4), 15: (0, -4)}
ALL = NODES | CORNERS
WAYS = {
    12: ([1, 2], OPEN),
    23: ([2, 3], OPEN),
    24: ([2, 4], OPEN),
    25: ([2, 5], OPEN),
    30: ([3, 13], OPEN),
    31: ([5, 15], OPEN),
    32: ([1, 6, 13, 7, 4, 8, 15, 9, 1], OPEN),
}


def crossing(tmp_path, relations):
    return town(tmp_path, "car", ALL, WAYS, relations, profile=PLAIN)


def turn(kind, from_way, via, to_way, **tags):
    via_members = [("n", via, "via")] if isinstance(via, int) else [("w", v, "via") for v in via]
    members = [("w", from_way, "from"), *via_members, ("w", to_way, "to")]
    return (members, {"type": "restriction", "restriction": kind, **tags})


def along(t, *path):
    return pytest.approx(t.metres(*path) * 3.6 / 50, abs=8 * TICK_S)


def test_without_restriction(tmp_path):
    t = crossing(tmp_path, [])
    assert t.seconds(1, 3) == along(t, 1, 2, 3)


def test_no_left_turn(tmp_path):
    t = crossing(tmp_path, [turn("no_left_turn", 12, 2, 23)])
    # The model lets cars turn round at the next junction (4).
    assert t.seconds(1, 3) == along(t, 1, 2, 4, 2, 3)
    assert t.seconds(1, 4) == along(t, 1, 2, 4)  # straight on
    assert t.seconds(1, 5) == along(t, 1, 2, 5)  # right
    assert t.seconds(3, 1) == along(t, 3, 2, 1)  # the other way round
    assert t.seconds(4, 3) == along(t, 4, 2, 3)
    assert t.network.notices == ()


def test_only_straight_on(tmp_path):
    t = crossing(tmp_path, [turn("only_straight_on", 12, 2, 24)])
    assert t.seconds(1, 4) == along(t, 1, 2, 4)
    assert t.seconds(1, 3) > t.metres(1, 2, 3) * 3.6 / 50 + 100
    assert t.seconds(1, 5) > t.metres(1, 2, 5) * 3.6 / 50 + 100
    assert t.seconds(5, 1) == along(t, 5, 2, 1)


@pytest.mark.parametrize(("exempt", "holds"), [("bicycle;psv", True), ("motorcar", False)])
def test_exceptions(tmp_path, exempt, holds):
    t = crossing(tmp_path, [turn("no_left_turn", 12, 2, 23, **{"except": exempt})])
    assert (t.seconds(1, 3) == along(t, 1, 2, 3)) != holds


def test_restriction_for_cars_goes_before_the_general_one(tmp_path):
    members = turn("no_left_turn", 12, 2, 23)[0]
    t = crossing(tmp_path, [(members, {"type": "restriction", "restriction:hgv": "no_left_turn"})])
    assert t.seconds(1, 3) == along(t, 1, 2, 3)
    t = crossing(
        tmp_path, [(members, {"type": "restriction", "restriction:motorcar": "no_left_turn"})]
    )
    assert t.seconds(1, 3) > t.metres(1, 2, 3) * 3.6 / 50 + 100


@pytest.mark.parametrize("mode", ["walk", "bike"])
def test_only_cars_are_restricted(tmp_path, mode):
    free = town(tmp_path, mode, ALL, WAYS)
    t = town(tmp_path, mode, ALL, WAYS, [turn("no_left_turn", 12, 2, 23)])
    assert t.seconds(1, 3) == free.seconds(1, 3)


def test_place_half_way_on_a_restricted_street(tmp_path):
    t = crossing(tmp_path, [turn("no_left_turn", 12, 2, 23), turn("no_u_turn", 12, 2, 12)])
    t.position[50] = (6 - 0.005, 51.0)
    t.position[51] = (6.0, 51.005)
    assert t.seconds(50, 4) == along(t, 50, 2, 4)
    assert t.seconds(50, 51) > t.metres(50, 2, 51) * 3.6 / 50 + 100
    assert t.seconds(51, 50) == along(t, 51, 2, 50)


def test_via_way(tmp_path):
    # Who comes from the west may take the street to the south (25), but not to its end.
    t = crossing(tmp_path, [turn("no_u_turn", 12, [25], 31)])
    assert t.network.edge_copy.sum() == 1
    free = crossing(tmp_path, [])
    assert t.seconds(4, 15) == along(t, 4, 2, 5, 15) == free.seconds(4, 15)
    t.position[52] = free.position[52] = (6.0, 51 - 0.015)
    assert free.seconds(1, 52) == along(t, 1, 2, 52)
    assert t.seconds(1, 52) == along(t, 1, 2, 4, 2, 52)
    assert t.seconds(4, 52) == along(t, 4, 2, 52)
    # Nobody is snapped to the link in the middle, of which there are two copies.
    link = np.flatnonzero(t.network.links.way_id == 25)
    assert not t.network.links.snap[link].any()


def test_what_cannot_be_applied_is_counted(tmp_path):
    t = crossing(tmp_path, [turn("no_left_turn", 12, 3, 23), turn("no_left_turn", 99, 2, 23)])
    (notice,) = t.network.notices
    assert notice.what == "turn restrictions that nothing drivable matches were left out"
    assert notice.count == 2


def test_only_on_a_way_that_passes_the_via_node(tmp_path):
    ways = dict(WAYS)
    del ways[24]
    ways[12] = ([1, 2, 4], OPEN)
    t = town(tmp_path, "car", ALL, ways, [turn("only_right_turn", 12, 2, 25)], profile=PLAIN)
    assert [n.what for n in t.network.notices] == [
        "turn restrictions on a way that passes its via node"
    ]
    assert t.seconds(1, 3) == along(t, 1, 2, 3)


# The expansion against a plain search over paths.


def shortest(n_nodes, edges, cost, forbidden, start):
    """Plain twin: Bellman-Ford over the last edges driven (as many as the longest rule needs)."""
    memory = max((len(path) for path in forbidden), default=2) - 1
    tails, heads = edges
    out = {node: [e for e, tail in enumerate(tails) if tail == node] for node in range(n_nodes)}
    best = {((), start): 0}
    queue = [((), start)]
    while queue:
        past, node = queue.pop(0)
        for e in out[node]:
            walked = (*past, e)
            if any(walked[-len(rule) :] == rule for rule in forbidden):
                continue
            state = (walked[-memory:] if memory else (), heads[e])
            value = best[(past, node)] + cost[e]
            if value < best.get(state, 10**9):
                best[state] = value
                queue.append(state)
    result = [10**9] * n_nodes
    for (_, node), value in best.items():
        result[node] = min(result[node], value)
    return result


@st.composite
def restricted_graphs(draw):
    n_nodes = draw(st.integers(3, 6))
    pairs = st.tuples(st.integers(0, n_nodes - 1), st.integers(0, n_nodes - 1))
    ends = draw(st.lists(pairs, min_size=3, max_size=14))
    tails, heads = [a for a, _ in ends], [b for _, b in ends]
    cost = draw(st.lists(st.integers(0, 9), min_size=len(ends), max_size=len(ends)))
    paths2 = [
        (a, b) for a, b in itertools.product(range(len(ends)), repeat=2) if heads[a] == tails[b]
    ]
    paths3 = [(a, b, c) for a, b in paths2 for c in range(len(ends)) if heads[b] == tails[c]]
    rules = draw(st.sets(st.sampled_from(paths2 + paths3), max_size=5)) if paths2 else set()
    return n_nodes, tails, heads, cost, rules


@settings(deadline=None, max_examples=150)
@given(restricted_graphs())
def test_expansion_equals_plain_search(case):
    n_nodes, tails, heads, cost, rules = case
    edges = Edges(tails, heads, list(range(len(tails))), [0] * len(tails), [0] * len(tails))
    got = expand(edges, rules, n_nodes)
    all_tails = [
        *got.tail.tolist(),
        *(a for a, _ in got.copy_ends),
        *(a for a, _ in got.connectors),
    ]
    all_heads = [
        *got.head.tolist(),
        *(b for _, b in got.copy_ends),
        *(b for _, b in got.connectors),
    ]
    all_cost = [*cost, *(cost[e] for e in got.copy_edge), *([0] * len(got.connectors))]
    base = [*range(n_nodes), *got.node_base]
    for start in range(n_nodes):
        plain = shortest(n_nodes, (tails, heads), cost, rules, start)
        expanded = shortest(len(base), (all_tails, all_heads), all_cost, set(), start)
        result = [10**9] * n_nodes
        for node, value in enumerate(expanded):
            result[base[node]] = min(result[base[node]], value)
        assert result == plain


def test_via_way_in_pieces_is_followed():
    # 0 -e0(way 1)-> 1 -e1(way 2)-> 2 -e2(way 2)-> 3 -e3(way 3)-> 4
    edges = Edges([0, 1, 2, 3], [1, 2, 3, 4], [0, 1, 2, 3], [1, 2, 2, 3], [1, 2, 2, 3])
    rule = Restriction(9, "no", (1,), 0, (2,), (3,), ())
    faults = Faults()
    assert forbidden_paths([rule], edges, node_of={}, faults=faults) == {(0, 1, 2, 3)}
    assert faults.items == []
