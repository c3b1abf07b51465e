"""The first real study: streets, timetable and jobs of a whole city."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from real_data import data_path

from halfcircle.access.measures import Weights, cumulative_block
from halfcircle.study import Progress, read_inputs, read_study, run_study
from halfcircle.study.modes.build import build_modes

pytestmark = pytest.mark.real_data
BANDS = [15.0, 30.0, 45.0, 60.0, 90.0]


def write_study(folder: Path) -> Path:
    here = Path(__file__).with_name("porto_alegre.py")
    spec = importlib.util.spec_from_file_location("porto_alegre", here)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.write_study(folder, data_path("porto_alegre/poa_osm.pbf").parent)


@pytest.fixture(scope="module")
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("poa")
    run_study(write_study(folder))
    return folder / "out"


def test_every_zone_mode_band_and_percentile_has_a_row(out: Path) -> None:
    reach = pd.read_parquet(out / "reach.parquet")
    # 1,227 zones x 4 opportunities x 5 bands x (3 modes x 1 percentile + transit x 3).
    street = reach[reach["mode"] != "transit"]
    transit = reach[reach["mode"] == "transit"]
    assert sorted(set(transit["percentile"])) == [25, 50, 75]
    assert len(transit) == 1227 * 4 * 5 * 3
    assert len(street) == 1227 * 4 * 5 * 3
    assert set(reach["band_min"]) == set(BANDS)


def test_unknown_is_missing_and_has_a_reason(out: Path) -> None:
    reach = pd.read_parquet(out / "reach.parquet")
    unreached = pd.read_parquet(out / "unreached.parquet")
    missing = reach[reach["value"].isna()].groupby("mode")["zone_id"].nunique()
    for mode in ("walk", "bike", "car", "transit"):
        rows = unreached[unreached["mode"] == mode]
        off = rows[rows["reason"].isin(["not_snapped", "island"])]
        assert missing.get(mode, 0) == off["zone_id"].nunique() < 20
    # Hexagons in the lake and on the hills have no stop near.
    assert (unreached["reason"] == "no_stop_in_reach").sum() < 60


def test_bands_percentiles_and_modes_are_in_order(out: Path) -> None:
    reach = pd.read_parquet(out / "reach.parquet")
    jobs = reach[(reach["opportunity"] == "jobs") & reach["value"].notna()]
    total = pd.read_csv(data_path("porto_alegre/poa_hexgrid.csv"))["jobs"].sum()
    assert 0.9 * total < jobs["value"].max() <= total
    by_band = jobs.pivot_table(
        index=["zone_id", "mode", "percentile"], columns="band_min", values="value"
    )
    assert (np.diff(by_band.to_numpy(), axis=1) >= 0).all()
    transit = jobs[jobs["mode"] == "transit"].pivot_table(
        index=["zone_id", "band_min"], columns="percentile", values="value"
    )
    assert (np.diff(transit.to_numpy(), axis=1) <= 0).all()  # slower percentile, less reach
    both = jobs[jobs["percentile"] == 50].pivot_table(
        index=["zone_id", "band_min"], columns="mode", values="value"
    )
    both = both.dropna()
    # A walk is rounded up to whole seconds in the search of timetables.
    assert (both["transit"] >= 0.97 * both["walk"]).all()
    assert both["transit"].mean() > 1.3 * both["walk"].mean()
    assert both["car"].mean() > both["bike"].mean() > both["walk"].mean()


def test_reach_is_what_the_travel_times_say(out: Path, tmp_path: Path) -> None:
    study = read_study(write_study(tmp_path))
    progress = Progress(quiet=True)
    inputs = read_inputs(study, progress)
    modes = build_modes(study, inputs, workers=2, progress=progress)
    weights = Weights(inputs.opportunities)
    origins = np.random.default_rng(1).choice(1227, 60, replace=False)
    cutoffs_s = np.array(BANDS, dtype=np.float32) * 60
    reach = pd.read_parquet(out / "reach.parquet")
    for mode, source in modes.sources.items():
        times_s = source.times_s(origins)
        by_definition = np.stack(
            [(times_s <= cutoff) @ weights.matrix for cutoff in cutoffs_s], axis=2
        )
        found = cumulative_block(source, origins, weights.matrix, cutoffs_s)
        np.testing.assert_array_equal(found, by_definition)
        known = modes.reasons[mode][origins] == ""
        table = reach[(reach["mode"] == mode) & (reach["opportunity"] == "jobs")]
        table = table.set_index(["zone_id", "percentile", "band_min"])["value"].sort_index()
        for k in np.flatnonzero(known)[:10]:
            zone = inputs.zones.zone_id[origins[k]]
            for p, percentile in enumerate(source.percentiles):
                assert table[zone, percentile].tolist() == found[k, p, :, 0].tolist()
