"""Potential commuters across the border beside those there are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.crow_fly import geodesic_distances_m
from halfcircle.access.decay import decay_by_name
from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import Fault, FlowError, StudyError
from halfcircle.places import Opportunities
from halfcircle.regions.border import (
    Willingness,
    border_distances_m,
    cross_border_potential,
    fit_willingness,
    realised_rates,
)
from halfcircle.study.inputs.border import BorderInputs
from halfcircle.study.inputs.border_land import study_land
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.build import Modes
from halfcircle.study.settings.config import Study

__all__ = ["compute_potential"]

Floats = npt.NDArray[np.float64]

CLASS_S = 300.0
BLOCK = 256
MAX_ZONES = 6000


def compute_potential(
    study: Study, inputs: Inputs, further: BorderInputs, modes: Modes
) -> tuple[pd.DataFrame | None, tuple[Fault, ...]]:
    """``border_potential.parquet``: who could commute across, and who does.

    Willingness to travel is fitted to the domestic flows of ``[regions] flows``; without them it
    is the decay that PBL fitted to Dutch commuters.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    further : BorderInputs
        With realised commuters.
    modes : Modes

    Returns
    -------
    DataFrame or None
        The columns of `realised_rates`, then mode, scenario and willingness; a row per realised
        count, and where it is gross one more without those who moved and kept their job.
    notices : tuple of Fault
    """
    border, country = study.border, inputs.zones.places.country
    config = None if border is None else border.realised
    if config is None or country is None:
        return None, ()
    if len(inputs.zones) > MAX_ZONES:
        return None, (
            Fault(
                "[border.realised]",
                f"needs full matrices: {len(inputs.zones):,} zones are more than {MAX_ZONES:,}",
                remedy="run it on coarser zones",
                severity="warning",
            ),
        )
    places = inputs.zones.places
    cost = _times_s(modes.sources[config.mode])
    distance = geodesic_distances_m(places, places)
    willing, basis, notices = _willingness(inputs, cost, country, config.mode)
    border_m = None
    try:
        land = further.land or study_land(study, inputs.zones)
        border_m = border_distances_m(places, land, inputs.zones.crs)
    except StudyError:
        pass  # zones are points: their distances to each other stand in
    potential = cross_border_potential(
        list(inputs.zones.zone_id),
        list(country),
        cost=cost,
        distance_m=distance,
        workers=_total(inputs, config.workers),
        jobs=_total(inputs, config.jobs),
        willingness=willing,
        border_m=border_m,
        border_zone_m=1000.0 * config.border_zone_km,
        cap_m=1000.0 * config.cap_km,
    )
    realised = list(further.realised)
    if config.numerator == "gross":
        realised += [flow.net_of_movers() for flow in further.realised]
    regions = None
    if further.by_region and further.region is not None:
        regions = [str(name) for name in further.region]
    table = realised_rates(potential, realised, regions=regions)
    table = table.assign(mode=config.mode, scenario="baseline", willingness=basis)
    return table, notices


def _times_s(source: TravelTimeSource) -> Floats:
    middle = source.percentiles.index(50) if 50 in source.percentiles else 0
    blocks = origin_blocks(len(source.origins), BLOCK)
    return np.concatenate([source.times_s(idx)[:, middle] for idx in blocks]).astype(np.float64)


def _total(inputs: Inputs, name: str) -> Floats:
    given: tuple[Opportunities, ...] = inputs.opportunities
    return next(item for item in given if item.name == name).total


def _willingness(
    inputs: Inputs, cost: Floats, country: npt.NDArray[np.object_], mode: str
) -> tuple[Willingness, str, tuple[Fault, ...]]:
    finite = cost[np.isfinite(cost)]
    edges = np.arange(0.0, float(finite.max(initial=CLASS_S)) + CLASS_S, CLASS_S)
    if inputs.regions is not None:
        counts = np.zeros_like(cost)
        for matrix in inputs.regions.flows.counts:
            counts += matrix.toarray()
        at_home = np.where(country[:, None] == country[None, :], cost, np.inf)
        try:
            fitted = fit_willingness(at_home, counts, edges)
        except FlowError:
            fitted = None
        if fitted is not None:
            share = f"{fitted.share_explained:.0%}"
            notice = Fault(
                "[border.realised]",
                f"willingness to commute is fitted to domestic flows; {share} of them are where "
                "the fit puts them",
                severity="notice",
            )
            return fitted, "domestic flows", (notice,)
    decay = decay_by_name("pbl", mode)
    middle = 0.5 * (edges[1:] + edges[:-1])
    curve = Willingness(edges, decay(middle), float("nan"), np.zeros(len(middle), dtype=np.int64))
    notice = Fault(
        "[border.realised]",
        f"without flows between zones, willingness to commute by {mode} is the curve that PBL "
        "fitted to Dutch commuters",
        remedy="give [regions] flows",
        severity="notice",
    )
    return curve, decay.name, (notice,)
