"""Interactive map: complete in itself, small, exact, and safe against hostile names."""

from __future__ import annotations

import base64
import json
import re
import zlib
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Transformer

from halfcircle.outputs import Texts, build_layers, build_loss_layers, build_map, write_map
from halfcircle.outputs.map_data import fitting_layers, stored_values


class Page(HTMLParser):
    """Elements of a page, and the text of its scripts by id."""

    def __init__(self, text):
        super().__init__()
        self.loads, self.scripts, self.tags, self.inside = [], {}, [], None
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append(tag)
        self.loads += [given[key] for key in ("src", "href", "data", "action") if given.get(key)]
        self.inside = given.get("id") if tag == "script" else None

    def handle_data(self, data):
        if self.inside:
            self.scripts[self.inside] = self.scripts.get(self.inside, "") + data


def written(result, tmp_path, language="en"):
    texts = Texts(language)
    layers, losses = build_layers(result), build_loss_layers(result)
    path = write_map(result, layers, losses, tmp_path / "reach.html", texts=texts)
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    data = json.loads(zlib.decompress(base64.b64decode(page.scripts["hc-data"])))
    return text, page, json.loads(page.scripts["hc-meta"]), data


def test_nothing_is_loaded_from_anywhere(make_run, tmp_path):
    text, page, _, _ = written(make_run(4, border=True), tmp_path)
    assert page.loads == []
    assert "cdn" not in text
    assert "Content-Security-Policy" in text
    assert "default-src 'none'" in text
    styles = re.findall(r"<style>(.*?)</style>", text, flags=re.S)
    assert not any("url(" in style.replace("url(#default#VML)", "") for style in styles)
    assert not any("@import" in style for style in styles)


def test_names_are_text(make_run, tmp_path):
    result = make_run(4, name="</script><script>alert(2)</script>")
    text, page, meta, data = written(result, tmp_path)
    assert "<script>alert" not in text
    assert data["names"][3] == "<script>alert(1)</script>"
    assert meta["name"] == result.name
    # As many scripts as without hostile names.
    plain = written(make_run(4, hostile=False, name="x"), tmp_path)[1]
    assert page.tags.count("script") == plain.tags.count("script")


def test_values_are_exact(make_run, tmp_path):
    result = make_run(6, border=True, percentiles=(25, 50, 75))
    _, _, meta, data = written(result, tmp_path)
    layers, losses = build_layers(result), build_loss_layers(result)
    given = [*layers.values, *losses.values]
    assert len(meta["layers"]) == len(given)
    for layer, stored, values in zip(meta["layers"], data["values"], given, strict=True):
        shown = np.array([np.nan if v is None else v / layer["scale"] for v in stored])
        np.testing.assert_allclose(shown, values, atol=0.5 / layer["scale"])
        if layer["quantity"] == "reach":
            np.testing.assert_array_equal(shown, values)
    assert data["reasons"] == {"baseline": {"transit": {"5": "no_service"}}}
    assert meta["texts"]["reasons"]["no_service"] == Texts().reason("no_service")


def test_shapes_are_where_the_zones_are(make_run, tmp_path):
    result = make_run(5)
    _, _, _, data = written(result, tmp_path)
    to_metres = Transformer.from_crs(4326, result.zones.crs, always_xy=True)
    for zone, shape in zip(data["zones"], result.zones.geometry, strict=True):
        ring = np.cumsum(np.array(zone[0][0]).reshape(-1, 2), axis=0) / data["scale"]
        back = shapely.Polygon(np.column_stack(to_metres.transform(*ring.T)))
        assert shapely.hausdorff_distance(back, shape) < 2.0
    assert data["border"]


def test_first_view_is_the_main_layer(make_run, tmp_path):
    _, _, meta, _ = written(make_run(4), tmp_path, "de")
    first = meta["layers"][meta["first"]]
    assert (first["mode"], first["band"], first["percentile"]) == ("transit", 45, 50)
    assert first["title"] == "Arbeitsplätze, öffentlicher Verkehr, 45 Min. (Median)"
    assert meta["separators"] == [".", ","]


def test_means_over_departures_are_named(make_run, tmp_path):
    result = make_run(4)
    mine = result.reach[result.reach["mode"] == "transit"]
    mean = mine.assign(percentile=np.nan, measure="mean")
    _, _, meta, _ = written(make_run(4, reach=pd.concat([mine, mean])), tmp_path)
    assert meta["labels"]["percentile"] == {"50": "median", "null": "mean of departures"}
    titles = {layer["title"] for layer in meta["layers"]}
    assert "Jobs, public transport, 45 min, mean over departures" in titles


def test_ten_thousand_zones_stay_under_five_megabytes(make_run, tmp_path):
    result = make_run(40, cell_m=1_300.0, percentiles=(25, 50, 75))
    text, _, meta, data = written(result, tmp_path)
    size_of_one = len(text.encode()) / len(data["names"])
    assert len(data["names"]) == 1_600
    assert len(meta["layers"]) == 60
    # The library itself takes a fifth of a megabyte, whatever the number of zones.
    assert size_of_one * 10_000 < 5_000_000


def test_what_does_not_fit_is_said(make_run, tmp_path, monkeypatch):
    monkeypatch.setattr("halfcircle.outputs.maps.VALUE_BYTES", 2_000)
    text, _, meta, _ = written(make_run(10), tmp_path)
    assert 1 <= len(meta["layers"]) < 40
    assert f"The map holds {len(meta['layers'])} of 40 results" in text
    assert {layer["band"] for layer in meta["layers"]} <= {45, 30, 60}


def test_main_layers_fit_first(make_run):
    layers = build_layers(make_run(8))
    kept = fitting_layers(layers, 1)
    assert [layers.keys[i].band_min for i in kept] == [45]
    assert list(fitting_layers(layers, 10**9)) == list(range(40))


@pytest.mark.parametrize(
    ("values", "stored", "scale"),
    [
        ([1.0, np.nan, 12_345_678.0], [1, None, 12_345_678], 1),
        ([0.1234, 0.0], [1234, 0], 10_000),
        ([12.345, np.nan], [1234, None], 100),
        ([123_456.7], [123_457], 1),
        ([np.nan], [None], 1),
    ],
)
def test_stored_values(values, stored, scale):
    assert stored_values(np.array(values)) == (stored, scale)


@pytest.mark.parametrize("kind", [{"points": True}, {"grid": True}, {"border": True}])
def test_same_results_give_the_same_bytes(make_run, tmp_path, kind):
    first, _, meta, _ = written(make_run(5, **kind), tmp_path)
    assert written(make_run(5, **kind), tmp_path)[0] == first
    assert meta["areas"] is not kind.get("points", False)


def test_a_notebook_shows_it(make_run):
    result = make_run(4)
    shown = build_map(result, build_layers(result), build_loss_layers(result), texts=Texts())
    assert "iframe" in shown._repr_html_()


def test_losses_with_closed_crossings_are_told_in_words(make_run):
    from dataclasses import replace

    from halfcircle.outputs.maps import map_content

    result = make_run(4, border=True)
    closed = result.border.assign(measure="cumulative_hard_closed")
    both = replace(result, border=pd.concat([result.border, closed], ignore_index=True))
    for language in ("en", "nl", "de"):
        texts = Texts(language)
        losses = build_loss_layers(both)
        _, meta = map_content(both, build_layers(both), losses, texts=texts)
        told = meta["labels"]["measure"]["cumulative_hard_closed"]
        assert told == texts.measure("cumulative_hard_closed")
        assert "_" not in told
