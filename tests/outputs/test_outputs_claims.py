"""Claims: verdicts on runs made to confirm, to refute, and to say nothing."""

from __future__ import annotations

import csv
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from halfcircle import Opportunities, Zones
from halfcircle.outputs import check_claims, published_claims, write_claims
from halfcircle.outputs.claims import CLAIM_COLUMNS, TESTS


def named(result, names):
    """The same run with other names of its first zones."""
    label = [f"Village {i}" for i in range(len(result.zones))]
    label[: len(names)] = names
    zones = result.zones
    return replace(result, zones=Zones(zones.places, zones.crs, zones.geometry, label, zones.grid))


def verdict(result, claim_id):
    table = check_claims(result).set_index("claim_id")
    return table.loc[claim_id]


def members(result, pairs):
    ids = result.zones.zone_id
    rows = [(ids[i], "baseline", "overlap", "all", r, f"Region {r}", 1.0) for i, r in pairs]
    columns = ["zone_id", "scenario", "method", "group", "region_id", "region_name", "share"]
    return replace(result, membership=pd.DataFrame(rows, columns=columns))


def test_every_claim_is_told_or_says_why_not(make_run):
    claims = published_claims()
    assert len({claim.claim_id for claim in claims}) == len(claims) > 20
    for claim in claims:
        assert bool(claim.test) != bool(claim.why), claim.claim_id
        assert not claim.test or claim.test in TESTS
        assert claim.kind in ("number", "order", "norm", "context")
        assert claim.kind != "context" or not claim.test
        assert 2010 <= claim.vintage <= 2020
    assert {claim.test for claim in claims} - {""} == set(TESTS)


def test_a_run_elsewhere_confirms_and_refutes_nothing(make_run, tmp_path):
    result = make_run(5)
    table = check_claims(result)
    assert tuple(table.columns) == CLAIM_COLUMNS
    assert (table["verdict"] == "not testable").all()
    assert (table["why"].str.len() > 5).all()
    assert table["found"].isna().all()
    assert write_claims(result, tmp_path / "claims.csv") is None
    assert not (tmp_path / "claims.csv").exists()


@pytest.mark.parametrize(("jobs", "expected"), [(651_000, "holds"), (800_000, "differs")])
def test_a_number_within_and_beyond_its_tolerance(make_run, jobs, expected):
    result = named(make_run(3), ["Amsterdam"])
    values = np.zeros((1, 9))
    values[0, 0] = jobs
    given = (Opportunities("jobs", values, year=2015), result.opportunities[1])
    row = verdict(replace(result, opportunities=given), "amsterdam-workers")
    assert (row["verdict"], row["found"], row["published"]) == (expected, jobs, 651_000)
    late = (Opportunities("jobs", values, year=2024), result.opportunities[1])
    row = verdict(replace(result, opportunities=late), "amsterdam-workers")
    assert row["verdict"] == "not testable"
    assert "of 2024, the claim is about 2013" in row["why"]


def test_a_place_in_two_zones_is_not_guessed(make_run):
    row = verdict(named(make_run(3), ["Amsterdam", "amsterdam"]), "amsterdam-workers")
    assert row["verdict"] == "not testable"
    assert "2 zones carry the name" in row["why"]


def test_border_loss_puts_south_before_east(make_run):
    result = make_run(8, border=True)
    loss = result.border.query("mode == 'transit' and band_min == 45")["loss"].to_numpy()
    order = np.argsort(np.nan_to_num(loss, nan=0.5))
    for places, expected in (((-1, 0), "holds"), ((0, -1), "differs")):
        names = [f"Village {i}" for i in range(64)]
        names[order[places[0]]], names[order[places[1]]] = "Maastricht", "Enschede"
        row = verdict(named(result, names), "border-south-over-east")
        assert row["verdict"] == expected
        assert "mean loss" in row["why"]


def test_places_of_one_region_and_of_two(make_run):
    result = named(make_run(3), ["Helmond", "Eindhoven", "Hardenberg"])
    together = members(result, [(0, "a"), (1, "a"), (2, "a"), (2, "b")])
    assert verdict(together, "helmond-eindhoven")["verdict"] == "holds"
    assert verdict(together, "hardenberg-two-systems")["verdict"] == "holds"
    apart = members(result, [(0, "a"), (1, "b"), (2, "b")])
    assert verdict(apart, "helmond-eindhoven")["verdict"] == "differs"
    row = verdict(apart, "hardenberg-two-systems")
    assert (row["verdict"], "do not overlap" in row["why"]) == ("not testable", True)


def test_figures_of_a_country_need_all_of_it(make_run):
    result = named(make_run(6), ["Amsterdam", "Emmen"])
    assert "does not cover all of NL" in verdict(result, "amsterdam-reach")["why"]
    people = np.full((1, 36), 2e6)
    given = (result.opportunities[0], Opportunities("population", people))
    whole = replace(result, opportunities=given)
    best = int(np.nanargmax(whole.reach.query(
        "mode == 'transit' and band_min == 45 and opportunity == 'jobs'")["value"]))  # fmt: skip
    names = [f"Village {i}" for i in range(36)]
    names[best] = "Amsterdam"
    row = verdict(named(whole, names), "amsterdam-reach")
    assert row["verdict"] == "holds"
    assert row["found"] > 0.75
    names[best] = "Emmen"
    assert verdict(named(whole, names), "emmen-reach")["verdict"] == "differs"


def test_file_is_read_again(make_run, tmp_path):
    result = named(make_run(3), ["Helmond", "Eindhoven"])
    path = write_claims(members(result, [(0, "a"), (1, "a")]), tmp_path / "claims.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == len(published_claims())
    found = {row["claim_id"]: row for row in rows}
    assert found["helmond-eindhoven"]["verdict"] == "holds"
    assert found["amsterdam-workers"]["published"] == "651000"
    assert found["amsterdam-workers"]["found"] == ""
