"""City pairs: hand-computed values and a plain count."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from toy_times import INF, ToyTimes, square, toy

from halfcircle.access.scoreboard import PAIR_COLUMNS, city_pairs, city_scoreboard
from halfcircle.errors import InputError, StudyError
from halfcircle.places import Places

CITIES = Places(
    ["Maastricht", "Aachen", "'s-Hertogenbosch", "Moresnet"],
    [5.69, 6.08, 5.30, 5.99],
    [50.85, 50.78, 51.69, 50.72],
    ["NL", "DE", "NL", ""],
)
MINUTES = np.array([[4, 60, 90, 50], [61, 4, INF, 20], [90, INF, 4, INF], [50, 20, INF, 4.0]])


def source() -> ToyTimes:
    return ToyTimes(MINUTES[:, np.newaxis].astype(np.float32) * 60, CITIES, CITIES, "transit")


def test_pairs_by_hand() -> None:
    pairs = city_pairs(source(), block_size=2)
    assert list(pairs.columns) == list(PAIR_COLUMNS)
    assert len(pairs) == 12
    by_pair = pairs.set_index(["origin_id", "destination_id"])
    there, back = by_pair.loc[("Maastricht", "Aachen")], by_pair.loc[("Aachen", "Maastricht")]
    km = Geod(ellps="WGS84").inv(5.69, 50.85, 6.08, 50.78)[2] / 1000
    assert there["distance_km"] == pytest.approx(km)
    assert there["kmh"] == pytest.approx(km)
    assert (there["within"], there["within_both"]) == (True, False)
    assert (back["within"], back["within_both"]) == (False, False)
    assert bool(there["cross_border"])
    assert not by_pair.loc[("Maastricht", "'s-Hertogenbosch"), "cross_border"]
    assert pd.isna(by_pair.loc[("Maastricht", "Moresnet"), "cross_border"])
    lost = by_pair.loc[("Aachen", "'s-Hertogenbosch")]
    assert np.isnan(lost["travel_time_min"])
    assert np.isnan(lost["kmh"])
    assert not lost["within"]
    wider = city_pairs(source(), limit_min=61).set_index(["origin_id", "destination_id"])
    assert wider.loc[("Aachen", "Maastricht"), "within_both"]


def test_scoreboard_by_hand() -> None:
    board = city_scoreboard(
        city_pairs(source()), population={"Maastricht": 120_000, "Aachen": 250_000}
    ).set_index("city_id")
    assert board["cities"].tolist() == [3, 3, 3, 3]
    assert board["cities_within"].tolist() == [2, 1, 0, 2]
    assert board["cities_within_both"].tolist() == [1, 1, 0, 2]
    assert board["share_within"].tolist() == pytest.approx([2 / 3, 1 / 3, 0, 2 / 3])
    assert board["people_within"].tolist() == [250_000, 0, 0, 370_000]
    assert board["left_out"].tolist() == [1, 1, 0, 0]
    assert city_scoreboard(city_pairs(source()))["people_within"].isna().all()


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 9999))
def test_pairs_within_are_counted_as_they_are_defined(seed) -> None:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(2, 7))
    minutes = rng.integers(1, 120, (n, n)).astype(float)
    minutes[rng.random((n, n)) < 0.2] = INF
    pairs = city_pairs(square(minutes), limit_min=60)
    off = ~np.eye(n, dtype=bool)
    assert pairs["within"].sum() == ((minutes <= 60) & off).sum()
    assert pairs["within_both"].sum() == ((minutes <= 60) & (minutes.T <= 60) & off).sum()
    chosen = [f"z{i}" for i in rng.permutation(n)]
    mixed = city_pairs(square(minutes), city_id=chosen)
    keys = ["origin_id", "destination_id"]
    pd.testing.assert_frame_equal(
        mixed.sort_values(keys, ignore_index=True), pairs.sort_values(keys, ignore_index=True)
    )


def test_wrong_input_is_told() -> None:
    with pytest.raises(StudyError, match=r"not origin and destination: 'Luik'\n.*named twice"):
        city_pairs(source(), city_id=["Aachen", "Aachen", "Luik"])
    with pytest.raises(StudyError, match="at least two cities"):
        city_pairs(toy([[1.0]]))
    with pytest.raises(StudyError, match="limit must be positive"):
        city_pairs(source(), limit_min=0)
    with pytest.raises(InputError, match="no column origin_id"):
        city_scoreboard(pd.DataFrame({"within": [True]}))
