"""Real flows of the Netherlands and Belgium: systems by name, models, placebo borders."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from real_data import ROOT, data_path

from halfcircle.read_zones import read_zones
from halfcircle.regions import (
    DAILY,
    STRICT,
    build_labour_market_areas,
    delineate,
    fit_gravity,
    flow_plausibility,
    flows_from_table,
    placebo_borders,
    read_flows,
    repair_contiguity,
    shared_borders,
    straight_cuts,
    straight_line_km,
)

pytestmark = pytest.mark.real_data


@pytest.fixture(scope="module")
def dutch():
    zones = read_zones(
        data_path("north_nl/boundaries/odf_NL_muni_390.geojson"), id="id", name="name"
    )
    table = pd.read_csv(data_path("north_nl/flows/nl_commuting_bymode.csv.gz"))
    table = table.groupby(["muni_from", "muni_to"], as_index=False)["value"].sum()
    flows = flows_from_table(
        table.assign(value=np.rint(table["value"])),
        zone_id=zones.zone_id, origin="muni_from", destination="muni_to", count="value",
        year=2016,
    )  # fmt: skip
    return zones, flows


def members(regions, zones, town):
    label = regions.label
    inside = label == label[list(zones.label).index(town)]
    return {str(name) for name in zones.label[inside]}


def test_five_northern_systems(dutch):
    zones, flows = dutch
    daily = delineate(flows, parameters=vars(DAILY), zones=zones)
    assert len(daily) == 61
    assert len(members(daily, zones, "Groningen")) == 18
    assert len(members(daily, zones, "Leeuwarden")) == 14
    assert members(daily, zones, "Heerenveen") == {
        "Heerenveen", "Ooststellingwerf", "Opsterland", "Weststellingwerf", "De Fryske Marren",
    }  # fmt: skip
    assert members(daily, zones, "Smallingerland") == {
        "Achtkarspelen", "Kollumerland en Nieuwkruisland", "Smallingerland",
    }  # fmt: skip
    assert members(daily, zones, "Emmen") == {"Emmen", "Coevorden", "Borger-Odoorn"}
    named = set(daily.region_name)
    assert {"Oldambt", "Hoogeveen", "Assen"} <= named


def test_what_policy_documents_say_of_some_places(dutch):
    zones, flows = dutch
    strict = delineate(flows, parameters=vars(STRICT), zones=zones)
    assert len(strict) == 17
    assert "Meppel" in members(strict, zones, "Zwolle")
    assert "Helmond" in members(strict, zones, "Eindhoven")
    assert "Amstelveen" in members(strict, zones, "Amsterdam")
    assert {"Zwijndrecht", "Papendrecht", "Sliedrecht"} <= members(strict, zones, "Dordrecht")
    assert strict.region_of(zones.zone_id[list(zones.label).index("Hardenberg")]) == "Emmen"


def test_regions_can_be_made_contiguous(dutch):
    zones, flows = dutch
    borders = shared_borders(zones)
    daily = delineate(flows, parameters=vars(DAILY), zones=zones)
    # The Wadden islands touch nothing and stay with Leeuwarden; all else hangs together.
    assert repair_contiguity(daily, flows, borders).log == ()
    strict = delineate(flows, parameters=vars(STRICT), zones=zones)
    fixed = repair_contiguity(strict, flows, borders)
    assert "Zeewolde" in members(strict, zones, "Utrecht")
    assert "Zeewolde" in members(fixed, zones, "Zwolle")
    assert fixed.log == ("GM0050: cut off from Utrecht, moved to Zwolle",)
    assert (fixed.status == "repaired").sum() == 1
    assert fixed.region_name.tolist() == strict.region_name.tolist()


def test_gravity_fits_dutch_commuting(dutch):
    zones, flows = dutch
    model = fit_gravity(flows.matrix().toarray(), straight_line_km(zones))
    assert model.statistics.cpc > 0.77
    assert model.statistics.mean_cost_model == pytest.approx(
        model.statistics.mean_cost_observed, rel=1e-3
    )


def test_placebo_borders_in_both_scopes(dutch):
    zones, flows = dutch
    cuts = straight_cuts(zones, flows.residents())
    cost = straight_line_km(zones)
    table = placebo_borders(flows, cuts, cost, parameters=STRICT)
    assert table["error"].between(-0.15, 0.23).all()
    assert (table["ari_hybrid_near"] > table["ari_closed_near"]).sum() == 5
    assert (table["ari_hybrid"] > table["ari_closed"]).sum() >= 3
    assert table["ari_gravity"].mean() < 0.6


def test_belgian_census_floods_the_reserve():
    path = data_path("border_triangle/flows/be_census2011_commuting_581.csv")
    flows = read_flows(path, origin="home", destination="work", year=2011)
    assert any("fractional" in str(notice) for notice in flows.notices)
    areas = build_labour_market_areas(flows.matrix(), STRICT)
    assert areas.n_areas == 12
    assert areas.reserve_share == pytest.approx(0.49, abs=0.01)
    assert "came through the reserve list" in str(areas.notices(flows.zone_id)[-1])


def test_what_is_odd_about_the_dutch_table_of_2014():
    path = data_path("border_triangle/flows/cbs_commuting_municipal_2014.csv")
    flows = read_flows(
        path, origin="home", destination="work", count="jobs", year=2014, unit="jobs"
    )
    assert len(flows) == 403
    assert flows.matrix().sum() == 7_140_400
    assert flows.matrix().nnz == 9_987
    i, j = (list(flows.zone_id).index(name) for name in ("Almere", "Amsterdam"))
    assert flows.matrix()[i, j] == 20_200
    text = "\n".join(str(notice) for notice in flow_plausibility(flows).notices)
    assert "multiples of 100" in text
    assert len(delineate(flows, parameters=vars(STRICT))) == 30


def test_the_example_of_the_documentation_runs(monkeypatch):
    data_path("north_nl/flows/nl_commuting_bymode.csv.gz")
    monkeypatch.chdir(ROOT)
    text = (ROOT / "docs" / "regions.md").read_text(encoding="utf-8")
    names = {}
    exec(re.findall(r"```python\n(.*?)```", text, re.S)[0], names)
    assert len(names["regions"]) == 61
    assert names["sure"].table()["probability"].mean() > 0.8
