"""Counts spread over cells keep their totals; crosswalks of codes sum to 1."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from local_web import PATIENT, Web
from open_data_host import collection, hosts_of

from halfcircle.errors import SourceError
from halfcircle.regions.crosswalk import read_crosswalk
from halfcircle.sources import fetch_study, match_vintages, share_out, spread_counts
from halfcircle.sources.buildings import read_buildings

X0, Y0 = 4_100_000.0, 3_200_000.0  # EPSG:3035, in Twente


def zones_of(*boxes: tuple[float, float, float, float], ids: str = "abcdefgh") -> Any:
    """Rectangles in metres from a corner."""
    return gpd.GeoDataFrame(
        {"zone_id": list(ids[: len(boxes)])},
        geometry=[shapely.box(X0 + w, Y0 + s, X0 + e, Y0 + n) for w, s, e, n in boxes],
        crs=3035,
    )


def degrees(x_m: Any, y_m: Any) -> tuple[Any, Any]:
    points = gpd.GeoSeries(gpd.points_from_xy(X0 + np.asarray(x_m), Y0 + np.asarray(y_m)), crs=3035)
    there = points.to_crs(4326)
    return there.x.to_numpy(), there.y.to_numpy()


@given(
    st.integers(0, 3_000_000),
    st.lists(
        st.one_of(st.just(0.0), st.floats(1e-12, 1e12)), min_size=1, max_size=60
    ).filter(any),
)  # fmt: skip
@settings(deadline=None, max_examples=150)
def test_shares_sum_to_the_total_and_are_fair(total: int, weights: list[float]) -> None:
    counts = share_out(total, weights)
    assert counts.sum() == total
    exact = total * (np.array(weights) / max(weights)) / (np.array(weights) / max(weights)).sum()
    assert (np.abs(counts - exact) < 1 + 1e-6).all()
    assert (counts[np.array(weights) == 0.0] == 0).all()


def test_shares_by_hand() -> None:
    assert share_out(10, [1, 1, 1]).tolist() == [4, 3, 3]
    assert share_out(7, [0, 2, 1]).tolist() == [0, 5, 2]
    assert share_out(0, [1, 2]).tolist() == [0, 0]
    assert share_out(10, [0.1] * 10).tolist() == [1] * 10
    assert share_out(1, [1e-300, 1e300]).tolist() == [0, 1]
    assert int(share_out(10**15 + 7, [3.0, 1.0, 1e-9]).sum()) == 10**15 + 7


@pytest.mark.parametrize(
    ("total", "weights", "text"),
    [
        (-1, [1.0], "finite and not negative"),
        (1, [-1.0, 2.0], "finite and not negative"),
        (1, [np.nan], "finite and not negative"),
        (1, [0.0, 0.0], "all weights are zero"),
        (1, [], "all weights are zero"),
    ],
)
def test_what_cannot_be_shared_is_told(total: int, weights: list[float], text: str) -> None:
    with pytest.raises(SourceError, match=text):
        share_out(total, weights)


@st.composite
def towns(draw: st.DrawFn) -> tuple[Any, dict[str, int], Any]:
    n = draw(st.integers(1, 5))
    boxes = [(i * 3000.0, 0.0, (i + 1) * 3000.0, 3000.0) for i in range(n)]
    zones = zones_of(*boxes)
    counts = {
        zone: draw(st.integers(0, 50_000)) for zone in zones["zone_id"] if draw(st.booleans())
    }
    n_things = draw(st.integers(0, 40))
    coordinate = st.floats(-500.0, n * 3000.0 + 500.0)
    things = [
        (draw(coordinate), draw(st.floats(-500.0, 3500.0)), draw(st.floats(0.0, 1e6)))
        for _ in range(n_things)
    ]
    return zones, counts, np.array(things).reshape(-1, 3)


@given(towns(), st.sampled_from([100.0, 500.0, 1000.0]))
@settings(deadline=None, max_examples=30)
def test_dasymetric_totals_equal_municipal_totals_to_the_unit(
    town: tuple[Any, dict[str, int], Any], cell_m: float
) -> None:
    zones, counts, things = town
    lon, lat = degrees(things[:, 0], things[:, 1])
    spread = spread_counts(zones, counts, lon=lon, lat=lat, weight=things[:, 2], cell_m=cell_m)
    sums = spread.cells.groupby("zone_id")["value"].sum().to_dict()
    assert sums == {zone: count for zone, count in counts.items() if count}
    assert set(spread.unknown) == set(zones["zone_id"]) - set(counts)
    # Every point lies in the zone that its count belongs to (within the rounding of degrees).
    points = gpd.GeoSeries(
        gpd.points_from_xy(spread.cells["lon"], spread.cells["lat"]), crs=4326
    ).to_crs(3035)
    areas = zones.set_index("zone_id").geometry
    for zone, point in zip(spread.cells["zone_id"], points, strict=True):
        assert areas[zone].distance(point) < 0.2


def test_counts_go_where_the_weights_are() -> None:
    zones = zones_of((0, 0, 2000, 1000), (2000, 0, 4000, 1000), (4000, 0, 5000, 1000))
    lon, lat = degrees([100, 150, 1600, 3000], [100, 120, 600, 500])
    spread = spread_counts(
        zones, {"a": 100, "b": 7, "c": 8}, lon=lon, lat=lat, weight=[1.0, 2.0, 1.0, 5.0]
    )
    by_zone = {z: g["value"].tolist() for z, g in spread.cells.groupby("zone_id")}
    assert by_zone == {"a": [75, 25], "b": [7], "c": [2, 2, 2, 2]}
    assert spread.evenly == ("c",)
    heaviest = spread.cells.iloc[0]
    assert np.allclose([heaviest["lon"], heaviest["lat"]], [lon[1], lat[1]], atol=1e-6)


def test_a_zone_smaller_than_a_cell_keeps_its_count() -> None:
    zones = zones_of((10, 10, 60, 60))
    spread = spread_counts(zones, {"a": 42}, lon=[], lat=[], weight=[])
    assert spread.cells["value"].tolist() == [42]


@pytest.mark.parametrize(
    ("counts", "weight", "text"),
    [
        ({"a": 1, "z": 2}, [1.0], "counts of zones that have no area: 'z'"),
        ({"a": -1}, [1.0], "counts below zero: 'a'"),
        ({"a": 1}, [np.nan], "weights must be finite"),
    ],
)
def test_spread_says_what_is_wrong(counts: dict[str, int], weight: list[float], text: str) -> None:
    lon, lat = degrees([1], [1])
    with pytest.raises(SourceError, match=text):
        spread_counts(zones_of((0, 0, 10, 10)), counts, lon=lon, lat=lat, weight=weight)


# ---- buildings ----


def write_buildings(path: Path, rows: list[tuple[float, float, float, dict[str, str]]]) -> None:
    """Squares: south-west corner and side in metres, tags."""
    nodes, ways = [], []
    for i, (x, y, side, tags) in enumerate(rows):
        corners = [(x, y), (x + side, y), (x + side, y + side), (x, y + side)]
        lon, lat = degrees(*zip(*corners, strict=True))
        first = i * 4 + 1
        nodes += [(first + j, (float(lon[j]), float(lat[j]))) for j in range(4)]
        ways.append((i + 1, [first, first + 1, first + 2, first + 3, first], tags))
    with osmium.SimpleWriter(str(path)) as writer:
        for node_id, location in nodes:
            writer.add_node(osmium.osm.mutable.Node(id=node_id, location=location))
        for way_id, refs, tags in ways:
            writer.add_way(osmium.osm.mutable.Way(id=way_id, nodes=refs, tags=tags))


def test_buildings_are_weighed_by_floor_and_use(tmp_path: Path) -> None:
    path = tmp_path / "b.osm.pbf"
    write_buildings(
        path,
        [
            (0, 0, 20, {"building": "office", "building:levels": "5"}),
            (100, 0, 20, {"building": "yes", "shop": "bakery"}),
            (200, 0, 20, {"building": "house"}),
            (300, 0, 20, {"building": "garage"}),
            (1000, 0, 20, {"building": "yes", "building:levels": "many"}),
            (900, -100, 400, {"landuse": "industrial"}),
            (400, 0, 20, {"building": "yes", "amenity": "school"}),
            (500, 0, 20, {"building": "no"}),
        ],
    )
    found = read_buildings([path, path])
    assert np.allclose(
        found.weight / 400, [5 * 1.0, 0.5, 0.02, 0.05, 0.25, 0.3], rtol=1e-3
    )  # office, shop, house, unknown kind, on industrial land, school
    people = read_buildings([path], use="people")
    assert np.allclose(people.weight / 400, [1.0], rtol=1e-3)


def test_no_buildings_is_no_error(tmp_path: Path) -> None:
    write_buildings(tmp_path / "b.osm.pbf", [(0, 0, 20, {"highway": "service"})])
    assert len(read_buildings([tmp_path / "b.osm.pbf"]).weight) == 0
    (tmp_path / "x.osm.pbf").write_bytes(b"nonsense")
    with pytest.raises(SourceError, match=r"x.osm.pbf: cannot be read for buildings"):
        read_buildings([tmp_path / "x.osm.pbf"])


def test_a_study_spreads_its_counts(web: Web, tmp_path: Path) -> None:
    zones = zones_of((0, 0, 2000, 2000), (2000, 0, 4000, 2000)).to_crs(4326)
    lon, lat = degrees([2000], [1000])
    web.files["/gisco/distribution/v2/lau/geojson/LAU_RG_01M_2021_4326.geojson"] = collection(
        [
            ({"GISCO_ID": z, "CNTR_CODE": "NL", "LAU_NAME": z, "POP_2021": 1}, g)
            for z, g in zip(zones["zone_id"], zones.geometry, strict=True)
        ]
    )
    web.files["/x/jobs.csv"] = b"zone_id,value\na,1001\nz,5\n"
    write_buildings(
        tmp_path / "b.osm.pbf",
        [
            (100, 100, 20, {"building": "office"}),
            (1200, 1200, 20, {"building": "office"}),
            (1300, 1300, 20, {"building": "office"}),
        ],
    )
    web.files["/geofabrik/europe/netherlands-latest.osm.pbf"] = (
        tmp_path / "b.osm.pbf"
    ).read_bytes()
    mirrors = "\n".join(f'{k} = "{v}"' for k, v in hosts_of(web).others().items())
    study = tmp_path / "study.toml"
    study.write_text(
        f"""
[fetch]
lon = {float(lon[0])!r}
lat = {float(lat[0])!r}
radius_km = 3.0
[fetch.hosts]
{mirrors}
[[fetch.files]]
file = "data/cells.csv"
source = "spread"
counts = "data/jobs.csv"
buildings = ["data/buildings.osm.pbf"]
cell_m = 1000
[[fetch.files]]
file = "data/zones.gpkg"
source = "gisco-lau"
[[fetch.files]]
file = "data/jobs.csv"
source = "url"
url = "{web.at("/x/jobs.csv")}"
[[fetch.files]]
file = "data/buildings.osm.pbf"
source = "geofabrik"
region = "europe/netherlands"
content = "buildings"
"""
    )
    lock = fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    cells = pd.read_csv(tmp_path / "data" / "cells.csv")
    assert cells["value"].sum() == 1001
    assert sorted(cells["value"]) == [334, 667]
    made = lock.files[0]
    assert "dasymetric" in made.method
    assert "kept to the unit" in made.method
    assert made.notes == ("no count, hence missing: 1 zones",)
    assert list(made.inputs) == ["data/buildings.osm.pbf", "data/jobs.csv", "data/zones.gpkg"]


# ---- vintages ----


def test_mergers_splits_and_moved_codes(tmp_path: Path) -> None:
    old = zones_of(
        (0, 0, 1000, 1000), (1000, 0, 2000, 1000), (2000, 0, 3000, 1000), (3000, 0, 4000, 1000)
    )
    new = zones_of(
        (0, 0, 2000, 1000), (2000, 0, 2250, 1000), (2250, 0, 3000, 1000), (3000, 5, 4000, 1000),
        ids="nced",
    )  # fmt: skip
    table = match_vintages(old, new)
    assert table.values.tolist() == [
        ["a", "n", 1.0], ["b", "n", 1.0], ["c", "c", 0.25], ["c", "e", 0.75],
    ]  # fmt: skip
    table.to_csv(tmp_path / "crosswalk.csv", index=False)
    crosswalk = read_crosswalk(tmp_path / "crosswalk.csv", share="share")
    assert crosswalk.new_id.tolist() == ["n", "n", "c", "e"]


def test_parts_may_weigh_by_people() -> None:
    old = zones_of((0, 0, 1000, 1000), (1000, 0, 2000, 1000))
    new = zones_of((0, 0, 500, 1000), (500, 0, 1500, 1000), (1500, 0, 2000, 1000), ids="xyz")
    lon, lat = degrees([100, 600, 5000], [500, 500, 500])
    table = match_vintages(old, new, lon=lon, lat=lat, weight=[9.0, 1.0, 7.0])
    assert table.values.tolist() == [
        ["a", "x", 0.9], ["a", "y", 0.1], ["b", "y", 0.5], ["b", "z", 0.5],
    ]  # fmt: skip


@given(st.lists(st.floats(50.0, 950.0), min_size=1, max_size=5, unique=True))
@settings(deadline=None, max_examples=30)
def test_shares_of_an_old_zone_sum_to_one(cuts: list[float]) -> None:
    edges = [0.0, *sorted(cuts), 1000.0]
    new = zones_of(*((a, 0, b, 1000) for a, b in pairwise(edges)), ids="uvwxyz")
    table = match_vintages(zones_of((0, 0, 1000, 1000)), new)
    assert table["share"].sum() == pytest.approx(1.0, abs=1e-12)
    assert (table["share"] > 0).all()


def test_vintages_that_do_not_meet_are_told() -> None:
    old, new = zones_of((0, 0, 10, 10)), zones_of((50, 0, 60, 10))
    with pytest.raises(SourceError, match="old zones that lie on no new one: a"):
        match_vintages(old, new)
    twice = zones_of((0, 0, 5, 10), (5, 0, 10, 10), ids="aa")
    with pytest.raises(SourceError, match="old zones share an identifier"):
        match_vintages(twice, old)
