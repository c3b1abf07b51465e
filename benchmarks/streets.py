"""Streets of Porto Alegre: reading, building, snapping, searching; ratios to scipy and networkx.

Run ``python benchmarks/streets.py [FOLDER]`` with the folder of the shared real data (by default
``../shared/data`` beside the project). All figures are of one run on one machine: compare the
ratios, not the milliseconds.
"""

from __future__ import annotations

import resource
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import numpy as np
import osmium
import pandas as pd
from scipy.sparse import csr_array
from scipy.sparse.csgraph import dijkstra

from halfcircle.access.streets import (
    MODES,
    Snaps,
    StreetNetwork,
    build_hierarchy,
    build_network,
    network_to_osmnx,
    read_osm,
    street_links,
    street_times_s,
)

T = TypeVar("T")
LIMIT_S = 3600.0
N_SCIPY = 100
N_NETWORKX = 3


def timed(run: Callable[[], T], *, repeat: int = 3) -> tuple[float, T]:
    """Best of some runs, in seconds."""
    best, result = np.inf, run()
    for _ in range(repeat):
        start = time.perf_counter()
        result = run()
        best = min(best, time.perf_counter() - start)
    return best, result


def scipy_per_origin_s(network: StreetNetwork, snaps: Snaps) -> float:
    """Bounded Dijkstra of scipy from as many nodes."""
    weights = np.maximum(network.edge_s.astype(np.float64), 1e-9)
    shape = (network.n_nodes, network.n_nodes)
    graph = csr_array((weights, network.edge_head, network.edge_ptr), shape=shape)
    nodes = network.edge_head[network.link_edges[snaps.link_idx[snaps.is_snapped], 0]][:N_SCIPY]
    seconds, _ = timed(lambda: dijkstra(graph, indices=nodes, limit=LIMIT_S), repeat=1)
    return seconds / len(nodes)


def networkx_per_origin_s(network: StreetNetwork) -> float:
    """Bounded Dijkstra of networkx."""
    import networkx

    graph = network_to_osmnx(network)
    nodes = list(graph.nodes)[:: max(1, len(graph) // N_NETWORKX)][:N_NETWORKX]
    seconds, _ = timed(
        lambda: [
            networkx.single_source_dijkstra_path_length(
                graph, node, cutoff=LIMIT_S, weight="travel_time"
            )
            for node in nodes
        ],
        repeat=1,
    )
    return seconds / len(nodes)


def network_mb(network: StreetNetwork) -> float:
    """Arrays of a network and its links."""
    columns = [*vars(network).values(), *vars(network.links).values()]
    return sum(c.nbytes for c in columns if isinstance(c, np.ndarray)) / 1e6


def main() -> None:
    root = Path(__file__).resolve().parents[1].parent / "shared" / "data"
    folder = (Path(sys.argv[1]) if len(sys.argv) > 1 else root) / "porto_alegre"
    extract = folder / "poa_osm.pbf"
    if not extract.exists():
        raise SystemExit(f"no Porto Alegre extract in {folder}")
    n_nodes = sum(1 for _ in osmium.FileProcessor(str(extract), osmium.osm.NODE))
    read_s, ways = timed(lambda: read_osm(extract))
    print(f"read {extract.name}: {read_s:.2f} s, {n_nodes:,} nodes ({ways})")
    for name in ("aachen", "liechtenstein_2021"):
        other = folder.parent / "border_triangle" / "osm" / f"{name}.osm.pbf"
        if other.exists():
            n = sum(1 for _ in osmium.FileProcessor(str(other), osmium.osm.NODE))
            s, _ = timed(lambda path=other: read_osm(path))
            print(f"read {other.name}: {s:.2f} s, {n:,} nodes = {s / n * 1e6:.2f} s per million")
    cells = pd.read_csv(folder / "poa_hexgrid.csv")
    print(f"\n{len(cells):,} origins and destinations, limit {LIMIT_S / 60:.0f} min")
    for mode in MODES:
        build_s, network = timed(lambda mode=mode: build_network(ways, mode))
        snap_s, snaps = timed(lambda network=network: network.snap(cells["lon"], cells["lat"]))
        n = int(snaps.is_snapped.sum())

        def run(
            workers: int, network: StreetNetwork = network, snaps: Snaps = snaps
        ) -> tuple[float, np.ndarray]:
            return timed(
                lambda: street_times_s(network, snaps, snaps, limit_s=LIMIT_S, workers=workers)
            )

        one_s, times = run(1)
        two_s, again = run(2)
        links_s, links = timed(
            lambda network=network, snaps=snaps: street_links(
                network, snaps, snaps, limit_s=900, workers=1
            )
        )
        assert np.array_equal(times, again)
        print(
            f"\n{network}\n  build {build_s:.2f} s, arrays {network_mb(network):.1f} MB, "
            f"snap {snap_s / len(snaps) * 1e6:.0f} us per place ({n:,} snapped)"
        )
        ours = one_s / n
        print(
            f"  search {ours * 1e3:.2f} ms per origin (2 threads {two_s / n * 1e3:.2f}), "
            f"links within 15 min {links_s / n * 1e3:.3f} ms ({len(links):,})"
        )
        order_s, hierarchy = timed(lambda network=network: build_hierarchy(network), repeat=1)
        swept_s, swept = timed(
            lambda network=network, snaps=snaps, hierarchy=hierarchy: street_times_s(
                network, snaps, snaps, limit_s=LIMIT_S, workers=1, hierarchy=hierarchy
            )
        )
        assert np.array_equal(times, swept)
        print(
            f"  hierarchy {swept_s / n * 1e3:.3f} ms per origin ({one_s / swept_s:.0f} times "
            f"faster), built in {order_s:.2f} s, {hierarchy}"
        )
        scipy_s = scipy_per_origin_s(network, snaps)
        print(f"  scipy dijkstra {scipy_s * 1e3:.2f} ms: {scipy_s / ours:.1f} times as long")
        try:
            nx_s = networkx_per_origin_s(network)
            print(f"  networkx {nx_s * 1e3:.0f} ms: {nx_s / ours:.0f} times as long")
        except ImportError:
            print("  networkx is not installed")
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"\npeak memory of the whole run {peak_mb:,.0f} MB")


if __name__ == "__main__":
    main()
