"""Sets of modes and parking places in the report, the GeoPackage and the map."""

import json
import sqlite3
from contextlib import closing
from xml.etree import ElementTree

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from chromium import Browser, find_browser
from markupsafe import escape

from halfcircle.outputs import build_layers, build_loss_layers, write_outputs
from halfcircle.outputs.classes import CATEGORY_COLOURS
from halfcircle.outputs.map_layers import class_table
from halfcircle.outputs.maps import map_content
from halfcircle.outputs.mode_columns import winning_columns
from halfcircle.outputs.mode_layers import mode_layers
from halfcircle.outputs.mode_report import mode_section
from halfcircle.outputs.statistics import weights_of
from halfcircle.outputs.texts import Texts

HOSTILE = "<b>P&R</b>"


@pytest.fixture
def with_modes(make_run):
    from dataclasses import replace

    run = make_run()
    n = len(run.zones)
    people = weights_of(run).values
    share = np.where(np.arange(n) % 2 == 0, 0.75, 0.25)
    share[0] = np.nan
    rows = [
        pd.DataFrame(
            {
                "zone_id": run.zones.zone_id, "scenario": "baseline", "set": "best",
                "opportunity": run.opportunities[0].name, "group": run.opportunities[0].groups[0],
                "band_min": 30.0, "percentile": 50, "mode": mode, "value": value,
                "most": (value > 0.5).astype(int),
            }
        )
        for mode, value in (("walk", share), ("car+transit", 1 - share))
    ]  # fmt: skip
    places = pd.DataFrame(
        {
            "scenario": ["baseline", "baseline", "v"], "place_id": ["a", "b", "a"],
            "name": ["Small", HOSTILE, "Small"], "lon": 6.0, "lat": 51.0,
            "capacity": [np.nan, 120.0, 5.0], "parking_min": 3.0, "stops": 2,
            "people_in_reach": [10.0, 2000.0, 10.0], "people_fastest": [1.0, 900.0, 1.0],
        }
    )  # fmt: skip
    run = replace(run, winning_mode=pd.concat(rows, ignore_index=True),
                  further={"park_and_ride": places})  # fmt: skip
    known = np.arange(n) > 0
    mean = float(np.average(share[known], weights=people[known]))
    return run, mean


def test_shares_are_means_over_people_who_are_known(with_modes) -> None:
    run, mean = with_modes
    texts = Texts("en")
    section = mode_section(run, weights_of(run), texts)
    assert section is not None
    (one,) = section["sets"]
    assert one["heads"] == ["30 min"]
    assert [row["name"] for row in one["rows"]] == ["Walking", "Park and ride"]
    assert [row["cells"] for row in one["rows"]] == [[texts.share(mean)], [texts.share(1 - mean)]]
    places = section["parking"]
    assert [row["name"] for row in places["rows"]] == [HOSTILE, "Small"]
    assert places["rows"][0]["cells"][0] == "120"
    assert places["rows"][1]["cells"][0] == texts("report.missing_mark")


def test_nothing_to_show(make_run) -> None:
    run = make_run()
    assert mode_section(run, weights_of(run), Texts("en")) is None


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_in_the_page_as_text(with_modes, language, tmp_path) -> None:
    run, _ = with_modes
    write_outputs(run, tmp_path, language=language)
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert str(escape(Texts(language)("combined.title"))) in page
    assert "&lt;b&gt;P&amp;R&lt;/b&gt;" in page
    assert HOSTILE not in page
    kept = pd.read_parquet(tmp_path / "winning_mode.parquet")
    assert len(kept) == 2 * len(run.zones)


def test_the_fastest_mode_in_the_geopackage(with_modes, tmp_path) -> None:
    from halfcircle.outputs import write_geopackage

    run, _ = with_modes
    path = write_geopackage(
        run, build_layers(run), build_loss_layers(run), tmp_path / "study.gpkg", texts=Texts("nl")
    )
    zones = gpd.read_file(path, layer="zones").set_index("zone_id")
    found = zones["fastest_best_30min"].reindex(run.zones.zone_id)
    most = run.winning_mode[run.winning_mode["most"] == 1].set_index("zone_id")["mode"]
    assert pd.isna(found.iloc[0])
    assert found.iloc[1:].tolist() == most.reindex(run.zones.zone_id).tolist()[1:]
    assert set(found.iloc[1:]) == {"walk", "car+transit"}
    with closing(sqlite3.connect(path)) as database:
        (style,) = database.execute(
            "SELECT styleQML FROM layer_styles WHERE styleName = 'fastest_best_30min'"
        ).fetchone()
        (title,) = database.execute(
            "SELECT title FROM gpkg_data_columns WHERE column_name = 'fastest_best_30min'"
        ).fetchone()
    root = ElementTree.fromstring(style.partition("\n")[2])
    rules = [(rule.get("filter"), rule.get("label")) for rule in root.iter("rule")]
    column = '"fastest_best_30min"'
    assert [rule for rule, _ in rules[:3] if rule] == [
        f"{column} IS NULL", f"{column} = 'walk'", f"{column} = 'car+transit'",
    ]  # fmt: skip
    assert "P+R" in {label for _, label in rules}
    assert title.startswith("Snelste vervoerwijze: waarmee de meeste banen")


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_the_fastest_mode_is_a_layer_of_the_map(with_modes, language) -> None:
    run, _ = with_modes
    texts = Texts(language)
    (layer,) = mode_layers(run, texts)
    assert layer.dims["quantity"] == "fastest"
    assert (layer.dims["mode"], layer.dims["band"]) == ("best", 30)
    # Walking where its share is larger; nothing is known of the first zone.
    assert np.isnan(layer.values[0])
    assert layer.values[1:5].tolist() == [2.0, 1.0, 2.0, 1.0]
    labels = [label for label, _ in layer.categories]
    assert len(labels) == len(set(labels)) == 2
    shared, own = class_table([layer], "quantile")
    assert shared["fastest/best"]["labels"] == labels
    assert shared["fastest/best"]["colours"] == CATEGORY_COLOURS[:2]
    assert own == [None]
    data, meta = map_content(run, build_layers(run), build_loss_layers(run), texts=texts)
    at = [one["quantity"] for one in meta["layers"]].index("fastest")
    walk, parked = data["shares"][at]
    assert walk[:3] == [None, 250, 750]
    assert parked[:3] == [None, 750, 250]
    assert [shares for i, shares in enumerate(data["shares"]) if i != at and shares] == []
    assert meta["labels"]["quantity"]["fastest"] == texts("map.quantity_fastest")


def test_a_zone_with_nothing_in_reach_has_no_fastest_mode(with_modes) -> None:
    from dataclasses import replace

    run, _ = with_modes
    table = run.winning_mode.copy()
    table.loc[table["value"].isna() & (table["mode"] == "walk"), "most"] = 1
    (layer,) = mode_layers(replace(run, winning_mode=table), Texts("en"))
    assert np.isnan(layer.values[0])
    assert not np.isnan(layer.values[1:]).any()


def test_a_mode_has_one_colour_in_all_sets(with_modes) -> None:
    from dataclasses import replace

    run, _ = with_modes
    other = run.winning_mode.assign(set="other").iloc[::-1]
    other = other.assign(mode=other["mode"].replace("walk", "bike"))
    both = replace(run, winning_mode=pd.concat([run.winning_mode, other], ignore_index=True))
    columns = winning_columns(both, Texts("en"))
    colours = [dict(zip(one.modes, one.colours, strict=True)) for one in columns]
    assert colours[0]["car+transit"] == colours[1]["car+transit"]
    assert colours[1]["bike"] not in colours[0].values()


def test_the_map_names_the_fastest_mode_and_its_share(with_modes, tmp_path) -> None:
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium (or no bash) is installed")
    run, _ = with_modes
    write_outputs(run, tmp_path, language="nl")
    browser = Browser(program)
    try:
        browser.open(
            tmp_path / "maps" / "reach.html",
            fragment=f"#quantity=fastest&zone={run.zones.zone_id[2]}",
            ready="document.documentElement?.dataset.ready === 'yes'",
        )
        browser.wait("document.querySelector('.hc-popup')")

        def texts_of(selector: str) -> list[str]:
            found = browser.run(
                f"[...document.querySelectorAll({json.dumps(selector)})].map((n) => n.innerText)"
            )
            return [str(one) for one in found]

        legend = texts_of("#hc-legend li")
        assert [line.strip() for line in legend[:3]] == ["Lopen", "P+R", "geen waarde"]
        rows = texts_of(".hc-popup > table tr")
        assert [row.split("\t") for row in rows[1:]] == [
            ["Lopen", "75\u202f%"], ["P+R", "25\u202f%"],
        ]  # fmt: skip
        assert texts_of(".hc-popup .hc-now") == ["75\u202f%"]
        assert browser.problems == []
    finally:
        browser.close()
