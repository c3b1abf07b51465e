"""The text of a new study file: every choice is there to be seen and changed."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from dataclasses import dataclass

from halfcircle.sources.area import Area
from halfcircle.sources.catalogue import Feed
from halfcircle.sources.hosts import Hosts
from halfcircle.sources.place import Place

__all__ = ["Found", "study_text"]

GISCO_LICENCE = "© EuroGeographics; Eurostat/GISCO, non-commercial use"
OSM_LICENCE = "© OpenStreetMap contributors, ODbL 1.0"
CENSUS_LICENCE = "© Eurostat, Census 2021 grid; non-commercial use, source to be named"
CENSUS_YEAR = 2021
CENSUS_CELL_M = 1000
GHS_LICENCE = "CC BY 4.0, European Commission, JRC, GHSL"
GHS_YEAR = 2020
CBS_JOBS = "85481NED"  # jobs of employees by municipality of home and of work, from 2021


@dataclass(frozen=True)
class Found:
    """What is within reach of a place.

    Parameters
    ----------
    place : Place
    area : Area
    countries : tuple of str
        ISO codes, the place's own first.
    regions : tuple of str
        Geofabrik extracts; empty where Overpass is to be asked.
    feeds : tuple of Feed
    time_zone : str
    """

    place: Place
    area: Area
    countries: tuple[str, ...]
    regions: tuple[str, ...]
    feeds: tuple[Feed, ...]
    time_zone: str


def study_text(
    found: Found,
    hosts: Hosts,
    *,
    modes: Sequence[str],
    date: dt.date | str,
    opportunities: Sequence[str],
    year: int,
    grid_m: int | None = None,
) -> str:
    """Study file in TOML, with comments.

    Parameters
    ----------
    found : Found
        What is within reach.
    hosts : Hosts
        Those that are not the publishers' own are written down.
    modes, date, opportunities, year, grid_m
        See `new_study`.
    """
    transit = [feed for feed in found.feeds if not feed.key]
    if not transit:
        modes = [mode for mode in modes if "transit" not in mode] or ["walk"]
    jobs = "jobs" in opportunities and "NL" in found.countries
    parts = [
        _head(found),
        _zones(found, grid_m),
        *(_opportunity(name, year, grid_m) for name in opportunities if name != "jobs"),
        _jobs(year, wanted="jobs" in opportunities, there=jobs, grid_m=grid_m),
        _streets(found),
        _transit(found, transit, date),
        _reach(modes),
        _border(found),
        '[outputs]\nfolder = "out"\n',
        _fetch(found, hosts, year),
        _fetch_streets(found),
        *(_fetch_feed(feed) for feed in found.feeds),
    ]
    if "workers" in opportunities:
        parts.append(_fetch_census("workers", "EMP"))
    if "population" in opportunities and grid_m == CENSUS_CELL_M:
        parts.append(_fetch_census("population", "T"))
    elif "population" in opportunities and grid_m is not None:
        parts.append(_fetch_ghs())
    if jobs:
        parts.append(_fetch_jobs(year))
    if jobs and grid_m is not None:
        parts.append(_fetch_spread(found, grid_m))
    return "\n".join(part for part in parts if part)


def _quoted(text: object) -> str:
    """Text as a TOML string: control characters and quotes escaped."""
    return json.dumps(str(text), ensure_ascii=False).replace("\x7f", "\\u007f")


def _plain(text: object) -> str:
    """Text fit for a comment: one line, nothing invisible."""
    return "".join(c if c.isprintable() else " " for c in str(text))


def _head(found: Found) -> str:
    first = found.place.name.split(",")[0].strip()
    name = _quoted(f"{first}, {found.area.radius_km:g} km around")
    return f"""\
# {_plain(found.place.name)}: all that lies within {found.area.radius_km:g} km, in \
{", ".join(found.countries)}.
#
#   halfcircle fetch study.toml    download the data named under [fetch], and lock it
#   halfcircle run study.toml      compute, and write the report
#
# Everything here is a proposal: change it, then fetch again.

[study]
name = {name}
"""


def _zones(found: Found, grid_m: int | None) -> str:
    side = "# side of the border" if len(found.countries) > 1 else "# one country: no border"
    if grid_m is not None:
        return f"""\
[zones]
grid_m = {grid_m}                          # cells of this size, metres
within = "data/zones.gpkg"             # over the municipalities of all countries
country = "country"                    {side}
"""
    return f"""\
[zones]
path = "data/zones.gpkg"               # municipalities of all countries
id = "zone_id"
name = "name"
country = "country"                    {side}
population = "population"
"""


def _opportunity(name: str, year: int, grid_m: int | None) -> str:
    census = "Eurostat, Census 2021, 1 km grid"
    path, column, text, licence = f"data/{name}.csv", name, census, CENSUS_LICENCE
    if name == "population" and grid_m is None:
        path, text, licence = "data/zones.gpkg", "Eurostat GISCO, LAU", GISCO_LICENCE
    elif name == "population" and grid_m != CENSUS_CELL_M:
        path, column, text, year = "data/population.tif", "", "JRC, GHS-POP R2023A", GHS_YEAR
        licence = GHS_LICENCE
    else:
        year = CENSUS_YEAR
    if name == "workers":
        text += ": employed residents"
    return f"""\
[[opportunities]]
name = "{name}"
path = "{path}"
{f'column = "{column}"{chr(10)}' if column else ""}\
year = {year}
unit = "persons"
source = "{text}"
licence = "{licence}"
"""


def _jobs(year: int, *, wanted: bool, there: bool, grid_m: int | None) -> str:
    if there:
        where = 'path = "data/jobs-nl.csv"\nid = "zone_id"'
        source = f"CBS StatLine {CBS_JOBS}"
        if grid_m is not None:
            where = 'path = "data/jobs.csv"'
            source += ", municipal counts spread over buildings of OpenStreetMap"
        return f"""\
[[opportunities]]
name = "jobs"                          # of employees; the Netherlands only
{where}
column = "value"
year = {year}
unit = "jobs"
source = "{source}"
licence = "CC BY 4.0, CBS"
"""
    note = (
        "" if not wanted else "# Jobs: no country in reach has an open source that is known here.\n"
    )
    return f"""\
{note}# [[opportunities]]                      # bring jobs along: a table with a column zone_id
# name = "jobs"
# path = "jobs.csv"
# id = "zone_id"
# column = "jobs"
"""


def _streets(found: Found) -> str:
    files = ", ".join(_quoted(path) for path in _street_files(found))
    return f"""\
[streets]
osm = [{files}]
"""


def _street_files(found: Found) -> list[str]:
    if not found.regions:
        return ["data/streets.osm.pbf"]
    return [f"data/streets-{region.replace('/', '-')}.osm.pbf" for region in found.regions]


def _transit(found: Found, feeds: Sequence[Feed], date: dt.date | str) -> str:
    if not feeds:
        return ""
    lines = "".join(
        f'    {{ id = "{feed.id}", path = "data/gtfs-{feed.id}.zip", '
        f"source = {_quoted(feed.name)}, licence = {_quoted(feed.licence)} }},\n"
        for feed in feeds
    )
    day = date.isoformat() if isinstance(date, dt.date) else _quoted(date)
    return f"""\
[transit]
feeds = [
{lines}]
date = {day}
window = ["07:00", "09:00"]
time_zone = {_quoted(found.time_zone)}
step_s = 60
"""


def _reach(modes: Sequence[str]) -> str:
    return f"""\
[reach]
modes = [{", ".join(_quoted(mode) for mode in modes)}]
bands_min = [15, 30, 45, 60]
percentiles = [50]
"""


def _border(found: Found) -> str:
    if len(found.countries) < 2:
        return ""
    return """\
[border]
preset = "open"                        # or "pieters-2012", "closed", or penalties of your own
"""


def _fetch(found: Found, hosts: Hosts, year: int) -> str:
    mirrors = "".join(f"{name} = {_quoted(url)}\n" for name, url in hosts.others().items())
    return f"""\
# ---- where the data comes from: halfcircle fetch study.toml ----

[fetch]
place = {_quoted(found.place.name)}
lon = {found.area.lon!r}
lat = {found.area.lat!r}
radius_km = {found.area.radius_km!r}
{chr(10) + "[fetch.hosts]" + chr(10) + mirrors if mirrors else ""}
[[fetch.files]]
file = "data/zones.gpkg"
source = "gisco-lau"
year = {year}
countries = [{", ".join(_quoted(country) for country in found.countries)}]
licence = "{GISCO_LICENCE}"
"""


def _fetch_streets(found: Found) -> str:
    if not found.regions:
        return f"""\
[[fetch.files]]
file = "data/streets.osm.pbf"
source = "overpass"
licence = "{OSM_LICENCE}"
"""
    return "\n".join(
        f"""\
[[fetch.files]]
file = {_quoted(file)}
source = "geofabrik"
region = {_quoted(region)}
licence = "{OSM_LICENCE}"
"""
        for region, file in zip(found.regions, _street_files(found), strict=True)
    )


def _fetch_feed(feed: Feed) -> str:
    headers = ", ".join(f"{_quoted(k)} = {_quoted(v)}" for k, v in feed.headers)
    text = f"""\
[[fetch.files]]
file = "data/gtfs-{feed.id}.zip"
source = "gtfs"
url = {_quoted(feed.url)}
{f"headers = {{ {headers} }}{chr(10)}" if headers else ""}\
licence = {_quoted(feed.licence)}
"""
    if not feed.key:
        return text
    note = (
        f"# {_plain(feed.name)} wants an access key ({_plain(feed.key_from)}): get one, export "
        f"{feed.key}=...,\n# take away the # below, and name the feed under [transit].\n"
    )
    return note + "".join(f"# {line}\n" for line in text.splitlines())


def _fetch_census(name: str, column: str) -> str:
    return f"""\
[[fetch.files]]
file = "data/{name}.csv"
source = "eurostat-census-grid"
columns = {{ {name} = "{column}" }}
licence = "{CENSUS_LICENCE}"
"""


def _fetch_ghs() -> str:
    return f"""\
[[fetch.files]]
file = "data/population.tif"
source = "ghs-pop"
year = {GHS_YEAR}
cell = 100
licence = "{GHS_LICENCE}"
"""


def _fetch_spread(found: Found, grid_m: int) -> str:
    dutch = [region for region in found.regions if "netherlands" in region] or [*found.regions]
    if dutch:
        named = {f"data/buildings-{region.replace('/', '-')}.osm.pbf": region for region in dutch}
        parts = [
            f'source = "geofabrik"\nregion = {_quoted(region)}\nmargin_km = 15.0'
            for region in named.values()
        ]
    else:
        named = {"data/buildings.osm.pbf": ""}
        parts = ['source = "overpass"']
    files = "\n".join(
        f"""\
[[fetch.files]]
file = {_quoted(file)}
{part}
content = "buildings"
licence = "{OSM_LICENCE}"
"""
        for file, part in zip(named, parts, strict=True)
    )
    listed = ", ".join(_quoted(file) for file in named)
    return f"""\
{files}
[[fetch.files]]
file = "data/jobs.csv"
source = "spread"                      # dasymetric: municipal totals are kept to the unit
counts = "data/jobs-nl.csv"
buildings = [{listed}]
cell_m = {grid_m}
"""


def _fetch_jobs(year: int) -> str:
    return f"""\
[[fetch.files]]
file = "data/jobs-nl.csv"
source = "cbs-odata"
table = "{CBS_JOBS}"
region = "WerkregioS"
where = {{ WoonregioS = "NL01*", Perioden = "{year}JJ00" }}   # the year of the zones: codes change
factor = 1000                          # the table counts in thousands
prefix = "NL_"                         # GISCO writes NL_GM0153
licence = "CC BY 4.0, CBS"
"""
