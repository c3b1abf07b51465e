"""Buildings of OpenStreetMap as points with a weight: how many people work, or live, there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt
import osmium
import osmium.filter
import shapely
from pyproj import CRS, Transformer

from halfcircle.errors import SourceError
from halfcircle.places import WGS84

__all__ = ["WEIGHTS", "Buildings", "read_buildings"]

LAEA = CRS.from_epsg(3035)
MOST_LEVELS = 60.0
# Relative density of use per square metre of floor: plausible orders of size, not measured. They
# decide where in its municipality a count goes, never how large it is.
_HOMES = ("apartments", "house", "detached", "semidetached_house", "terrace", "residential",
          "bungalow", "dormitory", "houseboat", "static_caravan")  # fmt: skip
WEIGHTS: Final[Mapping[str, Mapping[str, float]]] = MappingProxyType(
    {
        "jobs": {
            "office": 1.0, "commercial": 0.7, "government": 0.8, "public": 0.5, "civic": 0.5,
            "retail": 0.5, "supermarket": 0.4, "kiosk": 0.5, "hotel": 0.3, "hospital": 0.7,
            "university": 0.5, "college": 0.4, "school": 0.3, "kindergarten": 0.4,
            "industrial": 0.25, "warehouse": 0.1, "train_station": 0.3, "transportation": 0.2,
            "fire_station": 0.2, "yes": 0.05, **dict.fromkeys(_HOMES, 0.02),
            "farm": 0.02, "barn": 0.01, "greenhouse": 0.02,
        },
        "people": {**dict.fromkeys(_HOMES, 1.0), "yes": 0.3, "farm": 0.3},
    }
)  # fmt: skip
# A building that only says "yes" is taken for what the land around it is used for.
LAND = {"commercial": "commercial", "retail": "retail", "industrial": "industrial",
        "residential": "residential", "education": "school"}  # fmt: skip
AMENITIES = {"hospital": "hospital", "clinic": "hospital", "school": "school",
             "university": "university", "college": "college", "kindergarten": "kindergarten",
             "townhall": "government"}  # fmt: skip


class Buildings(NamedTuple):
    """Middles of buildings in degrees, and weights; shape (n,) each."""

    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    weight: npt.NDArray[np.float64]


def read_buildings(paths: Sequence[Path], *, use: str = "jobs") -> Buildings:
    """Buildings of extracts, each once, weighed by floor space and use.

    Parameters
    ----------
    paths : sequence of Path
        OSM extracts with buildings and land use.
    use : {"jobs", "people"}

    Returns
    -------
    Buildings
        Those with a weight above 0, by the id of OpenStreetMap.

    Raises
    ------
    SourceError
        An extract cannot be read.
    """
    kinds: dict[int, str] = {}
    shapes: dict[int, bytes] = {}
    levels: dict[int, float] = {}
    land: dict[int, tuple[str, bytes]] = {}
    for path in paths:
        try:
            _collect(path, kinds, shapes, levels, land)
        except (RuntimeError, OSError) as error:
            raise SourceError(f"{path.name}: cannot be read for buildings ({error})") from None
    ids = sorted(kinds)
    if not ids:
        return Buildings(np.empty(0), np.empty(0), np.empty(0))
    outlines = shapely.from_wkb([shapes[i] for i in ids])
    middle = shapely.point_on_surface(outlines)
    lon, lat = shapely.get_x(middle), shapely.get_y(middle)
    use_of = np.array([kinds[i] for i in ids], dtype=object)
    _take_land(use_of, middle, land)
    to_plane = Transformer.from_crs(WGS84, LAEA, always_xy=True)
    flat = shapely.transform(
        outlines, lambda xy: np.column_stack(to_plane.transform(xy[:, 0], xy[:, 1]))
    )
    floor = shapely.area(flat) * np.array([levels[i] for i in ids])
    table = WEIGHTS[use]
    unknown = table["yes"] if use == "jobs" else 0.0
    weight = floor * np.array([table.get(str(kind), unknown) for kind in use_of])
    kept = weight > 0
    return Buildings(lon[kept], lat[kept], weight[kept])


def _collect(
    path: Path,
    kinds: dict[int, str],
    shapes: dict[int, bytes],
    levels: dict[int, float],
    land: dict[int, tuple[str, bytes]],
) -> None:
    factory = osmium.geom.WKBFactory()
    reader: Any = osmium.FileProcessor(str(path)).with_areas()
    reader.with_filter(osmium.filter.EntityFilter(osmium.osm.AREA))
    reader.with_filter(osmium.filter.KeyFilter("building", "landuse"))
    for area in reader:
        building, use = area.tags.get("building"), area.tags.get("landuse")
        if building in (None, "no") and use not in LAND:
            continue
        try:
            outline = bytes.fromhex(factory.create_multipolygon(area))
        except (RuntimeError, ValueError):
            continue  # a broken outline has no floor
        if building not in (None, "no"):
            kinds[area.id] = _kind(str(building), area.tags)
            shapes[area.id] = outline
            levels[area.id] = _levels(area.tags.get("building:levels"))
        else:
            land[area.id] = (LAND[str(use)], outline)


def _kind(building: str, tags: Any) -> str:
    if building != "yes":
        return building
    amenity = AMENITIES.get(tags.get("amenity", ""))
    if amenity is not None:
        return amenity
    if "office" in tags:
        return "office"
    return "retail" if "shop" in tags else "yes"


def _levels(text: str | None) -> float:
    try:
        value = float(text) if text is not None else 1.0
    except ValueError:
        return 1.0
    return value if 0.0 < value <= MOST_LEVELS else 1.0


def _take_land(
    use_of: npt.NDArray[np.object_],
    middle: npt.NDArray[np.object_],
    land: Mapping[int, tuple[str, bytes]],
) -> None:
    """Give buildings that only say "yes" the use of the land that they stand on."""
    plain = np.flatnonzero(use_of == "yes")
    if not len(plain) or not land:
        return
    ids = sorted(land)
    tree = shapely.STRtree(shapely.from_wkb([land[i][1] for i in ids]))
    building, area = tree.query(middle[plain], predicate="intersects")
    for i, j in zip(building.tolist()[::-1], area.tolist()[::-1], strict=True):
        use_of[plain[i]] = land[ids[j]][0]
