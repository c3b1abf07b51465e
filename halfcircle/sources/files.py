"""Files of a study, the same bytes every time they are made from the same downloads."""

from __future__ import annotations

import os
import shutil
import sqlite3
from pathlib import Path
from typing import Any

import pandas as pd

from halfcircle.errors import SourceError
from halfcircle.sources.area import Area

__all__ = ["keep_inside", "link_or_copy", "read_vector", "write_gpkg", "write_table"]

EPOCH = "2000-01-01T00:00:00.000Z"
LINKED_FROM = 64 * 2**20
# Formats that are read as maps, by their first bytes: others can name further files to open.
MAGIC = (b"{", b"[", b"SQLite format 3\x00", b"fgb", b"PAR1", b"\x00\x00\x27\x0a")


def write_gpkg(frame: Any, path: Path, *, layer: str) -> None:
    """Write a GeoDataFrame as GeoPackage; the time of writing is left out."""
    path.unlink(missing_ok=True)
    frame.to_file(path, layer=layer, driver="GPKG", engine="pyogrio")
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("UPDATE gpkg_contents SET last_change = ?", (EPOCH,))
    connection.close()


def write_table(frame: pd.DataFrame, path: Path) -> None:
    """Write a table as CSV."""
    frame.to_csv(path, index=False, lineterminator="\n", encoding="utf-8")


def link_or_copy(source: Path, target: Path) -> None:
    """Put a file of the cache beside a study; a large one without using the disk twice.

    Small files are copied, because people edit tables in place, which would reach the cache.
    """
    target.unlink(missing_ok=True)
    if source.stat().st_size >= LINKED_FROM:
        try:
            os.link(source, target)
        except OSError:
            pass  # another disk, or one that knows no links
        else:
            return
    shutil.copyfile(source, target)


def read_vector(path: Path, *, where: str, **options: Any) -> Any:
    """Vector file as a GeoDataFrame.

    Raises
    ------
    SourceError
        It cannot be read, or says nothing of its CRS.
    """
    import geopandas as gpd

    with path.open("rb") as file:
        head = file.read(64).removeprefix(b"\xef\xbb\xbf").lstrip()
    if not head.startswith(MAGIC):
        raise SourceError(
            f"{where}: is no GeoJSON, GeoPackage, shapefile, FlatGeobuf or GeoParquet"
        )
    try:
        frame = gpd.read_file(path, engine="pyogrio", **options)
    except Exception as error:  # GDAL raises many kinds
        raise SourceError(f"{where}: cannot be read as a map ({str(error)[:200]})") from None
    if not isinstance(frame, gpd.GeoDataFrame):
        raise SourceError(f"{where}: holds no geometry")
    if frame.crs is None:
        raise SourceError(f"{where}: does not say its CRS")
    return frame


def keep_inside(frame: Any, area: Area) -> Any:
    """Features whose representative point lies in the area, in their order."""
    frame = frame[~(frame.geometry.isna() | frame.geometry.is_empty)]
    points = frame.geometry.representative_point()
    inside = area.holds(points.x.to_numpy(), points.y.to_numpy(), frame.crs)
    return frame[inside].reset_index(drop=True)
