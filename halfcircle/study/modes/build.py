"""From inputs to travel times: one source per mode of the study."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from halfcircle.access.best_of import BestOf
from halfcircle.access.street_times import StreetTimes
from halfcircle.access.transit_times import HeadwayDraws
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import Fault
from halfcircle.gtfs import Merged, Timetable
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.engine import R5Modes, routed
from halfcircle.study.modes.links import ParkingUse
from halfcircle.study.modes.streets import Building, StreetModes, limit_s, snap_reasons
from halfcircle.study.modes.transit import TransitModes
from halfcircle.study.progress import Progress
from halfcircle.study.settings.config import STREET_MODES, TRANSIT_MODES, Study

__all__ = ["Modes", "build_modes", "limit_s"]

UNKNOWN = ("not_snapped", "island")
"""Reasons for which nothing is known; with others, what is reached is nothing."""


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
    parking : ParkingUse, optional
        Who can drive to which parking place, where a mode by car needs it.
    """

    sources: dict[str, TravelTimeSource] = field(default_factory=dict)
    reasons: dict[str, npt.NDArray[np.object_]] = field(default_factory=dict)
    notices: list[Fault] = field(default_factory=list)
    timetable: Timetable | None = None
    joined: list[Merged] = field(default_factory=list)
    service_date: str = ""
    streets: dict[str, StreetTimes] = field(default_factory=dict)
    timetables: dict[int, tuple[Timetable, int, int]] = field(default_factory=dict)
    parking: ParkingUse | None = None


def build_modes(
    study: Study,
    inputs: Inputs,
    *,
    workers: int,
    progress: Progress,
    only: Collection[str] | None = None,
    reuse: Modes | None = None,
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
    reuse : Modes, optional
        Of an earlier build: its streets and timetables need not be built again, and sets of
        modes are made of its sources where they are not among those wanted.

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
    building = Building(study, study.reach, inputs, workers, progress, modes.notices)
    reuse = reuse or Modes()
    wanted = None if only is None else set(only)
    if wanted is not None:
        for name in wanted & study.reach.best_of.keys():
            wanted |= set(study.reach.best_of[name]) - reuse.sources.keys()
    on_streets = StreetModes(building, reuse.streets)
    by_transit = TransitModes(building, on_streets, reuse.timetables)
    r5 = routed(study.reach) if study.reach.engine == "r5" else ()
    if any(wanted is None or mode in wanted for mode in r5):
        with progress.stage("inputs handed to R5"):
            by_r5 = R5Modes.build(building)
            modes.service_date = by_r5.service_date
    places = inputs.zones.places
    for mode in study.reach.modes:
        if wanted is not None and mode not in wanted:
            continue
        reasons: npt.NDArray[np.object_] = np.full(len(places), "", dtype=object)
        source: TravelTimeSource
        if mode in r5:
            source = by_r5.times(mode)
        elif mode in STREET_MODES:
            source = street = on_streets.times(mode)
            reasons = snap_reasons(street.snaps)
        elif mode in TRANSIT_MODES:
            source, reasons = by_transit.times(mode)
        elif mode == "crow_fly":
            source = on_streets.crow_fly(study.reach.crow_fly_kmh, study.reach.crow_fly_detour)
        elif mode in study.reach.best_of:
            continue  # made of the others, below
        else:
            source = next(times for times in inputs.times if times.mode == mode)
        modes.sources[mode], modes.reasons[mode] = source, reasons
    for name in study.reach.best_of:
        if wanted is None or name in wanted:
            members = study.reach.best_of[name]
            made = {**reuse.sources, **modes.sources}
            modes.sources[name] = _best_of(name, [made[mode] for mode in members])
            why = {**reuse.reasons, **modes.reasons}
            modes.reasons[name] = _common_reasons([why[mode] for mode in members])
    modes.streets.update(on_streets.built)
    modes.timetables.update(by_transit.timetables)
    modes.joined.extend(by_transit.joined)
    modes.service_date = by_transit.service_date or modes.service_date or reuse.service_date
    modes.parking = reuse.parking if not by_transit.links else by_transit.links[0].parking
    if by_transit.timetables:
        modes.timetable = by_transit.timetables[0][0]
    return modes


def _best_of(name: str, members: Sequence[TravelTimeSource]) -> TravelTimeSource:
    """The fastest of several modes; per draw where headway services are drawn."""
    n_draws = max([1, *(len(m.draws) for m in members if isinstance(m, HeadwayDraws))])
    drawn = tuple(
        BestOf(name, tuple(m.draws[k] if isinstance(m, HeadwayDraws) else m for m in members))
        for k in range(n_draws)
    )
    return drawn[0] if n_draws == 1 else HeadwayDraws(drawn)


def _common_reasons(several: Sequence[npt.NDArray[np.object_]]) -> npt.NDArray[np.object_]:
    """Why a zone has none of several modes; of several reasons the one that says most."""
    found = several[0]
    for other in several[1:]:
        better = np.isin(found, UNKNOWN) & ~np.isin(other, UNKNOWN)
        found = np.where((found == "") | (other == ""), "", np.where(better, other, found))
    return found
