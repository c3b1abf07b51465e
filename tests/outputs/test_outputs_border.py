"""The half circle in the report: losses and roses against sums made by hand."""

from __future__ import annotations

import dataclasses
import re

import numpy as np
import pandas as pd
import pytest

from halfcircle.outputs import Texts, build_loss_layers
from halfcircle.outputs.border_report import border_section, rose
from halfcircle.outputs.choropleth import build_sheet
from halfcircle.outputs.statistics import weights_of


def section(result, language="en"):
    return border_section(
        result, build_loss_layers(result), build_sheet(result), weights_of(result), Texts(language)
    )


def test_no_border_no_section(make_run):
    assert section(make_run(4)) is None


def test_losses_by_country(make_run):
    result = make_run(8, border=True)
    found = section(result)
    table = result.border
    chosen = table[(table["mode"] == "car") & (table["band_min"] == 45)]
    people = pd.Series(result.opportunities[1].values[0], index=result.zones.zone_id)
    side = pd.Series(result.zones.places.country, index=result.zones.zone_id)
    known = chosen.dropna(subset=["reach_open"])
    weight = people[known["zone_id"]].to_numpy()
    texts = Texts()
    assert [row["name"] for row in found["table"]] == ["BE", "DE", "NL", "All"]
    for row in found["table"]:
        own = np.ones(len(known), bool)
        if row["name"] != "All":
            own = (side[known["zone_id"]] == row["name"]).to_numpy()
        home = (known["reach_domestic"] * weight)[own].sum()
        whole = (known["reach_open"] * weight)[own].sum()
        assert row["cells"][3] == texts.share(1 - home / whole)
        loss = np.average(known["loss"].to_numpy()[own], weights=weight[own])
        assert row["cells"][4] == texts.share(loss)
        much = np.average((known["loss"] > 0.25).to_numpy()[own], weights=weight[own])
        assert row["cells"][5] == texts.share(much)
        assert row["cells"][0] == texts.count(home / weight[own].sum())
    assert found["headline"]["number"] == found["table"][-1]["cells"][3]
    assert [entry["mode"] for entry in found["maps"]] == [
        "Walking",
        "Cycling",
        "Car",
        "Public transport",
    ]


def test_roses_are_of_zones_where_people_lose(make_run):
    result = make_run(8, border=True)
    found = section(result, "nl")
    assert len(found["roses"]) == 3
    names = set(result.zones.label)
    assert all(entry["name"] in names for entry in found["roses"])
    assert "Het meeste gaat verloren richting" in found["roses"][0]["picture"]


def test_without_penalties_the_column_is_a_dash(make_run):
    result = make_run(6, border=True)
    border = result.border.assign(reach_effective=np.nan)
    found = section(dataclasses.replace(result, border=border))
    assert all(row["cells"][2] == "–" for row in found["table"])


def areas(picture: str) -> list[float]:
    """Squared radius of every slice and of the disc, in the order in which they are drawn."""
    slices = [float(r) ** 2 / 16 for r in re.findall(r"A([\d.]+) ", picture)]
    discs = [float(r) ** 2 for r in re.findall(r'<circle[^>]* r="([\d.]+)" fill="#', picture)]
    return slices + discs


def test_areas_of_a_rose_are_proportional(make_run):
    opened, domestic = np.zeros(17), np.zeros(17)
    opened[0], opened[4], opened[16] = 1_000, 250, 500
    domestic[0] = 400
    drawn = areas(str(rose(domestic, opened, name="x", identifier="r", texts=Texts())))
    expected = [1_000, 400, 250, 500]
    np.testing.assert_allclose(np.array(drawn) / drawn[0], np.array(expected) / 1_000, rtol=0.02)


def test_a_rose_names_the_direction_of_the_loss():
    opened, domestic = np.full(17, 10.0), np.full(17, 10.0)
    domestic[4] = 0.0
    picture = rose(domestic, opened, name="<b>'s-Hertogenbosch", identifier="r", texts=Texts("de"))
    assert "Am meisten geht in Richtung O verloren." in picture
    assert "&lt;b&gt;" in picture
    assert "<b>" not in picture


@pytest.mark.parametrize("amount", [0.0, np.nan])
def test_an_empty_rose_is_drawn(amount):
    empty = np.nan_to_num(np.full(17, amount))
    assert "<svg" in rose(empty, empty, name="x", identifier="r", texts=Texts())
