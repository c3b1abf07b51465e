"""Why reach is lost: matched pairs, parts that add up, skills, wages."""

import itertools
import math

import numpy as np
import pytest
from border_world import FixedTimes, places
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.access.crow_fly import CrowFly, geodesic_distances_m
from halfcircle.access.decay import ExponentialDecay, GaussianDecay
from halfcircle.errors import OpportunityError, StudyError, ZoneError
from halfcircle.places import Opportunities
from halfcircle.regions.border import BorderMeasures, border_loss
from halfcircle.regions.border_agglomeration import (
    LABEL,
    Elasticity,
    agglomeration_indication,
    border_agglomeration,
)
from halfcircle.regions.border_causes import loss_causes, shapley_parts
from halfcircle.regions.border_match import location_quotients, relatedness, sector_match
from halfcircle.regions.border_pairs import PairClasses, compare_crossings
from halfcircle.regions.border_rules import BorderRules, CrossingRule, sensitivity_rules

MEASURES = BorderMeasures(bands_s=(1800.0,), decays=(ExponentialDecay(900.0),))
CLASSES = PairClasses((0.0, 10e3, 20e3, 40e3, 80e3), n_sizes=1, min_pairs=10)


def slow_border(factor, seed=0, n=120):
    """Straight lines at 60 km/h; across the border everything takes `factor` times as long."""
    rng = np.random.default_rng(seed)
    lon = rng.uniform(5.7, 6.3, n)
    spots = places(np.where(lon < 6.0, "A", "B"), lon=lon, lat=rng.uniform(50.8, 51.2, n))
    base = CrowFly(spots, spots, detour=1.0).times_s(np.arange(n))[:, 0].astype(np.float64)
    foreign = spots.country[:, None] != spots.country[None, :]
    return FixedTimes(spots, spots, np.where(foreign, base * factor, base)), base, foreign


# Pairs ------------------------------------------------------------------------------------------


def test_slow_crossings_are_found_and_made_like_home():
    source, base, foreign = slow_border(2.0)
    n = len(source.origins)
    paces = compare_crossings(source, np.ones(n), classes=CLASSES)
    table = paces.table
    assert set(zip(table["from_country"], table["to_country"], strict=True)) == {
        ("A", "B"),
        ("B", "A"),
    }
    np.testing.assert_allclose(table["ratio"], 2.0, rtol=0.02)
    assert (table["reached_crossing"] == 1.0).all()
    distance = geodesic_distances_m(source.origins, source.destinations)
    matched = paces.matched_s(
        source.times_s(np.arange(n))[:, 0], distance, np.ones((n, n)),
        source.origins.country, source.destinations.country,
    )  # fmt: skip
    far = foreign & (distance < 80e3) & (base > 61.0)
    np.testing.assert_allclose(matched[far], base[far], rtol=0.02)
    np.testing.assert_array_equal(matched[~foreign], source.matrix_s[~foreign].astype(np.float32))


def test_crossings_that_are_not_reached_get_the_domestic_time():
    source, base, foreign = slow_border(np.inf)
    n = len(source.origins)
    paces = compare_crossings(source, np.ones(n), classes=CLASSES)
    assert (paces.table["reached_crossing"] == 0.0).all()
    distance = geodesic_distances_m(source.origins, source.destinations)
    matched = paces.matched_s(
        source.times_s(np.arange(n))[:, 0], distance, np.ones((n, n)),
        source.origins.country, source.destinations.country,
    )  # fmt: skip
    far = foreign & (distance > 2e3) & (distance < 80e3)
    np.testing.assert_allclose(matched[far], base[far], rtol=0.05)


def test_size_classes_compare_like_with_like():
    # Large places have links twice as fast among each other, across the border too. Most places in
    # A are large and most in B are small, so that distance alone would blame the border.
    rng = np.random.default_rng(0)
    n = 200
    lon = rng.uniform(5.7, 6.1, n)
    spots = places(np.where(lon < 6.0, "A", "B"), lon=lon, lat=rng.uniform(50.8, 51.2, n))
    large = rng.random(n) < np.where(spots.country == "A", 0.85, 0.15)
    size = np.where(large, 100.0, 1.0)
    base = CrowFly(spots, spots, detour=1.0).times_s(np.arange(n))[:, 0]
    source = FixedTimes(spots, spots, np.where(large[:, None] & large[None, :], base / 2, base))
    blind = compare_crossings(source, size, classes=CLASSES).table["ratio"]
    assert (blind > 1.3).all()
    classes = PairClasses(CLASSES.distance_edges_m, n_sizes=3, min_pairs=10)
    fair = compare_crossings(source, size, classes=classes).table
    assert set(fair["size_class"]) == {0, 1, 2}
    np.testing.assert_allclose(fair["ratio"], 1.0, rtol=0.02)


def test_thin_classes_are_compared_over_all_sizes_and_listed_once():
    source, _, _ = slow_border(1.5, n=60)
    classes = PairClasses(CLASSES.distance_edges_m, n_sizes=3, min_pairs=2000)
    table = compare_crossings(source, np.arange(60.0), classes=classes).table
    assert (table["size_class"] == -1).all()
    assert not table.duplicated(["from_country", "to_country", "distance_from_km"]).any()


def test_attributes_are_compared_in_the_same_classes():
    source, _, foreign = slow_border(1.5)
    n = len(source.origins)
    services = np.where(foreign, 6.0, 24.0)
    paces = compare_crossings(
        source, np.ones(n), classes=CLASSES, details=lambda idx: {"trains": services[idx]}
    )
    assert (paces.table["trains_domestic"] == 24.0).all()
    assert (paces.table["trains_crossing"] == 6.0).all()


def test_no_crossings_no_rows():
    spots = places("AA", lon=[6.0, 6.1])
    paces = compare_crossings(FixedTimes(spots, spots, np.full((2, 2), 60.0)), np.ones(2))
    assert paces.table.empty
    assert "ratio" in paces.table


def test_pair_faults():
    source, _, _ = slow_border(1.0, n=20)
    with pytest.raises(StudyError, match="distance edges must ascend"):
        PairClasses((5.0, 1.0))
    with pytest.raises(StudyError, match="n_sizes must be at least 1"):
        PairClasses(n_sizes=0)
    with pytest.raises(StudyError, match="size must be 0 or more"):
        compare_crossings(source, np.full(20, -1.0))
    with pytest.raises(StudyError, match="detail 'x' has shape"):
        compare_crossings(source, np.ones(20), details=lambda _: {"x": np.ones((2, 2))})
    other = FixedTimes(places("AB", prefix="o"), source.destinations, np.ones((2, 20)))
    with pytest.raises(ZoneError, match="origins that are no destination"):
        compare_crossings(other, np.ones(20))
    alone = places("AB")
    with pytest.raises(ZoneError, match="no domestic pairs"):
        compare_crossings(FixedTimes(alone, alone, np.ones((2, 2))), np.ones(2))


# Parts ------------------------------------------------------------------------------------------


def test_shapley_of_a_game_worked_out_by_hand():
    # Gloves: player 0 has a left one, 1 and 2 a right one each; a pair is worth 1.
    values = {
        frozenset(chosen): np.array(float(0 in chosen and len(chosen) > 1))
        for n in range(4)
        for chosen in itertools.combinations(range(3), n)
    }
    np.testing.assert_allclose(shapley_parts(values, 3), [4 / 6, 1 / 6, 1 / 6])


def test_shapley_is_the_mean_over_all_orders():
    rng = np.random.default_rng(0)
    values = {
        frozenset(chosen): rng.uniform(size=2)
        for n in range(5)
        for chosen in itertools.combinations(range(4), n)
    }
    mean = np.zeros((4, 2))
    for order in itertools.permutations(range(4)):
        before: frozenset[int] = frozenset()
        for player in order:
            mean[player] += values[before | {player}] - values[before]
            before = before | {player}
    np.testing.assert_allclose(shapley_parts(values, 4), mean / math.factorial(4))


RULES = BorderRules(
    (
        CrossingRule("*", "*", penalty_s=300.0, reason="queue"),
        CrossingRule("*", "*", factor=0.8, reason="language"),
        CrossingRule("A", "B", factor=0.5, reason="diploma"),
    ),
    name="three",
)


@settings(deadline=None, max_examples=10)
@given(slow=st.sampled_from([1.0, 1.5, 3.0, np.inf]), seed=st.integers(0, 5))
def test_parts_add_up_to_the_loss(slow, seed):
    source, _, _ = slow_border(slow, seed=seed, n=60)
    n = len(source.origins)
    jobs = (Opportunities("jobs", np.random.default_rng(seed).uniform(0, 9, (1, n))),)
    paces = compare_crossings(source, np.ones(n), classes=CLASSES)
    match = np.random.default_rng(seed).uniform(0.5, 1.0, (n, 1))
    parts = loss_causes(
        source, jobs, measures=MEASURES, rules=RULES, paces=paces, size=np.ones(n), match=match,
        block_size=17,
    )  # fmt: skip
    assert parts.causes == ("transport", "queue", "language", "diploma", "skills")
    total = parts.ideal - parts.effective
    np.testing.assert_allclose(parts.shapley.sum(axis=0), total, atol=1e-9)
    np.testing.assert_allclose(parts.ordered.sum(axis=0), total, atol=1e-9)
    full = border_loss(source, jobs, measures=MEASURES, rules=RULES, match=match)
    np.testing.assert_allclose(parts.effective, full.effective[:, 0], rtol=1e-12)
    assert (parts.shapley[1:] >= -1e-9).all()
    assert (parts.shapley[1:].sum(axis=(1, 2, 3)) > 0.0).all()
    assert len(parts.table()) == 5 * n * 2


def test_no_transport_loss_where_crossings_are_like_home():
    source, _, _ = slow_border(1.0)
    n = len(source.origins)
    jobs = (Opportunities("jobs", np.ones((1, n))),)
    paces = compare_crossings(source, np.ones(n), classes=CLASSES)
    parts = loss_causes(source, jobs, measures=MEASURES, rules=RULES, paces=paces, size=np.ones(n))
    share = parts.shapley[0, :, 1, 0].sum() / parts.ideal[:, 1, 0].sum()
    assert abs(share) < 0.005
    slow, _, _ = slow_border(2.0)
    paces = compare_crossings(slow, np.ones(n), classes=CLASSES)
    parts = loss_causes(slow, jobs, measures=MEASURES, rules=RULES, paces=paces, size=np.ones(n))
    assert parts.shapley[0, :, 1, 0].sum() / parts.ideal[:, 1, 0].sum() > 0.05


def test_a_single_reason_bears_the_whole_loss():
    source, _, _ = slow_border(1.0, n=30)
    jobs = (Opportunities("jobs", np.ones((1, 30))),)
    parts = loss_causes(source, jobs, measures=MEASURES, rules=RULES.only(["language"]))
    np.testing.assert_allclose(parts.shapley[0], 0.2 * (parts.ideal - border_domestic(source)))


def border_domestic(source):
    jobs = (Opportunities("jobs", np.ones((1, len(source.destinations)))),)
    return border_loss(source, jobs, measures=MEASURES).domestic


def test_causes_faults():
    source, _, _ = slow_border(1.0, n=30)
    jobs = (Opportunities("jobs", np.ones((1, 30))),)
    with pytest.raises(StudyError, match="between 1 and 7 different causes"):
        loss_causes(source, jobs, measures=MEASURES, rules=BorderRules())
    paces = compare_crossings(source, np.ones(30), classes=CLASSES)
    with pytest.raises(StudyError, match="compared by size, but none is given"):
        loss_causes(source, jobs, measures=MEASURES, rules=RULES, paces=paces)


# Skills -----------------------------------------------------------------------------------------


def test_location_quotients_by_hand():
    quotients = location_quotients([[30.0, 10.0], [10.0, 50.0]])
    # Sector 0: 40 % of all jobs; three quarters of region 0, a sixth of region 1.
    np.testing.assert_allclose(
        quotients, [[0.75 / 0.4, (1 / 6) / 0.4], [0.25 / 0.6, (5 / 6) / 0.6]]
    )
    weights = np.array([40.0, 60.0])
    np.testing.assert_allclose(quotients @ (weights / 100.0), 1.0)


def test_relatedness_by_hand():
    # Strong in regions 0, 1 - in 0, 1, 3 - in 1, 2.
    quotients = np.array([[2.0, 2.0, 0.1, 0.1], [1.5, 1.0, 0.0, 2.0], [0.0, 3.0, 3.0, np.nan]])
    expected = [[1.0, 2 / 3, 1 / 2], [2 / 3, 1.0, 1 / 3], [1 / 2, 1 / 3, 1.0]]
    np.testing.assert_allclose(relatedness(quotients), expected)


def test_match_is_full_for_own_strengths_and_partial_for_related_ones():
    quotients = np.array([[2.0, 0.4], [0.2, np.nan]])
    related = np.array([[1.0, 0.6], [0.3, 1.0]])
    np.testing.assert_allclose(sector_match(quotients, related), [[1.0, 0.6], [0.4, 0.24]])


def test_match_weights_count_in_effective_reach_only_abroad():
    spots = places("AB")
    source = FixedTimes(spots.take([0]), spots, np.array([[60.0, 60.0]]))
    jobs = (Opportunities("jobs", np.array([[10.0, 100.0], [20.0, 200.0]]), ("tech", "care")),)
    loss = border_loss(source, jobs, measures=BorderMeasures(bands_s=(600.0,)), match=[[0.5, 0.25]])
    assert loss.effective[0, 0, 0].tolist() == [10.0 + 50.0, 20.0 + 50.0]
    assert loss.open_reach[0, 0].tolist() == [110.0, 220.0]


def test_skill_faults():
    with pytest.raises(OpportunityError, match="0 or more in every sector"):
        location_quotients([[1.0, np.nan]])
    with pytest.raises(OpportunityError, match="there are no jobs"):
        location_quotients([[0.0, 0.0]])
    with pytest.raises(OpportunityError, match="with itself must be 1"):
        sector_match([[1.0], [1.0]], [[1.0, 0.0], [0.0, 0.5]])
    with pytest.raises(OpportunityError, match=r"must have shape \(2, 2\)"):
        sector_match([[1.0], [1.0]], [[1.0]])


# Wages ------------------------------------------------------------------------------------------


def test_effect_is_the_elasticity_times_the_growth():
    base = np.full((3, 2), 100.0)
    table = agglomeration_indication(base, base * 2.0, ["r"] * 3, [1.0, 2.0, 3.0]).iloc[0]
    assert table["label"] == LABEL == "indicative, gross"
    # The mean of a symmetric triangle is its mode.
    assert table["effect_mean"] == pytest.approx(0.027 * np.log(2.0), rel=0.02)
    assert 0.015 * np.log(2.0) < table["effect_p5"] < table["effect_p50"] < table["effect_p95"]
    assert table["effect_p95"] < 0.039 * np.log(2.0)


def test_the_same_reach_gives_exactly_nothing_and_the_same_seed_the_same():
    rng = np.random.default_rng(1)
    base, variant = rng.uniform(1, 9, (5, 4)), rng.uniform(9, 20, (5, 4))
    none = agglomeration_indication(base, base, ["r"] * 5, np.ones(5))
    assert (none[["effect_mean", "effect_p5", "effect_p95"]] == 0.0).all().all()
    one = agglomeration_indication(base, variant, ["r"] * 5, np.ones(5))
    two = agglomeration_indication(base, variant, ["r"] * 5, np.ones(5))
    assert one.equals(two)
    # Draws are common: a region alone has the effect that it has among others.
    split = agglomeration_indication(base, variant, ["r", "s", "s", "s", "s"], np.ones(5))
    alone = agglomeration_indication(base[:1], variant[:1], ["r"], np.ones(1))
    assert split.loc[0, "effect_p95"] == alone.loc[0, "effect_p95"]


def test_zones_without_reach_are_left_out_and_counted():
    base = np.array([[1.0], [0.0], [np.nan]])
    table = agglomeration_indication(base, base + 1.0, ["r"] * 3, np.ones(3)).iloc[0]
    assert (table["n_zones"], table["n_undefined"]) == (3, 2)
    nothing = agglomeration_indication(base[1:], base[1:] + 1.0, ["r"] * 2, np.ones(2)).iloc[0]
    assert np.isnan(nothing["effect_p50"])


def test_wages_of_an_open_border():
    source, _, _ = slow_border(1.0, n=40)
    jobs = (Opportunities("jobs", np.ones((1, 40))),)
    measures = BorderMeasures(
        bands_s=(600.0,), decays=(ExponentialDecay(900.0), GaussianDecay(900.0))
    )
    loss = border_loss(source, jobs, measures=measures, variants=sensitivity_rules())
    table = border_agglomeration(loss, ["r"] * 40, np.ones(40))
    # One of the 15 variants is an open border: the effect is never negative.
    assert 0.0 <= table.loc[0, "effect_p5"] < table.loc[0, "effect_p95"] < 0.039 * np.log(40)
    with pytest.raises(StudyError, match="needs a border loss with a decay and with variants"):
        border_agglomeration(border_loss(source, jobs, measures=MEASURES), ["r"] * 40, np.ones(40))


def test_wage_faults():
    with pytest.raises(StudyError) as caught:
        Elasticity(low=0.2, mode=0.1, n_draws=5)
    assert len(caught.value.faults) == 2
    with pytest.raises(StudyError, match="reach has shapes"):
        agglomeration_indication(np.ones((2, 1)), np.ones((2, 2)), ["r"] * 2, np.ones(2))
    with pytest.raises(StudyError, match="1 regions for 2 zones"):
        agglomeration_indication(np.ones((2, 1)), np.ones((2, 1)), ["r"], np.ones(2))
    with pytest.raises(StudyError, match="must be 0 or more"):
        agglomeration_indication(np.ones((2, 1)), -np.ones((2, 1)), ["r"] * 2, np.ones(2))
