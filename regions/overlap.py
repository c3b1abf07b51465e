"""Places between two systems, and systems within systems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np
import numpy.typing as npt
from scipy import sparse

from halfcircle._checks import Faults
from halfcircle.errors import FlowError
from halfcircle.regions.flows import Flows
from halfcircle.regions.indicators import same_zones
from halfcircle.regions.labour_market_areas import (
    LabourMarketAreaParameters,
    build_labour_market_areas,
)
from halfcircle.regions.zoning import Regions, build_regions

__all__ = ["OverlappingParameters", "nested_labour_market_areas", "overlapping_membership"]


@dataclass(frozen=True, kw_only=True)
class OverlappingParameters(LabourMarketAreaParameters):
    """Labour market areas in which a place may belong to several.

    Parameters
    ----------
    min_share : float
        As of `overlapping_membership`.

    Raises
    ------
    FlowError
        All thresholds that are out of range, at once.
    """

    min_share: float = 0.15

    def __post_init__(self) -> None:
        faults = Faults()
        try:
            super().__post_init__()
        except FlowError as error:
            faults.extend(error.faults)
        if not (isinstance(self.min_share, (int, float)) and 0 < self.min_share <= 1):
            what = "must lie between 0 and 1"
            faults.add("[regions] parameters.min_share", what, values=[self.min_share])
        faults.raise_errors(FlowError)


def overlapping_membership(
    regions: Regions, flows: Flows, *, group: str | None = None, min_share: float = 0.15
) -> Regions:
    """Membership of each zone in every region that it exchanges enough people with.

    The tie of a zone to a region is the number of its residents who work there and of its workers
    who live there; what stays in the zone counts for no region. A zone belongs to its own region
    and to every other one that has at least `min_share` of its ties, in proportion. The largest
    centre of a region, which names it, belongs to it alone.

    Parameters
    ----------
    regions : Regions
        A partition.
    flows : Flows
    group : str, optional
        All groups together when left out.
    min_share : float
        Between 0 and 1.

    Returns
    -------
    Regions
        The same regions with shares.

    Raises
    ------
    FlowError
        `min_share` is out of range.
    """
    if not 0 < min_share <= 1:
        faults = Faults()
        faults.add("[regions] min_share", "must lie between 0 and 1", values=[min_share])
        faults.raise_errors(FlowError)
    same_zones(regions, flows.zone_id)
    matrix = flows.matrix(group)
    ties = (matrix + matrix.T).tolil()
    ties.setdiag(0)
    by_region = (ties.tocsr() @ (regions.share > 0).astype(np.float64)).toarray()
    label = regions.label
    total = by_region.sum(axis=1)
    share = np.zeros_like(by_region)
    np.divide(by_region, total[:, None], out=share, where=total[:, None] > 0)
    keep = share >= min_share
    inside = label >= 0
    keep[np.flatnonzero(inside), label[inside]] = True
    keep[~inside] = False
    share = np.where(keep, share, 0.0)
    # Centres, and zones without a tie to anywhere.
    bare = inside & (share.sum(axis=1) == 0)
    bare |= inside & (regions.zone_id == regions.region_id[np.maximum(label, 0)])
    share[bare] = 0.0
    share[np.flatnonzero(bare), label[bare]] = 1.0
    sums = share.sum(axis=1, keepdims=True)
    np.divide(share, sums, out=share, where=sums > 0)
    status = np.array(regions.status, dtype=object)
    status[(share > 0).sum(axis=1) > 1] = "several"
    return replace(
        regions,
        share=sparse.csr_array(share),
        method=f"{regions.method}, overlapping",
        parameters={**regions.parameters, "min_share": min_share},
        status=status,
    )


def nested_labour_market_areas(
    flows: Flows,
    levels: Sequence[LabourMarketAreaParameters],
    *,
    group: str | None = None,
    zone_name: npt.NDArray[np.object_] | None = None,
) -> tuple[Regions, ...]:
    """Labour market areas within labour market areas.

    The areas of one level are the units of the next, so that each level is made of whole areas of
    the level below. Zones that are not assigned stay so; an area that is self-contained on its own
    goes on as it is.

    Parameters
    ----------
    flows : Flows
    levels : sequence of LabourMarketAreaParameters
        From the least to the most demanding.
    group : str, optional
        All groups together when left out.
    zone_name : array of str, shape (n,), optional

    Returns
    -------
    tuple of Regions
        One per level.
    """
    matrix = flows.matrix(group)
    n = len(flows)
    label = np.arange(n)
    out = []
    for number, p in enumerate(levels, start=1):
        inside = label >= 0
        k = int(label.max(initial=-1)) + 1
        rows = np.flatnonzero(inside)
        member = sparse.csr_array((np.ones(len(rows)), (rows, label[inside])), shape=(n, k))
        areas = build_labour_market_areas((member.T @ matrix @ member).tocsr(), p)
        upper = areas.label.copy()
        if number > 1:
            # Nobody comes or goes: complete at any size.
            alone = upper < 0
            upper[alone] = areas.n_areas + np.arange(int(alone.sum()))
        label = np.where(inside, upper[np.where(inside, label, 0)], -1)
        out.append(
            build_regions(
                flows.zone_id,
                label,
                weight=flows.jobs(group),
                zone_name=zone_name,
                method=f"labour-market-areas, level {number}",
                group=group or "all",
                parameters=asdict(p),
            )
        )
    return tuple(out)
