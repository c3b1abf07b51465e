"""Distance decay: how the weight of an opportunity falls with travel time.

A decay is a small frozen object that turns travel times in seconds into weights between 0 and 1::

    decay = decay_by_name("pbl", "car")
    decay(np.array([0.0, 1800.0]))        # array([1.   , 0.458])

Every curve is 1 at no travel time, never rises, and is 0 where a destination is not reached
(infinite seconds). Parameters are in seconds, except those of published curves, which stay as
published so that they can be compared with their source.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, nearest
from halfcircle.errors import StudyError, TravelTimeError

__all__ = [
    "CommuterDecay",
    "Decay",
    "ExponentialDecay",
    "GaussianDecay",
    "LogLogisticDecay",
    "LogisticDecay",
    "PowerDecay",
    "StepDecay",
    "decay_by_name",
    "decay_names",
    "decay_table",
    "pbl_curve",
]

Floats = npt.NDArray[np.float64]

# Less than this is no travel time at all: weight 1, and no logarithm of nearly nothing.
TINY_S = 1e-6
# Weights below this no longer show in any sum.
FADED = 1e-7


@dataclass(frozen=True)
class Decay(ABC):
    """A weight between 0 and 1 as a function of travel time.

    Calling it with seconds (any shape) gives float64 weights of the same shape. Sub-classes are
    frozen dataclasses whose numeric fields are their parameters; all must be positive.
    """

    unit: ClassVar[str] = "s"
    formula: ClassVar[str] = ""
    source: ClassVar[str] = ""

    def __post_init__(self) -> None:
        faults = Faults()
        for item in fields(self):
            value = getattr(self, item.name)
            if isinstance(value, (int, float)) and not (np.isfinite(value) and value > 0):
                faults.add(
                    f"decay {type(self).__name__}",
                    f"{item.name} must be a positive number",
                    values=[value],
                )
        faults.raise_errors(StudyError)

    @property
    @abstractmethod
    def name(self) -> str:
        """Short name with its parameters, as in the column `measure` of tables."""

    @abstractmethod
    def _weight(self, times_s: Floats) -> Floats:
        """Weights at finite, non-negative seconds; the value at 0 is overwritten with 1."""

    def __call__(self, times_s: npt.ArrayLike) -> Floats:
        """Weights at these travel times.

        Parameters
        ----------
        times_s : array of float, any shape, seconds
            Infinite where a destination is not reached.

        Returns
        -------
        array of float64, same shape, between 0 and 1

        Raises
        ------
        TravelTimeError
            A time is negative or not a number.
        """
        times = np.asarray(times_s, dtype=np.float64)
        wrong = ~(times >= 0.0)
        if wrong.any():
            raise TravelTimeError(
                f"decay {self.name!r}: {int(wrong.sum()):,} travel times are negative or not a "
                f"number, the first is {times[wrong].flat[0]!r}"
            )
        reached = np.isfinite(times) & (times >= TINY_S)
        # A harmless stand-in keeps logarithms and powers away from 0 and infinity.
        weights = self._weight(np.where(reached, times, 1.0))
        weights = np.where(reached, np.clip(weights, 0.0, 1.0), 0.0)
        return np.where(times < TINY_S, 1.0, weights)


@dataclass(frozen=True)
class CommuterDecay(Decay):
    """Share of commuters willing to travel longer: ``1 / (1 + exp(a + b ln t + c t))``.

    Parameters
    ----------
    a, b, c : float
        Coefficients for t in minutes; `b` and `c` must not be negative (a rising curve is none).
    label : str
        Name of the curve, such as ``"pbl_car"``.
    """

    a: float
    b: float
    c: float
    label: str

    formula: ClassVar[str] = "1 / (1 + exp(a + b ln t + c t)), t in minutes"
    source: ClassVar[str] = (
        "PBL Netherlands Environmental Assessment Agency, NetworkModel_PBL, "
        "cfg/main/ModelParameters.dms (fitted on Dutch commuters)"
    )

    def __post_init__(self) -> None:
        # `a` is negative in every published curve, so the check of the base class does not fit.
        if not (np.isfinite(self.a) and self.b > 0.0 and self.c >= 0.0):
            raise StudyError(
                f"decay {self.label!r}: needs a finite a, b > 0 and c >= 0, not "
                f"a={self.a!r}, b={self.b!r}, c={self.c!r}"
            )

    @property
    def name(self) -> str:
        """The label."""
        return self.label

    def _weight(self, times_s: Floats) -> Floats:
        minutes = times_s / 60.0
        # exp beyond 700 overflows; the weight is 0 to the last bit long before.
        power = np.minimum(self.a + self.b * np.log(minutes) + self.c * minutes, 700.0)
        return np.asarray(1.0 / (1.0 + np.exp(power)))


@dataclass(frozen=True)
class ExponentialDecay(Decay):
    """Halves with every `half_life_s`: ``2 ** (-t / half_life)`` (Wilson 1971, 10.1068/a030001)."""

    half_life_s: float

    formula: ClassVar[str] = "2 ** (-t / half_life)"
    source: ClassVar[str] = "Wilson 1971, https://doi.org/10.1068/a030001"

    @property
    def name(self) -> str:
        """``exponential_20min``."""
        return f"exponential_{self.half_life_s / 60.0:g}min"

    def _weight(self, times_s: Floats) -> Floats:
        return np.asarray(np.exp2(-times_s / self.half_life_s))


@dataclass(frozen=True)
class PowerDecay(Decay):
    """Power law shifted to be 1 at no time: ``(1 + t / scale) ** -exponent``.

    The bare power law is infinite at 0; `scale_s` says where it starts to bite.
    """

    scale_s: float
    exponent: float

    formula: ClassVar[str] = "(1 + t / scale) ** -exponent"
    source: ClassVar[str] = "Hansen 1959, https://doi.org/10.1080/01944365908978307, shifted"

    @property
    def name(self) -> str:
        """``power_10min_2``."""
        return f"power_{self.scale_s / 60.0:g}min_{self.exponent:g}"

    def _weight(self, times_s: Floats) -> Floats:
        return np.asarray((1.0 + times_s / self.scale_s) ** -self.exponent)


@dataclass(frozen=True)
class LogisticDecay(Decay):
    """S-curve around `midpoint_s`, scaled to be 1 at no time.

    ``(1 + exp(-m / s)) / (1 + exp((t - m) / s))`` with midpoint m and spread s; with s much
    smaller than m the weight at m is one half.
    """

    midpoint_s: float
    spread_s: float

    formula: ClassVar[str] = "(1 + exp(-m / s)) / (1 + exp((t - m) / s))"
    source: ClassVar[str] = "logistic of travel time, scaled to f(0) = 1"

    @property
    def name(self) -> str:
        """``logistic_30min_8min``."""
        return f"logistic_{self.midpoint_s / 60.0:g}min_{self.spread_s / 60.0:g}min"

    def _weight(self, times_s: Floats) -> Floats:
        power = np.minimum((times_s - self.midpoint_s) / self.spread_s, 700.0)
        scale = 1.0 + np.exp(-self.midpoint_s / self.spread_s)
        return np.asarray(scale / (1.0 + np.exp(power)))


@dataclass(frozen=True)
class LogLogisticDecay(Decay):
    """Logistic in the logarithm of time: ``1 / (1 + (t / m) ** exponent)``, one half at m.

    The form that fits Danish commuting best (de Vries, Nijkamp & Rietveld 2009, 10.1068/a39369).
    """

    midpoint_s: float
    exponent: float

    formula: ClassVar[str] = "1 / (1 + (t / m) ** exponent)"
    source: ClassVar[str] = "de Vries, Nijkamp & Rietveld 2009, https://doi.org/10.1068/a39369"

    @property
    def name(self) -> str:
        """``log_logistic_30min_3``."""
        return f"log_logistic_{self.midpoint_s / 60.0:g}min_{self.exponent:g}"

    def _weight(self, times_s: Floats) -> Floats:
        power = np.minimum(self.exponent * np.log(times_s / self.midpoint_s), 700.0)
        return np.asarray(1.0 / (1.0 + np.exp(power)))


@dataclass(frozen=True)
class GaussianDecay(Decay):
    """Bell curve: ``exp(-t^2 / (2 sd^2))`` (Ingram 1971, 10.1080/09595237100185131)."""

    sd_s: float

    formula: ClassVar[str] = "exp(-t^2 / (2 sd^2))"
    source: ClassVar[str] = "Ingram 1971, https://doi.org/10.1080/09595237100185131"

    @property
    def name(self) -> str:
        """``gaussian_20min``."""
        return f"gaussian_{self.sd_s / 60.0:g}min"

    def _weight(self, times_s: Floats) -> Floats:
        return np.asarray(np.exp(-0.5 * (times_s / self.sd_s) ** 2))


@dataclass(frozen=True)
class StepDecay(Decay):
    """All or nothing: 1 up to and including `cutoff_s`, 0 beyond; the same as a band."""

    cutoff_s: float

    formula: ClassVar[str] = "1 if t <= cutoff else 0"
    source: ClassVar[str] = "cumulative opportunities"

    @property
    def name(self) -> str:
        """``step_45min``."""
        return f"step_{self.cutoff_s / 60.0:g}min"

    def _weight(self, times_s: Floats) -> Floats:
        return np.asarray((times_s <= self.cutoff_s).astype(np.float64))


_PBL = {
    "car": (-8.65786, 2.492099, 0.011641),
    "bike": (-7.95686, 2.675059, 0.011981),
    "transit": (-12.3301, 2.907621, 0.012824),
}
_TRANSIT_WORDS = ("transit", "rail", "train", "bus", "pt")
_FORMS: dict[str, type[Decay]] = {
    "exponential": ExponentialDecay,
    "power": PowerDecay,
    "logistic": LogisticDecay,
    "log-logistic": LogLogisticDecay,
    "gaussian": GaussianDecay,
    "step": StepDecay,
}


def pbl_curve(mode: str) -> str | None:
    """Which PBL commuter curve a mode takes: ``"car"``, ``"bike"``, ``"transit"``, or None.

    Chains with a ride in them (``bike+transit``) take the public-transport curve; straight lines
    (``crow_fly``) take the car curve, since they stand for door-to-door travel at one speed.
    Walking has no curve in the source: using another mode's curve for it would be wrong.
    """
    parts = mode.lower().replace("-", "_").split("+")
    if any(part.split("_")[0] in _TRANSIT_WORDS for part in parts):
        return "transit"
    first = parts[-1].split("_")[0]
    if first in {"car", "crow"}:
        return "car"
    return "bike" if first in {"bike", "bicycle", "ebike"} else None


def decay_names() -> tuple[str, ...]:
    """Names that `decay_by_name` knows."""
    return ("pbl", *_FORMS)


def decay_by_name(
    name: str, mode: str = "car", *, parameters: Mapping[str, float] | None = None
) -> Decay:
    """Decay of this name.

    Parameters
    ----------
    name : str
        ``"pbl"`` (Dutch commuters, a curve per mode) or a form of `decay_names`.
    mode : str
        Mode of travel; only the PBL curves depend on it.
    parameters : mapping of str to float, optional
        Parameters of a form, in seconds (``half_life_s``) or minutes (``half_life_min``).

    Raises
    ------
    StudyError
        The name, the mode or a parameter is not known, or a parameter is missing.
    """
    given = dict(parameters or {})
    if name == "pbl":
        curve = pbl_curve(mode)
        if given:
            raise StudyError(f"decay 'pbl' takes no parameters, {sorted(given)} were given")
        if curve is None:
            raise StudyError(
                f"decay 'pbl' has no curve for mode {mode!r}: PBL fitted car, bike and public "
                "transport; use another decay for this mode, such as 'exponential'"
            )
        return CommuterDecay(*_PBL[curve], label=f"pbl_{curve}")
    if name not in _FORMS:
        raise StudyError(f"decay {name!r} is not known - {nearest(name, decay_names())}")
    form = _FORMS[name]
    known = [item.name for item in fields(form)]
    values: dict[str, float] = {}
    faults = Faults()
    for key, value in given.items():
        in_s = key.removesuffix("_min") + "_s" if key.endswith("_min") else key
        if in_s not in known:
            faults.add(f"decay {name!r}", f"has no parameter {key!r}", remedy=nearest(key, known))
        elif isinstance(value, bool) or not isinstance(value, (int, float)):
            faults.add(f"decay {name!r}", f"{key} must be a number", values=[value])
        else:
            values[in_s] = float(value) * (60.0 if in_s != key else 1.0)
    missing = [key for key in known if key not in values]
    if missing and not faults.errors:
        faults.add(f"decay {name!r}", "parameters are missing", values=missing)
    faults.raise_errors(StudyError)
    return form(**values)


def decay_table(decay: Decay, *, max_s: float | None = None, step_s: float = 1.0) -> Floats:
    """Weights at 0, step, 2 step, ... seconds: what kernels interpolate in.

    Between entries the weight is read off a straight line; beyond the last entry it is 0. With the
    default of one second the error is below 1e-5 for the usual parameters, except at the edge
    of `StepDecay`, where times within one second beyond the cutoff get a part of the weight: give
    whole-second times or a band instead.

    Parameters
    ----------
    decay : Decay
    max_s : float, seconds, optional
        End of the table, inclusive; where left out, the first whole hour at which the weight is
        below 1e-7, at most a day.
    step_s : float, seconds

    Returns
    -------
    array of float64, shape (round(max_s / step_s) + 1,), read-only
    """
    if max_s is None:
        hours = np.arange(1, 25) * 3600.0
        faded = np.flatnonzero(decay(hours) < FADED)
        max_s = float(hours[faded[0]]) if len(faded) else float(hours[-1])
    n_steps = round(max_s / step_s)
    if not (step_s > 0.0 and n_steps >= 1):
        raise StudyError(f"decay table: max_s={max_s!r} and step_s={step_s!r} make no steps")
    table = decay(np.arange(n_steps + 1, dtype=np.float64) * step_s)
    table.flags.writeable = False
    return table
