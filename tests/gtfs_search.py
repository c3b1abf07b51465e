"""Earliest arrival over the arrays of a Timetable in plain Python: slow, short, obvious."""

from __future__ import annotations

from halfcircle.gtfs import Timetable

NEVER = 2**31


def stop_number(timetable: Timetable, stop_id: str) -> int:
    return timetable.stops.stop_id.tolist().index(stop_id)


def earliest_arrivals(
    timetable: Timetable, origin_idx: int, at_s: int, *, max_rides: int = 8
) -> list[int]:
    """Earliest arrival by vehicle at each stop, leaving the origin stop at `at_s`.

    ``NEVER`` where no vehicle gets; the origin counts as reached at `at_s`.
    """
    n = len(timetable.stops)
    best = [NEVER] * n
    best[origin_idx] = at_s
    ready = [NEVER] * n
    ready[origin_idx] = at_s
    for _ in range(max_rides):
        alighted = [NEVER] * n
        for p in range(timetable.n_patterns):
            first, last = int(timetable.pattern_ptr[p]), int(timetable.pattern_ptr[p + 1])
            length = last - first
            stops = timetable.pattern_stop[first:last].tolist()
            board = timetable.pattern_board[first:last].tolist()
            alight = timetable.pattern_alight[first:last].tolist()
            for t in range(int(timetable.trip_ptr[p + 1] - timetable.trip_ptr[p])):
                start = int(timetable.event_ptr[p]) + t * length
                arrival = timetable.arrival_s[start : start + length].tolist()
                departure = timetable.departure_s[start : start + length].tolist()
                aboard = False
                for i, stop in enumerate(stops):
                    if aboard and alight[i] and arrival[i] < alighted[stop]:
                        alighted[stop] = arrival[i]
                    if board[i] and ready[stop] <= departure[i]:
                        aboard = True
        changed = False
        for stop, arrival_s in enumerate(alighted):
            if arrival_s == NEVER:
                continue
            best[stop] = min(best[stop], arrival_s)
            ways = []
            if timetable.change_s[stop] >= 0:
                ways.append((stop, int(timetable.change_s[stop])))
            low, high = timetable.transfer_ptr[stop], timetable.transfer_ptr[stop + 1]
            ways += zip(
                timetable.transfer_stop[low:high].tolist(),
                timetable.transfer_s[low:high].tolist(),
                strict=True,
            )
            for to_stop, seconds in ways:
                if arrival_s + seconds < ready[to_stop]:
                    ready[to_stop] = arrival_s + seconds
                    changed = True
        if not changed:
            break
    return best


def by_id(timetable: Timetable, arrivals: list[int]) -> dict[str, int]:
    """Earliest arrival per stop_id without feed and copy number, over all feeds."""
    found: dict[str, int] = {}
    for name, arrival_s in zip(timetable.stops.stop_id, arrivals, strict=True):
        stop = name.split(":", 1)[1].split("@")[0]
        found[stop] = min(found.get(stop, NEVER), arrival_s)
    return found


def rides_of(timetable: Timetable) -> dict[str, list[tuple[str, int, int]]]:
    """Calls of each trip: stop_id, arrival and departure."""
    found: dict[str, list[tuple[str, int, int]]] = {}
    for p in range(timetable.n_patterns):
        first, last = int(timetable.pattern_ptr[p]), int(timetable.pattern_ptr[p + 1])
        stops = timetable.stops.stop_id[timetable.pattern_stop[first:last]]
        for t in range(int(timetable.trip_ptr[p]), int(timetable.trip_ptr[p + 1])):
            start = int(timetable.event_ptr[p]) + (t - int(timetable.trip_ptr[p])) * (last - first)
            end = start + last - first
            found[timetable.trip_id[t]] = list(
                zip(
                    stops,
                    timetable.arrival_s[start:end].tolist(),
                    timetable.departure_s[start:end].tolist(),
                    strict=True,
                )
            )
    return found
