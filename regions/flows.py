"""Flows between zones: who lives where and works where, per group, and what is not known.

Unknown is not zero. A pair whose count was suppressed is kept as *unknown*; workers with a job
outside the zones (abroad, at sea, nowhere fixed) are counted apart, and where nobody counted them
they are missing, which shows in every sum that would need them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle._checks import Faults, duplicated, frozen_array, id_array, nearest
from halfcircle.errors import Fault, FlowError

__all__ = ["Flows", "build_flows"]

#: ``scipy.sparse.csr_array`` of float64, shape (n_zones, n_zones), sorted, without duplicates.
FlowMatrix: TypeAlias = Any
WHERE = "flows"


@dataclass(frozen=True, eq=False)
class Flows:
    """Counts of people per pair of origin (home) and destination (work, school) zone.

    Parameters
    ----------
    zone_id : array of str, shape (n,)
        Unique identifiers, origins and destinations alike.
    counts : tuple of csr_array of float64, each shape (n, n)
        Known counts, one matrix per group; rows are origins. An absent pair counts 0.
    groups : tuple of str
        Names of disjoint groups (education, mode, age); ``("all",)`` for one undivided flow.
    unknown : tuple of csr_array of bool, each shape (n, n), optional
        Pairs whose count is not known (suppressed); never also in `counts`.
    abroad_out, abroad_in : array of float64, shape (n_groups, n), optional
        Residents who work outside the zones, and workers who live outside; NaN where not known.
        None: not known anywhere.
    year : int, optional
        Vintage.
    unit : str
        What one unit is: ``"persons"``, ``"jobs"``, ``"trips per day"``.
    source : str
        Shown in the report.
    notices : tuple of Fault
        What was noticed while reading and belongs in the report.

    Raises
    ------
    FlowError
        Shapes do not fit, identifiers repeat, a count is negative or not finite.
    """

    zone_id: npt.NDArray[np.object_]
    counts: tuple[FlowMatrix, ...]
    groups: tuple[str, ...] = ("all",)
    unknown: tuple[FlowMatrix, ...] | None = None
    abroad_out: npt.NDArray[np.float64] | None = None
    abroad_in: npt.NDArray[np.float64] | None = None
    year: int | None = None
    unit: str = "persons"
    source: str = ""
    notices: tuple[Fault, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone_id", id_array(self.zone_id))
        n, faults = len(self.zone_id), Faults()
        twice = duplicated(self.zone_id)
        if twice:
            faults.add(WHERE, "zone identifiers occur more than once", values=twice)
        if len(set(self.groups)) != len(self.groups) or not self.groups:
            faults.add(WHERE, "groups must be named once each", values=self.groups)
        if len(self.counts) != len(self.groups):
            what = f"{len(self.counts)} matrices for {len(self.groups)} groups"
            faults.add(WHERE, what)
        for group, matrix in zip(self.groups, self.counts, strict=False):
            if matrix.shape != (n, n):
                what = f"matrix has shape {matrix.shape}, expected ({n}, {n}): it must be square"
                faults.add(f"{WHERE} {group!r}", what)
            elif (bad := ~np.isfinite(matrix.data) | (matrix.data < 0)).any():
                faults.add(
                    f"{WHERE} {group!r}",
                    "counts that are negative or not finite",
                    values=matrix.data[bad],
                    remedy="mark pairs that are not known as unknown, not by a number",
                )
        for label in ("abroad_out", "abroad_in"):
            values = getattr(self, label)
            if values is None:
                continue
            values = frozen_array(values, np.float64)
            object.__setattr__(self, label, values)
            if values.shape != (len(self.groups), n):
                expected = f"({len(self.groups)}, {n})"
                faults.add(WHERE, f"{label} has shape {values.shape}, expected {expected}")
            elif (bad := (values < 0) | np.isinf(values)).any():
                faults.add(WHERE, f"{label} is negative or infinite", values=values[bad])
        faults.raise_errors(FlowError)
        object.__setattr__(self, "counts", tuple(_frozen_csr(m, np.float64) for m in self.counts))
        if self.unknown is not None:
            object.__setattr__(
                self, "unknown", tuple(_frozen_csr(m, np.bool_) for m in self.unknown)
            )

    def __len__(self) -> int:
        return len(self.zone_id)

    def __repr__(self) -> str:
        total = sum(float(m.data.sum()) for m in self.counts)
        text = f"<Flows: {total:,.0f} {self.unit} between {len(self):,} zones"
        if self.groups != ("all",):
            text += f", groups {', '.join(self.groups)}"
        if self.year is not None:
            text += f", {self.year}"
        n_unknown = self.n_unknown
        return text + (f", {n_unknown:,} pairs unknown>" if n_unknown else ">")

    @property
    def n_unknown(self) -> int:
        """Number of pairs (per group) whose count is not known."""
        return 0 if self.unknown is None else sum(int(m.nnz) for m in self.unknown)

    def group_idx(self, group: str | None) -> tuple[int, ...]:
        """Positions of one group, or of all groups for None.

        Raises
        ------
        FlowError
            There is no such group.
        """
        if group is None or (group == "all" and "all" not in self.groups):
            return tuple(range(len(self.groups)))
        if group not in self.groups:
            what = "there is no such group"
            raise FlowError(faults=[Fault(WHERE, what, (group,), nearest(group, self.groups))])
        return (self.groups.index(group),)

    def matrix(self, group: str | None = None) -> FlowMatrix:
        """Known counts of one group, or of all groups together.

        Returns
        -------
        csr_array of float64, shape (n, n)
            Read-only.
        """
        idx = self.group_idx(group)
        if len(idx) == 1:
            return self.counts[idx[0]]
        total = self.counts[idx[0]]
        for g in idx[1:]:
            total = total + self.counts[g]
        return _frozen_csr(total, np.float64)

    def unknown_pairs(self, group: str | None = None) -> FlowMatrix:
        """Pairs of which at least one of these groups is not known, csr_array of bool (n, n)."""
        n = len(self)
        total = sparse.csr_array((n, n), dtype=np.bool_)
        if self.unknown is not None:
            for g in self.group_idx(group):
                total = total + self.unknown[g]
        return _frozen_csr(total, np.bool_)

    def residents(
        self, group: str | None = None, *, abroad: bool = False
    ) -> npt.NDArray[np.float64]:
        """Employed residents per zone: row sums of the known counts, shape (n,).

        With `abroad`, those who work outside the zones are included; NaN where not known.
        """
        known = np.asarray(self.matrix(group).sum(axis=1), dtype=np.float64)
        return known + self._abroad(self.abroad_out, group) if abroad else known

    def jobs(self, group: str | None = None, *, abroad: bool = False) -> npt.NDArray[np.float64]:
        """Jobs per zone: column sums of the known counts, shape (n,).

        With `abroad`, jobs held by people from outside the zones are included; NaN where not known.
        """
        known = np.asarray(self.matrix(group).sum(axis=0), dtype=np.float64)
        return known + self._abroad(self.abroad_in, group) if abroad else known

    def _abroad(
        self, values: npt.NDArray[np.float64] | None, group: str | None
    ) -> npt.NDArray[np.float64]:
        if values is None:
            return np.full(len(self), np.nan)
        return np.asarray(values[list(self.group_idx(group))].sum(axis=0), dtype=np.float64)

    def containment(self, group: str | None = None, *, abroad: bool = False) -> pd.DataFrame:
        """Self-containment and balance of every zone.

        Parameters
        ----------
        group : str, optional
            All groups together when left out.
        abroad : bool
            Count workers from and to places outside the zones in the margins.

        Returns
        -------
        DataFrame
            zone_id, residents, jobs, internal, supply_containment (internal / residents),
            demand_containment (internal / jobs), self_containment (the smaller), job_ratio
            (jobs / residents), net_in_commuting (jobs - residents). Missing where undefined.
        """
        return containment_table(
            self.zone_id,
            self.residents(group, abroad=abroad),
            self.jobs(group, abroad=abroad),
            np.asarray(self.matrix(group).diagonal(), dtype=np.float64),
        )

    def take(self, zone_idx: npt.ArrayLike) -> Flows:
        """Flows among these zones, in that order.

        Flows to and from the zones left out become flows to and from outside where those are
        counted at all; where they are not known they stay unknown.
        """
        idx = np.asarray(zone_idx, dtype=np.int64)
        counts = tuple(m[idx][:, idx] for m in self.counts)
        unknown = None if self.unknown is None else tuple(m[idx][:, idx] for m in self.unknown)
        abroad: list[npt.NDArray[np.float64] | None] = []
        for axis, values in ((1, self.abroad_out), (0, self.abroad_in)):
            if values is None:
                abroad.append(None)
                continue
            whole = np.array([np.asarray(m.sum(axis=axis))[idx] for m in self.counts])
            part = np.array([np.asarray(m.sum(axis=axis)) for m in counts])
            abroad.append(np.maximum(whole - part, 0.0) + values[:, idx])
        return replace(
            self,
            zone_id=self.zone_id[idx],
            counts=counts,
            unknown=unknown,
            abroad_out=abroad[0],
            abroad_in=abroad[1],
        )

    def with_matrix(self, matrix: FlowMatrix, *, notice: Fault | None = None) -> Flows:
        """Return flows with this one matrix (a model, a bootstrap draw) between the same zones."""
        return Flows(
            self.zone_id,
            (matrix,),
            abroad_out=None if self.abroad_out is None else self.abroad_out.sum(axis=0)[None],
            abroad_in=None if self.abroad_in is None else self.abroad_in.sum(axis=0)[None],
            year=self.year,
            unit=self.unit,
            source=self.source,
            notices=self.notices if notice is None else (*self.notices, notice),
        )


def containment_table(
    ids: npt.NDArray[np.object_],
    residents: npt.NDArray[np.float64],
    jobs: npt.NDArray[np.float64],
    internal: npt.NDArray[np.float64],
    *,
    id_name: str = "zone_id",
) -> pd.DataFrame:
    """Self-containment and balance from margins and internal flow; NaN where undefined."""
    with np.errstate(divide="ignore", invalid="ignore"):
        supply = np.where(residents > 0, internal / residents, np.nan)
        demand = np.where(jobs > 0, internal / jobs, np.nan)
        ratio = np.where(residents > 0, jobs / residents, np.nan)
    return pd.DataFrame(
        {
            id_name: ids,
            "residents": residents,
            "jobs": jobs,
            "internal": internal,
            "supply_containment": supply,
            "demand_containment": demand,
            "self_containment": np.minimum(supply, demand),
            "job_ratio": ratio,
            "net_in_commuting": jobs - residents,
        }
    )


def build_flows(
    zone_id: Iterable[object],
    origin_idx: npt.ArrayLike,
    destination_idx: npt.ArrayLike,
    count: npt.ArrayLike,
    *,
    group_idx: npt.ArrayLike | None = None,
    groups: tuple[str, ...] = ("all",),
    year: int | None = None,
    unit: str = "persons",
    source: str = "",
) -> Flows:
    """Flows from parallel arrays, one entry per pair and group; repeated pairs are added.

    Parameters
    ----------
    zone_id : iterable of str, length n
    origin_idx, destination_idx : array of int, shape (m,)
        Positions in `zone_id`.
    count : array of float, shape (m,)
        NaN where the count is not known.
    group_idx : array of int, shape (m,), optional
        Position in `groups`.

    Returns
    -------
    Flows

    Raises
    ------
    FlowError
        Positions outside the zones, negative or infinite counts.

    Examples
    --------
    >>> flows = build_flows(["a", "b"], [0, 0, 1], [0, 1, 1], [8, 2, 5])
    >>> flows
    <Flows: 15 persons between 2 zones>
    >>> flows.containment()["self_containment"].round(2).tolist()
    [0.8, 0.71]
    """
    ids = id_array(zone_id)
    o, d = np.asarray(origin_idx, dtype=np.int64), np.asarray(destination_idx, dtype=np.int64)
    value = np.asarray(count, dtype=np.float64)
    g = np.zeros(len(o), np.int64) if group_idx is None else np.asarray(group_idx, np.int64)
    faults = Faults()
    if not (len(o) == len(d) == len(value) == len(g)):
        faults.add(WHERE, f"arrays differ in length: {len(o)}, {len(d)}, {len(value)}, {len(g)}")
        faults.raise_errors(FlowError)
    for label, idx, limit in (
        ("origin", o, len(ids)),
        ("destination", d, len(ids)),
        ("group", g, len(groups)),
    ):
        outside = (idx < 0) | (idx >= limit)
        if outside.any():
            faults.add(WHERE, f"{label} positions outside 0..{limit - 1}", values=idx[outside])
    faults.raise_errors(FlowError)
    missing = np.isnan(value)
    shape = (len(ids), len(ids))
    counts, unknown = [], []
    for k in range(len(groups)):
        here = g == k
        known = here & ~missing
        matrix = sparse.coo_array((value[known], (o[known], d[known])), shape=shape).tocsr()
        lost = here & missing
        gap = sparse.coo_array(
            (np.ones(int(lost.sum()), np.bool_), (o[lost], d[lost])), shape=shape
        ).tocsr()
        counts.append(matrix)
        unknown.append(gap)
    return Flows(
        ids,
        tuple(counts),
        groups,
        unknown=tuple(unknown) if missing.any() else None,
        year=year,
        unit=unit,
        source=source,
    )


def _frozen_csr(matrix: Any, dtype: npt.DTypeLike) -> FlowMatrix:
    # Canonical form: sorted, no duplicates, no stored zeros, 64-bit positions, read-only.
    if (
        isinstance(matrix, sparse.csr_array)
        and matrix.dtype == dtype
        and not matrix.data.flags.writeable
        and matrix.indices.dtype == np.int64
    ):
        return matrix
    csr: Any = sparse.csr_array(matrix, dtype=dtype, copy=True)
    csr.sum_duplicates()
    csr.eliminate_zeros()
    csr.indices = csr.indices.astype(np.int64)
    csr.indptr = csr.indptr.astype(np.int64)
    csr.has_sorted_indices = True
    csr.has_canonical_format = True
    for array in (csr.data, csr.indices, csr.indptr):
        array.flags.writeable = False
    return csr
