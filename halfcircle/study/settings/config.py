"""What a study consists of: plain values, with defaults, as the study file gives them.

Minutes here, as in the file; seconds inside. `halfcircle.study.settings.study_file` reads and
checks them.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from halfcircle.errors import Fault
from halfcircle.outputs.sheets import CsvStyle
from halfcircle.study.settings.edits import ScenarioConfig
from halfcircle.study.settings.maps_file import IsochronesConfig, OutputsConfig
from halfcircle.study.settings.mode_names import MODES, STREET_MODES, TRANSIT_MODES
from halfcircle.study.settings.penalties import PenaltyConfig

__all__ = [
    "MODES",
    "STREET_MODES",
    "TRANSIT_MODES",
    "BorderConfig",
    "CountrySource",
    "FeedConfig",
    "KissAndRideConfig",
    "MeasureConfig",
    "OpportunityConfig",
    "ParkAndRideConfig",
    "PenaltyConfig",
    "R5Config",
    "ReachConfig",
    "RealisedConfig",
    "RegionsConfig",
    "SharedBikesConfig",
    "StreetsConfig",
    "Study",
    "TimesConfig",
    "TransitConfig",
    "ZonesConfig",
]

SPEEDS_KMH = {"walk": 4.5, "bike": 14.0, "ebike": 20.0}
ACCESS_MAX_MIN = {"walk": 20.0, "bike": 20.0, "ebike": 20.0, "car": 20.0}
KISS_VEHICLES = ("rail", "metro", "ferry")


@dataclass(frozen=True)
class ZonesConfig:
    """``[zones]``: origins and destinations."""

    path: Path | None = None
    id: str = "zone_id"
    country: str | None = None
    name: str | None = None
    file_crs: str | None = None
    grid_m: float | None = None
    within: Path | None = None
    population: str | None = None
    region_type: str | None = None


@dataclass(frozen=True)
class CountrySource:
    """What a count is in one country; what is left out is as for all."""

    concept: str = ""
    unit: str = ""
    year: int | None = None
    source: str = ""
    estimated: bool = False


@dataclass(frozen=True)
class OpportunityConfig:
    """``[[opportunities]]``: what is reached."""

    name: str
    path: Path
    column: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    id: str | None = None
    year: int | None = None
    unit: str | None = None
    source: str = ""
    licence: str = ""
    band: int = 1
    nodata: float | None = None
    concept: str = ""
    sources_by_country: Mapping[str, CountrySource] = field(default_factory=dict)


@dataclass(frozen=True)
class SpeedFactorConfig:
    """``[[streets.speed_factors]]``: speeds of cars at a time of day, by class of road and area."""

    time_of_day: str
    factors: Mapping[str, float]
    country: str = ""
    area: Path | None = None
    column: str | None = None
    values: tuple[str, ...] = ()
    source: str = ""


@dataclass(frozen=True)
class StreetsConfig:
    """``[streets]``: the street network."""

    osm: tuple[Path, ...] = ()
    place: str | None = None
    country: str | None = None
    max_snap_m: float = 1000.0
    source: str = "OpenStreetMap"
    licence: str = "ODbL 1.0"
    speed_factors: tuple[SpeedFactorConfig, ...] = ()
    time_of_day: str | None = None


@dataclass(frozen=True)
class TimesConfig:
    """``[times]``: travel times brought along."""

    path: Path
    mode: str
    matrix: str | None = None
    unit: Literal["seconds", "minutes"] = "seconds"
    source: str = ""


@dataclass(frozen=True)
class FeedConfig:
    """One GTFS feed."""

    id: str
    path: Path
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class TransitConfig:
    """``[transit]``: feeds, date and departure window; without `step_s` it is continuous."""

    feeds: tuple[FeedConfig, ...]
    date: dt.date | str
    window_s: tuple[int, int]
    time_zone: str
    step_s: int | None = 60
    board_slack_s: int = 60
    transfer_max_min: float = 10.0
    transfer_penalty_s: int = 0
    cross_feed_transfer_s: int = 180
    modes: tuple[str, ...] = ()
    stations: Path | None = None
    merge: bool = True
    frequency_draws: int = 1
    rules: str = "halfcircle"


@dataclass(frozen=True)
class ParkAndRideConfig:
    """``[park_and_ride]``: where a car can be left for public transport."""

    path: Path | None = None
    osm: bool = False
    id: str | None = None
    name: str | None = None
    capacity: str | None = None
    parking_min: float | str = 3.0
    walk_max_min: float = 5.0
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class KissAndRideConfig:
    """``[kiss_and_ride]``: being driven to a stop."""

    vehicles: tuple[str, ...] = KISS_VEHICLES
    dropoff_s: int = 60


@dataclass(frozen=True)
class SharedBikesConfig:
    """``[shared_bikes]``: bicycles to rent after the last ride."""

    path: Path
    id: str | None = None
    name: str | None = None
    capacity: str | None = None
    rental_min: float | str = 2.0
    max_min: float = 15.0
    walk_max_min: float = 5.0
    kmh: float | None = None
    returned: Literal["anywhere", "place"] = "anywhere"
    return_min: float = 1.0
    source: str = ""
    licence: str = ""


@dataclass(frozen=True)
class R5Config:
    """``[reach.r5]``: where R5 is, and what it may take."""

    jar: Path | None = None
    memory_gb: float | None = None
    timeout_min: float = 60.0


@dataclass(frozen=True)
class ReachConfig:
    """``[reach]``: modes, bands and percentiles.

    `modes` holds the names of `best_of`, too. `time_factor` is set by scenarios only: bands and
    decay are stretched by it, and keep their names.
    """

    modes: tuple[str, ...]
    bands_min: tuple[float, ...] = (15.0, 30.0, 45.0, 60.0)
    percentiles: tuple[int, ...] = (50,)
    over: tuple[str, ...] = ("time",)
    decay: str | None = None
    limit_min: float | None = None
    max_rides: int = 4
    access_max_min: Mapping[str, float] = field(default_factory=lambda: dict(ACCESS_MAX_MIN))
    access_max_min_by_vehicle: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    egress_max_min: Mapping[str, float] = field(default_factory=dict)
    egress_max_min_by_vehicle: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    speeds_kmh: Mapping[str, float] = field(default_factory=lambda: dict(SPEEDS_KMH))
    best_of: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    crow_fly_kmh: float = 60.0
    crow_fly_detour: float = 1.3
    engine: str = "halfcircle"
    r5: R5Config = R5Config()
    time_factor: float = 1.0

    @property
    def longest_min(self) -> float:
        """Longest travel time that is looked for, minutes: the last band, or ``limit_min``."""
        last_min = max(self.bands_min) * self.time_factor
        if self.limit_min is not None:
            return max(last_min, self.limit_min * self.time_factor)
        if self.decay is not None:
            return max(last_min, 120.0 * self.time_factor)
        return last_min


@dataclass(frozen=True)
class RealisedConfig:
    """``[border.realised]``: who commutes across, beside how many might."""

    workers: str
    jobs: str
    mode: str
    path: Path | None = None
    numerator: str = "gross"
    year: int = 0
    source: str = ""
    border_zone_km: float = 25.0
    cap_km: float = 100.0


@dataclass(frozen=True)
class SkillsConfig:
    """``[border.skills]``: whether jobs across the border fit, by sector."""

    opportunity: str
    relatedness: Path | None = None
    co_location: bool = False
    causes: bool = True


@dataclass(frozen=True)
class BorderConfig:
    """``[border]``: what a crossing costs, and what is worked out about it."""

    penalties: tuple[PenaltyConfig, ...] = ()
    preset: str | None = None
    opportunities: tuple[str, ...] = ()
    modes: tuple[str, ...] = ()
    sectors: bool = True
    hard_closed: bool = False
    land: Path | None = None
    land_country: str = "country"
    region: str | None = None
    sensitivity: bool = False
    causes: tuple[str, ...] = ()
    wages: bool = False
    realised: RealisedConfig | None = None
    skills: SkillsConfig | None = None


@dataclass(frozen=True)
class RegionsConfig:
    """``[regions]``: daily urban systems from flows."""

    flows: Path
    method: str = "labour-market-areas"
    parameters: Mapping[str, object] = field(default_factory=dict)
    group: str | None = None
    outside: str = "fault"
    mode: str | None = None
    population_grid: Path | None = None
    crosswalk: Path | None = None
    draws: int = 0
    dial: bool = False
    compare: tuple[str, ...] = ()
    across_border: bool = False
    border_factor: float = 0.05
    year: int | None = None
    unit: str = "workers"
    source: str = ""


@dataclass(frozen=True)
class MeasureConfig:
    """One table of ``[[measures]]``.

    Parameters
    ----------
    kind : str
        A key of `halfcircle.study.settings.measures_keys.KINDS`.
    name : str
        Unique; the kind where the study gives none.
    where : str
        File and line, for faults that show later.
    values : dict of str to value
        By key of the kind.
    """

    kind: str
    name: str
    where: str
    values: dict[str, Any]


@dataclass(frozen=True)
class Study:
    """A checked study file."""

    name: str
    path: Path
    sha256: str
    zones: ZonesConfig
    crs: str | None = None
    language: str = "en"
    csv: CsvStyle = "point"
    claims: bool = False
    opportunities: tuple[OpportunityConfig, ...] = ()
    streets: StreetsConfig | None = None
    times: tuple[TimesConfig, ...] = ()
    transit: TransitConfig | None = None
    reach: ReachConfig | None = None
    park_and_ride: ParkAndRideConfig | None = None
    kiss_and_ride: KissAndRideConfig = KissAndRideConfig()
    shared_bikes: SharedBikesConfig | None = None
    border: BorderConfig | None = None
    regions: RegionsConfig | None = None
    measures: tuple[MeasureConfig, ...] = ()
    scenarios: tuple[ScenarioConfig, ...] = ()
    out: Path = Path("out")
    outputs: OutputsConfig = field(default_factory=OutputsConfig)
    isochrones: IsochronesConfig | None = None
    notices: tuple[Fault, ...] = ()
