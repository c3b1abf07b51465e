"""Daily urban systems of a study: from its flows, for all together and for each group."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pandas as pd

from halfcircle.errors import Fault, StudyError
from halfcircle.regions import (
    delineate,
    membership_table,
    regions_geodataframe,
)
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.modes.build import Modes
from halfcircle.study.regions.further import further_tables
from halfcircle.study.settings.config import Study

__all__ = ["RegionTables", "compute_regions"]


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


def compute_regions(
    study: Study, inputs: Inputs, modes: Modes, *, workers: int = 1
) -> RegionTables:
    """Draw the regions that the study asks for.

    Raises
    ------
    FlowError
        The method or its parameters do not fit the flows.
    StudyError
        ``[regions] mode`` names travel times that the study does not have.
    """
    config = study.regions
    given = inputs.regions
    if config is None or given is None:
        return RegionTables()
    flows = given.flows
    if config.mode is not None and config.mode not in modes.sources:
        raise StudyError(f"[regions] mode: {config.mode!r} is not among the modes of [reach]")
    times = None if config.mode is None else modes.sources[config.mode]
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
            centres=given.centres,
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
        further_tables(config, given, found[0], inputs.zones, times, workers=workers),
    )
