"""People or jobs that move because of a scenario: by hand, with totals kept, with and without."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from edit_towns import CITY
from hypothesis import given, settings
from hypothesis import strategies as st
from pandas.testing import assert_frame_equal

from halfcircle.errors import ScenarioError, StudyError
from halfcircle.study import read_study, run_study
from halfcircle.study.scenarios.relocation import moved_counts

ONE = np.zeros(2, dtype=np.int64)


def test_two_towns_by_hand() -> None:
    # Access of the first doubles, that of the second stays. With the elasticity 1/2 the first
    # pulls with the square root of 2: 100 x 1.41421 and 300, scaled back to 400.
    found = moved_counts(np.array([[100.0, 300.0]]), np.log([2.0, 1.0]), 0.5, ONE)
    np.testing.assert_allclose(found, [[128.15090, 271.84910]], atol=1e-4)
    # The same turned round: the weaker end is drained by as much as it would have gained.
    drained = moved_counts(np.array([[100.0, 300.0]]), np.log([0.5, 1.0]), 0.5, ONE)
    np.testing.assert_allclose(drained, [[76.29743, 323.70257]], atol=1e-4)


def test_nobody_moves_where_all_places_gain_alike() -> None:
    counts = np.array([[5.0, 7.0, 11.0]])
    found = moved_counts(counts, np.log(np.full(3, 1.7)), 2.0, np.zeros(3, dtype=np.int64))
    np.testing.assert_allclose(found, counts, rtol=1e-12)


def test_countries_and_zones_that_are_not_known_keep_what_they_have() -> None:
    counts = np.array([[10.0, 20.0, 30.0, 40.0, np.nan], [1.0, 2.0, 3.0, 4.0, 5.0]])
    log_change = np.log([2.0, 1.0, 4.0, np.nan, 8.0])
    part = np.array([0, 0, 1, 1, 1])
    found = moved_counts(counts, log_change, 1.0, part)
    np.testing.assert_allclose(found[:, :2], [[15.0, 15.0], [1.5, 1.5]])
    # In the other country one zone does not know its access: the rest is alone with itself.
    assert found[0, 2] == pytest.approx(30.0)
    assert found[:, 3].tolist() == [40.0, 4.0]
    assert np.isnan(found[0, 4])


@settings(deadline=None, max_examples=60)
@given(
    seed=st.integers(0, 10**6),
    elasticity=st.floats(-2.0, 2.0),
    n=st.integers(2, 12),
    parts=st.integers(1, 3),
)
def test_totals_stay_in_every_country_and_group(
    seed: int, elasticity: float, n: int, parts: int
) -> None:
    rng = np.random.default_rng(seed)
    counts = rng.gamma(1.0, 100.0, (2, n))
    counts[:, rng.random(n) < 0.2] = 0.0
    log_change = np.where(rng.random(n) < 0.2, np.nan, rng.normal(0, 0.5, n))
    part = rng.integers(0, parts, n)
    found = moved_counts(counts, log_change, elasticity, part)
    assert (found >= 0).all()
    for which in range(parts):
        mine = part == which
        np.testing.assert_allclose(
            found[:, mine].sum(axis=1), counts[:, mine].sum(axis=1), rtol=1e-9
        )
    # Between two places of one country the ratio follows that of their access.
    one, other = rng.choice(n, 2, replace=False)
    fine = np.isfinite(log_change[[one, other]]).all() and (counts[0, [one, other]] > 0).all()
    if fine and part[one] == part[other]:
        ratio = found[0, one] / found[0, other] / (counts[0, one] / counts[0, other])
        pull = elasticity * (log_change[one] - log_change[other])
        np.testing.assert_allclose(np.log(ratio), pull, atol=1e-9)


STUDY = """
[study]
name = "Grid city"
[zones]
path = "zones.csv"
country = "country"
population = "population"
[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
[[opportunities]]
name = "population"
path = "zones.csv"
column = "population"
[transit]
feeds = [ { id = "grid", path = "grid.zip" } ]
date = 2026-05-12
window = ["07:00", "07:20"]
time_zone = "Europe/Amsterdam"
[reach]
modes = ["transit"]
bands_min = [10, 15]
access_max_min = { walk = 8 }
[regions]
flows = "flows.csv"
parameters = { min_size = 50, target_size = 200 }
[[scenarios]]
name = "fast"
edits = [ { type = "set_headway", line = "1", every_min = 2 } ]
city_pairs = [["c0r1", "c5r1"]]
"""
RELOCATION = """
[[scenarios.relocation]]
moves = "population"
towards = "jobs"
band_min = 10
elasticity = [0.2, 0.5]
[[scenarios.relocation]]
moves = "jobs"
towards = "population"
band_min = 10
elasticity = 0.3
source = "a guess"
"""


def write(folder: Path, further: str) -> Path:
    CITY.write_gtfs(folder / "grid.zip")
    lon, lat = CITY.lonlat(CITY.corners)
    ids = [f"c{c}r{r}" for c, r in CITY.corners]
    n = np.arange(len(ids))
    zones = pd.DataFrame(
        {
            "zone_id": ids, "lon": lon, "lat": lat, "jobs": 10 + n % 7, "population": 20 + n % 5,
            "country": ["NL" if c < 4 else "DE" for c, _ in CITY.corners],
        }
    )  # fmt: skip
    zones.to_csv(folder / "zones.csv", index=False)
    rows = [(a, b, 40 if a == b else 1) for a in ids for b in ids]
    table = pd.DataFrame(rows, columns=["origin", "destination", "workers"])
    table.to_csv(folder / "flows.csv", index=False)
    path = folder / "study.toml"
    path.write_text(STUDY + further, encoding="utf-8")
    return path


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("relocation")
    run_study(write(folder, RELOCATION), out=folder / "out", workers=1)
    return folder / "out"


def test_the_scenario_is_computed_with_and_without(out: Path, tmp_path: Path) -> None:
    run_study(write(tmp_path, ""), out=tmp_path / "out", workers=1)
    table, alone = (pd.read_parquet(o / "scenarios.parquet") for o in (out, tmp_path / "out"))
    assert list(dict.fromkeys(table["scenario"])) == ["fast", "fast (relocation)"]
    own = table[table["scenario"] == "fast"].reset_index(drop=True)
    assert_frame_equal(own, alone, check_exact=True)
    winners = pd.read_csv(out / "scenarios/winners_and_losers.csv")
    assert set(winners["scenario"]) == {"fast", "fast (relocation)"}
    member = pd.read_parquet(out / "membership.parquet")
    assert set(member["scenario"]) == {"baseline", "fast", "fast (relocation)"}
    chances = pd.read_csv(out / "scenarios/one_system.csv")
    assert set(chances["scenario"]) == {"baseline", "fast", "fast (relocation)"}


def test_the_table_shows_both_ends(out: Path) -> None:
    table = pd.read_csv(out / "scenarios/fast/relocation.csv")
    assert table.groupby(["moves", "elasticity"], sort=False).size().to_dict() == {
        ("population", 0.2): 24, ("population", 0.5): 24, ("jobs", 0.3): 24,
    }  # fmt: skip
    table["country"] = np.where(table["zone_id"].str[1].astype(int) < 4, "NL", "DE")
    both = table.groupby(["country", "moves", "elasticity"])["change"].sum()
    np.testing.assert_allclose(both, 0.0, atol=1e-9)
    moved = table[(table["moves"] == "population") & (table["elasticity"] == 0.5)]
    assert (moved["change"] > 0.01).any()
    assert (moved["change"] < -0.01).any()
    # By hand, for two zones of one country: the ratio of what they have follows their access.
    one, other = moved.iloc[0], moved.iloc[8]
    assert one["country"] == other["country"]
    pull = (one["access_after"] / one["access_before"]) / (
        other["access_after"] / other["access_before"]
    )
    ratio = (one["after"] / one["before"]) / (other["after"] / other["before"])
    assert ratio == pytest.approx(pull**0.5)


def test_reach_is_that_of_those_who_moved(out: Path) -> None:
    reach = pd.read_parquet(out / "reach.parquet")
    moved = pd.read_csv(out / "scenarios/fast/relocation.csv")
    last = moved[(moved["moves"] == "jobs")].set_index("zone_id")
    # With everything in reach the whole is there: the total of jobs has not changed.
    total = last["after"].sum()
    assert total == pytest.approx(last["before"].sum())
    jobs = reach[(reach["opportunity"] == "jobs") & (reach["band_min"] == 15)]
    one, other = (jobs[jobs["scenario"] == s].set_index("zone_id")["value"]
                  for s in ("fast", "fast (relocation)"))  # fmt: skip
    assert ((one - other).abs() > 1e-6).any()
    assert other.max() <= total + 1e-6


FAULTS = {
    'moves = "people"\ntowards = "jobs"\nelasticity = 1\nband_min = 10': "moves: is not in",
    'moves = "jobs"\ntowards = "homes"\nelasticity = 1\nband_min = 10': "towards: is not in",
    'moves = "jobs"\ntowards = "population"\nelasticity = 1': "band_min: is needed",
    'moves = "jobs"\ntowards = "population"\nelasticity = 1\nband_min = 9': "not among bands_min",
    'moves = "jobs"\ntowards = "population"\nelasticity = 1\nband_min = 10\nmode = "car"': "mode",
}
WRITTEN = {
    'moves = "jobs"\ntowards = "jobs"\nelasticity = 1': "is what moves itself",
    'moves = "jobs"\ntowards = "population"\nelasticity = 0': "must be numbers other than 0",
    'moves = "jobs"\ntowards = "population"\nelasticity = ["a"]': "must be numbers other than 0",
    'moves = "jobs"\ntowards = "population"': "elasticity: is required",
    'moves = "jobs"\ntowards = "population"\nelasticity = 1\nbands = 2': "mean 'band_min'",
}


@pytest.mark.parametrize("text", FAULTS)
def test_faults_against_the_study(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"[[scenarios.relocation]]\n{text}\n")
    with pytest.raises(ScenarioError, match=FAULTS[text]):
        run_study(path, out=tmp_path / "out", workers=1)


@pytest.mark.parametrize("text", WRITTEN)
def test_faults_of_the_file(text: str, tmp_path: Path) -> None:
    path = write(tmp_path, f"[[scenarios.relocation]]\n{text}\n")
    with pytest.raises(StudyError, match=WRITTEN[text]):
        read_study(path)
