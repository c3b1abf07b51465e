"""Whose clock a stop time shows: the agency's, as the reference has it, or the stop's."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Literal

import numpy as np
import numpy.typing as npt

from halfcircle.gtfs.table import Table
from halfcircle.gtfs.times import service_day_utc_s

__all__ = ["Clock", "stop_clock_s", "stop_zones", "trip_zones"]

Clock = Literal["agency", "stop"]
# Zones differ by the same time on this day as on almost any other; where clocks change on
# different dates, the difference of the service day is added when rides are made.
REFERENCE_DATE = dt.date(2020, 1, 15)


def trip_zones(tables: Mapping[str, Table]) -> npt.NDArray[np.object_]:
    """IANA zone of the agency of each trip, shape (n_trips,)."""
    agency = tables["agency"]
    zones = agency.texts("agency_timezone")
    of_agency = dict(zip(agency.texts("agency_id"), zones, strict=True))
    routes = tables["routes"]
    of_route = {
        route: of_agency.get(agency_id, zones[0])
        for route, agency_id in zip(
            routes.texts("route_id"), routes.texts("agency_id"), strict=True
        )
    }
    trips = tables["trips"]
    return trips.column("route_id").map(lambda route: of_route.get(route, zones[0]), object)


def stop_zones(tables: Mapping[str, Table]) -> npt.NDArray[np.object_]:
    """stop_timezone of each stop, else of its station, shape (n_stops,); blank without one."""
    stops = tables["stops"]
    zones = stops.texts("stop_timezone")
    of_stop = dict(zip(stops.texts("stop_id"), zones, strict=True))
    parents = stops.texts("parent_station")
    # A station's zone goes before that of its platforms, which the reference forbids to differ.
    return np.array(
        [of_stop.get(parent, "") or own for own, parent in zip(zones, parents, strict=True)],
        dtype=object,
    )


def clock_difference_s(date: dt.date, shown: str, wanted: str) -> int:
    """Seconds to add to a time on the clock of zone `shown` to have it on that of `wanted`."""
    return service_day_utc_s(date, shown) - service_day_utc_s(date, wanted)


def stop_clock_s(tables: Mapping[str, Table]) -> npt.NDArray[np.int32]:
    """Seconds to add to each row of stop_times.txt to have it on the agency's clock.

    Shape (rows of stop_times.txt,); for feeds that print the local time of each stop.
    """
    times = tables["stop_times"]
    trip_zone = dict(zip(tables["trips"].texts("trip_id"), trip_zones(tables), strict=True))
    stop_zone = dict(zip(tables["stops"].texts("stop_id"), stop_zones(tables), strict=True))
    wanted = times.column("trip_id").map(lambda text: trip_zone[text], object)
    shown = times.column("stop_id").map(lambda text: stop_zone[text], object)
    shift = np.zeros(len(times), dtype=np.int32)
    pairs = set(zip(shown.tolist(), wanted.tolist(), strict=True))
    for own, agency in pairs:
        if own and own != agency:
            rows = (shown == own) & (wanted == agency)
            shift[rows] = clock_difference_s(REFERENCE_DATE, own, agency)
    return shift
