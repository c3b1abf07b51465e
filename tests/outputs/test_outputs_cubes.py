"""Labelled arrays: the right number at the right labels, units with them, missing is NaN."""

from __future__ import annotations

import sys
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from halfcircle import Opportunities
from halfcircle.errors import MissingExtraError, OutputError

xr = pytest.importorskip("xarray")


@pytest.fixture(scope="module")
def run(make_run):
    return make_run(4, border=True, percentiles=(25, 50), opportunities=("jobs", "schools"))


@pytest.fixture(scope="module")
def cube(run):
    return run.to_xarray()


def test_every_row_of_the_table_is_at_its_labels(run, cube):
    assert cube["reach"].dims == (
        "scenario", "mode", "opportunity", "group", "percentile", "band_min", "zone",
    )  # fmt: skip
    n_known = 0
    for row in run.reach.sample(200, random_state=1).itertuples():
        found = float(
            cube["reach"].sel(
                scenario=row.scenario, mode=row.mode, opportunity=row.opportunity, group=row.group,
                percentile=row.percentile, band_min=row.band_min, zone=row.zone_id,
            )
        )  # fmt: skip
        assert found == row.value or (np.isnan(found) and np.isnan(row.value))
        n_known += not np.isnan(found)
    assert n_known > 100
    assert int((~np.isnan(cube["reach"])).sum()) == int(run.reach["value"].notna().sum())


def test_what_is_not_known_is_missing_and_not_zero(cube):
    transit = cube["reach"].sel(mode="transit", zone="Z00005")
    assert bool(np.isnan(transit).all())
    # Walking has no percentile but the median.
    assert bool(np.isnan(cube["reach"].sel(mode="walk", percentile=25)).all())


def test_units_and_facts_are_with_the_numbers(run, cube):
    assert cube["reach"].attrs["units"] == "see coordinate unit"
    assert cube["unit"].sel(opportunity="schools").item() == "schools"
    assert cube["band_min"].attrs["units"] == "minutes"
    assert cube["loss"].attrs["units"] == "1"
    assert cube["year"].sel(opportunity="jobs").item() == 2021
    assert cube.attrs["title"] == run.name
    assert cube.attrs["crs"] == "EPSG:3035"
    assert list(cube["band_min"].values) == [15, 30, 45, 60, 90]
    assert list(cube["mode"].values) == list(run.settings.modes)
    assert cube["name"].values[2] == "Jülich"
    one = cube.sel(opportunity="jobs")["reach"]
    assert one.attrs["measure"] == "cumulative"


def test_border_is_beside_reach(run, cube):
    loss = cube["loss"].sel(mode="car", opportunity="jobs", band_min=60.0)
    rows = run.border.query("mode == 'car' and band_min == 60")
    np.testing.assert_array_equal(loss.values.ravel(), rows["loss"].to_numpy())
    both = cube["reach_domestic"] / cube["reach_open"]
    known = ~np.isnan(both)
    np.testing.assert_allclose(cube["loss"].where(known), (1 - both).where(known))
    assert "percentile" not in cube["loss"].dims


def test_an_axis_that_does_not_apply_is_left_out(make_run):
    run = make_run(3, modes=("walk",))
    decay = run.reach.query("band_min == 30").assign(measure="decay", band_min=np.nan)
    run = replace(run, reach=pd.concat([run.reach, decay], ignore_index=True))
    found = run.to_xarray(measure="decay")
    assert found["reach"].dims == ("scenario", "mode", "opportunity", "group", "percentile", "zone")
    assert found["reach"].sizes["zone"] == 9
    with pytest.raises(OutputError, match=r"measure 'decoy': the run has none - .*decay"):
        run.to_xarray(measure="decoy")


def test_groups_and_scenarios_are_axes(make_run):
    run = make_run(3, modes=("bike",), opportunities=("jobs",))
    jobs = Opportunities("jobs", np.ones((2, 9)), groups=("low", "high"))
    parts = [
        run.reach.assign(scenario=scenario, group=group, value=run.reach["value"] * factor)
        for scenario, group, factor in (
            ("baseline", "low", 1), ("baseline", "high", 2), ("line", "low", 3),
        )
    ]  # fmt: skip
    run = replace(run, opportunities=(jobs,), reach=pd.concat(parts, ignore_index=True))
    reach = run.to_xarray()["reach"]
    assert reach.attrs["units"] == "jobs"
    low, high = (reach.sel(scenario="baseline", group=group) for group in ("low", "high"))
    np.testing.assert_array_equal(2 * low, high)
    np.testing.assert_array_equal(3 * low, reach.sel(scenario="line", group="low"))
    assert bool(np.isnan(reach.sel(scenario="line", group="high")).all())


def test_without_the_extra_it_is_told_what_to_install(run, monkeypatch):
    monkeypatch.setitem(sys.modules, "xarray", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'halfcircle\[xarray\]'"):
        run.to_xarray()
