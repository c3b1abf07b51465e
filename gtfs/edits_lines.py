"""Edits that put in service: new lines, service on demand, longer lines."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from itertools import pairwise

from halfcircle.gtfs.edits_calls import find_part, line_calls, moved
from halfcircle.gtfs.edits_draft import Call, Calls, FeedDraft
from halfcircle.gtfs.edits_find import FoundLine, FoundStation, metres
from halfcircle.gtfs.edits_physics import run_s, shared_out_s
from halfcircle.gtfs.edits_rows import slug
from halfcircle.gtfs.edits_types import AddLine, DemandResponsive, Extend, Headway
from halfcircle.gtfs.edits_work import Work
from halfcircle.gtfs.route_types import MODES

__all__ = ["add_line", "demand_responsive", "extend", "part_of"]

LONGEST_LAYOVER_S = 1_200
USUAL_KMH = 140.0
"""Of a train, to share a total out over hops: long hops are faster than short ones."""


def add_line(work: Work, edit: AddLine) -> None:
    """Put in a line, both ways, and take away what it replaces."""
    kind = MODES[edit.mode]
    work.route_type = kind
    stations = work.stations(edit.stops, "stops", kind=kind)
    replaced = [work.line(text, "replaces") for text in edit.replaces]
    through = [work.line(text, "through") for text in edit.through]
    feed = _feed_of(work, edit.feed, stations or [], [line for line in through if line])
    if stations is None or None in replaced or None in through or feed is None:
        return
    names = [_identity(s) for s in stations]
    twice = [s.name for i, s in enumerate(stations) if names[i] in names[:i]]
    if twice and not edit.circular:
        work.fault(
            "stops",
            "the line crosses itself: it calls twice at",
            twice,
            "write circular = true if that is meant",
        )
        return
    hops = _hops_s(work, edit, [metres(a.at, b.at) for a, b in pairwise(stations)])
    if hops is None or not work.claim("line", edit.label):
        return
    draft, route_id = work.drafts[feed], f"new-{slug(edit.label)}"
    if route_id in draft.routes:
        work.fault("name", "there is a line with this name already", [edit.label])
        return
    stops = [work.finder.call_stop(s, feed, kind) for s in stations]
    dwells = _each(edit.dwell_s, len(stops) - 2)
    if not work.check_runs(feed, line_calls(stops, hops, dwells), max_kmh=edit.max_kmh):
        return
    _add_route(draft, route_id, edit.label, kind)
    work.service(feed, route_id, days=edit.days, dates=edit.dates)
    trips: list[str] = []
    for back in (False, True) if edit.both_ways else (False,):
        calls = (
            line_calls(stops[::-1], hops[::-1], dwells[::-1])
            if back
            else line_calls(stops, hops, dwells)
        )
        before = set(draft.added_trips)
        work.timetable(
            feed,
            f"{route_id}-{'back' if back else 'there'}",
            _trip_row(route_id, route_id, edit.label, back),
            calls,
            headways=edit.headways,
            clock_face=edit.clock_face,
            back=back,
        )
        trips += sorted(set(draft.added_trips) - before)
    if not trips:
        work.fault("minutes", "no departure lies in the periods given")
    _unmistakable(draft, trips, edit.label)
    for line in through:
        if line is not None:
            _run_through(work, line, trips)
    for old in replaced:
        if old is not None:
            for trip in work.drafts[old.feed].trips_of(old.route_ids):
                work.drafts[old.feed].remove_trip(trip)
            work.finder.gone[work.finder.key(old)] = edit.label


def _feed_of(
    work: Work, asked: str | None, stations: Sequence[FoundStation], through: Sequence[FoundLine]
) -> int | None:
    """Feed that a new line is written to."""
    ids = [draft.source.feed_id for draft in work.drafts]
    if asked is not None:
        if asked not in ids:
            work.fault("feed", "is not among the feeds of the study", [asked], ", ".join(ids))
            return None
        return ids.index(asked)
    if through:
        if len({line.feed for line in through}) > 1:
            work.fault("through", "lines of several feeds cannot run through into one line")
            return None
        return through[0].feed
    counts = [sum(bool(s.on(number)) for s in stations) for number in range(len(ids))]
    return counts.index(max(counts))


def _identity(station: FoundStation) -> object:
    if not station.stops:
        return station.name
    return frozenset((number, s) for number, stops in station.stops.items() for s in stops)


def _each(values: Sequence[int], n: int) -> list[int]:
    return list(values) * n if len(values) == 1 else list(values)


def _hops_s(work: Work, edit: AddLine, apart_m: Sequence[float]) -> tuple[int, ...] | None:
    """Running time per hop, from whichever way it is given."""
    n = len(apart_m)
    if len(edit.dwell_s) not in (1, n - 1):
        work.fault("dwell_s", f"must be one value, or {n - 1} for the stops in between",
                   [list(edit.dwell_s)])  # fmt: skip
        return None
    if edit.hops_s:
        if len(edit.hops_s) != n:
            work.fault("hops_min", f"must be {n} running times, one per hop", [len(edit.hops_s)])
            return None
        return edit.hops_s
    kmh = edit.kmh or USUAL_KMH
    by_speed = [
        run_s(m * edit.detour, kmh=kmh, acceleration_m_s2=edit.acceleration_m_s2) for m in apart_m
    ]
    if edit.total_s is not None:
        left = edit.total_s - sum(_each(edit.dwell_s, n - 1))
        if left < n:
            work.fault("total_min", "is not longer than the stops in between take")
            return None
        return shared_out_s(left, by_speed)
    return tuple(max(1, round(seconds)) for seconds in by_speed)


def _add_route(draft: FeedDraft, route_id: str, name: str, kind: int) -> None:
    agency = draft.source["agency"]
    draft.add_row(
        "routes",
        {
            "route_id": route_id,
            "agency_id": str(agency.texts("agency_id")[0]),
            "route_long_name": name,
            "route_type": str(kind),
        },
    )
    draft.routes[route_id] = ("", name, kind)


def _trip_row(route_id: str, service_id: str, name: str, back: bool) -> dict[str, str]:
    row = {"route_id": route_id, "service_id": service_id, "direction_id": str(int(back))}
    return row | {"trip_headsign": name}


def _unmistakable(draft: FeedDraft, trips: Sequence[str], name: str) -> None:
    """Number each trip where the name of the line holds one number.

    Trains with one number that meet would be taken for one train that runs through.
    """
    if len(re.findall(r"\d{1,6}", name)) != 1:
        return
    for trip in trips:
        digest = hashlib.blake2b(trip.encode(), digest_size=8).digest()
        draft.added_trips[trip]["trip_short_name"] = str(
            900_000 + int.from_bytes(digest, "big") % 99_999
        )


def _run_through(work: Work, line: FoundLine, trips: Sequence[str]) -> None:
    """Let trips of a line and new trips that meet at their ends be one (transfer type 4)."""
    draft = work.drafts[line.feed]

    def root(call: Call) -> str:
        return draft.stops[call.stop_id].station

    others = {t: draft.calls(t) for t in draft.trips_of(line.route_ids)}
    n_before = len(draft.new_rows.get("transfers", ()))
    taken: set[tuple[str, str]] = set()
    for trip in sorted(trips, key=lambda t: (draft.calls(t)[0].departure_s, t)):
        own = draft.calls(trip)
        best: dict[tuple[str, str], tuple[int, str]] = {}
        for other, calls in others.items():
            service = draft.trip(other, "service_id")
            for end, last, first in (("on", own[-1], calls[0]), ("from", calls[-1], own[0])):
                wait = first.departure_s - last.arrival_s
                if root(last) == root(first) and 0 <= wait <= LONGEST_LAYOVER_S:
                    found = (wait, other)
                    key = (end, service)
                    if (end, other) not in taken and found < best.get(key, (10**9, "")):
                        best[key] = found
        for (end, _), (_, other) in sorted(best.items()):
            taken.add((end, other))
            one, next_ = (trip, other) if end == "on" else (other, trip)
            draft.add_row(
                "transfers",
                {
                    "from_stop_id": draft.calls(one)[-1].stop_id,
                    "to_stop_id": draft.calls(next_)[0].stop_id,
                    "from_trip_id": one,
                    "to_trip_id": next_,
                    "transfer_type": "4",
                },
            )
    if len(draft.new_rows.get("transfers", ())) == n_before:
        work.fault(
            "through",
            f"no trip begins or ends where and when one of {line.name!r} does, within "
            f"{LONGEST_LAYOVER_S // 60} minutes",
            [line.name],
            "choose minutes that meet its trips; headways cannot run through",
        )


def demand_responsive(work: Work, edit: DemandResponsive) -> None:
    """Put in a line without timetable between each place and the hub."""
    work.route_type = MODES["bus"]
    hub = work.stations((edit.hub,), "hub")
    places = work.stations(edit.places, "places")
    feed = _feed_of(work, edit.feed, hub or [], [])
    if hub is None or places is None or feed is None or not work.claim("line", edit.label):
        return
    draft, route_id = work.drafts[feed], f"new-{slug(edit.label)}"
    _add_route(draft, route_id, edit.label, work.route_type)
    work.service(feed, route_id)
    end = work.finder.call_stop(hub[0], feed, work.route_type)
    headway = Headway(edit.from_s, edit.to_s, 2 * edit.wait_s)
    for place in places:
        ride = run_s(
            max(metres(place.at, hub[0].at), 1.0) * edit.detour, kmh=edit.kmh, acceleration_m_s2=1.0
        )
        start = work.finder.call_stop(place, feed, work.route_type)
        for back in (False, True):
            pair = (end, start) if back else (start, end)
            work.timetable(
                feed,
                f"{route_id}-{slug(place.name)}-{'back' if back else 'there'}",
                _trip_row(route_id, route_id, edit.label, back),
                line_calls(pair, (round(ride),), ()),
                headways=(headway,),
                clock_face=(),
                back=back,
            )


def extend(work: Work, edit: Extend) -> None:
    """Let trips that end at a station go on, and trips that begin there come from farther."""
    line = work.line(edit.line)
    if line is None:
        return
    work.route_type = kind = work.finder.kind(line)
    end = work.stations((edit.at,), "at", line=line)
    beyond = work.stations(edit.stops, "stops", kind=kind)
    if len(edit.hops_s) != len(edit.stops):
        work.fault("hops_min", f"must be {len(edit.stops)} running times, one per new stop")
        return
    if end is None or beyond is None:
        return
    draft = work.drafts[line.feed]
    at = end[0].on(line.feed)
    if not work.claim("extend", work.finder.key(line), min(at)):
        return
    stops = [work.finder.call_stop(s, line.feed, kind) for s in beyond]
    dwell = edit.dwell_s
    found = False
    for trip in draft.trips_of(line.route_ids):
        calls = draft.calls(trip)
        if len(calls) < 2:
            continue
        if calls[-1].stop_id in at:
            found = True
            last = calls[-1]
            last = last._replace(
                departure_s=max(last.departure_s, last.arrival_s + dwell), pickup=0
            )
            new = line_calls(
                (last.stop_id, *stops), edit.hops_s, [dwell] * len(stops), last.departure_s
            )
            work.update(line.feed, trip, (*calls[:-1], last, *new[1:]))
        elif calls[0].stop_id in at and edit.both_ways:
            found = True
            first = calls[0]
            ride = line_calls(
                (*stops[::-1], first.stop_id), edit.hops_s[::-1], [dwell] * len(stops)
            )
            arrival = min(first.arrival_s, first.departure_s - dwell)
            first = first._replace(arrival_s=arrival, drop_off=0)
            work.update(
                line.feed,
                trip,
                (*moved(ride, arrival - ride[-1].arrival_s)[:-1], first, *calls[1:]),
            )
    if not found:
        work.fault("at", "no trip of the line begins or ends at", [edit.at.name])


def part_of(calls: Calls, a: set[str], b: set[str], both: bool) -> tuple[int, int] | None:
    """Part of a trip between two stations, the other way round too where `both`."""
    return find_part(calls, a, b) or (find_part(calls, b, a) if both else None)
