"""The explorer against a run of the demo: its answers over HTTP, its doors, and its page."""

from __future__ import annotations

import http.client
import json
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from urllib.parse import quote, urlencode

import numpy as np
import pandas as pd
import pytest
from chromium import Browser, find_browser

from halfcircle.demo import write_demo
from halfcircle.errors import OutputError, StudyError
from halfcircle.read_zones import read_zones
from halfcircle.study.cli import main
from halfcircle.study.explore.page import open_server
from halfcircle.study.explore.run import read_run
from halfcircle.study.explore.server import ExploreServer
from halfcircle.study.explore.times import find_study
from halfcircle.study.run import run_study

ZONE = "LIN-43"
# The places of the demo; one opportunity, three modes, three bands: quick, and all that is asked.
STUDY = """
[study]
name = "Lindeveen - Eschenfurth (invented twin towns)"
[zones]
path = "zones.gpkg"
name = "name"
country = "country"
[[opportunities]]
name = "jobs"
path = "zones.gpkg"
column = "jobs"
[streets]
osm = ["region.osm.pbf"]
[transit]
feeds = [{ id = "nl", path = "halelijn.gtfs.zip" }, { id = "de", path = "hale-esche.gtfs.zip" }]
date = 2026-05-12
window = ["07:00", "08:00"]
time_zone = "Europe/Amsterdam"
[reach]
modes = ["walk", "car", "transit"]
bands_min = [15, 30, 45]
speeds_kmh = { walk = 4.8, bike = 14.4 }
[border]
opportunities = ["jobs"]
"""
SCENARIO = """
[[scenarios]]
name = "Slow & <roads>"
[[scenarios.edits]]
type = "congestion"
factors = { primary = 2.0, secondary = 2.0, tertiary = 2.0, residential = 2.0, unclassified = 2.0 }
"""


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    """A finished run of the demo without the parts that take long, and its study file."""
    folder = tmp_path_factory.mktemp("explore")
    study = write_demo(folder)
    study.write_text(STUDY + SCENARIO, encoding="utf-8")
    run_study(study)
    return folder / "out", study


class Site:
    """A server that runs, and a client for it."""

    def __init__(self, folder, **options):
        self.server, self.notes = open_server(folder, **options)
        self.port = self.server.server_port
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True)
        self.thread.start()

    def ask(self, path, *, method="GET", host=None, **fields):
        client = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        target = path + (f"?{urlencode(fields)}" if fields else "")
        client.putrequest(method, target, skip_host=True)
        client.putheader("Host", host or f"127.0.0.1:{self.port}")
        client.endheaders()
        answer = client.getresponse()
        body = answer.read()
        client.close()
        return answer, body

    def json(self, path, **fields):
        answer, body = self.ask(path, **fields)
        return answer.status, json.loads(body)

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture(scope="module")
def site(finished):
    opened = Site(finished[0])
    yield opened
    opened.close()


# ---- answers ---------------------------------------------------------------------------------


def test_a_zone_has_the_numbers_of_the_tables(site, finished):
    status, zone = site.json("/zone.json", zone=ZONE)
    assert status == 200
    assert (zone["id"], zone["country"]) == (ZONE, "NL")
    reach = pd.read_parquet(finished[0] / "reach.parquet")
    rows = reach[reach["zone_id"] == ZONE]
    assert len(zone["reach"]) == len(rows)
    keys = ["scenario", "mode", "opportunity", "group", "measure", "percentile", "band_min"]
    expected = rows.set_index(keys)["value"]
    for one in zone["reach"]:
        key = tuple(one["band" if name == "band_min" else name] for name in keys)
        assert one["value"] == pytest.approx(expected[key])
    border = pd.read_parquet(finished[0] / "border.parquet")
    mine = border[(border["zone_id"] == ZONE) & (border["band_min"] == 45)]
    mine = mine[(mine["mode"] == "car") & (mine["scenario"] == "baseline")]
    mine = mine[(mine["group"] == "all") & (mine["measure"] == "cumulative")]
    (found,) = (
        one
        for one in zone["border"]
        if (one["band"], one["mode"], one["scenario"]) == (45.0, "car", "baseline")
        and (one["group"], one["measure"]) == ("all", "cumulative")
    )
    assert found["loss"] == pytest.approx(mine["loss"].item())
    assert found["reach_open"] == pytest.approx(mine["reach_open"].item())
    rose = next(one for one in zone["roses"] if one["mode"] == "car" and one["band"] == 45.0)
    assert len(rose["values"]) == 34
    assert sum(rose["values"][:17]) == pytest.approx(mine["reach_open"].item())
    assert sum(rose["values"][17:]) == pytest.approx(mine["reach_domestic"].item())


def test_times_are_those_that_the_run_counted_with(site, finished):
    for mode in ("walk", "car", "transit"):
        status, answer = site.json("/times.json", zone=ZONE, mode=mode)
        assert status == 200
        assert not answer["changed"]
        minutes = np.array([np.inf if m is None else m for m in answer["minutes"]])
        _, zone = site.json("/zone.json", zone=ZONE)
        jobs = pd.Series(pd.read_csv(finished[0] / "zones.csv")["zone_id"])
        assert len(jobs) == len(minutes)
        result = study_opportunities(finished[1])
        for band in (15.0, 30.0, 45.0):
            (value,) = (
                one["value"]
                for one in zone["reach"]
                if (one["mode"], one["band"], one["opportunity"]) == (mode, band, "jobs")
                and (one["scenario"], one["group"]) == ("baseline", "all")
            )
            assert result[minutes <= band].sum() == pytest.approx(value)


def study_opportunities(study):
    """Jobs per zone, in the order of the zones."""
    import geopandas as gpd

    frame = gpd.read_file(study.parent / "zones.gpkg")
    return frame["jobs"].to_numpy(float)


def test_a_scenario_has_times_of_its_own(site):
    _, base = site.json("/times.json", zone=ZONE, mode="car")
    status, slow = site.json("/times.json", zone=ZONE, mode="car", scenario="Slow & <roads>")
    assert status == 200
    a, b = (np.array([m or 0.0 for m in one["minutes"]]) for one in (base, slow))
    assert (b >= a).all()
    assert (b > 1.3 * a).sum() > 100
    _, bus = site.json("/times.json", zone=ZONE, mode="transit", scenario="Slow & <roads>")
    _, before = site.json("/times.json", zone=ZONE, mode="transit")
    assert bus["minutes"] == before["minutes"]
    assert site.json("/status.json")[1] == {"state": "ready", "message": "", "changed": False}


# ---- doors -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "fields", "said"),
    [
        ("/zone.json", {}, "no such zone"),
        ("/zone.json", {"zone": "<script>"}, "no such zone"),
        ("/times.json", {"zone": ZONE, "mode": "plane"}, "no such mode or scenario: plane"),
        ("/times.json", {"zone": ZONE, "mode": "car", "scenario": "x"}, "mode or scenario: x"),
        ("/manifest.json", {}, "not found"),
        ("/../study.toml", {}, "not found"),
        ("/%2e%2e/study.toml", {}, "not found"),
        ("//etc/passwd", {}, "not found"),
    ],
)
def test_nothing_else_is_served(site, path, fields, said):
    status, answer = site.json(path, **fields)
    assert status == 404
    assert said in answer["error"]


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1", "[::1]:80", "x" * 99]
)
def test_only_its_own_name_is_answered(site, host):
    for path in ("/", "/zone.json", "/times.json"):
        answer, body = site.ask(path, host=host)
        assert answer.status == 403
        assert b"wrong host" in body


def test_localhost_is_its_own_name(site):
    assert site.ask("/", host=f"localhost:{site.port}")[0].status == 200


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "CONNECT", "X"])
def test_nothing_can_be_written(site, method):
    answer, _ = site.ask("/zone.json", method=method)
    assert answer.status == 501


def test_every_answer_is_fenced_in(site):
    for path in ("/", "/zone.json", "/status.json", "/nothing"):
        answer, _ = site.ask(path)
        policy = answer.getheader("Content-Security-Policy")
        assert "default-src 'none'" in policy
        assert "connect-src 'self'" in policy
        assert answer.getheader("X-Content-Type-Options") == "nosniff"
        assert answer.getheader("Access-Control-Allow-Origin") is None
        assert answer.getheader("Cache-Control") == "no-store"
    head, body = site.ask("/", method="HEAD")
    assert (head.status, body) == (200, b"")
    assert site.ask("/zone.json?zone=" + "x" * 3_000)[0].status == 414


def test_only_this_machine_can_connect(site):
    assert site.server.server_address[0] == "127.0.0.1"
    name = socket.gethostbyname(socket.gethostname())
    if not name.startswith("127."):
        with pytest.raises(OSError, match=r"refused|timed out"):
            socket.create_connection((name, site.port), timeout=2).close()


def test_a_port_that_is_taken_is_told(site):
    with pytest.raises(OutputError, match=rf"port {site.port} of 127\.0\.0\.1 cannot be used"):
        ExploreServer(b"", {}, port=site.port)


# ---- runs without their study, and none at all -----------------------------------------------


def test_without_a_study_file_the_tables_are_shown(finished, tmp_path):
    shutil.copytree(finished[0], tmp_path / "out")
    alone = Site(tmp_path / "out")
    try:
        assert "the study file of this run was not found" in alone.notes[0]
        status, answer = alone.json("/times.json", zone=ZONE, mode="car")
        assert status == 404
        assert "need the study file" in answer["error"]
        assert alone.json("/status.json")[1]["state"] == "none"
        assert len(alone.json("/zone.json", zone=ZONE)[1]["reach"]) > 0
        _, page = alone.ask("/")
        assert b"was not found" in page
    finally:
        alone.close()


def test_changed_inputs_are_told(finished, tmp_path):
    shutil.copytree(finished[1].parent, tmp_path / "moved")
    study = tmp_path / "moved" / "study.toml"
    text = study.read_text(encoding="utf-8").replace("walk = 4.8", "walk = 2.4")
    study.write_text(text, encoding="utf-8")
    other = Site(tmp_path / "moved" / "out", study=study)
    try:
        status, answer = other.json("/times.json", zone=ZONE, mode="walk")
        assert (status, answer["changed"]) == (200, True)
    finally:
        other.close()


def test_inputs_that_are_gone_end_in_words(finished, tmp_path):
    shutil.copytree(finished[1].parent, tmp_path / "moved")
    (tmp_path / "moved" / "region.osm.pbf").unlink()
    other = Site(tmp_path / "moved" / "out")
    try:
        status, answer = other.json("/times.json", zone=ZONE, mode="walk")
        assert status == 503
        assert "region.osm.pbf" in answer["error"]
        assert other.json("/status.json")[1]["state"] == "failed"
    finally:
        other.close()


def test_the_study_is_found_beside_the_results(finished, tmp_path):
    assert find_study(finished[0], "Lindeveen - Eschenfurth (invented twin towns)") == finished[1]
    assert find_study(finished[0], "Another") is None
    assert find_study(tmp_path, "x") is None


def test_what_is_read_back_is_what_was_written(finished):
    run = read_run(finished[0])
    zones = run.result.zones
    given = read_zones(finished[1].parent / "zones.gpkg", id="zone_id", country="country")
    assert list(zones.zone_id) == list(given.zone_id)
    assert list(zones.places.country) == list(given.places.country)
    assert np.abs(zones.places.xy_m(zones.crs) - given.places.xy_m(zones.crs)).max() < 1.0
    assert run.result.settings.modes == ("walk", "car", "transit")
    reach = pd.read_parquet(finished[0] / "reach.parquet")
    assert np.nansum(run.layers.values) == pytest.approx(reach["value"].sum())


def test_folders_without_a_run_are_faults(finished, tmp_path, capsys):
    with pytest.raises(StudyError, match=r"holds no finished run: manifest\.json is missing"):
        read_run(tmp_path)
    with pytest.raises(StudyError, match="is no folder"):
        read_run(tmp_path / "none")
    (tmp_path / "manifest.json").write_text("[]", encoding="utf-8")
    with pytest.raises(StudyError, match="is not that of a run"):
        read_run(tmp_path)
    for gone in ("study.gpkg", "reach.parquet"):
        copy = tmp_path / gone.partition(".")[0]
        shutil.copytree(finished[0], copy)
        (copy / gone).unlink()
        with pytest.raises(StudyError, match=f"{gone} is missing"):
            read_run(copy)
    assert main(["explore", str(tmp_path / "none"), "--quiet"]) == 1
    assert "holds no finished run" in capsys.readouterr().err
    assert main(["explore", str(tmp_path), "--port", "70000"]) == 2


def test_ctrl_c_ends_it(finished):
    command = [sys.executable, "-m", "halfcircle", "explore", str(finished[0]), "--no-browser"]
    # A shell that runs the tests in the background ignores Ctrl-C, and children would inherit that.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
    finally:
        signal.signal(signal.SIGINT, before)
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert line.startswith("http://127.0.0.1:")
        process.send_signal(signal.SIGINT)
        out, error = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 0
    assert "Traceback" not in out + error
    assert "stopped" in error


# ---- the page --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def browser():
    program = find_browser()
    if program is None:
        pytest.skip("no Chromium (or no bash) is installed")
    started = Browser(program, width=1440, height=900)
    yield started
    started.close()


def text_of(browser, selector):
    return browser.run(f"document.querySelector({json.dumps(selector)}).innerText")


def press(browser, name, value):
    browser.run(
        f"""[...document.querySelectorAll('input[name="hx-{name}"]')].find(
        (radio) => radio.value === {json.dumps(value)}).click()"""
    )


def visit(browser, site, fragment=""):
    browser.requests.clear()
    browser.problems.clear()
    browser.call("Page.navigate", {"url": "about:blank"})
    browser.call("Page.navigate", {"url": f"{site.server.address}{fragment}"})
    browser.wait("document.documentElement?.dataset.ready === 'yes'", timeout_s=60)


def test_a_click_shows_reach_times_loss_and_rose(browser, site):
    visit(browser, site)
    assert "Click a place" in text_of(browser, "#hc-dossier")
    visit(browser, site, f"#zone={quote(ZONE)}")
    browser.wait("(document.documentElement.dataset.times || '').startsWith('transit/baseline')")
    dossier = text_of(browser, "#hc-dossier")
    assert "Lindeveen-Station 1" in dossier
    assert "Slow & <roads>" in dossier
    assert "Lost at the border: jobs" in dossier
    assert "zones within 45 min" in dossier
    assert browser.run("document.querySelectorAll('#hc-dossier svg.hc-rose').length") == 1
    assert text_of(browser, "#hc-layer").startswith("Minutes from Lindeveen-Station 1")
    assert "minutes of travel" in text_of(browser, "#hc-legend")
    # The tables hold what the server says.
    _, zone = site.json("/zone.json", zone=ZONE)
    cells = browser.run(
        "[...document.querySelectorAll('#hc-dossier table')][0].querySelectorAll('tr')[1].innerText"
    )
    walks = [
        one["value"]
        for one in zone["reach"]
        if (one["mode"], one["opportunity"], one["group"]) == ("walk", "jobs", "all")
        and one["scenario"] == "baseline"
    ]
    assert cells.split()[1:] == [f"{value:,.0f}" for value in walks]
    assert browser.problems == []
    assert all(url.startswith((site.server.address, "data:", "about:")) for url in browser.requests)


def test_modes_scenarios_and_the_border_change_the_map(browser, site):
    visit(browser, site, f"#zone={quote(ZONE)}")
    browser.wait("document.documentElement.dataset.times")
    press(browser, "mode", "car")
    browser.wait("document.documentElement.dataset.times.startsWith('car/baseline')")
    before = browser.screenshot()
    press(browser, "scenario", "Slow & <roads>")
    browser.wait("document.documentElement.dataset.times.startsWith('car/Slow')")
    time.sleep(0.2)
    after = browser.screenshot()
    assert after != before
    press(browser, "circle", "half")
    browser.wait("document.getElementById('hc-layer').innerText.endsWith('own country only')")
    assert "other side of the border" in text_of(browser, "#hc-legend")
    # A layer of the run puts travel times aside; the tick brings them back.
    browser.run("document.querySelector('input[name=hc-quantity]').click()")
    assert text_of(browser, "#hc-layer").startswith("Jobs")
    assert browser.run("document.getElementById('hx-on-map').checked") is False
    browser.run("document.getElementById('hx-on-map').click()")
    browser.wait("document.getElementById('hc-layer').innerText.startsWith('Minutes from')")
    assert browser.problems == []
