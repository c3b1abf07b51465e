"""Do jobs across the border fit? ``[border.skills]``: match by sector, from the study's files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from halfcircle import _tables
from halfcircle._checks import Faults, nearest
from halfcircle.errors import OpportunityError, StudyError
from halfcircle.places import Opportunities
from halfcircle.regions.border import SectorMatch, match_of_regions, relatedness_of_regions
from halfcircle.study.inputs.border import BorderInputs
from halfcircle.study.inputs.read import Inputs
from halfcircle.study.settings.config import Study

__all__ = ["read_relatedness", "study_skills"]

Floats = npt.NDArray[np.float64]

WHERE = "[border.skills]"
SECTOR = "sector"


def study_skills(study: Study, inputs: Inputs, further: BorderInputs) -> SectorMatch | None:
    """Match of every zone with jobs abroad; None where the study does not ask for it.

    Worked out once, from the jobs of today: a scenario that moves jobs does not change what people
    have learned.

    Raises
    ------
    StudyError, OpportunityError
        Everything that is wrong with sectors, regions or the matrix.
    """
    border, country = study.border, inputs.zones.places.country
    if border is None or border.skills is None or country is None:
        return None
    sides = [str(code) for code in country]
    config = border.skills
    jobs = next(item for item in inputs.opportunities if item.name == config.opportunity)
    regions = [str(name) for name in (() if further.region is None else further.region)]
    if not regions:
        raise StudyError(f"{WHERE}: needs [border] region")
    related: Floats | None = None
    if config.co_location:
        related = relatedness_of_regions(jobs, regions, sides)
    elif config.relatedness is not None:
        related = read_relatedness(config.relatedness, jobs)
    return match_of_regions(jobs, regions, sides, related=related)


def read_relatedness(path: Path, jobs: Opportunities) -> Floats:
    """Matrix of relatedness from CSV or Parquet, in the order of the sectors of `jobs`.

    The first column, ``sector``, names the sector that people work in; each further column is a
    sector that they could work in as well.

    Returns
    -------
    array of float64, shape (n_sectors, n_sectors), in [0, 1]

    Raises
    ------
    OpportunityError
        The matrix is not square, lacks or does not know a sector, or holds what is no share.
    """
    where = f"{WHERE} relatedness"
    frame = _tables.read_table(path, where=where, kind=OpportunityError)
    faults = Faults()
    _tables.require_columns(frame, {SECTOR: SECTOR}, where=where, path=path, faults=faults)
    faults.raise_errors(OpportunityError)
    sectors = [group for group in jobs.groups if group != "all"]
    rows = _tables.texts(frame, SECTOR)
    columns = [str(name) for name in frame.columns if name != SECTOR]
    for name in sorted({row for row in rows if rows.count(row) > 1}):
        faults.add(where, "a sector has two rows", values=[name])
    if set(rows) != set(columns):
        faults.add(
            where,
            "the matrix is not square: a sector needs a row and a column",
            values=sorted(set(rows) ^ set(columns)),
        )
    unknown = [name for name in dict.fromkeys((*rows, *columns)) if name not in sectors]
    if unknown:
        faults.add(
            where,
            f"is no sector of opportunity {jobs.name!r}",
            values=unknown,
            remedy=nearest(unknown[0], sectors),
        )
    missing = [name for name in sectors if name not in rows or name not in columns]
    if missing:
        faults.add(where, "sectors are missing", values=missing)
    values = {name: _tables.numbers(frame, name, where=where, faults=faults) for name in columns}
    faults.raise_errors(OpportunityError)
    matrix = np.array([[values[b][rows.index(a)] for b in sectors] for a in sectors])
    wrong = ~((matrix >= 0.0) & (matrix <= 1.0))
    if wrong.any():
        faults.add(where, "relatedness must lie between 0 and 1", values=list(matrix[wrong]))
    off = [name for name, own in zip(sectors, np.diag(matrix), strict=True) if own != 1.0]
    if off and not wrong.any():
        faults.add(where, "a sector is fully related to itself", values=off, remedy="write 1")
    faults.raise_errors(OpportunityError)
    return matrix
