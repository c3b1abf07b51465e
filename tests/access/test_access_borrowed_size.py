"""Borrowed size: hand-computed split, a plain twin, invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_times import INF, counts, cube, square, toy

from halfcircle.access.borrowed import borrowed_size
from halfcircle.access.decay import ExponentialDecay, StepDecay
from halfcircle.errors import TravelTimeError, ZoneError

EXP = ExponentialDecay(1200)
PARTS = ("mass", "mass_own", "mass_density", "mass_network", "borrowed_share")


def test_split_by_hand() -> None:
    # z1 is linked better than its distance says, z2 worse.
    net = square([[5, 20, 50], [20, 5, 20], [50, 20, 5]])
    flat = square([[5, 40, 25], [40, 5, 30], [25, 30, 5]])
    table = borrowed_size(net, flat, [counts("jobs", [10, 100, 7])], decay=StepDecay(1800))
    found = {part: cube(table, part) for part in PARTS}
    assert found["mass"].tolist() == [110, 117, 107]
    assert found["mass_own"].tolist() == [10, 100, 7]
    assert found["mass_density"].tolist() == [7, 7, 110]
    assert found["mass_network"].tolist() == [93, 10, -10]
    assert found["borrowed_share"].tolist() == pytest.approx([1000 / 11, 1700 / 117, 10000 / 107])
    regions = {"z0": "Heerlen", "z1": "Heerlen", "z2": "Aachen"}
    joined = borrowed_size(
        net, flat, [counts("jobs", [10, 100, 7])], decay=StepDecay(1800), region=regions
    )
    assert cube(joined, "mass_own").tolist() == [110, 110, 7]
    assert cube(joined, "mass_density").tolist() == [7, 7, 110]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 9999), block_size=st.integers(1, 5))
def test_split_equals_its_plain_twin(seed, block_size) -> None:
    rng = np.random.default_rng(seed)
    n = 5
    a, b = rng.integers(1, 70, (2, n, n)).astype(float)
    a[rng.random((n, n)) < 0.2] = INF
    jobs = rng.integers(0, 40, n) * 1.0
    at = rng.integers(0, 3, n)
    regions = {f"z{i}": f"r{r}" for i, r in enumerate(at)}
    market = [counts("jobs", jobs)]
    table = borrowed_size(
        square(a), square(b), market, decay=EXP, region=regions, block_size=block_size
    )
    f, g = EXP(np.float32(a * 60)), EXP(np.float32(b * 60))
    own = [sum(jobs[j] * f[i, j] for j in range(n) if at[j] == at[i]) for i in range(n)]
    near = [sum(jobs[j] * g[i, j] for j in range(n) if at[j] != at[i]) for i in range(n)]
    np.testing.assert_allclose(cube(table, "mass_own"), own, atol=1e-9)
    np.testing.assert_allclose(cube(table, "mass_density"), near, atol=1e-9)
    parts = sum(cube(table, p) for p in ("mass_own", "mass_density", "mass_network"))
    np.testing.assert_allclose(parts, cube(table, "mass"), atol=1e-9)
    # On the reference itself the network adds nothing; more jobs everywhere scale all parts.
    same = borrowed_size(square(b), square(b), market, decay=EXP, region=regions)
    np.testing.assert_allclose(cube(same, "mass_network"), 0.0, atol=1e-9)
    triple = borrowed_size(
        square(a), square(b), [counts("jobs", jobs * 3)], decay=EXP, region=regions
    )
    for part in PARTS[:4]:
        np.testing.assert_allclose(cube(triple, part), 3 * cube(table, part), atol=1e-9)
    np.testing.assert_allclose(cube(triple, "borrowed_share"), cube(table, "borrowed_share"))


def test_undefined_is_missing_and_wrong_is_told() -> None:
    net = square([[5, INF], [INF, 5]])
    table = borrowed_size(
        *(net, net, [counts("jobs", [0, np.nan])]), decay=EXP, missing=np.array([True, False])
    )
    np.testing.assert_array_equal(cube(table, "mass"), [np.nan, 0])
    assert np.isnan(cube(table, "borrowed_share")).all()
    assert set(table["left_out"]) == {1}
    jobs = [counts("jobs", [1, 2])]
    with pytest.raises(TravelTimeError, match=r"origins of the reference.*\n.*destinations of"):
        borrowed_size(net, toy([[1, 2], [2, 1]]), jobs, decay=EXP)
    with pytest.raises(ZoneError, match="places without a region: 'z1'"):
        borrowed_size(net, net, jobs, decay=EXP, region={"z0": "a"})
