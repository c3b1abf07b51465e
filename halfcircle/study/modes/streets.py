"""Street modes of a study: networks built once, zones snapped to them, ways to stops over them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
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
    Snaps,
    StreetNetwork,
    StreetProfile,
    WalkProfile,
    build_network,
    country_lookup,
    with_speed_factors,
)
from halfcircle.access.streets.congestion import apply_congestion
from halfcircle.access.streets.osmnx_bridge import network_from_place
from halfcircle.access.transit import DirectTimes
from halfcircle.access.without_ride import DirectOf
from halfcircle.errors import Fault, StudyError
from halfcircle.study.inputs.read import Inputs, cache_folder
from halfcircle.study.inputs.speed_factors import study_speed_factors
from halfcircle.study.progress import Progress
from halfcircle.study.settings.config import ReachConfig, StreetsConfig, Study

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
        self.networks: dict[tuple[str, float | None], StreetNetwork] = {}
        self.own_m = own_zone_m(building.inputs.zones)

    def times(self, mode: str) -> StreetTimes:
        """Travel times by a street mode, with the zones linked to its network."""
        if mode in self.built:
            return self.built[mode]
        building = self.building
        network = self.network(mode)
        with building.progress.stage(f"{mode} zones linked"):
            source = build_street_times(
                network,
                building.inputs.zones.places,
                limit_s=building.limit_s,
                own_m=self.own_m,
                kmh=building.reach.speeds_kmh.get(mode, CAR_OWN_ZONE_KMH),
                walk_kmh=building.reach.speeds_kmh["walk"],
                detour=DETOUR,
                max_snap_m=self.max_snap_m,
                workers=building.workers,
                cache_dir=cache_folder(),
                mode=mode,
            )
        self.built[mode] = source
        return source

    @property
    def max_snap_m(self) -> float:
        """Farthest that a place may be from a street, metres."""
        streets = self.building.study.streets
        return 1000.0 if streets is None else streets.max_snap_m

    def network(self, mode: str, *, kmh: float | None = None) -> StreetNetwork:
        """Network of a street mode, from the extracts or the named place; built once.

        Parameters
        ----------
        mode : str
        kmh : float, optional
            Another speed of bicycles than the study's.
        """
        streets = self.building.study.streets
        if streets is None:
            raise StudyError(f"mode {mode!r} needs the table [streets]")
        if kmh is not None and kmh == self.building.reach.speeds_kmh[mode]:
            kmh = None
        if kmh is None and mode in self.built:
            return self.built[mode].network
        if (mode, kmh) not in self.networks:
            with self.building.progress.stage(f"{mode} network"):
                network = self._network(mode, kmh, streets)
                if mode == "car":
                    network = self.at_time_of_day(network)
                    network = apply_congestion(network, self.building.inputs.congestion)
            self.building.notices.extend(network.notices)
            self.networks[mode, kmh] = network
        return self.networks[mode, kmh]

    def at_time_of_day(self, network: StreetNetwork) -> StreetNetwork:
        """Cars at the speeds of the time of day that the study asks for."""
        rules = study_speed_factors(self.building.study)
        network, notices = with_speed_factors(network, rules, country_of=self.country_of())
        self.building.notices.extend(notices)
        return network

    def _network(self, mode: str, kmh: float | None, streets: StreetsConfig) -> StreetNetwork:
        country = streets.country or self.main_country()
        profile = _profile(mode, self.building.reach, country, kmh)
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

    def direct(self, mode: str) -> DirectTimes:
        """Travel all the way: over the network of a street mode, or straight without streets."""
        if self.building.study.streets is not None:
            return self.times(mode).direct_s
        return DirectOf(self.crow_fly(self.building.reach.speeds_kmh[mode], DETOUR))

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

    def ways(self, mode: str, *, kmh: float | None = None) -> StraightWays | StreetWaysToStops:
        """Ways to stops: over the network of a street mode, or straight without streets."""
        speeds_kmh = self.building.reach.speeds_kmh
        if self.building.study.streets is None:
            return StraightWays(kmh or speeds_kmh[mode], DETOUR)
        return StreetWaysToStops(self.network(mode, kmh=kmh), speeds_kmh["walk"], self.max_snap_m)

    def reasons(self, modes: Iterable[str]) -> npt.NDArray[np.object_]:
        """Why each zone has a street of none of several modes, as the last one tells it."""
        places = self.building.inputs.zones.places
        found: npt.NDArray[np.object_] = np.full(len(places), "", dtype=object)
        if self.building.study.streets is None:
            return found
        for number, mode in enumerate(modes):
            walk_kmh = self.building.reach.speeds_kmh["walk"]
            snaps = (
                self.built[mode].snaps
                if mode in self.built
                else self.network(mode).snap(
                    places.lon, places.lat, max_snap_m=self.max_snap_m, walk_kmh=walk_kmh
                )
            )
            why = snap_reasons(snaps)
            found = why if number == 0 else np.where(found == "", "", why)
        return found


def _street_mode(mode: str) -> Mode:
    return "bike" if mode == "ebike" else next(m for m in MODES if m == mode)


def _profile(mode: str, reach: ReachConfig, country: str, kmh: float | None) -> StreetProfile:
    if mode == "walk":
        return WalkProfile(kmh=reach.speeds_kmh["walk"])
    if mode in ("bike", "ebike"):
        return BikeProfile(kmh=kmh or reach.speeds_kmh[mode])
    return CarProfile(country=country)


def snap_reasons(snaps: Snaps) -> npt.NDArray[np.object_]:
    """Why each zone has no street; the empty string where it has one."""
    reasons = snaps.reason.copy()
    reasons[(reasons != "") & snaps.on_island] = "island"
    return reasons
