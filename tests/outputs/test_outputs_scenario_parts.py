"""What the report tells of a scenario from its further tables."""

from __future__ import annotations

import dataclasses
import tomllib

import numpy as np
import pandas as pd
import pytest

from halfcircle.outputs._assets import asset
from halfcircle.outputs.layers import LayerKey
from halfcircle.outputs.scenario_parts import (
    further_sentences,
    moves_section,
    pairs_table,
    region_type_rows,
    systems_section,
)
from halfcircle.outputs.texts import LANGUAGES, Texts

KEY = LayerKey("jobs", "transit", 45.0, None, scenario="Fast line", quantity="delta")


@pytest.fixture
def run(make_run):
    result = make_run(3, modes=("transit",))
    ids = list(result.zones.zone_id)[:3]
    unreached = pd.DataFrame(
        {
            "zone_id": [ids[0], ids[1], ids[0], ids[2]],
            "scenario": ["baseline", "baseline", "Fast line", "Fast line"],
            "mode": "transit",
            "reason": "no_service",
        }
    )
    shares = {"winning": 0.5, "winning_a_tenth": 0.25, "losing": 0.1, "losing_a_tenth": 0.05}
    winners = pd.DataFrame(
        {
            "scenario": "Fast line", "part": ["all", "shrinking"], "mode": "transit",
            "opportunity": "jobs", "band_min": 45.0, "people": [4000.0, 1000.0],
            "mean_baseline": 200.0, "mean_variant": 220.0, "mean_delta": 20.0,
            **{f"share_{name}": share for name, share in shares.items()},
            "draws": 4, "mean_delta_sd": 3.0, "mean_delta_low": -2.0, "mean_delta_high": 42.0,
        }
    )  # fmt: skip
    chances = pd.DataFrame(
        {
            "zone_id": ids[0], "other_zone_id": np.tile([ids[1], ids[2]], 2),
            "scenario": np.repeat(["baseline", "Fast line"], 2), "together": False,
            "probability": [0.0, 0.0, 0.25, 0.0], "draws": 60,
            "validity": [1.2, 1.2, 1.05, 1.2], "other_validity": [1.1, np.nan, 1.1, np.nan],
            "together_from": [0.6667, np.nan, 0.55, np.nan],
        }
    )  # fmt: skip
    dial = pd.DataFrame(
        {
            "scenario": np.repeat(["baseline", "Fast line"], 2),
            "min_containment": [0.5, 0.8] * 2, "target_containment": [0.6, 0.9] * 2,
            "systems": [5, 2, 4, 2],
        }
    )  # fmt: skip
    moves = pd.DataFrame(
        {
            "zone_id": ids * 2, "name": [f"<{zone}>" for zone in ids] * 2, "moves": "population",
            "towards": "jobs", "elasticity": np.repeat([0.1, -0.1], 3),
            "change": [30.0, -10.0, -20.0, -25.0, 5.0, 20.0],
        }
    )  # fmt: skip
    further = {
        "scenarios/winners_and_losers": winners,
        "scenarios/one_system": chances,
        "scenarios/systems_dial": dial,
        "scenarios/fast-line/relocation": moves,
    }
    return dataclasses.replace(result, unreached=unreached, further=further)


def test_connections_and_the_interval_are_told(run) -> None:
    label = run.zones.label
    assert further_sentences(run, KEY, Texts("en")) == [
        f"Cut off by public transport: {label[2]}.",
        f"Connected by public transport, not so before: {label[1]}.",
        "Departures of headway services were drawn 4 times, alike with and without: the mean "
        "change lies between \u22122 and +42 (95 %).",
    ]
    winners = run.further["scenarios/winners_and_losers"].assign(mean_delta_sd=0.0)
    sure = dataclasses.replace(run, further={"scenarios/winners_and_losers": winners})
    assert further_sentences(sure, KEY, Texts("en"))[-1].endswith("the same in all draws.")
    quiet = dataclasses.replace(run, unreached=None, further={})
    assert further_sentences(quiet, KEY, Texts("en")) == []


def test_types_of_region_have_their_row(run) -> None:
    (row,) = region_type_rows(run, KEY, Texts("en"))
    assert row["name"] == "shrinking"
    assert row["cells"][:4] == ["1,000", "200", "220", "+20"]
    assert row["cells"][4:8] == ["500", "250", "100", "50"]
    assert row["cells"][8].startswith("40")


def test_both_ends_of_those_who_move(run) -> None:
    (section,) = moves_section(run, "scenarios/fast-line", Texts("en"))
    assert section["heads"] == ["elasticity 0.10", "elasticity \u22120.10"]
    cells = {row["name"]: row["cells"] for row in section["rows"]}
    ids = list(run.zones.zone_id)
    assert cells[f"<{ids[0]}>"] == ["+30", "\u221225"]
    assert cells[f"<{ids[2]}>"] == ["\u221220", "+20"]
    assert cells["all who move"] == ["30", "25"]
    assert moves_section(run, "scenarios/other", Texts("en")) == []


def test_chances_margins_and_dial(run) -> None:
    section = systems_section(run, Texts("en"))
    assert section is not None
    label = run.zones.label
    first, second = f"{label[0]} – {label[1]}", f"{label[0]} – {label[2]}"
    told, quiet = section["sentences"]
    assert told.startswith(f"{first}: chance to be one system 0")
    assert "25" in told
    assert told.endswith("in Fast line.")
    assert quiet == f"In no draw of any scenario together, nor now: {second}."
    assert [row["name"] for row in section["rows"]] == [first]
    margin = section["margin"]["rows"]
    assert [row["name"] for row in margin] == [first, second]
    now, fast = margin[0]["figures"]
    assert now["cells"][0] == "1.20 / 1.10"
    assert now["cells"][1].startswith("67")
    assert fast["cells"][0] == "1.05 / 1.10"
    assert fast["cells"][1].startswith("55")
    assert margin[1]["figures"][0]["cells"][1].startswith("not up to 80")
    assert [row["cells"] for row in section["dial"]["rows"]] == [["5", "2"], ["4", "2"]]
    assert systems_section(dataclasses.replace(run, further={}), Texts("en")) is None


def test_city_pairs_with_the_norm_of_an_hour(run) -> None:
    pairs = pd.DataFrame(
        [
            ["A", "B", "transit", 70.4, 58.0, -12.4, False, True],
            ["B", "A", "transit", 71.0, 59.0, -12.0, False, True],
            ["A", "C", "transit", np.nan, 150.0, np.nan, False, False],
            ["C", "A", "transit", np.nan, 150.0, np.nan, False, False],
            ["A", "B", "car", 40.0, 40.0, 0.0, True, True],
            ["B", "A", "car", 40.0, 40.0, 0.0, True, True],
        ],
        columns=[
            "from", "to", "mode", "minutes_baseline", "minutes_variant", "difference",
            "within_an_hour_baseline", "within_an_hour_variant",
        ],
    )  # fmt: skip
    further = {"scenarios/fast-line/city_pairs": pairs}
    result = dataclasses.replace(run, further=further)
    table = pairs_table(result, "scenarios/fast-line", KEY, Texts("en"))
    assert table is not None
    assert [(row["name"], row["cells"]) for row in table["rows"]] == [
        ("A – B", ["70", "58", "\u221212", "only in the scenario"]),
        ("A – C", ["–", "150", "–", "no"]),
    ]
    assert pairs_table(run, "scenarios/fast-line", KEY, Texts("en")) is None


def test_all_languages_have_all_words() -> None:
    words = tomllib.loads(asset("texts", "scenario_parts.toml"))
    assert set(words) == set(LANGUAGES)
    for language in LANGUAGES:
        assert set(words[language]) == set(words["en"])
        for key, text in words["en"].items():
            fields = {part.split("}")[0] for part in text.split("{")[1:]}
            other = {part.split("}")[0] for part in words[language][key].split("{")[1:]}
            assert fields == other, (language, key)
