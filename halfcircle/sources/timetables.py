"""GTFS timetables by address, cut to the trips that serve an area."""

from __future__ import annotations

from halfcircle.sources.files import link_or_copy
from halfcircle.sources.gtfs_clip import clip_feed
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.request import Request

__all__ = ["GTFS"]


def _build(job: Job) -> Built:
    found = job.get(
        Request(job["url"], "zip", headers=job["headers"] or {}, vintage=job.entry.vintage)
    )
    if not job["clip"]:
        link_or_copy(found.path, job.target)
        return Built("whole, as published", found.retrieved[:10])
    area = job.area.wider(job["margin_km"])
    trips, stops = clip_feed(found.path, job.target, area, where=job.entry.where)
    if trips == 0:
        raise job.fault("no trip serves two stops in the area", "remove this feed from the study")
    return Built(
        f"trips with two stops in the area or within {job['margin_km']:g} km, whole "
        f"({trips:,} trips, {stops:,} stops)",
        found.retrieved[:10],
    )


GTFS = Adapter(
    "gtfs",
    "timetable of public transport",
    "as its publisher says",
    "daily to yearly",
    (".zip",),
    {
        "url": Parameter("text", "address of the feed; keys as ${HALFCIRCLE_NAME}", required=True),
        "headers": Parameter("map", "sent along; keys as ${HALFCIRCLE_NAME} from the environment"),
        "clip": Parameter("flag", "keep only trips that serve the area", default=True),
        "margin_km": Parameter("number", "around the area", default=5.0),
    },
    _build,
)
