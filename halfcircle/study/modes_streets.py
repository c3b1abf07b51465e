"""Street modes of a study: networks built once, zones snapped to them, ways to stops over them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from halfcircle.access.crow_fly import CrowFly, zone_areas_m2
from halfcircle.access.linking import StraightWays, StreetWaysToStops
from halfcircle.access.own_zone import own_zone_m
from halfcircle.access.street_times import StreetTimes, build_street_times
from halfcircle.access.streets import (
    MODES,
    BikeProfile,
    CarProfile,
    CountryLookup,
    Mode,
    StreetNetwork,
    StreetProfile,
    WalkProfile,
    build_network,
    country_lookup,
)
from halfcircle.access.streets.edits import apply_congestion
from halfcircle.access.streets.osmnx_bridge import network_from_place
from halfcircle.access.transit import DirectTimes
from halfcircle.errors import Fault, StudyError
from halfcircle.study.config import ReachConfig, StreetsConfig, Study
from halfcircle.study.inputs import Inputs, cache_folder
from halfcircle.study.progress import Progress

__all__ = ["Building", "StreetModes", "limit_s", "snap_reasons"]

DETOUR = 1.3
CAR_OWN_ZONE_KMH = 30.0


def limit_s(reach: ReachConfig) -> float:
    """Longest travel time that is looked for, seconds: the last band, or ``limit_min``."""
    return 60.0 * reach.longest_min


@dataclass(frozen=True, eq=False)
class Building:
    """What all builders of travel times share.

    Parameters
    ----------
    study : Study
    reach : ReachConfig
    inputs : Inputs
    workers : int
    progress : Progress
    notices : list of Fault
        Grows with what is noticed.
    """

    study: Study
    reach: ReachConfig
    inputs: Inputs
    workers: int
    progress: Progress
    notices: list[Fault] = field(default_factory=list)

    @property
    def limit_s(self) -> float:
        """Longest travel time that is looked for, seconds."""
        return limit_s(self.reach)


class StreetModes:
    """Travel times over streets, by mode; networks are built once and shared.

    Parameters
    ----------
    building : Building
    ready : mapping of str to StreetTimes
        Of an earlier build.
    """

    def __init__(self, building: Building, ready: Mapping[str, StreetTimes]) -> None:
        self.building = building
        self.built = dict(ready)
        self.own_m = own_zone_m(building.inputs.zones)

    def times(self, mode: str) -> StreetTimes:
        """Travel times by a street mode, with the zones linked to its network."""
        if mode in self.built:
            return self.built[mode]
        streets = self.building.study.streets
        if streets is None:
            raise StudyError(f"mode {mode!r} needs the table [streets]")
        with self.building.progress.stage(f"{mode} network"):
            network = self.network(mode, streets)
            if mode == "car":
                network = apply_congestion(network, self.building.inputs.congestion)
            self.building.notices.extend(network.notices)
        with self.building.progress.stage(f"{mode} zones linked"):
            source = build_street_times(
                network,
                self.building.inputs.zones.places,
                limit_s=self.building.limit_s,
                own_m=self.own_m,
                kmh=self.building.reach.speeds_kmh.get(mode, CAR_OWN_ZONE_KMH),
                walk_kmh=self.building.reach.speeds_kmh["walk"],
                detour=DETOUR,
                max_snap_m=streets.max_snap_m,
                workers=self.building.workers,
                cache_dir=cache_folder(),
            )
        self.built[mode] = source
        return source

    def network(self, mode: str, streets: StreetsConfig) -> StreetNetwork:
        """Network of a street mode, from the extracts or the named place."""
        profile = _profile(mode, self.building.reach, streets.country or self.main_country())
        if self.building.inputs.ways is None:
            return network_from_place(streets.place or "", _street_mode(mode), profile=profile)
        return build_network(
            self.building.inputs.ways,
            _street_mode(mode),
            profile=profile,
            country_of=self.country_of() if mode == "car" else None,
            cache_dir=cache_folder(),
        )

    def country_of(self) -> CountryLookup | None:
        """Country of a road by the zone that it starts in: limits differ across the border."""
        zones = self.building.inputs.zones
        if zones.places.country is None or zones.geometry is None:
            return None
        areas = zones.to_geodataframe().to_crs(4326).geometry
        return country_lookup(zones.places.country, areas)

    def main_country(self) -> str:
        """Country of most zones: its default speed limits are used."""
        country = self.building.inputs.zones.places.country
        if country is None:
            return ""
        names, counts = np.unique(country.astype(str), return_counts=True)
        return str(names[np.argmax(counts)])

    def straight_walk(self) -> DirectTimes:
        """Walking all the way in straight lines, for studies without streets."""
        source = self.crow_fly(self.building.reach.speeds_kmh["walk"], DETOUR)
        return lambda origin_idx: np.ascontiguousarray(source.times_s(origin_idx)[:, 0])

    def crow_fly(self, kmh: float, detour: float) -> CrowFly:
        """Straight lines between zones."""
        places = self.building.inputs.zones.places
        return CrowFly(
            places,
            places,
            kmh=kmh,
            detour=detour,
            max_s=self.building.limit_s,
            area_m2=zone_areas_m2(self.building.inputs.zones),
        )

    def ways(self, source: StreetTimes | None, walk_kmh: float) -> StraightWays | StreetWaysToStops:
        """Ways to stops: over the network of a street mode, or straight without streets."""
        if source is None:
            return StraightWays(walk_kmh, DETOUR)
        streets = self.building.study.streets
        max_snap_m = streets.max_snap_m if streets is not None else 1000.0
        return StreetWaysToStops(source.network, walk_kmh, max_snap_m)


def _street_mode(mode: str) -> Mode:
    return next(m for m in MODES if m == mode)


def _profile(mode: str, reach: ReachConfig, country: str) -> StreetProfile:
    if mode == "walk":
        return WalkProfile(kmh=reach.speeds_kmh["walk"])
    if mode == "bike":
        return BikeProfile(kmh=reach.speeds_kmh["bike"])
    return CarProfile(country=country)


def snap_reasons(source: StreetTimes) -> npt.NDArray[np.object_]:
    """Why each zone has no street; the empty string where it has one."""
    reasons = source.snaps.reason.copy()
    reasons[(reasons != "") & source.snaps.on_island] = "island"
    return reasons
