"""Map and report in a real browser: no error, no request, the right number on a click."""

from __future__ import annotations

import json

import numpy as np
import pytest
from chromium import Browser, find_browser

from halfcircle.outputs import LayerKey, Texts, build_delta_layers, build_layers, write_outputs

READY = "document.documentElement?.dataset.ready === 'yes'"


@pytest.fixture(scope="module")
def browser():
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium (or no bash) is installed")
    started = Browser(program)
    yield started
    started.close()


@pytest.fixture(scope="module")
def run(make_run, tmp_path_factory):
    result = make_run(10, border=True, percentiles=(25, 50, 75))
    folder = tmp_path_factory.mktemp("run")
    write_outputs(result, folder)
    return result, folder


def value_of(result, opportunity, mode, band, zone, percentile=50):
    values = build_layers(result).get(LayerKey(opportunity, mode, band, percentile))
    assert values is not None
    return values[list(result.zones.zone_id).index(zone)]


def text_of(browser, selector):
    return browser.run(f"document.querySelector({json.dumps(selector)}).innerText")


def press(browser, dim, label):
    """Choose a chip by its words, as a person does."""
    browser.run(
        f"""[...document.querySelectorAll('input[name="hc-{dim}"]')].find(
        (radio) => radio.nextSibling.textContent === {json.dumps(label)}).click()"""
    )


def checked(browser):
    return browser.run(
        "[...document.querySelectorAll('#hc-controls input:checked')]"
        ".map((radio) => radio.nextSibling.textContent)"
    )


def test_map_opens_without_a_word_of_complaint(browser, run):
    _, folder = run
    browser.open(folder / "maps" / "reach.html", ready=READY)
    assert browser.problems == []
    assert [url for url in browser.requests if not url.startswith(("file:", "data:"))] == []
    assert text_of(browser, "#hc-layer") == "Jobs, public transport, 45 min (median)"
    legend = text_of(browser, "#hc-legend")
    assert "no value" in legend
    assert "national border" in legend
    assert "99 of 100 zones have a value" in legend


def test_layer_switch_changes_map_legend_and_address(browser, run):
    _, folder = run
    browser.open(folder / "maps" / "reach.html", ready=READY)
    before = browser.screenshot()
    press(browser, "mode", "car")
    press(browser, "band", "60 min")
    assert text_of(browser, "#hc-layer") == "Jobs, car, 60 min"
    assert "mode=car&band=60" in browser.run("location.hash")
    assert checked(browser) == ["reach", "jobs", "car", "60 min"]
    assert "100 of 100 zones have a value" in text_of(browser, "#hc-legend")
    assert browser.screenshot() != before
    press(browser, "quantity", "lost at the border")
    assert text_of(browser, "#hc-layer") == "Lost at the border: jobs, car, 60 min"
    assert "25\u202f% – 50\u202f%" in text_of(browser, "#hc-legend")
    assert browser.problems == []


def test_percentiles_are_offered_where_there_are_several(browser, run):
    _, folder = run
    browser.open(folder / "maps" / "reach.html", fragment="#mode=walk", ready=READY)
    assert browser.run("document.querySelectorAll('input[name=hc-percentile]').length") == 0
    press(browser, "mode", "public transport")
    assert browser.run("document.querySelectorAll('input[name=hc-percentile]').length") == 3
    headings = browser.run(
        "[...document.querySelectorAll('#hc-controls legend')].map((node) => node.textContent)"
    )
    assert headings == ["Show", "To", "Travelling by", "Within", "Departure"]
    press(browser, "percentile", "75th percentile (badly timed)")
    assert text_of(browser, "#hc-layer").endswith("(75th percentile)")


def test_a_link_names_layer_and_zone(browser, run):
    result, folder = run
    fragment = "#opportunity=population&mode=bike&band=30&zone=Z00042"
    browser.open(folder / "maps" / "reach.html", fragment=fragment, ready=READY)
    browser.wait("document.querySelector('.hc-popup')")
    assert text_of(browser, ".hc-popup h2") == "Village 42"
    shown = text_of(browser, ".hc-popup .hc-now")
    expected = value_of(result, "population", "bike", 30.0, "Z00042")
    assert shown == Texts().count(expected)


def test_a_click_shows_the_numbers_of_that_zone(browser, run):
    result, folder = run
    for i in np.random.default_rng(5).choice(100, 3, replace=False):
        # Afresh: an open popup moves the map while it is being looked at.
        browser.open(folder / "maps" / "reach.html", ready=READY)
        lon, lat = result.zones.places.lon[i], result.zones.places.lat[i]
        place = f"map_halfcircle.latLngToContainerPoint([{lat}, {lon}])"
        box = "map_halfcircle.getContainer().getBoundingClientRect()"
        x, y = browser.run(f"[{place}.x + {box}.left, {place}.y + {box}.top]")
        browser.click(x, y)
        browser.wait("document.querySelector('.hc-popup')")
        zone = result.zones.zone_id[i]
        assert zone in text_of(browser, ".hc-popup")
        cells = browser.run(
            "[...document.querySelectorAll('.hc-popup > div:nth-of-type(1) td')]"
            ".map((cell) => cell.innerText).filter((text) => text)"
        )
        expected = [
            value_of(result, "jobs", mode, band, zone)
            for mode in ("walk", "bike", "car", "transit")
            for band in (15.0, 30.0, 45.0, 60.0, 90.0)
        ]
        assert cells == ["–" if np.isnan(v) else Texts().count(v) for v in expected]
    assert browser.problems == []


def test_missing_is_told_with_its_reason(browser, run):
    _, folder = run
    browser.open(folder / "maps" / "reach.html", fragment="#zone=Z00005", ready=READY)
    browser.wait("document.querySelector('.hc-popup')")
    text = text_of(browser, ".hc-popup")
    assert "public transport: no value (no public transport in the departure window)" in text


def test_search_finds_names_as_people_type_them(browser, run):
    _, folder = run
    browser.open(folder / "maps" / "reach.html", ready=READY)
    for typed, found in [
        ("julich", "Jülich"),
        ("'s-hert", "'s-Hertogenbosch"),
        ("sint", "Sint-Truiden"),
        ("<scr", "<script>alert(1)</script>"),
        ("z00042", "Village 42"),
    ]:
        browser.run(
            f"""(() => {{ const box = document.getElementById('hc-search');
            box.value = {json.dumps(typed)}; box.dispatchEvent(new Event('input')); }})()"""
        )
        first = browser.run("document.querySelector('#hc-found button').firstChild.textContent")
        assert first == found
        browser.run("document.querySelector('#hc-found button').click()")
        browser.wait("document.querySelector('.hc-popup')")
        assert text_of(browser, ".hc-popup h2") == found
    assert browser.problems == []


def test_own_classes_follow_the_map(browser, run):
    _, folder = run
    browser.open(folder / "maps" / "reach.html", fragment="#mode=walk&band=15", ready=READY)
    shared = text_of(browser, "#hc-legend")
    browser.run("document.getElementById('hc-own-classes').click()")
    own = text_of(browser, "#hc-legend")
    assert own != shared
    assert "in this map only" in own


def test_paper_shows_the_map_and_no_buttons(browser, run):
    _, folder = run
    browser.open(folder / "maps" / "reach.html", ready=READY)
    assert browser.pdf().startswith(b"%PDF")
    browser.run("window.dispatchEvent(new Event('beforeprint'))")
    assert browser.run("getComputedStyle(document.getElementById('hc-controls')).display") == "none"
    assert browser.run("document.getElementById('hc-legend').offsetHeight") > 50
    browser.run("window.dispatchEvent(new Event('afterprint'))")
    assert browser.run("getComputedStyle(document.getElementById('hc-controls')).display") != "none"
    assert browser.problems == []


def test_differences_are_shown_with_their_sign(browser, make_run, tmp_path):
    result = make_run(10, variants=True)
    write_outputs(result, tmp_path)
    browser.open(tmp_path / "maps" / "reach.html", ready=READY)
    press(browser, "quantity", "change against the baseline")
    assert text_of(browser, "#hc-layer").startswith("Change against the baseline: jobs, public")
    legend = text_of(browser, "#hc-legend").split("\n")
    more = [i for i, line in enumerate(legend) if line.endswith("more")]
    fewer = [i for i, line in enumerate(legend) if line.endswith("fewer")]
    assert len(more) == len(fewer) > 0
    assert max(more) < legend.index("unchanged") < min(fewer)
    layers = build_delta_layers(result)
    key = LayerKey("jobs", "transit", 45.0, None, scenario="Fast line", quantity="delta")
    values = layers.get(key)
    assert values is not None
    for i in (int(np.nanargmax(values)), int(np.nanargmin(values))):
        zone = result.zones.zone_id[i]
        browser.open(
            tmp_path / "maps" / "reach.html", fragment=f"#quantity=delta&zone={zone}", ready=READY
        )
        browser.wait("document.querySelector('.hc-popup .hc-now')")
        sign = "+" if values[i] > 0 else "\u2212"
        assert text_of(browser, ".hc-popup .hc-now") == sign + Texts().count(abs(values[i]))
    press(browser, "scenario", "Same again")
    assert "fewer" not in text_of(browser, "#hc-hover")
    assert browser.problems == []


@pytest.mark.parametrize("kind", [{"points": True}, {"grid": True}])
def test_points_and_cells(browser, make_run, tmp_path, kind):
    write_outputs(make_run(6, **kind), tmp_path, language="de")
    browser.open(tmp_path / "maps" / "reach.html", fragment="#zone=Z00008", ready=READY)
    browser.wait("document.querySelector('.hc-popup')")
    assert text_of(browser, ".hc-popup h2") == "Village 8"
    assert browser.problems == []


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_report_opens_and_links_to_the_map(browser, make_run, tmp_path, language):
    write_outputs(make_run(6, border=True, variants=True), tmp_path, language=language)
    browser.open(tmp_path / "report.html")
    assert browser.problems == []
    assert [url for url in browser.requests if not url.startswith("file:")] == []
    assert browser.run("document.documentElement.lang") == language
    assert browser.run("document.querySelectorAll('svg[role=img]').length") >= 10
    # Nothing sticks out of a phone.
    browser.call(
        "Emulation.setDeviceMetricsOverride",
        {"width": 390, "height": 800, "deviceScaleFactor": 1, "mobile": True},
    )
    assert browser.run("document.documentElement.scrollWidth") <= 390
    browser.call("Emulation.clearDeviceMetricsOverride")
    browser.run("document.querySelector('a[href^=maps]').click()")
    browser.wait(READY)
    assert browser.problems == []


@pytest.fixture(scope="module")
def long_report(make_run, tmp_path_factory):
    folder = tmp_path_factory.mktemp("long")
    result = make_run(8, border=True, variants=True, percentiles=(25, 50, 75))
    write_outputs(result, folder, claims=True)
    return folder / "report.html"


@pytest.mark.parametrize("width", [360, 1280])
def test_the_report_fits_a_phone_and_a_desk(browser, long_report, width):
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500}
    browser.call("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.open(long_report)
        # Wide tables scroll in their own frame; the page does not, folded or not.
        for state in ("false", "true"):
            browser.run(f"document.querySelectorAll('details').forEach((d) => d.open = {state})")
            assert browser.run("document.documentElement.scrollWidth") <= width
        small = browser.run(
            "[...document.querySelectorAll('p, li, td, dd')].filter((node) => node.innerText)"
            ".map((node) => parseFloat(getComputedStyle(node).fontSize))"
            ".reduce((a, b) => Math.min(a, b))"
        )
        assert small >= 12
        assert browser.problems == []
        assert [u for u in browser.requests if not u.startswith(("file:", "data:"))] == []
    finally:
        browser.call("Emulation.clearDeviceMetricsOverride")


def test_folded_tables_open_by_key(browser, long_report):
    browser.open(long_report)
    assert browser.run("document.querySelectorAll('details:not([open])').length") >= 3
    browser.run("document.querySelector('details summary').focus()")
    assert browser.run("document.activeElement.tagName") == "SUMMARY"
    for kind in ("keyDown", "keyUp"):
        key = {"type": kind, "key": "Enter", "code": "Enter", "text": "\r"}
        browser.call("Input.dispatchKeyEvent", key | {"windowsVirtualKeyCode": 13})
    assert browser.run("document.querySelector('details').open") is True
