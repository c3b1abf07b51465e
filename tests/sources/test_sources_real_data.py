"""Clipping and crosswalks on real extracts, feeds and boundaries."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
from real_data import data_path

from halfcircle.access.streets import read_osm
from halfcircle.sources import match_vintages
from halfcircle.sources.area import Area
from halfcircle.sources.gtfs_clip import clip_feed
from halfcircle.sources.osm_clip import clip_osm

pytestmark = pytest.mark.real_data
WORLD = (-180.0, -90.0, 180.0, 90.0)


@pytest.mark.parametrize(
    "name",
    [
        "border_triangle/osm/liechtenstein_2021.osm.pbf",
        "border_triangle/osm/aachen.osm.pbf",
        "porto_alegre/poa_osm.pbf",
    ],
)
def test_clipping_loses_nothing_that_streets_are_made_of(name: str, tmp_path: Path) -> None:
    source, target = data_path(name), tmp_path / "clipped.osm.pbf"
    clip_osm(source, target, WORLD)
    whole, clipped = read_osm([source]), read_osm([target])
    for field in ("way_id", "way_ptr", "way_node", "node_id", "node_lon", "node_lat",
                  "marked_node"):  # fmt: skip
        assert np.array_equal(getattr(whole, field), getattr(clipped, field)), field
    for field in ("way_tags", "marked_tags"):  # indices into sets of tags, in another order
        tags = [
            [ways.tag_sets[i] for i in getattr(ways, field).tolist()] for ways in (whole, clipped)
        ]
        assert tags[0] == tags[1], field
    assert whole.restrictions == clipped.restrictions
    assert whole.notices == clipped.notices


def table(path: Path, name: str) -> pd.DataFrame:
    with zipfile.ZipFile(path) as archive:
        content = io.BytesIO(archive.read(name))
    frame = pd.read_csv(content, dtype=str, keep_default_na=False, encoding="utf-8-sig")
    return frame.apply(lambda column: column.str.strip())


def test_a_national_feed_keeps_every_ride_within_the_area(tmp_path: Path) -> None:
    source, target = data_path("border_triangle/gtfs/sncb-2019-10-13.zip"), tmp_path / "cut.zip"
    area = Area(6.09, 50.77, 30.0)  # Aachen
    n_trips, _ = clip_feed(source, target, area, where="sncb")
    stops = table(source, "stops.txt")
    lon, lat = (stops[c].astype(float).to_numpy() for c in ("stop_lon", "stop_lat"))
    near = set(stops["stop_id"][area.holds(lon, lat)])
    times = table(source, "stop_times.txt")
    calls = times[times["stop_id"].isin(near)].groupby("trip_id").size()
    expected = set(calls[calls >= 2].index)
    kept = table(target, "stop_times.txt")
    assert set(kept["trip_id"]) == expected
    assert len(expected) == n_trips
    assert 100 < n_trips < 2000
    assert len(kept) == int(times["trip_id"].isin(expected).sum())
    assert set(kept["stop_id"]) <= set(table(target, "stops.txt")["stop_id"])


def test_dutch_municipalities_of_2016_meet_those_of_2022() -> None:
    folder = "border_triangle/boundaries"
    old = gpd.read_file(data_path(f"{folder}/odf_NL_muni_390.geojson"))
    new = gpd.read_file(data_path(f"{folder}/tmap_NLD_muni.geojson"))
    old, new = old.rename(columns={"id": "zone_id"}), new.rename(columns={"code": "zone_id"})
    crosswalk = match_vintages(old, new)
    gone = set(old["zone_id"]) - set(new["zone_id"])
    assert len(gone) == 62
    assert gone <= set(crosswalk["old_id"])
    assert crosswalk.groupby("old_id")["share"].sum().to_numpy() == pytest.approx(1.0)
    to = crosswalk.groupby("old_id")["new_id"].agg(set)
    # Gazette: Delfzijl to Eemsdelta (2021); Haaren to Boxtel, Oisterwijk, Tilburg and Vught (2021);
    # Littenseradiel to Leeuwarden, Súdwest-Fryslân and Waadhoeke (2018).
    assert to["GM0010"] == {"GM1979"}
    assert to["GM0788"] == {"GM0757", "GM0824", "GM0855", "GM0865"}
    assert to["GM0140"] == {"GM0080", "GM1900", "GM1949"}
