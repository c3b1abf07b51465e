"""Words of measures: titles and definitions of kinds, names of what they tell, in all languages."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from halfcircle.outputs._assets import asset
from halfcircle.outputs.measure_layers import JOINT
from halfcircle.outputs.texts import Texts

__all__ = ["MeasureWords", "measure_words"]

MINUS = "\u2212"


@dataclass(frozen=True)
class MeasureWords:
    """Texts about measures, beside those of the whole.

    Parameters
    ----------
    texts : Texts
    entries : dict
        Of one language.
    shared : dict
        ``source`` and ``formula`` by kind.
    """

    texts: Texts
    entries: dict[str, Any]
    shared: dict[str, dict[str, str]]

    def __call__(self, key: str, **fields: str) -> str:
        """Text of a key, its ``{places}`` filled in."""
        return str(self.entries[key]).format(**fields)

    def title(self, name: str) -> str:
        """Heading of a measure: its own name, or that of its kind where it has none."""
        return str(self.entries["kind"].get(name, name))

    def definition(self, kind: str) -> str:
        """What a kind of measure says, in a sentence or two."""
        return str(self.entries["definition"].get(kind, ""))

    def source(self, kind: str) -> str:
        """Formula and source of a kind, as far as there are any."""
        parts = (self.shared[part].get(kind, "") for part in ("formula", "source"))
        return " · ".join(part for part in parts if part)

    def measure(self, code: str) -> str:
        """What a value of a table is called."""
        known: dict[str, str] = self.entries["measure"]
        if code in known:
            return known[code]
        found = re.fullmatch(r"minutes_to_(.+)", code)
        if found:
            return known["minutes_to"].format(n=found[1])
        found = re.fullmatch(r"(interval_(?:mean|median))_([\d.]+)_([\d.]+)", code)
        if found:
            return known[found[1]].format(first=found[2], last=found[3])
        whole, _, rest = code.rpartition("_")
        if rest in ("decay", "pbl") and whole in known:
            return f"{known[whole]}, {known['decay']}"
        return code.replace("_", " ")

    def layer(self, label: str) -> str:
        """A measure of zones, as keys of layers name it."""
        name, joint, code = label.partition(JOINT)
        return f"{self.title(name)}{JOINT}{self.measure(code)}" if joint else self.title(name)

    def index(self, code: str) -> str:
        """What is worked out of a measure for the whole area."""
        return str(self.entries["index"].get(code, code.replace("_", " ")))

    def unit(self, unit: str) -> str:
        """Unit in words: ``jobs per persons``, ``minutes``."""
        known: dict[str, str] = self.entries["unit"]
        parts = [known.get(part) or self.texts.opportunity(part) for part in unit.split(" per ")]
        return f" {known['per']} ".join(parts)

    def value(self, number: float, unit: str) -> str:
        """A value as people read it: shares in per cent, indices with three digits."""
        if number != number:
            return self.texts("report.missing_mark")
        if unit == "share":
            text = self.texts.share(round(number, 5) + 0.0)
        elif unit == "index":
            text = self.texts.number(round(number, 3) + 0.0, 3)
        else:
            text = self.texts.count(number)
        return text.replace("-", MINUS)

    def difference(self, number: float, unit: str) -> str:
        """A difference with its sign: ``+120``, ``−3``, shares in percentage points."""
        sign = "+" if number > 0 else MINUS if number < 0 else ""
        if unit != "share":
            return sign + self.value(abs(number), unit)
        points = round(abs(100.0 * number), 1)
        digits = 0 if points >= 9.95 or points.is_integer() else 1
        return f"{sign}{self.texts.number(points, digits)}\u202f{self('points')}"


@lru_cache(maxsize=1)
def _all_words() -> dict[str, Any]:
    return tomllib.loads(asset("texts", "measures.toml"))


def measure_words(texts: Texts) -> MeasureWords:
    """Words in the language of the report."""
    words = _all_words()
    shared = {part: dict(words[part]) for part in ("source", "formula")}
    return MeasureWords(texts, dict(words[texts.language]), shared)
