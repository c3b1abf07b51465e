"""Published figures held against a run: which hold, which differ, which it cannot test, and why."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from halfcircle.outputs.layers import Layers, build_layers, build_loss_layers, main_key
from halfcircle.outputs.published import Claim, published_claims
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.shapes import border_line
from halfcircle.outputs.sheet_columns import SHEETS
from halfcircle.outputs.sheets import CsvStyle, write_frame
from halfcircle.outputs.statistics import weights_of

__all__ = ["CLAIM_COLUMNS", "check_claims", "write_claims"]

CLAIM_COLUMNS = SHEETS["claims"].column_names
# A part of a country says nothing about figures for all of it.
WHOLE_COUNTRY = {"NL": {"people": 15_000_000.0, "jobs": 6_500_000.0, "zones": 300}}
# The same municipality under another year's numbers is still the same claim, within this.
YEARS_APART = 6
JOBS = ("jobs", "employment", "workplaces")


class Verdict(NamedTuple):
    """What a test found; `holds` is None where it could not be done."""

    found: float | None
    holds: bool | None
    why: str = ""


def check_claims(result: RunResult, claims: Sequence[Claim] | None = None) -> pd.DataFrame:
    """Hold published figures against a run.

    Parameters
    ----------
    result : RunResult
    claims : sequence of Claim, optional
        All stored ones where left out.

    Returns
    -------
    DataFrame
        Columns `CLAIM_COLUMNS`. The verdict is ``holds``, ``differs`` or ``not testable``; why
        says what a test rests on or lacks. A claim that cannot be tested is neither confirmed nor
        refuted.
    """
    rows = []
    for claim in published_claims() if claims is None else claims:
        tested = Verdict(None, None, claim.why)
        if claim.test:
            tested = TESTS[claim.test](result, claim)
        verdict = {None: "not testable", True: "holds", False: "differs"}[tested.holds]
        rows.append(
            (
                claim.claim_id,
                claim.text,
                claim.kind,
                claim.source,
                claim.vintage,
                np.nan if claim.value is None else float(claim.value),
                np.nan if claim.tolerance is None else claim.tolerance,
                claim.unit,
                np.nan if tested.found is None else tested.found,
                verdict,
                tested.why,
            )
        )
    return pd.DataFrame(rows, columns=list(CLAIM_COLUMNS))


def write_claims(result: RunResult, path: Path, *, style: CsvStyle = "point") -> Path | None:
    """Write the verdicts as CSV; None, and no file, if the run can test no claim at all.

    Parameters
    ----------
    result : RunResult
    path : Path
    style : {"point", "comma"}

    Returns
    -------
    Path or None

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    table = check_claims(result)
    if (table["verdict"] == "not testable").all():
        return None
    return write_frame(path, table, style=style)


# -- what tests share ------------------------------------------------------------------------------


def _plain(name: object) -> str:
    return " ".join(str(name).casefold().replace("’", "'").split())


def _zones_of(result: RunResult, aliases: Sequence[str]) -> npt.NDArray[np.int64]:
    """Zones that carry one of these names; more than one where a place is cut into zones."""
    wanted = {_plain(alias) for alias in aliases}
    return np.flatnonzero([_plain(label) in wanted for label in result.zones.label])


def _places(result: RunResult, groups: Sequence[Sequence[str]]) -> list[int] | str:
    """One zone per place, or what is wrong."""
    found = []
    for aliases in groups:
        idx = _zones_of(result, aliases)
        if len(idx) != 1:
            return f"{aliases[0]} is not one zone of the run ({len(idx)} zones carry the name)"
        found.append(int(idx[0]))
    return found


def _jobs(result: RunResult) -> tuple[npt.NDArray[np.float64], int | None] | None:
    for one in result.opportunities:
        if one.name.lower() in JOBS:
            return np.asarray(np.nansum(one.values, axis=0), dtype=np.float64), one.year
    return None


def _in_country(result: RunResult, side: str) -> npt.NDArray[np.bool_]:
    country = result.zones.places.country
    if country is None:
        return np.zeros(len(result.zones), dtype=bool)
    return np.asarray(country == side)


def _covers(result: RunResult, side: str) -> str:
    """Empty if the run covers a country, else why that is not known or not so."""
    least = WHOLE_COUNTRY[side]
    inside = _in_country(result, side)
    jobs = _jobs(result)
    weights = weights_of(result)
    if weights.name is not None and weights.values[inside].sum() >= least["people"]:
        return ""
    if jobs is not None and jobs[0][inside].sum() >= least["jobs"]:
        return ""
    return f"the run does not cover all of {side}"


def _year_gap(claim: Claim, year: int | None) -> str:
    if year is not None and abs(year - claim.vintage) > YEARS_APART:
        return f"the run's data are of {year}, the claim is about {claim.vintage}"
    return ""


def _near(claim: Claim, found: float, why: str = "") -> Verdict:
    value, tolerance = float(claim.value or 0.0), float(claim.tolerance or 0.0)
    return Verdict(found, abs(found - value) <= tolerance * abs(value) + 1e-9, why)


def _lacking(why: str) -> Verdict:
    return Verdict(None, None, why)


# -- tests -----------------------------------------------------------------------------------------


def _place_total(result: RunResult, claim: Claim) -> Verdict:
    places, jobs = _places(result, claim.details["places"]), _jobs(result)
    if jobs is None:
        return _lacking("the run has no jobs")
    why = places if isinstance(places, str) else _year_gap(claim, jobs[1])
    if why or isinstance(places, str):
        return _lacking(why)
    return _near(claim, float(jobs[0][places].sum()), f"jobs of {jobs[1] or 'an unknown year'}")


def _place_share(result: RunResult, claim: Claim) -> Verdict:
    side = claim.details["country"]
    places, jobs = _places(result, claim.details["places"]), _jobs(result)
    if jobs is None:
        return _lacking("the run has no jobs")
    why = _covers(result, side) or _year_gap(claim, jobs[1])
    if why or isinstance(places, str):
        return _lacking(why or str(places))
    share = jobs[0][places].sum() / jobs[0][_in_country(result, side)].sum()
    return _near(claim, float(share))


def _regions_of(result: RunResult) -> pd.DataFrame | None:
    """Rows of the baseline's first way of drawing regions that are assigned."""
    if result.membership is None:
        return None
    table: pd.DataFrame = result.membership
    table = table[(table["scenario"] == "baseline") & table["region_id"].notna()]
    if not len(table):
        return None
    first = table.iloc[0]
    same = (table["method"] == first["method"]) & (table["group"] == first["group"])
    return pd.DataFrame(table[same])


def _region_count(result: RunResult, claim: Claim) -> Verdict:
    table, side = _regions_of(result), claim.details["country"]
    if table is None:
        return _lacking("the run draws no regions")
    why = _covers(result, side)
    if why:
        return _lacking(why)
    own = set(result.zones.zone_id[_in_country(result, side)])
    count = table.loc[table["zone_id"].isin(own), "region_id"].nunique()
    return _near(claim, float(count), f"regions by {table['method'].iloc[0]}")


def _zone_count(result: RunResult, claim: Claim) -> Verdict:
    side = claim.details["country"]
    year = next((source.year for source in result.sources if source.role == "zones"), None)
    count = int(_in_country(result, side).sum())
    if year != claim.vintage:
        return _lacking(f"municipalities change every year: needs zones of {claim.vintage}")
    if count < WHOLE_COUNTRY[side]["zones"]:
        return _lacking(f"the run does not cover all of {side}")
    return _near(claim, float(count), "if zones are municipalities")


def _region_people(result: RunResult, claim: Claim) -> Verdict:
    table, weights = _regions_of(result), weights_of(result)
    if table is None or weights.name is None:
        return _lacking("the run draws no regions, or counts no people")
    wanted = {_plain(name) for name in claim.details["region"]}
    own = table[table["region_name"].map(_plain).isin(wanted)]
    if not len(own):
        return _lacking(f"no region of the run is called {claim.details['region'][0]}")
    inside = np.isin(result.zones.zone_id.astype(str), own["zone_id"].astype(str).to_numpy())
    return _near(claim, float(weights.values[inside].sum()))


def _job_reach(result: RunResult) -> tuple[Layers, npt.NDArray[np.float64], str] | str:
    layers = build_layers(result)
    jobs = [i for i, key in enumerate(layers.keys) if key.opportunity.lower() in JOBS]
    if not jobs:
        return "the run has no reach of jobs"
    layers = layers.take(jobs)
    key = main_key(layers)
    values = None if key is None else layers.get(key)
    if key is None or values is None:
        return "the run has no reach of jobs"
    band = "no limit" if key.band_min is None else f"{key.band_min:g} min"
    return layers, values, f"{key.mode}, {band}"


def _reach_rank(result: RunResult, claim: Claim) -> Verdict:
    places, reach = _places(result, claim.details["places"]), _job_reach(result)
    side = claim.details["country"]
    why = _covers(result, side)
    if isinstance(reach, str) or isinstance(places, str) or why:
        return _lacking(next(one for one in (why, places, reach) if one and isinstance(one, str)))
    own = reach[1][places[0]]
    others = reach[1][_in_country(result, side)]
    others = others[~np.isnan(others)]
    if np.isnan(own):
        return _lacking("the place has no value")
    # Share of zones that reach less, those that reach as much counted half.
    rank = float(np.mean(others < own) + 0.5 * np.mean(others == own))
    holds = claim.details["lowest"] <= rank <= claim.details["highest"]
    return Verdict(rank, holds, f"share of zones that reach less ({reach[2]})")


def _loss_order(result: RunResult, claim: Claim) -> Verdict:
    losses = build_loss_layers(result)
    key = main_key(losses)
    values = None if key is None else losses.get(key)
    if key is None or values is None:
        return _lacking("the run has no border")
    means = []
    for which in ("more", "less"):
        idx = np.concatenate([_zones_of(result, group) for group in claim.details[which]])
        known = values[idx.astype(np.int64)]
        known = known[~np.isnan(known)]
        if not len(known):
            names = ", ".join(group[0] for group in claim.details[which])
            return _lacking(f"no zone of the run with a value is called {names}")
        means.append(float(known.mean()))
    told = f"mean loss {means[0]:.2f} against {means[1]:.2f} ({key.mode})"
    return Verdict(means[0] - means[1], means[0] > means[1], told)


def _border_length(result: RunResult, claim: Claim) -> Verdict:
    why = _covers(result, claim.details["country"])
    if why:
        return _lacking(why)
    line = border_line(result)
    if line is None:
        return _lacking("the run has no border line")
    km = float(shapely.length(line)) / 1000.0
    return Verdict(km, km > float(claim.value or 0.0), "at the detail of the zones")


def _sets_of_regions(result: RunResult, claim: Claim) -> list[set[str]] | str:
    table = _regions_of(result)
    if table is None:
        return "the run draws no regions"
    places = _places(result, claim.details["places"])
    if isinstance(places, str):
        return places
    ids = [result.zones.zone_id[i] for i in places]
    return [set(table.loc[table["zone_id"] == one, "region_id"].astype(str)) for one in ids]


def _same_region(result: RunResult, claim: Claim) -> Verdict:
    sets = _sets_of_regions(result, claim)
    if isinstance(sets, str):
        return _lacking(sets)
    common = set.intersection(*sets)
    return Verdict(float(len(common)), bool(common), "regions that they share")


def _several_regions(result: RunResult, claim: Claim) -> Verdict:
    sets = _sets_of_regions(result, claim)
    table = _regions_of(result)
    if isinstance(sets, str) or table is None:
        return _lacking(str(sets))
    if not table.duplicated("zone_id").any():
        return _lacking("regions of the run do not overlap by the way in which they are drawn")
    return Verdict(float(len(sets[0])), len(sets[0]) > 1, "regions that it belongs to")


TESTS: dict[str, Callable[[RunResult, Claim], Verdict]] = {
    "border_length": _border_length,
    "loss_order": _loss_order,
    "place_share": _place_share,
    "place_total": _place_total,
    "reach_rank": _reach_rank,
    "region_count": _region_count,
    "region_people": _region_people,
    "same_region": _same_region,
    "several_regions": _several_regions,
    "zone_count": _zone_count,
}
