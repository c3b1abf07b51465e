"""The Zeeland study: its tables, who wins and loses, who moves, and what its page says."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_data import data_path

from halfcircle.demo import write_demo
from halfcircle.demo.lelylijn_facts import (
    commuting,
    road_rows,
    schematic_lines,
    stop_positions,
    towns,
)
from halfcircle.demo.lelylijn_results import corridors, fastest_s, read_rides
from halfcircle.demo.lelylijn_timetable import FEED_FILE
from halfcircle.gtfs import check_feeds
from halfcircle.study import run_study

STUDY = "zeeland"
PAGE = Path(__file__).resolve().parents[2] / "docs" / "zeeland.md"
TOWNS = towns(STUDY)
NAME_OF = {town.zone_id: town.name for town in TOWNS}


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    study = write_demo(tmp_path_factory.mktemp("zeeland"), STUDY)
    run_study(study, workers=1)
    return study.parent


def test_tables_name_only_what_is_there() -> None:
    stops = stop_positions(STUDY)
    assert len({town.zone_id for town in TOWNS}) == len(TOWNS) == 41
    assert {town.country for town in TOWNS} == {"NL"}
    places = {town.stop for town in TOWNS}
    served = {hop.stop for line in schematic_lines(STUDY) for hop in line.hops}
    assert places <= served == set(stops)
    assert {stop for row in road_rows(STUDY) for stop in row[:2]} == places
    ids = set(NAME_OF)
    assert {zone for row in commuting(STUDY) for zone in row[:2]} == ids
    assert all(workers % 100 == 0 for *_, workers in commuting(STUDY))
    for town in TOWNS:
        assert (town.lon, town.lat) == stops[town.stop]


def test_commuters_fit_jobs() -> None:
    table = pd.DataFrame(commuting(STUDY), columns=["origin", "destination", "workers"])
    incoming = table.groupby("destination").workers.sum()
    jobs = pd.Series({town.zone_id: town.jobs for town in TOWNS})
    assert (incoming <= jobs.reindex(incoming.index)).all()
    zeeland = [town.zone_id for town in TOWNS if town.region == "Zeeland"]
    assert len(zeeland) == 13
    assert 0.9 < incoming[zeeland].sum() / jobs[zeeland].sum() <= 1.0


def test_running_times_follow_the_measured_ones() -> None:
    found = {corridor.line_id: corridor for corridor in corridors(STUDY)}
    assert found["ic-zeeland"].from_stop == "Vlissingen"
    assert found["ic-zeeland"].to_stop == "Roosendaal"
    for corridor in found.values():
        assert abs(corridor.difference_min) <= 1.5, corridor


@pytest.mark.real_data
def test_tables_restate_their_sources() -> None:
    path = data_path("north_nl/flows/cbs_commuting_municipal_2014.csv")
    jobs = pd.read_csv(path).groupby("work").jobs.sum()
    restated = {town.name: town.jobs for town in TOWNS}
    for name in ("Goes", "Vlissingen", "Rotterdam", "Bergen op Zoom", "Breda"):
        assert restated[name] == jobs[name]
    links = pd.read_csv(data_path("north_nl/rail/nl_rail_links.csv"))
    minutes = links.groupby(["from_name", "to_name"]).mean_run_s.first() / 60
    checked = 0
    for line in schematic_lines(STUDY):
        for one, other in pairwise(line.hops):
            if other.measured_min is not None:
                assert other.measured_min == pytest.approx(minutes[one.stop, other.stop], abs=0.06)
                checked += 1
    assert checked > 15


def test_the_fast_train_is_22_minutes_faster(run: Path) -> None:
    for feed in (run / FEED_FILE, run / "out/scenarios/fast" / FEED_FILE):
        assert not check_feeds([feed]).failed
    before, after = (
        fastest_s(read_rides(feed), "Vlissingen", "Rotterdam Centraal")
        for feed in (run / FEED_FILE, run / "out/scenarios/fast" / FEED_FILE)
    )
    assert (before, after) == (105 * 60, 83 * 60)


def test_winners_losers_and_the_page(run: Path) -> None:
    table = pd.read_csv(run / "out/scenarios/winners_and_losers.csv")
    jobs = table[(table["mode"] == "transit") & (table.opportunity == "jobs")]
    whole = jobs[jobs.part == "all"].set_index(["scenario", "band_min"])
    assert set(jobs.part) == {"all", "Zeeland", "Noord-Brabant", "Zuid-Holland"}
    assert (whole.loc["fast"].share_losing == 0).all()
    instead = whole.loc["fast-instead"]
    assert (instead.share_losing > instead.share_winning)[[60, 90]].all()
    page = PAGE.read_text(encoding="utf-8")
    for scenario, band in (("fast", 60), ("fast", 90), ("fast-instead", 60), ("fast-instead", 90)):
        row = whole.loc[(scenario, band)]
        assert f"| {scenario} | {band} min | {row.mean_delta:,.0f} |" in page
        assert f"| {row.largest_gain_zone} {row.largest_gain:,.0f} |" in page
    pairs = pd.read_csv(run / "out/scenarios/fast/city_pairs.csv")
    pairs = pairs[pairs["mode"] == "transit"].set_index(["from", "to"])
    for place in ("Middelburg", "Goes"):
        row = pairs.loc[(place, "Rotterdam")]
        assert f"{place} {row.minutes_baseline:.0f}" in page
        assert not row.within_an_hour_variant


def test_vlissingen_joins_middelburg(run: Path) -> None:
    chances = pd.read_csv(run / "out/scenarios/one_system.csv")
    chances.index = chances.zone_id.map(NAME_OF) + " - " + chances.other_zone_id.map(NAME_OF)
    pair = chances.loc["Vlissingen - Middelburg"].set_index("scenario")
    assert pair.probability["baseline"] == 0.0 < pair.probability["fast"]
    assert 1.0 <= pair.validity["baseline"] < 1.05


def test_who_moves_and_both_ends(run: Path) -> None:
    table = pd.read_csv(run / "out/scenarios/fast/relocation.csv")
    moved = table.set_index(["name", "moves", "elasticity"]).change
    both = table.groupby(["moves", "elasticity"])["change"].sum()
    np.testing.assert_allclose(both, 0.0, atol=1e-6)
    page = PAGE.read_text(encoding="utf-8")
    columns = (("population", 0.05), ("population", 0.2), ("jobs", 0.1), ("jobs", -0.1))
    for name in ("Middelburg", "Vlissingen", "Goes", "Rotterdam", "Breda"):
        cells = " | ".join(f"{moved[(name, *column)]:+,.0f}" for column in columns)
        assert f"| {name} | {cells} |" in page
    for zeeuws in ("Middelburg", "Vlissingen", "Goes"):
        assert moved[(zeeuws, "population", 0.2)] > 0 > moved[(zeeuws, "jobs", -0.1)]
    assert moved[("Rotterdam", "population", 0.2)] < 0 < moved[("Rotterdam", "jobs", -0.1)]
    assert "fast (relocation)" in set(pd.read_parquet(run / "out/scenarios.parquet").scenario)
