"""The land of each country, and streets without the crossings between countries."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from halfcircle import _tables
from halfcircle._checks import Faults
from halfcircle.access.street_times import StreetTimes
from halfcircle.access.streets import build_hierarchy
from halfcircle.errors import Fault, StudyError, ZoneError
from halfcircle.places import Zones
from halfcircle.regions.border import (
    BorderLines,
    border_lines,
    border_points,
    check_land,
    close_crossings,
    find_crossings,
    land_of_zones,
)
from halfcircle.study.settings.config import Study

__all__ = ["closed_streets", "read_land", "study_land", "study_lines"]

WHERE = "[border] land"


def study_land(study: Study, zones: Zones) -> dict[str, BaseGeometry]:
    """Land of each country: of ``[border] land``, else the union of its zones; CRS of the zones.

    Raises
    ------
    StudyError, ZoneError
        The file is wrong, or zones are points and there is no file.
    """
    if study.border is not None and study.border.land is not None:
        return read_land(study, zones)
    try:
        return land_of_zones(zones)
    except ZoneError:
        raise StudyError(
            faults=[
                Fault(
                    WHERE,
                    "zones are points: where the border runs is not known",
                    remedy='give land = "countries.gpkg"',
                )
            ]
        ) from None


def read_land(study: Study, zones: Zones) -> dict[str, BaseGeometry]:
    """Land of each country from ``[border] land``, in the CRS of the zones.

    Raises
    ------
    StudyError
        All that is wrong with the file.
    """
    border = study.border
    if border is None or border.land is None:
        raise StudyError("[border] land is not given")
    frame = _tables.read_table(border.land, where=WHERE, kind=StudyError)
    faults = Faults()
    if not _tables.is_geo(frame):
        faults.add(WHERE, f"{border.land.name} holds no areas")
    wanted = {"land_country": border.land_country}
    _tables.require_columns(frame, wanted, where="[border]", path=border.land, faults=faults)
    faults.raise_errors(StudyError)
    areas = _tables.as_geo(frame)
    if areas.crs is None:
        faults.add(WHERE, f"{border.land.name} states no CRS")
        faults.raise_errors(StudyError)
    shapes = np.asarray(areas.to_crs(zones.crs).geometry.array, dtype=object)
    codes = np.array(_tables.texts(frame, border.land_country), dtype=object)
    used = np.array([shape is not None and not shape.is_empty for shape in shapes], dtype=bool)
    used &= codes != ""
    land = {
        str(code): shapely.union_all(shapely.make_valid(shapes[used & (codes == code)]))
        for code in sorted(set(codes[used]))
    }
    faults.extend(check_land(zones, land, zones.crs))
    faults.raise_errors(StudyError)
    return land


def study_lines(study: Study, zones: Zones) -> tuple[BorderLines | None, tuple[Fault, ...]]:
    """The border near each zone as a line, for the mirror; None where it is not asked or known."""
    country = zones.places.country
    if study.border is None or not study.border.sectors or country is None:
        return None, ()
    if len(set(country) - {""}) < 2 and study.border.land is None:
        return None, ()
    try:
        land = study_land(study, zones)
    except StudyError:
        notice = Fault(
            "[border] sectors",
            "zones are points: there is no mirror in the line of the border",
            remedy='give land = "countries.gpkg"',
            severity="notice",
        )
        return None, (notice,)
    return border_lines(zones.places, border_points(land, zones.crs)), ()


def closed_streets(
    times: StreetTimes, land: dict[str, BaseGeometry], zones: Zones
) -> tuple[StreetTimes, Fault]:
    """The same travel times with every street crossing closed, and how many there are.

    Parameters
    ----------
    times : StreetTimes
    land : dict of str to shapely geometry
        From `study_land`.
    zones : Zones

    Returns
    -------
    StreetTimes
    Fault
        Notice of the crossings.
    """
    crossings = find_crossings(times.network, land, zones.crs)
    network = close_crossings(times.network, crossings)
    # Shortcuts of the open network lead over the crossings.
    hierarchy = None if times.hierarchy is None else build_hierarchy(network)
    counts = Counter(crossings.pairs)
    notice = Fault(
        "[border] hard_closed",
        f"street crossings by {times.mode} that are closed in the hard-closed variant",
        tuple(f"{pair}: {counts[pair]}" for pair in sorted(counts)),
        count=max(len(crossings), 1),
        severity="notice",
    )
    if not len(crossings):
        notice = Fault(
            "[border] hard_closed",
            f"no street crosses the border by {times.mode}: hard closed makes no difference",
            severity="warning",
        )
    return replace(times, network=network, hierarchy=hierarchy), notice
