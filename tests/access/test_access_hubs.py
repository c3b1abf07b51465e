"""Ways by way of parking places and rental places, against plain loops and by hand."""

import numpy as np
import pytest
from grid_city import GridCity
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.access.hubs import Hubs, through_hubs
from halfcircle.access.linked_ways import Told, Way, fastest_links
from halfcircle.access.linking import Pairs, StreetWaysToStops
from halfcircle.access.streets import CarProfile, build_network, read_osm
from halfcircle.errors import InputError


def pairs(*rows: tuple[int, int, float]) -> Pairs:
    table = np.array(rows, dtype=np.float64).reshape(-1, 3)
    return Pairs(table[:, 0].astype(np.int64), table[:, 1].astype(np.int64), table[:, 2])


def as_rows(found: Pairs) -> list[tuple[int, int, float]]:
    return list(
        zip(found.from_idx.tolist(), found.to_idx.tolist(), found.seconds.tolist(), strict=True)
    )


def hubs(n: int, handling_s: float = 100.0) -> Hubs:
    return Hubs(
        [f"p{i}" for i in range(n)],
        [f"Place {i}" for i in range(n)],
        np.linspace(5, 6, n),
        np.full(n, 51.0),
        np.full(n, np.nan),
        np.full(n, handling_s),
    )


def test_the_fastest_place_wins() -> None:
    drive = pairs((0, 0, 300.0), (0, 1, 200.0), (1, 1, 50.0))
    walk = pairs((0, 0, 60.0), (1, 0, 200.0), (1, 1, 30.0))
    found = through_hubs(drive, walk, np.array([100.0, 100.0]))
    # from 0 to stop 0: 300 + 100 + 60 by place 0, 200 + 100 + 200 by place 1
    assert as_rows(found.pairs) == [(0, 0, 460.0), (0, 1, 330.0), (1, 0, 350.0), (1, 1, 180.0)]
    assert found.hub_idx.tolist() == [0, 1, 1, 1]
    assert found.first_s.tolist() == [300.0, 200.0, 50.0, 50.0]


def test_a_limit_by_where_one_is_going() -> None:
    drive = pairs((0, 0, 300.0), (0, 1, 200.0))
    walk = pairs((0, 0, 60.0), (1, 0, 200.0), (1, 1, 30.0))
    found = through_hubs(drive, walk, np.zeros(2), first_limit_s=np.array([250.0, 199.0]))
    assert as_rows(found.pairs) == [(0, 0, 400.0)]
    none = through_hubs(drive, walk, np.zeros(2), last_limit_s=np.array([20.0]))
    assert as_rows(none.pairs) == []


rows_of = st.lists(
    st.tuples(st.integers(0, 4), st.integers(0, 4), st.integers(0, 30)),
    max_size=15,
    unique_by=lambda row: row[:2],
)


@given(rows_of, rows_of, st.lists(st.integers(0, 9), min_size=5, max_size=5))
@settings(deadline=None, max_examples=80)
def test_plain_twin(one: list, other: list, handling: list[int]) -> None:
    best: dict[tuple[int, int], tuple[float, int]] = {}
    for a, h, s in one:
        for g, b, t in other:
            if g == h:
                best[a, b] = min(best.get((a, b), (1e9, 99)), (s + handling[h] + t, h))
    found = through_hubs(pairs(*one), pairs(*other), np.array(handling, dtype=float))
    assert as_rows(found.pairs) == [(a, b, s) for (a, b), (s, _) in sorted(best.items())]
    assert found.hub_idx.tolist() == [h for _, (_, h) in sorted(best.items())]
    # another place can only shorten ways
    fewer = [row for row in other if row[0] != 4]
    parts = through_hubs(pairs(*one), pairs(*other), np.array(handling, dtype=float), joined=1)
    for label in ("from_idx", "to_idx", "seconds"):
        whole, part = getattr(found.pairs, label), getattr(parts.pairs, label)
        np.testing.assert_array_equal(part, whole)
    np.testing.assert_array_equal(parts.hub_idx, found.hub_idx)
    np.testing.assert_array_equal(parts.first_s, found.first_s)
    less = through_hubs(pairs(*one), pairs(*fewer), np.array(handling, dtype=float))
    now = {(a, b): s for a, b, s in as_rows(found.pairs)}
    assert all(now[a, b] <= s for a, b, s in as_rows(less.pairs))


def test_links_take_the_fastest_way_and_tell_it() -> None:
    drive = through_hubs(pairs((0, 1, 50.0)), pairs((1, 0, 20.0), (1, 2, 30.0)), np.full(2, 100.0))
    ways = (Way("walk", pairs((0, 0, 120.0), (1, 0, 30.4))), Way("car", drive, hubs(2)))
    found = fastest_links(ways, 3)
    assert found.links.ptr.tolist() == [0, 2, 3, 3]
    assert found.links.stop_idx.tolist() == [0, 2, 0]
    assert found.links.seconds.tolist() == [120, 180, 31]
    assert found.told(0, 0) == Told("walk")
    assert found.told(0, 2) == Told("car", "Place 1", 6.0, 51.0)
    assert found.told(1, 0) == Told("walk")


def test_of_equal_ways_the_first_counts() -> None:
    ways = (Way("walk", pairs((0, 0, 100.0))), Way("bike", pairs((0, 0, 100.0))))
    assert fastest_links(ways, 1).told(0, 0).way == "walk"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"hub_id": ["p0", "p0"]}, "occur more than once: 'p0'"),
        ({"lat": [51.0, 95.0]}, "positions that are not degrees: 'p1'"),
        ({"capacity": [-1.0, 3.0]}, "a capacity below 0: 'p0'"),
        ({"handling_s": [10.0, np.nan]}, "handling time below 0 or not known: 'p1'"),
        ({"name": ["one"]}, "name has shape"),
    ],
)
def test_faults(change: dict, message: str) -> None:
    good = {
        "hub_id": ["p0", "p1"], "name": ["a", "b"], "lon": [5.0, 6.0], "lat": [51.0, 51.0],
        "capacity": [10.0, np.nan], "handling_s": [1.0, 2.0],
    }  # fmt: skip
    with pytest.raises(InputError, match=message):
        Hubs(**{**good, **change})
    assert repr(Hubs(**good)) == "<Hubs: 2, capacity of 1 known: 10>"


def test_searching_from_the_few_gives_the_same_as_from_the_many(tmp_path) -> None:
    city = GridCity(n_columns=8, n_rows=6)
    network = build_network(read_osm(city.write_osm(tmp_path / "a.osm.pbf")), "car",
                            profile=CarProfile(junction_s=3.0))  # fmt: skip
    ways = StreetWaysToStops(network, 4.5)
    rng = np.random.default_rng(3)
    lon, lat = city.lonlat(city.corners)
    at = (
        rng.uniform(lon.min(), lon.max(), 60),
        rng.uniform(lat.min(), lat.max(), 60),
    )
    few = (at[0][:3] + 1e-4, at[1][:3])
    found = ways.pairs(at, few, limit_s=150.0)
    one_by_one = [
        (i, j, s)
        for start in range(0, 60, 5)
        for i, j, s in (
            (start + i, j, s)
            for i, j, s in as_rows(
                ways.pairs((at[0][start : start + 5], at[1][start : start + 5]), few, limit_s=150.0)
            )
        )
    ]
    assert sorted(as_rows(found)) == sorted(one_by_one)
    assert 20 < len(one_by_one) < 180
