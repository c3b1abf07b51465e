"""Contiguity, the dial, bootstrap, comparison of zonings, systems across a border."""

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
from halfcircle.errors import FlowError, ZoneError
from halfcircle.regions import (
    LabourMarketAreaParameters,
    agreement,
    bootstrap_stability,
    border_factors,
    build_flows,
    build_regions,
    calibrate_border_factors,
    compare_zonings,
    containment_dial,
    cross_border_systems,
    delineate,
    draw_flows,
    fit_gravity,
    hybrid_flows,
    merge_probabilities,
    placebo_borders,
    redistribute_flows,
    regions_from_labels,
    repair_contiguity,
    shared_borders,
    straight_cuts,
    straight_line_km,
)
from halfcircle.regions.placebo import Cut

CRS_M = CRS.from_epsg(3035)


def squares(n_x, n_y):
    x, y = (a.ravel() for a in np.meshgrid(np.arange(n_x), np.arange(n_y)))
    boxes = shapely.box(4e6 + 1e4 * x, 3e6 + 1e4 * y, 4e6 + 1e4 * (x + 1), 3e6 + 1e4 * (y + 1))
    points = gpd.GeoSeries(shapely.centroid(boxes), crs=CRS_M).to_crs(4326)
    ids = id_array(f"z{i:03d}" for i in range(n_x * n_y))
    return Zones(Places(ids, points.x.to_numpy(), points.y.to_numpy()), CRS_M, geometry=boxes)


def flows_of(f, ids):
    o, d = np.nonzero(f)
    return build_flows(ids, o, d, np.asarray(f, float)[o, d])


def test_shared_borders_are_sides_not_corners():
    borders = shared_borders(squares(2, 2))
    assert borders.toarray() == pytest.approx(
        1e4 * np.array([[0, 1, 1, 0], [1, 0, 0, 1], [1, 0, 0, 1], [0, 1, 1, 0]])
    )
    zones = squares(2, 1)
    apart = Zones(
        zones.places,
        CRS_M,
        geometry=[zones.geometry[0], shapely.box(4.01003e6, 3e6, 4.02e6, 3.01e6)],
    )
    assert shared_borders(apart).nnz == 0
    assert shared_borders(apart, tolerance_m=50)[0, 1] == pytest.approx(1e4, rel=0.02)
    with pytest.raises(ZoneError, match="need areas"):
        shared_borders(Zones(zones.places, CRS_M))


def test_a_piece_that_is_cut_off_goes_to_the_neighbour_it_is_linked_to():
    zones = squares(6, 1)
    f = np.diag([900, 50, 60, 800, 40, 700]).astype(float)
    f[4, 0], f[4, 3], f[4, 5] = 30, 9, 10  # 4 works with 0 mostly, which lies far away
    f[1, 0] = f[2, 3] = 20
    flows = flows_of(f, zones.zone_id)
    regions = build_regions(
        flows.zone_id, np.array([0, 0, 1, 1, 0, 2]), weight=flows.jobs(), method="x"
    )
    fixed = repair_contiguity(regions, flows, shared_borders(zones))
    assert [fixed.region_of(z) for z in zones.zone_id] == [
        "z000", "z000", "z003", "z003", "z005", "z005",
    ]  # fmt: skip
    assert fixed.log == ("z004: cut off from z000, moved to z005",)
    assert fixed.status[4] == "repaired"
    again = repair_contiguity(fixed, flows, shared_borders(zones))
    assert (again.label == fixed.label).all()


def test_contiguous_is_a_parameter_of_every_method():
    zones = squares(6, 1)
    f = np.diag([900, 50, 60, 800, 40, 700]).astype(float)
    f[4, 0], f[4, 3], f[4, 5], f[1, 0], f[2, 3] = 300, 9, 10, 200, 200
    flows = flows_of(f, zones.zone_id)
    loose = delineate(flows, "intramax", parameters={"n_regions": 3}, zones=zones)
    fixed = delineate(
        flows, "intramax", parameters={"n_regions": 3, "contiguous": True}, zones=zones
    )
    assert loose.region_of("z004") == "z000"
    assert fixed.region_of("z004") == "z005"
    assert fixed.parameters["contiguous"] is True
    with pytest.raises(FlowError, match="needs zones with areas"):
        delineate(flows, "intramax", parameters={"n_regions": 3, "contiguous": True})
    with pytest.raises(FlowError, match="neither true nor false: 'yes'"):
        delineate(flows, "intramax", parameters={"n_regions": 3, "contiguous": "yes"})


def test_islands_stay():
    zones = squares(3, 1)
    island = [*zones.geometry[:2], shapely.box(5e6, 3e6, 5.01e6, 3.01e6)]
    zones = Zones(zones.places, CRS_M, geometry=island)
    flows = flows_of(np.diag([9, 8, 7]), zones.zone_id)
    regions = build_regions(flows.zone_id, np.array([0, 1, 0]), weight=flows.jobs())
    fixed = repair_contiguity(regions, flows, shared_borders(zones))
    assert fixed.label.tolist() == regions.label.tolist()
    assert fixed.log == ()


def province(seed=0, n=60):
    """Towns on a plane with commuters between them, at random."""
    rng = np.random.default_rng(seed)
    zones = squares(10, n // 10)
    cost = straight_line_km(zones)
    size = np.minimum(rng.pareto(1.2, n) * 2000 + 400, 25_000)
    weight = size[:, None] * size * cost**-2.2
    mean = weight / weight.sum(axis=1, keepdims=True) * size[:, None]
    return zones, flows_of(rng.poisson(mean), zones.zone_id), cost


P = LabourMarketAreaParameters(
    min_size=1500, target_size=8000, min_containment=0.5, target_containment=0.6
)


def test_the_dial_is_a_table():
    _, flows, _ = province()
    table = containment_dial(
        flows, ((0.3, 0.4), (0.6, 0.7)), sizes=((500, 4000), (1500, 8000)), workers=2
    )
    assert len(table) == 4
    row = table.iloc[2]
    assert (row["min_size"], row["min_containment"]) == (1500, 0.3)
    regions = delineate(
        flows,
        parameters={
            "min_size": 1500, "target_size": 8000, "min_containment": 0.3,
            "target_containment": 0.4,
        },
    )  # fmt: skip
    assert row["n_regions"] == len(regions)
    assert 0 < row["internal_share"] <= 1
    assert table["internal_share"].iloc[3] > table["internal_share"].iloc[2]


def test_bootstrap_is_the_same_for_any_number_of_threads():
    _, flows, _ = province()
    regions = delineate(flows, parameters=vars(P))
    one = bootstrap_stability(regions, flows, P, n_draws=12, seed=4)
    two = bootstrap_stability(regions, flows, P, n_draws=12, seed=4, workers=2)
    assert (one.labels == two.labels).all()
    other = bootstrap_stability(regions, flows, P, n_draws=12, seed=5)
    assert (one.labels != other.labels).any()
    with pytest.raises(FlowError, match="n_draws: must be positive"):
        bootstrap_stability(regions, flows, P, n_draws=0)


def test_probabilities_of_places_and_pairs():
    _, flows, _ = province()
    regions = delineate(flows, parameters=vars(P))
    found = bootstrap_stability(regions, flows, P, n_draws=20, people_per_observation=20)
    chance = found.place_probability
    assert ((chance >= 0) & (chance <= 1)).all()
    centres = np.isin(regions.zone_id, regions.region_id)
    assert (chance[centres] == 1).all()
    together = found.co_membership()
    assert (together == together.T).all()
    assert (np.diag(together) == 1).all()
    i = int(np.flatnonzero(~centres)[0])
    centre = int(np.flatnonzero(regions.zone_id == regions.region_id[regions.label[i]])[0])
    assert together[i, centre] == chance[i]
    assert found.co_membership([i])[0] == pytest.approx(together[i])
    assert len(found.n_regions) == 20
    assert found.table()["probability"].tolist() == chance.tolist()
    # Surer with more observations.
    sure = bootstrap_stability(regions, flows, P, n_draws=20, people_per_observation=0.01)
    assert sure.place_probability.mean() > chance.mean()
    assert np.median(sure.place_probability) == 1.0


def plain_pairs(a, b):
    n = len(a)
    both = either = 0
    for i in range(n):
        for j in range(i):
            x, y = a[i] == a[j], b[i] == b[j]
            both, either = both + (x and y), either + (x or y)
    return both / either if either else 1.0


def test_agreement_by_hand():
    a, b = np.array([0, 0, 1, 1]), np.array([0, 0, 1, 2])
    found = agreement(a, b)
    # pairs: 2 in a, 1 in b, 1 in both, of 6: expected 1/3
    assert found.ari == pytest.approx((1 - 1 / 3) / (1.5 - 1 / 3))
    assert found.vi == pytest.approx(0.5)
    assert found.nmi == pytest.approx(2 * 1 / (1 + 1.5))
    assert found.jaccard == 0.5
    assert agreement(np.array([0, -1, -1]), np.array([5, 6, 7])).ari == 1.0  # nobody together
    with pytest.raises(FlowError, match="2 and 3 zones"):
        agreement(np.zeros(2, int), np.zeros(3, int))


@settings(deadline=None, max_examples=60)
@given(
    arrays(np.int64, 9, elements=st.integers(0, 3)),
    arrays(np.int64, 9, elements=st.integers(0, 3)),
    st.permutations(range(4)),
)
def test_agreement_is_symmetric_and_blind_to_names(a, b, names):
    one, two = agreement(a, b), agreement(np.array(names)[b], a)
    assert (one.ari, one.nmi, one.vi, one.jaccard) == pytest.approx(
        (two.ari, two.nmi, two.vi, two.jaccard), abs=1e-12
    )
    assert one.jaccard == pytest.approx(plain_pairs(a, b))
    same = agreement(a, np.array(names)[a])
    assert (same.ari, same.nmi, same.vi) == pytest.approx((1, 1, 0), abs=1e-12)


def test_misassigned_places_by_name():
    ids = id_array("abcd")
    flows = flows_of(np.array([[50, 5, 0, 0], [9, 20, 2, 0], [0, 1, 60, 4], [0, 0, 8, 10]]), ids)
    own = build_regions(ids, np.array([0, 0, 1, 1]), weight=flows.jobs(), method="own")
    official = regions_from_labels(
        ids, np.array(["West", "East", "East", "East"], object), method="labour regions"
    )
    found = compare_zonings(own, official, flows, zone_name=id_array(["A", "B", "C", "D"]))
    assert found.misassigned.to_numpy().tolist() == [["b", "B", "a", "West", "East"]]
    assert found.summary["n_regions"].tolist() == [2, 2]
    assert found.summary["internal_share"][0] == pytest.approx(166 / 169)
    assert set(found.containment["zoning"]) == {"own", "labour regions"}
    assert found.containment["self_containment"].is_monotonic_increasing


def test_hybrid_reproduces_what_is_known_bit_for_bit():
    _, flows, cost = province()
    f = flows.matrix().toarray()
    model = fit_gravity(f, cost)
    o, d = f.sum(axis=1), f.sum(axis=0)
    known = np.ones(f.shape, bool)
    assert (hybrid_flows(f, model.predict(cost, o, d).matrix, known, o, d) == f).all()


def test_hybrid_keeps_the_pattern_inside_and_meets_the_margins():
    _, flows, cost = province()
    f = flows.matrix().toarray()
    side = np.arange(60) % 10 < 5
    known = side[:, None] == side
    seen = np.where(known, f, 0)
    o, d = f.sum(axis=1), f.sum(axis=0)
    t = fit_gravity(seen, cost, known=known).predict(cost, o, d).matrix
    full = hybrid_flows(seen, t, known, o, d)
    assert full.sum(axis=1) == pytest.approx(o, rel=1e-6)
    assert full.sum(axis=0) == pytest.approx(d, rel=1e-6)
    less = hybrid_flows(seen, t, known, o, d, factor=0.3)
    assert less[~known].sum() < full[~known].sum()
    assert ((full == 0) == (np.where(known, seen, t) == 0)).all()


def test_border_factors_have_directions():
    side = id_array(["NL", "NL", "DE"])
    assert border_factors(side, 0.5).tolist() == [[1, 1, 0.5], [1, 1, 0.5], [0.5, 0.5, 1]]
    assert border_factors(side, {("DE", "NL"): 0.2}).tolist() == [
        [1, 1, 1], [1, 1, 1], [0.2, 0.2, 1],
    ]  # fmt: skip
    with pytest.raises(FlowError, match="no zones on these sides: 'BE'") as caught:
        border_factors(side, {("NL", "BE"): -1})
    assert "from 0 on" in str(caught.value)


def test_open_as_is_and_closed():
    _, flows, cost = province()
    side = id_array(np.where(np.arange(60) % 10 < 5, "NL", "DE"))
    known = side[:, None] == side
    seen = np.where(known, flows.matrix().toarray(), 0.0)
    model = fit_gravity(seen, cost, known=known)
    o, d = seen.sum(axis=1), seen.sum(axis=0)
    t = model.predict(cost, o, d).matrix
    totals = {("NL", "DE"): 300.0, ("DE", "NL"): 900.0}
    # Counted cross-border commuters need room in the margins: all jobs of both countries.
    d = d + np.where(side == "NL", 600.0 * d / d[side == "NL"].sum(), 0)
    d = d - np.where(side == "DE", 600.0 * d / d[side == "DE"].sum(), 0)
    factors = calibrate_border_factors(seen, t, side, o, d, totals)
    now = hybrid_flows(seen, t, known, o, d, factor=border_factors(side, factors))
    assert now[np.ix_(side == "DE", side == "NL")].sum() == pytest.approx(900, rel=2e-3)
    found = cross_border_systems(
        flows, side, cost, model, as_is=0.05, parameters=P, n_draws=8, workers=2
    )
    assert [r.scenario for r in (found.closed, found.as_is, found.opened)] == [
        "closed", "as is", "open",
    ]  # fmt: skip
    for k in range(len(found.closed)):
        assert len(set(side[found.closed.label == k])) == 1
    table = found.zone_table()
    assert table["crosses"].between(0, 1).all()
    assert table["crosses"].max() > 0
    pairs = found.pair_table(min_probability=0.5)
    assert (pairs["country"] != pairs["other_country"]).all()
    assert pairs["co_membership"].is_monotonic_decreasing
    again = cross_border_systems(flows, side, cost, model, as_is=0.05, parameters=P, n_draws=8)
    assert (again.stability.labels == found.stability.labels).all()
    with pytest.raises(FlowError, match="all zones are on one side: 'NL'"):
        cross_border_systems(flows, id_array(["NL"] * 60), cost, model, as_is=1)


def test_placebo_borders():
    zones, flows, cost = province()
    cuts = straight_cuts(zones, flows.residents(), n_cuts=2)
    assert [cut.name for cut in cuts] == ["0°", "90°"]
    west = flows.residents()[cuts[0].side].sum() / flows.matrix().sum()
    assert 0.2 < west < 0.8
    table = placebo_borders(flows, cuts, cost, parameters=P)
    assert (table["error"].abs() < 0.35).all()
    assert (table["hidden"] > 0).all()
    assert set(table.columns) >= {"ari_hybrid", "ari_closed_near", "ari_gravity"}
    nothing = Cut("none", np.zeros(60, bool), np.zeros(60))
    with pytest.raises(FlowError, match="'none': hides no flow"):
        placebo_borders(flows, [nothing], cost, parameters=P)


def test_draws_keep_the_form_of_the_flows():
    _, flows, _ = province()
    rng = np.random.default_rng(0)
    drawn = draw_flows(flows.matrix(), rng, people_per_observation=10)
    assert drawn.shape == flows.matrix().shape
    assert (drawn.data % 10 == 0).all()
    assert (drawn.data > 0).all()
    assert drawn.sum() == pytest.approx(flows.matrix().sum(), rel=0.05)
    assert sparse.issparse(drawn)


def test_a_scenario_that_changes_nothing_changes_nothing():
    _, flows, cost = province()
    model = fit_gravity(flows.matrix().toarray(), cost)
    same = redistribute_flows(flows, model, cost, cost)
    assert (same.matrix().toarray() == flows.matrix().toarray()).all()
    regions = delineate(flows, parameters=vars(P))
    drawn = [bootstrap_stability(regions, f, P, n_draws=10) for f in (flows, same)]
    table = merge_probabilities(*drawn, [0, 7, 31])
    assert len(table) == 3
    assert (table["delta"] == 0).all()


def test_a_faster_link_draws_people_and_keeps_the_margins():
    _, flows, cost = province()
    model = fit_gravity(flows.matrix().toarray(), cost)
    faster = cost.copy()
    west = np.arange(60) % 10 < 5
    faster[np.ix_(west, ~west)] *= 0.5
    faster[np.ix_(~west, west)] *= 0.5
    after = redistribute_flows(flows, model, cost, faster)
    assert after.residents() == pytest.approx(flows.residents(), rel=1e-6)
    assert after.jobs() == pytest.approx(flows.jobs(), rel=1e-6)
    across = west[:, None] != west
    assert after.matrix().toarray()[across].sum() > 1.5 * flows.matrix().toarray()[across].sum()
    assert "modelled" in str(after.notices[-1])
    with pytest.raises(FlowError, match="not positive"):
        redistribute_flows(flows, model, cost, cost * 0)
    with pytest.raises(FlowError, match="people travel where nobody can"):
        redistribute_flows(flows, model, np.full((60, 60), np.inf), cost)
