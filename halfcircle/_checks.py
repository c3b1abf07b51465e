"""Gather faults, raise once: the one place where checks become messages.

Also the small array checks that every data type of the house uses at construction.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle.errors import SHOWN_VALUES, Fault, InputError, Severity


class Faults:
    """A list of faults that grows during checks and is raised at their end."""

    def __init__(self) -> None:
        self.items: list[Fault] = []

    def add(
        self,
        where: str,
        what: str,
        *,
        values: Iterable[object] = (),
        remedy: str = "",
        count: int | None = None,
        severity: Severity = "error",
    ) -> None:
        """Note one fault; `count` defaults to the number of values, at least 1."""
        shown: list[str] = []
        n_values = 0
        for value in values:
            n_values += 1
            if len(shown) < SHOWN_VALUES:
                shown.append(str(value))
        self.items.append(
            Fault(where, what, tuple(shown), remedy, max(count or n_values, 1), severity)
        )

    def warn(
        self,
        where: str,
        what: str,
        *,
        values: Iterable[object] = (),
        remedy: str = "",
        count: int | None = None,
    ) -> None:
        """Note something that does not stop the run but belongs in its report."""
        self.add(where, what, values=values, remedy=remedy, count=count, severity="warning")

    def extend(self, faults: Iterable[Fault]) -> None:
        """Take over faults found elsewhere."""
        self.items.extend(faults)

    @property
    def errors(self) -> tuple[Fault, ...]:
        """The faults that stop a run."""
        return tuple(fault for fault in self.items if fault.severity == "error")

    @property
    def warnings(self) -> tuple[Fault, ...]:
        """The faults that do not."""
        return tuple(fault for fault in self.items if fault.severity != "error")

    def raise_errors(self, kind: type[InputError], message: str = "") -> None:
        """Raise `kind` with all errors, if there are any."""
        if self.errors:
            raise kind(message, faults=self.errors)


def nearest(word: str, known: Iterable[str]) -> str:
    """``"did you mean 'x'?"`` for a mistyped `word`, or the list of what is known."""
    candidates = sorted(known)
    match = difflib.get_close_matches(word, candidates, n=1, cutoff=0.6)
    if match:
        return f"did you mean {match[0]!r}?"
    shown = ", ".join(candidates[:12]) + (", ..." if len(candidates) > 12 else "")
    return f"known: {shown}" if candidates else ""


def frozen_array(values: npt.ArrayLike, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    """Read-only, contiguous array of `dtype`: the form in which data types keep arrays.

    An input that is already read-only and of the right form is kept, not copied.
    """
    array = np.ascontiguousarray(values, dtype=dtype)
    if array.flags.writeable:
        if array is values or np.shares_memory(array, np.asarray(values)):
            array = array.copy()
        array.flags.writeable = False
    return array


def id_array(values: Iterable[object]) -> npt.NDArray[np.object_]:
    """Read-only object array of strings: identifiers are text, also if they look like numbers."""
    items = list(values)
    array = np.empty(len(items), dtype=object)
    for i, value in enumerate(items):
        array[i] = value if type(value) is str else str(value)
    array.flags.writeable = False
    return array


def duplicated(ids: npt.NDArray[np.object_]) -> list[str]:
    """Identifiers that occur more than once, in order of their second occurrence."""
    seen: set[str] = set()
    twice: dict[str, None] = {}
    for value in ids:
        if value in seen:
            twice.setdefault(value)
        seen.add(value)
    return list(twice)
