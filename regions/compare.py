"""How alike two zonings are, and which places are where the other does not have them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle.errors import FlowError
from halfcircle.regions.flows import Flows
from halfcircle.regions.indicators import internal_share, region_indicators, same_zones
from halfcircle.regions.zoning import Regions

__all__ = ["Agreement", "ZoningComparison", "agreement", "compare_zonings"]


@dataclass(frozen=True)
class Agreement:
    """Agreement of two partitions; zones that are not assigned stand alone.

    Parameters
    ----------
    ari : float
        Adjusted Rand index (Hubert & Arabie 1985, doi:10.1007/BF01908075): 1 is identical, 0 is
        what chance gives.
    nmi : float
        Normalised mutual information, divided by the mean entropy; 1 is identical.
    vi : float, bits
        Variation of information (Meila 2007, doi:10.1016/j.jmva.2006.11.013); 0 is identical.
    jaccard : float
        Pairs together in both over pairs together in either.
    """

    ari: float
    nmi: float
    vi: float
    jaccard: float


@dataclass(frozen=True, eq=False)
class ZoningComparison:
    """Two zonings side by side.

    Parameters
    ----------
    agreement : Agreement
    summary : DataFrame
        zoning, n_regions, internal_share, median_self_containment, least_self_containment,
        not_assigned.
    misassigned : DataFrame
        zone_id, zone_name, region, belongs_with, is_in: zones that the second zoning keeps apart
        from most of their region of the first.
    containment : DataFrame
        Self-containment of every region of both, smallest first.
    """

    agreement: Agreement
    summary: pd.DataFrame
    misassigned: pd.DataFrame
    containment: pd.DataFrame


def agreement(first: npt.NDArray[np.int64], second: npt.NDArray[np.int64]) -> Agreement:
    """Agreement of two partitions of the same zones.

    Parameters
    ----------
    first, second : array of int64, shape (n,)
        Labels; negative ones stand alone.

    Raises
    ------
    FlowError
        The partitions are not of the same number of zones, or of none.
    """
    if len(first) != len(second) or not len(first):
        raise FlowError(f"comparison: {len(first)} and {len(second)} zones")
    a, b = _alone(first), _alone(second)
    n = len(a)
    table = sparse.coo_array((np.ones(n), (a, b))).tocsr()
    both = table.data
    in_a, in_b = np.bincount(a).astype(np.float64), np.bincount(b).astype(np.float64)
    pairs = n * (n - 1) / 2.0
    together = (both * (both - 1)).sum() / 2.0
    pairs_a, pairs_b = (in_a * (in_a - 1)).sum() / 2.0, (in_b * (in_b - 1)).sum() / 2.0
    expected = pairs_a * pairs_b / pairs if pairs else 0.0
    largest = (pairs_a + pairs_b) / 2.0
    ari = 1.0 if largest == expected else (together - expected) / (largest - expected)
    entropy_a, entropy_b, joint = _entropy(in_a / n), _entropy(in_b / n), _entropy(both / n)
    mutual = max(entropy_a + entropy_b - joint, 0.0)
    either = pairs_a + pairs_b - together
    return Agreement(
        ari=float(ari),
        nmi=2.0 * mutual / (entropy_a + entropy_b) if entropy_a + entropy_b > 0 else 1.0,
        vi=max(2.0 * joint - entropy_a - entropy_b, 0.0),
        jaccard=float(together / either) if either else 1.0,
    )


def compare_zonings(
    first: Regions,
    second: Regions,
    flows: Flows,
    *,
    group: str | None = None,
    zone_name: npt.NDArray[np.object_] | None = None,
) -> ZoningComparison:
    """Compare two zonings of the same zones: delineated, administrative, or of another year.

    Parameters
    ----------
    first, second : Regions
        Overlapping zonings are compared by largest share.
    flows : Flows
        For self-containment, and as weight of what most of a region is.
    group : str, optional
        All groups together when left out.
    zone_name : array of str, shape (n,), optional

    Returns
    -------
    ZoningComparison
    """
    same_zones(first, flows.zone_id)
    same_zones(second, flows.zone_id)
    names = flows.zone_id if zone_name is None else zone_name
    rows, tables = [], []
    for zoning in (first, second):
        table = region_indicators(zoning, flows, group=group)
        contained = table["self_containment"]
        rows.append(
            {
                "zoning": zoning.method,
                "n_regions": len(zoning),
                "internal_share": internal_share(zoning, flows, group=group),
                "median_self_containment": contained.median(),
                "least_self_containment": contained.min(),
                "not_assigned": int(zoning.not_assigned.sum()),
            }
        )
        columns = ["region_id", "region_name", "n_zones", "residents", "self_containment"]
        tables.append(table[columns].assign(zoning=zoning.method))
    return ZoningComparison(
        agreement(first.label, second.label),
        pd.DataFrame(rows),
        _misassigned(first, second, flows.residents(group) + flows.jobs(group), names),
        pd.concat(tables).sort_values("self_containment", kind="stable", ignore_index=True),
    )


def _misassigned(
    first: Regions,
    second: Regions,
    weight: npt.NDArray[np.float64],
    names: npt.NDArray[np.object_],
) -> pd.DataFrame:
    a, b = first.label, second.label
    both = (a >= 0) & (b >= 0)
    shape = (len(first), len(second))
    overlap = sparse.coo_array((weight[both], (a[both], b[both])), shape=shape).toarray()
    most = overlap.argmax(axis=1) if shape[1] else np.zeros(shape[0], np.int64)
    away = np.flatnonzero(both & (np.where(both, most[np.maximum(a, 0)], -1) != b))
    return pd.DataFrame(
        {
            "zone_id": first.zone_id[away],
            "zone_name": names[away],
            "region": first.region_name[a[away]],
            "belongs_with": second.region_name[most[a[away]]],
            "is_in": second.region_name[b[away]],
        }
    )


def _alone(label: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    # Every zone that is not assigned is a region of its own.
    out = label.copy()
    lost = label < 0
    out[lost] = label.max(initial=-1) + 1 + np.arange(int(lost.sum()))
    return np.unique(out, return_inverse=True)[1].astype(np.int64)


def _entropy(share: npt.NDArray[np.float64]) -> float:
    positive = share[share > 0]
    return float(-(positive * np.log2(positive)).sum())
