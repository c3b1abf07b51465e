"""What the border needs beside zones and opportunities: land, regions, commuters, concepts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TypeVar

import numpy as np
import numpy.typing as npt
from shapely.geometry.base import BaseGeometry

from halfcircle import _tables
from halfcircle._checks import Faults, nearest
from halfcircle.errors import Fault, FlowError, InputError, StudyError
from halfcircle.places import Zones
from halfcircle.regions.border import OpportunitySource, RealisedFlow
from halfcircle.study.inputs.border_land import read_land, study_land
from halfcircle.study.settings.config import CountrySource, OpportunityConfig, RealisedConfig, Study

__all__ = ["BorderInputs", "opportunity_sources", "read_border_inputs"]

T = TypeVar("T")

REALISED = "[border.realised] path"


@dataclass(frozen=True, eq=False)
class BorderInputs:
    """Further inputs of ``[border]``.

    Parameters
    ----------
    land : mapping of str to shapely geometry, optional
        Land of each country in the CRS of the zones; only where a file gives it.
    region : array of str, shape (n_zones,), optional
        Region of each zone; the empty string for none.
    realised : tuple of RealisedFlow
    by_region : bool
        Whether realised flows are between regions, not between countries.
    notices : tuple of Fault
    """

    land: Mapping[str, BaseGeometry] | None = None
    region: npt.NDArray[np.object_] | None = None
    realised: tuple[RealisedFlow, ...] = ()
    by_region: bool = False
    notices: tuple[Fault, ...] = ()


def read_border_inputs(study: Study, zones: Zones) -> BorderInputs:
    """Read and check everything that ``[border]`` names.

    Raises
    ------
    StudyError
        All that is wrong with any of it, at once.
    """
    border = study.border
    if border is None:
        return BorderInputs()
    faults = Faults()

    def attempt(read: Callable[[], T]) -> T | None:
        try:
            return read()
        except InputError as error:
            faults.extend(error.faults or [Fault("[border]", str(error))])
            return None

    land = region = None
    if border.land is not None:
        land = attempt(partial(read_land, study, zones))
    elif border.hard_closed:
        attempt(partial(study_land, study, zones))
    if border.region is not None:
        region = attempt(partial(_regions, study, zones, border.region))
    realised: tuple[RealisedFlow, ...] = ()
    by_region = False
    if border.realised is not None and border.realised.path is not None:
        read = attempt(partial(_realised, border.realised, zones, region))
        realised, by_region = read or ((), False)
    faults.raise_errors(StudyError)
    return BorderInputs(land, region, realised, by_region, faults.warnings)


def _regions(study: Study, zones: Zones, column: str) -> npt.NDArray[np.object_]:
    """Region of each zone, from a column of the zones file."""
    path = study.zones.path
    if path is None:
        raise StudyError("[border] region: is a column of the zones file, but zones are a grid")
    frame = _tables.read_table(path, where="[border] region", kind=StudyError)
    faults = Faults()
    _tables.require_columns(frame, {"region": column}, where="[border]", path=path, faults=faults)
    faults.raise_errors(StudyError)
    named = dict(
        zip(_tables.texts(frame, study.zones.id), _tables.texts(frame, column), strict=True)
    )
    return np.array([named.get(zone, "") for zone in zones.zone_id], dtype=object)


def _realised(
    config: RealisedConfig, zones: Zones, region: npt.NDArray[np.object_] | None
) -> tuple[tuple[RealisedFlow, ...], bool]:
    """Commuters by country, by region or by zone; those by zone are added up by country."""
    path = config.path
    if path is None:
        return (), False
    frame = _tables.read_table(path, where=REALISED, kind=FlowError)
    faults = Faults()
    wanted = {"from": "from", "to": "to", "workers": "workers"}
    _tables.require_columns(frame, wanted, where=REALISED, path=path, faults=faults)
    faults.raise_errors(FlowError)
    ends = [_tables.texts(frame, name) for name in ("from", "to")]
    workers = _tables.numbers(frame, "workers", where=REALISED, faults=faults)
    faults.raise_errors(FlowError)
    country = zones.places.country
    side = np.array([], dtype=object) if country is None else country
    countries = {str(code): str(code) for code in side}
    of_zone = dict(zip(zones.zone_id, side, strict=False))
    of_region: dict[str, str] = {}
    if region is not None:
        for name, code in zip(region, side, strict=True):
            if name and of_region.setdefault(name, code) != code:
                faults.add("[border] region", "lies in two countries", values=[name])
    faults.raise_errors(FlowError)
    named = {*ends[0], *ends[1]}
    kinds: tuple[tuple[dict[str, str], bool], ...] = (
        (countries, False), (of_region, True), (of_zone, False),
    )  # fmt: skip
    best, by_region = max(kinds, key=lambda kind: len(named & set(kind[0])))
    unknown = sorted(named - set(best))
    if unknown:
        faults.add(
            REALISED,
            "is no country, region or zone of the study",
            values=unknown,
            remedy=nearest(unknown[0], best),
        )
    faults.raise_errors(FlowError)
    sums: dict[tuple[str, str, str, str], float] = {}
    unpublished = 0
    for a, b, count in zip(*ends, workers, strict=True):
        if best[a] == best[b]:
            continue
        if not np.isfinite(count):
            unpublished += 1
            continue
        key = (best[a], best[b], a if by_region else "", b if by_region else "")
        sums[key] = sums.get(key, 0.0) + float(count)
    if unpublished:
        faults.add(
            REALISED, "counts that are not published are left out", count=unpublished,
            severity="warning",
        )  # fmt: skip
    flows = tuple(
        RealisedFlow(
            a, b, workers=count, year=config.year, source=config.source or path.name,
            numerator=config.numerator, from_region=from_region, to_region=to_region,
        )
        for (a, b, from_region, to_region), count in sorted(sums.items())
    )  # fmt: skip
    return flows, by_region


def opportunity_sources(
    study: Study, countries: Sequence[str]
) -> tuple[list[OpportunitySource], list[str]]:
    """What is counted in each country, and opportunities of which that is not stated.

    Parameters
    ----------
    study : Study
    countries : sequence of str
        Sides of the study.
    """
    border = study.border
    wanted = () if border is None else border.opportunities
    stated: list[OpportunitySource] = []
    silent = []
    for config in study.opportunities:
        if config.name not in wanted:
            continue
        found = [
            one for code in countries if (one := _source(config, code, config.sources_by_country))
        ]
        stated += found
        if len(found) < len(countries):
            silent.append(config.name)
    return stated, silent


def _source(
    config: OpportunityConfig, country: str, by_country: Mapping[str, CountrySource]
) -> OpportunitySource | None:
    """What one country counted; None where too little is stated."""
    own = by_country.get(country, CountrySource())
    whole = replace(
        own,
        concept=own.concept or config.concept,
        unit=own.unit or config.unit or "",
        year=own.year or config.year,
        source=own.source or config.source,
    )
    if not (whole.concept and whole.unit and whole.source):
        return None
    return OpportunitySource(
        country, config.name, whole.concept, whole.unit, whole.year, whole.source,
        estimated=whole.estimated,
    )  # fmt: skip
