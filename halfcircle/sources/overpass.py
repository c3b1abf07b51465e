"""Overpass: streets or buildings of a small area, straight from the OpenStreetMap database."""

from __future__ import annotations

from urllib.parse import urlencode

from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.osm_clip import CONTENTS, clip_osm
from halfcircle.sources.request import Request

__all__ = ["OVERPASS", "overpass_query"]

LICENCE = "© OpenStreetMap contributors, ODbL 1.0"
LARGEST_KM = 25.0
TIMEOUT_S = 300
MAX_BYTES = 2**30


def overpass_query(bounds: tuple[float, float, float, float], content: str) -> str:
    """Query in Overpass QL for ways of a content, their nodes, and relations that hold them.

    Parameters
    ----------
    bounds : tuple of float, degrees
        West, south, east, north.
    content : {"streets", "buildings"}
    """
    west, south, east, north = bounds
    box = f"{south:.6f},{west:.6f},{north:.6f},{east:.6f}"
    ways = "".join(f"way[{key}];" for key in CONTENTS[content])
    kind = "restriction" if content == "streets" else "multipolygon"
    return (
        f"[out:xml][timeout:{TIMEOUT_S}][maxsize:{MAX_BYTES}][bbox:{box}];"
        f"({ways})->.w;rel(bw.w)[type={kind}]->.r;(.w;.r;way(r.r););(._;>;);out meta;"
    )


def _build(job: Job) -> Built:
    area = job.area.wider(job["margin_km"])
    if area.radius_km > LARGEST_KM:
        raise job.fault(
            f"{area.radius_km:g} km around are too much for Overpass, at most {LARGEST_KM:g}",
            'use source = "geofabrik"',
        )
    query = overpass_query(area.bounds(), job["content"])
    found = job.get(
        Request(
            f"{job.hosts.overpass}/interpreter",
            "osm",
            body=urlencode({"data": query}),
            max_bytes=MAX_BYTES,
            licence=LICENCE,
        )
    )
    text = found.path.read_bytes()[-2000:].decode("utf-8", "replace")
    if "<remark>" in text and "error" in text.lower():
        raise job.fault("Overpass ran out of time or memory", 'use source = "geofabrik"')
    kept = clip_osm(found.path, job.target, area.bounds(), content=job["content"])
    if kept == 0:
        raise job.fault("OpenStreetMap has nothing in the area", "check lon and lat under [fetch]")
    return Built(
        f"{job['content']} in the box around the area and {job['margin_km']:g} km more "
        f"({kept:,} ways)",
        found.retrieved[:10],
    )


OVERPASS = Adapter(
    "overpass",
    "OpenStreetMap of a small area",
    LICENCE,
    "minutes",
    (".osm.pbf",),
    {
        "margin_km": Parameter("number", "around the area", default=2.0),
        "content": Parameter(
            "text", "streets, or buildings and land use", default="streets",
            choices=tuple(CONTENTS),
        ),
    },
    _build,
)  # fmt: skip
