"""Reading everything a study names, and gathering all that is wrong with it before any work."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeVar

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, id_array
from halfcircle._tables import read_table, require_columns, texts
from halfcircle.access.brought_times import BroughtTimes, OmxTimes, read_times
from halfcircle.access.hubs import Hubs
from halfcircle.access.streets import StreetWays, read_osm
from halfcircle.access.streets.edits import Congestion
from halfcircle.errors import Fault, FeedError, InputError, StudyError
from halfcircle.grid import grid_within
from halfcircle.gtfs import Feed, read_feed
from halfcircle.outputs import Source
from halfcircle.places import Opportunities, Zones
from halfcircle.read_opportunities import read_opportunities
from halfcircle.read_zones import read_zones
from halfcircle.regions.border_match import SectorMatch
from halfcircle.sources import check_lock
from halfcircle.study.inputs.hubs import parking_places, rental_places
from halfcircle.study.inputs.regions import RegionInputs, read_region_inputs
from halfcircle.study.inputs.sources import study_sources
from halfcircle.study.progress import Progress
from halfcircle.study.settings.config import OpportunityConfig, Study

__all__ = ["Inputs", "cache_folder", "read_inputs"]

T = TypeVar("T")
POPULATION = "population"


@dataclass(frozen=True, eq=False)
class Inputs:
    """What a study consists of, read and checked.

    Parameters
    ----------
    zones : Zones
    opportunities : tuple of Opportunities
        In the order of the study file.
    population : Opportunities, optional
        People per zone, where ``[zones] population`` names a column; weights averages.
    ways : StreetWays, optional
        Streets of the OSM extracts.
    feeds : tuple of Feed
    times : tuple of BroughtTimes or OmxTimes
    stations : tuple of (str, str)
        Stops of two feeds that are one station, ``feed:stop_id``, from ``[transit] stations``.
    sources : tuple of Source
        Every input with its hash.
    congestion : tuple of Congestion
        Of a scenario: factors on the times of the car network.
    region_type : array of str, shape (n_zones,), optional
        Kind of region of each zone, from ``[zones] region_type``; blank where there is none.
    skills : SectorMatch, optional
        How far jobs abroad fit the residents of each zone, from ``[border.skills]``.
    regions : RegionInputs, optional
        Flows and what else ``[regions]`` names.
    """

    zones: Zones
    opportunities: tuple[Opportunities, ...]
    population: Opportunities | None
    ways: StreetWays | None
    feeds: tuple[Feed, ...]
    times: tuple[BroughtTimes | OmxTimes, ...]
    stations: tuple[tuple[str, str], ...]
    sources: tuple[Source, ...]
    congestion: tuple[Congestion, ...] = ()
    region_type: npt.NDArray[np.object_] | None = None
    parking: Hubs | None = None
    rental: Hubs | None = None
    skills: SectorMatch | None = None
    regions: RegionInputs | None = None

    @property
    def notices(self) -> tuple[Fault, ...]:
        """What was noticed while reading streets, feeds and brought times."""
        found: list[Fault] = []
        if self.ways is not None:
            found += self.ways.notices
        for feed in self.feeds:
            found += feed.faults
        for times in self.times:
            found += times.notices
        return tuple(found)


def cache_folder() -> Path:
    """Folder of the disk cache: ``HALFCIRCLE_CACHE``, else the user's cache folder."""
    chosen = os.environ.get("HALFCIRCLE_CACHE")
    if chosen:
        return Path(chosen)
    base = os.environ.get("LOCALAPPDATA") or os.environ.get("XDG_CACHE_HOME")
    return (Path(base) if base else Path.home() / ".cache") / "halfcircle"


def read_inputs(study: Study, progress: Progress) -> Inputs:
    """Read all inputs of a study.

    Parameters
    ----------
    study : Study
    progress : Progress

    Returns
    -------
    Inputs

    Raises
    ------
    StudyError
        Everything that is wrong with any of the files, at once.
    """
    faults = Faults()

    def attempt(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except InputError as error:
            faults.extend(error.faults or [Fault(study.path.name, str(error))])
            return None

    lock = attempt(partial(check_lock, study.path))
    faults.raise_errors(StudyError)  # files that are not those of the lock would only mislead
    with progress.stage("zones and opportunities"):
        zones = attempt(partial(_zones, study))
        opportunities, population = [], None
        if zones is not None:
            for config in study.opportunities:
                found = attempt(partial(_opportunities, config, study, zones))
                if found is not None:
                    opportunities.append(found)
            if study.zones.population is not None and POPULATION not in {
                config.name for config in study.opportunities
            }:
                population = attempt(partial(_population, study, zones))
        else:
            for config in study.opportunities:
                if not config.path.is_file():
                    faults.add(
                        f"[[opportunities]] {config.name}", "file not found", values=[config.path]
                    )
    ways = None
    if study.streets is not None and study.streets.osm:
        osm = study.streets.osm
        with progress.stage("streets read"):
            ways = attempt(partial(read_osm, osm, cache_dir=cache_folder()))
    feeds = []
    stations: tuple[tuple[str, str], ...] | None = ()
    if study.transit is not None:
        if study.transit.stations is not None:
            stations = attempt(partial(_stations, study.transit.stations))
        with progress.stage("timetables read"):
            for feed in study.transit.feeds:
                read = attempt(partial(read_feed, feed.path, feed_id=feed.id))
                if read is not None:
                    feeds.append(read)
    times = []
    if study.times and zones is not None:
        places = zones.places
        with progress.stage("travel times read"):
            for t in study.times:
                brought = attempt(
                    partial(read_times, t.path, places, mode=t.mode, unit=t.unit, matrix=t.matrix)
                )
                if brought is not None:
                    times.append(brought)
    regions = None
    if study.regions is not None and zones is not None:
        with progress.stage("flows read"):
            regions = attempt(partial(read_region_inputs, study, zones))
    parking, rental = None, None
    if study.park_and_ride is not None:
        osm = () if study.streets is None else study.streets.osm
        parking = attempt(partial(parking_places, study.park_and_ride, osm))
    if study.shared_bikes is not None:
        rental = attempt(partial(rental_places, study.shared_bikes))
    region_type = None
    if zones is not None and study.zones.region_type is not None:
        region_type = attempt(partial(_region_type, study, zones))
    faults.raise_errors(StudyError)
    if zones is None:  # an error was raised above; for the type checker
        raise StudyError("zones are missing")
    return Inputs(
        zones=zones,
        opportunities=tuple(opportunities),
        population=population,
        ways=ways,
        feeds=tuple(feeds),
        times=tuple(times),
        stations=stations or (),
        sources=study_sources(study, lock),
        region_type=region_type,
        regions=regions,
        parking=parking,
        rental=rental,
    )


def _zones(study: Study) -> Zones:
    config = study.zones
    if config.within is not None and config.grid_m is not None:
        return grid_within(
            config.within, cell_m=config.grid_m, crs=study.crs, country=config.country
        )
    return read_zones(
        config.path or Path(),
        id=config.id,
        country=config.country,
        name=config.name,
        crs=study.crs,
        file_crs=config.file_crs,
    )


def _opportunities(config: OpportunityConfig, study: Study, zones: Zones) -> Opportunities:
    return read_opportunities(
        config.path,
        zones=zones,
        name=config.name,
        column=config.column,
        columns=config.columns,
        id=config.id,
        zone_id_column=study.zones.id if study.zones.path is not None else None,
        year=config.year,
        unit=config.unit,
        source=config.source,
        band=config.band,
        nodata=config.nodata,
    )


def _population(study: Study, zones: Zones) -> Opportunities:
    return read_opportunities(
        study.zones.path or Path(),
        zones=zones,
        name=POPULATION,
        column=study.zones.population,
        id=study.zones.id,
        unit="persons",
    )


def _region_type(study: Study, zones: Zones) -> npt.NDArray[np.object_]:
    """Kind of region of each zone (border, shrinking, urban, ...); blank where there is none."""
    where, path = "[zones]", study.zones.path or Path()
    frame = read_table(path, where=where, kind=StudyError)
    faults = Faults()
    column = study.zones.region_type or ""
    require_columns(
        frame, {"id": study.zones.id, "region_type": column}, where=where, path=path, faults=faults
    )
    faults.raise_errors(StudyError)
    kind_of = dict(zip(texts(frame, study.zones.id), texts(frame, column), strict=True))
    return id_array(kind_of.get(str(zone), "") for zone in zones.zone_id)


def _stations(path: Path) -> tuple[tuple[str, str], ...]:
    """Pairs of stops that are one station: columns ``stop`` and ``same_as``."""
    where = "[transit] stations"
    frame = read_table(path, where=where, kind=FeedError)
    faults = Faults()
    require_columns(
        frame, {"stop": "stop", "same_as": "same_as"}, where=where, path=path, faults=faults
    )
    faults.raise_errors(FeedError)
    pairs = tuple(zip(texts(frame, "stop"), texts(frame, "same_as"), strict=True))
    odd = [stop for pair in pairs for stop in pair if ":" not in stop]
    if odd:
        faults.add(where, "stops are written as feed:stop_id", values=odd)
    faults.raise_errors(FeedError)
    return pairs
