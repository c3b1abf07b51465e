"""Layers: the tidy table cut by zone, checked against a plain look-up."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from halfcircle.outputs import LayerKey, build_layers, build_loss_layers
from halfcircle.outputs._codes import rank, row_codes
from halfcircle.outputs.layers import column_name, column_names, main_key


def test_every_value_is_where_it_belongs(make_run):
    result = make_run(5, percentiles=(25, 50))
    shuffled = result.reach.sample(frac=1.0, random_state=3)
    layers = build_layers(dataclasses.replace(result, reach=shuffled))
    zone_idx = {zone_id: i for i, zone_id in enumerate(result.zones.zone_id)}
    for row in result.reach.itertuples():
        key = LayerKey(row.opportunity, row.mode, row.band_min, row.percentile)
        values = layers.get(key)
        assert values is not None
        np.testing.assert_equal(values[zone_idx[row.zone_id]], row.value)
    assert len(layers) * 25 == len(result.reach)


def test_layers_come_in_the_order_of_the_study(make_run):
    layers = build_layers(make_run(3, modes=("transit", "walk"), percentiles=(25, 50)))
    first = [(k.opportunity, k.mode, k.percentile, k.band_min) for k in layers.keys[:11]]
    assert first[:5] == [("jobs", "transit", 25, band) for band in (15, 30, 45, 60, 90)]
    assert first[5:10] == [("jobs", "transit", 50, band) for band in (15, 30, 45, 60, 90)]
    assert first[10] == ("jobs", "walk", 50, 15)


def test_a_row_that_is_not_there_is_missing_not_zero(make_run):
    result = make_run(3)
    first = build_layers(result).keys[0]
    layers = build_layers(dataclasses.replace(result, reach=result.reach.iloc[1:]))
    values = layers.get(first)
    assert values is not None
    assert np.isnan(values[0])
    assert not np.isnan(values[1:]).any()


def test_measures_without_a_limit_have_no_band(make_run):
    result = make_run(3)
    decay = result.reach[result.reach["band_min"] == 15].assign(band_min=np.nan, measure="decay")
    layers = build_layers(dataclasses.replace(result, reach=decay))
    assert {key.band_min for key in layers.keys} == {None}
    assert column_name(layers.keys[0]) == "jobs_walk_decay_p50"


def test_loss_layers_exist_with_a_border_only(make_run):
    assert len(build_loss_layers(make_run(3))) == 0
    losses = build_loss_layers(make_run(6, border=True))
    assert {key.quantity for key in losses.keys} == {"loss"}
    assert np.nanmax(losses.values) <= 1


@pytest.mark.parametrize(
    ("key", "name"),
    [
        (LayerKey("jobs", "transit", 45.0, 50), "jobs_transit_p50_45min"),
        (LayerKey("jobs", "bike+transit", 7.5, 25, "low"), "jobs_low_bike_transit_p25_7_5min"),
        (LayerKey("a'; DROP", "car", None, None, measure="pbl"), "a_drop_car_pbl"),
        (
            LayerKey("jobs", "car", 30.0, 50, scenario="Lelylijn", quantity="loss"),
            "loss_jobs_car_p50_30min_lelylijn",
        ),
    ],
)
def test_column_names(key, name):
    assert column_name(key) == name


def test_names_stay_apart():
    keys = tuple(LayerKey(name, "car", 30.0, 50) for name in ("jobs a", "jobs-a", "jobs_a"))
    assert column_names(keys, taken=("jobs_a_car_p50_30min",)) == [
        "jobs_a_car_p50_30min_2",
        "jobs_a_car_p50_30min_3",
        "jobs_a_car_p50_30min_4",
    ]


def test_main_layers_come_first(make_run):
    layers = build_layers(make_run(3, percentiles=(25, 50, 75)))
    ordered = [layers.keys[i] for i in layers.main_first()]
    assert ordered[0].band_min == 45
    assert ordered[0].opportunity == "jobs"
    assert {key.percentile for key in ordered[:40]} == {50}
    assert main_key(layers) == LayerKey("jobs", "transit", 45.0, 50)
    assert main_key(build_layers(make_run(3, modes=("car", "walk")))).mode == "walk"


def test_codes_tell_rows_apart(make_run):
    table = make_run(3).reach[["mode", "band_min", "opportunity"]]
    table.loc[0, "band_min"] = np.nan
    codes = row_codes(table, table.columns)
    assert len(np.unique(codes)) == len(table.drop_duplicates())
    assert rank(table["mode"], ("transit",)).min() == 0
    assert rank(table["band_min"])[0] == 5
