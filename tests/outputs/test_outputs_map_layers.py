"""What the map offers beside reach: circles of places, roses, own boundaries, sensible classes."""

from __future__ import annotations

import base64
import json
import re
import zlib
from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from pyproj import Transformer

from halfcircle.errors import OutputError
from halfcircle.outputs import (
    Boundary,
    MapLooks,
    PlaceReach,
    Texts,
    build_layers,
    build_loss_layers,
    build_map,
    build_report,
    isochrone_frame,
    write_outputs,
)
from halfcircle.outputs.classes import class_breaks, delta_classes, reach_classes
from halfcircle.outputs.legend import class_labels, delta_labels
from halfcircle.outputs.map_glyphs import glyph_order

HOSTILE = "<img src=x onerror=alert(1)>"
BANDS = (15.0, 30.0)


def content(result):
    """Data and words in the page of the map."""
    page = build_map(result, build_layers(result), build_loss_layers(result), texts=Texts())
    text = page.get_root().render()
    data = re.search(r'id="hc-data">([^<]*)<', text)[1]
    meta = re.search(r'id="hc-meta">([^<]*)<', text)[1]
    return text, json.loads(zlib.decompress(base64.b64decode(data))), json.loads(meta)


def place(result, zone_idx=44, *, name="Middle", kmh=30.0, areas=None, mode="car"):
    xy = result.zones.places.xy_m(result.zones.crs)
    times_s = np.hypot(*(xy - xy[zone_idx]).T) / (kmh / 3.6)
    return PlaceReach(name, zone_idx, mode, 50, BANDS, times_s, areas)


def boundary(result, label="Provinces", names=()):
    west, south, east, north = shapely.total_bounds(result.zones.geometry)
    line = shapely.LineString([(west, south), (east, north)])
    return Boundary(label, line, names)


# ---- classes ---------------------------------------------------------------------------------


def test_small_counts_get_whole_classes():
    stations = np.repeat(np.arange(0.0, 41.0), 3)
    classes = reach_classes(stations)
    assert classes.whole
    assert all(bound == round(bound) for bound in classes.breaks)
    labels = class_labels(classes, Texts())[2:]
    assert labels[0] == "1 – 7"
    assert labels[1].startswith("8 – ")
    # Every class starts one above the end of the one before.
    for (lower, upper), label in zip(pairwise(classes.breaks), labels[1:], strict=True):
        assert label == f"{lower + 1:g} – {upper:g}"


def test_few_values_get_a_class_each():
    classes = reach_classes(np.array([0.0, 1.0, 2.0, 2.0, 5.0, np.nan]))
    assert classes.method == "each"
    assert class_labels(classes, Texts())[2:] == ("1", "2", "5")
    assert classes.class_idx(np.array([1.0, 2.0, 5.0, 0.0])).tolist() == [0, 1, 2, -1]
    large = reach_classes(np.array([1_234.0, 98_765.0]))
    assert class_labels(large, Texts("nl"))[2:] == ("1.234", "98.765")


def test_values_that_a_legend_cannot_tell_apart_are_one_class():
    classes = reach_classes(np.array([1_234.2, 1_234.4]))
    assert classes.method == "quantile"
    assert len(classes.breaks) == 1


def test_differences_of_small_counts_are_whole():
    labels = delta_labels(delta_classes(np.arange(-12.0, 13.0)), Texts())
    assert "1 – 4 more" in labels
    assert "5 – 7 fewer" in labels


@settings(deadline=None, max_examples=60)
@given(
    st.lists(st.floats(0.01, 1e6), min_size=1, max_size=300),
    st.sampled_from(["quantile", "natural", "equal"]),
)
def test_every_value_has_a_class_by_every_method(values, method):
    array = np.array(values)
    classes = reach_classes(array, method=method)
    assert list(classes.breaks) == sorted(set(classes.breaks))
    assert len(classes.breaks) == len(classes.colours) <= 7
    for value, idx in zip(array, classes.class_idx(array), strict=True):
        assert value <= classes.breaks[idx]
        assert idx == 0 or value > classes.breaks[idx - 1]


def test_natural_breaks_part_what_lies_apart():
    values = np.concatenate(
        [np.linspace(1, 2, 30), np.linspace(50, 55, 4), np.linspace(900, 950, 9)]
    )
    assert class_breaks(values, 3, method="natural") == (2.0, 55.0, 950.0)
    assert class_breaks(values, 3, method="quantile") != (2.0, 55.0, 950.0)


def plain_breaks(values, k):
    """Best of all ways to cut sorted values into k classes, tried one by one."""
    from itertools import combinations

    values = np.sort(values)
    best = (np.inf, ())
    for cuts in combinations(range(1, len(np.unique(values))), k - 1):
        different = np.unique(values)
        bounds = [*(different[cut - 1] for cut in cuts), different[-1]]
        idx = np.searchsorted(bounds, values)
        cost = sum(((values[idx == i] - values[idx == i].mean()) ** 2).sum() for i in range(k))
        best = min(best, (cost, tuple(bounds)))
    return best[0]


def test_natural_breaks_are_the_best_there_are():
    rng = np.random.default_rng(3)
    for _ in range(10):
        values = rng.integers(1, 60, 14).astype(float)
        bounds = np.array(class_breaks(values, 3, method="natural"))
        idx = np.searchsorted(bounds, values)
        cost = sum(((values[idx == i] - values[idx == i].mean()) ** 2).sum() for i in range(3))
        assert cost == pytest.approx(plain_breaks(values, 3))


def test_equal_classes_are_equally_wide():
    breaks = class_breaks(np.array([3.0, 690.0, 70.5]), 7, method="equal")
    assert breaks == (99.0, 198.0, 297.0, 396.0, 495.0, 594.0, 693.0)


def test_the_map_says_how_classes_were_found(make_run):
    result = make_run(5, looks=MapLooks("natural"))
    _, _, meta = content(result)
    assert meta["classes"]["jobs/cumulative"]["method"] == "natural"
    first = meta["layers"][0]["own"]
    assert first["method"] in ("natural_one", "each_one")
    assert "method_natural" in meta["texts"]
    layers, losses = build_layers(result), build_loss_layers(result)
    assert "natural breaks" in build_report(result, layers, losses, texts=Texts())
    with pytest.raises(OutputError, match="classes: must be one of quantile, natural, equal"):
        MapLooks("jenks")  # type: ignore[arg-type]


# ---- isochrones of places --------------------------------------------------------------------


def test_half_circle_holds_the_own_country_only(make_run):
    result = make_run(10, border=True)
    one = place(result)
    frame = isochrone_frame((one,), result.zones, result.opportunities)
    assert list(frame["circle"]) == ["full", "full", "half", "half"]
    full, half = frame[frame["circle"] == "full"], frame[frame["circle"] == "half"]
    country = result.zones.places.country
    home = country == country[44]
    for band, row, kept in zip(BANDS, full.itertuples(), half.itertuples(), strict=True):
        inside = one.times_s <= 60 * band
        jobs = np.nan_to_num(result.opportunities[0].values[0])
        assert (row.n_zones, kept.n_zones) == (inside.sum(), (inside & home).sum())
        assert row.reach == pytest.approx(jobs[inside].sum())
        assert kept.reach == pytest.approx(jobs[inside & home].sum())
        assert row.geometry.buffer(1).contains(kept.geometry)
        expected = shapely.area(result.zones.geometry[inside & home]).sum() / 1e6
        assert kept.area_km2 == pytest.approx(expected)


@pytest.mark.parametrize("points", [False, True])
def test_areas_along_streets_are_cut_at_the_border(make_run, points):
    result = make_run(10, border=True, points=points)
    zones = result.zones
    discs = [shapely.Point(zones.places.xy_m(zones.crs)[44]).buffer(r) for r in (4e3, 8e3)]
    one = place(result, areas=tuple(shapely.MultiPolygon([disc]) for disc in discs))
    frame = isochrone_frame((one,), zones, result.opportunities)
    assert set(frame["kind"]) == {"street"}
    full, half = (frame[frame["circle"] == circle] for circle in ("full", "half"))
    for disc, row, kept in zip(discs, full.itertuples(), half.itertuples(), strict=True):
        assert row.geometry.equals(disc)
        assert kept.area_km2 < row.area_km2
        assert row.geometry.buffer(1.0).contains(kept.geometry)
        home = zones.places.country == zones.places.country[44]
        abroad = shapely.points(zones.places.xy_m(zones.crs))[~home]
        assert not shapely.contains(kept.geometry, abroad).any()


def test_isochrones_are_written_and_described(make_run, tmp_path):
    result = make_run(6, border=True, isochrones=(place(make_run(6), 14, name=HOSTILE),))
    write_outputs(result, tmp_path)
    for name in ("isochrones.gpkg", "isochrones.geojson"):
        frame = gpd.read_file(tmp_path / name)
        assert set(frame["place"]) == {HOSTILE}
        assert frame.geometry.is_valid.all()
    described = (tmp_path / "data_dictionary.csv").read_text(encoding="utf-8-sig")
    assert "isochrones.gpkg,circle" in described
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "What is within reach of &lt;img" in report
    assert HOSTILE not in report


def test_circles_are_layers_of_the_map(make_run):
    result = make_run(10, border=True)
    result = make_run(10, border=True, isochrones=(place(result), place(result, 12, name="Other")))
    _, data, meta = content(result)
    circles = [i for i, one in enumerate(meta["layers"]) if one["kind"] == "minutes"]
    assert [meta["layers"][i]["quantity"] for i in circles] == [
        "circle_full", "circle_full", "circle_half", "circle_half",
    ]  # fmt: skip
    assert meta["values"]["place"] == [None, "Middle", "Other"]
    full, half = (meta["layers"][i] for i in (circles[0], circles[2]))
    assert full["mark"] == half["mark"] == 44
    shown = np.array([np.nan if v is None else v for v in data["values"][circles[2]]], float)
    shown /= half["scale"]
    country = result.zones.places.country
    one = result.isochrones[0]
    within = one.times_s <= 60 * BANDS[-1]
    assert np.array_equal(np.isnan(shown), within & (country != country[44]))
    assert (shown[~within] == 0).all()
    # The middle takes no time: it is near, not out of reach.
    assert shown[44] > 0
    assert full["facts"][0] == ["Jobs", "without the border", "with the border", "lost"]
    assert len(full["facts"]) == 1 + len(BANDS)


def test_without_countries_there_is_one_circle(make_run):
    result = make_run(6)
    zones = result.zones
    plain = type(zones.places)(zones.zone_id, zones.places.lon, zones.places.lat)
    alone = type(zones)(plain, zones.crs, zones.geometry, zones.name)
    result = make_run(6, zones=alone, isochrones=(place(result, 14),))
    _, _, meta = content(result)
    assert {one["quantity"] for one in meta["layers"] if one["kind"] == "minutes"} == {
        "circle_time"
    }
    frame = isochrone_frame(result.isochrones, result.zones, result.opportunities)
    assert set(frame["circle"]) == {"full"}


def test_reach_of_a_place_is_checked():
    with pytest.raises(OutputError, match="bands_min: must be positive and rise"):
        PlaceReach("x", 0, "car", 50, (30.0, 15.0), np.zeros(3))
    with pytest.raises(OutputError, match="none negative or not a number"):
        PlaceReach("x", 0, "car", 50, (30.0,), np.array([np.nan]))
    with pytest.raises(OutputError, match="areas: 1 for 2 bands"):
        PlaceReach("x", 0, "car", 50, BANDS, np.zeros(3), (shapely.Point(0, 0),))


# ---- roses and boundaries --------------------------------------------------------------------


def test_roses_hold_the_numbers_of_the_sectors(make_run):
    result = make_run(8, border=True)
    _, data, _ = content(result)
    glyphs = data["glyphs"]
    assert sorted(glyphs["zones"]) == list(range(64))
    (layer,) = glyphs["layers"]
    assert layer["dims"] == {
        "scenario": "baseline", "mode": "transit", "opportunity": "jobs", "group": "all",
        "measure": "cumulative", "band": 45,
    }  # fmt: skip
    table = result.sectors
    for position in (0, 20, 63):
        zone = result.zones.zone_id[glyphs["zones"][position]]
        rows = table[table["zone_id"] == zone].set_index("sector")
        stored = np.array(layer["values"][position]) / layer["scale"]
        for sector, row in rows.iterrows():
            assert stored[sector] == pytest.approx(np.nan_to_num(row["reach_open"]), abs=0.5)
            home = np.nan_to_num(row["reach_domestic"])
            assert stored[17 + sector] == pytest.approx(home, abs=0.5)


def test_first_roses_are_spread_over_the_map(make_run):
    result = make_run(16)
    order = glyph_order(result)
    assert sorted(order) == list(range(256))
    xy = result.zones.places.xy_m(result.zones.crs)
    middle = xy.mean(axis=0)
    quarters = {(bool(x > middle[0]), bool(y > middle[1])) for x, y in xy[order[:4]]}
    assert len(quarters) == 4


def test_boundaries_are_drawn_and_named_as_text(make_run, tmp_path):
    plain = make_run(8, border=True, hostile=False)
    x, y = plain.zones.places.xy_m(plain.zones.crs)[60]
    own = boundary(plain, HOSTILE, (("'s-Gravenzande <b>", float(x), float(y)),))
    result = make_run(8, border=True, hostile=False, looks=MapLooks(boundaries=(own,)))
    text, data, meta = content(result)
    assert data["outlines"][0]["label"] == HOSTILE
    assert data["outlines"][0]["names"][0][2] == "'s-Gravenzande <b>"
    assert HOSTILE not in text
    assert "outline" in meta["texts"]
    line = np.cumsum(np.reshape(data["outlines"][0]["lines"][0], (-1, 2)), axis=0) / data["scale"]
    to_degrees = Transformer.from_crs(result.zones.crs, 4326, always_xy=True)
    ends = shapely.get_coordinates(own.geometry)
    assert line == pytest.approx(np.column_stack(to_degrees.transform(*ends.T)), abs=1e-5)
    write_outputs(result, tmp_path)
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "&lt;img src=x onerror=alert(1)&gt;" in report
    assert HOSTILE not in report
    assert "#6b2c91" in report
    frame = gpd.read_file(tmp_path / "study.gpkg", layer="boundaries")
    assert list(frame["name"]) == [HOSTILE]


def test_boundaries_are_lines_with_labels_of_their_own(make_run):
    result = make_run(4)
    with pytest.raises(OutputError, match="boundary 'x' has no lines"):
        Boundary("x", shapely.box(0, 0, 1, 1))
    with pytest.raises(OutputError, match="two share a label"):
        MapLooks(boundaries=(boundary(result), boundary(result)))
