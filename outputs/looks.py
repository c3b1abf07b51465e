"""How maps are to look: the way classes are found, and lines of one's own over them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import shapely

from halfcircle._checks import Faults
from halfcircle.errors import OutputError
from halfcircle.outputs.classes import CLASS_METHODS, ClassMethod

__all__ = ["BOUNDARY_COLOUR", "BOUNDARY_DASHES", "Boundary", "MapLooks"]

# Dark on every class, and not the black of the national border.
BOUNDARY_COLOUR = "#6b2c91"
# Several boundaries are told apart by their dashes, also on grey paper.
BOUNDARY_DASHES = ("", "10 6", "2 5", "14 4 2 4")


@dataclass(frozen=True, eq=False)
class Boundary:
    """Outlines that are drawn over maps: provinces, a travel-to-work area, a corridor.

    Parameters
    ----------
    label : str
        In the legend.
    geometry : shapely geometry
        Lines, in the CRS of the zones.
    names : tuple of (str, float, float)
        What to write where: words, x, y in the CRS of the zones.
    """

    label: str
    geometry: Any
    names: tuple[tuple[str, float, float], ...] = ()

    def __post_init__(self) -> None:
        lines = shapely.get_type_id(shapely.get_parts(self.geometry))
        if not len(lines) or not all(kind in (1, 2) for kind in lines):
            raise OutputError(f"boundary {self.label!r} has no lines")


@dataclass(frozen=True, eq=False)
class MapLooks:
    """What a study asks of its maps.

    Parameters
    ----------
    classes : {"quantile", "natural", "equal"}
        How bounds of classes are found, see `halfcircle.outputs.classes.class_breaks`.
    boundaries : tuple of Boundary

    Raises
    ------
    OutputError
        There is no such way, or two boundaries share a label.
    """

    classes: ClassMethod = "quantile"
    boundaries: tuple[Boundary, ...] = field(default_factory=tuple)

    def __post_init__(self) -> None:
        faults = Faults()
        if self.classes not in CLASS_METHODS:
            faults.add(
                "classes", f"must be one of {', '.join(CLASS_METHODS)}", values=[self.classes]
            )
        labels = [boundary.label for boundary in self.boundaries]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            faults.add("boundaries", "two share a label", values=twice)
        if faults.errors:
            raise OutputError("maps cannot look like that:", faults=faults.errors)
