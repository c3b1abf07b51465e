"""Ways to and from stops of every chain of modes, each within the limit of the vehicle boarded."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from halfcircle.access.hubs import Hubs, through_hubs
from halfcircle.access.linked_ways import LinkedWays, Way, fastest_links
from halfcircle.access.linking import Pairs
from halfcircle.access.r5_rules import EGRESS_MAX_M
from halfcircle.errors import Fault, StudyError
from halfcircle.gtfs import MODES as VEHICLES
from halfcircle.gtfs.timetable import Stops
from halfcircle.study.modes.streets import Building, StreetModes
from halfcircle.study.settings.config import SharedBikesConfig, Study
from halfcircle.study.settings.mode_names import TRANSIT_MODES, access_way, bikes_at_the_end

__all__ = ["ChainLinks", "ParkingUse", "VehicleLimits", "vehicle_limits"]

Float64 = npt.NDArray[np.float64]
End = tuple[str, str]


@dataclass(frozen=True)
class VehicleLimits:
    """Longest ways by the vehicle that is boarded or left, and the classes that they make.

    Parameters
    ----------
    class_of : dict of int to int
        Class of each basic route type; all of a class have the same limits.
    by_class : dict of (str, str) to array of float64, seconds
        By end (``"access"``, ``"egress"``) and way: the limit of each class, and last that of
        stops where no vehicle calls. Negative where the way is not taken to such vehicles.
    """

    class_of: dict[int, int]
    by_class: dict[End, Float64]

    def at_stops(self, end: End, stop_class: npt.NDArray[np.int64]) -> Float64:
        """Limit at each stop, seconds."""
        return self.by_class[end][stop_class]


def vehicle_limits(study: Study) -> VehicleLimits:
    """Limits of a study, for the ways that its modes take."""
    ends = sorted(_ends(study))
    usual = tuple(_limit_s(study, end, None) for end in ends)
    class_of: dict[int, int] = {}
    limits: dict[tuple[float, ...], int] = {}
    # Buses have a high number: the class that most stops have in common keeps them.
    for vehicle, route_type in sorted(VEHICLES.items(), key=lambda item: -item[1]):
        own = tuple(_limit_s(study, end, vehicle) for end in ends)
        class_of[route_type] = limits.setdefault(own, len(limits))
    rows = np.array([*limits, usual], dtype=np.float64).reshape(len(limits) + 1, len(ends))
    return VehicleLimits(class_of, {end: rows[:, k] for k, end in enumerate(ends)})


def _ends(study: Study) -> set[End]:
    modes: Iterable[str] = () if study.reach is None else study.reach.modes
    ends: set[End] = set()
    for mode in modes:
        if mode in TRANSIT_MODES:
            ends |= {("access", "walk"), ("access", access_way(mode)), ("egress", "walk")}
            if bikes_at_the_end(mode):
                ends.add(("egress", "bike"))
    return ends


def _limit_s(study: Study, end: End, vehicle: str | None) -> float:
    """Longest way to or from a vehicle, seconds; of None where no vehicle calls."""
    reach, (side, way) = study.reach, end
    if reach is None:
        return 0.0
    kind = vehicle or ""
    if way == "car_passenger":
        if kind not in study.kiss_and_ride.vehicles:
            return -1.0
        way = "car"
    to_stop = reach.access_max_min_by_vehicle.get(kind, {})
    if side == "access":
        return 60.0 * to_stop.get(way, reach.access_max_min[way])
    own = reach.egress_max_min_by_vehicle.get(kind, {})
    if way == "bike":
        bikes = study.shared_bikes
        return 60.0 * own.get("bike", 0.0 if bikes is None else bikes.max_min)
    as_access = to_stop.get("walk", reach.access_max_min["walk"])
    return 60.0 * own.get("walk", reach.egress_max_min.get("walk", as_access))


@dataclass(frozen=True, eq=False)
class ParkingUse:
    """Ways to parking places and on: who can use them.

    Parameters
    ----------
    drive : Pairs
        From zones to places, within the longest limit of any vehicle.
    walk : Pairs
        From places to stops.
    """

    drive: Pairs
    walk: Pairs


@dataclass(eq=False)
class ChainLinks:
    """Links of all chains of a study over one set of stops; what they share is found once.

    Parameters
    ----------
    building : Building
    streets : StreetModes
    stops : Stops
    stop_class : array of int64, shape (n_stops,)
        Of `VehicleLimits.class_of`; -1 where no vehicle calls.
    limits : VehicleLimits
    """

    building: Building
    streets: StreetModes
    stops: Stops
    stop_class: npt.NDArray[np.int64]
    limits: VehicleLimits
    found: dict[End, Way] = field(default_factory=dict)
    parking: ParkingUse | None = None

    def access(self, mode: str) -> LinkedWays:
        """Ways to the stops where people get on: on foot, or as the mode says."""
        ends = dict.fromkeys((("access", "walk"), ("access", access_way(mode))))
        return self._fastest(ends)

    def egress(self, mode: str) -> LinkedWays:
        """Ways from the stops where people got off, seen from the destinations."""
        ends = [("egress", "walk")]
        if bikes_at_the_end(mode):
            ends.append(("egress", "bike"))
        return self._fastest(ends)

    def _fastest(self, ends: Iterable[End]) -> LinkedWays:
        for end in ends:
            if end not in self.found:
                self.found[end] = self._way(end)
        places = self.building.inputs.zones.places
        return fastest_links([self.found[end] for end in ends], len(places))

    def _way(self, end: End) -> Way:
        side, way = end
        if side == "egress":
            return self._shared_bikes() if way == "bike" else self._egress_on_foot()
        if way == "car":
            return self._park_and_ride()
        if way == "car_passenger":
            return self._kiss_and_ride()
        limit_s = self.limits.at_stops(end, self.stop_class)
        pairs = self._pairs(way, self._zones, self._at_stops, float(limit_s.max(initial=1.0)))
        return Way(way, pairs.within(limit_s))

    @property
    def _zones(self) -> tuple[Float64, Float64]:
        places = self.building.inputs.zones.places
        return places.lon, places.lat

    @property
    def _at_stops(self) -> tuple[Float64, Float64]:
        return self.stops.lon, self.stops.lat

    def _pairs(
        self,
        mode: str,
        from_lonlat: tuple[Float64, Float64],
        to_lonlat: tuple[Float64, Float64],
        limit_s: float,
        *,
        kmh: float | None = None,
    ) -> Pairs:
        ways = self.streets.ways(mode, kmh=kmh)
        workers = self.building.workers
        if not len(from_lonlat[0]) or not len(to_lonlat[0]) or limit_s <= 0.0:
            nothing = np.empty(0, dtype=np.int64)
            return Pairs(nothing, nothing, np.empty(0))
        return ways.pairs(from_lonlat, to_lonlat, limit_s=limit_s, workers=workers)

    def _egress_on_foot(self) -> Way:
        limit_s = self.limits.at_stops(("egress", "walk"), self.stop_class)
        transit = self.building.study.transit
        if transit is not None and transit.rules == "r5":
            walk_m_s = self.building.reach.speeds_kmh["walk"] / 3.6
            limit_s = np.minimum(limit_s, EGRESS_MAX_M / walk_m_s)
        longest_s = float(limit_s.max(initial=1.0))
        pairs = self._pairs("walk", self._at_stops, self._zones, longest_s).swapped()
        return Way("walk", pairs.within(limit_s))

    def _park_and_ride(self) -> Way:
        config, places = self.building.study.park_and_ride, self.building.inputs.parking
        if config is None or places is None:
            raise StudyError("mode car+transit needs the table [park_and_ride]")
        limit_s = self.limits.at_stops(("access", "car"), self.stop_class)
        drive = self._pairs("car", self._zones, places.lonlat, float(limit_s.max(initial=1.0)))
        walk = self._pairs("walk", places.lonlat, self._at_stops, 60.0 * config.walk_max_min)
        self._note_far(
            "[park_and_ride]", "parking places", places, walk.from_idx, config.walk_max_min
        )
        self.parking = ParkingUse(drive, walk)
        found = through_hubs(drive, walk, places.handling_s, first_limit_s=limit_s)
        return Way("car", found, places)

    def _kiss_and_ride(self) -> Way:
        limit_s = self.limits.at_stops(("access", "car_passenger"), self.stop_class)
        stop = np.flatnonzero(limit_s >= 0.0)
        if not len(stop):
            self.building.notices.append(
                Fault(
                    "[kiss_and_ride] vehicles",
                    "no such vehicle calls anywhere: nobody is driven to a stop",
                    values=self.building.study.kiss_and_ride.vehicles,
                    severity="notice",
                )
            )
        at = (self.stops.lon[stop], self.stops.lat[stop])
        drive = self._pairs("car", self._zones, at, float(limit_s.max(initial=1.0)))
        to_idx = stop[drive.to_idx]
        keep = drive.seconds <= limit_s[to_idx]
        seconds = drive.seconds[keep] + self.building.study.kiss_and_ride.dropoff_s
        return Way("car_passenger", Pairs(drive.from_idx[keep], to_idx[keep], seconds))

    def _shared_bikes(self) -> Way:
        config, places = self.building.study.shared_bikes, self.building.inputs.rental
        if config is None or places is None:
            raise StudyError("modes that end with +bike need the table [shared_bikes]")
        limit_s = self.limits.at_stops(("egress", "bike"), self.stop_class)
        walk_s, longest_s = 60.0 * config.walk_max_min, float(limit_s.max(initial=1.0))
        walk = self._pairs("walk", self._at_stops, places.lonlat, walk_s)
        self._note_far("[shared_bikes]", "rental places", places, walk.to_idx, config.walk_max_min)
        ride = self._rides(config, places, longest_s)
        found = through_hubs(walk, ride, places.handling_s, last_limit_s=limit_s)
        seen_from_the_end = replace(found, pairs=found.pairs.swapped())
        return Way("shared_bike", seen_from_the_end, places)

    def _rides(self, config: SharedBikesConfig, places: Hubs, longest_s: float) -> Pairs:
        """From rental places to destinations, where need be by way of a place to return it."""
        if config.returned == "anywhere":
            return self._pairs("bike", places.lonlat, self._zones, longest_s, kmh=config.kmh)
        ride = self._pairs("bike", places.lonlat, places.lonlat, longest_s, kmh=config.kmh)
        walk = self._pairs("walk", places.lonlat, self._zones, 60.0 * config.walk_max_min)
        return_s = np.full(len(places), 60.0 * config.return_min)
        return through_hubs(ride, walk, return_s).pairs

    def _note_far(
        self, where: str, what: str, places: Hubs, near: npt.NDArray[np.int64], walk_max_min: float
    ) -> None:
        """Notice of places that nobody can use."""
        far = np.setdiff1d(np.arange(len(places)), near)
        if len(far):
            self.building.notices.append(
                Fault(
                    where,
                    f"{what} with no stop within {walk_max_min:g} minutes on foot are of no use",
                    values=tuple(str(name) for name in places.name[far[:5]]),
                    count=len(far),
                    severity="notice",
                )
            )
