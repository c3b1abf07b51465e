"""Regions: one result for every method, its names, tables, indicators and layers."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS
from scipy import sparse

from halfcircle import Places, Zones
from halfcircle._checks import id_array
from halfcircle.errors import FlowError
from halfcircle.regions import (
    Regions,
    build_flows,
    build_regions,
    delineate,
    inter_region_flows,
    internal_share,
    membership_table,
    region_cohesion,
    region_indicators,
    regions_from_labels,
    regions_geodataframe,
)

IDS = id_array("abcde")


def chessboard(n=5):
    crs = CRS.from_epsg(3035)
    boxes = shapely.box(
        4e6 + 1000 * np.arange(n), 3e6, 4e6 + 1000 * np.arange(1, n + 1), 3e6 + 1000
    )
    points = gpd.GeoSeries(shapely.centroid(boxes), crs=crs).to_crs(4326)
    places = Places(IDS[:n], points.x.to_numpy(), points.y.to_numpy())
    return Zones(places, crs, geometry=boxes, name=id_array(f"Town {i}" for i in IDS[:n]))


def example():
    f = np.zeros((5, 5))
    f[:2, :2] = [[80, 20], [10, 30]]
    f[2:4, 2:4] = [[50, 5], [15, 10]]
    f[1, 2], f[4, 4] = 7, 3
    o, d = np.nonzero(f)
    return build_flows(IDS, o, d, f[o, d]), f


def test_named_by_the_largest_centre_largest_first():
    regions = build_regions(
        IDS,
        np.array([7, 7, 3, 3, -1]),
        weight=np.array([1.0, 2, 9, 1, 50]),
        zone_name=id_array(["A", "B", "C", "D", "E"]),
        method="x",
    )
    assert regions.region_id.tolist() == ["c", "b"]
    assert regions.region_name.tolist() == ["C", "B"]
    assert regions.label.tolist() == [1, 1, 0, 0, -1]
    assert regions.region_of("d") == "C"
    assert regions.region_of("e") is None
    assert regions.members("B").tolist() == ["a", "b"]
    assert repr(regions) == "<Regions: 2 by x of 5 zones, 1 not assigned>"
    with pytest.raises(FlowError, match="no region 'Z'"):
        regions.members("Z")
    with pytest.raises(FlowError, match="no zone 'q'"):
        regions.region_of("q")


def test_equal_centres_are_told_apart_by_identifier_and_name():
    regions = build_regions(
        IDS, np.array([0, 0, 1, 1, 1]), weight=np.ones(5), zone_name=id_array(["X"] * 5)
    )
    assert regions.region_id.tolist() == ["c", "a"]
    assert regions.region_name.tolist() == ["X (c)", "X (a)"]


def test_shares_must_be_shares():
    with pytest.raises(FlowError, match="do not sum to 1: 'a'"):
        Regions(["a"], ["r"], ["R"], sparse.csr_array([[0.7]]))
    with pytest.raises(FlowError, match="expected"):
        Regions(["a"], ["r"], ["R"], sparse.csr_array([[0.5, 0.5]]))


def test_membership_table_has_a_row_for_everybody():
    flows, _ = example()
    one = build_regions(IDS, np.array([0, 0, 1, 1, -1]), weight=flows.jobs(), method="lma")
    both = Regions(
        ["a", "b"], ["p", "q"], ["P", "Q"], sparse.csr_array([[0.6, 0.4], [0, 1]]), method="over"
    )
    table = membership_table([one, both])
    assert table.columns.tolist() == [
        "zone_id", "scenario", "method", "group", "region_id", "region_name", "share",
    ]  # fmt: skip
    assert table["share"].tolist() == [1, 1, 1, 1, 0, 0.6, 0.4, 1]
    assert table["region_id"].isna().tolist() == [False] * 4 + [True] + [False] * 3
    assert (table.groupby(["zone_id", "method"])["share"].sum().round(9).isin([0, 1])).all()


def test_indicators_by_hand():
    flows, f = example()
    regions = build_regions(IDS, np.array([0, 0, 1, 1, -1]), weight=flows.jobs(), method="lma")
    table = region_indicators(regions, flows, zones=chessboard())
    assert table["residents"].tolist() == [147, 80]
    assert table["jobs"].tolist() == [140, 87]
    assert table["internal"].tolist() == [140, 80]
    assert table["self_containment"].tolist() == pytest.approx([140 / 147, 80 / 87])
    assert table["core_share"].tolist() == pytest.approx([90 / 140, 72 / 87])
    # b draws 20 from a, a draws 10 from b: shares 2/3 and 1/3
    assert table["effective_centres"][0] == pytest.approx(900 / 500)
    assert table["area_km2"].tolist() == pytest.approx([2, 2])
    assert table["compactness"].tolist() == pytest.approx([4 * np.pi * 2 / 36] * 2)
    assert table["n_parts"].tolist() == [1, 1]
    assert internal_share(regions, flows) == pytest.approx(220 / f.sum())


def test_cohesion_by_hand():
    flows, _ = example()
    regions = build_regions(IDS, np.array([0, 0, 1, 1, -1]), weight=flows.jobs(), method="lma")
    t = np.full((5, 5), np.inf, np.float32)
    t[:2, :2] = [[60, 600], [3000, 60]]
    t[2:4, 2:4] = 60
    table = region_cohesion(regions, flows, t, cutoff_s=900)
    # a reaches all 140 jobs, b only its own 50
    assert table["cohesion"].tolist() == pytest.approx([(100 * 140 + 47 * 50) / 147 / 140, 1])
    again = region_cohesion(regions, flows, lambda idx: t[idx], cutoff_s=900)
    assert again.equals(table)


def test_layer_for_the_geopackage(tmp_path):
    flows, _ = example()
    zones = chessboard()
    regions = delineate(flows, parameters={"min_size": 20, "target_size": 200}, zones=zones)
    layer = regions_geodataframe(regions, zones, flows=flows)
    assert layer.crs == zones.crs
    assert layer["region_name"].tolist() == ["Town a", "Town c"]
    assert set(layer.columns) >= {"scenario", "method", "group", "self_containment", "residents"}
    layer.to_file(tmp_path / "regions.gpkg", layer="x")
    assert gpd.read_file(tmp_path / "regions.gpkg")["jobs"].sum() == 227
    points = Zones(zones.places, zones.crs)
    assert regions_geodataframe(regions, points).geometry.notna().all()


def test_delineate_tells_all_faults():
    flows, _ = example()
    with pytest.raises(FlowError, match="no such key: 'minsize' - did you mean 'min_size'") as e:
        delineate(flows, parameters={"minsize": 3, "min_containment": 2}, group="no")
    assert "between 0 and 1" in str(e.value)
    assert "no such group" in str(e.value)
    with pytest.raises(FlowError, match="did you mean 'labour-market-areas'"):
        delineate(flows, "labor-market-areas")
    with pytest.raises(FlowError, match="not about the same zones"):
        delineate(flows, zones=chessboard(4))


def test_delineate_keeps_what_it_did():
    flows, _ = example()
    regions = delineate(flows, parameters={"min_size": 20, "target_size": 200})
    assert regions.parameters["target_containment"] == 0.75
    assert regions.status.tolist() == ["member"] * 4 + ["zero_list"]
    assert "take no part: 'e'" in str(regions.notices[0])
    assert regions.in_scenario("lelylijn").scenario == "lelylijn"


def test_unknown_pairs_are_told():
    flows = build_flows(["a", "b"], [0, 0, 1], [0, 1, 1], [50, np.nan, 40])
    regions = delineate(flows, "communities")
    assert "unknown could not take part" in str(regions.notices[-1])


def test_any_other_zoning():
    regions = regions_from_labels(IDS, np.array(["N", "N", "Z", None, ""], object), method="p")
    assert regions.region_name.tolist() == ["N", "Z"]
    assert regions.label.tolist() == [0, 0, 1, -1, -1]


@settings(deadline=None, max_examples=50)
@given(
    arrays(np.int64, (5, 5), elements=st.integers(0, 30)),
    arrays(np.int64, 5, elements=st.integers(-1, 2)),
)
def test_flows_between_regions_lose_nobody(f, label):
    o, d = np.nonzero(f)
    flows = build_flows(IDS, o, d, f[o, d])
    regions = build_regions(IDS, label, weight=flows.jobs())
    between = inter_region_flows(regions, flows)
    assert between.sum() == f.sum()
    for k in range(len(regions)):
        inside = regions.label == k
        assert between[k, k] == f[np.ix_(inside, inside)].sum()
