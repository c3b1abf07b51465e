"""Daily urban systems in the report: colours, numbers, names."""

from __future__ import annotations

import dataclasses

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from halfcircle.outputs import Texts, build_layers, build_loss_layers, build_report
from halfcircle.outputs.choropleth import build_sheet
from halfcircle.outputs.region_report import (
    REGION_COLOURS,
    colours_of_neighbours,
    region_sections,
)


@pytest.fixture
def with_regions(make_run):
    """Quarters of a square of zones; the first zone belongs to none."""
    result = make_run(8)
    quarter = (np.arange(64) // 32) * 2 + (np.arange(64) % 8) // 4
    names = ["<b>West</b>", "Jülich", "'s-Hertogenbosch", "Vaals"]
    given = result.zones.geometry
    areas = gpd.GeoDataFrame(
        {
            "region_id": ["r0", "r1", "r2", "r3"],
            "region_name": names,
            "scenario": "baseline",
            "method": "labour-market-areas",
            "group": "all",
            "n_zones": [15, 16, 16, 16],
            "residents": [100.0, 4_000.0, 300.0, 200.0],
            "self_containment": [0.5, 0.75, np.nan, 0.9],
        },
        geometry=[shapely.union_all(given[(quarter == i) & (np.arange(64) > 0)]) for i in range(4)],
        crs=result.zones.crs,
    )
    region = np.array(["r0", "r1", "r2", "r3"], dtype=object)[quarter]
    region[0] = None
    membership = pd.DataFrame(
        {
            "zone_id": result.zones.zone_id,
            "scenario": "baseline",
            "method": "labour-market-areas",
            "group": "all",
            "region_id": region,
            "region_name": region,
            "share": 1.0,
        }
    )
    return dataclasses.replace(result, regions={"lma-all": areas}, membership=membership)


def test_no_regions_no_section(make_run):
    result = make_run(4)
    assert region_sections(result, build_sheet(result), Texts()) == []


def test_largest_come_first_with_their_figures(with_regions):
    (found,) = region_sections(with_regions, build_sheet(with_regions), Texts())
    assert found["title"] == "Labour market areas"
    assert found["count"] == "4 regions from 64 zones; zones not assigned: 1."
    assert found["heads"] == ["Zones", "Working residents", "Self-containment"]
    assert found["rows"][0] == {"name": "Jülich", "cells": ["16", "4,000", "75\u202f%"]}
    assert found["rows"][1] == {"name": "'s-Hertogenbosch", "cells": ["16", "300", "–"]}
    assert found["more"] == ""


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_report_shows_them_with_names_as_text(with_regions, language):
    layers, losses = build_layers(with_regions), build_loss_layers(with_regions)
    text = build_report(with_regions, layers, losses, texts=Texts(language))
    assert "&lt;b&gt;West&lt;/b&gt;" in text
    assert "<b>" not in text
    assert text.count('id="region0-t"') == 1


def test_neighbours_have_different_colours():
    cells = np.array([shapely.box(x, y, x + 1, y + 1) for x in range(6) for y in range(6)])
    colour_idx = colours_of_neighbours(cells)
    assert colour_idx.min() >= 0
    assert colour_idx.max() < len(REGION_COLOURS)
    for i, a in enumerate(cells):
        for j in range(i):
            if shapely.intersects(a, cells[j]):
                assert colour_idx[i] != colour_idx[j]
    # All of them are in use, so that a map does not look like two systems only.
    assert len(set(colour_idx.tolist())) == len(REGION_COLOURS)


def test_more_neighbours_than_colours_still_get_one():
    discs = np.array([shapely.Point(0, 0).buffer(10 + i) for i in range(12)])
    assert set(colours_of_neighbours(discs).tolist()) == set(range(len(REGION_COLOURS)))
