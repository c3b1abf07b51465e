"""How somebody travels on streets: walking, cycling, driving, with every assumption as a number."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal, TypeAlias

from halfcircle._checks import Faults
from halfcircle.errors import StreetError

__all__ = ["MODES", "BikeProfile", "CarProfile", "Mode", "StreetProfile", "WalkProfile"]

Mode = Literal["walk", "bike", "car"]
MODES: tuple[Mode, ...] = ("walk", "bike", "car")


class _Checked:
    """Checks at construction that every number is in range (`_zero_ok` may be 0)."""

    _zero_ok: frozenset[str] = frozenset()

    def __post_init__(self) -> None:
        faults = Faults()
        for field in fields(self):  # type: ignore[arg-type]
            value = getattr(self, field.name)
            if isinstance(value, int | float):
                low_ok = value >= 0 if field.name in self._zero_ok else value > 0
                if not (low_ok and value < 100_000):
                    where = f"{type(self).__name__}.{field.name}"
                    faults.add(where, "out of range", values=[value])
        faults.raise_errors(StreetError)


_SHARED_ZERO = frozenset({"ferry_boarding_s", "gate_s", "barrier_s"})


@dataclass(frozen=True)
class WalkProfile(_Checked):
    """Walking.

    Parameters
    ----------
    kmh : float
        Speed on the level; 4.5 as in the routing of PBL (METHODS).
    steps_factor : float
        Share of that speed on steps (assumption).
    ferry_kmh : float
        Speed of a ferry that has no duration tag.
    ferry_boarding_s : float, seconds
        Mean wait and boarding, once per crossing (assumption: no timetable is known).
    """

    kmh: float = 4.5
    steps_factor: float = 0.5
    ferry_kmh: float = 12.0
    ferry_boarding_s: float = 300.0
    _zero_ok = _SHARED_ZERO


@dataclass(frozen=True)
class BikeProfile(_Checked):
    """Cycling; ``kmh=20`` for an e-bike.

    Parameters
    ----------
    kmh : float
        Speed where cycling is allowed; 14 as in the routing of PBL (METHODS).
    push_kmh : float
        Speed of pushing the bicycle where one may walk and not cycle; 0 never pushes.
    steps_kmh : float
        Speed on steps, with or without a ramp; 0 uses only steps with a bicycle ramp, at half the
        pushing speed.
    barrier_s : float, seconds
        Delay at a cycle barrier or gate.
    ferry_kmh, ferry_boarding_s : float
        As in `WalkProfile`.
    """

    kmh: float = 14.0
    push_kmh: float = 4.0
    steps_kmh: float = 0.0
    barrier_s: float = 5.0
    ferry_kmh: float = 12.0
    ferry_boarding_s: float = 300.0
    _zero_ok = _SHARED_ZERO | {"push_kmh", "steps_kmh"}


@dataclass(frozen=True)
class CarProfile(_Checked):
    """Driving outside the peak.

    The legal or assumed limit of a road times a factor is the speed between junctions; junctions
    and traffic signals cost a fixed time each. Factors and delays are assumptions, not calibrated:
    compare with observed times of the study area, and say so in the report. With the defaults,
    trips of 5 to 10 km go at 21 km/h as the crow flies in Aachen, 25 in Porto Alegre, 36 in
    Liechtenstein. Peak hours multiply times by road class (`StreetNetwork.with_class_factors`).

    Parameters
    ----------
    country : str
        ISO 3166-1 code for default limits; unknown codes use the European default row. A lookup
        given to `build_network` goes first.
    motorway_factor : float
        Speed as a share of the limit on motorways and trunk roads.
    road_factor : float
        The same on other roads.
    destination_factor : float
        Further share on roads open to destination traffic only, so that through routes shun them.
    cap_kmh : float
        Highest speed, also where there is no limit.
    junction_s : float, seconds
        Delay on arriving at a crossing of three or more roads.
    signal_s : float, seconds
        Delay at a traffic signal (in place of `junction_s`).
    gate_s : float, seconds
        Delay at gates, lift gates and toll booths.
    ferry_kmh, ferry_boarding_s : float
        As in `WalkProfile`.
    """

    country: str = ""
    motorway_factor: float = 0.95
    road_factor: float = 0.9
    destination_factor: float = 0.5
    cap_kmh: float = 130.0
    junction_s: float = 1.0
    signal_s: float = 6.0
    gate_s: float = 10.0
    ferry_kmh: float = 12.0
    ferry_boarding_s: float = 600.0
    _zero_ok = _SHARED_ZERO | {"junction_s", "signal_s"}


StreetProfile: TypeAlias = WalkProfile | BikeProfile | CarProfile

PROFILES: dict[Mode, type[WalkProfile] | type[BikeProfile] | type[CarProfile]] = {
    "walk": WalkProfile,
    "bike": BikeProfile,
    "car": CarProfile,
}
