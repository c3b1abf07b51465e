"""Who can use each parking place: its capacity is reported and limits nobody."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.hubs import Hubs
from halfcircle.access.transit_times import HeadwayDraws, TransitTimes
from halfcircle.study.modes.build import Modes
from halfcircle.study.settings.mode_names import TRANSIT_MODES, access_way

__all__ = ["parking_table"]


def parking_table(
    places: Hubs, modes: Modes, people: npt.NDArray[np.float64], scenario: str
) -> pd.DataFrame | None:
    """Capacity and people of every parking place.

    Parameters
    ----------
    places : Hubs
    modes : Modes
        Of the baseline or the scenario.
    people : array of float64, shape (n_zones,)
        1 per zone where nobody is counted.
    scenario : str

    Returns
    -------
    DataFrame, optional
        scenario, place_id, name, lon, lat, capacity, parking_min, stops (within a walk),
        people_in_reach (who can drive there within the limit), people_fastest (for whom the
        fastest way to some stop leads by this place). None without a mode by car and public
        transport.
    """
    by_car = [mode for mode in modes.sources if mode in TRANSIT_MODES and access_way(mode) == "car"]
    source = modes.sources[by_car[0]] if by_car else None
    if isinstance(source, HeadwayDraws):
        source = source.draws[0]
    use = modes.parking
    if use is None or not isinstance(source, TransitTimes) or source.access is None:
        return None
    n = len(places)
    fastest = np.zeros((len(people), n), dtype=bool)
    zone = np.repeat(np.arange(len(people)), np.diff(source.access.links.ptr))
    through = source.access.hub_idx >= 0
    fastest[zone[through], source.access.hub_idx[through]] = True
    return pd.DataFrame(
        {
            "scenario": scenario,
            "place_id": places.hub_id,
            "name": places.name,
            "lon": places.lon,
            "lat": places.lat,
            "capacity": places.capacity,
            "parking_min": places.handling_s / 60.0,
            "stops": np.bincount(use.walk.from_idx, minlength=n),
            "people_in_reach": np.bincount(
                use.drive.to_idx, weights=people[use.drive.from_idx], minlength=n
            ),
            "people_fastest": people @ fastest,
        }
    )
