"""The kernels against their plain twins, on random small worlds."""

import numpy as np
import pytest
from border_world import FixedTimes, places, plain_border, plain_sectors

from halfcircle.access.crow_fly import geodesic_azimuths_deg
from halfcircle.access.decay import GaussianDecay, decay_by_name
from halfcircle.places import Opportunities
from halfcircle.regions.border import BorderMeasures, border_loss, plan_border
from halfcircle.regions.border_rules import BorderRules, CrossingRule

DECAYS = (decay_by_name("pbl", "car"), GaussianDecay(1500.0))
MEASURES = BorderMeasures(bands_s=(900.0, 1800.0, 3600.0), decays=DECAYS)
RULES = BorderRules(
    (
        CrossingRule("A", "B", penalty_s=700.0, factor=0.8),
        CrossingRule("A", "C", penalty_s=np.inf),
        CrossingRule("B", "A", penalty_s=300.0, reason="queue"),
        CrossingRule("*", "A", factor=0.5, group="low", reason="diploma"),
    ),
    name="odd",
)


def random_world(seed, *, n=25, n_origins=9):
    rng = np.random.default_rng(seed)
    spots = places(rng.choice(list("ABC"), n), lon=rng.uniform(5, 7, n), lat=rng.uniform(50, 52, n))
    # Parts of seconds, as straight lines give: tables are read between their entries.
    times = rng.uniform(0, 6000, (n_origins, n)).astype(np.float32).astype(np.float64)
    times[rng.random(times.shape) < 0.2] = np.inf
    source = FixedTimes(spots.take(np.arange(n_origins)), spots, times)
    jobs = Opportunities("jobs", rng.uniform(0, 500, (2, n)), groups=("low", "high"))
    shops = Opportunities("shops", rng.integers(0, 9, (1, n)).astype(float))
    return source, (jobs, shops), rng.uniform(0, 1, (n_origins, 3))


@pytest.mark.parametrize("seed", range(6))
def test_reach_equals_the_plain_twin(seed):
    source, opportunities, match = random_world(seed)
    plan = plan_border(
        source.origins, source.destinations, opportunities,
        mode="car", measures=MEASURES, rules=RULES, match=match,
    )  # fmt: skip
    loss = plan.block(np.arange(9), source.times_s(np.arange(9))[:, 0])
    domestic, reach, effective = plain_border(
        source.matrix_s, plan.origin_side, plan.destination_side, plan.weights,
        MEASURES.bands_s, DECAYS, plan.penalty_s[0], plan.factor[0], match,
    )  # fmt: skip
    np.testing.assert_allclose(loss.domestic, domestic, rtol=2e-7, atol=1e-4)
    np.testing.assert_allclose(loss.open_reach, reach, rtol=2e-7, atol=1e-4)
    np.testing.assert_allclose(loss.effective[:, 0], effective, rtol=2e-7, atol=1e-4)
    assert (loss.effective[:, 0] < loss.open_reach - 1.0).any()


@pytest.mark.parametrize("seed", range(3))
def test_sectors_equal_the_plain_twin(seed):
    source, opportunities, _ = random_world(seed)
    loss = border_loss(source, opportunities, measures=MEASURES, sectors=True)
    azimuth = geodesic_azimuths_deg(source.origins, source.destinations)
    codes = {c: i for i, c in enumerate("ABC")}
    sides = [np.array([codes[c] for c in p.country]) for p in (source.origins, source.destinations)]
    weights = np.concatenate([item.values for item in opportunities]).T
    domestic, reach, vectors = plain_sectors(source.matrix_s, azimuth, *sides, weights, DECAYS[0])
    np.testing.assert_allclose(loss.sector_domestic[:, 3], domestic, rtol=2e-7, atol=1e-4)
    np.testing.assert_allclose(loss.sector_open[:, 3], reach, rtol=2e-7, atol=1e-4)
    np.testing.assert_allclose(loss.vectors[:, 3], vectors, rtol=1e-4, atol=1e-2)


def test_blocks_and_threads_change_nothing():
    source, opportunities, _ = random_world(11)
    one = border_loss(source, opportunities, measures=MEASURES, sectors=True, workers=1)
    many = border_loss(
        source, opportunities, measures=MEASURES, sectors=True, block_size=2, workers=3
    )
    for name in ("domestic", "open_reach", "effective", "nearest_s", "sector_open", "vectors"):
        np.testing.assert_array_equal(getattr(one, name), getattr(many, name))
    assert list(one.origins.place_id) == list(many.origins.place_id)
    part = border_loss(source, opportunities, measures=MEASURES, origin_idx=np.array([4, 2]))
    np.testing.assert_array_equal(part.loss, one.loss[[4, 2]])


def test_inputs_stay_as_they_were():
    source, opportunities, match = random_world(12)
    times, weights = source.matrix_s.copy(), opportunities[0].values.copy()
    border_loss(source, opportunities, measures=MEASURES, rules=RULES, match=match)
    np.testing.assert_array_equal(source.matrix_s, times)
    np.testing.assert_array_equal(opportunities[0].values, weights)


def test_nearest_destination_of_each_country():
    source, opportunities, _ = random_world(13)
    loss = border_loss(source, opportunities, measures=MEASURES)
    for c, country in enumerate(loss.destinations_in):
        here = source.destinations.country == country
        expected = source.matrix_s[:, here].min(axis=1)
        np.testing.assert_allclose(loss.nearest_s[:, c], expected, rtol=1e-6)
