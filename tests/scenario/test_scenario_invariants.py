"""What holds for any edit: METHODS, section 5; and that nothing less than a full run is given."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest
from edit_towns import feed_of, search, timetable
from grid_city import GridCity, Line
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.errors import ScenarioError
from halfcircle.gtfs import Feed
from halfcircle.gtfs.edits import edit_feeds
from halfcircle.gtfs.edits_types import (
    AddLine,
    CloseStation,
    Extend,
    Headway,
    RemoveService,
    SetHeadway,
    SkipStop,
    SpeedUp,
    Station,
)
from halfcircle.study.scenarios.affected import affected_origins

CITY = GridCity(
    n_columns=12,
    n_rows=5,
    lines=(
        Line("1", ((0, 0), (2, 0), (4, 0), (6, 0)), hop_s=200, headway_s=900, both_ways=True),
        Line("2", ((6, 0), (6, 2), (6, 4)), hop_s=150, headway_s=1200, dwell_s=20, both_ways=True),
        Line("3", ((6, 4), (8, 4), (11, 4)), hop_s=240, headway_s=1500, both_ways=True),
        Line("4", ((0, 4), (2, 4)), hop_s=240, headway_s=1500, both_ways=True),
    ),
)
CORNERS = sorted({corner for line in CITY.lines for corner in line.corners})
STATIONS = [Station(f"Corner {c}-{r}") for c, r in CORNERS]
LIMIT_S = 1500
H = 3600


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Feed:
    return feed_of(CITY, tmp_path_factory.mktemp("city"))


def times(feeds: tuple[Feed, ...], limit_s: int = LIMIT_S) -> np.ndarray:
    found = search(timetable(feeds, footpath_s=200.0), CITY, limit_s=limit_s)
    return found.lanes_s(np.arange(len(CITY.corners))).astype(np.int64)


lines = st.sampled_from(["1", "2", "3", "4"])


@st.composite
def new_lines(draw: st.DrawFn) -> AddLine:
    stops = draw(st.lists(st.sampled_from(STATIONS), min_size=2, max_size=4, unique=True))
    return AddLine(
        label="new",
        stops=tuple(stops),
        kmh=draw(st.sampled_from([30.0, 60.0, 100.0])),
        mode="bus",
        headways=(Headway(5 * H, 23 * H, draw(st.integers(300, 1800))),),
        both_ways=draw(st.booleans()),
    )


removals = st.one_of(
    st.builds(lambda n: RemoveService(label="x", lines=(n,)), lines),
    st.builds(lambda n: RemoveService(label="x", lines=(n,), period_s=(6 * H, 8 * H)), lines),
)
changes = st.one_of(
    new_lines(),
    removals,
    st.builds(
        lambda n, f: SpeedUp(label="x", line=n, factor=f), lines, st.sampled_from([0.8, 1.3])
    ),
    st.builds(
        lambda n, e: SetHeadway(label="x", line=n, headways=(Headway(6 * H, 9 * H, e),)),
        lines,
        st.integers(240, 1200),
    ),
    st.builds(lambda s: CloseStation(label="x", station=s), st.sampled_from(STATIONS)),
    st.just(Extend(label="x", line="3", at=Station("Corner 11-4"),
                   stops=(Station("Aankomst", *(float(v[0]) for v in CITY.lonlat([(11, 2)]))),),
                   hops_s=(150,))),
)  # fmt: skip


@settings(deadline=None, max_examples=12)
@given(new_lines())
def test_a_line_more_never_hurts_at_any_departure(feed: Feed, edit: AddLine) -> None:
    after = times(edit_feeds([feed], [edit]).feeds)
    assert (after <= times((feed,))).all()


@settings(deadline=None, max_examples=8)
@given(removals)
def test_a_trip_less_never_helps(feed: Feed, edit: RemoveService) -> None:
    try:
        after = times(edit_feeds([feed], [edit]).feeds)
    except ScenarioError:
        return
    assert (after >= times((feed,))).all()


@pytest.mark.parametrize("factor", [1.2, 1.5])
def test_slower_never_helps_from_where_lines_begin(feed: Feed, factor: float) -> None:
    # Further down the line a vehicle that comes later may be caught instead of missed.
    slower = [SpeedUp(label=n, line=n, factor=factor) for n in "1234"]
    start = CITY.corners.index((0, 0))
    after = times(edit_feeds([feed], slower).feeds)[start]
    assert (after >= times((feed,))[start]).all()
    assert (after > times((feed,))[start]).any()


def test_a_stop_less_never_helps_those_who_use_it(feed: Feed) -> None:
    edit = SkipStop(label="x", line="1", stop=Station("Corner 2-0"))
    after, before = times(edit_feeds([feed], [edit]).feeds), times((feed,))
    i = CITY.corners.index((2, 0))
    assert (after[i] >= before[i]).all()
    assert (after[:, i] >= before[:, i]).all()
    assert (after[i] > before[i]).any()


@settings(deadline=None, max_examples=30)
@given(st.lists(changes, min_size=1, max_size=2), st.sampled_from([600, 900, 1500]))
def test_only_origins_that_are_told_can_differ(
    feed: Feed, edits: list[object], limit_s: int
) -> None:
    named = [_named(edit, i) for i, edit in enumerate(edits)]
    try:
        feeds = edit_feeds([feed], named).feeds
    except ScenarioError:
        return
    base, variant = (timetable(f, footpath_s=200.0) for f in ((feed,), feeds))
    one, other = (search(t, CITY, limit_s=limit_s) for t in (base, variant))
    told = affected_origins(
        base,
        variant,
        (one.access, one.egress),
        (other.access, other.egress),
        limit_s=float(limit_s),
    )
    every = np.arange(len(CITY.corners))
    differs = (one.lanes_s(every) != other.lanes_s(every)).any(axis=(1, 2))
    assert set(np.flatnonzero(differs)) <= set(told.tolist())


def _named(edit: object, number: int) -> object:
    from dataclasses import replace

    return replace(edit, label=f"{edit.label} {number}")  # type: ignore[attr-defined, type-var]


def test_the_bound_leaves_most_of_a_country_alone(feed: Feed) -> None:
    faster = edit_feeds([feed], [SpeedUp(label="x", line="4", factor=0.8)]).feeds
    base, variant = (timetable(f, footpath_s=200.0) for f in ((feed,), faster))
    one, other = (search(t, CITY, limit_s=LIMIT_S) for t in (base, variant))
    links = ((one.access, one.egress), (other.access, other.egress))
    told = affected_origins(base, variant, *links, limit_s=LIMIT_S)
    # Line 4 stands alone: only who boards there is touched.
    assert {CITY.corners[i] for i in told} == {(0, 4), (2, 4)}
    nothing = affected_origins(base, base, links[0], links[0], limit_s=LIMIT_S)
    assert len(nothing) == 0


def test_the_same_edits_give_the_same_bytes(feed: Feed) -> None:
    from halfcircle.gtfs import write_feed

    edit = AddLine(label="IC 9", stops=(STATIONS[0], STATIONS[-1]), kmh=80.0, mode="bus",
                   headways=(Headway(5 * H, 23 * H, 700),))  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        paths = [Path(folder) / f"{i}.zip" for i in range(2)]
        for path in paths:
            write_feed(edit_feeds([feed], [edit]).feeds[0], path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
