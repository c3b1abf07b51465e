"""The compiled timetable: patterns, trips and transfers as arrays that kernels run over.

It is what readers of any timetable format produce and what every search consumes. All times are
int32 seconds after `origin_utc_s`, so that feeds of several zones, days with a clock change and
trips of yesterday that run past midnight lie on one axis.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from halfcircle._checks import frozen_array, id_array
from halfcircle.errors import Fault, FeedError

__all__ = ["Merged", "Stops", "Timetable"]

Int32 = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Merged:
    """Two things of the feeds that are one in the timetable.

    Parameters
    ----------
    kind : {"station", "through", "duplicate", "border"}
        A station of two feeds; trips that run through into each other; a trip dropped because
        another carries it; a train of which two feeds carry a part each.
    first, second : str
        ``"feed:id"`` of stations or trips; of a duplicate `first` is kept.
    reason : str
    """

    kind: Literal["station", "through", "duplicate", "border"]
    first: str
    second: str
    reason: str


@dataclass(frozen=True, eq=False)
class Stops:
    """Where vehicles stop.

    Parameters
    ----------
    stop_id : array of str, shape (n_stops,)
        ``"feed:stop_id"``; unique.
    name : array of str, shape (n_stops,)
    lon, lat : array of float64, shape (n_stops,), degrees (WGS 84)
    feed_idx : array of int32, shape (n_stops,)
        Feed that the stop comes from.
    station_idx : array of int32, shape (n_stops,)
        Stops with one number belong to one station (parent_station, or stations of several feeds
        found equal); numbers run from 0 without gaps.
    """

    stop_id: npt.NDArray[np.object_]
    name: npt.NDArray[np.object_]
    lon: npt.NDArray[np.float64]
    lat: npt.NDArray[np.float64]
    feed_idx: Int32
    station_idx: Int32

    def __post_init__(self) -> None:
        for label in ("stop_id", "name"):
            object.__setattr__(self, label, id_array(getattr(self, label)))
        for label in ("lon", "lat"):
            object.__setattr__(self, label, frozen_array(getattr(self, label), np.float64))
        for label in ("feed_idx", "station_idx"):
            object.__setattr__(self, label, frozen_array(getattr(self, label), np.int32))

    def __len__(self) -> int:
        return len(self.stop_id)


@dataclass(frozen=True, eq=False)
class Timetable:
    """Trips of one window of time, grouped into patterns in which none overtakes another.

    Parameters
    ----------
    stops : Stops
    origin_utc_s : int
        UTC epoch second of time 0: "noon minus 12 h" of the study's date in its time zone.
    time_zone : str
        IANA name of the zone in which the study's window is given.
    pattern_ptr : array of int32, shape (n_patterns + 1,)
        Positions of pattern p: ``pattern_ptr[p]:pattern_ptr[p + 1]`` of the ``pattern_*`` arrays.
    pattern_stop : array of int32, shape (n_positions,)
        Stop at each position.
    pattern_board, pattern_alight : array of bool, shape (n_positions,)
        Whether passengers may get on or off at the position.
    pattern_route_type : array of int32, shape (n_patterns,)
        Basic GTFS route type (0 tram, 1 metro, 2 rail, 3 bus, 4 ferry, ...).
    trip_ptr : array of int32, shape (n_patterns + 1,)
        Trips of pattern p are ``trip_ptr[p]:trip_ptr[p + 1]``, by departure; within a pattern both
        arrival and departure never decrease from a trip to the next, at every position.
    event_ptr : array of int64, shape (n_patterns + 1,)
        Events of pattern p start at ``event_ptr[p]``, trip by trip: the event of trip t at
        position i is ``event_ptr[p] + (t - trip_ptr[p]) * length(p) + i``.
    arrival_s, departure_s : array of int32, shape (n_events,), seconds after `origin_utc_s`
    trip_id : array of str, shape (n_trips,)
        ``"feed:trip_id"``; trips that run through into each other are one trip here, ids joined
        by ``" + "``; a trip expanded from frequencies.txt carries ``"#number"``, one of another
        service day than the study's ``"@2024-05-13"``. Unique.
    trip_route_idx : array of int32, shape (n_trips,)
        Row of `route_id` and `route_name`.
    route_id, route_name : array of str, shape (n_routes,)
    change_s : array of int32, shape (n_stops,), seconds
        Least time between getting off and getting on at the same stop; -1 where changing at the
        stop is forbidden.
    transfer_ptr : array of int64, shape (n_stops + 1,)
        Transfers from stop s are ``transfer_ptr[s]:transfer_ptr[s + 1]``.
    transfer_stop : array of int32, shape (n_transfers,)
    transfer_s : array of int32, shape (n_transfers,), seconds
        Least time between getting off at one stop and getting on at the other, walking and slack
        included. A search takes one transfer between two rides, never a chain.
    fixed_pairs : array of int64, shape (n_pairs, 2)
        Stop pairs whose transfer is decided by the feed (its time, or that it is forbidden):
        footpaths found over streets do not replace them.
    notices : tuple of Fault
        What was dropped or noticed while compiling.
    merged : tuple of Merged
        Stations, trips and trains of several feeds that became one, and trips that run through.
    """

    stops: Stops
    origin_utc_s: int
    time_zone: str
    pattern_ptr: Int32
    pattern_stop: Int32
    pattern_board: npt.NDArray[np.bool_]
    pattern_alight: npt.NDArray[np.bool_]
    pattern_route_type: Int32
    trip_ptr: Int32
    event_ptr: npt.NDArray[np.int64]
    arrival_s: Int32
    departure_s: Int32
    trip_id: npt.NDArray[np.object_]
    trip_route_idx: Int32
    route_id: npt.NDArray[np.object_]
    route_name: npt.NDArray[np.object_]
    change_s: Int32
    transfer_ptr: npt.NDArray[np.int64]
    transfer_stop: Int32
    transfer_s: Int32
    fixed_pairs: npt.NDArray[np.int64] = field(
        default_factory=lambda: np.empty((0, 2), dtype=np.int64)
    )
    notices: tuple[Fault, ...] = ()
    merged: tuple[Merged, ...] = ()

    def __post_init__(self) -> None:
        dtypes: dict[str, type] = {
            "pattern_ptr": np.int32,
            "pattern_stop": np.int32,
            "pattern_board": np.bool_,
            "pattern_alight": np.bool_,
            "pattern_route_type": np.int32,
            "trip_ptr": np.int32,
            "event_ptr": np.int64,
            "arrival_s": np.int32,
            "departure_s": np.int32,
            "trip_route_idx": np.int32,
            "change_s": np.int32,
            "transfer_ptr": np.int64,
            "transfer_stop": np.int32,
            "transfer_s": np.int32,
            "fixed_pairs": np.int64,
        }
        for label, dtype in dtypes.items():
            object.__setattr__(self, label, frozen_array(getattr(self, label), dtype))
        for label in ("trip_id", "route_id", "route_name"):
            object.__setattr__(self, label, id_array(getattr(self, label)))
        length = np.diff(self.pattern_ptr)
        n_events = int((length.astype(np.int64) * np.diff(self.trip_ptr)).sum())
        if len(self.arrival_s) != n_events or len(self.departure_s) != n_events:
            raise FeedError(
                f"timetable: {len(self.arrival_s)} arrivals, {len(self.departure_s)} departures, "
                f"expected {n_events} of each"
            )
        if len(self.transfer_ptr) != len(self.stops) + 1 or len(self.change_s) != len(self.stops):
            raise FeedError("timetable: transfers do not fit the number of stops")

    def __repr__(self) -> str:
        return (
            f"<Timetable: {len(self.stops):,} stops, {self.n_patterns:,} patterns, "
            f"{self.n_trips:,} trips, {len(self.arrival_s):,} stop times, "
            f"{len(self.transfer_stop):,} transfers, {self.time_zone}>"
        )

    @property
    def n_patterns(self) -> int:
        """Number of patterns."""
        return len(self.pattern_ptr) - 1

    @property
    def n_trips(self) -> int:
        """Number of trips."""
        return len(self.trip_id)

    def with_footpaths(
        self,
        from_stop_idx: npt.ArrayLike,
        to_stop_idx: npt.ArrayLike,
        seconds: npt.ArrayLike,
    ) -> Timetable:
        """Add footpaths found elsewhere, for instance over streets.

        Pairs in `fixed_pairs` keep what the feed says; for any other pair the shorter time wins.
        Footpaths from a stop to itself are left out: `change_s` rules there.

        Parameters
        ----------
        from_stop_idx, to_stop_idx : array of int, shape (n,)
        seconds : array of int, shape (n,), seconds
            From getting off to being ready to get on.
        """
        n = len(self.stops)
        old_from = np.repeat(np.arange(n, dtype=np.int64), np.diff(self.transfer_ptr))
        new_from = np.asarray(from_stop_idx, dtype=np.int64)
        new_to = np.asarray(to_stop_idx, dtype=np.int64)
        new_s = np.asarray(seconds, dtype=np.int64)
        fixed = self.fixed_pairs[:, 0] * n + self.fixed_pairs[:, 1]
        keep = (new_from != new_to) & ~np.isin(new_from * n + new_to, fixed)
        key = np.concatenate([old_from * n + self.transfer_stop, new_from[keep] * n + new_to[keep]])
        time_s = np.concatenate([self.transfer_s.astype(np.int64), new_s[keep]])
        order = np.lexsort((time_s, key))
        key, time_s = key[order], time_s[order]
        first = np.ones(len(key), dtype=bool)
        first[1:] = key[1:] != key[:-1]
        key, time_s = key[first], time_s[first]
        ptr = np.zeros(n + 1, dtype=np.int64)
        np.cumsum(np.bincount(key // n, minlength=n), out=ptr[1:])
        return replace(self, transfer_ptr=ptr, transfer_stop=key % n, transfer_s=time_s)
