"""What the study file says about the border, as rules and as a plan for each mode."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from halfcircle.access.decay import Decay
from halfcircle.access.travel_times import TravelTimeSource
from halfcircle.regions.border import BorderMeasures, BorderPlan, plan_border
from halfcircle.regions.border_rules import (
    BorderRules,
    CrossingRule,
    border_preset,
    sensitivity_rules,
)
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.settings.config import BorderConfig, Study

__all__ = ["border_rules", "check_border_rules", "mode_plan"]


def border_rules(config: BorderConfig, countries: Sequence[str]) -> BorderRules:
    """Rules of the study file: those of the preset for its countries, then its own penalties."""
    preset = BorderRules()
    if config.preset is not None:
        preset = border_preset(config.preset).within(countries)
    own = tuple(
        CrossingRule(
            p.origin, p.destination, penalty_s=60.0 * p.minutes, factor=p.factor, reason=p.reason,
            source=p.source, mode=p.mode, group=p.group,
        )
        for p in config.penalties
    )  # fmt: skip
    if not own:
        return preset
    # A row for one mode or group stands beside the preset; a general one takes its place.
    general = [rule for rule in own if rule.mode is None and rule.group is None]
    stated = {(rule.from_country, rule.to_country) for rule in general}
    kept = tuple(r for r in preset.rules if (r.from_country, r.to_country) not in stated)
    return BorderRules((*kept, *own), name=config.preset or "study", notices=preset.notices)


def check_border_rules(study: Study, inputs: Inputs) -> None:
    """Check the penalties against the countries of the zones, before any routing.

    Raises
    ------
    StudyError
        A penalty names a country that no zone is in, leads from a country to itself, ...
    """
    country = inputs.zones.places.country
    if study.border is not None and country is not None:
        countries = sorted(set(country))
        groups = [group for o in inputs.opportunities for group in o.groups]
        border_rules(study.border, countries).arrays(countries, "", groups)


def mode_plan(
    study: Study,
    inputs: Inputs,
    source: TravelTimeSource,
    *,
    bands_min: Sequence[float],
    decay: Decay | None,
) -> BorderPlan | None:
    """Everything about the border loss of a mode but its times; None where it is not asked for.

    Parameters
    ----------
    study : Study
    inputs : Inputs
    source : TravelTimeSource
    bands_min : sequence of float
    decay : Decay, optional
    """
    border = study.border
    country = source.destinations.country
    if border is None or country is None or source.mode not in border.modes:
        return None
    rules = border_rules(border, sorted(set(country)))
    variants = sensitivity_rules() if border.sensitivity or border.wages else ()
    if inputs.skills is not None:
        variants = (*variants, replace(rules, name="skills"))
    return plan_border(
        source.origins,
        source.destinations,
        [o for o in inputs.opportunities if o.name in border.opportunities],
        mode=source.mode,
        measures=BorderMeasures(
            bands_s=tuple(60.0 * b for b in bands_min),
            decays=() if decay is None else (decay,),
        ),
        rules=rules,
        variants=variants,
        match=inputs.skills,
    )
