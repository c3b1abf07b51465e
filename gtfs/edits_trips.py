"""Edits of trips that run already: times, stops, ways, and what no longer runs."""

from __future__ import annotations

from halfcircle.gtfs.edits_calls import (
    line_calls,
    moved,
    runs_s,
    with_part_s,
    with_runs,
    with_stop,
    without_stops,
)
from halfcircle.gtfs.edits_draft import Calls
from halfcircle.gtfs.edits_find import FoundStation, metres
from halfcircle.gtfs.edits_headways import cut_periods
from halfcircle.gtfs.edits_lines import part_of
from halfcircle.gtfs.edits_types import (
    AddStop,
    CloseStation,
    RemoveService,
    Reroute,
    Retime,
    SetTransfer,
    SkipStop,
    SpeedUp,
)
from halfcircle.gtfs.edits_work import Work

__all__ = [
    "add_stop",
    "close_station",
    "remove_service",
    "reroute",
    "retime",
    "set_transfer",
    "skip_stop",
    "speed_up",
]


def retime(work: Work, edit: Retime) -> None:
    """Set running times between stations of a line."""
    line = work.line(edit.line)
    if line is None:
        return
    work.route_type = work.finder.kind(line)
    parts: list[tuple[set[str], set[str], int]] = []
    for start, end, seconds in edit.hops:
        found = work.stations((start, end), "hops", line=line)
        if found is None:
            continue
        a, b = (s.on(line.feed) for s in found)
        if work.claim(
            "running time", work.finder.key(line), *sorted((found[0].name, found[1].name))
        ):
            parts.append((a, b, seconds))
    keep = work.stations((edit.keep_at,), "keep_at", line=line) if edit.keep_at else None
    if len(parts) < len(edit.hops) or (edit.keep_at and keep is None):
        return
    draft = work.drafts[line.feed]
    met = [False] * len(parts)
    for trip in draft.trips_of(line.route_ids):
        old = calls = draft.calls(trip)
        for k, (a, b, seconds) in enumerate(parts):
            part = part_of(calls, a, b, edit.both_ways)
            if part is None:
                continue
            met[k] = True
            new = with_part_s(calls, *part, seconds)
            if new is None:
                work.too_fast.setdefault(f"{trip}: stops in between take longer than {seconds} s")
                continue
            calls = new
        if keep is not None:
            at = next((i for i, c in enumerate(calls) if c.stop_id in keep[0].on(line.feed)), 0)
            calls = moved(calls, old[at].departure_s - calls[at].departure_s)
        if calls is not old:
            work.update(line.feed, trip, calls)
    for k, known in enumerate(met):
        if not known:
            start, end, _ = edit.hops[k]
            work.fault("hops", "no trip of the line runs between", [f"{start.name} - {end.name}"])


def speed_up(work: Work, edit: SpeedUp) -> None:
    """Multiply running times, or take off so many seconds."""
    line = work.line(edit.line)
    if line is None:
        return
    work.route_type = work.finder.kind(line)
    ends: list[FoundStation] | None = None
    if edit.part is not None:
        ends = work.stations(edit.part, "part", line=line)
        if ends is None:
            return
    draft = work.drafts[line.feed]
    for trip in draft.trips_of(line.route_ids):
        calls = draft.calls(trip)
        part: tuple[int, int] | None = (0, len(calls) - 1)
        if ends is not None:
            a, b = (s.on(line.feed) for s in ends)
            part = part_of(calls, a, b, edit.both_ways)
        if part is None or part[1] <= part[0]:
            continue
        start, end = part
        if edit.factor is not None:
            runs = [max(1, round(r * edit.factor)) for r in runs_s(calls)[start:end]]
            work.update(line.feed, trip, with_runs(calls, start, runs))
            continue
        now = calls[end].arrival_s - calls[start].departure_s - (edit.less_s or 0)
        new = with_part_s(calls, start, end, now)
        if new is None:
            work.too_fast.setdefault(f"{trip}: nothing would be left of the running time")
        else:
            work.update(line.feed, trip, new)


def add_stop(work: Work, edit: AddStop) -> None:
    """Let trips call at a station between two that follow each other, in both directions."""
    line = work.line(edit.line)
    if line is None:
        return
    work.route_type = kind = work.finder.kind(line)
    ends = work.stations(edit.between, "between", line=line)
    new = work.stations((edit.stop,), "stop", kind=kind)
    if ends is None or new is None:
        return
    draft = work.drafts[line.feed]
    if not work.claim("stop", work.finder.key(line), edit.stop.name):
        return
    stop_id = work.finder.call_stop(new[0], line.feed, kind)
    at = draft.position(stop_id)
    a, b = (s.on(line.feed) for s in ends)
    found = False
    for trip in draft.trips_of(line.route_ids):
        calls = draft.calls(trip)
        part = part_of(calls, a, b, True)
        if part is None or part[1] != part[0] + 1:
            continue
        found = True
        i = part[0]
        whole = calls[i + 1].arrival_s - calls[i].departure_s
        to_m = metres(draft.position(calls[i].stop_id), at)
        from_m = metres(at, draft.position(calls[i + 1].stop_id))
        lost = edit.lost_s // 2
        first = round(whole * to_m / max(to_m + from_m, 1.0))
        work.update(
            line.feed,
            trip,
            with_stop(
                calls,
                i,
                stop_id,
                first_s=first + lost,
                dwell_s=edit.dwell_s,
                second_s=whole - first + edit.lost_s - lost,
            ),
        )
    if not found:
        names = " - ".join(s.name for s in edit.between)
        work.fault(
            "between", "no trip of the line calls at these two, one after the other", [names]
        )


def skip_stop(work: Work, edit: SkipStop) -> None:
    """Let a line pass a station."""
    line = work.line(edit.line)
    if line is None:
        return
    work.route_type = work.finder.kind(line)
    found = work.stations((edit.stop,), "stop", line=line)
    if found is None or not work.claim("stop", work.finder.key(line), edit.stop.name):
        return
    draft = work.drafts[line.feed]
    _pass(work, line.feed, draft.trips_of(line.route_ids), found[0].on(line.feed), edit.saved_s)


def close_station(work: Work, edit: CloseStation) -> None:
    """Let every line of every feed pass a station."""
    found = work.stations((edit.station,), "station")
    if found is None or not work.claim("station", edit.station.name):
        return
    for number, stops in found[0].stops.items():
        trips = work.drafts[number].trips_calling(stops)
        for trip in trips:
            work.route_type = work.drafts[number].routes[
                work.drafts[number].trip(trip, "route_id")
            ][2]
            _pass(work, number, [trip], stops, edit.saved_s)


def _pass(work: Work, feed: int, trips: list[str], stops: set[str], saved_s: int) -> None:
    draft = work.drafts[feed]
    for trip in trips:
        calls = draft.calls(trip)
        new = without_stops(calls, stops, saved_s)
        if new == calls:
            continue
        if len(new) < 2:
            draft.remove_trip(trip)
            work.n_changes += 1
        else:
            # Its hops are sums of old ones, less what the user says is saved.
            work.update(feed, trip, new, timed=saved_s > 0)


def reroute(work: Work, edit: Reroute) -> None:
    """Let trips run between two stations by others than now."""
    line = work.line(edit.line)
    if line is None:
        return
    work.route_type = kind = work.finder.kind(line)
    ends = work.stations(edit.part, "part", line=line)
    via = work.stations(edit.via, "via", kind=kind) if edit.via else []
    if len(edit.hops_s) != len(edit.via) + 1:
        work.fault("hops_min", f"must be {len(edit.via) + 1} running times, one per hop")
        return
    if ends is None or via is None:
        return
    names = sorted(s.name for s in ends)
    if not work.claim("route", work.finder.key(line), *names):
        return
    draft = work.drafts[line.feed]
    stops = [work.finder.call_stop(s, line.feed, kind) for s in via]
    a, b = (s.on(line.feed) for s in ends)
    found = False
    for trip in draft.trips_of(line.route_ids):
        calls = draft.calls(trip)
        part = part_of(calls, a, b, edit.both_ways)
        if part is None:
            continue
        found = True
        i, j = part
        there = calls[i].stop_id in a
        middle, hops = (stops, edit.hops_s) if there else (stops[::-1], edit.hops_s[::-1])
        new = line_calls(
            (calls[i].stop_id, *middle, calls[j].stop_id),
            hops,
            [edit.dwell_s] * len(hops),
            calls[i].departure_s,
        )
        rest: Calls = moved(calls[j:], new[-1].arrival_s - calls[j].arrival_s)
        work.update(line.feed, trip, (*calls[: i + 1], *new[1:-1], *rest))
    if not found:
        work.fault("part", "no trip of the line runs between", [" - ".join(names)])


def remove_service(work: Work, edit: RemoveService) -> None:
    """Take away lines, trips, or those of a period or part."""
    for text in edit.lines:
        line = work.line(text, "lines")
        if line is None:
            continue
        ends: list[FoundStation] | None = None
        if edit.part is not None:
            ends = work.stations(edit.part, "part", line=line)
            if ends is None:
                continue
        draft = work.drafts[line.feed]
        for trip in draft.trips_of(line.route_ids):
            calls = draft.calls(trip)
            if ends is not None and (
                part_of(calls, ends[0].on(line.feed), ends[1].on(line.feed), False) is None
            ):
                continue
            if edit.period_s is not None:
                low, high = edit.period_s
                rows = draft.headways(trip)
                inside = (
                    any(a < high and low < b for a, b, _, _ in rows)
                    if rows
                    else bool(calls) and low <= calls[0].departure_s < high
                )
                if inside:
                    cut_periods(work, line.feed, trip, [(low, high)])
                continue
            draft.remove_trip(trip)
            work.n_changes += 1
        if not draft.trips_of(line.route_ids):
            work.finder.gone[work.finder.key(line)] = edit.label
    for text in edit.trips:
        feed_id, _, trip = text.partition(":")
        numbers = [
            n for n, d in enumerate(work.drafts)
            if (d.source.feed_id == feed_id and d.has_trip(trip)) or d.has_trip(text)
        ]  # fmt: skip
        if not numbers:
            work.fault("trips", "there is no trip with this id", [text], "write 'feed:trip_id'")
        for number in numbers:
            draft = work.drafts[number]
            draft.remove_trip(text if draft.has_trip(text) else trip)
            work.n_changes += 1


def set_transfer(work: Work, edit: SetTransfer) -> None:
    """Write the least time of a change to transfers.txt, in both directions."""
    found = work.stations(edit.stations, "stations")
    if found is None:
        return
    names = sorted({s.name for s in found})
    if not work.claim("transfer", *names):
        return
    one, other = found
    done = False
    for number, draft in enumerate(work.drafts):
        pairs = {(a, b) for a in one.on(number) for b in other.on(number)}
        pairs |= {(b, a) for a, b in pairs}
        for a, b in sorted(pairs):
            row = {"from_stop_id": a, "to_stop_id": b, "transfer_type": "3"}
            if edit.seconds is not None:
                row |= {"transfer_type": "2", "min_transfer_time": str(edit.seconds)}
            draft.closed_pairs.add((a, b))
            draft.add_row("transfers", row)
            work.n_changes += 1
            done = True
    if not done:
        work.fault(
            "stations",
            "are in different feeds: GTFS has no transfers between feeds",
            names,
            "give both in one feed",
        )
