"""What must hold for every world: METHODS section 5, invariants 8 to 14."""

import numpy as np
import pytest
from border_world import FixedTimes, places
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.access.decay import ExponentialDecay
from halfcircle.places import Opportunities, Places
from halfcircle.regions.border import BorderMeasures, border_loss
from halfcircle.regions.border_rules import BorderRules, CrossingRule, border_preset
from halfcircle.regions.border_summary import foreign_sensitivity, summarise_loss

MEASURES = BorderMeasures(bands_s=(600.0, 1500.0), decays=(ExponentialDecay(900.0),))
LIMITS = settings(deadline=None, max_examples=40)


@st.composite
def worlds(draw):
    n = draw(st.integers(2, 8))
    countries = draw(st.lists(st.sampled_from("ABC"), min_size=n, max_size=n))
    seed = draw(st.integers(0, 2**31))
    rng = np.random.default_rng(seed)
    spots = places(countries, lon=rng.uniform(5, 7, n), lat=rng.uniform(50, 52, n))
    times = rng.choice([60.0, 300.0, 600.0, 601.0, 1500.0, 4000.0, np.inf], (n, n))
    counts = rng.integers(0, 50, (2, n)).astype(np.float64)
    return FixedTimes(spots, spots, times), counts


def jobs(counts, name="jobs"):
    return (Opportunities(name, np.atleast_2d(counts)),)


def rules(minutes, factor):
    return BorderRules((CrossingRule("*", "*", penalty_s=minutes * 60.0, factor=factor),), "r")


@LIMITS
@given(world=worlds(), seed=st.integers(0, 1000))
def test_8_order_of_destinations_and_splitting_one_change_nothing(world, seed):
    source, counts = world
    base = border_loss(source, jobs(counts[0]), measures=MEASURES)
    n = len(source.destinations)
    order = np.random.default_rng(seed).permutation(n)
    # Reorder, and split the first destination into two halves at the same place.
    idx = np.append(order, 0)
    value = counts[0].copy()
    value[0] /= 2.0
    spots = source.destinations
    parts = Places(
        [f"new{i}" for i in range(n + 1)], spots.lon[idx], spots.lat[idx], spots.country[idx]
    )
    origins = Places([f"o{i}" for i in range(n)], spots.lon, spots.lat, spots.country)
    other = FixedTimes(origins, parts, source.matrix_s[:, idx])
    moved = border_loss(other, jobs(value[idx]), measures=MEASURES)
    np.testing.assert_allclose(moved.open_reach, base.open_reach, rtol=1e-12)
    np.testing.assert_allclose(moved.loss, base.loss, atol=1e-12)


@LIMITS
@given(world=worlds())
def test_9_reach_is_linear_in_opportunities(world):
    source, counts = world
    one, two, both = (
        border_loss(source, jobs(c), measures=MEASURES, rules=rules(5, 0.5))
        for c in (counts[0], counts[1], counts.sum(axis=0))
    )
    for name in ("domestic", "open_reach", "effective"):
        total = getattr(one, name) + getattr(two, name)
        np.testing.assert_allclose(getattr(both, name), total, rtol=1e-12)


@LIMITS
@given(world=worlds(), minutes=st.floats(0, 90), factor=st.floats(0, 1))
def test_10_effective_reach_lies_between_domestic_and_open(world, minutes, factor):
    source, counts = world
    loss = border_loss(source, jobs(counts[0]), measures=MEASURES, rules=rules(minutes, factor))
    assert (loss.domestic <= loss.effective[:, 0] + 1e-9).all()
    assert (loss.effective[:, 0] <= loss.open_reach * (1 + 1e-12) + 1e-9).all()
    known = loss.loss[np.isfinite(loss.loss)]
    assert ((known >= 0.0) & (known <= 1.0)).all()
    np.testing.assert_array_equal(np.isnan(loss.loss), loss.open_reach == 0.0)


@LIMITS
@given(world=worlds())
def test_10_no_loss_without_foreign_reach_and_all_lost_without_domestic(world):
    source, counts = world
    loss = border_loss(source, jobs(counts[0] + 1.0), measures=MEASURES)
    own = np.array([list(loss.destinations_in).index(c) for c in source.origins.country])
    foreign_s = loss.nearest_s.copy()
    foreign_s[np.arange(len(own)), own] = np.inf
    for m, band in enumerate(MEASURES.bands_s):
        alone = (foreign_s.min(axis=1) > band) & (loss.nearest_s[np.arange(len(own)), own] <= band)
        assert (loss.loss[alone, m, 0] == 0.0).all()
        abroad = (foreign_s.min(axis=1) <= band) & (loss.nearest_s[np.arange(len(own)), own] > band)
        assert (loss.loss[abroad, m, 0] == 1.0).all()


@LIMITS
@given(
    world=worlds(),
    minutes=st.tuples(st.floats(0, 60), st.floats(0, 60)),
    factor=st.tuples(st.floats(0, 1), st.floats(0, 1)),
)
def test_11_harder_rules_never_raise_reach(world, minutes, factor):
    source, counts = world
    soft, hard = rules(min(minutes), max(factor)), rules(max(minutes), min(factor))
    loss = border_loss(source, jobs(counts[0]), measures=MEASURES, rules=soft, variants=(hard,))
    assert (loss.effective[:, 1] <= loss.effective[:, 0] * (1 + 1e-12) + 1e-9).all()


@LIMITS
@given(world=worlds())
def test_11_no_rules_give_the_open_reach_and_closed_ones_the_domestic(world):
    source, counts = world
    loss = border_loss(
        source, jobs(counts[0]), measures=MEASURES,
        rules=rules(0, 1.0), variants=(border_preset("closed"), rules(0, 0.0)),
    )  # fmt: skip
    np.testing.assert_array_equal(loss.effective[:, 0], loss.open_reach)
    np.testing.assert_array_equal(loss.effective[:, 1], loss.domestic)
    np.testing.assert_array_equal(loss.effective[:, 2], loss.domestic)


@LIMITS
@given(world=worlds())
def test_12_sectors_and_core_add_up(world):
    source, counts = world
    loss = border_loss(source, jobs(counts[0]), measures=MEASURES, sectors=True)
    np.testing.assert_allclose(loss.sector_open.sum(axis=-1), loss.open_reach, rtol=1e-12)
    np.testing.assert_allclose(loss.sector_domestic.sum(axis=-1), loss.domestic, rtol=1e-12)
    assert (loss.sector_domestic <= loss.sector_open).all()


@LIMITS
@given(world=worlds(), seed=st.integers(0, 1000))
def test_14_ratio_of_sums_lies_between_the_losses(world, seed):
    source, counts = world
    rng = np.random.default_rng(seed)
    n = len(source.origins)
    region = rng.choice(["north", "south"], n)
    people = rng.integers(0, 100, n).astype(np.float64)
    loss = border_loss(source, jobs(counts[0] + 1.0), measures=MEASURES)
    table = summarise_loss(loss, region, people)
    for row in table.itertuples():
        m = 2 if np.isnan(row.band_min) else MEASURES.bands_s.index(row.band_min * 60.0)
        each = loss.loss[(region == row.region) & (people > 0.0), m, 0]
        each = each[np.isfinite(each)]
        if len(each):
            assert each.min() - 1e-12 <= row.loss <= each.max() + 1e-12
            assert each.min() - 1e-12 <= row.loss_mean <= each.max() + 1e-12
            assert row.loss_p10 <= row.loss_p50 <= row.loss_p90
            assert row.share_above_50 <= row.share_above_25
        else:
            assert np.isnan(row.loss)


@LIMITS
@given(world=worlds(), change=st.floats(-1.0, 2.0))
def test_foreign_sensitivity_equals_a_new_run_with_other_counts(world, change):
    source, counts = world
    # Exact only seen from one country: what is foreign depends on where one stands.
    source = FixedTimes(source.origins.take([0]), source.destinations, source.matrix_s[:1])
    foreign = source.destinations.country != source.origins.country[0]
    changed = np.where(foreign, counts[0] * (1.0 + change), counts[0])
    base = border_loss(source, jobs(counts[0]), measures=MEASURES)
    again = border_loss(source, jobs(changed), measures=MEASURES)
    table = foreign_sensitivity(base, changes=(change,))
    np.testing.assert_allclose(table["loss"], again.loss.ravel(), atol=1e-9)


def test_wider_bands_never_lower_reach():
    rng = np.random.default_rng(3)
    spots = places(rng.choice(list("AB"), 30))
    source = FixedTimes(spots, spots, rng.uniform(0, 4000, (30, 30)))
    bands = BorderMeasures(bands_s=tuple(np.arange(1, 20) * 200.0))
    loss = border_loss(
        source, jobs(rng.uniform(0, 9, 30)), measures=bands, rules=border_preset("closed")
    )
    for name in ("domestic", "open_reach"):
        assert (np.diff(getattr(loss, name), axis=1) >= 0.0).all()
    assert (np.diff(loss.effective[:, 0], axis=1) >= 0.0).all()


def test_recoverable_share_by_hand():
    spots = places("AB")
    source = FixedTimes(spots.take([0]), spots, np.array([[60.0, 60.0]]))
    loss = border_loss(
        source, jobs(np.array([10.0, 100.0])), measures=BorderMeasures(bands_s=(600.0,)),
        rules=rules(0, 0.2), variants=(rules(0, 0.6), border_preset("open")),
    )  # fmt: skip
    # 80 of 100 foreign jobs are lost; with 0.6 half of them come back, with an open border all.
    assert loss.effective[0, 0].item() == pytest.approx(30.0)
    assert loss.recoverable(1).item() == pytest.approx(0.5)
    assert loss.recoverable(2).item() == pytest.approx(1.0)
    assert loss.recoverable(0).item() == 0.0
