"""Daily urban systems of scenarios: margins stay, flows follow times, places come together."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from edit_towns import CITY
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.errors import FlowError
from halfcircle.regions import LabourMarketAreaParameters, build_flows, delineate
from halfcircle.study import run_study
from halfcircle.study.modes.build import Modes
from halfcircle.study.scenarios.chances import (
    chance_table,
    dial_table,
    draw_labels,
    region_validity,
)
from halfcircle.study.scenarios.flows import (
    Commuting,
    build_pivot,
    commuting_weight,
    fit_commuting,
    scenario_flows,
)

PARAMETERS = {"min_size": 10, "target_size": 20}


def flows_of(matrix: np.ndarray):
    n = len(matrix)
    origin, destination = np.nonzero(matrix)
    ids = [f"z{i}" for i in range(n)]
    return build_flows(ids, origin, destination, matrix[origin, destination])


def test_the_same_times_give_the_same_flows() -> None:
    flows = flows_of(np.array([[80.0, 9.0], [5.0, 70.0]]))
    weight = np.array([[1.0, 0.2], [0.2, 1.0]])
    assert scenario_flows(flows, weight, weight.copy()) is flows


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.integers(2, 7))
def test_margins_stay(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    matrix = np.round(rng.gamma(0.5, 40.0, (n, n)))
    matrix[np.arange(n), np.arange(n)] += 50.0
    before = rng.uniform(0.01, 1.0, (n, n))
    after = np.minimum(before * rng.uniform(1.0, 3.0, (n, n)), 1.0)
    flows = flows_of(matrix)
    found = scenario_flows(flows, before, after)
    np.testing.assert_allclose(found.residents(), flows.residents(), rtol=1e-6)
    np.testing.assert_allclose(found.jobs(), flows.jobs(), rtol=1e-6)
    assert (found.matrix().toarray() >= 0).all()


def test_a_faster_link_brings_two_towns_together() -> None:
    # Two towns of two zones each; inside a town everybody mixes, between them hardly anybody.
    matrix = np.full((4, 4), 1.0)
    matrix[:2, :2] = matrix[2:, 2:] = 50.0
    flows = flows_of(matrix)
    before = np.where(matrix > 1, 0.9, 0.018)  # what the model needs to give these flows
    after = np.where(matrix > 1, 0.9, 0.9)
    found = scenario_flows(flows, before, after)
    # All times alike and margins alike: everybody mixes with everybody.
    expected = np.full((4, 4), matrix.sum() / 16)
    np.testing.assert_allclose(found.matrix().toarray(), expected, rtol=1e-5)
    one = delineate(flows, parameters=PARAMETERS)
    other = delineate(found, parameters=PARAMETERS)
    assert len(one.region_id) == 2
    assert len(other.region_id) == 1


def test_no_flow_is_made_up_across_a_border() -> None:
    matrix = np.array([[80.0, 0.0, 0.0], [0.0, 70.0, 5.0], [0.0, 5.0, 60.0]])
    before = np.array([[1.0, 0.0, 0.0], [0.0, 1.0, 0.2], [0.0, 0.2, 1.0]])
    after = np.ones((3, 3))
    side = np.array(["NL", "DE", "DE"], dtype=object)
    found = scenario_flows(flows_of(matrix), before, after, side=side).matrix().toarray()
    assert found[0, 1] == found[1, 0] == 0.0
    inside = scenario_flows(flows_of(matrix), before, after).matrix().toarray()
    assert inside[0, 1] > 0.0


def test_without_a_curve_there_is_no_weight() -> None:
    with pytest.raises(FlowError, match="no mode of the study has a commuter curve"):
        commuting_weight(Modes())


STUDY = """
[study]
name = "Grid city"
[zones]
path = "zones.csv"
[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
[transit]
feeds = [ { id = "grid", path = "grid.zip" } ]
date = 2026-05-12
window = ["07:00", "07:20"]
time_zone = "Europe/Amsterdam"
[reach]
modes = ["transit"]
bands_min = [15]
access_max_min = { walk = 8 }
[regions]
flows = "flows.csv"
parameters = { min_size = 50, target_size = 200 }
[[scenarios]]
name = "often"
edits = [ { type = "set_headway", line = "1", every_min = 2 } ]
city_pairs = [["c0r1", "c5r1"]]
"""


def written_study(tmp_path: Path) -> Path:
    """Results of a study of 24 zones with one scenario."""
    CITY.write_gtfs(tmp_path / "grid.zip")
    lon, lat = CITY.lonlat(CITY.corners)
    ids = [f"c{c}r{r}" for c, r in CITY.corners]
    zones = pd.DataFrame({"zone_id": ids, "lon": lon, "lat": lat, "jobs": 10})
    zones.to_csv(tmp_path / "zones.csv", index=False)
    rows = []
    for a, (ca, ra) in zip(ids, CITY.corners, strict=True):
        for b, (cb, rb) in zip(ids, CITY.corners, strict=True):
            near = abs(ca - cb) + abs(ra - rb) == 1 and (ca < 3) == (cb < 3)
            rows.append((a, b, 60 if a == b else 12 if near else 1))
    table = pd.DataFrame(rows, columns=["origin", "destination", "workers"])
    table.to_csv(tmp_path / "flows.csv", index=False)
    (tmp_path / "study.toml").write_text(STUDY, encoding="utf-8")
    run_study(tmp_path / "study.toml", out=tmp_path / "out", workers=1)
    return tmp_path / "out"


def test_a_study_draws_the_systems_of_its_scenarios(tmp_path: Path) -> None:
    written_study(tmp_path)
    member = pd.read_parquet(tmp_path / "out/membership.parquet")
    assert set(member["scenario"]) == {"baseline", "often"}
    assert member.groupby("scenario")["zone_id"].nunique().tolist() == [24, 24]
    chances = pd.read_csv(tmp_path / "out/scenarios/one_system.csv")
    assert chances["scenario"].tolist() == ["baseline", "often"]
    assert (chances["draws"] == 60).all()
    dial = pd.read_csv(tmp_path / "out/scenarios/systems_dial.csv")
    assert (dial.groupby("scenario").size() == 9).all()
    assert chances["probability"].between(0, 1).all()
    import pyogrio

    layers = [name for name, _ in pyogrio.list_layers(tmp_path / "out/regions.gpkg")]
    assert any("often" in name for name in layers)


# How steep commuting is, and chances ------------------------------------------------------------


def line_of_towns(n: int, near: float, far: float) -> tuple[np.ndarray, np.ndarray]:
    """Weights of towns on a line, and flows that follow them exactly."""
    place = np.random.default_rng(3).uniform(0, 60, n)
    weight = np.exp(-np.abs(place[:, None] - place) / 15.0)
    model = Commuting(np.array([near, far]), np.zeros((2, 2)))
    size = np.random.default_rng(4).uniform(500, 5000, n)
    return weight, model.weigh(weight) * size[:, None] * size / 1000.0


@pytest.mark.parametrize(("near", "far"), [(0.0, 1.0), (2.0, 0.5), (0.0, 2.0)])
def test_the_steepness_of_made_up_flows_is_found_again(near: float, far: float) -> None:
    weight, flow = line_of_towns(30, near, far)
    found = fit_commuting(flows_of(flow), weight, n_modes=1)
    assert found.is_fitted
    np.testing.assert_allclose(found.parameters, [near, far], atol=0.02)
    assert found.cpc > 0.999
    # All parts of the country are alike: leaving out some of them changes nothing.
    assert np.sqrt(np.diag(found.covariance)).max() < 0.05


def test_parts_of_a_country_that_differ_make_it_uncertain() -> None:
    weight, flow = line_of_towns(30, 0.0, 1.0)
    noisy = flow * np.random.default_rng(5).gamma(1.0, 1.0, flow.shape)
    exact = fit_commuting(flows_of(flow), weight, n_modes=1)
    found = fit_commuting(flows_of(noisy), weight, n_modes=1)
    assert found.covariance[1, 1] > 10 * exact.covariance[1, 1]


def test_too_few_pairs_leave_the_curve_as_published() -> None:
    found = fit_commuting(flows_of(np.full((3, 3), 5.0)), np.full((3, 3), 0.5), n_modes=1)
    assert not found.is_fitted
    assert found.parameters.tolist() == [0.0, 1.0]
    np.testing.assert_allclose(found.weigh(np.array([0.0, 0.5, 1.0])), [0.0, 0.5, 1.0])
    assert found.draw(np.random.default_rng(1)).tolist() == [0.0, 1.0]


def test_trips_inside_zones_are_as_many_in_the_model_as_counted() -> None:
    weight, flow = line_of_towns(12, 0.0, 1.0)
    flow[np.diag_indices(12)] *= 7.0
    pivot = build_pivot(flow, weight)
    assert np.trace(pivot.modelled) == pytest.approx(np.trace(flow), rel=1e-4)
    np.testing.assert_allclose(pivot.moved(weight), flow, rtol=1e-6)


def test_people_who_moved_take_their_commute_along() -> None:
    weight, flow = line_of_towns(6, 0.0, 1.0)
    factor = np.array([1.0, 1.0, 2.0, 1.0, 1.0, 1.0])
    found = scenario_flows(flows_of(flow), weight, weight.copy(), residents_factor=factor)
    rows = flow.sum(axis=1) * factor
    np.testing.assert_allclose(found.residents(), rows * flow.sum() / rows.sum(), rtol=1e-6)
    np.testing.assert_allclose(found.jobs(), flow.sum(axis=0), rtol=1e-6)


TWO = np.array(
    [
        [900.0, 90.0, 20.0, 10.0],
        [80.0, 500.0, 10.0, 10.0],
        [20.0, 10.0, 900.0, 80.0],
        [10.0, 10.0, 90.0, 500.0],
    ]
)
SMALL = LabourMarketAreaParameters(min_size=300, target_size=1200)


def test_chances_are_paired_and_do_not_hang_on_threads() -> None:
    flows = flows_of(TWO)
    weight = np.where(TWO > 20, 0.9, 0.05)
    faster = np.where(TWO > 20, 0.9, 0.5)
    commuting = Commuting(np.array([0.0, 1.0]), np.diag([0.0, 0.09]))
    weights = {"baseline": weight, "same": weight, "faster": faster}
    options = {"inside": np.ones((4, 4), dtype=bool), "n_draws": 30}
    one = draw_labels(flows, weights, SMALL, commuting, **options)
    many = draw_labels(flows, weights, SMALL, commuting, **options, workers=3)
    for name, labels in one.items():
        np.testing.assert_array_equal(labels, many[name])
    np.testing.assert_array_equal(one["same"], one["baseline"])
    together = {name: (labels[:, 0] == labels[:, 2]).mean() for name, labels in one.items()}
    assert together["baseline"] == 0.0
    # Neither sure nor impossible: it hangs on how steep commuting is.
    assert 0.2 < together["faster"] < 0.8


def test_the_margin_and_the_dial_say_how_far_places_are_from_merging() -> None:
    matrix = TWO.copy()
    matrix[np.diag_indices(4)] = [300, 150, 300, 150]
    flows = flows_of(matrix)
    regions = delineate(flows, parameters={"min_size": 300, "target_size": 1200})
    assert regions.label[0] == regions.label[1] != regions.label[2] == regions.label[3]
    # 620 of 670 work in their own system, more than the target asks for. Size lacks 530 of the
    # 900 between least and target: 0.75 / 0.6667 x (1 - (1 - 0.6667 / 0.75) x 530 / 900).
    scores = region_validity(regions, flows, SMALL)
    np.testing.assert_allclose(scores, 1.05139, atol=1e-4)
    dial, labels = dial_table([("baseline", flows)], {"min_size": 300, "target_size": 1200})
    assert dial["systems"].tolist()[0] >= dial["systems"].tolist()[-1]
    drawn = {"baseline": np.array([[0, 0, 1, 1], [0, 0, 0, 0]], np.int32)}
    table = chance_table([("baseline", regions, flows)], drawn, labels, [(0, 2), (0, 1)], SMALL)
    apart, same = table.iloc[0], table.iloc[1]
    assert (apart["together"], apart["probability"], apart["draws"]) == (0, 0.5, 2)
    assert (same["together"], same["probability"]) == (1, 1.0)
    assert same["together_from"] <= 0.6667
    assert np.isnan(apart["together_from"]) or apart["together_from"] > 0.6667


def test_large_studies_draw_systems_and_no_chances(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("halfcircle.study.scenarios.systems.MOST_ZONES_DRAWN", 20)
    out = written_study(tmp_path)
    assert set(pd.read_parquet(out / "membership.parquet")["scenario"]) == {"baseline", "often"}
    assert not (out / "scenarios/one_system.csv").exists()
    assert not (out / "scenarios/systems_dial.csv").exists()
    notices = (out / "manifest.json").read_text(encoding="utf-8")
    assert "chances and the dial are not drawn for more than 20 zones" in notices
