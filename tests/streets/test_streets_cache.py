"""The disk cache: same answer with and without, never trusting a damaged file."""

import numpy as np
import pytest
from streets.streets_town import OPEN, with_detour, write_town

from halfcircle._files import sha256_of
from halfcircle.access.streets import (
    CarProfile,
    build_network,
    content_key,
    read_osm,
)
from halfcircle.access.streets import osm as osm_module

TURN = [
    (
        [("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")],
        {"type": "restriction", "restriction": "no_straight_on"},
    )
]


@pytest.fixture
def extract(tmp_path):
    return write_town(tmp_path / "town.osm.pbf", *with_detour(OPEN), TURN)


def same(a, b):
    for name in ("edge_ptr", "edge_head", "edge_s", "edge_link", "node_id", "node_lon"):
        assert np.array_equal(getattr(a, name), getattr(b, name)), name
    assert np.array_equal(a.links.lon, b.links.lon)
    assert (a.profile, a.digest, a.notices, a.mode) == (b.profile, b.digest, b.notices, b.mode)


def test_cached_equals_built(extract, tmp_path, monkeypatch):
    cache = tmp_path / "cache" / "deep"
    plain = build_network(read_osm(extract), "car")
    ways = read_osm(extract, cache_dir=cache)
    same(build_network(ways, "car", cache_dir=cache), plain)
    names = sorted(path.name.split("-")[0] for path in cache.iterdir())
    assert names == ["streets", "ways"]
    # From now on nothing may be read or built again.
    monkeypatch.setattr(osm_module, "_Reader", None)
    again = read_osm(extract, cache_dir=cache)
    assert again.restrictions == ways.restrictions
    assert again.tag_sets == ways.tag_sets
    monkeypatch.setattr("halfcircle.access.streets.build._build", None)
    same(build_network(again, "car", cache_dir=cache), plain)


def test_other_input_or_parameters_are_other_entries(extract, tmp_path):
    cache = tmp_path / "cache"
    ways = read_osm(extract, cache_dir=cache)
    digests = {
        build_network(ways, mode, profile=profile, country_of=country, cache_dir=cache).digest
        for mode, profile, country in (
            ("car", None, None),
            ("walk", None, None),
            ("car", CarProfile(country="DE"), None),
            ("car", None, lambda lon, lat: np.full(len(lon), "DE", dtype=object)),
            ("car", None, lambda lon, lat: np.full(len(lon), "NL", dtype=object)),
        )
    }
    assert len(digests) == 5
    assert len(list(cache.glob("streets-*.npz"))) == 5


@pytest.mark.parametrize(
    "damage",
    [
        lambda b: b[: len(b) // 2],
        lambda b: b"",
        lambda b: b[:300] + bytes(50) + b[350:],
        lambda b: b"not a zip file at all",
        lambda b: b[:-40],
    ],
)
def test_damaged_cache_is_built_anew(extract, tmp_path, damage):
    cache = tmp_path / "cache"
    ways = read_osm(extract, cache_dir=cache)
    network = build_network(ways, "car", cache_dir=cache)
    whole = {}
    for path in cache.iterdir():
        whole[path] = path.read_bytes()
        path.write_bytes(damage(whole[path]))
    again = read_osm(extract, cache_dir=cache)
    assert np.array_equal(again.way_node, ways.way_node)
    same(build_network(again, "car", cache_dir=cache), network)
    assert {path: len(path.read_bytes()) for path in cache.iterdir()} == {
        path: len(content) for path, content in whole.items()
    }


def test_entry_of_another_key_is_not_believed(extract, tmp_path):
    cache = tmp_path / "cache"
    ways = read_osm(extract, cache_dir=cache)
    build_network(ways, "car", cache_dir=cache)
    build_network(ways, "walk", cache_dir=cache)
    car = next(cache.glob("streets-car-*"))
    walk = next(cache.glob("streets-walk-*"))
    car.write_bytes(walk.read_bytes())
    assert build_network(ways, "car", cache_dir=cache).mode == "car"


def test_pickles_are_not_loaded(extract, tmp_path):
    cache = tmp_path / "cache"
    network = build_network(read_osm(extract), "car")
    build_network(read_osm(extract), "car", cache_dir=cache)
    entry = next(cache.glob("streets-car-*"))
    bad = np.array([print], dtype=object)
    np.savez(entry, cache_key=np.array(network.digest), text=bad, node_id=bad, allow_pickle=True)
    same(build_network(read_osm(extract), "car", cache_dir=cache), network)


def test_unwritable_cache_is_no_fault(extract, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("a file where the folder should be")
    assert len(read_osm(extract, cache_dir=blocked).way_id) == 6


def test_no_half_files_are_left(extract, tmp_path):
    cache = tmp_path / "cache"
    read_osm(extract, cache_dir=cache)
    assert [path.suffix for path in cache.iterdir()] == [".npz"]


def test_keys(tmp_path):
    a, b = tmp_path / "a", tmp_path / "b"
    a.write_bytes(b"streets")
    b.write_bytes(b"streets")
    assert sha256_of(a) == sha256_of(b)
    assert content_key(["ab", "c"]) != content_key(["a", "bc"])
    assert content_key([1.0]) != content_key([1])
    assert content_key([np.zeros(2)]) != content_key([np.zeros((2, 1))])
    assert content_key([np.zeros(2)]) != content_key([np.zeros(2, np.int64)])
    assert content_key(["x"], version="1") != content_key(["x"], version="2")
    assert content_key([CarProfile()]) == content_key([CarProfile()])
    assert content_key([np.array(["NL"], object)]) != content_key([np.array(["DE"], object)])
