"""Changes to the calls of one trip: pure functions from calls to calls, whole seconds."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from halfcircle.gtfs.edits_draft import Call, Calls
from halfcircle.gtfs.edits_physics import shared_out_s

__all__ = [
    "find_part",
    "line_calls",
    "moved",
    "runs_s",
    "with_part_s",
    "with_runs",
    "with_stop",
    "without_stops",
]


def moved(calls: Sequence[Call], seconds: int) -> Calls:
    """The same calls, later by so many seconds."""
    return tuple(
        call._replace(arrival_s=call.arrival_s + seconds, departure_s=call.departure_s + seconds)
        for call in calls
    )


def find_part(calls: Calls, start: set[str], end: set[str]) -> tuple[int, int] | None:
    """Positions of a call at `start` and the next one after it at `end`; None where not so."""
    last = None
    for i, call in enumerate(calls):
        if call.stop_id in start:
            last = i
        elif last is not None and call.stop_id in end:
            return last, i
    return None


def runs_s(calls: Calls) -> list[int]:
    """Running time of each hop."""
    return [b.arrival_s - a.departure_s for a, b in pairwise(calls)]


def with_runs(calls: Calls, first: int, runs: Sequence[int]) -> Calls:
    """Other running times from call `first` on; stops keep their length, the rest moves along."""
    result = list(calls[: first + 1])
    for k, run in enumerate(runs):
        old = calls[first + 1 + k]
        arrival = result[-1].departure_s + run
        result.append(
            old._replace(arrival_s=arrival, departure_s=arrival + old.departure_s - old.arrival_s)
        )
    end = first + len(runs)
    rest = calls[end + 1 :]
    return (*result, *moved(rest, result[-1].departure_s - calls[end].departure_s))


def with_part_s(calls: Calls, start: int, end: int, seconds: int) -> Calls | None:
    """`seconds` from departure at `start` to arrival at `end`; None where stops take longer."""
    runs = runs_s(calls)[start:end]
    dwell = calls[end].arrival_s - calls[start].departure_s - sum(runs)
    if seconds - dwell < len(runs):
        return None
    return with_runs(calls, start, shared_out_s(seconds - dwell, [max(r, 1) for r in runs]))


def with_stop(
    calls: Calls, position: int, stop_id: str, *, first_s: int, dwell_s: int, second_s: int
) -> Calls:
    """One more call after `position`, with the running times to and from it."""
    before, after = calls[position], calls[position + 1]
    arrival = before.departure_s + first_s
    call = Call(stop_id, arrival, arrival + dwell_s)
    shift = call.departure_s + second_s - after.arrival_s
    return (*calls[: position + 1], call, *moved(calls[position + 1 :], shift))


def without_stops(calls: Calls, stops: set[str], saved_s: int) -> Calls:
    """Calls without those at some stops: standing time and `saved_s` are won at each.

    A trip that begins or ends there begins or ends at the next or previous call; its other times
    stay.
    """
    start, end = 0, len(calls)
    while start < end and calls[start].stop_id in stops:
        start += 1
    while end > start and calls[end - 1].stop_id in stops:
        end -= 1
    result: list[Call] = []
    won = 0
    for call in calls[start:end]:
        if call.stop_id in stops:
            won += call.departure_s - call.arrival_s + saved_s
            continue
        now = moved((call,), -won)[0]
        if result and now.arrival_s < result[-1].departure_s:
            won -= result[-1].departure_s - now.arrival_s
            now = moved((call,), -won)[0]
        result.append(now)
    return tuple(result)


def line_calls(
    stops: Sequence[str], hops_s: Sequence[int], dwells_s: Sequence[int], start_s: int = 0
) -> Calls:
    """Calls of a new trip that leaves its first stop at `start_s`."""
    calls = [Call(stops[0], start_s, start_s)]
    for i, hop in enumerate(hops_s):
        arrival = calls[-1].departure_s + hop
        dwell = dwells_s[i] if i < len(hops_s) - 1 else 0
        calls.append(Call(stops[i + 1], arrival, arrival + dwell))
    return tuple(calls)
