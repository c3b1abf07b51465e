"""Borrowed size: how much of the mass that a place commands is its own, near by, or by network.

"Borrowed size" is Alonso's word (1973) for towns that work as larger ones do because they lie near
or are well linked (Meijers, Burger & Hoogerbrugge 2016, doi:10.1111/pirs.12181). The split::

    mass     = sum_j O_j f(t_ij)                       what the place commands
    own      = the same over its own region
    density  = sum_j elsewhere O_j f(t0_ij)            by closeness alone, at one speed everywhere
    network  = (mass - own) - density                  what its links add to or take from that

answers "densify or connect?": own and density grow with building, network with links.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults
from halfcircle.access.measure_table import check_sides, labels_of, measure_table
from halfcircle.access.measures import Decay, Weights
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import TravelTimeError, ZoneError
from halfcircle.places import Opportunities

__all__ = ["borrowed_size"]


def borrowed_size(
    source: TravelTimeSource,
    reference: TravelTimeSource,
    opportunities: Sequence[Opportunities],
    *,
    decay: Decay,
    region: Mapping[str, str] | None = None,
    scenario: str = "baseline",
    missing: npt.NDArray[np.bool_] | None = None,
    block_size: int = 256,
) -> pd.DataFrame:
    """Accessible mass of each place, split into own, density and network.

    Parameters
    ----------
    source : TravelTimeSource
        The network.
    reference : TravelTimeSource
        The same places as if every link were alike, such as `CrowFly`; one percentile, or those of
        `source`. The split depends on its speed: take one at which the mean of network over people
        is near 0, or compare places and scenarios only.
    opportunities : sequence of Opportunities
    decay : callable
        Seconds -> weight in 0..1; a `StepDecay` gives the split of a band.
    region : mapping of place to region, optional
        What is own (a municipality, an agglomeration); each place for itself where left out.
    scenario : str
    missing : array of bool, shape (n_origins,), optional
        Origins that are not known to be connected: NaN.
    block_size : int

    Returns
    -------
    DataFrame
        `MEASURE_COLUMNS`; measures ``mass``, ``mass_own``, ``mass_density``, ``mass_network`` (may
        be negative: a place worse linked than its position), all in units of the opportunity, and
        ``borrowed_share`` in % (NaN where the mass is 0).

    Raises
    ------
    OpportunityError
        Counts do not fit the places.
    TravelTimeError
        The two sources have other places or percentiles.
    ZoneError
        A place has no region.
    """
    check_sides(source, at_destinations=opportunities)
    _same_places(source, reference)
    from_region = _regions(source.origins.place_id, region)
    to_region = _regions(source.destinations.place_id, region)
    weights = Weights(opportunities).matrix
    shape = (len(source.origins), len(source.percentiles), weights.shape[1])
    mass, own, density = np.empty(shape), np.empty(shape), np.empty(shape)
    for block in origin_blocks(len(source.origins), block_size):
        at_home = from_region[block][:, np.newaxis, np.newaxis] == to_region
        factor = np.asarray(decay(source.times_s(block)), dtype=np.float64)
        mass[block] = factor @ weights
        own[block] = np.where(at_home, factor, 0.0) @ weights
        alike = np.asarray(decay(reference.times_s(block)), dtype=np.float64)
        # A single percentile of the reference stands against every one of the source.
        density[block] = np.where(at_home, 0.0, alike) @ weights
    if missing is not None:
        mass[missing] = own[missing] = density[missing] = np.nan
    borrowed = mass - own
    share = np.divide(100.0 * borrowed, mass, out=np.full(shape, np.nan), where=mass > 0.0)
    labels = labels_of(opportunities)
    parts = (
        ("mass", mass, labels),
        ("mass_own", own, labels),
        ("mass_density", density, labels),
        ("mass_network", borrowed - density, labels),
        ("borrowed_share", share, labels.with_unit("%")),
    )
    frames = [
        measure_table(
            source,
            source.origins.place_id,
            named,
            values,
            measure=measure,
            scenario=scenario,
        )
        for measure, values, named in parts
    ]
    return pd.concat(frames, ignore_index=True)


def _same_places(source: TravelTimeSource, reference: TravelTimeSource) -> None:
    faults = Faults()
    for side in ("origins", "destinations"):
        ours, theirs = getattr(source, side).place_id, getattr(reference, side).place_id
        if list(ours) != list(theirs):
            faults.add("borrowed size", f"{side} of the reference are not those of the network")
    known = tuple(reference.percentiles)
    if len(known) != 1 and known != tuple(source.percentiles):
        faults.add("borrowed size", "percentiles of the reference differ", values=known)
    faults.raise_errors(TravelTimeError)


def _regions(
    place_id: npt.NDArray[np.object_], region: Mapping[str, str] | None
) -> npt.NDArray[np.object_]:
    if region is None:
        return place_id
    lacking = [each for each in place_id if each not in region]
    faults = Faults()
    if lacking:
        faults.add("borrowed size", "places without a region", values=lacking)
    faults.raise_errors(ZoneError)
    return np.array([region[each] for each in place_id], dtype=object)
