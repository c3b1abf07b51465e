"""Times between getting off and getting on: rules of the feeds, stations, pathways.

A rule that holds only for some routes or trips splits the stop: the calls of those trips move to
a virtual stop at the same place, so that a search needs to know nothing but stops.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.gtfs.feed import Feed
from halfcircle.gtfs.pathways import NO_WAY, pathway_times
from halfcircle.gtfs.rides import Rides
from halfcircle.gtfs.rules import MergeRules, TransferRules
from halfcircle.gtfs.stations import NetworkStops
from halfcircle.gtfs.stop_times import straight_m
from halfcircle.gtfs.transfer_rules import (
    FORBIDDEN,
    MOST_PLATFORMS,
    NO_TIME,
    TransferRule,
    read_transfer_rules,
)

__all__ = ["TransferTable", "build_transfers"]

Int32 = npt.NDArray[np.int32]
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class TransferTable:
    """Changes between stops, and the rides as they call at virtual stops.

    Parameters
    ----------
    base : array of int32, shape (n_stops,)
        Stop of the network that each stop is, or is a virtual copy of.
    suffix : array of str, shape (n_stops,)
        Blank for real stops, ``"@1"``, ``"@2"``, ... for virtual ones.
    rides : Rides
    change_s : array of int32, shape (n_stops,), seconds
    ptr : array of int64, shape (n_stops + 1,)
    to_stop, seconds : array of int32, shape (n_transfers,)
    fixed_pairs : array of int64, shape (n_pairs, 2)
    """

    base: Int32
    suffix: npt.NDArray[np.object_]
    rides: Rides
    change_s: Int32
    ptr: Int64
    to_stop: Int32
    seconds: Int32
    fixed_pairs: Int64


def build_transfers(
    feeds: Sequence[Feed],
    stops: NetworkStops,
    station_idx: Int32,
    rides: Rides,
    *,
    rules: TransferRules,
    merge: MergeRules,
    faults: Faults,
) -> TransferTable:
    """Compile transfers.txt, stations and pathways.

    Where no rule of a feed gives a time, a change at one stop takes the board slack; between
    stops of one station it takes the walk along pathways, or straight with a detour, and the
    slack.
    """
    given = read_transfer_rules(feeds, stops, faults)
    special = [rule for rule in given if not rule.is_general]
    by_pair: dict[tuple[int, int], list[TransferRule]] = {}
    for entry in sorted(given, key=_strictness, reverse=True):
        for one in entry.from_stops:
            for other in entry.to_stops:
                by_pair.setdefault((one, other), []).append(entry)
    base, suffix, classes, rides = _split_stops(feeds, len(stops), rides, special)
    copies: dict[int, list[int]] = {}
    for stop, real in enumerate(base.tolist()):
        copies.setdefault(real, []).append(stop)

    usual, by_pathway = _usual_times(feeds, stops, station_idx, rules, merge, faults)
    slack = rules.board_slack_s
    change = np.full(len(base), slack + rules.transfer_penalty_s, dtype=np.int64)
    pairs: list[tuple[int, int]] = []
    seconds: list[int] = []
    fixed: list[tuple[int, int]] = []
    split = [(real, real) for real, same in copies.items() if len(same) > 1]
    for real_pair in sorted({*by_pair, *usual, *split}):
        one, other = real_pair
        candidates = by_pair.get(real_pair, [])
        general = usual.get(real_pair, slack if one == other else None)
        for a in copies[one]:
            for b in copies[other]:
                rule = _first(candidates, classes[a], classes[b])
                is_fixed = one == other or real_pair in by_pathway
                if rule is not None and rule.seconds != NO_TIME:
                    takes: int | None = rule.seconds
                    is_fixed = True
                elif general is None and rule is not None:
                    takes = _walk_s(stops, one, other, rules)
                else:
                    takes = general
                if a != b and is_fixed:
                    fixed.append((a, b))
                if takes is not None and takes >= 0:
                    takes += rules.transfer_penalty_s
                if a == b:
                    change[a] = takes if takes is not None and takes >= 0 else FORBIDDEN
                elif takes is not None and takes >= 0:
                    pairs.append((a, b))
                    seconds.append(takes)
    ends = np.array(pairs, dtype=np.int64).reshape(-1, 2)
    time_s = np.array(seconds, dtype=np.int64)
    order = np.lexsort((ends[:, 1], ends[:, 0]))
    ptr = np.zeros(len(base) + 1, dtype=np.int64)
    np.cumsum(np.bincount(ends[:, 0], minlength=len(base)), out=ptr[1:])
    return TransferTable(
        base=base,
        suffix=suffix,
        rides=rides,
        change_s=change.astype(np.int32),
        ptr=ptr,
        to_stop=ends[order, 1].astype(np.int32),
        seconds=time_s[order].astype(np.int32),
        fixed_pairs=np.array(sorted(set(fixed)), dtype=np.int64).reshape(-1, 2),
    )


def _strictness(rule: TransferRule) -> tuple[tuple[int, ...], float]:
    """Order of rules: by rank, then forbidden before long before short."""
    return rule.rank, math.inf if rule.seconds == FORBIDDEN else rule.seconds


_Class = tuple[frozenset[int], frozenset[int]]
_NO_CLASS: _Class = (frozenset(), frozenset())


def _first(rules: list[TransferRule], one: _Class, other: _Class) -> TransferRule | None:
    """The rule of highest rank that holds between rides of two classes."""
    for rule in rules:
        number = id(rule)
        if (not any(rule.from_ride) or number in one[0]) and (
            not any(rule.to_ride) or number in other[1]
        ):
            return rule
    return None


def _split_stops(
    feeds: Sequence[Feed], n_stops: int, rides: Rides, special: list[TransferRule]
) -> tuple[Int32, npt.NDArray[np.object_], list[_Class], Rides]:
    """Move calls to which special rules apply to virtual stops, one per set of rules."""
    base = list(range(n_stops))
    suffix = [""] * n_stops
    classes: list[_Class] = [_NO_CLASS] * n_stops
    if special and len(rides):
        from_at: dict[tuple[int, int], list[TransferRule]] = {}
        to_at: dict[tuple[int, int], list[TransferRule]] = {}
        for rule in special:
            for stop in rule.from_stops if any(rule.from_ride) else ():
                from_at.setdefault((rule.feed_idx, stop), []).append(rule)
            for stop in rule.to_stops if any(rule.to_ride) else ():
                to_at.setdefault((rule.feed_idx, stop), []).append(rule)
        touched = np.zeros(n_stops, dtype=bool)
        touched[[stop for _, stop in {*from_at, *to_at}]] = True
        calls = np.flatnonzero(touched[rides.stop_idx])
        ride_of = np.searchsorted(rides.ptr, calls, side="right") - 1
        routes = [feed["trips"].texts("route_id") for feed in feeds]
        trips = [feed["trips"].texts("trip_id") for feed in feeds]
        found: dict[tuple[int, _Class], list[int]] = {}
        for call, ride in zip(calls.tolist(), ride_of.tolist(), strict=True):
            stop, feed = int(rides.stop_idx[call]), int(rides.feed_idx[ride])
            row = int(rides.trip_row[ride])
            own = (routes[feed][row], trips[feed][row])
            kind = (
                frozenset(
                    id(rule)
                    for rule in from_at.get((feed, stop), ())
                    if _applies(rule.from_ride, own)
                ),
                frozenset(
                    id(rule) for rule in to_at.get((feed, stop), ()) if _applies(rule.to_ride, own)
                ),
            )
            if kind != _NO_CLASS:
                found.setdefault((stop, kind), []).append(call)
        stop_idx = rides.stop_idx.copy()
        # Numbered by the first ride that calls there, which does not depend on file order.
        named = sorted(
            found.items(),
            key=lambda item: (
                item[0][0],
                min(
                    str(rides.trip_id[r])
                    for r in np.searchsorted(rides.ptr, item[1], side="right") - 1
                ),
            ),
        )
        count: dict[int, int] = {}
        for (stop, kind), its_calls in named:
            count[stop] = count.get(stop, 0) + 1
            stop_idx[its_calls] = len(base)
            base.append(stop)
            suffix.append(f"@{count[stop]}")
            classes.append(kind)
        rides = replace(rides, stop_idx=stop_idx)
    return np.array(base, dtype=np.int32), np.array(suffix, dtype=object), classes, rides


def _applies(wanted: tuple[str, str], own: tuple[str, str]) -> bool:
    """Whether a ride is meant by (route_id, trip_id), blanks standing for any."""
    return all(not want or want == have for want, have in zip(wanted, own, strict=True))


def _usual_times(
    feeds: Sequence[Feed],
    stops: NetworkStops,
    station_idx: Int32,
    rules: TransferRules,
    merge: MergeRules,
    faults: Faults,
) -> tuple[dict[tuple[int, int], int], set[tuple[int, int]]]:
    """Seconds between stops of one station, and the pairs for which pathways decide.

    Without penalty; ``NO_WAY`` where pathways lead to both stops, but not from one to the other.
    """
    order = np.argsort(station_idx, kind="stable")
    starts = np.flatnonzero(np.diff(station_idx[order], prepend=-1))
    usual: dict[tuple[int, int], int] = {}
    by_pathway: set[tuple[int, int]] = set()
    inside = [pathway_times(feed, walk_m_s=rules.walk_m_s) for feed in feeds]
    for members in np.split(order, starts[1:]):
        if len(members) < 2:
            continue
        if len(members) > MOST_PLATFORMS:
            faults.warn(
                "stations",
                f"more than {MOST_PLATFORMS} stops in one station; "
                "changes between them are left to footpaths",
                values=[stops.station[members[0]]],
                remedy="check parent_station",
            )
            continue
        for one in members.tolist():
            for other in members.tolist():
                if one == other:
                    continue
                feed = int(stops.feed_idx[one])
                walk = _walk_s(stops, one, other, rules)
                if feed != int(stops.feed_idx[other]):
                    # One station cannot be wider than this: more is an error of coordinates.
                    widest = rules.board_slack_s + merge.near_m * rules.detour / rules.walk_m_s
                    usual[one, other] = max(rules.cross_feed_transfer_s, min(walk, round(widest)))
                    continue
                way = inside[feed].get((int(stops.row[one]), int(stops.row[other])))
                if way is None:
                    usual[one, other] = walk
                else:
                    usual[one, other] = NO_WAY if way == NO_WAY else way + rules.board_slack_s
                    by_pathway.add((one, other))
    return usual, by_pathway


def _walk_s(stops: NetworkStops, one: int, other: int, rules: TransferRules) -> int:
    """Seconds to walk straight, with detour, and the board slack."""
    metres = straight_m(stops.lon[[one]], stops.lat[[one]], stops.lon[[other]], stops.lat[[other]])[
        0
    ]
    return rules.board_slack_s + round(float(metres) * rules.detour / rules.walk_m_s)
