"""Claims: verdicts on runs made to confirm, to refute, and to say nothing."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from halfcircle import Opportunities, Zones
from halfcircle.errors import OutputError
from halfcircle.outputs import (
    Texts,
    build_layers,
    build_loss_layers,
    build_report,
    check_claims,
    published_claims,
    write_claims,
)
from halfcircle.outputs._assets import asset
from halfcircle.outputs.claim_tests import TESTS
from halfcircle.outputs.claims import CLAIM_COLUMNS, claims_section


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
    assert len({claim.claim_id for claim in claims}) == len(claims) > 50
    for claim in claims:
        assert bool(claim.test) != bool(claim.why), claim.claim_id
        assert not claim.test or claim.test in TESTS
        assert claim.kind in ("number", "order", "norm", "context")
        assert claim.kind != "context" or not claim.test
        assert 2010 <= claim.vintage <= 2020
        assert set(claim.translated) == {"nl", "de"}
        assert len({claim.text, *claim.translated.values()}) == 3
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
    assert "of 2024, the figure is about 2013" in row["why"]


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


def with_pairs(result, minutes):
    rows = [(a, b, "transit", one, one) for (a, b), one in minutes.items()]
    columns = ["from", "to", "mode", "minutes_baseline", "minutes_variant"]
    return replace(result, further={"scenarios/x/city_pairs": pd.DataFrame(rows, columns=columns)})


def test_minutes_between_cities_are_those_of_the_slowest_way(make_run):
    result = make_run(3)
    both = {("Eindhoven", "Schiphol Airport"): 58.0, ("Schiphol Airport", "Eindhoven"): 60.0}
    row = verdict(with_pairs(result, both), "eindhoven-schiphol")
    assert (row["verdict"], row["found"]) == ("holds", 60.0)
    assert "slowest of 2 pairs" in row["why"]
    row = verdict(with_pairs(result, both | {("Schiphol Airport", "Eindhoven"): 60.5}), row.name)
    assert (row["verdict"], row["found"]) == ("differs", 60.5)
    row = verdict(with_pairs(result, both | {("Schiphol Airport", "Eindhoven"): np.nan}), row.name)
    assert row["verdict"] == "differs"
    assert np.isnan(row["found"])
    one_way = {("Eindhoven", "Schiphol Airport"): 58.0}
    assert verdict(with_pairs(result, one_way), row.name)["verdict"] == "not testable"
    assert verdict(with_pairs(result, both), "one-hour-between-cities")["verdict"] == "not testable"


def potential(result, **changes):
    row = {
        "scenario": "baseline", "mode": "car", "from_country": "NL", "from_region": "",
        "to_country": "DE", "to_region": "", "numerator": "gross", "n_zones": 3, "workers": 1e6,
        "jobs_closed": 1.0, "jobs_open": 2.0, "potential_choice": 100_000.0,
        "potential_balanced": 90_000.0, "border_zone_km": 25.0, "cap_km": 100.0,
        "realised": 6_000.0, "year": 2020.0, "source": "x", "rate_choice": 0.06,
        "rate_balanced": 0.07, "reference_rate": 0.05, "reference": "x", "willingness": "pbl",
    }  # fmt: skip
    return replace(result, border_potential=pd.DataFrame([row | changes]))


def test_commuters_are_held_against_the_potential(make_run):
    row = verdict(potential(make_run(3)), "cross-border-commuting")
    assert (row["verdict"], row["found"]) == ("holds", 0.06)
    assert "each worker counts once" in row["why"]
    row = verdict(potential(make_run(3), realised=15_000.0), "cross-border-commuting")
    assert (row["verdict"], row["found"]) == ("differs", 0.15)
    for lacking in ({"realised": np.nan}, {"numerator": "net"}, {"from_country": "BE"}):
        row = verdict(potential(make_run(3), **lacking), "cross-border-commuting")
        assert row["verdict"] == "not testable"


def test_a_system_that_reaches_into_another_province(make_run):
    result = named(make_run(3), ["Eindhoven", "Weert", "Venlo"])
    row = verdict(members(result, [(0, "a"), (1, "a"), (2, "b")]), "brainport-limburg")
    assert (row["verdict"], row["found"]) == ("holds", 1.0)
    row = verdict(members(result, [(0, "a"), (1, "b"), (2, "b")]), "brainport-limburg")
    assert row["verdict"] == "differs"
    alone = members(named(make_run(3), ["Eindhoven"]), [(0, "a")])
    assert "no zone of the run" in verdict(alone, "brainport-limburg")["why"]


def test_rank_among_the_largest_places(make_run):
    result = make_run(8)
    people = np.full((1, 64), 1e6)
    people[0, :50] = 2e6
    given = (result.opportunities[0], Opportunities("population", people))
    reach = result.reach.query("mode == 'transit' and band_min == 45 and opportunity == 'jobs'")
    values = reach["value"].to_numpy()
    order = [i for i in np.argsort(-np.nan_to_num(values, nan=-1)) if i < 50]
    country = np.full(64, "NL", dtype=object)
    places = replace(result.zones.places, country=country)
    for place, expected in ((order[4], "holds"), (order[30], "differs")):
        names = [f"Village {i}" for i in range(64)]
        names[place] = "Den Bosch"
        zones = Zones(places, result.zones.crs, result.zones.geometry, names, result.zones.grid)
        row = verdict(replace(result, opportunities=given, zones=zones), "den-bosch-reach")
        assert row["verdict"] == expected
        assert row["found"] == 1 + (values[:50] > values[place]).sum()


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_words_of_every_language(make_run, language):
    run = potential(with_pairs(named(make_run(4, border=True), ["Maastricht", "Enschede"]), {}))
    for result in (run, make_run(3)):
        table = check_claims(result, language=language)
        assert (table["why"].str.len() > 5).all()
        assert not table["why"].str.contains("{", regex=False).any()
        section = claims_section(result, Texts(language))
        assert len(section["tested"]) + len(section["others"]) == len(published_claims())
    rows = {row["claim"]: row for row in section["tested"]}
    assert all(claim[0] == claim[0].upper() for claim in rows)
    shown = {"en": "holds", "nl": "klopt", "de": "stimmt"}[language]
    section = claims_section(run, Texts(language))
    words = {row["verdict_word"] for row in section["tested"]}
    assert shown in words
    texts = Texts(language)
    page = build_report(run, build_layers(run), build_loss_layers(run), texts=texts, claims=True)
    assert 'id="h-claims"' in page
    assert f"<strong>{shown}</strong>" in page
    without = build_report(run, build_layers(run), build_loss_layers(run), texts=texts)
    assert 'id="h-claims"' not in without


def test_all_reasons_are_translated():
    words = tomllib.loads(asset("texts", "claims.toml"))
    assert set(words["nl"]) == set(words["de"]) == set(words["en"])
    reasons = {claim.why for claim in published_claims()} - {""}
    assert reasons <= set(words["en"])
    with pytest.raises(OutputError, match="language 'fr' is not known"):
        check_claims(None, language="fr")


def test_shares_are_told_in_per_cent_and_counts_as_numbers(make_run):
    run = named(make_run(4, border=True), ["Helmond", "Eindhoven", "Maastricht", "Enschede"])
    section = claims_section(members(run, [(0, "a"), (1, "a")]), Texts())
    found = {row["claim"]: row["found"] for row in section["tested"]}
    assert found["Helmond belongs to the daily urban system of Eindhoven"] == "1"
    (loss,) = [value for claim, value in found.items() if "South Limburg" in claim]
    assert loss.endswith("%")
