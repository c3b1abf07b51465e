"""Kinds of ``[[measures]]`` and the keys of each, as data: reading, checking and documents follow.

Every key is a reader: it takes the table, the name of the key and what the study has to offer, and
gives the value; what is wrong goes to the faults of the table.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from halfcircle._checks import nearest
from halfcircle.access.decay import Decay, decay_by_name, decay_names
from halfcircle.access.zonal_decay import ZonalDecay
from halfcircle.errors import StudyError
from halfcircle.study.settings.config import ReachConfig
from halfcircle.study.settings.toml_table import Table

__all__ = ["KINDS", "DecayConfig", "Offer", "Reader"]

ZONES_FORM = "zones"
INF = float("inf")


@dataclass(frozen=True)
class Offer:
    """What the measures of a study can name.

    Parameters
    ----------
    reach : ReachConfig
    opportunities : tuple of str
        Names, with that of the population where ``[zones]`` counts it.
    people : str
        Which of them counts people unless a measure says otherwise; empty where none does.
    has_columns : bool
        Whether zones come from a file, which may have further columns.
    """

    reach: ReachConfig
    opportunities: tuple[str, ...]
    people: str
    has_columns: bool


Reader = Callable[[Table, str, Offer], Any]


@dataclass(frozen=True)
class DecayConfig:
    """A decay as a study file gives it; `form` is a name of `decay_names` or ``zones``."""

    form: str
    parameters: Mapping[str, float] = field(default_factory=dict)
    ends_min: tuple[float, ...] = ()
    weights: tuple[float, ...] = ()

    def decay(self, mode: str) -> Decay:
        """The decay for a mode."""
        if self.form == ZONES_FORM:
            return ZonalDecay(tuple(60.0 * end for end in self.ends_min), self.weights)
        return decay_by_name(self.form, mode, parameters=self.parameters)


def _number(
    default: float | None = None,
    *,
    required: bool = False,
    low: float = -INF,
    high: float = INF,
    above: float = -INF,
) -> Reader:
    return lambda table, key, _: table.number(
        key, default, required=required, low=low, high=high, above=above
    )


def _numbers(*default: float) -> Reader:
    return lambda table, key, _: table.numbers(key, default, above=0.0)


def _choice(*names: str) -> Reader:
    return lambda table, key, _: table.text(key, names[0], choices=names)


def _text(table: Table, key: str, _: Offer) -> str | None:
    return table.text(key)


def _texts(table: Table, key: str, _: Offer) -> tuple[str, ...]:
    return table.texts(key)


def _cities(table: Table, key: str, _: Offer) -> tuple[str, ...]:
    cities = table.texts(key)
    if len(cities) < 2:
        table.fault(key, "needs at least two cities", remedy='cities = ["Groningen", "Bremen"]')
    return cities


def _known(table: Table, key: str, names: Sequence[str], known: Sequence[str], of: str) -> None:
    for name in names:
        if name not in known:
            table.fault(key, f"is not among {of}", name, nearest(name, known))


def _modes(table: Table, key: str, offer: Offer) -> tuple[str, ...]:
    chosen = table.texts(key, offer.reach.modes)
    _known(table, key, chosen, offer.reach.modes, "the modes of [reach]")
    return chosen


def _mode(default: str = "") -> Reader:
    def read(table: Table, key: str, offer: Offer) -> str:
        chosen = table.text(key, default) or ""
        if chosen:
            _known(table, key, [chosen], offer.reach.modes, "the modes of [reach]")
        return chosen

    return read


def _opportunities(table: Table, key: str, offer: Offer) -> tuple[str, ...]:
    usual = tuple(name for name in offer.opportunities if name != offer.people)
    chosen = table.texts(key, usual or offer.opportunities)
    _known(table, key, chosen, offer.opportunities, "[[opportunities]]")
    return chosen


def _opportunity(*, required: bool = True) -> Reader:
    def read(table: Table, key: str, offer: Offer) -> str:
        chosen = table.text(key, required=required) or ""
        if chosen:
            _known(table, key, [chosen], offer.opportunities, "[[opportunities]]")
        return chosen

    return read


def _people(table: Table, key: str, offer: Offer) -> str:
    chosen = table.text(key, offer.people) or ""
    if chosen:
        _known(table, key, [chosen], offer.opportunities, "[[opportunities]]")
    elif not table.has(key):
        what = "is required: which of the [[opportunities]] counts people?"
        table.fault(key, what, remedy=nearest("population", offer.opportunities))
    return chosen


def _several_people(table: Table, key: str, offer: Offer) -> tuple[str, ...]:
    if not table.has(key):
        return (_people(table, key, offer),)
    chosen = table.texts(key)
    _known(table, key, chosen, offer.opportunities, "[[opportunities]]")
    return chosen


def _bands(table: Table, key: str, offer: Offer) -> tuple[float, ...]:
    return table.numbers(key, offer.reach.bands_min, above=0.0, high=360.0)


def _reach_bands(table: Table, key: str, offer: Offer) -> tuple[float, ...]:
    """Bands of tables that are there: those of ``[reach]``."""
    chosen = _bands(table, key, offer)
    for band in chosen:
        if band not in offer.reach.bands_min:
            known = ", ".join(f"{one:g}" for one in offer.reach.bands_min)
            table.fault(key, "is not among bands_min of [reach]", band, f"known: {known}")
    return chosen


def _interval(table: Table, key: str, _: Offer) -> tuple[float, float]:
    found = table.numbers(key, (30.0, 60.0), low=0.0, high=360.0)
    if len(found) != 2:
        table.fault(key, "must be two numbers, the first and the last, such as [30, 60]")
        return (30.0, 60.0)
    return (found[0], found[1])


def _norm(table: Table, key: str, _: Offer) -> float | dict[str, float]:
    if isinstance(table.values.get(key), dict):
        return table.number_map(key, {}, above=0.0, high=360.0)
    return table.number(key, required=True, above=0.0, high=360.0) or 1.0


def _column(table: Table, key: str, offer: Offer) -> str | None:
    """A column of the zones file, or the name of an opportunity."""
    chosen = table.text(key)
    if chosen is not None and not offer.has_columns and chosen not in offer.opportunities:
        table.fault(key, "is a column of the zones file, but zones are a grid", chosen)
    return chosen


def _required_column(table: Table, key: str, offer: Offer) -> str:
    table.text(key, required=True)
    return _column(table, key, offer) or ""


def _decay(table: Table, key: str, _: Offer) -> DecayConfig | None:
    """A name, or a table with ``form`` and its parameters; None where it is left out."""
    value = table.raw(key)
    if value is None:
        return None
    if isinstance(value, str):
        config = DecayConfig(value)
    elif isinstance(value, dict):
        inner = table.table(key)
        form = inner.text("form", required=True, choices=(*decay_names(), ZONES_FORM)) or ""
        if not form:
            return None
        if form == ZONES_FORM:
            ends = inner.numbers("ends_min", (), above=0.0)
            weights = inner.raw("weights") or ()
            inner.finish()
            config = DecayConfig(form, {}, ends, tuple(float(w) for w in weights))
        else:
            rest = {name: number for name, number in value.items() if name != "form"}
            config = DecayConfig(form, rest)
    else:
        table.fault(key, 'must be a name such as "pbl", or { form = "step", cutoff_min = 30 }')
        return None
    try:
        config.decay("car")
    except StudyError as error:
        for fault in error.faults:
            table.fault(key, f"{fault.where}: {fault.what}", ", ".join(fault.values) or None,
                        fault.remedy)  # fmt: skip
        if not error.faults:
            table.fault(key, str(error))
        return None
    return config


def _weighting(table: Table, key: str, offer: Offer) -> DecayConfig | None:
    """``decay``, or ``band_min`` for all or nothing; None is that of ``[reach]``."""
    band = table.number("band_min", above=0.0, high=360.0)
    found = _decay(table, key, offer)
    if band is not None:
        if table.has(key):
            table.fault("band_min", "give either band_min or decay")
        return DecayConfig("step", {"cutoff_min": band})
    if not table.has(key) and not table.has("band_min") and offer.reach.decay is None:
        remedy = 'decay = "pbl", or band_min = 30 for all or nothing'
        table.fault(key, "is required: how do distant opportunities count?", remedy=remedy)
    return found


REACHED: dict[str, Reader] = {"modes": _modes, "opportunities": _opportunities}
SHARED: dict[str, Reader] = {**REACHED, "people": _people, "decay": _weighting}
# Of an amenity of one kind, whose groups may be levels.
AMENITY: dict[str, Reader] = {"modes": _modes, "opportunities": _opportunity(), "people": _people}
OF_TABLE: dict[str, Reader] = {
    "of": _text,
    "modes": _modes,
    "opportunities": _opportunities,
    "bands_min": _reach_bands,
}

KINDS: dict[str, dict[str, Reader]] = {
    "nearest": {**REACHED, "counts": _numbers(1.0)},
    "interval": {
        **REACHED,
        "interval_min": _interval,
        "summary": _choice("mean", "median"),
        "step_min": _number(1.0, above=0.0, high=60.0),
    },
    "floating-catchment": SHARED,
    "three-step-catchment": SHARED,
    "balanced-catchment": SHARED,
    "spatial-availability": {**SHARED, "alpha": _number(1.0, above=0.0, high=10.0)},
    "competition-by-level": {
        **AMENITY,
        "decay": _weighting,
        "spill_down": _number(0.0, low=0.0, high=1.0),
    },
    "reverse-reach": {
        "modes": _modes,
        "people": _several_people,
        "bands_min": _bands,
        "decay": _decay,
        "sites": _texts,
    },
    "transport-performance": {
        "modes": _modes,
        "people": _people,
        "within_min": _number(30.0, above=0.0, high=360.0),
        "radius_km": _number(7.5, above=0.0, high=1000.0),
    },
    "amenity-norm": {**AMENITY, "norm_min": _norm},
    "closures": {
        **AMENITY,
        "group": _text,
        "min_roll": _number(required=True, above=0.0),
        "max_min": _number(None, above=0.0, high=360.0),
        "protected": _texts,
    },
    "city-pairs": {
        "modes": _modes,
        "cities": _cities,
        "limit_min": _number(60.0, above=0.0, high=360.0),
        "people": _opportunity(required=False),
    },
    "chain": {
        **REACHED,
        "by": _opportunity(),
        "onward_mode": _mode(),
        "bands_min": _bands,
        "stay_min": _number(5.0, low=0.0, high=120.0),
    },
    "dual-earner": {
        "modes": _modes,
        "second_mode": _mode(),
        "opportunities": _opportunity(),
        "second_opportunities": _opportunity(required=False),
        "group": _text,
        "second_group": _text,
        "each_min": _number(45.0, above=0.0, high=360.0),
        "total_min": _number(None, above=0.0, high=720.0),
    },
    "mode-gap": {
        "slow": _mode("transit"),
        "fast": _mode("car"),
        "opportunities": _opportunities,
        "bands_min": _reach_bands,
        "at_risk": _opportunity(required=False),
        "line_share": _number(None, above=0.0, high=10.0),
        "ratio_below": _number(None, above=0.0, high=10.0),
    },
    "borrowed-size": {
        **REACHED,
        "decay": _weighting,
        "region": _column,
        "kmh": _number(60.0, above=0.0, high=400.0),
        "detour": _number(1.3, low=1.0, high=3.0),
    },
    "equity": {
        **OF_TABLE,
        "people": _people,
        "income": _column,
        "region": _column,
        "poverty_share": _number(0.5, above=0.0, high=1.0),
    },
    "rank-correlation": {**OF_TABLE, "column": _required_column},
}
