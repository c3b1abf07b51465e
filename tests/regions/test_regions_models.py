"""Catchments, balancing, gravity, radiation: hand-computed cases and invariants."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS

from halfcircle import Places, Zones
from halfcircle._checks import id_array
from halfcircle.access.crow_fly import CrowFly
from halfcircle.errors import FlowError, TravelTimeError
from halfcircle.regions import (
    CatchmentParameters,
    balance,
    build_catchments,
    build_flows,
    cost_distribution,
    delineate,
    fit_gravity,
    fit_statistics,
    radiation,
    straight_line_km,
)
from halfcircle.regions import _balancing as kernel
from halfcircle.regions.gravity import decay_weight

# Four places on a road, ten minutes apart: A, b, C, d; d is cut off by a river.
TIMES_S = 600.0 * np.abs(np.arange(4)[:, None] - np.arange(4)).astype(np.float32)
MASS = np.array([50_000.0, 2_000, 30_000, 1_000])


def test_catchments_of_the_nearest_centre():
    found = build_catchments(MASS, TIMES_S)
    assert found.centre_idx.tolist() == [0, 2]
    assert found.label.tolist() == [0, 0, 1, 1]  # b is as near to C: the larger centre
    p = CatchmentParameters(max_min=9)
    found = build_catchments(MASS, TIMES_S, p, names=id_array("AbCd"))
    assert found.label.tolist() == [0, -1, 1, -1]
    assert found.notices[0].values == ("b", "d")


def test_a_large_suburb_is_no_centre():
    found = build_catchments(MASS, TIMES_S, CatchmentParameters(spacing_min=25))
    assert found.centre_idx.tolist() == [0]
    assert found.log == ("2: no centre of its own, near 0",)
    none = build_catchments(MASS, TIMES_S, CatchmentParameters(min_mass=1e6))
    assert none.label.tolist() == [-1] * 4
    assert "no centres" in str(none.notices[0])


def test_attraction_gives_shares():
    p = CatchmentParameters(rule="attraction", decay_per_min=0.1)
    found = build_catchments(MASS, lambda idx: TIMES_S[idx], p)
    b = 5 * np.exp(-1) / (5 * np.exp(-1) + 3 * np.exp(-1))
    assert found.share[1].tolist() == pytest.approx([b, 1 - b])
    assert found.share[0].tolist() == [1, 0]
    assert found.share.sum(axis=1).tolist() == pytest.approx([1] * 4)


def test_catchments_through_delineate():
    flows = build_flows("AbCd", range(4), range(4), MASS)
    regions = delineate(flows, "catchments", times=TIMES_S)
    assert regions.region_name.tolist() == ["A", "C"]
    assert regions.region_of("d") == "C"
    with pytest.raises(FlowError, match="catchments need travel times"):
        delineate(flows, "catchments")
    with pytest.raises(TravelTimeError, match=r"shape \(1, 3\), expected \(1, 4\)"):
        delineate(flows, "catchments", times=TIMES_S[:, :3])
    with pytest.raises(TravelTimeError, match="negative or missing"):
        delineate(flows, "catchments", times=-TIMES_S)
    with pytest.raises(FlowError, match="neither nearest nor attraction"):
        CatchmentParameters(rule="fastest")


def test_any_source_of_travel_times_will_do():
    places = Places(["A", "b", "C", "d"], [5.0, 5.1, 5.2, 5.3], [52.0] * 4)
    source = CrowFly(places, places, kmh=60.0, detour=1.0)
    found = build_catchments(MASS, source, CatchmentParameters(spacing_min=5))
    assert found.label.tolist()[0] == 0
    assert found.centre_idx.tolist() == [0, 2]
    cube = np.stack([TIMES_S, TIMES_S * 2], axis=1)
    same = build_catchments(MASS, lambda idx: cube[idx])
    assert (same.label == build_catchments(MASS, TIMES_S).label).all()


def test_distances_inside_zones():
    points = Places(["a", "b", "c"], [6.0, 6.0, 6.0], [51.0, 51.1, 51.3])
    apart = straight_line_km(Zones(points, CRS.from_epsg(25832)), detour=1.2)
    assert np.diag(apart) == pytest.approx([6.67, 6.67, 13.35], rel=0.01)  # half way to the next
    disk = shapely.buffer(shapely.points(4e6, 3e6), 1000.0, quad_segs=64)
    zone = Zones(Places(["a"], [9.0], [50.0]), CRS.from_epsg(3035), geometry=[disk])
    assert straight_line_km(zone)[0, 0] == pytest.approx(128 / (45 * np.pi), rel=1e-3)


def test_balancing_by_hand():
    found = balance([[1, 1], [1, 1]], [30, 10], [20, 20])
    assert found.matrix.tolist() == [[15, 15], [5, 5]]


@settings(deadline=None, max_examples=50)
@given(
    arrays(np.float64, (5, 6), elements=st.floats(0.01, 10)),
    arrays(np.float64, 5, elements=st.floats(1, 1000)),
    arrays(np.float64, 6, elements=st.floats(1, 1000)),
)
def test_margins_are_met(seed, rows, columns):
    columns = columns * rows.sum() / columns.sum()
    m = balance(seed, rows, columns).matrix
    assert m.sum(axis=1) == pytest.approx(rows, rel=1e-6)
    assert m.sum(axis=0) == pytest.approx(columns, rel=1e-6)
    # Cross-product ratios are those of the seed.
    ratio = seed[0, 0] * seed[1, 1] / (seed[0, 1] * seed[1, 0])
    assert m[0, 0] * m[1, 1] / (m[0, 1] * m[1, 0]) == pytest.approx(ratio, rel=1e-6)


@pytest.mark.parametrize("seed", range(6))
def test_factors_equal_those_of_plain_rounds(seed):
    rng = np.random.default_rng(seed)
    m = rng.random((7, 9)) * (rng.random((7, 9)) < 0.8)
    rows, columns = m.sum(axis=1) * rng.random(7), np.ones(9)
    rows[0], m[:, 3], columns[3] = 0, 0, 0
    columns = columns * rows.sum() / columns.sum()
    a, b, one = np.ones(7), np.ones(9), np.ones(9)
    assert kernel.balance_factors(m, rows, columns, 0.0, 3, a, b) == 3
    for _ in range(3):
        with np.errstate(invalid="ignore", divide="ignore"):
            plain = np.where(rows > 0, rows / (m @ one), 0)
            one = np.where(columns > 0, columns / (plain @ m), 0)
    assert a == pytest.approx(plain)
    assert b == pytest.approx(one)
    got = a[:, None] * m * b
    off = np.abs(got.sum(axis=1) - rows)[1:] / rows[1:]
    assert kernel.deviation(m, rows, columns, a, b) == pytest.approx(off.max())


def test_a_balanced_matrix_keeps_every_bit():
    m = np.array([[3.3, 1.1], [0.7, 2.9]])
    assert (balance(m, m.sum(axis=1), m.sum(axis=0)).matrix == m).all()


def test_margins_that_are_impossible():
    with pytest.raises(FlowError, match="rows sum to 40"):
        balance(np.ones((2, 2)), [30, 10], [20, 21])
    with pytest.raises(FlowError, match="rows have no seed: '1'"):
        balance([[1, 1], [0, 0]], [30, 10], [20, 20])
    with pytest.raises(FlowError, match="margins are met to"):
        balance(np.eye(2), [30, 10], [20, 20], max_iterations=50)
    with pytest.raises(FlowError, match="negative or not finite"):
        balance(-np.eye(2), [30, 10], [20, 20])


def country(family, parameters, seed=0, n=40, scale=40.0):
    rng = np.random.default_rng(seed)
    xy = rng.random((n, 2)) * 100
    cost = np.hypot(*(xy[:, None] - xy).transpose(2, 0, 1)) + 2.0
    size = rng.lognormal(0, 1, n) * 1000 * scale
    jobs = rng.lognormal(0, 1, n)
    weight = decay_weight(family, np.array(parameters), cost) * size[:, None] * jobs
    mean = balance(weight, size, jobs * size.sum() / jobs.sum()).matrix
    return rng.poisson(mean).astype(float), cost


@pytest.mark.parametrize(
    ("family", "parameters"),
    [
        ("exponential", [0.06]),
        ("power", [1.7]),
        ("power-exponential", [0.9, 0.04]),
        ("log-logistic", [18.0, 2.6]),
    ],
)
def test_parameters_are_found_again(family, parameters):
    flows, cost = country(family, parameters)
    model = fit_gravity(flows, cost, family)
    assert model.parameters == pytest.approx(parameters, rel=0.02)
    assert model.statistics.cpc > 0.97
    error = np.sqrt(np.diag(model.covariance))
    assert (np.abs(model.parameters - parameters) < 5 * error).all()
    assert (error < 0.1 * np.array(parameters)).all()
    # Likelihood equations of the exponential family: mean cost is reproduced.
    if family in ("exponential", "power-exponential"):
        s = model.statistics
        assert s.mean_cost_model == pytest.approx(s.mean_cost_observed, rel=1e-3)
    drawn = model.draw(np.random.default_rng(1))
    assert (np.abs(drawn.parameters - model.parameters) < 6 * error).all()


def test_hidden_pairs_are_not_looked_at():
    flows, cost = country("power-exponential", [0.9, 0.04])
    side = np.arange(len(flows)) < 20
    known = side[:, None] == side
    spoilt = np.where(known, flows, 1e6)
    model = fit_gravity(spoilt, cost, known=known)
    assert model.parameters == pytest.approx([0.9, 0.04], rel=0.05)
    predicted = model.predict(cost, flows.sum(axis=1), flows.sum(axis=0)).matrix
    assert predicted[~known].sum() == pytest.approx(flows[~known].sum(), rel=0.05)
    closed = model.predict(cost, flows.sum(axis=1), flows.sum(axis=0), factor=np.full((40, 40), 2))
    assert closed.matrix == pytest.approx(predicted)  # a factor on everything changes nothing


def test_gravity_faults():
    with pytest.raises(FlowError, match="costs that are zero"):
        fit_gravity(np.ones((2, 2)), [[0, 1], [1, 0]])
    with pytest.raises(FlowError, match="is none of exponential"):
        fit_gravity(np.ones((2, 2)), np.ones((2, 2)), "linear")
    with pytest.raises(FlowError, match="must be square"):
        fit_gravity(np.ones((2, 3)), np.ones((2, 3)))
    with pytest.raises(FlowError, match="no known flows"):
        fit_gravity(np.zeros((2, 2)), np.ones((2, 2)))


def test_radiation_by_hand():
    cost = np.array([[1.0, 5, 9], [5, 1, 6], [9, 6, 1]])
    o, w = np.array([10.0, 20, 30]), np.array([15.0, 25, 20])
    flows = radiation(o, w, cost)
    assert flows.sum(axis=1) == pytest.approx(o)
    # From the first zone: 15 jobs at home, then 25, then 20; its 10 residents are the reference.
    kept = [10 / 10, 10 / 25, 10 / 50, 10 / 70]
    whole = 1 - kept[-1]
    assert flows[0] == pytest.approx([10 * (a - b) / whole for a, b in pairwise(kept)])


def test_fit_statistics_by_hand():
    f = np.array([[6.0, 4], [2, 8]])
    t = np.array([[5.0, 5], [3, 7]])
    c = np.array([[1.0, 10], [10, 2]])
    s = fit_statistics(f, t, c)
    assert s.cpc == pytest.approx((5 + 4 + 2 + 7) / 20)
    assert s.own_ratio == pytest.approx(12 / 14)
    assert s.mean_cost_observed == pytest.approx((6 + 16 + 60) / 20)
    assert s.cost_ks == pytest.approx(0.1)
    ratio = np.log(np.array([6 / 5, 4 / 5, 2 / 3, 8 / 7]))
    assert s.deviance == pytest.approx(2 * (f.ravel() * ratio).sum())
    perfect = fit_statistics(f, f, c)
    assert (perfect.cpc, perfect.deviance, perfect.cost_ks) == (1, 0, 0)
    table = cost_distribution(f, t, c, [1, 5])
    assert table["observed"].tolist() == pytest.approx([0.3, 0.4, 0.3])
    assert table["to_cost"].tolist() == [1, 5, np.inf]
