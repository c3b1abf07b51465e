"""Ways to and from stops of which each takes the fastest of several means of travel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from halfcircle._checks import frozen_array
from halfcircle.access.hubs import HubPairs, Hubs
from halfcircle.access.linking import Pairs
from halfcircle.access.transit import StopLinks

__all__ = ["LinkedWays", "Way", "fastest_links"]


@dataclass(frozen=True, eq=False)
class Way:
    """One means of travel between places and stops.

    Parameters
    ----------
    name : str
        ``"walk"``, ``"bike"``, ``"car"``, ...
    found : Pairs or HubPairs
        From places to stops.
    hubs : Hubs, optional
        Where it changes hands.
    """

    name: str
    found: Pairs | HubPairs
    hubs: Hubs | None = None

    @property
    def pairs(self) -> Pairs:
        """Whole ways."""
        return self.found.pairs if isinstance(self.found, HubPairs) else self.found


@dataclass(frozen=True, eq=False)
class LinkedWays:
    """Links between places and stops, and how each is travelled.

    Parameters
    ----------
    links : StopLinks
    ways : tuple of Way
    way_idx : array of int8, shape (n_links,)
        Row of `ways`.
    pair_idx : array of int64, shape (n_links,)
        Entry of that way.
    """

    links: StopLinks
    ways: tuple[Way, ...]
    way_idx: npt.NDArray[np.int8]
    pair_idx: npt.NDArray[np.int64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "way_idx", frozen_array(self.way_idx, np.int8))
        object.__setattr__(self, "pair_idx", frozen_array(self.pair_idx, np.int64))

    def told(self, place_idx: int, stop_idx: int) -> tuple[str, str, tuple[float, float] | None]:
        """How a link is travelled.

        Returns
        -------
        str
            Name of the way.
        str
            Name of the hub; blank where there is none.
        tuple of float, optional
            Its longitude and latitude.
        """
        first, last = self.links.ptr[place_idx], self.links.ptr[place_idx + 1]
        at = first + int(np.searchsorted(self.links.stop_idx[first:last], stop_idx))
        way = self.ways[int(self.way_idx[at])]
        if not isinstance(way.found, HubPairs) or way.hubs is None:
            return way.name, "", None
        hub = int(way.found.hub_idx[self.pair_idx[at]])
        return (
            way.name,
            str(way.hubs.name[hub]),
            (float(way.hubs.lon[hub]), float(way.hubs.lat[hub])),
        )


def fastest_links(ways: Sequence[Way], n_places: int) -> LinkedWays:
    """Of several ways between the same places and stops, the fastest for each pair.

    Parameters
    ----------
    ways : sequence of Way
        Of ways that take the same time, the first counts.
    n_places : int

    Returns
    -------
    LinkedWays
        Stops of a place ascending.
    """
    pairs = [way.pairs for way in ways]
    place = np.concatenate([p.from_idx for p in pairs])
    stop = np.concatenate([p.to_idx for p in pairs])
    seconds = np.concatenate([p.seconds for p in pairs])
    way = np.repeat(np.arange(len(pairs)), [len(p.from_idx) for p in pairs])
    entry = np.concatenate([np.arange(len(p.from_idx)) for p in pairs])
    order = np.lexsort((way, seconds, stop, place))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(place[order]) != 0) | (np.diff(stop[order]) != 0)
    chosen = order[first]
    links = Pairs(place[chosen], stop[chosen], seconds[chosen]).stop_links(n_places)
    return LinkedWays(links, tuple(ways), way[chosen].astype(np.int8), entry[chosen])
