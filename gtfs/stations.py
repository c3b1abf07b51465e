"""Stops of all feeds in one list, and which of them belong to one station."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components
from scipy.spatial import cKDTree

from halfcircle._checks import Faults
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.route_types import RAIL, trip_route_type
from halfcircle.gtfs.stop_times import EARTH_RADIUS_M

__all__ = ["NetworkStops", "StationMatch", "build_stops", "match_stations", "station_name"]

Int32 = npt.NDArray[np.int32]
Float = npt.NDArray[np.float64]


@dataclass(frozen=True)
class StationMatch:
    """Two stations of different feeds that are one, and why."""

    first: str
    second: str
    distance_m: float
    reason: str


@dataclass(frozen=True, eq=False)
class NetworkStops:
    """Stops at which vehicles of any feed call, by feed and stop_id.

    Parameters
    ----------
    stop_id : array of str, shape (n_stops,)
        ``"feed:stop_id"``.
    name : array of str, shape (n_stops,)
    lon, lat : array of float64, shape (n_stops,), degrees
    feed_idx, row : array of int32, shape (n_stops,)
        Feed, and row of its stops.txt.
    station : array of str, shape (n_stops,)
        ``"feed:stop_id"`` of the parent station, or of the stop itself.
    is_rail : array of bool, shape (n_stops,)
        Whether trains call (on any date).
    index : tuple of array of int32, one per feed, shape (rows of stops.txt,)
        Stop of each row, -1 where no vehicle calls.
    """

    stop_id: npt.NDArray[np.object_]
    name: npt.NDArray[np.object_]
    lon: Float
    lat: Float
    feed_idx: Int32
    row: Int32
    station: npt.NDArray[np.object_]
    is_rail: npt.NDArray[np.bool_]
    index: tuple[Int32, ...]

    def __len__(self) -> int:
        return len(self.stop_id)


def build_stops(feeds: Sequence[Feed]) -> NetworkStops:
    """Collect the stops that any stop time of the feeds refers to, whatever the date."""
    parts: list[list[npt.NDArray[np.generic]]] = []
    index: list[Int32] = []
    n_before = 0
    for number, feed in enumerate(feeds):
        table = feed["stops"]
        ids = table.texts("stop_id")
        parents = table.texts("parent_station")
        used = np.unique(feed.stop_times.stop_row)
        used = used[np.argsort(ids[used].astype(str), kind="stable")]
        position = np.full(len(table), -1, dtype=np.int32)
        position[used] = np.arange(n_before, n_before + len(used))
        n_before += len(used)
        index.append(position)
        names = table.texts("stop_name")
        parent_name = dict(zip(ids, names, strict=True))
        parts.append(
            [
                np.array([f"{feed.feed_id}:{text}" for text in ids[used]], dtype=object),
                np.array([names[i] or parent_name.get(parents[i], "") for i in used], dtype=object),
                feed.lon[used],
                feed.lat[used],
                np.full(len(used), number, dtype=np.int32),
                used.astype(np.int32),
                np.array(
                    [f"{feed.feed_id}:{_root(i, ids, parents)}" for i in used.tolist()],
                    dtype=object,
                ),
                _rail_rows(feed)[used],
            ]
        )
    joined = [np.concatenate([part[i] for part in parts]) for i in range(8)]
    stop_id, name, lon, lat, feed_idx, row, station, is_rail = joined
    return NetworkStops(
        stop_id,
        name,
        lon,
        lat,
        feed_idx,
        row,
        station,
        is_rail,
        tuple(index),
    )


def _rail_rows(feed: Feed) -> npt.NDArray[np.bool_]:
    """Rows of stops.txt at which trains call."""
    rail = trip_route_type(feed) == RAIL
    calls = np.repeat(rail, feed.stop_times.n_calls)
    found = np.zeros(len(feed["stops"]), dtype=bool)
    found[feed.stop_times.stop_row[calls]] = True
    return found


def _root(row: int, ids: npt.NDArray[np.object_], parents: npt.NDArray[np.object_]) -> str:
    """Station of a stop: parents of parents do not exist, but a boarding area has two levels."""
    return str(parents[row] or ids[row])


def station_name(name: str) -> str:
    """Name in the form in which names of two feeds are compared.

    Lower case without accents, remarks in brackets, country codes and words for "station".
    """
    text = unicodedata.normalize("NFKD", name.replace("ß", "ss"))
    text = "".join(char for char in text if not unicodedata.combining(char)).lower()
    text = re.sub(r"\([^)]*\)", " ", text)
    text = re.sub(r"[^a-z0-9]+", " ", text)
    words = [_SAME_WORD.get(word, word) for word in text.split()]
    return " ".join(word for word in words if word not in _STATION_WORDS)


_STATION_WORDS = frozenset(
    [
        "station",
        "gare",
        "bahnhof",
        "bf",
        "bhf",
        "hbf",
        "hauptbahnhof",
        "stazione",
        "estacion",
        "estacao",
        "cs",
        "centraal",
        "central",
        "centrale",
        "spoor",
        "ns",
    ]
)
_SAME_WORD = {
    "luik": "liege",
    "aken": "aachen",
    "keulen": "koln",
    "cologne": "koln",
    "parijs": "paris",
    "rijsel": "lille",
    "antwerp": "antwerpen",
    "anvers": "antwerpen",
    "bruxelles": "brussel",
    "brussels": "brussel",
    "midi": "zuid",
    "nord": "noord",
    "guillemins": "guillemins",
}
LIKE_RATIO = 0.8
_DIGITS = re.compile(r"\d+")
_UIC = re.compile(r"(?<!\d)([6-9]\d)(\d{5})(?!\d)")
_IFOPT = re.compile(r"^([a-z]{2}:[\w-]+:[\w-]+)", re.IGNORECASE)


def _official_id(stop_id: str) -> str:
    """UIC station number or IFOPT station part of a stop_id; blank where it has neither."""
    ifopt = _IFOPT.match(stop_id)
    if ifopt is not None:
        return ifopt[1].lower()
    uic = _UIC.search(stop_id)
    return uic[0] if uic is not None else ""


def match_stations(
    stops: NetworkStops,
    feeds: Sequence[Feed],
    *,
    near_m: float,
    same_name_m: float,
    table: Iterable[tuple[str, str]],
    faults: Faults,
) -> tuple[Int32, tuple[StationMatch, ...]]:
    """Number the stations: parent stations of a feed, and equal stations of several feeds.

    Two stations of different feeds are one if a user's table says so; if their UIC or IFOPT
    number is the same and they lie within `same_name_m`; if trains call at both, their names are
    equal without words for "station" and they lie within `same_name_m`; or if the names are equal
    or alike and they lie within `near_m`. Each takes the best of several.

    Parameters
    ----------
    stops : NetworkStops
    feeds : sequence of Feed
    near_m, same_name_m : float, metres
    table : iterable of (str, str)
        Pairs ``("feed:stop_id", "feed:stop_id")`` of stops or stations.
    faults : Faults

    Returns
    -------
    station_idx : array of int32, shape (n_stops,)
    matches : tuple of StationMatch
    """
    stations = sorted(set(stops.station))
    number = {station: i for i, station in enumerate(stations)}
    of_stop = np.array([number[station] for station in stops.station], dtype=np.int64)
    sizes = np.bincount(of_stop, minlength=len(stations))
    lon = np.bincount(of_stop, weights=stops.lon, minlength=len(stations)) / sizes
    lat = np.bincount(of_stop, weights=stops.lat, minlength=len(stations)) / sizes
    feed_of = np.zeros(len(stations), dtype=np.int64)
    feed_of[of_stop] = stops.feed_idx
    name = [""] * len(stations)
    for i in range(len(stops) - 1, -1, -1):
        name[of_stop[i]] = stops.name[i]
    matches: list[StationMatch] = []
    pairs: list[tuple[int, int]] = []
    known = {**{stop: int(of_stop[i]) for i, stop in enumerate(stops.stop_id)}, **number}
    unknown = []
    for one, other in table:
        if one not in known or other not in known:
            unknown.append(f"{one} = {other}")
            continue
        pairs.append((known[one], known[other]))
        matches.append(StationMatch(one, other, 0.0, "table"))
    if unknown:
        faults.warn(
            "station table",
            "pairs with a stop at which nothing calls are ignored",
            values=unknown,
            remedy="write them as feed:stop_id",
        )
    if len(feeds) > 1 and len(stations):
        rail = np.zeros(len(stations), dtype=bool)
        rail[of_stop[stops.is_rail]] = True
        found = _candidates(stations, name, lon, lat, feed_of, rail, near_m, same_name_m)
        pairs += [(i, j) for i, j, _ in found]
        matches += [match for _, _, match in found]
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    graph = coo_array(
        (np.ones(len(ends)), (ends[:, 0], ends[:, 1])), shape=(len(stations), len(stations))
    )
    _, label = connected_components(graph, directed=False)
    # Numbers in the order of the stops, without gaps.
    _, first, inverse = np.unique(label[of_stop], return_index=True, return_inverse=True)
    rank = np.empty(len(first), dtype=np.int32)
    rank[np.argsort(first)] = np.arange(len(first))
    return rank[inverse].astype(np.int32), tuple(matches)


def _candidates(
    stations: list[str],
    name: list[str],
    lon: Float,
    lat: Float,
    feed_of: npt.NDArray[np.int64],
    rail: npt.NDArray[np.bool_],
    near_m: float,
    same_name_m: float,
) -> list[tuple[int, int, StationMatch]]:
    xyz = _unit_sphere(lon, lat)
    official = [_official_id(station.split(":", 1)[1]) for station in stations]
    # Far apart, only trains and official numbers count: cities hold thousands of bus stops.
    far = np.flatnonzero(rail | np.array([text != "" for text in official]))
    pairs = np.concatenate(
        [_close(xyz, near_m), far[_close(xyz[far], same_name_m)]], dtype=np.int64
    )
    pairs = np.unique(pairs[feed_of[pairs[:, 0]] != feed_of[pairs[:, 1]]], axis=0)
    plain = [station_name(text) for text in name]
    chord = np.linalg.norm(xyz[pairs[:, 0]] - xyz[pairs[:, 1]], axis=1)
    metres = 2 * EARTH_RADIUS_M * np.arcsin(np.clip(chord / 2, 0, 1))
    scored: list[tuple[int, float, int, int, str]] = []
    for (i, j), distance in zip(pairs.tolist(), metres.tolist(), strict=True):
        if official[i] and official[i] == official[j] and distance <= same_name_m:
            scored.append((0, distance, i, j, f"number {official[i]}"))
        elif plain[i] and plain[i] == plain[j] and (distance <= near_m or (rail[i] and rail[j])):
            scored.append((1, distance, i, j, f"name {plain[i]!r}"))
        elif distance <= near_m and plain[i] and plain[j]:
            alike = SequenceMatcher(None, plain[i][:80], plain[j][:80]).ratio() >= LIKE_RATIO
            # "Platform 1" and "Platform 2" are alike and are not the same.
            if alike and _DIGITS.findall(plain[i]) == _DIGITS.findall(plain[j]):
                scored.append((2, distance, i, j, f"alike: {name[i]!r}, {name[j]!r}"))
    # Best first. Several stops of a feed without parent station may find the same partner.
    taken: set[tuple[int, int]] = set()
    found: list[tuple[int, int, StationMatch]] = []
    for _, distance, i, j, reason in sorted(scored):
        wants = {(i, int(feed_of[j])), (j, int(feed_of[i]))}
        if wants <= taken:
            continue
        taken |= wants
        match = StationMatch(stations[i], stations[j], round(distance, 1), reason)
        found.append((i, j, match))
    return found


def _close(xyz: Float, metres: float) -> npt.NDArray[np.int64]:
    """Pairs of points on the unit sphere within a distance on the ground, shape (n_pairs, 2)."""
    chord = 2 * np.sin(metres / EARTH_RADIUS_M / 2)
    if not len(xyz):
        return np.empty((0, 2), dtype=np.int64)
    return np.asarray(cKDTree(xyz).query_pairs(chord, output_type="ndarray"), dtype=np.int64)


def _unit_sphere(lon: Float, lat: Float) -> Float:
    a, b = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(b) * np.cos(a), np.cos(b) * np.sin(a), np.sin(b)], axis=1)
