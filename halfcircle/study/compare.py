"""Difference of two finished runs, whatever made them differ."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from halfcircle._checks import Faults
from halfcircle._files import replacing, write_text
from halfcircle.errors import StudyError

__all__ = ["Comparison", "compare_runs"]

# Table -> columns that identify a row, and columns that are compared.
TABLES: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "reach": (
        ("zone_id", "scenario", "mode", "opportunity", "group", "band_min", "percentile"),
        ("value",),
    ),
    "border": (
        ("zone_id", "scenario", "mode", "opportunity", "group", "band_min"),
        ("reach_domestic", "reach_open", "reach_effective", "loss"),
    ),
    "measures": (
        ("zone_id", "name", "scenario", "mode", "opportunity", "group", "band_min", "percentile"),
        ("value",),
    ),
    "area_measures": (
        ("name", "index", "scenario", "mode", "opportunity", "group", "band_min", "percentile"),
        ("value",),
    ),
}
MEASURE = "measure"
# Tables whose rows are told apart by the names of measures.
NAMED = ("measures", "area_measures")


@dataclass(frozen=True, eq=False)
class Comparison:
    """Two runs side by side.

    Parameters
    ----------
    tables : dict of str to DataFrame
        ``reach``, ``border``, ``measures`` and ``area_measures`` as far as both runs have them:
        the key of each row, then per value ``_a``, ``_b`` and ``_delta``; rows that only one run
        has are kept, with the other value missing.
    text : str
        What differs, in words: settings, inputs, libraries, values.
    """

    tables: dict[str, pd.DataFrame]
    text: str

    @property
    def is_same(self) -> bool:
        """Whether no value differs and no row is missing in one of them."""
        return all(bool(_same_rows(table).all()) for table in self.tables.values())


def compare_runs(out_a: Path, out_b: Path, out: Path | None = None) -> Comparison:
    """Compare the results of two finished runs.

    Parameters
    ----------
    out_a, out_b : Path
        Output folders.
    out : Path, optional
        Folder for ``compare-reach.parquet``, ``compare-border.parquet`` and ``compare.txt``.

    Returns
    -------
    Comparison

    Raises
    ------
    StudyError
        A folder is not that of a finished run.
    OutputError
        The comparison cannot be written.
    """
    faults = Faults()
    manifests = [_manifest(Path(folder), faults) for folder in (out_a, out_b)]
    faults.raise_errors(StudyError)
    lines = [f"A: {out_a}", f"B: {out_b}", ""]
    lines += _settings(*manifests)
    tables: dict[str, pd.DataFrame] = {}
    for name, (key, values) in TABLES.items():
        paths = [Path(folder) / f"{name}.parquet" for folder in (out_a, out_b)]
        if not all(path.is_file() for path in paths):
            continue
        one, other = (pd.read_parquet(path) for path in paths)
        tables[name] = _side_by_side(one, other, [*key, MEASURE], list(values))
        lines += ["", *_summary(name, tables[name], list(values))]
    lines += _unreached(Path(out_a), Path(out_b))
    comparison = Comparison(tables, "\n".join(lines) + "\n")
    if out is not None:
        _write(comparison, Path(out))
    return comparison


def _manifest(folder: Path, faults: Faults) -> dict[str, Any]:
    path = folder / "manifest.json"
    if not path.is_file():
        what = "is no folder of a finished run: there is no manifest.json"
        faults.add(str(folder), what, remedy="give the output folder of halfcircle run")
        return {}
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        faults.add(str(path), f"cannot be read ({error})")
        return {}
    if not isinstance(found, dict) or not (folder / "reach.parquet").is_file():
        faults.add(str(folder), "is no folder of a finished run: there is no reach.parquet")
        return {}
    return found


def _settings(one: dict[str, Any], other: dict[str, Any]) -> list[str]:
    """What differs in settings, inputs and libraries."""
    lines = []
    for part in ("settings", "libraries"):
        a, b = one.get(part, {}), other.get(part, {})
        lines += [
            f"{part[:-1] if part == 'settings' else 'library'} {key}: {a.get(key)} -> {b.get(key)}"
            for key in dict.fromkeys([*a, *b])
            if a.get(key) != b.get(key)
        ]
    a, b = ({i["role"] + " " + i.get("path", ""): i.get("sha256", "") for i in m.get("inputs", ())}
            for m in (one, other))  # fmt: skip
    for key in dict.fromkeys([*a, *b]):
        if key not in b:
            lines.append(f"input only in A: {key}")
        elif key not in a:
            lines.append(f"input only in B: {key}")
        elif a[key] != b[key]:
            lines.append(f"input differs: {key}")
    return lines or ["Settings and inputs are the same."]


def _side_by_side(
    one: pd.DataFrame, other: pd.DataFrame, key: list[str], values: list[str]
) -> pd.DataFrame:
    both = one[key + values].merge(
        other[key + values], on=key, how="outer", suffixes=("_a", "_b"), sort=False
    )
    for value in values:
        both[f"{value}_delta"] = both[f"{value}_b"] - both[f"{value}_a"]
    columns = [f"{value}_{end}" for value in values for end in ("a", "b", "delta")]
    return both[[*key, *columns]]


def _same_rows(table: pd.DataFrame) -> pd.Series:
    """Rows of which every value is the same in both, or missing in both."""
    same = np.ones(len(table), dtype=bool)
    for column in table.columns[table.columns.str.endswith("_delta")]:
        value = column.removesuffix("_delta")
        missing = table[f"{value}_a"].isna() & table[f"{value}_b"].isna()
        same &= (missing | (table[column] == 0)).to_numpy()
    return pd.Series(same)


def _summary(name: str, table: pd.DataFrame, values: list[str]) -> list[str]:
    n_same = int(_same_rows(table).sum())
    lines = [f"{name}: {len(table):,} rows, {n_same:,} the same"]
    if n_same == len(table):
        return lines
    value = values[0]
    known = table[table[f"{value}_delta"].notna()]
    own = [column for column in ("name", MEASURE, "index") if column in table and name in NAMED]
    by = [*own, "scenario", "mode", "opportunity", "band_min"]
    for key, group in known.groupby(by, sort=False, dropna=False):
        delta = group[f"{value}_delta"]
        if not (delta != 0).any():
            continue
        *names, scenario, mode, opportunity, band = key
        label = "".join(f"{one}, " for one in names)
        band_text = "decay" if band != band else f"{band:g} min"
        lines.append(
            f"  {label}{scenario}, {mode}, {opportunity}, {band_text}: mean "
            f"{group[f'{value}_a'].mean():,.1f} -> {group[f'{value}_b'].mean():,.1f}; "
            f"zones up {int((delta > 0).sum()):,}, down {int((delta < 0).sum()):,}, "
            f"largest {delta.max():+,.1f} and {delta.min():+,.1f}"
        )
    only = int(table[f"{value}_a"].isna().sum()), int(table[f"{value}_b"].isna().sum())
    if any(only):
        lines.append(f"  without a value in A {only[0]:,}, in B {only[1]:,}")
    return lines


def _unreached(out_a: Path, out_b: Path) -> list[str]:
    """Zones that have a result in one of two runs only."""
    paths = [folder / "unreached.parquet" for folder in (out_a, out_b)]
    if not all(path.is_file() for path in paths):
        return []
    key = ["scenario", "mode", "zone_id"]
    one, other = (pd.read_parquet(path) for path in paths)
    if not set(key) <= set(one) & set(other):
        return ["", "unreached: written by an older version, not compared"]
    sets = [set(map(tuple, table[key].to_numpy())) for table in (one, other)]
    lines = ["", f"unreached: {len(one):,} zones without a connection in A, {len(other):,} in B"]
    for label, missing in (("lost", sets[1] - sets[0]), ("gained", sets[0] - sets[1])):
        cases = sorted(missing)
        for scenario, mode in sorted({row[:2] for row in cases}):
            names = [zone for *way, zone in cases if tuple(way) == (scenario, mode)]
            more = f" and {len(names) - 5:,} more" if len(names) > 5 else ""
            lines.append(f"  {scenario}, {mode}, {label} in B: {', '.join(names[:5])}{more}")
    return lines


def _write(comparison: Comparison, out: Path) -> None:
    for name, table in comparison.tables.items():
        with replacing(out / f"compare-{name}.parquet") as temporary:
            table.to_parquet(temporary, index=False, compression="zstd")
    write_text(out / "compare.txt", comparison.text)
