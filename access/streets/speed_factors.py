"""Slower roads at some time of day: speeds times a factor, by class of road and by area.

The network stays what it is but for its weights; nothing is read or built again.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import shapely
from shapely.geometry.base import BaseGeometry

from halfcircle._checks import Faults, nearest
from halfcircle.access.streets.network import StreetNetwork
from halfcircle.access.streets.speeds import CountryLookup
from halfcircle.access.streets.tags import ROAD_CLASSES
from halfcircle.errors import Fault, StreetError

__all__ = ["SpeedFactor", "edge_middles", "with_speed_factors"]

HIGHEST = 2.0


@dataclass(frozen=True, eq=False)
class SpeedFactor:
    """Speeds of classes of road in an area, as shares of those without traffic.

    Parameters
    ----------
    factors : mapping of str to float
        By name of `ROAD_CLASSES`: 0.7 makes a way take 1 / 0.7 times as long; above 0, at most 2.
    area : shapely geometry in degrees (WGS 84), optional
        Where it holds: roads whose middle lies inside.
    country : str, optional
        ISO code: roads whose middle lies in that country.
    label : str
        What it is called in messages.

    Raises
    ------
    StreetError
        A class is not known, or a factor is out of range.
    """

    factors: Mapping[str, float]
    area: BaseGeometry | None = field(default=None, repr=False)
    country: str = ""
    label: str = "speed factors"

    def __post_init__(self) -> None:
        faults = Faults()
        for name, factor in self.factors.items():
            if name not in ROAD_CLASSES:
                remedy = nearest(name, ROAD_CLASSES)
                faults.add(self.label, "unknown road class", values=[name], remedy=remedy)
            if not 0.0 < factor <= HIGHEST:
                faults.add(self.label, f"must be above 0 and at most {HIGHEST:g}", values=[factor])
        if not self.factors:
            faults.add(self.label, "names no class of road")
        faults.raise_errors(StreetError)


def with_speed_factors(
    network: StreetNetwork,
    rules: Sequence[SpeedFactor],
    *,
    country_of: CountryLookup | None = None,
) -> tuple[StreetNetwork, tuple[Fault, ...]]:
    """The same streets at other speeds.

    Where several rules hold for a road, their factors multiply. Delays at crossings and signals are
    part of the time of a road and grow with it.

    Parameters
    ----------
    network : StreetNetwork
    rules : sequence of SpeedFactor
    country_of : callable, optional
        Country of a position; needed for rules with a country.

    Returns
    -------
    StreetNetwork
        The network itself where there are no rules.
    tuple of Fault
        Warnings of rules that hold for no road.

    Raises
    ------
    StreetError
        A rule has a country, and `country_of` is not given.
    """
    if not rules:
        return network, ()
    faults = Faults()
    lon, lat = edge_middles(network)
    country: npt.NDArray[np.object_] | None = None
    if any(rule.country for rule in rules):
        if country_of is None:
            faults.add(
                next(rule.label for rule in rules if rule.country),
                "needs to know where countries lie",
                remedy="give zones with areas, or an area instead of a country",
            )
            faults.raise_errors(StreetError)
        else:
            country = country_of(lon, lat)
    seconds = network.edge_s.astype(np.float64)
    for rule in rules:
        by_class = np.ones(len(ROAD_CLASSES))
        for name, factor in rule.factors.items():
            by_class[ROAD_CLASSES.index(name)] = 1.0 / factor
        here = np.isin(network.edge_class, [ROAD_CLASSES.index(name) for name in rule.factors])
        if rule.country and country is not None:
            here &= country == rule.country
        if rule.area is not None:
            shapely.prepare(rule.area)
            at = np.flatnonzero(here)
            here[at] = shapely.intersects_xy(rule.area, lon[at], lat[at])
        if not here.any():
            faults.warn(rule.label, "holds for no road of the network")
        seconds[here] *= by_class[network.edge_class[here]]
    return network.with_edge_seconds(seconds), faults.warnings


def edge_middles(network: StreetNetwork) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Middle of each edge: its middle corner, or halfway between the two in the middle.

    Returns
    -------
    lon, lat : array of float64, shape (n_edges,), degrees (WGS 84)
    """
    links = network.links
    last = links.ptr[1:] - links.ptr[:-1] - 1
    one, other = links.ptr[:-1] + last // 2, links.ptr[:-1] + (last + 1) // 2
    found = []
    for of_link, of_node in ((links.lon, network.node_lon), (links.lat, network.node_lat)):
        middle = (of_link[one] + of_link[other]) / 2.0
        joint = network.edge_link < 0  # inside a junction that is split for a turn restriction
        found.append(np.where(joint, of_node[network.edge_tail], middle[network.edge_link]))
    return found[0], found[1]
