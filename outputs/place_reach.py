"""What is within reach of chosen places: travel times to every zone, counted per band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, frozen_array
from halfcircle.errors import OutputError
from halfcircle.places import Opportunities, Zones

__all__ = ["PlaceReach"]

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class PlaceReach:
    """Travel times from one place, by one mode.

    Parameters
    ----------
    name : str
        Of the place.
    zone_idx : int
        Position of its zone.
    mode : str
    percentile : int
    bands_min : tuple of float, minutes
    times_s : array of float64, shape (n_zones,), seconds
        To every zone as if the border did not count; infinite where not reached.
    areas : tuple of shapely geometry, optional
        Per band, in the CRS of the zones; unions of zones where left out.
    opportunity : str, optional
        What to count; the first of the run where left out.

    Raises
    ------
    OutputError
        Times are negative or not a number; bands are not positive, or do not match the areas.
    """

    name: str
    zone_idx: int
    mode: str
    percentile: int
    bands_min: tuple[float, ...]
    times_s: Floats
    areas: tuple[Any, ...] | None = None
    opportunity: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "times_s", frozen_array(self.times_s, np.float64))
        faults = Faults()
        bands = self.bands_min
        if not bands or list(bands) != sorted(set(bands)) or not bands[0] > 0:
            faults.add("bands_min", "must be positive and rise", values=bands)
        if self.times_s.ndim != 1 or not (self.times_s >= 0).all():
            faults.add("times_s", "must be one per zone, none negative or not a number")
        if self.areas is not None and len(self.areas) != len(bands):
            faults.add("areas", f"{len(self.areas)} for {len(bands)} bands")
        if faults.errors:
            raise OutputError(f"reach of {self.name!r}:", faults=faults.errors)

    @property
    def kind(self) -> str:
        """``zones`` or ``street``, as in the study file."""
        return "zones" if self.areas is None else "street"

    def home(self, zones: Zones) -> npt.NDArray[np.bool_] | None:
        """Which zones are in the country of the place, shape (n_zones,); None without countries."""
        country = zones.places.country
        if country is None or len(set(country) - {""}) < 2:
            return None
        return np.asarray(country == country[self.zone_idx])

    def within(
        self, zones: Zones, opportunities: tuple[Opportunities, ...], *, domestic: bool = False
    ) -> tuple[float, ...]:
        """Opportunities within each band; not a number where there are none to count.

        Parameters
        ----------
        zones : Zones
        opportunities : tuple of Opportunities
            Of the run.
        domestic : bool
            Only those in the country of the place.
        """
        counted = self.counted(opportunities)
        if counted is None:
            return tuple(float("nan") for _ in self.bands_min)
        values = np.nan_to_num(counted.total)
        home = self.home(zones)
        if domestic and home is not None:
            values = np.where(home, values, 0.0)
        return tuple(float(values[self.times_s <= 60.0 * band].sum()) for band in self.bands_min)

    def counted(self, opportunities: tuple[Opportunities, ...]) -> Opportunities | None:
        """The opportunity that is counted; None where the run has none."""
        known = [one for one in opportunities if self.opportunity in (None, one.name)]
        return known[0] if known else None
