"""Walking inside stations along pathways.txt: stairs, lifts, one-way gates, levels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from scipy.sparse import coo_array, csr_array
from scipy.sparse.csgraph import connected_components, dijkstra

from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.stop_times import straight_m

__all__ = ["NO_WAY", "pathway_times"]

NO_WAY = -3
"""Both stops lie on pathways, and none leads from the one to the other."""

_WALKWAY, _STAIRS, _TRAVELATOR, _ESCALATOR, _LIFT, _FARE_GATE, _EXIT_GATE = range(1, 8)
# Where the feed gives neither a time nor a length; orders of magnitude of station design guides.
_STEP_S = 0.6
_LEVEL_S = 20.0
_STAIRS_M_S = 0.6
_TRAVELATOR_GAIN_M_S = 0.6
_ESCALATOR_M_S = 0.5
_LIFT_WAIT_S = 30.0
_LIFT_LEVEL_S = 10.0
_GATE_S = 5.0


def pathway_times(feed: Feed, *, walk_m_s: float) -> Mapping[tuple[int, int], int]:
    """Seconds between any two stops of stops.txt at which vehicles call and pathways end.

    Parameters
    ----------
    feed : Feed
    walk_m_s : float, metres per second

    Returns
    -------
    mapping of (row of stops.txt, row of stops.txt) to int
        ``NO_WAY`` between two such stops of one station that pathways do not join.
    """
    if "pathways" not in feed or not len(feed["pathways"]):
        return {}
    table = feed["pathways"]
    stops = feed["stops"]
    ids = stops.texts("stop_id")
    row = {stop_id: i for i, stop_id in enumerate(ids)}
    parents = stops.texts("parent_station")
    level = _levels(feed)
    from_row = table.column("from_stop_id").map(lambda text: row[text], np.int64)
    to_row = table.column("to_stop_id").map(lambda text: row[text], np.int64)
    mode = table.whole("pathway_mode", blank=_WALKWAY).tolist()
    both = table.whole("is_bidirectional", blank=0).tolist()
    given_s = table.whole("traversal_time", blank=-1).tolist()
    length = table.numbers("length", blank=np.nan)
    steps = np.abs(table.numbers("stair_count", blank=np.nan))
    straight = straight_m(
        feed.lon[from_row], feed.lat[from_row], feed.lon[to_row], feed.lat[to_row]
    )
    straight = np.where(np.isnan(straight), 0.0, straight)
    ends: list[tuple[int, int]] = []
    cost: list[float] = []
    for i in range(len(table)):
        a, b = int(from_row[i]), int(to_row[i])
        metres = float(length[i]) if length[i] >= 0 else float(straight[i])
        seconds = float(given_s[i])
        if seconds < 0:
            seconds = _traversal_s(
                mode[i], metres, float(steps[i]), abs(level[a] - level[b]), walk_m_s
            )
        # A cost of 0 would read as "no edge" in a sparse matrix.
        ends.append((a, b))
        cost.append(max(seconds, 1e-3))
        if both[i] and mode[i] != _EXIT_GATE:
            ends.append((b, a))
            cost.append(max(seconds, 1e-3))
    # A boarding area belongs to its platform: vehicles call at the platform.
    kind = stops.whole("location_type", blank=0)
    for area in np.flatnonzero(kind == 4).tolist():
        platform = row.get(parents[area], -1)
        if platform >= 0:
            ends += [(area, platform), (platform, area)]
            cost += [1e-3, 1e-3]
    pairs = np.array(ends, dtype=np.int64)
    graph = _least(pairs, np.array(cost), len(ids))
    linked = np.zeros(len(ids), dtype=bool)
    linked[pairs.ravel()] = True
    called = np.zeros(len(ids), dtype=bool)
    called[feed.stop_times.stop_row] = True
    _, part = connected_components(graph, directed=True, connection="weak")
    station = np.array([parents[i] or ids[i] for i in range(len(ids))], dtype=object)
    platforms = np.flatnonzero(called & linked)
    found: dict[tuple[int, int], int] = {}
    if not len(platforms):
        return found
    # Platforms times nodes stays small: it is done one connected part at a time.
    for label in np.unique(part[platforms]):
        nodes = np.flatnonzero(part == label)
        own = platforms[part[platforms] == label]
        local = np.searchsorted(nodes, own)
        seconds_to = np.atleast_2d(dijkstra(graph[nodes][:, nodes], indices=local))[:, local]
        for i, a in enumerate(own.tolist()):
            for j, b in enumerate(own.tolist()):
                if a != b:
                    way = seconds_to[i, j]
                    found[a, b] = round(float(way)) if np.isfinite(way) else NO_WAY
    by_station: dict[str, list[int]] = {}
    for platform in platforms.tolist():
        by_station.setdefault(station[platform], []).append(platform)
    for members in by_station.values():
        for a in members:
            for b in members:
                if a != b:
                    found.setdefault((a, b), NO_WAY)
    return found


def _levels(feed: Feed) -> list[float]:
    """level_index of each row of stops.txt; 0 where it is not given."""
    index: dict[str, float] = {}
    if "levels" in feed:
        table = feed["levels"]
        numbers = table.numbers("level_index", blank=0.0).tolist()
        index = dict(zip(table.texts("level_id"), numbers, strict=True))
    return [index.get(text, 0.0) for text in feed["stops"].texts("level_id")]


def _traversal_s(mode: int, metres: float, steps: float, levels: float, walk_m_s: float) -> float:
    """Seconds along a pathway for which the feed gives no traversal_time."""
    if mode == _STAIRS:
        if steps == steps:
            return steps * _STEP_S
        return max(levels * _LEVEL_S, metres / _STAIRS_M_S)
    if mode == _TRAVELATOR:
        return metres / (walk_m_s + _TRAVELATOR_GAIN_M_S)
    if mode == _ESCALATOR:
        return max(levels * _LEVEL_S, metres / _ESCALATOR_M_S)
    if mode == _LIFT:
        return _LIFT_WAIT_S + levels * _LIFT_LEVEL_S
    if mode in (_FARE_GATE, _EXIT_GATE):
        return _GATE_S
    return metres / walk_m_s


def _least(
    pairs: np.ndarray[tuple[int, int], np.dtype[np.int64]],
    cost: np.ndarray[tuple[int], np.dtype[np.float64]],
    n: int,
) -> csr_array:
    """Sparse matrix with the least cost of each pair (summing duplicates would be wrong)."""
    order = np.lexsort((cost, pairs[:, 1], pairs[:, 0]))
    pairs, cost = pairs[order], cost[order]
    keep = np.ones(len(pairs), dtype=bool)
    keep[1:] = (pairs[1:] != pairs[:-1]).any(axis=1)
    return coo_array((cost[keep], (pairs[keep, 0], pairs[keep, 1])), shape=(n, n)).tocsr()
