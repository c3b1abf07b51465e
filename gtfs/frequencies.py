"""Headway services: frequencies.txt expanded to departures.

A headway says how often, not when. Each headway trip gets one fixed phase in [0, 1) from a hash
of its id, so that a trip has the same departures in every scenario in which it exists; further
draws move all phases along the golden-ratio sequence, which fills the headway more evenly than
random numbers do.
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.errors import FeedError
from halfcircle.gtfs.checks import parse_time_s
from halfcircle.gtfs.feed import Feed

__all__ = [
    "HeadwaySpread",
    "Headways",
    "expand_frequencies",
    "headway_departures",
    "headway_spread",
    "phase",
]

_GOLDEN = (math.sqrt(5) - 1) / 2
_MAX_DEPARTURES = 2_000_000
Int64 = npt.NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Headways:
    """Departures of headway trips, on the clock of their service day.

    Parameters
    ----------
    is_headway : array of bool, shape (n_trips,)
        Trips that have a row in frequencies.txt: their own stop times only say how long they run.
    trip_row : array of int64, shape (n_departures,)
        Row of trips.txt.
    start_s, end_s : array of int64, shape (n_departures,), seconds
        Departure from the first and arrival at the last stop.
    number : array of int64, shape (n_departures,)
        Running number within the trip.
    """

    is_headway: npt.NDArray[np.bool_]
    trip_row: Int64
    start_s: Int64
    end_s: Int64
    number: Int64


def phase(trip_id: str, *, draw: int = 0) -> float:
    """Phase of a headway trip in [0, 1): the share of the first headway that passes before it.

    Depends on the id alone, not on other trips, file order or platform.
    """
    digest = hashlib.blake2b(trip_id.encode("utf-8"), digest_size=8).digest()
    start = int.from_bytes(digest, "big") / 2**64
    return (start + draw * _GOLDEN) % 1.0


def expand_frequencies(
    feed: Feed, *, usable: npt.NDArray[np.bool_], draw: int, faults: Faults
) -> Headways:
    """Departures of all trips of frequencies.txt.

    Rows with ``exact_times = 1`` depart at start, start + headway, ... before end. For the other
    rows the phase counts in headways from the first start and runs on through all periods of the
    trip, so that the step from a 10-minute to a 20-minute headway makes no gap and no bunching;
    where two such periods overlap, the one that begins later takes over.
    """
    n_trips = len(feed["trips"])
    is_headway = np.zeros(n_trips, dtype=bool)
    none = np.empty(0, dtype=np.int64)
    if "frequencies" not in feed or not len(feed["frequencies"]):
        return Headways(is_headway, none, none, none, none)
    table = feed["frequencies"]
    row_of = {trip_id: i for i, trip_id in enumerate(feed["trips"].texts("trip_id"))}
    trip_ids = table.texts("trip_id")
    begin = table.column("start_time").map(parse_time_s, np.int64)
    end = table.column("end_time").map(parse_time_s, np.int64)
    headway = table.whole("headway_secs", blank=0)
    exact = table.whole("exact_times", blank=0) == 1
    wrong = (headway <= 0) | (end <= begin)
    if wrong.any():
        faults.warn(
            f"frequencies.txt:{table.line(int(np.flatnonzero(wrong)[0]))}",
            "a headway of 0 or a period that does not run forwards is ignored, trip",
            values=trip_ids[wrong][:5],
            count=int(wrong.sum()),
        )
    periods: dict[int, list[tuple[int, int, int, bool]]] = {}
    for i in range(len(table)):
        row = row_of[trip_ids[i]]
        is_headway[row] = True
        if not wrong[i] and usable[row]:
            periods.setdefault(row, []).append(
                (int(begin[i]), int(end[i]), int(headway[i]), bool(exact[i]))
            )
    overlapping: list[str] = []
    rows: list[int] = []
    starts: list[int] = []
    numbers: list[int] = []
    times = feed.stop_times
    ids = feed["trips"].texts("trip_id")
    for row in sorted(periods):
        found = sorted(periods[row])
        departures = {
            at for low, high, step, is_exact in found if is_exact for at in range(low, high, step)
        }
        loose = [(low, high, step) for low, high, step, is_exact in found if not is_exact]
        for i in range(len(loose) - 1):
            if loose[i][1] > loose[i + 1][0]:
                overlapping.append(str(ids[row]))
                loose[i] = (loose[i][0], loose[i + 1][0], loose[i][2])
        departures.update(headway_departures(loose, phase(str(ids[row]), draw=draw)))
        ordered = sorted(departures)
        rows += [row] * len(ordered)
        starts += ordered
        numbers += range(1, len(ordered) + 1)
        if len(rows) > _MAX_DEPARTURES:
            faults.warn(
                "frequencies.txt",
                f"more than {_MAX_DEPARTURES:,} departures; the rest is left out",
                remedy="check headway_secs",
            )
            break
    if overlapping:
        faults.warn(
            "frequencies.txt",
            "periods of a trip overlap; the one that begins later takes over",
            values=dict.fromkeys(overlapping),
        )
    trip_row = np.array(rows, dtype=np.int64)
    start_s = np.array(starts, dtype=np.int64)
    first, last = times.ptr[trip_row], times.ptr[trip_row + 1] - 1
    ride_s = times.arrival_s[last].astype(np.int64) - times.departure_s[first]
    return Headways(
        is_headway, trip_row, start_s, start_s + ride_s, np.array(numbers, dtype=np.int64)
    )


def headway_departures(periods: list[tuple[int, int, int]], first: float) -> list[int]:
    """Departures at which the number of headways passed is `first`, `first` + 1, ..."""
    departures: list[int] = []
    wanted = first
    passed = 0.0
    for low, high, step in periods:
        here = (high - low) / step
        while wanted < passed + here - 1e-9:
            departures.append(low + round((wanted - passed) * step))
            wanted += 1.0
        passed += here
    return departures


@dataclass(frozen=True, eq=False)
class HeadwaySpread:
    """How much a result depends on the unknown phases of headway services.

    Parameters
    ----------
    mean, sd, standard_error : array of float64, shape of one result
        Over the draws; the standard error is that of the mean, as if draws were independent,
        which overstates it for draws of the golden-ratio sequence.
    n_draws : int
    """

    mean: npt.NDArray[np.float64]
    sd: npt.NDArray[np.float64]
    standard_error: npt.NDArray[np.float64]
    n_draws: int


def headway_spread(results: Sequence[npt.ArrayLike]) -> HeadwaySpread:
    """Sum up results computed with ``frequency_draw`` 0, 1, 2, ...

    Raises
    ------
    FeedError
        Fewer than two draws: they have no spread.
    """
    values = np.array([np.asarray(result, dtype=np.float64) for result in results])
    if len(values) < 2:
        raise FeedError(f"headway draws: {len(values)} given - a spread needs at least 2")
    sd = values.std(axis=0, ddof=1)
    return HeadwaySpread(values.mean(axis=0), sd, sd / math.sqrt(len(values)), len(values))
