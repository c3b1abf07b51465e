"""From inputs to travel times: one source per mode of the study."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from halfcircle.access.street_times import StreetTimes
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import Fault
from halfcircle.gtfs import Merged, Timetable
from halfcircle.study.config import STREET_MODES, TRANSIT_MODES, Study
from halfcircle.study.inputs import Inputs
from halfcircle.study.modes_streets import Building, StreetModes, limit_s, snap_reasons
from halfcircle.study.modes_transit import TransitModes
from halfcircle.study.progress import Progress

__all__ = ["Modes", "build_modes", "limit_s"]


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
    building = Building(study, study.reach, inputs, workers, progress, modes.notices)
    on_streets = StreetModes(building, streets or {})
    by_transit = TransitModes(building, on_streets)
    places = inputs.zones.places
    for mode in study.reach.modes:
        if only is not None and mode not in only:
            continue
        reasons: npt.NDArray[np.object_] = np.full(len(places), "", dtype=object)
        source: TravelTimeSource
        if mode in STREET_MODES:
            source = street = on_streets.times(mode)
            reasons = snap_reasons(street)
        elif mode in TRANSIT_MODES:
            source, reasons = by_transit.times(mode)
        elif mode == "crow_fly":
            source = on_streets.crow_fly(study.reach.crow_fly_kmh, study.reach.crow_fly_detour)
        else:
            source = next(times for times in inputs.times if times.mode == mode)
        modes.sources[mode], modes.reasons[mode] = source, reasons
    modes.streets.update(on_streets.built)
    modes.timetables.update(by_transit.timetables)
    modes.joined.extend(by_transit.joined)
    modes.service_date = by_transit.service_date
    if by_transit.timetables:
        modes.timetable = by_transit.timetables[0][0]
    return modes
