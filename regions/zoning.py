"""Regions: which zone belongs to which, the one result of every way to delineate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy import sparse

from halfcircle._checks import Faults, duplicated, id_array
from halfcircle._html import few, html_table
from halfcircle.errors import Fault, FlowError
from halfcircle.regions.flows import FlowMatrix, _frozen_csr

__all__ = ["Regions", "build_regions", "regions_from_labels"]

TOLERANCE = 1e-9


@dataclass(frozen=True, eq=False)
class Regions:
    """A zoning: each zone belongs to one region, to none, or to several with shares.

    Parameters
    ----------
    zone_id : array of str, shape (n,)
    region_id : array of str, shape (k,)
        Identifier of the largest centre, which is unique in a partition.
    region_name : array of str, shape (k,)
        Name of the largest centre.
    share : csr_array of float64, shape (n, k)
        Membership; rows sum to 1, or to 0 for zones that are not assigned.
    method : str
        How it was made: ``"labour-market-areas"``, ...
    group : str
        Group of the flows.
    scenario : str
        Scenario of the flows or travel times.
    parameters : mapping
        Thresholds, seeds and so on, as they were used.
    status : array of str, shape (n,), optional
        Per zone how it got in: ``member``, ``core``, ``reserve``, ``zero_list``,
        ``not_assigned``, ``repaired``, ...
    log : tuple of str
        Decisions, one sentence each, in the order in which they were taken.
    notices : tuple of Fault
        What the report must say.

    Raises
    ------
    FlowError
        Shapes do not fit, identifiers repeat, shares are not shares.
    """

    zone_id: npt.NDArray[np.object_]
    region_id: npt.NDArray[np.object_]
    region_name: npt.NDArray[np.object_]
    share: FlowMatrix
    method: str = ""
    group: str = "all"
    scenario: str = "baseline"
    parameters: Mapping[str, Any] = field(default_factory=dict)
    status: npt.NDArray[np.object_] | None = None
    log: tuple[str, ...] = ()
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        for name in ("zone_id", "region_id", "region_name"):
            object.__setattr__(self, name, id_array(getattr(self, name)))
        object.__setattr__(self, "share", _frozen_csr(self.share, np.float64))
        object.__setattr__(self, "parameters", dict(self.parameters))
        n, k = len(self.zone_id), len(self.region_id)
        status = self.status
        if status is None:
            inside = np.diff(self.share.indptr) > 0
            status = np.where(inside, "member", "not_assigned")
        object.__setattr__(self, "status", id_array(status))
        faults, where = Faults(), f"regions {self.method!r}"
        if self.share.shape != (n, k) or len(self.region_name) != k:
            faults.add(where, f"shares have shape {self.share.shape}, expected ({n}, {k})")
        if len(self.status) != n:  # type: ignore[arg-type]
            faults.add(where, "status has the wrong length")
        for label, ids in (("zones", self.zone_id), ("regions", self.region_id)):
            if twice := duplicated(ids):
                faults.add(where, f"{label} occur more than once", values=twice)
        faults.raise_errors(FlowError)
        total = np.asarray(self.share.sum(axis=1))
        bad = (np.abs(total - 1.0) > TOLERANCE) & (total != 0)
        if bad.any() or (self.share.data < 0).any():
            faults.add(where, "shares of a zone do not sum to 1", values=self.zone_id[bad])
        faults.raise_errors(FlowError)

    def __len__(self) -> int:
        return len(self.region_id)

    def __repr__(self) -> str:
        text = f"<Regions: {len(self):,} by {self.method} of {len(self.zone_id):,} zones"
        if not self.is_partition:
            text += ", overlapping"
        missing = int(self.not_assigned.sum())
        return text + (f", {missing:,} not assigned>" if missing else ">")

    def _repr_html_(self) -> str:
        size = np.asarray((self.share > 0).sum(axis=0)).ravel()
        largest = np.argsort(-size, kind="stable")
        names = [f"{self.region_name[i]} ({size[i]:,})" for i in largest]
        missing = int(self.not_assigned.sum())
        zones = f"{len(self.zone_id):,}" + (f", {missing:,} not assigned" if missing else "")
        rows = [
            ("method", self.method),
            ("group", self.group if self.group != "all" else ""),
            ("scenario", self.scenario if self.scenario != "baseline" else ""),
            ("zones", zones),
            ("overlapping", "" if self.is_partition else "yes"),
            ("largest (zones)", few(names)),
            ("parameters", ", ".join(f"{k} {v}" for k, v in self.parameters.items())),
            ("noticed", f"{len(self.notices):,}" if self.notices else ""),
        ]
        return html_table(f"Regions: {len(self):,}", rows)

    @property
    def label(self) -> npt.NDArray[np.int64]:
        """Region of each zone (that of its largest share), shape (n,); -1 if not assigned."""
        out = np.full(len(self.zone_id), -1, np.int64)
        start, columns, data = self.share.indptr, self.share.indices, self.share.data
        for i in range(len(out)):
            row = slice(start[i], start[i + 1])
            if row.stop > row.start:
                out[i] = columns[row][np.argmax(data[row])]
        return out

    @property
    def is_partition(self) -> bool:
        """Whether no zone belongs to more than one region."""
        return bool((np.diff(self.share.indptr) <= 1).all())

    @property
    def not_assigned(self) -> npt.NDArray[np.bool_]:
        """Zones that belong to no region, shape (n,)."""
        return np.asarray(np.diff(self.share.indptr) == 0, dtype=np.bool_)

    def members(self, region: str) -> npt.NDArray[np.object_]:
        """Identifiers of the zones of a region, by its identifier or its name.

        Raises
        ------
        FlowError
            There is no such region.
        """
        hit = np.flatnonzero((self.region_id == region) | (self.region_name == region))
        if not len(hit):
            raise FlowError(f"regions {self.method!r}: there is no region {region!r}")
        return self.zone_id[np.flatnonzero(self.label == hit[0])]

    def region_of(self, zone: str) -> str | None:
        """Name of the region of a zone; None if it is not assigned.

        Raises
        ------
        FlowError
            There is no such zone.
        """
        hit = np.flatnonzero(self.zone_id == zone)
        if not len(hit):
            raise FlowError(f"regions {self.method!r}: there is no zone {zone!r}")
        region = self.label[hit[0]]
        return None if region < 0 else str(self.region_name[region])

    def in_scenario(self, scenario: str) -> Regions:
        """Return the same regions under the name of a scenario."""
        return replace(self, scenario=scenario)


def build_regions(
    zone_id: npt.NDArray[np.object_],
    label: npt.NDArray[np.int64],
    *,
    weight: npt.NDArray[np.float64],
    zone_name: npt.NDArray[np.object_] | None = None,
    method: str = "",
    group: str = "all",
    parameters: Mapping[str, Any] | None = None,
    status: npt.NDArray[np.object_] | None = None,
    log: tuple[str, ...] = (),
    notices: tuple[Fault, ...] = (),
) -> Regions:
    """Regions of a partition, largest first, each named by its largest centre.

    Parameters
    ----------
    zone_id : array of str, shape (n,)
    label : array of int64, shape (n,)
        Any numbering; negative for zones that are not assigned.
    weight : array of float64, shape (n,)
        Size of a zone as a centre: jobs.
    zone_name : array of str, shape (n,), optional
        Names of the zones; the identifiers where left out.

    Returns
    -------
    Regions
        Ordered by total weight, ties by identifier.
    """
    names = zone_id if zone_name is None else zone_name
    found = np.unique(label[label >= 0])
    size = np.zeros(len(found))
    centre = np.zeros(len(found), np.int64)
    # From light to heavy, and for equal weights from the last identifier to the first.
    position = np.argsort(np.argsort(zone_id.astype(str), kind="stable"), kind="stable")
    order = np.lexsort((-position, weight))
    rank = np.searchsorted(found, label)
    inside = label >= 0
    np.add.at(size, rank[inside], weight[inside])
    for i in order:
        if inside[i]:
            centre[rank[i]] = i
    by_size = np.lexsort((position[centre], -size))
    new = np.empty(len(found), np.int64)
    new[by_size] = np.arange(len(found))
    rows = np.flatnonzero(inside)
    share = sparse.coo_array(
        (np.ones(len(rows)), (rows, new[rank[rows]])), shape=(len(zone_id), len(found))
    ).tocsr()
    centres = centre[by_size]
    return Regions(
        zone_id,
        zone_id[centres],
        id_array(unique_names(names[centres], zone_id[centres])),
        share,
        method=method,
        group=group,
        parameters=parameters or {},
        status=status,
        log=log,
        notices=notices,
    )


def regions_from_labels(
    zone_id: npt.NDArray[np.object_],
    region_of_zone: npt.NDArray[np.object_],
    *,
    method: str,
) -> Regions:
    """Regions of any zoning that is given by names: provinces, labour market regions, ...

    Parameters
    ----------
    zone_id : array of str, shape (n,)
    region_of_zone : array of str or None, shape (n,)
        None or the empty string where a zone belongs to no region.
    method : str
        What the zoning is called.
    """
    named = [None if r is None or r == "" or r != r else str(r) for r in region_of_zone]
    names = sorted({r for r in named if r is not None})
    position = {r: i for i, r in enumerate(names)}
    rows = [i for i, r in enumerate(named) if r is not None]
    columns = [position[r] for r in named if r is not None]
    share = sparse.coo_array(
        (np.ones(len(rows)), (rows, columns)), shape=(len(zone_id), len(names))
    ).tocsr()
    return Regions(zone_id, id_array(names), id_array(names), share, method=method)


def unique_names(names: npt.NDArray[np.object_], ids: npt.NDArray[np.object_]) -> list[str]:
    """Names with the identifier behind those that occur more than once."""
    twice = set(duplicated(names))
    return [f"{a} ({b})" if a in twice else str(a) for a, b in zip(names, ids, strict=True)]
