"""What a run hands over is checked once, and all faults are said together."""

from __future__ import annotations

import dataclasses

import numpy as np
import pandas as pd
import pytest

from halfcircle.errors import Fault, OutputError
from halfcircle.outputs import RunResult


def changed(result: RunResult, **columns: object) -> RunResult:
    return dataclasses.replace(result, reach=result.reach.assign(**columns))


def test_repr_tells_size_and_parts(make_run):
    assert repr(make_run(4, border=True)).endswith("16 zones, 640 values, border, sectors>")


def test_all_faults_at_once(make_run):
    result = make_run(4)
    reach = result.reach.drop(columns="mode")
    unreached = pd.DataFrame(
        {"zone_id": ["nowhere"], "scenario": "baseline", "mode": "car", "reason": "island"}
    )
    with pytest.raises(OutputError) as caught:
        dataclasses.replace(result, reach=reach, unreached=unreached, weight="cats")
    text = str(caught.value)
    assert "reach: columns are missing: 'mode'" in text
    assert "unreached.zone_id: unknown zones: 'nowhere'" in text
    assert "weight: no opportunity has this name: 'cats'" in text


@pytest.mark.parametrize(
    ("column", "value", "message"),
    [
        ("value", -1.0, "reach.value: is negative"),
        ("value", np.inf, "reach.value: has infinite values"),
        ("value", "many", "reach.value: is (str|object), expected numbers"),
        ("mode", None, "reach.mode: is empty"),
        ("opportunity", "dragons", "unknown opportunities: 'dragons'"),
        ("band_min", 15.0, "reach: rows occur twice"),
    ],
)
def test_wrong_reach_is_refused(make_run, column, value, message):
    result = make_run(4)
    with pytest.raises(OutputError, match=message):
        changed(result, **{column: value})


def test_opportunities_of_another_study_are_refused(make_run):
    with pytest.raises(OutputError, match="for 25 zones, but there are 16"):
        dataclasses.replace(make_run(4), opportunities=make_run(5).opportunities)


def test_weight_is_people_where_there_are_any(make_run):
    assert make_run(4).weight_name == "population"
    assert make_run(4, weight="jobs").weight_name == "jobs"
    assert make_run(4, opportunities=("jobs",)).weight_name is None


def test_notices_of_every_part_once(make_run):
    fault = Fault("zones.csv:3", "has no geometry", severity="warning")
    result = make_run(4)
    zones = dataclasses.replace(result.zones, notices=(fault,))
    result = dataclasses.replace(result, zones=zones, notices=(fault, *result.notices))
    assert result.all_notices.count(fault) == 1
    assert len(result.all_notices) == 3


def test_empty_reach_is_a_result(make_run):
    result = make_run(4)
    empty = pd.DataFrame(columns=list(result.reach.columns))
    assert len(dataclasses.replace(result, reach=empty).reach) == 0
