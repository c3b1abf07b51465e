"""Rank correlation of reach with wages and land prices."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import spearmanr
from toy_times import counts, toy

from halfcircle.access import rank_correlation, reach_table
from halfcircle.errors import InputError


def test_by_hand_with_ties_and_unknown_zones() -> None:
    reach = reach_table(
        toy([[10, 90], [10, 10], [90, 10], [10, 90]]), [counts("jobs", [1, 5])], bands_min=[30]
    )
    # Reach 1, 6, 5, 1 with ranks 1.5, 4, 3, 1.5; wages of the last zone are not known.
    wages = {"o0": 10.0, "o1": 30.0, "o2": 20.0, "o3": np.nan}
    (row,) = rank_correlation(reach, wages).to_dict("records")
    assert (row["spearman"], row["zones"], row["zones_left_out"]) == (1.0, 3, 1)
    wages["o3"] = 5.0
    (row,) = rank_correlation(reach, wages).to_dict("records")
    assert row["spearman"] == pytest.approx(spearmanr([1, 6, 5, 1], [10, 30, 20, 5]).statistic)


def test_what_is_not_defined_is_missing() -> None:
    reach = reach_table(toy([[10], [10], [10]]), [counts("jobs", [1])], bands_min=[30])
    (row,) = rank_correlation(reach, {"o0": 1.0, "o1": 2.0, "o2": 3.0}).to_dict("records")
    assert np.isnan(row["spearman"])
    (row,) = rank_correlation(reach, {"o0": 1.0}).to_dict("records")
    assert np.isnan(row["spearman"])
    assert row["zones_left_out"] == 2


def test_a_table_without_its_columns_is_no_table_of_reach() -> None:
    with pytest.raises(InputError, match="has no column zone_id"):
        rank_correlation(pd.DataFrame({"value": [1.0]}), {})
