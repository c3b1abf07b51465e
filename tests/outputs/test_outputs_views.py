"""Results in Python: the right columns, a picture with a legend, words that are text."""

from __future__ import annotations

from xml.etree import ElementTree

import numpy as np
import pytest

from halfcircle.errors import OutputError
from halfcircle.outputs import LayerKey, build_layers

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture(scope="module")
def run(make_run):
    return make_run(6, border=True, variants=True, percentiles=(25, 50))


def test_one_layer_is_one_column(run):
    frame = run.to_geodataframe(mode="transit", opportunity="jobs", band_min=45, percentile=50)
    expected = build_layers(run).get(LayerKey("jobs", "transit", 45.0, 50))
    assert list(frame.columns) == [
        "zone_id", "name", "country", "jobs_transit_p50_45min", "geometry",
    ]  # fmt: skip
    np.testing.assert_array_equal(frame["jobs_transit_p50_45min"], expected)
    assert np.isnan(frame["jobs_transit_p50_45min"][5])
    assert frame.crs == run.zones.crs
    assert frame.geometry.geom_type.unique().tolist() == ["Polygon"]


def test_what_is_left_out_means_all(run):
    frame = run.to_geodataframe(opportunity="jobs", band_min=30.0)
    values = [name for name in frame if str(name).startswith("jobs")]
    assert len(values) == 5
    assert len(run.to_geodataframe().columns) == 4 + len(build_layers(run))
    loss = run.to_geodataframe(quantity="loss", mode="car", band_min=60)
    assert "loss_jobs_car_60min" in loss
    delta = run.to_geodataframe(quantity="delta", scenario="Fast line", mode="transit", band_min=45)
    assert (delta.filter(like="delta_jobs") != 0).any().any()


def test_what_is_not_there_is_told_with_what_is(run, make_run):
    with pytest.raises(OutputError, match=r"(?s)mode.*walk, bike, car, transit.*band_min.*15"):
        run.to_geodataframe(mode="tram", band_min=44)
    with pytest.raises(OutputError, match="not together"):
        run.to_geodataframe(mode="car", percentile=25)
    with pytest.raises(OutputError, match="no loss to show"):
        make_run(3).plot(quantity="loss")
    with pytest.raises(OutputError, match="quantity 'gain' is not known"):
        run.plot(quantity="gain")


@pytest.mark.parametrize("quantity", ["reach", "loss", "delta"])
def test_picture_has_title_and_legend(run, tmp_path, quantity):
    drawn = run.plot(quantity=quantity, mode="transit", band_min=45, language="nl")
    assert "45 min" in drawn.title
    root = ElementTree.fromstring(drawn._repr_svg_())
    words = [node.text for node in root.iter(f"{SVG}text")]
    assert drawn.title in words
    assert "geen waarde" in words
    ids = [node.get("id") for node in root.iter() if node.get("id")]
    assert len(ids) == len(set(ids))
    fills = {node.get("fill") for node in root.iter() if (node.get("fill") or "").startswith("url")}
    assert {fill[5:-1] for fill in fills} <= set(ids)
    assert drawn.save(tmp_path / "map.svg").read_text(encoding="utf-8").startswith("<svg")
    assert repr(drawn) == f"<Picture {drawn.title!r}>"
    with pytest.raises(OutputError, match=r"saved as \.svg"):
        drawn.save(tmp_path / "map.png")


def test_a_run_shows_itself(run):
    page = run._repr_html_()
    assert "Three countries &amp; &lt;towns&gt;" in page
    assert "36 (BE, DE, NL)" in page
    assert "15, 30, 45, 60, 90 min" in page
    assert "scenarios (" in page
    root = ElementTree.fromstring(page)
    assert root.tag == "table"
