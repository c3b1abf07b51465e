"""``[border.skills]``: do the jobs across the border fit, by hand on five places."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from halfcircle.errors import HalfcircleError
from halfcircle.study import run_study

# West of the border 2 jobs in industry and 6 in care, east of it 10 and 2: of all 20 jobs, 12 are
# in industry. Quotients, west: (2/8)/(12/20) = 5/12 and (6/8)/(8/20) > 1; east: > 1 and 5/12.
ZONES = """zone_id,lon,lat,country,region,people,jobs,industry,care
A,6.00,51.0,NL,west,100,4,1,3
B,6.10,51.0,NL,west,300,4,1,3
C,6.20,51.0,DE,rhine,200,8,8,0
D,6.30,51.0,DE,rhine,400,4,2,2
E,6.00,53.0,NL,north,50,0,0,0
"""
MINUTES = {("A", "B"): 20, ("B", "C"): 25, ("C", "D"): 20, ("A", "C"): 50, ("B", "D"): 50}
STUDY = """
[study]
name = "Five places"
language = "LANGUAGE"

[zones]
path = "zones.csv"
country = "country"
population = "people"

[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
columns = { industry = "industry", care = "care" }

[[opportunities]]
name = "people"
path = "zones.csv"
column = "people"

[times]
path = "times.csv"
mode = "car_model"
unit = "minutes"

[reach]
modes = ["car_model"]
bands_min = [30, 60]

[border]
penalties = [ { from = "NL", to = "DE", minutes = 10 }, { from = "DE", to = "NL", minutes = 10 } ]
region = "region"
causes = ["car_model"]
BORDER

[border.skills]
SKILLS
"""
FIT = 5 / 12


def study(
    tmp_path: Path,
    skills: str = "",
    *,
    matrix: str = "",
    border: str = "",
    language: str = "en",
    zones: str = ZONES,
) -> Path:
    tmp_path.mkdir(parents=True, exist_ok=True)
    (tmp_path / "zones.csv").write_text(zones)
    rows = ["origin,destination,minutes"]
    for (a, b), minutes in MINUTES.items():
        rows += [f"{a},{b},{minutes}", f"{b},{a},{minutes}"]
    rows += [f"{zone},{zone},5" for zone in "ABCDE"]
    (tmp_path / "times.csv").write_text("\n".join(rows) + "\n")
    (tmp_path / "related.csv").write_text(matrix)
    text = STUDY.replace("SKILLS", skills).replace("BORDER", border).replace("LANGUAGE", language)
    (tmp_path / "study.toml").write_text(text)
    return tmp_path / "study.toml"


def run(path: Path) -> Path:
    run_study(path, workers=1)
    return path.parent / "out"


def reach(out: Path, zone: str, group: str, band: float = 60.0) -> pd.Series:
    table = pd.read_parquet(out / "border.parquet")
    chosen = (table["zone_id"] == zone) & (table["group"] == group) & (table["band_min"] == band)
    [row] = table[chosen & (table["opportunity"] == "jobs")].to_dict("records")
    return pd.Series(row)


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Each sector is related to itself only."""
    return run(study(tmp_path_factory.mktemp("alone"), border="hard_closed = false"))


@pytest.mark.parametrize(
    ("zone", "group", "expected"),
    [
        ("A", "industry", 2 + 8 * FIT),  # C, 50 minutes and 10 at the border
        ("A", "care", 6),
        ("A", "all", 8 + 8 * FIT),
        ("B", "industry", 2 + 10 * FIT),  # D as well
        ("B", "care", 6 + 2),
        ("B", "all", 8 + 10 * FIT + 2),
        ("C", "industry", 10 + 2),  # the east is strong in industry
        ("C", "care", 2 + 6 * FIT),
        ("D", "all", 12 + 1 + 3 * FIT),  # B only
    ],
)
def test_reach_with_skills(alone: Path, zone: str, group: str, expected: float) -> None:
    row = reach(alone, zone, group)
    assert row["reach_skills"] == pytest.approx(expected)
    assert row["loss_skills"] == pytest.approx(1 - expected / row["reach_open"])
    assert row["reach_effective"] >= row["reach_skills"] >= row["reach_domestic"]


def test_skills_take_nothing_that_is_not_in_reach(alone: Path) -> None:
    """Within 30 minutes the penalty has taken all of it already."""
    row = reach(alone, "B", "all", 30.0)
    assert row["reach_open"] == 16
    assert row["reach_skills"] == row["reach_effective"] == row["reach_domestic"] == 8


def test_unknown_where_nobody_works_and_for_what_is_no_sector(alone: Path) -> None:
    assert np.isnan(reach(alone, "E", "all")["reach_skills"])
    table = pd.read_parquet(alone / "border.parquet")
    assert table.loc[table["opportunity"] == "people", "reach_skills"].isna().all()


def test_summary(alone: Path) -> None:
    table = pd.read_parquet(alone / "border_summary.parquet")
    chosen = (table["region"] == "NL") & (table["opportunity"] == "jobs")
    [row] = table[chosen & (table["group"] == "all") & (table["band_min"] == 60)].to_dict("records")
    skills = (100 * (8 + 8 * FIT) + 300 * (10 + 10 * FIT)) / 400
    open_reach = (100 * 16 + 300 * 20) / 400
    assert row["reach_skills"] == pytest.approx(skills)
    assert row["loss_skills"] == pytest.approx(1 - skills / open_reach)
    assert (
        (alone / "border_summary.csv")
        .read_text("utf-8-sig")
        .splitlines()[0]
        .endswith("reach_skills,loss_skills")
    )


def test_causes_add_up_to_the_reach_with_skills(alone: Path) -> None:
    causes = pd.read_parquet(alone / "border_causes.parquet")
    causes = causes[(causes["opportunity"] == "jobs") & (causes["band_min"] == 60)]
    assert set(causes["cause"]) == {"transport", "border", "skills"}
    for zone in "ABCD":
        for group in ("all", "industry", "care"):
            rows = causes[(causes["zone_id"] == zone) & (causes["group"] == group)]
            left = rows["reach_ideal"].iloc[0] - rows["lost"].sum()
            assert left == pytest.approx(reach(alone, zone, group)["reach_skills"])
            assert (rows.loc[rows["cause"] == "skills", "lost"] >= -1e-9).all()


def test_a_related_sector(tmp_path: Path) -> None:
    """Whoever works in care can do 60 % of industry, but not the other way round."""
    matrix = "sector,care,industry\nindustry,0.2,1\ncare,1,0.6\n"
    out = run(study(tmp_path, 'relatedness = "related.csv"', matrix=matrix))
    assert reach(out, "A", "industry")["reach_skills"] == pytest.approx(2 + 8 * 0.6)
    assert reach(out, "C", "care")["reach_skills"] == pytest.approx(2 + 6 * FIT)


def test_relatedness_by_co_location(tmp_path: Path) -> None:
    """No region is strong in both: related to itself only, as without a matrix."""
    out = run(study(tmp_path, 'relatedness = "co-location"'))
    assert reach(out, "B", "industry")["reach_skills"] == pytest.approx(2 + 10 * FIT)


def test_skills_can_be_left_out_of_the_causes(tmp_path: Path) -> None:
    out = run(study(tmp_path, "causes = false"))
    causes = pd.read_parquet(out / "border_causes.parquet")
    assert set(causes["cause"]) == {"transport", "border"}


def test_hard_closed_rows_and_sensitivity_know_no_skills(tmp_path: Path) -> None:
    out = run(study(tmp_path, border="sensitivity = true"))
    assert reach(out, "A", "all")["reach_skills"] == pytest.approx(8 + 8 * FIT)
    variants = set(pd.read_parquet(out / "border_sensitivity.parquet")["variant"])
    assert "skills" not in variants


def test_without_the_table_there_are_no_such_columns(tmp_path: Path) -> None:
    path = study(tmp_path)
    path.write_text(path.read_text().replace("[border.skills]", ""))
    assert "reach_skills" not in pd.read_parquet(run(path) / "border.parquet")


@pytest.mark.parametrize(
    ("language", "title"),
    [
        ("en", "Do the jobs across the border fit?"),
        ("nl", "Passen de banen over de grens?"),
        ("de", "Passen die Arbeitsplätze jenseits der Grenze?"),
    ],
)
def test_report(tmp_path: Path, language: str, title: str) -> None:
    out = run(study(tmp_path, language=language))
    assert title in (out / "report.html").read_text(encoding="utf-8")


def test_sectors_that_do_not_add_up(tmp_path: Path) -> None:
    zones = ZONES.replace("NL,west,100,4,", "NL,west,100,9,")
    out = run(study(tmp_path, zones=zones))
    assert np.isnan(reach(out, "A", "all")["reach_skills"])
    assert reach(out, "A", "industry")["reach_skills"] == pytest.approx(2 + 8 * FIT)
    assert "do not add up" in (out / "manifest.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("matrix", "message"),
    [
        ("sector,industry,care\nindustry,1,0\n", "not square.*care"),
        ("sector,industry,care,crafts\nindustry,1,0,0\ncare,0,1,0\ncrafts,0,0,1\n", "crafts"),
        ("sector,industry\nindustry,1\n", "sectors are missing.*care"),
        ("sector,industry,care\nindustry,1,2\ncare,0,1\n", "between 0 and 1"),
        ("sector,industry,care\nindustry,0.5,0\ncare,0,1\n", "fully related to itself"),
        ("sector,industry,care\nindustry,1,0\nindustry,1,0\ncare,0,1\n", "two rows"),
        ("name,industry,care\nindustry,1,0\ncare,0,1\n", "sector"),
    ],
)
def test_faults_of_the_matrix(tmp_path: Path, matrix: str, message: str) -> None:
    path = study(tmp_path, 'relatedness = "related.csv"', matrix=matrix)
    with pytest.raises(HalfcircleError, match=message):
        run(path)


@pytest.mark.parametrize(
    ("skills", "message"),
    [
        ('opportunity = "job"', "nearest.*jobs|jobs"),
        ('opportunity = "people"', "has no sectors"),
        ('relatedness = "nowhere.csv"', "nowhere.csv"),
        ("cause = true", "causes"),
    ],
)
def test_faults_of_the_table(tmp_path: Path, skills: str, message: str) -> None:
    with pytest.raises(HalfcircleError, match=message):
        run(study(tmp_path, skills))


def test_regions_are_needed(tmp_path: Path) -> None:
    path = study(tmp_path)
    path.write_text(path.read_text().replace('region = "region"', ""))
    with pytest.raises(HalfcircleError, match="needs regions"):
        run(path)


def test_a_sector_that_one_side_does_not_count(tmp_path: Path) -> None:
    zones = ZONES.replace(",8,8,0\n", ",8,8,\n").replace(",4,2,2\n", ",4,2,\n")
    with pytest.raises(HalfcircleError, match=r"'DE' has no data for these sectors.*care"):
        run(study(tmp_path, zones=zones))


def test_penalties_of_one_group(tmp_path: Path) -> None:
    """Half of the jobs in care abroad ask for another diploma."""
    path = study(tmp_path)
    row = '{ from = "NL", to = "DE", factor = 0.5, group = "care", reason = "diploma" }'
    text = path.read_text().replace("penalties = [ {", f"penalties = [ {row}, {{")
    path.write_text(text.replace("[border.skills]", ""))
    out = run(path)
    assert reach(out, "B", "care")["reach_effective"] == 6 + 0.5 * 2
    assert reach(out, "B", "industry")["reach_effective"] == 2 + 10
    causes = pd.read_parquet(out / "border_causes.parquet")
    assert set(causes["cause"]) == {"transport", "diploma", "border"}


@pytest.mark.parametrize(
    ("more", "message"),
    [
        ('group = "crafts"', "there is no group 'crafts'"),
        ('group = "care", minutes = 5', "minutes cannot differ by group"),
        ('mode = "bike"', "bike"),
    ],
)
def test_faults_of_such_penalties(tmp_path: Path, more: str, message: str) -> None:
    path = study(tmp_path)
    row = f'{{ from = "NL", to = "DE", factor = 0.5, reason = "diploma", {more} }}'
    path.write_text(path.read_text().replace("penalties = [ {", f"penalties = [ {row}, {{"))
    with pytest.raises(HalfcircleError, match=message):
        run(path)
