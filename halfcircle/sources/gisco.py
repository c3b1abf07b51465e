"""Eurostat GISCO: municipalities (LAU), NUTS regions and countries, one geometry for all Europe.

Addresses follow ``distribution/v2/{theme}/geojson/{THEME}_RG_{scale}_{year}_4326[...].geojson``.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from halfcircle.sources.files import keep_inside, read_vector, write_gpkg
from halfcircle.sources.hosts import Hosts
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.request import Request

__all__ = ["COUNTRIES", "LAU", "NUTS", "countries_request", "iso_code"]

LICENCE = "© EuroGeographics for the administrative boundaries; Eurostat/GISCO, non-commercial use"
# GISCO writes two countries differently from ISO 3166-1.
ISO = {"EL": "GR", "UK": "GB"}
SCALES = ("01M", "03M", "10M", "20M", "60M")


def iso_code(country: str) -> str:
    """ISO 3166-1 code of a country as GISCO writes it."""
    return ISO.get(country, country)


def countries_request(hosts: Hosts, *, year: int = 2024, scale: str = "03M") -> Request:
    """Request for the outlines of all countries."""
    return Request(
        f"{hosts.gisco}/distribution/v2/countries/geojson/CNTR_RG_{scale}_{year}_4326.geojson",
        "json",
        max_bytes=2**29,
        licence=LICENCE,
        vintage=str(year),
    )


def _lau(job: Job) -> Built:
    year, scale = job["year"], job["scale"]
    found = job.get(
        Request(
            f"{job.hosts.gisco}/distribution/v2/lau/geojson/LAU_RG_{scale}_{year}_4326.geojson",
            "json",
            max_bytes=2**31,
            licence=LICENCE,
            vintage=str(year),
        )
    )
    frame = _inside(job, found.path, ("GISCO_ID", "CNTR_CODE", "LAU_NAME"))
    columns: dict[str, Any] = {
        "zone_id": frame["GISCO_ID"].astype(str),
        "name": frame["LAU_NAME"].astype(str),
        "country": frame["CNTR_CODE"].astype(str).map(iso_code),
    }
    notes = []
    people = next((c for c in (f"POP_{year}", "POP") if c in frame.columns), None)
    if people is None:
        notes.append(f"the file has no column POP_{year}: population is missing")
        columns["population"] = np.full(len(frame), np.nan)
    else:
        counts = pd.to_numeric(frame[people], errors="coerce")
        columns["population"] = counts.where(counts >= 0)  # GISCO writes -9999 where it is unknown
        unknown = int(columns["population"].isna().sum())
        if unknown:
            notes.append(f"population is missing in {unknown} of {len(frame)} municipalities")
    there = set(columns["country"])
    notes += [
        f"no municipality of {country} has its middle in the area, or GISCO has none of it"
        for country in job["countries"] or ()
        if country not in there
    ]
    _write(job, frame, columns, key="zone_id", layer="zones")
    return Built(
        f"municipalities (LAU {year}) whose middle lies in the area", str(year), notes=tuple(notes)
    )


def _nuts(job: Job) -> Built:
    year, level = job["year"], job["level"]
    name = f"NUTS_RG_{job['scale']}_{year}_4326_LEVL_{level}.geojson"
    found = job.get(
        Request(
            f"{job.hosts.gisco}/distribution/v2/nuts/geojson/{name}",
            "json",
            max_bytes=2**30,
            licence=LICENCE,
            vintage=str(year),
        )
    )
    frame = _inside(job, found.path, ("NUTS_ID", "CNTR_CODE", "NAME_LATN"))
    columns: dict[str, Any] = {
        "zone_id": frame["NUTS_ID"].astype(str),
        "name": frame["NAME_LATN"].astype(str),
        "country": frame["CNTR_CODE"].astype(str).map(iso_code),
    }
    _write(job, frame, columns, key="zone_id", layer="zones")
    return Built(f"NUTS {level} regions {year} whose middle lies in the area", str(year))


def _countries(job: Job) -> Built:
    request = countries_request(job.hosts, year=job["year"], scale=job["scale"])
    found = job.get(request)
    frame = read_vector(found.path, where=job.entry.where, mask=job.area.polygon())
    _require(job, frame, ("CNTR_ID", "NAME_ENGL"))
    frame = frame[frame.intersects(job.area.polygon())]
    columns: dict[str, Any] = {
        "country": frame["CNTR_ID"].astype(str).map(iso_code),
        "name": frame["NAME_ENGL"].astype(str),
    }
    _write(job, frame, columns, key="country", layer="countries")
    return Built(f"countries {job['year']} that the area touches", str(job["year"]))


def _inside(job: Job, path: Any, wanted: tuple[str, ...]) -> Any:
    frame = read_vector(path, where=job.entry.where, bbox=job.area.bounds())
    _require(job, frame, wanted)
    frame = keep_inside(frame, job.area)
    if len(frame) == 0:
        raise job.fault("no zone lies in the area", "check lon, lat and radius_km under [fetch]")
    return frame


def _require(job: Job, frame: Any, wanted: tuple[str, ...]) -> None:
    missing = [column for column in wanted if column not in frame.columns]
    if missing and len(frame):
        raise job.fault(
            f"the file has no column {', '.join(missing)}", "the publisher may have renamed it"
        )


def _write(job: Job, frame: Any, columns: dict[str, Any], *, key: str, layer: str) -> None:
    import geopandas as gpd

    result = gpd.GeoDataFrame(columns, geometry=frame.geometry, crs=frame.crs)
    result = result.sort_values(key, kind="stable", ignore_index=True)
    write_gpkg(result.to_crs("EPSG:3035"), job.target, layer=layer)


YEAR = Parameter("integer", "vintage", default=2021)
SCALE = Parameter("text", "detail of the outlines", default="01M", choices=SCALES)
LAU = Adapter(
    "gisco-lau",
    "municipalities with name, country and population",
    LICENCE,
    "yearly",
    (".gpkg",),
    {
        "year": YEAR,
        "scale": SCALE,
        "countries": Parameter("texts", "ISO codes that should be there: noted where they lack"),
    },
    _lau,
)
NUTS = Adapter(
    "gisco-nuts",
    "NUTS regions",
    LICENCE,
    "every three years",
    (".gpkg",),
    {
        "year": Parameter("integer", "vintage", default=2024),
        "level": Parameter("integer", "0 to 3", default=3, choices=(0, 1, 2, 3)),
        "scale": SCALE,
    },
    _nuts,
)
COUNTRIES = Adapter(
    "gisco-countries",
    "outlines of countries",
    LICENCE,
    "every few years",
    (".gpkg",),
    {"year": Parameter("integer", "vintage", default=2024), "scale": SCALE},
    _countries,
)
