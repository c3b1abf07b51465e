"""One interface to every way of drawing regions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, fields, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse

from halfcircle._checks import Faults, id_array, nearest
from halfcircle.errors import Fault, FlowError
from halfcircle.places import Zones
from halfcircle.regions._times import Times
from halfcircle.regions.catchments import CatchmentParameters, build_catchments
from halfcircle.regions.communities import CommunityParameters, build_communities
from halfcircle.regions.contiguity import repair_contiguity, shared_borders
from halfcircle.regions.flows import FlowMatrix, Flows
from halfcircle.regions.functional_urban_areas import (
    FunctionalUrbanAreaParameters,
    build_functional_urban_areas,
    cities_by_size,
    cities_of_centres,
)
from halfcircle.regions.labour_market_areas import (
    LabourMarketAreaParameters,
    build_labour_market_areas,
)
from halfcircle.regions.merging import (
    FlowMergingParameters,
    IntramaxParameters,
    build_flow_merging,
    build_intramax,
)
from halfcircle.regions.overlap import OverlappingParameters, overlapping_membership
from halfcircle.regions.urban_centres import CentrePopulation
from halfcircle.regions.zoning import Regions, build_regions, unique_names

__all__ = ["METHODS", "delineate"]

WHERE = "[regions]"


@dataclass(frozen=True, eq=False)
class _Task:
    flows: Flows
    matrix: FlowMatrix
    group: str | None
    zones: Zones | None
    times: Times | None
    centres: CentrePopulation | None

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
    if parameters.mode != "paper":
        # These modes decide ties by the order of identifiers, whatever the order of the zones.
        order = _by_identifier(task.flows.zone_id)
        areas = build_labour_market_areas(task.matrix[order][:, order], parameters)
        back = np.argsort(order)
        areas = replace(
            areas,
            label=areas.label[back],
            zero_list=areas.zero_list[back],
            reserve=areas.reserve[back],
        )
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


def _overlapping(task: _Task, parameters: OverlappingParameters) -> Regions:
    regions = overlapping_membership(
        _labour_market_areas(task, parameters),
        task.flows,
        group=task.group,
        min_share=parameters.min_share,
    )
    return replace(regions, method="overlapping")


def _by_identifier(ids: npt.NDArray[np.object_]) -> npt.NDArray[np.intp]:
    # Numbers as numbers, "9" before "10", like the reference implementation.
    if all(str(item).isdecimal() for item in ids):
        return np.argsort(np.array([int(item) for item in ids]), kind="stable")
    return np.argsort(ids.astype(str), kind="stable")


def _functional_urban_areas(task: _Task, parameters: FunctionalUrbanAreaParameters) -> Regions:
    log: tuple[str, ...] = ()
    notices: tuple[Fault, ...] = ()
    residents = task.flows.residents(task.group)
    employed = task.flows.residents(task.group, abroad=True)
    employed = np.where(np.isnan(employed), residents, employed)
    if task.centres is None:
        city = cities_by_size(
            residents,
            task.flows.jobs(task.group),
            min_residents=parameters.min_residents,
            min_jobs=parameters.min_jobs,
        )
        notices += (
            Fault(
                "functional urban areas",
                "no urban centres were given: large zones stand for cities",
                remedy="give a population grid",
                severity="warning",
            ),
        )
    else:
        if list(task.centres.zone_id) != list(task.flows.zone_id):
            raise FlowError(f"{WHERE} centres: not about the same zones in the same order")
        city, log = cities_of_centres(task.centres, city_share=parameters.city_share)
    borders = perimeter_m = None
    if task.zones is not None and task.zones.geometry is not None:
        borders = shared_borders(task.zones)
        perimeter_m = np.asarray(shapely.length(task.zones.geometry), dtype=np.float64)
    areas = build_functional_urban_areas(
        task.matrix,
        city,
        parameters,
        employed=employed,
        borders=borders,
        perimeter_m=perimeter_m,
        names=task.flows.zone_id if task.names is None else task.names,
    )
    status = np.where(areas.city, "city", np.where(areas.label >= 0, "zone", "not_assigned"))
    return task.regions(
        areas.label,
        "functional-urban-areas",
        parameters,
        status=status,
        log=(*log, *areas.log),
        notices=(*notices, *areas.notices),
    )


def _communities(task: _Task, parameters: CommunityParameters) -> Regions:
    found = build_communities(task.matrix, parameters)
    log = (f"directed modularity {found.modularity:.4f}",)
    return task.regions(found.label, "communities", parameters, log=log, notices=found.notices)


def _intramax(task: _Task, parameters: IntramaxParameters) -> Regions:
    tree = build_intramax(task.matrix)
    enough = len(tree.joined)
    if parameters.n_regions is not None:
        enough = max(0, tree.n - parameters.n_regions)
    if parameters.internal_share is not None:
        wanted = parameters.internal_share * float(task.matrix.sum())
        enough = min(enough, int(np.searchsorted(tree.internal, wanted - 1e-9)))
    return task.regions(tree.labels_after(enough), "intramax", parameters)


def _flow_merging(task: _Task, parameters: FlowMergingParameters) -> Regions:
    tree, reason = build_flow_merging(task.matrix, parameters)
    notices: tuple[Fault, ...] = ()
    if reason == "no flow left":
        what = "ended because no flow was left to merge by, before a threshold was met"
        notices = (Fault("flow merging", what, severity="warning"),)
    return task.regions(
        tree.labels_after(len(tree.joined)), "flow-merging", parameters, notices=notices
    )


def _catchments(task: _Task, parameters: CatchmentParameters) -> Regions:
    if task.times is None:
        remedy = "give travel times, or choose a method that uses flows only"
        raise FlowError(
            faults=[Fault(f"{WHERE} method", "catchments need travel times", remedy=remedy)]
        )
    ids = task.flows.zone_id
    names = ids if task.names is None else task.names
    found = build_catchments(task.flows.jobs(task.group), task.times, parameters, names=names)
    return Regions(
        ids,
        ids[found.centre_idx],
        id_array(unique_names(names[found.centre_idx], ids[found.centre_idx])),
        sparse.csr_array(found.share),
        method="catchments",
        group=task.group or "all",
        parameters=asdict(parameters),
        log=found.log,
        notices=found.notices,
    )


#: Name of a method -> its parameters and the function that does it.
METHODS: Mapping[str, tuple[type[Any], Callable[[_Task, Any], Regions]]] = {
    "labour-market-areas": (LabourMarketAreaParameters, _labour_market_areas),
    "overlapping": (OverlappingParameters, _overlapping),
    "functional-urban-areas": (FunctionalUrbanAreaParameters, _functional_urban_areas),
    "communities": (CommunityParameters, _communities),
    "intramax": (IntramaxParameters, _intramax),
    "flow-merging": (FlowMergingParameters, _flow_merging),
    "catchments": (CatchmentParameters, _catchments),
}


def delineate(
    flows: Flows,
    method: str = "labour-market-areas",
    *,
    parameters: Mapping[str, Any] | None = None,
    group: str | None = None,
    zones: Zones | None = None,
    times: Times | None = None,
    centres: CentrePopulation | None = None,
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
        ``contiguous`` (true or false) goes with every method: pieces that are cut off are moved
        afterwards, as of `repair_contiguity`.
    group : str, optional
        One group of the flows (education, mode); all together when left out.
    zones : Zones, optional
        The same zones in the same order: names, areas, neighbours.
    times : travel time source, array or function, seconds, optional
        Needed by ``"catchments"``.
    centres : CentrePopulation, optional
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
    given = dict(parameters or {})
    contiguous = given.pop("contiguous", False)
    if not isinstance(contiguous, bool):
        what = "is neither true nor false"
        faults.add(f"{WHERE} parameters.contiguous", what, values=[contiguous])
    elif contiguous and (zones is None or zones.geometry is None):
        faults.add(
            f"{WHERE} parameters.contiguous",
            "needs zones with areas",
            remedy="zones that are points have no neighbours",
        )
    try:
        chosen = parameters_of(kind, given)
    except FlowError as error:
        faults.extend(error.faults)
    try:
        matrix = flows.matrix(group)
    except FlowError as error:
        faults.extend(error.faults)
    faults.raise_errors(FlowError)
    regions = run(_Task(flows, matrix, group, zones, times, centres), chosen)
    if contiguous and zones is not None and regions.is_partition:
        regions = repair_contiguity(
            regions, flows, shared_borders(zones), group=group, zone_name=zones.label
        )
    n_unknown = int(flows.unknown_pairs(group).nnz)
    if n_unknown:
        faults.warn(
            f"{WHERE} flows",
            "pairs whose count is unknown could not take part in drawing the regions",
            count=n_unknown,
            remedy="they may be anything but zero: look at the regions of the zones at their ends",
        )
    return replace(regions, notices=(*regions.notices, *faults.warnings))


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
