"""Parking places and shared bicycles of a scenario: places added, removed or changed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from halfcircle._checks import Faults, id_array, nearest
from halfcircle.access.hubs import Hubs
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.settings.config import Study
from halfcircle.study.settings.hub_edits import HubEdit
from halfcircle.study.settings.mode_names import TRANSIT_MODES, access_way, bikes_at_the_end

__all__ = ["apply_hub_edit", "same_times"]

Claim = Callable[[str, str, object], None]
WHAT = {"park_and_ride": "parking places", "shared_bikes": "shared bicycles"}


def apply_hub_edit(
    study: Study, inputs: Inputs, edit: HubEdit, claim: Claim, faults: Faults
) -> tuple[Study, Inputs]:
    """Study and inputs after the edit; what is wrong goes to `faults`.

    Parameters
    ----------
    study : Study
    inputs : Inputs
        What earlier edits left.
    edit : HubEdit
    claim : callable
        Notes that this edit settles a thing, and a conflict where another one does.
    faults : Faults
    """
    parks = edit.kind == "park_and_ride"
    hubs = inputs.parking if parks else inputs.rental
    if hubs is None:
        faults.add(edit.where, f"edits {WHAT[edit.kind]}, but the study has no [{edit.kind}]")
        return study, inputs
    modes = [m for m in (study.reach.modes if study.reach else ()) if m in TRANSIT_MODES]
    if not any(access_way(m) == "car" if parks else bikes_at_the_end(m) for m in modes):
        which = "car+transit" if parks else "transit+bike"
        faults.add(edit.where, f"edits {WHAT[edit.kind]}, but no mode of the study uses them",
                   remedy=f"add {which!r} to [reach] modes")  # fmt: skip
        return study, inputs
    n_before = len(faults.errors)
    after = _places(study, hubs, edit, claim, faults)
    bikes = study.shared_bikes
    if bikes is not None and not parks:
        for key in ("kmh", "max_min"):
            if getattr(edit, key) is not None:
                claim(edit.where, edit.label, f"the {key} of shared bicycles")
        bikes = replace(
            bikes,
            kmh=bikes.kmh if edit.kmh is None else edit.kmh,
            max_min=bikes.max_min if edit.max_min is None else edit.max_min,
        )
    if len(faults.errors) > n_before:
        return study, inputs
    if _same(after, hubs) and _speed(study, bikes) == _speed(study, study.shared_bikes):
        faults.add(edit.where, "the edit changes nothing", values=[edit.label])
        return study, inputs
    if _same(after, hubs):
        after = hubs
    inputs = replace(inputs, parking=after) if parks else replace(inputs, rental=after)
    return replace(study, shared_bikes=bikes), inputs


def same_times(one: Hubs | None, other: Hubs | None) -> bool:
    """Whether ways by these places take the same time: they differ in capacity or name at most."""
    if one is other or one is None or other is None:
        return one is other
    arrays = ("hub_id", "lon", "lat", "handling_s")
    return all(np.array_equal(getattr(one, a), getattr(other, a)) for a in arrays)


def _speed(study: Study, bikes: object) -> object:
    """What decides on the times of shared bicycles; no speed of their own is that of bicycles."""
    kmh = None if study.reach is None else study.reach.speeds_kmh["bike"]
    return (getattr(bikes, "kmh", None) or kmh, getattr(bikes, "max_min", None))


def _same(one: Hubs, other: Hubs) -> bool:
    return same_times(one, other) and np.array_equal(one.capacity, other.capacity, equal_nan=True)


def _places(study: Study, hubs: Hubs, edit: HubEdit, claim: Claim, faults: Faults) -> Hubs:
    capacity, handling_s = hubs.capacity.copy(), hubs.handling_s.copy()
    if edit.minutes is not None:
        claim(edit.where, edit.label, f"the minutes at all {WHAT[edit.kind]}")
        handling_s[:] = 60.0 * edit.minutes
    for changed in edit.change:
        for i in _found(hubs, changed.place, f"{edit.where} change", faults):
            if changed.capacity is not None:
                claim(edit.where, edit.label, f"the capacity of {hubs.name[i]!r}")
                capacity[i] = changed.capacity
            if changed.minutes is not None:
                claim(edit.where, edit.label, f"the minutes at {hubs.name[i]!r}")
                handling_s[i] = 60.0 * changed.minutes
    keep = np.ones(len(hubs), dtype=bool)
    for place in edit.remove:
        keep[_found(hubs, place, f"{edit.where} remove", faults)] = False
    taken = set(hubs.hub_id[keep])
    for new in edit.add:
        if new.hub_id in taken:
            faults.add(f"{edit.where} add", "there is a place with this identifier",
                       values=[new.hub_id], remedy="give it another id")  # fmt: skip
        taken.add(new.hub_id)
    if faults.errors:
        return hubs
    usual_s = 60.0 * _usual_min(study, edit)
    return Hubs(
        id_array([*hubs.hub_id[keep], *(new.hub_id for new in edit.add)]),
        id_array([*hubs.name[keep], *(new.name for new in edit.add)]),
        _with(hubs.lon[keep], [new.lon for new in edit.add]),
        _with(hubs.lat[keep], [new.lat for new in edit.add]),
        _with(
            capacity[keep],
            [np.nan if new.capacity is None else new.capacity for new in edit.add],
        ),
        _with(
            handling_s[keep],
            [usual_s if new.minutes is None else 60.0 * new.minutes for new in edit.add],
        ),
    )


def _usual_min(study: Study, edit: HubEdit) -> float:
    """Minutes at a new place that states none: those of all, or the default."""
    if edit.minutes is not None:
        return edit.minutes
    parking, bikes = study.park_and_ride, study.shared_bikes
    if edit.kind == "park_and_ride":
        stated, default = None if parking is None else parking.parking_min, 3.0
    else:
        stated, default = None if bikes is None else bikes.rental_min, 2.0
    return float(stated) if isinstance(stated, float | int) else default


def _with(values: npt.NDArray[np.float64], further: list[float]) -> npt.NDArray[np.float64]:
    return np.concatenate([values, np.array(further, dtype=np.float64)])


def _found(hubs: Hubs, place: str, where: str, faults: Faults) -> list[int]:
    """The place of this id, else of this name."""
    rows = np.flatnonzero(hubs.hub_id == place)
    if not len(rows):
        rows = np.flatnonzero(hubs.name == place)
    if len(rows) > 1:
        faults.add(where, "several places have this name", values=[place],
                   remedy=f"give an id: {', '.join(map(str, hubs.hub_id[rows][:5]))}")  # fmt: skip
        return []
    if not len(rows):
        faults.add(where, "there is no such place", values=[place],
                   remedy=nearest(place, {*hubs.name, *hubs.hub_id}))  # fmt: skip
    return [int(i) for i in rows]
