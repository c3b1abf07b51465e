"""Door-to-door times between places, baseline against scenario, with the one-hour norm."""

from __future__ import annotations

import numpy as np
import pandas as pd

from halfcircle._checks import Faults, nearest
from halfcircle.errors import ScenarioError
from halfcircle.places import Zones
from halfcircle.study.modes import Modes

__all__ = ["city_pairs", "zone_of"]

NORM_S = 3600.0


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
        A zone is not there.
    """
    faults = Faults()
    numbers = [
        (zone_of(zones, a, "city_pairs", faults), zone_of(zones, b, "city_pairs", faults))
        for a, b in pairs
    ]
    faults.raise_errors(ScenarioError)
    rows = []
    both = [pair for a, b in numbers for pair in ((a, b), (b, a))]
    origins = np.unique(np.array([a for a, _ in both], dtype=np.int64))
    place = {int(o): i for i, o in enumerate(origins)}
    for mode, source in baseline.sources.items():
        times = []
        for found in (source, variant.sources[mode]):
            median = found.percentiles.index(50) if 50 in found.percentiles else 0
            times.append(found.times_s(origins)[:, median] if len(origins) else None)
        for a, b in both:
            one, other = (float(t[place[a], b]) for t in times if t is not None)
            rows.append(
                {
                    "from": zones.label[a],
                    "to": zones.label[b],
                    "mode": mode,
                    "minutes_baseline": one / 60 if np.isfinite(one) else np.nan,
                    "minutes_variant": other / 60 if np.isfinite(other) else np.nan,
                    "difference": (other - one) / 60 if np.isfinite(one + other) else np.nan,
                    "within_an_hour_baseline": one <= NORM_S,
                    "within_an_hour_variant": other <= NORM_S,
                }
            )
    return pd.DataFrame(rows)
