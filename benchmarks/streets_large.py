"""One car trip of an hour from everywhere to everywhere, on street graphs of growing size.

Run ``python benchmarks/streets_large.py [FOLDER] [--tiles 2 9 19]`` with the folder of the shared
real data (by default ``../shared/data`` beside the project). The graph is the car network of Porto
Alegre (14,160 junctions once bends are taken out) or a square of copies of it, neighbours joined
by a dozen fast roads: 2 x 2 make 57,000 junctions, 9 x 9 1.1 million, 19 x 19 five million. Each
size runs in a process of its own, so that its peak memory is its own. Every search finds all
junctions within the hour, from origins spread over the graph. The bucket search, the sweep, scipy,
networkx and pandana run on the same graph in the same process; their answers are compared. Times
are those of the processor over all threads (ours and scipy use one), so that other work on the
machine counts less. Ratios carry over to other machines, milliseconds do not.
"""

from __future__ import annotations

import argparse
import importlib.util
import multiprocessing
import resource
import time
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from halfcircle.access.streets import (
    ROAD_CLASSES,
    StreetHierarchy,
    StreetLinks,
    StreetNetwork,
    _phast,
    _search,
    build_hierarchy,
    build_network,
    content_key,
    read_osm,
)
from halfcircle.access.streets.hierarchy import hierarchy_setting

T = TypeVar("T")
LIMIT_S = 3600.0
TICKS = 256
N_JOINS = 12
JOIN_KMH = 80.0
PEAK = {"motorway": 1.3, "trunk": 1.3, "primary": 1.5, "secondary": 1.4}
N_BATCH = 64
NETWORKX_JUNCTIONS = 2_000_000
PANDANA_JUNCTIONS = 200_000


def tiled(network: StreetNetwork, side: int) -> StreetNetwork:
    """A square of `side` x `side` copies, neighbours joined by `N_JOINS` two-way roads."""
    if side == 1:
        return network
    n, n_links, links = network.n_nodes, len(network.links), network.links
    width, height = np.ptp(network.node_lon) * 1.02, np.ptp(network.node_lat) * 1.02
    tiles = [(x, y) for y in range(side) for x in range(side)]
    number = {tile: i for i, tile in enumerate(tiles)}
    main = np.unique(network.edge_tail[links.main[network.edge_link] & (network.edge_link >= 0)])
    lon, lat = network.node_lon, network.node_lat

    def border(values: npt.NDArray[Any], along: npt.NDArray[Any], sign: int) -> npt.NDArray[Any]:
        """Nodes farthest out on one side, one in each of `N_JOINS` strips."""
        strip = np.quantile(along[main], np.linspace(0, 1, N_JOINS + 1))
        inside = [main[(along[main] >= a) & (along[main] <= b)] for a, b in pairwise(strip)]
        return np.array([some[np.argmax(sign * values[some])] for some in inside])

    sides = {
        (1, 0): (border(lon, lat, 1), border(lon, lat, -1)),
        (0, 1): (border(lat, lon, 1), border(lat, lon, -1)),
    }
    ends = []
    for (x, y), i in number.items():
        for (dx, dy), (here, there) in sides.items():
            j = number.get((x + dx, y + dy))
            if j is not None:
                ends.append(np.column_stack([here + i * n, there + j * n]))
    joins = np.concatenate(ends)
    k = len(tiles)
    shift = np.arange(k)

    def every(values: npt.NDArray[Any], step: int = 0) -> npt.NDArray[Any]:
        return (values[None, :] + step * shift[:, None]).ravel()

    x_of = np.array([x for x, _ in tiles]) * width
    y_of = np.array([y for _, y in tiles]) * height
    node_lon = (lon[None, :] + x_of[:, None]).ravel()
    node_lat = (lat[None, :] + y_of[:, None]).ravel()
    metres = 111_200.0 * np.hypot(
        (node_lon[joins[:, 0]] - node_lon[joins[:, 1]]) * np.cos(np.radians(lat.mean())),
        node_lat[joins[:, 0]] - node_lat[joins[:, 1]],
    )
    join_s = np.round(metres * 3.6 / JOIN_KMH * TICKS) / TICKS
    join_link = k * n_links + np.arange(len(joins))
    tail = np.concatenate([every(network.edge_tail.astype(np.int64), n), joins[:, 0], joins[:, 1]])
    head = np.concatenate([every(network.edge_head.astype(np.int64), n), joins[:, 1], joins[:, 0]])
    link = every(network.edge_link.astype(np.int64), n_links)
    link[np.tile(network.edge_link < 0, k)] = -1
    order = np.argsort(tail, kind="stable")
    ptr = np.zeros(k * n + 1, np.int64)
    np.cumsum(np.bincount(tail, minlength=k * n), out=ptr[1:])
    joined_ptr = every(links.ptr[:-1], int(links.ptr[-1]))
    n_points = k * int(links.ptr[-1])
    motorway = np.uint8(ROAD_CLASSES.index("motorway"))
    n_joins = len(joins)
    more = {
        "road_class": np.full(n_joins, motorway),
        "snap": np.zeros(n_joins, bool),
        "main": np.ones(n_joins, bool),
        "way_id": np.zeros(n_joins, np.int64),
        "length_m": metres.astype(np.float32),
    }
    return replace(
        network,
        node_id=every(network.node_id, 2**40),
        node_lon=node_lon,
        node_lat=node_lat,
        edge_ptr=ptr,
        edge_head=head[order].astype(np.int32),
        edge_tail=tail[order].astype(np.int32),
        edge_s=np.concatenate([np.tile(network.edge_s, k), join_s, join_s])[order].astype(
            np.float32
        ),
        edge_link=np.concatenate([link, join_link, join_link])[order].astype(np.int32),
        edge_forward=np.concatenate(
            [np.tile(network.edge_forward, k), np.ones(n_joins, bool), np.zeros(n_joins, bool)]
        )[order],
        edge_copy=np.concatenate([np.tile(network.edge_copy, k), np.zeros(2 * n_joins, bool)])[
            order
        ],
        links=StreetLinks(
            ptr=np.concatenate([joined_ptr, n_points + 2 * np.arange(n_joins + 1)]),
            lon=np.concatenate(
                [(links.lon[None, :] + x_of[:, None]).ravel(), node_lon[joins].ravel()]
            ),
            lat=np.concatenate(
                [(links.lat[None, :] + y_of[:, None]).ravel(), node_lat[joins].ravel()]
            ),
            **{
                name: np.concatenate([np.tile(getattr(links, name), k), column])
                for name, column in more.items()
            },
        ),
        digest=content_key([network.digest, "tiles", side]),
    )


def ends(nodes: npt.NDArray[Any]) -> tuple[_search.Origins, _search.Destinations]:
    """Places that are junctions themselves."""
    n = len(nodes)
    node = np.full((n, 2), -1, np.int32)
    node[:, 0] = nodes
    ticks, along = np.zeros((n, 2), np.int32), np.full((n, 2), -1, np.int32)
    none, zero = np.zeros(n, np.int64), np.zeros(n, np.int32)
    arrays = [node, ticks, np.arange(n, dtype=np.int32), along, zero, none, none]
    for array in arrays:
        array.flags.writeable = False
    place = np.arange(0, dtype=np.int32)
    place.flags.writeable = False
    return _search.Origins(*arrays), _search.Destinations(*arrays[:5], place)


def clock(run: Callable[[], T], *, repeat: int = 1) -> tuple[float, T]:
    """Median of some runs, in seconds of the processor."""
    taken = []
    for _ in range(repeat):
        start = time.process_time()
        result = run()
        taken.append(time.process_time() - start)
    return float(np.median(taken)), result


class Sweeps:
    """Sweeps to the same destinations; what serves all origins is made once."""

    def __init__(self, hierarchy: StreetHierarchy, destinations: npt.NDArray[Any]) -> None:
        arrive = ends(destinations)[1]
        self.n = len(destinations)
        self.number = hierarchy.number
        self.out = np.empty((0, self.n), np.int32)
        self.setting = hierarchy_setting(hierarchy, ends(destinations[:1])[0], arrive)

    def ticks(self, nodes: npt.NDArray[Any]) -> npt.NDArray[np.int32]:
        """Times in ticks, shape (n_origins, n_destinations); good until the next call."""
        up, sweep, _, arrive = self.setting
        if len(self.out) < len(nodes):
            self.out = np.empty((len(nodes), self.n), np.int32)
        out = self.out[: len(nodes)]
        leave = ends(np.where(nodes >= 0, self.number[nodes], -1))[0]
        _phast.times(up, sweep, leave, arrive, int(LIMIT_S * TICKS), out)
        return out


def peak_mb() -> float:
    """Peak memory of this process so far."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def one_size(extract: Path, side: int) -> None:
    """All figures of one graph."""
    network = build_network(read_osm(extract), "car")
    base_mb = peak_mb()
    tile_s, network = clock(lambda: tiled(network, side))
    everywhere = np.arange(network.n_nodes, dtype=np.int32)
    # As zones of a study do, origins of a batch lie near each other: in a tile or two.
    tile = network.n_nodes // side**2
    rng = np.random.default_rng(1)
    chosen = rng.choice(side**2, max(1, min(2, side**2)), replace=False)
    starts = np.unique(
        np.concatenate([t * tile + rng.choice(tile, N_BATCH // len(chosen)) for t in chosen])
    )
    print(f"\n{network.n_nodes:,} junctions, {network.n_edges:,} edges ({side} x {side} tiles)")
    print(
        f"  arrays ready in {tile_s:.1f} s; peak {peak_mb():,.0f} MB (of one tile {base_mb:,.0f})"
    )
    graph = _search.Graph(network.edge_ptr, network.edge_head, network.edge_ticks)
    few = starts[:: max(1, len(starts) // 8)][:8]
    limit = int(LIMIT_S * TICKS)

    def bucket() -> npt.NDArray[np.int32]:
        out = np.empty((len(few), network.n_nodes), np.int32)
        _search.times(graph, ends(few)[0], ends(everywhere)[1], limit, out)
        return out

    bucket()
    bucket_s, expected = clock(bucket, repeat=5)
    reached = float((expected != _search.FAR).sum(axis=1).mean())
    report = {"bucket search": bucket_s / len(few)}
    print(f"  within the hour {reached:,.0f} junctions on average")
    order_s, hierarchy = clock(lambda: build_hierarchy(network))
    n_bytes = sum(v.nbytes for v in vars(hierarchy).values() if isinstance(v, np.ndarray))
    print(
        f"  order built in {order_s:.1f} s ({order_s / network.n_nodes * 1e6:.0f} us a junction), "
        f"{n_bytes / 1e6:,.0f} MB; peak {peak_mb():,.0f} MB"
    )
    busy = network.with_class_factors(PEAK)
    again_s, changed = clock(lambda: hierarchy.customised(busy))
    print(f"  customised to peak weights in {again_s:.1f} s (building: {order_s:.1f} s)")
    ready_s, sweeps = clock(lambda: Sweeps(hierarchy, everywhere))
    sweeps.ticks(few[:1])
    sweeps.ticks(starts)
    sweep_s, found = clock(lambda: sweeps.ticks(starts), repeat=5)
    assert np.array_equal(found[np.searchsorted(starts, few)], expected), "sweep differs"
    one_by_one = starts[:: len(starts) // 8]
    apart_s, _ = clock(lambda: [sweeps.ticks(one[None]) for one in one_by_one])
    report["sweep, one by one"] = apart_s / len(one_by_one)
    report["sweep, batches of 32"] = sweep_s / len(starts)
    places = np.sort(np.random.default_rng(2).choice(network.n_nodes, 1000, replace=False))
    to_places = Sweeps(hierarchy, places)
    some_s, _ = clock(lambda: to_places.ticks(starts), repeat=5)
    report["sweep to 1,000 places"] = some_s / len(starts)
    print(f"  all junctions made ready as destinations in {ready_s:.2f} s, once for all origins")
    del found
    weights = np.maximum(network.edge_s.astype(np.float64), 1e-9)
    matrix = csr_array((weights, network.edge_head, network.edge_ptr), shape=(network.n_nodes,) * 2)
    one = few[:3]
    scipy_s, theirs = clock(lambda: dijkstra(matrix, indices=one, limit=LIMIT_S))
    far = np.where(expected[:3] == _search.FAR, np.inf, expected[:3] / TICKS)
    assert np.allclose(np.where(theirs > LIMIT_S, np.inf, theirs), far, atol=0.01), "scipy differs"
    report["scipy dijkstra"] = scipy_s / len(one)
    if network.n_nodes <= NETWORKX_JUNCTIONS:
        report |= others(network, one, expected)
    else:
        print("  networkx and pandana are left out at this size: tens of GB, or many minutes")
    ours = report["sweep, batches of 32"]
    for name, seconds in report.items():
        print(f"  {name:24s} {seconds * 1e3:10.3f} ms per origin, {seconds / ours:8.1f} times")
    swept_busy = Sweeps(changed, everywhere).ticks(few[:2])
    busy_graph = _search.Graph(busy.edge_ptr, busy.edge_head, busy.edge_ticks)
    out = np.empty((2, network.n_nodes), np.int32)
    _search.times(busy_graph, ends(few[:2])[0], ends(everywhere)[1], limit, out)
    assert np.array_equal(out, swept_busy), "customised order differs"
    print(f"  peak memory of the whole process {peak_mb():,.0f} MB")


def others(
    network: StreetNetwork, nodes: npt.NDArray[Any], expected: npt.NDArray[np.int32]
) -> dict[str, float]:
    """Seconds per origin of networkx and pandana, where they are installed."""
    found = {}
    n_reached = int((expected[0] != _search.FAR).sum())
    if importlib.util.find_spec("networkx"):
        import networkx

        graph = networkx.DiGraph()
        graph.add_weighted_edges_from(
            sorted(
                zip(
                    *(a.tolist() for a in (network.edge_tail, network.edge_head, network.edge_s)),
                    strict=True,
                ),
                reverse=True,  # of parallel edges the fastest stays
            )
        )
        seconds, times = clock(
            lambda: networkx.single_source_dijkstra_path_length(
                graph, int(nodes[0]), cutoff=LIMIT_S, weight="weight"
            )
        )
        assert len(times) == n_reached, "networkx differs"
        found["networkx"] = seconds
        del graph, times
    else:
        print("  networkx is not installed")
    if network.n_nodes > PANDANA_JUNCTIONS:
        print("  pandana is left out at this size: its order takes a millisecond a junction")
    elif importlib.util.find_spec("pandana"):
        import pandana
        import pandas as pd

        edges = pd.DataFrame({"a": network.edge_tail, "b": network.edge_head, "s": network.edge_s})
        build_s, streets = clock(
            lambda: pandana.Network(
                pd.Series(network.node_lon), pd.Series(network.node_lat), edges["a"], edges["b"],
                edges[["s"]], twoway=False,
            )
        )  # fmt: skip
        print(f"  pandana: order built in {build_s:.1f} s")
        seconds, within = clock(lambda: streets.nodes_in_range(nodes.tolist(), LIMIT_S))
        share = len(within) / sum(int((row != _search.FAR).sum()) for row in expected[: len(nodes)])
        print(f"  pandana finds {share:.4f} of the junctions that ours finds")
        found["pandana nodes_in_range"] = seconds / len(nodes)
        goal = np.random.default_rng(3).choice(network.n_nodes, 1000, replace=False).tolist()
        pairs_s, _ = clock(lambda: streets.shortest_path_lengths([int(nodes[0])] * len(goal), goal))
        found["pandana to 1,000 places"] = pairs_s
    else:
        print("  pandana is not installed")
    return found


def main() -> None:
    root = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, nargs="?", default=root)
    parser.add_argument("--tiles", type=int, nargs="+", default=[2, 9])
    chosen = parser.parse_args()
    extract = chosen.folder / "porto_alegre" / "poa_osm.pbf"
    if not extract.exists():
        raise SystemExit(f"no Porto Alegre extract in {chosen.folder}")
    for side in chosen.tiles:
        process = multiprocessing.get_context("spawn").Process(
            target=one_size, args=(extract, side)
        )
        process.start()
        process.join()
        if process.exitcode:
            raise SystemExit(f"{side} x {side} tiles: ended with {process.exitcode}")


if __name__ == "__main__":
    main()
