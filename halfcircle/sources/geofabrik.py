"""Geofabrik: OpenStreetMap extracts, the smallest that cover an area."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import shapely
import shapely.geometry

from halfcircle.errors import SourceError
from halfcircle.sources.files import link_or_copy
from halfcircle.sources.hosts import Hosts
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.osm_clip import clip_osm
from halfcircle.sources.request import Request

__all__ = ["GEOFABRIK", "Extract", "covering_extracts", "index_request", "read_index"]

LICENCE = "© OpenStreetMap contributors, ODbL 1.0"
LATEST = "-latest.osm.pbf"
REGION = re.compile(r"[a-z0-9-]+(/[a-z0-9-]+)*")
# Parts of the area smaller than this (share) may stay outside: outlines are drawn coarsely.
TOLERANCE = 1e-3


@dataclass(frozen=True)
class Extract:
    """One extract of the index.

    Parameters
    ----------
    id, parent : str
        `parent` is empty for continents.
    region : str
        Path on the server, without ``-latest.osm.pbf``.
    outline : shapely polygon, degrees
    """

    id: str
    parent: str
    region: str
    outline: Any


def index_request(hosts: Hosts) -> Request:
    """Request for the index of all extracts."""
    return Request(f"{hosts.geofabrik}/index-v1.json", "json", max_bytes=2**27, licence=LICENCE)


def read_index(values: Any, base: str = Hosts.geofabrik) -> list[Extract]:
    """Extracts of ``index-v1.json``: GeoJSON with id, parent and urls.

    Parameters
    ----------
    values : object
        Parsed JSON.
    base : str
        Address of the server, which regions are relative to.

    Raises
    ------
    SourceError
        It is no such index.
    """
    extracts = []
    try:
        for feature in values["features"]:
            properties, geometry = feature["properties"], feature.get("geometry")
            url = properties.get("urls", {}).get("pbf", "")
            if not geometry or not url.endswith(LATEST):
                continue
            # A mirror may serve the publisher's own index, with the publisher's addresses.
            path = url.removeprefix(base) if url.startswith(f"{base}/") else urlsplit(url).path
            region = path.lstrip("/").removesuffix(LATEST)
            outline = shapely.make_valid(shapely.geometry.shape(geometry))
            extracts.append(
                Extract(str(properties["id"]), str(properties.get("parent") or ""), region, outline)
            )
    except (KeyError, TypeError, AttributeError, ValueError, shapely.errors.ShapelyError) as error:
        raise SourceError(
            f"index-v1.json of Geofabrik: is not built as expected ({error!r})"
        ) from None
    return extracts


def covering_extracts(extracts: Sequence[Extract], wanted: Any) -> list[Extract]:
    """The smallest extracts that together cover an area.

    From the continents down: an extract is replaced by those inside it wherever they cover the
    same part of the area on less ground.

    Parameters
    ----------
    extracts : sequence of Extract
    wanted : shapely geometry, degrees
        The land that is asked for.

    Returns
    -------
    list of Extract
        By region; empty where nothing touches the area.
    """
    shapely.prepare(wanted)
    children: dict[str, list[Extract]] = {}
    known = {extract.id for extract in extracts}
    for extract in extracts:
        if shapely.intersects(wanted, extract.outline):
            parent = extract.parent if extract.parent in known else ""
            children.setdefault(parent, []).append(extract)
    smallest = float(wanted.area) * TOLERANCE
    found = _cover("", wanted, children, smallest)
    return sorted(found, key=lambda extract: extract.region)


def _cover(
    parent: str, wanted: Any, children: Mapping[str, list[Extract]], smallest: float
) -> list[Extract]:
    """Extracts under `parent` that cover as much of `wanted` as they can."""
    chosen: list[Extract] = []
    left = wanted
    for extract in sorted(children.get(parent, ()), key=lambda e: (e.outline.area, e.region)):
        part = shapely.intersection(left, extract.outline)
        if part.area <= smallest:
            continue
        inner = _cover(extract.id, part, children, smallest)
        covered = shapely.union_all([e.outline for e in inner]) if inner else None
        whole = covered is not None and shapely.difference(part, covered).area <= smallest
        cheaper = sum(e.outline.area for e in inner) < extract.outline.area
        chosen += inner if whole and cheaper else [extract]
        left = shapely.difference(left, extract.outline)
        if left.area <= smallest:
            break
    return chosen


def _build(job: Job) -> Built:
    region = job["region"]
    if REGION.fullmatch(region) is None:
        raise job.fault(f"{region!r} is no region", 'write for instance "europe/netherlands"')
    url = f"{job.hosts.geofabrik}/{region}{LATEST}"
    found = job.get(Request(url, "pbf", md5_url=f"{url}.md5", licence=LICENCE, vintage="latest"))
    date = re.search(r"-(\d{6})\.osm\.pbf$", found.resolved)
    vintage = f"20{date[1][:2]}-{date[1][2:4]}-{date[1][4:]}" if date else found.retrieved[:10]
    if not job["clip"]:
        link_or_copy(found.path, job.target)
        return Built(f"extract {region}, whole", vintage)
    area = job.area.wider(job["margin_km"])
    kept = clip_osm(found.path, job.target, area.bounds(), content=job["content"])
    if kept == 0:
        raise job.fault(f"the extract {region} has nothing in the area", "remove this entry")
    return Built(
        f"extract {region}, {job['content']} in the box around the area and "
        f"{job['margin_km']:g} km more ({kept:,} ways)",
        vintage,
    )


GEOFABRIK = Adapter(
    "geofabrik",
    "OpenStreetMap extract of a region, clipped to the area",
    LICENCE,
    "daily",
    (".osm.pbf",),
    {
        "region": Parameter("text", 'for instance "europe/netherlands/overijssel"', required=True),
        "clip": Parameter("flag", "keep only what lies in the area", default=True),
        "margin_km": Parameter("number", "around the area", default=5.0),
        "content": Parameter(
            "text", "streets, or buildings and land use", default="streets",
            choices=("streets", "buildings"),
        ),
    },
    _build,
)  # fmt: skip
