"""Norms, catchments and closures: hand-computed values, plain twins, invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_times import INF, counts, cube, toy

from halfcircle.access.closures import closure_cascade
from halfcircle.access.norms import amenity_norms, catchments
from halfcircle.errors import OpportunityError, StudyError

# Three villages of 30, 10 and 60 pupils, schools in d0, d1 and d2.
VILLAGES = [[5, 15, 40], [12, 5, 20], [35, 25, 5]]


def test_norms_by_hand() -> None:
    source = toy([[8, 30], [20, 10], [INF, INF]])
    schools = counts("schools", [1, 0], [0, 2], groups=("primary", "secondary"))
    pupils = counts("pupils", [30, 10, 5], [6, 4, 0], groups=("primary", "secondary"))
    table = amenity_norms(source, schools, pupils, norm_min={"primary": 10, "secondary": 30})
    primary, secondary = (table[table["group"] == g].iloc[0] for g in ("primary", "secondary"))
    assert primary[["people", "beyond", "unreached"]].tolist() == [45, 15, 5]
    assert primary["share_beyond"] == pytest.approx(1 / 3)
    assert primary["mean_min"] == pytest.approx((30 * 8 + 10 * 20) / 40)
    assert secondary[["people", "beyond", "unreached"]].tolist() == [10, 0, 0]
    assert secondary["mean_min"] == pytest.approx((6 * 30 + 4 * 10) / 10)
    known = amenity_norms(
        source,
        counts("schools", [1, np.nan]),
        counts("pupils", [30, np.nan, 5]),
        norm_min=10,
        missing=np.array([False, False, True]),
    ).iloc[0]
    assert known[["people", "beyond", "left_out"]].tolist() == [30, 0, 2]
    nobody = amenity_norms(source, schools, counts("pupils", [0, 0, 0]), norm_min=10)
    assert nobody["share_beyond"].isna().all()


def test_catchments_by_hand() -> None:
    # o1 is as near to d0 (one school) as to d1 (two): a third and two thirds.
    source = toy([[5, 9, 1], [7, 7, 1], [INF, INF, 1]])
    table = catchments(source, counts("schools", [1, 2, 0]), counts("pupils", [30, 12, 8]))
    np.testing.assert_allclose(cube(table, "catchment"), [34, 8, np.nan])
    np.testing.assert_allclose(cube(table, "roll"), [34, 4, np.nan])
    assert set(table["unserved"]) == {8.0}
    units = table.groupby("measure")["unit"].first()
    assert units.tolist() == ["pupils", "pupils per schools"]


def catchment_twin(minutes, supply, people):
    out = [0.0] * len(supply)
    unserved = 0.0
    for row, n in zip(minutes, people, strict=True):
        sites = [j for j, o in enumerate(supply) if o > 0 and np.isfinite(row[j])]
        if not sites:
            unserved += n
            continue
        near = [j for j in sites if row[j] == min(row[k] for k in sites)]
        for j in near:
            out[j] += n * supply[j] / sum(supply[k] for k in near)
    return [o if supply[j] > 0 else np.nan for j, o in enumerate(out)], unserved


@st.composite
def villages(draw):
    rng = np.random.default_rng(draw(st.integers(0, 9999)))
    n, n_d = draw(st.integers(1, 7)), draw(st.integers(1, 6))
    minutes = rng.integers(1, 12, (n, n_d)).astype(float)
    minutes[rng.random((n, n_d)) < 0.15] = INF
    supply = rng.integers(0, 3, n_d).astype(float)
    people = rng.integers(0, 40, n).astype(float)
    return minutes, supply, people


@settings(deadline=None, max_examples=60)
@given(case=villages(), block_size=st.integers(1, 7), norm=st.integers(1, 12))
def test_catchments_and_norms_equal_their_plain_twins(case, block_size, norm) -> None:
    minutes, supply, people = case
    schools, pupils = counts("schools", supply), counts("pupils", people)
    table = catchments(toy(minutes), schools, pupils, block_size=block_size)
    expected, unserved = catchment_twin(minutes, supply, people)
    np.testing.assert_allclose(cube(table, "catchment"), expected)
    assert set(table["unserved"]) == {unserved}
    assert np.nansum(cube(table, "catchment")) + unserved == pytest.approx(people.sum())
    row = amenity_norms(toy(minutes), schools, pupils, norm_min=norm, block_size=block_size).iloc[0]
    near = [min([m for m, o in zip(r, supply, strict=True) if o > 0], default=INF) for r in minutes]
    assert row["beyond"] == sum(n for n, m in zip(people, near, strict=True) if m > norm)
    assert row["unreached"] == pytest.approx(unserved)
    wider = amenity_norms(toy(minutes), schools, pupils, norm_min=norm + 3).iloc[0]
    assert wider["beyond"] <= row["beyond"]


def test_closures_by_hand() -> None:
    # d1 (10) closes first and its pupils go to d0 (12 minutes), which with 40 stays.
    schools, pupils = counts("schools", [1, 1, 1]), counts("pupils", [30, 10, 60])
    found = closure_cascade(toy(VILLAGES), schools, pupils, min_roll=35)
    assert found.steps.to_numpy().tolist() == [[1, "d1", 10.0, 10.0, 7.0]]
    assert found.sites["roll_before"].tolist() == [30, 10, 60]
    np.testing.assert_array_equal(found.sites["roll_after"], [40, np.nan, 60])
    assert found.mean_min_before == pytest.approx(5)
    assert found.mean_min_after == pytest.approx(5.7)
    # A higher minimum also closes d0; the last one stays, however small.
    harder = closure_cascade(toy(VILLAGES), schools, pupils, min_roll=500)
    assert harder.steps["zone_id"].tolist() == ["d1", "d0"]
    assert harder.steps["moved"].tolist() == [10, 40]
    assert harder.steps["extra_min"].tolist() == pytest.approx([7, (30 * 35 + 10 * 8) / 40])
    assert harder.sites["kept"].tolist() == [False, False, True]
    # Protected sites and a limit of minutes hold the rest.
    held = closure_cascade(toy(VILLAGES), schools, pupils, min_roll=35, protected=["d1"])
    assert held.steps["zone_id"].tolist() == ["d0"]
    near = closure_cascade(toy(VILLAGES), schools, pupils, min_roll=35, max_min=11)
    assert len(near.steps) == 0
    assert near.sites["kept"].tolist() == [True, True, False]


def test_one_of_two_schools_in_a_place_closes_first() -> None:
    found = closure_cascade(
        toy([[5, 30]]), counts("schools", [2, 1]), counts("pupils", [50]), min_roll=30
    )
    assert found.steps["zone_id"].tolist() == ["d1", "d0"]
    assert found.steps["moved"].tolist() == [0, 25]
    assert found.sites["after"].tolist() == [1, 0]
    np.testing.assert_array_equal(found.sites["roll_after"], [50, np.nan])


@settings(deadline=None, max_examples=40)
@given(case=villages(), min_roll=st.integers(1, 60))
def test_closures_leave_nobody_behind(case, min_roll) -> None:
    minutes, supply, people = case
    schools, pupils = counts("schools", supply), counts("pupils", people)
    found = closure_cascade(toy(minutes), schools, pupils, min_roll=min_roll)
    left = found.sites[found.sites["after"] > 0]
    assert ((left["roll_after"] >= min_roll) | left["kept"]).all()
    assert (left["after"] * left["roll_after"]).sum() + found.unserved == pytest.approx(
        people.sum()
    )
    assert len(found.steps) == supply.sum() - found.sites["after"].sum()
    if people.sum() > found.unserved:
        assert found.mean_min_after >= found.mean_min_before - 1e-9


def test_wrong_input_is_told() -> None:
    source = toy(VILLAGES)
    schools, pupils = counts("schools", [1, 1, 1]), counts("pupils", [30, 10, 60])
    with pytest.raises(StudyError, match="is missing for groups: 'all'"):
        amenity_norms(source, schools, pupils, norm_min={"primary": 3})
    with pytest.raises(StudyError, match=r"must be positive minutes: '0\.0'"):
        amenity_norms(source, schools, pupils, norm_min=0)
    two = counts("schools", [1, 1, 1], [1, 1, 1], groups=("a", "b"))
    with pytest.raises(OpportunityError, match="2 groups; give one level"):
        closure_cascade(source, two, pupils, min_roll=5)
    with pytest.raises(StudyError, match=r"must be positive: '-1'.*\n.*no amenity: 'x'"):
        closure_cascade(source, schools, pupils, min_roll=-1, protected=["x"])
    with pytest.raises(StudyError, match="percentile 90 is not one of"):
        closure_cascade(source, schools, pupils, min_roll=5, percentile=90)
    with pytest.raises(OpportunityError, match="2 places"):
        catchments(source, counts("schools", [1, 1]), pupils)


def test_of_equal_rolls_the_one_with_the_least_extra_time_closes() -> None:
    # All have 10 pupils; those of d1 have 4 minutes more, of d0 and d2 9 and 20.
    minutes = [[5, 14, 40], [9, 5, 60], [40, 25, 5]]
    schools, pupils = counts("schools", [1, 1, 1]), counts("pupils", [10, 10, 10])
    found = closure_cascade(toy(minutes), schools, pupils, min_roll=15)
    assert found.steps["zone_id"].tolist() == ["d1", "d2"]
    assert found.steps["extra_min"].tolist() == [4, 35]
    # Without a difference in time the first identifier goes.
    alike = closure_cascade(
        toy([[5, 9], [9, 5]]), counts("schools", [1, 1]), counts("pupils", [10, 10]), min_roll=15
    )
    assert alike.steps["zone_id"].tolist() == ["d0"]


def test_who_is_beyond_the_limit_already_does_not_keep_a_school_open() -> None:
    # o1 has 40 minutes to d0 and would have 50 to d1: beyond 30 before and after.
    schools, pupils = counts("schools", [1, 1]), counts("pupils", [4, 3, 60])
    found = closure_cascade(
        toy([[10, 25], [40, 50], [70, 5]]), schools, pupils, min_roll=20, max_min=30
    )
    assert found.steps["zone_id"].tolist() == ["d0"]
    assert found.steps["extra_min"].tolist() == pytest.approx([(4 * 15 + 3 * 10) / 7])
