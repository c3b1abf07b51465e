"""One interface to every way of drawing regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, nearest
from halfcircle.errors import Fault, FlowError
from halfcircle.places import Zones
from halfcircle.regions._times import Times
from halfcircle.regions.flows import FlowMatrix, Flows
from halfcircle.regions.labour_market_areas import (
    LabourMarketAreaParameters,
    build_labour_market_areas,
)
from halfcircle.regions.zoning import Regions, build_regions

__all__ = ["METHODS", "delineate"]

WHERE = "[regions]"


@dataclass(frozen=True, eq=False)
class _Task:
    flows: Flows
    matrix: FlowMatrix
    group: str | None
    zones: Zones | None
    times: Times | None
    centres: Any

    @property
    def names(self) -> npt.NDArray[np.object_] | None:
        return None if self.zones is None else self.zones.label

    def regions(
        self,
        label: npt.NDArray[np.int64],
        method: str,
        parameters: Any,
        *,
        status: npt.NDArray[np.object_] | None = None,
        log: tuple[str, ...] = (),
        notices: tuple[Fault, ...] = (),
    ) -> Regions:
        return build_regions(
            self.flows.zone_id,
            label,
            weight=self.flows.jobs(self.group),
            zone_name=self.names,
            method=method,
            group=self.group or "all",
            parameters=asdict(parameters),
            status=status,
            log=log,
            notices=notices,
        )


def _labour_market_areas(task: _Task, parameters: LabourMarketAreaParameters) -> Regions:
    areas = build_labour_market_areas(task.matrix, parameters)
    status = np.full(len(areas.label), "member", dtype=object)
    status[areas.reserve] = "reserve"
    status[areas.zero_list] = "zero_list"
    status[areas.not_assigned] = "not_assigned"
    return task.regions(
        areas.label,
        "labour-market-areas",
        parameters,
        status=status,
        notices=areas.notices(task.flows.zone_id),
    )


#: Name of a method -> its parameters and the function that does it.
METHODS: Mapping[str, tuple[type[Any], Callable[[_Task, Any], Regions]]] = {
    "labour-market-areas": (LabourMarketAreaParameters, _labour_market_areas),
}


def delineate(
    flows: Flows,
    method: str = "labour-market-areas",
    *,
    parameters: Mapping[str, Any] | None = None,
    group: str | None = None,
    zones: Zones | None = None,
    times: Times | None = None,
    centres: Any = None,
) -> Regions:
    """Draw regions from flows (and travel times) by any of the methods.

    Parameters
    ----------
    flows : Flows
        Between the zones.
    method : str
        A key of `METHODS`.
    parameters : mapping, optional
        Thresholds and so on of that method; see its parameter class. Defaults where left out.
    group : str, optional
        One group of the flows (education, mode); all together when left out.
    zones : Zones, optional
        The same zones in the same order: names, areas, neighbours.
    times : travel time source, array or function, seconds, optional
        Needed by ``"catchments"``.
    centres : UrbanCentres, optional
        For ``"functional-urban-areas"``: which share of a zone's people live in an urban centre.

    Returns
    -------
    Regions

    Raises
    ------
    FlowError
        The method or a parameter does not exist, a threshold is out of range, an input that the
        method needs is missing: all at once.

    Examples
    --------
    >>> from halfcircle.regions import build_flows, delineate
    >>> flows = build_flows(["a", "b", "c"], [0, 0, 1, 1, 2], [0, 1, 0, 1, 2], [80, 9, 9, 70, 50])
    >>> delineate(flows, parameters={"min_size": 100, "target_size": 200}).region_of("b")
    'a'
    """
    faults = Faults()
    if zones is not None and list(zones.zone_id) != list(flows.zone_id):
        faults.add(
            f"{WHERE} flows",
            "zones and flows are not about the same zones in the same order",
            remedy="read the flows with zone_id = zones.zone_id",
        )
    if method not in METHODS:
        faults.add(
            f"{WHERE} method",
            "there is no such method",
            values=[method],
            remedy=nearest(method, METHODS),
        )
        faults.raise_errors(FlowError)
    kind, run = METHODS[method]
    try:
        chosen = parameters_of(kind, parameters or {})
    except FlowError as error:
        faults.extend(error.faults)
    try:
        matrix = flows.matrix(group)
    except FlowError as error:
        faults.extend(error.faults)
    faults.raise_errors(FlowError)
    return run(_Task(flows, matrix, group, zones, times, centres), chosen)


def parameters_of(kind: type[Any], given: Mapping[str, Any]) -> Any:
    """Parameters of a method from the keys of a study file.

    Raises
    ------
    FlowError
        Keys that the method does not have, with the nearest that it has; values out of range.
    """
    faults = Faults()
    known = {field.name for field in fields(kind)}
    for key in given:
        if key not in known:
            faults.add(
                f"{WHERE} parameters",
                "there is no such key",
                values=[key],
                remedy=nearest(key, known),
            )
    chosen = None
    try:
        chosen = kind(**{key: value for key, value in given.items() if key in known})
    except FlowError as error:
        faults.extend(error.faults)
    faults.raise_errors(FlowError)
    return chosen
