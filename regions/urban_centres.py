"""Urban centres: contiguous dense cells of a population grid, as the EU and the OECD define them.

Dijkstra & Poelman (2012), Regional Focus 01/2012; Eurostat, Methodological manual on territorial
typologies (KS-GQ-18-008), chapter 3.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely
from scipy import sparse

from halfcircle._checks import Faults, frozen_array, id_array
from halfcircle.errors import ZoneError
from halfcircle.places import Zones
from halfcircle.regions.flows import FlowMatrix, _frozen_csr

__all__ = ["CentrePopulation", "UrbanCentres", "build_urban_centres", "centre_population"]

FOUR = np.array([[0, 1, 0], [1, 1, 1], [0, 1, 0]], dtype=bool)
EIGHT = np.ones((3, 3), dtype=bool)
RING = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]])
WHERE = "urban centres"


@dataclass(frozen=True, eq=False)
class UrbanCentres:
    """Urban centres on a grid.

    Parameters
    ----------
    centre : array of int64, shape (n_rows, n_columns)
        Number of the centre of each cell, largest centre first; -1 outside.
    population : array of float64, shape (n_centres,), persons
    log : tuple of str
        What was filled, smoothed and dropped.
    """

    centre: npt.NDArray[np.int64]
    population: npt.NDArray[np.float64]
    log: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "centre", frozen_array(self.centre, np.int64))
        object.__setattr__(self, "population", frozen_array(self.population, np.float64))

    def __len__(self) -> int:
        return len(self.population)


@dataclass(frozen=True, eq=False)
class CentrePopulation:
    """How many people of each zone live in which urban centre.

    Parameters
    ----------
    zone_id : array of str, shape (n,)
    population : array of float64, shape (n,), persons
    in_centre : csr_array of float64, shape (n, n_centres), persons
    centre_population : array of float64, shape (n_centres,), persons
        All people of a centre, also those in zones outside the study.
    centre_name : array of str, shape (n_centres,), optional
    """

    zone_id: npt.NDArray[np.object_]
    population: npt.NDArray[np.float64]
    in_centre: FlowMatrix
    centre_population: npt.NDArray[np.float64]
    centre_name: npt.NDArray[np.object_] | None = field(default=None)

    def __post_init__(self) -> None:
        object.__setattr__(self, "zone_id", id_array(self.zone_id))
        object.__setattr__(self, "population", frozen_array(self.population, np.float64))
        object.__setattr__(
            self, "centre_population", frozen_array(self.centre_population, np.float64)
        )
        object.__setattr__(self, "in_centre", _frozen_csr(self.in_centre, np.float64))
        shape = (len(self.zone_id), len(self.centre_population))
        faults = Faults()
        if self.in_centre.shape != shape or len(self.population) != shape[0]:
            faults.add(WHERE, f"in_centre has shape {self.in_centre.shape}, expected {shape}")
            faults.raise_errors(ZoneError)
        over = np.asarray(self.in_centre.sum(axis=1)) > self.population * (1 + 1e-9)
        if over.any():
            faults.add(WHERE, "more people in centres than in the zone", values=self.zone_id[over])
        faults.raise_errors(ZoneError)


def build_urban_centres(
    population: npt.ArrayLike,
    *,
    cell_m: float = 1000.0,
    min_density_km2: float = 1500.0,
    min_population: float = 50_000.0,
    max_gap_km2: float = 15.0,
    land: npt.ArrayLike | None = None,
) -> UrbanCentres:
    """Urban centres of a population grid.

    Cells with at least 1,500 people per km2 that share a side form a cluster; gaps in a cluster
    of less than 15 km2 are filled; clusters of at least 50,000 people are centres; a cell with at
    least five of its eight neighbours in one centre joins it, again and again until none does.

    Parameters
    ----------
    population : array of float, shape (n_rows, n_columns), persons
        NaN or 0 where nobody lives.
    cell_m : float, metres
        Side of a cell.
    min_density_km2, min_population, max_gap_km2 : float
        Thresholds, persons per km2, persons, km2.
    land : array of bool, shape (n_rows, n_columns), optional
        Cells that may join in the smoothing; all when left out.

    Returns
    -------
    UrbanCentres

    Raises
    ------
    ZoneError
        The grid is no two-dimensional array of non-negative numbers, a threshold is not positive.
    """
    from scipy import ndimage

    people = np.nan_to_num(np.asarray(population, dtype=np.float64), nan=0.0)
    faults = Faults()
    if people.ndim != 2:
        faults.add(WHERE, f"population has shape {people.shape}, expected rows and columns")
    elif (people < 0).any() or np.isinf(people).any():
        faults.add(WHERE, "population is negative or infinite", values=people[people < 0])
    for name, value in (
        ("cell_m", cell_m),
        ("min_density_km2", min_density_km2),
        ("min_population", min_population),
    ):
        if not (np.isfinite(value) and value > 0):
            faults.add(f"{WHERE} {name}", "must be a positive number", values=[value])
    faults.raise_errors(ZoneError)
    cell_km2 = (cell_m / 1000.0) ** 2
    clusters, n = ndimage.label(people >= min_density_km2 * cell_km2, structure=FOUR)
    centre = np.full(people.shape, -1, np.int64)
    log: list[str] = []
    found = 0
    for k in range(1, n + 1):
        cells = _fill_gaps(clusters == k, max_cells=max_gap_km2 / cell_km2)
        total = people[cells].sum()
        if total >= min_population:
            centre[cells & (centre < 0)] = found
            found += 1
            filled = int(cells.sum() - (clusters == k).sum())
            if filled:
                log.append(f"centre of {total:,.0f}: {filled} cells filled in its gaps")
    dry = np.ones(people.shape, np.bool_) if land is None else np.asarray(land, np.bool_)
    before = int((centre >= 0).sum())
    while True:
        joins = np.full(people.shape, -1, np.int64)
        for k in range(found):
            around = ndimage.convolve((centre == k).astype(np.int64), RING, mode="constant")
            joins[(around >= 5) & (centre < 0) & dry] = k  # at most one centre can have five
        if (joins < 0).all():
            break
        centre[joins >= 0] = joins[joins >= 0]
    log.append(f"{int((centre >= 0).sum()) - before} cells joined by the majority rule")
    people_of: Any = np.bincount(centre[centre >= 0], people[centre >= 0], minlength=found)
    order = np.argsort(-people_of, kind="stable")
    new = np.empty(found + 1, np.int64)
    new[order] = np.arange(found)
    new[found] = -1
    return UrbanCentres(new[centre], people_of[order], tuple(log))


def _fill_gaps(cells: npt.NDArray[np.bool_], *, max_cells: float) -> npt.NDArray[np.bool_]:
    from scipy import ndimage

    # What lies around cells that share sides is connected through corners too.
    box = ndimage.find_objects(cells.astype(np.int8))[0]
    window = np.pad(cells[box], 1)
    rest, _ = ndimage.label(~window, structure=EIGHT)
    size = np.bincount(rest.ravel())
    gap = (rest > 0) & (rest != rest[0, 0]) & (size[rest] < max_cells)
    filled = cells.copy()
    filled[box] |= gap[1:-1, 1:-1]
    return filled


def centre_population(
    centres: UrbanCentres,
    population: npt.ArrayLike,
    zones: Zones,
    *,
    west_m: float,
    north_m: float,
    cell_m: float = 1000.0,
) -> CentrePopulation:
    """Add up the grid per zone: a cell belongs to the zone that its centre point is in.

    Parameters
    ----------
    centres : UrbanCentres
    population : array of float, shape (n_rows, n_columns), persons
        The same grid, rows from the north.
    zones : Zones
        With areas, in the CRS of the grid.
    west_m, north_m : float, metres
        Upper left corner of the grid.
    cell_m : float, metres

    Returns
    -------
    CentrePopulation

    Raises
    ------
    ZoneError
        The zones are points.
    """
    if zones.geometry is None:
        raise ZoneError("zones: population per zone needs areas, these zones are points")
    people = np.nan_to_num(np.asarray(population, dtype=np.float64), nan=0.0)
    row, column = np.nonzero((people > 0) | (centres.centre >= 0))
    points: Any = shapely.points(west_m + (column + 0.5) * cell_m, north_m - (row + 0.5) * cell_m)
    cell, zone = shapely.STRtree(zones.geometry).query(points, predicate="intersects")
    cell, first = np.unique(cell, return_index=True)
    zone = zone[first]
    inside, count = centres.centre[row[cell], column[cell]], people[row[cell], column[cell]]
    hit = inside >= 0
    n = len(zones)
    people_of: Any = np.bincount(zone, count, minlength=n)
    return CentrePopulation(
        zones.zone_id,
        people_of,
        sparse.coo_array((count[hit], (zone[hit], inside[hit])), shape=(n, len(centres))).tocsr(),
        centres.population,
    )
