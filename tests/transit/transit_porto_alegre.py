"""Porto Alegre with straight walks of 1 m/s: the network that engines are compared on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from halfcircle.access.linking import StraightWays, access_links, add_footpaths, egress_links
from halfcircle.access.transit import StopLinks
from halfcircle.gtfs import build_timetable, read_feed
from halfcircle.gtfs.timetable import Timetable
from halfcircle.places import Places

START_S, END_S = 14 * 3600, 16 * 3600
WALK_LIMIT_S = 1_000


@dataclass(frozen=True)
class PortoAlegre:
    timetable: Timetable
    access: StopLinks
    egress: StopLinks
    direct_s: np.ndarray
    jobs: np.ndarray


def read_porto_alegre(folder: Path) -> PortoAlegre:
    """Timetable of Monday 2019-05-13, hexagons, walks of at most 1 km with detour, jobs."""
    feeds = [read_feed(folder / f"poa_{name}.zip", feed_id=name) for name in ("eptc", "trensurb")]
    timetable = build_timetable(
        feeds, date="2019-05-13", window=("14:00", "16:00"), time_zone="America/Sao_Paulo"
    )
    ways = StraightWays(kmh=3.6)
    timetable = add_footpaths(timetable, ways, limit_s=WALK_LIMIT_S, board_slack_s=60)
    cells = pd.read_csv(folder / "poa_hexgrid.csv")
    places = Places(cells["id"], cells["lon"], cells["lat"])
    position = (places.lon, places.lat)
    walks = ways.pairs(position, position, limit_s=1_800)
    direct_s = np.full((len(places), len(places)), np.inf, dtype=np.float32)
    direct_s[walks.from_idx, walks.to_idx] = walks.seconds
    return PortoAlegre(
        timetable,
        access_links(places, timetable.stops, ways, limit_s=WALK_LIMIT_S),
        egress_links(places, timetable.stops, ways, limit_s=WALK_LIMIT_S),
        direct_s,
        cells["jobs"].fillna(0.0).to_numpy(dtype=np.float64),
    )
