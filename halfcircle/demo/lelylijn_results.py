"""What the Lelylijn study is checked against: published travel times, and measured running times.

Times between stations are searched in the GTFS files themselves, by a search of a few lines that
shares nothing with the engine of halfcircle: a second answer to the same question.
"""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from halfcircle.demo.lelylijn_facts import LELYLIJN, Target, schematic_lines, targets
from halfcircle.demo.lelylijn_timetable import FEED_FILE
from halfcircle.errors import FeedError

__all__ = [
    "Corridor",
    "PublishedTime",
    "corridors",
    "fastest_s",
    "published_times",
    "read_rides",
]

WINDOW_S = (7 * 3600, 9 * 3600)
CHANGE_S = 120
LONGEST_S = 6 * 3600


@dataclass(frozen=True)
class Corridor:
    """A line of the schematic timetable beside the real running times.

    Parameters
    ----------
    line_id, name : str
    from_stop, to_stop : str
        Ends of the stretch for which there are measured times.
    schematic_min, measured_min : float
        Sums of running times, without stops. Measured times are means over intercity and stopping
        trains, so that intercities are faster than them and stopping trains are not.
    """

    line_id: str
    name: str
    from_stop: str
    to_stop: str
    schematic_min: float
    measured_min: float

    @property
    def difference_min(self) -> float:
        """Schematic minus measured."""
        return self.schematic_min - self.measured_min


@dataclass(frozen=True)
class PublishedTime:
    """A published travel time beside that of the study.

    Parameters
    ----------
    target : Target
    modelled_min : float
        Fastest train of the window, station to station, stops and changes included.
    """

    target: Target
    modelled_min: float

    @property
    def difference_min(self) -> float:
        """Modelled minus published."""
        return self.modelled_min - self.target.published_min

    @property
    def met(self) -> bool | None:
        """Whether the difference is within the tolerance; None where none is stated."""
        tolerance = self.target.tolerance_min
        return None if tolerance is None else abs(self.difference_min) <= tolerance


def corridors(study: str = LELYLIJN) -> list[Corridor]:
    """All rail lines with measured running times, the stretch from first to last of them."""
    found = []
    for line in schematic_lines(study):
        pairs = list(pairwise(line.hops))
        known = [(a, b, b.measured_min) for a, b in pairs if b.measured_min is not None]
        if known:
            found.append(
                Corridor(
                    line.line_id,
                    line.name,
                    known[0][0].stop,
                    known[-1][1].stop,
                    float(sum(b.run_min for _, b, _ in known)),
                    round(sum(measured for _, _, measured in known), 1),
                )
            )
    return found


@dataclass(frozen=True)
class Ride:
    """One vehicle from one stop to the next; seconds of the day."""

    departure_s: int
    arrival_s: int
    start: str
    end: str
    trip: str


def read_rides(path: Path) -> list[Ride]:
    """Read all rides between stops of a GTFS file, by name of stop, in order of departure.

    Raises
    ------
    FeedError
        The file is no feed.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            stops = _rows(archive, "stops.txt")
            times = _rows(archive, "stop_times.txt")
        names = {row["stop_id"]: row["stop_name"] for row in stops}
        calls: dict[str, list[tuple[int, str, int, int]]] = {}
        for row in times:
            calls.setdefault(row["trip_id"], []).append(
                (
                    int(row["stop_sequence"]),
                    names[row["stop_id"]],
                    _seconds(row["arrival_time"]),
                    _seconds(row["departure_time"]),
                )
            )
    except (OSError, zipfile.BadZipFile, KeyError, ValueError) as error:
        raise FeedError(f"{path}: cannot be read as a timetable ({error})") from error
    rides = []
    for trip, called in calls.items():
        called.sort()
        for (_, start, _, departure), (_, end, arrival, _) in pairwise(called):
            rides.append(Ride(departure, arrival, start, end, trip))
    return sorted(rides, key=lambda ride: (ride.departure_s, ride.arrival_s, ride.trip))


def _rows(archive: zipfile.ZipFile, name: str) -> Iterable[dict[str, str]]:
    text = archive.read(name).decode("utf-8-sig")
    return csv.DictReader(io.StringIO(text))


def _seconds(clock: str) -> int:
    hours, minutes, seconds = clock.split(":")
    return 3600 * int(hours) + 60 * int(minutes) + int(seconds)


def fastest_s(
    rides: list[Ride],
    start: str,
    end: str,
    *,
    window_s: tuple[int, int] = WINDOW_S,
    change_s: int = CHANGE_S,
) -> int | None:
    """Shortest time from station to station over all departures of a window, in seconds.

    From the first departure to the last arrival; changes take `change_s` or longer. None where
    the one cannot be reached from the other within six hours.
    """
    departures = {
        ride.departure_s
        for ride in rides
        if ride.start == start and window_s[0] <= ride.departure_s <= window_s[1]
    }
    best: int | None = None
    for departure in sorted(departures):
        arrived = _earliest(rides, start, end, departure, change_s)
        if arrived is not None and (best is None or arrived - departure < best):
            best = arrived - departure
    return best


def _earliest(
    rides: list[Ride], start: str, end: str, departure_s: int, change_s: int
) -> int | None:
    """Earliest arrival: rides in order of departure, each taken if it can be boarded."""
    at = {start: departure_s - change_s}
    aboard: set[str] = set()
    latest = departure_s + LONGEST_S
    for ride in rides:
        if ride.departure_s < departure_s:
            continue
        if ride.departure_s > min(at.get(end, latest), latest):
            break
        known = at.get(ride.start)
        if ride.trip in aboard or (known is not None and known + change_s <= ride.departure_s):
            aboard.add(ride.trip)
            if ride.arrival_s < at.get(ride.end, latest):
                at[ride.end] = ride.arrival_s
    return at.get(end)


def published_times(folder: Path) -> list[PublishedTime]:
    """Compare the timetables of a finished run of the study with what was published.

    Parameters
    ----------
    folder : Path
        Of the study; results are in its folder ``out``.

    Returns
    -------
    list of PublishedTime
        In the order of the table of targets.

    Raises
    ------
    FeedError
        A timetable is not there, or a place cannot be reached in it.
    """
    rides: dict[str, list[Ride]] = {}
    found = []
    for target in targets():
        if target.scenario not in rides:
            path = folder / FEED_FILE
            if target.scenario != "baseline":
                path = folder / "out" / "scenarios" / target.scenario / FEED_FILE
            rides[target.scenario] = read_rides(path)
        time_s = fastest_s(rides[target.scenario], target.from_stop, target.to_stop)
        if time_s is None:
            raise FeedError(
                f"{target.scenario}: {target.to_stop} is not reached from {target.from_stop}"
            )
        found.append(PublishedTime(target, time_s / 60.0))
    return found
