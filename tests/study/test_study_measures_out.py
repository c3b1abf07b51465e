"""Measures in what a run leaves behind: tables, indicators, GeoPackage, map, report, comparison."""

import json
import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from measure_villages import STUDY, write_study
from toy_times import INF, ToyTimes, square

from halfcircle.access.transit_times import HeadwayDraws
from halfcircle.errors import OutputError, StudyError
from halfcircle.outputs import RunResult, Texts, build_layers, build_loss_layers, build_report
from halfcircle.outputs.measure_layers import build_measure_layers, measure_units
from halfcircle.outputs.measure_words import measure_words
from halfcircle.study import compare_runs, run_study, study_result
from halfcircle.study.measures.times import (
    KeptTimes,
    PartTimes,
    TimesShelf,
    drawn,
    mean_of_draws,
    over_draws,
)
from halfcircle.study.settings.measures_keys import KINDS

MEASURES = """
[[measures]]
kind = "nearest"
opportunities = "schools"
modes = "by_car"
[[measures]]
kind = "mode-gap"
name = "<b>bike & car</b>"
slow = "by_bike"
fast = "by_car"
opportunities = "jobs"
at_risk = "pupils"
[[measures]]
kind = "amenity-norm"
opportunities = "schools"
people = "pupils"
norm_min = 9
modes = "by_car"
[[measures]]
kind = "closures"
opportunities = "schools"
people = "pupils"
min_roll = 30
modes = "by_car"
[[measures]]
kind = "city-pairs"
cities = ["a", "b", "c"]
limit_min = 20
[[measures]]
kind = "equity"
opportunities = "jobs"
income = "income"
[[measures]]
kind = "reverse-reach"
people = "workers"
modes = "by_car"
[[scenarios]]
name = "to c"
[[scenarios.edits]]
type = "move_opportunities"
name = "jobs to c"
opportunity = "jobs"
from = ["a"]
to = ["c"]
share = 1.0
"""


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_study(tmp_path_factory.mktemp("villages"), MEASURES)


@pytest.fixture(scope="module")
def out(study: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("out")
    run_study(study, out=folder, workers=1)
    return folder


@pytest.fixture(scope="module")
def result(study: Path) -> RunResult:
    return study_result(study)


def test_tables_are_written_described_and_listed(out: Path) -> None:
    names = ("measures", "area_measures", "city_pairs", "closures")
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    listed = {entry["path"] for entry in manifest["outputs"]}
    dictionary = pd.read_csv(out / "data_dictionary.csv", encoding="utf-8-sig")
    for name in names:
        table = pd.read_parquet(out / f"{name}.parquet")
        assert len(table) > 0
        assert f"{name}.parquet" in listed
        columns = dictionary.loc[dictionary["table"] == f"{name}.parquet", "column"]
        assert list(columns) == list(table.columns)
        if name != "measures":
            text = pd.read_csv(out / f"{name}.csv", encoding="utf-8-sig")
            assert f"{name}.csv" in listed
            assert len(text) == len(table)
            np.testing.assert_array_equal(text["name"], table["name"])
    measures = pd.read_parquet(out / "measures.parquet")
    assert set(measures["scenario"]) == {"baseline", "to c"}
    assert measures.loc[measures["scenario"] == "to c", "delta"].notna().any()


def test_the_same_bytes_again_and_from_blocks_that_are_there(
    study: Path, out: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from halfcircle.study.measures import compute as measures

    calls = []
    real = dict(measures.SWEEPS)

    def broken(*_: object) -> object:
        raise KeyboardInterrupt

    monkeypatch.setitem(measures.SWEEPS, "closures", broken)
    with pytest.raises(KeyboardInterrupt):
        run_study(study, out=tmp_path, workers=2)

    def counted(*arguments: object) -> object:
        calls.append("nearest")
        return real["nearest"](*arguments)

    monkeypatch.setitem(measures.SWEEPS, "closures", real["closures"])
    monkeypatch.setitem(measures.SWEEPS, "nearest", counted)
    run_study(study, out=tmp_path, workers=2)
    assert calls == []  # the block of the run that was broken off
    for name in ("measures.parquet", "area_measures.csv", "closures.csv", "indicators.csv"):
        assert (tmp_path / name).read_bytes() == (out / name).read_bytes(), name


def test_columns_of_the_geopackage_and_of_the_wide_table(out: Path) -> None:
    zones = gpd.read_file(out / "study.gpkg", layer="zones")
    column = "measure_schools_by_car_nearest_p50"
    assert list(zones[column]) == [5.0, 10.0, 5.0]
    wide = pd.read_csv(out / "zones.csv", encoding="utf-8-sig")
    assert list(wide[column]) == [5.0, 10.0, 5.0]
    gap = [name for name in zones.columns if "mode_gap" in name]
    assert gap
    assert zones[gap].min().min() < 0


def test_indicators_of_the_area_and_of_its_measures(out: Path) -> None:
    table = pd.read_csv(out / "indicators.csv", encoding="utf-8-sig")
    base = table[table["scenario"] == "baseline"]
    nearest = base[(base["indicator"] == "measure_mean") & (base["measure"] == "nearest")]
    assert nearest["value"].tolist() == [7.5]
    assert nearest["unit"].tolist() == ["min"]
    beyond = base[base["indicator"] == "measure_share_beyond"]
    assert beyond["value"].tolist() == [0.5]
    assert beyond["definition"].str.contains("takes longer than the norm").all()
    gini = base[base["indicator"] == "measure_gini"]
    assert len(gini) > 0
    assert gini["value"].between(0, 1).all()
    sites = base[base["indicator"] == "measure_mean_of_sites"]
    assert "reverse-reach" in set(sites["measure"])


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_the_report_tells_every_measure_in_words(result: RunResult, language: str) -> None:
    texts = Texts(language)
    layers, losses = build_layers(result), build_loss_layers(result)
    page = build_report(result, layers, losses, texts=texts)
    section = page[page.index('id="h-measures"') :]
    section = section[: section.index("</section>")]
    words = measure_words(texts)
    for kind in ("nearest", "mode-gap", "amenity-norm", "closures", "city-pairs", "equity"):
        assert words.definition(kind).split(".")[0] in section
    # What a user writes is text.
    assert "&lt;b&gt;bike &amp; car&lt;/b&gt;" in section
    assert "<b>bike" not in section
    assert "Coevorde" in section  # the school that closes
    assert f"20{texts.number(0.5, 1)[1]}0" not in section
    half = texts.share(0.5)
    assert half in section
    assert 'aria-labelledby="' in section
    assert not re.search(r"\bnan\b", section)
    assert "_" not in re.sub(r"<[^>]*>|\w+_measures\.csv|doi:\S+", "", section)


def test_the_map_has_the_measures_as_layers(out: Path) -> None:
    page = (out / "maps" / "reach.html").read_text(encoding="utf-8")
    meta = json.loads(
        re.search(r'id="hc-meta">(.*?)</script>', page, re.DOTALL)[1]  # type: ignore[index]
    )
    assert "measure" in meta["values"]["quantity"]
    units = {layer["unit"] for layer in meta["layers"] if layer["quantity"] == "measure"}
    assert "minutes" in units


def test_python_gets_them_as_columns(result: RunResult) -> None:
    frame = result.to_geodataframe(quantity="measure", measure="nearest", scenario="baseline")
    assert list(frame["measure_schools_by_car_nearest_p50"]) == [5.0, 10.0, 5.0]
    assert "measures" in repr(result)
    with pytest.raises(OutputError, match="no such result"):
        result.to_geodataframe(quantity="measure", measure="nearest", mode="walk")
    units = measure_units(result)
    assert units["schools", "nearest"] == "min"
    assert len(build_measure_layers(result)) > 10


def test_two_runs_are_compared(out: Path, tmp_path: Path) -> None:
    changed = MEASURES.replace("norm_min = 9", "norm_min = 12")
    run_study(write_study(tmp_path, changed), out=tmp_path / "out")
    found = compare_runs(out, tmp_path / "out")
    area = found.tables["area_measures"]
    assert len(area) > 0
    assert "area_measures:" in found.text
    assert compare_runs(out, out).is_same


def test_every_kind_has_words_in_every_language() -> None:
    for language in ("en", "nl", "de"):
        words = measure_words(Texts(language))
        assert set(words.entries["kind"]) == set(KINDS)
        assert set(words.entries["definition"]) == set(KINDS)
    english, *others = (measure_words(Texts(one)).entries for one in ("en", "nl", "de"))
    for other in others:
        for part in ("measure", "index", "unit"):
            assert set(other[part]) == set(english[part])
        assert set(other) == set(english)
    words = measure_words(Texts("en"))
    assert words.measure("minutes_to_3") == "time to 3"
    assert words.measure("interval_mean_30_60") == "mean over 30–60 min"
    assert words.measure("mode_gap_decay") == "gap, reach with decay"
    assert words.unit("jobs per persons") == "jobs per residents"
    assert words.value(0.0034, "jobs") == "0.0034"
    assert words.difference(-0.127, "share") == "\u221213\u202fpp"
    assert words.difference(0.0, "share") == "0\u202fpp"
    assert words.difference(2.5, "min") == "+2.50"
    assert words.title("to c") == "to c"


def test_times_are_computed_once_and_only_where_asked() -> None:
    asked: list[list[int]] = []

    class Counted(ToyTimes):
        def times_s(self, origin_idx: np.ndarray) -> np.ndarray:
            asked.append(origin_idx.tolist())
            return super().times_s(origin_idx)

    toy = square([[1, 2], [3, 4]])
    source = Counted(toy.seconds, toy.origins, toy.destinations)
    shelf = TimesShelf(max_cells=4)
    kept = shelf(source)
    assert isinstance(kept, KeptTimes)
    assert shelf(source) is kept
    part = PartTimes(kept, np.array([1]))
    np.testing.assert_array_equal(part.times_s(np.array([0]))[0, 0], [180, 240])
    assert list(part.origins.place_id) == ["z1"]
    kept.times_s(np.array([0, 1]))
    kept.times_s(np.array([0, 1]))
    assert asked == [[1], [0]]
    other = square([[1, 2], [3, 4]])
    assert shelf(other) is not kept
    assert shelf(source) is not kept  # what was kept first made room
    assert TimesShelf(max_cells=3)(source) is source


def test_over_draws_values_are_means_and_decisions_take_mean_times() -> None:
    one, other = square([[0, 10], [10, 0]]), square([[0, 20], [INF, 0]])
    draws = HeadwayDraws((one, other))  # type: ignore[arg-type]
    assert drawn(draws) == (one, other)
    assert drawn(one) == (one,)
    mean = mean_of_draws(drawn(draws))
    np.testing.assert_array_equal(mean.times_s(np.array([0, 1]))[:, 0], [[0, 900], [INF, 0]])
    tables = [{"a": pd.DataFrame({"value": [v, np.nan], "unit": "min"})} for v in (1.0, 4.0)]
    found = over_draws(tables)["a"]
    assert found["value"].iloc[0] == 2.5
    assert np.isnan(found["value"].iloc[1])
    assert over_draws(tables[:1]) is tables[0]


def test_indicators_for_another_zoning(tmp_path: Path) -> None:
    text = MEASURES + '[outputs]\nareas = ["part"]\n'
    run_study(write_study(tmp_path, text), out=tmp_path / "out")
    table = pd.read_csv(tmp_path / "out" / "indicators.csv", encoding="utf-8-sig")
    own = table[(table["area_type"] == "part") & (table["scenario"] == "baseline")]
    rows = own[(own["indicator"] == "measure_mean") & (own["measure"] == "nearest")]
    # In the west 100 people take 5 minutes and 200 take 10; in the east 100 take 5.
    assert dict(zip(rows["area_id"], rows["value"], strict=True)) == {
        "east": 5.0,
        "west": pytest.approx(25 / 3),
    }
    beyond = own[own["measure"].astype(str).str.endswith("beyond_norm")]
    assert set(beyond["area_id"]) == {"east", "west"}
    with pytest.raises(StudyError, match=r"areas: zones.csv has no such column: 'parts'.*'part'"):
        study_result(write_study(tmp_path, text.replace('["part"]', '["parts"]')))


def test_a_study_without_measures_has_none_of_it(tmp_path: Path) -> None:
    run_study(write_study(tmp_path, "", study=STUDY), out=tmp_path / "out")
    assert not (tmp_path / "out" / "measures.parquet").exists()
    assert "h-measures" not in (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
