"""Statbel: people in the statistical sectors of Belgium, with their outlines."""

from __future__ import annotations

from typing import Any

import pandas as pd

from halfcircle.errors import SourceError
from halfcircle.sources.archive import open_member, unpack_member
from halfcircle.sources.files import keep_inside, read_vector, write_gpkg, write_table
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.points import require_columns
from halfcircle.sources.request import Request

__all__ = ["STATBEL"]

LICENCE = "CC BY 4.0, Statbel"


def _build(job: Job) -> Built:
    year = job["year"]
    found = job.get(
        Request(
            f"{job.hosts.statbel}/bevolking/sectoren/OPENDATA_SECTOREN_{year}.zip",
            "zip",
            max_bytes=2**28,
            licence=LICENCE,
            vintage=str(year),
        )
    )
    with open_member(found.path, "OPENDATA_SECTOREN_*.txt", where=job.entry.where) as raw:
        try:
            table = pd.read_csv(
                raw, sep="|", dtype=str, keep_default_na=False, encoding="utf-8-sig",
                encoding_errors="replace",
            )  # fmt: skip
        except (pd.errors.ParserError, pd.errors.EmptyDataError, ValueError) as error:
            raise SourceError(f"{job.entry.where}: is no table ({error})") from None
    require_columns(job, table, ("CD_REFNIS", "CD_SECTOR", "TOTAL"))
    people = pd.to_numeric(table["TOTAL"].str.strip(), errors="coerce")
    if job.target.suffix == ".csv":
        totals = people.groupby(table["CD_REFNIS"].str.strip()).sum().sort_index()
        rows = {
            "zone_id": [f"{job['prefix']}{code}" for code in totals.index],
            "value": totals.astype(int).to_numpy(),
        }
        write_table(pd.DataFrame(rows), job.target)
        return Built("people of the sectors, summed by municipality", str(year))
    every = _read_outlines(job, year)
    frame = _inside(job, every)
    by_sector = people.groupby(table["CD_SECTOR"].str.strip()).sum()
    frame["population"] = frame["zone_id"].map(by_sector)
    write_gpkg(frame, job.target, layer="zones")
    # People whose sector is not known are counted in sectors without an outline (ZZZZ).
    drawn = set(every["cd_sector"].astype(str).str.strip())
    nowhere = int(by_sector[~by_sector.index.isin(drawn)].sum())
    notes = [f"{nowhere:,} people in Belgium live in no sector with an outline"]
    missing = int(frame["population"].isna().sum())
    if missing:
        notes.append(f"population is missing in {missing:,} of {len(frame):,} sectors")
    return Built("sectors whose middle lies in the area", str(year), notes=tuple(notes))


def _read_outlines(job: Job, year: int) -> Any:
    name = f"sh_statbel_statistical_sectors_31370_{year}0101.geojson"
    found = job.get(
        Request(
            f"{job.hosts.statbel}/Statistische%20sectoren/{name}.zip",
            "zip",
            max_bytes=2**30,
            licence=LICENCE,
            vintage=str(year),
        )
    )
    path = unpack_member(found.path, "*.geojson", job.scratch / name, where=job.entry.where)
    frame = read_vector(path, where=job.entry.where)
    frame.columns = [c if c == "geometry" else str(c).lower() for c in frame.columns]
    require_columns(job, frame, ("cd_sector", "tx_sector_descr_nl"))
    return frame


def _inside(job: Job, every: Any) -> Any:
    import geopandas as gpd

    frame = keep_inside(every, job.area)
    if len(frame) == 0:
        raise job.fault("no sector lies in the area", "is the area in Belgium?")
    frame = frame.sort_values("cd_sector", kind="stable", ignore_index=True)
    return gpd.GeoDataFrame(
        {
            "zone_id": frame["cd_sector"].astype(str).str.strip(),
            "name": frame["tx_sector_descr_nl"].astype(str).str.strip(),
            "country": "BE",
        },
        geometry=frame.geometry,
        crs=frame.crs,
    ).to_crs("EPSG:3035")


STATBEL = Adapter(
    "statbel-sectors",
    "people in Belgium by statistical sector (.gpkg) or municipality (.csv)",
    LICENCE,
    "yearly",
    (".gpkg", ".csv"),
    {
        "year": Parameter("integer", "vintage", default=2024),
        "prefix": Parameter("text", "put before codes of municipalities", default="BE_"),
    },
    _build,
)
