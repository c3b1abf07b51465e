"""Intramax and flow-based merging: toys by hand, plain twins, hierarchies."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy import sparse

from halfcircle.errors import FlowError
from halfcircle.regions import (
    FlowMergingParameters,
    IntramaxParameters,
    LabourMarketAreaParameters,
    build_flow_merging,
    build_flows,
    build_intramax,
    delineate,
    nested_labour_market_areas,
    overlapping_membership,
    region_indicators,
)


def pairs(**flows):
    names = sorted({c for pair in flows for c in pair})
    f = np.zeros((len(names), len(names)))
    for (a, b), value in flows.items():
        f[names.index(a), names.index(b)] = value
    return names, f


# The toy of the flowbca tests: a -> b is 10 of 11, c -> d is 8 of 8, b -> d is weak.
NAMES, TOY = pairs(ab=10, ac=1, bb=20, bd=2, cd=8, dd=15)


def test_the_flowbca_toy():
    tree, reason = build_flow_merging(sparse.csr_array(TOY), FlowMergingParameters(n_regions=2))
    assert reason == "parameter"
    assert [(NAMES[i], NAMES[j]) for i, j in zip(tree.joined, tree.into, strict=True)] == [
        ("c", "d"), ("a", "b"),
    ]  # fmt: skip
    assert tree.labels_after(2).tolist() == [0, 0, 1, 1]
    assert tree.strength.tolist() == [1.0, 10 / 11]
    tree, _ = build_flow_merging(sparse.csr_array(TOY), FlowMergingParameters(min_flow=0.95))
    assert tree.strength.tolist() == [1.0]
    tree, reason = build_flow_merging(sparse.csr_array(TOY), FlowMergingParameters(n_regions=1))
    assert len(tree.joined) == 3


def test_ties_go_to_the_one_that_receives_from_its_rivals():
    names, f = pairs(ac=10, bc=10, ab=5, dd=100)
    tree, _ = build_flow_merging(
        sparse.csr_array(f), FlowMergingParameters(n_regions=3, relative=False)
    )
    assert (names[tree.joined[0]], names[tree.into[0]]) == ("b", "c")


def test_containment_ends_the_merging():
    for name in ("average_containment", "weighted_containment", "least_containment"):
        p = FlowMergingParameters(**{name: 0.6})
        tree, reason = build_flow_merging(sparse.csr_array(TOY), p)
        assert reason == "parameter"
        label = tree.labels_after(len(tree.joined))
        member = np.eye(label.max() + 1)[label]
        between = member.T @ TOY @ member
        rows = between.sum(axis=1)
        contained = np.diag(between)[rows > 0] / rows[rows > 0]
        found = {
            "average_containment": contained.mean(),
            "weighted_containment": np.trace(between) / TOY.sum(),
            "least_containment": contained.min(),
        }
        assert found[name] >= 0.6
    flows = build_flows("ab", [0, 1], [0, 1], [3, 4])
    regions = delineate(flows, "flow-merging", parameters={"n_regions": 1})
    assert "no flow was left" in str(regions.notices[0])


def plain_intramax(f):
    f = f.astype(float).copy()
    alive = list(range(len(f)))
    out = []
    while True:
        rows, columns = f.sum(1), f.sum(0)
        best = None
        for a in alive:
            for b in alive:
                if a < b and f[a, b] + f[b, a] > 0:
                    value = sum(
                        f[x, y] / rows[x] / columns[y] for x, y in ((a, b), (b, a)) if f[x, y]
                    )
                    key = (value, f[a, b] + f[b, a], -a, -b)
                    if best is None or key > best[0]:
                        best = key, a, b
        if best is None:
            return out
        _, a, b = best
        i, j = (a, b) if rows[a] + columns[a] < rows[b] + columns[b] else (b, a)
        f[j] += f[i]
        f[:, j] += f[:, i]
        f[i], f[:, i] = 0, 0
        alive.remove(i)
        out.append((i, j))


def plain_flow_merging(f, n_regions):
    f = f.astype(float).copy()
    alive = list(range(len(f)))
    out = []
    while len(alive) > n_regions:
        rows = f.sum(1)
        off = {(i, j): f[i, j] / rows[i] for i in alive for j in alive if i != j and f[i, j] > 0}
        if not off:
            return out
        top = max(off.values())
        tied = {i for (i, _), v in off.items() if v == top}
        i = max(tied, key=lambda i: (sum(f[r, i] for r in tied if r != i), rows[i], -i))
        j = max((j for (a, j) in off if a == i), key=lambda j: (off[i, j], rows[j], -j))
        f[j] += f[i]
        f[:, j] += f[:, i]
        f[i], f[:, i] = 0, 0
        alive.remove(i)
        out.append((i, j))
    return out


@pytest.mark.parametrize("seed", range(8))
def test_trees_equal_their_plain_twins(seed):
    rng = np.random.default_rng(seed)
    f = rng.poisson(rng.gamma(0.4, 6.0, (14, 14)))
    matrix = sparse.csr_array(f.astype(float))
    tree = build_intramax(matrix)
    assert list(zip(tree.joined.tolist(), tree.into.tolist(), strict=True)) == plain_intramax(f)
    tree, _ = build_flow_merging(matrix, FlowMergingParameters(n_regions=3))
    assert list(zip(tree.joined.tolist(), tree.into.tolist(), strict=True)) == plain_flow_merging(
        f, 3
    )


def test_intramax_by_hand():
    names, f = pairs(aa=50, ab=10, ba=8, bb=40, cc=30, cd=9, dc=3, dd=20, bc=2)
    tree = build_intramax(sparse.csr_array(f))
    assert [(names[i], names[j]) for i, j in zip(tree.joined, tree.into, strict=True)] == [
        ("d", "c"), ("b", "a"), ("c", "a"),
    ]  # fmt: skip
    assert tree.internal.tolist() == [140, 152, 170, 172]
    assert tree.strength[0] == pytest.approx(9 / (39 * 29) + 3 / (23 * 35))
    assert tree.cut(2).tolist() == [0, 0, 1, 1]
    flows = build_flows(names, *np.nonzero(f), f[np.nonzero(f)])
    regions = delineate(flows, "intramax", parameters={"internal_share": 0.95})
    assert len(regions) == 2
    assert len(delineate(flows, "intramax", parameters={"n_regions": 1})) == 1


def test_where_to_stop_must_be_said():
    with pytest.raises(FlowError, match="say where to cut"):
        IntramaxParameters()
    with pytest.raises(FlowError, match="say when to stop"):
        FlowMergingParameters()
    with pytest.raises(FlowError, match="n_regions: must be a whole number") as caught:
        FlowMergingParameters(n_regions=0, average_containment=2, min_flow=-1)
    assert "average_containment" in str(caught.value)
    assert "min_flow" in str(caught.value)


@settings(deadline=None, max_examples=40)
@given(arrays(np.int64, (8, 8), elements=st.integers(0, 9)))
def test_a_hierarchy_is_nested_and_keeps_all_flow(f):
    tree = build_intramax(sparse.csr_array(f.astype(float)))
    finer = tree.labels_after(0)
    assert finer.tolist() == list(range(8))
    for m in range(1, len(tree.joined) + 1):
        label = tree.labels_after(m)
        assert len(np.unique(label)) == 8 - m
        assert all(len(set(label[finer == k])) == 1 for k in np.unique(finer))
        assert f[label[:, None] == label].sum() == tree.internal[m]
        finer = label
    assert (np.diff(tree.internal) > 0).all()


def valley():
    # Two towns, three villages; the middle one is drawn to both.
    f = np.array(
        [[900, 20, 5, 5, 0], [30, 800, 5, 5, 0], [60, 50, 70, 0, 0], [90, 0, 0, 60, 0],
         [0, 30, 0, 0, 10]], float,
    )  # fmt: skip
    ids = ["Zwolle", "Emmen", "Hardenberg", "Ommen", "Sleen"]
    o, d = np.nonzero(f)
    return build_flows(ids, o, d, f[o, d]), f


def test_a_place_between_two_systems_belongs_to_both():
    flows, _ = valley()
    base = delineate(flows, parameters={"min_size": 300, "target_size": 2000})
    assert len(base) == 2
    both = overlapping_membership(base, flows, min_share=0.2)
    assert not both.is_partition
    row = both.zone_id.tolist().index("Hardenberg")
    # ties: 60 + 5 with Zwolle, 50 + 5 with Emmen; what stays counts for neither
    assert both.share.toarray()[row].tolist() == pytest.approx([65 / 120, 55 / 120])
    assert both.status[row] == "several"
    assert (both.label == base.label).all()
    assert overlapping_membership(base, flows, min_share=0.5).is_partition
    table = region_indicators(both, flows)
    assert table["residents"].sum() == pytest.approx(flows.matrix().sum())
    with pytest.raises(FlowError, match="between 0 and 1"):
        overlapping_membership(base, flows, min_share=0)
    p = {"min_size": 300, "target_size": 2000, "min_share": 0.2}
    same = delineate(flows, "overlapping", parameters=p)
    assert (same.share != both.share).nnz == 0
    with pytest.raises(FlowError, match="min_share: must lie") as caught:
        delineate(flows, "overlapping", parameters={"min_share": 2, "min_size": -1})
    assert "min_size" in str(caught.value)


def test_levels_are_nested():
    rng = np.random.default_rng(3)
    f = rng.poisson(rng.gamma(0.3, 8.0, (40, 40))) + np.diag(rng.integers(20, 90, 40))
    flows = build_flows([f"z{i:02d}" for i in range(40)], *np.nonzero(f), f[np.nonzero(f)])
    levels = nested_labour_market_areas(
        flows,
        [
            LabourMarketAreaParameters(
                min_size=s, target_size=4 * s, min_containment=c, target_containment=c + 0.1
            )
            for s, c in ((80, 0.25), (300, 0.4), (900, 0.6))
        ],
    )
    counts = [len(level) for level in levels]
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]
    for finer, coarser in pairwise(levels):
        for k in range(len(finer)):
            assert len(set(coarser.label[finer.label == k])) == 1
    assert levels[1].method == "labour-market-areas, level 2"
