"""Edits of parking places and of places where bicycles are let, as plain values."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

__all__ = ["ChangedHub", "HubEdit", "NewHub"]


@dataclass(frozen=True)
class NewHub:
    """A place that opens; `minutes` to park or to rent, those of all places where None."""

    hub_id: str
    name: str
    lon: float
    lat: float
    capacity: float | None = None
    minutes: float | None = None


@dataclass(frozen=True)
class ChangedHub:
    """A place, by id or name, of which something changes; None leaves it as it is."""

    place: str
    capacity: float | None = None
    minutes: float | None = None


@dataclass(frozen=True, kw_only=True)
class HubEdit:
    """Places to park or to rent are added, removed or changed.

    Parameters
    ----------
    label, where : str
    kind : {"park_and_ride", "shared_bikes"}
        Table of the study file that it changes.
    add : tuple of NewHub
    remove : tuple of str
        By id or name.
    change : tuple of ChangedHub
    minutes : float, optional
        To park or to rent, at all places that are there now.
    kmh, max_min : float, optional
        Speed and longest way of shared bicycles.
    """

    label: str
    where: str = ""
    kind: Literal["park_and_ride", "shared_bikes"]
    add: tuple[NewHub, ...] = ()
    remove: tuple[str, ...] = ()
    change: tuple[ChangedHub, ...] = ()
    minutes: float | None = None
    kmh: float | None = None
    max_min: float | None = None
