"""Every type of edit in a town whose answers are known: what it must change, by hand.

Zone number i has 2^i jobs, so that a difference names who came into reach and who fell out of it.
Each type is a small dated file, computed as a scenario and as a full run of the edited inputs (of
timetables: written as GTFS and read again); the two are the same to the byte.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from edit_towns import CROSS, TOP
from grid_city import GridCity, Line

from halfcircle.gtfs import read_feed, write_feed
from halfcircle.study import Progress, Study, read_study
from halfcircle.study.blocks.store import BlockStore
from halfcircle.study.inputs.read import Inputs, read_inputs
from halfcircle.study.modes.build import build_modes
from halfcircle.study.reach.compute import compute_reach
from halfcircle.study.scenarios.apply import apply_edits
from halfcircle.study.scenarios.scenario import Baseline, compute_variant
from halfcircle.study.settings.edit_file import EDIT_TYPES

# Leaves the middle of line 1 three minutes after its trains have called there.
DIAGONAL = Line("3", ((2, 1), (5, 3)), hop_s=120, first_s=6 * 3600 + 300)
CITY = GridCity(lines=(CROSS, TOP, DIAGONAL))
ZONES = [f"c{c}r{r}" for c, r in CITY.corners]
QUIET = Progress(quiet=True)
# From the first stop of line 1, trains at full ten minutes, one minute to get on: the median wait
# over twenty departures is 6 minutes. A block is 3.3 minutes on foot.
STUDY = """
[study]
name = "Grid city"
[zones]
path = "zones.csv"
country = "country"
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
modes = ["walk", "bike", "car", "transit", "bike+transit"]
bands_min = [1, 5, 8, 9, 10, 12, 14]
decay = "pbl"
limit_min = 30
access_max_min = { walk = 4, bike = 2 }
[border]
preset = "pieters-2012"
opportunities = ["jobs"]
"""


@dataclass(frozen=True)
class Case:
    """An edit, and who comes into and falls out of reach of an origin within a band."""

    keys: str
    origin: str
    mode: str
    band_min: float
    gained: str = ""
    lost: str = ""
    column: str = "value"


def place(c: float, r: float) -> str:
    lon, lat = CITY.lonlat([(c, r)])
    return f"lon = {lon[0]}, lat = {lat[0]}"


def point(c: float, r: float) -> str:
    lon, lat = CITY.lonlat([(c, r)])
    return f"[{lon[0]}, {lat[0]}]"


LINE_1 = 'line = "1"'
NEW = f'{{ name = "New", {place(3, 3)} }}'
CASES = {
    # 6 + 3 minutes.
    "add_line": Case(
        'stops = ["Corner 0-1", "Corner 5-3"]\nhops_min = [3]\nmode = "bus"\n'
        "minutes = [0, 10, 20, 30, 40, 50]",
        "c0r1", "transit", 9, gained="c5r3"),
    # 6 + 3 instead of 6 + 4.
    "retime": Case(
        f'{LINE_1}\nhops = [ {{ from = "Corner 0-1", to = "Corner 5-1", minutes = 3 }} ]',
        "c0r1", "transit", 9, gained="c5r1"),
    # 6 + 2 instead of 6 + 4.
    "speed_up": Case(f"{LINE_1}\nfactor = 0.5", "c0r1", "transit", 8, gained="c5r1"),
    # The median wait is 3: 3 + 4.
    "set_headway": Case(
        f"{LINE_1}\nminutes = {list(range(0, 60, 5))}\nback_minutes = {list(range(0, 60, 5))}",
        "c0r1", "transit", 8, gained="c5r1"),
    # 6 + 4 + 1.67; before with a change to line 3: 6 + 2 + 3 + 2.
    "extend": Case(
        f'{LINE_1}\nat = "Corner 5-1"\nstops = ["Corner 5-3"]\nhops_min = [1.6667]\ndwell_s = 0',
        "c0r1", "transit", 12, gained="c5r3"),
    # Three of five blocks of 1 minute, and 20 s for braking; on foot 10.02 minutes.
    "add_stop": Case(
        f'line = "2"\nstop = {NEW}\nbetween = ["Corner 0-3", "Corner 5-3"]\ndwell_s = 30\n'
        "lost_min = 0.6667",
        "c0r3", "transit", 10, gained="c3r3"),
    # 6 + 2, or on foot 10.02.
    "skip_stop": Case(
        f'{LINE_1}\nstop = "Corner 2-1"', "c5r1", "transit", 9, lost="c2r1"),
    "close_station": Case('station = "Corner 2-1"', "c5r1", "transit", 9, lost="c2r1"),
    # 6 + 2.5.
    "reroute": Case(
        'line = "2"\npart = ["Corner 0-3", "Corner 5-3"]\nvia = ["Corner 2-1"]\n'
        "hops_min = [2.5, 3.3333]\ndwell_s = 0",
        "c0r3", "transit", 9, gained="c2r1"),
    # 6 + 4 by train; the stop between is two blocks away, on foot 6.7 minutes.
    "remove": Case('lines = ["1"]', "c0r1", "transit", 10, lost="c5r1"),
    # 6 + 2 + 3 + 2 by a change; by the end of line 1 and two blocks on foot 16.7.
    "set_transfer": Case(
        'stations = ["Corner 2-1", "Corner 2-1"]\nforbidden = true',
        "c0r1", "transit", 14, lost="c5r3"),
    # At most 1 + 6 minutes until it leaves, 100 s on the way; half of the departures wait less
    # than 4 minutes, and with a block on foot it is 8 already.
    "demand_responsive": Case(
        f'places = [{NEW}]\nhub = "Corner 0-1"\nwait_min = 3\nspeed_kmh = 36\ndetour = 1.0',
        "c0r1", "transit", 8, gained="c3r3"),
    # A diagonal of 708 m is 9.4 minutes; round the corner are four blocks.
    "add_link": Case(
        f'points = [{point(0, 0)}, {point(2, 2)}]\nhighway = "path"',
        "c0r0", "walk", 10, gained="c2r2"),
    # Way 1 is the southern street: round the block takes three.
    "close_link": Case("ways = [1]", "c1r0", "walk", 5, lost="c0r0 c2r0"),
    # A block takes 21 s, on the southern street 11: three blocks are 63 s.
    "set_speed": Case(
        "ways = [1]\nkmh = 100", "c1r0", "car", 1,
        gained="c4r0 c5r0 c3r1 c4r1 c2r2 c0r2"),
    # One block a minute instead of two.
    "congestion": Case(
        "factors = { residential = 2.0 }", "c1r0", "car", 1, lost="c3r0 c2r1 c0r1 c1r2"),
    # The border lies between columns 3 and 4.
    "border": Case(
        'preset = "open"', "c3r0", "walk", 5, gained="c4r0", column="reach_effective"),
    "move_opportunities": Case(
        'opportunity = "jobs"\nfrom = ["c0r1"]\nto = ["c5r3"]\nshare = 1.0',
        "c5r3", "walk", 5, gained="c0r1"),
    # As many as zone c0r1 has.
    "add_opportunities": Case(
        f'opportunity = "jobs"\nzones = ["c5r3"]\namount = {2 ** ZONES.index("c0r1")}',
        "c5r3", "walk", 5, gained="c0r1"),
    # Twice 2^i are 2^i more.
    "scale_opportunities": Case(
        'opportunity = "jobs"\nzones = ["c0r1"]\nfactor = 2', "c0r2", "walk", 5, gained="c0r1"),
    "close_facilities": Case(
        'opportunity = "jobs"\nzones = ["c0r1"]', "c0r2", "walk", 5, lost="c0r1"),
    # 10 minutes become 12.5: three blocks (10.02 minutes) instead of two.
    "telework": Case("days = 1", "c0r1", "walk", 10, gained="c3r1 c2r0 c2r2 c1r3"),
    # 9 instead of 4.5 km/h: two blocks in five minutes.
    "behaviour": Case(
        "speeds_kmh = { walk = 9 }", "c0r1", "walk", 5, gained="c2r1 c1r0 c1r2 c0r3"),
}  # fmt: skip
# In a town of their own, with places to park and to rent.
ELSEWHERE = {
    "park_and_ride": "test_scenario_hubs.py",
    "shared_bikes": "test_scenario_hubs.py",
}
TIMETABLE = list(CASES)[: list(CASES).index("add_link")]


def test_no_type_is_left_out() -> None:
    assert set(CASES) | set(ELSEWHERE) == set(EDIT_TYPES)
    for kind, file in ELSEWHERE.items():
        text = Path(__file__).with_name(file).read_text(encoding="utf-8")
        assert f'type = "{kind}"' in text


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Baseline:
    folder = tmp_path_factory.mktemp("every")
    CITY.write_osm(folder / "city.osm.pbf")
    CITY.write_gtfs(folder / "grid.zip")
    lon, lat = CITY.lonlat(CITY.corners)
    pd.DataFrame(
        {
            "zone_id": ZONES, "lon": lon, "lat": lat, "jobs": 2 ** np.arange(len(ZONES)),
            "country": ["NL" if c < 4 else "DE" for c, _ in CITY.corners],
        }
    ).to_csv(folder / "zones.csv", index=False)  # fmt: skip
    scenarios = ""
    for kind, case in CASES.items():
        head = f'type = "{kind}"\ndate = 2024-05-28\nsource = "a plan"\nnote = "by hand"\n'
        text = f"[[edits]]\n{head}{case.keys}\n"
        (folder / f"{kind}.toml").write_text(text, encoding="utf-8")
        scenarios += f'[[scenarios]]\nname = "{kind}"\nedits = "{kind}.toml"\n'
    (folder / "study.toml").write_text(STUDY + scenarios, encoding="utf-8")
    study = read_study(folder / "study.toml")
    inputs = read_inputs(study, QUIET)
    return full_run(study, inputs, folder / "base")


def full_run(study: Study, inputs: Inputs, folder: Path) -> Baseline:
    """Everything computed from inputs, nothing taken from anywhere."""
    modes = build_modes(study, inputs, workers=1, progress=QUIET)
    store = BlockStore(folder, "run", resume=False)
    return Baseline(
        study, inputs, modes, compute_reach(study, inputs, modes, store, progress=QUIET)
    )


def config_of(base: Baseline, kind: str):
    return next(one for one in base.study.scenarios if one.name == kind)


def ordered(table: pd.DataFrame) -> bytes:
    """Bytes of a table in one order, without the name of its scenario."""
    part = table.drop(columns="scenario")
    keys = [c for c in part.columns if c not in ("value", "loss") and not c.startswith("reach_")]
    out = io.BytesIO()
    part.sort_values(keys, kind="stable").reset_index(drop=True).to_parquet(out, index=False)
    return out.getvalue()


def jobs_of(names: str) -> int:
    return sum(2 ** ZONES.index(name) for name in names.split())


@pytest.mark.parametrize("kind", CASES)
def test_prediction_and_full_run(kind: str, base: Baseline, tmp_path: Path) -> None:
    case, config = CASES[kind], config_of(base, kind)
    (edit,) = config.edits
    assert (edit.type, edit.date, edit.source, edit.note) == (
        kind, "2024-05-28", "a plan", "by hand",
    )  # fmt: skip
    store = BlockStore(tmp_path / "scenario", "run", resume=False)
    found = compute_variant(base, config, config.edits, store, part="", workers=1, progress=QUIET)
    # What it must change, by hand.
    values = []
    for tables in (base.tables, found):
        table = tables.reach if case.column == "value" else tables.border
        assert table is not None
        row = table[
            (table["zone_id"] == case.origin) & (table["mode"] == case.mode)
            & (table["band_min"] == case.band_min) & (table["measure"] == "cumulative")
        ]  # fmt: skip
        assert len(row) == 1
        values.append(int(row[case.column].iloc[0]))
    before, after = values
    assert after - before == jobs_of(case.gained) - jobs_of(case.lost), (
        [z for i, z in enumerate(ZONES) if before >> i & 1],
        [z for i, z in enumerate(ZONES) if after >> i & 1],
    )
    # The same as a full run of the edited inputs, to the byte.
    variant = apply_edits(
        base.study, base.inputs, kind, config.edits, service_date=base.modes.service_date
    )
    inputs = variant.inputs
    if kind in TIMETABLE:
        again = [
            read_feed(write_feed(feed, tmp_path / f"{feed.feed_id}.zip"), feed_id=feed.feed_id)
            for feed in inputs.feeds
        ]
        assert all(feed.faults == () and feed.dropped == () for feed in again)
        inputs = replace(inputs, feeds=tuple(again))
    full = full_run(variant.study, inputs, tmp_path / "full").tables
    for one, other in (
        (found.reach, full.reach),
        (found.unreached, full.unreached),
        (found.border, full.border),
        (found.sectors, full.sectors),
    ):
        assert one is not None
        assert other is not None
        assert ordered(one) == ordered(other)
    # Modes that it cannot touch are not computed.
    if kind in TIMETABLE:
        assert set(found.computed) <= {"transit", "bike+transit"}


def test_edits_of_different_kinds_commute(base: Baseline, tmp_path: Path) -> None:
    kinds = ("speed_up", "close_link", "border", "scale_opportunities", "behaviour", "add_line")
    edits = tuple(config_of(base, kind).edits[0] for kind in kinds)
    results = []
    for number, order in enumerate((edits, edits[::-1], edits[3:] + edits[:3])):
        store = BlockStore(tmp_path / str(number), "run", resume=False)
        found = compute_variant(
            base, config_of(base, "speed_up"), order, store, part="", workers=1, progress=QUIET
        )
        assert found.border is not None
        results.append((ordered(found.reach), ordered(found.border)))
    assert results[0] == results[1] == results[2]
