"""Parking places for park and ride, as OpenStreetMap tags them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import osmium

from halfcircle.errors import StreetError

__all__ = ["TaggedParking", "read_park_and_ride"]


class TaggedParking(NamedTuple):
    """Parking places.

    Parameters
    ----------
    osm_id : array of str, shape (n,)
        ``"node/12"`` or ``"way/34"``, ascending.
    name : array of str, shape (n,)
        Blank where there is none.
    lon, lat : array of float64, shape (n,), degrees
        Of an area the mean of its corners.
    capacity : array of float64, shape (n,), vehicles
        NaN where it is not tagged, or not as a number.
    """

    osm_id: npt.NDArray[np.object_]
    name: npt.NDArray[np.object_]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    capacity: npt.NDArray[np.float64]


def read_park_and_ride(paths: Sequence[str | os.PathLike[str]]) -> TaggedParking:
    """Parking places of extracts that are meant for park and ride.

    ``amenity=parking`` with ``park_ride`` set to anything but ``no``; nodes and ways, not the
    rare relations of several areas.

    Parameters
    ----------
    paths : sequence of path-like
        OSM extracts; what is in two of them counts once.

    Returns
    -------
    TaggedParking

    Raises
    ------
    StreetError
        A file cannot be read.
    """
    found: dict[tuple[str, int], tuple[str, float, float, float]] = {}
    for path in paths:
        try:
            _read(Path(path), found)
        except (RuntimeError, OSError) as error:
            raise StreetError(f"{path}: cannot be read ({error})") from None
    rows = [(f"{kind}/{number}", *row) for (kind, number), row in sorted(found.items())]
    columns = list(zip(*rows, strict=True)) if rows else [()] * 5
    return TaggedParking(
        np.array(columns[0], dtype=object),
        np.array(columns[1], dtype=object),
        np.array(columns[2], dtype=np.float64),
        np.array(columns[3], dtype=np.float64),
        np.array(columns[4], dtype=np.float64),
    )


def _read(path: Path, found: dict[tuple[str, int], tuple[str, float, float, float]]) -> None:
    tagged = osmium.filter.KeyFilter("park_ride")
    for item in osmium.FileProcessor(str(path)).with_locations().with_filter(tagged):
        tags = item.tags
        if tags.get("amenity") != "parking" or tags.get("park_ride", "no") == "no":
            continue
        name, capacity = tags.get("name", "") or "", _number(tags.get("capacity"))
        if isinstance(item, osmium.osm.Node):
            found["node", item.id] = (name, item.location.lon, item.location.lat, capacity)
        elif isinstance(item, osmium.osm.Way):
            nodes = list(item.nodes)
            corners = nodes[:-1] if len(nodes) > 1 and nodes[0].ref == nodes[-1].ref else nodes
            at = [(n.location.lon, n.location.lat) for n in corners if n.location.valid()]
            if at:
                lon, lat = np.mean(at, axis=0)
                found["way", item.id] = (name, float(lon), float(lat), capacity)


def _number(text: str | None) -> float:
    try:
        value = float(text) if text is not None else np.nan
    except ValueError:
        return np.nan
    return value if 0.0 <= value < np.inf else np.nan
