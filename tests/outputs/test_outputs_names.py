"""Names as people give them are text in every file that a run leaves, and nothing else."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pyarrow.parquet as pq
import pyogrio
import pytest

from halfcircle import Fault, Zones
from halfcircle.outputs import Source, write_outputs

HOSTILE = "<script>alert(1)</script>"
NAMES = (
    "'s-Hertogenbosch", "Sint-Truiden", "Jülich", HOSTILE, '"><img src=x onerror=alert(1)>',
    "Büllingen & Co", "Łódź", "{{ 7 * 7 }}", "</style></svg>", "a;b,c\td",
)  # fmt: skip


class Tags(HTMLParser):
    """Every element and attribute of a page, and its text outside scripts."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[str] = []
        self.text: list[str] = []
        self.inside: list[str] = []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [name for name, _ in attrs]
        if tag in ("script", "style"):
            self.inside.append(tag)

    def handle_endtag(self, tag):
        if self.inside and self.inside[-1] == tag:
            self.inside.pop()

    def handle_data(self, data):
        if not self.inside:
            self.text.append(data)


@pytest.fixture(scope="module")
def folder(make_run, tmp_path_factory):
    run = make_run(8, border=True, variants=True, hostile=False)
    label = list(NAMES) + [f"Village {i}" for i in range(64 - len(NAMES))]
    zones = replace(run.zones, name=label)
    ids = run.zones.zone_id
    members = pd.DataFrame(
        {
            "zone_id": ids, "scenario": "baseline", "method": "by hand", "group": "all",
            "region_id": [f"r{i % 3}" for i in range(64)],
            "region_name": [NAMES[i % 3 + 2] for i in range(64)], "share": 1.0,
        }
    )  # fmt: skip
    frame = zones.to_geodataframe()[["geometry"]].assign(r=[f"r{i % 3}" for i in range(64)])
    frame = frame.dissolve("r").reset_index(names="region_id")
    frame = frame.assign(region_name=list(NAMES[2:5]), n_zones=[22, 21, 21])
    table = run.scenarios.copy()
    table["scenario"] = table["scenario"].replace({"Fast line": HOSTILE})
    # The places that gain most carry the names: they are in the tables of the report.
    run = replace(
        run,
        name=f"Study of {HOSTILE}",
        zones=Zones(zones.places, zones.crs, zones.geometry, label, zones.grid),
        membership=members,
        regions={"systems": frame},
        scenarios=table,
        sources=(Source(HOSTILE, NAMES[4], "a.csv", licence=HOSTILE, text=NAMES[8]),),
        notices=(Fault(HOSTILE, NAMES[4], (NAMES[8],), NAMES[7], 3, "warning"),),
        further={"scenarios/x/city_pairs": pd.DataFrame(
            {"from": NAMES, "to": NAMES[::-1], "mode": "transit", "minutes_baseline": 1.0,
             "minutes_variant": 2.0, "difference": 1.0, "within_an_hour_baseline": True,
             "within_an_hour_variant": True})},
    )  # fmt: skip
    out = tmp_path_factory.mktemp("names")
    write_outputs(run, out, claims=True)
    return out


@pytest.mark.parametrize("page", ["report.html", "maps/reach.html"])
def test_pages_hold_no_element_that_a_name_brought(folder, page):
    text = (folder / page).read_text(encoding="utf-8")
    found = Tags()
    found.feed(text)
    assert "img" not in found.tags
    assert not [name for name in found.attributes if name.startswith("on")]
    assert found.tags.count("style") == text.count("</style>")


def test_names_are_read_in_the_report(folder):
    found = Tags()
    found.feed((folder / "report.html").read_text(encoding="utf-8"))
    words = " ".join(found.text)
    assert f"Study of {HOSTILE}" in words
    for name in (NAMES[2], HOSTILE, NAMES[4], NAMES[8], "{{ 7 * 7 }}"):
        assert name in words, name
    assert "script" not in found.tags


def test_data_of_the_map_cannot_end_its_script(folder):
    text = (folder / "maps" / "reach.html").read_text(encoding="utf-8")
    assert HOSTILE not in text
    assert "</style></svg>" not in text
    # Written with < as an escape of JSON: the words arrive, the tag does not.
    assert "alert(1)" in text


def test_tables_keep_every_letter(folder):
    with (folder / "zones.csv").open(encoding="utf-8-sig", newline="") as file:
        names = [row["name"] for row in csv.DictReader(file)]
    assert names[: len(NAMES)] == list(NAMES)
    with (folder / "scenarios/x/city_pairs.csv").open(encoding="utf-8-sig", newline="") as file:
        assert [row["from"] for row in csv.DictReader(file)] == list(NAMES)
    table = pq.read_table(folder / "membership.parquet", columns=["region_name"])
    assert set(table["region_name"].to_pylist()) == set(NAMES[2:5])


def test_geopackages_keep_every_letter(folder):
    layers = dict(pyogrio.list_layers(folder / "study.gpkg"))
    frame = pyogrio.read_dataframe(folder / "study.gpkg", layer="zones", read_geometry=False)
    assert list(frame["name"][: len(NAMES)]) == list(NAMES)
    assert "zones" in layers
    regions = pyogrio.read_dataframe(folder / "regions.gpkg", read_geometry=False)
    assert set(regions["region_name"]) == set(NAMES[2:5])


def test_the_package_and_the_manifest_are_json_with_the_names_in_it(folder):
    for name in ("datapackage.json", "manifest.json"):
        tree = json.loads((folder / name).read_text(encoding="utf-8"))
        assert HOSTILE in json.dumps(tree, ensure_ascii=False)
    package = json.loads((folder / "datapackage.json").read_text(encoding="utf-8"))
    assert package["title"] == f"Study of {HOSTILE}"
    assert package["sources"][0]["title"] == NAMES[4]
    assert package["licenses"] == [{"name": "other", "title": HOSTILE}]
