"""Transport performance: how much of what is near can be reached in time.

``performance = 100 * (people within T) / (people within R)``, from the European Commission's
regional studies (Poelman, Dijkstra & Ackermans 2020, doi:10.2776/021137): 30 minutes and 7.5 km in
cities. It takes accessibility apart into proximity (people nearby) and the network's part:
``accessibility = proximity * performance`` (ITF & EC 2019).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.crow_fly import geodesic_distances_m
from halfcircle.access.measure_table import check_sides, labels_of, measure_table
from halfcircle.access.measures import Weights, cumulative_block
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import StudyError
from halfcircle.places import Opportunities

__all__ = ["rail_performance", "transport_performance"]


def transport_performance(
    source: TravelTimeSource,
    population: Opportunities,
    *,
    within_min: float = 30.0,
    radius_km: float = 7.5,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """People in reach over people nearby, in per cent.

    Distances are geodesics between the points of zones; a zone counts as a whole, so that zones
    must be much smaller than the radius. More than 100 is possible: fast links reach beyond it.

    Parameters
    ----------
    source : TravelTimeSource
    population : Opportunities
        People at the destinations (or any other opportunity).
    within_min : float, minutes
    radius_km : float, kilometres
    scenario : str
    missing : array of bool, shape (n_origins,), optional
        Origins that are not known to be connected: performance and reach are NaN.
    block_size : int

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; measures ``accessible`` and ``nearby`` (in units of the population) and
        ``transport_performance`` (``%``; NaN where nobody is nearby).

    Raises
    ------
    OpportunityError
        Counts do not fit the destinations.
    StudyError
        Time or radius are not positive.
    """
    if not (0.0 < within_min < np.inf and 0.0 < radius_km < np.inf):
        raise StudyError(
            f"transport performance: time and radius must be positive numbers, not {within_min!r} "
            f"minutes and {radius_km!r} km"
        )
    check_sides(source, at_destinations=[population])
    weights = Weights([population]).matrix
    cutoff_s = np.array([within_min * 60.0], dtype=np.float32)
    shape = (len(source.origins), len(source.percentiles), weights.shape[1])
    reached = np.empty(shape)
    nearby = np.empty(shape)
    for block in origin_blocks(len(source.origins), block_size):
        reached[block] = cumulative_block(source, block, weights, cutoff_s)[:, :, 0, :]
        distance_m = geodesic_distances_m(
            source.origins.take(block), source.destinations, max_m=radius_km * 1000.0
        )
        around = (distance_m <= radius_km * 1000.0).astype(np.float64) @ weights
        nearby[block] = around[:, np.newaxis, :]
    if missing is not None:
        reached[missing] = np.nan
    share = np.full(shape, np.nan)
    np.divide(100.0 * reached, nearby, out=share, where=nearby > 0.0)
    labels = labels_of([population])
    parts = (
        ("accessible", reached, labels),
        ("nearby", nearby, labels),
        ("transport_performance", share, labels.with_unit("%")),
    )
    frames = [
        measure_table(
            source,
            source.origins.place_id,
            named,
            values,
            measure=measure,
            band_min=within_min,
            scenario=scenario,
        )
        for measure, values, named in parts
    ]
    return pd.concat(frames, ignore_index=True)


def rail_performance(
    source: TravelTimeSource,
    population: Opportunities,
    *,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Transport performance at the scale of trains: 1.5 hours against 120 kilometres.

    The bounds of the Commission's work on rail, as commonly quoted; the working paper itself was
    not at hand to check them. A median of travel times over a departure window holds the wait, a
    low percentile comes close to its "optimal" time.

    Parameters, Returns and Raises are those of `transport_performance`.
    """
    return transport_performance(
        source,
        population,
        within_min=90.0,
        radius_km=120.0,
        scenario=scenario,
        missing=missing,
        block_size=block_size,
    )
