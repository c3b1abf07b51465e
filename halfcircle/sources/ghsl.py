"""GHS-POP of the Joint Research Centre: people on a grid of 100 m or 1 km, anywhere on Earth."""

from __future__ import annotations

import contextlib

import numpy as np
from pyproj import CRS

from halfcircle.sources.archive import unpack_member
from halfcircle.sources.area import Area
from halfcircle.sources.client import Download
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.raster import clip_raster
from halfcircle.sources.request import Request
from halfcircle.sources.transfer import NotThereError

__all__ = ["GHS_POP", "tiles_of"]

LICENCE = "CC BY 4.0, European Commission, JRC, GHSL"
MOLLWEIDE = CRS.from_user_input("ESRI:54009")
# Tiles of 1,000 km, counted from the upper left corner of the world.
WEST_M, NORTH_M, TILE_M = -18_041_000.0, 9_000_000.0, 1_000_000.0
MOST_TILES = 9


def tiles_of(area: Area) -> list[tuple[int, int]]:
    """Rows and columns of the tiles that the box around an area touches, counted from 1."""
    west, south, east, north = area.bounds(MOLLWEIDE)
    rows = range(
        int(np.floor((NORTH_M - north) / TILE_M)) + 1, int(np.floor((NORTH_M - south) / TILE_M)) + 2
    )
    columns = range(
        int(np.floor((west - WEST_M) / TILE_M)) + 1, int(np.floor((east - WEST_M) / TILE_M)) + 2
    )
    return [(row, column) for row in rows for column in columns]


def _build(job: Job) -> Built:
    import rasterio
    from rasterio.errors import RasterioError

    epoch, cell = job["year"], job["cell"]
    product = f"GHS_POP_E{epoch}_GLOBE_R2023A_54009_{cell}"
    tiles = tiles_of(job.area)
    if len(tiles) > MOST_TILES:
        raise job.fault(f"the area touches {len(tiles)} tiles", "make it smaller")
    requests = [
        Request(
            f"{job.hosts.ghsl}/GHS_POP_GLOBE_R2023A/{product}/V1-0/tiles/"
            f"{product}_V1_0_R{row}_C{column}.zip",
            "zip",
            max_bytes=2**32,
            licence=LICENCE,
            vintage=str(epoch),
        )
        for row, column in tiles
    ]
    # A lock knows which of the tiles there are.
    requests = [r for r in requests if r.key in job.client.locked] or requests
    found = [download for request in requests if (download := _tile(job, request)) is not None]
    if not found:
        raise job.fault("there is no tile of the area", "does it lie in the sea?")
    with contextlib.ExitStack() as stack:
        rasters = []
        for i, download in enumerate(found):
            path = unpack_member(
                download.path, "*.tif", job.scratch / f"tile-{i}.tif", where=job.entry.where
            )
            try:
                rasters.append(stack.enter_context(rasterio.open(path, driver="GTiff")))
            except RasterioError as error:
                raise job.fault(f"a tile cannot be read ({error})") from None
        clip_raster(rasters, job.target, job.area)
    return Built(f"cells of {cell} m in the box around the area, {len(found)} tiles", str(epoch))


def _tile(job: Job, request: Request) -> Download | None:
    """A tile, or None where there is only sea."""
    try:
        return job.get(request)
    except NotThereError:
        return None


GHS_POP = Adapter(
    "ghs-pop",
    "people on a grid of 100 m or 1 km, estimated from censuses and built-up area",
    LICENCE,
    "every few years",
    (".tif",),
    {
        "year": Parameter(
            "integer", "1975 to 2030 by fives", default=2020, choices=tuple(range(1975, 2031, 5))
        ),
        "cell": Parameter("integer", "side of a cell, metres", default=100, choices=(100, 1000)),
    },
    _build,
)
