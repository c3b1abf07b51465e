"""Reading a study file: every key checked, all faults at once.

The contract of the file is described in ``docs/study-file.md``. Paths are relative to the file.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Sequence
from pathlib import Path

from halfcircle._checks import Faults, nearest
from halfcircle.errors import Fault, StudyError
from halfcircle.regions.methods import METHODS
from halfcircle.study.settings.border_file import country_sources, read_border
from halfcircle.study.settings.chains_file import (
    by_vehicle,
    check_modes,
    read_best_of,
    read_kiss_and_ride,
    read_park_and_ride,
    read_shared_bikes,
)
from halfcircle.study.settings.config import (
    ACCESS_MAX_MIN,
    MODES,
    SPEEDS_KMH,
    OpportunityConfig,
    ParkAndRideConfig,
    R5Config,
    ReachConfig,
    RegionsConfig,
    SharedBikesConfig,
    StreetsConfig,
    Study,
    TimesConfig,
    TransitConfig,
    ZonesConfig,
)
from halfcircle.study.settings.maps_file import read_isochrones, read_outputs
from halfcircle.study.settings.measures_file import read_measures, with_longest
from halfcircle.study.settings.scenario_file import read_scenarios
from halfcircle.study.settings.streets_file import read_streets
from halfcircle.study.settings.toml_table import Lines, Table
from halfcircle.study.settings.transit_file import read_transit

__all__ = ["read_study"]

OVER = ("time", "access")
DEFAULT_METHOD = "labour-market-areas"


def read_study(path: Path) -> Study:
    """Read and check a study file.

    Parameters
    ----------
    path : Path
        TOML file.

    Returns
    -------
    Study

    Raises
    ------
    StudyError
        Everything that is wrong with the file, at once, each with line, key and what is allowed.
    """
    if not path.is_file():
        what = "is a folder, expected a study file" if path.is_dir() else "file not found"
        raise StudyError(faults=[Fault(str(path), what)])
    raw = path.read_bytes()
    try:
        text = raw.decode("utf-8-sig")
        values = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise StudyError(faults=[Fault(path.name, f"is no valid TOML ({error})")]) from None

    faults = Faults()
    top = Table(
        values, "", folder=path.resolve().parent, faults=faults, lines=Lines(text, path.name)
    )
    general = top.table("study")
    name = general.text("name", required=True) or ""
    crs = general.text("crs")
    language = general.text("language", "en", choices=("en", "nl", "de")) or "en"
    general.finish()
    zones = _zones(top)
    opportunities = _opportunities(top)
    streets = read_streets(top)
    times = _times(top)
    transit = read_transit(top)
    parking, bikes = read_park_and_ride(top), read_shared_bikes(top)
    kiss_and_ride = read_kiss_and_ride(top)
    reach = _reach(top, streets, transit, times, opportunities, parking, bikes)
    border = read_border(top, zones, reach, opportunities)
    regions = _regions(top, zones, reach)
    measures = read_measures(top, zones, reach, opportunities)
    outputs = read_outputs(top, () if reach is None else reach.modes)
    isochrones = read_isochrones(
        top,
        modes=() if reach is None else reach.modes,
        bands_min=() if reach is None else reach.bands_min,
        longest_min=0.0 if reach is None else reach.longest_min,
        opportunities=tuple(one.name for one in opportunities),
    )
    scenarios = read_scenarios(top)
    top.asked.add("fetch")  # read by halfcircle.sources
    top.finish()
    faults.raise_errors(StudyError)
    return Study(
        name=name,
        path=path.resolve(),
        sha256=hashlib.sha256(raw).hexdigest(),
        zones=zones,
        crs=crs,
        language=language,
        opportunities=opportunities,
        streets=streets,
        times=times,
        transit=transit,
        reach=None if reach is None else with_longest(reach, measures),
        park_and_ride=parking,
        kiss_and_ride=kiss_and_ride,
        shared_bikes=bikes,
        border=border,
        regions=regions,
        measures=measures,
        scenarios=scenarios,
        csv=outputs.csv,
        claims=outputs.claims,
        out=outputs.folder,
        outputs=outputs,
        isochrones=isochrones,
        notices=faults.warnings,
    )


def _zones(top: Table) -> ZonesConfig:
    table = top.table("zones")
    if not top.has("zones"):
        top.fault("zones", "is required", remedy="add the table [zones]")
    config = ZonesConfig(
        path=table.path("path"),
        id=table.text("id", "zone_id") or "zone_id",
        country=table.text("country"),
        name=table.text("name"),
        file_crs=table.text("file_crs"),
        grid_m=table.number("grid_m", above=0.0),
        within=table.path("within"),
        population=table.text("population"),
        region_type=table.text("region_type"),
    )
    gridded = table.has("grid_m") or table.has("within")
    if top.has("zones") and table.has("path") == gridded:
        table.fault("path", "give either path, or grid_m together with within")
    elif gridded and not (table.has("grid_m") and table.has("within")):
        table.fault("grid_m", "grid_m and within belong together")
    table.finish()
    return config


def _opportunities(top: Table) -> tuple[OpportunityConfig, ...]:
    result = []
    for table in top.tables("opportunities"):
        name = table.text("name", required=True)
        path = table.path("path", required=True)
        year = table.integer("year", 0, low=1800, high=2200)
        nodata = table.number("nodata")
        config = OpportunityConfig(
            name=name or "",
            path=path or Path(),
            column=table.text("column"),
            columns=table.text_map("columns"),
            id=table.text("id"),
            year=year or None,
            unit=table.text("unit"),
            source=table.text("source", "") or "",
            licence=table.text("licence", "") or "",
            band=table.integer("band", 1, low=1),
            nodata=nodata,
            concept=table.text("concept", "") or "",
            sources_by_country=country_sources(table),
        )
        table.finish()
        result.append(config)
    names = [config.name for config in result if config.name]
    for name in sorted({name for name in names if names.count(name) > 1}):
        top.fault("opportunities", "a name occurs twice", name)
    return tuple(result)


def _times(top: Table) -> tuple[TimesConfig, ...]:
    result = []
    for table in top.tables("times"):
        path = table.path("path", required=True)
        mode = table.text("mode", required=True) or ""
        if mode in MODES:
            table.fault("mode", "is the name of a mode that is routed", mode, "use another name")
        unit = table.text("unit", "seconds", choices=("seconds", "minutes"))
        result.append(
            TimesConfig(
                path=path or Path(),
                mode=mode,
                matrix=table.text("matrix"),
                unit="minutes" if unit == "minutes" else "seconds",
                source=table.text("source", "") or "",
            )
        )
        table.finish()
    return tuple(result)


def _over(table: Table, modes: Sequence[str]) -> tuple[str, ...]:
    """What percentiles over the departures are of: travel time, and reach beside it."""
    over = table.texts("over", ("time",))
    for name in over:
        if name not in OVER:
            table.fault("over", "is not known", name, nearest(name, OVER))
    if "time" not in over:
        table.fault("over", 'must hold "time"', remedy='over = ["time", "access"]')
    if "access" in over and not any("transit" in mode for mode in modes):
        table.fault("over", "needs a mode of [transit]: others have no departures", "access")
    return over


def _reach(
    top: Table,
    streets: StreetsConfig | None,
    transit: TransitConfig | None,
    times: tuple[TimesConfig, ...],
    opportunities: tuple[OpportunityConfig, ...],
    parking: ParkAndRideConfig | None,
    bikes: SharedBikesConfig | None,
) -> ReachConfig | None:
    if not top.has("reach"):
        return None
    table = top.table("reach")
    brought = tuple(config.mode for config in times)
    modes = table.texts("modes")
    if not table.has("modes"):
        table.fault("modes", "is required", remedy='modes = ["walk", "transit"]')
    check_modes(
        table, modes, brought=brought, streets=streets, transit=transit, parking=parking,
        bikes=bikes,
    )  # fmt: skip
    best_of = read_best_of(table, modes)
    if not opportunities:
        table.fault("modes", "reach needs at least one [[opportunities]]")
    percentiles = table.numbers("percentiles", (50.0,), low=1, high=99)
    if any(p != int(p) for p in percentiles):
        table.fault("percentiles", "must be whole numbers", list(percentiles))
    crow_fly = table.table("crow_fly")
    crow_kmh = crow_fly.number("kmh", 60.0, above=0.0) or 60.0
    detour = crow_fly.number("detour", 1.3, low=1.0) or 1.3
    crow_fly.finish()
    config = ReachConfig(
        modes=tuple(dict.fromkeys((*modes, *best_of))),
        best_of=best_of,
        bands_min=table.numbers("bands_min", (15.0, 30.0, 45.0, 60.0), above=0.0, high=360.0),
        percentiles=tuple(int(p) for p in percentiles),
        over=_over(table, modes),
        decay=table.text("decay"),
        limit_min=table.number("limit_min", above=0.0, high=360.0),
        max_rides=table.integer("max_rides", 4, low=1, high=16),
        access_max_min=table.number_map(
            "access_max_min", ACCESS_MAX_MIN, keys=tuple(ACCESS_MAX_MIN), above=0.0, high=120.0
        ),
        access_max_min_by_vehicle=by_vehicle(
            table, "access_max_min_by_vehicle", tuple(ACCESS_MAX_MIN)
        ),
        egress_max_min=table.number_map(
            "egress_max_min", {}, keys=("walk",), above=0.0, high=120.0
        ),
        egress_max_min_by_vehicle=by_vehicle(table, "egress_max_min_by_vehicle", ("walk", "bike")),
        speeds_kmh=table.number_map(
            "speeds_kmh", SPEEDS_KMH, keys=tuple(SPEEDS_KMH), above=0.0, high=60.0
        ),
        crow_fly_kmh=crow_kmh,
        crow_fly_detour=detour,
        engine=table.text("engine", "halfcircle", choices=("halfcircle", "r5")) or "halfcircle",
        r5=_r5(table.table("r5")),
    )
    table.finish()
    return config


def _r5(table: Table) -> R5Config:
    config = R5Config(
        jar=table.path("jar"),
        memory_gb=table.number("memory_gb", low=0.5, high=4096.0),
        timeout_min=table.number_or("timeout_min", 60.0, above=0.0, high=10_080.0),
    )
    table.finish()
    return config


def _regions(top: Table, zones: ZonesConfig, reach: ReachConfig | None) -> RegionsConfig | None:
    if not top.has("regions"):
        return None
    table = top.table("regions")
    parameters = table.raw("parameters")
    if parameters is not None and not isinstance(parameters, dict):
        table.fault("parameters", "must be a table", parameters)
        parameters = None
    year = table.integer("year", 0, low=1800, high=2200)
    config = RegionsConfig(
        flows=table.path("flows", required=True) or Path(),
        method=table.text("method", DEFAULT_METHOD, choices=tuple(METHODS)) or DEFAULT_METHOD,
        parameters=parameters or {},
        group=table.text("group"),
        outside=table.text("outside", "fault", choices=("fault", "abroad")) or "fault",
        mode=table.text("mode"),
        population_grid=table.path("population_grid"),
        crosswalk=table.path("crosswalk"),
        draws=table.integer("draws", 0, low=0, high=10_000),
        dial=table.flag("dial", False),
        compare=table.texts("compare"),
        across_border=table.flag("across_border", False),
        border_factor=table.number_or("border_factor", 0.05, low=0.0, high=1.0),
        year=year or None,
        unit=table.text("unit", "workers") or "workers",
        source=table.text("source", "") or "",
    )
    modes = () if reach is None else reach.modes
    if config.mode is not None and config.mode not in modes:
        table.fault("mode", "is not among the modes of [reach]", config.mode)
    if config.across_border:
        if zones.country is None:
            table.fault("across_border", "needs the side of each zone", None,
                        "add country under [zones]")  # fmt: skip
        if config.mode is None:
            table.fault("across_border", "needs travel times", None, "add mode under [regions]")
        if config.method != DEFAULT_METHOD:
            table.fault("across_border", f"is drawn by {DEFAULT_METHOD} only", config.method)
    table.finish()
    return config
