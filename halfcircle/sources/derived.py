"""Files made of other files of a study: counts spread over cells, crosswalks between vintages."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle import _tables
from halfcircle.errors import SourceError
from halfcircle.sources.buildings import read_buildings
from halfcircle.sources.dasymetric import spread_counts
from halfcircle.sources.files import read_vector, write_table
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.points import require_columns
from halfcircle.sources.vintages import match_vintages

__all__ = ["CROSSWALK", "SPREAD"]

Points = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64], npt.NDArray[np.float64]]


def _spread(job: Job) -> Built:
    zones = read_vector(job.study_file(job["zones"]), where=job.entry.where)
    require_columns(job, zones, ("zone_id",))
    table = _table(job, job["counts"])
    require_columns(job, table, ("zone_id", job["column"]))
    known = set(zones["zone_id"].astype(str))
    rows = table[table["zone_id"].astype(str).isin(known)]
    numbers = pd.to_numeric(rows[job["column"]], errors="coerce")
    ids = rows["zone_id"].astype(str)[numbers.notna()].tolist()
    if len(set(ids)) != len(ids):
        raise job.fault(f"{job['counts']} has several counts of one zone")
    values = numbers.dropna()
    counts = dict(zip(ids, (int(v) for v in values.round()), strict=True))
    if job["buildings"]:
        paths = [job.study_file(name) for name in job["buildings"]]
        lon, lat, weight = read_buildings(paths, use=job["use"])
        by = f"floor space of buildings, weighed for {job['use']} by their use"
    elif job["points"]:
        lon, lat, weight = _points(job)
        by = f"{job['weight'] or 'points'} of {job['points']}"
    else:
        raise job.fault("needs something to spread by", 'buildings = ["data/…"] or points = "…"')
    spread = spread_counts(
        zones, counts, lon=lon, lat=lat, weight=weight, cell_m=float(job["cell_m"])
    )
    if len(spread.cells) == 0:
        raise job.fault("there is no count to spread in any zone of the area")
    write_table(spread.cells, job.target)
    notes = []
    if spread.evenly:
        notes.append(
            f"spread evenly over their area, for want of anything to spread by: "
            f"{len(spread.evenly):,} zones ({', '.join(spread.evenly[:5])})"
        )
    if spread.unknown:
        notes.append(f"no count, hence missing: {len(spread.unknown):,} zones")
    if (values != values.round()).any():
        notes.append("counts that were not whole were rounded first")
    return Built(
        f"counts of {job['counts']} spread over cells of {job['cell_m']:g} m in proportion to "
        f"{by} (dasymetric); the total of each zone is kept to the unit",
        notes=tuple(notes),
    )


def _crosswalk(job: Job) -> Built:
    old, new = (
        read_vector(job.study_file(job[key]), where=f"{job.entry.where} {key}")
        for key in ("old", "new")
    )
    for frame in (old, new):
        require_columns(job, frame, ("zone_id",))
    options: dict[str, Any] = {}
    by = "area"
    if job["points"]:
        options = dict(zip(("lon", "lat", "weight"), _points(job), strict=True))
        by = f"{job['weight'] or 'points'} of {job['points']}"
    table = match_vintages(old, new, least_share=float(job["least_share"]), **options)
    write_table(table, job.target)
    return Built(
        f"overlay of {job['old']} and {job['new']}, parts weighed by {by}, parts below "
        f"{job['least_share']:.1%} left out; {table['old_id'].nunique():,} zones changed"
    )


def _table(job: Job, name: str) -> pd.DataFrame:
    return _tables.read_table(job.study_file(name), where=job.entry.where, kind=SourceError)


def _points(job: Job) -> Points:
    table = _table(job, job["points"])
    wanted = ("lon", "lat") if job["weight"] is None else ("lon", "lat", job["weight"])
    require_columns(job, table, wanted)
    numbers = table[list(wanted)].apply(pd.to_numeric, errors="coerce").dropna()
    weight = np.ones(len(numbers))
    if job["weight"] is not None:
        weight = numbers[job["weight"]].to_numpy(np.float64)
    return numbers["lon"].to_numpy(np.float64), numbers["lat"].to_numpy(np.float64), weight


SPREAD = Adapter(
    "spread",
    "counts of municipalities on cells, by buildings and land use (dasymetric)",
    "as what it is made of",
    "as what it is made of",
    (".csv",),
    {
        "counts": Parameter("text", "table with zone_id and counts", required=True),
        "column": Parameter("text", "column of the counts", default="value"),
        "zones": Parameter("text", "areas with zone_id", default="data/zones.gpkg"),
        "buildings": Parameter("texts", "OSM extracts with content = buildings"),
        "points": Parameter("text", "or a table with lon, lat"),
        "weight": Parameter("text", "column of that table"),
        "use": Parameter("text", "what is spread", default="jobs", choices=("jobs", "people")),
        "cell_m": Parameter("number", "side of a cell, metres", default=500),
    },
    _spread,
    ("counts", "zones", "buildings", "points"),
)
CROSSWALK = Adapter(
    "crosswalk",
    "codes of municipalities between two years (old_id, new_id, share)",
    "as what it is made of",
    "as what it is made of",
    (".csv",),
    {
        "old": Parameter("text", "boundaries of the flows, with zone_id", required=True),
        "new": Parameter("text", "boundaries of the study, with zone_id", required=True),
        "points": Parameter("text", "table with lon, lat to weigh parts by"),
        "weight": Parameter("text", "column of that table"),
        "least_share": Parameter("number", "smaller parts are slivers", default=0.02),
    },
    _crosswalk,
    ("old", "new", "points"),
)
