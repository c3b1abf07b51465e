"""Every kind of measure, from a study file to values worked out by hand on a tiny town."""

from pathlib import Path

import numpy as np
import pytest
from measure_villages import STUDY, write_study

from halfcircle.errors import StudyError
from halfcircle.outputs import RunResult
from halfcircle.study import study_result


def run(folder: Path, measures: str, *, further: str = "", study: str = STUDY) -> RunResult:
    return study_result(write_study(folder, measures, further=further, study=study))


def zone_values(
    result: RunResult, measure: str, *, mode: str = "by_car", group: str = "all", **more: object
) -> list[float]:
    assert result.measures is not None
    table = result.measures
    for column, value in {"measure": measure, "mode": mode, "group": group, **more}.items():
        table = table[table[column] == value]
    found = dict(zip(table["zone_id"], table["value"], strict=True))
    assert len(found) == len(table)
    return [found.get(zone, np.nan) for zone in "abc"]


def area_value(result: RunResult, index: str, **layer: object) -> float:
    assert result.area_measures is not None
    table = result.area_measures
    for column, value in {"index": index, "mode": "by_car", **layer}.items():
        table = table[table[column] == value]
    assert len(table) == 1, table
    return float(table["value"].iloc[0])


def test_nearest(tmp_path: Path) -> None:
    result = run(
        tmp_path, '[[measures]]\nkind = "nearest"\nopportunities = "schools"\ncounts = [1, 2]\n'
    )
    assert zone_values(result, "minutes_to_1") == [5, 10, 5]
    assert zone_values(result, "minutes_to_2") == [30, 20, 30]
    # By bike as well: times that are brought along are as long as they are.
    assert zone_values(result, "minutes_to_2", mode="by_bike") == [60, 40, 60]
    assert area_value(result, "mean", measure="minutes_to_1") == (500 + 2000 + 500) / 400
    assert result.measures is not None
    to = result.measures[result.measures["measure"] == "minutes_to_1"]
    assert list(to.loc[to["mode"] == "by_car", "destination_id"]) == ["a", "a", "c"]
    assert set(to["unit"]) == {"min"}


def test_interval(tmp_path: Path) -> None:
    text = '[[measures]]\nkind = "interval"\nopportunities = "jobs"\ninterval_min = [9, 12]\n'
    result = run(tmp_path, text)
    # From a: 50 jobs within 9 minutes, 200 within 10, 11 and 12.
    assert zone_values(result, "interval_mean_9_12") == [(50 + 3 * 200) / 4, (150 + 600) / 4, 0]


def test_floating_catchments(tmp_path: Path) -> None:
    text = "".join(
        f'[[measures]]\nkind = "{kind}"\nopportunities = "schools"\npeople = "pupils"\n'
        'modes = "by_car"\nband_min = 20\n'
        for kind in ("floating-catchment", "three-step-catchment", "balanced-catchment")
    )
    result = run(tmp_path, text)
    # Within 20 minutes a and b reach the school of a, b and c that of c.
    a, c = 1 / 100, 1 / 80
    assert zone_values(result, "floating_catchment") == pytest.approx([a, a + c, c])
    # b may choose between two: it counts half at each.
    a, c = 1 / (40 + 30), 1 / (30 + 20)
    assert zone_values(result, "three_step_catchment") == pytest.approx([a, (a + c) / 2, c])
    # Demand 40 + 30 and 30 + 20; two homes share each school.
    assert zone_values(result, "balanced_catchment") == pytest.approx(
        [1 / 70 / 2, 1 / 70 / 2 + 1 / 50 / 2, 1 / 50 / 2]
    )
    whole = area_value(result, "mean", measure="floating_catchment")
    assert whole == pytest.approx((40 * 0.01 + 60 * 0.0225 + 20 * 0.0125) / 120)


def test_spatial_availability(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "spatial-availability"\nopportunities = "schools"\n'
        'people = "pupils"\nmodes = "by_car"\ndecay = { form = "step", cutoff_min = 20 }\n'
    )
    result = run(tmp_path, text)
    found = zone_values(result, "spatial_availability")
    assert found == pytest.approx([0.4, 0.6 + 0.75, 0.25])
    assert sum(found) == pytest.approx(2)
    assert zone_values(result, "spatial_availability_per_person") == pytest.approx(
        [0.01, 0.0225, 0.0125]
    )


def test_competition_by_level(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "competition-by-level"\nopportunities = "jobs"\n'
        'people = "workers"\nmodes = "by_car"\nband_min = 10\nspill_down = 0.5\n'
    )
    result = run(tmp_path, text)
    # Within 10 minutes a and b share their work; the high compete with half weight for low jobs.
    low_each = 140 / (140 + 0.5 * 60)
    high_each = 60 / 60 + 0.5 * low_each
    assert zone_values(result, "competition_by_level", group="low")[:2] == pytest.approx(
        [low_each] * 2
    )
    assert zone_values(result, "competition_by_level", group="high")[:2] == pytest.approx(
        [high_each] * 2
    )


def test_reverse_reach(tmp_path: Path) -> None:
    text = '[[measures]]\nkind = "reverse-reach"\nmodes = "by_car"\nsites = ["Beek"]\n'
    result = run(tmp_path, text)
    assert zone_values(result, "reverse_reach", band_min=15)[1] == 300
    assert zone_values(result, "reverse_reach", band_min=30)[1] == 400
    assert np.isnan(zone_values(result, "reverse_reach", band_min=30)[0])
    assert area_value(result, "mean", band_min=30) == 400


def test_transport_performance(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "transport-performance"\nmodes = "by_car"\nwithin_min = 10\n'
        "radius_km = 25\n"
    )
    result = run(tmp_path, text)
    # 6.9 km from a to b, 20.6 from b to c, 27.4 from a to c.
    assert zone_values(result, "nearby") == [300, 400, 300]
    assert zone_values(result, "transport_performance") == pytest.approx([100, 75, 100 / 3])


def test_amenity_norm(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "amenity-norm"\nopportunities = "schools"\npeople = "pupils"\n'
        'modes = "by_car"\nnorm_min = 9\n'
    )
    result = run(tmp_path, text)
    assert area_value(result, "share_beyond") == 60 / 120
    assert area_value(result, "mean_min") == (40 * 5 + 60 * 10 + 20 * 5) / 120
    assert zone_values(result, "beyond_norm") == [0, 1, 0]
    np.testing.assert_array_equal(zone_values(result, "catchment"), [100, np.nan, 20])
    assert area_value(result, "mean", measure="beyond_norm") == 0.5


def test_closures(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "closures"\nopportunities = "schools"\npeople = "pupils"\n'
        'modes = "by_car"\nmin_roll = 30\n'
    )
    result = run(tmp_path, text)
    assert result.closures is not None
    assert result.closures[["step", "zone_id", "roll", "moved", "extra_min"]].values.tolist() == [
        [1, "c", 20.0, 20.0, 25.0]
    ]
    assert area_value(result, "closed") == 1
    assert area_value(result, "mean_min_after") == (200 + 600 + 600) / 120
    np.testing.assert_array_equal(zone_values(result, "roll_after"), [120, np.nan, np.nan])
    kept = run(tmp_path, text + 'protected = ["Coevorde"]\n')
    assert area_value(kept, "closed") == 0


def test_city_pairs(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "city-pairs"\ncities = ["Aaldorp", "Beek", "c"]\nlimit_min = 20\n'
        'modes = "by_car"\npeople = "population"\n'
    )
    result = run(tmp_path, text)
    pairs = result.city_pairs
    assert pairs is not None
    assert len(pairs) == 6
    by = pairs.set_index(["origin_id", "destination_id"])
    assert by.loc[("a", "b"), "within"] == 1
    # The norm of 20 minutes does not keep the search from looking as far as the bands, 30.
    assert by.loc[("a", "c"), "travel_time_min"] == 30
    assert by.loc[("a", "c"), "within"] == 0
    assert area_value(result, "share_within") == 4 / 6
    assert zone_values(result, "cities_within") == [1, 2, 1]
    assert zone_values(result, "people_within") == [200, 200, 200]


def test_chain(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "chain"\nby = "schools"\nopportunities = "jobs"\nstay_min = 5\n'
        'modes = "by_car"\nbands_min = [20, 25]\n'
    )
    result = run(tmp_path, text)
    # From a: 5 to the school, 5 there, then 5 to work at home or 10 to b.
    assert zone_values(result, "chain_reach", band_min=20) == [200, 50, 0]
    assert zone_values(result, "chain_reach", band_min=25) == [200, 200, 0]


def test_dual_earner(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "dual-earner"\nopportunities = "jobs"\neach_min = 20\n'
        'modes = "by_car"\nsecond_mode = "by_bike"\n'
    )
    result = run(tmp_path, text)
    # By car 200 jobs from a within 20 minutes; by bike home (10) and b (20) as well.
    found = zone_values(result, "dual_joint", mode="by_car & by_bike", group="all & all")
    assert found == pytest.approx([200, 200, 0])
    first = zone_values(result, "dual_first", mode="by_car & by_bike")
    assert first == [200, 200, 150]


def test_mode_gap_and_transport_poverty(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "mode-gap"\nslow = "by_bike"\nfast = "by_car"\n'
        'opportunities = "jobs"\nbands_min = [15]\nat_risk = "pupils"\nratio_below = 0.5\n'
    )
    result = run(tmp_path, text)
    mode = "by_bike / by_car"
    # By bike 50, 150 and none within 15 minutes; by car 200, 200 and none.
    gap = zone_values(result, "mode_gap", mode=mode)
    assert gap[:2] == pytest.approx([-150 / 250, -50 / 350])
    assert np.isnan(gap[2])
    assert zone_values(result, "transport_poverty", mode=mode)[:2] == [1, 0]
    people = area_value(result, "people_poor", mode=mode, measure="transport_poverty", group="all")
    assert people == 40


def test_a_mode_gap_of_everybody(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "mode-gap"\nslow = "by_bike"\nfast = "by_car"\n'
        'opportunities = "jobs"\nbands_min = [15]\n'
    )
    result = run(tmp_path, text)
    # Over the 100 people of a and the 200 of b; c reaches nothing either way.
    mean = area_value(result, "mean", mode="by_bike / by_car", measure="mode_gap", group="all")
    assert mean == pytest.approx((100 * -0.6 + 200 * -1 / 7) / 300)


def test_borrowed_size(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "borrowed-size"\nopportunities = "jobs"\nmodes = "by_car"\n'
        'band_min = 20\nregion = "part"\nkmh = 60\n'
    )
    result = run(tmp_path, text)
    assert zone_values(result, "mass") == [200, 200, 150]
    assert zone_values(result, "mass_own") == [200, 200, 0]
    # In straight lines times 1.3 at 60 km/h b is 27 minutes from c.
    assert zone_values(result, "mass_density") == [0, 0, 0]
    assert zone_values(result, "mass_network") == [0, 0, 150]


def test_equity_of_reach_and_of_another_measure(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "equity"\nname = "fair"\nopportunities = "jobs"\n'
        'modes = "by_bike"\nbands_min = [15]\nincome = "income"\nregion = "part"\n'
        '[[measures]]\nkind = "equity"\nname = "fair competition"\nof = "shared schools"\n'
        '[[measures]]\nkind = "floating-catchment"\nname = "shared schools"\nmodes = "by_car"\n'
        'opportunities = "schools"\npeople = "pupils"\nband_min = 20\n'
    )
    result = run(tmp_path, text)
    fair = {"name": "fair", "mode": "by_bike", "group": "all"}
    # 100 people reach 50, 200 reach 150, 100 none: sum of |differences| over pairs of people.
    mean = (5000 + 30000) / 400
    gini = 2 * (2e4 * 100 + 1e4 * 50 + 2e4 * 150) / (2 * 400**2 * mean)
    assert area_value(result, "gini", **fair) == pytest.approx(gini)
    assert area_value(result, "mean", **fair) == pytest.approx(mean)
    # The richest tenth live in c and reach nothing; the poorest 40 % reach 50 or 150.
    assert area_value(result, "palma", **fair) == 0
    assert area_value(result, "fgt0", **fair) == 100 / 400
    assert area_value(result, "theil_within", **fair) > 0
    assert area_value(result, "income_tenth_01", **fair) == 50
    assert area_value(result, "income_tenth_10", **fair) == 0
    other = {"name": "fair competition", "measure": "floating_catchment"}
    assert area_value(result, "mean", **other) == pytest.approx((1 + 4.5 + 1.25) / 400)


def test_rank_correlation_with_a_column(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "rank-correlation"\ncolumn = "income"\nopportunities = "jobs"\n'
        'modes = "by_bike"\nbands_min = [15]\n'
    )
    result = run(tmp_path, text)
    # Ranks 2, 3, 1 against 1, 2, 3.
    assert area_value(result, "spearman", mode="by_bike", group="all") == pytest.approx(-0.5)
    assert area_value(result, "zones", mode="by_bike", group="all") == 3


def test_scenarios_stand_beside_the_baseline_with_their_difference(tmp_path: Path) -> None:
    measures = (
        '[[measures]]\nkind = "reverse-reach"\nmodes = "by_car"\npeople = "jobs"\n'
        '[[measures]]\nkind = "nearest"\nopportunities = "schools"\nmodes = "by_car"\n'
    )
    move = (
        '[[scenarios]]\nname = "moved"\n[[scenarios.edits]]\ntype = "move_opportunities"\n'
        'name = "jobs to c"\nopportunity = "jobs"\nfrom = ["a"]\nto = ["c"]\nshare = 1.0\n'
    )
    result = run(tmp_path, measures, further=move)
    table = result.measures
    assert table is not None
    moved = table[(table["scenario"] == "moved") & (table["group"] == "all")]
    reverse = moved[(moved["name"] == "reverse-reach") & (moved["band_min"] == 15)]
    assert dict(zip(reverse["zone_id"], reverse["delta"], strict=True)) == {
        "a": -50, "b": -50, "c": 50
    }  # fmt: skip
    # Nothing of what the nearest school hangs on was touched.
    assert (moved.loc[moved["name"] == "nearest", "delta"] == 0).all()
    assert table.loc[table["scenario"] == "baseline", "delta"].isna().all()


def test_faults_come_all_at_once_with_line_and_remedy(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "nearset"\n'
        '[[measures]]\nkind = "nearest"\ncount = [1]\ncounts = [-1]\n'
        '[[measures]]\nkind = "reverse-reach"\nbands_min = [-15]\nmodes = "by_cra"\n'
        '[[measures]]\nkind = "floating-catchment"\nname = "x"\npeople = "worker"\n'
        '[[measures]]\nkind = "floating-catchment"\nname = "x"\ndecay = "plb"\n'
        '[[measures]]\nkind = "mode-gap"\nline_share = 0.5\n'
        '[[measures]]\nkind = "equity"\nof = "y"\n'
        '[[measures]]\nkind = "city-pairs"\nname = "norm: hour"\ncities = ["a"]\n'
    )
    with pytest.raises(StudyError) as caught:
        study_result(write_study(tmp_path, text))
    told = str(caught.value)
    line = STUDY.count("\n") + 2
    assert f"study.toml:{line} [[measures]] kind: is not known" in told
    assert "did you mean 'nearest'?" in told
    assert f"study.toml:{line + 3} [[measures]] count: is no key of this table" in told
    assert f"study.toml:{line + 4} [[measures]] counts: must be more than 0" in told
    assert "bands_min: must be more than 0" in told
    assert "did you mean 'by_car'?" in told
    assert "did you mean 'workers'?" in told
    assert "decay: is required: how do distant opportunities count?" in told
    assert "did you mean 'pbl'?" in told
    assert "name: another measure has this name" in told
    assert "slow: is required: 'transit' is not among the modes of [reach]" in told
    assert "line_share: needs at_risk: who is at risk?" in told
    assert "of: is no measure of zones in this study" in told
    assert "cities: needs at least two cities" in told
    assert "name: must not hold a colon with a space behind: 'norm: hour'" in told


def test_a_measure_without_people_says_which_key_is_missing(tmp_path: Path) -> None:
    study = STUDY.replace('population = "people"\n', "").replace("workers", "staff")
    text = '[[measures]]\nkind = "reverse-reach"\n[[measures]]\nkind = "equity"\n'
    with pytest.raises(StudyError, match=r"people: is required: which of the") as caught:
        study_result(write_study(tmp_path, text, study=study.replace("staff_", "workers_")))
    assert str(caught.value).count("is required") == 2


def test_measures_need_reach(tmp_path: Path) -> None:
    study = STUDY[: STUDY.index("[reach]")]
    with pytest.raises(StudyError, match=r"\[\[measures\]\].*needs the table \[reach\]"):
        study_result(write_study(tmp_path, '[[measures]]\nkind = "nearest"\n', study=study))


def test_what_only_the_inputs_can_tell_is_found_before_any_work(tmp_path: Path) -> None:
    text = (
        '[[measures]]\nkind = "equity"\nincome = "incone"\n'
        '[[measures]]\nkind = "city-pairs"\ncities = ["Aaldrop", "Beek"]\n'
        '[[measures]]\nkind = "dual-earner"\nopportunities = "workers"\n'
        '[[measures]]\nkind = "competition-by-level"\nopportunities = "jobs"\n'
        'people = "pupils"\nband_min = 15\n'
        '[[measures]]\nkind = "amenity-norm"\nopportunities = "jobs"\nnorm_min = { low = 10 }\n'
    )
    with pytest.raises(StudyError) as caught:
        study_result(write_study(tmp_path, text))
    told = str(caught.value)
    assert "income: zones.csv has no such column: 'incone' - did you mean 'income'?" in told
    assert "did you mean 'Aaldorp'?" in told
    assert "which group? known: low, high" in told
    assert "'pupils' has other levels than 'jobs'" in told
    assert "norm_min: has no norm for a level: 'high'" in told
