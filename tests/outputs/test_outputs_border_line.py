"""Where the national border is drawn when only zones are known."""

import numpy as np
import pandas as pd
import shapely
from pyproj import CRS, Transformer

from halfcircle.access.measures import REACH_COLUMNS
from halfcircle.outputs import RunResult, Settings
from halfcircle.outputs.shapes import border_line
from halfcircle.places import Places, Zones

LAEA = CRS.from_epsg(3035)


def result_of(areas: list[shapely.Geometry], country: list[str]) -> RunResult:
    centres = shapely.get_coordinates(shapely.centroid(np.array(areas)))
    lon, lat = Transformer.from_crs(LAEA, 4326, always_xy=True).transform(*centres.T)
    ids = [f"z{i}" for i in range(len(areas))]
    zones = Zones(Places(ids, lon, lat, country), LAEA, geometry=np.array(areas, dtype=object))
    return RunResult("x", zones, (), pd.DataFrame(columns=list(REACH_COLUMNS)), Settings())


def squares(gap_m: float) -> list[shapely.Geometry]:
    x, y = 4_020_000.0, 3_090_000.0
    return [
        shapely.box(x, y, x + 1000, y + 1000),
        shapely.box(x + 1000 + gap_m, y, x + 2000 + gap_m, y + 1000),
    ]


def test_a_shared_edge_is_a_border() -> None:
    assert border_line(result_of(squares(0.0), ["NL", "DE"])).length == 1000


def test_scattered_places_get_no_made_up_border() -> None:
    # Two of many circles happen to be near each other: what lies between is no river.
    points = [(0, 0), (2200, 0), (30_000, 0), (0, 30_000), (30_000, 30_000)]
    circles = [shapely.Point(4_020_000 + x, 3_090_000 + y).buffer(1000) for x, y in points]
    assert border_line(result_of(circles, ["NL", "DE", "DE", "NL", "DE"])) is None
