"""Edits of a scenario as plain values: borders, land use and behaviour, and what any edit is.

Edits of timetables are in `halfcircle.gtfs.edits_types`, of streets in
`halfcircle.access.streets.edits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias, get_args

from halfcircle.access.streets.edits import StreetEdit
from halfcircle.gtfs.edits_types import TransitEdit
from halfcircle.study.settings.hub_edits import HubEdit
from halfcircle.study.settings.penalties import PenaltyConfig

__all__ = [
    "RELOCATED",
    "AddOpportunities",
    "Behaviour",
    "BorderChange",
    "Change",
    "CloseFacilities",
    "Edit",
    "LandUseEdit",
    "MoveOpportunities",
    "RelocationConfig",
    "ScaleOpportunities",
    "ScenarioConfig",
    "ZoneChoice",
    "is_street",
    "is_transit",
]


#: Ends the name of a scenario in which people or jobs have moved because of it.
RELOCATED = " (relocation)"


@dataclass(frozen=True, kw_only=True)
class _Change:
    label: str
    where: str = ""


@dataclass(frozen=True)
class ZoneChoice:
    """Zones by id or name, or those whose point lies near stations."""

    zones: tuple[str, ...] = ()
    stations: tuple[str, ...] = ()
    within_m: float = 1000.0

    @property
    def is_given(self) -> bool:
        """Whether it names anything."""
        return bool(self.zones or self.stations)


@dataclass(frozen=True, kw_only=True)
class MoveOpportunities(_Change):
    """An amount or a share of the opportunities of some zones moves to others.

    Taken in proportion to what is there; put down in equal parts.
    """

    opportunity: str
    origin: ZoneChoice
    destination: ZoneChoice
    amount: float | None = None
    share: float | None = None
    group: str | None = None


@dataclass(frozen=True, kw_only=True)
class AddOpportunities(_Change):
    """An amount more, in equal parts over the zones."""

    opportunity: str
    places: ZoneChoice
    amount: float
    group: str | None = None


@dataclass(frozen=True, kw_only=True)
class ScaleOpportunities(_Change):
    """All counts of some zones (all where none are named) times a factor."""

    opportunity: str
    factor: float
    places: ZoneChoice = ZoneChoice()
    group: str | None = None


@dataclass(frozen=True, kw_only=True)
class CloseFacilities(_Change):
    """Facilities of some zones close, or merge into another zone."""

    opportunity: str
    places: ZoneChoice
    merge_into: ZoneChoice = ZoneChoice()


@dataclass(frozen=True, kw_only=True)
class BorderChange(_Change):
    """Other rules at the border.

    Parameters
    ----------
    preset : str, optional
        Replaces the preset, and all penalties that the study states.
    penalties : tuple of PenaltyConfig
        Replace those of the same direction.
    minutes_factor : float
        Multiplies every penalty that the study states itself.
    """

    preset: str | None = None
    penalties: tuple[PenaltyConfig, ...] = ()
    minutes_factor: float = 1.0


@dataclass(frozen=True, kw_only=True)
class Behaviour(_Change):
    """What people do differently; None leaves it as it is.

    Parameters
    ----------
    time_factor : float
        Travel times that are accepted, relative to now: the time budget of a week over fewer days.
    speeds_kmh, access_max_min : mapping of str to float
    decay : str, optional
    max_rides, board_slack_s : int, optional
    transfer_max_min : float, optional
    """

    time_factor: float = 1.0
    speeds_kmh: Mapping[str, float] = field(default_factory=dict)
    access_max_min: Mapping[str, float] = field(default_factory=dict)
    decay: str | None = None
    max_rides: int | None = None
    board_slack_s: int | None = None
    transfer_max_min: float | None = None


LandUseEdit: TypeAlias = MoveOpportunities | AddOpportunities | ScaleOpportunities | CloseFacilities
Change: TypeAlias = TransitEdit | StreetEdit | LandUseEdit | BorderChange | Behaviour | HubEdit


@dataclass(frozen=True)
class Edit:
    """One edit: what changes, and what is known about it.

    Parameters
    ----------
    change : Change
    type : str
        As in the file.
    date, source, note : str
        Of the plan that it describes; shown in the report.
    """

    change: Change
    type: str
    date: str = ""
    source: str = ""
    note: str = ""

    @property
    def name(self) -> str:
        """What the edit is called."""
        return self.change.label


@dataclass(frozen=True)
class RelocationConfig:
    """One of ``[[scenarios.relocation]]``: who moves because of the scenario, an assumption.

    Parameters
    ----------
    moves, towards : str
        Opportunities: what moves (people, jobs), and what it wants to reach.
    mode : str
        Whose reach counts.
    elasticities : tuple of float
        The scenario is computed again with the last.
    band_min : float, optional
        Band of the reach; that with decay when left out.
    across_borders : bool
        Whether totals stay over all countries, and not within each.
    source, where : str
    """

    moves: str
    towards: str
    mode: str
    elasticities: tuple[float, ...]
    band_min: float | None = None
    across_borders: bool = False
    source: str = ""
    where: str = ""


@dataclass(frozen=True)
class ScenarioConfig:
    """``[[scenarios]]``: a name, and edits in their order.

    Parameters
    ----------
    name : str
    edits : tuple of Edit
    files : tuple of Path
        Edit files.
    description : str
    attribute : bool
        Say how much of the difference each edit makes.
    pairs : tuple of (str, str)
        Zones by id or name, for the table of door-to-door times.
    relocation : tuple of RelocationConfig
        Who moves because of the scenario: it is then computed with and without.
    """

    name: str
    edits: tuple[Edit, ...]
    files: tuple[Path, ...] = ()
    description: str = ""
    attribute: bool = False
    pairs: tuple[tuple[str, str], ...] = ()
    relocation: tuple[RelocationConfig, ...] = ()


def is_transit(change: Change) -> bool:
    """Whether a change is one of the timetable."""
    return isinstance(change, get_args(TransitEdit))


def is_street(change: Change) -> bool:
    """Whether a change is one of the streets."""
    return isinstance(change, get_args(StreetEdit))
