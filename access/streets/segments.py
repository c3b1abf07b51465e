"""From tagged ways to segments of one mode, and from segments to links between junctions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
from pyproj import Geod

from halfcircle._checks import Faults
from halfcircle.access.streets._chains import chains
from halfcircle.access.streets.profiles import CarProfile, StreetProfile
from halfcircle.access.streets.speeds import CountryLookup
from halfcircle.access.streets.tags import ROAD_CLASSES, NodeRule, WayRule, node_rule, way_rule
from halfcircle.access.streets.ways import StreetWays

GEOD = Geod(ellps="WGS84")
KMH_MS = 3.6
TICKS_PER_S = 256
"""Seconds are whole multiples of 1/256: sums below 65,536 s are exact in float32."""

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
_FERRY = ROAD_CLASSES.index("ferry")
_MINOR = tuple(ROAD_CLASSES.index(name) for name in ("service", "track", "ferry"))
_FAST = tuple(
    ROAD_CLASSES.index(name) for name in ("motorway", "motorway_link", "trunk", "trunk_link")
)


@dataclass
class Segments:
    """Pieces of ways between consecutive nodes, for one mode; nodes by index into the ways."""

    u: IntArray
    v: IntArray
    way: IntArray  # index of the way
    length_m: FloatArray
    forward_s: FloatArray  # infinite where closed
    backward_s: FloatArray
    forward_kmh: npt.NDArray[np.float32]  # between nodes, without delays; 0 where closed
    backward_kmh: npt.NDArray[np.float32]
    road_class: npt.NDArray[np.uint8]
    snap: npt.NDArray[np.bool_]
    node: IntArray  # index into the ways of each node here (barriers copy nodes)
    delayed: npt.NDArray[np.bool_]  # nodes of the ways where passing takes time

    def __len__(self) -> int:
        return len(self.u)


class Links(NamedTuple):
    """Chains of segments between kept nodes (indices into `Segments.node`)."""

    ptr: IntArray  # positions of link i: node[ptr[i]:ptr[i + 1]]
    node: IntArray
    length_m: FloatArray
    forward_s: FloatArray
    backward_s: FloatArray
    road_class: npt.NDArray[np.uint8]
    snap: npt.NDArray[np.bool_]
    way_first: IntArray  # OSM ids of the ways at both ends
    way_last: IntArray


def quantised_s(seconds: npt.NDArray[Any]) -> npt.NDArray[np.float32]:
    """Seconds rounded to 1/256 s."""
    return (np.rint(np.asarray(seconds, np.float64) * TICKS_PER_S) / TICKS_PER_S).astype(np.float32)


def way_segments(
    ways: StreetWays, profile: StreetProfile, *, country_of: CountryLookup | None, faults: Faults
) -> Segments:
    """Segments that the mode of `profile` may use, with their times."""
    rules = _way_rules(ways, profile, country_of)
    last = np.zeros(len(ways.way_node), dtype=bool)
    last[ways.way_ptr[1:] - 1] = True
    way_of = np.repeat(np.arange(len(ways.way_id)), np.diff(ways.way_ptr))
    forward, backward = rules["forward_kmh"], rules["backward_kmh"]
    usable = ((forward > 0) | (backward > 0))[way_of] & ~last
    at = np.flatnonzero(usable)
    u, v = ways.way_node[at].astype(np.int64), ways.way_node[at + 1].astype(np.int64)
    way = way_of[at]
    proper = u != v
    u, v, way = u[proper], v[proper], way[proper]
    lon, lat = ways.node_lon, ways.node_lat
    length_m = np.asarray(GEOD.inv(lon[u], lat[u], lon[v], lat[v])[2], dtype=np.float64)
    with np.errstate(divide="ignore"):
        forward_s = length_m * KMH_MS / forward[way]
        backward_s = length_m * KMH_MS / backward[way]
    forward_s[forward[way] <= 0] = np.inf
    backward_s[backward[way] <= 0] = np.inf
    duration = rules["duration_s"]
    if duration.any():
        way_m = np.bincount(way, weights=length_m, minlength=len(duration))
        timed = duration[way] > 0
        share_s = duration[way[timed]] * length_m[timed] / np.maximum(way_m[way[timed]], 1e-9)
        for seconds in (forward_s, backward_s):
            seconds[timed] = np.where(np.isinf(seconds[timed]), np.inf, share_s)
    segments = Segments(
        u,
        v,
        way,
        length_m,
        forward_s,
        backward_s,
        forward[way].astype(np.float32),
        backward[way].astype(np.float32),
        rules["road_class"].astype(np.uint8)[way],
        rules["snap"].astype(bool)[way],
        np.arange(len(lon)),
        np.zeros(len(lon), dtype=bool),
    )
    _board_ferries(segments, profile)
    _pass_nodes(segments, ways, profile, faults)
    return segments


def _way_rules(
    ways: StreetWays, profile: StreetProfile, country_of: CountryLookup | None
) -> dict[str, FloatArray]:
    """Columns of `WayRule` per way; each distinct tag set and country is judged once."""
    n_sets = len(ways.tag_sets)
    if isinstance(profile, CarProfile) and country_of is not None:
        first = ways.way_node[ways.way_ptr[:-1]]
        names = np.asarray(country_of(ways.node_lon[first], ways.node_lat[first]), dtype=object)
        names = np.array([str(name) or profile.country for name in names], dtype=object)
        countries, country = np.unique(names.astype(str), return_inverse=True)
    else:
        default = profile.country if isinstance(profile, CarProfile) else ""
        countries, country = np.array([default]), np.zeros(len(ways.way_id), dtype=np.int64)
    case, case_of = np.unique(country * n_sets + ways.way_tags, return_inverse=True)
    rules = [
        way_rule(ways.tag_sets[c % n_sets], profile, country=str(countries[c // n_sets]))
        for c in case.tolist()
    ]
    table = np.array(rules, dtype=np.float64).reshape(-1, len(WayRule._fields))
    return {name: table[case_of, i] for i, name in enumerate(WayRule._fields)}


def _board_ferries(segments: Segments, profile: StreetProfile) -> None:
    """Half of the boarding time at each landing: a crossing pays it once, however it is cut."""
    ferry = segments.road_class == _FERRY
    if not ferry.any():
        return
    on_land = np.zeros(len(segments.node), dtype=bool)
    on_land[segments.u[~ferry]] = on_land[segments.v[~ferry]] = True
    half_s = profile.ferry_boarding_s / 2
    ends = on_land[segments.u].astype(float) + on_land[segments.v]
    extra_s = np.where(ferry, ends * half_s, 0.0)
    segments.forward_s += extra_s
    segments.backward_s += extra_s


def _pass_nodes(
    segments: Segments, ways: StreetWays, profile: StreetProfile, faults: Faults
) -> None:
    """Delays at nodes, charged on arriving there; closed barriers end the ways on both sides."""
    rules = {i: node_rule(ways.tag_sets[i], profile) for i in set(ways.marked_tags.tolist())}
    forward_s = np.zeros(len(ways.node_id))
    backward_s = np.zeros(len(ways.node_id))
    closed = np.zeros(len(ways.node_id), dtype=bool)
    signal = np.zeros(len(ways.node_id), dtype=bool)
    if rules:
        table = np.zeros((len(ways.tag_sets), len(NodeRule._fields)))
        for i, rule in rules.items():
            table[i] = rule
        columns = table[ways.marked_tags].T
        closed[ways.marked_node] = columns[0] > 0
        forward_s[ways.marked_node] = columns[1]
        backward_s[ways.marked_node] = columns[2]
        signal[ways.marked_node] = columns[3] > 0
    if isinstance(profile, CarProfile):
        crossing = _crossings(segments) & ~signal
        forward_s[crossing] += profile.junction_s
        backward_s[crossing] += profile.junction_s
    segments.delayed = (forward_s > 0) | (backward_s > 0)
    segments.forward_s += forward_s[segments.v]
    segments.backward_s += backward_s[segments.u]
    met = np.zeros(len(ways.node_id), dtype=bool)
    met[segments.u] = met[segments.v] = True
    closed &= met
    for ends in (segments.u, segments.v):
        shut = np.flatnonzero(closed[ends])
        fresh = len(segments.node) + np.arange(len(shut))
        segments.node = np.append(segments.node, segments.node[ends[shut]])
        ends[shut] = fresh
    if closed.any():
        faults.add(
            "streets",
            "barriers close a way to this mode",
            values=ways.node_id[closed],
            severity="notice",
        )


def _crossings(segments: Segments) -> npt.NDArray[np.bool_]:
    """Nodes where three or more roads meet; driveways and motorway ramps make none."""
    n = len(segments.node)
    road = ~np.isin(segments.road_class, _MINOR)
    ends = np.concatenate([segments.u[road], segments.v[road]])
    fast = np.isin(segments.road_class, _FAST)
    crossing = np.bincount(ends, minlength=n) >= 3
    crossing[segments.u[fast]] = crossing[segments.v[fast]] = False
    return crossing


def contract(
    segments: Segments, way_id: npt.NDArray[np.int64], *, keep_node: npt.NDArray[np.int64]
) -> Links:
    """Contract chains of segments through nodes where nothing can be decided.

    A node is kept when it has not exactly two segments, when class, snapping or the speed of a
    direction changes there or passing takes time (so that time runs evenly along a link), or when
    `keep_node` (indices into the ways) lists it.
    """
    n_nodes, n_seg = len(segments.node), len(segments)
    ends = np.concatenate([segments.u, segments.v])
    order = np.argsort(ends, kind="stable")
    adj_ptr = np.zeros(n_nodes + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends, minlength=n_nodes), out=adj_ptr[1:])
    degree = np.diff(adj_ptr)
    keep = degree != 2
    keep |= segments.delayed[segments.node] | np.isin(segments.node, keep_node)
    two = np.flatnonzero(~keep)
    half = order[np.column_stack([adj_ptr[two], adj_ptr[two] + 1])]
    seg, at_v = half % max(n_seg, 1), half >= n_seg
    towards = np.where(at_v, segments.forward_kmh[seg], segments.backward_kmh[seg])
    away = np.where(at_v, segments.backward_kmh[seg], segments.forward_kmh[seg])
    same = (
        (segments.road_class[seg[:, 0]] == segments.road_class[seg[:, 1]])
        & (segments.snap[seg[:, 0]] == segments.snap[seg[:, 1]])
        & (towards[:, 0] == away[:, 1])
        & (towards[:, 1] == away[:, 0])
        & (seg[:, 0] != seg[:, 1])
    )
    keep[two[~same]] = True
    ptr, chain, turned, _ = chains(
        adj_ptr,
        (order % max(n_seg, 1)).astype(np.int32),
        segments.u.astype(np.int32),
        segments.v.astype(np.int32),
        keep,
    )
    first, last = chain[ptr[:-1]], chain[ptr[1:] - 1]
    start = np.where(turned, segments.v[chain], segments.u[chain])
    end = np.where(turned, segments.u[chain], segments.v[chain])
    # One more position than segments per link: each start, then the end of the last.
    n_links = len(ptr) - 1
    node = np.insert(start, ptr[1:], end[ptr[1:] - 1])
    along = np.where(turned, segments.backward_s[chain], segments.forward_s[chain])
    against = np.where(turned, segments.forward_s[chain], segments.backward_s[chain])

    def summed(values: FloatArray) -> FloatArray:
        return np.add.reduceat(values, ptr[:-1]) if n_links else np.zeros(0)

    return Links(
        ptr + np.arange(n_links + 1),
        node,
        summed(segments.length_m[chain]),
        summed(along),
        summed(against),
        segments.road_class[first],
        segments.snap[first],
        way_id[segments.way[first]],
        way_id[segments.way[last]],
    )
