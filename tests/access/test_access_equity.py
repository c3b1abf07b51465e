"""Equity: hand-computed values, plain twins, and what must not change them."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.access.equity import (
    concentration_index,
    fgt,
    gini,
    lorenz_curve,
    palma,
    rank_shares,
    theil_t,
)
from halfcircle.access.fairness import ZonePeople, equity_table, income_classes
from halfcircle.errors import InputError

NAN = float("nan")


def test_gini_by_hand() -> None:
    # 1, 1, 2, 4 people-wise: mean 2, sum of |differences| = 2 (0+1+3+1+3+2) = 20; 20 / (2 16 2).
    assert gini([1, 1, 2, 4], [1, 1, 1, 1]) == pytest.approx(20 / 64)
    assert gini([1, 2, 4], [2, 1, 1]) == pytest.approx(20 / 64)
    assert gini([3, 3], [5, 1]) == pytest.approx(0.0)
    assert gini([0, 7], [3, 1]) == pytest.approx(0.75)


def test_palma_by_hand() -> None:
    # Ten people in order of income: the poorest four reach 1, 2, 3, 4, the richest one 10.
    reach = np.arange(1.0, 11.0)
    assert palma(reach, np.ones(10), reach * 100) == pytest.approx(10 / 2.5)
    # One zone of five poor people is cut: four of them are the poorest 40 %.
    assert palma([1, 9], [5, 5], [10, 20]) == pytest.approx(9.0)
    assert np.isnan(palma([0, 9], [5, 5], [10, 20]))


def test_theil_by_hand() -> None:
    theil = theil_t([1, 3], [1, 1], ["a", "b"])
    expected = 0.5 * (0.5 * np.log(0.5) + 1.5 * np.log(1.5))
    assert theil == pytest.approx((expected, expected, 0.0))
    assert theil_t([1, 3], [1, 1], ["a", "a"]) == pytest.approx((expected, 0.0, expected))
    assert theil_t([0, 2], [1, 1]).total == pytest.approx(np.log(2))


def test_concentration_by_hand() -> None:
    # Ranks 1/4 and 3/4, mean 2, covariance 0.25: C = 2 * 0.25 / 2.
    assert concentration_index([1, 3], [1, 1], [10, 20]) == pytest.approx(0.25)
    assert concentration_index([3, 1], [1, 1], [10, 20]) == pytest.approx(-0.25)
    found = concentration_index([1, 3], [1, 1], [10, 20], kind="erreygers", bounds=(0, 4))
    assert found == pytest.approx(4 * 2 / 4 * 0.25)
    assert concentration_index([1, 3], [1, 1], [10, 10]) == pytest.approx(0.0)


def test_poverty_by_hand() -> None:
    # Line 10: two people at 5 and one at 0 are poor, five are not.
    reach, people = [5, 0, 10, 20], [2, 1, 3, 2]
    assert fgt(reach, people, line=10) == pytest.approx(3 / 8)
    assert fgt(reach, people, line=10, alpha=1) == pytest.approx((2 * 0.5 + 1) / 8)
    assert fgt(reach, people, line=10, alpha=2) == pytest.approx((2 * 0.25 + 1) / 8)


def test_shares_of_a_ranking_by_hand() -> None:
    people, income = [30.0, 30.0, 40.0], [1.0, 1.0, 2.0]
    np.testing.assert_allclose(rank_shares(people, income, low=0, high=0.3), [15, 15, 0])
    np.testing.assert_allclose(rank_shares(people, income, low=0.5, high=0.8), [5, 5, 20])
    gaps = rank_shares([30.0, NAN], [1.0, 2.0], low=0, high=1)
    np.testing.assert_array_equal(gaps, [30, NAN])


@st.composite
def zones(draw):
    n = draw(st.integers(1, 12))
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    reach = rng.integers(0, 40, n).astype(float)
    people = rng.integers(0, 30, n).astype(float)
    income = rng.integers(1, 6, n).astype(float)
    people[rng.integers(n)] += 1
    return reach, people, income, rng.permutation(n)


def gini_twin(x, w):
    mean = sum(a * b for a, b in zip(x, w, strict=True)) / sum(w)
    if mean == 0:
        return NAN
    spread = sum(w[i] * w[j] * abs(x[i] - x[j]) for i in range(len(x)) for j in range(len(x)))
    return spread / (2 * sum(w) ** 2 * mean)


def concentration_twin(x, w, income):
    """Twice the covariance of reach and mean rank, person by person."""
    total = sum(w)
    mean = sum(a * b for a, b in zip(x, w, strict=True)) / total
    if mean == 0:
        return NAN
    out = 0.0
    for i in range(len(x)):
        poorer = sum(w[k] for k in range(len(x)) if income[k] < income[i])
        same = sum(w[k] for k in range(len(x)) if income[k] == income[i])
        out += w[i] / total * (x[i] - mean) * ((poorer + same / 2) / total)
    return 2 * out / mean


def theil_twin(x, w, groups):
    total, mean = sum(w), sum(a * b for a, b in zip(x, w, strict=True)) / sum(w)
    if mean == 0:
        return NAN, NAN, NAN

    def term(share, ratio):
        return share * ratio * np.log(ratio) if ratio > 0 else 0.0

    whole = sum(term(w[i] / total, x[i] / mean) for i in range(len(x)))
    between = within = 0.0
    for g in set(groups):
        own = [i for i in range(len(x)) if groups[i] == g]
        n = sum(w[i] for i in own)
        held = sum(w[i] * x[i] for i in own)
        if n and held:
            mu = held / n
            between += term(n / total, mu / mean)
            within += n / total * mu / mean * sum(term(w[i] / n, x[i] / mu) for i in own)
    return whole, between, within


@settings(deadline=None, max_examples=80)
@given(case=zones())
def test_indices_equal_their_plain_twins(case) -> None:
    x, w, income, _ = case
    close = {"atol": 1e-12, "rtol": 1e-9}
    np.testing.assert_allclose(gini(x, w), gini_twin(x, w), **close)
    np.testing.assert_allclose(
        concentration_index(x, w, income), concentration_twin(x, w, income), **close
    )
    groups = [f"{v:g}" for v in income]
    np.testing.assert_allclose(theil_t(x, w, groups), theil_twin(x, w, groups), **close)


@settings(deadline=None, max_examples=80)
@given(case=zones(), k=st.floats(0.01, 100))
def test_order_and_units_do_not_matter(case, k) -> None:
    x, w, income, mixed = case
    close = {"atol": 1e-9, "rtol": 1e-9}

    def all_of(reach, people, ranks):
        return [
            gini(reach, people),
            palma(reach, people, ranks),
            *theil_t(reach, people, [str(r) for r in ranks]),
            concentration_index(reach, people, ranks),
            concentration_index(reach, people, ranks, kind="erreygers"),
        ]

    base = all_of(x, w, income)
    np.testing.assert_allclose(all_of(x[mixed], w[mixed], income[mixed]), base, **close)
    np.testing.assert_allclose(all_of(x * k, w, income), base, **close)
    np.testing.assert_allclose(all_of(x, w * k, income), base, **close)
    twice = all_of(np.tile(x, 2), np.tile(w, 2) / 2, np.tile(income, 2))
    np.testing.assert_allclose(twice, base, **close)
    np.testing.assert_allclose(
        fgt(x[mixed] * k, w[mixed], line=20 * k, alpha=1), fgt(x, w, line=20, alpha=1), **close
    )


@settings(deadline=None, max_examples=60)
@given(case=zones(), k=st.floats(0.0, 30))
def test_ranges_and_parts(case, k) -> None:
    x, w, income, _ = case
    if w @ x > 0:
        assert -1e-12 <= gini(x, w) < 1
        assert abs(concentration_index(x, w, income)) <= gini(x, w) + 1e-12
        theil = theil_t(x, w, [str(v) for v in income])
        assert theil.total == pytest.approx(theil.between + theil.within, abs=1e-12)
        # More of the same for everybody makes it fairer.
        assert gini(x + k, w) <= gini(x, w) + 1e-12
    poverty = [fgt(x, w, line=15, alpha=a) for a in (0, 1, 2)]
    assert poverty == sorted(poverty, reverse=True)
    cut = sum(rank_shares(w, income, low=a / 10, high=(a + 1) / 10) for a in range(10))
    np.testing.assert_allclose(cut, w, atol=1e-9)


def test_undefined_is_missing() -> None:
    assert np.isnan(gini([], []))
    assert np.isnan(gini([0, 0], [1, 1]))
    assert np.isnan(gini([NAN, 2], [1, 0]))
    assert np.isnan(theil_t([0.0], [1]).total)
    assert np.isnan(fgt([NAN], [1], line=1))
    assert np.isnan(concentration_index([2, 2], [1, 1], [1, 2], kind="erreygers"))
    people, reach = lorenz_curve([NAN], [1])
    np.testing.assert_array_equal(people, [0, 1])
    assert np.isnan(reach).all()


def test_wrong_input_is_told() -> None:
    with pytest.raises(InputError, match=r"values are negative or infinite: '-1.0'"):
        gini([-1, 2], [1, 1])
    with pytest.raises(InputError, match="differ"):
        fgt([1, 2], [1], line=1)
    with pytest.raises(InputError, match="line above 0"):
        fgt([1, 2], [1, 1], line=0)
    with pytest.raises(InputError, match="0 <= low < high <= 1"):
        palma([1, 2], [1, 1], [1, 2], top=1.2)
    with pytest.raises(InputError, match="kind must be"):
        concentration_index([1], [1], [1], kind="other")
    with pytest.raises(InputError, match="outside the bounds 0 to 2"):
        concentration_index([1, 3], [1, 1], [1, 2], kind="erreygers", bounds=(0, 2))
    with pytest.raises(InputError, match="1 groups for 2 values"):
        theil_t([1, 2], [1, 1], ["a"])


def reach_rows() -> pd.DataFrame:
    rows = []
    for band, values in ((30.0, [1.0, 3.0, 8.0, NAN]), (NAN, [5.0, 5.0, 5.0, 5.0])):
        rows += [
            (f"z{i}", "baseline", "car", "jobs", "all", band, 50, "cumulative", v)
            for i, v in enumerate(values)
        ]
    columns = "zone_id scenario mode opportunity group band_min percentile measure value"
    return pd.DataFrame(rows, columns=columns.split())


PEOPLE = ZonePeople(
    ["z0", "z1", "z2", "z3"],
    [10, 20, 10, 7],
    np.array([1.0, 2.0, 3.0, 9.0]),
    ["n", "n", "s", "s"],
)


def test_equity_of_a_table() -> None:
    table = equity_table(reach_rows(), PEOPLE)
    first = table[table["band_min"] == 30.0].set_index("index")
    x, w = [1, 3, 8], [10, 20, 10]
    assert first.loc["gini", "value"] == pytest.approx(gini(x, w))
    assert first.loc["palma", "value"] == pytest.approx(palma(x, w, [1, 2, 3]))
    assert first.loc["theil_between", "value"] == pytest.approx(theil_t(x, w, list("nns")).between)
    assert first.loc["mean", "value"] == pytest.approx(150 / 40)
    assert first.loc["fgt0", "value"] == pytest.approx(10 / 40)
    assert set(first["people"]) == {40.0}
    assert set(first["people_left_out"]) == {7.0}
    flat = table[table["band_min"].isna()].set_index("index")["value"]
    assert flat["gini"] == pytest.approx(0.0)
    assert flat["palma"] == pytest.approx(1.0)
    bare = equity_table(reach_rows(), ZonePeople(PEOPLE.zone_id, PEOPLE.population))
    assert set(bare["index"]) == {"mean", "gini", "theil", "fgt0", "fgt1", "fgt2"}


def test_reach_by_income_class() -> None:
    table = income_classes(reach_rows(), PEOPLE, n_classes=4)
    first = table[table["band_min"] == 30.0]
    assert first["value"].tolist() == pytest.approx([1, 3, 3, 8])
    assert first["people"].tolist() == pytest.approx([10] * 4)
    with pytest.raises(InputError, match="no income"):
        income_classes(reach_rows(), ZonePeople(["z0"], [1]))
    with pytest.raises(InputError, match="n_classes must be at least 1"):
        income_classes(reach_rows(), PEOPLE, n_classes=0)
    with pytest.raises(InputError, match="no column value"):
        equity_table(reach_rows().drop(columns="value"), PEOPLE)
    with pytest.raises(InputError, match=r"income has shape \(1,\)\D*2\D*\n.*more than once"):
        ZonePeople(["z0", "z0"], [1, 2], np.array([1.0]))
