"""How sure daily urban systems are, what other choices give, and what they are across a border."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle.access.travel_times import TravelTimeSource, origin_blocks
from halfcircle.errors import StudyError
from halfcircle.places import Zones
from halfcircle.regions import (
    CentrePopulation,
    Flows,
    LabourMarketAreaParameters,
    Regions,
    bootstrap_stability,
    compare_zonings,
    containment_dial,
    cross_border_systems,
    delineate,
    fit_gravity,
    regions_from_labels,
)
from halfcircle.regions.flows import FlowMatrix
from halfcircle.study.inputs.regions import RegionInputs
from halfcircle.study.settings.config import RegionsConfig

__all__ = ["further_tables"]

MAX_DENSE = 5000


def further_tables(
    config: RegionsConfig,
    given: RegionInputs,
    regions: Regions,
    zones: Zones,
    times: TravelTimeSource | None,
    *,
    workers: int,
) -> dict[str, pd.DataFrame]:
    """Tables that ``[regions]`` asks for beside the systems themselves.

    Parameters
    ----------
    config : RegionsConfig
    given : RegionInputs
    regions : Regions
        Of all groups together.
    zones : Zones
    times : TravelTimeSource, optional
        Of ``[regions] mode``.
    workers : int

    Returns
    -------
    dict of str to DataFrame
        By name of the file, without suffix: ``regions_stability`` (with ``draws``),
        ``regions_dial`` (``dial``), ``regions_compared`` and ``regions_misassigned``
        (``compare``), ``regions_across`` and ``regions_across_pairs`` (``across_border``).

    Raises
    ------
    StudyError
        There are more zones than a border is opened for.
    """
    flows, tables = given.flows, {}
    if config.draws:
        tables["regions_stability"] = bootstrap_stability(
            regions,
            flows,
            lambda matrix: _labels(config, flows, matrix, zones, times, given.centres),
            n_draws=config.draws,
            workers=workers,
        ).table()
    if config.dial:
        tables["regions_dial"] = containment_dial(flows, workers=workers)
    if config.compare:
        tables |= _compared(given, regions, zones)
    if config.across_border:
        tables |= _across(config, flows, zones, times, workers)
    return tables


def _labels(
    config: RegionsConfig,
    flows: Flows,
    matrix: FlowMatrix,
    zones: Zones,
    times: TravelTimeSource | None,
    centres: CentrePopulation | None,
) -> npt.NDArray[np.int64]:
    return delineate(
        Flows(flows.zone_id, (matrix,)),
        config.method,
        parameters=config.parameters,
        zones=zones,
        times=times,
        centres=centres,
    ).label


def _compared(given: RegionInputs, regions: Regions, zones: Zones) -> dict[str, pd.DataFrame]:
    summaries, misassigned = [], []
    for column, names in given.zonings.items():
        other = regions_from_labels(zones.zone_id, names, method=column)
        found = compare_zonings(regions, other, given.flows, zone_name=zones.label)
        measures = found.agreement
        summaries.append(
            found.summary.assign(
                compared_with=column,
                ari=measures.ari,
                nmi=measures.nmi,
                vi=measures.vi,
                jaccard=measures.jaccard,
            )
        )
        misassigned.append(found.misassigned.assign(compared_with=column))
    return {
        "regions_compared": pd.concat(summaries, ignore_index=True),
        "regions_misassigned": pd.concat(misassigned, ignore_index=True),
    }


def _across(
    config: RegionsConfig,
    flows: Flows,
    zones: Zones,
    times: TravelTimeSource | None,
    workers: int,
) -> dict[str, pd.DataFrame]:
    """Systems with the border closed, as it is and open; flows across are modelled."""
    where = "[regions] across_border"
    side = zones.places.country
    if len(zones) > MAX_DENSE:
        raise StudyError(f"{where}: is done for at most {MAX_DENSE:,} zones, not {len(zones):,}")
    if side is None or times is None:  # the study file was checked; for the type checker
        return {}
    median = times.percentiles.index(50) if 50 in times.percentiles else 0
    cost_min = np.concatenate(
        [
            times.times_s(block)[:, median].astype(np.float64) / 60.0
            for block in origin_blocks(len(zones), 256)
        ]
    )
    known = np.asarray(side[:, None] == side[None, :])
    model = fit_gravity(flows.matrix().toarray(), cost_min, known=known)
    given = {k: v for k, v in config.parameters.items() if k != "contiguous"}
    systems = cross_border_systems(
        flows,
        side,
        cost_min,
        model,
        as_is=config.border_factor,
        parameters=LabourMarketAreaParameters(**given),  # type: ignore[arg-type]
        zone_name=zones.label,
        n_draws=config.draws or 50,
        workers=workers,
    )
    return {
        "regions_across": systems.zone_table(),
        "regions_across_pairs": systems.pair_table(),
    }
