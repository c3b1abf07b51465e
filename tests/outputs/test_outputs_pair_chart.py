"""Charts of a pair of places and of the dial: the right points, with words, nothing made up."""

from __future__ import annotations

import re
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pandas as pd
import pytest

from halfcircle.errors import OutputError
from halfcircle.outputs import (
    Texts,
    build_layers,
    build_loss_layers,
    build_report,
    pair_chart,
)
from halfcircle.outputs.spread_charts import dial_chart

PERCENTILES = (0, 25, 50, 75, 100)
WHO = {"mode": "transit", "origin": "'s-Hertogenbosch", "destination": "<script>"}


def seconds(*minutes):
    return np.array(minutes, dtype=np.float32) * 60


def test_the_line_goes_through_every_percentile():
    drawn = pair_chart(PERCENTILES, seconds(20, 30, 40, 50, 60), **WHO)
    root = ElementTree.fromstring(str(drawn.svg))
    marks = list(root.iter("{http://www.w3.org/2000/svg}circle"))
    assert len(marks) == 5
    x = np.array([float(mark.get("cx")) for mark in marks])
    np.testing.assert_allclose(np.diff(x), np.diff(x)[0], atol=0.2)
    words = " ".join(root.itertext())
    assert "Fastest 20 min. Median 40 min. Slowest 60 min." in words
    assert "'s-Hertogenbosch to <script> by public transport" in words
    assert "<script>" not in str(drawn.svg)


def test_departures_that_do_not_arrive_are_told_and_not_drawn():
    drawn = pair_chart(PERCENTILES, seconds(20, 30, 40, np.inf, np.inf), **WHO)
    assert str(drawn.svg).count("<circle") == 3
    assert "50\u202f% of the departures do not get there in time." in drawn.title
    late = pair_chart(PERCENTILES, seconds(20, 30, np.inf, np.inf, np.inf), **WHO)
    assert "Median" not in late.title
    with pytest.raises(OutputError, match="no departure of the window gets there"):
        pair_chart(PERCENTILES, seconds(*[np.inf] * 5), **WHO)


def test_long_names_are_cut_in_the_drawing_and_whole_in_its_title():
    long = WHO | {"origin": "Llanfairpwllgwyngyllgogerychwyrndrobwll"}
    drawn = pair_chart(PERCENTILES, seconds(20, 30, 40, 50, 60), **long)
    words = list(ElementTree.fromstring(str(drawn.svg)).itertext())
    assert "Llanfairpwllgwyngyl… – <script>" in words
    assert any(word.startswith(f"{long['origin']} to <script>") for word in words)


@pytest.mark.parametrize("language", ["nl", "de"])
def test_other_languages(language):
    drawn = pair_chart(PERCENTILES, seconds(20, 30, 40, 50, np.inf), language=language, **WHO)
    assert {"nl": "Mediaan 40 min", "de": "Median 40 Min"}[language] in drawn.title
    assert {"nl": "vertrekken", "de": "Abfahrten"}[language] in drawn.title


def dialled(run, targets):
    table = pd.DataFrame(
        {
            "min_containment": np.array(targets) - 0.08,
            "target_containment": targets,
            "min_size": 3500.0,
            "target_size": 25000.0,
            "n_regions": np.arange(len(targets)) * 3 + 10,
        }
    )
    return replace(run, further={"regions_dial": table})


def test_the_dial_is_drawn_where_there_is_one(make_run):
    run = make_run(4)
    assert dial_chart(run, Texts()) is None
    assert dial_chart(dialled(run, [0.7]), Texts()) is None
    drawn = dial_chart(dialled(run, [0.6, 0.7, 0.75]), Texts())
    assert str(drawn).count("<circle") == 3
    assert re.search(r"10 areas at 60.%\. 13 areas at 70.%\. 16 areas at 75.%\.", str(drawn))


def test_the_dial_is_in_the_report_beside_the_systems(make_run):
    run = dialled(make_run(4), [0.6, 0.7])
    frame = run.zones.to_geodataframe()[["geometry"]].head(2)
    frame = frame.assign(region_id=["a", "b"], region_name=["A", "B"], n_zones=[8, 8])
    run = replace(run, regions={"systems": frame})
    page = build_report(run, build_layers(run), build_loss_layers(run), texts=Texts())
    assert 'aria-labelledby="dial-t dial-d"' in page
