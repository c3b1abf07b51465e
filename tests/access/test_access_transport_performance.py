"""Transport performance: hand-computed values, a plain twin, invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Geod
from toy_times import INF, ToyTimes, counts, cube

from halfcircle.access.performance import rail_performance, transport_performance
from halfcircle.errors import OpportunityError, StudyError
from halfcircle.places import Places

KM = 1 / 111.2  # degrees of latitude, nearly


def north(*km: float) -> Places:
    """Places on a meridian."""
    return Places([f"z{k}" for k in range(len(km))], np.full(len(km), 6.0), 51 + np.array(km) * KM)


def along(minutes, *km: float) -> ToyTimes:
    both = north(*km)
    return ToyTimes(np.array(minutes, dtype=np.float32)[:, np.newaxis] * 60, both, both)


def test_performance_by_hand() -> None:
    # From z0: z1 is near and reached, z2 near and too slow, z3 far and reached.
    minutes = [[5, 20, 40, 30], [20, 5, 50, 60], [40, 50, 5, 60], [30, 60, 60, 5]]
    table = transport_performance(along(minutes, 0, 3, -6, 20), counts("people", [10, 20, 50, 40]))
    values = {m: rows["value"].tolist() for m, rows in table.groupby("measure")}
    assert values["accessible"] == [70, 30, 50, 50]
    assert values["nearby"] == [80, 30, 60, 40]
    assert values["transport_performance"] == pytest.approx([87.5, 100, 50 / 0.6, 125])
    units = table.groupby("measure")["unit"].first()
    assert units.tolist() == ["people", "people", "%"]


def test_rail_looks_further() -> None:
    minutes = [[5, 80], [95, 5]]
    table = rail_performance(along(minutes, 0, 115), counts("people", [10, 30]))
    share = cube(table, "transport_performance")
    np.testing.assert_allclose(share, [100, 75])
    assert set(table["band_min"]) == {90.0}


@settings(deadline=None, max_examples=30)
@given(seed=st.integers(0, 9999), k=st.floats(0.1, 9))
def test_performance_equals_its_plain_twin(seed, k) -> None:
    rng = np.random.default_rng(seed)
    n = 5
    km = rng.uniform(-8, 8, n)
    minutes = rng.integers(1, 60, (n, n)).astype(float)
    minutes[rng.random((n, n)) < 0.2] = INF
    people = rng.integers(0, 50, n).astype(float)
    source = along(minutes, *km)
    table = transport_performance(source, counts("people", people), block_size=2)
    geod = Geod(ellps="WGS84")
    lat = source.origins.lat
    expected = []
    for i in range(n):
        near = [j for j in range(n) if abs(geod.inv(6, lat[i], 6, lat[j])[2]) <= 7500]
        reached = sum(people[j] for j in range(n) if minutes[i, j] <= 30)
        around = sum(people[j] for j in near)
        expected.append(100 * reached / around if around else np.nan)
    found = cube(table, "transport_performance")
    np.testing.assert_allclose(found, expected)
    scaled = transport_performance(source, counts("people", people * k))
    np.testing.assert_allclose(cube(scaled, "transport_performance"), expected)


def test_undefined_is_missing_and_wrong_is_told() -> None:
    source = along([[5, INF], [INF, 5]], 0, 50)
    table = transport_performance(
        source, counts("people", [0, np.nan]), missing=np.array([False, True])
    )
    assert np.isnan(cube(table, "transport_performance")).all()
    np.testing.assert_array_equal(cube(table, "accessible"), [0, np.nan])
    assert set(table["left_out"]) == {1}
    with pytest.raises(StudyError, match="must be positive"):
        transport_performance(source, counts("people", [1, 1]), radius_km=0)
    with pytest.raises(OpportunityError, match="3 places"):
        transport_performance(source, counts("people", [1, 1, 1]))
