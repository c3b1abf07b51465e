"""Travel times by public transport, as one of the modes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.access.linked_ways import LinkedWays
from halfcircle.access.transit import UNREACHED_LANE, TransitSearch
from halfcircle.access.travel_times import ShownSource, TravelTimeSource
from halfcircle.places import Places

__all__ = ["HeadwayDraws", "TransitTimes"]


@dataclass(frozen=True, eq=False, repr=False)
class TransitTimes(ShownSource):
    """Travel times of a transit search between places; a `FusedSource`, too.

    Parameters
    ----------
    search : TransitSearch
        Access and egress links in the order of `places`.
    places : Places
        Origins and destinations.
    mode : str
        ``"transit"``, ``"bike+transit"``, ...
    access, egress : LinkedWays, optional
        How the links of the search are travelled, for those who want to know.
    """

    search: TransitSearch
    places: Places
    mode: str = "transit"
    access: LinkedWays | None = None
    egress: LinkedWays | None = None

    @property
    def percentiles(self) -> tuple[int, ...]:
        """Percentiles of travel time over the departure window."""
        return self.search.percentiles

    @property
    def origins(self) -> Places:
        """Where trips start."""
        return self.places

    @property
    def destinations(self) -> Places:
        """Where trips end."""
        return self.places

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of a block: (n_block, n_percentiles, n_destinations), seconds."""
        return self.search.times_s(origin_idx)

    def service(self, origin_idx: npt.NDArray[np.int64]) -> dict[str, npt.NDArray[np.float64]]:
        """How a block of origins is served: why travel times are what they are.

        Parameters
        ----------
        origin_idx : array of int64, shape (n_block,)

        Returns
        -------
        dict of str to array of float64, shape (n_block, n_destinations)
            ``connections_per_hour``: different arrivals by vehicle within the limit over the
            length of the window, 0 where there is none; ``fastest_min``: minutes of the
            best-timed departure, infinite where none gets there. Memory is one origin at a time.
        """
        query = self.search.query
        departure_s = query.departures_s
        hours = (query.end_s - query.start_s) / 3600.0
        shape = (len(origin_idx), len(self.places))
        per_hour, fastest_min = np.zeros(shape), np.full(shape, np.inf)
        for row, origin in enumerate(origin_idx):
            one = np.array([origin], dtype=np.int64)
            lanes = self.search.lanes_s(one)[0]
            reached = lanes < UNREACHED_LANE
            direct = self.search.direct_s
            by_vehicle = reached
            if direct is not None:
                by_vehicle = reached & (lanes < direct(one)[0][:, np.newaxis])
            # Arrivals never fall from departure to departure: a new one is another connection.
            arrival_s = np.where(by_vehicle, departure_s + lanes, -1)
            new = np.maximum.accumulate(arrival_s, axis=1)
            first = (by_vehicle[:, 0]).astype(np.int64)
            per_hour[row] = (first + (np.diff(new, axis=1) > 0).sum(axis=1)) / hours
            best_s = np.where(reached, lanes, UNREACHED_LANE).min(axis=1)
            fastest_min[row] = np.where(reached.any(axis=1), best_s / 60.0, np.inf)
        return {"connections_per_hour": per_hour, "fastest_min": fastest_min}

    def opportunities_within(
        self,
        origin_idx: npt.NDArray[np.int64],
        weights: npt.NDArray[np.float64],
        cutoffs_s: npt.NDArray[np.float32],
    ) -> npt.NDArray[np.float64]:
        """Opportunities within cutoffs, decided by counting departures; see `FusedSource`."""
        return self.search.opportunities_within(
            origin_idx, weights.T, np.floor(cutoffs_s).astype(np.int64)
        )

    def over_departures(
        self,
        origin_idx: npt.NDArray[np.int64],
        weights: npt.NDArray[np.float64],
        cutoffs_s: npt.NDArray[np.float32],
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Mean and percentiles of reach over the departures; see `DepartureSource`."""
        return self.search.over_departures(
            origin_idx, weights.T, np.floor(cutoffs_s).astype(np.int64)
        )


@dataclass(frozen=True, eq=False, repr=False)
class HeadwayDraws(ShownSource):
    """The same mode with headway services departing otherwise in each draw.

    Services that state a headway and no departures are expanded with phases that nobody knows;
    results over several draws tell how much hangs on them. As a `TravelTimeSource` it gives the
    times of the first draw.

    Parameters
    ----------
    draws : tuple of TravelTimeSource
        At least two.
    """

    draws: tuple[TravelTimeSource, ...]

    @property
    def mode(self) -> str:
        """Name of the mode."""
        return self.draws[0].mode

    @property
    def percentiles(self) -> tuple[int, ...]:
        """Percentiles of travel time over the departure window."""
        return self.draws[0].percentiles

    @property
    def origins(self) -> Places:
        """Where trips start."""
        return self.draws[0].origins

    @property
    def destinations(self) -> Places:
        """Where trips end."""
        return self.draws[0].destinations

    def times_s(self, origin_idx: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        """Travel times of the first draw; see `TransitTimes.times_s`."""
        return self.draws[0].times_s(origin_idx)
