"""Published figures that runs are held against: a table with sources, years and tolerances."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass, field
from typing import Any

from halfcircle.outputs._assets import asset

__all__ = ["Claim", "published_claims"]


@dataclass(frozen=True)
class Claim:
    """One published figure.

    Parameters
    ----------
    claim_id, text : str
        The text in English.
    source : str
        Document.
    vintage : int
        Year that the figure is about.
    kind : {"number", "order", "norm", "context"}
    value : float, optional
    tolerance : float, optional
        Largest relative difference at which the claim still holds.
    unit : str
    test : str
        How it is tested; empty if no run can.
    why : str
        What is missing, where there is no test: a key of ``texts/claims.toml``.
    details : dict
        What the test needs to know: places, country, opportunity, ...
    translated : dict
        The text in other languages.
    """

    claim_id: str
    text: str
    source: str
    vintage: int
    kind: str
    value: float | None = None
    tolerance: float | None = None
    unit: str = ""
    test: str = ""
    why: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    translated: dict[str, str] = field(default_factory=dict)

    def text_in(self, language: str) -> str:
        """The claim in a language; in English where it was not translated."""
        return self.translated.get(language, self.text)


def published_claims() -> tuple[Claim, ...]:
    """Every figure that is stored, in order.

    Returns
    -------
    tuple of Claim
    """
    tree = tomllib.loads(asset("assets", "claims.toml"))
    own = ("id", "text", "source", "vintage", "kind", "value", "tolerance", "unit", "test", "why")
    other = ("nl", "de")
    return tuple(
        Claim(
            claim_id=entry["id"],
            text=entry["text"],
            source=tree[entry["source"]]["title"],
            vintage=entry["vintage"],
            kind=entry["kind"],
            value=entry.get("value"),
            tolerance=entry.get("tolerance"),
            unit=entry.get("unit", ""),
            test=entry.get("test", ""),
            why=entry.get("why", ""),
            details={key: value for key, value in entry.items() if key not in (*own, *other)},
            translated={key: entry[key] for key in other if key in entry},
        )
        for entry in tree["claim"]
    )
