"""Competition: published toy values, plain twins, identities and invariants."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from toy_times import INF, counts, cube, toy

from halfcircle.access.availability import spatial_availability
from halfcircle.access.competition import (
    balanced_catchment,
    floating_catchment,
    three_step_catchment,
)
from halfcircle.access.competition_levels import competition_by_level, spill_down
from halfcircle.access.decay import ExponentialDecay, StepDecay
from halfcircle.access.measure_table import MEASURE_COLUMNS
from halfcircle.access.zonal_decay import ZonalDecay
from halfcircle.errors import OpportunityError, StudyError

# Soukhov et al. 2023, as in the documentation of the R package accessibility.
PEOPLE = [50_000, 150_000, 10_000]
JOBS = [100_000, 100_000, 10_000]
MINUTES = [[15, 30, 100], [30, 15, 100], [100, 100, 15]]
EXP = ExponentialDecay(half_life_s=60 * np.log(2) / 0.1)  # exp(-0.1 t), t in minutes


def test_spatial_availability_of_soukhov() -> None:
    table = spatial_availability(
        toy(MINUTES), [counts("jobs", JOBS)], counts("workers", PEOPLE), decay=EXP
    )
    found = cube(table, "spatial_availability")
    np.testing.assert_allclose(found, [66_833.5, 133_203.4, 9_963.2], atol=0.05)
    each = cube(table, "spatial_availability_per_person")
    np.testing.assert_allclose(each, [1.3367, 0.8880, 0.9963], atol=5e-5)
    assert list(table.columns) == list(MEASURE_COLUMNS)
    units = table.groupby("measure")["unit"].first()
    assert units["spatial_availability"] == "jobs"
    assert units["spatial_availability_per_person"] == "jobs per workers"


def test_balanced_catchment_of_paez() -> None:
    table = balanced_catchment(
        toy(MINUTES), [counts("jobs", JOBS)], counts("workers", PEOPLE), decay=EXP
    )
    np.testing.assert_allclose(cube(table), [1.3367, 0.8880, 0.9971], atol=5e-5)


def test_two_steps_by_hand() -> None:
    # One clinic at d0 (2 doctors), reached by o0 and o1 (40 + 60 people); d1 (3) by o1 only (60).
    source = toy([[10, 40], [20, 25]])
    table = floating_catchment(
        source, [counts("doctors", [2, 3])], counts("people", [40, 60]), decay=StepDecay(1800)
    )
    np.testing.assert_allclose(cube(table), [2 / 100, 2 / 100 + 3 / 60])


def test_enhanced_two_steps_by_hand() -> None:
    decay = ZonalDecay((600, 1200, 1800), (1.0, 0.68, 0.22))
    np.testing.assert_allclose(
        decay([0, 600, 601, 1200, 1500, 1801, INF]), [1, 1, 0.68, 0.68, 0.22, 0, 0]
    )
    source = toy([[10, 40], [20, 25]])
    table = floating_catchment(
        source, [counts("doctors", [2, 3])], counts("people", [40, 60]), decay=decay
    )
    first = 2 / (40 + 0.68 * 60)
    np.testing.assert_allclose(cube(table), [first, 0.68 * first + 0.22 * 3 / (0.22 * 60)])


def test_three_steps_by_hand() -> None:
    # o0 reaches one site; o1 reaches both with equal weight and splits itself in halves.
    source = toy([[10, 40], [20, 25]])
    table = three_step_catchment(
        source, [counts("doctors", [2, 3])], counts("people", [40, 60]), decay=StepDecay(1800)
    )
    np.testing.assert_allclose(cube(table), [2 / 70, 0.5 * 2 / 70 + 0.5 * 3 / 30])


@pytest.mark.parametrize(
    ("ends", "weights", "message"),
    [
        ((), (), "one weight per zone"),
        ((600, 300), (1, 0.5), "must ascend"),
        ((600, 900), (1, 1.5), "never rise"),
        ((600, 900), (0.9, 0.5), "start with 1"),
    ],
)
def test_zones_that_are_none(ends, weights, message) -> None:
    with pytest.raises(StudyError, match=message):
        ZonalDecay(ends, weights)


# Plain twins: the definitions, word for word.
def floating_twin(f, supply, demand):
    out = []
    for i in range(len(f)):
        total = 0.0
        for j in range(len(supply)):
            competing = sum(demand[k] * f[k][j] for k in range(len(f)))
            if f[i][j] > 0 and supply[j] > 0:
                total += f[i][j] * supply[j] / competing if competing > 0 else np.nan
        out.append(total)
    return out


def three_step_twin(f, supply, demand):
    sites = [j for j in range(len(supply)) if supply[j] > 0]
    g = [[0.0] * len(supply) for _ in f]
    for i, row in enumerate(f):
        choice = sum(row[j] for j in sites)
        for j in sites:
            g[i][j] = row[j] * (row[j] / choice) if choice > 0 else 0.0
    return floating_twin(g, supply, demand)


def balanced_twin(f, supply, demand):
    sites = [j for j in range(len(supply)) if supply[j] > 0]
    homes = [i for i in range(len(demand)) if demand[i] > 0]
    row = [sum(f[i][j] for j in sites) for i in range(len(f))]
    column = [sum(f[i][j] for i in homes) for j in range(len(supply))]
    served = [
        sum(demand[i] * f[i][j] / row[i] for i in homes if row[i] > 0) for j in range(len(supply))
    ]
    out = []
    for i in range(len(f)):
        if i not in homes:
            out.append(np.nan)
            continue
        reached = [j for j in sites if f[i][j] > 0]
        out.append(sum(supply[j] / served[j] * f[i][j] / column[j] for j in reached))
    return out


def level_twin(f, supply, demand, s):
    n_levels, n, n_d = len(s), len(f), len(supply[0])
    out = np.zeros((n, n_levels))
    for e in range(n_levels):
        for i in range(n):
            for level in range(n_levels):
                for j in range(n_d):
                    competing = sum(
                        s[d][level] * demand[d][k] * f[k][j]
                        for d in range(n_levels)
                        for k in range(n)
                    )
                    if s[e][level] * f[i][j] * supply[level][j] > 0:
                        gain = s[e][level] * f[i][j] * supply[level][j]
                        out[i, e] += gain / competing if competing > 0 else np.nan
    return out


@st.composite
def markets(draw):
    n, n_d = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    seed = draw(st.integers(0, 10_000))
    rng = np.random.default_rng(seed)
    minutes = rng.integers(1, 90, (n, n_d)).astype(float)
    minutes[rng.random((n, n_d)) < 0.2] = INF
    supply = rng.integers(0, 50, n_d) * (rng.random(n_d) < 0.8)
    demand = rng.integers(0, 90, n) * (rng.random(n) < 0.8)
    return minutes, supply.astype(float), demand.astype(float)


@settings(deadline=None, max_examples=60)
@given(market=markets(), block_size=st.integers(1, 7))
@pytest.mark.parametrize(
    ("measure", "twin"),
    [
        (floating_catchment, floating_twin),
        (three_step_catchment, three_step_twin),
        (balanced_catchment, balanced_twin),
    ],
)
@pytest.mark.parametrize("decay", [EXP, StepDecay(2700)], ids=["exponential", "step"])
def test_measures_equal_their_plain_twins(measure, twin, decay, market, block_size) -> None:
    minutes, supply, demand = market
    source = toy(minutes)
    table = measure(
        source,
        [counts("jobs", supply)],
        counts("workers", demand),
        decay=decay,
        block_size=block_size,
    )
    expected = twin(decay(source.seconds[:, 0, :]), supply, demand)
    np.testing.assert_allclose(cube(table), expected, rtol=1e-9)


@settings(deadline=None, max_examples=60)
@given(market=markets())
def test_availability_hands_out_every_job_that_is_reached_once(market) -> None:
    minutes, supply, demand = market
    source = toy(minutes)
    jobs, workers = [counts("jobs", supply)], counts("workers", demand)
    table = spatial_availability(source, jobs, workers, decay=EXP)
    reached = np.isfinite(minutes[demand > 0]).any(axis=0)
    total = cube(table, "spatial_availability").sum()
    np.testing.assert_allclose(total, supply[reached].sum(), rtol=1e-9)
    each = cube(table, "spatial_availability_per_person")
    shen = cube(floating_catchment(source, jobs, workers, decay=EXP))
    np.testing.assert_allclose(each[demand > 0], shen[demand > 0], rtol=1e-9)
    assert np.isnan(each[demand == 0]).all()
    np.testing.assert_allclose((demand * np.nan_to_num(shen)).sum(), total, rtol=1e-9)


@settings(deadline=None, max_examples=40)
@given(market=markets())
def test_balanced_demand_is_the_population_that_reaches_anything(market) -> None:
    minutes, _, demand = market
    source = toy(minutes)
    f = EXP(source.seconds[:, 0, :])
    total = f.sum(axis=1, keepdims=True)
    row = np.divide(f, total, out=np.zeros_like(f), where=total > 0)
    served = demand @ row
    assert served.sum() == pytest.approx(demand[f.sum(axis=1) > 0].sum())
    # Where supply is that demand, every ratio is 1 and what is left is the column's share.
    table = balanced_catchment(
        source,
        [counts("jobs", served)],
        counts("workers", demand),
        decay=EXP,
    )
    column = f[demand > 0].sum(axis=0)
    share = np.divide(f, column, out=np.zeros_like(f), where=column > 0).sum(axis=1)
    np.testing.assert_allclose(cube(table)[demand > 0], share[demand > 0], rtol=1e-9)


@settings(deadline=None, max_examples=40)
@given(market=markets(), k=st.floats(0.1, 50), seed=st.integers(0, 99))
@pytest.mark.parametrize("measure", [floating_catchment, three_step_catchment, balanced_catchment])
def test_scaling_linearity_and_relabelling(measure, market, k, seed) -> None:
    minutes, supply, demand = market
    jobs, workers = [counts("jobs", supply)], counts("workers", demand)
    base = cube(measure(toy(minutes), jobs, workers, decay=EXP))
    scaled = cube(measure(toy(minutes), jobs, counts("workers", demand * k), decay=EXP))
    np.testing.assert_allclose(scaled * k, base, rtol=1e-9)
    double = cube(measure(toy(minutes), [counts("jobs", supply * 2)], workers, decay=EXP))
    np.testing.assert_allclose(double, base * 2, rtol=1e-9)
    rng = np.random.default_rng(seed)
    i, j = rng.permutation(len(demand)), rng.permutation(len(supply))
    mixed = measure(
        toy(minutes[i][:, j]),
        [counts("jobs", supply[j])],
        counts("workers", demand[i]),
        decay=EXP,
    )
    np.testing.assert_allclose(cube(mixed), base[i], rtol=1e-9)


@settings(deadline=None, max_examples=40)
@given(market=markets(), share=st.floats(0, 1), seed=st.integers(0, 999))
def test_levels_equal_their_plain_twin_and_hand_out_every_job(market, share, seed) -> None:
    minutes, _, _ = market
    rng = np.random.default_rng(seed)
    levels = ("low", "middle", "high")
    supply = rng.integers(0, 40, (3, minutes.shape[1])).astype(float)
    demand = rng.integers(1, 60, (3, minutes.shape[0])).astype(float)
    s = spill_down(3, share)
    source = toy(minutes)
    table = competition_by_level(
        source,
        counts("jobs", *supply, groups=levels),
        counts("workers", *demand, groups=levels),
        decay=EXP,
        competes=s,
    )
    found = cube(table).reshape(-1, 3)
    twin = level_twin(EXP(source.seconds[:, 0, :]), supply, demand, s)
    np.testing.assert_allclose(found, twin, rtol=1e-9)
    reached = np.isfinite(minutes).any(axis=0)
    np.testing.assert_allclose((found * demand.T).sum(), supply[:, reached].sum(), rtol=1e-9)


def test_spill_down_by_hand() -> None:
    # One place, 100 low and 50 high workers, 60 low and 50 high jobs.
    levels = ("low", "high")
    market = (
        counts("jobs", [60], [50], groups=levels),
        counts("workers", [100], [50], groups=levels),
    )
    apart = competition_by_level(
        toy([[1]]), *market, decay=StepDecay(600), competes=spill_down(2, 0)
    )
    np.testing.assert_allclose(cube(apart), [60 / 100, 50 / 50])
    spill = competition_by_level(
        toy([[1]]), *market, decay=StepDecay(600), competes=spill_down(2, 0.4)
    )
    low = 60 / (100 + 0.4 * 50)
    np.testing.assert_allclose(cube(spill), [low, 50 / 50 + 0.4 * low])
    np.testing.assert_allclose(spill_down(3, 0.5), [[1, 0, 0], [0.5, 1, 0], [0.25, 0.5, 1]])


def test_a_longer_reach_of_one_level() -> None:
    levels = ("low", "high")
    table = competition_by_level(
        toy([[40]]),
        counts("jobs", [10], [10], groups=levels),
        counts("workers", [5], [5], groups=levels),
        decay=[StepDecay(1800), StepDecay(3600)],
        competes=spill_down(2, 0),
    )
    np.testing.assert_allclose(cube(table), [0, 2])


def test_undefined_is_missing_and_missing_is_counted() -> None:
    # d1 is reached by o1 only, where nobody lives: no ratio. o2 reaches nothing: 0.
    source = toy([[10, INF], [10, 10], [INF, INF]])
    jobs = counts("jobs", [4, 7])
    table = floating_catchment(source, [jobs], counts("workers", [2, 0, 5]), decay=StepDecay(900))
    np.testing.assert_array_equal(cube(table), [2.0, np.nan, 0.0])
    gaps = floating_catchment(
        source,
        [counts("jobs", [4, np.nan])],
        counts("workers", [2, np.nan, 5]),
        decay=StepDecay(900),
        missing=np.array([False, False, True]),
    )
    np.testing.assert_array_equal(cube(gaps), [2.0, 2.0, np.nan])
    assert set(gaps["left_out"]) == {2}
    handed = spatial_availability(
        source, [jobs], counts("workers", [2, np.nan, 5]), decay=StepDecay(900)
    )
    np.testing.assert_array_equal(cube(handed, "spatial_availability"), [4.0, np.nan, 0.0])


def test_percentiles_and_groups_stay_apart() -> None:
    minutes = np.array([[[10.0, 20.0], [30.0, 50.0]], [[15.0, 10.0], [20.0, INF]]])
    jobs = counts("jobs", [4, 6], [1, 2], groups=("low", "high"))
    people = counts("workers", [10, 20], [3, 4], groups=("low", "high"))
    found = floating_catchment(toy(minutes), [jobs], people, decay=EXP)
    for p, percentile in enumerate((10, 11)):
        for g, group in enumerate(("low", "high")):
            alone = floating_catchment(
                toy(minutes[:, p]),
                [counts("jobs", jobs.values[g])],
                counts("workers", people.values[g]),
                decay=EXP,
            )
            rows = found[(found["percentile"] == percentile) & (found["group"] == group)]
            np.testing.assert_allclose(cube(rows), cube(alone))


def test_wrong_input_is_told() -> None:
    source = toy([[10, 20]])
    jobs, people = counts("jobs", [1, 2]), counts("workers", [3])
    with pytest.raises(OpportunityError, match=r"3 places, the travel times have 2 destinations"):
        floating_catchment(source, [counts("jobs", [1, 2, 3])], people, decay=EXP)
    with pytest.raises(OpportunityError, match=r"2 places, the travel times have 1 origins"):
        balanced_catchment(source, [jobs], counts("workers", [3, 4]), decay=EXP)
    split = counts("workers", [3], [4], groups=("low", "high"))
    with pytest.raises(OpportunityError, match="group 'all' has no demand in 'workers'"):
        three_step_catchment(source, [jobs], split, decay=EXP)
    with pytest.raises(StudyError, match="alpha must be a positive number"):
        spatial_availability(source, [jobs], people, decay=EXP, alpha=0.0)
    with pytest.raises(OpportunityError, match="groups"):
        competition_by_level(source, jobs, split, decay=EXP, competes=spill_down(2, 0))
    both = counts("jobs", [1, 2], [1, 2], groups=("low", "high"))
    with pytest.raises(StudyError, match=r"1 decays were given for 2 levels\n.*2 x 2"):
        competition_by_level(source, both, split, decay=[EXP], competes=spill_down(3, 0))
    with pytest.raises(StudyError, match="share must be between 0 and 1"):
        spill_down(2, 1.5)


def test_inputs_are_left_as_they_were() -> None:
    source = toy(MINUTES)
    before = source.seconds.copy()
    floating_catchment(source, [counts("jobs", JOBS)], counts("workers", PEOPLE), decay=EXP)
    np.testing.assert_array_equal(source.seconds, before)


def test_levels_that_nobody_competes_for_are_undefined_for_those_who_could() -> None:
    # Only o1, where nobody lives, reaches the low job in d1; a high worker may take it too.
    levels = ("low", "high")
    table = competition_by_level(
        toy([[10, INF], [10, 10]]),
        counts("jobs", [4, 7], [6, 0], groups=levels),
        counts("workers", [2, 0], [3, 0], groups=levels),
        decay=StepDecay(900),
        competes=spill_down(2, 0),
    )
    np.testing.assert_array_equal(cube(table), [2, 2, np.nan, 2])
    spill = competition_by_level(
        toy([[10, INF], [10, 10]]),
        counts("jobs", [4, 7], [6, 0], groups=levels),
        counts("workers", [2, 0], [3, 0], groups=levels),
        decay=StepDecay(900),
        competes=spill_down(2, 1),
    )
    np.testing.assert_allclose(cube(spill), [4 / 5, 4 / 5 + 2, np.nan, np.nan])
