"""What crossing a border costs: minutes and factors, by direction, with their sources.

A `CrossingRule` says what one kind of barrier (its `reason`) does on the way from one country to
another: seconds that are added to the travel time, and a factor on the opportunities over there.
`BorderRules` are the rules that hold together. Over reasons, seconds add up and factors multiply;
within one reason the most specific rule counts: a named country before ``"*"``, a named mode
or group before none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, nearest
from halfcircle.errors import Fault, StudyError

__all__ = [
    "PRESETS",
    "BorderRules",
    "CrossingRule",
    "border_preset",
    "sensitivity_rules",
]

ANY = "*"
WHERE = "[border] penalties"
PIETERS = (
    "Pieters, de Jong & van der Hoorn 2012, EJTIR 12(2):167-177: resistance of commuting by car "
    "between the Netherlands and Belgium (35 min) and Germany (46 min)"
)


@dataclass(frozen=True)
class CrossingRule:
    """What one kind of barrier costs in one direction.

    Parameters
    ----------
    from_country, to_country : str
        ISO codes; ``"*"`` stands for every country.
    penalty_s : float, seconds
        Added to the travel time; infinite closes the border in this direction.
    factor : float
        Multiplies the opportunities of `to_country`; between 0 and 1.
    reason : str
        Kind of barrier: ``"border"``, ``"language"``, ``"diploma"``, ``"tax"``, ...
    mode, group : str, optional
        Restrict the rule to a mode of travel or a group of opportunities. A rule for a group can
        carry a factor only: travel time does not differ by group.
    source : str
        Where the figures come from; shown in the report.
    """

    from_country: str
    to_country: str
    penalty_s: float = 0.0
    factor: float = 1.0
    reason: str = "border"
    mode: str | None = None
    group: str | None = None
    source: str = ""

    @property
    def label(self) -> str:
        """``NL -> DE (border)``."""
        return f"{self.from_country} -> {self.to_country} ({self.reason})"

    def _rank(self) -> tuple[int, int, int, int]:
        """More specific rules rank higher."""
        return (
            int(self.group is not None),
            int(self.mode is not None),
            int(self.from_country != ANY) + int(self.to_country != ANY),
            int(self.from_country != ANY),
        )


@dataclass(frozen=True)
class BorderRules:
    """Rules that hold together; without any, the border is open.

    Parameters
    ----------
    rules : tuple of CrossingRule
    name : str
        What this set is called in tables and the report.

    Raises
    ------
    StudyError
        A penalty is negative or not a number, a factor is outside [0, 1], a rule leads from a
        country to itself, a rule for a group has a penalty, or two rules say different things
        about the same crossing.
    """

    rules: tuple[CrossingRule, ...] = ()
    name: str = "open"
    notices: tuple[Fault, ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "rules", tuple(self.rules))
        faults = Faults()
        seen: dict[tuple[object, ...], CrossingRule] = {}
        for rule in self.rules:
            if not rule.penalty_s >= 0.0:
                faults.add(
                    WHERE,
                    f"{rule.label}: minutes must be 0 or more",
                    values=[rule.penalty_s / 60.0],
                    remedy="a border that speeds people up is not a penalty",
                )
            if not 0.0 <= rule.factor <= 1.0:
                faults.add(
                    WHERE, f"{rule.label}: factor must be between 0 and 1", values=[rule.factor]
                )
            if not rule.from_country or not rule.to_country:
                faults.add(WHERE, f"{rule.label}: a country is missing", remedy="give ISO codes")
            elif rule.from_country == rule.to_country != ANY:
                faults.add(WHERE, f"{rule.label}: leads from a country to itself")
            if rule.group is not None and rule.penalty_s != 0.0:
                faults.add(
                    WHERE,
                    f"{rule.label}: minutes cannot differ by group",
                    values=[rule.group],
                    remedy="give the group a factor, or leave the group out",
                )
            key = (rule.from_country, rule.to_country, rule.reason, rule.mode, rule.group)
            if key in seen and seen[key] != rule:
                faults.add(WHERE, f"{rule.label}: stated twice, differently")
            seen[key] = rule
        faults.raise_errors(StudyError)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Kinds of barrier, in order of first mention."""
        return tuple(dict.fromkeys(rule.reason for rule in self.rules))

    def only(self, reasons: Iterable[str]) -> BorderRules:
        """The rules of these reasons alone: the others are switched off."""
        kept = set(reasons)
        unknown = sorted(kept - set(self.reasons))
        if unknown:
            raise StudyError(
                f"{WHERE}: no rule has reason {unknown[0]!r} - {nearest(unknown[0], self.reasons)}"
            )
        rules = tuple(rule for rule in self.rules if rule.reason in kept)
        return replace(self, rules=rules, name="+".join(r for r in self.reasons if r in kept))

    def within(self, countries: Sequence[str]) -> BorderRules:
        """Drop rules for countries that are not in the study; for presets, which cover more."""
        known = {ANY, *countries}
        keep = tuple(r for r in self.rules if r.from_country in known and r.to_country in known)
        return replace(self, rules=keep)

    def arrays(
        self, countries: Sequence[str], mode: str, groups: Sequence[str]
    ) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Rules as arrays for kernels.

        Parameters
        ----------
        countries : sequence of str
            Sides, in the order of their indices.
        mode : str
            Mode of travel.
        groups : sequence of str
            Group of each column of opportunities.

        Returns
        -------
        penalty_s : array of float64, shape (n_sides, n_sides), seconds
        factor : array of float64, shape (n_groups, n_sides, n_sides)
            From rows to columns; no penalty and factor 1 on the diagonal.

        Raises
        ------
        StudyError
            A rule names a country or a group that is not in the study.
        """
        faults = Faults()
        for rule in self.rules:
            for code in (rule.from_country, rule.to_country):
                if code not in (ANY, *countries):
                    faults.add(
                        WHERE,
                        f"{rule.label}: no zone is in country {code!r}",
                        remedy=nearest(code, countries),
                    )
            if rule.group is not None and rule.group not in groups:
                faults.add(
                    WHERE,
                    f"{rule.label}: there is no group {rule.group!r}",
                    remedy=nearest(rule.group, groups),
                )
        faults.raise_errors(StudyError)
        n = len(countries)
        penalty_s = np.zeros((n, n))
        factor = np.ones((len(groups), n, n))
        for a, start in enumerate(countries):
            for b, end in enumerate(countries):
                if a == b:
                    continue
                for reason in self.reasons:
                    fitting = sorted(
                        (
                            r
                            for r in self.rules
                            if r.reason == reason and _fits(r, start, end, mode)
                        ),
                        key=CrossingRule._rank,
                    )
                    general = [r for r in fitting if r.group is None]
                    if general:
                        penalty_s[a, b] += general[-1].penalty_s
                    for k, group in enumerate(groups):
                        own = [r for r in fitting if r.group in (None, group)]
                        if own:
                            factor[k, a, b] *= own[-1].factor
        return penalty_s, factor

    def unstated(self, countries: Sequence[str], mode: str) -> list[str]:
        """Crossings between these countries that no rule covers: they count as open."""
        return [
            f"{a} -> {b}"
            for a in countries
            for b in countries
            if a != b and not any(_fits(rule, a, b, mode) for rule in self.rules)
        ]


def _fits(rule: CrossingRule, start: str, end: str, mode: str) -> bool:
    return (
        rule.from_country in (ANY, start)
        and rule.to_country in (ANY, end)
        and rule.mode in (None, mode)
    )


def _pieters() -> BorderRules:
    rules = []
    for other, minutes in (("BE", 35.0), ("DE", 46.0)):
        for a, b in (("NL", other), (other, "NL")):
            rules.append(CrossingRule(a, b, penalty_s=minutes * 60.0, source=PIETERS))
    notice = Fault(
        WHERE,
        "the source gives one resistance per border; it is used in both directions, although "
        "observed flows differ by direction",
        severity="notice",
    )
    return BorderRules(tuple(rules), name="pieters-2012", notices=(notice,))


PRESETS: tuple[str, ...] = ("open", "pieters-2012", "closed")


def border_preset(name: str) -> BorderRules:
    """Rules by name: ``"open"``, ``"pieters-2012"`` (35 min BE, 46 min DE) or ``"closed"``."""
    if name == "open":
        return BorderRules()
    if name == "pieters-2012":
        return _pieters()
    if name == "closed":
        return BorderRules((CrossingRule(ANY, ANY, penalty_s=np.inf),), name="closed")
    raise StudyError(f"[border] preset {name!r} is not known - {nearest(name, PRESETS)}")


def sensitivity_rules(
    *,
    penalties_s: Sequence[float] = (0.0, 900.0, 2100.0, 2760.0, 3600.0),
    factors: Sequence[float] = (1.0, 0.5, 0.3),
) -> tuple[BorderRules, ...]:
    """Rule sets of all combinations, the same for every crossing.

    Parameters
    ----------
    penalties_s : sequence of float, seconds
        0, 15, 35, 46 and 60 minutes.
    factors : sequence of float
    """
    return tuple(
        BorderRules(
            (CrossingRule(ANY, ANY, penalty_s=float(p), factor=float(f), source="sensitivity"),),
            name=f"{p / 60.0:g}min_x{f:g}",
        )
        for p in penalties_s
        for f in factors
    )
