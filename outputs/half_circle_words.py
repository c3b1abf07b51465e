"""Words and rows that all parts of the half circle in a report share."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

import numpy as np
import pandas as pd

from halfcircle.outputs._assets import asset
from halfcircle.outputs.layers import LayerKey
from halfcircle.outputs.texts import Texts

__all__ = ["Words", "rows_of", "within", "words_of"]

MINUS = "\u2212"


@dataclass(frozen=True)
class Words:
    """Texts of this part of the report, beside those of the whole."""

    texts: Texts
    entries: dict[str, str]

    def __call__(self, key: str, **fields: str) -> str:
        """Text of a key, its ``{places}`` filled in."""
        return self.entries[key].format(**fields)

    def share(self, value: float) -> str:
        """Share as a percentage; a dash where there is none."""
        if not np.isfinite(value):
            return self.texts("report.missing_mark")
        # Rounded first: what rounds to nothing has no sign.
        return self.texts.share(round(float(value), 4) + 0.0).replace("-", MINUS)

    def count(self, value: float) -> str:
        """Number; a dash where there is none."""
        if not np.isfinite(value):
            return self.texts("report.missing_mark")
        return self.texts.count(float(value))

    def cause(self, name: str) -> str:
        """What people call a cause; unknown names as they are."""
        return self.entries.get(f"cause_{name}", name)

    def area(self, name: str, kind: str) -> str:
        """What people call an area."""
        return self("all") if kind == "all" else name


def words_of(texts: Texts) -> Words:
    """Words in the language of the report."""
    return Words(texts, tomllib.loads(asset("texts", "half_circle.toml"))[texts.language])


def within(key: LayerKey, words: Words) -> str:
    """The band of a layer as part of a sentence."""
    if key.band_min is None:
        return words("no_limit")
    return words("within", band=words.texts.minutes(key.band_min))


def rows_of(table: pd.DataFrame | None, key: LayerKey) -> pd.DataFrame:
    """Rows of one layer; none where there is no table."""
    if table is None or not len(table):
        return pd.DataFrame()
    chosen = np.ones(len(table), dtype=bool)
    for name in ("scenario", "mode", "opportunity", "group", "measure"):
        if name in table:
            chosen &= (table[name].astype(str) == str(getattr(key, name))).to_numpy()
    if "band_min" in table:
        band = table["band_min"]
        same = band.isna() if key.band_min is None else band == key.band_min
        chosen &= same.to_numpy()
    return table[chosen]
