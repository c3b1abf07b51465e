"""Zones change between vintages: flows of old zones as flows of new ones."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import sparse

from halfcircle import _tables
from halfcircle._checks import Faults, frozen_array, id_array
from halfcircle.errors import FlowError
from halfcircle.regions.flows import Flows

__all__ = ["Crosswalk", "read_crosswalk"]

WHERE = "[regions] crosswalk"
TOLERANCE = 1e-6


@dataclass(frozen=True, eq=False)
class Crosswalk:
    """Which new zones an old zone went to, with which share of its people and jobs.

    Parameters
    ----------
    old_id, new_id : array of str, shape (m,)
        One entry per pair; an old zone that is not listed keeps its identifier.
    share : array of float64, shape (m,)
        Shares of an old zone sum to 1: a merger is one entry with share 1, a split several.

    Raises
    ------
    FlowError
        Lengths differ, pairs repeat, shares are outside (0, 1] or do not sum to 1.
    """

    old_id: npt.NDArray[np.object_]
    new_id: npt.NDArray[np.object_]
    share: npt.NDArray[np.float64]

    def __post_init__(self) -> None:
        object.__setattr__(self, "old_id", id_array(self.old_id))
        object.__setattr__(self, "new_id", id_array(self.new_id))
        object.__setattr__(self, "share", frozen_array(self.share, np.float64))
        faults = Faults()
        if not len(self.old_id) == len(self.new_id) == len(self.share):
            faults.add(WHERE, "old_id, new_id and share differ in length")
            faults.raise_errors(FlowError)
        frame = pd.DataFrame({"old": self.old_id, "new": self.new_id, "share": self.share})
        again = frame[frame.duplicated(["old", "new"])]
        if len(again):
            pairs = [f"{a} to {b}" for a, b in zip(again["old"], again["new"], strict=True)]
            faults.add(WHERE, "pairs occur more than once", values=pairs)
        bad = ~((self.share > 0) & (self.share <= 1))
        if bad.any():
            faults.add(WHERE, "shares outside 0 to 1", values=self.share[bad])
        total = frame.groupby("old")["share"].sum()
        off = total[(total - 1.0).abs() > TOLERANCE]
        if len(off):
            values = [f"{zone}: {value:g}" for zone, value in off.items()]
            faults.add(WHERE, "shares of an old zone do not sum to 1", values=values)
        faults.raise_errors(FlowError)

    @classmethod
    def of_mergers(cls, new_of_old: Mapping[str, str]) -> Crosswalk:
        """Crosswalk of whole zones: old identifier to new identifier."""
        return cls(id_array(new_of_old), id_array(new_of_old.values()), np.ones(len(new_of_old)))

    def apply(self, flows: Flows, *, year: int | None = None) -> Flows:
        """Flows between the new zones, sorted by identifier.

        Counts of a split zone are divided in proportion, also those that stay inside it: of a zone
        split in halves a quarter each then stays, the rest crosses, which understates what stays.
        The notices say how much of the flow that touches. A pair is unknown if any part of it is.

        Parameters
        ----------
        flows : Flows
            Between the old zones.
        year : int, optional
            Vintage of the new zones.

        Raises
        ------
        FlowError
            The crosswalk names an old zone that the flows do not have.
        """
        faults = Faults()
        old = pd.Index(flows.zone_id)
        position = old.get_indexer(pd.Index(self.old_id))
        if (position < 0).any():
            faults.warn(
                WHERE,
                "zones that the flows do not have are passed over",
                values=self.old_id[position < 0],
            )
        if len(self.old_id) and (position < 0).all():
            faults.add(WHERE, "none of its zones occurs in the flows", values=self.old_id)
            faults.raise_errors(FlowError)
        listed = position >= 0
        kept = np.setdiff1d(np.arange(len(old)), position[listed])
        names = sorted(set(self.new_id[listed]) | set(flows.zone_id[kept]))
        new = pd.Index(names)
        rows = np.concatenate((position[listed], kept))
        columns = np.concatenate(
            (
                new.get_indexer(pd.Index(self.new_id[listed])),
                new.get_indexer(pd.Index(flows.zone_id[kept])),
            )
        )
        weight = np.concatenate((self.share[listed], np.ones(len(kept))))
        to_new: Any = sparse.coo_array((weight, (rows, columns)), (len(old), len(new))).tocsr()
        counts = tuple(to_new.T @ matrix @ to_new for matrix in flows.counts)
        unknown = None
        if flows.unknown is not None:
            unknown = tuple(
                (to_new.T @ m.astype(np.float64) @ to_new).astype(np.bool_) for m in flows.unknown
            )
            # A new pair with an unknown part is unknown as a whole: no half-known counts.
            counts = tuple(
                (m - m.multiply(gap)).tocsr() for m, gap in zip(counts, unknown, strict=True)
            )
        split = np.unique(position[listed & (self.share < 1.0)])
        if len(split):
            total = flows.matrix()
            touched = float(
                total[split].sum() + total[:, split].sum() - total[split][:, split].sum()
            )
            faults.warn(
                WHERE,
                f"zones are split in proportion, which touches {touched:,.0f} {flows.unit}",
                values=flows.zone_id[split],
            )
        return replace(
            flows,
            zone_id=id_array(names),
            counts=counts,
            unknown=unknown,
            abroad_out=None if flows.abroad_out is None else flows.abroad_out @ to_new,
            abroad_in=None if flows.abroad_in is None else flows.abroad_in @ to_new,
            year=flows.year if year is None else year,
            notices=(*flows.notices, *faults.warnings),
        )


def read_crosswalk(
    path: Path, *, old: str = "old_id", new: str = "new_id", share: str | None = None
) -> Crosswalk:
    """Crosswalk from a table: a row per old and new zone, optionally with a share.

    Raises
    ------
    FlowError
        All that is wrong with the file, at once.
    """
    frame = _tables.read_table(path, where=WHERE, kind=FlowError)
    faults = Faults()
    wanted = {"old": old, "new": new}
    if share is not None:
        wanted["share"] = share
    if not _tables.require_columns(frame, wanted, where=WHERE, path=path, faults=faults):
        faults.raise_errors(FlowError)
    shares = (
        np.ones(len(frame))
        if share is None
        else _tables.numbers(frame, share, where=WHERE, faults=faults)
    )
    faults.raise_errors(FlowError)
    return Crosswalk(
        id_array(_tables.texts(frame, old)), id_array(_tables.texts(frame, new)), shares
    )
