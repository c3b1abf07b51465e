"""Words of maps and reports in English, Dutch and German, with their numbers."""

from __future__ import annotations

import math
import tomllib
from dataclasses import dataclass, field
from typing import Any

from halfcircle.errors import OutputError
from halfcircle.outputs._assets import asset

__all__ = ["LANGUAGES", "Texts", "capital"]

LANGUAGES = ("en", "nl", "de")
# Thousands and decimals.
SEPARATORS = {"en": (",", "."), "nl": (".", ","), "de": (".", ",")}
CLOSED = "_hard_closed"
THIN_SPACE = "\u202f"


@dataclass(frozen=True)
class Texts:
    """All strings of one language.

    Parameters
    ----------
    language : {"en", "nl", "de"}

    Raises
    ------
    OutputError
        There is no such language.
    """

    language: str = "en"
    entries: dict[str, str] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            known = ", ".join(LANGUAGES)
            raise OutputError(f"language {self.language!r} is not known; known: {known}")
        if not self.entries:
            flat = _flat(tomllib.loads(asset("texts", f"{self.language}.toml")))
            object.__setattr__(self, "entries", flat)

    def __call__(self, key: str, **fields: str) -> str:
        """Text of a key, its ``{places}`` filled in."""
        return self.entries[key].format(**fields)

    def group(self, prefix: str) -> dict[str, str]:
        """All texts below a prefix, by the rest of their keys."""
        start = prefix + "."
        return {k[len(start) :]: v for k, v in self.entries.items() if k.startswith(start)}

    def number(self, value: float, digits: int = 0) -> str:
        """Write a number as this language does: ``1,234.5`` or ``1.234,5``."""
        thousands, decimal = SEPARATORS[self.language]
        text = f"{value:,.{digits}f}"
        return text.replace(",", "\0").replace(".", decimal).replace("\0", thousands)

    def count(self, value: float) -> str:
        """Number for prose and tables: whole where large, two digits where small."""
        size = abs(value)
        if 0 < size < 0.095:
            # Two digits that say something: 0.0034, not 0.00.
            return self.number(value, 1 - math.floor(math.log10(size)))
        if size == 0 or size >= 100 or (size >= 10 and float(value).is_integer()):
            return self.number(value)
        if float(value).is_integer():
            return self.number(value)
        return self.number(value, 1 if size >= 10 else 2)

    def share(self, value: float) -> str:
        """Share as a percentage: 0.314 -> ``31 %``; small ones with a digit."""
        percent = 100.0 * value
        whole = abs(percent - round(percent)) < 0.005
        digits = 1 if 0 < abs(percent) < 9.95 and not whole else 0
        return f"{self.number(percent, digits)}{THIN_SPACE}%"

    def minutes(self, value: float) -> str:
        """Minutes as a number, without the unit."""
        return self.number(value, 0 if float(value).is_integer() else 1)

    def mode(self, name: str) -> str:
        """What people call a mode; chains part by part; unknown names as they are."""
        return self._known("mode", name, joiner=" + ")

    def mode_by(self, name: str) -> str:
        """Mode as part of a sentence: ``by public transport``."""
        return self._known("mode_by", name, joiner=" + ")

    def role(self, name: str) -> str:
        """What a source was used for; ``timetable avv`` keeps its second word."""
        first, _, rest = name.partition(" ")
        known = self.entries.get(f"role.{first}")
        if known is not None:
            return f"{known} {rest}".strip()
        return self.opportunity(name)

    def opportunity(self, name: str) -> str:
        """What people call an opportunity; unknown names as they are."""
        return self._known("opportunity", name)

    def reason(self, name: str) -> str:
        """Why there is no value, in words."""
        return self._known("reason", name)

    def setting(self, name: str) -> str:
        """What people call a setting; unknown names as they are."""
        return self._known("setting", name)

    def measure(self, name: str) -> str:
        """What people call a measure; ``_hard_closed`` behind one is told in words, too."""
        if name.endswith(CLOSED) and f"measure.{name}" not in self.entries:
            return f"{self.measure(name.removesuffix(CLOSED))}, {self('measure.closed')}"
        return self._known("measure", name)

    def _known(self, section: str, name: str, joiner: str = "") -> str:
        whole = self.entries.get(f"{section}.{name}")
        if whole is not None:
            return whole
        if joiner and "+" in name:
            return joiner.join(self._known(section, part) for part in name.split("+"))
        return name.replace("_", " ")


def capital(text: str) -> str:
    """Text with its first letter as a capital, for the start of a line; not for names."""
    return text[:1].upper() + text[1:]


def _flat(tree: dict[str, Any], prefix: str = "") -> dict[str, str]:
    flat: dict[str, str] = {}
    for key, value in tree.items():
        if isinstance(value, dict):
            flat.update(_flat(value, f"{prefix}{key}."))
        else:
            flat[prefix + key] = str(value).strip()
    return flat
