"""Studies computed by another engine: R5, for comparison with the own one."""

from __future__ import annotations

import datetime as dt
import hashlib
import os
import shutil
import zoneinfo
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults
from halfcircle.access.own_zone import own_zone_m
from halfcircle.access.r5_install import R5Install, find_r5
from halfcircle.access.r5_process import COMMAND, R5Network, R5Process
from halfcircle.access.r5_times import MODES as R5_MODES
from halfcircle.access.r5_times import R5Times, r5_task
from halfcircle.access.streets.edits import StreetEdit
from halfcircle.errors import StudyError
from halfcircle.gtfs import Feed, choose_date, write_feed
from halfcircle.study.inputs.read import Inputs, cache_folder
from halfcircle.study.modes.streets import CAR_OWN_ZONE_KMH, DETOUR, Building, limit_s
from halfcircle.study.settings.config import (
    STREET_MODES,
    TRANSIT_MODES,
    ReachConfig,
    Study,
    TransitConfig,
)

__all__ = ["R5Modes", "check_engine", "engine_name"]

OWN, R5 = "halfcircle", "r5"
MOST_S = 7200.0
MOST_PERCENTILES = 5
# Vehicles of the study file by R5's names.
VEHICLES = {
    "rail": "RAIL",
    "metro": "SUBWAY",
    "tram": "TRAM",
    "bus": "BUS",
    "ferry": "FERRY",
    "cable tram": "CABLE_CAR",
    "aerial lift": "GONDOLA",
    "funicular": "FUNICULAR",
}


def routed(reach: ReachConfig) -> tuple[str, ...]:
    """Modes of a study that an engine routes; straight lines and brought times are not."""
    return tuple(mode for mode in reach.modes if mode in (*STREET_MODES, *TRANSIT_MODES))


def _install(reach: ReachConfig) -> R5Install:
    return find_r5(reach.r5.jar, cache=cache_folder())


def engine_name(study: Study) -> str:
    """The engine with its version, for the manifest and the key of the run.

    Raises
    ------
    EngineError
        R5 is asked for and something of it is missing.
    """
    if study.reach is None or study.reach.engine == OWN:
        return OWN
    return _install(study.reach).label


def check_engine(study: Study, inputs: Inputs) -> Faults:
    """Check what the engine of a study cannot do, before anything is computed.

    Returns
    -------
    Faults
        Notices: what the engine does otherwise.

    Raises
    ------
    StudyError
        Everything that it cannot do, at once.
    EngineError
        Something of it is missing on this machine.
    """
    faults = Faults()
    reach = study.reach
    if reach is None or reach.engine == OWN:
        return faults
    _check_reach(study, reach, faults)
    if study.transit is not None and any(mode in TRANSIT_MODES for mode in reach.modes):
        _check_transit(study.transit, inputs, faults)
    for config in study.scenarios:
        streets = [e.name for e in config.edits if isinstance(e.change, get_args(StreetEdit))]
        if streets:
            faults.add(f"scenario {config.name!r}", "edits streets, which R5 reads from the file",
                       values=streets, remedy='use engine = "halfcircle"')  # fmt: skip
    faults.raise_errors(StudyError, 'engine = "r5" cannot do all that the study asks for:')
    _install(reach)
    return faults


def _check_reach(study: Study, reach: ReachConfig, faults: Faults) -> None:
    where = "[reach]"
    unknown = [mode for mode in routed(reach) if mode not in R5_MODES]
    if unknown:
        faults.add(f"{where} modes", "R5 does not have", values=unknown)
    others = [m for m in reach.modes if m not in (*routed(reach), *reach.best_of)]
    if others:
        faults.warn(f"{where} modes", "not routed, and the same with every engine", values=others)
    for key in ("access_max_min_by_vehicle", "egress_max_min_by_vehicle", "egress_max_min"):
        if getattr(reach, key):
            faults.add(f"{where} {key}", "R5 takes one limit per mode "
                       "for ways to and from all stops", values=getattr(reach, key))  # fmt: skip
    if limit_s(reach) > MOST_S:
        faults.add(f"{where} bands_min", "R5 looks no farther than 120 minutes",
                   values=[f"{limit_s(reach) / 60:g}"],
                   remedy="leave longer bands out, or set limit_min = 120")  # fmt: skip
    if len(reach.percentiles) > MOST_PERCENTILES:
        faults.add(f"{where} percentiles", "R5 gives at most five", values=reach.percentiles)
    if set(reach.over) - {"time"}:
        faults.add(f"{where} over", "R5's matrices hold percentiles of travel time only",
                   values=reach.over)  # fmt: skip
    streets = study.streets
    if routed(reach) and (streets is None or len(streets.osm) != 1):
        faults.add("[streets] osm", "R5 reads one extract",
                   values=() if streets is None else [p.name for p in streets.osm],
                   remedy="merge them into one, for instance with osmium merge")  # fmt: skip
    elif streets is not None:
        faults.warn("[streets] max_snap_m", "R5 joins places to streets by its own rule (300 m, "
                    "then 1,600 m)")  # fmt: skip
    if study.border is not None and study.border.hard_closed:
        faults.add("[border] hard_closed", "needs the streets of the own engine")


def _check_transit(transit: TransitConfig, inputs: Inputs, faults: Faults) -> None:
    where = "[transit]"
    start_s, end_s = transit.window_s
    if transit.step_s != 60:
        faults.add(f"{where} step_s", "R5 departs every minute",
                   values=["none" if transit.step_s is None else transit.step_s],
                   remedy="set step_s = 60")  # fmt: skip
    if end_s > 86_400:
        faults.add(f"{where} window", "R5 knows no departures after midnight of the service day")
    if start_s % 60 or end_s % 60:
        faults.add(f"{where} window", "R5 takes whole minutes")
    if transit.frequency_draws > 1:
        faults.add(f"{where} frequency_draws", "R5 draws headway services itself",
                   values=[transit.frequency_draws], remedy="leave it out")  # fmt: skip
    if transit.board_slack_s != 60:
        faults.add(f"{where} board_slack_s", "is 60 in R5", values=[transit.board_slack_s])
    strange = [mode for mode in transit.modes if mode not in VEHICLES]
    if strange:
        faults.add(f"{where} modes", "R5 cannot choose these", values=strange)
    date = choose_date(inputs.feeds, transit.date, Faults()).date
    noon = dt.datetime.combine(date, dt.time(12))
    own = zoneinfo.ZoneInfo(transit.time_zone).utcoffset(noon)
    zones = sorted({z for feed in inputs.feeds for z in feed["agency"].texts("agency_timezone")})
    other = [z for z in zones if zoneinfo.ZoneInfo(z).utcoffset(noon) != own]
    if other:
        faults.add(f"{where} time_zone", "R5 has one clock for all feeds, that of the first",
                   values=[transit.time_zone, *other])  # fmt: skip
    faults.warn(
        where,
        "R5 does not know transfer_max_min (it walks 1 km), transfer_penalty_s, "
        "cross_feed_transfer_s, stations, merge, times in transfers.txt, staying seated where a "
        "train changes its number, and trips of the day before that run past midnight",
    )


@dataclass(frozen=True, eq=False)
class R5Modes:
    """Travel times by R5 for the modes of a study; one process for all of them.

    Parameters
    ----------
    building : Building
    process : R5Process
    service_date : str
    departure : str
        First departure, ISO; noon of any day without a timetable.
    window_s : float, seconds
    """

    building: Building
    process: R5Process
    service_date: str
    departure: str
    window_s: float

    @classmethod
    def build(cls, building: Building, *, command: Sequence[str] | None = None) -> R5Modes:
        """Hand inputs, with the edits of a scenario, to a process of R5.

        Raises
        ------
        EngineError
            Something of R5 is missing.
        """
        study, inputs = building.study, building.inputs
        settings, install = building.reach.r5, _install(building.reach)
        cache = cache_folder() / "r5"
        osm = study.streets.osm[0] if study.streets is not None else Path()
        transit, date = study.transit, ""
        departure, window_s = "2000-01-03T12:00:00", 60.0
        gtfs: tuple[Path, ...] = ()
        if transit is not None and any(m in TRANSIT_MODES for m in building.reach.modes):
            day = choose_date(inputs.feeds, transit.date, Faults()).date
            first = dt.datetime.combine(day, dt.time()) + dt.timedelta(seconds=transit.window_s[0])
            date, departure = day.isoformat(), first.isoformat()
            window_s = float(transit.window_s[1] - transit.window_s[0])
            gtfs = tuple(_kept_feed(feed, cache / "inputs") for feed in inputs.feeds)
        process = R5Process(
            install,
            R5Network(_kept(osm, cache / "inputs"), gtfs),
            inputs.zones.places,
            cache=cache,
            memory="80%" if settings.memory_gb is None else f"{settings.memory_gb:g}G",
            timeout_s=60.0 * settings.timeout_min,
            command=command or COMMAND,
        )
        return cls(building, process, date, departure, window_s)

    def times(self, mode: str) -> R5Times:
        """Travel times of a mode."""
        reach = self.building.reach
        if mode not in TRANSIT_MODES:
            return self._source(mode, (50,))
        direct = self._source("bike" if mode == "bike+transit" else "walk", (50,))
        return self._source(mode, reach.percentiles, direct)

    def _source(
        self, mode: str, percentiles: tuple[int, ...], direct: R5Times | None = None
    ) -> R5Times:
        reach, transit = self.building.reach, self.building.study.transit
        by_transit = mode in TRANSIT_MODES
        task = r5_task(
            mode,
            departure=self.departure,
            window_s=self.window_s if by_transit else 60.0,
            percentiles=percentiles,
            limit_s=self.building.limit_s,
            access_s={m: 60.0 * minutes for m, minutes in reach.access_max_min.items()},
            speeds_kmh=reach.speeds_kmh,
            max_rides=reach.max_rides,
            vehicles=[VEHICLES[v] for v in transit.modes] if transit is not None else (),
        )
        return R5Times(
            self.process,
            self.building.inputs.zones.places,
            mode,
            task,
            percentiles,
            self.building.limit_s,
            self._own_s(mode),
            direct,
        )

    def _own_s(self, mode: str) -> npt.NDArray[np.float32]:
        """Least time inside a zone, by the rule of the own engine."""
        by = {"transit": "walk", "bike+transit": "bike"}.get(mode, mode)
        kmh = self.building.reach.speeds_kmh.get(by, CAR_OWN_ZONE_KMH)
        own_s = own_zone_m(self.building.inputs.zones) * DETOUR / (kmh / 3.6)
        return own_s.astype(np.float32)


def _kept(path: Path, folder: Path) -> Path:
    """The file under a name of its content: r5py tells files apart by their names only."""
    with path.open("rb") as stream:
        digest = hashlib.file_digest(stream, "sha256").hexdigest()[:16]
    kept = folder / f"{digest}{''.join(path.suffixes[-2:])}"
    folder.mkdir(parents=True, exist_ok=True)
    if not kept.exists():
        temporary = kept.with_name(f"{kept.name}.{os.getpid()}.tmp")
        shutil.copyfile(path, temporary)
        temporary.replace(kept)
    return kept


def _kept_feed(feed: Feed, folder: Path) -> Path:
    """The feed as it was read, with the edits of a scenario, under a name of its content."""
    folder.mkdir(parents=True, exist_ok=True)
    written = write_feed(feed, folder / f"{os.getpid()}-{feed.feed_id}.zip")
    kept = _kept(written, folder)
    written.unlink()
    return kept
