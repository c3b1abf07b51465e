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
CENSUS_YEAR = 2021
CBS_JOBS = ("85481NED", 2023)  # jobs of employees by municipality of home and of work


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
) -> str:
    """Study file in TOML, with comments.

    Parameters
    ----------
    found : Found
        What is within reach.
    hosts : Hosts
        Those that are not the publishers' own are written down.
    modes, date, opportunities, year
        See `new_study`.
    """
    transit = [feed for feed in found.feeds if not feed.key]
    if not transit:
        modes = [mode for mode in modes if "transit" not in mode] or ["walk"]
    jobs = "jobs" in opportunities and "NL" in found.countries
    parts = [
        _head(found),
        _zones(found),
        *(_opportunity(name, year) for name in opportunities if name != "jobs"),
        _jobs(wanted="jobs" in opportunities, there=jobs),
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
        parts.append(_fetch_workers())
    if jobs:
        parts.append(_fetch_jobs())
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


def _zones(found: Found) -> str:
    side = "# side of the border" if len(found.countries) > 1 else "# one country: no border"
    return f"""\
[zones]
path = "data/zones.gpkg"               # municipalities of all countries
id = "zone_id"
name = "name"
country = "country"                    {side}
population = "population"
"""


def _opportunity(name: str, year: int) -> str:
    if name == "population":
        path, text, unit = "data/zones.gpkg", "Eurostat GISCO, LAU", "persons"
    else:
        path, text, unit, year = (
            "data/workers.csv", "Eurostat, Census 2021, 1 km grid: employed residents",
            "persons", CENSUS_YEAR,
        )  # fmt: skip
    return f"""\
[[opportunities]]
name = "{name}"
path = "{path}"
column = "{name}"
year = {year}
unit = "{unit}"
source = "{text}"
licence = "{GISCO_LICENCE}"
"""


def _jobs(*, wanted: bool, there: bool) -> str:
    if there:
        return f"""\
[[opportunities]]
name = "jobs"                          # of employees; the Netherlands only: elsewhere missing
path = "data/jobs-nl.csv"
id = "zone_id"
column = "value"
year = {CBS_JOBS[1]}
unit = "jobs"
source = "CBS StatLine {CBS_JOBS[0]}"
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


def _fetch_workers() -> str:
    return f"""\
[[fetch.files]]
file = "data/workers.csv"
source = "eurostat-census-grid"
columns = {{ workers = "EMP" }}
licence = "{GISCO_LICENCE}"
"""


def _fetch_jobs() -> str:
    table, year = CBS_JOBS
    return f"""\
[[fetch.files]]
file = "data/jobs-nl.csv"
source = "cbs-odata"
table = "{table}"
region = "WerkregioS"
where = {{ WoonregioS = "NL01*", Perioden = "{year}JJ00" }}
factor = 1000                          # the table counts in thousands
prefix = "NL_"                         # GISCO writes NL_GM0153
licence = "CC BY 4.0, CBS"
"""
