"""Isochrones and own boundaries from the study file to the files of a run."""

from __future__ import annotations

import json

import geopandas as gpd
import numpy as np
import pytest
import shapely

from halfcircle.demo import write_demo
from halfcircle.errors import StudyError
from halfcircle.study.check import check_study
from halfcircle.study.run import run_study, study_result

CRS = "EPSG:3035"
WEST, SOUTH, CELL = 4_040_000.0, 3_090_000.0, 1_000.0


@pytest.fixture
def town(tmp_path):
    """Writes a study of 6 x 4 zones of a kilometre, of which the eastern half is abroad."""
    rows, columns = np.divmod(np.arange(24), 6)
    west, south = WEST + columns * CELL, SOUTH + rows * CELL
    gpd.GeoDataFrame(
        {
            "zone_id": [f"Z{i:02d}" for i in range(24)],
            "name": ["Sint-Truiden", "Jülich", "Twice", "Twice", *(f"Dorp {i}" for i in range(20))],
            "country": np.where(columns < 3, "NL", "DE"),
            "jobs": np.arange(24) + 1,
            "part": np.where(rows < 2, "Zuid & <Co>", "Noord"),
        },
        geometry=shapely.box(west, south, west + CELL, south + CELL),
        crs=CRS,
    ).to_file(tmp_path / "zones.gpkg")

    def study(further, outputs=""):
        (tmp_path / "study.toml").write_text(
            f"""
            [study]
            name = "Town"
            crs = "{CRS}"
            [zones]
            path = "zones.gpkg"
            country = "country"
            [[opportunities]]
            name = "jobs"
            path = "zones.gpkg"
            column = "jobs"
            [reach]
            modes = ["crow_fly"]
            bands_min = [2.1, 5]
            crow_fly = {{ kmh = 60, detour = 1.0 }}
            [outputs]
            {outputs}
            {further}
            """,
            encoding="utf-8",
        )
        return tmp_path / "study.toml"

    return study


def faults_of(path):
    text, fine = check_study(path)
    assert not fine
    return text


def test_a_run_writes_full_and_half_circles(town):
    path = town('[isochrones]\nplaces = ["Jülich"]')
    written = {file.name: file for file in run_study(path)}
    frame = gpd.read_file(written["isochrones.gpkg"])
    assert frame.crs == CRS
    # At 60 km/h a kilometre a minute: within 2.1 minutes lie the zones up to 2 km away.
    rows, columns = np.divmod(np.arange(24), 6)
    near = np.hypot(rows, columns - 1) <= 2.0 + 1e-9
    first = frame[(frame["circle"] == "full") & (frame["band_min"] == 2.1)].iloc[0]
    assert (first["n_zones"], first["area_km2"]) == (near.sum(), pytest.approx(near.sum()))
    assert first["reach"] == (np.arange(24) + 1)[near].sum()
    half = frame[(frame["circle"] == "half") & (frame["band_min"] == 2.1)].iloc[0]
    assert half["n_zones"] == (near & (columns < 3)).sum()
    assert half["place"] == "Jülich"
    text = json.loads(written["isochrones.geojson"].read_text(encoding="utf-8"))
    assert len(text["features"]) == 4
    manifest = json.loads((path.parent / "out" / "manifest.json").read_text(encoding="utf-8"))
    assert "isochrones.gpkg" in json.dumps(manifest)


def test_places_are_found_by_name_id_and_position(town):
    path = town('[isochrones]\nplaces = ["Z03", "sint-truiden", [6.0, 50.9]]')
    lon, lat = (
        gpd.GeoSeries([shapely.Point(WEST + 4_400, SOUTH + 2_600)], crs=CRS)
        .to_crs(4326)
        .get_coordinates()
        .iloc[0]
    )
    text = path.read_text(encoding="utf-8").replace("[6.0, 50.9]", f"[{lon}, {lat}]")
    path.write_text(text, encoding="utf-8")
    result = study_result(path)
    assert [one.zone_idx for one in result.isochrones] == [3, 0, 16]
    assert result.isochrones[2].name.endswith("(Dorp 12)")
    assert any("the zone that the place lies in" in notice.what for notice in result.notices)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        ('places = ["Julich"]', "did you mean 'Jülich'?"),
        ('places = ["Twice"]', "is the name of 2 zones: which one? ('Z02', 'Z03')"),
        ("places = [[50.9, 6.0]]", "longitude comes first"),
        ("places = [6.0, 50.9]", "is neither a name nor longitude and latitude"),
        ('places = ["Z01"]\nmodes = ["car"]', "is not among the modes of [reach]"),
        ('places = ["Z01"]\nbands_min = [60]', "times are known up to 5 minutes"),
        ('places = ["Z01"]\nkind = "street"', "streets are for walk, bike and car"),
        ('places = ["Z01"]\nkind = "hull"', "is not known"),
        ('places = ["Z01"]\nopportunity = "job"', "did you mean 'jobs'?"),
        ('places = ["Z01"]\nplace = "Z02"', "is no key of this table"),
        ("", "is required"),
    ],
)
def test_faults_of_isochrones_are_told(town, keys, said):
    text = faults_of(town(f"[isochrones]\n{keys}"))
    assert said.split(" (")[0] in text
    assert "[isochrones]" in text


def test_boundaries_are_read_in_any_crs_and_clipped(town, tmp_path):
    zones = gpd.read_file(tmp_path / "zones.gpkg") if (tmp_path / "zones.gpkg").exists() else None
    assert zones is not None
    parts = zones.dissolve("part").reset_index()[["part", "geometry"]].to_crs(4326)
    far = gpd.GeoDataFrame({"part": ["Far"]}, geometry=[shapely.box(20, 40, 21, 41)], crs=4326)
    gpd.pd.concat([parts, far]).to_file(tmp_path / "parts.geojson")
    entry = '{ path = "parts.geojson", name_column = "part", label = "Parts" }'
    result = study_result(town("", f'boundaries = [{entry}]\nclasses = "equal"'))
    assert result.looks.classes == "equal"
    (boundary,) = result.looks.boundaries
    # The outer edge, and the edge that both parts share once.
    assert shapely.length(boundary.geometry) == pytest.approx(2 * (6_000 + 4_000) + 6_000, rel=1e-3)
    assert [words for words, _, _ in boundary.names] == ["Noord", "Zuid & <Co>"]
    assert [source.role for source in result.sources][-1] == "boundary"


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ('{ path = "none.gpkg" }', "file not found"),
        ('{ path = "zones.gpkg", name_column = "prt" }', "prt"),
        ('{ path = "far.geojson" }', "has no line or area where the zones are"),
        ('{ path = "table.csv" }', "holds no lines or areas"),
        ('{ path = "bare.gpkg" }', "states no CRS"),
        ('{ path = "bare.gpkg", file_crs = "EPSG:0" }', "is no CRS"),
        ('{ path = "zones.gpkg", label = "A" }, { path = "zones.gpkg", label = "A" }', "share"),
        ('{ label = "A" }', "is required"),
    ],
)
def test_faults_of_boundaries_are_told(town, tmp_path, entry, said):
    far = gpd.GeoDataFrame(geometry=[shapely.box(20, 40, 21, 41)], crs=4326)
    far.to_file(tmp_path / "far.geojson")
    with pytest.warns(UserWarning, match="'crs' was not provided"):
        gpd.GeoDataFrame(geometry=[shapely.box(20, 40, 21, 41)]).to_file(tmp_path / "bare.gpkg")
    (tmp_path / "table.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    text = faults_of(town("", f"boundaries = [{entry}]"))
    assert said in text


def test_unknown_classes_are_a_fault(town):
    assert "did you mean 'natural'?" in faults_of(town("", 'classes = "naturl"'))


def demo_streets(folder, modes, further):
    """The places and streets of the demo, and isochrones along them."""
    study = write_demo(folder)
    study.write_text(
        f"""
        [study]
        name = "Streets"
        [zones]
        path = "zones.gpkg"
        country = "country"
        [[opportunities]]
        name = "jobs"
        path = "zones.gpkg"
        column = "jobs"
        [streets]
        osm = ["region.osm.pbf"]
        [reach]
        modes = {modes}
        bands_min = [15, 30, 45]
        [isochrones]
        places = ["LIN-43"]
        kind = "street"
        {further}
        """,
        encoding="utf-8",
    )
    return study


def test_isochrones_along_streets(tmp_path):
    study = demo_streets(tmp_path, '["walk", "bike"]', "bands_min = [15, 30]")
    result = study_result(study)
    zones = result.zones
    for one in result.isochrones:
        assert one.areas is not None
        first, second = one.areas
        assert 0 < first.area < second.area
        assert second.buffer(1.0).contains(first)
        # The middle of a zone lies in the area if it is well within the band, and only then.
        points = shapely.points(zones.places.xy_m(zones.crs))
        inside = shapely.contains(second.buffer(60.0), points)
        minutes = one.times_s / 60.0
        assert inside[minutes < 26.0].all()
        assert not shapely.contains(second, points)[minutes > 34.0].any()
    walk, bike = result.isochrones
    assert walk.areas is not None
    assert bike.areas is not None
    assert bike.areas[0].area > 3 * walk.areas[0].area


def test_a_grid_of_cells_that_is_too_fine_is_refused(tmp_path):
    study = demo_streets(tmp_path, '["car"]', "cell_m = 10")
    with pytest.raises(StudyError, match=r"has too many cells of 10 m - make them \d+ m or larger"):
        study_result(study)
