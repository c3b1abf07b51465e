"""Streets of a scenario: links added, closed or made faster, before networks are built from them.

Edits are applied in their order to a copy of the tagged ways; the ways that were read are never
changed. Congestion factors change the times of a network that is built already (`congestion`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeAlias

import numpy as np
import numpy.typing as npt
import shapely

from halfcircle._checks import Faults, nearest
from halfcircle.access.streets.cache import content_key
from halfcircle.access.streets.profiles import MODES
from halfcircle.access.streets.segments import GEOD
from halfcircle.access.streets.tags import ROAD_CLASSES
from halfcircle.access.streets.ways import StreetWays
from halfcircle.errors import Fault, ScenarioError

__all__ = [
    "AddLink",
    "CloseLink",
    "Congestion",
    "EditedWays",
    "SetSpeed",
    "StreetEdit",
    "edit_ways",
]

Box: TypeAlias = tuple[float, float, float, float]
_AT_NODE_M = 2.0
_MAX_KMH: Mapping[str, float] = {"walk": 15.0, "bike": 60.0, "car": 250.0, "ferry": 120.0}
_CLOSING = {"walk": "foot", "bike": "bicycle", "car": "motor_vehicle"}
_FAST = frozenset({"motorway", "motorway_link", "trunk", "trunk_link"})


@dataclass(frozen=True, kw_only=True)
class Change:
    """What all changes share: the name of the edit, and where it stands in its file."""

    label: str
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class AddLink(Change):
    """A new road, path, bridge or ferry.

    Parameters
    ----------
    points : tuple of (float, float), degrees (WGS 84)
        From its beginning to its end; both ends are joined to the nearest street.
    tags : mapping of str to str
        As in OpenStreetMap: ``highway``, ``maxspeed``, ``oneway``, ``route=ferry``, ...
    attach_m : float, metres
        How far a street may be from an end.
    """

    points: tuple[tuple[float, float], ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    attach_m: float = 250.0


@dataclass(frozen=True, kw_only=True)
class CloseLink(Change):
    """Ways closed to some modes, or to all.

    Parameters
    ----------
    ways : tuple of int
        OSM ids.
    near : tuple of (float, float), degrees
        Or the street nearest to each of these points.
    modes : tuple of str
    """

    ways: tuple[int, ...] = ()
    near: tuple[tuple[float, float], ...] = ()
    modes: tuple[str, ...] = MODES


@dataclass(frozen=True, kw_only=True)
class SetSpeed(Change):
    """Another speed limit on ways, or on all of a class of road, within an area."""

    kmh: float
    ways: tuple[int, ...] = ()
    near: tuple[tuple[float, float], ...] = ()
    road_classes: tuple[str, ...] = ()
    area: Box | None = None


@dataclass(frozen=True, kw_only=True)
class Congestion(Change):
    """Car times multiplied per class of road, within an area (west, south, east, north)."""

    factors: Mapping[str, float]
    area: Box | None = None


StreetEdit: TypeAlias = AddLink | CloseLink | SetSpeed | Congestion


@dataclass(frozen=True, eq=False)
class EditedWays:
    """Streets of a scenario, and the congestion that their networks get."""

    ways: StreetWays
    congestion: tuple[Congestion, ...] = ()
    notices: tuple[Fault, ...] = ()


def edit_ways(ways: StreetWays, edits: Sequence[StreetEdit]) -> EditedWays:
    """Apply edits to a copy of tagged ways.

    Parameters
    ----------
    ways : StreetWays
    edits : sequence of StreetEdit
        In the order in which they are made.

    Returns
    -------
    EditedWays

    Raises
    ------
    ScenarioError
        Everything that is wrong with the edits, at once.
    """
    faults = Faults()
    congestion: list[Congestion] = []
    settled: dict[tuple[str, object], str] = {}
    edited = ways
    for edit in edits:
        n_faults = len(faults.errors)
        if isinstance(edit, AddLink):
            edited = _with_link(edited, edit, faults)
            continue
        if isinstance(edit, Congestion):
            _check_congestion(edit, faults)
            congestion.append(edit)
            continue
        rows = _rows(edited, edit, faults)
        kind = "speed" if isinstance(edit, SetSpeed) else "closure"
        for way in edited.way_id[rows].tolist():
            by = settled.setdefault((kind, way), edit.label)
            if by != edit.label:
                faults.add(edit.where, f"is in conflict with edit {by!r}: both settle the {kind} "
                           "of a way", values=[way])  # fmt: skip
                break
        changed = (
            _with_speed(edited, rows, edit, faults)
            if isinstance(edit, SetSpeed)
            else _closed(edited, rows, edit, faults)
        )
        if changed is edited and len(faults.errors) == n_faults:
            faults.add(edit.where, "the edit changes nothing", values=[edit.label])
        edited = changed
    faults.raise_errors(ScenarioError)
    if edited is not ways:
        key = [ways.digest, *(edit for edit in edits if not isinstance(edit, Congestion))]
        edited = replace(edited, digest=content_key(key) if ways.digest else "")
    return EditedWays(edited, tuple(congestion), faults.warnings)


def _check_congestion(edit: Congestion, faults: Faults) -> None:
    for name in edit.factors:
        if name not in ROAD_CLASSES:
            remedy = nearest(name, ROAD_CLASSES)
            faults.add(f"{edit.where} factors", "unknown road class", values=[name], remedy=remedy)
    if all(factor == 1.0 for factor in edit.factors.values()):
        faults.add(edit.where, "the edit changes nothing", values=[edit.label])


def inside(
    lon: npt.NDArray[np.float64], lat: npt.NDArray[np.float64], box: Box
) -> npt.NDArray[np.bool_]:
    west, south, east, north = box
    return (lon >= west) & (lon <= east) & (lat >= south) & (lat <= north)


def _rows(ways: StreetWays, edit: CloseLink | SetSpeed, faults: Faults) -> npt.NDArray[np.int64]:
    """Rows of the ways that are meant."""
    wanted = np.isin(ways.way_id, np.array(edit.ways, dtype=np.int64))
    unknown = sorted(set(edit.ways) - set(ways.way_id[wanted].tolist()))
    if unknown:
        faults.add(f"{edit.where} ways", "are not among the streets", values=unknown)
    for point in edit.near:
        row, _, distance = _nearest_way(ways, point, np.ones(len(ways.way_id), dtype=bool))
        if row < 0 or distance > 250.0:
            faults.add(f"{edit.where} near", "no street within 250 m", values=[point])
        else:
            wanted |= ways.way_id == ways.way_id[row]
    if isinstance(edit, SetSpeed) and edit.road_classes:
        for name in edit.road_classes:
            if name not in ROAD_CLASSES:
                faults.add(f"{edit.where} road_classes", "is not known", values=[name],
                           remedy=nearest(name, ROAD_CLASSES))  # fmt: skip
        fits = np.array([t.get("highway") in edit.road_classes for t in ways.tag_sets], dtype=bool)
        chosen = fits[ways.way_tags] if len(fits) else np.zeros(len(ways.way_id), bool)
        if edit.area is not None:
            first = ways.way_node[ways.way_ptr[:-1]]
            last = ways.way_node[ways.way_ptr[1:] - 1]
            chosen &= inside(ways.node_lon[first], ways.node_lat[first], edit.area) | inside(
                ways.node_lon[last], ways.node_lat[last], edit.area
            )
        wanted |= chosen
    return np.flatnonzero(wanted)


def _with_tags(
    ways: StreetWays, rows: npt.NDArray[np.int64], change: Mapping[str, str | None]
) -> StreetWays:
    """Other tags on some ways; None takes a tag away. The same ways where nothing changes."""
    sets = [dict(tags) for tags in ways.tag_sets]
    number = {tuple(sorted(tags.items())): i for i, tags in enumerate(sets)}
    new_of: dict[int, int] = {}
    for old in np.unique(ways.way_tags[rows]).tolist():
        tags = {k: v for k, v in sets[old].items() if k not in change}
        tags |= {k: v for k, v in change.items() if v is not None}
        key = tuple(sorted(tags.items()))
        if key not in number:
            number[key] = len(sets)
            sets.append(tags)
        new_of[old] = number[key]
    way_tags = ways.way_tags.copy()
    way_tags[rows] = [new_of[int(old)] for old in ways.way_tags[rows]]
    if np.array_equal(way_tags, ways.way_tags):
        return ways
    return replace(ways, way_tags=way_tags, tag_sets=tuple(sets))


def _with_speed(
    ways: StreetWays, rows: npt.NDArray[np.int64], edit: SetSpeed, faults: Faults
) -> StreetWays:
    if not 0 < edit.kmh <= _MAX_KMH["car"]:
        faults.add(f"{edit.where} kmh", "is no speed of a road", values=[edit.kmh])
        return ways
    kept: dict[str, str | None] = {"maxspeed": f"{edit.kmh:g}"}
    kept |= dict.fromkeys(("maxspeed:forward", "maxspeed:backward"))
    return _with_tags(ways, rows, kept)


def _closed(
    ways: StreetWays, rows: npt.NDArray[np.int64], edit: CloseLink, faults: Faults
) -> StreetWays:
    unknown = [mode for mode in edit.modes if mode not in _CLOSING]
    if unknown:
        faults.add(f"{edit.where} modes", "are not known", values=unknown,
                   remedy=nearest(unknown[0], MODES))  # fmt: skip
        return ways
    tags: dict[str, str | None] = {_CLOSING[mode]: "no" for mode in edit.modes}
    if "car" in edit.modes:
        tags["motorcar"] = "no"
    return _with_tags(ways, rows, tags)


def _with_link(ways: StreetWays, edit: AddLink, faults: Faults) -> StreetWays:
    """A way more, its ends joined to the streets."""
    if len(edit.points) < 2:
        faults.add(f"{edit.where} points", "must be two or more positions [lon, lat]")
        return ways
    if any(not (abs(x) <= 180 and abs(y) <= 90) for x, y in edit.points):
        faults.add(f"{edit.where} points", "are not degrees of longitude and latitude")
        return ways
    new_class = edit.tags.get("highway", "")
    ends: list[int] = []
    for which, point in (("beginning", edit.points[0]), ("end", edit.points[-1])):
        usable = np.array(
            [
                ("highway" in tags or tags.get("route") == "ferry")
                and (new_class in _FAST or tags.get("highway") not in _FAST)
                for tags in ways.tag_sets
            ],
            dtype=bool,
        )[ways.way_tags]
        row, position, distance = _nearest_way(ways, point, usable)
        if row < 0 or distance > edit.attach_m:
            faults.add(
                f"{edit.where} points",
                f"no street within {edit.attach_m:g} m of the {which}",
                values=[point],
                remedy="add points up to the street, or raise attach_m",
            )
            continue
        ways, node = _joined(ways, row, position, point)
        ends.append(node)
    if len(ends) < 2:
        return ways
    if ends[0] == ends[1]:
        faults.add(f"{edit.where} points", "both ends join the same point of a street")
        return ways
    between = edit.points[1:-1]
    node_id = ways.node_id.max(initial=0) + 1 + np.arange(len(between))
    first = len(ways.node_id)
    nodes = [ends[0], *range(first, first + len(between)), ends[1]]
    tags = dict(edit.tags)
    sets = [dict(known) for known in ways.tag_sets]
    if tags not in sets:
        sets.append(tags)
    return replace(
        ways,
        way_id=np.append(ways.way_id, ways.way_id.max(initial=0) + 1),
        way_ptr=np.append(ways.way_ptr, ways.way_ptr[-1] + len(nodes)),
        way_node=np.append(ways.way_node, nodes),
        way_tags=np.append(ways.way_tags, sets.index(tags)),
        node_id=np.append(ways.node_id, node_id),
        node_lon=np.append(ways.node_lon, [p[0] for p in between]),
        node_lat=np.append(ways.node_lat, [p[1] for p in between]),
        tag_sets=tuple(sets),
    )


def _nearest_way(
    ways: StreetWays, point: tuple[float, float], usable: npt.NDArray[np.bool_]
) -> tuple[int, int, float]:
    """Way, number of its segment, and metres to the nearest point on a usable way; -1 for none."""
    last = np.zeros(len(ways.way_node), dtype=bool)
    last[ways.way_ptr[1:] - 1] = True
    way_of = np.repeat(np.arange(len(ways.way_id)), np.diff(ways.way_ptr))
    at = np.flatnonzero(usable[way_of] & ~last)
    lon, lat = ways.node_lon[ways.way_node], ways.node_lat[ways.way_node]
    # A plane around the point: true enough within a few kilometres.
    east = np.cos(np.radians(point[1]))
    ax, ay = (lon[at] - point[0]) * east, lat[at] - point[1]
    bx, by = (lon[at + 1] - point[0]) * east, lat[at + 1] - point[1]
    dx, dy = bx - ax, by - ay
    length = dx**2 + dy**2
    share = np.clip(-(ax * dx + ay * dy) / np.where(length > 0, length, 1.0), 0.0, 1.0)
    square = (ax + share * dx) ** 2 + (ay + share * dy) ** 2
    if not len(square):
        return -1, 0, np.inf
    best = int(np.argmin(square))
    foot = (
        lon[at[best]] + share[best] * (lon[at[best] + 1] - lon[at[best]]),
        lat[at[best]] + share[best] * (lat[at[best] + 1] - lat[at[best]]),
    )
    metres = float(GEOD.inv(*point, *foot)[2])
    row = int(way_of[at[best]])
    return row, int(at[best] - ways.way_ptr[row]), metres


def _joined(
    ways: StreetWays, row: int, segment: int, point: tuple[float, float]
) -> tuple[StreetWays, int]:
    """Node of a way nearest to a point; made between two nodes where neither is at hand."""
    start = int(ways.way_ptr[row]) + segment
    a, b = int(ways.way_node[start]), int(ways.way_node[start + 1])
    line = shapely.LineString(
        [(ways.node_lon[a], ways.node_lat[a]), (ways.node_lon[b], ways.node_lat[b])]
    )
    foot = line.interpolate(line.project(shapely.Point(point)))
    for node in (a, b):
        if GEOD.inv(foot.x, foot.y, ways.node_lon[node], ways.node_lat[node])[2] <= _AT_NODE_M:
            return ways, node
    new = len(ways.node_id)
    ptr = ways.way_ptr.copy()
    ptr[row + 1 :] += 1
    return (
        replace(
            ways,
            way_ptr=ptr,
            way_node=np.insert(ways.way_node, start + 1, new),
            node_id=np.append(ways.node_id, ways.node_id.max(initial=0) + 1),
            node_lon=np.append(ways.node_lon, foot.x),
            node_lat=np.append(ways.node_lat, foot.y),
        ),
        new,
    )
