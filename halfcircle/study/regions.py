"""Daily urban systems of a study: from its flows, for all together and for each group."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle._checks import Faults
from halfcircle._tables import read_table
from halfcircle.errors import Fault, FlowError, StudyError
from halfcircle.regions import (
    Flows,
    delineate,
    membership_table,
    read_crosswalk,
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
    flows = read_flows(
        config.flows,
        zone_id=inputs.zones.zone_id if config.crosswalk is None else None,
        group=config.group,
        outside="abroad" if config.outside == "abroad" else "fault",
        year=config.year,
        unit=config.unit,
        source=config.source,
    )
    if config.crosswalk is None:
        return flows
    frame = read_table(config.crosswalk, where="[regions] crosswalk", kind=FlowError)
    share = "share" if "share" in frame.columns else None
    moved = read_crosswalk(config.crosswalk, share=share).apply(flows)
    return _on_zones(moved, inputs.zones.zone_id, outside=config.outside)


def _on_zones(flows: Flows, zone_id: npt.NDArray[np.object_], *, outside: str) -> Flows:
    """Flows in the order of the zones; zones that no flow touches get empty rows.

    Raises
    ------
    FlowError
        The flows know zones that the study does not have, and `outside` is ``"fault"``.
    """
    position = pd.Index(flows.zone_id).get_indexer(pd.Index(zone_id))
    faults = Faults()
    foreign = sorted(set(flows.zone_id) - set(zone_id))
    if foreign and outside == "fault":
        faults.add(
            "[regions] crosswalk",
            "leads to zones that are not in the study",
            values=foreign,
            remedy='add them to the crosswalk, or write outside = "abroad"',
        )
    present = np.flatnonzero(position >= 0)
    if len(present) == 0:
        faults.add("[regions] crosswalk", "no zone of the study has flows")
    faults.raise_errors(FlowError)
    taken = flows.take(position[present])
    if len(present) == len(zone_id):
        return taken
    faults.warn("[regions] crosswalk", "zones without flows", values=zone_id[position < 0])
    shape = (len(zone_id), len(present))
    onto = sparse.coo_array((np.ones(len(present)), (present, np.arange(len(present)))), shape)
    spread = onto.tocsr()

    def padded(values: npt.NDArray[np.float64] | None) -> npt.NDArray[np.float64] | None:
        return None if values is None else np.asarray(values @ spread.T, dtype=np.float64)

    return replace(
        taken,
        zone_id=zone_id,
        counts=tuple((spread @ m @ spread.T).tocsr() for m in taken.counts),
        unknown=None
        if taken.unknown is None
        else tuple(
            (spread @ m.astype(np.float64) @ spread.T).tocsr().astype(np.bool_)
            for m in taken.unknown
        ),
        abroad_out=padded(taken.abroad_out),
        abroad_in=padded(taken.abroad_in),
        notices=(*taken.notices, *faults.warnings),
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
        further_tables(
            study, flows, found[0], inputs.zones, times, centres=centres, workers=workers
        ),
    )
