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
    files = importlib.resources.files("halfcircle.demo")
    study.write_bytes(files.joinpath("twin-towns.toml").read_bytes())
    commuters = files.joinpath("data", "twin_towns_commuters.csv")
    (folder / "commuters.csv").write_bytes(commuters.read_bytes())
    return study
