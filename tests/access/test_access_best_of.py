"""The fastest of several modes, and the share that each wins."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_times import INF, ToyTimes, counts, places

from halfcircle.access.best_of import BestOf, winning_block_table
from halfcircle.access.measures import Weights, reach_table
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import TravelTimeError

BOTH = places(3, "z")


def times(minutes: list, mode: str, percentiles: tuple[int, ...] = (50,)) -> ToyTimes:
    array = np.asarray(minutes, dtype=np.float32) * 60
    return ToyTimes(array.reshape(3, len(percentiles), 3), BOTH, BOTH, mode, percentiles)


WALK = times([[2, 10, INF], [10, 2, 10], [INF, 10, 2]], "walk")
RIDE = times(
    [[[3, 8, 20], [3, 12, 30]], [[8, 3, 10], [12, 3, 12]], [[INF] * 3, [INF] * 3]],
    "transit",
    (25, 75),
)


def table(best: BestOf, bands: list[float], **options: object):
    block = np.arange(3)
    seconds, winner = best.best(block)
    weights = Weights([counts("jobs", [1, 2, 4])])
    return winning_block_table(
        best, block, seconds, winner, weights, bands_min=bands, **options
    ).set_index(["zone_id", "band_min", "percentile", "mode"])


def test_the_least_per_pair_and_percentile() -> None:
    best = BestOf("any", (WALK, RIDE))
    assert isinstance(best, TravelTimeSource)
    assert best.percentiles == (25, 75)
    minutes = best.times_s(np.array([0])) / 60
    assert minutes.tolist() == [[[2, 8, 20], [2, 10, 30]]]
    assert best.best(np.array([0]))[1].tolist() == [[[0, 1, 1], [0, 0, 1]]]


def test_ties_go_to_the_first_of_the_set() -> None:
    # from z1 to z2 both take 10 minutes at the 25th percentile
    assert BestOf("a", (WALK, RIDE)).best(np.array([1]))[1][0, 0, 2] == 0
    assert BestOf("b", (RIDE, WALK)).best(np.array([1]))[1][0, 0, 2] == 0
    assert BestOf("b", (RIDE, WALK)).sources[0].mode == "transit"


def test_shares_by_hand() -> None:
    found = table(BestOf("any", (WALK, RIDE)), [10, 30])
    # z0, 10 minutes, 25th percentile: itself (1 job) on foot, z1 (2 jobs) by public transport
    assert found.loc[("z0", 10, 25, "walk"), "value"] == pytest.approx(1 / 3)
    assert found.loc[("z0", 10, 25, "transit"), "value"] == pytest.approx(2 / 3)
    assert found.loc[("z0", 10, 25, "transit"), "most"] == 1
    assert found.loc[("z0", 10, 25, "walk"), "most"] == 0
    # 75th percentile: both on foot
    assert found.loc[("z0", 10, 75, "walk"), "value"] == 1.0
    # 30 minutes: 4 jobs more by public transport
    assert found.loc[("z0", 30, 75, "transit"), "value"] == pytest.approx(4 / 7)
    assert set(found["set"]) == {"any"}


def test_nothing_in_reach_and_nothing_known_is_missing() -> None:
    found = table(
        BestOf("any", (WALK, RIDE)), [1], missing=np.array([False, True, False])
    ).reset_index()
    assert found["value"].isna().all()
    assert (found["most"] == 0).all()
    known = table(BestOf("any", (WALK,)), [10], missing=np.array([False, True, False]))
    assert np.isnan(known.loc[("z1", 10, 50, "walk"), "value"])
    assert known.loc[("z0", 10, 50, "walk"), "value"] == 1.0


minutes_of = st.lists(st.sampled_from([1.0, 5.0, 10.0, 20.0, INF]), min_size=9, max_size=9)


@given(st.lists(minutes_of, min_size=1, max_size=4))
@settings(deadline=None, max_examples=50)
def test_best_is_the_least_and_reach_never_less(several: list[list[float]]) -> None:
    sources = tuple(times(m, f"m{i}") for i, m in enumerate(several))
    best = BestOf("any", sources)
    block = np.arange(3)
    each = np.stack([s.times_s(block) for s in sources])
    np.testing.assert_array_equal(best.times_s(block), each.min(axis=0))
    jobs = [counts("jobs", [1, 2, 4])]
    whole = reach_table(best, jobs, bands_min=[5, 15])["value"].to_numpy()
    for source in sources:
        assert (whole >= reach_table(source, jobs, bands_min=[5, 15])["value"].to_numpy()).all()
    shares = table(best, [5, 15])["value"].groupby(level=[0, 1, 2]).sum(min_count=1)
    np.testing.assert_allclose(shares.dropna(), 1.0)


def test_faults() -> None:
    with pytest.raises(TravelTimeError, match="there is no mode"):
        BestOf("any", ())
    other = times([[[1] * 3] * 2] * 3, "bus", (10, 90))
    with pytest.raises(TravelTimeError, match="percentiles differ"):
        BestOf("any", (RIDE, other))
    few = ToyTimes(WALK.seconds[:2], places(2, "z"), BOTH, "few")
    with pytest.raises(TravelTimeError, match="is between other places: 'few'"):
        BestOf("any", (WALK, few))
