"""Which zones touch, and putting regions back together that fell into pieces.

Delineation looks at flows only. Pieces are repaired afterwards, never during, so that what the
flows say and what the map needs stay apart.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse
from scipy.sparse.csgraph import connected_components

from halfcircle.errors import ZoneError
from halfcircle.places import Zones
from halfcircle.regions.flows import FlowMatrix, Flows
from halfcircle.regions.indicators import same_zones
from halfcircle.regions.zoning import Regions, build_regions

__all__ = ["repair_contiguity", "shared_borders"]


def shared_borders(zones: Zones, *, tolerance_m: float = 0.0) -> FlowMatrix:
    """Length of the border that two zones share.

    Parameters
    ----------
    zones : Zones
        With areas.
    tolerance_m : float, metres
        Gaps and overlaps up to this width still count as touching; for boundaries that were drawn
        or simplified zone by zone.

    Returns
    -------
    csr_array of float64, shape (n, n), metres
        Symmetric; zones that touch in a point only are no neighbours.

    Raises
    ------
    ZoneError
        The zones are points.
    """
    if zones.geometry is None:
        raise ZoneError("zones: neighbours need areas, these zones are points")
    areas = zones.geometry
    tree = shapely.STRtree(areas)
    if tolerance_m > 0:
        a, b = tree.query(areas, predicate="dwithin", distance=tolerance_m)
    else:
        a, b = tree.query(areas, predicate="intersects")
    once = a < b
    a, b = a[once], b[once]
    first: Any = shapely.boundary(areas[a])
    if tolerance_m > 0:
        # Half of the outline of the overlap of two thin strips is the border they follow.
        second: Any = shapely.buffer(areas[b], tolerance_m)
        length_m = shapely.length(shapely.intersection(first, second))
        length_m = np.where(length_m > 4.0 * tolerance_m, length_m, 0.0)
    else:
        length_m = shapely.length(shapely.intersection(first, shapely.boundary(areas[b])))
    touch = length_m > 0
    n = len(zones)
    half = sparse.coo_array((length_m[touch], (a[touch], b[touch])), shape=(n, n))
    return (half + half.T).tocsr()


def pieces_of(label: npt.NDArray[np.int64], borders: FlowMatrix) -> npt.NDArray[np.int64]:
    """Contiguous piece of each zone, shape (n,): zones of one label that touch each other."""
    coo = borders.tocoo()
    same = label[coo.row] == label[coo.col]
    graph = sparse.coo_array((np.ones(int(same.sum())), (coo.row[same], coo.col[same])), coo.shape)
    return np.asarray(connected_components(graph, directed=False)[1], dtype=np.int64)


def repair_contiguity(
    regions: Regions,
    flows: Flows,
    borders: FlowMatrix,
    *,
    group: str | None = None,
    zone_name: npt.NDArray[np.object_] | None = None,
) -> Regions:
    """Give pieces that are cut off from their region to the adjacent region they are linked to.

    The piece with most jobs and residents is the region; every other piece goes as a whole to the
    adjacent region with the strongest link (sum over both directions of the flow squared, divided
    by the residents and jobs at its ends). A piece that touches no other region, such as an
    island, stays. Small pieces are moved first; passes are repeated until nothing moves.

    Parameters
    ----------
    regions : Regions
        A partition.
    flows : Flows
    borders : csr_array of float64, shape (n, n)
        As of `shared_borders`.
    group : str, optional
        All groups together when left out.
    zone_name : array of str, shape (n,), optional
        For the log, and for a region whose largest centre moved.

    Returns
    -------
    Regions
        With status ``repaired`` for what was moved, and a sentence in the log for each piece.
    """
    same_zones(regions, flows.zone_id)
    matrix = flows.matrix(group)
    residents, jobs = flows.residents(group), flows.jobs(group)
    weight = residents + jobs
    label = regions.label.copy()
    called = regions.zone_id if zone_name is None else zone_name
    moved = np.zeros(len(label), np.bool_)
    log: list[str] = []
    for _ in range(len(label)):
        piece = pieces_of(label, borders)
        size = np.bincount(piece, weight)
        main: dict[int, int] = {}
        for k in np.unique(label[label >= 0]):
            own = np.unique(piece[label == k])
            main[int(k)] = int(own[np.argmax(size[own])])
        loose = [p for p in np.argsort(size, kind="stable") if _is_loose(p, piece, label, main)]
        target = None
        for p in loose:
            zones = np.flatnonzero(piece == p)
            target = _linked_neighbour(zones, label, matrix, borders, residents, jobs)
            if target is not None:
                home = int(label[zones[0]])
                label[zones] = target
                moved[zones] = True
                log.append(
                    f"{', '.join(called[zones])}: cut off from "
                    f"{regions.region_name[home]}, moved to {regions.region_name[target]}"
                )
                break
        if target is None:
            break
    status = np.array(regions.status, dtype=object)
    status[moved] = "repaired"
    repaired = build_regions(
        regions.zone_id,
        label,
        weight=jobs,
        zone_name=zone_name,
        method=regions.method,
        group=regions.group,
        parameters={**regions.parameters, "contiguous": True},
        status=status,
        log=(*regions.log, *log),
        notices=regions.notices,
    )
    names = dict(zip(regions.region_id, regions.region_name, strict=True))
    return replace(
        repaired,
        scenario=regions.scenario,
        region_name=np.array(
            [
                names.get(r, n)
                for r, n in zip(repaired.region_id, repaired.region_name, strict=True)
            ],
            dtype=object,
        ),
    )


def _is_loose(
    p: int, piece: npt.NDArray[np.int64], label: npt.NDArray[np.int64], main: dict[int, int]
) -> bool:
    region = int(label[np.flatnonzero(piece == p)[0]])
    return region >= 0 and main[region] != p


def _linked_neighbour(
    zones: npt.NDArray[np.int64],
    label: npt.NDArray[np.int64],
    matrix: FlowMatrix,
    borders: FlowMatrix,
    residents: npt.NDArray[np.float64],
    jobs: npt.NDArray[np.float64],
) -> int | None:
    home = label[zones[0]]
    around = np.unique(label[borders[zones].indices])
    around = around[(around >= 0) & (around != home)]
    best, best_link = None, -1.0
    r, w = residents[zones].sum(), jobs[zones].sum()
    for k in around:
        there = np.flatnonzero(label == k)
        to, fro = matrix[zones][:, there].sum(), matrix[there][:, zones].sum()
        r_k, w_k = residents[there].sum(), jobs[there].sum()
        link = (to * to / (r * w_k) if r * w_k else 0.0) + (
            fro * fro / (r_k * w) if r_k * w else 0.0
        )
        if link > best_link:
            best, best_link = int(k), link
    return best
