"""Reading tables of a study file: types, defaults, ranges, unknown keys, all faults at once."""

from __future__ import annotations

import datetime as dt
import re
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from halfcircle._checks import Faults, nearest
from halfcircle.study.settings.clock import clock_s


class Table:
    """One table of a study file, read key by key.

    Every getter notes a fault and returns its default when the value is not what it should be, so
    that one pass finds everything; `finish` notes the keys that nobody asked for.
    """

    def __init__(
        self, values: Mapping[str, Any], name: str, *, folder: Path, faults: Faults, lines: Lines
    ) -> None:
        self.values = values
        self.name = name
        self.folder = folder
        self.faults = faults
        self.lines = lines
        self.asked: set[str] = set()

    def where(self, key: str) -> str:
        """``study.toml:12 [reach] bands_min``: where a key stands."""
        return self.lines.where(self.name, key)

    def fault(self, key: str, what: str, value: object = None, remedy: str = "") -> None:
        """Note a fault of a key."""
        values = [] if value is None else [value]
        self.faults.add(self.where(key), what, values=values, remedy=remedy)

    def raw(self, key: str, *, required: bool = False) -> Any:
        """The value as TOML gives it; None where it is absent."""
        self.asked.add(key)
        value = self.values.get(key)
        if value is None and required:
            self.fault(key, "is required")
        return value

    def has(self, key: str) -> bool:
        """Whether the key is given."""
        return key in self.values

    def text(
        self,
        key: str,
        default: str | None = None,
        *,
        required: bool = False,
        choices: Sequence[str] | None = None,
    ) -> str | None:
        """A text, optionally one of `choices`."""
        value = self.raw(key, required=required)
        if value is None:
            return default
        if not isinstance(value, str) or not value.strip():
            self.fault(key, "must be a text in quotes", value)
            return default
        if choices is not None and value not in choices:
            self.fault(key, "is not known", value, nearest(value, choices))
            return default
        return value

    def number(
        self,
        key: str,
        default: float | None = None,
        *,
        required: bool = False,
        low: float = float("-inf"),
        high: float = float("inf"),
        above: float = float("-inf"),
    ) -> float | None:
        """A number in ``low..high`` and greater than `above`."""
        value = self.raw(key, required=required)
        if value is None:
            return default
        if not self.check_number(key, value, low=low, high=high, above=above):
            return default
        return float(value)

    def number_or(
        self,
        key: str,
        default: float,
        *,
        low: float = float("-inf"),
        high: float = float("inf"),
        above: float = float("-inf"),
    ) -> float:
        """As `number`, with a default that is never missing; 0 stays 0."""
        value = self.number(key, default, low=low, high=high, above=above)
        return default if value is None else value

    def check_number(
        self, key: str, value: object, *, low: float, high: float, above: float
    ) -> bool:
        """Whether a value is a number in range; notes the fault where it is not."""
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            self.fault(key, "must be a number", value)
            return False
        if abs(value) > sys.float_info.max and value not in (float("inf"), float("-inf")):
            self.fault(key, "is too large a number")
            return False
        if not low <= value <= high or value <= above:
            self.fault(key, f"must be {_range(low, high, above)}", value)
            return False
        return True

    def integer(
        self,
        key: str,
        default: int,
        *,
        low: float = float("-inf"),
        high: float = float("inf"),
    ) -> int:
        """A whole number in ``low..high``."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int):
            self.fault(key, "must be a whole number", value)
            return default
        if not low <= value <= high:
            self.fault(key, f"must be {_range(low, high, float('-inf'))}", value)
            return default
        return value

    def numbers(
        self,
        key: str,
        default: tuple[float, ...],
        *,
        low: float = float("-inf"),
        high: float = float("inf"),
        above: float = float("-inf"),
    ) -> tuple[float, ...]:
        """A list of different numbers, returned in ascending order."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, list) or not value:
            self.fault(key, "must be a list of numbers, for instance [15, 30]", value)
            return default
        checked = [self.check_number(key, v, low=low, high=high, above=above) for v in value]
        if not all(checked):
            return default
        if len(set(value)) != len(value):
            self.fault(key, "holds a number twice", value)
        return tuple(sorted(float(v) for v in set(value)))

    def texts(self, key: str, default: tuple[str, ...] = ()) -> tuple[str, ...]:
        """A text or a list of different texts."""
        value = self.raw(key)
        if value is None:
            return default
        if isinstance(value, str):
            value = [value]
        if (
            not isinstance(value, list)
            or not value
            or not all(isinstance(v, str) and v.strip() for v in value)
        ):
            self.fault(key, "must be a list of texts", value)
            return default
        if len(set(value)) != len(value):
            self.fault(key, "holds a text twice", value)
        return tuple(dict.fromkeys(value))

    def number_map(
        self,
        key: str,
        default: Mapping[str, float],
        *,
        keys: Sequence[str] | None = None,
        above: float = float("-inf"),
        high: float = float("inf"),
    ) -> dict[str, float]:
        """A table of numbers; names outside `keys` are faults; defaults fill what is left out."""
        value = self.raw(key)
        result = dict(default)
        if value is None:
            return result
        if not isinstance(value, dict):
            self.fault(key, "must be a table, for instance { walk = 4.5 }", value)
            return result
        for name, number in value.items():
            if keys is not None and name not in keys:
                self.fault(f"{key}.{name}", "is not known", remedy=nearest(name, keys))
            elif self.check_number(
                f"{key}.{name}", number, low=float("-inf"), high=high, above=above
            ):
                result[name] = float(number)
        return result

    def text_map(self, key: str) -> dict[str, str]:
        """A table of texts."""
        value = self.raw(key)
        if value is None:
            return {}
        if not isinstance(value, dict) or not all(isinstance(v, str) for v in value.values()):
            self.fault(key, "must be a table of texts, for instance { low = 'jobs_low' }", value)
            return {}
        return dict(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.raw(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self.fault(key, "must be true or false", value)
            return default
        return value

    def path(self, key: str, *, required: bool = False) -> Path | None:
        """A path, relative to the study file."""
        value = self.text(key, required=required)
        return None if value is None else self.resolved(key, value)

    def resolved(self, key: str, value: str) -> Path:
        """A path as it is written, relative to the study file; ``~`` is the user's folder."""
        if "\0" in value:
            self.fault(key, "is no name of a file", value)
            return self.folder
        try:
            return self.folder / Path(value).expanduser()
        except RuntimeError:
            self.fault(key, "there is no such user's folder", value)
            return self.folder

    def clock_s(self, key: str, value: object) -> int | None:
        """Seconds after midnight of ``"07:00"`` or ``"25:30:00"``."""
        if isinstance(value, dt.time):
            return value.hour * 3600 + value.minute * 60 + value.second
        seconds = clock_s(str(value))
        if seconds is None:
            self.fault(key, "must be a time such as '07:00'", value)
        return seconds

    def table(self, key: str) -> Table:
        """A table inside this one; empty where it is absent."""
        value = self.raw(key)
        if value is not None and not isinstance(value, dict):
            self.fault(key, "must be a table", value)
            value = None
        return Table(
            value or {},
            f"{self.name}.{key}" if self.name else key,
            folder=self.folder,
            faults=self.faults,
            lines=self.lines,
        )

    def tables(self, key: str) -> list[Table]:
        """A list of tables; a single table counts as a list of one."""
        value = self.raw(key)
        if isinstance(value, dict):
            value = [value]
        if value is None:
            return []
        if not isinstance(value, list) or not all(isinstance(v, dict) for v in value):
            self.fault(key, "must be a list of tables", value)
            return []
        name = f"{self.name}.{key}" if self.name else key
        return [
            Table(v, f"{name}#{i + 1}", folder=self.folder, faults=self.faults, lines=self.lines)
            for i, v in enumerate(value)
        ]

    def finish(self) -> None:
        """Note the keys that are not known."""
        for key in self.values:
            if key not in self.asked:
                self.fault(key, "is no key of this table", remedy=nearest(key, self.asked))


class Lines:
    """Where keys stand in the text of a study file."""

    def __init__(self, text: str, file_name: str) -> None:
        self.file_name = file_name
        self.line_of: dict[tuple[str, str], int] = {}
        seen: dict[str, int] = {}
        table = ""
        for number, line in enumerate(text.splitlines(), start=1):
            header = re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$", line)
            if header:
                # Lists inside lists: [[scenarios.edits]] belongs to the scenario above it.
                *outer, last = header[2].replace('"', "").split(".")
                table = ""
                for part in outer:
                    table = f"{table}.{part}" if table else part
                    table += f"#{seen[table]}" if table in seen else ""
                table = f"{table}.{last}" if table else last
                if header[1] == "[[":
                    seen[table] = seen.get(table, 0) + 1
                    table = f"{table}#{seen[table]}"
                self.line_of.setdefault((table, ""), number)
                continue
            key = re.match(r"""\s*["']?([\w-]+)["']?\s*=""", line)
            if key:
                self.line_of.setdefault((table, key[1]), number)

    def where(self, table: str, key: str) -> str:
        """File, line where it can be told, table and key."""
        first = key.split(".")[0]
        line = self.line_of.get((table, first)) or self.line_of.get((table, ""))
        if line is None and "." in table:
            outer, inner = table.split(".", 1)
            line = self.line_of.get((outer, inner.split("#")[0].split(".")[0]))
        label = table.split("#")[0]
        place = f"{self.file_name}:{line}" if line is not None else self.file_name
        shown = f"[[{label}]]" if "#" in table else f"[{label}]"
        return f"{place} {shown} {key}".rstrip() if label else f"{place} {key}".rstrip()


def _range(low: float, high: float, above: float) -> str:
    parts = []
    if above > float("-inf"):
        parts.append(f"more than {above:g}")
    if low > float("-inf"):
        parts.append(f"at least {low:g}")
    if high < float("inf"):
        parts.append(f"at most {high:g}")
    return " and ".join(parts)
