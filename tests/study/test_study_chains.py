"""Chains of modes in a town whose times can be worked out by hand: see `chain_town`."""

import json
import pickle
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from chain_town import BIKES, CITY, PARKING, STUDY, write_town

from halfcircle.access.best_of import BestOf
from halfcircle.errors import StudyError
from halfcircle.study import Progress, compute_study, read_inputs, read_study, run_study
from halfcircle.study.explain import explain_study
from halfcircle.study.modes.build import Modes, build_modes
from halfcircle.study.reach.compute import study_decay


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_town(tmp_path_factory.mktemp("street"))


def build(town: Path, modes: str, *, reach: str = "", further: str = "") -> Modes:
    text = STUDY.replace("MODES", modes) + reach + "\n" + further
    path = town / "study.toml"
    path.write_text(text, encoding="utf-8")
    study, progress = read_study(path), Progress(quiet=True)
    return build_modes(study, read_inputs(study, progress), workers=1, progress=progress)


def seconds(modes: Modes, mode: str, origin: int, destination: int) -> float:
    return float(modes.sources[mode].times_s(np.array([origin]))[0, 0, destination])


def by_train(ready_s: float, after_s: float) -> float:
    """Ready so long after 07:00 (slack included): the next train at a full ten minutes."""
    return -(-ready_s // 600) * 600 + 300 + after_s


def test_walking_and_own_bicycles(town: Path) -> None:
    modes = build(town, '["walk", "ebike", "transit", "bike+transit", "ebike+transit"]')
    # from z4, at the stop: the train at 07:10 (one minute to get on), 300 s
    assert seconds(modes, "transit", 4, 14) == by_train(60, 0) == 900
    assert seconds(modes, "transit", 4, 15) == by_train(60, 400)
    # a stop one block away is 400 s on foot (the limit is 420), two are too far
    assert seconds(modes, "transit", 3, 14) == by_train(400 + 60, 0)
    assert seconds(modes, "transit", 2, 14) == seconds(modes, "walk", 2, 14) == np.inf
    # by bicycle three blocks are 360 s, four too far; it stays at the station
    assert seconds(modes, "bike+transit", 1, 14) == by_train(360 + 60, 0)
    assert seconds(modes, "bike+transit", 0, 14) == pytest.approx(
        14 * 120, abs=1
    )  # the stop: 480 s
    assert seconds(modes, "bike+transit", 1, 16) == pytest.approx(15 * 120, abs=1)  # 800 s on foot
    assert seconds(modes, "ebike+transit", 0, 14) == by_train(4 * 90 + 60, 0)
    assert seconds(modes, "ebike", 0, 14) == pytest.approx(14 * 90, abs=1)
    assert modes.reasons["transit"][:6].tolist() == ["no_stop_in_reach"] * 3 + [""] * 3
    assert modes.reasons["ebike+transit"][0] == ""


def test_people_walk_farther_to_the_train(town: Path) -> None:
    reach = "access_max_min_by_vehicle = { rail = { walk = 14 } }\n"
    modes = build(town, '["transit"]', reach=reach)
    # two blocks, 800 s: within 14 minutes of the train, not of the bus; the train at 07:20
    assert seconds(modes, "transit", 2, 14) == by_train(800 + 60, 0) == 1500
    assert seconds(modes, "transit", 2, 9) == np.inf
    # the limit holds at the other end, too: two blocks from the train, of the bus still one
    assert seconds(modes, "transit", 4, 16) == by_train(60, 800)
    assert seconds(modes, "transit", 4, 11) == np.inf
    assert seconds(modes, "transit", 4, 10) == 240 + 600 + 400
    shorter = reach + "egress_max_min_by_vehicle = { rail = { walk = 1 } }\n"
    modes = build(town, '["transit"]', reach=shorter)
    # the train lets nobody off who has to walk farther than a minute; the bus leaves at 07:04
    assert seconds(modes, "transit", 4, 15) == 240 + 1200 + 400
    assert seconds(modes, "transit", 4, 14) == 900
    assert seconds(modes, "transit", 2, 14) == 1500
    general = "egress_max_min = { walk = 1 }\n"
    modes = build(town, '["transit"]', reach=general)
    assert seconds(modes, "transit", 4, 15) == np.inf


def test_park_and_ride(town: Path) -> None:
    modes = build(town, '["transit", "car+transit", "car"]', further=PARKING)
    drive_s = seconds(modes, "car", 0, 3)
    assert 115 < drive_s < 130
    # from z0: 2 minutes to P+R West, 3 to park, 400 s on foot; the next place is as fast: less to
    # walk and one block more to drive
    to_stop = min(drive_s + 180 + 400, seconds(modes, "car", 0, 4) + 180)
    assert seconds(modes, "car+transit", 0, 14) == by_train(np.ceil(to_stop) + 60, 0)
    # nobody drives all the way
    assert seconds(modes, "car+transit", 0, 12) == np.inf
    assert np.isfinite(seconds(modes, "car", 0, 12))
    # public transport on foot is still there
    every = np.arange(21)
    both = {m: modes.sources[m].times_s(every) for m in ("transit", "car+transit")}
    assert (both["car+transit"] <= both["transit"]).all()
    assert modes.reasons["car+transit"][0] == ""


def test_parking_minutes_of_each_place_and_a_limit_by_vehicle(town: Path) -> None:
    own = PARKING + 'parking_min = "minutes"\n'
    modes = build(town, '["car", "car+transit"]', further=own)
    drive_s = seconds(modes, "car", 0, 3)
    # one minute at P+R West and 400 s on foot, five at the station
    to_stop = min(drive_s + 60 + 400, seconds(modes, "car", 0, 4) + 300)
    assert seconds(modes, "car+transit", 0, 14) == by_train(np.ceil(to_stop) + 60, 0)
    less = "access_max_min_by_vehicle = { rail = { car = 0.1 } }\n"
    modes = build(town, '["car", "car+transit"]', reach=less, further=own)
    # too far for the train, not for the bus
    assert seconds(modes, "car+transit", 0, 14) == 840 + 1200


def test_kiss_and_ride_is_to_trains(town: Path) -> None:
    modes = build(town, '["car", "car_passenger+transit"]')
    drive_s = seconds(modes, "car", 0, 4)
    to_stop = np.ceil(drive_s + 60)
    assert seconds(modes, "car_passenger+transit", 0, 14) == by_train(to_stop + 60, 0)
    assert seconds(modes, "car_passenger+transit", 0, 9) == np.inf  # only the bus calls there
    buses = '[kiss_and_ride]\nvehicles = ["bus"]\ndropoff_s = 0\n'
    modes = build(town, '["car_passenger+transit"]', further=buses)
    assert seconds(modes, "car_passenger+transit", 0, 9) == 240 + 600
    none = '[kiss_and_ride]\nvehicles = ["ferry"]\n'
    modes = build(town, '["car_passenger+transit"]', further=none)
    assert any("nobody is driven to a stop" in notice.what for notice in modes.notices)


def test_shared_bicycles_at_the_end(town: Path) -> None:
    modes = build(town, '["transit", "transit+bike", "bike+transit+bike"]', further=BIKES)
    # two minutes to rent, four blocks of 120 s are eight minutes, five are too far
    assert seconds(modes, "transit+bike", 4, 18) == by_train(60, 120 + 480)
    assert seconds(modes, "transit+bike", 4, 19) == np.inf
    # one block: walking (400 s) is slower than renting (240 s)
    assert seconds(modes, "transit+bike", 4, 15) == by_train(60, 240)
    assert seconds(modes, "bike+transit+bike", 1, 18) == by_train(360 + 60, 600)
    every = np.arange(21)
    less = modes.sources["transit+bike"].times_s(every) <= modes.sources["transit"].times_s(every)
    assert less.all()
    faster = BIKES + "kmh = 30\n"
    modes = build(town, '["transit+bike"]', further=faster)
    assert seconds(modes, "transit+bike", 4, 20) == by_train(60, 120 + 360)
    farther = "egress_max_min_by_vehicle = { rail = { bike = 12 } }\n"
    modes = build(town, '["transit+bike"]', reach=farther, further=BIKES)
    assert seconds(modes, "transit+bike", 4, 19) == by_train(60, 120 + 600)


def test_bicycles_that_are_brought_back(town: Path) -> None:
    lon, lat = CITY.lonlat([(14, 0), (17, 0)])
    pd.DataFrame({"lon": lon, "lat": lat}).to_csv(town / "docks.csv", index=False)
    docks = BIKES.replace("bikes.csv", "docks.csv") + 'return = "place"\nreturn_min = 0.5\n'
    modes = build(town, '["transit+bike"]', further=docks)
    # rent 120 s, three blocks 360 s, return 30 s
    assert seconds(modes, "transit+bike", 4, 17) == by_train(60, 120 + 360 + 30)
    # and on from there on foot within eight minutes of riding, returning and walking: too far
    assert seconds(modes, "transit+bike", 4, 18) == np.inf
    modes = build(town, '["transit+bike"]', further=docks.replace("max_min = 8", "max_min = 15"))
    assert seconds(modes, "transit+bike", 4, 18) == by_train(60, 120 + 360 + 30 + 400)


def test_without_streets(town: Path) -> None:
    text = STUDY.replace('[streets]\nosm = ["city.osm.pbf"]\n', "")
    path = town / "straight.toml"
    modes = '["transit", "bike+transit", "ebike+transit+bike"]'
    path.write_text(text.replace("MODES", modes) + BIKES, encoding="utf-8")
    study, progress = read_study(path), Progress(quiet=True)
    built = build_modes(study, read_inputs(study, progress), workers=1, progress=progress)
    # two blocks times 1.3 at 15 km/h
    assert seconds(built, "bike+transit", 2, 14) == by_train(312 + 60, 0)
    assert np.isfinite(seconds(built, "ebike+transit+bike", 2, 17))
    path.write_text(text.replace("MODES", '["car+transit", "ebike"]'), encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    told = str(caught.value)
    assert "[reach] modes: needs the table [streets]: 'car+transit'" in told
    assert "needs the table [park_and_ride]: 'car+transit' - add [park_and_ride] with path" in told
    assert "needs the table [streets]: 'ebike'" in told


def test_the_journey_names_the_place(town: Path) -> None:
    build(town, '["car+transit+bike"]', further=PARKING + BIKES)
    path = town / "study.toml"
    text = explain_study(path, "z0", "z17", "07:00")
    assert "Corner 4-0 (grid:S4-0): access, by car, parked at p4" in text.replace("@rail", "")
    assert "destination: egress, by bicycle, rented at b14" in text
    legs = json.loads(explain_study(path, "z0", "z17", "07:00", as_json=True))["features"]
    assert [leg["properties"].get("via") for leg in legs] == ["p4", None, "b14"]
    assert legs[0]["properties"]["by"] == "car"
    assert len(legs[0]["geometry"]["coordinates"]) == 3


def test_the_journey_without_a_ride(town: Path) -> None:
    build(town, '["transit", "bike+transit"]')
    path = town / "study.toml"
    assert "destination: direct, on foot" in explain_study(path, "z0", "z1", "07:00")
    by_bike = explain_study(path, "z0", "z1", "07:00", mode="bike+transit")
    assert "destination: direct, by bicycle" in by_bike


def test_congestion_slows_the_way_to_the_station(town: Path, tmp_path: Path) -> None:
    scenario = (
        '[[scenarios]]\nname = "jam"\nedits = [ { type = "congestion", '
        "factors = { residential = 2.0 } } ]\n"
    )
    build(town, '["transit", "car+transit"]', further=PARKING + scenario)
    found = compute_study(
        read_study(town / "study.toml"), tmp_path, workers=1, progress=Progress(quiet=True)
    )
    differences = found.result.scenarios
    assert differences is not None
    lost = differences.set_index(["mode", "zone_id", "band_min"])["delta"]
    # three minutes are two blocks now: z0, four blocks away, walks
    assert lost["car+transit", "z0", 30] < 0
    assert (lost["transit"] == 0).all()
    assert (lost.dropna() <= 0).all()
    places = found.result.further["park_and_ride"].set_index(["scenario", "place_id"])
    reach = places["people_in_reach"]
    assert reach["baseline", "p3"] == sum(range(1, 9))
    assert reach["jam", "p3"] == sum(range(2, 7))


def test_a_run_with_everything(town: Path, tmp_path: Path) -> None:
    every = '["walk", "car", "transit", "bike+transit", "car+transit", "transit+bike"]'
    best = 'best_of = { green = ["walk", "transit"], any = ["walk", "car", "transit+bike"] }\n'
    build(town, every, reach=best, further=PARKING + BIKES)
    run_study(town / "study.toml", out=tmp_path, workers=1)
    reach = pd.read_parquet(tmp_path / "reach.parquet")
    values = reach.pivot_table(index=["zone_id", "band_min"], columns="mode", values="value")
    # 2 ** 0 ... 2 ** 20: any sum tells which zones; the fastest reaches what one of them does
    for name, members in (("green", ["walk", "transit"]), ("any", ["walk", "car", "transit+bike"])):
        union = np.zeros(len(values), dtype=np.int64)
        for mode in members:
            union |= values[mode].to_numpy().astype(np.int64)
        assert values[name].to_numpy().astype(np.int64).tolist() == union.tolist()
    won = pd.read_parquet(tmp_path / "winning_mode.parquet")
    assert set(won["set"]) == {"green", "any"}
    keys = ["zone_id", "set", "band_min"]
    assert np.allclose(won.groupby(keys)["value"].sum(), 1.0)
    assert (won.groupby(keys)["most"].sum() == 1).all()
    largest = won.loc[won.groupby(keys)["value"].idxmax()]
    assert (largest["most"] == 1).all()
    places = pd.read_csv(tmp_path / "park_and_ride.csv")
    assert places["name"].tolist() == ["P+R West", "p4"]
    assert places["capacity"].tolist()[0] == 50
    assert places["capacity"].isna().tolist() == [False, True]
    # three minutes are four blocks and a bit: z0 to z7 reach the first, z0 to z8 the second
    assert places["people_in_reach"].tolist() == [sum(range(1, 9)), sum(range(1, 10))]
    report = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "park and ride" in report.lower()
    assert (tmp_path / "data_dictionary.csv").read_text(encoding="utf-8-sig").count(
        "winning_"
    ) == 10


def test_resumed_blocks_threads_and_draws_give_the_same(
    town: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reach = 'best_of = ["walk", "transit", "car+transit"]\n'
    path = town / "study.toml"
    build(town, '["walk", "transit", "car+transit"]', reach=reach, further=PARKING)
    whole = compute_study(
        read_study(path), tmp_path / "a", workers=1, progress=Progress(quiet=True)
    )
    monkeypatch.setattr("halfcircle.study.reach.compute.BLOCK_CELLS", 21 * 16)
    first = compute_study(
        read_study(path), tmp_path / "b", workers=2, progress=Progress(quiet=True)
    )
    # the blocks are there still: nothing is computed again
    monkeypatch.setattr(BestOf, "best", None)
    again = compute_study(
        read_study(path), tmp_path / "b", workers=2, progress=Progress(quiet=True)
    )
    for name in ("reach", "winning_mode", "unreached"):
        for other in (first, again):
            one, two = whole.result.tables[name], other.result.tables[name]
            pd.testing.assert_frame_equal(one, two, check_exact=True)


def test_draws_of_headways(town: Path, tmp_path: Path) -> None:
    """Nothing is drawn where every departure is known: the mean over draws is each of them."""
    reach = 'best_of = ["walk", "transit"]\n'
    build(town, '["walk", "transit"]', reach=reach)
    path = town / "study.toml"
    one = compute_study(read_study(path), tmp_path / "a", workers=1, progress=Progress(quiet=True))
    text = path.read_text(encoding="utf-8").replace("[reach]", "frequency_draws = 2\n\n[reach]")
    path.write_text(text, encoding="utf-8")
    two = compute_study(read_study(path), tmp_path / "b", workers=1, progress=Progress(quiet=True))
    pd.testing.assert_frame_equal(
        one.result.tables["winning_mode"], two.result.tables["winning_mode"]
    )
    reach_table = two.result.reach
    best = reach_table[reach_table["mode"] == "best"]
    assert set(best["measure"]) == {"cumulative", "cumulative_sd"}
    assert (best[best["measure"] == "cumulative_sd"]["value"] == 0).all()


def test_a_set_alone_and_its_decay(town: Path) -> None:
    reach = 'decay = "pbl"\nbest_of = { transit_or_walk = ["walk", "transit"] }\n'
    build(town, '["walk", "transit"]', reach=reach)
    study, progress = read_study(town / "study.toml"), Progress(quiet=True)
    inputs = read_inputs(study, progress)
    only = ["transit_or_walk"]
    built = build_modes(study, inputs, workers=1, progress=progress, only=only)
    assert np.isfinite(seconds(built, "transit_or_walk", 4, 14))
    assert study.reach is not None
    assert study_decay(study.reach, "transit_or_walk") is None
    assert study_decay(study.reach, "transit") is not None


def test_sources_can_be_sent_to_another_process(town: Path) -> None:
    modes = build(
        town,
        '["walk", "ebike+transit", "car+transit+bike"]',
        reach='best_of = ["walk", "ebike+transit", "car+transit+bike"]\n',
        further=PARKING + BIKES,
    )
    for source in modes.sources.values():
        there = pickle.loads(pickle.dumps(source))
        block = np.arange(0, 21, 5)
        np.testing.assert_array_equal(there.times_s(block), source.times_s(block))
