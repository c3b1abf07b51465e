"""Check the tables of a feed against the schema; unusable rows are dropped and listed."""

from __future__ import annotations

import datetime as dt
import math
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults, nearest
from halfcircle.errors import SHOWN_VALUES
from halfcircle.gtfs.schema import FILES, REQUIRED_FILES, Field, FileSpec
from halfcircle.gtfs.table import Column, Table

__all__ = ["Dropped", "check_tables", "parse_date", "parse_time_s"]

_TIME = re.compile(r"(\d{1,3}):([0-5]\d):([0-5]\d)")
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?")
_MAX_COUNT = 2**31 - 1
Bool = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Dropped:
    """Rows of one file that are not used, for one reason.

    Parameters
    ----------
    file : str
        ``"stop_times.txt"``.
    reason : str
    count : int
    lines : tuple of int
        Lines of the first five.
    values : tuple of str
        What was wrong on these lines.
    """

    file: str
    reason: str
    count: int
    lines: tuple[int, ...]
    values: tuple[str, ...] = ()

    @property
    def where(self) -> str:
        """File and first line."""
        return f"{self.file}:{self.lines[0]}" if self.lines else self.file


def parse_time_s(text: str) -> int:
    """Seconds of ``H:MM:SS`` (hours may pass 24), or -1 if it is none."""
    match = _TIME.fullmatch(text)
    if match is None:
        return -1
    return int(match[1]) * 3600 + int(match[2]) * 60 + int(match[3])


def parse_date(text: str) -> dt.date | None:
    """Date of ``YYYYMMDD`` in the years 1900 to 2199, or None if it is none."""
    if len(text) != 8 or not text.isascii() or not text.isdigit():
        return None
    if not 1900 <= int(text[:4]) < 2200:
        return None
    try:
        return dt.date(int(text[:4]), int(text[4:6]), int(text[6:]))
    except ValueError:
        return None


def check_tables(
    tables: dict[str, Table], faults: Faults
) -> tuple[dict[str, Table], tuple[Dropped, ...]]:
    """Return the tables without unusable rows, and what was dropped; errors go to `faults`."""
    _check_files(tables, faults)
    dropped: list[Dropped] = []
    checked = dict(tables)
    for name, spec in FILES.items():
        if name in checked and spec.fields:
            checked[name] = _check_table(checked[name], spec, checked, faults, dropped)
            if name == "stops":
                checked[name] = _placed(checked[name], faults, dropped)
            if name == "routes" and "agency" in checked:
                checked[name] = _with_agency(checked[name], checked["agency"], faults, dropped)
    for name in REQUIRED_FILES:
        if name in tables and not len(checked[name]) and not _has_error(faults, name):
            lost = sum(item.count for item in dropped if item.file == f"{name}.txt")
            faults.add(
                f"{name}.txt",
                "holds no usable row" + (f"; {lost:,} were dropped" if lost else ""),
                values=[f"{d.reason} ({d.where})" for d in dropped if d.file == f"{name}.txt"],
            )
    return checked, tuple(dropped)


def _has_error(faults: Faults, table: str) -> bool:
    return any(fault.where.startswith(f"{table}.txt") for fault in faults.errors)


def _check_files(tables: dict[str, Table], faults: Faults) -> None:
    for name in REQUIRED_FILES:
        if name not in tables and not _has_error(faults, name):
            faults.add(f"{name}.txt", "is missing", remedy="a feed cannot be used without it")
    if "calendar" not in tables and "calendar_dates" not in tables:
        faults.add(
            "calendar.txt",
            "neither calendar.txt nor calendar_dates.txt is there",
            remedy="without them no trip has a date",
        )
    for name, table in tables.items():
        for field in FILES[name].fields:
            if field.column_expected and field.name not in table:
                faults.warn(f"{name}.txt:1", f"column {field.name!r} is missing")
            if field.column_needed and field.name not in table:
                faults.add(
                    f"{name}.txt:1",
                    f"column {field.name!r} is missing",
                    remedy=_near_column(field.name, table),
                )


def _near_column(name: str, table: Table) -> str:
    """``"did you mean ...?"`` when a column that the reference does not know looks like `name`."""
    own = [column for column in table.columns if FILES[table.name].field(column) is None]
    hint = nearest(name, own)
    return hint if hint.startswith("did") else ""


def _check_table(
    table: Table, spec: FileSpec, tables: dict[str, Table], faults: Faults, dropped: list[Dropped]
) -> Table:
    reasons: list[tuple[str, str, Bool]] = []  # reason, column shown, rows
    for field in spec.fields:
        if field.name not in table:
            continue
        column = table.columns[field.name]
        wrong = np.array([not _usable(field, value) for value in column.values], dtype=bool)
        if wrong.any():
            rows = wrong[column.codes]
            if rows.any():
                what = _rule(field)
                if field.needed or field.narrows:
                    reasons.append((what, field.name, rows))
                else:
                    table = _blanked(table, field.name, wrong, rows, what, faults)
    bad = np.zeros(len(table), dtype=bool)
    for _, _, rows in reasons:
        bad |= rows
    for field in spec.fields:
        targets = [tables[name] for name in field.refers_to if name in tables]
        if field.name not in table or not targets:
            continue
        known: set[str] = set()
        for target in targets:
            known |= _ids(target)
        column = table.columns[field.name]
        dangling = np.array([bool(v) and v not in known for v in column.values], dtype=bool)
        rows = dangling[column.codes] & ~bad
        if not rows.any():
            continue
        files = " or ".join(f"{name}.txt" for name in field.refers_to)
        what = f"{field.name} is not in {files}"
        lost = field.needed or field.narrows
        if spec.name == "routes" and field.name == "agency_id":
            lost = len(set(tables["agency"].texts("agency_timezone"))) > 1
            what += "" if lost else "; all agencies have one time zone"
        if lost:
            reasons.append((what, field.name, rows))
            bad |= rows
        else:
            table = _blanked(table, field.name, dangling, rows, what, faults)
    if spec.key and all(name in table for name in spec.key[:1]):
        again = _repeated(table, spec.key) & ~bad
        if again.any():
            reasons.append((f"{' + '.join(spec.key)} occurs before", spec.key[0], again))
            bad |= again
    claimed = np.zeros(len(table), dtype=bool)
    for reason, shown, rows in reasons:
        rows = rows & ~claimed
        claimed |= rows
        if rows.any():
            dropped.append(drop_note(table, np.flatnonzero(rows), reason, shown))
    return table.take(~bad) if bad.any() else table


def _placed(stops: Table, faults: Faults, dropped: list[Dropped]) -> Table:
    """Give stops without coordinates those of their station; drop those that stay nowhere."""
    lat = stops.numbers("stop_lat", blank=np.nan)
    lon = stops.numbers("stop_lon", blank=np.nan)
    ids = stops.texts("stop_id")
    missing = np.isnan(lat) | np.isnan(lon)
    if missing.any():
        row = {stop_id: i for i, stop_id in enumerate(ids)}
        parents = stops.texts("parent_station")
        texts = {name: stops.texts(name).copy() for name in ("stop_lat", "stop_lon")}
        lost = missing.copy()
        for _ in range(2):  # a boarding area hangs on a platform, the platform on a station
            for i in np.flatnonzero(lost).tolist():
                parent = row.get(parents[i], -1) if parents[i] else -1
                if parent >= 0 and not lost[parent]:
                    lost[i] = False
                    for values in texts.values():
                        values[i] = values[parent]
        for name, values in texts.items():
            stops = stops.with_column(name, Column.of(values))
        # Nodes and boarding areas of pathways need no coordinates; the others are worth a word.
        told = missing & ~lost & (stops.whole("location_type", blank=0) < 3)
        if told.any():
            faults.warn(
                "stops.txt", "stops without coordinates get their station's", values=ids[told]
            )
        if lost.any():
            dropped.append(
                drop_note(stops, np.flatnonzero(lost), "stop has no coordinates", "stop_id")
            )
            stops = stops.take(~lost)
            lat, lon, ids = lat[~lost], lon[~lost], ids[~lost]
    nowhere = (np.abs(lat) < 0.01) & (np.abs(lon) < 0.01)
    if nowhere.any():
        faults.warn(
            "stops.txt",
            "stops at latitude 0, longitude 0",
            values=ids[nowhere],
            remedy="their coordinates are probably missing",
        )
    return stops


def _with_agency(routes: Table, agency: Table, faults: Faults, dropped: list[Dropped]) -> Table:
    """Routes whose time zone is known: with several agencies a route has to name its own."""
    if len(agency) < 2:
        return routes
    blank = agency.texts("agency_id") == ""
    if blank.any():
        faults.warn(
            f"agency.txt:{agency.line(int(np.argmax(blank)))}",
            "agency_id is blank although there are several agencies",
            count=int(blank.sum()),
        )
    unknown = (routes.texts("agency_id") == "") & (not blank.any())
    if not unknown.any():
        return routes
    what = "agency_id is blank although there are several agencies"
    note = drop_note(routes, np.flatnonzero(unknown), what, "route_id")
    if len(set(agency.texts("agency_timezone"))) > 1:
        dropped.append(note)
        return routes.take(~unknown)
    faults.warn(note.where, f"{what}, route", values=note.values, count=note.count)
    return routes


def drop_note(table: Table, rows: npt.NDArray[np.int64], reason: str, shown: str) -> Dropped:
    """Record of dropped rows, with the first five lines."""
    first = sorted(rows[:SHOWN_VALUES].tolist())
    column = table.column(shown)
    return Dropped(
        f"{table.name}.txt",
        reason,
        len(rows),
        tuple(table.line(row) for row in first),
        tuple(str(column.values[column.codes[row]]) for row in first),
    )


def _ids(table: Table) -> set[str]:
    column = table.column(FILES[table.name].id_column)
    return set(column.values[np.unique(column.codes)]) - {""}


def _blanked(table: Table, name: str, wrong: Bool, rows: Bool, what: str, faults: Faults) -> Table:
    """Table with the wrong values of an optional column taken as blank."""
    column = table.columns[name]
    index = np.flatnonzero(rows)
    note = drop_note(table, index[:SHOWN_VALUES], what, name)
    faults.warn(note.where, f"{what}; the value is ignored", values=note.values, count=len(index))
    values = column.values.copy()
    values[wrong] = ""
    return table.with_column(name, Column(column.codes, values))


def _repeated(table: Table, key: Iterable[str]) -> Bool:
    """Rows whose key occurred in an earlier row."""
    combined = np.zeros(len(table), dtype=np.int64)
    size = 1
    for name in key:
        column = table.columns.get(name)
        if column is None:
            continue
        codes, uniques = pd.factorize(column.values)  # blanked values may occur twice
        size *= max(len(uniques), 1)
        if size > 2**62:
            combined, found = pd.factorize(combined)
            size = len(found) * max(len(uniques), 1)
        combined = combined * max(len(uniques), 1) + codes[column.codes]
    return np.asarray(pd.Series(combined).duplicated(), dtype=bool)


def _rule(field: Field) -> str:
    return f"{field.name} {_RULES[field.kind]}"


def _usable(field: Field, value: str) -> bool:
    if value == "":
        return not field.needed
    return _TESTS[field.kind](value, field)


def _number(value: str) -> float:
    return float(value) if _NUMBER.fullmatch(value) else math.nan


def _is_zone(value: str, _: Field) -> bool:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):
        return False
    return True


def _is_enum(value: str, field: Field) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 6 and int(value) in field.allowed


def _is_count(value: str, _: Field) -> bool:
    return value.isascii() and value.isdigit() and len(value) < 12 and int(value) <= _MAX_COUNT


_TESTS: dict[str, Callable[[str, Field], bool]] = {
    "id": lambda *_: True,
    "text": lambda *_: True,
    "time": lambda value, _: parse_time_s(value) >= 0,
    "date": lambda value, _: parse_date(value) is not None,
    "lat": lambda value, _: abs(_number(value)) <= 90,
    "lon": lambda value, _: abs(_number(value)) <= 180,
    "zone": _is_zone,
    "enum": _is_enum,
    "count": _is_count,
    "number": lambda value, _: 0 <= _number(value) < math.inf,
    "signed": lambda value, _: math.isfinite(_number(value)),
}
_RULES = {
    "id": "is blank",
    "text": "is blank",
    "time": "is not a time H:MM:SS",
    "date": "is not a date YYYYMMDD",
    "lat": "is not a latitude",
    "lon": "is not a longitude",
    "zone": "is not a known time zone",
    "enum": "is not one of the values of the reference",
    "count": "is not a whole number from 0",
    "number": "is not a number from 0",
    "signed": "is not a number",
}
