"""Potential against realised commuting: willingness found again, both readings by hand."""

import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import CRS

from halfcircle.errors import FlowError, StudyError, ZoneError
from halfcircle.places import Places
from halfcircle.regions.border_checks import border_distances_m
from halfcircle.regions.border_potential import (
    RealisedFlow,
    cross_border_potential,
    realised_rates,
)
from halfcircle.regions.border_willingness import Willingness, fit_willingness

EDGES = np.array([0.0, 10.0, 20.0, 40.0])
STEP = Willingness(EDGES, np.array([1.0, 0.5, 0.1]), 1.0, np.array([1, 1, 1]))


def potential(cost, country, workers, jobs, **more):
    n = len(country)
    options = {"border_zone_m": 25_000.0, "distance_m": np.asarray(cost) * 1000.0} | more
    return cross_border_potential(
        [f"z{i}" for i in range(n)], country,
        cost=cost, workers=workers, jobs=jobs, willingness=STEP, **options,
    )  # fmt: skip


@settings(deadline=None, max_examples=15)
@given(seed=st.integers(0, 10_000))
def test_willingness_is_found_again_in_flows_made_with_it(seed):
    rng = np.random.default_rng(seed)
    n = 25
    spots = rng.uniform(0, 40, (n, 2))
    cost = np.hypot(*(spots[:, None] - spots[None, :]).T).T
    f = np.array([1.0, 0.4, 0.1])
    edges = np.array([0.0, 10.0, 20.0, 60.0])
    group = np.searchsorted(edges, cost, side="right") - 1
    flows = rng.uniform(1, 9, n)[:, None] * rng.uniform(1, 9, n)[None, :] * f[group]
    fitted = fit_willingness(cost, flows, edges)
    np.testing.assert_allclose(fitted.weight, f, rtol=1e-5)
    assert fitted.share_explained == pytest.approx(1.0, abs=1e-6)
    assert fitted.n_pairs.sum() == n * n


def test_fitted_class_totals_are_the_observed_ones():
    rng = np.random.default_rng(4)
    cost = rng.uniform(0, 40, (12, 12))
    flows = rng.poisson(5.0, (12, 12)).astype(float)
    flows[0, 3] = np.nan
    fitted = fit_willingness(cost, flows, EDGES)
    assert fitted.weight.max() == 1.0
    assert 0.5 < fitted.share_explained < 1.0
    assert fitted.n_pairs.sum() == 143


def test_steps_of_willingness():
    cost = [0.0, 9.9, 10.0, 39.9, 40.0, 40.1, -1.0, np.inf]
    assert STEP(cost).tolist() == [1.0, 1.0, 0.5, 0.1, 0.1, 0.0, 0.0, 0.0]


@pytest.mark.parametrize(
    ("cost", "flows", "edges", "message"),
    [
        (np.ones((2, 2)), np.ones((2, 3)), EDGES, "cost has shape"),
        (np.ones((2, 2)), -np.ones((2, 2)), EDGES, "flows are negative"),
        (np.ones((2, 2)), np.ones((2, 2)), [1.0, 1.0], "must ascend"),
        (np.ones((2, 2)) * 99, np.ones((2, 2)), EDGES, "no flow lies within"),
    ],
)
def test_willingness_faults(cost, flows, edges, message):
    with pytest.raises(FlowError, match=message):
        fit_willingness(cost, flows, edges)


COST = np.array([[5.0, 15.0, 30.0], [15.0, 5.0, 15.0], [30.0, 15.0, 5.0]])


def test_choice_by_hand():
    result = potential(COST, ["A", "B", "B"], [100.0, 200.0, 50.0], [80.0, 40.0, 160.0])
    # z0: 80 at home, 40 x .5 and 160 x .1 abroad.
    assert result.reach_closed[0] == 80.0
    assert result.reach_open[0] == pytest.approx(116.0)
    np.testing.assert_allclose(result.choice[0], 100.0 * np.array([80, 20, 16]) / 116.0)
    np.testing.assert_allclose(result.choice.sum(axis=1), [100.0, 200.0, 50.0])
    table = result.corridors().set_index(["from_country", "to_country"])
    assert table.loc[("A", "B"), "potential_choice"] == pytest.approx(3600 / 116)
    # z2 is 30 km from the nearest foreign zone: not in the border zone.
    assert result.in_zone.tolist() == [True, True, False]
    assert table.loc[("B", "A"), "n_zones"] == 1
    assert table.loc[("B", "A"), "workers"] == 200.0
    assert table.loc[("A", "B"), "jobs_open"] == pytest.approx(116.0)


def test_balanced_flows_fit_workers_and_scaled_jobs():
    workers, jobs = np.array([100.0, 200.0, 50.0]), np.array([80.0, 40.0, 160.0])
    result = potential(COST, ["A", "B", "B"], workers, jobs)
    np.testing.assert_allclose(result.balanced.sum(axis=1), workers)
    np.testing.assert_allclose(result.balanced.sum(axis=0), jobs * 350.0 / 280.0, rtol=1e-6)
    inbound = result.inbound()
    from_a = inbound[inbound["from_country"] == "A"]
    total = result.corridors().set_index("from_country").loc["A", "potential_balanced"]
    assert from_a["potential_balanced"].sum() == pytest.approx(total)


def test_cap_and_missing_counts():
    capped = potential(COST, ["A", "B", "B"], [100.0, 0.0, 0.0], [80.0, 40.0, 160.0], cap_m=20e3)
    assert capped.choice[0, 2] == 0.0
    assert capped.reach_open[0] == pytest.approx(100.0)
    missing = potential(COST, ["A", "B", "B"], [100.0, 0.0, 0.0], [80.0, np.nan, 160.0])
    assert missing.choice[0, 1] == 0.0


def test_no_zones_abroad_means_no_row_not_a_zero():
    result = potential(COST, ["A", "A", "A"], [1.0, 1.0, 1.0], [1.0, 1.0, 1.0])
    assert result.corridors().empty
    assert "rate_choice" in realised_rates(result, [RealisedFlow("A", "B", 5.0, 2021, "x")])
    assert realised_rates(result, []).empty
    assert (result.balanced > 0.0).any()
    assert not result.in_zone.any()


def test_rates_state_their_numerator_and_missing_counts_stay_missing():
    result = potential(COST, ["A", "B", "B"], [100.0, 200.0, 50.0], [80.0, 40.0, 160.0])
    gross = RealisedFlow("A", "B", 5.0, 2021, "count")
    table = realised_rates(result, [gross, gross.net_of_movers()])
    forth = table[table["from_country"] == "A"]
    assert forth["numerator"].tolist() == ["gross", "net of movers"]
    assert forth["realised"].tolist() == [5.0, 2.5]
    np.testing.assert_allclose(forth["rate_choice"], np.array([5.0, 2.5]) / (3600 / 116))
    assert (table["reference_rate"] == 0.05).all()
    assert "PBL/CBS 2015" in table["reference"][0]
    assert realised_rates(result, [])["rate_choice"].isna().all()
    back = table[table["from_country"] == "B"]
    assert back["rate_choice"].isna().all()
    assert back["realised"].isna().all()


def test_corridors_between_regions():
    result = potential(COST, ["A", "B", "B"], [100.0, 200.0, 50.0], [80.0, 40.0, 160.0])
    regions = ["west", "near", "far"]
    table = result.corridors(regions).set_index(["from_region", "to_region"])
    assert table.loc[("west", "near"), "potential_choice"] == pytest.approx(2000 / 116)
    assert table.loc[("west", "far"), "potential_choice"] == pytest.approx(1600 / 116)
    flow = RealisedFlow("A", "B", 4.0, 2021, "x", from_region="west", to_region="far")
    rates = realised_rates(result, [flow], regions=regions).set_index(["from_region", "to_region"])
    assert rates.loc[("west", "far"), "rate_choice"] == pytest.approx(4.0 / (1600 / 116))
    assert np.isnan(rates.loc[("west", "near"), "rate_choice"])
    with pytest.raises(FlowError, match="1 regions for 3 zones"):
        result.corridors(["x"])


def test_potential_faults_come_together():
    with pytest.raises(FlowError) as caught:
        cross_border_potential(
            ["a", "a"], ["A", "B"], cost=np.ones((2, 3)), distance_m=-np.ones((2, 2)),
            workers=[1.0, 1.0], jobs=[1.0], willingness=STEP, cap_m=0.0,
        )  # fmt: skip
    text = str(caught.value)
    for part in ("cost has shape", "distance_m is negative", "jobs has shape", "more than once",
                 "cap must be positive"):  # fmt: skip
        assert part in text
    assert len(caught.value.faults) == 5


def test_realised_faults():
    with pytest.raises(FlowError, match="numerator must be 'gross' or 'net of movers'"):
        RealisedFlow("A", "B", 1.0, 2021, "x", numerator="some")
    with pytest.raises(FlowError, match="realised A -> B: nan"):
        RealisedFlow("A", "B", np.nan, 2021, "x")
    with pytest.raises(StudyError, match="needs a gross count"):
        RealisedFlow("A", "B", 1.0, 2021, "x").net_of_movers(1.5)


def test_distance_to_the_border_is_that_to_foreign_land():
    crs = CRS.from_epsg(32632)
    west = shapely.box(400_000, 5_600_000, 500_000, 5_700_000)
    east = shapely.box(500_000, 5_600_000, 600_000, 5_700_000)
    spots = Places(["w", "e"], [8.8, 9.2], [51.0, 51.0], ["W", "E"])
    expected = np.abs(spots.xy_m(crs)[:, 0] - 500_000.0)
    found = border_distances_m(spots, {"W": west, "E": east}, crs)
    np.testing.assert_allclose(found, expected, rtol=0.01)
    assert np.isinf(border_distances_m(spots, {"W": west}, crs)[0])
    with pytest.raises(ZoneError, match="have no country"):
        border_distances_m(Places(["a"], [0.0], [0.0]), {}, crs)
