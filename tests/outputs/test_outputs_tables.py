"""Tables: contract columns, units, missing as null, the same bytes for the same results."""

from __future__ import annotations

import csv
import dataclasses

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from halfcircle.errors import OutputError
from halfcircle.outputs import (
    build_layers,
    write_table,
    write_tables,
    write_wide_csv,
)

REACH = [
    "zone_id",
    "scenario",
    "mode",
    "opportunity",
    "group",
    "band_min",
    "percentile",
    "measure",
    "value",
]


def test_reach_has_the_contract_columns(make_run, tmp_path):
    path = write_table(make_run(4), "reach", tmp_path / "reach.parquet")
    schema = pq.read_schema(path)
    assert schema.names == REACH
    assert schema.field("band_min").metadata[b"unit"] == b"minutes"
    assert b"opportunities reached" in schema.field("value").metadata[b"description"]
    assert not schema.field("zone_id").nullable
    assert b"key" in schema.metadata


def test_missing_is_null_and_values_are_kept(make_run, tmp_path):
    result = make_run(4)
    table = pq.read_table(write_table(result, "reach", tmp_path / "reach.parquet"))
    assert table["value"].null_count == result.reach["value"].isna().sum() > 0
    back = table.to_pandas().sort_values(REACH[:-1], ignore_index=True)
    given = result.reach[REACH].sort_values(REACH[:-1], ignore_index=True)
    np.testing.assert_array_equal(back["value"], given["value"])
    assert list(back["zone_id"]) == list(given["zone_id"])


def test_same_results_give_the_same_bytes(make_run, tmp_path):
    result = make_run(5, border=True)
    categories = dict.fromkeys(("mode", "opportunity", "zone_id"), "category")
    shuffled = dataclasses.replace(
        result,
        reach=result.reach.sample(frac=1, random_state=1).astype(categories),
        border=result.border.sample(frac=1, random_state=2),
    )
    first = write_tables(result, tmp_path / "a")
    second = write_tables(shuffled, tmp_path / "b")
    assert [path.name for path in first] == [
        "reach.parquet",
        "unreached.parquet",
        "border.parquet",
        "sectors.parquet",
    ]
    for a, b in zip(first, second, strict=True):
        assert a.read_bytes() == b.read_bytes(), a.name


def test_unassigned_region_is_null(make_run, tmp_path):
    membership = pd.DataFrame(
        {
            "zone_id": ["Z00000", "Z00001", "Z00001"],
            "scenario": "baseline",
            "method": "communities",
            "group": "all",
            "region_id": pd.array([None, "r1", "r2"], dtype="string"),
            "region_name": [None, "Jülich", "Vaals"],
            "share": [np.nan, 0.4, 0.6],
        }
    )
    result = make_run(3, membership=membership, unreached=None)
    table = pq.read_table(write_table(result, "membership", tmp_path / "m.parquet"))
    assert table["region_id"].to_pylist() == [None, "r1", "r2"]


def test_identifiers_that_look_like_numbers_stay_text(make_run, tmp_path):
    result = make_run(3, unreached=None)
    assert result.unreached is None
    table = pd.DataFrame(
        {"zone_id": ["Z00000"], "scenario": "baseline", "mode": "car", "reason": [7]}
    )
    result = dataclasses.replace(result, unreached=table)
    back = pq.read_table(write_table(result, "unreached", tmp_path / "u.parquet"))
    assert back["reason"].to_pylist() == ["7"]


def test_wide_csv_opens_in_a_spreadsheet(make_run, tmp_path):
    result = make_run(4)
    layers = build_layers(result)
    path = write_wide_csv(result, layers, tmp_path / "zones.csv")
    assert path.read_bytes().startswith(b"\xef\xbb\xbfzone_id,name,country,lon,lat,jobs_walk_p50")
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["name"] for row in rows[:4]] == [
        "'s-Hertogenbosch",
        "Sint-Truiden",
        "Jülich",
        "<script>alert(1)</script>",
    ]
    # A formula stays text.
    assert rows[4]["name"] == '\'=HYPERLINK("x")'
    assert rows[5]["jobs_transit_p50_45min"] == ""
    for i, row in enumerate(rows):
        for key, values in zip(layers.keys, layers.values, strict=True):
            if not np.isnan(values[i]):
                name = f"{key.opportunity}_{key.mode}_p{key.percentile}_{key.band_min:g}min"
                assert float(row[name]) == values[i]


def test_a_folder_that_cannot_be_written_is_said(make_run, tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(OutputError, match="cannot be written"):
        write_tables(make_run(3, unreached=None), tmp_path / "file" / "out")


def test_nothing_is_left_behind_when_writing_fails(make_run, tmp_path, monkeypatch):
    def full(*args, **kwargs):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(OutputError, match="No space left on device"):
        write_tables(make_run(3, unreached=None), tmp_path)
    assert list(tmp_path.iterdir()) == []
