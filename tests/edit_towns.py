"""Towns on which edits of timetables are tried: feeds of `GridCity` lines, without streets.

``times_s(feeds, city)`` gives the travel time of every departure between all corners; an edited
feed must give what a feed of the predicted lines gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from grid_city import Corner, GridCity, Line

from halfcircle.access.linking import StraightWays, access_links, add_footpaths, egress_links
from halfcircle.access.transit import TransitQuery, build_transit_search
from halfcircle.gtfs import Feed, Timetable, build_timetable, read_feed, timetable_window_s

DATE = "2026-05-12"
ZONE = "Europe/Amsterdam"
WINDOW = ("07:00", "08:00")
CROSS = Line("1", ((0, 1), (2, 1), (5, 1)), hop_s=120, both_ways=True)
TOP = Line("2", ((0, 3), (5, 3)), hop_s=300, both_ways=True)
CITY = GridCity(lines=(CROSS, TOP))


def name(corner: Corner) -> str:
    """Name of the stop of a corner."""
    return f"Corner {corner[0]}-{corner[1]}"


def city(*lines: Line) -> GridCity:
    """The same town with other lines."""
    return replace(CITY, lines=lines)


def feed_of(town: GridCity, folder: Path, feed_id: str = "grid") -> Feed:
    """Feed of a town, written and read."""
    folder.mkdir(parents=True, exist_ok=True)
    return read_feed(town.write_gtfs(folder / f"{feed_id}.zip"), feed_id=feed_id)


def timetable(feeds: Sequence[Feed], *, footpath_s: float = 0.0) -> Timetable:
    """Timetable of the hour from seven."""
    built = build_timetable(feeds, date=DATE, window=WINDOW, time_zone=ZONE, max_trip_time_s=3600)
    if footpath_s:
        built = add_footpaths(built, StraightWays(4.5), limit_s=footpath_s, board_slack_s=60)
    return built


def search(built: Timetable, town: GridCity = CITY, *, walk_s: float = 90.0, limit_s: int = 3600):
    """Search between all corners of a town; places are at stops or have none near."""
    import datetime as dt

    window = timetable_window_s(dt.date.fromisoformat(DATE), WINDOW, ZONE)
    places = town.places()
    ways = StraightWays(4.5)
    return build_transit_search(
        built,
        access_links(places, built.stops, ways, limit_s=walk_s),
        egress_links(places, built.stops, ways, limit_s=walk_s),
        TransitQuery(
            start_s=window.start_s,
            end_s=window.end_s,
            step_s=60,
            max_rides=3,
            limit_s=limit_s,
            board_slack_s=60,
        ),
    )


def times_s(feeds: Sequence[Feed], town: GridCity = CITY, **options: float) -> np.ndarray:
    """Travel time of every departure, shape (n_corners, n_corners, n_departures), seconds."""
    found = search(timetable(feeds), town, **options)
    return found.lanes_s(np.arange(len(town.corners))).astype(np.int64)


def at(corner: Corner, town: GridCity = CITY) -> int:
    """Number of a corner among the places."""
    return town.corners.index(corner)
