"""Indicators per area against sums made by hand."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pandas as pd
import pytest

from halfcircle.outputs import (
    LayerKey,
    build_indicators,
    build_layers,
    build_loss_layers,
    write_indicators,
)


def indicators(result):
    return build_indicators(result, build_layers(result), build_loss_layers(result))


def find(rows, area, name, **parts):
    found = [
        row
        for row in rows
        if (row.area_type, row.area_id, row.indicator) == (*area, name)
        and all(getattr(row.key, part) == value for part, value in parts.items())
    ]
    assert len(found) == 1
    return found[0]


def test_totals_and_means_by_country(make_run):
    result = make_run(8, border=True)
    rows = indicators(result)
    people = result.opportunities[1].values[0]
    country = result.zones.places.country
    values = build_layers(result).get(LayerKey("jobs", "transit", 45.0, 50))
    assert values is not None
    for side in ("BE", "DE", "NL"):
        own = (country == side) & ~np.isnan(values)
        row = find(
            rows, ("country", side), "reach_mean", opportunity="jobs", mode="transit", band_min=45.0
        )
        assert row.value == pytest.approx(np.average(values[own], weights=people[own]))
        assert (row.unit, row.year) == ("jobs", 2021)
    jobs = [row for row in rows if row.indicator == "total" and row.opportunity == "jobs"]
    assert [row.area_id for row in jobs] == ["all", "BE", "DE", "NL"]
    assert jobs[0].value == np.nansum(result.opportunities[0].values)
    assert jobs[0].value == pytest.approx(sum(row.value for row in jobs[1:]))


def test_losses_are_ratios_of_sums(make_run):
    result = make_run(8, border=True)
    table = result.border
    chosen = table[(table["mode"] == "car") & (table["band_min"] == 30)]
    people = result.opportunities[1].values[0]
    row = find(indicators(result), ("all", "all"), "border_loss", mode="car", band_min=30.0)
    home, whole = chosen["reach_domestic"].to_numpy(), chosen["reach_open"].to_numpy()
    assert row.value == pytest.approx(1 - (home @ people) / (whole @ people))
    mean = find(indicators(result), ("all", "all"), "border_loss_mean", mode="car", band_min=30.0)
    assert mean.value == pytest.approx(np.average(chosen["loss"], weights=people))


def test_regions_are_areas_too(make_run):
    result = make_run(4)
    membership = pd.DataFrame(
        {
            "zone_id": result.zones.zone_id[:4],
            "scenario": "baseline",
            "method": "communities",
            "group": "all",
            "region_id": pd.array(["r1", "r1", "r2", None], dtype="string"),
            "region_name": pd.array(["Jülich", "Jülich", None, None], dtype="string"),
            "share": 1.0,
        }
    )
    rows = indicators(dataclasses.replace(result, membership=membership))
    areas = {(row.area_type, row.area_id, row.area_name) for row in rows}
    assert ("communities/all/baseline", "r1", "Jülich") in areas
    assert ("communities/all/baseline", "r2", "r2") in areas
    total = [r for r in rows if (r.area_id, r.indicator, r.opportunity) == ("r1", "total", "jobs")]
    assert total[0].value == result.opportunities[0].values[0, :2].sum()


def test_file_tells_what_each_number_is(make_run, tmp_path):
    result = make_run(4, border=True, name="=Study")
    layers, losses = build_layers(result), build_loss_layers(result)
    path = write_indicators(result, layers, losses, tmp_path / "indicators.csv")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows[0]["area_name"] == "'=Study"
    for row in rows:
        assert np.isfinite(float(row["value"]))
        assert row["definition"]
        assert row["unit"]
        assert row["year"] == "2021"
    mean = next(row for row in rows if row["indicator"] == "reach_mean")
    assert mean["definition"] == "mean over population of the opportunities within reach"
    assert (mean["mode"], mean["band_min"], mean["percentile"]) == ("walk", "15", "50")
