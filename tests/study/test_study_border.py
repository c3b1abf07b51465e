"""What a run tells about the border, predicted by hand on five places with given travel times.

West to east: A and B in the Netherlands, C and D in Germany; E, in the Netherlands, is cut off.
Jobs are powers of two, so that a sum tells who is in it.
"""

import csv
import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from halfcircle.errors import HalfcircleError
from halfcircle.study import run_study

ZONES = """zone_id,lon,lat,country,region,people,jobs
A,6.00,51.0,NL,west,100,1
B,6.10,51.0,NL,west,300,2
C,6.20,51.0,DE,rhine,200,4
D,6.30,51.0,DE,rhine,400,8
E,6.00,53.0,NL,north,50,0
"""
MINUTES = {("A", "B"): 20, ("B", "C"): 25, ("C", "D"): 20, ("A", "C"): 50, ("B", "D"): 50}
STUDY = """
[study]
name = "Five places"

[zones]
path = "zones.csv"
country = "country"
population = "people"

[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
year = 2020
unit = "jobs"
source = "by hand"
CONCEPT

[[opportunities]]
name = "workers"
path = "zones.csv"
column = "people"

[times]
path = "times.csv"
mode = "car_model"
unit = "minutes"

[reach]
modes = ["car_model"]
bands_min = [30, 60]
REACH

[border]
opportunities = ["jobs"]
penalties = [ { from = "NL", to = "DE", minutes = 10 }, { from = "DE", to = "NL", minutes = 10 } ]
BORDER
"""


def study(tmp_path: Path, border: str = "", *, reach: str = "", concept: str = "") -> Path:
    tmp_path.mkdir(parents=True, exist_ok=True)
    (tmp_path / "zones.csv").write_text(ZONES)
    rows = ["origin,destination,minutes"]
    for (a, b), minutes in MINUTES.items():
        rows += [f"{a},{b},{minutes}", f"{b},{a},{minutes}"]
    rows += [f"{zone},{zone},5" for zone in "ABCDE"]
    (tmp_path / "times.csv").write_text("\n".join(rows) + "\n")
    text = STUDY.replace("BORDER", border).replace("REACH", reach).replace("CONCEPT", concept)
    (tmp_path / "study.toml").write_text(text)
    return tmp_path / "study.toml"


def run(path: Path) -> Path:
    run_study(path, workers=1)
    return path.parent / "out"


def notices(out: Path) -> str:
    manifest = json.loads((out / "manifest.json").read_text(encoding="utf-8"))
    return "\n".join(f"{n['where']}: {n['what']} {n['values']}" for n in manifest["notices"])


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    border = 'region = "region"\nsensitivity = true\nwages = true\ncauses = ["car_model"]\n'
    concept = 'concept = "jobs of employees"\nsources_by_country = { DE = { unit = "heads", '
    concept += "year = 2022, estimated = true } }\n"
    folder = tmp_path_factory.mktemp("told")
    return run(study(folder, border, reach='decay = "pbl"', concept=concept))


def summary(out: Path, region: str, band: float = 60.0) -> pd.Series:
    table = pd.read_parquet(out / "border_summary.parquet")
    chosen = table[(table["region"] == region) & (table["band_min"] == band)]
    [row] = chosen.to_dict("records")
    return pd.Series(row)


def test_summary_of_a_country(told: Path) -> None:
    """Within the hour A reaches 1 + 2 and 4; B 1 + 2 and 4 + 8; E nothing at all."""
    row = summary(told, "NL")
    home = (100 * 3 + 300 * 3) / 400
    whole = (100 * 7 + 300 * 15) / 400
    assert row["reach_domestic"] == pytest.approx(home)
    assert row["reach_open"] == pytest.approx(whole)
    assert row["loss"] == pytest.approx(1 - home / whole)
    assert row["loss_mean"] == pytest.approx((100 * 4 / 7 + 300 * 12 / 15) / 400)
    assert (row["n_zones"], row["n_undefined"]) == (3, 1)
    assert (row["population"], row["population_undefined"]) == (400, 50)
    assert row["share_above_25"] == row["share_above_50"] == 1.0
    assert row["loss_p20"] == pytest.approx(4 / 7)
    assert row["loss_p30"] == row["loss_p90"] == pytest.approx(12 / 15)
    for name, change in (("fewer", 0.9), ("more", 1.1)):
        expected = 1 - home / (home + change * (whole - home))
        assert row[f"loss_foreign_{name}"] == pytest.approx(expected)


def test_regions_and_all(told: Path) -> None:
    assert summary(told, "west")["loss"] == pytest.approx(summary(told, "NL")["loss"])
    assert np.isnan(summary(told, "north")["loss"])
    # C reaches 4 + 8 at home and 1 + 2 across, D 4 + 8 and 2.
    both = (400 * 3 + 200 * 12 + 400 * 12) / (100 * 7 + 300 * 15 + 200 * 15 + 400 * 14)
    assert summary(told, "all")["loss"] == pytest.approx(1 - both)


def test_penalties_move_reach_out_of_a_band(told: Path) -> None:
    """Ten minutes more: B reaches C in 35 minutes, no longer within 30."""
    assert summary(told, "NL", 30.0)["reach_effective"] == 3.0
    assert summary(told, "NL", 30.0)["reach_open"] == pytest.approx(3 + 300 * 4 / 400)
    assert summary(told, "NL", 60.0)["loss_effective"] == 0.0


def test_what_can_be_won_back(told: Path) -> None:
    table = pd.read_parquet(told / "border_sensitivity.parquet")
    here = table[(table["region"] == "NL") & (table["band_min"] == 30)].set_index("variant")
    assert here.loc["0min_x1", "recoverable"] == pytest.approx(1.0)
    assert here.loc["0min_x0.5", "recoverable"] == pytest.approx(0.5)
    assert here.loc["35min_x1", "recoverable"] == pytest.approx(0.0)
    # Within the hour the rules of the study take nothing: there is nothing to win back.
    wide = table[(table["region"] == "NL") & (table["band_min"] == 60)]
    assert wide["recoverable"].isna().all()
    assert len(here) == 15


def test_direction(told: Path) -> None:
    table = pd.read_parquet(told / "half_circle.parquet")
    b = table[(table["zone_id"] == "B") & (table["band_min"] == 60)].iloc[0]
    # West 1, own zone 2, east 4 + 8: one of the two directions in use is gone.
    assert b["completeness"] == pytest.approx(3 / 15)
    assert b["half_gone"] == pytest.approx(0.5)
    assert b["asymmetry_domestic"] == pytest.approx(1.0)
    assert b["asymmetry_open"] == pytest.approx(11 / 13, abs=1e-3)
    assert (b["reach_mirror"], b["abroad"]) == (1 + 1 + 2, "richer")
    assert table.loc[table["zone_id"] == "E", "completeness"].isna().all()


def test_causes_add_up(told: Path) -> None:
    causes = pd.read_parquet(told / "border_causes.parquet")
    border = pd.read_parquet(told / "border.parquet")
    keys = ["zone_id", "mode", "opportunity", "group", "band_min", "measure"]
    lost = causes.groupby(keys, dropna=False).agg(
        lost=("lost", "sum"), ideal=("reach_ideal", "max")
    )
    both = border.merge(lost.reset_index(), on=keys)
    assert len(both) == len(border)
    np.testing.assert_allclose(both["ideal"] - both["lost"], both["reach_effective"], atol=1e-9)
    assert set(causes["cause"]) == {"transport", "border"}
    pairs = pd.read_parquet(told / "border_pairs.parquet")
    assert (pairs["from_country"] != pairs["to_country"]).all()


def test_wages_are_labelled_and_repeatable(told: Path, tmp_path: Path) -> None:
    wages = pd.read_parquet(told / "border_wages.parquet")
    assert set(wages["label"]) == {"indicative, gross"}
    here = wages[wages["region"] == "NL"].iloc[0]
    assert 0 <= here["effect_p5"] <= here["effect_p50"] <= here["effect_p95"]
    again = run(study(tmp_path, 'region = "region"\nwages = true\n', reach='decay = "pbl"'))
    pd.testing.assert_frame_equal(wages, pd.read_parquet(again / "border_wages.parquet"))
    assert not (again / "border_sensitivity.parquet").exists()


def test_concepts_are_compared(told: Path) -> None:
    table = pd.read_parquet(told / "border_sources.parquet").set_index("country")
    assert dict(table["unit"]) == {"DE": "heads", "NL": "jobs"}
    assert dict(table["estimated"]) == {"DE": "yes", "NL": "no"}
    assert set(table["years_apart"]) == {2}
    text = notices(told)
    assert "units differ between countries" in text
    assert "estimated, not observed" in text
    report = (told / "report.html").read_text(encoding="utf-8")
    assert "jobs of employees (estimated)" in report


def test_the_summary_as_a_spreadsheet(told: Path) -> None:
    with (told / "border_summary.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    table = pd.read_parquet(told / "border_summary.parquet")
    assert len(rows) == len(table)
    assert list(rows[0]) == list(table.columns)
    [row] = [r for r in rows if r["region"] == "NL" and r["band_min"] == "60"]
    assert float(row["loss"]) == pytest.approx(summary(told, "NL")["loss"])


def test_tables_are_in_the_data_dictionary(told: Path) -> None:
    text = (told / "data_dictionary.csv").read_text(encoding="utf-8-sig")
    for name in ("border_summary", "border_sensitivity", "half_circle", "border_causes",
                 "border_pairs", "border_wages", "border_sources"):  # fmt: skip
        assert f"\n{name}.parquet," in text


def test_scenarios_have_rows_of_their_own(tmp_path: Path) -> None:
    border = 'sensitivity = true\n[[scenarios]]\nname = "open"\n'
    border += 'edits = [ { type = "border", preset = "open" } ]\n'
    out = run(study(tmp_path, border))
    for name in ("border_summary", "border_sensitivity", "half_circle"):
        table = pd.read_parquet(out / f"{name}.parquet")
        assert set(table["scenario"]) == {"baseline", "open"}
    table = pd.read_parquet(out / "border_summary.parquet")
    here = table[(table["region"] == "NL") & (table["band_min"] == 30)].set_index("scenario")
    assert here.loc["open", "loss_effective"] == 0.0
    assert here.loc["baseline", "loss_effective"] == pytest.approx(1 / 2)
    assert here.loc["open", "loss"] == here.loc["baseline", "loss"]


def test_causes_without_pairs_to_compare(tmp_path: Path) -> None:
    """Every domestic pair is farther apart than any class of distance."""
    path = study(tmp_path, "causes = true")
    text = (tmp_path / "zones.csv").read_text()
    for zone, lon in (("A", 0), ("B", 4), ("C", 8), ("D", 12)):
        text = text.replace(f"{zone},6.{'ABCD'.index(zone)}0,", f"{zone},{lon}.00,")
    (tmp_path / "zones.csv").write_text(text)
    out = run(path)
    assert not (out / "border_causes.parquet").exists()
    assert "there are no pairs of places to compare crossings with" in notices(out)


# Commuters ----------------------------------------------------------------------------------

REALISED = """
[border.realised]
path = "commuters.csv"
year = 2021
"""


def with_commuters(tmp_path: Path, rows: str, *, more: str = "", border: str = "") -> Path:
    path = study(tmp_path, border + REALISED + more, reach='decay = "pbl"')
    (path.parent / "commuters.csv").write_text("from,to,workers\n" + rows)
    return path


@pytest.mark.parametrize(
    ("rows", "border"),
    [
        ("NL,DE,30\nDE,NL,90\n", ""),
        ("A,C,10\nB,D,20\nC,B,90\nA,B,1000\n", ""),
        ("west,rhine,30\nrhine,west,90\n", 'region = "region"\n'),
    ],
)
def test_real_commuters_beside_the_potential(tmp_path: Path, rows: str, border: str) -> None:
    """Counted by country, by zone or by region: the same thirty, over the same potential."""
    out = run(with_commuters(tmp_path, rows, border=border))
    table = pd.read_parquet(out / "border_potential.parquet")
    there = table[(table["from_country"] == "NL") & (table["potential_choice"] > 0)]
    gross = there[there["numerator"] == "gross"].iloc[0]
    net = there[there["numerator"] == "net of movers"].iloc[0]
    assert (gross["realised"], net["realised"]) == (30, 15)
    assert gross["rate_choice"] == pytest.approx(30 / gross["potential_choice"])
    assert gross["workers"] == 400
    assert set(table["reference_rate"]) == {0.05}
    report = (out / "report.html").read_text(encoding="utf-8")
    assert "PBL/CBS 2015: 5\u202f%" in report
    assert "willingness to commute by car_model is the curve" in notices(out)


def test_a_net_count_is_not_halved_again(tmp_path: Path) -> None:
    out = run(with_commuters(tmp_path, "NL,DE,30\n", more='numerator = "net"\n'))
    table = pd.read_parquet(out / "border_potential.parquet")
    assert set(table["numerator"].dropna()) == {"net of movers"}
    # Nobody counted the other way: no data, not 0.
    back = table[table["from_country"] == "DE"]
    assert back["realised"].isna().all()
    assert (back["potential_choice"] > 0).all()


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ("NL,FR,30\n", "is no country, region or zone of the study: 'FR'"),
        ("NL,DE,many\n", "holds values that are no numbers"),
        ("NL,DE,-3\n", "-3.0"),
    ],
)
def test_wrong_commuters(tmp_path: Path, rows: str, match: str) -> None:
    with pytest.raises(HalfcircleError, match=match):
        run(with_commuters(tmp_path, rows))


# Faults -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("border", "reach", "match"),
    [
        ("wages = true", "", "needs reach with decay"),
        ("hard_closed = true", "", "needs a mode on streets"),
        ('region = "province"', "", "has no column: 'province'"),
        ('causes = ["bus"]', "", "is not among the modes: 'bus'"),
        ("causes = 3", "", "must be a list of texts"),
        ('land = "none.gpkg"', "", "file not found"),
        ('land = "zones.csv"', "", "holds no areas"),
        ("[border.realised]\njobs = 'works'", "", "is not among .*: 'works'"),
        ("[border.realised]\npath = 'commuters.csv'", 'decay = "pbl"', "commuters of which year"),
    ],
)
def test_faults(tmp_path: Path, border: str, reach: str, match: str) -> None:
    with pytest.raises(HalfcircleError, match=match):
        run(study(tmp_path, border, reach=reach))


def test_a_mode_without_a_curve_has_no_decay(tmp_path: Path) -> None:
    path = study(tmp_path, "", reach='decay = "pbl"')
    path.write_text(path.read_text().replace("car_model", "walk_model"))
    out = run(path)
    for name in ("reach", "border"):
        assert set(pd.read_parquet(out / f"{name}.parquet")["measure"]) == {"cumulative"}
    assert "PBL fitted no curve for walk_model" in notices(out)
