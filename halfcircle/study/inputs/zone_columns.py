"""Columns of the zones file that say which area of another zoning each zone is in."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from halfcircle import _tables
from halfcircle._checks import Faults, nearest
from halfcircle.errors import StudyError
from halfcircle.places import Zones
from halfcircle.study.settings.config import Study

__all__ = ["read_areas"]

WHERE = "[outputs] areas"


def read_areas(study: Study, zones: Zones) -> dict[str, npt.NDArray[np.object_]]:
    """Areas of ``[outputs] areas``: by column, that of each zone.

    Parameters
    ----------
    study : Study
    zones : Zones

    Returns
    -------
    dict of str to array of str, shape (n_zones,)
        The empty string for a zone that is in none.

    Raises
    ------
    StudyError
        The zones are a grid, or a column is not there.
    """
    columns: Sequence[str] = study.outputs.areas
    if not columns:
        return {}
    path = study.zones.path
    if path is None:
        raise StudyError(f"{WHERE}: are columns of the zones file, but zones are a grid")
    frame = _tables.read_table(path, where=WHERE, kind=StudyError)
    faults = Faults()
    names = [str(name) for name in frame.columns]
    for column in columns:
        if column not in names:
            faults.add(WHERE, f"{path.name} has no such column", values=[column],
                       remedy=nearest(column, names))  # fmt: skip
    faults.raise_errors(StudyError)
    zone_of_row = _tables.texts(frame, study.zones.id)
    found = {}
    for column in columns:
        area = dict(zip(zone_of_row, _tables.texts(frame, column), strict=True))
        found[column] = np.array([area.get(str(zone), "") for zone in zones.zone_id], dtype=object)
    return found
