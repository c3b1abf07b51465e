"""Land use of a scenario: jobs, homes and facilities added, moved, closed or merged."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, nearest
from halfcircle.gtfs.edits_draft import FeedDraft
from halfcircle.gtfs.edits_find import Finder
from halfcircle.gtfs.edits_types import Station
from halfcircle.places import Opportunities
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.settings.edits import (
    AddOpportunities,
    CloseFacilities,
    LandUseEdit,
    MoveOpportunities,
    ScaleOpportunities,
    ZoneChoice,
)

__all__ = ["apply_land_use"]

Floats = npt.NDArray[np.float64]
Bools = npt.NDArray[np.bool_]


def apply_land_use(inputs: Inputs, edit: LandUseEdit, faults: Faults) -> Inputs:
    """Inputs with other counts of one kind of opportunity; what is wrong goes to `faults`."""
    known = [o.name for o in inputs.opportunities]
    own = inputs.population is not None and edit.opportunity == inputs.population.name
    if edit.opportunity not in known and not own:
        faults.add(f"{edit.where} opportunity", "is not among [[opportunities]]",
                   values=[edit.opportunity], remedy=nearest(edit.opportunity, known))  # fmt: skip
        return inputs
    found = inputs.population if own else inputs.opportunities[known.index(edit.opportunity)]
    assert found is not None  # noqa: S101 - for the type checker
    group = getattr(edit, "group", None)
    if group is not None and group not in found.groups:
        faults.add(f"{edit.where} group", "is no group of the opportunity", values=[group],
                   remedy=nearest(group, found.groups))  # fmt: skip
        return inputs
    rows = np.array([group in (None, "all", name) for name in found.groups], dtype=bool)
    n_before = len(faults.errors)
    values = _edited(inputs, found, edit, rows, faults)
    if "all" in found.groups and not rows[found.groups.index("all")]:
        # The total has the change of its part.
        changed = found.groups.index(str(group))
        change = values[changed] - np.nan_to_num(found.values[changed])
        values[found.groups.index("all")] += np.nan_to_num(change)
    if len(faults.errors) > n_before:
        return inputs
    if np.array_equal(values, found.values, equal_nan=True):
        faults.add(edit.where, "the edit changes nothing", values=[edit.label])
        return inputs
    after = replace(found, values=values)
    if own:
        return replace(inputs, population=after)
    return replace(
        inputs,
        opportunities=tuple(after if o is found else o for o in inputs.opportunities),
    )


def _edited(
    inputs: Inputs, found: Opportunities, edit: LandUseEdit, rows: Bools, faults: Faults
) -> Floats:
    values = found.values.copy()
    choose: Callable[[ZoneChoice, str], Bools] = lambda choice, key: _zones(  # noqa: E731
        inputs, choice, f"{edit.where} {key}", faults
    )
    if isinstance(edit, MoveOpportunities):
        origin, destination = choose(edit.origin, "from"), choose(edit.destination, "to")
        if not origin.any() or not destination.any():
            return values
        part = np.ix_(rows, origin)
        there = np.nansum(_whole(found, rows)[origin])
        share = edit.share if edit.share is not None else (edit.amount or 0.0) / max(there, 1e-300)
        if share > 1.0 or there <= 0:
            faults.add(f"{edit.where} amount", f"is more than the {there:,.0f} that are there",
                       values=[edit.amount])  # fmt: skip
            return values
        taken = np.nansum(values[part] * share, axis=1)
        values[part] *= 1.0 - share
        return _put(values, rows, destination, taken)
    if isinstance(edit, AddOpportunities):
        chosen = choose(edit.places, "zones")
        if not chosen.any():
            return values
        return _put(values, rows, chosen, edit.amount * _parts(found, rows))
    if isinstance(edit, ScaleOpportunities):
        chosen = np.ones(values.shape[1], dtype=bool)
        if edit.places.is_given:
            chosen = choose(edit.places, "zones")
        values[np.ix_(rows, chosen)] *= edit.factor
        return values
    return _closed(values, edit, choose)


def _whole(found: Opportunities, rows: Bools) -> Floats:
    """Counts of these groups together, shape (n_zones,): their total where it is given."""
    if "all" in found.groups and rows[found.groups.index("all")]:
        return found.total
    return np.asarray(np.nansum(found.values[rows], axis=0))


def _parts(found: Opportunities, rows: Bools) -> Floats:
    """Share of each of these groups in what is added, as they are now; the total has all of it."""
    names = [name for name, row in zip(found.groups, rows, strict=True) if row]
    counts = np.nansum(found.values[rows], axis=1)
    group = np.array([name != "all" or len(names) == 1 for name in names])
    whole = counts[group].sum()
    share = counts / whole if whole > 0 else np.full(len(names), 1.0 / group.sum())
    share[~group] = 1.0
    return share


def _closed(
    values: Floats, edit: CloseFacilities, choose: Callable[[ZoneChoice, str], Bools]
) -> Floats:
    chosen = choose(edit.places, "zones")
    every = np.ones(len(values), dtype=bool)
    if not edit.merge_into.is_given:
        values[:, chosen] = np.where(np.isnan(values[:, chosen]), np.nan, 0.0)
        return values
    into = choose(edit.merge_into, "merge_into")
    leaves = chosen & ~into
    if not into.any():
        return values
    taken = np.nansum(values[:, leaves], axis=1)
    values[:, leaves] = np.where(np.isnan(values[:, leaves]), np.nan, 0.0)
    return _put(values, every, into, taken)


def _put(values: Floats, rows: Bools, chosen: Bools, amount: Floats) -> Floats:
    """Add amounts (one per row) in equal parts; where nothing was known, something is now."""
    part = np.ix_(rows, chosen)
    values[part] = np.nan_to_num(values[part], nan=0.0) + (amount / chosen.sum())[:, np.newaxis]
    return values


def _zones(inputs: Inputs, choice: ZoneChoice, where: str, faults: Faults) -> Bools:
    """Which zones are meant."""
    zones = inputs.zones
    chosen = np.zeros(len(zones), dtype=bool)
    for text in choice.zones:
        same = zones.zone_id == text
        if not same.any():
            same = zones.label == text
        if not same.any():
            names = [*map(str, zones.zone_id), *map(str, zones.label)]
            faults.add(where, "there is no zone of this id or name", values=[text],
                       remedy=nearest(text, set(names)))  # fmt: skip
        chosen |= same
    if choice.stations:
        finder = Finder([FeedDraft(feed) for feed in inputs.feeds], faults)
        xy = zones.places.xy_m(zones.crs)
        for text in choice.stations:
            station = finder.station(Station(text), where)
            if station is None:
                continue
            at = _xy(inputs, station.lon, station.lat)
            near = np.hypot(*(xy - at).T) <= choice.within_m
            if not near.any():
                faults.add(where, f"no zone lies within {choice.within_m:g} m", values=[text])
            chosen |= near
    return np.asarray(chosen, dtype=bool)


def _xy(inputs: Inputs, lon: float, lat: float) -> Floats:
    from halfcircle.places import Places

    place = Places(np.array(["x"], dtype=object), np.array([lon]), np.array([lat]))
    return place.xy_m(inputs.zones.crs)
