"""Tables of parking places and shared bicycles: what is read, and what is said if it is wrong."""

from pathlib import Path

import geopandas as gpd
import numpy as np
import osmium
import pytest
from shapely.geometry import box

from halfcircle.errors import StudyError
from halfcircle.study import read_study
from halfcircle.study.inputs.hubs import parking_places, rental_places
from halfcircle.study.settings.config import ParkAndRideConfig, SharedBikesConfig

GOOD = "id,name,lon,lat,capacity,minutes\np1,West,6.1,52.1,100,2\np2,,6.2,52.2,,5\n"


def table(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "places.csv"
    path.write_text(text, encoding="utf-8")
    return path


def test_columns_of_the_usual_names_are_found(tmp_path: Path) -> None:
    found = parking_places(ParkAndRideConfig(path=table(tmp_path, GOOD)), ())
    assert found.hub_id.tolist() == ["p1", "p2"]
    assert found.name.tolist() == ["West", "p2"]
    np.testing.assert_array_equal(found.capacity, [100.0, np.nan])
    assert found.handling_s.tolist() == [180.0, 180.0]
    config = ParkAndRideConfig(path=table(tmp_path, GOOD), parking_min="minutes")
    assert parking_places(config, ()).handling_s.tolist() == [120.0, 300.0]


def test_bare_points_are_numbered(tmp_path: Path) -> None:
    path = table(tmp_path, "lon,lat\n6.1,52.1\n6.2,52.2\n")
    found = rental_places(SharedBikesConfig(path=path))
    assert found.hub_id.tolist() == found.name.tolist() == ["1", "2"]
    assert found.handling_s.tolist() == [120.0, 120.0]


def test_areas_have_a_point_inside(tmp_path: Path) -> None:
    frame = gpd.GeoDataFrame({"id": ["a"]}, geometry=[box(1000, 2000, 1100, 2100)], crs=28992)
    frame.to_file(tmp_path / "areas.gpkg")
    found = parking_places(ParkAndRideConfig(path=tmp_path / "areas.gpkg"), ())
    point = gpd.GeoSeries.from_xy(found.lon, found.lat, crs=4326).to_crs(28992)
    assert box(1000, 2000, 1100, 2100).contains(point[0])


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        ("id,lon,lat\n", {}, "holds no places"),
        ("id,x,y\na,6,52\n", {}, "has neither geometry nor columns lon and lat"),
        ("id,lon,lat\na,6,52\na,6,53\n", {}, "identifiers occur more than once: 'a'"),
        ("id,lon,lat\n,6,52\n", {}, "places without an identifier: 'line 2'"),
        ("id,lon,lat\na,6,152\n", {}, "positions that are missing or not degrees: 'line 2'"),
        ("id,lon,lat,capacity\na,6,52,-3\n", {}, "are no numbers of vehicles, 0 or more"),
        ("lon,lat,m\n6,52,\n", {"parking_min": "m"}, "are no numbers of minutes, 0 or more"),
        (GOOD, {"capacity": "capcity"}, "has no column: 'capcity' - did you mean 'capacity'"),
        (GOOD, {"parking_min": "minuts"}, "has no column: 'minuts' - did you mean 'minutes'"),
    ],
)
def test_faults(tmp_path: Path, text: str, options: dict, message: str) -> None:
    with pytest.raises(StudyError, match=message):
        parking_places(ParkAndRideConfig(path=table(tmp_path, text), **options), ())


def test_no_such_file(tmp_path: Path) -> None:
    with pytest.raises(StudyError, match=r"\[shared_bikes\] path: file not found"):
        rental_places(SharedBikesConfig(path=tmp_path / "none.csv"))


STUDY = """
[study]
name = "x"
[zones]
path = "zones.csv"
[[opportunities]]
name = "jobs"
path = "zones.csv"
[transit]
feeds = [ { id = "a", path = "a.zip" } ]
date = 2024-05-14
window = ["07:00", "09:00"]
time_zone = "Europe/Amsterdam"
[reach]
modes = ["transit", "car_passenger+transit", "transit+bike"]
access_max_min_by_vehicle = { train = { walk = 20 }, bus = { walking = 3, car = 500 } }
egress_max_min = { bike = 3 }
[reach.best_of]
all = ["transit", "walk"]
transit = ["transit", "transit+bike"]
one = ["transit"]
"a/b" = ["transit", "transit+bike"]
[park_and_ride]
osm = true
path = "p.csv"
parking_min = "minutes"
[kiss_and_ride]
vehicles = ["rial"]
[shared_bikes]
return = "home"
return_min = 2
"""


def test_faults_of_the_study_file_together(tmp_path: Path) -> None:
    path = tmp_path / "study.toml"
    path.write_text(STUDY, encoding="utf-8")
    with pytest.raises(StudyError) as caught:
        read_study(path)
    told = str(caught.value)
    for message in (
        "best_of: is not among the modes of [reach]: 'walk'",
        "best_of: is the name of a mode: 'transit' - give the set another name",
        "best_of: names are letters, digits, _ and -: 'a/b'",
        "best_of: 'one' must hold two or more different modes",
        "train: is no kind of vehicle",
        "walking: is not known - did you mean 'walk'?",
        "bus.car: must be more than 0 and at most 120: '500'",
        "egress_max_min.bike: is not known - known: walk",
        "[park_and_ride] path: give either path, a table of parking places, or osm = true",
        "[park_and_ride] osm: needs [streets] with osm",
        "[kiss_and_ride] vehicles: is not known: 'rial' - did you mean 'rail'?",
        "[shared_bikes] path: is required",
        "[shared_bikes] return: is not known: 'home'",
        "[shared_bikes] return_min: is for return = ",
        "modes: needs the table [streets]: 'car_passenger+transit'",
    ):
        assert message in told, message


def test_places_of_the_extracts(tmp_path: Path) -> None:
    path = tmp_path / "a.osm.pbf"
    mutable = osmium.osm.mutable
    tags = {"amenity": "parking", "park_ride": "yes", "capacity": "80"}
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_node(mutable.Node(id=4, location=(6.0, 51.0), tags=tags, version=1))
    config = ParkAndRideConfig(osm=True, parking_min=4.0)
    found = parking_places(config, (path,))
    assert found.hub_id.tolist() == found.name.tolist() == ["node/4"]
    assert (found.capacity.tolist(), found.handling_s.tolist()) == ([80.0], [240.0])
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        writer.add_node(mutable.Node(id=4, location=(6.0, 51.0), version=1))
    with pytest.raises(StudyError, match="no parking place of the extracts is tagged park_ride"):
        parking_places(config, (path,))
