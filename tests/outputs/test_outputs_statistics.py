"""Averages over people: checked by writing every person out."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.outputs.statistics import (
    Weights,
    share_at_least,
    spread,
    weighted_quantile,
    weights_of,
)

people = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 12)), min_size=1, max_size=40
).filter(lambda rows: any(weight for _, weight in rows))


@settings(deadline=None, max_examples=80)
@given(people, st.sampled_from([0.1, 0.25, 0.5, 0.9, 1.0]))
def test_quantile_is_that_of_the_people(rows, quantile):
    values, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    everyone = np.sort(np.repeat(values, weights.astype(int)))
    expected = everyone[int(np.ceil(quantile * len(everyone) - 1e-9)) - 1]
    assert weighted_quantile(values, weights, quantile) == expected


@settings(deadline=None, max_examples=60)
@given(people)
def test_spread_and_share_are_those_of_the_people(rows):
    values, weights = (np.array(column, dtype=float) for column in zip(*rows, strict=True))
    everyone = np.repeat(values, weights.astype(int))
    figures = spread(np.append(values, np.nan), Weights("p", np.append(weights, 99.0)))
    assert figures is not None
    assert figures.mean == pytest.approx(everyone.mean())
    assert figures.maximum == values.max()
    assert figures.n_known == len(values)
    at = np.array([0.0, 1.0, 100.0, 499.5])
    shares = share_at_least(values, Weights("p", weights), at)
    expected = [(everyone >= amount).mean() for amount in at]
    np.testing.assert_allclose(shares, expected, atol=1e-12)


def test_no_people_no_figures():
    assert spread(np.array([np.nan, 3.0]), Weights("p", np.array([5.0, 0.0]))) is None


def test_zones_count_once_where_nobody_is_known(make_run):
    weights = weights_of(make_run(3, opportunities=("jobs",)))
    assert weights.name is None
    assert weights.values.tolist() == [1.0] * 9
    assert weights_of(make_run(3)).name == "population"
