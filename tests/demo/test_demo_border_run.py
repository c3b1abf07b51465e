"""What the report of the twin towns tells about the border, by hand: all is within the hour."""

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest

from halfcircle.demo import write_demo
from halfcircle.demo.layout import PLACES
from halfcircle.demo.zones import demo_zones
from halfcircle.study import run_study

ZONES = demo_zones()
JOBS = {side: sum(z.jobs for z in ZONES if z.country == side) for side in ("NL", "DE")}
ALL_JOBS = sum(JOBS.values())
PEOPLE = {side: sum(z.population for z in ZONES if z.country == side) for side in ("NL", "DE")}


@pytest.fixture(scope="module")
def out(tmp_path_factory):
    study = write_demo(tmp_path_factory.mktemp("demo"))
    text = study.read_text(encoding="utf-8")
    text = text.replace('modes = ["walk", "bike", "car", "transit"]', 'modes = ["car"]')
    text = text.replace('causes = ["car", "transit"]', 'causes = ["car"]')
    study.write_text(text, encoding="utf-8")
    run_study(study, workers=1)
    return study.parent / "out"


@pytest.fixture(scope="module")
def hour(out):
    table = pd.read_parquet(out / "border_summary.parquet")
    return within_an_hour(table).set_index("region")


def within_an_hour(table):
    """Rows of all jobs, with crossings as they are."""
    whole = (table["group"] == "all") & (table["band_min"] == 60)
    return table[whole & (table["measure"] == "cumulative")]


def lost(side, change=1.0):
    foreign = change * (ALL_JOBS - JOBS[side])
    return foreign / (JOBS[side] + foreign)


@pytest.mark.parametrize("side", ["NL", "DE"])
def test_loss_of_a_country(hour, side):
    """Everybody reaches every job by car within the hour, half of them at home."""
    row = hour.loc[side]
    assert row["population"] == PEOPLE[side]
    assert row["reach_open"] == pytest.approx(ALL_JOBS)
    assert row["reach_domestic"] == pytest.approx(JOBS[side])
    shares = [row[f"loss_p{d}"] for d in range(10, 100, 10)]
    np.testing.assert_allclose([row["loss"], row["loss_mean"], *shares], lost(side))
    assert row["share_above_50"] == (1.0 if lost(side) > 0.5 else 0.0)
    assert row["loss_foreign_fewer"] == pytest.approx(lost(side, 0.9))
    assert row["loss_foreign_more"] == pytest.approx(lost(side, 1.1))


def test_loss_of_all(hour):
    home = sum(PEOPLE[side] * JOBS[side] for side in JOBS) / sum(PEOPLE.values())
    assert hour.loc["all", "loss"] == pytest.approx(1 - home / ALL_JOBS)
    above = sum(PEOPLE[side] for side in JOBS if lost(side) > 0.5) / sum(PEOPLE.values())
    assert hour.loc["all", "share_above_50"] == pytest.approx(above)


def test_every_municipality_has_a_row(hour, out):
    zones = gpd.read_file(out.parent / "zones.gpkg")
    people = zones.groupby("municipality")["population"].sum()
    regions = hour[hour["area"] == "region"]
    assert set(regions.index) == set(people.index) >= {place.name for place in PLACES}
    for name, row in regions.iterrows():
        [side] = set(zones.loc[zones["municipality"] == name, "country"])
        assert row["population"] == people[name]
        assert row["loss"] == pytest.approx(lost(side))


def test_what_other_penalties_give_back(out):
    """Without minutes a factor gives back itself; 46 minutes are those of the study."""
    table = pd.read_parquet(out / "border_sensitivity.parquet")
    chosen = (table["region"] == "NL") & (table["group"] == "all") & (table["band_min"] == 60)
    row = table[chosen].set_index("variant")
    now = row.loc["46min_x1", "reach_effective"]
    assert row.loc["46min_x1", "recoverable"] == pytest.approx(0.0)
    assert row.loc["0min_x1", "recoverable"] == pytest.approx(1.0)
    half = JOBS["NL"] + 0.5 * JOBS["DE"]
    assert row.loc["0min_x0.5", "reach_effective"] == pytest.approx(half)
    assert row.loc["0min_x0.5", "recoverable"] == pytest.approx((half - now) / (ALL_JOBS - now))
    assert row.loc["60min_x1", "reach_effective"] == pytest.approx(JOBS["NL"])


def test_all_directions_together_are_the_loss(out):
    table = pd.read_parquet(out / "half_circle.parquet")
    table = table[(table["group"] == "all") & (table["band_min"] == 60)].set_index("zone_id")
    side = {zone.zone_id: zone.country for zone in ZONES}
    for zone, row in table.iterrows():
        assert row["completeness"] == pytest.approx(1 - lost(side[zone]))
        assert row["reach_mirror"] >= JOBS[side[zone]]


def test_causes_add_up_to_what_is_lost(out):
    """All is within the hour, slow crossings or not: by themselves they take nothing."""
    table = pd.read_parquet(out / "border_causes.parquet")
    table = table[(table["group"] == "all") & (table["band_min"] == 60)]
    assert table["reach_ideal"].eq(ALL_JOBS).all()
    border = pd.read_parquet(out / "border.parquet")
    effective = within_an_hour(border).set_index("zone_id")["reach_effective"]
    by_cause = table.pivot_table(index="zone_id", columns="cause", values="lost")
    np.testing.assert_allclose(
        by_cause["border"] + by_cause["transport"], ALL_JOBS - effective[by_cause.index], atol=1e-6
    )
    assert table.loc[table["cause"] == "transport", "lost_ordered"].eq(0).all()
