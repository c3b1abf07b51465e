"""Reverse reach: the workers, customers or pupils that can come to a site in time.

``W_j(T) = sum_i P_i [t_ij <= T]``, or ``sum_i P_i f(t_ij)`` with a decay: the same travel times as
for reach, from home to the site in the morning, added up the other way round.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access._reverse import add_people_within
from halfcircle.access.measure_table import check_sides, labels_of, measure_table
from halfcircle.access.measures import Decay, Weights
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import StudyError
from halfcircle.places import Opportunities

__all__ = ["reverse_reach_table"]


def reverse_reach_table(
    source: TravelTimeSource,
    people: Sequence[Opportunities],
    *,
    bands_min: Sequence[float],
    decay: Decay | None = None,
    site_id: Sequence[str] | None = None,
    scenario: str = "baseline",
    block_size: int = 256,
) -> pd.DataFrame:
    """People who reach a site, for every site.

    Parameters
    ----------
    source : TravelTimeSource
        From homes to sites, such as business estates.
    people : sequence of Opportunities
        Counts at the origins; missing ones are left out and counted.
    bands_min : sequence of float, minutes
    decay : callable, optional
        Adds rows of the measure ``reverse_decay``.
    site_id : sequence of str, optional
        Only these destinations.
    scenario : str
    block_size : int

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; zone_id is the site, measure ``reverse_reach`` per band and
        ``reverse_decay``, in units of the people.

    Raises
    ------
    OpportunityError
        Counts do not fit the origins.
    StudyError
        A site is not among the destinations, or there are no positive bands.
    """
    check_sides(source, at_origins=people)
    bands = sorted(float(band) for band in bands_min)
    if not bands or not bands[0] > 0.0:
        raise StudyError(f"reverse reach: bands must be positive minutes, not {list(bands_min)!r}")
    sites = _site_idx(source, site_id)
    cutoffs_s = np.array(bands, dtype=np.float32) * np.float32(60.0)
    matrix = Weights(people).matrix
    n_q = matrix.shape[1]
    within = np.zeros((len(sites), len(source.percentiles), len(bands), n_q))
    decayed = np.zeros((len(sites), len(source.percentiles), n_q))
    for block in origin_blocks(len(source.origins), block_size):
        times_s = np.ascontiguousarray(source.times_s(block))
        add_people_within(times_s, cutoffs_s, matrix[block], sites, within)
        if decay is not None:
            factor = np.asarray(decay(times_s[:, :, sites]), dtype=np.float64)
            decayed += np.einsum("ips,iq->spq", factor, matrix[block])
    within = np.cumsum(within, axis=2)
    labels = labels_of(people)
    ids = source.destinations.place_id[sites]
    frames = [
        measure_table(
            source,
            ids,
            labels,
            within[:, :, c, :],
            measure="reverse_reach",
            band_min=band,
            scenario=scenario,
        )
        for c, band in enumerate(bands)
    ]
    if decay is not None:
        frames.append(
            measure_table(source, ids, labels, decayed, measure="reverse_decay", scenario=scenario)
        )
    return pd.concat(frames, ignore_index=True)


def _site_idx(source: TravelTimeSource, site_id: Sequence[str] | None) -> npt.NDArray[np.int64]:
    if site_id is None:
        return np.arange(len(source.destinations), dtype=np.int64)
    position = {each: j for j, each in enumerate(source.destinations.place_id)}
    unknown = [each for each in site_id if each not in position]
    if unknown:
        shown = ", ".join(repr(each) for each in unknown[:5])
        raise StudyError(f"reverse reach: sites that are no destinations: {shown}")
    return np.array([position[each] for each in site_id], dtype=np.int64)
