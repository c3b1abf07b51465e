"""What daily urban systems are drawn from: flows, urban centres, and zonings to compare with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from types import MappingProxyType
from typing import TypeVar

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle._checks import Faults, id_array
from halfcircle._tables import read_table, require_columns, texts
from halfcircle.errors import Fault, FlowError, InputError, StudyError
from halfcircle.places import Zones
from halfcircle.regions import CentrePopulation, Flows, read_crosswalk, read_flows
from halfcircle.study.inputs.centres import zone_centres
from halfcircle.study.settings.config import RegionsConfig, Study

__all__ = ["RegionInputs", "read_region_inputs"]

T = TypeVar("T")


@dataclass(frozen=True, eq=False)
class RegionInputs:
    """Inputs of ``[regions]``, read and checked.

    Parameters
    ----------
    flows : Flows
        Between the zones of the study.
    centres : CentrePopulation, optional
        Of ``population_grid``.
    zonings : mapping of str to array of str, shape (n_zones,)
        By column of ``compare``: the region of each zone; blank where there is none.
    """

    flows: Flows
    centres: CentrePopulation | None = None
    zonings: Mapping[str, npt.NDArray[np.object_]] = field(
        default_factory=lambda: MappingProxyType({})
    )


def read_region_inputs(study: Study, zones: Zones) -> RegionInputs | None:
    """Read everything that ``[regions]`` names; None where there is no such table.

    Raises
    ------
    StudyError
        All that is wrong with any of the files, at once.
    """
    config = study.regions
    if config is None:
        return None
    faults = Faults()

    def attempt(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except InputError as error:
            faults.extend(error.faults or [Fault("[regions]", str(error))])
            return None

    for key in ("flows", "crosswalk", "population_grid"):
        path = getattr(config, key)
        if path is not None and not path.is_file():
            faults.add(f"[regions] {key}", "file not found", values=[path])
    faults.raise_errors(StudyError)
    flows = attempt(partial(_flows, config, zones))
    centres = None
    if config.population_grid is not None:
        centres = attempt(partial(zone_centres, config.population_grid, zones))
    zonings = attempt(partial(_zonings, study, config, zones)) if config.compare else {}
    faults.raise_errors(StudyError)
    if flows is None:  # an error was raised above; for the type checker
        raise StudyError("flows are missing")
    return RegionInputs(flows, centres, zonings or {})


def _zonings(
    study: Study, config: RegionsConfig, zones: Zones
) -> dict[str, npt.NDArray[np.object_]]:
    where, path = "[regions] compare", study.zones.path
    if path is None:
        raise StudyError(f"{where}: names columns of the file of the zones; a grid has none")
    frame = read_table(path, where=where, kind=StudyError)
    faults = Faults()
    wanted = {"id": study.zones.id, **{column: column for column in config.compare}}
    require_columns(frame, wanted, where=where, path=path, faults=faults)
    faults.raise_errors(StudyError)
    ids = texts(frame, study.zones.id)
    found = {}
    for column in config.compare:
        region_of = dict(zip(ids, texts(frame, column), strict=True))
        found[column] = id_array(region_of.get(str(zone), "") for zone in zones.zone_id)
    return found


def _flows(config: RegionsConfig, zones: Zones) -> Flows:
    flows = read_flows(
        config.flows,
        zone_id=zones.zone_id if config.crosswalk is None else None,
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
    return _on_zones(moved, zones.zone_id, outside=config.outside)


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
