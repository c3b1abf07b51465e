"""Daily urban systems of a scenario: regions drawn again from its flows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pandas as pd

from halfcircle.regions import (
    CentrePopulation,
    Flows,
    Regions,
    delineate,
    membership_table,
    regions_geodataframe,
)
from halfcircle.study.settings.config import RegionsConfig

__all__ = ["scenario_regions"]


def scenario_regions(
    flows: Flows,
    config: RegionsConfig,
    name: str,
    *,
    zones: Any,
    times: Any,
    centres: CentrePopulation | None = None,
) -> tuple[Regions, pd.DataFrame, dict[str, Any]]:
    """Regions of a scenario from its flows, all groups together.

    Returns
    -------
    Regions
    DataFrame
        Rows of ``membership.parquet``.
    dict of str to GeoDataFrame
        Layer of ``regions.gpkg``.
    """
    found = delineate(
        flows,
        config.method,
        parameters=config.parameters,
        zones=zones,
        times=times,
        centres=centres,
    )
    found = replace(found, scenario=name)
    layer = regions_geodataframe(found, zones, flows=flows)
    return found, membership_table(found), {f"{found.method}-{found.group}-{name}": layer}
