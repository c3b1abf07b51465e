"""Lorenz and decay curves: the numbers beside them are those of the measures."""

from __future__ import annotations

import numpy as np
import pytest

from halfcircle.outputs import Settings, Texts
from halfcircle.outputs.layers import LayerKey
from halfcircle.outputs.spread_charts import decay_chart, lorenz_chart
from halfcircle.outputs.statistics import Weights

KEY = LayerKey("jobs", "car", 45.0, 50)


def test_gini_stands_beside_its_line():
    # One of two people has everything: G = 1/2 for two people.
    drawn = lorenz_chart(
        [(KEY, np.array([0.0, 8.0, np.nan]))],
        Weights("people", np.array([1.0, 1.0, 5.0])),
        Texts(),
        title="Spread",
    )
    assert drawn is not None
    assert "car (Gini 0.50)" in drawn
    assert "the worst-placed half has 0\u202f% of all reach" in drawn
    assert drawn.count("<path") > 10


def test_equal_reach_is_a_straight_line():
    weights = Weights("people", np.array([3.0, 1.0]))
    drawn = lorenz_chart([(KEY, np.array([4.0, 4.0]))], weights, Texts("nl"), title="x")
    assert drawn is not None
    assert "Gini 0,00" in drawn


def test_nothing_reached_nothing_drawn():
    weights = Weights("people", np.ones(2))
    assert lorenz_chart([(KEY, np.zeros(2))], weights, Texts(), title="x") is None


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_decay_curves_are_those_of_the_run(make_run, language):
    modes = ("walk", "bike", "car", "transit", "bike+transit")
    result = make_run(3, modes=("car",))
    assert decay_chart(result, Texts(language)) is None
    given = Settings(modes=modes, further={"decay": "pbl"})
    drawn = decay_chart(make_run(3, modes=("car",), settings=given), Texts(language))
    assert drawn is not None
    # Walking has no curve; public transport and the chain share one.
    assert drawn.count('stroke-width="2.4"') == 3
    assert f"{Texts(language).mode('transit')}, {Texts(language).mode('bike+transit')}" in drawn


def test_decay_with_parameters_that_are_not_told_is_left_out(make_run):
    given = Settings(modes=("car",), further={"decay": "exponential"})
    assert decay_chart(make_run(3, settings=given), Texts()) is None
