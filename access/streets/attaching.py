"""Where snapped places leave and enter a network, and how long that takes."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from halfcircle._checks import frozen_array
from halfcircle.access.streets.network import StreetNetwork
from halfcircle.access.streets.segments import TICKS_PER_S
from halfcircle.access.streets.snapping import Snaps
from halfcircle.errors import StreetError

__all__ = ["Attachment", "attach"]


class Attachment(NamedTuple):
    """How places join the graph, in ticks of 1/256 s; snap time included. -1: no such way."""

    leave_node: npt.NDArray[np.int32]  # (n, 2)
    leave_ticks: npt.NDArray[np.int32]
    arrive_node: npt.NDArray[np.int32]
    arrive_ticks: npt.NDArray[np.int32]
    along_ticks: npt.NDArray[np.int32]  # (n, 2) from the start of the edge along / against; -1
    snap_ticks: npt.NDArray[np.int32]  # (n,)


def attach(network: StreetNetwork, snaps: Snaps) -> Attachment:
    """Offsets of places to and from the ends of their edges, in ticks.

    A place in the middle of a one-way edge leaves at its head and is reached from its tail; on a
    two-way street both ends serve both. A place on a junction leaves in every direction.

    The time of an edge holds the delay at its head, and is shared out by distance, the delay with
    it: who starts in the middle of a street pays half the delay of the crossing ahead, who arrives
    there the other half. A trip is off by at most the delays at its two ends (a second each at
    crossings, six at signals), early at the start and late at the end, so that it evens out on
    average; a way past the place costs exactly the whole.
    """
    if snaps.n_links != len(network.links):
        raise StreetError(
            f"street times: places are snapped to a network of {snaps.n_links:,} links, "
            f"this one has {len(network.links):,} - snap them to this network"
        )
    n = len(snaps)
    snapped = np.flatnonzero(snaps.is_snapped)
    link = snaps.link_idx[snapped]
    leave_node = np.full((n, 2), -1, dtype=np.int32)
    arrive_node = leave_node.copy()
    leave_ticks = np.zeros((n, 2), dtype=np.int32)
    arrive_ticks = leave_ticks.copy()
    along_ticks = np.full((n, 2), -1, dtype=np.int32)
    snap_ticks = np.zeros(n, dtype=np.int32)
    snap_s = np.minimum(snaps.snap_s[snapped].astype(np.float64), 2.0**20)
    snap_ticks[snapped] = np.rint(snap_s * TICKS_PER_S)
    for side in (0, 1):
        edge = network.link_edges[link, side]
        there = edge >= 0
        rows, edge = snapped[there], edge[there]
        whole = network.edge_ticks[edge]
        # Rounded from the beginning of the link in both directions, so that a network turned round
        # has the same halves.
        gone = np.rint(whole * snaps.fraction[rows]).astype(np.int32)
        if side == 1:
            gone = whole - gone
        along_ticks[rows, side] = gone
        leave_node[rows, side] = network.edge_head[edge]
        leave_ticks[rows, side] = whole - gone + snap_ticks[rows]
        arrive_node[rows, side] = network.edge_tail[edge]
        arrive_ticks[rows, side] = gone + snap_ticks[rows]
    _junctions(network, (leave_node, leave_ticks, arrive_node, arrive_ticks), snap_ticks)
    columns = (leave_node, leave_ticks, arrive_node, arrive_ticks, along_ticks, snap_ticks)
    return Attachment(*(frozen_array(column, np.int32) for column in columns))


def _junctions(
    network: StreetNetwork, ends: tuple[npt.NDArray[np.int32], ...], snap_ticks: npt.NDArray[Any]
) -> None:
    """Let a place at the very end of a one-way edge leave from, and be reached at, the junction."""
    leave_node, leave_ticks, arrive_node, arrive_ticks = ends
    rows = np.flatnonzero((leave_node[:, 0] >= 0) != (leave_node[:, 1] >= 0))
    side = np.where(leave_node[rows, 0] >= 0, 0, 1)
    # On an edge of no length a place would be at both ends and open the wrong way.
    long = leave_ticks[rows, side] + arrive_ticks[rows, side] > 2 * snap_ticks[rows]
    rows, side = rows[long], side[long]
    # A split node (turn restriction) has no single node to join.
    whole = np.ones(network.n_nodes, dtype=bool)
    joint = network.edge_link < 0
    whole[network.edge_tail[joint]] = whole[network.edge_head[joint]] = False
    for node, ticks, to_node, to_ticks in (
        (arrive_node[rows, side], arrive_ticks[rows, side], leave_node, leave_ticks),
        (leave_node[rows, side], leave_ticks[rows, side], arrive_node, arrive_ticks),
    ):
        there = (ticks == snap_ticks[rows]) & whole[node]
        at, other = rows[there], 1 - side[there]
        to_node[at, other], to_ticks[at, other] = node[there], snap_ticks[at]
