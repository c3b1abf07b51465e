"""Reading extracts: broken files, merging, what is dropped and said."""

import numpy as np
import pytest
from real_data import data_path
from streets.streets_town import LINE, OPEN, lonlat, read_town, town, write_town

from halfcircle.access.streets import StreetWays, build_network, read_osm
from halfcircle.errors import StreetError


def good(path):
    nodes = {i: (i % 50, i // 50) for i in range(1, 2000)}
    ways = {i: ([i, i + 1], OPEN) for i in range(1, 1999)}
    return write_town(path, nodes, ways)


def test_good_file(tmp_path):
    ways = read_osm(good(tmp_path / "a.osm.pbf"))
    assert len(ways.way_id) == 1998
    assert len(ways.node_id) == 1999
    assert ways.notices == ()
    assert repr(ways) == ("<StreetWays: 1,998 ways, 1,999 nodes, 1 tag sets, 0 turn restrictions>")
    assert (ways.node_lon[4], ways.node_lat[4]) == lonlat((5, 0))


@pytest.mark.parametrize("share", [0.2, 0.5, 0.9, 0.999])
def test_cut_off_file(tmp_path, share):
    whole = good(tmp_path / "a.osm.pbf").read_bytes()
    cut = tmp_path / "cut.osm.pbf"
    cut.write_bytes(whole[: int(share * len(whole))])
    with pytest.raises(StreetError, match=r"cut.osm.pbf: this is not a whole OSM extract"):
        read_osm(cut)


@pytest.mark.parametrize("content", [b"PK\x03\x04 a zip file", b"<html>404</html>", b"\0" * 5000])
def test_not_an_extract(tmp_path, content):
    path = tmp_path / "b.osm.pbf"
    path.write_bytes(content)
    with pytest.raises(StreetError, match=r"b.osm.pbf: this is not a whole OSM extract"):
        read_osm(path)


def test_faults_of_all_files_at_once(tmp_path):
    (tmp_path / "empty.osm.pbf").touch()
    (tmp_path / "table.csv").write_text("a,b")
    with pytest.raises(StreetError) as caught:
        read_osm([tmp_path / "absent.pbf", tmp_path / "empty.osm.pbf", tmp_path / "table.csv"])
    text = str(caught.value)
    assert "absent.pbf: there is no such file" in text
    assert "empty.osm.pbf: the file is empty - download it again" in text
    assert "table.csv: not an OSM extract by its name" in text
    assert len(caught.value.faults) == 3
    with pytest.raises(StreetError, match="no OSM extract was given"):
        read_osm([])


def test_no_streets(tmp_path):
    path = write_town(tmp_path / "c.osm.pbf", LINE, {1: ([1, 2], {"building": "yes"})})
    with pytest.raises(StreetError, match=r"c.osm.pbf: there is no street in it"):
        read_osm(path)


def test_streets_without_nodes(tmp_path):
    path = write_town(tmp_path / "c.osm.pbf", {9: (0, 0)}, {1: ([1, 2], OPEN)})
    with pytest.raises(StreetError, match="none of their nodes"):
        read_osm(path)


def test_nodes_after_ways(tmp_path):
    path = tmp_path / "order.osm"
    way = '<way id="5"><nd ref="1"/><nd ref="2"/><tag k="highway" v="path"/></way>'
    nodes = '<node id="1" lat="51.0" lon="6.0"/><node id="2" lat="51.1" lon="6.0"/>'
    path.write_text(f'<osm version="0.6">{way}{nodes}</osm>')
    with pytest.raises(StreetError, match=r"nodes must come before ways .* \(osmium sort"):
        read_osm(path)
    path.write_text(f'<osm version="0.6">{nodes}{way}</osm>')
    assert len(read_osm(path).way_id) == 1


def test_plain_xml(tmp_path):
    path = write_town(tmp_path / "d.osm", LINE, {1: ([1, 2, 3], OPEN)})
    assert len(read_osm(path).node_id) == 3


def test_way_with_a_missing_node_is_cut(tmp_path):
    nodes = {i: (i, 0) for i in (1, 2, 4, 5, 6, 8)}
    ways = read_town(tmp_path, nodes, {7: ([1, 2, 3, 4, 5, 6, 7, 8], OPEN)})
    assert ways.way_id.tolist() == [7, 7]  # 1-2 and 4-5-6; 8 alone is no way
    assert ways.node_id[ways.way_node].tolist() == [1, 2, 4, 5, 6]
    notice = ways.notices[0]
    assert "run out of the extracts" in notice.what
    assert notice.values == ("7",)
    assert notice.severity == "warning"


def test_overlapping_extracts_are_one(tmp_path):
    nodes = {i: (i, 0) for i in range(1, 7)}
    west = write_town(
        tmp_path / "w.osm.pbf", {i: nodes[i] for i in (1, 2, 3, 4)}, {1: ([1, 2, 3, 4, 5], OPEN)}
    )
    both = {1: ([1, 2, 3, 4, 5], OPEN), 2: ([5, 6], OPEN)}
    east = write_town(tmp_path / "e.osm.pbf", {i: nodes[i] for i in (3, 4, 5, 6)}, both)
    merged = read_osm([west, east])
    assert merged.notices == ()  # together they hold every node
    assert merged.way_id.tolist() == [1, 2]
    assert merged.node_id.tolist() == [1, 2, 3, 4, 5, 6]
    swapped = read_osm([east, west])
    assert swapped.digest == merged.digest
    assert np.array_equal(swapped.way_node, merged.way_node)
    assert len(read_osm([west, west]).way_id) == 1


def test_newer_version_counts(tmp_path):
    old = write_town(tmp_path / "o.osm.pbf", LINE, {1: ([1, 2], {"highway": "steps"})}, version=1)
    new = write_town(tmp_path / "n.osm.pbf", LINE, {1: ([1, 2, 3], OPEN)}, version=2)
    for order in ([old, new], [new, old]):
        ways = read_osm(order)
        assert len(ways.way_node) == 3
        assert dict(ways.tag_sets[ways.way_tags[0]]) == OPEN


def test_what_is_dropped_is_said(tmp_path):
    turn = {"type": "restriction", "restriction": "no_left_turn"}
    relations = [
        ([("w", 1, "from"), ("n", 2, "via")], turn),  # no to
        ([("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")], {**turn, "restriction": "odd"}),
        (
            [("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")],
            {"type": "restriction", "restriction:conditional": "no_left_turn @ (Mo-Fr)"},
        ),
        ([("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")], {"type": "restriction"}),
        ([("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")], turn),
    ]
    tags = {**OPEN, "maxspeed:conditional": "30 @ (22:00-06:00)"}
    ways = read_town(
        tmp_path, LINE, {1: ([1, 2], tags), 2: ([2, 3], OPEN), 3: ([4], OPEN)}, relations
    )
    said = {notice.what: notice for notice in ways.notices}
    assert said["ways with fewer than two nodes"].values == ("3",)
    dropped = said["turn restrictions without a proper from, via or to were dropped"]
    assert dropped.values == ("1", "2")
    assert any(what.startswith("maxspeed:conditional is not evaluated") for what in said)
    assert any(what.startswith("restriction:conditional is not evaluated") for what in said)
    assert len(ways.restrictions) == 1


def test_tag_values_from_hostile_files_are_only_text(tmp_path):
    tags = {
        "highway": "residential",
        "maxspeed": "9" * 200,
        "access": "\u202e<script>",
        "oneway": "x",
    }
    t = town(tmp_path, "car", {1: (0, 0), 2: (1, 0)}, {1: ([1, 2], tags)})
    assert t.seconds(1, 2) > 0


def test_ways_reject_arrays_that_do_not_fit():
    empty = np.zeros(0)
    with pytest.raises(StreetError, match="way_ptr does not delimit way_node"):
        StreetWays(
            way_id=np.array([1]),
            way_ptr=np.array([0, 1]),
            way_node=np.array([0]),
            way_tags=np.array([0]),
            node_id=np.array([5]),
            node_lon=np.array([6.0]),
            node_lat=np.array([51.0]),
            marked_node=empty,
            marked_tags=empty,
            tag_sets=({},),
        )


@pytest.mark.real_data
def test_liechtenstein_and_aachen_are_read_together():
    ways = read_osm(
        [
            data_path("border_triangle/osm/aachen.osm.pbf"),
            data_path("border_triangle/osm/liechtenstein_2021.osm.pbf"),
        ]
    )
    assert len(ways.way_id) == 14_834 + 6_984
    network = build_network(ways, "walk")
    assert 0.3 < network.links.main.mean() < 0.8  # two towns without a street between them
