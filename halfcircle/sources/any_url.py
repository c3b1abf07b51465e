"""Any file on the web: a table, a raster, a vector file, or one member of a zip archive."""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from halfcircle.sources.archive import unpack_member
from halfcircle.sources.files import keep_inside, link_or_copy, read_vector, write_gpkg
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.raster import clip_raster
from halfcircle.sources.request import Request

__all__ = ["ANY_URL"]

KIND_OF = {".csv": "csv", ".tsv": "csv", ".txt": "text", ".json": "json", ".geojson": "json",
           ".gpkg": "gpkg", ".tif": "tiff", ".tiff": "tiff", ".zip": "zip"}  # fmt: skip
VECTOR = (".gpkg", ".geojson", ".json", ".shp", ".fgb", ".parquet")
RASTER = (".tif", ".tiff")


def _build(job: Job) -> Built:
    url, member = job["url"], job["member"]
    kind = "zip" if member else KIND_OF.get(_suffix(url), "any")
    found = job.get(Request(url, kind, headers=job["headers"] or {}, vintage=job.entry.vintage))
    path, name = found.path, urlsplit(url).path
    if member:
        suffix = PurePosixPath(member).suffix
        path = unpack_member(
            found.path, member, job.scratch / f"member{suffix}", where=job.entry.where
        )
        name = member
    if not job["clip"]:
        if PurePosixPath(job.entry.file).suffix.lower() != _suffix(name):
            raise job.fault(
                f"{PurePosixPath(name).name} cannot be kept as {job.entry.file}",
                "give file the same ending, or write clip = true to convert it",
            )
        link_or_copy(path, job.target)
        return Built("as published", found.retrieved[:10])
    if _suffix(name) in RASTER and job.target.suffix in RASTER:
        import rasterio
        from rasterio.errors import RasterioError

        try:
            with rasterio.open(path, driver="GTiff") as raster:
                clip_raster([raster], job.target, job.area)
        except RasterioError as error:
            raise job.fault(f"cannot be read as a raster ({error})") from None
        return Built("cells in the box around the area", found.retrieved[:10])
    if _suffix(name) in VECTOR and job.target.suffix == ".gpkg":
        frame = keep_inside(read_vector(path, where=job.entry.where), job.area)
        if len(frame) == 0:
            raise job.fault("nothing lies in the area")
        write_gpkg(frame, job.target, layer=job.target.stem)
        return Built("features whose middle lies in the area", found.retrieved[:10])
    raise job.fault("cannot be clipped", "only rasters (.tif) and vector files (to .gpkg) can")


def _suffix(name: str) -> str:
    return PurePosixPath(urlsplit(name).path).suffix.lower()


ANY_URL = Adapter(
    "url",
    "any table, raster or vector file",
    "as its publisher says",
    "as its publisher says",
    (),
    {
        "url": Parameter("text", "address of the file", required=True),
        "member": Parameter("text", "file inside a zip archive, for instance '*.gpkg'"),
        "headers": Parameter("map", "sent along; keys as ${HALFCIRCLE_NAME} from the environment"),
        "clip": Parameter("flag", "keep only what lies in the area", default=False),
    },
    _build,
)
