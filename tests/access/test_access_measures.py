"""Cumulative reach and decay against a plain twin, hand-computed values and invariants."""

from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from halfcircle.access.measures import (
    REACH_COLUMNS,
    Weights,
    cumulative_block,
    decay_block,
    reach_table,
)
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks, travel_time_table
from halfcircle.places import Opportunities, Places


@dataclass(frozen=True, eq=False)
class MatrixTimes:
    """Travel times from an array: a source for tests."""

    seconds: npt.NDArray[np.float32]
    mode: str = "matrix"
    percentiles: tuple[int, ...] = (50,)
    origins: Places = field(init=False)
    destinations: Places = field(init=False)

    def __post_init__(self) -> None:
        n, _, n_d = self.seconds.shape
        object.__setattr__(self, "origins", line(n, "o"))
        object.__setattr__(self, "destinations", line(n_d, "d"))

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        return self.seconds[origin_idx]


def line(n: int, prefix: str) -> Places:
    return Places([f"{prefix}{i}" for i in range(n)], np.linspace(5, 6, n), np.full(n, 51.0))


def cumulative_twin(times_s, weights, cutoffs_s):
    """The definition, word for word."""
    n, n_p, n_d = times_s.shape
    out = np.zeros((n, n_p, len(cutoffs_s), weights.shape[1]))
    for i in range(n):
        for p in range(n_p):
            for c, cutoff in enumerate(cutoffs_s):
                for q in range(weights.shape[1]):
                    out[i, p, c, q] = sum(
                        weights[j, q] for j in range(n_d) if times_s[i, p, j] <= cutoff
                    )
    return out


times_st = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=3, max_dims=3, max_side=7),
    elements=st.one_of(
        st.integers(0, 60).map(lambda m: float(m * 60)), st.just(float("inf")),
    ),
)  # fmt: skip


@settings(deadline=None, max_examples=80)
@given(times_s=times_st, seed=st.integers(0, 1000))
def test_cumulative_equals_its_plain_twin(times_s, seed) -> None:
    rng = np.random.default_rng(seed)
    weights = rng.integers(0, 100, (times_s.shape[2], 3)).astype(np.float64)
    cutoffs_s = np.array([0, 600, 900, 1800], dtype=np.float32)
    source = MatrixTimes(times_s, percentiles=tuple(range(1, times_s.shape[1] + 1)))
    found = cumulative_block(source, np.arange(len(times_s)), weights, cutoffs_s)
    np.testing.assert_array_equal(found, cumulative_twin(times_s, weights, cutoffs_s))


@settings(deadline=None, max_examples=60)
@given(times_s=times_st, seed=st.integers(0, 1000))
def test_invariants_wider_linear_relabelled_split(times_s, seed) -> None:
    rng = np.random.default_rng(seed)
    n, n_p, n_d = times_s.shape
    one, two = rng.integers(0, 100, (2, n_d, 1)).astype(np.float64)
    cutoffs_s = np.array([300, 900, 2400], dtype=np.float32)
    all_idx = np.arange(n)

    def reach(times, weights):
        source = MatrixTimes(times, percentiles=tuple(range(1, n_p + 1)))
        return cumulative_block(source, all_idx, weights, cutoffs_s)

    base = reach(times_s, one)
    assert (np.diff(base, axis=2) >= 0).all()  # 2: a wider band never lowers reach
    np.testing.assert_array_equal(base + reach(times_s, two), reach(times_s, one + two))  # 9
    order = rng.permutation(n_d)
    np.testing.assert_array_equal(reach(times_s[:, :, order], one[order]), base)  # 8
    # 8: a destination split into co-located parts leaves reach as it was
    split = np.concatenate([times_s, times_s[:, :, :1]], axis=2)
    parts = np.concatenate([one, one[:1] * 0.25])
    parts[0] *= 0.75
    np.testing.assert_allclose(reach(split, parts), base, rtol=1e-12)
    # 4: slower everywhere never raises
    assert (reach(times_s + np.float32(60), one) <= base).all()


def test_powers_of_two_name_what_was_reached() -> None:
    times_s = np.array([[[0.0, 900.0, 900.1, np.inf, 1800.0]]], dtype=np.float32)
    jobs = Opportunities("jobs", np.array([[1.0, 2.0, 4.0, 8.0, 16.0]]))
    table = reach_table(MatrixTimes(times_s), [jobs], bands_min=[30, 15])
    assert tuple(table.columns) == REACH_COLUMNS
    assert table["band_min"].tolist() == [15.0, 30.0]
    assert table["value"].tolist() == [1 + 2, 1 + 2 + 4 + 16]  # a time equal to the band counts
    assert set(table["measure"]) == {"cumulative"}


def test_decay_is_the_weighted_sum() -> None:
    times_s = np.array([[[0.0, 600.0, np.inf]]], dtype=np.float32)

    def half_at_ten_minutes(seconds):
        return np.exp2(-seconds / 600.0)

    weights = np.array([[8.0], [4.0], [100.0]])
    found = decay_block(MatrixTimes(times_s), np.array([0]), weights, half_at_ten_minutes)
    assert found.tolist() == [[[10.0]]]
    jobs = Opportunities("jobs", weights.T)
    table = reach_table(MatrixTimes(times_s), [jobs], bands_min=[15], decay=half_at_ten_minutes)
    row = table[table["measure"] == "decay"]
    assert row["value"].tolist() == [10.0]
    assert row["band_min"].isna().all()


def test_missing_counts_are_left_out_and_missing_origins_stay_missing() -> None:
    times_s = np.zeros((2, 1, 3), dtype=np.float32)
    jobs = Opportunities("jobs", np.array([[1.0, np.nan, 4.0], [2.0, 2.0, 2.0]]), ("low", "high"))
    table = reach_table(
        MatrixTimes(times_s), [jobs], bands_min=[15], missing=np.array([False, True])
    )
    values = table.set_index(["zone_id", "group"])["value"]
    assert values["o0", "low"] == 5.0
    assert values["o0", "high"] == 6.0
    assert values["o1"].isna().all()


def test_blocks_do_not_change_the_table() -> None:
    rng = np.random.default_rng(0)
    times_s = rng.integers(0, 4000, (23, 2, 11)).astype(np.float32)
    source = MatrixTimes(times_s, percentiles=(25, 50))
    jobs = Opportunities("jobs", rng.integers(0, 9, (1, 11)).astype(float))
    tables = [
        reach_table(source, [jobs], bands_min=[15, 30], block_size=size) for size in (1, 7, 64)
    ]
    pd.testing.assert_frame_equal(tables[0], tables[1])
    pd.testing.assert_frame_equal(tables[0], tables[2])


def test_weights_keep_the_order_of_kinds_and_groups() -> None:
    jobs = Opportunities("jobs", np.ones((2, 3)), ("low", "high"))
    schools = Opportunities("schools", np.full((1, 3), 7.0))
    weights = Weights([jobs, schools])
    assert weights.labels == (("jobs", "low"), ("jobs", "high"), ("schools", "all"))
    assert weights.matrix[0].tolist() == [1, 1, 7]


def test_travel_time_table_lists_reached_pairs_in_minutes() -> None:
    times_s = np.array([[[90.0, np.inf]], [[0.0, 600.0]]], dtype=np.float32)
    source = MatrixTimes(times_s)
    assert isinstance(source, TravelTimeSource)
    table = travel_time_table(source, block_size=1)
    assert table[["origin_id", "destination_id", "travel_time_min"]].to_numpy().tolist() == [
        ["o0", "d0", 1.5],
        ["o1", "d0", 0.0],
        ["o1", "d1", 10.0],
    ]


@pytest.mark.parametrize(("n", "size", "lengths"), [(5, 2, [2, 2, 1]), (4, 4, [4]), (0, 3, [])])
def test_origin_blocks(n: int, size: int, lengths: list[int]) -> None:
    blocks = list(origin_blocks(n, size))
    assert [len(block) for block in blocks] == lengths
    assert [int(i) for block in blocks for i in block] == list(range(n))
