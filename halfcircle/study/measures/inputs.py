"""What ``[[measures]]`` names: columns of zones, groups, cities; checked before any routing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from halfcircle import _tables
from halfcircle._checks import Faults, nearest
from halfcircle.errors import StudyError
from halfcircle.places import Opportunities, Zones
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.scenarios.city_pairs import zone_of
from halfcircle.study.settings.config import MeasureConfig, Study

__all__ = [
    "MeasureColumns",
    "counts_by_name",
    "levels_of",
    "one_group",
    "read_measure_columns",
    "whole_of",
    "zone_numbers",
]

# Keys that name a column: of numbers, of names.
NUMBERS = ("income", "column")
NAMES = ("region",)


@dataclass(frozen=True, eq=False)
class MeasureColumns:
    """Columns of the zones file that measures use.

    Parameters
    ----------
    numbers : mapping of column to array of float64, shape (n_zones,)
        NaN where there is no value.
    names : mapping of column to array of str, shape (n_zones,)
    """

    numbers: Mapping[str, npt.NDArray[np.float64]] = field(default_factory=dict)
    names: Mapping[str, npt.NDArray[np.object_]] = field(default_factory=dict)


def counts_by_name(inputs: Inputs) -> dict[str, Opportunities]:
    """Opportunities of a study by name, with the population where ``[zones]`` counts it."""
    found = {one.name: one for one in inputs.opportunities}
    if inputs.population is not None:
        found.setdefault(inputs.population.name, inputs.population)
    return found


def one_group(counts: Opportunities, group: str | None = None) -> Opportunities:
    """One group of counts: the one named, else all, else the only one.

    Raises
    ------
    StudyError
        There is no such group, or none is named of several.
    """
    wanted = group or ("all" if "all" in counts.groups else counts.groups[0])
    if wanted not in counts.groups or (
        group is None and wanted != "all" and len(counts.groups) > 1
    ):
        known = ", ".join(counts.groups)
        raise StudyError(f"opportunities {counts.name!r}: which group? known: {known}")
    row = counts.values[counts.groups.index(wanted)]
    return Opportunities(
        counts.name, row[np.newaxis], (wanted,), counts.year, counts.unit, counts.source
    )


def whole_of(counts: Opportunities) -> Opportunities:
    """Counts of all groups together: the total as counted, else the sum of the groups."""
    if "all" in counts.groups or len(counts.groups) == 1:
        return one_group(counts)
    return Opportunities(
        counts.name, counts.total[np.newaxis], ("all",), counts.year, counts.unit, counts.source
    )


def levels_of(counts: Opportunities) -> Opportunities:
    """The groups of counts without their total, in the order of the study file."""
    levels = [g for g in counts.groups if g != "all"] or list(counts.groups)
    rows = [counts.groups.index(level) for level in levels]
    return Opportunities(
        counts.name, counts.values[rows], tuple(levels), counts.year, counts.unit, counts.source
    )


def read_measure_columns(study: Study, inputs: Inputs) -> MeasureColumns:
    """Read and check everything that the measures of a study name.

    Raises
    ------
    StudyError
        All that is wrong with any of it, at once.
    """
    if not study.measures:
        return MeasureColumns()
    faults = Faults()
    counts = counts_by_name(inputs)
    for config in study.measures:
        _check_counts(config, counts, faults)
        _check_zones(config, inputs.zones, faults)
    numbers: dict[str, Any] = {}
    names: dict[str, Any] = {}
    wanted = [
        (config, key)
        for config in study.measures
        for key in (*NUMBERS, *NAMES)
        if config.values.get(key)
    ]
    frame = None
    for config, key in wanted:
        column = str(config.values[key])
        where = f"{config.where} {key}"
        if key in NUMBERS and column in counts:
            numbers[column] = one_group(counts[column]).values[0]
            continue
        path = study.zones.path
        if path is None:
            faults.add(where, "is a column of the zones file, but zones are a grid",
                       values=[column])  # fmt: skip
            continue
        if frame is None:
            frame = _tables.read_table(path, where="[[measures]]", kind=StudyError)
        if column not in frame.columns:
            remedy = nearest(column, [str(name) for name in frame.columns])
            faults.add(where, f"{path.name} has no such column", values=[column], remedy=remedy)
            continue
        position = {zone: i for i, zone in enumerate(_tables.texts(frame, study.zones.id))}
        order = [position.get(str(zone), -1) for zone in inputs.zones.zone_id]
        if key in NUMBERS:
            found = _tables.numbers(frame, column, where=where, faults=faults)
            numbers[column] = np.array([found[i] if i >= 0 else np.nan for i in order])
        else:
            texts = _tables.texts(frame, column)
            names[column] = np.array([texts[i] if i >= 0 else "" for i in order], dtype=object)
    faults.raise_errors(StudyError)
    return MeasureColumns(numbers, names)


def _check_counts(
    config: MeasureConfig, counts: Mapping[str, Opportunities], faults: Faults
) -> None:
    """Whether groups are there and fit together."""
    values = config.values

    def check(key: str, group: str | None) -> None:
        name = values.get(key)
        if isinstance(name, str) and name in counts:
            try:
                one_group(counts[name], group)
            except StudyError as error:
                faults.add(f"{config.where} {key}", str(error))

    if config.kind == "closures":
        check("opportunities", values["group"])
        check("people", values["group"] if _has_group(counts, values) else None)
    elif config.kind == "chain":
        check("by", None)
    elif config.kind == "dual-earner":
        check("opportunities", values["group"])
        check("second_opportunities", values["second_group"] or values["group"])
    elif config.kind == "competition-by-level":
        work, people = (levels_of(counts[values[key]]) for key in ("opportunities", "people"))
        if work.groups != people.groups:
            faults.add(
                f"{config.where} people",
                f"{people.name!r} has other levels than {work.name!r}",
                values=[", ".join(people.groups), ", ".join(work.groups)],
                remedy="give both the same columns = { … }, from the lowest level to the highest",
            )
    elif config.kind == "amenity-norm" and isinstance(values["norm_min"], dict):
        levels = levels_of(counts[values["opportunities"]]).groups
        for level in levels:
            if level not in values["norm_min"]:
                faults.add(f"{config.where} norm_min", "has no norm for a level", values=[level])
        for level in values["norm_min"]:
            if level not in levels:
                faults.add(f"{config.where} norm_min", "is no level", values=[level],
                           remedy=nearest(level, levels))  # fmt: skip


def _has_group(counts: Mapping[str, Opportunities], values: Mapping[str, Any]) -> bool:
    return values["group"] in counts[values["people"]].groups


def _check_zones(config: MeasureConfig, zones: Zones, faults: Faults) -> None:
    """Whether zones that are named are there."""
    for key in ("cities", "sites", "protected"):
        idx = zone_numbers(zones, config.values.get(key) or (), f"{config.where} {key}", faults)
        known = [i for i in idx if i >= 0]
        if len(set(known)) != len(known):
            faults.add(f"{config.where} {key}", "names a zone twice")


def zone_numbers(zones: Zones, texts: Sequence[str], where: str, faults: Faults) -> list[int]:
    """Numbers of zones by id or name; -1, with a fault, where there is none."""
    return [zone_of(zones, text, where, faults) for text in texts]
