"""``[transit] rules = "r5"``: each rule on a town whose times are known by hand."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from grid_city import GridCity, Line
from hypothesis import given, settings
from hypothesis import strategies as st

from halfcircle.access.r5_rules import WholeMinuteTimes, last_second_s
from halfcircle.access.transit import TransitQuery, percentile_index
from halfcircle.access.transit_times import TransitTimes
from halfcircle.errors import StudyError
from halfcircle.study import Progress, read_study, run_study
from halfcircle.study.inputs.read import read_inputs
from halfcircle.study.modes.build import Modes, build_modes

QUIET = Progress(quiet=True)
# Two lines that do not meet: four blocks (1,001.6 m) or three (751.2 m) between their ends.
WEST = Line("w", ((0, 0), (3, 0)), hop_s=120, headway_s=600)
STUDY = """
[study]
name = "Grid city"
[zones]
path = "zones.csv"
[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"
[streets]
osm = ["city.osm.pbf"]
[transit]
feeds = [ { id = "grid", path = "grid.zip" } ]
date = 2026-05-12
window = ["07:00", "07:20"]
time_zone = "Europe/Amsterdam"
[reach]
modes = ["transit"]
bands_min = [5, 10, 40]
percentiles = [25, 50]
access_max_min = { walk = 3 }
"""


def town(folder: Path, *lines: Line, columns: int = 12) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    city = GridCity(n_columns=columns, n_rows=2, lines=lines)
    city.write_osm(folder / "city.osm.pbf")
    city.write_gtfs(folder / "grid.zip")
    lon, lat = city.lonlat(city.corners)
    pd.DataFrame(
        {
            "zone_id": [f"c{c}r{r}" for c, r in city.corners],
            "lon": lon,
            "lat": lat,
            "jobs": 2.0 ** np.arange(len(city.corners)),
        }
    ).to_csv(folder / "zones.csv", index=False)
    return folder / "study.toml"


def modes_of(path: Path, rules: str = "r5", *changes: tuple[str, str]) -> Modes:
    text = STUDY.replace("[transit]\n", f'[transit]\nrules = "{rules}"\n')
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    study = read_study(path)
    return build_modes(study, read_inputs(study, QUIET), workers=1, progress=QUIET)


def source_of(modes: Modes) -> TransitTimes:
    source = modes.sources["transit"]
    assert isinstance(source, TransitTimes)
    return source


def time_s(source: TransitTimes, start: str, end: str, percentile: int = 1) -> float:
    number = {str(p): i for i, p in enumerate(source.places.place_id)}
    return float(source.times_s(np.array([number[start]]))[0, percentile, number[end]])


# Percentiles -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("percentile", "n", "expected"),
    [
        (50, 120, 59),  # ceil(60) - 1; the own rule says 60
        (50, 121, 60),  # ceil(60.5) - 1
        (25, 120, 29),
        (1, 120, 1),  # ceil(1.2) - 1
        (1, 20, 0),
        (99, 120, 118),  # ceil(118.8) - 1
        (100, 120, 119),
        (0, 120, 0),
    ],
)
def test_percentiles_of_r5_by_hand(percentile: int, n: int, expected: int) -> None:
    assert percentile_index([percentile], n, rule="r5").tolist() == [expected]


@given(st.integers(1, 99), st.integers(1, 500))
@settings(deadline=None)
def test_the_two_rules_differ_only_where_the_share_is_whole(percentile: int, n: int) -> None:
    (own,), (r5,) = (percentile_index([percentile], n, rule=rule) for rule in ("floor", "r5"))
    assert own - r5 == (percentile * n % 100 == 0)


def test_the_search_reads_percentiles_by_the_rule() -> None:
    query = TransitQuery(start_s=0, end_s=1200, percentiles=(25, 50))
    assert query.positions.tolist() == [5, 10]
    by_r5 = TransitQuery(start_s=0, end_s=1200, percentiles=(25, 50), percentile_rule="r5")
    assert by_r5.positions.tolist() == [4, 9]


# Minutes -----------------------------------------------------------------------------------------


@given(
    st.lists(st.integers(0, 7300), min_size=1, max_size=40),
    st.lists(st.integers(1, 120), min_size=1, max_size=4, unique=True),
)
@settings(deadline=None, max_examples=60)
def test_whole_minutes_count_where_r5_counts_them(seconds: list[int], bands: list[int]) -> None:
    times_s = np.array(seconds, dtype=np.float32)
    cutoffs_s = np.array(sorted(bands), dtype=np.float32) * np.float32(60.0)
    by_r5 = np.floor(times_s / 60)[:, None] < np.array(sorted(bands))
    assert (by_r5 == (times_s[:, None] < cutoffs_s)).all(), "R5: minutes cut off, below the band"
    assert ((last_second_s(times_s)[:, None] <= cutoffs_s) == by_r5).all()


def test_infinite_stays_so() -> None:
    assert last_second_s(np.array([0.0, 59.0, 60.0, np.inf], dtype=np.float32)).tolist() == [
        59.0, 59.0, 119.0, np.inf,
    ]  # fmt: skip


# A town ------------------------------------------------------------------------------------------


def test_reach_agrees_with_the_times(tmp_path: Path) -> None:
    """The sums that are counted without times are those of the times, also between minutes."""
    source = source_of(modes_of(town(tmp_path, WEST)))
    assert isinstance(source, WholeMinuteTimes)
    origins = np.arange(len(source.places))
    weights = np.random.default_rng(0).integers(0, 9, (len(origins), 2)).astype(float)
    cutoffs_s = np.array([30.0, 59.0, 60.0, 300.0, 301.5, 600.0, 2400.0], dtype=np.float32)
    times_s = source.times_s(origins)
    expected = np.einsum("ipdc,dw->ipcw", times_s[..., None] <= cutoffs_s, weights)
    np.testing.assert_array_equal(
        source.opportunities_within(origins, weights, cutoffs_s), expected
    )
    assert expected.sum() > 0


def test_a_ride_by_hand(tmp_path: Path) -> None:
    """Leaves 07:00, 07:10, ...; ready 60 s after the start; 120 s on the way.

    Of 20 departures the waits are 60 s at :59 and :09 minutes, up to 600 s at :00: travel times
    180, 240, ..., 720 s, each twice. The 25th percentile is at position ceil(5) - 1 = 4 of the
    sorted times: 300 s; the 50th at position 9: 420 s. By the own rule they are 300 (position 5)
    and 480 (position 10).
    """
    path = town(tmp_path, WEST)
    by_r5, own = source_of(modes_of(path)), source_of(modes_of(path, "halfcircle"))
    assert [time_s(by_r5, "c0r0", "c3r0", p) for p in (0, 1)] == [300 + 59, 420 + 59]
    assert [time_s(own, "c0r0", "c3r0", p) for p in (0, 1)] == [300, 480]


@pytest.mark.parametrize(("gap", "reached"), [(3, True), (4, False)])
def test_transfers_are_walked_up_to_1_km(tmp_path: Path, gap: int, reached: bool) -> None:
    """From the end of one line to the start of the next, 751 or 1,002 m along the street."""
    first = 3 + gap
    east = Line("e", ((first, 0), (first + 4, 0)), hop_s=120, headway_s=600, first_s=6 * 3600 + 300)
    modes = modes_of(town(tmp_path, WEST, east))
    timetable, _, _ = modes.timetables[0]
    row = {str(s): i for i, s in enumerate(timetable.stops.stop_id)}
    walks = {
        (int(a), int(b)): int(s)
        for a in range(len(row))
        for b, s in zip(
            timetable.transfer_stop[timetable.transfer_ptr[a] : timetable.transfer_ptr[a + 1]],
            timetable.transfer_s[timetable.transfer_ptr[a] : timetable.transfer_ptr[a + 1]],
            strict=True,
        )
    }
    ends = [i for name, i in row.items() if "3-0" in name or "3r0" in name or name.endswith("_3_0")]
    starts = [
        i for name, i in row.items()
        if f"{first}-0" in name or f"{first}r0" in name or name.endswith(f"_{first}_0")
    ]  # fmt: skip
    assert len(ends) == len(starts) == 1, sorted(row)
    pair = (ends[0], starts[0])
    assert (pair in walks) == reached
    if reached:
        # Three blocks of 250.4 m at 4.5 km/h, and the slack of the next ride.
        assert walks[pair] == pytest.approx(3 * 200.32 + 60, abs=1)


def test_the_last_walk_is_at_most_2_km(tmp_path: Path) -> None:
    """40 minutes on foot are allowed, 3 km; R5's table of last walks ends at 2 km, 26 min 40 s."""
    path = town(tmp_path, WEST)
    wide = ("access_max_min = { walk = 3 }", "access_max_min = { walk = 40 }")
    by_r5 = source_of(modes_of(path, "r5", wide)).search.egress.seconds.max()
    own = source_of(modes_of(path, "halfcircle", wide)).search.egress.seconds.max()
    assert by_r5 == pytest.approx(7 * 200.32, abs=1)  # the seventh block ends at 1,753 m
    assert own > 1600


def test_transfers_txt_is_not_read(tmp_path: Path) -> None:
    import zipfile

    east = Line("e", ((3, 0), (7, 0)), hop_s=120, headway_s=600)
    path = town(tmp_path, WEST, east)
    with zipfile.ZipFile(tmp_path / "grid.zip") as archive:
        stops = archive.read("stops.txt").decode()
    (stop_id,) = [
        line.split(",")[0] for line in stops.splitlines()[1:] if "3-0" in line or "_3_0" in line
    ]
    with zipfile.ZipFile(tmp_path / "grid.zip", "a") as archive:
        archive.writestr(
            "transfers.txt",
            f"from_stop_id,to_stop_id,transfer_type,min_transfer_time\n{stop_id},{stop_id},2,900\n",
        )
    change_s = {}
    for rules in ("r5", "halfcircle"):
        timetable, _, _ = modes_of(path, rules).timetables[0]
        change_s[rules] = int(timetable.change_s.max())
    assert change_s["r5"] == 60
    assert change_s["halfcircle"] >= 900


# The study file ----------------------------------------------------------------------------------


def test_keys_that_the_rules_settle_must_be_left_out(tmp_path: Path) -> None:
    path = town(tmp_path, WEST)
    keys = (
        'rules = "r5"\nboard_slack_s = 30\ntransfer_max_min = 5\ntransfer_penalty_s = 10\n'
        "cross_feed_transfer_s = 60\nmerge = true\nstep_s = 30\n"
    )
    path.write_text(STUDY.replace("[transit]\n", f"[transit]\n{keys}"), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    assert len(caught.value.faults) == 6
    assert 'transfer_max_min: is settled by rules = "r5": 1 km - leave it out' in str(caught.value)


def test_manifest_and_report_tell_the_rules(tmp_path: Path) -> None:
    path = town(tmp_path, WEST, columns=6)
    path.write_text(STUDY.replace("[transit]\n", '[transit]\nrules = "r5"\n'), encoding="utf-8")
    run_study(path, out=tmp_path / "out", workers=1)
    manifest = json.loads((tmp_path / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert "60 s slack" in json.dumps(manifest["settings"])
    assert manifest["settings"]["step_s"] == 60
    page = (tmp_path / "out" / "report.html").read_text(encoding="utf-8")
    assert "60 s slack, transfers up to 1 km" in page
