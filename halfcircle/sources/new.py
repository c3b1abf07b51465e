"""From the name of a place to a study file: what is within reach, and where its data is."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import shapely

from halfcircle._checks import nearest
from halfcircle._files import write_text
from halfcircle.errors import OutputError, SourceError
from halfcircle.places import WGS84
from halfcircle.sources.area import Area
from halfcircle.sources.catalogue import (
    Feed,
    catalogue_feeds,
    catalogue_request,
    national_feeds,
)
from halfcircle.sources.client import Client
from halfcircle.sources.files import read_vector
from halfcircle.sources.geofabrik import covering_extracts, index_request, read_index
from halfcircle.sources.gisco import countries_request, iso_code
from halfcircle.sources.hosts import Hosts, checked
from halfcircle.sources.overpass import LARGEST_KM
from halfcircle.sources.place import Ask, Place, find_place, time_zone_at
from halfcircle.sources.request import OnProgress, Policy
from halfcircle.sources.store import default_cache
from halfcircle.sources.study_text import Found, study_text

__all__ = ["new_study"]

MODES = ("walk", "bike", "car", "transit", "bike+transit")
OPPORTUNITIES = ("population", "workers", "jobs")
STREETS = ("geofabrik", "overpass")
FEEDS = ("national", "catalogue", "none")
OVERPASS_MARGIN_KM = 2.0


def new_study(
    place: str,
    *,
    out: Path | None = None,
    radius_km: float | None = None,
    modes: Sequence[str] | None = None,
    date: dt.date | str | None = None,
    opportunities: Sequence[str] = ("population", "workers"),
    streets: str = "geofabrik",
    feeds: str = "national",
    year: int = 2021,
    grid_m: int | None = None,
    overwrite: bool = False,
    offline: bool = False,
    ask: Ask | None = None,
    hosts: Hosts | None = None,
    cache: Path | None = None,
    policy: Policy | None = None,
    on_progress: OnProgress | None = None,
    tell: Callable[[str], None] | None = None,
) -> Path:
    """Write a commented study file for the surroundings of a place, in all countries in reach.

    Parameters
    ----------
    place : str
        ``"Enschede, NL"``, or latitude and longitude ``"52.22, 6.89"``.
    out : Path, optional
        The study file, or a folder for ``study.toml``; a folder named after the place when left
        out.
    radius_km : float, optional
        Radius of the area; 60 when left out and nobody is asked.
    modes : sequence of str, optional
        Modes of travel; walk, bike, car and transit when left out and nobody is asked.
    date : date or str, optional
        Day of the timetables; ``"busiest-weekday"`` when left out and nobody is asked.
    opportunities : sequence of str
        ``population`` (of municipalities), ``workers`` (employed residents, census grid),
        ``jobs`` (of employees, where a statistical office gives them openly: the Netherlands).
    streets : {"geofabrik", "overpass"}
        Extracts, or for small areas the database itself.
    feeds : {"national", "catalogue", "none"}
        Timetables: of whole countries where they are known, else from the Mobility Database; only
        from there; or none.
    year : int
        Vintage of the municipalities.
    grid_m : int, optional
        Cells of this size as zones instead of municipalities. Population then comes from the
        census grid (1,000 m) or GHS-POP (other sizes), and jobs are spread over buildings.
    overwrite : bool
        Replace a study file that is there.
    offline : bool
        Never touch the network.
    ask : callable, optional
        ``ask(question, default) -> answer``, for what is left out; nobody is asked when left out.
    hosts : Hosts, optional
        Mirrors.
    cache : Path, optional
    policy : Policy, optional
    on_progress : callable, optional
    tell : callable, optional
        Told in lines what was found.

    Returns
    -------
    Path
        The study file.

    Raises
    ------
    SourceError
        A choice is not known, the place is not found, or what is within reach cannot be had.
    OutputError
        The file is there already, or cannot be written.
    """
    _check_choice("streets", streets, STREETS)
    _check_choice("feeds", feeds, FEEDS)
    for name in opportunities:
        _check_choice("opportunities", name, OPPORTUNITIES)
    if grid_m is not None and not 50 <= grid_m <= 10_000:
        raise SourceError(f"grid_m {grid_m}: must be from 50 to 10,000 metres")
    hosts = checked(hosts or Hosts())
    radius_km = _radius(radius_km, ask)
    modes = _modes(modes, ask, transit=feeds != "none")
    date = _date(date, ask)
    client = Client(
        cache or default_cache(), policy=policy, offline=offline, on_progress=on_progress
    )
    say = tell or (lambda _: None)
    try:
        found = _look_around(client, hosts, place, radius_km, streets, feeds, ask, say)
    finally:
        client.close()
    path = _target(out, found.place)
    if path.exists() and not overwrite:
        raise OutputError(f"{path}: is there already - choose another with --out, or --overwrite")
    text = study_text(
        found, hosts, modes=modes, date=date, opportunities=opportunities, year=year, grid_m=grid_m
    )
    return write_text(path, text)


def _look_around(
    client: Client,
    hosts: Hosts,
    text: str,
    radius_km: float,
    streets: str,
    feeds: str,
    ask: Ask | None,
    say: Callable[[str], None],
) -> Found:
    place = find_place(text, client, hosts, ask=ask)
    say(f"place: {place.name} ({place.lat:.4f}, {place.lon:.4f})")
    for other in place.others:
        say(f"  not: {other}")
    area = Area(place.lon, place.lat, radius_km)
    if streets == "overpass" and area.radius_km + OVERPASS_MARGIN_KM > LARGEST_KM:
        raise SourceError(
            f"a radius of {radius_km:g} km is too much for Overpass - use Geofabrik, or at most "
            f"{LARGEST_KM - OVERPASS_MARGIN_KM:g} km"
        )
    download = client.get(countries_request(hosts))
    outlines = read_vector(download.path, where="countries of GISCO", bbox=area.bounds())
    if "CNTR_ID" not in outlines.columns:
        raise SourceError("countries of GISCO: have no column CNTR_ID")
    land = outlines[outlines.intersects(area.polygon())].to_crs(WGS84)
    codes = sorted({iso_code(str(code)) for code in land["CNTR_ID"]})
    if not codes:
        raise SourceError(f"{place.name}: no country lies within {radius_km:g} km")
    home = place.country or _country_at(land, place) or codes[0]
    countries = (*(c for c in codes if c == home), *(c for c in codes if c != home))
    say(f"countries in reach: {', '.join(countries)}")
    regions: tuple[str, ...] = ()
    if streets == "geofabrik":
        extracts = read_index(client.json(index_request(hosts)), hosts.geofabrik)
        wanted = shapely.intersection(area.polygon(), shapely.union_all(land.geometry.to_numpy()))
        regions = tuple(extract.region for extract in covering_extracts(extracts, wanted))
        if not regions:
            raise SourceError(f"{place.name}: Geofabrik has no extract there")
        say(f"streets: {', '.join(regions)}")
    chosen = _feeds(client, hosts, area, countries, feeds)
    if feeds != "none":
        say(f"timetables: {', '.join(feed.name for feed in chosen) or 'none found'}")
    return Found(
        place, area, countries, regions, chosen, time_zone_at(place.lon, place.lat, (home,))
    )


def _feeds(
    client: Client, hosts: Hosts, area: Area, countries: Sequence[str], feeds: str
) -> tuple[Feed, ...]:
    if feeds == "none":
        return ()
    chosen: list[Feed] = []
    to_ask = list(countries)
    if feeds == "national":
        for country in countries:
            known = national_feeds(country, hosts)
            chosen += known
            if known:
                to_ask.remove(country)
    if to_ask:
        catalogue = client.get(catalogue_request(hosts))
        chosen += catalogue_feeds(catalogue, area.bounds(), to_ask)
    return tuple(chosen)


def _country_at(land: Any, place: Place) -> str:
    here = land[land.contains(shapely.Point(place.lon, place.lat))]
    return iso_code(str(here["CNTR_ID"].iloc[0])) if len(here) else ""


def _target(out: Path | None, place: Place) -> Path:
    if out is None:
        first = place.name.split(",")[0].strip().lower()
        name = "".join(c if c.isalnum() else "-" for c in first).strip("-") or "study"
        return Path(name) / "study.toml"
    out = Path(out)
    return out if out.suffix == ".toml" else out / "study.toml"


def _check_choice(what: str, value: str, known: Sequence[str]) -> None:
    if value not in known:
        raise SourceError(f"{what} {value!r}: is not known - {nearest(value, known)}")


def _radius(radius_km: float | None, ask: Ask | None) -> float:
    if radius_km is not None:
        return float(radius_km)
    if ask is None:
        return 60.0
    answer = ask("Radius in km?", "60").replace(",", ".")
    try:
        return float(answer)
    except ValueError:
        raise SourceError(f"radius {answer!r}: must be a number of kilometres") from None


def _modes(modes: Sequence[str] | None, ask: Ask | None, *, transit: bool) -> tuple[str, ...]:
    usual = ("walk", "bike", "car", "transit") if transit else ("walk", "bike", "car")
    if modes is None and ask is not None:
        answer = ask(f"Modes of travel (of {', '.join(MODES)})?", ", ".join(usual))
        modes = [word.strip() for word in answer.split(",") if word.strip()]
    chosen = usual if modes is None else tuple(dict.fromkeys(modes))
    for mode in chosen:
        _check_choice("mode", mode, MODES)
    if not chosen:
        raise SourceError(f"modes: name at least one of {', '.join(MODES)}")
    return chosen


def _date(date: dt.date | str | None, ask: Ask | None) -> dt.date | str:
    if date is None:
        date = ask("Day of the timetables?", "busiest-weekday") if ask else "busiest-weekday"
    if isinstance(date, dt.date) or date == "busiest-weekday":
        return date
    try:
        return dt.date.fromisoformat(date)
    except ValueError:
        raise SourceError(f"date {date!r}: must be as 2026-05-12, or busiest-weekday") from None
