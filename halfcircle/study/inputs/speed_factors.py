"""Speed factors of the study's time of day, with their areas."""

from __future__ import annotations

import numpy as np
import shapely
from shapely.geometry.base import BaseGeometry

from halfcircle import _tables
from halfcircle._checks import Faults, nearest
from halfcircle.access.streets import SpeedFactor
from halfcircle.errors import StudyError
from halfcircle.study.settings.config import SpeedFactorConfig, Study

__all__ = ["study_speed_factors"]

WHERE = "[streets] speed_factors"


def study_speed_factors(study: Study) -> tuple[SpeedFactor, ...]:
    """Rules for the time of day of the study, with their polygons; none by default.

    Raises
    ------
    StudyError
        All that is wrong with the files of areas.
    """
    streets = study.streets
    if streets is None or streets.time_of_day is None:
        return ()
    faults = Faults()
    rules = []
    for config in streets.speed_factors:
        if config.time_of_day != streets.time_of_day:
            continue
        area = None if config.area is None else _area(config, faults)
        label = ", ".join(x for x in (WHERE, config.time_of_day, config.country) if x)
        label += f", {', '.join(config.values)}" if config.values else ""
        rules.append(SpeedFactor(config.factors, area, config.country, label))
    faults.raise_errors(StudyError)
    return tuple(rules)


def _area(config: SpeedFactorConfig, faults: Faults) -> BaseGeometry | None:
    """Polygons of the file together, or of the values named, in degrees."""
    path = config.area
    if path is None:
        return None
    frame = _tables.read_table(path, where=WHERE, kind=StudyError)
    if not _tables.is_geo(frame) or _tables.as_geo(frame).crs is None:
        faults.add(WHERE, f"{path.name} holds no areas with a CRS")
        return None
    chosen = np.ones(len(frame), dtype=bool)
    if config.column is not None:
        wanted = {"column": config.column}
        found = Faults()
        _tables.require_columns(frame, wanted, where=WHERE, path=path, faults=found)
        if found.items:
            faults.extend(found.items)
            return None
        names = _tables.texts(frame, config.column)
        unknown = [value for value in config.values if value not in names]
        if unknown:
            faults.add(
                f"{WHERE} values", f"are not in {path.name}", values=unknown,
                remedy=nearest(unknown[0], names),
            )  # fmt: skip
        chosen = np.array([name in config.values for name in names], dtype=bool)
    shapes = np.asarray(_tables.as_geo(frame).to_crs(4326).geometry.array, dtype=object)[chosen]
    return shapely.union_all(shapely.make_valid(shapes))
