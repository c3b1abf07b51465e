"""Flows from files: long tables and square matrices, CSV or Parquet."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle import _tables
from halfcircle._checks import Faults, id_array
from halfcircle.errors import FlowError
from halfcircle.regions import _flow_table
from halfcircle.regions.flows import Flows, build_flows

__all__ = ["flows_from_table", "read_flow_matrix", "read_flows"]

WHERE = "[regions] flows"
UNKNOWN_WORDS = ("*", "x", "c", "..", "suppressed", "confidential")


def read_flows(
    path: Path,
    *,
    zone_id: Iterable[object] | None = None,
    origin: str = "origin",
    destination: str = "destination",
    count: str = "workers",
    group: str | None = None,
    abroad: Iterable[object] = (),
    outside: Literal["fault", "abroad"] = "fault",
    duplicates: Literal["fault", "add"] = "fault",
    year: int | None = None,
    unit: str = "persons",
    source: str = "",
) -> Flows:
    """Flows from a long table: one row per pair (and group).

    Parameters
    ----------
    path : Path
        CSV (also ``.csv.gz``) or Parquet.
    zone_id : iterable of str, optional
        The zones of the study; all zones that occur in the table, sorted, when left out.
    origin, destination, count : str
        Columns. An empty count, or one of ``* x c .. suppressed confidential``, is unknown.
    group : str, optional
        Column with the group (education, mode, age).
    abroad : iterable of str
        Identifiers that stand for places outside the zones: their flows are counted as abroad.
    outside : {"fault", "abroad"}
        Whether a flow to or from any other zone that the study does not have is wrong, or is
        counted as abroad.
    duplicates : {"fault", "add"}
        Whether a pair that occurs twice in a group is wrong, or its counts are added.
    year, unit, source
        Vintage, unit and source, for the report.

    Returns
    -------
    Flows
        With notices on fractional counts, zones without flows, unknown pairs and so on.

    Raises
    ------
    FlowError
        All that is wrong with the file, at once.
    """
    frame = _flow_table.read(path, where=WHERE)
    return flows_from_table(
        frame,
        name=path.name,
        zone_id=zone_id,
        origin=origin,
        destination=destination,
        count=count,
        group=group,
        abroad=abroad,
        outside=outside,
        duplicates=duplicates,
        year=year,
        unit=unit,
        source=source,
    )


def flows_from_table(
    frame: pd.DataFrame,
    *,
    name: str = "table",
    zone_id: Iterable[object] | None = None,
    origin: str = "origin",
    destination: str = "destination",
    count: str = "workers",
    group: str | None = None,
    abroad: Iterable[object] = (),
    outside: Literal["fault", "abroad"] = "fault",
    duplicates: Literal["fault", "add"] = "fault",
    year: int | None = None,
    unit: str = "persons",
    source: str = "",
) -> Flows:
    """Flows from a long data frame; see `read_flows`.

    Raises
    ------
    FlowError
        All that is wrong with the table, at once.
    """
    faults = Faults()
    wanted = {"origin": origin, "destination": destination, "count": count}
    if group is not None:
        wanted["group"] = group
    if not _tables.require_columns(frame, wanted, where=WHERE, path=Path(name), faults=faults):
        faults.raise_errors(FlowError)
    if len(frame) == 0:
        faults.add(WHERE, f"{name} holds no flows")
        faults.raise_errors(FlowError)
    value = _counts(frame, count, faults)
    home = _codes(frame, origin, "origin", faults)
    work = _codes(frame, destination, "destination", faults)
    group_idx = np.zeros(len(frame), np.int64)
    groups: tuple[str, ...] = ("all",)
    if group is not None:
        group_of_row = _codes(frame, group, "group", faults)
        codes, names = pd.factorize(group_of_row, sort=True)
        group_idx, groups = codes.astype(np.int64), tuple(str(item) for item in names)
    faults.raise_errors(FlowError)

    foreign = {str(item) for item in abroad}
    if zone_id is None:
        ids = id_array(sorted((set(home) | set(work)) - foreign))
    else:
        ids = id_array(zone_id)
    position = pd.Index(ids)
    o = position.get_indexer(pd.Index(home)).astype(np.int64)
    d = position.get_indexer(pd.Index(work)).astype(np.int64)
    home_abroad, work_abroad = _sides(home, work, o, d, foreign, outside, frame, faults)
    inside = (o >= 0) & (d >= 0)
    _check_duplicates(frame, home, work, group_idx, inside, duplicates, faults)
    faults.raise_errors(FlowError)

    flows = build_flows(
        ids,
        o[inside],
        d[inside],
        value[inside],
        group_idx=group_idx[inside],
        groups=groups,
        year=year,
        unit=unit,
        source=source,
    )
    counted = (foreign or outside == "abroad") and bool((home_abroad | work_abroad).any())
    out = into = None
    if counted:
        shape = (len(groups), len(ids))
        leaving, coming = (o >= 0) & work_abroad, (d >= 0) & home_abroad
        out, into = np.zeros(shape), np.zeros(shape)
        np.add.at(out, (group_idx[leaving], o[leaving]), value[leaving])
        np.add.at(into, (group_idx[coming], d[coming]), value[coming])
        # A direction of which the table holds no row was not counted; that is not zero.
        out = out if leaving.any() else None
        into = into if coming.any() else None
    flows = replace(flows, abroad_out=out, abroad_in=into)
    _notice(flows, value, faults)
    return replace(flows, notices=faults.warnings)


def read_flow_matrix(
    path: Path,
    *,
    zone_id: Iterable[object] | None = None,
    group: str = "all",
    year: int | None = None,
    unit: str = "persons",
    source: str = "",
) -> Flows:
    """Flows from a square matrix: identifiers in the first column and in the header.

    Parameters
    ----------
    path : Path
        CSV (also ``.csv.gz``) or Parquet; rows are homes, columns are workplaces. Empty cells are
        unknown.
    zone_id : iterable of str, optional
        The zones of the study, of which the matrix must hold each.
    group : str
        Name of the group that the matrix is of.

    Returns
    -------
    Flows

    Raises
    ------
    FlowError
        The matrix is not square, rows and columns do not agree, or a cell is no count.
    """
    frame = _flow_table.read(path, where=WHERE)
    faults = Faults()
    rows = [str(item).strip() for item in _tables.texts(frame, str(frame.columns[0]))]
    columns = [str(item).strip() for item in frame.columns[1:]]
    if len(rows) != len(columns):
        faults.add(
            WHERE,
            f"{path.name} is not square: {len(rows)} rows, {len(columns)} columns",
            remedy="the first column and the header hold the same identifiers",
        )
    for label, items, other in (("rows", rows, columns), ("columns", columns, rows)):
        alone = sorted(set(items) - set(other))
        if alone:
            faults.add(WHERE, f"zones that only the {label} of {path.name} have", values=alone)
        twice = pd.Index(items)[pd.Index(items).duplicated()].unique().tolist()
        if twice:
            faults.add(WHERE, f"{label} of {path.name} occur more than once", values=twice)
    faults.raise_errors(FlowError)
    body = frame.iloc[:, 1:]
    cells = np.column_stack([_counts(body, str(name), faults) for name in body.columns])
    faults.raise_errors(FlowError)
    cells = cells[:, pd.Index(columns).get_indexer(pd.Index(rows))]
    ids: Sequence[str] = rows
    if zone_id is not None:
        ids = [str(item) for item in zone_id]
        unknown_to_study, missing = sorted(set(rows) - set(ids)), sorted(set(ids) - set(rows))
        if unknown_to_study:
            faults.add(WHERE, "the study has no such zones", values=unknown_to_study)
        if missing:
            faults.add(WHERE, f"{path.name} has no row for zones", values=missing)
        faults.raise_errors(FlowError)
        order = pd.Index(rows).get_indexer(pd.Index(ids))
        cells = cells[np.ix_(order, order)]
    o, d = np.nonzero(np.isnan(cells) | (cells != 0))
    flows = build_flows(
        ids, o, d, cells[o, d], groups=(group,), year=year, unit=unit, source=source
    )
    _notice(flows, cells[o, d], faults)
    return replace(flows, notices=faults.warnings)


def _codes(frame: pd.DataFrame, column: str, key: str, faults: Faults) -> npt.NDArray[np.object_]:
    codes = id_array(_tables.texts(frame, column))
    blank = np.flatnonzero(codes == "")
    if len(blank):
        faults.add(
            f"{WHERE} {key}",
            f"column {column!r} is empty",
            values=[_tables.position_label(frame, int(i)) for i in blank[:5]],
            count=len(blank),
        )
    return codes


def _counts(frame: pd.DataFrame, column: str, faults: Faults) -> npt.NDArray[np.float64]:
    series = frame[column]
    if not pd.api.types.is_numeric_dtype(series.dtype):
        hidden = series.astype(str).str.strip().str.lower().isin(UNKNOWN_WORDS)
        frame = frame.assign(**{column: series.where(~hidden, "")})
    value = _tables.numbers(frame, column, where=WHERE, faults=faults)
    bad = (value < 0) | np.isinf(value)
    if bad.any():
        rows = np.flatnonzero(bad)
        faults.add(
            WHERE,
            f"column {column!r} holds counts that are negative or infinite",
            values=[f"{value[i]:g} ({_tables.position_label(frame, int(i))})" for i in rows[:5]],
            count=len(rows),
            remedy="leave a count empty where it is not known",
        )
    return value


def _sides(
    home: npt.NDArray[np.object_],
    work: npt.NDArray[np.object_],
    o: npt.NDArray[np.int64],
    d: npt.NDArray[np.int64],
    foreign: set[str],
    outside: str,
    frame: pd.DataFrame,
    faults: Faults,
) -> tuple[npt.NDArray[np.bool_], npt.NDArray[np.bool_]]:
    # Which ends lie abroad; an end that is neither a zone nor abroad is a fault.
    abroad: list[npt.NDArray[np.bool_]] = []
    for key, ids, idx in (("origin", home, o), ("destination", work, d)):
        lies_abroad: Any = np.isin(ids, list(foreign)) if foreign else np.zeros(len(ids), np.bool_)
        lost = (idx < 0) & ~lies_abroad
        if lost.any() and outside == "abroad":
            lies_abroad = lies_abroad | lost
            names = sorted(set(ids[lost]))
            faults.warn(WHERE, f"{key} zones outside the study are counted as abroad", values=names)
        elif lost.any():
            unknown, first = np.unique(ids[lost].astype(str), return_index=True)
            rows = np.flatnonzero(lost)[first]
            faults.add(
                f"{WHERE} {key}",
                "flows of zones that the study does not have",
                values=[
                    f"{zone} ({_tables.position_label(frame, int(row))})"
                    for zone, row in zip(unknown[:5], rows[:5], strict=True)
                ],
                count=len(unknown),
                remedy="add the zones, list them under abroad, or recode them with a crosswalk",
            )
        abroad.append(lies_abroad)
    return abroad[0], abroad[1]


def _check_duplicates(
    frame: pd.DataFrame,
    home: npt.NDArray[np.object_],
    work: npt.NDArray[np.object_],
    group_idx: npt.NDArray[np.int64],
    inside: npt.NDArray[np.bool_],
    duplicates: str,
    faults: Faults,
) -> None:
    pairs = pd.DataFrame({"o": home, "d": work, "g": group_idx})
    again = pairs.duplicated().to_numpy() & inside
    if not again.any():
        return
    rows = np.flatnonzero(again)
    values = [f"{home[i]} to {work[i]} ({_tables.position_label(frame, int(i))})" for i in rows[:5]]
    if duplicates == "add":
        faults.warn(WHERE, "pairs that occur again were added", values=values, count=len(rows))
    else:
        faults.add(
            WHERE,
            "pairs occur more than once",
            values=values,
            count=len(rows),
            remedy="name the column that tells them apart as group, or write duplicates = 'add'",
        )


def _notice(flows: Flows, value: npt.NDArray[np.float64], faults: Faults) -> None:
    known = value[~np.isnan(value)]
    fractional = known != np.rint(known)
    if fractional.any():
        faults.warn(
            WHERE,
            "counts are fractional: a model or an estimate, not a count",
            values=[f"{item:g}" for item in known[fractional][:5]],
            count=int(fractional.sum()),
        )
    if flows.n_unknown:
        faults.warn(WHERE, "pairs whose count is unknown; they are not zero", count=flows.n_unknown)
    for label, sums in (("leave", flows.residents()), ("arrive at", flows.jobs())):
        empty = sums == 0
        if empty.any():
            faults.warn(WHERE, f"no flows {label} zones", values=flows.zone_id[empty])
    from scipy.sparse.csgraph import connected_components

    n, part = connected_components(flows.matrix(), directed=False)
    if n > 1:
        sizes = np.bincount(part)
        away = sizes[part] < sizes.max()
        faults.warn(
            WHERE,
            f"the flows fall apart into {n} parts that nothing connects",
            values=flows.zone_id[away],
            remedy="check whether a part of the country is missing",
        )
