"""Circles, roses and own boundaries on the map, in a real browser."""

from __future__ import annotations

import json
import re

import numpy as np
import pytest
import shapely
from chromium import Browser, find_browser

from halfcircle.outputs import Boundary, MapLooks, PlaceReach, Texts, write_outputs

READY = "document.documentElement?.dataset.ready === 'yes'"
HOSTILE = "<img src=x onerror=alert(1)>"


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
    plain = make_run(10, border=True)
    xy = plain.zones.places.xy_m(plain.zones.crs)
    times_s = np.hypot(*(xy - xy[44]).T) / (30.0 / 3.6)
    west, south, east, north = shapely.total_bounds(plain.zones.geometry)
    line = shapely.LineString([(west, south), (east, north)])
    result = make_run(
        10,
        border=True,
        isochrones=(PlaceReach(HOSTILE, 44, "car", 50, (15.0, 30.0), times_s),),
        looks=MapLooks(boundaries=(Boundary("Own & <b>line", line, ((HOSTILE, *xy[90]),)),)),
    )
    folder = tmp_path_factory.mktemp("circles")
    write_outputs(result, folder)
    return result, folder / "maps" / "reach.html"


def text_of(browser, selector):
    return browser.run(f"document.querySelector({json.dumps(selector)}).innerText")


def press(browser, dim, label):
    browser.run(
        f"""[...document.querySelectorAll('input[name="hc-{dim}"]')].find(
        (radio) => radio.nextSibling.textContent === {json.dumps(label)}).click()"""
    )


def test_full_and_half_circle_of_a_place(browser, run):
    result, path = run
    browser.open(path, ready=READY)
    press(browser, "quantity", "full circle: without the border")
    assert text_of(browser, "#hc-layer").startswith(f"Full circle of {HOSTILE}")
    legend = text_of(browser, "#hc-legend")
    assert "15 – 30" in legend
    assert "further away" in legend
    assert browser.run("document.querySelectorAll('.hc-mark').length") == 1
    # The table under the legend tells what the border takes.
    one = result.isochrones[0]
    opened = one.within(result.zones, result.opportunities)
    kept = one.within(result.zones, result.opportunities, domestic=True)
    rows = browser.run(
        "[...document.querySelectorAll('#hc-legend .hc-facts tr')].map((row) => row.innerText)"
    )
    texts = Texts()
    for row, whole, home in zip(rows[1:], opened, kept, strict=True):
        assert row.split("\t")[1:] == [
            texts.count(whole),
            texts.count(home),
            texts.share(1 - home / whole),
        ]
    before = browser.screenshot()
    press(browser, "quantity", "half circle: with the border")
    assert "other side of the border" in text_of(browser, "#hc-legend")
    assert browser.screenshot() != before
    press(browser, "quantity", "reach")
    assert browser.run("document.querySelectorAll('.hc-mark').length") == 0
    assert browser.problems == []


def test_a_link_leads_to_a_circle(browser, run):
    _, path = run
    browser.open(path, fragment="#quantity=circle_half&zone=Z00044", ready=READY)
    assert "Half circle of" in text_of(browser, "#hc-layer")
    browser.wait("document.querySelector('.hc-popup')")
    assert text_of(browser, ".hc-popup .hc-now") == "1 min"
    assert browser.problems == []


def test_roses_do_not_touch_and_tell_their_numbers(browser, run):
    result, path = run
    browser.open(path, ready=READY)
    assert browser.run("document.querySelectorAll('.hc-glyph').length") == 0
    browser.run("document.getElementById('hc-glyphs').click()")

    def places():
        return np.array(
            browser.run(
                """[...document.querySelectorAll('.hc-glyph')].map((node) => {
                const box = node.getBoundingClientRect();
                return [box.x + box.width / 2, box.y + box.height / 2]; })"""
            )
        )

    far = places()
    assert len(far) > 8
    gaps = np.hypot(*(far[:, None] - far[None]).transpose(2, 0, 1))
    assert gaps[~np.eye(len(far), dtype=bool)].min() >= 35.0
    legend = text_of(browser, "#hc-legend")
    assert "in the own country" in legend
    assert "lost at the border" in legend
    assert "jobs, public transport, 45 min" in legend
    browser.run("document.querySelector('.hc-glyph').click()")
    browser.wait("document.querySelector('.hc-popup .hc-rosebox')")
    name = text_of(browser, ".hc-popup h2")
    zone = result.zones.zone_id[list(result.zones.label).index(name)]
    rows = result.sectors[result.sectors["zone_id"] == zone]
    opened, home = rows["reach_open"].sum(), rows["reach_domestic"].sum()
    said = text_of(browser, ".hc-popup .hc-rose-sum")
    texts = Texts()
    assert said.startswith(f"{texts.count(opened)} without the border, {texts.count(home)} in the")
    cells = browser.run(
        "[...document.querySelectorAll('.hc-popup .hc-rosebox td')].map((c) => c.textContent)"
    )
    assert len([cell for cell in cells if cell]) == 2 * 17
    # Closer, there is room for more of them.
    browser.run("map_halfcircle.closePopup(); map_halfcircle.zoomIn(1, { animate: false }); 0")
    shown = browser.run(
        """(() => { const b = map_halfcircle.getBounds(); let n = 0;
        map_halfcircle.eachLayer((l) => { if (l.getLatLng && b.contains(l.getLatLng())) n++; });
        return n; })()"""
    )
    assert shown > 0
    assert "glyphs=1" in browser.run("location.hash")
    assert browser.problems == []


def n_roses(browser):
    return browser.run("document.querySelectorAll('.hc-glyph').length")


def test_roses_come_with_the_loss_until_somebody_chooses(browser, run):
    _, path = run
    browser.open(path, ready=READY)
    press(browser, "quantity", "lost at the border")
    assert n_roses(browser) > 8
    assert browser.run("document.getElementById('hc-glyphs').checked") is True
    assert "glyphs" not in browser.run("location.hash")
    press(browser, "quantity", "reach")
    assert n_roses(browser) == 0
    press(browser, "quantity", "lost at the border")
    browser.run("document.getElementById('hc-glyphs').click()")
    assert n_roses(browser) == 0
    link = browser.run("location.hash")
    assert "glyphs=0" in link
    browser.open(path, fragment=link, ready=READY)
    assert "Lost at the border" in text_of(browser, "#hc-layer")
    assert n_roses(browser) == 0
    browser.open(path, fragment="#quantity=reach&glyphs=1", ready=READY)
    assert n_roses(browser) > 8
    assert browser.problems == []


def test_roses_that_would_hide_the_map_wait_to_be_asked(browser, run, tmp_path):
    _, path = run
    page, n = re.subn(r'"filled":[0-9.]+', '"filled":0.001', path.read_text(encoding="utf-8"))
    assert n == 1
    thin = tmp_path / "thin.html"
    thin.write_text(page, encoding="utf-8")
    browser.open(thin, fragment="#quantity=loss", ready=READY)
    assert "Lost at the border" in text_of(browser, "#hc-layer")
    assert n_roses(browser) == 0
    browser.run("document.getElementById('hc-glyphs').click()")
    assert n_roses(browser) > 8
    assert browser.problems == []


def test_own_boundaries_can_be_put_aside(browser, run):
    _, path = run
    browser.open(path, ready=READY)
    assert "Own & <b>line" in text_of(browser, "#hc-legend")
    labels = "[...document.querySelectorAll('.hc-label-area')].map((node) => node.innerText)"
    assert browser.run(labels) == [HOSTILE]
    before = browser.screenshot()
    browser.run("document.getElementById('hc-outline-0').click()")
    assert browser.run(labels) == []
    assert "Own & <b>line" not in text_of(browser, "#hc-legend")
    assert browser.screenshot() != before
    assert browser.problems == []


def test_the_keyboard_reaches_every_control(browser, run):
    _, path = run
    browser.open(path, ready=READY)
    seen = set()
    for _ in range(30):
        for kind in ("keyDown", "keyUp"):
            browser.call(
                "Input.dispatchKeyEvent",
                {"type": kind, "key": "Tab", "code": "Tab", "windowsVirtualKeyCode": 9},
            )
        seen.add(
            browser.run(
                """(() => { const node = document.activeElement;
                return node.id.replace(/-[0-9]+$/, '') || node.className || node.tagName; })()"""
            )
        )
    wanted = {"hc-search", "hc-quantity", "hc-mode", "hc-band", "hc-glyphs", "hc-outline"}
    assert wanted | {"hc-own-classes", "hc-print"} <= seen
