"""All files of the twin towns, in one folder."""

from __future__ import annotations

import importlib.resources
from pathlib import Path

from halfcircle.demo.streets import write_streets
from halfcircle.demo.timetables import write_feed
from halfcircle.demo.zones import write_zones

__all__ = ["FEED_FILES", "write_twin_towns"]

FEED_FILES = {"nl": "halelijn.gtfs.zip", "de": "hale-esche.gtfs.zip"}


def write_twin_towns(folder: Path) -> Path:
    """Write streets, timetables, zones and study file into an existing folder.

    Parameters
    ----------
    folder : Path

    Returns
    -------
    Path
        The study file.
    """
    write_streets(folder / "region.osm.pbf")
    for feed_key, file_name in FEED_FILES.items():
        write_feed(folder / file_name, feed_key)
    write_zones(folder / "zones.gpkg")
    study = folder / "study.toml"
    source = importlib.resources.files("halfcircle.demo").joinpath("twin-towns.toml")
    study.write_bytes(source.read_bytes())
    return study
