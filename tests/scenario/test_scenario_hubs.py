"""Parking places and shared bicycles in scenarios: predicted effects, faults, and the full run."""

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chain_town import BIKES, CITY, PARKING, STUDY, write_town
from pandas.testing import assert_frame_equal

from halfcircle.errors import ScenarioError
from halfcircle.study import Progress, compute_study, read_study
from halfcircle.study.blocks.store import BlockStore
from halfcircle.study.inputs.read import read_inputs
from halfcircle.study.modes.build import build_modes
from halfcircle.study.reach.compute import compute_reach
from halfcircle.study.run import Computed
from halfcircle.study.scenarios.apply import apply_edits
from halfcircle.study.scenarios.run import check_scenarios
from halfcircle.study.scenarios.scenario import Baseline, compute_variant

MODES = '["walk", "transit", "car+transit", "transit+bike"]'
BEST = 'best_of = ["walk", "car+transit"]\n'


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("street"))


def study_with(
    town: Path, edits: str, *, parking: str = PARKING, bikes: str = BIKES, modes: str = MODES
) -> Path:
    """Study file with one scenario `v`."""
    best = BEST if "car+transit" in modes and "walk" in modes else ""
    path = town / "scenario.toml"
    scenario = f'[[scenarios]]\nname = "v"\nedits = [ {edits} ]\n' if edits else ""
    path.write_text(
        STUDY.replace("MODES", modes) + best + parking + bikes + scenario, encoding="utf-8"
    )
    return path


def computed(path: Path, out: Path) -> Computed:
    found = compute_study(read_study(path), out, workers=1, progress=Progress(quiet=True))
    found.store.close()
    return found


def rows(table: pd.DataFrame | None, scenario: str) -> pd.DataFrame:
    assert table is not None
    part = table[table["scenario"] == scenario].drop(columns="scenario")
    keys = [c for c in part.columns if c not in ("value", "most")]
    return part.sort_values(keys, kind="stable").reset_index(drop=True)


def reached(found: Computed, scenario: str, mode: str, zone: str, band: float) -> set[int]:
    """Zones within reach: jobs are powers of two."""
    table = found.result.reach
    row = table[
        (table["scenario"] == scenario)
        & (table["mode"] == mode)
        & (table["zone_id"] == zone)
        & (table["band_min"] == band)
    ]
    (total,) = row["value"]
    return {i for i in range(21) if int(total) >> i & 1}


def lonlat(corner: int) -> str:
    lon, lat = CITY.lonlat([(corner, 0)])
    return f"lon = {lon[0]:.7f}, lat = {lat[0]:.7f}"


def test_a_parking_place_more(town: Path, tmp_path: Path) -> None:
    """At the far end of the train."""
    edit = f'type = "park_and_ride", add = [ {{ name = "East", {lonlat(14)}, capacity = 9 }} ]'
    found = computed(study_with(town, f"{{ {edit} }}"), tmp_path)
    differences = found.result.scenarios
    assert differences is not None
    # the train ends there: nobody gets farther, but the place is there to be used
    assert (differences["delta"].dropna() == 0).all()
    sheet = found.result.further["park_and_ride"]
    assert sheet["scenario"].tolist() == ["baseline"] * 2 + ["v"] * 3
    assert sheet["name"].tolist() == ["P+R West", "p4", "P+R West", "p4", "East"]
    assert sheet["capacity"].tolist()[-1] == 9
    # three minutes by car are four blocks: z10 ... z18
    assert sheet["people_in_reach"].tolist()[-1] == sum(range(11, 20))


@pytest.mark.parametrize(
    ("edit", "parking"),
    [
        ('type = "park_and_ride", remove = ["P+R West", "p4"], add = [ADD]', "other"),
        ('type = "park_and_ride", change = [ { place = "p4", parking_min = 9 } ]', "slower"),
    ],
)
def test_a_scenario_equals_a_run_with_its_table(
    town: Path, tmp_path: Path, edit: str, parking: str
) -> None:
    lon, lat = CITY.lonlat([(c, 0) for c in range(21)])
    table = pd.DataFrame({"id": ["p3", "p4"], "name": ["P+R West", "p4"], "lon": lon[3:5],
                          "lat": lat[3:5], "places": 1.0, "minutes": [3.0, 9.0]})  # fmt: skip
    if parking == "other":
        table = pd.DataFrame({"id": ["New"], "name": ["New"], "lon": lon[2:3], "lat": lat[2:3],
                              "places": 1.0, "minutes": 3.0})  # fmt: skip
    table.to_csv(town / "other.csv", index=False)
    edit = edit.replace("ADD", f'{{ name = "New", {lonlat(2)} }}')
    found = computed(study_with(town, f"{{ {edit} }}"), tmp_path / "v")
    own = PARKING.replace("parking.csv", "other.csv") + 'parking_min = "minutes"\n'
    full = computed(study_with(town, "", parking=own), tmp_path / "full")
    for name in ("reach", "winning_mode"):
        one, other = (rows(r.result.tables[name], s) for r, s in ((found, "v"), (full, "baseline")))
        assert_frame_equal(one, other, check_exact=True)
    changed = (
        rows(found.result.reach, "v")["value"] != rows(found.result.reach, "baseline")["value"]
    )
    assert changed.any()


def test_only_what_is_touched_is_computed(town: Path, tmp_path: Path) -> None:
    slower = 'type = "park_and_ride", change = [ { place = "p4", parking_min = 9 } ]'
    study = read_study(study_with(town, f"{{ {slower} }}"))
    progress = Progress(quiet=True)
    inputs = read_inputs(study, progress)
    modes = build_modes(study, inputs, workers=1, progress=progress)
    store = BlockStore(tmp_path, "key", resume=False)
    tables = compute_reach(study, inputs, modes, store, progress=progress)
    config = study.scenarios[0]
    variant = compute_variant(
        Baseline(study, inputs, modes, tables), config, config.edits, store, part="s",
        workers=1, progress=progress,
    )  # fmt: skip
    # z0 ... z8 can drive to the place; the others, and the other modes, stay as they are
    assert set(variant.computed) == {"car+transit", "best"}
    assert variant.computed["car+transit"] == variant.computed["best"] <= 9
    assert variant.modes.timetables[0][0] is modes.timetables[0][0]
    assert variant.modes.sources["transit+bike"] is modes.sources["transit+bike"]


def test_capacity_alone_touches_no_time(town: Path, tmp_path: Path) -> None:
    edit = '{ type = "park_and_ride", change = [ { place = "P+R West", capacity = 70 } ] }'
    found = computed(study_with(town, edit), tmp_path)
    differences = found.result.scenarios
    assert differences is not None
    assert (differences["delta"].dropna() == 0).all()
    sheet = found.result.further["park_and_ride"]
    assert sheet.set_index("scenario").loc["v", "capacity"].tolist()[0] == 70


def test_shared_bicycles_by_hand(town: Path, tmp_path: Path) -> None:
    add = f'add = [ {{ name = "Halfway", {lonlat(9)}, rental_min = 1 }} ]'
    edits = f'{{ type = "shared_bikes", {add} }}'
    study, progress = read_study(study_with(town, edits)), Progress(quiet=True)
    inputs = read_inputs(study, progress)
    variant = apply_edits(study, inputs, "v", study.scenarios[0].edits)
    seconds = [
        build_modes(study, read, workers=1, progress=progress, only=["transit+bike"])
        .sources["transit+bike"]
        .times_s(np.array([4]))[0, 0, 11]
        for read in (inputs, variant.inputs)
    ]
    # to corner 11 by train until 900, two minutes to rent, three blocks back of 120 s; or by bus
    # until 840, a minute to rent, two blocks
    assert seconds == [900 + 120 + 360, 840 + 60 + 240]
    faster = computed(
        study_with(town, '{ type = "shared_bikes", kmh = 30, max_min = 6 }'), tmp_path / "b"
    )
    # train until 900, 120 s to rent, six blocks of 60 s
    assert 20 not in reached(faster, "baseline", "transit+bike", "z4", 30)
    assert 20 in reached(faster, "v", "transit+bike", "z4", 30)
    full = computed(
        study_with(town, "", bikes=BIKES.replace("max_min = 8", "max_min = 6") + "kmh = 30\n"),
        tmp_path / "full",
    )
    assert_frame_equal(
        rows(faster.result.reach, "v"), rows(full.result.reach, "baseline"), check_exact=True
    )


FAULTS = {
    '{ type = "park_and_ride", remove = ["P+R Wset"] }': (
        "remove: there is no such place: 'P+R Wset' - did you mean 'P+R West'?"
    ),
    '{ type = "park_and_ride", change = [ { place = "p3", parking_min = 3 } ] }': (
        "the edit changes nothing: 'park_and_ride 1'"
    ),
    '{ type = "shared_bikes", kmh = 15 }': "the edit changes nothing: 'shared_bikes 1'",
    '{ type = "park_and_ride", add = [ { name = "p3", lon = 6, lat = 51 } ] }': (
        "add: there is a place with this identifier: 'p3' - give it another id"
    ),
    '{ type = "park_and_ride", parking_min = 4 }, { type = "park_and_ride", parking_min = 5 }': (
        "is in conflict with edit 'park_and_ride 1': both settle the minutes at all parking places"
    ),
}


@pytest.mark.parametrize("edits", FAULTS)
def test_faults(town: Path, edits: str) -> None:
    study = read_study(study_with(town, edits))
    inputs = read_inputs(study, Progress(quiet=True))
    with pytest.raises(ScenarioError) as caught:
        check_scenarios(study, inputs)
    assert FAULTS[edits] in str(caught.value)


def test_edits_that_no_mode_uses(town: Path) -> None:
    edits = '{ type = "park_and_ride", parking_min = 4 }, { type = "shared_bikes", kmh = 20 }'
    study = read_study(study_with(town, edits, bikes="", modes='["transit"]'))
    inputs = read_inputs(study, Progress(quiet=True))
    with pytest.raises(ScenarioError) as caught:
        apply_edits(study, inputs, "v", study.scenarios[0].edits)
    told = str(caught.value)
    assert "edits parking places, but no mode of the study uses them - add 'car+transit'" in told
    assert "edits shared bicycles, but the study has no [shared_bikes]" in told


def test_one_edit_names_what_another_adds(town: Path) -> None:
    add = f'{{ type = "park_and_ride", name = "a", add = [ {{ name = "New", {lonlat(2)} }} ] }}'
    change = '{ type = "park_and_ride", name = "b", change = [ { place = "New", capacity = 5 } ] }'
    study = read_study(study_with(town, f"{add}, {change}"))
    inputs = read_inputs(study, Progress(quiet=True))
    variant = apply_edits(study, inputs, "v", study.scenarios[0].edits)
    assert variant.inputs.parking is not None
    assert variant.inputs.parking.capacity.tolist()[-1] == 5
    assert variant.inputs.parking.handling_s.tolist()[-1] == 180
    assert inputs.parking is not None
    assert len(inputs.parking) == 2


def test_another_place_never_lowers_reach(town: Path, tmp_path: Path) -> None:
    rng = np.random.default_rng(4)
    added = ", ".join(
        f'{{ name = "n{k}", {lonlat(int(c))} }}' for k, c in enumerate(rng.integers(0, 21, 4))
    )
    edits = (
        f'{{ type = "park_and_ride", add = [ {added} ] }}, '
        f'{{ type = "shared_bikes", add = [ {added} ] }}'
    )
    found = computed(study_with(town, edits), tmp_path)
    one, other = (rows(found.result.reach, s)["value"] for s in ("baseline", "v"))
    assert (other >= one).all()
    assert (other > one).any()
