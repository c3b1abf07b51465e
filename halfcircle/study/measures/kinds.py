"""How each kind of ``[[measures]]`` is computed from travel times: study keys to functions.

An adapter takes a job and the travel times of one mode and gives tables by name: ``measures``
(rows of zones, `MEASURE_COLUMNS`), ``area`` (`AREA_COLUMNS`), and further ones of its own.
"""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access import (
    CrowFly,
    balanced_catchment,
    borrowed_size,
    chain_reach,
    competition_by_level,
    dual_earner_reach,
    floating_catchment,
    interval_reach,
    nearest_table,
    reverse_reach_table,
    spatial_availability,
    spill_down,
    three_step_catchment,
    transport_performance,
)
from halfcircle.access.crow_fly import zone_areas_m2
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.study.measures.inputs import levels_of, one_group, whole_of, zone_numbers
from halfcircle.study.measures.job import Job, Tables, demand_of
from halfcircle.study.measures.policy import cities, closures, norm
from halfcircle.study.measures.times import PartTimes

__all__ = ["BY_ORIGIN", "DECIDING", "SWEEPS"]


def nearest(job: Job, source: TravelTimeSource) -> Tables:
    return {"measures": nearest_table(source, job.reached, counts=job["counts"])}


def interval(job: Job, source: TravelTimeSource) -> Tables:
    table = interval_reach(
        source,
        job.reached,
        interval_min=job["interval_min"],
        summary=job["summary"],
        step_min=job["step_min"],
    )
    return {"measures": table}


def performance(job: Job, source: TravelTimeSource) -> Tables:
    whole = whole_of(job.people)
    return {
        "measures": transport_performance(
            source, whole, within_min=job["within_min"], radius_km=job["radius_km"]
        )
    }


def dual_earner(job: Job, source: TravelTimeSource) -> Tables:
    second = job.like(source, job["second_mode"] or source.mode)
    other = job.counts[job["second_opportunities"] or job["opportunities"]]
    table = dual_earner_reach(
        source,
        second,
        one_group(job.amenity, job["group"]),
        one_group(other, job["second_group"] or job["group"]),
        each_min=job["each_min"],
        total_min=job["total_min"],
    )
    # Both modes for all three: the second one's reach stands beside several first modes.
    return {"measures": table.assign(mode=f"{source.mode} & {second.mode}")}


def borrowed(job: Job, source: TravelTimeSource) -> Tables:
    decay = job.decay(source.mode)
    if decay is None:
        return {}
    places = job.zones.places
    alike: TravelTimeSource = CrowFly(
        places,
        places,
        kmh=job["kmh"],
        detour=job["detour"],
        max_s=job.limit_s,
        area_m2=zone_areas_m2(job.zones),
    )
    if isinstance(source, PartTimes):
        alike = PartTimes(alike, source.origin_idx)
    region = None
    if job["region"]:
        names = job.columns.names[job["region"]]
        region = dict(zip(job.zones.zone_id, names, strict=True))
    table = borrowed_size(source, alike, job.reached, decay=decay, region=region)
    return {"measures": table}


def _shared(
    measure: Callable[..., pd.DataFrame],
) -> Callable[[Job, TravelTimeSource], Tables]:
    def adapter(job: Job, source: TravelTimeSource) -> Tables:
        decay = job.decay(source.mode)
        if decay is None:
            return {}
        tables = [
            measure(source, [reached], demand_of(job.people, reached), decay=decay)
            for reached in job.reached
        ]
        return {"measures": pd.concat(tables, ignore_index=True)}

    return adapter


def availability(job: Job, source: TravelTimeSource) -> Tables:
    decay = job.decay(source.mode)
    if decay is None:
        return {}
    tables = [
        spatial_availability(
            source, [reached], demand_of(job.people, reached), decay=decay, alpha=job["alpha"]
        )
        for reached in job.reached
    ]
    return {"measures": pd.concat(tables, ignore_index=True)}


def by_level(job: Job, source: TravelTimeSource) -> Tables:
    decay = job.decay(source.mode)
    if decay is None:
        return {}
    work, people = levels_of(job.amenity), levels_of(job.people)
    competes = spill_down(len(work.groups), job["spill_down"])
    return {"measures": competition_by_level(source, work, people, decay=decay, competes=competes)}


def reverse(job: Job, source: TravelTimeSource) -> Tables:
    decay = job.decay(source.mode) if job["decay"] is not None else None
    sites = zone_numbers(job.zones, job["sites"], job.config.where, Faults())
    table = reverse_reach_table(
        source,
        [job.counts[name] for name in job["people"]],
        bands_min=job.bands_min,
        decay=decay,
        site_id=[str(job.zones.zone_id[i]) for i in sites] or None,
    )
    return {"measures": table}


def chain(job: Job, source: TravelTimeSource) -> Tables:
    onward = job.like(source, job["onward_mode"] or source.mode)
    table = chain_reach(
        source,
        onward,
        one_group(job.counts[job["by"]]),
        job.reached,
        bands_min=job.bands_min,
        stay_min=job["stay_min"],
    )
    return {"measures": table}


# Measures that sweep over the travel times of one mode; by kind.
SWEEPS: dict[str, Callable[[Job, TravelTimeSource], Tables]] = {
    "nearest": nearest,
    "interval": interval,
    "transport-performance": performance,
    "dual-earner": dual_earner,
    "borrowed-size": borrowed,
    "floating-catchment": _shared(floating_catchment),
    "three-step-catchment": _shared(three_step_catchment),
    "balanced-catchment": _shared(balanced_catchment),
    "spatial-availability": availability,
    "competition-by-level": by_level,
    "reverse-reach": reverse,
    "chain": chain,
    "amenity-norm": norm,
    "closures": closures,
    "city-pairs": cities,
}
# What an origin gets does not depend on other origins: computed, and kept on disk, by blocks.
BY_ORIGIN = ("nearest", "interval", "transport-performance", "dual-earner", "borrowed-size")
# Yes or no cannot be averaged over draws: these take mean travel times.
DECIDING = ("closures", "city-pairs")
