"""The Lelylijn study: the north of the Netherlands and its German neighbours, from small tables.

Places and counts are real and rounded; timetable and roads are schematic and say so. All people
and jobs of a municipality are in one place, eight minutes on foot from its main stop.
"""

from __future__ import annotations

import importlib.resources
import sqlite3
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely
from scipy.spatial import cKDTree

from halfcircle.demo.lelylijn_facts import (
    LELYLIJN,
    Town,
    commuting,
    road_rows,
    stop_positions,
    towns,
)
from halfcircle.demo.lelylijn_timetable import FEED_FILE, write_timetable

__all__ = [
    "CIRCLE_M",
    "EDIT_FILES",
    "TO_STOP_M",
    "place_of",
    "town_frame",
    "write_inputs",
    "write_lelylijn",
]

# 600 m at 4.5 km/h: what getting to the train, and from it, takes here. An assumption.
TO_STOP_M = 600.0
_METRES_PER_DEGREE = 111_320.0
# Radius of the circle that stands for a municipality: two random points in it are 2.3 km apart,
# so that a trip inside takes half an hour on foot, about what a bus takes there. An assumption.
CIRCLE_M = 2_500.0
_SNAPSHOT = "2026-01-01T00:00:00.000Z"
EDIT_FILES = (
    "lelylijn-2.toml",
    "lelylijn-4.toml",
    "lelylijn-leek.toml",
    "lelylijn-diverted.toml",
    "nedersaksenlijn.toml",
    "wunderline.toml",
    "open-border.toml",
)


def place_of(town: Town) -> tuple[float, float]:
    """Where the people and jobs of a town are, degrees: `TO_STOP_M` north of its stop."""
    return town.lon, town.lat + TO_STOP_M / _METRES_PER_DEGREE


def write_lelylijn(folder: Path) -> Path:
    """Write zones, roads, timetable, commuters, edit files and study file into a folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Path
        The study file.
    """
    write_inputs(folder)
    texts = importlib.resources.files("halfcircle.demo")
    for name in EDIT_FILES:
        (folder / name).write_bytes(texts.joinpath(_packed(name)).read_bytes())
    study = folder / "study.toml"
    study.write_bytes(texts.joinpath("lelylijn.toml").read_bytes())
    return study


def write_inputs(folder: Path, study: str = LELYLIJN) -> None:
    """Write zones, roads, timetable and commuters of a study that is made as this one is."""
    _write_zones(folder / "zones.gpkg", study)
    _write_roads(folder / "roads.osm.pbf", study)
    write_timetable(folder / FEED_FILE, study)
    rows = "".join(f"{origin},{work},{workers}\n" for origin, work, workers in commuting(study))
    (folder / "flows.csv").write_text(
        f"origin,destination,workers\n{rows}", encoding="utf-8", newline=""
    )


def _packed(name: str) -> str:
    """Name of an edit file in the package: all of them start with the name of the study."""
    return name if name.startswith("lelylijn") else f"lelylijn-{name}"


def town_frame(study: str = LELYLIJN) -> Any:
    """GeoDataFrame of the zones in EPSG:3035: circles that touch no other, around each place.

    Circles, because the study is about places: no circle is the shape of a municipality.
    """
    found = towns(study)
    places = gpd.GeoSeries(
        shapely.points([place_of(town) for town in found]), crs="EPSG:4326"
    ).to_crs("EPSG:3035")
    xy_m = np.column_stack([places.x, places.y])
    distances_m, _ = cKDTree(xy_m).query(xy_m, k=[2])
    to_nearest_m = np.asarray(distances_m)[:, 0]
    radius_m = np.minimum(0.48 * to_nearest_m, CIRCLE_M)
    columns: dict[str, Any] = {
        "zone_id": [town.zone_id for town in found],
        "name": [town.name for town in found],
        "country": [town.country for town in found],
        "region": [town.region for town in found],
        "stop": [town.stop for town in found],
        "population": [town.population for town in found],
        "jobs": [town.jobs for town in found],
    }
    return gpd.GeoDataFrame(columns, geometry=places.buffer(radius_m), crs="EPSG:3035")


def _write_zones(path: Path, study: str) -> None:
    path.unlink(missing_ok=True)
    town_frame(study).to_file(path, layer="zones", driver="GPKG")
    # The format notes the time of writing: replaced by a fixed one.
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE gpkg_contents SET last_change = ?", (_SNAPSHOT,))
    connection.close()


def _write_roads(path: Path, study: str) -> None:
    """Straight roads between neighbouring places, and a street from each place to its stop."""
    path.unlink(missing_ok=True)
    nodes: dict[str, int] = {}
    writer = osmium.SimpleWriter(str(path))
    mutable = osmium.osm.mutable

    def node(key: str, lon: float, lat: float) -> None:
        nodes[key] = len(nodes) + 1
        writer.add_node(
            mutable.Node(
                id=nodes[key], location=(lon, lat), version=1, timestamp="2026-01-01T00:00:00Z"
            )
        )

    found = {town.stop: town for town in towns(study)}
    for town in found.values():
        node(f"place {town.stop}", *place_of(town))
    for stop, (lon, lat) in stop_positions(study).items():
        if stop in found:
            node(f"stop {stop}", lon, lat)
    ways: list[tuple[list[str], dict[str, str]]] = [
        (
            [f"place {start}", f"place {end}"],
            {"highway": road, "maxspeed": str(kmh), "foot": "yes",
             "name": f"{start} - {end} (schematic)"},
        )
        for start, end, road, kmh in road_rows(study)
    ]  # fmt: skip
    ways += [
        ([f"place {stop}", f"stop {stop}"], {"highway": "residential", "maxspeed": "30"})
        for stop in found
    ]
    for number, (ends, tags) in enumerate(ways, start=1):
        writer.add_way(
            mutable.Way(
                id=number, nodes=[nodes[end] for end in ends], tags=tags, version=1,
                timestamp="2026-01-01T00:00:00Z",
            )
        )  # fmt: skip
    writer.close()
