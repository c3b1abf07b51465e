"""Extracts and feeds are found and cut to an area; archives are opened as hostile."""

from __future__ import annotations

import io
import json
import stat
import zipfile
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import parse_qs

import numpy as np
import osmium
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st
from local_web import PATIENT, Web
from open_data_host import hosts_of, zip_of

from halfcircle.errors import SourceError
from halfcircle.gtfs import read_feed
from halfcircle.sources import Hosts, fetch_study
from halfcircle.sources.archive import open_member, unpack_member
from halfcircle.sources.area import Area
from halfcircle.sources.buildings import read_buildings
from halfcircle.sources.catalogue import catalogue_feeds, catalogue_request, national_feeds
from halfcircle.sources.client import Client
from halfcircle.sources.geofabrik import Extract, covering_extracts, read_index
from halfcircle.sources.gtfs_clip import clip_feed
from halfcircle.sources.osm_clip import clip_osm
from halfcircle.sources.overpass import overpass_query
from halfcircle.sources.place import find_place, time_zone_at

AREA = Area(6.9, 52.2, 10.0)

# ---- which extracts ----


def extract(name: str, parent: str, *box: float) -> Extract:
    return Extract(name, parent, name, shapely.box(*box))


EUROPE = [
    extract("europe", "", 0, 0, 100, 100),
    extract("west", "europe", 0, 0, 50, 100),
    extract("east", "europe", 50, 0, 100, 100),
    extract("alliance", "europe", 0, 0, 100, 60),  # overlaps its siblings, as dach does
    extract("north-west", "west", 0, 50, 50, 100),
    extract("south-west", "west", 0, 0, 50, 50),
]


@pytest.mark.parametrize(
    ("box", "expected"),
    [
        ((10, 10, 20, 20), ["south-west"]),
        ((40, 10, 60, 20), ["east", "south-west"]),
        ((10, 40, 20, 60), ["west"]),  # as large as its two halves, and one file
        ((60, 10, 70, 20), ["east"]),
        ((200, 200, 210, 210), []),
    ],
)
def test_the_smallest_extracts_that_cover(box: tuple[float, ...], expected: list[str]) -> None:
    found = covering_extracts(EUROPE, shapely.box(*box))
    assert [e.region for e in found] == expected


@given(st.floats(0, 90), st.floats(0, 90), st.floats(0.1, 10), st.floats(0.1, 10))
@settings(deadline=None, max_examples=40)
def test_what_is_chosen_covers(x: float, y: float, width: float, height: float) -> None:
    wanted = shapely.box(x, y, x + width, y + height)
    found = covering_extracts(EUROPE, wanted)
    covered = shapely.union_all([e.outline for e in found])
    assert wanted.difference(covered).area <= wanted.area * 0.01
    assert "europe" not in [e.region for e in found]


def test_an_index_of_another_shape_is_told() -> None:
    with pytest.raises(SourceError, match=r"index-v1.json of Geofabrik: is not built as expected"):
        read_index({"features": [{"properties": {}}, {"x": 1}]})
    with pytest.raises(SourceError, match="is not built as expected"):
        read_index([])


# ---- streets ----


def osm_xml(inside: bool = True) -> bytes:
    """One street into the area, one far away, a restriction, a building."""
    near = 6.9 if inside else 8.0
    nodes = [(1, near, 52.2), (2, near + 0.01, 52.2), (3, 7.5, 52.2), (4, 9.0, 52.0),
             (5, 9.1, 52.0), (6, near, 52.201), (7, near + 0.001, 52.201),
             (8, near + 0.001, 52.202)]  # fmt: skip
    ways = [
        (1, (1, 2, 3), {"highway": "residential"}),
        (2, (4, 5), {"highway": "residential"}),
        (3, (6, 7, 8, 6), {"building": "yes"}),
        (4, (2, 3), {"waterway": "canal"}),
    ]
    text = ["<?xml version='1.0'?><osm version='0.6'>"]
    text += [f"<node id='{i}' version='1' lon='{x}' lat='{y}'/>" for i, x, y in nodes]
    for i, refs, tags in ways:
        body = "".join(f"<nd ref='{r}'/>" for r in refs)
        body += "".join(f"<tag k='{k}' v='{v}'/>" for k, v in tags.items())
        text.append(f"<way id='{i}' version='1'>{body}</way>")
    text.append(
        "<relation id='1' version='1'><member type='way' ref='1' role='from'/>"
        "<member type='node' ref='2' role='via'/><member type='way' ref='1' role='to'/>"
        "<tag k='type' v='restriction'/><tag k='restriction' v='no_u_turn'/></relation></osm>"
    )
    return "\n".join(text).encode()


class NodeCopy(NamedTuple):
    id: int
    tags: dict[str, str]
    position: tuple[float, float]


def copy_of(node: Any) -> NodeCopy:
    return NodeCopy(node.id, dict(node.tags), (node.location.lon, node.location.lat))


def ids_in(path: Path) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {"n": [], "w": [], "r": []}
    for item in osmium.FileProcessor(path):
        found[item.type_str()].append(item.id)
    return found


def test_ways_that_touch_the_box_come_whole(tmp_path: Path) -> None:
    (tmp_path / "a.osm").write_bytes(osm_xml())
    target = tmp_path / "b.osm.pbf"
    assert clip_osm(tmp_path / "a.osm", target, AREA.bounds()) == 1
    assert ids_in(target) == {"n": [1, 2, 3], "w": [1], "r": [1]}
    first = target.read_bytes()
    clip_osm(tmp_path / "a.osm", target, AREA.bounds())
    assert target.read_bytes() == first
    clip_osm(tmp_path / "a.osm", target, AREA.bounds(), content="buildings")
    assert ids_in(target) == {"n": [6, 7, 8], "w": [3], "r": []}


def test_nodes_keep_the_tags_that_stop_somebody(tmp_path: Path) -> None:
    gate = b"<node id='2' version='1' lon='6.91' lat='52.2'><tag k='barrier' v='gate'/></node>"
    plain = b"<node id='2' version='1' lon='6.91' lat='52.2'/>"
    text = osm_xml()
    assert plain in text
    (tmp_path / "a.osm").write_bytes(text.replace(plain, gate))
    clip_osm(tmp_path / "a.osm", tmp_path / "b.osm.pbf", AREA.bounds())
    found = osmium.FileProcessor(tmp_path / "b.osm.pbf", osmium.osm.NODE)
    nodes = {node.id: node for node in map(copy_of, found)}
    assert nodes[2].tags == {"barrier": "gate"}
    assert nodes[1].tags == {}
    assert nodes[2].position == pytest.approx((6.91, 52.2), abs=1e-7)


def test_buildings_in_several_parts_come_whole(tmp_path: Path) -> None:
    """A courtyard: outer and inner ring without tags, one corner of it in the box."""
    rings = [((6.95, 52.2), 0.02), ((6.955, 52.205), 0.005)]
    text = ["<?xml version='1.0'?><osm version='0.6'>"]
    for i, ((x, y), side) in enumerate(rings):
        for j, (dx, dy) in enumerate(((0, 0), (side, 0), (side, side), (0, side))):
            text.append(f"<node id='{4 * i + j + 1}' version='1' lon='{x + dx}' lat='{y + dy}'/>")
    for i in range(2):
        refs = "".join(f"<nd ref='{4 * i + j}'/>" for j in (1, 2, 3, 4, 1))
        text.append(f"<way id='{i + 1}' version='1'>{refs}</way>")
    text.append(
        "<relation id='1' version='1'><member type='way' ref='1' role='outer'/>"
        "<member type='way' ref='2' role='inner'/><tag k='type' v='multipolygon'/>"
        "<tag k='building' v='office'/></relation></osm>"
    )
    (tmp_path / "a.osm").write_text("\n".join(text))
    box = (6.94, 52.19, 6.952, 52.202)
    assert clip_osm(tmp_path / "a.osm", tmp_path / "b.osm.pbf", box, content="buildings") == 2
    found = read_buildings([tmp_path / "b.osm.pbf"])
    metres = 111_195.0
    floor = (0.02**2 - 0.005**2) * metres**2 * np.cos(np.radians(52.21))
    assert found.weight == pytest.approx([floor], rel=0.01)


def test_overpass(web: Web, tmp_path: Path) -> None:
    web.handlers["/overpass/interpreter"] = lambda call: call.send(200, osm_xml())
    study = tmp_path / "study.toml"
    study.write_text(
        f"""
[fetch]
lon = 6.9
lat = 52.2
radius_km = 3
[fetch.hosts]
overpass = "{web.at("/overpass")}"
[[fetch.files]]
file = "data/streets.osm.pbf"
source = "overpass"
"""
    )
    fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    assert ids_in(tmp_path / "data" / "streets.osm.pbf")["w"] == [1]
    query = parse_qs(web.calls[0].body.decode())["data"][0]
    assert query == overpass_query(Area(6.9, 52.2, 5.0).bounds(), "streets")
    assert query.startswith("[out:xml][timeout:300]")
    assert "way[highway];" in query
    assert "rel(bw.w)[type=restriction]" in query
    # [bbox:south,west,north,east]
    south, west, north, east = map(float, query.split("[bbox:")[1].split("]")[0].split(","))
    assert south < 52.2 < north
    assert west < 6.9 < east


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (osm_xml(inside=False), "OpenStreetMap has nothing in the area"),
        (
            b"<?xml version='1.0'?><osm version='0.6'>"
            b"<remark> runtime error: Query timed out </remark></osm>",
            "Overpass ran out of time or memory",
        ),
    ],
)
def test_overpass_says_what_is_wrong(web: Web, tmp_path: Path, answer: bytes, text: str) -> None:
    web.files["/overpass/interpreter"] = answer
    study = tmp_path / "study.toml"
    study.write_text(
        f"[fetch]\nlon = 6.9\nlat = 52.2\nradius_km = 3\n[fetch.hosts]\n"
        f'overpass = "{web.at("/overpass")}"\n'
        '[[fetch.files]]\nfile = "data/s.osm.pbf"\nsource = "overpass"\n'
    )
    with pytest.raises(SourceError, match=text):
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    study.write_text(study.read_text().replace("radius_km = 3", "radius_km = 60"))
    with pytest.raises(SourceError, match="62 km around are too much for Overpass"):
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)


# ---- feeds ----

FEED = {
    "agency.txt": "agency_id,agency_name,agency_url,agency_timezone\n"
    "1,A,https://a.example,Europe/Amsterdam\n",
    "stops.txt": "stop_id,stop_name,stop_lat,stop_lon,location_type,parent_station\n"
    "S,Station,52.2,6.9,1,\n"
    'P,"Platform, 1",52.2,6.9,0,S\nE,Entrance,52.2,6.9,2,S\n'
    "Q ,Second,52.21,6.92,0,\nF,Far,53.0,8.0,0,\nG,Farther,53.5,8.5,0,\n",
    "routes.txt": "route_id,agency_id,route_short_name,route_type\nr1,1,1,2\nr2,1,2,2\n",
    "calendar.txt": "service_id,monday,tuesday,wednesday,thursday,friday,saturday,sunday,"
    "start_date,end_date\nd,1,1,1,1,1,1,1,20260101,20261231\n",
    "trips.txt": "route_id,service_id,trip_id\nr1,d,local\nr1,d,long\nr2,d,through\nr2,d,far\n",
    "stop_times.txt": "trip_id,arrival_time,departure_time,stop_id,stop_sequence\n"
    "local,08:00:00,08:00:00,P,1\nlocal,08:10:00,08:10:00,Q,2\n"
    "long,08:00:00,08:00:00,P,1\nlong,08:10:00,08:10:00,Q ,2\nlong,09:10:00,09:10:00,F,3\n"
    "through,08:00:00,08:00:00,P,1\nthrough,09:10:00,09:10:00,F,2\n"
    "far,08:00:00,08:00:00,F,1\nfar,09:10:00,09:10:00,G,2\n",
    "transfers.txt": "from_stop_id,to_stop_id,transfer_type,min_transfer_time\n"
    "P,Q,2,120\nF,G,2,60\n",
}


def test_trips_with_two_stops_in_the_area_come_whole(tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(zip_of({f"gtfs/{k}": v for k, v in FEED.items()}))
    target = tmp_path / "b.zip"
    assert clip_feed(tmp_path / "a.zip", target, AREA, where="x") == (2, 3)
    with zipfile.ZipFile(target) as archive:
        tables = {
            n: pd.read_csv(io.BytesIO(archive.read(n)), dtype=str) for n in archive.namelist()
        }
    assert tables["trips.txt"]["trip_id"].tolist() == ["local", "long"]
    assert tables["stop_times.txt"]["stop_id"].str.strip().tolist() == ["P", "Q", "P", "Q", "F"]
    assert tables["stops.txt"]["stop_id"].str.strip().tolist() == ["S", "P", "E", "Q", "F"]
    assert tables["stops.txt"]["stop_name"][1] == "Platform, 1"
    assert tables["routes.txt"]["route_id"].tolist() == ["r1"]
    assert tables["transfers.txt"].values.tolist() == [["P", "Q", "2", "120"]]
    first = target.read_bytes()
    clip_feed(tmp_path / "a.zip", target, AREA, where="x")
    assert target.read_bytes() == first
    assert read_feed(target) is not None


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"stop_times.txt": None}, r"the feed has no stop_times.txt - is it GTFS\?"),
        ({"stops.txt": "id\n1\n"}, "stops.txt: has no column stop_id"),
        ({"trips.txt": "trip_id\nlocal\n"}, "trips.txt: has no column route_id"),
        ({"stop_times.txt": ""}, "stop_times.txt: is no table"),
    ],
)
def test_a_feed_that_is_none_is_told(
    tmp_path: Path, change: dict[str, str | None], text: str
) -> None:
    members = {k: v for k, v in (FEED | change).items() if v is not None}
    (tmp_path / "a.zip").write_bytes(zip_of(members))
    with pytest.raises(SourceError, match=text):
        clip_feed(tmp_path / "a.zip", tmp_path / "b.zip", AREA, where="x")


def test_a_feed_that_serves_nothing_here_is_told(web: Web, tmp_path: Path) -> None:
    web.files["/feed.zip"] = zip_of(FEED)
    study = tmp_path / "study.toml"
    study.write_text(
        "[fetch]\nlon = 10.0\nlat = 50.0\nradius_km = 5\n[[fetch.files]]\n"
        f'file = "data/a.zip"\nsource = "gtfs"\nurl = "{web.at("/feed.zip")}"\n'
    )
    with pytest.raises(SourceError, match=r"no trip serves two stops.*remove this feed"):
        fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    study.write_text(study.read_text() + "clip = false\n")
    fetch_study(study, cache=tmp_path / "cache", policy=PATIENT)
    assert (tmp_path / "data" / "a.zip").read_bytes() == web.files["/feed.zip"]


def catalogue_csv(**changes: str) -> str:
    row = {
        "id": "mdb-1", "data_type": "gtfs", "location.country_code": "NL", "provider": "Twents",
        "name": "", "urls.direct_download": "https://a.example/a.zip",
        "urls.authentication_type": "0", "urls.authentication_info": "",
        "urls.api_key_parameter_name": "", "urls.latest": "https://b.example/a.zip",
        "urls.license": "https://cc0.example", "status": "active", "redirect.id": "",
        "location.bounding_box.minimum_latitude": "52.1",
        "location.bounding_box.maximum_latitude": "52.3",
        "location.bounding_box.minimum_longitude": "6.8",
        "location.bounding_box.maximum_longitude": "7.0",
    } | {k.replace("__", "."): v for k, v in changes.items()}  # fmt: skip
    return pd.DataFrame([row]).to_csv(index=False)


@pytest.mark.parametrize(
    ("changes", "expected"),
    [
        ({}, ["https://a.example/a.zip"]),
        ({"urls__direct_download": ""}, ["https://b.example/a.zip"]),
        ({"urls__direct_download": "javascript:x"}, []),
        ({"data_type": "gtfs_rt"}, []),
        ({"status": "deprecated"}, []),
        ({"redirect__id": "mdb-2"}, []),
        ({"location__country_code": "FR"}, []),
        ({"location__bounding_box__minimum_latitude": ""}, []),
        ({"location__bounding_box__maximum_longitude": "6.7",
          "location__bounding_box__minimum_longitude": "6.6"}, []),
        ({"urls__authentication_type": "1", "urls__api_key_parameter_name": "key"},
         ["https://a.example/a.zip?key=${HALFCIRCLE_MDB_1_KEY}"]),
        ({"urls__authentication_type": "2"}, ["https://a.example/a.zip"]),
    ],
)  # fmt: skip
def test_the_catalogue(
    web: Web, make_client: Any, changes: dict[str, str], expected: list[str]
) -> None:
    web.files["/mdb/feeds_v2.csv"] = catalogue_csv(**changes).encode()
    client: Client = make_client()
    found = catalogue_feeds(
        client.get(catalogue_request(hosts_of(web))), AREA.bounds(), ["NL", "DE"]
    )
    assert [feed.url for feed in found] == expected
    if "2" in changes.values() and found:
        assert found[0].key == "HALFCIRCLE_MDB_1_KEY"
    if not changes:
        assert (found[0].id, found[0].name, found[0].key) == ("mdb-1", "Twents", "")


def test_a_catalogue_with_other_columns_is_told(web: Web, make_client: Any) -> None:
    web.files["/mdb/feeds_v2.csv"] = b"id,url\n1,x\n"
    client: Client = make_client()
    with pytest.raises(SourceError, match=r"Mobility Database: has no column data_type"):
        catalogue_feeds(client.get(catalogue_request(hosts_of(web))), AREA.bounds(), ["NL"])


def test_national_feeds() -> None:
    assert [f.id for c in ("NL", "DE", "BE", "FR") for f in national_feeds(c, Hosts())] == [
        "nl", "de", "sncb", "tec", "delijn",
    ]  # fmt: skip
    keyed = [f for f in national_feeds("BE", Hosts()) if f.key]
    assert keyed[0].headers == (("Ocp-Apim-Subscription-Key", "${HALFCIRCLE_DELIJN_KEY}"),)


# ---- places ----


def place_row(name: str, lon: float, code: str) -> dict[str, Any]:
    return {"display_name": name, "lon": str(lon), "lat": "52.2", "address": {"country_code": code}}


def test_a_place_is_asked_for_where_there_are_several(web: Web, make_client: Any) -> None:
    rows = [place_row("Bergen, NL", 4.7, "nl"), place_row("Bergen, NO", 5.3, "no")]
    web.files["/nominatim/search"] = json.dumps(rows).encode()
    client, hosts = make_client(), hosts_of(web)
    first = find_place("Bergen", client, hosts)
    assert (first.name, first.lon, first.country) == ("Bergen, NL", 4.7, "NL")
    assert first.others == ("Bergen, NO",)
    asked: list[str] = []

    def ask(question: str, default: str) -> str:
        asked.append(question)
        return "2" if len(asked) == 1 else "7"

    assert find_place("Bergen", client, hosts, ask=ask).country == "NO"
    assert asked[0].startswith("1. Bergen, NL\n2. Bergen, NO\n")
    with pytest.raises(SourceError, match="'7': is none of 1 to 2"):
        find_place("Bergen", client, hosts, ask=ask)


def test_a_place_by_its_coordinates_needs_nobody(make_client: Any) -> None:
    found = find_place("52.22, 6.89", make_client(offline=True), Hosts())
    assert (found.lat, found.lon) == (52.22, 6.89)


@pytest.mark.parametrize(
    ("answer", "text"), [(b"[]", "'X': no such place was found"), (b"[{}]", "unlike Nominatim")]
)
def test_a_place_that_is_none_is_told(web: Web, make_client: Any, answer: bytes, text: str) -> None:
    web.files["/nominatim/search"] = answer
    with pytest.raises(SourceError, match=text):
        find_place("X", make_client(), hosts_of(web))


@pytest.mark.parametrize(
    ("lon", "lat", "country", "zone"),
    [
        (6.9, 52.2, "NL", "Europe/Amsterdam"),
        (6.9, 52.2, "DE", "Europe/Berlin"),
        (4.35, 50.85, "BE", "Europe/Brussels"),
        (-8.6, 41.1, "PT", "Europe/Lisbon"),
        (-25.7, 37.7, "PT", "Atlantic/Azores"),
        (6.1, 49.6, "", "Europe/Luxembourg"),
    ],
)
def test_time_zones(lon: float, lat: float, country: str, zone: str) -> None:
    assert time_zone_at(lon, lat, (country,)) == zone


# ---- areas ----


@given(st.floats(-150, 150), st.floats(-80, 80), st.floats(0.5, 300))
@settings(deadline=None, max_examples=60)
def test_the_circle_is_round(lon: float, lat: float, radius_km: float) -> None:
    area = Area(lon, lat, radius_km)
    degree_km = 111.195
    north = np.array([0.98, 1.03]) * radius_km / degree_km
    assert area.holds([lon, lon], lat + north).tolist() == [True, False]


@pytest.mark.parametrize(
    "values", [(0, 0, 0), (0, 0, 1e6), (200, 0, 1), (0, 91, 1), (179.9, 0, 60), (9, 84, 700)]
)
def test_areas_that_are_none(values: tuple[float, float, float]) -> None:
    with pytest.raises(SourceError, match=r"is no longitude|must be above 0|date line|a pole"):
        Area(*values)


# ---- archives ----


def test_only_the_named_member_is_written(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    path.write_bytes(zip_of({"../../escape.csv": "evil", "x/good.csv": "good"}))
    target = unpack_member(path, "good.csv", tmp_path / "out.csv", where="a.zip")
    assert target.read_text() == "good"
    assert unpack_member(path, "escape.csv", tmp_path / "o2.csv", where="a").read_text() == "evil"
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a.zip", "o2.csv", "out.csv"]


def test_links_in_archives_are_passed_over(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("link.csv")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.writestr(info, "/etc/passwd")
        archive.writestr("real.csv", "x")
    with open_member(tmp_path / "a.zip", "*.csv", where="a.zip") as member:
        assert member.read() == b"x"


def test_a_trap_is_not_unpacked(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("bomb.csv", b"0" * 80_000_000)
    with pytest.raises(SourceError, match=r"bomb.csv: unpacks to more than 400 times its size"):
        unpack_member(tmp_path / "a.zip", "*.csv", tmp_path / "o", where="a.zip")
    with pytest.raises(SourceError, match=r"bomb.csv: unpacks to more than 1,000 bytes"):
        unpack_member(tmp_path / "a.zip", "*.csv", tmp_path / "o", where="a.zip", most_bytes=1000)


def test_damaged_archives_are_told(tmp_path: Path) -> None:
    good = zip_of({"a.csv": "".join(str(i) for i in range(2000))})
    path = tmp_path / "a.zip"
    path.write_bytes(good[:60] + b"XXXX" + good[64:])
    with pytest.raises(SourceError, match=r"a\.csv: cannot be unpacked"):
        unpack_member(path, "*.csv", tmp_path / "o", where="a.zip")
    path.write_bytes(b"PK")
    with pytest.raises(SourceError, match="is no zip archive that can be read"):
        unpack_member(path, "*.csv", tmp_path / "o", where="a.zip")
