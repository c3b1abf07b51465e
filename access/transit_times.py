"""Travel times by public transport, as one of the modes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle.access.linked_ways import LinkedWays
from halfcircle.access.transit import TransitSearch
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
