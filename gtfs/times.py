"""From clock times to seconds in UTC: service days, zones, departure windows.

GTFS counts from "noon minus 12 h" of the service day in the agency's zone. On days on which the
clock changes this is not midnight, and 26:00:00 is two o'clock of the next day only on the others.
"""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from halfcircle.errors import FeedError

__all__ = ["WindowSpec", "service_day_utc_s", "timetable_window_s"]

_HALF_DAY_S = 12 * 3600
_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")


@dataclass(frozen=True)
class WindowSpec:
    """A departure window on the axis of a timetable.

    Parameters
    ----------
    origin_utc_s : int
        UTC epoch second of time 0.
    start_s, end_s : int
        Seconds after `origin_utc_s`.
    """

    origin_utc_s: int
    start_s: int
    end_s: int


def zone(name: str) -> ZoneInfo:
    """Time zone called `name`.

    Raises
    ------
    FeedError
        There is no such zone.
    """
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError, TypeError) as error:
        raise FeedError(
            f"time_zone: {name!r} is not a known time zone - use a name like 'Europe/Amsterdam'"
        ) from error


def service_day_utc_s(date: dt.date, time_zone: str) -> int:
    """UTC epoch second from which the times of a service day count: noon minus 12 h.

    Parameters
    ----------
    date : datetime.date
        The service day.
    time_zone : str
        IANA name of the agency's zone.
    """
    noon = dt.datetime.combine(date, dt.time(12), tzinfo=zone(time_zone))
    return int(noon.timestamp()) - _HALF_DAY_S


def _clock_utc_s(date: dt.date, text: str, time_zone: str) -> int | None:
    """UTC epoch second at which clocks on the wall show `text`, or None if it is no time."""
    match = _CLOCK.fullmatch(text.strip())
    if match is None:
        return None
    hours = int(match[1])
    if hours >= 48:
        return None
    day = date + dt.timedelta(days=hours // 24)
    time = dt.time(hours % 24, int(match[2]), int(match[3] or 0), tzinfo=zone(time_zone))
    return int(dt.datetime.combine(day, time).timestamp())


def timetable_window_s(date: dt.date, window: tuple[str, str], time_zone: str) -> WindowSpec:
    """Departure window as seconds after the origin of a timetable of `date`.

    The window is what clocks on the wall show: on the day on which summer time begins, 07:00 is
    six hours after midnight, and 7 * 3600 s after the origin as on any other day. An hour that
    clocks show twice is taken the first time.

    Parameters
    ----------
    date : datetime.date
    window : pair of str
        ``("07:00", "09:00")``; hours may pass 24 for the night after `date`.
    time_zone : str
        IANA name of the zone of both.

    Raises
    ------
    FeedError
        A time that is none, or a window that does not run forwards.
    """
    origin = service_day_utc_s(date, time_zone)
    ends: list[int] = []
    for text in window:
        at = _clock_utc_s(date, str(text), time_zone)
        if at is None:
            raise FeedError(f"window: {text!r} is not a time - write it as '07:00'")
        ends.append(at - origin)
    if len(ends) != 2 or ends[1] <= ends[0]:
        raise FeedError(
            f"window: {' to '.join(map(str, window))} does not run forwards - "
            "a window past midnight ends at, for instance, '25:30'"
        )
    return WindowSpec(origin, ends[0], ends[1])
