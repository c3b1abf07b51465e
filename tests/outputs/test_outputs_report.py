"""Report: complete, well-formed, right numbers, three languages, names as text."""

from __future__ import annotations

import dataclasses
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest

from halfcircle.outputs import (
    LANGUAGES,
    LayerKey,
    Settings,
    Texts,
    build_layers,
    build_loss_layers,
    build_report,
)
from halfcircle.outputs.headlines import headlines
from halfcircle.outputs.statistics import weights_of

VOID = {"meta", "br", "link", "img", "input", "hr"}


class Page(HTMLParser):
    """Checks nesting while reading; keeps headings, ids, references, cells and text."""

    def __init__(self, text):
        super().__init__()
        self.open, self.headings, self.ids, self.refs, self.loads = [], [], [], [], []
        self.tags, self.words = [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attrs):
        given = dict(attrs)
        self.tags.append((tag, given))
        if tag not in VOID:
            self.open.append(tag)
        if re.fullmatch("h[1-6]", tag):
            self.headings.append(int(tag[1]))
        if "id" in given:
            self.ids.append(given["id"])
        self.refs += given.get("aria-labelledby", "").split()
        self.refs += re.findall(r"url\(#([^)]*)\)", given.get("fill", ""))
        self.loads += [given[key] for key in ("src", "href", "data", "poster") if key in given]

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag, tag

    def handle_data(self, data):
        self.words.append(data)

    @property
    def text(self):
        return re.sub(r"\s+", " ", " ".join(self.words))


def report(result, language="en", **options):
    texts = Texts(language)
    layers, losses = build_layers(result), build_loss_layers(result)
    return build_report(result, layers, losses, texts=texts, **options)


def test_languages_have_the_same_texts():
    english = Texts("en").entries
    for language in LANGUAGES:
        other = Texts(language).entries
        assert other.keys() == english.keys()
        for key, text in english.items():
            places = set(re.findall(r"{(\w+)}", text))
            # A sentence may do without a field, but may not ask for one that is not given.
            assert set(re.findall(r"{(\w+)}", other[key])) <= places | {"people", "opportunity"}, (
                key
            )


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    "kind", [{"border": True, "percentiles": (25, 50, 75)}, {"points": True}, {"grid": True}]
)
def test_page_is_well_formed(make_run, language, kind):
    page = Page(report(make_run(5, **kind), language, map_link="maps/reach.html"))
    assert page.headings[:2] == [1, 2]
    assert page.headings.count(1) == 1
    assert all(b <= a + 1 for a, b in zip(page.headings, page.headings[1:], strict=False))
    assert len(page.ids) == len(set(page.ids))
    assert set(page.refs) <= set(page.ids)
    # Nothing is loaded; the only links go within the folder.
    assert sorted(set(page.loads)) == ["#content", "maps/reach.html"]
    assert ("html", {"lang": language}) in page.tags
    pictures = [given for tag, given in page.tags if tag == "svg"]
    assert all(given.get("role") == "img" or "aria-hidden" in given for given in pictures)
    assert [tag for tag, _ in page.tags].count("th") > 20
    assert "{" not in page.text.split("}")[-1]


def test_names_are_text(make_run):
    text = report(make_run(5, border=True, name="<script>alert(2)</script>"))
    page = Page(text)
    assert "script" not in {tag for tag, _ in page.tags}
    assert "<b>" not in text
    assert "<b>Bus</b> & rail" in page.text
    assert "'X<9>'" not in page.text
    assert "X<9>, Y" in page.text


def test_headlines_are_those_of_the_people(make_run):
    result = make_run(6)
    layers, weights = build_layers(result), weights_of(result)
    found = headlines(result, layers, weights, Texts())
    people = result.opportunities[1].values[0]
    transit = layers.get(LayerKey("jobs", "transit", 45.0, 50))
    car = layers.get(LayerKey("jobs", "car", 45.0, 50))
    assert transit is not None
    assert car is not None
    known = ~np.isnan(transit)
    mean = np.average(transit[known], weights=people[known])
    assert found[0].number == f"{mean:,.0f}"
    share = mean / np.average(car[known], weights=people[known])
    assert found[1].number == f"{100 * share:.0f}\u202f%"
    assert "by car" in found[1].sentence
    everyone = np.sort(np.repeat(transit[known], people[known].astype(int)))
    tenth = everyone[int(np.ceil(0.1 * len(everyone))) - 1]
    assert found[2].number == f"{tenth:,.0f}"
    page = Page(report(result))
    assert all(headline.number.split("\u202f")[0] in page.text for headline in found)


def test_headlines_without_car_or_people(make_run):
    result = make_run(6, modes=("walk",), opportunities=("jobs",))
    found = headlines(result, build_layers(result), weights_of(result), Texts())
    assert "average zone" in found[0].sentence
    assert "of all jobs in the study area" in found[1].sentence
    assert "Averages over zones" in report(result)


def test_range_is_told_where_departures_vary(make_run):
    result = make_run(6, percentiles=(25, 50, 75))
    found = headlines(result, build_layers(result), weights_of(result), Texts())
    assert found[0].note.startswith("Between ")
    assert "moment of departure matter" in report(result)
    assert "moment of departure matter" not in report(make_run(6))


def test_band_table_has_the_numbers(make_run):
    result = make_run(5)
    people = result.opportunities[1].values[0]
    layers = build_layers(result)
    text = report(result)
    for band in (15.0, 30.0, 45.0, 60.0, 90.0):
        values = layers.get(LayerKey("jobs", "car", band, 50))
        assert values is not None
        cells = (np.average(values, weights=people), values.max())
        for cell in cells:
            assert f'<td class="n">{Texts().count(cell)}</td>' in text


def test_groups_have_a_table_of_their_own(make_run):
    result = make_run(4)
    jobs = result.opportunities[0]
    halves = np.concatenate([jobs.values * 0.25, jobs.values * 0.75])
    groups = dataclasses.replace(jobs, values=halves, groups=("low", "high"))
    mine = result.reach[result.reach["opportunity"] == "jobs"]
    reach = pd.concat(
        [
            result.reach,
            mine.assign(group="low", value=mine["value"] * 0.25),
            mine.assign(group="high", value=mine["value"] * 0.75),
        ]
    )
    given = (groups, result.opportunities[1])
    text = report(dataclasses.replace(result, reach=reach, opportunities=given))
    assert "Jobs within reach, by group (mean)" in text
    people = result.opportunities[1].values[0]
    car = build_layers(result).get(LayerKey("jobs", "car", 30.0, 50))
    assert car is not None
    for share in (0.25, 0.75):
        mean = Texts().count(share * np.average(car, weights=people))
        assert f'<td class="n">{mean}</td>' in text


def test_missing_is_a_dash_with_its_reason(make_run):
    result = make_run(4)
    gone = result.reach["mode"].eq("transit")
    result = make_run(4, reach=result.reach.assign(value=result.reach["value"].mask(gone)))
    text = report(result)
    assert '<td class="n">–</td>' in text
    assert "No public transport in the departure window" in text
    assert "No zone has a value" in text


def test_everything_a_reader_must_know_is_there(make_run):
    page = Page(report(make_run(4)))
    for words in (
        "2024-05-14",
        "departures 07:00 to 09:00",
        "Europe/Amsterdam",
        "walking 4.5 km/h, cycling 14 km/h",
        "© OpenStreetMap contributors",
        "ODbL",
        "2024-04-01 to 2024-12-14",
        "stop_times.txt:812",
        "ask the operator",
        "it is not zero",
    ):
        assert words in page.text, words


def test_a_study_without_reach_still_reports(make_run):
    result = make_run(4, settings=Settings(), unreached=None, sources=(), notices=())
    empty = result.reach.iloc[:0]
    page = Page(report(make_run(4, reach=empty, settings=Settings(), unreached=None)))
    assert "What the words mean" in page.text
    assert "Every zone is connected" in page.text
    assert isinstance(result.reach, pd.DataFrame)


def test_decay_alone_still_reports(make_run):
    result = make_run(4)
    chosen = result.reach[result.reach["band_min"] == 15]
    decay = chosen.assign(band_min=np.nan, measure="decay")
    page = Page(report(make_run(4, reach=decay)))
    assert "no limit" in page.text


def test_same_results_give_the_same_bytes(make_run):
    assert report(make_run(5, border=True)) == report(make_run(5, border=True))
