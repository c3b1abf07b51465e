"""People per zone, whom averages are over."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from halfcircle.places import Opportunities, Zones

__all__ = ["people_of"]


def people_of(
    zones: Zones, opportunities: Sequence[Opportunities], population: Opportunities | None
) -> npt.NDArray[np.float64]:
    """People per zone, to weight by; 1 each where the study does not say, shape (n_zones,)."""
    found = population or next((o for o in opportunities if o.name == "population"), None)
    if found is None:
        return np.ones(len(zones))
    return np.nan_to_num(found.total)
