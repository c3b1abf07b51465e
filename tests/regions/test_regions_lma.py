"""Labour market areas: published partitions, a plain twin, hand-made towns, invariants."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from real_data import data_path
from scipy import sparse

from halfcircle.errors import FlowError
from halfcircle.regions import (
    Flows,
    LabourMarketAreaParameters,
    build_labour_market_areas,
    delineate,
    validity,
)
from halfcircle.regions.exact import canonical_order

SMALL = {"min_size": 1000, "target_size": 10000}
MODES = ("paper", "paper-id-ties", "r-package")


def plain_validity(own, r, w, p):
    contained = min(own / r, own / w)
    if contained == 1:
        return 1.0
    short = max(0.0, (p.target_size - r) / (p.target_size - p.min_size))
    ratio = p.min_containment / p.target_containment
    return min(contained / p.target_containment, 1) / ratio * (1 - (1 - ratio) * short)


def plain_areas(f, p):
    """The algorithm as it is told: everything is summed afresh in every step."""
    keep = np.ones(len(f), bool)
    while True:
        g = f * keep[:, None] * keep
        r, w, own = g.sum(1), g.sum(0), np.diag(g)
        drop = keep & ((r == 0) | (w == 0) | ((r == own) & (w == own)))
        if not drop.any():
            break
        keep &= ~drop
    r_all, w_all = r, w
    content = p.mode == "paper"
    units = [int(u) for u in np.flatnonzero(keep)]
    if content:
        inner = canonical_order(sparse.csr_array(f[np.ix_(units, units)]))
        units = [units[i] for i in inner]
    rank = {u: i for i, u in enumerate(units)}
    f = g
    members = {rank[u]: [u] for u in units}

    def stat(m):
        return f[np.ix_(m, m)].sum(), r_all[m].sum(), w_all[m].sum()

    def value(m):
        return plain_validity(*stat(m), p)

    def link(c, m):
        _, r, w = stat(m)
        to, fro = f[c, m].sum(), f[m, c].sum()
        return (to / r_all[c]) * (to / w) + (fro / r) * (fro / w_all[c])

    def strongest(c, without):
        best, best_key = None, None
        for b, m in members.items():
            if b != without and f[c, m].sum() + f[m, c].sum() > 0:
                own, r, w = stat(m)
                key = (link(c, m), *((r, w, own) if content else ()), -b)
                if best_key is None or key > best_key:
                    best, best_key = b, key
        return best

    reserve, fragment, greatest, valid_before = [], None, None, True
    while members:
        queue = {}
        for k, m in members.items():
            own, r, w = stat(m)
            queue[k] = (value(m), *((r, w, own) if content else ()), k)
        if fragment is not None:
            m = members[fragment]
            parts = [plain_validity(x, r_all[c], w_all[c], p)
                     for c in m for x in f[np.ix_(m, m)].ravel() if x > 0]  # fmt: skip
            if parts:
                queue[fragment] = (min(parts), *queue[fragment][1:])
                greatest = max(parts)
            else:
                fragment = None
        k = min(queue, key=queue.__getitem__)
        if queue[k][0] >= 1:
            break

        def openness(c, m=members[k]):
            outside = [u for u in units if u not in m]
            score = f[outside, c].sum() + r_all[c] - f[c, c]
            return (score, *((r_all[c], w_all[c], f[c, c]) if content else ()), -rank[c])

        c = max(members[k], key=openness)
        b = strongest(c, k)
        if b is not None:
            now = greatest if b == fragment else value(members[b])
            if value([*members[b], c]) < now:
                b = None
        members[k] = [u for u in members[k] if u != c]
        if b is None:
            reserve.append(c)
        else:
            members[b] = [*members[b], c]
        fragment = k if p.mode == "r-package" and len(members[k]) > 1 else None
        if not members[k]:
            del members[k]
    valid_before = all(value(m) >= 1 for m in members.values())
    if content:
        waiting = sorted(reserve, key=lambda c: (-r_all[c], w_all[c], f[c, c], rank[c]))
    else:
        waiting = sorted(reserve, reverse=True)
    while waiting:
        still = []
        for c in waiting:
            b = strongest(c, None)
            if b is None:
                still.append(c)
            else:
                members[b] = [*members[b], c]
        if len(still) == len(waiting):
            break
        waiting = still
    groups = {frozenset(m) for m in members.values()}
    return groups, set(reserve), valid_before


def groups_of(label):
    return {frozenset(np.flatnonzero(label == k).tolist()) for k in np.unique(label[label >= 0])}


def partition_hash(label, codes):
    groups = {}
    for code, k in zip(codes, label, strict=True):
        if k >= 0:
            groups.setdefault(int(k), []).append(int(code))
    text = ";".join(sorted(",".join(str(c) for c in sorted(g)) for g in groups.values()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def reference(name):
    table = pd.read_csv(data_path(f"lma/{name}_flows.csv"))
    codes = np.unique(table[["community_live", "community_work"]].to_numpy())
    o = np.searchsorted(codes, table["community_live"])
    d = np.searchsorted(codes, table["community_work"])
    n = len(codes)
    return sparse.coo_array((table["amount"].astype(float), (o, d)), shape=(n, n)).tocsr(), codes


EXPECTED = [
    ("brindisi", 1000, 10000, "r-package", 9, 74_879, 0, "c7788dafd01ad1dc"),
    ("brindisi", 1000, 10000, "paper-id-ties", 9, 74_879, 0, "c7788dafd01ad1dc"),
    ("brindisi", 1000, 10000, "paper", 9, 74_879, 0, "c7788dafd01ad1dc"),
    ("brindisi", 3500, 25000, "r-package", 5, 81_589, 0, "635cf4aedebebd44"),
    ("brindisi", 3500, 25000, "paper-id-ties", 5, 81_589, 0, "635cf4aedebebd44"),
    ("brindisi", 3500, 25000, "paper", 5, 81_589, 0, "635cf4aedebebd44"),
    ("sardinia", 1000, 10000, "r-package", 36, 349_778, 80, "0279ff2bbb52caa6"),
    ("sardinia", 1000, 10000, "paper-id-ties", 37, None, None, "21d4ec38beb74820"),
    ("sardinia", 1000, 10000, "paper", 37, None, None, "7040faa6e95f2f5f"),
    ("sardinia", 3500, 25000, "r-package", 20, 360_772, 80, "8bd66fd161d07f84"),
    ("sardinia", 3500, 25000, "paper-id-ties", 20, None, None, "bbc5355523e1dc5b"),
    ("sardinia", 3500, 25000, "paper", 20, None, None, "3e089f894e16af62"),
]


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("name", "minimum", "target", "mode", "count", "internal", "reserve", "digest"), EXPECTED
)
def test_published_partitions(name, minimum, target, mode, count, internal, reserve, digest):
    matrix, codes = reference(name)
    p = LabourMarketAreaParameters(min_size=minimum, target_size=target, mode=mode)
    areas = build_labour_market_areas(matrix, p)
    assert areas.n_areas == count
    assert partition_hash(areas.label, codes) == digest
    flows = matrix.tocoo()
    inside = flows.data[areas.label[flows.row] == areas.label[flows.col]].sum()
    if internal is not None:
        assert inside == internal
        assert areas.reserve.sum() == reserve


@pytest.mark.real_data
def test_brindisi_groups_and_other_thresholds():
    matrix, codes = reference("brindisi")
    areas = build_labour_market_areas(matrix, LabourMarketAreaParameters(**SMALL))
    found = {frozenset(int(codes[i]) - 74000 for i in g) for g in groups_of(areas.label)}
    assert found == {
        frozenset(g)
        for g in ((1, 14, 15, 17), (3,), (5,), (7,), (8, 11), (6, 9, 10, 19), (2, 12),
                  (4, 13, 16, 18), (20,))
    }  # fmt: skip
    loose = {"min_containment": 0.6, "target_containment": 0.7}
    p = LabourMarketAreaParameters(**SMALL, **loose)
    assert build_labour_market_areas(matrix, p).n_areas == 9
    p = LabourMarketAreaParameters(
        min_size=50, target_size=100, min_containment=0.3, target_containment=0.4
    )
    assert build_labour_market_areas(matrix, p).n_areas == 20


@pytest.mark.real_data
@pytest.mark.parametrize("mode", ["r-package", "paper-id-ties"])
def test_ties_by_identifier_do_not_depend_on_the_order_of_rows(mode):
    matrix, codes = reference("sardinia")
    digest = next(e[-1] for e in EXPECTED if e[0] == "sardinia" and e[1] == 1000 and e[3] == mode)
    order = np.random.default_rng(2).permutation(len(codes))
    flows = Flows([str(code) for code in codes[order]], (matrix[order][:, order],))
    regions = delineate(flows, parameters={**SMALL, "mode": mode})
    assert partition_hash(regions.label, codes[order]) == digest


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["brindisi", "sardinia"])
def test_twenty_relabellings_give_the_same_areas(name):
    matrix, codes = reference(name)
    p = LabourMarketAreaParameters(**SMALL)
    expected = partition_hash(build_labour_market_areas(matrix, p).label, codes)
    rng = np.random.default_rng(5)
    for _ in range(20):
        order = rng.permutation(len(codes))
        label = build_labour_market_areas(matrix[order][:, order], p).label
        assert partition_hash(label, codes[order]) == expected


@pytest.mark.real_data
@pytest.mark.parametrize(
    ("low", "high", "count"), [(0.6667, 0.75, 17), (0.6, 0.7, 28), (0.5, 0.6, 61)]
)
def test_daily_urban_systems_of_the_netherlands(low, high, count):
    table = pd.read_csv(data_path("north_nl/flows/nl_commuting_bymode.csv.gz"))
    table = table.groupby(["muni_from", "muni_to"], as_index=False)["value"].sum()
    codes = np.unique(table[["muni_from", "muni_to"]].to_numpy().astype(str))
    o = np.searchsorted(codes, table["muni_from"].astype(str))
    d = np.searchsorted(codes, table["muni_to"].astype(str))
    shape = (len(codes), len(codes))
    matrix = sparse.coo_array((np.rint(table["value"]), (o, d)), shape=shape).tocsr()
    p = LabourMarketAreaParameters(min_containment=low, target_containment=high)
    areas = build_labour_market_areas(matrix, p)
    assert areas.n_areas == count
    assert areas.valid_before_reserve


def random_flows(rng, n, whole=True):
    f = rng.poisson(rng.gamma(0.3, 8.0, (n, n))).astype(float)
    f[np.diag_indices(n)] += rng.integers(0, 60, n)
    return f if whole else f * rng.random((n, n))


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("seed", range(12))
def test_kernel_equals_its_plain_twin(mode, seed):
    f = random_flows(np.random.default_rng(seed), 8 + 3 * seed)
    if seed % 3 == 0:
        f[:, 1] = f[2, :] = 0  # somebody for the zero list
    p = LabourMarketAreaParameters(min_size=60, target_size=400, mode=mode)
    areas = build_labour_market_areas(sparse.csr_array(f), p)
    groups, reserve, valid = plain_areas(f, p)
    assert groups_of(areas.label) == groups
    assert set(np.flatnonzero(areas.reserve).tolist()) == reserve
    assert areas.valid_before_reserve == valid


def test_two_towns_and_a_suburb_by_hand():
    #            A    B  suburb of A
    f = np.array([[800, 20, 10], [30, 600, 5], [300, 10, 50]], float)
    p = LabourMarketAreaParameters(min_size=100, target_size=1000)
    areas = build_labour_market_areas(sparse.csr_array(f), p)
    assert areas.label.tolist() == [0, 1, 0]
    assert areas.n_steps == 1  # the suburb was the only area that is not valid
    assert not areas.reserve.any()


def test_zero_list_cascades():
    # c only works in d, where nobody lives: without d nobody leaves c, so c goes as well.
    f = np.zeros((5, 5))
    f[0, 0], f[0, 1], f[1, 0], f[1, 1] = 50, 5, 4, 60
    f[2, 3] = 9
    f[4, 4] = 7
    p = LabourMarketAreaParameters(min_size=10, target_size=40)
    areas = build_labour_market_areas(sparse.csr_array(f), p)
    assert areas.zero_list.tolist() == [False, False, True, True, True]
    assert areas.label.tolist() == [0, 1, -1, -1, -1]
    notices = areas.notices(np.array(list("abcde"), dtype=object))
    assert notices[0].values == ("c", "d", "e")


def test_unlinked_units_are_not_assigned():
    # Two pairs without a link between them; one is far too small to stand alone... but complete.
    f = np.zeros((4, 4))
    f[:2, :2] = [[500, 30], [20, 400]]
    f[2, 3] = f[3, 2] = 1
    p = LabourMarketAreaParameters(min_size=10, target_size=100)
    areas = build_labour_market_areas(sparse.csr_array(f), p)
    assert areas.label.tolist() == [0, 1, 2, 2]  # self-contained: valid whatever its size
    f[2, 3] = 0
    areas = build_labour_market_areas(sparse.csr_array(f), p)
    assert areas.zero_list.tolist() == [False, False, True, True]


def test_no_flows_at_all():
    areas = build_labour_market_areas(sparse.csr_array((3, 3)))
    assert areas.n_areas == 0
    assert areas.zero_list.all()


def test_required_containment_falls_with_size():
    p = LabourMarketAreaParameters(min_size=1000, target_size=10000)
    low, high = p.min_containment, p.target_containment
    value = validity(
        np.array([low * 10000, high * 1000, 0.99 * 999, 500]),
        np.array([10000, 1000, 999, 500]),
        np.array([9000, 900, 999, 500]),
        p,
    )
    assert value[:2] == pytest.approx([1.0, 1.0])
    assert value[2] < 1  # never below the minimum size,
    assert value[3] == 1.0  # unless nobody comes or goes
    assert np.isnan(validity(0, 0, 5, p))


def test_stored_zeros_do_not_matter_and_nonsense_is_told():
    f = random_flows(np.random.default_rng(1), 12)
    stored = sparse.csr_array((f.ravel(), np.tile(np.arange(12), 12), np.arange(0, 145, 12)))
    assert stored.nnz == 144
    p = LabourMarketAreaParameters(min_size=60, target_size=400)
    label = build_labour_market_areas(stored, p).label
    assert (label == build_labour_market_areas(sparse.csr_array(f), p).label).all()
    with pytest.raises(FlowError, match="negative or not finite"):
        build_labour_market_areas(sparse.csr_array(-f), p)
    with pytest.raises(FlowError, match="must be square"):
        build_labour_market_areas(sparse.csr_array((2, 3)), p)


def test_thresholds_out_of_range_are_told_together():
    with pytest.raises(FlowError, match="min_size: must be a positive") as caught:
        LabourMarketAreaParameters(
            min_size=-1, target_size=float("nan"), target_containment=75, mode="fast"
        )
    text = str(caught.value)
    assert "target_size" in text
    assert "write 0.75 for 75 %" in text
    assert "is none of paper" in text
    with pytest.raises(FlowError, match="must be smaller than target_size"):
        LabourMarketAreaParameters(min_size=10, target_size=10)


@settings(deadline=None, max_examples=40)
@given(
    arrays(np.int64, (7, 7), elements=st.integers(0, 40)),
    st.permutations(range(7)),
    st.sampled_from([1.0, 3.0, 10.0]),
)
def test_content_ties_do_not_know_names_or_scale(f, order, factor):
    counts = f.astype(float)
    order = np.array(order)
    # Zones that cannot be told apart by their flows leave nothing but their names to decide by.
    matrix = sparse.csr_array(counts)
    ranked = canonical_order(matrix)
    again = canonical_order(matrix[order][:, order])
    assume((order[again] == ranked).all())
    p = LabourMarketAreaParameters(min_size=20, target_size=120)
    base = build_labour_market_areas(matrix, p)
    scaled = LabourMarketAreaParameters(min_size=20 * factor, target_size=120 * factor)
    other = build_labour_market_areas(matrix[order][:, order] * factor, scaled)
    back = {frozenset(int(order[i]) for i in g) for g in groups_of(other.label)}
    assert back == groups_of(base.label)


@settings(deadline=None, max_examples=60)
@given(arrays(np.float64, (9, 9), elements=st.floats(0, 50, width=32)), st.sampled_from(MODES))
def test_a_partition_of_all_units(f, mode):
    p = LabourMarketAreaParameters(min_size=15, target_size=90, mode=mode)
    areas = build_labour_market_areas(sparse.csr_array(f), p)
    assigned = areas.label >= 0
    assert (assigned ^ areas.zero_list ^ areas.not_assigned).all()
    assert set(areas.label[assigned]) == set(range(areas.n_areas))
    assert not (areas.reserve & areas.zero_list).any()
    if mode != "r-package":
        assert areas.valid_before_reserve
    assert not areas.ended_early
