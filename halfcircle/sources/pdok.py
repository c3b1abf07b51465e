"""PDOK: boundaries of the Dutch statistical office (CBS) through OGC API Features."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode, urljoin, urlsplit

import shapely
import shapely.geometry

from halfcircle.sources.files import keep_inside, write_gpkg
from halfcircle.sources.job import Adapter, Built, Job, Parameter
from halfcircle.sources.request import Request

__all__ = ["PDOK"]

LICENCE = "CC BY 4.0, CBS/Kadaster"
PAGE = 1000
MOST_PAGES = 200


def _build(job: Job) -> Built:
    year, collection = job["year"], job["collection"]
    west, south, east, north = job.area.bounds()
    query = {
        "f": "json",
        "jaarcode": year,
        "limit": PAGE,
        "bbox": f"{west:.6f},{south:.6f},{east:.6f},{north:.6f}",
    }
    base = f"{job.hosts.pdok}/cbs/gebiedsindelingen/ogc/v1/collections/{collection}/items"
    features = _pages(job, f"{base}?{urlencode(query, safe=',')}")
    rows: dict[str, tuple[str, Any]] = {}
    try:
        for feature in features:
            properties = feature["properties"]
            if str(properties.get("jaarcode", year)) == str(year):
                code = str(properties["statcode"]).strip()
                shape = shapely.make_valid(shapely.geometry.shape(feature["geometry"]))
                rows[code] = (str(properties["statnaam"]).strip(), shape)
    except (KeyError, TypeError, AttributeError, ValueError, shapely.errors.ShapelyError) as error:
        raise job.fault(f"answers unlike PDOK ({error!r})") from None
    if not rows:
        raise job.fault(
            f"{collection} of {year} has nothing in the area", "is the area in the Netherlands?"
        )
    import geopandas as gpd

    codes = sorted(rows)
    frame = gpd.GeoDataFrame(
        {
            "zone_id": [f"{job['prefix']}{code}" for code in codes],
            "name": [rows[code][0] for code in codes],
            "country": "NL",
        },
        geometry=[rows[code][1] for code in codes],
        crs="EPSG:4326",
    )
    frame = keep_inside(frame, job.area)
    if len(frame) == 0:
        raise job.fault(f"no {collection} has its middle in the area")
    write_gpkg(frame.to_crs("EPSG:3035"), job.target, layer="zones")
    return Built(f"{collection} {year} whose middle lies in the area", str(year))


def _pages(job: Job, url: str) -> list[Any]:
    """Features of all pages, along the links called ``next``."""
    host, features = urlsplit(url).netloc, []
    seen: set[str] = set()
    for _ in range(MOST_PAGES):
        seen.add(url)
        page = job.json(Request(url, "json", max_bytes=2**26, licence=LICENCE))
        try:
            features += page["features"]
            links = [link["href"] for link in page.get("links", ()) if link.get("rel") == "next"]
        except (KeyError, TypeError, AttributeError) as error:
            raise job.fault(f"answers unlike PDOK ({error!r})") from None
        if not links:
            return features
        url = urljoin(url, str(links[0]))
        if urlsplit(url).netloc != host or url in seen:
            raise job.fault("leads to a next page elsewhere, or in a circle")
    raise job.fault(f"has more than {MOST_PAGES} pages", "make the area smaller")


PDOK = Adapter(
    "pdok",
    "Dutch municipalities, districts, neighbourhoods, COROP regions, provinces",
    LICENCE,
    "yearly",
    (".gpkg",),
    {
        "collection": Parameter(
            "text", "for instance gemeente_gegeneraliseerd", default="gemeente_gegeneraliseerd"
        ),
        "year": Parameter("integer", "vintage", default=2024),
        "prefix": Parameter("text", "put before codes, for instance NL_", default=""),
    },
    _build,
)
