"""Decay curves: published values, the guard at no time, monotone, tables that follow them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.access.decay import (
    CommuterDecay,
    ExponentialDecay,
    GaussianDecay,
    LogisticDecay,
    LogLogisticDecay,
    PowerDecay,
    StepDecay,
    decay_by_name,
    decay_names,
    decay_table,
    pbl_curve,
)
from halfcircle.errors import StudyError, TravelTimeError

MINUTES = np.array([15.0, 30.0, 45.0, 60.0, 90.0])
PUBLISHED = {
    "car": (0.850, 0.458, 0.205, 0.096, 0.026),
    "bike": (0.630, 0.182, 0.059, 0.024, 0.006),
    "transit": (0.986, 0.887, 0.665, 0.415, 0.129),
}
ALL = (
    *(decay_by_name("pbl", mode) for mode in PUBLISHED),
    ExponentialDecay(1200.0),
    PowerDecay(600.0, 2.0),
    LogisticDecay(1800.0, 300.0),
    LogLogisticDecay(1800.0, 3.0),
    GaussianDecay(1200.0),
    StepDecay(2700.0),
)
positive = st.floats(1.0, 20_000.0)


@pytest.mark.parametrize("mode", PUBLISHED)
def test_pbl_curves_have_the_published_values(mode):
    decay = decay_by_name("pbl", mode)
    np.testing.assert_allclose(decay(MINUTES * 60.0), PUBLISHED[mode], atol=0.0006)
    assert decay.name == f"pbl_{mode}"
    assert "PBL" in decay.source


@pytest.mark.parametrize(("mode", "minutes"), [("car", 28.3), ("bike", 18.1), ("transit", 54.6)])
def test_pbl_half_times(mode, minutes):
    assert decay_by_name("pbl", mode)(minutes * 60.0) == pytest.approx(0.5, abs=0.002)


@pytest.mark.parametrize("decay", ALL, ids=lambda decay: decay.name)
def test_every_curve_starts_at_one_never_rises_and_ends_at_zero(decay):
    times = np.linspace(0.0, 20_000.0, 4001)
    weights = decay(times)
    assert weights[0] == 1.0
    assert (np.diff(weights) <= 0.0).all()
    assert ((weights >= 0.0) & (weights <= 1.0)).all()
    assert decay(np.inf) == 0.0
    assert decay(0.001) == pytest.approx(1.0, abs=1e-5)
    assert decay.unit == "s"
    assert decay.formula


@pytest.mark.parametrize(
    ("decay", "time_s", "weight"),
    [
        (ExponentialDecay(1200.0), 2400.0, 0.25),
        (PowerDecay(600.0, 2.0), 600.0, 0.25),
        (LogisticDecay(1800.0, 60.0), 1800.0, 0.5),
        (LogLogisticDecay(1800.0, 2.0), 3600.0, 0.2),
        (GaussianDecay(1000.0), 1000.0, np.exp(-0.5)),
        (StepDecay(900.0), 900.0, 1.0),
        (StepDecay(900.0), 900.5, 0.0),
    ],
)
def test_values_worked_out_by_hand(decay, time_s, weight):
    assert decay(time_s) == pytest.approx(weight, rel=1e-9)


def test_shape_is_kept_and_input_unchanged():
    times = np.array([[0.0, 600.0], [np.inf, 3600.0]], dtype=np.float32)
    before = times.copy()
    weights = ExponentialDecay(600.0)(times)
    np.testing.assert_allclose(weights, [[1.0, 0.5], [0.0, 2.0**-6]])
    np.testing.assert_array_equal(times, before)


@pytest.mark.parametrize("bad", [-1.0, np.nan])
def test_times_that_are_none(bad):
    with pytest.raises(TravelTimeError, match="1 travel times are negative or not a number"):
        GaussianDecay(600.0)(np.array([60.0, bad]))


@pytest.mark.parametrize(
    "make",
    [
        lambda: ExponentialDecay(0.0),
        lambda: PowerDecay(600.0, -1.0),
        lambda: GaussianDecay(np.nan),
        lambda: StepDecay(np.inf),
    ],
)
def test_parameters_must_be_positive(make):
    with pytest.raises(StudyError, match="must be a positive number"):
        make()


def test_a_rising_commuter_curve_is_refused():
    with pytest.raises(StudyError, match="needs a finite a, b > 0 and c >= 0"):
        CommuterDecay(-8.0, -1.0, 0.0, "odd")


@pytest.mark.parametrize(
    ("mode", "curve"),
    [
        ("car", "car"),
        ("car_model", "car"),
        ("bike", "bike"),
        ("transit", "transit"),
        ("bike+transit", "transit"),
        ("rail", "transit"),
        ("crow_fly", "car"),
        ("walk", None),
    ],
)
def test_curve_of_a_mode(mode, curve):
    assert pbl_curve(mode) == curve


def test_walking_gets_no_borrowed_curve():
    with pytest.raises(StudyError, match="no curve for mode 'walk'"):
        decay_by_name("pbl", "walk")


def test_by_name_with_minutes_or_seconds():
    assert decay_by_name("exponential", parameters={"half_life_min": 20}) == ExponentialDecay(1200)
    assert decay_by_name("power", parameters={"scale_s": 60, "exponent": 2}) == PowerDecay(60, 2)
    assert set(decay_names()) >= {"pbl", "gaussian", "log-logistic"}


@pytest.mark.parametrize(
    ("name", "parameters", "message"),
    [
        ("gausian", {}, "did you mean 'gaussian'"),
        ("gaussian", {}, "parameters are missing: 'sd_s'"),
        ("gaussian", {"sd": 3}, "has no parameter 'sd'"),
        ("gaussian", {"sd_s": "x"}, "must be a number"),
        ("pbl", {"a": 1.0}, "takes no parameters"),
    ],
)
def test_faults_by_name(name, parameters, message):
    with pytest.raises(StudyError, match=message):
        decay_by_name(name, parameters=parameters)


@pytest.mark.parametrize("decay", ALL[:-1], ids=lambda decay: decay.name)
def test_straight_lines_in_the_table_follow_the_curve(decay):
    table = decay_table(decay)
    times = np.random.default_rng(1).uniform(0.0, 40_000.0, 5000)
    read = np.interp(times, np.arange(len(table)), table, right=0.0)
    np.testing.assert_allclose(read, decay(times), atol=1e-5)
    assert not table.flags.writeable


def test_a_table_ends_where_the_curve_has_faded():
    # 2 ** -t / 20 min is below 1e-7 after 23.3 half lives, 7.8 hours.
    assert len(decay_table(ExponentialDecay(1200.0))) == 8 * 3600 + 1
    assert len(decay_table(PowerDecay(600.0, 1.0))) == 24 * 3600 + 1
    assert len(decay_table(StepDecay(900.0), max_s=1800.0, step_s=10.0)) == 181


def test_a_table_without_steps_is_refused():
    with pytest.raises(StudyError, match="make no steps"):
        decay_table(StepDecay(60.0), max_s=0.0)


@settings(deadline=None, max_examples=60)
@given(a=positive, b=positive, x=st.floats(0.1, 8.0), t=st.floats(0.0, 1e6), dt=st.floats(0, 1e6))
def test_no_parameters_make_a_curve_rise(a, b, x, t, dt):
    for decay in (
        ExponentialDecay(a),
        PowerDecay(a, x),
        LogisticDecay(a, b),
        LogLogisticDecay(a, x),
        GaussianDecay(a),
    ):
        assert decay(t + dt) <= decay(t) + 1e-12
