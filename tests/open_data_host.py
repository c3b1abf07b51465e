"""The publishers of Europe on this machine, with the twin towns as all there is of it."""

from __future__ import annotations

import hashlib
import io
import json
import zipfile
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import osmium
import shapely
from local_web import Web

from halfcircle.demo import write_demo
from halfcircle.sources import Hosts

GEOFABRIK = {"netherlands": "NL", "germany": "DE"}


def hosts_of(web: Web) -> Hosts:
    """Every publisher at a path of its own on one local host."""
    return Hosts(
        nominatim=web.at("/nominatim"),
        geofabrik=web.at("/geofabrik"),
        overpass=web.at("/overpass"),
        mobility_database=web.at("/mdb"),
        gisco=web.at("/gisco"),
        pdok=web.at("/pdok"),
        cbs_odata=web.at("/odata/CBS"),
        cbs_files=web.at("/cbs"),
        ghsl=web.at("/ghsl"),
        zensus=web.at("/zensus"),
        statbel=web.at("/statbel"),
        ovapi=web.at("/ovapi"),
        gtfs_de=web.at("/gtfs-de"),
        irail=web.at("/irail"),
        tec=web.at("/tec"),
    )


def collection(rows: list[tuple[dict[str, Any], Any]]) -> bytes:
    """GeoJSON of properties and geometries (degrees)."""
    features = [
        {"type": "Feature", "properties": p, "geometry": shapely.geometry.mapping(g)}
        for p, g in rows
    ]
    return json.dumps({"type": "FeatureCollection", "features": features}).encode()


def zip_of(members: dict[str, str | bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members.items():
            archive.writestr(zipfile.ZipInfo(name), data)
    return buffer.getvalue()


def centre_of_demo(folder: Path) -> tuple[float, float]:
    """Longitude and latitude of the middle of the twin towns."""
    west, south, east, north = gpd.read_file(folder / "zones.gpkg").to_crs(4326).total_bounds
    return (west + east) / 2, (south + north) / 2


def add_buildings(source: Path, target: Path, zones: Any) -> None:
    """The demo's map with an office of 20 by 20 m in the middle of every zone with jobs."""
    middle = zones.to_crs(3035).geometry.representative_point()
    squares = [shapely.box(p.x - 10, p.y - 10, p.x + 10, p.y + 10) for p in middle]
    rings = gpd.GeoSeries(squares, crs=3035).to_crs(4326)
    first_id = 10**9
    with osmium.SimpleWriter(str(target)) as writer:
        for node in osmium.FileProcessor(source, osmium.osm.NODE):
            writer.add(node)
        for i, ring in enumerate(rings):
            for j, location in enumerate(ring.exterior.coords[:-1]):
                writer.add_node(osmium.osm.mutable.Node(id=first_id + 4 * i + j, location=location))
        for way in osmium.FileProcessor(source, osmium.osm.WAY):
            writer.add(way)
        for i, jobs in enumerate(zones["jobs"]):
            corners = [first_id + 4 * i + j for j in (0, 1, 2, 3, 0)]
            if jobs:
                writer.add_way(
                    osmium.osm.mutable.Way(
                        id=first_id + i, nodes=corners, tags={"building": "office"}
                    )
                )
        for relation in osmium.FileProcessor(source, osmium.osm.RELATION):
            writer.add(relation)


def publish_demo(web: Web, folder: Path) -> tuple[float, float]:
    """Serve the twin towns in the forms of Nominatim, Geofabrik, GISCO, OVapi and gtfs.de."""
    write_demo(folder)
    zones = gpd.read_file(folder / "zones.gpkg")
    degrees = zones.to_crs(4326)
    lon, lat = centre_of_demo(folder)
    web.files["/nominatim/search"] = json.dumps(
        [
            {"display_name": "Lindeveen, Hale, Netherlands", "lon": str(lon), "lat": str(lat),
             "address": {"country_code": "nl"}},
        ]
    ).encode()  # fmt: skip

    lau = [
        (
            {"GISCO_ID": f"{row.country}_{row.zone_id}", "CNTR_CODE": row.country,
             "LAU_NAME": row.name_of, "POP_2021": row.population},
            row.geometry,
        )
        for row in degrees.rename(columns={"name": "name_of"}).itertuples()
    ]  # fmt: skip
    far = shapely.box(20.0, 40.0, 20.1, 40.1)
    lau.append(({"GISCO_ID": "EL_1", "CNTR_CODE": "EL", "LAU_NAME": "far", "POP_2021": 1}, far))
    web.files["/gisco/distribution/v2/lau/geojson/LAU_RG_01M_2021_4326.geojson"] = collection(lau)
    sides = degrees.dissolve("country").geometry
    outlines = [
        ({"CNTR_ID": code, "NAME_ENGL": name}, sides[code])
        for code, name in (("NL", "Netherlands"), ("DE", "Germany"))
    ]
    outlines.append(({"CNTR_ID": "EL", "NAME_ENGL": "Greece"}, far))
    web.files["/gisco/distribution/v2/countries/geojson/CNTR_RG_03M_2024_4326.geojson"] = (
        collection(outlines)
    )

    add_buildings(folder / "region.osm.pbf", folder / "buildings.osm.pbf", zones)
    streets = (folder / "buildings.osm.pbf").read_bytes()
    index = [
        (
            {"id": "europe", "name": "Europe",
             "urls": {"pbf": web.at("/geofabrik/europe-latest.osm.pbf")}},
            shapely.box(-20, 35, 40, 70),
        )
    ]  # fmt: skip
    for region, country in GEOFABRIK.items():
        url = f"/geofabrik/europe/{region}-latest.osm.pbf"
        index.append(
            (
                {"id": region, "parent": "europe", "name": region, "urls": {"pbf": web.at(url)}},
                shapely.box(*sides[country].buffer(0.02).bounds),
            )
        )
        dated = url.replace("latest", "260512")
        web.handlers[url] = lambda call, to=dated: call.send(302, Location=to)
        web.files[dated] = streets
        web.files[f"{url}.md5"] = f"{hashlib.md5(streets).hexdigest()}  x\n".encode()
    web.files["/geofabrik/index-v1.json"] = collection(index)

    web.files["/ovapi/nl/gtfs-nl.zip"] = (folder / "halelijn.gtfs.zip").read_bytes()
    web.files["/gtfs-de/germany/free/latest.zip"] = (folder / "hale-esche.gtfs.zip").read_bytes()

    # People at work: half of those who live in a zone, on a grid of 1 km.
    points = zones.to_crs(3035).geometry.representative_point()
    cells: dict[str, list[int]] = {}
    for x, y, people in zip(points.x, points.y, zones["population"], strict=True):
        name = f"CRS3035RES1000mN{int(y // 1000) * 1000}E{int(x // 1000) * 1000}"
        cells.setdefault(name, []).append(int(people))
    rows = [f"{name},{sum(counts)},{sum(counts) // 2}" for name, counts in sorted(cells.items())]
    table = "\n".join(["GRD_ID,T,EMP", *rows, "CRS3035RES1000mN2000000E5000000,9,4"]) + "\n"
    web.files["/gisco/census/2021/Eurostat_Census-GRID_2021_V3.zip"] = zip_of(
        {"Eurostat_Census-GRID_2021_V3/ESTAT_Census_2021_V3.csv": table}
    )
    assert np.isfinite([lon, lat]).all()
    return lon, lat
