"""Statistics Netherlands: tables by OData 4, and counts on squares of 100 and 500 m."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urljoin, urlsplit

import numpy as np
import pandas as pd
from pyproj import CRS

from halfcircle._checks import nearest
from halfcircle.sources.archive import unpack_member
from halfcircle.sources.files import read_vector, write_table
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.points import cells_inside, require_columns, write_cells
from halfcircle.sources.request import Request

__all__ = ["CBS_ODATA", "CBS_SQUARES"]

LICENCE = "CC BY 4.0, CBS"
MOST_PAGES = 500
RD = CRS.from_epsg(28992)


def _odata(job: Job) -> Built:
    base = f"{job.hosts.cbs_odata}/{quote(job['table'])}"
    flows = job["origin"] is not None
    if flows == (job["region"] is not None) or flows != (job["destination"] is not None):
        raise job.fault("give either region, or origin together with destination")
    keys = (job["origin"], job["destination"]) if flows else (job["region"],)
    measure = _measure(job, base)
    terms = [f"Measure eq '{_text(measure)}'"]
    for column, value in sorted((job["where"] or {}).items()):
        if value.endswith("*"):
            terms.append(f"startswith({column},'{_text(value[:-1])}')")
        else:
            terms.append(f"{column} eq '{_text(value)}'")
    url = f"{base}/Observations?$filter={quote(' and '.join(terms), safe='$(),')}"
    totals: dict[tuple[str, ...], float] = {}
    n_missing = 0
    for row in _rows(job, url):
        try:
            codes = tuple(str(row[key]).strip() for key in keys)
            value = row["Value"]
        except (KeyError, TypeError):
            raise job.fault(
                f"the table has no column {' or '.join(keys)}",
                f"it has {', '.join(map(str, row))}" if isinstance(row, dict) else "",
            ) from None
        if not all(code.startswith(job["codes"]) for code in codes):
            continue
        if codes in totals:
            raise job.fault(
                f"{', '.join(codes)} occurs twice",
                "choose one value of every other column by where = { Perioden = '2023JJ00', … }",
            )
        if value is None:
            n_missing += 1
            continue
        totals[codes] = float(value) * job["factor"]
    if not totals:
        raise job.fault("the table has no values for this choice", "look at measure and where")
    names = ("origin", "destination") if flows else ("zone_id",)
    rows = [(*(f"{job['prefix']}{code}" for code in codes), _number(value))
            for codes, value in sorted(totals.items())]  # fmt: skip
    frame = pd.DataFrame(rows, columns=[*names, "workers" if flows else "value"])
    write_table(frame, job.target)
    notes = () if not n_missing else (f"{n_missing:,} values are missing (unknown or secret)",)
    return Built(f"table {job['table']}, measure {measure}", _year(job), notes=notes)


def _measure(job: Job, base: str) -> str:
    """Identifier of the measure: as given, by its title, or the only one."""
    wanted = job["measure"]
    known: dict[str, str] = {}
    for row in _rows(job, f"{base}/MeasureCodes"):
        try:
            known[str(row["Identifier"]).strip()] = str(row["Title"]).strip()
        except (KeyError, TypeError):
            raise job.fault("MeasureCodes are not as expected") from None
    if wanted is None and len(known) == 1:
        return next(iter(known))
    if wanted in known:
        return str(wanted)
    fitting = [code for code, title in known.items() if title == wanted]
    if len(fitting) == 1:
        return fitting[0]
    shown = [f"{code} ({title})" for code, title in list(known.items())[:12]]
    if wanted is None:
        raise job.fault("the table has several measures", f"measure = one of {', '.join(shown)}")
    raise job.fault(
        f"the table has no measure {wanted!r}", nearest(wanted, [*known, *known.values()])
    )


def _rows(job: Job, url: str) -> Iterator[Any]:
    """Rows of all pages, along ``@odata.nextLink``."""
    host = urlsplit(url).netloc
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        seen.add(url)
        page = job.json(Request(url, "json", max_bytes=2**26, licence=LICENCE))
        if not isinstance(page, dict) or not isinstance(page.get("value"), list):
            raise job.fault("answers unlike OData")
        yield from page["value"]
        following = page.get("@odata.nextLink")
        if not following:
            return
        url = urljoin(url, str(following))
        if urlsplit(url).netloc != host or url in seen:
            raise job.fault("leads to a next page elsewhere, or in a circle")
    raise job.fault(f"has more than {MOST_PAGES} pages", "choose less by where = { … }")


def _text(value: str) -> str:
    return value.replace("'", "''")


def _number(value: float) -> int | float:
    """Whole where it is meant whole: 20.2 thousand is 20200, not 20199.999999999996."""
    near = round(value, 6)
    return int(near) if near == int(near) else near


def _year(job: Job) -> str:
    period = (job["where"] or {}).get("Perioden", "")
    return str(period[:4]) if period[:4].isdigit() else ""


def _squares(job: Job) -> Built:
    cell, year = job["cell"], job["year"]
    name = f"{job['release']}-cbs_vk{cell}_{year}_{job['version']}.zip"
    found = job.get(
        Request(
            f"{job.hosts.cbs_files}/vierkant/{cell}/{name}",
            "zip",
            max_bytes=2**33,
            licence=LICENCE,
            vintage=str(year),
        )
    )
    path = unpack_member(found.path, "*.gpkg", job.scratch / "squares.gpkg", where=job.entry.where)
    columns: dict[str, str] = job["columns"]
    west, south, east, north = job.area.bounds(RD)
    frame = read_vector(path, where=job.entry.where, bbox=(west, south, east, north))
    key = f"crs28992res{cell}m"
    require_columns(job, frame, (key, *columns.values()))
    middle = frame.geometry.to_crs(RD).centroid
    xy_m = (middle.x.to_numpy(np.float64), middle.y.to_numpy(np.float64))
    # CBS writes -99997 for secret and -99995 for unknown: negative, hence missing.
    counts = {name: frame[column] for name, column in columns.items()}
    notes = write_cells(job, [cells_inside(job, frame[key], xy_m, RD, counts)], tuple(columns))
    return Built(
        f"squares of {cell} m whose middle lies in the area; counts are rounded to fives by CBS",
        str(year),
        notes=notes,
    )


CBS_ODATA = Adapter(
    "cbs-odata",
    "any table of Dutch StatLine: key figures of neighbourhoods, jobs, commuters",
    LICENCE,
    "monthly to yearly, by table",
    (".csv",),
    {
        "table": Parameter("text", "number of the table, for instance 85984NED", required=True),
        "measure": Parameter("text", "code or title; the only one where left out"),
        "region": Parameter("text", "column of regions; gives zone_id, value"),
        "origin": Parameter("text", "column of homes; gives origin, destination, workers"),
        "destination": Parameter("text", "column of workplaces"),
        "where": Parameter("map", "other columns = value; 'NL01*' for what begins so"),
        "codes": Parameter("text", "only regions that begin so", default="GM"),
        "factor": Parameter("number", "1000 where a table counts in thousands", default=1),
        "prefix": Parameter("text", "put before codes, for instance NL_", default=""),
    },
    _odata,
)
CBS_SQUARES = Adapter(
    "cbs-squares",
    "people and households in the Netherlands on squares of 100 or 500 m",
    LICENCE,
    "yearly; later versions add figures",
    (".csv",),
    {
        "cell": Parameter("integer", "side of a square, metres", default=500, choices=(100, 500)),
        "year": Parameter("integer", "vintage", default=2024),
        "release": Parameter("integer", "year of publication", default=2025),
        "version": Parameter("text", "v1, v2, ...", default="v1"),
        "columns": Parameter("map", "own name = column", default={"population": "aantal_inwoners"}),
    },
    _squares,
)
