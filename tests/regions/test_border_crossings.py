"""Street crossings: found where they are, closed in both directions, opened again."""

import numpy as np
import osmium
import pytest
import shapely
from pyproj import CRS, Transformer
from real_data import data_path

from halfcircle.access import build_street_times
from halfcircle.access.streets import (
    ROAD_CLASSES,
    StreetLinks,
    StreetNetwork,
    build_network,
    read_osm,
)
from halfcircle.errors import StreetError, StudyError
from halfcircle.places import Opportunities, Places
from halfcircle.regions.border import BorderMeasures, border_loss
from halfcircle.regions.border_crossings import close_crossings, find_crossings

GLOBE = CRS.from_epsg(4326)
WEST, EAST = shapely.box(5.0, 50.0, 6.0, 52.0), shapely.box(6.0, 50.0, 7.0, 52.0)


def chain(lon, *, one_way=()) -> StreetNetwork:
    """Nodes in a row along 51 degrees north, a link between neighbours, 100 s each."""
    n = len(lon)
    tail, head, link, forward = [], [], [], []
    for i in range(n - 1):
        for a, b, along in ((i, i + 1, True), (i + 1, i, False)):
            if along or i not in one_way:
                tail.append(a)
                head.append(b)
                link.append(i)
                forward.append(along)
    order = np.argsort(tail, kind="stable")
    tail, head, link, forward = (np.array(x)[order] for x in (tail, head, link, forward))
    ends = np.array([[lon[i], lon[i + 1]] for i in range(n - 1)]).ravel()
    links = StreetLinks(
        ptr=np.arange(n) * 2, lon=ends, lat=np.full(len(ends), 51.0),
        length_m=np.full(n - 1, 1000.0), way_id=np.arange(n - 1) + 10,
        road_class=np.full(n - 1, ROAD_CLASSES.index("primary")),
        snap=np.ones(n - 1, bool), main=np.ones(n - 1, bool),
    )  # fmt: skip
    return StreetNetwork(
        mode="car", node_id=np.arange(n), node_lon=np.array(lon), node_lat=np.full(n, 51.0),
        edge_ptr=np.r_[0, np.cumsum(np.bincount(tail, minlength=n))], edge_head=head,
        edge_tail=tail, edge_s=np.full(len(tail), 100.0), edge_link=link, edge_forward=forward,
        edge_copy=np.zeros(len(tail), bool), links=links,
    )  # fmt: skip


def test_crossing_is_the_link_with_ends_in_two_countries():
    network = chain([5.9, 5.95, 6.05, 6.1])
    found = find_crossings(network, {"W": WEST, "E": EAST}, GLOBE)
    assert found.link_idx.tolist() == [1]
    assert (found.country_a[0], found.country_b[0]) == ("W", "E")
    assert found.lon[0] == pytest.approx(6.0)
    assert found.both_ways.all()
    assert found.table().loc[0, ["border", "road_class", "way_id"]].tolist() == [
        "E-W",
        "primary",
        11,
    ]
    assert repr(found) == "<BorderCrossings by car: 1: E-W 1>"
    one_way = find_crossings(chain([5.95, 6.05], one_way=(0,)), {"W": WEST, "E": EAST}, GLOBE)
    assert not one_way.both_ways.any()


def test_ends_on_no_land_take_the_nearest_country():
    # A river between the countries, and a bridge with a pier in it, nearer to the east.
    east = shapely.box(6.2, 50.0, 7.0, 52.0)
    found = find_crossings(chain([5.9, 6.15, 6.3]), {"W": WEST, "E": east}, GLOBE)
    assert found.link_idx.tolist() == [0]


def test_land_in_another_projection():
    crs = CRS.from_epsg(3035)
    frame = {"W": WEST, "E": EAST}
    to = Transformer.from_crs(GLOBE, crs, always_xy=True)
    land = {
        code: shapely.transform(
            shapely.segmentize(shape, 0.01), lambda xy: np.column_stack(to.transform(*xy.T))
        )
        for code, shape in frame.items()
    }
    found = find_crossings(chain([5.9, 5.95, 6.05]), land, crs)
    assert found.lon[0] == pytest.approx(6.0, abs=1e-6)


def test_closing_shuts_both_directions_and_nothing_else():
    network = chain([5.9, 5.95, 6.05, 6.1])
    found = find_crossings(network, {"W": WEST, "E": EAST}, GLOBE)
    closed = close_crossings(network, found)
    shut = closed.edge_s > 1e6
    assert set(zip(network.edge_tail[shut], network.edge_head[shut], strict=True)) == {
        (1, 2),
        (2, 1),
    }
    np.testing.assert_array_equal(closed.edge_s[~shut], network.edge_s[~shut])
    np.testing.assert_array_equal(
        close_crossings(network, found, borders=[]).edge_s, network.edge_s
    )


def test_faults():
    network = chain([5.9, 5.95, 6.05, 6.1])
    found = find_crossings(network, {"W": WEST, "E": EAST}, GLOBE)
    with pytest.raises(StudyError, match=r"border 'A-B' has no crossing by car; there are \['E-W'"):
        close_crossings(network, found, borders=["A-B"])
    with pytest.raises(StreetError, match="found in another network"):
        close_crossings(chain([5.9, 5.95]), found)
    with pytest.raises(StudyError, match="no land areas"):
        find_crossings(network, {}, GLOBE)
    none = find_crossings(chain([5.8, 5.9]), {"W": WEST, "E": EAST}, GLOBE)
    assert len(none) == 0
    assert none.table().empty


# Liechtenstein ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def principality():
    """Car network, and land: the country itself from its relation, neighbours as the rest."""
    path = data_path("border_triangle/osm/liechtenstein_2021.osm.pbf")
    tag = osmium.filter.TagFilter(("admin_level", "2"))
    areas = (
        osmium.FileProcessor(str(path))
        .with_areas(tag)
        .with_filter(osmium.filter.EntityFilter(osmium.osm.AREA))
    )
    factory = osmium.geom.WKBFactory()
    home = None
    for area in areas:
        if area.tags.get("name") == "Liechtenstein" and area.tags.get("admin_level") == "2":
            home = shapely.from_wkb(factory.create_multipolygon(area))
    assert home is not None
    # The three-country points: Rhine near Ruggell, and Naafkopf.
    line = [(9.5307, 47.2706), (9.6077, 47.0599)]
    west = shapely.Polygon([(9.3, 46.9), (9.3, 47.4), (9.5307, 47.4), *line, (9.6077, 46.9)])
    east = shapely.Polygon([(9.8, 46.9), (9.8, 47.4), (9.5307, 47.4), *line, (9.6077, 46.9)])
    land = {"LI": home, "CH": west.difference(home), "AT": east.difference(home)}
    return build_network(read_osm(path), "car"), land


@pytest.mark.real_data
def test_crossings_of_liechtenstein_found_closed_and_opened(principality):
    network, land = principality
    found = find_crossings(network, land, GLOBE)
    assert repr(found) == "<BorderCrossings by car: 14: AT-LI 6, CH-LI 8>"
    # Each lies on the outline of the country, which is the border.
    outline = land["LI"].boundary
    own = [i for i, pair in enumerate(found.pairs) if "LI" in pair]
    gaps = [outline.distance(shapely.Point(found.lon[i], found.lat[i])) for i in own]
    assert max(gaps) < 1e-6
    # Bridges over the Rhine: Balzers, Vaduz, Schaan, Bendern, Ruggell; roads beside it at Balzers.
    bridges = found.lat[[i for i, pair in enumerate(found.pairs) if pair == "CH-LI"]]
    for lat in (47.073, 47.130, 47.169, 47.210, 47.244):
        assert np.abs(bridges - lat).min() < 0.001

    # The file holds few streets abroad: take all nodes there, and some at home.
    side = np.full(network.n_nodes, "", dtype=object)
    for code, shape in land.items():
        side[shapely.contains_xy(shape, network.node_lon, network.node_lat)] = code
    rng = np.random.default_rng(0)
    home = rng.choice(np.flatnonzero(side == "LI"), 120, replace=False)
    nodes = np.r_[np.sort(home), np.flatnonzero((side == "AT") | (side == "CH"))]
    lon, lat, country = network.node_lon[nodes], network.node_lat[nodes], side[nodes]
    places = Places([str(i) for i in nodes], lon, lat, country)

    # Nodes lie on streets: no place may walk over the border to the next open street.
    def times(streets):
        return build_street_times(
            streets, places, limit_s=3600.0, own_m=np.full(len(places), 100.0), kmh=30.0,
            walk_kmh=4.5, max_snap_m=20.0,
        )  # fmt: skip

    closed = close_crossings(network, found)
    jobs = (Opportunities("jobs", np.ones((1, len(places)))),)
    measures = BorderMeasures(bands_s=(900.0, 1800.0))
    loss = border_loss(
        times(network), jobs, measures=measures, hard_closed=times(closed),
    )  # fmt: skip
    idx = np.arange(len(places))
    apart = country[:, None] != country[None, :]
    before, after = times(network).times_s(idx)[:, 0], times(closed).times_s(idx)[:, 0]
    assert np.isfinite(before[apart]).any()
    assert np.isinf(after[apart]).all()
    assert (after >= before).all()
    known = np.isfinite(loss.loss)
    assert (loss.loss_hard_closed[known] >= loss.loss[known]).all()
    assert loss.loss[known].max() > 0.1
    # Closing one border leaves the other open, and closing none gives back the same times.
    half = times(close_crossings(network, found, borders=["CH-LI"])).times_s(idx)[:, 0]
    austria = (country == "LI")[:, None] & (country == "AT")[None, :]
    assert np.isfinite(half[austria]).any()
    opened = times(close_crossings(network, found, borders=[])).times_s(idx)[:, 0]
    np.testing.assert_array_equal(opened, before)
