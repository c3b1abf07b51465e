"""One row of the indicators."""

from __future__ import annotations

from typing import NamedTuple

from halfcircle.outputs.layers import LayerKey

# Kind, identifier and name of an area.
Area = tuple[str, str, str]


class Indicator(NamedTuple):
    """One row: what, of where, how much, and what it means."""

    area_type: str
    area_id: str
    area_name: str
    indicator: str
    key: LayerKey | None
    opportunity: str
    group: str
    value: float
    unit: str
    year: int | None
    source: str
