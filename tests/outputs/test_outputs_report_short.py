"""A report that is short on top: folded tables, scenarios side by side, how sure numbers are."""

from __future__ import annotations

import re
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from halfcircle.outputs import (
    LayerKey,
    Texts,
    build_layers,
    build_loss_layers,
    build_report,
    build_scenario_layers,
)
from halfcircle.outputs.headlines import headlines
from halfcircle.outputs.report_tables import band_tables
from halfcircle.outputs.scenario_overview import scenario_overview, strongest
from halfcircle.outputs.statistics import Weights, spread, weights_of
from halfcircle.outputs.uncertainty import loss_with_abroad, stretched

KEY = LayerKey("jobs", "transit", 45.0, 50)


@pytest.fixture(scope="module")
def run(make_run):
    return make_run(8, variants=True, border=True, opportunities=("jobs", "population", "schools"))


def report(result, language="en"):
    return build_report(
        result, build_layers(result), build_loss_layers(result), texts=Texts(language)
    )


def test_longer_journeys_are_read_between_the_bands(run):
    layers = build_layers(run)
    at30, at45, at60 = (layers.get(replace(KEY, band_min=band)) for band in (30.0, 45.0, 60.0))
    # 45 / 1.1 = 40.909 lies 10.909 / 15 of the way from 30 to 45; 45 / 0.9 = 50 a third beyond 45.
    expected = at30 + (45 / 1.1 - 30) / 15 * (at45 - at30)
    np.testing.assert_allclose(stretched(layers, KEY, 1.1), expected)
    np.testing.assert_allclose(stretched(layers, KEY, 0.9), at45 + (at60 - at45) / 3)
    np.testing.assert_array_equal(stretched(layers, KEY, 1.5), at30)
    np.testing.assert_array_equal(stretched(layers, KEY, 1.0), at45)
    assert stretched(layers, replace(KEY, band_min=90.0), 0.9) is None
    assert stretched(layers, replace(KEY, band_min=15.0), 1.1) is None
    assert stretched(layers, replace(KEY, band_min=None), 1.1) is None


@pytest.mark.parametrize(
    ("domestic", "opened", "factor", "expected"),
    [(60, 100, 1.0, 0.4), (60, 100, 0.5, 0.25), (60, 100, 2.0, 80 / 140), (60, 60, 0.5, 0.0)],
)
def test_loss_with_other_counts_abroad(domestic, opened, factor, expected):
    assert loss_with_abroad(domestic, opened, factor) == pytest.approx(expected)
    assert np.isnan(loss_with_abroad(0.0, 0.0, factor))


def test_every_headline_says_how_sure_it_is(run):
    layers, weights = build_layers(run), weights_of(run)
    found = headlines(run, layers, weights, Texts())
    assert len(found) == 3
    assert all(one.sure for one in found)
    longer = spread(stretched(layers, KEY, 1.1), weights).mean
    assert f"a tenth longer: {Texts().count(float(f'{longer:.3g}'))};" in found[0].sure
    page = report(run)
    assert page.count("How sure?") == 3
    assert "a tenth fewer jobs abroad" in page


def test_one_band_alone_is_not_made_surer_than_it_is(make_run):
    result = make_run(4, modes=("walk",))
    one = replace(result, reach=result.reach.query("band_min == 45"))
    found = headlines(one, build_layers(one), weights_of(one), Texts())
    assert [headline.sure for headline in found] == ["", "", ""]
    assert "How sure?" not in report(one)


def test_tables_are_of_the_baseline_and_only_the_first_is_open(run):
    more = run.reach.assign(scenario="Fast line")
    both = replace(run, reach=pd.concat([run.reach, more], ignore_index=True))
    tables = band_tables(build_layers(both), weights_of(both), Texts())
    assert [table["folded"] for table in tables] == [False, True, True]
    page = report(both)
    assert page.count("Jobs within reach</caption>") == 1
    assert "<details><summary>Schools within reach</summary>" in page


def test_scenarios_stand_side_by_side(run):
    weights = weights_of(run)
    tables = scenario_overview(build_scenario_layers(run), weights, Texts())
    assert [table["folded"] for table in tables] == [False, True, True]
    (row,) = tables[0]["rows"]  # by public transport only: nothing else changes
    assert row["mode"] == "Public transport"
    assert [figure["name"] for figure in row["figures"]] == [
        "baseline (mean)", "Fast line", "Same again",
    ]  # fmt: skip
    table = run.scenarios.query(
        "scenario == 'Fast line' and opportunity == 'jobs' and mode == 'transit' and band_min == 45"
    )
    known = table["delta"].notna().to_numpy()
    mean = np.average(table["delta"][known], weights=weights.values[known])
    at = tables[0]["heads"].index("45 min")
    assert row["figures"][1]["cells"][at] == f"+{Texts().count(mean)}"
    assert set(row["figures"][2]["cells"]) == {"0"}


def test_the_summary_names_the_strongest_scenario(run, make_run):
    layers = build_scenario_layers(run)
    told = strongest(layers, weights_of(run), Texts())
    assert told.startswith("Of 2 scenarios, Fast line changes most: on average +")
    assert told in report(run).replace("&#39;", "'")
    assert strongest(build_scenario_layers(make_run(3)), weights_of(run), Texts()) == ""
    still = replace(run, scenarios=run.scenarios.query("scenario == 'Same again'"))
    assert strongest(build_scenario_layers(still), weights_of(still), Texts()) == ""
    assert scenario_overview(build_scenario_layers(still), weights_of(still), Texts()) == []


def test_losses_come_with_a_minus_and_unknown_with_a_dash(run):
    table = run.scenarios.query("scenario == 'Fast line'").copy()
    table["variant"] = table["baseline"] * 0.5
    table["delta"] = table["variant"] - table["baseline"]
    table.loc[table["band_min"] == 90, ["variant", "delta"]] = np.nan
    worse = replace(run, scenarios=table)
    tables = scenario_overview(build_scenario_layers(worse), Weights(None, np.ones(64)), Texts())
    cells = tables[0]["rows"][0]["figures"][1]["cells"]
    assert all(cell.startswith("\u2212") for cell in cells[:4])
    assert cells[4] == "–"


def test_headings_are_in_order_and_pictures_have_words(run):
    for language in ("en", "nl", "de"):
        page = report(run, language)
        levels = [int(level) for level in re.findall(r"<h([1-6])\b", page)]
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(b <= a + 1 for a, b in pairwise(levels))
        assert f'<html lang="{language}">' in page
        for svg in re.findall(r"<svg\b[^>]*>", page):
            assert 'role="img" aria-labelledby=' in svg or 'aria-hidden="true"' in svg
        named = set(re.findall(r'aria-labelledby="([^"]+)"', page))
        ids = set(re.findall(r'\bid="([^"]+)"', page))
        assert {one for names in named for one in names.split()} <= ids
        for table in re.findall(r"<table.*?</table>", page, re.DOTALL):
            assert 'scope="col"' in table


def luminance(colour):
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_words_stand_out_from_their_ground(run):
    """WCAG 2.1 AA: 4.5 to 1 for text, also in drawings; fills of text, not of areas."""
    page = report(run)
    style = dict(re.findall(r"--(ink|soft|accent): (#[0-9a-f]{6})", page))
    assert set(style) == {"ink", "soft", "accent"}
    for colour in style.values():
        assert contrast(colour, "#ffffff") >= 4.5
    inks = set(re.findall(r'<text\b[^>]*\bfill="(#[0-9a-fA-F]{6})"', page)) - {"#ffffff"}
    assert inks
    for ink in inks:
        assert contrast(ink, "#ffffff") >= 4.5, ink
