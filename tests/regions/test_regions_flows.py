"""Flows: margins, self-containment, unknown is not zero; crosswalks; plausibility."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from pyproj import CRS
from scipy import sparse

from halfcircle import Places, Zones
from halfcircle.errors import FlowError
from halfcircle.regions import Crosswalk, Flows, build_flows, flow_plausibility, read_crosswalk


def dense(f, ids=None, **options):
    f = np.asarray(f, float)
    o, d = np.nonzero(np.isnan(f) | (f != 0))
    return build_flows(ids or list("abcdefghij"[: len(f)]), o, d, f[o, d], **options)


def test_margins_and_containment_by_hand():
    flows = dense([[80, 20, 0], [10, 30, 0], [0, 0, 0]])
    table = flows.containment()
    assert table["residents"].tolist() == [100, 40, 0]
    assert table["jobs"].tolist() == [90, 50, 0]
    assert table["supply_containment"].tolist()[:2] == [0.8, 0.75]
    assert table["demand_containment"].tolist()[:2] == pytest.approx([80 / 90, 0.6])
    assert table["self_containment"].tolist()[:2] == [0.8, 0.6]
    assert table["net_in_commuting"].tolist() == [-10, 10, 0]
    assert table["self_containment"].isna().tolist() == [False, False, True]  # missing, not 0


def test_unknown_is_not_zero():
    flows = dense([[80, np.nan], [0, 30]])
    assert flows.n_unknown == 1
    assert flows.unknown_pairs().toarray().tolist() == [[False, True], [False, False]]
    assert flows.residents().tolist() == [80, 30]
    assert np.isnan(flows.residents(abroad=True)).all()
    assert "1 pairs unknown" in repr(flows)


def test_abroad_counts_in_the_margins_where_known():
    base = dense([[80, 20], [10, 30]])
    flows = Flows(base.zone_id, base.counts, abroad_out=[[25, np.nan]])
    assert flows.residents(abroad=True)[0] == 125
    assert np.isnan(flows.residents(abroad=True)[1])
    assert flows.containment(abroad=True)["supply_containment"][0] == 0.64


def test_groups_are_parts_of_the_whole():
    flows = build_flows(
        ["a", "b"], [0, 0, 1], [0, 1, 1], [5, 2, 3], group_idx=[0, 1, 1], groups=("low", "high")
    )
    assert flows.matrix("low").sum() == 5
    assert flows.matrix("high").sum() == 5
    assert flows.matrix().sum() == flows.matrix("all").sum() == 10
    with pytest.raises(FlowError, match=r"no such group: 'hihg' - did you mean 'high'\?"):
        flows.matrix("hihg")


def test_take_turns_what_is_cut_off_into_flows_abroad():
    base = dense([[80, 20, 5], [10, 30, 1], [2, 3, 4]])
    zero = np.zeros((1, 3))
    flows = Flows(base.zone_id, base.counts, abroad_out=zero, abroad_in=zero + 7)
    part = flows.take([1, 0])
    assert part.zone_id.tolist() == ["b", "a"]
    assert part.matrix().toarray().tolist() == [[30, 10], [20, 80]]
    assert part.abroad_out.tolist() == [[1, 5]]
    assert part.abroad_in.tolist() == [[10, 9]]
    assert base.take([0]).abroad_out is None  # where nobody counted, cutting does not count


def test_arrays_are_read_only_and_inputs_unchanged():
    matrix = sparse.csr_array(np.eye(2))
    flows = Flows(["a", "b"], (matrix,))
    assert matrix.data.flags.writeable
    with pytest.raises(ValueError, match="read-only"):
        flows.matrix().data[0] = 3


def test_all_faults_at_once():
    with pytest.raises(FlowError, match="more than once: 'a'") as caught:
        Flows(["a", "a"], (sparse.csr_array([[1.0, -2], [0, 1]]), sparse.csr_array((2, 3))), ("x",))
    assert "2 matrices for 1 groups" in str(caught.value)
    assert "negative" in str(caught.value)
    with pytest.raises(FlowError, match="must be square"):
        Flows(["a", "b"], (sparse.csr_array((2, 3)),))
    with pytest.raises(FlowError, match=r"destination positions outside 0\.\.1"):
        build_flows(["a", "b"], [0], [2], [1])


def test_crosswalk_merges_and_splits():
    flows = dense([[80, 20, 0], [10, 30, 4], [0, 6, 50]], ids=["A", "B", "C"])
    merged = Crosswalk.of_mergers({"A": "AB", "B": "AB"}).apply(flows, year=2016)
    assert merged.zone_id.tolist() == ["AB", "C"]
    assert merged.matrix().toarray().tolist() == [[140, 4], [6, 50]]
    assert merged.year == 2016
    assert not merged.notices
    split = Crosswalk(["C", "C"], ["A", "D"], [0.5, 0.5]).apply(flows)
    assert split.zone_id.tolist() == ["A", "B", "D"]
    assert split.matrix().toarray().tolist() == [[92.5, 23, 12.5], [12, 30, 2], [12.5, 3, 12.5]]
    assert "touches 60 persons" in str(split.notices[0])


def test_crosswalk_keeps_unknown_unknown():
    flows = dense([[80, np.nan, 0], [10, 30, 0], [0, 6, 50]], ids=["A", "B", "C"])
    merged = Crosswalk.of_mergers({"A": "AC", "C": "AC"}).apply(flows)
    assert merged.unknown_pairs().toarray().tolist() == [[False, True], [False, False]]
    assert merged.matrix().toarray().tolist() == [[130, 0], [10, 30]]


def test_crosswalk_faults(tmp_path):
    with pytest.raises(FlowError, match=r"do not sum to 1: 'A: 0\.7'"):
        Crosswalk(["A", "A"], ["B", "C"], [0.5, 0.2])
    with pytest.raises(FlowError, match="pairs occur more than once: 'A to B'") as caught:
        Crosswalk(["A", "A"], ["B", "B"], [2.0, -1.0])
    assert "outside 0 to 1" in str(caught.value)
    with pytest.raises(FlowError, match="differ in length"):
        Crosswalk(["A"], ["B", "C"], [1.0])
    with pytest.raises(FlowError, match="none of its zones occurs"):
        Crosswalk.of_mergers({"X": "Y"}).apply(dense([[1.0]]))
    path = tmp_path / "merge.csv"
    path.write_text("old_id,new_id\nA,AB\nB,AB\n")
    assert read_crosswalk(path).share.tolist() == [1, 1]
    with pytest.raises(FlowError, match="has no column: 'part'"):
        read_crosswalk(path, share="part")


@settings(deadline=None, max_examples=40)
@given(
    arrays(np.int64, (6, 6), elements=st.integers(0, 30)),
    st.lists(st.sampled_from("PQR"), min_size=6, max_size=6),
)
def test_crosswalk_of_mergers_loses_nobody(f, new):
    flows = dense(f)
    merged = Crosswalk.of_mergers(dict(zip("abcdef", new, strict=True))).apply(flows)
    assert merged.matrix().sum() == f.sum()
    for k, name in enumerate(merged.zone_id):
        inside = np.array(new) == name
        assert merged.matrix()[k, k] == f[np.ix_(inside, inside)].sum()


def test_plausibility_names_what_is_odd():
    f = np.array([[80, 20, 0], [20, 30, 10], [0, 10, 0]]) * 10
    report = flow_plausibility(dense(f))
    text = "\n".join(str(notice) for notice in report.notices)
    assert "same in both directions" in text
    assert "multiples of 100" in text
    assert "without a flow to themselves: 'c'" in text
    assert "live outside the zones; that is not zero" in text
    figures = report.figures.set_index("figure")["value"]
    assert figures["total"] == f.sum()
    assert figures["stays in its zone"] == pytest.approx(110 / 170)
    assert figures["largest flow between zones"] == 200
    clean = flow_plausibility(dense([[80, 21], [14, 37]]))
    assert all("not zero" in str(notice) for notice in clean.notices)
    assert "no flows" in str(flow_plausibility(build_flows(["a"], [], [], [])).notices[0])


def test_people_who_work_far_away_are_named():
    # Three places on a meridian: 0, 30 and 300 km north.
    places = Places(["a", "b", "c"], [6.0, 6.0, 6.0], [51.0, 51.0 + 30 / 111.2, 51.0 + 300 / 111.2])
    zones = Zones(places, CRS.from_epsg(25832))
    flows = dense([[80, 20, 10], [0, 30, 0], [0, 2, 50]])
    report = flow_plausibility(flows, zones=zones)
    figures = report.figures.set_index("figure")["value"]
    mean = (20 * 30 + 10 * 300 + 2 * 270) / 192
    assert figures["mean distance, straight line"] == pytest.approx(mean, rel=0.01)
    assert figures["median distance, straight line"] == 0
    assert figures["farther than 150 km"] == pytest.approx(12 / 192)
    assert any("live more than 150 km" in str(notice) for notice in report.notices)
    other = flow_plausibility(dense([[1.0]]), zones=zones)
    assert any("distances are left out" in str(notice) for notice in other.notices)


def test_zones_out_of_balance_are_named():
    report = flow_plausibility(dense([[10, 500, 0], [0, 20, 3], [0, 0, 0]]))
    text = "\n".join(str(notice) for notice in report.notices)
    assert "ten times more jobs than workers, or the reverse: 'a: 0.02', 'b: 22.61'" in text
    assert "nobody lives who works: 'c'" in text
    fractional = flow_plausibility(dense([[1.5, 2], [3, 4]]))
    assert fractional.figures.set_index("figure")["value"]["rounding unit"] == 0


def test_shapes_of_flows():
    one = (sparse.csr_array(np.eye(2)),)
    with pytest.raises(FlowError, match=r"abroad_out has shape \(2,\), expected \(1, 2\)"):
        Flows(["a", "b"], one, abroad_out=[1.0, 2.0])
    with pytest.raises(FlowError, match="abroad_in is negative"):
        Flows(["a", "b"], one, abroad_in=[[-1.0, 2.0]])
    with pytest.raises(FlowError, match="groups must be named once"):
        Flows(["a", "b"], one * 2, ("x", "x"))
    with pytest.raises(FlowError, match="arrays differ in length"):
        build_flows(["a"], [0], [0, 0], [1])
