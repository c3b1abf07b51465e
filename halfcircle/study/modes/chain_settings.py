"""Settings of chains of modes as the report tells them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from halfcircle.study.settings.config import ReachConfig, Study
from halfcircle.study.settings.mode_names import TRANSIT_MODES, access_way, bikes_at_the_end

__all__ = ["chain_settings", "used"]

USUAL = ("walk", "bike")
"""Shown whatever the modes are."""


def used(values: Mapping[str, float], modes: Iterable[str]) -> dict[str, float]:
    """Of speeds or limits those that the modes of a study take."""
    ways = {mode if mode not in TRANSIT_MODES else access_way(mode) for mode in modes}
    ways |= {"car"} if "car_passenger" in ways else set()
    return {way: value for way, value in values.items() if way in USUAL or way in ways}


def chain_settings(study: Study, reach: ReachConfig) -> dict[str, str]:
    """Further settings: label -> value."""
    chains = [mode for mode in reach.modes if mode in TRANSIT_MODES]
    found: dict[str, str] = {}
    limits = (
        ("access_max_min_by_vehicle", reach.access_max_min_by_vehicle),
        ("egress_max_min", {"": reach.egress_max_min} if reach.egress_max_min else {}),
        ("egress_max_min_by_vehicle", reach.egress_max_min_by_vehicle),
    )
    for label, rows in limits:
        if chains and rows:
            found[label] = "; ".join(f"{v}: {_listed(own)}".lstrip(": ") for v, own in rows.items())
    ways = {access_way(mode) for mode in chains}
    parking, bikes, kiss = study.park_and_ride, study.shared_bikes, study.kiss_and_ride
    if parking is not None and "car" in ways:
        by_column = isinstance(parking.parking_min, str)
        minutes = "" if by_column else f"{parking.parking_min:g} min, "
        found["park_and_ride"] = f"{minutes}{parking.walk_max_min:g} min"
    if "car_passenger" in ways:
        found["kiss_and_ride"] = f"{', '.join(kiss.vehicles)}; {kiss.dropoff_s} s"
    if bikes is not None and any(bikes_at_the_end(mode) for mode in chains):
        kmh = bikes.kmh or reach.speeds_kmh["bike"]
        found["shared_bikes"] = f"{kmh:g} km/h, {bikes.max_min:g} min"
    if reach.best_of:
        found["best_of"] = "; ".join(f"{n}: {', '.join(m)}" for n, m in reach.best_of.items())
    return found


def _listed(limits: Mapping[str, float]) -> str:
    return ", ".join(f"{way} {minutes:g} min" for way, minutes in limits.items())
