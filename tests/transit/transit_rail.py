"""Trains of Belgium and long-distance trains of Germany, between the places of their stations."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from halfcircle.access.linking import StraightWays, access_links, add_footpaths, egress_links
from halfcircle.access.transit import StopLinks
from halfcircle.gtfs import build_timetable, read_feed, timetable_window_s
from halfcircle.gtfs.timetable import Timetable
from halfcircle.places import Places

WINDOW = ("07:00", "09:00")
DATE = dt.date(2019, 11, 12)
TIME_ZONE = "Europe/Brussels"
WALK_LIMIT_S = 1_000
LIMIT_S = 4 * 3_600


@dataclass(frozen=True)
class Rail:
    timetable: Timetable
    access: StopLinks
    egress: StopLinks
    direct_s: np.ndarray
    start_s: int
    end_s: int


def read_rail(folder: Path) -> Rail:
    """SNCB and DB on Tuesday 2019-11-12, straight walks of 1 m/s; a place at every station."""
    feeds = [
        read_feed(folder / name, feed_id=name.partition("-")[0].partition("_")[0])
        for name in ("sncb-2019-10-13.zip", "dbfv_2019.zip")
    ]
    timetable = build_timetable(
        feeds, date=DATE, window=WINDOW, time_zone=TIME_ZONE, max_trip_time_s=LIMIT_S
    )
    ways = StraightWays(kmh=3.6)
    timetable = add_footpaths(timetable, ways, limit_s=WALK_LIMIT_S, board_slack_s=60)
    stops = timetable.stops
    called = np.unique(timetable.pattern_stop)
    at = np.column_stack([stops.lon[called], stops.lat[called]])
    _, first = np.unique(np.round(at, 5), axis=0, return_index=True)
    spot = called[np.sort(first)]
    places = Places([f"p{i}" for i in range(len(spot))], stops.lon[spot], stops.lat[spot])
    position = (places.lon, places.lat)
    walks = ways.pairs(position, position, limit_s=1_800)
    direct_s = np.full((len(places), len(places)), np.inf, dtype=np.float32)
    direct_s[walks.from_idx, walks.to_idx] = walks.seconds
    window = timetable_window_s(DATE, WINDOW, TIME_ZONE)
    return Rail(
        timetable,
        access_links(places, stops, ways, limit_s=WALK_LIMIT_S),
        egress_links(places, stops, ways, limit_s=WALK_LIMIT_S),
        direct_s,
        window.start_s,
        window.end_s,
    )
