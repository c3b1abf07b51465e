"""Which origins an edit of the timetable can touch: a lower bound that is cheap and never wrong.

A journey that differs between baseline and variant has a first thing that is not in both: a trip
it boards, a change, a way to or from a stop. Everything before that is in both, so the stop where
it happens is reached in the baseline no sooner than along the fastest hop of any trip, without any
waiting. One search from all such stops, backwards over those fastest hops, bounds this from below
for every stop; an origin whose bound is beyond the limit has the same times in both.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.sparse import coo_array
from scipy.sparse.csgraph import dijkstra

from halfcircle.access.transit import StopLinks
from halfcircle.access.transit_times import HeadwayDraws, TransitTimes
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.gtfs.timetable import Timetable

__all__ = ["affected_origins", "touched_origins"]

Int64 = npt.NDArray[np.int64]
Float64 = npt.NDArray[np.float64]
_TINY_S = 1e-6
"""In place of 0 s, which a sparse graph would take for no edge."""
_ROUNDING_S = 1.0


def affected_origins(
    base: Timetable,
    variant: Timetable,
    base_links: tuple[StopLinks, StopLinks],
    variant_links: tuple[StopLinks, StopLinks],
    *,
    limit_s: float,
) -> Int64:
    """Origins whose travel times may differ between two timetables.

    Parameters
    ----------
    base, variant : Timetable
        With footpaths.
    base_links, variant_links : pair of StopLinks
        Ways from origins to stops, and to destinations from stops.
    limit_s : float, seconds
        Longest travel time.

    Returns
    -------
    array of int64, shape (n,), ascending
        Every origin whose times differ is among them.
    """
    number, of_base, of_variant = _common(base, variant)
    n = len(number)
    changed = np.zeros(n, dtype=bool)
    one, other = _trips(base, of_base), _trips(variant, of_variant)
    for key in one.keys() ^ other.keys():
        changed[one.get(key, other.get(key))] = True
    ways = _transfers(base, of_base, n), _transfers(variant, of_variant, n)
    for mine, theirs in (ways, ways[::-1]):
        changed[_rows_not_in(mine, theirs) // n] = True
    change_base, change_variant = np.full(n, -2), np.full(n, -2)
    change_base[of_base], change_variant[of_variant] = base.change_s, variant.change_s
    both = (change_base != -2) & (change_variant != -2)
    changed |= both & (change_base != change_variant)
    egress = (
        _links(base_links[1], of_base, n),
        _links(variant_links[1], of_variant, n),
    )
    for mine, theirs in (egress, egress[::-1]):
        changed[_rows_not_in(mine, theirs) % n] = True
    access = (
        _links(base_links[0], of_base, n),
        _links(variant_links[0], of_variant, n),
    )
    touched = np.zeros(len(base_links[0]), dtype=bool)
    for mine, theirs in (access, access[::-1]):
        touched[_rows_not_in(mine, theirs) // n] = True
    if changed.any():
        from_s = _least_s(base, of_base, n, np.flatnonzero(changed), limit_s + _ROUNDING_S)
        links = base_links[0]
        row = np.repeat(np.arange(len(links)), np.diff(links.ptr))
        within = links.seconds + from_s[of_base[links.stop_idx]] <= limit_s + _ROUNDING_S
        touched[row[within]] = True
    return np.flatnonzero(touched)


def touched_origins(
    base: TravelTimeSource,
    variant: TravelTimeSource,
    base_timetables: dict[int, tuple[Timetable, int, int]],
    variant_timetables: dict[int, tuple[Timetable, int, int]],
    *,
    limit_s: float,
) -> Int64 | None:
    """The same for whole sources, over all draws of headways; None where all may be touched."""
    ones = base.draws if isinstance(base, HeadwayDraws) else (base,)
    others = variant.draws if isinstance(variant, HeadwayDraws) else (variant,)
    if len(ones) != len(others) or len(ones) > len(base_timetables):
        return None
    found: list[Int64] = []
    for draw, (one, other) in enumerate(zip(ones, others, strict=True)):
        if not isinstance(one, TransitTimes) or not isinstance(other, TransitTimes):
            return None
        if one.search.query != other.search.query:
            return None
        found.append(
            affected_origins(
                base_timetables[draw][0],
                variant_timetables[draw][0],
                (one.search.access, one.search.egress),
                (other.search.access, other.search.egress),
                limit_s=limit_s,
            )
        )
    return np.unique(np.concatenate(found))


def _common(one: Timetable, other: Timetable) -> tuple[dict[str, int], Int64, Int64]:
    """One number per stop id of either timetable."""
    number: dict[str, int] = {}
    index = [
        np.array([number.setdefault(str(s), len(number)) for s in t.stops.stop_id], dtype=np.int64)
        for t in (one, other)
    ]
    return number, index[0], index[1]


def _trips(table: Timetable, of: Int64) -> dict[tuple[str, bytes], Int64]:
    """Every trip with all that a search sees of it, and the stops where it can be boarded."""
    found: dict[tuple[str, bytes], Int64] = {}
    for p in range(table.n_patterns):
        part = slice(int(table.pattern_ptr[p]), int(table.pattern_ptr[p + 1]))
        stops = of[table.pattern_stop[part]]
        board, alight = table.pattern_board[part], table.pattern_alight[part]
        shape = stops.tobytes() + board.tobytes() + alight.tobytes()
        boarded = stops[:-1][board[:-1]]
        length = part.stop - part.start
        for k, t in enumerate(range(int(table.trip_ptr[p]), int(table.trip_ptr[p + 1]))):
            start = int(table.event_ptr[p]) + k * length
            events = slice(start, start + length)
            times = table.arrival_s[events].tobytes() + table.departure_s[events].tobytes()
            found[str(table.trip_id[t]), shape + times] = boarded
    return found


def _transfers(table: Timetable, of: Int64, n: int) -> npt.NDArray[np.int64]:
    """Rows (from * n + to, seconds)."""
    start = np.repeat(np.arange(len(table.stops)), np.diff(table.transfer_ptr))
    key = of[start] * n + of[table.transfer_stop]
    return np.column_stack([key, table.transfer_s.astype(np.int64)])


def _links(links: StopLinks, of: Int64, n: int) -> npt.NDArray[np.int64]:
    """Rows (place * n + stop, seconds)."""
    place = np.repeat(np.arange(len(links), dtype=np.int64), np.diff(links.ptr))
    return np.column_stack([place * n + of[links.stop_idx], links.seconds.astype(np.int64)])


def _rows_not_in(mine: npt.NDArray[np.int64], theirs: npt.NDArray[np.int64]) -> Int64:
    """First column of the rows of the one that the other does not have."""
    width = int(max(mine[:, 1].max(initial=0), theirs[:, 1].max(initial=0))) + 2
    one, other = (rows[:, 0] * width + rows[:, 1] for rows in (mine, theirs))
    return np.asarray(mine[~np.isin(one, other), 0])


def _least_s(table: Timetable, of: Int64, n: int, targets: Int64, limit_s: float) -> Float64:
    """Seconds from each stop to the nearest target, at least: fastest hops, no waiting."""
    tails: list[Int64] = []
    heads: list[Int64] = []
    weights: list[Float64] = []
    for p in range(table.n_patterns):
        part = slice(int(table.pattern_ptr[p]), int(table.pattern_ptr[p + 1]))
        length = part.stop - part.start
        n_trips = int(table.trip_ptr[p + 1] - table.trip_ptr[p])
        events = slice(int(table.event_ptr[p]), int(table.event_ptr[p]) + length * n_trips)
        arrival = table.arrival_s[events].reshape(n_trips, length)
        departure = table.departure_s[events].reshape(n_trips, length)
        stops = of[table.pattern_stop[part]]
        tails.append(stops[:-1])
        heads.append(stops[1:])
        weights.append((arrival[:, 1:] - departure[:, :-1]).min(axis=0).astype(np.float64))
    start = np.repeat(np.arange(len(table.stops)), np.diff(table.transfer_ptr))
    tails.append(of[start])
    heads.append(of[table.transfer_stop])
    weights.append(table.transfer_s.astype(np.float64))
    tail, head, weight = (np.concatenate(x) for x in (tails, heads, weights))
    # Turned round: from the targets backwards. Of parallel edges the fastest counts.
    order = np.lexsort((weight, tail, head))
    tail, head, weight = tail[order], head[order], np.maximum(weight[order], _TINY_S)
    first = np.ones(len(tail), dtype=bool)
    first[1:] = (tail[1:] != tail[:-1]) | (head[1:] != head[:-1])
    ends = (head[first], tail[first])
    graph: Any = coo_array((weight[first], ends), shape=(n, n)).tocsr()
    found: Any = dijkstra(graph, indices=targets, limit=limit_s, min_only=True)
    return np.asarray(found, dtype=np.float64)
