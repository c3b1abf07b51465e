"""Daily urban systems of a study: from its flows, for all together and for each group."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from halfcircle.errors import Fault, StudyError
from halfcircle.regions import (
    Flows,
    delineate,
    membership_table,
    read_flows,
    regions_geodataframe,
)
from halfcircle.study.config import Study
from halfcircle.study.inputs import Inputs
from halfcircle.study.modes import Modes
from halfcircle.study.regions_centres import zone_centres
from halfcircle.study.regions_checks import further_tables

__all__ = ["RegionTables", "compute_regions", "study_flows"]


@dataclass(frozen=True, eq=False)
class RegionTables:
    """Who belongs where, and the areas.

    Parameters
    ----------
    membership : DataFrame, optional
        Columns of ``membership.parquet``; None where the study has no flows.
    layers : dict of str to GeoDataFrame
        One per method and group.
    notices : tuple of Fault
    further : dict of str to DataFrame
        How sure they are, other choices, the border: see `further_tables`.
    """

    membership: pd.DataFrame | None = None
    layers: dict[str, Any] = field(default_factory=dict)
    notices: tuple[Fault, ...] = ()
    further: dict[str, pd.DataFrame] = field(default_factory=dict)


def study_flows(study: Study, inputs: Inputs) -> Flows | None:
    """Flows of ``[regions]`` between the zones of the study; None where there is no such table.

    Raises
    ------
    FlowError
        All that is wrong with the file, at once.
    """
    config = study.regions
    if config is None:
        return None
    return read_flows(
        config.flows,
        zone_id=inputs.zones.zone_id,
        group=config.group,
        outside="abroad" if config.outside == "abroad" else "fault",
        year=config.year,
        unit=config.unit,
        source=config.source,
    )


def compute_regions(
    study: Study, inputs: Inputs, modes: Modes, *, workers: int = 1
) -> RegionTables:
    """Draw the regions that the study asks for.

    Raises
    ------
    FlowError
        The flows, the method or its parameters are wrong.
    StudyError
        ``[regions] mode`` names travel times that the study does not have.
    """
    config = study.regions
    flows = study_flows(study, inputs)
    if config is None or flows is None:
        return RegionTables()
    if config.mode is not None and config.mode not in modes.sources:
        raise StudyError(f"[regions] mode: {config.mode!r} is not among the modes of [reach]")
    times = None if config.mode is None else modes.sources[config.mode]
    centres = None
    if config.population_grid is not None:
        centres = zone_centres(config.population_grid, inputs.zones)
    groups: list[str | None] = [None]
    if config.group is not None:
        groups += list(flows.groups)
    found = [
        delineate(
            flows,
            config.method,
            parameters=config.parameters,
            group=group,
            zones=inputs.zones,
            times=times,
            centres=centres,
        )
        for group in groups
    ]
    notices = list(flows.notices)
    for regions in found:
        notices += [notice for notice in regions.notices if notice not in notices]
    return RegionTables(
        membership_table(found),
        {
            f"{regions.method}-{regions.group}": regions_geodataframe(
                regions, inputs.zones, flows=flows
            )
            for regions in found
        },
        tuple(notices),
        further_tables(study, flows, found[0], inputs.zones, times, workers=workers),
    )
