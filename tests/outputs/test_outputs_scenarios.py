"""Scenarios: winners and losers counted as people, zero in the middle, nobody hidden."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.outputs import (
    LANGUAGES,
    Texts,
    build_delta_layers,
    build_layers,
    build_loss_layers,
    build_report,
)
from halfcircle.outputs.classes import MISSING_COLOUR, ZERO_COLOUR, delta_classes
from halfcircle.outputs.deltas import build_scenario_layers, change_of, extreme_zones
from halfcircle.outputs.legend import delta_labels
from halfcircle.outputs.statistics import Weights, weights_of

PEOPLE = np.array([100.0, 10.0, 1.0, 1000.0, 5.0, 20.0, 0.0, 7.0, 3.0])
BEFORE = np.array([50.0, 40.0, 0.0, 30.0, np.nan, 20.0, 10.0, 80.0, 100.0])
AFTER = np.array([54.0, 60.0, 2.0, 30.0, 10.0, 17.0, 99.0, 79.0, 100.0 + 1e-8])


def scenario_rows(run, **changes):
    zone_id = run.zones.zone_id
    rows = {
        "zone_id": zone_id, "scenario": "Line", "mode": "transit", "opportunity": "jobs",
        "band_min": 45.0, "baseline": BEFORE, "variant": AFTER, "delta": AFTER - BEFORE,
        "delta_sd": np.nan,
    }  # fmt: skip
    return pd.DataFrame(rows | changes)


@pytest.fixture(scope="module")
def small(make_run):
    run = make_run(3)
    return make_run(3, scenarios=scenario_rows(run))


def report(result, language="en"):
    layers, losses = build_layers(result), build_loss_layers(result)
    return build_report(result, layers, losses, texts=Texts(language))


def test_people_are_counted_by_what_happens_to_them(small):
    layers = build_scenario_layers(small)
    change = change_of(layers, layers.delta.keys[0], Weights("people", PEOPLE))
    assert change is not None
    # Zone 4 is not known, in zone 6 nobody lives, in zone 8 the difference is rounding.
    assert change.people == 100 + 10 + 1 + 1000 + 20 + 7 + 3
    assert (change.gaining, change.gaining_much) == (111.0, 11.0)
    assert (change.losing, change.losing_much) == (27.0, 20.0)
    assert change.unchanged == 1003.0
    total = 100 * 4 + 10 * 20 + 1 * 2 - 20 * 3 - 7 * 1
    assert change.mean == pytest.approx(total / change.people)
    part = change_of(
        layers, layers.delta.keys[0], Weights("people", PEOPLE), inside=np.arange(9) == 5
    )
    assert part is not None
    assert (part.people, part.losing_much, part.gaining) == (20.0, 20.0, 0.0)


def test_missing_stays_missing_and_rounding_is_nothing(small):
    delta = build_delta_layers(small).values[0]
    assert np.isnan(delta[4])
    assert delta[8] == 0.0
    assert delta[0] == 4.0


def test_extremes_are_zones_that_really_gain_or_lose():
    gaining, losing = extreme_zones(np.array([0.0, 5.0, np.nan, -2.0, 9.0, -7.0]), 10)
    assert gaining == [4, 1]
    assert losing == [5, 3]
    assert extreme_zones(np.zeros(3), 10) == ([], [])
    assert len(extreme_zones(np.arange(40.0), 10)[0]) == 10


@settings(deadline=None, max_examples=60)
@given(st.lists(st.integers(-5000, 5000), min_size=1, max_size=60))
def test_classes_are_the_same_on_both_sides(numbers):
    values = np.array(numbers, dtype=float)
    classes = delta_classes(values)
    assert len(classes.colours) == len(classes.breaks)
    labels = delta_labels(classes, Texts())
    assert len(labels) == len(classes.colours) + 2
    half = len(classes.breaks) // 2
    for value, one in zip(values, classes.class_idx(values), strict=True):
        if value == 0:
            assert one == -1
            continue
        assert (one >= half) == (value > 0)
        assert labels[one + 2].endswith("more" if value > 0 else "fewer")
        # A loss has the step that a gain of its size would have; at a bound the next one.
        mirrored = delta_classes(values).class_idx(np.array([-value]))[0]
        assert one + mirrored in (2 * half - 1, 2 * half - 2, 2 * half)
    if not half:
        assert not values.any()
    assert not {ZERO_COLOUR, MISSING_COLOUR} & set(classes.colours)


def test_no_scenarios_no_section(make_run):
    result = make_run(4)
    assert len(build_delta_layers(result)) == 0
    assert "h-scenarios" not in report(result)


@pytest.mark.parametrize("language", LANGUAGES)
def test_report_tells_winners_and_losers(make_run, language):
    result = make_run(8, variants=True)
    text = report(result, language)
    texts = Texts(language)
    assert 'id="h-scenarios"' in text
    for key in ("top_gaining", "top_losing", "nothing"):
        assert texts(f"scenario.{key}").replace("'", "&#39;") in text
    layers = build_scenario_layers(result)
    key = layers.main("Fast line")
    assert key is not None
    assert (key.mode, key.opportunity, key.band_min) == ("transit", "jobs", 45.0)
    change = change_of(layers, key, weights_of(result))
    assert change is not None
    assert change.gaining > 0
    assert change.losing > 0
    assert texts.number(change.gaining) in text
    assert texts.number(change.losing) in text


def test_where_nobody_loses_it_says_so(make_run):
    run = make_run(3)
    better = BEFORE + 5.0
    table = scenario_rows(run, variant=better, delta=better - BEFORE)
    text = report(make_run(3, scenarios=table))
    assert "No zone loses." in text
    assert "No zone gains." not in text


def test_names_of_scenarios_are_text(make_run):
    run = make_run(3)
    text = report(make_run(3, scenarios=scenario_rows(run, scenario="<script>alert(3)</script>")))
    assert "<script" not in text
    assert "&lt;script&gt;alert(3)" in text


def test_decay_has_no_limit(make_run):
    run = make_run(3)
    result = make_run(3, scenarios=scenario_rows(run, band_min=np.nan))
    key = build_delta_layers(result).keys[0]
    assert (key.band_min, key.measure) == (None, "decay")
    assert "no limit" in report(result)


def test_every_travel_time_in_which_anything_changes_has_its_map(make_run):
    run = make_run(3)
    still = {"band_min": 30.0, "variant": BEFORE, "delta": 0.0}
    wide = {"band_min": 60.0, "variant": AFTER + 5, "delta": AFTER + 5 - BEFORE}
    tables = [scenario_rows(run), scenario_rows(run, **still), scenario_rows(run, **wide)]
    page = report(make_run(3, scenarios=pd.concat(tables, ignore_index=True)))
    start = page.index('<h2 id="h-scenarios">')
    part = page[start : page.index("</section>", start)]
    captions = [
        line.split("</figcaption>")[0]
        for line in part.split("<figcaption>")[1:]
        if line.startswith("Public transport")
    ]
    assert captions == ["Public transport, 45 min", "Public transport, 60 min"]
    assert "45 min · 60 min" in part
