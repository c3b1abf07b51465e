"""Park and ride as OpenStreetMap tags it."""

from pathlib import Path

import numpy as np
import osmium
import pytest
from real_data import data_path

from halfcircle.access.streets.parking import read_park_and_ride
from halfcircle.errors import StreetError


def write(path: Path) -> Path:
    mutable = osmium.osm.mutable
    corners = [(6.0, 51.0), (6.002, 51.0), (6.002, 51.001), (6.0, 51.001)]
    parking = {"amenity": "parking"}
    with osmium.SimpleWriter(str(path), overwrite=True) as writer:
        nodes = [
            (1, (5.5, 50.5), {**parking, "park_ride": "yes", "name": "West", "capacity": "120"}),
            (2, (5.6, 50.5), {**parking, "park_ride": "no"}),
            (3, (5.7, 50.5), parking),
            (4, (5.8, 50.5), {"park_ride": "yes"}),
            (5, (5.9, 50.5), {**parking, "park_ride": "train", "capacity": "about 50"}),
            *((10 + k, at, {}) for k, at in enumerate(corners)),
        ]
        for number, at, tags in nodes:
            writer.add_node(mutable.Node(id=number, location=at, tags=tags, version=1))
        area = {**parking, "park_ride": "yes", "name": "Area"}
        writer.add_way(mutable.Way(id=7, nodes=[10, 11, 12, 13, 10], tags=area, version=1))
    return path


def test_what_is_tagged_and_nothing_else(tmp_path: Path) -> None:
    path = write(tmp_path / "a.osm.pbf")
    found = read_park_and_ride([path, path])
    assert found.osm_id.tolist() == ["node/1", "node/5", "way/7"]
    assert found.name.tolist() == ["West", "", "Area"]
    # of an area the mean of its corners, the first of which comes twice and counts once
    np.testing.assert_allclose(found.lon, [5.5, 5.9, 6.001])
    np.testing.assert_allclose(found.lat, [50.5, 50.5, 51.0005])
    np.testing.assert_array_equal(found.capacity, [120.0, np.nan, np.nan])


def test_none_and_no_file(tmp_path: Path) -> None:
    path = tmp_path / "b.osm.pbf"
    with osmium.SimpleWriter(str(path)) as writer:
        writer.add_node(osmium.osm.mutable.Node(id=1, location=(6.0, 51.0), version=1))
    assert len(read_park_and_ride([path]).osm_id) == 0
    with pytest.raises(StreetError, match=r"c.osm.pbf: cannot be read"):
        read_park_and_ride([tmp_path / "c.osm.pbf"])


@pytest.mark.real_data
def test_the_places_of_aachen() -> None:
    found = read_park_and_ride([data_path("border_triangle/osm/aachen.osm.pbf")])
    capacity = dict(zip(found.name, found.capacity, strict=True))
    assert len(found.osm_id) == 9
    assert capacity["Park + Ride Westfriedhof"] == 179
    assert ((found.lon > 5.9) & (found.lon < 6.3) & (found.lat > 50.6) & (found.lat < 50.9)).all()
