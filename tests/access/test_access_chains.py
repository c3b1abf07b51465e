"""Households: hand-computed values, plain twins, invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_times import INF, ToyTimes, counts, cube, places, square, toy

from halfcircle.access.chains import chain_reach, dual_earner_reach
from halfcircle.access.measures import reach_table
from halfcircle.errors import OpportunityError, StudyError, TravelTimeError


def test_two_earners_by_hand() -> None:
    # By car 100 jobs at 10 and 40 at 30 minutes; by train 25 at 20 and 11 at 45.
    car, train = toy([[10, 30]], mode="car"), toy([[20, 45]], mode="transit")
    jobs, others = counts("jobs", [100, 40]), counts("jobs", [25, 11])
    loose = dual_earner_reach(car, train, jobs, others, each_min=30)
    assert cube(loose).tolist() == pytest.approx([140, 25, np.sqrt(140 * 25)])
    assert loose["mode"].tolist() == ["car", "transit", "car & transit"]
    assert loose["measure"].tolist() == ["dual_first", "dual_second", "dual_joint"]
    tight = dual_earner_reach(car, train, jobs, others, each_min=45, total_min=50)
    # 10 + 20 and 30 + 20 fit; 10 + 45 and 30 + 45 do not.
    assert cube(tight).tolist() == pytest.approx([140, 36, np.sqrt(100 * 25 + 40 * 25)])
    gaps = dual_earner_reach(
        car, train, counts("jobs", [100, np.nan]), others, each_min=30, total_min=30
    )
    assert cube(gaps).tolist() == pytest.approx([100, 25, 50])
    assert gaps["left_out"].tolist() == [1, 0, 1]


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 9999), each=st.integers(5, 60), total=st.integers(5, 120))
def test_two_earners_equal_their_plain_twin(seed, each, total) -> None:
    rng = np.random.default_rng(seed)
    n, n_a, n_b = (int(k) for k in rng.integers(1, 7, 3))
    a, b = rng.integers(1, 70, (n, 2, n_a)).astype(float), rng.integers(1, 70, (n, 2, n_b)) * 1.0
    a[rng.random(a.shape) < 0.2] = INF
    b[rng.random(b.shape) < 0.2] = INF
    jobs, others = rng.integers(0, 30, n_a) * 1.0, rng.integers(0, 30, n_b) * 1.0
    market = counts("jobs", jobs), counts("jobs", others)
    table = dual_earner_reach(toy(a), toy(b), *market, each_min=each, total_min=total, block_size=2)
    found = cube(table, "dual_joint").reshape(n, 2)
    for i in range(n):
        for p in range(2):
            pairs = sum(
                jobs[j] * others[k]
                for j in range(n_a)
                for k in range(n_b)
                if max(a[i, p, j], b[i, p, k]) <= each and a[i, p, j] + b[i, p, k] <= total
            )
            assert found[i, p] == pytest.approx(np.sqrt(pairs))
    turned = dual_earner_reach(toy(b), toy(a), *market[::-1], each_min=each, total_min=total)
    np.testing.assert_allclose(cube(turned, "dual_joint"), found.ravel())
    wider = dual_earner_reach(toy(a), toy(b), *market, each_min=each, total_min=total + 10)
    assert (cube(wider, "dual_joint") >= found.ravel() - 1e-9).all()


def test_chain_by_hand() -> None:
    # Crèches in z1 and z2. From z0: by z1 to work in z3 10 + 5 + 30, by z2 20 + 5 + 15.
    minutes = [[3, 10, 20, 12], [10, 3, 9, 30], [20, 9, 3, 15], [12, 30, 15, 3]]
    creches, jobs = counts("creches", [0, 2, 1, 0]), [counts("jobs", [1, 10, 100, 1000])]
    table = chain_reach(square(minutes), square(minutes), creches, jobs, bands_min=[40, 20])
    assert table["band_min"].tolist() == [20] * 4 + [40] * 4
    home = table[table["zone_id"] == "z0"]["value"].tolist()
    # Within 20: z1 itself (10 + 5 + 3); within 40: z2 (24), home again (25), z3 (40).
    assert home == [10, 1111]
    assert set(table["unit"]) == {"jobs"}


def chain_twin(to, onward, stops, jobs, stay, band):
    out = []
    for row in to:
        total = 0.0
        for j, o in enumerate(jobs):
            best = min(
                (row[k] + stay + onward[k][j] for k, s in enumerate(stops) if s > 0), default=INF
            )
            total += o if best <= band else 0.0
        out.append(total)
    return out


@settings(deadline=None, max_examples=60)
@given(seed=st.integers(0, 9999), block_size=st.integers(1, 5))
def test_chain_equals_its_plain_twin_and_is_no_shortcut(seed, block_size) -> None:
    rng = np.random.default_rng(seed)
    n, n_k, n_d = (int(k) for k in rng.integers(1, 6, 3))
    to, onward = rng.integers(1, 40, (n, n_k)) * 1.0, rng.integers(1, 40, (n_k, n_d)) * 1.0
    to[rng.random(to.shape) < 0.2] = INF
    onward[rng.random(onward.shape) < 0.2] = INF
    stops, jobs = rng.integers(0, 2, n_k) * 1.0, rng.integers(0, 50, n_d) * 1.0
    sites = places(n_k, "k")
    first = ToyTimes((to * 60).astype(np.float32)[:, None], places(n, "h"), sites)
    second = ToyTimes((onward * 60).astype(np.float32)[:, None], sites, places(n_d, "w"))
    table = chain_reach(
        *(first, second, counts("creches", stops), [counts("jobs", jobs)]),
        bands_min=[45],
        block_size=block_size,
    )
    assert cube(table).tolist() == chain_twin(to, onward, stops, jobs, 5, 45)
    # Where times obey the triangle, going by a crèche never brings more than going straight.
    spots = rng.uniform(0, 40, (5, 2))
    straight = np.abs(spots[:, None] - spots[None]).sum(axis=2) + 1
    work = [counts("jobs", rng.integers(0, 50, 5) * 1.0)]
    by_stop = chain_reach(
        *(square(straight), square(straight), counts("creches", [0, 1, 0, 1, 0]), work),
        bands_min=[45],
    )
    direct = reach_table(square(straight), work, bands_min=[45])
    assert (cube(by_stop) <= cube(direct)).all()


def test_wrong_input_is_told() -> None:
    source, jobs = square([[3, 9], [9, 3]]), counts("jobs", [1, 2])
    with pytest.raises(StudyError, match="dual earners: times must be positive"):
        dual_earner_reach(source, source, jobs, jobs, each_min=0)
    with pytest.raises(TravelTimeError, match="start at other homes"):
        dual_earner_reach(source, toy([[3, 9], [9, 3]]), jobs, jobs, each_min=30)
    window = toy([[[3, 9], [4, 10]]])
    with pytest.raises(TravelTimeError, match="percentiles of the travel times differ"):
        dual_earner_reach(source, window, jobs, jobs, each_min=30)
    both = counts("jobs", [1, 2], [1, 2], groups=("low", "high"))
    with pytest.raises(OpportunityError, match="2 groups; give one"):
        chain_reach(source, source, both, [jobs], bands_min=[30])
    with pytest.raises(StudyError, match=r"bands must be positive.*\n.*stay must not be negative"):
        chain_reach(source, source, jobs, [jobs], bands_min=[], stay_min=-1)
    with pytest.raises(TravelTimeError, match=r"creches that are no origins .*: 'd1'"):
        chain_reach(toy([[3, 9]]), source, counts("creches", [0, 1]), [jobs], bands_min=[30])
