"""The half circle in full: pairs of circles, bars, tables, in three languages."""

from __future__ import annotations

import dataclasses
import re
import tomllib
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from halfcircle.outputs import Texts, build_layers, build_loss_layers, build_report
from halfcircle.outputs._assets import asset
from halfcircle.outputs.border_tables import write_border_summary
from halfcircle.outputs.half_circle_charts import Bar, bar_chart, circle_drawing
from halfcircle.outputs.half_circle_report import border_key, half_circle_parts
from halfcircle.outputs.statistics import weights_of
from halfcircle.regions.half_circle import SECTOR_NAMES

LAYER = {
    "scenario": "baseline", "mode": "transit", "opportunity": "jobs", "group": "all",
    "band_min": 45.0, "measure": "cumulative",
}  # fmt: skip


def parts(result, language="en", mode=None):
    key = border_key(build_loss_layers(result))
    if mode is not None:
        key = dataclasses.replace(key, mode=mode)
    return half_circle_parts(result, key, weights_of(result), Texts(language))


def summary_rows(**changes):
    row = {
        "n_zones": 3, "n_undefined": 1, "population": 10.0, "population_undefined": 2.0,
        "reach_domestic": 4.0, "reach_open": 8.0, "reach_effective": 6.0, "loss": 0.5,
        "loss_mean": 0.4, "loss_effective": 0.25, "share_above_25": 0.75, "share_above_50": 0.3,
        **{f"loss_p{d}": d / 100 for d in range(10, 100, 10)},
        "loss_foreign_fewer": 0.47, "loss_foreign_more": 0.53,
    }  # fmt: skip
    rows = [{"area": a, "region": r, **LAYER, **row} for a, r in
            (("all", "all"), ("country", "NL"), ("region", "=HYPERLINK(1)"))]  # fmt: skip
    return pd.DataFrame(rows).assign(**changes)


def test_the_border_is_told_by_car_first(make_run):
    losses = build_loss_layers(make_run(5, border=True))
    assert border_key(losses).mode == "car"
    assert border_key(losses).band_min == 45
    losses = build_loss_layers(make_run(5, border=True, modes=("walk", "transit")))
    assert border_key(losses).mode == "transit"
    result = make_run(5, border=True, modes=("walk", "bike", "transit"))
    others = result.border[result.border["mode"] != "transit"]
    losses = build_loss_layers(dataclasses.replace(result, border=others))
    assert border_key(losses).mode in ("walk", "bike")


def test_the_example_is_the_worst_of_the_larger_half(make_run):
    result = make_run(8, border=True)
    found = parts(result, mode="transit")
    table = result.border
    loss = table[(table["mode"] == "transit") & (table["band_min"] == 45)].set_index("zone_id")
    people = pd.Series(result.opportunities[1].values[0], index=result.zones.zone_id)
    large = people[people >= people[people > 0].median()].index
    worst = loss.loc[large, "loss"].max()
    about = found["pair"]["about"]
    names = dict(zip(result.zones.label, result.zones.zone_id, strict=True))
    shown = names[about.split(":")[0]]
    assert shown in large
    assert loss.loc[shown, "loss"] == worst
    assert Texts().share(worst) in about
    assert [drawing["title"][:4] for drawing in found["pair"]["drawings"]] == ["Full", "Half"]


def test_no_sectors_no_pair(make_run):
    assert parts(make_run(6, border=True, sectors=None))["pair"] is None


def radii(picture: str, attribute: str) -> list[float]:
    return [
        float(re.search(r"A([\d.]+) ", found)[1])
        for found in re.findall(r"<path[^>]*>", picture)
        if attribute in found
    ]


def test_full_and_half_circle_have_one_scale():
    opened, domestic = np.zeros(17), np.zeros(17)
    opened[[0, 4]], domestic[4] = (100.0, 400.0), 100.0
    full, half = (
        str(circle_drawing(domestic, opened, half=kind, directions=SECTOR_NAMES, identifier="c",
                           title="<b>", about="x"))
        for kind in (False, True)
    )  # fmt: skip
    assert "&lt;b&gt;" in full
    # Areas are amounts: a quarter of the jobs has half the radius.
    assert radii(full, 'fill="#f5c98d"') == pytest.approx([58.0, 116.0])
    assert radii(half, 'fill="none" stroke="#ae3f2c"') == pytest.approx([58.0, 116.0])
    for picture in (full, half):
        assert radii(picture, 'fill="#255f8e"') == pytest.approx([58.0])


def bar_boxes(picture: str) -> list[tuple[float, float]]:
    found = re.findall(r'<rect x="([\d.]+)"[^>]*width="([\d.]+)"', picture)
    return [(float(x), float(width)) for x, width in found]


def test_bars_to_both_sides_and_a_line():
    bars = [Bar("a", 0.2, "20"), Bar("b", -0.1, "-10"), Bar("c", float("nan"), "–")]
    looks = {"identifier": "b", "title": "t", "about": "x"}
    picture = str(bar_chart(bars, reference=(0.1, "line"), **looks))
    (x_a, width_a), (x_b, width_b) = bar_boxes(picture)
    assert width_a == pytest.approx(2 * width_b, abs=0.2)
    assert x_b + width_b == pytest.approx(x_a, abs=0.2)
    line = float(re.search(r'd="M([\d.]+) [^"]*"[^>]*stroke-dasharray', picture)[1])
    assert line == pytest.approx(x_a + width_a / 2, abs=0.2)
    assert ">–<" in picture


def test_no_bar_at_all_is_still_a_chart():
    empty = bar_chart([Bar("a", float("nan"), "–")], identifier="b", title="t", about="x")
    assert "<rect" not in empty
    assert "nan" not in empty


def test_causes_are_shares_of_the_ideal(make_run):
    result = make_run(4, border=True, opportunities=("jobs", "population"))
    zones = result.zones.zone_id
    rows = []
    for i, zone in enumerate(zones):
        for cause, lost in (("border", 30.0), ("transport", -10.0)):
            rows.append(
                {"zone_id": zone, **LAYER, "mode": "car", "cause": cause,
                 "reach_ideal": np.nan if i == 0 else 100.0,
                 "lost": np.nan if i == 0 else lost, "lost_ordered": lost, "share": lost / 100}
            )  # fmt: skip
    found = parts(dataclasses.replace(result, border_causes=pd.DataFrame(rows)))
    [one] = found["causes"]
    assert "missing or slower links: −10\u202f%; border penalties: 30\u202f%" in one["picture"]
    assert "all together: 20\u202f%" in one["picture"]


def test_summary_rows_and_hostile_names(make_run, tmp_path):
    result = make_run(5, border=True, border_summary=summary_rows(mode="car"))
    found = parts(result)["spread"]
    assert [row["name"] for row in found["rows"]] == ["NL", "=HYPERLINK(1)", "All"]
    assert found["rows"][0]["cells"][:3] == ["50\u202f%", "47\u202f%", "53\u202f%"]
    path = write_border_summary(result, tmp_path / "s.csv")
    assert "\r\nregion,'=HYPERLINK(1),baseline" in path.read_bytes().decode("utf-8-sig")
    assert write_border_summary(make_run(4), tmp_path / "none.csv") is None


@pytest.mark.parametrize("language", ["en", "nl", "de"])
def test_reports_in_every_language(make_run, language):
    potential = pd.DataFrame(
        [{"scenario": "baseline", "mode": "car", "from_country": "NL", "from_region": "",
          "to_country": "DE", "to_region": "", "numerator": numerator, "n_zones": 4,
          "workers": 100.0, "jobs_closed": 5.0, "jobs_open": 9.0, "potential_choice": 50.0,
          "potential_balanced": 40.0, "border_zone_km": 25.0, "cap_km": 100.0,
          "realised": realised, "year": year, "source": "<b>", "rate_choice": realised / 50,
          "rate_balanced": realised / 40, "reference_rate": 0.05, "reference": "PBL/CBS",
          "willingness": "domestic flows"}
         for numerator, realised, year in (("gross", 4.0, 2021.0), (None, np.nan, np.nan))]
    )  # fmt: skip
    sources = pd.DataFrame(
        {"opportunity": ["jobs"], "country": ["DE"], "concept": ["<script>alert(1)</script>"],
         "unit": ["heads"], "year": [np.nan], "source": ["office"], "estimated": ["yes"],
         "same_unit": ["no"], "years_apart": [1.0]}
    )  # fmt: skip
    result = make_run(
        6, border=True, border_summary=summary_rows(mode="car"), border_potential=potential,
        border_sources=sources,
    )  # fmt: skip
    losses = build_loss_layers(result)
    page = build_report(result, build_layers(result), losses, texts=Texts(language))
    assert "<script>alert" not in page
    assert "PBL/CBS 2015" in page
    assert "{" not in re.sub(r"<style>.*?</style>", "", page, flags=re.DOTALL)
    assert f"{Texts(language).share(0.08)}" in page  # 4 of 50


def test_languages_have_the_same_words():
    words = tomllib.loads(asset("texts", "half_circle.toml"))
    fields = {
        language: {key: sorted(re.findall(r"\{\w+\}", text)) for key, text in entries.items()}
        for language, entries in words.items()
    }
    assert fields["en"] == fields["nl"] == fields["de"]


def test_every_word_is_used():
    code = "".join(
        path.read_text(encoding="utf-8")
        for folder in (Path(__file__).resolve().parents[2] / "outputs",)
        for path in (*folder.glob("half_circle*.py"), *folder.glob("templates/*.j2"))
    )
    built = ("pair_alt_", "pair_full", "pair_half", "cause_", "column_richer", "column_poorer")
    for key in tomllib.loads(asset("texts", "half_circle.toml"))["en"]:
        assert f'"{key}"' in code or key.startswith(built), key
