"""From inputs to travel times: one source per mode of the study."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.access.crow_fly import CrowFly, zone_areas_m2
from halfcircle.access.linking import (
    StraightWays,
    StreetWaysToStops,
    access_links,
    add_footpaths,
    egress_links,
)
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
from halfcircle.access.transit import DirectTimes, StopLinks, TransitQuery, build_transit_search
from halfcircle.access.transit_times import HeadwayDraws, TransitTimes
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import Fault, StudyError
from halfcircle.gtfs import (
    Merged,
    MergeRules,
    Timetable,
    TransferRules,
    build_timetable,
    choose_date,
    timetable_window_s,
)
from halfcircle.study._clock import clock
from halfcircle.study.config import ReachConfig, StreetsConfig, Study, TransitConfig
from halfcircle.study.inputs import Inputs, cache_folder
from halfcircle.study.progress import Progress

__all__ = ["Modes", "build_modes"]

DETOUR = 1.3
CAR_OWN_ZONE_KMH = 30.0


@dataclass(eq=False)
class Modes:
    """Travel times of every mode, and why origins have none.

    Parameters
    ----------
    sources : dict of str to TravelTimeSource
        By mode, in the order of the study.
    reasons : dict of str to array of str, shape (n_zones,)
        By mode: why a zone is not connected; the empty string where it is.
    notices : list of Fault
    timetable : Timetable, optional
        Of the first draw, with footpaths; None where no mode needs one.
    joined : list of Merged
        Stations, trips and trains of the feeds that are one in the timetable.
    service_date : str
        The date that the timetable was compiled for.
    streets : dict of str to StreetTimes
        By street mode, also those that only serve the ways to stops.
    timetables : dict of int to (Timetable, int, int)
        By draw of headway services: with footpaths, and the window in its seconds.
    """

    sources: dict[str, TravelTimeSource] = field(default_factory=dict)
    reasons: dict[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    notices: list[Fault] = field(default_factory=list)
    timetable: Timetable | None = None
    joined: list[Merged] = field(default_factory=list)
    service_date: str = ""
    streets: dict[str, StreetTimes] = field(default_factory=dict)
    timetables: dict[int, tuple[Timetable, int, int]] = field(default_factory=dict)


def limit_s(reach: ReachConfig) -> float:
    """Longest travel time that is looked for, seconds: the last band, or ``limit_min``."""
    last_min = max(reach.bands_min) * reach.time_factor
    if reach.limit_min is not None:
        last_min = max(last_min, reach.limit_min * reach.time_factor)
    elif reach.decay is not None:
        last_min = max(last_min, 120.0 * reach.time_factor)
    return 60.0 * last_min


def build_modes(
    study: Study,
    inputs: Inputs,
    *,
    workers: int,
    progress: Progress,
    only: Collection[str] | None = None,
    streets: Mapping[str, StreetTimes] | None = None,
) -> Modes:
    """Prepare the travel times of every mode that the study asks for.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    workers : int
    progress : Progress
    only : collection of str, optional
        Modes that are wanted; all of the study when left out.
    streets : mapping of str to StreetTimes, optional
        Of an earlier build, for street modes that need not be built again.

    Returns
    -------
    Modes

    Raises
    ------
    StreetError, FeedError
        A network or timetable cannot be built, for instance for want of service on the date.
    """
    modes = Modes()
    if study.reach is None:
        return modes
    builder = _Builder(study, study.reach, inputs, modes, workers, progress)
    builder.streets.update(streets or {})
    for mode in study.reach.modes:
        if only is None or mode in only:
            builder.add(mode)
    return modes


class _Builder:
    """Builds sources; networks and the timetable are built once and shared."""

    def __init__(
        self,
        study: Study,
        reach: ReachConfig,
        inputs: Inputs,
        modes: Modes,
        workers: int,
        progress: Progress,
    ) -> None:
        self.study, self.reach, self.inputs, self.modes = study, reach, inputs, modes
        self.workers, self.progress = workers, progress
        self.limit_s = limit_s(reach)
        self.own_m = own_zone_m(inputs.zones)
        self.streets = modes.streets
        self.timetables = modes.timetables

    def add(self, mode: str) -> None:
        places = self.inputs.zones.places
        connected = np.full(len(places), "", dtype=object)
        if mode in ("walk", "bike", "car"):
            source = self.street_times(mode)
            self.modes.sources[mode] = source
            self.modes.reasons[mode] = _snap_reasons(source)
        elif mode in ("transit", "bike+transit"):
            self.modes.sources[mode], self.modes.reasons[mode] = self.transit_mode(mode)
        elif mode == "crow_fly":
            self.modes.sources[mode] = self.crow_fly(
                self.reach.crow_fly_kmh, self.reach.crow_fly_detour
            )
            self.modes.reasons[mode] = connected
        else:
            brought = next(t for t in self.inputs.times if t.mode == mode)
            self.modes.sources[mode] = brought
            self.modes.reasons[mode] = connected

    def street_times(self, mode: str) -> StreetTimes:
        if mode in self.streets:
            return self.streets[mode]
        streets = self.study.streets
        if streets is None:
            raise StudyError(f"mode {mode!r} needs the table [streets]")
        with self.progress.stage(f"{mode} network"):
            network = self.network(mode, streets)
            if mode == "car":
                network = apply_congestion(network, self.inputs.congestion)
            self.modes.notices.extend(network.notices)
        with self.progress.stage(f"{mode} zones linked"):
            source = build_street_times(
                network,
                self.inputs.zones.places,
                limit_s=self.limit_s,
                own_m=self.own_m,
                kmh=self.reach.speeds_kmh.get(mode, CAR_OWN_ZONE_KMH),
                walk_kmh=self.reach.speeds_kmh["walk"],
                detour=DETOUR,
                max_snap_m=streets.max_snap_m,
                workers=self.workers,
                cache_dir=cache_folder(),
            )
        self.streets[mode] = source
        return source

    def network(self, mode: str, streets: StreetsConfig) -> StreetNetwork:
        profile = _profile(mode, self.reach, streets.country or self.main_country())
        if self.inputs.ways is None:
            return network_from_place(streets.place or "", _street_mode(mode), profile=profile)
        return build_network(
            self.inputs.ways,
            _street_mode(mode),
            profile=profile,
            country_of=self.country_of() if mode == "car" else None,
            cache_dir=cache_folder(),
        )

    def country_of(self) -> CountryLookup | None:
        """Country of a road by the zone that it starts in: limits differ across the border."""
        zones = self.inputs.zones
        if zones.places.country is None or zones.geometry is None:
            return None
        areas = zones.to_geodataframe().to_crs(4326).geometry
        return country_lookup(zones.places.country, areas)

    def main_country(self) -> str:
        """Country of most zones: its default speed limits are used."""
        country = self.inputs.zones.places.country
        if country is None:
            return ""
        names, counts = np.unique(country.astype(str), return_counts=True)
        return str(names[np.argmax(counts)])

    def transit_mode(self, mode: str) -> tuple[TravelTimeSource, npt.NDArray[np.object_]]:
        """Times by public transport, several draws of them where asked, and reasons."""
        config = self.study.transit
        n_draws = 1 if config is None else config.frequency_draws
        drawn = [self.transit_times(mode, draw) for draw in range(n_draws)]
        first, reasons = drawn[0]
        return (HeadwayDraws(tuple(d for d, _ in drawn)) if n_draws > 1 else first), reasons

    def transit_times(
        self, mode: str, draw: int = 0
    ) -> tuple[TransitTimes, npt.NDArray[np.object_]]:
        config = self.study.transit
        if config is None:
            raise StudyError(f"mode {mode!r} needs the table [transit]")
        walk = self.street_times("walk") if self.study.streets is not None else None
        walk_kmh = self.reach.speeds_kmh["walk"]
        ways = self.ways(walk, walk_kmh)
        timetable, start_s, end_s = self.compiled(config, ways, draw)
        places, stops = self.inputs.zones.places, timetable.stops
        access_mode = "bike" if mode == "bike+transit" else "walk"
        with self.progress.stage(f"{mode} stops linked"):
            walk_s = 60.0 * self.reach.access_max_min["walk"]
            egress = egress_links(places, stops, ways, limit_s=walk_s, workers=self.workers)
            direct = walk
            if access_mode == "bike":
                direct = bike = self.street_times("bike")
                access = access_links(
                    places,
                    stops,
                    self.ways(bike, walk_kmh),
                    limit_s=60.0 * self.reach.access_max_min["bike"],
                    workers=self.workers,
                )
            else:
                access = access_links(places, stops, ways, limit_s=walk_s, workers=self.workers)
        with self.progress.stage(f"{mode} search prepared"):
            search = build_transit_search(
                timetable,
                access,
                egress,
                TransitQuery(
                    start_s=start_s,
                    end_s=end_s,
                    step_s=config.step_s,
                    max_rides=self.reach.max_rides,
                    limit_s=int(self.limit_s),
                    board_slack_s=config.board_slack_s,
                    percentiles=self.reach.percentiles,
                ),
                direct_s=self.straight_walk() if direct is None else direct.direct_s,
                workers=self.workers,
            )
        reasons = _transit_reasons(timetable, access, start_s, end_s + int(self.limit_s))
        if direct is not None:
            unsnapped = _snap_reasons(direct)
            reasons = np.where(unsnapped != "", unsnapped, reasons)
        return TransitTimes(search, places, mode), reasons

    def straight_walk(self) -> DirectTimes:
        """Walking all the way in straight lines, for studies without streets."""
        source = self.crow_fly(self.reach.speeds_kmh["walk"], DETOUR)
        return lambda origin_idx: np.ascontiguousarray(source.times_s(origin_idx)[:, 0])

    def crow_fly(self, kmh: float, detour: float) -> CrowFly:
        places = self.inputs.zones.places
        return CrowFly(
            places,
            places,
            kmh=kmh,
            detour=detour,
            max_s=self.limit_s,
            area_m2=zone_areas_m2(self.inputs.zones),
        )

    def ways(self, source: StreetTimes | None, walk_kmh: float) -> StraightWays | StreetWaysToStops:
        if source is None:
            return StraightWays(walk_kmh, DETOUR)
        streets = self.study.streets
        max_snap_m = streets.max_snap_m if streets is not None else 1000.0
        return StreetWaysToStops(source.network, walk_kmh, max_snap_m)

    def compiled(
        self, config: TransitConfig, ways: StraightWays | StreetWaysToStops, draw: int
    ) -> tuple[Timetable, int, int]:
        """The timetable with footpaths, and the window in its seconds."""
        if draw in self.timetables:
            return self.timetables[draw]
        start, end = (clock(seconds) for seconds in config.window_s)
        with self.progress.stage("timetable compiled"):
            faults = Faults()
            choice = choose_date(self.inputs.feeds, config.date, faults)
            self.modes.notices.extend(faults.warnings)
            if choice.reason != "given":
                self.modes.notices.append(Fault("[transit] date", choice.reason, severity="notice"))
            self.modes.service_date = choice.date.isoformat()
            window = timetable_window_s(choice.date, (start, end), config.time_zone)
            timetable = build_timetable(
                self.inputs.feeds,
                date=choice.date,
                window=(start, end),
                time_zone=config.time_zone,
                max_trip_time_s=int(self.limit_s),
                transfers=TransferRules(
                    board_slack_s=config.board_slack_s,
                    transfer_penalty_s=config.transfer_penalty_s,
                    cross_feed_transfer_s=config.cross_feed_transfer_s,
                    walk_kmh=self.reach.speeds_kmh["walk"],
                    detour=DETOUR,
                ),
                merge=MergeRules(
                    stations=self.inputs.stations,
                    duplicates=config.merge,
                    through_running=config.merge,
                ),
                modes=config.modes or None,
                frequency_draw=draw,
            )
            self.modes.notices.extend(n for n in timetable.notices if n not in faults.items)
            if draw == 0:
                self.modes.joined.extend(timetable.merged)
        with self.progress.stage("footpaths between stops"):
            timetable = add_footpaths(
                timetable,
                ways,
                limit_s=60.0 * config.transfer_max_min,
                board_slack_s=config.board_slack_s + config.transfer_penalty_s,
                workers=self.workers,
            )
        if isinstance(ways, StraightWays):
            self.modes.notices.append(
                Fault(
                    "[transit]",
                    f"no streets: walks to and between stops are straight lines times {DETOUR:g}",
                    severity="notice",
                )
            )
        if draw == 0:
            self.modes.timetable = timetable
        self.timetables[draw] = (timetable, window.start_s, window.end_s)
        return self.timetables[draw]


def _street_mode(mode: str) -> Mode:
    return next(m for m in MODES if m == mode)


def _profile(mode: str, reach: ReachConfig, country: str) -> StreetProfile:
    if mode == "walk":
        return WalkProfile(kmh=reach.speeds_kmh["walk"])
    if mode == "bike":
        return BikeProfile(kmh=reach.speeds_kmh["bike"])
    return CarProfile(country=country)


def _snap_reasons(source: StreetTimes) -> npt.NDArray[np.object_]:
    reasons = source.snaps.reason.copy()
    reasons[(reasons != "") & source.snaps.on_island] = "island"
    return reasons


def _transit_reasons(
    timetable: Timetable, access: StopLinks, start_s: int, end_s: int
) -> npt.NDArray[np.object_]:
    """Why no vehicle can be boarded from a zone: no stop near, or none served in the window."""
    served = np.zeros(len(timetable.stops), dtype=bool)
    for p in range(timetable.n_patterns):
        length = int(timetable.pattern_ptr[p + 1] - timetable.pattern_ptr[p])
        trips = int(timetable.trip_ptr[p + 1] - timetable.trip_ptr[p])
        events = slice(timetable.event_ptr[p], timetable.event_ptr[p] + length * trips)
        departure_s = timetable.departure_s[events].reshape(trips, length)
        board = timetable.pattern_board[timetable.pattern_ptr[p] : timetable.pattern_ptr[p + 1]]
        open_ = ((departure_s >= start_s) & (departure_s <= end_s)).any(axis=0) & board
        served[timetable.pattern_stop[timetable.pattern_ptr[p] : timetable.pattern_ptr[p + 1]][
            open_
        ]] = True  # fmt: skip
    reasons = np.full(len(access), "", dtype=object)
    row = np.repeat(np.arange(len(access)), np.diff(access.ptr))
    near = np.bincount(row, minlength=len(access)) > 0
    with_service = np.bincount(row, weights=served[access.stop_idx], minlength=len(access)) > 0
    reasons[~with_service] = "no_service"
    reasons[~near] = "no_stop_in_reach"
    return reasons
