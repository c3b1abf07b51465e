"""OSMnx graphs in and out, and named places (never over the net)."""

import builtins
import sys

import networkx as nx
import numpy as np
import pytest
import shapely
from streets.streets_town import OPEN, TICK_S, lonlat, town, with_detour

from halfcircle.access.streets import (
    CarProfile,
    network_from_osmnx,
    network_from_place,
    network_to_osmnx,
    street_times_s,
)
from halfcircle.errors import MissingExtraError, StreetError

PLAIN = CarProfile(road_factor=1.0, motorway_factor=1.0, junction_s=0.0)


def street_graph():
    """A square of streets, one side one-way, one side bent."""
    graph = nx.MultiDiGraph(crs="epsg:4326")
    corners = {10: (0, 0), 20: (1, 0), 30: (1, 1), 40: (0, 1)}
    for node, step in corners.items():
        x, y = lonlat(step)
        graph.add_node(node, x=x, y=y, street_count=2)
    bend = shapely.LineString([lonlat((1, 1)), lonlat((0.5, 1.5)), lonlat((0, 1))])
    common = {"highway": "residential", "maxspeed": "50", "length": 700.0}
    graph.add_edge(10, 20, osmid=1, oneway=True, reversed=False, **common)
    for u, v, osmid, geometry in ((20, 30, 2, None), (30, 40, [3, 4], bend), (40, 10, 5, None)):
        shape = {} if geometry is None else {"geometry": geometry}
        back = {} if geometry is None else {"geometry": geometry.reverse()}
        graph.add_edge(u, v, osmid=osmid, oneway=False, reversed=False, **common, **shape)
        graph.add_edge(v, u, osmid=osmid, oneway=False, reversed=True, **common, **back)
    return graph


def seconds(network, a, b):
    snaps = network.snap(*np.array([lonlat(a), lonlat(b)]).T, max_snap_m=5)
    return street_times_s(network, snaps.take([0]), snaps.take([1]), limit_s=9000)[0, 0]


def test_from_osmnx():
    network = network_from_osmnx(street_graph(), "car", profile=PLAIN)
    assert (len(network.links), network.n_edges) == (2, 3)  # one way, and three sides in one
    east = 702 * 3.6 / 50
    assert seconds(network, (0, 0), (1, 0)) == pytest.approx(east, abs=0.2)
    assert seconds(network, (1, 0), (0, 0)) > 3 * east
    walk = network_from_osmnx(street_graph(), "walk")
    # A walking graph of OSMnx has both directions where both are allowed: the graph counts.
    assert seconds(walk, (1, 0), (0, 0)) > seconds(walk, (0, 0), (1, 0))


def test_speed_of_the_graph_is_taken():
    graph = street_graph()
    for _, _, data in graph.edges(data=True):
        data["speed_kph"] = 20.0
    network = network_from_osmnx(graph, "car")
    assert seconds(network, (0, 0), (1, 0)) == pytest.approx(702 * 3.6 / 20, abs=0.3)


def test_lists_of_tags_are_understood():
    graph = street_graph()
    for _, _, data in graph.edges(data=True):
        data["maxspeed"] = ["50", "30"]
        data["highway"] = ["residential", "unclassified"]
    network = network_from_osmnx(graph, "car", profile=PLAIN)
    assert seconds(network, (0, 0), (1, 0)) == pytest.approx(702 * 3.6 / 30, abs=0.3)


def test_there_and_back(tmp_path):
    tags = {**OPEN, "oneway": "yes"}
    turn = (
        [("w", 1, "from"), ("n", 2, "via"), ("w", 2, "to")],
        {"type": "restriction", "restriction": "no_straight_on"},
    )
    t = town(tmp_path, "car", *with_detour(tags), [turn], profile=PLAIN)
    graph = network_to_osmnx(t.network)
    assert nx.is_directed(graph)
    assert graph.graph["crs"] == "epsg:4326"
    # The split node is one again.
    assert sorted(data["osmid"] for _, data in graph.nodes(data=True)) == [2, 3, 20, 21]
    free = town(tmp_path, "car", *with_detour(tags), profile=PLAIN)
    node = {data["osmid"]: name for name, data in graph.nodes(data=True)}
    for a, b in ((2, 3), (3, 2), (20, 21)):
        by_networkx = nx.shortest_path_length(graph, node[a], node[b], weight="travel_time")
        assert by_networkx == pytest.approx(free.seconds(a, b), abs=4 * TICK_S)
    for u, v, data in graph.edges(data=True):
        ends = data["geometry"].coords
        assert ends[0] == (graph.nodes[u]["x"], graph.nodes[u]["y"])
        assert ends[-1] == (graph.nodes[v]["x"], graph.nodes[v]["y"])
    again = network_from_osmnx(graph, "car", profile=PLAIN)
    assert len(again.links) == len(t.network.links)
    assert again.links.length_m.sum() == pytest.approx(t.network.links.length_m.sum(), rel=1e-5)


def test_osmnx_accepts_the_graph(tmp_path):
    osmnx = pytest.importorskip("osmnx")
    graph = network_to_osmnx(town(tmp_path, "car", *with_detour(OPEN)).network)
    nodes, edges = osmnx.graph_to_gdfs(graph)
    assert len(edges) == graph.number_of_edges()
    assert nodes.crs.to_epsg() == 4326


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g: g.graph.update(crs="epsg:28992"), r"it is projected \(epsg:28992\)"),
        (lambda g: g.remove_edges_from(list(g.edges)), "there is no street in it"),
        (lambda g: g.nodes[10].pop("x"), "nodes need numbers x and y"),
        (lambda g: g.nodes[10].update(y="north"), "nodes need numbers x and y"),
        (lambda g: g.nodes[10].update(y=np.nan), "positions outside the globe"),
    ],
)
def test_wrong_graphs(change, message):
    graph = street_graph()
    change(graph)
    with pytest.raises(StreetError, match=message):
        network_from_osmnx(graph, "car")


def test_no_graph():
    with pytest.raises(StreetError, match="a str is no graph"):
        network_from_osmnx("Maastricht", "car")


def test_place(monkeypatch):
    osmnx = pytest.importorskip("osmnx")
    asked = []

    def graph_from_place(query, *, network_type):
        asked.append((query, network_type))
        return street_graph()

    monkeypatch.setattr(osmnx, "graph_from_place", graph_from_place)
    for mode in ("walk", "bike", "car"):
        assert network_from_place("Maastricht, NL", mode).mode == mode
    assert asked == [("Maastricht, NL", kind) for kind in ("walk", "bike", "drive")]
    with pytest.raises(StreetError, match="unknown mode 'train'"):
        network_from_place("Maastricht, NL", "train")


def test_place_that_fails(monkeypatch):
    osmnx = pytest.importorskip("osmnx")

    def graph_from_place(query, *, network_type):
        raise ConnectionError("no route\nto host")

    monkeypatch.setattr(osmnx, "graph_from_place", graph_from_place)
    with pytest.raises(
        StreetError, match=r"'Nowhere': OSMnx got none \(ConnectionError: no route to host\)"
    ):
        network_from_place("Nowhere", "walk")


def test_without_osmnx(monkeypatch):
    real_import = builtins.__import__

    def no_osmnx(name, *args, **kwargs):
        if name == "osmnx":
            raise ImportError(name)
        return real_import(name, *args, **kwargs)

    monkeypatch.delitem(sys.modules, "osmnx", raising=False)
    monkeypatch.setattr(builtins, "__import__", no_osmnx)
    with pytest.raises(MissingExtraError, match=r"pip install 'halfcircle\[osmnx\]'"):
        network_from_place("Maastricht, NL", "walk")
