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
from halfcircle.regions import build_flows, delineate
from halfcircle.study import run_study
from halfcircle.study.modes import Modes
from halfcircle.study.scenario_regions import commuting_weight, scenario_flows

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
    before = np.where(matrix > 1, 0.9, 0.01)
    after = np.where(matrix > 1, 0.9, 0.9)
    found = scenario_flows(flows, before, after)
    # All times alike and margins alike: the pattern of the pivot is T x M'/M, balanced.
    expected = matrix * np.where(matrix > 1, 1.0, 90.0)
    expected *= matrix.sum() / expected.sum()
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


def test_a_study_draws_the_systems_of_its_scenarios(tmp_path: Path) -> None:
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
    member = pd.read_parquet(tmp_path / "out/membership.parquet")
    assert set(member["scenario"]) == {"baseline", "often"}
    assert member.groupby("scenario")["zone_id"].nunique().tolist() == [24, 24]
    chances = pd.read_csv(tmp_path / "out/scenarios/one_system.csv")
    assert chances["scenario"].tolist() == ["baseline", "often"]
    assert chances["probability"].between(0, 1).all()
    import pyogrio

    layers = [name for name, _ in pyogrio.list_layers(tmp_path / "out/regions.gpkg")]
    assert any("often" in name for name in layers)
