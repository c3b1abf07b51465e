"""Cost to closest: hand-computed values, a plain twin, invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_times import INF, counts, cube, toy

from halfcircle.access.nearest import nearest_table
from halfcircle.errors import OpportunityError, StudyError


def test_nearest_by_hand() -> None:
    source = toy([[30, 10, 20, 5], [INF, INF, 40, 1]])
    table = nearest_table(source, [counts("schools", [1, 1, 2, 0])], counts=(1, 2, 3, 4, 5))
    assert set(table["unit"]) == {"min"}
    by_k = {m: rows["value"].tolist() for m, rows in table.groupby("measure", sort=False)}
    assert list(by_k) == [f"minutes_to_{k}" for k in (1, 2, 3, 4, 5)]
    np.testing.assert_array_equal(by_k["minutes_to_1"], [10, 40])
    np.testing.assert_array_equal(by_k["minutes_to_2"], [20, 40])
    np.testing.assert_array_equal(by_k["minutes_to_3"], [20, np.nan])
    np.testing.assert_array_equal(by_k["minutes_to_4"], [30, np.nan])
    np.testing.assert_array_equal(by_k["minutes_to_5"], [np.nan, np.nan])
    first = table[table["measure"] == "minutes_to_1"]
    assert first["destination_id"].tolist() == ["d1", "d2"]
    assert table["destination_id"].isna().sum() == 4


def nearest_twin(minutes, supply, k):
    """The least time within which there are k."""
    for t in sorted({m for m in minutes if np.isfinite(m)}):
        if sum(o for o, m in zip(supply, minutes, strict=True) if m <= t) >= k:
            return t
    return np.nan


cases = st.tuples(st.integers(1, 5), st.integers(1, 8), st.integers(0, 9999), st.integers(1, 6))


@settings(deadline=None, max_examples=60)
@given(case=cases)
def test_nearest_equals_its_plain_twin_and_keeps_its_order(case) -> None:
    n, n_d, seed, block_size = case
    rng = np.random.default_rng(seed)
    minutes = rng.integers(1, 12, (n, 2, n_d)).astype(float)
    minutes[rng.random(minutes.shape) < 0.2] = INF
    supply = rng.integers(0, 4, (2, n_d)).astype(float)
    ks = (1, 2.5, 6)
    shops = counts("shops", *supply, groups=("a", "b"))
    table = nearest_table(toy(minutes), [shops], counts=ks, block_size=block_size)
    found = cube(table).reshape(3, n, 2, 2)
    for k in range(3):
        for i in range(n):
            for p in range(2):
                for g in range(2):
                    expected = nearest_twin(minutes[i, p], supply[g], ks[k])
                    np.testing.assert_array_equal(found[k, i, p, g], expected)
    # More takes longer; another site never does; the order of sites does not matter.
    far = np.nan_to_num(found, nan=INF)
    assert (far[0] <= far[1]).all()
    assert (far[1] <= far[2]).all()
    more = counts("shops", *(supply + 1), groups=("a", "b"))
    denser = np.nan_to_num(cube(nearest_table(toy(minutes), [more], counts=ks)), nan=INF)
    assert (denser <= far.ravel()).all()
    mixed = rng.permutation(n_d)
    shuffled = nearest_table(
        toy(minutes[:, :, mixed]),
        [counts("shops", *supply[:, mixed], groups=("a", "b"))],
        counts=ks,
    )
    np.testing.assert_array_equal(cube(shuffled), cube(table))


def test_unknown_is_missing_and_told() -> None:
    source = toy([[10, 20], [10, 20]])
    table = nearest_table(source, [counts("schools", [np.nan, 1])], missing=np.array([True, False]))
    np.testing.assert_array_equal(cube(table), [np.nan, 20])
    assert set(table["left_out"]) == {1}
    with pytest.raises(StudyError, match="positive and ascending"):
        nearest_table(source, [counts("schools", [1, 1])], counts=(3, 1))
    with pytest.raises(OpportunityError, match="3 places"):
        nearest_table(source, [counts("schools", [1, 1, 1])])
