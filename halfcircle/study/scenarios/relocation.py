"""People or jobs that move because of a scenario: an assumption, stated as such, with fixed totals.

Reach is computed with everybody where they are. A planner may then ask what happens if some move:
with the elasticity e, the number n of a zone becomes n exp(e ln(A'/A)), A and A' being what is
reached from it without and with the scenario, and all numbers are scaled so that the total of each
country (and each group) stays. So what one place gains others lose; nothing is created. Above 0
the place that gains most reach attracts, as a rule the weaker end of a link; below 0 it is drained:
jobs and services leave it because its people can now reach those of the stronger end. People
and jobs can move in one scenario; each answers to the reach of the scenario before anybody moved.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from halfcircle._checks import Faults, nearest
from halfcircle.errors import Fault
from halfcircle.places import Opportunities, Zones
from halfcircle.study.inputs.people import people_of
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.scenarios.apply import Variant
from halfcircle.study.settings.config import Study
from halfcircle.study.settings.edits import RELOCATED, RelocationConfig

__all__ = [
    "Moves",
    "check_relocation",
    "moved_counts",
    "relocate",
]

Floats = npt.NDArray[np.float64]
JOBS = "jobs"


@dataclass(frozen=True, eq=False)
class Moves:
    """A scenario in which some have moved.

    Parameters
    ----------
    variant : Variant
        With the last of the elasticities.
    table : DataFrame
        Every zone, for every elasticity; see `relocate`.
    residents_factor, jobs_factor : array of float64, shape (n_zones,), optional
        People and jobs relative to before, for the flows between them.
    """

    variant: Variant
    table: pd.DataFrame
    residents_factor: Floats | None = None
    jobs_factor: Floats | None = None


def moved_counts(
    counts: Floats, log_change: Floats, elasticity: float, part: npt.NDArray[np.int64]
) -> Floats:
    """Counts after people or jobs have followed a change of access; totals stay.

    Parameters
    ----------
    counts : array of float64, shape (n_groups, n_zones)
        NaN where not known: such zones take no part.
    log_change : array of float64, shape (n_zones,)
        Natural logarithm of access with over without the scenario; NaN where not known: such
        zones keep what they have.
    elasticity : float
    part : array of int64, shape (n_zones,)
        Within which part totals stay, for instance a country.

    Returns
    -------
    array of float64, shape (n_groups, n_zones)
    """
    out = counts.copy()
    known = np.isfinite(log_change)
    pull = np.exp(elasticity * np.where(known, log_change, 0.0))
    for which in np.unique(part):
        inside = known & (part == which)
        for row, before in zip(out, counts, strict=True):
            mine = inside & np.isfinite(before)
            total, drawn = before[mine].sum(), (before[mine] * pull[mine]).sum()
            if drawn > 0:
                row[mine] = before[mine] * pull[mine] * (total / drawn)
    return out


def check_relocation(study: Study, inputs: Inputs, faults: Faults) -> None:
    """Find what relocations name, before anything is computed."""
    reach = study.reach
    known = [o.name for o in inputs.opportunities]
    movable = known if inputs.population is None else [*known, inputs.population.name]
    for config in study.scenarios:
        for one in config.relocation:
            where = f"{one.where} " if one.where else f"scenario {config.name!r} relocation "
            if reach is None:
                faults.add(where.strip(), "needs reach, but the study has no [reach]")
                continue
            for key, value, names in (
                ("moves", one.moves, movable),
                ("towards", one.towards, known),
                ("mode", one.mode, list(reach.modes)),
            ):
                if value not in names:
                    faults.add(f"{where}{key}", "is not in the study", values=[value],
                               remedy=nearest(value, names))  # fmt: skip
            bands = "one of " + ", ".join(f"{band:g}" for band in reach.bands_min)
            if one.band_min is None and reach.decay is None:
                faults.add(f"{where}band_min", "is needed: [reach] has no decay", remedy=bands)
            elif one.band_min is not None and one.band_min not in reach.bands_min:
                what = "is not among bands_min"
                faults.add(f"{where}band_min", what, values=[one.band_min], remedy=bands)


def relocate(
    variant: Variant,
    differences: pd.DataFrame,
    rules: Sequence[RelocationConfig],
) -> Moves:
    """Let people or jobs follow what a scenario does to access.

    Parameters
    ----------
    variant : Variant
        The scenario with everybody where they are.
    differences : DataFrame
        Its reach beside that of the baseline, of `difference_table`.
    rules : sequence of RelocationConfig

    Returns
    -------
    Moves
        Its table has zone_id, name, country, moves, towards, elasticity, before, after, change,
        access_before and access_after; counts are of all groups.
    """
    inputs, zones = variant.inputs, variant.inputs.zones
    changed: dict[str, Opportunities] = {}
    frames, notices = [], list(variant.notices)
    for rule in rules:
        found = _opportunity(inputs, rule.moves)
        before, after = _access(differences, rule, zones)
        with np.errstate(divide="ignore", invalid="ignore"):
            log_change = np.where((before > 0) & (after > 0), np.log(after / before), np.nan)
        part = _parts(zones, rule)
        for elasticity in rule.elasticities:
            counts = moved_counts(found.values, log_change, elasticity, part)
            counts = _with_total(found, counts)
            one, other = found.total, replace(found, values=counts).total
            frames.append(
                pd.DataFrame(
                    {
                        "zone_id": zones.zone_id,
                        "name": zones.label,
                        "moves": rule.moves,
                        "towards": rule.towards,
                        "elasticity": elasticity,
                        "before": one,
                        "after": other,
                        "change": other - one,
                        "access_before": before,
                        "access_after": after,
                    }
                )
            )
        # Of the last elasticity.
        changed[rule.moves] = replace(found, values=counts)
        stay = int(np.isnan(log_change).sum())
        what = (
            f"{rule.moves} follow {rule.towards} with the elasticity {rule.elasticities[-1]:g}: an "
            f"assumption{f' ({rule.source})' if rule.source else ''}; totals stay"
        )
        if stay:
            what += f"; {stay:,} zones without known access keep what they have"
        notices.append(Fault(f"scenario {variant.name!r} relocation", what, severity="notice"))
    after_inputs = replace(
        inputs,
        opportunities=tuple(changed.get(o.name, o) for o in inputs.opportunities),
        population=(
            inputs.population
            if inputs.population is None
            else changed.get(inputs.population.name, inputs.population)
        ),
    )
    moved = Variant(variant.name + RELOCATED, variant.study, after_inputs, tuple(notices))
    residents = people_of(zones, inputs.opportunities, inputs.population)
    now = people_of(zones, after_inputs.opportunities, after_inputs.population)
    return Moves(
        moved,
        pd.concat(frames, ignore_index=True),
        _factor(residents, now),
        _factor(_jobs(inputs), _jobs(after_inputs)),
    )


def _with_total(found: Opportunities, counts: Floats) -> Floats:
    """Counts whose total is the sum of its parts, if it was before: each part moved by itself."""
    if "all" not in found.groups or len(found.groups) == 1:
        return counts
    parts = np.array([group != "all" for group in found.groups])
    if not np.allclose(found.values[parts].sum(axis=0), found.total, equal_nan=True):
        return counts
    out = counts.copy()
    out[~parts] = counts[parts].sum(axis=0)
    return out


def _opportunity(inputs: Inputs, name: str) -> Opportunities:
    kinds = [*inputs.opportunities, *([] if inputs.population is None else [inputs.population])]
    return next(kind for kind in kinds if kind.name == name)


def _jobs(inputs: Inputs) -> Floats | None:
    jobs = next((o for o in inputs.opportunities if o.name == JOBS), None)
    return None if jobs is None else np.nan_to_num(jobs.total)


def _factor(before: Floats | None, after: Floats | None) -> Floats | None:
    if before is None or after is None or np.array_equal(before, after):
        return None
    return np.divide(after, before, out=np.ones_like(before), where=before > 0)


def _access(
    differences: pd.DataFrame, rule: RelocationConfig, zones: Zones
) -> tuple[Floats, Floats]:
    band = differences["band_min"]
    rows = differences[
        (differences["mode"] == rule.mode)
        & (differences["opportunity"] == rule.towards)
        & (band.isna() if rule.band_min is None else band == rule.band_min)
    ].set_index("zone_id")
    both = rows[["baseline", "variant"]].reindex(zones.zone_id).to_numpy(dtype=np.float64)
    return both[:, 0], both[:, 1]


def _parts(zones: Zones, rule: RelocationConfig) -> npt.NDArray[np.int64]:
    country = zones.places.country
    if country is None or rule.across_borders:
        return np.zeros(len(zones), dtype=np.int64)
    _, part = np.unique(country.astype(str), return_inverse=True)
    return np.asarray(part, dtype=np.int64)
