"""Travel times by R5, as a source like any other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle._checks import frozen_array
from halfcircle.access.r5_process import R5Process
from halfcircle.places import Places

__all__ = ["R5Times", "r5_task"]

# What R5 routes with, and what people get to stops with.
MODES = {
    "walk": (("WALK",), ("WALK",)),
    "bike": (("BICYCLE",), ("BICYCLE",)),
    "car": (("CAR",), ("CAR",)),
    "transit": (("TRANSIT",), ("WALK",)),
    "bike+transit": (("TRANSIT",), ("BICYCLE",)),
}
LAST_SECOND = np.float32(59.0)


def r5_task(
    mode: str,
    *,
    departure: str,
    window_s: float,
    percentiles: Sequence[int],
    limit_s: float,
    access_s: Mapping[str, float],
    speeds_kmh: Mapping[str, float],
    max_rides: int = 8,
    vehicles: Sequence[str] = (),
) -> dict[str, Any]:
    """What R5 is asked for one mode, as plain values that JSON can hold.

    Parameters
    ----------
    mode : str
        A key of `MODES`.
    departure : str
        First departure on the clock of the feeds, ISO.
    window_s : float, seconds
        Departures every minute, over this long.
    percentiles : sequence of int
        At most five.
    limit_s : float, seconds
        Longest travel time, at most 7,200.
    access_s : mapping of str to float, seconds
        Longest ways to and from stops, on foot (``walk``) and by ``bike``.
    speeds_kmh : mapping of str to float
        ``walk`` and ``bike``.
    max_rides : int
    vehicles : sequence of str
        Only these, by R5's names; all when left out.

    Returns
    -------
    dict
        ``departure``; ``seconds``, durations by name; ``plain``, other arguments of r5py.
    """
    routed, access = MODES[mode]
    by_transit = mode.endswith("transit")
    walk_s = access_s["walk"] if by_transit else limit_s
    bike_s = access_s["bike"] if by_transit else limit_s
    return {
        "departure": departure,
        "seconds": {
            "departure_time_window": window_s,
            "max_time": limit_s,
            "max_time_walking": min(walk_s, limit_s),
            "max_time_cycling": min(bike_s, limit_s),
        },
        "plain": {
            "percentiles": list(percentiles),
            "transport_modes": list(vehicles) if by_transit and vehicles else list(routed),
            "access_modes": list(access),
            "egress_modes": ["WALK"] if by_transit else list(access),
            "speed_walking": speeds_kmh["walk"],
            "speed_cycling": speeds_kmh["bike"],
            "max_public_transport_rides": max_rides,
            # All streets that bicycles may use, however busy: as in the own engine.
            "max_bicycle_traffic_stress": 4,
        },
    }


@dataclass(frozen=True, eq=False)
class R5Times:
    """Travel times by R5; a `TravelTimeSource`.

    R5's matrices hold whole minutes, cut off: 59 stands for 59:00 to 59:59. Taken as its last
    second, a place is within a band exactly where R5 counts it there (its time is below the band).

    Parameters
    ----------
    process : R5Process
    places : Places
    mode : str
    task : dict
        From `r5_task`.
    percentiles : tuple of int
        ``(50,)`` for modes without a timetable.
    limit_s : float, seconds
    own_s : array of float32, shape (n,), seconds
        Least time of a trip inside a zone; R5 knows 0 there.
    direct : R5Times, optional
        The way without a ride: R5 bounds it by the longest way to a stop.
    """

    process: R5Process
    places: Places
    mode: str
    task: dict[str, Any]
    percentiles: tuple[int, ...]
    limit_s: float
    own_s: npt.NDArray[np.float32]
    direct: R5Times | None = None
    here_only: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "own_s", frozen_array(self.own_s, np.float32))

    @property
    def origins(self) -> Places:
        """Where trips start."""
        return self.places

    @property
    def destinations(self) -> Places:
        """Where trips end."""
        return self.places

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of a block: (n_block, n_percentiles, n_destinations), seconds.

        Raises
        ------
        EngineError
            R5 stopped, or took too long.
        """
        found = self.process.minutes(origin_idx, self.task) * np.float32(60.0) + LAST_SECOND
        if self.direct is not None:
            found = np.minimum(found, self.direct.times_s(origin_idx))
        rows = np.arange(len(origin_idx))
        own_s = self.own_s[origin_idx][:, np.newaxis]
        # 0 minutes from a zone to itself is no answer; the mean way inside it is.
        found[rows, :, origin_idx] = own_s
        found[found > np.float32(self.limit_s)] = np.inf
        return found
