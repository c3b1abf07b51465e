"""A run end to end on the demo region: files, resuming, threads, and the same bytes."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from halfcircle.demo import write_demo
from halfcircle.errors import HalfcircleError, OutputError, StudyError
from halfcircle.study import Progress, run_study
from halfcircle.study.reach.compute import _Job

CONTRACT = {
    "reach.parquet": [
        "zone_id", "scenario", "mode", "opportunity", "group", "band_min", "percentile",
        "measure", "value",
    ],
    "unreached.parquet": ["zone_id", "scenario", "mode", "reason"],
    "border.parquet": [
        "zone_id", "scenario", "mode", "opportunity", "group", "band_min", "measure",
        "reach_domestic", "reach_open", "reach_effective", "loss",
    ],
    "sectors.parquet": [
        "zone_id", "scenario", "mode", "opportunity", "group", "band_min", "measure", "sector",
        "reach_domestic", "reach_open",
    ],
}  # fmt: skip


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_demo(tmp_path_factory.mktemp("demo"))


@pytest.fixture(scope="module")
def finished(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("finished")
    run_study(demo, out=out, workers=1)
    return out


def digests(folder: Path) -> dict[str, str]:
    """Hash of every file but the one that holds durations."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.name != "timings.json"
    }


def test_a_run_leaves_behind_what_the_contract_says(finished: Path) -> None:
    for name, columns in CONTRACT.items():
        table = pd.read_parquet(finished / name)
        assert list(table.columns) == columns
        assert len(table) > 0
    for name in ("manifest.json", "study.gpkg", "report.html", "maps/reach.html"):
        assert (finished / name).stat().st_size > 0
    assert not (finished / ".blocks").exists()
    manifest = json.loads((finished / "manifest.json").read_text(encoding="utf-8"))
    hashes = [source["sha256"] for source in manifest["inputs"]]
    assert len(hashes) >= 5
    assert all(len(digest) == 64 for digest in hashes)


def test_reach_fits_the_zones(finished: Path, demo: Path) -> None:
    import geopandas as gpd

    zones = gpd.read_file(demo.parent / "zones.gpkg")
    reach = pd.read_parquet(finished / "reach.parquet")
    assert set(reach["zone_id"]) == set(zones["zone_id"])
    jobs = reach[(reach["opportunity"] == "jobs") & (reach["group"] == "low")]
    assert jobs["value"].max() <= zones["jobs_low"].sum()
    # A wider band never lowers reach, whatever the mode.
    wide = jobs.pivot_table(index=["zone_id", "mode"], columns="band_min", values="value")
    assert (np.diff(wide.to_numpy(), axis=1) >= 0).all()
    # Public transport includes walking all the way.
    by_mode = jobs.pivot_table(index=["zone_id", "band_min"], columns="mode", values="value")
    assert (by_mode["transit"] >= by_mode["walk"]).all()


def test_border_and_reach_agree(finished: Path) -> None:
    reach = pd.read_parquet(finished / "reach.parquet")
    border = pd.read_parquet(finished / "border.parquet")
    keys = ["zone_id", "mode", "opportunity", "group", "band_min"]
    both = border.merge(reach[reach["percentile"] == 50], on=keys)
    assert len(both) == len(border)
    np.testing.assert_array_equal(both["reach_open"], both["value"])
    assert (border["reach_domestic"] <= border["reach_effective"] + 1e-9).all()
    assert (border["reach_effective"] <= border["reach_open"] + 1e-9).all()
    known = border["reach_open"] > 0
    np.testing.assert_allclose(
        border.loc[known, "loss"],
        1 - border.loc[known, "reach_domestic"] / border.loc[known, "reach_open"],
        atol=1e-12,
    )
    sectors = pd.read_parquet(finished / "sectors.parquet")
    summed = sectors.groupby(keys)[["reach_domestic", "reach_open"]].sum().reset_index()
    both = border.merge(summed, on=keys, suffixes=("", "_sectors"))
    np.testing.assert_allclose(both["reach_open"], both["reach_open_sectors"], rtol=1e-9)


def test_the_same_bytes_whatever_the_number_of_threads(
    finished: Path, demo: Path, tmp_path: Path
) -> None:
    run_study(demo, out=tmp_path, workers=3)
    assert digests(tmp_path) == digests(finished)


def test_a_killed_run_goes_on_and_ends_with_the_same_bytes(
    finished: Path, demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("halfcircle.study.reach.compute.BLOCK_CELLS", 353 * 64)
    computed = []
    honest = _Job.tables

    def dies(self, block):
        computed.append((self.source.mode, int(block[0])))
        if len(computed) == 9:
            raise KeyboardInterrupt
        return honest(self, block)

    monkeypatch.setattr(_Job, "tables", dies)
    with pytest.raises(KeyboardInterrupt):
        run_study(demo, out=tmp_path)
    assert (tmp_path / ".blocks").is_dir()
    assert not (tmp_path / "reach.parquet").exists()
    first, computed[:] = computed[:8], []
    # One finished block is damaged meanwhile: it is computed again, the others are not.
    broken = next((tmp_path / ".blocks").rglob(f"{first[0][0]}-00000000-64-reach.parquet"))
    broken.write_bytes(broken.read_bytes()[:100])

    def counts(self, block):
        computed.append((self.source.mode, int(block[0])))
        return honest(self, block)

    monkeypatch.setattr(_Job, "tables", counts)
    run_study(demo, out=tmp_path)
    assert computed[0] == first[0]
    assert not set(first[1:]) & set(computed)
    assert digests(tmp_path) == digests(finished)


def test_no_resume_computes_everything_again(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    honest = _Job.tables
    monkeypatch.setattr("halfcircle.study.run.write_outputs", lambda *_, **__: [])
    monkeypatch.setattr("halfcircle.study.blocks.store.BlockStore.close", lambda _: None)
    run_study(demo, out=tmp_path)
    computed = []

    def counts(self, block):
        computed.append(self.source.mode)
        return honest(self, block)

    monkeypatch.setattr(_Job, "tables", counts)
    run_study(demo, out=tmp_path)
    assert computed == []
    run_study(demo, out=tmp_path, resume=False)
    assert len(computed) >= 4


def test_inputs_that_changed_are_not_resumed(
    demo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    study = Path(shutil.copytree(demo.parent, tmp_path / "study")) / demo.name
    honest = _Job.tables
    monkeypatch.setattr("halfcircle.study.run.write_outputs", lambda *_, **__: [])
    monkeypatch.setattr("halfcircle.study.blocks.store.BlockStore.close", lambda _: None)
    run_study(study, out=tmp_path / "out")
    text = study.read_text(encoding="utf-8").replace("max_rides = 4", "max_rides = 2")
    study.write_text(text, encoding="utf-8")
    computed = []

    def counts(self, block):
        computed.append(self.source.mode)
        return honest(self, block)

    monkeypatch.setattr(_Job, "tables", counts)
    run_study(study, out=tmp_path / "out")
    assert len(computed) >= 4
    assert len(list((tmp_path / "out" / ".blocks").iterdir())) == 1


def edited(demo: Path, tmp_path: Path, *changes: tuple[str, str]) -> Path:
    """A copy of the demo study with text replaced."""
    study = Path(shutil.copytree(demo.parent, tmp_path / "study")) / demo.name
    text = study.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text
        text = text.replace(old, new)
    study.write_text(text, encoding="utf-8")
    return study


def fault_of(study: Path) -> str:
    with pytest.raises(HalfcircleError) as caught:
        run_study(study)
    return str(caught.value)


def test_faults_of_all_inputs_are_told_together(demo: Path, tmp_path: Path) -> None:
    study = edited(
        demo,
        tmp_path,
        ('country = "country"', 'country = "land"'),
        ('osm = ["region.osm.pbf"]', 'osm = ["regon.osm.pbf"]'),
        ('path = "halelijn.gtfs.zip"', 'path = "halelijn.zip"'),
    )
    text = fault_of(study)
    assert "zones.gpkg has no column: 'land'" in text
    assert "regon.osm.pbf" in text
    assert "halelijn.zip" in text


def test_no_service_on_the_date(demo: Path, tmp_path: Path) -> None:
    study = edited(demo, tmp_path, ("date = 2026-05-12", "date = 2031-01-01"))
    assert "2031-01-01" in fault_of(study)


def test_a_cut_off_pbf(demo: Path, tmp_path: Path) -> None:
    study = edited(demo, tmp_path)
    pbf = study.parent / "region.osm.pbf"
    pbf.write_bytes(pbf.read_bytes()[: pbf.stat().st_size // 2])
    assert "region.osm.pbf" in fault_of(study)


def test_a_feed_without_a_required_file(demo: Path, tmp_path: Path) -> None:
    from real_data import data_path

    feed = data_path("border_triangle/gtfs/avv_2022_without_stop_times.zip")
    study = edited(demo, tmp_path)
    shutil.copy(feed, study.parent / "halelijn.gtfs.zip")
    assert "stop_times.txt" in fault_of(study)


def test_an_unknown_country_in_a_penalty(demo: Path, tmp_path: Path) -> None:
    study = edited(demo, tmp_path, ('from = "NL", to = "DE"', 'from = "NL", to = "FR"'))
    assert "'FR'" in fault_of(study)


def test_an_output_folder_that_cannot_be_written(demo: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="is a file, expected a folder"):
        run_study(demo, out=tmp_path / "file")
    with pytest.raises(OutputError, match="cannot be written"):
        run_study(demo, out=tmp_path / "file" / "below")


def test_a_study_of_zones_and_straight_lines_alone(tmp_path: Path) -> None:
    (tmp_path / "z.csv").write_text(
        "zone_id,lon,lat,country,jobs\na,6.0,51.0,NL,1\nb,6.1,51.0,DE,2\nc,6.6,51.0,DE,4\n"
    )
    (tmp_path / "study.toml").write_text(
        """
[study]
name = "straight"
[zones]
path = "z.csv"
country = "country"
[[opportunities]]
name = "jobs"
path = "z.csv"
column = "jobs"
[reach]
modes = ["crow_fly"]
crow_fly = { kmh = 60, detour = 1.0 }
bands_min = [15, 60]
[border]
"""
    )
    run_study(tmp_path / "study.toml")
    border = pd.read_parquet(tmp_path / "out" / "border.parquet").set_index(["zone_id", "band_min"])
    # 0.1 degree of longitude at 51 degrees north is 7.02 km: 7 minutes; 0.6 degrees are 42.
    assert border.loc[("a", 15.0), "reach_open"] == 3
    assert border.loc[("a", 15.0), "loss"] == pytest.approx(2 / 3)
    assert border.loc[("a", 60.0), "loss"] == pytest.approx(6 / 7)
    assert border.loc[("c", 15.0), "loss"] == 0


def test_progress_tells_stages_on_plain_lines(demo: Path, tmp_path: Path) -> None:
    import io

    stream = io.StringIO()
    progress = Progress(stream)
    run_study(demo, out=tmp_path, progress=progress)
    lines = stream.getvalue().splitlines()
    assert any(line.startswith("streets read: ") for line in lines)
    assert any(line.startswith("reach by transit: ") for line in lines)
    assert set(progress.timings_s) >= {"streets read", "timetable compiled", "reach by car"}


def test_unknown_zone_country_is_a_study_error(demo: Path, tmp_path: Path) -> None:
    import geopandas as gpd

    study = edited(demo, tmp_path)
    zones = gpd.read_file(study.parent / "zones.gpkg")
    zones.loc[3, "country"] = None
    zones.to_file(study.parent / "zones.gpkg")
    with pytest.raises(StudyError, match="zones without a country"):
        run_study(study)


def test_a_grid_gives_rasters_and_bike_to_the_train_reaches_more(
    demo: Path, tmp_path: Path
) -> None:
    import geopandas as gpd
    import rasterio

    study = edited(
        demo,
        tmp_path,
        ('path = "zones.gpkg"\nid = "zone_id"', 'grid_m = 1000\nwithin = "a.gpkg"'),
        ('name = "name"\ncountry', "country"),
        ('population = "population"\n', ""),
        ('["walk", "bike", "car", "transit"]', '["bike", "transit", "bike+transit"]'),
        ('region = "municipality"\n', ""),
        ('causes = ["car", "transit"]', 'causes = ["transit"]'),
        ('places = ["LIN-43"]', 'places = ["N3217000E4118000"]'),
    )
    zones = gpd.read_file(study.parent / "zones.gpkg")
    zones.dissolve("country").reset_index()[["country", "geometry"]].to_file(
        study.parent / "a.gpkg"
    )
    points = zones.set_geometry(zones.centroid)
    points.to_file(study.parent / "zones.gpkg")  # opportunities now come as points
    run_study(study)
    out = study.parent / "out"
    rasters = sorted((out / "rasters").glob("*.tif"))
    assert rasters
    reach = pd.read_parquet(out / "reach.parquet")
    name = next(path for path in rasters if "jobs" in path.name and "bike" in path.name)
    with rasterio.open(name) as raster:
        assert raster.crs.to_epsg() == 3035
        assert raster.res == (1000, 1000)
        assert raster.nodata is not None
    jobs = reach[(reach["opportunity"] == "jobs") & (reach["group"] == "all")]
    by_mode = jobs.pivot_table(index=["zone_id", "band_min"], columns="mode", values="value")
    assert (by_mode["bike+transit"] >= by_mode["bike"]).all()
    assert by_mode["bike+transit"].sum() > by_mode["transit"].sum()


HEADWAY_FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
    "x,X,https://example.org,Europe/Amsterdam\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon\na,A,51.0,6.0\nb,B,51.0,6.2\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nr,x,R,2\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nw,1,1,1,1,1,0,0,20260101,20261231\n",
    "trips.txt": "route_id,service_id,trip_id\nr,w,t\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "t,07:00:00,07:00:00,a,1\nt,07:20:00,07:20:00,b,2\n",
    "frequencies.txt": "trip_id,start_time,end_time,headway_secs,exact_times\n"
    "t,06:00:00,10:00:00,1200,0\n",
}


def test_draws_of_headway_services_give_a_mean_and_a_spread(tmp_path: Path) -> None:
    import zipfile

    with zipfile.ZipFile(tmp_path / "f.zip", "w") as feed:
        for name, text in HEADWAY_FEED.items():
            feed.writestr(name, text)
    (tmp_path / "z.csv").write_text(
        "zone_id,lon,lat,country,jobs\nA,6.0,51.0,NL,1\nB,6.2,51.0,DE,10\n"
    )

    def reach_with(draws: int) -> tuple[pd.DataFrame, pd.DataFrame]:
        (tmp_path / "study.toml").write_text(
            f"""
[study]
name = "a train every twenty minutes, nobody knows when"
[zones]
path = "z.csv"
country = "country"
[[opportunities]]
name = "jobs"
path = "z.csv"
column = "jobs"
[transit]
feeds = [ {{ id = "f", path = "f.zip" }} ]
date = 2026-05-12
window = ["07:00", "07:25"]
time_zone = "Europe/Amsterdam"
frequency_draws = {draws}
[reach]
modes = ["transit"]
bands_min = [30]
[border]
sectors = false
"""
        )
        run_study(tmp_path / "study.toml")
        reach = pd.read_parquet(tmp_path / "out" / "reach.parquet")
        return reach, pd.read_parquet(tmp_path / "out" / "border.parquet")

    one, _ = reach_with(1)
    assert set(one["measure"]) == {"cumulative"}
    # A ride of 20 minutes, a train every 20: B is within 30 minutes of the departures whose train
    # leaves within 10. Of 25 departures these are 10 to 15, by the phase: in some draws the median
    # is among them, in some it is not.
    many, border = reach_with(12)
    row = many.set_index(["zone_id", "measure"])["value"]
    share = (row["A", "cumulative"] - 1) / 10
    assert 0 < share < 1
    assert share * 12 == pytest.approx(round(share * 12))
    expected_sd = 10 * np.sqrt(share * (1 - share) * 12 / 11)
    assert row["A", "cumulative_sd"] == pytest.approx(expected_sd)
    assert row["B", "cumulative"] == 10
    assert row["B", "cumulative_sd"] == 0
    lost = border.set_index("zone_id").loc["A"]
    assert lost["reach_open"] == pytest.approx(1 + 10 * share)
    assert lost["loss"] == pytest.approx(1 - 1 / (1 + 10 * share))


def test_a_feed_in_a_folder_has_a_hash_too(demo: Path, tmp_path: Path) -> None:
    import zipfile

    from halfcircle.study import read_study
    from halfcircle.study.inputs.sources import study_sources

    study = edited(demo, tmp_path, ('path = "halelijn.gtfs.zip"', 'path = "halelijn"'))
    with zipfile.ZipFile(study.parent / "halelijn.gtfs.zip") as feed:
        feed.extractall(study.parent / "halelijn")

    def digest() -> str:
        sources = study_sources(read_study(study))
        return next(s.sha256 for s in sources if s.role == "timetable nl")

    before = digest()
    assert len(before) == 64
    stops = study.parent / "halelijn" / "stops.txt"
    stops.write_text(stops.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert digest() != before
