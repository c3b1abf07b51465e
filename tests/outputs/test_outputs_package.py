"""CSV files, their dictionary and their package: one story, and it opens where people work."""

from __future__ import annotations

import csv
import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from halfcircle.errors import OutputError
from halfcircle.outputs import CSV_STYLES, Source, build_layers, run_tables, write_outputs
from halfcircle.outputs._assets import asset
from halfcircle.outputs._columns import Table
from halfcircle.outputs.columns import TABLES, TRAVEL_TIMES
from halfcircle.outputs.isochrone_table import ISOCHRONES
from halfcircle.outputs.layers import Layers
from halfcircle.outputs.package import write_data_dictionary, write_data_package
from halfcircle.outputs.sheet_columns import SHEETS
from halfcircle.outputs.sheets import table_spec, write_frame, write_sheet
from halfcircle.outputs.tables import wide_table


def further():
    return {
        "regions_dial": pd.DataFrame({"target_containment": [0.5], "n_regions": [12]}),
        "scenarios/winners_and_losers": pd.DataFrame(
            {"scenario": ["Fast line"], "part": ["all"], "mean_delta": [-1234.5678]}
        ),
        "scenarios/fast-line/city_pairs": pd.DataFrame(
            {"from": ["'s-Hertogenbosch"], "to": ["=1+1"], "mode": ["transit"],
             "minutes_baseline": [np.nan], "minutes_variant": [54.5], "difference": [np.nan],
             "within_an_hour_baseline": [False], "within_an_hour_variant": [True]}
        ),
    }  # fmt: skip


@pytest.fixture(scope="module", params=CSV_STYLES)
def folder(request, make_run, tmp_path_factory):
    out = tmp_path_factory.mktemp(request.param)
    result = replace(make_run(4, border=True, variants=True), further=further())
    written = write_outputs(result, out, csv=request.param, language="de")
    return request.param, out, written, result


def rows_of(path: Path, style: str) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file, delimiter=";" if style == "comma" else ","))


def test_all_csv_files_have_one_style(folder):
    style, out, written, _ = folder
    sheets = [path for path in written if path.suffix == ".csv"]
    assert {path.relative_to(out).as_posix() for path in sheets} >= {
        "zones.csv", "indicators.csv", "data_dictionary.csv", "regions_dial.csv",
        "scenarios/winners_and_losers.csv", "scenarios/fast-line/city_pairs.csv",
    }  # fmt: skip
    for path in sheets:
        raw = path.read_bytes()
        assert raw.startswith(b"\xef\xbb\xbf")
        assert raw.count(b"\n") == raw.count(b"\r\n")
        head = raw.decode("utf-8-sig").split("\r\n")[0]
        assert (";" in head) == (style == "comma"), path.name
        assert not re.search(r"[=+@]", head)


def test_numbers_are_read_as_numbers_where_people_work(folder):
    style, out, _, result = folder
    decimal, sep = (",", ";") if style == "comma" else (".", ",")
    winners = pd.read_csv(out / "scenarios/winners_and_losers.csv", sep=sep, decimal=decimal)
    assert winners["mean_delta"].tolist() == [-1234.5678]
    layers = build_layers(result)
    zones = pd.read_csv(out / "zones.csv", sep=sep, decimal=decimal, dtype={"zone_id": str})
    np.testing.assert_array_equal(zones.iloc[:, 5:].to_numpy(np.float64).T, layers.values)
    np.testing.assert_allclose(zones["lon"], result.zones.places.lon, atol=5e-7)
    mark = b"," if style == "comma" else b"."
    assert b"-1234" + mark + b"5678" in (out / "scenarios/winners_and_losers.csv").read_bytes()
    (pair,) = rows_of(out / "scenarios/fast-line/city_pairs.csv", style)
    assert pair == {
        "from": "'s-Hertogenbosch", "to": "'=1+1", "mode": "transit", "minutes_baseline": "",
        "minutes_variant": f"54{decimal}5", "difference": "",
        "within_an_hour_baseline": "false", "within_an_hour_variant": "true",
    }  # fmt: skip


def test_the_dictionary_tells_every_column_of_every_file(folder):
    style, out, written, _ = folder
    rows = rows_of(out / "data_dictionary.csv", style)
    told: dict[str, list[str]] = {}
    for row in rows:
        told.setdefault(row["table"], []).append(row["column"])
        assert row["description"], row
        assert row["type"] in ("text", "number", "integer", "boolean")
    for path in written:
        name = path.relative_to(out).as_posix()
        if path.suffix == ".csv":
            with path.open(encoding="utf-8-sig", newline="") as file:
                head = next(csv.reader(file, delimiter=";" if style == "comma" else ","))
            assert told.pop(name) == head
        elif path.suffix == ".parquet":
            assert told.pop(name) == pq.read_schema(path).names
    assert told == {}


def test_the_package_is_one_by_the_specification(folder):
    """Rules of Data Package 2.0 (datapackage.org): what must be there, and of what form."""
    style, out, _, result = folder
    package = json.loads((out / "datapackage.json").read_text(encoding="utf-8"))
    assert package["$schema"] == "https://datapackage.org/profiles/2.0/datapackage.json"
    assert package["title"] == result.name
    names = [resource["name"] for resource in package["resources"]]
    assert len(names) == len(set(names)) > 8
    for source in package["sources"]:
        assert source["title"]
    for licence in package["licenses"]:
        assert re.fullmatch(r"[\w.-]+", licence["name"])
    for resource in package["resources"]:
        assert re.fullmatch(r"[a-z0-9._/-]+", resource["name"])
        # Relative, inside the package, and there.
        assert not resource["path"].startswith(("/", "."))
        assert (out / resource["path"]).is_file()
        assert resource["type"] == "table"
        schema = resource["schema"]
        fields = [field["name"] for field in schema["fields"]]
        assert len(fields) == len(set(fields)) > 0
        required = set()
        for field in schema["fields"]:
            assert field["type"] in ("string", "number", "integer", "boolean")
            assert set(field) <= {
                "name", "type", "description", "unit", "decimalChar", "constraints",
            }  # fmt: skip
            if field.get("constraints", {}).get("required"):
                required.add(field["name"])
        # A key is never empty and never twice.
        key = schema.get("primaryKey", [])
        assert set(key) <= required
        if resource["format"] == "csv":
            assert resource["encoding"] == "utf-8"
            assert resource["dialect"]["delimiter"] == (";" if style == "comma" else ",")
            rows = rows_of(out / resource["path"], style)
            assert not key or len({tuple(row[k] for k in key) for row in rows}) == len(rows)
            for row in rows:
                assert all(row[name] for name in required), (resource["path"], row)
            check_values(schema["fields"], rows)
        else:
            assert pq.read_schema(out / resource["path"]).names == fields


def check_values(fields, rows):
    for field in fields:
        mark = field.get("decimalChar", ".")
        pattern = {
            "number": rf"-?\d+({re.escape(mark)}\d+)?(e[+-]\d+)?",
            "integer": r"-?\d+",
            "boolean": "true|false",
            "string": ".*",
        }[field["type"]]
        for row in rows:
            value = row[field["name"]]
            assert value == "" or re.fullmatch(pattern, value, re.DOTALL), (field, value)


def test_paths_of_sources_stay_inside(make_run, tmp_path):
    given = ("../up.csv", "/root.csv", "a/../../b.csv", "http://x/y", "data/fine.csv", "")
    result = replace(make_run(3), sources=tuple(Source("zones", f"s{p}", p) for p in given))
    tables = run_tables(result, build_layers(result))
    path = write_data_package(result, tables, tmp_path / "p.json")
    found = json.loads(path.read_text(encoding="utf-8"))["sources"]
    assert [source.get("path") for source in found] == [None] * 4 + ["data/fine.csv", None]


def test_same_stem_of_two_files_has_two_names(make_run, tmp_path):
    result = make_run(3, border=True)
    summary = {
        "a.parquet": TABLES["border"],
        "a.csv": SHEETS["claims"],
        "b.csv": Table("b", "", ()),
    }
    path = write_data_package(result, summary, tmp_path / "p.json")
    found = json.loads(path.read_text(encoding="utf-8"))["resources"]
    assert [one["name"] for one in found] == ["a.parquet", "a.csv", "b"]


def test_columns_that_nobody_described_are_told_by_what_is_in_them():
    table = pd.DataFrame({"station": ["X"], "jobs": [1.5], "open": [True], "note": ["a"]})
    spec = table_spec("catchments", table, SHEETS["catchments"])
    assert [(c.name, c.kind) for c in spec.columns] == [
        ("station", "text"), ("jobs", "number"), ("open", "boolean"), ("note", "text"),
    ]  # fmt: skip


def test_cells_of_every_kind(tmp_path):
    row = ["=a", 1, 2.5, None, np.nan, pd.NA, np.int64(7), np.bool_(False), -0.125, 1e20]
    path = write_sheet(tmp_path / "x.csv", list("abcdefghij"), [row], style="comma")
    assert (
        path.read_text(encoding="utf-8-sig").splitlines()[1] == "'=a;1;2,5;;;;7;false;-0,125;1e+20"
    )
    with pytest.raises(OutputError, match=r"csv style 'tab' is not known; known: point, comma"):
        write_frame(tmp_path / "y.csv", pd.DataFrame({"a": [1]}), style="tab")


def test_every_described_file_has_a_key_or_words():
    for name, table in SHEETS.items():
        assert table.description, name
        assert len(set(table.column_names)) == len(table.columns)
        for column in table.columns:
            assert column.description, (name, column.name)
            assert column.kind == "text" or column.kind == "boolean" or column.unit, column.name


def dictionary_words():
    """Every English text that a data dictionary can hold: units, columns, tables."""
    tables = [*TABLES.values(), *SHEETS.values(), TRAVEL_TIMES, ISOCHRONES]
    wide = wide_table(Layers((), np.zeros((0, 0))))
    columns = [column for table in (*tables, wide) for column in table.columns]
    return {
        "units": {column.unit for column in columns} - {""},
        "descriptions": {column.description for column in columns},
        "tables": {table.description for table in (*tables, wide)},
    }


def test_the_dictionary_is_told_in_dutch_and_german():
    words = tomllib.loads(asset("texts", "columns.toml"))
    for part, english in dictionary_words().items():
        # Neither a text without its translations nor a translation of what is no longer said.
        assert sorted(english - set(words[part])) == []
        assert sorted(set(words[part]) - english) == []
        for one, both in words[part].items():
            assert len(both) == 2
            assert all(text.strip() == text and text for text in both), one


@pytest.mark.parametrize(("language", "unit"), [("nl", "minuten"), ("de", "Minuten")])
def test_units_are_those_of_the_language(make_run, tmp_path, language, unit):
    result = make_run(3)
    tables = run_tables(result, build_layers(result))
    path = write_data_dictionary(tables, tmp_path / "d.csv", language=language)
    band = next(row for row in rows_of(path, "point") if row["column"] == "band_min")
    assert band["unit"] == unit
    assert band["description"] != "travel time up to which opportunities count"
    whole = {row["table"]: row["table_description"] for row in rows_of(path, "point")}
    held = tomllib.loads(asset("texts", "columns.toml"))["tables"]
    at = ("nl", "de").index(language)
    assert whole["reach.parquet"] == held[TABLES["reach"].description][at]
