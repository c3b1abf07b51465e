"""Interval reach: hand-computed values, its bands one by one, and the limit of small steps."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_times import INF, counts, cube, toy

from halfcircle.access.interval import interval_reach
from halfcircle.errors import StudyError


def test_interval_by_hand() -> None:
    # Budgets 30, 31, 32, 33: 5 jobs at 30 always, 7 at 32 twice, 100 at 40 never.
    source = toy([[30, 32, 40]])
    table = interval_reach(source, [counts("jobs", [5, 7, 100])], interval_min=(30, 33))
    assert cube(table).tolist() == [5 + 7 / 2]
    assert table["measure"].tolist() == ["interval_mean_30_33"]
    assert table["unit"].tolist() == ["jobs"]
    median = interval_reach(
        source, [counts("jobs", [5, 7, 100])], interval_min=(30, 32), summary="median"
    )
    assert cube(median).tolist() == [5.0]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 9999), summary=st.sampled_from(["mean", "median"]))
def test_interval_equals_its_plain_twin(seed, summary) -> None:
    rng = np.random.default_rng(seed)
    minutes = rng.integers(1, 70, (4, 2, 6)).astype(float)
    minutes[rng.random(minutes.shape) < 0.2] = INF
    supply = rng.integers(0, 50, 6).astype(float)
    table = interval_reach(
        toy(minutes), [counts("jobs", supply)], interval_min=(20, 50), summary=summary
    )
    found = cube(table).reshape(4, 2)
    take = np.mean if summary == "mean" else np.median
    for i in range(4):
        for p in range(2):
            within = [supply[minutes[i, p] <= t].sum() for t in range(20, 51)]
            assert found[i, p] == pytest.approx(take(within))


def test_small_steps_approach_the_integral() -> None:
    # Mean over T in [30, 60] of [t <= T] is the part of the interval after t.
    minutes = np.array([[10.0, 42.5, 59.0, 61.0]])
    table = interval_reach(
        toy(minutes), [counts("jobs", [1, 10, 100, 1000])], interval_min=(30, 60), step_min=0.02
    )
    exact = np.clip((60 - minutes) / 30, 0, 1) @ [1, 10, 100, 1000]
    np.testing.assert_allclose(cube(table), exact, rtol=0.02)


def test_unknown_is_missing_and_wrong_is_told() -> None:
    source, jobs = toy([[10], [20]]), [counts("jobs", [3])]
    missing = np.array([False, True])
    found = cube(interval_reach(source, jobs, interval_min=(5, 15), missing=missing))
    assert found[0] == pytest.approx(3 * 6 / 11)
    assert np.isnan(found[1])
    for wrong in ((30, 20), (-1, 20), (0, INF)):
        with pytest.raises(StudyError, match="0 <= first < last"):
            interval_reach(source, jobs, interval_min=wrong)
    with pytest.raises(StudyError, match="mean or median"):
        interval_reach(source, jobs, interval_min=(5, 15), summary="max")
