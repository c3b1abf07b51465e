"""Mode gap and transport poverty: hand-computed values and invariants."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.access.measures import REACH_COLUMNS
from halfcircle.access.mode_gaps import mode_gap, poverty_summary, transport_poverty
from halfcircle.errors import InputError

NAN = float("nan")


def reach(by_mode: dict[str, list[float]], percentiles=(50,), band=45.0) -> pd.DataFrame:
    rows = [
        (f"z{i}", "baseline", mode, "jobs", "all", band, p, "cumulative", value)
        for mode, values in by_mode.items()
        for p in (percentiles if mode == "transit" else (50,))
        for i, value in enumerate(values)
    ]
    return pd.DataFrame(rows, columns=list(REACH_COLUMNS))


def test_gap_by_hand() -> None:
    gaps = mode_gap(reach({"transit": [20, 0, 50, NAN, 0], "car": [80, 40, 50, 10, 0]}))
    np.testing.assert_allclose(gaps["gap"], [-0.6, -1, 0, NAN, NAN])
    np.testing.assert_allclose(gaps["ratio"], [0.25, 0, 1, NAN, NAN])
    np.testing.assert_allclose(gaps["difference"], [60, 40, 0, NAN, 0])


def test_poverty_by_hand() -> None:
    # Mean slow reach of the 10 + 20 + 10 at risk: (200 + 1200 + 0) / 40 = 35; the line is 17.5.
    gaps = mode_gap(reach({"transit": [20, 60, 0, NAN], "car": [200, 70, 40, 10]}))
    people = {"z0": 10, "z1": 20, "z2": 10, "z3": 7}
    poverty = transport_poverty(gaps, people)
    assert set(poverty["line"]) == {17.5}
    assert poverty["poor"].tolist() == [False, False, True, pd.NA]
    summary = poverty_summary(poverty).iloc[0]
    assert summary["zones_poor"] == 1
    assert summary["people_poor"] == 10
    assert summary["share_poor"] == pytest.approx(0.25)
    assert summary["shortfall"] == pytest.approx(10 / 40)
    assert summary["people_left_out"] == 7
    relative = transport_poverty(gaps, people, line_share=None, ratio_below=0.2)
    assert relative["poor"].tolist() == [True, False, True, pd.NA]
    assert np.isnan(poverty_summary(relative)["shortfall"].iloc[0])
    both = transport_poverty(gaps, people, line_share=0.5, ratio_below=0.2)
    assert both["poor"].tolist() == [False, False, True, pd.NA]


@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 9999), k=st.floats(0.1, 100))
def test_units_and_order_do_not_matter(seed, k) -> None:
    rng = np.random.default_rng(seed)
    n = 6
    slow, fast = rng.integers(0, 50, n) * 1.0, rng.integers(0, 90, n) * 1.0
    people = {f"z{i}": float(v) for i, v in enumerate(rng.integers(0, 30, n))}
    base = mode_gap(reach({"transit": list(slow), "car": list(fast)}))
    scaled = mode_gap(reach({"transit": list(slow * k), "car": list(fast * k)}))
    np.testing.assert_allclose(scaled["gap"], base["gap"])
    assert base["gap"].dropna().between(-1, 1).all()
    turned = mode_gap(reach({"transit": list(slow), "car": list(fast)}), slow="car", fast="transit")
    np.testing.assert_allclose(turned["gap"], -base["gap"])
    rows = reach({"transit": list(slow), "car": list(fast)}).sample(frac=1.0, random_state=seed)
    found = mode_gap(rows).sort_values("zone_id", ignore_index=True)
    pd.testing.assert_frame_equal(found, base)
    first, second = (poverty_summary(transport_poverty(g, people)) for g in (base, found))
    np.testing.assert_allclose(first["people_poor"], second["people_poor"])
    assert first["people_poor"].iloc[0] <= sum(people.values())


def test_percentiles_are_chosen_and_wrong_input_is_told() -> None:
    window = reach({"transit": [20, 0], "car": [80, 40]}, percentiles=(25, 50))
    gaps = mode_gap(window, percentile=25)
    assert gaps["percentile"].tolist() == [25, 25]
    with pytest.raises(InputError, match="several percentiles; name one of them: '25', '50'"):
        mode_gap(window)
    with pytest.raises(InputError, match="no reach by 'trnsit' - did you mean 'transit'"):
        mode_gap(window, slow="trnsit", percentile=25)
    with pytest.raises(InputError, match="occur more than once"):
        mode_gap(pd.concat([window, window]), percentile=25)
    with pytest.raises(InputError, match="no column mode"):
        mode_gap(window.drop(columns="mode"))
    with pytest.raises(InputError, match="line_share, ratio_below or both"):
        transport_poverty(gaps, {"z0": 1}, line_share=None)
    with pytest.raises(InputError, match=r"positive numbers: '0'.*\n.*negative: 'z0'"):
        transport_poverty(gaps, {"z0": -1}, line_share=0)
