"""A penalty at a border: as ``[border]`` states it, or as an edit puts it in its place."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["PenaltyConfig"]


@dataclass(frozen=True)
class PenaltyConfig:
    """One directed penalty of ``[border] penalties``."""

    origin: str
    destination: str
    minutes: float
    factor: float = 1.0
    reason: str = "border"
    source: str = ""
    mode: str | None = None
    group: str | None = None
