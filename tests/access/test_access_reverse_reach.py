"""Reverse reach: the transpose of reach, by hand and against a plain twin."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_times import INF, ToyTimes, counts, cube, toy

from halfcircle.access.decay import ExponentialDecay
from halfcircle.access.measures import reach_table
from halfcircle.access.reverse_reach import reverse_reach_table
from halfcircle.errors import OpportunityError, StudyError


def test_reverse_reach_by_hand() -> None:
    # d0 is 10 minutes from 5 workers and 40 from 7; d1 is reached by the 7 only.
    source = toy([[10, INF], [40, 20]])
    table = reverse_reach_table(source, [counts("workers", [5, 7])], bands_min=[45, 15, 30])
    assert table["zone_id"].tolist() == ["d0", "d1"] * 3
    assert table["band_min"].tolist() == [15, 15, 30, 30, 45, 45]
    assert cube(table).tolist() == [5, 0, 5, 7, 12, 7]
    assert set(table["unit"]) == {"workers"}


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 9999), block_size=st.integers(1, 6))
def test_reverse_reach_is_reach_over_transposed_times(seed, block_size) -> None:
    rng = np.random.default_rng(seed)
    n, n_d = rng.integers(1, 6, 2)
    minutes = rng.integers(1, 70, (n, 2, n_d)).astype(float)
    minutes[rng.random(minutes.shape) < 0.2] = INF
    people = counts("workers", *rng.integers(0, 90, (2, n)).astype(float), groups=("low", "high"))
    source = toy(minutes)
    decay = ExponentialDecay(1200)
    found = reverse_reach_table(
        source, [people], bands_min=[20, 50], decay=decay, block_size=block_size
    )
    back = ToyTimes(
        np.ascontiguousarray(source.seconds.transpose(2, 1, 0)),
        source.destinations,
        source.origins,
        percentiles=source.percentiles,
    )
    expected = reach_table(back, [people], bands_min=[20, 50], decay=decay)
    keys = ["zone_id", "group", "band_min", "percentile"]
    both = found.merge(expected, on=keys, how="outer", suffixes=("", "_reach"))
    assert len(both) == len(found) == len(expected)
    np.testing.assert_allclose(both["value"], both["value_reach"], rtol=1e-9)
    # Every worker who reaches a job is a worker whom that job reaches.
    jobs = rng.integers(0, 9, n_d).astype(float)
    forward = reach_table(source, [counts("jobs", jobs)], bands_min=[50])
    total = (forward["value"].to_numpy().reshape(n, 2) * people.values.sum(axis=0)[:, None]).sum()
    within = found[found["band_min"] == 50].groupby("zone_id", sort=False)["value"].sum()
    at = [int(zone[1:]) for zone in within.index]
    assert (within.to_numpy() * jobs[at]).sum() == pytest.approx(total)


def test_chosen_sites_and_missing_counts() -> None:
    source = toy([[10, 12, 14], [10, 50, 14]])
    table = reverse_reach_table(
        source, [counts("workers", [5, np.nan])], bands_min=[30], site_id=["d2", "d0"]
    )
    assert table["zone_id"].tolist() == ["d2", "d0"]
    assert cube(table).tolist() == [5, 5]
    assert set(table["left_out"]) == {1}


def test_wrong_input_is_told() -> None:
    source = toy([[10, 12, 14]])
    workers = [counts("workers", [5])]
    with pytest.raises(StudyError, match="no destinations: 'd9'"):
        reverse_reach_table(source, workers, bands_min=[30], site_id=["d9", "d0"])
    with pytest.raises(StudyError, match="bands must be positive"):
        reverse_reach_table(source, workers, bands_min=[])
    with pytest.raises(OpportunityError, match="2 places, the travel times have 1 origins"):
        reverse_reach_table(source, [counts("workers", [1, 2])], bands_min=[30])
