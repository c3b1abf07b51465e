"""Modes by public transport: the timetable compiled once, and searches over it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.access.linking import StraightWays, add_footpaths
from halfcircle.access.r5_rules import TRANSFER_MAX_M, WholeMinuteTimes
from halfcircle.access.transit import StopLinks, TransitQuery, build_transit_search
from halfcircle.access.transit_times import HeadwayDraws, TransitTimes
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.access.vehicle_stops import split_stops
from halfcircle.access.without_ride import LeastDirect
from halfcircle.errors import Fault, StudyError
from halfcircle.gtfs import (
    Feed,
    Merged,
    MergeRules,
    Timetable,
    TransferRules,
    build_timetable,
    choose_date,
    timetable_window_s,
)
from halfcircle.study.modes.links import ChainLinks, vehicle_limits
from halfcircle.study.modes.streets import DETOUR, Building, StreetModes
from halfcircle.study.settings.clock import clock
from halfcircle.study.settings.config import TransitConfig
from halfcircle.study.settings.mode_names import access_way, chain_needs

__all__ = ["TransitModes"]


class TransitModes:
    """Travel times over the timetable, alone and joined with other ways to stops.

    Parameters
    ----------
    building : Building
    streets : StreetModes
    ready : mapping of int to (Timetable, int, int)
        Timetables of an earlier build.

    Attributes
    ----------
    timetables : dict of int to (Timetable, int, int)
        By draw of headway services: with footpaths, and the window in its seconds.
    joined : list of Merged
    service_date : str
    """

    def __init__(
        self,
        building: Building,
        streets: StreetModes,
        ready: Mapping[int, tuple[Timetable, int, int]],
    ) -> None:
        self.building, self.streets = building, streets
        self.timetables = dict(ready)
        self.limits = vehicle_limits(building.study)
        self.links: dict[int, ChainLinks] = {}
        self.joined: list[Merged] = []
        self.service_date = ""

    def times(self, mode: str) -> tuple[TravelTimeSource, npt.NDArray[np.object_]]:
        """Times by public transport, several draws of them where asked, and reasons."""
        config = self.building.study.transit
        n_draws = 1 if config is None else config.frequency_draws
        drawn = [self.drawn(mode, draw) for draw in range(n_draws)]
        first, reasons = drawn[0]
        return (HeadwayDraws(tuple(d for d, _ in drawn)) if n_draws > 1 else first), reasons

    def drawn(self, mode: str, draw: int) -> tuple[TransitTimes, npt.NDArray[np.object_]]:
        """The same for one draw of headway services."""
        config, building = self.building.study.transit, self.building
        if config is None:
            raise StudyError(f"mode {mode!r} needs the table [transit]")
        timetable, start_s, end_s = self.compiled(config, draw)
        with building.progress.stage(f"{mode} stops linked"):
            if draw not in self.links:
                stop_class = split_stops(timetable, self.limits.class_of).stop_class
                self.links[draw] = ChainLinks(
                    building, self.streets, timetable.stops, stop_class, self.limits
                )
            access, egress = self.links[draw].access(mode), self.links[draw].egress(mode)
        on_own = [way for way in ("walk", access_way(mode)) if way in ("walk", "bike", "ebike")]
        direct = [self.streets.direct(way) for way in dict.fromkeys(on_own)]
        with building.progress.stage(f"{mode} search prepared"):
            search = build_transit_search(
                timetable,
                access.links,
                egress.links,
                TransitQuery(
                    start_s=start_s,
                    end_s=end_s,
                    step_s=config.step_s,
                    max_rides=building.reach.max_rides,
                    limit_s=int(building.limit_s),
                    board_slack_s=config.board_slack_s,
                    percentiles=building.reach.percentiles,
                    percentile_rule="r5" if config.rules == "r5" else "floor",
                ),
                direct_s=direct[0] if len(direct) == 1 else LeastDirect(direct[0], direct[1]),
                workers=building.workers,
            )
        reasons = _transit_reasons(timetable, access.links, start_s, end_s + int(building.limit_s))
        unsnapped = self.streets.reasons(sorted(chain_needs(mode) - {"shared"}, reverse=True))
        reasons = np.where(unsnapped != "", unsnapped, reasons)
        places = building.inputs.zones.places
        kind = WholeMinuteTimes if config.rules == "r5" else TransitTimes
        return kind(search, places, mode, access, egress), reasons

    def transfer_max_s(self, config: TransitConfig) -> float:
        """Longest walk between two stops, seconds."""
        if config.rules == "r5":
            return TRANSFER_MAX_M / (self.building.reach.speeds_kmh["walk"] / 3.6)
        return 60.0 * config.transfer_max_min

    def compiled(self, config: TransitConfig, draw: int) -> tuple[Timetable, int, int]:
        """The timetable with footpaths, and the window in its seconds."""
        if draw in self.timetables:
            return self.timetables[draw]
        ways = self.streets.ways("walk")
        start, end = (clock(seconds) for seconds in config.window_s)
        with self.building.progress.stage("timetable compiled"):
            faults = Faults()
            choice = choose_date(self.building.inputs.feeds, config.date, faults)
            self.building.notices.extend(faults.warnings)
            if choice.reason != "given":
                self.building.notices.append(
                    Fault("[transit] date", choice.reason, severity="notice")
                )
            self.service_date = choice.date.isoformat()
            window = timetable_window_s(choice.date, (start, end), config.time_zone)
            by_r5 = config.rules == "r5"
            feeds = self.building.inputs.feeds
            timetable = build_timetable(
                [_without_transfers(feed) for feed in feeds] if by_r5 else feeds,
                date=choice.date,
                window=(start, end),
                time_zone=config.time_zone,
                max_trip_time_s=int(self.building.limit_s),
                transfers=TransferRules(
                    board_slack_s=config.board_slack_s,
                    transfer_penalty_s=config.transfer_penalty_s,
                    cross_feed_transfer_s=config.cross_feed_transfer_s,
                    walk_kmh=self.building.reach.speeds_kmh["walk"],
                    detour=DETOUR,
                ),
                merge=MergeRules(
                    near_m=0.0 if by_r5 else MergeRules.near_m,
                    same_name_m=0.0 if by_r5 else MergeRules.same_name_m,
                    stations=self.building.inputs.stations,
                    duplicates=config.merge,
                    through_running=config.merge,
                ),
                modes=config.modes or None,
                frequency_draw=draw,
            )
            self.building.notices.extend(n for n in timetable.notices if n not in faults.items)
            if draw == 0:
                self.joined.extend(timetable.merged)
        with self.building.progress.stage("footpaths between stops"):
            timetable = add_footpaths(
                timetable,
                ways,
                limit_s=self.transfer_max_s(config),
                board_slack_s=config.board_slack_s + config.transfer_penalty_s,
                workers=self.building.workers,
            )
            timetable = split_stops(timetable, self.limits.class_of).timetable
        if isinstance(ways, StraightWays):
            self.building.notices.append(
                Fault(
                    "[transit]",
                    f"no streets: ways to and between stops are straight lines times {DETOUR:g}",
                    severity="notice",
                )
            )
        self.timetables[draw] = (timetable, window.start_s, window.end_s)
        return self.timetables[draw]


def _without_transfers(feed: Feed) -> Feed:
    """The feed without times of its own for changes: R5 walks them all."""
    left_out = ("transfers", "pathways", "levels")
    return replace(
        feed, tables={k: t for k, t in feed.tables.items() if k not in left_out}, _cache={}
    )


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
