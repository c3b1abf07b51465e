"""What a planner can change about a timetable, as plain values; seconds inside.

Stations are names, ``"feed:stop_id"``, or new ones with a position; lines are names or
``"feed:route_id"``. `halfcircle.gtfs.edits.edit_feeds` finds them in the feeds and applies the
changes to copies.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import TypeAlias

__all__ = [
    "AddLine",
    "AddStop",
    "ClockFace",
    "CloseStation",
    "DemandResponsive",
    "Extend",
    "Headway",
    "RemoveService",
    "Reroute",
    "Retime",
    "SetHeadway",
    "SetTransfer",
    "SkipStop",
    "SpeedUp",
    "Station",
    "TransitEdit",
]

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")


@dataclass(frozen=True)
class Station:
    """A station by name or ``"feed:stop_id"``; with a position (degrees, WGS 84) a new one."""

    name: str
    lon: float | None = None
    lat: float | None = None

    @property
    def is_new(self) -> bool:
        """Whether it has a position, and is not looked up."""
        return self.lon is not None and self.lat is not None


@dataclass(frozen=True)
class Headway:
    """Every so many seconds from `from_s` up to, and without, `to_s` of the day."""

    from_s: int
    to_s: int
    every_s: int


@dataclass(frozen=True)
class ClockFace:
    """Departures at the same minutes of every hour, from `from_s` up to, and without, `to_s`.

    Parameters
    ----------
    minutes : tuple of float
        After the hour, from the first stop; 0 to below 60.
    from_s, to_s : int, seconds of the day
    back_minutes : tuple of float, optional
        From the last stop, back; where left out the two directions mirror each other around the
        full hour, as clock-face timetables do: minute of departure there + minute of arrival
        back = 60.
    """

    minutes: tuple[float, ...]
    from_s: int
    to_s: int
    back_minutes: tuple[float, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Change:
    """What all changes share: the name of the edit, and where it stands in its file."""

    label: str
    where: str = ""


@dataclass(frozen=True, kw_only=True)
class AddLine(Change):
    """A new line.

    Parameters
    ----------
    stops : tuple of Station
        In the direction "there".
    hops_s : tuple of int, seconds
        Running time per hop. Or:
    total_s : int, seconds
        From the first departure to the last arrival, stops included. Or:
    kmh : float
        Highest speed, with `acceleration_m_s2` and `detour` (way over straight line).
    dwell_s : tuple of int, seconds
        At each stop in between, or one value for all.
    headways : tuple of Headway
        Or:
    clock_face : tuple of ClockFace
    both_ways : bool
    mode : str
        A name of `halfcircle.gtfs.MODES`.
    feed : str
        Feed to which it is written; where most of its stations are, when left out.
    through : tuple of str
        Lines whose trips run on as trips of this line and the other way round.
    replaces : tuple of str
        Lines that this one replaces.
    days : tuple of str
        Names of weekdays.
    dates : tuple of date, optional
        First and last day.
    circular : bool
        May call at a station twice.
    max_kmh : float, optional
        No hop may be faster; by mode when left out.
    """

    stops: tuple[Station, ...]
    hops_s: tuple[int, ...] = ()
    total_s: int | None = None
    kmh: float | None = None
    acceleration_m_s2: float = 0.5
    detour: float = 1.1
    dwell_s: tuple[int, ...] = (60,)
    headways: tuple[Headway, ...] = ()
    clock_face: tuple[ClockFace, ...] = ()
    both_ways: bool = True
    mode: str = "rail"
    feed: str | None = None
    through: tuple[str, ...] = ()
    replaces: tuple[str, ...] = ()
    days: tuple[str, ...] = WEEK
    dates: tuple[dt.date, dt.date] | None = None
    circular: bool = False
    max_kmh: float | None = None


@dataclass(frozen=True, kw_only=True)
class Retime(Change):
    """Other running times between stations of a line; what comes after moves along.

    Parameters
    ----------
    line : str
    hops : tuple of (Station, Station, int)
        From, to, and seconds from departure to arrival, stops in between included.
    both_ways : bool
    keep_at : Station, optional
        Station at which the times of departure stay; the first one when left out.
    """

    line: str
    hops: tuple[tuple[Station, Station, int], ...]
    both_ways: bool = True
    keep_at: Station | None = None


@dataclass(frozen=True, kw_only=True)
class SpeedUp(Change):
    """Running times times `factor`, or `less_s` shorter, on a line or a part of it."""

    line: str
    factor: float | None = None
    less_s: int | None = None
    part: tuple[Station, Station] | None = None
    both_ways: bool = True


@dataclass(frozen=True, kw_only=True)
class SetHeadway(Change):
    """Other departures of a line: in the periods given, its trips make way for the new ones.

    The new trips run like the median trip of the commonest stop pattern of each direction.
    """

    line: str
    headways: tuple[Headway, ...] = ()
    clock_face: tuple[ClockFace, ...] = ()
    keep: bool = False


@dataclass(frozen=True, kw_only=True)
class Extend(Change):
    """A line goes on beyond one of its ends, and comes back from there."""

    line: str
    at: Station
    stops: tuple[Station, ...]
    hops_s: tuple[int, ...]
    dwell_s: int = 60
    both_ways: bool = True


@dataclass(frozen=True, kw_only=True)
class AddStop(Change):
    """A line calls at one more station between two that follow each other.

    The running time is shared out along straight lines, and `lost_s` is added for braking and
    getting away.
    """

    line: str
    stop: Station
    between: tuple[Station, Station]
    dwell_s: int = 60
    lost_s: int = 60


@dataclass(frozen=True, kw_only=True)
class SkipStop(Change):
    """A line no longer calls at a station: the time standing there, and `saved_s`, are won."""

    line: str
    stop: Station
    saved_s: int = 0


@dataclass(frozen=True, kw_only=True)
class Reroute(Change):
    """A line runs between two of its stations by others."""

    line: str
    part: tuple[Station, Station]
    via: tuple[Station, ...]
    hops_s: tuple[int, ...]
    dwell_s: int = 60
    both_ways: bool = True


@dataclass(frozen=True, kw_only=True)
class RemoveService(Change):
    """A line, some of its trips, or those of a period or stop pattern, no longer run."""

    lines: tuple[str, ...] = ()
    trips: tuple[str, ...] = ()
    part: tuple[Station, Station] | None = None
    period_s: tuple[int, int] | None = None


@dataclass(frozen=True, kw_only=True)
class CloseStation(Change):
    """Nothing calls at a station any more."""

    station: Station
    saved_s: int = 0


@dataclass(frozen=True, kw_only=True)
class SetTransfer(Change):
    """Another least time to change between or within stations; None forbids it."""

    stations: tuple[Station, Station]
    seconds: int | None


@dataclass(frozen=True, kw_only=True)
class DemandResponsive(Change):
    """Service on demand between places and a hub, as lines of their own without timetable.

    Parameters
    ----------
    places : tuple of Station
        With positions.
    hub : Station
    wait_s : int, seconds
        Mean wait: modelled as a headway of twice that.
    kmh, detour : float
        Speed, and way over straight line.
    """

    places: tuple[Station, ...]
    hub: Station
    wait_s: int
    from_s: int
    to_s: int
    kmh: float = 30.0
    detour: float = 1.4
    feed: str | None = None


TransitEdit: TypeAlias = (
    AddLine
    | AddStop
    | CloseStation
    | DemandResponsive
    | Extend
    | RemoveService
    | Reroute
    | Retime
    | SetHeadway
    | SetTransfer
    | SkipStop
    | SpeedUp
)
