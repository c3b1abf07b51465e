"""Grids of people as points: Eurostat's census grid (1 km) and the German Zensus (100 m)."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import pandas as pd
from pyproj import CRS

from halfcircle.errors import SourceError
from halfcircle.sources.archive import open_member
from halfcircle.sources.client import Download
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.points import cells_inside, require_columns, write_cells
from halfcircle.sources.request import Request

__all__ = ["EUROSTAT_CENSUS_GRID", "ZENSUS"]

LAEA = CRS.from_epsg(3035)
CHUNK_ROWS = 500_000
EUROSTAT_LICENCE = "© Eurostat, Census 2021 grid; free for non-commercial use, source to be named"
ZENSUS_LICENCE = "dl-de/by-2-0, Statistische Ämter des Bundes und der Länder, Zensus 2022"


def _eurostat(job: Job) -> Built:
    version = job["version"]
    name = f"Eurostat_Census-GRID_2021_{version}.zip"
    found = job.get(
        Request(
            f"{job.hosts.gisco}/census/2021/{name}",
            "zip",
            max_bytes=2**32,
            licence=EUROSTAT_LICENCE,
            vintage="2021",
        )
    )
    columns: dict[str, str] = job["columns"]
    pieces = []
    for chunk in _chunks(job, found, job["member"], ","):
        require_columns(job, chunk, ("GRD_ID", *columns.values()))
        cell = chunk["GRD_ID"].str.extract(r"CRS3035RES(\d+)mN(\d+)E(\d+)", expand=True)
        side = pd.to_numeric(cell[0], errors="coerce").to_numpy(np.float64)
        x = pd.to_numeric(cell[2], errors="coerce").to_numpy(np.float64) + side / 2
        y = pd.to_numeric(cell[1], errors="coerce").to_numpy(np.float64) + side / 2
        counts = {name: chunk[column] for name, column in columns.items()}
        pieces.append(cells_inside(job, chunk["GRD_ID"], (x, y), LAEA, counts))
    missing = write_cells(job, pieces, tuple(columns))
    return Built("cells of 1 km whose middle lies in the area", "2021", notes=missing)


def _zensus(job: Job) -> Built:
    topic, cell = job["topic"], job["cell"]
    found = job.get(
        Request(
            f"{job.hosts.zensus}/{topic}.zip",
            "zip",
            max_bytes=2**32,
            licence=ZENSUS_LICENCE,
            vintage="2022",
        )
    )
    columns: dict[str, str] = job["columns"]
    pieces = []
    for chunk in _chunks(job, found, f"*_{cell}-Gitter.csv", ";"):
        key = f"GITTER_ID_{cell}"
        require_columns(job, chunk, (key, f"x_mp_{cell}", f"y_mp_{cell}", *columns.values()))
        x, y = (
            pd.to_numeric(chunk[f"{axis}_mp_{cell}"], errors="coerce").to_numpy(np.float64)
            for axis in "xy"
        )
        counts = {name: chunk[column] for name, column in columns.items()}
        pieces.append(cells_inside(job, chunk[key], (x, y), LAEA, counts))
    missing = write_cells(job, pieces, tuple(columns))
    return Built(
        f"cells of {cell} whose middle lies in the area; small counts are changed by the "
        "publisher (cell key method)",
        "2022",
        notes=missing,
    )


def _chunks(job: Job, found: Download, member: str, separator: str) -> Iterator[pd.DataFrame]:
    with open_member(found.path, member, where=job.entry.where) as raw:
        try:
            yield from pd.read_csv(
                raw, sep=separator, dtype=str, keep_default_na=False, encoding="utf-8-sig",
                encoding_errors="replace", chunksize=CHUNK_ROWS,
            )  # fmt: skip
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
            raise SourceError(f"{job.entry.where}: {member} is no table ({error})") from None


EUROSTAT_CENSUS_GRID = Adapter(
    "eurostat-census-grid",
    "people, by age, sex, employment and birthplace, on a grid of 1 km",
    EUROSTAT_LICENCE,
    "every ten years; corrected versions in between",
    (".csv",),
    {
        "version": Parameter("text", "release", default="V3"),
        "member": Parameter("text", "table in the archive", default="ESTAT_Census_2021_*.csv"),
        "columns": Parameter(
            "map", "own name = column (T, EMP, Y_LT15, ...)", default={"population": "T"}
        ),
    },
    _eurostat,
)
ZENSUS = Adapter(
    "zensus",
    "people in Germany on a grid of 100 m",
    ZENSUS_LICENCE,
    "every ten years",
    (".csv",),
    {
        "topic": Parameter("text", "name of the archive", default="Zensus2022_Bevoelkerungszahl"),
        "cell": Parameter(
            "text", "side of a cell", default="100m", choices=("100m", "1km", "10km")
        ),
        "columns": Parameter("map", "own name = column", default={"population": "Einwohner"}),
    },
    _zensus,
)
