"""What can go wrong, as a tree, and the faults that a message is made of.

::

    HalfcircleError
    ├── InputError                 what was given is wrong; the command ends with code 1
    │   ├── StudyError             the study file
    │   ├── ZoneError              zones, places, grids
    │   ├── OpportunityError       jobs, schools, care, ...
    │   ├── StreetError            OSM extracts, street graphs
    │   ├── FeedError              GTFS feeds, dates, windows
    │   ├── TravelTimeError        travel times brought along
    │   ├── FlowError              commuting flows
    │   ├── ScenarioError          edits
    │   └── SourceError            open data: downloads, archives, the lock of a study
    ├── OutputError                a result cannot be written
    ├── EngineError                another engine is asked for and cannot work
    ├── ClusterError               a cluster does not answer, or does not do its part
    └── MissingExtraError          an optional package is needed and not installed
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

__all__ = [
    "ClusterError",
    "EngineError",
    "Fault",
    "FeedError",
    "FlowError",
    "HalfcircleError",
    "InputError",
    "MissingExtraError",
    "OpportunityError",
    "OutputError",
    "ScenarioError",
    "Severity",
    "SourceError",
    "StreetError",
    "StudyError",
    "TravelTimeError",
    "ZoneError",
]

Severity = Literal["error", "warning", "notice"]
SHOWN_VALUES = 5


@dataclass(frozen=True)
class Fault:
    """One thing that is wrong: where, what, with which values, and what to do.

    Parameters
    ----------
    where : str
        File, file and line (``stop_times.txt:812``), or key (``[zones] country``).
    what : str
        The rule that is broken, in one clause.
    values : tuple of str
        Offending values; the message shows the first five.
    remedy : str
        What the user can do about it.
    count : int
        How often it occurs; at least ``len(values)``.
    severity : {"error", "warning", "notice"}
        Errors stop a run; warnings and notices go to the report.
    """

    where: str
    what: str
    values: tuple[str, ...] = ()
    remedy: str = ""
    count: int = 1
    severity: Severity = "error"

    def __str__(self) -> str:
        text = f"{self.where}: {self.what}"
        shown = self.values[:SHOWN_VALUES]
        if shown:
            text += ": " + ", ".join(repr(value) for value in shown)
            more = max(self.count, len(self.values)) - len(shown)
            if more > 0:
                text += f" ({more:,} more)"
        elif self.count > 1:
            text += f" ({self.count:,} times)"
        if self.remedy:
            text += f" - {self.remedy}"
        return text


class HalfcircleError(Exception):
    """Base of everything that this package raises on purpose.

    Parameters
    ----------
    message : str
        Said when there is no fault list.
    faults : iterable of Fault
        All faults found in one go; the text of the error lists each on a line.
    """

    def __init__(self, message: str = "", *, faults: Iterable[Fault] = ()) -> None:
        self.faults: tuple[Fault, ...] = tuple(faults)
        lines = [message] if message else []
        lines += [str(fault) for fault in self.faults]
        super().__init__("\n".join(lines))


class InputError(HalfcircleError):
    """What was given is wrong."""


class StudyError(InputError):
    """The study file is wrong."""


class ZoneError(InputError):
    """Zones, places or a grid are wrong."""


class OpportunityError(InputError):
    """Opportunities (jobs, schools, care, workers) are wrong."""


class StreetError(InputError):
    """An OSM extract or a street graph is wrong."""


class FeedError(InputError):
    """A GTFS feed, a service date or a departure window is wrong."""


class TravelTimeError(InputError):
    """Travel times that were brought along are wrong."""


class FlowError(InputError):
    """Origin-destination flows are wrong."""


class ScenarioError(InputError):
    """An edit or a scenario is wrong."""


class SourceError(InputError):
    """Open data cannot be had, or is not what it should be."""


class OutputError(HalfcircleError):
    """A result cannot be written."""


class EngineError(HalfcircleError):
    """Another engine is asked for and is not there, or has stopped."""


class ClusterError(HalfcircleError):
    """A cluster does not answer, or does not do its part."""


class MissingExtraError(HalfcircleError):
    """An optional package is needed and not installed.

    Parameters
    ----------
    package : str
        The package that is missing.
    extra : str
        The extra of halfcircle that installs it.
    purpose : str
        What it is needed for.
    """

    def __init__(self, package: str, *, extra: str, purpose: str) -> None:
        super().__init__(
            f"{purpose} needs the package {package!r}, which is not installed: "
            f"pip install 'halfcircle[{extra}]'"
        )
