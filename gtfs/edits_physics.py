"""Running times: how fast a vehicle can be, and times from a speed and an acceleration."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType

__all__ = ["MAX_KMH", "least_run_s", "run_s", "shared_out_s"]

KMH_MS = 3.6
# The fastest in service, by basic route type, over straight lines. More is a slip of the pen.
MAX_KMH: Mapping[int, float] = MappingProxyType(
    {0: 100.0, 1: 140.0, 2: 360.0, 3: 130.0, 4: 90.0, 7: 60.0, 11: 100.0, 12: 500.0, 1100: 1000.0}
)
OTHER_KMH = 130.0
HARDEST_M_S2 = 1.4
"""What standing passengers bear."""


def run_s(distance_m: float, *, kmh: float, acceleration_m_s2: float) -> float:
    """Seconds from standstill to standstill: accelerate, keep the speed, brake as fast.

    Distances too short to reach the speed are covered half accelerating and half braking.
    """
    speed = kmh / KMH_MS
    if distance_m >= speed**2 / acceleration_m_s2:
        return distance_m / speed + speed / acceleration_m_s2
    return 2.0 * math.sqrt(distance_m / acceleration_m_s2)


def least_run_s(distance_m: float, kind: int, max_kmh: float | None = None) -> float:
    """Seconds below which no vehicle of a basic route type covers a straight distance."""
    kmh = max_kmh if max_kmh is not None else MAX_KMH.get(kind, OTHER_KMH)
    return run_s(distance_m, kmh=kmh, acceleration_m_s2=HARDEST_M_S2)


def shared_out_s(total_s: int, shares: Sequence[float]) -> tuple[int, ...]:
    """Whole seconds that add up to `total_s`, in proportion to `shares`.

    Examples
    --------
    >>> shared_out_s(100, [1.0, 1.0, 1.0])
    (33, 34, 33)
    """
    whole = sum(shares)
    if whole <= 0:
        shares, whole = [1.0] * len(shares), float(len(shares))
    passed, before = 0.0, 0
    parts = []
    for share in shares:
        passed += share
        now = round(total_s * passed / whole)
        parts.append(now - before)
        before = now
    return tuple(parts)
