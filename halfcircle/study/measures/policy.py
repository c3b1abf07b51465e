"""Amenity norms, closures and pairs of cities from the keys of a study file."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access import (
    amenity_norms,
    catchments,
    city_pairs,
    city_scoreboard,
    closure_cascade,
    nearest_table,
)
from halfcircle.access.measure_table import MEASURE_COLUMNS
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.study.measures.inputs import levels_of, one_group, whole_of, zone_numbers
from halfcircle.study.measures.job import LAYER, Job, Tables, area_rows, demand_of

__all__ = ["cities", "closures", "norm"]


def norm(job: Job, source: TravelTimeSource) -> Tables:
    """Who lives beyond a norm from the nearest amenity, and who goes where."""
    norm_min = job["norm_min"]
    amenity = levels_of(job.amenity) if isinstance(norm_min, dict) else job.amenity
    people = demand_of(job.people, amenity)
    table = amenity_norms(
        source, amenity, people, norm_min=norm_min, missing=job.missing[source.mode]
    )
    served = catchments(source, amenity, people)
    near = nearest_table(source, [amenity], counts=(1e-9,)).assign(measure="minutes_to_nearest")
    limit = near["group"].map(norm_min) if isinstance(norm_min, dict) else norm_min
    beyond = near.assign(
        measure="beyond_norm",
        band_min=limit,
        unit="share",
        # Who reaches none is beyond every norm.
        value=np.where(near["value"].isna() | (near["value"] > limit), 1.0, 0.0),
    )
    who = people.unit or people.name
    area = area_rows(
        table.assign(band_min=table["norm_min"], measure="amenity_norm"),
        {"share_beyond": "share", "beyond": who, "unreached": who, "mean_min": "min"},
        people="people",
    )
    rows = pd.concat([near, beyond, served[list(MEASURE_COLUMNS)]], ignore_index=True)
    return {"measures": rows, "area": area}


def closures(job: Job, source: TravelTimeSource) -> Tables:
    """Which amenities fall below a minimum roll, one after the other."""
    amenity = one_group(job.amenity, job["group"])
    grouped = job["group"] if job["group"] in job.people.groups else None
    people = one_group(job.people, grouped)
    percentile = 50 if 50 in source.percentiles else source.percentiles[0]
    protected = zone_numbers(job.zones, job["protected"], job.config.where, Faults())
    found = closure_cascade(
        source,
        amenity,
        people,
        min_roll=job["min_roll"],
        max_min=job["max_min"] or np.inf,
        protected=[str(job.zones.zone_id[i]) for i in protected],
        percentile=percentile,
    )
    who, what = people.unit or people.name, amenity.unit or amenity.name
    about: dict[str, Any] = {
        "scenario": "baseline",
        "mode": source.mode,
        "opportunity": amenity.name,
        "group": amenity.groups[0],
        "band_min": np.nan,
        "percentile": percentile,
    }
    units = {
        "amenities_before": ("before", what),
        "amenities_after": ("after", what),
        "roll_before": ("roll_before", f"{who} per {what}"),
        "roll_after": ("roll_after", f"{who} per {what}"),
    }
    rows = [
        found.sites.assign(
            **about, measure=measure, value=found.sites[column], unit=unit, left_out=found.left_out
        )
        for measure, (column, unit) in units.items()
    ]
    totals = {
        "closed": float(len(found.steps)),
        "moved": float(found.steps["moved"].sum()),
        "mean_min_before": found.mean_min_before,
        "mean_min_after": found.mean_min_after,
        "unserved": found.unserved,
    }
    served = float(np.nansum(people.total)) - found.unserved
    wide = pd.DataFrame(
        [about | totals | {"measure": "closures", "people": served, "left_out": found.left_out}]
    )
    names = {"closed": what, "moved": who, "mean_min_before": "min", "mean_min_after": "min"}
    steps = found.steps.assign(**{key: about[key] for key in ("scenario", "mode")})
    return {
        "measures": pd.concat(rows, ignore_index=True)[list(MEASURE_COLUMNS)],
        "area": area_rows(wide, {**names, "unserved": who}, people="people"),
        "closures": steps.assign(opportunity=amenity.name, group=amenity.groups[0]),
    }


def cities(job: Job, source: TravelTimeSource) -> Tables:
    """Scoreboard of pairs of cities."""
    numbers = zone_numbers(job.zones, job["cities"], job.config.where, Faults())
    ids = [str(job.zones.zone_id[i]) for i in numbers] or None
    pairs = city_pairs(source, city_id=ids, limit_min=job["limit_min"])
    population = None
    if job["people"]:
        people = whole_of(job.counts[job["people"]]).values[0]
        known = zip(job.zones.zone_id, people, strict=True)
        population = {zone: float(n) for zone, n in known if not np.isnan(n)}
    board = city_scoreboard(pairs, population=population).assign(
        scenario="baseline", opportunity="cities", group="all"
    )
    board = board.rename(columns={"city_id": "zone_id", "limit_min": "band_min"})
    units = {"cities_within": "cities", "cities_within_both": "cities", "share_within": "share"}
    if population is not None:
        units["people_within"] = "persons"
    rows = [
        board.assign(measure=measure, value=board[measure].astype(np.float64), unit=unit)
        for measure, unit in units.items()
    ]
    whole = pairs.assign(
        scenario="baseline", opportunity="cities", group="all", band_min=pairs["limit_min"],
        measure="city_pairs", people=np.nan, left_out=0,
    )  # fmt: skip
    by = whole.groupby(list(LAYER), dropna=False, sort=False)
    wide = by.agg(
        share_within=("within", "mean"),
        share_within_both=("within_both", "mean"),
        mean_min=("travel_time_min", "mean"),
        mean_kmh=("kmh", "mean"),
        people=("people", "mean"),
        left_out=("travel_time_min", lambda minutes: int(minutes.isna().sum())),
    ).reset_index()
    names = {"share_within": "share", "share_within_both": "share", "mean_min": "min"}
    table = pairs.assign(
        scenario="baseline", cross_border=pairs["cross_border"].astype("Int64"),
        within=pairs["within"].astype(np.int64), within_both=pairs["within_both"].astype(np.int64),
    )  # fmt: skip
    return {
        "measures": pd.concat(rows, ignore_index=True)[list(MEASURE_COLUMNS)],
        "area": area_rows(wide, {**names, "mean_kmh": "km/h"}, people="people"),
        "city_pairs": table,
    }
