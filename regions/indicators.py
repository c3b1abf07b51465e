"""What the regions are like: size, self-containment, centres, shape, cohesion."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely
from scipy import sparse

from halfcircle.errors import FlowError
from halfcircle.places import Zones
from halfcircle.regions._times import BLOCK, Times, block_times_s
from halfcircle.regions.flows import FlowMatrix, Flows, containment_table
from halfcircle.regions.zoning import Regions

__all__ = ["inter_region_flows", "internal_share", "region_cohesion", "region_indicators"]


def inter_region_flows(regions: Regions, flows: Flows, *, group: str | None = None) -> FlowMatrix:
    """Flows between regions; the last row and column are the zones that are not assigned.

    Returns
    -------
    csr_array of float64, shape (k + 1, k + 1)
        Its sum is that of the flows; the diagonal is what stays inside.
    """
    same_zones(regions, flows.zone_id)
    rest = regions.not_assigned.astype(np.float64)[:, None]
    share: Any = sparse.hstack([regions.share, sparse.csr_array(rest)]).tocsr()
    return (share.T @ flows.matrix(group) @ share).tocsr()


def internal_share(regions: Regions, flows: Flows, *, group: str | None = None) -> float:
    """Share of all flows that stay inside a region."""
    between = inter_region_flows(regions, flows, group=group)
    total = float(between.sum())
    inside = float(between.diagonal()[:-1].sum())
    return inside / total if total else float("nan")


def region_indicators(
    regions: Regions,
    flows: Flows,
    *,
    group: str | None = None,
    zones: Zones | None = None,
) -> pd.DataFrame:
    """Key figures of every region.

    Parameters
    ----------
    regions : Regions
    flows : Flows
        Between the same zones, in the same order.
    group : str, optional
        All groups together when left out.
    zones : Zones, optional
        With areas: adds area, compactness and number of parts.

    Returns
    -------
    DataFrame
        region_id, region_name, n_zones, residents, jobs, internal, supply_containment,
        demand_containment, self_containment, job_ratio, net_in_commuting;
        core_share (jobs in the largest zone / jobs), effective_centres (inverse Herfindahl index
        of where people who leave their zone but not the region work; Laakso & Taagepera 1979,
        doi:10.1177/001041407901200101), polycentricity (1 - 1 / effective_centres);
        with areas: area_km2, compactness (4 pi area / perimeter^2, 1 for a circle) and n_parts.
    """
    k = len(regions)
    between = inter_region_flows(regions, flows, group=group)
    table = containment_table(
        regions.region_id,
        np.asarray(between.sum(axis=1))[:k],
        np.asarray(between.sum(axis=0))[:k],
        np.asarray(between.diagonal())[:k],
        id_name="region_id",
    )
    table.insert(1, "region_name", regions.region_name)
    table.insert(2, "n_zones", np.asarray((regions.share > 0).sum(axis=0)).astype(np.int64))
    jobs = regions.share.T.multiply(flows.jobs(group)[None, :]).tocsr()
    largest = np.asarray(jobs.max(axis=1).todense()).reshape(-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        table["core_share"] = largest / table["jobs"].to_numpy()
    table["effective_centres"] = _effective_centres(regions, flows.matrix(group))
    table["polycentricity"] = 1.0 - 1.0 / table["effective_centres"]
    if zones is not None and zones.geometry is not None:
        same_zones(regions, zones.zone_id)
        outline = region_outlines(regions, zones)
        area, around = shapely.area(outline), shapely.length(outline)
        table["area_km2"] = area / 1e6
        table["compactness"] = 4.0 * np.pi * area / around**2
        table["n_parts"] = shapely.get_num_geometries(outline)
    return table


def region_outlines(regions: Regions, zones: Zones) -> npt.NDArray[np.object_]:
    """Areas of the regions in the CRS of the zones, shape (k,)."""
    if zones.geometry is None:
        raise FlowError("regions: the zones are points, regions of them have no area")
    out = np.empty(len(regions), dtype=object)
    columns = regions.share.tocsc()
    for r in range(len(regions)):
        members = columns.indices[columns.indptr[r] : columns.indptr[r + 1]]
        out[r] = shapely.union_all(zones.geometry[members])
    return out


def region_cohesion(
    regions: Regions, flows: Flows, times: Times, *, cutoff_s: float, group: str | None = None
) -> pd.DataFrame:
    """Internal reach: which share of a region's jobs its residents reach in time.

    Parameters
    ----------
    regions : Regions
    flows : Flows
        Residents and jobs.
    times : travel time source, array (n, n) or function of a block of origins, seconds
    cutoff_s : float, seconds

    Returns
    -------
    DataFrame
        region_id, region_name, cohesion (mean over residents), jobs_in_reach (own region),
        mean_time_s (weighted by jobs and residents; infinite if a pair is not reached).
    """
    n, k = len(regions.zone_id), len(regions)
    same_zones(regions, flows.zone_id)
    label = regions.label
    residents, jobs = flows.residents(group), flows.jobs(group)
    region_jobs = np.bincount(label[label >= 0], jobs[label >= 0], minlength=k)
    reach, seconds = np.zeros(n), np.zeros(n)
    for start in range(0, n, BLOCK):
        idx = np.arange(start, min(start + BLOCK, n), dtype=np.int64)
        t = block_times_s(times, idx, n)
        same = (label[idx, None] == label[None, :]) & (label[idx, None] >= 0)
        weight = np.where(same, jobs[None, :], 0.0)
        reach[idx] = np.where(t <= cutoff_s, weight, 0.0).sum(axis=1)
        with np.errstate(invalid="ignore"):
            seconds[idx] = np.where(weight > 0, weight * t, 0.0).sum(axis=1)
    inside = label >= 0
    people = np.bincount(label[inside], residents[inside], minlength=k)
    reached = np.bincount(label[inside], (residents * reach)[inside], minlength=k)
    with np.errstate(divide="ignore", invalid="ignore"):
        spent = np.bincount(
            label[inside], np.where(residents > 0, residents * seconds, 0.0)[inside], minlength=k
        )
        mean_reach = reached / people
        return pd.DataFrame(
            {
                "region_id": regions.region_id,
                "region_name": regions.region_name,
                "cohesion": mean_reach / region_jobs,
                "jobs_in_reach": mean_reach,
                "mean_time_s": spent / (people * region_jobs),
            }
        )


def _effective_centres(regions: Regions, matrix: FlowMatrix) -> npt.NDArray[np.float64]:
    label = regions.label
    coo = matrix.tocoo()
    inside = (label[coo.row] == label[coo.col]) & (label[coo.row] >= 0) & (coo.row != coo.col)
    into = np.bincount(coo.col[inside], coo.data[inside], minlength=len(label))
    members = label >= 0
    total = np.bincount(label[members], into[members], minlength=len(regions))
    squares = np.bincount(label[members], into[members] ** 2, minlength=len(regions))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(total > 0, total**2 / squares, 1.0)


def same_zones(regions: Regions, zone_id: npt.NDArray[np.object_]) -> None:
    """Raise unless these are the zones of the regions, in the same order."""
    if len(zone_id) != len(regions.zone_id) or (zone_id != regions.zone_id).any():
        raise FlowError(
            "regions and flows or zones are not about the same zones in the same order: "
            "read the flows with zone_id = zones.zone_id"
        )
