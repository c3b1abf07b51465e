"""Names of the modes that are routed, and what they are made of.

A chain is written in the order of travel. ``bike+transit`` cycles to the stop and leaves the
bicycle there; ``transit+bike`` rents one at the other end; every chain may also walk at either end.
"""

from __future__ import annotations

__all__ = [
    "MODES",
    "STREET_MODES",
    "TRANSIT_MODES",
    "access_way",
    "bikes_at_the_end",
    "chain_needs",
]

STREET_MODES = ("walk", "bike", "ebike", "car")
ACCESS_WAYS = ("walk", "bike", "ebike", "car", "car_passenger")
_FIRST = ("transit", *(f"{way}+transit" for way in ACCESS_WAYS[1:]))
TRANSIT_MODES = (*_FIRST, *(f"{mode}+bike" for mode in _FIRST))
MODES = (*STREET_MODES, *TRANSIT_MODES, "crow_fly")


def access_way(mode: str) -> str:
    """How a mode by public transport gets to the first stop, beside walking."""
    before, _, _ = mode.partition("transit")
    return before.rstrip("+") or "walk"


def bikes_at_the_end(mode: str) -> bool:
    """Whether a mode by public transport may rent a bicycle after the last ride."""
    return mode.endswith("transit+bike")


def chain_needs(mode: str) -> frozenset[str]:
    """Street modes whose speeds and limits a mode by public transport depends on.

    ``"shared"`` stands for rented bicycles.
    """
    way = access_way(mode)
    needs = {"walk", "car" if way == "car_passenger" else way}
    return frozenset(needs | {"shared"} if bikes_at_the_end(mode) else needs)
