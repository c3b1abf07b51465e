"""Edits of how often a line runs: other departures in some periods, and trips taken out of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from halfcircle.gtfs.edits_calls import moved
from halfcircle.gtfs.edits_draft import Calls, FeedDraft
from halfcircle.gtfs.edits_rows import slug
from halfcircle.gtfs.edits_types import SetHeadway
from halfcircle.gtfs.edits_work import Work

__all__ = ["cut_periods", "set_headway"]


def set_headway(work: Work, edit: SetHeadway) -> None:
    """Let new departures of a line take the place of its trips in the periods given."""
    line = work.line(edit.line)
    if line is None:
        return
    work.route_type = work.finder.kind(line)
    periods = [(h.from_s, h.to_s) for h in edit.headways]
    periods += [(face.from_s, face.to_s) for face in edit.clock_face]
    if not work.claim("headway", work.finder.key(line)):
        return
    draft = work.drafts[line.feed]
    trips = draft.trips_of(line.route_ids)
    calls = {trip: draft.calls(trip) for trip in trips}
    calls = {trip: c for trip, c in calls.items() if len(c) >= 2}
    for back, members in enumerate(_directions(draft, list(calls), calls)):
        if not members:
            continue
        inside = [t for t in members if _starts_in(draft, t, calls[t], periods)]
        template = _template(inside or members, calls)
        patterns = {tuple(c.stop_id for c in calls[t]) for t in inside}
        if len(patterns) > 1:
            work.notice(
                "line",
                f"{len(patterns)} stop patterns of {line.name!r} become one",
                [f"{draft.stops[p[0]].name} - {draft.stops[p[-1]].name}"
                 for p in sorted(patterns)],
            )  # fmt: skip
        service = f"new-{slug(edit.label)}-{back}"
        old = [t for t in (inside or members) if t in draft.row_of]
        if old:
            work.same_days(line.feed, service, old)
        else:
            service = draft.trip(template, "service_id")
        row = {
            "route_id": draft.trip(template, "route_id"),
            "service_id": service,
            "trip_headsign": draft.trip(template, "trip_headsign"),
            "direction_id": draft.trip(template, "direction_id") or str(back),
        }
        shape = moved(calls[template], -calls[template][0].departure_s)
        if not edit.keep:
            for trip in inside:
                cut_periods(work, line.feed, trip, periods)
        work.timetable(
            line.feed,
            f"new-{slug(edit.label)}-{back}",
            row,
            shape,
            headways=edit.headways,
            clock_face=edit.clock_face,
            back=bool(back),
        )


def _directions(
    draft: FeedDraft, trips: Sequence[str], calls: dict[str, Calls]
) -> tuple[list[str], list[str]]:
    """Trips there and back: by direction_id, else by the order of stations of the commonest."""
    by_id = {t: draft.trip(t, "direction_id") for t in trips}
    if trips and all(value in ("0", "1") for value in by_id.values()):
        return (
            [t for t in trips if by_id[t] == "0"],
            [t for t in trips if by_id[t] == "1"],
        )
    roots = {t: tuple(draft.stops[c.stop_id].station for c in calls[t]) for t in trips}
    counted = Counter(roots.values())
    if not counted:
        return [], []
    first = min(counted, key=lambda p: (-counted[p], p))
    place = {stop: i for i, stop in enumerate(first)}
    there: list[str] = []
    back: list[str] = []
    for trip in trips:
        order = [place[stop] for stop in roots[trip] if stop in place]
        falls = sum(a > b for a, b in pairwise(order))
        (back if 2 * falls > len(order) - 1 else there).append(trip)
    return there, back


def _template(trips: Sequence[str], calls: dict[str, Calls]) -> str:
    """The trip of median length of the commonest stop pattern."""
    pattern = {t: tuple(c.stop_id for c in calls[t]) for t in trips}
    counted = Counter(pattern.values())
    usual = min(counted, key=lambda p: (-counted[p], p))
    same = sorted(
        (t for t in trips if pattern[t] == usual),
        key=lambda t: (calls[t][-1].arrival_s - calls[t][0].departure_s, t),
    )
    return same[(len(same) - 1) // 2]


def _starts_in(
    draft: FeedDraft, trip: str, calls: Calls, periods: Sequence[tuple[int, int]]
) -> bool:
    rows = draft.headways(trip)
    if rows:
        return any(a < high and low < b for a, b, _, _ in rows for low, high in periods)
    return any(low <= calls[0].departure_s < high for low, high in periods)


def cut_periods(work: Work, feed: int, trip: str, periods: Sequence[tuple[int, int]]) -> None:
    """Take a trip out; of a headway trip only what departs in the periods."""
    draft = work.drafts[feed]
    rows = draft.headways(trip)
    for low, high in periods:
        cut: list[tuple[int, int, int, int]] = []
        for start, end, every, exact in rows:
            if high <= start or low >= end:
                cut.append((start, end, every, exact))
                continue
            if start < low:
                cut.append((start, low, every, exact))
            again = start - (start - high) // every * every if exact else high
            if again < end:
                cut.append((again, end, every, exact))
        rows = cut
    if rows:
        draft.frequencies[trip] = rows
    else:
        draft.remove_trip(trip)
    work.n_changes += 1
