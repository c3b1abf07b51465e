"""The table ``[fetch]`` of a study file: which open data it is made of."""

from __future__ import annotations

import hashlib
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from halfcircle._checks import Faults, nearest
from halfcircle.errors import SourceError
from halfcircle.sources.adapters import ADAPTERS
from halfcircle.sources.area import Area
from halfcircle.sources.hosts import Hosts, hosts_from
from halfcircle.sources.job import Adapter, Entry, Parameter

__all__ = ["Plan", "read_plan"]

GENERAL = ("place", "lon", "lat", "radius_km", "files", "hosts")
COMMON = ("file", "source", "licence", "vintage")


@dataclass(frozen=True)
class Plan:
    """What a study fetches.

    Parameters
    ----------
    study : Path
        The study file.
    area : Area
    entries : tuple of Entry
        In the order of the study file.
    hosts : Hosts
    sha256 : str
        Of the table ``[fetch]``, whatever else the study file says.
    """

    study: Path
    area: Area
    entries: tuple[Entry, ...]
    hosts: Hosts
    sha256: str

    @property
    def folder(self) -> Path:
        """Folder of the study."""
        return self.study.parent


def read_plan(study: Path) -> Plan | None:
    """Read and check ``[fetch]``; None where a study has no such table.

    Raises
    ------
    SourceError
        Everything that is wrong with the table, at once.
    """
    try:
        values = tomllib.loads(study.read_bytes().decode("utf-8-sig"))
    except OSError:
        raise SourceError(f"{study}: file not found") from None
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SourceError(f"{study.name}: is no valid TOML ({error})") from None
    table = values.get("fetch")
    if table is None:
        return None
    where, faults = f"{study.name} [fetch]", Faults()
    if not isinstance(table, dict):
        raise SourceError(f"{where}: must be a table")
    for key in table:
        if key not in GENERAL:
            faults.add(f"{where} {key}", "is no key of this table", remedy=nearest(key, GENERAL))
    area = _area(table, where, faults)
    hosts = hosts_from(table.get("hosts"), where=f"{study.name} [fetch.hosts]", faults=faults)
    rows = table.get("files", [])
    if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
        faults.add(f"{where} files", "must be a list of tables [[fetch.files]]")
        rows = []
    entries = [_entry(row, f"{study.name} [[fetch.files]] {i}", faults)
               for i, row in enumerate(rows, start=1)]  # fmt: skip
    named = [entry.file for entry in entries if entry is not None]
    for name in sorted({name for name in named if named.count(name) > 1}):
        faults.add(f"{where} files", "two entries make the same file", values=[name])
    faults.raise_errors(SourceError)
    canonical = json.dumps(table, sort_keys=True, default=str)
    return Plan(
        study.resolve(),
        area or Area(0.0, 0.0, 1.0),
        tuple(entry for entry in entries if entry is not None),
        hosts,
        hashlib.sha256(canonical.encode()).hexdigest(),
    )


def _area(table: Mapping[str, Any], where: str, faults: Faults) -> Area | None:
    numbers = []
    for key in ("lon", "lat", "radius_km"):
        value = table.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float):
            faults.add(
                f"{where} {key}", "must be a number", values=[] if value is None else [value]
            )
        else:
            numbers.append(float(value))
    if len(numbers) != 3:
        return None
    try:
        return Area(*numbers)
    except SourceError as error:
        faults.add(where, str(error))
        return None


def _entry(row: Mapping[str, Any], where: str, faults: Faults) -> Entry | None:
    texts = {}
    for key in COMMON:
        value = row.get(key, "")
        if not isinstance(value, str):
            faults.add(f"{where} {key}", "must be a text in quotes", values=[value])
            value = ""
        texts[key] = value
    adapter = ADAPTERS.get(texts["source"])
    if adapter is None:
        what = "is not known" if texts["source"] else "is required"
        named = [texts["source"]] if texts["source"] else []
        faults.add(f"{where} source", what, values=named,
                   remedy=nearest(texts["source"], ADAPTERS))  # fmt: skip
        return None
    where = f"{where} ({texts['file'] or adapter.name})"
    _check_target(texts["file"], adapter, where, faults)
    for key in row:
        if key not in COMMON and key not in adapter.parameters:
            faults.add(f"{where} {key}", f"is no key of {adapter.name}",
                       remedy=nearest(key, (*COMMON, *adapter.parameters)))  # fmt: skip
    values: dict[str, Any] = {
        key: _value(row.get(key), parameter, f"{where} {key}", faults)
        for key, parameter in adapter.parameters.items()
    }
    return Entry(texts["file"], adapter.name, values, where, texts["licence"], texts["vintage"])


def _check_target(file: str, adapter: Adapter, where: str, faults: Faults) -> None:
    if not file:
        faults.add(f"{where} file", "is required", remedy='file = "data/zones.gpkg"')
        return
    path = PurePosixPath(file)
    windows = PureWindowsPath(file)
    if path.is_absolute() or windows.drive or windows.root or ".." in windows.parts:
        faults.add(f"{where} file", "must lie in the folder of the study", values=[file])
    elif not file.startswith("data/"):
        faults.add(f"{where} file", "must lie in data/, so that nothing else is overwritten",
                   values=[file])  # fmt: skip
    elif adapter.suffixes and not file.endswith(adapter.suffixes):
        faults.add(f"{where} file", f"must end in {' or '.join(adapter.suffixes)}", values=[file])


def _value(value: Any, parameter: Parameter, where: str, faults: Faults) -> Any:
    if value is None:
        if parameter.required:
            faults.add(where, "is required", remedy=parameter.text)
        return parameter.default
    fine = {
        "text": isinstance(value, str),
        "integer": isinstance(value, int) and not isinstance(value, bool),
        "number": isinstance(value, int | float) and not isinstance(value, bool),
        "flag": isinstance(value, bool),
        "texts": isinstance(value, list) and all(isinstance(v, str) for v in value),
        "map": isinstance(value, dict) and all(isinstance(v, str) for v in value.values()),
    }[parameter.kind]
    if not fine:
        kinds = {"text": "a text", "integer": "a whole number", "number": "a number",
                 "flag": "true or false", "texts": "a list of texts",
                 "map": "a table of texts"}  # fmt: skip
        faults.add(where, f"must be {kinds[parameter.kind]}", values=[value])
        return parameter.default
    if parameter.choices and value not in parameter.choices:
        faults.add(where, "is not known", values=[value],
                   remedy=nearest(str(value), map(str, parameter.choices)))  # fmt: skip
        return parameter.default
    return value
