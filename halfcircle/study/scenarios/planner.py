"""What a planner asks beside reach: who lives near the stations, and gain per kilometre run."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.transit import StopLinks
from halfcircle.gtfs.edits_diff import TimetableChanges
from halfcircle.gtfs.timetable import Timetable
from halfcircle.places import Opportunities

__all__ = ["catchment_table", "gain_per_km_table"]


def catchment_table(
    timetable: Timetable,
    access: StopLinks,
    changes: TimetableChanges,
    opportunities: tuple[Opportunities, ...],
    people: npt.NDArray[np.float64],
    *,
    limit_min: float,
) -> pd.DataFrame:
    """People and opportunities in reach of the stations of the lines that change.

    Parameters
    ----------
    timetable : Timetable
        Of the scenario.
    access : StopLinks
        Ways from zones to its stops.
    changes : TimetableChanges
    opportunities : tuple of Opportunities
    people : array of float64, shape (n_zones,)
    limit_min : float, minutes
        Longest way.

    Returns
    -------
    DataFrame
        One row per station: all zones from which one of its stops is within the limit. Counts
        that are not known are left out of sums.
    """
    stops = timetable.stops
    wanted = set(changes.hops["from_stop"]) | set(changes.hops["to_stop"])
    stations = sorted({int(stops.station_idx[i]) for i, s in enumerate(stops.stop_id)
                       if s in wanted})  # fmt: skip
    place = np.repeat(np.arange(len(access)), np.diff(access.ptr))
    near = access.seconds <= 60.0 * limit_min
    of_link = stops.station_idx[access.stop_idx]
    rows = []
    for station in stations:
        zones = np.unique(place[near & (of_link == station)])
        row: dict[str, object] = {
            "station": str(stops.name[stops.station_idx == station][0]),
            "minutes": limit_min,
            "zones": len(zones),
            "people": float(people[zones].sum()),
        }
        for kind in opportunities:
            row[kind.name] = float(np.nansum(kind.total[zones]))
        rows.append(row)
    return pd.DataFrame(rows)


def gain_per_km_table(winners: pd.DataFrame, changes: TimetableChanges) -> pd.DataFrame:
    """Mean gain over people per further trip kilometre and hour of the window.

    Parameters
    ----------
    winners : DataFrame
        Rows of one scenario, of `winners_table`.
    changes : TimetableChanges

    Returns
    -------
    DataFrame
        mode, opportunity, band_min, mean_delta, further_trip_km_per_hour, gain_per_km; the gain
        is missing where no kilometre is run more.
    """
    before, after = changes.trip_km
    per_hour = (after - before) / changes.window_hours
    own = winners[(winners["part"] == "all") & winners["mode"].str.contains("transit")]
    table = own[["mode", "opportunity", "band_min", "mean_delta"]].reset_index(drop=True)
    table["further_trip_km_per_hour"] = per_hour
    table["gain_per_km"] = table["mean_delta"] / per_hour if per_hour > 0 else np.nan
    return table
