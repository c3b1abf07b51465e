"""A street with a train, a bus, parking places and shared bicycles, for tests of chains.

A street of 21 corners from west to east, 500 m apart (and a second one, so that it is a network).
A train runs from corner 4 to corner 14 in 300 s, a bus from corner 4 to corner 9 in 600 s and on
to 14 in 600 s, both every ten minutes: the train at full tens, the bus four minutes later.
One walks at 4.5 km/h (400 s a block), cycles at 15 (120 s), e-cycles at 20 (90 s), drives at 50
times 0.9 (40 s, and a second a crossing).
"""

from pathlib import Path

import numpy as np
import pandas as pd
from grid_city import GridCity, Line

TRAIN = Line("T", ((4, 0), (14, 0)), hop_s=300, route_type=2)
BUS = Line("B", ((4, 0), (9, 0), (14, 0)), hop_s=600, first_s=6 * 3600 + 240, route_type=3)
CITY = GridCity(n_columns=21, n_rows=2, block_m=500.0, lines=(TRAIN, BUS))
STUDY = """
[study]
name = "Street"

[zones]
path = "zones.csv"
population = "people"

[[opportunities]]
name = "jobs"
path = "zones.csv"
column = "jobs"

[streets]
osm = ["city.osm.pbf"]

[transit]
feeds = [ { id = "grid", path = "grid.zip" } ]
date = 2026-05-12
window = ["07:00", "07:01"]
time_zone = "Europe/Amsterdam"

[reach]
modes = MODES
bands_min = [15, 30, 45]
access_max_min = { walk = 7, bike = 7, ebike = 7, car = 3 }
speeds_kmh = { walk = 4.5, bike = 15, ebike = 20 }
"""
PARKING = '[park_and_ride]\npath = "parking.csv"\ncapacity = "places"\nwalk_max_min = 7\n'
BIKES = '[shared_bikes]\npath = "bikes.csv"\nwalk_max_min = 7\nmax_min = 8\n'


def write_town(folder: Path) -> Path:
    """All files that studies of the town name."""
    CITY.write_osm(folder / "city.osm.pbf")
    CITY.write_gtfs(folder / "grid.zip")
    lon, lat = CITY.lonlat([(c, 0) for c in range(21)])
    pd.DataFrame(
        {
            "zone_id": [f"z{c}" for c in range(21)],
            "lon": lon,
            "lat": lat,
            "jobs": 2.0 ** np.arange(21),
            "people": np.arange(21) + 1,
        }
    ).to_csv(folder / "zones.csv", index=False)
    pd.DataFrame(
        {"id": ["p3", "p4"], "name": ["P+R West", ""], "lon": lon[3:5], "lat": lat[3:5],
         "places": [50, None], "minutes": [1, 5]}
    ).to_csv(folder / "parking.csv", index=False)  # fmt: skip
    pd.DataFrame({"id": ["b14"], "lon": lon[14:15], "lat": lat[14:15]}).to_csv(
        folder / "bikes.csv", index=False
    )
    return folder
