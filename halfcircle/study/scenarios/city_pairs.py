"""Door-to-door times between places, baseline against scenario, with the one-hour norm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from halfcircle._checks import Faults, nearest
from halfcircle.access.scoreboard import city_pairs as scoreboard
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.errors import ScenarioError
from halfcircle.places import Zones
from halfcircle.study.modes.build import Modes

__all__ = ["city_pairs", "zone_of"]

NORM_MIN = 60.0


def zone_of(zones: Zones, text: str, where: str, faults: Faults) -> int:
    """Number of a zone by id or name; -1, with a fault, where there is none."""
    for names in (zones.zone_id, zones.label):
        hits = np.flatnonzero(names == text)
        if len(hits):
            return int(hits[0])
    known = {*map(str, zones.zone_id), *map(str, zones.label)}
    faults.add(where, "there is no zone of this id or name", values=[text],
               remedy=nearest(text, known))  # fmt: skip
    return -1


def city_pairs(
    zones: Zones, pairs: tuple[tuple[str, str], ...], baseline: Modes, variant: Modes
) -> pd.DataFrame:
    """Times of pairs of zones, in both directions, by every mode.

    Parameters
    ----------
    zones : Zones
    pairs : tuple of (str, str)
        Zones by id or name.
    baseline, variant : Modes

    Returns
    -------
    DataFrame
        From, to, mode, minutes in both (missing beyond the limit of the search; the median over
        departures), difference, and whether they are within one hour.

    Raises
    ------
    ScenarioError
        A zone is not there, or is paired with itself.
    """
    faults = Faults()
    numbers = [
        (zone_of(zones, a, "city_pairs", faults), zone_of(zones, b, "city_pairs", faults))
        for a, b in pairs
    ]
    for (a, b), texts in zip(numbers, pairs, strict=True):
        if a == b >= 0:
            faults.add("city_pairs", "a pair of a place with itself", values=[" - ".join(texts)])
    faults.raise_errors(ScenarioError)
    cities = [str(zones.zone_id[i]) for i in dict.fromkeys(i for pair in numbers for i in pair)]
    wanted = [
        (str(zones.zone_id[a]), str(zones.zone_id[b]))
        for pair in numbers
        for a, b in (pair, pair[::-1])
    ]
    label = dict(zip(zones.zone_id, zones.label, strict=True))
    frames = []
    for mode, source in baseline.sources.items():
        one, other = (
            _times(found, cities).reindex(pd.MultiIndex.from_tuples(wanted))
            for found in (source, variant.sources[mode])
        )
        minutes = [found["travel_time_min"].to_numpy(np.float64) for found in (one, other)]
        frames.append(
            pd.DataFrame(
                {
                    "from": [label[start] for start, _ in wanted],
                    "to": [label[end] for _, end in wanted],
                    "mode": mode,
                    "minutes_baseline": minutes[0],
                    "minutes_variant": minutes[1],
                    "difference": minutes[1] - minutes[0],
                    "within_an_hour_baseline": one["within"].to_numpy(bool),
                    "within_an_hour_variant": other["within"].to_numpy(bool),
                }
            )
        )
    return pd.concat(frames, ignore_index=True) if frames else pd.DataFrame()


def _times(source: TravelTimeSource, cities: list[str]) -> pd.DataFrame:
    """Pairs of a scoreboard by their ends: the median over departures, else the first."""
    pairs = scoreboard(source, city_id=cities, limit_min=NORM_MIN)
    known = tuple(source.percentiles)
    chosen = pairs[pairs["percentile"] == (50 if 50 in known else known[0])]
    return chosen.set_index(["origin_id", "destination_id"])
