"""Tests of published figures: each takes a run and a claim, and says what it found.

Why a test found what it did, or could not be done, is a key of ``texts/claims.toml`` with what is
filled in: text as it is, whole numbers, and shares as numbers with a fraction.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import permutations

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from halfcircle.outputs.layers import LayerKey, build_layers, build_loss_layers, main_key
from halfcircle.outputs.published import Claim
from halfcircle.outputs.result import RunResult
from halfcircle.outputs.shapes import border_line
from halfcircle.outputs.statistics import weights_of

__all__ = ["TESTS", "Verdict"]

Floats = npt.NDArray[np.float64]

# A part of a country says nothing about figures for all of it.
WHOLE_COUNTRY = {"NL": {"people": 15_000_000.0, "jobs": 6_500_000.0, "zones": 300}}
# The same municipality under another year's numbers is still the same claim, within this.
YEARS_APART = 6
JOBS = ("jobs", "employment", "workplaces")


@dataclass(frozen=True)
class Verdict:
    """What a test found; `holds` is None where it could not be done."""

    found: float | None = None
    holds: bool | None = None
    why: str = ""
    fields: Mapping[str, str | int | float] = field(default_factory=dict)


class _Lacking(Exception):  # noqa: N818 - no fault: what a run does not have
    """A test cannot be done; caught by `tested`, never seen by a user."""

    def __init__(self, why: str, **fields: str | int | float) -> None:
        super().__init__(why)
        self.verdict = Verdict(None, None, why, fields)


Test = Callable[[RunResult, Claim], Verdict]


def tested(test: Test) -> Test:
    """Test that gives a verdict also where something is lacking."""

    def wrapped(result: RunResult, claim: Claim) -> Verdict:
        try:
            return test(result, claim)
        except _Lacking as lacking:
            return lacking.verdict

    return wrapped


# -- what tests share ------------------------------------------------------------------------------


def _plain(name: object) -> str:
    return " ".join(str(name).casefold().replace("’", "'").split())


def _zones_of(result: RunResult, aliases: Sequence[str]) -> npt.NDArray[np.int64]:
    """Zones that carry one of these names; more than one where a place is cut into zones."""
    wanted = {_plain(alias) for alias in aliases}
    return np.flatnonzero([_plain(label) in wanted for label in result.zones.label])


def _places(result: RunResult, groups: Sequence[Sequence[str]]) -> list[int]:
    """One zone per place."""
    found = []
    for aliases in groups:
        idx = _zones_of(result, aliases)
        if len(idx) != 1:
            raise _Lacking("not_one_zone", name=aliases[0], n=len(idx))
        found.append(int(idx[0]))
    return found


def _jobs(result: RunResult) -> tuple[Floats, int | None]:
    for one in result.opportunities:
        if one.name.lower() in JOBS:
            return np.nan_to_num(one.total), one.year
    raise _Lacking("no_jobs")


def _in_country(result: RunResult, side: str) -> npt.NDArray[np.bool_]:
    country = result.zones.places.country
    if country is None:
        return np.zeros(len(result.zones), dtype=bool)
    return np.asarray(country == side)


def _whole(result: RunResult, side: str) -> npt.NDArray[np.bool_]:
    """Zones of a country, if the run covers all of it."""
    least = WHOLE_COUNTRY[side]
    inside = _in_country(result, side)
    weights = weights_of(result)
    if weights.name is not None and weights.values[inside].sum() >= least["people"]:
        return inside
    has_jobs = any(one.name.lower() in JOBS for one in result.opportunities)
    if has_jobs and _jobs(result)[0][inside].sum() >= least["jobs"]:
        return inside
    raise _Lacking("not_whole", country=side)


def _of_the_years(claim: Claim, year: int | None) -> None:
    if year is not None and abs(year - claim.vintage) > YEARS_APART:
        raise _Lacking("other_year", year=year, vintage=claim.vintage)


def _near(claim: Claim, found: float, why: str = "", **fields: str | int | float) -> Verdict:
    value, tolerance = float(claim.value or 0.0), float(claim.tolerance or 0.0)
    holds = abs(found - value) <= tolerance * abs(value) + 1e-9
    return Verdict(found, holds, why, fields)


def _regions_of(result: RunResult) -> pd.DataFrame:
    """Rows of the baseline's first way of drawing regions that are assigned."""
    if result.membership is None:
        raise _Lacking("no_regions")
    table: pd.DataFrame = result.membership
    table = table[(table["scenario"] == "baseline") & table["region_id"].notna()]
    if not len(table):
        raise _Lacking("no_regions")
    first = table.iloc[0]
    same = (table["method"] == first["method"]) & (table["group"] == first["group"])
    return pd.DataFrame(table[same])


def _job_reach(result: RunResult) -> tuple[Floats, LayerKey]:
    layers = build_layers(result)
    layers = layers.take([i for i, k in enumerate(layers.keys) if k.opportunity.lower() in JOBS])
    key = main_key(layers)
    values = None if key is None else layers.get(key)
    if key is None or values is None:
        raise _Lacking("no_job_reach")
    return values, key


def _what(key: LayerKey) -> str:
    band = "" if key.band_min is None else f", {key.band_min:g} min"
    return f"{key.mode}{band}"


# -- tests -----------------------------------------------------------------------------------------


def _place_total(result: RunResult, claim: Claim) -> Verdict:
    jobs, year = _jobs(result)
    places = _places(result, claim.details["places"])
    _of_the_years(claim, year)
    if year is None:
        return _near(claim, float(jobs[places].sum()), "year_unknown")
    return _near(claim, float(jobs[places].sum()), "jobs_of", year=year)


def _place_share(result: RunResult, claim: Claim) -> Verdict:
    side = claim.details["country"]
    jobs, year = _jobs(result)
    inside = _whole(result, side)
    _of_the_years(claim, year)
    places = _places(result, claim.details["places"])
    return _near(claim, float(jobs[places].sum() / jobs[inside].sum()), "all_jobs", country=side)


def _region_count(result: RunResult, claim: Claim) -> Verdict:
    table, side = _regions_of(result), claim.details["country"]
    own = set(result.zones.zone_id[_whole(result, side)])
    count = table.loc[table["zone_id"].isin(own), "region_id"].nunique()
    return _near(claim, float(count), "regions_by", method=str(table["method"].iloc[0]))


def _zone_count(result: RunResult, claim: Claim) -> Verdict:
    side = claim.details["country"]
    year = next((source.year for source in result.sources if source.role == "zones"), None)
    count = int(_in_country(result, side).sum())
    if year != claim.vintage:
        raise _Lacking("zones_of_year", vintage=claim.vintage)
    if count < WHOLE_COUNTRY[side]["zones"]:
        raise _Lacking("not_whole", country=side)
    return _near(claim, float(count), "if_municipalities")


def _region_people(result: RunResult, claim: Claim) -> Verdict:
    weights = weights_of(result)
    if weights.name is None or result.membership is None:
        raise _Lacking("no_people")
    table = _regions_of(result)
    wanted = {_plain(name) for name in claim.details["region"]}
    own = table[table["region_name"].map(_plain).isin(wanted)]
    if not len(own):
        raise _Lacking("no_region_called", name=claim.details["region"][0])
    inside = np.isin(result.zones.zone_id.astype(str), own["zone_id"].astype(str).to_numpy())
    return _near(claim, float(weights.values[inside].sum()), "people_of")


def _reach_rank(result: RunResult, claim: Claim) -> Verdict:
    inside = _whole(result, claim.details["country"])
    (place,) = _places(result, claim.details["places"])
    values, key = _job_reach(result)
    own, others = values[place], values[inside]
    others = others[~np.isnan(others)]
    if np.isnan(own):
        raise _Lacking("no_value")
    # Share of zones that reach less, those that reach as much counted half.
    rank = float(np.mean(others < own) + 0.5 * np.mean(others == own))
    holds = claim.details["lowest"] <= rank <= claim.details["highest"]
    return Verdict(rank, holds, "share_below", {"what": _what(key)})


def _rank_among_largest(result: RunResult, claim: Claim) -> Verdict:
    side, n = claim.details["country"], claim.details["largest"]
    inside = _whole(result, side)
    weights = weights_of(result)
    if weights.name is None:
        raise _Lacking("no_people")
    (place,) = _places(result, claim.details["places"])
    values, key = _job_reach(result)
    if np.isnan(values[place]):
        raise _Lacking("no_value")
    largest = np.argsort(-np.where(inside, weights.values, -1.0), kind="stable")[:n]
    rank = 1 + int(np.sum(values[largest] > values[place]))
    return _near(claim, float(rank), "rank_of", n=n, country=side, what=_what(key))


def _loss_order(result: RunResult, claim: Claim) -> Verdict:
    losses = build_loss_layers(result)
    key = main_key(losses)
    values = None if key is None else losses.get(key)
    if key is None or values is None:
        raise _Lacking("no_border")
    means = []
    for which in ("more", "less"):
        idx = np.concatenate([_zones_of(result, group) for group in claim.details[which]])
        known = values[idx.astype(np.int64)]
        known = known[~np.isnan(known)]
        if not len(known):
            names = ", ".join(group[0] for group in claim.details[which])
            raise _Lacking("no_zone_called", name=names)
        means.append(float(known.mean()))
    told: dict[str, str | int | float] = {"more": means[0], "less": means[1], "mode": key.mode}
    return Verdict(means[0] - means[1], means[0] > means[1], "mean_loss", told)


def _border_length(result: RunResult, claim: Claim) -> Verdict:
    _whole(result, claim.details["country"])
    line = border_line(result)
    if line is None:
        raise _Lacking("no_line")
    km = float(shapely.length(line)) / 1000.0
    return Verdict(km, km > float(claim.value or 0.0), "detail")


def _sets_of_regions(result: RunResult, places: Sequence[int]) -> list[set[str]]:
    table = _regions_of(result)
    ids = [result.zones.zone_id[i] for i in places]
    return [set(table.loc[table["zone_id"] == one, "region_id"].astype(str)) for one in ids]


def _same_region(result: RunResult, claim: Claim) -> Verdict:
    sets = _sets_of_regions(result, _places(result, claim.details["places"]))
    common = set.intersection(*sets)
    return Verdict(float(len(common)), bool(common), "shared")


def _region_reaches(result: RunResult, claim: Claim) -> Verdict:
    """Whether the region of a place holds any place of a list."""
    (own,) = _sets_of_regions(result, _places(result, claim.details["places"]))
    idx = np.concatenate([_zones_of(result, group) for group in claim.details["any"]])
    if not len(idx):
        names = ", ".join(group[0] for group in claim.details["any"])
        raise _Lacking("no_zone_called", name=names)
    found = sum(bool(own & one) for one in _sets_of_regions(result, idx.astype(int).tolist()))
    return Verdict(float(found), found > 0, "reaches")


def _several_regions(result: RunResult, claim: Claim) -> Verdict:
    sets = _sets_of_regions(result, _places(result, claim.details["places"]))
    if not _regions_of(result).duplicated("zone_id").any():
        raise _Lacking("no_overlap")
    return Verdict(float(len(sets[0])), len(sets[0]) > 1, "belongs_to")


def _pair_minutes(result: RunResult, claim: Claim) -> Verdict:
    """Slowest of all pairs of the places, both ways; every pair must be there."""
    known = _known_pairs(result)
    names = [{_plain(alias) for alias in group} for group in claim.details["places"]]
    minutes = []
    for one, other in permutations(names, 2):
        found = [m for (a, b), m in known.items() if a in one and b in other]
        if not found:
            raise _Lacking("no_pairs")
        minutes.append(min(found))
    slowest = max(minutes)
    return Verdict(slowest, slowest <= float(claim.value or 0.0), "slowest", {"n": len(minutes)})


def _known_pairs(result: RunResult) -> dict[tuple[str, str], float]:
    """Minutes by public transport in the baseline, of city pairs; not reached is infinite."""
    found: dict[tuple[str, str], float] = {}
    for path, table in result.further.items():
        if path.rpartition("/")[2] == "city_pairs":
            rows = table[table["mode"].astype(str).str.contains("transit")]
            pairs = zip(rows["from"], rows["to"], rows["minutes_baseline"], strict=True)
            for a, b, minutes in pairs:
                found.setdefault((_plain(a), _plain(b)), _or_never(minutes))
    if result.city_pairs is not None:
        rows = result.city_pairs
        rows = rows[(rows["scenario"] == "baseline") & rows["mode"].str.contains("transit")]
        label = dict(zip(result.zones.zone_id, result.zones.label, strict=True))
        ends = zip(rows["origin_id"], rows["destination_id"], rows["travel_time_min"], strict=True)
        for a, b, minutes in ends:
            pair = (_plain(label.get(a, a)), _plain(label.get(b, b)))
            found[pair] = min(found.get(pair, np.inf), _or_never(minutes))
    return found


def _or_never(minutes: float) -> float:
    return float("inf") if pd.isna(minutes) else float(minutes)


def _commuter_rate(result: RunResult, claim: Claim) -> Verdict:
    table, side = result.border_potential, claim.details["country"]
    if table is None:
        raise _Lacking("no_commuters")
    ends = (table["from_country"] == side) | (table["to_country"] == side)
    whole = (table["from_region"].fillna("") == "") & (table["to_region"].fillna("") == "")
    rows = table[ends & whole & (table["scenario"] == "baseline")]
    rows = rows[(rows["numerator"] == "gross") & rows["realised"].notna()]
    potential = float(rows["potential_choice"].sum())
    if not len(rows) or potential <= 0:
        raise _Lacking("no_commuters")
    return _near(claim, float(rows["realised"].sum()) / potential, "rate_note")


TESTS: dict[str, Test] = {
    name: tested(test)
    for name, test in {
        "border_length": _border_length,
        "commuter_rate": _commuter_rate,
        "loss_order": _loss_order,
        "pair_minutes": _pair_minutes,
        "place_share": _place_share,
        "place_total": _place_total,
        "rank_among_largest": _rank_among_largest,
        "reach_rank": _reach_rank,
        "region_count": _region_count,
        "region_people": _region_people,
        "region_reaches": _region_reaches,
        "same_region": _same_region,
        "several_regions": _several_regions,
        "zone_count": _zone_count,
    }.items()
}
