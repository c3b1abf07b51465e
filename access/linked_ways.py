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

__all__ = ["LinkedWays", "Told", "Way", "fastest_links"]


@dataclass(frozen=True, eq=False)
class Way:
    """One means of travel between places and stops.

    Parameters
    ----------
    name : str
        ``"walk"``, ``"bike"``, ``"car"``, ...
    found : Pairs or HubPairs
        From places to stops; at the end of a journey too.
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

    @property
    def hub_idx(self) -> npt.NDArray[np.int64]:
        """Hub of each pair; -1 where there is none."""
        if isinstance(self.found, HubPairs):
            return self.found.hub_idx
        return np.full(len(self.found.from_idx), -1, dtype=np.int64)


@dataclass(frozen=True)
class Told:
    """How one link is travelled.

    Parameters
    ----------
    way : str
    hub : str
        Name of the place by way of which it leads; blank where there is none.
    lon, lat : float, optional, degrees
        Where that is.
    """

    way: str
    hub: str = ""
    lon: float | None = None
    lat: float | None = None


@dataclass(frozen=True, eq=False)
class LinkedWays:
    """Links between places and stops, and how each is travelled.

    Parameters
    ----------
    links : StopLinks
    names : tuple of str
        Of the ways.
    hubs : tuple of Hubs or None
        Of the ways.
    way_idx : array of int8, shape (n_links,)
        Row of `names`.
    hub_idx : array of int32, shape (n_links,)
        Place of those hubs; -1 where there is none.
    """

    links: StopLinks
    names: tuple[str, ...]
    hubs: tuple[Hubs | None, ...]
    way_idx: npt.NDArray[np.int8]
    hub_idx: npt.NDArray[np.int32]

    def __post_init__(self) -> None:
        object.__setattr__(self, "way_idx", frozen_array(self.way_idx, np.int8))
        object.__setattr__(self, "hub_idx", frozen_array(self.hub_idx, np.int32))

    def told(self, place_idx: int, stop_idx: int) -> Told:
        """How the link between a place and a stop is travelled; there must be one."""
        first, last = self.links.ptr[place_idx], self.links.ptr[place_idx + 1]
        at = first + int(np.searchsorted(self.links.stop_idx[first:last], stop_idx))
        way, hub = int(self.way_idx[at]), int(self.hub_idx[at])
        hubs = self.hubs[way]
        if hubs is None or hub < 0:
            return Told(self.names[way])
        lon, lat = float(hubs.lon[hub]), float(hubs.lat[hub])
        return Told(self.names[way], str(hubs.name[hub]), lon, lat)


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
    hub = np.concatenate([way.hub_idx for way in ways])
    way = np.repeat(np.arange(len(pairs)), [len(p.from_idx) for p in pairs])
    order = np.lexsort((way, seconds, stop, place))
    first = np.ones(len(order), dtype=bool)
    first[1:] = (np.diff(place[order]) != 0) | (np.diff(stop[order]) != 0)
    chosen = order[first]
    return LinkedWays(
        Pairs(place[chosen], stop[chosen], seconds[chosen]).stop_links(n_places),
        tuple(w.name for w in ways),
        tuple(w.hubs for w in ways),
        way[chosen].astype(np.int8),
        hub[chosen].astype(np.int32),
    )
